"""What each right of a share allows, on the sandbox and on a real Nextcloud alike (scenario C15, facts section 9)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from connector.errors import AccessDenied, OutcomeUnknown, RemoteError
from connector.ports import Entry, ETag, Href
from connector.sandbox.dms.folder import CREATE, DELETE, READ, UPDATE
from connector.webdav import WebDavFolder
from tests.contract.backend import Backend
from tests.contract.folders import Running

RIGHTS = {
    "lire": READ,
    "u": READ | UPDATE,
    "c": READ | CREATE,
    "d": READ | DELETE,
    "uc": READ | UPDATE | CREATE,
    "ud": READ | UPDATE | DELETE,
    "cd": READ | CREATE | DELETE,
    "ucd": READ | UPDATE | CREATE | DELETE,
}
LETTERS = {
    # of the folder itself, of a file in it, of a folder in it
    "lire": ("SGD", "SG", "SG"),
    "u": ("SGDNV", "SGNVW", "SGNV"),
    "c": ("SGDCK", "SG", "SGCK"),
    "d": ("SGD", "SGD", "SGD"),
    "uc": ("SGDNVCK", "SGNVW", "SGNVCK"),
    "ud": ("SGDNV", "SGDNVW", "SGDNV"),
    "cd": ("SGDCK", "SGD", "SGDCK"),
    "ucd": ("SGDNVCK", "SGDNVW", "SGDNVCK"),
}


@pytest.fixture(params=["sandbox-nextcloud", pytest.param("nextcloud", marks=pytest.mark.nextcloud)])
def shared(
    request: pytest.FixtureRequest, running: Running
) -> Iterator[Callable[[int], tuple[WebDavFolder, Backend]]]:
    """Make a folder with something in it, share it with these rights; gives it as the colleague has it."""
    backend = running.backend(request.param)
    if backend.share is None:
        pytest.skip("shares nothing with a colleague")
    made: list[str] = []
    opened: list[WebDavFolder] = []

    def sharing(rights: int) -> tuple[WebDavFolder, Backend]:
        name = f"droits-{uuid.uuid4().hex[:8]}"
        made.append(name)
        with backend.open(backend.url) as own:
            own.make_folder(Href(f"/{name}/"))
            own.make_folder(Href(f"/{name}/sous/"))
            for file in ("a.txt", "b.txt", "c.txt"):
                own.create(Href(f"/{name}/{file}"), b"de quelqu'un")
        assert backend.share is not None
        url = backend.share(name, rights)
        folder = backend.open(url, backend.colleague_password, backend.colleague)
        opened.append(folder)
        backend.pass_time()
        return folder, backend

    yield sharing
    for folder in opened:
        folder.close()
    with backend.open(backend.url) as own:
        for name in made:
            # The sandbox's owner has no more rights there than the colleague.
            with suppress(AccessDenied):
                own.delete(Href(f"/{name}/"))


def allowed(call: Callable[[], object]) -> bool | None:
    """True when it was done, False when it was forbidden, None when the answer was unclear (500)."""
    try:
        call()
    except (AccessDenied, OutcomeUnknown) as error:
        return {403: False, 500: None}[error.status or 0]
    return True


def tag(folder: WebDavFolder, href: str) -> ETag:
    etag = folder.stat(Href(href)).etag
    assert etag is not None
    return etag


@pytest.mark.parametrize("named", RIGHTS)
def test_what_a_right_allows(
    shared: Callable[[int], tuple[WebDavFolder, Backend]], tmp_path: Path, named: str
) -> None:
    """C15: a new version needs to create and to update, a new name to update and to delete; the letters say so."""
    folder, _ = shared(RIGHTS[named])
    listing = folder.list(Href("/"))
    entries: dict[str, Entry] = {entry.name: entry for entry in listing.entries}
    assert (
        listing.folder.permissions,
        entries["a.txt"].permissions,
        entries["sous"].permissions,
    ) == LETTERS[named]
    may_update, may_create, may_delete = ("u" in named), ("c" in named), (named != "lire" and "d" in named)
    source = tmp_path / "version"
    source.write_bytes(b"une version")
    assert allowed(lambda: folder.create(Href("/neuf.txt"), b"x")) is may_create
    assert allowed(lambda: folder.make_folder(Href("/neuf/"))) is may_create
    etag = tag(folder, "/a.txt")
    assert allowed(lambda: folder.replace(Href("/a.txt"), b"autre", etag=etag)) is may_update
    etag = tag(folder, "/b.txt")
    version = allowed(
        lambda: folder.replace_as_version(Href("/b.txt"), source, etag=etag, upload=f"droits-{named}")
    )
    assert version is (may_update and may_create)
    assert allowed(lambda: folder.lock(Href("/b.txt"), note="x")) is may_update
    if may_update:
        assert folder.unlock(Href("/b.txt"), note="x") is True
    renamed = allowed(lambda: folder.move(Href("/b.txt"), Href("/b2.txt")))
    assert renamed is (may_update if may_delete and may_update else (None if may_delete else False))
    assert allowed(lambda: folder.delete(Href("/c.txt"))) is may_delete
    with pytest.raises(RemoteError):
        folder.stat(Href("/c.txt" if may_delete else "/absent"))
