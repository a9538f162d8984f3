"""Several documents in one transaction: each comes home to its own place, whatever becomes of the others.

A file: two documents, a picture, an annex. Every story goes the whole way, on both kinds of server, and ends with
nothing delivered twice, no person's bytes lost and one outcome in the status.
"""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from connector.lifecycle import Record, State
from connector.ports import Href
from connector.sandbox.dms import Rule
from connector.steps.delivered import found_beside, is_ours
from connector.steps.mark import still_judged
from connector.steps.task import Task
from tests import documents
from tests.dms_faults import FAULTS, TORN
from tests.worlds import CLAIRE, MARIE, ONE, ROOT, Mode, Stage

MODES = pytest.mark.parametrize("mode", ["nextcloud", pytest.param("plain", marks=pytest.mark.long)])
LETTER, BALANCE, PHOTO, ANNEX = "lettre.pdf", "bilan.pdf", "photo.jpg", "Annexe 1.pdf"
FURTHER = (BALANCE, PHOTO, ANNEX)
RANKS = {LETTER: 1, BALANCE: 2, PHOTO: 3, ANNEX: 4}
SIGNED = {LETTER: LETTER, BALANCE: BALANCE, PHOTO: "photo.pdf", ANNEX: "lettre - Annexe 1 (signé).pdf"}
"""Where each of them comes home to when nothing is in the way."""
IN_PLACE = (LETTER, BALANCE)


@cache
def picture() -> bytes:
    """A small JPEG."""
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (240, 320), "white").save(out, "JPEG")
    return out.getvalue()


def content_of(name: str, folder: str) -> bytes:
    """What a person puts there: other bytes in each folder."""
    if name == PHOTO:
        return picture() + folder.encode()
    return documents.letter(1, f"{folder} {name}", lines=3)


def put(stage: Stage, folder: str, further: Sequence[str] = FURTHER) -> None:
    """Put a letter, what travels with it, and their request into a folder."""
    stage.dms.person.mkdir(at(folder))
    for name in (LETTER, *further):
        stage.write(name, content_of(name, folder), folder=at(folder))
    beside = [f"  - {name}\n" for name in further if name != ANNEX]
    sidecar = ONE + ("documents:\n" if beside else "") + "".join(beside)
    sidecar += "annexes: Annexe*\n" if ANNEX in further else ""
    stage.write("lettre.sign.yaml", sidecar, folder=at(folder))


def file_of(stage: Stage, *folders: str, further: Sequence[str] = FURTHER) -> None:
    """Put the files and their request into each folder, and wait until all of them are out."""
    for folder in folders:
        put(stage, folder, further)
    stage.run()
    for folder in folders:
        assert first_line(stage, folder).startswith("EN COURS – 0 signature"), stage.status(folder=at(folder))


def at(folder: str) -> str:
    return f"{ROOT}/{folder}"


def first_line(stage: Stage, folder: str) -> str:
    return stage.first_line(folder=at(folder))


def record_of(stage: Stage, folder: str) -> Record:
    return stage.record(folder=at(folder))


def signatures_in(stage: Stage, folder: str, name: str) -> int:
    """Count the intact signatures of what a person finds under that name."""
    path = stage.directory / "looked-at.pdf"
    path.write_bytes(stage.read(name, folder=at(folder)))
    verdict = stage.parts.documents.verify_signed(path)
    return len(verdict.signatures) if verdict.intact else 0


def settle(stage: Stage) -> None:
    """Pass until every wait that an obstacle has set is over."""
    stage.run()
    stage.clock.advance(3700)
    stage.run()


def home(stage: Stage, folder: str, *, but: Iterable[str] = ()) -> None:
    """Each document but those named lies in its place, signed, and nothing came twice."""
    travelled = [one.name for one in record_of(stage, folder).documents]
    signed = {name: place for name, place in SIGNED.items() if name in travelled}
    for name, place in signed.items():
        if name not in but:
            assert signatures_in(stage, folder, place) == 1, name
        if name not in IN_PLACE and name not in but:
            assert stage.read(name, folder=at(folder)) == content_of(name, folder), name
    if not but:
        expected = {*signed, *signed.values(), "lettre.sign.yaml", "lettre.signature.txt"}
        assert {name for name in stage.files(at(folder)) if "(original)" not in name} == expected
        assert first_line(stage, folder).startswith("SIGNÉ – ")
        assert "à côté : «" not in first_line(stage, folder)
        for name in signed.keys() & {*IN_PLACE}:
            original_survives(stage, folder, name)


