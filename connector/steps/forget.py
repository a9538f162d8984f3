"""Forget a person: out of the contacts, and out of whatever the journal still tells of requests that are over.

What goes: the person's entry in every request, and their address, number and name in every text beside it. What
stays: hashes, dates and states (what was signed must remain provable), names of files and folders, and the orders
as they were typed: by the last two a finished request is recognised, so that it never goes again. History holds no
person in the first place. An open request still needs its people. Source: design page section 4, ux page part B 7.
"""

from __future__ import annotations

import contextlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import idna

from connector.identity import canonical_email
from connector.journal import Contact, Journal
from connector.lifecycle import Record, SignatoryFacts
from connector.sidecar.model import Placement, Signatory, SignatureRequest

ERASED: Final = "(erased)"
_PATHS: Final = re.compile(
    r".*_(?:href|mac|scope)|(?:near|preview|attestation|settings|corrected)_name|message_file|other|documents?|annexes"
)
"""Names of values that tell where a file lies."""
_CODES: Final = frozenset(
    {"kind", "code", "reason", "verb", "marker", "token", "contents", "left", "not_it", "by"}
)
_SHORTEST_NAME: Final = 2


@dataclass(frozen=True, kw_only=True)
class Traces:
    """Where a person stands. ``over``: closed requests, which can be erased from; ``running``: all others."""

    contacts: tuple[Contact, ...]
    over: tuple[Record, ...]
    running: tuple[Record, ...]

    @property
    def any(self) -> bool:
        """True when the journal knows this person at all."""
        return bool(self.contacts or self.over or self.running)


def traces(journal: Journal, email: str) -> Traces:
    """Find a person by address, however it is spelled. Reads only."""
    address = _address(email)
    found = [record for record in journal.everything() if _mentions(record, address)]
    return Traces(
        contacts=tuple(c for c in journal.contacts() if c.email == canonical_email(email)),
        over=tuple(record for record in found if record.closed),
        running=tuple(record for record in found if not record.closed),
    )


def forget(journal: Journal, email: str, found: Traces, *, hide: Callable[[str], str]) -> None:
    """Erase what :func:`traces` found, the running requests aside; may be repeated. Raises JournalError.

    ``hide``: makes of an address what can be recognised and not read (``marks.Sealer.hide``): a copy of the request
    is still known as a copy.
    """
    person = _person(email, found)
    for record in found.over:
        journal.note(
            record, "forgotten", done=journal.intended(record), **without(record, email, person, hide=hide)
        )
    journal.forget_overview_texts()
    # Last: until then a run that was cut off finds names and numbers again.
    journal.forget_contact(email)


def without(
    record: Record, email: str, text: Callable[[str], str], *, hide: Callable[[str], str]
) -> dict[str, Any]:
    """Return the changes that take a person out of a record. ``text`` erases them from one text."""
    wanted = canonical_email(email)
    extra = _in_values(record.extra, text)
    return {
        "signatories": tuple(_facts(each, wanted, text) for each in record.signatories),
        "request": None if record.request is None else _request(record.request, wanted, text),
        "subject": text(record.subject),
        "values": _in_values(record.values, text),
        "problems": tuple(
            {
                **each,
                "values": _in_values(each.get("values", {}), text),
                "cure": text(each["cure"]) if each.get("cure") else None,
            }
            for each in record.problems
        ),
        "key_parts": _hidden(record.key_parts, hide),
        "extra": extra,
    }


def _person(email: str, found: Traces) -> Callable[[str], str]:
    """Return what takes this person out of a text: by address, by number, by any name they are known by here."""
    wanted = canonical_email(email)
    entries: list[Contact | Signatory | SignatoryFacts] = list(found.contacts)
    for record in found.over:
        entries += [each for each in record.signatories if _is(each.email, wanted)]
        if record.request is not None:
            entries += [each for each in _signatories(record.request) if _is(each.email, wanted)]
    patterns = [_address(email).pattern]
    for entry in entries:
        written = getattr(entry, "phone_written", "")
        names = {entry.name, getattr(entry, "first_name", ""), getattr(entry, "last_name", "")}
        if len(names - {""}) < 3:
            # Read from capitals, or from a platform's answer: which word is the family's name nobody knows.
            names |= {word for word in entry.name.split() if len(word) > _SHORTEST_NAME}
        patterns += [_number(each) for each in (entry.phone, written) if each]
        patterns += [_word(each) for each in names if len(each) >= _SHORTEST_NAME]
    # The longest first: « Marie Dupont » goes as a whole before « Dupont » alone is looked for.
    pattern = re.compile("|".join(sorted(set(patterns), key=len, reverse=True)), re.IGNORECASE)
    return lambda text: pattern.sub(ERASED, unicodedata.normalize("NFC", text)) if text else text


