"""A changed configuration while the service runs: read, judged, taken over or refused, and said each time.

A file that cannot be used stops nobody: the service goes on with what it loaded, says so in systemd's status, in the
log, in ``status`` and to the administrator, and takes the file over once it is right. What only a start can take over
is kept as it was and named. Source: ux page part B, section 7, reason 9; issue "The administrator's day", point 3.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from connector import __version__, running
from connector.changing import Setup
from connector.cli.holding import Held
from connector.cli.journal_glimpse import glimpse
from connector.cli.rewiring import rewired
from connector.cli.wiring import Seams, State
from connector.config import Config, references, resolve_secret
from connector.config.changes import carried_over, changes
from connector.config.flat import flat
from connector.errors import ConfigurationError, ConfigurationProblem
from connector.fleet import Fleet
from connector.lifecycle import State as Stand
from connector.reload import ConfigWatch
from connector.steps.alarms import end_alarm, raise_alarm
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

SUBJECT: Final = "configuration"
REFUSED: Final = "config_refused"
RESTART: Final = "config_restart"
UNWATCHED: Final = "unwatched"
_TOLD: Final = 5
_EVERY: Final = timedelta(minutes=10)


class Reloading:
    """The ``changing.Reloader`` of the real service. Made anew with the parts; used in the main thread only."""

    def __init__(
        self,
        watch: ConfigWatch,
        config: Config,
        state: State,
        parts: Parts,
        *,
        seams: Seams | None = None,
        fleet: Fleet | None = None,
    ) -> None:
        self._watch, self._state, self._config = watch, state, config
        self._seams = seams or Seams()
        # Of several connectors each has a file of its own.
        self._subject = SUBJECT + parts.machine.removeprefix("machine")
        self._made = ExitStack()
        self._held = None if fleet is None else Held(fleet, parts, config, state, self._seams)
        self._parts = parts if self._held is None else self._held.first(parts)
        self._told: tuple[str, ...] = ()
        before = _kept_before(state)
        self._unwatched = set(before.unwatched if before is not None else ())
        self.kept = first(watch.file, config, parts.now())
        self._unwatched_at = parts.now()
        self._tell_unwatched()
        self._wait(())
        self._keep()

    def __enter__(self) -> Reloading:
        """Hold what will be made."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close what was made."""
        self._made.close()

    # ------------------------------------------------------------------------------ the daemon's view

    @property
    def config(self) -> Config:
        """What is worked with."""
        return self._config

    @property
    def parts(self) -> Parts:
        """What the next passes work with."""
        return self._parts

    @property
    def worked(self) -> Config:
        """What of the configuration is worked with by this process."""
        return self._config if self._held is None else self._held.worked

    @property
    def held(self) -> str:
        """How much of it that is; empty where no other process could have the rest."""
        return "" if self._held is None else self._held.fleet.status()

    @property
    def complete(self) -> bool:
        """True while somebody works on everything."""
        return self._held is None or self._held.fleet.complete

    @property
    def trouble(self) -> str:
        """One line for systemd's status; empty while the file and what runs are the same."""
        if self.kept.refused:
            return f"configuration refused: {self.kept.refused[0]}"
        return f"needs a restart: {', '.join(self.kept.waiting)}" if self.kept.waiting else ""

    @property
    def asked(self) -> bool:
        """True while SIGHUP has come and was not acted on."""
        return self._watch.asked

    @property
    def directories(self) -> Sequence[Path]:
        """Where the files lie."""
        return self._watch.directories

    def wake(self) -> None:
        """Something moved there."""
        self._watch.wake()

    def look(self) -> Setup | None:
        """Return what to change into. Raises JournalError only."""
        if self._unwatched and abs(self._parts.now() - self._unwatched_at) > _EVERY:
            self._tell_unwatched()
        asked, reading = self._watch.asked, self._watch.look()
        if reading is None:
            return self._moved()
        if reading.config is None:
            wrong = [one for one in reading.problems if not one.warning]
            self._refuse(wrong, asked=asked)
            return self._moved()
        new, waiting = carried_over(self._config, reading.config)
        found = changes(flat(self._config), flat(new))
        setup = None
        if new == self._config:
            new = self._config  # the same in other words: no secret is read again for it
        else:
            try:
                setup = self._rewired(new)
            except ConfigurationError as error:
                self._watch.not_taken()
                self._refuse(error.problems, asked=asked, valid=True)
                return None
        self._taken(new, setup, tuple(change.dotted for change in found), asked=asked)
        names = tuple(change.dotted for change in waiting)
        if names and names != tuple(self.kept.waiting):
            why = "; ".join(dict.fromkeys(f"{change.dotted}: {change.waits}" for change in waiting))
            log.warning("this part of the configuration needs a restart: %s", why)
        self._wait(names)
        self._keep()
        return setup

    def _moved(self) -> Setup | None:
        """Return what this process holds now, where that is not what it works with."""
        setup = None if self._held is None else self._held.moved(self._parts, self._config, self._made)
        if setup is not None:
            self._parts = setup.parts
        return setup

    def _rewired(self, new: Config) -> Setup | None:
        if self._held is not None:
            return self._held.moved(self._parts, new, self._made)
        return rewired(self._parts, self._config, new, self._state, self._seams, self._made)

    def _wait(self, names: tuple[str, ...]) -> None:
        """Keep what waits for the next start, and let the administrator hear of it; of no more at a start."""
        self.kept = replace(self.kept, waiting=names)
        if names:
            text = f"the configuration needs a restart for {', '.join(names)}"
            raise_alarm(self._parts, self._subject, RESTART, text, {"keys": list(names)})
        else:
            end_alarm(
                self._parts,
                self._subject,
                RESTART,
                "nothing in the configuration waits for a restart any more",
            )

    # -------------------------------------------------------------------------------- what is said of it

    def _taken(self, new: Config, setup: Setup | None, names: tuple[str, ...], *, asked: bool) -> None:
        self._config = new
        if setup is not None:
            self._parts = setup.parts
        if names or self.kept.refused or asked:
            more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
            said = ", ".join(names[:_TOLD]) + more if names else "nothing in it has changed"
            log.info("configuration %s taken over between two passes: %s", self._watch.file, said)
            self.kept = replace(self.kept, loaded_at=self._parts.now())
        self._told = ()
        self.kept = replace(self.kept, config=flat(new), secrets=seen(new), refused=(), refused_since=None)
        end_alarm(self._parts, self._subject, REFUSED, "what stands in the file is taken over again")
        self._tell_unwatched()

    def _refuse(self, problems: Sequence[ConfigurationProblem], *, asked: bool, valid: bool = False) -> None:
        lines = tuple(_line(one) for one in problems)
        since = self.kept.refused_since or self._parts.now()
        if lines != self._told or asked:
            self._told = lines
            what = "is valid, but this service cannot read its secrets" if valid else "cannot be used"
            log.error(
                "configuration %s %s: %s; the service goes on with what it loaded at %s; jse-connector check-config",
                *(self._watch.file, what, "; ".join(lines[:_TOLD]), _iso(self.kept.loaded_at)),
            )
        self.kept = replace(self.kept, refused=lines, refused_since=since)
        self._keep()
        data = {"file": str(self._watch.file), "problems": len(lines)}
        text = f"{len(lines)} problems in {self._watch.file}; the service goes on with what it loaded before"
        raise_alarm(self._parts, self._subject, REFUSED, text, data)

    def _tell_unwatched(self) -> None:
        """Say of what is out, or signed and not home, that its folder or account is not in the configuration."""
        self._unwatched_at = self._parts.now()
        found = glimpse(self._config, self._state, in_use=True)
        if found is None:
            return
        left: dict[str, int] = {}
        for (folder, account, at), number in found.opened.items():
            for kind, name, known in (
                ("folder", folder, self._config.folders),
                ("account", account, self._config.accounts),
            ):
                if Stand(at).open and name not in known:
                    left[f"{kind}:{name}"] = left.get(f"{kind}:{name}", 0) + number
        for subject, number in left.items():
            what = (
                "signed documents are kept here and not put back"
                if subject.startswith("folder:")
                else "nobody asks the platform about them, and it erases what is signed after a month"
            )
            text = f"is not in the configuration any more, {number} requests of it are open: {what}"
            raise_alarm(self._parts, subject, UNWATCHED, text, {"count": number})
        for subject in self._unwatched - left.keys():
            end_alarm(self._parts, subject, UNWATCHED, "none of its requests waits any more")
        self._unwatched = set(left)
        self.kept = replace(self.kept, unwatched=tuple(sorted(left)))

    def _keep(self) -> None:
        running.keep(self._state.directory, self.kept)


def first(file: Path, config: Config, now: datetime) -> running.Running:
    """Return what a process that starts with this configuration keeps of it."""
    return running.Running(
        version=__version__,
        pid=os.getpid(),
        pid_started=running.process_start(os.getpid()),
        started_at=now,
        loaded_at=now,
        file=str(file.absolute()),
        config=flat(config),
        secrets=seen(config),
    )


def seen(config: Config) -> dict[str, bool]:
    """Return, for each secret's path, whether it can be read here and now."""
    found = {}
    for path, reference in references(config):
        try:
            resolve_secret(reference, path=path)
        except ConfigurationError:
            found[path] = False
        else:
            found[path] = True
    return found


def _kept_before(state: State) -> running.Running | None:
    try:
        return running.read(state.directory)
    except PermissionError:
        return None


def _line(problem: ConfigurationProblem) -> str:
    place = f"{Path(problem.file).name}:{problem.line or 1}: " if problem.file else ""
    # After "password:" the log shows nothing: what follows may be one.
    return f"{place}{problem.path} - {problem.text}"


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
