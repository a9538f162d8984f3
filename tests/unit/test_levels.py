"""Servers whose answer to Depth: infinity ends after some levels, without a word."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from connector.errors import AccessDenied, NotFound, RemoteError, Unavailable
from connector.ports import Entry, ETag, Href, Listing, Page, TreeBuilder
from connector.webdav.pace import Pace
from connector.webdav.surveying import Listed, Requests, Surveyor


class Levels:
    """A tree of folders in memory whose server shows so many levels as an answer to Depth: infinity, and no more."""

    def __init__(self, files: list[str], levels: int) -> None:
        self.files, self.levels, self.asked = files, levels, 0
        self.fails: dict[str, RemoteError] = {}
        self.root = Entry(href=Href("/L/"), is_folder=True, etag=ETag("root"))

    def infinite(self, href: Href, apart: Collection[str]) -> TreeBuilder:
        builder = TreeBuilder(self.root, None, apart=apart)
        for entry in self._entries():
            if entry.href.removeprefix(href).rstrip("/").count("/") < self.levels:
                builder.add(entry)
        return builder

    def listed(self, href: Href) -> Listed:
        self.asked += 1
        if href in self.fails:
            raise self.fails[href]
        below = [one for one in self._entries() if one.parent == href]
        itself = next((one for one in self._entries() if one.href == href), self.root)
        return Listed(itself=itself, page=Page.of(Listing(folder=itself, entries=tuple(below), date=None)))

    def look(self, href: Href) -> Listing:
        raise AssertionError(f"{href} is looked at alone")

    def _entries(self) -> list[Entry]:
        parts = [one.split("/") for one in self.files]
        folders = {f"{'/'.join(each[:depth])}/" for each in parts for depth in range(3, len(each))}
        folders |= {one for one in self.files if one.endswith("/")}
        return [
            Entry(href=Href(one), is_folder=one.endswith("/"), etag=ETag(one))
            for one in sorted(folders | set(self.files))
        ]

    def surveyor(self) -> Surveyor:
        requests = Requests(look=self.look, list=self.listed, infinite=self.infinite, same=lambda *_: False)
        return Surveyor("dms", requests, Pace(2))


def test_a_server_that_shows_two_levels_for_all() -> None:
    """What lies deeper is seen all the same: an empty folder at the bottom of an answer is asked whether it is one."""
    files = ["/L/a.pdf", "/L/A/b.pdf", "/L/A/B/c.pdf", "/L/A/B/C/d.pdf", "/L/E/"]
    server = Levels(files, levels=2)
    surveyor = server.surveyor()
    tree = surveyor.whole(Href("/L/"))
    assert {one.href for one in tree.entries() if not one.is_folder} == {
        one for one in files if not one.endswith("/")
    }
    assert surveyor.infinity is False
    honest = Levels([*files, "/L/A/B/C/E/"], levels=99)
    surveyor = honest.surveyor()
    for _ in range(3):
        tree = surveyor.whole(Href("/L/"))
    assert surveyor.infinity is True
    assert honest.asked == 1, "one empty folder at the very bottom, asked once"


def test_what_an_empty_folder_at_the_bottom_answers() -> None:
    """One that has just gone: the whole is looked at again. One that is closed to us stops nothing: it was seen so."""
    honest = Levels(["/L/A/a.pdf", "/L/A/E/", "/L/A/F/"], levels=99)
    surveyor = honest.surveyor()
    honest.fails["/L/A/E/"] = NotFound("gone", status=404)
    with pytest.raises(Unavailable, match="vanished"):
        surveyor.whole(Href("/L/"))
    honest.fails["/L/A/E/"] = AccessDenied("closed", status=403)
    for _ in range(3):
        tree = surveyor.whole(Href("/L/"))
    assert {one.href for one in tree.entries()} == {"/L/A/", "/L/A/E/", "/L/A/F/", "/L/A/a.pdf"}
    assert surveyor.infinity is True
