"""Nothing stays where it is for ever: what failed once, went away or was put right goes on by itself.

Each story ends with every transaction sent at most once and every byte of a person's still there.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import pytest

from connector import marks
from connector.journal.store import STRANGE_MARKERS
from connector.lifecycle import State
from tests import documents
from tests.faults.test_once import (
    BEFORE_US,
    COPY,
    MODES,
    OTHER,
    OUT,
    SECOND_FOLDER,
    Town,
    copy_pair,
    delivered_once,
    in_place,
    letter,
    send_out,
)
from tests.worlds import CLAIRE, MARIE, ONE, ROOT, Mode, Stage

DOUBT = "À VÉRIFIER – la demande est peut-être déjà partie ; rien n’a été renvoyé"
READY = "PRÊT – rien n’est encore parti ; relisez l’aperçu, puis donnez le départ"
DRAFT = "BROUILLON – la collecte vous attend sur Jesignexpert ; envoyez-la depuis le site"
TWO_REQUESTS = "À CORRIGER – deux demandes pour un même PDF"


# --------------------------------------------------------------------------------------- the folders


def trouble(stage: Stage) -> str:
    """What the administrator is told of the folder."""
    return str(stage.told()["folders"]["lettres"]["trouble"] or "")


def test_a_folder_without_room_for_a_status(tmp_path: Path) -> None:
    """C11: Its owner's quota is used up: nobody there can be told, so the administrator is, and nothing more leaves;
    with room again all is told and goes on by itself."""
    with Town(tmp_path) as stage:
        stage.dms.misbehave(kind="status", method="PUT", path="*.signature.txt", status=507, times=None)
        stage.drop("une", letter("une"))
        stage.run(4)
        assert stage.status("une") == ""
        assert "507" in trouble(stage)
        left = stage.sends()
        stage.drop("deux", letter("deux"))
        stage.later()
        assert stage.sends() == left, "what comes back would find no room either"
        stage.dms.behave()
        stage.later()
        stage.later()
        assert trouble(stage) == ""
        assert [stage.first_line(name).startswith(OUT) for name in ("une", "deux")] == [True, True]
        assert stage.sends() == [1, 1]
        stage.intact()


def test_what_was_shown_while_there_was_room_does_not_leave_without(tmp_path: Path) -> None:
    """C11: Its status stands there, and is as good as no proof that a signed document would find room."""
    with Town(tmp_path) as stage:
        stage.drop("deux", letter("deux"), ONE + "envoi: non\n")
        stage.drop("trois", letter("trois"))
        stage.platform.misbehave(operation="create", kind="status", status=500, times=None)
        stage.run(4)
        assert stage.first_line("deux") == READY
        assert stage.first_line("trois").startswith("EN ATTENTE")
        stage.dms.misbehave(kind="status", method="PUT", path="*.signature.txt", status=507, times=None)
        stage.drop("une", letter("une"))
        stage.run(4)
        stage.platform.behave()
        assert "507" in trouble(stage)
        stage.drop("deux", letter("deux"))
        stage.later()
        assert stage.sends() == []
        stage.dms.behave()
        stage.later()
        stage.later()
        assert [stage.first_line(one).startswith(OUT) for one in ("une", "deux", "trois")] == [True] * 3
        assert stage.sends() == [1, 1, 1]
        assert trouble(stage) == ""
        stage.intact()


def test_a_folder_without_room_for_what_a_list_asks(tmp_path: Path) -> None:
    """C11: No request can be written, nor the list's answer, nor the overview: the administrator hears of it."""
    with Town(tmp_path) as stage:
        stage.write("une.pdf", letter("une"))
        stage.write(
            "_signataires.csv", "document;signataire\nune;Marie Dupont <marie@client.fr> 06 12 34 56 78\n"
        )
        for path in ("*.txt", "*.yaml"):
            stage.dms.misbehave(kind="status", method="PUT", path=path, status=507, times=None)
        stage.later()
        assert stage.records() == []
        assert "507" in trouble(stage)
        stage.dms.behave()
        stage.later()
        stage.later()
        assert trouble(stage) == ""
        assert [record.state for record in stage.records()] == [State.PREVIEWED]
        stage.intact()


