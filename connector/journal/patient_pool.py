"""Connections of one process to PostgreSQL, which make do with those there are where the server gives no more.

A server has so many for all, and others may have taken the rest for a while. A thread that wants one more waits then
for one of ours to come free, as it does when there are as many of ours as may be: the journal is no further away than
that.
Source: PostgreSQL manual, ``max_connections`` and ``CONNECTION LIMIT``.
"""

from __future__ import annotations

import time
from typing import Final

import sqlalchemy as sa
from sqlalchemy.pool import PoolProxiedConnection

from connector.journal import away

_LOOKS_S: Final = 0.05
"""A transaction takes a hundredth of a second."""
_KNOCKS_S: Final = 1.0
"""So often a server that is full is asked again meanwhile: each refusal is a line in its log."""


class PatientPool(sa.pool.QueuePool):
    """SQLAlchemy's pool but for that. Thread-safe."""

    _sqla_logger_namespace = "sqlalchemy.pool.impl.PatientPool"
    """What a pool says of itself is not the connector's log."""

    def connect(self) -> PoolProxiedConnection:
        """Return a connection. Raises the driver's errors, and that of a refusal after as long as one is waited for."""
        until, refused = time.monotonic() + self.timeout(), 0
        while True:
            try:
                return super().connect()
            except Exception as error:  # of the driver, which this room does not know
                refused += 1
                if not away.has_none_left(error) or time.monotonic() > until:
                    raise
                # What rests may be the place of one that was lost: each is looked at before none is there.
                if not self.checkedout() and refused > self.checkedin():
                    raise
            again = min(until, time.monotonic() + _KNOCKS_S)
            time.sleep(_LOOKS_S)
            while not self.checkedin() and time.monotonic() < again:
                time.sleep(_LOOKS_S)