def original_survives(stage: Stage, folder: str, name: str) -> None:
    wanted = content_of(name, folder)
    if stage.mode == "plain":
        aside = [
            one for one in stage.files(at(folder)) if one.startswith(name.replace(".pdf", " (original)"))
        ]
        assert [stage.read(one, folder=at(folder)) for one in aside] == [wanted]
    else:
        versions = stage.dms.versions_of(f"{at(folder)}/{name}")
        assert [content for _, _, content in versions].count(wanted) == 1
        assert len(versions) == 2, "written more than once"


def writes(mode: Mode) -> list[tuple[str, str]]:
    """Every write of a delivery: (document, method). The letter's last one has others going on behind it."""
    further = ("MKCOL", "PUT", "MOVE") if mode == "nextcloud" else ("MOVE", "PUT")
    return [(LETTER, further[-1]), *((BALANCE, method) for method in further), (PHOTO, "PUT"), (ANNEX, "PUT")]


def break_write(stage: Stage, folder: str, name: str, method: str, **fault: Any) -> Rule:
    """Let one write of this document's delivery go wrong."""
    if name in IN_PLACE and stage.mode == "nextcloud":
        record = record_of(stage, folder)
        rank = next(one.rank for one in record.documents if one.name == name)
        where = f"*/jse-{record.ref.lower()}" + ("/*" if rank == 1 else f"-{rank}*")
    elif name in IN_PLACE:
        where = f"{at(folder)}/{name}"
    else:
        # The sandbox matches by shell patterns.
        where = f"{at(folder)}/{SIGNED[name].replace('(signé)', '*')}"
    return stage.dms.misbehave(method=method, path=where, **fault)


# ----------------------------------------------------------------------------------------- the way home


@MODES
def test_all_of_them_come_home(tmp_path: Path, mode: Mode) -> None:
    """One transaction, one outcome: two new versions, a PDF beside the picture, a signed annex beside the letter."""
    with Stage(tmp_path, mode) as stage:
        file_of(stage, "dossier")
        sent = stage.platform.transactions()[-1]
        assert sent.documents == (LETTER, BALANCE, "photo.pdf", ANNEX)
        stage.sign()
        stage.run()
        home(stage, "dossier")
        record = record_of(stage, "dossier")
        assert record.state is State.DELIVERED
        assert record.closed
        assert not any(document.beside for document in record.documents)
        assert [document.signatures for document in record.documents] == [1, 1, 1, 1]
        assert len({document.signed_sha256 for document in record.documents}) == 4
        assert list((stage.state.directory / "spool").iterdir()) == []
        stage.run()
        assert stage.sends() == [1]
        stage.intact()


@pytest.mark.parametrize(
    ("mode", "name", "method"),
    [(mode, *write) for mode in ("nextcloud", "plain") for write in writes(mode)],  # type: ignore[arg-type]
)
def test_each_write_of_each_document_broken_once(tmp_path: Path, mode: Mode, name: str, method: str) -> None:
    """Whatever one write meets, this document is continued, and none is delivered twice."""
    faults = FAULTS | (TORN if method == "PUT" else {})
    with Stage(tmp_path, mode) as stage:
        file_of(stage, *faults, further=[name if name != LETTER else BALANCE])
        broken = {
            folder: break_write(stage, folder, name, method, **fault) for folder, fault in faults.items()
        }
        stage.sign()
        settle(stage)
        for folder, rule in broken.items():
            assert rule.times == 0, "this write was never made"
            home(stage, folder)
        assert stage.sends() == [1] * len(faults)
        stage.intact()


