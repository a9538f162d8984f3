"""What holds of every placement, whatever is written on whatever pages: inside, apart, complete, or told."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from connector.jesignexpert.boxes import box_size, place
from connector.jesignexpert.contract import Contract
from connector.pdf.model import Found, PageSize, PdfFacts
from connector.pdf.room import GAP, MARGIN, Size, Spot
from connector.placement import Sheet, overlap, place_all
from connector.sidecar.model import Corner, Length, Placement, Signatory

SIZES = (
    (595.28, 841.89),
    (841.89, 595.28),
    (419.53, 595.28),
    (841.89, 1190.55),
    (612.0, 792.0),
    (297.0, 210.0),
)
CONTRACTS = {
    scaling: Contract().with_overrides({"formats": {"non_a4": scaling}})
    for scaling in ("page_points", "scaled_to_a4")
}

lengths = st.one_of(
    st.builds(Length, value=st.floats(0, 700).map(lambda v: round(v, 1)), unit=st.just("pt")),
    st.builds(Length, value=st.integers(0, 100), unit=st.just("%")),
)
pages = st.one_of(st.none(), st.just(-1), st.integers(1, 3))
lines = st.integers(1, 40)
placements = st.one_of(
    st.builds(Placement, page=pages, x=lengths, y=lengths, line=lines),
    st.builds(Placement, page=pages, corner=st.sampled_from(Corner), line=lines),
    st.builds(Placement, page=pages, near=st.sampled_from(("un", "deux", "rien")), line=lines),
    st.builds(Placement, page=pages, document=st.sampled_from((None, "b.pdf", "C", "d")), line=lines),
)
people = st.lists(
    st.lists(placements, max_size=2).map(
        lambda wishes: Signatory(name="Marie", email="m@example.fr", placements=tuple(wishes))
    ),
    min_size=1,
    max_size=5,
)


class Blank:
    """A document without ink: room is taken from the top, honestly; each text stands on each page."""

    def __init__(self, sizes: Sequence[tuple[float, float]]) -> None:
        self.pages = tuple(PageSize(width=width, height=height) for width, height in sizes)

    def free(self, page: int, count: int, taken: Sequence[Spot], size: Size) -> Sequence[Spot]:
        sheet, (width, height) = self.pages[page - 1], size
        found: list[Spot] = []
        y = MARGIN
        while y + height <= sheet.height - MARGIN and len(found) < count:
            x = MARGIN
            while x + width <= sheet.width - MARGIN and len(found) < count:
                if all(abs(x - a) >= width + GAP or abs(y - b) >= height + GAP for a, b in [*taken, *found]):
                    found.append((x, y))
                x += 10
            y += 10
        return found if len(found) == count else []

    def find(self, texts: Sequence[str], _last: Collection[str]) -> Mapping[str, Sequence[Found]] | None:
        return {
            text: [
                Found(page=page, left=30.0 * len(text), top=40.0 * len(text), width=80, height=12)
                for page in range(1, len(self.pages) + 1)
                if text != "rien"
            ]
            for text in texts
        }

    def sheet(self, rank: int, name: str, *, annex: bool = False) -> Sheet:
        facts = PdfFacts(size=1, pages=self.pages)
        return Sheet(rank=rank, name=name, facts=facts, free=self.free, find=self.find, annex=annex)


@given(
    people=people,
    sizes=st.lists(st.sampled_from(SIZES), min_size=1, max_size=3),
    scaling=st.sampled_from(sorted(CONTRACTS)),
    annexes=st.booleans(),
)
def test_laws_of_placement(
    people: list[Signatory], sizes: list[tuple[float, float]], scaling: str, annexes: bool
) -> None:
    """Either something is told and nothing placed, or every box is inside, apart, and the contract takes it."""
    contract = CONTRACTS[scaling]
    paper = Blank(sizes)
    sheets = [paper.sheet(1, "a.pdf"), paper.sheet(2, "b.pdf"), paper.sheet(3, "c.pdf", annex=True)]
    placed = place_all(
        sheets,
        people,
        annexes_need_boxes=annexes,
        box_size=lambda page: box_size(page.width, page.height, contract),
    )
    if placed.problems:
        assert placed.boxes == {}
        assert len(placed.problems) == len({repr(problem) for problem in placed.problems})
        return
    wanted = {1, 2, *({3} if annexes else ())}
    for rank in wanted:
        assert {box.signatory for box in placed.boxes[rank]} == set(range(1, len(people) + 1))
    for rank, boxes in placed.boxes.items():
        assert [box.signatory for box in boxes] == sorted(box.signatory for box in boxes)
        for box in boxes:
            page = paper.pages[box.page - 1]
            assert (box.page_width, box.page_height) == (page.width, page.height)
            assert 0 <= box.x <= page.width - box.width + 0.51
            assert 0 <= box.y <= page.height - box.height + 0.51
        assert not any(overlap(one, other) for one, other in itertools.combinations(boxes, 2))
        for order in range(1, len(people) + 1):
            mine = [box for box in boxes if box.signatory == order]
            assert len(placed.how.get((rank, order), ())) == len(mine)
        free = [box for box in boxes if all(how is None for how in placed.how[rank, box.signatory])]
        assert len(place(free, contract)) == len(free), "what we place ourselves the platform takes"
