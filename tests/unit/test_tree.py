"""Trees: packed pages give back what went in, whatever its name, in little room; and what settles in them."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import InvalidResponse
from connector.ports import OWN_FOLDERS, Entry, ETag, FileId, Href, Listing, Page, Tree, TreeBuilder
from connector.steps.settling import Settling
from connector.webdav.hrefs import ServerRoot
from connector.webdav.listings import to_tree
from connector.webdav.multistatus import DAV, Resource

NOW = datetime(2026, 3, 2, 9, 0, 10, tzinfo=UTC)
BEFORE = NOW - timedelta(minutes=5)
ROOT = Entry(href=Href("/L/"), is_folder=True, etag=ETag("root"), modified=BEFORE)
NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="/", exclude_categories=["Cc"]), min_size=1, max_size=12
) | st.sampled_from(["é", "e\u0301", "x\udce9.pdf", "50% #1?;a+b.pdf", "...", "🖋", ".signature"])


def entry(href: str, **fields: object) -> Entry:
    basic = {"is_folder": href.endswith("/"), "etag": ETag("e"), "size": None if href.endswith("/") else 10}
    return Entry(href=Href(href), **{**basic, "modified": BEFORE, **fields})  # type: ignore[arg-type]


@settings(max_examples=40, deadline=None)
@given(st.sets(st.tuples(NAMES, NAMES, NAMES), max_size=8), st.booleans())
def test_what_goes_in_comes_out(paths: set[tuple[str, str, str]], weak: bool) -> None:
    """Every entry with every value, in any order, however often it was packed on the way."""
    folders = {f"/L/{one}/" for one, _, _ in paths} | {f"/L/{one}/{two}/" for one, two, _ in paths}
    entries = [entry(href, file_id=FileId("7"), permissions="RGDNVCK", owner="ü") for href in sorted(folders)]
    entries += [
        entry(f"/L/{one}/{two}/{three}", size=len(three), weak_etag=weak, etag=None if weak else ETag(three),
              modified=BEFORE + timedelta(microseconds=len(three)))
        for one, two, three in paths
    ]  # fmt: skip
    tree = Tree.of(Listing(folder=ROOT, entries=tuple(reversed(entries)), date=NOW))
    assert {one.href: one for one in tree.entries()} == {one.href: one for one in entries}
    assert tree.pages.keys() == {"/L/", *folders}
    assert all(page.leaf == (not page.folders()) for page in tree.pages.values())


def test_what_lies_in_our_own_folders_is_left_out() -> None:
    """They grow with every request: each is seen, nothing in it is; a name that only looks like one is a person's."""
    hrefs = [
        "/L/.signature/", "/L/.signature/a.sent", "/L/.signature/old/", "/L/.signature/old/b.done",
        "/L/a/.signature/", "/L/a/.signature/owner", "/L/a/", "/L/.signature.txt", "/L/.signatures/x.pdf",
        "/L/.signatures/",
    ]  # fmt: skip
    tree = Tree.of(Listing(folder=ROOT, entries=tuple(map(entry, hrefs)), date=NOW), apart=OWN_FOLDERS)
    assert {one.href for one in tree.entries()} == {
        "/L/.signature/", "/L/a/.signature/", "/L/a/", "/L/.signature.txt", "/L/.signatures/x.pdf",
        "/L/.signatures/",
    }  # fmt: skip
    # A watched folder within such a one is the administrator's wish.
    inside = replace(ROOT, href=Href("/.signature/L/"))
    listing = Listing(folder=inside, entries=(entry("/.signature/L/x.pdf"),), date=NOW)
    assert len(list(Tree.of(listing, apart=OWN_FOLDERS).entries())) == 1


@pytest.mark.parametrize(
    ("modified", "date", "proven"),
    [
        (BEFORE, NOW, True),
        (NOW - timedelta(seconds=1.9), NOW, False),
        (NOW + timedelta(seconds=1), NOW, False),
        (NOW + timedelta(days=1), NOW, True),
        (None, NOW, False),
        (BEFORE, None, False),
    ],
)
def test_a_page_is_proven_when_no_change_can_hide(
    modified: datetime | None, date: datetime | None, proven: bool
) -> None:
    """Another change within the same second would show the same time: in the folder's own, as in a file's."""
    old = entry("/L/a/", modified=BEFORE)
    assert Page.of(Listing(folder=entry("/L/a/", modified=modified), entries=(), date=date)).proven is proven
    listing = Listing(folder=old, entries=(entry("/L/a/x.pdf", modified=modified),), date=date)
    assert Page.of(listing).proven is proven


def resource(path: str) -> Resource:
    found = {DAV + "resourcetype": "", DAV + "getetag": '"e"', DAV + "getcontentlength": "10"}
    return Resource(href=path, found=found, is_folder=path.endswith("/"))


def test_a_streamed_answer_is_the_asked_folder_or_an_error() -> None:
    """In any order; elsewhere, above, or without the folder itself: an error."""
    root = ServerRoot.of("http://dav.example/dav")
    told = ["/dav/L/a/x.pdf", "/dav/L/a/", "/dav/L/", "/dav/L/y.pdf"]
    builder = to_tree(map(resource, told), root, Href("/L/"), date=None)
    assert builder.deep
    assert {one.href for one in builder.finish().entries()} == {"/L/a/x.pdf", "/L/a/", "/L/y.pdf"}
    for wrong in (
        ["/dav/L/y.pdf"],
        ["/dav/L/", "/dav/other/x.pdf"],
        ["/dav/L/", "/dav/"],
        ["/dav/L/", "/other/L/x.pdf"],
        ["/dav/L/", "/dav/L/../x.pdf"],
        ["/dav/L/", "/dav/L/a%2f..%2fx.pdf"],
        ["/dav/L/", "/dav/L/.."],
    ):
        with pytest.raises(InvalidResponse):
            to_tree(map(resource, wrong), root, Href("/L/"), date=None)


def test_memory_grows_with_what_is_kept_alone() -> None:
    """5,000 files of 500 folders, streamed: a hundred bytes each, and hardly more at the worst moment."""
    tracemalloc.start()
    try:
        builder = TreeBuilder(ROOT, NOW)
        for number in range(5_000):
            builder.add(
                entry(
                    f"/L/Client {number // 100}/{number // 10}/Lettre de mission {number}.pdf",
                    etag=ETag(f"9c40-64fab{number:08x}"),
                    modified=BEFORE + timedelta(seconds=number),
                )
            )
        tree = builder.finish()
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sum(1 for _ in tree.entries()) == 5_000
    assert kept < 5_000 * 150
    assert peak < 5_000 * 200


def test_what_was_not_looked_at_does_not_settle() -> None:
    """A page that a look spared proves nothing: its files wait until somebody looks, or until all is proven."""
    listing = Listing(folder=ROOT, entries=(entry("/L/x.pdf"), entry("/L/a/"), entry("/L/a/y.pdf")), date=NOW)
    settling, tree = Settling(grain=timedelta(seconds=1)), Tree.of(listing)
    assert settling.observe(tree, NOW).folders == {"/L/", "/L/a/"}
    spared = replace(tree, fresh=frozenset({Href("/L/")}))
    later = settling.observe(spared, NOW + timedelta(seconds=5))
    assert later.folders == {"/L/a/"}
    assert not settling.observe(replace(tree, fresh=None), NOW + timedelta(seconds=10))
