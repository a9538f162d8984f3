"""One pass over a server, one pass over an account: which steps run, in which order, until when.

The daemon and ``tick`` share these. A failure of one request never stops the others; a server or account that is
away ends its own pass only. Source: design page sections 2 and 5 ("The service").
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial

from connector import overview
from connector.attendance import attend
from connector.calendar import quiet_until
from connector.errors import (
    AccessDenied,
    AskedToWait,
    OthersTurn,
    RemoteError,
)
from connector.guards import (
    ServerMemory,
    apart,
    guarded,
    keep_troubles,
    out_of_time,
    tolerated,
    tried,
)
from connector.journal.store import OF_ALL
from connector.lanes import Turn
from connector.lifecycle import Record, State
from connector.looking import look, unsettled_in
from connector.metrics.vitals import Reason, Vitals
from connector.obeying import followed, obey_for, obey_on, side_by_side, wait_for_accounts
from connector.progress import Progress
from connector.steps import (
    alarms,
    askers,
    clocks,
    contacts,
    drop,
    fading,
    filing,
    lists,
    logins,
    models,
    notice,
    refused_login,
    registries,
    retention,
    rights,
    storage,
    waiting,
)
from connector.steps.born import Room
from connector.steps.discover import Sight
from connector.steps.fetch import fetch
from connector.steps.follow import follow
from connector.steps.parts import FolderSettings, Parts
from connector.steps.recover import own, recover
from connector.steps.reminders import remind_if_due
from connector.steps.renamed import adopt_renamed_folders, keep_requests
from connector.steps.send import ask, is_question
from connector.steps.tidy import due, tidy

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a pass came to. ``unsettled``: something new needs a second look in a moment."""

    complete: bool
    unsettled: bool = False
    moved: int = 0
    """Requests whose state changed, or for which an order was answered."""
    ordered: bool = False
    """An order waits for the account's own pass."""
    seen_at: datetime | None = None
    """When the look began after which something is unsettled."""
    error: RemoteError | None = None
    """Why the side could not be worked with as a whole."""
    next_at: datetime | None = None
    """When something more is due, as far as is known."""

    @property
    def failed(self) -> bool:
        """True where the side is to be asked less and less; not where it is other processes' turn to ask it."""
        return self.error is not None and not isinstance(self.error, OthersTurn)


def server_pass(parts: Parts, server: str, memory: ServerMemory, *, deadline: float | None = None) -> Outcome:
    """Steps 0–6 and 9–11 on one DMS server. Raises JournalError only.

    ``deadline``: of ``time.monotonic()``, after which the pass yields between two requests; what is left is
    taken up by the next pass, whose order begins with what waited longest. How long looking takes is not counted: on a
    slow server with a large tree nothing would ever be done about what is seen.
    """
    folders = [settings for settings in parts.watched.values() if settings.server == server]
    memory.troubles.clear()
    memory.silent.clear()
    with parts.journal.at_once([storage.asked(parts), refused_login.asked(server)]):
        storage.look(parts)
        refused = refused_login.standing(parts, server)
    if refused is not None or memory.refused:
        # Never the same password again: ten refusals block the address for everybody (WebDAV facts, trap 4).
        parts.renewals.get(server, lambda: False)()
        if refused is not None and refused_login.is_known(parts, server, refused):
            whose = "in an earlier round" if parts.in_rounds else "to another connector"
            text = f"the login was refused {whose}, and is not tried again"
            error = AccessDenied(text, service=server, operation="look", status=401)
            return _not_worked_with(parts, server, memory, error, told=True)
    began = parts.now()
    # Left over by an earlier pass, and still in somebody's hands: nobody else's in this one (R12).
    held = memory.hands.held()
    begun = time.monotonic()
    try:
        _recover(parts, folders, memory, held)
        sights = look(parts, folders, memory)
    except RemoteError as error:
        return _not_worked_with(parts, server, memory, error)
    clocks.look_at(parts, f"server:{server}")
    if deadline is not None:
        deadline += time.monotonic() - begun
    try:
        return _work(parts, server, sights, memory, began, held, deadline)
    except AskedToWait as error:
        return _not_worked_with(parts, server, memory, error)


def told(
    vitals: Vitals,
    parts: Parts,
    side: str,
    outcome: Outcome,
    *,
    took_s: float,
    memories: Mapping[str, ServerMemory],
) -> None:
    """Let whoever watches know what a pass came to. ``side``: ``server:NAME`` or ``account:NAME``."""
    memory = memories.get(side.removeprefix("server:")) if side.startswith("server:") else None
    if memory is None:
        vitals.passed(side, took_s=took_s, error=outcome.error)
        return
    resting = {
        folder: one.kinds[folder] for one in memories.values() for folder in tuple(one.troubles)
    } | dict.fromkeys(tuple(parts.doubted), Reason.VANISHED)
    vitals.resting(resting)
    folders = {one.name for one in parts.watched.values() if side == f"server:{one.server}"}
    # A server none of whose folders can be worked in is out of sight, whatever it answers.
    blind = bool(folders) and folders <= memory.troubles.keys()
    vitals.passed(side, took_s=took_s, error=outcome.error, text=memory.problem, blind=blind)


