"""Forty engagement letters by each of the three mechanisms of ux page 1.2, what she writes counted; scenarios A1, A6.

What counts is what the accountant makes: files beside the PDFs, and lines or rows in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from connector.lifecycle import State
from tests import documents
from tests.spreadsheets import person, workbook
from tests.worlds import ONE, ROOT, Mode, Stage

MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])
FORTY = range(40)
PARTNER = "claire.bernard@cabinet.fr"
FIRM = f"contacts:\n  expert-comptable: Claire Bernard <{PARTNER}> 06 98 76 54 32\n"
SETTINGS = "objet: Lettre de mission 2026\npuis: expert-comptable\nenvoi: non\n"


@dataclass
class Desk:
    """What she writes, counted; PDFs come from the practice software."""

    stage: Stage
    files: int = 0
    lines: int = 0

    def write(self, name: str, text: str, *, folder: str = ROOT) -> None:
        """A file of hers, typed."""
        self.stage.write(name, text, folder=folder)
        self.files += 1
        self.lines += len(text.splitlines())

    def paste(self, rows: Sequence[Sequence[str]], *, folder: str = ROOT) -> None:
        """A list of hers, pasted from the practice software."""
        self.stage.write("_signataires.xlsx", workbook(rows), folder=folder)
        self.files += 1
        self.lines += len(rows)


def letters(stage: Stage, *, folder: str = ROOT) -> None:
    for number in FORTY:
        stage.write(f"Lettre {number:03d}.pdf", documents.letter(1, f"Lettre {number}"), folder=folder)


def run(stage: Stage) -> None:
    stage.run(30, calm=6)


def all_ready(stage: Stage, folders: Sequence[str]) -> None:
    """Forty previews, nothing sent."""
    assert [record.state for record in stage.records()] == [State.PREVIEWED] * 40
    for number, folder in enumerate(folders):
        assert stage.first_line(f"Lettre {number:03d}", folder=folder).startswith(
            "PRÊT – rien n’est encore parti"
        )
        assert f"Lettre {number:03d}.apercu.pdf" in stage.files(folder)
    assert stage.sends() == []


def season(stage: Stage) -> tuple[Desk, str]:
    """The firm's settings, a folder of forty letters, and the settings that she writes there."""
    stage.write("_signature.yaml", FIRM)
    stage.dms.person.mkdir(f"{ROOT}/2026")
    desk, folder = Desk(stage), f"{ROOT}/2026"
    letters(stage, folder=folder)
    desk.write("_signature.yaml", SETTINGS, folder=folder)
    return desk, folder


def all_left(stage: Stage) -> None:
    """Forty letters, each once, client first and then the partner."""
    assert stage.sends() == [1] * 40
    asked = [[one.email for one in view.signatories] for view in stage.platform.transactions()]
    assert sorted(asked) == [[person(number)[1], PARTNER] for number in FORTY]
    stage.intact()


# ------------------------------------------------------------------------------- the three mechanisms


@pytest.mark.timeout(900)
def test_a_list_prepares_forty_letters(tmp_path: Path) -> None:
    """First mechanism, as far as the list goes: one file, forty rows, forty previews, nothing sent."""
    with Stage(tmp_path, settings={"send": "preview"}) as stage:
        desk = Desk(stage)
        letters(stage)
        desk.paste([person(number) for number in FORTY])
        run(stage)
        assert (desk.files, desk.lines) == (1, 40)
        assert [record.state for record in stage.records()] == [State.PREVIEWED] * 40
        assert stage.sends() == []
        assert stage.first_line("_signataires") == "PRÊT – 40 demandes préparées, rien n’est parti"
        emails = [[one.email for one in record.signatories] for record in stage.records()]
        assert sorted(emails) == [[person(number)[1]] for number in FORTY]
        stage.intact()


@pytest.mark.timeout(900)
def test_first_mechanism_the_list(tmp_path: Path) -> None:
    """Two files, forty rows pasted; previews first, then one word lets all of them go."""
    with Stage(tmp_path) as stage:
        desk, folder = season(stage)
        desk.paste([person(number) for number in FORTY], folder=folder)
        run(stage)
        all_ready(stage, [folder] * 40)
        assert (desk.files, desk.lines) == (2, 43)
        stage.write("_signature.yaml", SETTINGS.replace("non", "oui"), folder=folder)
        run(stage)
        all_left(stage)


@pytest.mark.timeout(900)
def test_second_mechanism_settings_and_one_line_each(tmp_path: Path) -> None:
    """One and forty files, forty-three lines."""
    with Stage(tmp_path) as stage:
        desk, folder = season(stage)
        for number in FORTY:
            name, email, given, family, phone = person(number)
            line = f"signataires: {given} {family} <{email}> {phone}\n"
            desk.write(f"{name}.sign.yaml", line, folder=folder)
        run(stage)
        all_ready(stage, [folder] * 40)
        assert (desk.files, desk.lines) == (41, 43)
        stage.write("_signature.yaml", SETTINGS.replace("non", "oui"), folder=folder)
        run(stage)
        all_left(stage)


