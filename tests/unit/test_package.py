"""The Debian package as it is written: every file that it takes is there, its scripts are sound and keep promises.

Built and installed it is by ``tests/system/test_package.py``.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

import connector

ROOT = Path(__file__).parents[2]
DEBIAN = ROOT / "debian"
SCRIPTS = sorted(DEBIAN.glob("*.p*[tm]*")) + [DEBIAN / name for name in ("build", "stage", "completions")]
MAINTAINER = {path.suffix.removeprefix("."): path.read_text() for path in DEBIAN.glob("*.p*")}


def lines(name: str) -> list[list[str]]:
    text = (DEBIAN / name).read_text()
    return [line.split() for line in text.splitlines() if line and not line.startswith("#")]


def test_the_scripts_are_sound() -> None:
    """The shell reads them, shellcheck has nothing to say where it is there."""
    assert MAINTAINER.keys() == {"preinst", "postinst", "prerm", "postrm"}
    for script in SCRIPTS:
        subprocess.run(["sh", "-n", script], check=True)
    if shutil.which("shellcheck") is not None:
        subprocess.run(["shellcheck", "--shell=sh", *SCRIPTS], check=True)


def test_every_file_that_it_takes_is_there() -> None:
    """Patterns of ``install`` and ``docs`` match; every unit is taken; the links lead to what is installed."""
    for pattern, _ in lines("jse-connector.install"):
        assert list(ROOT.glob(pattern)), pattern
    for (pattern,) in lines("jse-connector.docs"):
        assert list(ROOT.glob(pattern)), pattern
    shared = dict(lines("jse-connector.install"))
    assert shared["docs/monitoring/*.yaml"] == "usr/share/jse-connector/monitoring", (
        "not packed as documents are"
    )
    assert {path.suffix for path in (ROOT / "systemd").iterdir()} == {".service", ".timer"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    links = {place: target for target, place in lines("jse-connector.links")}
    commands = {place for place in links if place.startswith("usr/bin/")}
    assert commands == {f"usr/bin/{name}" for name in project["scripts"]}
    assert all(links[place] == place.replace("usr", "opt/jse-connector", 1) for place in commands)


def test_one_version() -> None:
    """``make deb`` writes one number in both places; they agree before it does."""
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == connector.__version__


def test_the_units_call_what_is_installed() -> None:
    for unit in (ROOT / "systemd").glob("*.service"):
        assert "\nExecStart=/usr/bin/jse-connector " in unit.read_text()


def test_what_the_scripts_must_not_do() -> None:
    """No start that can fail an installation, nothing asked, nothing enabled, nothing fetched."""
    whole = "\n".join(MAINTAINER.values())
    code = "\n".join(line for line in whole.splitlines() if not line.lstrip().startswith("#"))
    for forbidden in (
        "systemctl enable ",
        "systemctl restart",
        "pip ",
        "apt-get",
        "read -p",
        "debconf",
    ):
        wanted = [line for line in code.splitlines() if forbidden in line and "echo" not in line]
        assert wanted == [], forbidden
    for line in code.splitlines():
        if re.search(r"^\s*systemctl (stop|daemon-reload|disable|reset-failed)", line):
            assert "|| true" in line, line
    starts = [line.strip() for line in code.splitlines() if "systemctl start" in line and "echo" not in line]
    assert starts == ['if timeout 90 systemctl start "$unit" >/dev/null 2>&1; then']


def test_what_is_said_to_the_program_exists() -> None:
    """Each call of a maintainer script is a verb with those options."""
    from typer.main import get_command

    from connector.cli.app import app

    package = get_command(app).commands["package"].commands  # type: ignore[attr-defined]
    called = re.findall(
        r"/usr/bin/jse-connector package ([a-z-]+)(?: (--[a-z]+))?", "\n".join(MAINTAINER.values())
    )
    assert {verb for verb, _ in called} == set(package)
    for verb, option in called:
        options = {name for parameter in package[verb].params for name in parameter.opts}
        assert not option or option in options


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs root and mounts of its own"
)
def test_a_purge_of_a_state_that_is_a_mount_or_lies_elsewhere(tmp_path: Path) -> None:
    """What they hold goes, what cannot is said, and it ends well; another's directory behind a link is left alone. With
    requests under way all stays, and the way to remove it by hand forgets nothing."""
    state, config, owner = tmp_path / "state", tmp_path / "etc", pwd.getpwuid(65534).pw_name
    script = tmp_path / "postrm"
    text = (
        MAINTAINER["postrm"]
        .replace("/etc/systemd/", f"{tmp_path}/systemd/")
        .replace("/run/", f"{tmp_path}/run/")
    )
    for name, value in {"STATE": state, "CONFIG": config, "OWNER": owner}.items():
        text, made = re.subn(rf"^{name}=.*$", f"{name}={value}", text, flags=re.MULTILINE)
        assert made == 1
    script.write_text(text.replace("/usr/sbin/userdel", f"{tmp_path}/none"))

    def purged(before: str = "") -> str:
        command = f"set -e; {before or ':'}; sh {script} purge; ls -dl {state} >&2 || true"
        done = subprocess.run(
            ["unshare", "-m", "sh", "-c", command], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def filled(directory: Path) -> Path:
        for name in ("journal", "keys", "tokens", "backup"):
            (directory / name).mkdir(parents=True)
            (directory / name / ".hidden").write_text("")
        (directory / "nothing-open").write_text("")
        for path in (directory, *directory.rglob("*")):
            os.chown(path, 65534, 65534)
        return directory

    filled(state)
    filled(Path(f"{state}@a"))
    config.mkdir()
    (state / "nothing-open").unlink()
    assert f"is needed any more:  rm -r {state} {state}@a {config}; userdel {owner}\n" in purged()
    assert (state / "journal").is_dir()
    (state / "nothing-open").touch()
    assert "No such file" in purged()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["postrm"]

    kept = filled(tmp_path / "kept")
    state.mkdir()
    said = purged(f"mount -t tmpfs tmpfs {state} && cp -a {kept}/. {state}/ && chown {owner} {state}")
    assert f"{state} is a mount: it is empty and stays." in said
    assert " root root " in said
    assert "could not be emptied" not in said
    state.rmdir()

    for moved in (kept, Path(f"{state}@a")):
        state.symlink_to(filled(moved) if not moved.exists() else moved)
        assert "No such file" in purged()
        assert not moved.exists()
        assert not state.is_symlink()

    others = filled(tmp_path / "others")
    os.chown(others, 0, 0)
    state.symlink_to(others)
    assert f"{state} leads to {others}, which is not {owner}'s alone" in purged()
    assert (others / "keys" / ".hidden").exists()
    assert not state.is_symlink()

    filled(state)
    said = purged(
        f"mount -t tmpfs tmpfs {state}/keys && touch {state}/keys/seal && mount -o remount,ro {state}/keys"
    )
    assert f"{state} could not be emptied" in said
    assert f"the user {owner} stays" in said
    assert [path.name for path in state.iterdir()] == ["keys"]


@pytest.mark.parametrize("name", ["preinst", "postinst", "prerm", "postrm"])
def test_each_script_knows_the_others_files(name: str) -> None:
    """The places that they hand to each other are spelled alike."""
    from connector.cli.packaged import NOTHING_OPEN

    text = MAINTAINER[name]
    assert text.startswith("#!/bin/sh\n")
    assert "\nset -e\n" in text
    assert "#DEBHELPER#" in text
    assert re.findall(r"^STATE=(.*)$", text, re.MULTILINE) == ["/var/lib/jse-connector"]
    assert set(re.findall(r"/run/jse-connector\S+", text)) <= {"/run/jse-connector.upgrade"}
    if name != "preinst":
        assert NOTHING_OPEN in text
