"""How people write orders: with other edits, twice, misspelt, left standing, too early, in the wrong file."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from connector.lifecycle import State
from tests import documents
from tests.faults.test_orders import BY_ORDER, HOUR, OUT, answers, called, each_out, words
from tests.worlds import MARIE, ONE, OVERVIEWS, ROOT, Mode, Stage

CORRECTED = "EN COURS – 0 signature sur 1 – votre correction n’est pas partie"


def write(stage: Stage, name: str, *lines: str, sidecar: str = ONE) -> None:
    """Save a request with these lines below it."""
    stage.write(f"{name}.sign.yaml", sidecar + "".join(f"{line}\n" for line in lines))


def overview(stage: Stage) -> str:
    """The overview of the watched root with its lines joined and plain spaces."""
    return " ".join(stage.read(OVERVIEWS[0]).decode("utf-8-sig").replace("\u00a0", " ").split())


def later(stage: Stage, seconds: float = HOUR) -> None:
    """Let every wait go by, and look again."""
    stage.clock.advance(seconds)
    stage.run()


def test_a_refused_recommencer_does_not_fire_later(tmp_path: Path) -> None:
    """Its line stands while the request ends: no other edit makes a paid request of it; written anew it is meant."""
    with Stage(tmp_path) as stage:
        each_out(stage, ("debout", "reprise"))
        for name in ("debout", "reprise"):
            write(stage, name, "action: recommencer")
        stage.run()
        told = "« recommencer » n’a pas été suivi : la demande est encore en cours. Arrêtez-la d’abord avec « annuler »"
        assert told in words(stage, "debout")
        write(stage, "reprise")
        stage.run()
        assert "n’a pas été suivi" not in words(stage, "reprise"), (
            "its line is gone, and so is what was said of it"
        )
        for view in stage.platform.transactions():
            stage.platform.person_refuses(view.id, MARIE, "Non.")
        later(stage)
        for name, next_one in (("debout", "recommencer 2"), ("reprise", "recommencer")):
            assert stage.first_line(name).startswith("REFUSÉ – ")
            assert f"        action: {next_one}\n" in stage.status(name), name
        write(stage, "debout", "# appelé", "action: recommencer")
        stage.restart()
        stage.run()
        assert stage.sends() == [1, 1], "an unrelated edit never repeats an order"
        told = "« recommencer » était déjà écrit avant la fin de cette demande, et n’a pas été suivi. Pour "
        assert told + "recommencer, remplacez cette ligne par « action: recommencer 2 »." in words(
            stage, "debout"
        )
        write(stage, "debout", "action: recommencer 2")
        write(stage, "reprise", "action: recommencer")
        stage.run()
        for name in ("debout", "reprise"):
            assert stage.first_line(name).startswith(OUT), stage.status(name)
        assert stage.sends() == [1, 1, 1, 1]
        stage.intact()


def test_orders_beside_other_edits(tmp_path: Path) -> None:
    """The order is obeyed, the correction is told; what is only about orders is no correction."""
    other = ONE.replace("Marie Dupont", "Julie Dupont")
    with Stage(tmp_path) as stage:
        each_out(stage, ("les deux", "deux lignes", "mal écrit"))
        stage.clock.advance(2 * HOUR)
        write(stage, "les deux", "action: relancer", sidecar=other)
        write(stage, "deux lignes", "action: déverrouiller", "action: relancer")
        write(stage, "mal écrit", "action: anuler")
        stage.run()
        assert called(stage, "remind") == 2
        assert stage.first_line("les deux") == CORRECTED
        assert "Rappel fait le " in words(stage, "les deux")
        assert stage.first_line("deux lignes").startswith(OUT), "the last of two lines counts"
        assert "Rappel fait le " in words(stage, "deux lignes")
        assert "verrouiller" not in words(stage, "deux lignes")
        assert stage.first_line("mal écrit").startswith(OUT)
        told = "« anuler » n’est pas une consigne prévue. Vouliez-vous dire « annuler » ?"
        assert told in words(stage, "mal écrit")
        write(stage, "mal écrit", "action: tout arrêter")
        write(stage, "deux lignes", "action: relancer", sidecar=other)
        stage.run()
        assert "« tout arrêter » n’est pas une consigne prévue. Elle n’a pas été suivie." in words(
            stage, "mal écrit"
        )
        assert stage.first_line("deux lignes") == CORRECTED
        write(stage, "mal écrit")
        stage.run()
        assert "consigne" not in words(stage, "mal écrit")
        write(stage, "mal écrit", "action: annuler")
        stage.run()
        assert stage.first_line("mal écrit").startswith(BY_ORDER)
        write(stage, "mal écrit", "action: recomencer")
        stage.run()
        assert "Vouliez-vous dire « recommencer » ?" in words(stage, "mal écrit"), (
            "after the end it is said as well"
        )
        assert stage.sends() == [1, 1, 1]
        stage.intact()


@pytest.mark.parametrize("state", ["partie", "refusée"])
def test_a_line_pasted_as_the_status_shows_it(tmp_path: Path, state: str) -> None:
    """Whole, with the blanks before it: it is obeyed, once."""
    with Stage(tmp_path) as stage:
        stage.drop()
        stage.run()
        if state == "refusée":
            stage.refuse()
            stage.run()
        shown = next(
            line
            for line in stage.status().split("\n")
            if line.endswith("action: recommencer" if state == "refusée" else "action: annuler")
        )
        assert shown.startswith("        ")
        write(stage, "lettre", shown)
        stage.run()
        if state == "partie":
            assert stage.first_line().startswith(BY_ORDER)
        else:
            assert stage.first_line().startswith(OUT)
            assert stage.sends() == [1, 1]
        write(stage, "lettre", shown.strip())
        stage.run()
        assert sum(stage.sends()) == (1 if state == "partie" else 2), "it is the same order at the edge"
        assert called(stage, "cancel") == (1 if state == "partie" else 0)
        stage.intact()


def test_the_preview_lets_go_by_the_line_it_shows(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.drop(sidecar=ONE + "envoi: non\n")
        stage.run()
        shown = next(line for line in stage.status().split("\n") if line.endswith("envoi: oui"))
        write(stage, "lettre", shown)
        stage.run()
        assert stage.first_line().startswith(OUT)
        stage.intact()


@pytest.mark.parametrize(
    ("data", "obeyed"),
    [
        (b"PK\x03\x04\x14\0\6\0\x08\0\0\0!\0" + bytes(range(256)) * 20, False),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\1\0action: annuler\n" * 20, False),
        (b"PK\x03\x04" + bytes(300_000), False),
        (b"{\\rtf1\\ansi\\pard Marie <marie@cabinet.fr>\\par\naction: annuler\\par\n}\n", False),
        (b"{\\rtf1\\ansi\n\\f0 Marie <marie@cabinet.fr>\\\naction: annuler}\n", True),
    ],
    ids=["docx", "doc", "large", "WordPad", "TextEdit"],
)
def test_orders_in_what_a_word_processor_saved(tmp_path: Path, data: bytes, obeyed: bool) -> None:
    """The request is out, and its file is no text any more: that is said, and none of its markup is quoted."""
    with Stage(tmp_path) as stage:
        stage.drop()
        stage.run()
        stage.write("lettre.sign.yaml", data)
        stage.run()
        assert called(stage, "cancel") == obeyed
        told = "« lettre.sign.yaml » n’est plus un fichier texte : aucune consigne n’y est lue."
        assert (told in words(stage, "lettre")) is not obeyed
        assert "n’a pas été suivi" not in words(stage, "lettre")
        write(stage, "lettre")
        stage.run()
        assert told not in words(stage, "lettre")
        stage.intact()


def test_a_line_that_was_obeyed_before_is_answered(tmp_path: Path) -> None:
    """Begun again, and to be stopped once more: people can still sign while nobody says that the line does nothing."""
    with Stage(tmp_path) as stage:
        stage.drop()
        stage.run()
        for line in ("annuler", "recommencer"):
            write(stage, "lettre", f"action: {line}")
            stage.run()
        assert stage.sends() == [1, 1]
        assert "n’a pas été suivi" not in words(stage, "lettre")
        write(stage, "lettre", "action: annuler")
        stage.run()
        assert called(stage, "cancel") == 1
        told = "« annuler » n’a pas été suivi : cette ligne a déjà compté, et ne compte qu’une fois. Remplacez-la "
        assert f"{told}par « action: annuler 2 »." in words(stage, "lettre")
        write(stage, "lettre", "action: annuler 2")
        stage.run()
        assert stage.first_line().startswith("ANNULÉ")
        assert "n’a pas été suivi" not in words(stage, "lettre")
        stage.intact()


def test_a_recommencer_that_counted_before_is_answered_after_the_end(tmp_path: Path) -> None:
    """Under another order since, or gone and written again: nobody waits for a request that is not made."""
    with Stage(tmp_path) as stage:
        stage.drop()
        stage.run()
        for line in ("annuler", "recommencer", "annuler 2", "recommencer"):
            write(stage, "lettre", f"action: {line}")
            stage.run()
        assert stage.sends() == [1, 1]
        told = (
            "« recommencer » n’a pas été suivi : cette ligne a déjà compté, et ne compte qu’une fois. Pour "
        )
        assert f"{told}recommencer, remplacez-la par « action: recommencer 2 »." in words(stage, "lettre")
        write(stage, "lettre", "action: recommencer 2")
        stage.run()
        assert stage.sends() == [1, 1, 1]
        stage.refuse()
        stage.run()
        told = (
            "« recommencer 2 » n’a pas été suivi : cette ligne a déjà compté, et ne compte qu’une fois. Pour "
        )
        for lines in (("# vu", "action: recommencer 2"), ()):
            write(stage, "lettre", *lines)
            stage.run()
            assert "n’a pas été suivi" not in words(stage, "lettre"), "it stands there, or is gone"
        write(stage, "lettre", "action: recommencer 2")
        stage.run()
        assert f"{told}recommencer, remplacez-la par « action: recommencer 3 »." in words(stage, "lettre")
        stage.restart()
        write(stage, "lettre", "# vu", "action: recommencer 2")
        stage.run()
        assert told in words(stage, "lettre"), "what was said stands for as long as its line does"
        assert stage.sends() == [1, 1, 1]
        stage.intact()


def test_an_order_that_counted_before_and_is_written_again_is_answered(tmp_path: Path) -> None:
    """Its line was taken out meanwhile: who writes it again means another one."""
    with Stage(tmp_path) as stage:
        stage.drop()
        stage.run()
        stage.clock.advance(HOUR)
        for line in ("action: relancer", "# rien", "action: relancer"):
            assert "n’a pas été suivi" not in words(stage, "lettre")
            write(stage, "lettre", line)
            stage.run()
        told = "« relancer » n’a pas été suivi : cette ligne a déjà compté, et ne compte qu’une fois. Remplacez-la "
        assert f"{told}par « action: relancer 2 »." in words(stage, "lettre")
        assert called(stage, "remind") == 1
        write(stage, "lettre")
        stage.run()
        assert "n’a pas été suivi" not in words(stage, "lettre")
        stage.intact()


@pytest.mark.parametrize(
    "line",
    ["- action: annuler", "actions: annuler", "action = annuler", "<b>action: annuler</b>", "annuler"],
)
def test_what_was_meant_as_an_order_is_answered(tmp_path: Path, line: str) -> None:
    """While it is out, and after its end; a word taken back is no news any more."""
    with Stage(tmp_path) as stage:
        stage.drop()
        stage.run()
        write(stage, "lettre", line)
        stage.run()
        assert f"« {line} » n’a pas été suivi. Une consigne commence sa ligne" in words(stage, "lettre")
        assert stage.first_line() == CORRECTED or line != "annuler"
        assert called(stage, "cancel") == 0
        write(stage, "lettre")
        stage.run()
        assert "consigne" not in words(stage, "lettre")
        stage.refuse()
        stage.run()
        line = line.replace("annuler", "recommencer")
        write(stage, "lettre", line)
        stage.run()
        assert f"« {line} » n’a pas été suivi." in words(stage, "lettre")
        assert stage.sends() == [1]
        stage.intact()


def test_an_order_is_no_correction_where_the_message_is_a_file(tmp_path: Path) -> None:
    """What that file says is no part of what the request says; that another one is named, is."""
    sidecar = f"{ONE}message: voir Message.txt\n"
    with Stage(tmp_path) as stage:
        stage.write("Message.txt", "Bonjour,\nvoici la lettre.\n")
        stage.drop(sidecar=sidecar)
        stage.run()
        assert stage.first_line().startswith(OUT)
        stage.clock.advance(2 * HOUR)
        write(stage, "lettre", "action: relancer", sidecar=sidecar)
        stage.run()
        assert called(stage, "remind") == 1
        assert stage.first_line().startswith(OUT)
        write(stage, "lettre", "action: relancer", sidecar=sidecar.replace("Message", "Autre"))
        stage.run()
        assert stage.first_line() == CORRECTED
        stage.intact()


def test_an_order_in_a_list_is_answered_and_is_no_correction(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.drop()
        stage.run()
        write(stage, "lettre", "action:\n  - annuler")
        stage.run()
        assert "« - annuler » n’a pas été suivi. Une consigne commence sa ligne" in words(stage, "lettre")
        assert stage.first_line().startswith(OUT)
        assert stage.first_line() != CORRECTED
        assert called(stage, "cancel") == 0
        stage.intact()


def test_an_order_below_the_end_of_a_mail_is_answered_by_that_end(tmp_path: Path) -> None:
    """Not by what an order looks like: it looks like one. Above that end it is obeyed."""
    with Stage(tmp_path) as stage:
        stage.drop()
        stage.run()
        write(stage, "lettre", "Cordialement,\nClaire\naction: annuler")
        stage.run()
        told = words(stage, "lettre")
        assert (
            "« action: annuler » n’a pas été suivi : à partir de « Cordialement, », tout est lu comme" in told
        )
        assert "sans rien devant" not in told
        assert called(stage, "cancel") == 0
        write(stage, "lettre", "action: annuler\nCordialement,\nClaire")
        stage.run()
        assert called(stage, "cancel") == 1
        stage.intact()


def test_an_order_within_a_note_is_none(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.drop()
        stage.run()
        write(stage, "lettre", "note: |", "  S’il refuse :", "        action: annuler")
        stage.run()
        assert stage.first_line().startswith(OUT)
        assert "n’a pas été suivi" not in words(stage, "lettre")
        stage.intact()


def test_oui_in_a_draft_is_told(tmp_path: Path) -> None:
    """It leaves from the site only: whoever writes « oui » must not wait for it."""
    with Stage(tmp_path) as stage:
        stage.drop(sidecar=ONE + "envoi: brouillon\n")
        stage.run()
        before = stage.status()
        stage.write("lettre.sign.yaml", ONE + "envoi: oui\n")
        stage.run()
        assert "« lettre.sign.yaml » a été modifié : cela ne change rien à la demande" in words(
            stage, "lettre"
        )
        assert sum(stage.sends()) == 0
        stage.write("lettre.sign.yaml", ONE + "envoi: brouillon\n")
        stage.run()
        assert stage.status().split("\n--\n")[0] == before.split("\n--\n")[0]
        stage.intact()


def test_two_orders_one_after_the_other(tmp_path: Path) -> None:
    """Between two looks the last one counts; while one waits for the platform, the next takes its place."""
    with Stage(tmp_path) as stage:
        each_out(stage, ("vite", "attente"))
        write(stage, "vite", "action: annuler")
        write(stage, "vite", "action: recommencer")
        stage.run()
        assert stage.first_line("vite").startswith(OUT), "nobody saw that it was to be cancelled"
        assert "« recommencer » n’a pas été suivi : la demande est encore en cours." in words(stage, "vite")
        stage.clock.advance(2 * HOUR)
        stage.platform.switch(maintenance=True)
        write(stage, "attente", "action: annuler")
        stage.run()
        assert "« annuler » est lu et sera suivi dès que Jesignexpert répondra." in words(stage, "attente")
        write(stage, "attente", "action: relancer")
        stage.run()
        told = words(stage, "attente")
        assert "« relancer » est lu et sera suivi dès que Jesignexpert répondra." in told
        assert "annuler » est lu" not in told
        stage.restart()
        stage.platform.switch(maintenance=False)
        later(stage)
        assert stage.first_line("attente").startswith(OUT)
        assert "Rappel fait le " in words(stage, "attente")
        answered = [request.operation for request in stage.platform.requests if request.status == 200]
        assert (answered.count("remind"), called(stage, "cancel")) == (1, 0)
        stage.intact()


def test_recommencer_on_what_is_signed(tmp_path: Path) -> None:
    """The folder goes on to say that it is signed, and what to do; with the original put back it is a new request."""
    with Stage(tmp_path) as stage:
        each_out(stage, ["lettre"])
        stage.sign()
        later(stage)
        signed = "SIGNÉ – « lettre.pdf » est maintenant la version signée"
        write(stage, "lettre", "action: recommencer")
        stage.run()
        assert stage.first_line() == signed
        told = "« recommencer » n’a pas été suivi : « lettre.pdf » est la version signée. Pour une nouvelle demande, "
        assert told + "remplacez d’abord « lettre.pdf » par le document d’origine, sans signature." in words(
            stage
        )
        write(stage, "lettre")
        stage.run()
        assert stage.first_line() == signed
        assert "recommencer" not in words(stage)
        assert len(stage.records()) == 1
        stage.write("lettre.pdf", documents.letter(text="lettre"))
        write(stage, "lettre", "action: recommencer")
        stage.run()
        assert stage.first_line().startswith(OUT), stage.status()
        assert stage.sends() == [1, 1]
        stage.intact()


def test_what_the_platform_knows_beats_pas_partie(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Started after all: followed, and said so. Not started: a new request; what it cannot cancel, the log is told."""
    with Stage(tmp_path) as stage:
        stage.platform.misbehave(operation="send", kind="late_effect", seconds=HOUR)
        stage.drop("partie")
        stage.run()
        stage.platform.misbehave(operation="send", kind="cut_before")
        stage.drop("restée")
        stage.run()
        for name in ("partie", "restée"):
            assert stage.first_line(name).startswith("À VÉRIFIER – "), stage.status(name)
        stage.platform.misbehave(operation="status", kind="status", status=503, times=None, body="")
        later(stage, 2 * HOUR)
        stage.platform.behave()
        answers(stage, "cancel", 404, times=None)
        with caplog.at_level(logging.ERROR):
            for name in ("partie", "restée"):
                write(stage, name, "action: pas partie")
            stage.run()
        assert stage.first_line("partie").startswith(OUT)
        told = words(stage, "partie")
        assert "« pas partie » n’a pas été suivi : Jesignexpert confirme que la demande est partie." in told
        assert "Elle s’arrête depuis le site de Jesignexpert." in told, "cancelling is not known there"
        assert stage.first_line("restée").startswith(OUT)
        assert sum("operations.cancel.path" in each.getMessage() for each in caplog.records) == 1
        assert sorted(stage.sends()) == [0, 1, 1]
        events = [
            (name, data.get("code")) for _, name, data in stage.parts.journal.events(stage.record("partie"))
        ]
        assert ("order_answered", "sent_indeed") in events, "`show` tells the administrator"
        stage.intact()