@MODES
def test_one_that_is_stuck_does_not_keep_the_others(tmp_path: Path, mode: Mode) -> None:
    """A file that is open somewhere, that may not be written, or has no room: the others are home at once, it later."""
    stuck = {
        "ouvert": (LETTER, 423),
        "ouvert aussi": (BALANCE, 423),
        "plein": (BALANCE, 507),
        "joint": (ANNEX, 507),
        "interdit": (LETTER, 403),
    }
    with Stage(tmp_path, mode) as stage:
        file_of(stage, *stuck)
        for folder, (name, status) in stuck.items():
            method = "MOVE" if name in IN_PLACE else "PUT"
            break_write(stage, folder, name, method, kind="status", status=status, times=None)
        stage.sign()
        stage.run()
        for folder, (name, status) in stuck.items():
            home(stage, folder, but=[name])
            assert record_of(stage, folder).state is State.DELIVERING
            line = first_line(stage, folder)
            if status == 423:
                assert line == f"SIGNÉ PAR TOUS – « {name} » est ouvert par quelqu’un ; dépôt à sa fermeture"
            else:
                assert line.startswith("SIGNÉ PAR TOUS – dépôt impossible depuis le ")
            if name in IN_PLACE:
                assert stage.read(name, folder=at(folder)) == content_of(name, folder)
        before = {folder: stage.read("photo.pdf", folder=at(folder)) for folder in stuck}
        stage.dms.forget_requests()
        stage.dms.behave()
        settle(stage)
        for folder in stuck:
            home(stage, folder)
            assert stage.read("photo.pdf", folder=at(folder)) == before[folder]
            assert "locked" not in record_of(stage, folder).extra
        photos = [request for request in stage.dms.requests if request.path.endswith("photo.pdf")]
        assert [request.method for request in photos if request.method != "PROPFIND"] == []
        stage.intact()


@MODES
def test_a_defect_in_one_does_not_keep_the_others(tmp_path: Path, mode: Mode) -> None:
    """What is kept of the letter's delivery is damaged: the letter waits untouched, the others are home."""
    with Stage(tmp_path, mode) as stage:
        file_of(stage, "dossier")
        # Nobody knows whether it took place: what was begun stays begun.
        break_write(stage, "dossier", LETTER, "MOVE", kind="status", status=504, times=None)
        for name, method in [(BALANCE, "MOVE"), (PHOTO, "PUT"), (ANNEX, "PUT")]:
            break_write(stage, "dossier", name, method, kind="status", status=507, times=None)
        stage.sign()
        stage.run()
        assert not any(document.delivered_href for document in record_of(stage, "dossier").documents)
        stage.stop()
        journal = stage.state.directory / "journal" / "journal.sqlite"
        with closing(sqlite3.connect(journal)) as connection, connection:
            kept = connection.execute("SELECT data FROM intent WHERE step = 'deliver'").fetchone()[0]
            connection.execute("UPDATE intent SET data = '{}' WHERE step = 'deliver'")
        stage.start()
        stage.dms.behave()
        settle(stage)
        home(stage, "dossier", but=[LETTER])
        record = record_of(stage, "dossier")
        assert record.state is State.DELIVERING
        assert record.next_at is not None
        assert stage.read(LETTER, folder=at("dossier")) == content_of(LETTER, "dossier")
        assert stage.defects.met, "what nobody foresees stands in the log"
        stage.defects.met.clear()
        stage.stop()
        with closing(sqlite3.connect(journal)) as connection, connection:
            connection.execute("UPDATE intent SET data = ? WHERE step = 'deliver'", [kept])
        stage.start()
        settle(stage)
        home(stage, "dossier")
        stage.intact()


@MODES
def test_a_restart_between_two_of_them(tmp_path: Path, mode: Mode) -> None:
    """What is home stays home, what is not goes on, after a start anew."""
    with Stage(tmp_path, mode) as stage:
        file_of(stage, "dossier")
        break_write(stage, "dossier", BALANCE, "MOVE", kind="status", status=423, times=None)
        stage.sign()
        stage.run()
        assert [one.delivered_href is not None for one in record_of(stage, "dossier").documents] == [
            True,
            False,
            True,
            True,
        ]
        stage.restart()
        stage.dms.behave()
        settle(stage)
        home(stage, "dossier")
        stage.intact()


# ---------------------------------------------------------------------------------------------- people


