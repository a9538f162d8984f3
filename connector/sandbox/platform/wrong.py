"""The wrong documents that a download can be told to give."""

from __future__ import annotations

from datetime import UTC, datetime

from connector.sandbox.platform.context import Context, fields_by_signatory
from connector.sandbox.platform.documents import broken, text_page, with_extra_page
from connector.sandbox.platform.model import SIMULATOR, Transaction
from connector.sandbox.platform.signing import Field, add_fields, sign_field

PDF = "application/pdf"
HTML_PAGE = (
    "<!doctype html><html lang='fr'><head><meta charset='utf-8'><title>Connexion</title></head>"
    f"<body><h1>Connexion</h1><p>Votre session a expiré.</p><p>{SIMULATOR}</p></body></html>"
)


def wrong_document(context: Context, record: Transaction, order: int, variant: str) -> tuple[bytes, str]:
    """Return body and content type of ``variant`` (see ``misbehaviour.VARIANTS``) instead of document ``order``."""
    right = context.store.current(record, order)
    document = next(item for item in record.documents if item.order == order)
    if variant == "other_document":
        return _other(context), PDF
    if variant == "unsigned":
        return context.store.original(record, order), PDF
    if variant == "truncated":
        return right[: len(right) // 2], PDF
    if variant == "html":
        return HTML_PAGE.encode(), "text/html; charset=utf-8"
    if variant == "extra_page":
        return _extra_page(context, record, order), PDF
    if variant == "one_signature_missing":
        # Each signature is a revision of its own: the file before the last one lacks just that.
        return right[: document.revisions[-1]], PDF
    if variant == "broken_signature":
        return broken(right), PDF
    return b"", PDF


def _other(context: Context) -> bytes:
    page = text_page("Bulletin de paie", ["Ce document appartient à quelqu'un d'autre."])
    field = Field("signataire-1-1")
    signer = context.authority.signer("Camille Autre", "camille.autre@example.net")
    now = datetime.fromtimestamp(context.now(), tz=UTC)
    return sign_field(add_fields(page, [field]), field, signer, "Camille Autre", now)


def _extra_page(context: Context, record: Transaction, order: int) -> bytes:
    """Everybody's signatures, all intact, over a document that has one page more than was sent."""
    original = context.store.original(record, order)
    document = next(item for item in record.documents if item.order == order)
    fields = fields_by_signatory(original, document, record.signatories)
    content = add_fields(with_extra_page(original), [field for own in fields.values() for field in own])
    for person in sorted(record.signatories, key=lambda one: one.action_at or 0.0):
        signer = context.authority.signer(person.name, person.email)
        when = datetime.fromtimestamp(person.action_at or 0.0, tz=UTC)
        for field in fields[person.order]:
            content = sign_field(content, field, signer, person.name, when)
    return content
