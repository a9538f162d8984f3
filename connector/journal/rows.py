"""A record as a row of the journal, and a row as the record it holds. Source: design page section 3."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa

from connector.errors import JournalError
from connector.identity import digest_of
from connector.lifecycle import Record

STATUS: Final = "status_href"
"""In ``extra``: where the status stands."""


def columns_of(record: Record) -> dict[str, Any]:
    """Return what a record's row holds: what is looked for in columns, everything as JSON."""
    return {
        "ref": record.ref,
        "folder": record.folder,
        "server": record.server,
        "account": record.account,
        "state": record.state.value,
        "place": place_text(record.place),
        "current": record.current,
        "key": record.key,
        "file_id": record.document.file_id,
        "document_sha256": record.document.sha256,
        "signed_sha256": record.document.signed_sha256,
        "sidecar_sha256": record.sidecar_sha256,
        "transaction_id": record.transaction,
        "closed": record.closed,
        "next_at": record.next_at.timestamp() if record.next_at else None,
        # Not model_dump_json: paths may hold bytes that are not UTF-8, which only ASCII JSON carries.
        "facts": json.dumps(record.model_dump(mode="json", exclude={"id", "current"})),
    }


@lru_cache(maxsize=4096)
def digest_of_href(server: str, href: str) -> str:
    """Return what a file's place on a server is found by."""
    return digest_of([server, href])[:32]


def whereabouts_of(record: Record) -> frozenset[str]:
    """Return what a request is found by through its files: each document, and its status; nothing once it is closed."""
    if record.closed:
        return frozenset()
    places = {record.extra.get(STATUS), *(one.href for one in record.documents)} - {None, ""}
    return frozenset(digest_of_href(record.server, str(place)) for place in places)


def place_text(href: str) -> str:
    """Return a place as a column can hold it; one that is not UTF-8 as JSON, whose quote begins no other place."""
    try:
        href.encode()
    except UnicodeEncodeError:
        return json.dumps(href)
    return href


def record_of(row: sa.Row[Any]) -> Record:
    """Return the record of a row. Raises JournalError when it cannot be read."""
    return _read(row.id, row.current, row.facts)


@lru_cache(maxsize=512)
def _read(record_id: int, current: bool, facts: str) -> Record:
    """Read what a row says. Records never change: the same row, read again and again, is the same record."""
    try:
        # `current` lives in its column alone: a newer record of the same place takes it away from the older one.
        return Record.model_validate({**json.loads(facts), "id": record_id, "current": current})
    except (ValueError, TypeError) as error:
        raise JournalError(
            f"record {record_id} of the journal cannot be read: {type(error).__name__}"
        ) from error
