"""``leave`` where no connector ever ran: with a journal in PostgreSQL any machine does."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.cli.common import Settings
from connector.cli.leave import leave
from connector.errors import JournalAway, JournalError

CONFIG = """\
config_version: 1
connector: cabinet
seal: {{env: JSE_TEST_SEAL}}
journal: {{url: "{url}", replication: none}}
servers: {{dms: {{url: "https://cloud.example/dav/", user: signatures, password: {{env: JSE_TEST_SEAL}}}}}}
platform: {{url: "https://sign.example/", shortcut: x, secret: {{env: JSE_TEST_SEAL}}}}
accounts: {{lyon: {{sender: Cabinet Lyon, owner: chef@lyon.example}}}}
folders: {{letters: {{server: dms, path: /Lettres/, account: lyon}}}}
"""


def test_a_state_directory_of_its_own_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It asks the shared journal, and does not miss one in its own directory; a file it does miss."""
    monkeypatch.setenv("JSE_TEST_SEAL", "a seal of 16 bytes and more")
    for url, why in (
        ("postgresql+psycopg://c@127.0.0.1:1/journal", "nothing listens there"),
        (f"sqlite:///{tmp_path}/nowhere.sqlite", "no journal in"),
    ):
        text = CONFIG.format(url=url)
        if url.startswith("sqlite"):
            text = text.replace(", replication: none", "")
        (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
        settings = Settings(config=tmp_path / "config.yaml", state=tmp_path / ("a" + url[:6]))
        with pytest.raises(JournalError, match=why) as told:
            leave(settings, "letters", dry_run=True, yes_open=False, yes=True)
        assert isinstance(told.value, JournalAway) == url.startswith("postgresql")
