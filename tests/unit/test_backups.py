"""Backups of a journal: whole or not there, verified, put back with nothing sent twice; and what a package asks."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector import __version__
from connector.cli import backups, keep, packaged
from connector.cli.anew import exchanged, paused_in
from connector.cli.common import Settings
from connector.cli.wiring import State, single_instance
from connector.errors import JournalError, JournalFull
from connector.journal import Journal, schema
from connector.journal.ends import End
from connector.lifecycle import State as Step
from connector.steps.waiting import MANUAL
from tests import disks
from tests.faults.letters import send_out
from tests.faults.test_once import Town
from tests.worlds import Stage


def settings(stage: Stage) -> Settings:
    file = stage.directory / "config.yaml"
    file.write_text(stage.config_text)
    return Settings(config=file, state=stage.state.directory)


def only(state: State) -> backups.Backup:
    (one,) = backups.found(state.directory / keep.DIRECTORY)
    return one


def journal_of(stage: Stage) -> Path:
    return stage.state.directory / "journal" / "journal.sqlite"


def of_schema(file: Path, version: int) -> None:
    with closing(sqlite3.connect(file)) as database:
        if version < schema.VERSION:
            database.execute("DROP TABLE whereabouts")
        database.execute("UPDATE meta SET value = ? WHERE name = 'schema'", (str(version),))
        database.commit()


def test_there_and_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Made beside the running connector; put back after more was sent, signed and paused: nothing is sent again,
    nothing is lost, a pause set by hand stays, and what is in the spool comes home."""
    with Town(tmp_path) as stage:
        given = settings(stage)
        stage.drop("avant")
        stage.run()
        stage.dms.misbehave(kind="status", status=503, method="MOVE", path="*", times=None)
        stage.sign()
        stage.run()
        assert stage.record("avant").state is Step.DELIVERING
        stage.parts.journal.hold("folder:autres", MANUAL, probe_at=stage.clock.now())
        assert keep.backup(given, None) == 0
        stage.parts.journal.release("folder:autres")
        made = only(stage.state)
        assert made.version == __version__
        assert made.facts.under_way == 1
        spooled = [name for name in made.files if name.startswith("spool/")]
        assert spooled
        assert "keys/seal" in made.files
        assert not any(name.startswith(("tokens/", "credentials/")) for name in made.files)
        others = [path for path in made.directory.rglob("*") if path.stat().st_mode & 0o077]
        assert others == [], "nobody else reads a backup"
        stage.dms.behave()
        stage.drop("après")
        stage.run()
        stage.clock.advance(4000)
        stage.run()
        assert stage.record("avant").state is Step.DELIVERED
        assert stage.record("après").state is Step.IN_PROGRESS
        tries = stage.tries()
        stage.parts.journal.hold("cabinet", MANUAL, probe_at=stage.clock.now())
        with single_instance(stage.state), pytest.raises(JournalError, match="is the service running"):
            keep.restore(given, made.name, yes=True)
        stage.stop()
        capsys.readouterr()
        assert keep.restore(given, made.name, yes=True) == 0
        said = capsys.readouterr().out
        assert "account cabinet stays paused" in said
        assert "folder autres was paused when the backup was made, and is paused again" in said
        assert "systemctl start" in said
        stage.start()
        assert stage.parts.journal.at_place("dms", "/Lettres/après.sign.yaml") is None
        hold = stage.parts.journal.held("cabinet")
        assert hold is not None
        assert hold.cause == MANUAL
        stage.parts.journal.release("cabinet")
        stage.later()
        assert stage.tries() == tries, "what was sent in between is asked about, never sent again"
        assert stage.record("avant").state is Step.DELIVERED
        assert stage.record("après").state is Step.IN_PROGRESS
        stage.sign()
        stage.later()
        assert stage.record("après").state is Step.DELIVERED
        assert stage.sends() == [1, 1]


