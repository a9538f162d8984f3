"""The ``signature`` part of a signatory: where that person signs."""

from __future__ import annotations

import re
from typing import Any

from connector.sidecar import words
from connector.sidecar.fields import Notes, file_name, keys, length, parsed_length, shown, text, whole, word
from connector.sidecar.model import Corner, Length, Placement
from connector.text_yaml import Mapping, Node, Scalar, Sequence


def read_placements(notes: Notes, key: Scalar, node: Node) -> tuple[Placement, ...]:
    """Read one map or a list of maps; an empty value is a problem, an empty map means wherever there is room."""
    nodes = node.items if isinstance(node, Sequence) else (node,)
    placements = []
    for one in nodes:
        if isinstance(one, Mapping):
            placements.append(_placement(notes, one))
        elif isinstance(one, Scalar) and one.empty:
            notes.say("value_missing", one.line, key=shown(key.text))
        else:
            written = shown(one.text) if isinstance(one, Scalar) else ""
            notes.say("value_not_keys", one.line, key=shown(key.text), written=written)
    return tuple(placements)


def _placement(notes: Notes, mapping: Mapping) -> Placement:
    found: dict[str, Any] = {}
    written: dict[str, Scalar] = {}
    for name, key, value in keys(notes, mapping, words.PLACE_KEYS):
        written[name] = key
        read = _value(notes, name, key, value)
        if read is not None:
            found[name] = read
    _check_together(notes, written)
    return Placement(line=mapping.line, **found)


def _value(notes: Notes, name: str, key: Scalar, value: Node) -> Any:
    if name == "page":
        if isinstance(value, Scalar) and words.find(value.text, words.LAST_PAGE):
            return -1
        return whole(notes, key, value)
    if name in {"x", "y"}:
        return length(notes, key, value)
    if name == "occurrence":
        return whole(notes, key, value)
    if name == "offset":
        return _offset(notes, key, value)
    if name == "corner":
        corner = word(notes, key, value, words.CORNERS)
        return Corner(corner) if corner else None
    return file_name(notes, key, value) if name == "document" else text(notes, key, value)


def _offset(notes: Notes, key: Scalar, node: Node) -> tuple[Length, Length] | None:
    """``10 mm, -5 mm``, or a list of two: to the right, then down."""
    if isinstance(node, Sequence):
        parts = [item.text for item in node.items if isinstance(item, Scalar)]
        parts = parts if len(parts) == len(node.items) == 2 else []
        pairs = [parts] if parts else []
    else:
        written = text(notes, key, node)
        if written is None:
            return None
        written = written[:80]
        # "1,5 cm, 2 cm": the comma that separates is the one that leaves two lengths.
        cuts = re.finditer(r"\s*[,;/]\s*|\s+", written)
        pairs = [[written[: cut.start()], written[cut.end() :]] for cut in cuts]
    for first, second in pairs:
        across, down = parsed_length(first, signed=True), parsed_length(second, signed=True)
        if across and down:
            return across, down
    shown_text = shown(node.text) if isinstance(node, Scalar) else ""
    notes.say("offset_invalid", node.line, key=shown(key.text), written=shown_text)
    return None


def _check_together(notes: Notes, written: dict[str, Scalar]) -> None:
    """Say each pair of keys that contradict each other, and each that lacks its companion."""
    for one, other in (("near", "x"), ("near", "y"), ("near", "corner"), ("corner", "x"), ("corner", "y")):
        if one in written and other in written:
            notes.say(
                "keys_contradict",
                written[other].line,
                key=shown(written[one].text),
                other=shown(written[other].text),
            )
    for key, needed, word_needed in (
        ("x", "y", "y"),
        ("y", "x", "x"),
        ("occurrence", "near", "près de"),
        ("offset", "near", "près de"),
    ):
        if key in written and needed not in written:
            notes.say("key_needs", written[key].line, key=shown(written[key].text), needs=word_needed)
