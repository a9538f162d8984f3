"""What is kept (in ``extra``) of the answer to an order: told in the status, or to the administrator who gave it."""

from __future__ import annotations

from typing import Any

from connector.identity import by_administrator

ORDER = "order"
"""Of a line in the request; ``report.answers`` has a sentence for each code."""
ORDERED = "ordered"
"""Of the administrator's last order; ``cli.order_answers`` has a sentence for each code, and no status tells it."""


def reply(wording: str, code: str, **told: Any) -> dict[str, Any]:
    """Return the part of ``extra`` that holds the answer to the order of that wording."""
    key = ORDERED if by_administrator(wording) else ORDER
    return {key: {"code": code, "wording": wording, **told}}