def test_what_is_no_backup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A damaged journal gives none; a damaged or foreign backup, or one of a newer version, is not put back; each says
    so, and the journal stays as it is, byte for byte."""
    with Town(tmp_path) as stage:
        given, file = settings(stage), journal_of(stage)
        stage.stop()
        assert keep.backup(given, None) == 0
        place = stage.state.directory / keep.DIRECTORY
        before = file.read_bytes()
        one = only(stage.state)

        with pytest.raises(JournalError, match="There: " + one.name):
            keep.restore(given, "0.0.1-20200101T0000Z", yes=True)
        with pytest.raises(JournalError, match="no backup"):
            keep.restore(given, str(tmp_path) + "/", yes=True)
        of_schema(one.directory / backups.JOURNAL, schema.VERSION + 1)
        with pytest.raises(JournalError, match="other bytes"):
            keep.restore(given, one.name, yes=True)
        manifest = json.loads((one.directory / backups.MANIFEST).read_text())
        manifest["files"][backups.JOURNAL] = backups._sha256(one.directory / backups.JOURNAL)
        manifest["facts"]["schema"] = schema.VERSION + 1
        (one.directory / backups.MANIFEST).write_text(json.dumps(manifest))
        assert keep.restore(given, one.name, yes=True) == 1
        assert "install jse-connector" in capsys.readouterr().err
        manifest["files"]["../../elsewhere"] = "0" * 64
        (one.directory / backups.MANIFEST).write_text(json.dumps(manifest))
        with pytest.raises(JournalError, match="files outside"):
            keep.restore(given, one.name, yes=True)
        assert file.read_bytes() == before

        damaged = bytearray(before)
        damaged[8_192:12_288] = b"\xa5" * 4_096
        file.write_bytes(bytes(damaged))
        there = sorted(place.iterdir())
        with pytest.raises(JournalError, match="damaged"):
            keep.backup(given, None)
        assert sorted(place.iterdir()) == there, "nothing half made is left"
        assert file.read_bytes() == bytes(damaged)


def test_broken_off_is_said_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut off between the two journals, the second try puts the backup in place; else a new one would have begun."""
    with Town(tmp_path) as stage:
        given, file = settings(stage), journal_of(stage)
        stage.drop()
        stage.run()
        stage.stop()
        assert keep.backup(given, tmp_path / "elsewhere") == 0
        (made,) = backups.found(tmp_path / "elsewhere")

        def cut(*_: object) -> None:
            raise KeyboardInterrupt

        real = Path.replace

        def cut_late(path: Path, target: Path) -> Path:
            if path.name.endswith(".restored"):
                raise KeyboardInterrupt
            return real(path, target)

        # Wherever it is cut off, what an administrator has paused since stays so.
        paused_since = closing(Journal(f"sqlite:///{file}", now=stage.clock.now))
        with paused_since as journal:
            journal.hold("cabinet", MANUAL, probe_at=stage.clock.now())
        for where, name, breaks in (
            (Path, "replace", cut),
            (Path, "replace", cut_late),
            (keep, "beside", cut),
        ):
            with monkeypatch.context() as patched:
                patched.setattr(where, name, breaks)
                with pytest.raises(KeyboardInterrupt):
                    keep.restore(given, str(made.directory), yes=True)
        assert paused_in(file) == ["cabinet"]
        assert keep.restore(given, str(made.directory), yes=True) == 0
        assert backups.facts_of(file).requests == 1
        assert sorted(path.name for path in file.parent.glob(f"{file.name}*")) == [file.name]
        stage.start()
        assert stage.parts.journal.held("cabinet") is not None
        stage.run()
        assert stage.sends() == [1]


