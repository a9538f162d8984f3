"""The tree of pairs takes the end of one run for another's: only where nothing could tell them apart.

In every check a few pairs of one first deviation are also lived whole, with ``make test-long`` those of several; each
run of ``python -m tests.adversary --pairs`` compares some of each branch.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from connector.lifecycle import State
from tests.adversary.acts import ACTS
from tests.adversary.alike import IDLE, Alone, Class, Watch
from tests.adversary.deviations import OUTSIDE, Deviation
from tests.adversary.explore import explored, lived, normal_points
from tests.adversary.points import Point
from tests.adversary.state import disk_of, fatal_key_of, key_of, words_of
from tests.adversary.story import Run, Unsound
from tests.adversary.tree import Branch, Pair, Tree, Verdict, courses_meet
from tests.adversary.world import Mode, Person, Reader

MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """What is refused and repeated is no news here."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def compared(tree: Tree, first: Deviation, of: Class, *, each: int) -> int:
    """Try seconds after a first, live whole those whose end was another run's; return how many there were."""
    branch = tree.branch(first, of, some=lambda every: every[::each])
    assert not branch.found, branch.found
    for second, verdict in branch.met:
        whole = explored(tree.mode, (first, second))
        assert (whole.kind, len(whole.breaches)) == (verdict.kind, len(verdict.breaches)), (second, whole)
    return len(branch.met)


def test_an_end_that_was_known_is_the_runs_own() -> None:
    """A few pairs, lived whole beside."""
    tree = Tree("plain")
    sent = next(n for n, one in enumerate(tree.points) if one.call == "send")
    assert compared(tree, Deviation(sent + 1, "crash"), "others", each=90) > 0


@MODES
@pytest.mark.parametrize("what", ["crash", "journal_lost", "lost", "edit_pdf", "move_all", "second_other"])
def test_ends_that_were_known(mode: Mode, what: str) -> None:
    """The same at length, for several kinds of first deviations."""
    tree = Tree(mode)
    at = next(number for number, one in enumerate(tree.points) if one.call == "send")
    if what == "move_all":
        # Who moves the status along waits until there is one.
        told = next(n for n, one in enumerate(tree.points) if one.about.endswith(".signature.txt"))
        at = next(number for number, one in enumerate(tree.points) if number > told and one.kind in OUTSIDE)
    met = compared(tree, Deviation(at, what), "machine", each=9)
    assert met + compared(tree, Deviation(at, what), "others", each=17) > 0


def quiet_run(mode: Mode) -> tuple[list[bytes], Run]:
    """A run in which nothing strikes, and the state between each two of its passes; to be closed."""
    run, states = Run(mode), list[bytes]()
    run.boundary = lambda here: states.append(key_of(here))
    assert lived(run) is None
    return states, run


def test_what_is_drawn_makes_no_other_state() -> None:
    """Two runs have other references, nonces, journals; between the same passes they are in the same states."""
    (one, first), (other, second) = quiet_run("plain"), quiet_run("plain")
    try:
        assert {record.ref for record in first.records()}.isdisjoint(
            record.ref for record in second.records()
        )
        assert one == other
        assert len(set(one)) == len(one), "each pass of this story moves something"
    finally:
        first.close()
        second.close()


def _in_the_journal(statement: str) -> Callable[[Run], None]:
    def change(run: Run) -> None:
        with closing(sqlite3.connect(run.machine.database)) as connection:
            connection.execute(statement)
            connection.commit()

    return change


def _in_the_folder(run: Run) -> None:
    run.world.folder.put("/Lettres/lettre.signature.txt", b"rien")


def _in_memory(run: Run) -> None:
    run.machine.parts.not_left.add(1)


def _what_was_seen(run: Run) -> None:
    run.machine.memory.watches.clear()


def _at_the_platform(run: Run) -> None:
    run.world.platform.transactions.clear()


def _spooled(run: Run) -> None:
    ref = run.records()[0].ref
    run.machine.parts.spool.put(ref, "signed.pdf", lambda stream: stream.write(b"x"))


def _hours(run: Run) -> None:
    run.world.clock.advance(timedelta(hours=3).total_seconds())


def _a_late_effect(run: Run) -> None:
    run.world.platform._late.append((run.world.clock.now(), lambda: None))


