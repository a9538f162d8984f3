"""What a PDF holds, what forbids sending it, and a digest that sees edits but no saves."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.errors import DocumentError
from connector.pdf.facts import DocumentLimits, facts, problems_of
from connector.pdf.model import PdfFacts
from tests import documents


@pytest.fixture
def content(request: pytest.FixtureRequest) -> bytes:
    """A document, made when its test runs: making them all takes seconds, in each worker that gathers tests."""
    made: bytes = request.param()
    return made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lettre.pdf"


def read(path: Path, content: bytes) -> PdfFacts:
    path.write_bytes(content)
    return facts(path)


def codes(path: Path, content: bytes) -> list[str]:
    path.write_bytes(content)
    try:
        return [problem.code for problem in problems_of(facts(path))]
    except DocumentError as error:
        return [problem.code for problem in problems_of(error)]


def test_letter(path: Path) -> None:
    """An ordinary letter: its pages, its size, and no reason to refuse it."""
    content = documents.letter()
    found = read(path, content)
    assert [(page.width, page.height) for page in found.pages] == [documents.A4] * 4
    assert (found.size, found.version) == (len(content), "1.3")
    assert (found.signatures, found.form_fields, found.attachments) == (0, 0, 0)
    assert [found.encrypted, found.restricted, found.xfa] == [False] * 3
    assert problems_of(found) == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (documents.encrypted, ["pdf_encrypted"]),
        (lambda: documents.encrypted(user=""), ["pdf_restricted"]),
        (documents.with_form, ["pdf_form_fields"]),
        (documents.xfa, ["pdf_xfa"]),
        (documents.signed, ["pdf_signed"]),
        (documents.too_large, ["pdf_too_large"]),
        (lambda: documents.too_large(10_000_000), ["pdf_too_large"]),
        (lambda: documents.too_large(9_999_999), []),
        (documents.zero, ["pdf_empty"]),
        (documents.html, ["pdf_not_pdf"]),
        (documents.zipped, ["pdf_not_pdf"]),
        (documents.truncated, ["pdf_unreadable"]),
        (lambda: documents.truncated(documents.saved_incrementally(documents.letter())), ["pdf_unreadable"]),
        (lambda: documents.letter()[:-1000] + bytes(900) + b"%%EOF", ["pdf_unreadable"]),
        (lambda: bytes(4096), ["pdf_not_pdf"]),
        (lambda: b"\r\n" + documents.letter(), ["pdf_unreadable"]),
        (lambda: b"\xef\xbb\xbf" + documents.letter(), ["pdf_unreadable"]),
        (lambda: b"\x1b%-12345X@PJL ENTER LANGUAGE=PDF\r\n" + documents.letter(), ["pdf_unreadable"]),
        (documents.with_attachment, []),
        (documents.with_empty_signature_field, ["pdf_form_fields"]),
        (documents.landscape, []),
        (lambda: documents.letter(1) + bytes(100_000), []),
        (lambda: documents.letter(1) + b"\r\n", []),
    ],
    indirect=["content"],
)
def test_what_forbids_sending(path: Path, content: bytes, expected: list[str]) -> None:
    """Each kind of document has its code, and good ones have none (scenarios B1, B2)."""
    assert codes(path, content) == expected


def test_too_large_says_how_large(path: Path) -> None:
    """The sentence gets both numbers in megabytes; the limit is a setting, and must not be reached."""
    path.write_bytes(documents.letter(1))
    found = facts(path)
    (problem,) = problems_of(found.model_copy(update={"size": 14_230_000}))
    assert problem.values == {"document": "", "size_mb": "14.2", "limit_mb": "10"}
    assert problems_of(found, DocumentLimits(max_bytes=found.size + 1)) == []
    assert [problem.code for problem in problems_of(found, DocumentLimits(max_bytes=found.size))] == [
        "pdf_too_large"
    ]


def test_passwords_are_told_apart(path: Path) -> None:
    """A password to read hides the pages; an owner's password does not."""
    locked = read(path, documents.encrypted())
    assert locked.encrypted
    assert locked.pages == ()
    restricted = read(path, documents.encrypted(user=""))
    assert restricted.restricted
    assert not restricted.encrypted
    assert len(restricted.pages) == 2


def test_fields_are_counted_by_kind(path: Path) -> None:
    """Signed, unsigned and other fields are three things."""
    found = read(path, documents.with_empty_signature_field())
    assert (found.signatures, found.empty_signature_fields, found.form_fields) == (0, 1, 0)
    found = read(path, documents.signed(signers=3))
    assert (found.signatures, found.empty_signature_fields, found.form_fields) == (3, 0, 0)
    found = read(path, documents.with_form())
    assert (found.signatures, found.form_fields) == (0, 2)
    assert read(path, documents.with_attachment()).attachments == 1


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (lambda: documents.turned(0), (595.28, 841.89)),
        (lambda: documents.turned(90), (841.89, 595.28)),
        (lambda: documents.turned(180), (595.28, 841.89)),
        (lambda: documents.turned(270, crop=(30, 40, 500, 800)), (760, 470)),
        (lambda: documents.turned(0, crop=(-100, -100, 9000, 500)), (595.28, 500)),
        (lambda: documents.turned(90, crop=(30, 40, 500, 800), unit=2), (1520, 940)),
        (documents.landscape, (841.89, 595.28)),
    ],
    indirect=["content"],
)
def test_pages_as_seen(path: Path, content: bytes, size: tuple[float, float]) -> None:
    """Rotation, CropBox and UserUnit are applied before anybody counts points."""
    (page,) = read(path, content).pages
    assert (page.width, page.height) == pytest.approx(size, abs=0.01)


@pytest.mark.parametrize(
    "content",
    [
        lambda: documents.resaved(documents.letter()),
        lambda: documents.saved_incrementally(documents.letter()),
        lambda: documents.signed(signers=1),
        lambda: documents.signed(signers=3),
        lambda: documents.signed(visible=False),
    ],
    indirect=["content"],
)
def test_digest_survives_saves_and_signatures(path: Path, content: bytes) -> None:
    """Saving again, and signing with visible stamps, leave what the pages show."""
    before = read(path, documents.letter()).pages_digest
    assert read(path, content).pages_digest == before


@pytest.mark.parametrize(
    "content",
    [
        lambda: documents.letter(text="Lettre de missiou"),
        lambda: documents.letter(5),
        lambda: documents.letter(lines=21),
        lambda: documents.letter(size=(595.0, 840.0)),
        lambda: documents.with_note(documents.letter()),
        lambda: documents.with_note(documents.letter(), "tout autre chose"),
    ],
    indirect=["content"],
)
def test_digest_sees_edits(path: Path, content: bytes) -> None:
    """Another letter, page, line, size, or a note stuck on it is another document."""
    before = read(path, documents.letter()).pages_digest
    assert read(path, content).pages_digest != before


def test_digest_names_its_scheme(path: Path) -> None:
    """Digests of another pdfium are recognised as not comparable."""
    from connector.pdf.pages import comparable

    digest = read(path, documents.letter()).pages_digest
    scheme, _, rest = digest.partition(":")
    assert len(rest) == 64
    assert comparable(digest, f"{scheme}:{'0' * 64}")
    assert not comparable(digest, f"1.1:{rest}")
