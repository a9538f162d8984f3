"""How ``lint`` prints: each outcome as lines for people or as one JSON object for programs, and the sum of all."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from connector.cli.lint_outcome import Outcome, Verdict, shown_path
from connector.errors import Problem
from connector.report.problems import in_body
from connector.report.typography import TIE, Language, Words, clean, enumeration, say, typed, wrap

FORMAT: Final = 1


def lines_of(outcome: Outcome, language: Language) -> list[str]:
    """Return the lines that people read: the first one, then each problem with its cure."""
    lines = [f"{clean(outcome.path)}: {_plain(outcome.first_line)}"]
    for number, problem in enumerate(outcome.problems, start=1):
        lines += wrap(in_body(problem, language), first=f"    {number}. ")
        if problem.cure:
            lines += ["", typed(problem.cure), ""]
    for warning in outcome.warnings:
        lines += wrap(in_body(warning, language), first="    • ")
    if outcome.hint:
        lines += wrap(Words(outcome.hint), first="    ")
    return lines


def object_of(outcome: Outcome, language: Language) -> str:
    """Return one line of JSON."""
    return json.dumps(
        {
            "format": FORMAT,
            "kind": outcome.kind,
            "path": outcome.path,
            "verdict": outcome.verdict.value,
            "state": outcome.state.value if outcome.state is not None else None,
            "first_line": _plain(outcome.first_line),
            "problems": [_problem(one, language) for one in outcome.problems],
            "warnings": [_problem(one, language) for one in outcome.warnings],
            "documents": list(outcome.documents),
            "signatories": outcome.signatories,
        }
    )


def _problem(problem: Problem, language: Language) -> dict[str, Any]:
    return {
        "code": problem.code,
        "line": problem.line,
        "file": problem.values.get("file") or None,
        "values": dict(problem.values),
        "text": _plain(in_body(problem, language)),
        "cure": problem.cure,
    }


def _plain(text: str) -> str:
    return text.replace(TIE, " ")


@dataclass
class Tally:
    """The sum of a whole run."""

    requests: Counter[Verdict] = field(default_factory=Counter)
    settings: Counter[Verdict] = field(default_factory=Counter)
    directories: Counter[Verdict] = field(default_factory=Counter)
    lists: list[Path] = field(default_factory=list)
    """Lists of signatories: the service checks them row by row."""
    above: list[Path] = field(default_factory=list)
    """Settings above what was asked about, which count as they do in a watched folder."""

    def count(self, outcome: Outcome) -> None:
        """Take one outcome in."""
        kinds = {"request": self.requests, "settings": self.settings, "directory": self.directories}
        kinds[outcome.kind][outcome.verdict] += 1

    @property
    def good(self) -> bool:
        """True when nothing is to be done."""
        return all(verdict.good for verdict in (*self.requests, *self.settings, *self.directories))


_SUMS: Final = {
    Verdict.OK: ("{n}~OK", "{n}~OK"),
    Verdict.TO_CORRECT: ("{n}~à corriger", "{n}~to correct"),
    Verdict.WAITING_PDF: ("{n}~sans document", "{n}~without a document"),
    Verdict.TO_CHECK: ("{n}~à confirmer ou à vérifier", "{n}~to confirm or to check"),
    Verdict.UNREADABLE: ("{n}~illisible[s]", "{n}~unreadable"),
    Verdict.FOLLOWED: ("{n}~déjà partie[s], non relue[s]", "{n}~already sent, not read again"),
}


def summary_lines(tally: Tally, language: Language) -> list[str]:
    """Return the lines at the end."""
    english = language == "en"

    def counted(number: int, templates: tuple[str, str]) -> str:
        template = templates[english].replace("[s]", "s" if number != 1 else "")
        return say(template, language, n=number)

    total = sum(tally.requests.values())
    told = [
        counted(tally.requests[verdict], template)
        for verdict, template in _SUMS.items()
        if tally.requests[verdict]
    ]
    lines = [counted(total, ("{n}~demande[s] : ", "{n}~request[s]: ")) + enumeration(told, language)]
    if not total:
        nothing = ("Aucune demande de signature ici.", "No signature request here.")
        lines = [say(nothing[english], language)]
    if wrong := tally.settings[Verdict.TO_CORRECT] + tally.settings[Verdict.UNREADABLE]:
        lines.append(counted(wrong, ("Réglages à corriger : {n}", "Settings to correct: {n}")))
    if closed := sum(tally.directories.values()):
        lines.append(counted(closed, ("Dossiers illisibles : {n}", "Unreadable directories: {n}")))
    for path in tally.lists:
        one = (
            "{path} : cette liste est vérifiée ligne par ligne dans le dossier suivi, pas ici.",
            "{path}: this list is checked row by row in the watched folder, not here.",
        )
        lines.append(say(one[english], language, path=clean(shown_path(path))))
    for path in tally.above:
        one = (
            "Avec les réglages au-dessus : {path}",
            "With the settings above: {path}",
        )
        lines.append(say(one[english], language, path=clean(shown_path(path))))
    return [_plain(line) for line in lines]


def summary_object(tally: Tally) -> str:
    """Return the last line of JSON."""
    return json.dumps(
        {
            "format": FORMAT,
            "kind": "summary",
            "requests": {verdict.value: tally.requests[verdict] for verdict in Verdict},
            "settings": {verdict.value: count for verdict, count in sorted(tally.settings.items())},
            "unreadable_directories": sum(tally.directories.values()),
            "lists": [shown_path(path) for path in tally.lists],
            "settings_above": [shown_path(path) for path in tally.above],
        }
    )
