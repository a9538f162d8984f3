"""Mails: the four occasions that go at once, one mail for forty of one cause, one digest a day (ux page 2.7)."""

from __future__ import annotations

import dataclasses
import re
from datetime import date
from pathlib import Path

import pytest

import connector.report
from connector.lifecycle import Record, State
from connector.report.context import StatusContext
from connector.report.digests import digest
from connector.report.facts import is_signed_here
from connector.report.mails import MOST_LISTED, Message, Occasion, Told, messages, notice
from connector.report.status import render_status
from connector.report.typography import Language
from tests.unit.report_example import (
    CASES,
    CLAIRE,
    CONTEXT,
    EXPIRES,
    HALF,
    MARIE,
    MARIE_INVITED,
    OUT,
    at,
    problem,
    record,
    variants,
    with_context,
)
from tests.unit.report_more import more_variants
from tests.unit.test_report_form import QUOTED
from tests.unit.text_form import check_english, check_french, is_typed

VARIANTS = [*variants(), *more_variants()]
LANGUAGES: tuple[Language, ...] = ("fr", "en")
DAY = date(2026, 12, 1)
SUPPORT = "le service informatique (04 78 00 00 00)"
NEAR = with_context(now=at(5, 12, 9))


def placed(one: Record, name: str, folder: str = "/Cabinet/Lettres de mission", ref: str = "") -> Record:
    """The record of another document."""
    document = one.document.model_copy(update={"href": f"{folder}/{name}.pdf"})
    return one.model_copy(
        update={"document": document, "place": f"{folder}/{name}.sign.yaml", "ref": ref or one.ref}
    )


def forty(one: Record, context: StatusContext = CONTEXT) -> list[Told]:
    return [(placed(one, f"Lettre {n:03d}", ref=f"R{n:05d}"), context) for n in range(40)]


def checked(message: Message, language: Language, *values: str) -> str:
    """The form of a mail: one line of at most 90 characters, lines of 78 but for paths, the words of section 4."""
    assert len(message.subject) <= 90
    assert "\n" not in message.subject
    assert "\u00a0" not in message.subject
    assert message.body.endswith("\n")
    lines = message.body.rstrip("\n").split("\n")
    for line in lines:
        # A path is told in full, and a status begins with its first line.
        assert len(line) <= 78 or re.match(r" {2,4}[^ ]", line) or (len(line) <= 90 and " – " in line), line
        assert line == line.rstrip(" ")
    assert "\n\n\n" not in message.body
    assert not re.search(r"\{(?!support\})|~|None|sha256|Les lignes suivantes|The lines below", message.body)
    prose = [line for line in lines if not re.match(r" {2,4}/|    [^ ].*\.(pdf|jpg|yaml)$", line)]
    (check_french if language == "fr" else check_english)(prose, *QUOTED, *values)
    return message.body.replace("\u00a0", " ")


def shown(context: StatusContext, language: Language) -> StatusContext:
    return dataclasses.replace(context, language=language)


OCCASIONS = {
    "refused": (CASES["S10"]()[0], CONTEXT, Occasion.REFUSED),
    "to correct": (CASES["S2"]()[0], CONTEXT, Occasion.TO_CORRECT),
    "in doubt": (CASES["S14"]()[0], CONTEXT, Occasion.IN_DOUBT),
    "expires in three days": (record(State.IN_PROGRESS, *HALF, **OUT), NEAR, Occasion.EXPIRES),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", OCCASIONS)
def test_what_goes_at_once_is_the_status_and_the_path(name: str, language: Language) -> None:
    """Subject = the first line; body = the status without the machine's block; the path in full, on one line."""
    one, context, occasion = OCCASIONS[name]
    folder = (
        "/Cabinet/Clients de l’année et de très longue date/Société civile des Jardins de la Croix-Rousse"
    )
    one, context = placed(one, "Lettre DUPONT", folder), shown(context, language)
    found = notice(one, context)
    assert found is not None
    assert found.occasion is occasion
    (message,) = messages([(one, context)])
    text = render_status(one, context)
    assert message.subject == text.first_line.replace("\u00a0", " ")
    assert message.body.startswith("\n".join([text.first_line, *text.body]) + "\n\n")
    body = checked(message, language)
    assert f"\n  {folder}/Lettre DUPONT.pdf\n" in body
    assert "Lettre DUPONT.signature.txt" in body
    assert "7F3K2Q" in body


@pytest.mark.parametrize(("name", "line", "one", "context"), VARIANTS, ids=[each[0] for each in VARIANTS])
def test_only_four_occasions_go_at_once(name: str, line: str, one: Record, context: StatusContext) -> None:
    """Never one mail per signature, a delivery, a pause: whatever stands in the record.

    Nor for a doubt about what bears its signature.
    """
    found = notice(one, context)
    states = {State.REFUSED, State.REJECTED, State.IN_DOUBT}
    near = (
        one.state is State.IN_PROGRESS and one.expires_at == EXPIRES and at(5, 12) <= context.now < at(9, 12)
    )
    assert (found is not None) == ((one.state in states and not is_signed_here(one)) or near)
    for language in LANGUAGES:
        for message in messages([(one, shown(context, language))]):
            checked(message, language)
        told = digest([(one, shown(context, language))], DAY)
        assert told is not None
        checked(told, language, *(each.place for each in one.signatories))


def test_the_same_news_has_the_same_key() -> None:
    """What was mailed once is known by it: another problem, another refusal, another date is news again."""
    late = with_context(now=at(7, 12, 23))
    out = record(State.IN_PROGRESS, *HALF, **OUT)
    keys = [notice(out, NEAR), notice(out, late)]
    assert keys[0] == keys[1]
    moved = out.model_copy(update={"expires_at": at(9, 12)})
    assert notice(moved, late) != keys[0]
    assert notice(problem("pdf_encrypted"), CONTEXT) != notice(problem("pdf_signed"), CONTEXT)
    assert notice(problem("pdf_encrypted"), CONTEXT) == notice(problem("pdf_encrypted", 3), CONTEXT)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["to correct", "in doubt", "expires in three days"])
