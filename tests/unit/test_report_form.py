"""Rules of form that hold for every text: states, variants, both languages (ux page sections 2.1, 2.3, 4)."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from connector.lifecycle import Record, SignatoryFacts, State
from connector.report import words
from connector.report.block import seal_status
from connector.report.context import StatusContext
from connector.report.status import render_status
from connector.report.typography import TIE
from tests.unit.report_example import CASES, CONTEXT, MARIE, OUT, record, variants, with_context

VARIANTS = variants()
NAMES = [each[0] for each in VARIANTS]
KEY = b"k" * 32
FORBIDDEN = re.compile(
    r"(?<!\w)(sidecar|YAML|transaction|record|journal|event|intent|step|claim|adopted|spool|connecteur|démon"
    r"|plateforme|serveur|DMS|WebDAV|jeton|token|HMAC|API|authentification|ETag|hash|empreinte|412|conflit|in doubt"
    r"|incertaine?|ancre|coordonnées|encodage|UTF-8|ANSI|syntaxe|clé|indentation|parser|null|erreur|échec|invalide"
    r"|interdite?|timeout|retry|rebondi|bounce)s?(?!\w)",
    re.IGNORECASE,
)
GENDERED = re.compile(r"\b(invitée?s?|relancée?s?|prévenue?s?|sollicitée?s?)\b|\(e\)")
RELATIVE = re.compile(r"\bil y a \d|\bdepuis \d+ (j|h|jours?|heures?)\b|\bhier\b", re.IGNORECASE)


def told(one: Record, context: StatusContext, language: str) -> list[str]:
    """All lines of a status."""
    text = render_status(one, dataclasses.replace(context, language=language))  # type: ignore[arg-type]
    return text.text.rstrip("\n").split("\n")


def is_typed(line: str) -> bool:
    """True for a line that people copy."""
    return bool(re.match(r" {8}\S", line))


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(("name", "beginning", "one", "context"), VARIANTS, ids=NAMES)
def test_every_text_keeps_the_form(
    name: str, beginning: str, one: Record, context: StatusContext, language: str
) -> None:
    """Width, length, state word first, no-break spaces, lines to be typed, no hole left in a template."""
    lines = told(one, context, language)
    state_words = {pair[language == "en"] for pair in words.ALL}
    state, dash, matter = lines[0].partition(" – ")
    assert state in state_words
    assert dash
    assert matter
    assert len(lines[0]) <= 90
    assert all(len(line) <= 78 for line in lines[1:])
    assert lines.index("--") <= 26, "at most 25 lines and a blank one above the foot"
    text = "\n".join(lines)
    assert TIE not in text
    assert "  \n" not in text
    assert "\n\n\n" not in text
    assert not re.search(r"\{(?!support\})|\[\[|\]\]|~|None", text)
    for index, line in enumerate(lines):
        assert line == line.rstrip(" ")
        if is_typed(line):
            assert "\u00a0" not in line
            assert lines[index - 1] == ""
            assert lines[index + 1] == ""
            assert re.fullmatch(r"(action|envoi|send|note): \S.*", line.strip())


@pytest.mark.parametrize(("name", "beginning", "one", "context"), VARIANTS, ids=NAMES)
def test_every_french_text_follows_french_typography_and_vocabulary(
    name: str, beginning: str, one: Record, context: StatusContext
) -> None:
    """No-break spaces where French wants them, no word that must never reach the accountant, no blame."""
    lines = told(one, context, "fr")
    prose = "\n".join(line for line in lines if not is_typed(line))
    assert not re.search(r"[^\u00a0\s](?=[;!?»])|[ ](?=[:;!?»])|«[^\u00a0]", prose)
    assert not re.search(
        r"\d \d{3}|\d (janvier|février|mars|avril|mai|juin|juillet|août|novembre|décembre)", prose
    )
    assert not re.search(r"\bh \d\d\b", prose)
    assert "'" not in prose.replace("L'expert-comptable", "")
    assert lines[0].replace("\u00a0", " ").startswith(beginning)
    own = prose.replace(".sign.yaml", "").replace("_signature.yaml", "")
    assert not FORBIDDEN.search(own)
    assert (
        not re.search(r"\b(nous|notre|nos|invalides?|échoué)\b", own, re.IGNORECASE) or "notre échange" in own
    )
    assert not GENDERED.search(own)
    assert not RELATIVE.search(own)


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
