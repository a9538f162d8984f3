"""What a listing makes of a folder: which requests there are, what lies beside them, and what has settled."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest

from connector.config.model import Ceiling
from connector.errors import InvalidResponse
from connector.ports import Entry, ETag, FileId, Href, Listing, Tree
from connector.steps.discover import Pair, Settling, Sight, look
from connector.steps.parts import FolderSettings
from connector.steps.settling import Settled
from tests.fakes.folder import MemoryFolder

NOW = datetime(2026, 3, 2, 9, 0, 10, tzinfo=UTC)
BEFORE = NOW - timedelta(minutes=5)
GRAIN = timedelta(seconds=1)
FILE = "/Lettres/lettre.sign.yaml"
SETTINGS = FolderSettings(
    name="lettres",
    server="dms",
    root=Href("/Lettres/"),
    registry=Href("/Lettres/.signature/"),
    accounts=("lyon",),
    ceiling=Ceiling.LIVE,
)


def entry(href: str = FILE, **fields: Any) -> Entry:
    basic = {"is_folder": href.endswith("/"), "etag": ETag("e1"), "size": 10, "modified": BEFORE}
    return Entry(href=Href(href), **{**basic, **fields})


def observed(settling: Settling, now: datetime, date: datetime | None, *entries: Entry) -> Settled:
    """What has settled in a folder that holds just this."""
    root = entry("/Lettres/")
    tree = Tree.of(Listing(folder=root, entries=entries, date=date))
    return Settled({one.href: one for one in entries}, settling.observe(tree, now))


def seen(settling: Settling, seconds: float, *, date: datetime | None = None, **fields: Any) -> bool:
    """True when the file has settled, looked at some seconds later; the server's clock is ours."""
    now = NOW + timedelta(seconds=seconds)
    found = entry(**fields)
    return found.href in observed(settling, now, date or now, found)


# --------------------------------------------------------------------------------------------------
# Settling


def test_a_file_settles_after_more_than_the_grain() -> None:
    """Two looks at the same file, more than a second apart, and no sooner."""
    settling = Settling(grain=GRAIN)
    assert [seen(settling, at) for at in (0, 0.5, 1.0, 1.1)] == [False, False, False, True]


def test_a_clock_that_was_ahead_makes_nothing_wait_for_its_time() -> None:
    """Seen first by it, a file settles after two looks by the right one."""
    settling = Settling(grain=GRAIN)
    assert [seen(settling, at) for at in (86_400, 0, 1.0, 1.1)] == [False, False, False, True]


def test_a_file_settled_long_ago_is_new_to_a_new_process() -> None:
    """What was never seen waits for its second look, however old it is."""
    assert not seen(Settling(grain=GRAIN), 0, modified=BEFORE - timedelta(days=300))


@pytest.mark.parametrize(
    "change",
    [{"etag": ETag("e2")}, {"size": 11}, {"file_id": FileId("2")}],
    ids=["etag", "size", "file id"],
)
def test_a_change_starts_the_waiting_anew(change: dict[str, Any]) -> None:
    """Another ETag, another size or another file under the name: the clock begins again."""
    settling = Settling(grain=GRAIN)
    seen(settling, 0)
    assert seen(settling, 2)
    assert not seen(settling, 4, **change)
    assert not seen(settling, 5, **change)
    assert seen(settling, 6, **change)


def test_a_file_that_grows_never_settles() -> None:
    """An upload under way shows another size at each look, at whatever pace."""
    settling = Settling(grain=GRAIN)
    assert not any(seen(settling, at, size=at) for at in range(0, 60, 5))


def test_an_etag_of_the_running_second_proves_nothing() -> None:
    """As long as the server's clock says the second of the change, another save may hide behind the same ETag."""
    settling = Settling(grain=GRAIN)
    date = NOW.replace(microsecond=900_000)
    assert not seen(settling, 0, date=date, modified=NOW)
    assert not seen(settling, 5, date=date, modified=NOW)
    assert not seen(settling, 6, date=NOW - timedelta(seconds=1), modified=NOW)
    assert seen(settling, 7, date=NOW + timedelta(seconds=1), modified=NOW)


