"""What the two sides of the platform, editor's and signatories', work on together."""

from __future__ import annotations

from dataclasses import dataclass

from connector.sandbox.clock import SandboxClock
from connector.sandbox.platform.account import Account
from connector.sandbox.platform.authority import Authority
from connector.sandbox.platform.documents import place
from connector.sandbox.platform.model import RETENTION_S, Document, Signatory, Transaction
from connector.sandbox.platform.outbox import Outbox
from connector.sandbox.platform.signing import Field
from connector.sandbox.platform.storage import Store

INVITATION = "Consulter les documents et signer"
SIGNED = "Document signé"


@dataclass
class Context:
    """The platform's parts; ``url`` ends with a slash and begins every link that goes out."""

    store: Store
    outbox: Outbox
    authority: Authority
    account: Account
    clock: SandboxClock
    url: str = "http://127.0.0.1/"

    def now(self) -> float:
        """Return the sandbox clock, seconds since the epoch."""
        return self.clock.timestamp()

    def link(self, person: Signatory) -> str:
        """Return the signatory's secret page."""
        return f"{self.url}signature/{person.key}"

    def settle(self) -> None:
        """Let what is due happen: lapse after 15 days, erasure a month after the end (API page section 4)."""
        now = self.now()
        for record in self.store.transactions.values():
            if record.phase == "started" and record.expires_at is not None and record.expires_at <= now:
                record.phase, record.ended_at = "expired", record.expires_at
                self.store.save(record)
            born = record.created_at if record.phase == "draft" else record.ended_at
            if record.phase != "erased" and born is not None and born + RETENTION_S <= now:
                self.erase(record)

    def erase(self, record: Transaction) -> None:
        """Erase a transaction and its documents: every call on it answers 404 from now on."""
        record.phase = "erased"
        record.ended_at = record.ended_at or self.now()
        self.store.erase(record)
        self.store.save(record)

    def invite(self, record: Transaction, person: Signatory, *, again: bool = False) -> None:
        """Mail « Consulter les documents et signer » to ``person``."""
        if person.status == "waiting":
            person.status = "ready"
        person.invitations += 1
        lead = "Rappel : des documents attendent votre signature." if again else record.message
        lines = [f"Bonjour {person.name},", "", lead, "", f"{INVITATION} :"]
        self._mail(record, person, "invitation", INVITATION, "\n".join(lines), self.link(person))

    def mail_signed(self, record: Transaction, person: Signatory) -> None:
        """Mail the download link once everybody has signed."""
        lines = [
            f"Bonjour {person.name},",
            "",
            f"Tous les signataires ont signé « {record.object} ».",
            "Vous pouvez télécharger le document signé pendant 7 jours :",
        ]
        self._mail(record, person, "signed", SIGNED, "\n".join(lines), f"{self.link(person)}/telechargement")

    def _mail(
        self, record: Transaction, person: Signatory, purpose: str, label: str, text: str, link: str
    ) -> None:
        record.mails += 1
        self.outbox.email(
            purpose,
            label,
            to=person.email,
            sender=record.mail_sender or record.office,
            subject=record.mail_subject or record.object,
            text=text,
            link=link,
            at=self.now(),
            about=record.id,
        )


def fields_by_signatory(
    original: bytes, document: Document, signatories: list[Signatory]
) -> dict[int, list[Field]]:
    """Return the fields each signatory has on ``document``: one per box, or one invisible."""
    fields = place(original, document.boxes, document.pages)
    result: dict[int, list[Field]] = {person.order: [] for person in signatories}
    for box, field in zip(document.boxes, fields, strict=True):
        result[box.order].append(field)
    for order, own in result.items():
        if not own:
            own.append(Field(f"signataire-{order}-1"))
    return result
