"""A request as it is once a call made for it has been answered: others have written to its record meanwhile.

That its status was written or a tag was hung is no reason to throw away what the platform has told, or a document that
took minutes to come. Source: protocol R12.
"""

from __future__ import annotations

from typing import Final

from connector.lifecycle import Record
from connector.steps.parts import Parts

_RESTED_ON: Final = (
    "state",
    "account",
    "transaction",
    "document",
    "more",
    "signatories",
    "ask",
    "obeyed",
    "adopted",
)
"""Fields that an answer of the platform is understood by."""


def as_it_is_now(parts: Parts, record: Record) -> Record:
    """Return the record as the journal has it now, if nothing has changed that an answer to it rests on.

    Else as it was: whoever writes it then meets StaleRecordError, and what was asked is asked anew.
    """
    now = parts.journal.get(record.id)
    same = all(getattr(now, name) == getattr(record, name) for name in _RESTED_ON)
    return now if same else record
