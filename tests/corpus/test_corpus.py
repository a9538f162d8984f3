"""No document that exists crashes, hangs or fills the memory: each ends in one code, or could be sent (B1, B2).

The whole of it, with the table, is ``python -m tests.corpus``; here large files and most of Pillow's many small
images are left out, so that this file is over within half a minute of one processor.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import psutil
import pytest

from connector.isolated_pdf import IsolatedPdf
from connector.isolation import IsolatedPool, Limits
from connector.sidecar.codes import CODES
from tests.corpus import specimens
from tests.corpus.outcomes import OK, mutated, outcome
from tests.corpus.specimens import Specimen

LIMITS = Limits(memory_bytes=1024 * 1024 * 1024, cpu_s=20, wall_s=120)
LARGE = 400_000
"""Bytes of a specimen that is left to the whole run."""
MANY = 60
"""Images of one package, after which only every twentieth is taken."""

FEWEST = {"pypdf": 60, "pyhanko": 100, "pikepdf": 50, "pillow": 40, "pi_heif": 30}
"""Specimens that a source package must at least bring: an empty archive proves nothing."""

KNOWN = {
    "resources/encryption/r6-user-password.pdf": "pdf_encrypted",
    "resources/encryption/r6-owner-password.pdf": "pdf_restricted",
    "resources/libreoffice-form.pdf": "pdf_form_fields",
    "resources/git.pdf": OK,
    "resources/attachment.pdf": "ok + pdf_attachments",
    "resources/commented.pdf": "ok + pdf_remarks",
    "tests/resources/form_210966.pdf": "pdf_xfa",
    "pyhanko_testing_commons/test_data/data/pdf/minimal-two-fields-signed-twice.pdf": "pdf_signed",
    "pyhanko_testing_commons/test_data/data/pdf/minimal-pubkey-aes256.pdf": "pdf_encrypted",
    "pyhanko_testing_commons/test_data/data/pdf/no-mediabox.pdf": "pdf_unreadable",
    "pyhanko_testing_commons/test_data/data/pdf/circular-page-tree.pdf": "pdf_unreadable",
    "Tests/images/truncated_jpeg.jpg": "image_unreadable",
    "Tests/images/png_decompression_dos.png": "image_unreadable",
    "tests/images/heif_special/200MP.heic": "image_too_large",
    "tests/images/heif_corrupted/corrupted.heic": "image_unreadable",
}
"""Files that everybody in this trade knows, and what must be said of them; whatever version they come in."""


@pytest.fixture(scope="module")
def pdf() -> Iterator[IsolatedPdf]:
    with IsolatedPool(LIMITS, maximum=1, uses=1000) as pool:
        yield IsolatedPdf(pool)


def workers() -> set[int]:
    """The workers that read documents for this process; other tests of it may have left one of their own."""
    return {child.pid for child in psutil.Process().children() if "connector.isolation" in child.cmdline()}


def look(pdf: IsolatedPdf, found: Iterator[Specimen], folder: Path) -> Counter[str]:
    """Count the outcomes; every one a code that people can be told, or ``ok`` with all that follows it."""
    counts: Counter[str] = Counter()
    before = workers()
    for specimen in found:
        result = outcome(pdf, specimen, folder)
        told = f"{specimen.origin}: {specimen.name}: {result}"
        assert result in CODES or result.split(" + ")[0] in {OK, f"{OK}, no room"}, told
        assert KNOWN.get(specimen.name, result) == result, told
        counts[result] += 1
    assert len(workers() - before) <= 1
    return counts


def small(package: str) -> Iterator[Specimen]:
    """The specimens of a package that are looked at here."""
    images = 0
    for specimen in specimens.library(package):
        images += specimen.is_image
        seldom = specimen.is_image and images > MANY and images % 20 and specimen.name not in KNOWN
        if len(specimen.content) <= LARGE and not seldom:
            yield specimen


@pytest.mark.parametrize("package", specimens.SOURCES)
def test_what_once_broke_a_library(pdf: IsolatedPdf, tmp_path: Path, package: str) -> None:
    """The test suites of five libraries, full of files from the bug reports of twenty years."""
    if not specimens.archives(package):
        if os.environ.get("CI"):
            pytest.fail(f"{package} is not in the corpus: `make` puts it there")
        pytest.skip("`make corpus` fetches it")
    counts = look(pdf, small(package), tmp_path)
    assert counts.total() >= FEWEST[package]
    assert counts[OK] > 0


def test_documents_of_this_machine(pdf: IsolatedPdf, tmp_path: Path) -> None:
    """Manuals that happen to be installed here; which, and whether any, nobody knows."""
    short = (specimen for specimen in specimens.system() if len(specimen.content) <= LARGE)
    counts = look(pdf, islice(short, 2), tmp_path)
    assert not {"pdf_not_pdf", "pdf_empty"} & counts.keys()


def test_documents_of_every_maker(pdf: IsolatedPdf, tmp_path: Path) -> None:
    """Ours, by every library here: what was made well is sent, each trap has its code."""
    counts = look(pdf, specimens.made(), tmp_path)
    assert counts["pdf_signed"] == 4
    assert (counts["pdf_encrypted"], counts["pdf_restricted"]) == (1, 1)
    assert counts["pdf_form_fields"] == 2
    assert counts["image_not_image"] == 2
    assert {"pdf_xfa", "pdf_active", "pdf_not_pdf", "pdf_unreadable"} <= counts.keys()
    assert sum(counts[each] for each in counts if each.startswith(OK)) == 20


def test_damaged_copies(pdf: IsolatedPdf, tmp_path: Path) -> None:
    """Cut, flipped, stuffed and stuttering files end in a code, too, and never in a torn page that is sent."""
    chosen = [specimen for specimen in specimens.made() if specimen.name in DAMAGED]
    assert len(chosen) == len(DAMAGED)
    copies = (copy for specimen in chosen for copy in mutated(specimen, seed=3, count=4))
    counts = look(pdf, copies, tmp_path)
    assert counts.total() == 4 * len(DAMAGED)
    assert counts["pdf_unreadable"] >= 3
    assert counts["image_unreadable"] >= 3


DAMAGED = {
    *("reportlab/letter.pdf", "pyhanko/incremental.pdf", "pypdf/attachment.pdf", "pyhanko/signed.pdf"),
    *("phone.heic", "screenshot.png", "scan.tif", "two eyes.jpg"),
}
