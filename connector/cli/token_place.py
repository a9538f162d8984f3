"""Where the tokens of the accounts are: in the state directory, or in the journal that several connectors share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from connector.cli import former
from connector.config import resolve_secret
from connector.config.journal import is_postgresql
from connector.errors import ConfigurationError, ConfigurationProblem
from connector.jesignexpert.token_vault import TokenVault
from connector.jesignexpert.tokens import TokenKeeper, TokenStore

if TYPE_CHECKING:
    from connector.cli.state import State
    from connector.config import Config
    from connector.journal import Journal
    from connector.journal.vault import Vault

LEAST_SEAL = 16


def is_shared(config: Config) -> bool:
    """True where the journal is one that several connectors may work on."""
    return is_postgresql(config.journal.url)


def given_seal(config: Config) -> bytes | None:
    """Return the seal that the configuration names; None where it names none. Raises ConfigurationError."""
    if config.seal is None:
        return None
    key = resolve_secret(config.seal, path="seal").encode()
    if len(key) < LEAST_SEAL:
        problem = ConfigurationProblem(path="seal", text=f"a seal key has at least {LEAST_SEAL} characters")
        raise ConfigurationError([problem])
    return key


def tokens_in(config: Config, state: State, journal: Journal | None = None) -> TokenKeeper:
    """Return where the tokens are. ``journal``: the one that is open; None: it is opened for each look, and closed.

    Raises ConfigurationError for a seal that cannot be read.
    """
    if not is_shared(config):
        return TokenStore(state.directory / "tokens")
    if journal is not None:
        return TokenVault(vault_of(config, journal))
    return TokenVault(_Opened(config, partial(former.may_begin, state)))


def vault_of(config: Config, journal: Journal) -> Vault:
    """Return the secrets that all connectors of a shared journal have. Raises ConfigurationError without a seal."""
    from connector.journal.vault import Vault  # takes a while to load, and only a shared journal has one

    seal = given_seal(config)
    if seal is None:
        problem = ConfigurationProblem(
            path="seal", text="connectors that share a journal have one seal: name it"
        )
        raise ConfigurationError([problem])
    return Vault(journal, seal)


class _Opened:
    """The vault of a journal that is opened for each call: for a verb that has no use for it otherwise."""

    def __init__(self, config: Config, may_begin: Callable[[str], None]) -> None:
        self._config, self._may_begin = config, may_begin

    def get(self, name: str) -> bytes | None:
        with self._vault(read_only=True) as vault:
            return vault.get(name)

    def put(self, name: str, content: bytes) -> None:
        with self._vault() as vault:
            vault.check()
            vault.put(name, content)

    def remove(self, name: str) -> None:
        with self._vault() as vault:
            vault.remove(name)

    def kept_at(self, name: str) -> datetime | None:
        with self._vault(read_only=True) as vault:
            return vault.kept_at(name)

    @contextmanager
    def _vault(self, *, read_only: bool = False) -> Iterator[Vault]:
        with closing(self._opened(read_only=read_only)) as journal:
            yield vault_of(self._config, journal)

    def _opened(self, *, read_only: bool) -> Journal:
        from connector.cli.journal_file import journal_access
        from connector.journal import Journal

        return Journal(
            str(self._config.journal.url),
            now=lambda: datetime.now(UTC),
            read_only=read_only,
            may_begin=self._may_begin,
            **journal_access(self._config),
        )
