"""A stage for whole requests: the real steps between two real servers, under one clock.

``Stage`` starts the embedded DMS and the embedded platform, wires the connector's real parts, and lets a test play
the accountant (``person``), the signatories (``sign``, ``refuse``) and the machine (``restart``, ``lose_journal``).
Nothing sleeps: both servers and the connector read the same clock. On another ``ground`` (``tests.grounds``) the DMS
keeps its own time, which then has to pass.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Literal, Self
from zoneinfo import ZoneInfo

from connector.cli import wiring
from connector.cli.status_gather import Asked, gathered
from connector.cli.token_place import tokens_in
from connector.config import load_config
from connector.fence import Fence, now
from connector.guards import ServerMemory
from connector.isolation import IsolatedPool
from connector.jesignexpert.tokens import Tokens
from connector.journal import Journal
from connector.lifecycle import Record, State
from connector.passes import account_pass, server_pass
from connector.sandbox.clock import SandboxClock
from connector.sandbox.dms import DmsWorld
from connector.sandbox.platform import Authority, PlatformWorld, serve_platform
from connector.steps.leftovers import sweep
from connector.steps.parts import Parts, Timing
from tests import documents, postgres
from tests.defects import Defects
from tests.grounds import Acting, Embedded, Ground

Mode = Literal["nextcloud", "plain"]
MARIE = "marie.dupont@cabinet.fr"
CLAIRE = "claire.bernard@cabinet.fr"
ONE = f"signataires: Marie Dupont <{MARIE}> 06 12 34 56 78\n"
TWO = (
    f"signataires:\n  - Marie Dupont <{MARIE}> 06 12 34 56 78\n  - Claire Bernard <{CLAIRE}> 06 98 76 54 32\n"
)
ROOT = "Lettres"
MODELS = "Modèles de signature"
OVERVIEWS = ("_Suivi des signatures.txt", "_Signature overview.txt")
QUICK = Timing(
    follow_first_hour=timedelta(seconds=1),
    retry_first=timedelta(seconds=1),
    gone_patience=timedelta(0),
    forgotten_patience=timedelta(0),
)

WORDS: Mapping[State, tuple[str, ...]] = {
    State.WAITING_PDF: ("EN ATTENTE DU PDF",),
    State.REJECTED: ("À CORRIGER",),
    State.UNCONFIRMED: ("À CONFIRMER",),
    State.PREVIEWED: ("PRÊT",),
    State.DRAFT: ("BROUILLON",),
    State.WAITING: ("EN ATTENTE", "EN PAUSE"),
    State.PREPARED: ("EN ATTENTE", "EN PAUSE"),
    State.MARKED: ("EN ATTENTE", "EN PAUSE", "À VÉRIFIER"),
    State.IN_PROGRESS: ("EN COURS",),
    State.SEALING: ("SIGNÉ PAR TOUS",),
    State.DELIVERING: ("SIGNÉ PAR TOUS",),
    State.DELIVERED: ("SIGNÉ",),
    State.DELIVERED_BESIDE: ("SIGNÉ",),
    State.REFUSED: ("REFUSÉ",),
    State.EXPIRED: ("EXPIRÉ",),
    State.CANCELLED: ("ANNULÉ",),
    State.HELD: ("À VÉRIFIER",),
    State.IN_DOUBT: ("À VÉRIFIER",),
    State.QUARANTINED: ("À VÉRIFIER",),
    State.LOST: ("À VÉRIFIER",),
}
"""State words as the design page gives them (section 4), told again on purpose."""


@cache
def authority(directory: Path) -> Authority:
    """One test authority for a whole session: making its keys is the slow part of a world."""
    return Authority(directory)


@cache
def workers() -> IsolatedPool:
    """One pool of PDF workers for a whole session, ended with it."""
    pool = IsolatedPool(uses=10_000, idle_s=600)
    atexit.register(pool.close)
    return pool


def _to_the_morning_s() -> float:
    """Seconds to eight o'clock in Paris, by day none: who advances an hour or two is not to meet another date."""
    now = datetime.now(ZoneInfo("Europe/Paris"))
    if 4 <= now.hour < 18:
        return 0.0
    morning = now.replace(hour=8, minute=0, second=0, microsecond=0)
    return (morning - now + timedelta(days=now.hour >= 18)).total_seconds()


