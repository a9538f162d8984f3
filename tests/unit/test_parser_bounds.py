"""The worst that fits into what people and servers may write: read within a bound of processor time, always.

A pattern that can read one text in several ways takes time to the power of its length to say no, and holds the whole
service while it does. Each of these has stood still once, or is the worst of its kind; what is asserted is that it
ends, not how fast.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from connector.errors import OutcomeUnknown
from connector.sidecar.corrected import corrected
from connector.sidecar.reading import MAX_BYTES, read_orders, read_whole
from connector.signatory_list.rows import read_rows
from connector.signatory_list.table import MAX_CELL, Cell, Line, Table
from connector.steps.gather import _pattern
from connector.webdav.answers import CREATE, judge
from tests.fuzz.targets import bounded

ROOM = MAX_BYTES - 500
PERSON = "Marie Dupont <marie@cabinet.fr> 06 12 34 56 78"


def filled(begin: str, unit: str, end: str = "") -> bytes:
    return (begin + unit * (ROOM // len((unit).encode())) + end).encode()


WORST: dict[str, Callable[[], bytes]] = {
    "an opened quotation and blanks": lambda: filled("objet: «", " ", "x\n"),
    "blanks before a remark that is none": lambda: filled("objet: a", " ", "x\n"),
    "blanks after an order": lambda: filled("x: [\naction: annuler", " ", "x\n"),
    "a key twice, far from its value": lambda: filled("objet: a\nobjet:", " ", "a\n"),
    "one person and no end": lambda: filled("signataires: ", "a", "\n"),
    "digits and a letter": lambda: filled("signataires: ", "0", "a\n"),
    "brackets": lambda: filled("", "["),
    "dashes": lambda: filled("", "- "),
    "braces": lambda: filled("", "{a: "),
    "anchors": lambda: filled("", "&a "),
    "an endless key": lambda: filled("", "a", ": b\n"),
    "an endless quote": lambda: filled('objet: "', "a\n"),
    "orders": lambda: filled("", "action: annuler\n"),
    "keys that nobody knows": lambda: "".join(f"cle{number}: v\n" for number in range(20_000)).encode(),
    "people": lambda: filled("signataires:\n", f"  - {PERSON}\n"),
}


@pytest.mark.parametrize("case", WORST)
def test_the_worst_request_is_read(case: str) -> None:
    """Whether as a request, as settings or for an order that stands in it."""
    data = WORST[case]()
    assert len(data) <= MAX_BYTES
    with bounded():
        reading = read_whole(data)
        read_orders(data)
        corrected(data, reading.problems)
    assert reading.problems or reading.request is not None


def test_the_worst_cell_is_read() -> None:
    """A cell's text is read in the service itself, after its worker has read the workbook."""
    titles = Line(number=1, cells=tuple(Cell(text=text) for text in ("document", "e-mail", "nom")))
    worst = Cell(text="«" + " " * (MAX_CELL - 2) + "x")
    lines = tuple(Line(number=number, cells=(worst, worst, worst)) for number in range(2, 450))
    with bounded():
        assert len(read_rows(Table(lines=(titles, *lines), count=449), "_signataires.xlsx").rows) == 448


def test_the_worst_page_is_looked_at() -> None:
    """Comments in an answer to a new file: in doubt at once, not after two to the power of their number."""
    response = requests.Response()
    response.status_code = 202
    with bounded(), pytest.raises(OutcomeUnknown, match="not the expected"):
        judge(response, CREATE, b"<!-- a --> " * 5_000 + b"<xml>")
    with bounded(), pytest.raises(OutcomeUnknown, match="a page"):
        judge(response, CREATE, b"\n<!-- a --> <!-- b -- c -->\n" * 1_000 + b"<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("written", "fits", "fails"),
    [
        ("annexe*.pdf", ("annexe.pdf", "annexe 1.pdf", "annexe.pdf.pdf"), ("mon annexe.pdf", "annexe.png")),
        ("*", ("a.pdf", ".pdf", ""), ()),
        ("**a", ("a", "ba.pdf", "aa"), ("ab",)),
        ("a?c*", ("abc", "abcd.pdf"), ("ac", "xabc")),
        ("a*b*c", ("abc", "a b b c", "abcc.pdf"), ("acb", "ab")),
        ("(1)*", ("(1).pdf", "(1) x"), ("1.pdf",)),
        ("a*aa", ("aaa", "aaaa.pdf"), ("aa",)),
    ],
)
def test_what_a_pattern_finds(written: str, fits: tuple[str, ...], fails: tuple[str, ...]) -> None:
    """Stars and question marks mean what they mean everywhere."""
    pattern = _pattern(written)
    assert [name for name in fits if not pattern.fullmatch(name)] == []
    assert [name for name in fails if pattern.fullmatch(name)] == []


def test_the_worst_pattern_is_tried() -> None:
    """Thirty stars against a name that nearly fits."""
    with bounded():
        assert not _pattern("*a" * 30 + "*b").fullmatch("a" * 250)
