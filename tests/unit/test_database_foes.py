"""What a database of several connectors, its URL or its administrator's slips must not do to a host, or to anybody."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import sqlite3
import traceback
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import typer

from connector.cli import anew, carrying, forget, former, keep, move, packaged
from connector.cli.backups import found
from connector.cli.common import Settings, hand_over, kept_journal
from connector.cli.wiring import State, wired
from connector.config.journal import journal_url
from connector.errors import ConnectorError, JournalAway, JournalError
from connector.glance import glance_at
from connector.journal import Contact, Journal, schema
from connector.journal.ends import End
from connector.steps.waiting import MANUAL
from tests import postgres
from tests.unit.test_move_journal import Place

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def opened(url: str) -> closing[Journal]:
    return closing(Journal(url, now=lambda: NOW))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://connector:hunter2@db.example/journal",
        "postgresql+psycopg://connector:hun/ter2@db.example/journal",
        "postgresql+psycopg://connector:5/hunter2@db.example",
        "postgresql+psycopg://connector@db.example/journal?password=hunter2",
        "postgresql+psycopg://connector@db.example/journal?pass%77ord=hunter2",
        "postgresql://connector:hun/ter2@db.example/journal",
    ],
)
def test_a_password_in_a_url_is_not_repeated(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError) as told:
        journal_url(url)
    assert "ter2" not in str(told.value)
    place = Place(tmp_path)
    with pytest.raises(typer.Exit):
        move.move(place.name(), move.Wanted(url=url), dry_run=True, yes=True)
    said = "".join(capsys.readouterr())
    assert "jse-connector: " in said
    assert "ter2" not in said


def test_a_file_of_the_database_leads_nowhere_else(postgres_url: str, tmp_path: Path) -> None:
    """Whoever may write in the database names a file outside: no backup, and no connector, writes it there."""
    for ref, name in (
        ("../../outside", "1.pdf"),
        ("R-1", "../../../outside"),
        (str(tmp_path), "outside"),
        ("..", "x"),
    ):
        with opened(postgres_url) as journal:
            journal.keep_spooled(ref, name, BytesIO(b"bytes"))
        with pytest.raises(ConnectorError, match="no name of a spooled file"):
            carrying.files_of(End(url=postgres_url), tmp_path / "part" / "spool")
        with opened(postgres_url) as journal:
            journal.free_spooled(ref)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_verb_where_no_state_directory_is(postgres_url: str, tmp_path: Path) -> None:
    """An order may be given from any host, be it one on which no connector ever ran."""
    place = Place(tmp_path)
    settings = place.name(postgres_url)
    settings.state = tmp_path / "none"
    with kept_journal(settings, settings.load()) as journal:
        assert list(journal.everything()) == []
    hand_over(State(directory=tmp_path / "none"))
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("options", "before", "said"),
    [
        ("ENCODING 'LATIN1' LOCALE 'C'", "", "ENCODING 'UTF8'"),
        ("", "CREATE TABLE customers (id int)", "customers stand there"),
        ("", "CREATE TABLE meta (name text, value text)", "another program's"),
        (
            "",
            "ALTER ROLE CURRENT_USER IN DATABASE {name} SET search_path = none",
            "may make no tables in any schema",
        ),
    ],
)
def test_where_no_journal_is_begun(options: str, before: str, said: str) -> None:
    """A database that cannot keep every name, or is somebody else's: told at the first start, and nothing is made."""
    cluster = postgres.shared_cluster()
    name = cluster.empty()
    with cluster.admin() as admin:
        admin.execute(f"DROP DATABASE {name}".encode())
        admin.execute(f"CREATE DATABASE {name} OWNER {cluster.user} TEMPLATE template0 {options}".encode())
    try:
        with cluster.admin(name, user=cluster.user) as admin:
            if before:
                admin.execute(before.format(name=name).encode())
        with pytest.raises(JournalError, match=said) as told, opened(cluster.url(name)):
            pass
        assert str(told.value).count("journal") < 4, told.value
        with cluster.admin(name) as admin:
            count = admin.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'record'").fetchone()
        assert count == (0,)
    finally:
        cluster.drop(name)


