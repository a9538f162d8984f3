"""The contract of the port ``Folder``: writing, one suite over every implementation and server."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from connector.errors import (
    AccessDenied,
    Locked,
    NotFound,
    OutcomeUnknown,
    PreconditionFailed,
)
from connector.ports import ETag, Href
from tests.contract.backend import Served
from tests.contract.folders import read

# -- writing -----------------------------------------------------------------------------------------


def test_create_twice_is_refused(dms: Served) -> None:
    """The second create fails and changes nothing."""
    dms.folder.create(Href("/a.sent"), b"first")
    with pytest.raises(PreconditionFailed):
        dms.folder.create(Href("/a.sent"), b"second")
    assert read(dms, "/a.sent") == b"first"


def test_create_has_one_winner(dms: Served) -> None:
    """Of many who create one name at once, at most one is told yes, and its bytes are there."""
    barrier = threading.Barrier(6)

    def attempt(number: int) -> int | None:
        barrier.wait()
        try:
            dms.folder.create(Href("/marker"), str(number).encode())
        except (PreconditionFailed, Locked, NotFound, AccessDenied):
            return None
        return number

    with ThreadPoolExecutor(6) as pool:
        winners = [number for number in pool.map(attempt, range(6)) if number is not None]
    assert len(winners) <= 1
    if winners:
        assert read(dms, "/marker") == str(winners[0]).encode()


def test_create_needs_its_parent(dms: Served) -> None:
    """Without the parent folder there is nothing to create in."""
    with pytest.raises(NotFound):
        dms.folder.create(Href("/rien/a.pdf"), b"x")


def test_create_on_a_folder_is_refused(dms: Served) -> None:
    """A file cannot take the name of a folder."""
    dms.folder.make_folder(Href("/a"))
    with pytest.raises((PreconditionFailed, NotFound)):
        dms.folder.create(Href("/a"), b"x")
    assert dms.folder.stat(Href("/a")).is_folder


def test_created_tag_is_the_listed_one_or_none(dms: Served) -> None:
    """The tag a write tells is the one a listing shows, without quotes."""
    etag = dms.folder.create(Href("/a.pdf"), b"x")
    assert etag is None or etag == dms.folder.stat(Href("/a.pdf")).etag


def test_replace_with_the_tag(dms: Served, tmp_path: Path) -> None:
    """With its present tag a file is replaced, from bytes or from disk, and may become empty."""
    dms.folder.create(Href("/a.txt"), b"one")
    dms.folder.replace(Href("/a.txt"), b"number two", etag=dms.tag("/a.txt"))
    assert read(dms, "/a.txt") == b"number two"
    source = tmp_path / "three"
    source.write_bytes(b"number three")
    dms.folder.replace(Href("/a.txt"), source, etag=dms.tag("/a.txt"))
    assert read(dms, "/a.txt") == b"number three"
    dms.folder.replace(Href("/a.txt"), b"", etag=dms.tag("/a.txt"))
    assert read(dms, "/a.txt") == b""


def test_replace_with_a_stale_tag_is_refused(dms: Served) -> None:
    """C2: A tag from before somebody's change changes nothing."""
    dms.folder.create(Href("/a.txt"), b"one")
    stale = dms.tag("/a.txt")
    dms.folder.replace(Href("/a.txt"), b"theirs, longer", etag=stale)
    dms.pass_time()
    with pytest.raises(PreconditionFailed):
        dms.folder.replace(Href("/a.txt"), b"ours", etag=stale)
    assert read(dms, "/a.txt") == b"theirs, longer"


def test_replace_of_nothing_is_refused(dms: Served) -> None:
    """What is gone is not made anew."""
    with pytest.raises(PreconditionFailed):
        dms.folder.replace(Href("/gone.txt"), b"x", etag=ETag("0123456789abcdef"))
    with pytest.raises(NotFound):
        dms.folder.stat(Href("/gone.txt"))


def test_move_renames(dms: Served) -> None:
    """A move takes the bytes along and frees the old name, also across folders."""
    dms.folder.create(Href("/lettre.pdf"), b"letter")
    dms.folder.make_folder(Href("/là/"))
    dms.folder.move(Href("/lettre.pdf"), Href("/lettre (original).pdf"))
    dms.folder.move(Href("/lettre (original).pdf"), Href("/là/lettre (original).pdf"))
    assert read(dms, "/là/lettre (original).pdf") == b"letter"
    assert {entry.href for entry in dms.folder.walk(Href("/")).entries} == {
        "/là/",
        "/là/lettre (original).pdf",
    }


def test_move_never_overwrites(dms: Served) -> None:
    """A taken name stays as it is, and so does the source."""
    dms.folder.create(Href("/a"), b"a")
    dms.folder.create(Href("/b"), b"b")
    with pytest.raises(PreconditionFailed):
        dms.folder.move(Href("/a"), Href("/b"))
    assert (read(dms, "/a"), read(dms, "/b")) == (b"a", b"b")


def test_move_needs_a_parent(dms: Served) -> None:
    """Into a folder that is not there nothing is moved."""
    dms.folder.create(Href("/a"), b"a")
    # Apache says 500 to this, which is no clear answer.
    with pytest.raises((NotFound, OutcomeUnknown)):
        dms.folder.move(Href("/a"), Href("/nulle part/a"))
    assert read(dms, "/a") == b"a"


def test_move_takes_a_folder_with_all_in_it(dms: Served) -> None:
    """A renamed folder keeps what is in it."""
    dms.folder.make_folder(Href("/a/"))
    dms.folder.create(Href("/a/x.pdf"), b"x")
    dms.folder.move(Href("/a/"), Href("/b #1/"))
    assert {entry.href for entry in dms.folder.walk(Href("/")).entries} == {"/b #1/", "/b #1/x.pdf"}


def test_delete(dms: Served) -> None:
    """What was deleted is gone, and deleting again is NotFound."""
    dms.folder.create(Href("/a"), b"a")
    dms.folder.delete(Href("/a"))
    with pytest.raises(NotFound):
        dms.folder.delete(Href("/a"))


def test_delete_with_a_tag(dms: Served) -> None:
    """A stale tag keeps the file, the present one removes it."""
    dms.folder.create(Href("/a"), b"a")
    stale = dms.tag("/a")
    dms.folder.replace(Href("/a"), b"a changed", etag=stale)
    with pytest.raises(PreconditionFailed):
        dms.folder.delete(Href("/a"), etag=stale)
    dms.folder.delete(Href("/a"), etag=dms.tag("/a"))
    with pytest.raises(NotFound):
        dms.folder.stat(Href("/a"))


def test_make_folder_twice(dms: Served) -> None:
    """The first makes it, the second finds it, with or without the slash."""
    assert dms.folder.make_folder(Href("/.signature/")) is True
    assert dms.folder.make_folder(Href("/.signature/")) is False
    assert dms.folder.make_folder(Href("/.signature")) is False
    assert dms.folder.stat(Href("/.signature/")).is_folder


def test_make_folder_where_a_file_is(dms: Served) -> None:
    """A file of that name is not "the folder was there"."""
    dms.folder.create(Href("/a"), b"a")
    with pytest.raises(PreconditionFailed):
        dms.folder.make_folder(Href("/a/"))
    assert read(dms, "/a") == b"a"


def test_make_folder_needs_its_parent(dms: Served) -> None:
    """Parents are not made along the way."""
    with pytest.raises(NotFound):
        dms.folder.make_folder(Href("/x/y/"))
