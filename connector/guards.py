"""How a failure stays where it happened: one folder, one place, one request; tried again later and later.

Nothing here decides what is to be done; ``passes`` does. A failure of the journal alone passes through.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import ParamSpec, TypeVar

from connector import logs
from connector.errors import (
    AccessDenied,
    AskedToWait,
    ConnectorError,
    JournalError,
    OutcomeUnknown,
    OwnershipError,
    RemoteError,
    SpoolError,
    StaleRecordError,
    Unavailable,
    WorkerError,
)
from connector.journal.store import TROUBLE
from connector.lanes import Hands
from connector.lifecycle import Record
from connector.metrics.vitals import Reason
from connector.overview import OverviewMemory
from connector.ports import Entry, Href, Page, folder_of
from connector.steps import clocks, reported, rights, storage, waiting
from connector.steps.attend import consider
from connector.steps.case import Case
from connector.steps.discover import Sight, Watch
from connector.steps.drop_waiting import DropMemory
from connector.steps.lists import ListMemory
from connector.steps.mark import unmarked
from connector.steps.models import ModelMemory
from connector.steps.parts import FolderSettings, Parts
from connector.steps.places import NOTICE
from connector.steps.tidy import TidyMemory

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

_MOST_RESTING = 1_000
Rest = tuple[Page, tuple[tuple[object, ...], ...]]
"""The page of a request's folder, and the settings of the watched folder as they were."""


@dataclass
class ServerMemory:
    """What a process remembers of one server between passes; losing it costs a look, never a mistake."""

    owned: set[str] = field(default_factory=set)
    """Folders whose owner file was seen to be ours."""
    recovered: set[Href] = field(default_factory=set)
    """Registries that were taken in whole (R6): nothing is launched in a folder before its registry was."""
    taken_in: set[str] = field(default_factory=set)
    """Folders whose registry was taken in since it was last asked who stands at their places."""
    watches: dict[str, Watch] = field(default_factory=dict)
    """Watched folder → what is known of what lies in it."""
    checked: dict[str, Sight] = field(default_factory=dict)
    """Watched folder → the sight for which its owner was looked at."""
    troubles: dict[str, str] = field(default_factory=dict)
    """Folder → why it could not be worked in at the last pass: another owner, gone, forbidden."""
    kinds: dict[str, Reason] = field(default_factory=dict)
    """The same, as a word for programs."""
    kept: dict[str, str] = field(default_factory=dict)
    """Folder → the trouble that the journal was told last, for ``status``."""
    silent: set[str] = field(default_factory=set)
    """Folders for which the server had no answer at the last look: nothing else is asked there in that pass."""
    said: dict[str, str] = field(default_factory=dict)
    """Folder → the trouble that the log was told last: it is told once, not at every pass."""
    patience: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    """What failed and is not tried again before a time: by place or by record."""
    lists: ListMemory = field(default_factory=ListMemory)
    drops: DropMemory = field(default_factory=DropMemory)
    models: ModelMemory = field(default_factory=ModelMemory)
    at_rest: dict[str, dict[Href, Rest]] = field(default_factory=dict)
    """Watched folder → sidecar of a request that is over → what was there when it was looked at last."""
    overviews: OverviewMemory = field(default_factory=OverviewMemory)
    tidy: TidyMemory = field(default_factory=TidyMemory)
    hands: Hands = field(default_factory=Hands)
    """Those who work on its requests side by side."""
    refused: bool = False
    """Was this very process refused its login when it last asked? Another one may have said that this is over."""
    problem: str = ""
    """Why the last pass could not be made, for the log and ``status``."""

    def workable(self, settings: FolderSettings) -> bool:
        """True when the folder is ours, and its registry was taken in."""
        return settings.name in self.owned and settings.registry in self.recovered

    def rests(self, sight: Sight, sidecar: Entry) -> bool:
        """True for a request that is over, for as long as its folder shows the same: there are thousands of them."""
        known = self.at_rest.get(sight.settings.name, {}).get(sidecar.href)
        page = sight.tree.pages.get(sidecar.parent)
        if known is None or page is None or known[1] != sight.settings_shown:
            return False
        return known[0] is page or known[0].same(page)

    def let_rest(self, case: Case, record: Record | None) -> None:
        """Remember whether a request, just looked at, is over and lies where all that it rests on has settled."""
        sidecar, sight = case.pair.sidecar, case.sight
        resting, page = self.at_rest.setdefault(sight.settings.name, {}), sight.tree.pages.get(sidecar.parent)
        over = record is not None and record.closed and record.state.ended and record.place == sidecar.href
        here = record is not None and all(folder_of(one.href) == sidecar.parent for one in record.documents)
        # One that is told above, for want of rights, comes home by itself.
        here = here and record is not None and NOTICE not in record.extra
        # What changed in this very pass is looked at once more: with what was moved here an order may have come along.
        here = here and record is not None and not sight.at <= record.updated_at <= case.parts.now()
        # What some program insisted on is put right at its own time, whether anything moves then or not.
        here = here and record is not None and not reported.put_off(case.parts, record)
        if over and here and page is not None and _all_settled(case):
            resting[sidecar.href] = (page, sight.settings_shown)
        elif resting.pop(sidecar.href, None) is None and len(resting) > _MOST_RESTING * (1 + len(sight.ours)):
            resting.clear()  # of requests that were deleted since; the others are looked at once more

    def let_go_of_the_gone(self, sight: Sight, present: Set[str]) -> None:
        """What has left its place does not rest there: it may come back, the same in every byte, as another's."""
        resting = self.at_rest.get(sight.settings.name, {})
        for href in resting.keys() - present:
            del resting[Href(href)]

    def waits(self, record: Record, what: str) -> bool:
        """True while this failed for a request, and is to be tried again."""
        return f"{record.id} {what}" in self.patience

    def hurry(self, record: Record) -> None:
        """Let what failed of a request, or at its place, be tried again now."""
        of_it = f"{record.id} "
        for name in [one for one in self.patience if one.startswith(of_it)]:
            del self.patience[name]
        self.patience.pop(_place_name(record.folder, record.place), None)

    def let_go_on(self, record: Record) -> None:
        """Something is still to be done for a request that is over."""
        self.at_rest.get(record.folder, {}).pop(Href(record.place), None)