def _address(email: str) -> re.Pattern[str]:
    """Return what finds an address in a text, its domain with accents or as it travels."""
    local, _, domain = canonical_email(email).rpartition("@")
    domains = {domain}
    with contextlib.suppress(idna.IDNAError):
        domains.add(idna.decode(domain))
    either = "|".join(re.escape(each) for each in sorted(domains))
    return re.compile(rf"(?<![\w.+-]){re.escape(local)}@(?:{either})(?![\w-]|\.\w)", re.IGNORECASE)


def _number(phone: str) -> str:
    """Match a number however it is grouped, a French one with or without its country."""
    digits = re.sub(r"[^0-9]", "", phone)
    national = re.sub(r"^(?:0033|33|0)(?=[1-9][0-9]{8}$)", "", digits)
    spread = r"[\s().\-/\u00a0\u202f]*".join(national)
    before = r"(?:(?:\+|00)33\s*(?:\(0\))?\s*|0)?" if national != digits else r"(?:\+|00)?"
    return rf"(?<![0-9A-Za-z]){before}{spread}(?![0-9A-Za-z])"


def _word(name: str) -> str:
    words = r"\s+".join(re.escape(part) for part in unicodedata.normalize("NFC", name).split())
    return rf"(?<!\w){words}(?!\w)"


def _is(email: str, wanted: str) -> bool:
    return bool(email) and canonical_email(email) == wanted


def _signatories(request: SignatureRequest) -> Iterable[Signatory]:
    return (*request.signatories, *request.then, *request.contacts.values())


def _mentions(record: Record, address: re.Pattern[str]) -> bool:
    """True when an address stands in a record, files' names aside."""
    found = False

    def look(text: str) -> str:
        nonlocal found
        found = found or address.search(unicodedata.normalize("NFC", text)) is not None
        return text

    for each in record.signatories:
        look(f"{each.email} {each.reason or ''} {each.place} {each.name}")
    if record.request is not None:
        _in_values(record.request.model_dump(mode="json"), look)
    _in_values([record.subject, record.values, list(record.problems), record.extra], look)
    _in_values(record.key_parts.get("emails", []), look)
    return found


def _facts(facts: SignatoryFacts, wanted: str, text: Callable[[str], str]) -> SignatoryFacts:
    if not _is(facts.email, wanted):
        return facts.model_copy(update={"place": text(facts.place), "reason": _maybe(facts.reason, text)})
    erased = {"email": "", "name": "", "phone": "", "reason": None, "place": text(facts.place)}
    return facts.model_copy(update=erased)


def _request(request: SignatureRequest, wanted: str, text: Callable[[str], str]) -> SignatureRequest:
    def people(signatories: tuple[Signatory, ...]) -> tuple[Signatory, ...]:
        return tuple(_signatory(each, wanted, text) for each in signatories)

    action = request.action
    return request.model_copy(
        update={
            "signatories": people(request.signatories),
            "then": people(request.then),
            "contacts": {
                name: each for name, each in request.contacts.items() if not _is(each.email, wanted)
            },
            "place": _placements(request.place, text),
            "subject": _maybe(request.subject, text),
            "message": _maybe(request.message, text),
            "note": _maybe(request.note, text),
            "requester": _maybe(request.requester, text),
            "confidential_to": tuple(each for each in map(text, request.confidential_to) if each != ERASED),
            "action": action and action.model_copy(update={"wording": text(action.wording)}),
        }
    )


def _signatory(signatory: Signatory, wanted: str, text: Callable[[str], str]) -> Signatory:
    update: dict[str, Any] = {"placements": _placements(signatory.placements, text)}
    if _is(signatory.email, wanted):
        update |= dict.fromkeys(("email", "first_name", "last_name", "name", "phone", "phone_written"), "")
        # A contact's name in a settings file is often the person's own.
        update["contact"] = None
        update["filled"] = {key: value.split()[0] for key, value in signatory.filled.items() if value}
    return signatory.model_copy(update=update)


def _placements(placements: tuple[Placement, ...], text: Callable[[str], str]) -> tuple[Placement, ...]:
    return tuple(each.model_copy(update={"near": _maybe(each.near, text)}) for each in placements)


def _maybe(value: str | None, text: Callable[[str], str]) -> str | None:
    return None if value is None else text(value)


def _in_values(value: Any, text: Callable[[str], str]) -> Any:
    """Erase from every text of a JSON value, but from codes and from where files lie."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping):
        return {
            name: inner if name in _CODES or _PATHS.fullmatch(name) else _in_values(inner, text)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_in_values(inner, text) for inner in value]
    return value


def _hidden(parts: Mapping[str, Any], hide: Callable[[str], str]) -> dict[str, Any]:
    """Keep whom a request asked as its marker does: to be recognised, not to be read (protocol R2)."""
    kept = {name: value for name, value in parts.items() if name != "emails"}
    if parts.get("emails"):
        kept["people"] = [hide(canonical_email(email)) for email in parts["emails"]]
    return kept
