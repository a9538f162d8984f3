"""An account's tokens in a journal that several connectors share: ``connect`` on any host serves all of them.

What is kept is encrypted under the seal before it leaves this process (:class:`connector.journal.vault.Vault`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from connector.errors import AccessDenied, Fenced, JournalAway, JournalError, JournalFull
from connector.jesignexpert.tokens import Tokens, as_bytes, from_bytes, links_in

_OF_THE_DATABASE = (JournalAway, JournalFull, Fenced)


class Vault(Protocol):
    """Where secrets are kept by name, encrypted."""

    def get(self, name: str) -> bytes | None:
        """Return what is kept; None where nothing is."""
        ...

    def put(self, name: str, content: bytes) -> None:
        """Keep it, in place of what was."""
        ...

    def remove(self, name: str) -> None:
        """Keep it no more."""
        ...

    def kept_at(self, name: str) -> datetime | None:
        """Return since when it is kept; None where nothing is."""
        ...


class TokenVault:
    """:class:`connector.jesignexpert.tokens.TokenKeeper` in a shared journal. Safe between threads, processes, hosts.

    What is said of the journal as a whole (it is away) passes as it is; what cannot be read is AccessDenied.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def load(self, account: str) -> Tokens | None:
        """Return the tokens; None when there are none. Raises AccessDenied for another seal, JournalError."""
        with _told(account):
            raw = self._vault.get(_tokens(account))
        return None if raw is None else from_bytes(raw)

    def save(self, account: str, tokens: Tokens) -> None:
        """Replace the account's tokens durably. Raises JournalError."""
        self._vault.put(_tokens(account), as_bytes(tokens))

    def forget(self, account: str) -> None:
        """Remove the account's tokens; nothing happens when there are none."""
        self._vault.remove(_tokens(account))

    def links(self, account: str) -> list[object]:
        """Return what was kept of links that somebody may still answer; empty where there are none."""
        with _told(account):
            return links_in(self._vault.get(_links(account)) or b"[]")

    def keep_links(self, account: str, links: list[dict[str, object]]) -> None:
        """Keep those instead. Raises JournalError."""
        if links:
            self._vault.put(_links(account), json.dumps(links).encode())
        else:
            self._vault.remove(_links(account))

    def renewed(self, account: str, since: datetime) -> bool:
        """True when the tokens were kept after ``since``: ``connect`` has been there, on whichever host."""
        at = self._vault.kept_at(_tokens(account))
        return at is not None and at > since

    def there(self, account: str) -> bool:
        """True when something is kept, whether or not it can be read."""
        return self._vault.kept_at(_tokens(account)) is not None


def _tokens(account: str) -> str:
    return f"tokens:{account}"


def _links(account: str) -> str:
    return f"links:{account}"


@contextmanager
def _told(account: str) -> Iterator[None]:
    try:
        yield
    except _OF_THE_DATABASE:
        raise
    except JournalError as error:
        raise AccessDenied(str(error), service=account, operation="tokens") from error
