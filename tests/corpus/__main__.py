"""``python -m tests.corpus [WORD]``: look at the whole corpus (whose names hold WORD) and print what became of it."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from itertools import chain
from pathlib import Path

from connector.isolated_pdf import IsolatedPdf
from connector.isolation import IsolatedPool
from tests.corpus import specimens
from tests.corpus.outcomes import outcome

EXAMPLES = 3


def main(word: str = "") -> int:
    counts: Counter[tuple[str, str, str]] = Counter()
    examples: dict[tuple[str, str], list[str]] = {}
    with IsolatedPool(maximum=1) as pool, tempfile.TemporaryDirectory() as folder:
        pdf = IsolatedPdf(pool)
        for specimen in chain(specimens.made(), specimens.system(), specimens.library()):
            if word not in f"{specimen.origin} {specimen.name}":
                continue
            kind = "image" if specimen.is_image else "pdf"
            result = outcome(pdf, specimen, Path(folder))
            counts[kind, specimen.package if "library" in specimen.origin else specimen.origin, result] += 1
            examples.setdefault((kind, result), []).append(specimen.name)
            if word:
                print(f"{result:32} {specimen.origin}: {specimen.name}")
    _print_table(counts, examples)
    return 0


def _print_table(counts: Counter[tuple[str, str, str]], examples: dict[tuple[str, str], list[str]]) -> None:
    for kind in ("pdf", "image"):
        of_kind = {key[1:]: count for key, count in counts.items() if key[0] == kind}
        origins = sorted({_group(origin) for origin, _ in of_kind})
        print(f"\n{kind}: {sum(of_kind.values())}")
        print(f"  {'outcome':52}" + "".join(f"{origin[:14]:>16}" for origin in origins))
        for result in sorted({result for _, result in of_kind}):
            row = Counter[str]()
            for (origin, each), count in of_kind.items():
                row[_group(origin)] += count if each == result else 0
            cells = "".join(f"{row[origin] or '':>16}" for origin in origins)
            print(
                f"  {result:52}{cells}   {', '.join(Path(n).name for n in examples[kind, result][:EXAMPLES])}"
            )


def _group(origin: str) -> str:
    return "system" if origin.startswith("system") else origin


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
