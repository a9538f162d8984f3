"""A whole day of the connector at its most talkative, and nobody and nothing secret in any line of it (scenario E6).

Both servers stand behind proxies that keep whatever was said to them and, when told to, answer by reading it all out:
headers, bodies, logins, people. Requests come to every kind of end; a defect of our own quotes a person; every verb
that reads or writes the journal is called with ``--debug``; every library's log is turned up. Then all of it is
searched.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from connector import logs
from connector.cli import main, wiring
from connector.cli.app import app
from connector.cli.watching import Watching
from connector.config import load_config
from connector.errors import NotConnected
from connector.jesignexpert.transport import BaseTransport, DeadlineTransport
from connector.lifecycle import State
from connector.metrics import pages
from connector.metrics.series import Series
from connector.steps.telling import tell
from tests import documents, spreadsheets
from tests.fakes.echo_proxy import EchoProxy, Fault, before
from tests.relays import Relay
from tests.unit.test_notify import Heard, listening
from tests.worlds import ROOT, Stage, workers

pytestmark = pytest.mark.system

PEOPLE = {
    "Apolline Vasseur": ("apolline.vasseur@etude-vasseur.fr", "06 12 73 51 94"),
    "Gaspard Quentin": ("gquentin@orange-verte.fr", "07 49 18 36 25"),
    "Ismérie Kerbrat": ("isme@kerbrat-notaires.fr", "+33 6 71 40 92 83"),
    "Léontine Zedelsberger": ("leontine.z@proton-alpes.fr", "06.88.02.47.61"),
}
LINES = {name: f"{name} <{email}> {phone}" for name, (email, phone) in PEOPLE.items()}
A, G, I, L = LINES  # noqa: E741 - as in an equation
ADMIN = "ops@hébergeur-neutre.fr"
MAIL_PASSWORD, KEY = "Relais+tr3s=s3cret/%43", "geheim"
LANDLINE = "04 72 55 61 38"
PASSWORD = "Mot-de-Passe+tr3s=s3cret/%42"
FAULTS = (
    Fault(500), Fault(503, "application/json"), Fault(400, "application/json"), Fault(302), Fault(200), Fault(403),
    Fault(409, "application/xml"), Fault(422, "text/plain"), Fault(207, "application/xml"),
)  # fmt: skip
LIBRARIES = ("httpx", "httpcore", "urllib3", "requests", "apscheduler", "webdav3", "sqlalchemy", "sqlalchemy.engine",
             "sqlalchemy.pool", "PIL", "pypdf", "pyhanko", "stamina", "watchdog", "connector")  # fmt: skip
DATABASE = [name for name in LIBRARIES if name.startswith("sqlalchemy")]
ELSEWHERE = frozenset({"run", "demo", "connect"})
"""Verbs that other tests start as processes: ``test_cli`` (run), ``test_demo``, ``test_connect_mail``."""
ORDERS = (
    ("cancel", "--dry-run"), ("remind", "--dry-run"), ("retry", "--dry-run"), ("unlock", "--dry-run"),
    ("retry", "--no-wait"), ("unlock", "--no-wait"), ("remind", "--yes", "--no-wait"), ("cancel", "--yes", "--no-wait"),
)  # fmt: skip
"""What is said of single requests, whatever they have come to."""
TROUBLED = (
    ("tick",), ("tick", "--dry-run"), ("doctor",), ("calibrate", "cabinet", "--yes"), ("leave", "lettres", "--dry-run"),
)  # fmt: skip
"""Verbs that ask a server, while it reads out whatever it was told."""
DONE = frozenset(
    {
        "backup",
        "calibrate",
        "cancel",
        "generate-config",
        "leave",
        "move-journal",
        "restore",
        "retry",
        "unlock",
    }
)
"""Verbs that once at least do what they are for: their output is not a refusal's alone. ``remind`` is refused here:
by the machine's clock, which is behind the day's, nobody was invited an hour ago (``test_ordered`` has it done)."""
AT_A_TERMINAL = frozenset({"lint", "preview", "contacts import"})
"""Verbs that read a person's own files and answer about them in a status's words: no secret, but what they wrote."""


class Defect(DeadlineTransport):
    """A transport that meets a defect of its own, whose words quote people."""

    met = False

    def handle_request(self, request: Any) -> Any:
        if Defect.met:
            raise ValueError(f"unexpected {' '.join(LINES.values())} in {request.url} with {request.headers}")
        return super().handle_request(request)


def transport(ca_file: Path | None, proxy: str | None) -> BaseTransport:
    return Defect(ca_file=ca_file, proxy=proxy)


class Day(Stage):
    """A stage whose two servers stand behind proxies."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        self.relay = stack.enter_context(Relay(user=("signatures", MAIL_PASSWORD)))
        self.hook = stack.enter_context(listening())
        (directory / "mail").write_text(MAIL_PASSWORD)
        (directory / "mail").chmod(0o600)
        super().__init__(
            directory,
            start=False,
            seams=wiring.Seams(pool=workers(), transport=transport),
            settings={"notify": "secretariat@cabinet.fr"},
            more=f"mail: {{relay: 'smtp://127.0.0.1:{self.relay.port}', from: s@cabinet.fr, admin: {ADMIN}, "
            f"user: signatures, password: {{file: {directory / 'mail'}}}}}\n"
            f"hooks: {{chat: {{url: '{self.hook}'}}}}\nping: {{url: '{self.hook}'}}\n",
        )
        self.dms.accounts.passwords[self.ground.user] = PASSWORD
        self.ground.password = PASSWORD
        (directory / "password").write_text(PASSWORD)
        self.folder_proxy = stack.enter_context(before(self.ground.url))
        self.platform_proxy = stack.enter_context(before(self._platform.url))
        self.file = directory / "config.yaml"
        self.file.write_text(self.config_text)

    @property
    def config_text(self) -> str:
        text = super().config_text
        if not hasattr(self, "platform_proxy"):
            return text
        return text.replace(self.ground.url, self.folder_proxy.url).replace(
            self._platform.url, self.platform_proxy.url
        )

    def trouble(self, proxy: EchoProxy, fault: Fault, rounds: int = 1) -> None:
        proxy.fault = fault
        for _ in range(rounds):
            self.clock.advance(600)  # whatever waits for its turn is due
            self.round()
        proxy.fault = None

    def round(self) -> int:
        """And whatever has happened is told, by a relay and to a hook in bad moods."""
        moved = super().round()
        tell(self.parts)
        return moved

    def moods(self, number: int) -> None:
        """Let the relay say no in words that quote everybody, the hook be away; then let all be well."""
        quoted = f"to {' '.join(LINES.values())} by {MAIL_PASSWORD}"
        self.relay.says = lambda _mail: ("250 OK", f"554 {quoted}", f"451 {quoted}")[number % 3]
        self.relay.says_to = lambda _to: ("250 OK", "250 OK", f"550 {quoted}")[number % 3]
        Heard.status = (200, 500, 302)[number % 3]

    def secrets(self) -> set[str]:
        tokens = self.platform.office_tokens()
        links = {part for message in self.platform.outbox() for part in (message.link, message.code) if part}
        return {
            *self.folder_proxy.secrets, *self.platform_proxy.secrets, *links, tokens["office"], tokens["user"],
            PASSWORD, MAIL_PASSWORD, KEY, "sandbox-secret",
            (self.state.directory / "keys" / "seal").read_text().strip(),
            *(path.rpartition("/")[2] for path in links if "/" in path),
        }  # fmt: skip


