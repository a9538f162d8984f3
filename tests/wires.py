"""What a test puts on the wires of a stage: calls that are held back, answers that are waited for or changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from connector.cli import wiring
from connector.jesignexpert.transport import BaseTransport, DeadlineTransport
from tests.worlds import workers

LONG_S: Final = 60.0


def until(true: Callable[[], object], what: str) -> None:
    """Wait for what another thread does."""
    end = time.monotonic() + LONG_S
    while not true():
        assert time.monotonic() < end, f"{what} never came"
        time.sleep(0.01)


class Gate:
    """Holds back some calls to the platform, until it is opened; all others pass."""

    def __init__(self) -> None:
        self.standing: list[str] = []
        """Paths of the calls that were held back."""
        self._holds = _nothing
        self._changed = threading.Condition()

    def seams(self) -> wiring.Seams:
        """Put it between every account and the platform."""
        return wiring.Seams(pool=workers(), transport=self._before)

    def _before(self, ca_file: Path | None, proxy: str | None) -> BaseTransport:
        return _Held(DeadlineTransport(ca_file=ca_file, proxy=proxy), self)

    def hold(self, holds: Callable[[httpx.Request], bool]) -> None:
        """Hold back the calls for which it is true, from now on, and no others: they go on."""
        with self._changed:
            self._holds = holds
            self._changed.notify_all()

    def open(self) -> None:
        """Let everything pass."""
        self.hold(_nothing)

    def pass_by(self, request: httpx.Request) -> None:
        """Wait for as long as the call is to be held back."""
        with self._changed:
            if self._holds(request):
                self.standing.append(request.url.path)
                assert self._changed.wait_for(lambda: not self._holds(request), LONG_S)

    @contextmanager
    def meanwhile(self, work: Callable[[], object]) -> Iterator[threading.Thread]:
        """Let something be done beside; at the end the gate is opened, and it is waited for."""
        failed: list[BaseException] = []

        def do() -> None:
            try:
                work()
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=do)
        thread.start()
        try:
            yield thread
        finally:
            self.open()
            thread.join(LONG_S)
        assert not thread.is_alive()
        if failed:
            raise failed[0]


def _nothing(_request: httpx.Request) -> bool:
    return False


class _Held(httpx.BaseTransport):
    def __init__(self, inner: BaseTransport, gate: Gate) -> None:
        self._inner, self._gate = inner, gate

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._gate.pass_by(request)
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


class Between(BaseAdapter):
    """Stands between a stage and its DMS: ``passing`` is given each request, and what makes it."""

    def __init__(self, passing: Callable[[PreparedRequest, Callable[[], Response]], Response]) -> None:
        super().__init__()
        self._passing = passing
        self._inner: BaseAdapter | None = None

    def seams(self) -> wiring.Seams:
        """Put it there."""
        return wiring.Seams(pool=workers(), adapter=self._before)

    def _before(self, inner: BaseAdapter) -> BaseAdapter:
        made = Between(self._passing)
        made._inner = inner
        return made

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        inner = self._inner
        assert inner is not None
        return self._passing(request, lambda: inner.send(request, *args, **kwargs))

    def close(self) -> None:
        if self._inner is not None:
            self._inner.close()
