"""What the service lets others see while it runs: its vitals beside the journal, and the metrics where they are wanted.

Both outlive the parts: while no fact can be kept, and nothing works, they tell that.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

from connector.cli.journal_file import sqlite_file
from connector.cli.token_place import is_shared, tokens_in
from connector.cli.wiring import contract_of
from connector.errors import AccessDenied, JournalError
from connector.jesignexpert.tokens import TokenKeeper
from connector.metrics.standing import erased_from
from connector.metrics.vitals import FILE, Vitals

if TYPE_CHECKING:
    from connector.cli.wiring import State
    from connector.config import Config
    from connector.fleet import Fleet
    from connector.journal import Journal
    from connector.lifecycle import Record
    from connector.metrics.series import Series, Sources
    from connector.metrics.server import MetricsServer


PORTS: Final = 16
"""So many connectors of one host are watched: each takes the first port that is free, from the configured one on."""


class Watching:
    """What is seen of one process. ``journal``: the one that is open just now."""

    def __init__(self, config: Config, state: State, kind: Literal["run", "tick"]) -> None:
        self._config, self._state = config, state
        self.vitals = Vitals(state.directory / FILE, now=_now, zone=config.zone, kind=kind)
        self.journal: Journal | None = None
        self.fleet: Fleet | None = None
        """What this process shares out with others."""
        self._server: MetricsServer | None = None
        self._series: Series | None = None

    def begin(self) -> None:
        """Let this process be seen: the journal is its own, or nobody's. Idempotent."""
        self.vitals.keep()
        config = self._config
        if config.metrics is None or self._server is not None:
            return
        from connector.metrics.pages import pages
        from connector.metrics.series import Series
        from connector.metrics.server import MetricsServer

        file = sqlite_file(config.journal.url or self._state.journal_url)
        room = None if file is None else file.parent
        self._series = Series(self.sources())
        answered = pages(self._series, self.vitals, now=_now, room=room)
        self._server = MetricsServer(config.metrics, answered, ports=PORTS if is_shared(config) else 1)
        self._server.start()

    @property
    def config(self) -> Config:
        """What is worked with."""
        return self._config

    def changed(self, config: Config) -> None:
        """Another configuration is worked with from now on. Where metrics are told stays as it was."""
        self._config = config
        if self._series is not None:
            self._series.sources = self.sources()

    def end(self) -> None:
        """Answer nobody any more. Idempotent."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def stands_still(self, why: str) -> None:
        """Tell that no fact can be kept; empty: facts can be kept again."""
        self.vitals.stands_still(why)
        self.vitals.keep()

    def sources(self) -> Sources:
        """Return what the series are made of."""
        from connector.metrics.series import Sources

        config, state = self._config, self._state
        days = contract_of(config).terms.retention_days

        def expiry(account: str) -> datetime | None:
            return token_expiry(tokens_in(config, state, self.journal), account)

        def erasure(record: Record) -> datetime:
            return erased_from(record, days, config.zone)

        return Sources(
            vitals=self.vitals,
            journal=lambda: self.journal,
            servers=tuple(config.servers),
            accounts=tuple(config.accounts),
            folders=tuple(config.folders),
            token_expiry=expiry,
            erasure=erasure,
            shares=lambda: {} if self.fleet is None else self.fleet.counts(),
            now=_now,
        )


def token_expiry(tokens: TokenKeeper, account: str) -> datetime | None:
    """Return when an account's login ends; None where it never was, or nothing is told of its end.

    Nor where the tokens are in a journal that is away: whoever asks tells the rest, and that.
    """
    try:
        found = tokens.load(account)
    except (AccessDenied, JournalError):
        return None
    return None if found is None else found.expires_at


def _now() -> datetime:
    return datetime.now(UTC)
