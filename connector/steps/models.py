"""``Modèles de signature/`` in each watched root: there, up to date, and never over what a person made of it.

What the listing shows missing is made; a file of ours is renewed when our text changes, one that a person changed is
left alone for good. What was written is kept in the journal by its hash, so that a start reads nothing. Where the
folder cannot be written nothing is said: models are a courtesy. Source: the accountant's page, 1.1.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from connector.errors import AccessDenied, NotFound, OutOfSpace, PreconditionFailed
from connector.models import models
from connector.ports import Entry, ETag, Folder, Href
from connector.report.block import is_prefix_of
from connector.sidecar import names
from connector.steps.discover import Sight
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

_EVENT: Final = "models"
_MAX_BYTES: Final = 1_000_000


@dataclass
class ModelMemory:
    """What a process remembers of the models; losing it costs a question to the journal."""

    kept: dict[str, dict[str, str]] = field(default_factory=dict)
    """Watched folder → file name → SHA-256 of our text that was settled there: written, or left to a person's own."""
    seen: dict[str, Sight] = field(default_factory=dict)
    """Watched folder → the sight for which all was done."""
    refused: set[str] = field(default_factory=set)
    """Watched folders that cannot be written; asked again at the next start."""


def tasks(parts: Parts, sight: Sight, memory: ModelMemory) -> Iterator[tuple[str, Callable[[], object]]]:
    """What is to be done for the models of one watched folder."""
    if sight.settings.name not in memory.refused and memory.seen.get(sight.settings.name) is not sight:
        yield f"models {sight.settings.name}", partial(keep_models, parts, sight, memory)


def keep_models(parts: Parts, sight: Sight, memory: ModelMemory) -> None:
    """Make what is missing, renew what is ours and old. Idempotent. Raises remote errors, but for a refusal (403)."""
    settings = sight.settings
    subject = f"folder:{settings.name}"
    if settings.name not in memory.kept:
        event = parts.journal.last_account_event(subject, _EVENT) or {}
        same = event.get("root") == settings.watch_root
        memory.kept[settings.name] = dict(event["files"]) if same else {}
    before = memory.kept[settings.name]
    work = _Work(parts.folders[settings.server], sight, dict(before))
    try:
        work.keep(models("en" if parts.report.language == "en" else "fr"))
        memory.seen[settings.name] = sight
    except AccessDenied as error:
        if error.status != 403:
            raise
        log.info("folder %s cannot be written: it gets no models", settings.name)
        memory.refused.add(settings.name)
    finally:
        if work.kept != before:
            parts.journal.mark_account(subject, _EVENT, {"root": settings.watch_root, "files": work.kept})
            memory.kept[settings.name] = work.kept


class _Work:
    def __init__(self, folder: Folder, sight: Sight, kept: dict[str, str]) -> None:
        self.kept = kept
        self._folder = folder
        root = sight.settings.root
        there = [one for one in sight.beside(root + "x", names.MODELS_FOLDER) if one.is_folder]
        self._missing = not there
        self._href = there[0].href if there else Href(root + names.MODELS_FOLDER + "/")
        self._children = sight.by_parent.get(self._href, {})

    def keep(self, files: Mapping[str, bytes]) -> None:
        """Settle each file; ``kept`` says how far that came, whatever is raised."""
        for name in sorted(self.kept.keys() - files.keys()):
            self._retire(name)
        for name, content in files.items():
            digest = hashlib.sha256(content).hexdigest()
            entry = self._there(name)
            if entry is None:
                self._make(name, content)
            elif self.kept.get(name) != digest:
                self._renew(entry, content, self.kept.get(name))
            self.kept[name] = digest

    def _there(self, name: str) -> Entry | None:
        return next(iter(self._children.get(names.comparable(name), ())), None)

    def _make(self, name: str, content: bytes) -> None:
        if self._missing:
            self._folder.make_folder(self._href)
            self._missing = False
        try:
            self._folder.create(Href(self._href + name), content)
        except PreconditionFailed:
            log.info("a model was there meanwhile")

    def _renew(self, entry: Entry, content: bytes, former: str | None) -> None:
        """Write our new text over our old one, or over the beginning of a write that broke off; over nothing else."""
        data, etag = self._fetch(entry)
        ours = hashlib.sha256(data).hexdigest() == former or is_prefix_of(data, content)
        if not ours or etag is None:
            return
        try:
            self._folder.replace(entry.href, content, etag=etag)
        except PreconditionFailed:
            log.info("a model was changed meanwhile: it is the person's now")

    def _retire(self, name: str) -> None:
        """A model that is not shipped any more goes, unless a person made something of it."""
        entry = self._there(name)
        former = self.kept.pop(name)
        if entry is None:
            return
        data, etag = self._fetch(entry)
        if hashlib.sha256(data).hexdigest() == former and etag is not None:
            with contextlib.suppress(PreconditionFailed, NotFound):
                self._folder.delete(entry.href, etag=etag)

    def _fetch(self, entry: Entry) -> tuple[bytes, ETag | None]:
        stream = io.BytesIO()
        try:
            fetched = self._folder.get(entry.href, stream, max_bytes=_MAX_BYTES)
        except (NotFound, OutOfSpace):
            return b"?", None
        return stream.getvalue(), fetched.etag or entry.etag
