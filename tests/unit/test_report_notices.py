"""The notice at the root says who can act, for every cause (ux page section 2.5)."""

from __future__ import annotations

import pytest

from connector.report.context import Pause, PauseCause
from connector.report.notices import notice_file, render_notice
from connector.report.typography import Language
from tests.unit.report_example import PARIS, SENT
from tests.unit.test_report_form import FORBIDDEN, GENDERED, RELATIVE


def notice(cause: PauseCause, language: Language = "fr", waiting: int = 12) -> str | None:
    """A notice without a mail sent."""
    return render_notice(
        Pause(cause=cause, since=SENT),
        zone=PARIS,
        language=language,
        support="le service informatique (04 78 00 00 00)",
        folder="Lettres de mission",
        waiting=waiting,
    )


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("cause", [cause for cause in PauseCause if cause is not PauseCause.DMS_LOGIN])
def test_every_cause_has_a_notice_of_the_right_form(cause: PauseCause, language: Language) -> None:
    """Width, first line, vocabulary; the same facts give the same text."""
    text = notice(cause, language)
    assert text is not None
    assert text == notice(cause, language)
    first, *rest = text.split("\n")
    assert len(first) <= 90
    assert all(len(line) <= 78 for line in rest)
    assert "12" in text
    if language == "fr":
        assert first.startswith("SIGNATURES EN PAUSE – ")
        assert not FORBIDDEN.search(text)
        assert not GENDERED.search(text)
        assert not RELATIVE.search(text)


def test_a_refused_login_of_the_folder_is_the_administrators_alone() -> None:
    """Where we cannot write, nothing can be written about it."""
    assert notice(PauseCause.DMS_LOGIN) is None


def test_the_contract_names_the_support() -> None:
    """What nobody in the firm can repair says who can (protocol R11)."""
    text = notice(PauseCause.CONTRACT)
    assert text is not None
    assert "la liaison avec Jesignexpert est à vérifier par le service" in text.split("\n")[0]


def test_nobody_waiting_is_not_told_as_zero() -> None:
    """« (0 pour l’instant) » would read like a fault."""
    text = notice(PauseCause.NO_CREDIT, waiting=0)
    assert text is not None
    assert "pour l’instant" not in text


def test_the_file_is_readable_by_every_windows_tool() -> None:
    """BOM and CRLF, as the status."""
    data = notice_file("a\nb\n")
    assert data == b"\xef\xbb\xbfa\r\nb\r\n"
