"""A slice of the adversary's runs in every check, more with ``make test-long``, all by ``python -m tests.adversary``.

What the adversary found stands here by name, each with the shortest run that shows it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress

import pytest

from connector.lifecycle import State
from connector.sidecar import names
from connector.steps.alarms import standing
from connector.steps.twins import TWIN
from tests.adversary.deviations import Deviation, singles
from tests.adversary.explore import Outcome, explored, normal_points, random_runs
from tests.adversary.judge import breaches
from tests.adversary.points import Point
from tests.adversary.story import PACE, Restless, Run
from tests.adversary.world import ROOT, Mode

MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])
SLICES = 12
EACH = 202
"""Every so many-th single deviation is in every check, whatever they are numbered."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """What is refused and repeated is no news here."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def findings(mode: Mode, runs: Sequence[tuple[Deviation, ...]]) -> list[str]:
    """Live each run; a finding is told by the words that repeat it."""
    found: list[tuple[str, Outcome]] = []
    kept = 0
    for run in runs:
        outcome = explored(mode, run)
        kept += outcome.kind == "kept"
        if outcome.kind == "found":
            found.append(("+".join(str(one) for one in run), outcome))
    assert kept, "none of these runs could happen"
    return [
        f"python -m tests.adversary --mode {mode} '{name}': {outcome.breaches}" for name, outcome in found
    ]


def every_single(mode: Mode) -> list[tuple[Deviation, ...]]:
    """All runs of one deviation."""
    return [(one,) for one in singles(normal_points(mode), mode)]


@MODES
def test_when_nothing_strikes(mode: Mode) -> None:
    """Sent once, signed, delivered in its place, and nobody but the signatory was asked for anything."""
    run = Run(mode)
    try:
        run.live()
        assert breaches(run) == []
        sent = run.world.platform.sent
        assert run.told == [f"signatory: {sent[0]}"]
        assert [(one.state, one.transaction) for one in run.records()] == [(State.DELIVERED, *sent)]
    finally:
        run.close()


@MODES
def test_a_slice_of_single_deviations(mode: Mode) -> None:
    """Whatever happens, wherever it happens: nothing twice, nothing lost, everything ends."""
    assert findings(mode, every_single(mode)[::EACH]) == []


@MODES
def test_a_few_by_chance(mode: Mode) -> None:
    """The same with up to four at once."""
    assert findings(mode, list(random_runs(mode, 4, seed=1))) == []


@MODES
@pytest.mark.parametrize("part", range(SLICES))
def test_one_deviation(mode: Mode, part: int) -> None:
    """Every one of them."""
    assert findings(mode, every_single(mode)[part::SLICES]) == []


@MODES
def test_up_to_four_deviations(mode: Mode) -> None:
    """A few hundred by chance."""
    assert findings(mode, list(random_runs(mode, 300, seed=6))) == []


# ------------------------------------------------------------------------------------------ what was found


def number_of(points: Sequence[Point], call: str, suffix: str) -> int:
    """Which point the first such call is."""
    return next(n for n, one in enumerate(points) if one.call == call and one.about.endswith(suffix))


def kept(mode: Mode, *deviations: Deviation) -> bool:
    """True when such a run happened and broke nothing; AssertionError tells what it broke."""
    outcome = explored(mode, deviations)
    assert outcome.breaches == (), outcome.told
    return outcome.kind == "kept"


@pytest.mark.parametrize("what", ["torn", "torn_unsaid"])
def test_the_end_of_a_request_torn_in_its_write(what: str) -> None:
    """A torn ``.done`` would be no end at all to a journal that starts from it: it is written whole.

    Also where the server said that it was: once the platform has forgotten, nothing else would tell the end.
    """
    end = number_of(normal_points("plain"), "create", ".done")
    assert kept("plain", Deviation(end, what))


@pytest.mark.parametrize("what", ["torn", "torn_unsaid"])
def test_the_signed_document_torn_in_its_write_and_killed(what: str) -> None:
    """Protocol R5: its half is written over with the whole by the next life, not left there with the whole beside."""
    place = number_of(normal_points("plain"), "create", "lettre.pdf")
    for then, back in (("crash", None), ("journal_lost", None), ("restored", -1), ("restored", place - 10)):
        assert kept("plain", Deviation(place, what), Deviation(place + 3, then, back)), then


@MODES
@pytest.mark.parametrize("then", ["journal_lost", "restored"])
def test_moved_with_its_status_while_its_end_is_told(mode: Mode, then: str) -> None:
    """Its end is told where the pair no longer is, and the journal lost then: « EN COURS » does not stay with them."""
    points = normal_points(mode)
    end = number_of(points, "create", ".done")
    told = max(
        n
        for n, one in enumerate(points[:end])
        if one.about.endswith(".signature.txt") and one.kind == "write"
    )
    back = -1 if then == "restored" else None
    assert kept(mode, Deviation(told - 2, "move_all"), Deviation(end + 1, then, back))


