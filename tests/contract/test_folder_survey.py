"""The contract of the port ``Folder``: a survey brings a tree up to date, and shows what a walk would show."""

from __future__ import annotations

import pytest

from connector.errors import InvalidResponse, NotFound
from connector.ports import OWN_FOLDERS, Href, Tree
from tests.contract.folders import Served

TOP = Href("/")
CLIENTS = [f"Müller & Söhne #{number}, 50% +" for number in range(6)]
LEAF = f"/{CLIENTS[2]}/2026/"
"""More folders than are simply listed."""


def planted(dms: Served) -> None:
    for client in CLIENTS:
        dms.folder.make_folder(Href(f"/{client}/"))
        for year in range(2021, 2027):
            dms.folder.make_folder(Href(f"/{client}/{year}/"))
    for name in ("lettre.pdf", "lettre.sign.yaml"):
        dms.folder.create(Href(LEAF + name), b"12345")


def shown(tree: Tree) -> dict[str, tuple[object, ...]]:
    return {one.href: (one.is_folder, one.size, one.file_id) for one in tree.entries()}


def walked(dms: Served) -> dict[str, tuple[object, ...]]:
    """What lies there, taking nothing on trust; our own folders are shown and not looked into."""
    listing = dms.folder.walk(TOP)
    return shown(Tree.of(listing, apart=OWN_FOLDERS))


def test_a_survey_shows_every_change(dms: Served) -> None:
    """New, overwritten, moved, renamed, deleted, files and folders; one after the other and all at once."""
    planted(dms)
    folder = dms.folder
    dms.pass_time()
    tree = folder.survey(TOP)
    assert shown(tree) == walked(dms)

    def edit() -> None:
        entry = dms.settled(LEAF + "lettre.sign.yaml")
        assert entry.etag is not None
        folder.replace(entry.href, b"longer than before", etag=entry.etag)

    changes = [
        lambda: folder.create(Href(f"/{CLIENTS[4]}/2021/neu.pdf"), b"x"),
        edit,
        lambda: folder.move(Href(f"/{CLIENTS[4]}/2021/neu.pdf"), Href(f"/{CLIENTS[5]}/2022/umbenannt.pdf")),
        lambda: folder.move(Href(f"/{CLIENTS[0]}/"), Href("/Früher/")),
        lambda: folder.make_folder(Href("/.signature/")),
        lambda: folder.create(Href("/.signature/owner"), b"x"),
        lambda: folder.make_folder(Href(f"{LEAF}tief/")),
        lambda: folder.create(Href(f"{LEAF}tief/x.pdf"), b"x"),
        lambda: folder.delete(Href(f"/{CLIENTS[5]}/2022/umbenannt.pdf")),
        lambda: folder.delete(Href(f"/{CLIENTS[3]}/2025/")),
    ]
    for change in changes:
        change()
        tree = folder.survey(TOP, tree, near={Href(LEAF)})
        assert shown(tree) == walked(dms)
    assert "/.signature/owner" not in shown(tree)
    stale = tree
    for name in ("a", "b", "c"):
        folder.create(Href(f"/{CLIENTS[1]}/{2021 + ord(name) - ord('a')}/{name}.pdf"), b"x")
    folder.delete(Href(f"{LEAF}tief/"))
    dms.pass_time()
    # However old what is known: it is brought up to date, once and again.
    for _ in range(2):
        assert shown(folder.survey(TOP, stale, near={Href(LEAF)})) == walked(dms)
    tree = folder.survey(TOP, stale, near={Href(LEAF)})
    assert shown(folder.survey(TOP, tree)) == walked(dms)
    assert shown(folder.survey(TOP, tree, sweep=True)) == walked(dms)


def test_what_is_not_there_cannot_be_surveyed(dms: Served) -> None:
    """A folder that is gone is no empty folder, whatever was known of it; nor is a file of that name."""
    dms.folder.make_folder(Href("/weg/"))
    dms.folder.create(Href("/weg/a.pdf"), b"x")
    tree = dms.folder.survey(Href("/weg/"))
    dms.folder.delete(Href("/weg/"))
    for known in (None, tree):
        with pytest.raises(NotFound):
            dms.folder.survey(Href("/weg/"), known)
    dms.folder.create(Href("/weg"), b"x")
    with pytest.raises((NotFound, InvalidResponse)):  # Apache has 400 for the name of a file with a slash
        dms.folder.survey(Href("/weg/"), tree)
