"""Which places of a watched folder must not change unseen, as the journal's open requests tell."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from connector.guards import ServerMemory
from connector.journal import Journal
from connector.lifecycle import DocumentFacts, Event, State
from connector.looking import _Near
from connector.steps.discover import Settling, Watch

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_where_no_edit_may_escape(tmp_path: Path) -> None:
    """What has not left is judged by its files, what is out by an order in its own; a document is looked at wherever it
    lies, be it in another's folder, or in one below that. All of it is listed once, before the first folder."""
    folders = [
        SimpleNamespace(name=name, server="dms", root=root)
        for name, root in (("a", "/a/"), ("b", "/b/"), ("below", "/a/inner/"))
    ]
    memory = ServerMemory()
    for one in folders:
        memory.watches[one.name] = Watch(Settling(grain=timedelta(seconds=1)))
    with closing(Journal(f"sqlite:///{tmp_path / 'journal'}", now=lambda: NOW)) as journal:

        def add(folder: str, state: State, place: str, href: str) -> None:
            journal.add(
                Event.ACCEPTED, folder=folder, server="dms", account="x", state=state, place=place,
                document=DocumentFacts(href=href),
            )  # fmt: skip

        add("a", State.WAITING, "/a/x/1.sign.yaml", "/a/x/1.pdf")
        add("b", State.IN_PROGRESS, "/b/2.sign.yaml", "/b/2.pdf")
        add("b", State.IN_PROGRESS, "/b/3.sign.yaml", "/a/inner/y/3.pdf")
        near = _Near(cast("Any", SimpleNamespace(journal=journal)), memory, cast("Any", folders))
        found = {one.name: near.of(cast("Any", one)) for one in folders[:2]}
        add("below", State.WAITING, "/a/inner/4.sign.yaml", "/a/inner/4.pdf")
        found["below"] = near.of(cast("Any", folders[2]))
    assert found == {
        "a": (["/a/inner/y/3.pdf", "/a/x/1.pdf", "/a/x/1.sign.yaml"], []),
        "b": (["/a/inner/y/3.pdf"], ["/b/2.sign.yaml", "/b/3.sign.yaml"]),
        "below": (["/a/inner/y/3.pdf"], []),
    }
