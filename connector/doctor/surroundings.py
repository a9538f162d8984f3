"""What this host gives the service: a mail relay, credentials, systemd, inotify, confinement, libraries."""

from __future__ import annotations

import os
import platform
import sqlite3
import ssl
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from connector import units
from connector.certificates import distrust
from connector.config import SecretReference, references
from connector.doctor.lines import Line, Private, counted, fail, note, ok
from connector.doctor.visit import Visit
from connector.errors import ConnectorError, MailRefused, RemoteError
from connector.isolation import IsolatedPool
from connector.notify.relay import Relay
from connector.webdav import mounts

_RELAY_S: Final = 10.0
_REFUSED: Final = {
    "greeting": "our greeting",
    "sender": "mail.from",
    "recipient": "mail.admin",
    "mail": "mails",
}
_SHOWN: Final = ("LoadState", "ActiveState", "Result", "WatchdogUSec", "NRestarts")
_LIVES: Final = frozenset({"active", "activating", "reloading"})
_INOTIFY: Final = Path("/proc/sys/fs/inotify/max_user_watches")
_MOST_COUNTED: Final = 200_000
LIBRARIES: Final = (
    *("webdavclient3", "requests", "urllib3", "lxml", "httpx", "SQLAlchemy", "pydantic", "APScheduler"),
    *("pypdf", "pyHanko", "pypdfium2", "reportlab", "pillow", "pi-heif", "openpyxl", "typer", "rich"),
)


def relay(visit: Visit) -> Iterator[Line]:
    """Would the relay take a mail to the administrator? It is asked as the service asks it, and no mail is sent."""
    mail = visit.config.mail
    if mail is None:
        return
    where = Private(urlsplit(mail.relay).hostname or "localhost", "the relay")
    asked = Relay(
        url=mail.relay,
        sender=mail.from_address,
        user=visit.secrets.get("mail.user") if isinstance(mail.user, SecretReference) else mail.user,
        password=visit.secrets.get("mail.password"),
        ca_file=mail.ca_file,
        timeout_s=_RELAY_S,
    )
    try:
        asked.ask(mail.admin)
    except MailRefused as error:
        if error.stage == "login":
            yield fail("JSE-H08", "mail relay {where} refuses the login", where=where)
            return
        # Many a relay says only when it hears the recipient what it has against the sender, or the greeting.
        what = "mails from here" if error.every and error.stage == "recipient" else _REFUSED[error.stage]
        # Its own words may quote addresses.
        if error.status is not None and error.status < 500:
            say, sentence = note, "mail relay {where} puts {what} off ({status}): try again"
        else:
            say, sentence = fail, "mail relay {where} does not take {what} ({status})"
        yield say("JSE-H08", sentence, where=where, what=what, status=error.status)
    except RemoteError as error:
        yield fail("JSE-H08", "{why}", why=Private(error.detail, f"the relay is not asked: {_reason(error)}"))
    else:
        yield ok("relay accepts mail")


def _reason(error: RemoteError) -> str:
    cause = error.__cause__ or error
    if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError) and cause.strerror:
        return cause.strerror
    return distrust(cause) or type(cause).__name__


def credentials(visit: Visit) -> Iterator[Line]:
    """Which secrets can be read here, and whether others can read them, too."""
    wanted = references(visit.config)
    missing = dict(visit.missing)
    of_the_unit = sorted(path for path, one in wanted if path in missing and one.credential is not None)
    if of_the_unit and not os.environ.get("CREDENTIALS_DIRECTORY"):
        yield fail(
            "JSE-H03",
            "{number} of {all} secrets are credentials of the unit, which a command by hand does not see; this does:",
            command="jse-connector-as-service doctor",
            number=len(of_the_unit),
            all=len(wanted),
        )
        for path in of_the_unit:
            del missing[path]
    for path, why in missing.items():
        yield fail("JSE-H03", "{path}: {why}", path=path, why=Private(why, "cannot be read here"))
    for path, reference in wanted:
        if (
            path not in visit.missing
            and isinstance(reference, SecretReference)
            and reference.file is not None
        ):
            with suppress(OSError):
                if reference.file.stat().st_mode & 0o044:
                    yield fail(
                        "JSE-H17", "{path}: its file can be read by other users of this host", path=path
                    )
    if not visit.missing:
        yield ok("{number} seen", number=counted(len(wanted), "secret"))


def service(
    visit: Visit, *, running: bool, shown: Mapping[str, Mapping[str, str]] | None = None
) -> Iterator[Line]:
    """Does the service run, and does systemd watch over it? ``shown``: what systemd tells of each unit at work here."""
    shown = units_shown() if shown is None else shown
    loaded = {unit: told for unit, told in shown.items() if told.get("LoadState") == "loaded"}
    if not loaded:
        if running:
            yield ok("service running (not as a unit of systemd here)")
        elif visit.known.examined is not None:
            yield note("JSE-H10", "nothing works on the journal: the service is not running")
    for unit, told in loaded.items():
        yield _timer(told) if unit == units.TIMER else _unit(unit, told)


