"""One text in the making: a first line, sections, lines to be typed, in one language.

Every method that says something takes the French words, the English words and the values of both, so that the
two languages keep one structure. Rules of form: ux page section 2.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from connector.report.typography import (
    FIRST_LINE_WIDTH,
    TIE,
    Language,
    Words,
    at_time,
    clean,
    cut,
    on_day,
    on_day_at,
    on_days,
    say,
    shorten,
    typed,
    wrap,
)

_SHORTEST_VALUE = 12
_WIDEST_LABEL = 34


class Page:
    """Collects a text. ``state`` is the state word; sections are separated by one blank line."""

    def __init__(self, language: Language, zone: ZoneInfo) -> None:
        self.language = language
        self.zone = zone
        self.state = ""
        self.first_line = ""
        self._sections: list[list[str]] = []

    # -- words

    def pick(self, french: str, english: str) -> str:
        """Choose by language."""
        return french if self.language == "fr" else english

    def say(self, french: str, english: str, **values: object) -> Words:
        """Fill our words with values, without placing them."""
        return say(self.pick(french, english), self.language, **values)

    def day(self, moment: datetime) -> Words:
        """Say a day in the page's zone and language."""
        return on_day(moment, self.zone, self.language)

    def day_at(self, moment: datetime) -> Words:
        """Say a day and an hour."""
        return on_day_at(moment, self.zone, self.language)

    def hour(self, moment: datetime) -> Words:
        """Say an hour."""
        return at_time(moment, self.zone, self.language)

    def days(self, moments: Sequence[datetime], *, article: str = "le") -> Words:
        """Say several days."""
        return on_days(moments, self.zone, self.language, article=article)

    # -- lines

    def first(self, state: tuple[str, str], french: str, english: str, **values: object) -> None:
        """Set the first line: state word, dash, what matters; long values lose their middle, never the state."""
        self.state = self.pick(*state)
        self.first_line = headline(self.state, self.pick(french, english), self.language, **values)

    def para(self, french: str, english: str, **values: object) -> None:
        r"""Begin a section with a paragraph. ``\n`` in the words is a line break of its own."""
        self._sections.append(wrap(self.say(french, english, **values)))

    def heading(self, french: str, english: str, **values: object) -> None:
        """Begin a section with a heading; what follows stands right below."""
        self.para(french, english, **values)

    def what_to_do(self) -> None:
        """Begin the section « Ce que vous pouvez faire »."""
        self.heading("Ce que vous pouvez faire", "What you can do")

    def below(self, french: str, english: str, *, indent: int = 0, **values: object) -> None:
        """Add lines to the present section."""
        self._add(wrap(self.say(french, english, **values), first=" " * indent))

    def bullet(self, french: str, english: str, **values: object) -> None:
        """Add a bullet to the present section."""
        self._add(wrap(self.say(french, english, **values), first="  • ", rest="    "))

    def item(self, number: int, words: Words) -> None:
        """Add a numbered point to the present section."""
        mark = f"  {number}. "
        self._add(wrap(words, first=mark))

    def typed(self, *lines: str) -> None:
        """Add lines to be typed, alone between blank lines."""
        self._add(["", *(typed(line) for line in lines), ""])

    def table(self, rows: Sequence[tuple[str, Words]], *, numbered: bool = False) -> None:
        """Add rows of a name and what is said of it, in two columns; one below the other when names are long."""
        names = [clean(name) for name, _ in rows]
        column = max(map(len, names), default=0) + 4
        for number, (name, (_, words)) in enumerate(zip(names, rows, strict=True), start=1):
            mark = f"  {number}. " if numbered else "  "
            if column <= _WIDEST_LABEL:
                first = mark + name.ljust(column)
                self._add(wrap(words, first=first))
            else:
                self._add(wrap(Words(name.replace(" ", TIE)), first=mark))
                self._add(wrap(words, first=" " * (len(mark) + 2)))

    def labelled(self, label: tuple[str, str], words: Words) -> None:
        """Add a line of a short label and its value, values aligned."""
        self._add(wrap(words, first=self.pick(*label).ljust(13)))

    def section(self) -> None:
        """Begin a new section whose lines follow."""
        self._sections.append([])

    def lines(self, lines: Sequence[str]) -> None:
        """Add finished lines to the present section."""
        self._add(lines)

    def _add(self, lines: Sequence[str]) -> None:
        if not self._sections:
            self._sections.append([])
        self._sections[-1].extend(lines)

    def body(self) -> list[str]:
        """Return the lines below the first one; never two blank lines in a row."""
        lines: list[str] = []
        for section in self._sections:
            lines += ["", *section] if section else []
        kept = [line for index, line in enumerate(lines) if line or not index or lines[index - 1]]
        while kept and not kept[-1]:
            kept.pop()
        return kept


def headline(state: str, template: str, language: Language, **values: object) -> str:
    """Make a first line of at most 90 characters: the longest values are shortened, then the end is cut."""
    plain = {name: value if isinstance(value, Words) else clean(str(value)) for name, value in values.items()}

    def made() -> str:
        ready = {name: Words(value) for name, value in plain.items()}
        return f"{state} – {say(template, language, **ready)}".replace(TIE, " ")

    for name in sorted(plain, key=lambda each: -len(plain[each])):
        excess = len(made()) - FIRST_LINE_WIDTH
        if excess > 0 and not isinstance(values[name], Words):
            plain[name] = shorten(plain[name], max(_SHORTEST_VALUE, len(plain[name]) - excess))
    return cut(made(), FIRST_LINE_WIDTH)
