"""Forget a person: out of the contacts, out of whatever is over, and out of what we wrote of it in the folders.

The journal is cleaned at once. What lies in the folders follows at the next pass over each (``fading``): a status says
afterwards what is left to say, an overview is made of the same records, a request that we wrote ourselves loses its
people. History holds no person in the first place. An open request still needs its people. Source: design page section
4, ux page part B 7.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeVar

from connector.identity import canonical_email
from connector.journal import Contact, Journal
from connector.lifecycle import Record, SignatoryFacts
from connector.sidecar.model import Signatory
from connector.steps import fading
from connector.steps.erasing import (
    ERASED,
    KNOWN_BY,
    Erasure,
    address,
    erasing,
    in_values,
    number,
    people_of,
    same,
    without,
    word,
)

__all__ = ["ERASED", "Traces", "forget", "traces"]

_SHORTEST_NAME: Final = 2


@dataclass(frozen=True, kw_only=True)
class Traces:
    """Where a person stands. ``over``: closed requests, which can be erased from; ``running``: all others.

    One of which somebody else is being erased is as good as closed.
    """

    contacts: tuple[Contact, ...]
    over: tuple[Record, ...]
    running: tuple[Record, ...]

    @property
    def any(self) -> bool:
        """True when the journal knows this person at all."""
        return bool(self.contacts or self.over or self.running)


def traces(journal: Journal, email: str, *, hide: Callable[[str], str] | None = None) -> Traces:
    """Find a person by address, however it is spelled; with ``hide`` also where names alone are kept. Reads only."""
    wanted = address(email)
    every: Iterable[Record] = journal.everything()
    if hide is not None:
        hidden = hide(canonical_email(email))
        every = (_known_again(record, email, hidden) for record in every)
    found = [record for record in every if _mentions(record, wanted)]
    return Traces(
        contacts=tuple(c for c in journal.contacts() if c.email == canonical_email(email)),
        over=tuple(record for record in found if record.closed or fading.awaited(record)),
        running=tuple(record for record in found if not record.closed and not fading.awaited(record)),
    )


def forget(
    journal: Journal,
    email: str,
    found: Traces,
    *,
    hide: Callable[[str], str],
    followed: Callable[[Record], bool] = lambda _record: False,
) -> list[Record]:
    """Erase what :func:`traces` found, the running requests aside; may be repeated. Raises JournalError.

    ``hide``: makes of an address what can be recognised and not read (``marks.Sealer.hide``): a copy of the request
    is still known as a copy. ``followed``: is its folder worked in, so that what lies there is put right at the next
    pass? Returns the requests for which that is awaited.
    """
    wanted = canonical_email(email)
    erasure = Erasure(of=lambda each: same(each, wanted), fields=KNOWN_BY, text=_person(email, found))
    awaited = []
    for record in found.over:
        done = journal.intended(record)
        changes = without(record, erasure, hide)
        if fading.lies_in_a_folder(record) and followed(record):
            changes |= fading.to_be_shown(changes, fading.FORGOTTEN)
        else:
            changes["extra"] = {**changes["extra"], fading.PEOPLE: fading.FORGOTTEN}
        after = journal.note(record, "forgotten", done=done, **changes)
        if not after.closed:
            awaited.append(after)
    journal.forget_overview_texts()
    journal.forget_letters(lambda to: "@" in to and same(to, wanted))
    # Last: until then a run that was cut off finds names and numbers again.
    journal.forget_contact(email)
    return awaited


def _person(email: str, found: Traces) -> Callable[[str], str]:
    """Return what takes this person out of a text: by address, by number, by any name they are known by here."""
    wanted = canonical_email(email)
    entries: list[Contact | Signatory | SignatoryFacts] = list(found.contacts)
    for record in found.over:
        entries += [each for each in record.signatories if same(each.email, wanted)]
        if record.request is not None:
            entries += [each for each in people_of(record.request) if same(each.email, wanted)]
    patterns = [address(email).pattern]
    for entry in entries:
        written = getattr(entry, "phone_written", "")
        names = {entry.name, getattr(entry, "first_name", ""), getattr(entry, "last_name", "")}
        if len(names - {""}) < 3:
            # Read from capitals, or from a platform's answer: which word is the family's name nobody knows.
            names |= {each for each in entry.name.split() if len(each) > _SHORTEST_NAME}
        patterns += [number(each) for each in (entry.phone, written) if each]
        patterns += [word(each) for each in names if len(each) >= _SHORTEST_NAME]
    return erasing(patterns)


def _known_again(record: Record, email: str, hidden: str) -> Record:
    """Give a signatory of whom the name alone is kept their address back, so that the name can be taken out, too."""
    people = record.key_parts.get("people", ())
    if fading.PEOPLE not in record.extra or hidden not in people:
        return record
    order = list(people).index(hidden) + 1
    if any(each.order == order and each.name == ERASED for each in record.signatories):
        return record
    known = {"signatories": tuple(_named(each, each.order == order, email) for each in record.signatories)}
    if (request := record.request) is not None:
        again = tuple(
            _named(each, rank == order, email) for rank, each in enumerate(request.signatories, start=1)
        )
        names = {each.name for each in again if each.email == email}
        then = tuple(_named(each, each.name in names, email) for each in request.then)
        told = request.model_copy(update={"signatories": again, "then": then})
        return record.model_copy(update={**known, "request": told})
    return record.model_copy(update=known)


P = TypeVar("P", SignatoryFacts, Signatory)


def _named(each: P, meant: bool, email: str) -> P:
    return each.model_copy(update={"email": email}) if meant and not each.email else each


def _mentions(record: Record, wanted: re.Pattern[str]) -> bool:
    """True when an address stands in a record, files' names aside."""
    found = False

    def look(text: str) -> str:
        nonlocal found
        found = found or wanted.search(unicodedata.normalize("NFC", text)) is not None
        return text

    for each in record.signatories:
        look(f"{each.email} {each.reason or ''} {each.place} {each.name}")
    if record.request is not None:
        in_values(record.request.model_dump(mode="json"), look)
    in_values([record.subject, record.values, list(record.problems), record.extra], look)
    in_values(record.key_parts.get("emails", []), look)
    return found
