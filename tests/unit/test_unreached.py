"""Why a side is not reached is told in words that somebody can act on, not by the names of a library's classes."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from connector.errors import NotConnected, RemoteError
from connector.reaching import unreached
from tests.unit.test_tls import BOTH, Ask


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@BOTH
@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://cloud.nowhere.invalid/", "the name is not found"),
        ("http://127.0.0.1:{port}/", "the connection is refused"),
    ],
    ids=["no name", "refused"],
)
def test_why_nobody_is_reached(ask: Ask, tmp_path: Path, url: str, told: str) -> None:
    """DNS that is away, a service that is down: what and where to look, whichever library asked."""
    with pytest.raises(RemoteError, match=told) as caught:
        ask(url.format(port=closed_port()), None, tmp_path)
    assert isinstance(caught.value, NotConnected)
    assert "Error" not in caught.value.detail


def test_what_is_none_of_these_is_left_to_others() -> None:
    """A cause is found below what libraries make of it; nothing is made up."""
    below = OSError(101, "Network is unreachable")
    above = RuntimeError("pool")
    above.__cause__ = below
    assert unreached(above) == "no network leads there from this host"
    assert unreached(ValueError("x")) is None
    assert unreached(OSError(28, "No space left on device")) is None
