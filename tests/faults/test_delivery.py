"""The way home of a signed document, with every write of it broken in turn, on both kinds of server.

Many letters are delivered in one pass, each with a fault of its own. The original's bytes survive every time: as a
version where the server keeps them, else beside (protocol R5, R8, step 9).
"""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.lifecycle import State
from connector.sandbox.dms import Rule
from tests import documents
from tests.dms_faults import FAULTS, TORN
from tests.faults.letters import beside, in_place, letter, send_out
from tests.worlds import CLAIRE, MARIE, ONE, OVERVIEWS, QUICK, ROOT, TWO, Mode, Stage

MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])
NEXTCLOUD_WRITES = ("MKCOL", "PUT", "MOVE")
PLAIN_WRITES = ("MOVE", "PUT")


def signatures_in(stage: Stage, name: str, *, folder: str = ROOT) -> int:
    """Count the intact signatures of what a person finds under that name."""
    path = stage.directory / "looked-at.pdf"
    path.write_bytes(stage.read(name, folder=folder))
    verdict = stage.parts.documents.verify_signed(path)
    return len(verdict.signatures) if verdict.intact else 0


def break_write(stage: Stage, name: str, method: str, *, folder: str = ROOT, **fault: Any) -> Rule:
    """Let one write of this letter's delivery go wrong once."""
    upload = f"*jse-{stage.record(name, folder=folder).ref.lower()}*"
    where = upload if stage.mode == "nextcloud" else f"{folder}/{name}.pdf"
    return stage.dms.misbehave(method=method, path=where, **fault)


def settle(stage: Stage) -> None:
    """Pass until every wait that an obstacle has set is over."""
    stage.run()
    stage.clock.advance(3700)
    stage.run()


@pytest.mark.parametrize(
    ("mode", "method"),
    [*(("nextcloud", m) for m in NEXTCLOUD_WRITES), *(("plain", m) for m in PLAIN_WRITES)],
)
def test_each_write_broken_once(tmp_path: Path, mode: Mode, method: str) -> None:
    """C5: Whatever one write of the delivery meets, the signed document is in its place in the end, once."""
    faults = FAULTS | (TORN if method == "PUT" else {})
    with Stage(tmp_path, mode) as stage:
        send_out(stage, *faults)
        broken = {name: break_write(stage, name, method, **fault) for name, fault in faults.items()}
        stage.sign()
        settle(stage)
        for name, rule in broken.items():
            assert rule.times == 0, "this write was never made"
            assert stage.first_line(name) == in_place(name), name
            assert signatures_in(stage, f"{name}.pdf") == 1
            assert f"{name} (signé).pdf" not in stage.files()
            originals = [file for file in stage.files() if file.startswith(f"{name} (original)")]
            assert len(originals) == (1 if mode == "plain" else 0), name
        assert stage.sends() == [1] * len(faults)
        stage.intact()


@MODES
def test_an_obstacle_that_lasts_is_told(tmp_path: Path, mode: Mode) -> None:
    """C4, C11: A locked file and a full server are told, the copy waits in safety, and both end by themselves."""
    with Stage(tmp_path, mode) as stage:
        send_out(stage, "ouvert", "plein")
        for name, status in (("ouvert", 423), ("plein", 507)):
            break_write(stage, name, "MOVE", kind="status", status=status, times=None)
        stage.sign()
        stage.run()
        assert (
            stage.first_line("ouvert")
            == "SIGNÉ PAR TOUS – « ouvert.pdf » est ouvert par quelqu’un ; dépôt à sa fermeture"
        )
        assert stage.first_line("plein").startswith("SIGNÉ PAR TOUS – dépôt impossible depuis le ")
        assert stage.first_line("plein").endswith("une copie est à l’abri")
        assert stage.read("ouvert.pdf") == letter(f"{ROOT} ouvert")
        assert stage.read("plein.pdf") == letter(f"{ROOT} plein")
        stage.dms.behave()
        settle(stage)
        for name in ("ouvert", "plein"):
            assert stage.first_line(name) == in_place(name)
        stage.intact()


