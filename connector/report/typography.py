"""Spaces, dates and line ends of the texts that people read. Pure: the time zone is an argument.

Templates are *our* words: :func:`spaced` puts the no-break spaces into them before any value arrives, so a name
or a file name is never altered (ux page section 2.1). In a template ``~`` ties two words for good (``page~4``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

Language = Literal["fr", "en"]

NBSP: Final = "\u00a0"
TIE: Final = "\ue000"
"""A space that wrapping must not break and that is printed as a plain one. Private use: no value keeps it."""

LINE_WIDTH: Final = 78
"""No line of a text is longer, in characters."""
PROSE_WIDTH: Final = 74
"""Where prose is broken: the right edge of the texts in the ux page."""
FIRST_LINE_WIDTH: Final = 90

_MONTHS: Final = {
    "fr": (
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ),
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
}
# Direction marks could make one name look like another; a surrogate cannot be written as UTF-8.
_DROPPED: Final = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ue000]")
_BLANKED: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class Words(str):
    """Our own words, or a value made ready: inserted as they are, no space of them touched again."""

    __slots__ = ()


@lru_cache(maxsize=2048)
def spaced(text: str, language: Language = "fr") -> Words:
    """Put the no-break spaces of a language into *our* words: before ``: ; ! ?``, inside « », for ``~``.

    Never call it on a value. Idempotent.
    """
    tied = text.replace("~", NBSP)
    if language == "fr":
        tied = re.sub(r" +([:;!?»])", NBSP + r"\1", tied)
        tied = re.sub(r"« +", "«" + NBSP, tied)
    return Words(tied)


def clean(value: str) -> str:
    """Return a value on one line, without control characters, direction marks or what UTF-8 cannot write."""
    flat = _BLANKED.sub(" ", _DROPPED.sub("", value))
    return _SURROGATE.sub("\ufffd", flat)


def whole(value: str) -> Words:
    """Make a value ready that wrapping keeps on one line: a name, a file name, a number."""
    return Words(clean(value).replace(" ", TIE))


def loose(value: str) -> Words:
    """Make a value ready that may be broken at its plain spaces: a subject, a reason."""
    return Words(clean(value))


def say(template: str, language: Language = "fr", **values: object) -> Words:
    """Fill a template of our words. Values that are not :class:`Words` yet are kept whole."""
    ready = {name: value if isinstance(value, Words) else whole(str(value)) for name, value in values.items()}
    return Words(spaced(template, language).format(**ready))


def shorten(value: str, limit: int) -> str:
    """Return ``value`` in at most ``limit`` (>= 3) characters, its middle replaced by an ellipsis."""
    if len(value) <= limit:
        return value
    head = limit // 2
    tail = limit - 1 - head
    return value[:head].rstrip() + "…" + value[len(value) - tail :].lstrip()


def cut(value: str, limit: int) -> str:
    """Return ``value`` in at most ``limit`` characters, its end replaced by an ellipsis."""
    return value if len(value) <= limit else value[: limit - 1].rstrip() + "…"


# --------------------------------------------------------------------------------------------------
# Dates


def local(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return an aware moment in ``zone``. Raise ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone cannot be told to people")
    return moment.astimezone(zone)


def day_text(day: date, language: Language = "fr", *, year: bool = True) -> Words:
    """Say a day: « 1er décembre 2026 », with no-break spaces."""
    first = "1er" if language == "fr" and day.day == 1 else str(day.day)
    parts = [first, _MONTHS[language][day.month - 1]]
    return Words(NBSP.join([*parts, str(day.year)] if year else parts))


def on_day(moment: datetime, zone: ZoneInfo, language: Language = "fr") -> Words:
    """Say the day of an aware moment, as the clocks of ``zone`` show it."""
    return day_text(local(moment, zone).date(), language)


def at_time(moment: datetime, zone: ZoneInfo, language: Language = "fr") -> Words:
    """Say the hour of an aware moment: « 10 h 42 », « 10:42 ».

    The hour that clocks show twice, in the night when they go back, is told apart: « 2 h 30 (heure d’été) ».
    """
    there = local(moment, zone)
    between = ":" if language == "en" else f"{NBSP}h{NBSP}"
    return Words(f"{there.hour}{between}{there.minute:02d}{_which(there, language)}")


def _which(there: datetime, language: Language) -> str:
    """Which of two equal hours this is; empty but in the night when clocks go back."""
    first, second = there.replace(fold=0), there.replace(fold=1)
    if first.utcoffset() == second.utcoffset():
        return ""
    if first.dst() == second.dst():  # not for the season: a country that changed its zone
        return f" (UTC{there:%z})"
    # The first of the two is that of the season with more light, in Dublin too, where winter is the odd one.
    season = ("d’été", "d’hiver") if language == "fr" else ("summer", "winter")
    name = season[there.fold]
    return f" (heure{TIE}{name})" if language == "fr" else f" ({name}{TIE}time)"


def on_day_at(moment: datetime, zone: ZoneInfo, language: Language = "fr") -> Words:
    """Say day and hour: « 23 novembre 2026 à 10 h 42 »; « à » never stands alone at a line's end."""
    joint = "à" if language == "fr" else "at"
    return Words(f"{on_day(moment, zone, language)} {joint}{TIE}{at_time(moment, zone, language)}")


