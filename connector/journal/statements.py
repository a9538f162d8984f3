"""What the journal asks of its database again and again, built once.

Making a statement of its parts costs several times what SQLite does with it.
A name in ``bindparam`` is what the caller gives; of a record only what ``rows`` reads is fetched.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from connector.journal import schema
from connector.lifecycle import State

_record, _document, _event, _intent, _hold = (
    schema.record.c,
    schema.document.c,
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


def _given(name: str) -> sa.BindParameter[object]:
    return sa.bindparam(name)


def _beside(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """True of a record with a further document of which one of these is true."""
    return _record.id.in_(sa.select(_document.record_id).where(sa.or_(*conditions)))


ONE_AT_A_TIME = sa.select(
    sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(sa.bindparam("subject", type_=sa.Text), 8))
)
"""PostgreSQL: whoever writes about the same subject waits until this transaction is over."""

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

RECORD = RECORDS.where(_record.id == _given("of"))
BY_REF = _NEWEST.where(_record.ref == _given("ref"))
AT_PLACE = _NEWEST.where(_OF_SERVER, _record.place == _given("place"), _record.current)
BY_KEY = _NEWEST.where(_record.key == _given("key"))
OPEN = RECORDS.where(_OF_SERVER, ~_record.closed)
IN_FOLDER = RECORDS.where(_OF_SERVER, _record.folder == _given("folder"), _record.current)
FOLLOWED = RECORDS.where(
    _record.account == _given("account"), _record.state.in_([state.value for state in _FOLLOWED])
)
FOLLOWING = RECORDS.where(
    _record.account == _given("account"), _record.transaction_id == _given("transaction")
)
KNOWING = RECORDS.where(
    sa.or_(
        _record.document_sha256 == _given("sha256"),
        _record.signed_sha256 == _given("sha256"),
        _beside(_document.sha256 == _given("sha256"), _document.signed_sha256 == _given("sha256")),
    )
)
WITH_SIDECAR = RECORDS.where(_OF_SERVER, _record.sidecar_sha256 == _given("sha256"))
WITH_FILE_ID = RECORDS.where(_OF_SERVER, _record.file_id == _given("file_id"))
ALL_AT_PLACE = RECORDS.where(_OF_SERVER, _record.place == _given("place"))
INTENDING = RECORDS.where(
    _OF_SERVER, _record.id.in_(sa.select(_intent.record_id).where(_intent.step == _given("step")))
)

KEEP = schema.record.update().where(_record.id == _given("of"))
BEGIN = schema.record.insert()
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
LAST_ACCOUNT_EVENT = (
    sa.select(_event.data)
    .where(_event.account == _given("account"), _event.name == _given("name"), _event.record_id.is_(None))
    .order_by(_event.id.desc())
    .limit(1)
)

INTEND = schema.intent.insert()
INTENT = sa.select(_intent.at, _intent.data).where(
    _intent.record_id == _given("of"), _intent.step == _given("wanted")
)
INTENDED = sa.select(_intent.step).where(_intent.record_id == _given("of"))
END_INTENTS = schema.intent.delete().where(
    _intent.record_id == _given("of"), _intent.step.in_(sa.bindparam("steps", expanding=True))
)

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
    sa.select(_intent.id, _intent.at, _record.server, _record.account)
    .select_from(schema.intent.join(schema.record))
    .where(_IS_ORDER)
)

HELD_ACCOUNTS = sa.select(_hold.account)
HOLD = sa.select(schema.hold).where(_hold.account == _given("account"))
WATCH = sa.select(schema.watch).where(schema.watch.c.folder == _given("folder"))

_letter = schema.outbox.c
FIRST_TOLD = (
    sa.select(_letter.done_at)
    .where(_letter.cause == _given("cause"), _letter.state == "told", _letter.done_at >= _given("since"))
    .order_by(_letter.id)
    .limit(1)
)
