"""Settings and listing → what is written where it has no effect, by the overview that tells it.

An order in settings, a file under nearly the name of a request or of settings, a drop folder that is not there. Each
is told in its own folder's overview, and at the watched root where that folder has none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from connector.errors import RemoteError, Unavailable
from connector.ports import Entry, Href
from connector.report.overview_strays import Misnamed, StrayDrop, StrayOrder, Strays
from connector.sidecar import names, near_names
from connector.steps.discover import Sight
from connector.steps.parts import Parts
from connector.steps.settings import read_file
from connector.steps.settings_said import SettingsMemory, said_in


@dataclass
class StrayMemory:
    """What a process remembers of it; losing it costs one look at each settings file."""

    settings: SettingsMemory = field(default_factory=SettingsMemory)
    drops: dict[str, tuple[Sight, list[tuple[Entry, str]]]] = field(default_factory=dict)
    """Watched folder → the sight for which all was read, and each settings file with the folder that is not there."""


def strays_of(parts: Parts, sight: Sight, homes: Collection[str], memory: StrayMemory) -> dict[Href, Strays]:
    """Return folder → what its overview tells; ``homes``: the folders that have one, beside the watched root.

    Reads each settings file once a change; raises Unavailable where the server itself is away.
    """
    orders, misnamed = _stray_orders(parts, sight, homes), _misnamed(sight, homes)
    drops = _stray_drops(parts, sight, homes, memory)
    return {
        home: Strays(
            orders=tuple(orders.get(home, ())),
            misnamed=tuple(misnamed.get(home, ())),
            drops=tuple(drops.get(home, ())),
        )
        for home in {*orders, *misnamed, *drops}
    }


def _stray_orders(parts: Parts, sight: Sight, homes: Collection[str]) -> dict[Href, list[StrayOrder]]:
    """Return folder → the orders of its settings; those of a folder without an overview at the watched root."""
    found: dict[Href, list[StrayOrder]] = defaultdict(list)
    for parent, files in sorted(sight.settings_in.items()):
        if not any(home.startswith(parent) for home in homes):
            continue  # they speak for nothing that is told of
        home = Href(parent) if parent in homes else sight.settings.root
        for entry in files if sight.has_settled(files) else ():
            try:
                problems = read_file(parts, sight, entry).problems
            except RemoteError as error:
                if isinstance(error, Unavailable) and error.status is None:
                    raise  # the server itself is away, or to be let be
                # It went since the folder was listed, or is not handed out: everything else is told all the same.
                continue
            found[home] += [
                StrayOrder(file=entry.href.removeprefix(home), written=problem.values["written"])
                for problem in problems
                if problem.code == "action_in_settings"
            ]
    return found


def _misnamed(sight: Sight, homes: Collection[str]) -> dict[Href, list[Misnamed]]:
    """Return folder → what is not read there under its name; of a folder without an overview at the watched root."""
    found: dict[Href, list[Misnamed]] = defaultdict(list)
    for entry, right in sight.near_names:
        if entry.href not in sight.settled or names.is_filed(entry.href.removeprefix(sight.settings.root)):
            continue
        home = Href(entry.parent) if entry.parent in homes else sight.settings.root
        read = sight.settings_in.get(entry.parent, ()) if right == near_names.RIGHT_SETTINGS else ()
        found[home].append(
            Misnamed(
                file=entry.href.removeprefix(home),
                right=right,
                beside=read[0].name if read else "",
                of_a_writer=near_names.is_of_a_writer(entry.name),
                of_another_table=near_names.is_of_another_table(entry.name),
            )
        )
    return found


def _stray_drops(
    parts: Parts, sight: Sight, homes: Collection[str], memory: StrayMemory
) -> dict[Href, list[StrayDrop]]:
    """Return folder → the drop folders that its settings name and that are not there; as for orders, where told."""
    known = memory.drops.get(sight.settings.name)
    astray = known[1] if known is not None and known[0] is sight else _drops_astray(parts, sight, memory)
    found: dict[Href, list[StrayDrop]] = defaultdict(list)
    for entry, wanted in astray:
        home = Href(entry.parent) if entry.parent in homes else sight.settings.root
        found[home].append(StrayDrop(file=entry.href.removeprefix(home), folder=wanted))
    return found


def _drops_astray(parts: Parts, sight: Sight, memory: StrayMemory) -> list[tuple[Entry, str]]:
    """Look for them in every settings file: not again while the folder shows the same."""
    found, whole = [], True
    for parent, files in sorted(sight.settings_in.items()):
        if not sight.has_settled(files) or names.is_hidden(parent.removeprefix(sight.settings.root)):
            continue
        try:
            said = said_in(parts, sight, files[0], memory.settings)
        except RemoteError as error:
            if isinstance(error, Unavailable) and error.status is None:
                raise
            whole = False
            continue
        wanted = said.request.drop
        called = sight.folders_called.get(names.loose(wanted), ()) if wanted else ()
        if wanted and not any(href.startswith(parent) and href != parent for href in called):
            found.append((files[0], wanted))
    if whole:
        memory.drops[sight.settings.name] = sight, found
    return found
