"""Whether PostgreSQL keeps a fact when one of its servers is lost, as the configuration says it does.

An intent that a failover forgets is a second sending: what the journal calls kept has to be on a second machine, or it
is said by name that there is none (``journal.replication``). Everything here an ordinary role may ask. Source: issue
"Many firms" point 6; PostgreSQL manual, "Synchronous Replication".
"""

from __future__ import annotations

from threading import Lock
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.errors import JournalAway, JournalError
from connector.journal import engines

SYNCHRONOUS, NONE, ASYNCHRONOUS = "synchronous", "none", "asynchronous"
_SETTINGS: Final = ("fsync", "full_page_writes", "synchronous_commit", "synchronous_standby_names")
_ASKED: Final = sa.select(
    *(sa.func.current_setting(name).label(name) for name in _SETTINGS),
    sa.func.pg_is_in_recovery().label("standby"),
    sa.func.current_setting("idle_in_transaction_session_timeout").label("idle"),
)
# What a role that is not of pg_read_all_stats sees of others' connections is that they are there, and no more.
_STANDBYS: Final = sa.text(
    "SELECT count(*) AS there, count(state) AS seen,"
    " count(*) FILTER (WHERE sync_state IN ('sync', 'quorum')) AS waited_for,"
    " count(*) FILTER (WHERE state <> 'backup' AND application_name NOT IN ('pg_receivewal', 'pg_basebackup'))"
    " AS standbys FROM pg_stat_replication"
)
_WORDS: Final = "write journal.replication: "


class Identity:
    """Which server a journal's connections lead to: its timeline and its system identifier. Thread-safe.

    After a failover it is another one, and what was kept last may not be there.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self.known: tuple[str, str] | None = None

    def same(self, found: tuple[str, str]) -> bool:
        """Keep the first that is found; True while it is that one."""
        with self._lock:
            self.known = self.known or found
            return self.known == found


def judge(connection: Connection, wanted: str, where: str) -> str:
    """Return what is to be warned of, empty where nothing is. Changes nothing.

    Raises JournalError where facts would not outlive what ``wanted`` says they do; JournalAway where no standby is
    connected just now, so that none could be kept.
    """
    found = connection.execute(_ASKED).one()
    standbys = connection.execute(_STANDBYS).one()
    if found.standby:
        raise JournalAway(f"{where}, is not at hand: it is a standby, which takes no writes")
    if found.idle != f"{engines.IDLE_S}s":
        # One that stands still amid a fact would keep what it locked, and nobody could relieve it.
        raise JournalError(
            f"{where}: what each connection sets does not hold there, so that a pooler stands between, which ignores "
            "it (PgBouncer's ignore_startup_parameters): let journal.url name the server itself"
        )
    for name, what in (("fsync", "a power cut"), ("full_page_writes", "a power cut")):
        if getattr(found, name) != "on":
            raise JournalError(f"{where}: {name} is off there, so that {what} loses what was kept. Set it on")
    if found.synchronous_commit == "off":
        raise JournalError(
            f"{where}: synchronous_commit is off there, so that a power cut loses what was kept. Set it on, for the "
            "server, the database and the role"
        )
    if wanted == SYNCHRONOUS:
        _judge_synchronous(found, standbys, where)
    elif wanted == NONE and not found.synchronous_standby_names:
        _judge_none(standbys, where)
    elif wanted == ASYNCHRONOUS and not found.synchronous_standby_names:
        return (
            f"{where}: replication is asynchronous: when that server is lost, so is what was kept last; each request "
            "that was about to leave is a question then"
        )
    return ""


def fitting(connection: Connection) -> str:
    """Return what ``journal.replication`` has to say of a server as it is set up now."""
    if connection.execute(_ASKED).one().synchronous_standby_names:
        return SYNCHRONOUS
    return ASYNCHRONOUS if _lagging(connection.execute(_STANDBYS).one()) else NONE


def _lagging(standbys: Any) -> int:
    return int(standbys.standbys if standbys.seen else standbys.there)


def _judge_synchronous(found: Any, standbys: Any, where: str) -> None:
    if not found.synchronous_standby_names:
        there = (
            f"its standby lags behind. Set synchronous_standby_names there, or {_WORDS}{ASYNCHRONOUS}"
            if standbys.there
            else f"it has no standby. Set one up, with synchronous_standby_names, or {_WORDS}{NONE}"
        )
        raise JournalError(f"{where}: replication is not synchronous: {there}")
    if found.synchronous_commit not in {"on", "remote_apply"}:
        raise JournalError(
            f"{where}: synchronous_commit is {found.synchronous_commit} there: the standby is not waited for until it "
            "has written. Set it on"
        )
    if not standbys.there or (standbys.seen and not standbys.waited_for):
        raise JournalAway(
            f"{where}, is not at hand: none of its synchronous standbys is connected, so that nothing could be kept"
        )


def _judge_none(standbys: Any, where: str) -> None:
    if _lagging(standbys):
        hint = (
            ""
            if standbys.seen
            else " If it is a backup that streams, GRANT pg_read_all_stats lets this role see the difference."
        )
        raise JournalError(
            f"{where}: journal.replication says that there is no standby, and one is connected that lags behind. "
            f"Set synchronous_standby_names there and {_WORDS}{SYNCHRONOUS}, or {_WORDS}{ASYNCHRONOUS}.{hint}"
        )
