"""Bad input that the connector must have survived: each file said in plain words, none in another's way.

Many bad pairs lie in one folder beside a good one: what is asserted of each is its first line, that nothing of it
was sent, and that the good one went in the same pass (scenarios B1, B4, B5, C7).
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.lifecycle import State
from tests import documents
from tests.worlds import MARIE, ONE, Mode, Stage

MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])
ALIASES = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [*{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)

BAD_SIDECARS: dict[str, tuple[bytes, str]] = {
    "pas du yaml": (b"signataires: [Marie\n  }: {{\n", "À CORRIGER – "),
    "vide": (b"", "À CORRIGER – la demande est vide"),
    "blanc": (b" \r\n\r\n", "À CORRIGER – la demande est vide"),
    "cinq megas": (
        b"note: " + b"x" * 5_000_000,
        "À CORRIGER – le fichier pèse 5,1 Mo, trop pour une demande",
    ),
    "bombe": (ALIASES.encode(), "À CORRIGER – « &a » n’est pas prévu ici (ligne 1)"),
    "objet python": (b"signataires: !!python/object:os.system x\n", "À CORRIGER – "),
    "page web": (b"<!DOCTYPE html><html><p>Connexion</p></html>", "À CORRIGER – ce fichier est une page web"),
    "fixe": (
        f"signataires: Marie Dupont <{MARIE}> 04 78 12 34 56\n".encode(),
        "À CORRIGER – numéro fixe pour Marie Dupont, il faut un mobile (ligne 1)",
    ),
    "court": (
        f"signataires: Marie Dupont <{MARIE}> 06 12 34\n".encode(),
        "À CORRIGER – il manque des chiffres au mobile pour Marie Dupont (ligne 1)",
    ),
    "sans mobile": (
        f"signataires: Marie Dupont <{MARIE}>\n".encode(),
        "À CORRIGER – il manque un mobile pour Marie Dupont (ligne 1)",
    ),
    "adresse": (
        b"signataires: Marie Dupont <marie.dupont@cabinet> 06 12 34 56 78\n",
        "À CORRIGER – « marie.dupont@cabinet » n’est pas une adresse e-mail (ligne 1)",
    ),
    "guillemet": (
        "objet: «".encode() + b" " * 200_000 + b"x\n",  # which a pattern once read for ever
        "À CORRIGER – il manque au moins un signataire",
    ),
    "envoi sans deux points": (
        f"Marie Dupont <{MARIE}> 06 12 34 56 78\nenvoi non\n".encode(),  # once sent, to « Marie Dupont envoi non »
        "À CORRIGER – « envoi » se lit ici comme une partie du nom (ligne 1)",
    ),
    "signataires sans deux points": (
        f"signataires Marie Dupont <{MARIE}> 06 12 34 56 78\n".encode(),
        "À CORRIGER – il manque les deux-points après « signataires » (ligne 1)",
    ),
    "personne": (b"objet: Lettre\n", "À CORRIGER – il manque au moins un signataire"),
}

EVERYTHING_WRONG = (
    "signataires:\n"
    f"  - Marie Dupont <{MARIE}> 04 78 12 34 56\n"
    "  - Claire Bernard <claire.bernard@example.fr>\n"
    "  - expert-comptable\n"
    "obget: Lettre\n"
)

BAD_DOCUMENTS: dict[str, tuple[bytes, str]] = {
    "zero": (documents.zero(), "À CORRIGER – le PDF est vide"),
    "coupe": (documents.truncated(documents.letter(1, "coupe")), "À CORRIGER – le PDF est abîmé"),
    "mot de passe": (documents.encrypted(), "À CORRIGER – le PDF est protégé par un mot de passe"),
    "html": (documents.html(), "À CORRIGER – ce fichier n’est pas un PDF, malgré son nom"),
    "zip": (documents.zipped(), "À CORRIGER – ce fichier n’est pas un PDF, malgré son nom"),
    "lourd": (
        documents.too_large(),
        "À CORRIGER – le PDF pèse 10,5 Mo ; Jesignexpert accepte moins de 10 Mo",
    ),
    "formulaire": (documents.with_form(), "À CORRIGER – le PDF contient des champs à remplir"),
    "deja signe": (documents.signed(), "À CORRIGER – ce PDF porte déjà une signature électronique"),
}


def _good_went(stage: Stage) -> None:
    assert stage.first_line("bonne").startswith("EN COURS – 0 signature sur 1 – attend Marie Dupont")
    assert stage.sends() == [1]


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    """What stands wrong and what is missing come together: one look into the file is enough."""
    with Stage(tmp_path) as stage:
        stage.drop(sidecar=EVERYTHING_WRONG)
        stage.run()
        assert stage.first_line() == "À CORRIGER – 4 points à corriger ; rien n’est parti"
        text = " ".join(stage.status().replace("\u00a0", " ").split())
        assert "1. Ligne 2 : 04 78 12 34 56 est un numéro fixe" in text
        assert "2. Ligne 3 : il manque un mobile pour Claire Bernard" in text
        assert "3. Ligne 4 : « expert-comptable » n’est pas un contact connu" in text
        assert "4. Ligne 5 : « obget » n’est pas un mot prévu. Vouliez-vous dire « objet » ?" in text
        assert stage.sends() == []


@MODES
def test_sidecars_that_cannot_be_obeyed(tmp_path: Path, mode: Mode) -> None:
    """Every unusable request is told apart by its first line, and the good one beside them leaves."""
    with Stage(tmp_path, mode) as stage:
        for number, (name, (content, _)) in enumerate(BAD_SIDECARS.items()):
            stage.drop(name, documents.letter(1, f"Lettre {number}"), content)
        stage.drop("bonne", documents.letter(1, "La bonne"))
        stage.run()
        for name, (_, line) in BAD_SIDECARS.items():
            assert stage.first_line(name).startswith(line), name
            assert len(stage.first_line(name)) <= 90
            assert stage.record(name).state is State.REJECTED
            assert stage.record(name).transaction is None
        _good_went(stage)
        stage.intact()


def test_texts_in_other_encodings_are_read_as_they_are(tmp_path: Path) -> None:
    """A request saved in UTF-16, in ANSI or with a byte order mark is an ordinary request."""
    text = "signataires: Hélène Lefèvre <helene.lefevre@cabinet.fr> 06 12 34 56 78\r\n"
    with Stage(tmp_path) as stage:
        for number, encoding in enumerate(["utf-16", "utf-16-le", "cp1252", "utf-8-sig"]):
            stage.drop(encoding, documents.letter(1, f"Lettre {number}"), text.encode(encoding))
        stage.run()
        for name in ("utf-16", "utf-16-le", "cp1252", "utf-8-sig"):
            assert stage.first_line(name).startswith("EN COURS – 0 signature sur 1 – attend Hélène Lefèvre")
        assert stage.sends() == [1, 1, 1, 1]
        stage.intact()


@MODES
def test_documents_that_cannot_be_signed(tmp_path: Path, mode: Mode) -> None:
    """Every unusable PDF is told by its first line, stays as it is, and the good one beside them leaves."""
    with Stage(tmp_path, mode) as stage:
        for name, (content, _) in BAD_DOCUMENTS.items():
            stage.drop(name, content)
        stage.drop("bonne", documents.letter(1, "La bonne"))
        stage.run()
        for name, (content, line) in BAD_DOCUMENTS.items():
            assert stage.first_line(name).startswith(line), name
            assert stage.read(f"{name}.pdf") == content
        _good_went(stage)
        stage.intact()


def test_a_corrected_pair_leaves_by_itself(tmp_path: Path) -> None:
    """What was to be corrected leaves once it is right, and each status says so."""
    with Stage(tmp_path) as stage:
        stage.drop(
            "mobile", documents.letter(1, "Un"), f"signataires: Marie Dupont <{MARIE}> 04 78 12 34 56\n"
        )
        stage.drop("document", documents.truncated(documents.letter(1, "Deux")))
        stage.run()
        assert stage.sends() == []
        stage.write("mobile.sign.yaml", ONE)
        stage.write("document.pdf", documents.letter(1, "Deux"))
        stage.run()
        assert stage.first_line("mobile").startswith("EN COURS")
        assert stage.first_line("document").startswith("EN COURS")
        assert stage.sends() == [1, 1]
        stage.intact()


@MODES
def test_a_sidecar_without_its_pdf(tmp_path: Path, mode: Mode) -> None:
    """Nothing is said at once of a missing PDF; after some minutes it is, and the PDF then sets it going."""
    with Stage(tmp_path, mode) as stage:
        stage.write("lettre.sign.yaml", ONE)
        stage.drop("bonne", documents.letter(1, "La bonne"))
        stage.run()
        assert stage.status() == ""
        _good_went(stage)
        stage.clock.advance(180)
        stage.run()
        assert stage.first_line() == "EN ATTENTE DU PDF – « lettre.pdf » n’est pas dans ce dossier"
        assert stage.sends() == [1]
        stage.write("lettre.pdf", documents.letter())
        stage.run()
        assert stage.first_line().startswith("EN COURS")
        assert stage.sends() == [1, 1]
        stage.intact()


def test_a_sidecar_taken_back_takes_its_status_along(tmp_path: Path) -> None:
    """A request that never left goes away with its file, and so does what was said of it."""
    with Stage(tmp_path) as stage:
        stage.drop("lettre", sidecar="objet: rien\n")
        stage.run()
        assert stage.first_line().startswith("À CORRIGER")
        stage.delete("lettre.sign.yaml")
        stage.run()
        assert stage.files() == ["lettre.pdf"]
        stage.intact()


@MODES
def test_a_refused_password_is_tried_once(tmp_path: Path, mode: Mode) -> None:
    """C7: After one 401 that login is not used again in the pass, and a right password ends it without any loss."""
    with Stage(tmp_path, mode) as stage:
        stage.drop()
        stage.dms.accounts.change_password("signatures", "autre")
        stage.dms.forget_requests()
        for _ in range(3):
            stage.round()
        refused = [request for request in stage.dms.requests if request.status == 401]
        assert len(refused) == 1, stage.dms.requests
        assert stage.memory.problem != ""
        told = stage.told()
        assert "its server cannot be worked with" in told["folders"]["lettres"]["trouble"]
        assert stage.sends() == []
        stage.dms.accounts.change_password("signatures", "sandbox")
        stage.restart()
        stage.run()
        told = stage.told()
        assert told["folders"]["lettres"]["trouble"] is None
        assert stage.first_line().startswith("EN COURS")
        assert stage.sends() == [1]
        stage.intact()


def test_the_platform_is_away_before_a_launch(tmp_path: Path) -> None:
    """Nothing is asked of the author while the platform is away; the request leaves once, by itself."""
    with Stage(tmp_path) as stage:
        stage.drop()
        stage.platform.misbehave(kind="cut_before", times=None)
        stage.run()
        assert (
            stage.first_line()
            == "EN ATTENTE – Jesignexpert ne répond pas ; la demande partira dès son retour"
        )
        assert stage.sends() == []
        stage.platform.behave()
        stage.clock.advance(3600)
        stage.run()
        assert stage.first_line().startswith("EN COURS")
        assert stage.sends().count(1) == 1
        stage.intact()


@pytest.mark.parametrize("kind", ["cut_before", "status", "html"])
def test_the_platform_is_away_while_people_sign(tmp_path: Path, kind: str) -> None:
    """A request that is out stays EN COURS with the date of the last news, and comes home afterwards."""
    details: dict[str, Any] = {"status": 503} if kind == "status" else {}
    with Stage(tmp_path) as stage:
        stage.drop()
        stage.run()
        stage.platform.misbehave(kind=kind, times=None, **details)
        stage.sign()
        stage.clock.advance(7200)
        stage.run()
        assert stage.first_line().startswith("EN COURS – 0 signature sur 1")
        stage.platform.behave()
        stage.clock.advance(7200)
        stage.run()
        assert stage.first_line() == "SIGNÉ – « lettre.pdf » est maintenant la version signée"
        assert stage.sends() == [1]
        stage.intact()


@MODES
def test_the_spool_cannot_be_written(tmp_path: Path, mode: Mode) -> None:
    """Without a place to put bytes to rest nothing is launched and nothing delivered; afterwards both are."""
    with Stage(tmp_path, mode) as stage:
        stage.drop("partie", documents.letter(1, "Une"))
        stage.run()
        stage.sign()
        spool = stage.state.directory / "spool"
        away = stage.state.directory / "spool-away"
        spool.rename(away)
        spool.write_bytes(b"a file where a folder should be")
        stage.drop("nouvelle", documents.letter(1, "Deux"))
        stage.run()
        assert stage.first_line("partie").startswith("SIGNÉ PAR TOUS")
        assert stage.read("partie.pdf") == documents.letter(1, "Une")
        assert stage.sends() == [1]
        spool.unlink()
        away.rename(spool)
        stage.clock.advance(timedelta(hours=1).total_seconds())
        stage.run()
        assert stage.first_line("partie") == "SIGNÉ – « partie.pdf » est maintenant la version signée"
        assert stage.first_line("nouvelle").startswith("EN COURS")
        assert stage.sends() == [1, 1]
        stage.intact()
