"""``python -m tests.fleet``: one storm of any size over a fleet. Exit status 1 when anything is not as it must be."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.fleet import network
from tests.fleet.chaos import Storm, stormed, told


def main() -> int:
    """Read what is wanted, live it, tell it."""
    usual = Storm()
    parser = argparse.ArgumentParser(prog="python -m tests.fleet", description=__doc__)
    for name in ("firms", "letters", "connectors", "faults", "seed"):
        parser.add_argument(f"--{name}", type=int, default=getattr(usual, name))
    parser.add_argument("--mode", choices=["nextcloud", "plain"], default=usual.mode)
    parser.add_argument("--alone", action="store_true", help="one database server, no standby")
    parser.add_argument("--longest", type=float, default=600.0, help="seconds that the calm may last")
    parser.add_argument("--keep", type=Path, help="an empty directory where everything stays for a look")
    asked = parser.parse_args()
    if why := network.why_not():
        print(f"nobody is cut off: {why}")
    storm = Storm(
        firms=asked.firms, letters=asked.letters, connectors=asked.connectors, faults=asked.faults, mode=asked.mode,
        seed=asked.seed, paired=not asked.alone, longest_s=asked.longest,
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="jse-fleet-") as directory:
        came = stormed(asked.keep or Path(directory), storm)
    size = f"{storm.firms} firms of {storm.letters} letters, {storm.connectors} connectors"
    print(f"{size}, {storm.mode}, seed {storm.seed}")
    print("\n".join(told(came)))
    return 1 if came.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
