"""``leave FOLDER``: the connector's own files and tags go from a watched folder, and nothing else does.

The service must be stopped: it would write them again. Nothing of the work at Jesignexpert is touched. Source: ux page
section 7, reason 12.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING

from connector.cli.common import FAILED, Settings, agreed, complain, handed_over, one_of
from connector.cli.holding import alone
from connector.cli.journal_file import journal_url, sqlite_file
from connector.cli.token_place import is_shared
from connector.cli.wiring import single_instance, wired
from connector.errors import JournalError
from connector.steps import leaving, remains

if TYPE_CHECKING:
    from connector.steps.parts import FolderSettings, Parts
    from connector.steps.remains import Findings

_MOST_OPEN = 20


def leave(
    settings: Settings, folder: str, *, dry_run: bool, yes_open: bool, yes: bool, names: bool = False
) -> int:
    """Tell what would go and what stays, ask, take it away. Raises JournalError (the service runs), remote errors."""
    config, state = settings.load(), settings.place()
    one_of(folder, tuple(config.folders), "folder")
    if not (is_shared(config) or (state.directory / "journal").is_dir()):
        raise JournalError(f"no journal in {state.directory}: has the service ever run with it?")
    with ExitStack() as held:
        if is_shared(config):
            state.make()  # any machine may do it, be it one on which no connector ever ran
        held.enter_context(handed_over(state))
        if not dry_run:
            held.enter_context(single_instance(state, sqlite_file(journal_url(config, state))))
        parts = held.enter_context(wired(config, state))
        if not dry_run:
            held.enter_context(alone(parts, config, state, [folder], verb="leave"))
        return _leave(parts, parts.watched[folder], dry_run, yes_open, yes, names)


def _leave(
    parts: Parts, watched: FolderSettings, dry_run: bool, yes_open: bool, yes: bool, names: bool
) -> int:
    whose = remains.anothers(parts, watched)
    if whose is not None:
        complain(
            f"jse-connector: folder {watched.name} belongs to connector {whose}, or its seal key is another one now: "
            "what lies there is not ours to remove. Put the key back (restore), or take the folder over (take-over)."
        )
        return FAILED
    if not leaving.is_there(parts, watched):
        complain(
            f"jse-connector: folder {watched.name}: {watched.root} is not there on {watched.server}: renamed, deleted, "
            "or no longer shared with this login. If it only is elsewhere, write that into path: and say it again; if "
            "it is gone for good, nothing of ours lies there any more: take "
            f"folders.{watched.name} out of the configuration."
        )
        return FAILED
    _tell_open(parts, watched)
    going_on = remains.under_way(parts, watched)
    if going_on and not (yes_open or dry_run):
        complain(
            "jse-connector: nothing was removed. Wait for them or cancel them first; to leave all the same: --yes-open"
        )
        return FAILED
    found = remains.look(parts, watched)
    _tell(found, f"folder {watched.name}, {watched.root} on {watched.server}", names=names)
    if dry_run:
        print("dry run: nothing was removed")
        return 0
    if found.ours or found.tags:
        agreed("These are removed for good. Go on?", yes=yes)
    after = leaving.take_away(parts, watched, found)
    late = after.stays[len(found.stays) :]
    for what, why in late:
        complain(f"stays after all  {what}: {why}")
    print(f"removed: {after.gone} of {len(found.ours) + len(found.tags)}")
    print(
        f"Now take folders.{watched.name} out of the configuration, before the service starts: it would begin anew."
    )
    return FAILED if late else 0


def _tell_open(parts: Parts, watched: FolderSettings) -> None:
    going_on = remains.under_way(parts, watched)
    if not going_on:
        return
    print(f"{len(going_on)} requests of folder {watched.name} are under way:")
    for record in going_on[:_MOST_OPEN]:
        print(f"  {record.ref}   {record.state.value}")
    if len(going_on) > _MOST_OPEN:
        print(f"  and {len(going_on) - _MOST_OPEN} more")
    print(
        "Left, they go on at Jesignexpert: people can sign, credits are spent, and nobody brings the signed documents "
        "home; Jesignexpert erases them after a month. Their markers stay, so that they are never sent twice."
    )


def _tell(found: Findings, where: str, *, names: bool) -> None:
    """Counts by kind; with ``names`` each by its place."""
    print(f"{where}:")
    print("  ours, to be removed" if found.ours or found.tags else "  nothing of ours")
    for what, count in Counter(own.what for own in found.ours).items():
        print(f"  {count:>6} {what}")
        if names:
            for own in found.ours:
                if own.what == what:
                    print(f"           {own.href}")
    for tag, count in Counter(one.name for one in found.tags).items():
        print(f"  {count:>6} times the tag « {tag} »")
    if found.stays:
        print("  stays")
    for why, count in Counter(why for _, why in found.stays).items():
        print(f"  {count:>6} {why}")
        if names:
            for href, reason in found.stays:
                if reason == why:
                    print(f"           {href}")
    if found.stays and not names:
        print("  which ones: --names")
