"""A person's name in a line of text: civility and job title dropped, family name told from first name, or kept whole.

Source: "What a person writes, and what must be read" of the accountant's page. A name is never guessed: where two
readings are possible it stays whole, and the preview shows how it was read.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

_CIVILITIES: Final = frozenset(
    [
        "m",
        "mr",
        "mm",
        "mme",
        "mmes",
        "mlle",
        "monsieur",
        "madame",
        "mademoiselle",
        "me",
        "maitre",
        "dr",
        "docteur",
        "pr",
        "professeur",
        "mrs",
        "ms",
    ]
)
_TITLES: Final = re.compile(
    r"(?:co[- ]?)?gerante?|presidente?|vice[- ]presidente?|direct(?:eur|rice)|directeur|dirigeante?|dg|pdg|daf"
    r"|expert[- ]comptable|experte[- ]comptable|comptable|associee?|tresori(?:er|ere)|secretaire"
    r"|administrat(?:eur|rice)|notaire|avocate?|client|cliente|conjointe?|signataire|liquidat(?:eur|rice)"
)
_COMPANIES: Final = frozenset(
    [
        "sarl",
        "sas",
        "sasu",
        "sa",
        "sci",
        "scp",
        "scm",
        "eurl",
        "selarl",
        "snc",
        "ste",
        "societe",
        "association",
        "cabinet",
    ]
)
_REMARKS: Final = frozenset(["perso", "pro", "personnel", "professionnel", "domicile", "bureau", "ou", "sms"])
_PARTICLES: Final = frozenset(
    [
        "de",
        "du",
        "des",
        "d",
        "la",
        "le",
        "les",
        "van",
        "von",
        "der",
        "den",
        "di",
        "da",
        "dos",
        "el",
        "al",
        "ben",
    ]
)
_NOT_COUNTED: Final = (
    _PARTICLES
    | _CIVILITIES
    | frozenset(
        [
            "e",
            "y",
            "et",
            "do",
            "das",
            "del",
            "della",
            "dello",
            "delle",
            "dei",
            "degli",
            "dal",
            "dalla",
            "los",
            "las",
            "dit",
            "dite",
            "ou",
            "zu",
            "zur",
            "zum",
            "vom",
            "bin",
            "bint",
            "bent",
            "ibn",
            "abu",
            "ould",
            "ait",
            "ter",
            "ten",
            "te",
            "t",
            "op",
            "het",
            "nee",
            "epouse",
            "ep",
            "veuve",
            "vve",
        ]
    )
)
# "Port" alone is a family's name, "n°" alone is nobody's; "De :", "À :" come with an address out of a mail's head.
_LABELS: Final = re.compile(
    r"(?<!\w)(?:t[ée]l(?:[ée]phone)?|mobile|portable|gsm|e-?mail|mail|courriel)(?!\w)\s*[.:]*\s*(?=$|[\s,;)])"
    r"|(?<!\w)(?:t[ée]l(?:[ée]phone)?|mobile|portable|port|mob|gsm|e-?mail|mail|courriel|num[ée]ro)\s*[.:]"
    r"|(?<!\w)(?:m[ée]l|de|[àa]|pour|cc|cci|from|to|destinataires?|signataires?|contact|adresse(?:\s+(?:e-?)?mail)?)\s*:(?=\s|$)"
    r"|(?<!\w)n[°º]\s*:?|(?<!\w)num[ée]ro(?=\s*$)",
    re.IGNORECASE,
)
_NAME_LABELS: Final = re.compile(r"(?<!\w)(pr[ée]nom|nom)s?\s*[:=]\s*", re.IGNORECASE)
_SEPARATORS: Final = re.compile(r"[,;|()/]|(?<!\S)[-–—•]+(?!\S)|(?<=\S)[–—](?=\s)")
_COLON: Final = re.compile(r":(?=\s|$)")
_OF_A_SENTENCE: Final = frozenset(["bonjour", "bonsoir", "merci", "veuillez", "signer", "svp"])
"""A family may bear each of these; beside a whole name it asks for something."""
_COLUMNS: Final = frozenset(["nom", "noms", "prenom", "prenoms", "name", "civilite", "fonction", "surname"])
"""Titles of a table's columns that no label takes away."""
_MOST_WORDS: Final = 8
"""Of a name, particles aside: all given names, a family's and a married one."""
_MOST_NAMES: Final = 12
"""As many, where each begins with a capital and most go on without: nobody writes a sentence so."""
_PLUS_OF_A_FIRM: Final = re.compile(r"(?<=\w)\+(?=\s|$)")
# UTF-8 read as Windows text: é is Ã©, ’ is â€™. Portuguese names do hold Ã, never after a small letter.
_GARBLED: Final = re.compile(
    "\ufffd|â€|Å[\u0080-\u00bf“”‘’\u2013\u2014\u0152\u0153]|(?<=[a-zà-ÿ])Ã|Â[\u00a0-\u00bf]"
    "|Ã[\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
    # So are the lists that Excel calls "CSV (MS-DOS)" and "CSV (Macintosh)": é is ‚ or Ž, è is Š, ç is ‡, É is ƒ.
    "|(?<=[^\\W\\d_])[‚ƒ‡ˆ‰‹]|ƒ(?=[^\\W\\d_])|(?<=[^\\W\\d_])[ŽŠ](?=[a-z])|(?<=[a-z])(?:[ŽŠ]|™(?=[a-z]))"
)
_LOST: Final = re.compile(
    r"(?<=[^\W\d_])\?+(?=[^\W\d_])"
    # Of the same lists: Benoît is BenoŒt or Beno”t, Côme is C“me or C™me, Loïc is Lo•c, Noël is No‘l. Texts quote so.
    r"|(?<=[^\W\d_])(?:[“”™Ÿ•](?=[a-z])|€(?=[^\W\d_])|¤)|(?<=[a-z])[ŒÆ]|(?<=[ao])‘(?=l|\s|$)"
)


