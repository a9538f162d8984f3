"""Real processes, really killed: at a request that a server has at hand, or at a commit of their own journal.

The crash matrix (tests/faults) strikes every point inside one process; here a sample of every kind shows that nothing
of it rests on that: SIGKILL, then the program is started again as systemd would.
"""

from __future__ import annotations

import signal
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

import pytest

from connector.sandbox.dms.messages import ConnectionCut
from connector.sandbox.platform.editor_api import Cut
from tests import documents
from tests.faults.points import READS
from tests.faults.stories import signatures
from tests.system.test_cli import MARIE, PHONE, Process, Stage, until
from tests.system.test_journal_frozen import HURRIED

pytestmark = pytest.mark.system

LETTER = documents.letter(1, "Lettre")
NAME = "Lettre"
Moment = Literal["before", "after"]


@dataclass(frozen=True)
class Kill:
    """``what``: "METHOD glob of the path" at the DMS, or the name of an operation of the platform.

    Killed as the server has the request: ``before`` it has an effect, which then never comes, or ``after``.
    """

    what: str
    moment: Moment


class Killer:
    """Stands behind both servers."""

    def __init__(self, stage: Stage) -> None:
        self._wanted: Kill | None = None
        self._process: Process | None = None
        self.done = threading.Event()
        take, count, handle = stage.dms.rules.take, stage.dms.count, stage.platform.handle

        def taking(method: str, paths: tuple[str, ...]) -> Any:
            if self._meets("before", f"{method} {paths[0]}"):
                raise ConnectionCut
            return take(method, paths)

        def counting(**facts: Any) -> Any:
            counted = count(**facts)
            self._meets("after", f"{facts['method']} {facts['path']}")
            return counted

        def handling(call: Any, rules: Any = ()) -> Any:
            if self._meets("before", call.operation):
                raise Cut
            answer = handle(call, rules)
            self._meets("after", call.operation)
            return answer

        stage.dms.rules.take, stage.dms.count = taking, counting  # type: ignore[method-assign]
        stage.platform.handle = handling  # type: ignore[method-assign]

    def aim(self, process: Process, kill: Kill) -> None:
        self.done.clear()
        self._process, self._wanted = process, kill

    def _meets(self, moment: Moment, what: str) -> bool:
        wanted, process = self._wanted, self._process
        if wanted is None or process is None or wanted.moment != moment or not fnmatchcase(what, wanted.what):
            return False
        self._wanted = None
        process.signal(signal.SIGKILL)
        assert process.wait(20) == -signal.SIGKILL
        self.done.set()
        return True


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with ExitStack() as stack:
        stage = Stage(tmp_path, stack)
        stage.connect()
        stage.watch()
        stage.dms.person.write(f"Lettres/{NAME}.pdf", LETTER)
        stage.dms.person.write(
            f"Lettres/{NAME}.sign.yaml", f"signataires: Marie Dupont <{MARIE}> {PHONE}\n".encode()
        )
        yield stage


SENDING = (
    Kill("create", "before"), Kill("create", "after"), Kill("upload", "after"), Kill("signatory", "after"),
    Kill("PUT *.sent", "before"), Kill("PUT *.sent", "after"), Kill("send", "after"),
    Kill("PUT *.signature.txt", "before"), Kill("PUT *.signature.txt", "after"),
)  # fmt: skip
RETURNING = (
    Kill("status", "after"), Kill("download", "before"), Kill("download", "after"), Kill("MKCOL */uploads/*", "after"),
    Kill("PUT */uploads/*", "after"), Kill("MOVE */uploads/*", "before"), Kill("MOVE */uploads/*", "after"),
    Kill("PUT *.signature.txt", "after"), Kill("PUT */systemtags-relations/*", "after"),
    Kill("DELETE */systemtags-relations/*", "after"), Kill("PUT *.done", "before"), Kill("PUT *.done", "after"),
)  # fmt: skip


