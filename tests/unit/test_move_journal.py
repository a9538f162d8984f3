"""``move-journal``: every row arrives, nobody works with the one that was left, a kill at any point loses nothing."""

from __future__ import annotations

import itertools
import os
import random
import re
import signal
import sqlite3
import string
import subprocess
import sys
import textwrap
import traceback
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from connector.cli import carrying, check, keep, move, packaged
from connector.cli.backups import found
from connector.cli.common import Settings
from connector.cli.wiring import State, single_instance
from connector.config import load_config
from connector.errors import Fenced, JournalAway, JournalError
from connector.journal import Contact, Journal, copying, moving, schema, statements
from connector.journal.ends import End, opened, snapshot
from connector.lifecycle import DocumentFacts, Event
from connector.lifecycle import State as Step
from connector.spool import Spool
from connector.steps.waiting import MANUAL
from tests import postgres
from tests.unit.test_journal_at_once import add

START = datetime(2026, 3, 2, 9, 0, 0, 123_456, tzinfo=UTC)
BYTES = bytes(range(256)) * 5_000
CONFIG = """
config_version: 1
connector: test-1
servers: {dms: {url: "http://127.0.0.1:1/", user: u, password: {env: NONE}}}
platform: {url: "http://127.0.0.1:1/", shortcut: s, secret: {env: NONE}}
accounts: {lyon: {sender: Cabinet Exemple, owner: o@cabinet.fr}}
folders: {lettres: {server: dms, path: /Lettres/, account: lyon}}
"""


@pytest.fixture
def empty() -> Iterator[str]:
    """The URL of a database with nothing in it."""
    cluster = postgres.shared_cluster()
    name = cluster.empty()
    yield cluster.url(name)
    cluster.drop(name)


