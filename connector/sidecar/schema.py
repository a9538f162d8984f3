"""The grammar of ``*.sign.yaml`` and ``_signature.yaml`` as JSON Schema 2020-12, for editors and other programs.

Made from the grammar's own tables (``sidecar.words``): every French and English name of a key or value stands in it,
and a pattern takes the spellings that ``words.fold`` takes for the same (accents, case, blanks, hyphens; not the
exotic letters of Unicode). It judges the YAML as a plain loader reads it, without our repairs: ``oui`` is a text,
``on`` and ``yes`` may be booleans, a phone may be a number. What two keys mean together, and everything that needs a
PDF or the firm's policy, is judged by ``jse-connector lint`` alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, Literal

from connector.sidecar import words
from connector.sidecar.people import MAX_SIGNATORIES
from connector.sidecar.schema_words import KEYS, WORDS

Kind = Literal["request", "settings"]
Schema = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
SUBJECT_LENGTH: Final = 45
"""As the contract says by default; ``lint`` knows the one in force."""

_BETWEEN: Final = r"[\W_]*"
_DAYS: Final = r"^\s*0*[1-9][0-9]{0,2} ?(?:[sjwd]|[Ss]emaines?|[Ww]eeks?|[Jj]ours?|[Dd]ays?)?\s*$"
_LENGTH: Final = r"[0-9]{1,5}(?:[.,][0-9]{1,6})? ?(?:[mM][mM]|[cC][mM]|[pP][tT]|%)?"
_TITLES: Final[Mapping[Kind, str]] = {
    "request": "Demande de signature (*.sign.yaml)",
    "settings": "Réglages de signature d’un dossier (_signature.yaml)",
}
_WHOLE: Final[Mapping[Kind, str]] = {
    "request": "Une demande de signature, à côté du PDF dont elle porte le nom. Le fichier peut aussi ne contenir que "
    "les signataires : une personne, ou une liste.",
    "settings": "Ce qui vaut pour toutes les demandes de ce dossier et des dossiers qu’il contient ; le réglage le "
    "plus proche l’emporte, mot par mot.",
}


def schema_of(kind: Kind) -> Schema:
    """Return the whole schema of a request or of a folder's settings."""
    known = dict(words.REQUEST_KEYS)
    if kind == "settings":
        # An order would fire for ever in a folder's settings: the reader refuses it there.
        del known["action"]
        known |= words.SETTINGS_ONLY_KEYS
    types = ["object", "string", "array", *(["null"] if kind == "settings" else [])]
    return {
        "$schema": DIALECT,
        "$id": f"urn:jse-connector:schema:{kind}",
        "title": _TITLES[kind],
        "type": types,
        **_keywords("request", known, _WHOLE[kind]),
        "pattern": _SOMEBODY,
        "items": {"$ref": "#/$defs/person"},
        "minItems": 1,
        "maxItems": MAX_SIGNATORIES,
        "examples": list(_EXAMPLES[kind]),
        "$defs": dict(sorted(_definitions(known).items())),
    }


def keys_of(room: str) -> words.Words:
    """Return the keys of one depth: ``request`` (settings' own too), ``signatory``, ``place`` or ``reminder``."""
    return {
        "request": {**words.REQUEST_KEYS, **words.SETTINGS_ONLY_KEYS},
        "signatory": words.SIGNATORY_KEYS,
        "place": words.PLACE_KEYS,
        "reminder": words.REMINDER_KEYS,
    }[room]


# --------------------------------------------------------------------------------------------------
# Keys


def _keywords(room: str, known: words.Words, description: str) -> Schema:
    """Say which keys an object may hold; nothing for values of other types."""
    listed = ", ".join(forms[0] for forms in known.values())
    properties = {form: {"$ref": f"#/$defs/{room}.{name}"} for name, forms in known.items() for form in forms}
    others = {loose(forms): {"$ref": f"#/$defs/{room}.{name}"} for name, forms in known.items()}
    return {
        "description": f"{description} Mots possibles : {listed}.",
        "properties": properties,
        "patternProperties": others,
        "additionalProperties": False,
    }


def loose(forms: tuple[str, ...]) -> str:
    r"""Return a pattern of every spelling of these forms *but* the forms themselves.

    Those have their own entry, and are not to be judged twice. ``\W`` means more in some dialects than in others;
    here either meaning does.
    """
    exact = "|".join(re.escape(form).replace("\\ ", " ").replace("\\-", "-") for form in forms)
    folded = dict.fromkeys(words.fold(form) for form in forms)
    spelled = "|".join(_BETWEEN.join(_letters(char) for char in form) for form in folded)
    return f"^(?!(?:{exact})$){_BETWEEN}(?:{spelled}){_BETWEEN}$"


