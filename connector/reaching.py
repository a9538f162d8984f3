"""The way to a name with several addresses: the next is tried while the one before keeps silent (RFC 8305).

One after the other, each with its whole time, is what the libraries do: an IPv6 that is announced and dead then costs
every connection ten seconds, and a firewall that drops what goes to a name with many addresses holds a thread for
minutes, in which nothing is heard of it (``pulse``).
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
import time
from collections import deque
from collections.abc import Iterable, Mapping
from itertools import chain, zip_longest
from typing import Any, Final, cast

from connector.certificates import causes

_NEXT_S: Final = 0.25
"""RFC 8305 section 5, "Connection Attempt Delay"."""

_WHY: Final[Mapping[int, str]] = {
    errno.ECONNREFUSED: "the connection is refused: nothing listens there, or a firewall says so",
    **dict.fromkeys((errno.ENETUNREACH, errno.EHOSTUNREACH), "no network leads there from this host"),
}

Address = tuple[Any, ...]
"""As ``socket.getaddrinfo`` tells it."""


def reach(
    host: str, port: int, *, within_s: float, options: Iterable[tuple[int, int, int | bytes]] = ()
) -> socket.socket:
    """Return a connection to whichever address answers first; an IPv6 address may stand in brackets.

    Raises ``socket.gaierror``, TimeoutError when none answered in time, OSError as the last one said no.
    """
    waiting = deque(_in_turn(socket.getaddrinfo(host.strip("[]"), port, 0, socket.SOCK_STREAM)))
    until = time.monotonic() + within_s
    said = OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
    with selectors.DefaultSelector() as trying:
        try:
            while waiting or trying.get_map():
                try:
                    if waiting:
                        trying.register(_begun(waiting.popleft(), options), selectors.EVENT_WRITE)
                except OSError as error:
                    said = error
                    continue
                if (left := until - time.monotonic()) <= 0:
                    raise TimeoutError("no address answered in time")
                for key, _ in trying.select(min(left, _NEXT_S) if waiting else left):
                    found = cast("socket.socket", key.fileobj)
                    trying.unregister(found)
                    if not (number := found.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)):
                        found.settimeout(within_s)
                        return found
                    found.close()
                    said = OSError(number, os.strerror(number))
            raise said
        finally:
            for key in list(trying.get_map().values()):
                cast("socket.socket", key.fileobj).close()


def unreached(error: BaseException) -> str | None:
    """Return why there is no connection, where that is what an error comes from; None for any other cause.

    In our own words: the libraries' quote hosts and files.
    """
    for cause in causes(error):
        if isinstance(cause, socket.gaierror):
            return "the name is not found: look at the url, and at this host's DNS"
        if isinstance(cause, OSError) and (why := _WHY.get(cause.errno or 0)):
            return why
    return None


def _in_turn(addresses: list[Address]) -> Iterable[Address]:
    """Let the families take turns, each in the order in which the system prefers its addresses."""
    families: dict[int, list[Address]] = {}
    for address in addresses:
        families.setdefault(address[0], []).append(address)
    return (one for one in chain.from_iterable(zip_longest(*families.values())) if one is not None)


def _begun(address: Address, options: Iterable[tuple[int, int, int | bytes]]) -> socket.socket:
    """Return a socket that is on its way to an address. Raises OSError where there is none."""
    family, kind, protocol, _, where = address
    made = socket.socket(family, kind, protocol)
    try:
        for level, name, value in options:
            made.setsockopt(level, name, value)
        made.setblocking(False)
        number = made.connect_ex(where)
    except BaseException:
        made.close()
        raise
    if number not in {0, errno.EINPROGRESS}:
        made.close()
        raise OSError(number, os.strerror(number))
    return made
