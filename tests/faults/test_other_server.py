"""A folder that stands on another server in the configuration, or on one that is called otherwise, keeps its requests.

Whoever moves a DMS edits ``servers:``, its key as well as its url. What is out goes on and comes home, what is over
stays over, and nobody reads that a letter of theirs is a copy.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connector.cli.dry_run import dry_run
from connector.journal import Journal
from connector.passes import account_pass, server_pass
from connector.steps.pauses import SERVER
from connector.steps.waiting import MANUAL
from tests.faults.letters import in_place, letter, send_out
from tests.faults.test_once import BEFORE_US, OTHER, OUT, Town, delivered_once
from tests.unit.test_backups import settings
from tests.worlds import ONE, Mode

MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])
CALLED_OTHERWISE = {"servers: {dms:": "servers: {cloud:", "server: dms": "server: cloud"}


class Moved(Town):
    """A town whose only server may bear another name."""

    server = "dms"

    def called(self, server: str, edits: dict[str, str]) -> None:
        self.server = server
        self.reconfigure(edits)
        self.run()

    def round(self) -> int:
        self.clock.advance(3)
        self.ground.pass_time()
        moved = server_pass(self.parts, self.server, self.memory).moved
        return moved + account_pass(self.parts, "cabinet").moved


@MODES
def test_a_server_called_otherwise_in_the_configuration(tmp_path: Path, mode: Mode) -> None:
    """What is out comes home, what is signed stays told as signed, what waits leaves once, what is new leaves."""
    with Moved(tmp_path, mode) as stage:
        send_out(stage, "finie")
        stage.sign()
        stage.later(60)
        send_out(stage, "lettre")
        stage.parts.journal.hold("cabinet", MANUAL, probe_at=stage.clock.now().replace(year=2100))
        stage.drop("attend")
        stage.run()
        before = [(one.ref, one.state, one.closed) for one in stage.records()]
        stage.called("cloud", CALLED_OTHERWISE)
        assert [(one.ref, one.state, one.closed) for one in stage.records()] == before
        assert {one.server for one in stage.records()} == {"cloud"}
        assert stage.first_line("finie") == in_place("finie")
        assert stage.first_line("lettre").startswith(OUT)
        stage.parts.journal.release("cabinet")
        stage.run()
        stage.sign()
        stage.later(60)
        delivered_once(stage, "finie", "lettre", "attend")
        send_out(stage, "nouvelle")
        assert stage.sends() == [1, 1, 1, 1]
        stage.intact()


def test_a_dry_run_before_the_server_is_called_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever edits the file and looks first sees what will be: nothing of what is out would be a copy."""
    with Moved(tmp_path) as stage:
        send_out(stage, "lettre")
        stage.stop()
        stage.edits = dict(CALLED_OTHERWISE)
        before = stage.state.directory.joinpath("journal", "journal.sqlite").read_bytes()
        assert dry_run(settings(stage), names=False) == 0
        said = capsys.readouterr().out
        assert "1 in progress unchanged" in said
        assert "confirm" not in said
        assert stage.state.directory.joinpath("journal", "journal.sqlite").read_bytes() == before


@MODES
def test_server_and_folder_called_otherwise_at_once(tmp_path: Path, mode: Mode) -> None:
    """The same place under two new names is the same place."""
    with Moved(tmp_path, mode) as stage:
        send_out(stage, "lettre")
        stage.called("cloud", {**CALLED_OTHERWISE, "{lettres:": "{courriers:"})
        assert [(one.server, one.folder) for one in stage.records()] == [("cloud", "courriers")]
        stage.sign()
        stage.later(60)
        delivered_once(stage, "lettre")
        assert stage.sends() == [1]
        stage.intact()


