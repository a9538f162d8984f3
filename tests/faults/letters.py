"""Letters as a person drops them, and the first lines that tell where they came back."""

from __future__ import annotations

from tests import documents
from tests.worlds import ONE, ROOT, Stage


def letter(title: str) -> bytes:
    """Return one page that says its title, and is another file for each."""
    return documents.letter(1, title)


def send_out(stage: Stage, *names: str, folder: str = ROOT, sidecar: str = ONE) -> None:
    """Drop a pair for each name and wait until all of them are out."""
    for name in names:
        stage.drop(name, letter(f"{folder} {name}"), sidecar, folder=folder)
    stage.run()
    for name in names:
        told = stage.first_line(name, folder=folder)
        assert told.startswith("EN COURS – 0 signature sur "), stage.status(name, folder=folder)


def in_place(name: str) -> str:
    """Return the first line of a request whose signed version took its document's place."""
    return f"SIGNÉ – « {name}.pdf » est maintenant la version signée"


def beside(name: str, what: str = "signé") -> str:
    """Return the first line of a request whose signed version came beside its document."""
    return f"SIGNÉ – la version signée est à côté : « {name} ({what}).pdf »"
