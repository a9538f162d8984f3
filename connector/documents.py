"""PDFs judged and drawn for the steps, every one of them in a limited worker (``isolation``)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from connector import placement
from connector.errors import Problem
from connector.isolation import IsolatedPool
from connector.pdf.facts import DocumentLimits, problems_of
from connector.pdf.model import Expected, PdfFacts, Verdict
from connector.pdf.room import Spot
from connector.ports import Box
from connector.sidecar.model import Signatory

PREVIEW_LABEL = {"fr": "APERÇU – rien n'est parti", "en": "PREVIEW – nothing has been sent"}


class IsolatedDocuments:
    """Asks the workers of a pool. Every method raises DocumentError for a PDF that is broken or hostile."""

    def __init__(self, pool: IsolatedPool, *, language: str = "fr") -> None:
        self._pool = pool
        self._label = PREVIEW_LABEL.get(language, PREVIEW_LABEL["en"])

    def facts(self, path: Path) -> PdfFacts:
        """What a PDF is."""
        return PdfFacts.model_validate(self._pool.call("pdf.facts", path=str(path)))

    def problems(self, facts: PdfFacts, *, max_bytes: int) -> list[Problem]:
        """Why it must not be sent, everything at once; empty = it may."""
        return problems_of(facts, DocumentLimits(max_bytes=max_bytes))

    def place(
        self, path: Path, facts: PdfFacts, signatories: Sequence[Signatory]
    ) -> tuple[list[Box], list[Problem]]:
        """Where each signatory signs, or why that cannot be."""

        def free(page: int, count: int, taken: Sequence[Spot]) -> Sequence[Spot]:
            found = self._pool.call(
                "pdf.free_boxes", path=str(path), page=page, count=count, taken=[list(spot) for spot in taken]
            )
            return [(x, y) for x, y in found]

        placed = placement.place(facts, signatories, free)
        return placed.boxes, placed.problems

    def verify(
        self, path: Path, *, pages: int | None, pages_digest: str | None, signatures: int | None
    ) -> Verdict:
        """What came back: intact or not, as expected or not."""
        sent = Expected(pages=pages, pages_digest=pages_digest, signatures=signatures)
        return Verdict.model_validate(
            self._pool.call("pdf.verify", path=str(path), sent=sent.model_dump(mode="json"))
        )

    def preview(self, path: Path, into: Path, boxes: Sequence[Box], names: Sequence[str]) -> None:
        """Draw the boxes with their names on a copy. ``names`` by rank."""
        frames = [[box.page, box.x, box.y, names[box.signatory - 1]] for box in boxes]
        self._pool.call(
            "pdf.preview", path_in=str(path), path_out=str(into), frames=frames, label=self._label
        )

    def close(self) -> None:
        """End the workers."""
        self._pool.close()
