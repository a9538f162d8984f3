"""What an error of PostgreSQL means to an administrator: what, where, what to do; no value of any statement.

A server's messages may quote what was written, which is about people: of an error in what was asked only its code and
the name of the constraint are told. Source: PostgreSQL manual, appendix A (error codes).
"""

from __future__ import annotations

import re
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import URL

from connector.errors import JournalAway, JournalError, JournalFull

_FULL: Final = frozenset({"53100", "58030"})
_AWAY: Final = {
    "25006": "it takes no writes: it is a standby, or was made read-only",
    "25P03": "it ended a transaction that stood still for too long",
    "25P04": "it ended a transaction that took too long: see its transaction_timeout",
    "40001": "it undid a transaction that met another one",
    "40P01": "it undid one of two transactions that waited for each other",
    "53000": "it lacks something that it needs",
    "53200": "it has no memory left",
    "53300": "it has no connection left: raise max_connections there, or let fewer programs connect",
    "53400": "it met a limit that its configuration sets, as temp_file_limit",
    "55P03": "something else held a lock for too long",
    "57014": "it did not answer in time, or somebody cancelled what was asked",
    "57P01": "it was shut down, or this connection was ended by its administrator",
    "57P02": "it went down",
    "57P03": "it cannot serve yet: it starts, or stops",
    "57P04": "the database was dropped",
    "57P05": "it ended a connection that was not used for long",
    "58000": "the system it runs on failed",
}
REFUSALS: Final = (
    ("certificat", "it refuses the client certificate: see sslcert in journal.url"),
    (
        "[Pp]eer authentication failed|authentification peer échouée",
        "it knows users of this host by their names (peer), and not who asks: jse-connector-as-service VERB, or see "
        "its pg_ident.conf",
    ),
    (
        "password authentication|no password supplied|authentication failed|authentification .*échoué|"
        "Échec de l'authentification",
        "it refuses the password, the one that journal.password names, or that the command was given",
    ),
    ("another server has taken over", "another server has taken over: what was kept last is looked at first"),
    ("standby did not take it", "its standby did not take in time what was kept"),
    ("pg_hba.conf", "it lets nobody in from here in this way: see its pg_hba.conf"),
    (
        "too many clients|connection slots|too many connections|trop de (clients|connexions)|"
        "emplacements de connexions",
        _AWAY["53300"],
    ),
    (
        "starting up|shutting down|not accepting|not yet accepting|"
        "données (se lance|s'arrête|n'accepte pas|est en cours)",
        _AWAY["57P03"],
    ),
    ("session is read-only", _AWAY["25006"]),
    (
        "database .* does not exist|base de données .* n'existe pas",
        "there is no such database: create it, owned by the role that journal.url names, and put its backup back where "
        "there was one",
    ),
    (
        "role .* does not exist|rôle .* n'existe pas",
        "there is no such role: create the one that journal.url names",
    ),
    (
        "not permitted to log in|pas autorisé à se connecter",
        "the role that journal.url names may not log in: ALTER ROLE … LOGIN",
    ),
    (
        "permission denied for database|droit refusé pour la base de données",
        "the role that journal.url names may not connect there: GRANT CONNECT ON DATABASE … TO …",
    ),
    (
        "not currently accepting connections|n'accepte plus les connexions",
        "that database lets nobody in: ALTER DATABASE … ALLOW_CONNECTIONS true",
    ),
    ("could not translate host|resolve host", "its host's name is unknown here"),
    (
        "Connection refused|No such file or directory",
        "nothing listens there: start PostgreSQL, or put the address right",
    ),
    ("wait timeout expired|timeout expired|timed out", "it does not answer"),
    ("No route|unreachable", "no way leads there"),
    (
        "unsupported startup parameter",
        "a pooler stands between, which refuses what each connection relies on: let journal.url name the server itself",
    ),
    (
        "unrecognized configuration parameter|configuration .* non reconnu",
        "it is too old: PostgreSQL 14 or newer is needed",
    ),
)
"""What a refused connection says, and what that means: refused, there is no code to go by.

In English or French: its language is the server's (lc_messages), and cannot be chosen before it lets one in.
"""
_QUOTED: Final = re.compile(r"[\"„“«»][^\"“”«»]*[\"“”«»]")
_MEANWHILE: Final = (
    "Nothing leaves meanwhile; whether the last fact was kept is looked at first when it is back"
)


