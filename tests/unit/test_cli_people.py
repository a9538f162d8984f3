"""``contacts``, ``forget`` and ``show`` on a real journal: what they print, and what it keeps."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connector.cli.contacts_file import NoPeople, Person, read_people
from connector.cli.show import gather
from connector.cli.show_text import MEANING, lines
from connector.journal import Journal
from connector.lifecycle import DocumentFacts, Event, Record, SignatoryFacts, State
from connector.marks import Sealer
from connector.sidecar.model import (
    Action,
    Corner,
    Length,
    Order,
    Placement,
    Signatory,
    SignatureRequest,
    Verb,
)
from tests.unit.test_cli import GOOD, Called

MARIE, MOBILE = "marie.dupont@example.fr", "+33612345678"
LONG_AGO = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
CONFIG = GOOD.replace(
    "accounts: {lyon:", "accounts: {annecy: {sender: Cabinet Annecy, owner: chef@annecy.example}, lyon:"
).replace(
    "folders: {",
    "folders: {bilans: {server: dms, path: /Bilans/, account: annecy, policy: {remember_contacts: 0d}}, ",
)


class Place:
    """A configuration, a state directory with a journal, and the commands on both."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.directory, self._capsys = directory, capsys
        self.now = datetime.now(UTC)
        (directory / "config.yaml").write_text(CONFIG)
        (directory / "state" / "journal").mkdir(parents=True)
        url = f"sqlite:///{directory / 'state' / 'journal' / 'journal.sqlite'}"
        self.journal = Journal(url, now=lambda: self.now)

    def call(self, *arguments: object) -> Called:
        options = ("--config", self.directory / "config.yaml", "--state", self.directory / "state")
        return Called(self._capsys, *arguments, *options)

    def file(self, content: str | bytes, name: str = "clients.csv") -> Path:
        path = self.directory / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def contacts(self) -> dict[str, str]:
        return {contact.email: contact.phone for contact in self.journal.contacts("lyon")}


@pytest.fixture
def place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Place]:
    place = Place(tmp_path, capsys)
    yield place
    place.journal.close()


# --------------------------------------------------------------------------------------------------
# The file of people


def people(content: str | bytes) -> list[Person]:
    file = read_people(content.encode() if isinstance(content, str) else content)
    return [person for line in range(len(file)) for person in file.people(line)]


HEADER = "E-mail;Prénom;Nom;Téléphone\n"
ROW = f"{MARIE};Marie;DUPONT;06 12 34 56 78\n"
WRITTEN = {
    "semicolons": HEADER + ROW,
    "commas": (HEADER + ROW).replace(";", ","),
    "tabs": (HEADER + ROW).replace(";", "\t"),
    "a comma in a cell": f'courriel,nom,mobile\n{MARIE},"DUPONT, Marie",06 12 34 56 78\n',
    "other names, other order": f"Portable;Adresse mail;NOM;prenom\n0612345678;{MARIE};DUPONT;Marie\n",
    "english": f"first name,last name,mobile,email\nMarie,DUPONT,0612345678,{MARIE}\n",
    "a title above, rows without anything": f"Clients au 2 mars;;;\n;;;\n{HEADER};;;\n{ROW}\n;;;\n",
    "quotes and old line ends": f'"E-mail";"Prénom";"Nom";"Téléphone"\r"{MARIE}";"Marie";"DUPONT";"06 12 34 56 78"\r',
    "a cell of two lines": f'note;E-mail;Prénom;Nom;Téléphone\r\n"a\r\nb;c";{ROW}',
    "the zero that Excel ate": f"{HEADER}{MARIE};Marie;DUPONT;612345678\n",
    "a number cell": f"{HEADER}{MARIE};Marie;DUPONT;612345678.0\n",
    "a trick against Excel": f'{HEADER}{MARIE};Marie;DUPONT;"=""0612345678"""\n',
    "no-break spaces": f"{HEADER}{MARIE}\u00a0;Marie;DUPONT;06\u202f12\u202f34\u202f56\u202f78\n",
    "one cell for the person": f"Signataire\nMarie DUPONT <{MARIE}> 06 12 34 56 78\n",
    "the second person of a line": f"e-mail;e-mail 2;prénom 2;nom 2;tél. 2\n;{ROW}",
}
ENCODINGS = ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"]