@pytest.fixture
def untouched() -> Iterator[None]:
    """Logging as it was, afterwards."""
    root = logging.getLogger()
    before_it = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in LIBRARIES}
    yield
    root.handlers[:], root.level = before_it
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def everything_told() -> None:
    logging.getLogger().handlers.clear()  # the test runner's own would only keep what nobody reads
    logs.configure("DEBUG")
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.DEBUG)
    logging.getLogger("mail.log").setLevel(
        logging.CRITICAL
    )  # the relay's own: it is in this process by chance


def verbs() -> set[str]:
    named = {
        str(command.name or command.callback.__name__)
        for command in app.registered_commands
        if command.callback
    }
    return named | {"contacts list", "contacts import"}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("whole", [False, True], ids=["in short", "all day"])
def test_nobody_is_told(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    untouched: None,
    whole: bool,
) -> None:
    """E6: neither the log of both servers' worst day nor any verb tells an address, number, name, link or secret."""
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    Defect.met = False
    with ExitStack() as stack:
        day = stack.enter_context(Day(tmp_path, stack))
        everything_told()
        day.start()
        day.run()
        stories(day, whole=whole)
        for name in DATABASE:
            logging.getLogger(name).setLevel(logging.INFO)  # what it has said so often is heard no more
        troubles(day, FAULTS if whole else FAULTS[1:4])
        secrets = day.secrets()
        told = capsys.readouterr()
        lines = told.out + told.err
        called, shown = commands(day, capsys, whole=whole)
        secrets |= day.secrets()
        mails, hooked = day.relay.mails, list(Heard.told)
        planted = {one.partition(":")[0] for one in day.defects.met}
        day.defects.met.clear()
    assert planted == {"ValueError"}
    told_to(mails, hooked, secrets)
    assert called | ELSEWHERE == verbs() or not whole
    assert "DEBUG" in lines or "<7>" in lines
    assert lines.count("met a defect") > 0, "no defect was met"
    assert "ValueError" in lines
    assert day.folder_proxy.recited > 4
    assert day.platform_proxy.recited > 4
    search(lines, secrets, people=True, where="the log")
    for verb, text in shown.items():
        search(text, secrets, people=verb not in AT_A_TERMINAL, where=verb)


