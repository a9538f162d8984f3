"""A journal that was moved says where it went, to whoever opens it and to whoever still has it open.

Two marks, in ``meta``: ``moved_to`` on the one that was left, ``arriving`` on the one that is being filled. Never are
two of them in use: the one is marked before the other mark goes. What was left takes no row any more, be it from a
process of an older version, or from one that had it open before. Source: issue "Many firms", point 5.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.errors import JournalError
from connector.journal import away, opening, schema

MOVED: Final = "moved_to"
ARRIVING: Final = "arriving"
_FUNCTION: Final = "journal_moved"
FUNCTIONS: Final = ("event_append_only", _FUNCTION)
"""Functions that a journal in PostgreSQL has beside its tables."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One move. ``other``: the URL of the other side, without a password; ``at``: ISO 8601, UTC."""

    other: str
    at: str
    move: str
    """Drawn once: both sides of one move have the same."""


def read(connection: Connection, name: str) -> Mark | None:
    """Return a mark; None where there is none."""
    value = connection.execute(sa.select(schema.meta.c.value).where(schema.meta.c.name == name)).scalar()
    return None if value is None else Mark(**json.loads(value))


def write(connection: Connection, name: str, mark: Mark) -> None:
    """Set a mark. Of ``moved_to``: from this commit on no row of the journal changes."""
    connection.execute(schema.meta.insert().values(name=name, value=json.dumps(asdict(mark))))
    if name == MOVED:
        for statement in _closed(connection, f"this journal was moved to {where(mark.other)}"):
            connection.exec_driver_sql(statement)


def take_away(connection: Connection, name: str) -> None:
    """Let a mark be gone. Idempotent."""
    connection.execute(schema.meta.delete().where(schema.meta.c.name == name))


def where(url: str) -> str:
    """Return where a journal is, for a message: a log shortens URLs. Its file, or its server and database."""
    file = opening.file_of(url)
    return (
        str(file) if file is not None else away.place(sa.engine.make_url(url)).removeprefix("the journal in ")
    )


def refuse(connection: Connection, url: str) -> None:
    """Raise JournalError where this journal was moved elsewhere, or is not whole yet. ``url``: its own."""
    if (mark := read(connection, MOVED)) is not None:
        raise JournalError(f"the journal {where(url)} {told(mark)}")
    if (mark := read(connection, ARRIVING)) is not None:
        raise JournalError(
            f"the journal {where(url)} is being filled from {where(mark.other)}, or that was broken off ({mark.at}). "
            "While the configuration names that one, say the same move-journal again: it begins anew, or ends what was "
            "left"
        )


def told(mark: Mark) -> str:
    """Return the end of a sentence: where a journal went, and what to do."""
    return (
        f"was moved to {where(mark.other)} ({mark.at}). The configuration still names this one, which stays as it was "
        "then: what to write instead is told by jse-connector check-config. To work here again, let it name the other "
        "one, and say jse-connector move-journal with this one's URL"
    )


def _closed(connection: Connection, text: str) -> list[str]:
    """What refuses every change of every table from now on."""
    said = "'" + text.replace("'", "''") + "'"
    names = [table.name for table in schema.metadata.sorted_tables]
    if connection.dialect.name == "sqlite":
        return [
            f"CREATE TRIGGER moved_{name}_{what.lower()} BEFORE {what} ON {name} BEGIN SELECT RAISE(ABORT, {said}); END"
            for name in names
            for what in ("INSERT", "UPDATE", "DELETE")
        ]
    said = said.replace("%", "%%")  # the driver takes one of two
    return [
        f"CREATE FUNCTION {_FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$moved$BEGIN RAISE EXCEPTION USING MESSAGE = {said}; END$moved$",
        *(
            f"CREATE TRIGGER moved BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {name} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {_FUNCTION}()"
            for name in names
        ),
    ]
