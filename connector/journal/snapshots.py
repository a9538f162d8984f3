"""A journal in PostgreSQL as one SQLite file, taken while connectors work on it; and such a file put into PostgreSQL.

What is put there begins as one transaction: the tables that stood there go into a schema of their own in the same
moment, and until then, or when anything fails, nothing has changed. Source: issue "Many firms", point 5; ux page 6.5.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.errors import JournalError
from connector.journal import copying, grounds, marked, schema
from connector.journal.copying import Advance, Proof
from connector.journal.ends import End, in_one_file, opened, private, snapshot, writing
from connector.journal.grounds import Ground
from connector.journal.moving import BESIDE
from connector.journal.servers import CHANGED


def _nobody(_rows: int) -> None:
    return


def taken(end: End, file: Path, *, without: Collection[str] = BESIDE, advance: Advance = _nobody) -> Proof:
    """Copy a journal, as it is at one moment, into a new SQLite file; connectors go on working. Raises JournalError.

    Nobody works on the copy: the processes that are alive there have ended in it.
    """
    private(file)
    with (
        opened(end, read_only=True) as engine,
        snapshot(engine) as old,
        opened(End.of_file(file)) as copied,
        writing(copied) as new,
    ):
        grounds.of_today(old, end.url)
        schema.create(new)
        proof = copying.copy(old, new, without=without, advance=advance)
        new.commit()
        if wrong := proof.differing(copying.prove(new, without=without)):
            raise JournalError(f"the copy {file} is not what was read: {', '.join(wrong)}")
        grounds.at_rest(new)
        new.commit()
    in_one_file(file)
    return proof


def found(end: End) -> Ground:
    """Look what stands where a journal is to be put. Raises JournalError where connectors work, or others' tables."""
    with opened(end, read_only=True) as engine, snapshot(engine) as connection:
        ground = grounds.look(connection, end.url)
        if ground.taken and (alive := grounds.alive(connection)):
            raise grounds.worked_on(end.url, alive)
        return ground


def working(end: End) -> list[str]:
    """Return who works on a journal in PostgreSQL: instance and host of each connector. Raises JournalError."""
    with opened(end, read_only=True) as engine, snapshot(engine) as connection:
        return grounds.alive(connection) if grounds.look(connection, end.url).journal_id else []


def put(file: Path, end: End, *, now: datetime, advance: Advance = _nobody) -> str:
    """Let the journal of a SQLite file be the one in PostgreSQL from now on; returns where the earlier one is kept.

    What lies beside the earlier one (tokens, signed bytes on their way home) stays in use. ``file`` is of today's
    schema, and nobody works on it. Raises JournalError: nothing has changed.
    """
    with (
        opened(End.of_file(file), read_only=True) as engine,
        snapshot(engine) as old,
        opened(end) as database,
        writing(database) as new,
    ):
        grounds.of_today(old, End.of_file(file).url)
        ground, aside, numbered = grounds.look(new, end.url), "", 0
        if ground.taken:
            grounds.resting(new, end.url)
            numbered = grounds.numbers(new)
            aside = grounds.put_aside(new, end.url, now=now)
        schema.create(new)
        proof = copying.copy(old, new, without=BESIDE, advance=advance)
        # One that slept through all of this must not find its own number given to another.
        copying.number_from(new, schema.process, numbered)
        if aside:
            _kept(new, aside)
        wrong = proof.differing(copying.prove(new, without=BESIDE)) or copying.misnumbered(new)
        if wrong:
            raise JournalError(
                f"what {marked.where(end.url)} gives back is not what was written: {', '.join(wrong)}"
            )
        if ground.taken or proof.counts[schema.record.name]:
            # As after a failover: what had not left by what stands here now is a question first (R6, R9).
            new.execute(schema.meta.delete().where(schema.meta.c.name == CHANGED))
            new.execute(schema.meta.insert().values(name=CHANGED, value=repr(now.timestamp())))
        new.commit()
    return aside


def _kept(new: Connection, aside: str) -> None:
    """Take over what lies beside the journal that went."""
    there = set(sa.inspect(new).get_table_names(schema=aside))
    for name in BESIDE:
        if name in there:
            table = schema.metadata.tables[name]
            former = table.to_metadata(sa.MetaData(), schema=aside)
            new.execute(table.insert().from_select(list(table.columns.keys()), sa.select(former)))


def counted(end: End) -> Ground:
    """Look into a journal that is in use. Raises JournalError where there is none, or it was moved."""
    with opened(end, read_only=True) as engine, snapshot(engine) as connection:
        grounds.of_today(connection, end.url)
        return grounds.look(connection, end.url)
