"""Which units of systemd work here: the timer that makes rounds, the service, some of several; what is said of them.

Where systemd is not the manager, or cannot be asked, nothing is known of any. Source: systemctl(1).
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

SERVICE: Final = "jse-connector.service"
INSTANCES: Final = "jse-connector@*.service"
TICK: Final = "jse-connector-tick.service"
TIMER: Final = "jse-connector-tick.timer"
RUNS: Final = Path("/run/systemd/system")
_ASKED_S: Final = 10


def at_work() -> tuple[str, ...]:
    """Return what is enabled or active here: the timer, the service, the instances; the service where nothing is."""
    found = [unit for unit in (TIMER, SERVICE) if any(_yes(how, unit) for how in ("is-enabled", "is-active"))]
    listed = _asked("list-units", "--all", "--plain", "--no-legend", "--no-pager", INSTANCES)[1]
    instances = [line.split()[0] for line in listed.splitlines() if line.startswith("jse-connector@")]
    return (*found, *sorted(instances)) or (SERVICE,)


def shown(unit: str, properties: Sequence[str]) -> Mapping[str, str]:
    """Return what is said of a unit; nothing where nobody says anything."""
    lines = _asked("show", unit, f"--property={','.join(properties)}")[1].splitlines()
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def _yes(how: str, unit: str) -> bool:
    return _asked(how, "--quiet", unit)[0]


def _asked(*what: str) -> tuple[bool, str]:
    """Return whether systemctl said yes, and its words."""
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command
            ["systemctl", *what],  # noqa: S607 - where systemd has its own tools
            capture_output=True,
            text=True,
            timeout=_ASKED_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return False, ""
    return done.returncode == 0, done.stdout
