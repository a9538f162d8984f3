"""What systemd is told about this service: the notify protocol, one datagram a message.

Without ``$NOTIFY_SOCKET`` nothing is sent. Source: sd_notify(3), "Standalone Implementations".
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Mapping

log = logging.getLogger(__name__)


def notify(*lines: str, environ: Mapping[str, str] | None = None) -> bool:
    """Send assignments such as ``READY=1``. False when nobody listens or the message could not be sent."""
    address = (os.environ if environ is None else environ).get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]  # Linux's abstract namespace
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.connect(address)
            channel.sendall("\n".join(lines).encode())
    except OSError as error:
        log.debug("systemd could not be told: %s", error.strerror)
        return False
    return True


def reloading(environ: Mapping[str, str] | None = None) -> bool:
    """Say that the configuration is being read again; ``READY=1`` says that this is over, whatever came of it.

    The moment is that of the monotonic clock, in microseconds, without which systemd does not count it (sd_notify(3)).
    """
    now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    return notify("RELOADING=1", f"MONOTONIC_USEC={now}", environ=environ)


def watchdog_seconds(environ: Mapping[str, str] | None = None) -> float | None:
    """How often systemd expects a sign of life, in seconds; None when it expects none from this process."""
    environ = os.environ if environ is None else environ
    microseconds = environ.get("WATCHDOG_USEC", "")
    meant = environ.get("WATCHDOG_PID", str(os.getpid()))
    if not microseconds.isdecimal() or int(microseconds) == 0 or meant != str(os.getpid()):
        return None
    return int(microseconds) / 1_000_000
