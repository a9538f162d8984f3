"""A journal in PostgreSQL that holds a million open requests: what each question of a pass costs there, and why.

The requests are copies of one that the connector itself has sent, each with a reference, key, file and place of its
own, spread evenly over firms (one folder, one account) and DMS servers. ``python -m benchmarks.filled`` makes and asks
it; ``--records`` and the others choose another size. A million take some 12 GB of disk for a quarter of an hour.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from benchmarks.table import print_table
from connector.journal import Journal
from connector.journal.leases import Leases
from connector.lifecycle import State
from tests import postgres
from tests.worlds import Stage

_EVENTS = (
    "accepted",
    "prepared",
    "intend_mark",
    "marked",
    "sent",
    "intend_show",
    "reported",
    "intend_tags",
    "tagged",
)
"""What has happened to a request that is out, as the journal tells it."""
_ROUNDS = 5


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much. ``closed``: finished requests for each open one."""

    records: int = 1_000_000
    firms: int = 10_000
    servers: int = 500
    closed: int = 0

    @property
    def each(self) -> int:
        """Open requests of a firm."""
        return self.records // self.firms

    @property
    def folders_a_server(self) -> int:
        return self.firms // self.servers


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What one statement cost: milliseconds of the database's own, rows, pages of 8 kB, and how it found them."""

    text: str
    ms: float
    rows: int
    pages: int
    nodes: tuple[str, ...]

    @property
    def reads_all(self) -> bool:
        """Does it read a whole table?"""
        return any("Seq Scan on record" in node or "Seq Scan on event" in node for node in self.nodes)


def template(directory: Path) -> tuple[dict[str, Any], str]:
    """Return the row of a request that is out, as the connector keeps it, and its facts."""
    with Stage(directory) as stage:
        stage.drop("lettre")
        stage.run()
        [record] = stage.records()
        assert record.state is State.IN_PROGRESS, record.state
        url = stage.state.journal_url
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            row = dict(connection.execute(sa.text("SELECT * FROM record")).mappings().one())
        engine.dispose()
    return row, str(row["facts"])


_FILL = """
INSERT INTO record (ref, folder, server, account, state, place, current, key, file_id, document_sha256,
                    sidecar_sha256, transaction_id, closed, next_at, facts)
SELECT ref, 'firme-' || firm, 'dms-' || firm %% %(servers)s, 'firme-' || firm,
       CASE WHEN n < %(open)s THEN 'in_progress' ELSE 'delivered' END,
       '/firme-' || firm || '/Lettres/lettre-' || n || '.sign.yaml', true, md5('k' || n) || md5('l' || n),
       n::text, md5('d' || n) || md5('e' || n), md5('s' || n) || md5('t' || n), left(md5('x' || n), 24), n >= %(open)s,
       NULL,
       replace(replace(replace(replace(replace(replace(replace(replace(%(facts)s, '@REF@', ref),
         '@FIRM@', 'firme-' || firm), '@SERVER@', 'dms-' || firm %% %(servers)s), '@NAME@', 'lettre-' || n),
         '@KEY@', md5('k' || n) || md5('l' || n)), '@DOC@', md5('d' || n) || md5('e' || n)),
         '@SIDE@', md5('s' || n) || md5('t' || n)), '@T@', left(md5('x' || n), 24))
FROM (SELECT n, upper(lpad(to_hex(n), 6, '0')) AS ref, n %% %(firms)s AS firm
      FROM generate_series(%(first)s::int, %(last)s::int) AS n) AS numbers
"""
_HAPPEN = """
INSERT INTO event (record_id, account, at, name, data)
SELECT record.id, record.account, %(at)s - random() * 1296000, said.name, '{"state": "' || said.name || '"}'
FROM record, unnest(%(names)s::text[]) AS said(name) WHERE record.id BETWEEN %(first)s AND %(last)s
"""
_LIE = """
INSERT INTO whereabouts (record_id, digest)
SELECT record.id, left(encode(sha256(convert_to(
         '["' || server || '","' || replace(place, '.sign.yaml', ending) || '"]', 'UTF8')), 'hex'), 32)
FROM record, unnest(ARRAY['.pdf', '.signature.txt']) AS ending
WHERE record.id BETWEEN %(first)s AND %(last)s AND NOT closed
"""
"""As ``journal.rows.digest_of_href``: who has a document is to find what it would find."""
_BATCH = 50_000


