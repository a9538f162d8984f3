"""What remains (protocol page section 4): each residual risk as it comes about, and that it goes no further.

One more copy of the same bytes, one more request for what cannot be told from a new one, one request that nobody can
know of any more: never a loss beyond what is written there, never a second transaction, never a second invitation
unless the administrator has set that the platform refuses one.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from connector.cli import wiring
from connector.config import load_config
from connector.guards import ServerMemory
from connector.lifecycle import State
from connector.passes import account_pass, server_pass
from connector.ports import Href
from connector.steps.parts import Parts
from tests import documents
from tests.faults.points import Killed, Points
from tests.faults.stories import signatures
from tests.faults.test_once import BEFORE_US, OUT, Town, in_place
from tests.faults.test_second_look import JSON, put
from tests.worlds import ONE, ROOT, Mode, Stage, workers

MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])
LETTER = documents.letter(1, "lettre")
EDITED = documents.letter(1, "corrigée")
DELIVERY: dict[Mode, str] = {"nextcloud": "dms MOVE .file #1", "plain": "dms PUT lettre.pdf #1"}
"""The one effect that makes the signed PDF the document."""
BESIDE = "lettre (signé).pdf"
STATUS = "lettre.signature.txt"
SIGNED = "Document signé"


def out(stage: Stage) -> None:
    stage.drop(pdf=LETTER)
    stage.run()
    assert stage.first_line().startswith(OUT), stage.status()


def later(stage: Stage) -> None:
    """Let every wait go by."""
    for _ in range(2):
        stage.run()
        stage.clock.advance(1000)
        stage.renew()
    stage.run()


def tries(stage: Stage) -> int:
    """How often the platform was asked to send anything."""
    return sum(request.operation == "send" for request in stage.platform.requests)


# --------------------------------------------------------------------------------------------- 1


@MODES
def test_1_both_edited_and_moved_at_once(tmp_path: Path, mode: Mode) -> None:
    """Plain: PDF and sidecar edited and moved between two looks are a new request. Nextcloud knows the file."""
    with Stage(tmp_path, mode) as stage:
        stage.person.mkdir(f"{ROOT}/Archives")
        out(stage)
        first = stage.record().transaction
        stage.write("lettre.pdf", EDITED)
        stage.write("lettre.sign.yaml", ONE + "objet: Lettre de mission corrigée\n")
        for name in ("lettre.pdf", "lettre.sign.yaml"):
            stage.move(name, name, to_folder=f"{ROOT}/Archives")
        later(stage)
        there = stage.record(folder=f"{ROOT}/Archives")
        assert (there.transaction == first) is (mode == "nextcloud")
        assert stage.sends() == ([1] if mode == "nextcloud" else [1, 1])
        stage.sign()
        later(stage)
        # The first one's people have signed: that document is never lost, whatever has become of its place.
        home = "Archives/" if mode == "nextcloud" else ""
        assert signatures(stage.read(f"{home}{BESIDE}")) == 1
        if mode == "plain":
            assert stage.record(folder=f"{ROOT}/Archives").state is State.DELIVERED
            assert stage.read("Archives/lettre (original).pdf") == EDITED
        else:
            assert stage.read("Archives/lettre.pdf") == EDITED
        assert stage.sends() == ([1] if mode == "nextcloud" else [1, 1])
        stage.intact()


# --------------------------------------------------------------------------------------------- 2


@MODES
@pytest.mark.parametrize("how", ["killed", "journal lost"])
@pytest.mark.parametrize("act", ["deleted", "restored", "edited"])
def test_2_interrupted_and_then_touched(tmp_path: Path, mode: Mode, act: str, how: str) -> None:
    """Killed between the delivery and its fact, and a person is faster than the restart: at most one more copy."""
    points = Points(point=DELIVERY[mode], variant="after")
    with Town(tmp_path, mode, seams=points.seams(workers())) as stage:
        out(stage)
        stage.sign()
        points.armed = True
        with pytest.raises(Killed):
            stage.run()
        signed = stage.read("lettre.pdf")
        assert signatures(signed) == 1
        if act == "deleted":
            stage.delete("lettre.pdf")
            _give_up(stage)
        elif act == "edited":
            stage.write("lettre.pdf", EDITED)
        else:
            _restore(stage)
        if how == "killed":
            stage.restart()
        else:
            stage.lose_journal()
        later(stage)
        copies = [name for name in stage.files() if "(signé)" in name]
        assert copies in ([], [BESIDE])
        if copies:
            assert stage.read(BESIDE) == signed, "the same bytes once more"
        if act == "edited":
            assert stage.read("lettre.pdf") == EDITED, "what a person saved stays"
        if act == "deleted" and (mode, how) == ("plain", "killed"):
            # The original lies aside and nothing in its place: as if the delivery had not come so far.
            assert (copies, stage.read("lettre.pdf")) == ([], signed)
        elif act == "deleted":
            assert copies == [BESIDE]
            assert "lettre.pdf" not in stage.files()
        history = [content for _, _, content in stage.dms.versions_of(f"{ROOT}/lettre.pdf")]
        assert copies or signed in history or stage.read("lettre.pdf") == signed, "it is there"
        # Nextcloud keeps no version of what is overwritten within its second. Where it kept one the signed document was
        # home, and what lies there now is another: said as after any end (a lost journal knows of no other).
        was_home = (act, how, mode, copies) == ("edited", "killed", "nextcloud", [])
        after = "À CONFIRMER – le PDF a changé après une demande terminée" if was_home else "SIGNÉ – "
        assert stage.first_line().startswith(after)
        assert (stage.sends(), tries(stage)) == ([1], 1)
        stage.intact()


def _give_up(stage: Stage, name: str = "lettre.pdf") -> None:
    """Let go of what a person deleted with all its history, or what this risk has cost."""
    kept = {*stage.ground.files().values(), *stage.ground.kept()}
    there = {hashlib.sha256(content).hexdigest() for content in kept}
    stage.owed = {key: path for key, path in stage.owed.items() if path != f"{ROOT}/{name}" or key in there}


def _restore(stage: Stage) -> None:
    """Put the unsigned letter back in its place, as the server lets people do."""
    if stage.mode == "plain":
        stage.delete("lettre.pdf")
        stage.move("lettre (original).pdf", "lettre.pdf")
        return
    with stage.dms.act() as folder:
        assert folder is not None
        node = stage.dms.node(f"{ROOT}/lettre.pdf")
        assert node is not None
        assert folder.restore(node, stage.dms.versions_of(f"{ROOT}/lettre.pdf")[1][0])


# ----------------------------------------------------------------------------------------- 3 and 4


@contextmanager
def relief(stage: Stage) -> Iterator[tuple[Parts, ServerMemory]]:
    """A second process on the same journal, that has taken over from one that gives no sign of life."""
    config = load_config(stage.config_text)
    seams = wiring.Seams(pool=workers())
    with wiring.wired(config, stage.state, now=stage.clock.now, seams=seams) as parts:
        parts.timing = stage.timing
        yield parts, ServerMemory()


def passes(stage: Stage, parts: Parts, memory: ServerMemory, times: int = 4) -> None:
    for _ in range(times):
        stage.clock.advance(3)
        server_pass(parts, "dms", memory)
        account_pass(parts, "cabinet")


@contextmanager
def frozen(stage: Stage, points: Points) -> Iterator[None]:
    """Freeze the process right before that point, and let it go on at the end as if nothing had been."""
    points.armed = True
    thread = threading.Thread(target=lambda: server_pass(stage.parts, "dms", stage.memory))
    stage.clock.advance(3)
    thread.start()
    try:
        assert points.reached.wait(30), points.labels
        yield
    finally:
        points.thaw.set()
        thread.join(60)
    assert not thread.is_alive()


@MODES
def test_3_frozen_before_the_delivery(tmp_path: Path, mode: Mode) -> None:
    """Relieved meanwhile, and a person moved the file: plain, its delivery makes one more identical copy; no more."""
    points = Points(point=DELIVERY[mode], variant="frozen")
    with Stage(tmp_path, mode, seams=points.seams(workers())) as stage:
        out(stage)
        stage.sign()
        stage.clock.advance(3)
        account_pass(stage.parts, "cabinet")
        assert stage.record().state is State.DELIVERING
        with frozen(stage, points):
            with relief(stage) as (parts, memory):
                passes(stage, parts, memory)
                assert parts.journal.get(stage.record().id).state is State.DELIVERED
            signed = stage.read("lettre.pdf")
            assert signatures(signed) == 1
            stage.move("lettre.pdf", "lettre classée.pdf")
        later(stage)
        assert stage.read("lettre classée.pdf") == signed
        copies = [
            name for name in stage.files() if name != "lettre classée.pdf" and stage.read(name) == signed
        ]
        assert copies == (["lettre.pdf"] if mode == "plain" else [])
        assert (stage.sends(), tries(stage)) == ([1], 1)
        stage.intact()


@pytest.mark.parametrize("answered", [False, True])
def test_4_frozen_before_the_send(tmp_path: Path, answered: bool) -> None:
    """Relieved meanwhile: in doubt, never sent by the other. What then leaves late is followed, or refused."""
    points = Points(point="platform POST send #1", variant="frozen")
    with Stage(tmp_path, seams=points.seams(workers())) as stage:
        stage.drop(pdf=LETTER)
        stage.round()
        with frozen(stage, points), relief(stage) as (parts, memory):
            passes(stage, parts, memory)
            [record] = parts.journal.everything()
            assert record.state is State.IN_DOUBT
            assert stage.sends() == [0]
            if answered:
                stage.write("lettre.sign.yaml", ONE + "action: pas partie\n")
                passes(stage, parts, memory)
                assert stage.sends() == [0, 1]
        later(stage)
        assert stage.sends() == ([0, 1] if answered else [1]), "one invitation"
        assert stage.first_line().startswith(OUT)
        stage.sign()
        later(stage)
        assert stage.first_line() == in_place("lettre")
        stage.intact()


@pytest.mark.parametrize("refused", [False, True])
def test_4_a_send_that_takes_effect_late(tmp_path: Path, refused: bool) -> None:
    """However late: in doubt, sent once; a second call on the same T only where that is said to be refused."""
    said = ", contract: {expectations: {second_send_refused: true}}" if refused else ""
    with Stage(tmp_path, contract=said) as stage:
        stage.platform.misbehave(operation="send", kind="late_effect", seconds=1500)
        stage.drop(pdf=LETTER)
        stage.run()
        stage.clock.advance(1000)
        stage.run()
        assert tries(stage) == (2 if refused else 1)
        stage.clock.advance(600)
        stage.run()
        assert len(stage.platform.transactions()) == 1, "it is the same transaction"
        # The embedded platform takes the worst: it refuses nothing, and counts.
        assert stage.sends() == [2 if refused else 1]
        assert tries(stage) == (2 if refused else 1)
        assert stage.first_line().startswith(OUT)
        stage.sign()
        later(stage)
        assert stage.first_line() == in_place("lettre")
        assert [name for name in stage.files() if "(signé)" in name] == []


REFUSED_TWICE = ", contract: {expectations: {second_send_refused: true}}"


def test_each_call_on_one_transaction_waits_for_the_quiet_period(tmp_path: Path) -> None:
    """R9: the second call is not answered either: the third comes a quiet period after it, not at once."""
    with Stage(tmp_path, contract=REFUSED_TWICE) as stage:
        stage.platform.misbehave(operation="send", kind="late_effect", seconds=100_000, times=None)
        stage.drop(pdf=LETTER)
        stage.run()
        for calls in (2, 3):
            stage.clock.advance(1000)
            stage.run()
            stage.run()
            assert tries(stage) == calls


@pytest.mark.parametrize(
    ("how", "state"),
    [
        ({"status": 402, **JSON}, State.MARKED),
        ({"status": 422, "body": '{"Message": "champ refusé"}', **JSON}, State.IN_DOUBT),
        ({"kind": "cut_before"}, State.MARKED),
    ],
    ids=["of the whole account", "of this one", "unanswered again"],
)
def test_no_to_the_second_call_is_no_answer_to_the_first(
    tmp_path: Path, how: dict[str, Any], state: State
) -> None:
    """R9: the first may take effect yet: an edit and « recommencer » meanwhile make no second invitation."""
    with Stage(tmp_path, contract=REFUSED_TWICE) as stage:
        stage.platform.misbehave(operation="send", kind="late_effect", seconds=4000)
        stage.drop(pdf=LETTER)
        stage.run()
        stage.platform.misbehave(operation="send", times=None, **how)
        stage.clock.advance(1000)
        stage.run()
        assert tries(stage) == 2
        assert stage.record().state is state
        stage.write("lettre.sign.yaml", ONE.replace("Marie", "Marie-Anne") + "action: recommencer\n")
        stage.run()
        stage.platform.behave()
        stage.clock.advance(4000)
        for _ in range(4):
            later(stage)
        assert stage.sends() == [1], "the first took effect, and nothing else left"
        assert stage.first_line().startswith(OUT)


# --------------------------------------------------------------------------------------------- 5


@MODES
def test_5_everything_that_knew_it_is_gone(tmp_path: Path, mode: Mode) -> None:
    """Registry wiped, journal lost, status deleted: nothing is sent again; the transaction is nobody's any more."""
    with Town(tmp_path, mode) as stage:
        out(stage)
        stage.delete("lettre.signature.txt")
        stage.person.delete(".jse-connector" if mode == "nextcloud" else f"{ROOT}/.signature")
        stage.lose_journal()
        later(stage)
        assert stage.first_line() == BEFORE_US
        [record] = stage.records()
        assert (record.state, record.transaction) == (State.HELD, None)
        stage.sign()
        later(stage)
        assert stage.read("lettre.pdf") == LETTER
        assert stage.files() == ["lettre.pdf", "lettre.sign.yaml", "lettre.signature.txt"]
        assert (stage.sends(), tries(stage)) == ([1], 1)
        stage.intact()


