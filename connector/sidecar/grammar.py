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
from connector.sidecar.fields import (
    Notes,
    days,
    file_name,
    file_names,
    keys,
    prose,
    shown,
    text,
    unquoted,
    whole,
    word,
)
from connector.sidecar.model import Action, Afterwards, Order, Reminders, SignatureRequest, Verb, Wish
from connector.sidecar.names import comparable
from connector.sidecar.origin import Origin
from connector.sidecar.people import read_contact, read_signatories
from connector.sidecar.placing import read_placements
from connector.signatory_text import read_emails
from connector.text_yaml import Mapping, Node, Scalar, Sequence

_MESSAGE_FILE: Final = re.compile(
    r"(?:voir|cf\.?|see) (?:: *)?(?P<named>\S.*?)\.?|(?P<alone>[^\s:]+\.(?:txt|md))", re.IGNORECASE
)
_TEXT_FILES: Final = (".txt", ".doc", ".docx", ".odt", ".rtf", ".pdf", ".md")


@dataclass
class _Reading:
    """One file being read: what was gathered, and the request's fields by their names in the model."""

    notes: Notes
    settings: bool
    pdf_name: str | None
    found: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


def read_request(
    node: Node | None,
    notes: Notes,
    *,
    settings: bool = False,
    pdf_name: str | None = None,
    born: Origin | None = None,
) -> SignatureRequest:
    """Read a whole file; what could not be read has its problem in ``notes`` and is absent.

    A file that is one text or one list is read as its signatories. ``pdf_name``: the request's own PDF, whose
    name under ``documents`` asks for nothing more. ``born``: what the connector made the file from, if it did.
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
    return SignatureRequest(**{"signatories": (), **reading.found}, born_of=born, lines=reading.lines)


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
    for problem in reading.notes.problems:
        if problem.code == "people_numbered":
            # They are there, written otherwise: that nobody is asked would be said beside it.
            reading.lines.setdefault("signatories", problem.line or 1)


def _read_people(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    if name == "then" and _says_nobody(value):
        return
    reading.found[name] = read_signatories(reading.notes, key, value)


def _says_nobody(node: Node) -> bool:
    """``puis: personne``: what would be inherited is not wanted here."""
    return isinstance(node, Scalar) and words.find(unquoted(node.text), words.NOBODY) is not None


def _read_contacts(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    contacts = _mapping(reading.notes, key, value)
    if contacts is None:
        return
    found = {}
    met: dict[str, Scalar] = {}
    for contact, person in contacts.items:
        written, folded = " ".join(unquoted(contact.text).split()), words.fold(contact.text)
        if not folded:
            reading.notes.say("unknown_key", contact.line, written=shown(contact.text), nearest="")
        elif first := met.get(folded):
            values = {"first": shown(first.text), "first_line": str(first.line)}
            reading.notes.say("key_twice", contact.line, written=shown(contact.text), **values)
        elif one := read_contact(reading.notes, contact, person):
            found[written] = one
        met.setdefault(folded, contact)
    reading.found[name] = found


def _mapping(notes: Notes, key: Scalar, value: Node) -> Mapping | None:
    if isinstance(value, Mapping):
        return value
    if isinstance(value, Scalar) and value.empty:
        notes.say("value_missing", key.line, key=shown(key.text))
    else:
        written = shown(value.text) if isinstance(value, Scalar) else ""
        notes.say("value_not_keys", value.line, key=shown(key.text), written=written)
    return None


def _read_text(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    written = prose(reading.notes, key, value)
    if written is not None:
        reading.found[name] = written


def _read_message(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    """A text, or ``voir Message.txt`` (its name alone, too, which nobody means to send): the text of a file beside."""
    written = prose(reading.notes, key, value)
    if written is None:
        return
    file = _MESSAGE_FILE.fullmatch(written)
    beside = unquoted(file["named"] or file["alone"]) if file else ""
    if not beside.lower().endswith(_TEXT_FILES):
        reading.found[name] = written
    elif not beside.lower().endswith((".txt", ".md")):
        reading.notes.say("message_file_kind", value.line, written=shown(beside))
    else:
        reading.found["message_file"] = file_name(reading.notes, key, Scalar(beside, value.line))


def _read_requester(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    """A name, an address, or one line with both; or a contact's name."""
    written = prose(reading.notes, key, value)
    if written is None:
        return
    flat = " ".join(written.split())
    if "@" in flat:
        emails, faults = read_emails(flat)
        if len(emails) > 1:
            faults.append(("email_two", {"first": emails[0], "second": emails[1]}))
        for code, values in faults:
            reading.notes.say(code, value.line, who="", **values)
    reading.found[name] = flat


