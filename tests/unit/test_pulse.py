"""What takes long is told from what is stuck: by signs of life, over real sockets and under a clock of our own."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connector import pulse
from connector.isolation import IsolatedPool
from connector.jesignexpert.client import HttpSigningService
from connector.jesignexpert.tokens import Tokens, TokenStore
from connector.jobs import Job, Jobs
from connector.lanes import Hands, Piece
from connector.ports import Href, TransactionId
from connector.schedule import Result, Rhythm, Schedule
from connector.webdav import WebDavFolder
from connector.webdav.pace import Pace
from connector.webdav.walking import walk
from tests import documents
from tests.fakes.dav_server import Asked, RawServer, Step

GENEROUS = 20.0
SELDOM = Rhythm.fixed(timedelta(hours=1))
BUDGET = 60.0


class Slow:
    """An answer whose next piece comes when the test says so."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces, self._more = pieces, threading.Semaphore(0)

    def next(self) -> None:
        self._more.release()

    def __call__(self, _asked: Asked) -> Iterator[Step]:
        for piece in self._pieces:
            assert self._more.acquire(timeout=GENEROUS)
            yield piece


@contextmanager
def passing(work: Callable[[], object], clock: Callable[[], float]) -> Iterator[Jobs]:
    """A job at work, and its alarms."""
    done = threading.Event()

    def once(_deadline: float) -> Result:
        try:
            work()
        finally:
            done.set()
        return Result()

    job = Job("server:dms", once, Schedule(SELDOM, clock()))
    jobs = Jobs([job], budget=BUDGET, night=lambda: False, failed=lambda _error: None, clock=clock)
    jobs.start()
    try:
        until = time.monotonic() + GENEROUS
        while not jobs.busy() and not done.is_set():
            assert time.monotonic() < until
            time.sleep(0.002)
        yield jobs
    finally:
        assert done.wait(GENEROUS)
        jobs.end()


def heard(jobs: Jobs, job: str, since: float) -> None:
    """Wait until something has come for that job after this moment of the clock."""
    until = time.monotonic() + GENEROUS
    while jobs[job].heard < since:
        assert time.monotonic() < until
        time.sleep(0.002)


def from_dms(url: str) -> None:
    with WebDavFolder("dms", url, "u", "p", conditions=True) as folder:
        folder.get(Href("/a.pdf"), io.BytesIO(), max_bytes=1_000_000)


def from_platform(url: str, tokens: Path) -> None:
    store = TokenStore(tokens)
    store.save("lyon", Tokens(office="T", office_name="Cabinet", user="U"))
    service = HttpSigningService(
        "lyon", base_url=url, shortcut="abc", secret="S", tokens=store, now=lambda: datetime.now(UTC)
    )
    try:
        service.download(TransactionId("t-1"), 1, io.BytesIO(), max_bytes=1_000_000)
    finally:
        service.close()


@pytest.mark.parametrize("side", ["dms", "platform"])
def test_a_download_that_goes_on_is_alive_and_one_that_does_not_is_not(side: str, tmp_path: Path) -> None:
    """A file that takes ten minutes starves no watchdog; silence for two does."""
    now = 1_000.0
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n%PDF-1.7  "
    slow = Slow([head, *[b"x" * 10] * 5])
    with RawServer(slow) as server:

        def fetch() -> None:
            if side == "dms":
                from_dms(server.url)
            else:
                from_platform(server.url, tmp_path / "tokens")

        with passing(fetch, lambda: now) as jobs:
            for _ in range(5):
                now += 100
                slow.next()
                heard(jobs, "server:dms", now)
                assert jobs.late() == []
            now += 121
            assert jobs.late() == ["server:dms"]
            slow.next()


def test_those_who_work_for_a_pass_are_heard() -> None:
    """Lanes and walkers are threads of their own: their signs are those of the pass that they work for."""
    beats: list[str] = []

    def work(_turn: object) -> None:
        pulse.beat()

    def listing(href: Href) -> Href:
        pulse.beat()
        return href

    with pulse.heard_by(lambda: beats.append(threading.current_thread().name)):
        Hands().work([Piece(lane="a", ids=frozenset({n}), do=work) for n in range(3)], width=2)
        assert len(beats) == 3
        walk(listing, [Href("/a/"), Href("/b/")], lambda _found: (), Pace(2))
    assert len(beats) == 5
    assert threading.current_thread().name not in beats
    pulse.beat()
    assert len(beats) == 5, "whoever does not listen any more hears nothing"


def test_waiting_for_ones_turn_is_a_sign_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those before us have their time; we beat meanwhile, and wait no longer than we may."""
    monkeypatch.setattr(pulse, "_PATIENCE_S", 0.01)
    turn, beats = threading.Semaphore(0), [0]

    def hear() -> None:
        beats[0] += 1
        if beats[0] == 3:
            turn.release()

    with pulse.heard_by(hear):
        assert pulse.acquired(turn)
        assert beats[0] == 3
        assert not pulse.acquired(turn, 0.05)
        assert not pulse.acquired(turn, 0.0)
    assert beats[0] > 3


def test_waiting_for_a_worker_is_a_sign_too(tmp_path: Path) -> None:
    """Each call on a worker is one, whatever becomes of it."""
    path, beats = tmp_path / "a.pdf", [0]
    path.write_bytes(documents.letter())

    def hear() -> None:
        beats[0] += 1

    with IsolatedPool(maximum=1) as pool, pulse.heard_by(hear):
        pool.call("pdf.facts", path=str(path))
    assert beats[0] >= 1
