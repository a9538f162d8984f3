"""Which requests' files are, byte for byte, what we wrote: the only ones that we may change after the end.

Kept as a digest of the content, so that a file is known wherever it has been moved to. A person who adds a word to one
makes it theirs.
"""

from __future__ import annotations

import hashlib
from typing import Final

from connector.steps.parts import Parts

_EVENT: Final = "written"


def keep(parts: Parts, content: bytes) -> None:
    """Remember that these bytes are ours."""
    parts.journal.mark_account(_subject(content), _EVENT, {})


def is_ours(parts: Parts, content: bytes) -> bool:
    """True for the very bytes that were remembered; False also where that journal is lost."""
    return parts.journal.last_account_event(_subject(content), _EVENT) is not None


def _subject(content: bytes) -> str:
    return "written:" + hashlib.sha256(content).hexdigest()[:32]
