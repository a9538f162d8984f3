"""``status``, ``show`` and ``spending`` on a journal as two firms fill it: pages, lines, JSON, and who may read."""

from __future__ import annotations

import csv
import json
import os
import pty
import select
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer

from connector import running
from connector.cli import common, main
from connector.cli.show_found import found_by
from connector.cli.spending import HEAD, as_csv, counted, months
from connector.cli.status import look, verdict
from connector.cli.status_schema import status_schema
from connector.cli.status_text import lines
from connector.cli.wiring import State as StateDirectory
from connector.cli.wiring import single_instance
from connector.config import load_config
from connector.errors import AccessDenied, JournalError, NotConnected, Unavailable
from connector.jesignexpert.tokens import Tokens, TokenStore
from connector.journal import Journal
from connector.lifecycle import DocumentFacts, Event, SignatoryFacts, State
from connector.metrics import vitals
from connector.metrics.health import ailments
from connector.metrics.vitals import Reason, Vitals
from tests import disks

CONFIG = """\
config_version: 1
servers:
  cloud: {url: "https://cloud.lyon.example/dav/", user: s, password: {env: JSE_TEST_PASSWORD}}
  nas: {url: "https://nas.annecy.example/dav/", user: s, password: {env: JSE_TEST_PASSWORD}}
platform: {url: "https://sign.example/", shortcut: x, secret: {env: JSE_TEST_SECRET}}
accounts:
  lyon: {sender: Cabinet Lyon, owner: chef@lyon.example}
  annecy: {sender: Cabinet Annecy, owner: chef@annecy.example}
folders:
  lyon-letters: {server: cloud, path: /Lettres/, account: lyon, send: live}
  lyon-clients: {server: cloud, path: /Clients/, account: lyon, send: live}
  annecy: {server: nas, path: /Signatures/, account: annecy}
"""
NOW = datetime(2026, 11, 23, 10, 2, 41, tzinfo=UTC)
CLIENT = "Lettre DUPONT"


