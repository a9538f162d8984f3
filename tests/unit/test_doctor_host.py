"""Doctor at this host: journal, modes, credentials, relay, clock; and the table of its codes."""

from __future__ import annotations

import ast
import os
import re
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from connector import units
from connector.cli.doctor import make_visit
from connector.config import load_config
from connector.doctor import host, surroundings
from connector.doctor.codes import CODES
from connector.doctor.lines import Level, Line, Private, fail, note, ok, sized
from connector.doctor.running import Group, joined, side_by_side, within
from connector.doctor.visit import PLATFORM, Visit
from connector.journal import Journal
from tests import doctors
from tests.relays import Relay as MailRelay
from tests.unit.test_webdav_reaching import certificates

DOCTOR = Path(__file__).parents[2] / "connector" / "doctor"
CONFIG = """\
config_version: 1
servers: {{dms: {{url: "https://cloud.lyon.example/dav/", user: signatures, password: {password}}}}}
platform: {{url: "https://sign.example/", shortcut: x, secret: {password}}}
accounts: {{lyon: {{sender: Cabinet Lyon, owner: chef@lyon.example}}}}
folders: {{letters: {{server: dms, path: /Lettres/, account: lyon, send: live}}}}
{more}"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory as the service makes it, with a journal."""
    from datetime import UTC, datetime

    from connector.cli.wiring import State

    made = State(directory=tmp_path / "state")
    made.make()
    with closing(Journal(made.journal_url, now=lambda: datetime.now(UTC))):
        pass
    return made.directory


def visit(state: Path, *, more: str = "", password: str = "", **changes: Any) -> Visit:
    secret = state.parent / "secret"
    secret.write_text("geheim-geheim")
    secret.chmod(0o600)
    text = CONFIG.format(password=password or f"{{file: {secret}}}", more=more)
    return replace(make_visit(load_config(text), state), **changes)


def said(lines: Iterator[Line]) -> tuple[list[str], str]:
    found = list(lines)
    return [line.code for line in found if line.code], "\n".join(
        f"{line.text} {line.to_type}" for line in found
    )


# -------------------------------------------------------------------------------------- the journal


def test_a_journal_that_is_whole(state: Path) -> None:
    """Its schema, its size; nothing is made beside it, not even SQLite's own files."""
    before = doctors.files(state)
    codes, told = said(host.journal(visit(state)))
    assert codes == []
    assert re.fullmatch(r"journal \d+ kB, schema \d+, intact ", told)
    assert doctors.files(state) == before


def test_a_journal_that_is_worked_on(state: Path) -> None:
    """Beside a running service: read as it is, write-ahead log and all."""
    from datetime import UTC, datetime

    from connector.cli.wiring import State, single_instance

    place = State(directory=state)
    with (
        single_instance(place),
        closing(Journal(place.journal_url, now=lambda: datetime.now(UTC))) as journal,
    ):
        journal.mark_account(
            "server:dms login_refused", "alarm", {"on": True, "since": "2026-11-23T09:14:00+00:00"}
        )
        given = visit(state)
        assert list(given.known.refused) == ["dms"]
        assert host.is_running(given)
        assert said(host.journal(given))[0] == []
    assert not host.is_running(visit(state))


