"""What a test needs of the kernel and does not get: a skip, save in the check, where its root may have it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NoReturn

import pytest

NET_ADMIN: Final = 12
SYS_ADMIN: Final = 21
"""Numbers of capabilities(7)."""


def missing(why: str, *capabilities: int) -> NoReturn:
    """Skip a test; fail in the check where root has these capabilities, as a container's often has not."""
    if os.environ.get("CI") == "true" and os.geteuid() == 0 and _has(capabilities):
        pytest.fail(why)
    pytest.skip(why)


def _has(capabilities: tuple[int, ...]) -> bool:
    status = Path("/proc/self/status").read_text()
    effective = next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff"))
    return all(int(effective, 16) >> bit & 1 for bit in capabilities)
