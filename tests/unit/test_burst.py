"""Many pairs dropped at once: what they cost in requests and connections, counted at both servers, never timed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import pytest

from connector.lifecycle import State
from connector.passes import account_pass, server_pass
from tests import documents
from tests.worlds import ROOT, Mode, Stage

PAIRS: Final = 10
AT_ONCE: Final = 4
"""Connections that a server gets, and calls that an account makes, at once."""
OWN: Final[dict[Mode, int]] = {"nextcloud": 27, "plain": 21}
"""What each pair costs by itself. With a look at its folder and one at its owner right before the marker, and on
Nextcloud one question about public links to the folder, that is 30 and 23, what one request on its own costs with all
its checks (test_request_count)."""
SHARED: Final = 2
DISCOVERY: Final = 12
"""Looks at the folder and its overview, for all of them together."""


class Window:
    """What both servers were asked while something was done."""

    def __init__(self, stage: Stage, work: Callable[[], object]) -> None:
        dms, platform = len(stage.dms.requests), len(stage.platform.requests)
        before = (
            {one.connection for one in stage.dms.requests},
            {one.connection for one in stage.platform.requests},
        )
        work()
        self.dms, self.platform = list(stage.dms.requests[dms:]), list(stage.platform.requests[platform:])
        self.fresh = (
            len({one.connection for one in self.dms} - before[0]),
            len({one.connection for one in self.platform} - before[1]),
        )
        self.own = [one for one in self.dms if _of_a_pair(one.path)]
        self.shared = [f"{one.method} {one.path}" for one in self.dms if not _of_a_pair(one.path)]


def _of_a_pair(path: str) -> bool:
    name = unquote(path)
    if name.endswith("/shares/inherited"):
        return False  # for all of a folder
    return (
        "lettre-" in name
        or name.endswith((".sent", ".done"))
        or ("/dav/files/" not in name and ROOT not in name)
    )


@pytest.mark.parametrize("mode", ["nextcloud", "plain"])
def test_each_pair_of_a_burst_costs_what_one_alone_costs(tmp_path: Path, mode: Mode) -> None:
    """Not one request more than a request on its own with its checks, over no more connections than may be at work."""
    with Stage(tmp_path / "stage", mode) as stage:
        stage.drop("avant")
        stage.run()
        stage.sign()
        stage.run()
        assert stage.record("avant").closed
        for number in range(PAIRS):
            stage.drop(f"lettre-{number}", pdf=documents.letter(1, text=f"lettre {number}"))
        stage.round()  # sees them for the first time
        stage.clock.advance(3)

        launch = Window(stage, lambda: server_pass(stage.parts, "dms", stage.memory))
        assert stage.sends() == [1] * (PAIRS + 1)
        assert all(stage.first_line(f"lettre-{number}").startswith("EN COURS") for number in range(PAIRS))
        stage.sign()
        stage.clock.advance(3)

        def bring_home() -> None:
            account_pass(stage.parts, "cabinet")
            server_pass(stage.parts, "dms", stage.memory)

        home = Window(stage, bring_home)
        letters = [stage.record(f"lettre-{number}") for number in range(PAIRS)]
        assert [(one.state, one.closed) for one in letters] == [(State.DELIVERED, True)] * PAIRS
        stage.intact()

    own = len(launch.own) + len(home.own)
    calls = Counter(one.operation for one in (*launch.platform, *home.platform))
    assert calls == dict.fromkeys(("create", "upload", "signatory", "send", "status", "download"), PAIRS)
    assert own + 6 * PAIRS == OWN[mode] * PAIRS, Counter(
        f"{one.method} {one.path}" for one in (*launch.own, *home.own)
    )
    shared = launch.shared + home.shared
    assert len(shared) <= SHARED * PAIRS + DISCOVERY, Counter(shared)
    for window in (launch, home):
        assert window.fresh[0] <= AT_ONCE
        # The one more is kept for sending alone.
        assert window.fresh[1] <= AT_ONCE + 1
