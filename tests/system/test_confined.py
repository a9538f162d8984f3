"""The shipped unit: what it is worth by systemd's own reckoning, and that the service works under it.

What a manager alone can do is held against the unit's text; what this machine lets a test do is done: the filter of
system calls, memory that is never both written and executed, address families, namespaces, umask and limits.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from connector.isolation import JOBS
from tests import documents, pictures, spreadsheets
from tests.confined import UNIT, allowed, settings

pytestmark = pytest.mark.system
MOST_EXPOSED = 1.5

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here"
)


@needs_systemd
@pytest.mark.parametrize("unit", sorted(UNIT.parent.glob("*.service")), ids=lambda unit: unit.stem)
def test_the_unit_is_worth_what_is_said_of_it(unit: Path) -> None:
    """``systemd-analyze security``: 10 is a service without any protection, 0 one that can do nothing."""
    told = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", told.stdout)
    assert found is not None, told.stderr
    assert float(found[1]) <= MOST_EXPOSED, told.stdout


def test_each_protection_says_why_it_is_there() -> None:
    """A comment stands above every line that takes something away."""
    lines = UNIT.read_text(encoding="utf-8").splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith("# Hardening"))
    end = lines.index("[Install]")
    said = False
    for line in lines[begin:end]:
        said = line.startswith("#") or (said and bool(line))
        assert said or not line, f"nothing is said of {line}"


def confined(*command: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.confined", *command], capture_output=True, text=True, check=False,
        timeout=timeout, cwd=UNIT.parents[1],
    )  # fmt: skip


def confinable() -> bool:
    """Whether this machine has libseccomp and takes a filter."""
    return shutil.which("systemd-analyze") is not None and confined("true").returncode == 0


needs_filters = pytest.mark.skipif(not confinable(), reason="no filter of system calls can be set here")

FORBIDDEN = {
    "memory to write and to execute": "import mmap; mmap.mmap(-1, 4096, prot=7)",
    "a namespace": "import os, ctypes; os.strerror(1) if not ctypes.CDLL(None).unshare(0x10000000) else os.close(-1)",
    "a packet socket": "import socket; socket.socket(17, socket.SOCK_RAW)",
    "a program that becomes root": "import os; os.chmod('/proc/self/cwd', 0o4755)",
    "another root": "import os; os.chroot('/')",
    "the clock": "import time; time.clock_settime(time.CLOCK_REALTIME, time.time())",
    "another user": "import os; os.setuid(1)",
}


@needs_filters
def test_the_filters_are_in_force() -> None:
    """Without this the tests below would prove nothing."""
    program = f"""
import json
said = {{}}
for name, code in {FORBIDDEN!r}.items():
    try:
        exec(code)
    except OSError as error:
        said[name] = error.errno
print(json.dumps(said))
"""
    done = confined(sys.executable, "-c", program)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout).keys() == FORBIDDEN.keys()


JOBS_UNDER_IT = """
import json, sys
from pathlib import Path
from connector.isolation import IsolatedPool
home = Path(sys.argv[1])
with IsolatedPool(maximum=1) as pool:
    told = {name: bool(pool.call(name, **arguments)) for name, arguments in json.loads(sys.argv[2]).items()}
