"""The ten mistakes of ux page section 1.5, and the two below its table: each replayed, with the status that is read.

On the embedded DMS in both modes, on Apache's mod_dav, nginx and sabre/dav, and by marker on a real Nextcloud, each in
a folder of its own. Every sentence stands here as the page gives it, told again on purpose.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from connector.lifecycle import State
from tests import documents
from tests.contract.backend import Backend
from tests.contract.servers import STARTED, nextcloud
from tests.grounds import age_disk, guest
from tests.worlds import CLAIRE, MARIE, ONE, ROOT, TWO, Stage

House = Callable[..., Stage]
HOUR = 3600
DAY_WORDS = r"(?:1er|[1-9]\d?) [a-zéû]+ 20\d\d"
OUT = rf"EN COURS – 0 signature sur 1 – attend Marie Dupont depuis le {DAY_WORDS}"
SIGNED = "SIGNÉ – « {} » est maintenant la version signée"
COPY = "À CONFIRMER – cette demande semble copiée d’un autre dossier ; rien n’est parti"
GONE = "SIGNÉ – le dossier d’origine n’est plus là ; le document signé est ici"
NOTHING_LEFT = "PRÊT – rien n’est encore parti ; relisez l’aperçu, puis donnez le départ"

SERVERS = [
    "nextcloud",
    "plain",
    pytest.param("apache", marks=pytest.mark.apache),
    pytest.param("nginx", marks=pytest.mark.nginx),
    pytest.param("sabre", marks=pytest.mark.sabre),
    pytest.param("real nextcloud", marks=pytest.mark.nextcloud),
]


@pytest.fixture(scope="module")
def real() -> Iterator[Callable[[str], Backend]]:
    """The servers that are not ours, each started when first asked for."""
    started: dict[str, Backend] = {}
    with ExitStack() as stack:

        def server(kind: str) -> Backend:
            if kind not in started:
                started[kind] = stack.enter_context(STARTED[kind]()) if kind in STARTED else nextcloud()
            return started[kind]

        yield server


@pytest.fixture(params=SERVERS)
def house(request: pytest.FixtureRequest, tmp_path: Path, real: Callable[[str], Backend]) -> Iterator[House]:
    """Make a stage on the server of this test; what must hold after every story is looked at when it ends."""
    kind: str = request.param
    with ExitStack() as stack:

        def build(**options: Any) -> Stage:
            if kind in {"nextcloud", "plain"}:
                return stack.enter_context(Stage(tmp_path, kind, **options))  # type: ignore[arg-type]
            backend = real(kind)
            wait = age_disk(backend.files) if backend.files else partial(time.sleep, 1.1)
            ground = stack.enter_context(guest(backend.url, backend.user, backend.password, wait))
            mode: Any = "plain" if kind in STARTED else "nextcloud"
            return stack.enter_context(Stage(tmp_path, mode, ground=ground, **options))

        yield build


def words(stage: Stage, name: str = "lettre", *, folder: str = ROOT) -> str:
    """The status with its lines joined and plain spaces."""
    return " ".join(stage.status(name, folder=folder).replace("\u00a0", " ").split())


def reads(stage: Stage, pattern: str, name: str = "lettre", *, folder: str = ROOT) -> None:
    """The first line of a status is this; ``pattern`` is a regular expression."""
    line = stage.first_line(name, folder=folder)
    assert re.fullmatch(pattern, line), stage.status(name, folder=folder) or stage.files()
    assert len(line) <= 90


def later(stage: Stage, seconds: float = HOUR) -> None:
    """Let every wait go by, and look again."""
    stage.clock.advance(seconds)
    stage.run()


def called(stage: Stage, operation: str) -> int:
    """How often the platform was asked for an operation."""
    return sum(request.operation == operation for request in stage.platform.requests)


# ------------------------------------------------------------------------------------- 1: the name, the accents


def test_saved_as_yaml_txt_in_ansi(house: House) -> None:
    """Read as it is: the name that is printed on the contract has its accents, and no file is unknown."""
    stage = house()
    text = "signataires: Hélène Noël <helene.noel@cabinet.fr> 06 12 34 56 78\nobjet: Mission : été 2026\n"
    stage.write("Lettre NOËL.pdf", documents.letter(text="Lettre NOËL"))
    stage.write("Lettre NOËL.sign.yaml.txt", text.encode("cp1252"))
    stage.write("Bilan NOËL.pdf", documents.letter(text="Bilan NOËL"))
    stage.write("Bilan NOËL.sign.txt", text.replace("\n", "\r\n").encode("utf-16"))
    stage.run()
    for name in ("Lettre NOËL", "Bilan NOËL"):
        reads(stage, rf"EN COURS – 0 signature sur 1 – attend Hélène Noël depuis le {DAY_WORDS}", name)
        assert "inconnu" not in words(stage, name)
        assert "Ã" not in words(stage, name)
    views = stage.platform.transactions()
    assert [view.signatories[0].name for view in views] == ["Hélène Noël"] * 2
    assert [view.object for view in views] == ["Mission : été 2026"] * 2
    stage.sign("helene.noel@cabinet.fr")
    later(stage)
    reads(stage, re.escape(SIGNED.format("Lettre NOËL.pdf")), "Lettre NOËL")
    stage.intact()


# ---------------------------------------------------------------------------------- 2: last year's request


def test_last_years_request_copied(house: House) -> None:
    """It works and is shown; last year's `annuler` has no effect on a request that was never sent, and that is said."""
    stage = house()
    for year in ("2025", "2026"):
        stage.person.mkdir(f"{ROOT}/{year}")
    last, this = f"{ROOT}/2025", f"{ROOT}/2026"
    stage.drop(sidecar=ONE, folder=last)
    stage.run()
    stage.write("lettre.sign.yaml", ONE + "action: annuler\n", folder=last)
    stage.run()
    reads(stage, rf"ANNULÉ – à votre demande, le {DAY_WORDS} ; plus personne ne peut signer", folder=last)

    stage.write("_signature.yaml", "objet: Lettre de mission 2026\nenvoi: non\n", folder=this)
    stage.write("lettre.pdf", documents.letter(text="Lettre 2026"), folder=this)
    stage.copy("lettre.sign.yaml", "lettre.sign.yaml", folder=last, to_folder=this)
    stage.run()
    reads(stage, NOTHING_LEFT, folder=this)
    told = words(stage, folder=this)
    assert "Objet Lettre de mission 2026" in told
    assert f"Marie Dupont {MARIE} 06 12 34 56 78 page 4" in told
    assert "« annuler » était déjà écrit à l’arrivée de cette demande : il est sans effet ici." in told
    assert "lettre.apercu.pdf" in " ".join(stage.files(this))
    assert stage.sends() == [1], "last year's"

    stage.write("_signature.yaml", "objet: Lettre de mission 2026\nenvoi: oui\n", folder=this)
    stage.run()
    reads(stage, OUT, folder=this)
    later(stage)
    assert "« annuler » était déjà écrit à l’arrivée de cette demande" in words(stage, folder=this)
    assert called(stage, "cancel") == 1, "last year's order is not applied to this year's request"
    stage.sign()
    later(stage)
    reads(stage, re.escape(SIGNED.format("lettre.pdf")), folder=this)
    stage.intact()


