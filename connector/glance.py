"""A glance at the journal from outside: a few numbers, in milliseconds, with not one byte written.

For ``check-config``, which says what a changed configuration means for the requests that are there, beside a running
service or without one, often many times a day. Apart from ``journal``: loading its library would take longer than the
whole check. Whatever cannot be read is not known, and nothing breaks.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode
from zoneinfo import ZoneInfo

_OPEN: Final = (
    "SELECT folder, account, state, count(*) FROM record WHERE NOT closed GROUP BY folder, account, state"
)
_SENT: Final = "SELECT account, at, record_id FROM event WHERE name = 'sent' AND account IS NOT NULL"
_MOVED: Final = "SELECT value FROM meta WHERE name = 'moved_to'"
_DAYS: Final = """
SELECT account, n, day FROM (
  SELECT account, day, n, row_number() OVER (PARTITION BY account ORDER BY n DESC, day) AS place FROM (
    SELECT account, (to_timestamp(at) AT TIME ZONE %s)::date AS day, count(DISTINCT record_id) AS n
    FROM event WHERE name = 'sent' AND account IS NOT NULL GROUP BY 1, 2
  ) AS days
) AS busy WHERE place = 1
"""
"""PostgreSQL counts for itself: of many firms these are many rows."""
_PATIENCE_S: Final = 0.2
_CONNECT_S: Final = 2
"""The least that PostgreSQL's library can be told."""
_ANSWER_S: Final = 2


@dataclass(frozen=True)
class Glance:
    """Requests that are not over, and the most that an account sent on one day."""

    opened: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    """(folder, account, state) → how many."""
    busiest: Mapping[str, tuple[int, date]] = field(default_factory=dict)
    """Account → how many were sent on its busiest day, and when that was."""
    moved_to: str = ""
    """Where this journal went; empty: it is in use."""

    def of_folder(self, name: str, *states: str) -> int:
        """How many of a folder are open; of these states only, where some are given."""
        return sum(
            n for (folder, _, state), n in self.opened.items() if folder == name and _in(state, states)
        )

    def of_account(self, name: str, *states: str) -> int:
        """How many of an account are open; of these states only, where some are given."""
        return sum(
            n for (_, account, state), n in self.opened.items() if account == name and _in(state, states)
        )


def _in(state: str, states: tuple[str, ...]) -> bool:
    return not states or state in states


def journal_of(url: str) -> Path | None:
    """The file of a SQLite URL, None for another database."""
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None


def glance(file: Path, zone: ZoneInfo, *, in_use: bool) -> Glance | None:
    """Look into a SQLite journal; None where there is none, or none that can be read.

    ``in_use``: the service has it open. Else nothing may be made beside the file, so it is taken as it lies there.
    """
    how = "mode=ro" if in_use else "mode=ro&immutable=1"
    try:
        if not file.is_file():
            return None
        uri = f"{file.resolve().as_uri()}?{how}"
        with closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE_S)) as connection:
            opened = {(folder, account, state): n for folder, account, state, n in connection.execute(_OPEN)}
            moved = connection.execute(_MOVED).fetchone()
            return Glance(opened, _busiest(connection, zone), _other(moved))
    except (OSError, sqlite3.Error):
        return None


def glance_at(url: str, password: str | None, zone: ZoneInfo) -> Glance | None:
    """Look into a journal in PostgreSQL; None where that is not to be had within two seconds or so."""
    try:
        import psycopg
    except ImportError:
        return None
    try:
        with psycopg.connect(
            _for_libpq(url), connect_timeout=_CONNECT_S, autocommit=True, password=password
        ) as connection:
            connection.execute("SET default_transaction_read_only = on")
            connection.execute(f"SET statement_timeout = {_ANSWER_S * 1000}".encode())
            opened = {(folder, account, state): n for folder, account, state, n in connection.execute(_OPEN)}
            days = connection.execute(_DAYS, (zone.key,)).fetchall()
            moved = connection.execute(_MOVED).fetchone()
            return Glance(opened, {account: (n, day) for account, n, day in days}, _other(moved))
    except psycopg.Error:
        return None


def _for_libpq(url: str) -> str:
    """The same URL as libpq reads it, several hosts in one place: ``host=a:1&host=b:2`` is ``host=a,b&port=1,2``."""
    bare, _, query = url.replace("postgresql+psycopg://", "postgresql://", 1).partition("?")
    said = parse_qsl(query)
    hosts = [value for name, value in said if name == "host"]
    if not hosts or "/" in "".join(hosts) or ":" not in "".join(hosts):
        return f"{bare}?{query}" if query else bare
    places = [host.partition(":") for host in hosts]
    rest = [(name, value) for name, value in said if name != "host"]
    rest += [
        ("host", ",".join(name for name, _, _ in places)),
        ("port", ",".join(port for _, _, port in places)),
    ]
    return f"{bare}?{urlencode(rest, quote_via=quote)}"


def _other(row: tuple[str, ...] | None) -> str:
    return "" if row is None else str(json.loads(row[0])["other"])


def _busiest(connection: sqlite3.Connection, zone: ZoneInfo) -> dict[str, tuple[int, date]]:
    days: dict[str, Counter[date]] = {}
    once = {record: (account, at) for account, at, record in connection.execute(_SENT)}
    for account, at in once.values():
        days.setdefault(account, Counter())[datetime.fromtimestamp(at, zone).date()] += 1
    return {account: (n, day) for account, counted in days.items() for day, n in counted.most_common(1)}
