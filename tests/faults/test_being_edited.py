"""A request that somebody has open, or has locked, when it is about to leave: what else goes on, and what is told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from connector.errors import NotFound, Unavailable
from connector.lifecycle import State
from connector.ports import Href
from connector.sandbox.dms.tree import Node
from tests import documents
from tests.worlds import CLAIRE, ONE, QUICK, ROOT, Stage

OPEN = "EN ATTENTE – la demande est ouverte ou verrouillée ; elle partira une fois fermée"


def locked(
    stage: Stage, name: str = "lettre.sign.yaml", user: str = "comptable", *, by_hand: bool = True
) -> Node:
    """Somebody locks a file by hand, or has it open in an editor that does."""
    node = stage.dms.node(f"{ROOT}/{name}")
    assert node is not None
    assert stage.dms.nextcloud is not None
    stage.dms.nextcloud.locks.put(node.fileid, user, by_user=by_hand, timeout_s=None)
    stage.dms.nextcloud.tree.restamp(node)  # as files_lock does (WebDAV facts, trap 6)
    return node


def unlock(stage: Stage, node: Node) -> None:
    """And lets it go."""
    assert stage.dms.nextcloud is not None
    stage.dms.nextcloud.locks.drop(node.fileid)
    stage.dms.nextcloud.tree.restamp(node)


def drop_locked(stage: Stage, name: str = "lettre") -> Node:
    """Write a request that is locked from before it is right."""
    stage.write(f"{name}.pdf", documents.letter(text=name))
    stage.write(f"{name}.sign.yaml", "# à remplir\n")
    stage.run()
    node = locked(stage, f"{name}.sign.yaml")
    stage.write(f"{name}.sign.yaml", ONE)
    stage.run()
    return node


class LockTable:
    """A folder in front of the server's: it counts the questions for locks and, while ``broken``, answers them 500;
    ``gone``: what is not there any more."""

    def __init__(self, stage: Stage, *, broken: bool = True) -> None:
        self._folder, self.broken = stage.parts.folders["dms"], broken
        self.asked: list[str] = []
        self.gone = ""
        folders: dict[str, Any] = stage.parts.folders  # type: ignore[assignment]  # all else is the folder's
        folders["dms"] = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._folder, name)

    def is_being_edited(self, href: Href, *, by_hand: bool = True) -> bool:
        """As the app whose table is broken, or as it is."""
        self.asked.append(href)
        if href == self.gone:
            raise NotFound("gone meanwhile", service="dms", operation="look", status=404)
        if self.broken:
            raise Unavailable("refused", service="dms", operation="look", status=500)
        return self._folder.is_being_edited(href, by_hand=by_hand)


def test_one_that_is_locked_keeps_no_pause_from_ending(tmp_path: Path) -> None:
    """Let through to find out whether credit is back, it finds out nothing: the next one does, at once."""
    with Stage(tmp_path, files_lock=True) as stage:
        drop_locked(stage, "verrouillée")
        stage.platform.credit = 0
        stage.drop("un")
        stage.run()
        assert stage.first_line("un").startswith("EN PAUSE – le crédit")
        stage.delete("un.sign.yaml")
        stage.drop("deux")
        stage.run()
        stage.platform.credit = 10
        stage.clock.advance(15 * 60)
        stage.run()
        assert stage.record("deux").state is State.IN_PROGRESS
        assert stage.first_line("verrouillée") == OPEN
        stage.intact()


def test_a_server_that_never_answers_that_keeps_nothing_for_ever(tmp_path: Path) -> None:
    """Asked once a minute and, after ten, taken for one that does not tell: « dans quelques minutes » stays true."""
    with Stage(tmp_path, files_lock=True) as stage:
        table = LockTable(stage)
        stage.drop()
        stage.run()
        assert stage.sends() == []
        assert len(table.asked) == 1, "not once each pass"
        for _ in range(8):
            stage.clock.advance(61)
            stage.round()
        assert stage.sends() == []
        assert stage.first_line() == "EN ATTENTE – la demande est acceptée et se prépare"
        stage.clock.advance(180)
        stage.run()
        assert stage.sends() == [1]
        stage.intact()


def test_an_answer_that_comes_late_counts(tmp_path: Path) -> None:
    """Within those minutes the server answers again, and somebody has it open: it waits."""
    with Stage(tmp_path, files_lock=True) as stage:
        table = LockTable(stage)
        drop_locked(stage)
        assert stage.first_line() != OPEN
        table.broken = False
        stage.clock.advance(61)
        stage.run()
        assert stage.first_line() == OPEN
        stage.clock.advance(3600)
        stage.run()
        assert stage.sends() == []
        table.broken = True
        stage.clock.advance(61)
        stage.run()
        assert stage.sends() == [], "a new silence has minutes of its own"


def test_what_was_closed_is_not_called_open(tmp_path: Path) -> None:
    """Closed while nothing may leave: what keeps it then is told, not that somebody has it open."""
    with Stage(tmp_path, files_lock=True) as stage:
        node = drop_locked(stage)
        assert stage.first_line() == OPEN
        wait = timedelta(minutes=5)
        stage.parts.let_be["cabinet"] = (5, stage.clock.now() + wait, wait)
        unlock(stage, node)
        stage.run()
        assert stage.first_line() == "EN ATTENTE – la demande est acceptée et se prépare"
        stage.clock.advance(300)
        stage.run()
        assert stage.sends() == [1]


def test_it_is_asked_once_for_each_request(tmp_path: Path) -> None:
    """One question more for what leaves, where that app is."""
    with Stage(tmp_path, files_lock=True) as stage:
        table = LockTable(stage, broken=False)
        stage.drop("un")
        stage.drop("deux")
        stage.run()
        assert stage.sends() == [1, 1]
        assert sorted(table.asked) == [f"/{ROOT}/deux.sign.yaml", f"/{ROOT}/un.sign.yaml"]


def test_nobody_waits_for_our_own_lock(tmp_path: Path) -> None:
    """The connector's login locks with its own hand what it will not write in."""
    with Stage(tmp_path, files_lock=True, timing=QUICK) as stage:
        stage.write("lettre.pdf", documents.letter())
        stage.write("lettre.sign.yaml", "# à remplir\n")
        stage.run()
        locked(stage, user=stage.ground.user)
        stage.write("lettre.sign.yaml", ONE)
        stage.run()
        assert stage.sends() == [1]


