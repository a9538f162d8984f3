"""The Debian package, built from this tree and tried in an empty root: install, upgrade, back again, removal, purge.

Needs Debian, root and mmdebstrap, and takes minutes. No manager runs in the root: what systemd does with the units is
held by ``tests/unit/test_systemd.py``; a round (``tick``) stands for the service.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.system
ROOT = Path(__file__).parents[2]
NEXT = "99.0.0"
CONFIG = """\
config_version: 1
support: le support
servers: {dms: {url: 'http://127.0.0.1:9/', user: u, password: {file: /etc/jse-connector/credentials/dms}}}
platform: {url: 'http://127.0.0.1:9/', shortcut: s, secret: {file: /etc/jse-connector/credentials/dms}}
accounts: {lyon: {sender: Cabinet, owner: o@cabinet.fr}}
folders: {letters: {server: dms, path: /Lettres/, account: lyon}}
"""
NEWER = """\
import sqlite3
with sqlite3.connect("/var/lib/jse-connector/journal/journal.sqlite") as journal:
    journal.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE name = 'schema'")
"""
UNDER_WAY = """\
import sqlite3
with sqlite3.connect("/var/lib/jse-connector/journal/journal.sqlite") as journal:
    journal.execute(
        "INSERT INTO record (ref, folder, server, account, state, place, current, closed, facts)"
        " VALUES ('7F3K2Q', 'letters', 'dms', 'lyon', ?, '/x', 1, ?, '{}')", ("in_progress", False))