def killed_at(stage: Stage, kills: tuple[Kill, ...]) -> None:
    """Start the service, and kill it at each of these in turn."""
    killer = Killer(stage)
    for kill in kills:
        process = stage.start()
        killer.aim(process, kill)
        until(lambda: killer.done.is_set() or answers(stage), process)


def sign_once(stage: Stage) -> None:
    """Sign what was sent and waits for a signature."""
    for view in stage.platform.transactions():
        if view.sends and view.ended_at is None and view.signatories[0].status not in {"signed", "refused"}:
            stage.platform.person_signs(view.id, MARIE)


def answers(stage: Stage) -> None:
    """Where the connector cannot tell, the author says what is true, as the status asks: nothing has left."""
    left = any(view.sends for view in stage.platform.transactions())
    if stage.told(NAME).startswith("À VÉRIFIER") and not left:
        text = f"signataires: Marie Dupont <{MARIE}> {PHONE}\naction: pas partie\n"
        if stage.dms.person.read(f"Lettres/{NAME}.sign.yaml") != text.encode():
            stage.dms.person.write(f"Lettres/{NAME}.sign.yaml", text.encode())


def home(stage: Stage) -> None:
    """Start once more, and let everything come to its end."""
    process = stage.start()
    process.ready()
    until(lambda: closed(stage), process)
    process.signal(signal.SIGTERM)
    assert process.wait() == 0, process.output
    assert "Traceback" not in process.output


def _rows(stage: Stage, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(stage.state / "journal" / "journal.sqlite")) as connection:
        return connection.execute(query).fetchall()


def closed(stage: Stage) -> bool:
    rows = _rows(stage, "SELECT closed, state FROM record WHERE current")
    return rows == [(1, "delivered")]


def judge(stage: Stage) -> None:
    """Sent once, delivered once, the original kept, nothing open, nothing left lying."""
    assert [view.sends for view in stage.platform.transactions() if view.sends] == [1]
    assert stage.invitations() == 1
    signed = stage.dms.person.read(f"Lettres/{NAME}.pdf")
    assert signatures(signed) == 1
    assert [content for _, _, content in stage.dms.versions_of(f"Lettres/{NAME}.pdf")] == [signed, LETTER]
    assert stage.dms.tags_of(f"Lettres/{NAME}.pdf") == ["Signé"]
    assert stage.told(NAME).startswith("SIGNÉ")
    files = sorted(path.name for path in (stage.directory / "files" / "Lettres").glob(f"{NAME}*"))
    assert files == [f"{NAME}.pdf", f"{NAME}.sign.yaml", f"{NAME}.signature.txt"]
    assert _rows(stage, "SELECT step FROM intent") == []
    assert _rows(stage, "PRAGMA integrity_check") == [("ok",)]
    assert list((stage.directory / "dms" / "uploads").rglob("*.part")) == []
    left = [
        path for path in stage.state.rglob("*") if path.name.endswith(".part") or path.parent.name == "spool"
    ]
    assert left == []


def test_killed_at_the_two_that_count(stage: Stage) -> None:
    """E1: SIGKILL with ``send`` answered and unheard, and with the delivery made and not noted: once, and once."""
    killed_at(stage, (Kill("send", "after"),))
    stage.sign()
    killed_at(stage, (Kill("MOVE */uploads/*", "after"),))
    home(stage)
    judge(stage)


def test_killed_at_every_kind_of_request(stage: Stage) -> None:
    """E1, D7: one after the other, each start killed a little further on its way."""
    killed_at(stage, SENDING)
    stage.sign()
    killed_at(stage, RETURNING)
    home(stage)
    judge(stage)