class Place:
    """A state directory with a journal, a spool and tokens, and a configuration that names a journal."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.state = State(directory=directory / "state")
        self.state.make()
        self.config = directory / "config.yaml"
        self.seal = directory / "seal"
        self.seal.write_text("a seal that every host has")
        self.seal.chmod(0o600)
        self.name()

    def name(self, url: str | None = None) -> Settings:
        """Let the configuration name a journal; None: the usual one."""
        journal = "" if url is None else f"journal: {{url: '{url}', replication: none}}\n"
        self.config.write_text(f"{CONFIG}seal: {{file: {self.seal}}}\n{journal}")
        return Settings(config=self.config, state=self.state.directory)

    @property
    def file(self) -> Path:
        return self.state.directory / "journal" / "journal.sqlite"

    def fill(self, requests: int = 3) -> None:
        """Let the journal hold something of everything."""
        with closing(Journal(self.state.journal_url, now=lambda: START)) as journal:
            for n in range(requests):
                record = journal.add(
                    folder="lettres", server="dms", account="lyon", state=Step.WAITING,
                    place=f"/Lettres/é '%\\ {n}.sign.yaml", document=DocumentFacts(href=f"/Lettres/{n}.pdf"),
                )  # fmt: skip
                record = journal.fact(record, Event.PREPARED, transaction=f"T-{n}")
                journal.intend(record, "mark", {"transaction": f"T-{n}", "text": "tab\tnew\nline \\N € 𝄞"})
                Spool(self.state.directory / "spool").put(
                    record.ref, "1.pdf", lambda stream: stream.write(BYTES)
                )
            journal.hold("lyon", MANUAL, probe_at=START + timedelta(days=9), text="à la main")
            journal.begin_watch("lettres", "dms:/Lettres/", ["/Lettres/0.sign.yaml"])
            journal.mark_account("lyon", "contract_confirmed", {"digest": "0" * 64})
            journal.remember_all([Contact(account="lyon", email="b@c.fr", name="Béa", used_at=START)])


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    made.fill()
    return made


def rows(url: str) -> dict[str, list[Any]]:
    """Every row of every table, but what tells of the place alone, and what is in files beside a SQLite journal."""
    with opened(End(url=url)) as engine, snapshot(engine) as connection:
        return {
            table.name: [
                tuple(row)
                for row in connection.execute(sa.select(table).order_by(*table.primary_key.columns))
                if table is not schema.meta or row.name in {"schema", "journal_id", "told_up_to"}
            ]
            for table in copying.tables(moving.BESIDE)
        }


def works(url: str) -> bool:
    """True when there is a journal that can be worked with."""
    try:
        Journal(url, now=lambda: START, read_only=True).close()
    except JournalError:
        return False
    return True


def moved(place: Place, settings: Settings, url: str) -> None:
    assert move.move(settings, move.Wanted(url=url), dry_run=False, yes=True) == 0


def test_every_row_there_and_back(place: Place, empty: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The same rows, ids and order; what is numbered later continues behind; files of the spool become rows and again
    files; a backup was made; the configuration that still names the old one is told."""
    usual, before = place.state.journal_url, rows(place.state.journal_url)
    moved(place, place.name(), empty)
    assert rows(empty) == before
    assert len(found(place.state.directory / keep.DIRECTORY)) == 1
    assert not works(usual)
    capsys.readouterr()
    check.check_config(place.name())
    assert f"thisjournalwasmovedto{empty}" in "".join(capsys.readouterr().out.split())
    with closing(Journal(empty, now=lambda: START)) as journal:
        last = before["event"][-1][0]
        added = journal.add(
            folder="lettres", server="dms", account="lyon", state=Step.WAITING, place="/Lettres/neu.sign.yaml",
            document=DocumentFacts(href="/Lettres/neu.pdf"),
        )  # fmt: skip
        assert added.id == before["record"][-1][0] + 1
        journal.mark_account("lyon", "held", {"cause": "test"})
        assert journal.spooled_files() == (3, 3 * len(BYTES))
    assert rows(empty)["event"][-1][0] > last
    for path in (place.state.directory / "spool").glob("*/*"):
        path.unlink()
    between = rows(empty)
    moved(place, place.name(empty), usual)
    assert rows(usual) == between
    assert not works(empty)
    spooled = list((place.state.directory / "spool").glob("*/*"))
    assert [path.read_bytes() for path in spooled] == [BYTES] * 3
    # And once more: what was left in the database then is put aside, whole.
    moved(place, place.name(), empty)
    assert "aside     the journal that was moved away from there before is kept in public_aside_" in (
        capsys.readouterr().out
    )
    assert rows(empty) == between
    assert works(empty)
    # From one database to another, signed bytes and secrets are rows as all else.
    cluster = postgres.shared_cluster()
    further = cluster.url(cluster.empty())
    moved(place, place.name(empty), further)
    assert rows(further) == between
    with closing(Journal(further, now=lambda: START)) as journal:
        assert journal.spooled_files() == (3, 3 * len(BYTES))
        assert journal.secret_names() == ["seal"]


def test_a_text_with_a_nul(place: Place, empty: str) -> None:
    """Another server's answer may hold one, and SQLite keeps it."""
    with closing(Journal(place.state.journal_url, now=lambda: START)) as journal:
        journal.hold("lyon", "platform", probe_at=START, text="an\x00swer \\x00")
    moved(place, place.name(), empty)
    with closing(Journal(empty, now=lambda: START)) as journal:
        assert [held.text for held in [journal.held("lyon")] if held] == ["an\ufffdswer \\x00"]


