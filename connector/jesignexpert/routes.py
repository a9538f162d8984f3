"""From an operation of the contract to an absolute URL. Pure."""

from __future__ import annotations

from urllib.parse import quote

from connector.jesignexpert.contract import Contract, Operation


def url_of(
    operation: Operation, *, base_url: str, shortcut: str, contract: Contract, **values: str | int
) -> str:
    """Return the URL of ``operation`` with ``values`` for its placeholders, each percent-encoded whole."""
    root = base_url.rstrip("/")
    filled = operation.path.format_map({name: quote(str(value), safe="") for name, value in values.items()})
    if filled.startswith("/"):
        return root + filled
    base = contract.base_path.format_map({"shortcut": quote(shortcut, safe="")}).strip("/")
    return f"{root}/{base}/{filled}"
