"""What was written into each folder's overview: one row a folder, changed in place, gone with its file.

Not events: an overview is written again and again for years, and only the last time matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, unquote

import sqlalchemy as sa

from connector.journal import schema
from connector.journal.database import Database, when


@dataclass(frozen=True, kw_only=True)
class Overview:
    """One overview. ``words`` is a digest of what it said, empty while it was never known to be written."""

    href: str
    words: str
    written_at: datetime
    """When it was last written; while it never was, when that was first intended."""
    intended: str = ""
    """The whole file that is being written; empty once it is known to lie there, since it may name people."""
    intended_words: str = ""
    intended_at: datetime
    """When that was; without anything intended, as ``written_at``."""


class Overviews(Database):
    """What the journal knows of overviews."""

    def overviews(self, server: str, below: str) -> dict[str, Overview]:
        """Return what was written below a folder of a server, by href."""
        columns = schema.overview.c
        with self._reading() as connection:
            rows = connection.execute(
                sa.select(schema.overview)
                .where(columns.server == server, _starts_with(columns.href, _column(below)))
                .order_by(columns.href)
            ).all()
        return {
            unquote(row.href, errors="surrogateescape"): Overview(
                href=unquote(row.href, errors="surrogateescape"),
                words=row.words,
                written_at=when(row.written_at),
                intended=row.intended,
                intended_words=row.intended_words,
                intended_at=when(row.intended_at),
            )
            for row in rows
        }

    def intend_overview(self, server: str, href: str, content: str, words: str) -> None:
        """Commit that a file is about to be written there; what was written before is still known."""
        columns, at = schema.overview.c, self._now().timestamp()
        with self._transaction() as connection:
            self._alone(connection, f"overview {server} {_column(href)}")
            changed = connection.execute(
                schema.overview.update()
                .where(columns.server == server, columns.href == _column(href))
                .values(intended=content, intended_words=words, intended_at=at)
            ).rowcount
            if not changed:
                connection.execute(
                    schema.overview.insert().values(
                        server=server,
                        href=_column(href),
                        words="",
                        written_at=at,
                        intended=content,
                        intended_words=words,
                        intended_at=at,
                    )
                )

    def overview_written(self, server: str, href: str, words: str) -> None:
        """Keep that it lies there now; ends the intent."""
        columns, at = schema.overview.c, self._now().timestamp()
        with self._transaction() as connection:
            connection.execute(
                schema.overview.update()
                .where(columns.server == server, columns.href == _column(href))
                .values(words=words, written_at=at, intended="", intended_words="", intended_at=at)
            )

    def forget_overview_texts(self) -> None:
        """Keep no text of an overview that is still being written: it may name people. It is made anew."""
        with self._transaction() as connection:
            connection.execute(schema.overview.update().values(intended="", intended_words=""))

    def forget_overview(self, server: str, href: str) -> None:
        """Keep nothing of it any more. Idempotent."""
        columns = schema.overview.c
        with self._transaction() as connection:
            connection.execute(
                schema.overview.delete().where(columns.server == server, columns.href == _column(href))
            )


def _column(href: str) -> str:
    """Return an href as a column can hold it, UTF-8 or not; the beginning of one is the beginning of the other."""
    return quote(href, safe="/", errors="surrogateescape")


def _starts_with(column: sa.ColumnElement[str], beginning: str) -> sa.ColumnElement[bool]:
    return sa.func.substr(column, 1, len(beginning)) == beginning
