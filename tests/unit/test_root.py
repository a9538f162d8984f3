"""Verbs that root runs in the state directory of a service that somebody has taken over: nothing outside is touched."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connector import running
from connector.cli import accounts, backups, keep, notify, private, servers, wiring
from connector.cli.common import Settings, hand_over, with_owners_eyes
from connector.cli.password_renewal import PasswordRenewal
from connector.cli.state import State
from connector.config import load_config
from connector.errors import AccessDenied, JournalError
from connector.jesignexpert.tokens import Tokens, TokenStore
from connector.journal import Journal
from connector.metrics import vitals
from connector.notify.bounded import within
from tests.unit.test_cli import Called, _quiet  # noqa: F401 - a fixture

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="root alone hands over")


def test_root_hands_over_nothing_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that somebody has taken over exchanges its own directories for links while root is at work there."""
    victim, directory = tmp_path / "etc", tmp_path / "state"
    for place in (victim, directory, directory / "keys"):
        place.mkdir()
        (place / "shadow").write_text("root's")
        (place / "shadow").chmod(0o644)
    os.chown(directory, 4711, 4711)
    os.link(victim / "shadow", directory / "linked")

    def exchanged() -> None:
        if not (directory / "keys").is_symlink():
            (directory / "keys").rename(directory / "gone")
            (directory / "keys").symlink_to(victim)

    for name in ("chown", "chmod"):
        real = getattr(os, name)

        def first(*args: Any, real: Any = real, **kwargs: Any) -> None:
            exchanged()
            real(*args, **kwargs)

        with monkeypatch.context() as patched:
            patched.setattr(os, name, first)
            if name == "chown":
                hand_over(State(directory=directory))
            else:
                private.made_private(directory)
        assert (directory / "keys").is_symlink(), "the scene was played"
        assert ((victim / "shadow").stat().st_uid, (victim / "shadow").stat().st_mode & 0o777) == (0, 0o644)
        (directory / "keys").unlink()
        (directory / "gone").rename(directory / "keys")
        (directory / "linked").unlink(missing_ok=True)
    link = tmp_path / "as systemd makes it"
    link.symlink_to(directory)
    (directory / "keys" / "shadow").chmod(0o640)
    hand_over(State(directory=link))
    assert private.made_private(link) == 1
    found = (directory / "keys" / "shadow").stat()
    assert (found.st_uid, found.st_mode & 0o777) == (4711, 0o600)


def test_root_makes_and_puts_back_a_backup_as_the_owner() -> None:
    """What stands in the state directory is its owner's word: with it root would write wherever a link leads."""
    with TemporaryDirectory() as place:
        home, victim = Path(place) / "state", Path(place) / "cron.d"
        Path(place).chmod(0o755)
        victim.mkdir()
        given = Settings(config=Path(place) / "none.yaml", state=home)
        state = given.place()
        state.make()
        with closing(Journal(state.journal_url, now=lambda: datetime.now(UTC))):
            pass
        (home / "keys" / "evil").write_text("* * * * * root id\n")
        for path in (home, *home.rglob("*")):
            os.chown(path, 4711, 4711)
        assert keep.backup(given, None) == 0
        (made,) = backups.found(home / keep.DIRECTORY)
        assert {path.stat().st_uid for path in made.directory.rglob("*")} == {4711}
        assert os.geteuid() == 0

        shutil.rmtree(home / "keys")
        (home / "keys").symlink_to(victim)
        with pytest.raises(JournalError, match="Permission denied"):
            keep.restore(given, made.name, yes=True)
        assert list(victim.iterdir()) == []
        (home / "keys").unlink()
        assert keep.restore(given, made.name, yes=True) == 0
        assert {path.lstat().st_uid for path in home.rglob("*")} == {4711}
        shutil.rmtree(home / "keys")
        (home / "keys").symlink_to(victim)
        with pytest.raises(JournalError, match="Permission denied"):
            keep.restore(given, str(made.directory), yes=True)
        assert list(victim.iterdir()) == []


