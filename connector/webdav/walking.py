"""Listing a whole tree folder by folder, where the server refuses to do it at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from time import monotonic

from connector.errors import InvalidResponse, NotFound, Unavailable
from connector.ports import Entry, Href, Listing

MAX_LEVELS = 100
_ROUND = 8
"""Folders after which the number of threads is thought over."""


class _Pace:
    """How many requests run at once: more only while that makes the walk faster.

    A server with one process gets slower with eight connections than with one, so the number is found by
    measuring, not fixed.
    """

    def __init__(self, maximum: int) -> None:
        self.width = 1
        self._maximum, self._settled = maximum, maximum == 1
        self._done, self._since, self._best = 0, monotonic(), 0.0

    def one_done(self) -> None:
        """Count one answer."""
        self._done += 1
        if self._settled or self._done < _ROUND:
            return
        rate = self._done / max(monotonic() - self._since, 1e-6)
        if rate < self._best * 1.1:
            self.width, self._settled = max(1, self.width // 2), True
        elif self.width >= self._maximum:
            self._settled = True
        else:
            self.width, self._best = min(self._maximum, self.width * 2), rate
        self._done, self._since = 0, monotonic()


def walk_by_folder(
    list_one: Callable[[Href], Listing], known: Listing, *, threads: int
) -> tuple[Listing, bool]:
    """List everything below ``known`` with one request per folder, at most ``threads`` at once.

    ``known`` is the Depth 1 listing of the folder where the walk begins. Returns the whole listing, and
    whether anything was found that ``known`` does not show. The first error ends the walk and is raised;
    a folder that vanishes meanwhile is Unavailable, for then nothing whole can be told.
    """
    entries: dict[Href, Entry] = {entry.href: entry for entry in known.entries}
    waiting = [entry.href for entry in known.entries if entry.is_folder]
    before, pace = len(entries), _Pace(threads)
    running: set[Future[Listing]] = set()
    with ThreadPoolExecutor(max_workers=threads, thread_name_prefix="walk") as pool:
        try:
            while waiting or running:
                while waiting and len(running) < pace.width:
                    running.add(pool.submit(list_one, _near(waiting.pop())))
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    waiting.extend(_new_folders(_below(future), entries))
                    pace.one_done()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    whole = Listing(folder=known.folder, entries=tuple(entries.values()), date=known.date)
    return whole, len(entries) > before


def _near(href: Href) -> Href:
    if href.count("/") > MAX_LEVELS:
        raise InvalidResponse("the folders are nested too deeply")
    return href


def _below(future: Future[Listing]) -> Iterable[Entry]:
    try:
        return future.result().entries
    except NotFound as error:
        raise Unavailable(
            "a folder vanished during the walk", service=error.service, operation=error.operation
        ) from error


def _new_folders(found: Iterable[Entry], entries: dict[Href, Entry]) -> list[Href]:
    """Keep what is new; return the folders among it. What is known already cannot make the walk turn in circles."""
    fresh = [entry for entry in found if entry.href not in entries]
    entries.update((entry.href, entry) for entry in fresh)
    return [entry.href for entry in fresh if entry.is_folder]
