"""Which files travel in one transaction: by name, by pattern, in which order, and what is told of the rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connector.config.model import Ceiling
from connector.ports import Entry, ETag, Href
from connector.sidecar.model import SignatureRequest
from connector.steps.discover import Pair, Settling, Sight, look
from connector.steps.gather import MOST_FILES, Gathered, as_counted, gather, is_named, other_formats
from connector.steps.parts import FolderSettings
from tests.fakes.folder import MemoryFolder

NOW = datetime(2026, 3, 2, 9, 0, 10, tzinfo=UTC)
SETTINGS = FolderSettings(
    name="lettres",
    server="dms",
    root=Href("/Lettres/"),
    registry=Href("/Lettres/.signature/"),
    accounts=("lyon",),
    ceiling=Ceiling.LIVE,
)


def sight_of(*names: str) -> Sight:
    """A look at a folder that holds these files, and one below it."""
    folder = MemoryFolder(lambda: NOW.timestamp())
    folder.make_folder(Href("/Lettres/"))
    for name in names:
        if "/" in name:
            folder.make_folder(Href(f"/Lettres/{name.split('/')[0]}/"))
        folder.create(Href(f"/Lettres/{name}"), b"x")
    settling = Settling(grain=timedelta(seconds=1))
    look(SETTINGS, folder, settling, NOW)
    return look(SETTINGS, folder, settling, NOW + timedelta(seconds=10))


def gathered(*names: str, **request: tuple[str, ...]) -> Gathered:
    sight = sight_of("Mandat.sign.yaml", *names)
    pair = next(sight.pairs())
    return gather(sight, pair, SignatureRequest(signatories=(), **request))  # type: ignore[arg-type]


def told(found: Gathered) -> tuple[list[str], list[str], list[str]]:
    return [e.name for e in found.documents], [e.name for e in found.annexes], list(found.missing)


def test_a_request_that_names_nothing_has_its_own_document() -> None:
    assert told(gathered("Mandat.pdf", "Autre.pdf")) == (["Mandat.pdf"], [], [])


def test_its_own_document_may_be_missing() -> None:
    assert told(gathered("Autre.pdf")) == ([], [], ["Mandat.pdf"])


def test_its_own_document_comes_first_whether_named_again_or_not() -> None:
    """A request beside its PDF is always about that PDF."""
    files = ("Mandat.pdf", "Lettre.pdf")
    assert told(gathered(*files, documents=("Lettre.pdf",)))[0] == ["Mandat.pdf", "Lettre.pdf"]
    assert told(gathered(*files, documents=("Lettre.pdf", "Mandat.pdf")))[0] == ["Mandat.pdf", "Lettre.pdf"]


def test_a_request_may_name_all_its_documents() -> None:
    """Without a PDF of its own name the first one named is the main one."""
    found = gathered("B.pdf", "A.pdf", documents=("B.pdf", "A"))
    assert told(found) == (["B.pdf", "A.pdf"], [], [])


def test_a_missing_document_is_told_by_the_name_that_was_written() -> None:
    found = gathered("Mandat.pdf", documents=("Lettre",), annexes=("Annexe*.pdf",))
    assert told(found) == (["Mandat.pdf"], [], ["Lettre", "Annexe*.pdf"])


def test_annexes_by_pattern_stand_as_people_count() -> None:
    """2 before 10; neither the document itself nor anything of ours."""
    names = (
        "Mandat.pdf",
        "Annexe 10.pdf",
        "annexe 2.PDF",
        "Annexe 1.pdf",
        "Annexe 3 (signé).pdf",
        "~$Annexe.pdf",
    )
    found = gathered(*names, "Annexe 4.docx", "sous/Annexe 5.pdf", annexes=("Annexe*.pdf",))
    assert told(found)[1] == ["Annexe 1.pdf", "annexe 2.PDF", "Annexe 10.pdf"]


def test_a_pattern_does_not_take_what_is_a_document_already() -> None:
    found = gathered("Mandat.pdf", "Annexe.pdf", annexes=("*",))
    assert told(found) == (["Mandat.pdf"], ["Annexe.pdf"], [])


def test_brackets_are_no_pattern() -> None:
    """``Avenant [v2].pdf`` is a name."""
    found = gathered("Mandat.pdf", "Avenant [v2].pdf", "Avenant v.pdf", annexes=("Avenant [v2].pdf",))
    assert told(found)[1] == ["Avenant [v2].pdf"]


def test_names_are_compared_without_case_and_in_both_normal_forms() -> None:
    found = gathered("Mandat.pdf", "Donne\u0301es.PDF", annexes=("données",))
    assert [entry.name for entry in found.annexes] in (["Donne\u0301es.PDF"], ["Données.PDF"])


def test_what_was_named_twice_travels_once() -> None:
    found = gathered("Mandat.pdf", "Annexe.pdf", annexes=("Annexe.pdf", "Annexe*", "annexe"))
    assert told(found)[1] == ["Annexe.pdf"]


@pytest.mark.parametrize("written", ["../Clients/x.pdf", "/etc/passwd", "sous/Annexe.pdf", "..\\x.pdf"])
def test_files_of_other_folders_are_refused(written: str) -> None:
    found = gathered("Mandat.pdf", "sous/Annexe.pdf", documents=(written,))
    assert [problem.code for problem in found.problems] == ["document_elsewhere"]
    assert told(found)[0] == ["Mandat.pdf"]


def test_a_name_with_two_dots_is_a_name() -> None:
    assert told(gathered("Mandat.pdf", "Lettre..pdf", documents=("Lettre..pdf",)))[0] == [
        "Mandat.pdf",
        "Lettre..pdf",
    ]


def test_a_word_document_cannot_be_sent() -> None:
    found = gathered("Mandat.pdf", "Lettre.docx", documents=("Lettre.docx",))
    assert [problem.code for problem in found.problems] == ["document_kind"]


@pytest.mark.parametrize("written", ["Lettre.docx", "Lettre.XLSX", "Annexe*.doc"])
@pytest.mark.parametrize("key", ["documents", "annexes"])
def test_a_word_document_is_not_waited_for(written: str, key: str) -> None:
    """Once there it would be refused: it is refused by its name, at once."""
    found = gathered("Mandat.pdf", **{key: (written,)})
    assert [(one.code, one.values["written"]) for one in found.problems] == [("document_kind", written)]
    assert not found.missing


def test_an_ending_that_is_none_is_waited_for() -> None:
    """« Contrat v1.2 » is a name, and so is « Lettre.docx » where « Lettre.docx.pdf » lies beside."""
    found = gathered("Mandat.pdf", "Lettre.docx.pdf", documents=("Contrat v1.2", "Lettre.docx"))
    assert told(found) == (["Mandat.pdf", "Lettre.docx.pdf"], [], ["Contrat v1.2"])
    assert not found.problems


def test_a_word_document_in_the_stead_of_what_is_missing() -> None:
    """By its name alone, whatever its case; a text, a lock of Word's and another folder's file are none."""
    sight = sight_of(
        "Mandat.sign.yaml", "mandat.DOCX", "~$mandat.docx", "Annexe 1.txt", "Ailleurs/Annexe 2.doc"
    )
    pair = next(sight.pairs())
    missing = ("Mandat.pdf", "Annexe 1.pdf", "Annexe 2", "Photo.jpg", "Annexe*.pdf")
    assert other_formats(sight, pair, missing) == {"Mandat.pdf": "mandat.DOCX"}
    assert other_formats(sight, pair, ("Mandat", "mandat.docx.pdf")) == {
        "Mandat": "mandat.DOCX",
        "mandat.docx.pdf": "mandat.DOCX",
    }


def test_pictures_count_as_documents() -> None:
    """Named with or without their ending, and as the request's own document where no PDF is there."""
    assert told(gathered("Mandat.jpg"))[0] == ["Mandat.jpg"]
    assert told(gathered("Mandat.jpg", "Mandat.pdf"))[0] == ["Mandat.pdf"]
    assert told(gathered("Mandat.pdf", "Photo.HEIC", annexes=("photo",)))[1] == ["Photo.HEIC"]


