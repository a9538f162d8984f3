"""Whether the service is well: passes go on, facts can be kept, no server is out of its sight. Pure.

``/health`` and ``status --check`` judge by this, and by nothing else; what single requests wait for is not its matter.
Source: ux page section 6.1 check 10, section 7 reason 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from connector.metrics.vitals import EVERY, Reason, Side, Vital

TOO_OLD: Final = timedelta(minutes=15)
"""A last pass that is older than this is too old, unless the next one is planned for later."""
BLIND: Final = timedelta(minutes=5)
"""A server that cannot be looked at is out of sight after so long; at once where time alone will not mend it."""
NO_SIGN: Final = EVERY * 6
"""A service that runs writes its vitals more often than this."""
_OVERDUE: Final = timedelta(minutes=5)
_MENDED_BY_A_PERSON: Final = frozenset({Reason.LOGIN_REFUSED, Reason.ACCESS_DENIED})


@dataclass(frozen=True, kw_only=True)
class Ailment:
    """One thing that is wrong with the service itself. ``name``: of the configuration, or empty."""

    code: str
    name: str
    text: str


def ailments(
    vital: Vital | None,
    now: datetime,
    *,
    running: bool = True,
    max_age: timedelta | None = None,
    room: str = "",
) -> list[Ailment]:
    """Return what is wrong, the gravest first; nothing where all is well.

    ``running``: does the process live; of a timer's ``tick`` that is not asked. ``max_age``: of each server's last
    good look, default :data:`TOO_OLD`. ``room``: why facts could not be kept, as whoever asks finds the disk.
    """
    if vital is None:
        text = "the service has told nothing of itself" if running else "the service is not running"
        return [Ailment(code="no_sign" if running else "not_running", name="", text=text)]
    found = _process(vital, now, running=running)
    standstill = vital.standstill if running else ""
    if standstill or room:
        found.append(Ailment(code="journal", name="", text=standstill or room))
    for name, side in vital.servers().items():
        found += _server(name, side, vital, now, max_age)
    for name, side in vital.sides.items():
        if side.late and running:
            found.append(
                Ailment(code="stuck", name=name, text=f"{name.replace(':', ' ')} gives no sign of life")
            )
    return found


def _process(vital: Vital, now: datetime, *, running: bool) -> list[Ailment]:
    if vital.kind == "tick":
        return []
    if not running:
        at = vital.ended_at or vital.written_at
        text = f"the service is not running since {at.astimezone(now.tzinfo):%d %b %Y %H:%M}"
        return [Ailment(code="not_running", name="", text=text)]
    if now - vital.written_at > NO_SIGN:
        text = f"the service runs and gave no sign of life for {told(now - vital.written_at)}"
        return [Ailment(code="no_sign", name="", text=text)]
    return []


def _server(name: str, side: Side, vital: Vital, now: datetime, max_age: timedelta | None) -> list[Ailment]:
    seen = side.looked_at or vital.started_at
    if side.busy and side.stirred_at is not None and side.reason is None:
        seen = max(seen, side.stirred_at)  # a long look is no blindness for as long as something comes
    age = now - seen
    ago = f"last looked at {told(age)} ago" if side.looked_at is not None else "never looked at yet"
    if side.reason is not None and (side.reason in _MENDED_BY_A_PERSON or age > BLIND):
        why = side.reason.value.replace("_", " ")
        return [Ailment(code="blind", name=name, text=f"server {name} is out of sight ({why}), {ago}")]
    limit = TOO_OLD if max_age is None else max_age
    planned = side.next_at is not None and now - side.next_at <= _OVERDUE and max_age is None
    if age > limit and not (planned and side.reason is None):
        return [Ailment(code="too_old", name=name, text=f"server {name}: {ago}")]
    return []


def told(span: timedelta) -> str:
    """Return a span of time as people say it, in one unit."""
    seconds = max(0, round(span.total_seconds()))
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
