"""Everything at once: this host, each server, Jesignexpert, side by side, handed over in this order."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from connector.doctor import host, platform, servers
from connector.doctor.running import Group, side_by_side
from connector.doctor.visit import PLATFORM, Visit


def examine(visit: Visit, *, names_shown: bool = False) -> Iterator[Group]:
    """Look at everything; yield each group as soon as it and those before it are complete."""
    groups: list[tuple[Group, Callable[[Group], None]]] = [
        (Group(name=host.NAME, slow="JSE-H16", check_s=visit.check_s), partial(host.look, visit=visit))
    ]
    if not visit.offline:
        for name in visit.config.servers:
            group = Group(name=name, slow="JSE-D22", trouble=servers.trouble, check_s=visit.check_s)
            groups.append((group, partial(servers.look, visit=visit, name=name, names_shown=names_shown)))
        group = Group(name=PLATFORM, slow="JSE-P11", trouble=platform.trouble, check_s=visit.check_s)
        groups.append((group, partial(platform.look, visit=visit)))
    yield from side_by_side(groups, seconds=visit.group_s)


@contextmanager
def alone(config: Path) -> Iterator[bool]:
    """True while no other doctor of this configuration runs on this host: it would take our scratch for leftovers.

    The file is only opened to be read; where it cannot be locked nobody is in the way.
    """
    try:
        stream = config.open("rb")
    except OSError:
        yield True
        return
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        except OSError:
            pass
        yield True
