"""Markers as bytes: whole, torn, foreign, and nothing of anybody's in clear."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector import marks
from connector.marks import Done, Further, Owner, Reading, Sealer, Sent

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OURS = Sealer(b"our seal key of enough bytes")
THEIRS = Sealer(b"another firm's key of bytes!")
PLACE, DOCUMENT = "/Cabinet/Lettres de mission/Dupont.sign.yaml", "/Cabinet/Lettres de mission/Dupont.pdf"
ANNEX = "/Cabinet/Lettres de mission/Tarifs.jpg"
PEOPLE = ("marie.dupont@cabinet.fr", "claire.bernard@cabinet.fr")
SENT = Sent(
    kind="send",
    key="a" * 64,
    ref="ABC234",
    transaction="T-1",
    account="lyon",
    folder="lettres",
    connector="host-1",
    journal="0123456789abcdef",
    nonce="fedcba9876543210",
    carried="c" * 64,
    ask="restart 2",
    obeyed=("restart", "restart 2"),
    documents=(("document", "d" * 64), ("annex", "e" * 64)),
    people=tuple(OURS.hide(person) for person in PEOPLE),
    pages=4,
    pages_digest="f" * 64,
    size=12_345,
    sidecar_sha256="1" * 64,
    sidecar_file_id="00000012",
    document_file_id="00000011",
    place=OURS.hide(PLACE),
    document=OURS.hide(DOCUMENT),
    further=(
        Further(
            rank=2,
            role="annex",
            sha256="e" * 64,
            sent_sha256="9" * 64,
            size=6_789,
            pages=1,
            pages_digest="8" * 64,
            file_id="00000013",
            place=OURS.hide(ANNEX),
        ),
    ),
    made_at=NOW,
)
DONE = Done(
    key="a" * 64,
    transaction="T-1",
    state="delivered",
    signed_sha256="2" * 64,
    further_signed=("3" * 64, None),
    ended_at=NOW,
    connector="host-1",
)
OWNER = Owner(connector="host-1", since=NOW)
EVERY = pytest.mark.parametrize("mark", [SENT, DONE, OWNER], ids=lambda mark: type(mark).__name__)


def sealed(line: bytes, sealer: Sealer = OURS) -> bytes:
    """Any line with a seal that fits, as only the holder of the key could write it."""
    return line + b"\nseal " + sealer.seal(line).encode() + b"\n"


@EVERY
def test_what_was_written_is_read_back(mark: Sent | Done | Owner) -> None:
    """A mark with its seal is whole and gives back every field, times in UTC included."""
    assert marks.read(marks.write(mark, OURS), OURS) == (Reading.WHOLE, mark)


@EVERY
def test_the_same_mark_is_the_same_bytes(mark: Sent | Done | Owner) -> None:
    """Torn writes are recognised by their beginning: the bytes depend on the mark and the key alone."""
    assert marks.write(mark, OURS) == marks.write(mark.model_copy(deep=True), Sealer(OURS.key))


AS_WRITTEN = b'{"by":"jse-connector","kind":"owner","mark":{"connector":"h\\u00f4te-1","since":"2026-03-02T09:00:00Z"}}'


def test_the_bytes_are_those_of_earlier_releases() -> None:
    """Markers stand for years in other people's folders: their form, their seal and what hides a name never change."""
    key = b"sixteen bytes ok"
    seal = hmac.new(key, b"seal\0" + AS_WRITTEN, hashlib.sha256).hexdigest().encode()
    ours = Sealer(key)
    assert marks.write(Owner(connector="hôte-1", since=NOW), ours) == AS_WRITTEN + b"\nseal " + seal + b"\n"
    assert ours.hide(PLACE) == hmac.new(key, b"hide\0" + PLACE.encode(), hashlib.sha256).hexdigest()


@EVERY
def test_another_key_makes_it_foreign(mark: Sent | Done | Owner) -> None:
    """Another firm's seal is never whole; only an owner's name is given back, since it must be told."""
    reading, read = marks.read(marks.write(mark, THEIRS), OURS)
    assert reading is Reading.FOREIGN
    assert read == (mark if isinstance(mark, Owner) else None)


