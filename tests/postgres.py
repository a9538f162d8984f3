"""Private PostgreSQL clusters for tests: made, started, broken and thrown away; nothing of the system's is touched.

A cluster has its data, its socket and its log in one directory of its own below the system's temporary one, and
listens on a free port of 127.0.0.1, too. A guard process outlives the tests by a moment: when they end, be it by
SIGKILL, it ends the servers and removes the directory. PostgreSQL does not run as root: then everything is done as the
user ``postgres`` of Debian's package.
"""

from __future__ import annotations

import itertools
import os
import pwd
import select
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from time import sleep
from typing import Final
from urllib.parse import urlsplit

import psycopg
import pytest

from connector.journal import Journal, schema

_START_S: Final = 60
_GUARD: Final = """
cat >/dev/null
for pid in "$1"/*/data/postmaster.pid; do
  [ -e "$pid" ] && kill -QUIT "$(head -n 1 "$pid")" 2>/dev/null
done
sleep 0.3
rm -rf "$1"
"""
_SETTINGS: Final[Mapping[str, str]] = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "60",
    "shared_buffers": "16MB",
    "max_wal_size": "64MB",
    "min_wal_size": "5MB",
    "wal_level": "replica",
    "max_wal_senders": "5",
    "hot_standby": "on",
    "autovacuum": "off",
    "log_min_messages": "warning",
    "log_statement": "none",
    "log_line_prefix": "%m [%p] %a ",
    "timezone": "UTC",
}


@cache
def programs() -> Path | None:
    """Return where PostgreSQL's own programs are, the newest version's; None where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda one: int(one.parts[-3]))
    if found:
        return found[-1].parent
    initdb = shutil.which("initdb")
    return Path(initdb).resolve().parent if initdb else None


def required() -> Path:
    """Return where PostgreSQL's programs are; without them a test is skipped, and fails in the check."""
    where = programs()
    if where is None:
        if os.environ.get("CI") == "true":
            pytest.fail("PostgreSQL is not installed: apt install postgresql")
        pytest.skip("PostgreSQL is not installed: apt install postgresql")
    return where


def _as_its_user(*command: str | Path) -> list[str]:
    given = [str(part) for part in command]
    return ["runuser", "-u", "postgres", "--", *given] if os.geteuid() == 0 else given


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def named(url: str) -> str:
    """Return the name of the database of a URL; a name is its own."""
    return urlsplit(url).path.lstrip("/")


class Ground:
    """A directory for clusters that belong together, and the guard that clears it away."""

    def __init__(self) -> None:
        required()
        self.directory = Path(tempfile.mkdtemp(prefix="jse-pg-"))
        self.directory.chmod(0o755)
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.directory, user.pw_uid, user.pw_gid)
        # A session of its own: a Ctrl-C for the tests must not end it before them.
        self._guard = subprocess.Popen(
            ["sh", "-c", _GUARD, "guard", self.directory], stdin=subprocess.PIPE, start_new_session=True
        )
        self.clusters: list[Cluster] = []

    def cluster(self, name: str = "one", *, fsync: bool = False, **settings: str) -> Cluster:
        """Make and start a new cluster; ``settings`` are PostgreSQL's own."""
        made = Cluster(self, name)
        made.make(fsync=fsync, settings=settings)
        made.start()
        return made

    def close(self) -> None:
        """End everything. Idempotent."""
        for one in self.clusters:
            one.stop("immediate")
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        self._guard.wait()