def test_what_the_spool_lost_is_not_called_safe(tmp_path: Path) -> None:
    """Its disk was lost before the delivery, and the platform gives the document no more: no copy is safe anywhere."""
    with Stage(tmp_path) as stage:
        send_out(stage, "lettre")
        break_write(stage, "lettre", "MOVE", kind="status", status=500, times=None)
        stage.sign()
        stage.run(3)
        assert stage.record().state is State.DELIVERING
        for path in (stage.state.directory / "spool").rglob("*"):
            if path.is_file():
                path.unlink()
        stage.platform.misbehave(operation="download", kind="status", status=409, times=None)
        for _ in range(9):
            stage.clock.advance(1800)
            stage.run(2)
        assert stage.record().attempts > 7
        assert "à l’abri" not in stage.status()
        stage.platform.behave()
        stage.dms.behave()
        settle(stage)
        settle(stage)
        assert stage.first_line() == in_place("lettre")
        stage.intact()


def test_what_the_spool_lost_and_the_platform_erased_is_told_as_lost(tmp_path: Path) -> None:
    """It is nowhere any more: not awaited for ever, and whom to ask for it is told."""
    with Stage(tmp_path) as stage:
        send_out(stage, "lettre")
        sent = stage.read("lettre.pdf")
        break_write(stage, "lettre", "MKCOL", kind="status", status=500, times=None)
        stage.sign()
        stage.run(3)
        assert stage.record().state is State.DELIVERING
        for path in (stage.state.directory / "spool").rglob("*"):
            if path.is_file():
                path.unlink()
        for operation in ("download", "status"):
            stage.platform.misbehave(operation=operation, kind="gone", times=None)
        for _ in range(20):
            stage.clock.advance(3600)
            stage.run(2)
        assert stage.record().state.ended
        assert stage.first_line().startswith("À VÉRIFIER – "), stage.status()
        assert "Demandez le document signé à Marie Dupont" in " ".join(stage.status().split())
        assert stage.read("lettre.pdf") == sent
        assert stage.sends() == [1]
        stage.intact()


@MODES
def test_an_obstacle_that_nobody_knows_is_told_once_it_has_lasted(tmp_path: Path, mode: Mode) -> None:
    """C5: A server that breaks over one file, for days: a momentary one is not told, one that lasts is."""
    with Stage(tmp_path, mode) as stage:
        send_out(stage, "lettre")
        break_write(stage, "lettre", "MOVE", kind="status", status=500, times=None)
        stage.sign()
        stage.run(3)
        assert "son dépôt est en cours" in stage.first_line()
        for _ in range(8):
            stage.clock.advance(1800)
            stage.run(2)
        assert stage.first_line().startswith("SIGNÉ PAR TOUS – dépôt impossible depuis le ")
        assert stage.first_line().endswith("une copie est à l’abri")
        told = stage.read(OVERVIEWS[0]).decode("utf-8-sig")
        assert "À TRAITER" in told
        stage.dms.behave()
        settle(stage)
        assert stage.first_line() == in_place("lettre")
        stage.intact()


# ------------------------------------------------------------------------------------ people between


def save_during(stage: Stage, rule: Rule, path: str, content: bytes) -> threading.Thread:
    """Save a file while the request that ``rule`` slows down is under way."""

    def save() -> None:
        while rule.times:
            threading.Event().wait(0.002)
        stage.write(path, content)

    thread = threading.Thread(target=save)
    thread.start()
    return thread


