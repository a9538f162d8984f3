"""Pauses that the administrator set by hand for a watched folder or a whole server: nothing new leaves from there.

Kept as holds of their own names beside those of accounts, so that a restart, or a journal begun anew, keeps them. What
has left is followed and delivered. Source: design page section 5 (``pause``, ``resume``).
"""

from __future__ import annotations

import logging
from typing import Final

from connector.journal import Hold
from connector.report.context import Pause, PauseCause
from connector.steps.parts import FolderSettings, Parts

log = logging.getLogger(__name__)

FOLDER: Final = "folder:"
SERVER: Final = "server:"


def by_hand(parts: Parts, folder: str) -> Hold | None:
    """Return the pause of a watched folder, or else of its server; None where nobody set one."""
    held = parts.journal.held_accounts()
    settings = parts.watched.get(folder)
    for subject in (FOLDER + folder, SERVER + settings.server if settings is not None else ""):
        if subject in held:
            return parts.journal.held(subject)
    return None


def pause_of(parts: Parts, folder: str) -> Pause | None:
    """Return the pause that people of a folder are told of."""
    hold = by_hand(parts, folder)
    return Pause(cause=PauseCause.FOLDER, since=hold.since) if hold is not None else None


def take_along(parts: Parts, settings: FolderSettings) -> None:
    """A folder that got another name in the configuration stays paused: only ``resume`` ends that. Idempotent."""
    journal = parts.journal
    for subject in sorted(journal.held_accounts()):
        former = subject.removeprefix(FOLDER)
        if not subject.startswith(FOLDER) or former in parts.everywhere or former in parts.elsewhere:
            continue
        watch, hold = journal.watched(former), journal.held(subject)
        if watch is None or hold is None or watch.root != settings.watch_root:
            continue
        journal.hold(FOLDER + settings.name, hold.cause, probe_at=hold.probe_at)
        journal.release(subject)
        log.warning("folder %s stays paused, as it was under its former name %s", settings.name, former)


def take_servers_along(parts: Parts, former: str, server: str) -> None:
    """So does a server, whose requests are found on one that the configuration calls otherwise. Idempotent."""
    hold = parts.journal.held(SERVER + former)
    if hold is None:
        return
    parts.journal.hold(SERVER + server, hold.cause, probe_at=hold.probe_at)
    parts.journal.release(SERVER + former)
    log.warning("server %s stays paused, as it was under its former name %s", server, former)
