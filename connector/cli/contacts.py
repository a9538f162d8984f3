"""``contacts import`` and ``contacts list``: whom an account knows, from a file and for the administrator's eyes."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from connector.cli.common import FAILED, Settings, kept_journal, misused, one_of
from connector.cli.contacts_file import NoPeople, PeopleFile, Person, read_people
from connector.identity import canonical_email
from connector.journal import Contact
from connector.report.typography import clean

if TYPE_CHECKING:
    from connector.config import Config
    from connector.journal import Journal

_BAR_FROM = 200
"""Lines from which on a progress bar is worth its place."""


@dataclass
class _Sorted:
    """What the lines of a file came to."""

    good: dict[str, Person] = field(default_factory=dict)
    """By canonical address."""
    bad: list[tuple[int, str]] = field(default_factory=list)

    @property
    def bad_lines(self) -> int:
        return len({line for line, _ in self.bad})


def import_file(settings: Settings, file: Path, account: str, *, dry_run: bool, yes: bool) -> int:
    """Take people from a CSV file. Returns 1 when a line was bad, imported or not. Raises NoPeople, JournalError."""
    config = settings.load()
    one_of(account, tuple(config.accounts), "account")
    if not _remembering(config, account):
        misused(
            f"no folder of account {account} uses contacts (policy.remember_contacts: 0d); nothing would be kept."
        )
    try:
        people = read_people(file.read_bytes())
    except OSError as error:
        raise NoPeople(f"{file}: {error.strerror}") from error
    found = _sort(people)
    with kept_journal(settings, config) as journal:
        _tell(people, found, journal, account)
        if not found.good or dry_run:
            print("Nothing was imported.")
        elif _wanted(found, yes=yes):
            now = datetime.now(UTC)
            journal.remember_all([_contact(each, account, now) for each in found.good.values()])
            print(f"Imported for account {account}: {_count(len(found.good), 'contact', 'contacts')}.")
    print("No call to the contacts on Jesignexpert itself is known: those were neither read nor changed.")
    return FAILED if found.bad else 0


def _remembering(config: Config, account: str) -> bool:
    return any(
        account in folder.accounts and config.policy_of(name).remember_contacts
        for name, folder in config.folders.items()
    )


def _sort(people: PeopleFile) -> _Sorted:
    found = _Sorted()
    for person in _read(people):
        found.bad += [(person.line, sentence) for sentence in person.problems]
        if person.problems:
            continue
        address = canonical_email(person.email)
        earlier = found.good.setdefault(address, person)
        if earlier.told != person.told:
            sentence = f"The address of line {earlier.line} again, with another name or number: keep one."
            found.bad.append((person.line, sentence))
    return found


def _read(people: PeopleFile) -> Iterator[Person]:
    """Read line by line, showing how far it got where that takes long and somebody looks."""
    lines = range(len(people))
    if len(people) < _BAR_FROM or not sys.stderr.isatty():
        for line in lines:
            yield from people.people(line)
        return
    with typer.progressbar(lines, label="reading", file=sys.stderr) as bar:
        for line in bar:
            yield from people.people(line)


def _tell(people: PeopleFile, found: _Sorted, journal: Journal, account: str) -> None:
    for line, sentence in sorted(found.bad):
        print(f"line {line}: {sentence}")
    if found.bad:
        print()
    new, changed = _against(found, journal, account)
    same = len(found.good) - new - changed
    print(
        f"{_count(len(people), 'line', 'lines')}: {_count(len(found.good), 'person', 'people')} can be used "
        f"({new} new, {changed} with another name or number, {same} known as they are), "
        f"{_count(found.bad_lines, 'line', 'lines')} cannot"
    )
    without = sum(1 for person in found.good.values() if not person.phone)
    if without:
        print(f"{without} of them without a mobile: a request must still give it")
    if people.ignored:
        print(f"columns not used: {', '.join(people.ignored)}")


def _against(found: _Sorted, journal: Journal, account: str) -> tuple[int, int]:
    """Count who is new, and whose name or number would be another one."""
    new = changed = 0
    known = {contact.email: contact for contact in journal.contacts(account)}
    for address, person in found.good.items():
        contact = known.get(address)
        if contact is None:
            new += 1
        elif (person.phone and person.phone != contact.phone) or (
            person.name and person.name != contact.name
        ):
            changed += 1
    return new, changed


def _wanted(found: _Sorted, *, yes: bool) -> bool:
    """All good: imported. Else a person decides, here or beforehand, and without one nothing is imported."""
    if yes or not found.bad:
        return True
    count = _count(len(found.good), "person", "people")
    if sys.stdin.isatty():
        if typer.confirm(f"Import the {count} that can be used?"):
            return True
        print("Nothing was imported.")
        return False
    print(f"Nothing was imported. Correct the file, or add --yes to import the {count} that can be used.")
    return False


def _contact(person: Person, account: str, now: datetime) -> Contact:
    return Contact(
        account=account,
        email=person.email,
        first_name=person.first_name,
        last_name=person.last_name,
        name=person.name,
        phone=person.phone,
        used_at=now,
    )


def list_all(settings: Settings, account: str | None, *, names: bool) -> int:
    """Print the contacts of one account, or of all. Raises JournalError."""
    config = settings.load()
    if account is not None:
        one_of(account, tuple(config.accounts), "account")
    with kept_journal(settings, config) as journal:
        contacts = journal.contacts(account)
    if not contacts:
        print("no contacts")
        return 0
    rows = [_row(contact, config, names=names) for contact in contacts]
    _print(("account", "address", "mobile", "name", "last used"), rows)
    print(f"\n{_count(len(contacts), 'contact', 'contacts')}" + ("" if names else "; in full: --names"))
    return 0


def _row(contact: Contact, config: Config, *, names: bool) -> tuple[str, ...]:
    used = contact.used_at.astimezone(config.zone).strftime("%d %b %Y")
    if names:
        return contact.account, contact.email, contact.phone or "-", contact.name or "-", used
    local, _, domain = contact.email.partition("@")
    address = f"{local[:1]}…@{domain[:1]}….{domain.rpartition('.')[2]}"
    phone = f"…{contact.phone[-2:]}" if contact.phone else "-"
    name = "".join(f"{part[:1]}." for part in contact.name.split()) or "-"
    return contact.account, address, phone, name, used


def _print(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for row in (header, *rows):
        print(clean("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip())


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
