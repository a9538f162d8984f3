"""The net under the log: what never stands in a line, whatever a library or a server says."""

from __future__ import annotations

import io
import json
import logging
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector import journald, logs

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"


@pytest.fixture(autouse=True)
def _untouched() -> Iterator[None]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = before, level


@pytest.mark.parametrize(
    "secret",
    [
        "marie.dupont@cabinet.fr",
        "élodie@cabinet-exemple.fr",
        "06 12 34 56 78",
        "0612345678",
        "06.12.34.56.78",
        "+33 6 12 34 56 78",
        "+33612345678",
        "0033612345678",
        "https://sign.example/s/8Hk2dPq",
        "https://signatures:motdepasse@cloud.example/remote.php/dav/files/x/",
        "https://api.example/transaction?token=abc&hmac=d41d8cd9",
        JWT,
        "Bearer abcdef0123456789",
        "token=s3cr3t",
        '"hmac": "abc123"',
        "Authorization: Basic c2lnbmF0dXJlczpzYW5kYm94",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "Set-Cookie: nc_session=abc",
    ],
)
def test_hides(secret: str) -> None:
    """No part that identifies or opens anything survives."""
    told = logs.redact(f"the server said {secret} and closed")
    assert logs.HIDDEN in told
    for part in ("dupont", "lodie", "12 34", "612345678", "12.34", "8Hk2dPq", "motdepasse", "abc", "eyJ", "s3cr3t",
                 "c2lnbm", "9f86d081", "remote.php"):  # fmt: skip
        assert part not in told
    assert told.startswith("the server said")


@pytest.mark.parametrize(
    "line",
    [
        "server lyon: lyon look 503: maintenance",
        "7F3K2Q: asked again later (lyon status 404: no such transaction)",
        "marker 0123456789ab… cannot be read",
        "ready: 2 of 3 servers answer; not reached: annecy",
        "transaction 123e4567-e89b-12d3-a456-426614174000 is in_progress",
        "took 1234567890 ns at 2026-11-23 07:55:30, port 8443, size 10485760",
        "connector.steps.judge: folder lyon-letters-of-engagement-2026 met a defect",
    ],
)
def test_keeps(line: str) -> None:
    """References, states, numbers and names of settings stay readable."""
    assert logs.redact(line) == line


def test_an_endless_word_costs_nothing() -> None:
    """What a server sends in one piece is neither read nor told; looking through it would take hours."""
    assert logs.redact(f"it said {'x' * 3_000_000} and {'y' * 100}") == f"it said … and {'y' * 100}"


def test_a_url_keeps_its_host() -> None:
    """Which server it was may be known; what was asked there may not."""
    assert logs.redact("GET https://cloud.example:8443/x/y?z=1") == "GET https://cloud.example:8443/…"
    assert logs.redact("at http://127.0.0.1:9/") == "at http://127.0.0.1:9/"


def test_tracebacks_and_arguments_are_redacted() -> None:
    """The net hangs under the whole record."""
    stream = io.StringIO()
    logs.configure("DEBUG", stream=stream, environ={})
    try:
        raise ValueError("mail to jean@cabinet.fr")  # noqa: TRY301
    except ValueError:
        logging.getLogger("connector.test").exception("for %s", "06 12 34 56 78")
    told = stream.getvalue()
    assert "jean" not in told
    assert "12 34" not in told
    assert "Traceback" in told


def test_priorities_under_systemd() -> None:
    """Every line begins with its priority there, and with its time elsewhere."""
    stream = io.StringIO()
    logs.configure("INFO", stream=stream, environ={"JOURNAL_STREAM": "8:1"})
    logging.getLogger("connector.test").warning("one\ntwo")
    assert [line[:3] for line in stream.getvalue().splitlines()] == ["<4>", "<4>"]
    again = io.StringIO()
    logs.configure("INFO", stream=again, environ={})
    logging.getLogger("connector.test").info("said")
    assert again.getvalue().endswith("INFO    connector.test: said\n")
    assert again.getvalue()[0] == "2"
    assert "said" not in stream.getvalue(), "the earlier handler is gone"


