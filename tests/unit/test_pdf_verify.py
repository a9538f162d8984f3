"""What comes back: intact or quarantined, as expected or beside (scenario D4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from connector.pdf.facts import facts
from connector.pdf.model import Expected, Verdict
from connector.pdf.verify import same_signatures, verify_signed
from tests import documents


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "signe.pdf"


@pytest.fixture
def sent(tmp_path: Path) -> Expected:
    original = tmp_path / "lettre.pdf"
    original.write_bytes(documents.letter())
    found = facts(original)
    return Expected(pages=len(found.pages), pages_digest=found.pages_digest, signatures=2)


def judged(path: Path, content: bytes, sent: Expected | None = None) -> Verdict:
    path.write_bytes(content)
    return verify_signed(path, sent=sent)


@pytest.mark.parametrize("visible", [True, False])
def test_signed_by_two(path: Path, sent: Expected, visible: bool) -> None:
    """Two signatures by certificates that nobody here trusts: intact, as expected, and known by name."""
    verdict = judged(path, documents.signed(visible=visible), sent)
    assert verdict.intact
    assert verdict.as_expected
    assert verdict.code == ""
    assert [(one.name, one.email) for one in verdict.signatures] == list(documents.PEOPLE[:2])
    assert [one.field for one in verdict.signatures] == ["signataire-1", "signataire-2"]
    for one in verdict.signatures:
        assert one.signed_at is not None
        assert one.signed_at.astimezone(UTC).year >= 2025
        assert len(one.certificate_sha256) == len(one.contents_sha256) == 64
    assert len({one.contents_sha256 for one in verdict.signatures}) == 2
    assert len({one.certificate_sha256 for one in verdict.signatures}) == 2


CLOCK = datetime(2028, 2, 29, 23, 30, tzinfo=timezone(timedelta(hours=1)))


def test_when_a_person_signed_is_what_their_clock_said(path: Path) -> None:
    """Without a timestamp the signed attributes tell it, with their zone."""
    (signature,) = judged(path, documents.signed_at(CLOCK)).signatures
    assert signature.signed_at == CLOCK
    assert not signature.stamped


def test_a_timestamp_is_worth_more_than_a_signers_clock(path: Path) -> None:
    """A computer set a year ahead dates nothing: the authority's token is of the moment itself."""
    token = datetime(2026, 12, 1, 15, 5, 7, tzinfo=UTC)
    (signature,) = judged(path, documents.signed_at(CLOCK, token=token)).signatures
    assert signature.intact
    assert signature.signed_at == token
    assert signature.stamped


def test_a_timestamp_about_other_bytes_dates_nothing(path: Path) -> None:
    """A token taken from elsewhere is not believed; the signature's own time is what remains."""
    stolen = documents.signed_at(CLOCK, token=datetime(2026, 12, 1, 15, 5, 7, tzinfo=UTC), of_this=False)
    (signature,) = judged(path, stolen).signatures
    assert signature.signed_at == CLOCK
    assert not signature.stamped


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (documents.zero(), "empty"),
        (documents.html(), "not_pdf"),
        (documents.zipped(), "not_pdf"),
        (documents.truncated(documents.signed()), "not_pdf"),
        (documents.truncated(), "not_pdf"),
        (documents.encrypted(), "not_pdf"),
        (documents.letter(), "not_signed"),
        (documents.with_empty_signature_field(), "not_signed"),
        (documents.broken(), "signature_broken"),
        (documents.broken(documents.signed(signers=1)), "signature_broken"),
        (documents.page_added_after(), "signature_broken"),
        (documents.resaved(documents.signed()), "signature_broken"),
        (documents.noted_after(), "signature_broken"),
        (documents.emptied_signature(), "signature_broken"),
    ],
)
def test_quarantined(path: Path, sent: Expected, content: bytes, code: str) -> None:
    """Whatever is not an intact signed document is told by its code."""
    verdict = judged(path, content, sent)
    assert (verdict.intact, verdict.code) == (False, code)
    assert not verdict.as_expected


def test_metadata_saved_after_signing_is_still_intact(path: Path, sent: Expected) -> None:
    """A later revision that changes no page nor field is what viewers do, and allowed."""
    verdict = judged(path, documents.saved_incrementally(documents.signed()), sent)
    assert verdict.intact
    assert verdict.as_expected


def test_proofs_and_timestamp_are_welcome(path: Path, sent: Expected) -> None:
    """What a platform adds for the archive leaves it intact; a timestamp is not a signatory's signature."""
    verdict = judged(path, documents.sealed(), sent)
    assert verdict.as_expected
    assert len(verdict.signatures) == 2


def test_broken_timestamp(path: Path, sent: Expected) -> None:
    """A document timestamp that does not verify makes the document suspect."""
    content = bytearray(documents.sealed())
    start = content.rindex(b"/Contents <") + 600
    content[start : start + 40] = b"0" * 40
    assert judged(path, bytes(content), sent).code == "signature_broken"


def test_rsa(path: Path, sent: Expected) -> None:
    """RSA signatures are verified like those on elliptic curves."""
    assert judged(path, documents.signed(rsa_key=True), sent).as_expected


@pytest.mark.parametrize(
    ("content", "differences"),
    [
        (documents.signed(signers=1), {"signatures": "2→1"}),
        (documents.signed(signers=3), {}),
        (documents.signed(documents.letter(5)), {"pages": "4→5", "content": "changed"}),
        (documents.signed(documents.letter(text="Autre")), {"content": "changed"}),
        (documents.signed(documents.with_note(documents.letter())), {"content": "changed"}),
    ],
)
def test_intact_but_not_as_expected(
    path: Path, sent: Expected, content: bytes, differences: dict[str, str]
) -> None:
    """Missing signatures and other pages are differences of an intact document; more signatures are none."""
    verdict = judged(path, content, sent)
    assert verdict.intact
    assert verdict.differences == differences


def test_digest_of_another_scheme_is_not_called_a_change(path: Path, sent: Expected) -> None:
    """After an upgrade of the renderer nobody is told that the content changed."""
    older = sent.model_copy(update={"pages_digest": "1.1:" + "0" * 64})
    assert judged(path, documents.signed(), older).differences == {"content": "not compared"}


def test_nothing_expected_nothing_differs(path: Path) -> None:
    """Without knowledge of what was sent, an intact document is as expected."""
    assert judged(path, documents.signed()).as_expected


def test_verdict_survives_json(path: Path, sent: Expected) -> None:
    """A verdict is stored and read again without loss."""
    verdict = judged(path, documents.signed(signers=1), sent)
    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict


def test_same_signatures(path: Path) -> None:
    """One signing is recognised in other bytes; another signing of the same pages is not (R8)."""
    one = judged(path, documents.signed())
    again = judged(path, documents.saved_incrementally(documents.signed()))
    another = judged(path, documents.signed(documents.resaved(documents.letter())))
    broken = judged(path, documents.broken())
    assert same_signatures(one, again)
    assert not same_signatures(one, another)
    assert not same_signatures(one, broken)
    assert not same_signatures(one, judged(path, documents.letter()))