@cache
def _letters(char: str) -> str:
    """Return the class of the Latin letters that fold to this one."""
    same = [other for other in map(chr, range(0x30, 0x180)) if words.fold(other) == char]
    return f"[{''.join(same)}]"


def _definitions(known: words.Words) -> Schema:
    rooms: dict[str, words.Words] = {
        "request": known,
        **{room: keys_of(room) for room in ("signatory", "place", "reminder")},
    }
    defined = {f"{room}.{name}": _key(f"{room}.{name}") for room, names in rooms.items() for name in names}
    return {**defined, **_SHAPES}


def _key(name: str) -> Schema:
    told = KEYS[name]
    return {"description": told.description, **_VALUES[name], "examples": list(told.examples)}


# --------------------------------------------------------------------------------------------------
# Values


def _word(room: str, known: words.Words, *, yes_no: bool = False, more: str = "") -> Schema:
    """One of the words of a table; ``more``: a pattern of what may follow the word."""
    choices: list[Schema] = []
    for name, forms in known.items():
        description = WORDS[f"{room}.{name}" if room else name]
        choices += [{"const": form, "description": description} for form in forms]
        if yes_no and {"true", "false"} & set(forms):
            choices.append({"const": "true" in forms, "description": description})
    every = tuple(form for forms in known.values() for form in forms)
    pattern = loose(every)
    if more:
        pattern = pattern.removesuffix("$") + more + "$"
    return {"anyOf": [*choices, {"type": "string", "pattern": pattern}]}


def _list_of(one: Schema, *, most: int | None = None) -> Schema:
    bounds = {"minItems": 1, **({"maxItems": most} if most else {})}
    return {"anyOf": [one, {"type": "array", "items": one, **bounds}]}


def _or(one: Schema, *others: Schema) -> Schema:
    return {"anyOf": [*one["anyOf"], *others]}


def _whole_number() -> Schema:
    return {
        "anyOf": [
            {"type": "integer", "minimum": 1, "maximum": 99_999},
            {"type": "string", "pattern": r"^\s*0*[1-9][0-9]{0,4}\s*$"},
        ]
    }


def _days() -> Schema:
    return {
        "anyOf": [
            {"type": "integer", "minimum": 1, "maximum": 365},
            {"type": "string", "pattern": _DAYS},
        ]
    }


def _length(*, signed: bool = False) -> Schema:
    number: Schema = {"type": "number", "maximum": 99_999}
    number |= {"minimum": -99_999} if signed else {"minimum": 0}
    sign = "[+-]?" if signed else ""
    return {"anyOf": [number, {"type": "string", "pattern": rf"^\s*{sign}{_LENGTH}\s*$"}]}


# A plain loader makes a number of « objet: 2026 » and a boolean of « objet: on »: both are texts to us.
_TEXT: Final[Schema] = {"type": ["string", "number", "boolean"], "pattern": r"\S"}
_BLANK: Final[Schema] = {"type": ["string", "number", "boolean", "null"]}
"""A model's line that was not filled in says nothing."""
_NAME: Final[Schema] = {"type": ["string", "number"], "pattern": r"^[^/\\]*[^/\\\s][^/\\]*$"}
"""Of a file beside: no path leads out of the folder."""
_SUBJECT: Final[Schema] = {**_TEXT, "maxLength": SUBJECT_LENGTH}
_SOMEBODY: Final = r"@|(?:[0-9][^0-9]*){8}"
"""A whole file that is one text is a person only with an address or a number."""

_PERSON: Final[Schema] = {
    "type": ["string", "object"],
    "pattern": r"\S",
    **_keywords("signatory", words.SIGNATORY_KEYS, "Une personne, sur une ligne ou mot par mot."),
}
_PLACE: Final[Schema] = {
    "type": "object",
    **_keywords("place", words.PLACE_KEYS, "Où se trouve un cadre de signature."),
}
_REMINDERS: Final[Schema] = {
    "type": "object",
    **_keywords("reminder", words.REMINDER_KEYS, "Quand les rappels partent, en jours."),
}
_KNOWN: Final[Schema] = {
    "type": ["string", "object"],
    "pattern": r"[@0-9]",
    **_keywords(
        "signatory",
        {name: forms for name, forms in words.SIGNATORY_KEYS.items() if name != "contact"},
        "Une personne du cabinet, sur une ligne ou mot par mot.",
    ),
}
_SHAPES: Final[Schema] = {"person": _PERSON, "known": _KNOWN, "place": _PLACE, "reminders": _REMINDERS}

