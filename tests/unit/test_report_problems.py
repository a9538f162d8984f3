"""Every code has its sentences, in both languages, and they keep the rules."""

from __future__ import annotations

import re

import pytest

from connector.errors import Problem
from connector.report.page import headline
from connector.report.problems import WORDINGS, in_body, in_first_line
from connector.report.typography import TIE, Language, wrap
from tests.unit.forbidden_words import FORBIDDEN, FORBIDDEN_IN_ENGLISH
from tests.unit.problem_values import VALUES


@pytest.mark.parametrize("code", sorted(VALUES))
def test_every_code_has_a_sentence_that_uses_known_values_only(code: str) -> None:
    """Placeholders are among the values that the code carries: nothing is left empty by surprise."""
    for sentence in WORDINGS[code]:
        assert sentence.strip()
        assert set(re.findall(r"\{(\w+)\}", sentence)) <= set(VALUES[code])
        outside = re.sub(r"\[\[.*?\]\]", "", sentence)
        assert "[[" not in outside


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("code", sorted(VALUES))
def test_every_sentence_keeps_the_form(code: str, language: Language) -> None:
    """With values and with the optional ones empty: a first line of 90, no hole, no forbidden word."""
    full = dict.fromkeys(VALUES[code], "Valeur")
    optional = ("who", "nearest", "known", "other_file", "document")
    bare = full | {name: "" for name in optional if name in full}
    for values in (full, bare):
        problem = Problem(code=code, line=12, values=values)
        template, shown = in_first_line(problem, language)
        line = headline("À CORRIGER", template, language, **shown)
        assert len(line) <= 90
        assert "12)" in line
        body = in_body(problem, language)
        assert body[0].isupper()
        text = line + "\n" + body.replace(TIE, " ")
        assert not re.search(r"[{}\[\]]|  |None|~| ,| \.$", text)
        assert "…" not in line, "our own words leave room for a value"
        assert all(len(each) <= 78 for each in wrap(body))
        if language == "fr":
            assert not FORBIDDEN.search(text.replace("_signature.yaml", ""))
            assert not re.search(r"[ ](?=[:;!?»])|«[^\u00a0]|'", text)
        else:
            assert not FORBIDDEN_IN_ENGLISH.search(text.replace("_signature.yaml", ""))


def test_an_unknown_code_is_still_said() -> None:
    """A code that this release does not know never disappears."""
    assert "brand_new" in in_body(Problem(code="brand_new", line=3), "fr")
    assert "ligne" in in_body(Problem(code="brand_new", line=3), "fr").lower()


def test_megabytes_are_written_the_french_way() -> None:
    """« 14,2 Mo », and a point in English."""
    problem = Problem(code="pdf_too_large", values={"size_mb": "14.2", "limit_mb": "10"})
    assert "14,2\u00a0Mo" in in_body(problem, "fr")
    assert "14.2\u00a0MB" in in_body(problem, "en")


def test_a_problem_of_another_file_names_it() -> None:
    """A line of the folder's settings is not a line of the request."""
    problem = Problem(
        code="unknown_key", line=2, values={"written": "pui", "nearest": "puis", "file": "_signature.yaml"}
    )
    assert (
        in_body(problem, "fr").replace(TIE, " ").startswith("«\u00a0_signature.yaml\u00a0», ligne 2\u00a0: ")
    )
    assert "ligne" not in in_first_line(problem, "fr")[0]


def test_a_problem_of_another_document_names_it() -> None:
    """With several documents in one request each sentence says which one it is about; alone, nothing is said."""
    annex = Problem(code="pdf_encrypted", values={"document": "Annexe 2.pdf"})
    template, values = in_first_line(annex, "fr")
    line = headline("À CORRIGER", template, "fr", **values)
    assert line == "À CORRIGER – «\u00a0Annexe 2.pdf\u00a0»\u00a0: le PDF est protégé par un mot de passe"
    assert in_body(annex, "en").replace(TIE, " ").startswith("“Annexe 2.pdf”: the PDF is protected")
    assert in_body(Problem(code="pdf_encrypted", values={"document": ""}), "fr").startswith(
        "Le PDF est protégé"
    )
