"""Remembered contacts: whose they are, what is learnt of whom, how long it is kept, and how a person is forgotten."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from connector.config.model import Ceiling
from connector.errors import JournalError
from connector.journal import Contact, Journal
from connector.lifecycle import DocumentFacts, Event, Record, SignatoryFacts, State
from connector.marks import Sealer
from connector.ports import Href
from connector.report.status import render_status
from connector.sidecar.model import Placement, Signatory, SignatureRequest
from connector.steps import contacts, fading
from connector.steps import forget as forgetting
from connector.steps.contacts import Known
from connector.steps.parts import FolderSettings, Parts, ReportSettings
from tests.unit.report_example import CONTEXT

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MARIE, PAUL = "marie.dupont@example.fr", "paul.martin@example.fr"
MOBILE, OTHER = "+33612345678", "+33698765432"


class World:
    """A real journal under a clock that a test turns, and as much of the parts as the steps use."""

    def __init__(self, url: str) -> None:
        self.now = START
        self.journal = Journal(url, now=lambda: self.now)
        unused: Any = None
        self.parts = Parts(
            journal=self.journal, spool=unused, sealer=Sealer(b"k" * 16), documents=unused, folders={}, services={},
            watched={}, accounts={}, connector="test", now=lambda: self.now, report=ReportSettings(),
        )  # fmt: skip
        self.watch("lettres", "lyon")

    def watch(self, name: str, *accounts: str, kept: timedelta | None = 400 * DAY) -> FolderSettings:
        """Watch a folder."""
        settings = FolderSettings(
            name=name, server="dms", root=Href(f"/{name}/"), registry=Href(f"/{name}/.signature/"), accounts=accounts,
            ceiling=Ceiling.LIVE, remember_contacts=kept,
        )  # fmt: skip
        self.parts.watched = {**self.parts.watched, name: settings}
        return settings

    def ended(self, *people: tuple[Signatory, bool], state: State = State.DELIVERED, **fields: Any) -> Record:
        """A request that has ended: each signatory, and whether they signed."""
        folder = fields.setdefault("folder", "lettres")
        place = fields.setdefault("place", f"/{folder}/{len(list(self.journal.everything()))}.sign.yaml")
        return self.journal.add(
            **{
                "server": "dms", "account": "lyon", "state": state,
                "document": DocumentFacts(href=place.replace(".sign.yaml", ".pdf")),
                "request": SignatureRequest(signatories=tuple(person for person, _ in people)),
                "signatories": tuple(
                    SignatoryFacts(
                        order=order, email=person.email, name=person.name, phone=person.phone,
                        progress="signed" if signed else "invited", signed_at=self.now if signed else None,
                    )
                    for order, (person, signed) in enumerate(people, start=1)
                ),
                **fields,
            }
        )  # fmt: skip

    def learn(self, *people: tuple[Signatory, bool], **fields: Any) -> None:
        """Close such a request."""
        contacts.remember(self.parts, self.ended(*people, **fields))

    def knows(self, email: str = MARIE, *, folder: str = "lettres", account: str = "lyon") -> Known | None:
        """Ask as the reading of a request does."""
        return contacts.known(self.parts, self.parts.watched[folder], account)(email)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    world = World(database_url)
    with contextlib.closing(world.journal):
        yield world


def marie(**changes: Any) -> Signatory:
    fields = {
        "email": MARIE,
        "first_name": "Marie",
        "last_name": "Dupont",
        "name": "Marie Dupont",
        "phone": MOBILE,
    }
    return Signatory(**{**fields, **changes})


def paul(**changes: Any) -> Signatory:
    fields = {
        "email": PAUL,
        "first_name": "Paul",
        "last_name": "Martin",
        "name": "Paul Martin",
        "phone": OTHER,
    }
    return Signatory(**{**fields, **changes})


def kept(world: World, email: str = MARIE, account: str = "lyon") -> Contact:
    contact = world.journal.contact(account, email)
    assert contact is not None
    return contact


# --------------------------------------------------------------------------------------------------
# The journal's table


def test_a_contact_is_of_one_account_and_one_address(world: World) -> None:
    """However the address is spelled; another account knows nothing of it."""
    journal = world.journal
    made = journal.remember("lyon", "Marie@Café.fr ", name="Marie", phone=MOBILE, at=START)
    assert made == journal.contact("lyon", "marie@xn--caf-dma.fr") == journal.contact("lyon", "MARIE@café.FR")
    assert made.email == "marie@xn--caf-dma.fr"
    assert journal.contact("annecy", "Marie@Café.fr") is None
    journal.remember("annecy", "marie@café.fr", name="M", phone=OTHER, at=START)
    assert [(c.account, c.phone) for c in journal.contacts()] == [("annecy", OTHER), ("lyon", MOBILE)]
    assert [c.account for c in journal.contacts("lyon")] == ["lyon"]


def test_the_newer_number_and_the_name_as_written_last(world: World) -> None:
    """A name goes as a whole, what is empty replaces nothing, and what is older only fills what was empty."""
    journal = world.journal
    journal.remember(
        "lyon", MARIE, first_name="Marie", last_name="Dupont", name="Marie Dupont", phone=MOBILE, at=START
    )
    journal.remember("lyon", MARIE, name="MARIE DURAND", at=START + DAY)
    assert (kept(world).first_name, kept(world).name, kept(world).phone) == ("", "MARIE DURAND", MOBILE)
    journal.remember("lyon", MARIE, phone=OTHER, at=START + 2 * DAY)
    newest = kept(world)
    assert (newest.name, newest.phone, newest.used_at) == ("MARIE DURAND", OTHER, START + 2 * DAY)
    journal.remember(
        "lyon", MARIE, first_name="Old", last_name="Name", name="Old Name", phone=MOBILE, at=START
    )
    assert kept(world) == newest
    journal.remember("lyon", PAUL, name="Paul", at=START + DAY)
    journal.remember("lyon", PAUL, name="P. M.", phone=OTHER, at=START)
    assert (kept(world, PAUL).name, kept(world, PAUL).phone, kept(world, PAUL).used_at) == (
        "Paul",
        OTHER,
        START + DAY,
    )


def test_a_date_moves_forward_for_the_same_number_only(world: World) -> None:
    """What was used again from memory proves that number once more, and teaches nothing."""
    journal = world.journal
    journal.remember("lyon", MARIE, name="Marie", phone=MOBILE, at=START)
    assert journal.refresh_contact("lyon", MARIE.upper(), phone=MOBILE, at=START + DAY)
    assert not journal.refresh_contact("lyon", MARIE, phone=OTHER, at=START + 2 * DAY)
    assert not journal.refresh_contact("annecy", MARIE, phone=MOBILE, at=START + 2 * DAY)
    assert journal.refresh_contact("lyon", MARIE, phone=MOBILE, at=START)
    assert (kept(world).phone, kept(world).used_at) == (MOBILE, START + DAY)
    assert [c.account for c in journal.contacts()] == ["lyon"]


def test_forgetting_by_address_and_by_age(world: World) -> None:
    """An address goes from every account; age takes what lies before a moment, of one account or of all."""
    journal = world.journal
    for account, email, day in (
        ("lyon", MARIE, 0),
        ("annecy", MARIE, 1),
        ("lyon", PAUL, 2),
        ("annecy", PAUL, 3),
    ):
        journal.remember(account, email, name="x", at=START + day * DAY)
    assert journal.forget_contacts_before(START) == 0
    assert journal.forget_contacts_before(START + 3 * DAY, account="annecy") == 1
    assert [(c.account, c.email) for c in journal.contacts()] == [
        ("annecy", PAUL),
        ("lyon", MARIE),
        ("lyon", PAUL),
    ]
    assert journal.forget_contact("PAUL.martin@example.fr") == 2
    assert journal.forget_contact(PAUL) == 0
    assert journal.forget_contacts_before(START + DAY) == 1
    assert journal.contacts() == []


def test_only_something_new_is_a_change(world: World) -> None:
    """What is judged again because somebody became known: not for a mere date, not for another account."""
    journal = world.journal
    assert journal.contacts_changed("lyon") is None
    journal.remember("lyon", MARIE, name="Marie", phone=MOBILE, at=START)
    assert journal.contacts_changed("lyon") == START
    world.now = START + DAY
    journal.remember("lyon", MARIE, name="Marie", phone=MOBILE, at=START + DAY)
    journal.refresh_contact("lyon", MARIE, phone=MOBILE, at=START + DAY)
    journal.remember("annecy", MARIE, name="Marie", at=START)
    assert journal.contacts_changed("lyon") == START
    journal.remember("lyon", MARIE, phone=OTHER, at=START + DAY)
    assert journal.contacts_changed("lyon") == START + DAY


def test_a_contact_that_cannot_be_read_is_the_journals_error(world: World) -> None:
    """It is never taken for another person, or for none."""
    world.journal.remember("lyon", MARIE, name="Marie", at=START)
    with world.journal._transaction() as connection:
        connection.exec_driver_sql("UPDATE contact SET facts = '{}'")
    with pytest.raises(JournalError, match="account lyon"):
        world.journal.contact("lyon", MARIE)


# --------------------------------------------------------------------------------------------------
# Whom a folder may ask for


def test_who_may_be_taken_from_memory(world: World) -> None:
    """Only of the request's account, only where the fence allows it, only where anybody is remembered at all."""
    world.watch("bilans", "annecy", "lyon")
    world.watch("ailleurs", "annecy")
    world.watch("jamais", "lyon", kept=None)
    world.learn((marie(), True))
    known = world.knows()
    assert known == Known(
        first_name="Marie", last_name="Dupont", name="Marie Dupont", phone=MOBILE, since=START
    )
    assert world.knows("Marie.Dupont@EXAMPLE.fr") == known
    assert world.knows(folder="bilans") == known
    assert world.knows(folder="bilans", account="annecy") is None
    assert world.knows(folder="ailleurs") is None
    assert world.knows(folder="jamais") is None
    assert world.knows(PAUL) is None


