"""All that ``status`` tells, as JSON values: from the journal, the service's vitals, and the accounts' tokens.

Nothing is asked of any server. A file's name is in it only with ``names``. Times are ISO 8601 in UTC. The shape is
``status_schema``'s. Source: ux page section 6.4.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from connector.cli.processes import processes
from connector.cli.today import sends_today
from connector.cli.wiring import contract_of
from connector.errors import AccessDenied
from connector.journal.store import STRANGE_MARKERS, TROUBLE
from connector.lifecycle import Record, State
from connector.metrics.health import ailments
from connector.metrics.standing import CORRECT, OVER, PERSON, RETURNING, SIGNED, WORDS, erased_from
from connector.metrics.vitals import Side, Vital
from connector.steps.deadlines import after_days

if TYPE_CHECKING:
    from connector.config import Config
    from connector.jesignexpert.tokens import TokenKeeper
    from connector.journal import Hold, Journal
    from connector.journal.counts import Standing
    from connector.running import Running

FORMAT: Final = 1
LATELY: Final = timedelta(days=30)
AHEAD: Final = timedelta(days=21)
"""What lapses or ends within so long is told under "soon"."""
_CURES: Final[Mapping[str, str]] = {
    "tokens": "jse-connector connect {name} --mail",
    "manual": "jse-connector resume {name}",
}
"""Cause of an account's hold → the command that answers it; the others end by themselves, or at Jesignexpert."""
_COLUMNS: Final = ("waiting", "to correct", "in progress")
_IN_FOLDER: Final = (State.REJECTED, State.WAITING_PDF, State.UNCONFIRMED, State.PREVIEWED)
"""Told where people work, and answered there."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is looked at, and at which moment."""

    config: Config
    journal: Journal
    tokens: TokenKeeper
    vital: Vital | None
    running: bool
    """Does a process hold the journal?"""
    room: str
    """Why no fact could be kept, as far as this command can see."""
    now: datetime
    kept: Running | None = None
    """What the service loaded, and could not take over."""
    names: bool = False
    max_age: timedelta | None = None


def gathered(asked: Asked) -> dict[str, Any]:
    """Return everything, as plain types. Raises JournalError."""
    config, journal, now = asked.config, asked.journal, asked.now
    servers = tuple(config.servers)
    standing = journal.standing(servers)
    ended = journal.ended_since(tuple(config.accounts), now - LATELY)
    persons = journal.open_in(servers, PERSON)
    return {
        "format": FORMAT,
        "names": asked.names,
        "at": iso(now),
        "service": _service(asked),
        "connectors": processes(journal, config),
        "configuration": _configuration(asked.kept),
        "servers": {name: _server(asked.vital, name) for name in servers},
        "folders": {
            name: {"send": folder.send.value, **_counts(name, standing, ended), **_troubles(journal, name)}
            for name, folder in config.folders.items()
        },
        "needs_a_person": [_person(asked, record) for record in persons],
        "told_in_the_folder": _told_there(journal, servers, standing),
        "accounts": {name: _account(asked, name) for name in config.accounts},
        "soon": {"expire": _expiring(asked)},
        "not_delivered": _not_delivered(asked),
        "nothing_erased_before": iso(after_days(now, contract_of(config).terms.retention_days, config.zone)),
    }


