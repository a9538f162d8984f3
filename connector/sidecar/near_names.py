"""Which file was meant as a request, as settings or as a list, and bears a name that is read as none of them.

Saved twice, copied in Explorer, sent back by a browser, with one letter or one extension too many: it is named to
people, never obeyed. Pure; names that are read, or are ours, are no near ones.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from connector.sidecar import names

RIGHT_SETTINGS: Final = f"{names.SETTINGS_STEM}.yaml"
# « .md » is what Nextcloud on the web gives to a new text, whatever name is typed before it.
_TEXT: Final = r"\.(?:ya?ml?|txt|json|md|markdown)"
_WRITER: Final = r"\.(?:docx?|odt|rtf|pages|html?)"
_COPY: Final = r"(?:(?: -)? cop(?:ie|y))?(?: ?\(?[0-9]{1,3}\)?)?"
_COPY_OF: Final = r"(?:cop(?:ie|y) (?:de|of) )?"
_ENDS: Final = rf"(?:{_TEXT}|{_WRITER})*{_COPY}(?:{_TEXT}|{_WRITER})*"
# Without its « _ » and without « .yaml » it is anybody's « Signature.docx ».
_SETTINGS: Final = re.compile(
    rf"{_COPY_OF}(?:_[_\-. ]*signatures?{_COPY}{_ENDS}|[\-. ]*signatures?{_COPY}\.ya?ml{_ENDS})"
)
_REQUEST: Final = re.compile(
    rf"(?P<stem>.+?)(?:\.sign{_COPY}{_ENDS}|[._\- ] ?sign(?:e|é|ed|ature|atures)?{_COPY}\.ya?ml{_ENDS})",
    re.DOTALL | re.IGNORECASE,
)
# The two that are read, and what else spreadsheets save: « .txt » is Excel's text between tabs.
_TABLE: Final = r"\.(?:xlsx|csv|xlsm?|xlsb|xltx?|ods|numbers|tsv|txt)"
# Without its « _ » it is anybody's « Signataires.xlsx ».
_LIST: Final = re.compile(rf"{_COPY_OF}_signataires?{_COPY}(?:{_TABLE})+{_COPY}(?:{_TABLE})*")
# Most names of ours end so, and there are ten thousands of them.
_READ: Final = (".sign.yaml", ".signature.txt", ".pdf")


def near_settings(name: str) -> bool:
    """Tell whether a file was meant as a folder's settings, by its name, which is not that of settings."""
    return bool(_SETTINGS.fullmatch(names.comparable(name))) and not _is_read(name)


def surely_settings(name: str) -> bool:
    """Tell it of a file of which it is nearly certain, whatever stands in it: ``_signature (1).yaml``."""
    return near_settings(name) and bool(re.match(rf"{_COPY_OF}_.*\.ya?ml", names.comparable(name)))


def near_request(name: str) -> str:
    """Return the name that a request should bear where this one is near; ``""`` for every other file.

    ``lettre.sign (1).yaml`` → ``lettre.sign.yaml``.
    """
    if name.endswith(_READ) or _is_read(name) or near_settings(name):
        return ""
    found = _REQUEST.fullmatch(unicodedata.normalize("NFC", name).rstrip())
    stem = found["stem"].rstrip(" ") if found else ""
    return f"{stem}.sign.yaml" if stem else ""


def near_list(name: str) -> str:
    """Return the name that a list should bear where this one is near; ``""`` for every other file.

    ``_signataires (1).xlsx`` → ``_signataires.xlsx``.
    """
    if not _LIST.fullmatch(names.comparable(name)) or _is_read(name):
        return ""
    return f"{names.LIST_STEM}.{'csv' if _table_of(name) == 'csv' else 'xlsx'}"


def is_of_another_table(name: str) -> bool:
    """Tell whether a list was saved in a form that is not read: another name alone does not make one that is."""
    return bool(_LIST.fullmatch(names.comparable(name))) and _table_of(name) not in {"xlsx", "csv"}


def _table_of(name: str) -> str:
    """Return the form of a list: of several endings the last tells what it was saved as, but for one of Windows."""
    endings = re.findall(r"\.([a-z]+)", names.comparable(name))
    return next((one for one in reversed(endings) if one != "txt"), "txt")


def is_of_a_writer(name: str) -> bool:
    """Tell whether a word processor or a browser made it: another name alone does not make a text of it."""
    return bool(re.search(rf"{_WRITER}$", names.comparable(name)))


def _is_read(name: str) -> bool:
    kinds = (names.is_sidecar, names.is_settings, names.is_list, names.is_ours, names.is_noise)
    return any(kind(name) for kind in kinds)


__all__ = [
    "RIGHT_SETTINGS",
    "is_of_a_writer",
    "is_of_another_table",
    "near_list",
    "near_request",
    "near_settings",
    "surely_settings",
]
