"""Suspicions that were put to the test: hands left over, levels of a listing, rights that refuse a delivery."""

from __future__ import annotations

import time
from pathlib import Path

from connector import marks
from connector.lifecycle import State
from connector.passes import server_pass
from tests.faults.test_in_other_hands import until
from tests.faults.test_once import SECOND_FOLDER, Town, in_place, letter, send_out
from tests.worlds import ROOT

HOUR = 3_600.0


def test_a_marker_on_its_way_while_the_folder_is_taken_in_again(tmp_path: Path) -> None:
    """A pass is over and a marker still on its way; the owner file vanishes, so that the registry is taken in anew: the
    marker is that thread's own, no question; the request leaves, and nobody has to decide anything."""
    with Town(tmp_path, "plain") as stage:
        stage.drop()
        stage.round()
        # The marker is there at once, its answer comes seconds later.
        stage.dms.misbehave(kind="latency", method="GET", path="*.sent", seconds=8)
        stage.clock.advance(3)
        server_pass(stage.parts, "dms", stage.memory, deadline=time.monotonic() + 4)
        until(lambda: len(stage.markers()) == 1, "the marker")
        assert stage.memory.hands.busy
        stage.dms.person.delete(f"{ROOT}/.signature/owner")
        for _ in range(3):
            stage.clock.advance(3)
            server_pass(stage.parts, "dms", stage.memory, deadline=time.monotonic() + 0.3)
        assert stage.memory.hands.busy, "the registry was to be taken in meanwhile"
        until(lambda: not stage.memory.hands.busy, "the answer")
        stage.run()
        assert stage.record().state is State.IN_PROGRESS, stage.status()
        assert stage.sends() == [1]
        stage.intact()


def test_a_delivery_that_rights_refuse(tmp_path: Path) -> None:
    """The folder is made read-only while a letter is out: its signed version is carried there once, not at each
    try; with the right back it comes home."""
    with Town(tmp_path) as stage:
        send_out(stage, "lettre")
        stage.dms.shares[ROOT] = 1
        stage.sign()
        stage.run(6)
        assert stage.record().state is State.DELIVERING
        stage.dms.forget_requests()
        for _ in range(8):
            stage.clock.advance(HOUR)
            stage.round()
        carried = [one for one in stage.dms.requests if one.method == "PUT" and "/uploads/" in one.path]
        assert len(carried) <= 1, [one.path for one in carried]
        assert stage.record().reason == "delivery_blocked"
        del stage.dms.shares[ROOT]
        for _ in range(3):
            stage.clock.advance(HOUR)
            stage.run(4)
        assert stage.first_line() == in_place("lettre")
        stage.intact()


def test_whoever_takes_a_folder_over_stops_the_other(tmp_path: Path) -> None:
    """Another connector takes the folder while this one is at work there: it notices at its next look, says so once,
    writes nothing more, and what it had sent is the other's to bring home; given back, it goes on."""
    with Town(tmp_path) as stage:
        send_out(stage, "lettre")
        owner = stage.dms.disk(f"{ROOT}/.signature/owner")
        ours = owner.read_bytes()
        theirs = marks.write(marks.Owner(connector="other-host", since=stage.clock.now()), stage.parts.sealer)
        stage.dms.person.write(f"{ROOT}/.signature/owner", theirs)
        stage.drop("neuve", letter("neuve"))
        stage.sign()
        stage.run(2)
        before = stage.tree()
        stage.later(HOUR)
        assert stage.tree() == before
        assert "other-host" in stage.memory.troubles["lettres"]
        assert stage.tries() == 1
        assert stage.record().state is State.DELIVERING
        stage.dms.person.write(f"{ROOT}/.signature/owner", ours)
        stage.later(HOUR)
        assert stage.first_line() == in_place("lettre")
        assert stage.first_line("neuve").startswith("EN COURS – ")
        stage.intact()


def test_one_folder_below_that_may_not_be_listed(tmp_path: Path) -> None:
    """What cannot be seen might hold anything, a request that was moved there, or its status: from that watched folder
    nothing new leaves, told once; what is out comes home all the same, other watched folders go on, and it ends by
    itself."""
    with Town(tmp_path, "plain", edits=SECOND_FOLDER, start=False, depth_infinity=False) as stage:
        stage.dms.person.mkdir("Autres")
        stage.dms.person.mkdir(f"{ROOT}/Interdit")
        stage.start()
        stage.run()
        send_out(stage, "lettre")
        stage.dms.misbehave(kind="status", status=403, method="PROPFIND", path="*Interdit*", times=None)
        stage.sign()
        stage.drop("neuve", letter("neuve"))
        stage.later(HOUR)
        assert set(stage.memory.troubles) == {"lettres"}
        assert "403" in stage.memory.troubles["lettres"]
        assert stage.read("lettre.pdf") != letter(f"{ROOT} lettre"), "it came home"
        assert stage.tries() == 1
        send_out(stage, "ailleurs", folder="Autres")
        stage.dms.behave()
        stage.later(HOUR)
        assert stage.memory.troubles == {}
        assert stage.first_line() == in_place("lettre")
        assert stage.first_line("neuve").startswith("EN COURS – ")
        assert stage.sends() == [1] * 3
        stage.intact()
