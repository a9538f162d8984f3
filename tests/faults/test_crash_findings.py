"""What the crash matrix found: each fault by itself, in as few words as it takes."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import Any

import pytest

from connector.lifecycle import State
from connector.passes import account_pass
from tests.faults.points import Killed, Points, Variant
from tests.faults.test_orders import struck
from tests.worlds import ONE, QUICK, ROOT, Mode, Stage, workers


@pytest.mark.parametrize(
    ("point", "variant"), [("commit remember #1", "before"), ("commit closed #1", "after")]
)
def test_killed_while_a_request_is_closed(tmp_path: Path, point: str, variant: Variant) -> None:
    """The end stands in the registry already: all the same its bytes leave the spool, and who signed is remembered."""
    points = Points(point=point, variant=variant)
    with Stage(tmp_path, seams=points.seams(workers())) as stage:
        stage.drop()
        stage.run()
        stage.sign()
        points.armed = True
        with pytest.raises(Killed):
            stage.run()
        stage.restart()
        stage.run()
        assert stage.record().closed
        assert stage.parts.spool.references() == set()
        assert len(stage.parts.journal.contacts("cabinet")) == 1
        stage.intact()


@pytest.mark.parametrize("variant", ["before", "after", "lost"])
def test_killed_while_a_status_moves(tmp_path: Path, variant: str) -> None:
    """Its people rename the pair: the status follows, and the former one does not stay for good."""
    with struck(tmp_path, "DELETE lettre.signature.txt", variant, "nextcloud") as (stage, points):
        stage.drop()
        stage.run()
        for ending in ("pdf", "sign.yaml"):
            stage.move(f"lettre.{ending}", f"avenant.{ending}")
        points.armed = True
        if variant == "lost":
            stage.run()
        else:
            with pytest.raises(Killed):
                stage.run()
            stage.restart()
        points.armed = False
        stage.clock.advance(3700)
        stage.run()
        assert [name for name in stage.files() if "signature" in name] == ["avenant.signature.txt"]
        stage.intact()


@pytest.mark.parametrize("signed", [False, True])
def test_a_former_status_that_cannot_be_taken_away_at_once(tmp_path: Path, signed: bool) -> None:
    """One broken answer, while it is out or when it is over: it goes an hour later, and the request is closed then."""
    with Stage(tmp_path) as stage:
        stage.drop()
        stage.run()
        if signed:
            stage.sign()
            stage.run()
            assert stage.record().closed
        rule = stage.dms.misbehave(kind="status", status=500, method="DELETE", path="*lettre.signature.txt")
        for ending in ("pdf", "sign.yaml"):
            stage.move(f"lettre.{ending}", f"avenant.{ending}")
        stage.run()
        assert rule.times == 0
        assert "avenant.signature.txt" in stage.files()
        stage.clock.advance(3700)
        stage.run()
        assert [name for name in stage.files() if "signature" in name] == ["avenant.signature.txt"]
        assert stage.records()[-1].closed is signed
        stage.intact()


def hourly(stage: Stage, times: int) -> None:
    """So many hours pass, and each time it is looked at once more."""
    for _ in range(times):
        stage.clock.advance(3700)
        stage.run()


def deletions(stage: Stage) -> int:
    """How often the folder was asked to delete something."""
    return sum(one.method == "DELETE" for one in stage.dms.requests)


def test_withdrawn_while_a_former_status_cannot_be_taken_away(tmp_path: Path) -> None:
    """No clear answer for hours: it is closed once that status is gone, not before."""
    with Stage(tmp_path) as stage:
        stage.drop(sidecar=ONE + "envoi: non\n")
        stage.run()
        rule = stage.dms.misbehave(
            kind="status", status=500, method="DELETE", path="*lettre.signature.txt", times=None
        )
        for ending in ("pdf", "sign.yaml"):
            stage.move(f"lettre.{ending}", f"avenant.{ending}")
        stage.run()
        for ending in ("pdf", "sign.yaml"):
            stage.delete(f"avenant.{ending}")
        hourly(stage, 4)
        assert [name for name in stage.files() if "signature" in name] == ["lettre.signature.txt"]
        assert [(one.state, one.closed) for one in stage.records()] == [(State.WITHDRAWN, False)]
        rule.times = 0
        hourly(stage, 2)
        assert [name for name in stage.files() if "signature" in name] == []
        assert [one.closed for one in stage.records()] == [True]
        stage.intact()


def test_withdrawn_while_a_former_status_may_not_be_taken_away(tmp_path: Path) -> None:
    """The folder that it came from takes nothing: its status where it is now goes all the same, and it is closed."""
    with Stage(tmp_path) as stage:
        stage.person.mkdir(f"{ROOT}/A")
        stage.drop(sidecar=ONE + "envoi: non\n", folder=f"{ROOT}/A")
        stage.run()
        stage.dms.misbehave(
            kind="status", status=403, method="DELETE", path="*/A/lettre.signature.txt", times=None
        )
        for ending in ("pdf", "sign.yaml"):
            stage.person.move(f"{ROOT}/A/lettre.{ending}", f"{ROOT}/lettre.{ending}")
        stage.run()
        assert "lettre.signature.txt" in stage.files()
        asked = deletions(stage)
        hourly(stage, 3)
        assert deletions(stage) == asked, "what is refused is not asked for at each look"
        for ending in ("pdf", "sign.yaml"):
            stage.delete(f"lettre.{ending}")
        hourly(stage, 3)
        assert [name for name in stage.files() if "signature" in name] == ["A/lettre.signature.txt"]
        assert [one.closed for one in stage.records()] == [True]
        asked = deletions(stage)
        hourly(stage, 3)
        assert deletions(stage) == asked


def test_stopping_right_before_the_marker(tmp_path: Path) -> None:
    """E2: told to stop during the last look before the marker: it is not made; the next start makes and sends once."""
    points = Points()
    with Stage(tmp_path, seams=points.seams(workers())) as stage:
        original = points.passing

        def passing(name: str, *effect: Any) -> Any:
            if name == "dms GET owner" and "commit prepared #1" in points.labels:
                stage.parts.stop.set()
            return original(name, *effect)

        points.passing = passing  # type: ignore[method-assign]
        points.armed = True
        stage.drop()
        stage.run()
        points.armed = False
        assert "commit prepared #1" in points.labels
        assert not any(label.startswith("dms PUT") for label in points.labels)
        points.passing = original  # type: ignore[method-assign]
        stage.restart()
        stage.run()
        assert stage.sends() == [1]
        stage.intact()


def test_stopping_right_after_the_marker(tmp_path: Path) -> None:
    """E2: told to stop while the marker is made: it is not sent any more, nor doubted; the next start sends it once."""
    points = Points()
    with Stage(tmp_path, seams=points.seams(workers())) as stage:
        original = points.passing

        def passing(name: str, *effect: Any) -> Any:
            if name.endswith(".sent"):
                stage.parts.stop.set()
            return original(name, *effect)

        points.passing = passing  # type: ignore[method-assign]
        points.armed = True
        stage.drop()
        stage.run(4)
        points.armed = False
        points.passing = original  # type: ignore[method-assign]
        assert "commit marked #1" in points.labels
        assert stage.sends() == [0]
        stage.restart()
        stage.run()
        stage.clock.advance(QUICK.quiet_send.total_seconds())
        stage.run()
        assert stage.sends() == [1]
        assert stage.first_line().startswith("EN COURS – ")
        stage.intact()


@pytest.mark.parametrize("variant", ["after", "later"])
def test_killed_while_a_server_is_tried_out(tmp_path: Path, variant: Variant) -> None:
    """The empty hidden file of the trial is seen by the next start that lists its folder, and goes with a new file."""
    points = Points(point="dms PUT .….part #1", variant=variant)
    with Stage(tmp_path, "plain", seams=points.seams(workers())) as stage:
        stage.restart()  # what was found out about the server is forgotten
        points.armed = True
        stage.drop()
        with contextlib.suppress(Killed):
            stage.run()
        points.armed = False
        points.let_everything_happen()
        assert points.struck
        assert hidden(stage) != []
        stage.restart()
        stage.run()
        stage.drop("autre")
        stage.run()
        assert hidden(stage) == []
        assert sum(stage.sends()) == 2
        stage.intact()


def test_a_hidden_file_of_somebody_else_stays(tmp_path: Path) -> None:
    """One with bytes in it is nobody's trial, whatever it is called."""
    with Stage(tmp_path, "plain") as stage:
        stage.write(".0123456789abcdef.part", "du travail")
        stage.restart()
        stage.drop()
        stage.run()
        stage.drop("autre")
        stage.run()
        assert stage.sends() == [1, 1]
        assert hidden(stage) == [f"{ROOT}/.0123456789abcdef.part"]