def test_what_is_too_old_is_not_known(world: World) -> None:
    """Each folder has its own time, from the last time the number proved right."""
    world.watch("court", "lyon", kept=10 * DAY)
    world.learn((marie(), True))
    world.now = START + 10 * DAY
    assert world.knows(folder="court")
    world.now += timedelta(seconds=1)
    assert world.knows(folder="court") is None
    assert world.knows(folder="lettres")


# --------------------------------------------------------------------------------------------------
# Who is learnt


@pytest.mark.parametrize(
    "state", [State.DELIVERED, State.DELIVERED_BESIDE, State.REFUSED, State.EXPIRED, State.LOST]
)
def test_whoever_signed_is_learnt_whatever_became_of_it(world: World, state: State) -> None:
    """Address and mobile are proven by the signature; those who did not sign prove nothing."""
    world.learn((marie(), True), (paul(), False), state=state)
    assert [c.email for c in world.journal.contacts()] == [MARIE]
    assert kept(world).used_at == START


def test_the_newest_number_is_the_one_that_counts(world: World) -> None:
    """Requests close in any order: the number of the last signature stays."""
    first = world.ended((marie(), True))
    world.now += DAY
    second = world.ended((marie(phone=OTHER, name="Marie DURAND", last_name="DURAND"), True))
    world.now += DAY
    contacts.remember(world.parts, second)
    contacts.remember(world.parts, first)
    contacts.remember(world.parts, second)
    assert (kept(world).phone, kept(world).name, kept(world).used_at) == (OTHER, "Marie DURAND", START + DAY)


