"""The command line itself: usage, exit statuses, what ``check-config`` says; nothing here asks a server."""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer

from connector import __version__, running
from connector.cli import main
from connector.cli.anew import moved_aside, paused_in
from connector.cli.journal_file import copy_journal
from connector.cli.read_only import ReadOnlyFolder, ReadOnlyService, WriteRefused
from connector.cli.reloading import first
from connector.config import load_config
from connector.errors import JournalError, RemoteError, StaleRecordError
from connector.journal import Journal
from connector.journal.store import STRANGE_MARKERS, TROUBLE
from connector.lifecycle import DocumentFacts, Event, State
from connector.ports import Folder, Href, SigningService, TransactionId
from connector.sandbox.demo import command

VERBS = ("run", "tick", "check-config", "connect", "status", "rebuild", "take-over", "pause", "resume", "resolve",
         "cancel", "remind", "retry", "unlock",
         "demo", "version", "show", "forget", "contacts", "contacts import", "contacts list",
         "lint", "preview", "schema", "spending", "doctor", "calibrate", "backup", "restore", "leave", "notify",
         "generate-config")  # fmt: skip
GOOD = """\
config_version: 1
servers: {dms: {url: "https://cloud.lyon.example/dav/", user: signatures, password: {env: JSE_TEST_PASSWORD}}}
platform: {url: "https://sign.example/", shortcut: x, secret: {env: JSE_TEST_SECRET}}
accounts: {lyon: {sender: Cabinet Lyon, owner: chef@lyon.example}}
folders: {letters: {server: dms, path: /Lettres/, account: lyon, send: live}}
"""


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("JSE_CONFIG", "STATE_DIRECTORY", "CREDENTIALS_DIRECTORY", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = before, level


class Called:
    """What one command came to."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: object) -> None:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        self.status = ended.value.code or 0
        self.out, self.err = capsys.readouterr()


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(GOOD)
    return file


def test_the_demo_tells_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    """Each that the demo itself takes, with its meaning: its own help is not reached from here."""
    told = " ".join(Called(capsys, "demo", "--help").out.split()).lower()
    for action in command._parser()._actions:
        assert all(name in told for name in (action.option_strings or [action.dest])), action
        assert (action.help or "").lower() in told or action.dest == "help", action


def test_the_demo_is_given_its_options(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One file alone is refused by the demo itself; a place that is not its own is named, and left alone."""
    monkeypatch.chdir(tmp_path)
    alone = Called(capsys, "demo", "--auto", "lettre.pdf")
    assert (alone.status, "give both a PDF and its request" in alone.err) == (2, True)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "lettre.pdf").write_bytes(b"%PDF")
    other = Called(capsys, "demo", "--auto", "--dir", "taken")
    assert (other.status, "taken" in other.out) == (1, True)
    assert [path.name for path in tmp_path.rglob("*")] == ["taken", "lettre.pdf"]


