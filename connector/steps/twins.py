"""Another machine at work under our own name, on a journal of its own: told to the administrator.

R12 tells connectors apart by their names; two that bear one name and one seal are kept from sending twice by the
markers (R2), and from nothing else: they write the same statuses in turn, and of a letter that is edited between their
looks each may send one. It is known by a marker of our name that was made since this process began, and not by it: only
one process works on a journal in a file, and one that was lost or restored was so before. What is taken up from an
earlier life of the journal is older. Where the marker names our own journal, its directory was copied, a backup put to
work elsewhere. Several may work on a journal in PostgreSQL: each of their markers is everybody's. Source: protocol R2,
R12.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from connector.marks import Sent
from connector.steps.alarms import end_alarm, raise_alarm, standing
from connector.steps.parts import FolderSettings, Parts

TWIN: Final = "twin"


def look_at(parts: Parts, folder: str, mark: Sent) -> None:
    """Say so where this marker, which bears our name, was made by another journal while we were here."""
    ours = mark.journal == parts.journal.journal_id
    if mark.made_at <= parts.started_at or mark.nonce in parts.nonces or (ours and parts.journal.shared):
        return
    copied = ", and on a copy of our state directory" if ours else ""
    raise_alarm(
        parts,
        f"folder:{folder}",
        TWIN,
        f"another machine works here under our own name, {parts.connector}{copied}:"
        " stop it, or call one of them otherwise",
        {"connector": parts.connector},
    )


def begin_anew(parts: Parts, folders: Iterable[FolderSettings]) -> None:
    """At a start nothing is known of it any more: it is said again with the next marker, where it goes on."""
    for settings in folders:
        subject = f"folder:{settings.name}"
        told = standing(parts, subject, TWIN)
        if told is not None and datetime.fromisoformat(str(told["since"])) < parts.started_at:
            end_alarm(parts, subject, TWIN, "whether another machine still works here will be seen")
