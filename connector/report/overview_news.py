"""The news of a folder, which its overview is made of: one line a request, counts, names; no layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from connector.report.context import Pause
from connector.report.overview_strays import Strays


class Section(StrEnum):
    """The parts of an overview, in their order: what needs a person comes first."""

    TO_DO = "to_do"
    READY = "ready"
    WAITING = "waiting"
    IN_PROGRESS = "in_progress"
    SIGNED = "signed"
    ENDED = "ended"
    """Over without a signed document, and nobody has to do anything about it."""


Counts = Mapping[Section, int]
"""Requests by section; those without any may be missing."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One request as an overview tells it. Times are aware UTC; texts may be anybody's, and of any length."""

    section: Section
    word: str
    """The state word, in the language of the text."""
    rank: int = 0
    """Place of its word among what needs a person; within one rank, and for the same day, the given order holds."""
    name: str
    longer: str
    """Its document's whole name, for where two share one without their extensions."""
    ref: str
    matter: str = ""
    """What is to be known beside the word, as our words have it; often nothing."""
    awaits: str = ""
    at: datetime | None = None
    """Since when it is out, or when it came to its end."""
    until: datetime | None = None
    settles: bool = False
    """It is over: once a person has put its files away, nobody has to do anything about it any more."""


@dataclass(frozen=True, kw_only=True)
class ListLine:
    """What a list of the folder waits for: rows to correct, rows without their PDF, or the whole of it."""

    file: str
    answer: str
    """Name of the file that tells it in full."""
    wrong: int = 0
    missing: int = 0
    whole: bool = False
    """No row of it is obeyed as it is."""


@dataclass(frozen=True, kw_only=True)
class Below:
    """A folder further down, by its path from here, and its requests."""

    path: str
    counts: Counts


@dataclass(frozen=True, kw_only=True)
class OverviewNews:
    """One folder's requests as they stand."""

    folder: str
    """Name as people see it."""
    lines: Sequence[Line] = ()
    root: bool = False
    """A watched root: it has an overview whether or not it holds requests."""
    below: Sequence[Below] = ()
    """For a watched root: every folder further down that holds requests, in the order of their paths."""
    without: Sequence[str] = ()
    """Names of PDFs of this folder that no request is about."""
    lists: Sequence[ListLine] = ()
    strays: Strays = field(default_factory=Strays)
    pause: Pause | None = None
    """Told here: nothing new leaves for the moment, and the notice at the watched root says why."""
    notice: str = ""
    """Name of that notice."""
    counts: Counts = field(default_factory=dict)
    """Requests by section, those of the folders further down included."""


def counts_of(lines: Sequence[Line]) -> dict[Section, int]:
    """Count lines by section."""
    found: dict[Section, int] = {}
    for line in lines:
        found[line.section] = found.get(line.section, 0) + 1
    return found