def damaged(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[5000:60000] = os.urandom(55000)
    file.write_bytes(data)


def of_tomorrow(file: Path) -> None:
    with closing(sqlite3.connect(file)) as journal:
        journal.execute("UPDATE meta SET value = '99' WHERE name = 'schema'")
        journal.commit()


def no_journal(file: Path) -> None:
    file.write_bytes(b"not a database at all, and long enough to be read" * 20)


@pytest.mark.parametrize("harm", [damaged, of_tomorrow, no_journal])
def test_a_journal_that_is_not_whole(state: Path, harm: Any) -> None:
    file = state / "journal" / "journal.sqlite"
    harm(file)
    before = file.read_bytes()
    assert said(host.journal(visit(state)))[0] == ["JSE-H02"]
    assert file.read_bytes() == before


def test_no_journal_yet(tmp_path: Path) -> None:
    assert said(host.journal(visit(tmp_path / "nowhere")))[0] == ["JSE-H01"]
    assert said(host.modes(visit(tmp_path / "nowhere"))) == ([], "")
    assert not (tmp_path / "nowhere").exists()


# -------------------------------------------------------------------------------------- the rest of the state


def test_modes_and_owners(state: Path) -> None:
    assert said(host.modes(visit(state)))[0] == []
    (state / "journal" / "journal.sqlite").chmod(0o644)
    codes, told = said(host.modes(visit(state)))
    assert codes == ["JSE-H05"]
    assert "1 place" in told
    if os.geteuid() == 0:
        os.chown(state / "spool", 12345, 12345)
        assert "JSE-H06" in said(host.modes(visit(state)))[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone gives files away")
def test_a_state_directory_that_is_led_to(state: Path) -> None:
    """As with ``DynamicUser=yes``: the link is root's, all that lies there is the service's."""
    for path in (state, *state.rglob("*")):
        os.chown(path, 12345, 12345)
    (state.parent / "led").symlink_to(state)
    assert said(host.modes(visit(state.parent / "led")))[0] == []
    (state.parent / "led" / "new").mkdir(mode=0o700)
    codes, told = said(host.modes(visit(state.parent / "led")))
    assert codes == ["JSE-H06"]
    assert "1 place in the state directory" in told


def test_spool_and_backup(state: Path) -> None:
    """A torn file is told while nobody works; a backup's age."""
    assert said(host.spool(visit(state))) == ([], "spool empty ")
    (state / "spool" / "QN96KN").mkdir()
    (state / "spool" / "QN96KN" / "signed.pdf.part").write_bytes(b"%PDF")
    codes, told = said(host.spool(visit(state)))
    assert codes == ["JSE-H15"]
    assert "spool 1 file, 4 bytes" in told
    assert said(host.backup(visit(state)))[0] == ["JSE-H09"]
    (state / "backup").mkdir()
    (state / "backup" / "0.1.0-20261123T0310Z").mkdir()
    assert said(host.backup(visit(state))) == ([], "journal backup 1 minute old ")
    for minutes, age in ((4, "4 minutes"), (89, "1 hour"), (125, "2 hours"), (60 * 50, "2 days")):
        made = time.time() - 60 * minutes
        os.utime(state / "backup" / "0.1.0-20261123T0310Z", (made, made))
        assert said(host.backup(visit(state))) == ([], f"journal backup {age} old ")
    os.utime(state / "backup" / "0.1.0-20261123T0310Z", (0, 0))
    assert said(host.backup(visit(state)))[0] == ["JSE-H09"]


@contextmanager
def disk_of_its_own(place: Path, size: str) -> Iterator[None]:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_the_spool_and_the_journal_have_disks_of_their_own(state: Path, tmp_path: Path) -> None:
    """Each file system is measured, once: a full one is not hidden by the room beside it."""
    assert said(host.disk(visit(state)))[0] == []
    with disk_of_its_own(state / "spool", "1m"):
        codes, told = said(host.disk(visit(state)))
        assert codes == ["JSE-H07"]
        assert "1 MB free where the spool lies" in told
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with disk_of_its_own(elsewhere, "1m"):
        codes, told = said(host.disk(visit(state, more=f"journal: {{url: 'sqlite:///{elsewhere}/j'}}\n")))
        assert codes == ["JSE-H07"]
        assert "free where the journal lies" in told


def test_launches_held_for_want_of_room(state: Path) -> None:
    """What the service met is told, whatever is free at this moment."""
    from datetime import UTC, datetime

    met = datetime(2026, 11, 23, 8, 14, tzinfo=UTC)
    with closing(Journal(f"sqlite:///{state}/journal/journal.sqlite", now=lambda: met)) as journal:
        journal.hold("lyon", "no_room", probe_at=met)
    codes, told = said(host.disk(visit(state)))
    assert codes == ["JSE-H07"]
    assert "launches are held since 23 Nov 09:14: the spool took no document" in told


def test_credentials_of_the_unit(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand they are not seen: the one line that does is printed, once."""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    codes, told = said(surroundings.credentials(visit(state, password="{credential: dms-lyon}")))
    assert codes == ["JSE-H03"]
    assert told.endswith("jse-connector-as-service doctor")
    given = state.parent / "credentials"
    given.mkdir()
    (given / "dms-lyon").write_text("geheim")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(given))
    assert said(surroundings.credentials(visit(state, password="{credential: dms-lyon}"))) == (
        [],
        "2 secrets seen ",
    )


def test_a_secret_that_others_can_read(state: Path) -> None:
    given = visit(state)
    (state.parent / "secret").chmod(0o644)
    assert said(surroundings.credentials(given))[0] == ["JSE-H17", "JSE-H17"]
    assert "geheim" not in said(surroundings.credentials(given))[1]


@pytest.mark.parametrize(
    ("drift", "codes"), [(0.2, []), (200.0, ["JSE-H04"]), (-400.0, ["JSE-H04"]), (None, ["JSE-H04"])]
)
def test_the_clock(state: Path, drift: float | None, codes: list[str]) -> None:
    given = visit(state)
    given.drifts.tell("dms", drift)
    given.drifts.tell(PLATFORM, drift)
    found = list(host.clock(given))
    assert sorted({line.code for line in found if line.code}) == codes
    assert {line.level for line in found if line.code} == (
        {Level.FAIL} if drift == -400 else {Level.NOTE} if codes else set()
    )
    if drift == -400:
        assert "400 s ahead of that of Jesignexpert (limit 5 min: launches rest)" in found[1].text


# -------------------------------------------------------------------------------------- relay


class Relay:
    """Takes or refuses addresses; must never be given a mail."""

    def __init__(self, refused: str = "", status: int = 550) -> None:
        self.refused, self.status, self.data = refused, status, 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address == self.refused:
            return f"{self.status} no {address}"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, *_: Any) -> str:  # noqa: N802
        self.data += 1
        return "250 OK"


@contextmanager
def serving(relay: Relay) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    controller = Controller(relay, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


@pytest.mark.parametrize(("refused", "status", "codes"), [("", 0, []), ("ops@example.net", 550, ["JSE-H08"]),
                                                          ("ops@example.net", 450, ["JSE-H08"])])  # fmt: skip
def test_the_relay_is_asked_and_sent_nothing(
    state: Path, refused: str, status: int, codes: list[str]
) -> None:
    relay = Relay(refused, status)
    with serving(relay) as port:
        more = f"mail: {{relay: 'smtp://127.0.0.1:{port}', from: s@example.net, admin: ops@example.net}}\n"
        found, told = said(surroundings.relay(visit(state, more=more)))
    assert found == codes
    assert "ops@example.net" not in told
    assert relay.data == 0


def test_the_relay_is_asked_as_the_service_asks_it(state: Path, tmp_path: Path) -> None:
    """With its authorities, its greeting, its login, its address as it travels: what it is told holds for mails."""
    ca_file, context = certificates(tmp_path)
    (tmp_path / "password").write_text("été2026€")
    with MailRelay(tls=context, user=("secrétariat", "été2026€")) as real:
        more = (
            f"mail: {{relay: 'smtp+starttls://127.0.0.1:{real.port}', from: s@étude.example, admin: ops@example.net, "
            f"user: secrétariat, password: {{file: {tmp_path / 'password'}}}"
        )
        assert said(surroundings.relay(visit(state, more=f"{more}, ca_file: {ca_file}}}\n"))) == (
            [],
            "relay accepts mail ",
        )
        codes, told = said(surroundings.relay(visit(state, more=more + "}\n")))
        assert codes == ["JSE-H08"]
        assert "its certificate is by an authority that is not known here" in told
        real.says_to = lambda _address: "504 5.5.2 <[127.0.0.1]>: Helo command rejected"
        codes, told = said(surroundings.relay(visit(state, more=f"{more}, ca_file: {ca_file}}}\n")))
        assert (codes, "does not take mails from here (504)" in told) == (["JSE-H08"], True)


def test_a_relay_that_is_away(state: Path) -> None:
    more = "mail: {relay: 'smtp://127.0.0.1:9', from: s@example.net, admin: ops@example.net}\n"
    assert said(surroundings.relay(visit(state, more=more)))[0] == ["JSE-H08"]
    assert said(surroundings.relay(visit(state))) == ([], "")


# -------------------------------------------------------------------------------------- the machine


def test_how_documents_are_read_here() -> None:
    """A worker is really started, and asked what the kernel holds it to."""
    codes, told = said(surroundings.confinement())
    assert codes in ([], ["JSE-H13"])
    assert "documents are read" in told


def test_wake_ups(state: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mirror"
    (folder / "a" / "b").mkdir(parents=True)
    text = CONFIG.replace("send: live", f"send: live, wake: {folder}")
    secret = "{file: /nowhere}"
    given = make_visit(load_config(text.format(password=secret, more="")), state)
    codes, told = said(surroundings.wake_ups(given))
    assert codes == []
    assert told.startswith("3 folders watched for wake-ups")
    if os.geteuid() == 0:
        tmp_path.chmod(0o700)  # as a home is closed, or ProtectHome=yes closes it
        os.seteuid(65534)
        try:
            assert said(surroundings.wake_ups(given))[0] == ["JSE-H12"]
        finally:
            os.seteuid(0)
    folder.rename(tmp_path / "gone")
    assert said(surroundings.wake_ups(given))[0] == ["JSE-H12"]


@pytest.mark.parametrize(
    ("changed", "running", "codes"),
    [({}, True, []), ({"WatchdogUSec": "0"}, True, ["JSE-H11"]), ({"ActiveState": "failed"}, False, ["JSE-H10"]),
     ({"LoadState": "not-found"}, False, ["JSE-H10"]), ({"LoadState": "not-found"}, True, [])],
)  # fmt: skip
def test_systemd_watches_over_it(
    state: Path, changed: dict[str, str], running: bool, codes: list[str]
) -> None:
    """As ``systemctl show`` tells it."""
    shown = {
        "LoadState": "loaded",
        "ActiveState": "active",
        "WatchdogUSec": "3min",
        "NRestarts": "1",
        **changed,
    }
    found, told = said(surroundings.service(visit(state), running=running, shown={units.SERVICE: shown}))
    assert found == codes
    if not changed:
        assert told == "service active, watchdog 3min, 1 restart "


@pytest.mark.parametrize(
    ("lines", "codes", "told"),
    [
        ("jse-connector@a active\njse-connector@b activating\n", [],
         "service jse-connector@a active, watchdog 3min, 2 restarts \n"
         "service jse-connector@b activating, watchdog 3min, 2 restarts "),
        ("jse-connector@a active\njse-connector@b failed\n", ["JSE-H10"],
         "service jse-connector@a active, watchdog 3min, 2 restarts \n"
         "the unit jse-connector@b is failed (exit-code) "),
        ("jse-connector-tick.timer active\n", [], "timer active, a round now and then "),
        ("jse-connector-tick.timer active\njse-connector-tick failed\n", ["JSE-H10"],
         "timer active, but its last round ended with exit-code "),
        ("jse-connector-tick.timer inactive enabled\n", ["JSE-H10"], "the timer that makes rounds is inactive "),
        ("jse-connector active\njse-connector@a active\n", [],
         "service active, watchdog 3min, 2 restarts \nservice jse-connector@a active, watchdog 3min, 2 restarts "),
        ("", ["JSE-H10"], "the unit is inactive (success) "),
    ],
)  # fmt: skip
def test_what_works_here_is_looked_at(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: str, codes: list[str], told: str
) -> None:
    """Some of several, or the timer, as well as the service: who is not at work here is not missed."""
    (tmp_path / "known").write_text(lines)
    tool = tmp_path / "systemctl"
    tool.write_text(
        f"""#!/bin/sh
state() {{ sed -n "s/^${{1%.service}} \\([a-z]*\\).*/\\1/p" "{tmp_path}/known" | grep . || echo inactive; }}
case "$1" in
is-enabled) grep -q "^$3 .* enabled" "{tmp_path}/known" ;;
is-active) state "$3" | grep -q "^active" ;;
list-units) sed -n 's/^\\(jse-connector@[^ ]*\\) /\\1.service loaded /p' "{tmp_path}/known" ;;
show)
    active=$(state "$2")
    echo LoadState=loaded; echo ActiveState=$active; echo WatchdogUSec=3min; echo NRestarts=2
    [ $active = failed ] && echo Result=exit-code || echo Result=success ;;
