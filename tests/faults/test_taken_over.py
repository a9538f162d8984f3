"""A folder goes from one connector to another and back, with both running: whose it is, is noticed at the next pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.cli import operate, wiring
from connector.cli.common import Settings
from connector.guards import ServerMemory
from connector.steps.parts import Parts
from tests import documents
from tests.worlds import ONE, ROOT, Stage


class Rivals(Stage):
    """Two connectors that watch one folder, with a journal and a seal each; ``turn`` says whose pass it is."""

    def __init__(self, directory: Path, **options: Any) -> None:
        self.name = "alpha"
        self._others: dict[str, tuple[Parts, ServerMemory]] = {}
        super().__init__(directory, **options)

    @property
    def state(self) -> wiring.State:
        return wiring.State(directory=self.directory / self.name)

    @property
    def config_text(self) -> str:
        return super().config_text.replace("connector: test-1", f"connector: {self.name}")

    def turn(self, name: str) -> None:
        self._others[self.name] = (self.parts, self.memory)
        self.name = name
        if name in self._others:
            self.parts, self.memory = self._others[name]
            return
        self.state.make()
        self.renew()
        self.start()

    def take_over(self) -> None:
        file = self.directory / f"{self.name}.yaml"
        file.write_text(self.config_text)
        settings = Settings(config=file, state=self.state.directory)
        assert operate.take_over(settings, "lettres", yes=True, dry_run=False) == 0

    def let_beta_send(self, name: str) -> None:
        """Have a letter out by alpha, then another one by beta, which took the folder over."""
        self.drop(sidecar=ONE)
        self.run()
        self.turn("beta")
        self.run()
        self.take_over()
        self.run()
        self.drop(name, sidecar=ONE)
        self.run()

    @property
    def troubles(self) -> list[str]:
        return list(self.memory.troubles.values())


def test_both_notice_at_their_next_pass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Who lost the folder leaves it alone, who has it takes in the registry and works there: nobody starts anew. What
    the other connector said of a letter is kept, and told to nobody as something that he added."""
    with Rivals(tmp_path) as stage:
        stage.drop(sidecar=ONE)
        stage.run()
        assert stage.first_line().startswith("EN COURS")
        stage.turn("beta")
        stage.run()
        assert stage.troubles == ["it belongs to alpha: it is left alone"]

        stage.take_over()
        assert "A running service notices at its next pass." in capsys.readouterr().out
        caplog.clear()
        stage.run()
        assert (stage.troubles, "it cannot be read or is not ours" in caplog.text) == ([], True)
        assert stage.first_line().startswith("À VÉRIFIER – un suivi plus ancien porte ce nom")
        stage.drop("neuve", sidecar=ONE)
        stage.run()
        assert stage.first_line("neuve").startswith("EN COURS")
        assert len(stage.sends()) == 2

        stage.turn("alpha")
        stage.run()
        assert stage.troubles == ["it belongs to beta: it is left alone"]
        stage.take_over()
        stage.run()
        assert stage.troubles == []
        stage.sign()
        stage.clock.advance(3600)
        stage.run()
        assert stage.first_line().startswith("SIGNÉ")
        assert "Votre ajout" not in stage.status()
        kept = [stage.read(f"lettre.signature (note){more}.txt").decode() for more in ("", " (2)")]
        assert [words.removeprefix("\ufeff").split(" – ")[0] for words in kept] == ["EN COURS", "À VÉRIFIER"]
        assert len(stage.sends()) == 2


def test_what_the_other_one_delivered(tmp_path: Path) -> None:
    """Its status cannot be read here: the signed PDF is not launched, and nobody is told without a doubt to put another
    one there. What is put there all the same leaves only on a new ask: the earlier status is not forgotten."""
    with Rivals(tmp_path) as stage:
        stage.let_beta_send("neuve")
        stage.sign()
        stage.clock.advance(3600)
        stage.run()
        assert stage.first_line("neuve").startswith("SIGNÉ")

        stage.turn("alpha")
        stage.take_over()
        stage.run()
        assert stage.first_line("neuve") == "À CORRIGER – ce PDF porte déjà une signature électronique"
        told = " ".join(stage.status("neuve").split())
        assert (
            "Un suivi plus ancien, « neuve.signature.txt », se trouvait à côté : si ce PDF est la version"
            in told
        )
        stage.write("neuve.pdf", documents.letter(pages=2))
        stage.clock.advance(60)
        stage.run()
        assert stage.first_line("neuve").startswith("À VÉRIFIER – un suivi plus ancien porte ce nom")
        assert len(stage.sends()) == 2


@pytest.mark.parametrize("back", ["as they were", "written anew", "beside a new PDF", "in another folder"])
def test_what_the_other_one_sent_is_taken_away_and_put_back(tmp_path: Path, back: str) -> None:
    """Held for the other one's status, which stands there no more: it leaves on a new ask only all the same."""
    with Rivals(tmp_path) as stage:
        stage.let_beta_send("neuve")

        stage.turn("alpha")
        stage.take_over()
        stage.run()
        held = "À VÉRIFIER – un suivi plus ancien porte ce nom"
        assert stage.first_line("neuve").startswith(held)
        pdf = stage.read("neuve.pdf")
        stage.delete("neuve.sign.yaml")
        if back != "written anew":
            stage.delete("neuve.pdf")
        stage.run(20)
        stage.clock.advance(100_000)
        stage.run(20)
        assert "neuve.signature.txt" not in stage.files()
        folder = f"{ROOT}/Ailleurs" if back == "in another folder" else ROOT
        if folder != ROOT:
            stage.person.mkdir(folder)
        if back == "written anew":
            stage.write("neuve.sign.yaml", f"# de nouveau\n{ONE}")
        else:
            stage.drop(
                "neuve", documents.letter(pages=2) if back == "beside a new PDF" else pdf, ONE, folder=folder
            )
        stage.run(20)
        assert stage.first_line("neuve", folder=folder).startswith(held)
        assert len(stage.sends()) == 2
        stage.write("neuve.sign.yaml", ONE + "action: recommencer\n", folder=folder)
        stage.run(20)
        assert stage.first_line("neuve", folder=folder).startswith("EN COURS")
        assert len(stage.sends()) == 3


def test_what_the_other_one_sent_and_cannot_be_judged_yet(tmp_path: Path) -> None:
    """Its status gives way to what is told of the text, and is not forgotten: mended, it leaves on a new ask only."""
    with Rivals(tmp_path) as stage:
        stage.let_beta_send("neuve")
        stage.write("neuve.sign.yaml", "signataires: Marie\n")

        stage.turn("alpha")
        stage.take_over()
        stage.run()
        assert stage.first_line("neuve").startswith("À CORRIGER – « Marie » n’est pas un contact connu")
        stage.write("neuve.sign.yaml", ONE)
        stage.write("neuve.pdf", documents.letter(pages=2))
        stage.clock.advance(60)
        stage.run()
        assert stage.first_line("neuve").startswith("À VÉRIFIER – un suivi plus ancien porte ce nom")
        assert len(stage.sends()) == 2
