"""How what is the connector's own goes from a watched folder: as ``remains`` found it, and nothing else.

It may be repeated after a crash. Source: ux page section 7, reason 12.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from connector.errors import AccessDenied, Locked, NotFound, PreconditionFailed
from connector.ports import Folder
from connector.steps.parts import FolderSettings, Parts
from connector.steps.registry import is_folder
from connector.steps.remains import OVERVIEW, SUBJECT, Findings, Own

log = logging.getLogger(__name__)

CHANGED = "changed in this very moment"
LOCKED = "somebody has it open"
FORBIDDEN = "this login may not delete it"


def is_there(parts: Parts, settings: FolderSettings) -> bool:
    """True where the watched folder itself is still found. Raises remote errors."""
    return is_folder(parts.folders[settings.server], settings.root)


def take_away(parts: Parts, settings: FolderSettings, findings: Findings) -> Findings:
    """Take what was found; returns what went and what stays after all. Raises remote errors; idempotent.

    Each file under the ETag that was looked at; the owner's mark last, so that what is broken off is said again.
    """
    folder = parts.folders[settings.server]
    after = Findings(stays=list(findings.stays))
    if (hung := folder.annotations()) is not None:
        for one in findings.tags:
            _try(after, one.name, partial(hung.take_tag, one.file, one.tag))
    for own in findings.ours:
        _try(after, own.href, partial(_delete, folder, own))
    _forget(parts, settings, findings)
    return after


def _try(after: Findings, what: str, take: Callable[[], object]) -> None:
    """Take one thing away; what does not let itself be taken stays, with its reason. Gone already is as good."""
    try:
        take()
        after.gone += 1
    except NotFound:
        log.info("what was to be taken away went by itself")
    except PreconditionFailed:
        after.stays.append((what, CHANGED))
    except Locked:
        after.stays.append((what, LOCKED))
    except AccessDenied as error:
        if error.status != 403:
            raise
        after.stays.append((what, FORBIDDEN))


def _delete(folder: Folder, own: Own) -> None:
    """A folder goes only while nothing lies in it: servers delete all below."""
    if own.is_folder and folder.list(own.href).entries:
        raise PreconditionFailed("something lies in it", operation="leave")
    folder.delete(own.href, etag=own.etag)


def _forget(parts: Parts, settings: FolderSettings, findings: Findings) -> None:
    """Let the journal know: whoever watches this folder again begins as with a new one (protocol R7)."""
    subject = SUBJECT + settings.name
    parts.journal.mark_account(subject, "notice", {"digest": ""})
    parts.journal.mark_account(subject, "models", {"root": "", "files": {}})
    for own in findings.ours:
        if own.what == OVERVIEW:
            parts.journal.forget_overview(settings.server, own.href)
    parts.journal.begin_watch(settings.name, "")
    parts.journal.mark_account(subject, "left", {})
