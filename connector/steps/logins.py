"""An account is connected again by its owner alone: a link by mail before the connection ends, and after a 403.

A link is good for minutes (API page section 1, ASSUMED), so it is drawn when its mail leaves, in working hours, one a
day at most. Who comes too late deletes the notice in the folder: that asks for another one, without anybody's help.
What is answered is fetched here, judged (``Connected``), and ends the hold at once. Source: issue "The administrator's
day" point 4; ux page sections 6.4, 7 (4), 8.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from connector.calendar import last_working, quiet_until
from connector.courtesy import LONGEST_S
from connector.errors import AskedToWait, Cause, RemoteError
from connector.journal import Journal, Letter
from connector.journal.outbox import TOLD
from connector.ports import Connected
from connector.report.notices import FILE_NAME
from connector.steps import clocks
from connector.steps.alarms import end_alarm, raise_alarm, standing
from connector.steps.desk import LOGIN
from connector.steps.discover import Sight
from connector.steps.notice import deleted
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

BEFORE: Final = timedelta(days=2)
"""So long before the connection ends its owner gets the first link (ux page section 6.4)."""
_EARLIER_DAYS: Final = 3
"""And so many days earlier where all of that time is days off."""
_DAILY: Final = 5
"""So many days in a row a link goes out; whoever uses none of them gets one a week."""
_STREAK: Final = timedelta(days=9)
_WEEK: Final = timedelta(days=7)
_ASKED_A_DAY: Final = 12
"""So many links may be asked for in a day by deleting the notice."""
_REST: Final = timedelta(minutes=1)
STRANGERS: Final = {
    Connected.OTHER_OFFICE: "the link was answered for another firm",
    Connected.OTHER_PERSON: "the link was answered by another person than the owner",
    Connected.OTHER_ACCOUNT: "the link was answered for the firm of another account",
}
WANTED: Final = "link_wanted"
"""Event of an account: somebody asked for another link, in the folder."""


def keep(parts: Parts, account: str) -> None:
    """Fetch what was answered, and see to it that the owner has a link in time. Raises JournalError only."""
    login = parts.logins.get(account)
    if login is None:
        return
    if login.awaited():
        _fetch(parts, account)
    if parts.relay is None or not parts.accounts[account].owner:
        return
    if is_due(parts, account):
        _post(parts, account)


def cause_of(account: str) -> str:
    """Return the cause of an account's link mails."""
    return f"login {account}"


def is_due(parts: Parts, account: str) -> bool:
    """True while the owner of an account is to have a link: it is refused, or its end is near."""
    hold = parts.journal.held(account)
    if hold is not None and hold.cause == Cause.TOKENS:
        return True
    from_ = announced_from(parts, account)
    return from_ is not None and from_ <= parts.now()


def announced_from(parts: Parts, account: str) -> datetime | None:
    """Return from when on the owner gets links; None where nothing tells when the connection ends."""
    login = parts.logins.get(account)
    ends = None if login is None else login.expires_at()
    if ends is None:
        return None
    return last_working(ends - BEFORE, parts.telling.quiet, days=_EARLIER_DAYS)


def asked_for(parts: Parts, account: str) -> bool:
    """Post one more link, on somebody's wish; False where the last one may still be used, or too many were."""
    cause, today = cause_of(account), _today(parts)
    login = parts.logins.get(account)
    if login is None or parts.relay is None or not parts.accounts[account].owner:
        return False
    last = parts.journal.last_told(cause)
    life = timedelta(seconds=login.page_life_s())
    if last is not None and last.done_at is not None and clocks.is_put_off(parts, last.done_at + life):
        return False
    keys = [f"{cause} {today} {number}" for number in range(1, _ASKED_A_DAY + 1)]
    known = parts.journal.known_letters(keys)
    free = next((key for key in keys if key not in known), None)
    if free is None:
        return False
    parts.journal.mark_account(account, WANTED, {})
    return parts.journal.post([_letter(parts, account, free, asked=True)]) > 0


def told_by_hand(journal: Journal, account: str, zone: ZoneInfo) -> None:
    """Keep that a link was mailed from a terminal: no other one leaves by itself that day. Idempotent."""
    now = datetime.now(zone)
    key = f"{cause_of(account)} {now.date().isoformat()}"
    journal.post(
        [Letter(key=key, kind=LOGIN, to="", cause=cause_of(account), due_at=now, data={"account": account})]
    )
    mine = [one for one in journal.letters() if one.key == key]
    if mine:
        journal.end_letters(mine, TOLD)


def look_for_wishes(parts: Parts, sight: Sight) -> None:
    """Whoever deletes the notice that an account must be connected again asks for another link."""
    settings = sight.settings
    page = sight.tree.pages.get(settings.root)
    name = FILE_NAME["en" if parts.report.language == "en" else "fr"]
    if page is None or not deleted(parts, settings, there=page.shows(name, is_folder=False)):
        return
    for account in settings.accounts:
        hold = parts.journal.held(account)
        if hold is not None and hold.cause == Cause.TOKENS:
            asked_for(parts, account)


def connected(parts: Parts, account: str) -> None:
    """The account has new tokens: whatever waited for them goes on."""
    for cause in STRANGERS:
        end_alarm(parts, f"account:{account}", cause.value, "the right person has logged in")
    if parts.journal.release(account, cause=Cause.TOKENS.value):
        log.info("account %s is connected again: what waited for it goes on", account)


def _fetch(parts: Parts, account: str) -> None:
    if clocks.is_put_off(parts, parts.said.fetched_again_at.get(account)):
        return
    try:
        found = parts.logins[account].fetch()
    except AskedToWait as error:
        seconds = min(error.retry_after_s or 60, LONGEST_S)
        parts.said.fetched_again_at[account] = parts.now() + timedelta(seconds=seconds)
        return
    except RemoteError as error:
        log.warning("account %s: whether its owner has logged in cannot be asked: %s", account, error)
        parts.said.fetched_again_at[account] = parts.now() + _REST
        return
    if found is None:
        return
    parts.journal.mark_account(account, "login_answered", {"outcome": found.value})
    if found is Connected.KEPT:
        connected(parts, account)
        return
    subject = f"account:{account}"
    if standing(parts, subject, found.value) is None:
        raise_alarm(parts, subject, found.value, f"{STRANGERS[found]}: nothing was taken over")


def _post(parts: Parts, account: str) -> None:
    """One a day in working hours, then one a week; not while one is on its way."""
    cause, journal, now = cause_of(account), parts.journal, parts.now()
    last = journal.last_letter(cause)
    if last is not None and last.done_at is None:
        return
    if quiet_until(now, parts.telling.quiet) is not None:
        return
    told = journal.last_told(cause)
    at = None if told is None or told.done_at is None or told.done_at > now + clocks.A_STEP else told.done_at
    zone = parts.report.zone
    if at is not None and at.astimezone(zone).date() == now.astimezone(zone).date():
        return
    if at is not None and now - at < _WEEK and journal.count_told(cause, now - _STREAK) >= _DAILY:
        return
    journal.post([_letter(parts, account, f"{cause} {_today(parts)}")])


def _letter(parts: Parts, account: str, key: str, *, asked: bool = False) -> Letter:
    return Letter(
        key=key,
        kind=LOGIN,
        to=parts.accounts[account].owner,
        cause=cause_of(account),
        due_at=parts.now(),
        data={"account": account, "asked": asked},
    )


def _today(parts: Parts) -> str:
    return parts.now().astimezone(parts.report.zone).date().isoformat()