@MODES
def test_killed_between_the_end_and_the_spool(mode: Mode) -> None:
    """What was spooled for a request that is over does not stay on this machine for ever."""
    end = number_of(normal_points(mode), "create", ".done")
    assert all(kept(mode, Deviation(end + more, "crash")) for more in (1, 2))


@MODES
def test_a_second_machine_of_our_name_is_noticed(mode: Mode) -> None:
    """Both send one and the same, and whoever comes second tells the administrator; a lost journal tells of nobody."""
    points = normal_points(mode)
    mark = number_of(points, "create", ".sent")
    for what, told in (
        ("second_same", True),
        ("second_copied", True),
        ("journal_lost", False),
        ("restored", False),
        ("second_other", False),
    ):
        run = Run(mode, [Deviation(mark, what, -1 if what == "restored" else None)])
        try:
            with suppress(Restless):  # the two write the status in turn, for ever
                run.live()
            assert len(run.world.platform.sent) <= 1
            assert (standing(run.machine.parts, "folder:lettres", TWIN) is not None) is told, what
            if told:
                run.world.clock.advance(60)
                run.machine.stop()
                run.machine.start()
                run.machine.round()
                assert standing(run.machine.parts, "folder:lettres", TWIN) is None, "until it is seen again"
        finally:
            run.close()


@pytest.mark.parametrize(("then", "back"), [("journal_lost", None), ("restored", -1), ("crash", None)])
def test_what_comes_beside_torn_in_its_write_and_killed(then: str, back: int | None) -> None:
    """The same where a person had edited the PDF: no half of it is left beside the whole."""
    edited = Deviation(number_of(normal_points("plain"), "move", "lettre.pdf") - 2, "edit_pdf")
    place = number_of(explored("plain", [edited]).points, "create", "lettre (signé).pdf")
    assert kept("plain", edited, Deviation(place, "torn"), Deviation(place + 2, then, back))