def test_what_came_from_memory_teaches_nothing(world: World) -> None:
    """A remembered number that works again is younger now; name and number stay what a person once wrote."""
    world.learn((marie(), True))
    world.now += DAY
    from_memory = marie(name="Somebody Else", first_name="", last_name="", filled={"phone": "known"})
    world.learn((from_memory, True))
    assert kept(world) == replace(kept(world), name="Marie Dupont", phone=MOBILE, used_at=START + DAY)
    world.journal.forget_contact(MARIE)
    world.learn((from_memory, True))
    assert world.journal.contacts() == []


def test_a_name_from_memory_stays_as_it_was_written(world: World) -> None:
    """A number that somebody wrote is learnt; the name beside it, from memory, is not written again."""
    world.learn((marie(), True))
    world.now += DAY
    world.journal.remember("lyon", MARIE, first_name="M.", last_name="DURAND", name="M. DURAND", at=world.now)
    world.learn((marie(phone=OTHER, filled={"name": "known"}), True))
    assert (kept(world).name, kept(world).phone) == ("M. DURAND", OTHER)


NOTHING: dict[str, dict[str, Any]] = {
    "an adopted request": {"adopted": True},
    "a request that nobody could read": {"request": None},
    "a folder that remembers nobody": {"folder": "jamais"},
    "a folder that is watched no more": {"folder": "gone"},
    "another person than was asked": {
        "signatories": (SignatoryFacts(order=1, email=PAUL, name="x", signed_at=START),)
    },
}


