"""The relay, hooks and the ping against real servers and programs: what they answer, and how long anybody waits."""

from __future__ import annotations

import email
import email.policy
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Event, Thread
from threading import enumerate as enumerate_threads
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest

from connector.errors import (
    ConnectorError,
    MailRefused,
    NotConnected,
    OutcomeUnknown,
    RemoteError,
    Unavailable,
)
from connector.notify import Hook, Mail, Pinger, call
from connector.notify.bounded import MOST_LEFT, TooSlow, within
from connector.notify.message import as_bytes, message_id
from connector.notify.relay import Relay
from connector.pulse import heard_by
from tests.relays import Relay as RealRelay
from tests.unit.test_webdav_addresses import Named, named, silent
from tests.unit.test_webdav_reaching import certificates

__all__ = ["named"]

SENDER = "signatures@cabinet.fr"
LOGIN = ("signatures", "geheim-42")
MAIL = Mail(
    to="secretariat@société.fr",
    subject="À CORRIGER – numéro fixe pour Marie Dupont, il faut un mobile (ligne 1), et bien d’autres choses",
    body="Dans le dossier partagé :\n  /Lettres/é’« ".ljust(300, "x") + "\n.\nfin\n",
    key="7F3K2Q:to_correct:phone_fixed_line",
    at=datetime(2026, 11, 23, 9, 42, tzinfo=UTC),
)


def relay(port: int, scheme: str = "smtp", **more: Any) -> Relay:
    return Relay(url=f"{scheme}://127.0.0.1:{port}", sender=SENDER, **{"timeout_s": 5.0, **more})


def test_a_mail_arrives_as_it_was_written() -> None:
    """Subject and text whole, addresses as they travel, one name for one key, no answering machine invited."""
    with RealRelay() as real:
        assert relay(real.port).send(MAIL).startswith("250")
        relay(real.port).send(MAIL)
        mail, again = real.mails
        assert mail["Subject"] == MAIL.subject
        assert mail.get_content().replace("\r\n", "\n") == MAIL.body
        assert real.recipients[0] == mail["To"] == "secretariat@xn--socit-esab.fr"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail["Message-ID"] == again["Message-ID"] == message_id(MAIL.key, SENDER)
        assert "7F3K2Q" not in str(mail["Message-ID"])
    content = as_bytes(MAIL, SENDER)
    assert content.isascii()
    assert max(len(line) for line in content.split(b"\r\n")) <= 78
    long = replace(MAIL, subject="jse-connector: account cabinet: " + "x " * 60)
    english = as_bytes(long, SENDER)
    assert b"Subject: jse-connector: account" in english


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
def test_with_tls_and_a_login(tmp_path: Path, scheme: str) -> None:
    """Believed by the authority that is named alone; a wrong password is told; nothing goes in clear."""
    ca_file, context = certificates(tmp_path)
    tls = {"wrapped": context} if scheme == "smtps" else {"tls": context}
    login = {"user": LOGIN} if scheme == "smtp+starttls" else {}
    with RealRelay(**tls, **login) as real:  # type: ignore[arg-type]
        known = (
            {"ca_file": ca_file, "user": LOGIN[0], "password": LOGIN[1]} if login else {"ca_file": ca_file}
        )
        relay(real.port, scheme, **known).send(MAIL)
        assert len(real.mails) == 1
        with pytest.raises(NotConnected, match="ca_file"):
            relay(real.port, scheme).send(MAIL)
        if login:
            with pytest.raises(MailRefused, match="the login is refused") as refused:
                relay(real.port, scheme, **{**known, "password": "falsch"}).send(MAIL)
            assert refused.value.status == 535
            assert "falsch" not in str(refused.value)
            with pytest.raises((MailRefused, NotConnected)):
                relay(real.port, "smtp").send(MAIL)
        assert len(real.mails) == 1


