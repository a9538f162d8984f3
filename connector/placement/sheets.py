"""The documents to be signed on, the boxes that signatories want there, and what was made of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from connector.errors import Problem
from connector.pdf.model import Found, PageSize, PdfFacts
from connector.pdf.room import Size, Spot
from connector.ports import Box
from connector.sidecar.model import Placement, Signatory
from connector.sidecar.names import IMAGE_ENDINGS, comparable

FreeRoom = Callable[[int, int, Sequence[Spot], Size], Sequence[Spot]]
"""Page from 1, how many boxes, corners of boxes there already, their size → as many corners as read, or none."""

FindText = Callable[[Sequence[str], Collection[str]], Mapping[str, Sequence[Found]] | None]
"""Texts; those of which the last place is enough → places of each in reading order; None: the PDF bears no text."""

BoxSize = Callable[[PageSize], Size]
"""A page as seen → the size of the platform's box on it, as seen (its contract may scale pages)."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One document to be signed on. ``rank`` from 1; ``name`` as it stands in the folder."""

    rank: int
    name: str
    facts: PdfFacts
    free: FreeRoom
    find: FindText
    annex: bool = False

    @property
    def last(self) -> int:
        """Number of its last page."""
        return len(self.facts.pages)


@dataclass
class PlacedAll:
    """The boxes of each document, or why there are none."""

    boxes: dict[int, tuple[Box, ...]] = field(default_factory=dict)
    """Rank of the document → its boxes in the signatories' order; one without boxes is absent."""
    how: dict[tuple[int, int], tuple[Placement | None, ...]] = field(default_factory=dict)
    """Ranks of document and signatory → what each of that signatory's boxes there follows; None: nothing written."""
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """One box to be placed: on what, for whom (rank from 1), and what was written, if anything."""

    sheet: Sheet
    rank: int
    who: str
    line: int | None
    origin: str
    written: Placement | None

    @property
    def number(self) -> int | None:
        """Page meant, from 1: the last one by default; None where there is no such page."""
        page = self.written.page if self.written is not None else None
        number = self.sheet.last if page in (None, -1) else page
        return number if number is not None and 1 <= number <= self.sheet.last else None

    @property
    def loose(self) -> bool:
        """True when no more than a page is written: wherever there is room."""
        written = self.written
        return written is None or (
            written.x is None and written.y is None and written.corner is None and written.near is None
        )

    def problem(self, code: str, **values: object) -> Problem:
        """Make a problem of it, which names the document unless it is the main one, and the settings file if any."""
        told = {"document": self.sheet.name if self.sheet.rank > 1 else ""}
        told |= {key: str(value) for key, value in values.items()}
        return Problem(
            code=code, line=self.line, values=told | ({"file": self.origin} if self.origin else {})
        )


def wishes(
    sheets: Sequence[Sheet],
    signatories: Sequence[Signatory],
    annexes_need_boxes: bool,
    problems: list[Problem],
) -> Iterator[Wish]:
    """Yield every box wanted, by signatory; a document that nobody knows is a problem."""
    main = min(sheets, key=lambda sheet: sheet.rank)
    for rank, signatory in enumerate(signatories, start=1):
        who = signatory.name or signatory.email
        served: set[int] = set()
        for written in signatory.placements:
            sheet = main if written.document is None else _named(sheets, written.document)
            wish = Wish(
                sheet=sheet or main,
                rank=rank,
                who=who,
                line=written.line,
                origin=written.origin,
                written=written,
            )
            served.add(wish.sheet.rank)
            if sheet is not None:
                yield wish
            else:
                known = ", ".join(each.name for each in sheets)
                tell(problems, wish.problem("placement_document", written=written.document, known=known))
        for sheet in sheets:
            if sheet.rank not in served and (annexes_need_boxes or not sheet.annex):
                yield Wish(
                    sheet=sheet,
                    rank=rank,
                    who=who,
                    line=signatory.line,
                    origin=signatory.origin,
                    written=None,
                )


def _named(sheets: Sequence[Sheet], written: str) -> Sheet | None:
    """Return the document of that name, with its extension or without; None when there is none, or are several."""
    for form in (comparable, _stem):
        found = [sheet for sheet in sheets if form(sheet.name) == form(written)]
        if len(found) == 1:
            return found[0]
    return None


def _stem(name: str) -> str:
    known = comparable(name)
    ending = next((ending for ending in (".pdf", *IMAGE_ENDINGS) if known.endswith(ending)), "")
    return known.removesuffix(ending)


def tell(problems: list[Problem], problem: Problem) -> None:
    """Add a problem once: a place that serves many is written once, too."""
    if problem not in problems:
        problems.append(problem)