def place(url: URL) -> str:
    """Return where a journal is, for a message: host and database, nobody's name and no secret."""
    hosts = url.query.get("host", ())
    listed = [hosts] if isinstance(hosts, str) else list(hosts)
    where = ", ".join([url.host] if url.host else listed) or "this machine"
    port = url.port or url.query.get("port", "")
    return f"the journal in PostgreSQL on {where}{f', port {port},' if port else ','} database {url.database}"


def meaning(url: URL, error: sa.exc.SQLAlchemyError) -> JournalError:
    """Return what an error of the database, or of the way there, means."""
    where = place(url)
    cause: Any = getattr(error, "orig", None)
    code = getattr(cause, "sqlstate", None) or ""
    if isinstance(error, sa.exc.TimeoutError):
        return JournalAway(
            f"{where}, is not at hand: all connections of this process are in use. {_MEANWHILE}"
        )
    if code in _FULL:
        return JournalFull(
            f"{where}, cannot be written (SQLSTATE {code}): its disk is full, or fails. Nothing is lost, and nothing "
            "leaves meanwhile: make room there"
        )
    if code in _AWAY or code.startswith("08"):
        return JournalAway(
            f"{where}, is not at hand: {_AWAY.get(code, 'the connection broke')}. {_MEANWHILE}"
        )
    if not code and _lost(error, cause):
        return JournalAway(f"{where}, is not at hand: {_refusal(str(cause), url)}. {_MEANWHILE}")
    if code == "42501":
        return JournalError(
            f"{where}: the role that journal.url names may not do this. Make it the owner of the database and of each "
            f"table in it: ALTER DATABASE {url.database} OWNER TO …, ALTER TABLE … OWNER TO …; or restore once more, "
            "into an empty database of that role, with pg_restore --no-owner --role=…"
        )
    if code.startswith("XX"):
        return JournalError(f"{where}, is damaged (SQLSTATE {code}): restore it with PostgreSQL's own tools")
    if code in {"42P01", "42703"}:
        return JournalError(f"{where}: tables of a journal are missing there, or are another program's")
    constraint = getattr(getattr(cause, "diag", None), "constraint_name", None)
    return JournalError(
        f"{where}, failed: {type(cause or error).__name__}"
        + (f", SQLSTATE {code}" if code else "")
        + (f", {constraint}" if constraint else "")
    )


def quotes_values(error: sa.exc.SQLAlchemyError) -> bool:
    """True where PostgreSQL's own words may hold what was written: they are not even shown as a cause."""
    code = getattr(getattr(error, "orig", None), "sqlstate", None) or ""
    return code[:2] in {"22", "23", "42", "P0"} or (not code and isinstance(error, sa.exc.DataError))


def has_none_left(error: Exception) -> bool:
    """True of a refusal by a server that has no connection left, for all or for this role."""
    return any(meant == _AWAY["53300"] and re.search(pattern, str(error)) for pattern, meant in REFUSALS)


def _lost(error: sa.exc.SQLAlchemyError, cause: Any) -> bool:
    return bool(getattr(error, "connection_invalidated", False)) or type(cause).__name__ in {
        "OperationalError",
        "InterfaceError",
        "ConnectionTimeout",
    }


def _refusal(text: str, url: URL) -> str:
    # What the server itself says (FATAL) it says by a connection that came about.
    if ("SSL" in text or "certificate" in text) and "FATAL" not in text:
        return "TLS does not come about: " + text.splitlines()[0].rpartition("failed: ")[2]
    for pattern, meant in REFUSALS:
        if re.search(pattern, " ".join(text.split())):
            return meant
    if (said := re.search(r"FATAL: *(.+)", text)) is not None:
        words = _QUOTED.sub("…", said[1].strip())
        return "it refuses: " + (words.replace(url.username, "…") if url.username else words)
    return "the connection broke, or none came about"
