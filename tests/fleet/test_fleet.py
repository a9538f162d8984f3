"""Several connectors, broken at chosen moments: sent once, delivered once, in its right state, nothing left.

Protocol R2, R6, R9, R12; scenarios D1, D7, E1. The storms of ``python -m tests.fleet`` draw theirs.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.fleet import network
from tests.fleet.chaos import Storm, stormed
from tests.fleet.scene import Scene, scene
from tests.fleet.service import TTL_S
from tests.soak.letters import ROOT, Fate

pytestmark = pytest.mark.system

BETWEEN = (
    ("dms", "PUT *.sent", "before"), ("dms", "PUT *.sent", "after"), ("platform", "send", "before"),
    ("platform", "send", "after"), ("dms", "MOVE */uploads/*", "before"), ("dms", "MOVE */uploads/*", "after"),
)  # fmt: skip
"""Before the marker, between it and the send, a send that takes effect late, a send unheard; a delivery the same."""


def test_a_slice_of_a_storm(tmp_path: Path) -> None:
    """Killed while a request is out, frozen past the lease, cut off, the database crashed: within one small storm."""
    kinds = ("killed at a moment", "frozen", "cut off", "database crashed")
    storm = Storm(firms=2, letters=2, connectors=2, faults=4, paired=False, kinds=kinds, seed=3, longest_s=90)
    came = stormed(tmp_path, storm)
    assert came.faults == []
    assert came.restarts == []
    assert sum(came.struck.values()) >= (2 if network.why_not() else 3), came.struck


def test_killed_at_each_moment(tmp_path: Path) -> None:
    """SIGKILL at six moments of a request's way, one letter each: another connector finds out what is true."""
    with scene(tmp_path) as stage:
        stage.start("one", "two")
        for server, what, moment in BETWEEN:
            struck = _held_at(stage, server, what, moment)
            stage.fleet.kill(struck)
            stage.fleet.let_go(server)
            stage.until(lambda struck=struck: stage.holder(0) not in ("", struck))
            stage.start(struck)
        assert stage.end() == []


def test_frozen_at_each_moment(tmp_path: Path) -> None:
    """SIGSTOP past the lease at the same moments, SIGCONT once another works there: the frozen one does nothing more.

    That it asked no server for any change without a lease is counted (``judge``); it begins anew by itself.
    """
    with scene(tmp_path) as stage:
        stage.start("one", "two")
        for server, what, moment in BETWEEN:
            struck = _held_at(stage, server, what, moment)
            child = stage.fleet.connectors[struck]
            child.freeze()
            stage.fleet.let_go(server)
            stage.until(lambda struck=struck: stage.holder(0) not in ("", struck))
            # Counted before it goes on: on a slow machine it may begin anew before we count.
            begun = _processes(stage, struck)
            child.thaw()
            stage.until(lambda struck=struck, begun=begun: _processes(stage, struck) > begun)
        assert stage.end() == []


def _held_at(stage: Scene, server: str, what: str, moment: str) -> str:
    """Have a fresh letter's request wait there; returns whose it is."""
    stage.fleet.hold(server, what, moment)
    stage.drop()
    stage.until(lambda: stage.fleet.held(server))
    return stage.holder(0)


def _processes(stage: Scene, name: str) -> int:
    [(count,)] = stage.base.ask("SELECT count(*) FROM process WHERE name = %s", name)
    return int(count)


@pytest.mark.parametrize("server", network.SERVERS)
def test_cut_off_past_the_lease_and_back(server: str, tmp_path: Path) -> None:
    """Without the database another takes over, and the one that is cut off asks for no change anywhere; without the DMS
    or the platform it keeps its work, and goes on when the way is back."""
    with scene(tmp_path, firms=2, cuts=True) as stage:
        stage.start("one", "two")
        net = stage.fleet.network
        assert net is not None
        out = stage.drop(0)
        stage.until(lambda: stage.told(0, out).startswith("EN COURS"), look=False)
        struck = stage.holder(0)
        net.cut(struck, server)
        stage.drop(0)
        stage.drop(1)
        if server == "db":
            stage.until(lambda: stage.holder(0) not in ("", struck))
        else:
            end = time.monotonic() + TTL_S * 1.5
            stage.until(lambda: time.monotonic() > end)
            assert stage.holder(0) == struck
        net.restore(struck, server)
        assert stage.end() == []


