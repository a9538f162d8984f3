"""What the journal asks of its database again and again, built once.

Making a statement of its parts costs several times what SQLite does with it.
A name in ``bindparam`` is what the caller gives; of a record only what ``rows`` reads is fetched.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from connector.journal import schema
from connector.lifecycle import State

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

_record, _document, _lying, _event, _intent, _hold = (
    schema.record.c,
    schema.document.c,
    schema.whereabouts.c,
    schema.event.c,
    schema.intent.c,
    schema.hold.c,
)
_FOLLOWED = (
    State.MARKED,
    State.IN_PROGRESS,
    State.DRAFT,
    State.IN_DOUBT,
    State.SEALING,
    State.QUARANTINED,
)
_LAUNCHING = (State.WAITING, State.PREPARED, State.MARKED)

LAUNCHED = ("marked", "sent")
"""Events of what has left or leaves next, and of what was sent of what was marked before."""


def _given(name: str) -> sa.BindParameter[object]:
    return sa.bindparam(name)


_subject = sa.func.hashtextextended(sa.bindparam("subject", type_=sa.Text), 8)
_whole = sa.func.hashtextextended(sa.bindparam("whole", type_=sa.Text), 8)
ONE_AT_A_TIME = sa.select(sa.func.pg_advisory_xact_lock(_subject))
"""PostgreSQL: whoever writes about the same subject waits until this transaction is over."""
ONE_OF_A_WHOLE = sa.select(
    sa.func.pg_advisory_xact_lock_shared(_whole), sa.func.pg_advisory_xact_lock(_subject)
)
"""PostgreSQL: the same, and nobody has the whole, to which the subject belongs, to himself meanwhile."""
KEEPING_EVENTS = sa.text(
    "SELECT virtualtransaction FROM pg_locks WHERE granted AND mode = 'RowExclusiveLock'"
    " AND locktype = 'relation' AND relation = 'event'::regclass"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
"""PostgreSQL: transactions that write events. Each is among them from before its event has a number until that can be
seen, be it of an older version. Nobody is held up: a lock that kept writers away would also wait for every VACUUM."""
CLOCK = sa.func.extract("epoch", sa.func.clock_timestamp()).cast(sa.Float)
"""PostgreSQL: its server's own clock, the one that every process can look at, in seconds since the epoch."""
ALIVE = (
    sa.select(schema.process.c.id)
    .where(schema.process.c.id == _given("token"), schema.process.c.until > CLOCK, ~schema.process.c.ended)
    .with_for_update(read=True, key_share=True)
)

RECORDS: sa.Select[Any] = sa.select(_record.id, _record.current, _record.facts).order_by(_record.id)
_NEWEST: sa.Select[Any] = (
    sa.select(_record.id, _record.current, _record.facts).order_by(_record.id.desc()).limit(1)
)
_OF_SERVER = _record.server == _given("server")

AT_ONCE: Final = 500
"""So many records are read in one go where all are gone through: some kilobytes each, and some 25 as objects."""
NEXT = RECORDS.where(_record.id > _given("after")).limit(AT_ONCE)
RECORD = RECORDS.where(_record.id == _given("of"))
RECORD_ALONE = RECORD.with_for_update(key_share=True)
"""The same to be changed: another transaction that would change it waits. SQLite has one writer at a time anyway."""
BY_REF = _NEWEST.where(_record.ref == _given("ref"))
AT_PLACE = _NEWEST.where(_OF_SERVER, _record.place == _given("place"), _record.current)
BY_KEY = _NEWEST.where(_record.key == _given("key"))
WITH_KEYS = RECORDS.where(_record.key.in_(sa.bindparam("keys", expanding=True)))
OPEN = RECORDS.where(_OF_SERVER, ~_record.closed)
OPEN_IN_FOLDER = OPEN.where(_record.folder == _given("folder"))

OF_FORMER = RECORDS.where(
    _record.server.in_(sa.bindparam("former", expanding=True)),
    _record.folder.in_(sa.bindparam("folders", expanding=True)),
    _record.closed | _record.account.in_(sa.bindparam("accounts", expanding=True)),
).limit(AT_ONCE)
OF_FORMER_ALONE = OF_FORMER.with_for_update(key_share=True)
"""The same to be changed, as ``RECORD_ALONE``: whoever works on one meanwhile waits, and finds it changed."""
SERVERS = sa.text(
    "WITH RECURSIVE found (server) AS (SELECT min(server) FROM record UNION ALL"
    " SELECT (SELECT min(server) FROM record WHERE record.server > found.server) FROM found"
    " WHERE found.server IS NOT NULL) SELECT server FROM found WHERE server IS NOT NULL"
)
"""Each server once, by one look-up in the index for each: neither database does so for DISTINCT by itself."""


