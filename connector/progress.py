"""Each request is taken as far as it goes now, and what it came to is told: many side by side, each by one alone.

Which step is due is decided here, in what order the requests are looked at by ``passes``, by how many hands by
``lanes``. Source: design page section 2; protocol R9b, R12.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from connector.errors import OwnershipError
from connector.guards import ServerMemory, guarded, out_of_time, patiently, tolerated
from connector.lanes import Piece, Turn, chains
from connector.lifecycle import Record, State
from connector.steps import failed_over, rights, waiting
from connector.steps.attest import attest
from connector.steps.close import close
from connector.steps.comments import comment
from connector.steps.correct import show_corrected
from connector.steps.deliver import deliver
from connector.steps.likeness import shared, touched
from connector.steps.lock import lock
from connector.steps.mark import mark
from connector.steps.notice import asked, show_notice
from connector.steps.parts import FolderSettings, Parts
from connector.steps.prepare import judge_again, prepare
from connector.steps.previews import show_preview
from connector.steps.send import not_begun, send
from connector.steps.tags import tag
from connector.steps.tidy import due

log = logging.getLogger(__name__)

_MOST_STEPS = 12
_TAKEN_ALONG_S = 10.0
"""So long a pass brings home what arrives after its look; new requests wait for the next one meanwhile."""
_LEAVING = frozenset({State.PREPARED, State.MARKED})
_MOVED_HERE = frozenset({State.WAITING, State.DELIVERING}) | _LEAVING


class Progress:
    """One pass's work on the requests of a server; ``held`` are in other hands, left over by an earlier pass.

    ``over``: what has come to its end and is to be tidied, by id.
    """

    def __init__(
        self,
        parts: Parts,
        server: str,
        folders: Sequence[FolderSettings],
        memory: ServerMemory,
        held: frozenset[int],
        deadline: float | None,
    ) -> None:
        self._parts, self._server, self._folders = parts, server, folders
        self._memory, self._held, self._deadline = memory, held, deadline
        self._told: set[int] = set()
        self._left: list[Record] | None = None
        """What was open when nothing more went on; None while nothing has."""
        self.over: dict[int, Record] = {}

    def advance(self, attended: set[int]) -> bool:
        """Take what may go on as far as it goes, and tell what moved; False when time ran out first.

        ``attended``: records whose verdict is of this very pass. What is fetched while this goes on is brought home
        with it, for some time: that needs no other look at the folder.
        """
        begun: set[int] = set()
        until = time.monotonic() + _TAKEN_ALONG_S
        complete, going = True, self._going(self._mine(), attended)
        while going and complete:
            begun |= {record.id for record in going}
            complete = self._work(going, self._advance_one)
            self._left = self._mine()
            fetched = [one for one in self._left if one.state is State.DELIVERING and one.id not in begun]
            going = self._going(fetched, attended) if time.monotonic() < until else []
        return complete

    def _going(self, records: Iterable[Record], attended: set[int]) -> list[Record]:
        """Return what may go on, in its order."""
        return [
            record
            for record in sorted(records, key=lambda record: (_urgency(record), record.updated_at))
            if record.state in _MOVED_HERE
            and waiting.due(self._parts, record)
            and (record.id in attended or not _would_leave(self._parts, record))
        ]

    def show(self) -> bool:
        """Bring the folder up to the journal where that was not done on the way; False when time ran out first."""
        left = self._mine() if self._left is None else self._left
        complete = self._work([one for one in left if one.id not in self._told], self._show_one)
        workable = [settings for settings in self._folders if self._memory.workable(settings)]
        with self._parts.journal.at_once(map(asked, workable)):
            for settings in workable:
                step = partial(show_notice, self._parts, settings)
                patiently(self._parts, self._memory, f"notice {settings.name}", step)
        return complete

    def _mine(self) -> list[Record]:
        opened = self._parts.journal.open_records(self._server)
        return [one for one in opened if one.id not in self._held and _ours(self._parts, one, self._memory)]

    def _work(self, records: Iterable[Record], one: Callable[[Record, Turn], None]) -> bool:
        """Do ``one`` for each record, in their order within an account; those that share a file in the same hands."""
        parts = self._parts

        def together(chain: Sequence[Record], turn: Turn) -> None:
            for number, record in enumerate(chain):
                if number and (turn.over or out_of_time(parts, self._deadline)):
                    return
                one(record, turn)

        return self._memory.hands.work(
            [
                Piece(
                    lane=chain[0].account,
                    ids=frozenset(record.id for record in chain),
                    do=partial(together, chain),
                )
                for chain in chains(records)
            ],
            width=max((parts.hands(settings) for settings in self._folders), default=1),
            lanes=sorted({account for settings in self._folders for account in settings.accounts}),
            deadline=self._deadline,
            stopped=parts.stop.is_set,
        )

    def _advance_one(self, record: Record, turn: Turn) -> None:
        parts, memory = self._parts, self._memory
        if _would_leave(parts, record):
            if not _may_leave(parts, record, memory):
                return
            record = parts.journal.get(record.id)
        try:
            _advance(parts, record, memory, turn)
        finally:
            waiting.put_down(parts, record.id)
        after = parts.journal.get(record.id)
        # What only waits is told once it is known what became of all the others.
        if after.state is not record.state and not turn.over:
            self._show_one(after, turn)

    def _show_one(self, record: Record, turn: Turn) -> None:
        """Bring its files up to what the journal says of one request."""
        parts, memory = self._parts, self._memory
        if parts.stop.is_set():
            return
        record = tolerated(parts, memory, record, "correct", partial(show_corrected, parts, record))
        previewed = tolerated(parts, memory, record, "preview", partial(show_preview, parts, record))
        # Before the status, which then is written once: each of them does nothing, or puts itself off, mostly.
        attested = tolerated(parts, memory, previewed, "attest", partial(attest, parts, previewed))
        locked = tolerated(parts, memory, attested, "lock", partial(lock, parts, attested))
        # What kept its status from an earlier place (a folder that is gone) says nothing of where its end is told.
        what = "show its end" if locked.state.ended else "show"
        shown = tolerated(parts, memory, locked, what, partial(rights.shown, parts, locked))
        tagged = tolerated(parts, memory, shown, "tag", partial(tag, parts, shown))
        said = tolerated(parts, memory, tagged, "comment", partial(comment, parts, tagged))
        closed = tolerated(parts, memory, said, "close", partial(close, parts, said))
        if turn.over:
            return
        self._told.add(record.id)
        if due(closed):
            self.over[closed.id] = closed


def _may_leave(parts: Parts, record: Record, memory: ServerMemory) -> bool:
    """True where its folder takes what will come back; found out before anything leaves."""
    allowed = False

    def ask() -> Record:
        nonlocal allowed
        with parts.asking_rights[record.server]:
            allowed = rights.may_leave(parts, record)
        return record

    tolerated(parts, memory, record, "rights", ask)
    return allowed


def _would_leave(parts: Parts, record: Record) -> bool:
    """True for what the next step takes out of the house.

    It goes only on a verdict of this very pass: settings saved while the service was down, or in this very moment,
    may say that it must not.
    """
    if record.state is State.MARKED:
        return parts.journal.intent(record, "send") is None
    return record.state in {State.WAITING, State.PREPARED}


def _ours(parts: Parts, record: Record, memory: ServerMemory) -> bool:
    """True while folder and account of a request are still in the configuration and ours to work in.

    What was taken out of it rests as it is, signed documents in the spool, until it is put back.
    """
    settings = parts.watched.get(record.folder)
    if settings is None or record.account not in parts.accounts:
        if memory.patience.setdefault(f"{record.id} homeless", (0, parts.now()))[0] == 0:
            memory.patience[f"{record.id} homeless"] = (1, parts.now())
            missing = "folder" if settings is None else "account"
            log.error("%s rests: its %s is no longer in the configuration", record.ref, missing)
        return False
    # What a server cannot even show, for now, is not asked about for each request again.
    return memory.workable(settings) and settings.name not in memory.silent


def _urgency(record: Record) -> int:
    """Returns before launches: a signed document on its way home outranks a new request."""
    return 0 if record.state is State.DELIVERING else 1


def _advance(parts: Parts, record: Record, memory: ServerMemory, turn: Turn) -> None:
    """Take one request as far as it goes now; no further than the present step once its pass is over."""
    if record.state is State.WAITING:
        # What nobody sees, and costs nothing, is made side by side.
        after = _go_on(parts, record, memory, turn, while_in=frozenset({State.WAITING}))
        if after is None:
            return
        record = after
    if record.state in _LEAVING:
        # The first one goes alone, from its marker to its answer: while the platform is not known to answer, nothing
        # else is marked. Those that follow wait for each other with the call itself only (R9b), and a server that is
        # slow to take a marker keeps none of another server's.
        with parts.alone[record.account, record.server]:
            if not waiting.sends_answered(parts, record.account):
                _go_on(parts, record, memory, turn)
                return
    _go_on(parts, record, memory, turn)


def _go_on(
    parts: Parts,
    record: Record,
    memory: ServerMemory,
    turn: Turn,
    *,
    while_in: frozenset[State] = frozenset(State),
) -> Record | None:
    """Take step after step; returns the record when it has left the states of ``while_in``, None when it rests."""
    for _ in range(_MOST_STEPS):
        if record.state not in while_in:
            return record
        if parts.stop.is_set():
            guarded(parts, record, partial(not_begun, parts, record))
            return None
        step = _next_step(parts, record)
        if step is None or turn.over:
            return None
        moved = _stepped(parts, record, step, memory)
        if moved is None or (moved.state is record.state and moved.updated_at == record.updated_at):
            return None
        if not waiting.due(parts, moved):
            return None
        record = moved
    return None


def _stepped(
    parts: Parts, record: Record, step: Callable[[Parts, Record], Record], memory: ServerMemory
) -> Record | None:
    try:
        return guarded(parts, record, lambda: step(parts, record))
    except OwnershipError as error:
        # Vanished or another's: the next pass finds out, and takes the folder again only if it is free.
        memory.owned.discard(record.folder)
        memory.recovered.discard(parts.watched[record.folder].registry)
        log.error("%s: nothing more is done there in this pass", error)
        return None


def _next_step(parts: Parts, record: Record) -> Callable[[Parts, Record], Record] | None:
    """Which step is due, on the DMS side's pass; None when the record waits for something else."""
    if not waiting.due(parts, record):
        return None
    if record.state is State.WAITING:
        if record.sidecar_etag is None or not waiting.may_launch(parts, record):
            return None  # to be judged again first, or held
        return judge_again if _taken(parts, record) else prepare
    if record.state is State.PREPARED:
        if failed_over.is_question(parts, record):
            return failed_over.ask
        if record.sidecar_etag is not None and _taken(parts, record):
            return judge_again
        # Nothing passes on while another send is unanswered (R9b): a marker is as good as a send. The brakes count
        # markers: what could not be marked in its turn takes another one.
        return mark if waiting.may_launch(parts, record) else None
    if record.state is State.MARKED:
        return send
    if record.state is State.DELIVERING:
        return deliver
    return None


def _taken(parts: Parts, record: Record) -> bool:
    """True when another request has left with one of its documents since it was judged: they arrived together."""
    touching = touched(parts.journal, record.server, record.documents)
    return shared(touching, record.documents, place=record.place, mine=record.id) is not None