# ----------------------------------------------------------------------------------- 3: last year's folder


def test_last_years_folder_copied(house: House) -> None:
    """Copies, said so in each status; nothing leaves by itself, nothing of last year's is touched, none is mute."""
    stage = house()
    last, this = f"{ROOT}/2025", f"{ROOT}/2026"
    stage.person.mkdir(last)
    for name in ("signée", "refusée", "en cours"):
        stage.drop(name, sidecar=ONE, folder=last)
    stage.run()
    for view in stage.platform.transactions():
        if view.object == "signée":
            stage.platform.person_signs(view.id, MARIE)
        if view.object == "refusée":
            stage.platform.person_refuses(view.id, MARIE, "Trop cher.")
    later(stage)
    reads(stage, re.escape(SIGNED.format("signée.pdf")), "signée", folder=last)
    reads(
        stage,
        rf"REFUSÉ – Marie Dupont a refusé de signer le {DAY_WORDS} \(motif ci-dessous\)",
        "refusée",
        folder=last,
    )
    before = dict(stage.ground.files(last))
    records = stage.records()

    stage.copy("2025", "2026")
    stage.run()
    later(stage, 24 * HOUR)
    for name in ("signée", "refusée", "en cours"):
        reads(stage, COPY, name, folder=this)
        told = words(stage, name, folder=this)
        assert f"Elle ressemble à celle de « 2025/{name}.pdf »" in told
        assert bool(re.search(rf"», terminée le {DAY_WORDS}\.", told)) == (name != "en cours")
        assert f"érifiez les signataires et l’objet (« {name} »)" in told
        assert "        action: recommencer\n" in stage.status(name, folder=this)
        assert "Simple copie de classement ? Il n’y a rien à faire." in told
        assert stage.read(f"{name}.pdf", folder=this) == before[f"{last}/{name}.pdf"]
    assert stage.sends() == [1, 1, 1]
    assert dict(stage.ground.files(last)) == before, "last year's files are as they were"
    assert [
        record for record in stage.records() if record.id in {each.id for each in records}
    ] == records or all(
        (now.state, now.transaction, now.place) == (then.state, then.transaction, then.place)
        for now, then in zip(stage.records(), records, strict=False)
    )

    stage.write("refusée.sign.yaml", ONE + "action: recommencer\n", folder=this)
    stage.write("signée.sign.yaml", ONE + "action: recommencer\n", folder=this)
    stage.run()
    reads(stage, OUT, "refusée", folder=this)
    reads(stage, r"À CORRIGER – ce PDF porte déjà une signature électronique", "signée", folder=this)
    assert stage.sends() == [1, 1, 1, 1]
    stage.intact()