def test_a_registry_without_room_for_a_mark(tmp_path: Path) -> None:
    """C11: The connector's own account has no quota: nothing leaves, people are not told that it will within minutes,
    and the administrator hears why."""
    with Town(tmp_path) as stage:
        stage.dms.misbehave(kind="status", method="PUT", path="*.sent", status=507, times=None)
        stage.drop("une", letter("une"))
        for _ in range(9):
            stage.run(2)
            stage.clock.advance(1900)
        stage.run(2)
        assert sum(stage.sends()) == 0
        assert stage.first_line("une") == (
            "EN ATTENTE – la demande n’a pas encore pu partir ; elle est retentée d’elle-même"
        )
        assert "507" in trouble(stage)
        stage.dms.behave()
        stage.clock.advance(1900)
        stage.run()
        assert stage.first_line("une").startswith(OUT)
        assert trouble(stage) == "", "over with the first mark, not an hour later"
        assert sum(stage.sends()) == 1
        stage.intact()


def test_a_mark_that_is_not_tried_again_is_no_trouble_for_ever(tmp_path: Path) -> None:
    """Its request was deleted: the registry may be well again, and nobody would find out."""
    with Town(tmp_path) as stage:
        stage.dms.misbehave(kind="status", method="PUT", path="*.sent", status=507, times=None)
        stage.drop("une", letter("une"))
        stage.run(4)
        assert "507" in trouble(stage)
        for name in ("une.sign.yaml", "une.pdf"):
            stage.delete(name)
        stage.later()
        assert trouble(stage) == ""


@MODES
def test_a_folder_renamed_in_the_configuration(tmp_path: Path, mode: Mode) -> None:
    """Under another name in the configuration the same folder's open requests come home, and new ones leave."""
    with Town(tmp_path, mode) as stage:
        send_out(stage, "lettre")
        stage.reconfigure({"{lettres:": "{courriers:"})
        stage.run()
        stage.sign()
        stage.later(60)
        delivered_once(stage, "lettre")
        send_out(stage, "nouvelle")
        assert stage.sends() == [1, 1]
        stage.intact()


@MODES
def test_one_watched_folder_deleted(tmp_path: Path, mode: Mode) -> None:
    """A watched folder that is gone is told of, and the other folders of its server go on, there and back."""
    with Town(tmp_path, mode, edits=SECOND_FOLDER, start=False) as stage:
        stage.dms.person.mkdir("Autres")
        stage.start()
        stage.run()
        send_out(stage, "lettre")
        stage.dms.person.delete("Autres")
        stage.run()
        assert set(stage.memory.troubles) == {"autres"}
        stage.sign()
        stage.later(60)
        delivered_once(stage, "lettre")
        send_out(stage, "nouvelle")
        stage.dms.person.mkdir("Autres")
        stage.run()
        assert stage.memory.troubles == {}
        send_out(stage, "ailleurs", folder="Autres")
        assert stage.sends() == [1, 1, 1]
        stage.intact()


def test_a_search_that_fails(tmp_path: Path) -> None:
    """While a PDF is gone and nobody can be asked where to, all are followed and the others come home."""
    with Town(tmp_path) as stage:
        send_out(stage, "partie", "autre")
        stage.delete("partie.pdf")
        stage.dms.misbehave(kind="status", status=500, method="SEARCH", times=None)
        stage.run()
        stage.sign()
        stage.later(60)
        assert stage.record("partie").signed_at is not None
        delivered_once(stage, "autre")
        stage.dms.behave()
        stage.later()
        assert stage.first_line("partie") == ("SIGNÉ – la version signée est à côté : « partie (signé).pdf »")
        assert stage.sends() == [1, 1]
        stage.intact()


