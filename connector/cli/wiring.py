"""The one place that puts the real parts together, from the administrator's file and the state directory."""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from connector import fence as fence_module
from connector.cli import former
from connector.cli.journal_file import journal_access, journal_url
from connector.cli.password_renewal import PasswordRenewal, passwords_of
from connector.cli.state import TAKES_NOTHING
from connector.cli.state import State as State
from connector.cli.state import state_directory as state_directory
from connector.cli.token_place import given_seal, tokens_in, vault_of
from connector.cli.wiring_settings import accounts_of, report_settings, timing_of, watched
from connector.cli.wiring_told import login_of, ping_of, relay_of, renewal_of, telling_of
from connector.config import Config, SecretReference, resolve_secret
from connector.errors import (
    ConfigurationError,
    ConfigurationProblem,
    JournalError,
    JournalFull,
)
from connector.fence import Fence
from connector.isolated_pdf import IsolatedPdf
from connector.isolation import IsolatedPool
from connector.jesignexpert.client import HttpSigningService
from connector.jesignexpert.contract import Contract
from connector.jesignexpert.tokens import TokenKeeper
from connector.jesignexpert.transport import BaseTransport, DeadlineTransport
from connector.journal import Journal
from connector.journal.leases import Leases
from connector.marks import Sealer
from connector.ports import AccountLogin, Folder, SigningService
from connector.spool import Spool
from connector.steps import failed_over, machines
from connector.steps.parts import Parts
from connector.webdav.client import AdapterFactory
from connector.webdav.folder import WebDavFolder

log = logging.getLogger(__name__)

_LOOKS = 4
_LOCK = ".lock"


@dataclass(frozen=True, kw_only=True)
class Seams:
    """What may be put between the parts and the world; by default nothing. A pool that is given stays open."""

    pool: IsolatedPool | None = None
    journal: Callable[..., Journal] = Journal
    adapter: AdapterFactory | None = None
    transport: Callable[[Path | None, str | None], BaseTransport] = lambda ca_file, proxy: DeadlineTransport(
        ca_file=ca_file, proxy=proxy
    )
    lease_s: float | None = None
    """How long a process counts as alive, of several on one journal; None: as long as the configuration says."""


@contextmanager
def single_instance(state: State, journal: Path | None = None) -> Iterator[None]:
    """Hold the state directory, and a SQLite journal's file, for this process alone.

    Raises JournalError when another process holds one of them, JournalFull where a disk takes nothing just now.
    """
    with ExitStack() as held:
        lock = state.directory / "journal" / "lock"
        taken = (
            f"another process works in this state directory ({lock} is locked): is the service running? Each of "
            "several connectors has a state directory of its own"
        )
        held.enter_context(_locked(lock, f"state directory {state.directory}", taken))
        file = None if journal is None else journal.resolve()
        # Path.is_dir() raises where a place is closed: what is wrong with that is told as the journal is opened.
        if file is not None and os.path.isdir(file.parent):  # noqa: PTH112
            lock = file.with_name(f".{file.name}{_LOCK}")
            taken = (
                f"another process works on the journal {file} ({lock} is locked): does the service of another state "
                "directory name it? Each connector has a journal of its own; one in PostgreSQL several can share"
            )
            stream = held.enter_context(_locked(lock, f"the journal {file}", taken))
            _given_to(state, stream)
        yield


def _given_to(state: State, stream: TextIO) -> None:
    """Let a file that root made outside the state directory be used by the service, whose directory that is."""
    made, owner = os.fstat(stream.fileno()), state.directory.stat()
    if os.geteuid() == 0 == made.st_uid != owner.st_uid and made.st_nlink == 1:
        os.fchown(stream.fileno(), owner.st_uid, owner.st_gid)


@contextmanager
def _locked(path: Path, what: str, taken: str) -> Iterator[TextIO]:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        kind = JournalFull if error.errno in TAKES_NOTHING else JournalError
        raise kind(f"{what} cannot be written: {os.strerror(error.errno or 0)}") from error
    with os.fdopen(handle, "w") as stream:
        for left in range(_LOOKS, -1, -1):
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if not left:
                    raise JournalError(taken) from error
            time.sleep(0.05)  # who only asks whether it is held holds it for a moment
        yield stream


