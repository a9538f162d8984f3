"""``run`` and ``tick``: the service, and one round of it for a timer of one's own."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from connector import logs, running
from connector.cli import holding, interrupted, private
from connector.cli.bars import bar
from connector.cli.common import FAILED, Settings, handed_over
from connector.cli.ending import Ending
from connector.cli.journal_file import journal_url, sqlite_file
from connector.cli.reloading import Reloading, first
from connector.cli.standstill import Standstill
from connector.cli.watching import Watching
from connector.cli.whole import read_whole
from connector.cli.wiring import Seams, single_instance, wired
from connector.errors import ConfigurationError, Fenced, JournalAway, JournalError, JournalFull
from connector.guards import ServerMemory
from connector.passes import Outcome, account_pass, server_pass, told
from connector.reload import ConfigWatch
from connector.shared_out import Holding
from connector.steps.leftovers import at_the_end, sweep
from connector.steps.telling import tell

if TYPE_CHECKING:
    from connector.cli.wiring import State
    from connector.config import Config
    from connector.metrics.vitals import Vitals
    from connector.steps.parts import Parts

log = logging.getLogger(__name__)

ROUNDS = 10
"""A tick ends after so many rounds, even if people go on writing."""
AWAY_S = 5.0
"""So often a database that is away is looked for."""
UNREAD_S = 60.0
"""So often a secret is read again that was there when the service began."""
_SOON_S = 1.0
MANUAL = "manual"
"""The cause of a hold that an administrator asked for: no failure."""


def run(settings: Settings) -> int:
    """Work until a signal. Raises ConfigurationError, JournalError.

    While no fact can be kept (the journal's disk is full) nothing is done; it goes on by itself, from the journal, as
    after a start. So, too, where a secret cannot be read any more by then: nobody has started anything, and a service
    that ended with status 2 would stay away.
    """
    private.never_dumped()
    private.catch_defects()
    file, state = settings.config_file(), settings.place()
    watch = ConfigWatch(file, partial(read_whole, file))
    config = settings.load()
    holding.several_need_one_journal(config, state)
    logs.called(state.name if holding.is_shared(config, state) else "")
    with handed_over(state), _reread_on_hangup(watch), ExitStack() as held:
        seen = Watching(config, state, "run")
        held.callback(seen.end)
        standstill, ending = Standstill(told=seen.stands_still), Ending()
        held.callback(ending.over)
        alone = False
        every: float | None
        while True:
            try:
                if not alone:
                    state.make()
                    held.enter_context(single_instance(state, sqlite_file(journal_url(config, state))))
                    alone = True
                    seen.begin()
                return _serve(config, state, standstill, watch, seen, ending)
            except ConfigurationError as error:
                if not standstill.worked:
                    raise
                why, every = f"it cannot go on with its configuration: {error}", UNREAD_S
                cause = why
            except (JournalFull, JournalAway, Fenced) as error:
                if not standstill.may_go_on:
                    _given_up(error)
                    raise
                why, every = _meaning(error)
                cause = JournalFull.__name__ if isinstance(error, JournalFull) else why
                if isinstance(error, JournalAway):
                    cause = error.cause or why
                if alone:
                    seen.begin()
            if not standstill.wait(why, every=every, cause=cause):
                return 0
            # It goes on with what it worked with; what was written meanwhile is taken over as ever, or refused.
            config = seen.config
            watch.ask()


def _meaning(error: JournalError) -> tuple[str, float | None]:
    """Return what is told meanwhile, and how many seconds later it is tried again."""
    if isinstance(error, Fenced):
        return str(error), _SOON_S
    if isinstance(error, JournalAway):
        return f"waits for the journal's database: {error}", AWAY_S
    return str(error), None


def _given_up(error: JournalError) -> None:
    """End where a thread does not come back from a call and others may be at its work: systemd starts us anew."""
    if isinstance(error, JournalFull):
        return
    log.critical("%s; a thread is still in a call, and nothing may begin beside it: the process ends", error)
    logging.shutdown()
    sys.stderr.flush()
    os._exit(FAILED)


@contextmanager
def _reread_on_hangup(watch: ConfigWatch) -> Iterator[None]:
    """Let SIGHUP ask for a look at the configuration, whatever the service does just then; by default it would end."""
    before = signal.signal(signal.SIGHUP, lambda _number, _frame: watch.ask())
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def _serve(
    config: Config, state: State, standstill: Standstill, watch: ConfigWatch, seen: Watching, ending: Ending
) -> int:
    from connector.daemon import Daemon

    standstill.may_go_on = True
    holding.usable(config)
    shared = holding.is_shared(config, state)
    held = holding.reduced(config, Holding()) if shared else config
    with wired(held, state, whole=config) as parts, ExitStack() as more:
        parts.journal.check()
        if standstill.stood and shared:
            # A small fact may find room where a document finds none: it would go on for nothing, and say so each time.
            # Of SQLite's disk the opening has found that out.
            parts.journal.prove_room()
        fleet = more.enter_context(holding.joined(parts, config, state)) if shared else None
        sweep(parts)
        reloading = more.enter_context(Reloading(watch, config, state, parts, fleet=fleet))
        daemon = Daemon(
            reloading.parts,
            reloading.worked,
            reloader=reloading,
            vitals=seen.vitals,
            told=lambda _held: seen.changed(reloading.config),
            signalled=ending.begin,
        )
        if fleet is not None:
            fleet.orders, fleet.busy = daemon.summoned, daemon.busy_units
            fleet.start()
        seen.changed(config)
        seen.journal, seen.fleet = parts.journal, fleet
        standstill.over()
        try:
            if daemon.run():
                at_the_end(parts)
                seen.vitals.ended()
                return 0
        except (JournalFull, JournalAway, Fenced):
            # A thread that is still in an effect keeps its requests: nobody else may begin on them in this process.
            standstill.may_go_on = daemon.at_rest
            raise
        finally:
            seen.journal = seen.fleet = None
            if fleet is not None:
                fleet.at_rest = daemon.at_rest
        # A thread is still in a call that does not come back. Closing its parts under its hands would only
        # blur what happened; the intent in the journal tells the next start all there is to know.
        seen.vitals.ended()
        logging.shutdown()
        sys.stderr.flush()
        os._exit(0)


@interrupted.as_a_service()
def tick(settings: Settings) -> int:
    """Make passes until nothing moves any more. Returns 1 when a server or an account could not be worked on."""
    private.never_dumped()
    private.catch_defects()
    config, state = settings.load(), settings.place()
    state.make()
    file = sqlite_file(journal_url(config, state))
    with (
        ExitStack() as more,
        handed_over(state),
        single_instance(state, file),
        _turns(config, state) as turns,
    ):
        parts = turns.parts
        # Whoever says it at a terminal is no timer, and is told what is so now.
        parts.in_rounds = not (sys.stdin and sys.stdin.isatty())
        running.keep(state.directory, first(settings.config_file(), config, parts.now()))
        parts.journal.check()
        sweep(parts)
        _end_on_signals(parts, more)
        vitals = Watching(config, state, "tick").vitals
        for _ in range(ROUNDS):
            turns.turn()
            vitals.known(
                [
                    *(f"server:{name}" for name in turns.config.servers),
                    *(f"account:{name}" for name in turns.config.accounts),
                ]
            )
            vitals.made = lambda: {name: made() for name, made in turns.parts.made.items()}
            if not _round(turns.parts, turns.memories, vitals) or parts.stop.is_set():
                break
            time.sleep(parts.timing.settle.total_seconds() + 0.2)
        vitals.ended()
        failures = _failures(turns.parts, turns.memories)
        tell(turns.parts)
        at_the_end(parts)
        if not failures and turns.parts.ping is not None and turns.parts.keeper:
            turns.parts.ping.ping()
    for failure in failures:
        log.error("%s", failure)
    return FAILED if failures else 0


def _end_on_signals(parts: Parts, more: ExitStack) -> None:
    """After one no new effect begins, and the one in flight is waited for, as in the service: not for ever.

    A terminal that is closed is such a signal, too: whoever makes a round by hand may go away.
    """
    ending = Ending()
    more.callback(ending.over)

    def end(_number: int, _frame: object) -> None:
        parts.stop.set()
        ending.begin()

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end)


@contextmanager
def _turns(config: Config, state: State) -> Iterator[holding.Turns]:
    """Give what makes passes one after the other: with everything, or with what no other process holds."""
    shared = holding.is_shared(config, state)
    holding.usable(config)
    with (
        wired(holding.reduced(config, Holding()) if shared else config, state, whole=config) as parts,
        ExitStack() as more,
    ):
        held = None
        if shared:
            fleet = more.enter_context(holding.joined(parts, config, state, "tick"))
            fleet.live()
            held = holding.Held(fleet, parts, config, state, Seams())
        turns = holding.Turns(held, parts, config)
        more.callback(turns.close)
        yield turns


def _round(parts: Parts, memories: dict[str, ServerMemory], vitals: Vitals) -> bool:
    """One pass each; True when another round may bring more."""
    passes: dict[str, Callable[[], Outcome]] = {
        **{f"server:{name}": partial(server_pass, parts, name, memory) for name, memory in memories.items()},
        **{f"account:{name}": partial(account_pass, parts, name) for name in parts.accounts},
    }
    outcomes = []
    with bar("both sides are asked", len(passes), least=1) as advance:
        for side, work in passes.items():
            begun = time.monotonic()
            outcome = work()
            told(vitals, parts, side, outcome, took_s=time.monotonic() - begun, memories=memories)
            outcomes.append(outcome)
            advance(1)
    return any(outcome.unsettled or outcome.moved for outcome in outcomes)


def _failures(parts: Parts, memories: dict[str, ServerMemory]) -> list[str]:
    found = [f"server {name}: {memory.problem}" for name, memory in memories.items() if memory.problem]
    for name in parts.accounts:
        hold = parts.journal.held(name)
        if hold is not None and hold.cause != MANUAL:
            found.append(f"account {name} is held: {hold.cause}")
    return found
