"""Remembered contacts: people who signed before, each belonging to one account; erasable, unlike history.

The key is an account and an address in its one form (``identity.canonical_email``). What is newer replaces what is
older. Who may be remembered, and for how long, is decided by ``steps.contacts``. Source: design page section 4
("Remembered contacts"), ux page section 3.16 and part B 5.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.errors import JournalError
from connector.identity import canonical_email
from connector.journal import schema
from connector.journal.database import Database, when

_ALL = "contacts"
_NAMES = ("first_name", "last_name", "name")
_ASIDE = sa.text(
    "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, current_schema() || '_aside_')"
)  # of ``grounds.put_aside``
REWRITE = "VACUUM FULL contact, record, intent, overview, outbox"
"""PostgreSQL: what takes out of the tables' files what was erased. A plain VACUUM only lets its room be used again: its
bytes stay, in pages and in indexes (PostgreSQL manual, "Routine Vacuuming")."""
_PATIENCE_MS = 1000
"""How long cleaning up waits for whoever reads just now."""


@dataclass(frozen=True, kw_only=True)
class Contact:
    """A person known to one account. ``email`` is canonical, ``phone`` E.164; ``used_at`` is aware UTC."""

    account: str
    email: str
    first_name: str = ""
    last_name: str = ""
    name: str = ""
    """The whole name as shown."""
    phone: str = ""
    used_at: datetime
    """When they last signed with what is kept here, or were imported."""


class Contacts(Database):
    """What the journal remembers of people beyond their requests. Every method that writes is one transaction."""

    def remember(
        self,
        account: str,
        email: str,
        *,
        first_name: str = "",
        last_name: str = "",
        name: str = "",
        phone: str = "",
        at: datetime,
    ) -> Contact:
        """Keep what is known of a person since ``at``; idempotent. Returns the contact as kept.

        A newer number and a newer name replace the older ones, a name as a whole; what is empty replaces nothing.
        What is older than what is kept only fills what was empty.
        """
        given = Contact(
            account=account, email=email, first_name=first_name, last_name=last_name, name=name, phone=phone,
            used_at=at,
        )  # fmt: skip
        given = replace(given, email=canonical_email(given.email))
        with self._transaction() as connection:
            self._alone(connection, account, of=_ALL)
            kept = self._contact(connection, account, given.email)
            return self._remember(connection, [given], {} if kept is None else {given.email: kept})[0]

    def remember_all(self, contacts: Sequence[Contact]) -> None:
        """As :meth:`remember`, for many people at once: all or none, and short, for the service waits meanwhile."""
        with self._transaction() as connection:
            for account in sorted({contact.account for contact in contacts}):
                self._alone(connection, account, of=_ALL)
                rows = connection.execute(
                    sa.select(schema.contact).where(schema.contact.c.account == account)
                )
                kept = {contact.email: contact for contact in map(_read, rows)}
                mine = [contact for contact in contacts if contact.account == account]
                self._remember(connection, mine, kept)

    def refresh_contact(self, account: str, email: str, *, phone: str, at: datetime) -> bool:
        """Move the date of a contact that was used again with this very number; False when there is none such.

        Nothing is learnt: neither a number nor a name.
        """
        with self._transaction() as connection:
            self._alone(connection, account, of=_ALL)
            kept = self._contact(connection, account, canonical_email(email))
            if kept is None or kept.phone != phone:
                return False
            if at > kept.used_at:
                connection.execute(
                    schema.contact.update().where(*_is(account, kept.email)).values(used_at=at.timestamp())
                )
            return True

    def contact(self, account: str, email: str) -> Contact | None:
        """Return what an account knows of an address, however it is spelled."""
        with self._reading() as connection:
            return self._contact(connection, account, canonical_email(email))

    def contacts(self, account: str | None = None) -> list[Contact]:
        """Return all contacts, or one account's, by account and address."""
        table = schema.contact
        of = [] if account is None else [table.c.account == account]
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(table).where(*of).order_by(table.c.account, table.c.email)
            ).all()
        return [_read(row) for row in rows]

    def contacts_changed(self, account: str) -> datetime | None:
        """Return when an account last learnt something new of anybody: what lacked it may be judged again."""
        with self._reading() as connection:
            value = connection.execute(
                sa.select(schema.meta.c.value).where(schema.meta.c.name == _changed(account))
            ).scalar_one_or_none()
        return None if value is None else when(float(value))

    def forget_contact(self, email: str) -> int:
        """Erase an address from every account's contacts; returns of how many."""
        with self._transaction() as connection:
            self._alone(
                connection, _ALL
            )  # whoever brings old and new together must not bring back what is erased
            return connection.execute(
                schema.contact.delete().where(schema.contact.c.email == canonical_email(email))
            ).rowcount

    def forget_contacts_before(self, moment: datetime, *, account: str | None = None) -> int:
        """Erase the contacts (of one account, or of all) last used before ``moment``; returns how many.

        Costs a look into an index where there is nothing to erase.
        """
        table = schema.contact
        old = [table.c.used_at < moment.timestamp()]
        if account is not None:
            old.append(table.c.account == account)
        with self._reading() as connection:
            if connection.execute(sa.select(table.c.email).where(*old).limit(1)).first() is None:
                return 0
        with self._transaction() as connection:
            self._alone(connection, _ALL)
            return connection.execute(table.delete().where(*old)).rowcount

    def scrub(self) -> bool:
        """Let nothing erased remain readable in SQLite's files; False when somebody else reads just now.

        SQLite overwrites what it deletes (``secure_delete``); older pages in its log go here. In PostgreSQL others work
        on the tables, which are closed while they are written anew: that is left to whoever may say when (``REWRITE``).
        """
        if self._engine.dialect.name != "sqlite":
            return True
        raw = self._engine.raw_connection()
        try:
            cursor = raw.cursor()
            cursor.execute(f"PRAGMA busy_timeout={_PATIENCE_MS}")
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            cursor.close()
        finally:
            # Not given back to the others: it waits shorter than they may have to.
            raw.invalidate()
        return not busy

    def put_aside(self) -> list[str]:
        """Return where journals of before are kept beside this one: directories; schemas of its database."""
        if self._file is not None:
            return sorted(str(path) for path in self._file.parent.glob("aside-*") if path.is_dir())
        with self._reading() as connection:
            return sorted(str(row[0]) for row in connection.execute(_ASIDE))

    def _remember(
        self, connection: Connection, given: Sequence[Contact], kept: Mapping[str, Contact]
    ) -> list[Contact]:
        """Bring people of one account together with what is kept of them, by canonical address."""
        made: dict[str, Contact] = dict(kept)
        for each in given:
            new = replace(each, email=canonical_email(each.email))
            old = made.get(new.email)
            # Of the same moment, what is said last counts.
            made[new.email] = (
                new if old is None else _merged(*sorted((old, new), key=lambda one: one.used_at))
            )
        changed = [contact for email, contact in made.items() if contact != kept.get(email)]
        table = schema.contact
        gone = [{"a": each.account, "e": each.email} for each in changed if each.email in kept]
        if gone:
            of = table.c.account == sa.bindparam("a"), table.c.email == sa.bindparam("e")
            connection.execute(table.delete().where(*of), gone)
        if changed:
            connection.execute(table.insert(), [_columns(each) for each in changed])
        if any(_facts(each) != _facts(kept.get(each.email)) for each in changed):
            self._note_change(connection, changed[0].account)
        return list(made.values())

    def _note_change(self, connection: Connection, account: str) -> None:
        table, name = schema.meta, _changed(account)
        connection.execute(table.delete().where(table.c.name == name))
        connection.execute(table.insert().values(name=name, value=repr(self._now().timestamp())))

    @staticmethod
    def _contact(connection: Connection, account: str, email: str) -> Contact | None:
        row = connection.execute(sa.select(schema.contact).where(*_is(account, email))).one_or_none()
        return None if row is None else _read(row)


