"""Every key of a request and of a folder's settings, in French as authors read it, from the grammar's own tables."""

from __future__ import annotations

from collections.abc import Mapping

from connector.sidecar import words
from connector.sidecar.schema import keys_of
from connector.sidecar.schema_words import KEYS, WORDS
from tests.reference.markdown import code, generated, listed, table

_ROOMS: Mapping[str, tuple[str, str]] = {
    "request": ("Dans la demande", "Dans `X.sign.yaml`, et dans `_signature.yaml` pour tout un dossier."),
    "signatory": (
        "Pour un signataire",
        "Sous `signataires`, `puis` ou `contacts`, quand la personne n’est pas écrite sur une ligne.",
    ),
    "place": ("Pour un cadre de signature", "Sous `signature`."),
    "reminder": ("Pour les rappels", "Sous `rappels`."),
}
_VALUES: Mapping[str, tuple[str, words.Words]] = {
    "request.order": ("order", words.ORDERS),
    "request.send": ("send", words.WISHES),
    "request.action": ("action", words.VERBS),
    "request.after_signing": ("after_signing", words.AFTERWARDS),
    "signatory.level": ("level", words.LEVELS),
    "place.corner": ("corner", words.CORNERS),
    "place.page": ("page", words.LAST_PAGE),
}


def shown(value: object) -> str:
    """A value as it is written behind its key, on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {shown(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(shown(one) for one in value) + "]"
    return str(value)


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for room, (title, where) in _ROOMS.items():
        rows = []
        for name, forms in keys_of(room).items():
            told = KEYS[f"{room}.{name}"]
            only = " Seulement dans `_signature.yaml`." if name in words.SETTINGS_ONLY_KEYS else ""
            rows.append(
                (
                    f"**{code(forms[0])}**",
                    listed(forms[1:]) or "–",
                    told.description + only,
                    "<br>".join(code(shown(one)) for one in told.examples[:2]),
                )
            )
        parts += [f"\n## {title}\n", f"{where}\n"]
        parts.append(table(("mot", "aussi", "sens", "par exemple"), rows))
    parts.append("\n## Les mots que ces clés acceptent\n")
    for path, (room, known) in _VALUES.items():
        key = keys_of(path.split(".")[0])[path.split(".")[1]][0]
        rows = [
            (f"**{code(forms[0])}**", listed(forms[1:]) or "–", WORDS[f"{room}.{name}"])
            for name, forms in known.items()
        ]
        parts += [f"\n### {key}\n", table(("mot", "aussi", "sens"), rows)]
    yes = [(f"**{code(forms[0])}**", listed(forms[1:]), WORDS[name]) for name, forms in words.YES_NO.items()]
    parts += ["\n### oui, non\n", table(("mot", "aussi", "sens"), yes)]
    impossible = [(listed(forms[:3]), listed(forms[3:]) or "–") for forms in words.IMPOSSIBLE.values()]
    parts += ["\n## Ce que Jesignexpert ne permet pas, et que le suivi refuse par son nom\n"]
    parts.append(table(("mot", "aussi"), impossible))
    return "\n".join(parts)


_HEAD = f"""# Tous les mots d’une demande

{generated()}
*For developers and administrators: the keys of `X.sign.yaml` and `_signature.yaml`, French and English, from the
grammar itself (`connector/sidecar/words.py`). In French, as an editor shows them to authors: `jse-connector schema
request`.*

Accents, majuscules, blancs, tirets et apostrophes ne comptent pas : `Près de`, `pres_de` et `PRÈS-DE` sont le même
mot. Un mot inconnu n’est jamais ignoré : le suivi le dit, avec le mot connu le plus proche. Une longueur sans unité
est en millimètres ; `cm`, `pt` et `%` s’écrivent.
"""
