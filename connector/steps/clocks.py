"""This machine's clock, held against what both sides say with each answer (HTTP ``Date``).

From two minutes on it is an alarm that says by how much. Beyond five the platform takes no login any more (API page
section 1, KNOWN: about ±5 minutes), and dates that people are told would be wrong: launches are held until it is put
right. Ends by itself with the first answer that shows it. Source: issue "Nothing twice", point 6.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from connector.errors import RemoteError
from connector.ports import TransactionId
from connector.steps import found_out
from connector.steps.parts import Parts

CLOCK: Final = "clock"
ALARM_S: Final = 120.0
HOLD_S: Final = 300.0
_ASK_EVERY: Final = timedelta(minutes=2)
_FRESH_S: Final = 3600.0
LONGEST_REST: Final = timedelta(days=1)
"""Nothing is put off for longer, whatever a server says."""
A_STEP: Final = timedelta(seconds=HOLD_S)
"""By so much a clock may go back at once without having been wrong: one that is set by the network does."""
_GRAIN_S: Final = 1.0
"""A ``Date`` has whole seconds."""


def drift(parts: Parts, subject: str) -> float | None:
    """Return the other side's clock minus ours at its last answer, in seconds; None before the first."""
    told = parts.clocks.get(subject, lambda: None)()
    return None if told is None else told + _GRAIN_S / 2


def look_at(parts: Parts, subject: str) -> None:
    """Raise, or end, the alarm about one side's clock. ``subject``: ``account:NAME`` or ``server:NAME``."""
    seconds = drift(parts, subject)
    if seconds is None:
        return
    if abs(seconds) > ALARM_S:
        way = "behind" if seconds > 0 else "ahead of"
        text = f"this machine's clock is {abs(seconds):.0f} s {way} that of the other side (limit {ALARM_S:.0f} s)"
        found_out.begin(parts, subject, CLOCK, text, {"seconds": round(seconds)})
    else:
        found_out.over(parts, subject, CLOCK, f"the clocks agree again ({seconds:+.0f} s)")


def too_far(parts: Parts, account: str) -> bool:
    """True while the platform's clock and ours are further apart than it allows."""
    seconds = drift(parts, f"account:{account}")
    return seconds is not None and abs(seconds) > HOLD_S


def confirmed(parts: Parts) -> bool:
    """True where somebody whose clock agrees with ours has answered within the hour, by our own clock.

    By a clock that may have jumped since nothing is erased, and nobody is given up: neither can be taken back. One
    server whose own clock is wrong keeps nothing from being done.
    """
    return not parts.clocks or any(_agrees(parts, subject) for subject in parts.clocks)


def may_erase(parts: Parts) -> bool:
    """True where :func:`confirmed`, and no platform says otherwise, or is yet to be asked.

    A DMS may be this very machine: its clock is ours then, and always agrees.
    """
    return confirmed(parts) and all(_lets_erase(parts, account) for account in parts.accounts)


def _lets_erase(parts: Parts, account: str) -> bool:
    if drift(parts, f"account:{account}") is None:
        return not parts.clocks or not parts.journal.carried(account)
    return not too_far(parts, account)


def is_put_off(parts: Parts, until: datetime | None, longest: timedelta = LONGEST_REST) -> bool:
    """True while something rests until then. ``longest``: no such thing rests longer; so far off, a clock was wrong."""
    return until is not None and parts.now() < until <= parts.now() + longest + A_STEP


def lasts(parts: Parts, since: datetime, wait: timedelta) -> bool:
    """True until so long has passed since then. What lies far ahead of now a clock wrote that was wrong: that is over.

    What lies ahead of it by a moment has just begun, and the clock was set.
    """
    return since - A_STEP <= parts.now() < since + wait


def since_when(parts: Parts, since: datetime | None) -> datetime:
    """Return since when something is so: what is known of it; now where nothing is, or where that lies ahead of now."""
    now = parts.now()
    return now if since is None or since > now else since


def by_platform(parts: Parts, account: str) -> datetime:
    """Now, by the platform's clock where ours is too far from it: what is kept for months goes by that."""
    now, subject = parts.now(), f"account:{account}"
    seconds, heard = drift(parts, subject), parts.heard.get(subject, lambda: None)()
    if seconds is None or heard is None or abs(seconds) <= HOLD_S:
        return now
    # What was heard long ago, by our own clock, tells nothing of how it goes now.
    return now + timedelta(seconds=seconds) if _is_fresh(parts, heard) else now


def _agrees(parts: Parts, subject: str) -> bool:
    seconds, heard = drift(parts, subject), parts.heard.get(subject, lambda: None)()
    if seconds is None or heard is None:
        return False
    return abs(seconds) <= HOLD_S and _is_fresh(parts, heard)


def _is_fresh(parts: Parts, heard: float) -> bool:
    # What lies ahead was heard before our own clock went back.
    return -HOLD_S <= parts.now().timestamp() - heard <= _FRESH_S


def hold(parts: Parts, account: str) -> None:
    """Hold an account's launches for its clock; what the administrator stopped stays as it is."""
    parts.journal.hold(account, CLOCK, probe_at=parts.now() + parts.timing.probe, but="manual")


def ask_again(parts: Parts, account: str) -> None:
    """While an account is held for its clock, find out by one read now and then whether it was put right."""
    held = parts.journal.held(account)
    if held is None or held.cause != CLOCK:
        return
    if too_far(parts, account) and not is_put_off(parts, held.probe_at, parts.timing.probe):
        transaction = _any_transaction(parts, account)
        # Where there is none, what waits without one finds out (``waiting.let_through``).
        if transaction is not None and parts.journal.postpone(held, parts.now() + _ASK_EVERY):
            with suppress(RemoteError):
                parts.services[account].status(transaction)
    if not too_far(parts, account):
        parts.journal.release(account, cause=CLOCK)


def _any_transaction(parts: Parts, account: str) -> TransactionId | None:
    """Return a transaction of the account that may be asked about: every answer tells the time."""
    known = parts.journal.carried(account)
    return next((TransactionId(one.transaction) for one in reversed(known) if one.transaction), None)
