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


def free_boxes(path: str, page: int, count: int, taken: list[list[float]]) -> list[list[float]]:
    """``room.free_boxes``; corners as pairs."""
    from connector.pdf import room

    found = room.free_boxes(Path(path), page, count, [(x, y) for x, y in taken])
    return [[x, y] for x, y in found]


def draw_preview(path_in: str, path_out: str, frames: list[list[Any]], label: str) -> None:
    """``preview.preview``; frames as lists of page, x, y and name."""
    from connector.pdf.preview import preview

    preview(Path(path_in), Path(path_out), [(page, x, y, name) for page, x, y, name in frames], label)
