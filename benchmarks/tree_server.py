"""A WebDAV server of answers made beforehand: it costs next to nothing, so that what is measured is who asks.

``python -m benchmarks.tree_server CLIENTS [--finite] [--delay MS]`` prints its port and serves until its input ends.
A client has 3 years × 3 folders and 100 PDFs; every 200th file has a request beside it. ``GET /-/counts`` tells what
was asked since it was last asked, as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from email.utils import formatdate
from urllib.parse import quote, unquote

MADE = 1_700_000_000
_HEAD = b'<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:">\n'
_TAIL = b"</D:multistatus>\n"
_REFUSED = (
    b'<?xml version="1.0" encoding="utf-8"?>\n<D:error xmlns:D="DAV:"><D:propfind-finite-depth/></D:error>'
)


def folders_of(clients: int) -> int:
    """How many folders there are, the root among them."""
    return 1 + clients * 13


class Tree:
    """Folder path → (its own element, those of its children, its folders)."""

    def __init__(self, clients: int) -> None:
        self.itself: dict[str, bytes] = {"/": _element("/", 0, 0)}
        self.inside: dict[str, list[bytes]] = {"/": []}
        self.below: dict[str, list[str]] = {"/": []}
        self.requests: list[str] = []
        self.tags: dict[str, str] = {}
        """Path of a file → its ETag."""
        number = 0
        for client in range(clients):
            top = self._folder("/", f"Müller & Söhne #2, n° {client}")
            for year in range(3):
                middle = self._folder(top, str(2024 + year))
                for kind in range(3):
                    leaf = self._folder(middle, f"Dossier 50% + {kind}")
                    for _ in range(12 if (year, kind) == (0, 0) else 11):
                        number += 1
                        self._file(leaf, f"Lettre de mission {number}.pdf", number)
                        if number % 200 == 0:
                            self._file(leaf, f"Lettre de mission {number}.sign.yaml", number)
                            self.requests.append(f"{leaf}Lettre de mission {number}.sign.yaml")

    def everything(self) -> bytes:
        """The answer to Depth: infinity."""
        parts = [_HEAD, self.itself["/"]]
        waiting = ["/"]
        while waiting:
            folder = waiting.pop()
            parts += self.inside[folder]
            waiting += self.below[folder]
        return b"".join([*parts, _TAIL])

    def answer(self, path: str, depth: str) -> bytes | None:
        """The answer to Depth 0 or 1; None for what is no folder."""
        # Whoever asks may spell it otherwise: without the slash, with other characters encoded.
        path = quote(unquote(path)).rstrip("/") + "/"
        if path not in self.itself:
            return None
        return b"".join([_HEAD, self.itself[path], *(self.inside[path] if depth == "1" else ()), _TAIL])

    def _folder(self, parent: str, name: str) -> str:
        path = f"{parent}{quote(name)}/"
        self.itself[path], self.inside[path], self.below[path] = _element(path, 0, 0), [], []
        self.inside[parent].append(self.itself[path])
        self.below[parent].append(path)
        return path

    def _file(self, parent: str, name: str, number: int) -> None:
        self.inside[parent].append(_element(parent + quote(name), 40_000 + number, number))
        self.tags[parent + quote(name)] = _tag(40_000 + number, number)


def _tag(size: int, number: int) -> str:
    return f'"{size:x}-64fab{number:08x}"'


def _element(path: str, size: int, number: int) -> bytes:
    kind = "" if size else "<D:collection/>"
    length = f"<lp1:getcontentlength>{size}</lp1:getcontentlength>\n" if size else ""
    return (
        '<D:response xmlns:lp1="DAV:" xmlns:lp2="http://apache.org/dav/props/">\n'
        f"<D:href>{path}</D:href>\n<D:propstat>\n<D:prop>\n<lp1:resourcetype>{kind}</lp1:resourcetype>\n{length}"
        f"<lp1:getlastmodified>{formatdate(MADE + 977 * number, usegmt=True)}</lp1:getlastmodified>\n"
        f"<lp1:getetag>{_tag(size, number)}</lp1:getetag>\n"
        "</D:prop>\n<D:status>HTTP/1.1 200 OK</D:status>\n</D:propstat>\n</D:response>\n"
    ).encode()


class Server:
    """One event loop that answers every connection."""

    def __init__(self, tree: Tree, *, finite: bool, delay: float) -> None:
        self._tree, self._delay = tree, delay
        self._everything = None if finite else tree.everything()
        self._counts = {"requests": 0, "bytes": 0, "connections": 0}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection until it is closed."""
        self._counts["connections"] += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                method, path, headers = _read(head)
                await reader.readexactly(int(headers.get("content-length", "0")))
                status, body = self._answer(method, path, headers)
                if self._delay:
                    await asyncio.sleep(self._delay)
                lines = (
                    f"HTTP/1.1 {status}\r\nDate: {formatdate(usegmt=True)}\r\n"
                    f'Content-Type: text/xml; charset="utf-8"\r\nContent-Length: {len(body)}\r\n\r\n'
                )
                writer.write(lines.encode() + (b"" if method == "HEAD" else body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def _answer(self, method: str, path: str, headers: dict[str, str]) -> tuple[str, bytes]:
        if path == "/-/counts":
            counts, self._counts = self._counts, {"requests": 0, "bytes": 0, "connections": 0}
            return "200 OK", json.dumps({**counts, "near": self._tree.requests}).encode()
        self._counts["requests"] += 1
        body: bytes | None = b""
        if method == "HEAD" and headers.get("if-none-match") == self._tree.tags.get(quote(unquote(path)), ""):
            return "304 Not Modified", b""
        if method == "PROPFIND":
            depth = headers.get("depth", "infinity")
            if depth == "infinity" and self._everything is None:
                return "403 Forbidden", _REFUSED
            body = self._everything if depth == "infinity" else self._tree.answer(path, depth)
        if body is None:
            return "404 Not Found", b""
        self._counts["bytes"] += len(body)
        return ("207 Multi-Status" if method == "PROPFIND" else "200 OK"), body


def _read(head: bytes) -> tuple[str, str, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines if line)
    return method, path, {name.lower(): value.strip() for name, _, value in pairs}


async def _main(clients: int, *, finite: bool, delay: float) -> None:
    server = Server(Tree(clients), finite=finite, delay=delay)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, limit=1_000_000)
    print(listening.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("clients", type=int)
    options.add_argument("--finite", action="store_true")
    options.add_argument("--delay", type=float, default=0.0, help="milliseconds before each answer")
    chosen = options.parse_args()
    asyncio.run(_main(chosen.clients, finite=chosen.finite, delay=chosen.delay / 1000))
