"""Step 0, recover: owner of each folder, then the registry, before anything else is done on a server.

Recovery starts from the markers, not from sidecars, and is whole per registry: a lost answer repeats it. A
marker without an end that the journal does not know, or knows with another transaction, is adopted and asked
about, never sent. Source: protocol R4, R6, R7, R12.
"""

from __future__ import annotations

import logging
from collections.abc import Set
from itertools import zip_longest
from typing import Any

from connector import marks
from connector.errors import LifecycleError, OwnershipError, PreconditionFailed, StaleRecordError
from connector.lifecycle import TRANSITIONS, DocumentFacts, Event, Record, SignatoryFacts, State
from connector.marks import Done, Owner, Reading, Sent
from connector.ports import Entry, Folder, Href
from connector.steps import contacts, twins, waiting
from connector.steps.parts import FolderSettings, Parts
from connector.steps.registry import (
    done_href,
    list_registry,
    make_registry,
    owner_href,
    read_mark,
    sent_href,
)
from connector.steps.strange import Strange
from connector.steps.task import delivery_steps

log = logging.getLogger(__name__)


def own(parts: Parts, settings: FolderSettings) -> None:
    """Make sure this connector owns a watched folder. Raises OwnershipError when another one does."""
    folder = parts.folders[settings.server]
    href = owner_href(settings)
    found = read_mark(folder, href, parts.sealer)
    if found is None:
        folder.make_folder(settings.owner_folder)
        mine = Owner(connector=parts.connector, since=parts.now())
        try:
            folder.create(href, marks.write(mine, parts.sealer))
        except PreconditionFailed:
            log.info("owner of %s was made meanwhile", settings.name)
        found = read_mark(folder, href, parts.sealer)
    _judge_owner(parts, settings, found)


def _judge_owner(
    parts: Parts, settings: FolderSettings, found: tuple[Reading, Sent | Done | Owner | None, bytes] | None
) -> None:
    if found is None:
        raise OwnershipError(settings.name, "nobody (the owner file vanished)")
    reading, mark, data = found
    if isinstance(mark, Owner) and mark.connector == parts.connector and reading is Reading.WHOLE:
        return
    if reading is Reading.EMPTY_OR_TORN:
        _mend_owner(parts, settings, data)
        return
    name = mark.connector if isinstance(mark, Owner) else "unreadable"
    if name == parts.connector:
        name += " (sealed with another key)"
    raise OwnershipError(settings.name, name)


def _mend_owner(parts: Parts, settings: FolderSettings, data: bytes) -> None:
    """A torn owner file is nobody's yet: written again under its own ETag, and read back."""
    folder = parts.folders[settings.server]
    href = owner_href(settings)
    entry = folder.stat(href)
    if entry.etag is None or len(data) > 4096:
        raise OwnershipError(settings.name, "unreadable")
    mine = Owner(connector=parts.connector, since=parts.now())
    folder.replace(href, marks.write(mine, parts.sealer), etag=entry.etag)
    again = read_mark(folder, href, parts.sealer)
    if again is None or again[0] is not Reading.WHOLE:
        raise OwnershipError(settings.name, "unreadable")
    _judge_owner(parts, settings, again)


def check_owner(parts: Parts, settings: FolderSettings) -> None:
    """Look again, right before step 5 (R12)."""
    folder = parts.folders[settings.server]
    _judge_owner(parts, settings, read_mark(folder, owner_href(settings), parts.sealer))