# --------------------------------------------------------------------------------------------- 6


THE_SECOND = pytest.mark.parametrize(
    ("same_second", "own_time"), [(True, True), (True, False), (False, True), (False, False)]
)
"""Of a person's save: that of the delivery, or another one; does the server give the signed version a time of its own,
whatever was asked of it?"""


@THE_SECOND
def test_6_saved_in_the_same_second_inside_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, same_second: bool, own_time: bool
) -> None:
    """Nextcloud: a save in the second that the delivered version is given, inside its check, vanishes; no other does.

    It is asked to bear a second of its own, in which nobody can save any more.
    """
    lost = same_second and own_time
    points = Points(point=DELIVERY["nextcloud"], variant="frozen")
    with Stage(tmp_path, seams=points.seams(workers())) as stage:
        out(stage)
        stage.sign()
        stage.clock.advance(3)
        account_pass(stage.parts, "cabinet")
        with frozen(stage, points):
            stage.clock.advance(10)
            now = float(int(stage.clock.timestamp()))
            monkeypatch.setattr(stage.clock, "timestamp", lambda: now)
            stage.write("lettre.pdf", EDITED)
            stage.dms.misbehave(kind="ignore_conditions", method="MOVE", path="*.file")
            if own_time:
                stage.dms.misbehave(kind="own_time", method="MOVE", path="*.file")
            if not same_second:
                monkeypatch.setattr(stage.clock, "timestamp", lambda: now + 1)
        monkeypatch.undo()
        later(stage)
        history = [content for _, _, content in stage.dms.versions_of(f"{ROOT}/lettre.pdf")]
        assert signatures(history[0]) == 1
        assert LETTER in history, "the original survives in any case"
        assert (EDITED in history) is not lost
        assert (stage.sends(), tries(stage)) == ([1], 1)
        if lost:
            _give_up(stage)
        stage.intact()


