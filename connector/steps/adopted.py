"""Where an adopted request lives: its files found again by what the marker keeps of them (protocol R6).

Reads what was listed, writes the journal. Of several requests that come to stand at one place so, the last one sent
keeps it; what never left gives way to it, also what is held.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from connector.lifecycle import DocumentFacts, Event, Record, State
from connector.ports import Entry
from connector.sidecar import names
from connector.steps.case import GAVE_WAY, NAMED_AFTER_REQUEST
from connector.steps.parts import Parts
from connector.steps.read import read_request
from connector.steps.sight import Sight, files_in


def place_adopted(
    parts: Parts, record: Record, hrefs: dict[str, str | None], *, anew: bool = False
) -> Record | None:
    """Find where an adopted request lives: ``hrefs`` maps each listed href to its file id.

    Each file by its id, else by the href that the marker hides. Returns the record with what was found, None
    where nothing more of it is in sight. ``anew``: it is shown there, over or not.
    """
    by_id = {file_id: href for href, file_id in hrefs.items() if file_id}
    place = by_id.get(record.sidecar_file_id or "", "")
    unplaced = [document for document in record.documents if not document.href]
    found = {document.rank: by_id.get(document.file_id or "", "") for document in unplaced}
    if not place or not all(found.values()):
        by_mac = _by_mac(parts, record, hrefs)
        place = place or by_mac.get("place", "")
        found = {rank: href or by_mac.get(str(rank), "") for rank, href in found.items()}
    documents = [
        document.model_copy(update={"href": found.get(document.rank, document.href)})
        for document in record.documents
    ]
    if (not place or place == record.place) and tuple(documents) == record.documents:
        return None
    return parts.journal.note(
        record,
        "place_found",
        extra={**record.extra, NAMED_AFTER_REQUEST: _named_after(place or record.place, documents[0])},
        place=place or record.place,
        sidecar_gone=not place,
        document=documents[0],
        more=tuple(documents[1:]),
        closed=record.closed and not anew,
    )


def is_its_own(parts: Parts, record: Record, sidecar: Entry) -> bool:
    """Tell the sidecar of a request whose place is not known by its file id, or by the place that its marker hides."""
    if record.sidecar_file_id is not None and sidecar.file_id is not None:
        return sidecar.file_id == record.sidecar_file_id
    return parts.sealer.hide(sidecar.href) == record.extra.get("place_mac")


def heirs(parts: Parts, sight: Sight) -> list[tuple[Record, Record, Entry]]:
    """Find what was over when its marker was taken in, and lies where another request stands, which it outlived.

    A journal restored from before it was asked for knows the earlier one at that place, and nothing would tell it that
    there was another. Returns each with the one that stands there, and the sidecar. Reads no file.
    """
    settings = sight.settings
    over = [
        one
        for one in parts.journal.all_at_place(settings.server, "")
        if one.adopted and one.current and one.state.ended and one.folder == settings.name
    ]
    by_id = {one.sidecar_file_id: one for one in sorted(over, key=_since)}
    by_mac = {one.extra.get("place_mac"): one for one in sorted(over, key=_since)}
    found = []
    for sidecar in sight.sidecars() if over else ():
        heir = by_id.get(sidecar.file_id) if sidecar.file_id else None
        heir = heir or by_mac.get(parts.sealer.hide(sidecar.href))
        if heir is None or not is_its_own(parts, heir, sidecar) or heir.account not in settings.accounts:
            continue
        there = parts.journal.at_place(settings.server, sidecar.href)
        if there is not None and _takes_place(heir, there):
            found.append((heir, there, sidecar))
    return found


def place_heir(parts: Parts, sight: Sight, heir: Record, sidecar: Entry) -> Record:
    """Place a request where another stands, if the sidecar there is the one that it left with; it is shown anew.

    Raises remote errors.
    """
    if heir.sidecar_file_id is None or heir.sidecar_file_id != sidecar.file_id:
        folder = parts.folders[sight.settings.server]
        if read_request(folder, sidecar.href, size=sidecar.size).sha256 != heir.sidecar_sha256:
            return heir
    return place_adopted(parts, heir, files_in([sight]), anew=True) or heir


def outlived(records: Iterable[Record]) -> Iterator[Record]:
    """Find what stands, still shown, at a place that belongs to another request.

    A place is asked anew once its request has ended, and each ask has a marker of its own: a journal that was lost
    or restored adopts them all, or the later beside the earlier that it knows, and they would write one status in
    turn. What may be out is none of these: it is followed and shown until it has ended.
    """
    standing: dict[tuple[str, str], dict[int, Record]] = defaultdict(dict)
    for record in records:
        if record.current and record.place and record.state is not State.WITHDRAWN:
            standing[record.server, record.place][record.id] = record
    for there in standing.values():
        for record in there.values():
            if any(_takes_place(other, record) for other in there.values()):
                yield record


def _takes_place(other: Record, record: Record) -> bool:
    """What is over gives way to any later request; what never left to one that is out, or was sent since."""
    if record.state.open:
        return False
    later = _since(other) > _since(record)
    if record.state.ended:
        return later
    # One that is out may be the earlier: its marker was found late, by a connector that has got its name back.
    return other.state.open or (other.state.ended and later)


def _since(record: Record) -> tuple[datetime, int]:
    return record.sent_at or record.created_at, record.id


def leave_place(parts: Parts, record: Record) -> Record:
    """Give the place up: as it ended; withdrawn where it was never sent, and another was instead."""
    if record.state.ended:
        return parts.journal.touch(record, current=False)
    # A marker of its own stays with its transaction, and gets its end.
    key = record.key if record.extra.get("sent_mark") else None
    return parts.journal.fact(
        record,
        Event.WITHDRAWN,
        done=("mark", "send"),
        current=False,
        key=key,
        ended_at=parts.now(),
        next_at=None,
        # Its own files may have been moved elsewhere since: there they are no news.
        extra={**record.extra, GAVE_WAY: True},
    )


def _named_after(place: str, main: DocumentFacts) -> bool:
    """True when no document bears the request's own name."""
    sidecar = place.rsplit("/", 1)[-1]
    own = (*names.pair_of(sidecar), *names.images_of(sidecar))
    return bool(place and main.href) and names.comparable(main.name) not in own


def _by_mac(parts: Parts, record: Record, hrefs: Iterable[str]) -> dict[str, str]:
    """Find what the marker hid: rank of a document (or ``place``) → the listed href that hides to the same."""
    wanted = {str(mac): rank for rank, mac in dict(record.extra.get("further_macs", {})).items()}
    wanted |= {str(record.extra.get("document_mac")): "1", str(record.extra.get("place_mac")): "place"}
    hidden = ((href, parts.sealer.hide(href)) for href in hrefs)
    return {wanted[mac]: href for href, mac in hidden if mac in wanted}
