"""The nine series, /health, and the small server that answers: what they tell and cost, what nobody can do to it."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from connector.cli.watching import token_expiry
from connector.config import values
from connector.errors import AccessDenied, JournalAway, NotConnected
from connector.jesignexpert.token_vault import TokenVault
from connector.journal import Journal
from connector.journal.secrets import Secrets
from connector.journal.vault import Vault
from connector.lifecycle import DocumentFacts, SignatoryFacts, State
from connector.metrics import pages
from connector.metrics.series import OPEN, Series, Sources
from connector.metrics.server import MOST_CONNECTIONS, PATIENCE_S, Answer, MetricsServer
from connector.metrics.standing import erased_from
from connector.metrics.vitals import Reason, Vitals

MONITORING = Path(__file__).parents[2] / "docs" / "monitoring"
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Paris")
SERIES = {
    "jse_last_pass_timestamp_seconds": {"server"},
    "jse_requests": {"folder", "state"},
    "jse_oldest_open_seconds": {"folder"},
    "jse_paused": {"kind", "name", "reason"},
    "jse_undelivered_deadline_timestamp_seconds": set(),
    "jse_token_expiry_timestamp_seconds": {"account"},
    "jse_sends_total": {"account"},
    "jse_dms_requests_total": {"server", "code"},
    "jse_shares": {"holder"},
}
"""As ux page 6.5 names them."""


class Told:
    """A journal, vitals, and the series of both."""

    def __init__(self, url: str) -> None:
        self.now = NOW
        self.journal = Journal(url, now=lambda: self.now)
        self.vitals = Vitals(None, now=lambda: self.now, zone=ZONE)
        self.vitals.known(["server:cloud", "server:nas", "account:lyon"])
        self.open: Journal | None = self.journal
        self.series = Series(
            Sources(
                vitals=self.vitals,
                journal=lambda: self.open,
                servers=("cloud", "nas"),
                accounts=("lyon", "annecy"),
                folders=("letters", "clients"),
                token_expiry=lambda account: NOW + timedelta(days=4) if account == "lyon" else None,
                erasure=lambda record: erased_from(record, 30, ZONE),
                now=lambda: self.now,
            )
        )

    def add(self, state: State, folder: str = "letters", **fields: object) -> None:
        self.journal.add(
            state=state, folder=folder, server="cloud", account="lyon", place="/Lettre DUPONT.sign.yaml",
            document=DocumentFacts(href="/Lettre DUPONT.pdf"), **fields,
        )  # fmt: skip

    def samples(self, accept: str = "") -> dict[str, float]:
        """Sample with its labels → value."""
        content_type, body = self.series.exposition(accept)
        read = parse_openmetrics if "openmetrics" in content_type else parse
        return {
            sample.name
            + "".join(f" {key}={value}" for key, value in sorted(sample.labels.items())): sample.value
            for family in read(body.decode())
            for sample in family.samples
        }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def told(database_url: str) -> Iterator[Told]:
    made = Told(database_url)
    with closing(made.journal):
        yield made


def test_the_nine_series_and_no_other(told: Told) -> None:
    """Their names and labels are what an administrator's dashboards stand on; nothing of the process comes along."""
    told.add(State.SEALING, signed_at=NOW)
    told.vitals.passed("server:nas", took_s=1, error=NotConnected("away"))
    told.vitals.made = lambda: {"cloud": {"207": 3}}
    assert "jse_shares" not in told.series.exposition("")[1].decode()
    told.series.sources = replace(told.series.sources, shares=lambda: {"here": 1, "others": 2, "nobody": 0})
    found: dict[str, set[str]] = {}
    for family in parse(told.series.exposition("")[1].decode()):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    assert found == SERIES
    openmetrics = "application/openmetrics-text; version=1.0.0"
    assert told.samples(openmetrics) == told.samples()


