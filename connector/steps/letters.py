"""Letters → the mail that leaves, made of the facts as they are now; None for what is no news any more.

A letter holds no text: who has corrected a request meanwhile is not told to correct it. Source: ux page section 2.7.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from connector.journal import Letter
from connector.lifecycle import Record, State
from connector.notify import Mail
from connector.report.alarms import alarm_mail
from connector.report.context import Pause, PauseCause, StatusContext
from connector.report.digests import digest
from connector.report.facts import Case
from connector.report.mails import Message, messages, notice
from connector.report.pauses import link_mail, pause_mail
from connector.report.typography import Language
from connector.steps import standing
from connector.steps.addressees import hidden
from connector.steps.context import context_of, pause_of
from connector.steps.desk import ALARM, DIGEST, LOGIN, PAUSE, REQUEST
from connector.steps.parts import Parts

_WEEK: Final = timedelta(days=6, hours=12)
_WAITING: Final = frozenset({State.WAITING, State.PREPARED, State.MARKED})


def mail_of(parts: Parts, letters: Sequence[Letter], batch: str) -> tuple[Mail, str] | None:
    """Return the mail that tells what these letters are about, and a digest of its words where that counts.

    All of one kind, cause and address. Raises RemoteError where a link cannot be had just now.
    """
    first = letters[0]
    if not first.to:
        return None  # told by hand, and whoever did was killed before it was kept
    made: tuple[Message | None, str, str]
    if first.kind == REQUEST:
        made = _of_requests(parts, letters), batch, ""
    elif first.kind == ALARM:
        made = _of_an_alarm(parts, first), batch, ""
    elif first.kind == PAUSE:
        made = _of_a_pause(parts, first), batch, ""
    elif first.kind == DIGEST:
        message, words = _of_a_day(parts, first)
        made = message, batch, words
    elif first.kind == LOGIN:
        made = *_with_a_link(parts, first, batch), ""
    else:
        return None
    message, key, words = made
    if message is None:
        return None
    mail = Mail(to=first.to, subject=message.subject, body=message.body, key=key, at=parts.now())
    return mail, words


def _of_requests(parts: Parts, letters: Sequence[Letter]) -> Message | None:
    wanted = {one.key: one for one in letters}
    told: list[tuple[Record, StatusContext]] = []
    mark = hidden(parts, letters[0].to)
    for record_id in dict.fromkeys(one.record_id for one in letters if one.record_id is not None):
        record = parts.journal.get(record_id)
        if record.folder not in parts.watched or record.account not in parts.accounts:
            continue
        context = context_of(parts, record)
        found = notice(record, context)
        if found is not None and f"{found.key} {mark}" in wanted:
            told.append((record, context))
    # All of one cause: that is what letters are put together by.
    made = messages(told)
    return made[0] if made else None


def _of_an_alarm(parts: Parts, letter: Letter) -> Message | None:
    if letter.phase == "over":
        told = parts.journal.last_told(letter.cause)
        if told is None or told.phase != "on":
            return None  # that it began was given up: nobody has heard of it
    data: Mapping[str, Any] = letter.data["data"]
    return alarm_mail(
        str(letter.data["subject"]),
        str(letter.data["cause"]),
        data,
        parts.report.zone,
        over=letter.phase == "over",
    )


def _of_a_pause(parts: Parts, letter: Letter) -> Message | None:
    account = str(letter.data["account"])
    hold = parts.journal.held(account)
    if account not in parts.accounts or hold is None or hold.cause != letter.data["cause"]:
        return None
    return pause_mail(
        Pause(cause=PauseCause(hold.cause), since=hold.since),
        zone=parts.report.zone,
        language=_language(parts),
        support=parts.report.support,
        sender=parts.accounts[account].sender,
        waiting=sum(one.account == account and one.state in _WAITING for one in standing.open_records(parts)),
    )


def _of_a_day(parts: Parts, letter: Letter) -> tuple[Message | None, str]:
    """What a person's digest says; nothing where it says what the last one said, but for once a week."""
    since = standing.last_digest(parts, letter.to)
    records = standing.told_of(parts, standing.open_records(parts), since)
    mine = standing.by_person(parts, records)
    mark = hidden(parts, letter.to)
    told = [
        (record, context_of(parts, record))
        for address, them in mine.items()
        if hidden(parts, address) == mark
        for record in them
    ]
    message = digest(told, date.fromisoformat(str(letter.data["day"])))
    words = hashlib.sha256(
        "\n".join(
            sorted(f"{one.ref} {one.state} {Case(one, context).expiry_near}" for one, context in told)
        ).encode()
    ).hexdigest()
    last = parts.journal.last_told(letter.cause)
    if last is not None and last.data.get("words") == words:
        recent = last.done_at is not None and last.done_at <= parts.now() < last.done_at + _WEEK
        if recent or not _wants_somebody(told):
            return None, words
    return message, words


def _wants_somebody(told: Sequence[tuple[Record, StatusContext]]) -> bool:
    """True where something waits for a person: what only goes on is no news a week later either."""
    going = {State.IN_PROGRESS, State.SEALING, State.DELIVERING, *_WAITING}
    return any(record.state not in going or Case(record, context).expiry_near for record, context in told)


def _with_a_link(parts: Parts, letter: Letter, batch: str) -> tuple[Message | None, str]:
    account = str(letter.data["account"])
    login = parts.logins.get(account)
    if login is None or account not in parts.accounts:
        return None, batch
    expires_at, pause = login.expires_at(), pause_of(parts, account)
    paused = pause is not None and pause.cause is PauseCause.TOKENS
    if not paused and expires_at is not None and expires_at > parts.now() + timedelta(days=4):
        return None, batch  # somebody has renewed it meanwhile
    page = login.draw()
    message = link_mail(
        page.url,
        until=page.until,
        expires_at=expires_at if expires_at is not None and expires_at > parts.now() else None,
        paused=paused,
        zone=parts.report.zone,
        language=_language(parts),
        support=parts.report.support,
        sender=parts.accounts[account].sender,
    )
    # Each page is another mail: who drops the double of an earlier one would be left with a link that is dead.
    return message, f"{batch} {page.id}"


def _language(parts: Parts) -> Language:
    return "en" if parts.report.language == "en" else "fr"