def _all_settled(case: Case) -> bool:
    """True when nothing beside a request is new, nor any settings that apply to it, nor has one just gone."""
    sight, sidecar = case.sight, case.pair.sidecar
    above = (entry for here in sight.settings_above(sidecar.href) for entry in here)
    restless = sight.restless.within(sidecar.parent) or bool(case.parts.settings_gone)
    return not restless and all(entry.href in sight.settled for entry in above)


def tried(memory: ServerMemory, settings: FolderSettings, look: Callable[[], object]) -> bool:
    """Do something in one folder; False, with the reason kept, when that folder alone is the obstacle.

    Errors of the whole server pass through: a refused login (401), an absent or busy server.
    """
    try:
        look()
    except OwnershipError as error:
        memory.owned.discard(settings.name)
        _trouble(memory, settings, f"it belongs to {error.owner}: it is left alone", Reason.of(error))
    except RemoteError as error:
        if not _of_one_folder(error):
            raise
        if isinstance(error, Unavailable):
            memory.silent.add(settings.name)
        _trouble(memory, settings, f"it cannot be worked in: {error}", Reason.of(error))
    else:
        memory.said.pop(settings.name, None)
        return True
    return False


def _of_one_folder(error: RemoteError) -> bool:
    """True when the server answered, and what it said may concern that folder alone (an external storage away).

    A refused login, no connection, no answer, too many requests, and a wish to be let be concern the server as a whole.
    """
    if isinstance(error, AccessDenied):
        return error.status == 403
    if isinstance(error, Unavailable):
        return error.status is not None and error.status != 429 and error.retry_after_s is None
    return not isinstance(error, OutcomeUnknown)


