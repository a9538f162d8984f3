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
    lines = [f"{clean(outcome.path)}{_row(outcome, language)}: {_plain(outcome.first_line)}"]
    for number, problem in enumerate(outcome.problems, start=1):
        lines += wrap(in_body(problem, language), first=f"    {number}. ")
        if problem.cure:
            lines += ["", typed(problem.cure), ""]
    for warning in outcome.warnings:
        lines += wrap(in_body(warning, language), first="    • ")
    if outcome.hint:
        lines += wrap(Words(outcome.hint), first="    ")
    return lines


def _row(outcome: Outcome, language: Language) -> str:
    if outcome.row is None:
        return ""
    name = next((clean(str(one["name"])) for one in outcome.documents), "")
    row = f", ligne {outcome.row}" if language == "fr" else f", row {outcome.row}"
    return f"{row} ({name})" if name else row


def object_of(outcome: Outcome, language: Language) -> str:
    """Return one line of JSON."""
    return json.dumps(
        {
            "format": FORMAT,
            "kind": outcome.kind,
            "path": outcome.path,
            "row": outcome.row,
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
    lists: Counter[Verdict] = field(default_factory=Counter)
    directories: Counter[Verdict] = field(default_factory=Counter)
    above: list[Path] = field(default_factory=list)
    """Settings above what was asked about, which count as they do in a watched folder."""

    def count(self, outcome: Outcome) -> None:
        """Take one outcome in."""
        kinds = {
            "request": self.requests,
            "settings": self.settings,
            "list": self.lists,
            "directory": self.directories,
        }
        kinds[outcome.kind][outcome.verdict] += 1

    @property
    def good(self) -> bool:
        """True when nothing is to be done."""
        met = (*self.requests, *self.settings, *self.lists, *self.directories)
        return all(verdict.good for verdict in met)


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
    if wrong := sum(count for verdict, count in tally.lists.items() if not verdict.good):
        lines.append(counted(wrong, ("Listes à revoir : {n}", "Lists to look at: {n}")))
    if closed := sum(tally.directories.values()):
        lines.append(counted(closed, ("Dossiers illisibles : {n}", "Unreadable directories: {n}")))
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
            "lists": {verdict.value: count for verdict, count in sorted(tally.lists.items())},
            "settings_above": [shown_path(path) for path in tally.above],
        }
    )
