"""The service with a test's patience: ``python -m tests.soak.service CONFIG STATE``. All else is the real one."""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from connector.cli.wiring import State, single_instance, wired
from connector.config import load_config
from connector.daemon import Daemon
from connector.steps.leftovers import sweep

PATIENCE = {
    name: timedelta(seconds=seconds)
    for name, seconds in {
        "gone_patience": 2,
        "forgotten_patience": 2,
        "quiet_send": 5,
        "follow_first_hour": 1,
        "follow_first_day": 1,
        "follow_later": 1,
        "retry_first": 0.5,
        "retry_most": 2,
        "away_most": 1,
        "probe": 2,
    }.items()
}


def main(config_file: Path, directory: Path) -> None:
    """Work until a signal comes."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    config, state = load_config(config_file), State(directory=directory)
    state.make()
    with single_instance(state), wired(config, state) as parts:
        parts.timing = replace(parts.timing, **PATIENCE)
        sweep(parts)
        if not Daemon(parts, config).run():
            os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
