"""The demo's directory: what lies where, made afresh, and never taken from anybody else."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from connector.sandbox.demo.letter import FOLDER
from connector.sandbox.demo.voice import DemoFailed

MARKER = ".jse-demo"
SERVER = "dossier"
ACCOUNT = "cabinet"
OFFICE = "Cabinet Exemple"
OWNER = "direction@example.fr"
SHORTCUT = "sandbox"
# Both servers listen on this machine's loopback only and hold nothing but the demo.
DMS_PASSWORD = "only-for-the-demo"  # noqa: S105
PLATFORM_SECRET = "sandbox-secret"  # noqa: S105

_CONFIG = """\
# Made by the demo; made again at each fresh start.
config_version: 1
timezone: Europe/Paris
language: fr
support: la personne qui a lancé la démonstration
connector: demo
servers:
  {server}:
    url: {dms}
    user: {user}
    password: {{file: {dms_secret}}}
platform:
  url: {platform}
  shortcut: {shortcut}
  secret: {{file: {platform_secret}}}
accounts:
  {account}:
    sender: {office}
    owner: {owner}
folders:
  lettres:
    server: {server}
    path: /{folder}/
    account: {account}
    send: live
polling:
  folders: 1s
  platform: 1s
  max_calls_per_minute: 600
"""


@dataclass(frozen=True)
class Place:
    """Where each part of the demo keeps its things, below ``root``."""

    root: Path

    @property
    def files(self) -> Path:
        """Return the shared folder as the accountant finds it."""
        return self.root / "dms"

    @property
    def dms_state(self) -> Path:
        """Return what the embedded DMS keeps beside the files: versions, ids."""
        return self.root / "dms-state"

    @property
    def platform(self) -> Path:
        """Return what the embedded Jesignexpert keeps; its ``outbox`` is for people to read."""
        return self.root / "platform"

    @property
    def state(self) -> Path:
        """Return the connector's state directory."""
        return self.root / "state"

    @property
    def logs(self) -> Path:
        """Return the child processes' logs."""
        return self.root / "logs"

    @property
    def config(self) -> Path:
        """Return the connector's configuration."""
        return self.root / "config.yaml"

    @property
    def example(self) -> Path:
        """Return a letter and its request, ready to be copied into the shared folder."""
        return self.root / "exemple"

    @property
    def _secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def _marker(self) -> Path:
        return self.root / MARKER

    def ports(self) -> dict[str, int]:
        """Return the ports of an earlier start: an address that moved would be another folder to the daemon."""
        text = self._marker.read_text("utf-8")
        return {name: int(port) for name, port in json.loads(text).items()} if text else {}

    def keep_ports(self, ports: dict[str, int]) -> None:
        """Remember the ports for the next start."""
        self._marker.write_text(json.dumps(ports), "utf-8")

    def configure(self, dms: str, user: str, platform: str) -> None:
        """Write the secrets (0600) and the configuration that names them."""
        secrets = {"dms": DMS_PASSWORD, "platform": PLATFORM_SECRET}
        for name, secret in secrets.items():
            path = self._secrets / name
            path.touch(mode=0o600)
            path.write_text(secret, "utf-8")
        text = _CONFIG.format(
            server=SERVER,
            dms=dms,
            user=user,
            dms_secret=json.dumps(str(self._secrets / "dms")),
            platform=platform,
            shortcut=SHORTCUT,
            platform_secret=json.dumps(str(self._secrets / "platform")),
            account=ACCOUNT,
            office=OFFICE,
            owner=OWNER,
            folder=FOLDER,
        )
        self.config.write_text(text, "utf-8")

    def make(self) -> None:
        """Make the directories that are not there yet."""
        for path in (
            self.files,
            self.dms_state,
            self.platform,
            self.state,
            self.logs,
            self.example,
            self._secrets,
        ):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def clear(self) -> None:
        """Remove what an earlier demo left, and nothing else."""
        for path in (
            self.files,
            self.dms_state,
            self.platform,
            self.state,
            self.logs,
            self.example,
            self._secrets,
        ):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
        self.config.unlink(missing_ok=True)
        self._marker.write_text("", "utf-8")


@contextmanager
def taken(root: Path, *, fresh: bool) -> Iterator[Place]:
    """Take the directory for one demo, empty if ``fresh``.

    Raises DemoFailed when it holds things that no demo made, or another demo runs there.
    """
    place = Place(root.resolve())
    marker = place.root / MARKER
    try:
        place.root.mkdir(parents=True, exist_ok=True)
        if not marker.exists() and any(place.root.iterdir()):
            raise DemoFailed(
                f"{place.root} is not empty and was not made by a demo: choose another with --dir"
            )
        stream = marker.open("a+", encoding="utf-8")
    except OSError as error:
        raise DemoFailed(f"{place.root}: {error.strerror}") from error
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DemoFailed(f"another demo runs in {place.root}") from error
        if fresh:
            place.clear()
        place.make()
        yield place
