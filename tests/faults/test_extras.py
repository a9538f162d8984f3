"""What a request may ask for beside the signed document: its attestation, and a lock; never in the outcome's way."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.lifecycle import State
from tests import documents, pictures
from tests.faults.points import Killed
from tests.faults.test_orders import HOUR, OUT, answers, called, order, struck, words
from tests.worlds import ONE, ROOT, TWO, Mode, Stage

MODES = pytest.mark.parametrize("mode", ["nextcloud", pytest.param("plain", marks=pytest.mark.long)])
SIGNED = "SIGNÉ – « lettre.pdf » est maintenant la version signée"
ATTESTED = ONE + "attestation: oui\n"
LOCKED = ONE + "verrouiller: oui\n"
NAME = "lettre.attestation.pdf"


def signed(stage: Stage, sidecar: str) -> None:
    """One request, signed and brought home."""
    stage.drop(sidecar=sidecar)
    stage.run()
    stage.sign()
    stage.run()
    assert stage.first_line() == SIGNED, stage.status()


def there(stage: Stage) -> list[str]:
    """Names of the attestations in the folder."""
    return [name for name in stage.files() if "attestation" in name]


# ---------------------------------------------------------------------------------------- attestation


@MODES
def test_the_attestation_comes_beside(tmp_path: Path, mode: Mode) -> None:
    """With the signed document, in one status; nothing is asked where nobody asked."""
    with Stage(tmp_path, mode) as stage:
        signed(stage, ATTESTED)
        assert there(stage) == [NAME]
        assert stage.read(NAME).startswith(b"%PDF")
        assert f"L’attestation est dans « {NAME} »." in words(stage)
        assert called(stage, "attestation") == 1
        assert stage.record().closed
        stage.drop("sans")
        stage.run()
        stage.sign()
        stage.run()
        assert called(stage, "attestation") == 1
        assert stage.sends() == [1, 1], "the attestation itself is nobody's request"
        stage.intact()


@MODES
def test_a_persons_file_of_that_name_is_theirs(tmp_path: Path, mode: Mode) -> None:
    """The next name is taken, and theirs stays as it is."""
    with Stage(tmp_path, mode) as stage:
        stage.write(NAME, b"%PDF-1.4 mine")
        signed(stage, ATTESTED)
        assert there(stage) == ["lettre.attestation (2).pdf", NAME]
        assert stage.read(NAME) == b"%PDF-1.4 mine"
        assert "L’attestation est dans « lettre.attestation (2).pdf »." in words(stage)
        stage.intact()


def test_an_attestation_that_comes_later(tmp_path: Path) -> None:
    """Signed is said at once; the attestation is asked for again, and told when it has come."""
    with Stage(tmp_path) as stage:
        answers(stage, "attestation", 404, times=2)
        signed(stage, ATTESTED)
        assert "L’attestation n’est pas encore disponible ; elle sera déposée ici." in words(stage)
        for _ in range(10):
            stage.round()
        assert called(stage, "attestation") == 1, "not asked at every pass"
        stage.clock.advance(700)
        stage.run()
        assert there(stage) == []
        stage.restart()
        stage.clock.advance(HOUR)
        stage.run()
        assert there(stage) == [NAME]
        assert f"L’attestation est dans « {NAME} »." in words(stage)
        assert stage.record().closed
        stage.intact()


def test_an_attestation_that_never_comes(tmp_path: Path) -> None:
    """Asked for a few times over a day, then given up and said; it was never an obstacle."""
    with Stage(tmp_path) as stage:
        answers(stage, "attestation", 404, times=None)
        signed(stage, ATTESTED)
        for _ in range(60):
            stage.clock.advance(HOUR)
            stage.round()
        stage.run()
        assert called(stage, "attestation") == 5
        assert "Jesignexpert n’a pas fourni d’attestation pour cette demande." in words(stage)
        assert there(stage) == []
        assert stage.record().closed
        stage.intact()


def test_a_new_ask_does_not_wait_for_an_attestation(tmp_path: Path) -> None:
    """While it is awaited, a person may begin anew; the old request ends then."""
    with Stage(tmp_path) as stage:
        answers(stage, "attestation", 404, times=None)
        signed(stage, ATTESTED)
        first = stage.record()
        assert not first.closed
        stage.write("lettre.pdf", documents.letter(1, "une autre version"))
        order(stage, "action: recommencer", ATTESTED)
        assert stage.first_line().startswith(OUT), stage.status()
        assert stage.parts.journal.get(first.id).closed
        stage.intact()


def test_a_status_deleted_while_the_attestation_is_awaited(tmp_path: Path) -> None:
    """What a person takes away after the end stays away, until there is news."""
    with Stage(tmp_path) as stage:
        answers(stage, "attestation", 404, times=1)
        signed(stage, ATTESTED)
        stage.delete("lettre.signature.txt")
        stage.run()
        assert stage.status() == ""
        stage.clock.advance(HOUR)
        stage.run()
        assert there(stage) == [NAME]
        stage.intact()


@pytest.mark.parametrize("variant", ["before", "after", "lost"])
@MODES
def test_a_broken_write_makes_no_second_attestation(tmp_path: Path, mode: Mode, variant: str) -> None:
    """Killed at the write, or its answer lost: one file, the right bytes."""
    with struck(tmp_path, f"PUT {NAME}", variant, mode) as (stage, points):
        stage.drop(sidecar=ATTESTED)
        stage.run()
        stage.sign()
        points.armed = True
        if variant == "lost":
            stage.run()
        else:
            with pytest.raises(Killed):
                stage.run()
            stage.restart()
        points.armed = False
        stage.clock.advance(HOUR)
        stage.run()
        assert there(stage) == [NAME]
        assert f"« {NAME} »" in words(stage)
        assert stage.record().closed
        stage.intact()


def test_a_torn_attestation_is_written_whole(tmp_path: Path) -> None:
    """On a plain server a broken PUT leaves its beginning: that is ours, and is mended."""
    with Stage(tmp_path, "plain") as stage:
        stage.dms.misbehave(kind="tear", method="PUT", path=f"*{NAME}", at=300)
        signed(stage, ATTESTED)
        stage.clock.advance(HOUR)
        stage.run()
        assert there(stage) == [NAME]
        assert stage.read(NAME).rstrip().endswith(b"%%EOF")
        stage.intact()


def test_an_attestation_torn_and_answered_as_whole_is_written_whole(tmp_path: Path) -> None:
    """Protocol R4: a plain server may keep half of a new file and say 201; here half of what was to mend it, too."""
    with Stage(tmp_path, "plain") as stage:
        stage.dms.misbehave(kind="short", method="PUT", path=f"*{NAME}", at=300, times=2)
        signed(stage, ATTESTED)
        stage.clock.advance(HOUR)
        stage.run()
        assert there(stage) == [NAME]
        assert stage.read(NAME).rstrip().endswith(b"%%EOF")
        assert f"L’attestation est dans « {NAME} »." in words(stage)
        assert stage.record().closed
        stage.intact()


def test_an_attestation_torn_under_its_second_name_keeps_that(tmp_path: Path) -> None:
    """The first name is a person's. What was begun under the second is mended there, and no third is taken."""
    second = "lettre.attestation (2).pdf"
    with Stage(tmp_path, "plain") as stage:
        stage.write(NAME, b"%PDF la mienne")
        stage.dms.misbehave(kind="short", method="PUT", path=f"*{second}", at=300, times=2)
        signed(stage, ATTESTED)
        stage.clock.advance(HOUR)
        stage.run()
        assert there(stage) == [second, NAME]
        assert stage.read(second).rstrip().endswith(b"%%EOF")
        assert stage.read(NAME) == b"%PDF la mienne"
        stage.intact()