_ONE_PERSON: Final[Schema] = {"$ref": "#/$defs/person"}
_PEOPLE: Final[Schema] = _list_of(_ONE_PERSON, most=MAX_SIGNATORIES)
_PLACES: Final[Schema] = _list_of({"$ref": "#/$defs/place"})
_YES_NO: Final[Schema] = _word("", words.YES_NO, yes_no=True)
_NEVER: Final[Schema] = _word("", {"no": words.YES_NO["no"]}, yes_no=True)
_NOBODY: Final[Schema] = {"const": False, "description": WORDS["nobody"]}
"""« no » without quotes; as a text it is a name like another, which the reader takes for « nobody »."""
_PAIR: Final[Schema] = {"type": "array", "items": _length(signed=True), "minItems": 2, "maxItems": 2}
_PAIR_IN_ONE: Final[Schema] = {
    "type": "string",
    "pattern": rf"^\s*[+-]?{_LENGTH}(?:\s*[,;/]\s*|\s+)[+-]?{_LENGTH}\s*$",
}
_PAGE: Final[Schema] = {"anyOf": [*_whole_number()["anyOf"], *_word("page", words.LAST_PAGE)["anyOf"]]}

_VALUES: Final[Mapping[str, Schema]] = {
    "request.signatories": _PEOPLE,
    "request.documents": _or(_list_of(_NAME), _NOBODY),
    "request.annexes": _or(_list_of(_NAME), _NOBODY),
    "request.subject": _SUBJECT,
    "request.message": _TEXT,
    "request.note": _TEXT,
    "request.order": _word("order", words.ORDERS),
    "request.send": _word("send", words.WISHES, yes_no=True),
    "request.account": _TEXT,
    "request.lock": _YES_NO,
    "request.certificate": _YES_NO,
    "request.confidential_to": _or(_list_of({"type": "string", "pattern": r"\S"}), _NOBODY),
    "request.logo": _YES_NO,
    "request.handwritten": _YES_NO,
    "request.requester": _TEXT,
    "request.reminders": _or({"anyOf": [{"$ref": "#/$defs/reminders"}]}, *_NEVER["anyOf"]),
    "request.action": _word("action", words.VERBS, more=r"(?:\s.*)?"),
    "request.then": _or(_PEOPLE, _NOBODY),
    "request.place": _PLACES,
    "request.after_signing": _word("after_signing", words.AFTERWARDS),
    "request.contacts": {"type": "object", "additionalProperties": {"$ref": "#/$defs/known"}},
    "request.drop": _or({"anyOf": [_NAME]}, *_NEVER["anyOf"]),
    "signatory.email": {"type": ["string", "null"], "pattern": r"^\s*$|@"},
    "signatory.first_name": _BLANK,
    "signatory.last_name": _BLANK,
    "signatory.phone": {"type": ["string", "number", "null"], "pattern": r"^\s*$|[0-9]"},
    "signatory.contact": _TEXT,
    "signatory.level": _word("level", words.LEVELS),
    "signatory.place": _PLACES,
    "place.document": _NAME,
    "place.page": _PAGE,
    "place.x": _length(),
    "place.y": _length(),
    "place.near": _TEXT,
    "place.occurrence": _whole_number(),
    "place.offset": {"anyOf": [_PAIR_IN_ONE, _PAIR]},
    "place.corner": _word("corner", words.CORNERS),
    "reminder.first": _days(),
    "reminder.every": _days(),
    "reminder.max": _or(_whole_number(), {"const": 0}, {"const": "0"}),
}
"""Every key of the grammar → the shape of its value."""

_EXAMPLES: Final[Mapping[Kind, tuple[Any, ...]]] = {
    "request": (
        {"signataires": "Marie Dupont <marie.dupont@example.fr> 06 12 34 56 78"},
        {"signataires": "paul.martin@example.fr", "annexes": "Annexe*.pdf"},
        "marie.dupont@example.fr",
    ),
    "settings": (
        {"contacts": {"expert-comptable": "Claire Bernard <claire.bernard@example.fr> 06 98 76 54 32"}},
        {"objet": "Lettre de mission 2026", "puis": "expert-comptable", "envoi": "non"},
    ),
}


def spoken(schema: Any, say: Callable[[str], str]) -> Any:
    """Return a copy of a schema whose words for people (``title``, ``description``) went through ``say``."""
    if isinstance(schema, dict):
        return {
            key: say(value)
            if key in {"title", "description"} and isinstance(value, str)
            else spoken(value, say)
            for key, value in schema.items()
        }
    return [spoken(value, say) for value in schema] if isinstance(schema, list) else schema


__all__ = ["DIALECT", "SUBJECT_LENGTH", "Kind", "Schema", "keys_of", "loose", "schema_of", "spoken"]
