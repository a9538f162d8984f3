"""One mail as bytes for a relay: plain text, for one person, under a name that a second try bears again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from connector.signatory_text import canonical_email

_LONGEST: Final = 998
_REPLY: Final = "auto-generated"
"""RFC 3834: no answering machine answers."""


@dataclass(frozen=True, kw_only=True)
class Mail:
    """What goes to one address. ``key``: equal for the same news, so that programs can drop the double."""

    to: str
    subject: str
    body: str
    key: str
    at: datetime


def message_id(key: str, sender: str) -> str:
    """Return the Message-ID of a piece of news: the same for the same key, and nothing can be read in it."""
    digest = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return f"<{digest}@{routed(sender).rpartition('@')[2]}>"


def routed(address: str) -> str:
    """Return an address as it travels: its domain in ASCII."""
    local, at, _ = address.rpartition("@")
    return f"{local}{at}{canonical_email(address).rpartition('@')[2]}"


def as_bytes(mail: Mail, sender: str) -> bytes:
    """Return the whole message, CRLF, every line of ASCII but for an address with accents: any relay takes it."""
    # Here: what reads and writes headers is half a megabyte, and many a service has no relay.
    from email.message import EmailMessage
    from email.policy import SMTP, SMTPUTF8
    from email.utils import format_datetime

    from connector.notify.subject import Subject

    sender, to = routed(sender), routed(mail.to)
    policy = SMTP if (sender + to).isascii() else SMTPUTF8
    message = EmailMessage(policy=policy)
    message["Subject"] = Subject(mail.subject)
    message["From"], message["To"] = sender, to
    message["Date"], message["Message-ID"] = format_datetime(mail.at), message_id(mail.key, sender)
    message["Auto-Submitted"] = _REPLY
    message.set_content(mail.body, cte="quoted-printable")
    # Folded, a long word of ASCII would leave the first line of its field empty.
    return message.as_bytes(policy=policy.clone(max_line_length=_LONGEST))
