"""From the port's values to what the platform takes, by the contract's names and formats. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

from connector.jesignexpert.boxes import sign_fields
from connector.jesignexpert.contract import Contract
from connector.ports import Box, TransactionDraft, TransactionSignatory


def transaction(draft: TransactionDraft, contract: Contract) -> dict[str, object]:
    """Return the JSON of a new transaction (API page section 2; members KNOWN, ``locked`` as seen ASSUMED)."""
    names, formats = contract.fields.transaction, contract.formats
    return _named(
        (names.object, draft.subject),
        (names.message, draft.message),
        (names.mail_sender, draft.sender),
        (names.mail_subject if draft.mail_subject is not None else None, draft.mail_subject),
        (names.notification, formats.notification),
        (names.locked, formats.locked),
        (names.invitation_mode, formats.sequential if draft.sequential else formats.parallel),
        (names.requirement_mode, formats.requirement_mode),
        (names.handwritten, draft.handwritten),
        (names.confidentiality, list(draft.confidential_to)),
    )


def signatory(person: TransactionSignatory, contract: Contract) -> dict[str, object]:
    """Return the JSON of one signatory; ``positions`` is always empty, boxes travel with the documents."""
    names = contract.fields.signatory
    phone = person.phone if contract.formats.phone == "+33" else person.phone.removeprefix("+")
    return _named(
        (names.email, person.email),
        (names.name, person.name),
        (names.level, person.level),
        (names.positions, []),
        # A name that could not be told apart travels whole, as "name" (KNOWN); an empty half would be refused.
        (names.first_name if person.first_name else None, person.first_name),
        (names.last_name if person.last_name else None, person.last_name),
        (names.phone, phone),
    )


def upload_fields(boxes: Sequence[Box], contract: Contract) -> dict[str, str]:
    """Return the form fields that go with a document. Raises RequestRejected for an impossible box."""
    name = contract.fields.upload.sign_fields
    return {name: json.dumps(sign_fields(boxes, contract), separators=(",", ":"))}


def _named(*members: tuple[str | None, object]) -> dict[str, object]:
    return {name: value for name, value in members if name is not None}
