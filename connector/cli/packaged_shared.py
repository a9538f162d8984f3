"""What a package asks where the journal is in PostgreSQL: others work on it, and it is on no disk of this machine.

So nothing here stands in the way of an upgrade or a removal. A maintainer script does not have the service's
credentials: then the database cannot be asked, and that is said. Source: ux page 6.5; issue "Many firms", point 5.
"""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import Final

from connector.cli import backups, former
from connector.cli.common import Settings, complain, handed_over
from connector.cli.journal_file import journal_named, open_journal, sqlite_file
from connector.cli.keep import DIRECTORY, made_backup
from connector.errors import ConfigurationError, ConnectorError
from connector.journal import schema, snapshots

_COLUMN: Final = 12


def is_shared(settings: Settings) -> bool:
    """True where the configuration names a journal in PostgreSQL."""
    try:
        config = settings.load()
    except ConfigurationError:
        return False
    return config.journal.url is not None and sqlite_file(config.journal.url) is None


def before_upgrade(settings: Settings) -> int:
    """Make a backup where that can be done from here."""
    state = settings.place()
    try:
        with handed_over(state):
            made = made_backup(journal_named(settings.load(), state), state, None)
            backups.prune(state.directory / DIRECTORY)
    except ConnectorError as error:
        complain(f"{'backup':{_COLUMN}}none: {error}")
        complain(
            f"{'':{_COLUMN}}the journal is in PostgreSQL, with backups of its own; it is not touched by this"
        )
        return 0
    print(f"{'backup':{_COLUMN}}{made.directory} (verified)")
    return 0


def after_upgrade(settings: Settings) -> None:
    """Bring the journal up to date where that can be done from here and now; the service does it else."""
    state = settings.place()
    begin = partial(former.may_begin, state)
    try:
        with closing(open_journal(journal_named(settings.load(), state), may_begin=begin)) as journal:
            journal.check()
    except ConnectorError as error:
        complain(f"{'journal':{_COLUMN}}{error}")
        complain(f"{'':{_COLUMN}}the service brings it up to date as soon as that can be")
        return
    print(f"{'journal':{_COLUMN}}schema {schema.VERSION}, in PostgreSQL")


def before_removal(settings: Settings) -> None:
    """Say what goes on without this machine. Nothing but copies lies in the state directory, and perhaps the seal."""
    key = settings.place().directory / "keys" / "seal"
    if key.is_file():
        print(
            f"jse-connector: A purge takes {key}. Without the seal nothing in the folders is known again, and no "
            "token in the journal can be read: keep a copy where seal: names it"
        )
    try:
        ground = snapshots.counted(journal_named(settings.load(), settings.place()))
    except ConnectorError as error:
        complain(f"jse-connector: the journal in PostgreSQL cannot be asked: {error}")
        return
    if ground.under_way:
        print(
            f"jse-connector: {ground.under_way} requests are under way in the journal in PostgreSQL: it stays there, "
            "and another connector goes on with them"
        )
