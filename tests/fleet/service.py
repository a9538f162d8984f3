"""The real ``run`` with a test's patience: ``python -m tests.fleet.service CONFIG STATE``. All else is as shipped.

``JSE_FLEET`` in the environment: ``storm`` (by default: answers and leases are waited for only briefly, too),
``patience`` (those are as shipped), ``usual`` (everything is).
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import timedelta
from typing import Any

from connector import fence
from connector.cli import app, run, standstill, wiring
from connector.config import Config
from connector.jesignexpert import exchange
from connector.journal import engines
from connector.steps.parts import Timing
from connector.webdav import client
from tests.fleet.serving import ends_with_its_parent
from tests.soak.service import PATIENCE

TTL_S = 5.0
ANSWER_S = 3.0
"""So long a call waits at most: a send is begun only when more than that is left of the lease."""


def impatient() -> None:
    """Ask again sooner than is shipped."""
    usual = wiring.timing_of

    def timing_of(config: Config) -> Timing:
        patience: dict[str, Any] = PATIENCE
        return replace(usual(config), **patience)

    wiring.timing_of = timing_of


def hurried() -> None:
    """Wait for answers, and keep leases, for seconds."""
    vars(fence)["LEASE"] = timedelta(seconds=TTL_S)
    # A transaction that was left standing holds its process's row: nobody is relieved before the server has ended it.
    vars(engines)["IDLE_S"] = vars(engines)["CONNECT_S"] = 2
    _defaults(exchange.Timeouts, connect=1.0, read=ANSWER_S, upload=ANSWER_S, total=ANSWER_S)
    _defaults(client.Timeouts, connect_s=1.0, read_s=ANSWER_S, call_s=ANSWER_S, transfer_s=3 * ANSWER_S)
    vars(standstill)["EVERY_S"] = vars(run)["AWAY_S"] = 0.5


def _defaults(kind: type, **seconds: float) -> None:
    """Give a dataclass of times other values to begin with."""
    names = list(kind.__dataclass_fields__)  # type: ignore[attr-defined]
    values = [seconds.get(name, kind.__dataclass_fields__[name].default) for name in names]  # type: ignore[attr-defined]
    kind.__init__.__defaults__ = tuple(values)  # type: ignore[misc]


def main(config: str, state: str) -> None:
    """Work until a signal comes."""
    ends_with_its_parent()
    how = os.environ.get("JSE_FLEET", "storm")
    if how != "usual":
        impatient()
    if how == "storm":
        hurried()
    app.app(["run", "--config", config, "--state", state], prog_name="jse-connector")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
