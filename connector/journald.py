"""systemd's journal over its own protocol: one datagram an entry, each field by its name.

Source: systemd.io/JOURNAL_NATIVE_PROTOCOL. The libraries for it either need libsystemd's headers, or send all that a
log record carries, its arguments as they are included: people's names must not leave here that way.
"""

from __future__ import annotations

import array
import errno
import fcntl
import os
import socket
from collections.abc import Mapping
from typing import Final

SOCKET: Final = "/run/systemd/journal/socket"
_SEALS: Final = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
_TOO_LARGE: Final = frozenset({errno.EMSGSIZE, errno.ENOBUFS})


def is_connected(environ: Mapping[str, str], stream: int) -> bool:
    """True where what is written to ``stream`` (a file descriptor) goes to the journal.

    systemd.exec(5), JOURNAL_STREAM: whoever is started from a service inherits the variable, and is meant only while
    their stream is that very one.
    """
    device, _, inode = environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        found = os.fstat(stream)
    except OSError:
        return False
    return (device, inode) == (str(found.st_dev), str(found.st_ino))


class Journald:
    """One way to the journal. Thread-safe: a datagram is whole or not there."""

    def __init__(self, path: str = SOCKET) -> None:
        """Raises OSError where no journal listens."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        try:
            self._socket.connect(path)
        except OSError:
            self._socket.close()
            raise

    def send(self, fields: Mapping[str, str]) -> None:
        """Send one entry. Raises OSError where it could not be taken."""
        entry = b"".join(_field(name, value) for name, value in fields.items())
        try:
            self._socket.send(entry)
        except OSError as error:
            if error.errno not in _TOO_LARGE:
                raise
            self._send_sealed(entry)

    def close(self) -> None:
        """Let go of it. Idempotent."""
        self._socket.close()

    def _send_sealed(self, entry: bytes) -> None:
        """What is too large for a datagram goes as a sealed file in memory."""
        handle = os.memfd_create("jse-log", os.MFD_ALLOW_SEALING | os.MFD_CLOEXEC)
        try:
            with os.fdopen(os.dup(handle), "wb") as stream:
                stream.write(entry)
            fcntl.fcntl(handle, fcntl.F_ADD_SEALS, _SEALS)
            self._socket.sendmsg([], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [handle]))])
        finally:
            os.close(handle)


def _field(name: str, value: str) -> bytes:
    data = value.encode("utf-8", "replace")
    if b"\n" not in data:
        return name.encode() + b"=" + data + b"\n"
    return name.encode() + b"\n" + len(data).to_bytes(8, "little") + data + b"\n"
