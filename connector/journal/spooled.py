"""Signed bytes on their way home, kept with the facts about them: for connectors that share one journal.

A file is kept in one transaction, before the fact that refers to it; so whoever takes up the request finds both. Piece
0 is its head (hash, size), the pieces after it are its content, a megabyte each at most: nothing is whole in memory.
Source: issue "Many firms", point 2; protocol R5.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
from typing import Any, BinaryIO, Final

import sqlalchemy as sa

from connector.journal import schema
from connector.journal.database import Database

log = logging.getLogger(__name__)

PIECE: Final = 1_000_000
"""Bytes of a piece."""
_TABLE: Final = schema.spooled
_KEEP: Final = _TABLE.insert()
_ONE: Final = (_TABLE.c.ref == sa.bindparam("of")) & (_TABLE.c.name == sa.bindparam("called"))
_PIECE: Final = sa.select(_TABLE.c.content).where(_ONE, _TABLE.c.piece == sa.bindparam("number"))
_DROP: Final = _TABLE.delete().where(_ONE)
_FREE: Final = _TABLE.delete().where(_TABLE.c.ref == sa.bindparam("of"))
_CLOSED: Final = _TABLE.delete().where(
    _TABLE.c.ref.in_(sa.select(schema.record.c.ref).where(schema.record.c.closed))
)
_HEADS: Final = sa.select(_TABLE.c.content).where(_TABLE.c.piece == 0)


class Spooled(Database):
    """Files by the request's reference and their name in the spool. Each method is one transaction."""

    def keep_spooled(self, ref: str, name: str, source: BinaryIO) -> None:
        """Keep a file, in place of an earlier one of that name. After it returned, a power loss takes it no more."""
        digest, size, number = hashlib.sha256(), 0, 0
        one = {"ref": ref, "name": name}
        with self._transaction() as connection:
            connection.execute(_DROP, {"of": ref, "called": name})
            while content := source.read(PIECE):
                number += 1
                digest.update(content)
                size += len(content)
                connection.execute(_KEEP, {**one, "piece": number, "content": content})
            head = json.dumps({"sha256": digest.hexdigest(), "size": size, "pieces": number})
            connection.execute(_KEEP, {**one, "piece": 0, "content": head.encode()})

    def spooled_sha256(self, ref: str, name: str) -> str | None:
        """Return the SHA-256 of a file that is kept; None where there is none."""
        head = self._head(ref, name)
        return None if head is None else str(head["sha256"])

    def read_spooled(self, ref: str, name: str, into: BinaryIO) -> bool:
        """Write a file that is kept into a stream; False where there is none, or not one that is whole.

        It may be replaced meanwhile: what was written is then no file that ever was, and False.
        """
        head = self._head(ref, name)
        if head is None:
            return False
        digest = hashlib.sha256()
        for number in range(1, int(head["pieces"]) + 1):
            content = self._piece(ref, name, number)
            if content is None:
                break
            digest.update(content)
            into.write(content)
        if digest.hexdigest() == head["sha256"]:
            return True
        log.error("what the journal keeps of %s is not whole, or was replaced in this moment", ref)
        return False

    def free_spooled(self, ref: str) -> None:
        """Remove all that is kept for a request. Idempotent."""
        with self._transaction() as connection:
            connection.execute(_FREE, {"of": ref})

    def free_closed(self) -> int:
        """Remove what is kept for requests that are closed; returns how many pieces. Any process may, at any time."""
        with self._transaction() as connection:
            return connection.execute(_CLOSED).rowcount

    def spooled_files(self) -> tuple[int, int]:
        """Return how many files are kept, and their bytes."""
        with self._reading() as connection:
            heads = [json.loads(bytes(row.content)) for row in connection.execute(_HEADS)]
        return len(heads), sum(int(head["size"]) for head in heads)

    def spooled_names(self) -> list[tuple[str, str]]:
        """Return the reference and the name of every file that is kept."""
        asked = (
            sa.select(_TABLE.c.ref, _TABLE.c.name)
            .where(_TABLE.c.piece == 0)
            .order_by(_TABLE.c.ref, _TABLE.c.name)
        )
        with self._reading() as connection:
            return [(str(row.ref), str(row.name)) for row in connection.execute(asked)]

    def prove_room(self) -> None:
        """Raise JournalFull where a piece finds no room now; nobody sees the one that is tried."""
        with self._transaction() as connection:
            trial = connection.begin_nested()
            content = os.urandom(PIECE)  # zeros would be pressed into nothing
            connection.execute(
                _KEEP, {"ref": secrets.token_hex(8), "name": "trial", "piece": 1, "content": content}
            )
            trial.rollback()

    def _head(self, ref: str, name: str) -> dict[str, Any] | None:
        content = self._piece(ref, name, 0)
        return None if content is None else dict(json.loads(content))

    def _piece(self, ref: str, name: str, number: int) -> bytes | None:
        with self._reading() as connection:
            found = connection.execute(_PIECE, {"of": ref, "called": name, "number": number}).scalar()
        return None if found is None else bytes(found)
