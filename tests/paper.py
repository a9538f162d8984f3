"""Pages of every kind, on which things stand where they are *seen*: rotation, CropBox and UserUnit worked out here.

Nothing of the connector is used: what it finds and draws is held against these pages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.documents import assembled

Rectangle = tuple[float, float, float, float]


@dataclass(frozen=True)
class Kind:
    """A kind of page. ``visible``: left, bottom, right, top in user space; ``cropped`` out of a larger sheet."""

    name: str
    visible: Rectangle
    turn: int = 0
    unit: float = 1.0
    cropped: bool = False

    @property
    def size(self) -> tuple[float, float]:
        """Width and height as seen, in points."""
        left, bottom, right, top = self.visible
        across, up = (right - left) * self.unit, (top - bottom) * self.unit
        return (up, across) if self.turn in {90, 270} else (across, up)

    @property
    def upright(self) -> str:
        """A ``cm`` after which one point is one point, Y upwards from the bottom left of the page as seen."""
        left, bottom, right, top = self.visible
        s = 1 / self.unit
        turned = {
            0: (s, 0, 0, s, left, bottom),
            90: (0, s, -s, 0, right, bottom),
            180: (-s, 0, 0, -s, right, top),
            270: (0, -s, s, 0, left, top),
        }
        return " ".join(f"{value:.5f}" for value in turned[self.turn]) + " cm"

    def dictionary(self) -> bytes:
        """Its page dictionary's own entries."""
        left, bottom, right, top = self.visible
        box = f"{left} {bottom} {right} {top}"
        media = f"{left - 40} {bottom - 30} {right + 25} {top + 60}" if self.cropped else box
        entries = f"/MediaBox[{media}]"
        if self.cropped:
            entries += f"/CropBox[{box}]"
        if self.turn:
            entries += f"/Rotate {self.turn}"
        if self.unit != 1:
            entries += f"/UserUnit {self.unit}"
        return entries.encode()


KINDS = (
    Kind("A4", (0, 0, 595.28, 841.89)),
    Kind("A4 rounded", (0, 0, 595, 842)),
    Kind("A5", (0, 0, 419.53, 595.28)),
    Kind("A3", (0, 0, 841.89, 1190.55)),
    Kind("US Letter", (0, 0, 612, 792)),
    Kind("landscape", (0, 0, 841.89, 595.28)),
    Kind("turned 90", (0, 0, 595.28, 841.89), 90),
    Kind("turned 180", (0, 0, 595.28, 841.89), 180),
    Kind("turned 270", (0, 0, 595.28, 841.89), 270),
    Kind("A4 by turning", (0, 0, 841.89, 595.28), 90),
    Kind("cropped", (30, 45, 560, 800), cropped=True),
    Kind("cropped, below zero", (-300, -420, 295, 422), cropped=True),
    Kind("cropped, turned 90", (30, 45, 560, 800), 90, cropped=True),
    Kind("cropped, turned 270", (30, 45, 560, 800), 270, cropped=True),
    Kind("large unit", (0, 0, 297.64, 420.945), unit=2),
    Kind("large unit, cropped, turned 90", (15, 20, 300, 415), 90, unit=2, cropped=True),
    Kind("large unit, turned 180", (0, 0, 250, 400), 180, unit=2),
)
NAMES = [kind.name for kind in KINDS]

Drawing = Callable[[Kind, int], str]
"""What stands on a page of a kind, numbered from 1: operators in points from the bottom left of the page as seen."""


def document(kinds: Sequence[Kind], drawing: Drawing, font: Sequence[bytes] = ()) -> bytes:
    """A document of these pages, each with its drawing; ``/F1`` is Helvetica, ``/F2`` the font given, if any."""
    first = 4 + len(font)
    fonts = b"/F1 3 0 R" + (b"/F2 4 0 R" if font else b"")
    kids = b" ".join(b"%d 0 R" % (first + 2 * index) for index in range(len(kinds)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, len(kinds)),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        *font,
    ]
    for index, kind in enumerate(kinds):
        content = f"q {kind.upright} {drawing(kind, index + 1)} Q".encode("cp1252")
        objects += [
            b"<</Type/Page/Parent 2 0 R%s/Resources<</Font<<%s>>>>/Contents %d 0 R>>"
            % (kind.dictionary(), fonts, first + 2 * index + 1),
            b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        ]
    return assembled(objects)


def written(text: str, x: float, y: float, size: float = 12, *, font: str = "F1", grey: float = 0) -> str:
    """Operators that write a text whose baseline begins ``x``, ``y`` from the bottom left."""
    escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"{grey} g BT /{font} {size} Tf {x:.3f} {y:.3f} Td ({escaped}) Tj ET"


def font_of(letters: Sequence[str]) -> tuple[bytes, bytes]:
    """A font whose codes from ``A`` on mean these letters, whatever they are: as PDFs of other programs say it."""
    rows = "".join(
        f"<{65 + index:02x}> <{letter.encode('utf-16-be').hex()}>\n" for index, letter in enumerate(letters)
    )
    table = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
        "1 begincodespacerange <00> <ff> endcodespacerange\n"
        f"{len(letters)} beginbfchar\n{rows}endbfchar endcmap end end"
    ).encode()
    return (
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding/ToUnicode 5 0 R>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(table), table),
    )
