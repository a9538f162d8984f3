"""Whatever is done to a file's bytes, its worker answers with a code, or with a document that can be sent."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.errors import DocumentError
from connector.isolated_pdf import IsolatedPdf
from connector.isolation import IsolatedPool, Limits
from connector.pdf.facts import problems_of
from connector.sidecar.codes import CODES
from tests import bombs, documents, pictures

Read = TypeVar("Read")
LIMITS = Limits(memory_bytes=512 * 1024 * 1024, cpu_s=5, wall_s=60)
BOUNDED = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
"""The same few files on every run: a failure can be looked at, and the time is known."""

PDFS = (
    documents.letter(1),
    documents.saved_incrementally(documents.letter(1)),
    documents.with_attachment(),
    documents.with_note(documents.letter(1)),
    bombs.circular_names(),
    bombs.circular_object_stream(),
)
IMAGES = (
    pictures.upright(6, "JPEG"),
    pictures.upright(3, "PNG"),
    pictures.upright(5, "TIFF"),
    pictures.saved(pictures.quadrants(), "JPEG", progressive=True),
    pictures.scan("1", 50, 2),
    pictures.animation(),
    pictures.HEIC,
)


@pytest.fixture(scope="module")
def pdf() -> Iterator[IsolatedPdf]:
    with IsolatedPool(LIMITS, maximum=1, uses=1000) as pool:
        yield IsolatedPdf(pool)


@st.composite
def damaged(draw: st.DrawFn, originals: tuple[bytes, ...]) -> bytes:
    """One of the originals after a few changes: bytes set, stretches taken out, doubled or moved, an end cut off."""
    content = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(1, 4))):
        if not content:
            break
        at = draw(st.integers(0, len(content) - 1))
        length = draw(st.integers(1, 64))
        match draw(st.sampled_from(("set", "remove", "double", "number", "cut"))):
            case "set":
                content[at] = draw(st.integers(0, 255))
            case "remove":
                del content[at : at + length]
            case "double":
                content[at:at] = content[at : at + length]
            case "number":
                # Lengths, offsets and counts are numbers: these are the ones that programs trip over.
                content[at : at + 4] = draw(
                    st.sampled_from((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"9999"))
                )
            case "cut":
                del content[at:]
    return bytes(content)


def read(call: Callable[[], Read]) -> Read | str:
    """What a call returns, or the code that it ends with; any other error is a defect, and goes on."""
    try:
        return call()
    except DocumentError as error:
        return error.code


@given(content=damaged(PDFS))
@BOUNDED
def test_facts_of_anything(pdf: IsolatedPdf, content: bytes) -> None:
    """A damaged PDF is refused by a code; one that is still read can be previewed as well."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "lettre.pdf")
        path.write_bytes(content)
        found = read(lambda: pdf.facts(path))
        if isinstance(found, str):
            assert found in CODES
        elif not problems_of(found):
            pdf.preview([(path, "lettre.pdf", [])], Path(folder, "o.pdf"), {}, "Aperçu")


@given(content=damaged(IMAGES))
@BOUNDED
def test_a_pdf_of_anything(pdf: IsolatedPdf, content: bytes) -> None:
    """A damaged image is refused by a code; what is made of one that is still read may be sent."""
    with tempfile.TemporaryDirectory() as folder:
        path, made = Path(folder, "photo.jpg"), Path(folder, "photo.pdf")
        path.write_bytes(content)
        found = read(lambda: pdf.image_to_pdf(path, made))
        if isinstance(found, str):
            assert found.startswith("image_")
            assert found in CODES
            assert not made.exists()
        else:
            assert problems_of(pdf.facts(made)) == []
