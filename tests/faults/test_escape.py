"""What a person does to requests that are over, and to folders that nothing tells of, is acted on in the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connector.errors import OutcomeUnknown, PreconditionFailed
from connector.passes import server_pass
from connector.ports import Href
from tests import documents
from tests.worlds import QUICK, ROOT, Mode, Stage

MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])


class Deadline(float):
    """Over as soon as anything was moved at the server, which no clock decides."""

    stage: Stage
    since: int

    def __add__(self, seconds: float) -> Deadline:
        return self

    def __lt__(self, now: object) -> bool:
        return any(one.method == "MOVE" for one in self.stage.dms.requests[self.since :])


@MODES
def test_tidying_that_is_cut_short_goes_on(tmp_path: Path, mode: Mode) -> None:
    """Three finished requests, and a wish that comes later: what the pass had no time for is done by the next ones."""
    with Stage(tmp_path, mode) as stage:
        folders = [f"{ROOT}/Client {number}" for number in range(3)]
        for folder in folders:
            stage.dms.person.mkdir(folder)
            stage.drop(pdf=documents.letter(text=folder), folder=folder)
        stage.run()
        stage.sign()
        stage.run()
        assert all(record.closed for record in stage.records())
        stage.write("_signature.yaml", "après signature: ranger\n")
        for _ in range(8):
            stage.clock.advance(3)
            deadline = Deadline(1e12)
            deadline.stage, deadline.since = stage, len(stage.dms.requests)
            server_pass(stage.parts, "dms", stage.memory, deadline=deadline)
        assert [any("Demandes" in name for name in stage.files(folder)) for folder in folders] == [True] * 3
        stage.intact()


@MODES
def test_a_status_that_a_program_insisted_on_is_put_right_after_the_end(tmp_path: Path, mode: Mode) -> None:
    with Stage(tmp_path, mode, timing=replace(QUICK, retry_first=timedelta(minutes=10))) as stage:
        stage.drop()
        stage.run()
        stage.sign()
        stage.run()
        assert stage.record().closed
        for number in range(7):
            stage.person.write(f"{ROOT}/lettre.signature.txt", f"EN COURS {number}".encode())
            stage.run(4)
        assert stage.first_line().startswith("EN COURS"), stage.first_line()
        for _ in range(3):
            # Whatever else is to be written there is written.
            stage.clock.advance(120)
            stage.run(3)
        stage.clock.advance(2 * 3600)
        stage.run(4)
        assert stage.first_line().startswith("SIGNÉ")


@MODES
@pytest.mark.parametrize("how", ["saved meanwhile", "absent for a while"])
def test_tidying_waits_for_the_message_that_settings_name(tmp_path: Path, mode: Mode, how: str) -> None:
    """The wish stands far above beside a message that is being saved, or synchronised: what is over does not rest."""
    with Stage(tmp_path, mode) as stage:
        folder = f"{ROOT}/Client"
        stage.dms.person.mkdir(folder)
        stage.write("Message.txt", "Bonjour,\n")
        stage.drop(folder=folder)
        stage.run()
        stage.sign()
        stage.run()
        assert stage.record(folder=folder).closed
        stage.write("_signature.yaml", "message: voir Message.txt\naprès signature: ranger\n")
        if how == "absent for a while":
            stage.delete("Message.txt")
        for number in range(4):
            stage.round()
            if how == "saved meanwhile":
                stage.write("Message.txt", f"Bonjour {number},\n")
        stage.write("Message.txt", "Bonjour !\n")
        stage.run()
        assert [name for name in stage.files(folder) if "Demandes" in name]
        stage.intact()


@MODES
def test_what_is_over_goes_away_and_comes_back(tmp_path: Path, mode: Mode) -> None:
    """Moved to another folder and back, all bytes as they were: it is known where it lies, each time."""
    with Stage(tmp_path, mode) as stage:
        here, there = f"{ROOT}/Client", f"{ROOT}/Archives"
        for folder in (here, there):
            stage.dms.person.mkdir(folder)
        stage.drop(folder=here)
        stage.run()
        stage.sign()
        stage.run()
        for source, target in ((here, there), (there, here)):
            for name in stage.files(source):
                if "(original)" not in name:
                    stage.move(name, name, folder=source, to_folder=target)
            stage.run()
            assert stage.record(folder=target).closed
            assert stage.record(folder=target).document.href == f"/{target}/lettre.pdf"
        stage.intact()


def test_nothing_hidden_is_left_on_a_plain_server(tmp_path: Path) -> None:
    """What was on its way when the connection broke, and what could not be removed, goes with the next new file."""
    with Stage(tmp_path, "plain", start=False) as stage:
        stage.dms.misbehave(kind="status", method="DELETE", status=503, times=2)
        stage.start()
        folder, place = stage.parts.folders["dms"], Href(f"/{ROOT}/lettre (signé).pdf")
        folder.create(Href(f"/{ROOT}/un.txt"), b"1")
        assert len(hidden(stage)) == 1
        folder.create(Href(f"/{ROOT}/deux.txt"), b"2")
        assert hidden(stage) == []
        stage.dms.misbehave(kind="ignore_conditions", method="PUT", times=None)
        folder.reconnect()  # type: ignore[attr-defined]
        folder.create(Href(f"/{ROOT}/trois.txt"), b"3")
        assert hidden(stage) == []
        # Cut on its way; then a person takes the name, and ours goes beside under another one.
        stage.dms.misbehave(kind="cut_before", method="MOVE")
        with pytest.raises(OutcomeUnknown):
            folder.create(place, b"signed")
        assert len(hidden(stage)) == 1
        stage.write("lettre (signé).pdf", b"by hand")
        with pytest.raises(PreconditionFailed):
            folder.create(place, b"signed")
        assert hidden(stage) == []
        assert stage.read("lettre (signé).pdf") == b"by hand"


def hidden(stage: Stage) -> list[str]:
    return [one.name for one in stage.dms.disk(ROOT).iterdir() if one.name.endswith(".part")]


class TwoFolders(Stage):
    """Two watched folders on one server."""

    @property
    def config_text(self) -> str:
        more = "folders: {autres: {server: dms, path: /Autres/, account: cabinet}, lettres:"
        return super().config_text.replace("folders: {lettres:", more)


def test_a_document_that_lies_in_another_watched_folder_is_near_there(tmp_path: Path) -> None:
    """On a server that must be walked, what is done to it in place is seen at the next look, as in its own folder."""
    with TwoFolders(tmp_path, "plain", start=False, depth_infinity=False) as stage:
        home, other = f"{ROOT}/Client 1", "Autres/Client 2"
        for number in range(36):
            stage.dms.person.mkdir(f"{ROOT}/Client {number}")
            stage.dms.person.mkdir(f"Autres/Client {number}")
        stage.start()
        stage.run()
        stage.drop(folder=home)
        stage.run()
        stage.move("lettre.pdf", "lettre.pdf", folder=home, to_folder=other)
        stage.run()
        assert stage.record(folder=home).document.href == f"/{other}/lettre.pdf"
        stage.write("lettre.pdf", documents.letter(text="corrigé"), folder=other)
        stage.run()
        assert stage.record(folder=home).document.changed_at is not None