def told_to(mails: Sequence[EmailMessage], hooked: Sequence[Any], secrets: set[str]) -> None:
    """Whoever administers, and a hook, hear of no person, file or secret; people hear of no secret."""
    texts = {ADMIN: "", "people": ""}
    for mail in mails:
        links = set(re.findall(r"https?://\S+", str(mail.get_content())))
        administers = "xn--" in str(mail["To"])
        assert not links or str(mail["To"]) == "o@cabinet.fr", "a link goes to the owner alone"
        told = f"{mail['Subject']}\n{mail.get_content()}\n{mail['Message-ID']}\n"
        texts[ADMIN if administers else "people"] += re.sub(r"https?://\S+", "", told)
    assert texts[ADMIN]
    assert texts["people"]
    search(texts[ADMIN], secrets, people=True, where="the administrator's mails")
    # Where their letter lies is for them to read: it stands in the question about links to it as well.
    told_them = {secret for secret in secrets if not secret.startswith(f"/{ROOT}/")}
    search(texts["people"], told_them, people=False, where="mails")
    assert not re.search(r"\.pdf|\.yaml|Lettre ", texts[ADMIN])
    payloads = "\n".join(body.decode() for _method, _path, body in hooked)
    assert '"format": 1' in payloads
    search(payloads, secrets, people=True, where="a hook")
    assert not re.search(r"\.pdf|\.yaml|Lettre ", payloads)


def stories(day: Day, *, whole: bool) -> None:
    """Requests that come to each kind of end, in files that bear a client's name."""
    day.drop("Lettre Vasseur", sidecar=f"signataires: {LINES[A]}\n")
    day.drop(
        "Lettre Quentin", sidecar=f"signataires:\n  - {LINES[G]}\n  - {LINES[I]}\nobjet: Bilan Quentin\n"
    )
    day.drop("Lettre Zedelsberger", sidecar=f"signataires: {L} <{PEOPLE[L][0]}> {LANDLINE}\n")
    if whole:
        more(day)
    day.run()
    day.sign(PEOPLE[A][0])
    assert day.record("Lettre Vasseur").state is State.IN_PROGRESS


def more(day: Day) -> None:
    """A note, what cannot be read, a list."""
    day.drop("Lettre Kerbrat", sidecar=f"signataires: {LINES[I]}\nnote: le mobile de {LINES[L]}\n")
    day.drop("Mandat Vasseur", sidecar=f"signataires: [{LINES[A]}\n  x: - {LINES[G]}\n")
    day.drop("Secret Vasseur", documents.encrypted(), sidecar=f"signataires: {LINES[A]}\n")
    day.drop("Zip Quentin", documents.zipped(), sidecar=f"signataires: {LINES[G]}\n")
    rows = [
        ("Liste Kerbrat", PEOPLE[I][0], "Ismérie", "Kerbrat", PEOPLE[I][1]),
        ("Liste x", "isme@", "", "", LANDLINE),
    ]
    day.write("Liste Kerbrat.pdf", documents.letter(text="liste"))
    day.write("_signataires.xlsx", spreadsheets.workbook(rows))


