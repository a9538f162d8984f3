"""The ``signataires`` part: one line, a map, or a list of both → signatories, every problem with its line.

What is missing is no problem here: ``sidecar.inherit`` takes it from contacts and earlier requests, or asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from typing import Final

from connector.sidecar import words
from connector.sidecar.fields import Notes, keys, shown, text, unquoted, word
from connector.sidecar.model import Level, Placement, Signatory
from connector.sidecar.placing import read_placements
from connector.signatory_text import (
    MAX_LENGTH,
    Name,
    is_garbled_name,
    is_more_than_a_name,
    phone_beside,
    read_email,
    read_name,
    read_person,
    read_phone,
    without_civility,
)
from connector.text_yaml import Mapping, Node, Scalar, Sequence

MAX_SIGNATORIES: Final = 50
"""A belt against rubbish, not a rule of the platform or the firm."""

MAX_CONTACT: Final = 80
"""Characters of a contact's name."""

_FOUND_ELSEWHERE: Final = frozenset({"email_missing", "name_missing", "phone_missing"})
_NOBODYS_NAME: Final[words.Words] = {
    name: words.REQUEST_KEYS[name] for name in ("signatories", "subject", "send")
}
_OF_PEOPLE: Final[words.Words] = {"signatories": words.REQUEST_KEYS["signatories"]}
_SMALL_IN_NO_NAME: Final[words.Words] = {
    **_NOBODYS_NAME,
    **{name: words.REQUEST_KEYS[name] for name in ("annexes", "reminders", "then", "lock", "handwritten")},
    "level": words.SIGNATORY_KEYS["level"],
}
"""With a capital a family or a firm may bear one of these, and with none where the whole name has none."""
_BEGIN_A_LINE: Final[words.Words] = {**words.REQUEST_KEYS, "level": words.SIGNATORY_KEYS["level"]}
"""Below a person, on a line of its own: there a capital is the word processor's."""

_WITH_THE_KEY: Final = _FOUND_ELSEWHERE | {"name_unclear", "name_digits", "email_two", "phone_two_numbers"}
"""What a word of ours makes of a person's line, and is told with it."""
_MAY_BE_BLANK: Final = frozenset({"email", "first_name", "last_name", "phone"})

Fault = tuple[str, int | None, AnyMapping[str, str]]


def read_signatories(notes: Notes, key: Scalar, node: Node) -> tuple[Signatory, ...]:
    """Read one signatory or a list of them, in signing order."""
    nodes = node.items if isinstance(node, Sequence) else (node,)
    if len(nodes) > MAX_SIGNATORIES:
        notes.say("signatories_too_many", key.line, count=str(len(nodes)), limit=str(MAX_SIGNATORIES))
        return ()
    found: list[Signatory | None] = []
    for one in nodes:
        if isinstance(one, Mapping) and _is_numbered(one):
            notes.say("two_people_in_one", one.line)
        elif isinstance(one, Mapping):
            found.append(_from_mapping(notes, one))
        elif isinstance(one, Sequence):
            notes.say("value_not_text", one.line, key=shown(key.text))
        elif written := unquoted(one.text):
            found.append(_from_line(notes, key, one, written))
        else:
            notes.say("value_missing", one.line, key=shown(key.text))
    if not nodes:
        notes.say("value_missing", key.line, key=shown(key.text))
    return tuple(signatory for signatory in found if signatory is not None)


def _is_numbered(node: Mapping) -> bool:
    """True of several lines with a number before each, in place of a dash: « 1: Marie Dupont … »."""
    return len(node.items) > 1 and all(name.text.strip().isdigit() for name, _ in node.items)


