"""One pass over a server, one pass over an account: which steps run, in which order, until when.

The daemon and ``tick`` share these. A failure of one request never stops the others; a server or account that is
away ends its own pass only. Source: design page sections 2 and 5 ("The service").
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from connector import overview
from connector.attendance import attend
from connector.errors import (
    AccessDenied,
    OwnershipError,
    RemoteError,
)
from connector.guards import (
    ServerMemory,
    apart,
    guarded,
    out_of_time,
    patiently,
    tolerated,
    tried,
)
from connector.lifecycle import Record, State
from connector.looking import look, unsettled_in
from connector.steps import contacts, drop, filing, lists, models, rights, waiting
from connector.steps.attest import attest
from connector.steps.born import Room
from connector.steps.close import close
from connector.steps.comments import comment
from connector.steps.correct import show_corrected
from connector.steps.deliver import deliver
from connector.steps.discover import Sight
from connector.steps.fetch import fetch
from connector.steps.follow import follow
from connector.steps.likeness import shared, touched
from connector.steps.lock import lock
from connector.steps.mark import mark
from connector.steps.notice import show_notice
from connector.steps.parts import FolderSettings, Parts
from connector.steps.prepare import judge_again, prepare
from connector.steps.previews import show_preview
from connector.steps.recover import adopt_renamed_folders, own, recover
from connector.steps.reminders import remind_if_due
from connector.steps.send import ask, is_question, send
from connector.steps.tags import tag
from connector.steps.tidy import due, tidy

log = logging.getLogger(__name__)

_MOST_STEPS = 12


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a pass came to. ``unsettled``: something new needs a second look in a moment."""

    complete: bool
    unsettled: bool = False
    moved: int = 0
    """Requests whose state changed."""


def server_pass(parts: Parts, server: str, memory: ServerMemory, *, deadline: float | None = None) -> Outcome:
    """Steps 0–6 and 9–11 on one DMS server. Raises JournalError only.

    ``deadline``: of ``time.monotonic()``, after which the pass yields between two requests; what is left is
    taken up by the next pass, whose order begins with what waited longest.
    """
    began = parts.now()
    folders = [settings for settings in parts.watched.values() if settings.server == server]
    memory.troubles.clear()
    try:
        _recover(parts, folders, memory)
        sights = look(parts, folders, memory)
    except RemoteError as error:
        if memory.problem != str(error):  # said once, not at every pass
            level = logging.ERROR if isinstance(error, AccessDenied) else logging.WARNING
            log.log(level, "server %s cannot be worked with: %s", server, error)
        memory.problem = str(error)
        return Outcome(complete=False)
    if memory.problem and not memory.troubles:
        log.info("server %s answers again", server)
    memory.problem = "; ".join(f"{name}: {trouble}" for name, trouble in sorted(memory.troubles.items()))
    before = {record.id: record.state for record in parts.journal.open_records(server)}
    for record in parts.journal.intending(server, filing.STEP):
        tolerated(parts, memory, record, "settle", partial(filing.settle, parts, record))
    rights.note_sights(parts, sights)
    made = _write_requests(parts, sights, memory, deadline)
    attended, over = attend(parts, server, sights, memory, deadline)
    complete = _advance_all(parts, server, memory, attended, deadline)
    over |= _show_all(parts, server, folders, memory, deadline)
    _tidy_all(parts, sights, over, memory, deadline)
    after = {record.id: record.state for record in parts.journal.open_records(server)}
    moved = sum(1 for ident in before.keys() | after.keys() if before.get(ident) != after.get(ident))
    unsettled = bool(made) or unsettled_in(sights, memory)
    if memory.overviews.calm(began, restless=unsettled or bool(moved)):
        _tell_all(parts, sights, memory, began, deadline)
    complete = complete and not memory.troubles
    return Outcome(complete=complete, unsettled=unsettled, moved=moved)


def _recover(parts: Parts, folders: list[FolderSettings], memory: ServerMemory) -> None:
    """Own each folder, take in each registry; a folder that cannot be worked in leaves the others alone."""
    for settings in folders:
        if settings.name not in memory.owned and tried(memory, settings, partial(own, parts, settings)):
            memory.owned.add(settings.name)
            # Whatever took its owner file away may have taken markers along (no effect at a start).
            memory.recovered.discard(settings.registry)
    for registry in sorted({s.registry for s in folders} - memory.recovered):
        mine = [s for s in folders if s.registry == registry and s.name in memory.owned]
        if mine and tried(memory, mine[0], partial(recover, parts, registry, mine)):
            memory.recovered.add(registry)
            adopt_renamed_folders(parts, mine)


def _write_requests(parts: Parts, sights: list[Sight], memory: ServerMemory, deadline: float | None) -> int:
    """Write the requests that lists and drop folders ask for; returns how many. Half of the pass's time at most."""
    now = time.monotonic()
    room = Room(until=None if deadline is None else now + (deadline - now) / 2, stopped=parts.stop.is_set)
    for sight in sights:
        name = sight.settings.name
        for key, task in models.tasks(parts, sight, memory.models):
            apart(parts, memory, key, f"the models of folder {name}", task)
        for key, task in lists.tasks(parts, sight, memory.lists, room):
            apart(parts, memory, key, f"a list in folder {name}", task)
        for key, task in drop.tasks(parts, sight, memory.drops, room):
            apart(parts, memory, key, f"a drop folder in folder {name}", task)
    return room.made