def iso(moment: datetime) -> str:
    """A moment as it stands in JSON."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)


def _service(asked: Asked) -> dict[str, Any]:
    vital = asked.vital
    found = ailments(
        vital,
        asked.now.astimezone(asked.config.zone),
        running=asked.running,
        max_age=asked.max_age,
        room=asked.room,
    )
    own = vital is not None and (asked.running or vital.kind == "tick")
    return {
        "running": asked.running,
        "kind": None if vital is None else vital.kind,
        "version": None if vital is None else vital.version,
        "up_since": iso(vital.started_at) if vital is not None and own else None,
        "ended_at": None if vital is None else _iso(vital.ended_at),
        "without_wakeups": [] if vital is None else list(vital.without_wakeups),
        "ailments": [{"code": each.code, "name": each.name, "text": each.text} for each in found],
    }


def _configuration(kept: Running | None) -> dict[str, Any]:
    """What stands in the file and is not worked with: an earlier one is, for as long as the service runs."""
    if kept is None or not kept.alive:
        return {"refused": [], "since": None, "needs_restart": [], "unwatched": []}
    return {
        "refused": list(kept.refused),
        "since": _iso(kept.refused_since),
        "needs_restart": list(kept.waiting),
        "unwatched": list(kept.unwatched),
    }


def _server(vital: Vital | None, name: str) -> dict[str, Any]:
    side = Side() if vital is None else vital.sides.get(f"server:{name}", Side())
    return {
        "looked_at": _iso(side.looked_at),
        "passed_at": _iso(side.passed_at),
        "took_s": side.took_s,
        "next_at": _iso(side.next_at),
        "reason": None if side.reason is None else side.reason.value,
        "text": side.text or None,
        "since": _iso(side.since),
        "requests_today": 0 if vital is None else vital.today.requests.get(name, 0),
        "refused_logins_today": 0 if vital is None else vital.today.refused.get(name, 0),
    }


def _counts(
    folder: str, standing: Iterable[Standing], ended: Mapping[tuple[str, State], int]
) -> dict[str, int]:
    found: Counter[str] = Counter()
    for one in standing:
        if one.folder == folder and not one.state.ended:
            found[WORDS.get(one.state, "")] += one.count
    return {
        **{column: found[column] for column in _COLUMNS},
        "signed 30d": sum(ended.get((folder, state), 0) for state in SIGNED),
        "refused/expired": sum(ended.get((folder, state), 0) for state in OVER),
    }


def _troubles(journal: Journal, name: str) -> dict[str, Any]:
    """What is the matter with a folder itself: why it rests, and how many markers in its registry are not its own."""
    trouble = journal.last_account_event(f"folder:{name}", TROUBLE) or {}
    strange = journal.last_account_event(f"folder:{name}", STRANGE_MARKERS) or {}
    return {"trouble": trouble.get("text") or None, "strange_markers": strange.get("count", 0)}


def _person(asked: Asked, record: Record) -> dict[str, Any]:
    command = f"{'resolve' if record.state is State.IN_DOUBT else 'show'} {record.ref}"
    if record.reason == "there_before":
        command = f"rebuild --launch {record.folder}"
    return {
        "ref": record.ref,
        "state": record.state.value,
        "reason": record.reason,
        "folder": record.folder,
        "since": iso(record.updated_at),
        "command": f"jse-connector {command}",
        **({"file": record.document.href} if asked.names else {}),
    }


def _told_there(journal: Journal, servers: Sequence[str], standing: Iterable[Standing]) -> dict[str, Any]:
    counted: Counter[State] = Counter()
    for one in standing:
        counted[one.state] += one.count
    kinds: Counter[str] = Counter()
    if counted[State.REJECTED]:
        for record in journal.open_in(servers, CORRECT):
            kinds.update({str(problem["code"]).partition("_")[0] for problem in record.problems})
    return {**{state.value: counted[state] for state in _IN_FOLDER}, "kinds": dict(kinds.most_common())}


def _account(asked: Asked, name: str) -> dict[str, Any]:
    hold, connected, until = asked.journal.held(name), None, None
    try:
        found = asked.tokens.load(name)
    except AccessDenied:  # whoever asks may not read them, and need not
        pass
    else:
        connected, until = found is not None, None if found is None else found.expires_at
    return {
        "held": None if hold is None else _held(hold),
        "connected": connected,
        "login_ends_at": _iso(until),
        "sends_today": sends_today(asked.journal, name, asked.config.zone, asked.now),
        "max_sends_per_day": asked.config.accounts[name].max_sends_per_day,
    }


def _held(hold: Hold) -> dict[str, Any]:
    cure = _CURES.get(hold.cause)
    return {
        "cause": hold.cause,
        "since": iso(hold.since),
        "command": None if cure is None else cure.format(name=hold.account),
    }


def _expiring(asked: Asked) -> list[dict[str, Any]]:
    """On which days requests lapse, by the calendar of those who wait for them."""
    days: Counter[str] = Counter()
    reminded: Counter[str] = Counter()
    for record in asked.journal.open_in(tuple(asked.config.servers), [State.IN_PROGRESS]):
        if record.expires_at is not None and record.expires_at - asked.now < AHEAD:
            day = record.expires_at.astimezone(asked.config.zone).date().isoformat()
            days[day] += 1
            reminded[day] += any(each.reminded_at for each in record.signatories)
    return [{"day": day, "requests": days[day], "reminded": reminded[day]} for day in sorted(days)]


def _not_delivered(asked: Asked) -> dict[str, Any]:
    """What is signed and not home yet; of what is not even here, when the platform erases the first of it."""
    days, zone = contract_of(asked.config).terms.retention_days, asked.config.zone
    signed = asked.journal.open_in(tuple(asked.config.servers), RETURNING)
    dated = [erased_from(one, days, zone) for one in signed if one.state is not State.DELIVERING]
    first = min(dated, default=None)
    return {"signed": len(signed), "not_here": len(dated), "erased_from": _iso(first)}
