"""Listing many folders, several at once, where each may lead on to further ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from connector.errors import InvalidResponse, NotFound, Unavailable
from connector.ports import Href
from connector.pulse import carried
from connector.webdav.pace import Pace

MAX_LEVELS = 100

Listed = TypeVar("Listed")


def walk(
    list_one: Callable[[Href], Listed],
    start: Iterable[Href],
    take: Callable[[Listed], Iterable[Href]],
    pace: Pace,
) -> None:
    """List the folders of ``start`` and every folder that ``take`` answers to a listing, each once.

    ``take`` is called in the calling thread. The first error ends the walk and is raised; a folder that vanishes
    meanwhile is Unavailable, for then nothing whole can be told.
    """
    waiting = [_near(href) for href in start]
    asked = set(waiting)

    def further(listing: Listed) -> None:
        # What was asked for already cannot make the walk turn in circles.
        found = [href for href in dict.fromkeys(take(listing)) if href not in asked]
        asked.update(found)
        waiting.extend(_near(href) for href in found)

    while len(waiting) == 1:  # one after the other needs no threads
        further(_listed(list_one, waiting.pop()))
    if waiting:
        _together(list_one, waiting, further, pace)


def _together(
    list_one: Callable[[Href], Listed],
    waiting: list[Href],
    further: Callable[[Listed], None],
    pace: Pace,
) -> None:
    running: set[Future[Listed]] = set()
    ask = carried(_listed)
    pace.idle()
    with ThreadPoolExecutor(max_workers=pace.maximum, thread_name_prefix="walk") as pool:
        try:
            while waiting or running:
                while waiting and len(running) < pace.now:
                    running.add(pool.submit(ask, list_one, waiting.pop()))
                busy = len(running) >= pace.now
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    further(future.result())
                    if busy:
                        pace.one_done()
                    else:
                        pace.idle()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _listed(list_one: Callable[[Href], Listed], href: Href) -> Listed:
    try:
        return list_one(href)
    except NotFound as error:
        raise Unavailable(
            "a folder vanished during the walk", service=error.service, operation=error.operation
        ) from error


def _near(href: Href) -> Href:
    if href.count("/") > MAX_LEVELS:
        raise InvalidResponse("the folders are nested too deeply")
    return href
