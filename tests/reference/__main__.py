"""``python -m tests.reference``: write every generated page and section; ``--check`` names those that differ."""

from __future__ import annotations

import sys

from tests.reference import pages


def main(arguments: list[str]) -> int:
    """Write, or with ``--check`` only tell; 1 when something differed and was not written."""
    differing = [path for path, text in pages.written() if pages.found(path) != text]
    if "--check" in arguments:
        for path in differing:
            print(f"{path} is not what the code says: python -m tests.reference")
        return 1 if differing else 0
    for path, text in pages.written():
        pages.write(path, text)
    for path in differing:
        print(f"written: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
