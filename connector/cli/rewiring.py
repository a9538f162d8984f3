"""The parts of a running service for another configuration: made anew where something changed, else kept as they are.

Journal, spool, seal, workers and the connector's id stay: they are of the process. A client whose address, login or
way changed is another one, the former is closed when nobody uses it any more. Nothing is asked of any server here.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from connector.changing import Setup
from connector.cli import wiring
from connector.cli.password_renewal import PasswordRenewal, passwords_of
from connector.cli.token_place import tokens_in
from connector.cli.wiring import Seams, State
from connector.config import Config, references, resolve_secret
from connector.steps.parts import FolderSettings, Parts


def rewired(
    parts: Parts,
    running: Config,
    new: Config,
    state: State,
    seams: Seams,
    kept: ExitStack,
    *,
    whole: tuple[Config, Config] | None = None,
) -> Setup:
    """Return what the next passes work with. What is made is closed with ``kept`` at the latest.

    ``whole``: all that the configuration named, and names now, where the others are what this process holds of it.

    Raises ConfigurationError, having made nothing, where a secret that the new configuration adds cannot be read.
    """
    known = set(references(running))
    for path, reference in references(new):
        if (path, reference) not in known:
            resolve_secret(reference, path=path)
    contract = wiring.contract_of(new)
    tokens = tokens_in(new, state, parts.journal)
    before, after = whole or (running, new)
    with ExitStack() as made:
        folders, renewals = dict(parts.folders), dict(parts.renewals)
        retired: list[Callable[[], None]] = []
        for name in {**running.servers, **new.servers}:
            if running.servers.get(name) == new.servers.get(name):
                continue
            _retire(folders.pop(name, None), retired)
            renewals.pop(name, None)
            if name in new.servers:
                folder = wiring.made_folder(new, name, parts.now, seams, parts.fence)
                made.callback(folder.close)
                folders[name], renewals[name] = folder, PasswordRenewal(new, name, folder)
        services = dict(parts.services)
        same_platform = (running.platform, running.polling.max_calls_per_minute) == (
            new.platform,
            new.polling.max_calls_per_minute,
        )
        for name in {**running.accounts, **new.accounts}:
            if same_platform and name in running.accounts and name in new.accounts:
                continue
            _retire(services.pop(name, None), retired)
            if name in new.accounts:
                service = wiring.made_service(new, name, contract, tokens, parts.now, seams, parts.fence)
                made.callback(service.close)
                services[name] = service
        logins = dict(parts.logins)
        if not same_platform or before.accounts != after.accounts:
            # Each knows the others' tokens: an answer that belongs to another account is refused.
            for login in logins.values():
                _retire(login, retired)
            logins = {}
            for name in after.accounts:
                logins[name] = wiring.made_login(after, name, contract, tokens, parts.now, seams, parts.fence)
                made.callback(logins[name].close)
        changed = replace(
            parts,
            folders=folders,
            renewals=renewals,
            passwords=passwords_of(renewals, parts.sealer),
            services=services,
            logins=logins,
            **wiring.decided(new, contract, tokens, folders, services),
        )
        # It is the process that has begun, whatever it works with since.
        changed.started_at = parts.started_at
        kept.push(made.pop_all())
    return Setup(parts=changed, config=new, anew=_anew(parts, changed, running, new), retired=retired)


def _retire(client: Any, retired: list[Callable[[], None]]) -> None:
    if client is not None:
        retired.append(client.close)


def _anew(before: Parts, after: Parts, running: Config, new: Config) -> frozenset[str]:
    """Servers that are to be looked at as after a start."""
    everything = before.report != after.report
    return frozenset(
        name
        for name, server in new.servers.items()
        if everything or running.servers.get(name) != server or _of(before, name) != _of(after, name)
    )


def _of(parts: Parts, server: str) -> dict[str, FolderSettings]:
    return {name: settings for name, settings in parts.watched.items() if settings.server == server}