@MODES
def test_people_change_one_of_them(tmp_path: Path, mode: Mode) -> None:
    """An edited document stays as it is and its signed one comes beside; the others come home as always."""
    with Stage(tmp_path, mode) as stage:
        file_of(stage, "modifie", "supprime", "renomme", "annexe", "photo")
        edited = documents.letter(1, "une autre version")
        stage.write(BALANCE, edited, folder=at("modifie"))
        stage.delete(BALANCE, folder=at("supprime"))
        stage.move(BALANCE, "bilan v2.pdf", folder=at("renomme"))
        stage.write(ANNEX, edited, folder=at("annexe"))
        stage.delete(PHOTO, folder=at("photo"))
        stage.run()
        assert record_of(stage, "modifie").ranked(2).changed_at is not None
        assert record_of(stage, "modifie").ranked(2).changed_same_pages is False
        assert record_of(stage, "modifie").document.changed_at is None
        assert record_of(stage, "supprime").ranked(2).missing_since is not None
        assert record_of(stage, "renomme").ranked(2).renamed_to == "bilan v2.pdf"
        assert record_of(stage, "annexe").ranked(4).changed_at is not None
        assert first_line(stage, "annexe").startswith("EN COURS – 0 signature sur 1 – attend")
        stage.sign()
        settle(stage)
        beside = "SIGNÉ – la version signée est à côté : « bilan (signé).pdf »"
        for folder, reason in (("modifie", "pdf_changed"), ("supprime", "pdf_gone")):
            home(stage, folder, but=[BALANCE])
            assert first_line(stage, folder) == beside
            assert signatures_in(stage, folder, "bilan (signé).pdf") == 1
            assert record_of(stage, folder).state is State.DELIVERED_BESIDE
            assert [one.beside for one in record_of(stage, folder).documents] == ["", reason, "", ""]
        assert stage.read(BALANCE, folder=at("modifie")) == edited
        assert BALANCE not in stage.files(at("supprime"))
        home(stage, "renomme", but=[BALANCE])
        assert signatures_in(stage, "renomme", "bilan v2.pdf") == 1
        assert BALANCE not in stage.files(at("renomme"))
        home(stage, "annexe", but=[ANNEX])
        assert stage.read(ANNEX, folder=at("annexe")) == edited
        assert signatures_in(stage, "annexe", SIGNED[ANNEX]) == 1
        home(stage, "photo", but=[PHOTO])
        assert signatures_in(stage, "photo", "photo.pdf") == 1
        for folder in ("renomme", "annexe", "photo"):
            assert record_of(stage, folder).state is State.DELIVERED, folder
        stage.run()
        assert stage.sends() == [1] * 5
        stage.intact()


@MODES
def test_names_that_people_have_taken(tmp_path: Path, mode: Mode) -> None:
    """Where somebody has a file of that name, ours takes the next one; theirs is never touched."""
    with Stage(tmp_path, mode) as stage:
        file_of(stage, "dossier")
        theirs = documents.letter(1, "rien à voir")
        for name in ("photo.pdf", "photo (signé).pdf", SIGNED[ANNEX]):
            stage.write(name, theirs, folder=at("dossier"))
        stage.run()
        stage.sign()
        settle(stage)
        for name in ("photo.pdf", "photo (signé).pdf", SIGNED[ANNEX]):
            assert stage.read(name, folder=at("dossier")) == theirs
        assert signatures_in(stage, "dossier", "photo (signé) (2).pdf") == 1
        assert signatures_in(stage, "dossier", "lettre - Annexe 1 (signé) (2).pdf") == 1
        record = record_of(stage, "dossier")
        assert record.state is State.DELIVERED
        assert record.ranked(3).delivered_href == f"/{at('dossier')}/photo (signé) (2).pdf"
        stage.intact()


@MODES
def test_the_folder_of_all_of_them_is_gone(tmp_path: Path, mode: Mode) -> None:
    """Everything goes to the folder for what has lost its own, each under its name."""
    with Stage(tmp_path, mode) as stage:
        file_of(stage, "dossier")
        stage.delete("dossier")
        stage.run()
        stage.sign()
        settle(stage)
        names = ("lettre (signé).pdf", "bilan (signé).pdf", "photo.pdf", SIGNED[ANNEX])
        for name in names:
            assert signatures_in(stage, "Signatures à classer", name) == 1, name
        [record] = stage.records()
        assert record.state is State.DELIVERED_BESIDE
        assert [one.beside for one in record.documents] == ["folder_gone"] * 4
        assert [name for name in stage.files(at("Signatures à classer")) if name.endswith(".pdf")] == sorted(
            names
        )
        stage.intact()


@MODES
def test_a_place_that_changes_after_the_end(tmp_path: Path, mode: Mode) -> None:
    """Other bytes in the place of any document are said, those of an annex and what we made beside are not."""
    with Stage(tmp_path, mode) as stage:
        file_of(stage, "bilan", "annexe", "photo")
        stage.sign()
        settle(stage)
        stage.write(BALANCE, documents.letter(1, "Bilan de l’année suivante"), folder=at("bilan"))
        stage.write(ANNEX, documents.letter(1, "Nouveaux tarifs"), folder=at("annexe"))
        stage.write("photo.pdf", documents.letter(1, "Une autre photo"), folder=at("photo"))
        stage.run()
        assert first_line(stage, "bilan") == (
            "À CONFIRMER – le PDF a changé après une demande terminée ; rien n’est parti"
        )
        for folder in ("annexe", "photo"):
            assert first_line(stage, folder).startswith("SIGNÉ – "), folder
        assert stage.sends() == [1, 1, 1]
        stage.intact()


