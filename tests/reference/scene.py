"""The picture on the README: a folder in a file manager, and the status in it, word for word as it is rendered."""

from __future__ import annotations

from xml.sax.saxutils import escape

from connector.report.status import render_status
from tests.unit.report_example import CASES

_ROWS = (
    ("#f0c36d", "Modèles de signature", ""),
    ("#d8453e", "Lettre DUPONT.pdf", "Signature en cours"),
    ("#6f8fb5", "Lettre DUPONT.sign.yaml", ""),
    ("#6f8fb5", "Lettre DUPONT.signature.txt", ""),
    ("#d8453e", "Lettre MARTIN.pdf", "Signé"),
    ("#6f8fb5", "Lettre MARTIN.sign.yaml", ""),
    ("#6f8fb5", "Lettre MARTIN.signature.txt", ""),
    ("#6f8fb5", "_Suivi des signatures.txt", ""),
)
"""Colour of the icon, name, tag."""
_TAGS = {"Signature en cours": "#ff8800", "Signé": "#2e7d32"}
_OPEN = 3
_LINE, _WIDTH, _LIST = 17, 960, 320
_SANS = "font-family='Segoe UI, Ubuntu, Helvetica, Arial, sans-serif'"
_MONO = "font-family='Consolas, DejaVu Sans Mono, Menlo, monospace'"


def picture() -> str:
    """The whole SVG."""
    record, context = CASES["S5"]()
    told = render_status(record, context)
    lines = [told.first_line, *told.body]
    height = max(90 + len(lines) * _LINE, 90 + len(_ROWS) * 40)
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDTH} {height}' role='img'>",
        "<title>A folder in the file manager, and the status of one letter</title>",
        f"<rect width='{_WIDTH}' height='{height}' rx='8' fill='#ffffff' stroke='#c9ced6'/>",
        f"<path d='M0 8a8 8 0 0 1 8-8h{_WIDTH - 16}a8 8 0 0 1 8 8v32H0z' fill='#eef1f5'/>",
        f"<text x='18' y='26' {_SANS} font-size='14' fill='#2b3440'>Lettres de mission 2026</text>",
        f"<text x='{_LIST + 24}' y='26' {_SANS} font-size='14' fill='#2b3440'>{escape(_ROWS[_OPEN][1])}</text>",
        f"<path d='M{_LIST} 0V{height}' stroke='#d9dee5'/>",
    ]
    for number, (colour, name, tag) in enumerate(_ROWS):
        y = 66 + number * 40
        if number == _OPEN:
            parts.append(f"<rect x='6' y='{y - 18}' width='{_LIST - 12}' height='34' rx='4' fill='#dbe9fb'/>")
        parts.append(f"<rect x='18' y='{y - 11}' width='15' height='19' rx='2' fill='{colour}'/>")
        parts.append(f"<text x='44' y='{y + 4}' {_SANS} font-size='14' fill='#2b3440'>{escape(name)}</text>")
        if tag:
            parts.append(f"<rect x='182' y='{y - 10}' width='126' height='18' rx='9' fill='{_TAGS[tag]}'/>")
            parts.append(
                f"<text x='245' y='{y + 3}' {_SANS} font-size='11' fill='#ffffff' text-anchor='middle'>"
                f"{escape(tag)}</text>"
            )
    for number, line in enumerate(lines):
        weight = " font-weight='bold'" if number == 0 else ""
        parts.append(
            f"<text x='{_LIST + 24}' y='{66 + number * _LINE}' {_MONO} font-size='12.5' fill='#1d242c'{weight} "
            f"xml:space='preserve'>{escape(line)}</text>"
        )
    return "\n".join([*parts, "</svg>"]) + "\n"
