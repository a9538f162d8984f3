"""Placement proven by looking (scenario B2): stamped as each contract says, on every kind of page, and rendered.

The stamper below is a platform in small, written from the API page, section 2: it knows nothing of the connector but
the JSON that was sent to it.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from PIL import Image, ImageChops

from connector.errors import RequestRejected
from connector.jesignexpert.boxes import box_size, sign_fields
from connector.jesignexpert.contract import Contract
from connector.pdf.facts import facts
from connector.pdf.preview import Frame, PreviewPart, preview
from connector.pdf.room import free_boxes
from connector.pdf.text import find
from connector.placement import Sheet, place_all
from connector.ports import Box
from connector.sidecar.model import Corner, Length, Placement, Signatory
from tests.paper import KINDS, NAMES, Kind, document, written

ORIGINS = ("top_left", "bottom_left")
SCALINGS = ("page_points", "scaled_to_a4")
COLOURS = {1: (255, 0, 0), 2: (0, 255, 0), 3: (0, 0, 255), 4: (255, 255, 0), 5: (0, 255, 255)}
MARGIN = 15 / 25.4 * 72
WORDS = "Signature du client"
# Baseline of the words, from the bottom left, in shares of the page.
WORDS_AT = (0.1, 0.62)
SIZE = 12

FINE = 4
"""Pixels for each point that is looked at."""
AROUND = 4
"""Points around the place where something should be that are looked at; no two boxes stand nearer to each other."""

Area = tuple[float, float, float, float]


# --------------------------------------------------------------------------------------------------
# The platform in small


def stamped(content: bytes, fields: Sequence[Mapping[str, Any]], origin: str, scaling: str) -> bytes:
    """Fill the box of each field with the colour of its signatory, where that contract says it stands."""
    import pypdf
    from pypdf.generic import ArrayObject, NameObject, StreamObject

    writer = pypdf.PdfWriter(io.BytesIO(content))
    for number, page in enumerate(writer.pages, start=1):
        crop, turn, unit = page.cropbox, page.rotation % 360, float(page.user_unit)
        left, bottom, right, top = (float(side) for side in (*crop.lower_left, *crop.upper_right))
        width, height = (right - left) * unit, (top - bottom) * unit
        if turn in {90, 270}:
            width, height = height, width
        operators = []
        for field in fields:
            assert set(field) == {"order", "positionX", "positionY", "page", "withoutLogo"}
            if field["page"] != number:
                continue
            sheet = (595, 842) if scaling == "scaled_to_a4" else (width, height)
            across, down = width / sheet[0], height / sheet[1]
            x, y = field["positionX"] * across, field["positionY"] * down
            w, h = 200 * across, 50 * down
            if origin == "bottom_left":
                y = height - y - h
            corners = [(x, y), (x + w, y + h)]
            # What is X to the right and Y down for the reader is, in the page's own space and units:
            turned = {
                0: [(left + a / unit, top - b / unit) for a, b in corners],
                90: [(left + b / unit, bottom + a / unit) for a, b in corners],
                180: [(right - a / unit, bottom + b / unit) for a, b in corners],
                270: [(right - b / unit, top - a / unit) for a, b in corners],
            }[turn]
            (x1, y1), (x2, y2) = turned
            red, green, blue = (value / 255 for value in COLOURS[(field["order"] - 1) % 5 + 1])
            operators.append(f"{red} {green} {blue} rg {x1} {y1} {x2 - x1} {y2 - y1} re f")
        stream = StreamObject()
        stream.set_data("\n".join(operators).encode())
        page[NameObject("/Contents")] = ArrayObject([page.raw_get("/Contents"), writer._add_object(stream)])
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def picture(content: bytes, number: int) -> Image.Image:
    """A page as a person sees it, :data:`FINE` pixels for each point."""
    pdf = pypdfium2.PdfDocument(content)
    try:
        sheet = pdf[number - 1]
        image: Image.Image = sheet.render(scale=FINE * KINDS[number - 1].unit).to_pil().convert("RGB")
        sheet.close()
        return image
    finally:
        pdf.close()


def coloured(image: Image.Image, colour: tuple[int, int, int], around: Area) -> Area:
    """The rectangle of all pixels of one colour, looked for where it should be and :data:`AROUND` it."""

    def apart(part: Image.Image) -> Image.Image:
        red, green, blue = ImageChops.difference(part, Image.new("RGB", part.size, colour)).split()
        wrong = ImageChops.lighter(ImageChops.lighter(red, green), blue)
        return wrong.point(lambda value: 255 if value < 90 else 0)

    return bounds(image, around, apart)


def bluish(image: Image.Image, around: Area) -> Area:
    """The rectangle of what a preview draws in blue, looked for as :func:`coloured` does."""

    def apart(part: Image.Image) -> Image.Image:
        red, _green, blue = part.split()
        return ImageChops.subtract(blue, red).point(lambda value: 255 if value > 40 else 0)

    return bounds(image, around, apart)


def bounds(image: Image.Image, around: Area, apart: Callable[[Image.Image], Image.Image]) -> Area:
    """The rectangle, in points, of what is set apart in a part of a picture."""
    first_x, first_y = (math.floor((side - AROUND) * FINE) for side in around[:2])
    last_x, last_y = (math.ceil((side + AROUND) * FINE) for side in around[2:])
    found = apart(image.crop((first_x, first_y, last_x, last_y))).getbbox()
    assert found is not None
    left, top, right, bottom = found
    return (
        (left + first_x) / FINE,
        (top + first_y) / FINE,
        (right + first_x) / FINE,
        (bottom + first_y) / FINE,
    )


# --------------------------------------------------------------------------------------------------
# What people ask


def drawing(kind: Kind, _number: int) -> str:
    width, height = kind.size
    return written(WORDS, WORDS_AT[0] * width, WORDS_AT[1] * height, SIZE)


def people() -> list[Signatory]:
    """Five on each page: by corner, by length, by share of the page, by text, and wherever there is room."""
    wishes = [
        wish
        for page in range(1, len(KINDS) + 1)
        for wish in (
            Placement(page=page, corner=Corner.TOP_RIGHT, line=1),
            Placement(page=page, x=Length(value=30, unit="pt"), y=Length(value=110, unit="pt"), line=2),
            Placement(page=page, x=Length(value=12, unit="%"), y=Length(value=55, unit="%"), line=3),
            Placement(page=page, near=WORDS, line=4),
            Placement(page=page, line=5),
        )
    ]
    return [Signatory(name=f"P{rank}", placements=(wish,)) for rank, wish in enumerate(wishes, start=1)]


def asked(kind: Kind, size: tuple[float, float]) -> dict[int, Area]:
    """Where each of a page's five but the last wants the box, by their words alone."""
    (width, height), (w, h) = kind.size, size
    corners = {
        1: (width - MARGIN - w, MARGIN),
        2: (30, 110),
        3: (0.12 * width, 0.55 * height),
        # The first letter's ink begins half a point after its origin; the foot is a quarter of the size below.
        4: (WORDS_AT[0] * width + 0.6, (1 - WORDS_AT[1]) * height + SIZE / 4),
    }
    return {rank: (x, y, x + w, y + h) for rank, (x, y) in corners.items()}