@MODES
def test_refused_for_what_is_in_it(tmp_path: Path, mode: Mode) -> None:
    """A server's antivirus or a rule of its own says 415 or 422: somebody has to act, which the status says.

    Whatever of that kind it says, from the first number to the last.
    """
    statuses = (400, 415, 499)
    with Stage(tmp_path, mode) as stage:
        for status in statuses:
            send_out(stage, f"lettre{status}")
            for method in ("MOVE", "PUT"):
                path = f"*lettre{status}.pdf"
                stage.dms.misbehave(kind="status", status=status, method=method, path=path, times=None)
        stage.sign()
        stage.run()
        for status in statuses:
            told = stage.first_line(f"lettre{status}")
            assert told.startswith("SIGNÉ PAR TOUS – dépôt impossible depuis le "), status
        stage.dms.behave()
        stage.clock.advance(1800)
        stage.run()
        for status in statuses:
            assert stage.first_line(f"lettre{status}") == in_place(f"lettre{status}")
        stage.intact()


def test_what_passes_by_itself_is_not_called_refused(tmp_path: Path) -> None:
    """A proxy that gave up waiting (408), a server that is asked too early (425): nobody has to act."""
    with Stage(tmp_path) as stage:
        for status in (408, 421, 425):
            name = f"lettre{status}"
            send_out(stage, name)
            break_write(stage, name, "PUT", kind="status", status=status, times=None)
        stage.sign()
        stage.run()
        for status in (408, 421, 425):
            assert stage.first_line(f"lettre{status}") == (
                "SIGNÉ PAR TOUS – le document signé est arrivé, son dépôt est en cours"
            )
        stage.dms.behave()
        settle(stage)
        for status in (408, 421, 425):
            assert stage.first_line(f"lettre{status}") == in_place(f"lettre{status}")
        stage.intact()


def test_a_refused_name_is_told_at_each_try(tmp_path: Path) -> None:
    """It is told as what a person can change, at the first try as at every later one."""
    with Stage(tmp_path) as stage:
        send_out(stage, "Avis: TVA")
        assert stage.dms.nextcloud is not None
        stage.dms.nextcloud.windows_names = True
        stage.sign()
        stage.run()
        told = set()
        for _ in range(6):
            told.add(stage.record("Avis: TVA").reason)
            stage.clock.advance(3700)
            stage.round()
        assert told == {"name_refused"}


def test_locked_by_hand(tmp_path: Path) -> None:
    """Nobody has it open, so that no closing helps: whose lock it is is said, and how it ends."""
    with Stage(tmp_path, files_lock=True) as stage:
        send_out(stage, "ferme")
        node = stage.dms.node(f"{ROOT}/ferme.pdf")
        assert node is not None
        assert stage.dms.nextcloud is not None
        stage.dms.nextcloud.locks.put(node.fileid, "comptable", by_user=True, timeout_s=None)
        stage.sign()
        stage.run()
        line = "SIGNÉ PAR TOUS – « ferme.pdf » est verrouillé par comptable ; dépôt au déverrouillage"
        assert stage.first_line("ferme") == line
        assert "déverrouillez-le" in stage.status("ferme")
        assert "Fermez" not in stage.status("ferme")
        stage.dms.nextcloud.locks.drop(node.fileid)
        stage.dms.nextcloud.locks.put(node.fileid, "comptable", by_user=False, timeout_s=None)
        stage.clock.advance(1800)
        stage.run()
        assert "est ouvert par quelqu’un" in stage.first_line("ferme"), "an app has it open now"
        stage.dms.nextcloud.locks.drop(node.fileid)
        stage.clock.advance(1800)
        stage.run()
        assert stage.first_line("ferme") == "SIGNÉ – « ferme.pdf » est maintenant la version signée"
        assert not {"locked", "locked_by"} & stage.record("ferme").extra.keys()
        stage.intact()


@MODES
def test_saved_by_a_person_in_the_middle(tmp_path: Path, mode: Mode) -> None:
    """C3: A save that falls between the last look and the write is kept, and the signed document comes beside."""
    with Stage(tmp_path, mode) as stage:
        send_out(stage, "lettre")
        where = f"*jse-{stage.record().ref.lower()}*" if mode == "nextcloud" else f"{ROOT}/lettre.pdf"
        rule = stage.dms.misbehave(kind="latency", method="MOVE", path=where, seconds=0.5)
        stage.sign()
        edited = letter("la version de dernière minute")
        thread = save_during(stage, rule, "lettre.pdf", edited)
        settle(stage)
        thread.join()
        assert stage.first_line() == beside("lettre")
        assert stage.read("lettre.pdf") == edited
        assert signatures_in(stage, "lettre (signé).pdf") == 1
        stage.intact()


