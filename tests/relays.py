"""A real mail relay for tests: it keeps what it takes, and says no, or nothing for a while, when it is told to."""

from __future__ import annotations

import email
import email.policy
import logging
import socket
import ssl
import time
from collections.abc import Callable
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


class Relay:
    """Listens on a loopback port from entering on; a context manager.

    ``says``: for each mail, what is answered to it (``250 OK``); ``slow``: how long it thinks before, with the mail
    taken; ``drags``: and before each answer to a greeting, a sender, a recipient; ``without``: ways to log in that it
    does not know. It may be stopped and started again on the same port.
    """

    def __init__(
        self,
        *,
        user: tuple[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        wrapped: ssl.SSLContext | None = None,
        without: tuple[str, ...] = (),
    ) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.says: Callable[[EmailMessage], str] = lambda _mail: "250 OK"
        self.says_to: Callable[[str], str] = lambda _address: "250 OK"
        self.says_of: Callable[[str], str] = lambda _sender: "250 OK"
        self.slow = self.drags = 0.0
        self.sessions = 0
        self._user, self._tls, self._wrapped, self._without = user, tls, wrapped, without
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._controller: Controller | None = None

    @property
    def to(self) -> list[str]:
        """To whom each mail went, in order."""
        return [str(mail["To"]) for mail in self.mails]

    @property
    def subjects(self) -> list[str]:
        """What each was about."""
        return [str(mail["Subject"]) for mail in self.mails]

    def start(self) -> None:
        """Listen. What the server logs of itself is not the connector's."""
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)
        more: dict[str, Any] = {}
        if self._without:
            more["auth_exclude_mechanism"] = self._without
        if self._user is not None:
            secure = self._tls is not None  # asked for in clear, it would warn of it
            more |= {
                "authenticator": self._judge,
                "auth_required": secure,
                "auth_require_tls": secure,
            }
        if self._tls is not None:
            more |= {"tls_context": self._tls, "require_starttls": True}
        self._controller = Controller(
            self, hostname="127.0.0.1", port=self.port, ssl_context=self._wrapped, **more
        )
        self._controller.start()

    def stop(self) -> None:
        """Be away."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _judge(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=(data.login.decode(), data.password.decode()) == self._user, handled=False)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, session: Any, _envelope: Any, name: str, answers: list[str]
    ) -> list[str]:
        time.sleep(self.drags)
        session.host_name = name
        return answers

    async def handle_MAIL(  # noqa: N802 - as above
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        time.sleep(self.drags)
        answer = self.says_of(address)
        if answer.startswith("2"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        time.sleep(self.drags)
        answer = self.says_to(address)
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - as above
        self.sessions += 1
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        answer = self.says(message)
        if answer.startswith("2"):
            self.mails.append(message)
            self.recipients += envelope.rcpt_tos
        if self.slow:
            time.sleep(self.slow)
        return answer
