"""The relay that takes our mails: SMTP, with TLS and a login where the administrator says so.

One mail, one address, one session. Its answer is ours to keep; what it says may name people, so that only its number
goes to the log. Where TLS is asked for and not to be had, or a certificate is not believed, nothing is said to it.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from connector.certificates import distrust
from connector.errors import MailRefused, NotConnected, OutcomeUnknown
from connector.notify.bounded import TooSlow, within
from connector.notify.message import Mail, as_bytes, routed

SERVICE: Final = "mail"
_PORTS: Final = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
_NAME: Final = "jse-connector"
"""Said in EHLO: the host's own name is nobody's business, and looking it up may take a minute."""


@dataclass(frozen=True, kw_only=True)
class Relay:
    """Where mails are handed over. ``url`` as in the configuration: ``smtp://``, ``smtps://``, ``smtp+starttls://``."""

    url: str
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    timeout_s: float = 20.0
    """For each answer of the relay; the whole of a mail gets twice as long."""

    @property
    def name(self) -> str:
        """Host and port, as told in texts."""
        parts = urlsplit(self.url)
        return f"{parts.hostname}:{parts.port or _PORTS[parts.scheme]}"

    def send(self, mail: Mail) -> str:
        """Hand a mail over; returns what the relay answered.

        Raises NotConnected: it was not reached, or not believed; certainly nothing left. MailRefused: it says no, for
        now (4xx) or for good (5xx). OutcomeUnknown: it did not answer to the mail itself.
        """
        try:
            return within(2 * self.timeout_s, lambda: self._send(mail), name="mail")
        except TooSlow as error:
            raise OutcomeUnknown(f"the relay {self.name} is too slow", service=SERVICE) from error

    def _send(self, mail: Mail) -> str:
        content = as_bytes(mail, self.sender)
        session = self._open()
        try:
            self._introduce(session)
            return self._hand_over(session, mail.to, content)
        finally:
            session.close()

    def _open(self) -> smtplib.SMTP:
        parts = urlsplit(self.url)
        host, port = parts.hostname or "localhost", parts.port or _PORTS[parts.scheme]
        try:
            if parts.scheme == "smtps":
                return smtplib.SMTP_SSL(
                    host, port, local_hostname=_NAME, timeout=self.timeout_s, context=self._trust()
                )
            return smtplib.SMTP(host, port, local_hostname=_NAME, timeout=self.timeout_s)
        except smtplib.SMTPResponseException as error:
            raise self._refused(error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:
            raise self._not_reached(error) from error

    def _introduce(self, session: smtplib.SMTP) -> None:
        try:
            if urlsplit(self.url).scheme == "smtp+starttls":
                session.starttls(context=self._trust())
            session.ehlo_or_helo_if_needed()
            if self.user is not None and self.password is not None:
                session.login(self.user, self.password)
        except smtplib.SMTPNotSupportedError as error:
            raise NotConnected(f"the relay {self.name}: {error}", service=SERVICE) from error
        except smtplib.SMTPAuthenticationError as error:
            raise self._refused(error.smtp_code, error.smtp_error, "the login is refused") from error
        except smtplib.SMTPResponseException as error:
            raise self._refused(error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:
            raise self._not_reached(error) from error

    def _hand_over(self, session: smtplib.SMTP, to: str, content: bytes) -> str:
        sender, address, options = routed(self.sender), routed(to), []
        if not (sender.isascii() and address.isascii()):
            if not session.has_extn("smtputf8"):
                raise self._refused(553, b"", "this relay takes no address with accents")
            options = ["SMTPUTF8"]
            session.command_encoding = "utf-8"
        began = False
        try:
            self._yes(session.mail(sender, options))
            self._yes(session.rcpt(address))
            began = True
            code, answer = session.data(content)
        except smtplib.SMTPDataError as error:
            raise self._refused(error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:
            if not began:
                raise self._not_reached(error) from error
            detail = f"the relay {self.name} did not answer to a mail ({type(error).__name__})"
            raise OutcomeUnknown(detail, service=SERVICE) from error
        self._yes((code, answer))
        return f"{code} {_text(answer)}".strip()

    def _yes(self, answered: tuple[int, bytes]) -> None:
        code, answer = answered
        if not 200 <= code < 300:
            raise self._refused(code, answer)

    def _refused(
        self, code: int, answer: bytes | str, what: str = "it does not take the mail"
    ) -> MailRefused:
        # Its words may name the recipient: they are for whoever tries by hand, never for the log.
        return MailRefused(
            f"the relay {self.name}: {what}", answer=f"{code} {_text(answer)}".strip(), status=code
        )

    def _not_reached(self, error: BaseException) -> NotConnected:
        why = distrust(error) or type(error).__name__
        return NotConnected(f"the relay {self.name} is not reached: {why}", service=SERVICE)

    def _trust(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=None if self.ca_file is None else str(self.ca_file))
        except (OSError, ssl.SSLError) as error:
            detail = f"mail.ca_file holds no certificates that can be read ({type(error).__name__})"
            raise NotConnected(detail, service=SERVICE) from error


def _text(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join(text.split())[:300]