@pytest.mark.parametrize("without", [(), ("LOGIN",), ("PLAIN",)])
def test_a_login_with_accents(tmp_path: Path, without: tuple[str, ...]) -> None:
    """As UTF-8 (RFC 4616), by whichever of both ways the relay knows."""
    ca_file, context = certificates(tmp_path)
    login = ("secrétariat", "été2026€")
    with RealRelay(tls=context, user=login, without=without) as real:
        known = {"ca_file": ca_file, "user": login[0]}
        relay(real.port, "smtp+starttls", **known, password=login[1]).send(MAIL)
        assert len(real.mails) == 1
        with pytest.raises(MailRefused, match="the login is refused") as refused:
            relay(real.port, "smtp+starttls", **known, password="hiver€").send(MAIL)
        assert (refused.value.status, refused.value.stage, refused.value.every) == (535, "login", True)


@pytest.mark.parametrize(
    ("login", "known"), [(LOGIN, "known here are CRAM-MD5, PLAIN and LOGIN"), (("été", "€"), "with accents")]
)
def test_no_way_to_log_in_that_is_known(login: tuple[str, str], known: str) -> None:
    with talking({b"EHLO": "250-x\r\n250 AUTH NTLM XOAUTH2"}) as port:
        with pytest.raises(NotConnected, match="offers NTLM, XOAUTH2 to log in") as no:
            relay(port, user=login[0], password=login[1]).send(MAIL)
        assert known in str(no.value)