def test_root_keeps_what_connects_as_the_owner() -> None:
    """Tokens and app passwords are written where the owner may write, and no directory of others is closed for it."""
    with TemporaryDirectory() as place:
        home, victim = Path(place) / "state", Path(place) / "etc"
        Path(place).chmod(0o755)
        victim.mkdir()
        state = State(directory=home)
        state.make()
        (home / "tokens").rmdir()
        for name in ("tokens", "credentials"):
            (home / name).symlink_to(victim)
        store = TokenStore(home / "tokens")
        os.chown(home, 4711, 4711)
        with pytest.raises(AccessDenied, match="cannot be written"):
            accounts.keep_tokens(store, state, "lyon", Tokens(office="t0ken", office_name="Cabinet"))
        with pytest.raises(JournalError, match="cannot be written"):
            servers._kept(state, "dms", "geheim")
        assert (list(victim.iterdir()), victim.stat().st_mode & 0o777) == ([], 0o755)
        for name in ("tokens", "credentials"):
            (home / name).unlink()
        accounts.keep_tokens(store, state, "lyon", Tokens(office="t0ken", office_name="Cabinet"))
        file = servers._kept(state, "dms", "geheim")
        assert file.read_text() == "geheim\n"
        assert {path.lstat().st_uid for path in home.rglob("*")} == {4711}


def test_what_a_round_of_roots_tells_follows_no_link(tmp_path: Path) -> None:
    """The file beside the journal is made anew, whatever lies there under the name of the one before."""
    victim = tmp_path / "shadow"
    victim.write_text("root's")
    (tmp_path / f".{vitals.FILE}.new").symlink_to(victim)
    one = vitals.Vitals(tmp_path / vitals.FILE, now=lambda: datetime.now(UTC), zone=ZoneInfo("Europe/Paris"))
    one.ended()
    assert victim.read_text() == "root's"
    assert vitals.read(tmp_path / vitals.FILE) is not None


@pytest.mark.parametrize("read", [running.read, lambda directory: vitals.read(directory / vitals.FILE)])
def test_what_the_service_tells_is_no_trap(read: Callable[[Path], object], tmp_path: Path) -> None:
    """A pipe is not waited for, and what has no end is not read to it: root asks, and the service is not believed."""
    for name in (running.NAME, vitals.FILE):
        os.mkfifo(tmp_path / name)
    assert within(5, lambda: read(tmp_path), name="look") is None
    for name in (running.NAME, vitals.FILE):
        (tmp_path / name).unlink()
        (tmp_path / name).symlink_to("/dev/zero")
    assert within(5, lambda: read(tmp_path), name="look") is None


def test_a_hook_that_root_tries_runs_as_the_service() -> None:
    """A program that the service's user may change is not run with more than it has, nor a way back to it."""
    with TemporaryDirectory() as place:
        Path(place).chmod(0o777)
        told = Path(place) / "told"
        config = Path(place) / "config.yaml"
        script = f"grep -E '^(Uid|Gid|Groups)' /proc/self/status | tr '\\t' ' ' > {told}"
        config.write_text(
            "config_version: 1\n"
            'servers: {dms: {url: "https://cloud.example/dav/", user: u, password: {env: P}}}\n'
            'platform: {url: "https://sign.example/", shortcut: x, secret: {env: S}}\n'
            "accounts: {lyon: {sender: Lyon, owner: chef@lyon.example}}\n"
            "folders: {letters: {server: dms, path: /Lettres/, account: lyon}}\n"
            f"hooks: {{one: {{command: [/bin/sh, -c, {json.dumps(script)}], events: sent}}}}\n"
        )
        state = State(directory=Path(place) / "state")
        state.make()
        os.chown(state.directory, 4711, 4712)
        assert notify.notify(Settings(config=config, state=state.directory), test=True) == 0
        assert [line.split()[1:] for line in told.read_text().splitlines()] == [
            ["4711"] * 4,
            ["4712"] * 4,
            [],
        ]


def test_lock_key_and_backup_are_made_over_no_link(tmp_path: Path) -> None:
    """Whatever name is taken by a link: nothing comes to lie, and nothing is emptied, where it leads."""
    state, victim = State(directory=tmp_path / "state"), tmp_path / "shadow"
    state.make()
    victim.write_text("root's")
    (state.directory / "journal" / "lock").symlink_to(tmp_path / "nologin")
    with pytest.raises(JournalError, match="cannot be written"), wiring.single_instance(state):
        pass
    assert not (tmp_path / "nologin").exists()
    key = state.directory / "keys" / "seal"
    part = key.with_name(f"seal.{os.getpid()}.part")
    part.symlink_to(victim)
    with pytest.raises(JournalError, match="neither read nor made"):
        wiring._once(key, "x")
    with pytest.raises(OSError, match="File exists"):
        backups.install(tmp_path / "shadow", key)
    assert victim.read_text() == "root's"
    assert wiring._once(key, "x") == wiring._once(key, "y") == "x"