def test_a_folder_that_went_gets_no_attestation(tmp_path: Path) -> None:
    """Nobody is left there to be given anything; the request closes."""
    with Stage(tmp_path) as stage:
        stage.dms.person.mkdir(f"{ROOT}/client")
        answers(stage, "attestation", 404, times=1)
        stage.drop(sidecar=ATTESTED, folder=f"{ROOT}/client")
        stage.run()
        stage.sign()
        stage.run()
        stage.delete("client")
        stage.clock.advance(2 * HOUR)
        stage.run()
        record = stage.records()[0]
        assert record.state is State.DELIVERED
        assert record.closed
        assert there(stage) == []


# ----------------------------------------------------------------------------------------------- lock


def locks(stage: Stage, path: str = f"{ROOT}/lettre.pdf") -> bool:
    """Whether a colleague is kept from writing a file."""
    import requests

    user, password = "signatures", "sandbox"
    base = stage.ground.url.rstrip("/")
    if stage.mode == "nextcloud":
        user = "comptable"
        base = base.replace("/files/signatures", "/files/comptable")
    answer = requests.request(
        "LOCK" if stage.mode == "nextcloud" else "PROPFIND",
        f"{base}/{path}",
        auth=(user, password),
        headers={"X-User-Lock": "1"} if stage.mode == "nextcloud" else {"Depth": "0"},
        timeout=10,
    )
    if stage.mode == "nextcloud":
        if answer.status_code == 200:
            requests.request(
                "UNLOCK", f"{base}/{path}", auth=(user, password), headers={"X-User-Lock": "1"}, timeout=10
            )
        return answer.status_code == 423
    return "activelock" in answer.text