class Name(NamedTuple):
    """``whole`` as shown; ``first`` and ``last`` are ``""`` where they could not be told apart."""

    first: str = ""
    last: str = ""
    whole: str = ""


def is_garbled(text: str) -> bool:
    """Tell whether accents were destroyed on the way: ``Ã©`` for é, ``â€™`` for ’, the sign � for either."""
    return bool(_GARBLED.search(text))


def is_garbled_name(text: str) -> bool:
    """As :func:`is_garbled`, and ``H?l?ne`` or ``Lo•c``: no name holds such signs, while a text may."""
    return is_garbled(text) or bool(_LOST.search(text))


def is_more_than_a_name(text: str) -> bool:
    """Tell whether a text read as a name holds more: a sign, a label that is unknown, a sentence."""
    if (
        re.search(r"[=:]", text)
        or any(map(_is_symbol, _PLUS_OF_A_FIRM.sub("", text)))
        or _has_columns(text.split())
    ):
        return True
    spoken = [
        word for word in text.split() if any(map(str.isalpha, word)) and _fold(word) not in _NOT_COUNTED
    ]
    small = sum(word == word.lower() for word in spoken)
    asks = len(spoken) > 3 and any(_fold(word.strip(",")) in _OF_A_SENTENCE for word in spoken)
    few_in_capitals = 2 * sum(map(_is_capitalised, spoken)) > len(spoken)
    most = _MOST_NAMES if few_in_capitals and not small else _MOST_WORDS
    return asks or len(spoken) > most or 3 <= small < len(spoken)


def _is_symbol(char: str) -> bool:
    """An arrow, a tick, a box: not what a firm's name may hold, nor an accent that stands for an apostrophe."""
    return unicodedata.category(char) in {"Sm", "So"} and char not in "°®™©"


def _has_columns(words: list[str]) -> bool:
    """A table was pasted with its titles: « Prénom Nom Marie Dupont »."""
    titles = [_fold(word) in _COLUMNS for word in words]
    return len(words) > 2 and (titles[0] or sum(titles) > 1 or "prenom" in map(_fold, words))


def without_civility(text: str) -> str:
    """Drop what is said before a name, of a text that is a name or a part of one: ``Mme Dupont``."""
    words = text.split()
    while len(words) > 1 and _fold(words[0]) in _CIVILITIES:
        words = words[1:]
    return " ".join(words)


def without_labels(text: str) -> str:
    """Drop what only announces an address or a number (``Tél. :``, ``portable``, ``e-mail :``)."""
    return _LABELS.sub(" ", text)


def read_name(text: str) -> Name:
    """Read the name that a text holds, all else taken out before; an empty :class:`Name` when there is no letter."""
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    if name := _labelled(text):
        return name
    couple = re.search(r"(?<!\S)(?:et|&)(?!\S)|^[^,;(–-]*\w\.? ou \w", text)
    if couple:
        # "M. et Mme Martin", "M. ou Mme Martin" are two people: nothing is dropped, the preview shows what was read.
        return _kept(text)
    told = [_naming(part) for part in _COLON.split(text)]
    kept = [segment for part in told for segment in part]
    if len(kept) == 2 and (name := _turned_round(*kept)):
        return name
    if len(kept) != 1:
        # A colon stays, so that it is asked about: "Mandataire : Marie Dupont".
        return Name(whole=" : ".join(", ".join(part) for part in told if part))
    return _apart(kept[0].split())