def _not_worked_with(
    parts: Parts, server: str, memory: ServerMemory, error: RemoteError, *, told: bool = False
) -> Outcome:
    """``told``: that the login is refused is known, and was not found out just now."""
    memory.refused = isinstance(error, AccessDenied) and error.status == 401
    if memory.refused and not told:
        refused_login.tell(parts, server)
    if isinstance(error, OthersTurn):  # no trouble: that is how they share it
        # What our own turns came to stands: a server that is away in each of them would else be news every time.
        memory.problem = memory.problem or str(error)
        again = parts.now() + timedelta(seconds=error.retry_after_s or 0.0)
        return Outcome(complete=False, error=error, next_at=again)
    if memory.problem != str(error):  # said once, not at every pass
        level = logging.ERROR if isinstance(error, AccessDenied) else logging.WARNING
        log.log(level, "server %s cannot be worked with: %s", server, error)
    else:  # no passing moment: ``status`` is to say it, too
        names = [settings.name for settings in parts.watched.values() if settings.server == server]
        keep_troubles(parts, memory, names, of_all=f"{OF_ALL}: {error}")
    memory.problem = str(error)
    return Outcome(complete=False, error=error)


def _work(
    parts: Parts,
    server: str,
    sights: list[Sight],
    memory: ServerMemory,
    began: datetime,
    held: frozenset[int],
    deadline: float | None,
) -> Outcome:
    folders = [settings for settings in parts.watched.values() if settings.server == server]
    if memory.problem and not memory.troubles:
        log.info("server %s answers again", server)
    memory.refused = False
    refused_login.over(parts, server)
    memory.problem = "; ".join(f"{name}: {trouble}" for name, trouble in sorted(memory.troubles.items()))
    keep_troubles(parts, memory, [settings.name for settings in folders])
    before = {record.id: record.state for record in parts.journal.open_records(server)}
    for record in parts.journal.intending(server, filing.STEP):
        if record.id in held:
            continue
        tolerated(parts, memory, record, "settle", partial(filing.settle, parts, record))
        memory.let_go_on(record)  # whatever came of it: it is not at rest
    answered = obey_on(parts, server, memory, held)
    rights.note_sights(parts, sights)
    askers.ask_again(parts, folders)
    made = _write_requests(parts, server, sights, memory, deadline)
    attended, over = attend(parts, server, sights, memory, deadline, held)
    progress = Progress(
        parts, server, folders, memory, held | parts.vanished.get(server, frozenset()), deadline
    )
    with parts.journal.at_once(notice.asked(sight.settings) for sight in sights):
        for sight in sights:
            key, what = f"wishes {sight.settings.name}", f"the notice of folder {sight.settings.name}"
            apart(parts, memory, key, what, partial(logins.look_for_wishes, parts, sight))
    complete = progress.advance(attended)
    complete = progress.show() and complete
    _tidy_all(parts, sights, {**over, **progress.over}, memory, deadline)
    left = parts.journal.open_records(server)
    after = {record.id: record.state for record in left}
    moved = sum(1 for ident in before.keys() | after.keys() if before.get(ident) != after.get(ident))
    unsettled = bool(made) or unsettled_in(sights, memory)
    if memory.overviews.calm(began, restless=unsettled or bool(moved)):
        _tell_all(parts, sights, memory, began, deadline)
    complete = complete and not memory.troubles
    seen_at = max((sight.at for sight in sights), default=None)
    # What waits for the morning leaves then, not at some look after it.
    mornings = [until for one in folders if (until := quiet_until(parts.now(), one.quiet)) is not None]
    return Outcome(
        complete=complete,
        unsettled=unsettled,
        moved=moved + answered,
        ordered=wait_for_accounts(parts, server, left),
        seen_at=seen_at,
        next_at=min(mornings, default=None),
    )


def _recover(
    parts: Parts, folders: list[FolderSettings], memory: ServerMemory, held: frozenset[int] = frozenset()
) -> None:
    """Own each folder, take in each registry; a folder that cannot be worked in leaves the others alone."""
    for settings in folders:
        if settings.name not in memory.owned and tried(memory, settings, partial(own, parts, settings)):
            memory.owned.add(settings.name)
            # Whatever took its owner file away may have taken markers along (no effect at a start).
            memory.recovered.discard(settings.registry)
    for registry in sorted({s.registry for s in folders} - memory.recovered):
        mine = [s for s in folders if s.registry == registry and s.name in memory.owned]
        if mine:
            keep_requests(parts, mine)
        if mine and tried(memory, mine[0], partial(recover, parts, registry, mine, held)):
            memory.recovered.add(registry)
            memory.taken_in |= {settings.name for settings in mine}
            registries.taken_in(parts, mine[0].server, registry)
            adopt_renamed_folders(parts, mine)


