"""Stories by which a hostile reader broke "Asking": settings, lists, previews and several documents in one request.

Each was seen to fail before its repair.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connector.lifecycle import State
from connector.passes import server_pass
from connector.steps import waiting
from tests import documents
from tests.spreadsheets import person, workbook
from tests.worlds import CLAIRE, MARIE, ONE, QUICK, ROOT, Mode, Stage

BROKEN = "obget: Lettre\n"
PROBING = replace(QUICK, probe=timedelta(seconds=20))
MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])


def plain_text(stage: Stage, name: str = "lettre", *, folder: str = ROOT) -> str:
    return " ".join(stage.status(name, folder=folder).replace("\u00a0", " ").split())


def hold(stage: Stage) -> None:
    """The administrator stops the account: everything accepted waits, « EN PAUSE »."""
    far = stage.clock.now() + timedelta(days=300)
    stage.parts.journal.hold("cabinet", waiting.MANUAL, probe_at=far, text="")


def release(stage: Stage) -> None:
    stage.parts.journal.release("cabinet")


def test_a_ceiling_lowered_while_the_service_was_down(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        hold(stage)
        stage.drop()
        stage.run()
        assert stage.record().state is State.WAITING
        stage.stop()
        stage.settings = {"send": "preview"}
        stage.start()
        release(stage)
        stage.run()
        assert stage.sends() == []
        assert stage.record().state is State.PREVIEWED


@MODES
def test_settings_saved_while_the_service_was_down(tmp_path: Path, mode: Mode) -> None:
    with Stage(tmp_path, mode) as stage:
        hold(stage)
        stage.drop()
        stage.run()
        stage.stop()
        stage.write("_signature.yaml", "envoi: non\n")
        stage.clock.advance(60)
        stage.start()
        release(stage)
        stage.run()
        assert stage.sends() == []


@MODES
def test_settings_saved_at_the_very_moment_of_leaving(tmp_path: Path, mode: Mode) -> None:
    with Stage(tmp_path, mode) as stage:
        hold(stage)
        stage.write("_signature.yaml", "objet: Lettre\n")
        stage.drop()
        stage.run()
        stage.clock.advance(3)
        stage.write("_signature.yaml", "objet: Lettre\nenvoi: non\n")
        release(stage)
        server_pass(stage.parts, "dms", stage.memory)
        assert stage.sends() == []
        stage.run()
        assert stage.sends() == []


def in_pause_and_marked(tmp_path: Path) -> Stage:
    """A request that the platform did not take for want of credit: marked, and known not to have left."""
    stage = Stage(tmp_path, timing=PROBING)
    stage.write("_signature.yaml", "objet: Lettre\n")
    stage.platform.credit = 0
    stage.drop()
    stage.run()
    assert stage.record().state is State.MARKED
    return stage


def credit_is_back(stage: Stage) -> None:
    stage.platform.credit = 10
    for _ in range(3):
        stage.clock.advance(30)
        stage.run(4)


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("objet: Lettre\nenvoi: non\n", "À VÉRIFIER – la demande a changé"),
        ("objet: Autre objet\n", "À VÉRIFIER – la demande a changé"),
        (
            f"objet: Lettre\npuis: Claire Bernard <{CLAIRE}> 06 98 76 54 32\n",
            "À VÉRIFIER – la demande a changé",
        ),
        ("objet: Lettre\n# note\n", "EN COURS"),
    ],
)
def test_settings_saved_while_marked_and_in_pause(tmp_path: Path, said: str, word: str) -> None:
    """It leaves as it is marked or not at all (R2): settings count as the request's own words do."""
    with in_pause_and_marked(tmp_path) as stage:
        stage.write("_signature.yaml", said)
        stage.run(4)
        stage.write("lettre.sign.yaml", ONE)  # saved again as it was
        credit_is_back(stage)
        assert stage.first_line().startswith(word)
        assert stage.sends() == [word == "EN COURS"]
        stage.intact()


