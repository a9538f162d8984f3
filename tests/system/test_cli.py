"""The program as it is started: real processes, two real loopback servers, signals, kill -9, what it prints."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import psutil
import pytest

from connector.cli import main
from connector.cli.wiring import State
from connector.jesignexpert.tokens import Tokens, TokenStore
from connector.journal import Journal
from connector.sandbox.clock import SandboxClock
from connector.sandbox.dms import DmsWorld, serve_dms
from connector.sandbox.people import Person
from connector.sandbox.platform import PlatformWorld, serve_platform
from tests import documents

pytestmark = pytest.mark.system

MARIE = "marie.dupont@cabinet.fr"
PHONE = "06 12 34 56 70"
PASSWORD, SECRET = "sandbox", "sandbox-secret"
CONFIG = """\
config_version: 1
support: le support
servers: {{dms: {{url: "{dms}", user: signatures, password: {{env: JSE_PW}}}}}}
platform: {{url: "{platform}", shortcut: sandbox, secret: {{env: JSE_SECRET}}}}
accounts: {{cab: {{sender: Cabinet Exemple, owner: chef@cabinet.example}}}}
folders: {{lettres: {{server: dms, path: /Lettres/, account: cab, send: {send}}}}}
polling: {{folders: {every}, platform: 1s, max_calls_per_minute: 1000}}
{more}
"""


class Stage:
    """Two servers, a configuration, and the commands that a test starts."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self.directory, self._stack = directory, stack
        clock = SandboxClock()
        self.dms = DmsWorld(directory / "files", directory / "dms", mode="nextcloud", clock=clock)
        self.platform = PlatformWorld(directory / "platform", clock=clock)
        self.dms_url = stack.enter_context(serve_dms(self.dms)).url
        self.platform_url = stack.enter_context(serve_platform(self.platform)).url
        self.dms.person.mkdir("Lettres")
        self.state = directory / "state"
        self.config = directory / "config.yaml"
        self.configure()
        self.environ = {
            name: value
            for name, value in os.environ.items()
            if name not in {"JOURNAL_STREAM", "NOTIFY_SOCKET"}
        }
        self.environ |= {"JSE_PW": PASSWORD, "JSE_SECRET": SECRET}

    def configure(self, *, send: str = "live", more: str = "", **urls: str) -> None:
        values = {
            "dms": self.dms_url,
            "platform": self.platform_url,
            "send": send,
            "more": more,
            "every": "1s",
        }
        self.config.write_text(CONFIG.format(**{**values, **urls}))

    def connect(self) -> None:
        given = self.platform.office_tokens()
        tokens = Tokens(office=given["office"], office_name="x", user=given["user"])
        TokenStore(self.state / "tokens").save("cab", tokens)

    def watch(self) -> None:
        """As if the service had seen the empty folder before."""
        place = State(directory=self.state)
        place.make()
        journal = Journal(place.journal_url, now=lambda: datetime.now(UTC))
        journal.begin_watch("lettres", f"{self.dms_url} /Lettres/")
        journal.close()

    def command(self, verb: str, *arguments: str, before: tuple[str, ...] = ()) -> list[str]:
        options = ["--config", str(self.config), "--state", str(self.state)]
        return [sys.executable, "-m", "connector", *before, verb, *options, *arguments]

    def call(self, verb: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(verb, *arguments), env=self.environ, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL, timeout=120,
        )  # fmt: skip

    def people(self, verb: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One of the verbs below ``contacts``."""
        return subprocess.run(
            self.command(verb, *arguments, before=("contacts",)), env=self.environ, capture_output=True, text=True,
            check=False, stdin=subprocess.DEVNULL, timeout=120,
        )  # fmt: skip

    def here(self, verb: str, *arguments: str, people: bool = False) -> subprocess.CompletedProcess[str]:
        """The same in this process, where only what is said matters: a start costs more than the verb."""
        command = self.command(verb, *arguments, before=("contacts",) if people else ())[3:]
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, self.environ),
            redirect_stdout(out),
            redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            main(command)
        return subprocess.CompletedProcess(command, ended.value.code or 0, out.getvalue(), err.getvalue())  # type: ignore[arg-type]

    def kept(self) -> bytes:
        """Every byte of the state directory."""
        return b"".join(path.read_bytes() for path in sorted(self.state.rglob("*")) if path.is_file())

    def start(self, verb: str = "run", *arguments: str, debug: bool = False) -> Process:
        before = ("--debug",) if debug else ()
        process = Process(self.command(verb, *arguments, before=before), self.environ, self.directory)
        self._stack.callback(process.end)
        return process

    def drop(self, name: str = "Lettre DUPONT") -> None:
        self.dms.person.write(f"Lettres/{name}.pdf", documents.letter(pages=2 + len(name) % 2))
        text = f"signataires: Marie Dupont <{MARIE}> {PHONE}\n"
        self.dms.person.write(f"Lettres/{name}.sign.yaml", text.encode())

    def told(self, name: str = "Lettre DUPONT") -> str:
        file = self.directory / "files" / "Lettres" / f"{name}.signature.txt"
        return file.read_text(encoding="utf-8-sig") if file.exists() else ""

    def invitations(self) -> int:
        return sum(1 for message in self.platform.outbox() if message.purpose == "invitation")

    def sign(self) -> None:
        for transaction in self.platform.transactions():
            if transaction.sends:
                self.platform.person_signs(transaction.id, MARIE)


DONE_WITHOUT = frozenset(
    {
        *("pypdf", "pyhanko", "pypdfium2", "reportlab", "PIL", "pi_heif", "openpyxl"),  # workers'
        *(
            "sqlalchemy.dialects.postgresql",
            "psycopg",
            "cryptography",
            "prometheus_client",
            "holidays",
            "smtplib",
        ),
    }
)
"""Modules that are not loaded by a service that keeps its journal in a file and has nothing more configured."""


class Process:
    """One started command; its output is kept in a file."""

    def __init__(self, command: list[str], environ: dict[str, str], directory: Path) -> None:
        self._file = directory / f"output-{time.monotonic_ns()}.txt"
        with self._file.open("w") as stream:
            self._process = subprocess.Popen(
                command, env=environ, stdout=stream, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
            )

    @property
    def output(self) -> str:
        return self._file.read_text()

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def wait(self, seconds: float = 40) -> int:
        return self._process.wait(seconds)

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(10)

    def ready(self) -> None:
        until(lambda: "ready:" in self.output, self)


def until(true: Callable[[], object], process: Process | None = None, *, seconds: float = 60) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, process.output if process else "it never came true"
        time.sleep(0.05)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with ExitStack() as stack:
        yield Stage(tmp_path, stack)


def fingerprint(*directories: Path) -> dict[str, str]:
    """Every file with its bytes."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for directory in directories
        for path in directory.rglob("*")
        if path.is_file()
    }


