"""The real steps over files of this machine: what ``lint`` and ``preview`` judge with. No network, nothing written.

The verdict is the service's own because it is made by the service's own functions, on a journal in memory and a spool
in a directory that goes away. What a journal would know is not there: a request that has left is recognised by the
status beside it, whose first line is believed.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final, NoReturn

from connector import logs
from connector.cli.common import Settings, misused, one_of
from connector.cli.local_folder import LocalFolder
from connector.cli.read_only import ReadOnlyService
from connector.cli.wiring import contract_of
from connector.cli.wiring_settings import accounts_of, watched
from connector.config import Account, Ceiling, Config, Platform, SecretReference, Server, WatchedFolder
from connector.errors import NotConnected
from connector.isolated_pdf import IsolatedPdf
from connector.isolation import IsolatedPool
from connector.jesignexpert.tokens import TokenStore
from connector.journal import Journal
from connector.lifecycle import Record
from connector.marks import Sealer
from connector.ports import Fetched, Href, TransactionId, TransactionStatus
from connector.report import words
from connector.report.block import Foreign, read_status
from connector.report.typography import Language
from connector.sidecar import names
from connector.spool import Spool
from connector.steps.attend import consider
from connector.steps.case import Case
from connector.steps.discover import Pair, Settling, Sight, look
from connector.steps.judge import judge
from connector.steps.parts import Parts, ReportSettings, Timing

FOLDER: Final = "dossier"
ACCOUNT: Final = "compte"
_NOWHERE: Final = "https://nowhere.invalid/"
"""No loopback: what is refused for a real platform, the people of the models, is refused here."""
_MOST_STATUS_BYTES: Final = 200_000
_TIMING: Final = Timing(pdf_patience=timedelta(0))
"""What is missing here is missing: nobody is about to put it there."""
_KEY: Final = secrets.token_bytes(32)


class Offline(ReadOnlyService):
    """The port ``SigningService`` of a platform that is never asked."""

    def __init__(self, name: str) -> None:
        self.name = name

    def status(self, transaction: TransactionId) -> TransactionStatus:
        """Refuse."""
        self._away("status")

    def download(self, transaction: TransactionId, rank: int, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """Refuse."""
        self._away("download")

    def attestation(self, transaction: TransactionId, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """Refuse."""
        self._away("attestation")

    def _away(self, operation: str) -> NoReturn:
        raise NotConnected("nobody is asked offline", service=self.name, operation=operation)


@dataclass(frozen=True)
class Rules:
    """What is judged by: one watched folder of a configuration."""

    config: Config
    folder: str
    from_file: bool = True

    def root(self, directory: Path) -> Href:
        """Return where that folder begins, ``directory`` standing for it: as in the file, else under its own name."""
        if self.from_file or not directory.name:
            return Href(self.config.folders[self.folder].path)
        return Href(f"/{directory.name}/")

    @property
    def server(self) -> str:
        """The server on which it lies."""
        return self.config.folders[self.folder].server


def rules_of(settings: Settings, folder: str | None) -> Rules:
    """Return the rules of a folder of the administrator's file, or those that hold where there is none.

    The file is read when it is named, or when a folder is. Leaves when it has no such folder, or several and none
    is named. Raises ConfigurationError.
    """
    if settings.config is None and folder is None:
        return Rules(_without_file(), FOLDER, from_file=False)
    config = settings.load()
    known = tuple(config.folders)
    if folder is None and len(known) > 1:
        misused(f"say which folder of the configuration is meant: --folder {'|'.join(known)}")
    return Rules(config, one_of(folder or known[0], known, "folder"))


def _without_file() -> Config:
    """One folder that may send, with every default; nothing in it is ever connected to."""
    nowhere = SecretReference(env="NOBODY_ASKS")
    return Config(
        config_version=1,
        servers={FOLDER: Server(name=FOLDER, url=_NOWHERE, user="nobody", password=nowhere)},
        platform=Platform(url=_NOWHERE, shortcut="nobody", secret=nowhere),
        accounts={ACCOUNT: Account(name=ACCOUNT, sender="Cabinet", owner="nobody@localhost.example")},
        folders={
            FOLDER: WatchedFolder(
                name=FOLDER, server=FOLDER, path="/", accounts=(ACCOUNT,), send=Ceiling.LIVE
            )
        },
    )


@contextmanager
def offline(
    rules: Rules, local: LocalFolder, pool: IsolatedPool, *, language: Language | None = None
) -> Iterator[Parts]:
    """Put the real parts together over one local folder. ``language``: of the texts, instead of the file's."""
    config = rules.config
    with ExitStack() as stack:
        stack.enter_context(logs.made_up("connector.journal.records"))
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jse-offline-")))
        journal = Journal("sqlite://", now=lambda: datetime.now(UTC))
        stack.callback(journal.close)
        yield Parts(
            journal=journal,
            spool=Spool(scratch / "spool", durable=False),
            sealer=Sealer(_KEY),
            documents=IsolatedPdf(pool),
            folders={rules.server: local},
            services={name: Offline(name) for name in config.accounts},
            # Whose a file is on the DMS, and who can write there, a file of this machine does not tell.
            watched={rules.folder: replace(watched(config)[rules.folder], root=local.root, owners=None)},
            accounts=accounts_of(config, contract_of(config), TokenStore(scratch / "tokens")),
            connector="offline",
            now=lambda: datetime.now(UTC),
            timing=_TIMING,
            report=ReportSettings(
                timezone=config.timezone, language=language or config.language, support=config.support
            ),
        )