def test_a_change_in_the_future_is_waited_for_like_any_other() -> None:
    """A PC whose clock is wrong writes a time of change that may lie days ahead: it settles by the looks alone."""
    settling = Settling(grain=GRAIN)
    ahead = NOW + timedelta(days=1)
    assert [seen(settling, at, date=NOW + timedelta(seconds=at), modified=ahead) for at in (0, 2)] == [
        False,
        True,
    ]


def test_without_a_date_the_looks_alone_decide() -> None:
    """A server that sends no Date, or no time of change, is waited for like any other."""
    settling = Settling(grain=GRAIN)
    for at, settled in ((0, False), (2, True)):
        now = NOW + timedelta(seconds=at)
        assert (FILE in observed(settling, now, None, entry(modified=NOW))) is settled
    other = Settling(grain=GRAIN)
    assert [seen(other, at, modified=None) for at in (0, 2)] == [False, True]


def test_without_an_etag_the_time_of_change_stands_in() -> None:
    """A server without ETags: a new time of change is a change, an equal one with equal size is not."""
    settling = Settling(grain=GRAIN)
    assert [seen(settling, at, etag=None) for at in (0, 2)] == [False, True]
    assert not seen(settling, 4, etag=None, modified=BEFORE + timedelta(seconds=1))
    assert seen(settling, 6, etag=None, modified=BEFORE + timedelta(seconds=1))


def test_a_file_that_was_away_is_new_again() -> None:
    """Gone at one look, there at the next: it waits again, even with its old ETag."""
    settling = Settling(grain=GRAIN)
    seen(settling, 0)
    assert seen(settling, 2)
    observed(settling, NOW + timedelta(seconds=3), NOW)
    assert not seen(settling, 4)


def test_folders_never_settle() -> None:
    """Only files are waited for."""
    settling = Settling(grain=GRAIN)
    assert not any(seen(settling, at, href="/Lettres/2026/") for at in (0, 5))


# --------------------------------------------------------------------------------------------------
# Pairs


class Looks:
    """A folder in memory, and looks at it that come later and later; the server's clock goes with them."""

    def __init__(self, *, mode: Literal["nextcloud", "plain"] = "plain") -> None:
        self.at = BEFORE
        self.folder = MemoryFolder(lambda: self.at.timestamp(), mode=mode)
        self.settling = Settling(grain=GRAIN)

    def look(self, settings: FolderSettings = SETTINGS) -> Sight:
        self.at += timedelta(seconds=5)
        return look(settings, self.folder, self.settling, self.at)


def sight(*hrefs: str, settled: bool = True) -> Sight:
    """One complete look at files of these paths, below the watched root."""
    looks = Looks()
    for href in hrefs:
        looks.folder.put(f"/Lettres/{href}", href.encode("utf-8", "surrogateescape"))
    if settled:
        looks.look()
    return looks.look()


def only(found: Sight) -> Pair:
    (pair,) = found.pairs()
    return pair


def names_of(entries: tuple[Entry, ...]) -> list[str]:
    return [one.name for one in entries]


def test_a_sidecar_and_its_pdf_are_a_pair() -> None:
    """One request, its own PDF, nothing else of the folder."""
    pair = only(sight("lettre.pdf", "lettre.sign.yaml", "autre.pdf", "lettre.docx", "2026/lettre.pdf"))
    assert pair.sidecar.href == FILE
    assert pair.document is not None
    assert pair.document.href == pair.document_href == "/Lettres/lettre.pdf"
    assert (pair.document_name, pair.rivals, pair.settled) == ("lettre.pdf", (), True)


def test_a_sidecar_whose_pdf_is_not_there_yet() -> None:
    """It is a request all the same, and knows the name it waits for, spelled as the sidecar is."""
    pair = only(sight("Société.sign.yaml", "2026/Société.pdf"))
    assert (pair.documents, pair.document) == ((), None)
    assert pair.document_href == "/Lettres/Société.pdf"


@pytest.mark.parametrize(
    ("sidecar", "pdf"),
    [
        ("LETTRE.SIGN.YAML", "lettre.pdf"),
        ("lettre.sign.yaml", "Lettre.PDF"),
        (unicodedata.normalize("NFD", "société.sign.yml"), "société.pdf"),
        ("société.sign.yaml.txt", unicodedata.normalize("NFD", "Société.pdf")),
        ("lettre.pdf.sign.yaml", "lettre.pdf"),
        ("lettre.pdf.sign.yaml", "lettre.pdf.pdf"),
        ("lettre.sign.txt", "lettre.pdf"),
    ],
)
def test_case_and_accents_do_not_part_them(sidecar: str, pdf: str) -> None:
    """However the two names are spelled, they are a pair, addressed with the server's own bytes."""
    pair = only(sight(sidecar, pdf))
    assert pair.document is not None
    assert (pair.sidecar.name, pair.document.name, pair.document_name) == (sidecar, pdf, pdf)