def test_a_demo_without_its_servers(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Installed as the page says for a service, it names what helps: an extra of the checkout, of no package index."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "wsgidav" else name)
    called = Called(capsys, "demo", "--auto")
    assert (called.status, "wsgidav: not installed" in called.err) == (2, True)
    assert "pipx install --force './jse-connector[sandbox]'" in called.err


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    """Both spellings tell the same."""
    assert (
        Called(capsys, "--version").out == Called(capsys, "version").out == f"jse-connector {__version__}\n"
    )


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_an_example(capsys: pytest.CaptureFixture[str], verb: str) -> None:
    """The help of each verb shows one command that works."""
    called = Called(capsys, *verb.split(), "--help")
    assert called.status == 0
    assert f"Example: jse-connector {verb}" in called.out


def test_help_is_quick() -> None:
    """Help enters no verb's room: neither PDF nor network libraries are loaded."""
    code = (
        "import sys\nfrom connector.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'httpx', 'sqlalchemy', 'pypdf', 'webdav3', 'apscheduler', 'pydantic', 'rich'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["run", "--nonsense"],
        ["connect"],
        ["rebuild"],
        ["--log-level", "loud", "version"],
        ["contacts", "x"],
        ["show"],
        ["forget"],
    ],
)
def test_misuse_is_2(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """A command that cannot be meant ends with 2 and a text on standard error."""
    called = Called(capsys, *arguments)
    assert called.status == 2
    assert called.err
    assert "Traceback" not in called.err


@pytest.mark.parametrize("verb", [["run"], ["tick"], ["tick", "--dry-run"], ["status"], ["pause", "lyon"]])
def test_no_configuration_is_2(capsys: pytest.CaptureFixture[str], tmp_path: Path, verb: list[str]) -> None:
    """Without a configuration nothing begins, and no state directory is made."""
    called = Called(capsys, *verb, "--config", tmp_path / "none.yaml", "--state", tmp_path / "state")
    assert called.status == 2
    assert "No such file" in called.err
    assert list(tmp_path.iterdir()) == []


def test_options_before_and_after_the_verb(capsys: pytest.CaptureFixture[str], good: Path) -> None:
    """``--config`` may stand on either side; the later one wins; $JSE_CONFIG comes last."""
    assert Called(capsys, "--config", good, "check-config").status == 0
    assert Called(capsys, "check-config", "--config", good).status == 0
    assert Called(capsys, "--config", "/nowhere", "check-config", "--config", good).status == 0
    os.environ["JSE_CONFIG"] = str(good)
    try:
        assert Called(capsys, "check-config").status == 0
    finally:
        del os.environ["JSE_CONFIG"]


# ------------------------------------------------------------------------------------- check-config


def test_a_good_file(capsys: pytest.CaptureFixture[str], good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it holds is counted; missing credentials and ignored variables are notes; nothing is written."""
    monkeypatch.setenv("JSE_TEST_PASSWORD", "pass-word-never-shown")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    called = Called(capsys, "check-config", "--offline", good)
    assert called.status == 0
    assert "valid (config_version 1" in called.out
    assert "1 server, 1 account, 1 folder: 1 live" in called.out
    assert "2 secrets, all references: 1 readable here" in called.out
    assert "note: platform.secret: the environment variable JSE_TEST_SECRET is not set" in called.out
    assert "note: HTTPS_PROXY is set and ignored" in called.out
    assert "pass-word" not in called.out + called.err
    assert list(good.parent.iterdir()) == [good]


def test_what_the_policy_means_in_each_folder(capsys: pytest.CaptureFixture[str], good: Path) -> None:
    """Who may ask whom, how much, with whose credit; folders in which the same holds are told together."""
    text = GOOD.replace("servers: {", "servers: {nc: {url: 'https://c.example/remote.php/dav/files/s/', user: s, "
                        "password: {env: P}}, ", 1)  # fmt: skip
    own = "{owners: [alice], allow_domains: [a.fr], max_sends_per_hour: 2, max_sends_per_day: 9}"
    folders = (
        "folders: {one: {server: nc, path: /A/, account: lyon}, two: {server: nc, path: /B/, account: lyon}, "
        f"strict: {{server: nc, path: /C/, account: lyon, send: live, policy: {own}}}, "
    )
    good.write_text(text.replace("folders: {", folders, 1) + "policy: {refuse_domains: [perso.fr]}\n")
    told = Called(capsys, "check-config", good).out.partition("Who may ask:\n")[2]
    assert told == (
        "  one, two\n"
        "      preview only: nothing leaves; spends the credit of lyon, no other\n"
        "      may ask: whoever can write there; nothing leaves from where a public link lets people write, "
        "or that is not told\n"
        "      may be asked: any domain but perso.fr; levels simple\n"
        "      at most: no brake of its own; of the account: lyon 60 a day\n"
        "  strict\n"
        "      live; spends the credit of lyon, no other\n"
        "      may ask: what belongs to alice; nothing leaves from where a public link lets people write, "
        "or that is not told\n"
        "      may be asked: a.fr but perso.fr; levels simple\n"
        "      at most: 2 an hour, 9 a day; of the account: lyon 60 a day\n"
        "  letters\n"
        "      live; spends the credit of lyon, no other\n"
        "      may ask: whoever can write there; public links are not known of (no Nextcloud)\n"
        "      may be asked: any domain but perso.fr; levels simple\n"
        "      at most: no brake of its own; of the account: lyon 60 a day\n"
    )


def test_a_bad_file(capsys: pytest.CaptureFixture[str], good: Path) -> None:
    """Every problem at once, each with its line and path; none of the secrets that stand there."""
    bad = GOOD.replace("password:", "pasword:").replace("account: lyon", "account: lion")
    good.write_text(bad.replace("secret: {env: JSE_TEST_SECRET}", "secret: hunter2"))
    called = Called(capsys, "check-config", good)
    assert called.status == 2
    assert f"{good}: 3 problems" in called.out
    assert 'line 2  servers.dms.pasword\n      unknown key; did you mean "password"?' in called.out
    assert "line 3  platform.secret" in called.out
    assert "line 5  folders.letters.account" in called.out
    assert "hunter2" not in called.out + called.err


def test_the_contract_is_judged_too(capsys: pytest.CaptureFixture[str], good: Path) -> None:
    """What replaces assumptions about the platform is held against the contract."""
    good.write_text(
        GOOD.replace("shortcut: x,", "shortcut: x, contract: {operations: {statsu: {path: /x}}},")
    )
    called = Called(capsys, "check-config", good)
    assert called.status == 2
    assert "platform.contract.operations.statsu" in called.out


def test_a_mirror_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str], good: Path) -> None:
    """A note, no problem: it may be mounted later, and polling does without it."""
    text = good.read_text()
    for wake, told in ((good.parent / "nowhere", True), (good.parent, False)):
        good.write_text(text.replace("account: lyon", f"account: lyon, wake: {wake}"))
        called = Called(capsys, "check-config", good)
        assert called.status == 0
        assert ("note: folders.letters.wake: no such folder here" in called.out) is told


def test_checking_takes_less_than_a_second(good: Path) -> None:
    """As a template's validation it runs often: the whole process, with interpreter, stays short."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "connector", "check-config", good], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Its own work, not the wall clock's time: other tests may run beside this one.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1


# ------------------------------------------------------------------- verbs that need the journal only


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    (tmp_path / "state" / "journal").mkdir(parents=True)
    journal = Journal(
        f"sqlite:///{tmp_path / 'state' / 'journal' / 'journal.sqlite'}", now=lambda: datetime.now(UTC)
    )
    yield journal
    journal.close()


def _add(journal: Journal, state: State, place: str, **fields: object) -> str:
    return journal.add(
        state=state, folder="letters", server="dms", account="lyon", place=place,
        document=DocumentFacts(href=place.replace(".sign.yaml", ".pdf")), **fields,
    ).ref  # fmt: skip


def test_status_without_a_journal(capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path) -> None:
    """It says that there is none, and makes none."""
    called = Called(capsys, "status", "--config", good, "--state", tmp_path / "state")
    assert called.status == 1
    assert "no journal" in called.err
    assert not (tmp_path / "state").exists()


def test_a_dry_run_names_the_journal_that_is_damaged(
    capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the copy it looked at, which is gone when somebody reads this."""
    for name in ("JSE_TEST_PASSWORD", "JSE_TEST_SECRET"):
        monkeypatch.setenv(name, "x")
    file = tmp_path / "state" / "journal" / "journal.sqlite"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"garbage")
    called = Called(capsys, "tick", "--dry-run", "--config", good, "--state", tmp_path / "state")
    assert called.status == 1
    assert f"the journal {file} is damaged" in called.err


def test_status_tells_numbers_and_no_names(
    capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path, journal: Journal
) -> None:
    """Folders, what needs a person, today; for people and for programs; no file name in either."""
    _add(journal, State.REJECTED, "/Lettres/Secret DUPONT.sign.yaml")
    doubt = _add(journal, State.IN_DOUBT, "/Lettres/b.sign.yaml", reason="unanswered")
    _add(journal, State.DELIVERED, "/Lettres/c.sign.yaml", ended_at=datetime.now(UTC), closed=True)
    options = ("--config", good, "--state", tmp_path / "state")
    told = Called(capsys, "status", *options)
    assert told.status == 0
    assert f"jse-connector resolve {doubt}" in told.out
    assert "lyon 0 of 60 sends" in told.out
    as_json = Called(capsys, "status", "--json", *options).out
    assert "DUPONT" not in told.out + as_json
    value = json.loads(as_json)
    assert value["format"] == 1
    assert value["folders"]["letters"] == {
        "send": "live", "waiting": 0, "to correct": 1, "in progress": 0, "signed 30d": 1, "refused/expired": 0,
        "trouble": None, "strange_markers": 0,
    }  # fmt: skip
    assert [row["ref"] for row in value["needs_a_person"]] == [doubt]


def test_status_tells_of_folders_that_rest(
    capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path, journal: Journal
) -> None:
    """Why a folder is left alone, and what somebody has put into its registry, stand among what needs a person."""
    options = ("--config", good, "--state", tmp_path / "state")
    journal.mark_account("folder:letters", TROUBLE, {"text": "it belongs to other-1: it is left alone"})
    journal.mark_account("folder:letters", STRANGE_MARKERS, {"count": 3})
    told = Called(capsys, "status", *options).out
    assert "needs a person" in told
    assert "folder letters  rests: it belongs to other-1: it is left alone" in told
    assert "folder letters  3 markers in its registry are not its own or cannot be read" in told
    value = json.loads(Called(capsys, "status", "--json", *options).out)["folders"]["letters"]
    assert (value["trouble"], value["strange_markers"]) == ("it belongs to other-1: it is left alone", 3)
    journal.mark_account("folder:letters", TROUBLE, {"text": ""})
    journal.mark_account("folder:letters", STRANGE_MARKERS, {"count": 0})
    assert "folder letters" not in Called(capsys, "status", *options).out


def test_status_counts_down_to_the_erasure(
    capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path, journal: Journal
) -> None:
    """What is signed and not home; of what is not even here, from when on the platform erases it."""
    options = ("--config", good, "--state", tmp_path / "state")
    assert "  none     signed but not delivered; nothing is erased" in Called(capsys, "status", *options).out
    for number, (state, day) in enumerate(
        [(State.SEALING, 9), (State.QUARANTINED, 3), (State.DELIVERING, 1)]
    ):
        _add(
            journal, state, f"/Lettres/{number}.sign.yaml", signed_at=datetime(2026, 11, day, 12, tzinfo=UTC)
        )
    told = Called(capsys, "status", *options).out
    assert "3 signed but not delivered, 2 of them not fetched yet" in told
    assert "  03 Dec   the first of those is erased by Jesignexpert" in told
    value = json.loads(Called(capsys, "status", "--json", *options).out)
    assert value["not_delivered"] == {"signed": 3, "not_here": 2, "erased_from": "2026-12-03T12:00:00+00:00"}


def test_pause_and_resume(
    capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path, journal: Journal
) -> None:
    """A pause is a hold of its own kind; only that kind is ended by hand."""
    options = ("--config", good, "--state", tmp_path / "state")
    assert Called(capsys, "pause", "lyon", *options).status == 0
    held = journal.held("lyon")
    assert held is not None
    assert held.cause == "manual"
    assert "jse-connector resume lyon" in Called(capsys, "status", *options).out
    assert Called(capsys, "resume", "lyon", *options).status == 0
    assert journal.held("lyon") is None
    journal.hold("lyon", "no_credit", probe_at=datetime.now(UTC))
    assert Called(capsys, "resume", "lyon", *options).status == 1
    assert journal.held("lyon") is not None
    assert 'no account "lion". Known: lyon.' in Called(capsys, "pause", "lion", *options).err


def test_what_a_running_service_sends_can_be_paused_while_its_file_is_broken(
    capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path, journal: Journal
) -> None:
    """It goes on with what it loaded, and that is what is paused; a name it does not know is said. Where none runs, or
    its journal is elsewhere, the file has to be right."""
    options = ("--config", good, "--state", tmp_path / "state")
    loaded = first(good, load_config(good), datetime.now(UTC))
    good.write_text(GOOD.replace("account: lyon", "acount: lyon"))
    assert Called(capsys, "pause", "lyon", *options).status == 2
    running.keep(tmp_path / "state", replace(loaded, config={**loaded.config, "journal/url": "sqlite:////x"}))
    assert Called(capsys, "pause", "lyon", *options).status == 2
    assert journal.held_accounts() == set()
    running.keep(tmp_path / "state", loaded)
    for subject, held in (
        (("lyon",), "lyon"),
        (("--folder", "letters"), "folder:letters"),
        (("--server", "dms"), "server:dms"),
    ):
        called = Called(capsys, "pause", *subject, *options)
        assert (called.status, held in journal.held_accounts()) == (0, True)
        assert "cannot be used as it is" in called.err
    assert 'no account "lion". Known: lyon.' in Called(capsys, "pause", "lion", *options).err


def test_rebuild_asks_first(
    capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path, journal: Journal
) -> None:
    """Without a person to ask, nothing is released; with --yes, only what was there before."""
    before = _add(journal, State.HELD, "/Lettres/a.sign.yaml", reason="there_before")
    other = _add(journal, State.HELD, "/Lettres/b.sign.yaml", reason="platform_said_no")
    options = ("--launch", "letters", "--config", good, "--state", tmp_path / "state")
    done = subprocess.run(
        [sys.executable, "-m", "connector", "rebuild", *map(str, options)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, "add --yes" in done.stderr) == (2, True)
    dry = Called(capsys, "rebuild", "--dry-run", *options)
    assert (dry.status, before in dry.out, "Nothing was changed." in dry.out) == (0, True, True)
    held = journal.by_ref(before)
    assert held is not None
    assert held.state is State.HELD
    whole = Called(capsys, "rebuild", "--dry-run", "--config", good, "--state", tmp_path / "state")
    assert (whole.status, "would be put aside, whole, and a new one begun" in whole.out) == (0, True)
    assert (tmp_path / "state" / "journal" / "journal.sqlite").is_file()
    assert Called(capsys, "rebuild", "--yes", *options).status == 0
    released, kept = journal.by_ref(before), journal.by_ref(other)
    assert released is not None
    assert kept is not None
    assert (released.state, released.sidecar_etag, kept.state) == (State.WAITING_PDF, None, State.HELD)


def test_rebuild_beside_a_service_that_writes(
    capsys: pytest.CaptureFixture[str],
    good: Path,
    tmp_path: Path,
    journal: Journal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While the administrator thinks, and while requests go, others write: each goes once or is told, none halfway."""
    places = [f"/Lettres/{number}.sign.yaml" for number in range(4)]
    refs = [_add(journal, State.HELD, place, reason="there_before") for place in places]
    journal.begin_watch("letters", "/Lettres/", places)
    first, saved, deleted = (journal.by_ref(ref) for ref in refs[:3])
    assert first
    assert saved
    assert deleted
    ended = threading.Event()

    def writes() -> None:
        with closing(
            Journal(f"sqlite:///{tmp_path}/state/journal/journal.sqlite", now=lambda: datetime.now(UTC))
        ) as own:
            while not ended.wait(0.005):
                with suppress(StaleRecordError):
                    own.note(own.get(first.id), "looked at")

    service = threading.Thread(target=writes)

    def thinks(_question: str) -> bool:
        service.start()
        journal.note(saved, "saved again")
        journal.fact(deleted, Event.WITHDRAWN)
        return True

    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(typer, "confirm", thinks)
    options = ("--launch", "letters", "--config", good, "--state", tmp_path / "state")
    try:
        told = Called(capsys, "rebuild", *options)
    finally:
        ended.set()
        service.join()
    assert (told.status, "changed meanwhile" in told.err) == (0, False)
    assert "3 requests are judged anew at the next pass." in told.out
    assert "1 of those asked about are not held for that any more" in told.out
    states = [record.state for ref in refs if (record := journal.by_ref(ref))]
    assert states == [State.WAITING_PDF, State.WAITING_PDF, State.WITHDRAWN, State.WAITING_PDF]
    watch = journal.watched("letters")
    assert watch is not None
    assert watch.there_before == {places[2]}


WORKS_UNTIL_KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from connector.journal import Journal
journal = Journal(sys.argv[1], now=lambda: datetime.now(UTC))
journal.hold("folder:letters", "manual", probe_at=datetime(2100, 1, 1, tzinfo=UTC))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_rebuild_after_a_kill(capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path) -> None:
    """The killed process's log is read, and gone before the journal is: the whole is put aside, and pauses stay."""
    state = tmp_path / "state"
    options = ("--config", good, "--state", state)
    for verb in ("rebuild", "--yes"), ("pause", "lyon"):
        assert Called(capsys, *verb, *options).status == 0
    file = state / "journal" / "journal.sqlite"
    subprocess.run([sys.executable, "-c", WORKS_UNTIL_KILLED, f"sqlite:///{file}"], check=False, timeout=60)
    assert file.with_name("journal.sqlite-wal").stat().st_size
    begun = Called(capsys, "rebuild", "--yes", *options)
    assert (begun.status, begun.err) == (0, "")
    (aside,) = file.parent.glob("aside-*")
    assert paused_in(aside / file.name) == paused_in(file) == ["folder:letters", "lyon"]
    assert file.stat().st_mode & 0o777 == 0o600
    assert not list(file.parent.glob(f"{file.name}.*")), "nothing half made is left"


def test_a_journal_goes_aside_whole_or_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one file cannot be moved, those that were are put back; one that has gone meanwhile stops nothing."""
    file = tmp_path / "journal.sqlite"
    parts = {file.name: b"facts", f"{file.name}-wal": b"log", f"{file.name}-shm": b"index"}
    for name, data in parts.items():
        (tmp_path / name).write_bytes(data)
    real = Path.rename

    def broken(path: Path, target: Path) -> Path:
        if path == tmp_path / f"{file.name}-shm":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(path, target)

    def gone(path: Path, target: Path) -> Path:
        if path == tmp_path / f"{file.name}-wal":
            path.unlink()
        return real(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", broken)
        with pytest.raises(JournalError, match="cannot be moved"):
            moved_aside(file)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == parts
    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", gone)
        aside = moved_aside(file)
    assert aside is not None
    assert {path.name for path in aside.iterdir()} == parts.keys() - {f"{file.name}-wal"}
    assert list(tmp_path.iterdir()) == [aside]


@pytest.mark.parametrize(
    ("more", "there"),
    [
        ("", "127.0.0.1:9. Look at platform.url"),
        (", proxy: 'http://localhost:9'", "127.0.0.1:9 through the proxy localhost:9. Look at platform.url"),
    ],
)
def test_nobody_there_to_connect_with(
    capsys: pytest.CaptureFixture[str],
    good: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    more: str,
    there: str,
) -> None:
    """Whom it asked in vain, and what to look at."""
    monkeypatch.setenv("JSE_TEST_SECRET", "geheim")
    good.write_text(
        GOOD.replace("https://sign.example/", "http://127.0.0.1:9/").replace(
            "shortcut: x", f"shortcut: x{more}"
        )
    )
    called = Called(capsys, "connect", "lyon", "--config", good, "--state", tmp_path / "state")
    assert called.status == 1
    assert there in called.err
    assert "jse-connector doctor" in called.err


def test_resolve_knows_what_it_may(
    capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path, journal: Journal
) -> None:
    """Only a request in doubt, and only with an answer."""
    ref = _add(journal, State.IN_PROGRESS, "/Lettres/a.sign.yaml")
    options = ("--config", good, "--state", tmp_path / "state")
    assert Called(capsys, "resolve", ref, *options).status == 2
    assert "is not in doubt; it is in_progress" in Called(capsys, "resolve", ref, "--sent", *options).err
    assert "no request ZZZZZZ" in Called(capsys, "resolve", "zzzzzz", "--sent", *options).err


# -------------------------------------------------------------------------------- what a dry run uses


@pytest.mark.parametrize("running", [False, True])
def test_a_copy_of_the_journal(tmp_path: Path, journal: Journal, running: bool) -> None:
    """The copy holds all that was committed, the write-ahead log's part too; no file of the original changes."""
    ref = _add(journal, State.WAITING, "/Lettres/a.sign.yaml")
    directory = tmp_path / "state" / "journal"
    lock = directory / "lock"
    held = None
    if running:
        import fcntl

        held = lock.open("w")
        fcntl.flock(held, fcntl.LOCK_EX)
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    assert before["journal.sqlite-wal"]
    copy_journal(directory / "journal.sqlite", tmp_path / "copy.sqlite", lock=lock)
    after = {path.name: path.read_bytes() for path in directory.iterdir()}
    if held is not None:
        held.close()
        after["journal.sqlite-shm"] = before["journal.sqlite-shm"]  # SQLite's own note of who reads
    assert after == before
    copied = Journal(f"sqlite:///{tmp_path / 'copy.sqlite'}", now=lambda: datetime.now(UTC))
    assert copied.by_ref(ref) is not None
    copied.close()


class _Untouchable:
    """Answers no call at all."""

    name = "x"

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"{name} was called")


def test_every_write_is_refused() -> None:
    """Whatever the ports may write, a dry run's parts refuse before anything is asked; and it is no remote error."""
    reads = {
        "capabilities",
        "reconnect",
        "stat",
        "list",
        "walk",
        "survey",
        "open_itself",
        "open_above",
        "get",
        "find_by_id",
        "versions",
        "get_version",
        "locked_by",
        "is_being_edited",
        "versions_are_its_writers",
        "annotations",  # none at all: nothing can be hung
    }
    folder = ReadOnlyFolder(_Untouchable())  # type: ignore[arg-type]
    assert folder.annotations() is None  # type: ignore[func-returns-value]
    for name in {name for name in vars(Folder) if not name.startswith("_")} - reads:
        arguments, named = _ARGUMENTS[name]
        with pytest.raises(WriteRefused, match=name):
            getattr(folder, name)(*arguments, **named)
    service = ReadOnlyService(_Untouchable())  # type: ignore[arg-type]
    for name in {n for n in vars(SigningService) if not n.startswith("_")} - {
        "status",
        "download",
        "attestation",
    }:
        arguments, named = _ARGUMENTS[name] if name != "create" else ([None], {})
        with pytest.raises(WriteRefused, match=name):
            getattr(service, name)(*arguments, **named)
    assert not issubclass(WriteRefused, RemoteError)


_HREF, _TRANSACTION = Href("/x"), TransactionId("t")
_ARGUMENTS: dict[str, tuple[list[object], dict[str, object]]] = {
    "create": ([_HREF, b""], {}),
    "replace": ([_HREF, b""], {"etag": "e"}),
    "replace_as_version": ([_HREF, Path("/x")], {"etag": "e", "upload": "u"}),
    "move": ([_HREF, _HREF], {}),
    "delete": ([_HREF], {}),
    "make_folder": ([_HREF], {}),
    "label_version": (["1", "2", "l"], {}),
    "lock": ([_HREF], {"note": "n"}),
    "unlock": ([_HREF], {"note": "n"}),
    "upload": ([_TRANSACTION, 1, "x", Path("/x"), []], {}),
    "add_signatory": ([_TRANSACTION, None], {}),
    "send": ([_TRANSACTION], {}),
    "leave_as_draft": ([_TRANSACTION], {}),
    "cancel": ([_TRANSACTION], {}),
    "remind": ([_TRANSACTION], {}),
}


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_name_that_no_terminal_can_write_ends_no_verb(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names of files need not be UTF-8 (``Facture %E9.pdf`` of an old server): --names tells them all the same."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding, write_through=True))
    with pytest.raises(SystemExit):
        main(["version"])
    print("/Lettres/Facture \udce9 é.pdf")
    assert b"/Lettres/Facture \\udce9 " in written.getvalue()


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_lead_nowhere(
    good: Path, tmp_path: Path, journal: Journal, closed: str
) -> None:
    """A cron job, a hook or a monitor may close them: the verb does its work, says what it can, and ends as ever."""
    call = f"{sys.executable} -m connector status --config {good} --state {tmp_path / 'state'} {closed}"
    done = subprocess.run(["/bin/sh", "-c", call], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert ("letters" in done.stdout) is (closed == "2>&-")


def test_every_secret_that_is_wanting_is_said_at_the_start(
    capsys: pytest.CaptureFixture[str], good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One start tells all of them, as the configuration's own mistakes: not one more after each repair."""
    for name in ("JSE_TEST_PASSWORD", "JSE_TEST_SECRET"):
        monkeypatch.delenv(name, raising=False)
    for verb in ("run", "tick"):
        called = Called(capsys, verb, "--config", good, "--state", tmp_path / "state")
        assert called.status == 2
        assert "servers.dms.password" in called.err
        assert "platform.secret" in called.err