def test_killed_before_the_send(stage: Stage) -> None:
    """E1: the intent stands and nothing left: asked, in doubt, said; sent once when a person says that it was not."""
    killed_at(stage, (Kill("send", "before"),))
    process = stage.start()
    until(lambda: stage.told(NAME).startswith("À VÉRIFIER"), process)
    assert stage.invitations() == 0
    answers(stage)
    until(stage.invitations, process)
    stage.sign()
    until(lambda: closed(stage), process)
    process.signal(signal.SIGTERM)
    assert process.wait() == 0
    judge(stage)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_at_its_own_commits(stage: Stage, moment: Moment) -> None:
    """E1: each start dies at one of its first commits, however often, the later ones a little further on their way."""
    for number in range(40):
        command = stage.command("tick")
        dying = [command[0], "-m", "tests.system.dying", moment, str(3 + number // 8), *command[3:]]
        process = Process(dying, stage.environ, stage.directory)
        status = process.wait(60)
        sign_once(stage)
        if status != -signal.SIGKILL:
            assert status == 0, process.output
            if closed(stage):
                break
        answers(stage)
    home(stage)
    judge(stage)


# ----------------------------------------------------------------------------------------- SIGTERM


def test_sigterm_during_an_upload(stage: Stage) -> None:
    """E2: the upload in flight gets its time and its answer; nothing else begins: no marker, no send."""
    stage.platform.misbehave(operation="upload", kind="latency", seconds=1.5)
    process = stage.start()
    until(lambda: not stage.platform.misbehaviour.pending(), process)  # the upload is on its way
    process.signal(signal.SIGTERM)
    assert process.wait() == 0
    assert [one.operation for one in stage.platform.requests if one.operation == "upload"] == ["upload"]
    assert [view.documents for view in stage.platform.transactions()] == [(f"{NAME}.pdf",)]
    assert [one.operation for one in stage.platform.requests] == ["create", "upload"]
    assert not any(one.path.endswith(".sent") and one.method == "PUT" for one in stage.dms.requests)
    assert "Traceback" not in process.output


def test_sigterm_during_a_write(stage: Stage) -> None:
    """E2: the status in flight is written whole; the tag, and whatever comes next, is left to the next start."""
    rule = stage.dms.misbehave(kind="latency", method="PUT", path="*.signature.txt", seconds=1.5)
    process = stage.start()
    until(lambda: not rule.times, process)
    process.signal(signal.SIGTERM)
    assert process.wait() == 0
    asked = [f"{one.method} {one.path}" for one in stage.dms.requests]
    last = max(
        number for number, one in enumerate(asked) if one.startswith("PUT") and ".signature.txt" in one
    )
    assert stage.told(NAME).startswith("EN COURS – ")
    assert [one for one in asked[last + 1 :] if one.split()[0] not in READS] == []


def test_sigterm_while_a_call_does_not_come_back(stage: Stage) -> None:
    """E2: after its 25 s the service ends all the same, and its intent remains: a question for the next start."""
    stage.platform.misbehave(operation="send", kind="latency", seconds=35)
    process = stage.start()
    until(lambda: _rows_of_send(stage), process)
    process.signal(signal.SIGTERM)
    assert process.wait(45) == 0
    assert "still in an effect; its intent remains" in process.output
    assert [step for (step,) in _rows(stage, "SELECT step FROM intent")] == ["send"]
    again = stage.start()
    until(stage.invitations, again)
    stage.sign()
    until(lambda: closed(stage), again)
    again.signal(signal.SIGTERM)
    assert again.wait() == 0
    judge(stage)


def test_sigterm_while_a_call_of_a_round_does_not_come_back(stage: Stage) -> None:
    """E2: the timer's round ends, too, before systemd would kill it, and the next one finds the intent."""
    stage.platform.misbehave(operation="send", kind="latency", seconds=20)
    command = stage.command("tick")
    process = Process([command[0], "-c", HURRIED, *command[3:]], stage.environ, stage.directory)
    until(lambda: _rows_of_send(stage), process)
    process.signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert "does not answer: what was under way is looked at first at the next start" in process.output
    assert [step for (step,) in _rows(stage, "SELECT step FROM intent")] == ["send"]


def _rows_of_send(stage: Stage) -> bool:
    return (stage.state / "journal" / "journal.sqlite").exists() and bool(
        _rows(stage, "SELECT 1 FROM intent WHERE step = 'send'")
    )
