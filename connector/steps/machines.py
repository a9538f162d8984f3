"""Alarms of connectors that are gone for good: nobody is left there who could find out that they are over.

What is the matter with a machine (``machine:NAME``), or with the configuration there, is ended by the connector that
works on it. One that was removed is gone for good when the journal has forgotten it: no process of that name has been
there for a month (``journal.leases``). Source: protocol R12; design page section 3, point 6.
"""

from __future__ import annotations

from typing import Final

from connector.steps.alarms import end_alarm, everywhere
from connector.steps.parts import Parts

KINDS: Final = ("machine:", "configuration:")
"""How the subjects begin of what one connector alone finds out: of its machine, and of its file."""
RELAY: Final = "relay"


def let_go_of_the_gone(parts: Parts) -> None:
    """End what stands of machines whose connectors the journal has forgotten; for whoever tells (``Parts.keeper``).

    And what stands of another's relay: whether mails are taken is found out here. Raises JournalError.
    """
    if parts.fence is None:
        return
    standing = [one for kind in KINDS for one in everywhere(parts, kind)]
    # Asked afterwards: who begins in between is there.
    known = parts.fence.leases.process_names() if standing else frozenset()
    for subject, cause in standing:
        name = subject.partition(":")[2]
        if name not in known:
            end_alarm(parts, subject, cause, f"connector {name} is gone: nothing was heard of it for a month")
        elif cause == RELAY and subject != parts.machine:
            end_alarm(parts, subject, cause, "another connector sends the mails now")
