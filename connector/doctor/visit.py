"""What one run of ``doctor`` is given: the configuration, this host's state, a clock, and what is known already."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from connector.config import Config, SecretReference, resolve_secret
from connector.doctor.knowing import Known
from connector.doctor.running import CHECK_S, GROUP_S
from connector.errors import ConfigurationError
from connector.jesignexpert.contract import Contract
from connector.jesignexpert.tokens import TokenKeeper, TokenStore

PLATFORM: Final = "Jesignexpert"
CLOCK_WAIT_S: Final = 12.0
"""So long this host's clock waits to be held against that of a side which has not answered yet."""


class Drifts:
    """The clocks of the other sides minus ours, in seconds, as each side comes to know it. Thread-safe."""

    def __init__(self, sides: tuple[str, ...]) -> None:
        self._told = {side: threading.Event() for side in sides}
        self._drift: dict[str, float] = {}

    def tell(self, side: str, seconds: float | None) -> None:
        """Say what a side's first answer showed; None: it showed nothing, and will not."""
        if seconds is not None:
            self._drift[side] = seconds
        self._told[side].set()

    def all(self, wait_s: float) -> Mapping[str, float]:
        """Return what is known, after waiting for the others for so long altogether."""
        until = time.monotonic() + wait_s
        for told in self._told.values():
            told.wait(max(0.0, until - time.monotonic()))
        return {side: self._drift[side] for side in self._told if side in self._drift}


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One run. ``now``: aware UTC. ``wait``: sleeps so many seconds; a test lets its servers' clock go on instead."""

    config: Config
    contract: Contract
    state: Path
    known: Known
    drifts: Drifts
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    wait: Callable[[float], None] = time.sleep
    offline: bool = False
    try_login: bool = False
    """Try a login once that the service was refused."""
    check_s: float = CHECK_S
    group_s: float = GROUP_S
    shared_tokens: TokenKeeper | None = None
    """Where connectors that share a journal keep the accounts' tokens; None: in the state directory."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Dotted path → secret, of those that can be read here. Never printed."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Dotted path → why it cannot be read here."""

    @property
    def tokens(self) -> TokenKeeper:
        """Where the accounts' tokens are."""
        return self.shared_tokens or TokenStore(self.state / "tokens")

    @property
    def tag(self) -> str:
        """Tells scratch places of this host and configuration from those of others: eight hexadecimal digits."""
        of = f"{socket.gethostname()}\0{self.config.connector or ''}\0{self.state.absolute()}"
        return hashlib.sha256(of.encode("utf-8", "surrogateescape")).hexdigest()[:8]

    @property
    def connector(self) -> str | None:
        """This connector's id; None where it has not been written yet."""
        if self.config.connector is not None:
            return self.config.connector
        try:
            return (self.state / "connector-id").read_text("utf-8").strip() or None
        except (OSError, UnicodeDecodeError):
            return None


def read_secrets(config: Config) -> tuple[dict[str, str], dict[str, str]]:
    """Return (path → secret, path → why it is missing) of every reference in the configuration."""
    from connector.config import references

    found: dict[str, str] = {}
    missing: dict[str, str] = {}
    for path, reference in references(config):
        try:
            found[path] = resolve_secret(reference, path=path)
        except ConfigurationError as error:
            missing[path] = "; ".join(problem.text for problem in error.problems)
    return found, missing


def told(visit: Visit, path: str, written: str | SecretReference) -> str | None:
    """Return a value that may stand in the file or be kept elsewhere; None where it is missing."""
    return written if isinstance(written, str) else visit.secrets.get(path)