def test_what_they_tell(told: Told) -> None:
    """States with 0 too; the oldest one that people do not sit on; deadlines; what rests, and why."""
    told.now = NOW - timedelta(days=90)
    told.add(State.REJECTED)
    told.now = NOW - timedelta(days=2)
    told.add(State.IN_PROGRESS)
    told.now = NOW - timedelta(hours=3)
    for _ in range(2):
        told.add(State.IN_PROGRESS)
    marie = SignatoryFacts(order=1, email="m@x.fr", name="Marie", signed_at=NOW - timedelta(days=20))
    told.add(State.SEALING, "clients", signed_at=NOW, signatories=(marie,))
    told.add(State.DELIVERING, "clients", signed_at=NOW)
    told.add(State.DELIVERED, closed=True)
    record = list(told.journal.everything())[1]
    told.journal.note(record, "sent")
    told.journal.note(list(told.journal.everything())[2], "send_found")
    told.now = NOW
    told.journal.hold("annecy", "no_credit", probe_at=NOW)
    told.vitals.passed("server:cloud", took_s=1)
    told.vitals.passed("server:nas", took_s=1, error=AccessDenied("x", status=401))
    told.vitals.resting({"clients": Reason.ANOTHERS})
    told.vitals.made = lambda: {"cloud": {"207": 3}, "nas": {"401": 1}}
    found = told.samples()
    assert found["jse_requests folder=letters state=in_progress"] == 3
    assert found["jse_requests folder=letters state=rejected"] == 1
    assert found["jse_requests folder=clients state=in_doubt"] == 0
    assert sum(name.startswith("jse_requests ") for name in found) == 2 * len(OPEN)
    assert found["jse_oldest_open_seconds folder=letters"] == 2 * 86_400
    assert found["jse_oldest_open_seconds folder=clients"] == 3 * 3600
    assert found["jse_undelivered_deadline_timestamp_seconds"] == (NOW + timedelta(days=10)).timestamp()
    assert found["jse_token_expiry_timestamp_seconds account=lyon"] == (NOW + timedelta(days=4)).timestamp()
    assert "jse_token_expiry_timestamp_seconds account=annecy" not in found
    assert found["jse_sends_total account=lyon"] == 2
    assert found["jse_sends_total account=annecy"] == 0
    assert found["jse_last_pass_timestamp_seconds server=cloud"] == NOW.timestamp()
    assert found["jse_last_pass_timestamp_seconds server=nas"] == 0
    assert found["jse_dms_requests_total code=207 server=cloud"] == 3
    assert found["jse_dms_requests_total code=401 server=nas"] == 1
    assert found["jse_dms_requests_total code=429 server=cloud"] == 0
    assert {name for name in found if name.startswith("jse_paused")} == {
        "jse_paused kind=account name=annecy reason=no_credit",
        "jse_paused kind=folder name=clients reason=anothers",
        "jse_paused kind=server name=nas reason=login_refused",
    }


def test_no_label_names_a_person_or_a_file(told: Told) -> None:
    """Whatever a request is about, and whatever an obstacle quotes."""
    told.add(State.IN_DOUBT, reason="send_unanswered", subject="Bilan DUPONT")
    told.vitals.passed("server:cloud", took_s=1, error=NotConnected("/Lettre DUPONT.pdf"), text="DUPONT")
    text = told.series.exposition("")[1].decode()
    assert "DUPONT" not in text
    assert set(re.findall(r'(\w+)="', text)) == {
        "server",
        "folder",
        "state",
        "kind",
        "name",
        "reason",
        "account",
        "code",
    }


@pytest.mark.usefixtures("path")  # the plan is SQLite's; PostgreSQL's is seen in test_journal_postgresql
def test_what_a_scrape_costs(told: Told) -> None:
    """A few statements, however many requests there are, and none that reads the whole journal."""
    for number in range(300):
        told.add(State.DELIVERED, closed=True, values={"n": str(number)})
    told.add(State.IN_PROGRESS)
    asked: list[str] = []

    def hear(_c: object, _k: object, statement: str, *_more: object) -> None:
        asked.append(statement)

    sa.event.listen(told.journal._engine, "before_cursor_execute", hear)
    told.series.exposition("")
    told.now += timedelta(minutes=1)
    told.series.exposition("")
    sa.event.remove(told.journal._engine, "before_cursor_execute", hear)
    assert len(asked) <= 4 + 4 + 2, asked  # and a hold for each account, the first time
    with told.journal._reading() as connection:
        for statement in asked:
            for row in connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {statement}", ("x",) * statement.count("?")
            ):
                assert not str(row[3]).startswith("SCAN record"), (row[3], statement)
                assert not str(row[3]).startswith("SCAN event"), (row[3], statement)


