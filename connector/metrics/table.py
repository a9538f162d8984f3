"""The nine series by their names, labels and help: what is exposed, and what the reference page shows.

Source: ux page section 6.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One series as it is exposed: ``name`` with its suffix, ``help`` in one English sentence."""

    name: str
    kind: Literal["gauge", "counter"]
    labels: tuple[str, ...]
    help: str


LAST_PASS: Final = Shown(
    name="jse_last_pass_timestamp_seconds",
    kind="gauge",
    labels=("server",),
    help="When a pass was last over that saw this DMS server, in seconds since the epoch; 0: never.",
)
REQUESTS: Final = Shown(
    name="jse_requests",
    kind="gauge",
    labels=("folder", "state"),
    help="Requests that are not over, by folder and state; states without any are told as 0.",
)
OLDEST_OPEN: Final = Shown(
    name="jse_oldest_open_seconds",
    kind="gauge",
    labels=("folder",),
    help="Age of the folder's oldest request that is under way or waits for the administrator; 0: there is none.",
)
PAUSED: Final = Shown(
    name="jse_paused",
    kind="gauge",
    labels=("kind", "name", "reason"),
    help="1 for each account, server, folder or machine that rests, and why.",
)
DEADLINE: Final = Shown(
    name="jse_undelivered_deadline_timestamp_seconds",
    kind="gauge",
    labels=(),
    help="When Jesignexpert may erase the first signed document that is not back in its folder; absent: none.",
)
EXPIRY: Final = Shown(
    name="jse_token_expiry_timestamp_seconds",
    kind="gauge",
    labels=("account",),
    help="When the account's login at Jesignexpert ends, as it was told when it was made.",
)
SENDS: Final = Shown(
    name="jse_sends_total",
    kind="counter",
    labels=("account",),
    help="Requests of this account that left since its journal was begun.",
)
DMS_REQUESTS: Final = Shown(
    name="jse_dms_requests_total",
    kind="counter",
    labels=("server", "code"),
    help="Requests made to this DMS server since the start, by status of the answer; none: no answer came.",
)
SHARES: Final = Shown(
    name="jse_shares",
    kind="gauge",
    labels=("holder",),
    help="Shares of the work held here, by others, by nobody, where several connectors have one journal.",
)
SERIES: Final = (LAST_PASS, REQUESTS, OLDEST_OPEN, PAUSED, DEADLINE, EXPIRY, SENDS, DMS_REQUESTS, SHARES)
