"""Programs and addresses that are told what happens: JSON in, nothing taken out.

A program gets it on its standard input, an address by POST. Neither is given anything of ours besides: no environment
but a search path, no output that is read, no redirect that is followed, no proxy of the environment. A failure is the
caller's to try again, or to give up.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlsplit

from connector.certificates import believing, distrust, of_this_host
from connector.errors import NotConnected, OutcomeUnknown, RemoteError, Unavailable
from connector.notify.bounded import TooSlow, within
from connector.reaching import reach, unreached

TIMEOUT_S: Final = 10.0
_AS_IT_IS: Final = "".join(map(chr, range(128)))
"""Of a URL: what is written with accents travels as its UTF-8, percent-encoded (RFC 3987 section 3.1)."""
_ENVIRONMENT: Final = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}


@dataclass(frozen=True, kw_only=True)
class Hook:
    """One thing to call. Exactly one of ``command`` and ``url``; such a URL is often a key: no text shows it."""

    name: str
    events: frozenset[str]
    command: tuple[str, ...] = ()
    url: str = field(default="", repr=False)
    personal: bool = False
    """Is it told names and files, too?"""


def call(
    hook: Hook,
    payload: Mapping[str, Any],
    *,
    timeout_s: float = TIMEOUT_S,
    as_user: tuple[int, int] | None = None,
) -> None:
    """Tell a hook. ``as_user``: whom a program runs as (user, group), where root calls it for somebody else.

    Raises RemoteError, named after the hook: it was not told, or that is not known.
    """
    content = json.dumps(dict(payload), ensure_ascii=False).encode()
    if hook.command:
        _run(hook, content, timeout_s, as_user)
        return
    status = fetch(hook.url, service=hook.name, content=content, timeout_s=timeout_s)
    if not 200 <= status < 300:
        raise Unavailable("it says no", service=hook.name, operation="hook", status=status)


def fetch(url: str, *, service: str, content: bytes | None = None, timeout_s: float = TIMEOUT_S) -> int:
    """GET a URL, or POST JSON to it; returns the status of its answer, of which nothing else is read.

    Raises NotConnected, OutcomeUnknown; neither names more than the host.
    """
    parts = urlsplit(url)

    def ask() -> int:
        kind: type[http.client.HTTPConnection] = http.client.HTTPConnection
        more: dict[str, Any] = {}
        if parts.scheme == "https":
            kind, more = http.client.HTTPSConnection, {"context": believing(of_this_host())}
        # Without a port http.client would take the last part of an IPv6 address for it.
        port = parts.port or kind.default_port
        connection = kind(str(parts.hostname), port, timeout=timeout_s, **more)
        # Its own way tries one address after the other: the first that keeps silent would take all the time there is.
        connection._create_connection = _reached  # type: ignore[attr-defined]
        try:
            connection.connect()
        except OSError as error:
            why = distrust(error) or unreached(error) or type(error).__name__
            detail = f"{parts.hostname} is not reached: {why}"
            raise NotConnected(detail, service=service, operation="hook") from None
        try:
            path = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_AS_IT_IS)
            headers = {"User-Agent": "jse-connector", "Accept": "*/*"}
            if content is not None:
                headers["Content-Type"] = "application/json"
            connection.request("GET" if content is None else "POST", path, body=content, headers=headers)
            return connection.getresponse().status
        finally:
            connection.close()

    try:
        return within(timeout_s, ask, name=f"hook {service}")
    except RemoteError:
        raise
    except (TooSlow, OSError, http.client.HTTPException, ValueError) as error:
        detail = f"{parts.hostname} gave no answer ({type(error).__name__})"
        raise OutcomeUnknown(detail, service=service, operation="hook") from None


def _reached(address: tuple[str, int], timeout: float, *_: object) -> socket.socket:
    host, port = address
    return reach(host, port, within_s=timeout)


def _run(hook: Hook, content: bytes, timeout_s: float, as_user: tuple[int, int] | None) -> None:
    user, group = as_user or (None, None)
    try:
        process = subprocess.Popen(  # noqa: S603 - the administrator's own program, without a shell
            hook.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT,
            cwd="/",
            start_new_session=True,
            user=user,
            group=group,
            extra_groups=None if as_user is None else (),
        )
    except OSError as error:
        detail = f"its program does not start ({type(error).__name__})"
        raise NotConnected(detail, service=hook.name, operation="hook") from None
    try:
        process.communicate(content, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise OutcomeUnknown(
            f"its program did not end within {timeout_s:g} s, and was ended",
            service=hook.name,
            operation="hook",
        ) from None
    finally:
        _end(process)
    if process.returncode:
        detail = f"its program ended with {process.returncode}"
        raise Unavailable(detail, service=hook.name, operation="hook")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave nothing of it behind: what it started itself goes as well."""
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
