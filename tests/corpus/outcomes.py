"""What becomes of a specimen: all that the connector would do with it before anything is sent, in the worker."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from connector.errors import DocumentError
from connector.isolated_pdf import IsolatedPdf
from connector.pdf.facts import problems_of, warnings_of
from connector.pdf.model import PdfFacts
from connector.placement import usual_size
from connector.ports import Box
from tests.corpus.specimens import Specimen

OK = "ok"
MARKS = {"-": "cut short", "~": "bytes changed", "+": "bytes put in", "=": "a part doubled"}
"""How a mutated specimen's name begins."""


def outcome(pdf: IsolatedPdf, specimen: Specimen, folder: Path) -> str:
    """The code it is refused with, or ``ok``; ``ok, <step>: <code>`` where a later step cannot do it.

    Raises what no document may cause: any error that is not DocumentError, a made PDF that may not be sent.
    """
    path, made = folder / "specimen", folder / "made.pdf"
    path.write_bytes(specimen.content)
    try:
        if specimen.is_image:
            pdf.image_to_pdf(path, made)
            facts = pdf.facts(made)
            assert not problems_of(facts)
            return OK
        facts = pdf.facts(path)
    except DocumentError as error:
        return error.code
    problems = problems_of(facts)
    return problems[0].code if problems else _further(pdf, path, made, facts)


def _further(pdf: IsolatedPdf, path: Path, made: Path, facts: PdfFacts) -> str:
    """Look for room on the last page and draw the preview, as for a request with one signatory."""
    last = len(facts.pages)
    size = facts.pages[-1]
    step = "room"
    try:
        spots = pdf.free_room(path)(last, 1, (), usual_size(size))
        assert all(0 <= x <= size.width and 0 <= y <= size.height for x, y in spots)
        step = "preview"
        boxes = [
            Box(signatory=1, page=last, x=x, y=y, page_width=size.width, page_height=size.height)
            for x, y in spots
        ]
        pdf.preview([(path, "lettre.pdf", boxes)], made, {1: "Marie Dupont"}, "Aperçu")
        step = "preview's facts"
        assert len(pdf.facts(made).pages) == last
    except DocumentError as error:
        return f"{OK}, {step}: {error.code}"
    told = "".join(f" + {warning.code}" for warning in warnings_of(facts))
    return OK + told if spots else f"{OK}, no room{told}"


def mutated(specimen: Specimen, seed: int, count: int) -> Iterator[Specimen]:
    """``count`` damaged copies: cut short, bytes changed, bytes put in, a part doubled. Repeatable."""
    chance = random.Random(f"{seed} {specimen.name}")
    for number in range(count):
        content = bytearray(specimen.content)
        at = chance.randrange(len(content))
        mark = "-~+="[number % 4]
        if mark == "-":
            content = content[:at]
        elif mark == "~":
            for _ in range(chance.randint(1, 8)):
                content[chance.randrange(len(content))] ^= chance.randint(1, 255)
        elif mark == "+":
            content[at:at] = chance.randbytes(chance.randint(1, 40))
        else:
            content[at:at] = content[max(0, at - chance.randint(1, 2000)) : at]
        yield replace(specimen, name=f"{mark}{number} {specimen.name}", content=bytes(content))