@contextmanager
def talking(said: dict[bytes, str], *, host: str = "127.0.0.1") -> Iterator[int]:
    """A relay that answers so to each command, and else that it is well; a session at a time."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as server:

        def serve() -> None:
            while True:
                try:
                    session, _ = server.accept()
                except OSError:
                    return
                with session, session.makefile("rwb") as lines:
                    lines.write(b"220 x ESMTP\r\n")
                    lines.flush()
                    for line in lines:
                        heard = line[:4].upper()
                        if heard == b"EHLO":
                            said.setdefault(b"name", line[4:].decode().strip())
                        lines.write(said.get(heard, "250 OK").encode() + b"\r\n")
                        lines.flush()

        thread = Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(5)


@pytest.mark.parametrize(("host", "name"), [("127.0.0.1", "[127.0.0.1]"), ("::1", "[IPv6:::1]")])
def test_it_greets_by_its_address(host: str, name: str) -> None:
    """What is neither a full name nor an address, many a relay refuses with every mail (RFC 5321 section 4.1.1.1)."""
    said: dict[bytes, str] = {}
    with talking(said, host=host) as port:
        where = f"[{host}]" if ":" in host else host
        Relay(url=f"smtp://{where}:{port}", sender=SENDER, timeout_s=5.0).ask(MAIL.to)
    assert said[b"name"] == name


@pytest.mark.parametrize(
    ("command", "answer", "every"),
    [
        (b"EHLO", "504 no", True),
        (b"MAIL", "553 not yours", True),
        (b"MAIL", "452 4.3.1 no room", True),
        (b"RCPT", f"553 5.7.1 <{SENDER}>: Sender address rejected: not owned by user", True),
        (b"RCPT", "504 5.5.2 <[127.0.0.1]>: Helo command rejected", True),
        (b"RCPT", "451 4.7.1 Service unavailable - try again later", True),
        (b"RCPT", "554 5.7.1 <unknown[192.0.2.7]>: Client host rejected: Access denied", True),
        (b"RCPT", "554 5.7.1 <secretariat@xn--socit-esab.fr>: Recipient address rejected", False),
        (b"RCPT", "450 4.2.0 greylisted", False),
        (b"RCPT", "452 4.2.2 the mailbox is full", False),
        (b"RCPT", "451 4.1.1 not verified", False),
        (b"RCPT", "550 5.1.1 no such user", False),
        (b"RCPT", f"550 <{SENDER}> may not write to <secretariat@xn--socit-esab.fr>", False),
        (b"DATA", "452 4.3.1 no room", True),
        (b"DATA", "554 5.7.1 spam", False),
    ],
)
def test_whom_a_no_concerns(command: bytes, answer: str, every: bool) -> None:
    said = {command: answer, b"HELO": "504 no"}
    with talking(said) as port, pytest.raises(MailRefused) as refused:
        relay(port).send(MAIL)
    assert (refused.value.status, refused.value.every) == (int(answer[:3]), every)


def test_it_is_asked_and_gets_nothing() -> None:
    with RealRelay() as real:
        relay(real.port).ask(MAIL.to)
        real.says_of = lambda _sender: "553 not yours"
        with pytest.raises(MailRefused, match="does not take the sender"):
            relay(real.port).ask(MAIL.to)
        assert (real.sessions, real.mails) == (0, [])


@pytest.mark.parametrize(
    "subject",
    [
        "À CORRIGER – même e-mail pour Hélène Müller et Élodie Béranger-d’Hérouville (ligne 3)",
        "À CORRIGER – même e-mail pour Hélène Lefèvre et Zoé Béranger",
        "action: =?utf-8?q?=0D=0A=0D=0APayez?= n’est pas compris",
        "=?utf-8?q?=0D=0A=0D=0APayez?=",
        "Signatures au 1er décembre – 12 à traiter, 4 terminées 😀",
        "é" * 200,
        "jse-connector: account cabinet: " + "x" * 300,
        "x " * 600,
    ],
)
def test_a_subject_is_read_as_it_was_written(subject: str) -> None:
    """By whoever decodes it: no blank is lost, nothing that people wrote is decoded, no line is too long."""
    content = as_bytes(replace(MAIL, subject=subject), SENDER)
    written = " ".join(subject.split())
    assert email.message_from_bytes(content, policy=email.policy.default)["Subject"] == written
    old = email.message_from_bytes(content)["Subject"]
    assert str(make_header(decode_header(old))) == written
    assert max(map(len, content.split(b"\r\n"))) <= (78 if "=?" in subject or not subject.isascii() else 998)


def test_an_address_with_accents_is_written_as_it_is() -> None:
    """Where the relay knows SMTPUTF8 (RFC 6532 section 3.2); encoded it would be no address."""
    content = as_bytes(replace(MAIL, to="é@cabinet.fr"), SENDER)
    assert "\r\nTo: é@cabinet.fr\r\n".encode() in content


def test_starttls_that_is_not_offered_is_no_clear_text() -> None:
    with RealRelay() as real:
        with pytest.raises(NotConnected, match="STARTTLS"):
            relay(real.port, "smtp+starttls", user="u", password="p").send(MAIL)
        assert real.mails == []


@pytest.mark.parametrize(
    ("answer", "status"), [("451 later", 451), ("554 no: secretariat@x.fr is spam", 554), ("421 bye", 421)]
)
def test_a_no_is_told_by_its_number(answer: str, status: int) -> None:
    """Its words may name the recipient: they are kept apart from what goes to the log."""
    with RealRelay() as real:
        real.says = lambda _mail: answer
        with pytest.raises(MailRefused) as refused:
            relay(real.port).send(MAIL)
        assert refused.value.status == status
        assert "secretariat" not in str(refused.value)
        assert answer[4:] in refused.value.answer
        real.says_to = lambda _to: f"{status} nobody"
        with pytest.raises(MailRefused):
            relay(real.port).send(MAIL)


def test_a_slow_relay_is_waited_for_no_longer_than_said() -> None:
    """After the mail was given, nobody knows; before, nothing has left, and nothing does afterwards."""
    with RealRelay() as real:
        real.slow = 1.5
        with pytest.raises(OutcomeUnknown):
            relay(real.port, dot_s=0.3).send(MAIL)
        time.sleep(1.6)
        assert len(real.mails) == 1
        real.slow, real.drags = 0.0, 0.6
        with pytest.raises(NotConnected):
            relay(real.port, timeout_s=0.3).send(MAIL)
        time.sleep(1.0)
        assert len(real.mails) == 1
    with pytest.raises(NotConnected):
        relay(real.port).send(MAIL)


def test_a_relay_may_be_slow_with_every_answer() -> None:
    """One that makes whoever sends wait, and looks through each mail before it says that it has it, is heard out."""
    with RealRelay() as real:
        real.drags, real.slow = 0.3, 0.8
        assert relay(real.port, timeout_s=0.4).send(MAIL).startswith("250")
        assert len(real.mails) == 1


def test_whoever_waits_for_a_relay_is_not_stuck() -> None:
    """The watchdog hears of it, however long the relay takes."""
    heard: list[int] = []
    with heard_by(lambda: heard.append(1)):
        assert within(5, lambda: time.sleep(0.2) or 3, name="long") == 3
    assert heard


def test_a_call_ends_whatever_it_does() -> None:
    assert within(5, lambda: 3, name="quick") == 3
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0, name="wrong")
    with pytest.raises(TooSlow):
        within(0.05, lambda: time.sleep(0.5), name="slow")


def test_who_never_ends_is_not_called_for_ever() -> None:
    """Threads are counted by systemd (TasksMax): a relay that drips would have them all in two hours."""
    let_go, begun = Event(), []

    def drips() -> None:
        begun.append(1)
        let_go.wait(5)

    for _ in range(8):
        with pytest.raises(TooSlow):
            within(0.01, drips, name="drips")
    assert len(begun) == MOST_LEFT
    assert within(5, lambda: 3, name="another") == 3
    left = [thread for thread in enumerate_threads() if thread.name == "drips"]
    let_go.set()
    for thread in left:
        thread.join(5)
    assert within(5, lambda: 3, name="drips") == 3


# ------------------------------------------------------------------------------------------------- hooks


class Heard(BaseHTTPRequestHandler):
    """Keeps what it is told; answers as its class says."""

    told: ClassVar[list[tuple[str, str, bytes]]] = []
    status: ClassVar[int] = 200
    wait: ClassVar[float] = 0.0

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.told.append((self.command, self.path, body))
        time.sleep(self.wait)
        self.send_response(self.status)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST = _answer  # noqa: N815 - the library's names

    def log_message(self, *_: object) -> None: ...


class Six(HTTPServer):
    """A server at an IPv6 address."""

    address_family = socket.AF_INET6


@contextmanager
def listening(host: str = "127.0.0.1") -> Iterator[str]:
    server = (Six if ":" in host else HTTPServer)((host, 0), Heard)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    Heard.told.clear()
    Heard.status, Heard.wait = 200, 0.0
    try:
        where = f"[{host}]" if ":" in host else host
        yield f"http://{where}:{server.server_address[1]}/hook?key=geheim"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_an_address_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """By POST, JSON, through no proxy of the environment, no redirect followed; its key stands in no text."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with listening() as url:
        hook = Hook(name="chat", events=frozenset({"sent"}), url=url)
        call(hook, {"format": 1, "event": "sent", "é": "ü"})
        ((method, path, body),) = Heard.told
        assert (method, path, json.loads(body)["é"]) == ("POST", "/hook?key=geheim", "ü")
        for status in (302, 404, 500):
            Heard.status = status
            with pytest.raises(Unavailable) as no:
                call(hook, {})
            assert no.value.status == status
        assert len(Heard.told) == 4
        Heard.status, Heard.wait = 200, 0.5
        with pytest.raises(OutcomeUnknown) as slow:
            call(hook, {}, timeout_s=0.1)
    with pytest.raises(NotConnected) as away:
        call(hook, {})
    assert all("geheim" not in str(each.value) for each in (no, slow, away))
    assert "geheim" not in repr(hook)