def locking(directory: Path, mode: Mode) -> Stage:
    """A stage whose server can lock; a second person has a login there."""
    users = {"signatures": "sandbox", "comptable": "sandbox"}
    return Stage(directory, mode, files_lock=mode == "nextcloud", users=users)


@MODES
def test_a_signed_document_is_locked_and_unlocked_by_order(tmp_path: Path, mode: Mode) -> None:
    """Protected once it is home, said with its end; « déverrouiller » lifts it, once, and that is said, too."""
    with locking(tmp_path, mode) as stage:
        stage.dms.lock_minutes = 30
        signed(stage, LOCKED)
        told = words(stage)
        assert "« lettre.pdf » est verrouillé jusqu’au " in told
        assert "protégé contre la modification" in told
        assert "action: déverrouiller" in stage.status()
        assert stage.record().closed
        assert locks(stage)
        order(stage, "action: déverrouiller", LOCKED)
        assert "« lettre.pdf » n’est plus verrouillé depuis le " in words(stage)
        assert not locks(stage)
        assert stage.record().closed
        order(stage, "# relu\naction: déverrouiller", LOCKED)
        assert "n’est plus verrouillé" in words(stage)
        assert [record.state for record in stage.records()] == [State.DELIVERED]
        assert stage.sends() == [1]
        stage.intact()


@MODES
def test_a_lock_is_not_taken_for_an_edit(tmp_path: Path, mode: Mode) -> None:
    """Locking and unlocking move the tag on Nextcloud: nothing is fetched again, nothing is said to have changed."""
    with locking(tmp_path, mode) as stage:
        signed(stage, LOCKED)
        stage.run()
        order(stage, "action: déverrouiller", LOCKED)
        stage.run()
        happened = [name for _, name, _ in stage.parts.journal.events(stage.record())]
        assert "locked" in happened
        assert "unlocked" in happened
        assert "document_seen" not in happened, "a tag that only the lock has moved is no edit"
        assert stage.first_line() == SIGNED
        stage.intact()


def test_a_server_without_locks_says_so(tmp_path: Path) -> None:
    """Nextcloud without the app: one plain sentence, no LOCK sent, nothing waited for."""
    with Stage(tmp_path) as stage:
        signed(stage, LOCKED)
        assert (
            "Vous avez demandé de verrouiller « lettre.pdf » : ce dossier ne permet pas de verrouiller."
            in words(stage)
        )
        assert [request for request in stage.dms.requests if request.method == "LOCK"] == []
        assert stage.record().closed
        order(stage, "action: déverrouiller", LOCKED)
        assert "il n’y avait rien à déverrouiller" in words(stage)
        stage.intact()


@MODES
def test_a_file_that_somebody_has_open_is_locked_later(tmp_path: Path, mode: Mode) -> None:
    """423: tried again over a day; meanwhile the status says what is known, and nothing waits for it."""
    with locking(tmp_path, mode) as stage:
        stage.dms.misbehave(kind="status", method="LOCK", status=423, times=2)
        signed(stage, LOCKED)
        assert "verrouillé" not in words(stage)
        stage.clock.advance(400)
        stage.run()
        stage.clock.advance(HOUR)
        stage.run()
        assert "« lettre.pdf » est verrouillé" in words(stage)
        assert locks(stage)
        assert stage.record().closed
        stage.intact()


