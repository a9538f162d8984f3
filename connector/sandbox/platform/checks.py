"""Strict reading of what the editor API receives: exact members, types, lengths (API page sections 1 and 2).

Which members exist is KNOWN; that nothing else is accepted, and which are required, is ASSUMED: a client that
invents a member or forgets one must be found out here. Every refusal is 400 with French ``details``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from connector.sandbox.platform.errors import bad_field
from connector.sandbox.platform.model import LONGEST_SIDE, Box

_EMAIL = re.compile(r"[^@\s<>,;]{1,64}@[^@\s<>,;]+\.[^@\s<>,;]{2,}")
_PHONE = re.compile(r"\+?[1-9][0-9]{7,14}")
_URL = re.compile(r"https?://\S+")

Check = Callable[[str, Any], None]


def read_object(body: bytes, content_type: str) -> dict[str, Any]:
    """Return the JSON object of a request body."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise bad_field("Le corps doit être en application/json.")
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_no_twice)
    except ValueError as error:
        raise bad_field("Le corps n'est pas du JSON lisible.") from error
    if not isinstance(value, dict):
        raise bad_field("Le corps doit être un objet JSON.")
    return value


def _no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found


def check_auth(body: Mapping[str, Any]) -> None:
    """Check the body of ``token/officeAndUser/auth`` (KNOWN)."""
    _members(body, {"generate_hmac": _always(True)}, {"success_url": _url, "callback_url": _url})


def check_transaction(body: Mapping[str, Any]) -> None:
    """Check the body of ``POST transaction``."""
    required = {
        "object": _text(1, 45),
        "notification": _one_of("ALL", "NONE"),
        "invitationMode": _one_of("sequential", "parallel"),
        "signatureRequirementMode": _one_of("ALL"),
    }
    optional = {
        "message": _text(0, 4000),
        "mailSender": _text(0, 100),
        "mailSubject": _text(0, 100),
        "locked": _boolean,
        "isHandwrittenSignatureActive": _boolean,
        "confidentiality": _emails,
    }
    _members(body, required, optional)


def check_signatory(body: Mapping[str, Any]) -> None:
    """Check the body of ``POST transaction/{id}/signatory``; ``level`` 1 to 3, ``positions`` always empty."""
    required = {"email": _email, "name": _text(1, 200), "level": _integer(1, 3), "positions": _always([])}
    optional = {"firstName": _text(1, 100), "lastName": _text(1, 100), "phone": _phone}
    _members(body, required, optional)


def read_sign_fields(raw: str) -> list[Box]:
    """Return the boxes of the form field ``SignFields``: a JSON array of exactly the five members."""
    try:
        value = json.loads(raw, object_pairs_hook=_no_twice)
    except ValueError as error:
        raise bad_field("SignFields n'est pas du JSON lisible.") from error
    if not isinstance(value, list):
        raise bad_field("SignFields doit être un tableau JSON.")
    boxes: list[Box] = []
    for item in value:
        if not isinstance(item, dict):
            raise bad_field("SignFields ne doit contenir que des objets.")
        required = {
            "order": _integer(1, 1000),
            # How far a box may go depends on its page, which is looked at with the document.
            "positionX": _integer(0, LONGEST_SIDE),
            "positionY": _integer(0, LONGEST_SIDE),
            "page": _integer(-1, 100_000),
            "withoutLogo": _boolean,
        }
        _members(item, required, {}, where="SignFields : ")
        boxes.append(
            Box(item["order"], item["positionX"], item["positionY"], item["page"], item["withoutLogo"])
        )
    return boxes


def _members(
    body: Mapping[str, Any], required: Mapping[str, Check], optional: Mapping[str, Check], where: str = ""
) -> None:
    for name in body:
        if name not in required and name not in optional:
            raise bad_field(f"{where}le champ « {name} » est inconnu.")
    for name in required:
        if name not in body:
            raise bad_field(f"{where}le champ « {name} » est obligatoire.")
    for name, value in body.items():
        (required.get(name) or optional[name])(where + name, value)


def _text(shortest: int, longest: int) -> Check:
    def check(name: str, value: Any) -> None:
        if not isinstance(value, str):
            raise bad_field(f"{name} doit être un texte.")
        if len(value.strip()) < shortest:
            raise bad_field(f"{name} ne doit pas être vide.")
        if len(value) > longest:
            raise bad_field(f"{name} dépasse {longest} caractères.")

    return check


def _one_of(*words: str) -> Check:
    def check(name: str, value: Any) -> None:
        if value not in words:
            raise bad_field(f"{name} doit valoir {' ou '.join(words)}.")

    return check


def _integer(lowest: int, highest: int) -> Check:
    def check(name: str, value: Any) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            raise bad_field(f"{name} doit être un entier.")
        if not lowest <= value <= highest:
            raise bad_field(f"{name} doit être compris entre {lowest} et {highest}.")

    return check


def _always(expected: object) -> Check:
    def check(name: str, value: Any) -> None:
        # By type too: JSON's 1 is not true.
        if type(value) is not type(expected) or value != expected:
            raise bad_field(f"{name} doit valoir {json.dumps(expected)}.")

    return check


def _boolean(name: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise bad_field(f"{name} doit être un booléen.")


def _email(name: str, value: Any) -> None:
    if not isinstance(value, str) or not _EMAIL.fullmatch(value):
        raise bad_field(f"{name} n'est pas une adresse e-mail.")


def _emails(name: str, value: Any) -> None:
    if not isinstance(value, list):
        raise bad_field(f"{name} doit être un tableau d'adresses e-mail.")
    for item in value:
        _email(name, item)


def _phone(name: str, value: Any) -> None:
    if not isinstance(value, str) or not _PHONE.fullmatch(value):
        raise bad_field(f"{name} n'est pas un numéro de téléphone international (+33…).")


def _url(name: str, value: Any) -> None:
    if not isinstance(value, str) or not _URL.fullmatch(value):
        raise bad_field(f"{name} n'est pas une adresse http(s).")
