"""What lies beside a request and says nothing to anybody: copies, whoever made them, and notes that were kept.

Facts in ``extra``: ``conflict_copies`` and ``near_settings`` (names), ``note_aside`` (the name under which a person's
addition was kept).
"""

from __future__ import annotations

from collections.abc import Sequence

from connector.report.facts import Case
from connector.report.typography import Words, cut, enumeration, loose

_NOTE_LENGTH = 300
_MOST_COPIES = 2


def asides(case: Case) -> None:
    """Name the copies, offer the way to keep a note in view, and show the one that the request bears."""
    _copies(case)
    _near_settings(case)
    note = case.record.request.note if case.record.request is not None else None
    if note:
        case.page.para(
            "Votre note : {note}", "Your note: {note}", note=loose(cut(" ".join(note.split()), _NOTE_LENGTH))
        )
    elif kept := case.extra_text("note_aside"):
        _kept(case, kept)


def _copies(case: Case) -> None:
    page, copies = case.page, case.extra_list("conflict_copies")
    if not copies:
        return
    several = len(copies) > 1
    page.para(
        "Copies faites par la synchronisation, non lues : {names}. Comparez-les avec vos fichiers, puis supprimez-les."
        if several
        else "Copie faite par la synchronisation, non lue : {names}. Comparez-la avec vos fichiers, puis supprimez-la.",
        "Copies made by the synchronisation, not read: {names}. Compare them with your files, then delete them."
        if several
        else "Copy made by the synchronisation, not read: {names}. Compare it with your files, then delete it.",
        names=_named(case, copies),
    )


def _near_settings(case: Case) -> None:
    page, copies = case.page, case.extra_list("near_settings")
    if not copies:
        return
    several = len(copies) > 1
    page.para(
        "Copies de réglages, non lues : {names}. Reportez dans vos réglages ce qui y manque, puis supprimez-les."
        if several
        else "Copie de réglages, non lue : {names}. Reportez dans vos réglages ce qui y manque, puis supprimez-la.",
        "Copies of settings, not read: {names}. Put into your settings what is missing there, then delete them."
        if several
        else "Copy of settings, not read: {names}. Put into your settings what is missing there, then delete it.",
        names=_named(case, copies),
    )


def _named(case: Case, copies: Sequence[object]) -> Words:
    page = case.page
    named = [page.say("« {name} »", "“{name}”", name=str(name)) for name in copies[:_MOST_COPIES]]
    if len(copies) > _MOST_COPIES:
        named.append(page.say("…", "…"))
    return enumeration(named, page.language)


def _kept(case: Case, kept: str) -> None:
    page = case.page
    page.para(
        "Votre ajout est gardé dans « {kept} ». Pour une note qui reste, écrivez dans « {file} » :",
        "What you added is kept in “{kept}”. For a note that stays, write into “{file}”:",
        kept=kept,
        file=case.request_file,
    )
    page.typed(page.pick("note: votre texte", "note: your text"))