def _advance_all(
    parts: Parts, server: str, memory: ServerMemory, attended: set[int], deadline: float | None
) -> bool:
    records = sorted(
        parts.journal.open_records(server), key=lambda record: (_urgency(record), record.updated_at)
    )
    for record in records:
        if not _ours(parts, record, memory):
            continue
        if _would_leave(parts, record) and record.id not in attended:
            continue
        if out_of_time(parts, deadline):
            return False
        if _would_leave(parts, record):
            if not _may_leave(parts, record, memory):
                continue
            record = parts.journal.get(record.id)
        _advance(parts, record, memory)
    return True


def _may_leave(parts: Parts, record: Record, memory: ServerMemory) -> bool:
    """True where its folder takes what will come back; found out before anything leaves."""
    allowed = False

    def ask() -> Record:
        nonlocal allowed
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
    return memory.workable(settings)


def _urgency(record: Record) -> int:
    """Returns before launches: a signed document on its way home outranks a new request."""
    return 0 if record.state is State.DELIVERING else 1


def _advance(parts: Parts, record: Record, memory: ServerMemory) -> None:
    """Take one request as far as it goes now."""
    for _ in range(_MOST_STEPS):
        step = _next_step(parts, record)
        if step is None or parts.stop.is_set():
            return
        moved = _stepped(parts, record, step, memory)
        if moved is None or (moved.state is record.state and moved.updated_at == record.updated_at):
            return
        if moved.next_at is not None and moved.next_at > parts.now():
            return
        record = moved


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
        if record.sidecar_etag is not None and _taken(parts, record):
            return judge_again
        # Nothing passes on while another send is unanswered (R9b): a marker is as good as a send.
        return mark if waiting.let_through(parts, record) else None
    if record.state is State.MARKED:
        return send
    if record.state is State.DELIVERING:
        return deliver
    return None


def _taken(parts: Parts, record: Record) -> bool:
    """True when another request has left with one of its documents since it was judged: they arrived together."""
    touching = touched(parts.journal, record.server, record.documents)
    return shared(touching, record.documents, place=record.place, mine=record.id) is not None


def _show_all(
    parts: Parts, server: str, folders: list[FolderSettings], memory: ServerMemory, deadline: float | None
) -> dict[int, Record]:
    """Bring the folder up to the journal; returns what has been closed and is to be tidied, by id."""
    over: dict[int, Record] = {}
    for record in parts.journal.open_records(server):
        if not _ours(parts, record, memory):
            continue
        if out_of_time(parts, deadline):
            return over
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
        if due(closed):
            over[closed.id] = closed
    for settings in folders:
        if memory.workable(settings):
            patiently(parts, memory, f"notice {settings.name}", partial(show_notice, parts, settings))
    return over


def _tidy_all(
    parts: Parts, sights: list[Sight], over: dict[int, Record], memory: ServerMemory, deadline: float | None
) -> None:
    """Last in a pass: what moves is no longer where the sights show it."""
    memory.tidy.wishes.clear()
    born = (memory.lists.born, memory.drops.born)
    by_folder = {sight.settings.name: sight for sight in sights}
    for _, record in sorted(over.items()):
        sight = by_folder.get(record.folder)
        if sight is None or not memory.workable(sight.settings):
            continue
        if out_of_time(parts, deadline):
            return
        after = tolerated(
            parts, memory, record, "tidy", partial(tidy, parts, sight, record, memory.tidy, born)
        )
        # What could not be moved, or not whole, is tried again though nothing changes in its folder.
        if f"{record.id} tidy" in memory.patience or (due(after) and memory.tidy.wanted(after)):
            memory.let_go_on(after)


def _tell_all(
    parts: Parts, sights: list[Sight], memory: ServerMemory, began: datetime, deadline: float | None
) -> None:
    """Bring the overview of each folder up to what the statuses say."""
    for sight in sights:
        for key, task in _overviews_due(parts, sight, memory, began):
            if out_of_time(parts, deadline):
                return
            apart(parts, memory, key, f"an overview in folder {sight.settings.name}", task)


def _overviews_due(parts: Parts, sight: Sight, memory: ServerMemory, began: datetime) -> list[overview.Task]:
    tasks: list[overview.Task] = []
    name, told = sight.settings.name, memory.lists.news
    apart(
        parts,
        memory,
        f"overviews {name}",
        f"the overviews of folder {name}",
        lambda: tasks.extend(overview.due(parts, sight, memory.overviews, told, began)),
    )
    return tasks


def account_pass(parts: Parts, account: str, *, deadline: float | None = None) -> Outcome:
    """Steps 7 and 8 for one account: ask about what is due, fetch what is signed. Raises JournalError only."""
    moved = 0
    waiting.let_go(parts, account)
    contacts.expire(parts)
    for record in sorted(parts.journal.followed(account), key=_due_first):
        if out_of_time(parts, deadline):
            return Outcome(complete=False, moved=moved)
        if not waiting.may_ask(parts, account):
            return Outcome(complete=True, moved=moved)
        if record.closed or not waiting.due(parts, record):
            continue
        if record.state is State.MARKED and not is_question(parts, record):
            continue
        after = guarded(parts, record, lambda record=record: _follow(parts, record))  # type: ignore[misc]
        moved += after.state is not record.state
    return Outcome(complete=True, moved=moved)


def _follow(parts: Parts, record: Record) -> Record:
    if record.state is State.MARKED:
        return ask(parts, record)
    if record.state in {State.SEALING, State.QUARANTINED}:
        return fetch(parts, record)
    followed = follow(parts, record)
    if followed.state is State.SEALING:
        return fetch(parts, followed)
    return remind_if_due(parts, followed, record)


def _due_first(record: Record) -> datetime:
    return record.next_at or record.created_at
