"""Records of a shared journal as they were last read: what has not changed there is neither fetched nor read again.

A pass asks for the same open records again and again, each some kilobytes. PostgreSQL tells of each row which
transaction wrote it (``xmin``): the same number, the same row. What one journal object remembers ends with it, so that
after a failover, whose server counts its transactions anew from some moments before, nothing is remembered.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from connector.journal.rows import record_of
from connector.journal.straight import Rows
from connector.lifecycle import Record

MOST: Final = 20_000
"""So many records are remembered, some 25 kB each; of more, those that were asked for longest ago are forgotten."""


class Kept:
    """Remembers records by their ids. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records: OrderedDict[int, tuple[int, Record]] = OrderedDict()

    def forget(self) -> None:
        """Remember nothing: everything is read anew."""
        with self._lock:
            self._records.clear()

    def all(self, listed: Rows, fetch: Callable[[Sequence[int]], Rows]) -> list[Record]:
        """Return the records of rows with ``id`` and ``version``, in their order.

        ``fetch``: id → rows as they are *now*, with ``version``; one that is gone since is left out.
        """
        found: dict[int, Record] = {}
        with self._lock:
            for row in listed:
                version, record = self._records.get(row.id, (None, None))
                if record is not None and version == row.version:
                    found[row.id] = record
                    self._records.move_to_end(row.id)
        missing = [row.id for row in listed if row.id not in found]
        fetched = {row.id: (row.version, record_of(row)) for row in fetch(missing)} if missing else {}
        with self._lock:
            self._records.update(fetched)
            while len(self._records) > MOST:
                self._records.popitem(last=False)
        found |= {ident: record for ident, (_, record) in fetched.items()}
        return [found[row.id] for row in listed if row.id in found]
