"""Files that speak of a whole list or drop folder: sealed as a status is, written when their words change.

Never over a person's own file: what they wrote under such a name is moved aside first (protocol R4). What was said
last is kept in the journal, so that a start writes nothing anew.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Final

from connector.identity import digest_of
from connector.ports import Href
from connector.report.block import seal_status
from connector.report.status import StatusText
from connector.steps.discover import Sight
from connector.steps.own_files import remove_ours, write_ours
from connector.steps.parts import Parts

LIST: Final = "list"
DROP: Final = "drop"
_EVENT: Final = "answered"


@dataclass
class AnswerMemory:
    """What a process remembers of these files; losing it costs a look, never a mistake."""

    digests: dict[str, str] = field(default_factory=dict)
    """Href → digest of the words that were written last."""
    written: dict[str, Sight] = field(default_factory=dict)
    """Href → the sight during which it was written, and which therefore cannot show it."""
    foreign: dict[str, str | None] = field(default_factory=dict)
    """Href → ETag of a file that was looked at and is not ours to remove."""


def answer(
    parts: Parts,
    sight: Sight,
    href: Href,
    text: StatusText,
    memory: AnswerMemory,
    *,
    kind: str,
    again: bool = True,
) -> None:
    """Bring one file up to its text. ``again``: one that a person deleted comes back. Raises remote errors."""
    digest = hashlib.sha256(text.text.encode("utf-8", "surrogateescape")).hexdigest()
    there = href in sight.by_href or memory.written.get(href) is sight
    if _last(parts, sight, href, memory) == digest and (there or not again):
        return
    content = seal_status(
        text.text,
        ref=kind,
        transaction=None,
        connector=parts.connector,
        place=href,
        pdf_sha256=None,
        seal_key=parts.sealer.key,
    )
    folder = parts.folders[sight.settings.server]
    write_ours(folder, href, content, known=there, ours=[content], seal_key=parts.sealer.key)
    memory.written[href] = sight
    _keep(parts, sight, href, digest, memory)


def take_away(parts: Parts, sight: Sight, href: Href, memory: AnswerMemory, *, kind: str) -> None:
    """Remove a file of ours whose list or PDF is gone; what a person wrote stays. Idempotent. Raises remote errors."""
    entry = sight.by_href.get(href)
    fresh = memory.written.get(href) is sight
    if not fresh and (entry is None or memory.foreign.get(href, "") == entry.etag):
        return
    remove_ours(parts, parts.folders[sight.settings.server], href, kind)
    memory.foreign[href] = entry.etag if entry is not None else None
    memory.written.pop(href, None)
    if _last(parts, sight, href, memory):
        _keep(parts, sight, href, "", memory)


def _last(parts: Parts, sight: Sight, href: Href, memory: AnswerMemory) -> str:
    if href not in memory.digests:
        last = parts.journal.last_account_event(_subject(sight, href), _EVENT) or {}
        memory.digests[href] = str(last.get("digest", ""))
    return memory.digests[href]


def _keep(parts: Parts, sight: Sight, href: Href, digest: str, memory: AnswerMemory) -> None:
    parts.journal.mark_account(_subject(sight, href), _EVENT, {"digest": digest})
    memory.digests[href] = digest


def _subject(sight: Sight, href: Href) -> str:
    """No name of a file stands in what is never erased."""
    return "answer:" + digest_of([sight.settings.server, href])[:32]