def test_only_the_newest_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Five in the state directory, each under a name of its own; in a place that was named nothing is removed."""
    with Town(tmp_path) as stage:
        given = settings(stage)
        stage.stop()
        for _ in range(backups.KEEP + 2):
            assert keep.backup(given, None) == 0
            assert keep.backup(given, tmp_path / "elsewhere") == 0
        assert len(backups.found(stage.state.directory / keep.DIRECTORY)) == backups.KEEP
        assert len(backups.found(tmp_path / "elsewhere")) == backups.KEEP + 2
        capsys.readouterr()
        assert keep.listed(given) == 0
        assert len(capsys.readouterr().out.splitlines()) == backups.KEEP


def test_the_way_back_over_an_upgrade_outlasts_a_week_of_backups(tmp_path: Path) -> None:
    """A backup each night: the newest of the earlier schema stays beside the newest five, until a later upgrade."""
    with Town(tmp_path) as stage:
        given, place = settings(stage), stage.state.directory / keep.DIRECTORY
        stage.stop()

        def nights(number: int, schema_then: int) -> None:
            of_schema(journal_of(stage), schema_then)
            for _ in range(number):
                assert keep.backup(given, None) == 0

        def schemas() -> list[int]:
            return [one.facts.schema for one in backups.found(place)]

        nights(2, schema.VERSION)
        nights(7, schema.VERSION + 1)
        assert schemas() == [schema.VERSION + 1] * 5 + [schema.VERSION]
        nights(6, schema.VERSION + 2)
        assert schemas() == [schema.VERSION + 2] * 5 + [schema.VERSION + 1]


def test_two_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One begins while another gives the spool's files a second name: it waits, both are whole, and no file of the
    spool is written into."""
    state = State(directory=tmp_path / "state")
    state.make()
    file, into = state.directory / "journal" / "journal.sqlite", tmp_path / "backups"
    Journal(f"sqlite:///{file}", now=lambda: datetime.now(UTC)).close()
    spooled = [state.directory / "spool" / f"REF{number}" / "signed.pdf" for number in range(4)]
    for path in spooled:
        path.parent.mkdir()
        path.write_bytes(b"signed" * 1_000)
    made: dict[str, backups.Backup] = {}
    beside = backups._beside

    def one(name: str) -> None:
        made[name] = backups.make(End.of_file(file), state.directory, into)

    second = threading.Thread(target=one, args=("second",))

    def listed(directory: Path) -> Iterator[tuple[Path, str]]:
        for number, found in enumerate(beside(directory)):
            if number == 2 and second.ident is None:
                second.start()
                second.join(0.5)
            yield found

    monkeypatch.setattr(backups, "_beside", listed)
    one("first")
    second.join()
    for backup in made.values():
        backups.verify(backup)
        assert sum(name.endswith("signed.pdf") for name in backup.files) == 4
    assert [path.read_bytes() for path in spooled] == [b"signed" * 1_000] * 4
    assert sorted(path.name for path in into.iterdir()) == sorted(backup.name for backup in made.values())


def test_what_has_a_second_name_is_never_written_into(tmp_path: Path) -> None:
    """On a disk where nobody can be waited for."""
    signed, target = tmp_path / "spool" / "REF" / "signed.pdf", tmp_path / "part" / "signed.pdf"
    signed.parent.mkdir(parents=True)
    signed.write_bytes(b"signed")
    for _ in range(2):
        with suppress(FileExistsError):
            backups._copy(signed, target)
    assert signed.read_bytes() == target.read_bytes() == b"signed"


def test_no_room_where_it_is_to_be(tmp_path: Path) -> None:
    """That disk is named, and not the journal's; nothing is left there."""
    state = State(directory=tmp_path / "state")
    state.make()
    file = state.directory / "journal" / "journal.sqlite"
    Journal(f"sqlite:///{file}", now=lambda: datetime.now(UTC)).close()
    with disks.in_memory(tmp_path / "small", "64k") as small:
        with pytest.raises(JournalError, match=r"no backup in .*small/here: .*full") as told:
            backups.make(End.of_file(file), state.directory, small / "here")
        assert str(file) not in str(told.value)
        assert list((small / "here").iterdir()) == []