@pytest.mark.usefixtures("path")
def test_while_no_fact_can_be_kept(told: Told) -> None:
    """Without a journal the rest is told all the same, and why."""
    told.open = None
    told.vitals.stands_still("the journal cannot be written: disk full")
    found = told.samples()
    assert found["jse_paused kind=machine name=journal reason=no_room"] == 1
    assert not any(name.startswith("jse_requests") for name in found)
    assert "jse_last_pass_timestamp_seconds server=cloud" in found
    told.open = told.journal
    told.journal.close()
    (Path(str(told.journal._file))).write_bytes(b"garbage" * 999)
    told.samples()


@pytest.mark.usefixtures("path")
def test_while_the_journal_s_server_is_away(told: Told, database_url: str) -> None:
    """Where the tokens are in the journal, too: what does not rest on it is told, and that it is away."""

    class Away(Secrets):
        def kept_secret(self, name: str) -> tuple[bytes, datetime] | None:
            raise JournalAway(f"the journal in PostgreSQL on db.example is not at hand: {name}")

    told.open = None
    told.vitals.stands_still("waits for the journal's database")
    away = Away(database_url, now=lambda: NOW)
    tokens = TokenVault(Vault(away, b"a seal of 16 bytes and more"))
    told.series.sources = replace(
        told.series.sources, token_expiry=lambda account: token_expiry(tokens, account)
    )
    found = told.samples()
    assert found["jse_paused kind=machine name=journal reason=no_room"] == 1
    assert "jse_last_pass_timestamp_seconds server=cloud" in found
    assert not any(name.startswith("jse_token_expiry") for name in found)
    away.close()


# ---------------------------------------------------------------------------------------------- health


def health(told: Told, room: Path | None = None) -> tuple[int, list[str]]:
    answer = pages.pages(told.series, told.vitals, now=lambda: told.now, room=room)["/health"]("")
    value = json.loads(answer.body)
    assert value["format"] == 1
    return answer.status, [reason["code"] for reason in value["reasons"]]


