"""What is called otherwise in the configuration, or stands on another server there, keeps its requests and its pauses.

Names are the administrator's, and change: a folder's, and a server's key as soon as a DMS gets another address. What is
out has to come home all the same, and what is over is not told as a copy of itself. Source: design page section 2.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial

from connector.steps import pauses
from connector.steps.parts import FolderSettings, Parts

log = logging.getLogger(__name__)


def keep_requests(parts: Parts, folders: Sequence[FolderSettings]) -> None:
    """Let the requests of these folders, all of one server, lie where the configuration says that their folders are.

    To be said before anything is looked at: what lies on a server of another name is unknown on this one. A server that
    the configuration names no more was called otherwise, or is gone; of one that it still names a folder has moved away
    when its address is another than at the last look. Idempotent. Raises JournalError.
    """
    here, journal = folders[0].server, parts.journal
    others = journal.servers() - {here}
    if not others:
        return
    gone = others - {one.server for one in parts.everywhere.values()}
    for settings in folders:
        watch = journal.watched(settings.name)
        root = "" if watch is None else watch.root
        moved = root not in {"", settings.watch_root}
        former = journal.watched_at(settings.watch_root) - parts.everywhere.keys() - parts.elsewhere
        for server in sorted(others if moved else gone):
            names, accounts = {settings.name, *former}, settings.accounts
            if not journal.lie_on({server}, folders=names, accounts=accounts):
                continue
            if server in gone:
                # Before its requests: found by them, it would be over for good if this ended in between.
                pauses.take_servers_along(parts, server, here)
            take = partial(journal.relocate, here, accounts=accounts, former={server})
            same = _url_of(root) == _url_of(settings.watch_root)
            found = take(folders={settings.name}, same_ids=same) + take(folders=former)
            log.warning(
                "folder %s is on server %s now, and was on %s: %d requests go along",
                *(settings.name, here, server, found),
            )


def _url_of(root: str) -> str:
    """Return the server's part of a watched root: under another one, files may have the ids of others."""
    return root.partition(" ")[0]


def adopt_renamed_folders(parts: Parts, folders: list[FolderSettings]) -> None:
    """A folder that got another name in the configuration keeps its requests, found by their place, and its pause."""
    for settings in folders:
        pauses.take_along(parts, settings)
    # Of an account, too, that another process follows: it will have the folder with it, once this is written.
    for record in parts.journal.open_anywhere(folders[0].server):
        if record.folder in parts.everywhere or record.folder in parts.elsewhere:
            continue
        lies = record.place or record.document.href
        name = next((one.name for one in folders if lies.startswith(one.root)), None)
        if name is not None:
            parts.journal.note(record, "folder_renamed", folder=name)
