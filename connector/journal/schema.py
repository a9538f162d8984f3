"""The journal's tables and how an older journal becomes today's. Forward only; a newer journal is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    Text,
    UniqueConstraint,
    create_mock_engine,
    func,
    select,
    text,
)
from sqlalchemy.engine.mock import MockConnection

from connector.errors import JournalError
from connector.journal.rows import record_of, whereabouts_of

VERSION = 7
"""Of the tables, and of the facts in them: an earlier version of a program cannot read a record that holds more than it
knows. So a fact that is added, be it one with a default, is a new version too (``tests/unit/journal_facts.txt``)."""

metadata = MetaData()

# Many years of events of many firms: PostgreSQL's plain integer ends at two thousand million. SQLite has one integer.
_Id = BigInteger().with_variant(Integer, "sqlite")


def _string(length: int | None = None) -> String:
    """Return a text that is compared and sorted byte by byte, whatever language a database's server speaks."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


meta = Table(
    "meta", metadata, Column("name", _string(), primary_key=True), Column("value", Text, nullable=False)
)

record = Table(
    "record",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("ref", _string(6), nullable=False, unique=True),
    Column("folder", _string(), nullable=False),
    Column("server", _string(), nullable=False),
    Column("account", _string(), nullable=False),
    Column("state", _string(), nullable=False),
    Column("place", _string(), nullable=False),
    Column("current", Boolean, nullable=False),
    Column("key", _string(64)),
    Column("file_id", _string()),
    Column("document_sha256", _string(64)),
    Column("signed_sha256", _string(64)),
    Column("sidecar_sha256", _string(64)),
    Column("transaction_id", _string()),
    Column("closed", Boolean, nullable=False),
    Column("next_at", Float),
    Column("facts", Text, nullable=False),
    comment="one request; the columns beside facts are copies to find it by",
)
Index("record_open", record.c.server, record.c.closed, record.c.state)
_place = Index("record_place", record.c.server, record.c.place, record.c.current)
Index("record_key", record.c.key)
Index("record_document", record.c.document_sha256)
Index("record_signed", record.c.signed_sha256)
Index("record_sidecar", record.c.server, record.c.sidecar_sha256)
Index("record_file", record.c.server, record.c.file_id)
document = Table(
    "document",
    metadata,
    Column("record_id", _Id, ForeignKey("record.id"), primary_key=True),
    Column("rank", Integer, primary_key=True),
    Column("file_id", _string()),
    Column("sha256", _string(64)),
    Column("signed_sha256", _string(64)),
    comment="what travels beside a request's main document; copies to find it by",
)
Index("document_sha256", document.c.sha256)
Index("document_signed", document.c.signed_sha256)
Index("document_file", document.c.file_id)

whereabouts = Table(
    "whereabouts",
    metadata,
    Column("record_id", _Id, ForeignKey("record.id"), primary_key=True),
    Column("digest", _string(32), primary_key=True),
    comment="where files of a request that is not closed lie, as digests; to find it by",
)
Index("whereabouts_digest", whereabouts.c.digest)

contact = Table(
    "contact",
    metadata,
    Column("account", _string(), primary_key=True),
    Column("email", _string(), primary_key=True),
    Column("facts", Text, nullable=False),
    Column("used_at", Float, nullable=False),
    comment="people of earlier requests, by account and canonical address; erasable, unlike events",
)
Index("contact_used", contact.c.used_at)

event = Table(
    "event",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("record_id", _Id, ForeignKey("record.id"), nullable=True),
    Column("account", _string(), nullable=True),
    Column("at", Float, nullable=False),
    Column("name", _string(), nullable=False),
    Column("data", Text, nullable=False),
    comment="what happened, in order; never changed, never removed",
)
Index("event_record", event.c.record_id)
Index("event_account", event.c.account, event.c.name, event.c.at)

intent = Table(
    "intent",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("record_id", _Id, ForeignKey("record.id"), nullable=False),
    Column("step", _string(), nullable=False),
    Column("at", Float, nullable=False),
    Column("data", Text, nullable=False),
    UniqueConstraint("record_id", "step"),
    comment="what is about to be done outside; found at start it is a question, not a retry",
)

