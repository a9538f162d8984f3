"""What a signatory does through their secret link (API page section 4, « Signatory's way », KNOWN)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from connector.sandbox.platform.context import Context, fields_by_signatory
from connector.sandbox.platform.errors import PersonError
from connector.sandbox.platform.model import DOWNLOAD_LINK_S, Signatory, Transaction
from connector.sandbox.platform.signing import sign_field

MAX_WRONG_CODES = 3

_ENDS = {
    "draft": "Cette collecte n'a pas encore été envoyée.",
    "refused": "Un signataire a refusé : la collecte a pris fin, aucun document n'est remis.",
    "expired": "Le délai de signature est dépassé : la collecte a pris fin.",
    "canceled": "Le cabinet a annulé la collecte : vous ne pouvez plus signer.",
    "erased": "Les documents ont été effacés de la plateforme.",
}


@dataclass(frozen=True)
class Visit:
    """A signatory at their page. ``obstacle``: why they cannot sign now, in French; "" = they can."""

    record: Transaction
    person: Signatory
    obstacle: str


def visit(context: Context, key: str) -> Visit:
    """Return who holds the link ``key`` and what stands in their way. Raises PersonError: no such link."""
    for record in context.store.transactions.values():
        for person in record.signatories:
            if person.key == key:
                return Visit(record, person, _obstacle(record, person))
    raise PersonError("Ce lien n'existe pas ou n'existe plus.")


def _obstacle(record: Transaction, person: Signatory) -> str:
    if record.phase in _ENDS:
        return _ENDS[record.phase]
    if person.status == "signed":
        return "Vous avez signé. Merci."
    if person not in record.turn():
        return "Ce n'est pas encore votre tour : un e-mail vous parviendra dès que le précédent aura signé."
    return ""


def opened(context: Context, key: str) -> Visit:
    """Note that the page was opened."""
    found = visit(context, key)
    if not found.obstacle and found.person.status == "ready":
        found.person.status = "accessed"
        context.store.save(found.record)
    return found


def accept(context: Context, key: str, *, ticked: bool) -> Visit:
    """The box « J'ai lu et j'accepte » and its button: a code leaves by SMS."""
    found = _able(context, key)
    if not ticked:
        raise PersonError("Cochez la case « J'ai lu et j'accepte le document ci-dessus » pour continuer.")
    if not found.person.phone:
        raise PersonError(
            "Aucun numéro de mobile n'est connu pour vous : le code ne peut pas vous être envoyé."
        )
    _send_code(context, found)
    context.store.save(found.record)
    return found


def sign(context: Context, key: str, code: str) -> Visit:
    """Sign every document in the person's name, if ``code`` is the one of the SMS.

    Three wrong codes make the code worthless: another one leaves.
    """
    found = _able(context, key)
    record, person = found.record, found.person
    if person.code is None:
        raise PersonError("Acceptez d'abord le document : un code vous sera envoyé par SMS.")
    if not secrets.compare_digest(person.code.encode(), code.strip().encode()):
        person.wrong_codes += 1
        if person.wrong_codes >= MAX_WRONG_CODES:
            _send_code(context, found)
            context.store.save(record)
            raise PersonError("Trois codes erronés : un nouveau code vient de vous être envoyé par SMS.")
        context.store.save(record)
        raise PersonError("Ce code n'est pas le bon. Recopiez le code reçu par SMS.")
    _sign_documents(context, record, person)
    person.status, person.code = "signed", None
    if all(other.status == "signed" for other in record.signatories):
        record.phase, record.ended_at = "completed", context.now()
        if record.notification == "ALL":
            for other in record.signatories:
                context.mail_signed(record, other)
    elif record.sequential:
        for following in record.turn():
            context.invite(record, following)
    context.store.save(record)
    return found


def refuse(context: Context, key: str, reason: str) -> Visit:
    """« Refuser de signer »: ends the collecte for everybody, no document is given (KNOWN)."""
    found = _able(context, key)
    if not reason.strip():
        raise PersonError("Indiquez pourquoi vous refusez de signer.")
    found.person.status = "refused"
    found.person.refusal_reason = reason.strip()[:1000]
    found.person.action_at = context.now()
    found.record.phase, found.record.ended_at = "refused", context.now()
    context.store.save(found.record)
    return found


def signed_document(context: Context, key: str, order: int) -> bytes:
    """Return the signed document by the link of the last e-mail, good for seven days."""
    found = visit(context, key)
    record = found.record
    if record.phase != "completed" or record.ended_at is None:
        raise PersonError("Le document signé n'est pas disponible.")
    if context.now() >= record.ended_at + DOWNLOAD_LINK_S:
        raise PersonError("Ce lien de téléchargement était valable 7 jours : il a expiré.")
    if order not in [document.order for document in record.documents]:
        raise PersonError("Ce document n'existe pas.")
    return context.store.current(record, order)


def _able(context: Context, key: str) -> Visit:
    found = visit(context, key)
    if found.obstacle:
        raise PersonError(found.obstacle)
    return found


def _send_code(context: Context, found: Visit) -> None:
    person = found.person
    person.code = f"{secrets.randbelow(1_000_000):06d}"
    person.wrong_codes = 0
    person.status = "code-sent"
    found.record.sms += 1
    context.outbox.sms(
        to=person.phone,
        text=f"Votre code de signature : {person.code}",
        code=person.code,
        at=context.now(),
        about=found.record.id,
    )


def _sign_documents(context: Context, record: Transaction, person: Signatory) -> None:
    person.action_at = context.now()
    when = datetime.fromtimestamp(person.action_at, tz=UTC)
    signer = context.authority.signer(person.name, person.email)
    for document in record.documents:
        original = context.store.original(record, document.order)
        content = context.store.current(record, document.order)
        document.revisions.append(len(content))
        for field in fields_by_signatory(original, document, record.signatories)[person.order]:
            content = sign_field(content, field, signer, person.name, when)
        context.store.write(record, f"courant-{document.order}.pdf", content)