@pytest.mark.timeout(900)
def test_third_mechanism_a_drop_folder(tmp_path: Path) -> None:
    """No file at all, once the clients' folders are set up; each PDF leaves ten minutes after it was dropped."""
    with Stage(tmp_path, more="policy: {drop_folder: allow}\n", start=False) as stage:
        stage.write("_signature.yaml", FIRM + SETTINGS.replace("non", "oui") + "dépôt: À signer\n")
        folders = []
        for number in FORTY:
            _, email, given, family, phone = person(number)
            client = f"{ROOT}/Client {number:03d}"
            stage.dms.person.mkdir(f"{client}/À signer")
            stage.write(
                "_signature.yaml", f"signataires: {given} {family} <{email}> {phone}\n", folder=client
            )
            folders.append(f"{client}/À signer")
        stage.start()
        run(stage)
        desk = Desk(stage)
        for number, folder in enumerate(folders):
            stage.write(f"Lettre {number:03d}.pdf", documents.letter(1, f"Lettre {number}"), folder=folder)
        run(stage)
        for number, folder in enumerate(folders):
            assert stage.first_line(f"Lettre {number:03d}", folder=folder).startswith(
                "EN ATTENTE – départ à "
            )
        assert stage.sends() == []
        stage.clock.advance(600)
        run(stage)
        assert (desk.files, desk.lines) == (0, 0)
        all_left(stage)


def test_a_list_never_sends(tmp_path: Path) -> None:
    """In a folder open for sending, silence means preview: nobody is mailed by a list."""
    with Stage(tmp_path) as stage:
        stage.write("Lettre 000.pdf", documents.letter(1, "Lettre"))
        stage.write("_signataires.xlsx", workbook([person(0)]))
        run(stage)
        assert stage.first_line("Lettre 000").startswith("PRÊT – rien n’est encore parti")
        assert stage.sends() == []


# ------------------------------------------------------------------------------------------ scenarios


@MODES
def test_a1_arrival_of_the_pair(tmp_path: Path, mode: Mode) -> None:
    """A1: PDF first, request first, request alone for ever (a gentle notice), PDF alone (no noise); rows alike."""
    with Stage(tmp_path, mode, settings={"send": "preview"}) as stage:
        stage.write("pdf d'abord.pdf", documents.letter(1, "a"))
        stage.write("demande d'abord.sign.yaml", ONE)
        stage.write("toute seule.sign.yaml", ONE)
        stage.write("sans demande.pdf", documents.letter(1, "b"))
        stage.write("_signataires.xlsx", workbook([person(0, document="ligne d'abord")]))
        run(stage)
        assert stage.first_line("demande d'abord") == "", (
            "the two rarely arrive together: nothing is said at once"
        )
        assert stage.first_line("_signataires") == ""
        stage.clock.advance(600)
        run(stage)
        for name in ("demande d'abord", "toute seule"):
            assert stage.first_line(name).startswith(f"EN ATTENTE DU PDF – « {name}.pdf »")
        assert stage.first_line("_signataires") == "EN ATTENTE DU PDF – 1 ligne sur 1 attend son PDF"
        stage.write("pdf d'abord.sign.yaml", ONE)
        stage.write("demande d'abord.pdf", documents.letter(1, "c"))
        stage.write("ligne d'abord.pdf", documents.letter(1, "d"))
        run(stage)
        for name in ("pdf d'abord", "demande d'abord", "ligne d'abord"):
            assert stage.first_line(name).startswith("PRÊT – "), name
        assert stage.first_line("_signataires") == "PRÊT – 1 demande préparée, rien n’est parti"
        assert [name for name in stage.files() if name.startswith("sans demande")] == ["sans demande.pdf"]
        stage.intact()


def test_a6_a_folder_copied_whole(tmp_path: Path) -> None:
    """A6: list, letters, requests and answers copied along: the copies confirm and send nothing by themselves."""
    with Stage(tmp_path, settings={"send": "preview"}) as stage:
        folder = f"{ROOT}/2025"
        stage.dms.person.mkdir(folder)
        for number in range(3):
            stage.write(f"Lettre {number:03d}.pdf", documents.letter(1, f"Lettre {number}"), folder=folder)
        stage.write("_signataires.xlsx", workbook([person(number) for number in range(3)]), folder=folder)
        run(stage)
        assert (
            stage.first_line("_signataires", folder=folder) == "PRÊT – 3 demandes préparées, rien n’est parti"
        )
        stage.copy("2025", "2026")
        run(stage)
        copied = f"{ROOT}/2026"
        for number in range(3):
            assert stage.first_line(f"Lettre {number:03d}", folder=copied).startswith("À CONFIRMER – ")
        line = "À VÉRIFIER – 3 demandes sur 3 à voir dans leur propre suivi"
        assert stage.first_line("_signataires", folder=copied) == line
        assert (
            stage.first_line("_signataires", folder=folder) == "PRÊT – 3 demandes préparées, rien n’est parti"
        )
        assert stage.sends() == []
        stage.intact()