CHANGES: dict[str, Callable[[Run], None]] = {
    "a fact": _in_the_journal("UPDATE record SET facts = json_set(facts, '$.reason', 'other')"),
    "what is shown": _in_the_journal("UPDATE record SET facts = json_set(facts, '$.reported', NULL)"),
    "an intent": _in_the_journal(
        "INSERT INTO intent (record_id, step, at, data) VALUES (1, 'send', 0, '{}')"
    ),
    "a hold": _in_the_journal("INSERT INTO hold VALUES ('cabinet', 'no_credit', 0, 0, '')"),
    "who watches": _in_the_journal("DELETE FROM watch"),
    "the folder": _in_the_folder,
    "a person's edit": lambda run: run.world.person.write("/Lettres/lettre.pdf", b"%PDF-"),
    "a person's order": lambda run: setattr(run.world.person, "order", "action: annuler\n"),
    "what is owed": lambda run: run.world.person.owed.clear(),
    "a copy": lambda run: setattr(run.world.person, "copies", 1),
    "what a process knows": _in_memory,
    "what a process saw": _what_was_seen,
    "the platform": _at_the_platform,
    "credit": lambda run: setattr(run.world.platform, "credit", 0),
    "a late effect": _a_late_effect,
    "the spool": _spooled,
    "hours": _hours,
    "a delivery": lambda run: run.delivered.update(["f880"]),
    "a preview": lambda run: run.previews.add(("/Lettres/lettre.apercu.pdf", "f880")),
    "a torn write to come": lambda run: run.world.folder.tear_next_replace(3),
    "a refusal to come": lambda run: setattr(run, "_refuses", True),
    "where the story is": lambda run: setattr(run, "where", ("rest", 5)),
    "a second sealed by the platform": lambda run: setattr(
        next(iter(run.world.platform.everything.values())), "sends", 2
    ),
}


def test_what_matters_makes_another_state() -> None:
    """Each thing that later behaviour or the judgement rests on, changed one after the other."""
    _, run = quiet_run("nextcloud")
    try:
        for name, change in CHANGES.items():
            before = words_of(run)
            change(run)
            assert words_of(run) != before, name
    finally:
        run.close()


def test_what_a_forgotten_request_left_is_the_same_whatever_it_was_called() -> None:
    """References are drawn: a spool that keeps some of a request that no journal knows is told without them."""
    _, run = quiet_run("plain")
    try:
        told = []
        for ref in ("23ABCD", "XYZ789"):
            kept = run.machine.directory / "spool" / ref
            kept.mkdir()
            (kept / "sent.pdf").write_bytes(b"x")
            told.append(words_of(run))
            shutil.rmtree(kept)
        assert told[0] == told[1] != words_of(run)
    finally:
        run.close()


def test_a_request_that_was_withdrawn_is_written_down() -> None:
    """It has no status to be asked for."""
    run, withdrawn = Run("plain", [Deviation(7, "delete_sidecar")]), []

    def boundary(here: Run) -> None:
        assert key_of(here)
        withdrawn.append(any(one.state is State.WITHDRAWN for one in here.records()))

    run.boundary = boundary
    try:
        assert lived(run) is None
        assert any(withdrawn)
    finally:
        run.close()


def test_a_failure_of_the_adversary_is_no_finding() -> None:
    """What fails between two passes is not taken for something that escaped the connector."""
    run = Run("plain")
    run.boundary = lambda _here: [][0]
    try:
        with pytest.raises(Unsound):
            lived(run)
    finally:
        run.close()


# ---------------------------------------------------------------------------------------- what is cut


def alone_after(mode: Mode, first: Deviation, of: Class) -> tuple[Alone, Sequence[Point]]:
    """What may strike after a first deviation, with what is alike of it."""
    run = Run(mode, [first])
    alone = Alone(first, of)
    watch = Watch(run, alone)
    run.back_up_always()
    run.boundary, run.point = watch.boundary, watch.point
    try:
        assert lived(run) is None
        watch.over()
        return alone, run.points
    finally:
        run.close()


def samples(branch: Branch) -> list[tuple[Pair, Pair, Verdict]]:
    """One of each kind of what was cut."""
    found = {second.what: ((branch.first, second), twin, verdict) for second, verdict, twin in branch.cut}
    return list(found.values())


def cut_wrongly(mode: Mode, branch: Branch) -> list[str]:
    """Of each kind one, lived in full beside what it was taken for: another end, or another course."""
    found = []
    for pair, twin, verdict in samples(branch):
        whole = explored(mode, pair)
        same = (whole.kind, len(whole.breaches)) == (verdict.kind, len(verdict.breaches))
        if not same or not courses_meet(mode, pair, twin):
            found.append(f"{pair[0]}+{pair[1]} is not {twin[0]}+{twin[1]}")
    return found


def test_what_is_cut_goes_the_same_way() -> None:
    """A few that end the process, and a few acts: they come into the state of what they were taken for."""
    tree = Tree("plain")
    first = Deviation(20, "crash")
    for of, wanted in (("machine", {"journal_lost"}), ("others", {"edit_pdf", "refusal"})):
        branch = tree.branch(
            first, of, some=lambda every, kinds=wanted: [one for one in every if one.what in kinds][:5]
        )
        assert not branch.found
        assert branch.cut
        assert cut_wrongly("plain", branch) == []


@MODES
@pytest.mark.parametrize("what", ["crash", "lost", "second_other", "copy_pdf", "month"])
@pytest.mark.parametrize("of", ["machine", "others"])
def test_whatever_is_cut_goes_the_same_way(mode: Mode, what: str, of: Class) -> None:
    """The same of every kind, for several firsts."""
    tree = Tree(mode)
    at = next(number for number, one in enumerate(tree.points) if one.call == "send")
    branch = tree.branch(
        Deviation(at, what), of, some=lambda every: [one for one in every if one.at < at + 20]
    )
    assert branch.cut
    assert cut_wrongly(mode, branch) == []


