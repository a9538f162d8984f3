"""What the policy means in each folder, as ``check-config`` tells it: who may ask, whom, how much."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from connector.config import Ceiling, Config
from connector.config.checks import NEXTCLOUD_FILES

_SENDS = {
    Ceiling.PREVIEW: "preview only: nothing leaves",
    Ceiling.DRAFT: "drafts: a person sends them on the site",
    Ceiling.LIVE: "live",
}


def explained(config: Config) -> Iterator[str]:
    """One paragraph for all folders in which the same holds: their names, then what that is."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for name in config.folders:
        alike.setdefault(tuple(_lines(config, name)), []).append(name)
    for lines, names in alike.items():
        yield from textwrap.wrap(", ".join(names), 100, initial_indent="  ", subsequent_indent="  ")
        yield from (f"      {line}" for line in lines)


def _lines(config: Config, name: str) -> Iterator[str]:
    folder, policy = config.folders[name], config.policy_of(name)
    accounts = ", ".join(folder.accounts)
    yield f"{_SENDS[folder.send]}; spends the credit of {accounts}, no other"
    yield f"may ask: {_askers(config, name)}"
    domains = (
        "any domain" if policy.allow_domains is None else _several(policy.allow_domains, "no domain at all")
    )
    but = f" but {', '.join(policy.refuse_domains)}" if policy.refuse_domains else ""
    yield f"may be asked: {domains}{but}; levels {', '.join(policy.levels)}"
    brakes = [
        f"{most} {period}"
        for most, period in ((policy.max_sends_per_hour, "an hour"), (policy.max_sends_per_day, "a day"))
        if most is not None
    ]
    of_accounts = ", ".join(
        f"{one} {config.accounts[one].max_sends_per_day} a day" for one in folder.accounts
    )
    yield f"at most: {', '.join(brakes) or 'no brake of its own'}; of the account: {of_accounts}"


def _askers(config: Config, name: str) -> str:
    folder, policy = config.folders[name], config.policy_of(name)
    on_nextcloud = NEXTCLOUD_FILES in config.servers[folder.server].url
    if policy.owners is None:
        told = "whoever can write there"
    else:
        told = f"what belongs to {_several(policy.owners, 'nobody')}"
    if not on_nextcloud:
        return f"{told}; public links are not known of (no Nextcloud)"
    if policy.public_links == "allow":
        return f"{told}, through a public link as well"
    return f"{told}; nothing leaves from where a public link lets people write, or that is not told"


def _several(names: tuple[str, ...], none: str) -> str:
    return ", ".join(names) or none