def test_libraries_that_log_urls_stay_quiet() -> None:
    """httpx tells every URL at INFO; it is heard from WARNING on, even at our DEBUG."""
    stream = io.StringIO()
    logs.configure("DEBUG", stream=stream, environ={})
    for name in ("httpx", "httpcore.http11", "urllib3.connectionpool", "apscheduler.executors.default"):
        logging.getLogger(name).info("HTTP Request: GET x")
    assert stream.getvalue() == ""


def test_an_unknown_level_is_an_error() -> None:
    """A level that does not exist is refused, not guessed."""
    with pytest.raises(ValueError, match="LOUD"):
        logs.configure("LOUD")


def quoting(name: str) -> None:
    """Fail as libraries do, in words that quote what was being read."""
    try:
        {}[name]
    except KeyError as error:
        raise ValueError(f"cannot read the letter of {name}") from error


def test_a_defect_is_told_without_what_it_quotes() -> None:
    """Where it was met and of which kind, with its causes; a name has no form that could be recognised."""
    stream = io.StringIO()
    logs.configure("INFO", stream=stream, environ={})
    try:
        quoting("Marie Dupo" + "nt")
    except ValueError:
        logging.getLogger("connector.x").exception("ABC123 met a defect")
    told = stream.getvalue()
    assert "ABC123 met a defect" in told
    assert "test_logs.py" in told
    assert told.index("KeyError") < told.index("which brought about") < told.index("ValueError")
    assert "Dupont" not in told


def test_a_defect_of_the_code_keeps_its_words() -> None:
    """They tell of the program."""
    with pytest.raises(AttributeError) as met:
        _ = object().nothing  # type: ignore[attr-defined]
    assert "no attribute 'nothing'" in logs.told(met.value)


def test_libraries_are_not_heard_however_loud() -> None:
    """Somebody turned one up: still nothing below a warning."""
    stream = io.StringIO()
    logs.configure("DEBUG", stream=stream, environ={})
    loud = logging.getLogger("sqlalchemy.engine.Engine")
    loud.setLevel(logging.DEBUG)
    try:
        loud.info("INSERT INTO contact VALUES ('Marie Dupont')")
        loud.warning("the pool is exhausted")
    finally:
        loud.setLevel(logging.NOTSET)
    assert "Dupont" not in stream.getvalue()
    assert "the pool is exhausted" in stream.getvalue()


def test_an_error_of_the_system_tells_its_number_and_no_file() -> None:
    """Full, forbidden, too many open: an administrator must see which; the file may bear a client's name."""
    text = logs.told(OSError(28, "No space left on device", "/spool/DUPONT.pdf"))
    assert "OSError: [Errno 28] No space left on device" in text
    assert "DUPONT" not in text
    assert logs.told(OSError("DUPONT")).endswith("OSError")


# ------------------------------------------------------------------------------------ what a line is about

ABOUT = {
    "ref": "7F3K2Q",
    "folder": "lyon-letters",
    "state": "in_progress",
    "account": "lyon",
    "subject": "Bilan DUPONT",
}


def test_a_line_is_about_what_its_thread_is_at() -> None:
    """As JSON: reference, folder and state are keys; what is no known key, or no plain word, is none."""
    stream = io.StringIO()
    logs.configure("DEBUG", stream=stream, form="json")
    log = logging.getLogger("connector.test")
    with logs.about(**ABOUT):
        log.info("asked again for marie@cabinet.fr", extra={"about": {"state": "sealing", "event": "signed"}})
        with logs.about(folder="Lettre de Marie Dupont", ref=""):
            log.warning("two\nlines")
    log.info("after")
    first, second, third = (json.loads(line) for line in stream.getvalue().splitlines())
    assert {key: first[key] for key in ("level", "logger", "message")} == {
        "level": "info", "logger": "connector.test", "message": "asked again for …",
    }  # fmt: skip
    assert {key: first[key] for key in logs.FIELDS if key in first} == {
        "ref": "7F3K2Q", "folder": "lyon-letters", "state": "sealing", "event": "signed", "account": "lyon",
    }  # fmt: skip
    assert first["at"].endswith("+00:00")
    assert (second["message"], second["account"]) == ("two\nlines", "lyon")
    assert not {"folder", "ref", "subject"} & second.keys()
    assert not {"folder", "ref", "state"} & third.keys()


