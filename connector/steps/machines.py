"""Alarms of connectors that are gone for good: nobody is left there who could find out that they are over.

What is the matter with a machine (``machine:NAME@HOST``), or with the configuration there, is ended by the connector
that works on it. The host belongs to it: on each of several, ``jse-connector.service`` has the same name, and the one
whose disk has room would end what the other tells. One that was removed is gone for good when the journal has forgotten
it: no process of that name has been there for a month (``journal.leases``). A journal in a file is one connector's, and
names no machine; one that has been moved from there, or back, brings along what stood of who worked on it. Source:
protocol R12; design page section 3, point 6.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from connector.steps.alarms import end_alarm, everywhere
from connector.steps.failed_over import FAILED_OVER
from connector.steps.parts import Parts

KINDS: Final = ("machine", "configuration")
"""Subjects of what one connector alone finds out: of its machine, and of its file; followed by ``:NAME@HOST`` where
several may share a journal."""
RELAY: Final = "relay"
_GONE: Final = "no connector is called so any more: nothing was heard of one for a month"
_MOVED: Final = "the journal has been moved to where nobody is called so"
_RENAMED: Final = "that connector's host is called otherwise now"


def subject_of(name: str, host: str) -> str:
    """Return the subject of alarms about a machine on which a connector of that name works."""
    return f"{KINDS[0]}:{_called(name, host)}"


def let_go_of_the_gone(parts: Parts) -> None:
    """End what stands of machines whose connectors work on this journal no more; for whoever tells (``Parts.keeper``).

    And what stands of another's relay: whether mails are taken is found out here. Raises JournalError.
    """
    standing = [one for kind in KINDS for one in everywhere(parts, kind)]
    if not standing:
        return
    # Asked afterwards: who begins in between is there.
    found = () if parts.fence is None else parts.fence.leases.process_names()
    known = {_called(*one) for one in found} or {""}
    for subject, cause in standing:
        kind, _, name = subject.partition(":")
        if kind not in KINDS or cause == FAILED_OVER:
            continue  # a failover is the journal's own, on whichever machine: it ends by itself
        if name not in known:
            end_alarm(parts, subject, cause, _GONE if name and parts.fence is not None else _MOVED)
        elif cause == RELAY and subject != parts.machine:
            end_alarm(parts, subject, cause, "another connector sends the mails now")


def let_go_of_the_renamed(parts: Parts, former: Collection[int]) -> None:
    """End what this connector told while its host was called otherwise, as a container's is at each start.

    ``former``: processes that had this state directory. Raises JournalError.
    """
    if parts.fence is None or not former:
        return
    name, _, host = parts.machine.partition(":")[2].rpartition("@")
    for former_name, former_host in parts.fence.leases.process_names(former):
        # A failover gives lost numbers anew: one of another name is not ours.
        if former_name != name or former_host == host:
            continue
        for kind in KINDS:
            subject = f"{kind}:{_called(former_name, former_host)}"
            for found, cause in everywhere(parts, subject):
                if found == subject:
                    end_alarm(parts, found, cause, _RENAMED)


def _called(name: str, host: str) -> str:
    return f"{name}@{host}"