def test_a_lock_that_cannot_be_had_is_given_up_after_a_day(tmp_path: Path) -> None:
    """Said, and the request closes."""
    with locking(tmp_path, "nextcloud") as stage:
        stage.dms.misbehave(kind="status", method="LOCK", status=423, times=None)
        signed(stage, LOCKED)
        for _ in range(30):
            stage.clock.advance(HOUR)
            stage.round()
        stage.run()
        assert "« lettre.pdf » n’a pas pu être verrouillé : quelqu’un l’avait ouvert ou verrouillé." in words(
            stage
        )
        asked = sum(request.method == "LOCK" for request in stage.dms.requests)
        assert asked <= 14
        assert stage.record().closed
        stage.intact()


@pytest.mark.parametrize("variant", ["before", "after", "lost"])
@MODES
def test_a_broken_lock_is_one_lock(tmp_path: Path, mode: Mode, variant: str) -> None:
    """Killed at LOCK, or its answer lost: ours is found again, and can be lifted."""
    users = {"signatures": "sandbox", "comptable": "sandbox"}
    options = {"files_lock": mode == "nextcloud", "users": users}
    with struck(tmp_path, "dms LOCK", variant, mode, **options) as (stage, points):
        stage.drop(sidecar=LOCKED)
        stage.run()
        stage.sign()
        points.armed = True
        if variant == "lost":
            stage.run()
        else:
            with pytest.raises(Killed):
                stage.run()
            stage.restart()
        points.armed = False
        stage.clock.advance(600)
        stage.run()
        assert "« lettre.pdf » est verrouillé" in words(stage), stage.status()
        assert locks(stage)
        order(stage, "action: déverrouiller", LOCKED)
        assert not locks(stage)
        stage.intact()


def test_what_a_person_changed_meanwhile_is_not_locked(tmp_path: Path) -> None:
    """Somebody saved over the signed version before the lock: theirs is not frozen."""
    with locking(tmp_path, "nextcloud") as stage:
        stage.dms.misbehave(kind="status", method="LOCK", status=423, times=1)
        signed(stage, LOCKED)
        stage.write("lettre.pdf", documents.letter(1, "retouchée"))
        stage.clock.advance(HOUR)
        stage.run()
        first = stage.records()[0]
        assert first.extra["lock"]["not"] == {"1": "changed"}
        assert not locks(stage)


def test_what_lies_beside_is_not_locked(tmp_path: Path) -> None:
    """The status asks a person to rename it: it must stay theirs to move."""
    with locking(tmp_path, "nextcloud") as stage:
        stage.drop(sidecar=LOCKED)
        stage.run()
        stage.write("lettre.pdf", documents.letter(1, "modifiée"))
        stage.run()
        stage.sign()
        stage.run()
        assert stage.first_line().startswith("SIGNÉ – la version signée est à côté")
        assert "La version signée n’est pas verrouillée" in words(stage)
        assert [request for request in stage.dms.requests if request.method == "LOCK"] == []
        stage.intact()


def test_somebody_elses_lock_is_not_lifted(tmp_path: Path) -> None:
    """Ours ended by itself, a colleague has locked it since: theirs stays, and that is said."""
    with locking(tmp_path, "nextcloud") as stage:
        signed(stage, LOCKED)
        stage.clock.advance(2 * HOUR)
        node = stage.dms.node(f"{ROOT}/lettre.pdf")
        assert node is not None
        assert stage.dms.nextcloud is not None
        stage.dms.nextcloud.locks.put(node.fileid, "comptable", by_user=True, timeout_s=None)
        order(stage, "action: déverrouiller", LOCKED)
        assert "est verrouillé par quelqu’un d’autre" in words(stage)
        assert stage.dms.nextcloud.locks.get(node.fileid) is not None
        stage.intact()


