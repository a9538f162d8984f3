"""The functions that read foreign files, each run in a limited worker: what the steps call."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

from connector.errors import DocumentError
from connector.images.convert import MOST_BYTES, ImageFacts
from connector.isolation import IsolatedPool, Limits
from connector.pdf.model import Expected, Found, PdfFacts, Verdict
from connector.pdf.room import Size, Spot
from connector.placement import FindText, FreeRoom
from connector.ports import Box
from connector.signatory_list.table import Table

MOST_WRITTEN: Final = Limits().file_bytes
"""Bytes of the largest file that is ever made here: no preview is larger."""


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
        """Return the function that ``placement.place_all`` asks for free room on this document's pages."""

        def look(page: int, count: int, taken: Sequence[Spot], size: Size) -> Sequence[Spot]:
            found = self._pool.call(
                "pdf.free_boxes", path=_text(path), page=page, count=count, taken=taken, size=size
            )
            return [(x, y) for x, y in found]

        return look

    def find_text(self, path: Path) -> FindText:
        """Return the function that ``placement.place_all`` asks where texts stand in this document."""

        def look(texts: Sequence[str], last: Collection[str]) -> Mapping[str, Sequence[Found]] | None:
            found = self._pool.call("pdf.find_text", path=_text(path), texts=list(texts), last=list(last))
            if found is None:
                return None
            fields = tuple(Found.model_fields)
            return {
                text: [Found(**dict(zip(fields, place, strict=True))) for place in places]
                for text, places in found.items()
            }

        return look

    def preview(
        self,
        parts: Sequence[tuple[Path, str, Sequence[Box]]],
        path_out: Path,
        names: Mapping[int, str],
        label: str,
    ) -> None:
        """Draw one preview of all documents; ``parts`` as path, name and boxes, ``names`` by the signatory's rank."""
        told = [
            (_text(path), name, [(*_rectangle(box), names.get(box.signatory, "")) for box in boxes])
            for path, name, boxes in parts
        ]
        self._pool.call("pdf.preview", parts=told, path_out=_text(path_out), label=label)

    def image_to_pdf(self, path_in: Path, path_out: Path, *, max_bytes: int = MOST_BYTES) -> ImageFacts:
        """Make the PDF of an image; DocumentError codes as ``images.convert.to_pdf``, no others."""
        arguments = {"path_in": _text(path_in), "path_out": _text(path_out), "max_bytes": max_bytes}
        try:
            return ImageFacts.model_validate(self._pool.call("images.to_pdf", **arguments))
        except DocumentError as error:
            # The pool's own words are about PDFs: what ended the worker here was an image.
            own = {"pdf_too_slow": "image_too_large", "pdf_unreadable": "image_unreadable"}
            raise DocumentError(own.get(error.code, error.code), str(error)) from None

    def signatory_list(self, path: Path, kind: str) -> Table:
        """Read a list; ``kind`` as ``sidecar.names.list_kind``. One that cannot be read says why in its ``problem``."""
        return Table.model_validate(self._pool.call("lists.read", path=_text(path), kind=kind))


def _rectangle(box: Box) -> tuple[int, float, float, float, float]:
    return box.page, box.x, box.y, box.width, box.height


def _text(path: Path) -> str:
    return str(path.absolute())
