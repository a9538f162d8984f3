"""What the grammar reads and this release does not act on yet: refused by name, never ignored.

A person who asked for something and did not get it must know before anything leaves. A line leaves this table when
the step that obeys it exists; nothing else has to change.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from connector.errors import Problem
from connector.sidecar.fields import Seen

NOT_YET: Final = frozenset(
    {
        "documents",  # other than the request's own PDF
        "annexes",
        "note",
        "message=file",
        "then",
        "contact",
        "contacts",
        "drop",
        "place=inherited",
        "confidential_to",
        "logo=no",
        "handwritten=yes",
        "requester",
        "level=advanced",
        "level=qualified",
        "document",  # other than the request's own PDF
        "near",
        "occurrence",
        "offset",
        "corner",
    }
)
"""Marks of :class:`~connector.sidecar.fields.Seen`: an English key, or a key with the value that is not acted on."""


def not_acted_on(seen: Iterable[Seen]) -> list[Problem]:
    """Return one ``not_yet`` for each thing met that this release would leave undone."""
    return [
        Problem(code="not_yet", line=one.line, values={"key": one.written})
        for one in seen
        if one.mark in NOT_YET
    ]
