"""Step 10, tag: the state hangs on the file as a coloured tag that everybody sees in Nextcloud.

Only our own tags are touched: those of the names in ``ReportSettings.tags``. They change with the state and not
otherwise, so a tag that a person takes off stays off until then. Nothing here moves an ETag. What a server or an
administrator does not allow is told once in the log and done without. Source: design page section 4 (table);
WebDAV facts section 7.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connector.errors import AccessDenied, NotFound, PreconditionFailed
from connector.lifecycle import DocumentFacts, Record, State
from connector.ports import Annotations, FileId, Href, Tag, TagId
from connector.report.tags import TAG_COLORS, TagKey, tag_key
from connector.steps import clocks
from connector.steps.parts import Parts, TagBook

log = logging.getLogger(__name__)

PATIENCE = timedelta(days=1)
"""How long an ended request stays open for a tag that cannot be hung."""
_READ_AGAIN = timedelta(hours=6)
"""What is not in the list of tags, or was refused, is looked for again after this."""
_STEP = "tags"


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """Which tag is to hang where: rank → the file's id, or its href where the id is not known."""

    key: TagKey | None
    places: Mapping[int, str]


def tag(parts: Parts, record: Record) -> Record:
    """Bring the tags on a request's files up to its state. Costs nothing while that has not changed.

    Idempotent. Remote errors pass through, to be tried later; a refusal (403) is no reason to.
    """
    wanted = _wanted(parts, record)
    if _is_hung(record, wanted):
        return record
    hung = _annotations(parts, record)
    if hung is None:
        return record
    known = parts.journal.intent(record, _STEP) is None and not record.adopted
    record = parts.journal.intend(record, _STEP, {"tag": wanted.key})
    hanging = _Hanging(parts, hung, record)
    before = _facts(record).get("files", {})
    files: dict[str, Any] = {}
    for rank in sorted({*wanted.places, *map(int, before)}):
        where = wanted.places.get(rank)
        key = wanted.key if where is not None else None
        found = hanging.change(before.get(str(rank)), where, key, known=known)
        if found is not None:
            files[str(rank)] = found
    extra = {**record.extra, "tags": {"key": wanted.key, "files": files}}
    return parts.journal.note(record, "tagged", data={"tag": wanted.key or ""}, done=(_STEP,), extra=extra)


def awaited(parts: Parts, record: Record) -> bool:
    """True while an ended request waits for its last tag, a day at most."""
    now = clocks.by_platform(parts, record.account)
    over = now >= (record.ended_at or record.updated_at) + PATIENCE and clocks.confirmed(parts)
    return (
        not over and not _is_hung(record, _wanted(parts, record)) and _annotations(parts, record) is not None
    )


def _annotations(parts: Parts, record: Record) -> Annotations | None:
    folder = parts.folders[record.server]
    hung = folder.annotations()
    return hung if hung is not None and folder.capabilities().tags else None


def _facts(record: Record) -> Mapping[str, Any]:
    found = record.extra.get("tags")
    return found if isinstance(found, Mapping) else {}


def _is_hung(record: Record, wanted: _Wanted) -> bool:
    facts = _facts(record)
    places = {int(rank): one["at"] for rank, one in facts.get("files", {}).items()}
    return facts.get("key") == wanted.key and places == dict(wanted.places)


def _wanted(parts: Parts, record: Record) -> _Wanted:
    key = tag_key(record.state) if record.current else None
    if key == "signed" and any(one.unsound for one in record.documents):
        key = "to_correct"  # what came beside is to be looked at; the file of that name is not signed
    if key is None or key not in parts.report.tags:
        return _Wanted(key=None, places={})
    places = dict(_places(record, key))
    if key == "to_correct" and record.state is State.REJECTED:
        places = {rank: where for rank, where in places.items() if not _is_anothers(parts, record, where)}
    return _Wanted(key=key if places else None, places=places)


def _places(record: Record, key: TagKey) -> Iterator[tuple[int, str]]:
    """Annexes are never touched; « Signé » hangs on what is signed, which may lie beside; on nothing else."""
    for one in record.documents:
        if one.role != "document" or (key == "signed" and one.unsigned_back):
            continue
        if key == "signed" and (one.beside or not one.in_place):
            if one.delivered_href:
                yield one.rank, one.delivered_href
        elif one.file_id is not None:
            yield one.rank, one.file_id


def _is_anothers(parts: Parts, record: Record, file_id: str) -> bool:
    """True when another request is under way with that file: its tag says more than a second one's fault."""
    others = parts.journal.with_file_id(record.server, file_id)
    return any(one.id != record.id and one.current and one.state.open for one in others)


