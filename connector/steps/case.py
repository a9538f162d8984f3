"""One sidecar to judge, with all that is in sight, and the two ways a verdict is written: kept, or moved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from connector.journal import Journal
from connector.lifecycle import JUDGED, TRANSITIONS, DocumentFacts, Event, Record, State
from connector.ports import Href
from connector.report import words
from connector.report.block import Whole, read_status
from connector.sidecar import names
from connector.steps import own_files
from connector.steps.discover import Pair, Sight
from connector.steps.filing import unfiled
from connector.steps.parts import FolderSettings, Parts

if TYPE_CHECKING:
    from connector.steps.evidence import Evidence

NAMED_AFTER_REQUEST = "named_after_request"
"""In ``extra``: no document bears the request's own name, so what we write beside it is named after the request."""

MOVED_OUT = "moved_out_at"
"""In ``extra``: when the main document was followed to a place that no watched folder holds; empty: it is not there."""

PASSED_OVER = "passed_over"
"""In ``extra``: ETag of the PDF by the request's name that is not meant, as an earlier picture came back as it."""

GAVE_WAY = "gave_way"
"""In ``extra`` of what was withdrawn, never sent: another request has its place, and no person took it away."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One sidecar to judge. ``target`` is the record to move, None to begin one; ``previous`` the place's last."""

    parts: Parts
    sights: Sequence[Sight]
    sight: Sight
    pair: Pair
    target: Record | None = None
    previous: Record | None = None
    there_before: bool = False
    """The first look at this folder found it: not launched without a new ask (R7)."""
    ask_found: bool = False
    """Its new ask was found on adoption: not launched where no marker knows it (protocol, "Orders and the key")."""
    ahead: Callable[[], Evidence] | None = None
    """Gives what a verdict rests on, where that is brought here ahead of it."""
    held: frozenset[int] = frozenset()
    """Records in other hands, left over by an earlier pass: nothing is written of them here (protocol R12)."""

    @property
    def settings(self) -> FolderSettings:
        """Return the watched folder it lies in."""
        return self.sight.settings

    @property
    def journal(self) -> Journal:
        """Return the journal it is written to."""
        return self.parts.journal

    def lost(self, record: Record) -> bool:
        """True when a record's place holds neither its sidecar nor its document any more.

        A document that was followed to this very pair has left its place, too.
        """
        followed = record.document.href == self.pair.document_href
        there = any(record.document.href in sight.by_href for sight in self.sights)
        return self.place_gone(record) and (followed or not there)

    def place_gone(self, record: Record) -> bool:
        """True when a record's own folder was looked at, and its sidecar is nowhere in sight.

        A folder that could not be listed, or is no longer watched, proves nothing of what lies there.
        """
        if self.may_have(record):
            self.leave_to_other_processes(record)
        looked_at = any(sight.settings.name == record.folder for sight in self.sights)
        return looked_at and not any(record.place in sight.by_href for sight in self.sights)

    def may_have(self, record: Record) -> bool:
        """True when the account of a record may be spent in this folder.

        Whoever has the bytes of another firm's two files does not have its request.
        """
        return record.account in self.settings.accounts

    def leave_to_other_processes(self, record: Record) -> None:
        """Raise NotSettled where another process works on a record that is met here: one of them is to have both.

        What lies there now is judged by whoever has both folders, in a moment.
        """
        if record.server != self.settings.server or not self.parts.is_elsewhere(record):
            return
        # Of a finished one that nothing else joins, too: its folder may use another account by now.
        self.parts.bond(self.settings.name, record.folder, record.account)
        raise NotSettled

    def leave_to_others(self, record: Record) -> None:
        """Raise NotSettled while a record is in other hands: what they do just now would not be kept."""
        if record.id in self.held:
            raise NotSettled

    def keep(self, event: Event, **fields: Any) -> Record:
        """Write the verdict: a new record, or the next state of the target."""
        if self.target is not None:
            # An open mark intent belongs to the verdict that is overturned here.
            return self.journal.fact(self.target, event, done=("mark",), **fields)
        fields.setdefault("obeyed", self.previous.obeyed if self.previous else ())
        base: dict[str, Any] = {
            "folder": self.settings.name,
            "server": self.settings.server,
            "account": self.settings.accounts[0],
            "place": self.pair.sidecar.href,
            "document": DocumentFacts(href=self.pair.document_href, file_id=self._file_id),
        }
        return self.journal.add(event, state=TRANSITIONS[State.REJECTED][event], **{**base, **fields})

    @property
    def _file_id(self) -> str | None:
        return self.pair.document.file_id if self.pair.document else None


class NotSettled(Exception):
    """A file that a verdict needs is still being written, or its request is in other hands; the next look decides."""