class Cluster:
    """One PostgreSQL server. Its superuser is ``postgres``, who needs no password, on the socket and on 127.0.0.1.

    ``user`` names an ordinary role, who needs none either and may make nothing but in the databases that are its own:
    what a journal is opened as.
    """

    user = "connector"

    def __init__(self, ground: Ground, name: str) -> None:
        self.name = name
        self.directory = ground.directory / name
        self.data = self.directory / "data"
        self.log = self.directory / "log"
        self.port = _free_port()
        self._ground = ground
        self._programs = required()
        self._templates: dict[str, str] = {}
        self._numbers = itertools.count(1)
        ground.clusters.append(self)

    # Its life

    def make(self, *, fsync: bool, settings: Mapping[str, str]) -> None:
        """Make its files; nothing runs yet."""
        self._run("mkdir", "-p", self.directory)
        self._run(
            *(self._programs / "initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-N"),
            *("-E", "UTF8", "--locale=C.UTF-8", "--wal-segsize=1"),
        )
        self.configure(**{**_SETTINGS, "fsync": "on" if fsync else "off", **settings})

    def configure(self, **settings: str) -> None:
        """Write settings that hold from the next start, or :meth:`reload`, on."""
        lines = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
        self._run("sh", "-c", f"cat >>{self.data}/postgresql.conf", text=lines)

    def start(self, *, wait: bool = True) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self.port} -k {self.directory}"
        self._run(
            *(self._programs / "pg_ctl", "start", "-D", self.data, "-l", self.log, "-o", options),
            *("-w" if wait else "-W", "-t", str(_START_S), "-s"),
        )

    def stop(self, mode: str = "fast") -> None:
        """Stop it: ``smart``, ``fast`` or ``immediate`` (as a crash does). Idempotent."""
        if (self.data / "postmaster.pid").exists() or os.geteuid() == 0:
            self._run(
                *(self._programs / "pg_ctl", "stop", "-D", self.data, "-m", mode, "-w", "-s"), check=False
            )

    def restart(self, mode: str = "fast") -> None:
        """Stop and start it."""
        self.stop(mode)
        self.start()

    def reload(self) -> None:
        """Let it read its settings again."""
        with self.admin() as connection:
            connection.execute("SELECT pg_reload_conf()")

    def set(self, **settings: str) -> None:
        """Change settings that need no start, and wait until they hold."""
        self.configure(**settings)
        self.reload()
        for _ in range(_START_S * 100):
            with self.admin() as connection:
                found = {name: connection.execute(f"SHOW {name}".encode()).fetchone() for name in settings}
            if all(found[name] == (value,) for name, value in settings.items()):
                return
            sleep(0.01)
        raise AssertionError(f"{settings} do not hold: {found}")

    def admit(self, *lines: str) -> None:
        """Put lines before all others into its pg_hba.conf, and let them hold for whoever connects from now on."""
        said = "".join(f"{line}\n" for line in lines)
        file = self.data / "pg_hba.conf"
        self._run("sh", "-c", f"cat - {file} >{file}.new && mv {file}.new {file}", text=said)
        self.reload()
        sleep(0.2)

    @property
    def pid(self) -> int:
        """Return the process id of the running server: what a test may freeze."""
        return int(self._run("head", "-n", "1", self.data / "postmaster.pid").strip())

    # Standbys

    def standby(self, name: str = "two", *, synchronous: bool = True) -> Cluster:
        """Make and start a streaming standby of this one, and wait until it streams.

        ``synchronous``: from then on no commit of this one returns before the standby has it.
        """
        made = Cluster(self._ground, name)
        self._run("mkdir", "-p", made.directory)
        self._run(
            *(self._programs / "pg_basebackup", "-D", made.data, "-R", "-X", "stream", "-c", "fast"),
            *("-d", f"host={self.directory} port={self.port} user=postgres application_name={name}"),
        )
        made.start()
        made._templates = dict(self._templates)
        if synchronous:
            self.configure(synchronous_standby_names=name)
            self.reload()
        wanted = "sync" if synchronous else "async"
        asked = "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = %s"
        with self.admin() as connection:
            for _ in range(_START_S * 20):
                if connection.execute(asked, (wanted,)).fetchone():
                    return made
                connection.execute("SELECT pg_sleep(0.05)")
        raise AssertionError(f"{name} does not stream")

    def promote(self) -> None:
        """Make a standby a server of its own, and wait until it takes writes; it waits for no standby itself."""
        self.configure(synchronous_standby_names="")
        self.reload()
        self._run(self._programs / "pg_ctl", "promote", "-D", self.data, "-w", "-t", str(_START_S), "-s")

    # Databases

    def url(self, database: str, *, tcp: bool = False, user: str | None = None) -> str:
        """Return the URL of a database: by the socket, or by 127.0.0.1 (``tcp``)."""
        who = user or self.user
        if tcp:
            return f"postgresql+psycopg://{who}@127.0.0.1:{self.port}/{database}"
        return f"postgresql+psycopg://{who}@/{database}?host={self.directory}&port={self.port}"

    def admin(self, database: str = "postgres", *, user: str = "postgres") -> psycopg.Connection:
        """Return a connection of the superuser's; every statement is committed at once."""
        return psycopg.connect(
            host=str(self.directory), port=self.port, user=user, dbname=database, autocommit=True
        )

    def empty(self) -> str:
        """Make a database with nothing in it, the ordinary role's own; returns its name."""
        return self._database("template0")

    def database(self) -> str:
        """Make a database with an empty journal in it, each with an id of its own; returns its name.

        A copy of one that was made once: a few hundredths of a second.
        """
        if "journal" not in self._templates:
            made = self.empty()
            Journal(self.url(made), now=lambda: datetime.now(UTC)).close()
            self._templates["journal"] = made
        name = self._database(self._templates["journal"])
        with self.admin(name, user=self.user) as connection:
            connection.execute(
                "UPDATE meta SET value = substr(md5(random()::text), 1, 16) WHERE name = 'journal_id'"
            )
        return name

    def drop(self, name: str) -> None:
        """Throw a database away, whoever is connected."""
        with self.admin() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())

    def clear(self, name: str) -> None:
        """Empty a journal, and end whatever is still connected to it; it has another id from then on.

        ``name``: of its database, or its URL.
        """
        name = named(name)
        with self.admin(name) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            # As a replica does: without triggers, which keep history and what refers to what.
            connection.execute("SET session_replication_role = replica")
            for table in schema.metadata.tables:
                connection.execute(f'DELETE FROM "{table}"'.encode())
            connection.execute(
                "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S' AND relnamespace = "
                "'public'::regnamespace"
            )
            connection.execute(
                "INSERT INTO meta VALUES ('schema', %s), ('journal_id', substr(md5(random()::text), 1, 16))",
                (str(schema.VERSION),),
            )

    def _database(self, template: str) -> str:
        name = f"j{next(self._numbers)}_{os.getpid()}"
        with self.admin() as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (self.user,)).fetchone():
                connection.execute(f"CREATE ROLE {self.user} LOGIN".encode())
            connection.execute(f"CREATE DATABASE {name} OWNER {self.user} TEMPLATE {template}".encode())
        return name

    def _run(self, *command: str | Path, text: str = "", check: bool = True) -> str:
        # Its output goes to a file: a server that is started would keep a pipe open for ever.
        with tempfile.TemporaryFile("w+") as said:
            ended = subprocess.run(
                _as_its_user(*command),
                input=text or None,
                stdin=None if text else subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                text=True,
                cwd="/",
                check=False,
            )
            said.seek(0)
            output = said.read()
        if check and ended.returncode:
            log = self.log.read_text("utf-8", "replace")[-2000:] if self.log.exists() else ""
            raise AssertionError(f"{command[0]} ended with {ended.returncode}: {output}{log}")
        return output


