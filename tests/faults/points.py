"""Crash points, counted where effects leave the process: both transports, and the journal's commit.

A new effect enters the matrix by itself: nobody lists steps here. ``Points`` names what passes; at the chosen point it
does what the variant says, once. A kill is one of the whole process: from that moment on nothing passes any more, in
whatever thread, and the state directory is put back to what it held then before anything starts anew, so that no
``finally`` of ours tidies up what a dead process leaves lying about.
"""

from __future__ import annotations

import http.client
import io
import re
import shutil
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

import httpx
import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter
from sqlalchemy.engine import Connection

from connector.cli.wiring import Seams
from connector.isolation import IsolatedPool
from connector.jesignexpert.transport import DeadlineTransport
from connector.journal import Journal
from connector.lifecycle import Record

Variant = Literal["before", "after", "lost", "garbled", "502", "503", "late", "later", "orphan", "frozen"]
"""Killed before the effect, or after it. The answer lost, garbled, or one of a proxy's, after the effect. The effect
late, after the caller has given up: right behind its next question (``late``), or when it has long gone on (``later``);
or after its process was killed and started anew (``orphan``). ``frozen``: nothing happens until ``thaw``.
"""
KILLS = frozenset({"before", "after", "orphan"})
READS = frozenset({"GET", "HEAD", "PROPFIND", "SEARCH", "REPORT", "OPTIONS"})
BEHIND = {"late": 1, "later": 8, "orphan": 3}
"""So many more requests are answered before a late effect takes place."""
PAGE = b"<!doctype html><html><body><h1>Bad Gateway</h1></body></html>"
_RANDOM = re.compile(r"[0-9a-f]{16,}|(?<=jse-)[0-9a-z]{6}|[0-9]{9,}")
"""What is another one in every run: keys, ids, references, times."""


class Killed(BaseException):
    """The process dies here: nothing in the connector may catch it."""


class Wire(Protocol):
    """One request at a transport, and what can become of it."""

    def kept(self) -> Callable[[], Any]:
        """Return the effect so that it can still be had when the caller has given up and closed its files."""
        ...

    def lost(self) -> BaseException:
        """Return what the caller is told when no answer came."""
        ...

    def spoilt(self, answer: Any) -> Any:
        """Return the answer, broken; or raise what an unreadable one is."""
        ...

    def instead(self, status: int) -> Any:
        """Return a proxy's page in place of the answer."""
        ...

    def unheard(self, answer: Any) -> None:
        """Let go of an answer that nobody will read."""
        ...


