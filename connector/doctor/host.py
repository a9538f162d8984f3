"""This host: the journal, the spool, the disk, whose files these are, the clock."""

from __future__ import annotations

import fcntl
import pwd
import shutil
import stat
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

from connector.doctor import database, surroundings
from connector.doctor.lines import Line, Private, counted, fail, note, ok, sized
from connector.doctor.running import Group
from connector.doctor.visit import CLOCK_WAIT_S, PLATFORM, Visit
from connector.steps.clocks import ALARM_S, HOLD_S
from connector.steps.storage import NO_ROOM

NAME: Final = "this host"
_LEAST_FREE: Final = 200_000_000
_LITTLE_FREE: Final = 2_000_000_000
_OLD_BACKUP: Final = timedelta(days=7)
_OTHERS: Final = 0o077


def look(group: Group, visit: Visit) -> None:
    """Look at this host; nothing is written, and nothing is made in the state directory."""
    group.together(
        ("journal", lambda: journal(visit)),
        ("spool", lambda: spool(visit)),
        ("disk", lambda: disk(visit)),
    )
    if not visit.offline:
        group.check("clock", lambda: clock(visit), seconds=CLOCK_WAIT_S + 5)
    state: list[tuple[str, Callable[[], Iterator[Line]]]] = [
        ("state directory", lambda: modes(visit)),
        ("journal backup", lambda: backup(visit)),
    ]
    if not visit.offline:
        state.append(("mail relay", lambda: surroundings.relay(visit)))
    group.together(*state)
    group.together(
        ("credentials", lambda: surroundings.credentials(visit)),
        ("service", lambda: surroundings.service(visit, running=is_running(visit))),
    )
    if any(folder.wake is not None for folder in visit.config.folders.values()):
        group.check("wake-ups", lambda: surroundings.wake_ups(visit))
    group.together(
        ("confinement", lambda: surroundings.confinement()),
        ("versions", lambda: surroundings.versions()),
    )


def journal(visit: Visit) -> Iterator[Line]:
    """Size, schema, whether it is whole; of the copy that was read already."""
    known = visit.known
    if known.file is None:
        yield from database.journal(visit)
        return
    where = Private(str(known.file), "(its place)")
    if known.problem:
        yield fail("JSE-H02", "{problem}", problem=Private(known.problem, "the journal cannot be read"))
        return
    examined = known.examined
    if examined is None:
        yield note(
            "JSE-H01", "no journal at {where}: the service has not run with this state directory", where=where
        )
        return
    if examined.too_new:
        yield fail(
            "JSE-H02",
            "the journal is of schema {schema}, a newer version's: install that again",
            schema=examined.schema,
        )
    elif not examined.intact or not examined.schema:
        detail = examined.detail if not examined.intact else "it is none of this program's"
        yield fail("JSE-H02", "the journal is not intact: {detail}", detail=detail)
    else:
        grows = ", brought up to date at the next start" if examined.to_migrate else ""
        yield ok(
            "journal {size}, schema {schema}{grows}, intact",
            size=sized(known.size),
            schema=examined.schema,
            grows=grows,
        )


def spool(visit: Visit) -> Iterator[Line]:
    """How many files wait there; none that is half-written while nobody writes."""
    place = visit.state / "spool"
    try:
        files = [path for path in place.glob("*/*") if path.is_file()] if place.is_dir() else []
        size = sum(path.stat().st_size for path in files)
    except OSError as error:
        yield fail("JSE-H15", "the spool cannot be looked into: {why}", why=error.strerror or "refused")
        return
    yield ok("spool {held}", held=f"{counted(len(files), 'file')}, {sized(size)}" if files else "empty")
    torn = [path for path in files if path.name.endswith(".part")]
    if torn and not is_running(visit):
        yield note(
            "JSE-H15", "{torn} of the spool did not come to their end", torn=counted(len(torn), "file")
        )


def disk(visit: Visit) -> Iterator[Line]:
    """Room where the state lies, and its spool and its journal where they have disks of their own."""
    file = visit.known.file or visit.state
    places = {"state": visit.state, "spool": visit.state / "spool", "journal": file}
    disks: set[int] = set()
    for what, path in places.items():
        place = next(one for one in (path, *path.absolute().parents) if one.exists())
        if (disk := place.stat().st_dev) in disks:
            continue
        disks.add(disk)
        free = shutil.disk_usage(place).free
        if free < _LITTLE_FREE:
            say = fail if free < _LEAST_FREE else note
            yield say("JSE-H07", "{free} free where the {what} lies", free=sized(free), what=what)
        else:
            yield ok(
                "{free} free{there}", free=sized(free), there="" if what == "state" else f" for the {what}"
            )
    full = [since for cause, since in visit.known.held.values() if cause == NO_ROOM]
    if full:
        yield fail(
            "JSE-H07",
            "launches are held since {since}: the spool took no document",
            since=f"{min(full).astimezone(visit.config.zone):%d %b %H:%M}",
        )