@pytest.mark.parametrize("how", ["fast", "immediate", "failed over"])
def test_the_database_goes_under_them(how: str, tmp_path: Path) -> None:
    """Restarted, crashed, or killed and taken over by its synchronous standby while letters are on their way."""
    with scene(tmp_path, firms=2, paired=how == "failed over") as stage:
        stage.start("one", "two")
        letters = [(firm, stage.drop(firm, fate)) for firm in (0, 1) for fate in (Fate.SIGNED, Fate.EDITED)]
        stage.until(lambda: any(stage.told(firm, letter) for firm, letter in letters))
        if how == "failed over":
            stage.base.fail_over()
        else:
            stage.base.restart(how)
        stage.drop(0)
        assert stage.end() == []


def test_a_failover_that_loses_the_last_commits(tmp_path: Path) -> None:
    """The journal of some moments ago: what left meanwhile has a marker, which is believed first (R2, R6)."""
    with scene(tmp_path, firms=2, lagging=True) as stage:
        stage.start("one", "two")
        before = stage.drop(0)
        stage.until(lambda: stage.told(0, before).startswith("EN COURS"), look=False)
        stage.base.lag()
        lost = [(firm, stage.drop(firm)) for firm in (0, 1)]
        stage.until(lambda: all(stage.told(*one).startswith("EN COURS") for one in lost), look=False)
        stage.base.fail_over()
        refs = [stage.told(*one).partition("ref: ")[2][:6] for one in lost]
        assert [ref for (ref,) in stage.base.ask("SELECT ref FROM record") if ref in refs] == []
        assert stage.end() == []


def test_one_more_and_one_less(tmp_path: Path) -> None:
    """One that is started takes its part within moments; one that is stopped leaves its own to the others at once."""
    with scene(tmp_path, firms=4) as stage:
        stage.start("one")
        for firm in range(4):
            stage.drop(firm)
        stage.start("two")
        assert stage.shares() == {"one": 2, "two": 2}
        out = [(firm, stage.drop(firm, Fate.REFUSED)) for firm in range(4)]
        # What is out has a copy on the disk of whoever sent it: at the end none stays there.
        stage.until(lambda: all(stage.told(*one).startswith("EN COURS") for one in out), look=False)
        for firm in range(4):
            stage.drop(firm)
        assert stage.fleet.stop("one") == 0
        began = time.monotonic()
        stage.until(lambda: stage.shares() == {"two": 4})
        assert time.monotonic() - began < TTL_S * 0.8, "it waited for the lease to lapse"
        assert stage.end() == []


def test_a_pair_is_moved_or_copied_to_another_firm(tmp_path: Path) -> None:
    """Moved, it is the same request, followed by whoever has both; copied, it is shown as one and never sent (R1)."""
    with scene(tmp_path, firms=2) as stage:
        stage.start("one", "two")
        assert stage.holder(0) != stage.holder(1)
        moved, copied = stage.drop(0), stage.drop(0)
        stage.until(
            lambda: all(stage.told(0, one).startswith("EN COURS") for one in (moved, copied)), look=False
        )
        first, second = stage.fleet.firms
        for end in (".pdf", ".sign.yaml"):
            first.dms.copy_to(f"{ROOT}/{copied.name}{end}", second.name, f"{ROOT}/{copied.name}{end}")
            first.dms.move_to(f"{ROOT}/{moved.name}{end}", second.name, f"{ROOT}/{moved.name}{end}")
        stage.letters[0].remove(moved)
        stage.until(lambda: stage.told(1, copied).startswith("À CONFIRMER"))
        [view] = [one for one in first.platform.transactions() if one.object == moved.name]
        first.platform.person_signs(view.id, "marie.dupont@cabinet.fr")
        stage.until(lambda: stage.told(1, moved).startswith("SIGNÉ"))
        assert [one.sends for one in first.platform.transactions()] == [1, 1]
        assert [one.sends for one in second.platform.transactions() if one.sends] == []
        second.dms.delete(f"{ROOT}/{copied.name}.sign.yaml")
        second.dms.delete(f"{ROOT}/{copied.name}.pdf")
        assert stage.end() == []
