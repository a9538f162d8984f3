"""``status``: how the service goes, how many requests stand where, what needs a person, what comes soon.

The journal and the service's vitals are looked at, nothing else: it works beside the running service, on a read-only
mount, as another user who may read. No file names without ``--names``. Source: ux page section 6.4.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from connector import running
from connector.cli.common import FAILED, Settings, problem_line
from connector.cli.journal_file import in_use, sqlite_file
from connector.cli.journal_seen import seen_journal
from connector.cli.processes import wrong as unheld
from connector.cli.status_gather import Asked, gathered
from connector.cli.status_text import lines, summary
from connector.cli.token_place import tokens_in
from connector.errors import ConfigurationError, JournalError
from connector.metrics.pages import no_room
from connector.metrics.vitals import FILE, read

if TYPE_CHECKING:
    from connector.config import Config

Mode = Literal["text", "json", "check"]
EVERY_S: Final = 2.0
_HARMLESS: Final = frozenset({"manual", "maintenance", "rate_limit"})
"""An account that rests for these is no matter for a monitor: somebody meant it, or it ends by itself."""


def status(settings: Settings, mode: Mode, *, names: bool, max_age: timedelta | None = None) -> int:
    """Print it once. ``check``: one line; 1 where something is wrong. Raises JournalError but for ``check``."""
    try:
        config = settings.load()
    except ConfigurationError as error:
        if mode != "check":
            raise
        print(_refused(settings, error))
        return FAILED
    if mode == "check":
        try:
            line, good = verdict(look(settings, config, max_age=max_age), config)
        except JournalError as error:
            line, good = f"FAILED: {error}", False
        print(line)
        return 0 if good else FAILED
    told = look(settings, config, names=names)
    if mode == "json":
        print(json.dumps(told, indent=2, sort_keys=True))
    else:
        for line in lines(told, config.zone, _width()):
            print(line)
    return 0


def watch(settings: Settings, *, names: bool, every_s: float = EVERY_S) -> int:
    """Print it again and again until q or Ctrl-C; where nobody sees a screen, a line whenever something changed."""
    config = settings.load()
    if not sys.stdout.isatty():
        _follow(settings, config, every_s)
        return 0
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console()
    with _keys() as pressed, Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            try:
                told = look(settings, config, names=names)
                page = list(lines(told, config.zone, console.width))
            except JournalError as error:  # it may come back: a restart, a rebuild
                page = [f"jse-connector: {error}"]
            room = console.height - 1
            page = (
                page if len(page) <= room else [*page[: room - 1], f"... {len(page) - room + 1} more lines"]
            )
            live.update(Text("\n".join([*page, *[""] * (room - len(page)), "q: quit"])), refresh=True)
            if pressed(every_s):
                return 0


def look(
    settings: Settings, config: Config, *, names: bool = False, max_age: timedelta | None = None
) -> dict[str, Any]:
    """Return all that is told now. Raises JournalError."""
    state = settings.place()
    file = sqlite_file(config.journal.url or state.journal_url)
    with seen_journal(settings, config) as journal:
        return gathered(
            Asked(
                config=config,
                journal=journal,
                tokens=tokens_in(config, state, journal),
                vital=read(state.directory / FILE),
                running=in_use(state.directory / "journal" / "lock"),
                room="" if file is None else no_room(file.parent),
                now=datetime.now(UTC),
                kept=_kept(state.directory),
                names=names,
                max_age=max_age,
            )
        )


def _refused(settings: Settings, error: ConfigurationError) -> str:
    """One line of a file that cannot be used: the service may well go on with an earlier one."""
    first, *more = (problem_line(each) for each in error.problems)
    kept = _kept(settings.place().directory)
    rest = f" and {len(more)} more" if more else ""
    goes_on = ""
    if kept is not None and kept.alive:
        goes_on = (
            f"; the service goes on with what it loaded at {kept.loaded_at.isoformat(timespec='seconds')}"
        )
    return f"FAILED: the configuration cannot be used: {first}{rest} (jse-connector check-config){goes_on}"


def _kept(directory: Path) -> running.Running | None:
    try:
        return running.read(directory)
    except PermissionError:  # whoever asks may read the journal, and not this
        return None


def verdict(told: Mapping[str, Any], config: Config) -> tuple[str, bool]:
    """Return one line for a monitor, and whether all is well."""
    wrong = [each["text"] for each in told["service"]["ailments"]]
    wrong += unheld(told["connectors"])
    if told["configuration"]["refused"]:
        wrong.append("the configuration file is refused, and an earlier one is worked with")
    wrong += [
        f"{row['ref']} {row['state'].replace('_', ' ')} ({row['command']})" for row in told["needs_a_person"]
    ]
    for name, account in told["accounts"].items():
        hold = account["held"]
        if hold is not None and hold["cause"] not in _HARMLESS:
            wrong.append(f"account {name} rests: {hold['cause']}")
        elif hold is None and account["connected"] is False:
            wrong.append(f"account {name} is not connected")
    wrong += [
        f"folder {name} rests: {one['trouble']}" for name, one in told["folders"].items() if one["trouble"]
    ]
    if not wrong:
        return f"ok: {summary(told, config.zone)}", True
    shown = wrong[:5] + ([f"and {len(wrong) - 5} more"] if len(wrong) > 5 else [])
    return f"FAILED: {'; '.join(shown)}", False


def _follow(settings: Settings, config: Config, every_s: float) -> None:
    """One line whenever how things stand has changed."""
    said = ""
    try:
        while True:
            try:
                told = look(settings, config)
                line, _good = verdict(told, config)
                news = json.dumps([told["folders"], told["needs_a_person"], told["service"]["ailments"]])
            except JournalError as error:
                line = news = f"FAILED: {error}"
            if news != said:
                said = news
                print(f"{datetime.now(config.zone):%Y-%m-%d %H:%M:%S} {line}", flush=True)
            time.sleep(every_s)
    except KeyboardInterrupt:
        return
    except BrokenPipeError:  # whoever read has gone: nothing more is to be flushed to them
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _keys() -> Iterator[Any]:
    """Give what waits for so many seconds and tells whether q was pressed, or Ctrl-C."""
    import termios
    import tty

    if not sys.stdin.isatty():
        yield _wait
        return
    handle = sys.stdin.fileno()
    before = termios.tcgetattr(handle)

    def pressed(seconds: float) -> bool:
        until = time.monotonic() + seconds
        try:
            while (left := until - time.monotonic()) > 0:
                if select.select([handle], [], [], left)[0]:
                    typed = os.read(handle, 64)
                    if not typed or set(typed) & set(b"qQ\x03\x04"):
                        return True
        except KeyboardInterrupt:
            return True
        return False

    try:
        tty.setcbreak(handle)
        yield pressed
    finally:
        termios.tcsetattr(handle, termios.TCSADRAIN, before)


def _wait(seconds: float) -> bool:
    try:
        time.sleep(seconds)
    except KeyboardInterrupt:
        return True
    return False


def _width() -> int:
    """Of the terminal; elsewhere as wide as most are."""
    return shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 80
