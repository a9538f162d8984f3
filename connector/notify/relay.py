"""The relay that takes our mails: SMTP, with TLS and a login where the administrator says so.

One mail, one address, one session. Its answer is ours to keep; what it says may name people, so that only its number
goes to the log. Where TLS is asked for and not to be had, or a certificate is not believed, nothing is said to it.

Nothing is a relay's before the dot that ends it (RFC 5321 section 4.1.1.4): whoever is too slow until then has taken
nothing. After it the answer is waited for much longer: who hangs up while contents are looked through has the mail
delivered, and again with each try.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Final
from urllib.parse import urlsplit

from connector.certificates import distrust
from connector.errors import MailRefused, NotConnected, OutcomeUnknown
from connector.notify.bounded import Crowded, TooSlow, within
from connector.notify.message import Mail, as_bytes, routed

SERVICE: Final = "mail"
_PORTS: Final = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
_GO_ON: Final = 354
_LINE_OF_A_DOT: Final = re.compile(rb"^\.", re.MULTILINE)
_ANSWERS: Final = 10
"""So many answers a session needs before the mail, with TLS and a login; all may be as slow as one."""
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
    """For each answer of the relay but the last one."""
    dot_s: float = 300.0
    """For its answer to the mail itself. RFC 5321 section 4.5.3.2.6 says ten minutes; for so long no ping would leave,
    and a watch that waits for one would cry. Filters give up by themselves after two or three."""

    @property
    def name(self) -> str:
        """Host and port, as told in texts."""
        parts = urlsplit(self.url)
        return f"{parts.hostname}:{parts.port or _PORTS[parts.scheme]}"

    def send(self, mail: Mail) -> str:
        """Hand a mail over; returns what the relay answered.

        Raises NotConnected: it was not reached, not believed, or too slow before it had the mail; certainly nothing
        left. MailRefused: it says no, for now (4xx) or for good (5xx). OutcomeUnknown: it did not answer to the mail.
        """
        content = as_bytes(mail, self.sender)
        given_up = Event()
        try:
            session = within(_ANSWERS * self.timeout_s, lambda: self._ready(mail.to, given_up), name="mail")
        except TooSlow as error:
            given_up.set()
            raise NotConnected(f"the relay {self.name} is too slow", service=SERVICE) from error
        try:
            most = self.timeout_s + self.dot_s
            code, answer = within(most, lambda: self._hand_over(session, content), name="mail")
        except Crowded as error:
            session.close()
            raise NotConnected(f"the relay {self.name} is too slow", service=SERVICE) from error
        except TooSlow as error:
            raise OutcomeUnknown(f"the relay {self.name} is too slow", service=SERVICE) from error
        self._yes((code, answer))
        return f"{code} {_text(answer)}".strip()

    def _ready(self, to: str, given_up: Event) -> smtplib.SMTP:
        """Return a session in which the relay waits for the mail's content."""
        session = self._open()
        try:
            self._introduce(session)
            self._address(session, to)
        except BaseException:
            session.close()
            raise
        if given_up.is_set():
            session.close()
        return session

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

    def _address(self, session: smtplib.SMTP, to: str) -> None:
        sender, address, options = routed(self.sender), routed(to), []
        if not (sender.isascii() and address.isascii()):
            if not session.has_extn("smtputf8"):
                raise self._refused(553, b"", "this relay takes no address with accents")
            options = ["SMTPUTF8"]
            session.command_encoding = "utf-8"
        try:
            self._yes(session.mail(sender, options))
            self._yes(session.rcpt(address))
            code, answer = session.docmd("DATA")
        except (OSError, smtplib.SMTPException) as error:
            raise self._not_reached(error) from error
        if code != _GO_ON:
            raise self._refused(code, answer)

    def _hand_over(self, session: smtplib.SMTP, content: bytes) -> tuple[int, bytes]:
        try:
            assert session.sock is not None
            session.sock.settimeout(self.timeout_s)
            session.send(_LINE_OF_A_DOT.sub(b"..", content) + b".\r\n")
        except (OSError, smtplib.SMTPException) as error:
            session.close()
            raise self._not_reached(error) from error
        try:
            session.sock.settimeout(self.dot_s)
            return session.getreply()
        except (OSError, smtplib.SMTPException) as error:
            detail = f"the relay {self.name} did not answer to a mail ({type(error).__name__})"
            raise OutcomeUnknown(detail, service=SERVICE) from error
        finally:
            session.close()

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
