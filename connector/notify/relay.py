"""The relay that takes our mails: SMTP, with TLS and a login where the administrator says so.

One mail, one address, one session. Its answer is ours to keep; what it says may name people, so that only its number
goes to the log. Where TLS is asked for and not to be had, or a certificate is not believed, nothing is said to it.

A no to the greeting, the login or the sender concerns every mail, whichever command it is given to: many a relay keeps
it until the recipient is named (Postfix' ``smtpd_delay_reject``).

Nothing is a relay's before the dot that ends it (RFC 5321 section 4.1.1.4): whoever is too slow until then has taken
nothing. After it the answer is waited for much longer: who hangs up while contents are looked through has the mail
delivered, and again with each try.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from threading import Event
from typing import Final
from urllib.parse import urlsplit

from connector.certificates import believing, distrust, of_this_host
from connector.errors import MailRefused, NotConnected, OutcomeUnknown, Stage
from connector.notify.bounded import Crowded, TooSlow, within
from connector.notify.message import Mail, as_bytes, routed
from connector.reaching import reach, unreached

SERVICE: Final = "mail"
_PORTS: Final = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}
_GO_ON: Final = 354
_LINE_OF_A_DOT: Final = re.compile(rb"^\.", re.MULTILINE)
_ANSWERS: Final = 10
"""So many answers a session needs before the mail, with TLS and a login; all may be as slow as one."""
_NOT_YET: Final = "localhost"
"""A session's own name before it has an address: the host's is nobody's business, looking it up may take a minute."""
_METHODS: Final = ("CRAM-MD5", "PLAIN", "LOGIN")
_ASKS_ON: Final = 334
_LET_IN: Final = 235
_OF_EVERY_MAIL: Final = frozenset({421, 451, 452, 454, 504, 530, 534, 535, 538})
"""It closes, has an error or no room of its own, does not accept the greeting or the login."""
_NOT_ALLOWED: Final = re.compile(r"[45]\.7\.")
"""RFC 3463: security or policy."""
_OF_THE_RECIPIENT: Final = re.compile(r"[45]\.(?:1\.(?![78]\b)|2\.)")
"""RFC 3463: an address, or a mailbox, of which 1.7 and 1.8 are the sender's."""
_OF_ONE_MAILBOX: Final = re.compile(r"5\.(?:1\.[136]|2\.[12])\b")
"""RFC 3463: there is none, it moved, is closed or full. What a relay cannot look up (1.2) may be anybody's."""