@pytest.mark.parametrize("content", WRITTEN.values(), ids=WRITTEN)
def test_the_ways_a_list_is_written(content: str) -> None:
    """Whatever separates, names and orders its columns, the same person is read."""
    read = people(content)
    assert [(p.email, p.first_name, p.last_name, p.name, p.phone, p.problems) for p in read] == [
        (MARIE, "Marie", "DUPONT", "Marie DUPONT", MOBILE, ())
    ]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_encodings_of_a_list(encoding: str) -> None:
    read = people(f"E-mail;Prénom;Nom;Téléphone\n{MARIE};Hélène;NOËL;0612345678\n".encode(encoding))
    assert [person.name for person in read] == ["Hélène NOËL"]


BAD = {
    ";Marie;DUPONT;0612345678": "An e-mail is missing for Marie DUPONT",
    "marie;Marie;DUPONT;0612345678": "“marie” is not an e-mail address for Marie DUPONT",
    f"{MARIE};Marie;DUPONT;04 78 12 34 56": "04 78 12 34 56 is a fixed line",
    f"{MARIE};Marie;DUPONT;3,36E+10": "Excel",
    f"{MARIE};Marie;DUPONT;06 12 34 56": "lacks digits for Marie DUPONT",
    f"{MARIE};Marie;DUPONT;0612345678 / 0698765432": "two numbers",
    f"{MARIE};HÃ©lÃ¨ne;DUPONT;0612345678": "The accents cannot be read in the name “HÃ©lÃ¨ne”",
    f"{MARIE};Marie 2;DUPONT;0612345678": "digits are left beside the name",
    f"{MARIE};;;": "A name is missing",
}


@pytest.mark.parametrize(("row", "told"), BAD.items(), ids=BAD)
def test_a_bad_line_has_its_reason(row: str, told: str) -> None:
    """With the words that an author would read; the line is the file's own."""
    (person,) = people(f"title\n{HEADER}{row}\n")
    assert person.line == 3
    assert any(told.casefold() in sentence.casefold() for sentence in person.problems), person.problems


def test_every_reason_of_a_line() -> None:
    """Not the first one only."""
    (person,) = people(f"{HEADER}marie;Ma2rie;DUPONT;04 78 12 34 56\n")
    assert len(person.problems) == 3


def test_what_a_contact_may_lack() -> None:
    """A name without a number completes a request that gives the number, and the reverse."""
    read = people(f"{HEADER}{MARIE};Marie;DUPONT;\n{MARIE};;;0612345678\nsignataire\n")
    assert [(person.name, person.phone) for person in read[:2]] == [("Marie DUPONT", ""), ("", MOBILE)]
    assert [person.problems for person in read[:2]] == [(), ()]
    (only,) = people(f"signataire\nMarie Dupont <{MARIE}>\n")
    assert (only.name, only.phone, only.problems) == ("Marie Dupont", "", ())


NO_LIST = {
    "": "no header",
    "Marie;0612345678\n": "no header",
    "nom;e-mail;courriel\n": "two columns mean the same: courriel, e-mail",
    f'{HEADER}{MARIE};"Marie;x\n' + "y" * 200_000: "line 2 cannot be read",
}


@pytest.mark.parametrize(("content", "told"), NO_LIST.items(), ids=range(len(NO_LIST)))
def test_what_is_no_list_at_all(content: str, told: str) -> None:
    with pytest.raises(NoPeople, match=told):
        read_people(content.encode())


# --------------------------------------------------------------------------------------------------
# contacts import


