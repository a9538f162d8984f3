"""``connect --mail`` against a real relay: the owner gets the link, clicks, and the account is connected."""

from __future__ import annotations

import email
import email.policy
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from connector.jesignexpert.tokens import TokenStore
from connector.sandbox.clock import SandboxClock
from connector.sandbox.people import Person
from connector.sandbox.platform import PlatformWorld, serve_platform

pytestmark = pytest.mark.system
OWNER = "direction@cabinet.example"
CONFIG = """
config_version: 1
support: le support (04 78 00 00 00)
servers: {{dms: {{url: "http://127.0.0.1:9/dav/", user: u, password: {{env: JSE_PW}}}}}}
platform: {{url: "{platform}", shortcut: sandbox, secret: {{env: JSE_SECRET}}}}
accounts: {{cab: {{sender: Cabinet Exemple, owner: {owner}}}}}
folders: {{lettres: {{server: dms, path: /Lettres/, account: cab}}}}
mail: {{relay: "smtp://127.0.0.1:{port}", from: signatures@cabinet.example, admin: ops@cabinet.example}}
"""


class Inbox:
    """A relay that keeps what it takes."""

    def __init__(self) -> None:
        self.mails: list[email.message.EmailMessage] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, email.message.EmailMessage)
        self.mails.append(message)
        return "250 OK"


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    """A relay on a loopback port, and the port."""
    handler = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield handler, port
    finally:
        controller.stop()


def test_the_owner_gets_the_link_and_clicks(tmp_path: Path, inbox: tuple[Inbox, int]) -> None:
    """The link goes to the owner alone, in French, is not printed, and connects the account."""
    kept, port = inbox
    world = PlatformWorld(tmp_path / "platform", clock=SandboxClock())
    with serve_platform(world) as platform:
        config = tmp_path / "config.yaml"
        config.write_text(CONFIG.format(platform=platform.url, owner=OWNER, port=port))
        command = [
            sys.executable,
            "-m",
            "connector",
            "--config",
            str(config),
            "--state",
            str(tmp_path / "state"),
        ]
        environ = {**os.environ, "JSE_PW": "x", "JSE_SECRET": "sandbox-secret"}
        with subprocess.Popen(
            [*command, "connect", "cab", "--mail"],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            try:
                mail = _first(kept)
                link = _link(mail)
                with Person(OWNER, platform.url) as person:
                    person.log_in(link, "Cabinet Exemple")
                output = process.communicate(timeout=60)[0].decode()
            finally:
                process.kill()
        assert process.returncode == 0, output
    assert mail["To"] == OWNER
    assert "Comptexpert" in mail.get_content()
    assert link not in output
    assert TokenStore(tmp_path / "state" / "tokens").load("cab") is not None


def _first(inbox: Inbox) -> email.message.EmailMessage:
    deadline = time.monotonic() + 60
    while not inbox.mails:
        assert time.monotonic() < deadline, "no mail came"
        time.sleep(0.05)
    return inbox.mails[0]


def _link(mail: email.message.EmailMessage) -> str:
    found = re.search(r"https?://\S+", mail.get_content())
    assert found is not None
    return found[0]
