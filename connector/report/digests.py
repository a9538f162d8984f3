"""The one mail a day: where the requests of a ``notify`` address stand, what needs a person first (ux page 2.7). Pure.

Which records belong into it (all that are open, and those that have ended since the last one) is the caller's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from connector.lifecycle import Record, State
from connector.report import words
from connector.report.context import StatusContext
from connector.report.facts import Case
from connector.report.mails import Message, Told, foot, listed, plain
from connector.report.overview_lines import section_of
from connector.report.overview_news import Section
from connector.report.page import Page
from connector.report.status import StatusText, render_status
from connector.report.typography import Words, day_text
from connector.report.words import Pair

_ORDER: tuple[Pair, ...] = (
    words.TO_CHECK,
    words.TO_CORRECT,
    words.REFUSED,
    words.EXPIRED,
    words.TO_CONFIRM,
    words.READY,
    words.DRAFT,
    words.WAITING_PDF,
    words.PAUSED,
    words.IN_PROGRESS,
    words.SIGNED_BY_ALL,
    words.WAITING,
    words.SIGNED,
    words.CANCELLED,
)
"""State words as they follow each other: what only a person can move stands first."""
_PARTS: tuple[tuple[Pair, Pair, Pair], ...] = (
    (
        ("À TRAITER", "TO BE DEALT WITH"),
        ("{n} à traiter", "{n} to be dealt with"),
        ("{n} à traiter", "{n} to be dealt with"),
    ),
    (("EN COURS", "UNDER WAY"), ("{n} en cours", "{n} under way"), ("{n} en cours", "{n} under way")),
    (("TERMINÉ", "OVER"), ("{n} terminée", "{n} over"), ("{n} terminées", "{n} over")),
)
"""Heading of each part, and how its number is told in the subject: of one, of more."""


def digest(told: Sequence[Told], day: date) -> Message | None:
    """Return the mail of ``day`` (by the calendar of the people); None when there is nothing to tell.

    Zone, language and support are those of the first record's context.
    """
    if not told:
        return None
    context = told[0][1]
    page = Page(context.language, context.zone)
    parts: tuple[list[tuple[Record, StatusText]], ...] = ([], [], [])
    for record, its in told:
        parts[_part(record, its)].append((record, render_status(record, its)))
    today = day_text(day, context.language)
    page.para(
        "Où en sont les signatures de vos dossiers, au {day}.",
        "Where the signatures of your folders stand, on {day}.",
        day=today,
    )
    for (heading, _, _), part in zip(_PARTS, parts, strict=True):
        if part:
            _tell(page, heading, part)
    if parts[0]:
        page.para(
            "Le suivi à côté de chaque document dit ce que vous pouvez faire.",
            "The status beside each document says what you can do.",
        )
    else:
        page.para("Il n’y a rien à faire.", "There is nothing to do.")
    lines = [*page.body(), "", *foot(context)]
    return Message(subject=_subject(page, today, [len(part) for part in parts]), body="\n".join(lines) + "\n")


def _part(record: Record, context: StatusContext) -> int:
    """0: a person must act; 1: it goes on by itself; 2: it is over. As the overview beside the documents has it."""
    section = section_of(record)
    if section in {Section.SIGNED, Section.ENDED}:
        return 2
    if section in {Section.TO_DO, Section.READY}:
        return 0
    return 0 if record.state is State.IN_PROGRESS and Case(record, context).expiry_near else 1


def _tell(page: Page, heading: tuple[str, str], part: list[tuple[Record, StatusText]]) -> None:
    page.heading(*heading)
    for pair in _ORDER:
        state = page.pick(*pair)
        group = [each for each in part if each[1].state == state]
        if group:
            page.section()
            page.lines([f"{state} ({len(group)})", *listed(group, page)])


def _subject(page: Page, today: Words, counts: Sequence[int]) -> str:
    said = [
        page.say(*(one if count == 1 else more), n=Words(str(count)))
        for (_, one, more), count in zip(_PARTS, counts, strict=True)
        if count
    ]
    numbers = Words(", ".join(said))
    return plain(
        page.say(
            "Signatures au {day} – {numbers}", "Signatures on {day} – {numbers}", day=today, numbers=numbers
        )
    )
