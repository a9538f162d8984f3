"""The contract of the port ``Folder``: looking and reading, one suite over every implementation and server."""

from __future__ import annotations

import hashlib
import io
import unicodedata
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from connector.errors import (
    ConnectorError,
    NotFound,
    OutOfSpace,
    PreconditionFailed,
)
from connector.ports import Href
from tests.contract.backend import Served
from tests.contract.folders import read

NAMES = [
    "lettre de mission.pdf",
    "Müller & Söhne.pdf",
    "facture #2 ? 50% + [a];b.pdf",
    "per%20cent%2F.pdf",
    "été 📄.sign.yaml",
    "#début.pdf",
    "?quoi.pdf",
    "...",
    "..x",
    ".caché",
    "l'un \"l'autre\" <x>=&.txt",
    "deux  blancs.pdf",
    "tilde~@:,!$()*.pdf",
    "n" * 236 + ".pdf",
]


# -- looking -------------------------------------------------------------------------------------


def test_stat_tells_size_kind_and_time(dms: Served) -> None:
    """A file and a folder show what they are."""
    dms.folder.create(Href("/a.pdf"), b"12345")
    dms.folder.make_folder(Href("/dossier/"))
    file, folder = dms.folder.stat(Href("/a.pdf")), dms.folder.stat(Href("/dossier/"))
    assert (file.href, file.is_folder, file.size, file.name) == ("/a.pdf", False, 5, "a.pdf")
    assert (folder.href, folder.is_folder, folder.size) == ("/dossier/", True, None)
    assert file.modified is not None
    assert abs(file.modified - datetime.now(UTC)) < timedelta(hours=1)
    assert file.etag
    assert not file.etag.startswith(("W/", '"'))


def test_stat_finds_a_folder_without_its_slash(dms: Served) -> None:
    """Folders end with a slash in answers, however they were asked for."""
    dms.folder.make_folder(Href("/dossier/"))
    assert dms.folder.stat(Href("/dossier")).href == "/dossier/"


@pytest.mark.parametrize("call", ["stat", "list", "walk", "get", "delete", "move"])
def test_missing_is_not_found(dms: Served, call: str) -> None:
    """What is not there is NotFound, whoever asks."""
    href, folder = Href("/absent"), dms.folder
    more = {"get": (io.BytesIO(),), "move": (Href("/b"),)}.get(call, ())
    limits = {"max_bytes": 10} if call == "get" else {}
    with pytest.raises(NotFound):
        getattr(folder, call)(href, *more, **limits)


@pytest.mark.parametrize("call", ["list", "walk"])
def test_empty_folder_is_empty_not_an_error(dms: Served, call: str) -> None:
    """An empty folder lists itself and nothing else."""
    dms.folder.make_folder(Href("/vide/"))
    listing = getattr(dms.folder, call)(Href("/vide/"))
    assert (listing.folder.href, listing.entries) == ("/vide/", ())


def test_list_of_a_file_is_not_found(dms: Served) -> None:
    """A file is no empty folder."""
    dms.folder.create(Href("/a.pdf"), b"x")
    for call in (dms.folder.list, dms.folder.walk):
        with pytest.raises(NotFound):
            call(Href("/a.pdf"))


def test_list_shows_one_level(dms: Served) -> None:
    """A listing shows the children and nothing below them."""
    dms.folder.make_folder(Href("/a/"))
    dms.folder.make_folder(Href("/a/b/"))
    dms.folder.create(Href("/a/b/c.pdf"), b"x")
    dms.folder.create(Href("/a/d.pdf"), b"xy")
    listing = dms.folder.list(Href("/a/"))
    assert {e.href: e.size for e in listing.entries} == {"/a/b/": None, "/a/d.pdf": 2}
    assert all(entry.parent == "/a/" for entry in listing.entries)
    assert listing.date is not None
    assert listing.date.tzinfo is UTC


def test_walk_shows_everything(dms: Served) -> None:
    """A walk finds every file at every depth, however the server answers."""
    expected = set()
    for top in ("Familie Gruber #2", "50% & mehr", "leer"):
        dms.folder.make_folder(Href(f"/{top}/"))
        dms.folder.make_folder(Href(f"/{top}/2026/"))
        expected |= {f"/{top}/", f"/{top}/2026/"}
        for name in ("a.pdf", "a.sign.yaml") if top != "leer" else ():
            dms.folder.create(Href(f"/{top}/2026/{name}"), b"x")
            expected.add(f"/{top}/2026/{name}")
    for _ in range(2):
        assert {entry.href for entry in dms.folder.walk(Href("/")).entries} == expected
    assert dms.folder.walk(Href("/leer/")).folder.href == "/leer/"


def test_walk_of_empty_subfolders(dms: Served) -> None:
    """Subfolders with nothing in them are no sign of a shallow answer."""
    for name in ("a", "b", "c"):
        dms.folder.make_folder(Href(f"/{name}/"))
    assert {entry.href for entry in dms.folder.walk(Href("/")).entries} == {"/a/", "/b/", "/c/"}


def test_listing_many(dms: Served) -> None:
    """A long listing is whole."""
    for number in range(60):
        dms.folder.create(Href(f"/{number:03}.pdf"), b"")
    assert len(dms.folder.list(Href("/")).entries) == 60
    assert len(dms.folder.walk(Href("/")).entries) == 60


# -- names -----------------------------------------------------------------------------------------