def test_saved_where_the_signed_one_was_to_be_made(tmp_path: Path) -> None:
    """C3: The original is aside, the write of the signed one is cut, and a person saves there: theirs stays."""
    theirs = letter("la version de dernière minute")
    place = f"{ROOT}/lettre.pdf"
    with Stage(tmp_path, "plain") as stage:
        send_out(stage, "lettre")
        sent = stage.read("lettre.pdf")
        rule = stage.dms.misbehave(kind="cut_before", method="PUT", path=place)
        stage.dms.misbehave(kind="latency", method="GET", path=place, seconds=0.5, times=None)
        stage.sign()
        thread = save_during(stage, rule, "lettre.pdf", theirs)
        settle(stage)
        thread.join()
        assert stage.first_line() == beside("lettre")
        assert stage.read("lettre.pdf") == theirs
        assert stage.read("lettre (original).pdf") == sent
        assert signatures_in(stage, "lettre (signé).pdf") == 1
        assert stage.sends() == [1]
        stage.intact()


def test_torn_in_its_place_and_again_as_it_is_mended(tmp_path: Path) -> None:
    """Protocol R4, R5: a plain server keeps half of both writes and says it kept all; it is told once it is whole."""
    with Stage(tmp_path, "plain") as stage:
        send_out(stage, "lettre")
        sent = stage.read("lettre.pdf")
        rule = break_write(stage, "lettre", "PUT", kind="short", at=1000, times=2)
        stage.sign()
        stage.run()
        settle(stage)
        assert rule.times == 0
        assert stage.first_line() == in_place("lettre")
        assert signatures_in(stage, "lettre.pdf") == 1
        assert stage.read("lettre (original).pdf") == sent
        stage.intact()


@MODES
def test_changed_or_gone_when_it_comes_home(tmp_path: Path, mode: Mode) -> None:
    """C3, C10: An edited PDF stays as it is, a deleted one stays deleted: the signed document comes beside,
    faults or not.
    """
    with Stage(tmp_path, mode) as stage:
        names = (
            "modifie",
            "parti",
            "modifie perdu",
            "parti coupe",
            "parti dechire",
            "parti redechire",
            "nom pris",
            "nom pris dechire",
        )
        send_out(stage, *names)
        for name in names:
            if name.startswith("parti"):
                stage.delete(f"{name}.pdf")
            else:
                stage.write(f"{name}.pdf", letter(f"{name}, modifié"))
        for name in names[-2:]:
            stage.write(f"{name} (signé).pdf", letter("un autre document"))
        again = {**TORN["dechire"], "kind": "short", "times": 2}  # mended, in vain
        broken = [
            stage.dms.misbehave(method="PUT", path=f"{ROOT}/{name} (sign*.pdf", **fault)
            for name, fault in (
                ("modifie perdu", FAULTS["perdu"]),
                ("parti coupe", FAULTS["coupe"]),
                ("parti dechire", TORN["dechire"]),
                ("parti redechire", again),
            )
        ]
        second = f"{ROOT}/nom pris dechire (sign*(2).pdf"
        broken.append(stage.dms.misbehave(method="PUT", path=second, **again))
        stage.sign()
        settle(stage)
        assert [rule.times for rule in broken] == [0] * 5, "a write was never made"
        for name in names[:-2]:
            assert stage.first_line(name) == beside(name), name
            assert signatures_in(stage, f"{name} (signé).pdf") == 1
            assert f"{name} (signé) (2).pdf" not in stage.files()
        for name in names[-2:]:
            assert stage.first_line(name) == beside(name, "signé) (2")
            assert signatures_in(stage, f"{name} (signé) (2).pdf") == 1
            assert stage.read(f"{name} (signé).pdf") == letter("un autre document")
        assert stage.read("modifie perdu.pdf") == letter("modifie perdu, modifié")
        assert stage.sends() == [1] * len(names)
        stage.intact()


