"""PostgreSQL refuses, goes down, is full, lets nobody write: what each means is said, and nobody's name with it."""

from __future__ import annotations

import logging
import socket
import struct
import subprocess
import threading
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from connector.errors import JournalAway, JournalError, JournalFull
from connector.journal import Journal, away, ends, engines, psycopg3
from connector.journal.ends import End
from connector.journal.leases import Leases
from connector.lifecycle import Record
from connector.logs import redact
from tests import postgres
from tests.postgres import Cluster
from tests.unit.test_journal_at_once import add

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


def opened(url: str, password: str | None = None) -> closing[Journal]:
    return closing(Journal(url, now=lambda: NOW, password=password))


def refused(url: str, password: str | None = None) -> str:
    """What is said where no connection comes about: wherever the program is asked to wait for it."""
    with pytest.raises(JournalAway) as told, opened(url, password):
        pass
    assert "secret-1" not in "".join(traceback.format_exception(told.value))
    assert str(told.value).startswith("the journal in PostgreSQL on ")
    return str(told.value)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A server of its own: others' connections do not end with it."""
    with postgres.ground() as ground:
        yield ground.cluster()


def test_where_no_connection_comes_about(cluster: Cluster) -> None:
    name = cluster.database()
    assert "nothing listens" in refused(cluster.url(name, tcp=True).replace(str(cluster.port), "1"))
    assert "nothing listens there: start PostgreSQL, or put the address right. " in refused(
        "postgresql+psycopg://c@/j?host=/nowhere"
    )
    assert "no such database" in refused(cluster.url("none"))
    assert "no such role" in refused(cluster.url(name, user="nobody"))
    assert "name is unknown" in refused("postgresql+psycopg://c@nowhere.invalid/j")
    assert "TLS" in refused(cluster.url(name, tcp=True) + "?sslmode=require")
    for what, back, said in (
        ("ROLE connector NOLOGIN", "ROLE connector LOGIN", "may not log in: ALTER ROLE"),
        (
            f"DATABASE {name} ALLOW_CONNECTIONS false",
            f"DATABASE {name} ALLOW_CONNECTIONS true",
            "ALLOW_CONNECTIONS",
        ),
    ):
        with cluster.admin() as admin:
            admin.execute(f"ALTER {what}".encode())
            told = refused(cluster.url(name))
            admin.execute(f"ALTER {back}".encode())
        assert said in told
    cluster.admit(f"local {name} peered peer", f"host {name} guarded 127.0.0.1/32 scram-sha-256",
                  f"host {name} shut 127.0.0.1/32 reject")  # fmt: skip
    with cluster.admin() as admin:
        admin.execute("CREATE ROLE guarded LOGIN PASSWORD 'secret-1' IN ROLE connector")
        admin.execute("CREATE ROLE peered LOGIN")
        admin.execute("CREATE ROLE shut LOGIN")
        admin.execute("CREATE ROLE crowd LOGIN CONNECTION LIMIT 0")
    url = cluster.url(name, tcp=True, user="guarded")
    told = refused(url)
    assert "the one that journal.password names, or that the command was given" in told
    assert redact(told) == told, "an administrator reads it through the redaction of logs"
    assert "refuses the password" in refused(url, "secret-12")
    told = refused(cluster.url(name, user="peered"))
    assert "not who asks: jse-connector-as-service VERB, or see its pg_ident.conf" in told
    assert "password" not in told
    assert "pg_hba.conf" in refused(cluster.url(name, tcp=True, user="shut"))
    assert "max_connections" in refused(cluster.url(name, user="crowd"))
    with opened(url, "secret-1") as journal:
        assert journal.held("lyon") is None
        assert "secret-1" not in repr(journal._engine.url)


