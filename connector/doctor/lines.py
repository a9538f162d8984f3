"""What a check says: a line at one of three levels, made of a sentence and values, some of them private.

The administrator reads everything. Support reads ``for_support``: whatever names a host, a person, a file or a secret
is wrapped in :class:`Private` and gives way to what stands there instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from connector.doctor.codes import CODES
from connector.errors import RemoteError


class Level(StrEnum):
    """How bad it is. A failure makes the exit status 1."""

    OK = "ok"
    NOTE = "note"
    FAIL = "FAIL"


@dataclass(frozen=True)
class Private:
    """A value that support must not read, and what it reads instead."""

    text: str
    instead: str

    def __format__(self, spec: str) -> str:
        return format(self.text, spec)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line. ``sentence`` and ``command`` have ``{names}`` of ``values``; ``command`` is to be typed as it is."""

    level: Level
    sentence: str
    code: str = ""
    command: str = ""
    values: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.level is Level.OK) == bool(self.code):
            raise ValueError("a note and a failure have a code, what is well has none")
        if self.code and self.code not in CODES:
            raise ValueError(f"{self.code} is not in the table of codes")

    @property
    def text(self) -> str:
        """The sentence as the administrator reads it."""
        return self.sentence.format_map(self.values)

    @property
    def to_type(self) -> str:
        """What to type, as the administrator reads it; empty where there is nothing to type."""
        return self.command.format_map(self.values)

    @property
    def for_support(self) -> str:
        """The sentence, and what to type, without anything private."""
        told = {
            name: value.instead if isinstance(value, Private) else value
            for name, value in self.values.items()
        }
        return " ".join(filter(None, (self.sentence.format_map(told), self.command.format_map(told))))


def ok(sentence: str, /, **values: object) -> Line:
    """Say that something is well."""
    return Line(level=Level.OK, sentence=sentence, values=values)


def note(code: str, sentence: str, /, *, command: str = "", **values: object) -> Line:
    """Say what works otherwise than one might expect, or will be a matter soon."""
    return Line(level=Level.NOTE, sentence=sentence, code=code, command=command, values=values)


def fail(code: str, sentence: str, /, *, command: str = "", **values: object) -> Line:
    """Say what keeps something from working."""
    return Line(level=Level.FAIL, sentence=sentence, code=code, command=command, values=values)


def why(error: RemoteError) -> Private:
    """Return a remote error for the administrator; support gets its kind, its operation and its status."""
    parts = (type(error).__name__, error.operation, str(error.status or ""))
    return Private(error.detail or type(error).__name__, " ".join(filter(None, parts)))


def counted(number: int, noun: str) -> str:
    """Return ``1 folder``, ``2 folders``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def sized(number: float) -> str:
    """Return a number of bytes as people write it: ``476 bytes``, ``41 MB``."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            return (
                f"{number:.0f} {unit}" if unit in {"bytes", "MB"} or number >= 10 else f"{number:.1f} {unit}"
            )
        number /= 1000
    raise AssertionError("unreachable")