@pytest.mark.parametrize("fields", NOTHING.values(), ids=NOTHING)
def test_nothing_is_learnt_of(world: World, fields: dict[str, Any]) -> None:
    world.watch("jamais", "lyon", kept=None)
    world.learn((marie(), True), **fields)
    assert world.journal.contacts() == []


def test_a_signature_from_the_future_is_of_now(world: World) -> None:
    """The platform's clock may be ahead: a contact is not kept longer for that."""
    record = world.ended((marie(), True))
    ahead = tuple(each.model_copy(update={"signed_at": START + DAY}) for each in record.signatories)
    contacts.remember(world.parts, record.model_copy(update={"signatories": ahead}))
    assert kept(world).used_at == START


# --------------------------------------------------------------------------------------------------
# How long


def test_once_a_day_the_old_ones_go(world: World) -> None:
    """By the longest time of the account's folders; an account without a folder ages as the others do."""
    world.watch("court", "lyon", kept=10 * DAY)
    world.watch("annecy", "annecy", kept=20 * DAY)
    world.watch("nantes", "nantes", kept=None)
    for account in ("lyon", "annecy", "nantes", "elsewhere"):
        world.journal.remember(account, MARIE, name="x", at=START - timedelta(seconds=1))

    def after(days: int) -> list[str]:
        world.now = START + days * DAY
        contacts.expire(world.parts)
        return [contact.account for contact in world.journal.contacts()]

    assert after(1) == ["annecy", "elsewhere", "lyon"]
    assert after(20) == ["elsewhere", "lyon"]
    assert after(399) == ["elsewhere", "lyon"]
    assert after(400) == []


def test_it_is_looked_for_once_a_day(world: World) -> None:
    """Passes come every few seconds; history gets one line a day, by the calendar of the firm."""
    world.now = datetime(2026, 3, 2, 22, 59, tzinfo=UTC)  # 23:59 in Paris
    for _ in range(3):
        contacts.expire(world.parts)
    assert world.journal.count_events("", "contacts_expired", since=START - DAY) == 1
    world.now += timedelta(minutes=2)
    contacts.expire(world.parts)
    assert world.journal.count_events("", "contacts_expired", since=START - DAY) == 2


# --------------------------------------------------------------------------------------------------
# What somebody else's signature cures


def rejected(world: World, code: str, **fields: Any) -> Record:
    problem = {"code": code, "line": 1, "values": {"who": "Marie"}, "cure": None}
    basic = {
        "folder": "lettres", "server": "dms", "account": "lyon", "state": State.REJECTED, "place": "/a.sign.yaml",
        "document": DocumentFacts(href="/a.pdf"), "problems": (problem,),
    }  # fmt: skip
    return world.journal.add(Event.REJECTED, **{**basic, **fields})


def test_what_lacked_a_number_is_judged_again(world: World) -> None:
    """Once for each time that somebody became known since its verdict, however often it was shown meanwhile."""
    settings = world.parts.watched["lettres"]
    record = rejected(world, "phone_missing")
    assert not contacts.may_cure(world.parts, settings, record)
    world.now += DAY
    world.journal.remember("lyon", MARIE, name="Marie", phone=MOBILE, at=world.now)
    world.now += DAY
    record = world.journal.note(record, "reported")
    assert contacts.may_cure(world.parts, settings, record)
    record = world.journal.fact(record, Event.REJECTED)
    assert not contacts.may_cure(world.parts, settings, record)