def _merged(older: Contact, newer: Contact) -> Contact:
    # A name replaces the other as a whole: parts of two spellings make a third person.
    named = newer if any(getattr(newer, name) for name in _NAMES) else older
    names = {name: getattr(named, name) for name in _NAMES}
    return replace(newer, **names, phone=newer.phone or older.phone)


def _facts(contact: Contact | None) -> dict[str, str] | None:
    return None if contact is None else {name: getattr(contact, name) for name in (*_NAMES, "phone")}


def _columns(contact: Contact) -> dict[str, Any]:
    return {
        "account": contact.account,
        "email": contact.email,
        "facts": json.dumps(_facts(contact)),
        "used_at": contact.used_at.timestamp(),
    }


def _read(row: sa.Row[Any]) -> Contact:
    try:
        facts = {name: str(json.loads(row.facts)[name]) for name in (*_NAMES, "phone")}
    except (ValueError, TypeError, KeyError) as error:
        raise JournalError(
            f"a contact of account {row.account} cannot be read: {type(error).__name__}"
        ) from error
    return Contact(account=row.account, email=row.email, used_at=when(row.used_at), **facts)


def _is(account: str, email: str) -> tuple[sa.ColumnElement[bool], ...]:
    return schema.contact.c.account == account, schema.contact.c.email == email


def _changed(account: str) -> str:
    return f"contacts_changed {account}"