@lru_cache(maxsize=64)
def touching(hrefs: int, ids: int) -> sa.Select[Any]:
    """Return what has a file at one of so many places, or with one of so many ids.

    Places are ``href_0`` …, as ``rows.digest_of_href`` gives them, ids ``id_0`` ….
    One of both at least. Asked for each request that is judged: as below, a look-up in each index, and nothing else
    that a database might go by.
    """
    found: list[sa.Select[Any]] = [
        sa.select(_lying.record_id).where(_lying.digest == _given(f"href_{n}")) for n in range(hrefs)
    ]
    for n in range(ids):
        given = _given(f"id_{n}")
        found += [
            sa.select(_record.id).where(_OF_SERVER, _record.file_id == given),
            sa.select(_document.record_id).where(_document.file_id == given),
        ]
    return RECORDS.where(_record.id.in_(sa.union_all(*found)))


IN_FOLDER = RECORDS.where(_OF_SERVER, _record.folder == _given("folder"), _record.current)
FOLLOWED = RECORDS.where(
    _record.account == _given("account"), _record.state.in_([state.value for state in _FOLLOWED])
)
LAUNCHING = RECORDS.where(
    _record.account == _given("account"), _record.state.in_([state.value for state in _LAUNCHING])
)
CARRIED = RECORDS.where(
    _record.account == _given("account"),
    _record.state.in_([state.value for state in (*_FOLLOWED, State.PREPARED, State.DELIVERING)]),
    _record.transaction_id.is_not(None),
)
FOLLOWING = RECORDS.where(
    _record.account == _given("account"), _record.transaction_id == _given("transaction")
)
# One look-up in each index: of "this or that" a database may make a walk through all there is.
KNOWING = RECORDS.where(
    _record.id.in_(
        sa.union_all(
            sa.select(_record.id).where(_record.document_sha256 == _given("sha256")),
            sa.select(_record.id).where(_record.signed_sha256 == _given("sha256")),
            sa.select(_document.record_id).where(_document.sha256 == _given("sha256")),
            sa.select(_document.record_id).where(_document.signed_sha256 == _given("sha256")),
        )
    )
)
WITH_SIDECAR = RECORDS.where(_OF_SERVER, _record.sidecar_sha256 == _given("sha256"))
WITH_FILE_ID = RECORDS.where(_OF_SERVER, _record.file_id == _given("file_id"))
ALL_AT_PLACE = RECORDS.where(_OF_SERVER, _record.place == _given("place"))
INTENDING = RECORDS.where(
    _OF_SERVER, _record.id.in_(sa.select(_intent.record_id).where(_intent.step == _given("step")))
)

LIE = schema.whereabouts.insert()
LIE_NO_MORE = schema.whereabouts.delete().where(
    _lying.record_id == _given("of"), _lying.digest == _given("there")
)
KEEP = schema.record.update().where(_record.id == _given("of"))
BEGIN = schema.record.insert()


def new_row(table: sa.Table) -> postgresql.Insert:
    """Return PostgreSQL's own INSERT, which may say what becomes of a row that is there already.

    Its dialect is loaded with the first one: 2 MB that a journal in a file does without.
    """
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


@cache
def begin_unless_known() -> sa.Executable:
    """PostgreSQL: finds nothing where another record has that reference, or is just being given it."""
    made = new_row(schema.record).on_conflict_do_nothing(index_elements=["ref"])
    return made.returning(_record.id)


LEAVE_PLACE = (
    schema.record.update()
    .where(_record.server == _given("on"), _record.place == _given("there"), _record.current)
    .values(current=False)
)
REFERENCE = sa.select(_record.id).where(_record.ref == _given("ref"))

APPEND = schema.event.insert()
EVENTS = (
    sa.select(_event.at, _event.name, _event.data).where(_event.record_id == _given("of")).order_by(_event.id)
)
COUNT_EVENTS = sa.select(sa.func.count()).where(
    _event.account == _given("account"), _event.name == _given("name"), _event.at >= _given("since")
)
COUNT_LAUNCHES = sa.select(sa.func.count(sa.distinct(_event.record_id)).label("launched")).where(
    _event.account == _given("account"), _event.name.in_(LAUNCHED), _event.at >= _given("since")
)
LAST_ACCOUNT_EVENT = (
    sa.select(_event.data)
    .where(_event.account == _given("account"), _event.name == _given("name"), _event.record_id.is_(None))
    .order_by(_event.id.desc())
    .limit(1)
)