def recover(
    parts: Parts, registry: Href, folders: list[FolderSettings], held: Set[int] = frozenset()
) -> None:
    """Adopt what a registry knows and the journal does not; make again what the journal knows and it lost.

    ``folders``: the watched folders whose markers live there. Idempotent; raises remote errors, after which
    nothing may be launched in these folders until it was repeated whole. ``held``: records in other hands, left over by
    an earlier pass; whether a marker of theirs just written is theirs is known to those hands alone.
    """
    folder = parts.folders[folders[0].server]
    root = Href("/") if not registry.startswith(folders[0].root) else folders[0].root
    make_registry(folder, registry, root=root)
    standing = list_registry(folder, registry)
    strange = Strange(parts, folders, standing.strange)
    # By what stands there: a journal of many firms holds far more than one registry.
    known = parts.journal.with_keys(standing.sent)
    for key, entry in sorted(standing.sent.items()):
        record = known.get(key)
        if record is not None and (record.closed or record.id in held or parts.is_elsewhere(record)):
            continue
        if strange.is_known(entry):
            continue
        try:
            try:
                _take_in(parts, folder, folders, entry, key, record, strange, ended=key in standing.done)
            except StaleRecordError:  # its account's job has gone on with it meanwhile
                record = record and parts.journal.get(record.id)
                if record is not None and not record.closed:
                    _take_in(parts, folder, folders, entry, key, record, strange, ended=key in standing.done)
        except LifecycleError as error:
            # One marker that contradicts its record must not keep the whole registry from being taken in.
            log.error("marker %s… of %s: %s", key[:12], record.ref if record else "nobody", error)
    strange.tell()
    twins.begin_anew(parts, folders)
    names = {settings.name for settings in folders}
    _hold_what_was_cut_off(parts, folders[0].server, names, held)
    opened = [one for name in names for one in parts.journal.open_in_folder(folders[0].server, name)]
    lost = {
        record.key: record
        for record in sorted(opened, key=lambda one: one.id)
        if record.key and record.key not in standing.sent and record.transaction
    }
    newest = parts.journal.with_keys(filter(None, lost))
    for key, record in lost.items():
        ours = record.id not in held and not parts.is_elsewhere(record)
        if ours and newest[str(key)].id == record.id:
            _make_again(parts, folder, registry, record)


def _hold_what_was_cut_off(parts: Parts, server: str, names: Set[str], held: Set[int]) -> None:
    """A ``send`` that ended with its process has no answer: nothing more of its account leaves before one (R9b)."""
    own = held | parts.fresh_sends | parts.in_flight | parts.not_left
    cut_off = {
        record.account
        for record in parts.journal.intending(server, "send")
        if record.state is State.MARKED and record.folder in names and record.id not in own
    }
    for account in sorted(cut_off & parts.accounts.keys()):
        log.warning(
            "account %s: a send was cut off; nothing more leaves before the platform answers", account
        )
        waiting.hold_unanswered(parts, account)


def _take_in(
    parts: Parts,
    folder: Folder,
    folders: list[FolderSettings],
    entry: Entry,
    key: str,
    record: Record | None,
    strange: Strange,
    *,
    ended: bool,
) -> None:
    found = read_mark(folder, entry.href, parts.sealer)
    if found is None:
        return
    reading, mark, data = found
    if reading is not Reading.WHOLE or not isinstance(mark, Sent) or mark.key != key:
        if not _is_our_torn(parts, record, data):
            strange.add(entry, "it cannot be read or is not ours; requests of that key are held")
        return
    if mark.connector != parts.connector:
        log.info("marker %s… belongs to connector %s", key[:12], mark.connector)
        return
    if record is not None and _is_put_back(record, mark):
        strange.add(entry, f"it names an earlier transaction than the one that {record.ref} was sent with")
        return
    if record is None and _is_others(parts, folders, mark):
        return
    home = _home_of(parts, folders, mark)
    if home is None:
        strange.add(
            entry, f"it is folder {mark.folder}'s, from whose registry it was copied; it is not followed here"
        )
        return
    end = _end_of(parts, folder, folders[0].registry, mark) if ended else None
    if record is None:
        record = _adopt_unknown(parts, home, folders[0].server, mark)
    elif record.transaction != mark.transaction or record.state.before_mark:
        record = adopt(parts, record, mark)
    elif record.extra.get("sent_mark") is None and not record.state.ended:
        record = parts.journal.note(record, "marker_seen", extra={**record.extra, "sent_mark": True})
    if end is not None and not record.state.ended:
        _end(parts, record, end)
    elif end is not None and not record.closed and (record.reported is not None or not record.place):
        # Where its words are still to be written, it is taken up there and closes afterwards.
        contacts.remember(parts, record)
        parts.journal.note(record, "closed", closed=True)
        parts.spool.free(record.ref)


