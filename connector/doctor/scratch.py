"""The scratch place in a watched folder: named so that it is known again, hidden so that nobody looks into it, removed.

``.jse-doctor-<whose>-<which>/``: *whose* tells this host and configuration from others, *which* one run from another.
Every file in it begins with ``essai``; nothing else is ever removed from there. A folder whose name begins with a dot
is never looked into for requests (``sidecar.names.is_hidden``). On Nextcloud nothing goes into the bin either (WebDAV
facts section 4).
"""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from connector.errors import Locked, NotFound, RemoteError
from connector.ports import Href
from connector.webdav.folder import WebDavFolder

PREFIX: Final = ".jse-doctor-"
OWN: Final = "essai"
"""How the name of each file begins that is made in here."""
LOCK_NOTE: Final = "jse-connector doctor"
_NAME: Final = re.compile(r"\.jse-doctor-(?P<whose>[0-9a-f]{8})-(?P<which>[0-9a-f]{12})")
_NO_BIN: Final = ["X-NC-Skip-Trashbin: true"]
_MAY_LIVE: Final = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Leftovers:
    """Scratch places that lie in a folder: of earlier runs of this host, and of others."""

    own: tuple[Href, ...] = ()
    others: tuple[Href, ...] = ()


def leftovers(folder: WebDavFolder, root: Href, tag: str) -> Leftovers:
    """Look for scratch places right below a folder: one listing. ``tag``: see ``Visit.tag``."""
    listing = folder.list(root)
    own, others = [], []
    for entry in listing.entries:
        found = _NAME.fullmatch(entry.name) if entry.is_folder else None
        if found is not None and found["whose"] == tag:
            own.append(entry.href)
        elif found is not None and _is_old(entry.modified, listing.date):
            others.append(entry.href)
    return Leftovers(own=tuple(own), others=tuple(others))


def _is_old(modified: datetime | None, now: datetime | None) -> bool:
    """True unless it may belong to a doctor that is at work right now."""
    return modified is None or now is None or now - modified > _MAY_LIVE


def make(folder: WebDavFolder, root: Href, tag: str) -> Href:
    """Make one. Raises what the server says against it."""
    href = Href(f"{root}{PREFIX}{tag}-{secrets.token_hex(6)}/")
    folder.make_folder(href)
    return href


def remove(folder: WebDavFolder, place: Href) -> bool:
    """Remove a scratch place with all that is ours in it; False where something of others' lies there. Idempotent.

    Raises what the server says against it.
    """
    try:
        entries = folder.list(place).entries
    except NotFound:
        return True
    ours = [entry for entry in entries if not entry.is_folder and entry.name.startswith(OWN)]
    for entry in ours:
        remove_file(folder, entry.href)
    if len(ours) < len(entries) or folder.list(place).entries:
        return False
    with suppress(NotFound):
        folder.remove(place, _NO_BIN)
    return True


def remove_file(folder: WebDavFolder, href: Href) -> None:
    """Remove one file of ours, with the lock that a run before may have left on it."""
    with suppress(NotFound):
        try:
            folder.remove(href, _NO_BIN)
        except Locked:
            with suppress(RemoteError):
                folder.unlock(href, note=LOCK_NOTE)
            folder.remove(href, _NO_BIN)
