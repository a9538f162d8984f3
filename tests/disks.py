"""Disks that a test may fill, or that keep no permissions: mounted for it, which root alone may do."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.capabilities import SYS_ADMIN, missing


def _did(*command: str | Path) -> bool:
    try:
        done = subprocess.run(command, check=False, capture_output=True, stdin=subprocess.DEVNULL)
    except FileNotFoundError:
        return False
    return done.returncode == 0


@contextmanager
def mounted(place: Path, *options: str) -> Iterator[Path]:
    """Mount something on a new directory; the test is skipped where that may not be, and fails in the check."""
    place.mkdir()
    if os.geteuid() != 0 or not _did("mount", *options, place):
        missing("needs mounts of its own", SYS_ADMIN)
    try:
        yield place
    finally:
        _did("umount", "-l", place)


@contextmanager
def in_memory(place: Path, size: str) -> Iterator[Path]:
    """A disk that keeps nothing."""
    with mounted(place, "-t", "tmpfs", "-o", f"size={size}", "tmpfs") as disk:
        yield disk


@contextmanager
def of_small_blocks(place: Path, megabytes: int = 12) -> Iterator[Path]:
    """As mke2fs makes one of less than 512 MB: a page of memory is four blocks of it, and three may be holes."""
    image = place.with_suffix(".image")
    with image.open("wb") as stream:
        stream.truncate(megabytes * 1_000_000)
    if not Path("/dev/loop-control").exists():
        pytest.skip("this kernel gives no disks that are files")
    if not _did("mkfs.ext4", "-q", "-m", "0", "-b", "1024", image):
        missing("needs mkfs.ext4 (apt install e2fsprogs)", SYS_ADMIN)
    with mounted(place, "-o", "loop", image) as disk:
        yield disk


@contextmanager
def without_modes(place: Path) -> Iterator[Path]:
    """As Windows' file systems and many shares are mounted: everybody may do everything, whatever chmod says."""
    behind = place.with_suffix(".behind")
    behind.mkdir()
    place.mkdir()
    if os.geteuid() != 0 or not _did("bindfs", "--chmod-ignore", "--perms=0777", behind, place):
        pytest.skip("needs bindfs, and to mount")
    try:
        yield place
    finally:
        _did("umount", "-l", place)


def fill(disk: Path, *, leave: int = 0) -> None:
    """Leave so many bytes, or a little less; not one by default."""
    for size in (4_096,) if leave else (65_536, 4_096, 1_024, 1):
        with (disk / f"fill-{size}").open("ab", buffering=0) as stream:
            try:
                while not leave or left(disk) > leave:
                    stream.write(b"x" * size)
            except OSError:
                pass
            os.fsync(stream.fileno())


def left(disk: Path) -> int:
    """Return how many bytes are free."""
    room = os.statvfs(disk)
    return room.f_bavail * room.f_frsize


def free(disk: Path) -> None:
    """Take away what :func:`fill` wrote."""
    for file in disk.glob("fill-*"):
        file.unlink()