def hidden(stage: Stage) -> list[str]:
    return [name for name in stage.ground.files() if name.endswith(".part")]


def test_killed_before_a_request_is_known(tmp_path: Path) -> None:
    """Its PDF was put into the spool under a name that no record ever bears: it does not stay there."""
    points = Points(point="commit accepted #1", variant="before")
    with Stage(tmp_path, seams=points.seams(workers())) as stage:
        points.armed = True
        stage.drop()
        with pytest.raises(Killed):
            stage.run()
        stage.restart()
        assert stage.parts.spool.references() == set()
        stage.run()
        assert stage.parts.spool.references() == {stage.record().ref}
        stage.intact()


def test_what_nobody_knows_any_more_but_is_signed_stays(tmp_path: Path) -> None:
    """The journal is lost, a signed document is not: it stays in the spool until its request is known and ends."""
    with Stage(tmp_path) as stage:
        stage.drop()
        stage.run()
        stage.sign()
        stage.clock.advance(3)
        account_pass(stage.parts, "cabinet")
        ref = stage.record().ref
        stage.stop()
        shutil.rmtree(stage.state.directory / "journal")
        stage.state.make()
        stage.start()
        assert stage.parts.spool.references() == {ref}
        stage.run()
        assert stage.parts.spool.references() == set()
        assert stage.first_line().startswith("SIGNÉ – ")
        stage.intact()


