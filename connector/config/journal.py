"""Where the journal is kept, as the administrator's file says it: SQLite here, or PostgreSQL for several connectors.

Nothing is connected to. Source: design page section 3; protocol R12.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import SplitResult, parse_qs, urlsplit

from connector.config import values
from connector.config.tree import Tree
from connector.errors import ConfigurationProblem

_POSTGRESQL: Final = "postgresql+psycopg"
_SAID_TWICE: Final = frozenset({"user", "password", "sslpassword", "dbname", "hostaddr"})
_OF_LIBPQ: Final = frozenset(
    {
        *("host", "port", "passfile", "application_name", "options", "require_auth", "channel_binding"),
        *(
            "sslmode",
            "sslrootcert",
            "sslcert",
            "sslkey",
            "sslcrl",
            "sslcrldir",
            "sslnegotiation",
            "sslcertmode",
        ),
        *("sslsni", "ssl_min_protocol_version", "ssl_max_protocol_version", "gssencmode", "krbsrvname"),
        *("connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"),
        *("tcp_user_timeout", "target_session_attrs", "load_balance_hosts"),
    }
)
"""What the query of a PostgreSQL URL may say (its manual, "Parameter Key Words")."""
_NOT_OF_SQLITE: Final = (
    ("password", "has no password"),
    ("replication", "is not replicated"),
    ("lease", "has one connector"),
)
SSL_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


def journal_url(text: str) -> str:
    """A database URL as SQLAlchemy reads it, without a password."""
    # A password may hold a slash, by which the rest would be read as something else.
    if re.search(r"://[^/@?]*:[^@?]*@", text) or re.search(r"[?&](?:ssl)?password=", text):
        raise ValueError("a password stands in the URL; write it as  password: {credential: NAME}")
    if re.match(r"postgres(?:ql)?(?:\+(?!psycopg:)[a-z0-9]+)?://", text):
        rest = text.partition("://")[2]
        # What stands before an "@" behind a ":" may be a password, however odd.
        repeated = "…" if ":" in rest.rpartition("@")[0] else rest
        raise ValueError(f"write {_POSTGRESQL}://{repeated}")
    if text.startswith(f"{_POSTGRESQL}://"):
        return _postgresql_url(text)
    if not re.fullmatch(r"sqlite(?:\+pysqlite)?://\S*", text):
        raise ValueError(
            "write a URL such as sqlite:////var/lib/jse-connector/journal/journal.sqlite, or "
            f"{_POSTGRESQL}://connector@db.example/journal"
        )
    return text


def _postgresql_url(text: str) -> str:
    query = _query_of(text)
    if query is None:
        raise ValueError(
            f"write a URL such as {_POSTGRESQL}://connector@db.example:5432/journal?sslmode=verify-full: a role, a "
            f"host, a database; by a socket of this machine {_POSTGRESQL}://connector@/journal?host=/run/postgresql"
        )
    for name, said in query.items():
        if name in _SAID_TWICE:
            raise ValueError(
                f'"{name}" does not stand behind the "?": role, host and database stand before it'
            )
        if name not in _OF_LIBPQ:
            raise ValueError(
                f'"{name}" is nothing that PostgreSQL is told{values.nearest(name, set(_OF_LIBPQ))}'
            )
        if name == "sslmode" and said[-1] not in SSL_MODES:
            raise ValueError(f'sslmode "{said[-1]}"; one of {", ".join(SSL_MODES)}')
    return text


def _query_of(text: str) -> dict[str, list[str]] | None:
    """Return what stands behind the "?"; None where the whole is no URL of a database."""
    try:
        parts = urlsplit(text)
        _ = parts.port
        query = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        return None
    named = re.fullmatch("/[^/]+", parts.path) and not parts.fragment and not re.search(r"\s", text)
    return query if named else None


def is_postgresql(url: str | None) -> bool:
    """True of a journal that several connectors can share."""
    return url is not None and url.startswith(f"{_POSTGRESQL}://")


def journal_problems(tree: Tree) -> Iterator[ConfigurationProblem]:
    """What a journal in PostgreSQL needs beside its URL, and what one in SQLite has no use for."""
    url = tree.text("journal", "url")
    if not is_postgresql(url):
        if url is None or url.startswith("sqlite"):
            for key, why in (
                ("password", "has no password"),
                ("replication", "is not replicated"),
                ("lease", "has one connector"),
            ):
                if tree.node(("journal", key)) is not None:
                    yield tree.problem(("journal", key), f"a journal in SQLite {why}: remove it.")
        return
    for key, why in (
        ("connector", "all that share the journal are the same owner of their folders: connector: NAME"),
        ("seal", "each reads what the others sealed: seal: {credential: jse-seal}"),
    ):
        if tree.node((key,)) is None:
            text = f"a journal in PostgreSQL needs  {key}:  in this file, the same for every connector on it. {why}"
            yield tree.problem(("journal", "url"), text.replace(". all", ". All").replace(". each", ". Each"))
    parts = urlsplit(url or "")
    mode = parse_qs(parts.query).get("sslmode", ["prefer"])[-1]
    if _is_remote(parts) and mode != "verify-full":
        text = (
            f"sslmode is {mode}: on the way to that host somebody else could answer in its place, and read what people "
            "are asked to sign. Write  ?sslmode=verify-full  behind the database (and  &sslrootcert=FILE  for an "
            "authority of your own)."
        )
        yield tree.problem(("journal", "url"), text, warning=True)
    if tree.text("journal", "replication") == "asynchronous":
        text = (
            "asynchronous: when that server is lost, so is what it was told last. Each request that was about to leave "
            "is then a question to the markers and to Jesignexpert."
        )
        yield tree.problem(("journal", "replication"), text, warning=True)


def _is_remote(parts: SplitResult) -> bool:
    """True where a host of another machine may be meant; by a socket, or on loopback, nothing goes over a line."""
    hosts = [parts.hostname or "", *parse_qs(parts.query).get("host", [])]
    named = [one for host in hosts for one in host.split(",") if one]
    return any(not one.startswith(("/", "@")) and not _is_here(one) for one in named)


def _is_here(host: str) -> bool:
    bare = host.partition("]")[0].removeprefix("[") if host.startswith("[") else host
    bare = bare if bare.count(":") > 1 else bare.partition(":")[0]
    return bare in {"localhost", "::1"} or bare.startswith("127.")
