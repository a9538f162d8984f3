"""What lies at a place of the folder now, brought here to be looked at. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from connector.errors import NotFound, OutOfSpace
from connector.lifecycle import Record
from connector.ports import Fetched, Folder, Href
from connector.steps.parts import Parts
from connector.steps.spooled import present_name


@dataclass(frozen=True, kw_only=True)
class Present:
    """What lies at a path now. ``path`` is the downloaded copy, None when it is larger than anything of ours."""

    entry_href: Href
    fetched: Fetched | None
    path: Path | None

    @property
    def sha256(self) -> str | None:
        """Of its bytes; None when they were too many to fetch."""
        return self.fetched.sha256 if self.fetched is not None else None


def present_at(parts: Parts, folder: Folder, record: Record, href: Href, *, rank: int = 1) -> Present | None:
    """Fetch what lies at ``href``; None when nothing does. ``rank``: of the document that is looked for."""
    limit = parts.accounts[record.account].terms.max_signed_bytes
    try:
        path, fetched = parts.spool.put(
            record.ref, present_name(rank), lambda stream: folder.get(href, stream, max_bytes=limit)
        )
    except NotFound:
        return None
    except OutOfSpace:
        return Present(entry_href=href, fetched=None, path=None)
    return Present(entry_href=href, fetched=fetched, path=path)
