"""The tree of a sidecar → a request, every problem at once; the keys and values of the whole grammar.

Source: "What the accountant sees" of the design (keys, in French and English), "Orders" of the accountant's page,
"Orders and the key" of the protocol (an order's wording).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from connector.sidecar import words
from connector.sidecar.fields import Notes, keys, prose, shown, text, texts, word
from connector.sidecar.model import Action, Order, SignatureRequest, Verb, Wish
from connector.sidecar.names import comparable
from connector.sidecar.people import read_signatories
from connector.sidecar.placing import read_placements
from connector.text_yaml import Mapping, Node, Scalar

_MESSAGE_FILE: Final = re.compile(r"(?:voir|see) \S.*\.(?:txt|docx?|md)", re.IGNORECASE)


@dataclass
class _Reading:
    """One file being read: what was gathered, and the request's fields by their names in the model."""

    notes: Notes
    settings: bool
    pdf_name: str | None
    found: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


def read_request(
    node: Node | None, notes: Notes, *, settings: bool = False, pdf_name: str | None = None
) -> SignatureRequest:
    """Read a whole file; the request is only worth something when ``notes`` holds no problem afterwards.

    A file that is one text or one list is read as its signatories. ``pdf_name``: the request's own PDF, whose
    name under ``documents`` asks for nothing more.
    """
    reading = _Reading(notes, settings, pdf_name)
    if isinstance(node, Mapping):
        _read_keys(reading, node)
    elif isinstance(node, Scalar) and not _may_be_person(node.text):
        notes.say("sidecar_not_understood", node.line, written=shown(node.text))
        reading.lines["signatories"] = node.line
    elif node is not None:
        key = Scalar("signataires", node.line)
        reading.lines["signatories"] = node.line
        reading.found["signatories"] = read_signatories(notes, key, node)
    elif not settings:
        notes.say("sidecar_empty", None)
    if not settings and node is not None and "signatories" not in reading.lines:
        notes.say("signatories_missing", None)
    _check_order(reading)
    _spread_place(reading)
    return SignatureRequest(**{"signatories": (), **reading.found}, lines=reading.lines)


def read_action(written: str, line: int | None = None) -> Action | None:
    """Read an order; ``wording`` is canonical. None when it begins with no known verb.

    ``Relancer  2`` and ``remind 2`` are the same order: ``remind 2``.
    """
    flat = " ".join(unicodedata.normalize("NFC", written).lower().split())
    parts = flat.split(" ")
    for size in (2, 1):
        if verb := words.find(" ".join(parts[:size]), words.VERBS):
            rest = " ".join(parts[size:])
            return Action(verb=Verb(verb), wording=f"{verb} {rest}".strip()[:200], line=line)
    return None


def _may_be_person(written: str) -> bool:
    return "@" in written or sum(char.isdigit() for char in written) >= 8


def _read_keys(reading: _Reading, mapping: Mapping) -> None:
    known = {**words.REQUEST_KEYS, **(words.SETTINGS_ONLY_KEYS if reading.settings else {})}
    for name, key, value in keys(reading.notes, mapping, known):
        reading.lines[name] = key.line
        _READERS[name](reading, name, key, value)


def _read_people(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    reading.found[name] = read_signatories(reading.notes, key, value, reading.pdf_name)


def _read_quietly(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    """``puis``: judged like the signatories; what it holds is not told apart while the key itself is not obeyed."""
    reading.notes.mark(name, key)
    inner = Notes(problems=reading.notes.problems, searches=reading.notes.searches)
    read_signatories(inner, key, value)


def _read_contacts(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    reading.notes.mark(name, key)
    if not isinstance(value, Mapping):
        written = shown(value.text) if isinstance(value, Scalar) else ""
        reading.notes.say("value_not_keys", key.line, key=shown(key.text), written=written)
        return
    inner = Notes(problems=reading.notes.problems, searches=reading.notes.searches)
    for contact, person in value.items:
        read_signatories(inner, contact, person)


def _read_text(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    if name in {"note", "requester", "drop"}:
        reading.notes.mark(name, key)
    written = prose(reading.notes, key, value)
    if written is None:
        return
    if name == "message" and _MESSAGE_FILE.fullmatch(written):
        reading.notes.mark("message=file", key, shown(written))
    if name != "drop":
        reading.found[name] = written


def _read_files(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    found = texts(reading.notes, key, value)
    own = comparable(reading.pdf_name) if reading.pdf_name else None
    if name == "annexes" or any(comparable(one) != own for one in found):
        reading.notes.mark(name, key)
    reading.found[name] = found


def _read_confidential(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    reading.notes.mark(name, key)
    reading.found[name] = texts(reading.notes, key, value)


def _read_yes_no(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    answer = word(reading.notes, key, value, words.YES_NO)
    if answer:
        reading.found[name] = answer == "yes"
        reading.notes.mark(f"{name}={answer}", key, words.YES_NO[answer][0])


def _read_order(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    if order := word(reading.notes, key, value, words.ORDERS):
        reading.found[name] = Order(order)


def _read_wish(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    if wish := word(reading.notes, key, value, words.WISHES):
        reading.found[name] = Wish(wish)


def _read_reminders(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    reading.notes.mark(name, key)
    if not isinstance(value, Mapping):
        written = shown(value.text) if isinstance(value, Scalar) else ""
        reading.notes.say("value_not_keys", key.line, key=shown(key.text), written=written)
        return
    for _, inner_key, inner_value in keys(reading.notes, value, words.REMINDER_KEYS):
        text(reading.notes, inner_key, inner_value)


def _read_action(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    notes = reading.notes
    if (written := text(notes, key, value)) is None:
        return
    if reading.settings:
        notes.say("action_in_settings", key.line, written=shown(written))
        return
    action = read_action(written, key.line)
    if action is None:
        notes.say(
            "value_unknown",
            value.line,
            key=shown(key.text),
            written=shown(written),
            nearest=notes.nearest(written, words.VERBS),
            allowed=words.french(words.VERBS),
        )
        return
    reading.found[name] = action
    notes.mark(f"action={action.verb.value}", key, shown(written))


def _read_place(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    """One place at the edge of the file is everybody's who has none of their own."""
    reading.found["_place"] = read_placements(reading.notes, key, value, reading.pdf_name)
    if "signatories" not in reading.found and reading.settings:
        reading.notes.mark("place=inherited", key)


def _check_order(reading: _Reading) -> None:
    if "then" in reading.lines and reading.found.get("order") is Order.PARALLEL:
        reading.notes.say("keys_contradict", reading.lines["order"], key="puis", other="ordre: parallèle")


def _spread_place(reading: _Reading) -> None:
    place = reading.found.pop("_place", ())
    if place and "signatories" in reading.found:
        reading.found["signatories"] = tuple(
            one if one.placements else one.model_copy(update={"placements": place})
            for one in reading.found["signatories"]
        )


_READERS: Final[dict[str, Callable[[_Reading, str, Scalar, Node], None]]] = {
    "signatories": _read_people,
    "documents": _read_files,
    "annexes": _read_files,
    "subject": _read_text,
    "message": _read_text,
    "note": _read_text,
    "order": _read_order,
    "send": _read_wish,
    "account": _read_text,
    "lock": _read_yes_no,
    "certificate": _read_yes_no,
    "confidential_to": _read_confidential,
    "logo": _read_yes_no,
    "handwritten": _read_yes_no,
    "requester": _read_text,
    "reminders": _read_reminders,
    "action": _read_action,
    "then": _read_quietly,
    "place": _read_place,
    "contacts": _read_contacts,
    "drop": _read_text,
}
