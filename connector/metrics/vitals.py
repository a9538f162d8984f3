"""What the service knows of its own passes, kept in a small file beside the journal: ``status`` reads it.

The file is replaced whole, at the end of a pass and every half minute, and is never needed: whoever finds none, or an
old one, knows that nothing is known. It holds names of the configuration, codes and times; of an obstacle the words
that the log has. Source: ux page section 6.4.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from connector import __version__
from connector.errors import (
    AccessDenied,
    AskedToWait,
    InvalidResponse,
    OwnershipError,
    Unavailable,
)
from connector.running import regular

FILE: Final = "vitals.json"
FORMAT: Final = 1
EVERY: Final = timedelta(seconds=30)
"""So often the file is written though nothing has happened: a sign of life."""


class Reason(StrEnum):
    """Why a side, a folder or the whole service rests: a word for programs, and the label of ``jse_paused``."""

    LOGIN_REFUSED = "login_refused"
    ACCESS_DENIED = "access_denied"
    UNREACHABLE = "unreachable"
    ASKED_TO_WAIT = "asked_to_wait"
    NO_ANSWER_OF_A_DMS = "no_answer_of_a_dms"
    ANOTHERS = "anothers"
    NOT_WORKABLE = "not_workable"
    VANISHED = "vanished"
    NO_ROOM = "no_room"

    @classmethod
    def of(cls, error: Exception) -> Reason:
        """Return the word for an obstacle."""
        if isinstance(error, OwnershipError):
            return cls.ANOTHERS
        if isinstance(error, AccessDenied):
            return cls.LOGIN_REFUSED if error.status == 401 else cls.ACCESS_DENIED
        if isinstance(error, AskedToWait):
            return cls.ASKED_TO_WAIT
        if isinstance(error, Unavailable):
            return cls.UNREACHABLE
        return cls.NO_ANSWER_OF_A_DMS if isinstance(error, InvalidResponse) else cls.NOT_WORKABLE


class _Told(BaseModel):
    # A newer release may tell more.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Side(_Told):
    """One server or account, as its passes found it."""

    passed_at: AwareDatetime | None = None
    """When its last pass was over, however it ended."""
    looked_at: AwareDatetime | None = None
    """When a pass was last over that saw the other side."""
    took_s: float | None = None
    next_at: AwareDatetime | None = None
    busy: bool = False
    """A pass is going on."""
    stirred_at: AwareDatetime | None = None
    """When something last came for the pass that is going on."""
    late: bool = False
    """It gives no sign of life."""
    reason: Reason | None = None
    text: str = ""
    """Why it could not be worked with, in the log's words."""
    since: AwareDatetime | None = None


class Today(_Told):
    """What was asked of each server today, by the calendar of the configuration."""

    day: str = ""
    requests: dict[str, int] = Field(default_factory=dict)
    refused: dict[str, int] = Field(default_factory=dict)
    """Answers 401."""


