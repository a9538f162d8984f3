"""``status``: how many requests stand where, what needs a person, what left today. No file names."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from connector.cli.common import Settings
from connector.cli.journal_seen import seen_journal
from connector.cli.today import sends_today
from connector.cli.wiring import contract_of
from connector.lifecycle import Record, State
from connector.steps.deadlines import after_days, last_signature

if TYPE_CHECKING:
    from connector.config import Config
    from connector.journal import Journal

FORMAT = 1
_LATELY = timedelta(days=30)
_WAITING = {
    State.WAITING_PDF,
    State.WAITING,
    State.PREPARED,
    State.MARKED,
    State.PREVIEWED,
    State.UNCONFIRMED,
}
_PROGRESS = {State.IN_PROGRESS, State.DRAFT, State.SEALING, State.DELIVERING, State.QUARANTINED}
_RETURNING = {State.SEALING, State.QUARANTINED, State.DELIVERING}
_SIGNED = {State.DELIVERED, State.DELIVERED_BESIDE}
_OVER = {State.REFUSED, State.EXPIRED, State.CANCELLED, State.LOST}
_PERSON = {State.IN_DOUBT, State.HELD, State.QUARANTINED}
_COLUMNS = ("waiting", "to correct", "in progress", "signed 30d", "refused/expired")


def status(settings: Settings, *, as_json: bool) -> int:
    """Print what the journal says. Raises JournalError when there is none."""
    config = settings.load()
    with seen_journal(settings, config) as journal:
        told = gathered(config, journal, datetime.now(UTC))
    if as_json:
        print(json.dumps(told, indent=2, sort_keys=True))
    else:
        _print(told)
    return 0


def gathered(config: Config, journal: Journal, now: datetime) -> dict[str, Any]:
    """Return all that ``status`` tells, as plain types."""
    records = journal.everything()
    folders = {
        name: {
            "send": folder.send.value,
            **_counts([r for r in records if r.folder == name], now),
            **_troubles(journal, name),
        }
        for name, folder in config.folders.items()
    }
    persons = [
        {
            "ref": r.ref,
            "state": r.state.value,
            "reason": r.reason,
            "folder": r.folder,
            "since": _iso(r.updated_at),
        }
        for r in records
        if r.state in _PERSON and not r.closed
    ]
    accounts = {}
    for name, account in config.accounts.items():
        hold = journal.held(name)
        accounts[name] = {
            "held": None if hold is None else {"cause": hold.cause, "since": _iso(hold.since)},
            "sends_today": sends_today(journal, name, config.zone, now),
            "max_sends_per_day": account.max_sends_per_day,
        }
    return {
        "format": FORMAT,
        "not_delivered": _not_delivered(config, records),
        "at": _iso(now),
        "folders": folders,
        "needs_a_person": persons,
        "accounts": accounts,
    }


def _troubles(journal: Journal, name: str) -> dict[str, Any]:
    """What is the matter with a folder itself: why it rests, and how many markers in its registry are not its own."""
    from connector.journal.store import STRANGE_MARKERS, TROUBLE

    trouble = journal.last_account_event(f"folder:{name}", TROUBLE) or {}
    strange = journal.last_account_event(f"folder:{name}", STRANGE_MARKERS) or {}
    return {"trouble": trouble.get("text") or None, "strange_markers": strange.get("count", 0)}


def _not_delivered(config: Config, records: Sequence[Record]) -> dict[str, Any]:
    """What is signed and not home yet; of what is not even here, when the platform erases the first of it."""
    signed = [one for one in records if one.state in _RETURNING and not one.closed]
    terms = contract_of(config).terms
    dated = [
        after_days(
            last_signature(one.signatories) or one.signed_at or one.updated_at,
            terms.retention_days,
            config.zone,
        )
        for one in signed
        if one.state is not State.DELIVERING
    ]
    first = min(dated, default=None)
    return {
        "signed": len(signed),
        "not_here": len(dated),
        "erased_from": None if first is None else _iso(first),
    }


def _counts(records: Sequence[Record], now: datetime) -> dict[str, int]:
    lately = [r for r in records if r.ended_at is not None and now - r.ended_at < _LATELY]
    by_state: dict[str, int] = {}
    for record in records:
        if not record.closed and not record.state.ended:
            by_state[record.state.value] = by_state.get(record.state.value, 0) + 1
    return {
        "waiting": sum(by_state.get(state.value, 0) for state in _WAITING),
        "to correct": by_state.get(State.REJECTED.value, 0),
        "in progress": sum(by_state.get(state.value, 0) for state in _PROGRESS),
        "signed 30d": sum(1 for r in lately if r.state in _SIGNED),
        "refused/expired": sum(1 for r in lately if r.state in _OVER),
    }


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _folder_rows(folders: dict[str, Any]) -> list[str]:
    rows = [f"  folder {name}  rests: {one['trouble']}" for name, one in folders.items() if one["trouble"]]
    return rows + [
        f"  folder {name}  {one['strange_markers']} markers in its registry are not its own or cannot be read"
        for name, one in folders.items()
        if one["strange_markers"]
    ]


def _print(told: dict[str, Any]) -> None:
    width = max(len("folder"), *(len(name) for name in told["folders"])) + 2
    print(f"{'folder':<{width}}{'send':<9}" + "  ".join(f"{column:>11}" for column in _COLUMNS))
    for name, folder in told["folders"].items():
        numbers = "  ".join(f"{folder[column]:>{max(11, len(column))}}" for column in _COLUMNS)
        print(f"{name:<{width}}{folder['send']:<9}{numbers}")
    held = {name: account["held"] for name, account in told["accounts"].items() if account["held"]}
    rows = _folder_rows(told["folders"])
    if told["needs_a_person"] or held or rows:
        print("\nneeds a person")
    for line in rows:
        print(line)
    for row in told["needs_a_person"]:
        cure = (
            f"   jse-connector resolve {row['ref']} --sent|--not-sent" if row["state"] == "in_doubt" else ""
        )
        reason = f" ({row['reason']})" if row["reason"] else ""
        print(f"  {row['ref']}  {row['state']}{reason}  {row['folder']}  since {row['since']}{cure}")
    for name, hold in held.items():
        ways = {"tokens": "connect", "manual": "resume"}
        cure = f"   jse-connector {ways[hold['cause']]} {name}" if hold["cause"] in ways else ""
        print(f"  account {name}  held ({hold['cause']})  since {hold['since']}{cure}")
    print("\nsoon")
    for line in _soon(told["not_delivered"]):
        print(f"  {line}")
    print("\ntoday")
    for name, account in told["accounts"].items():
        print(f"  {name} {account['sends_today']} of {account['max_sends_per_day']} sends")


def _soon(returning: dict[str, Any]) -> list[str]:
    if not returning["signed"]:
        return ["none signed but not delivered"]
    lines = [
        f"{returning['signed']} signed but not delivered, {returning['not_here']} of them not fetched yet"
    ]
    if returning["erased_from"]:
        lines.append(f"the first of those is erased by Jesignexpert from {returning['erased_from']} on")
    return lines
