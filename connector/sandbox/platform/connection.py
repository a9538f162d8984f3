"""The TCP connection under a request, so that it can really be cut."""

from __future__ import annotations

import asyncio
import itertools
import socket
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

_EXTENSION = "sandbox.connection"
_numbers = itertools.count(1)


class Connection:
    """One TCP connection. ``number`` tells connections of this process apart, from 1."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.number = next(_numbers)
        self._transport = transport

    async def cut(self, receive: Receive) -> None:
        """Drop the connection at once, whatever stands in its buffers."""
        self._transport.abort()
        await _gone(receive)

    async def close(self, receive: Receive) -> None:
        """Let out what was written so far, then drop the connection."""
        self._transport.close()
        await _gone(receive)


async def _gone(receive: Receive) -> None:
    # The server answers 500 for an application that returns without an answer, unless it knows that nobody
    # listens any more: wait until it does.
    while (await receive())["type"] != "http.disconnect":
        pass


def connection_of(scope: Scope) -> Connection:
    """Return the connection that a request came in on."""
    found: Connection = scope["extensions"][_EXTENSION]
    return found


class CuttableProtocol(H11Protocol):
    """uvicorn's h11 protocol, which also hands its connection to the application."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give every request of this connection its ``Connection``."""
        super().connection_made(transport)
        # Head and body are written one after the other: with Nagle's algorithm each answer would take 40 ms.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(transport)
        inner: Any = self.app

        async def with_connection(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[_EXTENSION] = connection
            await inner(scope, receive, send)

        self.app = with_connection
