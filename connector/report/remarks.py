"""What is said of a request in a comment on its file, for those who follow the file and not the folder.

One line, absolute dates, no reason that a person gave: a comment is mailed on. At most 1000 characters.
"""

from __future__ import annotations

from typing import Final, Literal
from zoneinfo import ZoneInfo

from connector.lifecycle import Record
from connector.report.typography import Language, Words, clean, cut, on_day, say, whole

Remark = Literal["launched", "refused", "signed"]

_MOST_NAMES = 8
_LONGEST_VALUE: Final = 80

_SAID: Final[dict[Remark, tuple[str, str]]] = {
    "launched": (
        "Document parti en signature le {day}, signataires : {names}. Le document signé reviendra ici de lui-même. "
        "Référence : {ref}.",
        "Document sent for signing on {day}, signatories: {names}. The signed document will come back here by itself. "
        "Reference: {ref}.",
    ),
    "refused": (
        "Signature refusée le {day} par : {names}. Référence : {ref}.",
        "Signature declined on {day} by: {names}. Reference: {ref}.",
    ),
    "signed": (
        "Document signé le {day} par : {names}. Ce fichier est maintenant la version signée. Référence : {ref}.",
        "Document signed on {day} by: {names}. This file is now the signed version. Reference: {ref}.",
    ),
}
_BESIDE: Final = (
    "Document signé le {day} par : {names}. La version signée est à côté : « {file} ». Référence : {ref}.",
    "Document signed on {day} by: {names}. The signed version is beside it: “{file}”. Reference: {ref}.",
)
_BY_NOBODY_KNOWN: Final[dict[Remark, tuple[str, str]]] = {
    "launched": (
        "Document parti en signature le {day}. Référence : {ref}.",
        "Document sent for signing on {day}. Reference: {ref}.",
    ),
    "refused": (
        "Signature refusée le {day}. Référence : {ref}.",
        "Signature declined on {day}. Reference: {ref}.",
    ),
    "signed": (
        "Document signé le {day}. Ce fichier est maintenant la version signée. Référence : {ref}.",
        "Document signed on {day}. This file is now the signed version. Reference: {ref}.",
    ),
}
"""Where the names are not known: an adopted request, a refusal that names nobody."""
_OTHERS: Final = ("{n} autres", "{n} more")


def render_remark(record: Record, remark: Remark, *, zone: ZoneInfo, language: Language) -> str:
    """Return the comment: the same record gives the same words, so that one can be recognised."""
    place = 0 if language == "fr" else 1
    at = {
        "launched": record.sent_at,
        "refused": record.ended_at,
        "signed": record.signed_at or record.delivered_at,
    }[remark] or record.created_at
    names = [
        one.name
        for one in record.signatories
        if remark != "refused" or one.refused_at or one.progress == "refused"
    ]
    beside = (record.document.delivered_href or "").rpartition("/")[2]
    template = _SAID[remark]
    if remark == "signed" and beside and beside != record.document.name:
        template = _BESIDE
    elif not names:
        template = _BY_NOBODY_KNOWN[remark]
    return say(
        template[place],
        language,
        day=on_day(at, zone, language),
        names=_listed(names, language),
        file=_value(beside),
        ref=record.ref,
    ).replace("\ue000", " ")


def _listed(names: list[str], language: Language) -> Words:
    shown = [_value(name) for name in names[:_MOST_NAMES]]
    if len(names) > _MOST_NAMES:
        shown.append(say(_OTHERS[0 if language == "fr" else 1], language, n=len(names) - _MOST_NAMES))
    return Words(", ".join(shown))


def _value(value: str) -> Words:
    """Return a value without what Nextcloud would take for the mention of a colleague, and notify."""
    return whole(cut(clean(value).replace("@", " "), _LONGEST_VALUE))
