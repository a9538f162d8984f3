"""Where log lines go, and the net under them: no address, number, link or token in any of them.

Each line names references, folders and states; the net is for what a library or a server's text brings along.
Where systemd's journal listens, reference, folder and state are fields of their own (``JSE_REF=7F3K2Q``); as JSON lines
they are keys. Under another journal stream a line begins with its priority (sd-daemon(3)), elsewhere with its time.
Source: ux page section 6.1, check 11.
"""

from __future__ import annotations

import copy
import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType, TracebackType
from typing import Final, Literal, TextIO

from connector import journald
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

_ENDLESS = re.compile(r"[^\s]{2000,}")
"""No word that a person reads is so long, and looking for an address in it takes as long as its length squared."""
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


Form = Literal["auto", "text", "json"]
"""How lines are written; ``auto``: to systemd's journal in its own way where it listens, else as text."""

FIELDS: Final = ("process", "ref", "folder", "state", "event", "account", "server")
"""What a line may be about, beside its words. Nothing else becomes a field."""
_PLAIN: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,63}", re.ASCII)
"""References, states, and names of the configuration; what is none is no field."""
_process = ""
"""What this process is called among several on one journal; empty: it is the only one."""
_ABOUT: ContextVar[Mapping[str, str]] = ContextVar("about", default=MappingProxyType({}))


def called(name: str) -> None:
    """Let every line of this process from now on tell which one of several it is; empty: it is the only one."""
    global _process
    _process = name


@contextmanager
def about(**fields: str) -> Iterator[None]:
    """Let every line that this thread logs meanwhile be about these things (:data:`FIELDS`), too."""
    token = _ABOUT.set({**_ABOUT.get(), **fields})
    try:
        yield
    finally:
        _ABOUT.reset(token)


def subjects(record: logging.LogRecord) -> dict[str, str]:
    """Return what a line is about: what its thread is at, and what the line itself says (``extra={"about": …}``)."""
    told = {"process": _process, **_ABOUT.get(), **getattr(record, "about", {})}
    return {name: told[name] for name in FIELDS if _PLAIN.fullmatch(told.get(name, ""))}


def redact(text: str) -> str:
    """Return ``text`` with addresses, phone numbers, tokens and all of a URL but its host replaced by ``…``."""
    text = _ENDLESS.sub(HIDDEN, text)
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

    def __init__(self, *, priorities: bool, head: bool = True) -> None:
        super().__init__("%(levelname)-7s %(name)s: %(message)s" if head else "%(message)s")
        self._priorities = priorities

    def formatException(  # noqa: N802 - logging's own name
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """Return where a defect was met, and what it was; never what it quotes of a document, a person or a file."""
        return "" if ei[1] is None else told(ei[1])

    def words(self, record: logging.LogRecord) -> str:
        """Return what a record says, redacted."""
        # What another handler has kept of an exception would be taken as it is.
        own = copy.copy(record)
        own.exc_text = None
        return redact(super().format(own))

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record."""
        text = self.words(record)
        if self._priorities:
            prefix = f"<{_priority(record.levelno)}>"
            return "\n".join(prefix + line for line in text.splitlines())
        which = f"[{_process}] " if _process else ""
        return f"{self.formatTime(record, '%Y-%m-%d %H:%M:%S')} {which}{text}"


class JsonFormatter(RedactingFormatter):
    """One JSON object a line: ``at`` (UTC), ``level``, ``logger``, ``message``, and what the line is about."""

    def __init__(self) -> None:
        super().__init__(priorities=False, head=False)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        at = datetime.fromtimestamp(record.created, tz=UTC)
        line = {
            "at": at.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.words(record),
            **subjects(record),
        }
        return json.dumps(line, ensure_ascii=False)


class JournalHandler(logging.Handler):
    """Sends each record to systemd's journal with its fields; to ``otherwise`` where that cannot be done."""

    def __init__(self, journal: journald.Journald, otherwise: logging.Handler) -> None:
        super().__init__()
        self._journal, self._otherwise = journal, otherwise
        self._words = RedactingFormatter(priorities=False, head=False)
        self.setFormatter(self._words)

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record."""
        fields = {
            "MESSAGE": self._words.words(record),
            "PRIORITY": str(_priority(record.levelno)),
            "SYSLOG_IDENTIFIER": f"jse-connector@{_process}" if _process else "jse-connector",
            "LOGGER": record.name,
            "CODE_FILE": record.pathname,
            "CODE_LINE": str(record.lineno),
            "CODE_FUNC": record.funcName or "",
            **{f"JSE_{name.upper()}": value for name, value in subjects(record).items()},
        }
        try:
            self._journal.send(fields)
        except OSError:
            self._otherwise.handle(record)

    def close(self) -> None:
        """Let go of the journal."""
        self._journal.close()
        super().close()


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


@contextmanager
def made_up(name: str) -> Iterator[None]:
    """Let a logger tell no more than its warnings: what it tells is tried out, and has not happened."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)


def configure(
    level: str = "INFO",
    *,
    stream: TextIO | None = None,
    environ: Mapping[str, str] | None = None,
    form: Form = "auto",
) -> None:
    """Send everything from ``level`` on to ``stream`` (default: standard error). May be called again.

    Where that is systemd's journal, and ``form`` leaves it open, each record goes there with its fields.

    Raises ValueError for a level that does not exist. Libraries that log whole URLs are heard from WARNING on,
    at any level of ours.
    """
    environ = os.environ if environ is None else environ
    handler = _handler(stream or sys.stderr, environ, form)
    handler.addFilter(_Heard())
    root = logging.getLogger()
    for old in [known for known in root.handlers if isinstance(known.formatter, RedactingFormatter)]:
        root.removeHandler(old)
        if isinstance(old, JournalHandler):
            old.close()
    root.setLevel(level.upper())
    root.addHandler(handler)
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
    # A run that is skipped because the last one still works is meant, and nothing to warn of.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)


def _handler(stream: TextIO, environ: Mapping[str, str], form: Form) -> logging.Handler:
    plain = logging.StreamHandler(stream)
    if form == "json":
        plain.setFormatter(JsonFormatter())
        return plain
    plain.setFormatter(RedactingFormatter(priorities="JOURNAL_STREAM" in environ))
    if form == "text":
        return plain
    try:
        if journald.is_connected(environ, stream.fileno()):
            return JournalHandler(journald.Journald(), plain)
    except (OSError, ValueError):  # a stream that is no file, a journal that does not listen
        pass
    return plain
