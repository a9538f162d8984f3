"""``doctor``: prints what ``connector.doctor`` finds, group by group, with a sign of life at a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from connector.cli.common import FAILED, Settings, complain, misused, with_owners_eyes
from connector.cli.state import State
from connector.cli.token_place import is_shared, tokens_in
from connector.cli.wiring import contract_of
from connector.doctor import reporting, telling
from connector.doctor.examining import alone, examine
from connector.doctor.knowing import Known, know
from connector.doctor.lines import Level
from connector.doctor.running import CHECK_S, within
from connector.doctor.visit import PLATFORM, Drifts, Visit, read_secrets

if TYPE_CHECKING:
    from connector.config import Config
    from connector.doctor.running import Group


def doctor(
    settings: Settings,
    *,
    report: Path | None,
    as_json: bool,
    offline: bool,
    names: bool,
    try_login: bool,
) -> int:
    """Look at everything and print it. Returns 1 when something fails, 2 when it cannot begin."""
    with with_owners_eyes(settings.place()):
        config = settings.load()
    if report is not None and report.exists():
        misused(f"{report} is there already and is not overwritten: name another file.")
    with alone(settings.config_file()) as free:
        if not free:
            complain(
                "jse-connector: a doctor with this configuration runs already; wait for its end.   [JSE-H18]"
            )
            return FAILED
        visit = make_visit(config, settings.place().directory, offline=offline, try_login=try_login)
        began = datetime.now(config.zone)
        groups = _printed(visit, began, names=names, as_json=as_json)
    if as_json:
        print(json.dumps(telling.plain(groups, began), indent=2, ensure_ascii=False))
    else:
        print(telling.ending(groups, offline=offline, report=report is None))
    if report is not None:
        _write(report, reporting.content(visit, groups, began))
    return FAILED if telling.number(groups, Level.FAIL) else 0


def make_visit(
    config: Config,
    state: Path,
    *,
    offline: bool = False,
    try_login: bool = False,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    wait: Callable[[float], None] | None = None,
) -> Visit:
    """Gather what a run needs, before anybody is asked."""
    import time

    contract = contract_of(config)
    with with_owners_eyes(State(directory=state)):
        secrets, missing = read_secrets(config)
    return Visit(
        config=config,
        contract=contract,
        state=state,
        known=within(
            CHECK_S,
            lambda: know(config, state, digest=contract.digest),
            Known(file=state, problem=f"the journal could not be read within {CHECK_S:.0f} s"),
        ),
        drifts=Drifts((*config.servers, PLATFORM)),
        now=now,
        wait=wait or time.sleep,
        offline=offline,
        try_login=try_login,
        shared_tokens=tokens_in(config, State(directory=state)) if is_shared(config) else None,
        secrets=secrets,
        missing=missing,
    )


def _printed(visit: Visit, began: datetime, *, names: bool, as_json: bool) -> list[Group]:
    """Print each group as soon as it is its turn; return them all."""
    waiting = ["this host", *visit.config.servers, PLATFORM]
    width = telling.width_of(waiting)
    groups: list[Group] = []
    if not as_json:
        print(telling.heading(began) + "\n", flush=True)
    found = examine(visit, names_shown=names)
    while True:
        try:
            with _alive(waiting[len(groups) :]):
                group = next(found, None)
        except KeyboardInterrupt:
            complain("interrupted: scratch files were removed; what was not goes with the next run.")
            raise
        if group is None:
            return groups
        groups.append(group)
        if not as_json:
            for line in telling.text(group, width=width):
                print(line, flush=True)


@contextmanager
def _alive(waiting: list[str]) -> Iterator[None]:
    """Show at a terminal whom it waits for; elsewhere nothing."""
    if not sys.stderr.isatty() or not waiting:
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(f"looking at {', '.join(waiting)} …"):
        yield


def _write(file: Path, content: str) -> None:
    try:
        reporting.write(file, content)
    except OSError as error:
        misused(f"{file} cannot be written: {error.strerror}.")
    complain(f"report for support: {file} (0600). Read it before you send it.")