# ------------------------------------------------------------------------------------- before it leaves


@MODES
@pytest.mark.parametrize("name", [BALANCE, PHOTO, ANNEX])
def test_the_last_look_is_at_all_of_them(tmp_path: Path, mode: Mode, name: str) -> None:
    """What was saved again right before the marker, or is gone, is not what was judged."""
    with Stage(tmp_path, mode, settings={"send": "preview"}) as stage:
        folder = at("dossier")
        put(stage, "dossier")
        stage.run()
        record = record_of(stage, "dossier")
        assert record.state is State.PREVIEWED
        dms = stage.parts.folders["dms"]
        assert still_judged(dms, record)
        stage.clock.advance(5)
        stage.write(name, content_of(name, "autre dossier"), folder=folder)
        assert not still_judged(dms, record)
        stage.write(name, content_of(name, "dossier"), folder=folder)
        stage.delete(name, folder=folder)
        assert not still_judged(dms, record)


@MODES
@pytest.mark.parametrize(("name", "same"), [(BALANCE, False), (ANNEX, False), (BALANCE, True)])
def test_an_edit_in_a_pause_is_not_sent_as_it_was(tmp_path: Path, mode: Mode, name: str, same: bool) -> None:
    """Marked and not sent: another document or annex overturns it, the same bytes saved again do not."""
    with Stage(tmp_path, mode) as stage:
        stage.platform.credit = 0
        put(stage, "dossier", [BALANCE, ANNEX])
        stage.run(5)
        assert record_of(stage, "dossier").state is State.MARKED
        stage.clock.advance(60)
        stage.write(name, content_of(name, "dossier" if same else "autre"), folder=at("dossier"))
        stage.run(6)
        stage.platform.credit = 10
        stage.clock.advance(4000)
        stage.run()
        expected = "EN COURS – 0" if same else "À VÉRIFIER – la demande a changé depuis sa préparation"
        assert first_line(stage, "dossier").startswith(expected)
        assert stage.sends() == [1 if same else 0]
        stage.intact()


# ------------------------------------------------------------------------------------ what comes back


def wrong(stage: Stage, folder: str, rank: int, variant: str, times: int | None = None) -> None:
    """Let one document of a transaction come back wrong, once: the downloads go by rank."""
    stage.platform.misbehave(
        operation="download",
        kind="wrong_document",
        times=times,
        skip=rank - 1,
        transaction=str(record_of(stage, folder).transaction),
        variant=variant,
    )


def downloads(stage: Stage) -> int:
    return sum(request.operation == "download" for request in stage.platform.requests)


@MODES
def test_one_that_is_not_intact_is_fetched_again_alone(tmp_path: Path, mode: Mode) -> None:
    """Nothing is delivered before all are intact; the good ones are kept and not asked for again."""
    with Stage(tmp_path, mode) as stage:
        file_of(stage, "dossier")
        wrong(stage, "dossier", 2, "broken_signature", times=1)
        before = stage.files(at("dossier"))
        stage.sign()
        stage.round()
        record = record_of(stage, "dossier")
        assert record.state is State.QUARANTINED
        assert record.values["file"] == BALANCE
        assert [one.signed_sha256 is not None for one in record.documents] == [True, False, True, True]
        assert downloads(stage) == 4
        assert stage.files(at("dossier")) == before
        settle(stage)
        assert downloads(stage) == 5
        home(stage, "dossier")
        stage.intact()


@MODES
def test_one_that_is_not_as_expected_comes_beside(tmp_path: Path, mode: Mode) -> None:
    """Other pages than were sent: delivered beside, to be checked, whatever it is; the others come home."""
    came = {
        BALANCE: "bilan (signé, à vérifier).pdf",
        PHOTO: "photo (signé, à vérifier).pdf",
        ANNEX: "lettre - Annexe 1 (signé, à vérifier).pdf",
    }
    with Stage(tmp_path, mode) as stage:
        folders = {name: name.split(".")[0] for name in came}
        file_of(stage, *folders.values())
        for name, folder in folders.items():
            wrong(stage, folder, RANKS[name], "extra_page", times=1)
        stage.sign()
        settle(stage)
        for name, folder in folders.items():
            home(stage, folder, but=[name])
            assert signatures_in(stage, folder, came[name]) == 1
            assert SIGNED[name] == name or SIGNED[name] not in stage.files(at(folder))
            assert stage.read(name, folder=at(folder)) == content_of(name, folder)
            record = record_of(stage, folder)
            assert (record.state, record.reason) == (State.DELIVERED_BESIDE, "to_check")
            assert record.ranked(RANKS[name]).differences["pages"] == "1→2"
            assert first_line(stage, folder) == f"SIGNÉ – la version signée est à côté : « {came[name]} »"
        stage.intact()


