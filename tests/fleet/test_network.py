"""A way that is cut drops what passes: nothing is refused, nobody is told; restored, what was sent arrives."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from tests.fleet import network
from tests.fleet.network import Network

pytestmark = pytest.mark.system

_CALLER = """
import socket, sys
address = (sys.argv[1], int(sys.argv[2]))
one = socket.create_connection(address, 5)
print("connected", flush=True)
sys.stdin.readline()
one.sendall(b"x")
try:
    socket.create_connection(address, 0.3)
except Exception as error:
    print(type(error).__name__, flush=True)
sys.stdin.readline()
one.settimeout(20)
print(one.recv(1).decode(), flush=True)
"""


def test_what_is_cut_is_dropped_and_what_is_restored_arrives() -> None:
    """Of two ways the one that is not cut goes on."""
    network.required()
    with Network() as net:
        net.join("one")
        assert net.name_of(net.address["dms"][:-1] + "2") == "one"
        with (
            socket.create_server((net.address["dms"], 0)) as listening,
            socket.create_server((net.address["db"], 0)) as other,
        ):
            command = [sys.executable, "-c", _CALLER, *map(str, listening.getsockname())]
            caller = subprocess.Popen(
                net.inside("one", command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            with caller:
                assert caller.stdin is not None
                assert caller.stdout is not None
                assert caller.stdout.readline() == "connected\n"
                connection, peer = listening.accept()
                with connection:
                    assert net.name_of(peer[0]) == "one"
                    net.cut("one", "dms")
                    caller.stdin.write("\n")
                    caller.stdin.flush()
                    assert caller.stdout.readline() == "TimeoutError\n"
                    _reached(net, other)
                    connection.settimeout(0.1)
                    with pytest.raises(TimeoutError):
                        connection.recv(1)
                    net.restore("one", "dms")
                    connection.settimeout(20)
                    assert connection.recv(1) == b"x"
                    connection.sendall(b"y")
                    caller.stdin.write("\n")
                    caller.stdin.flush()
                    assert caller.stdout.readline() == "y\n"


def _reached(net: Network, server: socket.socket) -> None:
    code = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)"
    subprocess.run(
        net.inside("one", [sys.executable, "-c", code, *map(str, server.getsockname())]), check=True
    )
