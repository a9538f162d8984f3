"""What the journal of a running service knows: a copy of SQLite's is read, nothing is opened or made beside it.

The copy lies in a private temporary directory and is gone before anything else is done. Source: ux page 6.3 ("runs
beside the service").
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from connector.cli.journal_file import copy_journal, journal_access, open_journal, sqlite_file
from connector.config import Config
from connector.errors import ConfigurationError, JournalError
from connector.journal import Journal, schema, surveying
from connector.journal.ends import End
from connector.journal.examining import Examined, examine
from connector.journal.surveying import Survey
from connector.lifecycle import Record
from connector.report.facts import EXPIRY_COMPUTED
from connector.steps.refused_login import LOGIN_REFUSED

_ALARM: Final = "alarm"
_MOST_LIVED: Final = 200
"""The newest so many requests of an account are evidence enough."""


@dataclass(frozen=True, kw_only=True)
class Lived:
    """What one request has shown of the platform: moments only."""

    sent_at: datetime | None
    expires_at: datetime | None
    last_signature_at: datetime | None
    fetched_at: datetime | None
    fetched: bool
    attested: bool
    signatories: int
    signatures: int | None


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known before anybody is asked. ``file``: None where the journal is none of SQLite's."""

    file: Path | None = None
    size: int = 0
    examined: Examined | None = None
    """None: there is no journal, or it cannot be read (``problem`` says why)."""
    problem: str = ""
    refused: Mapping[str, datetime] = field(default_factory=dict)
    """Servers whose login was refused, since when: the service rests there."""
    held: Mapping[str, tuple[str, datetime]] = field(default_factory=dict)
    """Account → why its launches rest, since when."""
    confirmed: Mapping[str, str] = field(default_factory=dict)
    """Account → digest of the contract under which a transaction was read back."""
    absent: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Account → operations that were found not to be there under the contract in force."""
    lived: Mapping[str, tuple[Lived, ...]] = field(default_factory=dict)
    """Account → what its requests have shown."""
    survey: Survey | None = None
    """The journal's database, where it is none of SQLite's."""


def know(config: Config, state: Path, *, digest: str) -> Known:
    """Read the journal. ``digest``: of the contract in force. Never raises: what cannot be read is said."""
    file = sqlite_file(config.journal.url or f"sqlite:///{state / 'journal' / 'journal.sqlite'}")
    if file is None:
        return _shared(config, digest)
    size = sum(part.stat().st_size for part in (file, file.with_name(file.name + "-wal")) if part.is_file())
    try:
        if not file.is_file():
            return Known(file=file)
        with tempfile.TemporaryDirectory(prefix="jse-doctor-") as directory:
            copy = Path(directory) / "journal.sqlite"
            copy_journal(file, copy, lock=state / "journal" / "lock")
            examined = examine(copy)
            if not examined.intact or examined.too_new or not examined.schema:
                return Known(file=file, size=size, examined=examined)
            return _read(config, copy, digest, Known(file=file, size=size, examined=examined))
    except JournalError as error:
        return Known(file=file, size=size, problem=str(error))
    except OSError as error:
        return Known(file=file, size=size, problem=f"{error.strerror}: {file}")


def _shared(config: Config, digest: str) -> Known:
    """Look into a journal in PostgreSQL, beside whoever works on it."""
    try:
        end = End(url=config.journal.url or "", **journal_access(config))
        found = surveying.survey(end, config.journal.replication)
        known = Known(survey=found, size=found.size)
        if found.schema != schema.VERSION or found.moved is not None:
            return known
        journal = open_journal(end, read_only=True)
        return replace(_known(config, journal, digest, known), survey=found)
    except ConfigurationError as error:
        return Known(problem="; ".join(problem.text for problem in error.problems))
    except JournalError as error:
        return Known(problem=str(error))


def _read(config: Config, copy: Path, digest: str, known: Known) -> Known:
    return _known(config, Journal(f"sqlite:///{copy}", now=lambda: datetime.now(UTC)), digest, known)


def _known(config: Config, journal: Journal, digest: str, known: Known) -> Known:
    """Ask an open journal, and close it."""
    try:
        refused = {name: since for name in config.servers if (since := _refused(journal, name)) is not None}
        held = {
            name: (hold.cause, hold.since)
            for name in config.accounts
            if (hold := journal.held(name)) is not None
        }
        confirmed = {
            name: str(event["digest"])
            for name in config.accounts
            if (event := journal.last_account_event(name, "contract_confirmed")) is not None
        }
        absent = {name: _absent(journal, name, digest) for name in config.accounts}
        newest = {name: deque[Record](maxlen=_MOST_LIVED) for name in config.accounts}
        for one in journal.everything():
            if one.sent_at and one.account in newest:
                newest[one.account].append(one)
        lived = {name: tuple(_lived(journal, one) for one in sent) for name, sent in newest.items()}
    finally:
        journal.close()
    return Known(
        file=known.file,
        size=known.size,
        examined=known.examined,
        refused=refused,
        held=held,
        confirmed=confirmed,
        absent=absent,
        lived=lived,
    )


def _refused(journal: Journal, server: str) -> datetime | None:
    event = journal.last_account_event(f"server:{server} {LOGIN_REFUSED}", _ALARM)
    return datetime.fromisoformat(str(event["since"])) if event is not None and event["on"] else None


def _absent(journal: Journal, account: str, digest: str) -> frozenset[str]:
    found = {
        name: journal.last_account_event(account, f"absent_{name}")
        for name in ("cancel", "remind", "attestation")
    }
    return frozenset(
        name for name, event in found.items() if event is not None and event.get("contract") == digest
    )


def _lived(journal: Journal, record: Record) -> Lived:
    events: list[tuple[datetime, str, dict[str, Any]]] = journal.events(record)
    fetched = [at for at, name, _ in events if name == "fetched"]
    signed = [one.signed_at for one in record.signatories if one.signed_at is not None]
    all_signed = len(signed) == len(record.signatories) and bool(signed)
    return Lived(
        sent_at=record.sent_at,
        # What was computed by our own rule shows nothing of the platform's.
        expires_at=None if record.extra.get(EXPIRY_COMPUTED) else record.expires_at,
        last_signature_at=max(signed) if all_signed else None,
        fetched_at=fetched[0] if fetched else None,
        fetched=bool(fetched),
        attested=any(name == "attestation_fetched" for _, name, _ in events),
        signatories=len(record.signatories),
        signatures=record.documents[0].signatures if record.documents else None,
    )


def sealing_delays(lived: tuple[Lived, ...]) -> list[timedelta]:
    """How long after the last signature each signed document was here, shortest first."""
    return sorted(
        max(one.fetched_at - one.last_signature_at, timedelta(0))
        for one in lived
        if one.fetched_at is not None and one.last_signature_at is not None
    )
