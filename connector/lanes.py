"""Many requests side by side, each in one pair of hands: a lane for each account, a few threads wide.

A slow account fills its own lane and no other. What a pass has offered and nobody has begun when the pass is over is
dropped: only what is in hand goes on, step by step no further than the one it is in. Source: design page section 5
("The service"); protocol R12, one owner of each request at a time.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from connector.errors import RemoteError
from connector.lifecycle import Record
from connector.pulse import carried

PATIENCE_S = 5.0
"""So long a pass waits for the slower accounts of its server once another one has nothing left to do."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Work on the requests of ``ids``, one after the other; nobody else works on any of them meanwhile."""

    lane: str
    ids: frozenset[int]
    do: Callable[[Turn], None]


class Turn:
    """One pass's offer. ``over``: whoever still works for it begins no further step."""

    def __init__(self) -> None:
        self._over = threading.Event()

    @property
    def over(self) -> bool:
        """True once the pass no longer waits: its verdicts are of the past."""
        return self._over.is_set()

    def end(self) -> None:
        """Let nothing more begin."""
        self._over.set()


@dataclass
class _Lane:
    offered: deque[Piece] = field(default_factory=deque)
    busy: int = 0
    """Threads at work in it, those left over by an earlier pass included."""
    active: int = 0
    """Those of the present pass alone."""


class Hands:
    """The threads that work for one server, or for one account. Thread-safe; one pass at a time.

    ``freed`` is called, in a thread of theirs, when what outlived its pass has come to its end.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._lanes: dict[str, _Lane] = {}
        self._held: set[int] = set()
        self._turn = Turn()
        self._failure: BaseException | None = None
        self.freed: Callable[[], None] = lambda: None

    def held(self) -> frozenset[int]:
        """Return the requests that somebody works on just now: they are nobody else's."""
        with self._changed:
            return frozenset(self._held)

    @property
    def busy(self) -> bool:
        """True while anything is in hand."""
        return bool(self.held())

    def work(
        self,
        pieces: Iterable[Piece],
        *,
        width: int,
        lanes: Sequence[str] = (),
        deadline: float | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Do the pieces in the order of each lane, ``width`` of a lane at once; False when time ran out first.

        ``lanes`` are those that might have had something to do: once one of them has nothing left, the others get
        ``PATIENCE_S`` more. ``deadline``, of ``time.monotonic()``; without one everything is waited for. Raises what
        a piece raised: JournalError, or a defect.
        """
        turn = Turn()
        with self._changed:
            self._turn = turn
            for lane in self._lanes.values():
                lane.active = 0
            for piece in pieces:
                self._lanes.setdefault(piece.lane, _Lane()).offered.append(piece)
            offered = {name for name, lane in self._lanes.items() if lane.offered}
            for name in sorted(offered):
                self._staff(name, turn, width, stopped)
            late = self._wait(offered, lanes, deadline)
            turn.end()
            left = sum(len(self._lanes[name].offered) for name in offered)
            for name in offered:
                self._lanes[name].offered.clear()
            failure, self._failure = self._failure, None
        if failure is not None:
            try:
                raise failure
            finally:
                # Its traceback holds this very frame: what it keeps open goes with it, not when there is time.
                failure = None
        return not (left and (late or stopped()))

    def _staff(self, name: str, turn: Turn, width: int, stopped: Callable[[], bool]) -> None:
        lane = self._lanes[name]
        for _ in range(min(width - lane.busy, len(lane.offered))):
            # Whoever stops waits for what is in hand no longer than it wants.
            hand = threading.Thread(
                target=carried(self._serve), args=(lane, turn, stopped), name=f"lane {name}", daemon=True
            )
            lane.busy += 1
            lane.active += 1
            try:
                hand.start()
            except BaseException as error:
                # Counted all the same, it would be missed in this lane until the service begins anew.
                lane.busy -= 1
                lane.active -= 1
                if not isinstance(error, RuntimeError):
                    raise
                # The machine gives no more threads (TasksMax=, memory) just now: fewer hands do it, or a later pass.
                if not lane.active:
                    self._fail(error)
                return

    def _wait(self, offered: set[str], lanes: Sequence[str], deadline: float | None) -> bool:
        """Wait until everything is done, or no longer than may be waited. True when the deadline has passed."""
        until: float | None = None
        while True:
            left = {name for name in offered if self._lanes[name].active}
            if not left:
                return False
            now = time.monotonic()
            if self._failure is not None:
                self._turn.end()
                if deadline is not None:
                    return False
            if deadline is None:
                self._changed.wait()
                continue
            if until is None and any(self._is_free(name) for name in {*offered, *lanes} - left):
                until = now + PATIENCE_S
            if now >= deadline:
                return True
            if until is not None and now >= until:
                return False
            self._changed.wait(min(deadline, until or deadline) - now)

    def _is_free(self, name: str) -> bool:
        """True for a lane that has done everything; not for one that an earlier pass still fills."""
        return name not in self._lanes or not self._lanes[name].busy

    def _serve(self, lane: _Lane, turn: Turn, stopped: Callable[[], bool]) -> None:
        while (piece := self._take(lane, turn, stopped)) is not None:
            try:
                piece.do(turn)
            except BaseException as error:  # noqa: BLE001 - told to the pass, which raises it
                # What a server said to a pass that is over is no reason to end the one that runs now.
                if not (turn.over and isinstance(error, RemoteError)):
                    self._fail(error)
            finally:
                self._put_down(piece)
        with self._changed:
            lane.busy -= 1
            if turn is self._turn:
                lane.active -= 1
            outlived = turn.over
            self._changed.notify_all()
        if outlived:
            self.freed()

    def _take(self, lane: _Lane, turn: Turn, stopped: Callable[[], bool]) -> Piece | None:
        with self._changed:
            while lane.offered and not turn.over and not stopped() and self._failure is None:
                piece = lane.offered.popleft()
                if piece.ids & self._held:
                    continue  # still in other hands: the next pass offers it again
                self._held |= piece.ids
                return piece
            return None

    def _put_down(self, piece: Piece) -> None:
        with self._changed:
            self._held -= (
                piece.ids
            )  # the pass waits for the end of its lanes: it need not wake for each piece

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            self._failure = self._failure or error
            self._changed.notify_all()


def chains(records: Iterable[Record]) -> list[list[Record]]:
    """Put requests that share a file together, in their order: whether the second may go rests on the first."""
    found: list[list[Record]] = []
    at: dict[str, int] = {}
    for record in records:
        names = {name for one in record.documents for name in (one.href, one.file_id) if name}
        together = sorted({at[name] for name in names if name in at})
        if not together:
            together = [len(found)]
            found.append([])
        first = together[0]
        for other in together[1:]:
            found[first] += found[other]
            found[other] = []
            at.update({name: first for name, number in at.items() if number == other})
        found[first].append(record)
        at.update(dict.fromkeys(names, first))
    return [chain for chain in found if chain]