@MODES
def test_what_came_beside_is_put_in_its_place(tmp_path: Path, mode: Mode) -> None:
    """As its status says: it is told as what it is, and by no text ever as a PDF to be deleted, or to be looked at."""
    with Stage(tmp_path, mode) as stage:
        names = ("change", "parti", "copie")
        send_out(stage, *names)
        for name in names:
            stage.write(f"{name}.pdf", letter(f"{name}, modifié"))
        stage.delete("parti.pdf")
        stage.sign()
        settle(stage)
        assert "Supprimez « change.pdf »" in stage.status("change").replace("\u00a0", " ")
        stage.delete("change.pdf")
        stage.move("change (signé).pdf", "change.pdf")
        stage.move("parti (signé).pdf", "parti.pdf")
        stage.write("copie.pdf", stage.read("copie (signé).pdf"))
        stage.run()
        for name in names:
            assert stage.first_line(name) == in_place(name)
            said = " ".join(stage.status(name).split("[Les")[0].replace("\u00a0", " ").split())
            assert "sans signature" not in said
            assert f"Supprimez « {name}" not in said
            assert "Vérifié : 1 signature intacte" in said
            stage.write(f"{name}.sign.yaml", ONE + "action: recommencer\n")
        settle(stage)
        overview = stage.read("_Suivi des signatures.txt").decode("utf-8-sig")
        assert "À TRAITER" not in overview
        for name in names:
            assert stage.first_line(name) == in_place(name)
            assert "est la version signée" in stage.status(name).replace("\u00a0", " ").partition("\n")[2]
        stage.write("change.pdf", letter("toute autre"))
        settle(stage)
        assert stage.first_line("change").startswith("À CONFIRMER – le PDF a changé")
        assert stage.sends() == [1] * len(names)


@MODES
@pytest.mark.parametrize(("what", "status"), [("lettre.pdf", 423), (".", 423), ("lettre.pdf", 503)])
def test_away_for_a_moment_while_a_try_is_due(tmp_path: Path, mode: Mode, what: str, status: int) -> None:
    """C10: A move may arrive as a deletion and an upload: a try that falls between does not take it for gone, also
    where an earlier one was refused (423), or may have happened (503).
    """
    timing = replace(QUICK, gone_patience=timedelta(minutes=10))
    with Stage(tmp_path, mode, timing=timing) as stage:
        home = f"{ROOT}/Client"
        stage.dms.person.mkdir(home)
        send_out(stage, "lettre", folder=home)
        break_write(stage, "lettre", "MOVE", folder=home, kind="status", status=status, times=None)
        stage.sign()
        stage.run()
        assert ("est ouvert par quelqu’un" in stage.first_line(folder=home)) is (status == 423)
        kept = {name: stage.read(name, folder=home) for name in ("lettre.pdf", "lettre.sign.yaml")}
        for name in ("Client",) if what == "." else (f"Client/{one}" for one in kept):
            stage.delete(name)
        before = stage.records()[-1].attempts
        stage.clock.advance(120)
        stage.run(4)
        assert stage.records()[-1].attempts > before, "no try fell due"
        stage.dms.person.mkdir(home)
        for name, content in kept.items():
            stage.write(name, content, folder=home)
        stage.dms.behave()
        settle(stage)
        assert stage.first_line(folder=home) == in_place("lettre")
        assert signatures_in(stage, "lettre.pdf", folder=home) == 1
        assert not [name for name in stage.files() if "(signé)" in name]
        assert stage.sends() == [1]
        stage.intact()