@pytest.mark.parametrize("act", ["move_pair", "copy_pair"])
def test_carried_away_while_it_was_torn(act: str) -> None:
    """The broken file stays where a person put it in that very second; the whole comes home once, nothing is lost."""
    place = number_of(normal_points("plain"), "create", "lettre.pdf")
    run = Run("plain", [Deviation(place, "torn"), Deviation(place + 3, act)])
    try:
        run.live()
        assert breaches(run) == []
        (signed,) = run.world.platform.given.values()
        files = run.world.folder.files()
        assert [href for href, content in files.items() if content == signed[: len(signed) // 2]] == [
            "/Lettres/e/lettre.pdf"
        ]
        assert len([href for href, content in files.items() if content == signed]) == 1
    finally:
        run.close()


def test_moved_between_the_write_and_the_look_at_it() -> None:
    """Protocol 4.2, at its narrowest: without file ids one more identical copy comes, at the old place, and no more."""
    points = normal_points("plain")
    look = (
        next(n for n, one in enumerate(points) if one.call == "create" and one.about.endswith("lettre.pdf"))
        + 1
    )
    run = Run("plain", [Deviation(look, "move_all")])
    try:
        run.live()
        assert breaches(run) == []
        signed = run.world.platform.given[run.world.platform.sent[0]]
        there = [href for href, content in run.world.folder.files().items() if content == signed]
        assert there == ["/Lettres/e/lettre.pdf", "/Lettres/lettre.pdf"]
        assert sorted(record.state for record in run.records()) == [State.DELIVERED, State.UNCONFIRMED]
        assert len(run.world.platform.sent) == 1
    finally:
        run.close()


@pytest.mark.parametrize("answer", ["lost", "void"])
def test_a_send_that_cannot_be_asked_about_for_hours(answer: str) -> None:
    """Protocol R13: it is told as a doubt after two hours, not before; whoever answers it, the letter leaves once."""
    send = number_of(normal_points("plain"), "send", "")
    run = Run("plain", [Deviation(send, "away_5h"), Deviation(send, answer)])
    seen: list[tuple[float, State, str]] = []
    run.boundary = lambda here: seen.extend(
        (here.world.clock.at, one.state, one.reason) for one in here.records()
    )
    try:
        run.live()
        assert breaches(run) == []
        asked = next(at for at, state, reason in seen if (state, reason) == (State.MARKED, "send_unanswered"))
        doubted = next(at for at, state, _ in seen if state is State.IN_DOUBT)
        assert doubted - asked > run.machine.parts.timing.doubt.total_seconds()
        assert {reason for _, state, reason in seen if state is State.IN_DOUBT} == {"away_too_long"}
        assert len(run.world.platform.sent) == 1
    finally:
        run.close()


def test_every_name_for_the_original_is_taken() -> None:
    """Plain: nothing of a person's is moved or written over for want of a name; the signed one comes beside."""
    run = Run("plain")
    for number in range(1, 50):
        run.world.person.write(f"{ROOT}{names.original_name('lettre.pdf', number)}", b"%d" % number)
    try:
        run.live()
        assert breaches(run) == []
        [record] = run.records()
        assert (record.state, record.reason) == (State.DELIVERED_BESIDE, "pdf_changed")
        assert run.world.folder.content(f"{ROOT}lettre.pdf") == run.world.person.letter()
    finally:
        run.close()


@MODES
def test_every_name_beside_is_taken(mode: Mode) -> None:
    """The signed document waits in safety, and is told to; it comes when a name is free."""
    edited = Deviation(number_of(normal_points(mode), "download", "") + 2, "edit_pdf")
    run = Run(mode, [edited])
    person = run.world.person
    for number in range(1, 50):
        person.write(f"{ROOT}{names.signed_name('lettre.pdf', number)}", b"%d" % number)
    try:
        with suppress(Restless):  # it is tried for ever
            run.live()
        [record] = run.records()
        assert (record.state, record.reason) == (State.DELIVERING, "delivery_blocked")
        person.delete(f"{ROOT}lettre (signé) (7).pdf")
        run.come_to_rest()
        assert breaches(run) == []
        [record] = run.records()
        assert record.document.delivered_href == f"{ROOT}lettre (signé) (7).pdf"
    finally:
        run.close()


def test_a_save_that_was_moved_along_and_cannot_go_back() -> None:
    """Plain: a person's save goes back to its place, unless another file is there by then: all three stay."""
    edited = Deviation(number_of(normal_points("plain"), "move", "lettre.pdf"), "edit_pdf")
    back = number_of(explored("plain", [edited]).points, "move", "(original).pdf")
    run = Run("plain", [edited, Deviation(back, "restore_pdf")])
    try:
        run.live()
        assert breaches(run) == []
        assert [record.state for record in run.records()] == [State.DELIVERED_BESIDE]
        files, person = run.world.folder.files(), run.world.person
        assert files[f"{ROOT}lettre.pdf"] == person.letter()
        assert files[f"{ROOT}lettre (original).pdf"] == person.letter(1)
    finally:
        run.close()


def test_an_original_that_was_never_moved_is_not_said_to_lie_aside() -> None:
    """Plain: the move never happened, and a person saves: the signed one comes beside, the original lies nowhere."""
    move = number_of(normal_points("plain"), "move", "lettre.pdf")
    run = Run("plain", [Deviation(move, "void"), Deviation(move + 1, "edit_pdf")])
    try:
        run.live()
        assert breaches(run) == []
        [record] = run.records()
        assert (record.state, record.document.original_href) == (State.DELIVERED_BESIDE, None)
    finally:
        run.close()


@pytest.mark.parametrize("then", ["journal_lost", "crash"])
def test_a_half_is_mended_where_the_first_name_aside_is_anothers(then: str) -> None:
    """Plain: ours lies under the next one, by which the half at the place is known to be ours; theirs stays theirs."""
    theirs = f"{ROOT}lettre (original).pdf"
    points: Sequence[Point] = ()
    for deviations in ([], ["torn", then]):
        place = number_of(points, "create", "lettre.pdf") if points else 0
        run = Run("plain", [Deviation(place + 3 * n, what) for n, what in enumerate(deviations)])
        run.world.person.write(theirs, b"une autre")
        try:
            run.live()
            assert breaches(run) == []
            [record] = run.records()
            assert record.state is State.DELIVERED
            files = run.world.folder.files()
            assert files[theirs] == b"une autre"
            assert files[f"{ROOT}lettre (original) (2).pdf"] == run.world.person.letter()
        finally:
            run.close()
        points = run.points


def test_saved_again_in_the_very_second_of_its_delivery() -> None:
    """Nextcloud: an ETag proves nothing while its second lasts (WebDAV facts, trap 2): it is waited for."""
    run = Run("nextcloud")
    after: list[State] = []

    def saved(here: Run) -> None:
        if not after and [one.state for one in here.records()] == [State.DELIVERING]:
            here.world.clock.strike(PACE)
            here.world.person.write(f"{ROOT}lettre.pdf", here.world.person.letter())
            here.machine.round()
            after.extend(one.state for one in here.records())

    run.boundary = saved
    try:
        run.live()
        assert breaches(run) == []
        assert after == [State.DELIVERING]
        [record] = run.records()
        assert "too_fresh" in [name for _, name, _ in run.machine.parts.journal.events(record)]
        assert record.state is State.DELIVERED
    finally:
        run.close()


@MODES
def test_a_copy_is_not_taken_for_the_finished_original_by_a_new_journal(mode: Mode) -> None:
    """The journal is lost once all is over: the request is where its marker hides it, and still « SIGNÉ » there."""
    copied = Deviation(number_of(normal_points(mode), "create", ""), "copy_pair")
    over = number_of(explored(mode, [copied]).points, "create", ".done") + 1
    run = Run(mode, [copied, Deviation(over, "journal_lost")])
    try:
        run.live()
        assert breaches(run) == []
        delivered = [record.place for record in run.records() if record.state is State.DELIVERED]
        assert delivered == [f"{ROOT}lettre.sign.yaml"]
        status = run.world.folder.content(f"{ROOT}lettre.signature.txt") or b""
        assert status.decode("utf-8-sig").startswith("SIGNÉ")
        copy = run.world.folder.content(f"{ROOT}e/lettre.signature.txt") or b""
        assert copy.decode("utf-8-sig").startswith("À CONFIRMER")
    finally:
        run.close()


def restored_over_not_sent(mode: Mode, *, seen: bool = False) -> tuple[Deviation, Deviation]:
    """« pas partie » began another request, signed since; a backup is put back from before that line was ``seen``."""
    lost = Deviation(number_of(normal_points(mode), "create", ".sent") + 1, "journal_lost")
    points = explored(mode, [lost]).points
    over = [at for at, point in enumerate(points) if (point.call, point.about[-5:]) == ("create", ".done")]
    assert len(over) == 2, "one that was never sent, and the one that was launched then"
    read = [
        at for at, point in enumerate(points) if point.call == "get" and point.about.endswith(".sign.yaml")
    ]
    commits = [at for at, point in enumerate(points) if point.kind == "commit"]
    kept = next(at for at in commits if at > read[2]) if seen else max(at for at in commits if at < read[2])
    return lost, Deviation(over[1] + 1, "restored", kept)


@pytest.mark.parametrize("seen", [False, True], ids=["from before the line", "the line read, not obeyed"])
@MODES
def test_a_restored_journal_finds_what_was_launched_by_not_sent(mode: Mode, seen: bool) -> None:
    """The backup does not know the later request, and is told by its marker."""
    run = Run(mode, restored_over_not_sent(mode, seen=seen))
    try:
        run.live()
        assert breaches(run) == []
        assert len(run.struck) == 2
        status = run.world.folder.content(f"{ROOT}lettre.signature.txt") or b""
        assert status.decode("utf-8-sig").startswith("SIGNÉ")
        current = [(record.place, record.state) for record in run.records() if record.current]
        assert current == [(f"{ROOT}lettre.sign.yaml", State.DELIVERED)]
    finally:
        run.close()


@MODES
def test_killed_while_one_request_takes_the_place_of_another(mode: Mode) -> None:
    """At every commit after that backup was put back: in the end one of them stands there, and says what it is."""
    before = restored_over_not_sent(mode)
    points = explored(mode, before).points
    commits = [at for at, point in enumerate(points) if point.kind == "commit" and at > before[1].at]
    assert len(commits) > 5
    assert findings(mode, [(*before, Deviation(at, "crash")) for at in commits]) == []


def test_renamed_and_then_everything_lost() -> None:
    """Journal and status gone after the connector was renamed: nothing is sent again, and its former name finds it."""
    run = Run("plain")
    folder, person, platform = run.world.folder, run.world.person, run.world.platform
    status, owner = f"{ROOT}lettre.signature.txt", f"{ROOT}.signature/owner"

    def another(name: str) -> list[tuple[State, str]]:
        run.machine.stop()
        folder.take_away(owner)  # as take-over does
        run.machine = run.world.machine(run.gate, connector=name, journal=kept)
        run.machine.start()
        run.rounds(8)
        return [(record.state, record.reason) for record in run.records()]

    try:
        run.machine.start()
        run.rounds(1)
        run.world.clock.advance(5)
        person.drop()
        run.rounds(6)
        assert len(platform.sent) == 1
        folder.take_away(status)
        run.machine.stop()
        run.machine.put_back(None)
        run.machine.start()
        run.machine.stop()
        kept = run.machine.database.read_bytes()
        run.machine.start()
        assert another("renamed") == [(State.HELD, "there_before")]
        platform.sign_by_all(platform.sent[0])
        kept = run.machine.backup()
        assert (State.DELIVERED, "") in another("test-1")
        assert len(platform.sent) == 1
    finally:
        run.close()