@MODES
def test_the_hidden_folder_deleted_while_running(tmp_path: Path, mode: Mode) -> None:
    """The folder is taken again at once: what is out comes home, what is new leaves."""
    with Town(tmp_path, mode) as stage:
        send_out(stage, "un")
        stage.dms.person.delete(f"{ROOT}/.signature")
        stage.drop("deux", letter(f"{ROOT} deux"))
        stage.later(60)
        assert stage.first_line("deux").startswith(OUT)
        assert stage.dms.disk(f"{ROOT}/.signature/owner").is_file()
        assert len(stage.markers()) == 2, "the one that was deleted was made again"
        stage.sign()
        stage.later(60)
        delivered_once(stage, "un", "deux")
        assert stage.sends() == [1, 1]
        stage.intact()


# ---------------------------------------------------------------------------------- files put right


@MODES
def test_a_request_deleted_and_written_anew(tmp_path: Path, mode: Mode) -> None:
    """A sidecar under the name of one that was deleted is judged as new, whatever the first one had come to."""
    with Town(tmp_path, mode, start=False) as stage:
        stage.drop("tenue", letter("tenue"))
        stage.start()
        stage.run()
        assert stage.first_line("tenue") == BEFORE_US
        stage.drop("fausse", letter("fausse"), "signataires:\n  - Marie\n")
        stage.run()
        assert stage.record("fausse").state is State.REJECTED
        for name in ("tenue", "fausse"):
            stage.delete(f"{name}.sign.yaml")
        stage.run()
        for name in ("tenue", "fausse"):
            assert stage.record(name).state is State.WITHDRAWN
            stage.write(f"{name}.sign.yaml", ONE)
        stage.run()
        for name in ("tenue", "fausse"):
            assert stage.first_line(name).startswith(OUT), stage.status(name)
        assert stage.sends() == [1, 1]
        stage.intact()


@MODES
def test_two_requests_and_the_first_deleted(tmp_path: Path, mode: Mode) -> None:
    """With either of two requests for one PDF deleted, as the status asks, the other one leaves."""
    with Town(tmp_path, mode) as stage:
        for name in ("un", "deux"):
            stage.drop(name, letter(name))
            stage.write(f"{name}.pdf.sign.yaml", ONE)
        stage.run()
        assert stage.first_line("un") == stage.first_line("deux") == TWO_REQUESTS
        stage.delete("un.sign.yaml")
        stage.delete("deux.pdf.sign.yaml")
        stage.run()
        for name in ("un", "deux"):
            assert stage.first_line(name).startswith(OUT), stage.status(name)
        assert stage.sends() == [1, 1]
        stage.intact()


@MODES
def test_a_copy_that_loses_its_original(tmp_path: Path, mode: Mode) -> None:
    """A copy whose original was withdrawn is judged again; one whose open original went *is* that request."""
    with Town(tmp_path, mode) as stage:
        here, there = f"{ROOT}/a", f"{ROOT}/b"
        for folder in ("a", "b"):
            stage.dms.person.mkdir(f"{ROOT}/{folder}")
        stage.drop("retiree", letter("retirée"), ONE + "envoi: non\n", folder=here)
        send_out(stage, "partie", folder=here)
        for name in ("retiree", "partie"):
            copy_pair(stage, name, there, folder=here)
        stage.run()
        for name in ("retiree", "partie"):
            assert stage.first_line(name, folder=there) == COPY, name
            stage.delete(f"{name}.pdf", folder=here)
            stage.delete(f"{name}.sign.yaml", folder=here)
        stage.run()
        assert stage.first_line("retiree", folder=there) == READY
        assert stage.first_line("partie", folder=there).startswith(OUT)
        stage.sign()
        stage.later(60)
        assert stage.first_line("partie", folder=there) == in_place("partie")
        assert stage.sends() == [1]
        stage.intact()


@MODES
def test_the_order_removed_before_it_left(tmp_path: Path, mode: Mode) -> None:
    """A `recommencer` counts from when it was seen: taken out while the request waits, it still goes."""
    with Town(tmp_path, mode) as stage:
        send_out(stage, "lettre")
        stage.refuse()
        stage.run()
        stage.platform.misbehave(operation="create", kind="status", status=503, times=None)
        stage.write("lettre.sign.yaml", ONE + "action: recommencer\n")
        stage.run(3)
        assert stage.record().state is State.WAITING
        stage.write("lettre.sign.yaml", ONE)
        stage.run(3)
        stage.platform.behave()
        stage.later()
        assert stage.first_line().startswith(OUT), stage.status()
        assert stage.sends() == [1, 1]
        stage.intact()


