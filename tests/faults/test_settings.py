"""Settings that inherit, people known from elsewhere, and the one word that lets prepared requests go."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.lifecycle import State
from tests import documents
from tests.worlds import CLAIRE, MARIE, ONE, ROOT, Mode, Stage

PARTNER = f"contacts:\n  expert-comptable: Claire Bernard <{CLAIRE}> 06 98 76 54 32\n"
MODES: list[Mode] = ["nextcloud", "plain"]


def emails(stage: Stage, number: int = -1) -> list[str]:
    """Who is asked to sign a transaction, in order."""
    return [signatory.email for signatory in stage.platform.transactions()[number].signatories]


@pytest.mark.parametrize("mode", MODES)
def test_the_partner_signs_after_the_client(tmp_path: Path, mode: Mode) -> None:
    """Job 1: contacts at the root, ``puis`` in the letters' folder, one line in the letter; one after the other."""
    with Stage(tmp_path, mode) as stage:
        stage.write("_signature.yaml", PARTNER)
        stage.dms.person.mkdir(f"{ROOT}/2026")
        stage.write(
            "_signature.yaml",
            "objet: Lettre de mission 2026\npuis: expert-comptable\n",
            folder=f"{ROOT}/2026",
        )
        stage.drop(folder=f"{ROOT}/2026")
        stage.run()
        sent = stage.platform.transactions()[-1]
        assert emails(stage) == [MARIE, CLAIRE]
        assert (sent.object, sent.sequential, sent.sends) == ("Lettre de mission 2026", True, 1)
        stage.sign(MARIE)
        stage.run()
        stage.sign(CLAIRE)
        stage.run()
        assert stage.first_line(folder=f"{ROOT}/2026").startswith("SIGNÉ –")
        stage.intact()


def test_the_nearest_file_wins_key_by_key(tmp_path: Path) -> None:
    """Each key comes from the nearest file that writes it, the request itself first."""
    with Stage(tmp_path) as stage:
        stage.write("_signature.yaml", "objet: De loin\nmessage: Bonjour\nordre: parallèle\n")
        stage.dms.person.mkdir(f"{ROOT}/a")
        stage.write("_signature.yaml", "objet: De près\n", folder=f"{ROOT}/a")
        stage.drop(folder=f"{ROOT}/a")
        stage.drop("autre", sidecar=ONE + "objet: Le mien\n", folder=f"{ROOT}/a")
        stage.run()
        sent = {view.object: view for view in stage.platform.transactions()}
        assert set(sent) == {"De près", "Le mien"}
        assert all(view.message == "Bonjour" and not view.sequential for view in sent.values())


def test_settings_that_change_judge_anew_what_waits_and_nothing_that_left(tmp_path: Path) -> None:
    """What is shown follows its settings; what is out does not."""
    with Stage(tmp_path) as stage:
        stage.drop("partie")
        stage.run()
        stage.write("_signature.yaml", "objet: Premier\nenvoi: non\n")
        stage.drop("prête")
        stage.run()
        assert stage.record("prête").subject == "Premier"
        before = stage.record("partie")
        stage.write("_signature.yaml", "objet: Second\nenvoi: non\n")
        stage.run()
        assert stage.record("prête").subject == "Second"
        assert stage.record("partie").subject == before.subject == "partie"
        assert stage.sends() == [1]


def test_settings_that_cannot_be_read_stop_what_lies_below_and_say_where(tmp_path: Path) -> None:
    """Nothing is guessed from a broken file: it could leave out a signatory; corrected, everything goes."""
    with Stage(tmp_path) as stage:
        stage.drop("avant")
        stage.run()
        stage.write("_signature.yaml", "obget: Lettre\npuis: expert-comptable\n")
        stage.drop()
        stage.run()
        assert stage.record().state is State.REJECTED
        assert "« _signature.yaml », ligne 1" in stage.status().replace("\u00a0", " ")
        assert "Ouvrez « _signature.yaml »" in " ".join(stage.status().replace("\u00a0", " ").split())
        assert stage.record("avant").state is State.IN_PROGRESS
        stage.write("_signature.yaml", "objet: Lettre\n")
        stage.run()
        assert stage.record().state is State.IN_PROGRESS
        assert stage.sends() == [1, 1]


