"""A journal that several connectors share is brought up to date when none of an older version works on it any more.

A newer one waits until then, and the older ones go on with all the work: hosts are upgraded one after the other, and
nothing stands still but what is being restarted. One that slept, or was cut off, can keep no fact afterwards; when it
begins anew it finds a journal that is too new for it, and ends. Source: issue "Many firms", point 4.
"""

from __future__ import annotations

import logging
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.errors import JournalAway
from connector.journal import grounds, schema

log = logging.getLogger(__name__)

_LATER: Final = frozenset({"55P03", "42501"})
"""A lock that is not to be had just now; a role that is not the owner of the tables."""


def wait_for_older(connection: Connection, found: int, where: object) -> None:
    """Let a transaction bring a journal up to date, or raise JournalAway while others work on it. PostgreSQL.

    ``found``: the schema that it is of. Nobody begins to work on it until the transaction is over.
    """
    connection.exec_driver_sql(f"LOCK TABLE {schema.process.name} IN SHARE ROW EXCLUSIVE MODE")
    if who := grounds.alive(connection):
        raise JournalAway(
            f"{where}, is of schema {found}, this version brings it to {schema.VERSION}, and connectors of "
            f"an older version work on it: {', '.join(who)}. They go on; upgrade and restart each of them: once none "
            "is left, this one goes on",
            cause="an older version works on it",  # for how long still is another time at each look
        )
    grounds.at_rest(connection)


def fit(connection: Connection, where: object) -> None:
    """Give a journal of this version the indexes that one made today has. PostgreSQL.

    Those that work on it wait for a moment. Where that would be long (a VACUUM is under way), the next start does it.
    """
    if schema.any_length(connection):
        return
    grounds.patient(connection)
    try:
        with connection.begin_nested():
            connection.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
            schema.let_any_length(connection)
    except sa.exc.DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) not in _LATER:
            raise
        log.info("%s, keeps its former indexes until the next start", where)