def test_a_pause_of_a_server_outlasts_its_name(tmp_path: Path) -> None:
    """What was paused while the DMS moves stays paused until ``resume``, under the name that it has by then."""
    with Moved(tmp_path) as stage:
        send_out(stage, "lettre")
        stage.parts.journal.hold(SERVER + "dms", MANUAL, probe_at=stage.clock.now().replace(year=2100))
        stage.called("cloud", CALLED_OTHERWISE)
        stage.drop("nouvelle", sidecar=ONE)
        stage.run()
        assert stage.sends() == [1]
        assert stage.parts.journal.held_accounts() == {SERVER + "cloud"}
        assert stage.first_line("nouvelle").startswith("EN PAUSE")
        stage.intact()


def test_an_end_while_a_server_takes_its_requests_along_loses_no_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pause is found by the requests: it is there before they are."""
    with Moved(tmp_path) as stage:
        send_out(stage, "lettre")
        stage.parts.journal.hold(SERVER + "dms", MANUAL, probe_at=stage.clock.now().replace(year=2100))
        usual = Journal.relocate

        def cut(*given: Any, **more: Any) -> int:
            usual(*given, **more)
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(Journal, "relocate", cut)
            with pytest.raises(KeyboardInterrupt):
                stage.called("cloud", CALLED_OTHERWISE)
        stage.reconfigure(CALLED_OTHERWISE)
        stage.drop("nouvelle", sidecar=ONE)
        stage.run()
        assert stage.sends() == [1]
        assert stage.parts.journal.held_accounts() == {SERVER + "cloud"}


def test_what_has_the_ids_of_old_on_another_server_is_somebody_elses(tmp_path: Path) -> None:
    """Each server counts its own files. The folder lies elsewhere there, too: what is out is found by what it is."""
    with Moved(tmp_path) as stage:
        send_out(stage, "lettre")
        stage.stop()
        stage.person.mkdir("Ailleurs")
        for suffix, other in ((".pdf", letter("autre")), (".sign.yaml", OTHER)):
            content = stage.read(f"lettre{suffix}")
            stage.move(f"lettre{suffix}", f"autre{suffix}", to_folder="Ailleurs")
            stage.write(f"autre{suffix}", other, folder="Ailleurs")
            stage.write(f"lettre{suffix}", content, folder="Ailleurs")
        stage.move("lettre.signature.txt", "lettre.signature.txt", to_folder="Ailleurs")
        url = stage.ground.url
        moved = {
            f"'{url}'": f"'{url.replace('127.0.0.1', 'localhost')}'",
            "path: /Lettres/": "path: /Ailleurs/",
        }
        stage.called("cloud", {**CALLED_OTHERWISE, **moved})
        stage.sign()
        stage.later(60)
        assert stage.first_line("lettre", folder="Ailleurs") == in_place("lettre")
        assert stage.first_line("autre", folder="Ailleurs") == BEFORE_US
        assert "autre (signé).pdf" not in stage.files("Ailleurs")
        assert stage.sends() == [1]


def test_a_folder_moves_to_another_server_while_the_first_has_others(tmp_path: Path) -> None:
    """Firm by firm: what was out in the folder comes home where that is now; the other folder's stays where it was."""
    both = "folders: {autres: {server: dms, path: /Autres/, account: cabinet, send: live}, "
    with Moved(tmp_path, "plain", edits={"folders: {": both}, start=False) as stage:
        stage.person.mkdir("Autres")
        stage.start()
        stage.run()
        send_out(stage, "ici")
        send_out(stage, "reste", folder="Autres")
        # The embedded server stands for both: the other one has the same files, at another address.
        url, user = stage.ground.url.replace("127.0.0.1", "localhost"), stage.ground.user
        other = f"cloud: {{url: '{url}', user: '{user}', password: {{file: {tmp_path / 'password'}}}}}"
        edits = {"servers: {": f"servers: {{{other}, ", "lettres: {server: dms": "lettres: {server: cloud"}
        stage.called("cloud", {"folders: {": both, **edits})
        assert {(one.folder, one.server) for one in stage.records()} == {
            ("lettres", "cloud"),
            ("autres", "dms"),
        }
        stage.sign()
        stage.later(60)
        delivered_once(stage, "ici")
        stage.server = "dms"
        stage.later(60)
        delivered_once(stage, "reste", folder="Autres")
        assert stage.sends() == [1, 1]
        stage.intact()
