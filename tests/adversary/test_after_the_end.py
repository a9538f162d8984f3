"""All is over, and then the journal is lost: what a new one takes from markers alone is where it was, and is over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from connector.lifecycle import State
from tests.adversary.story import PACE, Run
from tests.adversary.test_runs import MODES
from tests.adversary.world import ASKED, ELSEWHERE, MARIE, ROOT, Mode

_ENDS = pytest.mark.parametrize("refused", [False, True], ids=["signed", "refused"])
_SETTINGS = "puis:\n  - Paul Martin <paul.martin@cabinet.fr> 06 12 34 56 79\n"


@contextmanager
def over(mode: Mode, *, refused: bool) -> Iterator[Run]:
    """A letter's story, to its end."""
    run = Run(mode)
    run._refuses = refused
    try:
        run.live()
        yield run
    finally:
        run.close()


def lose_journal(run: Run) -> None:
    """And let the new one look around."""
    run.machine.stop()
    run.machine.put_back(None)
    run.machine.start()
    passes(run)


def passes(run: Run, count: int = 8) -> None:
    """Let it pass so often."""
    for _ in range(count):
        run.world.clock.strike(PACE)
        run.machine.round()


def first_line(run: Run, href: str) -> str:
    """What a status says first."""
    content = run.world.folder.content(href)
    return "" if content is None else content.decode("utf-8-sig").splitlines()[0]


@_ENDS
@MODES
def test_it_is_told_as_it_was(mode: Mode, refused: bool) -> None:
    """One request, at its place, and what its status says."""
    with over(mode, refused=refused) as run:
        lose_journal(run)
        [record] = run.records()
        assert record.current
        assert record.state is (State.REFUSED if refused else State.DELIVERED)
        assert first_line(run, f"{ROOT}lettre.signature.txt").startswith("REFUS" if refused else "SIGNÉ")


@_ENDS
@MODES
def test_taken_away_and_put_back_it_is_the_same(mode: Mode, refused: bool) -> None:
    """Also where the folder's settings would make another request of the same two files meanwhile."""
    with over(mode, refused=refused) as run:
        person = run.world.person
        pdf, sidecar = person.letter(), run.world.folder.content(person.file(".sign.yaml"))
        assert sidecar is not None
        for suffix in (".pdf", ".sign.yaml", ".signature.txt"):
            person.delete(person.file(suffix))
        lose_journal(run)
        person.write(f"{ROOT}_signature.yaml", _SETTINGS.encode())
        run.world.clock.advance(5)
        passes(run)
        person.write(person.file(".pdf"), pdf)
        person.write(person.file(".sign.yaml"), sidecar)
        run.world.clock.advance(5)
        passes(run, 12)
        assert len(run.world.platform.sent) == 1
        assert [record.state.ended for record in run.records() if record.current] == [True]


@MODES
def test_another_letter_at_its_place_is_another_letter(mode: Mode) -> None:
    """The old pair is put elsewhere and is found there; the new one at the old place leaves."""
    with over(mode, refused=True) as run:
        person, folder = run.world.person, run.world.folder
        pdf, sidecar = folder.content(person.file(".pdf")), folder.content(person.file(".sign.yaml"))
        assert pdf is not None
        assert sidecar is not None
        for suffix in (".pdf", ".sign.yaml", ".signature.txt"):
            person.delete(person.file(suffix))
        lose_journal(run)
        person.write(f"{ELSEWHERE}lettre.pdf", pdf)
        person.write(f"{ELSEWHERE}lettre.sign.yaml", sidecar)
        person.write(person.file(".pdf"), person.letter(7))
        person.write(person.file(".sign.yaml"), f"{ASKED}objet: Une autre lettre\n".encode())
        run.world.clock.advance(5)
        passes(run, 12)
        places = {record.place: record.state for record in run.records() if record.current}
        assert places == {
            f"{ELSEWHERE}lettre.sign.yaml": State.REFUSED,
            f"{ROOT}lettre.sign.yaml": State.IN_PROGRESS,
        }


@MODES
def test_who_came_to_its_place_later_and_has_left_does_not_stand_there(mode: Mode) -> None:
    """Another letter was sent from the place meanwhile, and carried off: a backup does not give it the former one's."""
    with over(mode, refused=True) as run:
        person, folder, elsewhere = run.world.person, run.world.folder, f"{ELSEWHERE}lettre"
        backup = run.machine.backup()
        first = f"{ROOT}lettre"

        def carry(source: str, target: str) -> None:
            for suffix in (".pdf", ".sign.yaml"):
                person.write(target + suffix, folder.content(source + suffix) or b"")
                person.delete(source + suffix)

        carry(first, elsewhere)
        run.world.clock.advance(5)
        passes(run)
        person.write(person.file(".pdf"), person.letter(7))
        person.write(person.file(".sign.yaml"), f"{ASKED}objet: Une autre lettre\n".encode())
        run.world.clock.advance(5)
        passes(run, 12)
        assert len(run.world.platform.sent) == 2
        run.world.platform.refuse(run.world.platform.sent[1], MARIE, "Non.")
        passes(run, 12)
        run.machine.stop()
        for suffix in (".pdf", ".sign.yaml", ".signature.txt"):
            person.delete(person.file(suffix))
        carry(elsewhere, first)
        run.machine.put_back(backup)
        run.machine.start()
        run.world.clock.advance(5)
        passes(run, 12)
        [former] = [record for record in run.records() if record.transaction == run.world.platform.sent[0]]
        assert (former.current, former.place) == (True, f"{first}.sign.yaml")
        assert len(run.world.platform.sent) == 2
