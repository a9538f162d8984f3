"""Which requests are meant by what somebody typed: a reference, a transaction, the name or path of a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from unicodedata import normalize

from connector.cli.references import typed
from connector.lifecycle import Record

if TYPE_CHECKING:
    from connector.journal import Journal

FORMAT: Final = 1
REFERENCE: Final = re.compile(r"[0-9A-Za-z]{6}", re.ASCII)


def found_by(journal: Journal, what: str) -> list[Record]:
    """Return the requests that are meant, oldest first: by reference, else by transaction or by a file."""
    if REFERENCE.fullmatch(what) and (record := journal.by_ref(what)) is not None:
        return [record]
    text = typed(what).strip()
    names = {normalize(form, text).rpartition("/")[2] for form in ("NFC", "NFD")} - {""}
    return [record for record in journal.naming(text, names) if _is_meant(record, text)]


def _is_meant(record: Record, text: str) -> bool:
    """True where a transaction is that one, or a path ends so, at a slash."""
    if record.transaction == text:
        return True
    wanted = "/" + normalize("NFC", text).lstrip("/").casefold()
    paths = [record.place]
    for each in record.documents:
        paths += [each.href, each.delivered_href or "", each.original_href or ""]
    return any(normalize("NFC", path).casefold().endswith(wanted) for path in paths)


def listed(records: Sequence[Record], *, names: bool) -> dict[str, Any]:
    """Return several requests in short, as JSON values."""
    return {
        "format": FORMAT,
        "names": names,
        "requests": [
            {
                "ref": record.ref,
                "state": record.state.value,
                "folder": record.folder,
                "first_seen_at": _iso(record.created_at),
                "sent_at": _iso(record.sent_at),
                "file": record.place if names else None,
            }
            for record in records
        ],
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")
