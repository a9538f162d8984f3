"""Remembered contacts: whom a folder may take a name and a number from, who is learnt, when they are forgotten.

A person is learnt when *they have signed*: only then the invitation reached that address and the code that number,
so that neither was mistyped. What was merely previewed or sent proves nothing, and a wrong number that is learnt
would be sent again, in silence. (A number that was corrected on Jesignexpert's own site is not told to us; there the
older one stays as it was written here.) Source: design page section 4, ux page sections 1.4 and 3.16, part B 5.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from connector.identity import canonical_email
from connector.lifecycle import Event, Record, SignatoryFacts, State
from connector.sidecar.inherit import Known
from connector.sidecar.model import Signatory
from connector.steps import clocks
from connector.steps.fading import PEOPLE
from connector.steps.parts import FolderSettings, Parts

log = logging.getLogger(__name__)

KNOWN = "known"
"""Word of ``Signatory.filled`` for what was taken from a remembered contact."""
_NAMES = frozenset({"first_name", "last_name", "name"})
_LACKING = frozenset({"phone_missing", "name_missing"})
ASKED = ("", "contacts_expired")
"""The event that tells on which day they were looked through last."""


def known(parts: Parts, settings: FolderSettings, account: str) -> Callable[[str], Known | None]:
    """Return what answers, for an address, with what ``account`` remembers of it and this folder may use.

    None for everybody where the folder's fence does not allow the account, or nobody is to be remembered.
    """
    kept_for = settings.remember_contacts
    if kept_for is None or account not in settings.accounts:
        return lambda _email: None

    def look_up(email: str) -> Known | None:
        contact = parts.journal.contact(account, email)
        if contact is None or contact.used_at < parts.now() - kept_for:
            return None
        return Known(
            first_name=contact.first_name,
            last_name=contact.last_name,
            name=contact.name,
            phone=contact.phone,
            since=contact.used_at,
        )

    return look_up


def remember(parts: Parts, record: Record) -> None:
    """Learn those of an ended request who have signed, whatever became of it. Idempotent. Raises JournalError.

    Nothing is learnt where the folder remembers nobody, nor of an adopted request: what its transaction carries was
    written by another life of this journal.
    """
    settings = parts.watched.get(record.folder)
    if settings is None or settings.remember_contacts is None or record.request is None or record.adopted:
        return
    if PEOPLE in record.extra:
        return  # of whom nothing, or a name alone, was to be kept: closed once more, they are not learnt again
    for facts in record.signatories:
        # By address: on Jesignexpert's site people may be put in another order.
        signatory = next((one for one in record.request.signatories if _same(facts, one)), None)
        if signatory is not None and facts.signed_at is not None:
            # Not later than now; but a clock that may be behind makes nobody older, to be forgotten before their time.
            latest = parts.now() if clocks.confirmed(parts) else facts.signed_at
            _learn(parts, record.account, signatory, min(facts.signed_at, latest))


def _same(facts: SignatoryFacts, signatory: Signatory) -> bool:
    return canonical_email(facts.email) == canonical_email(signatory.email)


def _learn(parts: Parts, account: str, signatory: Signatory, at: datetime) -> None:
    if signatory.filled.get("phone") == KNOWN:
        # Nobody wrote this number: it is proven once more, and nothing else is known of this person by it.
        parts.journal.refresh_contact(account, signatory.email, phone=signatory.phone, at=at)
        return
    written = not any(signatory.filled.get(name) == KNOWN for name in _NAMES)
    parts.journal.remember(
        account,
        signatory.email,
        first_name=signatory.first_name if written else "",
        last_name=signatory.last_name if written else "",
        name=signatory.name if written else "",
        phone=signatory.phone,
        at=at,
    )


def may_cure(parts: Parts, settings: FolderSettings, record: Record) -> bool:
    """True when a request lacks a name or a number, and somebody was learnt or imported since it was judged."""
    if record.state is not State.REJECTED or settings.remember_contacts is None:
        return False
    if not any(problem["code"] in _LACKING for problem in record.problems):
        return False
    changes = [parts.journal.contacts_changed(account) for account in settings.accounts]
    changed = max((each for each in changes if each is not None), default=None)
    if changed is None or changed < record.created_at:
        return False
    judged = [at for at, name, _ in parts.journal.events(record) if name == Event.REJECTED.value]
    return not judged or changed >= judged[-1]


def expire(parts: Parts) -> int:
    """Once a day, erase whoever was not met for as long as any folder of their account remembers. Returns how many."""
    if not parts.keeper:
        return 0
    today = parts.now().astimezone(ZoneInfo(parts.report.timezone)).date().isoformat()
    if parts.journal.last_account_event(*ASKED) == {"day": today} or not clocks.may_erase(parts):
        return 0
    gone = 0
    for account in sorted({contact.account for contact in parts.journal.contacts()}):
        moment = parts.now() - _kept_for(parts, account)
        gone += parts.journal.forget_contacts_before(moment, account=account)
    parts.journal.mark_account(*ASKED, {"day": today})
    if gone:
        log.info("%d contacts were not met for long enough and are forgotten", gone)
    return gone


def _kept_for(parts: Parts, account: str) -> timedelta:
    """The longest that a folder of an account remembers; an account without folders ages as the others do."""
    folders = parts.everywhere.values()
    mine = [each for each in folders if account in each.accounts] or folders
    return max((each.remember_contacts or timedelta(0) for each in mine), default=timedelta(0))