def test_orders_that_came_with_the_file(tmp_path: Path) -> None:
    """Left over on a request that was never sent: without effect, and said, whatever the order and the state."""
    with Stage(tmp_path, settings={"send": "preview"}) as stage:
        lines = ("annuler", "relancer", "recommencer", "envoyer", "déjà partie")
        for line in lines:
            stage.drop(line, sidecar=ONE + f"action: {line}\n")
        stage.drop("à corriger", sidecar=ONE.replace("06 12 34", "04 78 34") + "action: annuler\n")
        stage.drop("arrêtée", sidecar=ONE.replace("06 12 34", "04 78 34"))
        stage.run()
        for line in lines:
            assert stage.first_line(line).startswith("PRÊT – aperçu seulement")
            left = "était déjà écrit à l’arrivée de cette demande : il est sans effet ici."
            capped = "n’a pas été suivi : l’envoi n’était pas ouvert dans ce dossier."
            assert f"« {line} » {capped if line == 'envoyer' else left}" in words(stage, line)
        assert "« annuler » était déjà écrit à l’arrivée" in words(stage, "à corriger")
        write(stage, "arrêtée", "action: annuler", sidecar=ONE.replace("06 12 34", "04 78 34"))
        stage.run()
        told = "« annuler » est lu : la demande ne partira pas tant que cette ligne est là."
        assert told in words(stage, "arrêtée")
        write(stage, "arrêtée", "action: annuler")
        stage.run()
        assert stage.first_line("arrêtée").startswith("PRÊT – rien n’est parti : la demande est arrêtée")
        assert stage.sends() == []
        stage.intact()


