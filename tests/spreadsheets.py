"""Lists as people save them: workbooks made for a test, and what happens to them on the way."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from openpyxl import Workbook

_STRICT = {
    b"http://schemas.openxmlformats.org/spreadsheetml/2006/main": b"http://purl.oclc.org/ooxml/spreadsheetml/main",
    b"http://schemas.openxmlformats.org/officeDocument/2006/relationships": (
        b"http://purl.oclc.org/ooxml/officeDocument/relationships"
    ),
}

TITLES = ("document", "e-mail", "prénom", "nom", "téléphone")


def workbook(
    rows: Iterable[Sequence[Any]],
    titles: Sequence[Any] = TITLES,
    *,
    above: Iterable[Sequence[Any]] = (),
    change: Callable[[Workbook], None] | None = None,
) -> bytes:
    """A workbook with a line of titles and rows; ``change`` may do what a person does in Excel."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (*above, titles, *rows):
        sheet.append(list(row))
    if change is not None:
        change(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def strict(data: bytes) -> bytes:
    """The same workbook as Excel saves « Open XML strict »: by the names of ISO/IEC 29500-1."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(stream, "w") as after:
        for entry in before.infolist():
            content = before.read(entry)
            for old, new in _STRICT.items():
                content = content.replace(old, new)
            after.writestr(entry.filename, content)
    return stream.getvalue()


def person(number: int, *, document: str | None = None) -> tuple[str, str, str, str, str]:
    """A row of its own for each number."""
    name = f"{chr(65 + number % 26)}{chr(97 + number // 26 % 26)}mar"
    return (
        document or f"Lettre {number:03d}",
        f"client{number:03d}@cabinet.fr",
        "Marie",
        name,
        f"06 1{number // 100 % 10} {number % 100:02d} 34 57",
    )


def csv_text(rows: Iterable[Sequence[Any]], titles: Sequence[str] = TITLES, *, delimiter: str = ";") -> str:
    """As Excel saves « CSV »: CRLF, the delimiter of the country."""
    return "".join(delimiter.join(map(str, row)) + "\r\n" for row in (titles, *rows))
