"""Whole folders that people take away while a request is out: what becomes of it, and where they learn it (ux 1.5)."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from connector.lifecycle import State
from tests.faults.letters import letter
from tests.faults.test_missing import PATIENT
from tests.worlds import MARIE, ONE, OVERVIEWS, ROOT, Mode, Stage

MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])
LOST = "Signatures à classer"
GONE_LINE = "SIGNÉ – le dossier d’origine n’est plus là ; le document signé est ici"
WAITS = "SIGNÉ – la version signée vous attend dans « Signatures à classer »"


def at(folder: str) -> str:
    return f"{ROOT}/{folder}"


def drop(stage: Stage, folders: Mapping[str, str]) -> None:
    """One letter in each folder, all of the same name; the values are added to the request."""
    for folder, more in folders.items():
        stage.dms.person.mkdir(at(folder))
        stage.drop("lettre", letter(folder), ONE + more, folder=at(folder))
    stage.run()
    for folder in folders:
        assert stage.first_line(folder=at(folder)).startswith("EN COURS – "), folder


def to_the_desktop(stage: Stage, folder: str) -> Path:
    """Drag a folder out of the cloud: it is deleted there, and lies on somebody's PC."""
    desktop = stage.directory / f"bureau {folder}"
    shutil.copytree(stage.dms.disk(at(folder)), desktop)
    stage.delete(folder)
    return desktop


def back(stage: Stage, folder: str, desktop: Path) -> None:
    """Drag it back: everything is uploaded anew."""
    stage.dms.person.mkdir(at(folder))
    for path in sorted(desktop.iterdir()):
        if (
            path.name.endswith(".signature.txt") or path.name in OVERVIEWS
        ):  # ours to overwrite, whoever uploads it
            stage.dms.person.write(f"{at(folder)}/{path.name}", path.read_bytes())
        else:
            stage.write(path.name, path.read_bytes(), folder=at(folder))


def long_after(stage: Stage) -> None:
    """Past the minutes in which a folder may still come back, and past every wait that an obstacle has set."""
    stage.run()
    for _ in range(2):
        stage.clock.advance(1900)
        stage.run()


def signatures_in(stage: Stage, name: str, folder: str) -> int:
    path = stage.directory / "looked-at.pdf"
    path.write_bytes(stage.read(name, folder=folder))
    verdict = stage.parts.documents.verify_signed(path)
    return len(verdict.signatures) if verdict.intact else 0


def flat(stage: Stage, name: str, folder: str) -> str:
    return " ".join(stage.status(name, folder=folder).replace("\u00a0", " ").split())


def transaction_of(stage: Stage, folder: str) -> str:
    return str(stage.record(folder=at(folder)).transaction)


@MODES
def test_signed_while_its_folder_was_away(tmp_path: Path, mode: Mode) -> None:
    """Ten minutes are waited, then it comes to the folder for what has lost its own, told; a folder that comes back
    in time has it in its place, one that comes back later says where it went."""
    folders = {"Un": "attestation: oui\n", "Deux": "", "Tôt": "", "Tard": ""}
    with Stage(tmp_path, mode, timing=PATIENT) as stage:
        drop(stage, folders)
        desktops = {folder: to_the_desktop(stage, folder) for folder in folders}
        stage.run()
        stage.sign()
        stage.clock.advance(300)
        stage.run()
        assert LOST not in {name.split("/")[0] for name in stage.files()}
        back(stage, "Tôt", desktops["Tôt"])
        long_after(stage)
        assert stage.first_line(folder=at("Tôt")) == "SIGNÉ – « lettre.pdf » est maintenant la version signée"
        lost = at(LOST)
        names = ["lettre (signé).pdf", "lettre (signé) (2).pdf", "lettre (signé) (3).pdf"]
        told = {}
        for name in names:
            assert signatures_in(stage, name, lost) == 1
            stem = name.removesuffix(".pdf")
            assert stage.first_line(stem, folder=lost) == GONE_LINE
            words = flat(stage, stem, lost)
            (folder,) = [one for one in folders if f"« lettre.pdf » était dans le dossier « {one} »" in words]
            told[folder] = name
            assert "1. Marie Dupont a signé le" in words
            assert f"Classez « {name} » où il vous convient." in words
        assert told.keys() == {"Un", "Deux", "Tard"}
        papers = [name for name in stage.files(lost) if "attestation" in name]
        assert papers == ["lettre.attestation.pdf"]
        back(stage, "Tard", desktops["Tard"])
        long_after(stage)
        assert stage.first_line(folder=at("Tard")) == WAITS
        assert f"sous le nom « {told['Tard']} »" in flat(stage, "lettre", at("Tard"))
        assert stage.read("lettre.pdf", folder=at("Tard")) == letter("Tard")
        # Who found it there first still reads what it is.
        assert stage.first_line(told["Tard"].removesuffix(".pdf"), folder=lost) == GONE_LINE
        before = stage.files()
        stage.lose_journal()
        long_after(stage)
        assert stage.files() == before
        assert stage.sends() == [1] * 4
        stage.intact()


