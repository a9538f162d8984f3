"""The journal as its users see it: records, contacts, and what concerns a whole account or folder."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from connector.journal import moment, schema, statements
from connector.journal.belonging import Belonging
from connector.journal.contacts import Contacts
from connector.journal.counts import Counts
from connector.journal.database import when
from connector.journal.hearsay import Hearsay
from connector.journal.ordered import Orders
from connector.journal.outbox import Outbox
from connector.journal.overviews import Overviews
from connector.journal.secrets import Secrets
from connector.journal.servers import Servers
from connector.journal.spooled import Spooled
from connector.journal.straight import Rows

TROUBLE = "trouble"
"""Event of a folder (``folder:NAME``): why it cannot be worked in now; an empty ``text`` where it can."""
OF_ALL = "its server cannot be worked with"
"""How the text of such a trouble begins where each folder of a server has it."""
STRANGE_MARKERS = "strange_markers"
"""The same: how many markers in its registry are not its own or cannot be read (``count``)."""


@dataclass(frozen=True, kw_only=True)
class Hold:
    """Why an account launches nothing; ``probe_at`` is when one request may try again."""

    account: str
    cause: str
    since: datetime
    probe_at: datetime
    text: str


@dataclass(frozen=True, kw_only=True)
class Watch:
    """A folder whose first complete pass is known; ``root`` names server and path it had then."""

    folder: str
    root: str
    completed_at: datetime
    there_before: frozenset[str] = frozenset()
    """Hrefs of the sidecars that the first look found: none of them is launched without a new ask (R7)."""


class Journal(Orders, Contacts, Overviews, Outbox, Counts, Spooled, Secrets, Hearsay, Servers, Belonging):
    """One journal database. Thread-safe; every method is one transaction.

    Raises JournalError when the database cannot be opened, is damaged, or was written by a newer version.
    """

    def hold(
        self, account: str, cause: str, *, probe_at: datetime, text: str = "", but: str | None = None
    ) -> Hold:
        """Hold an account's launches. The same cause keeps its first date; another cause begins anew.

        A hold for the cause ``but`` stays as it is. Returns what holds now.
        """
        now = self._now()
        with self._transaction() as connection:
            self._alone(connection, f"hold {account}")
            columns = schema.hold.c
            row = connection.execute(sa.select(schema.hold).where(columns.account == account)).one_or_none()
            if row is not None and row.cause == but:
                return _hold(row)
            since = when(row.since) if row is not None and row.cause == cause else now
            connection.execute(schema.hold.delete().where(columns.account == account))
            kept = Hold(account=account, cause=cause, since=since, probe_at=probe_at, text=text)
            connection.execute(
                schema.hold.insert().values(
                    account=account,
                    cause=cause,
                    since=since.timestamp(),
                    probe_at=probe_at.timestamp(),
                    text=text,
                )
            )
            if row is None or row.cause != cause:
                self._append_account(connection, account, "held", {"cause": cause})
            return kept

    def postpone(self, hold: Hold, probe_at: datetime) -> bool:
        """Move a hold's next probe; False, changing nothing, where it is not what it was any more.

        Of several that find a hold due, in this process or another, one alone gets True.
        """
        columns = schema.hold.c
        with self._transaction() as connection:
            moved = connection.execute(
                schema.hold.update()
                .where(
                    columns.account == hold.account,
                    columns.cause == hold.cause,
                    columns.probe_at == hold.probe_at.timestamp(),
                )
                .values(probe_at=probe_at.timestamp())
            ).rowcount
            return bool(moved)

    def release(self, account: str, *, cause: str | None = None) -> bool:
        """End an account's hold, one for ``cause`` alone where that is given; False when there was none.

        Asked for at every launch: where nothing holds, nothing is written.
        """
        hold = self.held(account)
        if hold is None or cause not in {None, hold.cause}:
            return False
        columns = schema.hold.c
        meant = [columns.account == account, *([] if cause is None else [columns.cause == cause])]
        with self._transaction() as connection:
            self._alone(connection, f"hold {account}")
            gone = connection.execute(schema.hold.delete().where(*meant)).rowcount
            if gone:
                self._append_account(connection, account, "released", {})
                self._tell(connection, statements.ORDERS_CAME)
            return bool(gone)

    def at_once(self, events: Iterable[tuple[str, str]] = ()) -> AbstractContextManager[None]:
        """Let holds and these last events, (account, name), be asked for once in what this thread does (``moment``)."""
        return moment.opened(self._engine, events) if self.shared else nullcontext()

    def _holds(self) -> Mapping[str, Any] | None:
        """Return every hold, as this moment knows them; None outside of one."""
        now = moment.of(self._engine)
        if now is not None and now.holds is None:
            now.holds = {row.account: row for row in self._rows(statements.HOLDS)}
        return None if now is None else now.holds

    def _last_event(self, account: str, name: str) -> Rows:
        """Return what holds the data of an account's last event of that name, if there is one."""
        now = moment.of(self._engine)
        if now is None or (account, name) not in now.wanted:
            return self._rows(statements.LAST_ACCOUNT_EVENT, account=account, name=name)
        if not now.events:
            accounts, names = zip(*sorted(now.wanted), strict=True)
            with self._reading() as connection:
                given = {"accounts": list(accounts), "names": list(names)}
                rows = connection.execute(statements.LAST_ACCOUNT_EVENTS, given)
                now.events = {(row.account, row.name): row for row in rows}
        row = now.events[account, name]
        return [] if row.data is None else [row]

    def held(self, account: str) -> Hold | None:
        """Return the account's hold, if any."""
        if (known := self._holds()) is not None:
            return _hold(known[account]) if account in known else None
        return next(map(_hold, self._rows(statements.HOLD, account=account)), None)

    def held_accounts(self) -> frozenset[str]:
        """Return the accounts that are held."""
        if (known := self._holds()) is not None:
            return frozenset(known)
        return frozenset(row.account for row in self._rows(statements.HELD_ACCOUNTS))

    def mark_account(self, account: str, name: str, data: Mapping[str, Any]) -> None:
        """Append an event that concerns a whole account (a contract confirmed, a brake reached)."""
        with self._transaction() as connection:
            self._append_account(connection, account, name, data)

    def turn(self, account: str, name: str, data: Mapping[str, Any]) -> bool:
        """Append an event of something that stands or not (``on``); False, appending nothing, where it does so already.

        Of several that find out the same, one alone tells it.
        """
        with self._transaction() as connection:
            if self.shared:
                connection.execute(statements.ONE_AT_A_TIME, {"subject": f"{name} {account}"})
            row = connection.execute(
                statements.LAST_ACCOUNT_EVENT, {"account": account, "name": name}
            ).one_or_none()
            stands = row is not None and bool(json.loads(row.data).get("on"))
            if stands == bool(data["on"]):
                return False
            self._append_account(connection, account, name, data)
            return True

    def last_account_event(self, account: str, name: str) -> dict[str, Any] | None:
        """Return the data of an account's last event of that name."""
        for row in self._last_event(account, name):
            return dict(json.loads(row.data))
        return None

    def last_account_events(self, prefix: str, name: str) -> dict[str, dict[str, Any]]:
        """Return the data of the last event of that name of each account, or subject, that begins so."""
        columns = schema.event.c
        newest = (
            sa.select(sa.func.max(columns.id))
            .where(
                columns.account.startswith(prefix, autoescape=True),
                columns.name == name,
                columns.record_id.is_(None),
            )
            .group_by(columns.account)
        )
        with self._reading() as connection:
            rows = connection.execute(sa.select(columns.account, columns.data).where(columns.id.in_(newest)))
            return {row.account: dict(json.loads(row.data)) for row in rows}

    def watched(self, folder: str) -> Watch | None:
        """Return the folder's first complete pass, None when this journal never saw one."""
        for row in self._rows(statements.WATCH, folder=folder):
            return Watch(
                folder=folder,
                root=row.root,
                completed_at=when(row.completed_at),
                there_before=frozenset(json.loads(row.there_before)),
            )
        return None

    def watched_at(self, root: str) -> frozenset[str]:
        """Return the names under which a place was watched, the one of today and former ones."""
        return frozenset(row.folder for row in self._rows(statements.WATCHED_AT, root=root))

    def begin_watch(self, folder: str, root: str, there_before: Collection[str] = ()) -> None:
        """Remember the first complete look at a folder, and which sidecars were there before us."""
        with self._transaction() as connection:
            self._alone(connection, f"watch {folder}")
            connection.execute(schema.watch.delete().where(schema.watch.c.folder == folder))
            connection.execute(
                schema.watch.insert().values(
                    folder=folder,
                    root=root,
                    completed_at=self._now().timestamp(),
                    there_before=json.dumps(sorted(there_before)),
                )
            )

    def let_arrive(self, folder: str, hrefs: Collection[str]) -> None:
        """Forget that these were there before us: they went, and what comes there now arrives before our eyes."""
        gone = set(hrefs)
        watch = self.watched(folder)
        if watch is None or not watch.there_before & gone:
            return
        with self._transaction() as connection:
            self._alone(connection, f"watch {folder}")
            columns = schema.watch.c
            kept = connection.execute(
                sa.select(columns.there_before).where(columns.folder == folder)
            ).scalar()
            left = sorted(set(json.loads(kept or "[]")) - gone)
            connection.execute(
                schema.watch.update().where(columns.folder == folder).values(there_before=json.dumps(left))
            )


def _hold(row: sa.Row[Any]) -> Hold:
    return Hold(
        account=row.account,
        cause=row.cause,
        since=when(row.since),
        probe_at=when(row.probe_at),
        text=row.text,
    )
