"""From one configuration to the next: what differs, and what of it the running service cannot take over.

Pure, on the flat values of ``config.flat``. What a difference *means* is said in ``cli.check_changes``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from connector.config.flat import flat
from connector.config.model import Config

NAMED: Final = frozenset({"servers", "accounts", "folders", "hooks"})
AT_START: Final = (
    ("connector", "this connector's id is settled at a start"),
    ("seal|journal/(?:url|password|replication|lease)", "journal and seal are opened at a start"),
    ("metrics", "the port is opened at a start"),
    (
        "(?:servers/[^/]+|mail)/(?:user|password)|platform/(?:shortcut|secret)|(?:hooks/[^/]+|ping)/url",
        "secrets are given to the service at a start",
    ),
)
"""Values that hold until the next start, with the reason. The last row is for those that name where they are kept."""
_SECRETS: Final = AT_START[-1][0]
_KEPT: Final = ("credential ", "file ", "environment variable ")


@dataclass(frozen=True)
class Change:
    """One value that differs, or a whole named part that comes (``before`` None) or goes (``after`` None)."""

    path: tuple[str, ...]
    before: str | None
    after: str | None

    @property
    def dotted(self) -> str:
        """As it is shown: ``folders.annecy.send``."""
        return ".".join(self.path)

    @property
    def is_part(self) -> bool:
        """True for a server, account, folder or hook as a whole."""
        return self.before is None or self.after is None

    @property
    def waits(self) -> str:
        """Why it is taken over at the next start only; empty when it is taken over at once."""
        for pattern, why in () if self.is_part else AT_START:
            if re.fullmatch(pattern, "/".join(self.path)):
                kept = any(str(value).startswith(_KEPT) for value in (self.before, self.after))
                return why if kept or pattern != _SECRETS else ""
        return ""


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    """Return what differs between two flat configurations, in the order of the newer; what is gone comes last.

    A value that one side alone knows (of another version of the program) is no change.
    """
    old, new = _parts(before), _parts(after)
    found: dict[tuple[str, ...], Change] = {}
    for joined in [*after, *before]:
        path = tuple(joined.split("/"))
        part = path[:2]
        if part in old and part not in new:
            found.setdefault(part, Change(part, "", None))
        elif part in new and part not in old:
            found.setdefault(part, Change(part, None, ""))
        elif joined in before and joined in after and before[joined] != after[joined]:
            found.setdefault(path, Change(path, before[joined], after[joined]))
    return list(found.values())


def carried_over(running: Config, new: Config) -> tuple[Config, tuple[Change, ...]]:
    """Return what the running service works with from now on, and what of the new file waits for its next start.

    That is ``new``, with each value that waits as it is in ``running``. A part that is new brings its own.
    """
    waiting = tuple(change for change in changes(flat(running), flat(new)) if change.waits)
    for change in waiting:
        new = _with(new, change.path, running)
    return new, waiting


def _with(new: Config, path: tuple[str, ...], running: Config) -> Config:
    """``new`` with the value that ``running`` has at a path."""
    top, *rest = path
    old, now = getattr(running, top), getattr(new, top)
    if not rest:
        return new.model_copy(update={top: old})
    *name, key = rest
    if name:
        inner = now[name[0]].model_copy(update={key: getattr(old[name[0]], key)})
        return new.model_copy(update={top: {**now, name[0]: inner}})
    return new.model_copy(update={top: now.model_copy(update={key: getattr(old, key)})})


def removed(before: Mapping[str, str], after: Mapping[str, str], kind: str) -> list[str]:
    """Return the names of one kind that are there no more."""
    new = _parts(after)
    return [name for of, name in _parts(before) if of == kind and (of, name) not in new]


def _parts(values: Mapping[str, str]) -> dict[tuple[str, ...], None]:
    paths = (tuple(joined.split("/")) for joined in values)
    return dict.fromkeys(path[:2] for path in paths if path[0] in NAMED and len(path) > 2)
