"""What the administrator is mailed about an alarm: one mail when it begins, one when it is over. Pure, in English.

An alarm is an event of the journal (``steps.alarms``), said once for each cause of each subject; who sends is the
caller's. No name of a person, of a document or of a file stands in it. Source: ux page part B (``mail.admin``: "one
mail per cause, and one when it is over"), section 7 ("alerts with no action in them").
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from connector.report.mails import Message

_CAUSES: Final[Mapping[str, tuple[str, str, str]]] = {
    "clock": (
        "this machine's clock is {seconds} s off",
        "The clock of the other side differs from this machine's by {seconds} s. Beyond 300 s Jesignexpert takes no "
        "login, and nothing new is sent.",
        "Set the clock (timedatectl; is chrony or systemd-timesyncd running?).",
    ),
    "no_room": (
        "signed documents cannot be kept",
        "A file could not be put to rest in the spool: its disk is full, read-only or away. Nothing new is sent or "
        "fetched; what is signed stays at Jesignexpert, which keeps it for a month at most.",
        "Make room on the disk of the state directory, or make it writable.",
    ),
    "login_refused": (
        "the login is refused",
        "The server refused the password. It was tried once and is not tried again: ten refusals would block the "
        "address for everybody.",
        "Put a new app password in place (jse-connector connect NAME); it is used at once where it is kept in a file.",
    ),
    "vanished": (
        "{gone} of {known} known requests are not there any more",
        "They vanished at once, as when a share is withdrawn or a disk is not mounted. Nothing is concluded of it and "
        "nothing new leaves from this folder; after a day they are taken for deleted.",
        "See whether the share or the storage is there. If people deleted them, there is nothing to do.",
    ),
    "twin": (
        "another machine works here under this connector's name",
        "It has put a mark of that name since this one began, from a journal of its own. Nothing is sent twice of one "
        "letter; of a letter that is edited between their looks each may send one, and both write the same statuses.",
        "Stop one of them, or give it another name (connector: in its configuration); then restart the other one.",
    ),
    "retention": (
        "signed documents are erased soon",
        "These requests have no document here yet: {refs}. Jesignexpert erases the first from {erased_from} on.",
        "See jse-connector status for what is in the way; else download them on the site of Jesignexpert.",
    ),
    "tokens": (
        "the connection to Jesignexpert must be renewed",
        "The tokens are refused. New requests wait; what has left stays signable.",
        "jse-connector connect NAME --mail sends the link to the account's owner.",
    ),
    "no_credit": (
        "the Jesignexpert credit is used up",
        "New requests wait; what has left goes on.",
        "Somebody with access to the firm's account recharges it.",
    ),
    "no_right": (
        "a right is missing at Jesignexpert",
        "The login lacks the right to prepare requests (« préparer »). New requests wait.",
        "Whoever manages the firm's delegations on Jesignexpert gives it.",
    ),
    "maintenance": (
        "Jesignexpert is under maintenance",
        "New requests wait; they leave by themselves afterwards.",
        "There is nothing to do.",
    ),
    "contract": (
        "what was just made at Jesignexpert cannot be read back",
        "Nothing is sent that could not be followed.",
        "See docs/platform.md: the setting that says how requests are asked about is most likely wrong.",
    ),
}
"""Cause → end of the subject, what it means, what to do. Values in braces are of the event's data."""
CAUSES: Final = frozenset(_CAUSES)


def alarm_mail(
    subject: str, cause: str, data: Mapping[str, Any], zone: ZoneInfo, *, over: bool = False
) -> Message:
    """Return the mail for an alarm that begins, or is over. ``subject`` as of ``steps.alarms``: ``account:lyon``.

    KeyError for a cause that nobody has words for.
    """
    title, meaning, cure = _CAUSES[cause]
    values = {name: _told(value, zone) for name, value in data.items()}
    where = subject.replace(":", " ")
    head = f"jse-connector: {where}: {title.format_map(values)}"
    if over:
        return Message(
            subject=f"{head} - over", body="It is over, by itself or by what was done. Everything goes on.\n"
        )
    since = data.get("since")
    lines = [meaning.format_map(values), "", cure]
    if since is not None:
        lines += ["", f"Since {_told(since, zone)}. One more mail follows when it is over, none in between."]
    return Message(subject=head, body="\n".join(lines) + "\n")


def _told(value: object, zone: ZoneInfo) -> str:
    """A value as people read it: a moment in their zone, several references in a row."""
    if isinstance(value, list):
        return ", ".join(str(one) for one in value[:20]) + (
            f" and {len(value) - 20} more" if len(value) > 20 else ""
        )
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return str(value)
    return f"{moment.astimezone(zone):%d %b %Y %H:%M %Z}" if moment.tzinfo is not None else str(value)
