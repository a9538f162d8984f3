"""One document of a transaction on its way home: its intent, its facts, its bytes in the spool.

Step 9 is made for each document on its own, whatever becomes of the others; what a task writes of its document
touches no other one. Source: protocol R5, R8, step 9.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from connector.errors import RemoteError
from connector.journal import Intent
from connector.lifecycle import DocumentFacts, Record
from connector.ports import Folder, Href
from connector.steps import waiting
from connector.steps.parts import Parts
from connector.steps.present import Present, present_at
from connector.steps.spooled import signed_name

NEVER_CAME = "erased"
"""Why a document is not delivered at all: the platform forgot it before it could be fetched."""


def delivery_step(rank: int) -> str:
    """Name of the step whose intent a document's delivery keeps: one open intent each."""
    return "deliver" if rank == 1 else f"deliver.{rank}"


def delivery_steps(record: Record) -> tuple[str, ...]:
    """Names of those steps for all documents of a request."""
    return tuple(delivery_step(one.rank) for one in record.documents)


def is_home(document: DocumentFacts) -> bool:
    """True when nothing of it is left to be delivered."""
    return document.delivered_href is not None or document.beside == NEVER_CAME


@dataclass(frozen=True, kw_only=True)
class Task:
    """The way home of the document of ``rank``; ``record`` as the journal keeps it now.

    ``attempts``: how often the delivery of this request was put off before; every document that meets an obstacle
    in one pass waits equally long.
    """

    parts: Parts
    folder: Folder
    record: Record
    rank: int
    attempts: int

    @property
    def document(self) -> DocumentFacts:
        """What is known of the document."""
        return self.record.ranked(self.rank)

    @property
    def is_last(self) -> bool:
        """True where every other document of the request is where it belongs."""
        return all(is_home(one) for one in self.record.documents if one.rank != self.rank)

    @property
    def signed(self) -> Path:
        """Where the signed document lies in the spool."""
        return self.parts.spool.path(self.record.ref, signed_name(self.rank))

    @property
    def is_spooled(self) -> bool:
        """True while the spool holds it, byte for byte as it was verified."""
        return self.parts.spool.has(self.record.ref, signed_name(self.rank), self.document.signed_sha256)

    @property
    def step(self) -> str:
        """Name of its step, for intents."""
        return delivery_step(self.rank)

    @property
    def intent(self) -> Intent | None:
        """Its open intent."""
        return self.parts.journal.intent(self.record, self.step)

    def intend(self, data: Mapping[str, Any]) -> Self:
        """Commit that an effect is about to be made for this document."""
        return replace(self, record=self.parts.journal.intend(self.record, self.step, data))

    def note(
        self, name: str, *, done: bool = False, facts: Mapping[str, Any] | None = None, **changes: Any
    ) -> Self:
        """Keep something that moves no state; ``facts`` are of the document, ``done`` ends its intent."""
        ended = (self.step,) if done else ()
        kept = {**self._with(facts), **changes}
        return replace(self, record=self.parts.journal.note(self.record, name, done=ended, **kept))

    def touch(self, facts: Mapping[str, Any]) -> Self:
        """Keep facts of the document that are too small to be history."""
        return replace(self, record=self.parts.journal.touch(self.record, **self._with(facts)))

    def later(
        self, name: str, error: RemoteError | None = None, *, done: bool = False, **changes: Any
    ) -> Self:
        """Keep that it did not go on, and put the next try off."""
        counted = self.record.model_copy(update={"attempts": self.attempts})
        return self.note(name, done=done, **{**waiting.backoff(self.parts, counted, error), **changes})

    def again(self) -> Self:
        """Take the record up as the journal keeps it, after an obstacle."""
        return replace(self, record=self.parts.journal.get(self.record.id))

    def taking(self, record: Record) -> Self:
        """Go on with the record as it is kept now."""
        return replace(self, record=record)

    def present(self, href: Href) -> Present | None:
        """Fetch what lies at ``href`` now; None when nothing does."""
        return present_at(self.parts, self.folder, self.record, href, rank=self.rank)

    def _with(self, facts: Mapping[str, Any] | None) -> dict[str, Any]:
        if not facts:
            return {}
        return self.record.with_document(self.document.model_copy(update=dict(facts)))
