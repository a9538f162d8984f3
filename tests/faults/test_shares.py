"""Folders that others share with the connector's login, with all rights or some (scenario C15; WebDAV facts section 9).

What each right of a share allows was seen on a real Nextcloud 32: a new version needs to create and to update, a
renaming to update and to delete. All of these may be shared on, without which nothing leaves: see test_who_asks.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.lifecycle import State
from connector.sandbox.dms.folder import CREATE, DELETE, EVERYTHING, READ, RESHARE, UPDATE
from tests import documents
from tests.worlds import MARIE, ONE, ROOT, Stage

FORBIDDEN = "EN ATTENTE – ce dossier ne permet pas d’écrire le suivi ; rien n’est parti"
SIGNED = "SIGNÉ – « lettre.pdf » est maintenant la version signée"
HOUR = 3700


def at(folder: str) -> str:
    return f"{ROOT}/{folder}"


def later(stage: Stage) -> None:
    stage.run()
    stage.clock.advance(HOUR)
    stage.run()


SHARES = {
    "lecture": READ | RESHARE,
    "sans créer": READ | UPDATE | DELETE | RESHARE,
    "sans modifier": READ | CREATE | DELETE | RESHARE,
    "déposer seulement": READ | CREATE | RESHARE,
    "sans supprimer": READ | UPDATE | CREATE | RESHARE,
    "tout": EVERYTHING,
}
WORKS = {"sans supprimer", "tout"}


def test_what_leaves_depends_on_the_rights_of_a_share(tmp_path: Path) -> None:
    """C15: only where a new version and a status can be written does anything leave, below the share as in it; each of
    the others is told above, and leaves once the right is given."""
    with Stage(tmp_path) as stage:
        told = {}
        for name, rights in SHARES.items():
            # Below a share no letter but the share's own is told; where it is hung in, one more (see steps.rights).
            for folder in (name, f"{name}/2026") if name == "déposer seulement" else (name,):
                stage.person.mkdir(at(folder))
                stage.drop(pdf=documents.letter(1, folder), folder=at(folder))
                told[folder] = f"{folder.replace('/', ' - ')} - lettre"
            stage.dms.shares[at(name)] = rights
        later(stage)
        for folder, above in told.items():
            works = folder in WORKS
            assert stage.first_line(folder=at(folder)).startswith("EN COURS – ") is works, folder
            assert stage.first_line(above) == ("" if works else FORBIDDEN), folder
        assert stage.sends() == [1, 1]
        for name in SHARES:
            stage.dms.shares[at(name)] = EVERYTHING if name not in WORKS else SHARES[name]
        later(stage)
        stage.sign()
        later(stage)
        for folder in told:
            assert stage.first_line(folder=at(folder)) == SIGNED, folder
        assert [name for name in stage.files() if " - " in name] == []
        assert stage.sends() == [1] * len(told)
        stage.intact()


def test_rights_taken_while_a_letter_is_out(tmp_path: Path) -> None:
    """C15: the share becomes read-only: told above, kept, and brought home once it may be written again."""
    with Stage(tmp_path) as stage:
        stage.person.mkdir(at("Client"))
        stage.dms.shares[at("Client")] = EVERYTHING
        stage.drop(folder=at("Client"))
        stage.run()
        stage.dms.shares[at("Client")] = READ | CREATE
        stage.sign()
        later(stage)
        assert stage.record(folder=at("Client")).state is State.DELIVERING
        assert stage.first_line("Client - lettre").startswith("SIGNÉ PAR TOUS – dépôt impossible depuis le ")
        stage.dms.shares[at("Client")] = EVERYTHING
        later(stage)
        assert stage.first_line(folder=at("Client")) == SIGNED
        assert stage.sends() == [1]
        stage.intact()


def test_a_document_shared_by_itself_to_be_read(tmp_path: Path) -> None:
    """C15: the folder takes what is written, the PDF no new version: the signed one comes beside, and says why."""
    with Stage(tmp_path) as stage:
        stage.drop()
        stage.dms.shares[f"{ROOT}/lettre.pdf"] = READ
        stage.run()
        stage.sign()
        later(stage)
        assert stage.first_line() == "SIGNÉ – la version signée est à côté : « lettre (signé).pdf »"
        assert "« lettre.pdf » est partagé en lecture seule" in stage.status().replace("\u00a0", " ")
        assert stage.record().state is State.DELIVERED_BESIDE
        stage.intact()


def test_a_share_that_is_taken_back(tmp_path: Path) -> None:
    """C7, C15: 404 from one moment to the next: nothing is cancelled, and the signed PDF has a place to go."""
    with Stage(tmp_path) as stage:
        stage.person.mkdir(at("Client"))
        stage.dms.shares[at("Client")] = EVERYTHING
        stage.drop(folder=at("Client"))
        stage.drop("autre", sidecar=ONE)
        stage.run()
        stage.delete("Client")
        del stage.dms.shares[at("Client")]
        later(stage)
        assert [view.ended_at for view in stage.platform.transactions()] == [None, None]
        stage.sign(MARIE)
        later(stage)
        assert stage.first_line("autre") == "SIGNÉ – « autre.pdf » est maintenant la version signée"
        lost = at("Signatures à classer")
        assert stage.files(lost) == ["lettre (signé).pdf", "lettre (signé).signature.txt"]
        assert stage.sends() == [1, 1]
        stage.intact()


@pytest.mark.parametrize("rights", [READ, READ | CREATE], ids=["lecture", "déposer seulement"])
def test_a_watched_folder_that_is_such_a_share(tmp_path: Path, rights: int) -> None:
    """C15: the whole watched folder is one: nothing leaves, and nothing is written that could not be written anew."""
    with Stage(tmp_path) as stage:
        stage.dms.shares[ROOT] = rights
        stage.drop()
        later(stage)
        assert stage.sends() == []
        assert stage.status() == ""
        stage.dms.shares[ROOT] = EVERYTHING
        later(stage)
        assert stage.first_line().startswith("EN COURS – ")
        assert stage.sends() == [1]
