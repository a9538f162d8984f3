"""The owner's mails and the administrator's: their form, their words, what stands in none of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connector.errors import Cause
from connector.report.alarms import CAUSES, alarm_mail
from connector.report.context import Pause, PauseCause
from connector.report.mails import Message
from connector.report.pauses import link_mail, pause_mail
from connector.report.typography import Language
from connector.steps import standing
from connector.steps.logins import STRANGERS
from connector.steps.news import HELD, OWNERS
from tests.unit.text_form import check_english, check_french

PARIS = ZoneInfo("Europe/Paris")
AT = datetime(2026, 11, 23, 10, 42, tzinfo=PARIS)
URL = "https://jesignexpert.example/login/" + "x" * 120
SUPPORT, SENDER = "le service informatique (04 78 00 00 00)", "Cabinet Exemple Lyon"


def checked(message: Message, language: Language, *values: str) -> str:
    """One line, then lines of 78 but for the link; spaces and words as in every text that people read."""
    assert "\n" not in message.subject
    assert len(message.subject) <= 90
    lines = message.body.splitlines()
    assert [line for line in lines if len(line) > 78 and line != URL] == []
    (check_french if language == "fr" else check_english)([line for line in lines if line != URL], *values)
    return message.body.replace("\u00a0", " ")


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("support", [SUPPORT, ""])
@pytest.mark.parametrize(
    ("paused", "expires"), [(True, None), (False, AT + timedelta(days=2)), (False, None)]
)
def test_the_link(language: Language, support: str, paused: bool, expires: datetime | None) -> None:
    """Alone on its line, with until when it is good and how one comes to another one."""
    message = link_mail(
        URL,
        until=AT + timedelta(minutes=4),
        expires_at=expires,
        paused=paused,
        zone=PARIS,
        language=language,
        support=support,
        sender=SENDER,
    )
    body = checked(message, language, SENDER, SUPPORT, "SIGNATURES EN PAUSE.txt", "SIGNATURES PAUSED.txt")
    title = (
        "Renouveler la connexion à Jesignexpert"
        if language == "fr"
        else "Renew the connection to Jesignexpert"
    )
    assert message.subject == title
    assert URL in body.splitlines()
    assert ("10 h 46" in body) if language == "fr" else ("10:46" in body)
    assert ("SIGNATURES" in body) is paused
    assert (support in " ".join(body.split())) is bool(support) or not support


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("cause", [PauseCause(str(one)) for one in sorted(OWNERS)])
def test_the_pause(language: Language, cause: PauseCause) -> None:
    """In the notice's words, without its last sentence: it is no file."""
    message = pause_mail(
        Pause(cause=cause, since=AT),
        zone=PARIS,
        language=language,
        support=SUPPORT,
        sender=SENDER,
        waiting=12,
    )
    body = checked(message, language, SENDER, SUPPORT)
    assert message.subject.startswith(
        "SIGNATURES EN PAUSE – " if language == "fr" else "SIGNATURES PAUSED – "
    )
    assert "12" in body
    assert "fichier" not in body
    assert "file" not in body


@pytest.mark.parametrize("cause", sorted(CAUSES))
@pytest.mark.parametrize("over", [False, True])
def test_an_alarm_tells_what_to_do(cause: str, over: bool) -> None:
    """What is the matter, what it means, what is to be done; nothing left of a template; no link."""
    data = {
        "seconds": 200, "gone": 12, "known": 14, "n": 3, "refs": ["7F3K2Q", "AAAAAA"], "problems": 2,
        "keys": ["metrics"], "erased_from": AT.isoformat(), "since": AT.isoformat(),
    }  # fmt: skip
    message = alarm_mail("account:lyon", cause, data, PARIS, over=over)
    assert message.subject.startswith("jse-connector: account lyon: ")
    assert message.subject.endswith("- over") is over
    assert not {"{", "}"} & {*message.subject, *message.body}
    assert "http" not in message.body
    if not over:
        assert "Since 23 Nov 2026 10:42" in message.body
        assert len(message.body.splitlines()) >= 5


def test_whatever_is_said_has_words() -> None:
    """Each cause that the steps raise; one that has none is told all the same, and what is not known of it left out."""
    raised = {
        *map(str, HELD),
        *map(str, STRANGERS),
        "clock",
        "no_room",
        "login_refused",
        "vanished",
        "retention",
    }
    raised |= {
        standing.IN_DOUBT,
        standing.FOREIGN_MARK,
        standing.BRAKE,
        standing.UNKNOWN_WORD,
        "trouble",
        "relay",
    }
    assert raised <= CAUSES
    assert Cause.TOKENS in CAUSES
    assert alarm_mail("machine", "what_else", {}, PARIS).subject == "jse-connector: machine: what_else"
    assert "some" in alarm_mail("machine", "clock", {}, PARIS).subject