@MODES
def test_a_backup_is_what_was_said_at_that_commit(tmp_path: Path, mode: Mode) -> None:
    """Also of the commits before the first deviation: several in one pass are several journals."""
    first = Deviation(len(normal_points(mode)) // 2, "note_status")
    run, alone = Run(mode, [first]), Alone(first, "machine")
    run.back_up_always()
    watch = Watch(run, alone)
    run.boundary, run.point = watch.boundary, watch.point
    try:
        assert lived(run) is None
        told = {number: disk for number, disk in watch._disks.items() if disk is not None}
        assert sum(0 <= number < first.at for number in told) > 9
        for number, disk in told.items():
            database = tmp_path / str(number)
            database.write_bytes(run._backups[number])
            with closing(Reader(database)) as reader:
                rows = reader.said().rows
            assert disk.rows[: len(rows)] == rows, number
    finally:
        run.close()


def test_who_looks_keeps_acts_apart() -> None:
    """An act is the same on both sides of a commit and of a call; not of a look, nor of a write to its file."""
    alone, points = alone_after("plain", Deviation(0, "edit_pdf"), "others")

    def same(what: str, one: int, other: int) -> bool:
        keys = [alone.keys.get(Deviation(number, what)) for number in (one, other)]
        return keys[0] is not None and keys[0] != IDLE and keys[0] == keys[1]

    def number(call: str, suffix: str = "") -> int:
        return next(n for n, one in enumerate(points) if one.call == call and one.about.endswith(suffix))

    create, add = number("create"), number("add_signatory")
    assert points[create].kind == "call"
    assert same("edit_pdf", create, add)
    send, status, marker = number("send"), number("create", ".signature.txt"), number("create", ".sent")
    assert same("edit_pdf", marker, send)
    assert same("edit_pdf", send, status)
    assert not same("edit_pdf", add, marker), "the folder is looked at between"
    end = number("replace", ".signature.txt")
    assert same("delete_pdf", end, number("create", ".done"))
    assert not same("note_status", end, number("create", ".done")), "the status is written between"
    assert alone.keys[Deviation(send, "note_status")] == IDLE, "there is no status yet"


def test_who_asks_keeps_apart_what_the_platform_says() -> None:
    """That it is away, or that somebody refuses, is heard of when it is asked."""
    alone, points = alone_after("plain", Deviation(0, "edit_pdf"), "others")
    asked = [n for n, one in enumerate(points) if one.call == "status"]
    before, after = asked[0], next(n for n in range(asked[0] + 1, 99) if points[n].kind == "write")
    call = next(n for n, one in enumerate(points) if one.kind == "call")
    for what in ("away_5h", "away_40min"):
        assert alone.keys[Deviation(call, what)] == alone.keys[Deviation(before, what)]
        assert alone.keys[Deviation(before, what)] != alone.keys[Deviation(after, what)]
    sign = asked[1]
    assert alone.keys[Deviation(call, "refusal")] == alone.keys[Deviation(before, "refusal")], (
        "nothing is sent"
    )
    assert alone.keys[Deviation(after, "refusal")] != alone.keys[Deviation(sign, "refusal")], "it is sent"


def test_what_dies_with_the_process_is_left_out() -> None:
    """What a machine leaves is told by what lies on its disk, on the servers and with the person alone."""
    _, run = quiet_run("nextcloud")
    process = {"what a process knows", "what a process saw"}
    try:
        for name, change in CHANGES.items():
            before = fatal_key_of(run, "crash", disk_of(run.machine))
            change(run)
            same = fatal_key_of(run, "crash", disk_of(run.machine)) == before
            assert same == (name in process), name
        disk = disk_of(run.machine)
        kinds = {fatal_key_of(run, "journal_lost", None), fatal_key_of(run, "restored", disk)}
        assert len(kinds) == 2
    finally:
        run.close()


def test_a_pair_that_breaks_something_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person who is made to lose what they wrote: the tree tells it, with its second deviation."""

    def lose(person: Person) -> bool:
        person.owed["0" * 64] = "/Lettres/nowhere.pdf"
        return True

    monkeypatch.setitem(ACTS, "copy_pdf", lose)  # type: ignore[misc]  # read-only elsewhere

    def copies(every: Sequence[Deviation]) -> list[Deviation]:
        return [one for one in every if one.what in {"copy_pdf", "delete_status"}][:4]

    tree = Tree("plain")
    at = len(normal_points("plain")) - 8
    branch = tree.branch(Deviation(at, "crash"), "others", some=copies)
    assert {second.what for second, _ in branch.found} == {"copy_pdf"}
    told = {breach for _, verdict in branch.found for breach in verdict.breaches}
    assert "lost: what a person wrote at /Lettres/nowhere.pdf" in told