def test_several_pdfs_of_one_name_are_all_told() -> None:
    """Two PDFs that people cannot tell apart: neither is taken."""
    pair = only(sight("lettre.sign.yaml", "lettre.pdf", "Lettre.PDF"))
    assert sorted(names_of(pair.documents)) == ["Lettre.PDF", "lettre.pdf"]
    assert pair.document is None
    assert pair.document_href == "/Lettres/lettre.pdf"


def test_several_requests_for_one_pdf_are_rivals() -> None:
    """Each knows the others, whatever their extensions; one in another folder is no rival."""
    found = sight(
        "lettre.pdf", "lettre.sign.yaml", "Lettre.sign.yml", "lettre.pdf.sign.yaml", "2026/lettre.sign.yaml"
    )
    rivals = {pair.sidecar.href: sorted(names_of(pair.rivals)) for pair in found.pairs()}
    assert rivals == {
        "/Lettres/2026/lettre.sign.yaml": [],
        "/Lettres/Lettre.sign.yml": ["lettre.pdf.sign.yaml", "lettre.sign.yaml"],
        "/Lettres/lettre.pdf.sign.yaml": ["Lettre.sign.yml", "lettre.sign.yaml"],
        "/Lettres/lettre.sign.yaml": ["Lettre.sign.yml", "lettre.pdf.sign.yaml"],
    }


@pytest.mark.parametrize(
    "href",
    [
        ".signature/lettre.sign.yaml",
        ".brouillons/2026/lettre.sign.yaml",
        "2026/.cache/lettre.sign.yaml",
        "Modèles de signature/lettre.sign.yaml",
        "2026/MODÈLES DE SIGNATURE/lettre.sign.yaml",
        "_signature.yaml",
        "lettre.signature.txt",
        "~$lettre.sign.yaml",
        "lettre.sign.yaml.part",
        "lettre.sign.yaml~",
        ".lettre.sign.yaml.swp",
        "._lettre.sign.yaml",
        "lettre.sign (Copie en conflit de Marie 2026-03-02).yaml",
        "lettre (conflicted copy 2026-03-02).sign.yaml",
        ".sign.yaml",
        "lettre.yaml",
        "lettre.sign.pdf",
        "lettre.sign.yaml/interne.pdf",
    ],
)
def test_what_is_no_request(href: str) -> None:
    """Hidden folders, models, our own names, noise of editors and sync clients, and folders: never a request."""
    assert list(sight(href, "lettre.pdf").pairs()) == []


def test_the_watched_root_itself_may_be_hidden() -> None:
    """Only what lies below the root is judged by its folders: the administrator chose the root."""
    hidden = FolderSettings(**{**vars(SETTINGS), "root": Href("/.hidden/")})
    looks = Looks()
    looks.folder.put("/.hidden/lettre.sign.yaml", b"x")
    found = looks.look(hidden)
    assert [pair.sidecar.href for pair in found.pairs()] == ["/.hidden/lettre.sign.yaml"]


def test_a_pair_settles_with_all_its_files() -> None:
    """A sidecar beside a PDF that is still being written waits with it."""
    looks = Looks()
    looks.folder.put(FILE, b"x")
    assert not only(looks.look()).settled
    assert only(looks.look()).settled
    looks.folder.put("/Lettres/lettre.pdf", b"half")
    assert not only(looks.look()).settled
    looks.folder.put("/Lettres/lettre.pdf", b"whole document")
    assert not only(looks.look()).settled
    assert only(looks.look()).settled


def test_pairs_come_in_the_order_of_their_hrefs() -> None:
    """The same folder gives the same order every time."""
    found = [pair.sidecar.href for pair in sight("b.sign.yaml", "a/z.sign.yaml", "a.sign.yaml").pairs()]
    assert found == sorted(found)
    assert len(found) == 3