@MODES
def test_ended_otherwise_while_its_folder_was_away(tmp_path: Path, mode: Mode) -> None:
    """A refusal is told where it can be read, whatever others are called; an end that its author wanted is not.
    The folder that comes back says it itself, and obeys again."""
    folders = {"Un": "", "Deux": "", "Ordre": ""}
    with Stage(tmp_path, mode, timing=PATIENT) as stage:
        drop(stage, folders)
        refused = {folder: transaction_of(stage, folder) for folder in ("Un", "Deux")}
        stage.write("lettre.sign.yaml", ONE + "action: annuler\n", folder=at("Ordre"))
        stage.run()
        desktops = {folder: to_the_desktop(stage, folder) for folder in folders}
        stage.run()
        for transaction in refused.values():
            stage.platform.person_refuses(transaction, MARIE, "Trop cher.")
        stage.run()
        assert LOST not in {name.split("/")[0] for name in stage.files()}
        long_after(stage)
        lost = at(LOST)
        assert stage.files(lost) == ["lettre (2).signature.txt", "lettre.signature.txt"]
        for name in ("lettre", "lettre (2)"):
            assert stage.first_line(name, folder=lost).startswith(
                "REFUSÉ – Marie Dupont a refusé de signer le"
            )
        both = flat(stage, "lettre", lost) + flat(stage, "lettre (2)", lost)
        for folder in ("Un", "Deux"):
            assert f"« lettre.pdf » était dans le dossier « {folder} », qui n’est plus là depuis le" in both
        assert all(record.closed for record in stage.records())
        back(stage, "Un", desktops["Un"])
        long_after(stage)
        assert stage.first_line(folder=at("Un")).startswith("REFUSÉ – ")
        assert "n’est plus là" not in flat(stage, "lettre", at("Un"))
        assert len(stage.files(lost)) == 1
        stage.write("lettre.sign.yaml", ONE + "action: recommencer\n", folder=at("Un"))
        stage.run()
        assert stage.first_line(folder=at("Un")).startswith("EN COURS – ")
        assert stage.sends() == [1] * 4
        stage.intact()


def test_moved_elsewhere_in_the_same_account(tmp_path: Path) -> None:
    """C10: Out of every watched folder, but found by its id: it is followed there, and comes home there, as a
    version.
    """
    with Stage(tmp_path, "nextcloud", timing=PATIENT) as stage:
        drop(stage, {"Client": "", "Refus": ""})
        stage.dms.person.mkdir("Privé")
        refused = transaction_of(stage, "Refus")
        for folder in ("Client", "Refus"):
            stage.move(folder, folder, to_folder="Privé")
        stage.run()
        here = "Privé/Client"
        assert stage.first_line(folder=here).startswith("EN COURS – 0 signature sur 1 – attend Marie Dupont")
        assert " hors des dossiers suivis." in flat(stage, "lettre", here)
        stage.clock.advance(60)
        stage.dms.forget_requests()
        stage.run()
        asked: list[Any] = [r for r in stage.dms.requests if r.method in {"SEARCH", "PUT", "MOVE"}]
        assert asked == [], "nothing has changed, and nothing is looked for at every pass"
        stage.platform.person_refuses(refused, MARIE, "Non.")
        stage.sign()
        long_after(stage)
        assert stage.first_line(folder=here) == "SIGNÉ – « lettre.pdf » est maintenant la version signée"
        assert signatures_in(stage, "lettre.pdf", here) == 1
        assert [content for _, _, content in stage.dms.versions_of(f"{here}/lettre.pdf")][1:] == [
            letter("Client")
        ]
        assert stage.first_line(folder="Privé/Refus").startswith("REFUSÉ – ")
        assert stage.files() == []
        assert {record.state for record in stage.records()} == {State.DELIVERED, State.REFUSED}
        assert stage.sends() == [1, 1]
        stage.intact()
