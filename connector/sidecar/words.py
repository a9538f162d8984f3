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
from typing import Final, NamedTuple

Words = Mapping[str, tuple[str, ...]]
"""English name → the forms people may write, French first."""

_LONGEST: Final = 40
_SHORTEST: Final = 4
_RIVALS: Final = 12
_NEAR: Final = 0.75
_CERTAIN: Final = 0.8
"""Shares of equal letters, as difflib counts them, at which a word is shown and at which it is put in place."""
_LEAD: Final = 0.1
"""By how much a word that is put in place is nearer than the next."""

REQUEST_KEYS: Final[Words] = {
    "signatories": ("signataires", "signatories", "signataire", "signatory"),
    "documents": ("documents", "document"),
    "annexes": ("annexes", "annexe", "annex"),
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
    "after_signing": ("après signature", "après signatures", "après la signature", "after signing"),
}
SETTINGS_ONLY_KEYS: Final[Words] = {"contacts": ("contacts",), "drop": ("dépôt", "drop")}
SIGNATORY_KEYS: Final[Words] = {
    "email": ("email", "mail", "courriel", "adresse mail", "adresse e-mail"),
    "first_name": ("prénom", "first_name"),
    "last_name": ("nom", "last_name"),
    "phone": ("téléphone", "phone", "tél", "mobile", "portable", "téléphone mobile", "téléphone portable"),
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
IMPOSSIBLE: Final[Words] = {
    "initials": ("paraphe", "paraphes", "parapher", "initiales", "initials"),
    "language": ("langue", "language", "lang"),
    "expiry": (
        *(
            "échéance",
            "date limite",
            "expiration",
            "date d'expiration",
            "expire",
            "expire le",
            "valable jusqu'au",
        ),
        *("délai", "délai de signature", "expiry", "expires", "deadline"),
    ),
    "copies": (
        *("copie", "copies", "copie à", "en copie", "cc", "cci", "destinataires", "destinataires en copie"),
        *("copy", "copy to", "bcc", "recipients"),
    ),
}
"""What people would expect and Jesignexpert has no field for; each is refused in a sentence of its own."""

YES_NO: Final[Words] = {
    "yes": ("oui", "yes", "vrai", "true", "on"),
    "no": ("non", "no", "faux", "false", "off"),
}
ORDERS: Final[Words] = {
    "sequential": ("l'un après l'autre", "séquentiel", "sequential"),
    "parallel": ("parallèle", "en même temps", "parallel"),
}
WISHES: Final[Words] = {
    "send": ("oui", "yes", "vrai", "true", "on"),
    "preview": ("non", "aperçu", "no", "preview", "faux", "false", "off"),
    "draft": ("brouillon", "draft"),
}
AFTERWARDS: Final[Words] = {
    "tidy": ("ranger", "tidy"),
    "leave": ("laisser", "leave"),
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
NOBODY: Final[Words] = {
    "nobody": ("personne", "aucun", "aucune", "non", "nobody", "none", "no"),
}
"""What takes away an inherited list: ``puis: personne``, ``annexes: aucune``."""
LAST_PAGE: Final[Words] = {"last": ("dernière", "last")}

ALL_KEYS: Final[Words] = {
    **{f"request.{key}": forms for key, forms in {**REQUEST_KEYS, **SETTINGS_ONLY_KEYS}.items()},
    **{f"signatory.{key}": forms for key, forms in SIGNATORY_KEYS.items()},
    **{f"place.{key}": forms for key, forms in PLACE_KEYS.items()},
    **{f"reminder.{key}": forms for key, forms in REMINDER_KEYS.items()},
    **{f"impossible.{key}": forms for key, forms in IMPOSSIBLE.items()},
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


class Near(NamedTuple):
    """A known word that is like what was written; ``name`` is its English name."""

    name: str
    form: str
    certain: bool
    """True when no other known word is about as near and only letters differ: it may be put in place unasked."""


def near(written: str, words: Words) -> Near | None:
    """Return the form most like what was written, in its own language; None when nothing is near.

    Costs about a millisecond: callers limit how often they ask.
    """
    wanted, table = fold(written[:_LONGEST]), _table(words)
    close = difflib.get_close_matches(wanted, table, n=_RIVALS, cutoff=_NEAR) if wanted else []
    if not close:
        return None
    name, form = table[close[0]]
    like = _alike(close[0], wanted)
    rival = max((_alike(one, wanted) for one in close if table[one][0] != name), default=0.0)
    whole = len(written) < _LONGEST and len(wanted) >= _SHORTEST and wanted.isalpha()
    return Near(name, form, whole and like >= _CERTAIN and rival <= like - _LEAD)


def _alike(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()


def nearest(written: str, words: Words) -> str:
    """Return the form of :func:`near`, ``""`` when nothing is near."""
    found = near(written, words)
    return found.form if found else ""


def french(words: Words, names: Iterable[str] | None = None) -> str:
    """Return the French forms, joined by ``", "``; of all the words or of the names given."""
    return ", ".join(words[name][0] for name in (words if names is None else names))
