"""Plain tables for a terminal."""

from __future__ import annotations

from collections.abc import Sequence


def print_table(title: str, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under their heads, columns as wide as they must be, numbers to the right."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(head), *(len(row[n]) for row in texts), 0) for n, head in enumerate(heads)]
    numeric = [all(isinstance(row[n], int | float) for row in rows) for n in range(len(heads))]
    print(f"\n{title}")
    print(
        "  ".join(
            head.rjust(w) if num else head.ljust(w)
            for head, w, num in zip(heads, widths, numeric, strict=True)
        ).rstrip()
    )
    print("  ".join("-" * width for width in widths))
    for row in texts:
        cells = (
            cell.rjust(w) if num else cell.ljust(w) for cell, w, num in zip(row, widths, numeric, strict=True)
        )
        print("  ".join(cells).rstrip())