@dataclass
class Points:
    """Names every effect that passes; ``at`` (its number) or ``point`` (its label), and ``variant`` say where and how
    the one fault strikes.

    ``seen`` are names in the order in which they passed. ``labels`` are the same, each with how often that name came
    before it: those are the same in every run, whatever threads make of the order.
    """

    at: int | None = None
    variant: Variant = "before"
    armed: bool = False
    seen: list[str] = field(default_factory=list)
    point: str | None = None
    labels: list[str] = field(default_factory=list)
    struck: bool = False
    dead: bool = False
    reached: threading.Event = field(default_factory=threading.Event)
    """Set when a frozen point is reached."""
    thaw: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        assert self.variant in get_args(Variant)
        self._lock = threading.RLock()
        self._often: Counter[str] = Counter()
        self._late: list[tuple[int, Callable[[], Any]]] = []
        self._answered = 0
        self._journal: _Journal | None = None

    # ---------------------------------------------------------------------------------- passing

    def passing(self, name: str, effect: Callable[[], Any], wire: Wire | None) -> Any:
        """Let an effect pass, or strike. ``wire``: None for a commit."""
        if wire is not None:
            self._take_effect()
        strikes = self._name(name)
        if not strikes:
            result = effect()
            self._heard(wire)
            return result
        return self._strike(name, effect, wire)

    def _name(self, name: str) -> bool:
        """Count what passes; True where the fault strikes. What the dead still want to do is not done."""
        with self._lock:
            self._alive()
            if not self.armed:
                return False
            label = self._label(name)
            number = len(self.seen)
            self.seen.append(name)
            self.labels.append(label)
            strikes = not self.struck and (number == self.at or label == self.point)
            self.struck = self.struck or strikes
            return strikes

    def _label(self, name: str) -> str:
        plain = _RANDOM.sub("…", f"{name} {_event()}".strip() if name == "commit" else name)
        self._often[plain] += 1
        return f"{plain} #{self._often[plain]}"

    def _strike(self, name: str, effect: Callable[[], Any], wire: Wire | None) -> Any:
        if self.variant == "frozen":
            self.reached.set()
            assert self.thaw.wait(60)
        elif self.variant == "before":
            self.kill(name, committing=wire is None)
        elif self.variant in BEHIND:
            assert wire is not None, "a local disk is not late"
            self._late.append((self._answered + BEHIND[self.variant], wire.kept()))
            if self.variant == "orphan":
                self.kill(name, committing=False)
            raise wire.lost()
        result = effect()
        if self.variant == "after":
            self.kill(name, committing=wire is None)
        self._heard(wire)
        if wire is None:
            return result
        if self.variant == "garbled":
            return wire.spoilt(result)
        if self.variant == "frozen":
            return result
        wire.unheard(result)
        if self.variant == "lost":
            raise wire.lost()
        return wire.instead(int(self.variant))

    def _heard(self, wire: Wire | None) -> None:
        """An answer has come; nobody is there to hear it when the process was killed meanwhile."""
        with self._lock:
            self._answered += wire is not None
        self._alive()

    # ---------------------------------------------------------------------------- late effects

    def _take_effect(self) -> None:
        with self._lock:
            if self.dead:
                return
            due = [effect for at, effect in self._late if at <= self._answered]
            self._late = [(at, effect) for at, effect in self._late if at > self._answered]
        for effect in due:
            effect()

    def let_everything_happen(self) -> None:
        """Let what is still under way take effect: nobody waits that long for an answer."""
        with self._lock:
            due, self._late = self._late, []
        for _, effect in due:
            effect()

    # ----------------------------------------------------------------------------------- dying

    def kill(self, name: str, *, committing: bool) -> None:
        """Die, in every thread, and keep what the disk holds at this moment."""
        with self._lock:
            self._alive()
            self.dead, self.armed = True, False
        journal = self._journal
        if journal is not None and journal.directory is not None:
            # Whoever commits holds that lock already; anybody else's commit comes to its end first.
            with nullcontext() if committing else journal.writing:
                _copy(journal.directory, _at_the_kill(journal.directory))
        raise Killed(name)

    def _alive(self) -> None:
        if self.dead:
            raise Killed("killed in another thread")

    def born(self, directory: Path | None) -> None:
        """A process starts: it finds the state directory as the one before it left it when it was killed."""
        self._journal, dead = None, self.dead
        self.dead = False
        if not dead or directory is None:
            return
        kept = _at_the_kill(directory)
        # A journal that was taken away meanwhile stays away.
        if kept.exists() and (directory / "journal" / "journal.sqlite").exists():
            shutil.rmtree(directory)
            kept.rename(directory)

    # ----------------------------------------------------------------------------------- seams

    def seams(self, pool: IsolatedPool) -> Seams:
        """Put the counters around both transports and the commit."""
        return Seams(
            pool=pool,
            journal=self._open,
            adapter=lambda inner: _Adapter(inner, self),
            transport=lambda ca_file, proxy: _Transport(
                DeadlineTransport(ca_file=ca_file, proxy=proxy), self
            ),
        )

    def _open(self, url: str, *, now: Callable[[], datetime], **access: Any) -> Journal:
        path = url.removeprefix("sqlite:///")
        directory = None if path == url else Path(path).parents[1]
        self.born(directory)
        self._journal = _Journal(self, url, now=now, directory=directory, **access)
        return self._journal


def _at_the_kill(directory: Path) -> Path:
    return directory.with_name(f"{directory.name}-at-the-kill")


