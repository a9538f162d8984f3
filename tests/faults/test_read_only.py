"""A folder that lets nothing be written: nothing leaves from it, and it is told above (design section 4, ux 2.3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.cli.status import verdict
from connector.config import load_config
from connector.lifecycle import State
from tests.faults.letters import letter
from tests.worlds import MARIE, ONE, ROOT, Mode, Stage

MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])
FORBIDDEN = "EN ATTENTE – ce dossier ne permet pas d’écrire le suivi ; rien n’est parti"
HOUR = 3700


def at(folder: str) -> str:
    return f"{ROOT}/{folder}"


def later(stage: Stage) -> None:
    stage.run()
    stage.clock.advance(HOUR)
    stage.run()


@MODES
def test_nothing_leaves_from_a_read_only_folder(tmp_path: Path, mode: Mode) -> None:
    """C15: Not one of them; each is told at the nearest place that takes it, by its folder's name; and all of it goes
    away by itself once the rights are given."""
    with Stage(tmp_path, mode) as stage:
        for folder in ("Client", "Client/2026", "Client/2026/Mandat", "Ouvert", "Autre"):
            stage.dms.person.mkdir(at(folder))
        stage.dms.read_only.update({at("Client/2026"), at("Autre")})
        stage.drop("lettre", letter("2026"), folder=at("Client/2026"))
        stage.drop("lettre", letter("Mandat"), folder=at("Client/2026/Mandat"))
        stage.drop("lettre", letter("Ouvert"), folder=at("Ouvert"))
        stage.drop("apercu", letter("aperçu"), ONE + "envoi: non\n", folder=at("Autre"))
        stage.drop("faux", letter("faux"), ONE + "obget: x\n", folder=at("Autre"))
        later(stage)
        assert stage.first_line(folder=at("Ouvert")).startswith("EN COURS – ")
        assert stage.sends() == [1]
        told = {
            at("Client"): ["2026 - Mandat - lettre", "2026 - lettre"],
            ROOT: ["Autre - apercu"],
        }
        for folder, names in told.items():
            for name in names:
                assert stage.first_line(name, folder=folder) == FORBIDDEN, name
        words = " ".join(stage.status("2026 - lettre", folder=at("Client")).replace("\u00a0", " ").split())
        assert "Dossier : « Client/2026 ». « lettre.sign.yaml » est lue et correcte" in words
        wrong = stage.status("Autre - faux").replace("\u00a0", " ")
        assert wrong.startswith("À CORRIGER – « obget » n’est pas un mot prévu")
        assert "Le dossier « Autre » ne permet pas d’écrire" in wrong
        before = stage.files()
        stage.restart()
        later(stage)
        assert stage.files() == before
        assert stage.sends() == [1]
        stage.dms.read_only.clear()
        later(stage)
        for folder in ("Client/2026", "Client/2026/Mandat"):
            assert stage.first_line(folder=at(folder)).startswith("EN COURS – "), folder
        assert stage.first_line("apercu", folder=at("Autre")).startswith("PRÊT – ")
        assert "apercu.apercu.pdf" in stage.files(at("Autre"))
        assert stage.first_line("faux", folder=at("Autre")).startswith("À CORRIGER – ")
        assert [name for name in stage.files() if " - " in name] == []
        assert stage.sends() == [1, 1, 1]
        stage.intact()


def uploads(stage: Stage) -> int:
    """How many pieces of documents were carried to the server so far."""
    return sum(one.method == "PUT" and "/uploads/" in one.path for one in stage.dms.requests)


@MODES
def test_a_folder_that_becomes_read_only(tmp_path: Path, mode: Mode) -> None:
    """What is out goes on, is told above, and comes home once the rights are given back."""
    with Stage(tmp_path, mode) as stage:
        for folder in ("Client", "Client/2026"):
            stage.dms.person.mkdir(at(folder))
        stage.drop("lettre", letter("lettre"), folder=at("Client"))
        stage.drop("refus", letter("refus"), folder=at("Client"))
        stage.drop("avenant", letter("avenant"), folder=at("Client/2026"))
        stage.run()
        refused = str(stage.record("refus", folder=at("Client")).transaction)
        inner = str(stage.record("avenant", folder=at("Client/2026")).transaction)
        stage.dms.read_only.add(at("Client/2026"))
        stage.platform.person_refuses(inner, MARIE, "Non.")
        later(stage)
        # The status that cannot be taken away in there is no reason to pass over the folder that takes the new one.
        assert stage.first_line("2026 - avenant", folder=at("Client")).startswith("REFUSÉ – ")
        stage.dms.read_only.add(at("Client"))
        stage.platform.person_refuses(refused, MARIE, "Non.")
        stage.run()
        stage.sign()
        later(stage)
        assert stage.first_line("Client - refus").startswith("REFUSÉ – ")
        assert stage.first_line("Client - lettre").startswith("SIGNÉ PAR TOUS – dépôt impossible depuis le ")
        assert stage.record("lettre", folder=at("Client")).state is State.DELIVERING
        # What it was refused once is not carried there again, megabyte by megabyte, to hear the same.
        carried = uploads(stage)
        assert carried or mode == "plain"
        later(stage)
        later(stage)
        assert uploads(stage) == carried
        stage.dms.read_only.clear()
        later(stage)
        assert (
            stage.first_line(folder=at("Client")) == "SIGNÉ – « lettre.pdf » est maintenant la version signée"
        )
        assert stage.first_line("refus", folder=at("Client")).startswith("REFUSÉ – ")
        assert stage.first_line("avenant", folder=at("Client/2026")).startswith("REFUSÉ – ")
        for folder in (ROOT, at("Client")):
            assert [name for name in stage.files(folder) if " - " in name] == [], folder
        assert stage.sends() == [1, 1, 1]
        stage.intact()


@MODES
def test_a_watched_folder_that_becomes_read_only(tmp_path: Path, mode: Mode) -> None:
    """Nobody can be told in it, nor above: the administrator is, by ``status`` and ``--check``, until it is over."""
    with Stage(tmp_path, mode) as stage:
        stage.drop("partie", letter("partie"))
        stage.run()
        stage.dms.read_only.add(ROOT)
        later(stage)
        stage.drop("nouvelle", letter("nouvelle"), ONE + "obget: x\n")
        stage.sign()
        later(stage)
        assert stage.status("nouvelle") == ""
        text, good = told(stage)
        assert "nothing may be written into it" in text
        assert not good
        stage.restart()
        later(stage)
        later(stage)
        assert not told(stage)[1], "whatever the folder has to say of itself by then"
        stage.dms.read_only.clear()
        later(stage)
        later(stage)
        assert told(stage) == ("", True)
        assert stage.first_line("nouvelle").startswith("À CORRIGER – ")
        assert stage.first_line("partie").startswith("SIGNÉ – ")
        stage.intact()


def told(stage: Stage) -> tuple[str, bool]:
    """What ``status`` tells of the watched folder, and whether ``--check`` finds all well there."""
    there = stage.told()
    line, _good = verdict(there, load_config(stage.config_text))
    return there["folders"]["lettres"]["trouble"] or "", "folder lettres rests" not in line
