"""``--report``: the same lines for support, without secrets, people, hosts, links or names of files.

Two nets, one below the other: whatever a line holds of that kind is wrapped where it is made (``lines.Private``), and
everything that this configuration, its secrets and its tokens consist of is looked for once more at the end. Names of
servers, accounts and folders stay: they are the administrator's own words in the configuration, as in metrics.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from connector import logs
from connector.config import Config, SecretReference
from connector.doctor import surroundings, telling
from connector.doctor.running import Group
from connector.doctor.visit import Visit
from connector.errors import ConnectorError

_LEAST: Final = 3
"""Characters; what is shorter would be found everywhere, and tells nothing."""


class ReportExists(ConnectorError):
    """A file of that name is there already; it is never overwritten."""


def write(file: Path, content: str) -> None:
    """Write a report, 0600, new. Raises ReportExists, OSError."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        raise ReportExists(f"{file} is there already and is not overwritten: name another file") from None
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        os.fchmod(stream.fileno(), 0o600)
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def content(visit: Visit, groups: Sequence[Group], now: datetime) -> str:
    """Return the report of a run."""
    width = telling.width_of([group.name for group in groups])
    lines = [
        telling.heading(now),
        "report for support: no secrets, people, hosts, links, names of files",
        "",
        *_shape(visit.config),
        "",
    ]
    for group in groups:
        lines += telling.text(group, width=width, report=True)
    lines += [
        telling.ending(groups, offline=visit.offline, report=False),
        "",
        surroundings.machine(),
        *(f"{name} {version}" for name, version in surroundings.libraries().items()),
    ]
    return cleaned("\n".join(lines) + "\n", private(visit))


def _shape(config: Config) -> Iterator[str]:
    """How large the configuration is, and what in it changes behaviour: keys and words of ours alone."""
    yield f"{len(config.servers)} servers, {len(config.accounts)} accounts, {len(config.folders)} folders"
    for name, folder in config.folders.items():
        yield f"  {name}: server {folder.server}, accounts {', '.join(folder.accounts)}, send {folder.send.value}"
    policy = ", ".join(sorted(config.policy.model_fields_set)) or "all defaults"
    yield f"  policy keys: {policy}; contract keys: {', '.join(sorted(config.platform.contract)) or 'none'}"
    mail, metrics = ("set" if given else "not set" for given in (config.mail, config.metrics))
    yield f"  mail {mail}, metrics {metrics}, language {config.language}"


def cleaned(text: str, hidden: Sequence[str]) -> str:
    """Return a text without any of ``hidden``, without addresses, numbers and tokens."""
    text = logs.redact(text)
    for one in sorted({one for one in hidden if len(one) >= _LEAST}, key=len, reverse=True):
        # Whole words: a user called "sign" must not make "signed" unreadable.
        text = re.sub(rf"(?<!\w){re.escape(one)}(?!\w)", logs.HIDDEN, text, flags=re.IGNORECASE)
    return text


def private(visit: Visit) -> list[str]:
    """Return every private text that this host knows of: what the last net looks for."""
    config = visit.config
    kept = {name.casefold() for name in (*config.servers, *config.accounts, *config.folders)}
    found: list[str] = [*visit.secrets.values(), config.support, config.connector or ""]
    for server in config.servers.values():
        found += _of_url(server.url)
        found += [] if isinstance(server.user, SecretReference) else [server.user]
        found += [str(server.ca_file)] if server.ca_file else []
        found += _of_url(server.proxy or "")
    found += _of_url(config.platform.url) + _of_url(config.platform.proxy or "")
    if not isinstance(config.platform.shortcut, SecretReference):
        found.append(config.platform.shortcut)
    for account in config.accounts.values():
        found += [account.owner, account.sender]
    for folder in config.folders.values():
        found += [folder.path, folder.path.strip("/"), *folder.path.strip("/").split("/")]
        found += [*(folder.notify or ()), str(folder.wake or "")]
    if config.mail is not None:
        found += [
            config.mail.from_address,
            config.mail.admin,
            "" if isinstance(config.mail.user, SecretReference) else config.mail.user or "",
            *_of_url(config.mail.relay),
        ]
    found += [str(visit.state), str(visit.state.absolute())]
    for name in config.accounts:
        found += _of_tokens(visit, name)
    return [one for one in found if one and one.casefold() not in kept]


def _of_url(url: str) -> list[str]:
    parts = urlsplit(url)
    return [url, parts.netloc, parts.hostname or "", unquote(parts.path).strip("/")] if url else []


def _of_tokens(visit: Visit, account: str) -> list[str]:
    try:
        tokens = visit.tokens.load(account)
    except ConnectorError:
        return []
    if tokens is None:
        return []
    people = (tokens.email, tokens.first_name, tokens.last_name)
    return [tokens.office, tokens.office_name, tokens.user or "", *(one or "" for one in people)]