def test_an_order_in_the_settings_is_refused_by_name(tmp_path: Path) -> None:
    """It would fire for ever: what waits below is told so, what is out goes on untouched."""
    with Stage(tmp_path) as stage:
        each_out(stage, ["partie"])
        stage.write("_signature.yaml", "action: annuler\n")
        stage.drop("nouvelle")
        stage.run()
        assert stage.first_line("partie").startswith(OUT)
        assert stage.first_line("nouvelle").startswith("À CORRIGER – ")
        told = words(stage, "nouvelle")
        assert "_signature.yaml" in told
        assert "annuler" in told
        assert called(stage, "cancel") == 0
        later(stage)
        told = "« action: annuler » dans « _signature.yaml » n’a pas été suivi"
        assert told in overview(stage)
        stage.write("_signature.yaml", "objet: Lettre\n")
        later(stage)
        assert stage.first_line("nouvelle").startswith(OUT)
        assert told not in overview(stage)
        stage.intact()


def test_a_recommencer_that_nobody_knows_is_held(tmp_path: Path) -> None:
    """Written while the journal was being lost: no marker knows it, so that it waits for another word."""
    with Stage(tmp_path) as stage:
        each_out(stage, ("seule", "obéie"))
        for view in stage.platform.transactions():
            stage.platform.person_refuses(view.id, MARIE, "Non.")
        later(stage)
        write(stage, "obéie", "action: recommencer")
        stage.run()
        assert stage.first_line("obéie").startswith(OUT)
        write(stage, "seule", "action: recommencer")
        stage.lose_journal()
        stage.run()
        later(stage)
        assert stage.first_line("obéie").startswith(OUT), "its marker is there"
        assert "Les consignes déjà écrites dans « obéie.sign.yaml » comptent comme faites." in words(
            stage, "obéie"
        )
        old = "À VÉRIFIER – un ancien « recommencer » est resté dans la demande ; rien n’est parti"
        assert stage.first_line("seule") == old, stage.status("seule")
        assert "        action: recommencer 2\n" in stage.status("seule")
        write(stage, "seule", "# relu", "action: recommencer")
        stage.restart()
        stage.run()
        assert stage.first_line("seule") == old
        assert stage.sends() == [1, 1, 1]
        write(stage, "seule", "action: recommencer 2")
        stage.run()
        assert stage.first_line("seule").startswith(OUT)
        assert stage.sends() == [1, 1, 1, 1]
        stage.intact()


