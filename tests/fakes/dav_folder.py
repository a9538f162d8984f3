"""A WebDAV folder of ours before a raw server: how it is opened, what it asks, and the answers that many tests give."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from connector.ports import Href
from connector.webdav import Timeouts, WebDavFolder
from tests.fakes.dav_server import RawServer, Step, answer, entry, multistatus

ROOT, FILE = Href("/"), Href("/a.pdf")
QUICK = Timeouts(connect_s=2, read_s=0.5, call_s=0.8, transfer_s=0.8)
EMPTY = multistatus(entry("/", folder=True))
LISTED = multistatus(entry("/", folder=True), entry("/a.pdf"))
PAGE = b"<!DOCTYPE html><html><body>Please log in</body></html>"
DENIED = answer("401 Unauthorized", b"no", 'WWW-Authenticate: Basic realm="x"')


def opened(server: RawServer, password: bytes | str = "secret", proxy: str | None = None) -> WebDavFolder:
    return WebDavFolder("dms", server.url, "user", password, timeouts=QUICK, proxy=proxy, conditions=True)


def serve(reply: Iterable[Step] | bytes) -> RawServer:
    return RawServer(lambda _: reply)


READS: dict[str, Callable[[WebDavFolder], object]] = {
    "stat": lambda folder: folder.stat(ROOT),
    "list": lambda folder: folder.list(ROOT),
    "walk": lambda folder: folder.walk(ROOT),
}
WRITES: dict[str, Callable[[WebDavFolder], object]] = {
    "create": lambda folder: folder.create(FILE, b"x"),
    "move": lambda folder: folder.move(FILE, Href("/b")),
    "delete": lambda folder: folder.delete(FILE),
    "make_folder": lambda folder: folder.make_folder(Href("/b/")),
}
