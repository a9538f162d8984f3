"""Every request in sight is looked at: what it is, what people did to its files, whether its status still stands.

Reads folders and writes the journal; what follows from it is done by the pass. Source: protocol steps 1–3, R3, R7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache, partial

from connector.ahead import reading_ahead
from connector.guards import (
    ServerMemory,
    guarded_place,
    out_of_time,
    put_off,
    tolerated,
)
from connector.lifecycle import Record
from connector.ports import Entry, FileId
from connector.steps import fading, filed, vanished
from connector.steps.adopted import heirs, leave_place, outlived, place_adopted, place_heir
from connector.steps.case import Case
from connector.steps.discover import Sight
from connector.steps.missing import attend_missing
from connector.steps.parts import Parts
from connector.steps.reported import preview_still_there, still_reported
from connector.steps.sight import files_in
from connector.steps.tidy import due
from connector.steps.watch import copies_seen

_HEIR = "place of an heir"


def attend(
    parts: Parts,
    server: str,
    sights: list[Sight],
    memory: ServerMemory,
    deadline: float | None,
    held: frozenset[int] = frozenset(),
) -> tuple[set[int], dict[int, Record]]:
    """Look at every request in sight but those of ``held``, which are in other hands.

    Returns the records whose verdict holds for what lies there in this pass, and those to be tidied, by id.
    """
    attended: set[int] = set()
    over: dict[int, Record] = {}
    known_at: dict[int, str] = {}
    elsewhere: set[str] = set()
    in_sight = cache(partial(files_in, sights))
    opened = parts.journal.open_records(server)
    doubted = vanished.look(parts, sights, server, [one for one in opened if not fading.awaited(one)])
    standing: list[Record] = []
    for record in opened:
        if record.id in held:
            elsewhere.add(record.place)
            continue
        known_at[record.id] = record.place
        if record.adopted and not all(document.href for document in record.documents):
            record = tolerated(parts, memory, record, "place", partial(_place, parts, in_sight, record))
        if record.place != known_at[record.id] or (record.adopted and record.state.ended):
            # What is over and closed may stand there, too; also where a process died between placing the later one and
            # taking the other away.
            standing += parts.journal.all_at_place(server, record.place)
        standing.append(record)
    for sight in sights:
        standing += _inherited(parts, sight, memory, held)
    for record in outlived(standing):
        if record.id not in held:
            tolerated(parts, memory, record, "place left", partial(leave_place, parts, record))
    for sight in sights:
        memory.let_go_of_the_gone(sight, {sidecar.href for sidecar in sight.sidecars()})
        cases = (
            case
            for case in cases_in(parts, sights, sight, but=partial(memory.rests, sight), held=held)
            if case.pair.sidecar.href not in elsewhere
        )
        ahead = reading_ahead(cases, partial(_unknown, memory), width=parts.hands(sight.settings))
        with closing(ahead):
            for case in ahead:
                if out_of_time(parts, deadline):
                    return attended, over
                judged = guarded_place(case, memory)
                if judged is not None:
                    if known_at.get(judged.id, judged.place) == judged.place:
                        # What was moved is judged where it lies now by the next pass: its settings are others there.
                        attended.add(judged.id)
                    tolerated(parts, memory, judged, "copies", partial(copies_seen, case, judged))
                    if due(judged):
                        over[judged.id] = judged
    _attend_rest(parts, server, sights, memory, held | doubted)
    return attended, over


def cases_in(
    parts: Parts,
    sights: list[Sight],
    sight: Sight,
    *,
    but: Callable[[Entry], bool] = lambda _: False,
    held: frozenset[int] = frozenset(),
) -> Iterator[Case]:
    """Return what is settled in a sight, but the sidecars that ``but`` leaves out. Begins the watch of a new folder."""
    there_before = known_before(parts, sight)
    return (
        Case(
            parts=parts,
            sights=sights,
            sight=sight,
            pair=pair,
            there_before=pair.sidecar.href in there_before,
            held=held,
        )
        for pair in sight.pairs(but=but)
        if pair.settled
    )


def _unknown(memory: ServerMemory, case: Case) -> bool:
    """True for what is most likely judged as a new request in a moment."""
    server, pair = case.settings.server, case.pair
    if pair.rivals or filed.is_at_rest(case) or put_off(memory, case):
        return False
    if case.journal.at_place(server, pair.sidecar.href) is not None:
        return False
    file_id = pair.document.file_id if pair.document is not None else None
    return file_id is None or not case.journal.with_file_id(server, file_id)


def known_before(parts: Parts, sight: Sight) -> frozenset[str]:
    """Return the sidecars that the first look at this folder found (R7), less those that have gone since."""
    settings = sight.settings
    watch = parts.journal.watched(settings.name)
    present = {sidecar.href for sidecar in sight.sidecars()}
    if watch is None or watch.root != settings.watch_root:
        # Written before anything is judged: whatever fails meanwhile, these were there before us.
        parts.journal.begin_watch(settings.name, settings.watch_root, present)
        return frozenset(present)
    gone = watch.there_before - present
    # While very much is gone at once, nothing of it counts as deleted: what comes back is what was there before.
    if gone and settings.name not in parts.doubted:
        parts.journal.let_arrive(settings.name, gone)
        return watch.there_before - gone
    return watch.there_before


def _attend_rest(
    parts: Parts, server: str, sights: list[Sight], memory: ServerMemory, left: frozenset[int]
) -> None:
    """``left``: requests in other hands, and those of whose absence nothing is concluded; what only fades is, too."""
    opened = parts.journal.open_records(server)
    left |= {record.id for record in opened if fading.awaited(record)}
    for record in opened:
        if record.id in left:
            continue
        if record.place or record.document.href or record.adopted:
            tolerated(parts, memory, record, "missing", partial(attend_missing, parts, sights, record))
    for record in parts.journal.open_records(server):
        if record.id in left:
            continue
        told = tolerated(parts, memory, record, "status", partial(still_reported, parts, sights, record))
        tolerated(parts, memory, told, "preview there", partial(preview_still_there, parts, sights, told))


def _inherited(parts: Parts, sight: Sight, memory: ServerMemory, held: frozenset[int]) -> list[Record]:
    """Let what a registry knew to be over have its place back; returns all that stand at such places then."""
    if sight.settings.name not in memory.taken_in:
        return []
    standing: list[Record] = []
    later = False
    for heir, there, sidecar in heirs(parts, sight):
        if held & {heir.id, there.id} or parts.is_elsewhere(heir) or parts.is_elsewhere(there):
            later = True
            continue
        tolerated(parts, memory, heir, _HEIR, partial(place_heir, parts, sight, heir, sidecar))
        later = later or memory.waits(heir, _HEIR)
        standing += parts.journal.all_at_place(sight.settings.server, sidecar.href)
    if not later:
        memory.taken_in.discard(sight.settings.name)
    return standing


def _place(parts: Parts, in_sight: Callable[[], dict[str, str | None]], record: Record) -> Record:
    record = place_adopted(parts, record, in_sight()) or record
    folder = parts.folders[record.server]
    unplaced = [document for document in record.documents if not document.href and document.file_id]
    if not unplaced or record.extra.get("searched") or not folder.capabilities().search:
        return record
    for document in unplaced:
        entry = folder.find_by_id(FileId(str(document.file_id)))
        if entry is not None:
            placed = document.model_copy(update={"href": entry.href})
            record = parts.journal.note(record, "searched", **record.with_document(placed))
    extra = {**record.extra, "searched": True}
    return parts.journal.note(record, "searched", extra=extra)