esac
"""
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(units, "RUNS", tmp_path)
    assert said(surroundings.service(visit(state), running=False)) == (codes, told)


# -------------------------------------------------------------------------------------- lines and codes


def test_lines_have_codes_of_the_table() -> None:
    """What is well has none, all else has one; an unknown one cannot be said."""
    assert ok("well").code == ""
    for make in (note, fail):
        assert make("JSE-D01", "x").code == "JSE-D01"
        with pytest.raises(ValueError, match="table"):
            make("JSE-D99", "x")
    with pytest.raises(ValueError, match="code"):
        Line(level=Level.OK, sentence="x", code="JSE-D01")


def test_what_is_private_gives_way() -> None:
    line = fail(
        "JSE-D08", "no folder {where}", command="do {where}", where=Private("/Clients/DUPONT/", "(path)")
    )
    assert (line.text, line.to_type) == ("no folder /Clients/DUPONT/", "do /Clients/DUPONT/")
    assert line.for_support == "no folder (path) do (path)"
    both = joined([ok("a {x}", x=Private("DUPONT", "(somebody)")), ok("b {y}", y="{z}")])
    assert (both.text, both.for_support) == ("a DUPONT; b {z}", "a (somebody); b {z}")


def used() -> set[str]:
    """Every code that stands in the sources of this room, and of the verb."""
    found: set[str] = set()
    for path in (*DOCTOR.glob("*.py"), DOCTOR.parent / "cli" / "doctor.py"):
        if path.name == "codes.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= set(re.findall(r"JSE-[DPH]\d\d", node.value))
    return found


def test_the_table_and_the_sources_agree() -> None:
    """No code without its row, no row that nobody says; each row tells what it means and what to do."""
    assert used() == CODES.keys()
    for code, row in CODES.items():
        assert re.fullmatch(r"JSE-[DPH]\d\d", code)
        assert row.title[0].islower() or row.title.startswith("Jesignexpert")
        assert row.cause.endswith(".")
        assert row.cure.endswith((".", "doctor"))
        assert row.meaning.startswith(row.title[0].upper())


def test_groups_tell_what_does_not_end() -> None:
    import threading

    never = threading.Event()
    group = Group(name="x", slow="JSE-H16", check_s=0.05)

    def look() -> list[Line]:
        never.wait(5)
        return []

    assert not group.check("a mount", look)
    never.set()
    assert [line.code for line in group.lines] == ["JSE-H16"]


def test_a_group_without_an_end_is_handed_over_as_it_is() -> None:
    """In its place in the order, with what it has said; its later checks are not begun."""
    import threading

    never = threading.Event()
    begun: list[str] = []

    def hang(group: Group) -> None:
        group.say(ok("first"))
        never.wait(20)
        group.check("later", lambda: begun.append("later") or [])  # type: ignore[func-returns-value]

    slow, quick = Group(name="slow", slow="JSE-D22", check_s=0.05), Group(name="quick", slow="JSE-D22")
    runs = side_by_side([(slow, hang), (quick, lambda group: group.say(ok("done")))], seconds=0.1)
    first = next(runs)
    assert [line.text for line in first.lines] == ["first", "not all was looked at within 0 s"]
    assert not first.complete
    assert next(runs).complete
    never.set()
    assert list(runs) == []
    assert begun == []


def test_what_does_not_come_in_time_is_gone_on_without() -> None:
    """And what fails fails."""
    import threading

    never = threading.Event()
    assert within(0.05, lambda: never.wait(5), False) is False
    never.set()
    assert within(5, lambda: 7, 0) == 7
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0, 0)


@pytest.mark.parametrize(("number", "text"), [(476, "476 bytes"), (1500, "1.5 kB"), (41_000_000, "41 MB"),
                                              (38_200_000_000, "38 GB"), (2e12, "2000 GB")])  # fmt: skip
def test_sizes(number: float, text: str) -> None:
    assert sized(number) == text