def test_a_journal_that_was_put_where_names_find_no_place() -> None:
    """A journal restored into such a database is told of at the start, and not by the first name it cannot hold; one
    that gives back the bytes it was given goes on."""
    cluster = postgres.shared_cluster()
    for encoding, refused in (("LATIN1", True), ("SQL_ASCII", False)):
        name = cluster.empty()
        with cluster.admin() as admin:
            admin.execute(f"DROP DATABASE {name}".encode())
            options = f"TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'"
            admin.execute(f"CREATE DATABASE {name} OWNER {cluster.user} {options}".encode())
        try:
            bare = sa.create_engine(cluster.url(name), connect_args={"client_encoding": "utf8"})
            with bare.begin() as connection:
                schema.create(connection)
                for row in (("schema", str(schema.VERSION)), ("journal_id", "restored")):
                    connection.execute(schema.meta.insert().values(row))
            bare.dispose()
            if refused:
                with (
                    pytest.raises(JournalError, match=r"LATIN1: make .* ENCODING 'UTF8'"),
                    opened(cluster.url(name)),
                ):
                    pass
            else:
                with opened(cluster.url(name)) as journal:
                    journal.mark_account("lyon", "told", {"text": "Attestation – œuvre, 500 €"})
                    told = journal.last_account_event("lyon", "told")
                    assert told is not None
                    assert told["text"] == "Attestation – œuvre, 500 €"
        finally:
            cluster.drop(name)


def test_numbers_as_they_were_kept(postgres_url: str) -> None:
    """Whatever somebody has set for the role: a time that comes back rounded is another one, and nothing that asks for
    the one that was kept finds it."""
    cluster, name = postgres.shared_cluster(), postgres.named(postgres_url)
    with cluster.admin() as admin:
        admin.execute(f"ALTER ROLE {cluster.user} IN DATABASE {name} SET extra_float_digits = 0".encode())
    try:
        at = datetime(2026, 11, 27, 18, 3, 7, 123457, tzinfo=UTC)
        with opened(postgres_url) as journal:
            journal.hold("lyon", "login", probe_at=at)
            held = journal.held("lyon")
            assert held is not None
            assert held.probe_at == at
            assert journal.postpone(held, at + timedelta(seconds=60))
    finally:
        with cluster.admin() as admin:
            admin.execute(f"ALTER ROLE {cluster.user} IN DATABASE {name} RESET extra_float_digits".encode())


def test_tables_that_are_another_roles(postgres_url: str) -> None:
    """As pg_restore --no-owner leaves them, said as postgres: what is told is enough."""
    cluster, name = postgres.shared_cluster(), postgres.named(postgres_url)
    with cluster.admin(name) as admin:
        admin.execute("ALTER TABLE meta OWNER TO postgres")
    try:
        with (
            pytest.raises(JournalError, match=r"ALTER TABLE … OWNER TO …; or .*--role="),
            opened(postgres_url),
        ):
            pass
    finally:
        with cluster.admin(name) as admin:
            admin.execute(f"ALTER TABLE meta OWNER TO {cluster.user}".encode())
    with opened(postgres_url):
        pass