def _naming(text: str) -> list[str]:
    """Return the parts of a text that name somebody, without what is said before and behind a name."""
    segments = [segment.strip(" .'’\"-–—•") for segment in _SEPARATORS.split(text)]
    kept = [segment for segment in segments if any(map(str.isalpha, segment)) and not _is_title(segment)]
    return [bare for segment in kept if (bare := _without_titles(segment))]


def _labelled(text: str) -> Name | None:
    """« Nom : Dupont  Prénom : Marie », each once and nothing before them; a lone label is dropped."""
    labels = list(_NAME_LABELS.finditer(text))
    if not labels:
        return None
    ends = [*(label.start() for label in labels[1:]), len(text)]
    parts = {
        label[1][0].lower(): text[label.end() : end].strip(" ,;:|/-–—.")
        for label, end in zip(labels, ends, strict=True)
    }
    before = [word for word in text[: labels[0].start()].split() if _fold(word) not in _CIVILITIES]
    if len(labels) == 2 and parts.get("p") and parts.get("n") and not any(map(_fold, before)):
        return _name(parts["p"].split(), parts["n"].split())
    bare = _NAME_LABELS.sub(" ", text)
    return read_name(bare) if len(labels) == 1 else _kept(" ".join(bare.split()))


def _kept(text: str) -> Name:
    return Name(whole=text.strip(" ,;:.-–—")) if any(map(str.isalpha, text)) else Name()


def _fold(word: str) -> str:
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(char for char in apart if not unicodedata.combining(char)).strip(".'’")


def _is_title(segment: str) -> bool:
    """A part that names nobody: ``gérante de la SARL``, ``Madame``, ``expert-comptable``, ``perso``."""
    first = segment.split()[0]
    if _fold(segment) in _REMARKS:
        return True
    return bool(_TITLES.fullmatch(_fold(first))) or all(
        _fold(word) in _CIVILITIES for word in segment.split()
    )


def is_name_behind_a_title(text: str) -> bool:
    """« Gérante Marie Dupont »: nothing names anybody, and yet a name is there; « gérante de la SARL » holds none."""
    title, *words = text.split() or [""]
    named = len(words) > 1 and _fold(words[0]) not in _COMPANIES and not _SEPARATORS.search(text)
    return named and bool(_TITLES.fullmatch(_fold(title))) and all(word[0].isupper() for word in words)


def _without_titles(segment: str) -> str:
    words = without_civility(segment).split()
    while len(words) > 1 and _fold(words[-1]) in _CIVILITIES and (len(words) > 2 or words[-1].endswith(".")):
        words = words[:-1]
    # A family may be called Notaire: a title is dropped only where a whole name remains, and not in capitals.
    while len(words) > 2 and _TITLES.fullmatch(_fold(words[-1])) and not _is_capitals(words[-1]):
        words = words[:-1]
    return " ".join(words)


def _turned_round(before: str, after: str) -> Name | None:
    """« NOM, Prénom », and nothing else that happens to hold a comma."""
    family, given = before.split(), after.split()
    if _fold(family[0]) in _COMPANIES or _fold(given[0]) in _COMPANIES:
        return None
    capitals = all(map(_is_capitals, family)) and not any(map(_is_capitals, given))
    if capitals or (len(family) == 1 and len(given) == 1):
        return _name(given, family)
    return None


def _apart(words: list[str]) -> Name:
    whole = Name(whole=" ".join(words))
    if not words or _fold(words[0]) in _COMPANIES:
        return whole
    capitals = [_is_capitals(word) for word in words]
    if all(capitals):
        # DUPONT MARIE or MARIE DUPONT: practice software writes either.
        return whole
    if any(capitals):
        return _by_capitals(words, capitals) or whole
    return _name(words[:1], words[1:]) if len(words) == 2 else whole


def _by_capitals(words: list[str], capitals: list[bool]) -> Name | None:
    if capitals[-1]:
        cut = next(i for i in range(len(words)) if all(capitals[i:]))
        while cut > 1 and _fold(words[cut - 1]) in _PARTICLES:
            cut -= 1
        given, family = words[:cut], words[cut:]
    else:
        cut = next(i for i in range(len(words), -1, -1) if all(capitals[:i]) or not i)
        family, given = words[:cut], words[cut:]
    if not given or not family or any(map(_is_capitals, given)):
        return None
    return _name(given, family)


def _is_capitals(word: str) -> bool:
    letters = [char for char in word if char.isalpha()]
    return len(letters) > 1 and all(char.isupper() for char in letters)


def _is_capitalised(word: str) -> bool:
    """As « Jean-Marie », « d’Estissac » and « O’Brien » are."""
    return word != word.lower() and word != word.upper()


def _name(given: list[str], family: list[str]) -> Name:
    first, last = " ".join(given), " ".join(family)
    return Name(first, last, f"{first} {last}")
