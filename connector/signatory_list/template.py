"""The list to begin with: its titles, and every column of phones formatted as text so that no zero is eaten.

``python -m connector.signatory_list.template FOLDER`` writes those that ``connector.models`` ships.
"""

from __future__ import annotations

import io
import re
import sys
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Final

_TITLES: Final = {
    "fr": (
        *("document", "e-mail", "prénom", "nom", "téléphone"),
        *("e-mail 2", "prénom 2", "nom 2", "téléphone 2", "objet", "message"),
    ),
    "en": (
        *("document", "e-mail", "first name", "last name", "phone"),
        *("e-mail 2", "first name 2", "last name 2", "phone 2", "subject", "message"),
    ),
}
_WIDTHS: Final = {"document": 34, "e-mail": 32, "message": 50, "objet": 34, "subject": 34}
_TEXT: Final = "@"
_MADE: Final = datetime(2026, 1, 1)  # noqa: DTZ001 - the format of a workbook knows no zone
_MODIFIED: Final = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")
_DAY_ONE: Final = (1980, 1, 1, 0, 0, 0)


def empty_list(language: str) -> bytes:
    """Return an empty ``_signataires.xlsx``. The same library always gives the same bytes: no date of the day."""
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet = book.worksheets[0]
    titles = _TITLES["fr" if language == "fr" else "en"]
    sheet.title = "Signataires" if language == "fr" else "Signatories"
    sheet.append(list(titles))
    sheet.freeze_panes = "A2"
    for at, title in enumerate(titles, start=1):
        letter = get_column_letter(at)
        sheet[f"{letter}1"].font = Font(bold=True)
        column = sheet.column_dimensions[letter]
        column.width = _WIDTHS.get(re.sub(r" \d", "", title), 18)
        # A file's name may be a number, too, and a name « 1-2 » must not become a date.
        column.number_format = _TEXT
        sheet[f"{letter}1"].number_format = _TEXT
    book.properties.created = _MADE
    book.properties.creator = ""
    stream = io.BytesIO()
    book.save(stream)
    return _without_the_day(stream.getvalue())


def _without_the_day(data: bytes) -> bytes:
    """Return the same workbook without the moment at which it was made."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as before,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for entry in before.infolist():
            content = before.read(entry)
            if entry.filename == "docProps/core.xml":
                content = _MODIFIED.sub(rb"\g<1>" + f"{_MADE.isoformat()}Z".encode(), content)
            after.writestr(zipfile.ZipInfo(entry.filename, _DAY_ONE), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


if __name__ == "__main__":
    for each in _TITLES:
        Path(sys.argv[1], each, "_signataires.xlsx").write_bytes(empty_list(each))
