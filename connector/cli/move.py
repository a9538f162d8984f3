"""``move-journal``: the journal into another database, PostgreSQL or SQLite, and back by the same verb.

Nothing is asked of any server here, and the configuration is not written: what has to be changed in it is said. Source:
issue "Many firms", point 5; ``journal.moving`` has the order that makes it safe to break off.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from connector.cli import carrying, keep
from connector.cli.anew import moved_aside
from connector.cli.bars import bar
from connector.cli.common import Settings, agreed, as_owner, handed_over, misused
from connector.cli.journal_file import in_use, journal_named, open_journal
from connector.cli.token_place import given_seal
from connector.cli.wiring import seal_key, single_instance
from connector.config import SecretReference, resolve_secret
from connector.config.journal import journal_url
from connector.errors import JournalError
from connector.journal import moving, replication, surveying
from connector.journal.ends import End
from connector.journal.grounds import Ground

if TYPE_CHECKING:
    from connector.cli.state import State
    from connector.config import Config

_SHOWN = 6


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Where the journal is to go. ``password``: where PostgreSQL's is kept; None: as the configuration says."""

    url: str
    password: SecretReference | None = None


def move(settings: Settings, wanted: Wanted, *, dry_run: bool, yes: bool) -> int:
    """Move the journal from where the configuration says. The service must be stopped. Raises JournalError.

    Idempotent: broken off, it is said again.
    """
    config, state = settings.load(), settings.place()
    source, target, reference = _ends(config, state, wanted)
    seal = given_seal(config)  # it may be root's alone to read, as the database's password is
    # Asked before the move: what is to be written after it must not fail any more.
    kept: str = config.journal.replication
    if target.file is None:
        kept = surveying.replication_there(target, kept)
    if not (state.directory / "journal").is_dir() and source.file is not None:
        raise JournalError(f"no journal in {state.directory}: has the service ever run with it?")
    if dry_run:
        if in_use(state.directory / "journal" / "lock"):
            raise JournalError("a process works on this journal: stop the service first")
        here, there = moving.judge(source, target)
        print("\n".join(_told(config, source, target, here, there)))
        print(
            f"Nothing was changed. Then it will say:\n{_lines(config, state, source, target, reference, kept)}"
        )
        return 0
    with as_owner(state), _alone(state, source.file):
        here, there = moving.judge(source, target)
        print("\n".join(_told(config, source, target, here, there)))
        agreed("Move it?", yes=yes)
        if here.moved is None:
            with closing(open_journal(source)) as journal:  # of an older version: brought up to date
                journal.check()
            made = keep.made_backup(source, state, None)
            print(f"backup    {made.directory} (verified)", flush=True)
        _moved(seal or seal_key(config, state), state, source, target, (here, there))
    print(_lines(config, state, source, target, reference, kept))
    return 0


@contextmanager
def _alone(state: State, file: Path | None) -> Iterator[None]:
    state.make()
    with handed_over(state), single_instance(state, file):
        yield


def _ends(config: Config, state: State, wanted: Wanted) -> tuple[End, End, SecretReference | None]:
    try:
        url = journal_url(wanted.url)
    except ValueError as error:
        misused(f"where the journal is to go: {error}")  # not repeated: a password may stand in it
    source, reference = journal_named(config, state), wanted.password
    target = End(url=url)
    if target.file is None:
        reference = reference or config.journal.password
        secret = None if reference is None else resolve_secret(reference, path="the database's password")
        target = End(url=url, password=secret)
    else:
        reference = None
        if not target.file.is_absolute():
            misused(f"{url}: write the whole path, from the root: sqlite:////…")
    if source.url == url or (source.file is not None and source.file == target.file):
        misused(f"the configuration names {url} already: say where the journal is to go")
    return source, target, reference