def see(parts: Parts) -> Sight:
    """Look at the whole folder. A file of this machine is at rest the moment it is looked at."""
    (settings,) = parts.watched.values()
    at_rest = Settling(grain=timedelta(microseconds=-1))
    return look(settings, parts.folders[settings.server], at_rest, parts.now())


def judged(parts: Parts, sight: Sight, pair: Pair) -> Record:
    """Judge one request as if it had just arrived, and free what only its sending would need.

    The journal keeps its record, so that a copy is known for one; it is closed there, so that no later request is
    held against it as one that still waits.
    """
    record = judged_to_be_shown(parts, sight, pair)
    parts.spool.free(record.ref)
    return parts.journal.touch(record, closed=True)


def judged_to_be_shown(parts: Parts, sight: Sight, pair: Pair) -> Record:
    """Judge one request as if it had just arrived; its documents stay in the spool where it is accepted."""
    case = Case(parts=parts, sights=(sight,), sight=sight, pair=pair)
    # The service tells of two rivals once, beside the first; here each of them is asked about.
    return consider(case) or judge(case)


# --------------------------------------------------------------------------------------------------
# What the folder says already


_LEFT: Final = (
    words.DRAFT,
    words.IN_PROGRESS,
    words.SIGNED_BY_ALL,
    words.SIGNED,
    words.REFUSED,
    words.EXPIRED,
    words.CANCELLED,
)
_ASKS: Final = (words.TO_CHECK, words.TO_CONFIRM)


@dataclass(frozen=True)
class Told:
    """What a status says that the service left beside a request. ``asks``: it wants a person's word."""

    first_line: str
    asks: bool


@dataclass
class Statuses:
    """The statuses met on the way through a tree: they are not shown to the steps, which have no journal of them."""

    found: dict[tuple[Path, str], Told] = field(default_factory=dict)

    def shown(self, path: Path) -> bool:
        """False for a status that the service wrote; remembers what it says of a request that is out of our hands."""
        folded = names.comparable(path.name)
        if not folded.endswith(".signature.txt"):
            return True
        first_line = _first_line(path)
        if first_line is None:
            return True
        state = first_line.split(" – ")[0]
        for asks, states in ((False, _LEFT), (True, _ASKS)):
            if any(state in pair for pair in states):
                self.found[path.parent, folded] = Told(first_line, asks)
        return False

    def beside(self, sidecar: Path, document_name: str) -> Told | None:
        """Return what is told of a request that has left, has ended, or waits for a person; None for any other."""
        for name in (document_name, names.document_name(sidecar.name), sidecar.name):
            told = self.found.get((sidecar.parent, names.comparable(names.status_name(name))))
            if told is not None:
                return told
        return None


def _first_line(path: Path) -> str | None:
    """Return the first line of a status of ours, by whichever key it was sealed; None for any other file."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_MOST_STATUS_BYTES)
    except OSError:
        return None
    found = read_status(data, _KEY)
    if not isinstance(found, Foreign) or found.connector is None:
        return None
    return data.decode("utf-8-sig", "replace").splitlines()[0].strip()