@contextmanager
def wired(
    config: Config,
    state: State,
    *,
    now: Callable[[], datetime] | None = None,
    seams: Seams | None = None,
    whole: Config | None = None,
    although_anothers: bool = False,
) -> Iterator[Parts]:
    """Make all parts and close them at the end. Raises ConfigurationError (a missing secret), JournalError.

    ``whole``: all that the configuration names, where ``config`` is what this process holds of it.
    ``although_anothers``: be the journal another connector's, for whoever takes it over.
    """
    seams = seams or Seams()
    clock = now or (lambda: datetime.now(UTC))
    contract = contract_of(config)
    with ExitStack() as stack:
        pool = seams.pool or stack.enter_context(IsolatedPool(within=[state.directory / "spool"]))
        begin = partial(former.may_begin, state)
        journal = seams.journal(
            journal_url(config, state), now=clock, may_begin=begin, **journal_access(config)
        )
        stack.callback(journal.close)
        _judge_server(config, journal, clock())
        tokens = tokens_in(config, state, journal)
        if journal.shared:
            vault_of(config, journal).check()
            if not although_anothers:
                _judge_name(_connector_id(config, state), journal)
        fence = fence_of(config, journal, seams)
        folders: dict[str, Folder] = {}
        renewals: dict[str, Callable[[], bool]] = {}
        for name in config.servers:
            folder = made_folder(config, name, clock, seams, fence)
            stack.callback(folder.close)
            folders[name], renewals[name] = folder, PasswordRenewal(config, name, folder)
        services: dict[str, SigningService] = {}
        for name in config.accounts:
            service = made_service(config, name, contract, tokens, clock, seams, fence)
            stack.callback(service.close)
            services[name] = service
        logins: dict[str, AccountLogin] = {}
        for name in (whole or config).accounts:
            login = made_login(whole or config, name, contract, tokens, clock, seams, fence)
            stack.callback(login.close)
            logins[name] = login
        seal = sealer(config, state)
        yield Parts(
            journal=journal,
            spool=Spool(state.directory / "spool", rest=journal if journal.shared else None),
            sealer=seal,
            documents=IsolatedPdf(pool),
            folders=folders,
            services=services,
            connector=_connector_id(config, state),
            now=clock,
            logins=logins,
            renewals=renewals,
            passwords=passwords_of(renewals, seal),
            machine=machines.subject_of(state.name, socket.gethostname()) if journal.shared else "machine",
            fence=fence,
            shared=fence is not None,
            **decided(config, contract, tokens, folders, services),
        )


def _judge_server(config: Config, journal: Journal, now: datetime) -> None:
    """See that what PostgreSQL keeps is kept, and on which server. Raises JournalError where it is not."""
    warning = journal.judge_replication(config.journal.replication)
    if warning:
        log.warning("%s", warning)
    failed_over.recognise(journal, now)


def _judge_name(name: str, journal: Journal) -> None:
    """Raise ConfigurationError where a shared journal is another connector's (protocol R12)."""
    if (known := journal.begin_as(name)) != name:
        text = (
            f'{journal.place}, belongs to connector "{known}", and this configuration says "{name}": all that work on '
            f"one journal are one connector, and bear one name. Write  connector: {known}  as on the other hosts; "
            "another connector has a database of its own (journal.url). Where it was renamed on purpose: stop all of "
            "them, write the new name on every host, and say  jse-connector take-over FOLDER  for each folder"
        )
        raise ConfigurationError([ConfigurationProblem(path="connector", text=text)])


def decided(
    config: Config,
    contract: Contract,
    tokens: TokenKeeper,
    folders: Mapping[str, Folder],
    services: Mapping[str, SigningService],
) -> dict[str, Any]:
    """Return the fields of ``Parts`` that the configuration alone decides: at a start, and when it has changed.

    Raises ConfigurationError for a secret that cannot be read.
    """
    return {
        "watched": watched(config),
        "accounts": accounts_of(config, contract, tokens),
        "report": report_settings(config),
        "timing": timing_of(config),
        "telling": telling_of(config),
        "relay": relay_of(config),
        "ping": ping_of(config),
        "keep_personal_data": config.keep_personal_data,
        "made": made_of(folders),
        "allowed": allowed_of(folders),
        "clocks": told_by(folders, services, "drift_s"),
        "heard": told_by(folders, services, "heard_s"),
    }


def fence_of(config: Config, journal: Journal, seams: Seams) -> Fence | None:
    """Return what is asked before every effect where several processes work on one journal, else None."""
    if not journal.shared:
        return None
    said = (config.journal.lease or fence_module.LEASE).total_seconds()
    return Fence(Leases(journal), said if seams.lease_s is None else seams.lease_s)


def _asked(fence: Fence | None) -> Callable[[float], float] | None:
    return None if fence is None else fence.before_write