# ------------------------------------------------------------------------------------ 4: the partner's mobile


def test_the_partners_mobile_forgotten(house: House) -> None:
    """From the contacts, or from an earlier request; else refused before anything is prepared or paid."""
    stage = house()
    without = f"signataires:\n  - Marie Dupont <{MARIE}> 06 12 34 56 78\n  - Claire Bernard <{CLAIRE}>\n"
    stage.drop("oublié", sidecar=without)
    stage.run()
    reads(stage, r"À CORRIGER – il manque un mobile pour Claire Bernard \(ligne 3\)", "oublié")
    assert stage.platform.transactions() == [], "refused before a cent is spent"

    stage.person.mkdir(f"{ROOT}/avec contacts")
    contact = f"contacts:\n  expert-comptable: Claire Bernard <{CLAIRE}> 06 98 76 54 32\n"
    stage.write("_signature.yaml", contact, folder=f"{ROOT}/avec contacts")
    named = f"signataires:\n  - Marie Dupont <{MARIE}> 06 12 34 56 78\n  - contact: expert-comptable\n"
    for name, sidecar in (("par son nom", named), ("par son adresse", without)):
        stage.drop(name, sidecar=sidecar, folder=f"{ROOT}/avec contacts")
    stage.run()
    for name in ("par son nom", "par son adresse"):
        reads(
            stage,
            rf"EN COURS – 0 signature sur 2 – attend Marie Dupont depuis le {DAY_WORDS}",
            name,
            folder=f"{ROOT}/avec contacts",
        )
    stage.sign(MARIE)
    stage.sign(CLAIRE)
    later(stage)
    reads(stage, re.escape(SIGNED.format("par son nom.pdf")), "par son nom", folder=f"{ROOT}/avec contacts")

    # What an earlier request proved cures the one that was forgotten, without an edit.
    reads(stage, rf"EN COURS – 0 signature sur 2 – attend Marie Dupont depuis le {DAY_WORDS}", "oublié")
    views = stage.platform.transactions()
    assert stage.sends() == [1, 1, 1]
    assert {view.signatories[1].phone for view in views} == {"+33698765432"}
    assert all(each.phone for view in views for each in view.signatories), "never sent with an empty phone"
    stage.intact()


# ------------------------------------------------------------------------------------ 5: the folder dragged


