"""From an operation of the contract to an absolute URL. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from connector.jesignexpert.contract import Contract, Operation
from connector.jesignexpert.overrides import PLACEHOLDER


def url_of(
    operation: Operation, *, base_url: str, shortcut: str, contract: Contract, **values: str | int
) -> str:
    """Return the URL of ``operation`` with ``values`` for its placeholders, each percent-encoded whole."""
    root = base_url.rstrip("/")
    filled = _fill(operation.path, values)
    if filled.startswith("/"):
        return root + filled
    base = _fill(contract.base_path, {"shortcut": shortcut}).strip("/")
    return f"{root}/{base}/{filled}" if base else f"{root}/{filled}"


def _fill(path: str, values: Mapping[str, str | int]) -> str:
    return PLACEHOLDER.sub(lambda match: quote(str(values[match[1]]), safe=""), path)
