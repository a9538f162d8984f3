"""The protocol by which an account is connected again while the service runs: a page for a person, then its outcome."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class LoginPage:
    """Where a person logs in. ``until`` (aware UTC): whoever comes later is not heard any more."""

    id: str
    """Names this very page among all; not its key."""
    url: str = field(repr=False)
    until: datetime


class Connected(StrEnum):
    """What became of a page that somebody has answered."""

    KEPT = "kept"
    """The account is connected."""
    OTHER_OFFICE = "other_office"
    """Another firm was picked than the one this account is."""
    OTHER_PERSON = "other_person"
    """Somebody else has logged in than those who may."""
    OTHER_ACCOUNT = "other_account"
    """The firm of another account was picked, and nobody is told who did."""


class AccountLogin(Protocol):
    """One account's way to new tokens. Thread-safe."""

    def expires_at(self) -> datetime | None:
        """Return when the present tokens end, aware UTC; None where that is not told, or there are none."""

    def connected(self) -> bool:
        """True where there are tokens, good or not."""

    def page_life_s(self) -> float:
        """Return for how long a page is good, in seconds."""

    def draw(self) -> LoginPage:
        """Ask for a page, and remember that an answer is awaited, restarts included. Raises RemoteError."""

    def awaited(self) -> bool:
        """True while a page that was drawn may still be answered."""

    def fetch(self) -> Connected | None:
        """Ask once whether somebody has answered; what belongs to this account is kept. Raises RemoteError.

        None: nobody has, or none is awaited any more.
        """

    def close(self) -> None:
        """Let go of its connections. Idempotent."""