def test_a_good_file_is_imported(place: Place) -> None:
    """Without a question; what it changes is counted, columns that mean nothing are named."""
    place.journal.remember("lyon", MARIE, name="Marie DUPONT", phone="+33698765432", at=LONG_AGO)
    place.journal.remember("lyon", "c@example.fr", name="Claire Blanc", phone=MOBILE, at=LONG_AGO)
    file = place.file(
        f"Code;{HEADER}1;{ROW}2;paul@example.fr;Paul;MARTIN;\n3;c@example.fr;Claire;Blanc;0612345678\n"
    )
    called = place.call("contacts", "import", file, "--account", "lyon")
    assert called.status == 0, called.err
    assert (
        "3 people can be used (1 new, 1 with another name or number, 1 known as they are), 0 lines cannot"
        in called.out
    )
    assert "1 of them without a mobile" in called.out
    assert "columns not used: Code" in called.out
    assert "Imported for account lyon: 3 contacts." in called.out
    assert "No call to the contacts on Jesignexpert itself is known" in called.out
    assert place.contacts() == {MARIE: MOBILE, "paul@example.fr": "", "c@example.fr": MOBILE}
    assert place.journal.contacts("annecy") == []
    used = place.journal.contacts("lyon")[0].used_at
    assert abs(used - datetime.now(UTC)) < timedelta(minutes=1)


MIXED = HEADER + ROW + "x;X;Y;0612345670\n" + f"{MARIE.upper()};Marie;DUPONT;0698765432\n" + ROW


def test_bad_lines_hold_the_file_until_a_yes(place: Place) -> None:
    """Each is told; nothing is kept of any line before somebody decides; the status stays 1 all the same."""
    file = place.file(MIXED)
    called = place.call("contacts", "import", file, "--account", "lyon")
    assert called.status == 1
    assert "line 3: “x” is not an e-mail address" in called.out
    assert "line 4: The address of line 2 again, with another name or number: keep one." in called.out
    assert "1 person can be used" in called.out
    assert "2 lines cannot" in called.out
    assert "add --yes to import the 1 person" in called.out
    assert place.contacts() == {}
    called = place.call("contacts", "import", file, "--account", "lyon", "--yes")
    assert (called.status, place.contacts()) == (1, {MARIE: MOBILE})
    assert "Traceback" not in called.err


@pytest.mark.parametrize(("answer", "kept"), [("y\n", {MARIE: MOBILE}), ("n\n", {})])
def test_a_person_is_asked(
    place: Place, monkeypatch: pytest.MonkeyPatch, answer: str, kept: dict[str, str]
) -> None:
    """At a terminal the good lines wait for a word."""
    terminal = io.StringIO(answer)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    called = place.call("contacts", "import", place.file(MIXED), "--account", "lyon")
    assert (called.status, place.contacts()) == (1, kept)
    assert "Import the 1 person that can be used?" in called.out


def test_a_dry_run_keeps_nothing(place: Place) -> None:
    called = place.call(
        "contacts", "import", place.file(HEADER + ROW), "--account", "lyon", "--dry-run", "--yes"
    )
    assert (called.status, place.contacts()) == (0, {})
    assert "1 person can be used (1 new" in called.out
    assert "Nothing was imported." in called.out