@pytest.mark.parametrize("same", [False, True])
@pytest.mark.parametrize("status", [423, 503])
def test_an_original_of_an_earlier_time_stays_where_it_is(tmp_path: Path, status: int, same: bool) -> None:
    """C10: A letter is signed a second time: its first original is not taken for what was moved there now.

    Neither where the move was refused (423) or may have happened (503) and the letter is away for a moment, nor where
    both have the same bytes.
    """
    timing = replace(QUICK, gone_patience=timedelta(minutes=10))
    with Stage(tmp_path, "plain", timing=timing) as stage:
        send_out(stage, "lettre")
        stage.sign()
        settle(stage)
        earlier = stage.read("lettre (original).pdf")
        second = earlier if same else letter("une seconde fois")
        stage.write("lettre.pdf", second)
        stage.write("lettre.sign.yaml", ONE + "action: recommencer\n")
        stage.run()
        break_write(stage, "lettre", "MOVE", kind="status", status=status, times=None)
        stage.sign()
        stage.run()
        assert stage.record().state is State.DELIVERING
        stage.delete("lettre.pdf")
        stage.dms.behave()
        stage.clock.advance(120)
        stage.run(4)
        assert "lettre.pdf" not in stage.files()
        stage.write("lettre.pdf", second)
        settle(stage)
        assert stage.first_line() == in_place("lettre")
        assert signatures_in(stage, "lettre.pdf") == 1
        assert stage.read("lettre (original).pdf") == earlier
        assert stage.read("lettre (original) (2).pdf") == second
        assert stage.sends() == [1, 1]
        stage.intact()


def test_what_lies_under_the_originals_name_after_a_refused_move_is_a_persons(tmp_path: Path) -> None:
    """C4: The letter was open (423), so nothing was moved. What a person puts there meanwhile is none of ours."""
    theirs = letter("le scan du courrier")
    with Stage(tmp_path, "plain") as stage:
        send_out(stage, "lettre")
        break_write(stage, "lettre", "MOVE", kind="status", status=423, times=None)
        stage.sign()
        stage.run()
        assert "est ouvert par quelqu’un" in stage.first_line()
        stage.write("lettre (original).pdf", theirs)
        stage.delete("lettre.pdf")
        stage.dms.behave()
        settle(stage)
        assert stage.read("lettre (original).pdf") == theirs
        assert "lettre.pdf" not in stage.files()
        assert stage.first_line() == beside("lettre")
        assert stage.sends() == [1]
        stage.intact()


@MODES
def test_a_folder_that_is_gone(tmp_path: Path, mode: Mode) -> None:
    """C10: Where the folder was deleted the signed document goes to the folder for what has lost its own."""
    with Stage(tmp_path, mode) as stage:
        stage.dms.person.mkdir(f"{ROOT}/Client")
        send_out(stage, "lettre", folder=f"{ROOT}/Client")
        stage.delete("Client")
        stage.run()
        stage.sign()
        settle(stage)
        lost = f"{ROOT}/Signatures à classer"
        assert signatures_in(stage, "lettre (signé).pdf", folder=lost) == 1
        record = stage.records()[-1]
        assert record.state is State.DELIVERED_BESIDE
        href = str(record.extra["status_href"])
        assert href.startswith(f"/{lost}/")
        assert (
            stage.first_line(href.rpartition("/")[2].removesuffix(".signature.txt"), folder=lost)
            == "SIGNÉ – le dossier d’origine n’est plus là ; le document signé est ici"
        )
        assert stage.sends() == [1]
        stage.intact()


def test_the_folder_for_what_has_lost_its_own_is_not_there_either(tmp_path: Path) -> None:
    """Whatever the server says of that folder, for an hour: nothing is made elsewhere, it is told, and it ends."""
    lost = f"{ROOT}/Signatures à classer"
    with Stage(tmp_path) as stage:
        stage.dms.person.mkdir(f"{ROOT}/Client")
        send_out(stage, "lettre", folder=f"{ROOT}/Client")
        stage.delete("Client")
        stage.run()
        stage.dms.misbehave(kind="status", status=404, method="PUT", path=f"{lost}/*.pdf", times=None)
        stage.sign()
        settle(stage)
        assert stage.records()[-1].state is State.DELIVERING
        tries = sum(one.method == "PUT" and one.path.endswith(".pdf") for one in stage.dms.requests)
        assert 1 <= tries <= 20
        stage.dms.behave()
        settle(stage)
        assert signatures_in(stage, "lettre (signé).pdf", folder=lost) == 1
        assert stage.sends() == [1]
        stage.intact()


