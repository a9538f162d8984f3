"""What looking costs, counted at the server: requests, bytes and connections, never seconds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.config.model import Ceiling
from connector.errors import Unavailable
from connector.ports import Href
from connector.sandbox.clock import SandboxClock
from connector.sandbox.dms import DmsWorld, serve_dms
from connector.sandbox.dms.nextcloud import search as sandbox_search
from connector.sandbox.dms.world import Mode, Request
from connector.steps.discover import Settling, Sight, Watch
from connector.steps.parts import FolderSettings
from connector.webdav import WebDavFolder, searching

ROOT = "Dossiers"
SETTINGS = FolderSettings(
    name="dossiers",
    server="dms",
    root=Href(f"/{ROOT}/"),
    registry=Href(f"/{ROOT}/.signature/"),
    accounts=("cabinet",),
    ceiling=Ceiling.LIVE,
)
CLIENTS = [f"Société n° {number} & fils #2" for number in range(6)]
LEAVES = [
    f"{client}/{year}/{kind}"
    for client in CLIENTS
    for year in (2025, 2026)
    for kind in ("Fiscal", "Social", "50% +")
]
FOLDERS = 1 + len(CLIENTS) * (1 + 2 + 6)
ASKED = f"{ROOT}/{LEAVES[4]}/lettre.sign.yaml"


@dataclass
class Office:
    """A tree of many folders, one server, one watch."""

    world: DmsWorld
    folder: WebDavFolder
    clock: SandboxClock
    watch: Watch = field(default_factory=lambda: Watch(Settling(grain=timedelta(seconds=1))))

    def look(
        self, near: tuple[str, ...] = (), out: tuple[str, ...] = (), *, later: float = 5
    ) -> tuple[Sight, list[Request]]:
        """Look once more, a few seconds later; what it asked for."""
        self.clock.advance(later)
        before = len(self.world.requests)
        sight = self.watch.look(SETTINGS, self.folder, self.clock.now(), near, out)
        return sight, self.world.requests[before:]

    def settle(self, looks: int = 3) -> Sight:
        """Look until everything has settled."""
        for _ in range(looks):
            sight, _ = self.look()
        return sight

    def truth(self) -> set[str]:
        """Everything that lies there, seen by a walk that trusts nothing; our own folders left out."""
        found = self.folder.walk(SETTINGS.root).entries
        return {
            entry.href for entry in found if "/.signature/" not in entry.href.removesuffix("/.signature/")
        }


@contextmanager
def office(directory: Path, mode: Mode, **options: Any) -> Iterator[Office]:
    clock = SandboxClock()
    world = DmsWorld(directory / "dms", directory / "state", mode=mode, clock=clock, **options)
    for leaf in LEAVES:
        world.person.mkdir(f"{ROOT}/{leaf}")
        for number in range(2):
            world.person.write(f"{ROOT}/{leaf}/pièce {number}.pdf", b"%PDF-" + bytes(number))
    world.person.write(f"{ROOT}/{LEAVES[4]}/lettre.pdf", b"%PDF-1.7")
    world.person.write(ASKED, b"signataires: x")
    clock.advance(60)
    with serve_dms(world) as running:
        with WebDavFolder("dms", running.url, "signatures", "sandbox", max_connections=3) as folder:
            yield Office(world, folder, clock)
        assert running.errors == []


def depths(requests: list[Request]) -> list[str]:
    assert {request.method for request in requests} <= {"PROPFIND"}
    return [request.depth for request in requests]


def test_the_first_look_at_nextcloud_is_a_search_that_is_proven_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One search between two looks at the root; in answers of any size; in doubt everything is listed."""
    with office(tmp_path, "nextcloud") as here:
        here.folder.capabilities()
        everything = here.truth()

        def first_look() -> list[str]:
            here.watch = Watch(Settling(grain=timedelta(seconds=1)))
            sight, asked = here.look()
            assert set(sight.by_href) == everything
            return [request.method if request.method == "SEARCH" else request.depth for request in asked]

        assert first_look() == ["0", "SEARCH", "0"]
        with monkeypatch.context() as patched:
            patched.setattr(searching, "MOST", 40)
            assert first_look() == ["0", *["SEARCH"] * (len(everything) // 40 + 1), "0"]
        for wrong in ({"kind": "truncated"}, {"kind": "status", "status": 500}, {"kind": "html"}):
            here.world.misbehave(method="SEARCH", **wrong)
            assert first_look() == ["0", "SEARCH", "infinity"]
        # A limit of the server's own: fewer come than were asked for, and nothing says so.
        with monkeypatch.context() as patched:
            patched.setattr(sandbox_search, "_page", lambda query, nodes: nodes[:50])
            assert first_look() == ["0", "SEARCH", "infinity"]

        def meanwhile(query: object, nodes: list[Any]) -> list[Any]:
            here.world.person.write(ASKED, b"signataires: y")
            return nodes

        with monkeypatch.context() as patched:
            patched.setattr(sandbox_search, "_page", meanwhile)
            assert first_look() == ["0", "SEARCH", "0", "infinity"]


def test_a_nextcloud_too_large_for_one_answer_is_swept_by_searching(tmp_path: Path) -> None:
    """A proxy that waits no longer for Depth: infinity: no walk of thousands of folders takes its place."""
    with office(tmp_path, "nextcloud") as here:
        here.settle()
        here.clock.advance(3_600)
        here.world.misbehave(kind="status", method="PROPFIND", status=504)
        sight, asked = here.look()
        assert [request.method if request.method == "SEARCH" else request.depth for request in asked] == [
            "infinity", "1", "0", "SEARCH", "0",
        ]  # fmt: skip
        assert set(sight.by_href) == here.truth()


def test_on_nextcloud_nothing_costs_one_request_and_a_change_its_depth(tmp_path: Path) -> None:
    """One look at the root, then one listing for each folder on the way down; what was known stays known."""
    with office(tmp_path, "nextcloud") as here:
        person = here.world.person
        sight = here.settle()
        assert not sight.restless
        same, asked = here.look()
        assert same is sight
        assert depths(asked) == ["0"]
        assert asked[0].bytes_out <= 300

        # An edit four folders down: the root, and a listing of each folder on the way.
        person.write(ASKED, b"signataires: y, z")
        edited, asked = here.look()
        assert depths(asked) == ["0", "1", "1", "1", "1"]
        assert edited is not same
        assert [pair.settled for pair in edited.pairs()] == [False]
        # It settles by the root alone, for the root tells of every further write.
        settled, asked = here.look()
        assert depths(asked) == ["0"]
        assert [pair.settled for pair in settled.pairs()] == [True]

        # Moved, renamed, deleted, new: each is seen, and nothing else is lost.
        person.move(f"{ROOT}/{CLIENTS[1]}", f"{ROOT}/{CLIENTS[0]}/Ancien client")
        person.delete(f"{ROOT}/{CLIENTS[2]}/2025")
        person.mkdir(f"{ROOT}/Neuf/2026")
        person.write(f"{ROOT}/Neuf/2026/x.pdf", b"%PDF-")
        changed, asked = here.look()
        assert set(changed.by_href) == here.truth()
        assert len(asked) < FOLDERS / 2
        # Our own folder grows with each request, and is never looked into.
        person.mkdir(f"{ROOT}/.signature")
        for number in range(5):
            person.write(f"{ROOT}/.signature/{number}.sent", b"x")
        here.look()
        person.write(f"{ROOT}/.signature/6.sent", b"x")
        _, asked = here.look()
        assert depths(asked) == ["0", "1"]
        assert len({request.connection for request in here.world.requests}) <= 3


def test_where_one_request_tells_everything_one_is_made(tmp_path: Path) -> None:
    """Depth: infinity each time, and the same sight for as long as it shows the same."""
    with office(tmp_path, "plain") as here:
        sight = here.settle()
        written = here.clock.now()
        assert sight.at < written
        same, asked = here.look()
        assert depths(asked) == ["infinity"]
        assert same is sight
        assert written < same.at  # what was written before should be in it
        here.world.person.write(ASKED, b"signataires: y, z")
        assert here.look()[0] is not same


def test_elsewhere_leaves_that_have_not_moved_are_spared(tmp_path: Path) -> None:
    """The folders that hold folders are listed, and those in which nothing may escape; a sweep looks everywhere."""
    with office(tmp_path, "plain", depth_infinity=False) as here:
        person = here.world.person
        here.folder.capabilities()
        first, asked = here.look()
        assert depths(asked) == ["infinity", *["1"] * FOLDERS]
        assert set(first.by_href) == here.truth()
        here.settle()
        _, asked = here.look(near=(f"/{ASKED}",))
        inner = FOLDERS - len(LEAVES)
        assert depths(asked) == ["1"] * (inner + 1)
        assert sum(request.bytes_out for request in asked) < 60_000

        # What comes and goes moves its folder; what is edited in place is seen where it is asked for.
        person.write(f"{ROOT}/{LEAVES[0]}/neu.pdf", b"%PDF-")
        person.delete(f"{ROOT}/{LEAVES[1]}/pièce 0.pdf")
        person.move(f"{ROOT}/{LEAVES[2]}/pièce 1.pdf", f"{ROOT}/{LEAVES[3]}/autre.pdf")
        person.write(ASKED, b"signataires: y, z, and more")
        moved, asked = here.look(near=(f"/{ASKED}",))
        assert depths(asked) == ["1"] * (inner + 1 + 4)
        assert set(moved.by_href) == here.truth()
        assert moved.by_href[f"/{ASKED}"].size == 27

        # Two that come within one second show the same time: the second one is not hidden by the first.
        for name in ("un", "deux"):
            person.write(f"{ROOT}/{LEAVES[5]}/{name}.pdf", b"%PDF-")
            assert f"/{ROOT}/{LEAVES[5]}/{name}.pdf" in here.look(later=0)[0].by_href
        # An edit nobody asked about is found by the sweep, which that alone does not make believe less.
        person.write(f"{ROOT}/{LEAVES[6]}/pièce 0.pdf", b"%PDF-1.4 edited in place")
        assert here.look()[0].by_href[f"/{ROOT}/{LEAVES[6]}/pièce 0.pdf"].size == 5
        here.clock.advance(3600)
        swept, asked = here.look()
        assert len(asked) == FOLDERS
        assert swept.by_href[f"/{ROOT}/{LEAVES[6]}/pièce 0.pdf"].size == 24
        assert len(here.look()[1]) < FOLDERS


def test_of_a_request_that_is_out_its_file_alone_is_asked_about(tmp_path: Path) -> None:
    """By a condition, without a body, at every other look; its folder is listed at the others."""
    with office(tmp_path, "plain", depth_infinity=False) as here:
        here.settle()
        inner, pdf = FOLDERS - len(LEAVES), f"{ROOT}/{LEAVES[4]}/lettre.pdf"

        def look(*out: str) -> tuple[Sight, list[Request]]:
            sight, asked = here.look(out=out)
            alone = [request for request in asked if request.method == "HEAD"]
            assert len(asked) == inner + 1 + sum(request.status == 200 for request in alone)
            return sight, alone

        looks = [look(f"/{ASKED}") for _ in range(4)]
        assert [len(alone) for _, alone in looks] in ([0, 1, 0, 1], [1, 0, 1, 0])
        assert {(one.status, one.bytes_out) for _, alone in looks for one in alone} == {(304, 0)}
        assert len({id(sight) for sight, _ in looks}) == 1
        # An order is seen at the next look, whichever it is; what is done to the PDF within two.
        seen = set()
        for number in range(2):
            here.world.person.write(ASKED, b"action: annuler" + bytes(number))
            sight, alone = look(f"/{ASKED}")
            assert sight.by_href[f"/{ASKED}"].size == 15 + number
            seen.add(tuple(one.status for one in alone))
            here.settle(2)
        here.world.person.write(pdf, b"%PDF-1.7 and more")
        assert 17 in {look(f"/{ASKED}")[0].by_href[f"/{pdf}"].size for _ in range(2)}
        # Of two in one folder none is asked about: to list the folder is one request.
        assert look(f"/{ASKED}", f"/{pdf}")[1] == []
        assert seen == {(), (200,)}
        # Gone, or a server that does not know: its folder is listed.
        for _ in range(2):
            here.settle(2)
            here.world.misbehave(kind="status", method="HEAD", status=405)
            assert f"/{ASKED}" in here.look(out=(f"/{ASKED}",))[0].by_href
        assert len(here.look()[1]) == inner


@pytest.mark.parametrize("mode", ["nextcloud", "plain"])
def test_a_server_that_does_not_tell_of_a_change_is_not_believed_again(tmp_path: Path, mode: Mode) -> None:
    """C9: C9: a folder on an external storage keeps its ETag, or its time; the sweep finds it out."""
    with office(tmp_path, mode, depth_infinity=False) as here:
        sight = here.settle()
        target = f"{ROOT}/{LEAVES[7]}"
        _behind_its_back(here, target)
        there = f"/{target}/caché.pdf"
        assert there not in here.look()[0].by_href
        here.clock.advance(2 * 86_400)
        swept, _ = here.look()
        assert there in swept.by_href
        # From now on it is looked at each time.
        _behind_its_back(here, target, name="caché 2.pdf")
        found, asked = here.look()
        assert f"/{target}/caché 2.pdf" in found.by_href
        assert len(asked) <= FOLDERS + 1
        assert sight.by_href.keys() < found.by_href.keys()


@pytest.mark.parametrize("mode", ["nextcloud", "plain"])
def test_a_clock_that_was_ahead_puts_no_sweep_off(tmp_path: Path, mode: Mode) -> None:
    """Everything was looked at anew « in a year »: it is again once the clock is right, and not in that year."""
    with office(tmp_path, mode, depth_infinity=False) as here:
        here.settle()
        right = here.clock.now()
        here.watch.look(SETTINGS, here.folder, right + timedelta(days=400), ())
        target = f"{ROOT}/{LEAVES[7]}"
        _behind_its_back(here, target)
        assert f"/{target}/caché.pdf" in here.look()[0].by_href


def _behind_its_back(here: Office, target: str, name: str = "caché.pdf") -> None:
    """Put a file there of which no folder tells."""
    disk = here.world.disk(target)
    stat = disk.stat()
    nextcloud = here.world.nextcloud
    if nextcloud is None:
        here.world.person.write(f"{target}/{name}", b"%PDF-")
        os.utime(disk, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        return
    tree = nextcloud.tree
    nodes = ["", *("/".join(target.split("/")[:n]) for n in range(1, 5))]
    before = {path: (node.etag, node.mtime) for path in nodes if (node := tree.get(path)) is not None}
    here.world.person.write(f"{target}/{name}", b"%PDF-")
    for path, (etag, mtime) in before.items():
        node = tree.get(path)
        assert node is not None
        node.etag, node.mtime = etag, mtime
        tree.keep(node)


def test_a_storage_that_is_looked_at_only_when_it_is_listed_is_listed_at_each_look(tmp_path: Path) -> None:
    """An external storage of Nextcloud: the sweep itself makes the server notice, and its ETags climb then."""
    with office(tmp_path, "nextcloud") as here:
        assert here.world.nextcloud is not None
        here.world.nextcloud.external.add(f"{ROOT}/{CLIENTS[1]}")
        here.settle()

        def put(name: str) -> str:
            path = f"{ROOT}/{CLIENTS[1]}/2026/Social/{name}"
            here.world.disk(path).write_bytes(b"%PDF-")
            stamp = here.clock.now().timestamp()
            os.utime(here.world.disk(path), (stamp, stamp))
            return f"/{path}"

        for name in ("un.pdf", "deux.pdf"):
            there = put(name)
            assert there not in here.look()[0].by_href
            here.clock.advance(86_400)
            assert there in here.look()[0].by_href
            here.settle()
        there = put("trois.pdf")
        sight, asked = here.look()
        assert there in sight.by_href
        assert len(asked) < FOLDERS / 2
        # Nobody else pays for it: elsewhere, what is moved tells of itself.
        assert set(sight.by_href) == here.truth()


@pytest.mark.parametrize("mode", ["nextcloud", "plain"])
def test_a_server_that_stops_answering_infinity_without_a_word(tmp_path: Path, mode: Mode) -> None:
    """One level comes back with 207, as if that were all: nothing below it has gone."""
    with office(tmp_path, mode) as here:
        here.settle()
        here.world.shallow = True
        for _ in range(2):
            here.clock.advance(86_400)
            sight, _ = here.look()
            assert set(sight.by_href) == here.truth()
            assert f"/{ASKED}" in sight.by_href


@pytest.mark.parametrize("mode", ["nextcloud", "plain"])
def test_an_answer_that_breaks_off_each_time_is_asked_for_in_pieces(tmp_path: Path, mode: Mode) -> None:
    """A tree too large for the server's memory, or a proxy's patience: the sweep must not end all looking."""
    with office(tmp_path, mode) as here:
        here.settle()
        here.clock.advance(2 * 3_600)
        # Long enough for a folder, and too short for everything; Nextcloud compresses.
        at = 2_000 if mode == "nextcloud" else 30_000
        here.world.misbehave(method="PROPFIND", kind="truncated", at=at, times=None)
        with pytest.raises(Unavailable):
            here.look()
        here.world.person.write(ASKED, b"signataires: y, z")
        sight, _ = here.look()
        assert sight.by_href[f"/{ASKED}"].size == 17
        assert set(sight.by_href) == here.truth()
