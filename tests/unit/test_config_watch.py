"""When a changed configuration is read: once it has settled, told of when it stays broken, at once when asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector import running
from connector.cli.reloading import first
from connector.config import Reading, load_config, read_config
from connector.reload import LOOK_S, PATIENCE_S, SETTLE_S, ConfigWatch

GOOD = """\
config_version: 1
include: conf.d/*.yaml
servers: {dms: {url: "https://cloud.example/dav/", user: u, password: {env: P}}}
platform: {url: "https://sign.example/", shortcut: x, secret: {env: S}}
accounts: {lyon: {sender: Cabinet, owner: o@lyon.example}}
folders: {letters: {server: dms, path: /Lettres/, account: lyon}}
"""
STEP = LOOK_S + 0.1


class Desk:
    """A file, its watch, and a clock that goes when told."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / "config.yaml"
        (directory / "conf.d").mkdir()
        self.file.write_text(GOOD)
        self.now, self.reads = 1000.0, 0
        self.watch = ConfigWatch(self.file, self._read, clock=lambda: self.now)
        assert self.until(5)  # the first look reads, too
        self.reads = 0

    def _read(self) -> Reading:
        self.reads += 1
        return read_config(self.file)

    def write(self, text: str, name: str = "config.yaml") -> None:
        (self.file.parent / name).write_text(text)

    def until(self, seconds: float) -> list[Reading]:
        """Look again and again for so long."""
        end, found = self.now + seconds, []
        while self.now < end:
            self.now += STEP
            if (reading := self.watch.look()) is not None:
                found.append(reading)
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_nothing_is_read_while_nothing_moves(desk: Desk) -> None:
    """A look is a stat, however long the day."""
    assert desk.until(3600) == []
    assert desk.reads == 0


def test_a_settled_change_is_read_once(desk: Desk) -> None:
    """Of the file, of an included one, of one that appears or goes."""
    desk.write(GOOD + "language: en\n")
    (reading,) = desk.until(60)
    assert reading.config is not None
    assert reading.config.language == "en"
    desk.write("support: les autres\n", "conf.d/a.yaml")
    (reading,) = desk.until(60)
    assert reading.config is not None
    assert reading.config.support == "les autres"
    desk.write("support: nous\n", "conf.d/a.yaml")
    assert len(desk.until(60)) == 1
    (desk.file.parent / "conf.d" / "a.yaml").unlink()
    (reading,) = desk.until(60)
    assert reading.config is not None
    assert reading.config.support == ""
    assert desk.reads == 4


def test_what_still_moves_is_not_read(desk: Desk) -> None:
    """An editor writes in several strokes."""
    for stroke in range(20):
        desk.write(GOOD[: -stroke - 1])
        desk.now += SETTLE_S / 2
        desk.watch.wake()
        assert desk.watch.look() is None
    assert desk.reads == 0
    desk.write(GOOD + "language: en\n")
    assert len(desk.until(60)) == 1


def test_a_broken_file_is_told_once_it_has_stayed_so(desk: Desk) -> None:
    """Not within its patience; then once, however long it stays; and again when it is another one."""
    desk.write(GOOD.replace("url:", "urk:"))
    assert desk.until(PATIENCE_S - STEP) == []
    (reading,) = desk.until(60)
    assert reading.config is None
    assert desk.until(3600) == []
    assert desk.reads == 1
    desk.write("config_version: [\n")
    (reading,) = desk.until(60)
    assert reading.config is None
    # What it included is looked at still, though nothing of it can be read.
    desk.write("support: nous\n", "conf.d/a.yaml")
    assert len(desk.until(60)) == 1


def test_a_file_that_is_away_for_a_moment_is_not_told(desk: Desk) -> None:
    """A checkout removes and writes; one that stays away is told."""
    desk.file.unlink()
    assert desk.until(PATIENCE_S - STEP) == []
    desk.write(GOOD)
    (reading,) = desk.until(60)
    assert reading.config is not None
    desk.file.unlink()
    (reading,) = desk.until(60)
    assert "cannot be read" in reading.problems[0].text


def test_who_asks_is_answered_at_once(desk: Desk) -> None:
    """Settled or not, changed or not, good or bad; the same file is then not told twice."""
    desk.watch.ask()
    assert desk.watch.asked
    reading = desk.watch.look()
    assert reading is not None
    assert reading.config is not None
    assert not desk.watch.asked
    desk.write("config_version: 1\n")
    desk.watch.ask()
    reading = desk.watch.look()
    assert reading is not None
    assert reading.config is None
    assert desk.until(3600) == []


def test_what_could_not_be_taken_is_tried_again(desk: Desk) -> None:
    """A secret that is not there yet changes nothing in the file."""
    desk.write(GOOD + "language: en\n")
    assert len(desk.until(60)) == 1
    desk.watch.not_taken()
    assert len(desk.until(70)) == 1
    assert desk.until(3600) == []


def test_a_wake_up_makes_the_look_come_sooner(desk: Desk) -> None:
    """Two looks are needed, a settling time apart; nobody waits for the interval."""
    desk.write(GOOD + "language: en\n")
    desk.now += 0.01
    desk.watch.wake()
    assert desk.watch.look() is None
    desk.now += SETTLE_S / 2
    desk.watch.wake()
    assert desk.watch.look() is None
    assert desk.reads == 0
    desk.now += SETTLE_S / 2 + 0.01
    desk.watch.wake()
    assert desk.watch.look() is not None


def test_the_directories_are_those_where_files_may_come_to_lie(desk: Desk) -> None:
    """Its own and those of its patterns; what moves elsewhere wakes nobody."""
    assert desk.watch.directories == [desk.file.parent, desk.file.parent / "conf.d"]


# ----------------------------------------------------------------------------------- what is kept of it


def kept(directory: Path) -> running.Running:
    from datetime import UTC, datetime

    found = first(directory / "config.yaml", load_config(GOOD.replace("include: conf.d/*.yaml\n", "")),
                  datetime.now(UTC))  # fmt: skip
    running.keep(directory, found)
    return found


def test_what_runs_is_kept_for_its_user_alone(tmp_path: Path) -> None:
    """Whole and 0600; read back as it was; this very process is found alive, another one is not."""
    found = kept(tmp_path)
    file = tmp_path / running.NAME
    assert file.stat().st_mode & 0o777 == 0o600
    assert running.read(tmp_path) == found
    assert found.alive
    assert found.secrets == {"servers.dms.password": False, "platform.secret": False}
    assert not running.Running(**{**vars(found), "pid_started": (found.pid_started or 0) + 1}).alive
    assert not running.Running(**{**vars(found), "pid": 2**22 + 5, "pid_started": None}).alive
    assert [one.name for one in tmp_path.iterdir()] == [running.NAME]


@pytest.mark.parametrize("damage", [b"", b"{", b"[1]", b'{"format": 2}', b'{"format": 1}', b"\xff",
                                    b'{"format": 1, "pid": "x"}'])  # fmt: skip
def test_what_is_not_understood_is_not_known(tmp_path: Path, damage: bytes) -> None:
    """A torn file, another version, another program's."""
    (tmp_path / running.NAME).write_bytes(damage)
    assert running.read(tmp_path) is None
    assert running.read(tmp_path / "nowhere") is None


def test_a_disk_that_takes_nothing_stops_no_service(tmp_path: Path) -> None:
    """What is kept is then of before."""
    running.keep(tmp_path / "nowhere", kept(tmp_path))
    assert running.read(tmp_path) is not None
