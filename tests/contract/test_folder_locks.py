"""The contract of the port ``Folder``: locks, one suite over every implementation and server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connector.errors import Locked, NotFound
from connector.ports import Href
from connector.sandbox.clock import SandboxClock
from tests.contract.backend import Served
from tests.contract.folders import file_id, read
from tests.fakes.folder import MemoryFolder

LETTER = Href("/lettre de mission n° 1.pdf")
NOTE = "jse-connector lyon-1 & <co>"
THEIRS = "quelqu'un d'autre"


def kind(request: pytest.FixtureRequest) -> str:
    """The server of this test."""
    named: str = request.node.callspec.params["dms"] if hasattr(request.node, "callspec") else ""
    return named


def _may_have_none(request: pytest.FixtureRequest) -> bool:
    """The app files_lock is somebody's choice on a real Nextcloud; every other server here has its locks."""
    return kind(request) == "nextcloud"


def _hides(request: pytest.FixtureRequest) -> bool:
    """Does a listing leave out who holds a lock (nginx), or what opens it (sabre/dav)? Ours then opens by its token."""
    return kind(request) in {"nginx", "sabre"}


@pytest.fixture
def locking(request: pytest.FixtureRequest, dms: Served) -> Served:
    """A server with locks."""
    if _may_have_none(request) and dms.folder.capabilities().locks is False:
        pytest.skip("files_lock is not installed")
    return dms


@pytest.fixture
def letter(locking: Served) -> Iterator[Served]:
    dms = locking
    dms.folder.create(LETTER, b"signed")
    yield dms
    # A folder is not deleted while something in it is locked.
    with suppress(Locked, NotFound):
        dms.folder.unlock(LETTER, note=NOTE, token=dms.tokens.get(NOTE, ""))
    if dms.colleague is not None:
        with dms.colleague() as folder, suppress(Locked, NotFound):
            folder.unlock(LETTER, note=THEIRS, token=dms.tokens.get(THEIRS, ""))


def lock(dms: Served, note: str = NOTE) -> str:
    held = dms.folder.lock(LETTER, note=note)
    assert held is not None, "this server has no locks"
    dms.tokens[note] = held.token
    return held.token


def held_by_a_colleague(dms: Served) -> None:
    """Lock as somebody else does."""
    assert dms.colleague is not None
    with dms.colleague() as folder:
        held = folder.lock(LETTER, note=THEIRS)
        assert held is not None
        dms.tokens[THEIRS] = held.token


def test_a_locked_file_is_read_and_not_written_by_others(letter: Served) -> None:
    """Somebody else can neither overwrite, move nor delete it, and reads it as before."""
    etag = letter.tag(LETTER)
    lock(letter)
    etag = letter.folder.stat(LETTER).etag or etag
    if letter.colleague is None:
        pytest.skip("has one user only")
    with letter.colleague() as folder:
        with pytest.raises(Locked):
            folder.replace(LETTER, b"theirs", etag=etag)
        with pytest.raises(Locked):
            folder.move(LETTER, Href("/ailleurs.pdf"))
        with pytest.raises(Locked):
            folder.delete(LETTER)
        assert folder.stat(LETTER).size == 6
    assert read(letter, LETTER) == b"signed"


def test_what_was_unlocked_can_be_written_again(letter: Served) -> None:
    """After the lock is gone others write as before."""
    token = lock(letter)
    assert letter.folder.unlock(LETTER, note=NOTE, token=token) is True
    etag = letter.tag(LETTER)
    if letter.colleague is None:
        pytest.skip("has one user only")
    with letter.colleague() as folder:
        folder.replace(LETTER, b"theirs", etag=etag)
    assert read(letter, LETTER) == b"theirs"


def test_locking_twice_is_one_lock(request: pytest.FixtureRequest, letter: Served) -> None:
    """A lost answer is answered by asking again: the second call finds the first one's lock, or anybody's."""
    first = lock(letter)
    if _hides(request):
        with pytest.raises(Locked):
            lock(letter)
    else:
        assert lock(letter) == first
    assert letter.folder.unlock(LETTER, note=NOTE, token=first) is True
    # nginx says yes to any UNLOCK.
    assert letter.folder.unlock(LETTER, note=NOTE, token=first) is (kind(request) == "nginx")


def test_a_lock_without_its_token_is_found_by_its_note(
    request: pytest.FixtureRequest, letter: Served
) -> None:
    """A journal that was lost does not leave a file locked for ever: it finds the lock, or that ends by itself."""
    if _hides(request):
        held = letter.folder.lock(LETTER, note=NOTE)
        assert held is not None
        assert held.until is not None
        assert letter.folder.unlock(LETTER, note=NOTE) is False
        assert letter.folder.unlock(LETTER, note=NOTE, token=held.token) is True
        return
    lock(letter)
    assert letter.folder.unlock(LETTER, note=NOTE) is True
    assert letter.folder.unlock(LETTER, note=NOTE) is False


def test_somebody_elses_lock_is_respected(letter: Served) -> None:
    """What another user holds is neither taken for ours nor taken away."""
    if letter.colleague is None:
        pytest.skip("has one user only")
    held_by_a_colleague(letter)
    with pytest.raises(Locked):
        letter.folder.lock(LETTER, note=NOTE)
    try:
        assert letter.folder.unlock(LETTER, note=NOTE) is False
    except Locked:
        assert letter.folder.capabilities().kind == "nextcloud"
    with pytest.raises(Locked):
        letter.folder.lock(LETTER, note=NOTE)