def test_a_backup_elsewhere_of_a_journal_whose_disk_is_full(tmp_path: Path) -> None:
    """It writes nothing there, and nothing is wanted more just then."""
    with disks.in_memory(tmp_path / "disk", "4m") as disk:
        state = State(directory=disk / "state")
        state.make()
        file = state.directory / "journal" / "journal.sqlite"
        with closing(Journal(f"sqlite:///{file}", now=lambda: datetime.now(UTC))) as journal:
            journal.mark_account("lyon", "kept", {"text": "x"})
            disks.fill(disk)
            made = backups.make(End.of_file(file), state.directory, tmp_path / "elsewhere")
        backups.verify(made)
        url = f"sqlite:///{made.directory / backups.JOURNAL}"
        with closing(Journal(url, now=lambda: datetime.now(UTC))) as copied:
            assert copied.last_account_event("lyon", "kept") == {"text": "x"}


@pytest.mark.parametrize("what", ["full", "read-only"])
@pytest.mark.parametrize("how", ["ended", "killed"])
def test_a_backup_elsewhere_of_what_nobody_can_open(tmp_path: Path, what: str, how: str) -> None:
    """The service is stopped, its disk takes nothing any more, not even SQLite's own files beside the journal."""
    with disks.in_memory(tmp_path / "disk", "4m") as disk:
        state = State(directory=disk / "state")
        state.make()
        file = state.directory / "journal" / "journal.sqlite"
        kept = [file, file.with_name(f"{file.name}-wal")]
        with closing(Journal(f"sqlite:///{file}", now=lambda: datetime.now(UTC))) as journal:
            journal.mark_account("lyon", "kept", {"text": "x"})
            logged = {path: path.read_bytes() for path in kept}
        if how == "killed":
            for path, content in logged.items():
                path.write_bytes(content)
        if what == "full":
            disks.fill(disk)
        else:
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        before = {path: path.read_bytes() for path in file.parent.iterdir()}
        made = backups.make(End.of_file(file), state.directory, tmp_path / "elsewhere")
        backups.verify(made)
        assert {path: path.read_bytes() for path in file.parent.iterdir()} == before
        assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == [made.name]
        url = f"sqlite:///{made.directory / backups.JOURNAL}"
        with closing(Journal(url, now=lambda: datetime.now(UTC))) as copied:
            assert copied.last_account_event("lyon", "kept") == {"text": "x"}
        with pytest.raises(JournalError, match=r"make room on its disk|Read-only|No space left"):
            backups.make(End.of_file(file), state.directory, state.directory / "backup")


@pytest.mark.parametrize("what", ["well", "read-only"])
def test_a_journal_that_was_moved_away_is_not_backed_up(tmp_path: Path, what: str) -> None:
    """What it holds is of before: put back, it would not know what has left since. Whatever its disk takes."""
    with disks.in_memory(tmp_path / "disk", "4m") as disk:
        state = State(directory=disk / "state")
        state.make()
        file = state.directory / "journal" / "journal.sqlite"
        with closing(Journal(f"sqlite:///{file}", now=lambda: datetime.now(UTC))):
            pass
        mark = json.dumps({"other": "postgresql://elsewhere/jse", "at": "2026-01-01", "move": "1"})
        with closing(sqlite3.connect(file)) as database, database:
            database.execute("INSERT INTO meta VALUES ('moved_to', ?)", (mark,))
        if what == "read-only":
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with pytest.raises(JournalError, match="elsewhere"):
            backups.make(End.of_file(file), state.directory, tmp_path / "elsewhere")
        assert backups.found(tmp_path / "elsewhere") == []


def test_another_disk_that_is_full_is_the_one_that_is_told_of(tmp_path: Path) -> None:
    """Who makes room on the journal's failing disk, for that was said, has no backup afterwards either."""
    with disks.in_memory(tmp_path / "disk", "4m") as disk, disks.in_memory(tmp_path / "stick", "4m") as stick:
        state = State(directory=disk / "state")
        state.make()
        file = state.directory / "journal" / "journal.sqlite"
        with closing(Journal(f"sqlite:///{file}", now=lambda: datetime.now(UTC))):
            pass
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        disks.fill(stick)
        before = {path.name for path in stick.iterdir()}
        with pytest.raises(JournalError, match=rf"^no backup in {stick}: No space left"):
            backups.make(End.of_file(file), state.directory, stick)
        assert {path.name for path in stick.iterdir()} == before