def test_what_no_contact_can_cure_stays(world: World) -> None:
    """Another problem, another state, another account, a folder that remembers nobody."""
    settings = world.parts.watched["lettres"]
    records = [
        rejected(world, "phone_fixed_line"),
        rejected(world, "phone_missing", state=State.PREVIEWED, place="/b"),
    ]
    lacking = rejected(world, "name_missing", place="/c")
    world.now += DAY
    world.journal.remember("annecy", MARIE, name="Marie", phone=MOBILE, at=world.now)
    assert not contacts.may_cure(world.parts, settings, lacking)
    world.journal.remember("lyon", MARIE, name="Marie", phone=MOBILE, at=world.now)
    assert contacts.may_cure(world.parts, settings, lacking)
    assert not any(contacts.may_cure(world.parts, settings, record) for record in records)
    assert not contacts.may_cure(world.parts, replace(settings, remember_contacts=None), lacking)


# --------------------------------------------------------------------------------------------------
# Forgetting a person


def told_of_marie(world: World, **fields: Any) -> Record:
    """A request that names Marie in every place there is, and Paul beside her."""
    wanted = marie(
        phone_written="06 12 34 56 78", contact="marie", filled={"phone": "contact marie"},
        placements=(Placement(near="Signature de Marie Dupont"),),
    )  # fmt: skip
    record = world.ended((wanted, True), (paul(), True), place="/lettres/Lettre DUPONT.sign.yaml", **fields)
    request = record.request
    assert request is not None
    facts = record.signatories
    said = {"reason": "trop cher", "place": "près de « Marie Dupont »"}
    return world.journal.touch(
        record,
        request=request.model_copy(
            update={
                "subject": "Lettre de mission DUPONT",
                "message": f"Bonjour Marie,\nécrivez à {MARIE.title()} ou au 06.12.34.56.78. À Paul : merci.",
                "note": "appelé Mme Dupont au +33 (0)6 12 34 56 78",
                "requester": f"Marie DUPONT <{MARIE}>",
                "confidential_to": (MARIE, PAUL),
                "contacts": {"marie": marie(), "paul": paul()},
                "then": (marie(),),
            }
        ),
        subject="Lettre de mission DUPONT",
        signatories=(facts[0].model_copy(update=said), facts[1]),
        values={"text": f"{MARIE} was refused", "other": "Clients/DUPONT/Lettre DUPONT.pdf"},
        problems=({"code": "x", "line": 1, "values": {"who": "Marie Dupont"}, "cure": f"a: {MARIE}"},),
        key_parts={"version": 1, "emails": [MARIE, PAUL], "ask": "1"},
        obeyed=("restart",),
        extra={
            "message": "Bonjour Marie Dupont", "confirmed": {"document": "ab", "people": [MARIE, PAUL]},
            "status_href": "/lettres/Lettre DUPONT.signature.txt", "sent_mark": True,
        },
        sidecar_sha256="5" * 64,
    )  # fmt: skip


def texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield str(name)
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value


