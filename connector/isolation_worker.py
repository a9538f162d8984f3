"""The inside of a worker: limits itself, then answers calls until nobody asks any more. See ``isolation``."""

from __future__ import annotations

import errno
import importlib
import json
import os
import resource
import select
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from connector import confinement
from connector.errors import DocumentError
from connector.isolation import JOBS

_LOCAL = frozenset({errno.ENOENT, errno.EACCES, errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.ENOTDIR})
"""Errors of this machine's disk, which say nothing about the document."""


_PARSERS: Final = (
    *("pypdf", "pypdfium2", "PIL.Image", "pi_heif", "reportlab.pdfgen.canvas", "openpyxl"),
    "pyhanko.sign.validation",
)
"""Of what reads and draws."""


_held: dict[str, bool] = {}


def serve(limits: Mapping[str, Any]) -> None:
    """Answer one JSON line for each one read, until the pipe closes or nothing comes for ``idle_s`` seconds."""
    answers = os.dup(1)
    # A library that prints must not print into the answers.
    os.dup2(2, 1)
    limit(limits)
    _first_to_go()
    os.umask(0o077)  # what it draws is of people's documents
    within = limits["within"]
    _held["alone"] = confinement.alone()
    _held["files"] = within is not None and confinement.only_within(within)
    questions = sys.stdin.buffer
    while select.select([questions], [], [], limits["idle_s"])[0]:
        line = questions.readline()
        if not line:
            return
        _more_time(limits["cpu_s"])
        answer, healthy = _answer(json.loads(line))
        _write(answers, json.dumps(answer).encode() + b"\n")
        if not healthy:
            return


def held() -> dict[str, bool]:
    """Tell what this machine's kernel holds a worker to. ``files``: False as well where any may be read."""
    return dict(_held)


def limit(limits: Mapping[str, Any]) -> None:
    """Take the limits upon this process (getrlimit(2)); it cannot lift them again."""
    for kind, most in (
        (resource.RLIMIT_AS, int(limits["memory_bytes"])),
        (resource.RLIMIT_NOFILE, int(limits["open_files"])),
        (resource.RLIMIT_FSIZE, int(limits["file_bytes"])),
        (resource.RLIMIT_CORE, 0),
    ):
        _soft, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


def _first_to_go() -> None:
    """Where the kernel must end somebody for want of memory, let it be this process and not the service (proc(5))."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _more_time(seconds: float) -> None:
    """Allow processor time for one more call: the kernel counts over the whole life. SIGXCPU ends the worker."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 1
    _soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(
        resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard)
    )


def _answer(call: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """Run one job; return its answer, and whether this worker is as good as new."""
    module, function = JOBS[call["job"]]
    try:
        return {"result": getattr(importlib.import_module(module), function)(**call["arguments"])}, True
    except DocumentError as error:
        detail = str(error).removeprefix(error.code).removeprefix(": ")
        return {"error": error.code, "detail": detail}, False
    except MemoryError:
        return {"error": "pdf_too_slow", "detail": "memory", "died": True}, False
    except OSError as error:
        if error.errno in _LOCAL:
            return {"kind": "spool", "detail": os.strerror(error.errno or 0)}, False
        return _unreadable(error), False
    except Exception as error:  # noqa: BLE001 - whatever a parser throws at a hostile file; only its class is told
        return _unreadable(error), False


def _unreadable(error: Exception) -> dict[str, Any]:
    """Tell that a document cannot be read; ``unloaded``: where that may be because a parser was not there."""
    unloaded = isinstance(error, ImportError) or (type(error) is OSError and error.errno is None)
    return {"error": "pdf_unreadable", "detail": type(error).__name__, "unloaded": unloaded}


def missing() -> str:
    """Return the name of a parser that cannot be loaded here, "" where all can. Asked of a new worker."""
    for library in _PARSERS:
        try:
            importlib.import_module(library)
        except (ImportError, OSError):
            return library
    return ""


def _write(target: int, answer: bytes) -> None:
    while answer:
        answer = answer[os.write(target, answer) :]
