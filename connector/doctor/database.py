"""The journal's PostgreSQL: does it answer, how soon, how safe is what it has said to keep.

Source: ux page section 6.3; issue "Many firms", point 6.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from connector.doctor.lines import Line, Private, counted, fail, note, ok, sized
from connector.doctor.visit import Visit
from connector.journal import schema
from connector.journal.surveying import Survey

_SLOW_S: Final = 0.02
"""A fact is a handful of round trips: beyond this, a burst of pairs takes several times as long."""
_DRIFT_S: Final = 5.0
"""Leases are the database's time, requests this host's: both are told in the same log."""
_FULL: Final = 0.8


def journal(visit: Visit) -> Iterator[Line]:
    """Whether it answers; its version, size, distance, clock; whether a commit is on two servers."""
    known = visit.known
    if known.problem:
        yield fail(
            "JSE-H20", "{problem}", problem=Private(known.problem, "the journal's database does not answer")
        )
        return
    found = known.survey
    if found is None:
        return
    if found.moved is not None:
        yield fail(
            "JSE-H21",
            "this journal was moved to {other} ({at})",
            other=Private(found.moved.other, "(another database)"),
            at=found.moved.at,
        )
        return
    if found.schema > schema.VERSION:
        yield fail(
            "JSE-H02",
            "the journal is of schema {schema}, a newer version's: install that again",
            schema=found.schema,
        )
        return
    grows = ", brought up to date at the next start" if 0 < found.schema < schema.VERSION else ""
    yield ok(
        "journal in PostgreSQL {version}, {size}, schema {schema}{grows}, {trip:.1f} ms away",
        version=found.version,
        size=sized(found.size),
        schema=found.schema or "none yet",
        grows=grows,
        trip=found.round_trip_s * 1000,
    )
    yield from _safe(found)
    yield from _near(found)
    if found.alive:
        yield ok(
            "{number} at work on it: {who}",
            number=counted(len(found.alive), "connector"),
            who=Private(", ".join(found.alive), "(hosts)"),
        )


def _safe(found: Survey) -> Iterator[Line]:
    if found.refused:
        yield fail(
            "JSE-H22", "{why}", why=Private(found.refused, "replication is not what the configuration says")
        )
    elif found.warned:
        yield note(
            "JSE-H22", "{why}", why=Private(found.warned, "replication is asynchronous, as configured")
        )
    else:
        where = "wait for a standby" if found.waits else "are on this one server alone, as configured"
        yield ok("its commits {where}", where=where)


def _near(found: Survey) -> Iterator[Line]:
    if found.round_trip_s > _SLOW_S:
        yield note("JSE-H23", "each look at the journal takes {trip:.0f} ms", trip=found.round_trip_s * 1000)
    if abs(found.clock_s) > _DRIFT_S:
        yield note(
            "JSE-H04",
            "clock {seconds:,.0f} s {way} that of the journal's database",
            seconds=abs(found.clock_s),
            way="behind" if found.clock_s > 0 else "ahead of",
        )
    most = found.most_connections
    if found.connections > _FULL * most:
        yield note(
            "JSE-H23", "{used} of the server's {most} connections are used", used=found.connections, most=most
        )