def test_who_has_a_file_is_told_of_others_alone(letter: Served) -> None:
    """Nextcloud tells that somebody else has it; our own lock keeps nothing waiting; elsewhere it is not told."""
    if letter.colleague is None:
        pytest.skip("has one user only")
    assert letter.folder.is_being_edited(LETTER) is False
    token = lock(letter)
    assert letter.folder.is_being_edited(LETTER) is False
    letter.folder.unlock(LETTER, note=NOTE, token=token)
    held_by_a_colleague(letter)
    assert letter.folder.is_being_edited(LETTER) is (letter.folder.capabilities().kind == "nextcloud")
    assert letter.folder.is_being_edited(LETTER, by_hand=False) is False, "nobody has it open"


def test_a_new_version_waits_for_a_colleagues_lock(letter: Served, tmp_path: Path) -> None:
    """C4: What came back is Locked out while somebody has the document, and goes in, same upload, once they let go."""
    if letter.folder.capabilities().kind != "nextcloud" or letter.colleague is None:
        pytest.skip("no versions, or one user only")
    before = file_id(letter.settled(LETTER))
    signed = tmp_path / "signed.pdf"
    signed.write_bytes(b"signed by all")
    held_by_a_colleague(letter)
    with pytest.raises(Locked):
        letter.folder.replace_as_version(LETTER, signed, etag=letter.tag(LETTER), upload="up-locked")
    assert read(letter, LETTER) == b"signed"
    assert letter.folder.locked_by(LETTER) != "", "whose it is can be said"
    with letter.colleague() as folder:
        assert folder.unlock(LETTER, note=THEIRS) is True
    assert letter.folder.locked_by(LETTER) == ""
    # The end of a lock moved the tag again: what is there is looked at anew.
    letter.folder.replace_as_version(LETTER, signed, etag=letter.tag(LETTER), upload="up-locked")
    assert read(letter, LETTER) == b"signed by all"
    assert file_id(letter.folder.stat(LETTER)) == before


def test_our_own_lock_lets_a_new_version_in(letter: Served, tmp_path: Path) -> None:
    """On Nextcloud the lock is the login's, and its other sessions write through it: a delivery repeated after it."""
    if letter.folder.capabilities().kind != "nextcloud":
        pytest.skip("a lock by token is for its holder alone")
    lock(letter)
    signed = tmp_path / "signed.pdf"
    signed.write_bytes(b"signed by all")
    letter.folder.replace_as_version(LETTER, signed, etag=letter.tag(LETTER), upload="up-own")
    assert read(letter, LETTER) == b"signed by all"
    assert letter.folder.unlock(LETTER, note=NOTE) is True


def test_what_is_not_there_is_not_locked_and_not_made(locking: Served) -> None:
    """LOCK of a free name would make an empty file: nothing of that appears."""
    with pytest.raises(NotFound):
        locking.folder.lock(Href("/absent.pdf"), note=NOTE)
    with pytest.raises(NotFound):
        locking.folder.stat(Href("/absent.pdf"))
    with pytest.raises(NotFound):
        locking.folder.unlock(Href("/absent.pdf"), note=NOTE)


def test_a_folder_is_not_locked(locking: Served) -> None:
    """A lock on a folder would not protect what is in it (WebDAV facts section 8)."""
    locking.folder.make_folder(Href("/dossier/"))
    with pytest.raises(NotFound):
        locking.folder.lock(Href("/dossier/"), note=NOTE)


def test_the_end_of_a_lock_is_a_moment_to_come_or_none(letter: Served) -> None:
    """Where the server lets go by itself, it says when."""
    held = letter.folder.lock(LETTER, note=NOTE)
    assert held is not None
    letter.tokens[NOTE] = held.token
    if held.until is not None:
        assert held.until.tzinfo is UTC
        assert held.until > datetime.now(UTC) + timedelta(minutes=5)


def test_a_lock_moves_the_tags_on_nextcloud_and_keeps_the_file(letter: Served) -> None:
    """Bytes and id stay; the tag is another one there, so that it must be looked at again (trap 6)."""
    before = letter.settled(LETTER)
    lock(letter)
    after = letter.folder.stat(LETTER)
    assert (after.size, after.modified) == (before.size, before.modified)
    if letter.folder.capabilities().kind == "nextcloud":
        assert after.etag != before.etag
        assert file_id(after) == file_id(before)


def test_capabilities_tell_no_more_than_the_server_does(request: pytest.FixtureRequest, dms: Served) -> None:
    """Nextcloud's list and a plain server's DAV classes say whether it locks; where it does not, that is no error."""
    locks = dms.folder.capabilities().locks
    if _may_have_none(request) and locks is False:
        dms.folder.create(LETTER, b"signed")
        assert dms.folder.lock(LETTER, note=NOTE) is None
        assert dms.folder.unlock(LETTER, note=NOTE) is False
        return
    assert locks is True


@pytest.mark.parametrize("mode", ["nextcloud", "plain"])
def test_a_folder_without_locks_says_none(mode: str) -> None:
    """In memory as on servers (below): no lock is no error."""
    fake = MemoryFolder(
        SandboxClock().timestamp, mode="plain" if mode == "plain" else "nextcloud", locks=False
    )
    fake.create(LETTER, b"x")
    assert fake.lock(LETTER, note=NOTE) is None
    assert fake.unlock(LETTER, note=NOTE) is False
