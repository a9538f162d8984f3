"""The one mail of this release: the link by which an account's owner logs in."""

from __future__ import annotations

import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import urlsplit

from connector.config import Config, Mail
from connector.errors import NotConnected

_TIMEOUT_S = 30
_PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
_TEXT = """\
Bonjour,

Le service de signature du dossier partagé ({sender}) doit être relié à Jesignexpert,
ou l’être de nouveau : cette liaison s’éteint d’elle-même au bout de quelques jours.

Deux gestes suffisent :

1. Ouvrez ce lien avant {until} et connectez-vous avec vos identifiants Comptexpert :

{url}

2. Choisissez le cabinet « {sender} », puis validez.

C’est tout : les demandes de signature qui attendaient partent ensuite d’elles-mêmes.
Si l’heure est passée, un nouveau lien vous parvient tant que quelqu’un vous attend.
{support}
Ce message a été envoyé automatiquement. Le lien vous est personnel : ne le transmettez pas.
"""


def send_login_link(config: Config, account: str, url: str, until: datetime) -> None:
    """Mail the link to the account's owner, in French. ``until`` in the zone of the people.

    Raises NotConnected when the relay did not take the mail.
    """
    assert config.mail is not None
    owner = config.accounts[account]
    support = f"\nUne question : {config.support}\n" if config.support else ""
    message = EmailMessage()
    message["Subject"] = f"Signature électronique : reconnexion de {owner.sender}"
    message["From"], message["To"] = config.mail.from_address, owner.owner
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=_domain(config.mail))
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(
        _TEXT.format(sender=owner.sender, until=f"{until.hour} h {until:%M}", url=url, support=support),
        cte="quoted-printable",
    )
    _send(config.mail, message)


def _domain(mail: Mail) -> str:
    return mail.from_address.rsplit("@", 1)[-1]


def _send(mail: Mail, message: EmailMessage) -> None:
    relay = urlsplit(mail.relay)
    host, port = relay.hostname or "localhost", relay.port or _PORTS[relay.scheme]
    context = ssl.create_default_context()
    try:
        if relay.scheme == "smtps":
            with smtplib.SMTP_SSL(host, port, timeout=_TIMEOUT_S, context=context) as session:
                session.send_message(message)
            return
        with smtplib.SMTP(host, port, timeout=_TIMEOUT_S) as session:
            if relay.scheme == "smtp+starttls":
                session.starttls(context=context)
            session.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        reason = type(error).__name__  # the relay's own words may name the recipient
        raise NotConnected(
            f"the relay {host}:{port} did not take the mail ({reason})", service="mail"
        ) from error