def _write_requests(
    parts: Parts, server: str, sights: list[Sight], memory: ServerMemory, deadline: float | None
) -> int:
    """Write the requests that lists and drop folders ask for; returns how many. Half of the pass's time at most."""
    now = time.monotonic()
    room = Room(until=None if deadline is None else now + (deadline - now) / 2, stopped=parts.stop.is_set)
    # Asked once, when there is a list: a server may have hundreds of folders, and thousands of open requests.
    opened = cache(partial(parts.journal.open_records, server))
    for sight in sights:
        name = sight.settings.name
        for key, task in models.tasks(parts, sight, memory.models):
            apart(parts, memory, key, f"the models of folder {name}", task, folder=name)
        for key, task in lists.tasks(parts, sight, memory.lists, room, opened):
            apart(parts, memory, key, f"a list in folder {name}", task, folder=name)
        for key, task in drop.tasks(parts, sight, memory.drops, room):
            apart(parts, memory, key, f"a drop folder in folder {name}", task, folder=name)
    return room.made


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
            memory.let_go_on(record)
            continue
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
    # Each that is to be written is intended first: the holds of the next one are then asked for anew.
    with parts.journal.at_once():
        for sight in sights:
            for key, task in _overviews_due(parts, sight, memory, began):
                if out_of_time(parts, deadline):
                    return
                apart(
                    parts,
                    memory,
                    key,
                    f"an overview in folder {sight.settings.name}",
                    task,
                    folder=sight.settings.name,
                )


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


def account_pass(
    parts: Parts,
    account: str,
    *,
    deadline: float | None = None,
    arrived: Callable[[str], None] = lambda _server: None,
) -> Outcome:
    """Steps 7 and 8 for one account: ask about what is due, fetch what is signed. Raises JournalError only.

    ``arrived`` is told each server once, in any thread, as the first signed document of it is here: that need not wait
    for the others.
    """
    with parts.journal.at_once([storage.asked(parts)]):
        waiting.let_go(parts, account)
        logins.keep(parts, account)
        storage.look(parts)
        clocks.ask_again(parts, account)
    # Somebody waits for these: before anything is asked of itself.
    moved, open_ones = obey_for(parts, account, deadline)
    later = [record.next_at for record in open_ones if record.next_at and not waiting.due(parts, record)]
    here: set[str] = set()

    def ask_of(record: Record, _turn: Turn) -> None:
        if out_of_time(parts, deadline) or not waiting.may_ask(parts, account):
            return
        if record.state is State.MARKED and not is_question(parts, record):
            return
        after = guarded(parts, record, lambda: _follow(parts, record))
        if after.state is not record.state:
            moved.add(record.id)
            if after.state is State.DELIVERING and after.server not in here:
                here.add(after.server)
                arrived(after.server)
        later.extend([after.next_at] if after.next_at is not None else [])

    due = [record for record in open_ones if waiting.due(parts, record)]
    near = [record for record in due if retention.is_near(parts, record)]
    # What the platform is about to erase is over and done with before anything else is asked.
    for batch in (near, [record for record in due if record not in near]):
        side_by_side(parts, account, ask_of, batch, deadline)
    own = f"account:{account}"
    asked = [alarms.asked(own, clocks.CLOCK), alarms.asked(own, retention.RETENTION), contacts.ASKED]
    with parts.journal.at_once(asked):
        clocks.look_at(parts, own)
        contacts.expire(parts)
        retention.tell(parts, account, followed(parts, account) if due else open_ones)
    # By the clock nothing is erased before the platform has told the time: so not at the beginning.
    fading.fade(parts)
    next_at = waiting.asks_again_at(parts, account) or min(later, default=None)
    return Outcome(complete=not out_of_time(parts, deadline), moved=len(moved), next_at=next_at)


def _follow(parts: Parts, record: Record) -> Record:
    if record.state is State.MARKED:
        return ask(parts, record)
    if record.state in {State.SEALING, State.QUARANTINED}:
        return _fetched(parts, record)
    followed = follow(parts, record)
    if followed.state is State.SEALING:
        return _fetched(parts, followed)
    return remind_if_due(parts, followed, record)


def _fetched(parts: Parts, record: Record) -> Record:
    """Fetch what can be kept; while nothing can be, it stays at the platform and is not carried here for nothing."""
    return record if storage.is_full(parts) else fetch(parts, record)