def test_what_a_killed_backup_left_goes_with_the_next(tmp_path: Path) -> None:
    """A whole journal with everybody in it, under a name that nobody looks at, would lie there for good."""
    state = State(directory=tmp_path / "state")
    state.make()
    file = state.directory / "journal" / "journal.sqlite"
    with closing(Journal(f"sqlite:///{file}", now=lambda: datetime.now(UTC))):
        pass
    left = tmp_path / "elsewhere" / f"{backups.__version__}.journal.part"
    left.mkdir(parents=True)
    (left / "journal.sqlite").write_bytes(b"everybody")
    made = backups.make(End.of_file(file), state.directory, tmp_path / "elsewhere")
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == [made.name]


def test_no_room_for_what_is_put_back(tmp_path: Path) -> None:
    """Neither is put in place on a disk that is full; the journal stays, and nothing is left beside it."""
    with disks.in_memory(tmp_path / "disk", "16m") as disk:
        state = State(directory=disk / "state")
        state.make()
        file = state.directory / "journal" / "journal.sqlite"
        with closing(Journal(f"sqlite:///{file}", now=lambda: datetime.now(UTC))) as journal:
            for number in range(200):
                journal.mark_account("lyon", f"{number}", {"text": "x" * 3_000})
        made = backups.make(End.of_file(file), state.directory, tmp_path / "backups")
        was, there = file.read_bytes(), sorted(path.name for path in file.parent.iterdir())
        disks.fill(disk, leave=300_000)
        for source in (None, made.directory / backups.JOURNAL):
            with pytest.raises(JournalError, match="cannot be put in place") as told:
                exchanged(file, (), source=source)
            assert ".restored" not in str(told.value)
            assert file.read_bytes() == was
            assert sorted(path.name for path in file.parent.iterdir()) == there


class NoRoom(Journal):
    """Its disk is full."""

    def check(self) -> None:
        raise JournalFull("the journal cannot be written: make room on its disk")


