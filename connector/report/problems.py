"""Problem code → what the author reads: a few words for the first line, a sentence with its cure for the body.

Every code of ``sidecar.codes`` and every ``yaml_`` code has both, in both languages. An unknown code is still said,
by its line, never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from connector.errors import Problem
from connector.report.problem_words_list import LIST
from connector.report.problem_words_pdf import FILE, IMAGES, PDF, PDF_TOLD
from connector.report.problem_words_people import PEOPLE, PLACES
from connector.report.problem_words_request import REQUEST
from connector.report.typography import NBSP, TIE, Language, Words, clean, loose, say, whole
from connector.report.wording import Wording

WORDINGS: Final[Mapping[str, Wording]] = {
    **REQUEST,
    **PEOPLE,
    **PLACES,
    **PDF,
    **PDF_TOLD,
    **IMAGES,
    **FILE,
    **LIST,
}
"""Code → its four sentences."""

_UNKNOWN: Final = Wording(
    "un point de la demande est à revoir",
    "one point of the request must be looked at",
    "ce point est à revoir ({code}). Comparez avec un modèle du dossier « Modèles de signature ».",
    "this point must be looked at ({code}). Compare it with a model of the folder “Modèles de signature”.",
)
_OPTIONAL = re.compile(r"\[\[(?:!(\w+)\|)?(.*?)\]\]")
_FIELD = re.compile(r"\{(\w+)\}")
_LONG_VALUE = 40


def in_first_line(problem: Problem, language: Language) -> tuple[str, dict[str, object]]:
    """Return template and values of the short form, its line at the end: « … (ligne 1) ».

    A line of another file (``file``) is told in the body only: here it would be taken for one of the request.
    """
    wording = WORDINGS.get(problem.code, _UNKNOWN)
    values = _values(problem, language)
    template = _present(wording.short_fr if language == "fr" else wording.short_en, values)
    _name_the_nameless(values, language)
    if problem.line is not None and not values.get("file"):
        template += " (ligne~{line})" if language == "fr" else " (line~{line})"
        values["line"] = Words(str(problem.line))
    return template, values


def in_body(problem: Problem, language: Language) -> Words:
    """Return the full sentence: « Ligne 1 : … », with the file where it is not the request itself (``file``)."""
    wording = WORDINGS.get(problem.code, _UNKNOWN)
    values = {name: _ready(problem, name, value) for name, value in _values(problem, language).items()}
    template = _present(wording.full_fr if language == "fr" else wording.full_en, values)
    _name_the_nameless(values, language)
    where_fr, where_en = "", ""
    if problem.line is not None:
        where_fr, where_en = f"ligne{TIE}{{line}} : ", f"line{TIE}{{line}}: "
        values["line"] = Words(str(problem.line))
    if values.get("file"):
        where_fr, where_en = (
            ("« {file} », " + where_fr, "“{file}”, " + where_en)
            if where_fr
            else ("« {file} » : ", "“{file}”: ")
        )
    return _capital(say((where_fr if language == "fr" else where_en) + template, language, **values))


def _values(problem: Problem, language: Language) -> dict[str, object]:
    values: dict[str, object] = dict(problem.values)
    known = WORDINGS.get(problem.code, _UNKNOWN)
    for name in {field for template in known for field in _FIELD.findall(template)}:
        values.setdefault(name, "")
    values["code"] = problem.code
    if language == "fr":
        for name in ("size_mb", "limit_mb"):
            if name in values:
                values[name] = str(values[name]).replace(".", ",")
    return values


def _ready(problem: Problem, name: str, value: object) -> Words:
    text = str(value)
    if problem.code.startswith("phone_") and name == "written":
        return Words(clean(text).replace(" ", NBSP))
    return loose(text) if len(text) > _LONG_VALUE else whole(text)


def _name_the_nameless(values: dict[str, Any], language: Language) -> None:
    """Where a sentence cannot do without a name, somebody stands for whom none could be read."""
    for name in ("who", "other"):
        if name in values and not values[name]:
            values[name] = say("un signataire" if language == "fr" else "a signatory", language)


def _present(template: str, values: Mapping[str, object]) -> str:
    def kept(match: re.Match[str]) -> str:
        if match[1]:
            return "" if values.get(match[1]) else match[2]
        return match[2] if all(values.get(name) for name in _FIELD.findall(match[2])) else ""

    return _OPTIONAL.sub(kept, template)


def _capital(words: Words) -> Words:
    return Words(words[:1].upper() + words[1:])
