"""Wake-ups: a local folder that mirrors a watched one tells that something moved, so that a look comes at once.

A look at the server stays the only truth and goes on by its own clock, whatever happens here.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from connector.webdav.watcher import CHECK_S, Watcher

log = logging.getLogger(__name__)

HANGS_S: Final = 60.0
"""A check that takes longer hangs: a mount whose server is gone blocks whoever looks at it."""


class WakeUps:
    """The watchers of a service, each looked after by a thread of its own: one that hangs keeps no other waiting.

    ``folders``: name of a watched folder → its local mirror, and what to call when something moves there. ``flat``:
    other folders than those, in which every file counts, and nothing further down.
    """

    def __init__(
        self,
        folders: Mapping[str, tuple[Path, Callable[[], None]]],
        *,
        flat: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._watchers = [
            Watcher(name, path, announce, flat=flat) for name, (path, announce) in folders.items()
        ]
        self._clock = clock
        self._checking: dict[str, float] = {}
        """Since when a watcher is being looked after."""
        self._said: set[str] = set()
        self._ended = threading.Event()

    def start(self) -> None:
        """Watch, from now on. Returns at once."""
        for watcher in self._watchers:
            name = f"wake-up {watcher.name}"
            threading.Thread(target=self._look_after, args=(watcher,), name=name, daemon=True).start()

    def end(self) -> None:
        """Announce nothing any more. Does not wait."""
        self._ended.set()

    def blind(self) -> list[str]:
        """Names of the folders of which nothing is announced; one that hangs is told to the log once."""
        hanging = {name for name, since in self._checking.copy().items() if self._clock() - since > HANGS_S}
        for name in sorted(hanging - self._said):
            log.warning("folder %s: the local folder does not answer; what is new is found by polling", name)
        self._said = hanging
        return [watcher.name for watcher in self._watchers if watcher.blind or watcher.name in hanging]

    def _look_after(self, watcher: Watcher) -> None:
        while not self._ended.is_set():
            self._checking[watcher.name] = self._clock()
            watcher.check()
            self._checking.pop(watcher.name)
            self._ended.wait(CHECK_S)
        watcher.end()
