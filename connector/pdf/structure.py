"""A PDF's structure through pypdf, whose errors are many: here they become DocumentError."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connector.errors import DocumentError

if TYPE_CHECKING:
    import pypdf


@contextmanager
def structure(path: Path) -> Iterator[pypdf.PdfReader]:
    """Open a PDF with pypdf, with the empty password where it asks for one.

    Raises DocumentError ``pdf_encrypted``; ``pdf_too_slow`` where pypdf's own limits are reached;
    ``pdf_unreadable`` for whatever else pypdf throws in the ``with`` block.
    OSError passes (a local disk), MemoryError passes.
    """
    import pypdf
    from pypdf.errors import LimitReachedError

    # What pypdf finds odd is said in words of the file, which belong in no log.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        with pypdf.PdfReader(path, strict=False) as reader:
            _unlock(reader)
            yield reader
    except (DocumentError, MemoryError, OSError):
        raise
    except LimitReachedError:
        raise DocumentError("pdf_too_slow", "a limit of pypdf") from None
    except Exception as error:  # noqa: BLE001 - many classes without a common root
        raise DocumentError("pdf_unreadable", type(error).__name__) from None


def drop_dangling_names(reader: pypdf.PdfReader) -> None:
    """Drop what the catalog says of named places where that is an object which is not there (ISO 32000-1, 7.3.10).

    Such a reference means null, and viewers take it so; pypdf's copying stops at it. Only in memory.
    """
    root = mapping(reader.trailer.get("/Root"))
    for holder in (root, mapping(root.get("/Names"))):
        for name in ("/Dests", "/Names"):
            if name in holder and holder[name] is None:
                del holder[name]


def drop_dangling_annotations(reader: pypdf.PdfReader) -> None:
    """Drop from each page's list the annotations that are not there, and from links what they lead to, where it is not.

    Programs that take remarks or links out of a document leave such places behind; as with
    :func:`drop_dangling_names`, only pypdf's copying stops at them. Only in memory.
    """
    from pypdf.generic import ArrayObject, NameObject

    for page in reader.pages:
        listed = items(page.get("/Annots"))
        there = [each for each in listed if mapping(each)]
        if len(there) < len(listed):
            page[NameObject("/Annots")] = ArrayObject(there)
        for annotation in map(mapping, there):
            if "/A" in annotation and not mapping(annotation.get("/A")):
                del annotation["/A"]


def user_units(path: Path, pages: Collection[int]) -> dict[int, float]:
    """Return how many points one unit of each page measures (UserUnit, ISO 32000-1, table 30); pages from 1.

    pdfium leaves it aside. Raises as :func:`structure`.
    """
    if not pages:
        return {}
    with structure(path) as reader:
        return {page: float(reader.pages[page - 1].user_unit) for page in pages}


def _unlock(reader: pypdf.PdfReader) -> None:
    if reader.is_encrypted and not reader.decrypt(""):
        raise DocumentError("pdf_encrypted")


def mapping(value: Any) -> Any:
    """Return the dictionary behind a reference, or an empty one."""
    found = value.get_object() if hasattr(value, "get_object") else value
    return found if hasattr(found, "get") else {}


def items(value: Any) -> list[Any]:
    """Return the raw members of an array (references unresolved, so that a circle is seen)."""
    found = value.get_object() if hasattr(value, "get_object") else value
    return list(found) if isinstance(found, list) else []
