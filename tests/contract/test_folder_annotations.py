"""The contract of the port ``Annotations``: tags and comments, one suite over every server that has them."""

from __future__ import annotations

import uuid

import pytest

from connector.errors import InvalidResponse, NotFound, PreconditionFailed
from connector.ports import Annotations, FileId, Href, Tag, TagId
from tests.contract.backend import Served
from tests.contract.folders import file_id

NOBODY = FileId("999999999")


@pytest.fixture
def hung(dms: Served) -> Annotations:
    """Tags and comments of a server that has both."""
    told = dms.folder.capabilities()
    found = dms.folder.annotations()
    if not (told.tags and told.comments):
        assert found is None or told.tags or told.comments
        pytest.skip("has no tags, or no comments")
    assert found is not None
    return found


@pytest.fixture
def letter(dms: Served) -> FileId:
    dms.folder.create(Href("/lettre é.pdf"), b"x")
    return file_id(dms.folder.stat(Href("/lettre é.pdf")))


def new(hung: Annotations, name: str = "Signé & <scellé>") -> Tag:
    """Make a tag that no earlier run has made: tags of a real server stay."""
    return hung.make_tag(f"{name} {uuid.uuid4().hex[:8]}", "2e7d32")


def test_a_tag_is_made_once(dms: Served, hung: Annotations) -> None:
    """A second time, in capitals too, it is the same one; it is in the list, with its colour.

    How an accented letter compares depends on the server's database.
    """
    name = f"Signé {uuid.uuid4().hex[:8]}"
    made = hung.make_tag(name, "2e7d32")
    assert made.name == name
    assert made.color == ("2e7d32" if dms.folder.capabilities().tag_colors else None)
    assert [tag for tag in hung.tags() if tag.name == name] == [made]
    for again in (name, name.replace("Sign", "SIGN")):
        assert hung.make_tag(again, "ff8800") == made


def test_a_tag_hangs_on_a_file_until_it_is_taken_off(hung: Annotations, letter: FileId) -> None:
    """Each call may be repeated: it says whether anything changed."""
    tag, other = new(hung), new(hung, "À relire")
    assert hung.tags_of(letter) == ()
    assert [hung.put_tag(letter, tag.tag_id) for _ in range(2)] == [True, False]
    hung.put_tag(letter, other.tag_id)
    assert set(hung.tags_of(letter)) == {tag, other}
    assert [hung.take_tag(letter, tag.tag_id) for _ in range(2)] == [True, False]
    assert hung.tags_of(letter) == (other,)


def test_what_is_not_there_has_no_tags(hung: Annotations, letter: FileId) -> None:
    """An unknown file and an unknown tag are told apart; nothing is made."""
    tag = new(hung)
    for call in (
        lambda: hung.put_tag(NOBODY, tag.tag_id),
        lambda: hung.tags_of(NOBODY),
        lambda: hung.comment(NOBODY, "x"),
        lambda: hung.comments(NOBODY, most=5),
    ):
        with pytest.raises(NotFound):
            call()
    with pytest.raises(PreconditionFailed):
        hung.put_tag(letter, TagId("999999"))
    assert hung.take_tag(letter, TagId("999999")) is False
    assert hung.take_tag(NOBODY, tag.tag_id) is False


def test_tags_and_comments_move_no_etag(dms: Served, hung: Annotations, letter: FileId) -> None:
    """Neither the file's nor the folder's: no poll sees a change (WebDAV facts section 3)."""
    file, folder = dms.tag("/lettre é.pdf"), dms.folder.stat(Href("/")).etag
    tag = new(hung)
    hung.put_tag(letter, tag.tag_id)
    hung.comment(letter, "vu")
    assert (dms.folder.stat(Href("/lettre é.pdf")).etag, dms.folder.stat(Href("/")).etag) == (file, folder)


def test_tags_stay_through_moves_and_versions(dms: Served, hung: Annotations, letter: FileId) -> None:
    """They belong to the file, whatever its name and its content."""
    tag = new(hung)
    hung.put_tag(letter, tag.tag_id)
    hung.comment(letter, "vu")
    dms.folder.move(Href("/lettre é.pdf"), Href("/autre.pdf"))
    dms.folder.replace(Href("/autre.pdf"), b"new", etag=dms.tag("/autre.pdf"))
    assert hung.tags_of(letter) == (tag,)
    assert [one.text for one in hung.comments(letter, most=5)] == ["vu"]


def test_comments_are_read_newest_first(hung: Annotations, letter: FileId) -> None:
    """With their author, and no more than asked for."""
    assert hung.comments(letter, most=5) == ()
    texts = ["Envoyé en signature & <co>.", "Signé\u00a0: Marie Dupont"]
    for text in texts:
        hung.comment(letter, text)
    found = hung.comments(letter, most=5)
    assert [one.text for one in found] == texts[::-1]
    assert len({one.author for one in found}) == 1
    assert [one.text for one in hung.comments(letter, most=1)] == texts[1:]


def test_a_colleague_sees_them(dms: Served, hung: Annotations, letter: FileId) -> None:
    """Tags are everybody's, and whoever sees the file reads what is said of it."""
    if dms.colleague is None:
        pytest.skip("has one user only")
    tag = new(hung)
    hung.put_tag(letter, tag.tag_id)
    hung.comment(letter, "vu")
    with dms.colleague() as folder:
        theirs = folder.annotations()
        assert theirs is not None
        assert theirs.tags_of(letter) == (tag,)
        assert theirs.comments(letter, most=5) == hung.comments(letter, most=5)


def test_a_comment_has_its_longest(hung: Annotations, letter: FileId) -> None:
    """A thousand characters go in, one more is refused."""
    hung.comment(letter, "é" * 1000)
    with pytest.raises(InvalidResponse):
        hung.comment(letter, "é" * 1001)
