"""A DMS server that told one of several processes to let it be is let be by all, so far as that costs next to nothing.

Looked at with each sign of life; where the journal cannot be asked, each process goes by what it was told itself. (A
login that is refused is an alarm of the server's, which the others look at before they ask: ``passes``.) Source: issue
"Many firms", point 3; RFC 9110 section 10.2.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

_GRAIN_S: Final = 2.0
"""Two clocks that are read one after the other differ by less."""


class Told(Protocol):
    """What one login was told: ``connector.webdav.connections.Connections``."""

    def let_be_s(self) -> float:
        """So many seconds the server still wants to be let be."""
        ...

    def let_be(self, seconds: float) -> None:
        """Ask nothing for so long."""
        ...


def exchange(
    logins: Mapping[str, Told], pauses: Mapping[str, float], tell: Callable[[str, float], None]
) -> None:
    """Take in what the others were told, and ``tell`` what is new of ours. ``pauses``: server → seconds left."""
    for server, login in logins.items():
        ours, theirs = login.let_be_s(), pauses.get(server, 0.0)
        if theirs > ours + _GRAIN_S:
            login.let_be(theirs)
        elif ours > theirs + _GRAIN_S:
            tell(server, ours)