def test_edited_while_its_marker_failed(tmp_path: Path) -> None:
    """An edit after a marker that could not be written makes another key with a marker of its own, which leaves."""
    with Town(tmp_path) as stage:
        stage.dms.misbehave(kind="status", status=503, method="PUT", path="*.sent", times=None)
        stage.drop()
        stage.run(3)
        before = stage.record()
        assert before.state is State.PREPARED
        stage.write("lettre.sign.yaml", OTHER)
        stage.run(2)
        stage.dms.behave()
        stage.later()
        after = stage.record()
        assert after.state is State.IN_PROGRESS
        assert after.key != before.key
        assert [path.stem for path in stage.markers()] == [after.key]
        sent = [view for view in stage.platform.transactions() if view.sends]
        assert [[person.email for person in view.signatories] for view in sent] == [[CLAIRE]]
        stage.intact()


# --------------------------------------------------------------------------------------- the answers


def test_erased_while_it_was_sealed(tmp_path: Path) -> None:
    """What the platform erased before it could be fetched is told as lost instead of being awaited for ever."""
    with Town(tmp_path) as stage:
        send_out(stage, "lettre")
        stage.platform.misbehave(operation="download", kind="status", status=503, times=None)
        stage.sign()
        stage.run(3)
        assert stage.record().state is State.SEALING
        stage.platform.misbehave(operation="status", kind="gone", times=None)
        for _ in range(20):
            stage.clock.advance(3600)
            stage.round()
        assert stage.record().state is State.LOST
        assert stage.first_line().startswith("À VÉRIFIER – "), stage.status()
        assert stage.read("lettre.pdf") == letter(f"{ROOT} lettre")
        assert stage.sends() == [1]
        stage.intact()


def test_an_unanswered_send_that_is_not_found(tmp_path: Path) -> None:
    """ "Not found" is an answer: the account goes on, and the request itself stays in doubt."""
    with Town(tmp_path) as stage:
        stage.platform.misbehave(operation="send", kind="status", status=502)
        stage.platform.misbehave(operation="status", kind="gone", skip=1, times=None)
        stage.drop("un", letter("un"))
        stage.run()
        assert stage.record("un").state is State.IN_DOUBT
        assert stage.parts.journal.held("cabinet") is None
        stage.drop("deux", letter("deux"))
        stage.run()
        assert stage.record("deux").state is State.IN_PROGRESS
        assert stage.sends() == [0, 1]
        stage.intact()


@pytest.mark.parametrize("restarted", [False, True])
def test_not_sent_told_while_the_folder_fails(tmp_path: Path, restarted: bool) -> None:
    """The new ask that `pas partie` begins is not lost with a read that fails, nor with the process."""
    with Town(tmp_path) as stage:
        stage.platform.misbehave(operation="send", kind="cut_before")
        stage.drop()
        stage.run()
        assert stage.first_line() == DOUBT
        times = None if restarted else 1
        stage.dms.misbehave(kind="status", status=503, method="GET", path=f"{ROOT}/lettre.pdf", times=times)
        stage.write("lettre.sign.yaml", ONE + "action: pas partie\n")
        if restarted:
            stage.run()
            assert stage.record().state is State.CANCELLED
            stage.dms.behave()
            stage.restart()
        stage.later(100)
        assert stage.first_line().startswith(OUT), stage.status()
        assert stage.sends() == [0, 1]
        assert stage.tries() == 2
        stage.intact()


