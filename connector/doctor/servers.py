"""One server of the configuration: logged in to once, read, and tried in a scratch place of each folder that may send.

A refused login is never repeated: the first 401 ends the group, and one that the service was refused already is not
tried at all (ux page section 6.1, check 5). Nothing is written where every folder is preview-only.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Final

from connector.cli.wiring_settings import watched
from connector.config import Ceiling
from connector.doctor import extras, folders, trying
from connector.doctor.lines import Line, Private, fail, note, ok, why
from connector.doctor.running import Group
from connector.doctor.visit import Visit, told
from connector.errors import (
    AccessDenied,
    AskedToWait,
    InvalidResponse,
    NotFound,
    OutcomeUnknown,
    OutOfSpace,
    RemoteError,
    Unavailable,
)
from connector.ports import Href
from connector.webdav.client import Timeouts
from connector.webdav.folder import WebDavFolder
from connector.webdav.observing import Observer

_TIMEOUTS: Final = Timeouts(connect_s=8, read_s=15, call_s=25, transfer_s=40)
_SURVEY_S: Final = 90.0
_SOON: Final = timedelta(days=21)
_APP_PASSWORD: Final = re.compile(r"(?:[A-Za-z0-9]{5}-){4}[A-Za-z0-9]{5}|[A-Za-z0-9]{72}")
"""The two forms that Nextcloud gives: shown to a person, and by its Login Flow."""


def trouble(error: RemoteError) -> Line:
    """Return what an error of a server means to the administrator."""
    reason = why(error)
    if isinstance(error, AccessDenied) and error.status == 401:
        return fail(
            "JSE-D02",
            "login refused (401). One attempt was made; ten within 30 min block this host's address for everybody",
        )
    if error.detail.startswith("its certificate"):
        return fail("JSE-D04", "{why}", why=reason)
    wants_rest = isinstance(error, Unavailable) and (error.status == 429 or error.retry_after_s is not None)
    if isinstance(error, AskedToWait) or wants_rest:
        return fail("JSE-D24", "the server wants to be let be: {why}", why=reason)
    if isinstance(error, InvalidResponse):
        return fail("JSE-D06", "something else answers: {why}", why=reason)
    if isinstance(error, OutOfSpace):
        return fail("JSE-D18", "no room for a small file: {why}", why=reason)
    if isinstance(error, (Unavailable, OutcomeUnknown)):
        said = "no answer" if error.status is None else f"answered {error.status}, busy or in maintenance"
        return fail("JSE-D01", "{said}: {why}", said=said, why=reason)
    return fail(
        "JSE-D25",
        "{operation}: {kind} ({why})",
        operation=error.operation or "a request",
        kind="not there" if isinstance(error, NotFound) else "refused",
        why=reason,
    )


def look(group: Group, visit: Visit, name: str, *, names_shown: bool = False) -> None:
    """Look at one server."""
    try:
        folder, observer = _login(group, visit, name)
        if folder is None:
            return
        with folder:
            if _welcomed(group, visit, name, folder, observer):
                _seen_and_tried(group, visit, name, folder, observer, names_shown=names_shown)
    finally:
        visit.drifts.tell(name, None)


def _login(group: Group, visit: Visit, name: str) -> tuple[WebDavFolder | None, Observer]:
    """Make the login's connections; None, said, where it must not or cannot be tried."""
    server, observer = visit.config.servers[name], Observer()
    since = visit.known.refused.get(name)
    if since is not None and not visit.try_login and not _is_renewed(visit, name, since.timestamp()):
        group.say(
            fail(
                "JSE-D03",
                "login not tried: it was refused on {since}, and the service rests until another password "
                "is put in place",
                since=f"{since.astimezone(visit.config.zone):%d %b %H:%M}",
            )
        )
        return None, observer
    user, password = (
        told(visit, f"servers.{name}.user", server.user),
        visit.secrets.get(f"servers.{name}.password"),
    )
    if user is None or password is None:
        group.say(fail("JSE-H03", "not asked: its password or user cannot be read here (see above)"))
        return None, observer
    folder = WebDavFolder(
        name,
        server.url,
        user,
        password,
        ca_file=server.ca_file,
        proxy=server.proxy,
        # Beside a running service: no more than one request at a time.
        max_connections=1,
        timeouts=_TIMEOUTS,
        adapter_factory=observer,
        clock=lambda: visit.now().timestamp(),
    )
    return folder, observer