LAST_ACCOUNT_EVENTS = sa.text(
    "SELECT wanted.account, wanted.name, ("
    'SELECT event.data FROM event WHERE event.account = wanted.account COLLATE "C" '
    'AND event.name = wanted.name COLLATE "C" AND event.record_id IS NULL ORDER BY event.id DESC LIMIT 1'
    ") AS data FROM unnest(CAST(:accounts AS text[]), CAST(:names AS text[])) AS wanted (account, name)"
)
"""PostgreSQL: the same of many at once, in the order in which they are given."""

INTEND = schema.intent.insert()
INTENT = sa.select(_intent.at, _intent.data).where(
    _intent.record_id == _given("of"), _intent.step == _given("wanted")
)
INTENDED = sa.select(_intent.step).where(_intent.record_id == _given("of"))
END_INTENT = schema.intent.delete().where(_intent.record_id == _given("of"), _intent.step == _given("done"))

CHANNEL = "jse_connector"
"""PostgreSQL: on which the processes of a journal hear of each other."""
ORDERS_CAME, FREED, BOND = "orders", "freed", "bond"
"""What is told there: an order, or a pause's end; something is free to be taken; something belongs together now."""
TELL = sa.select(sa.func.pg_notify(CHANNEL, sa.bindparam("kind", type_=sa.Text)))

ORDER_STEPS = "ordered "
"""Steps of intents that begin so are orders of the administrator's (``ordered``)."""
_IS_ORDER = _intent.step.startswith(ORDER_STEPS)
_HAS_ORDER = _record.id.in_(sa.select(_intent.record_id).where(_IS_ORDER))
ORDERS = (
    sa.select(_intent.step, _intent.at, _intent.data)
    .where(_intent.record_id == _given("of"), _IS_ORDER)
    .order_by(_intent.at, _intent.id)
)
ORDERED_ON = RECORDS.where(_OF_SERVER, _HAS_ORDER)
ORDERED_OF = RECORDS.where(_record.account == _given("account"), _HAS_ORDER)
STANDING = (
    sa.select(_intent.id, _intent.at, _record.server, _record.account, _record.folder)
    .select_from(schema.intent.join(schema.record))
    .where(_IS_ORDER)
)

_VERSION: sa.ColumnElement[int] = sa.literal_column("record.xmin::text::bigint", sa.BigInteger).label(
    "version"
)
LISTED = {
    statement: statement.with_only_columns(_record.id, _record.folder, _record.account, _VERSION)
    for statement in (OPEN, OPEN_IN_FOLDER, FOLLOWED, LAUNCHING, CARRIED, INTENDING, ORDERED_ON, ORDERED_OF)
}
"""PostgreSQL: lists of work, without what is known of each record: whose it is, and whether it has changed."""
OPEN_ONES = frozenset({OPEN, OPEN_IN_FOLDER})
FETCHED = sa.select(_record.id, _record.current, _record.facts, _VERSION).where(
    _record.id == sa.func.any(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger)))
)
PRINTS = IN_FOLDER.with_only_columns(_record.id, _VERSION)
_REVISION: sa.ColumnElement[int] = sa.literal_column(
    "coalesce(CASE WHEN json_valid(facts) THEN json_extract(facts, '$.revision') END, -1)", sa.Integer
).label("version")
FETCHED_HERE = RECORDS.where(_record.id.in_(sa.bindparam("ids", expanding=True)))
PRINTS_HERE = IN_FOLDER.with_only_columns(_record.id, _REVISION)
"""SQLite: the same as ``FETCHED``, and as ``PRINTS``: by how often a record was changed, which stands in its facts
alone. Some kilobytes of each are not carried here to learn that; -1 where SQLite cannot read them: always looked at."""

HELD_ACCOUNTS = sa.select(_hold.account)
HOLDS = sa.select(schema.hold)
HOLD = sa.select(schema.hold).where(_hold.account == _given("account"))
WATCH = sa.select(schema.watch).where(schema.watch.c.folder == _given("folder"))
WATCHED_AT = sa.select(schema.watch.c.folder).where(schema.watch.c.root == _given("root"))

_letter = schema.outbox.c
FIRST_TOLD = (
    sa.select(_letter.done_at)
    .where(_letter.cause == _given("cause"), _letter.state == "told", _letter.done_at >= _given("since"))
    .order_by(_letter.id)
    .limit(1)
)
