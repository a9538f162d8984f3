"""``run`` and ``tick``: the service, and one round of it for a timer of one's own."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from connector.cli import private
from connector.cli.common import FAILED, Settings, handed_over
from connector.cli.standstill import Standstill
from connector.cli.wiring import single_instance, wired
from connector.errors import JournalFull
from connector.guards import ServerMemory
from connector.passes import account_pass, server_pass
from connector.steps.leftovers import sweep

if TYPE_CHECKING:
    from connector.cli.wiring import State
    from connector.config import Config
    from connector.steps.parts import Parts

log = logging.getLogger(__name__)

ROUNDS = 10
"""A tick ends after so many rounds, even if people go on writing."""
MANUAL = "manual"
"""The cause of a hold that an administrator asked for: no failure."""


def run(settings: Settings) -> int:
    """Work until a signal. Raises ConfigurationError, JournalError.

    While no fact can be kept (the journal's disk is full) nothing is done; it goes on by itself, from the journal, as
    after a start.
    """
    private.never_dumped()
    private.catch_defects()
    config, state = settings.load(), settings.place()
    state.make()
    standstill = Standstill()
    with handed_over(state), ExitStack() as held:
        alone = False
        while True:
            try:
                if not alone:
                    held.enter_context(single_instance(state))
                    alone = True
                return _serve(config, state, standstill)
            except JournalFull as error:
                if not standstill.may_go_on:
                    raise
                why = str(error)
            if not standstill.wait(why):
                return 0


def _serve(config: Config, state: State, standstill: Standstill) -> int:
    from connector.daemon import Daemon

    standstill.may_go_on = True
    with wired(config, state) as parts:
        parts.journal.check()
        sweep(parts)
        daemon = Daemon(parts, config)
        standstill.over()
        try:
            if daemon.run():
                return 0
        except JournalFull:
            # A thread that is still in an effect keeps its requests: nobody else may begin on them in this process.
            standstill.may_go_on = daemon.at_rest
            raise
        # A thread is still in a call that does not come back. Closing its parts under its hands would only
        # blur what happened; the intent in the journal tells the next start all there is to know.
        logging.shutdown()
        sys.stderr.flush()
        os._exit(0)


def tick(settings: Settings) -> int:
    """Make passes until nothing moves any more. Returns 1 when a server or an account could not be worked on."""
    private.never_dumped()
    private.catch_defects()
    config, state = settings.load(), settings.place()
    state.make()
    with handed_over(state), single_instance(state), wired(config, state) as parts:
        parts.journal.check()
        sweep(parts)
        # No new effect begins after that, and the one in flight is waited for, as in the service.
        signal.signal(signal.SIGTERM, lambda _number, _frame: parts.stop.set())
        memories = {name: ServerMemory() for name in config.servers}
        for _ in range(ROUNDS):
            if not _round(parts, memories) or parts.stop.is_set():
                break
            time.sleep(parts.timing.settle.total_seconds() + 0.2)
        failures = _failures(parts, memories)
    for failure in failures:
        log.error("%s", failure)
    return FAILED if failures else 0


def _round(parts: Parts, memories: dict[str, ServerMemory]) -> bool:
    """One pass each; True when another round may bring more."""
    outcomes = [server_pass(parts, name, memory) for name, memory in memories.items()]
    outcomes += [account_pass(parts, name) for name in parts.accounts]
    return any(outcome.unsettled or outcome.moved for outcome in outcomes)


def _failures(parts: Parts, memories: dict[str, ServerMemory]) -> list[str]:
    found = [f"server {name}: {memory.problem}" for name, memory in memories.items() if memory.problem]
    for name in parts.accounts:
        hold = parts.journal.held(name)
        if hold is not None and hold.cause != MANUAL:
            found.append(f"account {name} is held: {hold.cause}")
    return found
