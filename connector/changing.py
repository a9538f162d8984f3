"""What a running service is changed into between two passes, and who makes it: the daemon's view of a reload.

Each pass works from its beginning to its end with the parts it began with; the next one of its server or account has
the new ones. So nothing waits for the slowest, nothing in flight is cut, and what was replaced is closed when the last
pass that may use it is over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from connector.config import Config
from connector.guards import ServerMemory
from connector.steps.parts import Parts
from connector.webdav.wakeups import WakeUps

K = TypeVar("K")


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What the next passes work with. ``retired``: what the former parts held open and these do not."""

    parts: Parts
    config: Config
    anew: frozenset[str] = frozenset()
    """Servers that are looked at as after a start: of their address or their folders something has changed."""
    retired: Sequence[Callable[[], None]] = ()


class Reloader(Protocol):
    """Reads the configuration when it has changed."""

    @property
    def trouble(self) -> str:
        """What the administrator must know of the file, for systemd's status line; empty while all is well."""
        ...

    @property
    def held(self) -> str:
        """How much of the configuration is worked with here, for systemd's status line; empty where all of it is."""
        ...

    @property
    def complete(self) -> bool:
        """True while all of the configuration is worked with, here or by others."""
        ...

    @property
    def asked(self) -> bool:
        """True while SIGHUP has come and was not acted on."""
        ...

    @property
    def directories(self) -> Sequence[Path]:
        """Where the files lie: what moves there wakes us."""
        ...

    def wake(self) -> None:
        """Something moved there."""
        ...

    def look(self) -> Setup | None:
        """Return what to change into; None where nothing changes."""
        ...


class Retired:
    """What is not used any more once certain passes are over, and is closed then. Main thread only."""

    def __init__(self) -> None:
        self._waiting: list[tuple[frozenset[object], Sequence[Callable[[], None]]]] = []

    def add(self, users: frozenset[object], closers: Sequence[Callable[[], None]]) -> None:
        """Keep what these passes may still use."""
        self._waiting.append((users, closers))

    def close(self, at_work: Callable[[], frozenset[object]]) -> None:
        """Close what nobody of those who may use it is at work with any more."""
        if not self._waiting:
            return
        now, waiting = at_work(), self._waiting
        self._waiting = []
        for users, closers in waiting:
            if left := (users & now) | _left_in_hand(users - now, now):
                self._waiting.append((left, closers))
                continue
            for closer in closers:
                with suppress(Exception):  # a connection that does not close goes with the process
                    closer()


def _left_in_hand(over: frozenset[object], now: frozenset[object]) -> frozenset[object]:
    """Return what passes that are over may have left in hand: whatever is, of their servers.

    ``over``, ``now``: passes as (``server:NAME``, when it began), requests in hand as (NAME, number).
    """
    jobs = {one[0] for one in over if isinstance(one, tuple)}
    return frozenset(one for one in now if isinstance(one, tuple) and f"server:{one[0]}" in jobs)


class FileWakeUps:
    """Wakes a reloader when something moves where its files lie. Main thread only."""

    def __init__(self, reloader: Reloader) -> None:
        self._reloader = reloader
        self._followed: list[Path] = []
        self._wakeups = WakeUps({})

    def follow(self) -> None:
        """Watch the directories that count now; nothing happens while they are the same."""
        if (directories := list(self._reloader.directories)) == self._followed:
            return
        self.end()
        self._followed = directories
        wake = self._reloader.wake
        named = {f"configuration {place}": (path, wake) for place, path in enumerate(directories, 1)}
        self._wakeups = WakeUps(named, flat=True)
        self._wakeups.start()

    def end(self) -> None:
        """Watch no more."""
        self._wakeups.end()


def renewed(memory: ServerMemory) -> ServerMemory:
    """Return an empty memory of a server; who still works on its requests is not forgotten (R12)."""
    return ServerMemory(hands=memory.hands)


def forget(parts: Parts, server: str) -> None:
    """Forget what this process found out about a server. Called by the server's own pass, before it looks."""
    folders = {name for name, settings in parts.watched.items() if settings.server == server}
    by_place: tuple[dict[tuple[str, str], Any], ...] = (
        *(parts.settings_read, parts.settings_gone, parts.links, parts.refused, parts.names_given),
        *(parts.filed_seen, parts.strange),
    )
    for table in by_place:
        _drop(table, lambda key: key[0] == server)
    by_folder: tuple[dict[str, Any], ...] = (parts.rights_of, parts.doubted, parts.doubt_asked)
    for names in by_folder:
        _drop(names, lambda key: key in folders)
    parts.writable -= {place for place in parts.writable.copy() if place[0] == server}
    parts.taken_in -= {place for place in parts.taken_in.copy() if place[0] == server}
    parts.vanished.pop(server, None)
    parts.tag_books.pop(server, None)


def _drop(table: dict[K, Any], gone: Callable[[K], bool]) -> None:
    for key in [key for key in list(table) if gone(key)]:
        table.pop(key, None)