def test_the_folder_dragged_elsewhere(house: House) -> None:
    """Followed, with its status: said there, signed there, nothing at the old place, nobody asked twice."""
    stage = house()
    stage.person.mkdir(f"{ROOT}/Dupont")
    stage.person.mkdir(f"{ROOT}/Clos")
    stage.drop(folder=f"{ROOT}/Dupont")
    stage.run()
    reads(stage, OUT, folder=f"{ROOT}/Dupont")
    stage.move("Dupont", "Dupont", to_folder=f"{ROOT}/Clos")
    stage.run()
    there = f"{ROOT}/Clos/Dupont"
    reads(stage, OUT, folder=there)
    assert re.search(rf"Ce dossier a été déplacé le {DAY_WORDS}", words(stage, folder=there))
    stage.sign()
    later(stage)
    reads(stage, re.escape(SIGNED.format("lettre.pdf")), folder=there)
    assert stage.files() == [
        f"Clos/Dupont/{name}"
        for name in sorted(
            ["lettre.pdf", "lettre.sign.yaml", "lettre.signature.txt"]
            + (["lettre (original).pdf"] if stage.mode == "plain" else [])
        )
    ]
    assert stage.sends() == [1]
    stage.intact()


def test_the_folder_dragged_out_of_the_watched_one(house: House) -> None:
    """Elsewhere in the same cloud, where nobody watches: by its file id where there is one, it comes home there."""
    stage = house()
    stage.person.mkdir(f"{ROOT}/Dupont")
    stage.person.mkdir("Archives")
    stage.drop(folder=f"{ROOT}/Dupont")
    stage.run()
    reads(stage, OUT, folder=f"{ROOT}/Dupont")
    stage.move("Dupont", "Dupont", to_folder="Archives")
    stage.run()
    later(stage)
    if stage.mode == "nextcloud":
        reads(stage, OUT, folder="Archives/Dupont")
        told = words(stage, folder="Archives/Dupont")
        assert re.search(rf"Ce dossier a été déplacé le {DAY_WORDS} hors des dossiers suivis", told)
        assert "action:" not in told, "nobody reads it there"
        assert "supprimé" not in told
    stage.sign()
    later(stage)
    if stage.mode == "nextcloud":
        reads(stage, re.escape(SIGNED.format("lettre.pdf")), folder="Archives/Dupont")
        assert stage.files() == []
    else:
        lost = f"{ROOT}/Signatures à classer"
        reads(stage, GONE, "lettre (signé)", folder=lost)
    assert stage.sends() == [1]
    stage.intact()


# ------------------------------------------------------------------------------------ 6: to the desktop


def test_the_folder_dragged_to_the_desktop(house: House) -> None:
    """It leaves the cloud: still followed, and the signed PDF comes to the folder for what has lost its own."""
    stage = house()
    stage.person.mkdir(f"{ROOT}/Dupont")
    stage.drop(folder=f"{ROOT}/Dupont")
    stage.run()
    stage.delete("Dupont")
    stage.run()
    later(stage, 700)
    assert stage.records()[-1].state is State.IN_PROGRESS
    assert stage.files() == []
    later(stage, 24 * HOUR)
    stage.sign()
    later(stage)
    lost = f"{ROOT}/Signatures à classer"
    reads(stage, GONE, "lettre (signé)", folder=lost)
    assert stage.files(lost) == ["lettre (signé).pdf", "lettre (signé).signature.txt"]
    sent = documents.letter(text="lettre")
    assert stage.read("lettre (signé).pdf", folder=lost)[: len(sent)] == sent
    assert called(stage, "cancel") == 0, "a drag cancels nothing"
    assert stage.sends() == [1]
    stage.intact()


# ------------------------------------------------------------------------------------ 7: saved in Acrobat