def troubles(day: Day, faults: Sequence[Fault]) -> None:
    """Both servers in every kind of trouble, and a defect of our own, before the day ends well."""
    for number, fault in enumerate(faults):
        day.moods(number)
        day.trouble(day.platform_proxy, fault)
    Defect.met = True
    day.clock.advance(3600)
    day.run(4)
    Defect.met = False
    for number, fault in enumerate(faults):
        day.moods(number)
        day.trouble(day.folder_proxy, fault)
    day.moods(0)
    day.trouble(day.platform_proxy, Fault(401, "application/json"))
    day.renew()
    for _ in range(3):  # what a busy machine made late waits for its own time
        day.clock.advance(7200)
        day.run(12)
        if day.record("Lettre Vasseur").state is State.DELIVERED:
            break
    assert day.record("Lettre Vasseur").state is State.DELIVERED
    gaspard, transaction = PEOPLE[G][0], day.record("Lettre Quentin").transaction
    day.platform.person_refuses(str(transaction), gaspard, f"Voyez avec {LINES[L]}")
    day.clock.advance(3600)
    day.run(8)
    assert day.record("Lettre Quentin").state is State.REFUSED
    day.trouble(day.folder_proxy, Fault(401))
    day.restart()
    day.run()


def commands(day: Day, capsys: pytest.CaptureFixture[str], *, whole: bool) -> tuple[set[str], dict[str, str]]:
    """Call every verb, and some in trouble too; returns which, and what each said."""
    refs = [day.record(name).ref for name in ("Lettre Vasseur", "Lettre Quentin", "Lettre Zedelsberger")]
    copy = day.directory / "copy"
    copy.mkdir()
    (copy / "Lettre Vasseur.pdf").write_bytes(documents.letter())
    (copy / "Lettre Vasseur.sign.yaml").write_text(f"signataires: {LINES[A]}\nnuméro: {LINES[G]}\n")
    clients, report = day.directory / "clients.csv", day.directory / "report.txt"
    good, bad = PEOPLE[I], PEOPLE[L]
    clients.write_text(f"e-mail;nom;téléphone\n{good[0]};{I};{good[1]}\n{bad[0]};{L};{LANDLINE}\n")
    plain: list[tuple[str, ...]] = [
        ("version",), ("status",), ("status", "--json"), ("status", "--check"), ("spending",),
        ("spending", "--csv", "-"), *(("show", ref) for ref in refs),
        *(("show", ref, "--json") for ref in refs), ("show", "XXXXXX"),
        ("check-config",), ("check-config", "--offline"),
        ("pause", "cabinet"), ("resume", "cabinet"), ("resolve", refs[0], "--sent"), ("rebuild", "--launch", "lettres"),
        ("take-over", "lettres", "--yes"), ("contacts", "list"), ("schema", "config"),
        ("notify",), ("notify", "--test"),
        ("forget", PEOPLE[A][0], "--dry-run"), ("forget", PEOPLE[I][0], "--yes"), ("tick", "--dry-run"),
        ("contacts", "import", str(clients), "--account", "cabinet", "--dry-run"),
        ("lint", str(copy)), ("preview", str(copy / "Lettre Vasseur.sign.yaml")),
        *((verb, ref, *flags) for ref in [*refs, *(under_way(day) if whole else ())] for verb, *flags in ORDERS),
        ("calibrate", "cabinet", "--yes"), ("calibrate", "cabinet", "--yes", "--json"),
        ("doctor", "--report", str(report)), ("doctor", "--json"),
        ("generate-config",), ("generate-config", "--folder", "/Lettres/", "--output", str(day.directory / "begun")),
        ("backup",), ("backup", str(day.directory / "backups")), ("restore",),
    ]  # fmt: skip
    shown: dict[str, str] = {}
    called: set[str] = set()
    well: set[str] = set()

    def call(*arguments: str) -> None:
        name = " ".join(arguments[:2]) if arguments[0] == "contacts" else arguments[0]
        own = () if arguments[0] in {"version", "schema", "lint", "preview", "generate-config"} else (
            "--config", str(day.file), "--state", str(day.state.directory),
        )  # fmt: skip
        with pytest.raises(SystemExit) as left:
            main(["--debug", *arguments, *own])
        told = capsys.readouterr()
        shown[name] = shown.get(name, "") + told.out + told.err
        called.add(name)
        if not left.value.code:
            well.add(name)

    short = (
        ("status",),
        ("status", "--json"),
        ("status", "--check"),
        ("spending",),
        ("show", refs[1]),
        ("contacts", "list"),
    )
    for arguments in plain if whole else short:
        call(*arguments)
    shown["metrics"] = scraped(day)
    day.stop()
    for proxy, fault in ((day.folder_proxy, FAULTS[0]), (day.platform_proxy, FAULTS[4])):
        proxy.fault = fault
        for arguments in (*TROUBLED, ("take-over", "lettres", "--yes")) if whole else ():
            call(*arguments)
        proxy.fault = None
    for arguments in alone(day) if whole else ():
        call(*arguments)
    for path in (report, day.directory / "begun") if whole else ():
        shown[path.name] = path.read_text(encoding="utf-8")
    (day.state.directory / "journal" / "journal.sqlite").write_bytes(
        b"SQLite format 3\0" + LINES[A].encode() * 99
    )
    broken: tuple[tuple[str, ...], ...] = (
        ("status",), ("show", refs[0]), ("tick",), ("cancel", refs[0], "--yes"), ("backup",), ("doctor", "--offline"),
        ("leave", "lettres", "--yes"), ("move-journal", f"sqlite:///{day.directory / 'other.sqlite'}", "--yes"),
    )  # fmt: skip
    for arguments in broken if whole else broken[:1]:
        call(*arguments)
    assert well >= DONE or not whole, DONE - well
    return called, shown


