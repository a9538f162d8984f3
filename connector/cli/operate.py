"""``rebuild --launch``, ``take-over``: what an administrator decides of a whole folder."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from connector import marks
from connector.cli.acting import looked_at
from connector.cli.common import FAILED, Settings, agreed, complain, handed_over, kept_journal, one_of
from connector.cli.dry_run import looking
from connector.cli.holding import alone, is_shared
from connector.cli.wiring import wired
from connector.errors import JournalError, StaleRecordError
from connector.journal.grounds import STOP
from connector.journal.leases import Leases
from connector.lifecycle import Event, Record, State
from connector.marks import Owner, Reading
from connector.steps.registry import owner_href, read_mark

if TYPE_CHECKING:
    from connector.journal import Journal
    from connector.steps.parts import FolderSettings, Parts

THERE_BEFORE = "there_before"
_TRIES = 20
_SOON_S = 0.1


def rebuild(settings: Settings, folder: str, *, yes: bool, dry_run: bool) -> int:
    """Let what was in a folder before its first pass be judged anew, and launched if it is in order (R7)."""
    config = settings.load()
    one_of(folder, tuple(config.folders), "folder")
    server, ceiling = config.folders[folder].server, config.folders[folder].send
    with looked_at(settings, config) if dry_run else kept_journal(settings, config) as journal:
        held = [
            record for record in journal.open_records(server) if record.folder == folder and _is_held(record)
        ]
        if not held:
            print(f"folder {folder}: nothing is held because it was there before.")
            return 0
        told = (
            f"{len(held)} requests of folder {folder} were there before the first pass. They will be judged "
            f'anew and go as far as "send: {ceiling.value}" allows.'
        )
        if dry_run:
            refs = ", ".join(record.ref for record in held)
            print(f"{told}\n{refs}\nNothing was changed.")
            return 0
        agreed(f"{told} Go on?", yes=yes)
        # Read again one by one: a person takes their time to answer, and the service writes meanwhile.
        done, busy = 0, []
        try:
            for record in held:
                released = _released(journal, record.id)
                done += released is True
                if released is None:
                    busy.append(record.ref)
        finally:
            print(f"folder {folder}: {done} requests are judged anew at the next pass.")
    if other := len(held) - done - len(busy):
        print(f"{other} of those asked about are not held for that any more: they stay as they are now.")
    if busy:
        complain(
            f"jse-connector: {', '.join(busy)}: the service writes to them just now, and they stay held. Say it again."
        )
    return FAILED if busy else 0


def _is_held(record: Record) -> bool:
    return record.state is State.HELD and record.reason == THERE_BEFORE


def _released(journal: Journal, record_id: int) -> bool | None:
    """Let one request be judged as if its sidecar had just been seen for the first time.

    False: it is held for that no more. None: somebody else wrote to it at every try.
    """
    for _ in range(_TRIES):
        record = journal.get(record_id)
        if not _is_held(record):
            return False
        # Before the fact: were this the last thing done, what is held still is found by the next call.
        journal.let_arrive(record.folder, [record.place])
        extra = {**record.extra, "needs_ask": None, "confirmed": True}
        try:
            journal.fact(
                record,
                Event.PDF_MISSING,
                reason="",
                values={},
                sidecar_etag=None,
                extra=extra,
                data={"by": "rebuild"},
            )
        except StaleRecordError:
            time.sleep(_SOON_S)
            continue
        return True
    return None


def take_over(settings: Settings, folder: str, *, yes: bool, dry_run: bool) -> int:
    """Replace the owner file of a watched folder with ours (R12). Raises remote errors."""
    config, state = settings.load(), settings.place()
    one_of(folder, tuple(config.folders), "folder")
    if dry_run:
        # The owner file tells by its seal whose it is: a copy of the state directory is enough to read it.
        with looking(config, state) as parts:
            if is_shared(config, state) and (former := _former_name(parts)):
                print(f"The journal belongs to connector {former}: it would be {parts.connector}'s.")
            return _take_over(parts, parts.watched[folder], yes=yes, dry_run=True)
    state.make()
    with (
        handed_over(state),
        wired(config, state, although_anothers=True) as parts,
        alone(parts, config, state, [], verb="take-over"),
    ):
        if parts.shared and (former := _former_name(parts)):
            _take_journal(parts, former, yes=yes)
        return _take_over(parts, parts.watched[folder], yes=yes, dry_run=False)


def _former_name(parts: Parts) -> str:
    """Return which other connector a shared journal belongs to; empty where it is ours, or nobody's yet."""
    known = parts.journal.connector
    return "" if known == parts.connector else known


def _take_journal(parts: Parts, former: str, *, yes: bool) -> None:
    """Let the journal be ours, whose connector was renamed. Raises JournalError while any works on it."""
    agreed(
        f"{parts.journal.place[0].upper()}{parts.journal.place[1:]}, belongs to connector {former}, and this "
        f"configuration says {parts.connector}. Was it renamed, and is it the same journal?",
        yes=yes,
    )
    # Asked afterwards: a person takes their time. A timer's tick works under its name, too.
    alive = [one for one in Leases(parts.journal).view().alive if one.id != parts.journal.token]
    if alive:
        who = ", ".join(
            f"{one.name} on {one.host}, its lease until {one.until:%H:%M:%S} UTC" for one in alive
        )
        raise JournalError(f"connectors work on {parts.journal.place}: {who}. {STOP}")
    parts.journal.belong_to(parts.connector)
    print(f"the journal is connector {parts.connector}'s now.")


def _take_over(parts: Parts, folder: FolderSettings, *, yes: bool, dry_run: bool) -> int:
    dms, href = parts.folders[folder.server], owner_href(folder)
    found = read_mark(dms, href, parts.sealer)
    if found is None:
        print(f"folder {folder.name} belongs to nobody; the next pass takes it.")
        return 0
    reading, mark, _ = found
    if isinstance(mark, Owner) and mark.connector == parts.connector and reading is Reading.WHOLE:
        print(f"folder {folder.name} is ours already.")
        return 0
    owner = mark.connector if isinstance(mark, Owner) else "unreadable"
    etag = dms.stat(href).etag
    if etag is None:
        complain(f"jse-connector: the server gives no ETag for {href}; remove that file by hand instead.")
        return FAILED
    if dry_run:
        print(
            f"Folder {folder.name} belongs to connector {owner}: {href} would be replaced.\nNothing was changed."
        )
        return 0
    agreed(
        f"Folder {folder.name} belongs to connector {owner}. If that one still runs, both would work there. "
        "Is it stopped for good?",
        yes=yes,
    )
    mine = marks.write(Owner(connector=parts.connector, since=parts.now()), parts.sealer)
    dms.replace(href, mine, etag=etag)
    again = read_mark(dms, href, parts.sealer)
    if again is None or again[2] != mine:
        complain(f"jse-connector: folder {folder.name} was taken by another connector meanwhile.")
        return FAILED
    print(f"folder {folder.name} is ours now. A running service notices at its next pass.")
    return 0