def test_the_pdf_saved_while_it_is_out(house: House) -> None:
    """Held against the pages, not the bytes alone; never overwritten: the signed one comes beside."""
    stage = house()
    saves = {
        "complet": documents.resaved(documents.letter(text="complet")),
        "incremental": documents.saved_incrementally(documents.letter(text="incremental")),
        "annoté": documents.with_note(documents.letter(text="annoté")),
        "remis": documents.resaved(documents.letter(text="remis")),
    }
    for name in saves:
        stage.drop(name, sidecar=TWO)
    stage.run()
    for name, content in saves.items():
        stage.write(f"{name}.pdf", content)
    stage.run()
    for name in saves:
        reads(stage, "EN COURS – 0 signature sur 2 – attention : le PDF a été modifié après l’envoi", name)
        told = words(stage, name)
        same = (
            "Les pages semblent identiques : il s’agit sans doute d’un simple enregistrement depuis Acrobat."
        )
        assert (same in told) == (name != "annoté"), told
        assert f"« {name}.pdf » a été enregistré de nouveau le " in told
        assert f"La version signée sera déposée à côté : « {name} (signé).pdf »." in told
        assert ("Dans Nextcloud, ouvrez Détails puis Versions" in told) == (stage.mode == "nextcloud")
        assert "        action: annuler\n" in stage.status(name)
    stage.write("remis.pdf", documents.letter(text="remis"))
    stage.run()
    reads(stage, rf"EN COURS – 0 signature sur 2 – attend Marie Dupont depuis le {DAY_WORDS}", "remis")
    stage.sign(MARIE)
    stage.sign(CLAIRE)
    later(stage)
    for name, content in saves.items():
        if name == "remis":
            reads(stage, re.escape(SIGNED.format("remis.pdf")), name)
            continue
        reads(stage, re.escape(f"SIGNÉ – la version signée est à côté : « {name} (signé).pdf »"), name)
        assert stage.read(f"{name}.pdf") == content, "her file is never overwritten"
    assert stage.sends() == [1] * len(saves)
    stage.intact()


# ------------------------------------------------------------------------------------ 8: the status deleted


def test_the_status_deleted(house: House) -> None:
    """While it is open the same text comes back; once it has ended a deletion is respected; nothing is sent again."""
    stage = house()
    stage.drop()
    stage.run()
    text = stage.status()
    reads(stage, OUT)
    backup = stage.save_journal()
    stage.delete("lettre.signature.txt")
    stage.run()
    assert stage.status() == text, "the same text again"
    stage.delete("lettre.signature.txt")
    stage.restore(backup)
    stage.run()
    assert stage.status() == text
    assert stage.sends() == [1], "no second send, after a restore neither"
    stage.sign()
    later(stage)
    reads(stage, re.escape(SIGNED.format("lettre.pdf")))
    stage.delete("lettre.signature.txt")
    stage.run()
    later(stage, 24 * HOUR)
    stage.restart()
    stage.run()
    assert stage.status() == "", "respected once finished"
    stage.lose_journal()
    stage.run()
    later(stage)
    assert stage.sends() == [1]
    stage.intact()


# ------------------------------------------------------------------------------------ 9: the PDF renamed


def test_the_pdf_renamed_as_if_signed(house: House) -> None:
    """Followed; the misleading name is mentioned; signed under the new name, and nothing else lies beside."""
    stage = house()
    stage.drop()
    stage.run()
    stage.move("lettre.pdf", "signé v2 OK.pdf")
    stage.run()
    name = "signé v2 OK"
    reads(stage, "EN COURS – 0 signature sur 1 – sous le nom « signé v2 OK.pdf », pas encore signé", name)
    assert "introuvable" not in words(stage, name)
    assert "n’est pas dans ce dossier" not in words(stage, name)
    stage.sign()
    later(stage)
    reads(stage, re.escape(SIGNED.format("signé v2 OK.pdf")), name)
    kept = ["signé v2 OK (original).pdf"] if stage.mode == "plain" else []
    assert stage.files() == sorted(
        ["lettre.sign.yaml", "signé v2 OK.pdf", "signé v2 OK.signature.txt", *kept]
    )
    assert stage.sends() == [1]
    stage.intact()


# ----------------------------------------------------------------------------------- 10: corrected too late


def test_corrected_after_it_left(house: House) -> None:
    """Nothing is resent, and the two ways are said; the first of them, followed to its end, sends the correction."""
    stage = house()
    stage.drop()
    stage.run()
    right = ONE.replace("06 12 34 56 78", "06 12 34 56 79")
    stage.write("lettre.sign.yaml", right)
    stage.run()
    reads(stage, "EN COURS – 0 signature sur 1 – votre correction n’est pas partie")
    told = words(stage)
    assert "corrigez-la sur Jesignexpert, ou arrêtez-la puis recommencez" in told
    assert "        action: annuler\n" in stage.status()
    later(stage, 24 * HOUR)
    reads(stage, "EN COURS – 0 signature sur 1 – votre correction n’est pas partie")
    assert stage.sends() == [1], "no second collecte"

    stage.write("lettre.sign.yaml", right + "action: annuler\n")
    stage.run()
    reads(stage, rf"ANNULÉ – à votre demande, le {DAY_WORDS} ; plus personne ne peut signer")
    assert "        action: recommencer\n" in stage.status()
    stage.write("lettre.sign.yaml", right + "action: recommencer\n")
    stage.run()
    reads(stage, OUT)
    assert stage.sends() == [1, 1]
    assert stage.platform.transactions()[-1].signatories[0].phone == "+33612345679"
    stage.intact()


