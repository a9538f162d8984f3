"""``backup`` and ``restore``: a journal put away, verified, and put back; nothing is sent again for it.

A journal that is older than the folders is no danger: at the next start the markers are taken in before anything else,
and what they bind is asked about at the platform, never sent (protocol R2, R6). What arrived since and has not left is
seen anew. Source: ux page 6.5; scenario E1.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from connector.cli import backups, carrying, keep_shared
from connector.cli.anew import exchanged, paused_in, stays_paused, warned_of_another
from connector.cli.common import (
    FAILED,
    Settings,
    agreed,
    as_owner,
    complain,
    hand_over,
    handed_over,
    owner_of,
)
from connector.cli.journal_file import journal_named, sqlite_file
from connector.cli.wiring import single_instance
from connector.errors import ConfigurationError, JournalError
from connector.journal import opening, schema
from connector.journal.ends import End

if TYPE_CHECKING:
    from connector.cli.backups import Backup
    from connector.cli.wiring import State

DIRECTORY = "backup"
"""In the state directory: where backups are made unless another place is named."""


def journal_of(settings: Settings) -> End:
    """Return the journal, whether or not it is there. A configuration that is not valid means the usual place.

    Raises JournalError where that cannot be right; ConfigurationError for a password that cannot be read.
    """
    state = settings.place()
    usual = sqlite_file(state.journal_url)
    assert usual is not None
    try:
        config = settings.load()
    except ConfigurationError as error:
        if not usual.exists() and settings.config_file().exists():
            raise JournalError(
                f"the configuration is not valid, and no journal is at {usual}: which one is meant cannot be told "
                "(jse-connector check-config)"
            ) from error
        return End.of_file(usual)
    return journal_named(config, state)


def backup(settings: Settings, into: Path | None, *, keep: int = backups.KEEP) -> int:
    """Make a verified backup; the service may be running. Raises JournalError."""
    state, journal = settings.place(), journal_of(settings)
    if journal.file is not None and not journal.file.exists():
        complain(
            f"jse-connector: no journal at {journal.file}: has the service ever run with this state directory?"
        )
        return FAILED
    with handed_over(state), as_owner(state) if into is None else nullcontext():
        hand_over(state)  # what root has made there is the owner's: whatever else belongs to root is not read
        made = made_backup(journal, state, into)
        gone = [] if into is not None else backups.prune(state.directory / DIRECTORY, keep)
    print(f"backup   {made.directory} (verified)")
    print(f"         {told(made)}")
    for name in gone:
        print(f"removed  {name}: the newest {keep} are kept")
    if not any(name.startswith("keys/") for name in made.files):
        print(
            "         without the seal key, which is not kept in the state directory: keep it, and keep it apart"
        )
    return 0


def made_backup(journal: End, state: State, into: Path | None) -> Backup:
    """Make a backup and hold what was written against what was meant. Raises JournalError."""
    spooled = None if journal.file is not None else partial(carrying.files_of, journal)
    made = backups.make(journal, state.directory, into or state.directory / DIRECTORY, spooled=spooled)
    backups.verify(made)
    return made


def listed(settings: Settings) -> int:
    """Tell which backups there are, the newest first."""
    place = settings.place().directory / DIRECTORY
    there = backups.found(place)
    for one in there:
        newer = (
            ""
            if one.facts.schema <= schema.VERSION
            else f"; needs jse-connector {one.version} or a newer one"
        )
        print(f"{one.name}  {told(one)}{newer}")
    if not there:
        print(f"no backup in {place}; make one: jse-connector backup")
    return 0


def restore(settings: Settings, name: str, *, yes: bool) -> int:
    """Put a backup in the journal's place; what stands there is kept aside. The service must be stopped.

    Idempotent: broken off, it is simply said again. Raises JournalError.
    """
    state, journal = settings.place(), journal_of(settings)
    with _within_reach(state, name) as reached, as_owner(state):
        return _restore(state, journal, reached, yes=yes)


@contextmanager
def _within_reach(state: State, name: str) -> Iterator[str]:
    """Give a backup where the state directory's owner reads it: one elsewhere may be root's alone to read.

    It is the owner who puts it in place then: root would follow the links that he may have put there.
    """
    owner = owner_of(state)
    if owner is None or "/" not in name:
        yield name
        return
    chosen = backups.read(Path(name))
    with tempfile.TemporaryDirectory(prefix="jse-restore-") as directory:
        copied = Path(directory) / chosen.directory.resolve().name
        try:
            for one in (backups.MANIFEST, *chosen.files):
                (copied / one).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(chosen.directory / one, copied / one)
            for path in (*copied.rglob("*"), copied, copied.parent):
                os.chown(path, *owner)
        except OSError as error:
            raise JournalError(f"the backup {chosen.name}: {error.strerror or error}") from error
        yield str(copied)


def _restore(state: State, journal: End, name: str, *, yes: bool) -> int:
    chosen = _chosen(state, name)
    backups.verify(chosen)
    if chosen.facts.schema > schema.VERSION:
        complain(
            f"jse-connector: the backup {chosen.name} is of schema {chosen.facts.schema}, this version knows "
            f"{schema.VERSION}: install jse-connector {chosen.version} or a newer one first."
        )
        return FAILED
    state.make()
    with handed_over(state), single_instance(state, journal.file):
        if journal.file is None:
            return keep_shared.restored(state, journal, chosen, yes=yes)
        file = journal.file
        opening.prove_room(file)
        warned_of_another(file)
        agreed(_question(chosen, file), yes=yes)
        paused = stays_paused(file)
        # Those that have ended since the backup stand again, too.
        source = chosen.directory / backups.JOURNAL
        before = [one for one in paused_in(source) or () if one not in (paused or ())]
        aside = exchanged(file, paused or (), source=source)
        kept = beside(chosen, state)
        hand_over(state)
    tell_restored(chosen, aside, kept, paused, before)
    return 0


def tell_restored(
    chosen: Backup, aside: Path | str | None, kept: list[str], paused: list[str] | None, before: list[str]
) -> None:
    """Say what was put back, and what to know of it."""
    print(f"restored {chosen.name}: {told(chosen)}")
    for line in _what_to_know(chosen, aside, kept, paused, before):
        print(f"         {line}")
    print("next     systemctl start jse-connector")


def _chosen(state: State, name: str) -> Backup:
    """Return the backup of that name, or the one in that directory. Raises JournalError naming those there are."""
    if "/" in name:
        return backups.read(Path(name))
    place = state.directory / DIRECTORY
    if name in {"", ".", ".."} or not (place / name).is_dir():
        known = ", ".join(one.name for one in backups.found(place)) or "none"
        elsewhere = (
            f" One that lies elsewhere is named with its directory: ./{name}" if Path(name).is_dir() else ""
        )
        raise JournalError(f'no backup "{name}" in {place}. There: {known}.{elsewhere}')
    return backups.read(place / name)


def _question(chosen: Backup, file: Path) -> str:
    since = backups.moved_since(file, chosen.made_at) if file.exists() else None
    moved = "" if since is None else f" Since then something has happened to {since} requests."
    return (
        f"The journal goes back to {chosen.made_at:%d %b %Y %H:%M} UTC ({told(chosen)}).{moved} What has left since "
        "is found again by its markers, asked about at the platform and never sent again. The journal that is there "
        "now is kept aside. Go on?"
    )


def beside(chosen: Backup, state: State) -> list[str]:
    """Put back spool, keys and id; returns what was kept of what stood there.

    In the spool nothing is replaced: what lies there may be all that is left of a signed document, and what the journal
    does not recognise is fetched again. A key or an id that differs is kept aside: markers were sealed with the other.
    """
    kept = []
    try:
        for name in chosen.files:
            source, target = chosen.directory / name, state.directory / name
            if name == backups.JOURNAL or (name.startswith("spool/") and target.exists()):
                continue
            if target.exists():
                if target.read_bytes() == source.read_bytes():
                    continue
                former = target.with_name(f"{target.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
                target.rename(former)
                kept.append(str(former))
            backups.install(source, target)
    except OSError as error:
        raise JournalError(
            f"{chosen.name}: the journal is in place, not everything beside it: {error.strerror or error}. "
            "Put that right and say it again"
        ) from error
    return kept


def _what_to_know(
    chosen: Backup, aside: Path | str | None, kept: list[str], paused: list[str] | None, before: list[str]
) -> list[str]:
    lines = [f"the earlier journal is kept in {aside}"] if aside is not None else []
    lines += [f"{path} was another one: kept under that name" for path in kept]
    lines += [f"{_named(one)} stays paused" for one in paused or ()]
    lines += [f"{_named(one)} was paused when the backup was made, and is paused again" for one in before]
    if paused is None:
        lines.append(
            "pauses set by hand could not be read: set them again before the start (jse-connector pause ACCOUNT)"
        )
    lines.append(
        f"people erased since {chosen.made_at:%d %b %Y} are in it again: jse-connector forget ADDRESS"
    )
    return lines


def _named(paused: str) -> str:
    return paused.replace(":", " ") if ":" in paused else f"account {paused}"


def told(backup: Backup) -> str:
    """Say in a few words what a backup holds."""
    spooled = sum(name.startswith("spool/") for name in backup.files)
    facts = backup.facts
    return (
        f"schema {facts.schema}, {facts.requests} requests, {facts.under_way} under way, {spooled} spooled files, "
        f"{backup.size / 1_000_000:.1f} MB"
    )
