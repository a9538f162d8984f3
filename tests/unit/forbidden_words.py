"""Words that must never reach the accountant (ux page section 4, left column), in both languages, as whole words."""

from __future__ import annotations

import re

_FRENCH = r"""
    sidecar | YAML
    | transaction | record | journal | journaux | event | intent | step | claim | adopted | spool
    | connecteur | démon | plateforme | plate-forme | serveur | DMS | WebDAV
    | jeton | token | HMAC | API | authentifi\w*
    | ETag | hash | hashes | hachage | empreinte | 412 | conflit | verrou\ optimiste
    | in\ doubt | incertaine?
    | ancre | coordonnées
    | encodage | encodée? | UTF-8 | ANSI | syntaxe | clé | clef | indentation | parser | null
    | erreur | échec | échoue(?:nt|r)? | échouée? | invalide | interdite? | timeout | retry
    | rebondie? | bounced?
"""
_ENGLISH = r"""
    sidecar | YAML
    | transaction | record | journal | event | intent | step | claim | adopted | spool
    | connector | daemon | platform | server | DMS | WebDAV
    | token | HMAC | API | authenticat\w*
    | ETag | hash | hashes | digest | checksum | fingerprint | 412 | conflict | optimistic
    | in\ doubt | uncertain
    | anchor | coordinate
    | encoding | encoded | UTF-8 | ANSI | syntax | key | indentation | parser | null
    | error | failure | fail | failed | invalid | forbidden | timeout | retry | retries
    | bounced?
"""


def _whole_words(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{words})s?(?!\w)", re.IGNORECASE | re.VERBOSE)


FORBIDDEN = _whole_words(_FRENCH)
FORBIDDEN_IN_ENGLISH = _whole_words(_ENGLISH)
GENDERED = re.compile(
    r"\b(invitée?s?|relancée?s?|prévenue?s?|sollicitée?s?|averti(?:e|es|s)?)\b|\(e\)", re.IGNORECASE
)
RELATIVE = re.compile(
    r"\bil y a \d|\bdepuis \d+ (j|h|jours?|heures?|semaines?|mois)\b|\bhier\b", re.IGNORECASE
)
BLAME_OR_WE = re.compile(r"\b(nous|notre|nos)\b", re.IGNORECASE)
IN_GRAMMAR = re.compile(
    r"(?:\b(?:de|que|le|la|les|du|des|au|aux|une?|ce|cet|cette|si)[ ~]|\b(?:[dlsj]|qu)’)\{+(\w+)",
    re.IGNORECASE,
)
"""A value that French grammar reaches: « de {who} » would be « de Antoine ». Dates and numbers may stand there."""
_COPY = r"(?:\s\([0-9]\)|\s-\sCopie)?"
FILE_NAMES = re.compile(
    rf"[^\s«»]*\.sign(?:\.corrigé|\.corrected)?{_COPY}\.yaml|_signatures?{_COPY}\.yaml|_signataires\.\w+"
)
"""« YAML » may stand in a file's name."""
