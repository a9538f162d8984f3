"""What a process gives up for good before it reads a foreign file: network, other processes, other files.

Two doors of the Linux kernel, both open to everybody and both one-way: a filter of system calls (seccomp(2), through
``prctl`` so that systemd's ``@system-service`` lets it pass) and Landlock (landlock(7)). Where one of them is closed,
by the kernel's age, another machine or another system, the function says False and the limits of ``isolation_worker``
stand alone. Only what cannot be reached from Python otherwise is done by hand here.
"""

from __future__ import annotations

import ctypes
import errno
import mimetypes
import os
import platform
import struct
import sys
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2

# Of linux/bpf_common.h and linux/seccomp.h.
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16
_CLONE_THREAD: Final = 0x10000
_X32: Final = 0x40000000


class _Machine(NamedTuple):
    """A machine's calls by number. ``refused``: whatever their arguments."""

    audit: int
    refused: tuple[int, ...]
    clone: int
    clone3: int
    tgkill: int
    prlimit: int


# Asked for by name in asm/unistd_64.h and asm-generic/unistd.h, in this order: socket, connect, bind, listen, accept,
# accept4, sendto, sendmsg, sendmmsg; execve, execveat, fork, vfork; kill, tkill, rt_sigqueueinfo, rt_tgsigqueueinfo,
# pidfd_send_signal, pidfd_open, pidfd_getfd, ptrace, process_vm_readv, process_vm_writev, kcmp; bpf, perf_event_open,
# userfaultfd, io_uring_setup, keyctl, add_key, request_key, unshare, setns, mount.
_MACHINES: Final = {
    "x86_64": _Machine(
        audit=0xC000003E,
        refused=(
            *(41, 42, 49, 50, 43, 288, 44, 46, 307),
            *(59, 322, 57, 58),
            *(62, 200, 129, 297, 424, 434, 438, 101, 310, 311, 312),
            *(321, 298, 323, 425, 250, 248, 249, 272, 308, 165),
        ),
        clone=56,
        clone3=435,
        tgkill=234,
        prlimit=302,
    ),
    "aarch64": _Machine(
        audit=0xC00000B7,
        refused=(
            *(198, 203, 200, 201, 202, 242, 206, 211, 269),
            *(221, 281),
            *(129, 130, 138, 240, 424, 434, 438, 117, 270, 271, 272),
            *(280, 241, 282, 425, 219, 217, 218, 97, 268, 40),
        ),
        clone=220,
        clone3=435,
        tgkill=131,
        prlimit=261,
    ),
}


