"""E-mail addresses in a person's text: found, taken out, judged. Syntax only; nothing asks the network."""

from __future__ import annotations

import contextlib
import re
import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple

_EDGE: Final = '<>()[]{},;:"«»“”„`'
# A comma in place of a point (« b@client,fr ») belongs to the address: it is what is wrong with it.
_ADDRESS: Final = re.compile(
    rf"(?:(?<!\w)[A-Za-z]{{3,6}}:(?=//))?[^\s@{re.escape(_EDGE)}]*@(?:[\w-]+,[^\W\d_][\w-]*(?:[.,][\w-]+)*+(?![@\w])|[^\s{re.escape(_EDGE)}]*)"
)
_WITHOUT_AT: Final = re.compile(r"<\s*(?=[^\s<>@]{1,254}\s*>)([\w+-]+(?:[.,][\w-]+){2,}+)\s*>")
"""In the angles of an address, and all but one: « <marie.dupont,cabinet.fr> »."""
_BARE: Final = re.compile(r"(?<!\S)([a-z0-9+_-]+(?:\.[a-z0-9_-]+)+\.[a-z]{2,4})(?!\S)")
"""In lower case, of three parts and more, the last one like a country's: « marie.dupont.cabinet.fr »."""
_CUT: Final = re.compile(r"(?<!\S)([a-z][a-z0-9.+_-]*)(?:[,;]|(?<=[a-z0-9]{2}[._-])\s)$")
"""What may be the beginning of the address behind it: « marie,dupont@client.fr », « marie. dupont@client.fr »."""
_LABEL: Final = re.compile(r"(?:(?:e-?)?mail|tel|mob|port)\.?|courriel|adresse")
_WORD: Final = re.compile(r"[^\W\d_][\w'’-]*")
_LIKE_ONE: Final = re.compile(r"[^\s@,]+@[^\s@,]+\.[^\W\d_]{2,}")
_SCHEME: Final = re.compile(r"(?:[A-Za-z]+:)?//")
"""Of a web address; a mailbox has none, though the standard would let its name begin with a slash."""
_MAILTO: Final = re.compile(
    r"mailto:\s*([^\s?<>]*)(?:\?(?:[^\s<>()\"`»,;]|[,;](?![^\s,;&=@]*@|\+|0\d))*)?", re.IGNORECASE
)
"""With what a link may tell of a mail besides its address: ``?subject=…`` (RFC 6068), up to another address, or a phone
number, that follows it without a blank: nobody is dropped unsaid."""
_MAX_LENGTH: Final = 254
"""RFC 3696 erratum 1690: the longest address a mail server takes."""


class Found(NamedTuple):
    """The different addresses of a text, in order, and the text without them."""

    addresses: tuple[str, ...]
    rest: str


def take_out(text: str) -> Found:
    """Take every address out of a text: ``<…>``, ``mailto:`` and quotes go with it; one written twice counts once."""
    text = _MAILTO.sub(r" \1", text)
    addresses: dict[str, str] = {}
    rest, end = "", 0
    for match in _ADDRESS.finditer(text):
        start = _beginning(text, end, match.start())
        address = text[start : match.end()].strip("'‘’").rstrip(".!?")
        addresses.setdefault(address.casefold(), address)
        rest, end = f"{rest}{text[end:start]} ", match.end()
    rest += text[end:]
    almost = _WITHOUT_AT.search(text) or _BARE.search(text)
    if not addresses and almost and not almost[1].replace(".", "").isdigit():
        addresses[almost[1].casefold()] = almost[1]
        rest = text[: almost.start()] + " " + text[almost.end() :]
    # Within a word “ and ” are no quotation: « Beno”t » is to be asked about, not read as two names.
    rest = re.sub(r"[<>\[\]{}]|\(\s*\)|\"|[«»„]|(?<![^\W\d_])[“”]|[“”](?![a-z])", " ", rest)
    return Found(tuple(addresses.values()), " ".join(rest.split()))


def _beginning(text: str, end: int, start: int) -> int:
    """Where the address begins that seems to begin at ``start``: a slip within it leads to somebody else's mailbox.

    A word in lower case right before it belongs to it where the name stands already, or nothing does; beside one other
    word, or among such words, it is the name: « Dupont marie,m@client.fr ». ``end``: of the address before.
    """
    cut = _CUT.search(text, end, start)
    if cut is None or _LABEL.fullmatch(cut[1]):
        return start
    names = _WORD.findall(text, end, cut.start())
    whole = len(names) > 1 and any(one[0].isupper() for one in names)
    return cut.start() if whole or not names else start


def meant_email(written: str) -> str:
    """Return the address that a slip was put into, in place of its ``@`` or a point; ``""`` where none is seen."""
    before, at, domain = _SCHEME.sub("", written).partition("@")
    before = re.sub(r"\s+", "", re.sub("[,;]", ".", before)) if at else before
    meant = f"{before}@{domain.replace(',', '.')}" if at else written.replace(",", "@", 1)
    return meant if meant != written and _LIKE_ONE.fullmatch(meant) else ""


def valid_email(address: str) -> str:
    """Return the address as mail takes it (domain in lower case, NFC), ``""`` when it is none.

    A domain may have accents (IDN), the part before ``@`` may not: many mail servers refuse it, and here it is
    nearly always a slip. Addresses that exist nowhere by definition (``.test``, ``localhost``) are none.
    """
    if len(address) > _MAX_LENGTH or _SCHEME.match(address):
        return ""
    import email_validator

    try:
        found = email_validator.validate_email(address, check_deliverability=False, allow_smtputf8=False)
    except (email_validator.EmailNotValidError, ValueError):
        return ""
    return found.normalized


@lru_cache(maxsize=512)
def canonical_email(email: str) -> str:
    """NFC, lower case, the domain as A-label: two spellings of one address are one address."""
    import idna

    local, _, domain = unicodedata.normalize("NFC", email).strip().lower().rpartition("@")
    with contextlib.suppress(idna.IDNAError):  # an address the reader let through is compared as it stands
        domain = idna.encode(domain, uts46=True).decode("ascii")
    return f"{local}@{domain}"
