"""``notify``: who is told what, the test that really leaves, and an exit status that a script can go by."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connector.cli import main
from connector.cli.state import State
from connector.journal import Journal
from tests.relays import Relay
from tests.unit.test_notify import Heard, listening

CONFIG = """
config_version: 1
servers: {{dms: {{url: "http://127.0.0.1:9/dav/", user: u, password: {{env: JSE_PW}}}}}}
platform: {{url: "http://127.0.0.1:9/", shortcut: sandbox, secret: {{env: JSE_SECRET}}}}
accounts: {{cab: {{sender: Cabinet Exemple, owner: direction@cabinet.example}}}}
folders:
  lettres: {{server: dms, path: /Lettres/, account: cab, notify: [secretariat@cabinet.example, b@autre.example]}}
  muet: {{server: dms, path: /Muet/, account: cab}}
{more}
"""
MAIL = 'mail: {{relay: "smtp://127.0.0.1:{port}", from: s@cabinet.example, admin: ops@ailleurs.example}}\n'
QUIET = 'policy: {quiet_hours: "20:00-08:00", holidays: alsace-moselle, weekends: quiet}\n'


def run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: str, *arguments: str
) -> tuple[int, str, str]:
    file = tmp_path / "config.yaml"
    file.write_text(CONFIG.format(more=more))
    with pytest.raises(SystemExit) as left:
        main(["notify", *arguments, "--config", str(file), "--state", str(tmp_path / "state")])
    told = capsys.readouterr()
    return int(left.value.code or 0), told.out, told.err


def test_who_is_told_what(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every address with its occasions, folders that nobody hears of, hours, hooks; nothing leaves."""
    hooks = 'hooks: {book: {command: [/usr/bin/true, "-x"], events: [signed, refused]}}\n'
    with Relay() as relay:
        status, out, _ = run(tmp_path, capsys, MAIL.format(port=relay.port) + QUIET + hooks)
        dry = run(tmp_path, capsys, MAIL.format(port=relay.port) + QUIET + hooks, "--test", "--dry-run")
        assert relay.mails == []
    assert (status, dry) == (0, (0, out, ""))
    for told in (
        "ops@ailleurs.example: one mail when something is the matter",
        "direction@cabinet.example: links to connect account cab",
        "secretariat@cabinet.example, b@autre.example: folder lettres",
        "nobody (folders.muet.notify): folder muet",
        "at autre.example, cabinet.example",
        "from 08:00 (Europe/Paris)",
        "20:00-08:00, holidays: alsace-moselle, weekends: quiet",
        "book: /usr/bin/true, on signed, refused",
        "nothing: the service has never run here",
        "notify --test",
    ):
        assert told in out, told


def test_the_test_leaves_and_tells_the_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0 with what the relay said; 1 with what it said; each hook and the ping are called as well."""
    with Relay() as relay, listening() as url:
        more = MAIL.format(port=relay.port) + f"hooks: {{chat: {{url: '{url}'}}}}\nping: {{url: '{url}'}}\n"
        relay.says = lambda _mail: "250 2.0.0 queued as 4711"
        status, out, err = run(tmp_path, capsys, more, "--test")
        assert (status, err) == (0, "")
        assert "ops@ailleurs.example: taken (250 2.0.0 queued as 4711)" in out
        assert relay.to == ["ops@ailleurs.example"]
        assert "hook chat: took it" in out
        assert "ping: heard" in out
        posted = [json.loads(body) for method, _, body in Heard.told if method == "POST"]
        assert posted == [{"format": 1, "event": "test", "id": "hook chat test", "test": True}]
        relay.says = lambda _mail: "554 5.7.1 not from there"
        status, _, err = run(tmp_path, capsys, more, "--test")
        assert status == 1
        assert "not taken" in err
        assert "554 5.7.1 not from there" in err
        Heard.status = 503
        relay.says = lambda _mail: "250 OK"
        status, out, err = run(tmp_path, capsys, more, "--test")
        assert status == 1
        assert "hook chat: chat hook 503: it says no" in err
        assert "ping: not heard" in out
    status, _, err = run(tmp_path, capsys, MAIL.format(port=relay.port), "--test")
    assert status == 1
    assert "is not reached" in err


def test_there_must_be_something_to_test(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(tmp_path, capsys, "", "--test")
    assert status == 2
    assert "nothing to test" in err


def test_who_only_asks_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not even the files that SQLite makes beside a journal to read it: a mount that can only be read is enough."""
    state = State(directory=tmp_path / "state")
    state.make()
    Journal(state.journal_url, now=lambda: datetime.now(UTC)).close()
    journal = state.directory / "journal"
    before = journal.stat().st_mtime_ns
    status, out, _ = run(tmp_path, capsys, "")
    assert (status, "waiting     nothing\n" in out) == (0, True)
    assert journal.stat().st_mtime_ns == before
