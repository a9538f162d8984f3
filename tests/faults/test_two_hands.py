"""Two jobs and one request: recovery of a registry while the account's job goes on with what stands in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from connector.lifecycle import Event, State
from connector.marks import DONE_SUFFIX
from connector.ports import Folder
from connector.steps.recover import own, recover
from tests.worlds import Stage


class Beside:
    """The folder; as soon as the end of a request is read, another job goes on with that request."""

    def __init__(self, folder: Folder, stage: Stage) -> None:
        self._folder, self._stage = folder, stage
        self.done = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._folder, name)

    def get(self, href: Any, *given: Any, **named: Any) -> Any:
        got = self._folder.get(href, *given, **named)
        if str(href).endswith(DONE_SUFFIX) and not self.done:
            self.done += 1
            parts = self._stage.parts
            record = self._stage.record()
            parts.journal.fact(record, Event.SIGNED, done=("send",), signed_at=parts.now())
            parts.spool.put(record.ref, "signed.pdf", lambda stream: stream.write(b"being fetched"))
        return got


def test_an_end_in_the_registry_while_its_document_is_fetched(tmp_path: Path) -> None:
    """An older journal is back, the registry tells the end, the account’s job is faster: no defect, and one end."""
    with Stage(tmp_path, "nextcloud") as stage:
        stage.run()
        stage.drop("lettre")
        stage.run()
        copy = stage.save_journal()
        stage.sign()
        stage.run()
        assert stage.record().state is State.DELIVERED
        stage.restore(copy)
        assert stage.record().state is State.IN_PROGRESS
        folder = Beside(stage.parts.folders["dms"], stage)
        parts = replace(stage.parts, folders={"dms": folder})
        (settings,) = parts.watched.values()
        own(parts, settings)
        recover(parts, settings.registry, [settings])
        assert folder.done == 1
        assert (stage.record().state, stage.record().closed) == (State.DELIVERED, True)
        assert stage.parts.spool.references() == set()
        stage.run()
        assert stage.sends() == [1]
        stage.intact()
