"""What the service works with, kept for those who ask: the configuration it loaded, when, and what it could not take.

A small file in the state directory, 0600, replaced whole; it holds no secret. Whoever reads it may find it gone, of
another version or half understood: then nothing is known, and nothing breaks. Whether its process still lives is told
by number and start time, so that no lock is touched which a starting service wants.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

log = logging.getLogger(__name__)

FORMAT: Final = 1
NAME: Final = "running.json"
_MOST_BYTES: Final = 4_000_000


@dataclass(frozen=True, kw_only=True)
class Running:
    """``config`` is flat (``config.flat``): what is worked with, whatever stands in the file by now."""

    version: str
    """Of the program."""
    pid: int
    pid_started: int | None
    """In clock ticks since the machine's start; None where that is not told."""
    started_at: datetime
    loaded_at: datetime
    """When the configuration was taken over last."""
    file: str
    config: Mapping[str, str]
    secrets: Mapping[str, bool] = field(default_factory=dict)
    """Dotted path of each reference → could it be read by this process?"""
    refused: tuple[str, ...] = ()
    """Why what stands in the file now is not taken over, one line each; empty while it is."""
    refused_since: datetime | None = None
    waiting: tuple[str, ...] = ()
    """Dotted paths of values that are taken over at the next start."""
    unwatched: tuple[str, ...] = ()
    """``folder:NAME`` and ``account:NAME`` that are not in the configuration, though requests of theirs are open."""

    @property
    def alive(self) -> bool:
        """True while the process that wrote it lives."""
        return self.pid_started == process_start(self.pid) if self.pid_started else _exists(self.pid)


def keep(directory: Path, running: Running) -> None:
    """Write it down. A disk that takes nothing stops no service: what is kept is then of before."""
    target = directory / NAME
    part = target.with_name(f"{NAME}.part")
    try:
        part.unlink(missing_ok=True)  # of a process that was killed, or of root's
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump({"format": FORMAT, **asdict(running)}, stream, ensure_ascii=False, default=_plain)
        part.replace(target)
    except OSError as error:
        log.warning("%s cannot be written: %s", target, error.strerror)
        with suppress(OSError):
            part.unlink(missing_ok=True)


def read(directory: Path) -> Running | None:
    """Return what was kept last; None where nothing was, or nothing that is understood.

    Raises PermissionError where it is not ours to read.
    """
    try:
        found = json.loads(regular(directory / NAME))
        if found.pop("format") != FORMAT:
            return None
        return TypeAdapter(Running).validate_python(found)
    except PermissionError:
        raise
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def regular(file: Path) -> bytes:
    """Return what a small file holds, its beginning where it is none. Raises OSError for what is no file.

    Whoever asks may be root, and whoever wrote it is not to keep root waiting (a pipe), nor to fill its memory.
    """
    handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a file")
        return stream.read(_MOST_BYTES)


def process_start(pid: int) -> int | None:
    """When a process began, in clock ticks since the machine's start; None where there is none, or nobody says."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        # Its name stands in brackets and may hold anything.
        return int(told.rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
