"""The contract of the port ``Folder``: logins, capabilities, versions."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest

from connector.errors import (
    AccessDenied,
    InvalidResponse,
    NotFound,
    PreconditionFailed,
)
from connector.ports import ETag, FileId, Href
from tests.contract.backend import Served
from tests.contract.folders import file_id, read

# -- what the server can do ------------------------------------------------------------------------


def test_capabilities_are_asked_once(dms: Served) -> None:
    """The same answer again, and again after reconnecting."""
    told = dms.folder.capabilities()
    assert told == dms.folder.capabilities()
    dms.folder.reconnect()
    assert dms.folder.capabilities().kind == told.kind
    assert told.kind in {"nextcloud", "webdav"}


def test_plain_servers_say_no_to_versions(dms: Served, tmp_path: Path) -> None:
    """Where there are no versions the calls for them are an error, never an empty answer."""
    if dms.folder.capabilities().kind == "nextcloud":
        pytest.skip("keeps versions")
    source = tmp_path / "x"
    source.write_bytes(b"x")
    for call in (
        lambda: dms.folder.find_by_id(FileId("1")),
        lambda: dms.folder.versions(FileId("1")),
        lambda: dms.folder.get_version(FileId("1"), "1", io.BytesIO(), max_bytes=1),
        lambda: dms.folder.label_version(FileId("1"), "1", "x"),
        lambda: dms.folder.replace_as_version(Href("/a"), source, etag=ETag("x"), upload="u"),
    ):
        with pytest.raises(InvalidResponse):
            call()


def test_nobody_else_can_write_ones_own_files(dms: Served) -> None:
    """Nextcloud tells that there is no public link; any other server tells nothing, which is not the same."""
    dms.folder.make_folder(Href("/là #1/"))
    dms.folder.create(Href("/là #1/a.sign.yaml"), b"a")
    told = (
        dms.folder.open_above(Href("/là #1/a.sign.yaml")),
        dms.folder.open_itself(Href("/là #1/a.sign.yaml")),
    )
    assert told == (((), False) if dms.folder.capabilities().kind == "nextcloud" else (None, None))


def test_file_ids_stay_through_moves(rich: Served) -> None:
    """A file is found by its id where it is now, and nowhere once it is gone."""
    rich.folder.create(Href("/a.pdf"), b"a")
    identity = file_id(rich.folder.stat(Href("/a.pdf")))
    rich.folder.make_folder(Href("/là #1/"))
    rich.folder.move(Href("/a.pdf"), Href("/là #1/b.pdf"))
    found = rich.folder.find_by_id(identity)
    assert found is not None
    assert (found.href, found.size, found.file_id) == ("/là #1/b.pdf", 1, identity)
    rich.folder.delete(Href("/là #1/b.pdf"))
    assert rich.folder.find_by_id(identity) is None


def test_an_unknown_id_is_nowhere(rich: Served) -> None:
    """An id that no file has, or can have, finds nothing."""
    assert rich.folder.find_by_id(FileId("999999999")) is None
    assert rich.folder.find_by_id(FileId("no number")) is None


def test_replace_as_version_keeps_id_and_history(rich: Served, tmp_path: Path) -> None:
    """C12: The new bytes are in the same file, the old ones in its versions."""
    rich.folder.create(Href("/lettre é.pdf"), b"unsigned")
    before = rich.settled("/lettre é.pdf")
    signed = tmp_path / "signed.pdf"
    signed.write_bytes(b"signed bytes")
    assert before.etag is not None
    etag = rich.folder.replace_as_version(before.href, signed, etag=before.etag, upload="up-1")
    after = rich.folder.stat(before.href)
    assert read(rich, before.href) == b"signed bytes"
    assert after.file_id == before.file_id
    assert etag in (None, after.etag)
    versions = rich.folder.versions(file_id(before))
    assert [(version.size, version.current) for version in versions] == [(12, True), (8, False)]
    into = io.BytesIO()
    fetched = rich.folder.get_version(file_id(before), versions[1].version_id, into, max_bytes=100)
    assert into.getvalue() == b"unsigned"
    assert fetched.size == 8


def test_replace_as_version_with_a_second_of_its_own(rich: Served, tmp_path: Path) -> None:
    """C12: What is saved in the very second of the delivery takes neither its number nor its ETag (WebDAV facts 1)."""
    rich.folder.create(Href("/a.pdf"), b"unsigned")
    before = rich.settled("/a.pdf")
    assert before.modified is not None
    signed = tmp_path / "signed.pdf"
    signed.write_bytes(b"signed bytes")
    assert before.etag is not None
    second = before.modified + timedelta(seconds=1)
    rich.pass_time()
    rich.folder.replace_as_version(before.href, signed, etag=before.etag, upload="up-1", modified=second)
    delivered = rich.folder.stat(before.href)
    assert (delivered.modified, delivered.size) == (second, 12)
    assert delivered.etag is not None
    rich.folder.replace(before.href, b"saved over it", etag=delivered.etag)
    after = rich.folder.stat(before.href)
    assert after.etag != delivered.etag
    assert after.file_id == before.file_id
    kept = [(version.size, version.modified) for version in rich.folder.versions(file_id(before))]
    assert kept == [(13, after.modified), (12, second), (8, before.modified)]
    into = io.BytesIO()
    rich.folder.get_version(file_id(before), str(int(second.timestamp())), into, max_bytes=100)
    assert into.getvalue() == b"signed bytes"


def test_replace_as_version_with_a_stale_tag(rich: Served, tmp_path: Path) -> None:
    """Somebody was faster: nothing is replaced, and the same upload name works afterwards."""
    rich.folder.create(Href("/a.pdf"), b"one")
    stale = rich.tag("/a.pdf")
    rich.folder.replace(Href("/a.pdf"), b"theirs", etag=stale)
    fresh = rich.tag("/a.pdf")
    signed = tmp_path / "signed.pdf"
    signed.write_bytes(b"ours")
    with pytest.raises(PreconditionFailed):
        rich.folder.replace_as_version(Href("/a.pdf"), signed, etag=stale, upload="up-2")
    assert read(rich, "/a.pdf") == b"theirs"
    rich.folder.replace_as_version(Href("/a.pdf"), signed, etag=fresh, upload="up-2")
    assert read(rich, "/a.pdf") == b"ours"


def test_replace_as_version_of_nothing(rich: Served, tmp_path: Path) -> None:
    """A file that is gone gets no version and is not made anew."""
    signed = tmp_path / "signed.pdf"
    signed.write_bytes(b"ours")
    with pytest.raises(PreconditionFailed):
        rich.folder.replace_as_version(Href("/gone.pdf"), signed, etag=ETag("0" * 32), upload="up-3")
    with pytest.raises(NotFound):
        rich.folder.stat(Href("/gone.pdf"))


def test_version_labels(rich: Served) -> None:
    """A label stays with its version and may be given twice."""
    rich.folder.create(Href("/a.pdf"), b"one")
    identity = file_id(rich.settled("/a.pdf"))
    rich.folder.replace(Href("/a.pdf"), b"two!", etag=rich.tag("/a.pdf"))
    old = rich.folder.versions(identity)[1]
    assert rich.folder.versions_are_its_writers(Href("/a.pdf")) is False, "no external storage"
    for _ in range(2):
        rich.folder.label_version(identity, old.version_id, "Avant signature & <paraphe>")
    assert rich.folder.versions(identity)[1].label == "Avant signature & <paraphe>"


def test_the_label_of_what_is_saved_over(rich: Served) -> None:
    """Given while it is the present content, by the file's own time: it stays with it, and does not go to the next."""
    rich.folder.create(Href("/a.pdf"), b"one")
    entry = rich.settled("/a.pdf")
    identity = file_id(entry)
    assert entry.modified is not None
    present = str(int(entry.modified.timestamp()))
    rich.folder.label_version(identity, present, "Document signé")
    assert [(one.label, one.current) for one in rich.folder.versions(identity)] == [("Document signé", True)]
    rich.folder.replace(Href("/a.pdf"), b"two!", etag=rich.tag("/a.pdf"))
    kept = {one.version_id: one.label for one in rich.folder.versions(identity)}
    assert kept.pop(present) == "Document signé"
    assert list(kept.values()) == [None]


def test_versions_of_nothing(rich: Served) -> None:
    """An unknown file or version is NotFound."""
    rich.folder.create(Href("/a.pdf"), b"one")
    identity = file_id(rich.folder.stat(Href("/a.pdf")))
    with pytest.raises(NotFound):
        rich.folder.versions(FileId("999999999"))
    with pytest.raises(NotFound):
        rich.folder.get_version(identity, "12345", io.BytesIO(), max_bytes=10)
    with pytest.raises(NotFound):
        rich.folder.label_version(identity, "12345", "x")


# -- the login ---------------------------------------------------------------------------------------


def test_a_wrong_login_is_refused(dms: Served) -> None:
    """A wrong password is AccessDenied, at once and for every later call."""
    if dms.wrong_login is None:
        pytest.skip("has no passwords")
    with dms.wrong_login() as folder:
        for _ in range(3):
            with pytest.raises(AccessDenied):
                folder.stat(Href("/"))
    assert dms.folder.list(Href("/")).entries == ()