def test_the_order_to_unlock_survives_an_obstacle(tmp_path: Path) -> None:
    """The status cannot be written just then: the order counts as obeyed only once it is told."""
    with locking(tmp_path, "nextcloud") as stage:
        signed(stage, LOCKED)
        stage.dms.misbehave(kind="status", method="PUT", path="*.signature.txt", status=503, times=2)
        order(stage, "action: déverrouiller", LOCKED)
        for _ in range(3):
            stage.clock.advance(HOUR)
            stage.run()
        assert "n’est plus verrouillé" in words(stage)
        assert not locks(stage)
        stage.intact()


def test_several_documents_are_each_locked(tmp_path: Path) -> None:
    """Two documents of one request: both protected, both lifted."""
    with locking(tmp_path, "nextcloud") as stage:
        stage.write("mandat.pdf", documents.letter(1, "mandat"))
        stage.drop(sidecar=LOCKED + "documents:\n  - lettre.pdf\n  - mandat.pdf\n")
        stage.run()
        stage.sign()
        stage.run()
        assert "Les 2 PDF signés sont verrouillés" in words(stage), stage.status()
        assert locks(stage)
        assert locks(stage, f"{ROOT}/mandat.pdf")
        order(stage, "action: déverrouiller", LOCKED + "documents:\n  - lettre.pdf\n  - mandat.pdf\n")
        assert not locks(stage)
        assert not locks(stage, f"{ROOT}/mandat.pdf")
        stage.intact()


def test_of_several_the_one_that_is_not_locked_is_named(tmp_path: Path) -> None:
    """The letter is protected, the other one lies beside: each by its own name."""
    with locking(tmp_path, "nextcloud") as stage:
        stage.write("mandat.pdf", documents.letter(1, "mandat"))
        stage.drop(sidecar=LOCKED + "documents: mandat.pdf\n")
        stage.run()
        stage.write("mandat.pdf", documents.letter(1, "mandat modifié"))
        stage.run()
        stage.sign()
        stage.run()
        assert "« lettre.pdf » est verrouillé" in words(stage), stage.status()
        assert "« mandat (signé).pdf » n’est pas verrouillé" in words(stage), stage.status()
        stage.intact()


def test_the_one_of_several_that_is_locked_is_named(tmp_path: Path) -> None:
    """The letter lies beside, the other one is protected."""
    with locking(tmp_path, "nextcloud") as stage:
        stage.write("mandat.pdf", documents.letter(1, "mandat"))
        stage.drop(sidecar=LOCKED + "documents: mandat.pdf\n")
        stage.run()
        stage.write("lettre.pdf", documents.letter(1, "modifiée"))
        stage.run()
        stage.sign()
        stage.run()
        assert "« mandat.pdf » est verrouillé" in words(stage), stage.status()
        assert "« lettre (signé).pdf » n’est pas verrouillé" in words(stage), stage.status()
        assert locks(stage, f"{ROOT}/mandat.pdf")
        assert not locks(stage)
        stage.intact()


def test_of_a_picture_its_signed_pdf_is_locked_and_named(tmp_path: Path) -> None:
    """The picture itself is no signed document: it stays open to all."""
    with locking(tmp_path, "nextcloud") as stage:
        stage.write("photo.jpg", pictures.saved(pictures.quadrants((120, 160)), "JPEG"))
        stage.write("photo.sign.yaml", LOCKED)
        stage.run()
        stage.sign()
        stage.run()
        said = " ".join(stage.status("photo").replace("\u00a0", " ").split())
        assert "« photo.pdf » est verrouillé" in said
        assert locks(stage, f"{ROOT}/photo.pdf")
        stage.intact()


def test_lock_and_attestation_together(tmp_path: Path) -> None:
    """Both are there after one status; two people."""
    with locking(tmp_path, "nextcloud") as stage:
        stage.drop(sidecar=TWO + "attestation: oui\nverrouiller: oui\n")
        stage.run()
        for email in ("marie.dupont@cabinet.fr", "claire.bernard@cabinet.fr"):
            stage.sign(email)
            stage.clock.advance(HOUR)
            stage.run()
        assert stage.first_line() == SIGNED
        told = words(stage)
        assert f"« {NAME} »" in told
        assert "« lettre.pdf » est verrouillé" in told
        written = [data for _, name, data in stage.parts.journal.events(stage.record()) if name == "reported"]
        assert [data["first_line"] for data in written].count("SIGNÉ") == 1, "one status tells it all"
        stage.intact()
