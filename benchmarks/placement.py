"""Placing by text on a long PDF, beside what pypdf alone would do: time and peak memory, each in a process of its own.

``python -m benchmarks.placement JOB FILE`` runs one job and prints what it cost, for :func:`measure`.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from reportlab.pdfgen.canvas import Canvas

from connector.pdf.model import PageSize, PdfFacts
from connector.pdf.room import free_boxes
from connector.pdf.text import find
from connector.placement import Sheet, place_all
from connector.sidecar.model import Placement, Signatory
from tests.documents import A4, PARAGRAPH

PAGES = 200
SIGNATORIES = 50
ROUNDS = 5
PEER = "pypdf: visitor_text, every page"
BOXES = 3
TAGS = [
    f"{{{{signataire {number // BOXES + 1}, {number % BOXES + 1}}}}}" for number in range(SIGNATORIES * BOXES)
]
LABELS = ("Signature du client", "L'expert-comptable", "Bon pour accord")


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Medians of one job. ``ratio`` to the peer's time in the same rounds; ``places`` it found or set."""

    job: str
    seconds: float
    ratio: float
    megabytes: float
    places: int


def measure(directory: Path, rounds: int = ROUNDS) -> list[Cost]:
    """Run each job once a round, interleaved, so that a busy moment meets them all; the first round warms up."""
    path = directory / "long.pdf"
    path.write_bytes(document())
    seen: dict[str, list[dict[str, float]]] = {name: [] for name in JOBS}
    for _ in range(rounds + 1):
        for name in JOBS:
            command = [sys.executable, "-m", "benchmarks.placement", name, str(path)]
            seen[name].append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
    middle = {
        name: {key: median(one[key] for one in costs[1:]) for key in ("seconds", "megabytes", "places")}
        for name, costs in seen.items()
    }
    return [
        Cost(
            job=name,
            seconds=found["seconds"],
            ratio=found["seconds"] / middle[PEER]["seconds"],
            megabytes=found["megabytes"],
            places=round(found["places"]),
        )
        for name, found in middle.items()
    ]


def document() -> bytes:
    """A letter of 200 pages: on the last 150 a tag for each box of 50 signatories, on the last the usual labels."""
    drawn = io.BytesIO()
    canvas = Canvas(drawn, pagesize=A4, invariant=1)
    for page in range(1, PAGES + 1):
        canvas.setFont("Helvetica", 11)
        for row in range(30):
            canvas.drawString(57, 780 - row * 14, f"{row + 1}. {PARAGRAPH}"[:88])
        if page == PAGES // 2:
            canvas.drawString(57, 340, f"Comme dit plus loin, {' et '.join(LABELS)} sont attendus.")
        if page > PAGES - len(TAGS):
            canvas.drawString(57, 280, TAGS[page - PAGES - 1])
        for row, label in enumerate(LABELS if page == PAGES else ()):
            canvas.drawString(57 + 260 * (row % 2), 200 - 80 * (row // 2), label)
        canvas.showPage()
    canvas.save()
    return drawn.getvalue()


# --------------------------------------------------------------------------------------------------
# The jobs


def _last(path: Path) -> int:
    return sum(map(len, (find(path, LABELS, LABELS) or {}).values()))


def _all(path: Path) -> int:
    return sum(map(len, (find(path, LABELS) or {}).values()))


def _placed(path: Path) -> int:
    people = [
        Signatory(
            name=f"P{number}",
            placements=tuple(
                Placement(near=tag, line=number) for tag in TAGS[BOXES * number : BOXES * (number + 1)]
            ),
        )
        for number in range(SIGNATORIES)
    ]
    facts = PdfFacts(size=1, pages=(PageSize(width=A4[0], height=A4[1]),) * PAGES)
    sheet = Sheet(
        rank=1, name="long.pdf", facts=facts, free=partial(free_boxes, path), find=partial(find, path)
    )
    placed = place_all([sheet], people)
    assert not placed.problems, placed.problems
    return len(placed.boxes[1])


def _pypdf(path: Path) -> int:
    """The start of each line that holds a label: all that pypdf tells."""
    import pypdf

    found: list[tuple[float, float]] = []

    def look(text: str, _cm: object, tm: list[float], _font: object, _size: object) -> None:
        found.extend((tm[4], tm[5]) for label in LABELS if label in text)

    with pypdf.PdfReader(path) as reader:
        for page in reader.pages:
            page.extract_text(visitor_text=look)
    return len(found)


JOBS: dict[str, Callable[[Path], int]] = {
    "nothing: what all of them import": lambda _path: 0,
    PEER: _pypdf,
    "find: three texts, every page": _all,
    "find: three labels on the last page": _last,
    f"place_all: {SIGNATORIES} signatories × {BOXES} boxes, each by its text": _placed,
}


def main(name: str, path: str) -> None:
    """Run one job; imports are not counted in its time, its memory is the whole process's."""
    job = JOBS[name]
    import pypdf  # noqa: F401
    import pypdfium2  # noqa: F401

    began = time.perf_counter()
    places = job(Path(path))
    taken = time.perf_counter() - began
    print(json.dumps({"seconds": taken, "megabytes": _peak(), "places": places}))


def _peak() -> float:
    """Most memory that this process ever held, in MB: ``ru_maxrss`` would begin with what its parent held."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1_000_000


if __name__ == "__main__":
    main(*sys.argv[1:])
