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
    "failed_over": (
        "the journal's database has failed over",
        "Another server of PostgreSQL has taken over, or the database was restored. What was kept last may be lost: "
        "each request that had not left is asked about first, which takes a quarter of an hour; nothing is sent twice.",
        "See that the server that took over has a standby again. For the requests there is nothing to do.",
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
        "The tokens are refused, or were never there. New requests wait; what has left stays signable. The account's "
        "owner gets a link by mail, one a day; whoever opens it ends this.",
        "If the owner has not got it: jse-connector connect NAME --mail sends another one.",
    ),
    "other_office": (
        "somebody logged in with another firm",
        "The link that was mailed was answered for another firm than the one this account is. Nothing was taken over.",
        "If it is meant: jse-connector connect NAME, in a terminal. Else tell the owner which firm to choose.",
    ),
    "other_person": (
        "somebody else than the owner logged in",
        "The link that was mailed was answered by another person than the account's owner. Nothing was taken over.",
        "If it is meant, put that person's address under accounts.NAME.owner, or: jse-connector connect NAME.",
    ),
    "other_account": (
        "the firm of another account was chosen",
        "The link that was mailed was answered for a firm that another account is already. Nothing was taken over.",
        "If both are meant to be one firm: jse-connector connect NAME, in a terminal.",
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
    "trouble": (
        "cannot be worked with",
        "For an hour now. Requests there wait; nothing is lost, and everything goes on by itself.",
        "jse-connector status says why; jse-connector doctor tries everything that is needed there.",
    ),
    "in_doubt": (
        "{n} requests may already have been sent",
        "Their answer was lost, so nothing is sent again: {refs}. Their authors are told, and can settle it.",
        "jse-connector resolve REF settles one; jse-connector show REF tells all that is known of it.",
    ),
    "foreign_mark": (
        "{n} requests bear a mark that is not ours",
        "Another connector, or somebody by hand, has put a mark where ours belong: {refs}. They are never sent.",
        "Is a second connector at work in these folders? jse-connector show REF tells more.",
    ),
    "unknown_word": (
        "Jesignexpert says a word that is not known",
        "Where {n} requests stand is told by a word that the contract does not know: {refs}. They are followed on, and "
        "never taken for ended.",
        "See docs/platform.md: the table of words is a setting. jse-connector show REF tells the word.",
    ),
    "brake_day": (
        "the limit of the day is reached",
        "{n} requests wait for tomorrow. The limit is there for accidents.",
        "If it is none, raise accounts.NAME.max_sends_per_day; what waits then leaves at once.",
    ),
    "relay": (
        "no mail could be sent",
        "The mail relay took nothing for a while; what was to be told was kept.",
        "jse-connector notify --test tells what the relay says.",
    ),
    "config_refused": (
        "the changed configuration is refused",
        "It has {problems} problems; the service goes on with the one it loaded before.",
        "jse-connector check-config names each of them.",
    ),
    "config_restart": (
        "a change of the configuration needs a restart",
        "All else holds already; these do not yet: {keys}.",
        "systemctl restart jse-connector",
    ),
    "unwatched": (
        "was taken out of the configuration with requests open",
        "They rest as they are, signed documents in the spool, until it is put back.",
        "jse-connector status names what rests; put it back, or wait until all is home.",
    ),
    "contract": (
        "what was just made at Jesignexpert cannot be read back",
        "Nothing is sent that could not be followed.",
        "See docs/platform.md: the setting that says how requests are asked about is most likely wrong.",
    ),
}
"""Cause → end of the subject, what it means, what to do. Values in braces are of the event's data."""
CAUSES: Final = frozenset(_CAUSES)
_TOLD_AGAIN: Final = frozenset({"retention"})
_ONCE: Final = "One more mail follows when it is over, none in between."
_NEARER: Final = "Others follow as the day comes near, and one when it is over."
_UNKNOWN: Final = ("{cause}", "Something is the matter.", "jse-connector status tells what, and what to do.")
"""For one that has no words of its own: better than silence."""


def alarm_mail(
    subject: str, cause: str, data: Mapping[str, Any], zone: ZoneInfo, *, over: bool = False
) -> Message:
    """Return the mail for an alarm that begins, or is over. ``subject`` as of ``steps.alarms``: ``account:lyon``."""
    title, meaning, cure = _CAUSES.get(cause, _UNKNOWN)
    values = _Told({"cause": cause, **{name: _told(value, zone) for name, value in data.items()}})
    where = subject.replace(":", " ")
    head = f"jse-connector: {where}: {title.format_map(values)}"
    if over:
        # Whether everything goes on is another matter: something else may be in the way.
        return Message(subject=f"{head} - over", body="It is over, by itself or by what was done.\n")
    lines = [meaning.format_map(values), "", cure]
    if (who := data.get("found_by")) is not None:
        lines += ["", f"It is so for connector {who}; the others see it for themselves."]
    since = data.get("since")
    if since is not None:
        following = _NEARER if cause in _TOLD_AGAIN else _ONCE
        lines += ["", f"Since {_told(since, zone)}. {following}"]
    return Message(subject=head, body="\n".join(lines) + "\n")


class _Told(dict[str, str]):
    """What is not known of a value is left out, rather than the mail."""

    def __missing__(self, key: str) -> str:
        return "some"


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
