"""What is counted of finding, and exact: requests and bytes, on both kinds of server; and what a goal is."""

from __future__ import annotations

import os
import shutil
import subprocess
import urllib.request
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.finding_servers import canned, plant
from connector.config.model import Ceiling
from connector.ports import Href
from connector.sandbox.clock import SandboxClock
from connector.sandbox.dms import DmsWorld, serve_dms
from connector.steps.discover import Settling, Sight, Watch
from connector.steps.parts import FolderSettings
from connector.webdav import WebDavFolder

BIG, MIDDLE, SMALL = 500, 100, 30
"""Clients, each with 13 folders and 100 files: 50,000, 10,000 and 3,000 files."""
CONNECTIONS = 8

Row = list[object]


@dataclass(frozen=True)
class Goal:
    """A number that was reached, and the one it should not pass, or should reach."""

    what: str
    reached: float
    goal: float
    least: bool = False
    unit: str = ""

    @property
    def row(self) -> Row:
        """As a line of the table."""
        met = self.reached >= self.goal if self.least else self.reached <= self.goal
        sign = "≥" if self.least else "≤"
        return [
            self.what,
            f"{self.reached:.4g}{self.unit}",
            f"{sign} {self.goal:.4g}{self.unit}",
            "met" if met else "MISSED",
        ]


class Looks:
    """The service's look, in this very process: for what is counted, not timed."""

    def __init__(self, url: str, root: str = "/") -> None:
        self.clock = SandboxClock()
        self.folder = WebDavFolder("dms", url, "signatures", "sandbox", max_connections=CONNECTIONS)
        self.watch = Watch(Settling(grain=timedelta(seconds=1)))
        self.settings = FolderSettings(
            name="all",
            server="dms",
            root=Href(root),
            registry=Href(f"{root}.signature/"),
            accounts=("a",),
            ceiling=Ceiling.PREVIEW,
        )

    def look(self, out: tuple[str, ...] = ()) -> Sight:
        """Look once more, five seconds later; ``out``: requests that are out."""
        self.clock.advance(5)
        return self.watch.look(self.settings, self.folder, self.clock.now(), (), out)


def rclone_version() -> tuple[str, bool]:
    """Its version, and whether its own pacing can be switched off; empty where it is not installed."""
    if shutil.which("rclone") is None:
        return "", False
    told = subprocess.run(["rclone", "version"], check=True, capture_output=True, text=True).stdout
    flags = subprocess.run(["rclone", "help", "flags"], check=True, capture_output=True, text=True).stdout
    return told.split()[1], "webdav-pacer-min-sleep" in flags


def unchanged() -> list[Goal]:
    """The next look at 50,000 files on a plain server where nothing has changed, 250 requests being open."""
    with canned(BIG, finite=True) as served:
        looks = Looks(served.url)
        looks.look()
        walk = served.counts()
        out = tuple(urllib.request.unquote(path) for path in walk["near"])
        looks.look(out)
        looks.look(out)
        served.counts()
        looks.look(out)
        idle = served.counts()
        looks.look()
        none = served.counts()
    requests, sent = walk["requests"] - 3, walk["bytes"]
    return [
        Goal(
            "next look, plain, 250 open requests: requests of the walk",
            idle["requests"] / requests,
            0.35,
            unit=" x",
        ),
        Goal("next look, plain, 250 open requests: bytes of the walk", idle["bytes"] / sent, 0.15, unit=" x"),
        Goal(
            "next look, plain, none open: requests of the walk", none["requests"] / requests, 0.35, unit=" x"
        ),
        Goal("next look, plain, none open: bytes of the walk", none["bytes"] / sent, 0.15, unit=" x"),
    ]


def nextcloud(directory: Path) -> list[Goal]:
    """The sandbox's Nextcloud mode, counted; 3,000 files in 391 folders, four levels deep."""
    clock = SandboxClock()
    plant(directory / "Dossiers", SMALL)
    world = DmsWorld(directory, Path(f"{directory}-state"), mode="nextcloud", clock=clock)
    version, _ = rclone_version()
    with serve_dms(world) as running:
        looks = Looks(running.url, "/Dossiers/")
        looks.clock = clock
        looks.folder.capabilities()

        def asked() -> list[Any]:
            before = len(world.requests)
            looks.look()
            return world.requests[before:]

        first, second, idle = asked(), asked(), asked()
        world.person.write("Dossiers/Client 7/2025/Dossier 1/Lettre 3.sign.yaml", b"x")
        change = asked()
        goals = [
            Goal("Nextcloud, first look: searches (and two looks at the root)",
                 sum(one.method == "SEARCH" for one in first), 1),
            Goal("Nextcloud: requests of a look that finds nothing", len(idle), 1),
            Goal("Nextcloud: bytes of its answer", idle[0].bytes_out, 300),
            Goal("Nextcloud: requests after one change at depth 4", len(change), 5),
        ]  # fmt: skip
        del second
        if version:
            before = len(world.requests)
            secret = subprocess.run(
                ["rclone", "obscure", "sandbox"], check=True, capture_output=True, text=True
            )
            subprocess.run(
                ["rclone", "lsf", "-R", ":webdav:Dossiers", "--webdav-url", running.url, "--webdav-vendor",
                 "nextcloud", "--webdav-user", "signatures", "--webdav-pass", secret.stdout.strip(),
                 "--config", os.devnull],
                check=True, capture_output=True,
            )  # fmt: skip
            theirs = len(world.requests) - before
            goals.append(
                Goal(
                    "Nextcloud: rclone's requests for each of a first look",
                    theirs / len(first),
                    50,
                    least=True,
                    unit=" x",
                )
            )
            goals.append(
                Goal(
                    "Nextcloud: rclone's requests for each of a later look",
                    theirs / len(idle),
                    50,
                    least=True,
                    unit=" x",
                )
            )
    return goals
