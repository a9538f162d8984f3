"""What a person's line leaves out: taken from the ``contacts`` of the settings, then from earlier requests.

Nothing that was written is ever replaced. Pure: who is remembered is asked through a function. Source: "Forty
letters" and "The exact files in the best case" of the accountant's page; remembered contacts: section 4 of the design.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from connector.errors import Problem
from connector.sidecar import words
from connector.sidecar.fields import shown
from connector.sidecar.model import Signatory
from connector.signatory_text import canonical_email

_NAMES: Final = frozenset({"name", "first_name", "last_name"})


@dataclass(frozen=True, kw_only=True)
class Known:
    """A person of an earlier request; ``since``: when last used (aware UTC). Empty: not known."""

    first_name: str
    last_name: str
    name: str
    phone: str
    since: datetime


Remembered = Callable[[str], Known | None]
"""Canonical e-mail → what an earlier request knew of that person."""


class Contacts:
    """The contacts in reach of a request, the nearest of each name, and the people remembered."""

    def __init__(self, nearest_first: Iterable[Mapping[str, Signatory]], remembered: Remembered) -> None:
        self._remembered = remembered
        self._by_name: dict[str, tuple[str, Signatory]] = {}
        for contacts in nearest_first:
            for name, person in contacts.items():
                self._by_name.setdefault(words.fold(name), (name, person))
        self._by_email: dict[str, tuple[str, Signatory]] = {}
        for name, person in self._by_name.values():
            if person.email:
                self._by_email.setdefault(canonical_email(person.email), (name, person))

    def named(self, written: str) -> Signatory | None:
        """Return the contact of that name, whatever its case and accents."""
        found = self._by_name.get(words.fold(written))
        return found[1] if found else None

    def completed(self, person: Signatory) -> Signatory:
        """Return the person with what could be found; an unknown contact stays as it is."""
        if person.contact is not None:
            if found := self._by_name.get(words.fold(person.contact)):
                person = _filled(person, *found, parts=("email", "name", "phone", "level", "place"))
        elif person.email and (found := self._by_email.get(canonical_email(person.email))):
            person = _filled(person, *found, parts=("name", "phone"))
        return self._remember(person)

    def unknown(self, person: Signatory) -> Problem | None:
        """Return the problem of a person whose contact nobody knows, None where there is none."""
        if person.contact is None or self.named(person.contact):
            return None
        known = {name: (name,) for name, _ in self._by_name.values()}
        values = {
            "written": shown(person.contact),
            "nearest": words.nearest(person.contact, known),
            "known": shown(", ".join(known)),
        }
        return Problem(code="contact_unknown", line=person.line, values={**values, **person.file})

    def _remember(self, person: Signatory) -> Signatory:
        wants_name, wants_phone = _lacks_name(person), _lacks(person, "phone")
        if not person.email or not (wants_name or wants_phone):
            return person
        known = self._remembered(canonical_email(person.email))
        if known is None:
            return person
        update: dict[str, Any] = {}
        filled = dict(person.filled)
        if wants_name and known.name:
            update |= {"first_name": known.first_name, "last_name": known.last_name, "name": known.name}
            filled["name"] = "known"
        if wants_phone and known.phone:
            update["phone"] = known.phone
            filled["phone"] = "known"
        if not update:
            return person
        return person.model_copy(update={**update, "filled": filled, "known_since": known.since})


def missing(person: Signatory) -> list[Problem]:
    """Return what a completed person still lacks; what stands there unreadable has its own problem already."""
    if "contact" in person.written and person.contact is None:
        return []
    if "email" in person.written and not person.email:
        # Without a readable address nobody can tell what an earlier request knew.
        return []
    codes = ["email_missing"] if _lacks(person, "email") else []
    codes += ["name_missing"] if _lacks_name(person) else []
    codes += ["phone_missing"] if _lacks(person, "phone") else []
    values = {"who": person.who or person.contact or "", **person.file}
    return [Problem(code=code, line=person.line, values=values) for code in codes]


def _filled(person: Signatory, name: str, contact: Signatory, parts: tuple[str, ...]) -> Signatory:
    update: dict[str, Any] = {}
    if "email" in parts and contact.email and _lacks(person, "email"):
        update["email"] = contact.email
    if "name" in parts and contact.name and _lacks_name(person):
        update |= {
            "first_name": contact.first_name,
            "last_name": contact.last_name,
            "name": contact.name,
        }
    if "phone" in parts and contact.phone and _lacks(person, "phone"):
        update |= {"phone": contact.phone, "phone_written": contact.phone_written}
    if "level" in parts and "level" in contact.written and "level" not in person.written:
        update["level"] = contact.level
    if "place" in parts and contact.placements and "place" not in person.written:
        update["placements"] = contact.placements
    source = {
        "place" if key == "placements" else key: f"contact {name}"
        for key in ("email", "name", "phone", "level", "placements")
        if key in update
    }
    return person.model_copy(update={**update, "filled": {**person.filled, **source}})


def _lacks(person: Signatory, part: str) -> bool:
    return not getattr(person, part) and part not in person.written


def _lacks_name(person: Signatory) -> bool:
    return not person.name and not _NAMES & set(person.written)
