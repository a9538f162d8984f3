"""One of several connectors by its name: what it is called, and that it never works on a journal of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.cli import run
from connector.cli.common import Settings
from connector.cli.state import State
from connector.errors import ConfigurationError

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
