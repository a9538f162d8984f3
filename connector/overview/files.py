"""When an overview is written or taken away, and how: looked at first, a person's words kept, intent before effect."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final

from connector.errors import NotFound, OutOfSpace, PreconditionFailed
from connector.journal import Overview
from connector.overview.gather import news_of
from connector.overview.known import RequestMemory, requests_of
from connector.overview.strays import StrayMemory
from connector.ports import Href
from connector.report.block import Empty, Whole, is_prefix_of, place_mac, read_status, seal_status
from connector.report.list_news import ListNews
from connector.report.overview import overview_words, render_overview
from connector.report.overview_news import OverviewNews
from connector.report.typography import Language
from connector.sidecar import names
from connector.steps import clocks
from connector.steps.discover import Sight
from connector.steps.own_files import MAX_STATUS_BYTES, write_ours
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

AT_MOST_EVERY: Final = timedelta(minutes=5)
"""So often is the overview of one folder written, however much happens in it."""
CALM_WITHIN: Final = timedelta(minutes=1)
"""So long is a pass waited for after which nothing moves: forty letters that leave together are told together."""
_KIND: Final = "overview"

Task = tuple[str, Callable[[], object]]


@dataclass
class OverviewMemory:
    """What a process remembers of overviews; losing it costs reading the journal once."""

    requests: dict[str, RequestMemory] = field(default_factory=dict)
    """By watched folder."""
    words: dict[str, tuple[OverviewNews, str]] = field(default_factory=dict)
    """Href → news and the digest of the words that they make."""
    strays: StrayMemory = field(default_factory=StrayMemory)
    restless_since: datetime | None = None

    def calm(self, now: datetime, *, restless: bool) -> bool:
        """Tell whether to write now. ``restless``: something moved in this pass, or is about to in the next one."""
        self.restless_since = (self.restless_since or now) if restless else None
        return self.restless_since is None or now - self.restless_since >= CALM_WITHIN


def due(
    parts: Parts,
    sight: Sight,
    memory: OverviewMemory,
    lists_told: Mapping[str, ListNews],
    began: datetime,
) -> list[Task]:
    """Return what is to be done now in one watched folder: (name of the file, the doing of it), each apart.

    ``began``: when this pass over the server did. Reads the journal, and settings that changed; this and the tasks
    raise remote errors.
    """
    settings = sight.settings
    requests = requests_of(
        parts, settings.server, settings.name, memory.requests.setdefault(settings.name, RequestMemory())
    )
    name = names.OVERVIEW_NAMES[_language(parts)]
    wanted = {
        Href(home + name): news
        for home, news in news_of(parts, sight, requests, lists_told, began, memory.strays).items()
    }
    written = parts.journal.overviews(settings.server, settings.root)
    _forget_words(memory, settings.root, wanted)
    return [
        *_to_write(parts, settings.server, wanted, written, memory),
        *(
            (f"overview {href}", partial(_take_away, parts, settings.server, kept))
            for href, kept in written.items()
            if href not in wanted
        ),
    ]


def _to_write(
    parts: Parts,
    server: str,
    wanted: Mapping[Href, OverviewNews],
    written: Mapping[str, Overview],
    memory: OverviewMemory,
) -> Iterator[Task]:
    today = _day(parts, parts.now())
    for href, news in wanted.items():
        kept, words = written.get(href), _words(parts, href, news, memory)
        if kept is not None and kept.words:
            new = kept.words != words or kept.intended
            alive = news.root and _day(parts, kept.written_at) != today
            if not (new or alive) or clocks.lasts(parts, kept.written_at, AT_MOST_EVERY):
                continue
        yield f"overview {href}", partial(_write, parts, server, href, news, words, kept)


def _words(parts: Parts, href: str, news: OverviewNews, memory: OverviewMemory) -> str:
    before = memory.words.get(href)
    if before is None or before[0] != news:
        words = overview_words(news, zone=parts.report.zone, language=_language(parts))
        before = memory.words[href] = (news, words)
    return before[1]


def _forget_words(memory: OverviewMemory, root: str, wanted: Mapping[Href, OverviewNews]) -> None:
    for href in [each for each in memory.words if each.startswith(root) and each not in wanted]:
        del memory.words[href]


def _write(
    parts: Parts, server: str, href: Href, news: OverviewNews, words: str, kept: Overview | None
) -> None:
    """Write one overview. Idempotent: what was being written when nobody answered is written once more as it was."""
    now = parts.now()
    earlier = kept.intended.encode() if kept is not None else b""
    if (
        kept is not None
        and kept.intended_words == words
        and clocks.lasts(parts, kept.intended_at, AT_MOST_EVERY)
    ):
        content = earlier
    else:
        text = render_overview(news, zone=parts.report.zone, language=_language(parts), at=now)
        content = seal_status(
            text,
            ref=_KIND,
            transaction=None,
            connector=parts.connector,
            place=href,
            pdf_sha256=None,
            seal_key=parts.sealer.key,
        )
        parts.journal.intend_overview(server, href, content.decode(), words)
    write_ours(
        parts.folders[server],
        href,
        content,
        known=kept is not None and bool(kept.words),
        ours=[content, *([earlier] if earlier else [])],
        seal_key=parts.sealer.key,
    )
    parts.journal.overview_written(server, href, words)


def _take_away(parts: Parts, server: str, kept: Overview) -> None:
    """Remove an overview of ours from a folder that holds no request any more; whatever else lies there stays."""
    folder, href, stream = parts.folders[server], Href(kept.href), io.BytesIO()
    try:
        fetched = folder.get(href, stream, max_bytes=MAX_STATUS_BYTES)
        if fetched.etag is not None and _is_ours(parts, kept, stream.getvalue()):
            folder.delete(href, etag=fetched.etag)
    except (NotFound, PreconditionFailed, OutOfSpace):
        log.info("an overview that is not needed any more went, or became a person's")
    parts.journal.forget_overview(server, kept.href)


def _is_ours(parts: Parts, kept: Overview, data: bytes) -> bool:
    """True for what we wrote at this very place, or the beginning of it; a copy of another folder's is a person's."""
    status = read_status(data, parts.sealer.key)
    if isinstance(status, Whole):
        return status.ref == _KIND and status.place_mac == place_mac(kept.href, parts.sealer.key)
    return isinstance(status, Empty) or is_prefix_of(data, kept.intended.encode())


def _language(parts: Parts) -> Language:
    return "en" if parts.report.language == "en" else "fr"


def _day(parts: Parts, moment: datetime) -> date:
    return moment.astimezone(parts.report.zone).date()