def _is_others(parts: Parts, folders: list[FolderSettings], mark: Sent) -> bool:
    """True of an unknown marker that another process takes in: of its folder, or of one that nobody has.

    Of these, whoever has the first folder of that registry looks after all.
    """
    if mark.folder in parts.elsewhere:
        return True
    if mark.folder in parts.watched or not parts.shared:
        return False
    here = (folders[0].server, folders[0].registry)
    sharing = [name for name, one in parts.everywhere.items() if (one.server, one.registry) == here]
    return min(sharing, default="") not in parts.watched


def _home_of(parts: Parts, folders: list[FolderSettings], mark: Sent) -> str | None:
    """Return the folder to which a marker of this registry belongs; None where it was made for another registry.

    A seal tells that we made it, not for where: whoever reads one registry and writes into another can copy it.
    """
    here = (folders[0].server, folders[0].registry)
    known = parts.watched.get(mark.folder)
    if known is not None:
        return known.name if (known.server, known.registry) == here else None
    # Named otherwise since. Whose of several it is, its files will tell; until they are found, it rests.
    sharing = [one for one in parts.everywhere.values() if (one.server, one.registry) == here]
    alone = len(sharing) == 1 and mark.account in sharing[0].accounts
    return sharing[0].name if alone else mark.folder


def _is_put_back(record: Record, mark: Sent) -> bool:
    """True where we know the marker that stood here, and that it was sent by: a former one of the same key is back."""
    before_send = record.state.before_mark or record.state in {State.MARKED, State.HELD, State.WITHDRAWN}
    return "marker" in record.extra and not before_send and record.transaction != mark.transaction


def _is_our_torn(parts: Parts, record: Record | None, data: bytes) -> bool:
    """R4: never rewritten, never sent. Our own torn write is settled by step 5, which holds its intent."""
    intent = parts.journal.intent(record, "mark") if record is not None else None
    return intent is not None and marks.is_torn_of(data, str(intent.data["bytes"]).encode())


def _end_of(parts: Parts, folder: Folder, registry: Href, mark: Sent) -> Done | None:
    """Return the end of this very transaction: an earlier one of the same key may have been put back."""
    found = read_mark(folder, done_href(registry, mark.key), parts.sealer)
    if found is None or found[0] is not Reading.WHOLE or not isinstance(found[1], Done):
        return None
    done = found[1]
    return done if (done.key, done.transaction) == (mark.key, mark.transaction) else None


def _adopt_unknown(parts: Parts, home: str, server: str, mark: Sent) -> Record:
    """A request this journal never saw: followed as a question, its place found again by id or hidden path."""
    twins.look_at(parts, home, mark)
    document = DocumentFacts(
        href="",
        file_id=mark.document_file_id,
        sha256=next((sha for role, sha in mark.documents if role == "document"), None),
        sent_sha256=mark.sent_sha256,
        size=mark.size,
        pages=mark.pages,
        pages_digest=mark.pages_digest,
    )
    more = tuple(DocumentFacts(href="", **further.model_dump(exclude={"place"})) for further in mark.further)
    return parts.journal.add(
        Event.ADOPTED,
        state=TRANSITIONS[State.REJECTED][Event.ADOPTED],
        ref=mark.ref,
        folder=home,
        server=server,
        account=mark.account,
        place="",
        document=document,
        more=more,
        signatories=tuple(
            SignatoryFacts(order=order, email="", name="") for order in range(1, len(mark.people) + 1)
        ),
        **_adopted(parts, mark),
    )


