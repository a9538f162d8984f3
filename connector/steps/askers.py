"""Who put a request there: whose its files are, and whether people without a login can write where it lies.

The first comes with every listing (``oc:owner-id``), but an upload through a public link belongs to whoever made the
link. So what is asked besides, of Nextcloud alone, is whether there is such a link: to the request itself, to its
folder, or to any folder above. An answer covers what was seen before it was asked. Source: administrator's page, "Who
may ask".
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from connector import policy
from connector.config.model import Ceiling
from connector.errors import AccessDenied, InvalidResponse, NotFound, Problem, RemoteError, Unavailable
from connector.ports import Entry
from connector.steps.parts import FolderSettings, LinksSeen, Parts
from connector.steps.read import ReadDocument

T = TypeVar("T")
log = logging.getLogger(__name__)

_MAY_SHARE_ON = "R"
"""Among ``oc:permissions``: only to whoever has it are the shares of a file told (WebDAV facts section 2)."""


def owner_problems(
    settings: FolderSettings, sidecar: Entry, documents: Iterable[ReadDocument]
) -> list[Problem]:
    """Each owner of the sidecar or of a document who may not ask in this folder."""
    entries = [sidecar, *(one.entry for one in documents)]
    return policy.owner_problems([(entry.name, entry.owner) for entry in entries], settings.owners)


def ask(parts: Parts, settings: FolderSettings, sidecar: Entry, *, seen_at: datetime) -> None:
    """Find out, after it was ``seen_at``, through what public links a request can be written to.

    At most two requests; the answer for its folder holds for all that was seen before it. Raises remote errors.
    """
    if not _is_asked(parts, settings):
        return
    folder = (settings.server, str(sidecar.parent))
    with parts.asking_links[settings.server]:
        known = parts.links.get(folder)
        if known is None or known.at < seen_at:
            _look(parts, folder, sidecar)
    _look_itself(parts, settings.server, sidecar)


def link_problems(parts: Parts, settings: FolderSettings, sidecar: Entry) -> list[Problem]:
    """What :func:`ask` has found: the nearest public link to it, or that nobody tells."""
    problems = []
    for seen in _closed(parts, settings, sidecar.href):
        if seen.open is None:
            code = "public_link_unanswered" if seen.unanswered else "public_link_untold"
            problems.append(Problem(code=code))
        else:
            name = seen.open[0].rstrip("/").rpartition("/")[2] if seen.open[0].endswith("/") else ""
            problems.append(Problem(code="public_link", values={"folder": name}))
    return problems[:1]


def closed_by(parts: Parts, settings: FolderSettings, href: str) -> list[list[str]]:
    """Return what a verdict on a place rests on of all this, empty where nothing is in the way."""
    untold = {True: "unanswered", False: "untold"}
    closed = _closed(parts, settings, href)
    return [[untold[seen.unanswered]] if seen.open is None else list(seen.open) for seen in closed]


def ask_again(parts: Parts, settings: Sequence[FolderSettings]) -> None:
    """A link that is taken away moves no ETag: where one is in the way, it is asked about now and then."""
    try:
        asked = {one.server for one in settings if _is_asked(parts, one)}
    except RemoteError:
        return
    for key, seen in list(parts.links.items()):
        if key[0] not in asked or seen.open == () or parts.now() - seen.at < parts.timing.probe:
            continue
        try:
            witness = parts.folders[key[0]].stat(seen.witness)
        except NotFound:
            parts.links.pop(key, None)
            continue
        except RemoteError:
            continue
        with suppress(RemoteError):
            if key[1].endswith("/"):
                _look(parts, key, witness)
            else:
                _look_itself(parts, key[0], witness)


def _matters(settings: FolderSettings) -> bool:
    """Where nothing leaves anyway, a preview is shown to whoever asks."""
    return settings.links_refused and settings.ceiling is not Ceiling.PREVIEW


def _is_asked(parts: Parts, settings: FolderSettings) -> bool:
    return _matters(settings) and parts.folders[settings.server].capabilities().kind == "nextcloud"


def _closed(parts: Parts, settings: FolderSettings, href: str) -> list[LinksSeen]:
    """Return what stands in the way of a request, its own link first."""
    if not _matters(settings):
        return []
    keys = [(settings.server, href), (settings.server, href.rpartition("/")[0] + "/")]
    found = (parts.links.get(key) for key in keys)
    return [seen for seen in found if seen is not None and seen.open != ()]


def _is_told(entry: Entry) -> bool:
    """True where its shares are told to our login, as far as that is known before asking."""
    return entry.permissions is None or _MAY_SHARE_ON in entry.permissions


def _look(parts: Parts, key: tuple[str, str], witness: Entry) -> None:
    """Ask for the folder of ``witness``, and for all above it."""
    at = parts.now()
    told, unanswered = None, False
    if _is_told(witness):
        told, unanswered = _answered(parts, key[0], lambda: parts.folders[key[0]].open_above(witness.href))
    else:
        _warn(parts, key[0], "no right to share on")
    parts.links[key] = LinksSeen(at=at, witness=witness.href, open=told, unanswered=unanswered)


def _look_itself(parts: Parts, server: str, sidecar: Entry) -> None:
    """Ask for the request alone. Where nothing is told, its folder's answer says so."""
    key, at = (server, str(sidecar.href)), parts.now()
    folder = parts.links.get((server, str(sidecar.parent)))
    if not _is_told(sidecar) or (folder is not None and folder.open is None):
        parts.links.pop(key, None)
        return
    told, unanswered = _answered(parts, server, lambda: parts.folders[server].open_itself(sidecar.href))
    if told is False:
        parts.links.pop(key, None)
    else:
        found = (sidecar.href,) if told else None
        parts.links[key] = LinksSeen(at=at, witness=sidecar.href, open=found, unanswered=unanswered)


def _answered(parts: Parts, server: str, ask: Callable[[], T | None]) -> tuple[T | None, bool]:
    """Ask; None where no answer is to be had, now or later: a proxy that lets WebDAV through and nothing else.

    Errors that pass by themselves are raised. One that has not passed for a quarter of an hour, while the folders
    themselves are there, is no passing one for whoever waits: None, and True, that it may be had later.
    """
    try:
        told = ask()
    except (AccessDenied, InvalidResponse) as error:
        _warn(parts, server, str(error))
        return None, False
    except Unavailable as error:
        if error.status is None or error.status == 429 or not _lasts(parts, server):
            raise
        _warn(parts, server, str(error))
        return None, True
    parts.links_unanswered.pop(server, None)
    if told is None:
        _warn(parts, server, "its API of shares refuses, or is not there")
    return told, False


def _lasts(parts: Parts, server: str) -> bool:
    """True when it has not answered for long, as often as it was asked; what lies long between is not one time."""
    now = parts.now()
    since, last = parts.links_unanswered.get(server, (now, now))
    if now - last > 2 * parts.timing.retry_most:
        since = now
    parts.links_unanswered[server] = (since, now)
    return now - since >= parts.timing.probe


def _warn(parts: Parts, server: str, why: str) -> None:
    """Say it once, for as long as it lasts anywhere on a server."""
    if not any(name == server and seen.open is None for (name, _), seen in parts.links.items()):
        log.warning(
            "server %s does not tell its login of public links (%s): nothing leaves from there; see "
            'docs/administrator.md, "Who may ask"',
            server,
            why,
        )
