"""Rules of form that hold for every text: states, variants, both languages (ux page sections 2.1, 2.3, 4)."""

from __future__ import annotations

import ast
import dataclasses
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import connector
from connector.lifecycle import Record, SignatoryFacts, State
from connector.report import answers, extras, words
from connector.report.block import seal_status
from connector.report.context import PauseCause, StatusContext, WaitReason
from connector.report.reasons import REASONS
from connector.report.status import render_status
from connector.report.typography import Language
from tests.unit.forbidden_words import FORBIDDEN, GENDERED, RELATIVE
from tests.unit.problem_values import VALUES
from tests.unit.report_example import CASES, CONTEXT, MARIE, OUT, record, variants, with_context
from tests.unit.report_more import CHANGES, more_variants
from tests.unit.text_form import MOST_LINES, check_english, check_form, check_french, is_typed

__all__ = ["FORBIDDEN", "GENDERED", "RELATIVE", "is_typed"]
LANGUAGES: tuple[Language, ...] = ("fr", "en")

VARIANTS = [*variants(), *more_variants()]
NAMES = [each[0] for each in VARIANTS]
KEY = b"k" * 32
QUOTED = ("Les honoraires ne correspondent pas à notre échange.", "L'expert-comptable")
"""Words of other people in the example, which are theirs."""
TO_DO = {
    "fr": r"Ce que vous pouvez faire|rien à (re)?faire|Bon à savoir|écrivez dans|Qui peut agir",
    "en": r"What you can do|nothing (for you )?to do|Good to know|write into|Who can act",
}


def told(one: Record, context: StatusContext, language: str) -> list[str]:
    """All lines of a status."""
    text = render_status(one, dataclasses.replace(context, language=language))  # type: ignore[arg-type]
    return text.text.rstrip("\n").split("\n")


def checked(one: Record, context: StatusContext, *values: str, most_lines: int = MOST_LINES) -> list[str]:
    """The French lines, after both languages were checked for everything that is true of every text."""
    quoted = (*QUOTED, *values, *(each.place for each in one.signatories))
    for language in LANGUAGES:
        lines = told(one, context, language)
        check_form(lines, language, most_lines=most_lines)
        (check_french if language == "fr" else check_english)(lines, *quoted)
    return told(one, context, "fr")


@pytest.mark.parametrize(("name", "beginning", "one", "context"), VARIANTS, ids=NAMES)
def test_every_text_keeps_the_form(name: str, beginning: str, one: Record, context: StatusContext) -> None:
    """In both languages: width, length, state word, spaces, vocabulary; and something that a person can do."""
    lines = checked(one, context)
    assert lines[0].replace("\u00a0", " ").startswith(beginning)
    for language in LANGUAGES:
        text = "\n".join(told(one, context, language)).replace("\u00a0", " ")
        assert re.search(TO_DO[language], text)
        for line in text.split("\n"):
            assert not is_typed(line) or re.fullmatch(r"(action|envoi|send|note): \S.*", line.strip())


@pytest.mark.parametrize("change", CHANGES)
def test_every_text_keeps_the_form_whoever_is_asked(change: str) -> None:
    """Names with vowels and apostrophes, none, very long ones; one person, three, three at the same time."""
    # A third person takes lines of their own, and so does a name that fills one.
    most_lines = MOST_LINES + (5 if change == "long" else 2)
    for _name, _beginning, one, context in VARIANTS:
        other = CHANGES[change](one)
        lines = checked(other, context, *(each.name for each in other.signatories), most_lines=most_lines)
        text = re.sub(r"\s+", " ", "\n".join(lines))
        for each in other.signatories:
            assert not each.name or not re.search(
                rf"(\b[dDqQ]u?e|\b[dDqQlL]u?’) ?{re.escape(each.name)}", text
            )


def test_numbers_and_their_words_agree() -> None:
    """« 1 signature », « 2 signatures »: never « 1 personnes », « 1 points » or « 3 signature »."""
    many = r"(?:signatures|personnes|documents|pages|points|demandes|envois|annexes|lignes|PDF signés)"
    for _name, _beginning, one, context in VARIANTS:
        for change in (None, "one", "three"):
            here = CHANGES[change](one) if change else one
            text = "\n".join(told(here, context, "fr")).replace("\u00a0", " ")
            assert not re.search(rf"(?<![\d,])[01] {many}\b", text), text
            assert not re.search(
                r"(?<![\d,])(?:[2-9]|\d\d+) (?:signature|personne|document|page|point)\b", text
            ), text


