"""Every code that a problem, a wait, a pause, a doubt or an alarm carries, with the sentences that people read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from connector.report import alarms, reasons, waiting
from connector.report.answers import ANSWERS
from connector.report.context import PauseCause, WaitReason
from connector.report.problems import WORDINGS
from connector.report.typography import spaced
from connector.sidecar import codes
from tests.reference.markdown import generated, listed
from tests.reference.optional import doctor_link
from tests.reference.source import member_docs
from tests.unit.problem_values import VALUES

_CHAPTERS = (
    ("The request", codes._REQUEST),
    ("Signatories", codes._SIGNATORIES),
    ("Places for signatures", codes._PLACEMENT),
    ("PDFs", codes._PDF),
    ("PDFs: told, and no obstacle", codes._PDF_TOLD),
    ("Pictures", codes._IMAGES),
    ("Lists", codes._LIST),
)


class Entry(NamedTuple):
    """One code: what it means to a developer, its values, what people read in French and in English."""

    code: str
    meaning: str
    values: tuple[str, ...]
    french: str
    english: str


def _sentence(template: str, language: str) -> str:
    """A template as a reader sees it: values as ‹names›, optional parts as they are when all is there."""
    text = re.sub(r"\[\[!\w+\|.*?\]\]", "", template)
    text = text.replace("[[", "").replace("]]", "").replace("~", "\u00a0")
    text = re.sub(r"\{(\w+)\}", r"‹\1›", text)
    text = spaced(text) if language == "fr" else text
    return text[:1].upper() + text[1:]


def problems() -> Iterator[tuple[str, list[Entry]]]:
    """Every code of a problem, chapter by chapter."""
    for title, rows in _CHAPTERS:
        yield title, [_problem(name, meaning) for name, (_, meaning) in rows.items()]
    rest = [name for name in VALUES if name.startswith("yaml_")]
    yield "How the file is written (YAML)", [_problem(name, "") for name in sorted(rest)]
    known = {name for _, rows in _CHAPTERS for name in rows} | set(rest)
    others = sorted(set(WORDINGS) - known)
    if others:
        yield "Others", [_problem(name, "") for name in others]


def _problem(name: str, meaning: str) -> Entry:
    wording = WORDINGS[name]
    return Entry(
        name,
        meaning,
        tuple(VALUES.get(name, ())),
        _sentence(wording.full_fr, "fr"),
        _sentence(wording.full_en, "en"),
    )


def states() -> Iterator[tuple[str, list[Entry]]]:
    """Why a request waits for a person, by state."""
    for state, known in reasons.REASONS.items():
        yield (
            f"Why a request is `{state.value}`",
            [
                Entry(
                    name or "(no code)",
                    "",
                    (),
                    _sentence(f"{reason.first[0]}. {reason.told[0]}", "fr"),
                    _sentence(f"{reason.first[1]}. {reason.told[1]}", "en"),
                )
                for name, reason in known.items()
            ],
        )


def waits() -> list[Entry]:
    """Why an accepted request has not left, the account itself being well."""
    return [Entry(one.value, _WAITS[one], (), "", "") for one in WaitReason]


_WAITS = {
    WaitReason.PLATFORM_AWAY: "Jesignexpert does not answer; the request leaves once it is back.",
    WaitReason.BRAKE_DAY: "`accounts.NAME.max_sends_per_day` is reached; goes on after midnight.",
    WaitReason.BRAKE_HOUR: "`policy.max_sends_per_hour` is reached; goes on as the hour passes.",
    WaitReason.BRAKE_FOLDER_DAY: "`policy.max_sends_per_day` of the folder is reached; goes on after midnight.",
    WaitReason.QUIET_HOURS: "within `policy.quiet_hours`, or a public holiday; leaves afterwards.",
    WaitReason.DROP_DELAY: "dropped into a drop folder a moment ago: ten minutes to take it out again.",
    WaitReason.CANNOT_WRITE: "the folder lets nothing be written: give the login the rights of “Least rights”.",
    WaitReason.BEING_EDITED: "somebody has it, or settings above it, open in an editor, or locked it (files_lock).",
}


def pauses() -> list[Entry]:
    """Why nothing new leaves for an account or a folder."""
    docs = member_docs(PauseCause)
    return [
        Entry(
            one.value,
            docs.get(one.name, _PAUSES.get(one, "")),
            (),
            _sentence(waiting.PAUSED[one][0], "fr"),
            _sentence(waiting.PAUSED[one][1], "en"),
        )
        for one in PauseCause
    ]


_PAUSES = {
    PauseCause.TOKENS: "The tokens are refused or have lapsed: `jse-connector connect ACCOUNT`.",
    PauseCause.NO_RIGHT: "The login lacks the delegation « préparer » at Jesignexpert.",
    PauseCause.NO_CREDIT: "The account's credit is used up.",
    PauseCause.MAINTENANCE: "Jesignexpert says it is under maintenance; ends by itself.",
    PauseCause.RATE_LIMIT: "Jesignexpert asks to slow down; ends by itself.",
}


def alarm_causes() -> list[Entry]:
    """What the administrator is told, once when it begins and once when it is over."""
    return [
        Entry(name, meaning, tuple(re.findall(r"\{(\w+)\}", title + meaning)), "", f"{title}. {cure}")
        for name, (title, meaning, cure) in alarms._CAUSES.items()
    ]


def answers() -> list[Entry]:
    """What becomes of an order that could not simply be obeyed."""
    return [
        Entry(name, "", (), _sentence(one.french, "fr"), _sentence(one.english, "en"))
        for name, one in ANSWERS.items()
    ]


def every_code() -> set[str]:
    """All the codes of the page."""
    found = {one.code for _, rows in (*problems(), *states()) for one in rows}
    return found | {one.code for rows in (waits(), pauses(), alarm_causes(), answers()) for one in rows}


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for title, rows in problems():
        parts += [f"\n## {title}\n", *map(_told, rows)]
    for title, rows in states():
        parts += [f"\n## {title}\n", *map(_told, rows)]
    chapters = (
        ("Why a request has not left yet", waits()),
        ("Why nothing new leaves (pauses)", pauses()),
        ("What became of an order", answers()),
        ("Alarms", alarm_causes()),
    )
    for title, rows in chapters:
        parts += [f"\n## {title}\n", *map(_told, rows)]
    return "\n".join(parts).replace("\n\n\n", "\n\n")


def _told(one: Entry) -> str:
    lines = [f"### {one.code}\n"]
    meaning = one.meaning[:1].upper() + one.meaning[1:]
    if meaning:
        lines.append(
            meaning.rstrip(".") + "." + (f" Values: {listed(one.values)}." if one.values else "") + "\n"
        )
    elif one.values:
        lines.append(f"Values: {listed(one.values)}.\n")
    quoted = [text for text in (one.french, one.english) if text]
    if quoted:
        lines.append("\n>\n".join("> " + " ".join(text.split("\n")) for text in quoted) + "\n")
    return "\n".join(lines)


_HEAD = f"""# Every message, by its code

{generated()}
The texts in the folders carry no codes: people read sentences. Administrators and programs find the codes behind a
state in `jse-connector status` and `show REF`, in `status --json` and `lint --json`{doctor_link()}. Search this page
for one. Where a sentence holds a value, its name stands in ‹ ›. The states are on [states.md](states.md).
"""
