"""The requests of a folder, part by part, as its overview lists them (ux page section 2.6).

What needs a person is always listed whole, and so is what is ready, waits or is out; of what is over only the newest.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from connector.report.columns import GAP, INDENT, Named, one_line, row, told_apart, width
from connector.report.overview_news import Line, Section
from connector.report.page import Page
from connector.report.typography import LINE_WIDTH, TIE, Words, day_text, local, shorten, wrap

MOST_SIGNED: Final = 60
"""The newest so many are named, the rest counted: by number, not by age, so that no line goes by itself."""
MOST_ENDED: Final = 20

_HEADINGS: Final[dict[Section, tuple[str, str]]] = {
    Section.TO_DO: ("À TRAITER", "TO DEAL WITH"),
    Section.READY: ("PRÊTES", "READY"),
    Section.IN_PROGRESS: ("EN COURS, la plus ancienne d’abord", "IN PROGRESS, oldest first"),
    Section.SIGNED: ("SIGNÉES", "SIGNED"),
    Section.ENDED: ("TERMINÉES SANS SIGNATURE", "ENDED WITHOUT A SIGNATURE"),
}
_COLUMNS: Final = (
    ("depuis le", "since"),
    ("demande", "request"),
    ("attend", "awaits"),
    ("expire le", "expires on"),
)
_SHORTEST_NAME: Final = 26
_WIDEST_MATTER: Final = 40
_NAME: Final = 30
_NARROW: Final = 18
"""What a name in the table of what is out may shrink to, where dates and people leave no more."""
_WHO: Final = 24


def to_do(page: Page, lines: Sequence[Line]) -> None:
    """What needs a person, by the weight of its word."""
    mine = sorted(_of(lines, Section.TO_DO), key=lambda line: line.rank)
    if not mine:
        return
    page.heading(*_HEADINGS[Section.TO_DO])
    _worded(page, mine)
    if any(line.settles for line in mine):
        page.para(
            "Une demande refusée, expirée ou revenue à vérifier quitte cette partie quand vous supprimez son suivi ou "
            "son fichier de demande.",
            "A request that was declined, has expired or came back to be checked leaves this part when you delete its "
            "status or its request file.",
        )


def ready(page: Page, lines: Sequence[Line]) -> None:
    """What waits for somebody to say go."""
    if mine := _of(lines, Section.READY):
        page.heading(*_HEADINGS[Section.READY])
        _worded(page, mine)


def waiting(page: Page, lines: Sequence[Line]) -> None:
    """What will leave by itself; what waits for the same thing stands below it, which is told once."""
    mine = _of(lines, Section.WAITING)
    for word, matter in dict.fromkeys((line.word, line.matter) for line in mine):
        page.section()
        page.lines(wrap(Words(f"{word} – {matter}"), width=LINE_WIDTH))
        same = [line for line in mine if (line.word, line.matter) == (word, matter)]
        for name in _names(same, LINE_WIDTH - INDENT):
            page.lines([" " * INDENT + name])


def in_progress(page: Page, lines: Sequence[Line], at: datetime | None) -> None:
    """What is out, oldest first: a table, and below a row what was done to its files meanwhile."""
    mine = _by_day(page, _of(lines, Section.IN_PROGRESS))
    if not mine:
        return
    page.heading(*_HEADINGS[Section.IN_PROGRESS])
    heads = [page.pick(*pair) for pair in _COLUMNS]
    since = [_day(page, line.at, at) for line in mine]
    until = [_day(page, line.until, at) for line in mine]
    room = LINE_WIDTH - INDENT - 3 * GAP - width([heads[0], *since]) - width([heads[3], *until])
    people = [shorten(one_line(line.awaits.replace(TIE, " ")), min(_WHO, room - _NARROW)) for line in mine]
    names = _names(mine, min(_NAME, room - width([heads[2], *people])))
    columns = (since, names, people, until)
    wide = [width([head, *cells]) for head, cells in zip(heads, columns, strict=True)]
    page.lines(row(list(zip(heads, wide, strict=True))))
    for line, *cells in zip(mine, *columns, strict=True):
        page.lines(row(list(zip(cells, wide, strict=True))))
        if line.matter:
            page.lines(row([("", wide[0])], line.matter))


def over(page: Page, lines: Sequence[Line], section: Section, most: int, at: datetime | None) -> None:
    """What is over, newest first, the oldest of many only counted."""
    mine = _of(lines, section)
    if not mine:
        return
    page.heading(*_HEADINGS[section])
    newest = {id(line) for line in sorted(mine, key=_moment, reverse=True)[:most]}
    named = _by_day(page, [line for line in mine if id(line) in newest], newest_first=True)
    left = len(mine) - most
    days = [
        page.say("le {day}", "{day}", day=Words(_day(page, line.at, at))) if line.at else "" for line in named
    ]
    told = [line.matter if section is Section.SIGNED else line.word for line in named]
    names = _names(named, _NAME if any(told) else LINE_WIDTH - INDENT - width(days) - GAP)
    for day, name, matter in zip(days, names, told, strict=True):
        page.lines(row([(day, width(days)), (name, width(names))], matter))
    if left > 0:
        rest = page.say(
            "… et {n} autre, plus ancienne" if left == 1 else "… et {n} autres, plus anciennes",
            "… and {n} older one" if left == 1 else "… and {n} older ones",
            n=Words(str(left)),
        )
        page.lines([" " * INDENT + rest])


def _worded(page: Page, lines: Sequence[Line]) -> None:
    """Rows of word, name and matter; a matter that was just told is not told again."""
    word = width([line.word for line in lines])
    room = LINE_WIDTH - INDENT - word - 2 * GAP
    widest = width([line.matter for line in lines])
    names = _names(lines, max(_SHORTEST_NAME, room - min(widest, _WIDEST_MATTER)))
    before = ""
    for line, name in zip(lines, names, strict=True):
        again = bool(line.matter) and line.matter == before
        told = page.pick("idem", "same") if again else line.matter
        page.lines(row([(line.word, word), (name, width(names))], told))
        before = line.matter


def _of(lines: Sequence[Line], section: Section) -> list[Line]:
    return [line for line in lines if line.section is section]


def _names(lines: Sequence[Line], limit: int) -> list[str]:
    return told_apart([Named(name=one.name, longer=one.longer, ref=one.ref) for one in lines], limit)


def _moment(line: Line) -> float:
    return line.at.timestamp() if line.at is not None else 0.0


def _by_day(page: Page, lines: Sequence[Line], *, newest_first: bool = False) -> list[Line]:
    """Sort by the day that is told; lines of one day stay as they were."""
    days = [local(line.at, page.zone).date() if line.at is not None else date.min for line in lines]
    order = sorted(range(len(lines)), key=days.__getitem__, reverse=newest_first)
    return [lines[at] for at in order]


def _day(page: Page, moment: datetime | None, at: datetime | None) -> str:
    """Say a day, its year where the date of writing (``at``) does not show it."""
    if moment is None:
        return ""
    day: date = local(moment, page.zone).date()
    same = at is not None and local(at, page.zone).year == day.year
    return day_text(day, page.language, year=not same)