@EVERY
def test_a_beginning_is_never_whole(mark: Sent | Done | Owner) -> None:
    """Broken off after any byte, a mark is torn, and known as the beginning of the whole one."""
    whole = marks.write(mark, OURS)
    for length in range(len(whole)):
        torn = whole[:length]
        assert marks.read(torn, OURS) == (Reading.EMPTY_OR_TORN, None), length
        assert marks.is_torn_of(torn, whole), length


@EVERY
def test_one_changed_byte_is_never_whole(mark: Sent | Done | Owner) -> None:
    """Whatever byte is changed, the seal fits no more."""
    whole = marks.write(mark, OURS)
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 0x01
        assert marks.read(bytes(changed), OURS)[0] is not Reading.WHOLE, place


def test_more_behind_the_seal_is_not_whole() -> None:
    """A mark that goes on after its end is not the one that was sealed."""
    whole = marks.write(SENT, OURS)
    for more in (b" ", b"\n", b"x\n", whole):
        assert marks.read(whole + more, OURS)[0] is not Reading.WHOLE, more


def test_marks_of_one_document_as_earlier_releases_wrote_them() -> None:
    """They say nothing of further documents, and are as whole as ever."""
    for mark, new in ((SENT, "further"), (DONE, "further_signed")):
        payload = json.loads(marks.write(mark, OURS).split(b"\n")[0])
        del payload["mark"][new]
        payload["mark"].pop("sent_sha256", None)
        line = json.dumps(payload, sort_keys=True, separators=(",", ":")).encode()
        assert marks.read(sealed(line), OURS) == (Reading.WHOLE, mark.model_copy(update={new: ()}))


def test_what_an_older_mark_does_not_say_is_not_known() -> None:
    """Of the fields that a mark can do without, none is made up."""
    of_old: dict[str, Any] = {
        "kind": "send", "key": "a" * 64, "ref": "ABC234", "transaction": "T-1", "account": "lyon",
        "folder": "lettres", "connector": "host-1", "journal": "0" * 16, "nonce": "1" * 16, "carried": "c" * 64,
        "ask": "1", "documents": [], "people": [], "place": "2" * 64, "document": "3" * 64, "made_at": NOW,
    }  # fmt: skip
    for mark, lists in (
        (Sent.model_validate(of_old), {"obeyed", "further"}),
        (
            Done(key="a" * 64, transaction="T-1", state="lost", ended_at=NOW, connector="h"),
            {"further_signed"},
        ),
        (Further(rank=2, role="annex", sha256="e" * 64, place="4" * 64), set()),
    ):
        known = dict(mark)
        unsaid = known.keys() - mark.model_fields_set
        assert {name: known[name] for name in unsaid - lists} == dict.fromkeys(unsaid - lists)
        assert {name: known[name] for name in lists} == dict.fromkeys(lists, ())


def test_marks_bear_the_names_that_they_always_bore() -> None:
    """A name that changed would let every request that is out look as if it had never been marked."""
    assert (marks.SENT_SUFFIX, marks.DONE_SUFFIX) == (".sent", ".done")


def test_a_mark_does_not_pass_for_another_one() -> None:
    """The kind stands inside what is sealed: an end does not become a launch by renaming it."""
    line = marks.write(DONE, OURS).split(b"\n")[0].replace(b'"kind":"done"', b'"kind":"sent"')
    assert marks.read(sealed(line), OURS) == (Reading.FOREIGN, None)


FORGED = {
    "no JSON": b"{",
    "a list": b"[]",
    "a number": b"1",
    "nothing": b"null",
    "no kind": b'{"mark":{}}',
    "unknown kind": b'{"kind":"key","mark":{}}',
    "kind is a list": b'{"kind":[],"mark":{}}',
    "no mark": b'{"kind":"owner"}',
    "empty mark": b'{"kind":"owner","mark":{}}',
    "a field too many": b'{"kind":"owner","mark":{"connector":"x","since":"2026-03-02T09:00:00Z","more":1}}',
    "not UTF-8": b'{"kind":"\xff"}',
    "very deep": b"[" * 100_000,
    "a huge number": b'{"kind":"owner","mark":' + b"9" * 5_000 + b"}",
    "empty": b"",
}