_shared: list[Ground] = []
_emptied: list[str] = []


@contextmanager
def ground() -> Iterator[Ground]:
    """Give a ground whose clusters end with the block."""
    made = Ground()
    with closing(made):
        yield made


def shared_cluster() -> Cluster:
    """Return this test process's own cluster, started once: fsync off, no standby. Nobody stops or configures it."""
    if not _shared:
        _shared.append(Ground())
    return _shared[0].clusters[0] if _shared[0].clusters else _shared[0].cluster()


def end_shared() -> None:
    """End the shared cluster: when a test process ends. Idempotent."""
    _emptied.clear()
    while _shared:
        _shared.pop().close()


@contextmanager
def journal_url() -> Iterator[str]:
    """Give the URL of an empty journal on the shared cluster; at the end it is emptied for the next one.

    That takes a thousandth of a second, another database a tenth. Whoever changes tables takes ``database()``.
    """
    cluster = shared_cluster()
    name = _emptied.pop() if _emptied else cluster.database()
    try:
        yield cluster.url(name)
    finally:
        cluster.clear(name)
        _emptied.append(name)


@contextmanager
def durable_url() -> Iterator[str]:
    """The same for a whole connector, which refuses a database that a power cut would rob of facts: fsync is on."""
    cluster = shared_cluster()
    with journal_url() as url:
        cluster.set(fsync="on")
        try:
            yield url
        finally:
            cluster.set(fsync="off")


class Turns:
    """Stands between a client and a server of PostgreSQL on TCP, and counts how often the client waited for an answer.

    ``url`` leads there; ``count`` is the number of round trips since it was last set.
    """

    def __init__(self, cluster: Cluster, database: str) -> None:
        self.count = 0
        self._server = cluster.port
        self._listening = socket.create_server(("127.0.0.1", 0))
        port = self._listening.getsockname()[1]
        self.url = f"postgresql+psycopg://{cluster.user}@127.0.0.1:{port}/{database}"
        self._ends: list[socket.socket] = [self._listening]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._server))
            self._ends += [client, server]
            self._threads.append(threading.Thread(target=self._pass, args=(client, server)))
            self._threads[-1].start()

    def _pass(self, client: socket.socket, server: socket.socket) -> None:
        asked = False
        with client, server:
            while True:
                for end in select.select([client, server], [], [])[0]:
                    try:
                        data = end.recv(65_536)
                        # Counted before it is passed on: who has an answer may set the count to zero at once. An
                        # answer in several pieces is one; so is a question.
                        self.count += bool(data) and end is server and asked
                        asked = end is client
                        (server if end is client else client).sendall(data)
                    except OSError:
                        return
                    if not data:
                        return

    def close(self) -> None:
        """End all that goes through here."""
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        # Who passes on closes both ends: closed under their hands, they would be nobody's, or another's.
        for thread in self._threads:
            thread.join()
        self._listening.close()