def _is_renewed(visit: Visit, name: str, since: float) -> bool:
    """True when the file of the password is younger than the refusal."""
    file = visit.config.servers[name].password.file
    try:
        return file is not None and file.stat().st_mtime > since
    except OSError:
        return False


def _welcomed(group: Group, visit: Visit, name: str, folder: WebDavFolder, observer: Observer) -> bool:
    """Log in once, and learn what the server is. False ends the group."""
    there = True

    def welcome() -> Iterator[Line]:
        nonlocal there
        try:
            found = folder.capabilities()
        except NotFound as error:
            there = False
            yield fail("JSE-D06", "something else answers: no folder at this url ({why})", why=why(error))
            return
        visit.drifts.tell(name, folder.drift_s)
        group.title = (
            f"Nextcloud {found.version or ''}" if found.kind == "nextcloud" else found.version or "WebDAV"
        ).strip()
        began = time.monotonic()
        folder.stat(Href("/"))
        milliseconds = 1000 * (time.monotonic() - began)
        password = visit.secrets[f"servers.{name}.password"]
        is_app = bool(_APP_PASSWORD.fullmatch(password))
        by = " by app password" if found.kind == "nextcloud" and is_app else ""
        yield ok(
            "login{by}, {ms:.0f} ms{certificate}",
            by=by,
            ms=milliseconds,
            certificate=_certificate(visit, name, observer),
        )
        if found.kind == "nextcloud" and not is_app:
            yield note(
                "JSE-D23",
                "the password has not the form of an app password; it is slower, and not to be revoked alone",
            )
        until = observer.certificate_until
        if until is not None and until - visit.now() < _SOON:
            yield note(
                "JSE-D05",
                "the certificate ends on {until}",
                until=f"{until.astimezone(visit.config.zone):%d %b %Y}",
            )

    well = group.check("login", welcome) and there
    if not well:
        visit.drifts.tell(name, folder.drift_s)
    return well


def _certificate(visit: Visit, name: str, observer: Observer) -> Private | str:
    until, ca_file = observer.certificate_until, visit.config.servers[name].ca_file
    if until is None:
        return "; no TLS"
    day = f"{until.astimezone(visit.config.zone):%d %b %Y}"
    if ca_file is None:
        return f"; certificate until {day}"
    return Private(f"; certificate by {ca_file.name} until {day}", f"; certificate by ca_file until {day}")


def _seen_and_tried(
    group: Group, visit: Visit, name: str, folder: WebDavFolder, observer: Observer, *, names_shown: bool
) -> None:
    mine = [settings for settings in watched(visit.config).values() if settings.server == name]
    seen = folders.Seen()
    if not group.check("folders", lambda: folders.there(visit, folder, mine, seen)):
        return
    looked = group.check("first look", lambda: folders.survey(folder, mine, seen), seconds=_SURVEY_S)
    may_send = [one for one in mine if one.ceiling is not Ceiling.PREVIEW and one.name in seen.readable]
    trying.sweep(group, visit, folder, may_send)
    idle: list[Line] = []

    def measure() -> Iterator[Line]:
        idle.extend(folders.idle(visit.config, folder, mine, seen, observer))
        return iter(())

    if looked:
        # Before anything is written here: afterwards something would have moved.
        group.check("idle pass", measure)
    rights = partial(folders.rights, visit, folder, mine, seen, names_shown=names_shown)
    if may_send:
        trying.tried(group, visit, folder, may_send, seen, rights)
    elif mine:
        group.check("rights", rights)
        skipped = trying.SKIPPED
        group.say(note("JSE-D27", "preview only: nothing was written; not tried: {skipped}", skipped=skipped))
    group.say(*idle)
    if folder.capabilities().kind == "nextcloud":
        group.check("public links", lambda: folders.links(visit, folder, mine, seen))
    group.check("quota", lambda: extras.quota(folder.capabilities()))