class Listening:
    """A journal's end of its socket."""

    def __init__(self, directory: Path) -> None:
        self.path = str(directory / "socket")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        self._socket.settimeout(5)

    def entry(self) -> dict[str, str]:
        """Read one entry, whichever way it came. systemd.io/JOURNAL_NATIVE_PROTOCOL."""
        data, handles, _flags, _address = socket.recv_fds(self._socket, 1_000_000, 1)
        for handle in handles:
            with os.fdopen(handle, "rb") as stream:
                stream.seek(0)
                data = stream.read()
        fields = {}
        while data:
            line, _, data = data.partition(b"\n")
            name, equals, value = line.partition(b"=")
            if not equals:
                size, data = int.from_bytes(data[:8], "little"), data[8:]
                value, data = data[:size], data[size + 1 :]
            fields[name.decode()] = value.decode()
        return fields

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listening]:
    listening = Listening(tmp_path)
    monkeypatch.setattr("connector.journald.SOCKET", listening.path)
    monkeypatch.setattr(journald.Journald.__init__, "__defaults__", (listening.path,))
    yield listening
    listening.close()


def test_a_line_tells_which_of_several_processes_it_is_of(journal: Listening, tmp_path: Path) -> None:
    """As JSON a key, as text a word, in systemd's journal an identifier and a field; alone nothing of it."""
    log = logging.getLogger("connector.test")
    lines: dict[str, str] = {}
    try:
        for name in ("b", ""):
            logs.called(name)
            for form in ("json", "text"):
                said = io.StringIO()
                logs.configure("INFO", stream=said, form=form)  # type: ignore[arg-type]
                log.info("works")
                lines[f"{name} {form}"] = said.getvalue()
        logs.called("b")
        with (tmp_path / "stream").open("w") as stream:
            found = os.fstat(stream.fileno())
            logs.configure(
                "INFO", stream=stream, environ={"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
            )
            log.info("works")
            logs.configure("INFO", stream=sys.stderr, environ={})
    finally:
        logs.called("")
    entry = journal.entry()
    assert (entry["SYSLOG_IDENTIFIER"], entry["JSE_PROCESS"]) == ("jse-connector@b", "b")
    assert json.loads(lines["b json"])["process"] == "b"
    assert "process" not in json.loads(lines[" json"])
    assert "[b] INFO" in lines["b text"]
    assert "[" not in lines[" text"]


def test_systemds_journal_gets_fields(journal: Listening, tmp_path: Path) -> None:
    """Where standard error is the journal's own, each record goes there whole, lines and all, and redacted."""
    with (tmp_path / "stream").open("w") as stream:
        found = os.fstat(stream.fileno())
        logs.configure("INFO", stream=stream, environ={"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"})
        log = logging.getLogger("connector.test")
        with logs.about(**ABOUT):
            log.error("two lines\nfor %s", "06 12 34 56 78")
        entry = journal.entry()
        log.info("x " * 300_000)
        large = journal.entry()
        journal.close()
        log.warning("nobody listens")
        logs.configure("INFO", stream=stream, environ={})
    assert entry["MESSAGE"] == "two lines\nfor …"
    assert (entry["PRIORITY"], entry["LOGGER"], entry["SYSLOG_IDENTIFIER"]) == (
        "3",
        "connector.test",
        "jse-connector",
    )
    told = {name: value for name, value in entry.items() if name.startswith("JSE_")}
    assert told == {
        "JSE_REF": "7F3K2Q", "JSE_FOLDER": "lyon-letters", "JSE_STATE": "in_progress", "JSE_ACCOUNT": "lyon",
    }  # fmt: skip
    assert entry["CODE_FUNC"] == "test_systemds_journal_gets_fields"
    assert large["MESSAGE"] == "x " * 300_000
    assert "<4>WARNING connector.test: nobody listens" in (tmp_path / "stream").read_text()


def test_another_stream_of_the_same_name_is_not_the_journal(journal: Listening, tmp_path: Path) -> None:
    """JOURNAL_STREAM is inherited by whatever a service starts; it means the stream that it names, and no other."""
    assert not journald.is_connected({"JOURNAL_STREAM": "8:1"}, 2)
    assert not journald.is_connected({}, 2)
    with (tmp_path / "stream").open("w") as stream:
        logs.configure("INFO", stream=stream, environ={"JOURNAL_STREAM": "8:1"})
        logging.getLogger("connector.test").info("said")
    assert (tmp_path / "stream").read_text() == "<6>INFO    connector.test: said\n"
