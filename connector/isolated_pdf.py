"""The functions that read foreign files, each run in a limited worker: what the steps call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from connector.isolation import IsolatedPool
from connector.pdf.model import Expected, PdfFacts, Verdict
from connector.pdf.room import Spot
from connector.placement import FreeRoom
from connector.ports import Box
from connector.signatory_list.table import Table


class IsolatedPdf:
    """Foreign files read and drawn out of harm's way. Thread-safe as its pool; errors as ``IsolatedPool.call``."""

    def __init__(self, pool: IsolatedPool) -> None:
        self._pool = pool

    def facts(self, path: Path) -> PdfFacts:
        """Read what a PDF holds; DocumentError codes as ``pdf.facts.facts``."""
        return PdfFacts.model_validate(self._pool.call("pdf.facts", path=_text(path)))

    def verify_signed(self, path: Path, sent: Expected | None = None) -> Verdict:
        """Judge what came back from the platform."""
        expected = (sent or Expected()).model_dump(mode="json")
        return Verdict.model_validate(self._pool.call("pdf.verify", path=_text(path), sent=expected))

    def free_room(self, path: Path) -> FreeRoom:
        """Return the function that ``placement.place`` asks for free room on this document's pages."""

        def look(page: int, count: int, taken: Sequence[Spot]) -> Sequence[Spot]:
            pairs = [[x, y] for x, y in taken]
            found = self._pool.call("pdf.free_boxes", path=_text(path), page=page, count=count, taken=pairs)
            return [(x, y) for x, y in found]

        return look

    def preview(
        self, path_in: Path, path_out: Path, boxes: Sequence[Box], names: Mapping[int, str], label: str
    ) -> None:
        """Draw the preview; ``names`` by the signatory's rank."""
        frames = [[box.page, box.x, box.y, names.get(box.signatory, "")] for box in boxes]
        self._pool.call(
            "pdf.preview", path_in=_text(path_in), path_out=_text(path_out), frames=frames, label=label
        )

    def signatory_list(self, path: Path, kind: str) -> Table:
        """Read a list; ``kind`` as ``sidecar.names.list_kind``. One that cannot be read says why in its ``problem``."""
        return Table.model_validate(self._pool.call("lists.read", path=_text(path), kind=kind))


def _text(path: Path) -> str:
    return str(path.absolute())