def contract_of(origin: str, scaling: str) -> Contract:
    return Contract().with_overrides({"formats": {"origin": origin, "non_a4": scaling}})


class Stage:
    """One document whose pages are of every kind, and what becomes of it; each thing is made once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(document(KINDS, drawing))

    @cache  # noqa: B019 - one stage for the module
    def boxes(self, scaling: str) -> tuple[Box, ...]:
        """All boxes under a contract; where it stands on the axes plays no part."""
        contract = contract_of("top_left", scaling)
        sheet = Sheet(
            rank=1,
            name=self.path.name,
            facts=facts(self.path),
            free=partial(free_boxes, self.path),
            find=partial(find, self.path),
        )
        placed = place_all(
            [sheet], people(), box_size=lambda page: box_size(page.width, page.height, contract)
        )
        assert placed.problems == []
        return placed.boxes[1]

    @cache  # noqa: B019
    def stamped(self, origin: str, scaling: str) -> bytes:
        """The document as the platform in small stamps it."""
        fields = sign_fields(self.boxes(scaling), contract_of(origin, scaling))
        return stamped(self.path.read_bytes(), fields, origin, scaling)

    @cache  # noqa: B019
    def preview(self, scaling: str) -> bytes:
        """The preview of all boxes."""
        frames = [Frame(box.page, box.x, box.y, box.width, box.height, "") for box in self.boxes(scaling)]
        out = self.path.with_suffix(".apercu.pdf")
        preview([PreviewPart(self.path, self.path.name, frames)], out, " ")
        return out.read_bytes()

    def areas(self, number: int, scaling: str) -> dict[int, Area]:
        """Where the boxes of a page were placed, by their colour."""
        return {
            (box.signatory - 1) % 5 + 1: (box.x, box.y, box.x + box.width, box.y + box.height)
            for box in self.boxes(scaling)
            if box.page == number
        }


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(tmp_path_factory.mktemp("mixed") / "mixed.pdf")


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("number", range(1, len(KINDS) + 1), ids=NAMES)
def test_ink_stands_where_it_was_asked(stage: Stage, number: int, origin: str, scaling: str) -> None:
    """B2: whatever page and contract, the stamp is within a point of what the person wrote; free room was free."""
    image = picture(stage.stamped(origin, scaling), number)
    size = box_size(*KINDS[number - 1].size, contract_of(origin, scaling))
    for rank, area in asked(KINDS[number - 1], size).items():
        assert coloured(image, COLOURS[rank], area) == pytest.approx(area, abs=1), rank
    area = stage.areas(number, scaling)[5]
    assert coloured(image, COLOURS[5], area) == pytest.approx(area, abs=1)
    left, top, right, bottom = (round(side * FINE) for side in area)
    before = picture(stage.path.read_bytes(), number).crop((left, top, right, bottom)).convert("L")
    assert before.getextrema()[0] > 250


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("number", range(1, len(KINDS) + 1), ids=NAMES)
def test_the_preview_shows_what_will_be_stamped(stage: Stage, number: int, scaling: str) -> None:
    """B2: what people approve is drawn at the very pixels that the stamp will take."""
    after = picture(stage.stamped("top_left", scaling), number)
    shown = picture(stage.preview(scaling), number)
    for rank, area in stage.areas(number, scaling).items():
        ink = coloured(after, COLOURS[rank], area)
        assert bluish(shown, area) == pytest.approx(ink, abs=1), rank


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_contract_of_a4_alone(stage: Stage, origin: str) -> None:
    """B2: with ``refuse`` every box on another page is told, and A4 is as ever, turned and cropped pages, too."""
    contract = contract_of(origin, "refuse")
    for number, kind in enumerate(KINDS, start=1):
        boxes = [box for box in stage.boxes("page_points") if box.page == number]
        if all(abs(side - a4) <= 2 for side, a4 in zip(kind.size, (595, 842), strict=True)):
            same = sign_fields(boxes, contract_of(origin, "page_points"))
            assert sign_fields(boxes, contract) == same, kind.name
            continue
        with pytest.raises(RequestRejected) as refused:
            sign_fields(boxes, contract)
        assert [problem.code for problem in refused.value.problems] == ["box_page_not_a4"] * 5, kind.name
