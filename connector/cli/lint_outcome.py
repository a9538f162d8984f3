"""What a file comes to when ``lint`` looks at it: its verdict, in the words of the status that would be written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from connector.errors import Problem
from connector.lifecycle import Record, State
from connector.report import words
from connector.report.before import problem_of
from connector.report.page import headline
from connector.report.problems import in_first_line
from connector.report.status import render_status
from connector.report.typography import Language, Words, say
from connector.steps.context import context_of
from connector.steps.parts import Parts


class Verdict(StrEnum):
    """What a file comes to. All but ``ok`` and ``followed`` want something of a person."""

    OK = "ok"
    TO_CORRECT = "to_correct"
    WAITING_PDF = "waiting_pdf"
    TO_CHECK = "to_check"
    """A copy, or another question that only a person answers."""
    UNREADABLE = "unreadable"
    FOLLOWED = "followed"
    """It has left or ended: the status beside says so, and it is not judged."""

    @property
    def good(self) -> bool:
        """True when nothing is to be done."""
        return self in {Verdict.OK, Verdict.FOLLOWED}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One file, judged. ``path`` as it is shown."""

    path: str
    kind: str
    """``request``, ``settings``, ``list`` or ``directory``."""
    verdict: Verdict
    first_line: str
    state: State | None = None
    """Of a request that was judged: what the service would make of it."""
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    hint: str = ""
    """What else helps: a PDF of nearly that name, the original of a copy."""
    documents: tuple[dict[str, Any], ...] = ()
    signatories: int | None = None
    row: int | None = None
    """Of the list at ``path``, whose request this is; None for a request of its own."""


_COMPLETED: Final = frozenset({"name_missing", "phone_missing"})
"""What people remembered from earlier requests are completed with."""
_VERDICTS: Final = {
    State.REJECTED: Verdict.TO_CORRECT,
    State.WAITING_PDF: Verdict.WAITING_PDF,
    State.PREVIEWED: Verdict.OK,
    State.WAITING: Verdict.OK,
}


def shown_path(path: Path) -> str:
    """Return a path as people typed it or would: from the current directory where it lies below."""
    try:
        below = path.relative_to(Path.cwd())
    except (ValueError, OSError):
        return os.fspath(path)
    return os.fspath(below)


def outcome_of(parts: Parts, record: Record, path: Path) -> Outcome:
    """Tell of a judged request, in the words of the status that the service would write."""
    language: Language = "en" if parts.report.language == "en" else "fr"
    verdict = _VERDICTS.get(record.state, Verdict.TO_CHECK)
    found = [_document(one.name, one.role, one.pages) for one in record.documents if one.sha256]
    request = record.request
    return Outcome(
        path=shown_path(path),
        kind="request",
        verdict=verdict,
        first_line=_ok(record, language)
        if verdict is Verdict.OK
        else render_status(record, context_of(parts, record)).first_line,
        state=record.state,
        problems=tuple(problem_of(one) for one in record.problems),
        warnings=tuple(problem_of(one) for one in record.extra.get("warnings") or ()),
        hint=_hint(record, language),
        documents=tuple(found),
        signatories=len(people)
        if (people := record.signatories or (request and request.signatories))
        else None,
    )


def _document(name: str, role: str, pages: int | None) -> dict[str, Any]:
    return {"name": name, "role": role, "pages": pages}


def _ok(record: Record, language: Language) -> str:
    """One line on a request that may go: what travels, to how many, how far."""
    french = language == "fr"
    documents = [one for one in record.documents if one.role == "document"]
    annexes = len(record.documents) - len(documents)
    counts = [
        _count(len(documents), ("document", "document"), language),
        _count(sum(one.pages or 0 for one in documents), ("page", "page"), language),
        _count(annexes, ("annexe", "annex"), language) if annexes else "",
        _count(len(record.signatories), ("signataire", "signatory"), language),
    ]
    if record.state is State.PREVIEWED:
        end = ("aperçu seulement", "preview only")
    elif record.extra.get("kind") == "draft":
        end = ("deviendrait un brouillon sur Jesignexpert", "would become a draft on Jesignexpert")
    else:
        end = ("partirait d’elle-même", "would leave by itself")
    told = Words(", ".join(filter(None, counts)))
    return say(
        "OK – {told} ; {end}" if french else "OK – {told}; {end}", language, told=told, end=end[not french]
    )


def _count(number: int, noun: tuple[str, str], language: Language) -> str:
    word = noun[language == "en"]
    if number != 1:
        word = "signatories" if word == "signatory" else word + ("es" if word == "annex" else "s")
    return say(f"{{number}}~{word}", language, number=number)


def _hint(record: Record, language: Language) -> str:
    codes = {str(problem["code"]) for problem in record.problems}
    if codes and codes <= _COMPLETED:
        template = (
            "Une personne déjà connue dans le dossier suivi y est complétée ; ici, personne n’est connu d’avance.",
            "A person known already in the watched folder is completed there; here nobody is known beforehand.",
        )
        return say(template[language == "en"], language)
    if record.state is State.WAITING_PDF and (others := record.extra.get("other_formats")):
        template = (
            "« {other} » se trouve ici : à enregistrer au format PDF.",
            "“{other}” is here: to be saved as a PDF.",
        )
        return say(template[language == "en"], language, other=next(iter(others.values())))
    if record.state is State.WAITING_PDF and (near := record.extra.get("near_name")):
        template = ("Un nom proche se trouve ici : « {near} ».", "A similar name is here: “{near}”.")
        return say(template[language == "en"], language, near=near)
    if record.state is State.UNCONFIRMED and (other := record.values.get("other")):
        template = ("L’original : « {other} ».", "The original: “{other}”.")
        return say(template[language == "en"], language, other=other)
    return ""


def settings_outcome(path: Path, problems: Sequence[Problem], language: Language) -> Outcome:
    """Tell of a settings file, read by itself."""
    if problems:
        sentence, values = in_first_line(problems[0], language)
        first = headline(words.TO_CORRECT[language == "en"], sentence, language, **values)
    else:
        first = say("OK – réglages lus" if language == "fr" else "OK – settings read", language)
    return Outcome(
        path=shown_path(path),
        kind="settings",
        verdict=Verdict.TO_CORRECT if problems else Verdict.OK,
        first_line=first,
        problems=tuple(problems),
    )


def followed(path: Path, first_line: str, *, asks: bool) -> Outcome:
    """Repeat what the status beside says of a request that is out of the author's hands, or asks for a word."""
    return Outcome(
        path=shown_path(path),
        kind="request",
        verdict=Verdict.TO_CHECK if asks else Verdict.FOLLOWED,
        first_line=first_line,
    )


def passed_over(path: Path, language: Language) -> Outcome:
    """Tell of a request that was asked about and lies where none is looked for."""
    template = (
        "À VÉRIFIER – cette demande n’est jamais lue là où elle se trouve",
        "TO CHECK – this request is never read where it lies",
    )
    return Outcome(
        path=shown_path(path),
        kind="request",
        verdict=Verdict.TO_CHECK,
        first_line=say(template[language == "en"], language),
    )


def unreadable(path: Path, reason: str, language: Language, kind: str = "request") -> Outcome:
    """Tell of a file or a directory that could not be looked at."""
    template = (
        "À VÉRIFIER – illisible ici : {reason}"
        if language == "fr"
        else "TO CHECK – cannot be read here: {reason}"
    )
    return Outcome(
        path=shown_path(path),
        kind=kind,
        verdict=Verdict.UNREADABLE,
        first_line=say(template, language, reason=reason),
    )
