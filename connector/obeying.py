"""Orders in a pass: which of them it is for, how many at once, and how many were answered.

What each comes to is ``steps.ordered``'s. Source: design page section 5 ("The service"); protocol R12.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from connector.guards import ServerMemory, guarded, out_of_time, tolerated
from connector.lanes import Hands, Piece, Turn
from connector.lifecycle import Record
from connector.steps import ordered, retention, waiting
from connector.steps.parts import Parts

AT_ONCE = 4
"""So many of an account's requests are asked about, fetched, or obeyed for, at once."""


def obey_on(parts: Parts, server: str, memory: ServerMemory, held: frozenset[int]) -> int:
    """Obey the administrator's orders for what is not out; returns how many were answered. JournalError only.

    ``held``: requests in other hands, whose turn comes in another pass.
    """
    answered = 0
    for record in parts.journal.ordered_on(server):
        if record.id in held:
            continue
        standing = parts.journal.orders(record)
        if ordered.hurries(standing):
            memory.hurry(record)
        after = tolerated(parts, memory, record, "order", partial(ordered.obey_here, parts, record))
        left = len(parts.journal.orders(after))
        if left < len(standing):
            answered += len(standing) - left
            memory.let_go_on(after)
    return answered


def obey_for(parts: Parts, account: str, deadline: float | None) -> tuple[set[int], list[Record]]:
    """Obey what stands for the requests of an account that are out. JournalError only.

    Returns which it changed, and what the account's pass is for, as it is afterwards (:func:`followed`).
    """
    changed: set[int] = set()

    def obey(record: Record, _turn: Turn) -> None:
        after = guarded(parts, record, partial(ordered.obey_out, parts, record))
        if after.state is not record.state or _told(after) != _told(record):
            changed.add(record.id)

    given = parts.journal.ordered_of(account)
    open_ones = followed(parts, account)
    if waiting_ones := _waiting(parts, open_ones, given):
        side_by_side(parts, account, obey, waiting_ones, deadline)
        open_ones = followed(parts, account)
    return changed, open_ones


def wait_for_accounts(parts: Parts, server: str, records: Sequence[Record]) -> bool:
    """True when something stands, among these requests of a server, that an account's own pass is for."""
    return bool(_waiting(parts, records, parts.journal.ordered_on(server)))


def _waiting(parts: Parts, records: Sequence[Record], given: Sequence[Record]) -> list[Record]:
    """``given``: the requests for which the administrator's orders stand."""
    ids = {record.id for record in given}
    may = (record for record in records if record.id in ids or "pending_order" in record.extra)
    return [record for record in may if ordered.waits(parts, record)]


def _told(record: Record) -> tuple[object, ...]:
    return (record.obeyed, record.extra.get("pending_order"))


def followed(parts: Parts, account: str) -> list[Record]:
    """Return what an account's pass is for, what the platform erases first at its head."""
    found = retention.first_things_first(parts, parts.journal.followed(account))
    return [record for record in found if not record.closed]


def side_by_side(
    parts: Parts,
    account: str,
    do: Callable[[Record, Turn], None],
    records: Sequence[Record],
    deadline: float | None,
) -> None:
    """Do something for each of these requests of an account, some at once."""
    Hands().work(
        [Piece(lane=account, ids=frozenset({one.id}), do=partial(do, one)) for one in records],
        # One is enough to find out that a platform is still away.
        width=1 if waiting.is_away(parts, account) else AT_ONCE,
        stopped=partial(out_of_time, parts, deadline),
    )