@THE_SECOND
def test_6_saved_in_the_same_second_before_the_signed_version_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, same_second: bool, own_time: bool
) -> None:
    """Nextcloud: a save in the second that the delivered version is given, which was read back already, bears its ETag
    and the number of its version, and so « Document signé », untold; what was signed is the platform's alone then. In
    any other second it is told, and the signed one is kept."""
    lost = same_second and own_time
    points = Points(point="dms PROPPATCH … #2", variant="frozen")
    with Stage(tmp_path, seams=points.seams(workers())) as stage:
        out(stage)
        stage.sign()
        stage.clock.advance(3)
        account_pass(stage.parts, "cabinet")
        stage.clock.advance(3)
        now = float(int(stage.clock.timestamp()))
        monkeypatch.setattr(stage.clock, "timestamp", lambda: now)
        if own_time:
            stage.dms.misbehave(kind="own_time", method="MOVE", path="*.file")
        with frozen(stage, points):
            signed = stage.read("lettre.pdf")
            if not same_second:
                monkeypatch.setattr(stage.clock, "timestamp", lambda: now + 1)
            stage.write("lettre.pdf", EDITED)
        monkeypatch.undo()
        named = [
            content for _, label, content in stage.dms.versions_of(f"{ROOT}/lettre.pdf") if label == SIGNED
        ]
        assert (EDITED in named) is lost
        assert (signed in named) is not lost
        later(stage)
        changed = stage.first_line().startswith("À CONFIRMER – le PDF a changé après une demande terminée")
        assert changed is not lost
        assert stage.read("lettre.pdf") == EDITED
        assert stage.sends() == [1]
        stage.intact()