# --------------------------------------------------------------------------------------------- run


def test_run_signs_and_ends_on_sigterm(stage: Stage) -> None:
    """From the drop to the signed version; SIGHUP is answered, SIGTERM ends it with 0; no secret is told.

    All that time it does without what its workers, other verbs or other journals need: 40 MB of every idle service.
    """
    stage.connect()
    stage.environ["PYTHONPROFILEIMPORTTIME"] = "1"
    process = stage.start(debug=True)
    process.ready()
    stage.drop()
    until(stage.invitations, process)
    process.signal(signal.SIGHUP)
    stage.sign()
    until(lambda: stage.told().startswith("SIGNÉ – "), process)
    process.signal(signal.SIGTERM)
    assert process.wait() == 0
    assert stage.invitations() == 1
    assert "taken over between two passes: nothing in it has changed" in process.output
    assert "stopped" in process.output
    tokens = stage.platform.office_tokens()
    for word in (SECRET, MARIE, PHONE, "DUPONT", tokens["office"], tokens["user"], "Traceback"):
        assert word not in process.output
    assert not re.search(r"https?://[^/\s]+/[^…\s]", process.output)
    loaded = set(re.findall(r"^import time: .*[|] +(\S+)$", process.output, re.MULTILINE))
    assert loaded >= {"httpx", "httpcore", "connector.daemon", "connector.steps.deliver"}
    assert loaded & DONE_WITHOUT == set()


