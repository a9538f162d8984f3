"""A spool whose files rest in a shared journal, too: whoever takes up a request has them, and nobody fetches twice."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pytest
import sqlalchemy as sa

from connector.errors import JournalFull, SpoolError
from connector.journal import Journal, schema
from connector.journal.spooled import PIECE
from connector.spool import Spool
from tests import disks, postgres
from tests.postgres import Cluster

REF, NAME = "ABC234", "signed.pdf"
CONTENT = b"%PDF-1.7 signed " * 200_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def journal(postgres_url: str) -> Iterator[Journal]:
    with closing(Journal(postgres_url, now=lambda: datetime.now(UTC))) as opened:
        yield opened


@pytest.fixture
def here(tmp_path: Path, journal: Journal) -> Spool:
    return Spool(tmp_path / "here", rest=journal)


@pytest.fixture
def elsewhere(tmp_path: Path, journal: Journal) -> Spool:
    """Another connector's, on another host as it were."""
    return Spool(tmp_path / "elsewhere", rest=journal)


def put(spool: Spool, content: bytes = CONTENT, name: str = NAME) -> Path:
    return spool.put(REF, name, lambda stream: stream.write(content))[0]


def rows(journal: Journal) -> list[tuple[str, int, int]]:
    """Name, number and size of every piece that is kept."""
    with journal._reading() as connection:
        found = connection.execute(sa.select(schema.spooled).order_by("name", "piece")).all()
    return [(row.name, row.piece, len(row.content)) for row in found]


def test_what_one_kept_another_has(here: Spool, elsewhere: Spool, journal: Journal) -> None:
    """In pieces of a megabyte, as the bytes they were; what was not kept stays on its own disk."""
    put(here)
    put(here, b"only looked at", "present.pdf")
    assert not elsewhere.has(REF, NAME, SHA256)
    here.keep(REF, NAME)
    assert [size for _, number, size in rows(journal) if number] == [PIECE, PIECE, PIECE, 200_000]
    assert elsewhere.has(REF, NAME, SHA256)
    assert elsewhere.path(REF, NAME).read_bytes() == CONTENT
    assert elsewhere.path(REF, NAME).stat().st_mode & 0o777 == 0o600
    assert not elsewhere.has(REF, "present.pdf", None)


def test_a_copy_that_is_missing_or_another_is_written_anew(here: Spool) -> None:
    """The disk was lost, or holds something else: what rests in the journal counts."""
    path = put(here)
    here.keep(REF, NAME)
    for spoil in (path.unlink, lambda: path.write_bytes(b"torn")):
        spoil()
        assert here.has(REF, NAME, SHA256)
        assert path.read_bytes() == CONTENT
    assert here.has(REF, NAME, None)
    assert not here.has(REF, NAME, "0" * 64)
    assert path.read_bytes() == CONTENT


def test_what_rests_damaged_is_not_there(here: Spool, elsewhere: Spool, journal: Journal) -> None:
    """One bit of the database, or a piece that went: nothing is handed out that is not what was kept."""
    put(here)
    here.keep(REF, NAME)
    second = (schema.spooled.c.name == NAME) & (schema.spooled.c.piece == 2)
    with journal._transaction() as connection:
        connection.execute(schema.spooled.update().where(second).values(content=b"\0" * PIECE))
    assert not elsewhere.has(REF, NAME, SHA256)
    assert not elsewhere.path(REF, NAME).exists()
    with journal._transaction() as connection:
        connection.execute(schema.spooled.delete().where(second))
    assert not elsewhere.has(REF, NAME, SHA256)
    put(elsewhere)  # fetched again: whoever met the damage does not believe the head that says it is there
    elsewhere.keep(REF, NAME)
    elsewhere.forget(REF)
    assert elsewhere.has(REF, NAME, SHA256)


def test_it_is_freed_in_both(here: Spool, elsewhere: Spool, journal: Journal) -> None:
    """When closed, by whoever closes it; a copy that one disk forgets stays where it rests."""
    put(here)
    here.keep(REF, NAME)
    here.forget(REF)
    assert (here.references(), elsewhere.has(REF, NAME, SHA256)) == (set(), True)
    elsewhere.free(REF)
    assert (rows(journal), elsewhere.references()) == ([], set())
    assert not here.has(REF, NAME, SHA256)
    elsewhere.free(REF)