def adopt(parts: Parts, record: Record, mark: Sent) -> Record:
    """Follow the marker's transaction instead of ours: ours was never sent, theirs perhaps was."""
    twins.look_at(parts, record.folder, mark)
    fields = _adopted(parts, mark)
    fields["key_parts"] = record.key_parts or fields["key_parts"]
    fields["obeyed"] = tuple(dict.fromkeys((*record.obeyed, *mark.obeyed)))
    # The journal knows this sidecar: what it says already was read, what a person adds now is new.
    fields["extra"] = {**record.extra, **fields["extra"], "orders_seen": True}
    parts.fresh_sends.discard(record.id)
    return parts.journal.fact(
        record, Event.ADOPTED, done=("mark", "send"), data={"transaction": mark.transaction}, **fields
    )


def _adopted(parts: Parts, mark: Sent) -> dict[str, Any]:
    return {
        "key": mark.key,
        "key_parts": {"people": list(mark.people)},
        "ask": mark.ask,
        "obeyed": mark.obeyed,
        "transaction": mark.transaction,
        "carried": mark.carried,
        "nonce": mark.nonce,
        "sidecar_sha256": mark.sidecar_sha256,
        "sidecar_file_id": mark.sidecar_file_id,
        "adopted": True,
        "reason": "adopted_not_sent",
        "sent_at": mark.made_at,
        "next_at": None,
        "extra": {
            "kind": mark.kind,
            "place_mac": mark.place,
            "document_mac": mark.document,
            "further_macs": {str(further.rank): further.place for further in mark.further},
            "sent_mark": True,
            "foreign_journal": mark.journal != parts.journal.journal_id,
        },
    }


_ENDS = {
    State.DELIVERED: Event.DELIVERED,
    State.DELIVERED_BESIDE: Event.DELIVERED_BESIDE,
    State.REFUSED: Event.REFUSED,
    State.EXPIRED: Event.EXPIRED,
    State.CANCELLED: Event.CANCELLED,
    State.LOST: Event.ERASED,
    # Marked, never sent, and then asked anew: nothing of it is left to follow.
    State.WITHDRAWN: Event.CANCELLED,
}


def _end(parts: Parts, record: Record, done: Done) -> None:
    """An end that stands in the registry beats an older state of the journal."""
    try:
        event = _ENDS[State(done.state)]
    except (KeyError, ValueError):
        return
    if record.state.before_mark or record.state is State.HELD:
        record = parts.journal.fact(record, Event.ADOPTED, done=("mark", "send"))
    # Ends of one document only, as earlier releases wrote them, say nothing of further ones.
    signed = (done.signed_sha256, *done.further_signed)
    documents = [
        one.model_copy(update={"signed_sha256": sha256 or one.signed_sha256})
        for one, sha256 in zip_longest(record.documents, signed[: len(record.documents)])
    ]
    if event not in TRANSITIONS[record.state]:
        return
    parts.journal.fact(
        record,
        event,
        done=("mark", "send", *delivery_steps(record)),
        closed=True,
        ended_at=done.ended_at,
        document=documents[0],
        more=tuple(documents[1:]),
        extra={**record.extra, "ended_elsewhere": True},
    )
    # Only now: where another job has just gone on with it, its document is not taken out of its hands.
    parts.spool.free(record.ref)


def _make_again(parts: Parts, folder: Folder, registry: Href, record: Record) -> None:
    """R7: markers that somebody removed are made again, from what the journal kept of them."""
    if record.state.before_mark or "marker" not in record.extra:
        return
    try:
        folder.create(sent_href(registry, str(record.key)), str(record.extra["marker"]).encode())
        log.warning("marker of %s had gone and was made again", record.ref)
    except PreconditionFailed:
        log.info("marker of %s is there after all", record.ref)
