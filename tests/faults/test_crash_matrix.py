"""Killed anywhere, answer lost anywhere: sent once, delivered once, nothing lost, the folder tells the truth.

The points are counted at the two transports and at the journal's commit; the first run finds out how many there
are, then each is struck in each way, everything is wired anew on the same journal and the same world, and the
story goes on until it is quiet.
"""

from __future__ import annotations

import shutil
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
            assert stage.dms.tags_of("Lettres/lettre.pdf") == ["Signé"]
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


# ------------------------------------------------------------------------- several documents, on their way home


FILES = {
    "lettre.pdf": documents.letter(1, "Lettre", lines=2),
    "bilan.pdf": documents.letter(1, "Bilan", lines=2),
    "Annexe.pdf": documents.letter(1, "Annexe", lines=2),
}
SIGNED_ANNEX = "lettre - Annexe (signé).pdf"


class Homeward:
    """Two documents and an annex that all have signed; one fault strikes while they come home.

    What leads up to it is lived once; each fault gets a copy of that world and of the connector's state.
    """

    def __init__(self, directory: Path, mode: Mode, points: Points, before: Stage) -> None:
        shutil.copytree(before.directory, directory, dirs_exist_ok=True)
        self.stage = Stage(directory, mode, seams=points.seams(workers()), start=False)
        self.stage.clock.advance(before.clock.offset_s + 60)
        self.stage.owed = dict(before.owed)
        points.armed = True

    @classmethod
    def signed(cls, directory: Path, mode: Mode) -> Stage:
        """Live the story until everybody has signed, and close that world."""
        stage = Stage(directory, mode)
        for name, content in FILES.items():
            stage.write(name, content)
        stage.write("lettre.sign.yaml", ONE + "documents: bilan.pdf\nannexes: Annexe.pdf\n")
        stage.run(calm=2)
        stage.sign()
        stage.close()
        return stage

    def tell(self) -> None:
        """Start, and bring everything home, starting anew after each crash."""
        for _ in range(4):
            try:
                self.stage.start()
                self.stage.run(calm=2)
            except Killed:
                self.stage.stop()
            else:
                return
        raise AssertionError("killed more often than the one fault allows")

    def judge(self) -> None:
        """Each document is home once, none is lost, and the folder tells one outcome."""
        stage = self.stage
        record = stage.record()
        assert record.state is State.DELIVERED, (record.state, record.reason, stage.first_line())
        assert record.closed
        assert sum(stage.sends()) == 1, stage.sends()
        assert stage.first_line() == "SIGNÉ – les 2 documents sont revenus signés"
        aside = ["bilan (original).pdf", "lettre (original).pdf"] if stage.mode == "plain" else []
        written = ["lettre.sign.yaml", "lettre.signature.txt", SIGNED_ANNEX]
        assert stage.files() == sorted([*FILES, *aside, *written])
        for name in ("lettre.pdf", "bilan.pdf", SIGNED_ANNEX):
            assert documents_signatures(stage.read(name)) == 1, name
        assert stage.read("Annexe.pdf") == FILES["Annexe.pdf"]
        for name in ("lettre.pdf", "bilan.pdf"):
            if stage.mode == "nextcloud":
                contents = [content for _, _, content in stage.dms.versions_of(f"Lettres/{name}")]
                assert contents == [stage.read(name), FILES[name]]
            else:
                assert stage.read(name.replace(".pdf", " (original).pdf")) == FILES[name]
        stage.intact()


def came_home(mode: Mode, points: Points, before: Stage) -> Points:
    """Tell the way home once in a copy of that world and judge it."""
    with tempfile.TemporaryDirectory() as directory:
        story = Homeward(Path(directory), mode, points, before)
        try:
            story.tell()
            story.judge()
        finally:
            story.stage.close()
    return points


def after_each(name: str) -> list[Variant]:
    """How a point can be struck, each way once: a crash before an effect is a crash after the one before it."""
    if name == "commit":
        return ["after"]
    return ["lost"] if name.split()[1] in READS else ["after", "lost"]


@pytest.mark.parametrize("mode", ["nextcloud", "plain"])
def test_several_on_their_way_home(mode: Mode, tmp_path: Path) -> None:
    """Whatever point of the way home is struck, every document is delivered once, and none in another's place."""
    before = Homeward.signed(tmp_path / "before", mode)
    names = came_home(mode, Points(), before).seen
    assert [sum(name == f"platform GET {rank}" for name in names) for rank in (1, 2, 3)] == [1, 1, 1]
    # What comes before and after is struck in the first story.
    first, last = names.index("platform GET 2"), names.index("dms GET lettre.signature.txt")
    failures = []
    for at in range(first, last):
        for variant in after_each(names[at]):
            try:
                came_home(mode, Points(at=at, variant=variant), before)
            except AssertionError as error:
                failures.append(f"{at} {names[at]} {variant}: {error}")
    assert not failures, "\n".join(failures)