# --------------------------------------------------------------------------------------------- also


def test_notes_written_into_the_status(house: House) -> None:
    """What she wrote there is kept beside; the request's own `note:` is offered, and shown in the status."""
    stage = house()
    stage.drop()
    stage.run()
    noted = stage.read("lettre.signature.txt") + "appelé le 3/12, rappellera\r\n".encode()
    stage.write("lettre.signature.txt", noted)
    stage.run()
    stage.clock.advance(2 * HOUR)
    stage.write("lettre.sign.yaml", ONE + "action: relancer\n")
    stage.run()
    reads(stage, OUT)
    assert "appelé le" not in words(stage)
    assert stage.read("lettre.signature (note).txt") == noted, "not lost at the next change"
    told = words(stage)
    assert "« lettre.signature (note).txt »" in told
    assert "        note: " in stage.status()
    stage.write("lettre.sign.yaml", ONE + "note: appelé le 3/12, rappellera\n")
    stage.run()
    reads(stage, OUT)
    assert "Votre note : appelé le 3/12, rappellera" in words(stage)
    assert "(note).txt" not in words(stage)
    stage.sign()
    later(stage)
    reads(stage, re.escape(SIGNED.format("lettre.pdf")))
    assert "Votre note : appelé le 3/12, rappellera" in words(stage)
    assert stage.sends() == [1]
    stage.intact()


def test_conflicted_copies_beside_a_request(house: House) -> None:
    """Named in the status for as long as they lie there, and never launched."""
    stage = house()
    copy = "lettre.sign (conflicted copy 2026-11-23 104512).yaml"
    stage.drop()
    stage.run()
    stage.write(copy, ONE.replace("Marie", "Julie"))
    stage.write("autre.sign (copie en conflit 2026-11-23 104512).yaml", ONE)
    stage.run()
    later(stage)
    reads(stage, OUT)
    assert f"« {copy} »" in words(stage)
    assert "autre.sign" not in words(stage)
    assert stage.sends() == [1], "never launched"
    assert len(stage.records()) == 1
    stage.delete(copy)
    stage.run()
    assert "conflicted" not in words(stage)
    stage.intact()


def test_conflicted_copies_of_settings_and_list(house: House) -> None:
    """The word that lets requests go may stand in the copy: it is named where they wait, not once they have left."""
    stage = house()
    copy = "_signature (conflicted copy 2026-11-27 101010).yaml"
    stage.write("_signature.yaml", "envoi: non\n")
    stage.drop()
    stage.run()
    stage.write(
        "_signataires.csv", f"document;e-mail;prénom;nom;téléphone\nlettre;{MARIE};Marie;Dupont;0612345678\n"
    )
    stage.write(copy, "envoi: oui\n")
    stage.run()
    later(stage)
    reads(stage, re.escape(NOTHING_LEFT))
    assert f"« {copy} »" in words(stage)
    assert copy in " ".join(stage.status("_signataires").replace("\u00a0", " ").split())
    stage.write("_signature.yaml", "envoi: oui\n")
    stage.run()
    later(stage)
    reads(stage, OUT)
    assert "conflicted" not in words(stage)
    assert stage.sends() == [1]
    stage.intact()


def test_a_conflicted_copy_of_settings_above(house: House) -> None:
    """It lies in another folder than the request: it is named with that, or nobody would find it."""
    stage = house()
    copy = "_signature (conflicted copy 2026-11-27 101010).yaml"
    stage.write("_signature.yaml", "envoi: non\n")
    stage.person.mkdir(f"{ROOT}/Clients")
    stage.drop("lettre", folder=f"{ROOT}/Clients")
    stage.write(copy, "envoi: oui\n")
    stage.run()
    text = " ".join(stage.status("lettre", folder=f"{ROOT}/Clients").replace("\u00a0", " ").split())
    assert f"« {ROOT}/{copy} »" in text