def read_contact(notes: Notes, name: Scalar, node: Node) -> Signatory | None:
    """Read one entry of ``contacts``: a line or a map, without a contact of its own. None with a problem."""
    if isinstance(node, Sequence):
        notes.say("value_not_text", node.line, key=shown(name.text))
        return None
    known = {key: forms for key, forms in words.SIGNATORY_KEYS.items() if key != "contact"}
    if isinstance(node, Mapping):
        return _from_mapping(notes, node, known)
    if not (written := unquoted(node.text)):
        notes.say("value_missing", node.line, key=shown(name.text))
        return None
    if _names_contact(written):
        notes.say("signatory_not_understood", node.line, written=shown(written))
        return None
    return _from_line(notes, name, node, written)


def _from_line(notes: Notes, key: Scalar, node: Scalar, written: str) -> Signatory | None:
    if _names_contact(written):
        return Signatory(contact=" ".join(written.split()), written=("contact",), line=node.line)
    if len(written) > MAX_LENGTH:
        notes.say("signatory_not_understood", node.line, written=shown(written))
        return None
    person = read_person(written, line=node.line)
    codes = {problem.code for problem in person.problems}
    if {"email_missing", "phone_missing"} <= codes:
        notes.say("signatory_not_understood", node.line, written=shown(written))
        return None
    ours = _key_in(person.name) or _key_below(notes, node)
    if words.find(ours, _OF_PEOPLE) and written.startswith(ours):
        notes.say("colon_missing", node.line, key=shown(ours))
    elif {"email_two", "phone_two_numbers"} <= codes:
        notes.say("two_people_in_one", node.line)
        return None
    elif ours:
        notes.say("key_in_name", node.line, key=shown(ours), written=shown(person.name))
    for problem in person.problems:
        if problem.code not in (_WITH_THE_KEY if ours else _FOUND_ELSEWHERE):
            notes.say(problem.code, problem.line, **problem.values)
    return Signatory(
        written=tuple(part for part in ("email", "name", "phone") if f"{part}_missing" not in codes),
        email=person.email,
        first_name=person.first_name,
        last_name=person.last_name,
        name=person.name,
        phone=person.phone,
        phone_written=person.phone_written,
        line=node.line,
    )


def _key_in(name: str) -> str:
    """Return the word of a request that was read as a part of a name: « Marie Dupont envoi non »; ``""`` for none."""
    parts = [re.sub(r"\W+$", "", part) for part in name.split()]
    family = len(parts) - 1 if name == name.lower() else None
    for at, part in enumerate(parts):
        small = part == part.lower() and len(parts) > 2 and at != family
        if words.find(part, _SMALL_IN_NO_NAME if small else _NOBODYS_NAME):
            return part
    return ""


def _key_below(notes: Notes, node: Scalar) -> str:
    """Return the word of a request that begins a further line of a person, who goes on there; ``""`` for none."""
    whole = " ".join(node.text.split())
    for line in notes.raw[node.line :]:
        said = " ".join(line.split())
        if not said or said not in whole:
            break
        word = re.match(r"[^\W\d_]+(?=[ :=]+\S)", said)
        if word and words.find(word[0], _BEGIN_A_LINE):
            return word[0]
    return ""


def _names_contact(written: str) -> bool:
    """A short text without address and digits names a contact; who that is, only the settings tell."""
    if "@" in written or any(char.isdigit() for char in written):
        return False
    return len(written) <= MAX_CONTACT and bool(words.fold(written))


@dataclass
class _Draft:
    """A signatory while its keys are read. Faults wait for the name that their sentences need."""

    line: int
    email: str = ""
    phone: str = ""
    phone_written: str = ""
    beside: str = ""
    """The number that stands in the line of the address."""
    beside_line: int | None = None
    given: str | None = None
    family: str | None = None
    contact: str | None = None
    level: Level = Level.SIMPLE
    placements: tuple[Placement, ...] = ()
    met: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def _from_mapping(notes: Notes, mapping: Mapping, known: words.Words = words.SIGNATORY_KEYS) -> Signatory:
    draft = _Draft(mapping.line)
    for field_name, key, value in keys(notes, mapping, known):
        if isinstance(value, Scalar) and field_name in _MAY_BE_BLANK and not unquoted(value.text):
            # A model's line that was not filled in says nothing, and may be filled from elsewhere.
            continue
        draft.met.append(field_name)
        _READERS[field_name](notes, draft, key, value)
    _number_beside(draft)
    name = _name(draft)
    who = name.whole or draft.email
    for code, line, values in draft.faults:
        notes.say(code, line, who=who, **values)
    return Signatory(
        written=tuple(draft.met),
        email=draft.email,
        first_name=name.first,
        last_name=name.last,
        name=name.whole,
        phone=draft.phone,
        phone_written=draft.phone_written,
        contact=draft.contact,
        level=draft.level,
        placements=draft.placements,
        line=draft.line,
    )