def test_what_lies_beside_is_found_by_any_spelling() -> None:
    """Names are compared as people do, in the very folder of the file that is asked about."""
    found = sight(
        "lettre.sign.yaml", "Lettre.Signature.TXT", "2026/lettre.signature.txt", "a.pdf", "B.PDF", "c.txt"
    )
    assert [one.href for one in found.beside(FILE, "lettre.signature.txt")] == [
        "/Lettres/Lettre.Signature.TXT"
    ]
    assert found.beside(FILE, "nothing.txt") == []
    assert [one.name for one in found.pdfs_beside(FILE)] == ["a.pdf", "B.PDF"]


def test_the_nearest_settings_apply() -> None:
    """A settings file counts for its folder and all below; the nearest comes first, under any extension."""
    found = sight("_signature.yaml", "2026/mars/_Signature.yml", "2026/mars/a.sign.yaml", "2026/b.sign.yaml")
    above = {
        href: [[entry.href for entry in here] for here in found.settings_above(f"/Lettres/{href}")]
        for href in ("2026/mars/a.sign.yaml", "2026/b.sign.yaml", "c.sign.yaml")
    }
    assert above == {
        "2026/mars/a.sign.yaml": [["/Lettres/2026/mars/_Signature.yml"], ["/Lettres/_signature.yaml"]],
        "2026/b.sign.yaml": [["/Lettres/_signature.yaml"]],
        "c.sign.yaml": [["/Lettres/_signature.yaml"]],
    }
    assert sight("lettre.sign.yaml").settings_above(FILE) == []


def test_settings_of_a_whole_server() -> None:
    """A watched folder may be the server's root: the way up ends there."""
    looks = Looks()
    for href in ("/_signature.yaml", "/2026/a.sign.yaml"):
        looks.folder.put(href, b"x")
    found = looks.look(replace(SETTINGS, root=Href("/")))
    assert [[one.href for one in here] for here in found.settings_above("/2026/a.sign.yaml")] == [
        ["/_signature.yaml"]
    ]


def test_a_folder_of_that_name_is_no_settings() -> None:
    """Only a file sets anything."""
    assert sight("_signature.yaml/note.txt", "a.sign.yaml").settings_above("/Lettres/a.sign.yaml") == []


def test_an_incomplete_listing_is_no_empty_folder() -> None:
    """A listing that failed raises: nothing is forgotten and nothing counts as deleted."""
    looks = Looks(mode="nextcloud")
    looks.folder.put(FILE, b"x")
    looks.look()
    looks.folder.fail("walk", InvalidResponse("truncated"))
    with pytest.raises(InvalidResponse):
        looks.look()
    assert only(looks.look()).settled


def test_a_sight_knows_files_by_their_ids() -> None:
    """Where the server gives file ids, each entry is found by its own."""
    looks = Looks(mode="nextcloud")
    looks.folder.put(FILE, b"x")
    looks.folder.put("/Lettres/lettre.pdf", b"y")
    found = looks.look()
    assert {one.href for one in found.by_id.values()} >= {FILE, "/Lettres/lettre.pdf"}
    assert all(one.file_id == ident for ident, one in found.by_id.items())


def test_what_is_in_sight_is_found_however_it_is_asked_for() -> None:
    """In a small folder, in one of hundreds, unpacked or not; a file is no folder of that name."""
    many = [f"2026/Lettre de mission {number:03}.pdf" for number in range(300)]
    found = sight(*many, "a/x.pdf", "b/é #1.pdf", "...", settled=False)
    everything = set(found.by_href)
    assert len(everything) == len(found.by_href) == 306
    for _ in range(2):
        assert all(href in found.by_href and found.by_href[href].href == href for href in everything)
        for absent in (
            "/Lettres/a",
            "/Lettres/a/x.pdf/",
            "/Lettres/a/y.pdf",
            "/Lettres/c/x.pdf",
            "/",
            "",
            "x",
        ):
            assert absent not in found.by_href
            assert found.by_href.get(absent) is None
    assert {one.href for one in found.folders()} == {"/Lettres/2026/", "/Lettres/a/", "/Lettres/b/"}
    sizes = {len(f"2026/Lettre de mission {number:03}.pdf") for number in range(300)}
    assert {size: len(found.of_size(size)) for size in sizes} == dict.fromkeys(sizes, 300)
    assert found.of_size(None) == found.of_size(7_777) == ()
    assert len(found.settled) == 0
