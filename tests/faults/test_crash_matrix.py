"""Killed anywhere, answer lost anywhere: sent once, delivered once, nothing lost, the folder tells the truth.

The points are counted at the two transports and at the journal's commit; the first run finds out how many there
are, then each is struck in each way, everything is wired anew on the same journal and the same world, and the
story goes on until it is quiet.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from connector.lifecycle import State
from tests import documents
from tests.faults.points import READS, Killed, Points, Variant
from tests.worlds import ONE, Mode, Stage, workers

LETTER = documents.letter(pages=1)


class Story:
    """One letter, one signatory, one fault."""

    def __init__(self, directory: Path, mode: Mode, points: Points) -> None:
        self.points = points
        self.stage = Stage(directory, mode, seams=points.seams(workers()))
        self.stage.drop(pdf=LETTER)
        self.answered_doubt = False

    def tell(self) -> None:
        """Live the story to its end, starting anew after each crash."""
        self.points.armed = True
        for _ in range(4):
            try:
                self._live()
            except Killed:
                self.stage.restart()
            else:
                return
        raise AssertionError("killed more often than the one fault allows")

    def _live(self) -> None:
        for _ in range(3):
            self.stage.run(calm=2)
            self._settle_doubt()
            self.stage.sign()
        self.stage.run(calm=2)

    def _settle_doubt(self) -> None:
        """Where the connector cannot tell, the person does, truthfully, as the status asks."""
        record = self.stage.record()
        if record.state is not State.IN_DOUBT or self.answered_doubt:
            return
        assert self.stage.first_line().startswith("À VÉRIFIER")
        assert self.stage.sends()[-1] == 0, "what was sent must be found out by asking"
        self.answered_doubt = True
        self.stage.write("lettre.sign.yaml", ONE + "action: pas partie\n")
        self.stage.run()

    def judge(self) -> None:
        """The invariants of design page section 3."""
        stage = self.stage
        record = stage.record()
        assert record.state is State.DELIVERED, (record.state, record.reason, stage.first_line())
        assert record.closed
        assert sum(stage.sends()) == 1, stage.sends()
        assert stage.first_line() == "SIGNÉ – « lettre.pdf » est maintenant la version signée"
        self._delivered_once()
        stage.intact()

    def _delivered_once(self) -> None:
        stage = self.stage
        signed = stage.read("lettre.pdf")
        assert documents_signatures(signed) == 1
        if stage.mode == "nextcloud":
            assert stage.files() == ["lettre.pdf", "lettre.sign.yaml", "lettre.signature.txt"]
            contents = [content for _, _, content in stage.dms.versions_of("Lettres/lettre.pdf")]
            assert contents == [signed, LETTER]
        else:
            assert stage.files() == [
                "lettre (original).pdf",
                "lettre.pdf",
                "lettre.sign.yaml",
                "lettre.signature.txt",
            ]
            assert stage.read("lettre (original).pdf") == LETTER


def documents_signatures(content: bytes) -> int:
    """How many signatures a PDF bears, by the library and not by our own reading."""
    import io

    from pyhanko.pdf_utils.reader import PdfFileReader

    return len(PdfFileReader(io.BytesIO(content), strict=False).embedded_signatures)


def told(mode: Mode, points: Points) -> Points:
    """Tell one story in a directory of its own and judge it."""
    with tempfile.TemporaryDirectory() as directory:
        story = Story(Path(directory), mode, points)
        try:
            story.tell()
            story.judge()
        finally:
            story.stage.close()
    return points


def variants(name: str) -> list[Variant]:
    """How a point can be struck: a read has no effect, a commit no answer."""
    if name == "commit":
        return ["before", "after"]
    return ["lost"] if name.split()[1] in READS else ["before", "after", "lost"]


# The matrix is cut into slices, so that the tests can run side by side.
SLICES = 8


@pytest.mark.parametrize("part", range(SLICES))
@pytest.mark.parametrize("mode", ["nextcloud", "plain"])
def test_crash_matrix(mode: Mode, part: int) -> None:
    """Whatever point is struck in whatever way, one letter is sent once and delivered once."""
    names = told(mode, Points()).seen
    assert any("send" in name for name in names)
    cases = [(at, variant) for at, name in enumerate(names) for variant in variants(name)]
    failures = []
    for at, variant in cases[part::SLICES]:
        points = Points(at=at, variant=variant)
        try:
            told(mode, points)
        except AssertionError as error:
            failures.append(f"{at} {names[at]} {variant}: {error}")
    assert not failures, f"{len(failures)} of {len(cases[part::SLICES])}\n" + "\n".join(failures)
