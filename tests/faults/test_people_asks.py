"""What people ask for, twice or by halves: copies, new asks, previews, drafts, doubts, old folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.lifecycle import State
from tests.faults.letters import letter
from tests.worlds import CLAIRE, MARIE, ONE, ROOT, Mode, Stage

MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])
OUT = "EN COURS – 0 signature sur 1 – attend Marie Dupont"
COPY = "À CONFIRMER – cette demande semble copiée d’un autre dossier ; rien n’est parti"
CHANGED = "À CONFIRMER – le PDF a changé après une demande terminée ; rien n’est parti"
BEFORE_US = "À VÉRIFIER – cette demande était là avant la mise en service ; rien n’est parti"
DOUBT = "À VÉRIFIER – la demande est peut-être déjà partie ; rien n’a été renvoyé"
DRAFT = "BROUILLON – la collecte vous attend sur Jesignexpert ; envoyez-la depuis le site"
PREVIEW_ONLY = "PRÊT – aperçu seulement : l’envoi n’est pas encore ouvert dans ce dossier"
READY = "PRÊT – rien n’est encore parti ; relisez l’aperçu, puis donnez le départ"


def ask(stage: Stage, name: str, line: str, *, folder: str = ROOT, sidecar: str = ONE) -> None:
    """Write one more line into a request and wait."""
    stage.write(f"{name}.sign.yaml", sidecar + line + "\n", folder=folder)
    stage.run()


def make(stage: Stage, *folders: str) -> None:
    for folder in folders:
        stage.dms.person.mkdir(f"{ROOT}/{folder}")


# --------------------------------------------------------------------------------------- the copies


def test_a_copy_in_the_same_folder(tmp_path: Path) -> None:
    """It comes from no other folder, and is not told so, on whatever level the folder lies."""
    with Stage(tmp_path) as stage:
        make(stage, "a", "b")
        for folder in (ROOT, f"{ROOT}/a"):
            stage.drop("lettre", letter(folder), folder=folder)
        stage.run()
        for folder in ("", "a/"):
            for ending in ("pdf", "sign.yaml"):
                stage.copy(f"{folder}lettre.{ending}", f"{folder}lettre - Copie.{ending}")
        stage.run()
        for folder in (ROOT, f"{ROOT}/a"):
            told = " ".join(stage.status("lettre - Copie", folder=folder).replace("\u00a0", " ").split())
            assert "À CONFIRMER – cette demande semble copiée d’une autre de ce dossier ; rien" in told
            assert "Elle ressemble à celle de « lettre.pdf », dans ce même dossier." in told
        assert stage.sends() == [1, 1]


@MODES
def test_copies_of_a_pair(tmp_path: Path, mode: Mode) -> None:
    """A pair copied before, during or after is never sent by itself; a new ask launches exactly one more."""
    with Stage(tmp_path, mode) as stage:
        make(stage, "a", "b", "c", "d")
        for folder in ("a", "b"):
            stage.drop("lettre", letter("une"), folder=f"{ROOT}/{folder}")
        stage.run()
        assert stage.sends() == [1]
        lines = {stage.first_line(folder=f"{ROOT}/{folder}") for folder in ("a", "b")}
        assert len(lines) == 2
        assert COPY in lines
        first, second = ("a", "b") if stage.first_line(folder=f"{ROOT}/a").startswith(OUT) else ("b", "a")
        for name in ("lettre.pdf", "lettre.sign.yaml"):
            stage.copy(f"{first}/{name}", f"c/{name}")
        stage.run()
        assert stage.first_line(folder=f"{ROOT}/c") == COPY
        ask(stage, "lettre", "action: recommencer", folder=f"{ROOT}/{second}")
        assert stage.first_line(folder=f"{ROOT}/{second}").startswith(OUT)
        assert stage.sends() == [1, 1]
        stage.sign()
        stage.run()
        assert stage.first_line(folder=f"{ROOT}/{first}").startswith("SIGNÉ – ")
        assert stage.first_line(folder=f"{ROOT}/{second}").startswith("SIGNÉ – ")
        for name in ("lettre.pdf", "lettre.sign.yaml"):
            stage.copy(f"{first}/{name}", f"d/{name}")
        stage.run()
        assert stage.first_line(folder=f"{ROOT}/d") == COPY
        ask(stage, "lettre", "action: recommencer 2", folder=f"{ROOT}/d")
        signed = "À CORRIGER – ce PDF porte déjà une signature électronique"
        assert stage.first_line(folder=f"{ROOT}/d") in {COPY, signed}
        assert stage.first_line(folder=f"{ROOT}/c") == COPY
        assert stage.sends() == [1, 1]
        stage.intact()


@MODES
def test_a_folder_of_last_year_copied_whole(tmp_path: Path, mode: Mode) -> None:
    """Copied with its status files, a folder launches nothing, and the requests of the first one go on."""
    with Stage(tmp_path, mode) as stage:
        make(stage, "2025")
        old, new = f"{ROOT}/2025", f"{ROOT}/2026"
        for name in ("signee", "refusee", "en cours"):
            stage.drop(
                name, letter(name), ONE if name != "refusee" else ONE.replace(MARIE, CLAIRE), folder=old
            )
        stage.run()
        people = {view.id: view.signatories[0].email for view in stage.platform.transactions()}
        refused = next(ident for ident, email in people.items() if email == CLAIRE)
        signed = next(view.id for view in stage.platform.transactions() if view.documents == ("signee.pdf",))
        stage.platform.person_refuses(refused, CLAIRE, "Non.")
        stage.platform.person_signs(signed, MARIE)
        stage.run()
        stage.copy("2025", "2026")
        stage.run()
        for name in ("signee", "refusee", "en cours"):
            assert stage.first_line(name, folder=new) == COPY, name
        assert stage.first_line("signee", folder=old).startswith("SIGNÉ – ")
        assert stage.first_line("refusee", folder=old).startswith("REFUSÉ – ")
        assert stage.first_line("en cours", folder=old).startswith(OUT)
        assert stage.sends() == [1, 1, 1]
        stage.sign()
        stage.run()
        assert stage.first_line("en cours", folder=old).startswith("SIGNÉ – ")
        assert stage.first_line("en cours", folder=new) == COPY
        assert stage.read("en cours.pdf", folder=new) == letter("en cours")
        assert stage.sends() == [1, 1, 1]
        stage.intact()


@MODES
def test_one_blank_form_for_other_people(tmp_path: Path, mode: Mode) -> None:
    """The same form with other signatories in another folder is another request and goes."""
    with Stage(tmp_path, mode) as stage:
        make(stage, "Dupont", "Bernard")
        stage.drop("formulaire", letter("vierge"), folder=f"{ROOT}/Dupont")
        claire = f"signataires: Claire Bernard <{CLAIRE}> 06 98 76 54 32\n"
        stage.drop("formulaire", letter("vierge"), claire, folder=f"{ROOT}/Bernard")
        stage.run()
        assert stage.first_line("formulaire", folder=f"{ROOT}/Dupont").startswith(OUT)
        assert stage.first_line("formulaire", folder=f"{ROOT}/Bernard").startswith("EN COURS")
        assert stage.sends() == [1, 1]
        stage.sign(MARIE)
        stage.sign(CLAIRE)
        stage.run()
        for folder in ("Dupont", "Bernard"):
            assert stage.first_line("formulaire", folder=f"{ROOT}/{folder}").startswith("SIGNÉ – ")
        stage.intact()


# ------------------------------------------------------------------------------------------ anew


@MODES
def test_asked_again_after_a_refusal(tmp_path: Path, mode: Mode) -> None:
    """After a refusal a corrected PDF alone sends nothing; with a new ask it goes, once."""
    with Stage(tmp_path, mode) as stage:
        stage.drop("lettre", letter("première"))
        stage.run()
        stage.refuse()
        stage.run()
        assert stage.first_line().startswith("REFUSÉ – Marie Dupont a refusé de signer")
        stage.write("lettre.pdf", letter("corrigée"))
        stage.run()
        assert stage.first_line() == CHANGED
        assert stage.sends() == [1]
        ask(stage, "lettre", "action: recommencer")
        assert stage.first_line().startswith(OUT)
        assert stage.sends() == [1, 1]
        stage.run()
        ask(stage, "lettre", "action: recommencer\n# relu")
        assert stage.sends() == [1, 1]
        stage.sign()
        stage.run()
        assert stage.first_line() == "SIGNÉ – « lettre.pdf » est maintenant la version signée"
        assert stage.sends() == [1, 1]
        stage.intact()


@MODES
def test_corrected_and_asked_again_at_once(tmp_path: Path, mode: Mode) -> None:
    """PDF and order saved together after a refusal make one new request; the same PDF does so as well."""
    with Stage(tmp_path, mode) as stage:
        for name in ("autre", "meme"):
            stage.drop(name, letter(name))
        stage.run()
        for view in stage.platform.transactions():
            stage.platform.person_refuses(view.id, MARIE, "Non.")
        stage.run()
        stage.write("autre.pdf", letter("corrigée"))
        stage.write("autre.sign.yaml", ONE + "action: recommencer\n")
        stage.write("meme.sign.yaml", ONE + "action: recommencer\n")
        stage.run()
        assert stage.first_line("autre").startswith(OUT)
        assert stage.first_line("meme").startswith(OUT)
        assert stage.sends() == [1, 1, 1, 1]
        stage.intact()


def test_an_order_to_begin_again_while_it_is_out(tmp_path: Path) -> None:
    """`recommencer` on a request that is out sends nothing and is answered in the status."""
    with Stage(tmp_path) as stage:
        stage.drop()
        stage.run()
        ask(stage, "lettre", "action: recommencer")
        assert stage.first_line().startswith(OUT)
        assert "« recommencer » n’a pas été suivi" in stage.status().replace("\u00a0", " ")
        assert stage.sends() == [1]
        stage.intact()


# ------------------------------------------------------------------------------ previews and drafts


@MODES
def test_a_preview_first(tmp_path: Path, mode: Mode) -> None:
    """`envoi: non` shows a preview and sends nothing; `envoi: oui` then sends, and the preview goes."""
    with Stage(tmp_path, mode) as stage:
        stage.drop(sidecar=ONE + "envoi: non\n")
        stage.run()
        assert stage.first_line() == READY
        assert "lettre.apercu.pdf" in stage.files()
        assert stage.sends() == []
        ask(stage, "lettre", "envoi: oui")
        assert stage.first_line().startswith(OUT)
        assert "lettre.apercu.pdf" not in stage.files()
        assert stage.sends() == [1]
        stage.intact()


def test_a_ceiling_that_is_lifted(tmp_path: Path) -> None:
    """What waited under a preview ceiling does not leave by itself once it is lifted; an order makes it leave."""
    with Stage(tmp_path, settings={"send": "preview"}) as stage:
        stage.drop("ordre", letter("un"))
        stage.drop("oui", letter("deux"))
        stage.drop("deja", letter("trois"), ONE + "envoi: oui\n")
        stage.run()
        for name in ("ordre", "oui", "deja"):
            assert stage.first_line(name) == PREVIEW_ONLY
        stage.settings["send"] = "live"
        stage.restart()
        stage.run()
        for name in ("ordre", "oui", "deja"):
            assert stage.first_line(name) == READY
        assert stage.sends() == []
        ask(stage, "ordre", "action: envoyer")
        ask(stage, "oui", "envoi: oui")
        assert stage.first_line("ordre").startswith(OUT)
        assert stage.first_line("oui").startswith(OUT)
        assert stage.first_line("deja") == READY
        ask(stage, "deja", "envoi: oui\naction: envoyer")
        assert stage.first_line("deja").startswith(OUT)
        assert stage.sends() == [1, 1, 1]
        stage.intact()


@MODES
def test_a_draft_is_sent_by_people_only(tmp_path: Path, mode: Mode) -> None:
    """A draft waits on the site; `envoi: oui` never sends it; sent there it is followed to its end."""
    with Stage(tmp_path, mode) as stage:
        stage.drop(sidecar=ONE + "envoi: brouillon\n")
        stage.run()
        assert stage.first_line() == DRAFT
        assert sum(stage.sends()) == 0
        ask(stage, "lettre", "envoi: oui")
        ask(stage, "lettre", "envoi: oui\naction: envoyer")
        assert stage.first_line() == DRAFT
        assert sum(stage.sends()) == 0
        stage.platform.site(stage.platform.transactions()[0].id, "send")
        stage.clock.advance(3600)
        stage.run()
        assert stage.first_line().startswith("EN COURS – 0 signature sur 1")
        stage.sign()
        stage.clock.advance(3600)
        stage.run()
        assert stage.first_line().startswith("SIGNÉ – ")
        assert stage.sends() == [1]
        stage.intact()


# ------------------------------------------------------------------------------------------- doubts


def doubtful(stage: Stage, **rule: Any) -> None:
    """Let the answer to ``send`` be lost so that nobody can tell."""
    stage.platform.misbehave(operation="send", **rule)
    stage.drop()
    stage.run()
    assert stage.first_line() == DOUBT, stage.status()
    assert stage.record().state is State.IN_DOUBT


def test_a_doubt_settled_by_the_platform(tmp_path: Path) -> None:
    """The effect of a lost answer shows later: the request is followed, and nothing is sent again."""
    with Stage(tmp_path) as stage:
        doubtful(stage, kind="late_effect", seconds=900)
        ask(stage, "lettre", "action: recommencer")
        assert stage.first_line() == DOUBT
        stage.clock.advance(1800)
        stage.run()
        assert stage.first_line().startswith(OUT)
        stage.sign()
        stage.run()
        assert stage.first_line().startswith("SIGNÉ – ")
        assert stage.sends() == [1]
        stage.intact()


@MODES
def test_a_doubt_settled_as_sent(tmp_path: Path, mode: Mode) -> None:
    """`déjà partie` makes a doubtful request one that is followed."""
    with Stage(tmp_path, mode) as stage:
        stage.platform.misbehave(operation="send", kind="status_lag", seconds=3600)
        doubtful(stage, kind="lost_answer")
        ask(stage, "lettre", "action: déjà partie")
        assert stage.first_line().startswith("EN COURS – 0 signature sur 1")
        stage.clock.advance(7200)
        stage.sign()
        stage.run()
        assert stage.first_line().startswith("SIGNÉ – ")
        assert stage.sends() == [1]
        stage.intact()


@MODES
def test_a_doubt_settled_as_not_sent(tmp_path: Path, mode: Mode) -> None:
    """`pas partie` begins a new request under a new key; the old transaction is never sent."""
    with Stage(tmp_path, mode) as stage:
        doubtful(stage, kind="cut_before")
        ask(stage, "lettre", "action: pas partie")
        assert stage.first_line().startswith(OUT)
        assert stage.sends() == [0, 1]
        stage.restart()
        stage.run()
        assert stage.sends() == [0, 1]
        stage.sign()
        stage.run()
        assert stage.first_line().startswith("SIGNÉ – ")
        stage.intact()


def test_a_doubt_settled_wrongly(tmp_path: Path) -> None:
    """`pas partie` of a request that did leave is checked first: it is followed, and not sent a second time."""
    with Stage(tmp_path) as stage:
        doubtful(stage, kind="late_effect", seconds=120)
        stage.clock.advance(300)
        ask(stage, "lettre", "action: pas partie")
        assert stage.first_line().startswith(OUT)
        assert stage.sends() == [1]
        stage.intact()


# ------------------------------------------------------------------------------------- the old ones


@MODES
def test_requests_there_before_the_service(tmp_path: Path, mode: Mode) -> None:
    """What lay there at the first pass is held; a new ask sends it; what arrives later goes by itself."""
    with Stage(tmp_path, mode, start=False) as stage:
        stage.drop("ancienne", letter("un"))
        stage.drop("vieil ordre", letter("deux"), ONE + "action: recommencer\n")
        stage.start()
        stage.run()
        for name in ("ancienne", "vieil ordre"):
            assert stage.first_line(name) == BEFORE_US
        assert stage.sends() == []
        stage.restart()
        stage.drop("nouvelle", letter("trois"))
        stage.run()
        assert stage.first_line("nouvelle").startswith(OUT)
        assert stage.first_line("ancienne") == BEFORE_US
        ask(stage, "ancienne", "# relue")
        assert stage.first_line("ancienne") == BEFORE_US
        ask(stage, "ancienne", "action: recommencer")
        ask(stage, "vieil ordre", "action: recommencer 2")
        assert stage.first_line("ancienne").startswith(OUT)
        assert stage.first_line("vieil ordre").startswith(OUT)
        assert stage.sends() == [1, 1, 1]
        stage.intact()
