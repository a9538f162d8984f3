"""The journal's tables and how an older journal becomes today's. Forward only; a newer journal is refused."""

from __future__ import annotations

import json
from collections.abc import Callable

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    select,
    text,
)

VERSION = 4

metadata = MetaData()

meta = Table(
    "meta", metadata, Column("name", String, primary_key=True), Column("value", Text, nullable=False)
)

record = Table(
    "record",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ref", String(6), nullable=False, unique=True),
    Column("folder", String, nullable=False),
    Column("server", String, nullable=False),
    Column("account", String, nullable=False),
    Column("state", String, nullable=False),
    Column("place", String, nullable=False),
    Column("current", Boolean, nullable=False),
    Column("key", String(64)),
    Column("file_id", String),
    Column("document_sha256", String(64)),
    Column("signed_sha256", String(64)),
    Column("sidecar_sha256", String(64)),
    Column("transaction_id", String),
    Column("closed", Boolean, nullable=False),
    Column("next_at", Float),
    Column("facts", Text, nullable=False),
    comment="one request; the columns beside facts are copies to find it by",
)
Index("record_open", record.c.server, record.c.closed, record.c.state)
Index("record_place", record.c.server, record.c.place, record.c.current)
Index("record_key", record.c.key)
Index("record_document", record.c.document_sha256)
Index("record_signed", record.c.signed_sha256)
Index("record_sidecar", record.c.server, record.c.sidecar_sha256)
Index("record_file", record.c.server, record.c.file_id)

document = Table(
    "document",
    metadata,
    Column("record_id", Integer, ForeignKey("record.id"), primary_key=True),
    Column("rank", Integer, primary_key=True),
    Column("file_id", String),
    Column("sha256", String(64)),
    Column("signed_sha256", String(64)),
    comment="what travels beside a request's main document; copies to find it by",
)
Index("document_sha256", document.c.sha256)
Index("document_signed", document.c.signed_sha256)
Index("document_file", document.c.file_id)

contact = Table(
    "contact",
    metadata,
    Column("account", String, primary_key=True),
    Column("email", String, primary_key=True),
    Column("facts", Text, nullable=False),
    Column("used_at", Float, nullable=False),
    comment="people of earlier requests, by account and canonical address; erasable, unlike events",
)
Index("contact_used", contact.c.used_at)

event = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("record_id", Integer, ForeignKey("record.id"), nullable=True),
    Column("account", String, nullable=True),
    Column("at", Float, nullable=False),
    Column("name", String, nullable=False),
    Column("data", Text, nullable=False),
    comment="what happened, in order; never changed, never removed",
)
Index("event_record", event.c.record_id)
Index("event_account", event.c.account, event.c.name, event.c.at)

intent = Table(
    "intent",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("record_id", Integer, ForeignKey("record.id"), nullable=False),
    Column("step", String, nullable=False),
    Column("at", Float, nullable=False),
    Column("data", Text, nullable=False),
    UniqueConstraint("record_id", "step"),
    comment="what is about to be done outside; found at start it is a question, not a retry",
)

hold = Table(
    "hold",
    metadata,
    Column("account", String, primary_key=True),
    Column("cause", String, nullable=False),
    Column("since", Float, nullable=False),
    Column("probe_at", Float, nullable=False),
    Column("text", Text, nullable=False),
    comment="why an account launches nothing for the moment",
)

watch = Table(
    "watch",
    metadata,
    Column("folder", String, primary_key=True),
    Column("root", String, nullable=False),
    Column("completed_at", Float, nullable=False),
    Column("there_before", Text, nullable=False),
    comment="folders whose first complete pass this journal has seen (protocol R7)",
)

overview = Table(
    "overview",
    metadata,
    Column("server", String, primary_key=True),
    Column("href", String, primary_key=True),
    Column("words", String(64), nullable=False),
    Column("written_at", Float, nullable=False),
    Column("intended", Text, nullable=False),
    Column("intended_words", String(64), nullable=False),
    Column("intended_at", Float, nullable=False),
    comment="the overview of each folder as it was last written: one row each, changed in place",
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("to", Text, nullable=False),
    Column("cause", String, nullable=False),
    Column("phase", String, nullable=False),
    Column("record_id", Integer, ForeignKey("record.id"), nullable=True),
    Column("data", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("batch", String, nullable=False),
    Column("done_at", Float),
    Column("error", Text, nullable=False),
    comment="what is to be told, and to whom; no words, and no address once it is over",
)
Index("outbox_open", outbox.c.state, outbox.c.due_at)
Index("outbox_cause", outbox.c.cause, outbox.c.id)

_APPEND_ONLY = (
    "CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'append-only'); END",
    "CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'append-only'); END",
)


def create(connection: Connection) -> None:
    """Make an empty journal of today's version."""
    metadata.create_all(connection, checkfirst=False)
    if connection.dialect.name == "sqlite":
        for statement in _APPEND_ONLY:
            connection.execute(text(statement))


# One function per step from version N to N + 1, run with the new version's number in one transaction.
def _several_documents(connection: Connection) -> None:
    """1 → 2: several documents in a request, and remembered contacts.

    What was kept beside a request of its one document is the document's own now.
    """
    metadata.create_all(connection, tables=[document, contact])
    for row in connection.execute(select(record.c.id, record.c.facts)).all():
        try:
            facts = json.loads(row.facts)
            moved = {name: facts["extra"].pop(name) for name in _OF_A_DOCUMENT if name in facts["extra"]}
            facts["document"].update(moved)
            if facts["extra"].get("locked") is True:
                facts["extra"]["locked"] = [1]
        except (ValueError, TypeError, KeyError, AttributeError):
            continue  # whoever reads it says that it cannot be read
        now = json.dumps(facts)
        if now != row.facts:
            connection.execute(record.update().where(record.c.id == row.id).values(facts=now))


_OF_A_DOCUMENT = ("contents", "differences", "left")


def _overviews(connection: Connection) -> None:
    """2 → 3: what was written into each folder's overview."""
    metadata.create_all(connection, tables=[overview])


def _outbox(connection: Connection) -> None:
    """3 → 4: what is to be told. What has happened before is not told of any more."""
    metadata.create_all(connection, tables=[outbox])
    last = connection.execute(select(func.max(event.c.id))).scalar() or 0
    connection.execute(meta.insert().values(name="told_up_to", value=str(last)))


MIGRATIONS: dict[int, Callable[[Connection], None]] = {
    1: _several_documents,
    2: _overviews,
    3: _outbox,
}