def past_signed(case: Case, record: Record) -> Case:
    """Return the case with the pictures of its name, where its record was judged past the PDF that lies there still."""
    document = case.pair.document
    if document is None or document.etag is None or record.extra.get(PASSED_OVER) != str(document.etag):
        return case
    return replace(case, pair=case.sight.past_signed(case.pair))


def as_known(case: Case, record: Record) -> Case:
    """Return the case with the main document that its record knows, where that does not bear the request's name.

    So it is where a request names all its documents, and where a picture's signed PDF has come to lie beside it.
    """
    if not (record.extra.get(NAMED_AFTER_REQUEST) or record.document.converted):
        return case
    entry = case.sight.by_href.get(record.document.href)
    if entry is None or entry.is_folder:
        return case
    settled = case.pair.settled and case.sight.has_settled([entry])
    pair = replace(case.pair, documents=(entry,), document_name=entry.name, settled=settled)
    return replace(case, pair=pair)


def move(case: Case, record: Record) -> Record:
    """Write that a request's files are here now. What was not marked yet is judged again at its new place.

    NotSettled while it is in other hands: where they deliver, and that they did, is theirs to write.
    """
    case.leave_to_others(record)
    changes: dict[str, Any] = {
        "place": case.pair.sidecar.href,
        "folder": case.settings.name,
        "document": record.document.model_copy(
            update={
                "href": case.pair.document_href,
                "missing_since": None,
                "renamed_to": None,
                **_come_along(case, record.document),
            }
        ),
        "sidecar_gone": False,
        "reported": None,
        "reported_etag": None,
        "extra": {
            **unfiled(record.extra),
            "moved_at": case.parts.now().isoformat(),
            "moved": _moved_how(case, record),
            MOVED_OUT: "",
        },
    }
    if record.closed and (_status_left_behind(case, record) or _is_told_as_going_on(case, record)):
        changes["closed"] = False  # over, but its status is to come along
    if record.extra.get("shown"):
        changes["extra"]["shown"] = {**record.extra["shown"], "moved": True}
    if record.state in JUDGED:
        changes["sidecar_etag"] = None
    if record.reason == "folder_gone":
        changes["closed"] = False  # it is told where its signed document went
    return case.journal.note(record, "moved", data={"from": record.folder}, **changes)


def _moved_how(case: Case, record: Record) -> str:
    """What a person did, as far as the sights tell: the pair got another name, was moved, or its whole folder was."""
    here, there = _parent(case.pair.sidecar.href), _parent(record.place)
    if here == there:
        return "renamed"
    stayed = any(sight.root.href == there or there in sight.by_href for sight in case.sights)
    return "pair" if stayed else "folder"


def _come_along(case: Case, document: DocumentFacts) -> dict[str, str]:
    """Where what lies in its place, or beside it, is now: it came along when it is not where it was, but here."""
    here, found = _parent(case.pair.document_href), {}
    for field, href in (
        ("delivered_href", document.delivered_href),
        ("original_href", document.original_href),
    ):
        if href is None:
            continue
        now = case.pair.document_href if href == document.href else here + href.rsplit("/", 1)[-1]
        there = {one for sight in case.sights for one in (href, now) if one in sight.by_href}
        if there == {now}:
            found[field] = now
    return found


def _parent(href: str) -> str:
    return href.rpartition("/")[0] + "/"


def _status_left_behind(case: Case, record: Record) -> bool:
    """True while the status still lies where the pair was; one that a person deleted or took along does not."""
    status = record.extra.get("status_href")
    return any(status in sight.by_href for sight in case.sights)


def _is_told_as_going_on(case: Case, record: Record) -> bool:
    """True where its status came along as it was before its end, which a journal that is lost told elsewhere."""
    name = status_name_of(case)
    if not record.adopted or record.extra.get("status_href"):
        return False
    if not case.sight.beside(case.pair.sidecar.href, name):
        return False
    href = Href(case.pair.sidecar.parent + name)
    found = own_files.fetch(case.parts.folders[case.settings.server], href)
    if found is None:
        return False
    sealed = read_status(found[0], case.parts.sealer.key)
    ours = isinstance(sealed, Whole) and sealed.ref == record.ref
    return ours and not words.tells_an_end(found[0].decode("utf-8", "replace"))


def status_name_of(case: Case) -> str:
    """Return the name of the status of this request: its document's, or its own where that bears another name."""
    pair = case.pair
    return names.status_name(pair.document_name if pair.own else names.document_name(pair.sidecar.name))


def extra_of(record: Record | None) -> dict[str, Any]:
    """Return what else is kept of a record; empty for none."""
    return record.extra if record else {}
