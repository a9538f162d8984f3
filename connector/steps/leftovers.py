"""What a crash left in the spool goes at the next start; what may be all that is left of a signed document stays."""

from __future__ import annotations

from connector.errors import SpoolError
from connector.steps import storage
from connector.steps.parts import Parts
from connector.steps.spooled import is_signed_name


def sweep(parts: Parts) -> None:
    """At a start, before anything works: take out of the spool what a crash left there, whole or not.

    What is closed is needed no more. What no record bears was spooled right before one was to be made, and is spooled
    again; but where the journal was lost it may be all that is left of a signed document: that stays. A spool that
    takes nothing just now is cleared at another start: all else is to go on.
    """
    try:
        parts.spool.sweep()
        for ref in parts.spool.references():
            record = parts.journal.by_ref(ref)
            needed = _signed_here(parts, ref) if record is None else not record.closed
            if not needed:
                parts.spool.free(ref)
    except SpoolError as error:
        storage.met(parts, error)


def _signed_here(parts: Parts, ref: str) -> bool:
    return any(is_signed_name(path.name) for path in parts.spool.path(ref, "").iterdir())
