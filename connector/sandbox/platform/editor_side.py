"""What the editor API does to a transaction (API page sections 2 and 3), once tokens and form were checked."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from connector.sandbox.platform.context import Context, fields_by_signatory
from connector.sandbox.platform.documents import check_pdf, place, text_page
from connector.sandbox.platform.errors import bad_field, not_found, out_of_order
from connector.sandbox.platform.model import (
    LIFE_OF_COLLECTE_S,
    REMIND_EVERY_S,
    SIMULATOR,
    Box,
    Document,
    Signatory,
    Transaction,
    french_date,
    iso,
)
from connector.sandbox.platform.signing import add_fields


def find(context: Context, office: str, transaction: str) -> Transaction:
    """Return the office's transaction; 404 when unknown, erased, or another office's."""
    record = context.store.transactions.get(transaction)
    if record is None or record.office != office or record.phase == "erased":
        raise not_found("Cette transaction n'existe pas ou n'existe plus.")
    return record


def create(context: Context, office: str, body: Mapping[str, Any]) -> Transaction:
    """Make a transaction from a checked body. Nobody is mailed, no credit goes (KNOWN)."""
    context.account.check_right()
    record = Transaction(
        id=secrets.token_hex(12),
        office=office,
        created_at=context.now(),
        object=body["object"],
        message=body.get("message", ""),
        mail_sender=body.get("mailSender", ""),
        mail_subject=body.get("mailSubject", ""),
        notification=body["notification"],
        locked=body.get("locked", False),
        sequential=body["invitationMode"] == "sequential",
        handwritten=body.get("isHandwrittenSignatureActive", False),
        confidentiality=body.get("confidentiality", []),
    )
    context.store.save(record)
    return record


def upload(
    context: Context, record: Transaction, order: int, name: str, content: bytes, boxes: list[Box]
) -> None:
    """Keep one document: in rank order, before any signatory (order ASSUMED), every box inside and apart."""
    context.account.check_right()
    _must_be_editable(record)
    if record.signatories:
        raise out_of_order("Les documents se déposent avant les signataires.")
    if order != len(record.documents) + 1:
        raise out_of_order(f"Le document attendu est le numéro {len(record.documents) + 1}.")
    pages = check_pdf(content)
    try:
        add_fields(content, place(content, boxes, pages))
    except ValueError as error:
        raise bad_field("Le PDF ne peut pas recevoir de signature.") from error
    context.store.write(record, f"original-{order}.pdf", content)
    record.documents.append(Document(order, name, pages, boxes))
    context.store.save(record)


def add_signatory(context: Context, record: Transaction, body: Mapping[str, Any]) -> None:
    """Add the next signatory from a checked body."""
    context.account.check_right()
    _must_be_editable(record)
    if not record.documents:
        raise out_of_order("Déposez au moins un document avant les signataires.")
    order = len(record.signatories) + 1
    record.signatories.append(
        Signatory(
            order=order,
            email=body["email"],
            name=body["name"],
            phone=body.get("phone", ""),
            level=body["level"],
            key=secrets.token_urlsafe(18),
        )
    )
    context.store.save(record)


def send(context: Context, record: Transaction) -> None:
    """Launch the collecte. A second ``send`` SUCCEEDS: everybody is mailed again, another credit goes.

    What a second ``send`` does is unknown (API page section 2); the simulator takes the worst.
    """
    context.account.check_right()
    if record.sends == 0:
        _must_be_launchable(record)
    context.account.take_credit()
    record.sends += 1
    record.credits += 1
    if record.sends > 1:
        for person in record.signatories:
            if person.invitations:
                context.invite(record, person)
    else:
        now = context.now()
        record.phase, record.sent_at, record.expires_at = "started", now, now + LIFE_OF_COLLECTE_S
        for document in record.documents:
            original = context.store.original(record, document.order)
            fields = fields_by_signatory(original, document, record.signatories)
            prepared = add_fields(original, [field for own in fields.values() for field in own])
            context.store.write(record, f"courant-{document.order}.pdf", prepared)
        for person in record.turn():
            context.invite(record, person)
    context.store.save(record)


def hand_over(context: Context, record: Transaction) -> None:
    """Leave it as a draft, for a person to finish on the platform (KNOWN)."""
    _must_be_launchable(record)
    record.handed_over = True
    context.store.save(record)


def describe(context: Context, record: Transaction) -> dict[str, Any]:
    """Return the answer of ``GET transaction/{id}`` (ASSUMED)."""
    hidden = record.looks_draft_until > context.now()
    people = [
        {
            "order": person.order,
            "email": person.email,
            "name": person.name,
            "status": "waiting" if hidden else person.status,
            "actionDate": None if hidden else iso(person.action_at),
            "refusalReason": None if hidden else person.refusal_reason,
        }
        for person in record.signatories
    ]
    return {
        "id": record.id,
        "status": word(context, record),
        "createdAt": iso(record.created_at),
        "expiresAt": None if hidden else iso(record.expires_at),
        "signatories": people,
        "documents": [{"order": document.order, "name": document.name} for document in record.documents],
    }


def word(context: Context, record: Transaction) -> str:
    """Return the status word said now: a lagging ``draft``, the sealing word, or the phase as renamed."""
    switches = context.account.switches
    said: str = record.phase
    if record.looks_draft_until > context.now():
        said = "draft"
    elif is_sealing(context, record):
        said = switches.sealing_word
    return switches.words.get(said, said)


def is_sealing(context: Context, record: Transaction) -> bool:
    """Tell whether everybody has signed but the document cannot be downloaded yet."""
    if record.phase != "completed" or record.ended_at is None:
        return False
    seconds = max(record.sealing_s, context.account.switches.sealing_s)
    return context.now() < record.ended_at + seconds


def download(context: Context, record: Transaction, order: int) -> bytes:
    """Return the signed document; 409 before the end or while sealing, 404 when there will be none."""
    document = next((item for item in record.documents if item.order == order), None)
    if document is None:
        raise not_found(f"Le document {order} n'existe pas.")
    if record.phase in ("draft", "started"):
        raise out_of_order("Tous les signataires n'ont pas encore signé.")
    if record.phase != "completed":
        raise not_found("La collecte a pris fin sans que tous aient signé : aucun document n'est remis.")
    if is_sealing(context, record):
        raise out_of_order("Le document est en cours de scellement, veuillez réessayer plus tard.")
    return context.store.current(record, order)


def attestation(context: Context, record: Transaction) -> bytes:
    """Return the attestation as PDF; 404 before the end."""
    if record.phase != "completed" or is_sealing(context, record):
        raise not_found("L'attestation n'est disponible qu'une fois la collecte terminée.")
    kept = context.store.read(record, "attestation.pdf")
    if kept is not None:
        return kept
    lines = [f"Objet : {record.object}", f"Transaction : {record.id}", f"Cabinet : {record.office}", ""]
    lines += [f"Document {item.order} : {item.name} ({item.pages} page(s))" for item in record.documents]
    lines.append("")
    for person in record.signatories:
        when = french_date(person.action_at or record.created_at)
        lines.append(f"{person.order}. {person.name} <{person.email}> a signé le {when}.")
    lines += ["", f"{SIMULATOR}."]
    content = text_page("Attestation de signature", lines)
    context.store.write(record, "attestation.pdf", content)
    return content


def cancel(context: Context, record: Transaction) -> None:
    """End it: signatories can no longer sign. 409 when it has ended already."""
    if record.phase not in ("draft", "started"):
        raise out_of_order("La collecte est déjà terminée.")
    record.phase, record.ended_at = "canceled", context.now()
    context.store.save(record)


def remind(context: Context, record: Transaction) -> None:
    """Mail the invitation again to whoever's turn it is; 409 within an hour of the last reminder."""
    if record.phase != "started":
        raise out_of_order("La collecte n'est pas en cours.")
    now = context.now()
    if record.reminded_at is not None and now < record.reminded_at + REMIND_EVERY_S:
        again = french_date(record.reminded_at + REMIND_EVERY_S)
        raise out_of_order(f"Une relance par heure au plus ; la prochaine sera possible le {again}.")
    record.reminded_at = now
    record.reminders += 1
    for person in record.turn():
        context.invite(record, person, again=True)
    context.store.save(record)


def lag(context: Context, record: Transaction, seconds: float) -> None:
    """Let the status go on saying ``draft`` for ``seconds`` of the sandbox clock."""
    record.looks_draft_until = context.now() + seconds
    context.store.save(record)


def _must_be_editable(record: Transaction) -> None:
    if record.phase != "draft" or record.handed_over:
        raise out_of_order("La transaction n'est plus modifiable.")


def _must_be_launchable(record: Transaction) -> None:
    if record.phase != "draft":
        raise out_of_order("La transaction n'est plus un brouillon.")
    if not record.documents or not record.signatories:
        raise out_of_order("Il faut au moins un document et un signataire.")
    for document in record.documents:
        for box in document.boxes:
            if box.order > len(record.signatories):
                raise bad_field(f"SignFields : le signataire {box.order} n'existe pas.")
