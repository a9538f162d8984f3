"""One of several connectors by its name: what it is called, and that it never works on a journal of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from connector.cli import anew, run
from connector.cli.common import Settings
from connector.cli.state import State
from connector.cli.wiring import single_instance
from connector.errors import ConfigurationError, JournalError

CONFIG = """\
config_version: 1
servers: {dms: {url: 'http://127.0.0.1:9/', user: u, password: {env: X}}}
platform: {url: 'http://127.0.0.1:9/', shortcut: s, secret: {env: X}}
accounts: {lyon: {sender: Cabinet, owner: o@cabinet.fr}}
folders: {letters: {server: dms, path: /Lettres/, account: lyon}}
"""


@pytest.mark.parametrize(
    ("directory", "name", "instance"),
    [
        ("/var/lib/jse-connector", "jse-connector", ""),
        ("/var/lib/jse-connector@b", "b", "b"),
        ("/var/lib/jse-connector@lyon-2/", "lyon-2", "lyon-2"),
        ("state", "state", ""),
    ],
)
def test_what_it_is_called(directory: str, name: str, instance: str) -> None:
    """By its state directory, which the unit names for it."""
    state = State(directory=Path(directory))
    assert (state.name, state.instance) == (name, instance)


def test_an_instance_needs_the_journal_that_all_share(tmp_path: Path) -> None:
    """With SQLite each instance would have a journal, and send every letter: refused before anything is made."""
    file = tmp_path / "config.yaml"
    file.write_text(CONFIG)
    state = tmp_path / "jse-connector@b"
    with pytest.raises(ConfigurationError, match="PostgreSQL") as told:
        run.run(Settings(config=file, state=state))
    assert [problem.path for problem in told.value.problems] == ["journal.url"]
    assert not state.exists()


def test_two_state_directories_that_name_one_journal(tmp_path: Path) -> None:
    """Each of two services would take the other's requests for its own: the second is refused, as is a verb that works
    on the journal alone; two journals beside each other are two."""
    file = tmp_path / "shared" / "journal.sqlite"
    file.parent.mkdir()
    one, two = State(directory=tmp_path / "one"), State(directory=tmp_path / "two")
    for state in (one, two):
        state.make()
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG + f"journal: {{url: 'sqlite:///{file}'}}\n")
    with single_instance(one, file):
        with pytest.raises(JournalError, match="another process works on the journal"):
            run.run(Settings(config=config, state=two.directory))
        with pytest.raises(JournalError, match="another process works on the journal"):
            anew.rebuild(Settings(config=config, state=two.directory), yes=True, dry_run=False)
        with single_instance(two, file.with_name("other.sqlite")):
            pass
    with single_instance(two, file):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_what_root_makes_beside_a_journal_is_the_services(tmp_path: Path) -> None:
    """Else the service itself could not start after a verb of root's."""
    state, file = State(directory=tmp_path / "state"), tmp_path / "shared" / "journal.sqlite"
    file.parent.mkdir()
    state.make()
    os.chown(state.directory, 65534, 65534)
    with single_instance(state, file):
        pass
    (made,) = file.parent.iterdir()
    assert (made.stat().st_uid, made.stat().st_mode & 0o777) == (65534, 0o600)