def test_restored_to_before_a_recommencer(tmp_path: Path) -> None:
    """The line was obeyed already, and its marker tells: nothing leaves again, and the folder goes on to say so."""
    with Stage(tmp_path) as stage:
        each_out(stage, ("en cours", "signée"))
        for view in stage.platform.transactions():
            stage.platform.person_refuses(view.id, MARIE, "Non.")
        later(stage)
        backup = stage.save_journal()
        for name in ("en cours", "signée"):
            write(stage, name, "action: recommencer")
        stage.run()
        stage.platform.person_signs(str(stage.record("signée").transaction), MARIE)
        later(stage)
        stage.restore(backup)
        stage.run()
        later(stage)
        assert stage.first_line("en cours").startswith(OUT)
        assert stage.first_line("signée") == "SIGNÉ – « signée.pdf » est maintenant la version signée"
        assert [stage.record(name).state for name in ("en cours", "signée")] == [
            State.IN_PROGRESS,
            State.DELIVERED,
        ]
        assert stage.sends() == [1] * 4
        stage.intact()


def test_orders_on_what_was_adopted_count_as_done(tmp_path: Path) -> None:
    """A lost journal reminds, cancels and decides nothing a second time, and says so in every state."""
    with Stage(tmp_path) as stage:
        stage.platform.misbehave(operation="send", kind="cut_before")
        stage.drop("doute")
        stage.run()
        stage.drop("brouillon", sidecar=ONE + "envoi: brouillon\n")
        each_out(stage, ["partie"])
        stage.stop()
        write(stage, "doute", "action: pas partie")
        write(stage, "brouillon", "envoi: brouillon", "action: annuler")
        write(stage, "partie", "action: annuler")
        stage.start()
        stage.lose_journal()
        stage.run()
        later(stage)
        for name, line in (("doute", "À VÉRIFIER – "), ("brouillon", "BROUILLON – "), ("partie", OUT)):
            assert stage.first_line(name).startswith(line), stage.status(name)
            found = f"Les consignes déjà écrites dans « {name}.sign.yaml » comptent comme faites."
            assert found in words(stage, name)
        assert "        action: pas partie 2\n" in stage.status("doute")
        assert (called(stage, "cancel"), sorted(stage.sends())) == (0, [0, 0, 1])
        write(stage, "partie", "action: annuler 2")
        stage.run()
        assert stage.first_line("partie").startswith(BY_ORDER)
        stage.intact()


