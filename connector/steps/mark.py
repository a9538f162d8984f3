"""Step 5, mark: a create-once file in the DMS binds the key to this transaction, right before ``send``.

``send`` is only ever called with the marker's transaction. Whatever the write answers, the marker that stands
there decides. Source: protocol R2, R4, step 5.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable

from connector import marks
from connector.errors import AskedToWait, NotFound, PreconditionFailed, RemoteError
from connector.identity import canonical_email
from connector.lifecycle import DocumentFacts, Event, Record
from connector.marks import Further, Reading, Sent
from connector.ports import Entry, Folder, Href
from connector.steps import clocks, recover, registries, waiting
from connector.steps.discover import Sight
from connector.steps.parts import FolderSettings, Parts
from connector.steps.registry import is_folder, read_mark, sent_href

log = logging.getLogger(__name__)

_FEW = 3
_CROWDED = 8_192
"""Bytes of a page of the tree, some hundred files: listing them takes a server longer than two or three questions."""


def mark(parts: Parts, record: Record) -> Record:
    """PREPARED → MARKED with a fresh ``send`` intent; or adopted, held, judged again, or later.

    Raises OwnershipError when another connector has taken the folder.
    """
    settings = parts.watched[record.folder]
    folder = parts.folders[settings.server]
    try:
        if not still_judged(folder, record, crowded=crowd(parts, record)):
            return _abandon(parts, record)
        recover.check_owner(parts, settings)
        if parts.stop.is_set():
            return record  # stopping: no new effect begins
        if parts.journal.intent(record, "mark") is None:
            elsewhere = _known_elsewhere(parts, settings, record)
            if elsewhere is not None and elsewhere.connector != parts.connector:
                return _held(parts, record, "marker_other_connector")
            if elsewhere is not None:
                return recover.adopt(parts, record, elsewhere)
            record = _intend(parts, settings, record)
            parts.fresh_marks.add(record.id)
        elif record.id not in parts.fresh_marks:
            record = _begin_again(parts, settings, folder, record)
        return _place(parts, settings, folder, record)
    except RemoteError as error:
        log.warning("marking %s: %s", record.ref, error)
        _hindered(parts, settings, error)
        return parts.journal.note(
            record, "not_marked", data={"error": str(error)}, **waiting.backoff(parts, record, error)
        )


def unmarked(parts: Parts, settings: FolderSettings) -> str:
    """Say why nothing of a watched folder can be marked, for the administrator; empty where nothing is in the way.

    A registry of its own may be full, or refuse, while the folder takes all that is put there. What was not tried again
    since long, since the request went, is not told for ever.
    """
    at, why = parts.unmarked.get(settings.name, (None, ""))
    if at is None or not clocks.lasts(parts, at, 2 * parts.timing.retry_most):
        return ""
    return (
        f"no mark can be put into its registry ({why}), so that nothing leaves; jse-connector doctor tries it"
    )


def _hindered(parts: Parts, settings: FolderSettings, error: RemoteError) -> None:
    if not isinstance(error, AskedToWait):
        parts.unmarked[settings.name] = (parts.now(), str(error))


def still_judged(
    folder: Folder, record: Record, *, crowded: Callable[[str], bool] = lambda _parent: False
) -> bool:
    """The last look before anything binds: every document and the sidecar are still what was judged (best effort).

    ``crowded`` tells of a folder whether listing it costs more than asking for a few files.
    """
    found: dict[str, Entry] = {}
    wanted: dict[Href, list[str]] = {}
    for href in dict.fromkeys((record.place, *(one.href for one in record.documents))):
        wanted.setdefault(_parent(href), []).append(href)
    try:
        for parent, hrefs in wanted.items():
            # Most often all of them lie in one folder: one look shows them all.
            looked = (
                [folder.stat(Href(href)) for href in hrefs]
                if len(hrefs) <= _FEW and crowded(parent)
                else folder.list(parent).entries
            )
            found |= {entry.href: entry for entry in looked}
    except NotFound:
        return False
    sidecar = found.get(record.place)
    return (
        sidecar is not None
        and sidecar.etag == record.sidecar_etag
        and all(_unchanged(document, found.get(document.href)) for document in record.documents)
    )


def crowd(parts: Parts, record: Record) -> Callable[[str], bool]:
    """Return what tells of a folder whether many files lie in it, as the last look showed it."""

    def crowded(parent: str) -> bool:
        sight = parts.rights_of.get(record.folder)
        page = sight.tree.pages.get(Href(parent)) if isinstance(sight, Sight) else None
        return page is not None and page.weight > _CROWDED

    return crowded


def _parent(href: str) -> Href:
    return Href(href.rsplit("/", 1)[0] + "/")


def _unchanged(document: DocumentFacts, entry: Entry | None) -> bool:
    return entry is not None and entry.etag == document.etag and entry.size == document.size


def _abandon(parts: Parts, record: Record) -> Record:
    wait = waiting.backoff(parts, record)
    record = parts.journal.fact(record, Event.ABANDONED, done=("mark",), transaction=None)
    return parts.journal.note(record, "judge_again", sidecar_etag=None, settings_digest=None, **wait)


def _known_elsewhere(parts: Parts, settings: FolderSettings, record: Record) -> Sent | None:
    """Look the key up in every other registry of this server (protocol, "Where the registry lives").

    One that says no for itself alone keeps its own folder from working, and nobody else's, once its markers were taken
    in: everybody who works there can bring that about. Before that it may hold what a lost journal has sent.
    """
    folder = parts.folders[settings.server]
    for registry in _registries(parts.everywhere.values(), settings.server):
        if registry == settings.registry:
            continue
        try:
            found = read_mark(folder, sent_href(registry, str(record.key)), parts.sealer)
        except RemoteError as error:
            if not _of_that_registry(error) or not registries.is_taken_in(parts, settings.server, registry):
                raise
            log.warning("marking %s: a registry of other folders cannot be read: %s", record.ref, error)
            continue
        if (
            found is not None
            and found[0] is Reading.WHOLE
            and isinstance(found[1], Sent)
            and found[1].key == record.key
        ):
            return found[1]
    return None


def _of_that_registry(error: RemoteError) -> bool:
    """True when the server answered, and what it said concerns no more than what was asked for."""
    return error.status is not None and 400 <= error.status < 500 and error.status not in {401, 408, 429}


def _registries(watched: Iterable[FolderSettings], server: str) -> list[Href]:
    return sorted({settings.registry for settings in watched if settings.server == server})


def _intend(parts: Parts, settings: FolderSettings, record: Record) -> Record:
    nonce = secrets.token_hex(8)
    parts.nonces.add(nonce)
    sealed = marks.write(_mark_of(parts, settings, record, nonce), parts.sealer).decode()
    data = {"transaction": record.transaction, "bytes": sealed}
    return parts.journal.intend(record, "mark", data)


def _mark_of(parts: Parts, settings: FolderSettings, record: Record, nonce: str) -> Sent:
    hide = parts.sealer.hide
    assert record.key is not None
    assert record.transaction is not None
    assert record.request is not None
    return Sent(
        kind="draft" if record.extra.get("kind") == "draft" else "send",
        key=record.key,
        ref=record.ref,
        transaction=record.transaction,
        account=record.account,
        folder=settings.name,
        connector=parts.connector,
        journal=parts.journal.journal_id,
        nonce=nonce,
        carried=str(record.carried),
        ask=record.ask,
        obeyed=record.obeyed,
        documents=tuple((document.role, str(document.sha256)) for document in record.documents),
        people=tuple(hide(canonical_email(s.email)) for s in record.request.signatories),
        pages=record.document.pages,
        pages_digest=record.document.pages_digest,
        size=record.document.size,
        sidecar_sha256=record.sidecar_sha256,
        sidecar_file_id=record.sidecar_file_id,
        document_file_id=record.document.file_id,
        place=hide(record.place),
        document=hide(record.document.href),
        sent_sha256=record.document.sent_sha256,
        further=tuple(_further(parts, document) for document in record.more),
        made_at=parts.now(),
    )


def _further(parts: Parts, document: DocumentFacts) -> Further:
    return Further(
        rank=document.rank,
        role=document.role,
        sha256=str(document.sha256),
        sent_sha256=document.sent_sha256,
        size=document.size,
        pages=document.pages,
        pages_digest=document.pages_digest,
        file_id=document.file_id,
        place=parts.sealer.hide(document.href),
    )


def _begin_again(parts: Parts, settings: FolderSettings, folder: Folder, record: Record) -> Record:
    """An open intent of an earlier life: no marker there means that its write never was; then it begins anew."""
    if read_mark(folder, sent_href(settings.registry, str(record.key)), parts.sealer) is not None:
        return record
    record = _intend(parts, settings, record)
    parts.fresh_marks.add(record.id)
    return record


def _place(parts: Parts, settings: FolderSettings, folder: Folder, record: Record) -> Record:
    intent = parts.journal.intent(record, "mark")
    assert intent is not None
    content = str(intent.data["bytes"]).encode()
    if intent.data["transaction"] != record.transaction:
        # An intent of a transaction that was abandoned meanwhile: it binds nothing any more.
        return parts.journal.note(record, "mark_abandoned", done=("mark",))
    href = sent_href(settings.registry, str(record.key))
    needs_look = True
    try:
        folder.create(href, content)
        # Elsewhere than on Nextcloud a new file may be torn and yet answered 201 (protocol R4).
        needs_look = not folder.capabilities().chunked_upload
    except PreconditionFailed:
        log.info("%s: a marker stands there already", record.ref)
    except RemoteError as error:
        log.warning("%s: the marker's answer was %s; the marker itself is asked", record.ref, error)
        _hindered(parts, settings, error)
    if not needs_look:
        return _marked(parts, record, content)
    return _judge_marker(parts, folder, href, record, content)


def _judge_marker(
    parts: Parts, folder: Folder, href: Href, record: Record, content: bytes, *, mended: bool = False
) -> Record:
    """What stands there decides. A torn one of ours is mended, once in a pass: it may be torn at each write."""
    found = read_mark(folder, href, parts.sealer)
    if found is None and is_folder(folder, href):
        found = Reading.FOREIGN, None, b""
    if found is None:
        # Nothing there yet: the intent stays, the write is tried again.
        return _not_whole(parts, record)
    reading, mark, data = found
    if data == content:
        return _marked(parts, record, content)
    if reading is Reading.EMPTY_OR_TORN and marks.is_torn_of(data, content):
        entry = folder.stat(href)
        if mended or entry.etag is None:
            return _not_whole(parts, record)
        folder.replace(href, content, etag=entry.etag)
        return _judge_marker(parts, folder, href, record, content, mended=True)
    if reading is Reading.WHOLE and isinstance(mark, Sent) and mark.key == record.key:
        if mark.connector == parts.connector:
            return recover.adopt(parts, record, mark)
        return _held(parts, record, "marker_other_connector")
    parts.journal.mark_account(record.account, "marker_unreadable", {"key": str(record.key)})
    return _held(parts, record, "marker_unreadable")


def _not_whole(parts: Parts, record: Record) -> Record:
    return parts.journal.note(record, "mark_absent", **waiting.backoff(parts, record))


def _marked(parts: Parts, record: Record, content: bytes) -> Record:
    """The marker is ours. Only if this very process began it is ``send`` certain not to have been called."""
    mark = marks.read(content, parts.sealer)[1]
    assert isinstance(mark, Sent)
    if mark.carried != record.carried or mark.transaction != record.transaction:
        return recover.adopt(parts, record, mark)
    parts.unmarked.pop(record.folder, None)
    fresh = record.id in parts.fresh_marks
    if fresh:
        # Before the intent can be seen: the account's own pass must not take it for a question.
        parts.fresh_marks.discard(record.id)
        parts.fresh_sends.add(record.id)
    try:
        return waiting.passed(
            parts,
            record,
            lambda: parts.journal.fact(
                record,
                Event.MARKED,
                done=("mark",),
                # The brakes of this folder count it, wherever it is moved to afterwards.
                data={"folder": record.folder},
                intend={"send": {"transaction": mark.transaction, "at": parts.now().isoformat()}},
                nonce=mark.nonce,
                attempts=0,
                next_at=None,
                extra={**record.extra, "marker": content.decode(), "sent_mark": True},
            ),
        )
    except BaseException:
        parts.fresh_sends.discard(record.id)
        raise


def _held(parts: Parts, record: Record, reason: str) -> Record:
    return parts.journal.fact(record, Event.HELD, done=("mark",), reason=reason, values={})
