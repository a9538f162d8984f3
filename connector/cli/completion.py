"""What a shell offers behind a verb: the names of the configuration that is meant. Never a word to a server.

A configuration that cannot be read has no names to offer, and a shell is no place to say why.
"""

from __future__ import annotations

from pathlib import Path

import typer

from connector.cli.common import Settings
from connector.errors import ConnectorError


def accounts(context: typer.Context, incomplete: str) -> list[str]:
    """Return the accounts that begin so."""
    return _beginning(incomplete, _names(context)[0])


def folders(context: typer.Context, incomplete: str) -> list[str]:
    """Return the watched folders that begin so."""
    return _beginning(incomplete, _names(context)[1])


def servers(context: typer.Context, incomplete: str) -> list[str]:
    """Return the servers that begin so."""
    return _beginning(incomplete, _names(context)[2])


def connectable(context: typer.Context, incomplete: str) -> list[str]:
    """Return the accounts and servers that begin so."""
    named = _names(context)
    return _beginning(incomplete, [*named[0], *named[2]])


def _names(context: typer.Context) -> tuple[list[str], list[str], list[str]]:
    """Return the names of accounts, of folders, of servers."""
    from connector.config import load_config

    given = context.params.get("config") or (context.parent and context.parent.params.get("config"))
    try:
        config = load_config(Settings(config=Path(given) if given else None).config_file())
    except (ConnectorError, OSError):
        return [], [], []
    return list(config.accounts), list(config.folders), list(config.servers)


def _beginning(incomplete: str, names: list[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