print(json.dumps(told))
"""


def jobs(home: Path) -> dict[str, dict[str, object]]:
    """A call of every job, each with what it is for."""
    letter, signed, photo, rows = (home / name for name in ("a.pdf", "s.pdf", "p.jpg", "l.xlsx"))
    letter.write_bytes(documents.letter())
    signed.write_bytes(documents.signed())
    photo.write_bytes(pictures.saved(pictures.quadrants(), "JPEG"))
    rows.write_bytes(spreadsheets.workbook([spreadsheets.person(1)]))
    return {
        "pdf.facts": {"path": str(letter)},
        "pdf.verify": {"path": str(signed), "sent": None},
        "pdf.free_boxes": {"path": str(letter), "page": 1, "count": 1, "taken": [], "size": [200.0, 50.0]},
        "pdf.find_text": {"path": str(letter), "texts": ["Lettre"], "last": []},
        "pdf.preview": {
            "parts": [[str(letter), "a.pdf", [[1, 60.0, 60.0, 200.0, 50.0, "Marie Dupont"]]]],
            "path_out": str(home / "preview.pdf"),
            "label": "APERÇU",
        },
        "images.to_pdf": {"path_in": str(photo), "path_out": str(home / "p.pdf"), "max_bytes": 10_000_000},
        "lists.read": {"path": str(rows), "kind": "xlsx"},
        "isolation.held": {},
        "isolation.missing": {},
    }


@needs_filters
def test_every_parser_works_under_it(tmp_path: Path) -> None:
    """Each job of the limited workers, which also limit themselves: PDFs, images, lists, signatures, previews."""
    asked = jobs(tmp_path)
    assert asked.keys() == JOBS.keys()
    done = confined(sys.executable, "-c", JOBS_UNDER_IT, str(tmp_path), json.dumps(asked))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.keys() == JOBS.keys()
    assert not found["isolation.missing"], "every parser can be loaded"


def test_what_the_filter_lets_pass_is_known() -> None:
    """No group of those that only an administrator's program needs."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here")
    assert settings("SystemCallArchitectures") == ["native"]
    assert not allowed() & {
        "mount",
        "ptrace",
        "bpf",
        "kexec_load",
        "setuid",
        "chown",
        "nice",
        "reboot",
        "init_module",
    }


ALONE = """
set -e
mount --bind "$1" /mnt
shift
mkdir -p /mnt/tmp
mount -t tmpfs tmpfs /mnt/tmp
while [ "$1" != -- ]; do
  mkdir -p "/mnt$1"
  mount --bind "$1" "/mnt$1"
  mount -o remount,bind,ro "/mnt$1"
  shift
done
shift
mount --move /mnt/tmp /tmp
cd "$1"
mount -t proc -o subset=pid,hidepid=invisible proc /proc
mount -o remount,bind,ro /
shift
exec unshare --user --map-current-user setpriv --bounding-set=-all --inh-caps=-all --no-new-privs "$@"
"""
"""In a mount namespace of its own: one writable place, a /tmp of its own, processes alone in /proc, all else read-only;
then a user namespace of its own and no capability. As ProtectSystem=, PrivateTmp=, ProcSubset=, PrivateUsers= do it.
What the tests themselves run from is there as ever, read-only, even when it lies below /tmp."""


def needed() -> list[str]:
    """Places below /tmp without which nothing can be run: this checkout, and the Python of these tests."""
    found = {UNIT.parents[1], Path(sys.prefix), Path(sys.base_prefix)}
    below = sorted(place for place in found if place.is_relative_to("/tmp"))
    return [str(place) for place in below if not found & set(place.parents)]


def apart(place: Path) -> list[str]:
    """What to put before a command, on a machine that lets namespaces be made."""
    before = [
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-c",
        ALONE,
        "sh",
        str(place),
        *needed(),
    ]
    before += ["--", str(UNIT.parents[1])]
    found = subprocess.run([*before, "true"], capture_output=True, check=False)
    if found.returncode:
        pytest.skip("no namespaces can be made here")
    return before


@needs_filters
def test_the_demo_under_it(tmp_path: Path) -> None:
    """The whole way of a letter: both servers, the daemon, its workers, in namespaces and under the filters."""
    demo = [sys.executable, "-m", "connector", "demo", "--auto", "--dir", "/mnt/demo"]
    done = subprocess.run(
        [*apart(tmp_path), sys.executable, "-m", "tests.confined", *demo],
        capture_output=True, text=True, check=False, timeout=300, cwd=UNIT.parents[1],
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 intact signatures" in done.stdout
