"""``connect``: what lets the connector speak for one account at the platform; a server, too."""

from __future__ import annotations

from datetime import UTC, datetime

from connector.cli.common import Settings, hand_over, kept_journal, misused, one_of
from connector.cli.journal_file import sqlite_file
from connector.cli.servers import connect_server
from connector.cli.wiring import State, contract_of, platform_secrets
from connector.config import Config
from connector.errors import Cause
from connector.jesignexpert.login import Login, LoginRequest
from connector.jesignexpert.tokens import Tokens, TokenStore


def connect(settings: Settings, account: str, *, mail: bool, wait_s: float) -> int:
    """Let a person log in and keep what that gives: an account's tokens, or a server's app password.

    Raises AccessDenied when nobody comes in time.
    """
    config, state = settings.load(), settings.place()
    if account in config.servers:
        return connect_server(config, state, account, mail=mail, wait_s=wait_s)
    one_of(account, (*config.accounts, *config.servers), "account or server")
    if mail and config.mail is None:
        misused("--mail needs  mail: {relay: …, from: …, admin: …}  in the configuration.")
    state.make()
    login = _login(config, account)
    try:
        tokens = login.connect(
            lambda request: _tell(config, account, request, mail=mail), give_up_after_s=wait_s
        )
    finally:
        login.close()
    TokenStore(state.directory / "tokens").save(account, tokens)
    hand_over(state)
    _released(settings, config, state, account)
    print(f"account {account} is connected{_until(config, tokens)}")
    return 0


def _login(config: Config, account: str) -> Login:
    shortcut, secret = platform_secrets(config)
    return Login(
        account,
        base_url=config.platform.url,
        shortcut=shortcut,
        secret=secret,
        now=lambda: datetime.now(UTC),
        contract=contract_of(config),
        ca_file=config.platform.ca_file,
        proxy=config.platform.proxy,
    )


def _tell(config: Config, account: str, request: LoginRequest, *, mail: bool) -> None:
    """Show the link, or mail it: a mailed link is not printed, since the terminal may be another's."""
    until = request.until.astimezone(config.zone)
    if not mail:
        print(f"Log in there, and choose the firm (until {until:%H:%M}; then a new link follows):")
        print(f"  {request.url}", flush=True)
        return
    from connector.cli.mail import send_login_link

    send_login_link(config, account, request.url, until)
    print(f"The link went to the owner of account {account}; valid until {until:%H:%M}.", flush=True)


def _released(settings: Settings, config: Config, state: State, account: str) -> None:
    """What was held for want of tokens may go on at once."""
    file = sqlite_file(config.journal.url or state.journal_url)
    if file is not None and not file.is_file():
        return
    with kept_journal(settings, config) as journal:
        hold = journal.held(account)
        if hold is not None and hold.cause == Cause.TOKENS.value:
            journal.release(account)


def _until(config: Config, tokens: Tokens) -> str:
    if tokens.expires_at is None:
        return "."
    return f" until {tokens.expires_at.astimezone(config.zone):%d %b %Y %H:%M}."
