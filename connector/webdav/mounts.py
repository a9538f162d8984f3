"""What the kernel says of a local folder: on which kind of filesystem it lies, and how much of it is watched.

Source: proc(5), sections ``/proc/pid/mountinfo`` and ``/proc/pid/fdinfo`` (inotify); inotify(7), "Limitations and
caveats": events are raised by this machine's own accesses only.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_MOUNTS: Final = Path("/proc/self/mountinfo")
_OPEN: Final = Path("/proc/self/fd")
_ABOUT: Final = Path("/proc/self/fdinfo")
_LIMIT: Final = Path("/proc/sys/fs/inotify/max_user_watches")
_OCTAL: Final = re.compile(r"\\([0-7]{3})")
_REMOTE: Final = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "davfs",
        "9p",
        "afs",
        "ceph",
        "glusterfs",
        "lustre",
        "ncpfs",
        "virtiofs",
    }
)
_LOCAL_FUSE: Final = frozenset({"fuseblk", "fuse.mergerfs", "fuse.bindfs", "fuse.lxcfs"})
"""Programs in user space over a disk of this machine."""


def filesystem(path: Path, *, mounts: Path = _MOUNTS) -> str:
    """Return the kind of filesystem that a folder lies on, as ``mount`` names it; empty where nobody can tell."""
    best, found = -1, ""
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return ""
    for line in lines:
        before, _, after = line.partition(" - ")
        fields, kind = before.split(" "), after.split(" ", 1)[0]
        if len(fields) < 5:
            continue
        point = Path(_OCTAL.sub(lambda match: chr(int(match[1], 8)), fields[4]))
        # Of two mounts at one place the later covers the earlier.
        if path.is_relative_to(point) and len(point.parts) >= best:
            best, found = len(point.parts), kind
    return found


def is_remote(kind: str) -> bool:
    """Tell whether other machines may change what lies on such a filesystem, without this kernel knowing."""
    return kind in _REMOTE or (kind.startswith("fuse") and kind not in _LOCAL_FUSE)


def inotify_watches() -> dict[str, int] | None:
    """Return this process's inotify instances, each with how many folders it watches; None where nobody can tell."""
    found = {}
    try:
        for descriptor in _OPEN.iterdir():
            try:
                if str(descriptor.readlink()) == "anon_inode:inotify":
                    about = (_ABOUT / descriptor.name).read_text("ascii", "replace")
                    found[descriptor.name] = sum(line.startswith("inotify ") for line in about.splitlines())
            except FileNotFoundError:
                continue  # closed meanwhile
    except OSError:
        return None
    return found


def most_watches() -> str:
    """Return the kernel's limit of folders that a user may watch, for a text; ``?`` where it is not told."""
    try:
        return _LIMIT.read_text("ascii").strip()
    except (OSError, UnicodeError):
        return "?"