def test_an_empty_database_where_a_journal_was(tmp_path: Path) -> None:
    """Somebody made it anew: it is waited for its backup, or for whoever says that all is to begin again."""
    cluster = postgres.shared_cluster()
    name = cluster.empty()
    place = Place(tmp_path)
    settings = place.name(cluster.url(name))
    config = settings.load()

    def at_work() -> str:
        with kept_journal(settings, config) as journal:
            former.keep(place.state, journal, 7)
            return journal.journal_id

    def emptied() -> None:
        cluster.drop(name)
        with cluster.admin() as admin:
            admin.execute(f"CREATE DATABASE {name} OWNER {cluster.user} TEMPLATE template0".encode())

    before = at_work()
    made = keep.made_backup(End(url=cluster.url(name)), place.state, None)
    emptied()
    with (
        pytest.raises(JournalAway, match=f"is empty, and this connector has worked on journal {before}"),
        wired(config, place.state),
    ):
        pass
    with pytest.raises(
        JournalAway, match=r"jse-connector move-journal.*jse-connector restore.*jse-connector rebuild"
    ):
        at_work()
    assert keep.restore(settings, made.name, yes=True) == 0
    assert at_work() == before
    emptied()
    assert anew.rebuild(settings, yes=True, dry_run=False) == 0
    assert at_work() != before
    cluster.drop(name)


@pytest.mark.parametrize("table", ["meta", "record", "process"])
def test_a_journal_that_is_not_whole_is_begun_again(table: str, tmp_path: Path) -> None:
    """That is what ``restore`` and ``rebuild`` are for: what is left of it is kept aside, and is no empty place."""
    cluster = postgres.shared_cluster()
    name = cluster.database()
    url = cluster.url(name)
    place = Place(tmp_path)
    with opened(url) as journal:
        journal.hold("lyon", MANUAL, probe_at=NOW)
    made = keep.made_backup(End(url=url), place.state, None)

    def torn() -> Settings:
        with cluster.admin(name) as admin:
            admin.execute(f"DROP TABLE {table} CASCADE".encode())
        return place.name(url)

    assert keep.restore(torn(), made.name, yes=True) == 0
    with opened(url) as journal:
        assert journal.held_accounts() == {"lyon"}
    settings = torn()
    if table == "meta":
        with pytest.raises(JournalError, match=r"are missing there.*jse-connector rebuild"), opened(url):
            pass
        place.fill(1)
        with pytest.raises(JournalError, match="are missing there"):
            move.move(place.name(), move.Wanted(url=url), dry_run=False, yes=True)
        settings = place.name(url)
    assert anew.rebuild(settings, yes=True, dry_run=False) == 0
    with opened(url) as journal:
        assert journal.held_accounts() == (frozenset() if table == "meta" else {"lyon"})
    cluster.drop(name)