@pytest.mark.parametrize("variant", ["late", "later"])
def test_the_original_is_moved_aside_late(tmp_path: Path, variant: Variant) -> None:
    """The move was given up, looked for, and happens then: the signed document takes its place all the same."""
    points = Points(point="dms MOVE lettre.pdf #1", variant=variant)
    with Stage(tmp_path, "plain", seams=points.seams(workers())) as stage:
        stage.drop()
        stage.run()
        stage.sign()
        points.armed = True
        stage.run()
        assert points.struck
        assert stage.first_line() == "SIGNÉ – « lettre.pdf » est maintenant la version signée"
        assert [name for name in stage.files() if name.endswith(".pdf")] == [
            "lettre (original).pdf",
            "lettre.pdf",
        ]
        stage.intact()


@pytest.mark.parametrize("mode", ["nextcloud", "plain"])
def test_a_finished_request_is_carried_late(tmp_path: Path, mode: Mode) -> None:
    """A move without an answer takes place when the next pass has looked already: the status follows all the same."""
    points = Points(point="dms MOVE lettre.sign.yaml #1", variant="later")
    with Stage(tmp_path, mode, seams=points.seams(workers())) as stage:
        stage.drop(sidecar=ONE + "après signature: ranger\n")
        stage.run()
        stage.sign()
        points.armed = True
        stage.run()
        stage.clock.advance(600)
        stage.run()
        assert points.struck
        assert stage.files(f"{ROOT}/Demandes terminées") == ["lettre.sign.yaml", "lettre.signature.txt"]
        assert "lettre.signature.txt" not in stage.files()
        assert stage.parts.journal.intended(stage.records()[-1]) == ()
        stage.intact()


def test_killed_before_a_finished_request_is_carried(tmp_path: Path) -> None:
    """What the next start leaves alone for a minute, since it may be under way, is carried afterwards all the same."""
    points = Points(point="commit intend_tidy #1", variant="after")
    with Stage(tmp_path, "plain", seams=points.seams(workers())) as stage:
        stage.drop(sidecar=ONE)
        stage.write("_signature.yaml", "après signature: ranger\n")
        stage.run()
        stage.sign()
        points.armed = True
        with pytest.raises(Killed):
            stage.run()
        stage.restart()
        stage.run()
        assert stage.files(f"{ROOT}/Demandes terminées") == []
        stage.clock.advance(60)
        stage.run()
        assert stage.files(f"{ROOT}/Demandes terminées") == ["lettre.sign.yaml", "lettre.signature.txt"]
        stage.intact()


@pytest.mark.parametrize("variant", ["before", "after"])
def test_killed_in_a_send_holds_the_accounts_others(tmp_path: Path, variant: Variant) -> None:
    """R9b: its send has no answer either: no other of the account leaves before the platform has answered a read."""
    points = Points(point="platform POST send #1", variant=variant)
    with Stage(tmp_path, seams=points.seams(workers())) as stage:
        stage.drop("une")
        points.armed = True
        with pytest.raises(Killed):
            stage.run()
        points.armed = False
        sent = stage.sends()
        stage.platform.misbehave(operation="status", kind="status", status=503, times=None)
        stage.restart()
        stage.drop("autre")
        stage.run(3)
        assert stage.sends() == sent, "nothing is known of the first yet"
        stage.platform.behave()
        stage.clock.advance(4000)
        stage.run(20)
        assert stage.sends()[1:] == [1]
        assert stage.sends()[:1] == sent
        stage.intact()