@pytest.mark.parametrize("line", list(FORGED.values()), ids=list(FORGED))
def test_forged_content_is_foreign(line: bytes) -> None:
    """What is no mark is foreign even under a seal that fits, and raises nothing."""
    assert marks.read(sealed(line), OURS) == (Reading.FOREIGN, None)


def test_a_forged_owner_under_a_foreign_seal_only_tells_its_name() -> None:
    """An owner file that anybody could have typed is told, never taken for ours."""
    line = json.dumps({"kind": "owner", "mark": {"connector": "host-1", "since": NOW.isoformat()}}).encode()
    reading, mark = marks.read(line + b"\nseal " + b"0" * 64 + b"\n", OURS)
    assert reading is Reading.FOREIGN
    assert mark == OWNER


def test_a_foreign_owner_is_fit_to_be_told() -> None:
    """Its name goes into logs and onto terminals: short, and nothing in it that these would obey."""
    forged = Owner(connector="x\n<0>root\x1b[2J\u202e" + "y" * 9000, since=NOW)
    read = marks.read(marks.write(forged, THEIRS), OURS)[1]
    assert isinstance(read, Owner)
    assert read.connector.startswith("x?<0>root?[2J?yyy")
    assert len(read.connector) == 60


def test_a_seal_that_is_no_text_is_foreign() -> None:
    """Bytes beyond ASCII where the seal should stand are another seal, no error."""
    line = marks.write(SENT, OURS).split(b"\n")[0]
    assert marks.read(line + b"\nseal \xff\xe9\n", OURS) == (Reading.FOREIGN, None)


def test_torn_of_is_about_proper_beginnings_only() -> None:
    """The whole is not torn, another text is not ours, and nothing at all is the shortest beginning."""
    assert marks.is_torn_of(b"", b"abc")
    assert marks.is_torn_of(b"ab", b"abc")
    assert not marks.is_torn_of(b"abc", b"abc")
    assert not marks.is_torn_of(b"abcd", b"abc")
    assert not marks.is_torn_of(b"b", b"abc")
    assert not marks.is_torn_of(b"", b"")


def test_nothing_of_anybody_stands_in_clear() -> None:
    """No address, no name of a file or folder and no part of one can be read in the bytes."""
    data = marks.write(SENT, OURS)
    clear = [
        *PEOPLE,
        "marie",
        "dupont",
        "cabinet.fr",
        PLACE,
        DOCUMENT,
        ANNEX,
        "Lettres de mission",
        "Dupont",
        ".pdf",
    ]
    assert [text for text in clear if text.lower().encode() in data.lower()] == []
    assert data.isascii()


def test_hidden_values_are_recognised_by_their_own_key_only() -> None:
    """The same value under the same key is the same hash; a plain hash of it, or another key's, is not."""
    assert OURS.hide(PLACE) == Sealer(OURS.key).hide(PLACE)
    assert OURS.hide(PLACE) != THEIRS.hide(PLACE)
    assert OURS.hide(PLACE) != OURS.seal(PLACE.encode())
    assert OURS.hide("a\udcff") != OURS.hide("a")


def test_the_key_is_never_shown() -> None:
    """A sealer in a log line or traceback shows nothing; a key that is too short is refused."""
    assert "seal key" not in repr(OURS) + str(OURS)
    with pytest.raises(ValueError, match="at least 16 bytes"):
        Sealer(b"fifteen bytes..")


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    """Whatever stands in a marker's place has a reading, and is whole never by chance."""
    reading, mark = marks.read(data, OURS)
    assert reading in {Reading.EMPTY_OR_TORN, Reading.FOREIGN}
    assert mark is None


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.sampled_from(["sent", "done", "owner", "other"]) | JSON, JSON, st.booleans())
def test_any_json_is_read_without_an_error(kind: Any, mark: Any, ours: bool) -> None:
    """The same for JSON of any shape, under a seal that fits or does not."""
    line = json.dumps({"kind": kind, "by": "jse-connector", "mark": mark}).encode()
    assert marks.read(sealed(line, OURS if ours else THEIRS), OURS)[0] in set(Reading)