def test_forty_of_one_cause_are_one_mail(name: str, language: Language) -> None:
    """It says how many, names thirty and the number of the others, and shows the status of the first."""
    one, context, _ = OCCASIONS[name]
    (message,) = messages(forty(one, shown(context, language)))
    body = checked(message, language)
    assert "40" in message.subject
    assert message.subject.split(" – ")[0] == render_status(one, shown(context, language)).state
    assert len(re.findall(r"(?m)^    Lettre \d+\.pdf$", body)) == MOST_LISTED
    assert {"fr": "\n  et 10 autres\n", "en": "\n  and 10 more\n"}[language] in body
    assert body.count("/Cabinet/Lettres de mission/\n") == 1
    assert body.count("\n--\n") == 1
    assert len(body.splitlines()) < 75


def test_forty_refusals_are_forty_mails_and_two_causes_are_two() -> None:
    """Each person refused for reasons of their own; a fixed line and a heavy file have nothing in common."""
    refusals = forty(CASES["S10"]()[0])
    assert len(messages(refusals)) == 40
    mixed = forty(problem("pdf_encrypted")) + forty(problem("pdf_signed")) + [(CASES["S4"]()[0], CONTEXT)]
    assert [len(re.findall(r"\b40\b", each.subject)) for each in messages(mixed)] == [1, 1]


def test_nothing_to_tell_is_no_mail() -> None:
    """A day without requests is silent."""
    assert digest([], DAY) is None
    assert messages([]) == []


def test_the_digest_puts_first_what_needs_a_person() -> None:
    """Grouped by state, counted in the subject, each document by its path."""
    states = ["S8", "S4", "S10", "S13", "S2", "S14", "S9", "S11"]
    told = [(placed(CASES[name]()[0], f"Lettre {name}"), CASES[name]()[1]) for name in states]
    told.append((placed(record(State.IN_PROGRESS, *HALF, **OUT), "Lettre pressée"), NEAR))
    message = digest(told, DAY)
    assert message is not None
    assert message.subject == "Signatures au 1er décembre 2026 – 6 à traiter, 2 en cours, 1 terminée"
    body = checked(message, "fr")
    order = [
        "À TRAITER",
        "À VÉRIFIER (1)",
        "À CORRIGER (1)",
        "REFUSÉ (1)",
        "EXPIRÉ (1)",
        "EN COURS (1)",
        "SIGNÉ (1)",  # beside a PDF that was changed: which of both counts is for a person to say
        "EN COURS\n",
    ]
    order += ["EN PAUSE (1)", "EN COURS (1)", "TERMINÉ\n", "SIGNÉ (1)"]
    position = 0
    for heading in order:
        assert heading in body[position:], heading
        position = body.index(heading, position) + len(heading)
    assert "Lettre S10.pdf\n      Marie Dupont a refusé de signer le 25 novembre 2026\n" in body
    assert body.endswith(f"Message automatique (heure de Paris) ; contact : {CONTEXT.support}.\n")


def test_a_digest_of_forty_of_one_matter_says_it_once() -> None:
    """Forty letters that wait for one thing are a list and one sentence."""
    waiting = CASES["S13"]()
    message = digest(forty(*waiting), DAY)
    assert message is not None
    assert message.body.count("le crédit Jesignexpert du cabinet est épuisé") == 1
    assert "Il n’y a rien à faire." in message.body
    assert message.subject == "Signatures au 1er décembre 2026 – 40 en cours"
    assert digest(list(reversed(forty(*waiting))), DAY) == message


def test_one_of_a_kind_is_told_in_the_singular() -> None:
    """« 1 terminée », « et 1 autre »."""
    done = digest([CASES["S8"]()], DAY)
    assert done is not None
    assert done.subject.endswith(" – 1 terminée")
    one_more = digest(forty(*CASES["S13"]())[: MOST_LISTED + 1], DAY)
    assert one_more is not None
    assert "  et 1 autre\n" in one_more.body


def test_a_value_never_breaks_a_subject() -> None:
    """A name with line ends, a path with direction marks: one line, in one direction."""
    marie = MARIE_INVITED.model_copy(update={"name": "Zoé\r\nBcc: x@example.org", "progress": "refused"})
    nasty = placed(record(State.REFUSED, marie, CLAIRE), "Lettre\u202e\nfdp")
    (message,) = messages([(nasty, CONTEXT)])
    assert "\n" not in message.subject
    assert "\r" not in message.subject
    assert "\u202e" not in message.body
    assert not any(line.startswith(("Bcc:", "fdp")) for line in message.body.splitlines())


def test_the_text_of_a_mail_sends_nothing() -> None:
    """A pure module: the sending belongs to another room."""
    for name in ("mails", "digests"):
        source = (Path(connector.report.__file__).with_name(f"{name}.py")).read_text("utf-8")
        assert not re.search(r"smtplib|import email|socket|datetime\.now", source)


def test_lines_to_be_typed_stay_as_they_are() -> None:
    """They are copied from Outlook as from the status."""
    one, context, _ = OCCASIONS["refused"]
    (message,) = messages([(one, context)])
    assert [line.strip() for line in message.body.split("\n") if is_typed(line)] == ["action: recommencer"]
    assert MARIE.name in message.body