# ----------------------------------------------------------------------------- what should not come


NOT_INTACT = {
    "unsigned": "À VÉRIFIER – le document revenu ne porte aucune signature ; il n’a rien remplacé",
    "truncated": "À VÉRIFIER – ",
    "html": "À VÉRIFIER – le document revenu n’est pas un PDF lisible ; il n’a rien remplacé",
    # Nothing at all is what a platform gives that has not sealed yet (scenario D4): it is waited for.
    "empty": "SIGNÉ PAR TOUS – Jesignexpert prépare le document, il arrivera ici de lui-même",
    "broken_signature": "À VÉRIFIER – une signature du document revenu est altérée ; il n’a rien remplacé",
}


@MODES
def test_what_is_not_intact_replaces_nothing(tmp_path: Path, mode: Mode) -> None:
    """A document that is not intact is told and fetched again; the right one is then delivered in place."""
    with Stage(tmp_path, mode) as stage:
        send_out(stage, *NOT_INTACT)
        for name in NOT_INTACT:
            stage.platform.misbehave(
                operation="download",
                kind="wrong_document",
                times=None,
                transaction=str(stage.record(name).transaction),
                variant=name,
            )
        stage.sign()
        stage.run()
        before = stage.files()
        for name, line in NOT_INTACT.items():
            assert stage.first_line(name).startswith(line), name
            if name != "empty":
                assert stage.first_line(name).endswith("il n’a rien remplacé"), name
                assert stage.record(name).state is State.QUARANTINED
            assert stage.read(f"{name}.pdf") == letter(f"{ROOT} {name}")
        assert not [name for name in before if "signé" in name]
        stage.platform.behave()
        settle(stage)
        for name in NOT_INTACT:
            assert stage.first_line(name) == in_place(name), name
            assert signatures_in(stage, f"{name}.pdf") == 1
        assert stage.sends() == [1] * len(NOT_INTACT)
        stage.intact()


@MODES
def test_what_is_not_as_expected_comes_beside(tmp_path: Path, mode: Mode) -> None:
    """Intact but other pages or fewer signatures than expected: delivered beside, to be checked, never withheld."""
    variants = ("other_document", "extra_page", "one_signature_missing")
    contract = ", contract: {expectations: {signatures_per_signatory: 1}}"
    with Stage(tmp_path, mode, contract=contract) as stage:
        send_out(stage, *variants, sidecar=TWO)
        for name in variants:
            stage.platform.misbehave(
                operation="download",
                kind="wrong_document",
                times=None,
                transaction=str(stage.record(name).transaction),
                variant=name,
            )
        stage.sign(MARIE)
        stage.sign(CLAIRE)
        settle(stage)
        for name in variants:
            assert stage.first_line(name) == beside(name, "signé, à vérifier"), name
            assert stage.read(f"{name}.pdf") == letter(f"{ROOT} {name}")
            assert signatures_in(stage, f"{name} (signé, à vérifier).pdf") >= 1
        assert stage.sends() == [1, 1, 1]
        stage.intact()


