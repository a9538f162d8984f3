"""A journal moved to another database: copied whole, checked row by row, and only then is the one left for the other.

The old one is held against every writer from the first row that is read to its mark: nothing is written into it that
the new one does not have. Broken off at any point, one of them is whole and in use, or the same move said again ends
it; never are both. Source: issue "Many firms", point 5.

Its order: (1) the new one is filled, marked as arriving, and committed; (2) it is read back and held against what was
read; (3) what belongs beside it is carried over; (4) the old one is marked as moved; (5) the new one's mark goes.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy.engine import Connection

from connector.errors import JournalError
from connector.journal import copying, grounds, marked, opening, schema
from connector.journal.copying import Advance, Proof
from connector.journal.ends import End, held, in_one_file, opened, private, snapshot, swept, synced, writing
from connector.journal.grounds import Ground
from connector.journal.marked import ARRIVING, MOVED, Mark, where

FILLING: Final = ".arriving"
"""A SQLite journal is filled in a file of this ending beside its place."""
BESIDE: Final = ("spooled", "secret")
"""Tables of what lies in files beside a SQLite journal: ``carry`` makes one of the other."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a move came to. ``proof``: None where an earlier one was only ended."""

    proof: Proof | None
    aside: str = ""
    """Where the journal is kept that stood at the new place before."""
    begun_anew: bool = False
    """What a move before this one had left half filled was taken away."""


def surveyed(end: End) -> Ground:
    """Look what stands there; nothing is made or written. Raises JournalError where it is nothing of ours."""
    file = end.file
    if file is None:
        return _looked_at(end, end.url)
    if not _is_there(file):
        return Ground()
    # Opening it, even to read, would make files beside it, as whoever asks; its log may hold the very mark.
    with tempfile.TemporaryDirectory(prefix="jse-look-") as directory:
        copied = Path(directory) / file.name
        for part in ("", "-wal"):
            with suppress(FileNotFoundError):
                shutil.copyfile(file.with_name(file.name + part), copied.with_name(copied.name + part))
        return _looked_at(End.of_file(copied), end.url)


def _looked_at(end: End, url: str) -> Ground:
    with opened(end, read_only=end.file is None) as engine, engine.connect() as connection:
        return grounds.look(connection, url)


def judge(source: End, target: End) -> tuple[Ground, Ground]:
    """Return what stands at both sides. Raises JournalError where no move can be made between them."""
    there, here = surveyed(target), surveyed(source)
    if not here.journal_id:
        raise JournalError(f"no journal at {where(source.url)}: has the service ever run with it?")
    if there.torn:
        raise grounds.missing(target.url)
    if here.arriving is not None:
        raise JournalError(
            f"the journal {where(source.url)} is itself being filled from {where(here.arriving.other)}: end that move "
            "first"
        )
    if here.moved is not None and not _same_move(here, there):
        raise JournalError(f"the journal {where(source.url)} {marked.told(here.moved)}")
    if there.journal_id and there.journal_id != here.journal_id:
        raise JournalError(
            f"{where(target.url)} holds another journal ({there.requests} requests, id {there.journal_id}): it was "
            "left as it is. Name an empty database"
        )
    if there.journal_id and there.moved is None and there.arriving is None:
        raise JournalError(
            f"{where(target.url)} holds this very journal already ({there.requests} requests), and it is in use "
            "there: a copy made by hand? Name an empty database"
        )
    return here, there


def _same_move(here: Ground, there: Ground) -> bool:
    """True when a move was broken off after the old journal was left, and before the new one could be used."""
    return here.moved is not None and there.arriving is not None and here.moved.move == there.arriving.move


def move(
    source: End,
    target: End,
    *,
    judged: tuple[Ground, Ground] | None = None,
    carry: Callable[[], None],
    make_room: Callable[[Path], str],
    advance: Advance,
) -> Outcome:
    """Move a journal. Nobody works on either. Idempotent: broken off, it is said again.

    ``judged``: what :func:`judge` found, while nobody could change it. ``carry`` takes along what belongs beside the
    journal, while both can be read; ``make_room`` puts the files of a SQLite journal that was moved away aside, and
    returns where they are. Raises JournalError: the old one is in use.
    """
    here, there = judged or judge(source, target)
    if _same_move(here, there):
        _arrived(target)
        return Outcome(proof=None)
    move_id, at = secrets.token_hex(8), datetime.now(UTC).isoformat(timespec="seconds")
    with opened(source) as engine, held(engine) as old:
        grounds.resting(old, source.url)
        without = () if source.file is None and target.file is None else BESIDE
        mark = Mark(other=source.url, at=at, move=move_id)
        proof, aside = _filled(old, target, there, mark, without, advance)
        _checked(target, proof, without, advance)
        if target.file is not None:
            aside = _put_in_place(target.file, there, make_room)
        carry()
        marked.write(old, MOVED, Mark(other=target.url, at=at, move=move_id))
        old.commit()
    _arrived(target)
    return Outcome(proof=proof, aside=aside, begun_anew=there.arriving is not None)


def _filled(
    old: Connection, target: End, there: Ground, mark: Mark, without: Collection[str], advance: Advance
) -> tuple[Proof, str]:
    """Fill the new journal and commit it, marked. In PostgreSQL that is one transaction, with all that went before."""
    file, aside = target.file, ""
    if file is not None:
        swept(_beside(file))
        private(_beside(file))
    with opened(_filling(target)) as engine, writing(engine) as new:
        if file is None:
            found = grounds.look(new, target.url)
            if (found.journal_id, found.moved, found.arriving) != (
                there.journal_id,
                there.moved,
                there.arriving,
            ):
                raise JournalError(
                    f"{where(target.url)} was changed by somebody else meanwhile: nothing was moved"
                )
            if there.arriving is not None:
                grounds.emptied(new)
            elif there.journal_id:
                aside = grounds.put_aside(new, target.url, now=datetime.now(UTC))
        schema.create(new)
        proof = copying.copy(old, new, without=without, advance=advance)
        marked.write(new, ARRIVING, mark)
        new.commit()
    return proof, aside


def _checked(target: End, proof: Proof, without: Collection[str], advance: Advance) -> None:
    with opened(_filling(target)) as engine, snapshot(engine) as new:
        found = copying.prove(new, without=without, advance=advance)
        wrong = [*found.differing(proof), *copying.misnumbered(new)]
    if wrong:
        raise JournalError(
            f"what {where(target.url)} gives back is not what was written ({', '.join(wrong)}): the journal stays "
            "where it is"
        )


def _put_in_place(file: Path, there: Ground, make_room: Callable[[Path], str]) -> str:
    filling = _beside(file)
    in_one_file(filling)
    aside = ""
    if there.arriving is not None:
        swept(file)
    elif there.journal_id:
        aside = make_room(file)
    filling.rename(file)
    synced(file.parent)
    return aside


def _arrived(target: End) -> None:
    with opened(target) as engine, writing(engine) as new:
        marked.take_away(new, ARRIVING)
        new.commit()


def _filling(target: End) -> End:
    """Where the new journal is filled."""
    return target if target.file is None else End.of_file(_beside(target.file))


def _beside(file: Path) -> Path:
    return file.with_name(file.name + FILLING)


def _is_there(file: Path) -> bool:
    return opening.judge(file, {"meta", "record", "event"}, to_write=False)
