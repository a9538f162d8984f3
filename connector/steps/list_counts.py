"""Where the requests of a list's rows stand, as far as the list's own answer tells: counts, and who needs a person."""

from __future__ import annotations

from typing import Any

from connector.lifecycle import Record, State
from connector.sidecar import names
from connector.signatory_list.rows import ListReading
from connector.steps import born
from connector.steps.born import BornMemory
from connector.steps.discover import Sight
from connector.steps.list_rows import Done, Fates
from connector.steps.parts import Parts

_NEEDS_CARE = frozenset(
    {State.REJECTED, State.UNCONFIRMED, State.HELD, State.IN_DOUBT, State.QUARANTINED, State.LOST}
)

_WOULD_LEAVE = frozenset({State.PREVIEWED, State.WAITING, State.PREPARED})
"""One word in the settings lets it go, or did."""


def counts_of(
    parts: Parts,
    sight: Sight,
    fates: Fates,
    opened: list[Record],
    over: dict[tuple[str, str], State],
    born_memory: BornMemory,
) -> dict[str, Any]:
    """Return those fields of ``ListNews`` that are about the requests of done rows.

    ``opened``: the server's open records. ``over``: place of a request that ended, and when it was
    written → how, kept from call to call.
    """
    by_place = {record.place: record.state for record in opened if record.current}
    counts = dict.fromkeys(("made", "left", "ended", "signed", "filed"), 0)
    elsewhere, corrected = False, False
    withdrawn: list[int] = []
    care: list[str] = []
    for done in fates.done:
        place = done.sidecar.href if done.sidecar is not None else str(done.kept["place"])
        key = (place, str(done.kept.get("at", "")))
        state = by_place.get(place) or _over(parts, sight, key, done, over)
        if place in by_place:
            over.pop(key, None)
        if done.kept["kind"] == born.SIGNED:
            state = State.DELIVERED
        if state is not None and state is not State.WITHDRAWN:
            counts["left"] += not (state.before_mark or state is State.HELD)
            counts["ended"] += state.ended
            counts["signed"] += state in {State.DELIVERED, State.DELIVERED_BESIDE}
            counts["filed"] += names.is_filed(place)
            if state in _NEEDS_CARE and not state.ended:
                care.append(done.row.document)
                corrected = corrected or state is State.REJECTED
        elif done.sidecar is not None or born_memory.written.get(place) is sight:
            continue  # not judged yet
        elif done.document is not None and done.kept["kind"] != born.KNOWN:
            withdrawn.append(done.row.line)
        else:
            elsewhere = True
    counts["made"] = len(fates.done) - len(withdrawn)
    changed = (done.row.line for done in fates.done if done.changed)
    return {
        **counts,
        "elsewhere": elsewhere,
        "withdrawn": tuple(withdrawn),
        "changed": tuple(line for line in changed if line not in withdrawn),
        "care": tuple(care),
        "to_correct": corrected,
    }


def rowless(fates: Fates, reading: ListReading, parent: str, opened: list[Record]) -> tuple[str, ...]:
    """Return the documents that a list in ``parent`` asked for and whose row is gone: the requests would leave yet.

    What a row asked for is its own request from then on: a list that is written anew for the next letters, or thrown
    away, stops nothing of the former ones.
    """
    asked = {name for row in reading.rows for name in row.wanted}
    kept = [done.kept for done in fates.done]
    places, ids = {each["place"] for each in kept}, {each.get("file_id") for each in kept} - {None}
    found = []
    for record in opened:
        folder, _, name = record.place.rpartition("/")
        born = record.request is not None and record.request.born_of == "list"
        if not (born and record.current and record.state in _WOULD_LEAVE and f"{folder}/" == parent):
            continue
        has_row = not asked.isdisjoint((*names.pair_of(name), *names.images_of(name)))
        if not (has_row or record.place in places or record.document.file_id in ids):
            found.append(names.document_name(name))
    return tuple(sorted(found))


def _over(
    parts: Parts, sight: Sight, key: tuple[str, str], done: Done, over: dict[tuple[str, str], State]
) -> State | None:
    """How the last request of a place, or of that very file, ended: from the journal once, then from memory.

    What ended before the request of this row was written tells nothing of it.
    """
    if key not in over:
        place, after = key[0], int(done.kept.get("after", 0))
        server = sight.settings.server
        record = parts.journal.at_place(server, place)
        if record is None and done.document is not None and done.document.file_id is not None:
            records = parts.journal.with_file_id(server, done.document.file_id)
            record = records[-1] if records else None
        if record is None or record.id <= after or not record.closed:
            return record.state if record is not None and record.id > after else None
        over[key] = record.state
    return over[key]