def test_health(told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """200 while passes go on, facts can be kept and every server is seen; else 503 with each reason."""
    assert health(told) == (200, []), "it has just begun"
    told.now += timedelta(minutes=16)
    assert health(told) == (503, ["too_old", "too_old"])
    told.vitals.passed("server:cloud", took_s=1)
    told.vitals.passed("server:nas", took_s=1)
    assert health(told) == (200, [])
    told.vitals.passed("server:nas", took_s=1, error=AccessDenied("x", status=401))
    assert health(told) == (503, ["blind"])
    told.vitals.stands_still("disk full")
    assert health(told) == (503, ["journal", "blind"])
    told.vitals.stands_still("")
    told.vitals.passed("server:nas", took_s=1)
    assert health(told, tmp_path) == (200, [])
    assert health(told, tmp_path / "gone") == (503, ["journal"])
    real = os.statvfs(tmp_path)
    full = os.statvfs_result((*real[:4], 0, *real[5:]))
    monkeypatch.setattr("connector.metrics.pages.os.statvfs", lambda _path: full)
    assert health(told, tmp_path) == (503, ["journal"])


# ---------------------------------------------------------------------------------------------- server


def page(_accept: str) -> Answer:
    return Answer(status=200, content_type="text/plain", body=b"well\n")


@contextmanager
def serving(host: str = "127.0.0.1", **more: object) -> Iterator[MetricsServer]:
    server = MetricsServer(f"{host}:0", {"/metrics": page, "/health": page, **more})  # type: ignore[dict-item]
    server.start()
    try:
        assert server.wait_until_listening(10)
        yield server
    finally:
        server.close()


def asked(server: MetricsServer, method: str, path: str, host: str = "127.0.0.1") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(host, server.port, timeout=20)
    with closing(connection):
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read()


def test_two_pages_and_nothing_else() -> None:
    """GET and HEAD of two paths; the rest is told no."""
    with serving() as server:
        assert asked(server, "GET", "/metrics") == (200, b"well\n")
        assert asked(server, "HEAD", "/health") == (200, b"")
        assert asked(server, "GET", "/health?x=1")[0] == 200
        for method, path, status in (
            ("GET", "/", 404), ("GET", "/metrics/", 404), ("GET", "/../health", 404), ("POST", "/metrics", 405),
            ("DELETE", "/health", 405),
        ):  # fmt: skip
            assert asked(server, method, path)[0] == status
        with socket.create_connection(("127.0.0.1", server.port), 10) as raw:
            raw.sendall(b"nonsense\r\n\r\n")
            assert raw.recv(100).startswith(b"HTTP/1.1 400 ")
        # A page in a browser of this host reaches loopback, too, under a name of its own (DNS rebinding).
        for host, status in (
            ("evil.example", 403), ("evil.example:9469", 403), ("127.0.0.1.evil.example", 403), ("192.0.2.1", 403),
            ("[::1]:9469", 200), ("localhost:9469", 200), ("LOCALHOST", 200), ("127.0.0.2", 200),
        ):  # fmt: skip
            with socket.create_connection(("127.0.0.1", server.port), 10) as raw:
                raw.sendall(f"GET /health HTTP/1.1\r\nhOst:  {host} \r\n\r\n".encode())
                assert raw.recv(100).startswith(f"HTTP/1.1 {status} ".encode()), host


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_over_ipv6() -> None:
    """[::1] is loopback, too."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 on loopback here")
    with serving("[::1]") as server:
        assert asked(server, "GET", "/metrics", "::1") == (200, b"well\n")


@pytest.mark.parametrize("address", ["0.0.0.0:9469", "[::]:9469", "192.0.2.1:9469", "10.0.0.1:1"])
def test_nobody_else_reaches_it(address: str) -> None:
    """There is no login: what is not loopback is refused by the configuration, and by the server itself."""
    with pytest.raises(ValueError, match="without a login"):
        values.loopback_address(address)
    with pytest.raises(ValueError, match="not on loopback"):
        MetricsServer(address, {})


@pytest.mark.parametrize(
    "address",
    ["9469", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:70000", "::1:9469", "[127.0.0.1]:1", "x:1"],
)
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(ValueError, match=r"127\.0\.0\.1:9469"):
        values.loopback_address(address)


@pytest.mark.parametrize("address", ["127.0.0.1:9469", "[::1]:9469", "localhost:9469", "127.0.0.2:1"])
def test_what_is_loopback(address: str) -> None:
    assert values.loopback_address(address) == address


def test_many_who_say_nothing_hold_up_nobody() -> None:
    """Twice as many connections as it keeps, silent or half-said: whoever asks is answered at once."""
    with serving() as server, ExitStack() as stack:
        silent = []
        for number in range(2 * MOST_CONNECTIONS):
            each = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 10))
            if number % 2:
                each.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
            silent.append(each)
        for _ in range(3):
            assert asked(server, "GET", "/metrics") == (200, b"well\n")
        assert len(server._writers) <= MOST_CONNECTIONS


def test_whoever_reads_slowly_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection has its time as a whole; one that never takes its answer does not stay for ever."""
    monkeypatch.setattr("connector.metrics.server.PATIENCE_S", 0.3)

    def large(_accept: str) -> Answer:
        return Answer(status=200, content_type="text/plain", body=b"x" * 30_000_000)

    with (
        serving(**{"/metrics": large}) as server,
        socket.create_connection(("127.0.0.1", server.port), 10) as slow,
    ):
        slow.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
        until = time.monotonic() + 10
        while not server._writers and time.monotonic() < until:
            time.sleep(0.01)
        while server._writers and time.monotonic() < until:
            time.sleep(0.01)
        assert not server._writers
        assert asked(server, "GET", "/health")[0] == 200

        def go_on(endless: socket.socket) -> None:
            for _ in range(100):
                endless.sendall(b"GET /metrics HTTP/1.1\r\nX: " + b"y" * 60_000)
                time.sleep(0.01)

        with (
            socket.create_connection(("127.0.0.1", server.port), 10) as endless,
            pytest.raises(OSError, match=r"reset|Broken pipe"),  # whichever write meets it
        ):
            go_on(endless)
    assert PATIENCE_S == 5


def test_a_page_that_hangs_or_fails_is_no_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A journal that does not answer costs that scrape; a defect is told, and the next scrape asks again."""
    monkeypatch.setattr("connector.metrics.server.PATIENCE_S", 0.3)
    let_go, broken = threading.Event(), threading.Event()

    def hangs(_accept: str) -> Answer:
        let_go.wait(20)
        if not broken.is_set():
            broken.set()
            raise ValueError("a defect")
        return page("")

    with serving(**{"/metrics": hangs}) as server:
        with pytest.raises((OSError, http.client.HTTPException)):
            asked(server, "GET", "/metrics")
        let_go.set()
        broken.set()
        until = time.monotonic() + 10
        while time.monotonic() < until:
            try:
                assert asked(server, "GET", "/metrics")[0] == 200
                break
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
        broken.clear()
        server._kept.clear()
        with pytest.raises((OSError, http.client.HTTPException)):
            asked(server, "GET", "/metrics")
    assert "a page of the metrics met a defect" in caplog.text


def test_an_answer_does_for_a_second() -> None:
    """However many ask at once, the journal is asked once."""
    made: list[str] = []

    def counting(accept: str) -> Answer:
        made.append(accept)
        return page(accept)

    with serving(**{"/metrics": counting}) as server:
        for _ in range(20):
            asked(server, "GET", "/metrics")
    assert 1 <= len(made) <= 5


def test_a_port_that_is_taken(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """It is said once and tried again; nothing ends for it."""
    monkeypatch.setattr("connector.metrics.server._AGAIN_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = MetricsServer(f"127.0.0.1:{port}", {"/metrics": page})
        server.start()
        assert not server.wait_until_listening(0.5)
    try:
        assert server.wait_until_listening(10)
        assert asked(server, "GET", "/metrics")[0] == 200
    finally:
        server.close()
        server.close()
    assert caplog.text.count("cannot be listened on") == 1


def test_several_on_one_host_have_a_port_each() -> None:
    """With one configuration: the first that is free from the configured one on; who ends leaves his to the next."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    servers = [MetricsServer(f"127.0.0.1:{port}", {"/metrics": page}, ports=16) for _ in range(3)]
    try:
        for server in servers:
            server.start()
            assert server.wait_until_listening(10)
            assert asked(server, "GET", "/metrics")[0] == 200
        ports = [server.port for server in servers]
        assert ports == sorted(set(ports))
        assert port <= ports[0] <= ports[2] < port + 16
        servers[0].close()
        servers.append(MetricsServer(f"127.0.0.1:{port}", {"/metrics": page}, ports=16))
        servers[-1].start()
        assert servers[-1].wait_until_listening(10)
        assert servers[-1].port == ports[0]
    finally:
        for server in servers:
            server.close()


# -------------------------------------------------------------------------------------------- promtool


@pytest.fixture
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        assert not os.environ.get("CI"), "promtool is not installed (Debian: prometheus)"
        pytest.skip("promtool is not installed (Debian: prometheus)")
    return found


def test_the_shipped_alerts(promtool: str) -> None:
    """promtool understands them; each fires on its story, in its words, and none on an ordinary day."""
    for what, file in (("check", "jse-connector.rules.yaml"), ("test", "jse-connector.test.yaml")):
        done = subprocess.run(
            [promtool, what, "rules", str(MONITORING / file)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_exposition_is_as_prometheus_wants_it(promtool: str, told: Told) -> None:
    """No complaint about names, types, help."""
    told.add(State.SEALING, signed_at=NOW)
    text = told.series.exposition("")[1]
    done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_every_alert_has_an_action_and_a_known_series() -> None:
    """Nothing is alerted on that does not exist, and each text says what to type, or where to look."""
    text = (MONITORING / "jse-connector.rules.yaml").read_text()
    named = set(re.findall(r"jse_[a-z_]+", text))
    assert named <= set(SERIES)
    assert set(SERIES) - named == {"jse_sends_total"}
    alerts = text.split("- alert: ")[1:]
    assert len(alerts) == 12
    for alert in alerts:
        assert re.search(
            r"jse-connector (?:status|connect|resume|resolve|doctor)|systemctl status|polling\.folders", alert
        ), alert[:40]
    tests = (MONITORING / "jse-connector.test.yaml").read_text()
    for name in re.findall(r"- alert: (\w+)", text):
        assert re.search(rf"alertname: {name}\n\s+exp_alerts:", tests), name