def test_nothing_of_a_person_remains(world: World) -> None:
    """Address, number, name and words of theirs are gone from a closed request, in every spelling; Paul is whole."""
    record = told_of_marie(world, closed=True)
    before = record.model_dump(mode="json")
    world.journal.remember("lyon", MARIE, name="Marie Dupont", phone=MOBILE, at=START)
    found = forgetting.traces(world.journal, "Marie.DUPONT@example.fr")
    assert (len(found.contacts), [r.id for r in found.over], found.running) == (1, [record.id], ())
    forgetting.forget(world.journal, MARIE, found, hide=world.parts.sealer.hide)
    after = world.journal.get(record.id)
    left = list(texts(without_files(after.model_dump(mode="json", exclude={"place"}))))
    for word in ("marie", "dupont", MOBILE, "612345678", "06 12 34 56 78", "06.12", "trop cher"):
        assert not [text for text in left if word.casefold() in text.casefold()], word
    assert not forgetting.traces(world.journal, MARIE).any
    # Everything else is as it was: Paul, what was signed, and the names of the files.
    assert after.request is not None
    assert after.request.signatories[1] == paul()
    assert after.request.contacts == {"paul": paul()}
    assert after.signatories[1] == record.signatories[1]
    assert after.key_parts == {
        "version": 1, "ask": "1", "people": [world.parts.sealer.hide(MARIE), world.parts.sealer.hide(PAUL)],
    }  # fmt: skip
    kept_as_it_was = before.keys() - {
        "request", "signatories", "subject", "values", "problems", "key_parts", "extra", "revision", "updated_at",
    }  # fmt: skip
    dumped = after.model_dump(mode="json")
    assert {name: dumped[name] for name in kept_as_it_was} == {name: before[name] for name in kept_as_it_was}
    assert (after.values["other"], after.extra["status_href"]) == (
        record.values["other"],
        record.extra["status_href"],
    )
    assert [name for _, name, _ in world.journal.events(after)][-1] == "forgotten"


def without_files(value: object) -> object:
    """A record without the names of its files, which stay."""
    if isinstance(value, dict):
        files = {"href", "status_href", "other"}
        return {name: without_files(inner) for name, inner in value.items() if name not in files}
    return [without_files(inner) for inner in value] if isinstance(value, list) else value


def test_no_byte_of_the_journals_files_names_them(world: World, path: Path) -> None:
    """Neither free pages nor the write-ahead log keep what was erased; history never held it."""
    record = told_of_marie(world, closed=True)
    for number in range(30):
        record = world.journal.touch(record, word=f"w{number}", subject=record.subject + "x" * number * 50)
    world.journal.intend(record, "show", {"content": f"Marie Dupont {MARIE}"})
    world.journal.remember("lyon", MARIE, name="Marie Dupont", phone=MOBILE, at=START)

    def bytes_of_it() -> bytes:
        return b"".join(file.read_bytes() for file in path.parent.glob("journal.sqlite*"))

    assert MARIE.encode() in bytes_of_it()
    found = forgetting.traces(world.journal, MARIE)
    forgetting.forget(world.journal, MARIE, found, hide=world.parts.sealer.hide)
    assert world.journal.scrub()
    for word in (MARIE, MOBILE, "Marie Dupont", "06 12 34 56 78", "Bonjour Marie"):
        assert word.encode() not in bytes_of_it(), word
        assert json.dumps(word)[1:-1].encode() not in bytes_of_it()


@pytest.mark.usefixtures("path")
def test_a_reader_keeps_the_files_from_being_scrubbed(world: World) -> None:
    """It is said, not waited for: what was erased then leaves the files later."""
    world.journal.remember("lyon", MARIE, name="Marie", at=START)
    with world.journal._reading() as connection:
        connection.exec_driver_sql("BEGIN")  # one that goes on looking, as a backup program does
        connection.exec_driver_sql("SELECT * FROM contact").fetchall()
        world.journal.forget_contact(MARIE)
        assert not world.journal.scrub()
    assert world.journal.scrub()


def test_what_still_needs_a_person_is_told(world: World) -> None:
    """A request that is not over holds them; one that only bears the name of another address does not."""
    told_of_marie(world)
    world.ended((paul(), True), closed=True)
    world.ended((marie(email=f"x{MARIE}"), True), closed=True)
    world.ended((marie(email=f"{MARIE}.example"), True), closed=True)
    found = forgetting.traces(world.journal, MARIE)
    assert (len(found.running), found.over, found.contacts) == (1, (), ())
    assert not forgetting.traces(world.journal, "nobody@example.fr").any


def test_an_address_with_accents_is_found_in_both_forms(world: World) -> None:
    """As people write its domain, and as it travels."""
    for written in ("jo@café.fr", "jo@xn--caf-dma.fr", "JO@Cafe\u0301.fr"):
        world.ended((paul(), True), closed=True, values={"text": f"ask {written}, please"})
    assert len(forgetting.traces(world.journal, "jo@café.fr").over) == 3