def test_a_server_that_gives_few_connections_is_worked_with_by_these(
    cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    """Its others are somebody else's for now: who wants one more waits for one of ours, and nobody begins anew. Without
    any it is away, as ever."""
    url = cluster.url(cluster.database(), user="few")
    with cluster.admin() as admin:
        admin.execute("CREATE ROLE few LOGIN IN ROLE connector CONNECTION LIMIT 2")
    with opened(url) as journal:
        together = threading.Barrier(8)

        def work(number: int) -> None:
            together.wait(30)
            for _ in range(20):
                assert journal.turn(f"account-{number}", "alarm", {"on": True})
                assert journal.turn(f"account-{number}", "alarm", {"on": False})

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(work, range(8))) == [None] * 8
        with cluster.admin() as admin:
            admin.execute("ALTER ROLE few CONNECTION LIMIT 0")
        with caplog.at_level(logging.INFO, logger="connector"):
            journal.engine.dispose()
        assert caplog.messages == []
        with pytest.raises(JournalAway, match="no connection left"):
            journal.held("account-1")


def test_let_in_by_tls_and_by_nobody_else(cluster: Cluster, tmp_path: Path) -> None:
    """Whom TLS does not help is told of pg_hba.conf, by no name."""
    key, cert = tmp_path / "server.key", tmp_path / "server.crt"
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    subprocess.run([*made, "-keyout", key, "-out", cert], check=True, capture_output=True)
    for file in (key, cert):
        cluster._run("sh", "-c", f"umask 077; cat >{cluster.data / file.name}", text=file.read_text())
    name = cluster.empty()
    cluster.admit(f"host {name} connector 127.0.0.1/32 reject", f"hostssl {name} secured 127.0.0.1/32 cert")
    with cluster.admin() as admin:
        admin.execute("CREATE ROLE secured LOGIN")
    cluster.set(ssl="on")
    try:
        for mode in ("require", "prefer"):
            told = refused(f"{cluster.url(name, tcp=True)}?sslmode={mode}")
            assert "it lets nobody in from here" in told
            assert "connector" not in told
        told = refused(f"{cluster.url(name, tcp=True, user='secured')}?sslmode=require")
        assert "it refuses the client certificate: see sslcert in journal.url" in told
        no_authority = f"?sslmode=verify-full&sslrootcert={tmp_path / 'none'}"
        assert "TLS does not come about" in refused(cluster.url(name, tcp=True) + no_authority)
    finally:
        cluster.set(ssl="off")


def test_a_server_that_goes_down(cluster: Cluster) -> None:
    """Each way, what was open and what is opened meanwhile; when it is back it is the same journal."""
    name = cluster.database()
    with opened(cluster.url(name)) as journal:
        record = add(journal)
        for mode in ("fast", "immediate"):
            cluster.stop(mode)
            for _ in range(2):
                with pytest.raises(JournalAway, match="whether the last fact was kept is looked at first"):
                    journal.note(record, "seen")
                with pytest.raises(JournalAway):
                    journal.held("lyon")
            refused(cluster.url(name))
            cluster.start()
        assert journal.note(record, "seen").revision == 1


