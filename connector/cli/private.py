"""Nobody else on this host reads what the connector keeps: modes of the state directory, no memory in a core file.

The journal names people, the spool holds their documents, tokens and keys open accounts. What is made is private
whatever the umask; what was made otherwise (a restored backup, a copy by hand) is put right at start, and said.
Source: issue "Nothing twice, nothing lost, nobody in", point 12; systemd.exec(5), ``StateDirectoryMode=``.
"""

from __future__ import annotations

import ctypes
import faulthandler
import logging
import os
import resource
import stat
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from connector import logs

log = logging.getLogger(__name__)

DIRECTORY, FILE = 0o700, 0o600
OWN: Final = ("journal", "spool", "tokens", "keys")
"""The directories in a state directory that are made at each start."""
_OURS: Final = (*OWN, "credentials", "backup")
"""And what ``connect SERVER`` and ``backup`` make beside them."""
_NOBODYS: Final = "lost+found"
_OTHERS: Final = 0o077
_PR_SET_DUMPABLE: Final = 4


def made_private(root: Path) -> int:
    """Take from everybody else whatever they may do in a state directory; returns in how many places they could.

    What belongs to another user, and a link, is left as it is; so is a directory that holds others than ours, save
    these: ``--state /var/lib`` is a slip that must not close a whole system. Idempotent. Raises OSError where the
    directory cannot be looked into.
    """
    found, left, root = 0, 0, root.resolve()  # with DynamicUser= it is a link of systemd's
    shared = sorted(
        one.name
        for one in root.iterdir()
        if one.is_dir() and one.name not in {*_OURS, _NOBODYS} and not one.is_symlink()
    )
    if shared:
        log.warning(
            "the state directory %s holds other things, too (%s): modes are seen to in %s alone; give the connector a "
            "directory of its own",
            root,
            ", ".join(shared[:3]),
            ", ".join(_OURS),
        )
    for at, name in _places(root, _OURS if shared else ("",)):
        try:
            # Of the thing itself, whatever its name leads to by now: who owns the directory may exchange it.
            handle = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
        except FileNotFoundError:
            continue  # a running service ends what it writes
        try:
            mode = os.fstat(handle)
            if not stat.S_IMODE(mode.st_mode) & _OTHERS or stat.S_ISLNK(mode.st_mode):
                continue
            if mode.st_uid != os.geteuid() and os.geteuid() != 0:
                log.error(
                    "others may read the state directory, and it is not ours to change that: chmod -R go= there"
                )
                return found + 1
            if stat.S_ISREG(mode.st_mode) and mode.st_nlink > 1 and mode.st_uid != root.stat().st_uid:
                continue  # another name of somebody else's file
            Path(f"/proc/self/fd/{handle}").chmod(DIRECTORY if stat.S_ISDIR(mode.st_mode) else FILE)
            found += 1
            left += bool(stat.S_IMODE(os.fstat(handle).st_mode) & _OTHERS)
        finally:
            os.close(handle)
    if left:
        log.error(
            "others on this host can reach %d places of the state directory (journal, spool, keys), and that cannot be "
            "changed: its file system keeps no permissions, as those of Windows and many shares; put it on one that "
            "does. Tokens are neither kept nor used there",
            left,
        )
    elif found:
        log.warning(
            "others on this host could reach %d places of the state directory (journal, spool, keys): it is closed "
            "now; if somebody else works on this host, have tokens and passwords renewed",
            found,
        )
    return found


def _places(root: Path, names: Iterable[str]) -> Iterator[tuple[int | None, str]]:
    """Yield (open directory, name in it): each of ``names`` below the root, and all that is below that."""
    for name in names:
        if not (root / name).is_dir():
            continue
        yield None, str(root / name)
        for _, folders, files, at in os.fwalk(root / name):
            yield from ((at, one) for one in (*folders, *files))


def never_dumped() -> None:
    """Let no core file hold secrets or people, and no other process of this user look into this one (prctl(2))."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def catch_defects() -> None:
    """Let what nobody has caught, in any thread, be told as the log tells it: never with what it quotes.

    Nor does a process end without a word where the kernel ends it, as one whose disk has no room under a file that
    SQLite has mapped (SIGBUS): which functions it was in is told.
    """
    if sys.__stderr__ is not None:
        faulthandler.enable(sys.__stderr__)
    sys.excepthook = lambda _kind, error, _trace: print(logs.told(error), file=sys.stderr)

    def in_thread(given: threading.ExceptHookArgs) -> None:
        if given.exc_value is not None and not isinstance(given.exc_value, SystemExit):
            log.error("a thread met a defect\n%s", logs.told(given.exc_value))

    threading.excepthook = in_thread
