"""The words of the grammar: every key and every value that has a name, in French and English.

A word is compared without accents, case, blanks, hyphens and apostrophes (``Près de`` = ``pres_de``). The first form
of each is the French one that is shown. Source: "What the accountant sees" of the design (keys), "The exact files in
the best case" of the accountant's page (daily words), its list's header (mail, courriel, mobile …).
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

Words = Mapping[str, tuple[str, ...]]
"""English name → the forms people may write, French first."""

REQUEST_KEYS: Final[Words] = {
    "signatories": ("signataires", "signatories", "signataire", "signatory"),
    "documents": ("documents",),
    "annexes": ("annexes",),
    "subject": ("objet", "subject"),
    "message": ("message",),
    "note": ("note",),
    "order": ("ordre", "order"),
    "send": ("envoi", "send"),
    "account": ("compte", "account"),
    "lock": ("verrouiller", "protéger", "lock"),
    "certificate": ("attestation", "certificate"),
    "confidential_to": ("confidentialité", "confidential_to"),
    "logo": ("logo",),
    "handwritten": ("manuscrite", "handwritten"),
    "requester": ("demandeur", "requester"),
    "reminders": ("rappels", "reminders"),
    "action": ("action",),
    "then": ("puis", "then"),
    "place": ("signature", "place"),
}
SETTINGS_ONLY_KEYS: Final[Words] = {"contacts": ("contacts",), "drop": ("dépôt", "drop")}
SIGNATORY_KEYS: Final[Words] = {
    "email": ("email", "mail", "courriel", "adresse mail"),
    "first_name": ("prénom", "first_name"),
    "last_name": ("nom", "last_name"),
    "phone": ("téléphone", "phone", "tél", "mobile", "portable"),
    "contact": ("contact",),
    "level": ("niveau", "level"),
    "place": ("signature", "place"),
}
PLACE_KEYS: Final[Words] = {
    "document": ("document",),
    "page": ("page",),
    "x": ("x",),
    "y": ("y",),
    "near": ("près de", "ancre", "near"),
    "occurrence": ("occurrence",),
    "offset": ("décalage", "offset"),
    "corner": ("coin", "corner"),
}
REMINDER_KEYS: Final[Words] = {
    "first": ("premier", "first"),
    "every": ("tous_les", "every"),
    "max": ("maximum", "max"),
}
INITIALS: Final = ("paraphe", "paraphes", "parapher", "initiales", "initials")

YES_NO: Final[Words] = {
    "yes": ("oui", "yes", "vrai", "true", "on"),
    "no": ("non", "no", "faux", "false", "off"),
}
ORDERS: Final[Words] = {
    "sequential": ("séquentiel", "l'un après l'autre", "sequential"),
    "parallel": ("parallèle", "en même temps", "parallel"),
}
WISHES: Final[Words] = {
    "send": ("oui", "yes", "vrai", "true", "on"),
    "preview": ("non", "aperçu", "no", "preview", "faux", "false", "off"),
    "draft": ("brouillon", "draft"),
}
LEVELS: Final[Words] = {
    "simple": ("simple",),
    "advanced": ("avancé", "advanced"),
    "qualified": ("qualifié", "qualified"),
}
CORNERS: Final[Words] = {
    "top left": ("haut gauche", "en haut à gauche", "top left"),
    "top right": ("haut droite", "en haut à droite", "top right"),
    "bottom left": ("bas gauche", "en bas à gauche", "bottom left"),
    "bottom right": ("bas droite", "en bas à droite", "bottom right"),
}
VERBS: Final[Words] = {
    "cancel": ("annuler", "cancel"),
    "remind": ("relancer", "remind"),
    "restart": ("recommencer", "restart"),
    "unlock": ("déverrouiller", "unlock"),
    "send": ("envoyer", "send"),
    "already sent": ("déjà partie", "already sent"),
    "not sent": ("pas partie", "not sent"),
}
LAST_PAGE: Final[Words] = {"last": ("dernière", "last")}

ALL_KEYS: Final[Words] = {
    **{f"request.{key}": forms for key, forms in {**REQUEST_KEYS, **SETTINGS_ONLY_KEYS}.items()},
    **{f"signatory.{key}": forms for key, forms in SIGNATORY_KEYS.items()},
    **{f"place.{key}": forms for key, forms in PLACE_KEYS.items()},
    **{f"reminder.{key}": forms for key, forms in REMINDER_KEYS.items()},
    "initials": INITIALS,
}
"""Every key of every depth; where one word lives at two depths, either answers."""


def fold(word: str) -> str:
    """Return what two spellings of a word have in common: its letters and digits, without accents and case."""
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in apart if char.isalnum())


@lru_cache(maxsize=64)
def _by_form(forms: tuple[tuple[str, tuple[str, ...]], ...]) -> dict[str, tuple[str, str]]:
    return {fold(form): (name, form) for name, all_forms in forms for form in all_forms}


def _table(words: Words) -> dict[str, tuple[str, str]]:
    return _by_form(tuple(words.items()))


def find(written: str, words: Words) -> str | None:
    """Return the English name of what was written, None when it is none of these words."""
    found = _table(words).get(fold(written))
    return found[0] if found else None


def nearest(written: str, words: Words) -> str:
    """Return the form most like what was written, in its own language; ``""`` when nothing is near.

    Costs about a millisecond: callers limit how often they ask.
    """
    wanted, table = fold(written[:40]), _table(words)
    close = difflib.get_close_matches(wanted, table, n=1, cutoff=0.75) if wanted else []
    return table[close[0]][1] if close else ""


def french(words: Words, names: Iterable[str] | None = None) -> str:
    """Return the French forms, joined by ``", "``; of all the words or of the names given."""
    return ", ".join(words[name][0] for name in (words if names is None else names))
