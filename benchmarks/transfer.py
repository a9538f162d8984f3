"""A PDF of a megabyte to the DMS and back, beside bare httpx on the same server: requests counted, times as ratios."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.parse import urljoin, urlsplit

import httpx

from benchmarks.burst_place import BurstPlace, burst_place
from benchmarks.place import FOLDER
from connector.config import load_config
from connector.ports import Href
from connector.webdav.folder import WebDavFolder
from tests.worlds import Mode

SIZE = 1_000_000
ROUNDS = 54
PAIRS_OF_CONNECTIONS = 9
"""Which of the server's threads a connection meets makes more of a GET than whose client it is: 2.4 or 3.2 ms for ours
as for bare httpx, as long as it lasts. So both are made anew several times, either one first in turn."""
GOAL = 1.1
_BLOCK = 65_536


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """One kind of transfer. ``requests``: for one of them; the times are medians of the same rounds."""

    what: str
    requests: float
    seconds: float
    bare: float
    bare_requests: float

    @property
    def ratio(self) -> float:
        """Ours to bare httpx."""
        return self.seconds / self.bare


class _Both:
    """The connector's folder and bare httpx on one place; every transfer is of the same bytes."""

    def __init__(
        self, place: BurstPlace, folder: WebDavFolder, client: httpx.Client, directory: Path, number: int
    ) -> None:
        self._number = number
        self._place, self._folder, self._client = place, folder, client
        self._root = urlsplit(place.dms).path + FOLDER + "/"
        self._url = place.dms + FOLDER + "/"
        self._source = directory / "source.pdf"
        self._source.write_bytes(b"%PDF-1.7 " + bytes(range(1, 251)) * (SIZE // 250))
        self._kept = directory / "got.pdf"
        if not number:
            self._folder.create(Href(f"/{FOLDER}/ours.pdf"), self._source)
            self._bare("PUT", "bare.pdf", content=self._source.read_bytes())

    def _bare(self, method: str, name: str, *, root: str | None = None, **more: object) -> httpx.Response:
        path = (self._root if root is None else root) + name
        return self._client.request(method, path, **more).raise_for_status()  # type: ignore[arg-type]

    def put(self, number: int) -> None:
        self._folder.create(Href(f"/{FOLDER}/ours-{self._number}-{number}.pdf"), self._source)

    def bare_put(self, number: int) -> None:
        with self._source.open("rb") as file:
            self._bare(
                "PUT",
                f"bare-{self._number}-{number}.pdf",
                content=file,
                headers={"Content-Length": str(SIZE + 9)},
            )

    def get(self, _number: int) -> None:
        with self._kept.open("wb") as file:
            self._folder.get(Href(f"/{FOLDER}/ours.pdf"), file, max_bytes=2 * SIZE)

    def bare_get(self, _number: int) -> None:
        with self._client.stream("GET", self._root + "bare.pdf") as answer, self._kept.open("wb") as file:
            for block in answer.iter_raw(_BLOCK):
                file.write(block)

    def bare_get_hashed(self, _number: int) -> None:
        digest = hashlib.sha256()
        with self._client.stream("GET", self._root + "bare.pdf") as answer, self._kept.open("wb") as file:
            for block in answer.iter_raw(_BLOCK):
                digest.update(block)
                file.write(block)

    def version(self, number: int) -> None:
        href = Href(f"/{FOLDER}/ours.pdf")
        etag = self._folder.stat(href).etag
        assert etag is not None
        self._folder.replace_as_version(
            href, self._source, etag=etag, upload=f"bench-{self._number}-{number}"
        )

    def bare_version(self, number: int) -> None:
        headers = {"Destination": self._url + "bare.pdf", "OC-Total-Length": str(SIZE + 9)}
        upload = f"/remote.php/dav/uploads/signatures/bare-{self._number}-{number}"
        self._bare("PROPFIND", "bare.pdf", headers={"Depth": "0"})
        self._bare("MKCOL", upload, root="", headers=headers)
        with self._source.open("rb") as file:
            told = {**headers, "Content-Length": str(SIZE + 9)}
            self._bare("PUT", f"{upload}/00001", root="", content=file, headers=told)
        self._bare("MOVE", f"{upload}/.file", root="", headers=headers)


Kind = tuple[Callable[[int], None], Callable[[int], None]]
"""A transfer, ours and bare; each is given a number that no other has."""


def measure(directory: Path, mode: Mode, rounds: int = ROUNDS) -> list[Transfer]:
    """Make each transfer once a round, ours and bare, in turn; the first round of each connection warms up."""
    taken: dict[str, _Taken] = {}
    with burst_place(directory / mode, mode, pairs=1) as place:
        for number in range(PAIRS_OF_CONNECTIONS):
            with _connected(place, directory, number) as both:
                kinds: dict[str, Kind] = {
                    "PUT": (both.put, both.bare_put),
                    "GET, ours hashes it": (both.get, both.bare_get),
                    "GET, both hash it": (both.get, both.bare_get_hashed),
                }
                if mode == "nextcloud":
                    kinds["PUT as a version, chunked, its ETag asked before"] = (
                        both.version,
                        both.bare_version,
                    )
                for what, pair in kinds.items():
                    of = taken.setdefault(f"{what}, {mode}", _Taken())
                    of.take(place, pair, -(-rounds // PAIRS_OF_CONNECTIONS))
    return [of.told(what) for what, of in taken.items()]


@contextmanager
def _connected(place: BurstPlace, directory: Path, number: int) -> Iterator[_Both]:
    server = load_config(place.config).servers["dms"]
    root = urljoin(place.dms, "/")
    with (
        WebDavFolder("dms", server.url, "signatures", "sandbox") as folder,
        httpx.Client(base_url=root, auth=("signatures", "sandbox"), trust_env=False, timeout=60) as client,
    ):
        if number % 2:
            client.request("OPTIONS", urlsplit(place.dms).path).raise_for_status()
        folder.capabilities()
        yield _Both(place, folder, client, directory, number)


@dataclass
class _Taken:
    """Seconds of each transfer of one kind, ours and bare, and the requests of one."""

    seconds: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))
    requests: list[int] = field(default_factory=lambda: [0, 0])

    def take(self, place: BurstPlace, pair: Kind, rounds: int) -> None:
        for number in range(rounds + 1):
            for mine, (transfer, times) in enumerate(zip(pair, self.seconds, strict=True)):
                before = len(place.asked()) if number == 1 else 0
                began = time.perf_counter()
                transfer(number)
                if number:
                    times.append(time.perf_counter() - began)
                if number == 1:
                    self.requests[mine] = len(place.asked()) - before

    def told(self, what: str) -> Transfer:
        ours, bare = (median(times) for times in self.seconds)
        requests, bare_requests = self.requests
        return Transfer(what=what, requests=requests, bare_requests=bare_requests, seconds=ours, bare=bare)