def test_what_reads_pages_was_renewed_while_people_signed(tmp_path: Path) -> None:
    """D4: An upgrade of pdfium makes every digest anew; what was sent is digested again, and is no other document.

    Other pages are still seen, and where what was sent is not at hand any more nobody can tell.
    """
    with Stage(tmp_path) as stage:
        names = ("lettre", "autre", "perdue", "gatee")
        send_out(stage, *names)
        for name in names:
            record = stage.record(name)
            older = record.document.model_copy(update={"pages_digest": f"1.6996:{'0' * 64}"})
            stage.parts.journal.note(record, "upgraded", **record.with_document(older))
        stage.platform.misbehave(
            operation="download",
            kind="wrong_document",
            times=None,
            transaction=str(stage.record("autre").transaction),
            variant="other_document",
        )
        stage.parts.spool.path(stage.record("perdue").ref, "sent.pdf").unlink()
        stage.parts.spool.path(stage.record("gatee").ref, "sent.pdf").write_bytes(documents.letter(2))
        stage.sign()
        settle(stage)
        assert stage.first_line("lettre") == in_place("lettre")
        assert stage.record("lettre").document.differences == {}
        assert stage.first_line("autre") == beside("autre", "signé, à vérifier")
        assert stage.record("autre").document.differences["content"] == "changed"
        for name in ("perdue", "gatee"):
            assert stage.first_line(name) == beside(name, "signé, à vérifier")
            assert stage.record(name).document.differences["content"] == "not compared"
        stage.intact()


@MODES
def test_the_journal_lost_right_after_the_delivery(tmp_path: Path, mode: Mode) -> None:
    """A delivery made by an earlier life of the journal is recognised, not made a second time (R8)."""
    with Stage(tmp_path, mode) as stage:
        send_out(stage, "lettre")
        stage.dms.misbehave(kind="status", method="PUT", path="*.done", status=503, times=None)
        stage.sign()
        stage.run()
        assert stage.first_line() == in_place("lettre")
        before = stage.files()
        signed = stage.read("lettre.pdf")
        stage.dms.behave()
        stage.lose_journal()
        settle(stage)
        assert stage.first_line() == in_place("lettre")
        assert stage.files() == before
        assert stage.read("lettre.pdf") == signed
        assert stage.sends() == [1]
        stage.intact()


def test_a_name_that_the_server_takes_no_more(tmp_path: Path) -> None:
    """Windows’ names are made a rule while it is out: told in the overview and to the administrator, until renamed."""
    with Stage(tmp_path) as stage:
        send_out(stage, "Avis: TVA")
        assert stage.dms.nextcloud is not None
        stage.dms.nextcloud.windows_names = True
        stage.sign()
        settle(stage)
        line = "« Avis: TVA.pdf » porte un nom qui n’est plus accepté ; renommez-le"
        assert stage.record("Avis: TVA").reason == "name_refused"
        assert line in " ".join(stage.read(OVERVIEWS[0]).decode("utf-8-sig").replace("\u00a0", " ").split())
        assert "rename PDF and request" in stage.told()["folders"]["lettres"]["trouble"]
        for name in ("Avis: TVA.pdf", "Avis: TVA.sign.yaml"):
            stage.move(name, name.replace(":", ""))
        stage.dms.misbehave(kind="status", method="MOVE", path="*.file", status=503, times=None)
        settle(stage)
        assert stage.record("Avis TVA").reason == "", "it is not its name any more"
        assert "renommez" not in stage.first_line("Avis TVA")
        stage.dms.behave()
        settle(stage)
        settle(stage)
        assert stage.first_line("Avis TVA") == "SIGNÉ – « Avis TVA.pdf » est maintenant la version signée"
        assert stage.told()["folders"]["lettres"]["trouble"] is None
        assert stage.sends() == [1]
        stage.intact()


def test_nothing_leaves_under_a_name_that_the_server_takes_no_more(tmp_path: Path) -> None:
    """What lies there from before that rule is read as ever, and neither a status nor what is signed could come back;
    renamed, it leaves."""
    with Stage(tmp_path) as stage:
        stage.drop("Avis: TVA")
        assert stage.dms.nextcloud is not None
        stage.dms.nextcloud.windows_names = True
        settle(stage)
        assert stage.sends() == []
        assert "rename PDF and request" in stage.told()["folders"]["lettres"]["trouble"]
        for name in ("Avis: TVA.pdf", "Avis: TVA.sign.yaml"):
            stage.move(name, name.replace(":", ""))
        settle(stage)
        settle(stage)
        assert stage.first_line("Avis TVA").startswith("EN COURS")
        assert stage.told()["folders"]["lettres"]["trouble"] is None
