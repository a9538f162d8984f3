"""The contract of the port ``Folder``, one suite over every implementation and server."""

from __future__ import annotations

import hashlib
import io
import threading
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from connector.errors import (
    AccessDenied,
    ConnectorError,
    InvalidResponse,
    Locked,
    NotFound,
    OutcomeUnknown,
    OutOfSpace,
    PreconditionFailed,
)
from connector.ports import Entry, ETag, FileId, Href
from tests.contract import folders
from tests.contract.folders import Backend, Served

KINDS = [
    "memory-nextcloud",
    "memory-plain",
    "wsgidav",
    "sandbox-plain",
    "sandbox-nextcloud",
    pytest.param("apache", marks=pytest.mark.apache),
    pytest.param("nextcloud", marks=pytest.mark.nextcloud),
]
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
    "n" * 246 + ".pdf",
]


class Running:
    """The servers of this module, each started when first asked for."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self._home, self._stack = home, stack
        self._backends: dict[str, Backend] = {}

    def backend(self, kind: str) -> Backend:
        """Return the running server of this kind."""
        if kind not in self._backends:
            self._backends[kind] = self._start(kind)
        return self._backends[kind]

    def _start(self, kind: str) -> Backend:
        if kind == "nextcloud":
            return folders.nextcloud()
        if kind == "apache":
            folders.need_apache()
            return self._stack.enter_context(folders.apache())
        files = self._home / kind / "files"
        files.mkdir(parents=True)
        if kind == "wsgidav":
            return self._stack.enter_context(folders.wsgidav(files))
        mode = kind.removeprefix("sandbox-")
        return self._stack.enter_context(folders.sandbox(files, self._home / kind / "state", mode))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with ExitStack() as stack:
        yield Running(tmp_path_factory.mktemp("dms"), stack)


@pytest.fixture(params=KINDS)
def dms(request: pytest.FixtureRequest, running: Running) -> Iterator[Served]:
    kind: str = request.param
    if kind.startswith("memory-"):
        yield from folders.memory(kind.removeprefix("memory-"))
        return
    with running.backend(kind).fresh() as served:
        yield served


@pytest.fixture
def rich(dms: Served) -> Served:
    """A folder on a server that keeps versions."""
    told = dms.folder.capabilities()
    if not (told.versions and told.chunked_upload and told.search):
        pytest.skip("keeps no versions")
    return dms


def read(dms: Served, href: str) -> bytes:
    into = io.BytesIO()
    dms.folder.get(Href(href), into, max_bytes=50_000_000)
    return into.getvalue()


def file_id(entry: Entry | None) -> FileId:
    assert entry is not None
    assert entry.file_id is not None
    return entry.file_id


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
    cuts = request.node.callspec.params["dms"] in {"wsgidav", "sandbox-plain"}
    for name in NAMES:
        dms.folder.create(Href(f"/{name}"), name.encode())
        with pytest.raises(PreconditionFailed):
            dms.folder.create(Href(f"/{name}"), b"again")
    assert {entry.href for entry in dms.folder.list(Href("/")).entries} == {f"/{name}" for name in NAMES}
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


def test_a_name_too_long_is_an_error(dms: Served) -> None:
    """A name that no server keeps makes no file."""
    with pytest.raises(ConnectorError):
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
    """A tag from before somebody's change changes nothing."""
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
    """The new bytes are in the same file, the old ones in its versions."""
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
    for _ in range(2):
        rich.folder.label_version(identity, old.version_id, "Avant signature & <paraphe>")
    assert rich.folder.versions(identity)[1].label == "Avant signature & <paraphe>"


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
