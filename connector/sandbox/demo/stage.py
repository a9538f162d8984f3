"""The three processes of the demo and the folder between them, started, logged in, and ready."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from connector.sandbox.demo.folder import USER, SharedFolder
from connector.sandbox.demo.letter import FOLDER, NAME, REQUEST, letter
from connector.sandbox.demo.place import (
    ACCOUNT,
    DMS_PASSWORD,
    OFFICE,
    OWNER,
    PLATFORM_SECRET,
    SHORTCUT,
    Place,
)
from connector.sandbox.demo.processes import Child, Children, Readiness, wait_for
from connector.sandbox.demo.voice import DemoFailed, Voice
from connector.sandbox.people import Person, PersonStuckError

_LOGIN_URL = re.compile(r"https?://\S+/connexion/\S+")


@dataclass
class Stage:
    """Everything that runs. ``seen`` counts the messages of the outbox that were told already."""

    place: Place
    voice: Voice
    children: Children
    folder: SharedFolder
    platform: str
    seen: int = field(default=0)

    @property
    def outbox_url(self) -> str:
        """Return the page that shows every mail and SMS."""
        return urljoin(self.platform, "/sandbox/outbox")

    def new_messages(self) -> list[dict[str, Any]]:
        """Return the mails and SMS that came since the last call."""
        answer = httpx.get(urljoin(self.platform, "/sandbox/outbox.json"), trust_env=False, timeout=30)
        fresh: list[dict[str, Any]] = answer.raise_for_status().json()[self.seen :]
        self.seen += len(fresh)
        return fresh


@contextmanager
def staged(place: Place, voice: Voice, children: Children) -> Iterator[Stage]:
    """Start both embedded servers, log the firm in, start the daemon, wait until it watches. Raises DemoFailed."""
    known = place.ports()
    dms, dms_url = _dms(place, children, known.get("dms", 0))
    platform, platform_url = _platform(place, children, known.get("platform", 0))
    place.keep_ports({"dms": urlsplit(dms_url).port or 0, "platform": urlsplit(platform_url).port or 0})
    voice.say("DMS", f"embedded, in Nextcloud mode (process {dms.process.pid}): {dms_url}")
    voice.say("Jesignexpert", f"embedded simulator (process {platform.process.pid}): {platform_url}")
    place.configure(dms_url, USER, platform_url)
    _example(place)
    with SharedFolder(dms_url, DMS_PASSWORD) as folder:
        folder.make_folder(FOLDER)
        stage = Stage(place, voice, children, folder, platform_url)
        _connect(stage)
        with Readiness() as readiness:
            daemon = children.start("connector", "connector", ["run", *_common(place)], readiness.variables)
            # Dropped before its first pass, the files would lie there "already": those are never launched.
            wait_for(readiness.told, "the daemon never said that it is ready", 30, children)
        voice.say("connector", f"the real daemon (process {daemon.process.pid}) watches: {place.config}")
        yield stage


def _dms(place: Place, children: Children, port: int) -> tuple[Child, str]:
    port_file = place.logs / "dms.url"
    port_file.unlink(missing_ok=True)
    arguments: list[str | Path] = [
        "--files",
        place.files,
        "--state",
        place.dms_state,
        "--mode",
        "nextcloud",
        "--scan",
    ]
    arguments += ["--user", USER, "--password", DMS_PASSWORD, "--port", str(port), "--port-file", port_file]
    child = children.start("dms", "connector.sandbox.dms", arguments)
    return child, children.url_of(child, port_file)


def _platform(place: Place, children: Children, port: int) -> tuple[Child, str]:
    port_file = place.logs / "platform.url"
    port_file.unlink(missing_ok=True)
    arguments: list[str | Path] = [
        "--dir",
        place.platform,
        "--shortcut",
        SHORTCUT,
        "--secret",
        PLATFORM_SECRET,
        "--office",
        OFFICE,
    ]
    arguments += ["--port", str(port), "--port-file", port_file]
    child = children.start("platform", "connector.sandbox.platform", arguments)
    return child, children.url_of(child, port_file)


def _example(place: Place) -> None:
    (place.example / f"{NAME}.pdf").write_bytes(letter())
    (place.example / f"{NAME}.sign.yaml").write_text(REQUEST, "utf-8")


def _common(place: Place) -> list[str]:
    return ["--config", str(place.config), "--state", str(place.state)]


def _connect(stage: Stage) -> None:
    """Let the firm's own person log in, on the page whose address ``connect`` prints."""
    child = stage.children.start("connect", "connector", ["connect", ACCOUNT, *_common(stage.place)])

    def printed() -> str:
        # The command may fold a long line at the width of a terminal; a log has none.
        found = _LOGIN_URL.search(child.log.read_text("utf-8", errors="replace"))
        return found[0] if found else ""

    url = wait_for(printed, "connect printed no address", 30, stage.children)
    stage.voice.say("the firm", f"{OWNER} opens the page of « connect » and logs in for « {OFFICE} »")
    try:
        with Person(OWNER, stage.platform) as person:
            person.log_in(url, OFFICE)
    except PersonStuckError as error:
        raise DemoFailed(f"the login page says: {error}") from error
    if stage.children.finished(child, 30):
        raise DemoFailed("connect ended without the firm's tokens")
