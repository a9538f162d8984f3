"""What each process finds out for itself of a side that several work with: its own login, its own clock.

Such an alarm is ended by who raised it. Another one, to whom all is well, knows nothing of that one's password or
clock; each would end what the other raises, at every pass, and nobody would be told. Only where who raised it works
there no more is it over for whoever finds all well. Source: protocol R12; design page section 3, point 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connector.steps.alarms import end_alarm, raise_alarm, standing
from connector.steps.parts import Parts

_BY: Final = "by"
FOUND_BY: Final = "found_by"
"""In an alarm's data, of several connectors: which of them it is about."""


def begin(parts: Parts, subject: str, cause: str, text: str, data: Mapping[str, Any] | None = None) -> bool:
    """Say that something is the matter here; False, saying nothing, where that stands already. As ``raise_alarm``."""
    who = {_BY: parts.journal.token, FOUND_BY: parts.machine.partition(":")[2]} if parts.shared else {}
    return raise_alarm(parts, subject, cause, text, {**(data or {}), **who})


def over(parts: Parts, subject: str, cause: str, text: str) -> bool:
    """Say that it is over, here; False where it did not stand, or is another's who still works there."""
    known = standing(parts, subject, cause)
    if known is None or _is_anothers(parts, subject, known):
        return False
    return end_alarm(parts, subject, cause, text)


def _is_anothers(parts: Parts, subject: str, known: Mapping[str, Any]) -> bool:
    process = known.get(_BY)
    return process not in {None, parts.journal.token} and parts.works_on(int(str(process)), subject)