class _Session(smtplib.SMTP):
    """Reaches whichever of the relay's addresses answers first: the library waits for each, one after the other."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return reach(host, port, within_s=timeout)


class _TlsSession(_Session, smtplib.SMTP_SSL):
    """The same over TLS from the first byte."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self.context.wrap_socket(super()._get_socket(host, port, timeout), server_hostname=host)


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
        session = self._in_time(mail.to, self._ready)
        try:
            most = self.timeout_s + self.dot_s
            code, answer = within(most, lambda: self._hand_over(session, content), name="mail")
        except Crowded as error:
            session.close()
            raise NotConnected(f"the relay {self.name} is too slow", service=SERVICE) from error
        except TooSlow as error:
            raise OutcomeUnknown(f"the relay {self.name} is too slow", service=SERVICE) from error
        self._yes((code, answer), "mail", to=mail.to)
        return f"{code} {_text(answer)}".strip()

    def ask(self, to: str) -> None:
        """Find out whether a mail to this address would be taken; none is sent. Raises NotConnected and MailRefused."""

        def asked(session: smtplib.SMTP, to: str) -> None:
            self._address(session, to)
            with suppress(OSError, smtplib.SMTPException):
                session.quit()

        self._in_time(to, asked)

    def _in_time(self, to: str, as_far_as: Callable[[smtplib.SMTP, str], None]) -> smtplib.SMTP:
        """Return a session of somebody who is let in, with so much done in it."""
        given_up = Event()

        def begun() -> smtplib.SMTP:
            session = self._open()
            try:
                self._introduce(session)
                as_far_as(session, to)
            except BaseException:
                session.close()
                raise
            if given_up.is_set():
                session.close()
            return session

        try:
            return within(_ANSWERS * self.timeout_s, begun, name="mail")
        except TooSlow as error:
            given_up.set()
            raise NotConnected(f"the relay {self.name} is too slow", service=SERVICE) from error

    def _open(self) -> smtplib.SMTP:
        parts = urlsplit(self.url)
        host, port = parts.hostname or "localhost", parts.port or _PORTS[parts.scheme]
        try:
            if parts.scheme == "smtps":
                session: smtplib.SMTP = _TlsSession(
                    host, port, local_hostname=_NOT_YET, timeout=self.timeout_s, context=self._trust()
                )
            else:
                session = _Session(host, port, local_hostname=_NOT_YET, timeout=self.timeout_s)
            session.local_hostname = _own_address(session)
        except smtplib.SMTPResponseException as error:
            raise self._refused(error.smtp_code, error.smtp_error, "greeting") from error
        except (OSError, smtplib.SMTPException) as error:
            raise self._not_reached(error) from error
        return session

    def _introduce(self, session: smtplib.SMTP) -> None:
        try:
            if urlsplit(self.url).scheme == "smtp+starttls":
                session.starttls(context=self._trust())
            session.ehlo_or_helo_if_needed()
            if self.user is not None and self.password is not None:
                self._log_in(session, self.user, self.password)
        except smtplib.SMTPNotSupportedError as error:
            raise NotConnected(f"the relay {self.name}: {error}", service=SERVICE) from error
        except smtplib.SMTPAuthenticationError as error:
            raise self._refused(error.smtp_code, error.smtp_error, "login") from error
        except smtplib.SMTPResponseException as error:
            raise self._refused(error.smtp_code, error.smtp_error, "greeting") from error
        except (OSError, smtplib.SMTPException) as error:
            raise self._not_reached(error) from error

    def _log_in(self, session: smtplib.SMTP, user: str, password: str) -> None:
        """Log in as the relay lets us. What is not ASCII goes as UTF-8 (RFC 4616), which ``smtplib`` does not know."""
        offered = session.esmtp_features.get("auth", "").upper().split()
        plain = user.isascii() and password.isascii()
        if offered and not set(_METHODS if plain else _METHODS[1:]).intersection(offered):
            known = "CRAM-MD5, PLAIN and LOGIN" if plain else "PLAIN and LOGIN for a login with accents"
            detail = f"the relay {self.name} offers {', '.join(offered)} to log in; known here are {known}"
            raise NotConnected(detail, service=SERVICE)
        if plain or not offered:
            session.login(user, password)
            return
        if "PLAIN" in offered:
            both = _base64("\0".join(("", user, password)))
            code, answer = session.docmd("AUTH", f"PLAIN {both}")
        else:
            code, answer = session.docmd("AUTH", f"LOGIN {_base64(user)}")
            if code == _ASKS_ON:
                code, answer = session.docmd(_base64(password))
        if code != _LET_IN:
            raise smtplib.SMTPAuthenticationError(code, answer)

    def _address(self, session: smtplib.SMTP, to: str) -> None:
        sender, address, options = routed(self.sender), routed(to), []
        if not (sender.isascii() and address.isascii()):
            if not session.has_extn("smtputf8"):
                stage: Stage = "recipient" if sender.isascii() else "sender"
                what = "it takes no address with accents"
                raise self._refused(553, b"", stage, what=what)
            options = ["SMTPUTF8"]
            session.command_encoding = "utf-8"
        try:
            self._yes(session.mail(sender, options), "sender")
            self._yes(session.rcpt(address), "recipient", to=to)
        except (OSError, smtplib.SMTPException) as error:
            raise self._not_reached(error) from error

    def _ready(self, session: smtplib.SMTP, to: str) -> None:
        """Have the relay wait for the mail's content."""
        self._address(session, to)
        try:
            code, answer = session.docmd("DATA")
        except (OSError, smtplib.SMTPException) as error:
            raise self._not_reached(error) from error
        if code != _GO_ON:
            raise self._refused(code, answer, "mail", to=to)

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

    def _yes(self, answered: tuple[int, bytes], stage: Stage, *, to: str = "") -> None:
        code, answer = answered
        if not 200 <= code < 300:
            raise self._refused(code, answer, stage, to=to)

    def _refused(
        self, code: int, answer: bytes | str, stage: Stage, *, to: str = "", what: str = ""
    ) -> MailRefused:
        # Its words may name the recipient: they are for whoever tries by hand, never for the log.
        what = what or ("the login is refused" if stage == "login" else f"it does not take the {stage}")
        text = _text(answer)
        return MailRefused(
            f"the relay {self.name}: {what}",
            answer=f"{code} {text}".strip(),
            status=code,
            stage=stage,
            every=stage in {"greeting", "login", "sender"}
            or self._concerns_every(code, text.lower(), stage, to),
            alone=stage == "recipient" and code >= 500 and _OF_ONE_MAILBOX.match(text) is not None,
        )

    def _concerns_every(self, code: int, text: str, stage: Stage, to: str) -> bool:
        """Is it said of whoever sends, or of the relay itself, and not of this recipient or this mail?"""
        not_allowed = stage == "recipient" and _NOT_ALLOWED.match(text) is not None
        if (not_allowed or routed(self.sender).lower() in text) and routed(to).lower() not in text:
            return True
        return code in _OF_EVERY_MAIL and _OF_THE_RECIPIENT.match(text) is None

    def _not_reached(self, error: BaseException) -> NotConnected:
        why = distrust(error) or unreached(error) or type(error).__name__
        return NotConnected(f"the relay {self.name} is not reached: {why}", service=SERVICE)

    def _trust(self) -> ssl.SSLContext:
        try:
            return believing(self.ca_file or of_this_host())
        except (OSError, ssl.SSLError) as error:
            detail = f"mail.ca_file holds no certificates that can be read ({type(error).__name__})"
            raise NotConnected(detail, service=SERVICE) from error


def _text(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join(text.split())[:300]


def _own_address(session: smtplib.SMTP) -> str:
    """Return how a host without a name greets: by the address it speaks from (RFC 5321 section 4.1.3)."""
    assert session.sock is not None
    address = ip_address(str(session.sock.getsockname()[0]).partition("%")[0])
    if isinstance(address, IPv6Address):
        return f"[{address.ipv4_mapped}]" if address.ipv4_mapped else f"[IPv6:{address}]"
    return f"[{address}]"


def _base64(text: str) -> str:
    return b64encode(text.encode("utf-8", "surrogateescape")).decode("ascii")
