"""What a text needs besides the record: who asks, in which zone, what holds the account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from connector.config.model import Ceiling
from connector.report.typography import Language
from connector.sidecar.model import Verb

ACTED_NOW = frozenset(Verb)
"""Every order; fewer where the platform was found not to know one that is only assumed. Texts offer no others."""


class PauseCause(StrEnum):
    """Why nothing new leaves for an account. The first five are values of ``errors.Cause``."""

    TOKENS = "tokens"
    NO_RIGHT = "no_right"
    NO_CREDIT = "no_credit"
    MAINTENANCE = "maintenance"
    RATE_LIMIT = "rate_limit"
    CONTRACT = "contract"
    """What was just created cannot be read back (protocol R11)."""
    OWNER = "owner"
    """Another connector owns the folder (protocol R12)."""
    DMS_LOGIN = "dms_login"
    """The DMS refuses our login: nothing can be written there, only the administrator is told."""
    MANUAL = "manual"
    """The administrator stopped it."""
    FOLDER = "folder"
    """The administrator stopped what leaves from this folder, or from its whole server."""
    CLOCK = "clock"
    """This machine's clock is too far from the platform's."""
    NO_ROOM = "no_room"
    """Signed documents cannot be kept on this machine: its disk is full or read-only."""
    VANISHED = "vanished"
    """Very many known requests of a folder are not there any more, all at once."""


class WaitReason(StrEnum):
    """Why an accepted request has not left yet, the account itself being well."""

    PLATFORM_AWAY = "platform_away"
    BRAKE_DAY = "brake_day"
    BRAKE_HOUR = "brake_hour"
    BRAKE_FOLDER_DAY = "brake_folder_day"
    QUIET_HOURS = "quiet_hours"
    DROP_DELAY = "drop_delay"
    CANNOT_WRITE = "cannot_write"
    BEING_EDITED = "being_edited"


@dataclass(frozen=True, kw_only=True)
class Pause:
    """An account or folder that holds its launches. Times are aware UTC; ``notified_at``: when a mail left.

    ``until``: when it ends by itself whatever happens, where that is known.
    """

    cause: PauseCause
    since: datetime
    notified_at: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class StatusContext:
    """What a status needs besides its record. Times are aware UTC.

    ``now`` decides by whole days only: whether the expiry, or the erasure at the platform, is near, and whether a
    reminder may be asked for today. ``erases_at`` is computed: the platform tells no such date. ``next_wordings``
    holds the wording to print for an order (``recommencer 2``); ``wait_until`` and ``wait_limit`` belong to ``wait``.
    """

    zone: ZoneInfo
    language: Language = "fr"
    support: str
    sender: str
    now: datetime
    ceiling: Ceiling = Ceiling.LIVE
    pause: Pause | None = None
    platform_away_since: datetime | None = None
    wait: WaitReason | None = None
    wait_until: datetime | None = None
    wait_limit: int | None = None
    wait_file: str = ""
    """Which file is open, where ``wait`` is that; empty: the request itself."""
    erases_at: datetime | None = None
    versions_kept: bool = True
    ready_count: int | None = None
    root: str = "/"
    """Href of the watched folder: what is named is named from there."""
    next_wordings: Mapping[Verb, str] = field(default_factory=dict)
    acted: frozenset[Verb] = ACTED_NOW