hold = Table(
    "hold",
    metadata,
    Column("account", _string(), primary_key=True),
    Column("cause", _string(), nullable=False),
    Column("since", Float, nullable=False),
    Column("probe_at", Float, nullable=False),
    Column("text", Text, nullable=False),
    comment="why an account launches nothing for the moment",
)

watch = Table(
    "watch",
    metadata,
    Column("folder", _string(), primary_key=True),
    Column("root", _string(), nullable=False),
    Column("completed_at", Float, nullable=False),
    Column("there_before", Text, nullable=False),
    comment="folders whose first complete pass this journal has seen (protocol R7)",
)

overview = Table(
    "overview",
    metadata,
    Column("server", _string(), primary_key=True),
    Column("href", _string(), primary_key=True),
    Column("words", _string(64), nullable=False),
    Column("written_at", Float, nullable=False),
    Column("intended", Text, nullable=False),
    Column("intended_words", _string(64), nullable=False),
    Column("intended_at", Float, nullable=False),
    comment="the overview of each folder as it was last written: one row each, changed in place",
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("key", _string(), nullable=False, unique=True),
    Column("kind", _string(), nullable=False),
    Column("to", Text, nullable=False),
    Column("cause", _string(), nullable=False),
    Column("phase", _string(), nullable=False),
    Column("record_id", _Id, ForeignKey("record.id"), nullable=True),
    Column("data", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("state", _string(), nullable=False),
    Column("batch", _string(), nullable=False),
    Column("done_at", Float),
    Column("error", Text, nullable=False),
    comment="what is to be told, and to whom; no words, and no address once it is over",
)
Index("outbox_open", outbox.c.state, outbox.c.due_at)
Index("outbox_cause", outbox.c.cause, outbox.c.id)

# What several connectors on one database have to agree on. In a SQLite journal, whose folders all belong to the one
# process that has it open, these stay empty.
process = Table(
    "process",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("name", _string(), nullable=False),
    Column("host", _string(), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", _string(), nullable=False),
    Column("began_at", Float, nullable=False),
    Column("until", Float, nullable=False),
    Column("ended", Boolean, nullable=False),
    comment="connectors that run, or ran; the id is the fencing token; times are the database server's",
)
Index("process_alive", process.c.ended, process.c.until)

lease = Table(
    "lease",
    metadata,
    Column("unit", _string(), primary_key=True),
    Column("process_id", _Id, ForeignKey("process.id"), nullable=True),
    Column("taken_at", Float),
    comment="who works on what: a folder, an account, a connection slot of a server",
)
Index("lease_process", lease.c.process_id)

bond = Table(
    "bond",
    metadata,
    Column("one", _string(), primary_key=True),
    Column("other", _string(), primary_key=True),
    Column("at", Float, nullable=False),
    comment="units that one process has to hold together, beside what the configuration says",
)

spooled = Table(
    "spooled",
    metadata,
    Column("ref", _string(), primary_key=True),
    Column("name", _string(), primary_key=True),
    Column("piece", Integer, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    comment="signed bytes on their way home, in pieces of at most a megabyte",
)

secret = Table(
    "secret",
    metadata,
    Column("name", _string(), primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("at", Float, nullable=False),
    comment="what all connectors need and nobody else may read: encrypted under the seal",
)

# What one firm's journal is read through for in no time takes a look-up where hundreds of firms share one.
for _index in (
    Index("record_followed", record.c.account, record.c.state),
    Index("record_transaction", record.c.account, record.c.transaction_id),
    Index("intent_step", intent.c.step),
):
    _index.ddl_if(dialect="postgresql")
_place.ddl_if(dialect="sqlite")

_ANY_LENGTH = (
    "CREATE INDEX record_place ON record USING hash (place)",
    "ALTER TABLE overview DROP CONSTRAINT overview_pkey",
    "ALTER TABLE overview REPLICA IDENTITY FULL",
    "CREATE INDEX overview_href ON overview USING hash (href)",
)
"""PostgreSQL: what holds a path is found by its hash. A key of more than 2,704 bytes is refused by any other index, and
with it whatever lies deep down in a server's folders. That each overview has one row is seen to by who writes it."""

# In words of their own: an index with ``postgresql_…`` would load that dialect where nobody has such a database.
_BY_HAND = {
    "sqlite": (
        "CREATE TRIGGER event_no_update BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'append-only'); END",
        "CREATE TRIGGER event_no_delete BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'append-only'); END",
    ),
    "postgresql": (
        *_ANY_LENGTH,
        "CREATE INDEX record_shares ON record (folder, account) WHERE NOT closed",
        "CREATE INDEX event_at ON event USING brin (at)",
        "CREATE FUNCTION event_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN RAISE EXCEPTION 'append-only' USING ERRCODE = 'restrict_violation'; END$$",
        "CREATE TRIGGER event_no_change BEFORE UPDATE OR DELETE ON event "
        "FOR EACH ROW EXECUTE FUNCTION event_append_only()",
        "CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON event "
        "FOR EACH STATEMENT EXECUTE FUNCTION event_append_only()",
    ),
}


def create(connection: Connection) -> None:
    """Make an empty journal of today's version."""
    for statement in _tables(connection.dialect.name):
        connection.exec_driver_sql(statement)
    for statement in _BY_HAND.get(connection.dialect.name, ()):
        connection.execute(text(statement))


@cache
def _tables(dialect: str) -> Sequence[str]:
    """Return the statements that make the tables: putting them together takes longer than making them."""
    made: list[str] = []
    draft: MockConnection = create_mock_engine(
        f"{dialect}://", lambda each, *_: made.append(str(each.compile(draft)))
    )
    metadata.create_all(draft, checkfirst=False)
    return made


def any_length(connection: Connection) -> bool:
    """True of a journal in PostgreSQL that holds places of any length; one that was made before does not."""
    return not connection.execute(
        text(
            "SELECT 1 FROM pg_constraint WHERE conrelid = 'overview'::regclass AND conname = 'overview_pkey'"
        )
    ).first()


def let_any_length(connection: Connection) -> None:
    """Let it do so. Older versions work on with it as before."""
    for statement in ("DROP INDEX IF EXISTS record_place", *_ANY_LENGTH):
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


_IN_ONE_GO = 1_000
_OF_A_DOCUMENT = ("contents", "differences", "left")


def _overviews(connection: Connection) -> None:
    """2 → 3: what was written into each folder's overview."""
    metadata.create_all(connection, tables=[overview])


def _outbox(connection: Connection) -> None:
    """3 → 4: what is to be told. What has happened before is not told of any more."""
    metadata.create_all(connection, tables=[outbox])
    last = connection.execute(select(func.max(event.c.id))).scalar() or 0
    connection.execute(meta.insert().values(name="told_up_to", value=str(last)))


def _several_connectors(connection: Connection) -> None:
    """4 → 5: what several connectors on one database agree on. No journal of before is anywhere but in SQLite."""
    metadata.create_all(connection, tables=[process, lease, bond, spooled, secret])


def _whereabouts(connection: Connection) -> None:
    """5 → 6: an open request is found by where its files lie, and not by looking through all their texts."""
    metadata.create_all(connection, tables=[whereabouts])
    last, columns = 0, record.c
    asked: Select[Any] = select(columns.id, columns.current, columns.facts).where(~columns.closed)
    while rows := connection.execute(
        asked.where(columns.id > last).order_by(columns.id).limit(_IN_ONE_GO)
    ).all():
        last = rows[-1].id
        found = []
        for row in rows:
            try:
                found += [{"record_id": row.id, "digest": one} for one in whereabouts_of(record_of(row))]
            except JournalError:
                continue  # as above
        if found:
            connection.execute(whereabouts.insert(), found)


def _more_of_versions(_connection: Connection) -> None:
    """6 → 7: more is kept of a document's versions. Nothing is rewritten: what an older journal lacks has a default."""


MIGRATIONS: dict[int, Callable[[Connection], None]] = {
    1: _several_documents,
    2: _overviews,
    3: _outbox,
    4: _several_connectors,
    5: _whereabouts,
    6: _more_of_versions,
}
