"""A request's identity by content: its key, its ask, the digest of everything its transaction carries.

Pure. Source: protocol R1 (key), R2 (digest), "Orders and the key" (ask).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from connector.lifecycle import Record
from connector.ports import Box
from connector.sidecar.model import Action, SignatureRequest, Verb
from connector.signatory_text import canonical_email as canonical_email

KEY_VERSION = 1
FIRST_ASK = "1"
_ASKING = frozenset({Verb.RESTART, Verb.NOT_SENT})
_ADMINISTRATOR = "administrator "
# No I, L, O, U, 0, 1: people read these six characters to each other on the telephone.
_REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def key_of(
    documents: Sequence[tuple[str, str]], account: str, emails: Sequence[str], ask: str
) -> tuple[str, dict[str, Any]]:
    """Return (key, its parts). ``documents``: (role, SHA-256 of the bytes as found), documents then annexes.

    ``emails`` in signing order. The key is 64 hexadecimal digits. Source: protocol R1.
    """
    parts = {
        "version": KEY_VERSION,
        "documents": [[role, sha256] for role, sha256 in documents],
        "account": account,
        "emails": [canonical_email(email) for email in emails],
        "ask": ask,
    }
    return digest_of(parts), parts


def digest_of(value: Any) -> str:
    """SHA-256 over the canonical JSON of a value made of plain types."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def ask_of(action: Action | None, *, record: Record | None) -> str:
    """Return the ask that a sidecar stands for: its new ``recommencer`` or ``pas partie``, else the record's.

    An order that the record has obeyed already is no new ask, and an ask stays when its line goes.
    """
    current = record.ask if record is not None else FIRST_ASK
    if action is None or action.verb not in _ASKING:
        return current
    if record is not None and action.wording in record.obeyed:
        return current
    return action.wording


def carried_digest(
    request: SignatureRequest,
    *,
    boxes: Mapping[int, Sequence[Box]],
    documents: Sequence[tuple[str, str]],
    subject: str,
    message: str,
    sender: str,
    contract: str,
) -> str:
    """Digest of everything a transaction carries: names, phones, places, texts, and the bytes that travel.

    ``boxes`` by the document's rank; ``documents``: (file name, SHA-256 of what is sent), by rank. A marker whose
    digest differs belongs to another wording of the same key: its T is not sent (R2).
    """
    return digest_of(
        {
            "signatories": [
                [s.email, s.name, s.first_name, s.last_name, s.phone, s.level.value]
                for s in request.signatories
            ],
            "boxes": [
                [rank, b.signatory, b.page, round(b.x, 2), round(b.y, 2), b.with_logo]
                for rank, placed in sorted(boxes.items())
                for b in placed
            ],
            "documents": [list(document) for document in documents],
            "order": request.order.value,
            "texts": [subject, message, sender],
            "options": [request.handwritten, request.logo, list(request.confidential_to)],
            "contract": contract,
        }
    )


def same_people(parts: Mapping[str, Any], emails: Sequence[str]) -> bool:
    """True when a known request asks the very same addresses, in whatever order."""
    return set(parts.get("emails", ())) == {canonical_email(email) for email in emails}


def next_wording(verb: str, taken: Sequence[str]) -> str:
    """Return the first wording of an order not used yet (``recommencer``, ``recommencer 2``).

    ``verb`` as the person types it, ``taken`` the typed wordings that no longer count as new.
    """
    number = 1
    while (wording := verb if number == 1 else f"{verb} {number}") in taken:
        number += 1
    return wording


def administrators_wording(verb: str, taken: Sequence[str]) -> str:
    """Return the wording of a new order of the administrator's: no line of a request ever reads so."""
    return next_wording(_ADMINISTRATOR + verb, taken)


def by_administrator(wording: str) -> bool:
    """True for an order that came from the administrator's command line, not from a request in the folder."""
    return wording.startswith(_ADMINISTRATOR)


def new_reference() -> str:
    """Draw six characters that people can read to each other; uniqueness is the journal's to check."""
    return "".join(secrets.choice(_REFERENCE_ALPHABET) for _ in range(6))
