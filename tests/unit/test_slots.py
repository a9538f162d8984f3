"""Connections of a server that several processes share: never more than it allows, nobody left out, changed at work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from connector import slots
from connector.errors import AskedToWait
from connector.ports import Href
from connector.slots import Slots, Step, units, wanted
from connector.webdav import WebDavFolder
from connector.webdav.pace import Pace
from connector.webdav.walking import walk
from tests.fakes.dav_server import Asked, RawServer, answer, entry, multistatus

EMPTY = answer("207 Multi-Status", multistatus(entry("/", folder=True)))


@dataclass
class Client:
    """A client that uses all that it may until it is told less, and then lets go one by one."""

    in_use: int = 0
    most: list[int] = field(default_factory=list)

    def allow(self, most: int) -> None:
        self.most.append(most)


class Several:
    """Processes over one table of leases, each of which takes and gives as it is told, in turn."""

    def __init__(self, maximum: int, *processes: int) -> None:
        self.maximum, self.working = maximum, set(processes)
        self.leases: dict[str, int | None] = dict.fromkeys(units("dms", maximum))
        self.slots: dict[int, Slots] = {}
        self.clients: dict[int, Client] = {}
        self.now = 0.0

    def held(self, process: int) -> int:
        return sum(holder == process for holder in self.leases.values())

    def turn(self, process: int) -> Step:
        own, client = self.slots.setdefault(process, Slots()), self.clients.setdefault(process, Client())
        step = own.step(
            me=process,
            maxima={"dms": self.maximum},
            working={"dms": self.working},
            leases=self.leases,
            clients={"dms": client},
            now=self.now,
        )
        for unit in step.give:
            assert self.leases[unit] == process
            self.leases[unit] = None
        for unit in step.take:
            assert self.leases[unit] is None
            self.leases[unit] = process
        own.apply({"dms": client}, {unit for unit, holder in self.leases.items() if holder == process})
        return step

    def turns(self, number: int = 3) -> dict[int, int]:
        """Let each have a turn, so many times; returns who has how many then."""
        for _ in range(number):
            for process in sorted(self.working | self.slots.keys()):
                self.turn(process)
        return {process: self.held(process) for process in sorted(self.working)}


@pytest.mark.parametrize("maximum", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("processes", [1, 2, 3, 4])
def test_parts_are_even_and_never_more_than_there_are(maximum: int, processes: int) -> None:
    """As many to each as can be, the rest to the eldest; one at least is wanted by whoever works there."""
    working = range(10, 10 + processes)
    parts = [wanted(maximum, me, working) for me in working]
    assert sum(parts) == max(maximum, processes)
    assert (max(parts) - min(parts)) <= 1
    assert min(parts) >= 1
    assert wanted(maximum, 99, working) == 0


def test_who_comes_gets_his_part_and_who_goes_leaves_it() -> None:
    """Alone all of them; then half each; the one that is relieved leaves all to the other."""
    town = Several(4, 1)
    assert town.turns() == {1: 4}
    town.working.add(2)
    assert town.turns() == {1: 2, 2: 2}
    town.working.add(3)
    assert town.turns() == {1: 2, 2: 1, 3: 1}
    town.working.remove(1)
    assert town.turns() == {2: 2, 3: 2}
    assert town.held(1) == 0
    assert town.turns(1) == {2: 2, 3: 2}  # at rest nothing moves


def test_what_is_in_use_is_not_given() -> None:
    """Lowered at once, released only when nothing uses it any more; taken before it is used."""
    town = Several(4, 1)
    town.turns()
    town.clients[1].in_use = 4
    town.working.add(2)
    assert town.turn(1).give == ()
    assert town.clients[1].most[-2] == 2  # no new request beyond that
    assert town.turn(2).take == ()
    town.clients[1].in_use = 3
    assert len(town.turn(1).give) == 1
    assert len(town.turn(2).take) == 1
    assert town.clients[2].most[-1] == 1
    town.clients[1].in_use = 0
    assert town.turns() == {1: 2, 2: 2}


def test_a_server_that_is_not_worked_with_any_more() -> None:
    """Its slots go when its folders are free, not while a request of the client that is being closed may run."""
    town = Several(2, 1)
    town.turns()
    one = town.slots[1]
    given = {"me": 1, "maxima": {"dms": 2}, "leases": town.leases, "clients": {}, "now": 0.0}
    assert one.step(working={"dms": {1, 2}}, **given).give == ()  # type: ignore[arg-type]
    assert one.step(working={"dms": {2}}, **given).give == units("dms", 2)  # type: ignore[arg-type]


def test_fewer_are_allowed_now() -> None:
    """``max_connections`` was lowered, or the server taken out: the slots beyond are given up first."""
    town = Several(4, 1)
    town.turns()
    town.maximum = 2
    town.turns()
    assert town.held(1) == 2
    assert {unit for unit, holder in town.leases.items() if holder} == set(units("dms", 2))
    town.maximum = 0
    town.turns()
    assert town.held(1) == 0


def test_more_processes_than_connections_take_turns() -> None:
    """Nobody waits for ever, and nobody has one beyond what there is."""
    town = Several(2, 1, 2, 3)
    had: dict[int, int] = {1: 0, 2: 0, 3: 0}
    longest = dict.fromkeys(had, 0)
    waits = dict.fromkeys(had, 0)
    for _ in range(120):
        town.now += 5
        for process, number in town.turns(1).items():
            assert number <= 1
            had[process] += number
            waits[process] = 0 if number else waits[process] + 1
            longest[process] = max(longest[process], waits[process])
    assert min(had.values()) > 30
    assert max(longest.values()) * 5 <= 2.5 * slots.TURN_S
    town.working.remove(2)
    assert town.turns() == {1: 1, 3: 1}


# ------------------------------------------------------------------------------------ the client itself


@contextmanager
def counted() -> Iterator[tuple[RawServer, list[int], threading.Event, threading.Semaphore]]:
    """A server that keeps its answers back until it is told, and counts how many requests it has at once."""
    lock, go, came = threading.Lock(), threading.Event(), threading.Semaphore(0)
    now = [0]
    most: list[int] = []

    def reply(_asked: Asked) -> bytes:
        with lock:
            now[0] += 1
            most.append(now[0])
        came.release()
        go.wait(20)
        with lock:
            now[0] -= 1
        return EMPTY

    with RawServer(reply) as server:
        yield server, most, go, came


def test_a_client_is_allowed_more_and_fewer_while_it_works() -> None:
    """Counted at the server: two, then four at once; then one, while what runs goes on to its end."""
    with counted() as (server, most, go, came), WebDavFolder("dms", server.url, "u", "p") as folder:
        go.set()
        folder.stat(Href("/"))  # the login was accepted: from now on requests run side by side
        assert came.acquire(timeout=10)
        go.clear()
        most.clear()
        folder.allow(2)
        threads = [threading.Thread(target=folder.stat, args=(Href("/"),)) for _ in range(8)]
        for thread in threads:
            thread.start()
        assert all(came.acquire(timeout=10) for _ in range(2))
        assert not came.acquire(timeout=0.3)
        assert (max(most), folder.in_use) == (2, 2)
        folder.allow(4)
        assert all(came.acquire(timeout=10) for _ in range(2))
        assert not came.acquire(timeout=0.3)
        assert (max(most), folder.in_use) == (4, 4)
        folder.allow(1)
        assert folder.in_use == 4  # these were begun
        before = len(most)
        go.set()
        for thread in threads:
            thread.join(20)
        assert max(most[before:]) <= 4
        assert (len(most), folder.in_use) == (8, 1)  # one connection is kept open, no more


def test_without_a_slot_nothing_is_asked() -> None:
    """Told as a wish to wait, at once and to whoever waits for a turn; the next slot lets it go on."""
    with counted() as (server, most, go, _came), WebDavFolder("dms", server.url, "u", "p") as folder:
        folder.allow(0)
        with pytest.raises(AskedToWait, match="other processes") as told:
            folder.stat(Href("/"))
        assert told.value.retry_after_s
        assert (most, folder.in_use, folder.allowed) == ([], 0, 0)
        folder.allow(1)
        go.set()
        folder.stat(Href("/"))
        assert most == [1]


def test_a_walk_goes_no_wider_than_it_may() -> None:
    """Listing many folders at once heeds the part that is left, from the middle of a walk on."""
    folders = {f"/{number}/" for number in range(24)}
    lock = threading.Lock()
    now, most = [0], [0]
    narrow = threading.Event()

    def reply(asked: Asked) -> bytes:
        with lock:
            now[0] += 1
            if narrow.is_set():
                most[0] = max(most[0], now[0])
        threading.Event().wait(0.01)
        with lock:
            now[0] -= 1
        found = folders if asked.path == "/" else ()
        entries = (entry(href, folder=True) for href in (asked.path, *found))
        return answer("207 Multi-Status", multistatus(*entries))

    with RawServer(reply) as server, WebDavFolder("dms", server.url, "u", "p", max_connections=8) as folder:
        folder.walk(Href("/"))
        folder.allow(1)
        narrow.set()
        folder.walk(Href("/"))
    assert most[0] == 1


def test_a_walk_that_runs_is_narrowed() -> None:
    """No more threads wait for a connection than may have one: each would wait no longer than a call's time."""
    lock, now, most = threading.Lock(), [0], [0]
    pace = Pace(8)
    pace.width = 8

    def listed(href: Href) -> Href:
        with lock:
            now[0] += 1
            if pace.maximum == 2:
                most[0] = max(most[0], now[0])
            if len(taken) > 18:  # what had begun before is over by then
                late.append(now[0])
        threading.Event().wait(0.005)
        with lock:
            now[0] -= 1
        return href

    taken: list[Href] = []
    late: list[int] = []

    def take(href: Href) -> list[Href]:
        taken.append(href)
        if len(taken) == 8:
            pace.allow(2)
        return []

    walk(listed, [Href(f"/{number}/") for number in range(40)], take, pace)
    assert len(taken) == 40
    assert late
    assert max(late) == 2
    most[0] = 0
    walk(listed, [Href(f"/{number}/") for number in range(40)], take, pace)
    assert (most[0], pace.width) == (2, 2)
    pace.allow(8)
    assert pace.now == 2  # wider again only where that has shown to be faster