def raising(code: str, message: str) -> str:
    return (
        "CREATE FUNCTION struck() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN RAISE EXCEPTION '{message}' USING ERRCODE = '{code}'; END$$;"
        "CREATE TRIGGER struck BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION struck()"
    )


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        ("53100", JournalFull, "make room"),
        ("58030", JournalFull, "make room"),
        ("25006", JournalAway, "standby"),
        ("25P04", JournalAway, "transaction_timeout"),
        ("53000", JournalAway, "lacks something"),
        ("53400", JournalAway, "temp_file_limit"),
        ("57P04", JournalAway, "was dropped"),
        ("58000", JournalAway, "the system it runs on"),
        ("57P03", JournalAway, "starts, or stops"),
        ("40P01", JournalAway, "waited for each other"),
        ("08006", JournalAway, "connection broke"),
        ("42501", JournalError, "ALTER DATABASE"),
        ("XX001", JournalError, "damaged"),
        ("23505", JournalError, "UniqueViolation, SQLSTATE 23505"),
        ("22P02", JournalError, "InvalidTextRepresentation"),
    ],
)
def test_what_an_error_means(postgres_url: str, code: str, kind: type[JournalError], said: str) -> None:
    """Its kind and its cure; of what was being written nothing, in no line of a traceback."""
    with opened(postgres_url) as journal:
        with postgres.shared_cluster().admin(postgres.named(postgres_url), user="connector") as admin:
            admin.execute(raising(code, "Key (email)=(paul@example.fr) exists").encode())
        try:
            with pytest.raises(JournalError) as told:
                journal.mark_account("lyon", "confirmed", {})
        finally:
            with postgres.shared_cluster().admin(postgres.named(postgres_url)) as admin:
                admin.execute("DROP FUNCTION struck CASCADE")
        assert type(told.value) is kind
        assert said in str(told.value)
        assert "paul" not in str(told.value)
        if code[:2] in {"22", "23"}:
            assert "paul" not in "".join(traceback.format_exception(told.value))
        assert journal.last_account_event("lyon", "confirmed") is None
        journal.mark_account("lyon", "confirmed", {})


def test_a_pooler_is_told_as_one() -> None:
    """PgBouncer's own words."""
    said = "connection failed: FATAL:  unsupported startup parameter: options"
    error = sa.exc.OperationalError(None, None, psycopg.OperationalError(said))
    told = away.meaning(sa.engine.make_url("postgresql+psycopg://c@db.example/j"), error)
    assert isinstance(told, JournalAway)
    assert "a pooler stands between" in str(told)
    assert "let journal.url name the server itself" in str(told)


@contextmanager
def ignoring(port: int) -> Iterator[int]:
    """Stand before a server as PgBouncer does with ``ignore_startup_parameters = options``; gives the port."""

    def forward(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def begin(client: socket.socket) -> bytes:
        while True:
            (length,) = struct.unpack("!i", client.recv(4, socket.MSG_WAITALL))
            body = client.recv(length - 4, socket.MSG_WAITALL)
            if length > 8:
                break
            client.sendall(b"N")  # no TLS, no GSSAPI
        words = body[4:].rstrip(b"\0").split(b"\0")
        kept = [
            (name, value) for name, value in zip(words[::2], words[1::2], strict=True) if name != b"options"
        ]
        said = body[:4] + b"".join(b"%b\0%b\0" % one for one in kept) + b"\0"
        return struct.pack("!i", len(said) + 4) + said

    def serve(client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", port)) as server:
            server.sendall(begin(client))
            back = threading.Thread(target=forward, args=(server, client))
            back.start()
            forward(client, server)
            back.join(20)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def test_a_pooler_that_ignores_what_a_connection_sets_is_told_as_one(cluster: Cluster) -> None:
    """Let in by it, a process that is frozen amid a fact would keep its work from everybody, for as long as it is."""
    name = cluster.database()
    # By itself this one has another fault alone.
    with (
        opened(cluster.url(name, tcp=True)) as journal,
        pytest.raises(JournalError, match="fsync is off there"),
    ):
        journal.judge_replication("none")
    with ignoring(cluster.port) as port:
        url = cluster.url(name, tcp=True).replace(str(cluster.port), str(port))
        with (
            opened(url) as journal,
            pytest.raises(JournalError, match="a pooler stands between, which ignores it"),
        ):
            journal.judge_replication("none")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("FATAL:  authentification par mot de passe échouée pour l'utilisateur  « dupont »", "the password"),
        ("FATAL:  authentification peer échouée pour l'utilisateur « dupont »", "(peer)"),
        ("FATAL:  la base de données « j » n'existe pas", "no such database"),
        ("FATAL:  le rôle « dupont » n'existe pas", "no such role"),
        ("FATAL:  le rôle « dupont » n'est pas autorisé à se connecter", "ALTER ROLE … LOGIN"),
        ("FATAL:  droit refusé pour la base de données « j »", "GRANT CONNECT"),
        ("FATAL:  la base de données « j » n'accepte plus les connexions", "ALLOW_CONNECTIONS"),
        ("FATAL:  désolé, trop de clients sont déjà connectés", "max_connections"),
        ("FATAL:  trop de connexions pour le rôle « dupont »", "max_connections"),
        ("FATAL:  le système de bases de données se lance", "it starts, or stops"),
        ("FATAL:  le système de base de données s'arrête", "it starts, or stops"),
        ("FATAL:  le système de bases de données n'accepte pas encore de connexions", "it starts, or stops"),
        ("FATAL:  la connexion requiert un certificat client valide", "client certificate"),
        (
            "FATAL:  aucune entrée dans pg_hba.conf pour l'hôte « ::1 », utilisateur « dupont »,\nbase de\ndonnées",
            "see its pg_hba.conf",
        ),
        ("FATAL:  Rolle »dupont« darf nicht mehr", "it refuses: Rolle … darf nicht mehr."),
        ("FATAL:  el rol «dupont» no puede", "it refuses: el rol … no puede."),
        ("FATAL:  rola dupont nie może", "it refuses: rola … nie może."),
    ],
)
def test_a_server_that_speaks_another_language(said: str, meant: str) -> None:
    """French is understood; of what no one here understands the server's own words are told, and no name."""
    text = f'connection to server at "127.0.0.1", port 5432 failed: {said}'
    error = sa.exc.OperationalError(None, None, psycopg.OperationalError(text))
    told = str(away.meaning(sa.engine.make_url("postgresql+psycopg://dupont@db.example/j"), error))
    assert meant in told
    assert "dupont" not in told