def clock(visit: Visit) -> Iterator[Line]:
    """This host's clock against each side that answers. A ``Date`` has whole seconds."""
    found = {side: seconds + 0.5 for side, seconds in visit.drifts.all(CLOCK_WAIT_S).items()}
    near = [f"{_off(seconds)} off {side}" for side, seconds in found.items() if abs(seconds) <= ALARM_S]
    if near:
        yield ok("clock {sides} (limit {limit:.0f} min)", sides=", ".join(near), limit=HOLD_S / 60)
    for side, seconds in found.items():
        way = "behind" if seconds > 0 else "ahead of"
        # What Jesignexpert does not take holds launches; a DMS's clock is only told.
        rests = ": launches rest" if side == PLATFORM and abs(seconds) > HOLD_S else ""
        if abs(seconds) > ALARM_S:
            say = fail if abs(seconds) > HOLD_S else note
            yield say(
                "JSE-H04",
                "clock {seconds:,.0f} s {way} that of {side} (limit {limit:.0f} min{rests})",
                seconds=abs(seconds),
                way=way,
                side=side,
                limit=HOLD_S / 60,
                rests=rests,
            )
    if not found:
        yield note("JSE-H04", "the clock could be held against no other: nobody answered with a date")


def _off(seconds: float) -> str:
    return "under 1 s" if abs(seconds) < 1 else f"{abs(seconds):.0f} s"


def modes(visit: Visit) -> Iterator[Line]:
    """Who may read what, and whose it is."""
    if not visit.state.is_dir():
        return  # said of the journal already
    top = visit.state.stat()
    open_to_others, strangers = 0, 0
    for path in (visit.state, *visit.state.rglob("*")):
        try:
            found = path.lstat()
        except OSError:
            continue  # a running service ends what it writes
        if not stat.S_ISLNK(found.st_mode) and stat.S_IMODE(found.st_mode) & _OTHERS:
            open_to_others += 1
        # A link to the directory is whoever's who made it: root's, or systemd's own (DynamicUser=yes).
        its_place = path == visit.state and stat.S_ISLNK(found.st_mode)
        strangers += found.st_uid != top.st_uid and not its_place
    user = Private(_user(top.st_uid), "the service's user")
    if open_to_others:
        yield fail(
            "JSE-H05",
            "others on this host can reach {places} of the state directory",
            command="chmod -R go= {where}",
            places=counted(open_to_others, "place"),
            where=Private(str(visit.state), "STATE"),
        )
    else:
        tokens = ", tokens 0600" if any((visit.state / "tokens").glob("*.json")) else ""
        yield ok(
            "state {mode:04o}{tokens}, user {user}", mode=stat.S_IMODE(top.st_mode), tokens=tokens, user=user
        )
    if strangers:
        yield fail(
            "JSE-H06",
            "{places} in the state directory do not belong to {user}",
            command="chown -R {user}: {where}",
            places=counted(strangers, "place"),
            user=user,
            where=Private(str(visit.state), "STATE"),
        )


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def backup(visit: Visit) -> Iterator[Line]:
    """When the journal was last backed up by this program's own verb."""
    if visit.known.examined is None:
        return
    place = visit.state / "backup"
    times = [path.stat().st_mtime for path in place.iterdir()] if place.is_dir() else []
    if not times:
        yield note(
            "JSE-H09", "no backup of the journal in the state directory", command="jse-connector backup"
        )
        return
    age = timedelta(seconds=max(0.0, visit.now().timestamp() - max(times)))
    if age > _OLD_BACKUP:
        yield note(
            "JSE-H09",
            "the last backup of the journal is {days} days old",
            command="jse-connector backup",
            days=age.days,
        )
    else:
        yield ok("journal backup {age} old", age=_age(age))


def _age(age: timedelta) -> str:
    if age >= timedelta(days=1):
        return counted(age.days, "day")
    if age >= timedelta(hours=1):
        return counted(round(age.total_seconds() / 3600), "hour")
    return counted(max(1, round(age.total_seconds() / 60)), "minute")


def is_running(visit: Visit) -> bool:
    """True while a service holds the journal. Its lock is looked at, never taken for longer than the look."""
    try:
        with (visit.state / "journal" / "lock").open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