def test_a_marker_that_contradicts_its_record(tmp_path: Path) -> None:
    """Markers naming other transactions than those that are out are told, never followed or sent, and stop nobody."""
    with Town(tmp_path) as stage:
        send_out(stage, "signee")
        stage.platform.misbehave(operation="download", kind="status", status=503, times=None)
        stage.sign()
        stage.run(3)
        send_out(stage, "en cours")
        assert stage.record("signee").state is State.SEALING
        sealer = stage.parts.sealer
        for path in stage.markers():
            _, mark = marks.read(path.read_bytes(), sealer)
            assert isinstance(mark, marks.Sent)
            forged = marks.write(mark.model_copy(update={"transaction": "autre"}), sealer)
            stage.dms.person.write(str(path.relative_to(stage.directory / "dms")), forged)
        stage.restart()
        send_out(stage, "nouvelle")
        assert stage.memory.troubles == {}
        assert stage.parts.journal.last_account_event("folder:lettres", STRANGE_MARKERS) == {"count": 2}
        assert stage.first_line("en cours").startswith("EN COURS – ")
        stage.platform.behave()
        stage.sign()
        stage.later()
        delivered_once(stage, "signee", "en cours", "nouvelle")
        assert stage.sends() == [1, 1, 1]
        assert stage.tries() == 3
        stage.intact()


def test_the_original_proven_after_a_failed_look(tmp_path: Path) -> None:
    """The end is written only once the original was seen to survive, as a version or beside."""
    with Town(tmp_path) as stage:
        send_out(stage, "lettre")
        original = stage.read("lettre.pdf")
        rule = stage.dms.misbehave(kind="status", status=503, method="PROPFIND", path="*/versions/*")
        stage.sign()
        stage.later(60)
        assert not rule.times, "the look did fail"
        assert stage.first_line() == in_place("lettre")
        document = stage.record().document
        if document.version_id is not None:
            kept = {str(ident): data for ident, _, data in stage.dms.versions_of(f"{ROOT}/lettre.pdf")}
            assert kept[str(document.version_id)] == original
        else:
            assert document.original_href is not None
            assert stage.dms.person.read(document.original_href.lstrip("/")) == original
        assert stage.sends() == [1]
        stage.intact()


# --------------------------------------------------------------------------------- what is left behind


def test_judging_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """A request that cannot be judged is tried again and again without filling the disk."""
    with Town(tmp_path) as stage:
        stage.write("lettre.signature.txt", "Une note.\r\n")
        stage.dms.misbehave(kind="status", status=500, method="GET", path="*signature.txt", times=None)
        stage.drop()
        for _ in range(8):
            stage.clock.advance(600)
            stage.round()
        assert stage.records() == []
        assert stage.parts.spool.references() == set()
        stage.dms.behave()
        stage.later()
        assert stage.first_line().startswith("À VÉRIFIER – "), stage.status()
        assert stage.sends() == []
        stage.intact()


@MODES
def test_an_adopted_draft(tmp_path: Path, mode: Mode) -> None:
    """A draft found again by its marker is a draft still, and is followed once a person sends it."""
    with Town(tmp_path, mode) as stage:
        stage.drop(pdf=letter(f"{ROOT} lettre"), sidecar=ONE + "envoi: brouillon\n")
        stage.run()
        assert stage.first_line() == DRAFT
        stage.lose_journal()
        stage.later(60)
        assert stage.first_line() == DRAFT, stage.status()
        assert stage.sends() == [0]
        assert stage.tries() == 0
        stage.platform.site(stage.platform.transactions()[0].id, "send")
        stage.later()
        stage.sign()
        stage.later()
        delivered_once(stage, "lettre")
        assert stage.sends() == [1]
        stage.intact()


def test_no_tokens_to_send_with(tmp_path: Path) -> None:
    """Tokens missing right at `send` are a pause, since nothing left, and no doubt; with new ones it goes."""
    with Town(tmp_path) as stage:
        stage.dms.misbehave(kind="status", status=503, method="PUT", path="*.sent", times=None)
        stage.drop()
        stage.run(3)
        assert stage.record().state is State.PREPARED
        tokens = stage.state.directory / "tokens" / "cabinet.json"
        aside = tokens.rename(stage.directory / "tokens-aside.json")
        stage.dms.behave()
        stage.later(60)
        assert stage.record().state is State.MARKED
        assert stage.first_line().startswith("EN PAUSE – la connexion du cabinet à Jesignexpert"), (
            stage.status()
        )
        assert stage.tries() == 0
        aside.rename(tokens)
        os.utime(tokens, (stage.clock.timestamp(), stage.clock.timestamp()))
        stage.later(1000)
        assert stage.first_line().startswith(OUT), stage.status()
        assert stage.sends() == [1]
        stage.intact()


