"""A request as read from a row → the text of its file, such that our own reader reads exactly that again.

Each person stands on one line, as people write it, where that line reads back to the same person; else in keys. The
whole text is read back before it is returned: what cannot be written safely is told, never written. Pure.
"""

from __future__ import annotations

import re
from typing import Final

from connector.errors import RequestRejected
from connector.sidecar.model import Signatory, SignatureRequest
from connector.sidecar.reading import read_sidecar

_PLAIN: Final = re.compile(r"[^\W_][\w '’,.@+()/-]*")
_NATIONAL: Final = re.compile(r"\+33([67])(\d\d)(\d\d)(\d\d)(\d\d)")
_ESCAPED: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}
_WORDS: Final = {
    "fr": {
        "signatories": "signataires",
        "email": "email",
        "first_name": "prénom",
        "last_name": "nom",
        "phone": "téléphone",
        "contact": "contact",
        "subject": "objet",
        "message": "message",
    },
    "en": {
        "signatories": "signatories",
        "email": "email",
        "first_name": "first_name",
        "last_name": "last_name",
        "phone": "phone",
        "contact": "contact",
        "subject": "subject",
        "message": "message",
    },
}


def write_sidecar(request: SignatureRequest, first_line: str, language: str = "fr") -> bytes:
    """Return the file of a request: ``first_line`` (a comment), people, subject and message.

    UTF-8 with BOM and CRLF, as every editor of the last twenty years shows it. ``b""`` when no way of writing it
    reads back as the same people, subject and message.
    """
    words = _WORDS["fr" if language == "fr" else "en"]
    for compact in (True, False):
        lines = _lines(request, words, compact=compact)
        data = ("\ufeff" + "\r\n".join([first_line, *lines]) + "\r\n").encode("utf-8", "surrogatepass")
        if _says(data, request):
            return data
    return b""


def _says(data: bytes, request: SignatureRequest) -> bool:
    """True when our own reader reads exactly these people, this subject and this message."""
    try:
        read = read_sidecar(data)
    except RequestRejected:
        return False
    return (
        [_who(one) for one in read.signatories] == [_who(one) for one in request.signatories]
        and (read.subject, read.message) == (request.subject, request.message)
        and read.action is None
    )


def _who(one: Signatory) -> tuple[str | None, ...]:
    return one.email, one.first_name, one.last_name, one.name, one.phone, one.contact


def _lines(request: SignatureRequest, words: dict[str, str], *, compact: bool) -> list[str]:
    people = [_person(one, words, compact=compact) for one in request.signatories]
    key = words["signatories"]
    if len(people) == 1 and len(people[0]) == 1:
        lines = [f"{key}: {people[0][0]}"]
    else:
        lines = [f"{key}:"]
        for first, *more in people:
            lines += [f"  - {first}", *(f"    {line}" for line in more)]
    for name, text in (("subject", request.subject), ("message", request.message)):
        if text and compact and "\n" in text:
            lines += [f"{words[name]}: |", *(f"  {line}".rstrip() for line in text.split("\n"))]
        elif text:
            lines.append(f"{words[name]}: {_quoted(text)}")
    return lines


def _person(one: Signatory, words: dict[str, str], *, compact: bool) -> list[str]:
    """One line where it says the same, else one for each key; a whole name where first and last would be read apart."""
    alone = SignatureRequest(signatories=(one,))
    ways = [_in_keys(one, words, one.first_name, one.last_name), _in_keys(one, words, "", one.name)]
    if compact:
        ways.insert(0, [one.contact or _one_line(one)])
    for lines in ways:
        text = f"{words['signatories']}:\n  - " + "\n    ".join(lines) + "\n"
        if _says(text.encode("utf-8", "surrogatepass"), alone):
            return lines
    return ways[-1]


def _in_keys(one: Signatory, words: dict[str, str], first_name: str, last_name: str) -> list[str]:
    values = {
        "contact": one.contact,
        "first_name": first_name,
        "last_name": last_name,
        "email": one.email,
        "phone": _phone(one.phone),
    }
    return [f"{words[key]}: {_quoted(value)}" for key, value in values.items() if value]


def _one_line(one: Signatory) -> str:
    address = f"<{one.email}>" if one.email and (one.name or one.phone) else one.email
    return " ".join(part for part in (one.name, address, _phone(one.phone)) if part)


def _phone(e164: str) -> str:
    """French mobiles as the French write them."""
    return _NATIONAL.sub(r"0\1 \2 \3 \4 \5", e164)


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value) and value == value.strip():
        return value
    escaped = "".join(_ESCAPED.get(char) or _hex(char) for char in value)
    return f'"{escaped}"'


def _hex(char: str) -> str:
    if char.isprintable() and char != "\ufeff":
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
