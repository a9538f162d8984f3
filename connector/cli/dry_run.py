"""``tick --dry-run``: what a tick would do, found by judging everything on a copy of the journal.

Both sides are read; nothing is written there or in the state directory. Recovery is only listed: an owner file
or a marker is never made here.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from connector import logs
from connector.attendance import cases_in
from connector.cli import carrying
from connector.cli.common import FAILED, Settings
from connector.cli.dry_run_report import Births, FolderOutlook, tell
from connector.cli.journal_file import copy_of, journal_named
from connector.cli.read_only import ReadOnlyFolder, ReadOnlyService, WriteRefused
from connector.cli.wiring import State, wired
from connector.config import JournalSettings
from connector.errors import ConnectorError, JournalError, RemoteError
from connector.lifecycle import Record
from connector.marks import Owner, Reading
from connector.steps import drop, lists
from connector.steps.attend import consider
from connector.steps.case import Case
from connector.steps.discover import Settling, Sight, look
from connector.steps.missing import attend_missing
from connector.steps.registry import list_registry, owner_href, read_mark
from connector.steps.renamed import keep_requests

if TYPE_CHECKING:
    from connector.config import Config
    from connector.steps.parts import FolderSettings, Parts

log = logging.getLogger(__name__)


@dataclass
class _Look:
    """What is known of one server while it is looked at."""

    settling: dict[str, Settling] = field(default_factory=dict)
    sights: dict[str, Sight] = field(default_factory=dict)
    births: dict[str, Births] = field(default_factory=dict)
    problem: str = ""


def dry_run(settings: Settings, *, names: bool) -> int:
    """Tell per folder what would be done. Returns 1 when a server could not be read."""
    config = settings.load()
    with looking(config, settings.place()) as parts:
        for name in config.servers:
            if folders := [one for one in parts.watched.values() if one.server == name]:
                keep_requests(parts, folders)
        looks = {name: _Look() for name in config.servers}
        for name, seen in looks.items():
            _see(parts, name, seen)
        # An ETag proves nothing while its second lasts, for a dry run as for the service.
        time.sleep(parts.timing.settle.total_seconds() + 0.2)
        for name, seen in looks.items():
            _see(parts, name, seen)
            seen.births = {each: _births(parts, sight) for each, sight in seen.sights.items()}
            _judge(parts, list(seen.sights.values()), name)
        outlooks = [_outlook(parts, folder, looks[folder.server]) for folder in parts.watched.values()]
        tell(parts, config, outlooks, names=names)
    return FAILED if any(seen.problem for seen in looks.values()) else 0


@contextmanager
def looking(config: Config, state: State) -> Iterator[Parts]:
    """The real parts on a copy of the state, unable to write to either side."""
    named = journal_named(config, state)
    with tempfile.TemporaryDirectory(prefix="jse-dry-run-") as directory:
        scratch = State(directory=Path(directory))
        scratch.make()
        copied = scratch.directory / "journal" / "journal.sqlite"
        copy_of(named, copied, lock=state.directory / "journal" / "lock")
        for name in ("keys/seal", "connector-id", *_tokens(state)):
            if (state.directory / name).is_file():
                shutil.copy2(state.directory / name, scratch.directory / name)
        if named.file is None:
            carrying.tokens_of(config, state, named, scratch.directory / "tokens")
        unbound = config.model_copy(update={"journal": JournalSettings()})
        with ExitStack() as stack:
            stack.enter_context(logs.made_up("connector.journal.records"))
            try:
                parts = stack.enter_context(wired(unbound, scratch))
            except JournalError as error:
                # It is the journal itself that is as its copy is.
                raise type(error)(str(error).replace(str(copied), str(named.file or named.url))) from error
            yield replace(
                parts,
                folders={name: ReadOnlyFolder(folder) for name, folder in parts.folders.items()},
                services={name: ReadOnlyService(service) for name, service in parts.services.items()},
                relay=None,
                logins={},
            )


def _tokens(state: State) -> list[str]:
    return [f"tokens/{path.name}" for path in (state.directory / "tokens").glob("*.json")]


def _see(parts: Parts, server: str, seen: _Look) -> None:
    if seen.problem:
        return
    try:
        for folder in parts.watched.values():
            if folder.server == server:
                settling = seen.settling.setdefault(folder.name, Settling(grain=parts.timing.settle))
                seen.sights[folder.name] = look(folder, parts.folders[server], settling, parts.now())
    except RemoteError as error:
        seen.problem = str(error)
        seen.sights.clear()


def _births(parts: Parts, sight: Sight) -> Births:
    """What lists and drop folders would make requests of; a list that cannot be read tells nothing."""
    try:
        return Births(lists=tuple(lists.outlook(parts, sight)), dropped=drop.outlook(parts, sight))
    except JournalError:
        raise
    except ConnectorError as error:
        log.warning("a list or drop folder in folder %s: %s", sight.settings.name, error)
        return Births()


def _judge(parts: Parts, sights: list[Sight], server: str) -> None:
    """As a pass attends to a server, on the journal's copy."""
    for sight in sights:
        for case in cases_in(parts, sights, sight):
            _guarded(case)
    if not sights:
        return
    for record in parts.journal.open_records(server):
        if record.place or record.document.href:
            try:
                attend_missing(parts, sights, record)
            except JournalError:
                raise
            except ConnectorError as error:
                log.warning("%s: %s", record.ref, error)


def _guarded(case: Case) -> None:
    try:
        consider(case)
    except JournalError:
        raise
    except WriteRefused as error:
        log.info("a request in folder %s would act at once: %s", case.settings.name, error.operation)
    except ConnectorError as error:
        log.warning("a request in folder %s: %s", case.settings.name, error)


def _outlook(parts: Parts, folder: FolderSettings, seen: _Look) -> FolderOutlook:
    sight = seen.sights.get(folder.name)
    if sight is None:
        return FolderOutlook(folder=folder, problem=seen.problem)
    records: list[Record] = [
        record for record in parts.journal.open_records(folder.server) if record.folder == folder.name
    ]
    try:
        owner, unknown = _owner(parts, folder), _unknown_markers(parts, folder)
    except RemoteError as error:
        return FolderOutlook(folder=folder, problem=str(error))
    arriving = sum(1 for pair in sight.pairs() if not pair.settled)
    return FolderOutlook(
        folder=folder,
        records=tuple(records),
        births=seen.births.get(folder.name, Births()),
        arriving=arriving,
        owner=owner,
        unknown_markers=unknown,
    )


def _owner(parts: Parts, folder: FolderSettings) -> str:
    """Who else owns the folder; empty when it is ours, or will be."""
    found = read_mark(parts.folders[folder.server], owner_href(folder), parts.sealer)
    if found is None or found[0] is Reading.EMPTY_OR_TORN:
        return ""
    reading, mark, _ = found
    if isinstance(mark, Owner) and mark.connector == parts.connector and reading is Reading.WHOLE:
        return ""
    return mark.connector if isinstance(mark, Owner) else "unreadable"


def _unknown_markers(parts: Parts, folder: FolderSettings) -> int:
    """How many markers without an end the journal does not know: a start would adopt them and ask about them."""
    standing = list_registry(parts.folders[folder.server], folder.registry)
    known = {record.key for record in parts.journal.everything() if record.transaction}
    return len(standing.sent.keys() - standing.done - known)
