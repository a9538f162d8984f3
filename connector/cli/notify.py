"""``notify``: who would be told what, what is waiting to be told, and whether the relay and the hooks answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.calendar import digest_from
from connector.cli.common import FAILED, Settings, complain, misused, owner_of
from connector.cli.journal_file import sqlite_file
from connector.cli.journal_seen import seen_journal
from connector.cli.mail import send_test
from connector.cli.wiring_told import ping_of, quiet_of, telling_of
from connector.errors import MailRefused, RemoteError
from connector.notify import call

if TYPE_CHECKING:
    from connector.config import Config
    from connector.journal import Letter
    from connector.notify import Hook


def notify(settings: Settings, *, test: bool) -> int:
    """Tell who is told what; with ``test`` mail the administrator, and call each hook and the ping, for real.

    Returns 1 when one of them did not take it.
    """
    config = settings.load()
    _who(config)
    _waiting(settings, config)
    if not test:
        print("\nnothing was sent; to try it:  jse-connector notify --test")
        return 0
    if config.mail is None and not config.hooks and config.ping is None:
        misused("there is nothing to test: the configuration has no mail:, no hooks: and no ping:.")
    return _tested(config, owner_of(settings.place()))


def _who(config: Config) -> None:
    """One line for each occasion, or folder, and the addresses."""
    mail = config.mail
    if mail is None:
        print("mail        none leaves: there is no  mail: {relay: …, from: …, admin: …}")
    else:
        login = f", as {mail.user}" if mail.user is not None else ", without a login"
        print(f"mail        from {mail.from_address} by {mail.relay}{login}")
        print(f"  {mail.admin}: one mail when something is the matter, one when it is over")
        for name, account in config.accounts.items():
            print(f"  {account.owner}: links to connect account {name}; no credit, no right there")
        for name, folder in config.folders.items():
            _folder(config, name, folder.notify or ())
        begins = digest_from(mail.digest, quiet_of(config, config.policy))
        print(
            f"  the digest leaves on working days from {begins:%H:%M} ({config.timezone}), if there is news"
        )
    quiet = config.policy.quiet_hours
    hours = "none: mails and requests leave at any hour"
    if quiet is not None:
        hours = f"{quiet.begin:%H:%M}-{quiet.end:%H:%M}, holidays: {config.policy.holidays}"
        hours += f", weekends: {config.policy.weekends}"
    print(f"quiet       {hours}")
    for hook in config.hooks.values():
        what = hook.command[0] if hook.command is not None else "a URL"
        print(
            f"hook        {hook.name}: {what}, on {', '.join(hook.events)}{', with names' if hook.personal else ''}"
        )
    print(f"ping        {'none' if config.ping is None else 'after each round in which all went well'}")


def _folder(config: Config, name: str, addresses: tuple[str, ...]) -> None:
    told = ", ".join(addresses) or "nobody (folders.%s.notify)" % name  # noqa: UP031
    print(f"  {told}: folder {name}; at once: refused, to correct, in doubt, expires soon; else the digest")
    owners = [config.accounts[each].owner for each in config.folders[name].accounts]
    domains = sorted({each.rpartition("@")[2] for each in (*addresses, *owners)})
    print(f"      and whom a request names as requester, at {', '.join(domains)}")


def _waiting(settings: Settings, config: Config) -> None:
    file = sqlite_file(config.journal.url or settings.place().journal_url)
    if file is not None and not file.is_file():
        print("waiting     nothing: the service has never run here")
        return
    with seen_journal(settings, config) as journal:
        letters = journal.letters()
    if not letters:
        print("waiting     nothing")
    for line in _lines(config, letters):
        print(line)


def _lines(config: Config, letters: list[Letter]) -> list[str]:
    """What waits, by kind: how many, since when, and what is in the way. No name and no address."""
    lines = []
    for kind in dict.fromkeys(one.kind for one in letters):
        them = [one for one in letters if one.kind == kind]
        since = min(one.at for one in them if one.at is not None).astimezone(config.zone)
        why = next((f"; last: {one.error}" for one in reversed(them) if one.error), "")
        lines.append(f"waiting     {len(them)} of kind {kind}, since {since:%d %b %H:%M}{why}")
    return lines


def _tested(config: Config, as_user: tuple[int, int] | None) -> int:
    failed = False
    if config.mail is not None:
        try:
            print(f"\n{config.mail.admin}: taken ({send_test(config)})")
        except RemoteError as error:
            answer = f"; it says: {error.answer}" if isinstance(error, MailRefused) else ""
            complain(f"\n{config.mail.admin}: not taken: {error}{answer}")
            failed = True
    for hook in telling_of(config).hooks.values():
        failed = not _called(hook, _example(hook), as_user) or failed
    pinger = ping_of(config)
    if pinger is not None:
        heard = pinger.ping()
        print("ping: heard" if heard else "ping: not heard")
        failed = failed or not heard
    return FAILED if failed else 0


def _called(hook: Hook, payload: dict[str, Any], as_user: tuple[int, int] | None) -> bool:
    try:
        call(hook, payload, as_user=as_user)
    except RemoteError as error:
        complain(f"hook {hook.name}: {error}")
        return False
    print(f"hook {hook.name}: took it")
    return True


def _example(hook: Hook) -> dict[str, Any]:
    return {"format": 1, "event": "test", "id": f"hook {hook.name} test", "test": True}
