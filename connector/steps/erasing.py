"""What is taken out of a record, so that it tells of a person no more, or no more than a name. Pure.

What stays: hashes, dates and states (what was signed must remain provable), names of files and folders, and the orders
as they were typed: by the last two a finished request is recognised, so that it never goes again.
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
from connector.lifecycle import Record, SignatoryFacts
from connector.sidecar.model import Placement, Signatory, SignatureRequest

ERASED: Final = "[…]"
"""As French and English typography mark what was left out: people read it in the folders."""
_PATHS: Final = re.compile(
    r".*_(?:href|mac|scope)|(?:near|preview|attestation|settings|corrected)_name|message_file|other|documents?|annexes"
)
"""Names of values that tell where a file lies."""
_CODES: Final = frozenset(
    {"kind", "code", "reason", "verb", "marker", "token", "contents", "left", "not_it", "by"}
)
REACHED_BY: Final = frozenset({"email", "phone", "phone_written"})
"""What a person is reached by; their name is not among it."""
KNOWN_BY: Final = REACHED_BY | {"first_name", "last_name", "name"}


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """Whose entries lose which fields, and what any other text loses."""

    of: Callable[[str], bool]
    """Told an address: is it one of those?"""
    fields: frozenset[str]
    text: Callable[[str], str]

    @property
    def names_too(self) -> bool:
        """True when not even their names are to stay."""
        return "name" in self.fields


def without(record: Record, erasure: Erasure, hide: Callable[[str], str]) -> dict[str, Any]:
    """Return the changes that take people out of a record; ``hide`` as ``marks.Sealer.hide``."""
    text = erasure.text
    return {
        "signatories": tuple(_facts(each, erasure) for each in record.signatories),
        "request": None if record.request is None else _request(record.request, erasure),
        "subject": text(record.subject),
        "values": in_values(record.values, text),
        "problems": tuple(
            {
                **each,
                "values": in_values(each.get("values", {}), text),
                "cure": text(each["cure"]) if each.get("cure") else None,
            }
            for each in record.problems
        ),
        "key_parts": _hidden(record.key_parts, hide),
        "extra": in_values(record.extra, text),
    }


def erasing(patterns: Iterable[str]) -> Callable[[str], str]:
    """Return what puts :data:`ERASED` in the place of whatever one of these patterns matches."""
    # The longest first: « Marie Dupont » goes as a whole before « Dupont » alone is looked for.
    joined = "|".join(sorted(set(patterns), key=len, reverse=True))
    if not joined:
        return lambda text: text
    pattern = re.compile(joined, re.IGNORECASE)
    return lambda text: pattern.sub(ERASED, unicodedata.normalize("NFC", text)) if text else text


def address(email: str) -> re.Pattern[str]:
    """Return what finds an address in a text, its domain with accents or as it travels."""
    local, _, domain = canonical_email(email).rpartition("@")
    domains = {domain}
    with contextlib.suppress(idna.IDNAError):
        domains.add(idna.decode(domain))
    either = "|".join(re.escape(each) for each in sorted(domains))
    return re.compile(rf"(?<![\w.+-]){re.escape(local)}@(?:{either})(?![\w-]|\.\w)", re.IGNORECASE)


def number(phone: str) -> str:
    """Match a number however it is grouped, a French one with or without its country."""
    digits = re.sub(r"[^0-9]", "", phone)
    national = re.sub(r"^(?:0033|33|0)(?=[1-9][0-9]{8}$)", "", digits)
    spread = r"[\s().\-/\u00a0\u202f]*".join(national)
    before = r"(?:(?:\+|00)33\s*(?:\(0\))?\s*|0)?" if national != digits else r"(?:\+|00)?"
    return rf"(?<![0-9A-Za-z]){before}{spread}(?![0-9A-Za-z])"


def word(name: str) -> str:
    """Match a name, however its words are set apart."""
    words = r"\s+".join(re.escape(part) for part in unicodedata.normalize("NFC", name).split())
    return rf"(?<!\w){words}(?!\w)"


def same(email: str, wanted: str) -> bool:
    """True for the address that is wanted, in its one form."""
    return bool(email) and canonical_email(email) == wanted


def people_of(request: SignatureRequest) -> Iterable[Signatory]:
    """Everybody whom a request names as a person."""
    return (*request.signatories, *request.then, *request.contacts.values())


def _facts(facts: SignatoryFacts, erasure: Erasure) -> SignatoryFacts:
    text = erasure.text
    update: dict[str, Any] = {"place": text(facts.place), "reason": _maybe(facts.reason, text)}
    if erasure.of(facts.email):
        update |= dict.fromkeys(erasure.fields & {"email", "phone"}, "")
        if erasure.names_too or not facts.name:
            update["name"] = ERASED
        if erasure.names_too:
            update["reason"] = None
    return facts.model_copy(update=update)


def _request(request: SignatureRequest, erasure: Erasure) -> SignatureRequest:
    text = erasure.text

    def people(signatories: tuple[Signatory, ...]) -> tuple[Signatory, ...]:
        return tuple(_signatory(each, erasure) for each in signatories)

    action = request.action
    return request.model_copy(
        update={
            "signatories": people(request.signatories),
            "then": people(request.then),
            "contacts": {name: each for name, each in request.contacts.items() if not erasure.of(each.email)},
            "place": _placements(request.place, text),
            "subject": _maybe(request.subject, text),
            "message": _maybe(request.message, text),
            "note": _maybe(request.note, text),
            "requester": _maybe(request.requester, text),
            "confidential_to": tuple(each for each in map(text, request.confidential_to) if each != ERASED),
            "action": action and action.model_copy(update={"wording": text(action.wording)}),
        }
    )


def _signatory(signatory: Signatory, erasure: Erasure) -> Signatory:
    update: dict[str, Any] = {"placements": _placements(signatory.placements, erasure.text)}
    if erasure.of(signatory.email):
        update |= dict.fromkeys(erasure.fields, "")
        if erasure.names_too:
            # A contact's name in a settings file is often the person's own.
            update["contact"] = None
        update["filled"] = {key: value.split()[0] for key, value in signatory.filled.items() if value}
    return signatory.model_copy(update=update)


def _placements(placements: tuple[Placement, ...], text: Callable[[str], str]) -> tuple[Placement, ...]:
    return tuple(each.model_copy(update={"near": _maybe(each.near, text)}) for each in placements)


def _maybe(value: str | None, text: Callable[[str], str]) -> str | None:
    return None if value is None else text(value)


def in_values(value: Any, text: Callable[[str], str]) -> Any:
    """Erase from every text of a JSON value, but from codes and from where files lie."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping):
        return {
            name: inner if name in _CODES or _PATHS.fullmatch(name) else in_values(inner, text)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [in_values(inner, text) for inner in value]
    return value


def _hidden(parts: Mapping[str, Any], hide: Callable[[str], str]) -> dict[str, Any]:
    """Keep whom a request asked as its marker does: to be recognised, not to be read (protocol R2)."""
    kept = {name: value for name, value in parts.items() if name != "emails"}
    if parts.get("emails"):
        kept["people"] = [hide(canonical_email(email)) for email in parts["emails"]]
    return kept
