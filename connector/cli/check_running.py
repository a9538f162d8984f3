"""What runs, as far as ``check-config`` sees it from outside: what it loaded, which secrets it has, what it sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from connector import running
from connector.cli.check_changes import Ground, table
from connector.cli.common import Settings, with_owners_eyes
from connector.cli.journal_glimpse import glimpse
from connector.cli.state import State
from connector.config import Config, Reading, check_secrets, references
from connector.config.changes import changes
from connector.config.flat import flat
from connector.config.secrets import NO_CREDENTIALS
from connector.errors import ConfigurationProblem
from connector.glance import Glance
from connector.running import Running

_WIDE: Final = 10
"""A brake so many times wider than the busiest day stops no accident."""
_NOTES: Final = 6
_USUAL: Final = 60
"""The brake that nobody had to choose is never called wide."""


class Seen:
    """What runs here, or ran last; nothing where nothing ever did, or it is not ours to know."""

    def __init__(self, state: State, kept: Running | None, look: Glance | None, hidden: str = "") -> None:
        self._state, self._kept, self._look, self._hidden = state, kept, look or Glance(), hidden
        self._alive = kept is not None and kept.alive

    @classmethod
    def now(cls, settings: Settings, reading: Reading) -> Seen:
        """Look, writing nothing."""
        state = settings.place()
        try:
            kept = running.read(state.directory)
        except PermissionError:
            return cls(
                state,
                None,
                None,
                f"what runs is not told: {state.directory} is for the service's user and root",
            )
        config = reading.config
        if config is None:
            return cls(state, kept, None)
        return cls(state, kept, glimpse(config, state, in_use=kept is not None and kept.alive))

    def goes_on(self) -> str:
        """How the service fares with a file that is wrong: the end of a sentence."""
        if self._kept is None or not self._alive:
            return "."
        return f"; the service goes on with the file it loaded on {_when(self._kept, ' at ')}."

    def moved(self, reading: Reading) -> Iterator[ConfigurationProblem]:
        """A journal that was taken elsewhere: the service does not start with this file."""
        if self._look.moved_to:
            text = f"this journal was moved to {self._look.moved_to}: write that, and password: where it needs one."
            yield reading.tree.problem(("journal", "url"), text, warning=True)

    def brakes(self, reading: Reading) -> Iterator[ConfigurationProblem]:
        """Brakes that are far from what is sent on the busiest day."""
        accounts = reading.config.accounts if reading.config is not None else {}
        for name, account in accounts.items():
            path = ("accounts", name, "max_sends_per_day")
            if name not in self._look.busiest:
                continue
            number, day = self._look.busiest[name]
            most, so_far = account.max_sends_per_day, f"the busiest day so far was {number} ({day:%d %b %Y})."
            if most > max(_WIDE * number, _USUAL):
                yield reading.tree.problem(path, f"no brake at all: {so_far}", warning=True)
            elif most < number:
                yield reading.tree.problem(path, f"{so_far} On such a day requests wait.", warning=True)

    def secrets(self, config: Config) -> Iterator[str]:
        """One line of numbers, then a note for each that is not where it should be."""
        wanted = dict(references(config))
        count = f"  {len(wanted)} secret{'' if len(wanted) == 1 else 's'}, all references: "
        if self._kept is not None and self._alive:
            then, new = self._kept.config, flat(config)
            missing = [
                path
                for path in wanted
                if not self._kept.secrets.get(path) or then.get(_joined(path)) != new.get(_joined(path))
            ]
            yield f"{count}{len(wanted) - len(missing)} seen by the running service, {len(missing)} missing"
            for path in missing[:_NOTES]:
                yield f"  note: {path}: {wanted[path]} was not given to the running service; a restart reads it"
            if len(missing) > _NOTES:
                yield f"  note: and {len(missing) - _NOTES} more"
            return
        with with_owners_eyes(self._state):
            problems = list(check_secrets(config))
        unreadable = {one.path for one in problems if "can be read by other users" not in one.text}
        yield f"{count}{len(wanted) - len(unreadable)} readable here"
        nowhere = [one for one in problems if one.text.endswith(NO_CREDENTIALS)]
        if len(nowhere) > 1:
            names = ", ".join(f"{wanted[one.path]}".removeprefix("credential ") for one in nowhere[:_NOTES])
            more = f" and {len(nowhere) - _NOTES} more" if len(nowhere) > _NOTES else ""
            yield f"  note: credentials {names}{more}: {NO_CREDENTIALS}"
            problems = [one for one in problems if one not in nowhere]
        for problem in problems:
            yield f"  note: {problem.path}: {problem.text}"

    def against(self, config: Config) -> Iterator[str]:
        """What differs from what runs, and what that means."""
        if self._hidden:
            yield f"\nnote: {self._hidden}"
        if self._kept is None:
            return
        new = flat(config)
        found = changes(self._kept.config, new)
        since = (
            f"is running since {_when(self._kept)}"
            if self._alive
            else f"ran last (loaded {_when(self._kept)}; no service runs now)"
        )
        if found:
            yield f"\nAgainst what {since}:"
            yield from table(found, Ground(new, self._look))
        else:
            yield f"\nNothing changes against what {since}."
        if self._kept.refused and self._alive:
            moment = f"{(self._kept.refused_since or self._kept.loaded_at).astimezone():%d %b %H:%M}"
            yield f"The service has refused {self._kept.file} since {moment}: {self._kept.refused[0]}"


def _joined(path: str) -> str:
    """``servers.a.b.user`` → ``servers/a.b/user``: a name may hold dots, a key holds none."""
    first, _, rest = path.partition(".")
    name, dot, last = rest.rpartition(".")
    return f"{first}/{name}/{last}" if dot else path.replace(".", "/")


def _when(kept: Running, at: str = " ") -> str:
    return f"{kept.loaded_at.astimezone():%d %b{at}%H:%M}"
