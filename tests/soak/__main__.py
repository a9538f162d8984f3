"""``python -m tests.soak``: one soak of any size. Exit status 1 when anything is not as it must be."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.soak.weathered import Soak, weathered


def main() -> int:
    """Read what is wanted, live it, tell it."""
    usual = Soak()
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--letters", type=int, default=210)
    parser.add_argument("--mode", choices=["nextcloud", "plain"], default=usual.mode)
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument(
        "--rate", type=float, default=usual.rate, help="share of the requests that are struck"
    )
    parser.add_argument(
        "--longest", type=float, default=900.0, help="seconds that bad and good weather each may last"
    )
    parser.add_argument("--keep", type=Path, help="an empty directory where everything stays for a look")
    asked = parser.parse_args()
    soak = Soak(
        letters=asked.letters, mode=asked.mode, seed=asked.seed, rate=asked.rate,
        longest_s=asked.longest,
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="jse-soak-") as directory:
        came = weathered(asked.keep or Path(directory), soak)
    print(
        f"{soak.letters} letters, {soak.mode}, seed {soak.seed}: {came.requests} requests in {came.seconds:.0f} s"
    )
    print(
        f"struck: {sum(came.struck.values())} {came.struck}; killed {came.kills} times; doubts resolved: {came.doubts}"
    )
    for fault in came.faults:
        print(f"NOT AS IT MUST BE: {fault}")
    return 1 if came.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