def test_a_watch_and_a_hook_behind_an_address_that_keeps_silent(named: Named) -> None:
    """An IPv6 that is announced and dead, say: it would take all the time that a call has, each time."""
    with listening() as url:
        port = urlsplit(url).port
        assert port is not None
        with silent(port, "127.0.0.2"):
            named("127.0.0.2", "127.0.0.1")
            call(Hook(name="h", events=frozenset(), url=f"http://many.example:{port}/hook"), {}, timeout_s=1)
            assert Pinger(url=f"http://many.example:{port}/ping").ping()
        assert [path for _, path, _ in Heard.told] == ["/hook", "/ping"]


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_relay_behind_addresses_that_keep_silent(tmp_path: Path, named: Named, scheme: str) -> None:
    """The large ones have ten each: a session would wait for every one of them, and then be too slow."""
    file, context = certificates(tmp_path, host="127.0.0.1")
    hosts = [f"127.0.0.{number}" for number in range(2, 6)]
    with RealRelay(wrapped=context if scheme == "smtps" else None) as real, silent(real.port, *hosts):
        named(*hosts, "127.0.0.1")
        began = time.monotonic()
        relay(real.port, scheme, timeout_s=2.0, ca_file=file).send(MAIL)
        assert time.monotonic() - began < 4
        assert len(real.mails) == 1


