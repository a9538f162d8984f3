"""One watcher: tells that something moved below a local folder, and is found out when it has gone blind.

What is known of watchers going blind (libraries page: watchdog; peers page, complaint 23) is looked for at every check,
told in the log, and put right by a new one: a thread that died, a folder that was deleted, replaced, unmounted or
mounted over, the kernel's limits. Of paths only the administrator's own reach the log.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from connector.sidecar import names
from connector.webdav import mounts

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent, FileSystemEventHandler
    from watchdog.observers.api import BaseObserver

log = logging.getLogger(__name__)

CHECK_S: Final = 5.0
RENEW: Final = 720
"""After so many checks, an hour, a watcher is replaced whatever it says of itself."""
RENEW_PARTIAL: Final = 60
"""The same where only some of the folders could be watched."""
_starting = threading.Lock()


def concerns(path: str, *, is_folder: bool) -> bool:
    """Tell whether something of this path, below the folder, may matter: no noise, nothing hidden, nothing of ours."""
    above, _, name = path.rpartition("/")
    if (
        names.is_hidden(f"{path}/")
        or names.is_noise(name)
        or any(map(names.is_ours, (*above.split("/"), name)))
    ):
        return False
    known = (names.is_sidecar, names.is_pdf, names.is_image, names.is_settings, names.is_list)
    return is_folder or any(kind(name) for kind in known)


@dataclass(frozen=True)
class _Watching:
    """A running observer, and what it was started on."""

    observer: BaseObserver
    threads: tuple[threading.Thread, ...]
    identity: tuple[int, int]

    def trouble(self, identity: tuple[int, int] | None) -> str:
        """Why it does not see what happens any more; empty while all is well as far as one can tell."""
        if identity is None:
            return "the folder is not there any more"
        if identity != self.identity:
            return "another folder lies there now"
        dead = sorted({thread.name for thread in (self.observer, *self.threads) if not thread.is_alive()})
        return f"the watcher died ({', '.join(dead)})" if dead else ""

    def end(self) -> None:
        """Stop it. Never raises."""
        try:
            self.observer.stop()
            self.observer.join(timeout=CHECK_S)
        except Exception:  # a watcher that is broken already may not be able to end either
            log.debug("a watcher did not end", exc_info=True)


class Watcher:
    """Watches one folder, with all below it, and calls ``announce`` from a thread of its own.

    ``check`` starts it and keeps it alive; it is called again and again, by one thread. ``flat``: whatever lies in the
    folder itself counts, and nothing below it.
    """

    def __init__(
        self,
        name: str,
        path: Path,
        announce: Callable[[], None],
        *,
        flat: bool = False,
        observer: Callable[[], BaseObserver] | None = None,
    ) -> None:
        self.name, self._path, self._announce, self._flat = name, path, announce, flat
        self._called = name if flat else f"folder {name}"
        self._observer = observer or _kernels_observer
        self._watching: _Watching | None = None
        self._checks = self._renew = 0
        self._said = ""
        self._lost = False
        self._warned = ""

    @property
    def blind(self) -> bool:
        """True while nothing is announced."""
        return self._watching is None

    def check(self) -> None:
        """Start it; or see whether it still lives, and start another where it does not. Never raises."""
        try:
            self._check()
        except Exception:  # polling goes on without it, and the next check tries again
            log.exception("%s: the watcher of %s met a defect", self._called, self._path)

    def end(self) -> None:
        """Watch no more."""
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.end()

    def _check(self) -> None:
        identity = _identity(self._path)
        self._checks += 1
        if self._watching is not None:
            trouble = self._watching.trouble(identity)
            if not trouble and self._checks < self._renew:
                return
            if not trouble:
                self._replace(self._watching)
                return
            self._lose(trouble)
        if identity is None:
            self._lose("the folder is not there, or cannot be read")
            return
        try:
            self._watching = self._started(identity)
        except OSError as error:
            self._lose(_reason(error))
            return
        if self._lost:
            # Whatever happened meanwhile was not announced.
            log.info("%s: %s is watched again", self._called, self._path)
            self._announce()
        elif not self._said:
            log.info("%s: %s is watched", self._called, self._path)
        self._lost, self._said = False, "watched"

    def _replace(self, old: _Watching) -> None:
        """Put a fresh watcher in the place of one that looks well, with no gap between them."""
        try:
            self._watching = self._started(old.identity)
        except OSError as error:
            log.debug("%s: the watcher was not renewed: %s", self._called, _reason(error))
            self._renew = self._checks + RENEW_PARTIAL
            return
        old.end()

    def _lose(self, trouble: str) -> None:
        self.end()
        self._lost = True
        if self._said != trouble:
            self._said = trouble
            log.warning(
                "%s: %s is not watched: %s; what is new is found by polling",
                self._called,
                self._path,
                trouble,
            )

    def _started(self, identity: tuple[int, int]) -> _Watching:
        """Raises OSError when the folder cannot be watched at all."""
        from watchdog.utils import BaseThread

        # A link would be watched itself, and nothing behind it.
        path = self._path.resolve(strict=True)
        folders = 1 if self._flat else _folders(path)
        # What an observer starts is told from what was there before, so only one starts at a time. Where another hangs
        # nobody waits for it: then less is known of this one.
        alone = _starting.acquire(timeout=CHECK_S)
        try:
            before, others = mounts.inotify_watches(), set(threading.enumerate())
            observer = self._observer()
            try:
                observer.schedule(
                    _handler(path, self._announce, flat=self._flat),
                    str(path),
                    recursive=not self._flat,
                    event_filter=_wanted(),
                )
                observer.start()
            except BaseException:
                observer.stop()
                raise
            watches, started = mounts.inotify_watches(), set(threading.enumerate()) - others
        finally:
            if alone:
                _starting.release()
        partial = False
        if alone and before is not None and watches is not None:
            partial = sum(count for name, count in watches.items() if name not in before) < folders
        kept = (
            [thread for thread in started if isinstance(thread, BaseThread)] if alone else observer.emitters
        )
        self._renew = self._checks + (RENEW_PARTIAL if partial else RENEW)
        self._warn(path, partial=partial)
        return _Watching(observer, tuple(kept), identity)

    def _warn(self, path: Path, *, partial: bool) -> None:
        """Say once what a watcher that runs will not see."""
        texts = []
        if partial:
            texts.append(
                "not every folder below could be watched: they cannot be read, or the kernel's limit is reached "
                f"(fs.inotify.max_user_watches = {mounts.most_watches()})"
            )
        kind = mounts.filesystem(path)
        if mounts.is_remote(kind):
            texts.append(f"it is a {kind} mount: what other machines change there is not announced")
        text = "; ".join(texts)
        if text and text != self._warned:
            log.warning("%s: %s: %s. Polling finds the rest", self._called, self._path, text)
        self._warned = text


def _kernels_observer() -> BaseObserver:
    # Loaded only where somebody wants it: 7 MB.
    from watchdog.observers import Observer

    return Observer()


def _wanted() -> list[type[FileSystemEvent]]:
    """Changes only: reads of our own would wake us."""
    from watchdog import events

    return [
        events.FileCreatedEvent,
        events.FileClosedEvent,
        events.FileMovedEvent,
        events.FileDeletedEvent,
        events.DirCreatedEvent,
        events.DirMovedEvent,
        events.DirDeletedEvent,
    ]


def _handler(root: Path, announce: Callable[[], None], *, flat: bool) -> FileSystemEventHandler:
    from watchdog.events import FileSystemEventHandler

    class Handler(FileSystemEventHandler):
        """Passes on that something moved, never what. An exception here would end the library's thread for good."""

        def on_any_event(self, event: FileSystemEvent) -> None:
            try:
                paths = (path for path in (event.src_path, event.dest_path) if path)
                if flat or any(_matters(root, path, event) for path in paths):
                    announce()
            except Exception:
                log.exception("a wake-up was lost")

    return Handler()


def _matters(root: Path, path: bytes | str, event: FileSystemEvent) -> bool:
    try:
        below = Path(os.fsdecode(path)).relative_to(root)
    except ValueError:
        return True  # moved out of it, or into it
    return concerns(below.as_posix(), is_folder=event.is_directory)


def _identity(path: Path) -> tuple[int, int] | None:
    """What lies there, so that another folder of the same name is told from it."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if os.access(path, os.R_OK | os.X_OK) and path.is_dir() else None


def _folders(path: Path) -> int:
    """How many folders there are to watch: links are not followed."""
    return 1 + sum(not Path(above, name).is_symlink() for above, below, _ in os.walk(path) for name in below)


def _reason(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return f"the kernel's limit is reached (fs.inotify.max_user_watches = {mounts.most_watches()})"
    if error.errno == errno.EMFILE:
        return "the kernel's limit is reached (fs.inotify.max_user_instances), or too many files are open"
    return error.strerror or type(error).__name__
