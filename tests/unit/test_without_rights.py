"""Every verb, said by a user whom the state directory is not for: one sentence, never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from typer.main import get_command

from connector.cli.app import app
from connector.cli.state import THE_SERVICES, State
from connector.journal import Journal
from tests.unit.test_cli import GOOD

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="root alone becomes another user")
_NOBODY = 65534
_AS_NOBODY = """\
import contextlib, importlib, io, json, os, pkgutil, sys
import connector
for one in pkgutil.walk_packages(connector.__path__, "connector."):
    if not one.name.endswith(("__main__", "_worker")):
        importlib.import_module(one.name)  # nobody need be able to read where it lies
from connector.cli import main
from connector.cli.common import SETTINGS
os.setgroups([]), os.setgid(65534), os.setuid(65534)
for called in json.load(sys.stdin):
    out, status = io.StringIO(), None
    SETTINGS.config = SETTINGS.state = None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            main(called)
        except SystemExit as ended:
            status = ended.code
    print(json.dumps([called, status, out.getvalue()]))
"""
REFUSED = """\
status
status --check
show ABCDEF
spending
backup
backup {place}/backup
restore
restore 0.1.0-20261126T1612Z --yes
rebuild --yes
rebuild --dry-run
rebuild --launch letters --dry-run
rebuild --launch letters --yes
take-over letters --dry-run
take-over letters --yes
leave letters --dry-run
leave letters --yes
cancel ABCDEF --yes
cancel ABCDEF --dry-run
pause lyon
pause lyon --dry-run
resume lyon
retry ABCDEF
unlock ABCDEF
resolve ABCDEF --sent --yes
remind ABCDEF --yes
forget marie@cabinet.example --yes
forget marie@cabinet.example --dry-run
contacts list
contacts import {place}/people.csv --account lyon
notify
connect lyon
run
tick
tick --dry-run
move-journal sqlite:///{place}/other.sqlite --dry-run
move-journal sqlite:///{place}/other.sqlite --yes
calibrate lyon --yes
doctor --offline
package before-upgrade --waited 1
package after-upgrade --from 0.0.1
package before-removal
"""
ASKS_NO_STATE = {"check-config", "version", "lint", "preview", "schema", "demo", "generate-config"}


def said(calls: list[list[str]], place: Path) -> list[tuple[list[str], int | None, str]]:
    given = {
        "JSE_CONFIG": str(place / "config.yaml"),
        "STATE_DIRECTORY": str(place / "state"),
        "JSE_TEST_PASSWORD": "x",
        "JSE_TEST_SECRET": "x",
    }
    environ = {**os.environ, **given}
    done = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY], input=json.dumps(calls), env=environ,
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


def test_each_verb_says_whom_to_ask() -> None:
    """The state directory of a service, a configuration that everybody reads: whoever may not look is told who may."""
    with TemporaryDirectory() as directory:
        place = Path(directory)
        place.chmod(0o755)
        file, state = place / "config.yaml", State(directory=place / "state")
        file.write_text(GOOD)
        (place / "people.csv").write_text(
            "e-mail;prénom;nom\nmarie@cabinet.example;Marie;DUPONT\n", encoding="utf-8"
        )
        state.make()
        with closing(Journal(state.journal_url, now=lambda: datetime.now(UTC))):
            pass
        calls = [line.format(place=place).split() for line in REFUSED.splitlines()]
        known = set(get_command(app).commands)  # type: ignore[attr-defined]
        assert known == ASKS_NO_STATE | {called[0] for called in calls}
        for called, status, text in said([*calls, ["check-config"]], place):
            assert "Traceback" not in text, (called, text)
            if called[0] == "check-config":
                assert (status, "what runs is not told" in text) == (0, True)
                continue
            assert status, (called, text)
            assert "Permission denied" in text, (called, text)
            assert THE_SERVICES in text or f"state directory {state.directory}" in text, (called, text)

        file.chmod(0o600)
        for called, status, text in said(calls, place):
            assert "Traceback" not in text, (called, text)
            assert status, (called, text)
            assert "Permission denied" in text, (called, text)


def test_a_closed_place_in_a_file_is_told_and_the_rest_goes_on() -> None:
    """A folder that wakes below a closed home (``ProtectHome=yes`` closes it alike) is a note beside all else; a file
    that is included by a link to there is one problem of those that are shown."""
    with TemporaryDirectory() as directory:
        place = Path(directory)
        place.chmod(0o755)
        (place / "home" / "sync").mkdir(parents=True)
        (place / "home" / "more.yaml").write_text("folders: {}\n")
        (place / "home").chmod(0o700)
        wakes = GOOD.replace("send: live}", f"send: live, wake: {place}/home/sync}}")
        (place / "config.yaml").write_text(wakes)
        (place / "linked.yml").symlink_to(place / "home" / "more.yaml")
        (place / "including.yaml").write_text(GOOD + 'include: "*.yml"\n')
        calls = [["check-config"], ["check-config", f"{place}/including.yaml"]]
        (_, status, text), (_, refused, told) = said(calls, place)
        assert status == 0, text
        assert "wake: no such folder here, or not readable; polling finds what is new" in text
        assert "Who may ask:" in text
        assert refused == 2, told
        assert f"{place}/including.yaml: 1 problem" in told
        assert "linked.yml" in told


def test_a_journal_in_a_closed_place_is_told() -> None:
    """What is locked beside a journal is not looked for where nobody may look: the journal itself says whom to ask."""
    with TemporaryDirectory() as directory:
        place = Path(directory)
        place.chmod(0o755)
        (place / "closed").mkdir(mode=0o700)
        (place / "own").mkdir()
        os.chown(place / "own", _NOBODY, _NOBODY)
        url = f"sqlite:///{place}/closed/journal/journal.sqlite"
        (place / "config.yaml").write_text(GOOD + f"journal: {{url: '{url}'}}\n")
        how = ["--config", f"{place}/config.yaml", "--state", f"{place}/own/state"]
        for called, status, text in said([[*how, "run"], [*how, "tick"]], place):
            assert status, (called, text)
            assert "the journal" in text, (called, text)
            assert "cannot be read: Permission denied" in text, (called, text)
            assert "Traceback" not in text, (called, text)
