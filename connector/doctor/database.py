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
    yield from _safe(found, visit.config.journal.replication)
    yield from _near(found)
    if found.alive:
        yield ok(
            "{number} at work on it: {who}",
            number=counted(len(found.alive), "connector"),
            who=Private(", ".join(found.alive), "(hosts)"),
        )


def _safe(found: Survey, wanted: str) -> Iterator[Line]:
    settings = found.settings
    if found.standby:
        yield fail("JSE-H22", "the server that answered is a standby: it takes no writes")
        return
    for name in ("fsync", "full_page_writes"):
        if settings[name] != "on":
            yield fail("JSE-H23", "{name} is off: a power cut takes what was kept", name=name)
    if settings["synchronous_commit"] not in {"on", "remote_apply"}:
        yield fail(
            "JSE-H23",
            "synchronous_commit is {value}: a commit does not last",
            value=settings["synchronous_commit"],
        )
    names = settings["synchronous_standby_names"]
    there = f"{counted(found.standbys, 'standby server')} connected"
    if wanted == "synchronous" and not names:
        yield fail(
            "JSE-H22",
            "no commit waits for a standby (synchronous_standby_names is empty); {there}",
            there=there,
        )
    elif wanted == "synchronous" and found.synchronous == 0:
        yield fail("JSE-H22", "no synchronous standby is connected: every commit waits until one is")
    elif wanted == "none" and found.standbys and not names:
        yield fail("JSE-H22", "{there}, and the configuration says replication: none", there=there)
    elif wanted == "asynchronous":
        yield note(
            "JSE-H22", "replication is asynchronous, as configured: a failover may lose the last facts"
        )
    else:
        yield ok(
            "commits {where}",
            where="wait for a standby" if names else "are on this one server alone, as configured",
        )


def _near(found: Survey) -> Iterator[Line]:
    if found.round_trip_s > _SLOW_S:
        yield note("JSE-H24", "each look at the journal takes {trip:.0f} ms", trip=found.round_trip_s * 1000)
    if abs(found.clock_s) > _DRIFT_S:
        yield note(
            "JSE-H04",
            "clock {seconds:,.0f} s {way} that of the journal's database",
            seconds=abs(found.clock_s),
            way="behind" if found.clock_s > 0 else "ahead of",
        )
    most = int(found.settings["max_connections"])
    if found.connections > _FULL * most:
        yield note(
            "JSE-H24", "{used} of the server's {most} connections are used", used=found.connections, most=most
        )
