"""What new requests rest on is brought here ahead of their verdicts, many side by side; they are judged one by one.

A verdict may rest on the one before it (copies, shared documents), so that its place in the order counts; what it
reads of the folder does not. Only what nobody knows yet is read ahead, and only a little: what is not used after all
is thrown away.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from itertools import islice
from typing import Any

from connector.identity import new_reference
from connector.pulse import carried
from connector.steps.asked import understand
from connector.steps.case import Case
from connector.steps.evidence import Evidence, brought, checked, read_sidecar
from connector.steps.read import ReadSidecar


def reading_ahead(
    cases: Iterable[Case], wanted: Callable[[Case], bool], *, width: int
) -> Generator[Case, None, None]:
    """Give the cases in their order; those that are ``wanted`` are looked at beforehand, ``width`` at once.

    To be closed by whoever does not read it to its end.
    """
    coming, upcoming = iter(cases), deque[_Look | Case]()
    with ThreadPoolExecutor(max(1, width), thread_name_prefix="ahead") as threads:
        try:
            while True:
                for case in islice(coming, 3 * width - len(upcoming)):
                    upcoming.append(_Look(case, threads) if wanted(case) else case)
                for one in islice(upcoming, 2 * width):
                    if isinstance(one, _Look):
                        one.go_on()
                if not upcoming:
                    return
                one = upcoming.popleft()
                if isinstance(one, Case):
                    yield one
                    continue
                _until_here(one, [each for each in islice(upcoming, 2 * width) if isinstance(each, _Look)])
                try:
                    yield replace(one.case, ahead=one.result)
                finally:
                    one.drop()
        finally:
            for one in upcoming:
                if isinstance(one, _Look):
                    one.drop()


def _until_here(first: _Look, others: Sequence[_Look]) -> None:
    """Wait for one look, and let the others go on meanwhile: a server that is slow about it has time for them."""
    while (awaited := first.awaited()) is not None:
        for one in others:
            one.go_on()
        begun = (one.sidecar() for one in others)
        wait([awaited, *(one for one in begun if one is not None)], return_when=FIRST_COMPLETED)
        first.go_on()


class _Look:
    """One look: sidecar and documents are fetched by other threads, understood by the one that judges.

    What lies above and beside a sidecar is in sight of that thread alone. Errors are kept for whoever judges.
    """

    def __init__(self, case: Case, threads: ThreadPoolExecutor) -> None:
        self.case = case
        self._threads, self._ref = threads, new_reference()
        self._sidecar: Future[ReadSidecar] = threads.submit(carried(read_sidecar), case)
        self._looked: Future[Evidence] | None = None
        self._taken = False

    def go_on(self) -> None:
        """Let the documents be fetched, if the sidecar is here."""
        if self._looked is None and self._sidecar.done():
            self._looked = self._begin()

    def sidecar(self) -> Future[ReadSidecar] | None:
        """Return what is waited for before the documents can be fetched; None once they are."""
        return self._sidecar if self._looked is None else None

    def awaited(self) -> Future[Any] | None:
        """Return what is still to come of it, None when everything is here."""
        coming = self._sidecar if self._looked is None else self._looked
        return None if self._looked is not None and coming.done() else coming

    def result(self) -> Evidence:
        """Wait for everything. Raises as :func:`connector.steps.evidence.bring`."""
        if self._looked is None:
            self._looked = self._begin()
        looked = self._looked.result()
        self._taken = True
        return looked

    def drop(self) -> None:
        """Throw away what nobody has taken."""
        if not self._taken:
            for future in (self._sidecar, self._looked):
                if future is not None and not future.cancel():
                    future.exception()  # to its end: nothing is written there any more
            self.case.parts.spool.forget(self._ref)
        # An error's traceback holds this very look: neither keeps the other.
        self._looked, self._sidecar = None, Future()

    def _begin(self) -> Future[Evidence]:
        try:
            sidecar = self._sidecar.result()
            asked = understand(self.case, sidecar)
        except BaseException as error:  # noqa: BLE001 - told to whoever asks for the result
            return _failed(error)
        return self._threads.submit(carried(lambda: checked(brought(self.case, self._ref, sidecar, asked))))


def _failed(error: BaseException) -> Future[Evidence]:
    future: Future[Evidence] = Future()
    future.set_exception(error)
    return future
