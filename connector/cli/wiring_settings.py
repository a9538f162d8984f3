"""What the configuration says of folders, accounts, texts and times, as the steps know it; nothing is opened."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from connector.cli.wiring_told import quiet_of
from connector.config import Config
from connector.config import model as config_model
from connector.config.checks import is_loopback
from connector.errors import Problem, RequestRejected
from connector.jesignexpert.boxes import box_size, sign_fields
from connector.jesignexpert.contract import Contract
from connector.jesignexpert.tokens import TokenKeeper
from connector.ports import Box, Href
from connector.report.tags import TAG_NAMES
from connector.sidecar.model import Reminders
from connector.steps.parts import AccountSettings, FolderSettings, ReportSettings, Timing

EXAMPLE_DOMAINS = ("example.fr", "example.com", "example.org", "example.net")
EXAMPLE_PHONES = ("+33612345678", "+33698765432", "+33611223344", "+33781223344")
NEXTCLOUD_REGISTRY = "/.jse-connector/registry/"
_NEXTCLOUD_FILES = "/remote.php/dav/files/"


def watched(config: Config) -> dict[str, FolderSettings]:
    """Return every watched folder with its policy and the place of its markers."""
    return {name: _watched(config, name) for name in config.folders}


def _watched(config: Config, name: str) -> FolderSettings:
    folder, policy = config.folders[name], config.policy_of(name)
    server = config.servers[folder.server]
    return FolderSettings(
        name=name,
        server=folder.server,
        root=Href(folder.path),
        registry=_registry(server.url, server.registry, folder.path),
        accounts=tuple(folder.accounts),
        ceiling=folder.send,
        owners=policy.owners,
        links_refused=policy.public_links == "refuse",
        allow_domains=policy.allow_domains,
        refuse_domains=(*policy.refuse_domains, *_of_examples(config, EXAMPLE_DOMAINS)),
        refuse_phones=_of_examples(config, EXAMPLE_PHONES),
        same_phone_refused=policy.same_phone == "refuse",
        max_sends_per_hour=policy.max_sends_per_hour,
        max_sends_per_day=policy.max_sends_per_day,
        levels=policy.levels,
        at_once=server.max_connections,
        drop_allowed=policy.drop_folder == "allow",
        remember_contacts=policy.remember_contacts or None,
        comments=folder.comments,
        reminders=_reminders(policy.reminders),
        notify=folder.notify or (),
        quiet=quiet_of(config, policy),
        watch_root=f"{server.url} {folder.path}",
    )


def _of_examples(config: Config, found: tuple[str, ...]) -> tuple[str, ...]:
    """Domains or mobiles of the models and the guide, where nobody is asked: a model that was not filled in, or half.

    With another address in it and its own mobile, the code would go to a stranger. The embedded platform, which mails
    nobody, takes them.
    """
    return () if is_loopback(config.platform.url) else found


def _reminders(written: config_model.Reminders | None) -> Reminders | None:
    """In whole days, as people write them in their folders."""
    if written is None:
        return None
    return Reminders(first=written.first_after.days, every=written.every.days, maximum=written.at_most)


def _registry(url: str, given: str | None, path: str) -> Href:
    """Where markers live (protocol): as the administrator says; private on Nextcloud; else at the watched root."""
    if given is not None:
        return Href(given)
    return Href(NEXTCLOUD_REGISTRY if _NEXTCLOUD_FILES in url else f"{path}.signature/")


def accounts_of(config: Config, contract: Contract, tokens: TokenKeeper) -> dict[str, AccountSettings]:
    """Return every account as the steps know it."""

    def box_problems(boxes: Sequence[Box]) -> list[Problem]:
        try:
            sign_fields(boxes, contract)
        except RequestRejected as rejected:
            return list(rejected.problems)
        return []

    return {
        name: AccountSettings(
            name=name,
            sender=account.sender,
            owner=account.owner,
            max_sends_per_day=account.max_sends_per_day,
            terms=contract.terms,
            tokens_renewed=partial(tokens.renewed, name),
            box_problems=box_problems,
            box_size=lambda page: box_size(page.width, page.height, contract),
        )
        for name, account in config.accounts.items()
    }


def report_settings(config: Config) -> ReportSettings:
    """Return how people are told things: the tags by the names that the file gives them, else the language's."""
    named = TAG_NAMES[config.language]
    written = {key: getattr(config.tags, key) for key in named}
    tags = {key: name if written[key] is None else written[key] for key, name in named.items()}
    return ReportSettings(
        timezone=config.timezone,
        language=config.language,
        support=config.support,
        tags={key: name for key, name in tags.items() if name},
    )


def timing_of(config: Config) -> Timing:
    """Return the waiting times; a request is never asked about more often later than in its first hour."""
    usual, first = Timing(), config.polling.platform
    return Timing(
        follow_first_hour=first,
        follow_first_day=max(first, usual.follow_first_day),
        follow_later=max(first, usual.follow_later),
    )