@ROOT
@pytest.mark.parametrize("shared", [True, False])
def test_root_puts_back_a_backup_of_its_own(shared: bool) -> None:
    """A backup that root alone may read; in the spool its owner has planted a link to what is root's."""
    cluster = postgres.shared_cluster()
    name = cluster.database()
    url = cluster.url(name)
    with TemporaryDirectory() as directory:
        base = Path(directory)
        place = Place(base)
        place.fill(1)
        base.chmod(0o755)
        settings = place.name()
        assert keep.backup(settings, base / "mine") == 0
        [made] = (base / "mine").iterdir()
        [file] = (place.state.directory / "spool").glob("*/*")
        roots = base / "roots"
        roots.mkdir(mode=0o700)
        (roots / "secret").write_text("root's own")
        file.unlink()
        file.parent.rmdir()
        file.parent.symlink_to(roots)
        owner = pwd.getpwnam("nobody")
        for path in (place.state.directory, *place.state.directory.rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
        settings = place.name(url if shared else None)
        if shared:
            with opened(url) as journal:
                known = {"value": found(base / "mine")[0].facts.journal_id}
                with journal.engine.begin() as connection:
                    connection.execute(schema.meta.update().where(schema.meta.c.name == "journal_id"), known)
        with suppress(ConnectorError):
            keep.restore(settings, str(made), yes=True)
        assert [path.name for path in roots.iterdir()] == ["secret"]
        assert not [path for path in place.state.directory.rglob("*") if path.lstat().st_uid == 0]
        if shared:
            with opened(url) as journal:
                assert "secret" not in [name for _, name in journal.spooled_names()]
        file.parent.unlink()
        assert keep.restore(settings, str(made), yes=True) == 0
        assert file.stat().st_uid == owner.pw_uid
        assert (os.geteuid(), made.is_dir(), made.stat().st_uid) == (0, True, 0)
    cluster.drop(name)


@ROOT
@pytest.mark.parametrize("shared", [True, False])
def test_root_begins_anew_as_the_owner(shared: bool) -> None:
    """The directory of the journal is a link that its owner has planted: nothing is moved or made where it leads."""
    cluster = postgres.shared_cluster()
    name = cluster.database()
    with TemporaryDirectory() as directory:
        base = Path(directory)
        base.chmod(0o755)
        place, roots = Place(base), base / "roots"
        roots.mkdir(mode=0o700)
        (roots / "journal.sqlite").write_text("root's own")
        there = place.state.directory / "journal"
        shutil.rmtree(there)
        there.symlink_to(roots)
        owner = pwd.getpwnam("nobody")
        for path in (place.state.directory, *place.state.directory.rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
        settings = place.name(cluster.url(name) if shared else None)
        with pytest.raises(JournalError):
            anew.rebuild(settings, yes=True, dry_run=False)
        assert [path.name for path in roots.rglob("*")] == ["journal.sqlite"]
        there.unlink()
        assert anew.rebuild(settings, yes=True, dry_run=False) == 0
        assert {path.lstat().st_uid for path in place.state.directory.rglob("*")} == {owner.pw_uid}
    cluster.drop(name)


@pytest.mark.parametrize("verb", ["restore", "rebuild"])
def test_a_journal_that_was_moved_away_is_begun_again(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It can be, for when the other one is lost; that others may be at work there is said before it is agreed to."""
    place = Place(tmp_path)
    place.fill(1)
    settings = place.name()
    made = keep.made_backup(End(url=place.state.journal_url), place.state, None)
    with closing(sqlite3.connect(place.file)) as database, database:
        mark = json.dumps(
            {"other": "postgresql+psycopg://c@db.example/firms", "at": "2026-11-26", "move": "1"}
        )
        database.execute("INSERT INTO meta VALUES ('moved_to', ?)", (mark,))
    with pytest.raises(typer.Exit):
        _begun_again(settings, verb, made.name, yes=False)
    assert "was moved to PostgreSQL on db.example, database firms" in capsys.readouterr().err
    assert _begun_again(settings, verb, made.name, yes=True) == 0
    assert "was moved to PostgreSQL on db.example, database firms" in capsys.readouterr().err


def _begun_again(settings: Settings, verb: str, name: str, *, yes: bool) -> int:
    if verb == "restore":
        return keep.restore(settings, name, yes=yes)
    return anew.rebuild(settings, yes=yes, dry_run=False)


@pytest.mark.parametrize("shared", [True, False])
def test_who_is_forgotten_is_still_in_what_was_put_aside(
    shared: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Journals that were put aside are told, with what removes them; also of somebody who is known nowhere else."""
    cluster = postgres.shared_cluster()
    name = cluster.database()
    place = Place(tmp_path)
    settings = place.name(cluster.url(name) if shared else None)
    with kept_journal(settings, settings.load()) if shared else opened(place.state.journal_url) as journal:
        journal.remember_all([Contact(account="lyon", email="b@c.fr", name="Béa", used_at=NOW)])
    assert anew.rebuild(settings, yes=True, dry_run=False) == 0
    capsys.readouterr()
    assert forget.forget(settings, "b@c.fr", dry_run=False, yes=True) == 0
    told = capsys.readouterr().out
    assert "nothing is known of this address" in told
    if shared:
        [aside] = re.findall(r"DROP SCHEMA (public_aside_\w+) CASCADE", told)
        with cluster.admin(name) as admin:
            assert admin.execute(f"SELECT email FROM {aside}.contact".encode()).fetchone() == ("b@c.fr",)
    else:
        [aside] = re.findall(rf"rm -r ({place.state.directory}/journal/aside-\w+)", told)
        assert (Path(aside) / "journal.sqlite").is_file()
    cluster.drop(name)


def test_the_way_back_from_a_newer_schema(
    postgres_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the version of before does not know what PostgreSQL holds by now, installing it again is not enough."""
    place = Place(tmp_path)
    settings = place.name(postgres_url)
    made = keep.made_backup(End(url=postgres_url), place.state, None)
    for before, restored in ((schema.VERSION, False), (schema.VERSION - 1, True)):
        manifest = made.directory / "manifest.json"
        told = json.loads(manifest.read_text())
        told["version"], told["facts"]["schema"] = "0.0.9", before
        manifest.write_text(json.dumps(told))
        assert packaged.after_upgrade(settings, before="0.0.9") == 0
        out = capsys.readouterr().out
        assert "apt install --allow-downgrades ./jse-connector_0.0.9_" in out
        assert (f"jse-connector restore {made.name}" in out) is restored


def test_no_purge_of_a_journal_that_was_never_moved(
    postgres_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The configuration names PostgreSQL, and requests are under way in the file that nobody has moved there."""
    place = Place(tmp_path)
    place.fill(1)
    with closing(sqlite3.connect(place.file)) as database, database:
        database.execute("UPDATE record SET state = 'in_progress'")
    settings, word = place.name(postgres_url), place.state.directory / packaged.NOTHING_OPEN
    assert packaged.before_removal(settings) == 0
    assert "1 requests are under way" in capsys.readouterr().out
    assert not word.exists()
    with closing(sqlite3.connect(place.file)) as database, database:
        mark = json.dumps({"other": postgres_url, "at": "2026-11-26", "move": "1"})
        database.execute("INSERT INTO meta VALUES ('moved_to', ?)", (mark,))
    assert packaged.before_removal(settings) == 0
    assert word.exists()
    place.file.write_bytes(b"no journal at all")
    assert packaged.before_removal(settings) == 0
    assert not word.exists()


def test_back_from_a_version_with_more_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The way back over a change of the schema: what the newer version made is put aside with its journal."""
    cluster = postgres.shared_cluster()
    name = cluster.database()
    place = Place(tmp_path)
    settings = place.name(cluster.url(name))
    made = keep.made_backup(End(url=cluster.url(name)), place.state, None)
    with cluster.admin(name, user=cluster.user) as admin:
        admin.execute("CREATE TABLE news (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)")
        with pytest.raises(JournalError, match="empty: news, news_id_seq stand there"):
            keep.restore(settings, made.name, yes=True)
        admin.execute(f"UPDATE meta SET value = '{schema.VERSION + 1}' WHERE name = 'schema'".encode())
    assert keep.restore(settings, made.name, yes=True) == 0
    [aside] = re.findall(r"kept in schema (\w+)", capsys.readouterr().out)
    with cluster.admin(name) as admin:
        asked = "SELECT schemaname FROM pg_tables WHERE tablename IN ('news', 'event') ORDER BY tablename, schemaname"
        assert admin.execute(asked.encode()).fetchall() == [("public",), (aside,), (aside,)]
    with opened(cluster.url(name)) as journal:
        assert list(journal.everything()) == []
    cluster.drop(name)


@pytest.mark.parametrize("hosts", ["127.0.0.1:1 127.0.0.1:{port}", "127.0.0.1:{port} localhost:1"])
def test_a_glance_finds_each_form_of_a_url(postgres_url: str, hosts: str) -> None:
    """What check-config looks at is what the service works with, be it one of several servers."""
    cluster = postgres.shared_cluster()
    told = hosts.format(port=cluster.port).split()
    url = f"postgresql+psycopg://{cluster.user}@/{postgres.named(postgres_url)}?" + "&".join(
        f"host={host}" for host in told
    )
    with opened(url) as journal:
        journal.hold("lyon", MANUAL, probe_at=NOW)
    assert glance_at(url, None, ZoneInfo("Europe/Paris")) is not None
    assert glance_at(postgres_url, None, ZoneInfo("Europe/Paris")) is not None


@pytest.mark.parametrize(
    "query",
    ["host=a:1&host=b:2&port=3", "host=[::1]:1&host=[::2]:2", "host=a,b&port=1,2,3", "host=a&port=one"],
)
def test_hosts_that_cannot_be_read(query: str) -> None:
    with pytest.raises(JournalError, match="cannot be read; write"):
        Journal(f"postgresql+psycopg://c@/firms?{query}", now=lambda: NOW)


def test_what_cannot_be_copied_is_not_quoted(tmp_path: Path) -> None:
    """SQLite keeps a text where a number belongs, PostgreSQL does not: the table is told, and not what stands there."""
    cluster = postgres.shared_cluster()
    name = cluster.empty()
    place = Place(tmp_path)
    place.fill(1)
    with closing(sqlite3.connect(place.file)) as database, database:
        database.execute("UPDATE hold SET probe_at = 'Paul Durand, paul@example.fr'")
    settings = place.name()
    with pytest.raises(JournalError, match="table hold cannot be copied") as told:
        move.move(settings, move.Wanted(url=cluster.url(name)), dry_run=False, yes=True)
    assert "paul" not in "".join(traceback.format_exception(told.value)).lower()
    cluster.drop(name)


def test_the_seal_that_a_purge_would_take(
    postgres_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the journal elsewhere the state directory holds copies, but for the key that the others need, too."""
    place = Place(tmp_path)
    settings = place.name(postgres_url)
    assert packaged.before_removal(settings) == 0
    assert "seal" not in capsys.readouterr().out
    place.seal.rename(place.state.directory / "keys" / "seal")
    place.seal = place.state.directory / "keys" / "seal"
    assert packaged.before_removal(place.name(postgres_url)) == 0
    assert f"A purge takes {place.seal}" in capsys.readouterr().out


def test_the_way_back_with_another_seal(tmp_path: Path) -> None:
    """Told before PostgreSQL is left, also where no token is kept there: with it the folders would look foreign."""
    cluster = postgres.shared_cluster()
    name = cluster.empty()
    place = Place(tmp_path)
    place.fill(1)
    url, back = cluster.url(name), move.Wanted(url=place.state.journal_url)
    assert move.move(place.name(), move.Wanted(url=url), dry_run=False, yes=True) == 0
    settings = place.name(url)
    place.seal.write_text("a seal that no other host has")
    with pytest.raises(JournalError, match="cannot be read with this seal"):
        move.move(settings, back, dry_run=False, yes=True)
    with opened(url) as journal:
        assert len(list(journal.everything())) == 1
    place.seal.write_text("a seal that every host has")
    assert move.move(settings, back, dry_run=False, yes=True) == 0
    cluster.drop(name)


@ROOT
def test_root_backs_up_nothing_of_its_own() -> None:
    """A backup elsewhere, made by root: what a link in the state directory leads to would come back to its owner."""
    with TemporaryDirectory() as directory:
        base = Path(directory)
        base.chmod(0o755)
        place, roots = Place(base), base / "roots"
        place.fill(1)
        roots.mkdir(mode=0o700)
        (roots / "secret").write_text("root's own")
        link = place.state.directory / "keys"
        shutil.rmtree(link, ignore_errors=True)
        link.symlink_to(roots)
        (place.state.directory / "connector-id").write_text("made by root")
        owner = pwd.getpwnam("nobody")
        os.chown(place.state.directory, owner.pw_uid, owner.pw_gid)
        with pytest.raises(JournalError, match=f"{link}/secret is not the state directory's"):
            keep.backup(place.name(), base / "mine")
        assert list((base / "mine").iterdir()) == []
        link.unlink()
        assert keep.backup(place.name(), base / "mine") == 0
        [made] = (base / "mine").iterdir()
        assert (made / "connector-id").read_text() == "made by root"
