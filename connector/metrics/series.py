"""The nine series, made anew at each scrape of what is known anyway; a few short questions to the journal.

``table`` names them. A label holds a name of the configuration or a word of a closed list, never a
person's or a file's name. Source: ux page section 6.5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from connector.errors import JournalError
from connector.journal import Journal
from connector.journal.counts import Standing
from connector.lifecycle import JUDGED, Record, State
from connector.metrics.standing import RETURNING
from connector.metrics.table import (
    DEADLINE,
    DMS_REQUESTS,
    EXPIRY,
    LAST_PASS,
    OLDEST_OPEN,
    PAUSED,
    REQUESTS,
    SENDS,
    SHARES,
    Shown,
)
from connector.metrics.vitals import Reason, Vitals

OPEN: Final = tuple(state for state in State if not state.ended)
"""States that a request is counted in: with 0 as well, so that a series never comes or goes."""
RESTS_WITH_PEOPLE: Final = JUDGED - {State.WAITING, State.PREPARED}
"""What waits for whoever asked, for as long as they please: it makes nothing old."""
_FROM_THE_START: Final = ("401", "429", "503", "none")
"""Codes that are told before they were met: what only appears with its first 1 has not increased to Prometheus."""


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where the numbers come from. Names are those of the configuration."""

    vitals: Vitals
    journal: Callable[[], Journal | None]
    """None while no journal is open: what it would tell is left out then."""
    servers: Sequence[str]
    accounts: Sequence[str]
    folders: Sequence[str]
    token_expiry: Callable[[str], datetime | None] = lambda _account: None
    erasure: Callable[[Record], datetime | None] = lambda _record: None
    """When the platform may erase what is signed."""
    shares: Callable[[], Mapping[str, int]] = dict
    """Of several connectors on one journal: who holds → how many shares of the work; empty where it is alone."""
    now: Callable[[], datetime]


@dataclass(frozen=True, kw_only=True)
class _Kept:
    """What the journal told at one moment."""

    standing: Sequence[Standing] = ()
    left: Mapping[str, int] = field(default_factory=dict)
    deadline: datetime | None = None
    held: Mapping[str, str] = field(default_factory=dict)
    told: bool = False


class Series(Collector):
    """Answers a scrape. Nothing is counted between two of them."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def exposition(self, accept: str) -> tuple[str, bytes]:
        """Return the content type and the text, in the form that the scraper asks for."""
        encode, content_type = choose_encoder(accept)
        return content_type, encode(self._registry)

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering asks nobody."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield the families."""
        sources, vital, kept = self.sources, self.sources.vitals.look(), self._journal()
        passes = _family(LAST_PASS)
        requests = _family(DMS_REQUESTS)
        shares = sources.shares()
        for server in sources.servers:
            if shares and f"server:{server}" not in vital.sides:
                continue  # others work there, and tell of it
            side = vital.sides.get(f"server:{server}")
            at = side.looked_at if side is not None else None
            passes.add_metric([server], at.timestamp() if at is not None else 0.0)
            made = dict.fromkeys(_FROM_THE_START, 0) | vital.requests.get(server, {})
            for code, count in sorted(made.items()):
                requests.add_metric([server, code], count)
        yield passes
        if kept.told:
            yield from self._of_requests(kept)
        paused = _family(PAUSED)
        for kind, name, reason in paused_now(vital.standstill, vital.sides, vital.folders, kept.held):
            paused.add_metric([kind, name, reason], 1)
        yield paused
        expiry = _family(EXPIRY)
        for account in sources.accounts:
            until = sources.token_expiry(account)
            if until is not None:
                expiry.add_metric([account], until.timestamp())
        yield expiry
        yield requests
        if shares:
            held = _family(SHARES)
            for holder, count in shares.items():
                held.add_metric([holder], count)
            yield held

    def _of_requests(self, kept: _Kept) -> Iterator[Metric]:
        yield from self._standing(kept.standing)
        deadline = _family(DEADLINE)
        if kept.deadline is not None:
            deadline.add_metric([], kept.deadline.timestamp())
        yield deadline
        sends = _family(SENDS)
        for account in self.sources.accounts:
            sends.add_metric([account], kept.left.get(account, 0))
        yield sends

    def _standing(self, standing: Sequence[Standing]) -> Iterator[Metric]:
        requests = _family(REQUESTS)
        oldest = _family(OLDEST_OPEN)
        now, counted = self.sources.now(), {(one.folder, one.state): one for one in standing}
        for folder in self.sources.folders:
            ages = [0.0]
            for state in OPEN:
                one = counted.get((folder, state))
                requests.add_metric([folder, state.value], one.count if one is not None else 0)
                if one is not None and state not in RESTS_WITH_PEOPLE:
                    ages.append((now - one.oldest_at).total_seconds())
            oldest.add_metric([folder], max(ages))
        yield requests
        yield oldest

    def _journal(self) -> _Kept:
        journal = self.sources.journal()
        if journal is None:
            return _Kept()
        try:
            dates = [
                self.sources.erasure(record) for record in journal.open_in(self.sources.servers, RETURNING)
            ]
            holds = {account: journal.held(account) for account in self.sources.accounts}
            return _Kept(
                standing=journal.standing(self.sources.servers),
                left=journal.left(self.sources.accounts),
                deadline=min((date for date in dates if date is not None), default=None),
                held={account: hold.cause for account, hold in holds.items() if hold is not None},
                told=True,
            )
        except JournalError:
            # It is damaged, or just being closed: the passes find that out, and /health tells it.
            return _Kept()


def _family(shown: Shown) -> GaugeMetricFamily | CounterMetricFamily:
    if shown.kind == "counter":
        return CounterMetricFamily(shown.name.removesuffix("_total"), shown.help, labels=shown.labels)
    return GaugeMetricFamily(shown.name, shown.help, labels=shown.labels)


def paused_now(
    standstill: str, sides: Mapping[str, object], folders: Mapping[str, Reason], held: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Yield (kind, name, reason) of all that rests: the label set of ``jse_paused``."""
    if standstill:
        yield "machine", "journal", Reason.NO_ROOM.value
    for name, side in sorted(sides.items()):
        kind, _, own = name.partition(":")
        reason = getattr(side, "reason", None)
        if reason is not None and kind == "server":
            yield kind, own, reason.value
    for folder, reason in sorted(folders.items()):
        yield "folder", folder, reason.value
    for account, cause in sorted(held.items()):
        yield "account", account, cause