def test_a_failover_is_a_question_wherever_the_journal_goes(place: Place, empty: str) -> None:
    """To another database, to a file and back, and into a backup that is put back: which is a question of its own."""
    moved(place, place.name(), empty)

    def changed(url: str) -> datetime | None:
        with closing(Journal(url, now=lambda: START)) as journal:
            journal.recognise_server()
            return journal.failed_over_at()

    assert changed(empty) is None
    with postgres.shared_cluster().admin(postgres.named(empty)) as admin:
        admin.execute("UPDATE meta SET value = '00000000' WHERE name = 'server_timeline'")
    assert changed(empty) == START
    made = keep.made_backup(End(url=empty), place.state, None)
    cluster = postgres.shared_cluster()
    further = cluster.url(cluster.empty())
    moved(place, place.name(empty), further)
    assert changed(further) == START
    moved(place, place.name(further), place.state.journal_url)
    moved(place, place.name(), further)
    assert changed(further) == START
    assert keep.restore(place.name(further), made.name, yes=True) == 0
    put_back = changed(further)
    assert put_back is not None
    assert put_back > START


def test_what_was_left_takes_nothing_more(place: Place, empty: str) -> None:
    """Neither from a process that had it open, nor from a program that knows nothing of the mark."""
    with closing(Journal(place.state.journal_url, now=lambda: START)) as open_before:
        moved(place, place.name(), empty)
        before = rows(empty)
        with pytest.raises(JournalError, match="was moved to"):
            open_before.mark_account("lyon", "held", {})
    with closing(sqlite3.connect(place.file)) as database, pytest.raises(sqlite3.Error, match="was moved to"):
        database.execute("UPDATE record SET closed = 1")
    with closing(Journal(empty, now=lambda: START)) as open_before:
        moved(place, place.name(empty), f"sqlite:///{place.directory}/elsewhere/journal.sqlite")
        with pytest.raises(JournalError):
            open_before.mark_account("lyon", "held", {})
    assert rows(empty) == before