def test_a_database_of_others_is_not_taken_over(cluster: Cluster) -> None:
    """Nor one where this role may make nothing."""
    name = cluster.empty()
    with cluster.admin(name, user="connector") as admin:
        admin.execute("CREATE TABLE meta (name text, worth text)")
    with pytest.raises(JournalError, match="another program's"), opened(cluster.url(name)):
        pass
    name = cluster.empty()
    with cluster.admin() as admin:
        admin.execute(f"ALTER DATABASE {name} OWNER TO postgres".encode())
    with pytest.raises(JournalError, match=r"ALTER DATABASE .* OWNER TO"), opened(cluster.url(name)):
        pass


@pytest.fixture
def lonely(postgres_url: str) -> Iterator[str]:
    """A journal whose synchronous standby is away: no commit comes to its end."""
    with opened(postgres_url):
        pass
    cluster = postgres.shared_cluster()
    cluster.set(synchronous_standby_names="nobody")
    yield postgres_url
    cluster.set(synchronous_standby_names="")


def test_a_commit_that_waits_for_a_standby_is_not_waited_for_for_ever(
    lonely: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psycopg3, "ANSWER_S", 0.5)
    with opened(lonely) as journal:
        with pytest.raises(JournalAway, match="does not answer"):
            journal.mark_account("lyon", "confirmed", {})
        assert journal.last_account_event("lyon", "confirmed") is None


