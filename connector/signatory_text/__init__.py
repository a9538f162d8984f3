"""One line of text → one person who signs: address, name, mobile, or every reason why not.

``Marie Dupont <marie.dupont@example.fr> 06 12 34 56 78`` in any order and with what people add to it: the address is
taken out, then the number, then civility and job title; what remains is the name. Digits that remain are asked
about, never guessed. Pure; the two slow libraries are imported at first use. Source: "What a person writes, and what
must be read" of the accountant's page.

Codes of the problems, with their values: ``connector.sidecar.codes``. Each carries ``who``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connector.errors import Problem
from connector.signatory_text.emails import canonical_email, meant_email, take_out, valid_email
from connector.signatory_text.persons import (
    Name,
    is_garbled,
    is_garbled_name,
    is_more_than_a_name,
    is_name_behind_a_title,
    read_name,
    without_civility,
    without_labels,
)
from connector.signatory_text.phones import Phone, excel_damage, judge, mended, read_phone, stretches

__all__ = [
    "Name",
    "Person",
    "Phone",
    "canonical_email",
    "is_garbled",
    "is_garbled_name",
    "is_more_than_a_name",
    "phone_beside",
    "read_email",
    "read_emails",
    "read_name",
    "read_person",
    "read_phone",
    "valid_email",
    "without_civility",
]

MAX_LENGTH: Final = 1000
"""What stands behind this many characters is not looked at."""

Fault = tuple[str, Mapping[str, str]]
"""A code and its values, before anyone knows whose it is."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """What was read. Fields that could not be read are ``""`` and have their problem; ``name`` is as shown."""

    email: str = ""
    first_name: str = ""
    last_name: str = ""
    name: str = ""
    phone: str = ""
    phone_written: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def who(self) -> str:
        """How people would name this person."""
        return self.name or self.email


def read_person(text: str, *, line: int | None = None) -> Person:
    """Read one person from one line of text; ``line`` goes into the problems. Never raises.

    Missing parts are problems too (``email_missing``, ``name_missing``, ``phone_missing``): whoever can complete
    them from elsewhere removes those.
    """
    text = _blanks(text)
    faults: list[Fault] = []
    found = take_out(text)
    email = _email(found.addresses, faults)
    phone, rest = _phone_in(found.rest)
    if phone.code:
        faults.append((phone.code, phone.values))
    name = _name_in(rest, faults, complete=bool(email and phone.e164))
    who = name.whole or email or next(iter(found.addresses), "")
    return Person(
        email=email,
        first_name=name.first,
        last_name=name.last,
        name=name.whole,
        phone=phone.e164,
        phone_written=phone.written,
        problems=tuple(
            Problem(code=code, line=line, values={"who": who, **values}) for code, values in faults
        ),
    )


def read_email(text: str) -> tuple[str, Fault | None]:
    """Read the text of an e-mail's field: the address and None, or ``""`` and the fault."""
    faults: list[Fault] = []
    addresses = take_out(_blanks(text)).addresses
    if not addresses and text.strip():
        return "", _not_one(text.strip())
    email = _email(addresses, faults)
    return email, faults[0] if faults else None


def phone_beside(text: str) -> str:
    """Return what stands beside the address in an e-mail's field and was meant as a number; ``""`` for none."""
    found = stretches(mended(take_out(_blanks(text)).rest))
    return " / ".join(match[0].strip(" ()") for match in found)


def read_emails(text: str) -> tuple[list[str], list[Fault]]:
    """Read a text that holds addresses: the valid ones in order, and a fault for each other, or for none at all."""
    found = take_out(_blanks(text)).addresses
    emails = [valid_email(address) for address in found]
    faults: list[Fault] = [
        _not_one(address) for address, email in zip(found, emails, strict=True) if not email
    ]
    if not found:
        faults.append(_not_one(_blanks(text)))
    return [email for email in emails if email], faults


def _not_one(written: str) -> Fault:
    return "email_invalid", {"written": written[:80], "meant": meant_email(written[:80])}


def _blanks(text: str) -> str:
    # The search for addresses takes quadratic time, and no person fills a thousand characters.
    text = text[:MAX_LENGTH]
    return " ".join(unicodedata.normalize("NFC", text).split())


def _email(addresses: tuple[str, ...], faults: list[Fault]) -> str:
    if not addresses:
        faults.append(("email_missing", {}))
        return ""
    if len(addresses) > 1:
        faults.append(("email_two", {"first": addresses[0][:80], "second": addresses[1][:80]}))
        return ""
    email = valid_email(addresses[0])
    if not email:
        faults.append(_not_one(addresses[0]))
    return email


def _phone_in(rest: str) -> tuple[Phone, str]:
    """Take the number out of what remains beside the address. Two numbers: both go, with their problem."""
    if damage := excel_damage(rest):
        fault = Phone(written=damage[0], code="phone_excel", values={"written": damage[0]})
        return fault, rest[: damage.start()] + " " + rest[damage.end() :]
    mended_rest = mended(rest)
    found = stretches(mended_rest)
    if not found:
        return Phone(code="phone_missing"), rest
    left = mended_rest
    for match in reversed(found):
        left = f"{left[: match.start()]} {left[match.end() :]}"
    # A letter O stays as it was written: the sentence quotes the person.
    shown = rest if len(rest) == len(mended_rest) else mended_rest
    written = " / ".join(shown[match.start() : match.end()].strip() for match in found)[:80]
    if len(found) > 1:
        return Phone(written=written, code="phone_two_numbers", values={"written": written}), left
    return judge(found[0][0], written), left


def _name_in(rest: str, faults: list[Fault], *, complete: bool) -> Name:
    """Read the name; ``complete``: address and mobile are there, so that nobody's name is taken from elsewhere."""
    rest = without_labels(rest)
    if re.search("[0-9]", rest):
        left = " ".join(rest.split()).strip(" ,;:-/()")
        faults.append(("name_digits", {"written": left[:80]}))
        rest = re.sub(r"\S*[0-9]\S*", " ", rest)
    name = read_name(rest)
    if not name.whole and complete and is_name_behind_a_title(rest):
        faults.append(("name_unclear", {"written": rest.strip()[:80]}))
    elif not name.whole:
        if not any(code == "name_digits" for code, _ in faults):
            faults.append(("name_missing", {}))
    elif is_garbled_name(name.whole):
        faults.append(("name_garbled", {"written": name.whole[:80]}))
    elif is_more_than_a_name(name.whole) and not any(code == "name_digits" for code, _ in faults):
        faults.append(("name_unclear", {"written": name.whole[:80]}))
    return name