def keep_troubles(parts: Parts, memory: ServerMemory, names: Iterable[str], *, of_all: str = "") -> None:
    """Let the journal know which folders cannot be worked or told in, and why: ``status`` reads nothing else.

    ``of_all``: what concerns each of them.
    """
    for name in names:
        one = parts.watched[name]
        text = of_all or memory.troubles.get(name) or unmarked(parts, one) or rights.untold(parts, one)
        subject = f"folder:{name}"
        if name not in memory.kept:
            memory.kept[name] = str(
                (parts.journal.last_account_event(subject, TROUBLE) or {}).get("text", "")
            )
        if memory.kept[name] != text:
            parts.journal.mark_account(subject, TROUBLE, {"text": text})
            memory.kept[name] = text


def _trouble(memory: ServerMemory, settings: FolderSettings, text: str, kind: Reason) -> None:
    memory.troubles[settings.name], memory.kinds[settings.name] = text, kind
    if memory.said.get(settings.name) != text:
        memory.said[settings.name] = text
        log.error("folder %s: %s", settings.name, text)


def _patient(parts: Parts, memory: ServerMemory, name: str) -> bool:
    """True when nothing puts this off."""
    known = memory.patience.get(name)
    return known is None or not clocks.is_put_off(parts, known[1], parts.timing.retry_most)


def _postpone(parts: Parts, memory: ServerMemory, name: str) -> None:
    times = memory.patience.get(name, (0, parts.now()))[0]
    wait = min(parts.timing.retry_first * 2 ** min(times, 16), parts.timing.retry_most)
    memory.patience[name] = (times + 1, parts.now() + wait)


def _ends_the_pass(parts: Parts, error: ConnectorError) -> bool:
    """True when the DMS wants to be let be: whatever comes next in this pass would hear the same."""
    return isinstance(error, AskedToWait) and error.service in parts.folders


def _telling(work: Callable[P, T]) -> Callable[P, T]:
    """Let every line that is logged meanwhile be about the request, or the place, that is worked on."""

    @wraps(work)
    def told(*args: P.args, **kwargs: P.kwargs) -> T:
        with logs.about(**_subjects(next(one for one in args if isinstance(one, (Record, Case))))):
            return work(*args, **kwargs)

    return told


def _subjects(of: Record | Case) -> dict[str, str]:
    """What a line is about; the state is that of the beginning."""
    if isinstance(of, Case):
        return {"folder": of.settings.name, "server": of.settings.server}
    told = {"ref": of.ref, "folder": of.folder, "account": of.account, "server": of.server}
    return {**told, "state": of.state.value}


def _said(parts: Parts, what: str, error: ConnectorError) -> None:
    """Tell of what failed; a spool that takes nothing is the machine's matter, and told once."""
    if isinstance(error, WorkerError):
        log.error("%s: %s", what, error)
    elif isinstance(error, SpoolError):
        storage.met(parts, error)
    else:
        log.warning("%s: %s", what, error)


def patiently(parts: Parts, memory: ServerMemory, name: str, step: Callable[[], object]) -> None:
    """Do what concerns no single request; a remote obstacle puts it off, later and later. Stopping begins nothing."""
    if parts.stop.is_set() or not _patient(parts, memory, name):
        return
    try:
        step()
    except RemoteError as error:
        if _ends_the_pass(parts, error):
            raise
        log.warning("%s: %s", name, error)
        _postpone(parts, memory, name)
    else:
        memory.patience.pop(name, None)


