"""Lists of signatories for ``lint``: each row's request is written into memory, and judged like any other.

What is written there are the very sidecars that the service would put beside the PDFs, by its own step.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Final
from zoneinfo import ZoneInfo

from connector.cli.lint_outcome import Outcome, Verdict, shown_path, unreadable
from connector.cli.local_folder import Area, LocalFolder
from connector.errors import ConnectorError, JournalError, OutOfSpace, PreconditionFailed
from connector.ports import Entry, ETag, Fetched, Href, Listing, Sha256
from connector.report.list_news import ListNews
from connector.report.lists import render_list
from connector.report.typography import Language, say
from connector.sidecar import names
from connector.steps.born import Room
from connector.steps.discover import Sight
from connector.steps.lists import ListMemory, lists_in, news_of
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

_ALL_AT_ONCE: Final = 1_000_000
_ROW: Final = re.compile(r"(?:ligne|line) ([0-9]+)\s*$")


class DraftFolder(LocalFolder):
    """A local folder in which new requests lie in memory: shown and read like the files around them."""

    def __init__(
        self,
        name: str,
        directory: Path,
        *,
        root: Href,
        areas: Sequence[Area] = (),
        shown: Callable[[Path], bool] = lambda _path: True,
    ) -> None:
        super().__init__(name, directory, root=root, areas=areas, shown=shown)
        self.drafts: dict[Href, bytes] = {}

    def create(self, href: Href, content: bytes | Path) -> ETag | None:
        """Keep a new request in memory. PreconditionFailed when one lies there; anything else is refused."""
        if not isinstance(content, bytes) or not names.is_sidecar(href.rsplit("/", 1)[-1]):
            self._refuse("create")
        if href in self.drafts or self.path_of(href).exists():
            raise PreconditionFailed("the name is taken", service=self.name, operation="create")
        self.drafts[href] = content
        return self._draft(href).etag

    def stat(self, href: Href) -> Entry:
        """Look at one file, in memory or not."""
        return self._draft(href) if href in self.drafts else super().stat(href)

    def list(self, href: Href) -> Listing:
        """List one directory, with what lies there in memory."""
        return self._with_drafts(super().list(href), href, deep=False)

    def walk(self, href: Href) -> Listing:
        """List the areas, with what lies in memory."""
        return self._with_drafts(super().walk(href), href, deep=True)

    def get(self, href: Href, into: BinaryIO, *, max_bytes: int) -> Fetched:
        """Copy one file, from memory or not."""
        content = self.drafts.get(href)
        if content is None:
            return super().get(href, into, max_bytes=max_bytes)
        if len(content) > max_bytes:
            raise OutOfSpace("more than allowed", service=self.name, operation="get")
        into.write(content)
        sha256 = Sha256(hashlib.sha256(content).hexdigest())
        return Fetched(size=len(content), sha256=sha256, etag=self._draft(href).etag)

    def row_of(self, href: str) -> int | None:
        """Return the row that a request in memory was made of; None for any file."""
        content = self.drafts.get(Href(href))
        found = _ROW.search(content.decode("utf-8-sig").splitlines()[0]) if content is not None else None
        return int(found[1]) if found else None

    def _draft(self, href: Href) -> Entry:
        content = self.drafts[href]
        etag = ETag(hashlib.sha256(content).hexdigest()[:16])
        return Entry(href=href, is_folder=False, etag=etag, size=len(content))

    def _with_drafts(self, listing: Listing, href: Href, *, deep: bool) -> Listing:
        found = [entry for entry in map(self._draft, self.drafts) if deep or entry.parent == href]
        return replace(listing, entries=(*listing.entries, *found))


def lists_told(
    parts: Parts, sight: Sight, local: DraftFolder, asked: Callable[[Path], bool]
) -> Iterator[tuple[str, Outcome]]:
    """Work through the lists that were asked about; yield each one's folder and what it comes to.

    Their requests lie in memory afterwards: the next look shows them.
    """
    memory = ListMemory()
    for parent, entries in sorted(lists_in(sight).items()):
        paths = [local.path_of(entry.href) for entry in entries]
        if any(map(asked, paths)):
            outcome = _told(parts, sight, entries, memory, paths[0])
            if outcome is not None:
                yield parent, outcome


def _told(
    parts: Parts, sight: Sight, entries: Sequence[Entry], memory: ListMemory, path: Path
) -> Outcome | None:
    """Work through one list; whatever happens to it never stops the others."""
    try:
        news = news_of(parts, sight, list(entries), {}, [], memory, Room(left=_ALL_AT_ONCE))
    except JournalError:
        raise
    except ConnectorError as error:
        return unreadable(path, str(error), _language(parts), kind="list")
    except Exception as error:
        log.exception("a list met a defect")
        return unreadable(path, type(error).__name__, _language(parts), kind="list")
    return _outcome(parts, news, path) if news is not None else None


def _language(parts: Parts) -> Language:
    return "en" if parts.report.language == "en" else "fr"


def _outcome(parts: Parts, news: ListNews, path: Path) -> Outcome:
    language = _language(parts)
    text = render_list(
        news, zone=ZoneInfo(parts.report.timezone), language=language, support=parts.report.support
    )
    problems = (*news.faults, *news.problems)
    verdict = Verdict.WAITING_PDF if news.missing else Verdict.OK
    if problems or news.hidden:
        verdict = Verdict.TO_CORRECT
    return Outcome(
        path=shown_path(path),
        kind="list",
        verdict=verdict,
        first_line=text.first_line if verdict is not Verdict.OK else _ok(news, language),
        problems=problems,
        hint=_missing(news, language),
    )


def _ok(news: ListNews, language: Language) -> str:
    one, more = (
        ("OK – {n}~ligne, sa demande est jugée ici", "OK – {n}~lignes, leurs demandes sont jugées ici")
        if language == "fr"
        else ("OK – {n}~row, its request is judged here", "OK – {n}~rows, their requests are judged here")
    )
    return say(one if news.total == 1 else more, language, n=news.total)


def _missing(news: ListNews, language: Language) -> str:
    if not news.missing:
        return ""
    told = ", ".join(f"{one.line} ({one.document})" for one in news.missing)
    template = "Lignes sans PDF : {told}." if language == "fr" else "Rows without a PDF: {told}."
    return say(template, language, told=told)