def _copy(source: Path, target: Path) -> None:
    """Copy a directory in which other threads may still be at work: what goes meanwhile is not there."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(mode=0o700)
    for path in sorted(source.rglob("*")):
        there = target / path.relative_to(source)
        try:
            if path.is_dir():
                there.mkdir(mode=0o700)
            elif not path.name.endswith("-shm"):  # the database makes its own index of what is in its log
                shutil.copy2(path, there)
        except FileNotFoundError:
            continue


# -------------------------------------------------------------------------------------- the DMS


class _DavWire:
    def __init__(self, request: requests.PreparedRequest, options: dict[str, Any]) -> None:
        self._request, self._options = request, options

    def kept(self) -> Callable[[], Any]:
        request = self._request.copy()
        if hasattr(request.body, "read"):
            request.body = request.body.read()
        options = {**self._options, "stream": False, "timeout": 30}

        def effect() -> requests.Response:
            with closing(HTTPAdapter()) as adapter:
                return adapter.send(request, **options)

        return effect

    def lost(self) -> BaseException:
        cause = requests.exceptions.ReadTimeout("the answer was lost")
        return requests.exceptions.ConnectionError(cause, request=self._request)

    def spoilt(self, answer: requests.Response) -> requests.Response:
        body = answer.content
        if not body:
            unreadable = http.client.BadStatusLine("\x16\x03\x01")
            raise requests.exceptions.ConnectionError(
                urllib3.exceptions.ProtocolError("Connection aborted.", unreadable), request=self._request
            )
        return self._answer(answer.status_code, body[: len(body) // 2], dict(answer.headers))

    def instead(self, status: int) -> requests.Response:
        return self._answer(status, PAGE, {"Content-Type": "text/html"})

    def unheard(self, answer: requests.Response) -> None:
        answer.close()

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> requests.Response:
        answer = requests.Response()
        answer.status_code, answer.url, answer.request = status, str(self._request.url), self._request
        answer.headers.update({k: v for k, v in headers.items() if k.lower() != "content-encoding"})
        answer.raw = urllib3.HTTPResponse(io.BytesIO(body), headers=answer.headers, preload_content=False)
        return answer


class _Adapter(BaseAdapter):
    def __init__(self, inner: HTTPAdapter, points: Points) -> None:
        super().__init__()
        self._inner = inner
        self._points = points

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        leaf = _RANDOM.sub("…", request.path_url.split("/")[-1])
        name = f"dms {request.method} {leaf[:40]}"
        return self._points.passing(  # type: ignore[no-any-return]
            name, lambda: self._inner.send(request, **options), _DavWire(request, options)
        )

    def close(self) -> None:
        self._inner.close()


# --------------------------------------------------------------------------------- the platform


class _PlatformWire:
    def __init__(self, request: httpx.Request) -> None:
        self._request = request

    def kept(self) -> Callable[[], Any]:
        self._request.read()
        request = self._request

        def effect() -> bytes:
            with httpx.HTTPTransport() as transport:
                return transport.handle_request(request).read()

        return effect

    def lost(self) -> BaseException:
        return httpx.ReadError("the answer was lost", request=self._request)

    def spoilt(self, answer: httpx.Response) -> httpx.Response:
        body = answer.read()
        headers = {
            k: v for k, v in answer.headers.items() if k not in {"content-length", "transfer-encoding"}
        }
        return httpx.Response(answer.status_code, headers=headers, content=body[: len(body) // 2] or b"{")

    def instead(self, status: int) -> httpx.Response:
        return httpx.Response(status, headers={"Content-Type": "text/html"}, content=PAGE)

    def unheard(self, answer: httpx.Response) -> None:
        answer.close()


class _Transport(httpx.BaseTransport):
    def __init__(self, inner: httpx.BaseTransport, points: Points) -> None:
        self._inner = inner
        self._points = points

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        name = f"platform {request.method} {request.url.path.rsplit('/', 1)[-1]}"
        return self._points.passing(  # type: ignore[no-any-return]
            name, lambda: self._inner.handle_request(request), _PlatformWire(request)
        )

    def close(self) -> None:
        self._inner.close()


# ---------------------------------------------------------------------------------- the journal

_committing = threading.local()


def _event() -> str:
    """Name what the transaction at hand keeps: its event, or else the method that made it."""
    event = getattr(_committing, "event", "")
    _committing.event = ""
    return str(event) or _method()


def _method() -> str:
    frame = sys._getframe()
    while frame.f_back is not None and frame.f_code.co_name != "_transaction":
        frame = frame.f_back
    while frame.f_back is not None and frame.f_code.co_name in {"_transaction", "__exit__"}:
        frame = frame.f_back
    return frame.f_code.co_name


class _Journal(Journal):
    def __init__(
        self, points: Points, url: str, *, now: Callable[[], datetime], directory: Path | None, **access: Any
    ) -> None:
        self._points = points
        self.directory = directory
        super().__init__(url, now=now, **access)

    @property
    def writing(self) -> Any:
        """Held by whoever writes."""
        return self._writing

    def _append(self, connection: Connection, record: Record, name: str, data: Any) -> None:
        super()._append(connection, record, name, data)
        _committing.event = name

    def _append_account(self, connection: Connection, account: str, name: str, data: Any) -> None:
        super()._append_account(connection, account, name, data)
        _committing.event = name

    def _commit(self, connection: Connection) -> None:
        # A commit whose answer is lost is a crash after it: there is no third way for a local disk.
        try:
            self._points.passing("commit", lambda: super(_Journal, self)._commit(connection), None)
        finally:
            _committing.event = ""
