"""``pause``, ``resume``: nothing new leaves for an account, from a folder, or from a whole server, until you say so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from connector import running
from connector.cli.acting import looked_at
from connector.cli.common import FAILED, Settings, complain, kept_journal, misused, one_of
from connector.cli.run import MANUAL
from connector.config.flat import NOTHING
from connector.errors import ConfigurationError
from connector.steps.pauses import FOLDER, SERVER

if TYPE_CHECKING:
    from collections.abc import Collection

    from connector.config import Config
    from connector.journal import Journal

_NEVER = timedelta(days=36_500)


@dataclass(frozen=True, kw_only=True)
class Known:
    """The names that can be paused."""

    accounts: Collection[str]
    folders: Collection[str]
    servers: Collection[str]

    @classmethod
    def of(cls, config: Config) -> Known:
        """Those of a configuration."""
        return cls(accounts=config.accounts, folders=config.folders, servers=config.servers)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is paused: exactly one of the three is named."""

    account: str | None = None
    folder: str | None = None
    server: str | None = None

    def named(self, known: Known) -> tuple[str, str, str]:
        """Return (the hold's name, how it is told, how it is typed); leaves where there is none, or several."""
        given = [one for one in (self.account, self.folder, self.server) if one is not None]
        if len(given) != 1:
            misused("name an account, or --folder NAME, or --server NAME: exactly one of them.")
        if self.folder is not None:
            one_of(self.folder, tuple(known.folders), "folder")
            return FOLDER + self.folder, f"folder {self.folder}", f"--folder {self.folder}"
        if self.server is not None:
            one_of(self.server, tuple(known.servers), "server")
            return SERVER + self.server, f"server {self.server}", f"--server {self.server}"
        account = str(self.account)
        one_of(account, tuple(known.accounts), "account")
        return account, f"account {account}", account


def pause(settings: Settings, subject: Subject, *, dry_run: bool) -> int:
    """Hold launches until ``resume``; what has left is followed and delivered. Raises JournalError.

    A file that cannot be used stops no service, and must not keep anybody from stopping what it sends.
    """
    try:
        config = settings.load()
    except ConfigurationError:
        known = None if dry_run else _worked_with(settings)
        if known is None:
            raise
        name, told, typed = subject.named(known)
        with kept_journal(settings, None) as journal:
            journal.hold(name, MANUAL, probe_at=datetime.now(UTC) + _NEVER)
        complain(
            f"note: {settings.config_file()} cannot be used as it is (jse-connector check-config); paused is what the "
            "running service goes on with."
        )
        print(f"{told}: nothing new leaves until  jse-connector resume {typed}")
        return 0
    name, told, typed = subject.named(Known.of(config))
    if dry_run:
        with looked_at(settings, config) as journal:
            paused = _is_paused(journal, name)
        already = f"{told} is paused already." if paused else f"{told}: nothing new would leave from now on."
        print(f"{already}\nNothing was changed.")
        return 0
    with kept_journal(settings, config) as journal:
        journal.hold(name, MANUAL, probe_at=datetime.now(UTC) + _NEVER)
    print(f"{told}: nothing new leaves until  jse-connector resume {typed}")
    return 0


def resume(settings: Settings, subject: Subject, *, dry_run: bool) -> int:
    """End a pause that was set by hand. Returns 1 where something else holds. Raises JournalError."""
    config = settings.load()
    name, told, _ = subject.named(Known.of(config))
    with looked_at(settings, config) if dry_run else kept_journal(settings, config) as journal:
        hold = journal.held(name)
        if hold is None:
            print(f"{told} was not held.")
            return 0
        if hold.cause != MANUAL:
            complain(f"{told} is held by another cause ({hold.cause}), which ends by itself when it is over.")
            return FAILED
        if dry_run:
            print(f"{told}: launches would go on.\nNothing was changed.")
            return 0
        journal.release(name, cause=MANUAL)
    print(f"{told}: launches go on.")
    return 0


def _worked_with(settings: Settings) -> Known | None:
    """Return what the service that runs loaded; None where none does, or its journal is not at the usual place."""
    kept = running.read(settings.place().directory)
    if kept is None or not kept.alive or kept.config.get("journal/url") != NOTHING:
        return None
    names: dict[str, dict[str, None]] = {"accounts": {}, "folders": {}, "servers": {}}
    for path in kept.config:
        kind, _, rest = path.partition("/")
        if kind in names:
            names[kind][rest.partition("/")[0]] = None
    return Known(**names)


def _is_paused(journal: Journal, name: str) -> bool:
    hold = journal.held(name)
    return hold is not None and hold.cause == MANUAL
