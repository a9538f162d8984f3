"""Where log lines go, and the net under them: no address, number, link or token in any of them.

Each line names references, folders and states; the net is for what a library or a server's text brings along.
Under systemd a line begins with its priority (sd-daemon(3)), elsewhere with its time.
"""

from __future__ import annotations

import copy
import logging
import os
import re
import sys
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import Final, TextIO

from connector.errors import ConnectorError

HIDDEN: Final = "…"
_LOUD: Final = (
    "httpx",
    "httpcore",
    "urllib3",
    "requests",
    "apscheduler",
    "webdav3",
    "sqlalchemy",
    "stamina",
    "PIL",
    "pypdf",
    "pyhanko",
    "pyhanko_certvalidator",
)
_OF_THE_CODE: Final = (
    ConnectorError,
    AttributeError,
    ImportError,
    MemoryError,
    NameError,
    RecursionError,
    TypeError,
)
"""Errors whose words tell of the program; those of others may quote what it was reading."""

_URL = re.compile(r"\b([a-z][a-z0-9+.-]*://)(?:[^\s/@\"'<>]*@)?([^\s/?#\"'<>]*)([^\s\"'<>]*)", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s<>\"'(),;:=\[\]]+@[^\s<>\"'(),;:@=\[\]]+\.[^\s<>\"'(),;:@=\[\].]{2,}")
_NAMED = re.compile(
    r"\b([\w-]*(?:authorization|token|hmac|secret|password|passwd|cookie|api[_-]?key))\b"
    r"([\"']?\s*[:=]\s*[\"']?)(?:(?:bearer|basic)\s+)?[^\s\"',;&<>)}\]]+",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)+")
_OPAQUE = re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9_-]{32,}={0,2}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PHONE = re.compile(
    r"(?<![\w.:/+-])"
    r"(?:(?:\+|00)\d{1,3}(?:[ .\u00a0\u202f-]?\(?\d\)?){7,12}|0[1-9](?:[ .\u00a0\u202f-]?\d{2}){4})"
    r"(?![\w-])"
)


def redact(text: str) -> str:
    """Return ``text`` with addresses, phone numbers, tokens and all of a URL but its host replaced by ``…``."""
    text = _URL.sub(_shortened, text)
    text = _NAMED.sub(lambda found: f"{found[1]}{found[2]}{HIDDEN}", text)
    text = _BEARER.sub(lambda found: f"{found[1]} {HIDDEN}", text)
    text = _JWT.sub(HIDDEN, text)
    text = _EMAIL.sub(HIDDEN, text)
    text = _OPAQUE.sub(lambda found: found[0] if _UUID.fullmatch(found[0]) else HIDDEN, text)
    return _PHONE.sub(HIDDEN, text)


def _shortened(found: re.Match[str]) -> str:
    """Keep scheme and host: a path may name a client, and a signing link is a key."""
    rest = found[3]
    return f"{found[1]}{found[2]}" + (f"/{HIDDEN}" if rest.strip("/") else rest)


class RedactingFormatter(logging.Formatter):
    """Formats a record, its traceback too, and redacts all of it. ``priorities``: as systemd's journal reads it."""

    def __init__(self, *, priorities: bool) -> None:
        super().__init__("%(levelname)-7s %(name)s: %(message)s")
        self._priorities = priorities

    def formatException(  # noqa: N802 - logging's own name
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """Return where a defect was met, and what it was; never what it quotes of a document, a person or a file."""
        return "" if ei[1] is None else told(ei[1])

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record."""
        # What another handler has kept of an exception would be taken as it is.
        own = copy.copy(record)
        own.exc_text = None
        text = redact(super().format(own))
        if self._priorities:
            prefix = f"<{_priority(record.levelno)}>"
            return "\n".join(prefix + line for line in text.splitlines())
        return f"{self.formatTime(record, '%Y-%m-%d %H:%M:%S')} {text}"


def told(error: BaseException) -> str:
    """Tell an error with where it was met and what brought it about, its words only where they are of the program."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = f"{told(cause)}\n\nwhich brought about:\n\n" if cause is not None else ""
    lines = "".join(traceback.format_tb(error.__traceback__))
    words = f": {error}" if isinstance(error, _OF_THE_CODE) and str(error) else ""
    if isinstance(error, OSError) and isinstance(error.errno, int) and error.errno > 0:
        words = f": [Errno {error.errno}] {os.strerror(error.errno)}"
    return redact(f"{before}Traceback (most recent call last):\n{lines}{type(error).__qualname__}{words}")


class _Heard(logging.Filter):
    """Lets nothing of a library pass that is no warning, whatever level somebody has set for it."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING or record.name.split(".", 1)[0] not in _LOUD


def _priority(level: int) -> int:
    """Return the syslog priority of a level."""
    for least, priority in (
        (logging.CRITICAL, 2),
        (logging.ERROR, 3),
        (logging.WARNING, 4),
        (logging.INFO, 6),
    ):
        if level >= least:
            return priority
    return 7


def configure(
    level: str = "INFO", *, stream: TextIO | None = None, environ: Mapping[str, str] | None = None
) -> None:
    """Send everything from ``level`` on to ``stream`` (default: standard error). May be called again.

    Raises ValueError for a level that does not exist. Libraries that log whole URLs are heard from WARNING on,
    at any level of ours.
    """
    environ = os.environ if environ is None else environ
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(RedactingFormatter(priorities="JOURNAL_STREAM" in environ))
    handler.addFilter(_Heard())
    root = logging.getLogger()
    for old in [known for known in root.handlers if isinstance(known.formatter, RedactingFormatter)]:
        root.removeHandler(old)
    root.setLevel(level.upper())
    root.addHandler(handler)
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
    # A run that is skipped because the last one still works is meant, and nothing to warn of.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
