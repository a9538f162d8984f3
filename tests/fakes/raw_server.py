"""A server of bare bytes on loopback, for answers that no HTTP library would write."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Talk = Callable[[socket.socket, bytes], None]
"""Gets the connection and one whole request, and answers with bytes."""


class Raw:
    """A server that reads one request at a time and lets ``talk`` answer with bytes; ``requests`` are kept."""

    def __init__(self, talk: Talk) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._talk = talk
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            worker = threading.Thread(target=self._serve, args=(peer,))
            self._threads.append(worker)
            worker.start()

    def _serve(self, peer: socket.socket) -> None:
        with peer:
            peer.settimeout(5)
            try:
                while request := _read_request(peer):
                    self.requests.append(request)
                    self._talk(peer, request)
            except OSError:
                return

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)


def _read_request(peer: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = peer.recv(65_536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        ),
        0,
    )
    while len(body) < length:
        body += peer.recv(65_536)
    return head + b"\r\n\r\n" + body


@contextmanager
def served(talk: Talk) -> Iterator[Raw]:
    server = Raw(talk)
    try:
        yield server
    finally:
        server.close()


def says(raw: bytes) -> Talk:
    return lambda peer, _request: peer.sendall(raw)


def hangs_up(raw: bytes = b"") -> Talk:
    def talk(peer: socket.socket, _request: bytes) -> None:
        peer.sendall(raw)
        peer.shutdown(socket.SHUT_RDWR)

    return talk


def drips(raw: bytes, every_s: float = 0.02) -> Talk:
    def talk(peer: socket.socket, _request: bytes) -> None:
        for at in range(len(raw)):
            peer.sendall(raw[at : at + 1])
            time.sleep(every_s)

    return talk
