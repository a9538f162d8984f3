"""What a running service is changed into between two passes, and who makes it: the daemon's view of a reload.

Each pass works from its beginning to its end with the parts it began with; the next one of its server or account has
the new ones. So nothing waits for the slowest, nothing in flight is cut, and what was replaced is closed when the last
pass that may use it is over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from connector.config import Config
from connector.guards import ServerMemory
from connector.steps.parts import Parts

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