def test_names_survive(dms: Served, request: pytest.FixtureRequest) -> None:
    """Each name is created, listed, read, moved and deleted as spelled."""
    # wsgidav decodes the Destination of a MOVE before it looks for a query in it, and cuts there.
    kind = request.node.callspec.params["dms"]
    cuts = kind in {"wsgidav", "sandbox-plain"}
    for name in NAMES:
        dms.folder.create(Href(f"/{name}"), name.encode())
        with pytest.raises(PreconditionFailed):
            dms.folder.create(Href(f"/{name}"), b"again")
    # nginx lists nothing that begins with a dot, and serves it all the same.
    listed = [name for name in NAMES if kind != "nginx" or not name.startswith(".")]
    assert {entry.href for entry in dms.folder.list(Href("/")).entries} == {f"/{name}" for name in listed}
    dms.folder.make_folder(Href("/là #1/"))
    for name in NAMES:
        href, moved = Href(f"/{name}"), Href(f"/là #1/{name}")
        assert dms.folder.stat(href).href == href
        assert read(dms, href) == name.encode()
        if cuts and "?" in name:
            moved = href
        else:
            dms.folder.move(href, moved)
            assert dms.folder.stat(moved).name == name
        dms.folder.delete(moved)
    assert dms.folder.walk(Href("/là #1/")).entries == ()


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_accents_are_used_as_the_server_spells_them(dms: Served, form: Literal["NFC", "NFD"]) -> None:
    """Composed or not: what a listing shows can be read, and what was asked for is found."""
    asked = Href("/" + unicodedata.normalize(form, "Élève à côté.pdf"))
    dms.folder.create(asked, b"bytes")
    (entry,) = dms.folder.list(Href("/")).entries
    assert unicodedata.normalize("NFC", entry.href) == unicodedata.normalize("NFC", asked)
    assert read(dms, entry.href) == read(dms, asked) == b"bytes"
    assert dms.folder.stat(asked).size == 5
    assert dms.folder.stat(entry.href).href == entry.href


def test_folders_with_awkward_names_do_not_list_themselves(dms: Served) -> None:
    """A folder is never its own child."""
    href = Href("/Familie Gruber #2 %41?/")
    dms.folder.make_folder(href)
    dms.folder.create(Href(href + "x.pdf"), b"x")
    assert [entry.href for entry in dms.folder.list(href).entries] == [href + "x.pdf"]


def test_a_name_of_250_bytes(dms: Served) -> None:
    """The longest name that Nextcloud takes is created, listed and read."""
    href = Href("/" + "n" * 246 + ".pdf")
    dms.folder.create(href, b"x")
    assert [entry.href for entry in dms.folder.list(Href("/")).entries] == [href]
    assert read(dms, href) == b"x"


def test_a_name_too_long_is_an_error(dms: Served, request: pytest.FixtureRequest) -> None:
    """A name that no server keeps makes no file."""
    # sabre/dav does not look whether its own write went well: 201, and nothing is there.
    says_yes = request.node.callspec.params["dms"] == "sabre"
    with nullcontext() if says_yes else pytest.raises(ConnectorError):
        dms.folder.create(Href("/" + "x" * 300), b"x")
    assert dms.folder.list(Href("/")).entries == ()


# -- reading ---------------------------------------------------------------------------------------


def test_get_tells_size_hash_and_tag(dms: Served) -> None:
    """A download tells what came, and the same tag as the listing."""
    content = bytes(range(256)) * 9
    dms.folder.create(Href("/a.pdf"), content)
    entry = dms.settled("/a.pdf")
    into = io.BytesIO()
    fetched = dms.folder.get(Href("/a.pdf"), into, max_bytes=len(content))
    assert into.getvalue() == content
    assert (fetched.size, fetched.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert fetched.etag == entry.etag
    assert fetched.date is not None
    assert fetched.modified == entry.modified


def test_get_of_nothing(dms: Served) -> None:
    """An empty file is read as empty."""
    dms.folder.create(Href("/leer.pdf"), b"")
    assert read(dms, "/leer.pdf") == b""
    assert dms.folder.stat(Href("/leer.pdf")).size == 0


def test_get_stops_at_its_limit(dms: Served) -> None:
    """One byte more than allowed is OutOfSpace."""
    dms.folder.create(Href("/a.pdf"), b"x" * 1000)
    with pytest.raises(OutOfSpace):
        dms.folder.get(Href("/a.pdf"), io.BytesIO(), max_bytes=999)
    assert read(dms, "/a.pdf") == b"x" * 1000


def test_get_of_a_folder_is_not_found(dms: Served) -> None:
    """A folder has no bytes, even where a server answers 200 with none."""
    dms.folder.make_folder(Href("/dossier/"))
    with pytest.raises(NotFound):
        dms.folder.get(Href("/dossier/"), io.BytesIO(), max_bytes=10)


def test_big_files_go_both_ways(dms: Served, tmp_path: Path) -> None:
    """A file of some megabytes goes up from disk and comes down unchanged."""
    source = tmp_path / "gross.pdf"
    source.write_bytes(bytes(range(251)) * 20_000)
    dms.folder.create(Href("/gross.pdf"), source)
    into = io.BytesIO()
    fetched = dms.folder.get(Href("/gross.pdf"), into, max_bytes=6_000_000)
    assert fetched.sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
    assert dms.folder.stat(Href("/gross.pdf")).size == 251 * 20_000


def test_an_empty_file_goes_up_from_disk(dms: Served, tmp_path: Path) -> None:
    """A file without bytes can be sent too."""
    source = tmp_path / "leer"
    source.touch()
    dms.folder.create(Href("/leer"), source)
    assert dms.folder.stat(Href("/leer")).size == 0