def test_each_that_is_not_intact_is_told_to_be_checked(tmp_path: Path) -> None:
    """What is said at length of the first holds for others, too: none of them is called the signed version."""
    with Stage(tmp_path) as stage:
        file_of(stage, "dossier")
        wrong(stage, "dossier", RANKS[BALANCE], "broken_signature")
        stage.sign()
        for _ in range(13):
            stage.run()
            stage.clock.advance(7200)
        stage.run()
        assert record_of(stage, "dossier").state is State.DELIVERED_BESIDE
        status = " ".join(stage.status(folder=at("dossier")).replace("\u00a0", " ").split())
        assert "lettre.pdf est maintenant la version signée" in status
        assert "à contrôler : « photo (signé, à vérifier).pdf »" in status
        assert "version signée : «" not in status


def test_each_that_is_not_intact_has_its_own_day(tmp_path: Path) -> None:
    """D4: While another is still no document at all, the day of the platform's insistence goes by all the same."""
    with Stage(tmp_path) as stage:
        file_of(stage, "dossier")
        wrong(stage, "dossier", RANKS[BALANCE], "broken_signature")
        transaction = str(record_of(stage, "dossier").transaction)
        page = {
            "operation": "download",
            "kind": "wrong_document",
            "variant": "html",
            "transaction": transaction,
        }
        stage.sign()
        for _ in range(13):
            # The first that is asked for, each time.
            stage.platform.misbehave(times=1, **page)
            stage.run(1)
            assert record_of(stage, "dossier").reason == "not_pdf"
            stage.clock.advance(7200)
        came = [one.signed_sha256 is not None for one in record_of(stage, "dossier").documents]
        assert came == [False, True, True, True]
        stage.platform.behave()
        stage.run()
        assert record_of(stage, "dossier").state is State.DELIVERED_BESIDE
        stage.intact()


def test_a_day_begins_while_another_is_not_ready(tmp_path: Path) -> None:
    """D4: What is still being sealed, after it in the request, keeps no day from going by."""
    with Stage(tmp_path) as stage:
        file_of(stage, "dossier")
        stage.sign()
        for number in range(13):
            stage.platform.behave()
            left = 4 if number == 0 else 3
            wrong(stage, "dossier", left - 2, "broken_signature")
            stage.platform.misbehave(
                operation="download", kind="status", status=409, skip=left - 1, times=None
            )
            stage.run(1)
            came = [one.signed_sha256 is not None for one in record_of(stage, "dossier").documents]
            assert came == [True, *[number == 12] * 2, False], number
            stage.clock.advance(7200)
        stage.platform.behave()
        settle(stage)
        assert record_of(stage, "dossier").state is State.DELIVERED_BESIDE
        stage.intact()


@MODES
def test_an_annex_without_a_signature_is_taken_as_it_came(tmp_path: Path, mode: Mode) -> None:
    """Nobody knows whether the platform signs annexes; a document must be signed, an annex need not."""
    with Stage(tmp_path, mode) as stage:
        file_of(stage, "dossier", "perdu")
        for folder in ("dossier", "perdu"):
            wrong(stage, folder, RANKS[ANNEX], "unsigned")
        break_write(stage, "perdu", ANNEX, "PUT", kind="lost_answer")
        stage.sign()
        settle(stage)
        for folder in ("dossier", "perdu"):
            home(stage, folder, but=[ANNEX])
            assert stage.read(SIGNED[ANNEX], folder=at(folder)) == content_of(ANNEX, folder)
            assert record_of(stage, folder).state is State.DELIVERED
            assert record_of(stage, folder).ranked(4).signatures == 0
            assert "Annexe 1.pdf revient sans signature" in " ".join(
                stage.status(folder=at(folder)).replace("\u00a0", " ").split()
            )
            assert len([name for name in stage.files(at(folder)) if "Annexe" in name]) == 2
        stage.intact()


