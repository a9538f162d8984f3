"""``connect SERVER``: Login Flow v2 against the embedded Nextcloud, as the administrator sees it."""

from __future__ import annotations

import re
import stat
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.cli import main, servers, wiring
from connector.config import load_config, resolve_secret
from connector.errors import AccessDenied
from connector.sandbox.clock import SandboxClock
from connector.sandbox.dms import DmsWorld, serve_dms
from connector.webdav import WebDavFolder

USERS = {"signatures": "sandbox", "comptable": "secret"}
CONFIG = """\
config_version: 1
servers: {{lyon: {{url: '{url}', user: {user}, password: {{file: '{file}'}}}}}}
platform: {{url: 'http://127.0.0.1:9/', shortcut: s, secret: {{env: NONE}}}}
accounts: {{cabinet: {{sender: Cabinet, owner: o@cabinet.fr}}}}
folders: {{lettres: {{server: lyon, path: /Lettres/, account: cabinet}}}}
"""


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Any]:
    world = DmsWorld(tmp_path / "f", tmp_path / "s", mode="nextcloud", clock=SandboxClock(), users=USERS)
    with serve_dms(world) as running:
        yield running


def connect(
    directory: Path,
    url: str,
    capsys: pytest.CaptureFixture[str],
    *more: str,
    agree: str | None = None,
    user: str = "signatures",
    file: str = "",
) -> tuple[int, str, str]:
    """Run the verb while a person agrees in a browser as ``agree``; returns (exit status, out, err)."""
    config = directory / "config.yaml"
    config.write_text(
        CONFIG.format(url=url, user=user, file=file or directory / "state" / "credentials" / "lyon")
    )
    shown: list[str] = []

    def person() -> None:
        while not (page := re.search(r"http\S+/login/v2/flow/\w+", "".join(shown))):
            shown.append(capsys.readouterr().out)
            time.sleep(0.01)
        assert agree is not None
        requests.post(page[0], data={"user": agree, "password": USERS[agree]}, timeout=5)

    thread = threading.Thread(target=person if agree else lambda: None)
    thread.start()
    with pytest.raises(SystemExit) as left:
        main(["--config", str(config), "--state", str(directory / "state"), "connect", "lyon", *more])
    thread.join()
    said = capsys.readouterr()
    return int(left.value.code or 0), "".join(shown) + said.out, said.err


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person is quicker here."""
    monkeypatch.setattr(servers, "_EVERY_S", 0.02)


def test_a_person_agrees_and_the_service_can_log_in(
    tmp_path: Path, cloud: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The app password lies where the configuration says, for the service alone, and opens the folder."""
    status, out, err = connect(tmp_path, cloud.url, capsys, agree="signatures")
    assert (status, err) == (0, "")
    config = load_config((tmp_path / "config.yaml").read_text())
    file = config.servers["lyon"].password.file
    assert file is not None
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    password = resolve_secret(config.servers["lyon"].password)
    assert password not in out
    assert "Write in the configuration" not in out
    with WebDavFolder("dms", cloud.url, "signatures", password) as folder:
        assert folder.capabilities().kind == "nextcloud"
    again, _, _ = connect(tmp_path, cloud.url, capsys, agree="signatures")
    assert again == 0
    assert resolve_secret(config.servers["lyon"].password) != password


def test_what_the_configuration_must_say_is_printed(
    tmp_path: Path, cloud: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The two lines to write, where another place and another name stand there."""
    _, out, _ = connect(tmp_path, cloud.url, capsys, agree="signatures", user="sig@cabinet.fr", file="/etc/p")
    place = (tmp_path / "state" / "credentials" / "lyon").resolve()
    assert out.endswith(
        "Write in the configuration, under  servers: lyon:\n"
        f'    user: "signatures"\n    password: {{file: {place}}}\n'
        "The service uses it from its next start on.\n"
    )


def test_somebody_elses_login_is_given_back(
    tmp_path: Path, cloud: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The browser was logged in as another user: nothing is kept, and the password is worth nothing any more."""
    status, _, err = connect(tmp_path, cloud.url, capsys, agree="comptable")
    assert status == 1
    assert 'somebody logged in as "comptable"' in err
    assert 'the files of "signatures"' in err
    assert not (tmp_path / "state" / "credentials").exists()
    revoked = [one for one in cloud.world.requests if one.path.endswith("/core/apppassword")]
    assert [(one.method, one.status) for one in revoked] == [("DELETE", 200)]


def test_nobody_comes(
    tmp_path: Path, cloud: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gives up after the time that was said, and draws a new page before the old one is forgotten."""
    monkeypatch.setattr(servers, "_PAGE_LIVES", timedelta(seconds=0.05))
    config = load_config(CONFIG.format(url=cloud.url, user="signatures", file="/etc/p"))
    state = wiring.State(directory=tmp_path / "state")
    with pytest.raises(AccessDenied, match="nobody agreed in time"):
        servers.connect_server(config, state, "lyon", mail=False, wait_s=1)
    assert capsys.readouterr().out.count("/login/v2/flow/") > 1
    assert not state.directory.exists()


@pytest.mark.parametrize(
    ("url", "more", "told"),
    [
        ("http://127.0.0.1:9/dav/", (), "is none of a Nextcloud"),
        ("http://127.0.0.1:9/remote.php/dav/files/u/", ("--mail",), "--mail is for accounts"),
    ],
)
def test_what_cannot_be_connected_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str, more: tuple[str, ...], told: str
) -> None:
    """A plain server has no such login; a server's page is mailed to nobody."""
    status, _, err = connect(tmp_path, url, capsys, *more)
    assert (status, told in err) == (2, True)


def test_nobody_there_to_connect_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whom it asked in vain, and what to look at."""
    status, _, err = connect(tmp_path, "http://127.0.0.1:9/remote.php/dav/files/u/", capsys)
    assert (status, "127.0.0.1:9. Look at servers.lyon.url" in err, "jse-connector doctor" in err) == (
        1,
        True,
        True,
    )
