"""What a second hostile reader found: edits in a pause, folders that fail alone, and loops that must wait."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from connector.cli.wiring import Seams
from connector.errors import Cause
from connector.jesignexpert.transport import DeadlineTransport
from connector.lifecycle import State
from connector.marks import Owner, write
from connector.passes import account_pass
from tests.faults import test_once as once
from tests.worlds import CLAIRE, MARIE, ONE, ROOT, Mode, Stage, workers

letter = once.letter
CHANGED = "À VÉRIFIER – la demande a changé depuis sa préparation ; rien n’est parti"
REFUSED = "À VÉRIFIER – Jesignexpert n’a pas accepté la demande (motif ci-dessous)"
READY = "PRÊT – rien n’est encore parti ; relisez l’aperçu, puis donnez le départ"
DRAFTED = "BROUILLON – la collecte vous attend sur Jesignexpert ; envoyez-la depuis le site"
OVER = "À CONFIRMER – le PDF a changé après une demande terminée ; rien n’est parti"
JSON = {"kind": "status", "content_type": "application/json"}
SUBFOLDER = f"{ROOT}/b"
CALM = replace(once.PROBING, quiet_send=timedelta(seconds=120))


def paused(stage: Stage) -> None:
    """Drop one letter that is marked when the credit turns out to be used up."""
    stage.platform.credit = 0
    stage.drop(pdf=letter("v1"))
    stage.run(5)
    assert stage.record().state is State.MARKED
    assert stage.first_line().startswith("EN PAUSE – ")


def later(stage: Stage, seconds: float, rounds: int = 6) -> None:
    stage.clock.advance(seconds)
    stage.run(rounds)


def credited(stage: Stage) -> None:
    stage.platform.credit = 10
    later(stage, 4000)


def save(stage: Stage, *what: Any, **where: str) -> None:
    stage.write(*what, **where)
    stage.run(6)


def out(stage: Stage) -> None:
    """Drop one letter that goes out."""
    stage.drop()
    stage.run(6)
    assert stage.first_line().startswith(once.OUT)


def held(stage: Stage) -> None:
    """Drop one letter that the platform refuses at its ``send``."""
    stage.platform.misbehave(operation="send", status=422, body='{"Message": "champ refusé"}', **JSON)
    stage.drop()
    stage.run(6)
    assert stage.record().state is State.HELD
    assert stage.first_line() == REFUSED


def events(stage: Stage) -> Counter[str]:
    """Count everything that the journal tells of every request."""
    journal = stage.parts.journal
    return Counter(name for record in stage.records() for _at, name, _data in journal.events(record))


def ended(stage: Stage, sends: list[int], line: str = "") -> None:
    """What holds at the end: the status begins so, each transaction was sent so often, nothing is lost."""
    assert stage.first_line().startswith(line), stage.status()
    assert stage.sends() == sends
    stage.intact()


def signed(stage: Stage) -> None:
    stage.sign()
    stage.run(6)


def asked(stage: Stage, method: str, path: str = "") -> int:
    return sum(request.method == method and path in request.path for request in stage.dms.requests)


@once.MODES
@pytest.mark.parametrize("edit", ["pdf", "signatory", "envoi non"])
def test_an_edit_in_a_pause_is_not_sent_as_it_was(tmp_path: Path, mode: Mode, edit: str) -> None:
    """What was saved while the account was paused holds the request; a new ask sends exactly the new one."""
    with Stage(tmp_path, mode, timing=once.PROBING) as stage:
        paused(stage)
        sidecar = {"pdf": ONE, "signatory": once.OTHER, "envoi non": ONE + "envoi: non\n"}[edit]
        save(stage, *(("lettre.pdf", letter("v2")) if edit == "pdf" else ("lettre.sign.yaml", sidecar)))
        assert stage.first_line() == CHANGED
        credited(stage)
        ended(stage, [0], CHANGED)
        save(stage, "lettre.sign.yaml", sidecar.replace("envoi: non\n", "") + "action: recommencer\n")
        ended(stage, [0, 1], once.OUT)
        [signatory] = stage.platform.transactions()[-1].signatories
        assert signatory.email == (CLAIRE if edit == "signatory" else MARIE)
        sent = letter("v2" if edit == "pdf" else "v1")
        assert stage.record().document.sha256 == hashlib.sha256(sent).hexdigest()


@once.MODES
def test_both_files_deleted_in_a_pause(tmp_path: Path, mode: Mode) -> None:
    """A paused request whose files were taken away leaves nothing to send when the pause ends."""
    with Stage(tmp_path, mode, timing=once.PROBING) as stage:
        paused(stage)
        stage.delete("lettre.sign.yaml")
        stage.delete("lettre.pdf")
        stage.run(4)
        credited(stage)
        assert stage.sends() == [0]
        assert not any(record.current and not record.closed for record in stage.records())
        assert not any(name.startswith("lettre") for name in stage.files())
        stage.intact()


@once.MODES
def test_the_same_bytes_saved_in_a_pause(tmp_path: Path, mode: Mode) -> None:
    """Both files saved again with the same bytes are the same request: it goes, once."""
    with Stage(tmp_path, mode, timing=once.PROBING) as stage:
        paused(stage)
        stage.clock.advance(60)
        stage.write("lettre.pdf", letter("v1"))
        save(stage, "lettre.sign.yaml", ONE)
        credited(stage)
        ended(stage, [1], once.OUT)


@pytest.mark.parametrize("edit", ["saved", "deleted"])
def test_an_edit_after_a_restart_in_a_pause(tmp_path: Path, edit: str) -> None:
    """A new process cannot know that nothing left: it asks now and then, not at every pass, and sends nothing."""
    with Stage(tmp_path, timing=once.PROBING) as stage:
        paused(stage)
        stage.restart()
        stage.run(3)
        stage.platform.misbehave(operation="status", kind="status", status=503, times=None)
        if edit == "saved":
            stage.write("lettre.pdf", letter("v2"))
        else:
            stage.delete("lettre.sign.yaml")
        stage.run(3)
        questions, downloads = len(stage.platform.requests), asked(stage, "GET", "lettre.")
        stage.run(20, calm=99)
        assert 1 <= len(stage.platform.requests) - questions <= 6
        assert asked(stage, "GET", "lettre.") - downloads <= 12
        stage.platform.behave()
        credited(stage)
        credited(stage)
        assert stage.first_line() == (CHANGED if edit == "saved" else "")
        ended(stage, [0])


def test_a_send_that_takes_effect_after_a_restore(tmp_path: Path) -> None:
    """A journal put back while a `send` is still on its way asks again after the quiet period before it sends."""
    with once.Town(tmp_path, timing=CALM) as stage:
        paused(stage)
        backup = stage.save_journal()
        stage.platform.credit = 10
        stage.platform.misbehave(operation="send", kind="late_effect", seconds=100)
        later(stage, 30, 3)
        assert stage.record().state is State.IN_DOUBT
        tries = stage.tries()
        stage.restore(backup)
        later(stage, 30, 3)
        assert stage.sends() == [0], "the effect is still to come"
        assert stage.tries() == tries
        later(stage, 300, 4)
        assert stage.tries() == tries
        ended(stage, [1], once.OUT)


def test_a_confirmation_covers_what_it_confirmed(tmp_path: Path) -> None:
    """A copied pair that was confirmed says nothing of another sent letter put over it."""
    with Stage(tmp_path) as stage:
        stage.dms.person.mkdir(SUBFOLDER)
        once.send_out(stage, "un", "deux")
        once.copy_pair(stage, "un", SUBFOLDER)
        stage.run(4)
        save(stage, "un.sign.yaml", ONE + "envoi: non\naction: recommencer\n", folder=SUBFOLDER)
        assert stage.first_line("un", folder=SUBFOLDER) == READY
        stage.write("un.pdf", letter(f"{ROOT} deux"), folder=SUBFOLDER)
        save(stage, "un.sign.yaml", ONE + "envoi: oui\n", folder=SUBFOLDER)
        assert stage.first_line("un", folder=SUBFOLDER) == once.COPY
        ended(stage, [1, 1])


@pytest.mark.parametrize("credit", [10, 0])
def test_the_accounts_pass_while_a_send_is_in_flight(tmp_path: Path, credit: int) -> None:
    """A call that this very process is making is no open question for the account's pass."""
    stages: list[Stage] = []

    class Raced(DeadlineTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("/send") and stages:
                account_pass(stages.pop().parts, "cabinet")
            return super().handle_request(request)

    seams = Seams(pool=workers(), transport=lambda ca, proxy: Raced(ca_file=ca, proxy=proxy))
    with Stage(tmp_path, seams=seams, timing=once.PROBING) as stage:
        stages.append(stage)
        stage.platform.credit = credit
        stage.drop()
        stage.run(5)
        assert stages == [], "the account's pass did go by"
        assert stage.record().state is (State.IN_PROGRESS if credit else State.MARKED)
        assert events(stage)["doubted"] == 0
        credited(stage)
        ended(stage, [1], once.OUT)


@once.MODES
def test_a_restart_while_markers_cannot_be_written(tmp_path: Path, mode: Mode) -> None:
    """Requests whose markers could not be written before a restart both go afterwards, once each."""
    with Stage(tmp_path, mode) as stage:
        stage.dms.misbehave(kind="status", status=503, method="PUT", path="*.sent", times=None)
        for name in "ab":
            stage.drop(name, letter(name))
        stage.run(4)
        assert {record.state for record in stage.records()} == {State.PREPARED}
        stage.restart()
        stage.dms.behave()
        for _ in range(2):
            later(stage, 3600)
        assert all(stage.first_line(name).startswith(once.OUT) for name in "ab")
        ended(stage, [1, 1])


@pytest.mark.parametrize("again", [ONE, ONE + "objet: Autre\n"])
def test_a_held_request_taken_away_and_put_back(tmp_path: Path, again: str) -> None:
    """The marker of a refused request that a person took away stops neither a restart nor the next ask."""
    with Stage(tmp_path) as stage:
        held(stage)
        stage.delete("lettre.sign.yaml")
        stage.run(4)
        stage.restart()
        stage.run(4)
        assert stage.files() == ["lettre.pdf"]
        save(stage, "lettre.sign.yaml", again)
        stage.restart()
        stage.run(4)
        ended(stage, [0, 1], once.OUT)


def test_a_held_request_whose_new_ask_cannot_be_judged_at_once(tmp_path: Path) -> None:
    """A new ask for a refused request survives a judging that fails, and a restart in between."""
    with Stage(tmp_path) as stage:
        held(stage)
        stage.dms.misbehave(kind="status", status=503, method="GET", path="*lettre.pdf", times=None)
        stage.dms.misbehave(kind="status", status=503, method="DELETE", times=None)
        stage.write("lettre.sign.yaml", ONE + "action: recommencer\n")
        stage.run(3)
        stage.restart()
        stage.dms.behave()
        later(stage, 4000)
        ended(stage, [0, 1], once.OUT)


@pytest.mark.parametrize("how", ["removed", "403"])
def test_a_folder_out_of_sight_proves_nothing(tmp_path: Path, how: str) -> None:
    """A copy of what lies in a folder that cannot be seen stays a copy: nothing moved, nothing was lost."""
    with once.Town(tmp_path, edits=once.SECOND_FOLDER, start=False) as stage:
        stage.dms.person.mkdir("Autres")
        stage.start()
        stage.run(3)
        once.send_out(stage, "un", folder="Autres")
        if how == "removed":
            stage.reconfigure({})
        else:
            stage.dms.misbehave(kind="status", status=403, path="*Autres*", times=None)
        once.copy_pair(stage, "un", ROOT, folder="Autres")
        stage.run(6)
        assert stage.first_line("un") == once.COPY
        assert stage.record("un", folder="Autres").state is State.IN_PROGRESS
        ended(stage, [1])


@once.MODES
def test_a_watched_folder_that_is_missing(tmp_path: Path, mode: Mode) -> None:
    """One folder that is not there leaves the others looked after whole: statuses, deletions and moves."""
    with once.Town(tmp_path, mode, edits=once.SECOND_FOLDER) as stage:
        assert list(stage.memory.troubles) == ["autres"]
        stage.drop("apercu", letter("p"), ONE + "envoi: non\n")
        stage.drop("lettre", letter("l"))
        stage.run(6)
        assert stage.first_line("apercu") == READY
        stage.delete("apercu.sign.yaml")
        stage.delete("lettre.signature.txt")
        stage.dms.person.mkdir(SUBFOLDER)
        stage.move("lettre.pdf", "lettre.pdf", to_folder=SUBFOLDER)
        stage.run(6)
        left = ["apercu.pdf", "b/lettre.pdf", "b/lettre.signature.txt", "lettre.sign.yaml"]
        assert stage.files() == left
        signed(stage)
        assert stage.first_line(folder=SUBFOLDER) == once.in_place("lettre")
        assert stage.sends() == [1]


@once.MODES
@pytest.mark.parametrize("status", [503, 423])
def test_a_watched_folder_that_answers_with_an_error(tmp_path: Path, mode: Mode, status: int) -> None:
    """A storage away behind one folder is that folder's trouble; letters elsewhere go and come home."""
    with once.Town(tmp_path, mode, edits=once.SECOND_FOLDER, start=False) as stage:
        stage.dms.person.mkdir("Autres")
        stage.start()
        stage.run(3)
        stage.dms.misbehave(kind="status", status=status, method="PROPFIND", path="*Autres*", times=None)
        stage.dms.person.write("Autres/x.txt", b"1")
        once.send_out(stage, "lettre")
        assert list(stage.memory.troubles) == ["autres"]
        signed(stage)
        ended(stage, [1], once.in_place("lettre"))


def test_a_server_without_etags_or_times(tmp_path: Path) -> None:
    """Where neither ETag nor time is told nothing can be guarded: that is said, and nothing is begun, or looped."""
    with Stage(tmp_path, "plain") as stage:
        stage.dms.misbehave(kind="no_etag", times=None)
        stage.dms.misbehave(kind="no_date", times=None)
        stage.drop()
        stage.drop("apercu", letter("p"), ONE + "envoi: non\n")
        stage.run(4)
        assert "ETag" in stage.memory.problem
        before, made = events(stage), asked(stage, "PUT") + asked(stage, "GET", ".pdf")
        stage.run(5, calm=99)
        assert events(stage) == before
        assert asked(stage, "PUT") + asked(stage, "GET", ".pdf") == made
        assert stage.sends() == []
        stage.dms.behave()
        stage.run(6)
        assert stage.memory.problem == ""
        ended(stage, [1], once.OUT)


def put(stage: Stage, name: str, data: bytes, *, ahead: float) -> None:
    """Upload as a synchronisation client whose clock is ahead."""
    url, time = f"{stage.ground.url}/{ROOT}/{name}", str(int(stage.clock.timestamp() + ahead))
    response = httpx.put(url, content=data, auth=("signatures", "sandbox"), headers={"X-OC-Mtime": time})
    assert response.status_code in {201, 204}


def test_a_time_of_change_in_the_future(tmp_path: Path) -> None:
    """A letter saved on a PC whose clock is ahead settles, leaves, and is delivered."""
    with Stage(tmp_path) as stage:
        put(stage, "lettre.pdf", letter("v1"), ahead=86_400)
        put(stage, "lettre.sign.yaml", ONE.encode(), ahead=86_400)
        stage.run(6)
        assert stage.first_line().startswith(once.OUT)
        put(stage, "lettre.pdf", letter("v1"), ahead=86_400 * 30)
        signed(stage)
        ended(stage, [1], once.in_place("lettre"))


def test_the_sidecar_renamed_first(tmp_path: Path) -> None:
    """A pair renamed one file after the other is one request, whose status and signed letter follow it."""
    with Stage(tmp_path) as stage:
        out(stage)
        stage.move("lettre.sign.yaml", "courrier.sign.yaml")
        stage.run(4)
        stage.move("lettre.pdf", "courrier.pdf")
        stage.run(6)
        assert stage.first_line("courrier").startswith(once.OUT)
        signed(stage)
        assert stage.first_line("courrier") == once.in_place("courrier")
        assert stage.files() == ["courrier.pdf", "courrier.sign.yaml", "courrier.signature.txt"]
        ended(stage, [1])


def test_a_new_letter_after_a_delivery_beside(tmp_path: Path) -> None:
    """An edited letter kept as it is says nothing of the next one put there: that one is told at once."""
    with Stage(tmp_path) as stage:
        out(stage)
        save(stage, "lettre.pdf", letter("edite"))
        signed(stage)
        assert stage.first_line() == "SIGNÉ – la version signée est à côté : « lettre (signé).pdf »"
        save(stage, "lettre.pdf", letter("toute autre"))
        assert stage.first_line() == OVER
        ended(stage, [1])


@once.MODES
def test_a_copy_whose_original_is_gone_rests(tmp_path: Path, mode: Mode) -> None:
    """A copy left alone by its original is judged once, not downloaded and judged at every pass."""
    with Stage(tmp_path, mode) as stage:
        stage.dms.person.mkdir(SUBFOLDER)
        out(stage)
        stage.copy("lettre.pdf", "lettre.pdf", to_folder=SUBFOLDER)
        save(stage, "lettre.sign.yaml", ONE + "# x\n", folder=SUBFOLDER)
        stage.delete("lettre.pdf")
        stage.delete("lettre.sign.yaml")
        stage.run(6)
        before, downloads = events(stage), asked(stage, "GET", "lettre")
        stage.run(5, calm=99)
        assert events(stage) == before
        assert asked(stage, "GET", "lettre") == downloads
        assert stage.first_line(folder=SUBFOLDER) == once.COPY
        assert stage.sends() == [1]


def test_a_preview_that_cannot_be_written(tmp_path: Path) -> None:
    """A preview without room leaves the status to be written all the same, which does not ask to look at one."""
    with Stage(tmp_path) as stage:
        stage.dms.misbehave(kind="status", status=507, method="PUT", path="*apercu.pdf", times=None)
        stage.drop(sidecar=ONE + "envoi: non\n")
        stage.run(5)
        assert stage.first_line() == READY.replace("l’aperçu", "le document")


@pytest.mark.parametrize("name", ["signature.txt", "EN PAUSE.txt"])
def test_a_status_that_cannot_be_written_waits_longer(tmp_path: Path, name: str) -> None:
    """A status or a notice without room is tried later and later, and is written when there is room."""
    with Stage(tmp_path) as stage:
        stage.dms.misbehave(kind="status", status=507, method="PUT", path=f"*{name}", times=None)
        stage.platform.credit = 0
        stage.drop()
        stage.run(4)
        before = asked(stage, "PUT")
        stage.run(20, calm=99)
        assert 1 <= asked(stage, "PUT") - before <= 6
        stage.dms.behave()
        later(stage, 4000, 4)
        assert stage.first_line().startswith("EN PAUSE – ")
        assert "SIGNATURES EN PAUSE.txt" in stage.files()


def test_drafts_end_an_accounts_hold(tmp_path: Path) -> None:
    """The one draft let through to find out whether a hold is over ends it for the others."""
    with Stage(tmp_path, settings={"send": "draft"}, timing=once.PROBING) as stage:
        body = '{"Message": "droits insuffisants"}'
        stage.platform.misbehave(operation="create", status=403, body=body, **JSON)
        for name in "abc":
            stage.drop(name, letter(name))
        stage.run(4, calm=2)
        assert stage.parts.journal.held("cabinet") is not None
        stage.clock.advance(30)
        stage.run(4, calm=99)
        assert [stage.record(name).state for name in "abc"] == [State.DRAFT] * 3
        assert stage.parts.journal.held("cabinet") is None
        stage.run(2)
        assert "SIGNATURES EN PAUSE.txt" not in stage.files()
        assert sum(stage.sends()) == 0


def test_drafts_that_are_not_taken_at_once(tmp_path: Path) -> None:
    """A draft that is refused is held; one that was not answered, or met an account-wide obstacle, follows later."""
    refused = '{"Message": "champ refusé"}'
    answers: dict[str, dict[str, Any]] = {
        "refuse": {"status": 422, "body": refused, **JSON},
        "perdu": {"kind": "lost_answer"},
        "en panne": {"kind": "status", "status": 500, "times": None},
        "credit": {"status": 402, "body": '{"Message": "crédit épuisé"}', **JSON},
    }
    with Stage(tmp_path, settings={"send": "draft"}, timing=once.PROBING) as stage:
        tokens = stage.state.directory / "tokens" / "cabinet.json"
        for name, answer in answers.items():
            stage.platform.misbehave(operation="draft", **answer)
            stage.drop(name, letter(name))
            stage.run(3, calm=99)
            if name == "en panne":
                assert stage.record(name).state is State.MARKED
                # Tried again while there are no tokens to try it with: that is the whole account's trouble.
                tokens.unlink()
                later(stage, 30, 2)
                held = stage.parts.journal.held("cabinet")
                assert held is not None
                assert held.cause == Cause.TOKENS.value
                stage.platform.behave()
                stage.renew()
            later(stage, 30)
            assert stage.first_line(name) == (REFUSED if name == "refuse" else DRAFTED), name
            assert stage.parts.journal.held("cabinet") is None
        assert events(stage)["drafted"] == 3
        assert events(stage)["not_drafted"] > 1
        ended(stage, [0] * 4)


@once.MODES
def test_taken_over_right_before_the_marker(tmp_path: Path, mode: Mode) -> None:
    """Another connector takes the folder after it was listed: the last look stops the marker and the send (R12)."""
    stages: list[Stage] = []

    class TakenOver(DeadlineTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "POST" and stages:
                stage = stages.pop()
                owner = Owner(connector="other-host", since=stage.clock.now())
                mark = write(owner, stage.parts.sealer)
                stage.dms.person.write(f"{ROOT}/.signature/owner", mark)
            return super().handle_request(request)

    seams = Seams(pool=workers(), transport=lambda ca, proxy: TakenOver(ca_file=ca, proxy=proxy))
    with Stage(tmp_path, mode, seams=seams) as stage:
        stages.append(stage)
        stage.drop()
        stage.run(6)
        assert stages == [], "the other connector did come in between"
        assert sum(stage.sends()) == 0
        assert [path.name for path in (tmp_path / "dms").rglob("*.sent")] == []
        assert "other-host" in stage.memory.problem