def test_a_whole_journal_is_waited_for(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What refers to what is looked at when all rows are there: of a large one the server says nothing for minutes."""
    monkeypatch.setattr(psycopg3, "ANSWER_S", 0.3)
    with ends.opened(End(url=postgres_url)) as engine, ends.writing(engine) as connection:
        connection.exec_driver_sql("SELECT pg_sleep(0.6)")
        connection.commit()
        with pytest.raises(sa.exc.OperationalError, match="timeout"):
            connection.exec_driver_sql("SELECT pg_sleep(0.6)")


@contextmanager
def given_up_waiting(url: str) -> Iterator[None]:
    """Let an administrator, or a time limit of the server's, end the wait for the standby meanwhile."""
    cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    done = threading.Event()

    def meddle() -> None:
        with postgres.shared_cluster().admin(postgres.named(url)) as admin:
            while not done.is_set() and not admin.execute(cancel).fetchall():
                time.sleep(0.02)

    meddler = threading.Thread(target=meddle)
    meddler.start()
    try:
        yield
    finally:
        done.set()
        meddler.join()


def test_a_commit_that_only_one_server_has(lonely: str) -> None:
    """PostgreSQL answers it with a warning when somebody cancels the wait: it is not taken for kept."""
    with (
        opened(lonely) as journal,
        pytest.raises(JournalAway, match="standby did not take in time"),
        given_up_waiting(lonely),
    ):
        journal.mark_account("lyon", "confirmed", {})


def test_a_sign_of_life_that_only_one_server_has(lonely: str) -> None:
    """Where another server has taken over, nobody there has heard it: the lease ends there, and must end here."""
    with opened(lonely) as journal, postgres.shared_cluster().admin(postgres.named(lonely)) as admin:
        admin.execute("SET synchronous_commit = local")
        admin.execute("INSERT INTO process VALUES (1, 'one', 'h', 1, '0', 0, 3e9, false)")
        leases = Leases(journal)
        leases.process = 1
        with pytest.raises(JournalAway), given_up_waiting(lonely):
            leases.beat(600)
        leases.close()


def test_a_process_that_is_frozen_in_a_fact(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds up nobody for ever: the server ends what stands still; awake again, the process hears of it."""

    def forget(journal: Journal, other: Journal, record: Record) -> None:
        with journal._transaction() as connection:
            journal._unchanged(connection, record)
            assert other.note(record, "seen", attempts=1).attempts == 1  # waits for as long as that takes
            connection.exec_driver_sql("SELECT 1")

    with opened(postgres_url) as other, monkeypatch.context() as short:
        record = add(other)
        short.setattr(engines, "IDLE_S", 1)
        with opened(postgres_url) as frozen, pytest.raises(JournalAway, match="stood still"):
            forget(frozen, other, record)


def test_a_lock_is_not_waited_for_for_ever(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(postgres_url) as other, other._transaction() as connection:
        other._alone(connection, "hold lyon")
        monkeypatch.setattr(engines, "_LOCK_S", 1)
        with opened(postgres_url) as journal, pytest.raises(JournalAway, match="held a lock for too long"):
            journal.hold("lyon", "tokens", probe_at=NOW)


def test_every_connection_has_its_limits(postgres_url: str) -> None:
    """Whatever the server's own settings are."""
    wanted = {
        "default_transaction_isolation": "read committed",
        "statement_timeout": "1min",
        "lock_timeout": "20s",
        "idle_in_transaction_session_timeout": "20s",
        "idle_session_timeout": "0",
        "client_min_messages": "notice",
        "application_name": "jse-connector",
        "client_encoding": "UTF8",
    }
    said = "&options=-c%20work_mem%3D5MB%20-c%20client_min_messages%3Derror"
    with opened(postgres_url + said) as journal, journal._reading() as connection:
        found = {
            name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in (*wanted, "work_mem")
        }
        assert found == {**wanted, "work_mem": "5MB"}
    with closing(Journal(postgres_url, now=lambda: NOW, read_only=True)) as seen:
        assert seen.held("lyon") is None
        with pytest.raises(JournalError, match="no writes"):
            seen.hold("lyon", "tokens", probe_at=NOW)


def test_texts_that_postgresql_cannot_hold(postgres_url: str) -> None:
    """What others answer may hold a NUL: it is kept without, and found by what it was."""
    with opened(postgres_url) as journal:
        journal.hold("lyon", "no_credit", probe_at=NOW, text="plus\x00de crédit")
        held = journal.held("lyon")
        assert held is not None
        assert held.text == "plus\ufffdde crédit"
        record = add(journal, place="/a\x00.sign.yaml", subject="a\x00b")
        assert journal.at_place("dms", "/a\x00.sign.yaml") == record
        assert record.subject == "a\x00b"
