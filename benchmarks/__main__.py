"""``python -m benchmarks [NAME …]``: all of ``SHOWS`` in one run by default; printed, nothing is kept."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import get_args

from benchmarks import (
    burst,
    filled,
    finding,
    fleet,
    idle,
    lint,
    looking,
    placement,
    requests,
    start,
    transfer,
)
from benchmarks.finding_counts import rclone_version
from benchmarks.table import print_table
from tests.worlds import Mode


def show_requests(directory: Path) -> None:
    """Print each request of one signature with its bucket, and every bucket beside its least."""
    costs = [requests.measure(directory / mode, mode) for mode in get_args(Mode)]
    for cost in costs:
        print_table(
            f"One signature, {cost.mode}: every request in its order, at each server",
            ["server", "method", "what", "status", "counted as"],
            [
                [line.server, line.method, _short(line.what), line.status, _counted(line)]
                for line in cost.lines
            ],
        )
    for cost in costs:
        buckets = [*cost.least, *sorted(cost.spent.keys() - cost.least.keys())]
        rows: list[list[object]] = [
            [
                bucket,
                cost.least.get(bucket, 0),
                cost.spent[bucket],
                cost.spent[bucket] - cost.least.get(bucket, 0),
            ]
            for bucket in buckets
        ]
        rows.append(["in all", cost.minimum, cost.total, cost.excess])
        print_table(
            f"One signature, {cost.mode}: {cost.total} requests, goal at most {cost.minimum} + {requests.GOAL}",
            ["counted as", "least", "spent", "excess"],
            rows,
        )


def show_start(directory: Path) -> None:
    """Print whole processes beside the reference."""
    print_table(
        f"Start: whole processes, interleaved, medians of {start.ROUNDS}; goal at most {start.GOAL:g} x",
        ["command", "ms", "ratio"],
        [[one.command, round(one.seconds * 1000), f"{one.ratio:.2f}"] for one in start.measure(directory)],
    )


def show_idle(directory: Path) -> None:
    """Print the idle service beside its bare libraries."""
    found = idle.measure(directory)
    bare = found[-1].megabytes
    print_table(
        f"Idle service after its first pass, children included, medians of {idle.ROUNDS}",
        ["process", "MB RSS", "ratio", "processes", "CPU s/min"],
        [
            [one.name, round(one.megabytes, 1), f"{one.megabytes / bare:.2f}", one.processes,
             f"{one.processor:.2f}"]
            for one in found
        ],
    )  # fmt: skip


def show_placement(directory: Path) -> None:
    """Print what placing by text costs beside the peer."""
    print_table(
        f"Placing by text on {placement.PAGES} pages, each in its own process, medians of {placement.ROUNDS}",
        ["job", "ms", "ratio", "MB peak", "places"],
        [
            [one.job, round(one.seconds * 1000, 1), f"{one.ratio:.2f}", round(one.megabytes, 1), one.places]
            for one in placement.measure(directory)
        ],
    )


def show_lint(directory: Path) -> None:
    """Print lint beside a bare loop over the same files, with the memory of each."""
    found = lint.measure(directory)
    print_table(
        f"lint: {found[0].pairs} pairs, times a pair, memory at its peak; ratio of processor time",
        ["program", "ms wall", "ms CPU", "ratio", "MB own", "MB with workers"],
        [
            [one.name, f"{one.wall:.1f}", f"{one.cpu:.1f}", f"{one.ratio:.1f}", round(one.own), round(one.family)]
            for one in found
        ],
    )  # fmt: skip


def show_finding(directory: Path) -> None:
    """Print what finding costs: counts and goals first, then every way beside the others."""
    rows, goals = finding.measure(directory)
    version, unpaced = rclone_version()
    told = "rclone is not installed (apt install rclone): nothing is held against it"
    if version:
        pacing = (
            "its own pacing switched off" if unpaced else "its own pacing of 10 ms cannot be switched off"
        )
        told = f"rclone {version}, {pacing}"
    print_table(f"Finding, goals; {told}", ["what", "reached", "goal", ""], [goal.row for goal in goals])
    print_table(
        f"Finding, every way: medians of {finding.ROUNDS}, each in its own process",
        ["where", "way", "requests", "MB", "s", "ratio", "CPU s", "MB more"],
        rows,
    )


def show_transfer(directory: Path) -> None:
    """Print what a megabyte takes to the DMS and back."""
    found = [one for mode in get_args(Mode) for one in transfer.measure(directory, mode)]
    print_table(
        f"1 MB to and from the DMS, in turn with bare httpx, medians of {transfer.ROUNDS}; "
        f"goal at most {transfer.GOAL:g} x",
        ["transfer", "requests", "bare", "ms", "ratio"],
        [
            [one.what, one.requests, one.bare_requests, round(one.seconds * 1000, 1), f"{one.ratio:.2f}"]
            for one in found
        ],
    )


def show_burst(directory: Path) -> None:
    """Print what many pairs dropped at once cost, beside a bare script that makes the same calls."""
    rows: list[list[object]] = []
    for mode in get_args(Mode):
        for distance_s, rounds in burst.ROUNDS.items():
            found = burst.measure(directory, mode, distance_s, rounds)
            first, other = found.ours[0], found.bare[0]
            rows.append(
                [
                    mode, round(distance_s * 1000), rounds, f"{first.per_pair:.2f}", burst.MAIN[mode] + burst.MORE,
                    f"{other.per_pair:.2f}", f"{first.reused:.4f}", f"{found.rate:.2f}",
                ]
            )  # fmt: skip
    print_table(
        f"{burst.PAIRS} pairs dropped at once, launch to delivery; goals: requests for each pair as told, "
        f"{burst.REUSED:g} on a reused connection, {burst.GOAL:g} of a bare script's pairs per second",
        ["server", "ms away", "rounds", "requests", "at most", "bare", "reused", "pairs/s to bare"],
        rows,
    )


def show_fleet(directory: Path) -> None:
    """Print what several connectors on one PostgreSQL come to, beside one on SQLite."""
    print_table(
        f"Pairs of {fleet.FIRMS} firms dropped at once ({', '.join(map(str, fleet.PAIRS.values()))}), "
        f"launch to closed end; counts for each pair, medians of {fleet.ROUNDS}",
        fleet.HEADS,
        fleet.rows(directory),
    )


def show_looking(directory: Path) -> None:
    """Print what firms cost at which nothing happens."""
    print_table(
        f"One connector that only looks, both sides of each firm every {looking.EVERY_S} s: for each such round",
        ["firms", "statements", "connector ms CPU", "database ms CPU", "MB with workers", "connections"],
        [
            [one.firms, round(one.statements), round(one.connector_ms), round(one.database_ms), round(one.megabytes),
             one.connections]
            for one in looking.measure(directory)
        ],
    )  # fmt: skip


def show_filled(_directory: Path) -> None:
    """Print what the questions of a pass cost in a journal that holds a tenth of a million open requests."""
    filled.main(["--records", "100000", "--firms", "1000", "--servers", "50"])


def _short(path: str) -> str:
    return path if len(path) <= 60 else f"{path[:20]}…{path[-39:]}"


def _counted(line: requests.Line) -> str:
    return line.bucket if line.counted else f"({line.bucket}: not counted)"


SHOWS = {
    "finding": show_finding,
    "requests": show_requests,
    "start": show_start,
    "idle": show_idle,
    "placement": show_placement,
    "lint": show_lint,
    "transfer": show_transfer,
    "burst": show_burst,
    "fleet": show_fleet,
    "looking": show_looking,
    "filled": show_filled,
}


def main(wanted: list[str]) -> int:
    """Show what is wanted, everything by default. Exit status 2 for a name that is none."""
    if unknown := set(wanted) - SHOWS.keys():
        print(
            f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(SHOWS)}", file=sys.stderr
        )
        return 2
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"Ratios of one run; {os.cpu_count()} processors, load before it began {load}.")
    for name in wanted or SHOWS:
        with tempfile.TemporaryDirectory(prefix="jse-bench-") as directory:
            SHOWS[name](Path(directory))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