def alone() -> bool:
    """Give up the network, other programs and other processes. True when the kernel holds us to it.

    Threads may still be started, and this process may still end itself.
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None or sys.platform != "linux" or struct.calcsize("P") != 8:
        return False
    return _filter(_program(machine, os.getpid()))


def _program(machine: _Machine, pid: int) -> list[tuple[int, int, int, int]]:
    """Return the filter: (code, jump if true, jump if false, value), jumps counted from the next line."""
    refuse, no_such_call = _REFUSE | errno.EPERM, _REFUSE | errno.ENOSYS
    lines = [
        (_LOAD, 0, 0, _MACHINE),
        (_EQUAL, 1, 0, machine.audit),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, refuse),
        # Its arguments are out of a filter's sight; without it the C library takes the older call.
        (_EQUAL, 0, 1, machine.clone3),
        (_RETURN, 0, 0, no_such_call),
    ]
    for call in machine.refused:
        lines += [(_EQUAL, 0, 1, call), (_RETURN, 0, 0, refuse)]
    # Threads, but no processes.
    lines += [
        (_EQUAL, 0, 4, machine.clone),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_ANY_BIT, 1, 0, _CLONE_THREAD),
        (_RETURN, 0, 0, refuse),
        (_RETURN, 0, 0, _ALLOW),
    ]
    # How abort(3) ends this process; nobody else's.
    lines += [
        (_EQUAL, 0, 4, machine.tgkill),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_EQUAL, 1, 0, pid),
        (_RETURN, 0, 0, refuse),
        (_RETURN, 0, 0, _ALLOW),
    ]
    # Our own limits, as for each call.
    lines += [
        (_EQUAL, 0, 5, machine.prlimit),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_EQUAL, 2, 0, 0),
        (_EQUAL, 1, 0, pid),
        (_RETURN, 0, 0, refuse),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return [*lines, (_RETURN, 0, 0, _ALLOW)]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("lines", ctypes.c_void_p))


def _filter(lines: Sequence[tuple[int, int, int, int]]) -> bool:
    packed = b"".join(struct.pack("=HBBI", *line) for line in lines)
    kept = ctypes.create_string_buffer(packed, len(packed))
    program = _Program(len(lines), ctypes.cast(kept, ctypes.c_void_p))
    return _no_new_rights() and _prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(program)) == 0


def _no_new_rights() -> bool:
    return _prctl(_PR_SET_NO_NEW_PRIVS, 1, 0) == 0


def _prctl(option: int, second: int, third: int) -> int:
    call = ctypes.CDLL(None, use_errno=True).prctl
    zero = ctypes.c_ulong(0)
    return int(call(ctypes.c_int(option), ctypes.c_ulong(second), ctypes.c_ulong(third), zero, zero))


# ---------------------------------------------------------------------------------------------- files

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""The same on every machine."""
_VERSION: Final = 1
_BELOW: Final = 1
_EXECUTE, _WRITE, _READ, _LIST, _REMOVE, _MAKE, _TRUNCATE = (
    1 << 0,
    1 << 1,
    1 << 2,
    1 << 3,
    1 << 5,
    1 << 8,
    1 << 14,
)
_LOOK: Final = _EXECUTE | _READ | _LIST
_WORK: Final = _READ | _LIST | _WRITE | _REMOVE | _MAKE | _TRUNCATE
_OF_A_FILE: Final = _EXECUTE | _READ | _WRITE | _TRUNCATE
"""Rights that a rule about something else than a directory may give."""

_SYSTEM: Final = (
    *("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime"),
    # A library that finds a file and may not open it stops at that, where one that is not there would be nothing.
    *map(str, mimetypes.knownfiles),
    *("/sys/devices/system/cpu", "/dev/null", "/dev/zero", "/dev/urandom"),
)


def only_within(directories: Iterable[str]) -> bool:
    """Give up every file but those below ``directories``, and the program's own, which can only be read.

    True when the kernel holds us to it. What is open already stays open.
    """
    if sys.platform != "linux":
        return False
    version = _landlock(_CREATE_RULESET, 0, 0, _VERSION)
    if version < 1:
        return False
    every = (1 << {1: 13, 2: 14}.get(version, 15)) - 1
    # What newer kernels can refuse beside files: TCP (from 4 on); signals and abstract sockets of others (from 6 on).
    told = struct.pack("=QQQ", every, 3 if version >= 4 else 0, 3 if version >= 6 else 0)
    kept = ctypes.create_string_buffer(told, len(told))
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _landlock(_CREATE_RULESET, ctypes.addressof(kept), size, 0)
    if ruleset < 0:
        return False
    try:
        program = (sys.prefix, sys.base_prefix, sys.exec_prefix, *(each for each in sys.path if each))
        for path in (*program, *_SYSTEM):
            _allow(ruleset, path, _LOOK & every)
        _allow(ruleset, "/dev/null", (_READ | _WRITE) & every)
        for path in directories:
            _allow(ruleset, path, _WORK & every)
        return _no_new_rights() and _landlock(_RESTRICT_SELF, ruleset, 0, 0) == 0
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    """Allow what is at or below a path; one that is not there needs no rule."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):  # noqa: PTH112 - a text, as system calls take it
            rights &= _OF_A_FILE
        rule = struct.pack("=Qi", rights, place)
        kept = ctypes.create_string_buffer(rule, len(rule))
        _landlock(_ADD_RULE, ruleset, _BELOW, ctypes.addressof(kept), 0)
    finally:
        os.close(place)


def _landlock(number: int, *arguments: int) -> int:
    call = ctypes.CDLL(None, use_errno=True).syscall
    call.restype = ctypes.c_long
    return int(call(ctypes.c_long(number), *(ctypes.c_ulong(each) for each in arguments)))