@pytest.mark.parametrize(
    ("ahead", "seconds"),
    [(-3600.0, -1), (-1.0, -1), (0.0, -1), (86_400.0, 0)],
    ids=["long", "a second", "now", "ahead"],
)
def test_6_the_second_that_the_signed_version_bears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: float, seconds: int
) -> None:
    """Nextcloud: the one before its original was read, which is later than its original's own; the server's, where the
    original was saved by a PC whose clock is ahead."""
    with Stage(tmp_path) as stage:
        out(stage)
        stage.sign()
        stage.clock.advance(3)
        account_pass(stage.parts, "cabinet")
        now = float(int(stage.clock.timestamp()))
        monkeypatch.setattr(stage.clock, "timestamp", lambda: now)
        stage.disown("lettre.pdf")
        put(stage, "lettre.pdf", LETTER, ahead=ahead)
        saved, looks = now + ahead, 0
        while signatures(stage.read("lettre.pdf")) == 0:
            assert looks < 5
            now, looks = now + 1 if looks else now, looks + 1
            stage.round()
        monkeypatch.undo()
        modified = stage.parts.folders["dms"].stat(Href(f"/{ROOT}/lettre.pdf")).modified
        assert modified is not None
        assert modified.timestamp() == now + seconds
        kept = {int(stamp): content for stamp, _, content in stage.dms.versions_of(f"{ROOT}/lettre.pdf")}
        assert kept.get(int(saved)) == LETTER, "the original has a second of its own, too"
        assert stage.sends() == [1]