def _name(draft: _Draft) -> Name:
    """Join first name and name as written; a whole name under ``nom`` alone is read as in a line."""
    given, family = draft.given or "", draft.family or ""
    if not (given and family):
        return read_name(given or family)
    return Name(given, family, f"{given} {family}")


def _read_email(notes: Notes, draft: _Draft, key: Scalar, value: Node) -> None:
    if (written := text(notes, key, value)) is None:
        return
    draft.email, fault = read_email(written)
    draft.beside, draft.beside_line = phone_beside(written), value.line
    if fault:
        draft.faults.append((fault[0], value.line, fault[1]))


def _number_beside(draft: _Draft) -> None:
    """A number written beside the address is the mobile, where no other one is."""
    if not draft.beside:
        return
    phone = read_phone(draft.beside)
    if "phone" not in draft.met:
        draft.met.append("phone")
        draft.phone, draft.phone_written = phone.e164, phone.written
        if phone.code:
            draft.faults.append((phone.code, draft.beside_line, phone.values))
    elif draft.phone and not phone.code and phone.e164 != draft.phone:
        written = shown(f"{draft.phone_written} / {phone.written}")
        draft.faults.append(("phone_two_numbers", draft.beside_line, {"written": written}))


def _read_phone(notes: Notes, draft: _Draft, key: Scalar, value: Node) -> None:
    if (written := text(notes, key, value)) is None:
        return
    phone = read_phone(written)
    draft.phone, draft.phone_written = phone.e164, phone.written
    if phone.code:
        draft.faults.append((phone.code, value.line, phone.values))


def _name_part(notes: Notes, draft: _Draft, key: Scalar, value: Node) -> str | None:
    if (written := text(notes, key, value)) is None:
        return None
    flat = without_civility(" ".join(written.split())[:MAX_LENGTH])
    if is_garbled_name(flat):
        draft.faults.append(("name_garbled", value.line, {"written": shown(flat)}))
    elif any(char.isdigit() for char in flat):
        draft.faults.append(("name_digits", value.line, {"written": shown(flat)}))
    elif not any(char.isalpha() for char in flat):
        draft.met.pop()
        return None
    elif is_more_than_a_name(flat):
        draft.faults.append(("name_unclear", value.line, {"written": shown(flat)}))
    return flat


def _read_given(notes: Notes, draft: _Draft, key: Scalar, value: Node) -> None:
    draft.given = _name_part(notes, draft, key, value)


def _read_family(notes: Notes, draft: _Draft, key: Scalar, value: Node) -> None:
    draft.family = _name_part(notes, draft, key, value)


def _read_contact(notes: Notes, draft: _Draft, key: Scalar, value: Node) -> None:
    if written := text(notes, key, value):
        draft.contact = " ".join(written.split())


def _read_level(notes: Notes, draft: _Draft, key: Scalar, value: Node) -> None:
    if level := word(notes, key, value, words.LEVELS):
        draft.level = Level(level)


def _read_place(notes: Notes, draft: _Draft, key: Scalar, value: Node) -> None:
    draft.placements = read_placements(notes, key, value)


_READERS: dict[str, Callable[[Notes, _Draft, Scalar, Node], None]] = {
    "email": _read_email,
    "first_name": _read_given,
    "last_name": _read_family,
    "phone": _read_phone,
    "contact": _read_contact,
    "level": _read_level,
    "place": _read_place,
}