def test_a_ceiling_lowered_while_marked_and_in_pause(tmp_path: Path) -> None:
    with in_pause_and_marked(tmp_path) as stage:
        stage.settings = {"send": "draft"}
        stage.restart()
        credit_is_back(stage)
        stage.clock.advance(1000)  # a started process asks twice whether it left
        stage.run()
        assert stage.record().state is State.HELD
        assert stage.sends() == [0]


def test_broken_settings_hold_what_is_marked(tmp_path: Path) -> None:
    with in_pause_and_marked(tmp_path) as stage:
        stage.write("_signature.yaml", BROKEN)
        stage.run(4)
        credit_is_back(stage)
        assert (stage.record().state, stage.sends()) == (State.MARKED, [0])
        before = len(stage.dms.requests)
        stage.round()
        assert len(stage.dms.requests) - before <= 2, "it is not read at every pass"
        stage.write("_signature.yaml", "objet: Lettre\n# corrigé\n")
        credit_is_back(stage)
        assert (stage.record().state, stage.sends()) == (State.IN_PROGRESS, [1])


def test_two_that_arrive_together_never_share_a_document(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.write("bilan.pdf", documents.letter(1, "Bilan"))
        stage.drop("un", sidecar=ONE + "documents: bilan.pdf\n")
        stage.drop("deux", sidecar=ONE + "documents: bilan.pdf\n")
        stage.run()
        assert [v.sends for v in stage.platform.transactions() if v.sends] == [1]
        assert {stage.record(n).state for n in ("un", "deux")} == {State.IN_PROGRESS, State.REJECTED}


@pytest.mark.parametrize("own", ["", "envoi: oui\n"])
def test_a_lifted_ceiling_after_a_broken_settings_file(tmp_path: Path, own: str) -> None:
    """Lifting a ceiling sends nothing that was prepared under it, whatever happens in between."""
    with Stage(tmp_path, settings={"send": "preview"}) as stage:
        stage.drop(sidecar=ONE + own)
        stage.run()
        assert stage.record().state is State.PREVIEWED
        stage.settings = {"send": "live"}
        stage.restart()
        stage.run()
        assert stage.record().state is State.PREVIEWED
        stage.write("_signature.yaml", BROKEN)
        stage.run()
        assert stage.record().state is State.REJECTED
        stage.write("_signature.yaml", "# rien\n")
        stage.run()
        assert stage.sends() == []


def test_a_preview_whose_settings_broke_and_were_deleted(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.write("_signature.yaml", "envoi: non\n")
        stage.drop()
        stage.run()
        assert stage.record().state is State.PREVIEWED
        stage.write("_signature.yaml", "envoi: non\n" + BROKEN)
        stage.run()
        assert stage.record().state is State.REJECTED
        stage.delete("_signature.yaml")
        stage.run()
        assert stage.sends() == []


def test_a_preview_that_changed_while_its_settings_were_broken(tmp_path: Path) -> None:
    """One word lets go what was shown, and only as it was shown."""
    with Stage(tmp_path) as stage:
        stage.write("_signature.yaml", "envoi: non\n")
        stage.drop()
        stage.run()
        stage.write("_signature.yaml", "envoi: oui\n" + BROKEN)
        stage.run()
        stage.write("lettre.pdf", documents.letter(2, "autre texte"))
        stage.write("_signature.yaml", "envoi: oui\n")
        stage.run()
        assert stage.sends() == []
        assert stage.record().state is State.PREVIEWED


def test_a_preview_whose_pdf_was_away_for_a_while(tmp_path: Path) -> None:
    with Stage(tmp_path, settings={"send": "preview"}) as stage:
        stage.drop()
        stage.run()
        stage.settings = {"send": "live"}
        stage.restart()
        stage.run()
        assert stage.record().state is State.PREVIEWED
        stage.delete("lettre.pdf")
        stage.run()
        stage.write("lettre.pdf", documents.letter(2, "autre texte"))
        stage.run()
        assert stage.sends() == []


def test_an_order_to_stop_outlives_broken_settings(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        hold(stage)
        stage.drop()
        stage.run()
        stage.write("lettre.sign.yaml", ONE + "action: annuler\n")
        stage.run()
        assert (stage.record().state, stage.record().reason) == (State.PREVIEWED, "stopped")
        stage.write("_signature.yaml", BROKEN)
        stage.run()
        assert stage.record().state is State.REJECTED
        stage.write("_signature.yaml", "objet: Lettre\n")
        release(stage)
        stage.run()
        assert stage.sends() == []
        assert (stage.record().state, stage.record().reason) == (State.PREVIEWED, "stopped")


def test_what_was_let_go_waits_and_stays_let_go(tmp_path: Path) -> None:
    """Let go by one word, then paused: a remark in the settings sends nobody back to the preview, a change does."""
    with Stage(tmp_path) as stage:
        stage.write("_signature.yaml", "envoi: non\n")
        stage.run()
        stage.write("_signataires.xlsx", workbook([person(n, document=f"l{n}") for n in (1, 2)]))
        for n in (1, 2):
            stage.write(f"l{n}.pdf", documents.letter(1, f"l{n}"))
        stage.run(20, calm=6)
        assert [stage.record(name).state for name in ("l1", "l2")] == [State.PREVIEWED] * 2
        hold(stage)
        stage.write("_signature.yaml", "envoi: oui\n")
        stage.run()
        assert [stage.record(name).state for name in ("l1", "l2")] == [State.WAITING] * 2
        stage.write("_signature.yaml", "envoi: oui\n# bon\n")
        stage.write("l2.pdf", documents.letter(2, "autre"))
        stage.run()
        assert [stage.record(name).state for name in ("l1", "l2")] == [State.WAITING, State.PREVIEWED]
        release(stage)
        stage.run()
        assert stage.sends() == [1]


def test_an_order_to_send_is_taken_back(tmp_path: Path) -> None:
    """« action: envoyer » while paused; a remark in the settings changes nothing, « envoi: non » there stops it."""
    with Stage(tmp_path) as stage:
        stage.drop(sidecar=ONE + "envoi: non\n")
        stage.run()
        hold(stage)
        stage.write("lettre.sign.yaml", ONE + "envoi: non\naction: envoyer\n")
        stage.run()
        assert stage.record().state is State.WAITING
        stage.write("_signature.yaml", "# rien\n")
        stage.run()
        assert stage.record().state is State.WAITING
        stage.write("lettre.sign.yaml", ONE + "action: envoyer\n")
        stage.write("_signature.yaml", "envoi: non\n")
        stage.run()
        release(stage)
        stage.run()
        assert stage.sends() == []


def test_the_corrected_request_is_not_taken_back_once_it_is_the_request(tmp_path: Path) -> None:
    """It was deleted in the pass that launched it, or, while it waited, before it could leave at all."""
    with Stage(tmp_path) as stage:
        hold(stage)
        stage.drop(sidecar=ONE + "obget: Lettre\n")
        stage.run()
        stage.delete("lettre.sign.yaml")
        stage.run()
        assert "lettre.sign.corrigé.yaml" in stage.files()
        release(stage)
        stage.run()
        assert "lettre.sign.corrigé.yaml" in stage.files()
        assert "supprimé" not in stage.status()
        assert stage.sends() == [1]


@MODES
@pytest.mark.parametrize("first", ["broken", "waiting", "held"])
def test_what_was_there_before_stays_so_when_it_is_moved(tmp_path: Path, mode: Mode, first: str) -> None:
    """R7, whatever the first look thought of it: settings broken then, a document missing, or nothing wrong."""
    here, there = f"{ROOT}/a", f"{ROOT}/b"
    with Stage(tmp_path, mode, start=False) as stage:
        for folder in (here, there):
            stage.dms.person.mkdir(folder)
        stage.write("_signature.yaml", BROKEN if first == "broken" else "objet: x\n")
        stage.drop(sidecar=ONE + ("documents: bilan\n" if first == "waiting" else ""), folder=here)
        stage.start()
        stage.run()
        assert not stage.record(folder=here).state.open
        for name in ("lettre.pdf", "lettre.sign.yaml"):
            stage.move(name, name, folder=here, to_folder=there)
        stage.run()
        stage.write("_signature.yaml", "objet: y\n")
        stage.write("bilan.pdf", documents.letter(1, "bilan"), folder=there)
        stage.run()
        assert stage.record(folder=there).state is State.HELD
        assert stage.sends() == []
        stage.write("lettre.sign.yaml", ONE + "action: recommencer\n", folder=there)
        stage.run()
        assert stage.sends() == [1]


def test_a_corrected_request_that_was_there_before(tmp_path: Path) -> None:
    with Stage(tmp_path, start=False) as stage:
        stage.drop(sidecar=ONE + "obget: L\n")
        stage.write("lettre.sign.corrigé.yaml", ONE + "objet: L\n")
        stage.start()
        stage.run()
        stage.delete("lettre.sign.yaml")
        stage.run()
        assert stage.sends() == []


@pytest.mark.parametrize("started_anew", [False, True])
def test_a_drop_folder_that_becomes_one_again(tmp_path: Path, *, started_anew: bool) -> None:
    """What was put there while it was an ordinary folder is told, not requested (R7)."""
    inside, people = f"{ROOT}/À signer", f"{ONE}envoi: oui\n"
    with Stage(tmp_path, more="policy: {drop_folder: allow}\n", start=False) as stage:
        stage.dms.person.mkdir(inside)
        stage.write("_signature.yaml", f"{people}dépôt: À signer\n")
        stage.start()
        stage.run(calm=6)
        stage.write("_signature.yaml", people)
        stage.run(calm=6)
        if started_anew:
            stage.restart()
        stage.write("vieux.pdf", documents.letter(1, "vieux"), folder=inside)
        stage.run(calm=6)
        stage.write("_signature.yaml", f"{people}dépôt: À signer\n")
        stage.run(calm=6)
        stage.write("neuf.pdf", documents.letter(1, "neuf"), folder=inside)
        stage.run(calm=6)
        stage.clock.advance(700)
        stage.run(20, calm=6)
        assert [name for name in stage.files(inside) if name.endswith(".yaml")] == ["neuf.sign.yaml"]
        assert stage.sends() == [1]


@MODES
def test_a_folder_that_is_called_like_a_document(tmp_path: Path, mode: Mode) -> None:
    """It never settles: the request said nothing for ever, the list had no answer, every pass listed everything."""
    with Stage(tmp_path, mode) as stage:
        for name in ("lettre.pdf", "ligne.pdf", "photo.jpg"):
            stage.dms.person.mkdir(f"{ROOT}/{name}")
        stage.write("lettre.sign.yaml", ONE)
        stage.write("photo.sign.yaml", ONE)
        stage.write("_signataires.xlsx", workbook([person(1, document="ligne")]))
        stage.run(calm=6)
        stage.clock.advance(600)
        stage.run(calm=6)
        for name in ("lettre", "photo"):
            assert stage.first_line(name).startswith("EN ATTENTE DU PDF")
        assert stage.first_line("_signataires")
        stage.round()
        before = len(stage.dms.requests)
        stage.round()
        assert mode == "plain" or len(stage.dms.requests) == before + 1


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf\r\n\r\n", bytes(40)])
def test_settings_that_are_half_saved_say_nothing(tmp_path: Path, content: bytes) -> None:
    """An empty file is no word to leave a partner out, or to send what was to be shown first."""
    with Stage(tmp_path) as stage:
        stage.write("_signature.yaml", f"envoi: non\npuis: Claire Bernard <{CLAIRE}> 06 98 76 54 32\n")
        stage.run()
        stage.write("_signature.yaml", content)
        stage.run()
        stage.drop()
        stage.run()
        assert stage.record().state is State.REJECTED
        assert "_signature.yaml" in stage.status()
        assert stage.sends() == []


def test_a_number_that_two_share_and_nobody_wrote_here(tmp_path: Path) -> None:
    """Known from two earlier requests: what is wrong with it is said without showing it."""
    with Stage(tmp_path) as stage:
        for name, email in (("Paul", MARIE), ("Julie", CLAIRE)):
            stage.drop(name, sidecar=f"signataires: {name} Martin <{email}> 06 12 34 56 78\n")
            stage.run()
            stage.sign(email)
            stage.run()
        stage.drop(sidecar=f"signataires:\n  - {MARIE}\n  - {CLAIRE}\n")
        stage.run()
        assert [problem["code"] for problem in stage.record().problems] == ["same_phone"]
        assert "345" not in "".join(stage.status().split("--")[0].split())


@MODES
def test_a_folder_renamed_is_no_word_to_send(tmp_path: Path, mode: Mode) -> None:
    with Stage(tmp_path, mode) as stage:
        inside = f"{ROOT}/a"
        stage.dms.person.mkdir(inside)
        stage.write("_signature.yaml", "envoi: oui\n", folder=inside)
        stage.run()
        stage.write("_signataires.xlsx", workbook([person(1, document="lettre")]), folder=inside)
        stage.write("lettre.pdf", documents.letter(1, "lettre"), folder=inside)
        stage.run(20, calm=6)
        assert stage.record(folder=inside).state is State.PREVIEWED
        stage.dms.person.move(inside, f"{ROOT}/b")
        stage.run(20, calm=6)
        assert stage.sends() == []
        assert stage.record(folder=f"{ROOT}/b").state is State.PREVIEWED


@MODES
@pytest.mark.parametrize("together", [True, False])
def test_a_preview_that_is_moved(tmp_path: Path, mode: Mode, *, together: bool) -> None:
    """Followed like any other: no « À CONFIRMER » for a folder that was renamed, and one preview, beside its letter."""
    here, there = f"{ROOT}/a", f"{ROOT}/b"
    with Stage(tmp_path, mode) as stage:
        stage.dms.person.mkdir(here)
        stage.run()
        stage.drop(sidecar=ONE + "envoi: non\n", folder=here)
        stage.drop("faute", sidecar=ONE + "obget: x\n", folder=here)
        stage.run()
        if together:
            stage.dms.person.move(here, there)
        else:
            stage.dms.person.mkdir(there)
            for name in ("lettre.pdf", "lettre.sign.yaml", "faute.pdf", "faute.sign.yaml"):
                stage.move(name, name, folder=here, to_folder=there)
        stage.run()
        assert stage.record(folder=there).state is State.PREVIEWED, stage.status(folder=there)
        left = [name for name in stage.files() if "apercu" in name or "corrigé" in name]
        assert left == ["b/faute.sign.corrigé.yaml", "b/lettre.apercu.pdf"]
        stage.write("lettre.sign.yaml", ONE + "envoi: oui\n", folder=there)
        stage.write("faute.sign.yaml", ONE, folder=there)
        stage.run()
        assert stage.sends() == [1, 1]
        assert [name for name in stage.files() if "apercu" in name or "corrigé" in name] == []


def test_a_preview_moved_below_other_settings_waits_for_their_word(tmp_path: Path) -> None:
    """What those settings said before it came was not said of it."""
    with Stage(tmp_path) as stage:
        stage.dms.person.mkdir(f"{ROOT}/a")
        stage.dms.person.mkdir(f"{ROOT}/b")
        stage.write("_signature.yaml", "envoi: non\n", folder=f"{ROOT}/a")
        stage.write("_signature.yaml", "envoi: oui\n", folder=f"{ROOT}/b")
        stage.run()
        stage.drop(folder=f"{ROOT}/a")
        stage.run()
        for name in ("lettre.pdf", "lettre.sign.yaml"):
            stage.move(name, name, folder=f"{ROOT}/a", to_folder=f"{ROOT}/b")
        stage.run()
        assert (stage.record(folder=f"{ROOT}/b").state, stage.sends()) == (State.PREVIEWED, [])
        stage.write("_signature.yaml", "envoi: oui\n# bon\n", folder=f"{ROOT}/b")
        stage.run()
        assert stage.sends() == [1]