def test_the_last_of_several_is_found_again(tmp_path: Path) -> None:
    """A refused request and the signed one that followed it: the lost journal knows which of them lies there."""
    with Stage(tmp_path) as stage:
        names = [f"lettre {number}" for number in range(4)]
        each_out(stage, names)
        for view in stage.platform.transactions():
            stage.platform.person_refuses(view.id, MARIE, "Non.")
        later(stage)
        for name in names:
            write(stage, name, "action: recommencer")
        stage.run()
        stage.sign()
        later(stage)
        for name in names:
            write(stage, name, "# signée")
        stage.run()
        stage.lose_journal()
        stage.run()
        for name in names:
            assert stage.record(name).state is State.DELIVERED
            write(stage, name, "action: relancer")
        stage.run()
        for name in names:
            assert stage.first_line(name).startswith("SIGNÉ – "), stage.status(name)
        assert stage.files() == sorted(
            f"{name}{end}" for name in names for end in (".pdf", ".sign.yaml", ".signature.txt")
        )
        assert stage.sends() == [1] * 8
        assert stage.person.read(f"{ROOT}/lettre 0.pdf") != documents.letter(text="lettre 0")
        stage.intact()


@pytest.mark.parametrize("mode", ["nextcloud", "plain"])
def test_recommencer_once_the_original_was_seen_back_in_its_place(tmp_path: Path, mode: Mode) -> None:
    """As the status asks: the original, seen by a pass, then the order. With the signed one back it is refused."""
    with Stage(tmp_path, mode) as stage:
        each_out(stage, ["lettre"])
        original = stage.read("lettre.pdf")
        stage.sign()
        later(stage)
        signed = stage.read("lettre.pdf")
        for content in (original, signed):
            stage.write("lettre.pdf", content)
            later(stage)
        write(stage, "lettre", "action: recommencer")
        later(stage)
        assert "« recommencer » n’a pas été suivi" in words(stage)
        stage.write("lettre.pdf", original)
        later(stage)
        write(stage, "lettre", "action: recommencer 2")
        later(stage)
        assert stage.sends() == [1, 1]
        assert stage.first_line().startswith(OUT), stage.status()
        stage.intact()


@pytest.mark.parametrize("come_along", ["order", "document"])
def test_what_comes_along_with_a_pair_that_is_over_is_seen(tmp_path: Path, come_along: str) -> None:
    """Moved between two looks, with an order in it or another PDF: the move alone is not all that is noticed."""
    there = f"{ROOT}/ailleurs"
    with Stage(tmp_path) as stage:
        stage.drop()
        stage.run()
        stage.refuse()
        for _ in range(3):
            stage.clock.advance(3600)
            stage.run()
        assert stage.record().closed
        stage.person.mkdir(there)
        for ending in (".pdf", ".sign.yaml", ".signature.txt"):
            stage.move(f"lettre{ending}", f"lettre{ending}", to_folder=there)
        if come_along == "order":
            stage.write("lettre.sign.yaml", ONE + "action: recommencer\n", folder=there)
        else:
            stage.write("lettre.pdf", documents.letter(2, "autre"), folder=there)
        for _ in range(3):
            stage.clock.advance(60)
            stage.run()
        assert stage.sends() == ([1, 1] if come_along == "order" else [1])
        told = stage.first_line(folder=there)
        assert told.startswith("EN COURS" if come_along == "order" else "À CONFIRMER"), told
        stage.intact()