class Stage:
    """Two servers and one connector in one directory. A context manager.

    ``settings`` are lines added to the watched folder (``{"send": "preview"}``), ``seams``
    are what a fault matrix puts between the parts and the world. ``reads``: how often the platform may be asked in a
    minute. ``ground`` is another DMS than the embedded one (``dms``), which then is not there; ``mode`` tells what it
    can do. ``database``: the URL of a journal in PostgreSQL (``postgres.durable_url``); else it is in SQLite.
    """

    dms: DmsWorld
    by_day: ClassVar[bool] = False
    """Does its clock begin in the morning when it is evening? Not where processes read the machine's (``conftest``)."""

    def __init__(
        self,
        directory: Path,
        mode: Mode = "nextcloud",
        *,
        settings: Mapping[str, str] | None = None,
        account: Mapping[str, str] | None = None,
        contract: str = "",
        more: str = "",
        start: bool = True,
        seams: wiring.Seams | None = None,
        timing: Timing = QUICK,
        reads: int = 100_000,
        ground: Ground | None = None,
        offices: Sequence[str] = ("Cabinet Exemple",),
        database: str | None = None,
        **dms_options: Any,
    ) -> None:
        self.directory = directory
        self.mode = mode
        self.clock = SandboxClock(_to_the_morning_s() if Stage.by_day else 0.0)
        self._servers = ExitStack()
        self.defects = self._servers.enter_context(Defects())
        self._wired = ExitStack()
        self.ground = ground or self._embedded(mode, **dms_options)
        shared = authority(directory.parent / "authority")
        self.platform = PlatformWorld(
            directory / "platform", clock=self.clock, authority=shared, offices=offices
        )
        self.settings = {"send": "live", **(settings or {})}
        self.account = dict(account or {})
        self.contract = contract
        self.database = database
        self.more = more
        self.timing = timing
        self.reads = reads
        self.seams = seams or wiring.Seams(pool=workers())
        self.memory = ServerMemory()
        self.owed: dict[str, str] = {}
        """Every content that a person wrote and did not take back: SHA-256 → path."""
        self.parts: Parts
        self.person.mkdir(ROOT)
        self._platform = self._servers.enter_context(serve_platform(self.platform))
        self._connect()
        if start:
            self.start()
            self.run()

    def _embedded(self, mode: Mode, **options: Any) -> Embedded:
        self.dms = DmsWorld(
            self.directory / "dms", self.directory / "dms-state", mode=mode, clock=self.clock, **options
        )
        return self._servers.enter_context(closing(Embedded(self.dms)))

    @property
    def person(self) -> Acting:
        """Whoever works in the folder."""
        return self.ground.person

    # ------------------------------------------------------------------------------ the machine

    @property
    def state(self) -> wiring.State:
        """The connector's state directory."""
        return wiring.State(directory=self.directory / "state")

    @property
    def config_text(self) -> str:
        """The administrator's file."""
        folder = "".join(f", {name}: {value}" for name, value in self.settings.items())
        account = "".join(f", {name}: {value}" for name, value in self.account.items())
        password, secret = self.directory / "password", self.directory / "secret"
        ground = self.ground
        return (
            "config_version: 1\nsupport: le support\nconnector: test-1\n"
            f"servers: {{dms: {{url: '{ground.url}', user: '{ground.user}', password: {{file: {password}}}}}}}\n"
            f"platform: {{url: '{self._platform.url}', shortcut: sandbox, secret: {{file: {secret}}}{self.contract}}}\n"
            f"accounts: {{cabinet: {{sender: Cabinet Exemple, owner: o@cabinet.fr{account}}}}}\n"
            f"folders: {{lettres: {{server: dms, path: /{ROOT}/, account: cabinet{folder}}}}}\n"
            f"polling: {{max_calls_per_minute: {self.reads}}}\n{self._journal_text}{self.more}"
        )

    @property
    def _journal_text(self) -> str:
        if self.database is None:
            return ""
        return f"journal: {{url: '{self.database}', replication: none}}\nseal: {{file: {self.directory / 'seal'}}}\n"

    def _connect(self) -> None:
        for name, value in (
            ("password", self.ground.password), ("secret", "sandbox-secret"), ("seal", "s" * 32),
        ):  # fmt: skip
            path = self.directory / name
            path.write_text(value)
            path.chmod(0o600)
        self.state.make()
        self.renew()

    def renew(self) -> None:
        """Put new tokens of the account in place, as after a login at the platform."""
        tokens = self.platform.office_tokens()
        tokens_in(load_config(self.config_text), self.state).save(
            "cabinet",
            Tokens(office=tokens["office"], office_name=tokens["office_name"], user=tokens["user"]),
        )

    def start(self) -> None:
        """Wire the connector anew on its state directory, as after a start of the service."""
        config = load_config(self.config_text)
        parts = self._wired.enter_context(
            wiring.wired(config, self.state, now=self.clock.now, seams=self.seams)
        )
        parts.timing = self.timing
        if parts.fence is not None:
            self._hold_everything(parts.journal, parts.fence)
        sweep(parts)
        self.parts = parts
        self.memory = ServerMemory()

    def _hold_everything(self, journal: Journal, fence: Fence) -> None:
        """Be counted for as long as a test takes: nobody else works on this journal, and nothing has to be shared."""
        fence.lease_s = 3600.0
        journal.token = fence.leases.begin(
            name="stage", host="here", pid=os.getpid(), version="0", lease_s=fence.lease_s
        )
        fence.beaten(now())

    def stop(self) -> None:
        """End the connector; both servers go on."""
        self._wired.close()

    def restart(self) -> None:
        """Stop and start."""
        self.stop()
        self.start()

    def lose_journal(self) -> None:
        """Delete the journal (and the spool) and start anew."""
        self.stop()
        for name in ("journal", "spool"):
            shutil.rmtree(self.state.directory / name)
        if self.database is not None:
            postgres.shared_cluster().clear(self.database)
            self.renew()
        self.state.make()
        self.start()

    def save_journal(self, name: str = "saved") -> Path:
        """Copy the state directory, as a backup of the machine would."""
        copy = self.directory / name
        shutil.copytree(self.state.directory, copy)
        return copy

    def restore(self, copy: Path) -> None:
        """Put an earlier state directory back and start anew."""
        self.stop()
        shutil.rmtree(self.state.directory)
        shutil.copytree(copy, self.state.directory)
        self.start()

    def close(self) -> None:
        """End everything."""
        self.stop()
        self._servers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if kind is None:
            assert self.defects.met == [], "a guard kept a defect from the other files"

    # -------------------------------------------------------------------------------- the passes

    def round(self) -> int:
        """One pass over each side, a few seconds later; returns how many requests moved."""
        self.clock.advance(3)
        self.ground.pass_time()
        moved = server_pass(self.parts, "dms", self.memory).moved
        moved += account_pass(self.parts, "cabinet").moved
        return moved

    def run(self, rounds: int = 12, *, calm: int = 3) -> None:
        """Pass until nothing moves in ``calm`` rounds one after the other."""
        quiet = 0
        for _ in range(rounds):
            quiet = 0 if self.round() else quiet + 1
            if quiet == calm:
                return

    # -------------------------------------------------------------------------------- the people

    def drop(
        self,
        name: str = "lettre",
        pdf: bytes | None = None,
        sidecar: str | bytes = ONE,
        *,
        folder: str = ROOT,
    ) -> None:
        """Put a PDF and a sidecar beside it, as a person would."""
        self.write(f"{name}.pdf", pdf if pdf is not None else documents.letter(text=name), folder=folder)
        self.write(f"{name}.sign.yaml", sidecar, folder=folder)

    def write(self, name: str, content: str | bytes, *, folder: str = ROOT) -> None:
        """Save a file as a person would; what they save over is theirs to give up."""
        data = content.encode() if isinstance(content, str) else content
        self.disown(name, folder=folder)
        self.person.write(f"{folder}/{name}", data)
        self.owed[hashlib.sha256(data).hexdigest()] = f"{folder}/{name}"

    def delete(self, name: str, *, folder: str = ROOT) -> None:
        """Delete a file or a folder as a person would."""
        self.disown(name, folder=folder)
        self.person.delete(f"{folder}/{name}")

    def move(self, name: str, to: str, *, folder: str = ROOT, to_folder: str | None = None) -> None:
        """Move or rename a file or a folder as a person would."""
        self.person.move(f"{folder}/{name}", f"{to_folder or folder}/{to}")

    def copy(self, name: str, to: str, *, folder: str = ROOT, to_folder: str | None = None) -> None:
        """Copy a file or a folder as a person would."""
        self.person.copy(f"{folder}/{name}", f"{to_folder or folder}/{to}")

    def disown(self, name: str, *, folder: str = ROOT) -> None:
        """Forget what lies there: a person takes it back by their own hand."""
        for content in self.ground.files(f"{folder}/{name}").values():
            self.owed.pop(hashlib.sha256(content).hexdigest(), None)

    def read(self, name: str, *, folder: str = ROOT) -> bytes:
        """Read a file of the watched folder."""
        return self.person.read(f"{folder}/{name}")

    def sign(self, email: str = MARIE) -> None:
        """Let a signatory sign everything that waits for them."""
        for view in self.platform.transactions():
            if not view.sends or view.ended_at is not None:
                continue
            for signatory in view.signatories:
                if (
                    signatory.email == email
                    and signatory.link
                    and signatory.status not in {"signed", "refused"}
                ):
                    self.platform.person_signs(view.id, email)

    def refuse(self, email: str = MARIE, reason: str = "Les honoraires ne correspondent pas.") -> None:
        """Let a signatory refuse the newest transaction."""
        self.platform.person_refuses(self.platform.transactions()[-1].id, email, reason)

    # ---------------------------------------------------------------------------------- looking

    def status(self, name: str = "lettre", *, folder: str = ROOT) -> str:
        """Text of a status file, empty when there is none."""
        try:
            return (
                self.person.read(f"{folder}/{name}.signature.txt").decode("utf-8-sig").replace("\r\n", "\n")
            )
        except FileNotFoundError:
            return ""

    def first_line(self, name: str = "lettre", *, folder: str = ROOT) -> str:
        """First line of a status, with plain spaces."""
        return self.status(name, folder=folder).split("\n", 1)[0].replace("\u00a0", " ")

    def told(self) -> dict[str, Any]:
        """What ``status --json`` says, as plain types."""
        return gathered(
            Asked(
                config=load_config(self.config_text),
                journal=self.parts.journal,
                tokens=tokens_in(load_config(self.config_text), self.state),
                vital=None,
                running=True,
                room="",
                now=self.clock.now(),
            )
        )

    def records(self) -> list[Record]:
        """Everything the journal knows, oldest first."""
        return list(self.parts.journal.everything())

    def record(self, name: str = "lettre", *, folder: str = ROOT) -> Record:
        """The current record of a sidecar."""
        record = self.parts.journal.at_place("dms", f"/{folder}/{name}.sign.yaml")
        assert record is not None, f"no record for {name}"
        return record

    def sends(self) -> list[int]:
        """How often each transaction was sent, oldest first."""
        return [view.sends for view in self.platform.transactions()]

    def files(self, folder: str = ROOT) -> list[str]:
        """Names of the files that a person sees in a folder, sorted.

        The models and the overviews, which are everywhere, are left out.
        """
        below = [path.removeprefix(f"{folder}/") for path in self.ground.files(folder)]
        return sorted(
            path
            for path in below
            if path.rpartition("/")[2] not in OVERVIEWS
            and not any(part.startswith(".") or part == MODELS for part in path.split("/"))
        )

    def intact(self) -> None:
        """What must hold after every story.

        Sent once each; every content a person wrote is still there, as a file or as a version; nothing half-made
        is left behind; each status says what the journal says; no guard had to keep a defect from the other files.
        """
        assert self.defects.met == []
        assert all(sends <= 1 for sends in self.sends()), self.sends()
        self.ground.clean()
        assert list((self.directory / "state").rglob("*.part")) == []
        self._nothing_lost()
        self._statuses_agree()

    def _nothing_lost(self) -> None:
        contents = (*self.ground.files().values(), *self.ground.kept())
        there = {hashlib.sha256(content).hexdigest() for content in contents}
        lost = [path for sha256, path in self.owed.items() if sha256 not in there]
        assert lost == [], f"a person's bytes are lost: {lost}"

    def _statuses_agree(self) -> None:
        for record in self.records():
            if not record.current or record.reported is None or record.state not in WORDS:
                continue
            try:
                data = self.person.read(str(record.extra["status_href"]).lstrip("/"))
            except (FileNotFoundError, NotADirectoryError):
                data = b""
            text = data.decode("utf-8-sig", "replace")
            if f"ref: {record.ref} " in text:
                assert text.split(" –", 1)[0] in WORDS[record.state], (record.ref, record.state, text)