def _moved(seal: bytes, state: State, source: End, target: End, judged: tuple[Ground, Ground]) -> None:
    if target.file is not None:
        try:
            target.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise JournalError(f"{target.file.parent} cannot be made: {error.strerror}") from error
    carried: list[str] = []
    with bar("rows copied, and read again", 2 * judged[0].rows) as advance:
        done = moving.move(
            source,
            target,
            judged=judged,
            carry=lambda: carried.extend(carrying.carry(seal, state, source, target)),
            make_room=_aside,
            advance=advance,
        )
    if done.proof is None:
        print(f"ended     an earlier move that was broken off: the journal is at {target.url}")
    else:
        rows = sum(done.proof.counts.values())
        print(
            f"moved     {done.proof.counts['record']} requests, {done.proof.counts['event']} events: all {rows} rows "
            "were read back and are the same"
        )
    for line in carried:
        print(f"          {line}")
    if done.begun_anew:
        print("          what an earlier move had left half filled was taken away")
    if done.aside:
        print(f"aside     the journal that was moved away from there before is kept in {done.aside}")


def _aside(file: Path) -> str:
    return str(moved_aside(file) or "")


def _told(config: Config, source: End, target: End, here: Ground, there: Ground) -> list[str]:
    told = [f"from      {source.url}", f"to        {target.url}"]
    if here.moved is not None:
        return [*told, "          an earlier move was broken off at its very end, and is only ended"]
    told.append(f"          {here.requests} requests, {here.rows} rows, id {here.journal_id}")
    if target.file is None and (why := surveying.refusal(target, config.journal.replication)):
        told.append(f"          note: as it is, the service will not start there: {why}")
    if there.arriving is not None:
        told.append(f"          what a move of {there.arriving.at} has left half filled there is taken away")
    elif there.moved is not None:
        told.append(f"          what was left there ({there.moved.at}) is put aside")
    strangers = {
        what: names
        for what, names in (
            ("folders", sorted(here.folders - config.folders.keys())),
            ("accounts", sorted(here.accounts - config.accounts.keys())),
        )
        if names
    }
    for what, names in strangers.items():
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        told.append(
            f"          note: {what} {', '.join(names[:_SHOWN])}{more} have open requests and are not in this "
            "configuration"
        )
    if strangers and target.file is not None:
        told.append("          one connector alone works on a journal in SQLite: it has to name them all")
    return told


def _lines(
    config: Config, state: State, source: End, target: End, reference: SecretReference | None, kept: str
) -> str:
    """What has to stand in the configuration from now on. ``kept``: as ``journal.replication`` has to say there."""
    told = ["Now write in the configuration, before the service starts:"]
    if target.file is not None and target.url == state.journal_url:
        told += ["  (no section journal: at all; it is where it is by itself)"]
    else:
        told += ["  journal:", f"    url: {target.url}"]
        if reference is not None:
            told.append(f"    password: {_written(reference)}")
        elif target.file is not None and config.journal.password is not None:
            told.append("    (no password:, replication: or lease: under it)")
    if target.file is None:
        if kept != replication.SYNCHRONOUS:
            told.append(f"    replication: {kept}")
        if config.connector is None:
            told.append(f"  connector: {carrying.connector_id(state)}")
        if config.seal is None:
            key = state.directory / "keys" / "seal"
            told.append(
                f"  seal: {{file: {key}}}   # the same on every host: a copy of this file, as a secret"
            )
        told.append("On every host whose connector works on this journal. Then: jse-connector check-config")
    else:
        if config.seal is not None:
            told.append("  (connector: and seal: stay as they are)")
        told.append("On this host; no other connector works on it. Then: jse-connector check-config")
    stays = "stays as it was, closed" if source.file is None else "stays as it was, closed, beside its backup"
    told.append(f"{source.url} {stays}. The way back, then: jse-connector move-journal {source.url}")
    return "\n".join(told)


def _written(reference: SecretReference) -> str:
    (what, name), *_ = ((k, v) for k, v in reference.model_dump().items() if v is not None)
    return f"{{{what}: {name}}}"