def test_too_many_files_are_refused_with_their_number() -> None:
    names = [f"Annexe {number}.pdf" for number in range(MOST_FILES + 5)]
    found = gathered("Mandat.pdf", *names, annexes=("Annexe*",))
    assert [(p.code, p.values["count"]) for p in found.problems] == [("files_too_many", str(MOST_FILES + 6))]


def test_a_problem_names_the_settings_file_it_comes_from() -> None:
    sight = sight_of("Mandat.sign.yaml", "Mandat.pdf")
    request = SignatureRequest(
        signatories=(), annexes=("../x.pdf",), lines={"annexes": 3}, origins={"annexes": "_signature.yaml"}
    )
    problem = gather(sight, next(sight.pairs()), request).problems[0]
    assert (problem.line, problem.values["file"]) == (3, "_signature.yaml")


@pytest.mark.parametrize(
    ("names", "order"),
    [
        (["a10", "a9", "a1"], ["a1", "a9", "a10"]),
        (["2", "10", "b", "A"], ["2", "10", "A", "b"]),
        (["a", "a1", "a01x"], ["a", "a1", "a01x"]),
        (["٣ trois", "²"], ["²", "٣ trois"]),
    ],
)
def test_names_are_sorted_as_people_count(names: list[str], order: list[str]) -> None:
    """Whatever digits they hold: only those of ASCII count as numbers."""
    assert sorted(names, key=as_counted) == order


def test_a_pair_knows_whether_its_document_bears_its_name() -> None:
    entry = Entry(href=Href("/a/Photo.JPG"), is_folder=False, etag=ETag("1"))
    sidecar = Entry(href=Href("/a/photo.sign.yaml"), is_folder=False, etag=ETag("2"))

    def pair(name: str) -> Pair:
        return Pair(sidecar=sidecar, documents=(entry,), rivals=(), document_name=name, settled=True)

    assert pair("Photo.JPG").own
    assert pair("PHOTO.pdf").own
    assert not pair("Autre.pdf").own


@pytest.mark.parametrize(
    ("written", "name", "named"),
    [
        ("CGV", "cgv.PDF", True),
        ("CGV.pdf", "CGV.pdf", True),
        ("CGV", "CGV.jpg", True),
        ("Annexe *", "Annexe 2.pdf", True),
        ("Annexe ?.pdf", "Annexe 12.pdf", False),
        ("CGV", "CGV 2025.pdf", False),
    ],
)
def test_what_a_text_names(written: str, name: str, named: bool) -> None:
    """Of a file alone, with nothing beside it to choose from."""
    assert is_named(["Autre.pdf", written], name) is named