def _unit(unit: str, told: Mapping[str, str]) -> Line:
    """What one process lives like; it is named where it is not the only one there can be."""
    named = "" if unit == units.SERVICE else f" {unit.removesuffix('.service')}"
    active = told.get("ActiveState", "")
    if active not in _LIVES:
        result = told.get("Result", "")
        return note(
            "JSE-H10", "the unit{named} is {active} ({result})", named=named, active=active, result=result
        )
    watchdog = told.get("WatchdogUSec", "0")
    if watchdog in {"0", "", "infinity"}:
        return note("JSE-H11", "the unit{named} is {active}, and has no watchdog", named=named, active=active)
    return ok(
        "service{named} {active}, watchdog {watchdog}, {restarts}",
        named=named,
        active=active,
        watchdog=watchdog,
        restarts=counted(int(told.get("NRestarts", "0") or 0), "restart"),
    )


def _timer(told: Mapping[str, str]) -> Line:
    """Rounds are short: between two of them nothing works on the journal, and that is well."""
    active, result = told.get("ActiveState", ""), told.get("round", "")
    if active not in _LIVES:
        return note("JSE-H10", "the timer that makes rounds is {active}", active=active)
    if result not in {"", "success"}:
        return note(
            "JSE-H10", "timer {active}, but its last round ended with {result}", active=active, result=result
        )
    return ok("timer {active}, a round now and then", active=active)


def units_shown() -> Mapping[str, Mapping[str, str]]:
    """What systemd tells of the units at work; of the timer's ``round``, how the last one ended. Nothing without it."""
    if not units.RUNS.is_dir():
        return {}
    found = {unit: dict(units.shown(unit, _SHOWN)) for unit in units.at_work()}
    if units.TIMER in found:
        found[units.TIMER]["round"] = units.shown(units.TICK, _SHOWN).get("Result", "")
    return found


def wake_ups(visit: Visit) -> Iterator[Line]:
    """Folders that wake the service: there, local, and few enough for the kernel."""
    watched = {name: folder.wake for name, folder in visit.config.folders.items() if folder.wake is not None}
    total = 0
    for name, path in watched.items():
        # Path.is_dir() raises where a place is closed.
        if not os.path.isdir(path) or not os.access(path, os.R_OK | os.X_OK):  # noqa: PTH112
            yield note("JSE-H12", "folders.{name}.wake: not there, or not readable by this user", name=name)
            continue
        kind = mounts.filesystem(path.resolve())
        if mounts.is_remote(kind):
            yield note(
                "JSE-H12",
                "folders.{name}.wake: a {kind} mount tells of this host's changes alone",
                name=name,
                kind=kind,
            )
        for _ in os.walk(path):
            total += 1
            if total > _MOST_COUNTED:
                break
    try:
        limit = int(_INOTIFY.read_text("ascii"))
    except (OSError, ValueError):
        limit = 0
    if limit and total > limit:
        yield note(
            "JSE-H12",
            "{total} to be watched, and the kernel allows {limit:,}",
            total=counted(total, "folder"),
            limit=limit,
        )
    elif total:
        allowed = f" of {limit:,} that the kernel allows" if limit else ""
        yield ok("{total} watched for wake-ups{allowed}", total=counted(total, "folder"), allowed=allowed)


def confinement() -> Iterator[Line]:
    """Start a worker as the service does, and ask what this kernel holds it to."""
    with (
        tempfile.TemporaryDirectory(prefix="jse-doctor-") as directory,
        IsolatedPool(maximum=1, within=[Path(directory)]) as pool,
    ):
        try:
            missing = str(pool.call("isolation.missing"))
            held = dict(pool.call("isolation.held"))
        except ConnectorError as error:
            yield fail(
                "JSE-H14",
                "no worker can read documents here: {why}",
                why=Private(str(error), type(error).__name__),
            )
            return
    if missing:
        yield fail("JSE-H14", "the library {missing} cannot be loaded", missing=missing)
        return
    wanted = {"alone": "seccomp", "files": "Landlock"}
    absent = [name for key, name in wanted.items() if not held.get(key)]
    if absent:
        yield note(
            "JSE-H13",
            "documents are read under limits, without {absent}: this kernel does not hold it",
            absent=" and ".join(absent),
        )
    else:
        yield ok("documents are read confined (seccomp, Landlock, limits)")


def versions() -> Iterator[Line]:
    """What this runs on; every library stands in the report and in ``--json``."""
    yield ok(
        "Python {python}, SQLite {sqlite}, {openssl}",
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        openssl=" ".join(ssl.OPENSSL_VERSION.split()[:2]),
    )


def libraries() -> dict[str, str]:
    """Return name → version of what is installed here of the libraries that do the work."""
    found = {}
    for name in LIBRARIES:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def machine() -> str:
    """Name system, kernel and machine; not the host."""
    return f"{platform.system()} {platform.release()} {platform.machine()}, {sys.implementation.name}"
