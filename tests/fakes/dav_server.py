"""A WebDAV server of bare sockets that answers what it is told, byte for byte, and counts what it is asked."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Self

Step = bytes | float | None
"""Bytes are sent, a number is a pause in seconds, None cuts the connection."""


@dataclass(frozen=True)
class Asked:
    """One request. ``connection`` counts from 1; header names are in lower case."""

    connection: int
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def answer(status: str, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    """Return a whole HTTP answer; ``length`` may tell a wrong Content-Length."""
    told = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {told}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def entry(href: str, *, folder: bool = False, props: str = "", status: str = "HTTP/1.1 200 OK") -> str:
    """Return one ``response`` element."""
    kind = "<d:collection/>" if folder else ""
    return (
        f"<d:response><d:href>{href}</d:href><d:propstat><d:prop><d:resourcetype>{kind}</d:resourcetype>"
        f"{props}</d:prop><d:status>{status}</d:status></d:propstat></d:response>"
    )


def multistatus(*entries: str) -> bytes:
    """Return a multistatus body."""
    inner = "".join(entries)
    return f'<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">{inner}</d:multistatus>'.encode()


class RawServer:
    """Serves until the ``with`` block ends. ``script`` gets each request and returns the steps of the answer."""

    def __init__(self, script: Callable[[Asked], Iterable[Step] | bytes]) -> None:
        self.asked: list[Asked] = []
        self.connections = 0
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._over = threading.Event()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in list(self._threads):
            thread.join()

    def methods(self) -> list[str]:
        """Return the methods of all requests, in order."""
        return [asked.method for asked in self.asked]

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            self._start(self._serve, connection, self.connections)

    def _serve(self, connection: socket.socket, number: int) -> None:
        with connection, contextlib.suppress(OSError), connection.makefile("rb") as reader:
            while asked := self._read(reader, number):
                self.asked.append(asked)
                steps = self._script(asked)
                for step in [steps] if isinstance(steps, bytes) else steps:
                    if step is None or self._over.is_set():
                        return
                    if isinstance(step, bytes):
                        connection.sendall(step)
                    else:
                        time.sleep(step)

    @staticmethod
    def _read(reader: BinaryIO, number: int) -> Asked | None:
        first = reader.readline().decode("latin-1").split()
        if len(first) != 3:
            return None
        headers: dict[str, str] = {}
        while line := reader.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = reader.read(int(headers.get("content-length", "0")))
        return Asked(number, first[0], first[1], headers, body)