@MODES
def test_the_platform_forgets_one_before_it_could_be_fetched(tmp_path: Path, mode: Mode) -> None:
    """What has come goes home all the same, what has not is told by its name."""
    with Stage(tmp_path, mode) as stage:
        file_of(stage, "dossier")
        wrong(stage, "dossier", 2, "broken_signature", times=1)
        stage.sign()
        stage.round()
        assert record_of(stage, "dossier").state is State.QUARANTINED
        stage.platform.site(str(record_of(stage, "dossier").transaction), "delete")
        for _ in range(20):
            stage.clock.advance(3600)
            stage.round()
        home(stage, "dossier", but=[BALANCE])
        assert stage.read(BALANCE, folder=at("dossier")) == content_of(BALANCE, "dossier")
        record = record_of(stage, "dossier")
        assert (record.state, record.reason) == (State.DELIVERED_BESIDE, "erased")
        assert first_line(stage, "dossier") == (
            "SIGNÉ – mais « bilan.pdf » signé n’est pas revenu : Jesignexpert l’a effacé"
        )
        assert record.closed
        stage.intact()


# ------------------------------------------------------------------------------------ what was lost here


@MODES
@pytest.mark.parametrize("when", ["out", "stuck", "home"])
def test_the_journal_lost(tmp_path: Path, mode: Mode, when: str) -> None:
    """The markers know every document: what was delivered by an earlier life is recognised, the rest comes home."""
    with Stage(tmp_path, mode) as stage:
        file_of(stage, "dossier")
        if when == "stuck":
            break_write(stage, "dossier", BALANCE, "MOVE", kind="status", status=423, times=None)
        if when == "home":
            stage.dms.misbehave(kind="status", method="PUT", path="*.done", status=503, times=None)
        if when != "out":
            stage.sign()
            stage.run()
        before = {name: stage.read(name, folder=at("dossier")) for name in stage.files(at("dossier"))}
        stage.lose_journal()
        stage.dms.behave()
        stage.run()
        if when == "out":
            stage.sign()
        settle(stage)
        home(stage, "dossier")
        if when == "home":
            after = {name: stage.read(name, folder=at("dossier")) for name in stage.files(at("dossier"))}
            assert {n for n in before if n.endswith(".pdf") and before[n] != after[n]} == set()
        [record] = [record for record in stage.records() if record.current]
        assert record.state is State.DELIVERED
        assert record.adopted
        assert [one.role for one in record.documents] == ["document", "document", "document", "annex"]
        assert stage.sends() == [1]
        stage.intact()


@MODES
def test_the_journal_lost_and_a_document_renamed(tmp_path: Path, mode: Mode) -> None:
    """By file id, or by its content, it is found under its new name and signed there."""
    with Stage(tmp_path, mode) as stage:
        file_of(stage, "dossier")
        stage.move(BALANCE, "bilan v2.pdf", folder=at("dossier"))
        stage.lose_journal()
        stage.run()
        stage.sign()
        settle(stage)
        home(stage, "dossier", but=[BALANCE])
        assert signatures_in(stage, "dossier", "bilan v2.pdf") == 1
        if mode == "plain":
            kept = stage.read("bilan v2 (original).pdf", folder=at("dossier"))
            assert kept == content_of(BALANCE, "dossier")
        stage.intact()


@MODES
def test_the_end_of_all_of_them_is_in_the_registry(tmp_path: Path, mode: Mode) -> None:
    """A journal lost after the end takes the end in, the signed hash of each document with it."""
    with Stage(tmp_path, mode) as stage:
        file_of(stage, "dossier")
        stage.sign()
        settle(stage)
        hashes = [one.signed_sha256 for one in record_of(stage, "dossier").documents]
        assert None not in hashes
        before = stage.files(at("dossier"))
        stage.lose_journal()
        settle(stage)
        [record] = [record for record in stage.records() if record.current]
        assert record.state is State.DELIVERED
        assert record.closed
        assert [one.signed_sha256 for one in record.documents] == hashes
        assert stage.files(at("dossier")) == before
        assert stage.sends() == [1]
        stage.intact()


@MODES
def test_the_spool_lost_while_one_is_stuck(tmp_path: Path, mode: Mode) -> None:
    """The platform still has it: fetched again, delivered; what is home is not fetched again."""
    with Stage(tmp_path, mode) as stage:
        file_of(stage, "dossier")
        break_write(stage, "dossier", BALANCE, "MOVE", kind="status", status=423, times=None)
        stage.sign()
        stage.run()
        asked = downloads(stage)
        record = record_of(stage, "dossier")
        stage.parts.spool.free(record.ref)
        stage.dms.behave()
        settle(stage)
        assert downloads(stage) == asked + 1
        record = record_of(stage, "dossier")
        assert record.state is State.DELIVERED
        assert signatures_in(stage, "dossier", BALANCE) == 1
        assert stage.read("photo.jpg", folder=at("dossier")) == content_of(PHOTO, "dossier")
        assert stage.sends() == [1]


