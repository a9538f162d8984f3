"""``connect``: what lets the connector speak for one account at the platform; a server, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

from connector.cli.common import Settings, as_owner, kept_journal, misused, one_of
from connector.cli.journal_file import sqlite_file
from connector.cli.servers import connect_server
from connector.cli.token_place import tokens_in
from connector.cli.wiring import State, contract_of, platform_secrets
from connector.cli.wiring_told import login_of
from connector.config import Config
from connector.errors import AccessDenied, Cause, Unavailable
from connector.jesignexpert.login import Login, LoginRequest
from connector.jesignexpert.renewal import stranger
from connector.jesignexpert.tokens import TokenKeeper, Tokens, TokenStore
from connector.ports import Connected
from connector.steps.logins import STRANGERS, told_by_hand

_MAIL_EVERY = timedelta(minutes=10)


def connect(settings: Settings, account: str, *, mail: bool, wait_s: float) -> int:
    """Let a person log in and keep what that gives: an account's tokens, or a server's app password.

    Raises AccessDenied when nobody comes in time.
    """
    config, state = settings.load(), settings.place()
    if account in config.servers:
        server = config.servers[account]
        with _reaching(f"servers.{account}", server.url, server.proxy):
            return connect_server(config, state, account, mail=mail, wait_s=wait_s)
    one_of(account, (*config.accounts, *config.servers), "account or server")
    if mail and config.mail is None:
        misused("--mail needs  mail: {relay: …, from: …, admin: …}  in the configuration.")
    state.make()
    store = tokens_in(config, state)
    login = _login(config, account)
    tell = _Mailed(settings, config, state, account) if mail else partial(_show, config)
    try:
        with _reaching("platform", config.platform.url, config.platform.proxy):
            tokens = login.connect(tell, give_up_after_s=wait_s)
    finally:
        login.close()
    if mail:
        _refuse_strangers(config, account, store, tokens)
    keep_tokens(store, state, account, tokens)
    _released(settings, config, state, account)
    print(f"account {account} is connected{_until(config, tokens)}")
    return 0


def keep_tokens(store: TokenKeeper, state: State, account: str, tokens: Tokens) -> None:
    """Keep what an account was given. Raises AccessDenied when it cannot be written, JournalError."""
    state.make()
    # What is a file is the service's; a shared journal asks for secrets that root alone may read.
    with as_owner(state) if isinstance(store, TokenStore) else nullcontext():
        store.save(account, tokens)


def _login(config: Config, account: str) -> Login:
    return login_of(
        config, account, contract_of(config), platform_secrets(config), now=lambda: datetime.now(UTC)
    )


@contextmanager
def _reaching(where: str, url: str, proxy: str | None) -> Iterator[None]:
    """Say of an error for want of an answer whom nobody reached, and what to look at: here a person waits."""
    try:
        yield
    except Unavailable as error:
        if error.status is not None:
            raise
        through = f" through the proxy {urlsplit(proxy).netloc}" if proxy is not None else ""
        detail = (
            f"{error.detail}: {urlsplit(url).netloc}{through}. Look at {where}.url and {where}.proxy, and whether this "
            "host's network and firewall let it through; jse-connector doctor tries each of them"
        )
        raise type(error)(detail, service=error.service, operation=error.operation) from error


def _show(config: Config, request: LoginRequest) -> None:
    """Whoever sits at the terminal sees the link, and answers for who uses it."""
    until = request.until.astimezone(config.zone)
    print(f"Log in there, and choose the firm (until {until:%H:%M}; then a new link follows):")
    print(f"  {request.url}", flush=True)


class _Mailed:
    """Mails links to the owner: the first at once, then, as each is good for minutes only, one now and then.

    A mailed link is not printed, since the terminal may be another's. The service sends no other one that day.
    """

    def __init__(self, settings: Settings, config: Config, state: State, account: str) -> None:
        self._settings, self._config, self._state, self._account = settings, config, state, account
        self._sent_at: datetime | None = None

    def __call__(self, request: LoginRequest) -> None:
        if self._sent_at is not None and request.drawn_at - self._sent_at < _MAIL_EVERY:
            return
        from connector.cli.mail import send_login_link

        send_login_link(self._config, self._account, request)
        self._sent_at = request.drawn_at
        self._keep()
        until = request.until.astimezone(self._config.zone)
        print(
            f"The link went to the owner of account {self._account}; valid until {until:%H:%M}.", flush=True
        )

    def _keep(self) -> None:
        if not _has_journal(self._config, self._state):
            return
        with kept_journal(self._settings, self._config) as journal:
            told_by_hand(journal, self._account, self._config.zone)


def _refuse_strangers(config: Config, account: str, store: TokenKeeper, tokens: Tokens) -> None:
    """Whoever has a mailed link can answer it: what is another firm's or person's is not taken over."""
    others = [
        found for name in config.accounts if name != account and (found := store.load(name)) is not None
    ]
    owner = config.accounts[account].owner
    outcome = stranger(tokens, store.load(account), owner=owner, others=others)
    if outcome is Connected.KEPT:
        return
    raise AccessDenied(
        f"{STRANGERS[outcome]}: nothing was taken over. If it is meant:  jse-connector connect {account}",
        service=account,
        operation="connect",
    )


def _has_journal(config: Config, state: State) -> bool:
    file = sqlite_file(config.journal.url or state.journal_url)
    return file is None or file.is_file()


def _released(settings: Settings, config: Config, state: State, account: str) -> None:
    """What was held for want of tokens may go on at once."""
    if not _has_journal(config, state):
        return
    with kept_journal(settings, config) as journal:
        hold = journal.held(account)
        if hold is not None and hold.cause == Cause.TOKENS.value:
            journal.release(account)


def _until(config: Config, tokens: Tokens) -> str:
    if tokens.expires_at is None:
        return "."
    return f" until {tokens.expires_at.astimezone(config.zone):%d %b %Y %H:%M}."
