"""Is what came back another request's document? Only what this journal knows can tell; what it cannot is no proof.

A platform may give one client's document for another's (scenario D4; docuseal#140). One that shows other pages than
were sent and bears signatures, or shows the pages, of another request of the account is that request's. Reads the
journal.
"""

from __future__ import annotations

from collections.abc import Iterable

from connector.lifecycle import DocumentFacts, Record
from connector.pdf.model import Verdict
from connector.steps.dates import bearer
from connector.steps.parts import Parts

SIGNATORIES = "signatories"
"""Key of the difference "signed by people of another request, and by nobody of this one"."""


def is_anothers(parts: Parts, record: Record, document: DocumentFacts, verdict: Verdict) -> bool:
    """True when an intact document is known to be another request's.

    Not where the very pages that were sent were signed by somebody who was asked: then it is as good as this one's.
    """
    as_sent = bool(document.pages_digest) and verdict.pages_digest == document.pages_digest
    if as_sent and _is_named(record, verdict):
        return False
    contents = {signature.contents_sha256 for signature in verdict.signatures}
    # Of what was adopted with an older marker nobody knows which pages were sent.
    pages = verdict.pages_digest if document.pages_digest and not as_sent else ""
    others = _others(parts, record, (*contents, *([pages] if pages else [])))
    return any(
        bool(contents & set(one.contents)) or (bool(pages) and one.pages_digest == pages)
        for other in others
        for one in other.documents
    )


def is_signed_elsewhere(parts: Parts, record: Record, rank: int, verdict: Verdict) -> bool:
    """True when one of these very signatures is in what another document was signed to, of this request or another."""
    contents = {signature.contents_sha256 for signature in verdict.signatures}
    own = (one for one in record.documents if one.rank != rank)
    theirs = (one for other in _others(parts, record, contents) for one in other.documents)
    return any(contents & set(one.contents) for one in (*own, *theirs))


def foreign_signatories(parts: Parts, record: Record, verdict: Verdict) -> dict[str, str]:
    """Return the difference, where nobody who was asked is named by a signature and people of another request are.

    A certificate of the platform's own names nobody: that is no difference. Nor is anything where we do not know who
    was asked ourselves, as of what was adopted.
    """
    unknown = any(not each.email and not each.name for each in record.signatories)
    if unknown or _is_named(record, verdict):
        return {}
    emails = {signature.email for signature in verdict.signatures if signature.email}
    theirs = any(
        other.transaction is not None
        and any(
            bearer([each], signature) is not None
            for each in other.signatories
            for signature in verdict.signatures
        )
        for other in _others(parts, record, emails)
    )
    return {SIGNATORIES: "others"} if theirs else {}


def _is_named(record: Record, verdict: Verdict) -> bool:
    people = sorted(record.signatories, key=lambda each: each.order)
    return any(bearer(people, signature) is not None for signature in verdict.signatures)


def _others(parts: Parts, record: Record, texts: Iterable[str]) -> list[Record]:
    found = parts.journal.mentioning(record.account, sorted(texts))
    return [one for one in found if one.id != record.id and one.transaction != record.transaction]