SETTINGS = "objet: Lettre de mission\nenvoi: non\n"
SENDING = SETTINGS.replace("non", "oui")


def write_on(stage: Stage, node: Node, content: str) -> None:
    """The editor that has the settings open saves by itself."""
    stage.write("_signature.yaml", content)
    assert stage.dms.nextcloud is not None
    stage.dms.nextcloud.tree.restamp(node)


def test_settings_that_somebody_is_writing_let_nothing_go(tmp_path: Path) -> None:
    """« envoi: oui » is saved while the partner's line is still being typed: nothing leaves without the partner."""
    with Stage(tmp_path, files_lock=True) as stage:
        stage.write("_signature.yaml", SETTINGS)
        for name in ("un", "deux"):
            stage.drop(name)
        stage.run()
        assert stage.first_line("un").startswith("PRÊT")
        table = LockTable(stage, broken=False)
        node = locked(stage, "_signature.yaml", by_hand=False)
        write_on(stage, node, SENDING)
        stage.run()
        assert stage.sends() == []
        for name in ("un", "deux"):
            assert (
                stage.first_line(name)
                == "EN ATTENTE – « _signature.yaml » est ouvert par quelqu’un ; départ à sa fermeture"
            )
        assert set(table.asked) == {f"/{ROOT}/_signature.yaml"}, (
            "for both, and neither was asked about itself"
        )
        write_on(stage, node, SENDING + f"puis: Claire Bernard <{CLAIRE}> 06 98 76 54 32\n")
        unlock(stage, node)
        stage.clock.advance(16)
        stage.run()
        stage.clock.advance(16)
        stage.run()
        # Other people than were shown: shown anew, and let go by the next saving.
        assert {len(record.signatories) for record in stage.records()} == {2}
        assert stage.sends() == []
        stage.intact()


def test_settings_that_are_opened_a_moment_after_they_were_asked_about(tmp_path: Path) -> None:
    """They were closed when the letter before left, seconds ago: what is saved since is another matter."""
    with Stage(tmp_path, files_lock=True) as stage:
        stage.write("_signature.yaml", SENDING)
        stage.drop("un")
        while not stage.sends():
            stage.round()
        node = locked(stage, "_signature.yaml", by_hand=False)
        write_on(stage, node, SENDING + "# puis: Cl\n")
        stage.drop("deux")
        for _ in range(4):
            stage.round()
        assert stage.sends() == [1]
        assert stage.first_line("deux").startswith("EN ATTENTE – « _signature.yaml » est ouvert")
        stage.intact()


def test_settings_are_asked_about_once_for_all_that_rest_on_them(tmp_path: Path) -> None:
    """A folder of forty letters asks its server no forty times whether one file is open."""
    with Stage(tmp_path, files_lock=True) as stage:
        stage.write("_signature.yaml", SENDING)
        table = LockTable(stage, broken=False)
        for number, name in enumerate(("un", "deux", "trois")):
            stage.drop(name)
            while len(stage.sends()) <= number:
                stage.round()
        assert table.asked.count(Href(f"/{ROOT}/_signature.yaml")) < 3


def test_settings_that_go_while_they_are_asked_about_are_open_no_more(tmp_path: Path) -> None:
    """They were open when they were asked about before; nobody has open what is not there."""
    with Stage(tmp_path, files_lock=True) as stage:
        stage.write("_signature.yaml", SENDING)
        table = LockTable(stage, broken=False)
        node = locked(stage, "_signature.yaml", by_hand=False)
        write_on(stage, node, SENDING)
        stage.drop()
        stage.run()
        assert stage.first_line().startswith("EN ATTENTE – « _signature.yaml » est ouvert")
        table.gone = f"/{ROOT}/_signature.yaml"
        stage.clock.advance(16)
        stage.run()
        assert stage.sends() == [1]


def test_settings_that_are_closed_let_go(tmp_path: Path) -> None:
    """Once closed they say what they say; who locks them by hand, to keep them as they are, stops nothing."""
    with Stage(tmp_path, files_lock=True) as stage:
        stage.write("_signature.yaml", SETTINGS)
        stage.drop()
        stage.run()
        node = locked(stage, "_signature.yaml", by_hand=False)
        write_on(stage, node, SENDING)
        stage.run()
        assert stage.sends() == []
        unlock(stage, node)
        stage.clock.advance(16)
        stage.run()
        assert stage.sends() == [1]
        locked(stage, "_signature.yaml")
        stage.drop("autre")
        stage.run()
        assert stage.first_line("autre").startswith("EN COURS")
        stage.intact()
