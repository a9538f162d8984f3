"""Of several connectors on one journal: who they are, what each holds, and what nobody does, for ``status``.

Source: protocol R12; ux page section 6.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from connector import fence, shares
from connector.cli.holding import wanted
from connector.journal.leases import PASSING, Leases, Process
from connector.metrics.health import told as span
from connector.shared_out import SharedOut

if TYPE_CHECKING:
    from connector.config import Config
    from connector.journal import Journal

_MOST: Final = 6
"""So many folders of one process are named; of the others it is said how many they are."""


def processes(journal: Journal, config: Config) -> dict[str, Any] | None:
    """Return all of them as plain types; None where no others can be. Raises JournalError."""
    if not journal.shared:
        return None
    lease = config.journal.lease or fence.LEASE
    out = SharedOut(wanted=wanted(config), view=Leases(journal).view())
    view, held, nobodys = out.view, out.held(), out.nobodys

    def of(process: Process) -> dict[str, Any]:
        units = frozenset[str]().union(*held.get(process.id, ()))
        mine = {unit for unit in units if view.holders.get(unit) == process.id}
        name, _, verb = process.name.partition(PASSING)
        return {
            "number": process.id,
            "name": name,
            "verb": verb or "run",
            "host": process.host,
            "version": process.version,
            "since": _iso(process.began_at),
            "heard_at": _iso(max(process.began_at, process.until - lease)),
            "shares": len(held.get(process.id, ())),
            "folders": sorted(shares.folders_of(mine)),
            "accounts": sorted(shares.accounts_of(mine)),
        }

    return {
        "shares": len(out.whole),
        "at": _iso(view.at),
        "alive": [of(process) for process in view.alive],
        "lost": [of(process) for process in view.lost],
        "nobody": {
            "shares": len(nobodys),
            "folders": sorted(shares.folders_of(frozenset[str]().union(*nobodys))),
            "accounts": sorted(shares.accounts_of(frozenset[str]().union(*nobodys))),
        },
    }


def wrong(told: Mapping[str, Any] | None) -> list[str]:
    """Return what a monitor is to cry about: that nobody works on something."""
    if told is None or not told["nobody"]["shares"]:
        return []
    if not any(one["verb"] == "run" for one in told["alive"]):
        return ["no connector runs on this journal"]
    folders = told["nobody"]["folders"] or told["nobody"]["accounts"]
    return [f"nobody works on {_few(folders)} ({told['nobody']['shares']} of {told['shares']} shares)"]


def rows(told: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield a line each for people; nothing where no others can be."""
    if told is None:
        return
    at = datetime.fromisoformat(told["at"])
    for kind in ("alive", "lost"):
        for one in told[kind]:
            verb = "" if one["verb"] == "run" else f" ({one['verb']})"
            heard = span(at - datetime.fromisoformat(one["heard_at"]))
            up = span(at - datetime.fromisoformat(one["since"]))
            holds = _few(one["folders"]) or "nothing"
            gone = "" if kind == "alive" else ", given up for lost"
            yield f"{one['name']}{verb} on {one['host']}  up {up}, heard of {heard} ago{gone}: {holds}"
    if told["nobody"]["shares"]:
        left = told["nobody"]
        yield f"held by nobody: {_few(left['folders'] or left['accounts'])}"


def _few(names: Iterable[str]) -> str:
    found = list(names)
    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return ", ".join(found[:_MOST]) + more


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
