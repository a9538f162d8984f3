"""The parts that tell people and programs, and let accounts be connected again, from the administrator's file."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from connector.calendar import QuietTimes
from connector.config import Config, SecretReference, resolve_secret, values
from connector.config.model import Hook as WrittenHook
from connector.config.model import Policy
from connector.errors import AccessDenied, ConfigurationError, ConfigurationProblem
from connector.jesignexpert.contract import Contract
from connector.jesignexpert.login import Login
from connector.jesignexpert.renewal import Renewal
from connector.jesignexpert.tokens import TokenKeeper, Tokens
from connector.jesignexpert.transport import BaseTransport
from connector.notify import Hook, Pinger
from connector.steps.parts import Telling

if TYPE_CHECKING:
    from connector.notify.relay import Relay


def quiet_of(config: Config, policy: Policy) -> QuietTimes | None:
    """Return when nothing is sent that can wait, by a policy; None: never."""
    hours = policy.quiet_hours
    if hours is None:
        return None
    return QuietTimes(
        zone=config.zone,
        begin=hours.begin,
        end=hours.end,
        holidays=policy.holidays,
        weekends=policy.weekends == "quiet",
    )


def telling_of(config: Config) -> Telling:
    """Return whom what happens is told to. Raises ConfigurationError for a hook's URL that cannot be read."""
    return Telling(
        admin="" if config.mail is None else config.mail.admin,
        quiet=quiet_of(config, config.policy),
        digest_at=time(8) if config.mail is None else config.mail.digest,
        holidays=config.policy.holidays,
        hooks={name: _hook(hook) for name, hook in config.hooks.items()},
    )


def _hook(written: WrittenHook) -> Hook:
    return Hook(
        name=written.name,
        events=frozenset(written.events),
        command=written.command or (),
        url="" if written.url is None else called_url(written.url, f"hooks.{written.name}.url"),
        personal=written.personal,
    )


def called_url(written: str | SecretReference, path: str) -> str:
    """Return a URL that is called as it is, wherever it is kept. Raises ConfigurationError."""
    if not isinstance(written, SecretReference):
        return written
    found = resolve_secret(written, path=path)
    try:
        return values.call_url(found)
    except ValueError:
        problem = ConfigurationProblem(path=path, text="what is kept there is no URL to call")
        raise ConfigurationError([problem]) from None


def relay_of(config: Config) -> Relay | None:
    """Return who takes our mails, None where none may leave. Raises ConfigurationError (a missing secret)."""
    mail = config.mail
    if mail is None:
        return None
    from connector.notify.relay import Relay

    user = mail.user
    if isinstance(user, SecretReference):
        user = resolve_secret(user, path="mail.user")
    return Relay(
        url=mail.relay,
        sender=mail.from_address,
        user=user,
        password=None if mail.password is None else resolve_secret(mail.password, path="mail.password"),
        ca_file=mail.ca_file,
    )


def ping_of(config: Config) -> Pinger | None:
    """Return who is told that all goes well. Raises ConfigurationError for a URL that cannot be read."""
    return None if config.ping is None else Pinger(url=called_url(config.ping.url, "ping.url"))


def login_of(
    config: Config,
    account: str,
    contract: Contract,
    secrets: tuple[str, str],
    *,
    now: Callable[[], datetime],
    transport: Callable[[Path | None, str | None], BaseTransport] | None = None,
    before_write: Callable[[float], float] | None = None,
) -> Login:
    """Return the way to an account's tokens; close it when done. ``secrets``: shortcut and secret of the editor."""
    shortcut, secret = secrets
    platform = config.platform
    return Login(
        account,
        base_url=platform.url,
        shortcut=shortcut,
        secret=secret,
        now=now,
        contract=contract,
        ca_file=platform.ca_file,
        proxy=platform.proxy,
        transport=None if transport is None else transport(platform.ca_file, platform.proxy),
        before_write=before_write,
    )


def renewal_of(
    config: Config, account: str, login: Login, store: TokenKeeper, *, now: Callable[[], datetime]
) -> Renewal:
    """Return what connects an account again by a link that was mailed."""

    def others() -> list[Tokens]:
        found = []
        for name in config.accounts:
            with suppress(AccessDenied):
                tokens = store.load(name) if name != account else None
                found += [tokens] if tokens is not None else []
        return found

    return Renewal(login, store, owner=config.accounts[account].owner, now=now, others=others)
