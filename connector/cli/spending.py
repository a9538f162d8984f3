"""``spending``: how many requests left, by month, account and folder; as a table, or as CSV for a French Excel.

Requests are counted, not credits: what the platform charges for one is not known (API page). Nobody is named in it.
A draft that a person sent on the site counts in the month in which it was left there. Source: issue "The
administrator's day", point 6.
"""

from __future__ import annotations

import csv as table
import io
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from connector.cli.bars import bar
from connector.cli.common import FAILED, Settings, complain, misused
from connector.cli.journal_seen import seen_journal
from connector.lifecycle import Record, State

if TYPE_CHECKING:
    from connector.journal import Journal

HEAD: Final = (
    "month", "account", "folder", "requests sent", "people asked", "signed", "in doubt", "drafts not sent",
)  # fmt: skip
_COUNTED: Final = ("sent", "people", "signed", "in_doubt", "drafts")
_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
_LAST: Final = 12
_NOT_SENT: Final = frozenset({State.MARKED, State.PREPARED, State.WAITING, State.HELD, State.WITHDRAWN})


@dataclass(frozen=True, kw_only=True)
class Row:
    """What left in one month, of one account, from one folder."""

    month: str
    account: str
    folder: str
    sent: int = 0
    people: int = 0
    signed: int = 0
    in_doubt: int = 0
    drafts: int = 0

    def cells(self) -> tuple[str | int, ...]:
        """As :data:`HEAD`."""
        return (
            self.month, self.account, self.folder, self.sent, self.people, self.signed, self.in_doubt, self.drafts,
        )  # fmt: skip


def spending(settings: Settings, *, month: str | None, since: str | None, csv: Path | None) -> int:
    """Print, or write, what left. Raises JournalError."""
    config = settings.load()
    first, last = months(month, since, datetime.now(config.zone).date())
    with seen_journal(settings, config) as journal:
        rows = counted(journal, config.zone, first, last)
    if csv is None:
        for line in lines(rows):
            print(line)
        return 0
    data = as_csv(rows)
    if str(csv) == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return 0
    try:
        csv.write_bytes(data)
    except OSError as error:
        complain(f"jse-connector: {csv} cannot be written: {error.strerror}")
        return FAILED
    print(f"{csv}: {len(rows)} rows, {sum(row.sent for row in rows)} requests sent")
    return 0


def months(month: str | None, since: str | None, today: date) -> tuple[str, str]:
    """Return the first and the last month that are meant, as ``YYYY-MM``."""
    for option, value in (("--month", month), ("--since", since)):
        if value is not None and not _MONTH.fullmatch(value):
            misused(f'{option} "{value}": write a month as 2026-11.')
    if month is not None and since is not None:
        misused("--month or --since, not both.")
    this = f"{today:%Y-%m}"
    if month is not None:
        return month, month
    if since is not None:
        return since, max(since, this)
    back = today.year * 12 + today.month - _LAST
    return f"{back // 12:04d}-{back % 12 + 1:02d}", this


def counted(journal: Journal, zone: ZoneInfo, first: str, last: str) -> list[Row]:
    """Count what left from month ``first`` to ``last``, both included, by the calendar of ``zone``."""
    totals: Counter[tuple[str, str, str, str]] = Counter()
    with bar("reading the journal", journal.how_many()) as advance:
        for record in journal.one_by_one():
            advance(1)
            for what, count in _left(record):
                assert record.sent_at is not None
                month = f"{record.sent_at.astimezone(zone):%Y-%m}"
                if first <= month <= last:
                    totals[month, record.account, record.folder, what] += count
    places = sorted({key[:3] for key in totals})
    return [
        Row(month=month, account=account, folder=folder,
            **{what: totals[month, account, folder, what] for what in _COUNTED})
        for month, account, folder in places
    ]  # fmt: skip


def _left(record: Record) -> Iterable[tuple[str, int]]:
    """Yield what a request adds to which column; nothing for one that never left."""
    if record.sent_at is None or record.state in _NOT_SENT:
        return
    if record.state is State.IN_DOUBT:
        yield "in_doubt", 1
        return
    if record.state is State.DRAFT or (_is_draft(record) and not _was_invited(record)):
        yield "drafts", 1
        return
    yield "sent", 1
    yield "people", len(record.signatories)
    if record.signed_at is not None:
        yield "signed", 1


def _is_draft(record: Record) -> bool:
    return record.extra.get("kind") == "draft"


def _was_invited(record: Record) -> bool:
    """True of a draft that somebody sent on the site: people were asked by it."""
    return record.signed_at is not None or any(
        each.invited_at or each.signed_at for each in record.signatories
    )


def lines(rows: Sequence[Row]) -> Iterable[str]:
    """Yield the table, a line for each month's sum at its end."""
    if not rows:
        yield "nothing left in these months"
        return
    cells = [tuple(str(cell) for cell in row.cells()) for row in rows]
    wide = [max(len(head), *(len(row[rank]) for row in cells)) for rank, head in enumerate(HEAD)]
    yield _line(HEAD, wide)
    for row in cells:
        yield _line(row, wide)
    total = ("all", "", "", *(str(sum(int(row[rank]) for row in cells)) for rank in range(3, len(HEAD))))
    yield _line(total, wide)
    yield "requests, not credits: what Jesignexpert charges for one is not known here"


def _line(cells: Sequence[str], wide: Sequence[int]) -> str:
    shown = [
        f"{cell:<{wide[rank]}}" if rank < 3 else f"{cell:>{wide[rank]}}" for rank, cell in enumerate(cells)
    ]
    return "  ".join(shown).rstrip()


def as_csv(rows: Sequence[Row]) -> bytes:
    """Return the rows as a French Excel opens them by a double click: semicolons, CRLF, UTF-8 with its mark.

    A cell that Excel would take for a formula cannot occur: names of the configuration begin with a letter or digit.
    """
    stream = io.StringIO(newline="")
    writer = table.writer(stream, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEAD)
    writer.writerows(row.cells() for row in rows)
    return stream.getvalue().encode("utf-8-sig")