def apart(
    parts: Parts, memory: ServerMemory, key: str, what: str, step: Callable[[], object], *, folder: str = ""
) -> None:
    """Do what concerns no single request and must stop none: an obstacle or a defect of it puts off itself alone.

    ``key`` tells it from all else; ``what``: for the log, no file's name; ``folder``: where it writes. Stopping begins
    nothing.
    """
    if parts.stop.is_set() or not _patient(parts, memory, key):
        return
    try:
        step()
    except JournalError:
        raise
    except ConnectorError as error:
        if _ends_the_pass(parts, error):
            raise
        _said(parts, what, error)
        rights.no_room(parts, folder, error)
    except Exception:  # a defect of ours met in one file must not stop the others
        log.exception("%s met a defect", what)
    else:
        memory.patience.pop(key, None)
        return
    _postpone(parts, memory, key)


@_telling
def tolerated(
    parts: Parts, memory: ServerMemory, record: Record, what: str, step: Callable[[], Record]
) -> Record:
    """Do what may fail without putting off the request's own next step: a look around, a status, a closing.

    While the service stops nothing more begins: what is in flight was begun before.
    """
    name = f"{record.id} {what}"
    if parts.stop.is_set() or not _patient(parts, memory, name):
        return record
    try:
        after = step()
    except JournalError:
        raise
    except StaleRecordError:
        return parts.journal.get(record.id)
    except ConnectorError as error:
        if _ends_the_pass(parts, error):
            raise
        _said(parts, f"{record.ref}, {what}", error)
    except Exception:  # as above
        log.exception("%s, %s, met a defect", record.ref, what)
    else:
        memory.patience.pop(name, None)
        return after
    _postpone(parts, memory, name)
    return parts.journal.get(record.id)


@_telling
def guarded(parts: Parts, record: Record, step: Callable[[], Record]) -> Record:
    """Do a request's next step; a failure puts off that request alone. OwnershipError and JournalError pass."""
    try:
        return step()
    except (JournalError, OwnershipError):
        raise
    except StaleRecordError as error:
        log.info("%s: %s", record.ref, error)
        return parts.journal.get(record.id)
    except ConnectorError as error:
        if _ends_the_pass(parts, error):
            raise
        _said(parts, record.ref, error)
    except Exception:  # as above
        log.exception("%s met a defect", record.ref)
    now = parts.journal.get(record.id)
    try:
        return parts.journal.note(now, "step_failed", **waiting.backoff(parts, now))
    except StaleRecordError:  # another job went on with it in this moment: nothing is put off
        return parts.journal.get(record.id)


@_telling
def guarded_place(case: Case, memory: ServerMemory) -> Record | None:
    """One poisoned file becomes one line in the log and is tried again, later and later; the others go on.

    Returns the record whose verdict holds for what lies there now; None where nothing could be said of it.
    """
    name = _name_of(case)
    if put_off(memory, case):
        return None
    try:
        record = consider(case)
    except JournalError:
        raise
    except StaleRecordError:
        return None
    except ConnectorError as error:
        if _ends_the_pass(case.parts, error):
            raise
        _said(case.parts, f"a request in folder {case.settings.name}", error)
    except Exception:  # a defect of ours met in one file must not stop the other requests
        log.exception("a request in folder %s met a defect", case.settings.name)
    else:
        memory.patience.pop(name, None)
        memory.let_rest(case, record)
        return record
    _postpone(case.parts, memory, name)
    return None


def _name_of(case: Case) -> str:
    return _place_name(case.settings.name, case.pair.sidecar.href)


def _place_name(folder: str, href: str) -> str:
    return f"{folder} {href}"


def put_off(memory: ServerMemory, case: Case) -> bool:
    """True while a place is not looked at again, since something failed there."""
    return not _patient(case.parts, memory, _name_of(case))


def out_of_time(parts: Parts, deadline: float | None) -> bool:
    """True when the service is to stop, or a pass has used up its time (``deadline``: of ``time.monotonic()``)."""
    return parts.stop.is_set() or (deadline is not None and time.monotonic() > deadline)
