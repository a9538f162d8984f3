"""A record → its line in an overview: in which part, under which word, with which few words of its own.

What a status says in its first line is said here with the same words, so that the two never disagree. A line says
nothing that moves by itself: an overview changes with its requests, never with the clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from connector.lifecycle import Record, State
from connector.ports import SignatoryProgress
from connector.report import words
from connector.report.columns import one_line
from connector.report.context import StatusContext
from connector.report.facts import Case, name_of, stem_of, who
from connector.report.overview_news import Line, Section
from connector.report.status import render_status
from connector.report.typography import cut, loose

_QUOTED: Final = 80
"""A refusal's reason is quoted in so many characters; the status quotes more of it."""

RANKS: Final = (
    words.REFUSED,
    words.TO_CORRECT,
    words.TO_CHECK,
    words.TO_CONFIRM,
    words.EXPIRED,
    words.CANCELLED,
    words.SIGNED,
    words.SIGNED_BY_ALL,
    words.IN_PROGRESS,
    words.WAITING_PDF,
)
"""The order of words among what needs a person."""

_ASKS: Final = frozenset(
    {State.REJECTED, State.UNCONFIRMED, State.HELD, State.IN_DOUBT, State.QUARANTINED, State.WAITING_PDF}
)
_HOME: Final = frozenset({State.DELIVERED, State.DELIVERED_BESIDE})
_ON_ITS_WAY: Final = frozenset({State.IN_PROGRESS, State.SEALING, State.DELIVERING})
_LOOK_AT: Final = frozenset({"to_check", "erased", "pdf_changed", "folder_gone"})
"""Why a signed document lies elsewhere than its PDF, where a person is to look at it, to choose or to file it."""


def line_of(record: Record, context: StatusContext) -> Line:
    """Return the line of a request. Raises ValueError for a withdrawn one: it is no request any more."""
    state, _, matter = render_status(record, context).first_line.partition(" – ")
    case = Case(record, context)
    main = Case(record.model_copy(update={"more": ()}), context)
    section, settles = _section(record)
    rank = next((at for at, pair in enumerate(RANKS) if state in pair), len(RANKS))
    return Line(
        section=section,
        word=state,
        rank=rank if section is Section.TO_DO else 0,
        name=stem_of(main.pdf),
        longer=main.pdf,
        ref=record.ref,
        matter=_matter(case, matter),
        awaits=_awaits(case),
        at=_at(record),
        until=record.expires_at if record.state is State.IN_PROGRESS else None,
        settles=settles,
    )


def section_of(record: Record) -> Section:
    """Return the part of an overview that a request belongs to, as long as nobody has dealt with it."""
    return _section(record)[0]


def _section(record: Record) -> tuple[Section, bool]:
    """Return the part a request belongs to, and whether a person ends that by putting its files away."""
    state = record.state
    if state in _HOME:
        look = (state is State.DELIVERED_BESIDE and record.reason in _LOOK_AT) or _undone(record)
        return (Section.TO_DO, True) if look else (Section.SIGNED, False)
    if state is State.CANCELLED:
        # What a person ended needs nobody; what the platform ended of itself does.
        return (Section.TO_DO, True) if record.reason == "platform_failed" else (Section.ENDED, False)
    if state in {State.REFUSED, State.EXPIRED, State.LOST}:
        return Section.TO_DO, True
    if state in _ASKS or (state in {State.SEALING, State.DELIVERING} and _stuck(record)):
        return Section.TO_DO, False
    if state is State.IN_PROGRESS and record.document.changed_at is not None:
        return (
            Section.TO_DO,
            False,
        )  # a person decides, better before the last one signs, whether the change counts
    if state in _ON_ITS_WAY:
        return Section.IN_PROGRESS, False
    if state in {State.PREVIEWED, State.DRAFT}:
        return Section.READY, False
    return Section.WAITING, False


def _undone(record: Record) -> bool:
    """True where what was signed lies in its place no more, and what it was before does."""
    return any(one.unsigned_back for one in record.documents)


def _stuck(record: Record) -> bool:
    """True when the signed document cannot be put down until somebody closes or renames the PDF, or lets us write.

    Or when it has not come, and the platform is about to erase it.
    """
    if record.state is State.SEALING:
        return "erasure_told" in record.extra
    return record.reason in {"pdf_locked", "delivery_blocked", "name_refused"} or bool(
        record.extra.get("locked")
    )


def _matter(case: Case, told: str) -> str:
    """What a line says beside the word; ``told``: what the first line of the status says."""
    record, state = case.record, case.record.state
    if state is State.REFUSED:
        return _refusal(case)
    if state is State.WAITING_PDF:
        near, others = case.extra_text("near_name"), case.record.extra.get("other_formats")
        if isinstance(others, Mapping) and others:
            other = next(iter(others.values()))
            return case.page.say(
                "à enregistrer en PDF : « {other} »", "to be saved as a PDF: “{other}”", other=other
            )
        return (
            case.page.say("un nom proche : « {near} »", "a similar name: “{near}”", near=near) if near else ""
        )
    if state is State.IN_PROGRESS:
        # « 1 signature sur 2 – attention : … »: the second half, where something was done to the files.
        return told.partition(" – ")[2] if _disturbed(case) else ""
    if state in {State.SEALING, State.DELIVERING}:
        return told if _stuck(record) else ""
    in_place = state is State.DELIVERED or (state in _HOME and record.reason == "put_in_place")
    if state is State.DELIVERED_BESIDE and not in_place and record.reason not in _LOOK_AT:
        return case.page.say("à côté : « {name} »", "beside: “{name}”", name=case.beside)
    if (in_place and not _undone(record)) or (state is State.PREVIEWED and record.reason != "stopped"):
        return ""
    return told


def _refusal(case: Case) -> str:
    page = case.page
    refusers = [one for one in case.people if one.progress == SignatoryProgress.REFUSED]
    reason = (refusers[0].reason if refusers else None) or case.value("reason")
    if reason:
        quoted = loose(cut(one_line(reason).strip(), _QUOTED))
        return page.say("motif : « {reason} »", "reason: “{reason}”", reason=quoted)
    if refusers:
        return page.say("par {who}, sans motif", "by {who}, without a reason", who=who(refusers[0]))
    return page.say("sans motif", "without a reason")


def _disturbed(case: Case) -> bool:
    document = case.record.document
    return (
        document.changed_at is not None
        or document.missing_since is not None
        or document.renamed_to is not None
        or case.record.edited_after_send
    )


def _awaits(case: Case) -> str:
    page, state = case.page, case.record.state
    if state in {State.SEALING, State.DELIVERING}:
        return page.say("(signé par tous)", "(signed by all)")
    if state is not State.IN_PROGRESS:
        return ""
    pending = case.pending
    if len(pending) > 1:
        return page.say("{count} personnes", "{count} people", count=len(pending))
    return who(pending[0]) if pending else "Jesignexpert"


def _at(record: Record) -> datetime | None:
    if record.state in _HOME:
        return record.delivered_at or record.signed_at or record.ended_at or record.created_at
    if record.state.ended:
        return record.ended_at or record.created_at
    return record.sent_at or record.created_at


def shown_name(href: str) -> str:
    """Return how a PDF that no request is about is called in an overview."""
    return stem_of(name_of(href))