@MODES
def test_ended_and_its_folder_deleted(tmp_path: Path, mode: Mode) -> None:
    """A request whose end is told where it can be read is closed, and costs nothing more."""
    with Town(tmp_path, mode) as stage:
        stage.dms.person.mkdir(f"{ROOT}/Client")
        send_out(stage, "lettre", folder=f"{ROOT}/Client")
        stage.platform.person_refuses(stage.platform.transactions()[0].id, MARIE)
        stage.delete("Client")
        stage.later(60)
        stage.later(2000)
        (record,) = stage.records()
        assert record.state is State.REFUSED
        assert stage.files() == ["Signatures à classer/lettre.signature.txt"]
        assert record.closed
        assert stage.parts.spool.references() == set()
        stage.dms.forget_requests()
        stage.round()
        assert [r for r in stage.dms.requests if r.method in {"PUT", "MOVE", "MKCOL"}] == []
        assert stage.sends() == [1]
        stage.intact()


@MODES
def test_the_last_write_of_a_delivery_broken(tmp_path: Path, mode: Mode) -> None:
    """A delivery interrupted after its first write leaves the person's original whole, byte for byte."""
    with Town(tmp_path, mode) as stage:
        send_out(stage, "lettre")
        sent = stage.read("lettre.pdf")
        where = f"{ROOT}/lettre.pdf" if mode == "plain" else f"*jse-{stage.record().ref.lower()}*"
        stage.dms.misbehave(kind="status", status=503, method="PUT", path=where)
        stage.sign()
        stage.later(60)
        delivered_once(stage, "lettre")
        if mode == "plain":
            assert stage.read("lettre (original).pdf") == sent
        assert documents.letter(1, f"{ROOT} lettre") == sent
        assert stage.sends() == [1]
        stage.intact()


@pytest.mark.parametrize("kind", ["tear", "short"])
@pytest.mark.parametrize("at", [0, 100])
def test_a_marker_that_is_torn_each_time(tmp_path: Path, at: int, kind: Literal["tear", "short"]) -> None:
    """A server that keeps the beginning of each write, be it answered as kept whole: nothing leaves, nobody is stuck,
    the server is not hammered, and it ends with the fault."""
    with Stage(tmp_path, "plain") as stage:
        stage.dms.misbehave(kind=kind, at=at, method="PUT", path="*.sent", times=None)
        stage.drop()
        stage.run()
        writes = sum(one.method == "PUT" and one.path.endswith(".sent") for one in stage.dms.requests)
        assert 2 <= writes <= 20
        assert stage.sends() == [0]
        stage.dms.behave()
        stage.clock.advance(7200)
        stage.run()
        assert stage.sends() == [1]
        assert stage.first_line().startswith("EN COURS")


def test_a_torn_marker_that_nothing_tells_from_another_is_let_be(tmp_path: Path) -> None:
    """Neither an ETag nor a time: nothing could guard a write over it. Nothing leaves until the server tells one."""
    with Stage(tmp_path, "plain") as stage:
        stage.dms.misbehave(kind="tear", at=100, method="PUT", path="*.sent")
        for kind in ("no_etag", "no_date"):
            stage.dms.misbehave(kind=kind, path="*.sent", times=None)
        stage.drop()
        stage.run()
        stage.clock.advance(600)
        stage.run()
        assert stage.sends() == [0]
        writes = [one for one in stage.dms.requests if one.method == "PUT" and one.path.endswith(".sent")]
        assert {one.headers.get("if-none-match") for one in writes} == {"*"}, "nothing is written over"
        stage.dms.behave()
        stage.clock.advance(7200)
        stage.run()
        assert stage.sends() == [1]
        assert stage.first_line().startswith("EN COURS")
        stage.intact()