class Vital(_Told):
    """All of it at one moment."""

    format: Literal[1] = 1
    kind: Literal["run", "tick"] = "run"
    version: str = __version__
    pid: int = 0
    started_at: AwareDatetime
    written_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    """When it stopped, of its own will."""
    standstill: str = ""
    """Why no fact can be kept; empty while facts can."""
    sides: dict[str, Side] = Field(default_factory=dict)
    """``server:NAME``, ``account:NAME``."""
    folders: dict[str, Reason] = Field(default_factory=dict)
    """Folders that are left alone."""
    requests: dict[str, dict[str, int]] = Field(default_factory=dict)
    """Server → status of the answer (``none`` without one) → requests since the start."""
    today: Today = Today()
    without_wakeups: tuple[str, ...] = ()

    def servers(self) -> dict[str, Side]:
        """Servers by their names."""
        return {
            name.partition(":")[2]: side for name, side in self.sides.items() if name.startswith("server:")
        }


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a clock of jobs knows of one of them. Times are aware."""

    next_at: datetime | None
    busy: bool
    stirred_at: datetime | None
    late: bool


class Vitals:
    """Takes in what passes came to. Thread-safe. ``file`` None: nothing is kept."""

    def __init__(
        self,
        file: Path | None,
        *,
        now: Callable[[], datetime],
        zone: ZoneInfo,
        kind: Literal["run", "tick"] = "run",
    ) -> None:
        self._file, self._now, self._zone = file, now, zone
        self._lock = threading.Lock()
        self._news = threading.Event()
        self.plans: Callable[[], Mapping[str, Plan]] = dict
        """What the jobs plan; asked whenever somebody looks."""
        self.made: Callable[[], Mapping[str, Mapping[str, int]]] = dict
        """Server → status → requests, since the start."""
        before = read(file) if file is not None else None
        at = now()
        self._vital = Vital(
            kind=kind,
            pid=os.getpid(),
            started_at=at,
            written_at=at,
            today=before.today if before is not None else Today(),
            # Of an earlier life only when something was last seen is still true.
            sides={} if before is None else {n: Side(looked_at=s.looked_at) for n, s in before.sides.items()},
        )
        self._sides: frozenset[str] | None = None
        self._news.set()
        self._base = self._vital.today
        self._counted_at_midnight: dict[str, dict[str, int]] = {}

    def known(self, names: list[str]) -> None:
        """Tell which sides there are: nothing is told of any other."""
        with self._lock:
            self._sides = frozenset(names)
            sides = {name: self._vital.sides.get(name, Side()) for name in names}
            self._change(sides=sides)

    def passed(
        self, name: str, *, took_s: float, error: Exception | None = None, text: str = "", blind: bool = False
    ) -> None:
        """A pass over a side is over. ``error``: the side could not be worked with; ``blind``: none of its folders."""
        with self._lock:
            if self._sides is not None and name not in self._sides:
                return  # the last pass of one that was taken out meanwhile
            before, at = self._vital.sides.get(name, Side()), self._now()
            reason = Reason.of(error) if error is not None else (Reason.NOT_WORKABLE if blind else None)
            side = Side(
                passed_at=at,
                looked_at=at if reason is None else _not_after(before.looked_at, at),
                took_s=round(took_s, 3),
                reason=reason,
                text=(text or str(error or "")) if reason is not None else "",
                since=None if reason is None else (_not_after(before.since, at) or at),
            )
            self._change(sides={**self._vital.sides, name: side})

    def resting(self, folders: Mapping[str, Reason]) -> None:
        """Tell which folders are left alone, of all servers."""
        with self._lock:
            if dict(folders) != self._vital.folders:
                self._change(folders=dict(folders))

    def without_wakeups(self, names: tuple[str, ...]) -> None:
        """Tell which folders' changes are noticed at the next look only."""
        with self._lock:
            if names != self._vital.without_wakeups:
                self._change(without_wakeups=names)

    def stands_still(self, why: str) -> None:
        """Tell that no fact can be kept; empty: facts can be kept."""
        with self._lock:
            if why != self._vital.standstill:
                self._change(standstill=why)

    def ended(self) -> None:
        """Tell that it stops, and keep that."""
        with self._lock:
            self._change(ended_at=self._now())
        self.keep()

    def _change(self, **changes: object) -> None:
        self._vital = self._vital.model_copy(update=changes)
        self._news.set()

    def look(self) -> Vital:
        """Return everything as it is now."""
        plans, made, at = self.plans(), self.made(), self._now()
        with self._lock:
            sides = {name: _planned(side, plans.get(name)) for name, side in self._vital.sides.items()}
            return self._vital.model_copy(
                update={
                    "written_at": at,
                    "sides": sides,
                    "requests": {server: dict(codes) for server, codes in made.items()},
                    "today": self._today(made, at),
                }
            )

    def _today(self, made: Mapping[str, Mapping[str, int]], at: datetime) -> Today:
        """What was asked today, what an earlier life of today counted included."""
        day = at.astimezone(self._zone).date().isoformat()
        if self._base.day != day:
            if self._base.day:  # midnight has passed in this life: what was made before it was yesterday's
                self._counted_at_midnight = {server: dict(codes) for server, codes in made.items()}
            self._base = Today(day=day)
        requests, refused = dict(self._base.requests), dict(self._base.refused)
        for server, codes in made.items():
            before = self._counted_at_midnight.get(server, {})
            requests[server] = requests.get(server, 0) + sum(codes.values()) - sum(before.values())
            refused[server] = refused.get(server, 0) + codes.get("401", 0) - before.get("401", 0)
        return Today(day=day, requests=requests, refused=refused)

    def keep(self) -> None:
        """Write the file where there is news, or nothing was written for a while. Costs nothing in between.

        A disk that takes nothing is told elsewhere; the file grows old then.
        """
        if self._file is None:
            return
        if not self._news.is_set() and self._now() - self._vital.written_at < EVERY:
            return
        self._news.clear()
        told = self.look()
        with self._lock:
            self._vital = self._vital.model_copy(update={"written_at": told.written_at})
        partial = self._file.with_name(f".{self._file.name}.new")
        with suppress(OSError):
            partial.unlink(missing_ok=True)  # of a process that was killed, or somebody's link
            handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(told.model_dump_json(exclude_defaults=False))
            partial.replace(self._file)


def _not_after(moment: datetime | None, now: datetime) -> datetime | None:
    """What lies ahead of now was written by a clock that was wrong."""
    return None if moment is None else min(moment, now)


def _planned(side: Side, plan: Plan | None) -> Side:
    if plan is None:
        return side
    changes = {
        "next_at": plan.next_at,
        "busy": plan.busy,
        "stirred_at": plan.stirred_at,
        "late": plan.late,
    }
    return side.model_copy(update=changes)


def read(file: Path) -> Vital | None:
    """Return what a service last told of itself; None where nothing can be read of it."""
    with suppress(OSError, ValidationError, ValueError):
        return Vital.model_validate_json(regular(file))
    return None
