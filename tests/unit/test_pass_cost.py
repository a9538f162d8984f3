"""What a pass costs when nothing moves, at the server and in the journal: it does not grow with what is over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from connector.journal import statements as asking
from tests import documents
from tests.firms import Firms, Member, durable_url
from tests.worlds import ONE, ROOT, Mode, Stage


@contextmanager
def statements() -> Iterator[list[str]]:
    """Everything that any journal is asked meanwhile."""
    seen: list[str] = []

    def count(*arguments: Any) -> None:
        seen.append(arguments[2])

    event.listen(Engine, "before_cursor_execute", count)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", count)


def quiet(stage: Stage) -> tuple[list[str], int]:
    """The requests to the DMS and the questions to the journal of one round in which nothing moves."""
    before = len(stage.dms.requests)
    # Whatever changes makes it forget what it was asked: a question that is remembered would not be counted.
    with stage.parts.journal._transaction() as connection:
        connection.exec_driver_sql("UPDATE meta SET value = value")
    with statements() as asked:
        stage.round()
    return [f"{one.method} {one.depth}".strip() for one in stage.dms.requests[before:]], len(asked)


@pytest.mark.parametrize(
    ("mode", "most"), [("nextcloud", ["PROPFIND 0"]), ("plain", ["PROPFIND infinity", "GET"])]
)
def test_what_is_over_costs_nothing_more(tmp_path: Path, mode: Mode, most: list[str]) -> None:
    """One look, and elsewhere than on Nextcloud one at the owner; the same with three that are signed as with none."""
    with Stage(tmp_path, mode) as stage:
        stage.run()
        none = quiet(stage)
        assert none[0] == most
        for name in ("un", "deux", "trois"):
            stage.drop(name)
        stage.run()
        stage.sign()
        stage.run()
        assert all(record.closed for record in stage.records())
        assert quiet(stage) == none
        # What people do there is seen all the same: a new PDF under the old name, and the wish to have it signed.
        told, before = stage.first_line("deux"), len(stage.dms.requests)
        stage.drop("deux", sidecar=ONE + "action: recommencer\n")
        stage.run()
        assert stage.sends() == [1, 1, 1, 1]
        assert stage.first_line("deux") != told
        assert stage.record("un").closed
        if mode == "nextcloud":
            # The way down to it, and no walk.
            assert {one.depth for one in stage.dms.requests[before:] if one.method == "PROPFIND"} == {
                "0",
                "1",
            }
        stage.intact()


def test_a_large_tree_on_a_server_that_must_be_walked(tmp_path: Path) -> None:
    """What is open is looked at each time, however it is edited; what is over by the next sweep; all else is spared."""
    with Stage(tmp_path, "plain", depth_infinity=False) as stage:
        folders = [f"{ROOT}/Client {client}/{year}" for client in range(10) for year in range(4)]
        for folder in folders:
            stage.dms.person.mkdir(folder)
        home = folders[7]
        stage.run()
        stage.drop("lettre", folder=home)
        stage.drop("bail", folder=home)
        stage.run()
        assert stage.sends() == [1, 1]
        depths = quiet(stage)[0]
        # The root and the models, ten clients, one year with what is open; and the owner.
        assert set(depths) == {"GET", "PROPFIND 1"}
        assert len(depths) <= 15

        # Edited in place, which moves no folder's time: the PDF and the request itself.
        stage.write("bail.pdf", documents.letter(text="bail corrigé"), folder=home)
        stage.run(4)
        assert "modifié" in stage.status("bail", folder=home)
        stage.sign()
        stage.run()
        assert stage.first_line("lettre", folder=home).startswith("SIGNÉ")
        # Over, and edited in place: the sweep finds the wish.
        told = stage.status("lettre", folder=home)
        stage.write("lettre.sign.yaml", ONE + "action: recommencer\n", folder=home)
        stage.clock.advance(1_800)
        stage.run()
        assert stage.status("lettre", folder=home) != told
        assert len([1 for view in stage.platform.transactions() if view.sends]) == 2
        stage.intact()


FIRMS = ("annecy", "brest", "colmar", "dijon", "evreux")


def whole_lists(member: Member) -> int:
    """How often everything that is open on the server is listed in one round."""
    dialect = member.parts.journal.engine.dialect
    everything = str(asking.LISTED[asking.OPEN].compile(dialect=dialect))
    with statements() as asked:
        member.work()
    return asked.count(everything)


def test_firms_on_one_server_do_not_pay_for_each_other(tmp_path: Path) -> None:
    """What is open on a whole server is listed so many times a pass: not for each folder, nor for each request that is
    judged, nor for each notice of a pause. While nothing moves, what holds accounts and what was last told of folders
    is asked so many times, too, and of an account at the beginning of its pass and at its end. What is done once
    a day is asked once a day, and not of each account in the pass of each."""
    more = "keep_personal_data: 400d\n"
    with durable_url() as url, Firms(tmp_path, url, "plain", firms=FIRMS, more=more) as world:
        member = world.join("one")
        world.settle(4)
        with statements() as asked:
            assert whole_lists(member) == 8
        accounts = len(FIRMS)
        assert sum("FROM hold" in one for one in asked) == 3 + accounts
        assert sum("FROM event" in one for one in asked) == 6 + 2 * accounts
        # Beside that, of a folder: how it is watched, what has changed, what was written; of an account: whether
        # somebody logged in, orders, what is followed.
        assert len(asked) == 20 + 9 * accounts
        for firm in FIRMS:
            world.drop("lettre", documents.letter(text=firm), folder=firm.title())
        assert [whole_lists(member) for _ in range(4)] == [8] * 4
        assert set(world.spent()) == {firm.title() for firm in FIRMS}
        for firm in FIRMS:
            member.parts.journal.hold(firm, "manual", probe_at=world.clock.now())
            world.drop("autre", documents.letter(text=f"autre {firm}"), folder=firm.title())
        assert [whole_lists(member) for _ in range(3)] == [8] * 3
        for firm in FIRMS:
            assert any(path.endswith("/SIGNATURES EN PAUSE.txt") for path in world.ground.files(firm.title()))
