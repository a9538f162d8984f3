"""Layers (optional content, ISO 32000-1, 8.11): which are shown is told in the catalogue, which pypdf leaves behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pypdf


def carry_over(reader: pypdf.PdfReader, writer: pypdf.PdfWriter) -> None:
    """Show in ``writer`` those layers of a document that are shown in ``reader``, whose pages it holds already.

    Several documents may be carried over, one after the other: their layers have nothing to do with each other.
    """
    properties = _mapping(reader.root_object.get("/OCProperties"))
    groups = _items(properties.get("/OCGs"))
    if not groups:
        return
    default = _mapping(properties.get("/D"))
    hidden = _items(default.get("/OFF"))
    if default.get("/BaseState") == "/OFF":
        shown = _items(default.get("/ON"))
        hidden = [group for group in groups if group not in shown]
    merged = _made(writer.root_object, "/OCProperties")
    _extend(merged, "/OCGs", groups, writer)
    _extend(_made(merged, "/D"), "/OFF", hidden, writer)
    # Layers that a use switches by itself: shown on paper only, or on a screen only.
    _extend(_made(merged, "/D"), "/AS", _items(default.get("/AS")), writer)


def _mapping(value: Any) -> Any:
    found = value.get_object() if value is not None else {}
    return found if isinstance(found, dict) else {}


def _items(value: Any) -> list[Any]:
    found = value.get_object() if value is not None else []
    return list(found) if isinstance(found, list) else []


def _made(parent: Any, key: str) -> Any:
    from pypdf.generic import DictionaryObject, NameObject

    if key not in parent:
        parent[NameObject(key)] = DictionaryObject()
    return parent[key]


def _extend(parent: Any, key: str, items: Sequence[Any], writer: pypdf.PdfWriter) -> None:
    from pypdf.generic import ArrayObject, NameObject

    if key not in parent:
        parent[NameObject(key)] = ArrayObject()
    parent[key].extend(item.clone(writer) for item in items)