@pytest.mark.parametrize("state", [state for state in State if state.ended] + [State.UNCONFIRMED])
def test_a_status_can_still_be_told(world: World, state: State) -> None:
    """Should an ended request be shown once more (unlocked, its PDF replaced): without the person, and it holds."""
    record = told_of_marie(world, closed=True, state=state, reason="", ended_at=START)
    found = forgetting.traces(world.journal, MARIE)
    forgetting.forget(world.journal, MARIE, found, hide=world.parts.sealer.hide)
    after = world.journal.get(record.id)
    told = render_status(after, CONTEXT).text if state is not State.WITHDRAWN else ""
    assert "Marie" not in told
    assert MARIE not in told


def test_codes_are_nobodys_name(world: World) -> None:
    """A family called Send or Lost: what the program itself reads stays what it was."""
    person = marie(first_name="Send", last_name="Lost", name="Send Lost")
    record = world.ended((person, True), closed=True, reason="lost", word="lost", extra={"kind": "send"})
    found = forgetting.traces(world.journal, MARIE)
    forgetting.forget(world.journal, MARIE, found, hide=world.parts.sealer.hide)
    after = world.journal.get(record.id)
    assert (after.reason, after.word, after.extra["kind"]) == ("lost", "lost", "send")


def test_a_name_that_was_never_told_apart(world: World) -> None:
    """Practice software writes DUPONT MARIE: each of its words goes from the texts, a longer word stays."""
    person = marie(first_name="", last_name="", name="DUPONT MARIE LE")
    record = world.ended((person, True), closed=True, subject="Mme Dupont, le dupontel, Marie")
    found = forgetting.traces(world.journal, MARIE)
    forgetting.forget(world.journal, MARIE, found, hide=world.parts.sealer.hide)
    assert world.journal.get(record.id).subject == "Mme […], le dupontel, […]"


def test_forgetting_again_after_a_cut(world: World) -> None:
    """Cut off in the middle, it is simply done again: names are found in what is left."""
    records = [told_of_marie(world, closed=True) for _ in range(2)]
    world.journal.remember("lyon", MARIE, name="Marie Dupont", phone=MOBILE, at=START)
    found = forgetting.traces(world.journal, MARIE)
    half = replace(found, over=found.over[:1])
    with pytest.raises(RuntimeError):
        forgetting.forget(cast(Any, _CutOff(world.journal)), MARIE, half, hide=world.parts.sealer.hide)
    again = forgetting.traces(world.journal, MARIE)
    assert [record.id for record in again.over] == [records[1].id]
    forgetting.forget(world.journal, MARIE, again, hide=world.parts.sealer.hide)
    assert not forgetting.traces(world.journal, MARIE).any


class _CutOff:
    """A journal whose power goes right before the contacts are erased."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def __getattr__(self, name: str) -> Any:
        if name == "forget_contact":
            raise RuntimeError
        return getattr(self._journal, name)


def test_a_person_of_whom_the_name_alone_is_kept_is_found_by_address(world: World) -> None:
    """What faded tells no address any more; who it was is known by what the marker hides."""
    hide = world.parts.sealer.hide
    record = told_of_marie(world, closed=True, ended_at=START)
    world.parts.keep_personal_data = 30 * DAY
    world.now += 31 * DAY
    assert fading.fade(world.parts) == 1
    faded = world.journal.get(record.id)
    assert MARIE not in faded.model_dump_json()
    assert "Marie Dupont" in faded.model_dump_json()
    assert fading.fade(world.parts) == 0
    assert not forgetting.traces(world.journal, MARIE).any
    found = forgetting.traces(world.journal, MARIE, hide=hide)
    assert [each.id for each in found.over] == [record.id]
    forgetting.forget(world.journal, MARIE, found, hide=hide)
    left = list(texts(without_files(world.journal.get(record.id).model_dump(mode="json", exclude={"place"}))))
    assert not [text for text in left if "dupont" in text.casefold()]
    assert not forgetting.traces(world.journal, MARIE, hide=hide).over
