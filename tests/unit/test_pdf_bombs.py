"""Files made to hurt: each ends in bounded time and memory with one clear error, or is simply read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.errors import DocumentError
from connector.isolated_pdf import IsolatedPdf
from connector.isolation import IsolatedPool, Limits
from tests import bombs, documents

LIMITS = Limits(memory_bytes=384 * 1024 * 1024, cpu_s=4, wall_s=10)


@pytest.fixture(scope="module")
def pdf() -> Iterator[IsolatedPdf]:
    with IsolatedPool(LIMITS) as pool:
        yield IsolatedPdf(pool)


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (bombs.circular_previous, set()),
        (bombs.circular_pages, {"pdf_unreadable"}),
        (bombs.deep_pages, {"pdf_unreadable"}),
        (bombs.many_fields, {"pdf_too_slow"}),
        (lambda: bombs.huge_stream(100), {"pdf_unreadable", "pdf_too_slow"}),
        (lambda: documents.letter(2001, lines=1), {"pdf_too_slow"}),
        (lambda: documents.letter(1000, lines=1), set()),
    ],
    ids=["circular xref", "circular pages", "deep pages", "fields", "stream", "2001 pages", "1000 pages"],
)
def test_bounded(pdf: IsolatedPdf, tmp_path: Path, content: object, codes: set[str]) -> None:
    """Each bomb is over within the limits, with the error that was foreseen (scenario B1)."""
    assert callable(content)
    path = tmp_path / "bomb.pdf"
    path.write_bytes(content())
    start = time.monotonic()
    if codes:
        with pytest.raises(DocumentError) as caught:
            pdf.facts(path)
        assert caught.value.code in codes
    else:
        assert pdf.facts(path).pages
    assert time.monotonic() - start < LIMITS.wall_s + 1


def test_verdict_on_a_bomb(pdf: IsolatedPdf, tmp_path: Path) -> None:
    """A bomb in place of the signed document is quarantined, soon."""
    path = tmp_path / "bomb.pdf"
    path.write_bytes(bombs.deep_pages())
    assert pdf.verify_signed(path).code in {"not_pdf", "signature_broken"}