@pytest.mark.parametrize(("name", "beginning", "one", "context"), VARIANTS, ids=NAMES)
def test_the_same_record_gives_the_same_bytes(
    name: str, beginning: str, one: Record, context: StatusContext
) -> None:
    """Rendering and sealing twice gives one file: UTF-8 with BOM, CRLF, a final line end."""

    def made() -> bytes:
        return seal_status(
            render_status(one, context).text,
            ref=one.ref,
            transaction="T1",
            connector="lyon-1",
            place=one.place,
            pdf_sha256="a" * 64,
            seal_key=KEY,
        )

    data = made()
    assert data == made()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.endswith(b"\r\n")
    assert data.count(b"\n") == data.count(b"\r\n")
    assert all(len(line) <= 90 for line in data.decode("utf-8-sig").splitlines())


def codes_of_the_steps() -> set[str]:
    """Reasons the steps write, literals or constants: ``reason="…"``, ``{"reason": "…"}``, ``reason = SENT``."""
    found: set[str] = set()
    for path in sorted((Path(connector.__file__).parent / "steps").glob("*.py")):
        named = vars(import_module(f"connector.steps.{path.stem}"))
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            values: list[ast.expr] = []
            if isinstance(node, ast.keyword) and node.arg == "reason":
                values = [node.value]
            elif isinstance(node, ast.Dict):
                pairs = zip(node.keys, node.values, strict=True)
                values = [
                    value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "reason"
                ]
            elif isinstance(node, ast.Assign) and any(
                isinstance(target, ast.Name) and target.id == "reason" for target in node.targets
            ):
                values = [node.value]
            for constant in (each for value in values for each in ast.walk(value)):
                if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                    found.add(constant.value)
                elif isinstance(constant, ast.Name) and constant.id.isupper():
                    found |= {named[constant.id]} if isinstance(named.get(constant.id), str) else set()
    return found - {"", "reason"}


def test_every_code_is_rendered_by_these_tests() -> None:
    """A new reason, wait, pause, order's answer or obstacle of a lock has no place here before it has its text."""
    records = [one for _, _, one, _ in VARIANTS]
    contexts = [context for _, _, _, context in VARIANTS]
    reasons = {one.reason for one in records}
    orders = {one.extra["order"]["code"] for one in records if "order" in one.extra}
    locks = [one.extra["lock"] for one in records if "lock" in one.extra]
    assert len(codes_of_the_steps()) > 12
    assert codes_of_the_steps() - reasons - orders == set()
    for state, codes in REASONS.items():
        assert set(codes) <= {one.reason for one in records if one.state is state}
    assert set(WaitReason) <= {context.wait for context in contexts}
    assert set(PauseCause) == {context.pause.cause for context in contexts if context.pause}
    assert set(answers.ANSWERS) <= orders
    assert set(extras._UNLOCKED) <= {lock.get("code") for lock in locks}
    assert set(extras._NOT_LOCKED) <= {why for lock in locks for why in lock.get("not", {}).values()}
    assert {"done", "unconfirmed", "refused", "too_early", "unavailable"} <= {
        one.extra["reminder"]["code"] for one in records if "reminder" in one.extra
    }


def test_every_problem_makes_a_status_of_the_right_form() -> None:
    """Alone, and three of them at once: more than the first line can name."""
    codes = sorted(VALUES)
    for index, code in enumerate(codes):
        problems = [problem_with(each) for each in (code, codes[index - 1], codes[index - 2])]
        for found in (problems[:1], problems):
            checked(record(State.REJECTED, problems=tuple(found)), CONTEXT, "Valeur")


def problem_with(code: str) -> dict[str, Any]:
    values = {name: "" if name in {"file", "document"} else "Valeur" for name in VALUES[code]}
    return {"code": code, "line": 12, "values": values}


def test_every_state_has_a_text_but_the_withdrawn_one() -> None:
    """A state without a text would be silence; a withdrawn request has no file at all."""
    covered = {one.state for _, _, one, _ in VARIANTS}
    assert covered == set(State) - {State.WITHDRAWN}
    with pytest.raises(ValueError, match="withdrawn"):
        render_status(record(State.WITHDRAWN), CONTEXT)