def on_days(
    moments: Sequence[datetime], zone: ZoneInfo, language: Language = "fr", *, article: str = "le"
) -> Words:
    """Say several days: « le 28 novembre et le 2 décembre 2026 », the year once where all share it."""
    days = sorted({local(moment, zone).date() for moment in moments})
    shared = len({day.year for day in days}) == 1
    before = article + NBSP if language == "fr" else ""
    told = [
        before.replace(NBSP, " ") + day_text(day, language, year=not shared or day is days[-1])
        for day in days
    ]
    return enumeration(told, language)


def enumeration(items: Sequence[str], language: Language = "fr") -> Words:
    """Join: « a, b et c »."""
    joint = " et " if language == "fr" else " and "
    return Words(joint.join(filter(None, [", ".join(items[:-1]), items[-1]])) if items else "")


# --------------------------------------------------------------------------------------------------
# Lines


def wrap(text: str, *, first: str = "", rest: str | None = None, width: int = PROSE_WIDTH) -> list[str]:
    r"""Break finished words into lines of at most ``width`` characters, only at plain spaces and at ``\n``.

    ``first`` begins the first line, ``rest`` (default: as many blanks) all others. A colon keeps the word that
    follows it. What alone is too long is broken at its own spaces, and as a last resort shortened.
    """
    following = " " * len(first) if rest is None else rest
    lines: list[str] = []
    for row in text.split("\n"):
        current, empty = (following if lines else first), True
        for token in _fitting(_tokens(row), width - max(len(first), len(following))):
            if not empty and len(current) + 1 + len(token) > width:
                lines.append(current)
                current, empty = following, True
            current += token if empty else " " + token
            empty = False
        lines.append(current)
    return [line.replace(TIE, " ").rstrip(" ") for line in lines]


def _tokens(row: str) -> list[str]:
    tokens: list[str] = []
    for word in row.split(" "):
        if not word:
            continue
        if tokens and tokens[-1].endswith(":"):
            tokens[-1] += TIE + word
        else:
            tokens.append(word)
    return tokens


def _fitting(tokens: Iterable[str], room: int) -> Iterable[str]:
    for token in tokens:
        if len(token) <= room:
            yield token
        else:
            yield from (shorten(part, room) for part in token.split(TIE) if part)


def typed(line: str) -> str:
    """Return a line that people copy and paste: eight plain spaces, no no-break space, never wrapped."""
    plain = unicodedata.normalize("NFC", clean(line)).replace(NBSP, " ").replace("\u202f", " ")
    return " " * 8 + plain.strip()
