"""Mails that a person at a terminal asks for: the link by which an owner connects an account, and a test."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from connector.cli.wiring_told import relay_of
from connector.notify import Mail
from connector.report.pauses import link_mail

if TYPE_CHECKING:
    from connector.config import Config
    from connector.jesignexpert.login import LoginRequest


def send_login_link(config: Config, account: str, request: LoginRequest) -> None:
    """Mail a link to an account's owner, in the language of the people.

    Raises NotConnected, MailRefused or OutcomeUnknown when the relay did not take it.
    """
    relay = relay_of(config)
    assert relay is not None
    message = link_mail(
        request.url,
        until=request.until,
        expires_at=None,
        paused=False,
        zone=config.zone,
        language=config.language,
        support=config.support,
        sender=config.accounts[account].sender,
    )
    relay.send(
        Mail(
            to=config.accounts[account].owner,
            subject=message.subject,
            body=message.body,
            key=f"connect {account} {request.triple.id_request}",
            at=datetime.now(UTC),
        )
    )


def send_test(config: Config) -> str:
    """Mail a test to the administrator; returns what the relay answered. Raises as :func:`send_login_link`."""
    relay = relay_of(config)
    assert relay is not None
    assert config.mail is not None
    now = datetime.now(UTC)
    body = (
        "This is a test of jse-connector notify --test. Troubles are told to this address, one mail when something\n"
        "is the matter and one when it is over.\n"
    )
    subject = "jse-connector: test of the mail relay"
    return relay.send(
        Mail(to=config.mail.admin, subject=subject, body=body, key=f"test {now.isoformat()}", at=now)
    )
