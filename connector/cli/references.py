"""REF on a command line: a reference, or what matches the file of one request alone. Never a guess."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from connector.sidecar.names import comparable

if TYPE_CHECKING:
    from connector.journal import Journal
    from connector.lifecycle import Record

_MOST_TOLD = 20


def find(journal: Journal, texts: Sequence[str], *, names: bool) -> tuple[list[Record], list[str]]:
    """Return the requests that are meant, each once, and a sentence for each text that means none, or several.

    A reference in upper or lower case; else a file name, with or without its ending, or the end of a path, of the
    request, its documents or its status. Of several at one place the present one is meant, and what is not over before
    what is. ``names``: may file names be printed?
    """
    meant: dict[int, Record] = {}
    problems = []
    for text in map(typed, texts):
        record = journal.by_ref(text)
        found = [record] if record is not None else _by_file(journal, text)
        if len(found) == 1:
            meant.setdefault(found[0].id, found[0])
        elif not found:
            problems.append(f"no request {text.upper() if text.isalnum() else text}.")
        else:
            problems.append(_ambiguous(text, found, names=names))
    return list(meant.values()), problems


def typed(text: str) -> str:
    """Return an argument as a journal can be asked for it: bytes that are no UTF-8 are in no name there."""
    return text.encode(errors="replace").decode()


def _by_file(journal: Journal, text: str) -> list[Record]:
    wanted = comparable(text.strip("/"))
    if not wanted:
        return []
    found = [one for one in journal.everything() if one.current and _matches(one, wanted)]
    return [one for one in found if not one.closed] or found


def _matches(record: Record, wanted: str) -> bool:
    places = [record.place, str(record.extra.get("status_href", ""))]
    for one in record.documents:
        places += [one.href, one.delivered_href or ""]
    for place in filter(None, places):
        path = comparable(place.strip("/"))
        if f"/{path}".endswith(f"/{wanted}") or f"/{wanted}".endswith(f"/{path}"):
            return True
        if path.rpartition("/")[2].startswith(f"{wanted}."):
            return True
    return False


def _ambiguous(text: str, found: Sequence[Record], *, names: bool) -> str:
    lines = [f'"{text}" matches {len(found)} requests; say which:']
    for one in found[:_MOST_TOLD]:
        lines.append(f"  {one.ref}  {one.state.value}  {one.folder}" + (f"  {one.place}" if names else ""))
    if len(found) > _MOST_TOLD:
        lines.append(f"  and {len(found) - _MOST_TOLD} more")
    return "\n".join(lines)
