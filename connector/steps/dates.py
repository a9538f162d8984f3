"""When each person signed: by the verified document, else by the platform, never by a guess.

A signature is a person's where its certificate bears their address or name; else where the document has exactly one
signature for each person, by the order of signing or because only one of each is left. What cannot be told apart
keeps the platform's date. Source: issue "Answering", point 6; scenario D4. Pure.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connector.lifecycle import Record, SignatoryFacts
from connector.pdf.model import Signature
from connector.sidecar.model import Order

log = logging.getLogger(__name__)

A_LITTLE = timedelta(minutes=2)
"""Two clocks that agree to this tell the same moment: what people have read already stays as it is."""
_CLOCKS_APART = timedelta(minutes=10)
"""No signature is made sooner before the sending, or later than now: beyond, a clock was wrong and dates nothing."""
FROM_DOCUMENT = frozenset({"signature", "timestamp"})
"""Values of ``SignatoryFacts.signed_from`` that the platform's word does not change any more."""


def dated(record: Record, signatures: Sequence[Signature], now: datetime) -> tuple[SignatoryFacts, ...]:
    """Return the signatories of a record, all signed, with the dates that one verified document proves.

    Of several documents, and of several signatures in one, the latest date counts: then a person has signed all.
    """
    proven = _plausible(record, signatures, now)
    times: dict[int, list[Signature]] = {}
    for order, signature in whose(record, signatures):
        if signature in proven:
            times.setdefault(order, []).append(signature)
    return tuple(_with_date(record.ref, facts, times.get(facts.order, [])) for facts in record.signatories)


def whose(record: Record, signatures: Sequence[Signature]) -> list[tuple[int, Signature]]:
    """Tell whose each signature is: (order of the signatory, signature), without those that nobody can be named for.

    ``signatures`` in the order of signing, as ``pdf.verify`` gives them.
    """
    people = sorted(record.signatories, key=lambda each: each.order)
    named = [bearer(people, signature) for signature in signatures]
    if len(signatures) == len(people):  # one for each: what bears no known name can be told by the others
        named = _by_order(record, people, named)
        named = _by_elimination(people, named)
    return [
        (order, signature) for order, signature in zip(named, signatures, strict=True) if order is not None
    ]


def bearer(people: Sequence[SignatoryFacts], signature: Signature) -> int | None:
    """Order of the one person whose address or name the certificate bears; None for nobody, several, or a dispute."""
    address, name = (signature.email or "").casefold(), _folded(signature.name)
    by_address = {each.order for each in people if address and each.email.casefold() == address}
    by_name = {each.order for each in people if name and _folded(each.name) == name}
    found = by_address & by_name if by_address and by_name else by_address | by_name
    return found.pop() if len(found) == 1 else None


def _by_order(record: Record, people: Sequence[SignatoryFacts], named: list[int | None]) -> list[int | None]:
    """One after the other, the first signature is the first person's; unless a name says that it was otherwise."""
    in_turn = [each.order for each in people]
    one_by_one = record.request is not None and record.request.order is Order.SEQUENTIAL
    fits = all(order in {None, turn} for order, turn in zip(named, in_turn, strict=True))
    return list(in_turn) if one_by_one and fits else named


def _by_elimination(people: Sequence[SignatoryFacts], named: list[int | None]) -> list[int | None]:
    left = {each.order for each in people} - {order for order in named if order is not None}
    if len(left) != 1 or named.count(None) != 1:
        return named
    last = left.pop()
    return [last if order is None else order for order in named]


def _folded(name: str) -> tuple[str, ...]:
    """A name as it is compared: no case, no accents, its words in any order (« DUPONT Marie-Hélène »)."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return tuple(sorted(re.findall(r"\w+", plain.casefold())))


def _plausible(record: Record, signatures: Sequence[Signature], now: datetime) -> list[Signature]:
    begin = min(filter(None, [record.sent_at, record.created_at])) - _CLOCKS_APART
    return [
        one
        for one in signatures
        if one.signed_at is not None and begin <= one.signed_at <= now + _CLOCKS_APART
    ]


def _with_date(ref: str, facts: SignatoryFacts, signatures: Sequence[Signature]) -> SignatoryFacts:
    changes: dict[str, Any] = {"progress": "signed"}
    last = max(signatures, key=_moment, default=None)
    known, of_another_document = facts.signed_at, facts.signed_from in FROM_DOCUMENT
    if last is None or (of_another_document and known is not None and known >= _moment(last)):
        return facts.model_copy(update=changes)
    when = _moment(last)
    changes["signed_from"] = "timestamp" if last.stamped else "signature"
    told = known if facts.signed_from == "platform" else None
    if told is None or abs(when - told) > A_LITTLE:
        changes["signed_at"] = when
    if told is not None and "signed_at" in changes:
        log.warning(
            "%s: signatory %d signed at %s by the document, at %s by the platform",
            ref,
            facts.order,
            when,
            told,
        )
    return facts.model_copy(update=changes)


def _moment(signature: Signature) -> datetime:
    assert signature.signed_at is not None  # implausible ones were left out
    # In UTC: in the night of the clocks two zones' names of one moment are not even equal (PEP 495).
    return signature.signed_at.astimezone(UTC)