def _read_files(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    if _says_nobody(value):
        return
    found = file_names(reading.notes, key, value)
    own = comparable(reading.pdf_name) if reading.pdf_name else None
    if name == "documents" and all(comparable(one) == own for one in found):
        # Its own PDF alone is what a request has anyway.
        return
    reading.found[name] = found


def _read_drop(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    """The name of a folder; ``non`` ends what was inherited."""
    if isinstance(value, Scalar) and words.find(unquoted(value.text), words.YES_NO) == "no":
        return
    reading.found[name] = file_name(reading.notes, key, value)


def _read_confidential(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    """E-mail addresses, on one line or in a list."""
    if _says_nobody(value):
        return
    found: dict[str, str] = {}
    items = value.items if isinstance(value, Sequence) else (value,)
    for item in items:
        written = text(reading.notes, Scalar(key.text, item.line), item)
        emails, faults = read_emails(written) if written is not None else ([], [])
        for code, values in faults:
            reading.notes.say(code, item.line, who="", **values)
        found.update((email.casefold(), email) for email in emails)
    if not items:
        reading.notes.say("value_missing", key.line, key=shown(key.text))
    reading.found[name] = tuple(found.values())


def _read_yes_no(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    answer = word(reading.notes, key, value, words.YES_NO)
    if answer:
        reading.found[name] = answer == "yes"


def _read_order(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    if order := word(reading.notes, key, value, words.ORDERS):
        reading.found[name] = Order(order)


def _read_wish(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    if wish := word(reading.notes, key, value, words.WISHES):
        reading.found[name] = Wish(wish)


def _read_afterwards(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    if afterwards := word(reading.notes, key, value, words.AFTERWARDS):
        reading.found[name] = Afterwards(afterwards)


def _read_reminders(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    """Three lines below the key, or ``non``."""
    if isinstance(value, Scalar) and words.find(unquoted(value.text), words.YES_NO) == "no":
        reading.found[name] = Reminders(maximum=0)
        return
    reminders = _mapping(reading.notes, key, value)
    if reminders is None:
        return
    found = {}
    for inner, inner_key, inner_value in keys(reading.notes, reminders, words.REMINDER_KEYS):
        reader = _read_maximum if inner == "max" else days
        found["maximum" if inner == "max" else inner] = reader(reading.notes, inner_key, inner_value)
    reading.found[name] = Reminders(**found)


def _read_maximum(notes: Notes, key: Scalar, node: Node) -> int | None:
    """How often at most: 0 is never, unlike everywhere else."""
    if isinstance(node, Scalar) and re.fullmatch(" *0+ *", node.text):
        return 0
    return whole(notes, key, node)


def _read_action(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    notes = reading.notes
    if (written := text(notes, key, value)) is None:
        return
    if reading.settings:
        notes.say("action_in_settings", key.line, written=shown(written))
        return
    action = read_action(written, key.line)
    if action is None:
        notes.unknown_value(key, value, written, words.VERBS)
        return
    reading.found[name] = action


def _read_place(reading: _Reading, name: str, key: Scalar, value: Node) -> None:
    reading.found[name] = read_placements(reading.notes, key, value)


_READERS: Final[dict[str, Callable[[_Reading, str, Scalar, Node], None]]] = {
    "signatories": _read_people,
    "documents": _read_files,
    "annexes": _read_files,
    "subject": _read_text,
    "message": _read_message,
    "note": _read_text,
    "order": _read_order,
    "send": _read_wish,
    "account": _read_text,
    "lock": _read_yes_no,
    "certificate": _read_yes_no,
    "confidential_to": _read_confidential,
    "logo": _read_yes_no,
    "handwritten": _read_yes_no,
    "requester": _read_requester,
    "reminders": _read_reminders,
    "action": _read_action,
    "then": _read_people,
    "place": _read_place,
    "after_signing": _read_afterwards,
    "contacts": _read_contacts,
    "drop": _read_drop,
}