def under_way(day: Day) -> list[str]:
    """References of requests that somebody still has to sign."""
    found = [record.ref for record in day.records() if record.current and record.state is State.IN_PROGRESS]
    assert found, "nothing is left to remind anybody of"
    return found


def alone(day: Day) -> Iterator[tuple[str, ...]]:
    """Verbs for which the service is stopped, in an order in which each finds what it needs."""
    [kept] = (day.directory / "backups").iterdir()
    moved = f"sqlite:///{day.directory / 'moved.sqlite'}"
    yield from (("leave", "lettres", "--dry-run"), ("leave", "lettres", "--yes", "--yes-open"))
    yield from (("restore", "XXXXXX", "--yes"), ("restore", str(kept), "--yes"))
    yield from (("move-journal", moved, "--dry-run"), ("move-journal", moved, "--yes"))


def scraped(day: Day) -> str:
    """What Prometheus, and whoever asks /health, gets to read of this day."""
    watching = Watching(load_config(day.config_text), day.state, "run")
    watching.journal = day.parts.journal
    for name, memory in {"server:dms": day.memory}.items():
        watching.vitals.passed(name, took_s=1, error=NotConnected(memory.problem), text=memory.problem)
    watching.vitals.made = lambda: {name: made() for name, made in day.parts.made.items()}
    series = Series(watching.sources())
    answered = pages.pages(series, watching.vitals, now=day.clock.now, room=None)
    told = "".join(answered[path]("").body.decode() for path in sorted(answered))
    assert 'jse_requests{folder="lettres",state="rejected"}' in told
    return told


def search(text: str, secrets: set[str], *, people: bool, where: str) -> None:
    """Fail with each thing that is told, and with the line that tells it."""
    lines = text.splitlines()
    found: list[tuple[str, str]] = []
    for secret in secrets:
        found += [(secret, line) for line in lines if secret in line]
    if people:
        for name, (email, phone) in PEOPLE.items():
            words = [email.casefold(), *(part.casefold() for part in name.split())]
            digits = re.sub(r"\D", "", phone)[-8:]
            for line in lines:
                folded, dense = line.casefold(), re.sub(r"[\s.\-\u00a0\u202f()]", "", line)
                found += [(word, line) for word in words if word in folded]
                found += [(phone, line)] if digits in dense else []
        landline = re.sub(r"\D", "", LANDLINE)[-8:]
        found += [(LANDLINE, line) for line in lines if landline in re.sub(r"[\s.\-\u00a0\u202f]", "", line)]
    told = "\n".join(f"{what!r}: {line[:300]}" for what, line in sorted(set(found))[:40])
    assert not found, f"{where} tells of {len(found)}:\n{told}"