def test_two_settings_files_in_one_folder_are_asked_about(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.write("_signature.yaml", "objet: Un\n")
        stage.write("_signature.txt", "objet: Deux\n")
        stage.drop()
        stage.run()
        assert stage.record().state is State.REJECTED
        assert "_signature.txt, _signature.yaml" in " ".join(stage.status().split())
        assert "Ouvrez" not in stage.status()
        stage.delete("_signature.txt")
        stage.run()
        assert stage.platform.transactions()[-1].object == "Un"


def test_one_word_is_said_to_let_go_what_it_lets_go(tmp_path: Path) -> None:
    """A request that says itself that it waits, and a folder that does, do not leave with the others."""
    with Stage(tmp_path) as stage:
        stage.write("_signature.yaml", "envoi: non\n")
        stage.person.mkdir(f"{ROOT}/Plus tard")
        stage.write("_signature.yaml", "envoi: non\n", folder=f"{ROOT}/Plus tard")
        for name in ("un", "deux"):
            stage.drop(name)
        stage.drop("seule", sidecar=ONE + "envoi: non\n")
        for name in ("trois", "quatre"):
            stage.drop(name, folder=f"{ROOT}/Plus tard")
        stage.run()
        for name, folder in (("un", ROOT), ("trois", f"{ROOT}/Plus tard")):
            told = " ".join(stage.status(name, folder=folder).replace("\u00a0", " ").split())
            assert "Pour envoyer les 2 demandes prêtes de ce dossier" in told
        stage.write("_signature.yaml", "envoi: oui\n")
        stage.run()
        assert [stage.record(name).state for name in ("un", "deux")] == [State.IN_PROGRESS] * 2
        assert stage.sends() == [1, 1]


@pytest.mark.parametrize("mode", MODES)
def test_one_word_lets_go_what_was_shown_before_it(tmp_path: Path, mode: Mode) -> None:
    """``envoi: non`` becomes ``oui``: all prepared ones leave, each only if it still is what its preview showed."""
    with Stage(tmp_path, mode) as stage:
        stage.write("_signature.yaml", "envoi: non\n")
        for name in ("un", "deux", "trois"):
            stage.drop(name)
        stage.run()
        assert {stage.record(name).state for name in ("un", "deux", "trois")} == {State.PREVIEWED}
        assert "Pour envoyer les 3 demandes prêtes de ce dossier" in " ".join(
            stage.status("un").replace("\u00a0", " ").split()
        )
        assert stage.sends() == []
        stage.write("trois.pdf", documents.letter(text="autre texte"))
        stage.write("_signature.yaml", "envoi: oui\n")
        stage.run()
        assert [stage.record(name).state for name in ("un", "deux")] == [State.IN_PROGRESS] * 2
        changed = stage.record("trois")
        assert (changed.state, changed.reason) == (State.PREVIEWED, "preview_changed")
        assert "ont changé depuis l’aperçu" in " ".join(stage.status("trois").replace("\u00a0", " ").split())
        stage.run()
        assert stage.sends() == [1, 1]
        stage.write("_signature.yaml", "envoi: oui\n# relu\n")
        stage.run()
        assert stage.record("trois").state is State.IN_PROGRESS
        assert stage.sends() == [1, 1, 1]
        stage.intact()


def test_the_line_that_stands_already_gives_way(tmp_path: Path) -> None:
    """What the status says, done to the letter, lets them go: nothing is « écrit deux fois »."""
    with Stage(tmp_path) as stage:
        stage.write("_signature.yaml", "objet: Lettre\nenvoi: non\n")
        for name in ("un", "deux"):
            stage.drop(name)
        stage.drop("trois", sidecar=ONE + "envoi: non\n")
        stage.run()
        told = {n: " ".join(stage.status(n).replace("\u00a0", " ").split()) for n in ("un", "trois")}
        assert "mettez la même ligne dans « _signature.yaml », à la place de la ligne 2." in told["un"]
        assert "mettez dans « trois.sign.yaml », à la place de la ligne 2 : envoi: oui" in told["trois"]
        assert "_signature.yaml" not in told["trois"]
        stage.write("_signature.yaml", "objet: Lettre\nenvoi: oui\n")
        stage.write("trois.sign.yaml", ONE + "envoi: oui\n")
        stage.run()
        assert {stage.record(name).state for name in ("un", "deux", "trois")} == {State.IN_PROGRESS}


def test_what_leaves_is_what_was_shown(tmp_path: Path) -> None:
    """The bytes that the platform has are those of the preview's document, its boxes those that were drawn."""
    with Stage(tmp_path) as stage:
        stage.write("_signature.yaml", "envoi: non\n")
        stage.drop()
        stage.run()
        shown = stage.record()
        stage.write("_signature.yaml", "envoi: oui\n")
        stage.run()
        sent = stage.record()
        assert (sent.carried, sent.document.boxes) == (shown.carried, shown.document.boxes)
        assert sent.document.sha256 == shown.document.sha256


def test_taking_the_settings_away_sends_nothing(tmp_path: Path) -> None:
    """``envoi: non`` that goes with its file is no word to send."""
    with Stage(tmp_path) as stage:
        stage.write("_signature.yaml", "envoi: non\n")
        stage.drop()
        stage.run()
        stage.delete("_signature.yaml")
        stage.run()
        stage.clock.advance(600)
        stage.run()
        assert stage.record().state is State.PREVIEWED
        stage.write("lettre.sign.yaml", ONE + "envoi: oui\n")
        stage.run()
        assert stage.sends() == [1]


@pytest.mark.parametrize("mode", MODES)
def test_settings_that_are_saved_by_deleting_and_uploading_are_waited_for(tmp_path: Path, mode: Mode) -> None:
    """What arrives in between leaves with the partner; settings that stay away are believed after some minutes."""
    settings = f"puis: Claire Bernard <{CLAIRE}> 06 98 76 54 32\n"
    with Stage(tmp_path, mode) as stage:
        stage.write("_signature.yaml", settings)
        stage.drop("avant")
        stage.run()
        stage.delete("_signature.yaml")
        stage.drop()
        stage.run()
        assert stage.sends() == [1]
        stage.write("_signature.yaml", settings)
        stage.run()
        assert (emails(stage), stage.sends()) == ([MARIE, CLAIRE], [1, 1])
        stage.delete("_signature.yaml")
        stage.drop("après")
        stage.run()
        assert stage.sends() == [1, 1]
        stage.clock.advance(300)
        stage.run()
        assert (emails(stage), stage.sends()) == ([MARIE], [1, 1, 1])


def test_a_request_born_of_a_list_waits_for_the_word_to_be_saved_again(tmp_path: Path) -> None:
    """``envoi: oui`` that stood there before it was shown does not send it; saved again, it does (page 1.2)."""
    born = "# créé d'après « _signataires.xlsx », ligne 2\n" + ONE
    with Stage(tmp_path) as stage:
        stage.write("_signature.yaml", "envoi: oui\n")
        stage.drop(sidecar=born)
        stage.drop("main")
        stage.run()
        assert stage.record().state is State.PREVIEWED
        assert stage.record("main").state is State.IN_PROGRESS
        stage.run()
        assert stage.sends() == [1]
        stage.write("_signature.yaml", "envoi: oui\nobjet: Lettre\n")
        stage.run()
        assert (stage.record().state, stage.record().reason) == (State.PREVIEWED, "preview_changed")
        stage.write("_signature.yaml", "envoi: oui\nobjet: Lettre\n\n")
        stage.run()
        assert stage.record().state is State.IN_PROGRESS


def test_a_request_born_of_a_list_goes_by_its_own_word(tmp_path: Path) -> None:
    born = "# créé d'après « _signataires.xlsx », ligne 2\n" + ONE
    with Stage(tmp_path) as stage:
        stage.drop(sidecar=born)
        stage.run()
        assert stage.record().state is State.PREVIEWED
        stage.write("lettre.sign.yaml", born + "envoi: oui\n")
        stage.run()
        assert stage.sends() == [1]


def test_a_ceiling_that_is_lifted_sends_nothing_that_settings_had_asked_for(tmp_path: Path) -> None:
    """``envoi: oui`` in the settings was there under the ceiling: it must be saved again."""
    with Stage(tmp_path, settings={"send": "preview"}) as stage:
        stage.write("_signature.yaml", "envoi: oui\n")
        stage.drop()
        stage.run()
        stage.settings = {"send": "live"}
        stage.restart()
        stage.run()
        assert stage.record().state is State.PREVIEWED
        stage.write("_signature.yaml", "envoi: oui\n# vu\n")
        stage.run()
        assert stage.sends() == [1]


def test_the_folders_ceiling_holds_against_any_settings(tmp_path: Path) -> None:
    with Stage(tmp_path, settings={"send": "preview"}) as stage:
        stage.write("_signature.yaml", "envoi: non\n")
        stage.drop()
        stage.run()
        stage.write("_signature.yaml", "envoi: oui\n")
        stage.run()
        assert stage.sends() == []
        assert "aperçu seulement" in stage.first_line()


def test_an_account_outside_the_fence_is_refused_in_settings_too(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.write("_signature.yaml", "compte: annecy\n")
        stage.drop()
        stage.run()
        assert stage.first_line().startswith(
            "À CORRIGER – ce dossier ne permet pas d’utiliser le compte « annecy »"
        )
        assert "_signature.yaml" in stage.status()


def test_a_known_address_fills_the_rest(tmp_path: Path) -> None:
    """Who has signed here is remembered for this account; the number is shown masked, and known since when."""
    with Stage(tmp_path) as stage:
        stage.drop()
        stage.run()
        stage.sign()
        stage.run()
        stage.drop("suivante", sidecar=f"signataires: {MARIE}\nenvoi: non\n")
        stage.run()
        record = stage.record("suivante")
        assert record.state is State.PREVIEWED, stage.status("suivante")
        assert (record.signatories[0].name, record.signatories[0].phone) == ("Marie Dupont", "+33612345678")
        status = stage.status("suivante").replace("\u00a0", " ")
        assert "06 •• •• •• 78" in status
        assert "06 12 34 56 78" not in status
        assert "connu depuis le" in status


def test_a_message_may_stand_in_a_file_beside(tmp_path: Path) -> None:
    """``message: voir Message.txt``, in any encoding; edited, what waits is judged anew; missing, it is said."""
    with Stage(tmp_path) as stage:
        stage.write("_signature.yaml", "message: voir Message.txt\nenvoi: non\n")
        stage.drop()
        stage.run()
        assert "Message.txt" in stage.first_line()
        stage.write("Message.txt", "Bonjour,\r\n\r\nvoici l’été.".encode("cp1252"))
        stage.run()
        assert stage.record().extra["message"] == "Bonjour,\n\nvoici l’été."
        stage.write("Message.txt", "Autre texte.")
        stage.run()
        assert stage.record().extra["message"] == "Autre texte."


def test_a_message_that_a_word_processor_saved(tmp_path: Path) -> None:
    """Renamed to .txt it would be mailed with all its markup: nothing leaves, and the status says which file."""
    wrong = {
        "rtf": b"{\\rtf1\\ansi{\\fonttbl\\f0\\fswiss Helvetica;}\n\\f0 Bonjour, voici votre lettre.}",
        "docx": b"PK\x03\x04" + b"[Content_Types].xml",
        "doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\1" * 500,
        "page": b"<html><body>Bonjour</body></html>",
        "blob": b"Bonjour\0\0\1\2\3",
        "accents": "Bonjour, voici l’été.".encode().decode("cp1252").encode(),
    }
    with Stage(tmp_path) as stage:
        for name, content in wrong.items():
            stage.write(f"Mot {name}.txt", content)
            sidecar = ONE.replace("marie.dupont", f"marie.{name}") + f"message: voir Mot {name}.txt\n"
            stage.drop(name, sidecar=sidecar)
        stage.run()
        first = {name: stage.first_line(name).replace("\u00a0", " ") for name in wrong}
        assert (
            first.pop("accents")
            == "À CORRIGER – les accents sont illisibles dans « Mot accents.txt » (ligne 2)"
        )
        for name, told in first.items():
            assert told == f"À CORRIGER – « Mot {name}.txt » ne peut pas servir de message (ligne 2)"
        assert stage.sends() == []
        stage.write("Mot rtf.txt", "Bonjour, voici votre lettre.")
        stage.run()
        assert stage.sends() == [1]
        assert stage.record("rtf").extra["message"] == "Bonjour, voici votre lettre."


def test_the_corrected_request_is_one_gesture_away(tmp_path: Path) -> None:
    """Every problem has one certain cure: a corrected file lies beside; the wrong one deleted, it is the request."""
    with Stage(tmp_path) as stage:
        stage.drop(sidecar=ONE + "obget: Lettre\n")
        stage.run()
        assert stage.record().state is State.REJECTED
        assert "lettre.sign.corrigé.yaml" in stage.files()
        assert "supprimez « lettre.sign.yaml »" in " ".join(stage.status().replace("\u00a0", " ").split())
        assert stage.sends() == []
        stage.delete("lettre.sign.yaml")
        stage.run()
        assert stage.platform.transactions()[-1].object == "Lettre"
        assert stage.sends() == [1]
        stage.intact()


def test_the_corrected_request_goes_when_the_wrong_one_was_corrected(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.drop(sidecar=ONE + "obget: Lettre\n")
        stage.run()
        stage.write("lettre.sign.yaml", ONE + "objet: La mienne\n")
        stage.run()
        assert "lettre.sign.corrigé.yaml" not in stage.files()
        assert stage.platform.transactions()[-1].object == "La mienne"


def test_a_corrected_request_that_a_person_changed_is_theirs(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.drop(sidecar=ONE + "obget: Lettre\n")
        stage.run()
        stage.write("lettre.sign.corrigé.yaml", ONE + "objet: Gardez-moi\n")
        stage.write("lettre.sign.yaml", ONE)
        stage.run()
        assert stage.read("lettre.sign.corrigé.yaml").endswith(b"objet: Gardez-moi\n")
        assert stage.sends() == [1]


PUIS = f"puis: Claire Bernard <{CLAIRE}> 06 98 76 54 32\n"


@pytest.mark.parametrize(
    "name",
    [
        *("_signature (1).yaml", "_signature - Copie.yaml", "_signatures.yaml", "signature.yaml"),
        *("_signature.yaml.md", "_signature.md"),
    ],
)
def test_settings_under_nearly_their_name_let_nothing_leave_without_the_partner(
    tmp_path: Path, name: str
) -> None:
    """By the right name they are obeyed."""
    with Stage(tmp_path) as stage:
        stage.dms.person.mkdir(f"{ROOT}/2026")
        stage.write(name, PUIS)
        stage.drop(folder=f"{ROOT}/2026")
        stage.run()
        stage.clock.advance(700)
        stage.run()
        assert stage.sends() == []
        told = " ".join(stage.status(folder=f"{ROOT}/2026").replace("\u00a0", " ").split())
        assert "n’est pas lu : le nom est « _signature.yaml » Rien n’est parti." in told
        assert (
            f"/{name} » le nom « _signature.yaml » ; s’il ne doit rien régler ici, donnez-lui un tout autre nom."
            in told
        )
        assert "Ouvrez" not in told
        stage.move(name, "_signature.yaml")
        stage.run()
        assert emails(stage) == [MARIE, CLAIRE]
        stage.intact()


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        (
            "_signatures.yaml",
            "obget: Lettre\n",
            "le nom « _signature.yaml » ; s’il ne doit rien régler ici, donnez-lui un tout autre nom.",
        ),
        (
            "_signature.yaml.docx",
            "PK\x03\x04",
            "dans un fichier « _signature.yaml », fait avec le Bloc-notes ; s’il",
        ),
    ],
)
def test_what_is_surely_settings_holds_whatever_stands_in_it(
    tmp_path: Path, name: str, content: str, told: str
) -> None:
    with Stage(tmp_path) as stage:
        stage.write(name, content)
        stage.drop()
        stage.run()
        assert stage.sends() == []
        assert told in " ".join(stage.status().replace("\u00a0", " ").split())
        stage.write("_signature.yaml", "objet: Lettre\n")
        stage.run()
        assert stage.sends() == [1], "the settings are there: it is a copy"


def test_a_copy_beside_the_settings_is_told_while_they_decide(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.write("_signature.yaml", "envoi: non\n")
        stage.write("_signature (1).yaml", "envoi: oui\n")
        stage.drop()
        stage.run()
        assert stage.record().state is State.PREVIEWED
        told = "Copie de réglages, non lue : « _signature (1).yaml »."
        assert told in " ".join(stage.status().replace("\u00a0", " ").split())
        stage.delete("_signature (1).yaml")
        stage.run()
        assert "Copie de réglages" not in stage.status()


def test_settings_under_nearly_their_name_that_were_none_get_another(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.write("_signatures.yaml", PUIS)
        stage.drop()
        stage.run()
        assert stage.sends() == []
        assert "supprimez" not in stage.status(), "it may be another program's"
        stage.move("_signatures.yaml", "contacts.yaml")
        stage.run()
        assert stage.sends() == [], "a client may be about to upload it anew"
        stage.clock.advance(700)
        stage.run(2)
        assert emails(stage) == [MARIE]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("_signature (1).yaml", PUIS, "les réglages de ce dossier sont dans « _signature.yaml »"),
        (
            "signature.yaml",
            "Marie Dupont, gérante\n\nTél. : voir le site\n",
            "renommez-le « _signature.yaml »",
        ),
        ("_signature.docx", "PK\x03\x04", "ce n’est pas un fichier texte"),
        ("autre.sign (1).yaml", ONE, "renommez-le « autre.sign.yaml »"),
        ("autre.sign.yaml.md", ONE, "renommez-le « autre.sign.yaml »"),
    ],
)
def test_a_near_name_that_holds_nothing_back_is_told_in_the_overview(
    tmp_path: Path, name: str, content: str, told: str
) -> None:
    with Stage(tmp_path) as stage:
        if "réglages" in told:
            stage.write("_signature.yaml", "objet: Lettre\n")
        stage.write(name, content)
        stage.drop()
        stage.run()
        stage.clock.advance(700)
        stage.run()
        assert stage.sends() == [1]
        overview = stage.read("_Suivi des signatures.txt").decode("utf-8-sig")
        words = " ".join(overview.replace("\u00a0", " ").split())
        assert f"« {name} » n’est pas lu" in words
        assert told in words
        stage.delete(name)
        stage.clock.advance(700)
        stage.run()
        assert name not in stage.read("_Suivi des signatures.txt").decode("utf-8-sig")
