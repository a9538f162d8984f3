"""``python -m tests.fuzz 10000 [PARSER …]``: so many examples of each parser, and what they came to."""

from __future__ import annotations

import os
import random
import resource
import sys
import time
import traceback

from tests.fuzz.targets import TARGETS, WORKERS, run

SERIES = 10_000
"""Examples in a row under one seed: Hypothesis remembers what it has made, which grows."""
MEMORY = 3 * 1024**3


def main(arguments: list[str]) -> int:
    """Print a line a parser: examples, seconds, distinct outcomes and the commonest. 1 when a defect was found."""
    most = int(arguments[0]) if arguments else 1_000
    wanted = arguments[1:]
    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, hard))
    number = int(os.environ.get("FUZZ_SEED", random.SystemRandom().randrange(1_000_000)))
    print(f"seed {number}; {most} examples a parser, fewer of what runs in a worker", flush=True)
    found = 0
    try:
        for target in TARGETS:
            if not wanted or target.name in wanted:
                found += _one(target, most, number)
    finally:
        WORKERS.close()
    print(f"{found} parsers with a defect", flush=True)
    return 1 if found else 0


def _one(target, most: int, number: int) -> int:  # type: ignore[no-untyped-def]
    began, outcomes, failed = time.process_time(), None, 0
    for series, first in enumerate(range(0, most, SERIES)):
        try:
            counted = run(target, min(SERIES, most - first), number=number + series)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            print(f"{target.name}: DEFECT (seed {number + series})", flush=True)
            traceback.print_exception(error, limit=-6)
            failed = 1
            break
        outcomes = counted if outcomes is None else outcomes + counted
    if outcomes is not None:
        common = ", ".join(f"{name or '-'} {count}" for name, count in outcomes.most_common(4))
        print(
            f"{target.name}: {outcomes.total()} examples, {time.process_time() - began:.0f} s,"
            f" {len(outcomes)} outcomes: {common}",
            flush=True,
        )
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
