"""``lint`` on a thousand pairs, beside the least that could be called reading them.

The peer is a bare loop of ``yaml.safe_load`` and pypdf's page count over the same files, in one process. It does not
know the grammar, repairs nothing, looks at no policy, finds no room for a box, recognises no copy, isolates no hostile
file and says nothing; what it costs is what any program must pay to have read them at all.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests import documents

PAIRS = 1000
BAD = 20
"""Every so manieth pair has something wrong, of five kinds in turn."""
PEER_NAME = "yaml.safe_load + pypdf page count"
_A_FOLDER = 250

_LINT = """
from connector.cli import main
status = 0
try:
    main(["lint", "--json", "--quiet", sys.argv[1]])
except SystemExit as ended:
    status = ended.code
"""
_PEER = """
import logging
from pathlib import Path
import pypdf, yaml
logging.disable()
for file in sorted(Path(sys.argv[1]).rglob("*")):
    try:
        if file.name.endswith(".sign.yaml"):
            yaml.safe_load(file.read_bytes())
        elif file.suffix == ".pdf":
            len(pypdf.PdfReader(file).pages)
    except (yaml.YAMLError, pypdf.errors.PyPdfError):
        pass
status = 0
"""
# The kernel's own peak of a process (ru_maxrss) begins with what its parent held before exec; VmHWM does not.
_USED = """
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]
print(json.dumps([status, sum(u.ru_utime + u.ru_stime for u in used), int(peak) * 1024 / 1e6]))
"""
_SAMPLE_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Linted:
    """One program over all the pairs. Times in ms a pair; memory in MB, of itself and with all that it started."""

    name: str
    pairs: int
    wall: float
    cpu: float
    own: float
    family: float
    """The most at one moment, looked at every 50 ms."""
    ratio: float
    """Of processor time, to the peer's."""


def write_pairs(directory: Path, pairs: int = PAIRS) -> int:
    """Write letters and requests, 250 a folder; return how many are to be corrected."""
    wrong = 0
    for number, fault in zip(range(pairs), _faults(), strict=False):
        folder = directory / f"Clients {number // _A_FOLDER + 1}"
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"Lettre {number:04}"
        phone = f"06 12 {number // 100 % 100:02} {number % 100:02} 78"
        person = f"Marie Dupont <marie.{number}@cabinet.fr> {phone}"
        content = documents.letter.__wrapped__(2 + number % 3, f"Lettre de mission {number}")
        text = f"objet: Lettre de mission {number}\nsignataires: {person}\n"
        if fault == "word":
            text = text.replace("objet", "obget")
        elif fault == "phone":
            text = text.replace(phone, "04 78 12 34 56")
        elif fault == "signatory":
            text = "objet: Lettre de mission\n"
        elif fault == "form":
            content = documents.with_form()
        elif fault == "broken":
            content = content[: len(content) // 2]
        wrong += bool(fault)
        (folder / f"{stem}.pdf").write_bytes(content)
        (folder / f"{stem}.sign.yaml").write_text(text, encoding="utf-8")
    return wrong


def _faults() -> Iterator[str]:
    kinds, number = ("word", "phone", "signatory", "form", "broken"), 0
    while True:
        number += 1
        yield kinds[number // BAD % len(kinds)] if number % BAD == 0 else ""


def measure(directory: Path, pairs: int = PAIRS) -> list[Linted]:
    """Run the peer, then lint, each as a process of its own; the peer reads every file into the system's cache."""
    wrong = write_pairs(directory, pairs)
    peer, lint = _run(_PEER, directory), _run(_LINT, directory)
    verdicts = [json.loads(line).get("verdict") for line in lint.lines]
    if lint.status != 1 or verdicts.count("to_correct") != wrong:
        raise AssertionError(
            f"lint ended with {lint.status}; {wrong} were to be corrected, it told {verdicts}"
        )
    return [
        Linted(
            name=name,
            pairs=pairs,
            wall=one.wall * 1000 / pairs,
            cpu=one.cpu * 1000 / pairs,
            own=one.own_mb,
            family=one.family_mb,
            ratio=one.cpu / peer.cpu,
        )
        for name, one in ((PEER_NAME, peer), ("jse-connector lint", lint))
    ]


@dataclass(frozen=True, kw_only=True)
class _Ran:
    """One process: its exit status, seconds, memory, the lines it printed."""

    status: int
    wall: float
    cpu: float
    own_mb: float
    family_mb: float
    lines: list[str]


def _run(code: str, directory: Path) -> _Ran:
    began = time.perf_counter()
    whole = f"import json, resource, sys\n{code}{_USED}"
    command = [sys.executable, "-c", whole, str(directory)]
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as printed,
        subprocess.Popen(command, stdout=printed) as process,
    ):
        most = _watch(process)
        wall = time.perf_counter() - began
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command[:2])
        printed.seek(0)
        *lines, used = printed.read().splitlines()
    status, cpu, own_mb = json.loads(used)
    return _Ran(
        status=status, wall=wall, cpu=cpu, own_mb=own_mb, family_mb=max(most / 1e6, own_mb), lines=lines
    )


def _watch(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process; return the most bytes that it and its descendants held at one moment."""
    most, whole = 0, psutil.Process(process.pid)
    while process.poll() is None:
        with suppress(psutil.Error):
            family = [whole, *whole.children(recursive=True)]
            most = max(most, sum(one.memory_info().rss for one in family))
        time.sleep(_SAMPLE_S)
    return most