# ------------------------------------------------------------------------------- which of them is it?


@pytest.mark.parametrize("twins", [False, True])
def test_one_is_never_taken_for_another(tmp_path: Path, twins: bool) -> None:
    """Signed by the same people at the same time: told apart by signature, by pages, and where they lie."""
    with Stage(tmp_path, "plain") as stage:
        pages = documents.letter(1, "Lettre")
        stage.write(BALANCE, pages if twins else documents.letter(1, "Bilan"))
        stage.drop(pdf=pages, sidecar=f"{ONE}documents: {BALANCE}\n")
        stage.run()
        stage.delete(LETTER)
        stage.delete(BALANCE)
        stage.run()
        stage.sign()
        settle(stage)
        places = {1: "lettre (signé).pdf", 2: "bilan (signé).pdf"}
        assert stage.record().state is State.DELIVERED_BESIDE, stage.status()
        for forget in (False, True):
            if forget:
                record = stage.record()
                changed = [
                    one.model_copy(
                        update={"signed_sha256": f"{one.rank}" * 64, "signed_size": 1, "contents": ()}
                    )
                    for one in record.documents
                ]
                # As after another sealing by the platform, of which the journal knows neither bytes nor signatures.
                bare = [one.model_copy(update={"delivered_href": None}) for one in changed]
                stage.parts.journal.touch(record, document=bare[0], more=tuple(bare[1:]), adopted=True)
            for rank in (1, 2):
                task = Task(
                    parts=stage.parts,
                    folder=stage.parts.folders["dms"],
                    record=stage.record(),
                    rank=rank,
                    attempts=0,
                )
                # As while it was delivered: what was fetched lies in the spool until the request is closed.
                task.signed.parent.mkdir(parents=True, exist_ok=True)
                task.signed.write_bytes(stage.read(places[rank]))
                for of, name in places.items():
                    present = task.present(Href(f"/{ROOT}/{name}"))
                    assert present is not None
                    assert is_ours(task, present) is (of == rank), (forget, rank, name)
                if forget:
                    entry = found_beside(task)
                    assert entry is not None
                    assert entry.name == places[rank]


def test_signed_for_two_people_by_name(tmp_path: Path) -> None:
    """Each person's date is that of their last signature in the transaction."""
    with Stage(tmp_path) as stage:
        file_of(stage, "dossier")
        stage.sign(MARIE)
        stage.run()
        [marie] = record_of(stage, "dossier").signatories
        assert marie.progress == "signed"
        assert marie.signed_at is not None


@pytest.mark.parametrize("first", ["together", LETTER, "lettre.jpg"])
def test_namesakes_are_told_apart(tmp_path: Path, first: str) -> None:
    """``lettre.pdf`` and ``lettre.jpg``, each with its own request: two statuses, whichever of them comes first."""
    contents = {LETTER: documents.letter(1, "lettre"), "lettre.jpg": picture()}
    requests = {LETTER: ONE, "lettre.jpg": ONE.replace(MARIE, CLAIRE)}
    with Stage(tmp_path) as stage:
        for name in sorted(contents, key=lambda name: name != first):
            stage.write(name, contents[name])
            stage.write(f"{name}.sign.yaml", requests[name] + "envoi: non\n")
            if first != "together":
                stage.run()
        stage.run()
        assert told(stage) == {record.ref for record in stage.records()}, "before they leave"
        for name, request in requests.items():
            stage.write(f"{name}.sign.yaml", request)
        stage.run()
        for view in stage.platform.transactions():
            if any(each.email == CLAIRE for each in view.signatories):
                stage.platform.person_refuses(view.id, CLAIRE, "Non.")
        stage.run()
        stage.sign()
        stage.clock.advance(3600)
        stage.run()
        assert sorted(record.state.value for record in stage.records()) == ["delivered", "refused"]
        assert told(stage) == {record.ref for record in stage.records()}


def told(stage: Stage) -> set[str]:
    """The requests that have a status in the folder."""
    texts = [
        stage.read(name).decode("utf-8-sig") for name in stage.files() if name.endswith(".signature.txt")
    ]
    return {record.ref for record in stage.records() for text in texts if f"ref: {record.ref} " in text}
