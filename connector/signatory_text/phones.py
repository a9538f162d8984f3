"""What a person wrote for a mobile → E.164, or the one code that says why not. Never a guess.

Source: "What a person writes, and what must be read" of the accountant's page, second table; case B5 of the
scenarios. phonenumbers knows which numbers exist; the rules here know what hands and spreadsheets do to them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

# France first; a 06 90 or 06 92 is a mobile of the overseas departments, unknown to the plan of the mainland.
_REGIONS: Final = ("FR", "GP", "RE", "MQ", "GF", "YT")

STRETCH: Final = re.compile(r"(?:\(?\+ ?)?\(?[0-9](?:[0-9 ().\-/‐‑–−]*[0-9])?(?!\w)")
"""Digits that people write as one number, with what they put between them."""

_EXCEL: Final = re.compile(r"[0-9](?:[.,][0-9]+)?E\+?[0-9]{1,2}", re.IGNORECASE)
_NUMBER_CELL: Final = re.compile(r"(?<![0-9.,])(?<![0-9] )([0-9]{9,12})[.,]0+(?![0-9])")
_LETTER_O: Final = re.compile(r"(?<![^\W\dOo_])(?:[0-9Oo]{2,})(?![^\W\dOo_])")
_GROUPS: Final = re.compile(r"[0-9]+")
_DUMMIES: Final = re.compile(r"0([67])(?:(?:0\1){4}|([1-9])\2{7}|01234567|23456789|01020304)")
_SHORTEST: Final = 6


@dataclass(frozen=True, kw_only=True)
class Phone:
    """A reading. ``e164`` is ``""`` exactly when ``code`` says why; ``values`` then complete the sentence."""

    e164: str = ""
    written: str = ""
    code: str | None = None
    values: dict[str, str] = field(default_factory=dict)

    @property
    def rewritten(self) -> bool:
        """True when what was written is not simply the number in pairs: the status then shows how it was read."""
        plain = re.sub(r"[ .\-]", "", self.written)
        return bool(self.e164) and plain not in {self.e164, self.e164.replace("+33", "0", 1)}


def mended(text: str) -> str:
    """Return the text with the certain damages of hands and spreadsheets undone: a letter O for 0, a cell's ``.0``.

    A letter O counts as a zero only in a group that holds a digit, or beside one that does.
    """
    text = _NUMBER_CELL.sub(r"\1", text)

    def zeros(found: re.Match[str]) -> str:
        around = text[max(0, found.start() - 3) : found.end() + 3]
        return re.sub("[Oo]", "0", found[0]) if re.search("[0-9]", around) else found[0]

    return _LETTER_O.sub(zeros, text)


def stretches(text: str) -> list[re.Match[str]]:
    """Return the places in a mended text that were meant as a number: six digits and more, or a ``+``."""
    found = STRETCH.finditer(text)
    return [match for match in found if "+" in match[0] or _count(match[0]) >= _SHORTEST]


def excel_damage(text: str) -> re.Match[str] | None:
    """Return the place where a narrow column's ``3,36E+10`` stands for a number, else None."""
    return _EXCEL.search(text)


def read_phone(text: str) -> Phone:
    """Read the text of a phone's field: one number, perhaps with words around it (``06 12 34 56 78 (Marie)``).

    ``text`` has plain blanks only. ``code`` is one of the ``phone_*`` of ``sidecar.codes``; never raises.
    """
    text = " ".join(text[:1000].split())
    written = text[:80]
    if not written:
        return Phone(code="phone_missing")
    text = mended(text)
    if excel_damage(text):
        return _no("phone_excel", written)
    # A label's own digits ("Tél. 2") would be digits left over: ask.
    found = list(STRETCH.finditer(text))
    long = stretches(text)
    if len(long) > 1:
        return _no("phone_two_numbers", written)
    digits = sum(_count(match[0]) for match in found)
    if not long:
        return _no("phone_too_short", written, digits) if digits else _no("phone_unknown", written)
    if len(found) > 1:
        return _no("phone_too_long", written, digits)
    return judge(long[0][0], written)


def judge(stretch: str, written: str) -> Phone:
    """Judge one stretch of digits (see :func:`stretches`); ``written`` is what the sentence quotes."""
    digits = _count(stretch)
    if digits > 17:
        return _no("phone_two_numbers", written)
    number = _parsed(stretch)
    if number is None:
        return _wrong_length(stretch, written, digits)
    import phonenumbers

    kind = phonenumbers.number_type(number)
    mobile = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
    if kind not in mobile:
        return _no("phone_fixed_line", written)
    if _foreign_grouping(stretch):
        return _no("phone_grouping", written)
    e164 = str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    if e164.startswith("+33") and _DUMMIES.fullmatch("0" + e164[3:]):
        return _no("phone_dummy", written)
    return Phone(e164=e164, written=written)


def _parsed(stretch: str) -> Any | None:
    """Return the valid number that this is in France, then overseas; None when it is none."""
    import phonenumbers

    compact = re.sub(r"[^0-9+]", "", stretch.replace("(0)", ""))
    # +33 690… is what address books make of 0690…: its owner is reached by the overseas code.
    home = re.sub(r"^(?:\+|00)?33(?=[1-9][0-9]{8}$)", "0", compact)
    for candidate in dict.fromkeys((compact, home)):
        for region in _REGIONS:
            # The matcher, not the parser: the parser makes digits of the letters that stand beside.
            for match in phonenumbers.PhoneNumberMatcher(candidate, region):
                if match.raw_string == candidate:
                    return match.number
            if number := _parsed_without_prefix(candidate, region):
                return number
    return None


def _parsed_without_prefix(candidate: str, region: str) -> Any | None:
    """``33612345678``, and ``612345678`` whose zero Excel ate: the matcher wants the prefix, the parser does not."""
    import phonenumbers

    try:
        number = phonenumbers.parse(candidate, region)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def _foreign_grouping(stretch: str) -> bool:
    """Tell whether a number without a country is grouped as no French one is (``079 123 45 67`` is Swiss).

    In France: pairs, or a first group of one, two, four or all digits.
    """
    if "+" in stretch or stretch.lstrip("( ").startswith("00"):
        return False
    sizes = [len(group) for group in _GROUPS.findall(stretch)]
    return len(sizes) > 1 and (sizes[0] == 3 or sizes == [4, 3, 3])


def _wrong_length(stretch: str, written: str, digits: int) -> Phone:
    national = "+" not in stretch and not stretch.lstrip("( ").startswith("00")
    if national:
        compact = re.sub("[^0-9]", "", stretch)
        shortest, longest = (10, 10) if compact.startswith("0") else (9, 11)
        if digits < shortest:
            return _no("phone_too_short", written, digits)
        return _no("phone_too_long", written, digits) if digits > longest else _no("phone_unknown", written)
    import phonenumbers

    try:
        number = phonenumbers.parse(re.sub(r"[^0-9+]", "", stretch.replace("(0)", "")), "FR")
    except phonenumbers.NumberParseException:
        return _no("phone_unknown", written)
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason == phonenumbers.ValidationResult.TOO_SHORT:
        return _no("phone_too_short", written, digits)
    if reason == phonenumbers.ValidationResult.TOO_LONG:
        return _no("phone_too_long", written, digits)
    return _no("phone_unknown", written)


def _no(code: str, written: str, count: int | None = None) -> Phone:
    values = {"written": written} if count is None else {"written": written, "count": str(count)}
    return Phone(written=written, code=code, values=values)


def _count(stretch: str) -> int:
    return sum(char.isdigit() for char in stretch)