def test_killed_while_it_prepares_it_finishes_after_restart(stage: Stage) -> None:
    """kill -9 between upload and send, then again: one request, sent once, signed and delivered."""
    stage.connect()
    stage.platform.misbehave(operation="upload", kind="latency", seconds=1.5)
    first = stage.start()
    first.ready()
    stage.drop()
    until(lambda: stage.platform.transactions(), first)
    first.signal(signal.SIGKILL)
    first.wait()
    second = stage.start()
    until(stage.invitations, second)
    stage.sign()
    until(lambda: stage.told().startswith("SIGNÉ – "), second)
    second.signal(signal.SIGTERM)
    assert second.wait() == 0
    assert stage.invitations() == 1
    assert [r.operation for r in stage.platform.requests].count("send") == 1


def test_an_effect_in_flight_is_finished_on_sigterm(stage: Stage) -> None:
    """SIGTERM while ``send`` is under way: its answer is awaited and kept, nothing new begins, and the end is 0."""
    stage.connect()
    stage.platform.misbehave(operation="send", kind="latency", seconds=2)
    process = stage.start()
    process.ready()
    stage.drop()
    until(lambda: _sending(stage), process)
    process.signal(signal.SIGTERM)
    assert process.wait() == 0
    assert stage.invitations() == 1
    told = stage.here("status", "--json").stdout
    assert '"in progress": 1' in told


def _sending(stage: Stage) -> bool:
    """Whether the journal holds the intent to send: the call leaves right after it is committed."""
    file = stage.state / "journal" / "journal.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("SELECT 1 FROM intent WHERE step = 'send'").fetchone() is not None


def test_two_services_on_one_state(stage: Stage) -> None:
    """E1: The second is refused with a text that says why; a tick too."""
    first = stage.start()
    first.ready()
    for verb in ("run", "tick"):
        second = stage.call(verb)
        assert second.returncode == 1
        assert "another process works in this state directory" in second.stderr
        assert "Traceback" not in second.stderr


def test_a_wrong_password_costs_one_401(stage: Stage) -> None:
    """However long it runs, the login is tried once; the service lives and says so."""
    stage.environ["JSE_PW"] = "not-the-password"
    process = stage.start()
    process.ready()
    time.sleep(3)  # three more passes
    process.signal(signal.SIGTERM)
    assert process.wait() == 0
    assert [request.status for request in stage.dms.requests].count(401) == 1
    assert "cannot be worked with" in process.output
    assert "not-the-password" not in process.output


def test_a_platform_that_is_away(stage: Stage) -> None:
    """Nothing is sent, nothing lost: the request leaves when the platform is back."""
    stage.connect()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        stage.configure(platform=f"http://127.0.0.1:{taken.getsockname()[1]}/")
    process = stage.start()
    process.ready()
    stage.drop()
    until(stage.told, process)
    process.signal(signal.SIGTERM)
    assert process.wait() == 0
    assert stage.told().startswith("EN ATTENTE")
    assert "Traceback" not in process.output


