"""Groups of checks, side by side, each check with a time limit: one dead server never delays the others.

A check that does not come to its end is left behind in a daemon thread, told, and the next begins. Groups are handed
over in their order, each as soon as it is complete, or when its own time is over.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from typing import Final, TypeVar

from connector import logs
from connector.doctor.lines import Level, Line, Private, fail, ok
from connector.errors import AccessDenied, RemoteError, Unavailable

CHECK_S: Final = 30.0
GROUP_S: Final = 180.0
Look = Callable[[], Iterable[Line]]
T = TypeVar("T")


@dataclass
class Group:
    """What is said of one side: this host, a server, Jesignexpert. Thread-safe for one who adds and one who reads."""

    name: str
    slow: str
    """Code of a check that does not end."""
    trouble: Callable[[RemoteError], Line] | None = None
    """What an error of the other side means; None: this group asks nobody."""
    title: str = ""
    lines: list[Line] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    """Scratch places that were made there, by name."""
    left: list[str] = field(default_factory=list)
    """Those that could not be removed."""
    complete: bool = False
    check_s: float = CHECK_S
    ended: threading.Event = field(default_factory=threading.Event)
    """Nothing new is begun any more: somebody pressed Ctrl-C, or the group's time is over."""
    silent: bool = False
    """The other side is gone, or does not take the login: it was said, and is asked nothing more but to clean up."""

    def say(self, *lines: Line) -> None:
        """Add lines."""
        self.lines.extend(lines)

    def check(self, what: str, look: Look, *, seconds: float | None = None, always: bool = False) -> bool:
        """Run one check and say what it finds; True when it came to its end, whatever it found.

        ``always``: also when nothing new is to be begun any more, to clean up.
        """
        if self._rests and not always:
            return False
        found, well = self._run(what, look, seconds or self.check_s)
        self.say(*found)
        return well

    def together(self, *checks: tuple[str, Look]) -> None:
        """Run some checks; what is well in them becomes one line, what is not follows it."""
        found: list[Line] = []
        for what, look in checks:
            if not self._rests:
                found += self._run(what, look, self.check_s)[0]
        well = [line for line in found if line.level is Level.OK]
        if well:
            self.say(joined(well))
        self.say(*(line for line in found if line.level is not Level.OK))

    @property
    def _rests(self) -> bool:
        return self.silent or self.ended.is_set()

    def _run(self, what: str, look: Look, seconds: float) -> tuple[list[Line], bool]:
        found: list[Line] = []
        errors: list[BaseException] = []

        def run() -> None:
            try:
                found.extend(look())
            except BaseException as error:  # noqa: BLE001 - told below, whatever it is; the next check begins
                errors.append(error)

        thread = threading.Thread(target=run, name=f"doctor {what}", daemon=True)
        thread.start()
        thread.join(seconds)
        if thread.is_alive():
            return [
                fail(self.slow, "{what}: no end within {seconds:.0f} s", what=what, seconds=seconds)
            ], False
        if not errors:
            return found, True
        return [*found, self.meaning(what, errors[0])], False

    def meaning(self, what: str, error: BaseException) -> Line:
        """Return what an error is to the administrator: the other side's trouble, or a defect of ours."""
        if isinstance(error, RemoteError) and self.trouble is not None:
            away = isinstance(error, Unavailable) and error.status is None
            self.silent = self.silent or away or (isinstance(error, AccessDenied) and error.status == 401)
            return self.trouble(error)
        where = Private(logs.told(error), type(error).__name__)
        return fail("JSE-H19", "{what}: doctor met a defect of its own: {where}", what=what, where=where)


def within(seconds: float, call: Callable[[], T], otherwise: T) -> T:
    """Return what a call returns, or ``otherwise`` when it has not come to its end by then. What it raises passes."""
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(call())
        except BaseException as error:  # noqa: BLE001 - handed over to who waits for it
            done.set_exception(error)

    threading.Thread(target=run, name="doctor", daemon=True).start()
    try:
        return done.result(seconds)
    except FutureTimeout:
        return otherwise


def joined(lines: Sequence[Line]) -> Line:
    """Make one line of several that are well."""
    if len(lines) == 1:
        return lines[0]
    parts = {f"part{number}": Private(one.text, one.for_support) for number, one in enumerate(lines)}
    return ok("; ".join(f"{{{name}}}" for name in parts), **parts)


def side_by_side(
    groups: Sequence[tuple[Group, Callable[[Group], None]]], *, seconds: float = GROUP_S
) -> Iterator[Group]:
    """Let every group be looked at at once; yield them in order, complete or given up after ``seconds``.

    Whoever stops listening (Ctrl-C) makes every group begin nothing new; they get some seconds to remove their scratch.
    """
    threads = [
        threading.Thread(target=_look, args=(group, look), name=f"doctor {group.name}", daemon=True)
        for group, look in groups
    ]
    for thread in threads:
        thread.start()
    until = time.monotonic() + seconds
    try:
        for (group, _), thread in zip(groups, threads, strict=True):
            thread.join(max(0.0, until - time.monotonic()))
            if thread.is_alive():
                group.ended.set()
                thread.join(group.check_s)
            if not group.complete:
                group.say(fail(group.slow, "not all was looked at within {seconds:.0f} s", seconds=seconds))
            yield group
    finally:
        for group, _ in groups:
            group.ended.set()
        for thread in threads:
            thread.join(CHECK_S if thread.is_alive() else 0)


def _look(group: Group, look: Callable[[Group], None]) -> None:
    try:
        look(group)
    except Exception as error:  # noqa: BLE001 - a defect in one group must not take the others' lines with it
        group.say(group.meaning(group.name, error))
    finally:
        # One that was told to begin nothing new has not seen everything.
        group.complete = not group.ended.is_set()
