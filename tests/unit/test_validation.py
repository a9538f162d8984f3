"""The texts that are sent: what a person wrote is refused when too long, only our defaults are shortened."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import Problem
from connector.ports import Terms
from connector.sidecar.model import Signatory, SignatureRequest
from connector.validation import message_of, shortened, stem, subject_of

TERMS = Terms(
    max_document_bytes=10_000_000,
    max_signed_bytes=30_000_000,
    subject_length=45,
    message_length=500,
    second_send_refused=False,
    signatures_per_signatory=None,
    digest="c1",
    lapse_days=30,
)


def request(**fields: Any) -> SignatureRequest:
    return SignatureRequest(signatories=(Signatory(email="marie@cabinet.fr"),), **fields)


def test_the_authors_subject_is_sent_as_written() -> None:
    """Up to the very limit, whatever characters it has."""
    for subject in ("Lettre de mission", "x" * 45, "é" * 45, ""):
        assert subject_of(request(subject=subject), "lettre.pdf", TERMS) == (subject, [])


def test_the_authors_subject_is_never_shortened() -> None:
    """One character too many is a problem with its line, its count and the limit, and no text."""
    too_long = request(subject="x" * 46, lines={"subject": 3})
    problem = Problem(code="subject_too_long", line=3, values={"count": "46", "limit": "45"})
    assert subject_of(too_long, "lettre.pdf", TERMS) == ("", [problem])


def test_without_a_subject_the_document_names_it() -> None:
    """The PDF's name without its extension, whatever its case."""
    assert subject_of(request(), "Lettre de mission.PDF", TERMS) == ("Lettre de mission", [])


def test_a_long_name_is_cut_at_a_word() -> None:
    """Our own default fits, ends at a word, and shows that something was left out."""
    name = "Lettre de mission – Société Dupont et Fils – exercice 2026.pdf"
    subject, problems = subject_of(request(), name, TERMS)
    assert problems == []
    assert subject == "Lettre de mission – Société Dupont et Fils…"
    assert len(subject) <= 45


def test_a_message_is_sent_or_refused() -> None:
    """None is an empty one; up to the limit as written; beyond it a problem with its line."""
    assert message_of(request(), TERMS) == ("", [])
    assert message_of(request(message="m" * 500), TERMS) == ("m" * 500, [])
    problem = Problem(code="message_too_long", line=5, values={"count": "501", "limit": "500"})
    assert message_of(request(message="m" * 501, lines={"message": 5}), TERMS) == ("", [problem])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lettre.pdf", "lettre"),
        ("lettre.Pdf", "lettre"),
        ("lettre.v2.pdf", "lettre.v2"),
        ("lettre", "lettre"),
        ("lettre.pdf.pdf", "lettre.pdf"),
        (unicodedata.normalize("NFD", "société.pdf"), "société"),
    ],
)
def test_the_stem_is_the_name_without_pdf(name: str, expected: str) -> None:
    """One extension goes, and the name is in NFC, so that its length is what people count."""
    assert stem(name) == expected


def test_a_single_long_word_is_cut_anywhere() -> None:
    """Where there is no word to cut at, the text is cut at the limit."""
    assert shortened("x" * 50, 45) == "x" * 44 + "…"


def test_what_fits_is_left_alone() -> None:
    """A text at the limit has no ellipsis."""
    assert shortened("x" * 45, 45) == "x" * 45


@settings(deadline=None)
@given(st.text(max_size=120), st.integers(min_value=1, max_value=60))
def test_a_shortened_text_always_fits(text: str, limit: int) -> None:
    """Whatever the text: within the limit, and a beginning of it with an ellipsis where something was cut."""
    cut = shortened(text, limit)
    assert len(cut) <= limit
    assert cut == text or (cut.endswith("…") and text.startswith(cut[:-1]))