"""
ENDED = "import sqlite3\nwith sqlite3.connect('/var/lib/jse-connector/journal/journal.sqlite') as journal:\n"
ENDED += "    journal.execute('UPDATE record SET closed = 1')\n"


POSTGRESQL = "import psycopg, connector.journal.vault; print(psycopg.pq.__impl__)"


def possible() -> bool:
    tools = all(shutil.which(tool) for tool in ("mmdebstrap", "chroot", "mount"))
    return tools and os.geteuid() == 0 and Path("/etc/debian_version").exists()


class EmptyRoot:
    """A Debian with nothing but what the package depends on."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def run(self, *command: str, status: int = 0) -> str:
        """Run a command in it; returns what it said."""
        done = subprocess.run(
            ["chroot", self.directory, "env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", *command],
            capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def service(self, *command: str, status: int = 0) -> str:
        return self.run("runuser", "-u", "jse-connector", "--", *command, status=status)

    def there(self, path: str) -> bool:
        return (self.directory / path.lstrip("/")).exists()

    def write(self, path: str, text: str) -> None:
        (self.directory / path.lstrip("/")).write_text(text)


def built(version: str) -> Path:
    subprocess.run(
        ["make", "-C", ROOT, "deb", f"VERSION={version}"], check=True, timeout=1500, capture_output=True
    )
    (package,) = (ROOT / "dist").glob(f"jse-connector_{version}+*.deb")
    return package


@pytest.fixture
def root(tmp_path: Path) -> Iterator[EmptyRoot]:
    directory, codename = tmp_path / "root", ""
    for line in Path("/etc/os-release").read_text().splitlines():
        if line.startswith("VERSION_CODENAME="):
            codename = line.partition("=")[2]
    wanted = "python3,adduser,ca-certificates,systemd"
    subprocess.run(
        ["mmdebstrap", "--variant=minbase", f"--include={wanted}", codename, directory],
        check=True, timeout=900, capture_output=True,
    )  # fmt: skip
    subprocess.run(["mount", "-t", "proc", "proc", directory / "proc"], check=True)
    try:
        yield EmptyRoot(directory)
    finally:
        subprocess.run(["umount", directory / "proc"], check=True)


@pytest.mark.timeout(3600)
@pytest.mark.skipif(not possible(), reason="needs Debian, root and mmdebstrap")
def test_in_an_empty_root(root: EmptyRoot) -> None:
    """Nothing is fetched: the root has no network of its own use for. Each answer is the one the page promises."""
    from connector import __version__

    first, second = built(__version__), built(NEXT)
    for package in (first, second):
        shutil.copy(package, root.directory / "srv")
    old, new = f"/srv/{first.name}", f"/srv/{second.name}"
    said = root.run("dpkg", "-i", old)
    assert "installed, not started" in said
    listed = root.run("dpkg", "-L", "jse-connector").splitlines()
    for place in ("/usr/lib/systemd/system/jse-connector.service", "/etc/jse-connector/config.example.yaml",
                  "/usr/bin/jse-connector-as-service", "/usr/lib/systemd/system/jse-connector-tick.timer",
                  "/usr/lib/systemd/system/jse-connector@.service"):  # fmt: skip
        assert place in listed
    python = "/opt/jse-connector/bin/python"
    assert root.run(python, "-I", "-c", POSTGRESQL).split() == ["binary"]
    modes = root.run("stat", "-c", "%a %U", "/var/lib/jse-connector", "/etc/jse-connector/credentials")
    assert modes.split() == ["700", "jse-connector", "700", "root"]
    assert root.run("jse-connector", "--version").split() == ["jse-connector", __version__]
    root.run("jse-connector", "check-config", "--offline", "/etc/jse-connector/config.example.yaml")
    assert "systemd does not run here" in root.run("jse-connector-as-service", "doctor", status=1)
    names = root.run("find", "/opt/jse-connector", "-name", "RECORD", "-o", "-name", "direct_url.json")
    assert names == "", "nothing tells where it was built"

    root.write("/etc/jse-connector/config.yaml", CONFIG)
    root.write("/etc/jse-connector/credentials/dms", "secret")
    root.run("chmod", "755", "/etc/jse-connector/credentials")
    root.service("jse-connector", "tick", status=1)  # nobody answers; the journal is there
    root.run("dpkg", "-i", old)  # once more: each script may be said again

    said = root.run("dpkg", "-i", new)
    assert "(verified)" in said
    assert f"valid for {NEXT}" in said
    assert f"apt install --allow-downgrades ./{first.name}" in said
    assert root.run("jse-connector", "--version").split()[1] == NEXT
    backup = next(line.split()[1] for line in said.splitlines() if line.startswith("backup ")).rpartition(
        "/"
    )[2]

    root.service("python3", "-c", NEWER)
    said = root.run("dpkg", "-i", "--force-downgrade", old)
    assert "this version knows" in said
    assert f"jse-connector restore {backup}" in said
    assert "not started" in said
    root.run("jse-connector", "restore", backup, "--yes")
    assert root.run("find", "/var/lib/jse-connector", "-user", "root") == ""
    root.service("jse-connector", "status")

    journal = root.directory / "var/lib/jse-connector/journal/journal.sqlite"
    whole = journal.read_bytes()
    journal.write_bytes(whole[:5000])
    said = root.run("dpkg", "-i", new, status=1)
    assert "could not be backed up" in said
    assert root.run("jse-connector", "--version").split()[1] == __version__, "the installed version stays"
    journal.write_bytes(whole)

    root.service("python3", "-c", UNDER_WAY)
    root.run("dpkg", "--purge", "jse-connector")
    assert root.there("/var/lib/jse-connector/journal/journal.sqlite")
    assert root.there("/etc/jse-connector/config.yaml")
    assert not root.there("/opt/jse-connector")
    root.run("dpkg", "-i", old)
    root.service("python3", "-c", ENDED)
    root.run("install", "-d", "-m", "0700", "-o", "jse-connector", "/var/lib/jse-connector@a/spool")
    wants = "/etc/systemd/system/multi-user.target.wants"
    root.run("ln", "-s", "/usr/lib/systemd/system/jse-connector@.service", f"{wants}/jse-connector@a.service")
    root.run("dpkg", "--remove", "jse-connector")
    assert root.there("/var/lib/jse-connector/journal/journal.sqlite")
    assert root.there("/var/lib/jse-connector@a/spool")
    root.run("dpkg", "--purge", "jse-connector")
    left = root.run("find", "/var/lib", "/etc", "/usr", "-name", "*jse-connector*").splitlines()
    assert [path for path in left if "/dpkg/" not in path] == []
    assert not root.there("/opt/jse-connector")
    assert "jse-connector" not in root.run("getent", "passwd")