def fill(connection: psycopg.Connection[Any], row: dict[str, Any], facts: str, size: Size) -> None:
    """Put the requests in. Each batch is one transaction."""
    for mark, value in (
        ("@REF@", row["ref"]), ("@KEY@", row["key"]), ("@DOC@", row["document_sha256"]),
        ("@SIDE@", row["sidecar_sha256"]), ("@T@", row["transaction_id"]), ("/@FIRM@/Lettres", "/Lettres"),
        ('"account": "@FIRM@"', '"account": "cabinet"'), ('"folder": "@FIRM@"', '"folder": "lettres"'),
        ('"server": "@SERVER@"', '"server": "dms"'), ("/@NAME@.", "/lettre."),
    ):  # fmt: skip
        facts = facts.replace(str(value), mark)
    every = size.records * (1 + size.closed)
    given = {"servers": size.servers, "firms": size.firms, "open": size.records, "facts": facts}
    for first in range(0, every, _BATCH):
        last = min(first + _BATCH, every)
        connection.execute(_FILL, {**given, "first": first, "last": last - 1})
        connection.execute(
            _HAPPEN, {"at": time.time(), "names": list(_EVENTS), "first": first + 1, "last": last}
        )
        connection.execute(_LIE, {"first": first + 1, "last": last})
        if sys.stderr.isatty():
            print(f"\r{last} of {every}", end="", file=sys.stderr)
    connection.execute("VACUUM ANALYZE")


@contextmanager
def captured() -> Iterator[list[tuple[str, Any]]]:
    """Gather each statement that any engine runs, with what it is given."""
    found: list[tuple[str, Any]] = []

    def run(_connection: Any, _cursor: Any, statement: str, given: Any, _context: Any, _many: bool) -> None:
        found.append((statement, given))

    sa.event.listen(sa.Engine, "before_cursor_execute", run)
    try:
        yield found
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", run)


def questions(journal: Journal, size: Size) -> dict[str, Callable[[], object]]:
    """What a pass over a server, and one over an account, ask of the journal; then what is asked less often."""
    firm, server, now = "firme-17", f"dms-{17 % size.servers}", datetime.now(UTC)
    record = journal.followed(firm)[0]
    day = now - timedelta(days=1)
    return {
        "open_records (server)": lambda: journal.open_records(server),
        "open_in_folder (folder)": lambda: journal.open_in_folder(server, firm),
        "followed (account)": lambda: journal.followed(firm),
        "launching (account)": lambda: journal.launching(firm),
        "intending (server)": lambda: journal.intending(server, "filing"),
        "ordered_on (server)": lambda: journal.ordered_on(server),
        "ordered_of (account)": lambda: journal.ordered_of(firm),
        "standing_orders": journal.standing_orders,
        "held_accounts": journal.held_accounts,
        "places_unlike (folder)": lambda: journal.places_unlike(server, firm, {}),
        "get": lambda: journal.get(record.id),
        "at_place": lambda: journal.at_place(server, record.place),
        "by_key": lambda: journal.by_key(str(record.key)),
        "by_ref": lambda: journal.by_ref(record.ref),
        "knowing (bytes)": lambda: journal.knowing(sha256=str(record.document.sha256)),
        "with_sidecar": lambda: journal.with_sidecar(server, str(record.sidecar_sha256)),
        "with_file_id": lambda: journal.with_file_id(server, "4711"),
        "all_at_place": lambda: journal.all_at_place(server, record.place),
        "touching (server)": lambda: journal.touching(server, [record.document.href], ["4711"]),
        "following (account, T)": lambda: journal.following(firm, str(record.transaction)),
        "intent": lambda: journal.intent(record, "send"),
        "events (record)": lambda: journal.events(record),
        "launches (day, account)": lambda: journal.launches(since=day, accounts=[firm]),
        "count_events (account)": lambda: journal.count_events(firm, "sent", since=day),
        "count_shown (server)": lambda: journal.count_shown(server, f"/{firm}/"),
        "news (last 500)": lambda: journal.news(size.records * (1 + size.closed) * len(_EVENTS) - 500),
        "view (each beat)": Leases(journal).view,
        "open_records, all changed": lambda: (journal.remember_nothing(), journal.open_records(server)),
        "touch (a fact)": lambda: journal.touch(journal.get(record.id), answered_at=now),
        "note (a fact)": lambda: journal.note(journal.get(record.id), "reported"),
    }