def made_login(
    config: Config,
    name: str,
    contract: Contract,
    tokens: TokenKeeper,
    now: Callable[[], datetime],
    seams: Seams,
    fence: Fence | None = None,
) -> AccountLogin:
    """Return what connects an account again by itself; close it when done."""
    login = login_of(
        *(config, name, contract, platform_secrets(config)),
        now=now,
        transport=seams.transport,
        before_write=_asked(fence),
    )
    return renewal_of(config, name, login, tokens, now=now)


def made_of(folders: Mapping[str, Folder]) -> dict[str, Callable[[], Mapping[str, int]]]:
    """Return what tells how many requests each server was asked, by status."""
    return {name: partial(getattr, one, "made") for name, one in folders.items()}


def allowed_of(folders: Mapping[str, Folder]) -> dict[str, Callable[[], int]]:
    """Return what tells how many requests of each server may run at once now."""
    return {name: partial(getattr, one, "allowed") for name, one in folders.items()}


def told_by(
    folders: Mapping[str, Folder], services: Mapping[str, SigningService], what: str
) -> dict[str, Callable[[], float | None]]:
    """Return what each other side tells of its clock: how far it is from ours, or when it was last heard of."""
    return {
        **{f"server:{name}": partial(getattr, one, what) for name, one in folders.items()},
        **{f"account:{name}": partial(getattr, one, what) for name, one in services.items()},
    }


def contract_of(config: Config) -> Contract:
    """Return the platform's contract with what the administrator's file replaces."""
    return Contract().with_overrides(config.platform.contract)


def made_folder(
    config: Config, name: str, now: Callable[[], datetime], seams: Seams, fence: Fence | None = None
) -> WebDavFolder:
    """Return the client of one server. Raises ConfigurationError where a secret cannot be read."""
    server = config.servers[name]
    user = server.user
    if isinstance(user, SecretReference):
        user = resolve_secret(user, path=f"servers.{name}.user")
    return WebDavFolder(
        name,
        server.url,
        user,
        resolve_secret(server.password, path=f"servers.{name}.password"),
        ca_file=server.ca_file,
        proxy=server.proxy,
        max_connections=server.max_connections,
        adapter_factory=seams.adapter,
        clock=lambda: now().timestamp(),
        before_write=_asked(fence),
    )


def platform_secrets(config: Config) -> tuple[str, str]:
    """Return (shortcut, secret) of the software editor."""
    shortcut = config.platform.shortcut
    if isinstance(shortcut, SecretReference):
        shortcut = resolve_secret(shortcut, path="platform.shortcut")
    return shortcut, resolve_secret(config.platform.secret, path="platform.secret")


def made_service(
    config: Config,
    name: str,
    contract: Contract,
    tokens: TokenKeeper,
    now: Callable[[], datetime],
    seams: Seams,
    fence: Fence | None = None,
) -> HttpSigningService:
    """Return the client of one account. Raises ConfigurationError where a secret cannot be read."""
    shortcut, secret = platform_secrets(config)
    return HttpSigningService(
        name,
        base_url=config.platform.url,
        shortcut=shortcut,
        secret=secret,
        tokens=tokens,
        now=now,
        contract=contract,
        ca_file=config.platform.ca_file,
        proxy=config.platform.proxy,
        transport=seams.transport(config.platform.ca_file, config.platform.proxy),
        max_reads_per_minute=config.polling.max_calls_per_minute,
        before_write=_asked(fence),
    )


def sealer(config: Config, state: State) -> Sealer:
    """Return what seals and hides for this connector; its key is made where there is none yet."""
    return Sealer(seal_key(config, state))


def seal_key(config: Config, state: State) -> bytes:
    """Return the seal that the configuration names, else the one in the state directory, made where there is none."""
    if (given := given_seal(config)) is not None:
        return given
    return _once(state.directory / "keys" / "seal", secrets.token_hex(32)).encode()


def _connector_id(config: Config, state: State) -> str:
    """The configured id, else the host's name, written once: a host that is renamed stays the same connector."""
    if config.connector is not None:
        return config.connector
    return _once(state.directory / "connector-id", socket.gethostname() or "connector")


def _once(path: Path, value: str) -> str:
    """Read a small file, made with ``value`` when it is not there; whole or absent, 0600."""
    try:
        with suppress(FileNotFoundError):
            return path.read_text().strip()
        partial = path.with_name(f"{path.name}.{os.getpid()}.part")
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w") as stream:
            stream.write(value + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    except OSError as error:
        kind = JournalFull if error.errno in TAKES_NOTHING else JournalError
        raise kind(f"{path} can be neither read nor made: {error.strerror}") from error
    return value
