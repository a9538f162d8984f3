"""The real parts that the steps work with; ``cli`` alone puts them together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from connector.config.model import Ceiling
from connector.errors import Problem
from connector.journal import Journal
from connector.marks import Sealer
from connector.pdf.model import PdfFacts, Verdict
from connector.ports import Box, Folder, Href, SigningService, Terms
from connector.sidecar.model import Signatory
from connector.spool import Spool


class DocumentReader(Protocol):
    """Judges PDFs in a limited subprocess. DocumentError when one is broken, hostile or too slow."""

    def facts(self, path: Path) -> PdfFacts:
        """What a PDF is."""
        ...

    def problems(self, facts: PdfFacts, *, max_bytes: int) -> list[Problem]:
        """Why it must not be sent, everything at once."""
        ...

    def place(
        self, path: Path, facts: PdfFacts, signatories: Sequence[Signatory]
    ) -> tuple[list[Box], list[Problem]]:
        """Where each signatory signs, or why that cannot be."""
        ...

    def verify(
        self, path: Path, *, pages: int | None, pages_digest: str | None, signatures: int | None
    ) -> Verdict:
        """What came back: intact, and as expected."""
        ...

    def preview(self, path: Path, into: Path, boxes: Sequence[Box], names: Sequence[str]) -> None:
        """Draw the boxes and names on a copy."""
        ...


@dataclass(frozen=True, kw_only=True)
class FolderSettings:
    """One watched folder, as the steps need it."""

    name: str
    server: str
    root: Href
    """Beginning and ending with "/"."""
    registry: Href
    """Where its markers live."""
    accounts: tuple[str, ...]
    ceiling: Ceiling
    refuse_domains: tuple[str, ...] = ()
    same_phone_refused: bool = True
    max_sends_per_hour: int | None = None
    watch_root: str = ""
    """Server URL and path: another one is another folder (protocol R7)."""

    @property
    def owner_folder(self) -> Href:
        """The hidden folder at the watched root that holds ``owner``."""
        return Href(self.root + ".signature/")


@dataclass(frozen=True, kw_only=True)
class AccountSettings:
    """One account at the platform, as the steps need it."""

    name: str
    sender: str
    max_sends_per_day: int | None
    terms: Terms


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Waiting times. Defaults are those of the design; tests may shorten them."""

    settle: timedelta = timedelta(seconds=1)
    """A file's ETag must have held for longer than this."""
    pdf_patience: timedelta = timedelta(minutes=3)
    """A sidecar waits this long for its PDF before anything is said."""
    gone_patience: timedelta = timedelta(minutes=10)
    """A missing file is called gone after this: moves arrive as delete and upload."""
    quiet_send: timedelta = timedelta(minutes=15)
    """After an unanswered send, "not sent" proves nothing before this (protocol R9)."""
    doubt: timedelta = timedelta(hours=2)
    """An open send that cannot be asked about is shown as doubtful after this (protocol R13)."""
    follow_first_hour: timedelta = timedelta(minutes=2)
    follow_first_day: timedelta = timedelta(minutes=10)
    follow_later: timedelta = timedelta(minutes=30)
    retry_first: timedelta = timedelta(seconds=30)
    retry_most: timedelta = timedelta(minutes=30)
    probe: timedelta = timedelta(minutes=15)
    """How often a held account is probed by one request."""
    retention: timedelta = timedelta(days=30)


@dataclass
class Parts:
    """Everything a pass needs. Shared by the jobs of one process; each field is thread-safe."""

    journal: Journal
    spool: Spool
    sealer: Sealer
    documents: DocumentReader
    folders: Mapping[str, Folder]
    """By server name."""
    services: Mapping[str, SigningService]
    """By account name."""
    watched: Mapping[str, FolderSettings]
    accounts: Mapping[str, AccountSettings]
    connector: str
    now: Callable[[], datetime]
    report: ReportSettings
    timing: Timing = field(default_factory=Timing)
    stop: threading.Event = field(default_factory=threading.Event)
    fresh_marks: set[int] = field(default_factory=set)
    """Records whose ``mark`` intent this very process committed: a marker found otherwise is a question."""
    fresh_sends: set[int] = field(default_factory=set)
    """Records whose ``send`` intent this very process committed: only they may be sent (protocol step 6)."""

    def folder_of(self, name: str) -> FolderSettings:
        """Return the settings of a watched folder."""
        return self.watched[name]


@dataclass(frozen=True, kw_only=True)
class ReportSettings:
    """How people are told things."""

    timezone: str = "Europe/Paris"
    language: str = "fr"
    support: str = ""