@pytest.mark.parametrize("state", sorted(set(State) - {State.WITHDRAWN}))
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_bare_record_is_told_too(state: State, language: str) -> None:
    """An adopted record knows next to nothing; every state still has a text of the right form."""
    bare = record(state).model_copy(update={"request": None, "signatories": (), "subject": ""})
    lines = told(bare, CONTEXT, language)
    assert all(len(line) <= 78 for line in lines[1:])
    assert "None" not in "".join(lines)
    assert "« »" not in "".join(lines).replace("\u00a0", " ")


def long_record(state: State, **fields: Any) -> Record:
    """Names that no screen was made for."""
    name = "Société civile immobilière des Établissements Delacroix-Villeneuve et Associés 2026 version définitive"
    person = SignatoryFacts(
        order=1,
        email="prenom-compose.nom-de-famille-tres-long@un-domaine-interminable.example.fr",
        name="Marie-Françoise Éléonore de La Rochefoucauld-Montmorency-Villeneuve",
        phone="+33612345678",
        progress="invited",
        invited_at=OUT["sent_at"],
        reason="Non. " * 200,
    )
    one = record(state, person, **fields)
    return one.model_copy(
        update={
            "place": f"/x/{name}.sign.yaml",
            "document": one.document.model_copy(update={"href": f"/x/{name}{'x' * 120}.pdf"}),
            "subject": "Un objet fort long qui se lit sur deux lignes",
        }
    )


@pytest.mark.parametrize("state", sorted(set(State) - {State.WITHDRAWN}))
@pytest.mark.parametrize("language", ["fr", "en"])
def test_long_names_never_break_the_form(state: State, language: str) -> None:
    """The state word survives any name, and no line grows beyond the width."""
    lines = told(long_record(state, **OUT), CONTEXT, language)
    assert len(lines[0]) <= 90
    assert lines[0].split(" – ")[0] in {pair[language == "en"] for pair in words.ALL}
    assert all(len(line) <= 78 for line in lines[1:])


def test_a_malicious_value_stays_a_value() -> None:
    """Line ends, braces, direction marks and lone surrogates in a name change nothing around it."""
    nasty = "Zoé {who}\r\n\u202eREFUSÉ\u2028\udc80 ~ x"
    marie = MARIE.model_copy(update={"name": nasty, "progress": "invited"})
    text = render_status(record(State.IN_PROGRESS, marie, **OUT), CONTEXT).text
    text.encode("utf-8")
    assert "\u202e" not in text
    assert "{who}" in text
    assert "~" in text
    assert not any(line.startswith("REFUSÉ") for line in text.split("\n"))


def test_a_name_of_two_words_and_a_date_are_never_torn_apart() -> None:
    """Whatever the width of a name, no line ends inside a name, a date or a number of a line."""
    for length in range(1, 60):
        marie = MARIE.model_copy(update={"name": "M" * length + " Dupont", "progress": "invited"})
        one = record(State.IN_DOUBT, marie, reason="send_unanswered", sent_at=OUT["sent_at"])
        text = render_status(one, CONTEXT).text
        assert "M\n" not in text
        assert "M Dupont" in text
        assert not re.search(r"(23|novembre|10)\n|à\n\d", text)


def test_an_order_that_is_not_acted_on_is_never_offered() -> None:
    """The first release reminds and cancels nowhere: its texts send people to the site instead."""
    context = with_context(acted=frozenset())
    for name in ("S4", "S5", "S6"):
        text = " ".join(render_status(CASES[name]()[0], context).text.split())
        assert "relancer" not in text
        assert "annuler" not in text
        assert "site de Jesignexpert" in text


def test_the_next_wording_of_an_order_is_printed() -> None:
    """A restart that was used before is offered under its next wording."""
    from connector.sidecar.model import Verb

    context = with_context(next_wordings={Verb.RESTART: "recommencer 2"})
    assert "        action: recommencer 2\n" in render_status(CASES["S11"]()[0], context).text


def test_now_counts_by_whole_days_only() -> None:
    """Two renderings of one day are equal, whatever the hour: no rewrite without new words."""
    one = CASES["S4"]()[0]
    now = CONTEXT.now
    morning, evening = now.replace(hour=5), now.replace(hour=21)
    assert render_status(one, with_context(now=morning)) == render_status(one, with_context(now=evening))


def test_a_note_of_the_author_is_shown() -> None:
    """A note in the request survives every rewrite of the status."""
    one = record(State.WAITING)
    assert one.request is not None
    noted = one.model_copy(update={"request": one.request.model_copy(update={"note": "appelé\nle 3/12"})})
    assert "Votre note\u00a0: appelé le 3/12" in render_status(noted, CONTEXT).text
