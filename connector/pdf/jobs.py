"""The functions that run in the isolated worker: JSON in, JSON out, and nothing else.

One thin function for each of the package's; ``isolation.JOBS`` names them. Paths are texts, values mappings.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


def read_facts(path: str) -> dict[str, Any]:
    """``facts.facts``; returns PdfFacts as a mapping."""
    from connector.pdf.facts import facts

    return facts(Path(path)).model_dump(mode="json")


def verify(path: str, sent: dict[str, Any] | None) -> dict[str, Any]:
    """``verify.verify_signed``; ``sent`` is Expected as a mapping; returns Verdict as a mapping."""
    from connector.pdf.model import Expected
    from connector.pdf.verify import verify_signed

    return verify_signed(Path(path), sent=Expected(**(sent or {}))).model_dump(mode="json")


def free_boxes(
    path: str, page: int, count: int, taken: list[list[float]], size: list[float]
) -> list[list[float]]:
    """``room.free_boxes``; corners and size as pairs."""
    from connector.pdf import room

    found = room.free_boxes(Path(path), page, count, [(x, y) for x, y in taken], (size[0], size[1]))
    return [[x, y] for x, y in found]


def find_text(path: str, texts: list[str], last: list[str]) -> dict[str, list[list[Any]]] | None:
    """``text.find``; each place as a list of its fields in order, in thousandths of a point (answers are limited)."""
    from connector.pdf import text

    found = text.find(Path(path), texts, last)
    if found is None:
        return None
    return {
        wanted: [
            [round(value, 3) if isinstance(value, float) else value for _, value in place] for place in places
        ]
        for wanted, places in found.items()
    }


def draw_preview(parts: list[list[Any]], path_out: str, label: str) -> None:
    """``preview.preview``; a part as path, name and frames, a frame as the list of its fields in order."""
    from connector.pdf.preview import Frame, PreviewPart, preview

    preview(
        [PreviewPart(Path(path), name, [Frame(*frame) for frame in frames]) for path, name, frames in parts],
        Path(path_out),
        label,
    )
