"""``python -m tests.adversary``: enumerate runs, keep count, name every finding. See ``--help``.

Every enumeration has a stable order. ``--slice i/n`` takes each n-th run of it; ``--log FILE`` keeps what was done,
and is read first, so that the same command goes on where it was stopped. Pairs are counted so: ``lived`` to their own
end; ``met`` a state whose end was known; ``cut``, since another pair is the same run; ``idle``: cannot happen there;
``spared``, since their first was in a state from which they had been tried.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import pickle
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from tests.adversary.deviations import Deviation, singles
from tests.adversary.explore import explored, normal_points, random_runs
from tests.adversary.tree import Pair, Tree, Verdict, courses_meet
from tests.adversary.world import Mode

_KEPT_EACH = 60.0
"""Seconds between two writes of what has grown."""


def runs_of(mode: Mode, arguments: argparse.Namespace) -> Iterator[tuple[Deviation, ...]]:
    """The enumeration that was asked for, whole."""
    points = normal_points(mode)
    if arguments.runs:
        for text in arguments.runs:
            yield tuple(Deviation.parse(one) for one in text.split("+"))
    elif arguments.random:
        yield from random_runs(mode, arguments.random, arguments.seed)
    else:
        for one in singles(points, mode):
            yield (one,)


def pairs(mode: Mode, arguments: argparse.Namespace, until: float | None) -> tuple[Counter[str], bool]:
    """Grow the tree of one mode as far as time allows; what this very code has grown lies beside the log."""
    kept = Path(f"{arguments.log}.{mode}") if arguments.log else None
    tree = Tree(mode)
    done: set[tuple[str, str]] = set()
    logged: list[str] = []
    if kept is not None and kept.exists():
        tree.ends, tree.pairs, tree.tried, done, logged = pickle.loads(kept.read_bytes())
    counts: Counter[str] = Counter()
    chance = random.Random(f"{mode} {len(done)}")
    stopped = False
    cuts: list[tuple[Deviation, Deviation, Verdict, Pair]] = []
    passed = 0
    saved = time.monotonic()

    def keep() -> None:
        if kept is not None and arguments.log:
            with arguments.log.open("a") as stream:
                stream.writelines(logged)
            logged.clear()
            new = Path(f"{kept}.new")
            new.write_bytes(pickle.dumps((tree.ends, tree.pairs, tree.tried, done, logged)))
            new.replace(kept)

    part, parts = (int(one) for one in arguments.slice.split("/"))
    for first, of in list(tree.work())[part::parts]:
        if (str(first), of) in done:
            continue
        if until is not None and time.monotonic() > until:
            stopped = True
            break
        branch = tree.branch(first, of)
        done.add((str(first), of))
        for second, verdict in branch.found:
            print(f"{mode} {first}+{second}", *verdict.breaches, sep="\n    ", flush=True)
        wrong = 0
        for second, verdict in chance.sample(branch.met, min(arguments.honest, len(branch.met))):
            whole = explored(mode, (first, second))
            counts["compared"] += 1
            if whole.kind != verdict.kind or len(whole.breaches) != len(verdict.breaches):
                wrong += 1
                print(
                    f"{mode} {first}+{second} was taken for {verdict}: {whole.kind} {whole.breaches}",
                    flush=True,
                )
        for second, verdict, twin in branch.cut:
            passed += 1
            place = len(cuts) if len(cuts) < arguments.check_cuts else chance.randrange(passed)
            if place < arguments.check_cuts:
                cuts[place : place + 1] = [(first, second, verdict, twin)]
        counts.update({**branch.verdicts, **branch.counts(), "wrong": wrong})
        told = json.dumps({**branch.verdicts, **branch.counts()})
        logged.append(f"{mode} {first} {of}\t{told}\t{sum(os.times()[:4]):.0f}\n")
        if time.monotonic() - saved > _KEPT_EACH:
            keep()
            saved = time.monotonic()
    keep()
    counts.update(_compared(mode, cuts))
    return counts, stopped


def _compared(mode: Mode, cuts: Sequence[tuple[Deviation, Deviation, Verdict, Pair]]) -> Counter[str]:
    """Live pairs that were cut in full, and beside them those that they were taken for."""
    counts: Counter[str] = Counter()
    for first, second, verdict, twin in cuts:
        whole = explored(mode, (first, second))
        same = whole.kind == verdict.kind and len(whole.breaches) == len(verdict.breaches)
        meet = courses_meet(mode, (first, second), twin)
        counts.update({"cuts compared": 1, "wrong": not same, "never met": not meet})
        if not same or not meet:
            told = f"{twin[0]}+{twin[1]}, {'' if meet else 'which it never meets, '}{verdict}"
            print(f"{mode} {first}+{second} was taken for {told}: {whole.kind} {whole.breaches}", flush=True)
    return counts


def main(given: Sequence[str] | None = None) -> int:
    """Return 1 when something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.adversary", description=__doc__)
    parser.add_argument("--mode", choices=get_args(Mode), action="append", help="one kind of server alone")
    parser.add_argument(
        "--pairs", action="store_true", help="two in each run, as a tree: its slices are of firsts"
    )
    parser.add_argument(
        "--random", type=int, default=0, metavar="N", help="N runs of one to four, drawn by chance"
    )
    parser.add_argument(
        "--honest",
        type=int,
        default=1,
        metavar="N",
        help="of each first, live N pairs whose end was known in full",
    )
    parser.add_argument(
        "--check-cuts",
        type=int,
        default=0,
        metavar="N",
        help="live N of the pairs that were taken for others without living them, and those others, in full",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--slice", default="0/1", metavar="I/N", help="each N-th run, beginning with the I-th"
    )
    parser.add_argument("--shuffle", action="store_true", help="in another order, the same each time")
    parser.add_argument("--log", type=Path, help="keep what was done there, and go on from it")
    parser.add_argument("--seconds", type=float, default=0.0, help="stop after so long")
    parser.add_argument("runs", nargs="*", help="tell these runs: crash@12+edit_pdf@20")
    arguments = parser.parse_args(given)
    logging.disable(logging.WARNING)
    part, parts = (int(one) for one in arguments.slice.split("/"))
    kept = arguments.log.read_text().splitlines() if arguments.log and arguments.log.exists() else []
    done = {line.split("\t", 1)[0] for line in kept}
    counts: Counter[str] = Counter()
    began = time.monotonic()
    for mode in arguments.mode or get_args(Mode):
        if arguments.pairs:
            more, stopped = pairs(mode, arguments, began + arguments.seconds if arguments.seconds else None)
            counts.update(more)
            print(
                f"{mode}: {'as far as time allowed' if stopped else 'all pairs'}; {dict(counts)}", flush=True
            )
            continue
        every = list(runs_of(mode, arguments))[part::parts]
        if arguments.shuffle:
            random.Random(0).shuffle(every)
        for deviations in every:
            name = f"{mode} {'+'.join(str(one) for one in deviations)}"
            if name in done:
                continue
            if arguments.seconds and time.monotonic() - began > arguments.seconds:
                print(f"stopped: {dict(counts)}")
                return 1 if counts["found"] else 0
            outcome = explored(mode, deviations)
            counts[outcome.kind] += 1
            if outcome.kind == "found" or arguments.runs:
                print(name, *outcome.breaches, sep="\n    ", flush=True)
            if arguments.runs:
                print(*outcome.told, sep="\n      ")
            if arguments.log:
                with arguments.log.open("a") as stream:
                    stream.write(
                        f"{name}\t{outcome.kind}\t{json.dumps(outcome.breaches, ensure_ascii=False)}\n"
                    )
        print(f"{mode}: {len(every)} runs enumerated; {dict(counts)}", flush=True)
    return 1 if counts["found"] or counts["wrong"] or counts["never met"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
