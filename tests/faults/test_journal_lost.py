"""The journal is gone, damaged, another's, or cannot be written: said, left as it is, and nothing is sent twice."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from connector.cli import anew
from connector.cli.common import Settings
from connector.cli.wiring import single_instance
from connector.config import load_config
from connector.daemon import Daemon
from connector.errors import JournalError, JournalFull
from connector.journal import Journal
from connector.lifecycle import State
from connector.passes import account_pass, server_pass
from tests.faults.test_once import (
    BEFORE_US,
    COPY,
    MODES,
    OUT,
    Town,
    delivered_once,
    in_place,
    letter,
    send_out,
)
from tests.worlds import CLAIRE, MARIE, ONE, OVERVIEWS, ROOT, Mode, Stage

ANEW = "jse-connector rebuild"


def journal_file(stage: Stage) -> Path:
    return stage.state.directory / "journal" / "journal.sqlite"


def everything(directory: Path) -> dict[str, str]:
    """Every file by its hash, but what SQLite keeps beside a database while it is open."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not path.name.endswith(("-wal", "-shm"))
    }


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def another_programs(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE bookmarks (url TEXT)")
        database.commit()


def a_page_overwritten(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[8_192:12_288] = b"\xa5" * 4_096
    path.write_bytes(bytes(content))


def no_database(path: Path) -> None:
    path.write_bytes(b"<html>a login page of a backup system</html>")


def a_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_newer_release(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE meta SET value = '999' WHERE name = 'schema'")
        database.commit()


DAMAGE: dict[str, tuple[Callable[[Path], None], str]] = {
    "cut off": (cut_off, "is damaged"),
    "emptied": (emptied, "0 bytes"),
    "another program's": (another_programs, "bookmarks"),
    "a page overwritten": (a_page_overwritten, "is damaged"),
    "no database": (no_database, "no SQLite database"),
    "a directory": (a_directory, "is a directory"),
    "a newer release's": (a_newer_release, "install the newer version"),
}


def begin(stage: Stage) -> None:
    """What ``run`` does before anything else; whatever comes of it, the parts are closed."""
    try:
        stage.start()
        stage.parts.journal.check()
    except BaseException:
        stage.stop()
        raise


def passes(stage: Stage, times: int) -> None:
    """So many over each side, at one moment."""
    for _ in range(times):
        server_pass(stage.parts, "dms", stage.memory)
        account_pass(stage.parts, "cabinet")


def test_a_journal_that_cannot_be_trusted(tmp_path: Path) -> None:
    """E1: whatever became of its file: the start stops before any request, says what, where and what to do, and leaves
    every byte; with the file put right all goes on, and nothing leaves twice."""
    with Town(tmp_path) as stage:
        send_out(stage, "lettre")
        stage.stop()
        whole = stage.save_journal()
        for damage, clue in DAMAGE.values():
            damage(journal_file(stage))
            before = everything(stage.state.directory)
            stage.dms.forget_requests()
            asked = len(stage.platform.requests)
            with pytest.raises(JournalError) as told:
                begin(stage)
            assert clue in str(told.value)
            assert str(journal_file(stage)) in str(told.value)
            assert ANEW in str(told.value) or "install the newer" in str(told.value)
            assert "\n" not in str(told.value)
            assert everything(stage.state.directory) == before
            assert stage.dms.requests == []
            assert len(stage.platform.requests) == asked
            shutil.rmtree(stage.state.directory)
            shutil.copytree(whole, stage.state.directory)
        stage.start()
        stage.sign()
        stage.later(60)
        delivered_once(stage, "lettre")
        assert stage.tries() == 1
        stage.intact()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
def test_a_journal_without_rights(tmp_path: Path) -> None:
    """E1: unreadable or read-only for the service's user: said, with the path."""
    with Town(tmp_path) as stage:
        stage.stop()
        for mode, clue in ((0o000, "cannot be read"), (0o400, "cannot be written")):
            journal_file(stage).chmod(mode)
            with pytest.raises(JournalError, match=clue):
                begin(stage)
        journal_file(stage).chmod(0o600)


def test_damage_that_comes_while_it_runs(tmp_path: Path) -> None:
    """E1: a page of the file goes bad under a running service: the pass ends with that error, and no effect."""
    with Town(tmp_path) as stage:
        for number in range(12):
            stage.drop(f"lettre {number}", letter(f"lettre {number}"))
        stage.run()
        stage.restart()
        with closing(sqlite3.connect(journal_file(stage))) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        content = bytearray(journal_file(stage).read_bytes())
        content[4_096:] = b"\x5a" * (len(content) - 4_096)
        with journal_file(stage).open("r+b") as stream:
            stream.write(content)
        stage.drop("neuve", letter("neuve"))
        tries = stage.tries()
        stage.clock.advance(5)
        with pytest.raises(JournalError, match="is damaged"):
            passes(stage, 4)
        assert stage.tries() == tries
        assert journal_file(stage).read_bytes() == bytes(content)


@MODES
def test_the_last_commits_gone_with_the_log(tmp_path: Path, mode: Mode) -> None:
    """E1: a truncated write-ahead log is a journal from before: what left since is adopted, and asked about."""
    with Town(tmp_path, mode) as stage:
        stage.run()
        with closing(sqlite3.connect(journal_file(stage))) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        send_out(stage, "lettre")
        log = journal_file(stage).with_name("journal.sqlite-wal")
        torn = log.read_bytes()
        assert len(torn) > 10_000, "the commits are in the log"
        main = journal_file(stage).read_bytes()
        stage.stop()
        journal_file(stage).write_bytes(main)
        log.write_bytes(torn[: len(torn) // 3 + 7])
        begin(stage)
        stage.later(60)
        assert stage.record().transaction is not None
        assert stage.tries() == 1
        stage.sign()
        stage.later(60)
        delivered_once(stage, "lettre")
        assert stage.sends() == [1]
        stage.intact()


def test_rebuild(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A damaged journal is kept aside, whole; a new one begins from the markers; a pause by hand is not forgotten."""
    with Town(tmp_path) as stage:
        send_out(stage, "lettre")
        settings = Settings(config=tmp_path / "config.yaml", state=stage.state.directory)
        (tmp_path / "config.yaml").write_text(stage.config_text)
        with single_instance(stage.state), pytest.raises(JournalError, match="another process"):
            anew.rebuild(settings, yes=True, dry_run=False)
        stage.parts.journal.hold("cabinet", "manual", probe_at=stage.clock.now())
        stage.stop()
        assert anew.rebuild(settings, yes=True, dry_run=False) == 0
        told = capsys.readouterr().out
        assert "account cabinet stays paused" in told
        (aside,) = (stage.state.directory / "journal").glob("aside-*")
        with closing(sqlite3.connect(aside / "journal.sqlite")) as database:
            assert database.execute("SELECT count(*) FROM record").fetchone() == (1,)
        stage.start()
        stage.run()
        stage.drop("neuve", letter("neuve"))
        stage.later(60)
        assert stage.first_line("neuve").startswith("EN PAUSE – ")
        assert stage.tries() == 1
        stage.sign()
        stage.later(60)
        assert stage.first_line() == in_place("lettre")
        stage.stop()
        emptied(journal_file(stage))
        assert anew.rebuild(settings, yes=True, dry_run=False) == 0
        assert "could not be read" in capsys.readouterr().out
        stage.start()
        stage.run()
        assert stage.sends() == [1]
        stage.intact()


class Full(Journal):
    """A journal whose disk has no room, when told: SQLite itself says so."""

    full = False

    def _commit(self, connection: object) -> None:
        super()._commit(connection)  # type: ignore[arg-type]

    def fill(self) -> None:
        """Let no page be added any more, on any connection."""
        self._limit(1)

    def room(self) -> None:
        """Let pages be added again."""
        self._limit(2_000_000_000)

    def _limit(self, pages: int) -> None:
        self._engine.dispose()
        import sqlalchemy as sa

        def limited(connection: sqlite3.Connection, _record: object) -> None:
            connection.execute(f"PRAGMA max_page_count={pages}")

        sa.event.listen(self._engine, "connect", limited)


def test_no_room_for_a_fact(tmp_path: Path) -> None:
    """E1: SQLite finds its disk full: no effect without its intent; with room again everything goes on, sent once."""
    from connector.cli.wiring import Seams
    from tests.worlds import workers

    with Town(tmp_path, seams=Seams(pool=workers(), journal=Full)) as stage:
        send_out(stage, "dehors")
        journal = stage.parts.journal
        assert isinstance(journal, Full)
        for number in range(6):
            stage.drop(f"lettre {number}", letter(f"lettre {number}"))
        stage.clock.advance(5)
        server_pass(stage.parts, "dms", stage.memory)
        journal.fill()
        stage.clock.advance(5)
        tries = stage.tries()
        with pytest.raises(JournalFull, match="Nothing is lost"):
            passes(stage, 40)
        assert stage.tries() - tries <= 1, "no call without its intent"
        stage.restart()
        stage.later(1000)
        assert sorted(stage.sends()) == [1] * 7
        assert {record.state for record in stage.records()} == {State.IN_PROGRESS}
        stage.intact()


def test_standing_still_is_no_end_for_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """E1: Whoever says that it ends is killed by systemd when it has not ended in time (TimeoutStopSec)."""
    with Town(tmp_path) as stage, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        daemon = Daemon(stage.parts, load_config(stage.config_text))
        daemon._journal_failed(JournalFull("no room"))
        with pytest.raises(JournalFull):
            daemon.run()
        heard = []
        with suppress(BlockingIOError):
            while True:
                heard.append(systemd.recv(1000))
        assert b"STOPPING=1" not in b"\n".join(heard)


def test_who_is_told_to_end_does_not_stand_still(tmp_path: Path) -> None:
    """E1, E2: SIGTERM, and while it ends a fact finds no room: it ends all the same."""
    with Town(tmp_path) as stage:
        daemon = Daemon(stage.parts, load_config(stage.config_text))

        def full() -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            daemon._journal_failed(JournalFull("no room"))

        before = signal.getsignal(signal.SIGTERM)
        asked = threading.Timer(0.3, full)
        asked.start()
        assert daemon.run()
        asked.join()
        assert signal.getsignal(signal.SIGTERM) is before


def test_lost_after_the_platform_erased(tmp_path: Path) -> None:
    """The journal goes, the spool stays, the platform has erased its own: what was signed comes home all the same."""
    with Town(tmp_path) as stage:
        send_out(stage, "lettre")
        stage.dms.misbehave(kind="status", status=503, method="MOVE", times=None)
        stage.dms.misbehave(kind="status", status=503, method="PUT", path="*.pdf", times=None)
        stage.sign()
        stage.run()
        assert stage.record().state is State.DELIVERING
        stage.stop()
        shutil.rmtree(stage.state.directory / "journal")
        stage.state.make()
        stage.platform.misbehave(operation="status", kind="gone", times=None)
        stage.platform.misbehave(operation="download", kind="gone", times=None)
        stage.dms.behave()
        stage.start()
        stage.later(60)
        stage.later()
        delivered_once(stage, "lettre")
        assert stage.sends() == [1]
        stage.intact()


AGAIN = ONE + "action: recommencer\n"


def only_current(stage: Stage, name: str) -> str:
    """The reference of the one request that stands at a place, whose status stands there."""
    place = f"/{ROOT}/{name}.sign.yaml"
    shown = [record.ref for record in stage.parts.journal.all_at_place("dms", place) if record.current]
    assert len(shown) == 1, (name, shown)
    assert f"ref: {shown[0]} " in stage.status(name).replace("\u00a0", " ")
    return shown[0]


def test_lost_after_an_order_to_begin_again(tmp_path: Path) -> None:
    """Both markers of a place are adopted, in any order: once it is over the first gives the place up."""
    names = ("une", "deux")
    with Town(tmp_path) as stage:
        send_out(stage, *names)
        firsts = {name: str(stage.record(name).transaction) for name in names}
        for name in names:
            stage.platform.person_refuses(firsts[name], MARIE)
        stage.run()
        for name in names:
            stage.write(f"{name}.sign.yaml", AGAIN)
        stage.run()
        seconds = {name: str(stage.record(name).transaction) for name in names}
        assert not set(firsts.values()) & set(seconds.values())
        for end in (stage.directory / "dms").rglob("*.done"):
            end.unlink()
        stage.lose_journal()
        stage.later(60)
        for name in names:
            only_current(stage, name)
            assert stage.record(name).transaction == seconds[name]
            assert stage.first_line(name).startswith("EN COURS"), stage.status(name)
        assert stage.read("_Suivi des signatures.txt").decode("utf-8-sig").count("REFUSÉ") == 0
        stage.sign()
        stage.later()
        delivered_once(stage, *names)
        assert stage.sends() == [1] * 4
        stage.intact()


def test_restored_to_before_another_wording_was_sent(tmp_path: Path) -> None:
    """The journal knows a request that waits, the registry the one sent in its stead: they do not take turns."""
    with Town(tmp_path) as stage:
        stage.platform.misbehave(operation="upload", kind="status", status=503, times=None)
        stage.drop("lettre", letter(f"{ROOT} lettre"))
        stage.run()
        assert stage.record().state is State.WAITING
        stage.stop()
        saved = stage.save_journal()
        stage.start()
        stage.write("lettre.sign.yaml", AGAIN)
        stage.platform.behave()
        stage.later()
        sent = stage.record().transaction
        assert sum(stage.sends()) == 1
        stage.restore(saved)
        stage.later(60)
        only_current(stage, "lettre")
        assert stage.record().transaction == sent
        shown = stage.status()
        for _ in range(4):
            stage.round()
            assert stage.status() == shown
        stage.sign()
        stage.later()
        delivered_once(stage, "lettre")
        assert sum(stage.sends()) == 1
        stage.intact()


def ends_well(stage: Stage, name: str) -> None:
    """One status stands there, round after round, and once signed it reads so."""
    shown = stage.status(name)
    assert shown.startswith("EN COURS"), shown
    for _ in range(4):
        stage.round()
        assert stage.status(name) == shown
    only_current(stage, name)
    stage.sign()
    stage.later()
    delivered_once(stage, name)
    assert stage.sends() == [1]
    stage.intact()


def held_at_a_start(stage: Stage, name: str) -> Path:
    """A pair is there before us, and is held; returns a copy of the journal that knows it so."""
    stage.drop(name, letter(f"{ROOT} {name}"))
    stage.start()
    stage.run()
    assert stage.record(name).state is State.HELD
    stage.stop()
    saved = stage.save_journal()
    stage.start()
    return saved


def test_what_was_held_was_asked_anew_after_the_backup(tmp_path: Path) -> None:
    """The journal knows it as held, the registry as sent: what is out has the place, and nobody reads otherwise."""
    with Town(tmp_path, start=False) as stage:
        saved = held_at_a_start(stage, "lettre")
        stage.write("lettre.sign.yaml", AGAIN)
        stage.later()
        assert stage.sends() == [1]
        stage.restore(saved)
        stage.later(60)
        ends_well(stage, "lettre")


@MODES
def test_what_was_held_was_moved_away_after_the_backup(tmp_path: Path, mode: Mode) -> None:
    """Another letter was sent from its place since: it gives way, and where it lies now it leaves by no mistake."""
    with Town(tmp_path, mode, start=False) as stage:
        saved = held_at_a_start(stage, "lettre")
        stage.person.mkdir(f"{ROOT}/b")
        for file in ("lettre.pdf", "lettre.sign.yaml"):
            stage.move(file, file, to_folder=f"{ROOT}/b")
        stage.later()
        stage.drop("lettre", letter("une autre"))
        stage.later()
        stage.delete("lettre.signature.txt", folder=f"{ROOT}/b")
        stage.restore(saved)
        stage.later(60)
        assert stage.first_line(folder=f"{ROOT}/b") == COPY
        assert "terminée" not in stage.status(folder=f"{ROOT}/b")
        known = stage.record(folder=f"{ROOT}/b")
        stage.run()
        assert stage.record(folder=f"{ROOT}/b") == known
        ends_well(stage, "lettre")


def test_a_name_that_was_another_for_a_while(tmp_path: Path) -> None:
    """What was sent under our name is held as never sent under another, and found again: what is out has the place."""
    with Town(tmp_path) as stage:
        send_out(stage, "lettre")
        stage.delete("lettre.signature.txt")
        for edits, words in ({"connector: test-1": "connector: autre"}, BEFORE_US), ({}, OUT):
            for owner in (stage.directory / "dms").rglob("owner"):
                owner.unlink()  # as take-over would replace it
            stage.edits = edits
            if edits:
                stage.lose_journal()
            else:
                stage.restart()
            stage.later(60)
            assert stage.first_line().startswith(words)
        ends_well(stage, "lettre")


@MODES
def test_lost_after_it_was_put_beside(tmp_path: Path, mode: Mode) -> None:
    """The PDF had gone, so that its signed one lies beside: a new journal says so, and asks for no other PDF."""
    with Stage(tmp_path, mode) as stage:
        stage.drop()
        stage.run()
        stage.delete("lettre.pdf")
        stage.sign()
        for _ in range(3):
            stage.clock.advance(7200)
            stage.run()
        said = "SIGNÉ – la version signée est à côté : « lettre (signé).pdf »"
        assert stage.first_line() == said
        stage.lose_journal()
        stage.clock.advance(3600)
        stage.run()
        assert stage.first_line() == said
        assert [record.state for record in stage.records()] == [State.DELIVERED_BESIDE]
        assert stage.sends() == [1]


@pytest.mark.parametrize(
    ("mode", "lost_first"), [("nextcloud", False), ("nextcloud", True), ("plain", False)]
)
def test_lost_around_what_a_person_put_in_its_place(tmp_path: Path, mode: Mode, lost_first: bool) -> None:
    """It came beside and was given its PDF's name: a new journal knows it by its bytes."""
    with Stage(tmp_path, mode) as stage:
        stage.drop()
        stage.run()
        stage.write("lettre.pdf", letter("modifiée"))
        stage.sign()
        stage.run()
        assert stage.first_line() == "SIGNÉ – la version signée est à côté : « lettre (signé).pdf »"
        if lost_first:
            stage.lose_journal()
            stage.clock.advance(3600)
            stage.run()
        stage.delete("lettre.pdf")
        stage.move("lettre (signé).pdf", "lettre.pdf")
        if not lost_first:
            stage.run()
            stage.lose_journal()
        stage.clock.advance(3600)
        stage.run()
        assert stage.first_line() == "SIGNÉ – « lettre.pdf » est maintenant la version signée"
        assert "sans signature" not in stage.status()
        assert stage.sends() == [1]


@MODES
def test_lost_between_the_deliveries_of_two_equal_letters(tmp_path: Path, mode: Mode) -> None:
    """The same bytes for the same person, each asked for: the signed one of the first is not taken for the second's."""
    blank = letter("mandat")
    second = ONE + "note: deuxième exemplaire\n"
    with Stage(tmp_path, mode) as stage:
        stage.drop("a", pdf=blank)
        stage.run()
        stage.drop("b", pdf=blank, sidecar=second)
        stage.run()
        stage.write("b.sign.yaml", second + "action: recommencer\n")
        stage.run()
        first, other = str(stage.record("a").transaction), str(stage.record("b").transaction)
        stage.sign()
        # The first is at home, and nothing says so in the registry yet; the second is not to be had for now.
        stage.dms.misbehave(kind="status", method="PUT", path="*.done", status=503, times=None)
        stage.platform.misbehave(
            operation="download", kind="status", status=500, times=None, transaction=other
        )
        stage.run()
        stage.lose_journal()
        stage.dms.behave()
        stage.platform.behave()
        # And now the other way round: the second comes to be looked for before what the first came back as is known.
        stage.platform.misbehave(operation="download", kind="status", status=500, times=20, transaction=first)
        stage.run()
        stage.platform.behave()
        for _ in range(3):
            stage.clock.advance(3600)
            stage.run()
        assert [stage.first_line(name) for name in "ab"] == [in_place(name) for name in "ab"]
        signed = {hashlib.sha256(stage.read(f"{name}.pdf")).hexdigest() for name in "ab"}
        assert signed == {record.document.signed_sha256 for record in stage.records()}
        assert len(signed) == 2
        stage.intact()


@MODES
@pytest.mark.parametrize("line", ["action: relancer\n", "note: appelée ce matin\n"])
@pytest.mark.parametrize("end", ["signed", "refused"])
def test_what_a_person_had_written_into_ended_before_the_loss(
    tmp_path: Path, mode: Mode, line: str, end: str
) -> None:
    """What ended here is told as it ended, though its sidecar is not the one that left; its copy stays a copy."""
    with Town(tmp_path, mode) as stage:
        stage.dms.person.mkdir(f"{ROOT}/b")
        stage.drop()
        stage.run()
        stage.clock.advance(4000)
        stage.run()
        stage.write("lettre.sign.yaml", ONE + line)
        stage.run()
        if end == "signed":
            stage.sign()
        else:
            stage.refuse()
        stage.run()
        stage.later(700)
        said = stage.first_line().partition(" (motif")[0]
        assert said.startswith("SIGNÉ" if end == "signed" else "REFUSÉ")
        for name in ("lettre.pdf", "lettre.sign.yaml"):
            stage.write(name, stage.read(name), folder=f"{ROOT}/b")
        stage.run()
        assert stage.first_line(folder=f"{ROOT}/b") == COPY
        stage.lose_journal()
        for _ in range(2):
            stage.clock.advance(4000)
            stage.run()
        assert stage.first_line().partition(" (motif")[0] == said
        assert stage.first_line(folder=f"{ROOT}/b") == COPY
        assert stage.sends() == [1]


def test_one_place_was_asked_for_twice_before_the_loss(tmp_path: Path) -> None:
    """Of the requests that one place had in turn, the last one stands there, whatever was written since."""
    with Town(tmp_path, "plain") as stage:
        stage.drop()
        stage.run()
        stage.refuse()
        stage.run()
        again = ONE + "action: recommencer\n"
        stage.write("lettre.sign.yaml", again)
        stage.run()
        stage.sign()
        stage.run()
        stage.write("lettre.sign.yaml", again + "note: reçue\n")
        stage.run()
        stage.lose_journal()
        for _ in range(3):
            stage.clock.advance(4000)
            stage.run()
        assert stage.first_line() == in_place("lettre")
        assert stage.sends() == [1, 1]


def test_a_copy_of_what_was_asked_anew_before_the_loss(tmp_path: Path) -> None:
    """Where the earlier of two requests ended stands another: what lies elsewhere is its copy, as it was told before;
    it was taken for the request itself, moved, and the folder's overview said « REFUSÉ »."""
    with Town(tmp_path, "plain") as stage:
        stage.dms.person.mkdir(f"{ROOT}/b")
        stage.drop()
        stage.run()
        stage.refuse()
        stage.run()
        for name in ("lettre.pdf", "lettre.sign.yaml", "lettre.signature.txt"):
            stage.write(name, stage.read(name), folder=f"{ROOT}/b")
        stage.run()
        assert stage.first_line(folder=f"{ROOT}/b") == COPY
        stage.write("lettre.sign.yaml", ONE + "action: recommencer\n")
        stage.run()
        stage.lose_journal()
        for _ in range(3):
            stage.clock.advance(4000)
            stage.run()
        assert stage.first_line().startswith("EN COURS")
        assert stage.first_line(folder=f"{ROOT}/b") == COPY
        assert "\n  À CONFIRMER   lettre" in stage.read(OVERVIEWS[0], folder=f"{ROOT}/b").decode()
        assert stage.sends() == [1, 1]


def test_lost_twice_and_told_otherwise_between(tmp_path: Path) -> None:
    """The first new journal knew the older status by its name alone; to the second the place tells whose it is."""
    with Town(tmp_path, "plain") as stage:
        stage.drop()
        stage.run()
        stage.refuse()
        stage.run()
        stage.write("lettre.sign.yaml", ONE + "objet: Autre objet\n")
        stage.write("_signature.yaml", f"puis: Claire Bernard <{CLAIRE}> 06 98 76 54 32\n")
        stage.lose_journal()
        for _ in range(2):
            stage.clock.advance(4000)
            stage.run()
        assert stage.first_line().startswith("À VÉRIFIER")
        stage.write("_signature.yaml", "envoi: non\n")
        stage.lose_journal()
        for _ in range(3):
            stage.clock.advance(4000)
            stage.run()
        assert stage.first_line().startswith("REFUSÉ"), stage.status()
        assert stage.sends() == [1]


def test_another_request_where_one_had_ended_before_the_loss(tmp_path: Path) -> None:
    """The same letter for somebody else, put there afterwards, is what it says: a new request."""
    with Town(tmp_path, "plain") as stage:
        stage.drop()
        stage.run()
        stage.refuse()
        stage.run()
        for name in ("lettre.sign.yaml", "lettre.signature.txt"):
            stage.delete(name)
        stage.run()
        stage.lose_journal()
        stage.clock.advance(4000)
        stage.run()
        stage.write(
            "lettre.sign.yaml", ONE.replace(MARIE, "paul@cabinet.fr").replace("Marie Dupont", "Paul Martin")
        )
        for _ in range(2):
            stage.later(700)
        assert stage.first_line().startswith("EN COURS"), stage.status()
        assert stage.sends() == [1, 1]
