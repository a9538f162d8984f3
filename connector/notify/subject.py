"""The subject of a mail as a header: shown as it was written, whatever people wrote in it.

``EmailMessage`` folds a text itself: up to Python 3.12.1 it loses blanks between words with accents, and what looks
encoded is decoded. It takes a header that does so for itself (``email.policy``: ``header_store_parse``, ``fold``).
"""

from __future__ import annotations

from email.header import Header
from email.policy import Policy
from typing import Final

_LONGEST: Final = 900
"""A line of ASCII has 998 at most."""
_LOOKS_ENCODED: Final = "=?"


class Subject(str):
    """One line. ASCII stays as it is: folded, a long word would leave the first line empty."""

    __slots__ = ()
    name = "Subject"

    def __new__(cls, text: str) -> Subject:
        """Make it one line."""
        return super().__new__(cls, " ".join(text.split()))

    def fold(self, *, policy: Policy) -> str:
        """Return the whole field, as it is sent."""
        if self.isascii() and len(self) < _LONGEST and _LOOKS_ENCODED not in self:
            told = str(self)
        else:
            told = Header(str(self), "utf-8", maxlinelen=76, header_name=self.name).encode(
                linesep=policy.linesep
            )
        return f"{self.name}: {told}{policy.linesep}"
