"""Files made to hurt: each ends within the worker's limits with one clear code, or is simply read (scenario B1).

What is measured is the outcome, and that the limits hold: one worker at a time, never above its memory, and the next
file is read as if nothing had been. Nothing here looks at a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from connector.errors import DocumentError
from connector.isolated_pdf import IsolatedPdf
from connector.isolation import IsolatedPool, Limits
from tests import bombs, documents, image_bombs, pictures

LIMITS = Limits(memory_bytes=384 * 1024 * 1024, cpu_s=4, wall_s=60)
"""Far below those of production: what passes here passes there."""


@pytest.fixture(scope="module")
def pdf() -> Iterator[IsolatedPdf]:
    with IsolatedPool(LIMITS) as pool:
        yield IsolatedPdf(pool)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bomb"


def outcome(call: Callable[[], object]) -> str:
    """The code it ends with, or ``ok``."""
    try:
        call()
    except DocumentError as error:
        return error.code
    return "ok"


def workers() -> list[psutil.Process]:
    alive = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in alive if "connector.isolation" in " ".join(child.cmdline())]


TOO_MUCH = {"pdf_too_slow", "pdf_unreadable"}
"""Where a reader notices by itself how much is asked for, or is stopped: which comes first is its own affair."""

PDFS: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "circular xref /Prev": (bombs.circular_previous, {"ok"}),
    "circular page tree": (bombs.circular_pages, {"pdf_unreadable"}),
    "deep page tree": (bombs.deep_pages, {"pdf_too_slow"}),
    "11,000 form fields": (bombs.many_fields, {"pdf_too_slow"}),
    "300 MB content stream": (bombs.huge_stream, {"pdf_too_slow"}),
    "2,001 pages": (lambda: documents.letter(2001, lines=1), {"pdf_too_slow"}),
    "1,000 pages": (lambda: documents.letter(1000, lines=1), {"ok"}),
    "10 GB bitmap": (bombs.huge_image, {"ok", *TOO_MUCH}),
    "JBIG2 of 2^31 lines": (bombs.jbig2, {"ok", *TOO_MUCH}),
    "JPEG 2000 of 2^31 columns": (bombs.jpx, {"ok", *TOO_MUCH}),
    "forms within forms, 10^30": (bombs.laughing_forms, {"pdf_too_slow"}),
    "5,000 fonts": (bombs.many_fonts, {"ok"}),
    "object stream of 313 MB": (bombs.packed_objects, {"pdf_too_slow"}),
    "object stream that extends itself": (bombs.circular_object_stream, {"ok"}),
    "xref for 2,000 million objects": (bombs.endless_table, TOO_MUCH),
    "arrays 100,000 deep": (bombs.nested_arrays, TOO_MUCH),
    "packed twelve times": (bombs.layered_filters, {"ok", *TOO_MUCH}),
    "circular bookmarks": (bombs.circular_outline, {"ok"}),
    "circular scripts and actions": (bombs.circular_names, {"ok"}),
    "35,000 annotations": (bombs.many_notes, {"pdf_too_slow"}),
    "font drawn with itself": (bombs.type3_circle, {"ok"}),
    "tiles of a millionth of a point": (bombs.endless_tiles, {"ok", *TOO_MUCH}),
}


@pytest.mark.parametrize("name", PDFS)
def test_pdf(pdf: IsolatedPdf, path: Path, name: str) -> None:
    """Scenario B1: each costs one code that was foreseen, and no more than one worker."""
    content, codes = PDFS[name]
    path.write_bytes(content())
    # Other tests of this process may have left idle workers of their own pools.
    before = {worker.pid for worker in workers()}
    assert outcome(lambda: pdf.facts(path)) in codes
    assert len([worker for worker in workers() if worker.pid not in before]) <= 1


IMAGES: dict[str, tuple[Callable[[], bytes], str]] = {
    "PNG of 50,000 x 50,000 in colour": (image_bombs.huge_png, "image_too_large"),
    "PNG of 50,000 x 50,000 in 1 bit": (image_bombs.huge_drawing, "image_too_large"),
    "PNG with a profile of 313 MB": (image_bombs.colour_bomb, "image_unreadable"),
    "PNG with texts of 300 MB": (image_bombs.text_bomb, "image_unreadable"),
    "TIFF of two pages in a circle": (image_bombs.circular_tiff, "ok"),
    "TIFF of 100,000 pages": (image_bombs.many_pages_tiff, "image_too_many_pages"),
    "TIFF of 2^31 x 2^31": (image_bombs.huge_tiff, "image_too_large"),
    "TIFF with 1,000 million values": (image_bombs.long_list_tiff, "image_unreadable"),
    "JPEG of 65,500 x 65,500": (image_bombs.huge_jpeg, "image_too_large"),
    "JPEG of 20,000 scans": (image_bombs.many_scans, "image_too_large"),
    "GIF under another name": (lambda: pictures.saved(pictures.quadrants(), "GIF"), "image_not_image"),
    "damaged HEIC": (lambda: pictures.HEIC[:320] + b"\xff" * 400, "image_unreadable"),
    "zip": (documents.zipped, "image_not_image"),
}


@pytest.mark.parametrize("name", IMAGES)
def test_image(pdf: IsolatedPdf, path: Path, name: str) -> None:
    """Scenario B1 for images: refused by what the header says, before anything of that size is decoded."""
    content, code = IMAGES[name]
    path.write_bytes(content())
    assert outcome(lambda: pdf.image_to_pdf(path, path.with_name("made.pdf"))) == code
    assert path.with_name("made.pdf").exists() == (code == "ok")


def test_an_image_that_needs_too_much_says_so_of_an_image(path: Path) -> None:
    """What the limits end has an image's code: the sentence must not speak of a PDF."""
    path.write_bytes(pictures.saved(pictures.quadrants((9000, 9000)), "PNG"))
    with IsolatedPool(Limits(memory_bytes=256 * 1024 * 1024)) as pool:
        assert outcome(lambda: IsolatedPdf(pool).image_to_pdf(path, path.with_name("o"))) == "image_too_large"
    with IsolatedPool(Limits(wall_s=0.05, cpu_s=0.003)) as pool:
        assert outcome(lambda: IsolatedPdf(pool).image_to_pdf(path, path.with_name("o"))) == "image_too_large"


