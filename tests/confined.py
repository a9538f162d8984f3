"""Runs a command as the shipped unit would let it run: ``python -m tests.confined COMMAND …``.

Read from the unit itself: the filter of system calls with its groups expanded by systemd, no memory both writable and
executable, the address families, no namespaces, no set-uid bits, its umask, limits and new rights. Put on this process
by libseccomp as systemd puts it on a service (src/shared/seccomp-util.c says how), then the command takes its place.
What needs namespaces (ProtectSystem=, PrivateTmp=, PrivateUsers=, ProcSubset=) is put around it by
``tests.system.test_confined`` where the machine lets them be made.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import errno
import os
import resource
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

UNIT = Path(__file__).parents[1] / "systemd" / "jse-connector.service"
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_EQ, _MASKED_EQ = 4, 7
_PROT_WRITE, _PROT_EXEC, _SHM_EXEC = 2, 4, 0o100000
_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
_FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16}
_SET_ID = 0o6000
_PR_SET_NO_NEW_PRIVS = 38


class _Compare(ctypes.Structure):
    _fields_ = (
        ("argument", ctypes.c_uint),
        ("how", ctypes.c_int),
        ("a", ctypes.c_uint64),
        ("b", ctypes.c_uint64),
    )


def settings(name: str, unit: Path = UNIT) -> list[str]:
    """Every value of a setting, in the unit's order."""
    lines = (line.strip() for line in unit.read_text(encoding="utf-8").splitlines())
    return [line.partition("=")[2] for line in lines if line.startswith(f"{name}=")]


def system_calls(group: str) -> set[str]:
    """Names of the calls of a group, by systemd's own word."""
    if not group.startswith("@"):
        return {group}
    told = subprocess.run(
        ["systemd-analyze", "syscall-filter", "--no-pager", group], capture_output=True, text=True, check=True
    ).stdout
    names = [line.strip() for line in told.splitlines()[1:]]
    return set().union(*(system_calls(name) for name in names if name and not name.startswith("#")))


def allowed() -> set[str]:
    """Names of the calls that the unit's filter lets pass."""
    calls = system_calls("@default")
    for line in settings("SystemCallFilter"):
        groups = line.removeprefix("~").split()
        named: set[str] = set().union(*map(system_calls, groups))
        calls = calls - named if line.startswith("~") else calls | named
    return calls


class _Filter:
    """One filter of libseccomp; several add up, the strictest answer counts."""

    def __init__(self, default: int) -> None:
        name = ctypes.util.find_library("seccomp") or "libseccomp.so.2"
        self._library = ctypes.CDLL(name, use_errno=True)
        self._library.seccomp_init.restype = ctypes.c_void_p
        self._library.seccomp_init.argtypes = [ctypes.c_uint32]
        self._library.seccomp_rule_add_array.argtypes = [
            ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p,
        ]  # fmt: skip
        self._library.seccomp_load.argtypes = [ctypes.c_void_p]
        self._context = self._library.seccomp_init(default)

    def rule(self, action: int, call: str, *compares: tuple[int, int, int, int]) -> None:
        number = self._library.seccomp_syscall_resolve_name(call.encode())
        if number < 0:
            return  # a call of another architecture
        array = (_Compare * max(len(compares), 1))(*(_Compare(*each) for each in compares))
        if self._library.seccomp_rule_add_array(self._context, action, number, len(compares), array) != 0:
            raise OSError(f"no rule for {call}")

    def load(self) -> None:
        if self._library.seccomp_load(self._context) != 0:
            raise OSError("the filter cannot be loaded")


def _no_writable_code() -> _Filter:
    denied = _ERRNO | errno.EPERM
    found = _Filter(_ALLOW)
    found.rule(denied, "mmap", (2, _MASKED_EQ, _PROT_EXEC | _PROT_WRITE, _PROT_EXEC | _PROT_WRITE))
    for call in ("mprotect", "pkey_mprotect"):
        found.rule(denied, call, (2, _MASKED_EQ, _PROT_EXEC, _PROT_EXEC))
    found.rule(denied, "shmat", (2, _MASKED_EQ, _SHM_EXEC, _SHM_EXEC))
    return found


def _families(names: Iterable[str]) -> _Filter:
    wanted = {_FAMILIES[name] for name in names}
    found = _Filter(_ALLOW)
    for family in set(range(64)) - wanted:
        found.rule(_ERRNO | errno.EAFNOSUPPORT, "socket", (0, _EQ, family, 0))
    return found


def _no_namespaces() -> _Filter:
    found = _Filter(_ALLOW)
    found.rule(_ERRNO | errno.ENOSYS, "clone3")
    for bit in (1 << number for number in range(32) if _NAMESPACES & 1 << number):
        for call in ("unshare", "clone"):
            found.rule(_ERRNO | errno.EPERM, call, (0, _MASKED_EQ, bit, bit))
    found.rule(_ERRNO | errno.EPERM, "setns")
    return found


def _no_set_id() -> _Filter:
    found = _Filter(_ALLOW)
    for bit in (0o4000, 0o2000):
        for call, argument in (("chmod", 1), ("fchmod", 1), ("fchmodat", 2), ("mkdir", 1), ("mkdirat", 2)):
            found.rule(_ERRNO | errno.EPERM, call, (argument, _MASKED_EQ, bit, bit))
    return found


def confine() -> None:
    """Put all of it on this process, for good."""
    os.umask(int(settings("UMask")[0], 8))
    for name, kind in (("LimitCORE", resource.RLIMIT_CORE), ("LimitNOFILE", resource.RLIMIT_NOFILE)):
        for value in settings(name):
            resource.setrlimit(kind, (int(value), int(value)))
    ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    filters = []
    if settings("MemoryDenyWriteExecute") == ["yes"]:
        filters.append(_no_writable_code())
    if settings("RestrictSUIDSGID") == ["yes"]:
        filters.append(_no_set_id())
    if settings("RestrictNamespaces") == ["yes"]:
        filters.append(_no_namespaces())
    filters.append(_families(settings("RestrictAddressFamilies")[0].split()))
    known = _Filter(_ERRNO | getattr(errno, settings("SystemCallErrorNumber")[0]))
    # seccomp: the filters that follow are loaded through it; systemd knows the same exception.
    for call in allowed() | {"seccomp", "execve", "prctl"}:
        known.rule(_ALLOW, call)
    for each in (*filters, known):
        each.load()


if __name__ == "__main__":
    confine()
    os.execvp(sys.argv[1], sys.argv[1:])