def test_an_address_with_accents_or_in_brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accents travel percent-encoded; of an IPv6 address without a port the whole is the address."""
    with listening() as url:
        call(Hook(name="h", events=frozenset(), url=url.replace("hook?", "é%20?ü=€&")), {})
        assert Heard.told[-1][1] == "/%C3%A9%20?%C3%BC=%E2%82%AC&key=geheim"
    with listening("::1") as url:
        monkeypatch.setattr(HTTPConnection, "default_port", urlsplit(url).port)
        call(Hook(name="h", events=frozenset(), url="http://[::1]/hook"), {})
        assert Heard.told[-1][1] == "/hook"


SCRIPT = """
import json, os, sys, time
told = json.load(sys.stdin)
if told.get("sleep"):
    if os.fork() == 0: time.sleep(60)
    time.sleep(60)
print("x" * 10_000_000)
json.dump({"told": told, "env": dict(os.environ), "cwd": os.getcwd(), "args": sys.argv[1:]}, open(sys.argv[1], "w"))
sys.exit(told.get("status", 0))
"""


def test_a_program_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On its input, without a shell, without our environment; what it prints goes nowhere; it ends in time."""
    monkeypatch.setenv("JSE_SECRET", "geheim")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials")
    script, out = tmp_path / "hook.py", tmp_path / "out; rm -rf $HOME"
    script.write_text(SCRIPT)
    hook = Hook(name="book", events=frozenset({"sent"}), command=(sys.executable, str(script), str(out)))
    call(hook, {"format": 1, "event": "sent"})
    found = json.loads(out.read_text())
    assert found["told"] == {"format": 1, "event": "sent"}
    assert found["args"] == [str(out)]
    assert set(found["env"]) <= {"PATH", "LANG", "LC_CTYPE"}
    assert found["cwd"] == "/"
    with pytest.raises(Unavailable, match="ended with 3"):
        call(hook, {"status": 3})
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown, match="did not end"):
        call(hook, {"sleep": True}, timeout_s=0.5)
    assert time.monotonic() - began < 20
    with pytest.raises(NotConnected):
        call(Hook(name="no", events=frozenset(), command=("/nowhere/at-all",)), {})


def test_nothing_of_a_program_is_left(tmp_path: Path) -> None:
    """What it began itself is ended with it."""
    script, mark = tmp_path / "hook.sh", tmp_path / "pid"
    script.write_text(f"#!/bin/sh\nsleep 60 &\necho $! > {mark}\nwait\n")
    script.chmod(0o755)
    with pytest.raises(RemoteError):
        call(Hook(name="h", events=frozenset(), command=(str(script),)), {}, timeout_s=0.5)
    pid = int(mark.read_text())
    for _ in range(100):
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
                return
        except (ProcessLookupError, FileNotFoundError):
            return
        time.sleep(0.02)
    pytest.fail("it still runs")


def test_the_ping_is_rare_and_quiet(caplog: pytest.LogCaptureFixture) -> None:
    """At most once a minute; a failure is counted and said once."""
    now = [0.0]
    with listening() as url:
        ping = Pinger(url=url, clock=lambda: now[0])
        assert [ping.ping(), ping.ping()] == [True, False]
        now[0] = 61
        assert ping.ping()
        assert (ping.sent, ping.failed, [each[0] for each in Heard.told]) == (2, 0, ["GET", "GET"])
        Heard.status = 500
        for minute in range(2, 6):
            now[0] = 61.0 * minute
            assert not ping.ping()
        assert (ping.sent, ping.failed) == (2, 4)
        assert len(caplog.messages) == 1
        assert "geheim" not in caplog.text
        assert "geheim" not in repr(ping)


def test_its_errors_are_of_the_tree() -> None:
    assert issubclass(MailRefused, ConnectorError)