def test_the_next_file_is_read(pdf: IsolatedPdf, path: Path) -> None:
    """After the worst of them the pool serves a letter and a photo (OCRmyPDF#1715)."""
    for bomb in (bombs.laughing_forms(), bombs.packed_objects()):
        path.write_bytes(bomb)
        assert outcome(lambda: pdf.facts(path)) in TOO_MUCH
        path.write_bytes(documents.letter())
        assert len(pdf.facts(path).pages) == 4
    path.write_bytes(image_bombs.huge_png())
    assert outcome(lambda: pdf.image_to_pdf(path, path.with_name("o"))) == "image_too_large"
    path.write_bytes(pictures.photo(1200, 900))
    assert pdf.image_to_pdf(path, path.with_name("o")).pages == 1


def test_memory_is_what_was_allowed(path: Path) -> None:
    """A worker's address space has never been larger than its limit, whatever it was given."""
    with IsolatedPool(LIMITS) as pool:
        for content in (documents.letter(), bombs.huge_image(), bombs.layered_filters(), bombs.many_fonts()):
            path.write_bytes(content)
            outcome(lambda: IsolatedPdf(pool).facts(path))
            for worker in workers():
                status = Path(f"/proc/{worker.pid}/status").read_text(encoding="ascii")
                peak = next(line for line in status.splitlines() if line.startswith("VmPeak"))
                assert int(peak.split()[1]) * 1024 <= LIMITS.memory_bytes


def test_verdict_on_a_bomb(pdf: IsolatedPdf, path: Path) -> None:
    """A bomb in place of the signed document is quarantined, soon."""
    path.write_bytes(bombs.deep_pages())
    assert pdf.verify_signed(path).code in {"not_pdf", "signature_broken"}
