"""What is said in comments: one line, right French, at most what Nextcloud takes, nobody mentioned by accident."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connector.lifecycle import DocumentFacts, Record, SignatoryFacts, State
from connector.report.remarks import Remark, render_remark
from connector.report.tags import TAG_COLORS, TAG_NAMES, tag_key
from connector.report.typography import Language
from tests.unit.test_report_form import FORBIDDEN, GENDERED, RELATIVE

PARIS = ZoneInfo("Europe/Paris")
AT = datetime(2026, 12, 1, 9, 42, tzinfo=UTC)
REMARKS: tuple[Remark, ...] = ("launched", "refused", "signed")


def record(*names: str, **changes: Any) -> Record:
    """A request of these people, at its end."""
    fields: dict[str, Any] = {
        "signatories": tuple(
            SignatoryFacts(order=n, email="a@b.fr", name=name, refused_at=AT if n == 1 else None)
            for n, name in enumerate(names, 1)
        ),
        "document": DocumentFacts(href="/L/Lettre DUPONT.pdf", delivered_href="/L/Lettre DUPONT.pdf"),
        "sent_at": AT,
        "signed_at": AT,
        "ended_at": AT,
    }
    return Record(
        id=1,
        ref="7F3K2Q",
        folder="l",
        server="s",
        account="a",
        state=State.DELIVERED,
        place="/L/Lettre DUPONT.sign.yaml",
        created_at=AT,
        updated_at=AT,
        **{**fields, **changes},
    )


def told(one: Record, remark: Remark, language: Language = "fr") -> str:
    """The comment."""
    return render_remark(one, remark, zone=PARIS, language=language)


@pytest.mark.parametrize("remark", REMARKS)
@pytest.mark.parametrize("names", [(), ("Marie Dupont", "Claire Bernard"), ("É" * 300,) * 40])
def test_every_comment_keeps_the_rules_of_form(remark: Remark, names: tuple[str, ...]) -> None:
    """No-break spaces, no forbidden word, absolute dates; never longer than a comment may be."""
    one = record(*names)
    text = told(one, remark)
    assert "1er décembre 2026".replace(" ", "\u00a0") in text
    assert text.endswith("Référence\u00a0: 7F3K2Q.")
    assert len(text) <= 1000
    assert "\n" not in text
    assert not re.search(r"[^\u00a0\s](?=[;!?»])|[ ](?=[:;!?»])|«[^\u00a0]|'|\{|\ue000", text)
    assert not FORBIDDEN.search(text)
    assert not GENDERED.search(text)
    assert not RELATIVE.search(text)
    assert told(one, remark) == text
    assert told(one, remark, "en").endswith("Reference: 7F3K2Q.")


def test_who_and_where() -> None:
    """Everybody at launch and end, who declined at a refusal; the signed file's name where it is another."""
    two = record("Marie Dupont", "Claire Bernard")
    assert "signataires\u00a0: Marie Dupont, Claire Bernard." in told(two, "launched")
    assert told(two, "refused").startswith(
        "Signature refusée le 1er\u00a0décembre\u00a02026 par\u00a0: Marie Dupont. "
    )
    assert "Ce fichier est maintenant la version signée." in told(two, "signed")
    beside = DocumentFacts(href="/L/Lettre DUPONT.pdf", delivered_href="/L/Lettre DUPONT (signé).pdf")
    assert "à côté\u00a0: «\u00a0Lettre DUPONT (signé).pdf\u00a0»." in told(
        two.model_copy(update={"document": beside}), "signed"
    )


def test_nobody_is_mentioned_by_accident() -> None:
    """Nextcloud takes @name for a colleague, and tells them."""
    assert "@" not in told(record("Jean @admin Martin"), "launched")


def test_every_state_has_its_tag() -> None:
    """As the design page's table says, told again; every tag has a name in each language, and a colour."""
    shown = {state: tag_key(state) for state in State if tag_key(state)}
    assert shown == {
        State.REJECTED: "to_correct",
        State.HELD: "to_correct",
        State.IN_DOUBT: "to_correct",
        State.QUARANTINED: "to_correct",
        State.LOST: "to_correct",
        State.IN_PROGRESS: "in_progress",
        State.SEALING: "in_progress",
        State.DELIVERING: "in_progress",
        State.DELIVERED: "signed",
        State.DELIVERED_BESIDE: "signed",
        State.REFUSED: "refused",
        State.EXPIRED: "expired",
    }
    for named in TAG_NAMES.values():
        assert named.keys() == TAG_COLORS.keys() == set(shown.values())
        assert all(len(name.encode()) <= 64 for name in named.values())
