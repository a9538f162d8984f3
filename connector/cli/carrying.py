"""What lies in files beside a SQLite journal, and in tables of one in PostgreSQL: signed bytes, tokens, links.

Nothing is taken away where it came from: until the journal itself is left, that is in use. Source: issue "Many firms",
points 3 and 5.
"""

from __future__ import annotations

from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from connector.cli.journal_file import open_journal
from connector.cli.wiring import seal_key
from connector.errors import JournalError
from connector.jesignexpert.token_vault import TokenVault
from connector.jesignexpert.tokens import TokenStore
from connector.journal import Journal
from connector.journal.vault import Vault
from connector.spool import Spool

if TYPE_CHECKING:
    from connector.cli.state import State
    from connector.config import Config
    from connector.journal.ends import End

_PART: Final = ".part"


def carry(seal: bytes, state: State, source: End, target: End) -> list[str]:
    """Make tables of files, or files of tables; returns what was carried, a line each. Raises JournalError.

    ``seal``: the connector's seal key, under which the tables keep tokens.

    Between two databases of one kind nothing is to be done: rows are copied, and files stay.
    """
    if (source.file is None) == (target.file is None):
        return []
    shared = source if source.file is None else target
    # In between: the one is not left yet, or the other not arrived.
    with closing(open_journal(shared, read_only=shared is source, although_marked=True)) as journal:
        vault = TokenVault(Vault(journal, seal))
        store = TokenStore(state.directory / "tokens")
        if target.file is None:
            Vault(journal, seal).check()
            files = put_to_rest(state, journal)
            accounts = _accounts_in(state)
            for account in accounts:
                if (tokens := store.load(account)) is not None:
                    vault.save(account, tokens)
                vault.keep_links(
                    account, [dict(one) for one in store.links(account) if isinstance(one, dict)]
                )
        else:
            Vault(journal, seal).fits()
            files = brought(journal, state.directory / "spool")
            accounts = sorted({name.partition(":")[2] for name in journal.secret_names() if ":" in name})
            for account in accounts:
                keep_tokens(vault, store, account)
    return [
        f"with it went {files} files of the spool, and the tokens of: {', '.join(accounts) or 'no account'}"
    ]


def tokens_of(config: Config, state: State, end: End, into: Path) -> None:
    """Write the tokens of every account of a configuration, as a journal in PostgreSQL keeps them, into files."""
    with closing(open_journal(end, read_only=True)) as journal:
        vault = TokenVault(Vault(journal, seal_key(config, state)))
        for account in config.accounts:
            keep_tokens(vault, TokenStore(into), account)


def files_of(end: End, spool: Path) -> None:
    """Write the signed files that a journal in PostgreSQL keeps into a spool's directory. Raises JournalError."""
    with closing(open_journal(end, read_only=True)) as journal:
        brought(journal, spool)


def keep_tokens(vault: TokenVault, store: TokenStore, account: str) -> None:
    """Write an account's tokens and links into files."""
    if (tokens := vault.load(account)) is not None:
        store.save(account, tokens)
    store.keep_links(account, [dict(one) for one in vault.links(account) if isinstance(one, dict)])


def put_to_rest(state: State, journal: Journal, *, only_missing: bool = False) -> int:
    """Put every file of this machine's spool into the journal; returns how many there are.

    ``only_missing``: what the journal keeps under that name stays: it may be all that is left of a signed document.
    """
    number = 0
    for path in spooled_files(state.directory / "spool"):
        ref, name = path.parts[-2:]
        if only_missing and journal.spooled_sha256(ref, name) is not None:
            continue
        digest = Spool.sha256(path)
        if journal.spooled_sha256(ref, name) != digest:
            with path.open("rb") as stream:
                journal.keep_spooled(ref, name, stream)
        if journal.spooled_sha256(ref, name) != digest:
            raise JournalError(f"{path} was changed while it was read: is a service running?")
        number += 1
    return number


def brought(journal: Journal, spool: Path) -> int:
    """Write every file that the journal keeps into a spool's directory; returns how many."""
    number, local = 0, Spool(spool)
    for ref, name in journal.spooled_names():
        wanted = journal.spooled_sha256(ref, name)
        path, whole = local.put(ref, name, partial(journal.read_spooled, ref, name))
        if not whole or Spool.sha256(path) != wanted:
            path.unlink(missing_ok=True)
            raise JournalError(f"what the journal keeps of {ref} is not whole ({name})")
        number += 1
    return number


def spooled_files(spool: Path) -> list[Path]:
    """Return the whole files of a spool, ``REF/NAME`` below it."""
    return sorted(
        path
        for path in spool.glob("*/*")
        if path.is_file() and not path.is_symlink() and path.suffix != _PART
    )


def connector_id(state: State) -> str:
    """Return this connector's id as it was chosen at its first start."""
    try:
        return (state.directory / "connector-id").read_text().strip()
    except OSError:
        return "NAME"


def _accounts_in(state: State) -> list[str]:
    files = (state.directory / "tokens").glob("*")
    return sorted({unquote(path.stem) for path in files if path.suffix in {".json", ".links"}})