def test_the_service_tells_systemd(stage: Stage) -> None:
    """READY after the first pass, signs of life, STOPPING at the end."""
    path = str(stage.directory / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        listener.settimeout(60)
        stage.environ |= {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "600000"}
        process = stage.start()
        heard: list[bytes] = []
        while not {b"READY=1", b"WATCHDOG=1"} <= set(heard) or not any(
            h.startswith(b"STATUS=1 of 1") for h in heard
        ):
            heard.append(listener.recv(1000))
        process.signal(signal.SIGTERM)
        while not heard[-1].startswith(b"STOPPING=1"):
            heard.append(listener.recv(1000))
        assert process.wait() == 0
        longer = b"EXTEND_TIMEOUT_USEC=600000" in heard
        assert longer == (heard.index(b"WATCHDOG=1") < heard.index(b"READY=1")), (
            "a start lasts as long as it lives"
        )


def test_a_missing_secret_is_a_configuration_error(stage: Stage) -> None:
    """A service whose credential is not there ends with 2, so that it is not started again and again."""
    del stage.environ["JSE_PW"]
    done = stage.call("run")
    assert done.returncode == 2
    assert "servers.dms.password" in done.stderr


# -------------------------------------------------------------------------------------------- tick


def test_one_tick_launches_a_pair_that_is_there(stage: Stage) -> None:
    """One call settles, judges, prepares, marks and sends; a server that is away makes it 1."""
    stage.connect()
    stage.watch()
    stage.drop()
    done = stage.call("tick")
    assert (done.returncode, stage.invitations()) == (0, 1), done.stderr
    overview = stage.dms.person.read("Lettres/_Suivi des signatures.txt").decode("utf-8-sig")
    assert overview.startswith("SUIVI DES SIGNATURES – Lettres")
    assert "1 en cours" in overview
    stage.dms.maintenance = True
    away = stage.call("tick")
    assert away.returncode == 1
    assert "503" in away.stderr


def test_a_timer_does_not_try_a_refused_password_again(stage: Stage) -> None:
    """Its rounds are told in an earlier one; they are no terminal, and each is a process of its own."""
    for user in stage.dms.accounts.passwords:
        stage.dms.accounts.passwords[user] = "another one"
    asked = []
    for _ in range(2):
        done = stage.call("tick")
        assert done.returncode == 1
        asked.append(len(stage.dms.requests))
    assert "in an earlier round" in done.stderr
    assert asked[0] == asked[1]


def test_what_was_there_before_waits_for_rebuild(stage: Stage) -> None:
    """R7: a pair older than the first pass is held; ``rebuild --launch`` lets it go."""
    stage.connect()
    stage.drop()
    assert stage.call("tick").returncode == 0
    assert (stage.invitations(), "there_before" in stage.here("status").stdout) == (0, True)
    done = stage.call("rebuild", "--launch", "lettres", "--yes")
    assert done.returncode == 0, done.stderr
    stage.call("tick")
    assert stage.invitations() == 1


@pytest.mark.parametrize("used_before", [False, True])
def test_a_dry_run_changes_nothing(stage: Stage, used_before: bool) -> None:
    """Not one byte on the DMS, at the platform, or in the state directory; it tells what a tick would do."""
    if used_before:
        stage.connect()
        stage.watch()
    stage.drop()
    stage.drop("Avenant MARTIN")
    before = fingerprint(stage.directory / "files", stage.state)
    seen, asked = len(stage.dms.requests), len(stage.platform.requests)
    done = stage.call("tick", "--dry-run", *(["--names"] if used_before else []))
    assert done.returncode == 0, done.stderr
    assert fingerprint(stage.directory / "files", stage.state) == before
    assert stage.state.exists() is used_before
    assert {request.method for request in stage.dms.requests[seen:]} <= {
        "PROPFIND",
        "GET",
        "SEARCH",
        "OPTIONS",
    }
    assert {request.method for request in stage.platform.requests[asked:]} <= {"GET"}
    assert stage.platform.transactions() == []
    if used_before:
        assert "2 would be sent (2 invitations in order, 2 credits at most)" in done.stdout
    else:
        assert "2 held (there_before 2)" in done.stdout
    assert ("Lettre DUPONT.pdf" in done.stdout) is used_before, "names only when asked for"


def test_a_dry_run_beside_the_service(stage: Stage) -> None:
    """It may be asked while the service runs, and disturbs nothing."""
    process = stage.start()
    process.ready()
    done = stage.call("tick", "--dry-run")
    assert (done.returncode, "nothing new" in done.stdout) == (0, True), done.stderr
    process.signal(signal.SIGTERM)
    assert process.wait() == 0


# ------------------------------------------------------------------------------------ other verbs


def test_connect_waits_for_a_person(stage: Stage) -> None:
    """The link is printed, a person logs in on its page, the tokens are kept for the owner alone, and never shown."""
    process = stage.start("connect", "cab")
    until(lambda: "http" in process.output, process)
    found = re.search(r"https?://\S+", process.output)
    assert found
    office = (
        next(iter(stage.platform.state()["offices"]))
        if "offices" in stage.platform.state()
        else "Cabinet Exemple"
    )
    with Person("expert@cabinet.example", stage.platform_url) as person:
        person.log_in(found[0], office)
    assert process.wait() == 0
    file = stage.state / "tokens" / "cab.json"
    assert file.stat().st_mode & 0o777 == 0o600
    tokens = TokenStore(stage.state / "tokens").load("cab")
    assert tokens is not None
    assert tokens.office not in process.output
    assert "account cab is connected" in process.output


def test_take_over(stage: Stage) -> None:
    """A folder of another connector is left alone until somebody says so."""
    assert stage.call("tick").returncode == 0
    stage.configure(more="connector: other-host")
    refused = stage.call("tick")
    assert refused.returncode == 1
    assert "belongs to" in refused.stderr
    dry = stage.call("take-over", "lettres", "--dry-run")
    assert (dry.returncode, "Nothing was changed." in dry.stdout) == (0, True), dry.stderr
    assert b"other-host" not in stage.dms.person.read("Lettres/.signature/owner")
    taken = stage.call("take-over", "lettres", "--yes")
    assert taken.returncode == 0, taken.stderr
    assert b"other-host" in stage.dms.person.read("Lettres/.signature/owner")


def test_resolve_a_request_in_doubt(stage: Stage) -> None:
    """A lost answer to ``send`` and a platform that still says "draft": --not-sent gives it up after asking."""
    stage.connect()
    stage.watch()
    stage.drop()
    stage.platform.misbehave(operation="send", kind="cut_before", times=None)
    stage.call("tick")
    told = stage.here("status").stdout
    found = re.search(r"(\w{6})  in doubt", told)
    assert found, told
    done = stage.call("resolve", found[1], "--not-sent", "--yes", "--tick")
    assert done.returncode == 0, done.stderr
    assert "is given up" in done.stdout


# ----------------------------------------------------------------------------------------- people


def test_whoever_signed_is_remembered_shown_and_forgotten(stage: Stage) -> None:
    """One letter's whole life: learnt by the signature alone, told without a name, erased to the last byte."""
    stage.connect()
    stage.watch()
    stage.drop()
    assert stage.call("tick").returncode == 0
    assert stage.invitations() == 1
    assert stage.here("list", people=True).stdout == "no contacts\n"
    refused = stage.here("forget", MARIE, "--yes")
    assert (refused.returncode, "  in_progress  lettres  " in refused.stdout) == (1, True), refused.stderr
    stage.sign()
    _tick_until(stage, lambda: stage.here("list", people=True).stdout != "no contacts\n")
    listed = stage.here("list", people=True)
    assert "DUPONT" not in listed.stdout.upper()
    assert (
        f"cab      {MARIE}  +33612345670  Marie Dupont" in stage.here("list", "--names", people=True).stdout
    )
    ref = refused.stdout.split()[0]
    told = stage.call("show", ref)
    assert f"{ref}  delivered: signed, and put back as a new version of the file" in told.stdout, told.stderr
    assert hashlib.sha256(documents.letter(pages=2 + len("Lettre DUPONT") % 2)).hexdigest() in told.stdout
    assert not [word for word in _PERSONAL if word in told.stdout.upper()]
    assert (
        f"signatory 1 Marie Dupont  {MARIE}  +33612345670  simple"
        in stage.here("show", ref, "--names").stdout
    )
    assert MARIE.encode() in stage.kept()
    done = stage.call("forget", MARIE, "--yes")
    assert done.returncode == 0, done.stderr
    for trace in (MARIE, "+33612345670", PHONE, "Marie Dupont"):
        assert trace.encode() not in stage.kept(), trace
    # What is over stays over, and a copy of it is still known as a copy.
    stage.dms.person.mkdir("Lettres/2027")
    for name in ("Lettre DUPONT.pdf", "Lettre DUPONT.sign.yaml"):
        stage.dms.person.copy(f"Lettres/{name}", f"Lettres/2027/{name}")
    assert stage.call("tick").returncode == 0
    assert stage.told("2027/Lettre DUPONT").startswith("À CONFIRMER")
    assert stage.invitations() == 1


_PERSONAL = ("DUPONT", "MARIE", "@", "06 12", ".PDF")


def _tick_until(stage: Stage, true: Callable[[], object]) -> None:
    for _ in range(10):
        assert stage.call("tick").returncode == 0
        if true():
            return
        time.sleep(1)
    raise AssertionError(stage.told())


def test_people_beside_the_service(stage: Stage) -> None:
    """Imported, listed and forgotten while it runs; nobody is held up, and the service sees it at once."""
    process = stage.start()
    process.ready()
    file = stage.directory / "clients.csv"
    file.write_bytes(f"Prénom;Nom;Courriel;Mobile\nHélène;NOËL;{MARIE};{PHONE}\nx;y;z;1\n".encode("cp1252"))
    held = stage.here("import", str(file), "--account", "cab", people=True)
    assert (held.returncode, "line 3: " in held.stdout) == (1, True), held.stderr
    assert stage.here("list", people=True).stdout == "no contacts\n"
    done = stage.people("import", str(file), "--account", "cab", "--yes")
    assert (done.returncode, "Imported for account cab: 1 contact." in done.stdout) == (1, True), done.stderr
    assert "Hélène NOËL" in stage.here("list", "--names", people=True).stdout
    forgotten = stage.call("forget", MARIE, "--yes")
    assert (forgotten.returncode, "Erased." in forgotten.stdout) == (0, True), forgotten.stderr
    assert MARIE.encode() not in stage.kept()
    assert stage.here("show", "ZZZZZZ").returncode == 1
    told = stage.here("show", os.fsdecode(b"lettre \xe9t\xe9.pdf"))  # from a shell that does not write UTF-8
    assert (told.returncode, "no request " in told.stderr) == (1, True), told.stderr
    process.signal(signal.SIGTERM)
    assert process.wait() == 0
    assert "Traceback" not in process.output


# ---------------------------------------------------------------------------------- lint, preview


def offline(stage: Stage, verb: str, *arguments: object, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a verb that asks nobody: without any secret, in a scratch directory of its own."""
    scratch = stage.directory / "scratch"
    scratch.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-m", "connector", verb, *map(str, arguments)],
        env={"PATH": os.environ["PATH"], "TMPDIR": str(scratch), **environ}, capture_output=True, text=True,
        check=False, stdin=subprocess.DEVNULL, timeout=120, cwd=Path(__file__).parents[2],
    )  # fmt: skip


REQUESTS = {
    "bon": f"signataires: Marie Dupont <{MARIE}> {PHONE}\nenvoi: non\n",
    "mots": f"obget: Lettre\nsignataires: Marie Dupont <{MARIE}> 04 78 12 34 56\n",
    "sans nom": f"signataires: <{MARIE}> {PHONE}\n",
    "sans PDF": f"signataires: Marie Dupont <{MARIE}> {PHONE}\n",
    "place": f"signataires: Marie Dupont <{MARIE}> {PHONE}\nsignature: {{page: 9, x: 20, y: 20}}\n",
    "casse": f"signataires: Marie Dupont <{MARIE}> {PHONE}\n",
    "mandat": f"signataires: Marie Dupont <{MARIE}> {PHONE}\nannexes: bon*.pdf\npuis: expert-comptable\n",
    "mandat faux": f"signataires: Marie Dupont <{MARIE}> {PHONE}\nannexes: ../x.pdf\npuis: personne d\u2019autre\n",
    "compte": f"signataires: Marie Dupont <{MARIE}> {PHONE}\ncompte: annecy\n",
}


@pytest.mark.long
def test_lint_says_what_the_service_says(stage: Stage) -> None:
    """The same files, in a folder that is watched and on a disk: word for word the same first line and problems."""
    stage.configure(send="preview")
    stage.watch()
    write = stage.dms.person.write
    contact = f"Claire Bernard <claire.bernard@cabinet.fr> {PHONE[:-1]}9"
    write("Lettres/_signature.yaml", f"contacts: {{expert-comptable: {contact}}}\n".encode())
    for name, text in REQUESTS.items():
        write(f"Lettres/{name}.sign.yaml", text.encode())
        if name != "sans PDF":
            content = documents.letter(2, name)
            write(f"Lettres/{name}.pdf", content[: len(content) // 3] if name == "casse" else content)
    shutil.copytree(stage.directory / "files" / "Lettres", stage.directory / "copy" / "Lettres")
    assert stage.call("tick").returncode == 0
    rules = ("--config", stage.config, "--folder", "lettres")
    done = offline(stage, "lint", "--json", *rules, stage.directory / "copy" / "Lettres")
    assert done.returncode == 1, done.stderr
    lines = [line for line in map(json.loads, done.stdout.splitlines()) if line["kind"] == "request"]
    told = {Path(line["path"]).name.removesuffix(".sign.yaml"): line for line in lines}
    assert told.keys() == REQUESTS.keys()
    for name, line in told.items():
        words = stage.told(name)
        if name == "sans PDF":  # said by the service only after some minutes
            assert (line["verdict"], words) == ("waiting_pdf", "")
            continue
        first, *body = words.splitlines()
        flat = " ".join(" ".join(body).split()).replace("\u00a0", " ")
        if line["verdict"] == "ok":
            assert first.startswith("PRÊT – ")
        else:
            assert line["first_line"] == first
        for problem in line["problems"]:
            assert " ".join(problem["text"].replace("\u00a0", " ").split()) in flat, problem
    assert {name for name, line in told.items() if line["verdict"] == "ok"} == {"bon", "mandat"}
    watched = stage.directory / "files" / "Lettres"
    again = offline(stage, "lint", *rules, watched)
    assert "bon.sign.yaml: OK – " in again.stdout, "what was told before it left is judged anew"
    drawn = offline(stage, "preview", *rules, watched / "bon.sign.yaml", "-o", stage.directory / "drawn.pdf")
    assert drawn.returncode == 0, drawn.stderr
    assert (stage.directory / "drawn.pdf").read_bytes() == (watched / "bon.apercu.pdf").read_bytes()
    assert list((stage.directory / "scratch").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_lint_ends_cleanly_in_the_middle(stage: Stage, number: signal.Signals) -> None:
    """Ctrl-C, or a stop: what was found so far is told, no worker and no copy of a document stays behind."""
    tree, scratch = stage.directory / "many", stage.directory / "scratch"
    tree.mkdir()
    scratch.mkdir()
    for rank in range(400):
        (tree / f"{rank}.pdf").write_bytes(documents.letter(1, "viele"))
        (tree / f"{rank}.sign.yaml").write_text(f"signataires: Marie Dupont <m{rank}@cabinet.fr> {PHONE}\n")
    command = [sys.executable, "-m", "connector", "lint", str(tree)]
    environ = {**stage.environ, "TMPDIR": str(scratch), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        # A test run in a shell's background ignores Ctrl-C, and would hand that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:  # fmt: skip
        assert process.stdout is not None
        first = process.stdout.readline()
        workers = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert "0.sign.yaml: OK – 1\u00a0document, 1\u00a0page, 1\u00a0signataire" in first
    assert process.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err
    assert re.search("[0-9]+\u00a0demandes?\u00a0: ", out)
    assert "400\u00a0demandes" not in out
    assert list(scratch.iterdir()) == []
    assert workers
    assert psutil.wait_procs(workers, timeout=10)[1] == []


def test_lint_in_a_pipe_that_closes(stage: Stage) -> None:
    """``| head -1`` is no failure to complain of."""
    for rank in range(40):
        (stage.directory / f"{rank}.sign.yaml").write_text("obget: x\n" * 20)
    command = f"{sys.executable} -m connector lint {stage.directory} | head -1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True, timeout=120)
    assert "À CORRIGER" in done.stdout
    assert "Traceback" not in done.stderr


def test_what_is_printed_finds_no_room() -> None:
    """One sentence, however much there was to say; the exit status is a failure."""
    # Where every line is written at once, the last one cannot fail at the end.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    for verb in (("schema", "request"), ("generate-config",), ("--version",)):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "connector", *verb],
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                env=environ,
                check=False,
                timeout=120,
            )
        assert done.returncode == 1, verb
        assert re.fullmatch(
            r"jse-connector: the output.* cannot be written: No space left on device\n", done.stderr
        )


# ------------------------------------------------------------------------------------------- lists


def test_a_dry_run_tells_of_lists_and_writes_none(stage: Stage) -> None:
    """Rows that would become requests are counted, and one tick makes them: previews, nothing sent."""
    stage.connect()
    assert stage.call("tick").returncode == 0
    for number in range(3):
        stage.dms.person.write(f"Lettres/Lettre {number}.pdf", documents.letter(pages=1 + number))
    rows = [f"Lettre {n};client{n}@cabinet.fr;Marie;Dupont;06 12 34 56 7{n}" for n in range(2)]
    rows.append("Lettre 2;client2@cabinet.fr;Marie;Dupont;04 78 12 34 56")
    text = "document;e-mail;prénom;nom;téléphone\r\n" + "\r\n".join(rows)
    stage.dms.person.write("Lettres/_signataires.csv", text.encode())
    stage.configure(send="preview")
    before = fingerprint(stage.directory / "files", stage.state)
    done = stage.call("tick", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert fingerprint(stage.directory / "files", stage.state) == before
    assert "2 requests would be written for rows of a list, to be previewed; 1 rows to correct" in done.stdout
    assert stage.call("tick").returncode == 0
    assert stage.told("Lettre 0").startswith("PRÊT – ")
    assert stage.told("_signataires").startswith("À CORRIGER – 1 ligne sur 3 à corriger")
    assert stage.invitations() == 0