def test_an_upgrade_while_another_program_keeps_the_journal_locked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At three in the morning nobody ends a shell that was left open: a service that waits for it is started."""
    with Town(tmp_path) as stage:
        given, file = settings(stage), journal_of(stage)
        stage.stop()
        of_schema(file, schema.VERSION - 1)
        with closing(sqlite3.connect(file, isolation_level=None)) as shell:
            shell.execute("BEGIN IMMEDIATE")
            assert packaged.before_upgrade(given, waited=0) == 0, "a backup only reads"
            assert packaged.after_upgrade(given, before="0.0.9") == 0
        said = capsys.readouterr().err
        assert "kept locked by another program" in said
        assert "brought up to date once it can be, by the service" in said
        assert backups.facts_of(file).schema == schema.VERSION - 1
        stage.start()
        assert backups.facts_of(file).schema == schema.VERSION


def test_what_a_package_asks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before an upgrade a backup; after it the journal is brought up to date and the way back told; a newer journal or
    a configuration that is not valid is said, with exit status 1; before a removal, whether anything is under way."""
    with Town(tmp_path) as stage:
        given, file = settings(stage), journal_of(stage)
        word = stage.state.directory / packaged.NOTHING_OPEN
        stage.stop()
        assert packaged.before_removal(given) == 0
        assert word.exists()
        stage.state.make()
        assert not word.exists(), (
            "whoever works here again, from pipx perhaps, may have requests when it is purged"
        )
        stage.start()
        stage.drop()
        stage.run()
        stage.stop()
        assert packaged.before_removal(given) == 0
        assert not word.exists()
        said = capsys.readouterr().out
        assert "1 requests are under way" in said
        assert "1 folders hold files of the connector" in said

        assert packaged.before_upgrade(given, waited=3) == 0
        said = capsys.readouterr().out
        assert "waited 3 s for a safe point" in said
        assert "(verified)" in said
        (made,) = backups.found(stage.state.directory / keep.DIRECTORY)
        told = json.loads((made.directory / backups.MANIFEST).read_text())
        (made.directory / backups.MANIFEST).write_text(json.dumps({**told, "version": "0.0.9"}))
        of_schema(file, schema.VERSION - 1)
        # As a backup made before the upgrade tells it.
        facts = {**told["facts"], "schema": schema.VERSION - 1}
        (made.directory / backups.MANIFEST).write_text(
            json.dumps({**told, "version": "0.0.9", "facts": facts})
        )
        monkeypatch.setenv("DPKG_MAINTSCRIPT_ARCH", "amd64")
        assert packaged.after_upgrade(given, before="0.0.9+deb12") == 0
        said = capsys.readouterr().out
        assert f"schema {schema.VERSION - 1} -> {schema.VERSION}" in said
        assert (
            f"apt install --allow-downgrades ./jse-connector_0.0.9+deb12_amd64.deb && jse-connector restore {made.name}"
            in said
        )
        assert f"valid for {__version__}" in said
        assert backups.facts_of(file).schema == schema.VERSION

        # At three in the morning nobody makes room: what stands still by itself, and goes on by itself, is started.
        with monkeypatch.context() as patched:
            patched.setattr(packaged, "Journal", NoRoom)
            assert packaged.after_upgrade(given, before="0.0.9+deb12") == 0
        said = capsys.readouterr()
        assert "make room" in said.err
        assert f"restore {made.name}" in said.out, "the way back is told all the same"

        of_schema(file, schema.VERSION + 1)
        assert packaged.after_upgrade(given, before="9.0") == 1
        assert f"jse-connector restore {made.name}" in capsys.readouterr().err
        of_schema(file, schema.VERSION)
        assert given.config is not None
        given.config.write_text("config_version: 1\nserver: {}\n")
        assert packaged.after_upgrade(given, before="0.0.9") == 1
        given.config.unlink()
        assert packaged.after_upgrade(given, before="0.0.9") == 0
        assert "none yet" in capsys.readouterr().out

        # Where the service is called with another configuration, its journal lies where nobody told us.
        with single_instance(stage.state):
            file.rename(tmp_path / "elsewhere.sqlite")
        assert packaged.before_removal(given) == 0
        assert not word.exists(), "a purge would take a spool and keys that a journal elsewhere still needs"
        assert "It stays, even in a purge" in capsys.readouterr().out


def test_a_package_that_was_removed_and_comes_back_newer_backs_up_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No upgrade has backed up what the new version brings up to date: without a backup there would be no way back.
    Where the disk has no room for one, the journal stays as it was, unless no way back is wanted."""
    before = schema.VERSION - 2
    with Town(tmp_path) as stage:
        given, file, place = settings(stage), journal_of(stage), stage.state.directory / keep.DIRECTORY
        stage.stop()
        of_schema(file, before)
        with disks.in_memory(place, "64k"):
            with pytest.raises(JournalError, match="no backup in"):
                packaged.after_upgrade(given, before="0.0.9")
            assert backups.facts_of(file).schema == before
            with monkeypatch.context() as wanted:
                wanted.setenv(packaged.NO_BACKUP, "1")
                assert packaged.after_upgrade(given, before="0.0.9") == 0
        assert packaged.before_upgrade(given, waited=0) == 0
        (old,) = backups.found(place)
        stage.start()
        send_out(stage, "lettre")
        stage.stop()
        of_schema(file, before)
        capsys.readouterr()
        assert packaged.after_upgrade(given, before="0.0.9") == 0
        new = backups.found(place)[0]
        assert new.name != old.name
        assert (new.facts.schema, new.facts.under_way) == (before, 1)
        assert backups.facts_of(file).schema == schema.VERSION
        assert f"jse-connector restore {new.name}" in capsys.readouterr().out