READ_BY_THE_SERVICE = """\
config_version: 1
include: conf.d/*.yaml
support: le support
servers: {{dms: {{url: "http://127.0.0.1:9/", user: u, password: {{file: {place}/dms}}}}}}
platform: {{url: "http://127.0.0.1:9/", shortcut: s, secret: {{file: {place}/dms}}}}
accounts: {{lyon: {{sender: Cabinet, owner: o@cabinet.example}}}}
"""
LETTERS = "folders: {letters: {server: dms, path: /Lettres/, account: lyon}}\n"


def test_root_judges_what_the_service_reads_with_its_eyes(capsys: pytest.CaptureFixture[str]) -> None:
    """A file and a secret that only root may read are no use to the service; a template is root's own at first."""
    with TemporaryDirectory() as directory:
        place, state = Path(directory), Path(directory) / "state"
        place.chmod(0o755)
        (place / "conf.d").mkdir(mode=0o755)
        file, part, secret = place / "config.yaml", place / "conf.d" / "letters.yaml", place / "dms"
        file.write_text(READ_BY_THE_SERVICE.format(place=place))
        part.write_text(LETTERS)
        secret.write_text("secret")
        state.mkdir(mode=0o700)
        os.chown(state, 4711, 4711)
        os.chown(secret, 4711, 4711)
        secret.chmod(0o600)
        options = ("--config", file, "--state", state)

        def said(*arguments: object) -> tuple[int, str]:
            called = Called(capsys, *arguments, *options)
            assert os.geteuid() == 0
            return called.status, called.out + called.err

        assert said("check-config")[0] == 0
        assert "2 secrets, all references: 2 readable here" in said("check-config")[1]
        assert "2 secrets seen" in said("doctor", "--offline")[1]

        os.chown(secret, 0, 0)
        status, told = said("check-config")
        assert (status, "0 readable here" in told) == (0, True)
        assert f"servers.dms.password: {secret}: Permission denied for user 4711." in told
        status, told = said("doctor", "--offline")
        assert (status, f"{secret}: Permission denied for user 4711." in told) == (1, True)

        for unread in (file, part):
            unread.chmod(0o600)
            status, told = said("check-config")
            assert (status, "cannot be read: Permission denied for user 4711." in told) == (2, True)
            status, told = said("doctor", "--offline")
            assert (
                status,
                f"{unread}: (file): cannot be read: Permission denied for user 4711." in told,
            ) == (2, True)
            template = place / "template.yaml"
            template.write_text(READ_BY_THE_SERVICE.format(place=place))
            template.chmod(0o600)
            assert said("check-config", template)[0] == 0
            assert said("check-config", template, "--as", file)[0] == 0
            unread.chmod(0o644)


def test_a_new_password_that_only_root_may_read_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """As the service's user: the refused password stays, and the log tells why; what can be read is taken in."""
    with TemporaryDirectory() as directory:
        place = Path(directory)
        place.chmod(0o755)
        secret, state = place / "dms", State(directory=place / "state")
        secret.write_text("old")
        state.directory.mkdir()
        for path in (secret, state.directory):
            os.chown(path, 4711, 4711)
        secret.chmod(0o600)
        config = load_config(
            READ_BY_THE_SERVICE.format(place=place).replace("include: conf.d/*.yaml\n", "") + LETTERS
        )
        renewed: list[str] = []

        class Client:
            renew = staticmethod(renewed.append)

        renewal = PasswordRenewal(config, "dms", Client())  # type: ignore[arg-type]
        (place / "new").write_text("new")
        (place / "new").chmod(0o600)
        (place / "new").replace(secret)
        with with_owners_eyes(state):
            assert [renewal() for _ in range(3)] == [False] * 3
        assert caplog.text.count("Permission denied for user 4711") == 1
        os.chown(secret, 4711, 4711)
        with with_owners_eyes(state):
            assert [renewal() for _ in range(2)] == [True, False]
        assert renewed == ["new"]


def test_root_sees_with_the_eyes_of_the_service_that_runs() -> None:
    """A container's service is root, and its volume somebody else's: what that one may not read is no fault there."""
    with TemporaryDirectory() as name:
        state = State(directory=Path(name) / "state")
        secret = Path(name) / "secret"
        secret.write_text("root's")
        secret.chmod(0o600)
        state.directory.mkdir()
        os.chown(state.directory, 4711, 4711)
        with with_owners_eyes(state):
            assert os.geteuid() == 4711
        at = datetime.now(UTC)
        started = running.process_start(os.getpid())
        running.keep(
            state.directory,
            running.Running(
                version="1",
                pid=os.getpid(),
                pid_started=started,
                started_at=at,
                loaded_at=at,
                file="c",
                config={},
            ),
        )
        with with_owners_eyes(state):
            assert os.geteuid() == 0
            assert secret.read_text() == "root's"
