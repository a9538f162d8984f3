"""``forget``: a person out of the contacts and of all that is over, once nothing needs them any more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from connector.cli import backups
from connector.cli.common import FAILED, Settings, agreed, complain, kept_journal, misused
from connector.cli.journal_file import sqlite_file
from connector.cli.keep import DIRECTORY
from connector.cli.wiring import sealer
from connector.journal.contacts import REWRITE
from connector.lifecycle import State
from connector.signatory_text.emails import take_out
from connector.steps import fading
from connector.steps import forget as step
from connector.steps.forget import Traces

if TYPE_CHECKING:
    from connector.config import Config
    from connector.journal import Journal
    from connector.lifecycle import Record

_KEPT = (
    "Kept: hashes, dates and states, names of files, orders as they were typed. Not reached from here, because others\n"
    "wrote it: the documents, lists, settings and requests that people put into the folders, what Jesignexpert keeps\n"
    "(its signed PDF and attestation), earlier versions and bins of the DMS, comments on files (folders.X.comments),\n"
    "mails that have left, your backups and copies of the journal."
)


def forget(settings: Settings, address: str, *, dry_run: bool, yes: bool) -> int:
    """Erase a person by address. Returns 1, nothing changed, while a request needs them. Raises JournalError."""
    config = settings.load()
    address = _meant(address)
    with kept_journal(settings, config) as journal:
        faded = any(fading.PEOPLE in record.extra for record in journal.everything())
        hide = sealer(config, settings.place()).hide if faded else None
        found = step.traces(journal, address, hide=hide)
        if not found.any:
            print("nothing is known of this address.")
            _awaited([record for record in journal.everything() if fading.awaited(record)])
            _tell_aside(journal, settings)
            return 0
        _tell(found)
        if found.running:
            complain("jse-connector: nothing was erased: the requests above still need this person.")
            return FAILED
        if dry_run:
            print(f"{_KEPT}\nNothing was erased.")
            _tell_aside(journal, settings)
            return 0
        agreed("Erase all of this for good?", yes=yes)
        place = settings.place()
        place.make()
        # The seal's key is needed only where a request is erased from: it may be a credential of the service.
        awaited = step.forget(
            journal,
            address,
            found,
            hide=lambda email: sealer(config, place).hide(email),
            followed=lambda record: _is_worked_in(config, record) and record.account in config.accounts,
        )
        print(f"Erased.\n{_KEPT}")
        _unfollowed(config, found)
        _awaited(awaited)
        if not journal.scrub():
            print(
                "The service is reading the journal just now: what was erased leaves its files at the latest when\n"
                "it is restarted."
            )
        if journal.shared:
            print(
                "In PostgreSQL it stays in the files of the tables until they are written anew, for which connectors\n"
                f"wait, and in WAL and base backups for as long as you keep those:\n  {REWRITE}"
            )
        _tell_aside(journal, settings)
    return 0


def _meant(written: str) -> str:
    """Return the address, out of what a mail program shows of a person as well; leaves where there is none, or two."""
    found = take_out(written).addresses
    if len(found) != 1 or not all(found[0].rpartition("@")[::2]):
        misused("give the person's e-mail address, and that alone.")
    return found[0]


def _tell_aside(journal: Journal, settings: Settings) -> None:
    """Journals of before, and backups, hold what they held; which are there is known, and what ends them."""
    if journal.shared:
        ends = [f"DROP SCHEMA {name} CASCADE   (in the journal's database)" for name in journal.put_aside()]
        usual = sqlite_file(settings.place().journal_url)
        with suppress(OSError):  # it may be another user's to look at
            ends += [f"rm {usual}*   (the one that was moved away)"] if usual and usual.exists() else []
    else:
        ends = [f"rm -r {path}" for path in journal.put_aside()]
    with suppress(OSError):  # as above
        ends += [f"rm -r {one.directory}" for one in backups.found(settings.place().directory / DIRECTORY)]
    if ends:
        print("Earlier journals are kept, and may name this person. Where none of them is needed any more:")
    for end in ends:
        print(f"  {end}")


def _awaited(records: Sequence[Record]) -> None:
    """What lies in the folders is the service's to put right; one that is away, or a service that rests, delays it."""
    if not records:
        return
    by_folder = Counter(record.folder for record in records)
    counted = ", ".join(f"{name} ({number})" for name, number in sorted(by_folder.items()))
    print(
        "Still to be put right in the folders, by the service at its next pass over each, or once a folder that is\n"
        f"away is back: {counted}. Ask again with the same command."
    )


def _is_worked_in(config: Config, record: Record) -> bool:
    folder = config.folders.get(record.folder)
    return folder is not None and folder.server == record.server


def _unfollowed(config: Config, found: Traces) -> None:
    for record in found.over:
        if not _is_worked_in(config, record) and fading.lies_in_a_folder(record):
            print(
                f"{record.ref}: folder {record.folder} is in the configuration no more; look there for its status "
                "by hand."
            )


def _tell(found: Traces) -> None:
    for contact in found.contacts:
        print(f"contact of account {contact.account}, last used {contact.used_at:%d %b %Y}")
    for record in found.over:
        print(f"{record.ref}  over ({record.state.value})  {record.folder}  {record.created_at:%d %b %Y}")
    for record in found.running:
        print(f"{record.ref}  {record.state.value}  {record.folder}  {_cure(record)}")


def _cure(record: Record) -> str:
    if record.state.ended:
        return "is being closed: try again in a minute"
    if record.state is State.DRAFT:  # no term ends one that nobody sends
        return f"nobody was invited: delete it on the site of Jesignexpert, or  jse-connector cancel {record.ref}"
    if record.state.open:
        return "let it end, or have it cancelled, first"
    return "take its file out of the folder first"