@MODES
@pytest.mark.parametrize("inside", [True, False])
def test_6_a_note_saved_inside_the_check_of_a_status(tmp_path: Path, mode: Mode, inside: bool) -> None:
    """Plain: a note in a status, saved between the server's look at the ETag and its write, is lost; no other is.

    Where versions are kept it is one of them. A PDF is never written over on such a server (R5).
    """
    points = Points(point="dms PUT lettre.signature.txt #1", variant="frozen")
    with Stage(tmp_path, mode, seams=points.seams(workers())) as stage:
        out(stage)
        stage.sign()
        stage.clock.advance(3)
        account_pass(stage.parts, "cabinet")
        with frozen(stage, points):
            note = stage.person.read(f"{ROOT}/{STATUS}") + "appelé le 3/12\r\n".encode()
            stage.clock.advance(2)
            stage.write(STATUS, note)
            stage.clock.advance(2)
            if inside:
                stage.dms.misbehave(kind="ignore_conditions", method="PUT", path=f"{ROOT}/{STATUS}")
        later(stage)
        assert stage.first_line().startswith("SIGNÉ – «")
        kept = {*stage.ground.files().values(), *stage.ground.kept()}
        assert (note in kept) is (mode == "nextcloud" or not inside)
        if inside and mode == "plain":
            _give_up(stage, STATUS)
        stage.intact()


# --------------------------------------------------------------------------------------------- 7


@MODES
def test_7_where_no_marker_can_be_written_nothing_leaves(tmp_path: Path, mode: Mode) -> None:
    """However long it lasts; and it leaves, once, when it can."""
    with Stage(tmp_path, mode) as stage:
        stage.dms.misbehave(kind="status", status=403, method="PUT", path="*.sent", times=None)
        stage.drop(pdf=LETTER)
        later(stage)
        assert (sum(stage.sends()), tries(stage)) == (0, 0)
        stage.dms.behave()
        later(stage)
        assert (sum(stage.sends()), tries(stage)) == (1, 1)
        assert stage.first_line().startswith(OUT)
        stage.intact()


# --------------------------------------------------------------------------------------------- 8


@MODES
@pytest.mark.parametrize("backup", [True, False])
def test_8_erased_and_then_the_disk(tmp_path: Path, mode: Mode, backup: bool) -> None:
    """For longer than the platform keeps it the folder took nothing; whoever loses that disk as well needs its backup.

    Without one it is said that nothing is known of it, nothing leaves again, and the person's PDF stays as it is.
    """
    with Town(tmp_path, mode) as stage:
        out(stage)
        for method, path in (("MOVE", "*"), ("PUT", "*.pdf")):
            stage.dms.misbehave(kind="status", status=503, method=method, path=path, times=None)
        stage.sign()
        stage.run()
        assert stage.record().state is State.DELIVERING
        copy = stage.save_journal()
        for operation in ("status", "download"):
            stage.platform.misbehave(operation=operation, kind="gone", times=None)
        stage.dms.behave()
        if backup:
            stage.restore(copy)
        else:
            stage.lose_journal()
        stage.later(60)
        later(stage)
        if backup:
            assert stage.first_line() == in_place("lettre")
            assert signatures(stage.read("lettre.pdf")) == 1
        else:
            assert stage.record().state is State.LOST
            assert stage.first_line() == "À VÉRIFIER – Jesignexpert ne connaît plus cette demande"
            assert stage.read("lettre.pdf") == LETTER
        assert stage.sends() == [1]
        stage.intact()