def test_a_long_file_shows_how_far_it_is(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a terminal, and there only."""
    rows = "".join(f"p{number}@example.fr;P;N{chr(97 + number % 26)};\n" for number in range(300))
    file = place.file(HEADER + rows)
    assert "reading" not in place.call("contacts", "import", file, "--account", "lyon", "--dry-run").err
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)
    assert place.call("contacts", "import", file, "--account", "lyon").status == 0
    assert "reading" in terminal.getvalue()
    assert "100%" in terminal.getvalue()
    assert len(place.contacts()) == 300


def test_what_cannot_be_imported_at_all(place: Place) -> None:
    """An account that is not there, one whose folders use no contacts, a file that is none, no journal."""
    file = place.file(HEADER + ROW)
    for arguments, status, told in (
        ((file, "--account", "lion"), 2, 'no account "lion". Known: annecy, lyon.'),
        ((file, "--account", "annecy"), 2, "no folder of account annecy uses contacts"),
        ((file,), 2, "--account"),
        ((file.parent / "none.csv", "--account", "lyon"), 2, "does not exist"),
        ((file.parent, "--account", "lyon"), 1, "Is a directory"),
        ((place.file("a;b\n", "other.csv"), "--account", "lyon"), 1, "no header"),
    ):
        called = place.call("contacts", "import", *arguments)
        assert (called.status, told in called.err) == (status, True), called.err
    place.journal.close()
    for path in (place.directory / "state" / "journal").iterdir():
        path.unlink()
    called = place.call("contacts", "import", file, "--account", "lyon")
    assert (called.status, "no journal" in called.err) == (1, True)


# --------------------------------------------------------------------------------------------------
# contacts list


def test_contacts_are_masked_unless_names_are_asked_for(place: Place) -> None:
    assert place.call("contacts", "list").out == "no contacts\n"
    place.journal.remember("lyon", MARIE, name="Marie Dupont", phone=MOBILE, at=LONG_AGO)
    place.journal.remember("annecy", "p@example.fr", name="\x1b[31mPaul", at=LONG_AGO)
    masked = place.call("contacts", "list").out
    for word in ("marie", "dupont", "example", "paul", MOBILE, "612345"):
        assert word not in masked.casefold()
    assert "02 Mar 2026" in masked
    full = place.call("contacts", "list", "--names").out
    assert f"lyon     {MARIE}  {MOBILE}  Marie Dupont" in full
    assert "\x1b" not in full
    assert "2 contacts" in full
    assert "Paul" not in place.call("contacts", "list", "--names", "--account", "lyon").out
    assert place.call("contacts", "list", "--account", "lion").status == 2


# --------------------------------------------------------------------------------------------------
# forget


def request(**changes: Any) -> SignatureRequest:
    marie = Signatory(
        email=MARIE, first_name="Marie", last_name="Dupont", name="Marie Dupont", phone=MOBILE,
        phone_written="06 12 34 56 78", origin="../_signature.yaml", level="simple",
        filled={"phone": "known", "name": "contact marie"}, known_since=LONG_AGO,
        placements=(
            Placement(near="Signature de Marie", origin="../_signature.yaml"),
            Placement(page=-1, corner=Corner.TOP_LEFT),
            Placement(page=2, x=Length(value=10, unit="pt"), y=Length(value=9, unit="%"), document="Lettre DUPONT.pdf"),
        ),
    )  # fmt: skip
    basic = {
        "signatories": (marie,), "order": Order.SEQUENTIAL, "requester": "Claire Bernard", "born_of": "list",
        "origins": {"subject": "../_signature.yaml"}, "message": "Bonjour Marie",
        "action": Action(verb=Verb.REMIND, wording="remind marie"),
    }  # fmt: skip
    return SignatureRequest(**{**basic, **changes})


def delivered(world: Place, **changes: Any) -> Record:
    """A request of long ago, with everything that can be told of one."""
    at = LONG_AGO + timedelta(days=1)
    document = DocumentFacts(
        href="/Lettres/Lettre DUPONT.pdf", sha256="d" * 64, size=1234, pages=2, signed_sha256="e" * 64,
        signed_size=2345, signed_pages=2, signatures=1, delivered_href="/Lettres/Lettre DUPONT.pdf",
        original_href="/Lettres/Lettre DUPONT (original).pdf", changed_at=at,
        boxes=({"signatory": 1, "page": 2, "x": 60.5, "y": 700, "page_width": 595, "page_height": 842},),
    )  # fmt: skip
    annex = DocumentFacts(
        rank=2, role="annex", href="/Lettres/Annexe DUPONT.jpg", sha256="a" * 64, sent_sha256="b" * 64, size=99,
        signed_sha256="c" * 64, delivered_href="/Lettres/Lettre DUPONT - Annexe (signé).pdf", beside="annex",
        differences={"pages": "x"},
    )  # fmt: skip
    facts = SignatoryFacts(
        order=1, email=MARIE, name="Marie Dupont", phone=MOBILE, progress="signed", word="SIGNED",
        invited_at=LONG_AGO, reminded_at=(at,), signed_at=at,
    )  # fmt: skip
    before, world.now = world.now, LONG_AGO
    fields: dict[str, Any] = {
        "state": State.IN_PROGRESS, "folder": "letters", "server": "dms", "account": "lyon", "ref": "7F3K2Q",
        "place": "/Lettres/Lettre DUPONT.sign.yaml", "document": document, "more": (annex,), "request": request(),
        "signatories": (facts,), "transaction": "T-1", "key": "f" * 64, "sidecar_sha256": "5" * 64,
        "subject": "Lettre de mission DUPONT", "sent_at": LONG_AGO, "accepted_at": LONG_AGO, "expires_at": at,
        "obeyed": ("remind marie", "not sent"), "ask": "restart pour Marie",
        "extra": {"sent_mark": True, "kind": "send", "message": "Bonjour Marie"},
        "key_parts": {"emails": [MARIE]}, "closed": True,
        **changes,
    }  # fmt: skip
    record = world.journal.add(**fields)
    if "state" not in changes:
        url = "https://sign.example/s/secret-link"
        world.journal.note(
            record, "not_answered", data={"error": f"{url} {MARIE} {MOBILE}", "sha256": "9" * 64}
        )
        record = world.journal.fact(world.journal.get(record.id), Event.SIGNED, signed_at=at)
        record = world.journal.fact(record, Event.DELIVERED, delivered_at=at, ended_at=at)
    world.now = before
    return record


def test_forget_asks_and_erases(place: Place) -> None:
    """Dry run, question, erasure; afterwards nothing is known of the address, and a copy is still known as one."""
    record = delivered(place)
    place.journal.remember("lyon", MARIE, name="Marie Dupont", phone=MOBILE, at=LONG_AGO)
    before = place.journal.get(record.id)
    dry = place.call("forget", MARIE.upper(), "--dry-run")
    assert dry.status == 0
    assert "contact of account lyon, last used 02 Mar 2026" in dry.out
    assert "7F3K2Q  over (delivered)  letters  02 Mar 2026" in dry.out
    assert "Not reached from here, because others" in dry.out
    assert place.journal.get(record.id) == before
    asked = place.call("forget", MARIE)
    assert (asked.status, "add --yes" in asked.err) == (2, True)
    assert place.journal.get(record.id) == before
    # A service that was killed while it wrote an overview left its text.
    place.journal.intend_overview("lyon", "/Lettres/_Suivi des signatures.txt", "attend Marie", "a" * 64)
    done = place.call("forget", MARIE, "--yes")
    assert done.status == 0, done.err
    assert [each.intended for each in place.journal.overviews("lyon", "/").values()] == [""]
    assert "Erased." in done.out
    after = place.journal.get(record.id)
    sealer = Sealer((place.directory / "state" / "keys" / "seal").read_text().strip().encode())
    assert after.key_parts == {"people": [sealer.hide(MARIE)]}
    assert after.signatories[0].email == ""
    assert after.document == before.document
    assert place.contacts() == {}
    again = place.call("forget", MARIE, "--yes")
    assert again.status == 0
    assert again.out.startswith("nothing is known of this address.\n")
    # Nobody has been in the folder yet: the service is not running.
    assert "Still to be put right in the folders" in again.out
    assert "letters (1)" in again.out
    shown = place.call("show", "7F3K2Q", "--names").out
    assert "forgotten" in shown
    orders = [line for line in shown.splitlines() if line.startswith(("ask ", "orders "))]
    assert orders == ["ask         restart pour Marie", "orders      remind marie, not sent"]
    for word in (MARIE, MOBILE, "Marie"):
        assert word not in "\n".join(line for line in shown.splitlines() if line not in orders)


@pytest.mark.parametrize(
    ("state", "cure"),
    [
        (State.IN_PROGRESS, "let it end, or have it cancelled, first"),
        (
            State.DRAFT,
            "nobody was invited: delete it on the site of Jesignexpert, or  jse-connector cancel 7F3K2Q",
        ),
        (State.REJECTED, "take its file out of the folder first"),
        (State.DELIVERED, "is being closed: try again in a minute"),
    ],
)
def test_forget_waits_for_what_needs_the_person(place: Place, state: State, cure: str) -> None:
    """An open request is refused by name, and nothing at all is erased, the contact neither."""
    record = delivered(place, state=state, closed=False)
    place.journal.remember("lyon", MARIE, name="Marie", phone=MOBILE, at=LONG_AGO)
    called = place.call("forget", MARIE, "--yes")
    assert called.status == 1
    assert f"7F3K2Q  {state.value}  letters  {cure}" in called.out
    assert "nothing was erased" in called.err
    assert (place.journal.get(record.id), place.contacts()) == (record, {MARIE: MOBILE})


def test_forget_wants_an_address(place: Place) -> None:
    """A name or a number is nobody's alone."""
    for text in ("Marie Dupont", "@example.fr", MOBILE, f"{MARIE}, paul@example.fr"):
        assert place.call("forget", text).status == 2


def test_forget_knows_an_address_as_a_mail_program_shows_it(place: Place) -> None:
    """Nobody hears that nothing is known of a person who is, for having pasted more than the address."""
    delivered(place)
    link = f"mailto:{MARIE}?subject=Lettre%20de%20mission&cc=paul@example.fr"
    for text in (
        f"Marie Dupont <{MARIE}>",
        f"mailto:{MARIE}",
        f" {MARIE} ",
        f"<{MARIE}>",
        link,
        f"`{MARIE}`",
    ):
        called = place.call("forget", text, "--dry-run")
        assert (called.status, "7F3K2Q  over (delivered)" in called.out) == (0, True), text


# --------------------------------------------------------------------------------------------------
# show

PERSONAL = ("marie", "dupont", "claire", "bernard", MOBILE, "612345678", "06 12", "@", "secret-link", "bonjour",
            "lettres/", ".pdf", ".jpg", "_signature.yaml", "sign.yaml", "mission")  # fmt: skip

TOLD = ("d" * 64, "e" * 64, "b" * 64, "c" * 64, "9" * 64, "5" * 64, "T-1", "f" * 64 + ".sent", "folder settings",
        "an earlier request", "contact", "remind", "not sent", "simple", "moved aside", "annex",
        "1234")  # fmt: skip


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_show_tells_nothing_personal_by_itself(place: Place, form: list[str]) -> None:
    """No name, address, number, text, link or file; hashes, times, states, places and sources all the same."""
    delivered(place)
    called = place.call("show", "7f3k2q", *form)
    assert called.status == 0, called.err
    for word in PERSONAL:
        assert word not in called.out.casefold(), word
    for word in TOLD:
        assert word in called.out, word


def test_show_tells_everything_when_asked(place: Place) -> None:
    """Who asked, from which file, when, to whom, from where each value came, what came back and where it lies."""
    delivered(place)
    told = place.call("show", "7F3K2Q", "--names").out
    for line in (
        "7F3K2Q  delivered: signed, and put back as a new version of the file",
        "folder      letters on dms, account lyon",
        "asked       /Lettres/Lettre DUPONT.sign.yaml  written for a row of a list  first seen 02 Mar 2026 10:00:00",
        "by          Claire Bernard",
        "inherited   subject (../_signature.yaml)",
        "ask         restart pour Marie",
        "orders      remind marie, not sent",
        "sent        02 Mar 2026 10:00:00  sequential",
        "subject     Lettre de mission DUPONT",
        "transaction T-1",
        f"marker      {'f' * 64}.sent",
        "document 1  /Lettres/Lettre DUPONT.pdf  1234 bytes, 2 pages",
        "            signatory 1 signs on page 2, 60 pt from the left, 700 pt from the top",
        "returned    2345 bytes, 2 pages  1 signatures",
        "delivered   new version of the same file  /Lettres/Lettre DUPONT.pdf  on 03 Mar 2026 10:00:00",
        "original    moved aside  /Lettres/Lettre DUPONT (original).pdf",
        "annex 2     /Lettres/Annexe DUPONT.jpg  99 bytes",
        f"            sent sha256 {'b' * 64} (the PDF made of an image)",
        "            not as expected: pages",
        "delivered   beside (annex)  /Lettres/Lettre DUPONT - Annexe (signé).pdf",
        f"signatory 1 Marie Dupont  {MARIE}  {MOBILE}  simple",
        "            written in ../_signature.yaml",
        "            name taken from contact marie",
        "            phone taken from an earlier request  of 02 Mar 2026 10:00:00",
        "            asked to sign near “Signature de Marie” (written in ../_signature.yaml)",
        "            asked to sign on the last page in the corner top left (written in the request)",
        "            asked to sign on page 2 at a position (written in the request)",
        "            invited 02 Mar 2026 10:00:00, reminded 03 Mar 2026 10:00:00, signed 03 Mar 2026 10:00:00",
    ):  # fmt: skip
        assert any(shown.startswith(line) for shown in told.splitlines()), line
    assert "delivered           -> delivered" in told
    assert "secret-link" not in told, "history is redacted for everybody"


def test_show_for_programs(place: Place) -> None:
    """A form that says which it is; times in UTC; every document with its own fate."""
    delivered(place)
    told = json.loads(place.call("show", "7F3K2Q", "--json", "--names").out)
    assert (told["format"], told["names"], told["state"]) == (1, True, "delivered")
    assert told["asked"]["first_seen_at"] == "2026-03-02T09:00:00+00:00"
    assert [document["rank"] for document in told["documents"]] == [1, 2]
    assert told["documents"][1]["delivered"]["how"] == "beside"
    assert told["documents"][1]["returned"]["differences"] == ["pages"]
    assert told["signatories"][0]["taken_from"] == {"phone": "an earlier request", "name": "contact marie"}
    assert [event["event"] for event in told["events"]] == ["added", "not_answered", "signed", "delivered"]


def test_show_after_three_years(place: Place) -> None:
    """It answers as on the first day, and names the later requests of the same place."""
    delivered(place)
    later = delivered(place, state=State.WAITING, closed=False, ref="ABC234")
    place.now = LONG_AGO + timedelta(days=3 * 366)
    told = place.call("show", "7F3K2Q")
    assert (told.status, "also        at the same place: ABC234" in told.out) == (0, True)
    assert later.ref in place.call("show", "abc234").out
    missing = place.call("show", "ZZZZZZ")
    assert (missing.status, "no request ZZZZZZ" in missing.err) == (1, True)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("request_", [None, request()], ids=["unread", "read"])
def test_every_state_has_words(place: Place, state: State, request_: SignatureRequest | None) -> None:
    """For a record that holds next to nothing too: an adopted one, one that could not be read."""
    record = place.journal.add(
        state=state, folder="gone", server="dms", account="x", place="", document=DocumentFacts(href=""),
        request=request_, problems=({"code": "phone_missing", "line": 3, "values": {"who": "Marie"}, "cure": None},),
    )  # fmt: skip
    told = gather(record, place.journal.events(record), names=False)
    text = "\n".join(lines(told, PARIS))
    assert MEANING[state] in text
    assert "phone_missing (line 3)" in text
    assert "Marie" not in text + json.dumps(told)


def test_show_obeys_no_terminal_sign(place: Place) -> None:
    """A file's name may hold what a terminal acts on, or bytes that are no text at all."""
    delivered(place, place="/Lettres/\x1b]0;x\x07caf\udce9.sign.yaml", ref="ABC234")
    for form in ([], ["--json"]):
        called = place.call("show", "ABC234", "--names", *form)
        assert called.status == 0
        assert "\x1b" not in called.out