class World:
    """A state directory with a journal, tokens and vitals; its clock stands."""

    def __init__(self, directory: Path) -> None:
        self.now = NOW
        self.file = directory / "config.yaml"
        self.file.write_text(CONFIG)
        self.config = load_config(CONFIG)
        self.state = StateDirectory(directory=directory / "state")
        self.state.make()
        self.journal = Journal(self.state.journal_url, now=lambda: self.now)
        self.vitals = Vitals(self.state.directory / vitals.FILE, now=lambda: self.now, zone=self.config.zone)
        self.vitals.known(["server:cloud", "server:nas", "account:lyon", "account:annecy"])

    @property
    def settings(self) -> common.Settings:
        return common.Settings(config=self.file, state=self.state.directory)

    def at(self, moment: datetime) -> World:
        self.now = moment
        return self

    def add(self, state: State, folder: str = "lyon-letters", name: str = "x", **fields: Any) -> str:
        account = "annecy" if folder == "annecy" else "lyon"
        fields = {"document": DocumentFacts(href=f"/F/{name}.pdf"), **fields}
        server = "nas" if folder == "annecy" else "cloud"
        place = f"/F/{name}.sign.yaml"
        return self.journal.add(
            state=state, folder=folder, server=server, account=account, place=place, **fields
        ).ref

    def connect(self, account: str, until: datetime | None = None) -> None:
        tokens = Tokens(office="o", office_name="Cabinet", user="u", expires_at=until)
        TokenStore(self.state.directory / "tokens").save(account, tokens)

    def told(self, **options: Any) -> dict[str, Any]:
        return look(self.settings, self.config, **options)

    def page(self, width: int, told: dict[str, Any]) -> str:
        return "\n".join(lines(told, self.config.zone, width))


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("JSE_CONFIG", "STATE_DIRECTORY", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)

    class Frozen(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return made.now.astimezone(tz)

    made = World(tmp_path)
    monkeypatch.setattr("connector.cli.status.datetime", Frozen)
    with closing(made.journal):
        yield made


def ordinary(world: World) -> dict[str, str]:
    """The morning of ux page 6.4."""
    begun = datetime(2026, 11, 20, 13, 3, tzinfo=UTC)
    world.at(begun)
    world.vitals = Vitals(world.state.directory / vitals.FILE, now=lambda: world.now, zone=world.config.zone)
    world.vitals.known(["server:cloud", "server:nas"])
    world.connect("lyon", datetime(2026, 11, 27, 9, tzinfo=UTC))
    lapse = datetime(2026, 12, 7, 23, 30, tzinfo=UTC)  # in Paris that is the 8th
    marie = SignatoryFacts(order=1, email="m@x.fr", name="Marie", reminded_at=(NOW,))
    for number in range(9):
        soon = {"expires_at": lapse, "signatories": (marie,)} if number < 3 else {}
        world.add(State.IN_PROGRESS, name=f"p{number}", **soon)
    for number in range(4):
        world.add(State.IN_PROGRESS, "lyon-clients", f"c{number}")
    world.add(State.WAITING_PDF, name="w")
    problems = ({"code": "phone_missing", "values": {}}, {"code": "size_over_limit", "values": {}})
    world.add(State.REJECTED, name=CLIENT, problems=problems[:1])
    world.add(State.REJECTED, name="r2", problems=problems)
    for number in range(6):
        world.add(State.PREVIEWED, "annecy", f"a{number}")
    for number in range(27):
        world.add(State.DELIVERED, name=f"d{number}", closed=True)
    world.add(State.EXPIRED, name="e", closed=True)
    world.at(datetime(2026, 11, 23, 8, 14, tzinfo=UTC))
    doubt = world.add(State.IN_DOUBT, name="q", reason="send_unanswered")
    world.journal.hold("annecy", "tokens", probe_at=world.now)
    world.at(NOW - timedelta(seconds=4))
    world.vitals.passed("server:nas", took_s=0.4)
    world.vitals.passed("server:cloud", took_s=1.1)
    world.vitals.plans = lambda: {
        "server:cloud": vitals.Plan(
            next_at=NOW + timedelta(seconds=26), busy=False, stirred_at=None, late=False
        )
    }
    world.vitals.made = lambda: {"cloud": {"207": 800, "200": 12}, "nas": {"207": 240}}
    world.vitals.keep()
    world.at(NOW)
    return {"doubt": doubt}


PAGE_80 = """\
up since 20 Nov 14:03 - last pass 4 s ago, took 1.1 s - next in 26 s

folder        send     waiting to correct in progress signed 30d refused/expired
lyon-letters  live           1          2           9         27               1
lyon-clients  live           0          0           4          0               0
annecy        preview        6          0           -          -               -

needs a person
  {doubt}  in doubt  lyon-letters   since 09:14  jse-connector resolve {doubt}
  annecy  account   not connected  since 09:14
          jse-connector connect annecy --mail
told in the folder, nothing for you to do
  2 to correct (phone, size), 1 waits for its PDF, 6 shown, waiting for a word
soon
  27 Nov   login of account lyon ends       jse-connector connect lyon --mail
  08 Dec   3 requests expire                reminders sent
  none     signed but not delivered; nothing is erased by Jesignexpert before
           23 Dec
today
  lyon 0 of 60 sends; annecy 0 of 60 sends; DMS requests 812 (cloud), 240 (nas);
    0 refused logins"""


def test_the_page(world: World) -> None:
    """As ux page 6.4 has it, in 80 columns; in 120 each thing on its line; names only where asked for."""
    refs = ordinary(world)
    with single_instance(world.state):
        told = world.told()
        named = world.told(names=True)
    assert world.page(80, told) == PAGE_80.format(**refs)
    wide = world.page(120, told)
    assert max(map(len, wide.splitlines())) <= 120
    assert (
        "  annecy  account                     not connected  since 09:14  jse-connector connect annecy --mail"
        in wide
    )
    narrow = world.page(60, told).splitlines()
    assert [line for line in narrow if line == "lyon-letters"]
    assert "/F/" not in world.page(120, told) + json.dumps(told)
    assert "/F/q.pdf" in world.page(120, named)


def test_what_was_there_before_says_so(world: World) -> None:
    """Why a request is held decides what to do: in 80 columns, too, with the command for all of its folder."""
    ref = world.add(State.HELD, reason="there_before")
    page = world.page(80, world.told())
    assert f"  {ref}  held (there_before)  lyon-letters" in page
    assert "jse-connector rebuild --launch lyon-letters" in page


def test_the_json_is_as_its_schema_says(world: World) -> None:
    """Format 1, with and without what may be missing."""
    check = jsonschema.Draft202012Validator(
        status_schema(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    check.validate(world.told())
    refs = ordinary(world)
    with single_instance(world.state):
        told = world.told(names=True)
    check.validate(told)
    assert told["format"] == 1
    assert told["needs_a_person"][0]["command"] == f"jse-connector resolve {refs['doubt']}"
    assert told["told_in_the_folder"]["kinds"] == {"phone": 2, "size": 1}
    assert told["soon"]["expire"] == [{"day": "2026-12-08", "requests": 3, "reminded": 3}]
    assert told["servers"]["cloud"]["requests_today"] == 812
    broken = {**told, "folders": {"x": {"send": "perhaps"}}}
    assert not check.is_valid(broken)


def test_a_configuration_that_is_not_worked_with(world: World) -> None:
    """Refused, waiting for a start, or without a folder that has requests: told where somebody looks for it."""
    well(world)
    started = running.process_start(os.getpid())
    kept = running.Running(
        version="x", pid=os.getpid(), pid_started=started, started_at=NOW, loaded_at=NOW, file="c.yaml", config={},
        refused=("c.yaml:12: folders.x.account: no such account",), refused_since=NOW, waiting=("metrics",),
        unwatched=("folder:old",),
    )  # fmt: skip
    running.keep(world.state.directory, kept)
    with single_instance(world.state):
        told = world.told()
        page = world.page(80, told)
    jsonschema.Draft202012Validator(status_schema()).validate(told)
    assert "  file  config  refused  since 11:02  jse-connector check-config" in page
    assert "c.yaml:12: folders.x.account: no such account" in page
    assert "takes effect at the next start: metrics" in page
    assert "folder:old" in page
    line, good = verdict(told, world.config)
    assert (good, "configuration file is refused" in line) == (False, True)


def test_nothing_is_written_by_looking(world: World) -> None:
    """Not one file is made, changed or touched beside a journal that nobody works on."""
    ordinary(world)
    world.journal.close()

    def there() -> dict[str, tuple[int, int]]:
        found = world.state.directory.rglob("*")
        return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in found}

    before = there()
    assert "not running" in world.page(80, world.told())
    assert there() == before


@pytest.mark.parametrize("size", ["64k", "400k"])
def test_no_room_for_the_copy_that_is_looked_at(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: str
) -> None:
    """It is that disk which is named: with the journal all is well."""
    ordinary(world)
    world.journal.close()
    with disks.in_memory(tmp_path / "small", size) as small:
        monkeypatch.setattr(tempfile, "tempdir", str(small))
        with pytest.raises(JournalError, match=f"its copy finds no room in {small}") as told:
            world.told()
    assert "cannot be written" not in str(told.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
@pytest.mark.parametrize("running", [True, False], ids=["beside the service", "without it"])
def test_another_user_may_look(world: World, running: bool) -> None:
    """Whoever may read the state directory sees the same, though they can write nowhere in it."""
    ordinary(world)
    world.page(80, world.told())  # all that is needed is imported: that user may not reach it
    if not running:
        world.journal.close()
    for path in (world.file.parent, *world.file.parent.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    # Those that pytest made, one more of them where it runs in several processes.
    above = [path for path in world.file.parent.parents if path.stat().st_mode & 0o077 == 0]
    modes = [path.stat().st_mode for path in above]
    for path in above:
        path.chmod(0o755)

    def ask() -> str:
        receiving, sending = os.pipe()
        child = os.fork()
        if not child:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            try:
                with os.fdopen(sending, "w") as stream:
                    stream.write(world.page(80, world.told()))
            finally:
                os._exit(0)
        os.close(sending)
        with os.fdopen(receiving) as stream:
            said = stream.read()
        os.waitpid(child, 0)
        return said

    try:
        if running:
            with single_instance(world.state):
                (world.state.directory / "journal" / "lock").chmod(0o644)
                said = ask()
        else:
            said = ask()
    finally:
        for path, mode in zip(above, modes, strict=True):
            path.chmod(mode)
    assert "lyon-letters  live           1          2           9         27" in said


def test_a_read_only_journal_refuses_writes(world: World) -> None:
    """Opened to be looked at, it looks at nothing else, and says which newer or older release it is of."""
    ordinary(world)
    with closing(Journal(world.state.journal_url, now=lambda: NOW, read_only=True)) as seen:
        assert len(seen.standing(["cloud", "nas"])) == 6
        with pytest.raises(Exception, match=r"cannot be written"):
            seen.hold("lyon", "manual", probe_at=NOW)


def test_a_journal_of_an_older_release(world: World) -> None:
    """It is brought up to date in a copy alone; beside a service that has not begun yet, that is said."""
    ordinary(world)
    world.journal.close()
    file = world.state.directory / "journal" / "journal.sqlite"
    with closing(sqlite3.connect(file)) as older:
        older.execute("DROP TABLE whereabouts")
        older.execute("UPDATE meta SET value = '2' WHERE name = 'schema'")
        older.execute("DROP TABLE overview")
        older.commit()
    assert world.told()["folders"]["lyon-letters"]["in progress"] == 9
    with closing(sqlite3.connect(file)) as left:
        assert left.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone() == ("2",)
    with single_instance(world.state), pytest.raises(JournalError, match="next start of the service"):
        world.told()


# -------------------------------------------------------------------------------------------- --check


def well(world: World) -> None:
    world.connect("lyon")
    world.connect("annecy")
    world.vitals.passed("server:cloud", took_s=1)
    world.vitals.passed("server:nas", took_s=1)
    world.vitals.keep()


def checked(world: World, **options: Any) -> tuple[str, bool]:
    with single_instance(world.state):
        return verdict(world.told(**options), world.config)


def test_all_is_well(world: World) -> None:
    """One line, with what a person who reads it wants to know first."""
    well(world)
    world.add(State.IN_PROGRESS)
    line, good = checked(world)
    assert (line, good) == (
        "ok: last pass 0 s ago, took 1.0 s; 0 waiting, 0 to correct, 1 in progress", True,
    )  # fmt: skip


def test_a_service_that_is_not_there(world: World) -> None:
    """Killed, or ended: since when."""
    well(world)
    world.at(NOW + timedelta(hours=2))
    line, good = verdict(world.told(), world.config)
    assert not good
    assert "the service is not running since 23 Nov 2026 11:02" in line


@pytest.mark.parametrize(
    ("error", "later", "good"),
    [
        (AccessDenied("refused", service="cloud", status=401), timedelta(0), False),
        (NotConnected("away", service="cloud"), timedelta(minutes=4), True),
        (NotConnected("away", service="cloud"), timedelta(minutes=6), False),
    ],
    ids=["a refused login at once", "a moment away", "away"],
)
def test_a_blind_server(world: World, error: Exception, later: timedelta, good: bool) -> None:
    """active (running) is not enough: what it cannot see, it does not serve."""
    well(world)
    world.at(NOW + later)
    world.vitals.passed("server:nas", took_s=1)
    world.vitals.passed("server:cloud", took_s=10, error=error)
    world.vitals.keep()
    line, found = checked(world)
    assert found is good
    assert ("server cloud is out of sight" in line) is not good
    if good:
        return
    assert "server  " in world.page(80, world.told())
    world.vitals.passed("server:cloud", took_s=1)
    world.vitals.keep()
    assert checked(world)[1]


def test_a_last_pass_that_is_too_old(world: World) -> None:
    """Without a plan for later; what --max-age says counts whatever is planned."""
    well(world)
    world.at(NOW + timedelta(minutes=20))
    world.vitals.keep()
    line, good = checked(world)
    assert not good
    assert "server cloud: last looked at 20 min ago" in line
    plan = vitals.Plan(next_at=NOW + timedelta(minutes=60), busy=False, stirred_at=None, late=False)
    world.vitals.plans = lambda: {"server:cloud": plan, "server:nas": plan}
    world.vitals.resting({})
    world.at(world.now + timedelta(minutes=1))
    world.vitals.keep()
    assert checked(world)[1], "an hour between two passes is what was configured"
    assert not checked(world, max_age=timedelta(minutes=15))[1]


def test_a_service_without_a_sign_of_life(world: World) -> None:
    """It holds the journal and writes nothing: it hangs."""
    well(world)
    world.at(NOW + timedelta(minutes=4))
    line, good = checked(world)
    assert not good
    assert "gave no sign of life for 4 min" in line


def test_what_a_monitor_need_not_hear(world: World) -> None:
    """A pause by hand was meant; a doubt, a missing login and a folder that rests were not."""
    well(world)
    world.journal.hold("lyon", "manual", probe_at=NOW)
    assert checked(world)[1]
    world.journal.hold("lyon", "no_credit", probe_at=NOW)
    assert "account lyon rests: no_credit" in checked(world)[0]
    world.journal.release("lyon")
    ref = world.add(State.IN_DOUBT)
    assert f"{ref} in doubt (jse-connector resolve {ref})" in checked(world)[0]


def test_a_tick_is_judged_by_its_last_one(world: World) -> None:
    """Run by a timer nothing runs in between, and nothing is wrong with that for as long as it comes again."""
    world.connect("lyon")
    world.connect("annecy")
    ticked = Vitals(
        world.state.directory / vitals.FILE, now=lambda: world.now, zone=world.config.zone, kind="tick"
    )
    ticked.known(["server:cloud", "server:nas"])
    for server in ("cloud", "nas"):
        ticked.passed(f"server:{server}", took_s=1)
    ticked.ended()
    world.at(NOW + timedelta(minutes=10))
    assert verdict(world.told(), world.config)[1]
    assert "run by a timer - last pass 10 min ago" in world.page(80, world.told())
    world.at(NOW + timedelta(minutes=30))
    assert not verdict(world.told(), world.config)[1]
    assert verdict(world.told(max_age=timedelta(hours=1)), world.config)[1]


def test_check_as_a_command(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """The exit status is the answer; one line even where there is no journal at all."""
    well(world)
    options = ["--config", str(world.file), "--state", str(world.state.directory)]
    with single_instance(world.state), pytest.raises(SystemExit) as ended:
        main(["status", "--check", *options])
    assert ended.value.code in {0, None}
    with pytest.raises(SystemExit) as ended:
        main(["status", "--check", *options[:3], str(world.state.directory / "none")])
    assert ended.value.code == 1
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 2
    assert out[1].startswith("FAILED: no journal at ")
    for misuse in (["--check", "--json"], ["--max-age", "1h"], ["--check", "--max-age", "soon"]):
        with pytest.raises(SystemExit) as ended:
            main(["status", *misuse, *options])
        assert ended.value.code == 2
    world.file.write_text(world.file.read_text().replace("folders:", "foldres:", 1))
    with pytest.raises(SystemExit) as ended:
        main(["status", "--check", *options])
    assert ended.value.code == 1, "a monitor learns of a bad edit as of everything else"
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("FAILED: the configuration cannot be used: ")
    assert "foldres" in line or "folders" in line


# ---------------------------------------------------------------------------------------------- vitals


def test_a_clock_that_was_ahead_hides_no_blindness(world: World) -> None:
    """A server that was seen last « in a year » and is away now is told of after minutes, not after that year."""
    here = Vitals(None, now=lambda: world.now, zone=world.config.zone)
    here.known(["server:cloud"])
    world.at(NOW + timedelta(days=400))
    here.passed("server:cloud", took_s=1)
    world.at(NOW)
    away = Unavailable("no answer", service="cloud", operation="look")
    here.passed("server:cloud", took_s=1, error=away)
    found = ailments(here.look(), NOW + timedelta(minutes=6))
    assert [one.code for one in found if one.name == "cloud"] == ["blind"]


def test_what_is_counted_today(world: World) -> None:
    """A restart goes on counting, midnight begins anew; only when something was last seen outlives the process."""
    file = world.state.directory / vitals.FILE
    made = {"cloud": {"207": 5, "401": 1}}

    def life() -> Vitals:
        one = Vitals(file, now=lambda: world.now, zone=world.config.zone)
        one.made = lambda: made
        one.known(["server:cloud"])
        return one

    first = life()
    first.passed("server:cloud", took_s=1)
    first.ended()
    second = life()
    assert second.look().today.requests == {"cloud": 12}
    assert second.look().today.refused == {"cloud": 2}
    side = second.look().sides["server:cloud"]
    assert (side.looked_at, side.passed_at) == (NOW, None)
    world.at(NOW + timedelta(days=1))
    second.look()
    made["cloud"] = {"207": 9, "401": 1}
    assert second.look().today.requests == {"cloud": 4}
    file.write_text("{")
    assert vitals.read(file) is None


def test_why_a_server_rests_is_a_word(world: World) -> None:
    """Whatever the obstacle says, the label says one of a closed list."""
    assert Reason.of(AccessDenied("x", status=403)) is Reason.ACCESS_DENIED
    assert Reason.of(NotConnected("x")) is Reason.UNREACHABLE
    world.vitals.passed("server:cloud", took_s=1, blind=True, text="lettres: it cannot be worked in")
    side = world.vitals.look().sides["server:cloud"]
    assert (side.reason, side.looked_at) == (Reason.NOT_WORKABLE, None)


# --------------------------------------------------------------------------------------------- --watch


def watched(world: World) -> list[str]:
    return [
        sys.executable, "-m", "connector", "status", "--watch",
        "--config", str(world.file), "--state", str(world.state.directory),
    ]  # fmt: skip


def test_watching_at_a_terminal_ends_with_q(world: World) -> None:
    """It draws the page and goes when asked to; the terminal is left as it was."""
    ordinary(world)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        watched(world), stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm"}
    )
    os.close(theirs)
    seen = b""
    try:
        until = time.monotonic() + 60
        while b"q: quit" not in seen and time.monotonic() < until:
            if select.select([ours], [], [], 1)[0]:
                seen += os.read(ours, 65_536)
        os.write(ours, b"q")
        while process.poll() is None and time.monotonic() < until:
            if select.select([ours], [], [], 0.1)[0]:
                with suppress(OSError):  # the other end has gone
                    seen += os.read(ours, 65_536)
        with suppress(OSError):
            seen += os.read(ours, 65_536)
        assert process.wait(10) == 0
    finally:
        process.kill()
        os.close(ours)
    assert b"lyon-letters" in seen
    assert b"\x1b[?1049h" in seen
    assert b"\x1b[?1049l" in seen


def test_watching_in_a_pipe_is_plain_lines(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line whenever something has changed, and none in between."""
    well(world)
    said: list[str] = []
    rounds = iter([None, lambda: world.add(State.IN_DOUBT), None, KeyboardInterrupt])

    def sleep(_seconds: float) -> None:
        step = next(rounds)
        if step is KeyboardInterrupt:
            raise KeyboardInterrupt
        if step is not None:
            step()

    monkeypatch.setattr("connector.cli.status.time.sleep", sleep)
    monkeypatch.setattr("builtins.print", lambda line, **_: said.append(line))
    with single_instance(world.state), pytest.raises(SystemExit):
        main(["status", "--watch", *watched(world)[5:]])
    assert len(said) == 2
    assert " ok: " in said[0]
    assert " FAILED: " in said[1]
    assert "\x1b" not in "".join(said)


# -------------------------------------------------------------------------------------------- spending


def spent(world: World) -> None:
    marie = SignatoryFacts(order=1, email="marie@x.fr", name="Marie", invited_at=NOW)
    two = {"signatories": (marie, marie.model_copy(update={"order": 2}))}
    december = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)  # in Paris
    world.add(State.DELIVERED, name="a", sent_at=NOW, signed_at=NOW, closed=True, **two)
    world.add(State.IN_PROGRESS, name="b", sent_at=NOW, **two)
    world.add(State.IN_PROGRESS, "annecy", "c", sent_at=december, **two)
    world.add(State.IN_DOUBT, name="d", sent_at=NOW)
    world.add(State.DRAFT, name="e", sent_at=NOW, extra={"kind": "draft"})
    world.add(State.EXPIRED, name="f", sent_at=NOW, extra={"kind": "draft"}, closed=True)
    world.add(State.REJECTED, name="g")
    world.add(State.DELIVERED, name="h", sent_at=datetime(2025, 1, 5, tzinfo=UTC), signed_at=NOW, **two)


def test_what_left_is_counted(world: World) -> None:
    """By month of the people's calendar, account and folder; what never left and what is a draft counts for itself."""
    spent(world)
    rows = counted(world.journal, world.config.zone, "2026-01", "2026-12")
    assert [row.cells() for row in rows] == [
        ("2026-11", "lyon", "lyon-letters", 2, 4, 1, 1, 2),
        ("2026-12", "annecy", "annecy", 1, 2, 0, 0, 0),
    ]
    assert len(counted(world.journal, world.config.zone, "2025-01", "2026-12")) == 3
    assert counted(world.journal, world.config.zone, "2024-01", "2024-12") == []


def test_the_csv_is_one_that_a_french_excel_opens(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mark, semicolons, CRLF: a double click is enough. Requests are counted, and called so."""
    spent(world)
    rows = counted(world.journal, world.config.zone, "2026-11", "2026-11")
    data = as_csv(rows)
    assert data.startswith(b"\xef\xbb\xbfmonth;account;folder;requests sent;")
    assert data.count(b"\r\n") == 2
    read = list(csv.reader(data.decode("utf-8-sig").splitlines(), delimiter=";"))
    assert read == [list(HEAD), [str(cell) for cell in rows[0].cells()]]
    options = ["--config", str(world.file), "--state", str(world.state.directory), "--month", "2026-11"]
    with pytest.raises(SystemExit):
        main(["spending", *options, "--csv", str(tmp_path / "s.csv")])
    assert (tmp_path / "s.csv").read_bytes() == data
    with pytest.raises(SystemExit):
        main(["spending", *options])
    out = capsys.readouterr().out
    assert "requests, not credits" in out
    assert "marie" not in out.casefold()


def test_which_months_are_meant() -> None:
    """A year back by default."""
    today = datetime(2026, 11, 23, tzinfo=UTC).date()
    assert months(None, None, today) == ("2025-12", "2026-11")
    assert months("2026-02", None, today) == ("2026-02", "2026-02")
    assert months(None, "2026-01", today) == ("2026-01", "2026-11")
    for month, since in (("2026-13", None), (None, "jan"), ("2026-01", "2026-01")):
        with pytest.raises(typer.Exit):
            months(month, since, today)


# ------------------------------------------------------------------------------------------------ show


def test_show_finds_by_whatever_is_known(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """Reference, transaction, a file's name or path in any composition of its accents; several are listed."""
    first = world.add(State.DELIVERED, name="Mandat Élodie", transaction="t-123", closed=True)
    second = world.add(State.IN_PROGRESS, "annecy", "Mandat Élodie", sent_at=NOW)
    other = world.add(State.REJECTED, name="élodie")
    options = ["--config", str(world.file), "--state", str(world.state.directory)]

    def refs(what: str) -> list[str]:
        return [record.ref for record in found_by(world.journal, what)]

    assert refs(first.lower()) == [first]
    assert refs("t-123") == [first]
    assert refs("Mandat E\u0301lodie.pdf") == [first, second]
    assert refs("/F/Mandat Élodie.sign.yaml") == [first, second]
    assert refs("élodie.pdf") == [other]
    assert refs("lodie.pdf") == []
    assert refs("100%.pdf") == []
    with pytest.raises(SystemExit) as ended:
        main(["show", "Mandat Élodie.pdf", "--json", *options])
    assert ended.value.code in {0, None}
    told = json.loads(capsys.readouterr().out)
    assert [one["ref"] for one in told["requests"]] == [first, second]
    assert "lodie" not in json.dumps(told, ensure_ascii=False)
    with pytest.raises(SystemExit):
        main(["show", "Mandat Élodie.pdf", "--names", *options])
    assert "2 requests fit" in (out := capsys.readouterr().out)
    assert "/F/Mandat Élodie.sign.yaml" in out


def test_show_says_what_has_faded(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    """What is no longer kept is missing for a reason that is told; hashes stay. Its attestation has one, too."""
    facts = {"people": "names", "attestation": {"sha256": "ab" * 32}, "attestation_name": "x.attestation.pdf"}
    ref = world.add(State.DELIVERED, closed=True, extra=facts)
    record = world.journal.by_ref(ref)
    assert record is not None
    world.journal.note(record, "faded")
    with pytest.raises(SystemExit):
        main(["show", ref, "--config", str(world.file), "--state", str(world.state.directory)])
    out = capsys.readouterr().out
    assert "addresses and numbers of its people are no longer kept" in out
    assert f"sha256 {'ab' * 32}" in out
    assert "x.attestation.pdf" not in out
    assert Event.ACCEPTED.value not in out