def test_when_the_new_one_is_lost(place: Place, empty: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A journal that was left is not backed up, and stands in the way of no upgrade; the backup that was made before it
    was left is put back in its place."""
    before = rows(place.state.journal_url)
    moved(place, place.name(), empty)
    settings = place.name()
    with pytest.raises(JournalError, match="was moved to PostgreSQL on"):
        keep.backup(settings, None)
    assert packaged.before_upgrade(settings, waited=0) == 0
    assert "was moved to PostgreSQL on" in capsys.readouterr().err
    (made,) = found(place.state.directory / keep.DIRECTORY)
    assert keep.restore(settings, made.name, yes=True) == 0
    with closing(Journal(place.state.journal_url, now=lambda: START)) as journal:
        assert [one.id for one in journal.everything()] == [row[0] for row in before["record"]]


def test_nobody_writes_meanwhile(place: Place, empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first row that is read to the mark, a verb beside (``pause``, ``forget``) cannot write what would not
    arrive; reading goes on."""
    carry, tried = carrying.carry, []

    def meanwhile(seal: bytes, state: Any, source: End, target: End) -> list[str]:
        if source.file is not None:
            with closing(sqlite3.connect(source.file, timeout=0)) as other:
                assert other.execute("SELECT count(*) FROM record").fetchone() == (3,)
                with pytest.raises(sqlite3.OperationalError, match="locked"):
                    other.execute("DELETE FROM hold")
        else:
            cluster, name = postgres.shared_cluster(), source.url.partition("@/")[2].partition("?")[0]
            with cluster.admin(name, user=cluster.user) as other:
                assert other.execute("SELECT count(*) FROM record").fetchone() == (3,)
                other.execute("SET lock_timeout = '50ms'")
                with pytest.raises(psycopg.errors.LockNotAvailable):
                    other.execute("DELETE FROM hold")
        tried.append(source.url)
        return carry(seal, state, source, target)

    monkeypatch.setattr(carrying, "carry", meanwhile)
    moved(place, place.name(), empty)
    moved(place, place.name(empty), place.state.journal_url)
    assert tried == [place.state.journal_url, empty]


def test_what_it_says_to_write_is_enough(
    place: Place, empty: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Copied as it stands, it makes a configuration; where PostgreSQL has no standby, that says so."""
    place.config.write_text(CONFIG.replace("connector: test-1\n", ""))
    settings = Settings(config=place.config, state=place.state.directory)
    for dry_run in (True, False):
        assert move.move(settings, move.Wanted(url=empty), dry_run=dry_run, yes=True) == 0
        said = capsys.readouterr().out.partition("before the service starts:\n")[2]
        block = said.partition("On every host")[0]
        place.config.write_text(CONFIG.replace("connector: test-1\n", textwrap.dedent(block)))
        config = load_config(place.config)
        assert (config.journal.url, config.journal.replication) == (empty, "none")
        place.config.write_text(CONFIG.replace("connector: test-1\n", ""))


def test_where_it_does_not_go(place: Place, empty: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Not beside a running service; not where others' tables or another journal are; not where this one is in use; each
    says so, and nothing has changed anywhere."""
    settings, before = place.name(), place.file.read_bytes()
    wanted = move.Wanted(url=empty)
    with single_instance(place.state):
        for dry_run in (True, False):
            with pytest.raises(JournalError, match="service"):
                move.move(settings, wanted, dry_run=dry_run, yes=True)
    name = empty.partition("@/")[2].partition("?")[0]
    cluster = postgres.shared_cluster()
    with cluster.admin(name, user=cluster.user) as admin:
        admin.execute("CREATE TABLE customers (id int)")
        with pytest.raises(JournalError, match=r"not empty: customers stand there"):
            move.move(settings, wanted, dry_run=False, yes=True)
        admin.execute("DROP TABLE customers")
    with postgres.journal_url() as other:
        with pytest.raises(JournalError, match="another journal"):
            move.move(settings, move.Wanted(url=other), dry_run=False, yes=True)
        known = rows(place.state.journal_url)["meta"][0][1]
        with opened(End(url=other)) as engine, engine.begin() as connection:
            connection.execute(
                schema.meta.update().where(schema.meta.c.name == "journal_id").values(value=known)
            )
        with pytest.raises(JournalError, match="holds this very journal already"):
            move.move(settings, move.Wanted(url=other), dry_run=False, yes=True)
    assert place.file.read_bytes() == before
    assert works(place.state.journal_url)
    moved(place, settings, empty)
    with opened(End(url=empty)) as engine, engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO process (name, host, pid, version, began_at, until, ended) VALUES "
            "('lyon', 'host-7', 1, '0.1.0', 0, extract(epoch FROM clock_timestamp()) + 60, false)"
        )
    told = r"connectors work on .*: lyon on host-7 .*, its lease until [\d:]{8} UTC.*killed counts until its lease"
    with pytest.raises(JournalError, match=told):
        move.move(place.name(empty), move.Wanted(url=place.state.journal_url), dry_run=False, yes=True)
    assert works(empty)


def test_a_row_that_came_out_otherwise(place: Place, empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read back is compared row by row: a single byte that differs, and the old one stays in use."""
    write = copying._writer

    class Altered:
        def __init__(self, target: sa.Connection, table: sa.Table) -> None:
            self._made, self._table = write(target, table), table

        def __enter__(self) -> Any:
            put = self._made.__enter__()
            if self._table is not schema.event:
                return put
            return lambda rows: put([*rows[:-1], (*rows[-1][:-1], rows[-1][-1] + " ")])

        def __exit__(self, *raised: Any) -> Any:
            return self._made.__exit__(*raised)

    monkeypatch.setattr(copying, "_writer", Altered)
    with pytest.raises(JournalError, match=r"not what was written \(event\)"):
        move.move(place.name(), move.Wanted(url=empty), dry_run=False, yes=True)
    assert works(place.state.journal_url)
    assert not works(empty)
    monkeypatch.undo()
    moved(place, place.name(), empty)
    assert works(empty)


def bare(place: Place, source: str, target: str) -> None:
    """Move as the verb does, without the backup that it makes before, and its question."""
    one, other = End(url=source), End(url=target)
    moving.move(
        one,
        other,
        carry=lambda: carrying.carry(place.seal.read_bytes(), place.state, one, other),
        make_room=move._aside,
        advance=lambda _rows: None,
    )


def dies_at(number: int, deed: Any) -> bool:
    """Do it in a process of its own that is killed at its n-th step; False when it came to its end before."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            _deadly(number)
            deed()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def _deadly(number: int) -> None:
    """Count what changes anything in a move: rows written, commits (before and after), names of files."""
    steps = itertools.count(1)

    def step() -> None:
        if next(steps) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    commit, rename, take = sa.Connection.commit, Path.rename, copying._Hashing.take

    def committing(self: sa.Connection) -> None:
        step()
        commit(self)
        step()

    def renaming(self: Path, target: Any) -> Any:
        done = rename(self, target)
        step()
        return done

    def taking(self: Any, given: Any) -> None:
        step()
        take(self, given)

    sa.Connection.commit = committing  # type: ignore[method-assign]
    Path.rename = renaming  # type: ignore[method-assign,assignment]
    copying._Hashing.take = taking  # type: ignore[method-assign]


@pytest.mark.parametrize("direction", ["there", "back"])
@pytest.mark.parametrize("every", [13, 1], ids=["a few", "all"])
def test_killed_at_each_step(tmp_path: Path, empty: str, direction: str, every: int) -> None:
    """Whenever it dies: never can both be worked with; one can, or the verb says that it has to be ended; said again,
    it arrives with every row."""
    place = Place(tmp_path)
    place.fill(2)
    if direction == "back":
        moved(place, place.name(), empty)
    ends = (place.state.journal_url, empty)
    source, target = ends if direction == "there" else ends[::-1]
    before, neither, killed = rows(source), 0, 0
    for number in itertools.count(1, every):
        if not dies_at(number, lambda: bare(place, source, target)):
            break
        killed += 1
        can = (works(source), works(target))
        assert can != (True, True), number
        neither += can == (False, False)
        if can[0]:
            assert rows(source) == before
            continue
        # It was left: the same again ends what was begun, whatever that was.
        if not can[1]:
            with pytest.raises(
                JournalError, match="say the same move-journal again: it begins anew, or ends"
            ):
                Journal(target, now=lambda: START)
            bare(place, source, target)
        assert rows(target) == before
        assert (works(source), works(target)) == (False, True)
        bare(place, target, source)  # the way back, for the next step to die at
        assert rows(source) == before
    assert killed >= (15 if every == 1 else 2)
    assert neither <= 3, "one of them is in use but for a moment"
    assert rows(target) == before
    assert (works(source), works(target)) == (False, True)


def test_killed_as_it_is_started(place: Place, empty: str) -> None:
    """The command itself, killed once its backup is there: the service goes on with what it has."""
    settings, before = place.name(), rows(place.state.journal_url)
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "connector", "move-journal", empty, "--yes"),
            *("--config", str(settings.config), "--state", str(settings.state)),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("backup"):
            process.kill()
    process.stdout.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(60)
    assert process.returncode == -signal.SIGKILL
    if works(place.state.journal_url) or not works(empty):
        moved(place, settings, empty)
    assert rows(empty) == before


def test_a_newer_version_waits_for_the_older_ones(
    empty: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """While one of an older version works on a shared journal, a newer one waits and the older one goes on; once none
    is left it brings the journal up to date. One that slept through that can keep nothing, begins anew, and ends."""
    older = Journal(empty, now=lambda: START)
    with opened(End(url=empty)) as engine, engine.begin() as connection:
        older.token = connection.execute(
            schema.process.insert()
            .values(
                name="lyon", host="host-7", pid=1, version="0.1.0", began_at=0, ended=False,
                until=statements.CLOCK + 60,
            )
            .returning(schema.process.c.id)
        ).scalar_one()  # fmt: skip
    with closing(older):
        older.mark_account("lyon", "held", {})
        with monkeypatch.context() as newer:
            newer.setattr(schema, "VERSION", schema.VERSION + 1)
            newer.setitem(schema.MIGRATIONS, schema.VERSION - 1, lambda _connection: None)
            told = []
            for lease_s in (60, 75):
                with opened(End(url=empty)) as engine, engine.begin() as connection:
                    connection.execute(schema.process.update().values(until=statements.CLOCK + lease_s))
                with pytest.raises(JournalAway) as waits:
                    Journal(empty, now=lambda: START)
                told.append(str(waits.value))
                assert waits.value.cause == "an older version works on it", (
                    "for hours, perhaps: it is said once"
                )
            assert re.match(
                r"the journal in PostgreSQL on \S+, .* is of schema \d+, this version brings", told[0]
            )
            assert re.search(r"older version work on it: lyon on host-7 \(0\.1\.0\)", told[0])
            assert told[0] != told[1]
            older.mark_account("lyon", "released", {})
            with opened(End(url=empty)) as engine, engine.begin() as connection:
                connection.execute(schema.process.update().values(until=statements.CLOCK - 1))
            Journal(empty, now=lambda: START).close()
            with opened(End(url=empty)) as engine, engine.begin() as connection:
                # Its clock was wrong, or it was moved: it is alive by its row, and works no more all the same.
                connection.execute(schema.process.update().values(until=statements.CLOCK + 60))
        with pytest.raises(Fenced):
            older.mark_account("lyon", "held", {})
    with pytest.raises(
        JournalError,
        match=r"the journal in PostgreSQL .* is of schema \d+, this version knows \d+: install the newer",
    ) as ended:
        Journal(empty, now=lambda: START)
    assert not isinstance(ended.value, (JournalAway, Fenced)), "nothing to wait for: the service ends"


_BEFORE = (
    "DROP INDEX record_place", "CREATE INDEX record_place ON record (server, place, current)",
    "DROP INDEX overview_href", "ALTER TABLE overview ADD PRIMARY KEY (server, href)",
    "ALTER TABLE overview REPLICA IDENTITY DEFAULT",
)  # fmt: skip


def test_a_journal_of_before_takes_places_of_any_length(empty: str) -> None:
    """The next start sees to it, and later where a VACUUM is in its way; who has it open goes on."""
    deep = "/" + "".join(random.Random(1).choices(string.ascii_letters, k=4000))
    older = Journal(empty, now=lambda: START)
    with postgres.shared_cluster().admin(postgres.named(empty)) as admin, closing(older):
        for statement in _BEFORE:
            admin.execute(statement.encode())
        with pytest.raises(JournalError):
            add(older, place=deep)
        with admin.transaction():
            admin.execute("LOCK TABLE record IN SHARE UPDATE EXCLUSIVE MODE")  # as VACUUM does
            Journal(empty, now=lambda: START).close()
        with pytest.raises(JournalError):
            older.intend_overview("dms", deep, "text", "words")
        with closing(Journal(empty, now=lambda: START)) as journal:
            record = add(journal, place=deep)
            assert older.at_place("dms", deep) == record
            older.intend_overview("dms", deep, "text", "words")
            assert journal.overviews("dms", deep)[deep].intended == "text"
        with admin.transaction():
            admin.execute("SET LOCAL enable_seqscan = off")
            told = admin.execute(
                "EXPLAIN SELECT 1 FROM record WHERE server = 'a' AND place = 'b' AND current"
            )
            assert "record_place" in str(told.fetchall())


def test_a_journal_of_before_whose_index_somebody_dropped(empty: str) -> None:
    """As the way out was for whoever met the limit before this version: it is opened, and has its index again."""
    with (
        closing(Journal(empty, now=lambda: START)),
        postgres.shared_cluster().admin(postgres.named(empty)) as admin,
    ):
        for statement in (*_BEFORE, "DROP INDEX record_place"):
            admin.execute(statement.encode())
        Journal(empty, now=lambda: START).close()
        assert admin.execute("SELECT to_regclass('record_place') IS NOT NULL").fetchall() == [(True,)]
