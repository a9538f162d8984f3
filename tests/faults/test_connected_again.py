"""The owner clicks, the running service fetches: before the connection ends, after a 403, and never for a stranger."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from connector.cli.accounts import _refuse_strangers
from connector.cli.wiring_told import ping_of, telling_of
from connector.config import load_config
from connector.errors import AccessDenied, ConfigurationError
from connector.jesignexpert.renewal import stranger
from connector.jesignexpert.tokens import Tokens, TokenStore
from connector.ports import Connected
from connector.sandbox.people import Person
from connector.steps.logins import told_by_hand
from connector.steps.telling import tell
from tests.faults.test_told import (
    ADMIN,
    DAY,
    HOUR,
    MINUTE,
    OWNER,
    PARIS,
    _Death,
    _dies,
    at,
    body,
    later,
    told,
)
from tests.relays import Relay
from tests.worlds import Stage

OTHER = "Cabinet Voisin"
OFFICE = "Cabinet Exemple"
NOTICE = "SIGNATURES EN PAUSE.txt"
QUIET = 'policy: {quiet_hours: "20:00-08:00", weekends: quiet}\n'


def links(relay: Relay) -> list[str]:
    """The link of each mail that holds one, in order; it goes to the owner alone."""
    found = []
    for mail in relay.mails:
        link = re.search(r"https?://\S+", str(mail.get_content()))
        if link is not None:
            assert mail["To"] == OWNER
            assert mail["Subject"] == "Renouveler la connexion à Jesignexpert"
            found.append(link[0])
    return found


def click(stage: Stage, link: str, *, person: str = OWNER, office: str = OFFICE) -> None:
    """Somebody opens a link, logs in and picks a firm."""
    with Person(person, stage._platform.url) as somebody:
        somebody.log_in(link, office)


def store(stage: Stage) -> TokenStore:
    return TokenStore(stage.state.directory / "tokens")


def ends_in(stage: Stage, days: float) -> None:
    """Let the present connection be one that ends then, of the owner."""
    given = stage.platform.office_tokens(email=OWNER)
    store(stage).save(
        "cabinet",
        Tokens(
            office=given["office"],
            office_name=given["office_name"],
            user=given["user"],
            email=OWNER,
            expires_at=stage.clock.now() + timedelta(days=days),
        ),
    )


def test_after_a_403_the_owner_clicks_and_all_goes_on(tmp_path: Path) -> None:
    """Nobody restarts anything; what waited leaves; the notice tells of the mail; nobody else is bothered."""
    with told(tmp_path) as (stage, relay):
        stage.platform.revoke_tokens()
        stage.drop()
        stage.run()
        tell(stage.parts)
        assert stage.first_line().startswith(
            "EN PAUSE – la connexion du cabinet à Jesignexpert est à renouveler"
        )
        (link,) = links(relay)
        assert "valable jusqu’au" in body(relay)
        assert "les nouvelles demandes de signature attendent" in body(relay).replace("\n", " ")
        assert NOTICE in body(relay).replace("\n", " ")
        stage.run()
        notice = stage.read(NOTICE).decode("utf-8-sig").replace("\u00a0", " ")
        assert "Elle a reçu un e-mail « Renouveler la connexion à Jesignexpert » le" in " ".join(
            notice.split()
        )
        assert "link" not in str(stage.parts.journal.news(0))
        assert link not in (tmp_path / "state" / "journal" / "journal.sqlite").read_bytes().decode("latin-1")
        click(stage, link)
        stage.run()
        assert stage.sends() == [1]
        assert NOTICE not in stage.files()
        kept = store(stage).load("cabinet")
        assert kept is not None
        assert (kept.email, kept.expires_at is not None) == (OWNER, True)
        later(stage, DAY)
        assert [one for one in relay.to if one == ADMIN] == []
        stage.intact()


def test_one_link_a_day_and_another_for_who_asks(tmp_path: Path) -> None:
    """A link that has run out is dead; deleting the notice brings another one; else one a day, then one a week."""
    with told(tmp_path, more=QUIET) as (stage, relay):
        stage.platform.revoke_tokens()
        stage.drop()
        for _ in range(6):
            later(stage, 10 * MINUTE)
        (dead,) = links(relay)
        click(stage, dead)
        stage.run()
        assert stage.sends() == [0] or stage.sends() == []
        assert NOTICE in stage.files()
        for number in (2, 3):
            stage.delete(NOTICE)
            for _ in range(3):
                later(stage, 5)
            assert NOTICE in stage.files()
            assert len(links(relay)) == number
            stage.delete(NOTICE)  # at once again: the last one may still be used
            for _ in range(3):
                later(stage, 5)
            assert len(links(relay)) == number
            stage.clock.advance(HOUR)
        at(stage, "23:00")  # whoever asks at night is there at night
        stage.delete(NOTICE)
        for _ in range(2):
            later(stage, 5)
        assert len(links(relay)) == 4
        days = []
        for _ in range(21):
            for hour in ("08:01", "14:00"):
                before = len(links(relay))
                at(stage, hour)
                stage.round()
                tell(stage.parts)
                days += [stage.clock.now().astimezone(PARIS)] * (len(links(relay)) - before)
        assert all(one.weekday() < 5 and 8 <= one.hour < 20 for one in days)
        assert len({one.date() for one in days}) == len(days)
        assert 5 <= len(days) <= 9, days
        click(stage, links(relay)[-1])


def test_the_link_goes_out_before_the_end(tmp_path: Path) -> None:
    """Two days before, in working hours; where those are days off, on the last working day before them."""
    with told(tmp_path, more=QUIET) as (stage, relay):
        ends_in(stage, 4.0)  # Monday at ten: it ends on Friday
        for _ in range(3):
            later(stage, 12 * HOUR)
        assert links(relay) == []
        at(stage, "10:05")  # Wednesday
        later(stage, MINUTE)
        (link,) = links(relay)
        assert "s’éteint le" in body(relay)
        click(stage, link)
        later(stage, 10)
        ends = stage.parts.logins["cabinet"].expires_at()
        assert ends is not None
        assert ends > stage.clock.now() + timedelta(days=4)
        later(stage, 10 * HOUR)
        assert len(links(relay)) == 1
        # Friday at 11:00 it is, and it ends on Monday at six: Friday is the last day on which anybody works.
        at(stage, "11:00")
        at(stage, "11:00")
        assert stage.clock.now().astimezone(PARIS).weekday() == 4
        ends_in(stage, 2.8)
        later(stage, MINUTE)
        assert len(links(relay)) == 2


@pytest.mark.parametrize(
    ("person", "office", "alarm"),
    [
        (OWNER, OTHER, "somebody logged in with another firm"),
        ("pirate@ailleurs.test", OFFICE, "somebody else than the owner logged in"),
    ],
)
def test_a_stranger_is_not_taken_over(tmp_path: Path, person: str, office: str, alarm: str) -> None:
    """Whoever got hold of the link: nothing changes, the administrator hears of it, the owner can still use another."""
    with told(tmp_path, offices=(OFFICE, OTHER)) as (stage, relay):
        ends_in(stage, 1.0)
        before = store(stage).load("cabinet")
        later(stage, MINUTE)
        page = stage.parts.logins["cabinet"].draw()
        click(stage, links(relay)[0], person=person, office=office)
        later(stage, 10)
        assert store(stage).load("cabinet") == before
        later(stage, 3 * MINUTE)
        assert [one for one in relay.subjects if alarm in one]
        assert person not in body(relay)
        if office == OTHER:
            later(stage, 21 * HOUR)
            click(stage, links(relay)[-1])
        else:
            click(stage, page.url)  # the stranger's answer has not taken the owner's own page away
        later(stage, 10)
        assert store(stage).load("cabinet") != before
        later(stage, 3 * MINUTE)
        assert relay.subjects[-1].endswith("- over")


def test_a_page_survives_a_restart_and_a_platform_that_is_away(tmp_path: Path) -> None:
    """The answer is fetched by whoever runs when it is there."""
    with told(tmp_path) as (stage, relay):
        ends_in(stage, 1.0)
        later(stage, MINUTE)
        click(stage, links(relay)[0])
        stage.platform.misbehave(operation="fetch", kind="status", status=503)
        stage.restart()
        later(stage, 5)
        assert stage.parts.said.fetched_again_at
        later(stage, 61)
        kept = store(stage).load("cabinet")
        assert kept is not None
        assert kept.expires_at is not None
        assert kept.expires_at > stage.clock.now() + timedelta(days=4)


def test_a_link_that_is_mailed_again_is_another_one(tmp_path: Path) -> None:
    """Killed before it was kept that it left: the second mail holds a link that lives, so it is no double to drop."""
    with told(tmp_path) as (stage, relay):
        ends_in(stage, 1.0)
        stage.parts.journal.end_letters = _dies  # type: ignore[method-assign]
        with pytest.raises(_Death):
            later(stage, MINUTE)
        stage.restart()
        later(stage, 10 * MINUTE)
        first, second = links(relay)
        assert first != second
        assert relay.mails[0]["Message-ID"] != relay.mails[1]["Message-ID"]
        click(stage, second)
        later(stage, 10)
        assert not stage.parts.logins["cabinet"].awaited()


def test_two_processes_fetch_at_once(tmp_path: Path) -> None:
    """The service and a ``connect`` beside it: both answers are good, one of them is kept, whole."""
    with told(tmp_path) as (stage, relay):
        ends_in(stage, 1.0)
        later(stage, MINUTE)
        mine = stage.parts.logins["cabinet"]
        click(stage, links(relay)[0])
        barrier = threading.Barrier(4)
        outcomes: list[object] = []

        def fetch() -> None:
            barrier.wait()
            outcomes.append(mine.fetch())

        threads = [threading.Thread(target=fetch) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(outcomes) <= {Connected.KEPT, None}
        assert Connected.KEPT in outcomes
        kept = store(stage).load("cabinet")
        assert kept is not None
        assert (kept.email, kept.office_name) == (OWNER, OFFICE)
        assert [path.name for path in (stage.state.directory / "tokens").iterdir()] == ["cabinet.json"]


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    """No page is drawn of which nobody could remember that an answer is awaited."""
    with told(tmp_path) as (stage, _):
        (stage.state.directory / "tokens" / "cabinet.links").mkdir()
        with pytest.raises(AccessDenied):
            stage.parts.logins["cabinet"].draw()


def test_a_link_by_hand_is_judged_as_well(tmp_path: Path) -> None:
    """``connect NAME --mail``: nobody at the terminal sees who answers; the service mails no other one that day."""
    with told(tmp_path) as (stage, _):
        ends_in(stage, 1.0)
        config, kept = load_config(stage.config_text), store(stage)
        good, other = kept.load("cabinet"), Tokens(office="t", office_name=OTHER, email=OWNER)
        assert good is not None
        _refuse_strangers(config, "cabinet", kept, good)
        with pytest.raises(AccessDenied, match="another firm"):
            _refuse_strangers(config, "cabinet", kept, other)
        told_by_hand(stage.parts.journal, "cabinet", PARIS)
        assert stage.parts.journal.last_told("login cabinet") is not None
        assert stage.parts.journal.letters() == []


def test_a_page_that_lives_longer_is_awaited_longer(tmp_path: Path) -> None:
    """Should the vendor say so (``expectations.url_life_s``): the answer is asked for as long."""
    with told(tmp_path, contract=", contract: {expectations: {url_life_s: 7200}}") as (stage, relay):
        ends_in(stage, 1.0)
        later(stage, MINUTE)
        assert len(links(relay)) == 1
        stage.clock.advance(HOUR)
        assert stage.parts.logins["cabinet"].awaited()
        stage.clock.advance(2 * HOUR)
        assert not stage.parts.logins["cabinet"].awaited()


@pytest.mark.parametrize("kept", ["no url", "ftp://x.example/"])
def test_a_url_that_is_kept_elsewhere_must_be_one(tmp_path: Path, kept: str) -> None:
    """What a credential holds is judged when it is read; its words stand in no message."""
    (tmp_path / "url").write_text(kept)
    (tmp_path / "url").chmod(0o600)
    text = (
        'config_version: 1\nservers: {d: {url: "http://127.0.0.1:9/", user: u, password: {env: X}}}\n'
        'platform: {url: "http://127.0.0.1:9/", shortcut: s, secret: {env: X}}\n'
        "accounts: {c: {sender: C, owner: o@c.fr}}\nfolders: {f: {server: d, path: /F/, account: c}}\n"
        f"hooks: {{h: {{url: {{file: {tmp_path / 'url'}}}}}}}\nping: {{url: {{file: {tmp_path / 'url'}}}}}\n"
    )
    config = load_config(text)
    for make in (telling_of, ping_of):
        with pytest.raises(ConfigurationError) as refused:
            make(config)
        assert kept not in str(refused.value)


NAMELESS = Tokens(office="t0", office_name="")
MINE = Tokens(office="t1", office_name=OFFICE, user="u1", email="claire@cabinet.fr")


@pytest.mark.parametrize(
    ("fresh", "earlier", "others", "outcome"),
    [
        (Tokens(office="t2", office_name=OFFICE, email="Claire@Cabinet.fr"), MINE, (), Connected.KEPT),
        (Tokens(office="t2", office_name=OFFICE, email=OWNER), MINE, (), Connected.KEPT),
        (Tokens(office="t2", office_name=OFFICE), MINE, (), Connected.KEPT),
        (Tokens(office="t2", office_name=OFFICE, email="x@y.fr"), MINE, (), Connected.OTHER_PERSON),
        (Tokens(office="t2", office_name=OTHER, email=OWNER), MINE, (), Connected.OTHER_OFFICE),
        (Tokens(office="t2", office_name=OTHER), MINE, (), Connected.OTHER_OFFICE),
        (Tokens(office="t2", office_name=OTHER, email=OWNER), None, (MINE,), Connected.KEPT),
        (Tokens(office="t2", office_name=OTHER, email="x@y.fr"), None, (), Connected.OTHER_PERSON),
        (Tokens(office="t1", office_name="x"), None, (MINE,), Connected.OTHER_ACCOUNT),
        (Tokens(office="t2", office_name=OFFICE), None, (MINE,), Connected.OTHER_ACCOUNT),
        (Tokens(office="t2", office_name=OTHER), None, (MINE,), Connected.KEPT),
        # A firm whose name was never told is as one that was never connected.
        (Tokens(office="t2", office_name=OFFICE), NAMELESS, (MINE,), Connected.OTHER_ACCOUNT),
        (Tokens(office="t2", office_name=""), NAMELESS, (NAMELESS,), Connected.KEPT),
        (Tokens(office="t2", office_name=""), None, (NAMELESS,), Connected.KEPT),
    ],
)
def test_who_belongs_to_an_account(
    fresh: Tokens, earlier: Tokens | None, others: tuple[Tokens, ...], outcome: Connected
) -> None:
    """The same firm, and the same person or the owner; what is not told cannot be judged."""
    assert stranger(fresh, earlier, owner=OWNER, others=others) is outcome