def explained(connection: psycopg.Connection[Any], statement: str, given: Any) -> Statement:
    """Let the database run one statement once more and tell how; nothing is kept of it."""
    with connection.transaction(force_rollback=True):
        told = connection.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", given).fetchone()
    assert told is not None
    plan = told[0][0]["Plan"]
    nodes = tuple(_nodes(plan))
    return Statement(
        text=" ".join(statement.split()),
        ms=float(told[0][0]["Execution Time"]),
        rows=int(plan["Actual Rows"]),
        pages=int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"]),
        nodes=nodes,
    )


def _nodes(plan: dict[str, Any]) -> Iterator[str]:
    on = plan.get("Relation Name") or ""
    by = plan.get("Index Name")
    yield f"{plan['Node Type']}{' on ' + on if on else ''}{' by ' + by if by else ''}"
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def ask(url: str, connection: psycopg.Connection[Any], size: Size) -> list[list[object]]:
    """Ask everything; a row for each question: round trips, ms in all at the client, then the slowest statement."""
    rows: list[list[object]] = []
    with closing(Journal(url, now=lambda: datetime.now(UTC))) as journal:
        for name, question in questions(journal, size).items():
            question()
            began = time.perf_counter()
            with captured() as statements:
                for _ in range(_ROUNDS):
                    question()
            took = (time.perf_counter() - began) / _ROUNDS * 1000
            each = statements[: len(statements) // _ROUNDS]
            costs = [
                explained(connection, text, given)
                for text, given in each
                if text.lstrip()[:6].upper() in {"SELECT", "UPDATE", "INSERT", "DELETE"}
            ]
            worst = max(costs, key=lambda cost: cost.ms)
            how = next((node for node in worst.nodes if " on " in node), worst.nodes[0])
            rows.append(
                [name, len(each), round(took, 2), round(worst.ms, 2), worst.rows, worst.pages, how,
                 "READS ALL" if worst.reads_all else ""]
            )  # fmt: skip
    return rows


def sizes(connection: psycopg.Connection[Any], size: Size) -> list[list[object]]:
    """Bytes of each table with its indexes, in all and for each request."""
    every = size.records * (1 + size.closed)
    found = connection.execute(
        "SELECT relname, pg_table_size(oid), pg_indexes_size(oid) FROM pg_class "
        "WHERE relname IN ('record', 'event') ORDER BY relname"
    ).fetchall()
    return [
        [name, round(table / 1e6), round(indexes / 1e6), round((table + indexes) / every)]
        for name, table, indexes in found
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Fill one, ask it, print, throw it away."""
    usual = Size()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.filled", description=__doc__)
    for name in ("records", "firms", "servers", "closed"):
        parser.add_argument(f"--{name}", type=int, default=getattr(usual, name))
    size = Size(**vars(parser.parse_args(arguments)))
    with tempfile.TemporaryDirectory(prefix="jse-bench-") as directory, postgres.ground() as ground:
        row, facts = template(Path(directory) / "world")
        cluster = ground.cluster(
            shared_buffers="1GB", work_mem="16MB", max_wal_size="4GB", maintenance_work_mem="512MB"
        )
        name = cluster.database()
        with cluster.admin(name) as connection:
            began = time.monotonic()
            fill(connection, row, facts, size)
            print(
                f"{json.dumps(vars(size))}; facts of {len(facts)} bytes; filled in {time.monotonic() - began:.0f} s"
            )
            print_table(
                "The journal's size",
                ["table", "MB", "MB of indexes", "bytes a request"],
                sizes(connection, size),
            )
            with cluster.admin(name, user=cluster.user) as asking:
                rows = ask(cluster.url(name), asking, size)
            print_table(
                "Each question of a pass: the client's time, then its slowest statement as the database tells it",
                ["question", "round trips", "ms", "ms inside", "rows", "pages", "found by", ""],
                rows,
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