@dataclass
class _Hanging:
    """Takes our tags off files and hangs them there, for one request."""

    parts: Parts
    hung: Annotations
    record: Record

    def change(
        self, before: Mapping[str, Any] | None, where: str | None, key: TagKey | None, *, known: bool
    ) -> dict[str, Any] | None:
        """Bring one file from what is known of it to ``key``; returns what is known of it now, None: no tag of ours."""
        file_id = self._file_id(where) if where is not None else None
        old_file, old_tag = (before["file"], before["tag"]) if before is not None else (None, None)
        new = self._tag(key) if key is not None and file_id is not None else None
        stays = new is not None and (old_file, old_tag) == (file_id, new.tag_id)
        if stays and known and where is not None:
            return {"at": where, "file": old_file, "tag": old_tag}
        if old_tag and old_file and not stays and not self._is_shared(old_file, old_tag):
            self.hung.take_tag(FileId(old_file), TagId(old_tag))
        if where is None:
            return None
        if file_id is not None and (not known or (before is None and self._has_a_past(file_id))):
            self._clear(file_id, keep=new)
        if file_id is not None and new is not None:
            file_id = self._put(file_id, new)
        return {"at": where, "file": file_id, "tag": new.tag_id if new is not None and file_id else None}

    def _file_id(self, where: str) -> FileId | None:
        if not where.startswith("/"):
            return FileId(where)
        try:
            return self.parts.folders[self.record.server].stat(Href(where)).file_id
        except NotFound:
            return None

    def _has_a_past(self, file_id: FileId) -> bool:
        """True when an earlier request had this file, and may have left a tag of ours on it."""
        others = self.parts.journal.with_file_id(self.record.server, file_id)
        return any(one.id != self.record.id for one in others)

    def _is_shared(self, file_id: str, tag_id: str) -> bool:
        """True when another request has hung the same tag on the same file: it is that one's to take off."""
        for one in self.parts.journal.with_file_id(self.record.server, file_id):
            files = _facts(one).get("files", {}).values() if one.id != self.record.id and one.current else ()
            if any((each["file"], each["tag"]) == (file_id, tag_id) for each in files):
                return True
        return False

    def _clear(self, file_id: FileId, *, keep: Tag | None) -> None:
        ours = {name.casefold() for name in self.parts.report.tags.values()}
        try:
            there = self.hung.tags_of(file_id)
        except NotFound:
            return
        for one in there:
            if one.name.casefold() in ours and (keep is None or one.tag_id != keep.tag_id):
                self.hung.take_tag(file_id, one.tag_id)

    def _put(self, file_id: FileId, new: Tag) -> FileId | None:
        """Hang it; returns the file that bears it, None where none can."""
        try:
            self.hung.put_tag(file_id, new.tag_id)
        except NotFound:
            again = self._put_back(file_id)
            if again is None:
                return None
            self.hung.put_tag(again, new.tag_id)
            return again
        except PreconditionFailed:
            self._book.read_at = None  # that tag was deleted: the list is read anew by the next try
            raise
        except AccessDenied as error:
            if error.status != 403:
                raise
            log.info("%s: the file may not be tagged by this login; it goes without", self.record.ref)
            return None
        return file_id

    def _put_back(self, file_id: FileId) -> FileId | None:
        """Deleted and put back meanwhile: the same document under another id."""
        for one in self.record.documents:
            if one.file_id == file_id:
                return self._at_its_place(one, file_id)
        return None

    def _at_its_place(self, one: DocumentFacts, file_id: FileId) -> FileId | None:
        found = self._file_id(one.delivered_href or one.href)
        return None if found == file_id else found

    # -- the tags of the server

    @property
    def _book(self) -> TagBook:
        return self.parts.tag_books.setdefault(self.record.server, TagBook())

    def _tag(self, key: TagKey) -> Tag | None:
        """Find the tag by its name, or make it; None where this login cannot have it."""
        with self._book.lock:
            return self._found(key, self._book)

    def _found(self, key: TagKey, book: TagBook) -> Tag | None:
        name, now = self.parts.report.tags[key], self.parts.now()
        known, read_at = book.tags.get(name.casefold()), book.read_at
        if read_at is None or (known is None and not clocks.lasts(self.parts, read_at, _READ_AGAIN)):
            book.tags = {one.name.casefold(): one for one in self.hung.tags()}
            book.read_at, book.refused = now, {}
            known = book.tags.get(name.casefold())
        if name in book.refused:
            return None
        if known is None:
            known = self._made(name, TAG_COLORS[key], book)
        elif not known.assignable:
            self._refuse(name, "it may be hung on files by others only", book)
            return None
        return known

    def _made(self, name: str, color: str, book: TagBook) -> Tag | None:
        try:
            made = self.hung.make_tag(name, color)
        except AccessDenied as error:
            if error.status != 403:
                raise
            self._refuse(name, "only an administrator may make it there", book)
            return None
        book.tags[name.casefold()] = made
        return made

    def _refuse(self, name: str, why: str, book: TagBook) -> None:
        """Said once per list of tags; it goes on without."""
        book.refused[name] = why
        log.warning("server %s has no tag « %s » for this login: %s", self.record.server, name, why)