def test_the_same_bytes_are_not_carried_twice(here: Spool, journal: Journal) -> None:
    """Kept again after a crash, only what has changed is written."""
    put(here)
    here.keep(REF, NAME)
    written: list[str] = []
    sa.event.listen(journal._engine, "before_cursor_execute", lambda *given: written.append(given[2]))
    here.keep(REF, NAME)
    assert [one for one in written if not one.startswith("SELECT")] == []
    put(here, b"another sealing")
    here.keep(REF, NAME)
    assert [size for _, number, size in rows(journal) if number] == [len(b"another sealing")]


def test_whole_or_absent(here: Spool, journal: Journal) -> None:
    """A source that breaks off leaves what was there."""
    put(here)
    here.keep(REF, NAME)

    class Broken(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        journal.keep_spooled(REF, NAME, Broken())
    into = io.BytesIO()
    assert journal.read_spooled(REF, NAME, into)
    assert into.getvalue() == CONTENT


def test_no_room_for_a_document_where_it_is_to_rest(tmp_path: Path) -> None:
    """A fact still fits where a document does not: the spool takes nothing, which is told and looked at again, and
    nobody stands still for it."""
    with postgres.ground() as ground:
        place = ground.directory / "one"
        with disks.in_memory(place, "96m"):
            shutil.chown(place, ground.directory.owner() if os.geteuid() else "postgres")
            cluster = Cluster(ground, "one")
            cluster.make(fsync=True, settings={"max_wal_size": "8MB", "min_wal_size": "2MB"})
            cluster.start()
            with closing(Journal(cluster.url(cluster.database()), now=lambda: datetime.now(UTC))) as journal:
                spool = Spool(tmp_path / "here", rest=journal)
                put(spool, os.urandom(4_000_000))
                journal.mark_account("lyon", "told", {})
                spool.probe()
                assert rows(journal) == []
                disks.fill(place, leave=600_000)
                for step in (lambda: spool.keep(REF, NAME), spool.probe):
                    with pytest.raises(SpoolError, match="full"):
                        step()
                with pytest.raises(JournalFull):
                    journal.prove_room()
                journal.mark_account("lyon", "told", {})
                disks.free(place)
                spool.probe()
                spool.keep(REF, NAME)
                assert sum(size for _, number, size in rows(journal) if number) == 4_000_000
            cluster.stop()


def test_a_file_that_is_not_there_is_told(here: Spool) -> None:
    with pytest.raises(SpoolError, match="No such file"):
        here.keep(REF, NAME)


def test_a_large_document_is_never_whole_in_memory(here: Spool, elsewhere: Spool, journal: Journal) -> None:
    """Counted: both ways hold a few pieces, however large the document is."""
    pieces = 24

    def fill(stream: BinaryIO) -> None:
        for number in range(pieces):
            stream.write(bytes([number]) * PIECE)

    here.put(REF, NAME, fill)
    journal.spooled_sha256(REF, NAME)  # whatever is made once
    tracemalloc.start()
    try:
        here.keep(REF, NAME)
        assert elsewhere.has(REF, NAME, None)
        assert tracemalloc.get_traced_memory()[1] < 10 * PIECE
    finally:
        tracemalloc.stop()
    assert elsewhere.path(REF, NAME).stat().st_size == pieces * PIECE
    assert journal.spooled_files() == (1, pieces * PIECE)


def test_alone_nothing_rests_elsewhere(tmp_path: Path) -> None:
    """With a journal of its own, a spool is its disk: nothing of a document goes into SQLite."""
    with closing(Journal(f"sqlite:///{tmp_path / 'journal'}", now=lambda: datetime.now(UTC))) as own:
        spool = Spool(tmp_path / "spool")
        put(spool)
        spool.keep(REF, NAME)
        spool.free(REF)
        assert (spool.shared, own.spooled_files(), spool.references()) == (False, (0, 0), set())
