"""A configuration and both embedded servers as processes of their own, for what is measured from outside."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connector.jesignexpert.tokens import Tokens, TokenStore
from connector.sandbox.clock import SandboxClock
from connector.sandbox.demo.processes import Children
from connector.sandbox.demo.voice import DemoFailed
from connector.sandbox.platform import PlatformWorld
from tests.worlds import Mode

FOLDER = "Lettres"


def write_config(directory: Path, *, dms: str, platform: str, daily: int = 60) -> Path:
    """Write the administrator's file and its secrets; return where it is. ``daily``: launches a day at most."""
    for name, value in (("password", "sandbox"), ("secret", "sandbox-secret")):
        path = directory / name
        path.touch(mode=0o600)
        path.write_text(value)
    config = directory / "config.yaml"
    config.write_text(
        "config_version: 1\nsupport: le support\nconnector: bench\n"
        "polling: {max_calls_per_minute: 100000}\n"
        f"servers: {{dms: {{url: '{dms}', user: signatures, password: {{file: '{directory}/password'}}}}}}\n"
        f"platform: {{url: '{platform}', shortcut: sandbox, secret: {{file: '{directory}/secret'}}}}\n"
        f"accounts: {{cabinet: {{sender: Cabinet Exemple, owner: o@cabinet.fr, max_sends_per_day: "
        f"{daily}}}}}\n"
        f"folders: {{lettres: {{server: dms, path: /{FOLDER}/, account: cabinet, send: live}}}}\n"
    )
    return config


@contextmanager
def served(
    directory: Path, mode: Mode = "nextcloud", *, daily: int = 60
) -> Iterator[tuple[Children, Path, Tokens]]:
    """Start the embedded DMS and platform; yields them, the configuration, an account's tokens."""
    files, platform, logs = directory / "dms", directory / "platform", directory / "logs"
    (files / FOLDER).mkdir(parents=True)
    logs.mkdir()
    # Logged in by hand, before the server takes its directory over.
    given = PlatformWorld(platform, clock=SandboxClock()).office_tokens()
    tokens = Tokens(office=given["office"], office_name=given["office_name"], user=given["user"])
    ports = {name: directory / f"{name}.port" for name in ("dms", "platform")}
    with Children(logs) as children:
        dms = children.start(
            "dms",
            "connector.sandbox.dms",
            [
                "--files",
                files,
                "--state",
                directory / "dms-state",
                "--port-file",
                ports["dms"],
                "--mode",
                mode,
            ],
        )
        other = children.start(
            "platform", "connector.sandbox.platform", ["--dir", platform, "--port-file", ports["platform"]]
        )
        urls = children.url_of(dms, ports["dms"]), children.url_of(other, ports["platform"])
        try:
            yield children, write_config(directory, dms=urls[0], platform=urls[1], daily=daily), tokens
        except DemoFailed:
            print(children.tails(), file=sys.stderr)
            raise


def logged_in(state: Path, tokens: Tokens) -> Path:
    """Make a fresh state directory whose account is logged in."""
    (state / "tokens").mkdir(mode=0o700, parents=True)
    TokenStore(state / "tokens").save("cabinet", tokens)
    return state
