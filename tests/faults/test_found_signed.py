"""What the platform has erased lies signed in its folder: it is told as what it is, and never as lost.

Only what is this document beyond doubt: whatever else lies there, its request ends as it did, and no file is touched.
"""

from __future__ import annotations

import hashlib
import io
import re
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from connector.lifecycle import Record, State
from connector.passes import account_pass
from connector.ports import TransactionId
from connector.steps.parts import Timing
from tests import documents
from tests.faults.points import Killed, Points
from tests.faults.stories import signatures
from tests.faults.test_forgotten import forget
from tests.faults.test_once import MODES, Town, delivered_once, in_place, letter, send_out
from tests.faults.test_residuals import DELIVERY
from tests.faults.test_several import (
    ANNEX,
    BALANCE,
    LETTER,
    SIGNED,
    at,
    content_of,
    first_line,
    home,
    picture,
    put,
    record_of,
    settle,
)
from tests.worlds import CLAIRE, MARIE, ONE, ROOT, TWO, Mode, Stage, workers

BESIDE = "SIGNÉ – la version signée est à côté : « lettre (signé).pdf »"
DAY = 86_400.0
PATIENT = Timing(
    follow_first_hour=timedelta(seconds=1),
    retry_first=timedelta(seconds=1),
    forgotten_patience=timedelta(0),
)
"""As it is set for everybody where files are awaited."""


def erased(stage: Stage) -> None:
    """The platform keeps nothing for longer than a month."""
    for operation in ("status", "download"):
        stage.platform.misbehave(operation=operation, kind="gone", times=None)


def without_ends(stage: Stage) -> None:
    """The registry takes no ends: all has come home, and no journal that is lost then is told of it."""
    stage.dms.misbehave(kind="status", method="PUT", path="*.done", status=503, times=None)


def lost(stage: Stage) -> None:
    """Journal and spool go, and the platform has erased its own."""
    erased(stage)
    stage.lose_journal()
    stage.dms.behave()
    stage.run()
    stage.clock.advance(4000)
    stage.run()


def given(stage: Stage, name: str = "lettre") -> bytes:
    """The signed document, as its signatories are sent it by the platform."""
    out = io.BytesIO()
    transaction = TransactionId(str(stage.record(name).transaction))
    stage.parts.services["cabinet"].download(transaction, 1, out, max_bytes=10_000_000)
    return out.getvalue()


def people(stage: Stage) -> list[str]:
    """What the status tells of each signatory."""
    text = stage.status().replace("\u00a0", " ")
    return [" ".join(line.split()) for line in text.splitlines() if re.match(r" +\d\. ", line)]


@MODES
@pytest.mark.parametrize("order", ["l'un après l'autre", "parallèle"])
def test_delivered_before_its_journal_was_lost(tmp_path: Path, mode: Mode, order: str) -> None:
    """R8: a new journal finds it in its place, signed, tells who signed and when, and writes it no second time."""
    with Town(tmp_path, mode, timing=PATIENT) as stage:
        stage.drop("lettre", letter(f"{ROOT} lettre"), TWO + f"ordre: {order}\n")
        stage.run()
        without_ends(stage)
        for email in (MARIE, CLAIRE):
            stage.sign(email)
            stage.later(60)
        delivered_once(stage, "lettre")
        signed, told = stage.read("lettre.pdf"), people(stage)
        assert all("a signé le" in line for line in told), told
        lost(stage)
        delivered_once(stage, "lettre")
        record = stage.record()
        assert (record.state, record.closed) == (State.DELIVERED, True)
        assert people(stage) == told
        assert stage.read("lettre.pdf") == signed
        assert stage.sends() == [1]
        stage.intact()


def test_its_sidecar_is_gone_when_its_journal_is_lost(tmp_path: Path) -> None:
    """Nothing names its people any more but the marker, which hides them: the addresses of certificates tell."""
    with Town(tmp_path, timing=PATIENT) as stage:
        send_out(stage, "lettre")
        without_ends(stage)
        stage.sign()
        stage.later(60)
        delivered_once(stage, "lettre")
        stage.delete("lettre.sign.yaml")
        stage.later(60)
        lost(stage)
        stage.later()
        [record] = stage.records()
        assert (record.state, record.signatories[0].name) == (State.DELIVERED, "")


@MODES
def test_delivered_beside_before_its_journal_was_lost(tmp_path: Path, mode: Mode) -> None:
    """The same of what came under a name of ours, since a person had changed the PDF."""
    with Town(tmp_path, mode, timing=PATIENT) as stage:
        send_out(stage, "lettre")
        stage.write("lettre.pdf", letter("modifiée"))
        without_ends(stage)
        stage.sign()
        stage.run()
        assert stage.first_line() == BESIDE
        signed = stage.read("lettre (signé).pdf")
        lost(stage)
        assert stage.first_line() == BESIDE
        assert stage.record().state is State.DELIVERED_BESIDE
        assert (stage.read("lettre.pdf"), stage.read("lettre (signé).pdf")) == (letter("modifiée"), signed)
        assert stage.sends() == [1]
        stage.intact()


@MODES
def test_the_spool_lost_after_the_write(tmp_path: Path, mode: Mode) -> None:
    """The journal still says that it is on its way; nothing is left to be written, and it is there."""
    points = Points(point=DELIVERY[mode], variant="after")
    with Town(tmp_path, mode, seams=points.seams(workers())) as stage:
        send_out(stage, "lettre")
        stage.sign()
        points.armed = True
        with pytest.raises(Killed):
            stage.run()
        stage.restart()  # what was killed has left everything as it was then
        stage.stop()
        shutil.rmtree(stage.state.directory / "spool")
        erased(stage)
        stage.start()
        assert stage.record().state is State.DELIVERING
        asked = len(stage.platform.requests)
        stage.run()
        assert len(stage.platform.requests) == asked, "there is nothing to be had once more"
        delivered_once(stage, "lettre")
        stage.intact()


@MODES
def test_what_a_person_has_filed_by_hand(tmp_path: Path, mode: Mode) -> None:
    """The follow-up was away for a month: they were sent it by e-mail and put it in its place themselves."""
    with Town(tmp_path, mode) as stage:
        send_out(stage, "lettre")
        stage.platform.misbehave(operation="status", kind="status", status=503, times=None)
        stage.sign()
        stage.write("lettre.pdf", given(stage))
        stage.later(60)
        stage.platform.behave()
        erased(stage)
        stage.later()
        assert stage.first_line() == in_place("lettre"), stage.status()
        assert stage.record().state is State.DELIVERED
        assert stage.sends() == [1]
        stage.intact()


def twice(now: datetime) -> bytes:
    return documents.signed_at(now, content=documents.signed_at(now), field="signataire-2")


OTHERS: dict[str, tuple[str, Callable[[datetime], bytes]]] = {
    "of all but one": (TWO, documents.signed_at),
    "of one for the other": (TWO, twice),
    "of somebody else": (f"signataires: Claire Bernard <{CLAIRE}> 06 98 76 54 32\n", documents.signed_at),
    "other pages": (ONE, lambda now: documents.signed(documents.letter(1, "une autre"), signers=1)),
    "before it was sent": (ONE, lambda now: documents.signed_at(now - timedelta(days=1))),
    "changed since": (ONE, lambda now: documents.broken(documents.signed_at(now))),
    "not signed": (ONE, lambda now: documents.saved_incrementally(documents.letter())),
}


@pytest.mark.parametrize(("sidecar", "content"), OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize("name", ["lettre.pdf", "lettre (signé).pdf"])
def test_what_is_not_this_document(
    tmp_path: Path, name: str, sidecar: str, content: Callable[[datetime], bytes]
) -> None:
    """Nobody has "signed" a request that not all who were asked have signed since, over the pages that were sent."""
    with Town(tmp_path) as stage:
        stage.drop("lettre", documents.letter(), sidecar)
        stage.run()
        theirs = content(stage.clock.now())
        stage.write(name, theirs)
        erased(stage)
        stage.later()
        assert ended(stage).state is State.LOST
        assert stage.read(name) == theirs


def ended(stage: Stage) -> Record:
    """The one request that left; what is put in its place after its end may be another."""
    [asked] = [record for record in stage.records() if record.transaction]
    return asked


def test_signed_between_its_preview_and_its_sending(tmp_path: Path) -> None:
    """The firm's own signature, made on paper that was still to be sent: it answers nobody's invitation."""
    with Town(tmp_path) as stage:
        stage.drop("lettre", documents.letter(), ONE + "envoi: non\n")
        stage.run()
        stage.clock.advance(2 * DAY)
        stage.write("lettre (signé).pdf", documents.signed_at(stage.clock.now()))
        stage.clock.advance(2 * DAY)
        stage.write("lettre.sign.yaml", ONE + "envoi: oui\n")
        stage.run()
        assert stage.first_line().startswith("EN COURS")
        erased(stage)
        stage.later()
        assert stage.record().state is State.LOST


def test_what_is_this_document(tmp_path: Path) -> None:
    """The measure of the test above: signed since by who was asked, that page is it."""
    with Town(tmp_path) as stage:
        stage.drop("lettre", documents.letter(), ONE)
        stage.run()
        stage.write("lettre.pdf", documents.signed_at(stage.clock.now()))
        erased(stage)
        stage.later()
        assert stage.first_line() == in_place("lettre")
        told = " ".join(stage.status().split())
        assert (
            "Jesignexpert ne garde plus rien de cette demande : le document signé a été reconnu à ses signatures le"
            in told
        )
        assert "Vérifié : 1 signature intacte" in told


def test_not_lost_while_nobody_can_look(tmp_path: Path) -> None:
    """A folder that is away says nothing of what lies in it; nor does one that was not looked through yet."""
    with Town(tmp_path, timing=PATIENT) as stage:
        send_out(stage, "lettre")
        without_ends(stage)
        stage.sign()
        stage.later(60)
        delivered_once(stage, "lettre")
        erased(stage)
        stage.lose_journal()
        stage.dms.behave()
        stage.dms.misbehave(kind="status", method="PROPFIND", path=f"*{ROOT}/*", status=503, times=None)
        stage.dms.misbehave(kind="status", method="SEARCH", status=503, times=None)
        stage.run()
        assert [record.state for record in stage.records()] == [State.IN_DOUBT], "where it lies is not known"
        stage.dms.behave()
        stage.dms.misbehave(kind="status", method="GET", path="*.pdf", status=503, times=None)
        stage.later(60)
        assert stage.record().state is State.IN_DOUBT, "it could not be looked at"
        stage.dms.behave()
        stage.later()
        delivered_once(stage, "lettre")


@pytest.mark.parametrize("missing", [(), (LETTER,), (BALANCE,)])
def test_of_several_documents(tmp_path: Path, missing: tuple[str, ...]) -> None:
    """What lies there is home; of what does not it is said that it never came."""
    with Stage(tmp_path, timing=PATIENT) as stage:
        put(stage, "dossier")
        stage.run()
        without_ends(stage)
        stage.sign(MARIE)
        settle(stage)
        home(stage, "dossier")
        for name in missing:
            stage.delete(name, folder=at("dossier"))
        lost(stage)
        record = record_of(stage, "dossier")
        if not missing:
            home(stage, "dossier")
            assert record.state is State.DELIVERED
        else:
            assert record.state is State.DELIVERED_BESIDE, stage.status(folder=at("dossier"))
            assert first_line(stage, "dossier").startswith("SIGNÉ"), stage.status(folder=at("dossier"))
        assert signatures(stage.read("photo.pdf", folder=at("dossier"))) == 1
        assert stage.sends() == [1]


@pytest.mark.parametrize("sidecar", [True, False])
def test_who_was_asked_is_told_while_the_platform_is_away(tmp_path: Path, sidecar: bool) -> None:
    """By the request that still lies there; without it nobody has a name, and the sentence is one all the same."""
    with Town(tmp_path) as stage:
        stage.drop("lettre", documents.letter(), TWO)
        stage.run()
        if not sidecar:
            stage.write("lettre.sign.yaml", "signataires: Paul Autre <paul@autre.fr> 06 11 22 33 44\n")
            stage.run()
        stage.platform.misbehave(operation="status", kind="status", status=503, times=None)
        stage.lose_journal()
        stage.later(60)
        who = "Marie Dupont" if sidecar else "la personne n° 1"
        told = " ".join(stage.status().split())
        assert re.search(rf"« lettre » du [^,]* pour {who}, ou demandez à {who} si", told), told
        stage.platform.behave()
        erased(stage)
        stage.later()
        assert stage.record().state is State.LOST
        assert [line.rsplit(" ", 2)[1:] for line in people(stage)] == [["sans", "nouvelles"]] * 2
        assert people(stage)[0] == f"1. {who} sans nouvelles"


def test_of_two_equal_letters_one_is_signed(tmp_path: Path) -> None:
    """What the one was signed to is never the other's, wherever a person has put it."""
    pages = documents.letter(1, "mandat")
    with Town(tmp_path) as stage:
        for name in ("une", "autre"):
            stage.drop(name, pages, ONE + f"note: exemplaire {name}\n")
            stage.run()
        stage.write("autre.sign.yaml", ONE + "note: exemplaire autre\naction: recommencer\n")
        stage.run()
        transaction = str(stage.record("une").transaction)
        stage.platform.person_signs(transaction, MARIE)
        stage.run()
        assert stage.first_line("une") == in_place("une")
        stage.write("autre.pdf", stage.read("une.pdf"))
        erased(stage)
        stage.later()
        asked = next(one for one in stage.records() if one.transaction not in {None, transaction})
        assert (asked.state, asked.document.delivered_href) == (State.LOST, None)
        assert stage.first_line("une") == in_place("une")


@pytest.mark.parametrize("all_signed", [False, True])
def test_an_annex_alone_tells_nothing(tmp_path: Path, all_signed: bool) -> None:
    """It may come back without any signature: under its name there lies what anybody could have put there."""
    with Stage(tmp_path) as stage:
        put(stage, "dossier", [ANNEX])
        stage.run()
        theirs = documents.saved_incrementally(content_of(ANNEX, "dossier"))
        stage.write(SIGNED[ANNEX], theirs, folder=at("dossier"))
        if all_signed:
            stage.platform.misbehave(operation="download", kind="status", status=503, times=None)
            stage.sign()
            stage.run()
            assert record_of(stage, "dossier").state is State.SEALING
            stage.platform.behave()
        erased(stage)
        for _ in range(3):
            settle(stage)
        assert record_of(stage, "dossier").state is State.LOST
        told = "signé par tous, mais Jesignexpert a effacé" if all_signed else "Jesignexpert ne connaît plus"
        assert first_line(stage, "dossier").startswith(f"À VÉRIFIER – {told}")
        stage.intact()


def test_its_server_is_none_of_ours_any_more(tmp_path: Path) -> None:
    """Taken out of the configuration under way: there is nowhere to look, and it ends all the same."""
    with Town(tmp_path) as stage:
        send_out(stage, "lettre")
        stage.reconfigure({"servers: {dms:": "servers: {autre:", "server: dms": "server: autre"})
        erased(stage)
        for _ in range(3):
            stage.clock.advance(4000)
            account_pass(stage.parts, "cabinet")
        assert (ended(stage).server, ended(stage).state) == ("dms", State.LOST)


def test_found_by_half_and_then_known_again(tmp_path: Path) -> None:
    """What the folder holds is a guess while the platform may still have its own: nothing of it is kept."""
    with Stage(tmp_path) as stage:
        put(stage, "dossier", [BALANCE])
        stage.run()
        forged = documents.signed_at(stage.clock.now(), content=content_of(LETTER, "dossier"))
        stage.write(LETTER, forged, folder=at("dossier"))
        erased(stage)
        stage.dms.misbehave(kind="status", method="GET", path=f"*{BALANCE}", status=503, times=None)
        stage.run()
        before = record_of(stage, "dossier")
        assert (before.state, before.document.signed_sha256) == (State.IN_PROGRESS, None)
        assert before.next_at is not None
        assert before.next_at > stage.clock.now(), "and it is not asked again at once"
        stage.platform.behave()
        stage.dms.behave()
        stage.sign()
        settle(stage)
        assert record_of(stage, "dossier").state is State.DELIVERED_BESIDE
        assert stage.read(LETTER, folder=at("dossier")) == forged
        theirs = stage.read("lettre (signé).pdf", folder=at("dossier"))
        assert hashlib.sha256(theirs).hexdigest() == record_of(stage, "dossier").document.signed_sha256


def test_what_nobody_may_read_keeps_a_request_for_a_week(tmp_path: Path) -> None:
    """Whatever lies there, its folder may never be readable again."""
    with Town(tmp_path) as stage:
        send_out(stage, "lettre")
        erased(stage)
        stage.dms.misbehave(kind="status", method="GET", path="*.pdf", status=403, times=None)
        for day in range(12):
            stage.clock.advance(DAY)
            if day == 5:  # it was a gateway that had said so
                stage.platform.behave()
                stage.renew()
                stage.run(3)
                erased(stage)
            stage.run(3)
            assert stage.record().state is State.IN_PROGRESS
        stage.clock.advance(2 * DAY)
        stage.run(3)
        assert stage.record().state is State.LOST


def test_moved_right_before_it_is_looked_for(tmp_path: Path) -> None:
    """By its file id, before the folder was looked at."""
    with Town(tmp_path) as stage:
        send_out(stage, "lettre")
        stage.platform.misbehave(operation="status", kind="status", status=503, times=None)
        stage.sign()
        stage.write("lettre.pdf", given(stage))
        stage.later(60)
        stage.platform.behave()
        erased(stage)
        stage.person.mkdir(f"{ROOT}/2026")
        for suffix in (".pdf", ".sign.yaml"):
            stage.move(f"lettre{suffix}", f"lettre{suffix}", to_folder=f"{ROOT}/2026")
        stage.clock.advance(4000)
        account_pass(stage.parts, "cabinet")
        stage.later()
        assert stage.first_line(folder=f"{ROOT}/2026") == in_place("lettre")


def test_away_for_a_moment_when_it_is_looked_for(tmp_path: Path) -> None:
    """A plain server: a move often arrives as a deletion, then an upload."""
    with Town(tmp_path, "plain", timing=PATIENT) as stage:
        send_out(stage, "lettre")
        stage.platform.misbehave(operation="status", kind="status", status=503, times=None)
        stage.sign()
        signed = given(stage)
        stage.write("lettre.pdf", signed)
        stage.later(60)
        stage.platform.behave()
        erased(stage)
        stage.delete("lettre.pdf")
        stage.clock.advance(100)
        account_pass(stage.parts, "cabinet")
        assert stage.record().state is State.IN_PROGRESS
        stage.write("lettre.pdf", signed)
        stage.later()
        assert stage.first_line() == in_place("lettre")


@pytest.mark.parametrize("saves", [1, 4])
def test_saved_over_before_the_loss(tmp_path: Path, saves: int) -> None:
    """It is among the versions of its file: nobody is told that it never came."""
    with Town(tmp_path, timing=PATIENT) as stage:
        send_out(stage, "lettre")
        without_ends(stage)
        stage.sign()
        stage.later(60)
        delivered_once(stage, "lettre")
        for number in range(saves):
            stage.clock.advance(60)
            stage.write("lettre.pdf", documents.letter(1, f"la suivante, {number}"))
        stage.run()
        lost(stage)
        asked = next(record for record in stage.records() if record.transaction)
        assert asked.state in {State.DELIVERED, State.DELIVERED_BESIDE}
        assert "est maintenant la version signée" not in stage.first_line(), "another letter lies there"
        history = [content for _, _, content in stage.dms.versions_of(f"{ROOT}/lettre.pdf")]
        assert 1 in [signatures(content) for content in history]


def test_an_annex_that_came_back_as_it_was_sent(tmp_path: Path) -> None:
    """Whether annexes are signed at all is not known: under the name that we gave it, it is home."""
    with Stage(tmp_path, timing=PATIENT) as stage:
        put(stage, "dossier", [ANNEX])
        stage.run()
        without_ends(stage)
        stage.sign()
        settle(stage)
        home(stage, "dossier")
        stage.write(SIGNED[ANNEX], content_of(ANNEX, "dossier"), folder=at("dossier"))
        lost(stage)
        assert record_of(stage, "dossier").state is State.DELIVERED
        assert "n’est pas revenu" not in stage.status(folder=at("dossier"))


def test_an_annex_of_an_earlier_request(tmp_path: Path) -> None:
    """It bears the name that this one's would, and signatures; they are older than what is asked now."""
    with Stage(tmp_path) as stage:
        put(stage, "dossier", [ANNEX])
        stage.run()
        stage.sign()
        settle(stage)
        home(stage, "dossier")
        stage.clock.advance(3 * 3600)
        sidecar = ONE + "annexes: Annexe*\naction: recommencer\n"
        stage.write(LETTER, documents.letter(1, "la suivante"), folder=at("dossier"))
        stage.write("lettre.sign.yaml", sidecar, folder=at("dossier"))
        settle(stage)
        assert first_line(stage, "dossier").startswith("EN COURS")
        erased(stage)
        settle(stage)
        assert record_of(stage, "dossier").state is State.LOST


def test_people_who_have_faded_stay_so(tmp_path: Path) -> None:
    """Journal lost, and its files came back into sight when their people were names alone: no address comes with it."""
    with Town(tmp_path, more="keep_personal_data: 30d\n") as stage:
        send_out(stage, "lettre")
        stage.sign()
        stage.later(60)
        delivered_once(stage, "lettre")
        stage.person.mkdir("Ailleurs")
        names = [f"lettre{suffix}" for suffix in (".pdf", ".sign.yaml", ".signature.txt")]
        for name in names:
            stage.move(name, name, to_folder="Ailleurs")
        stage.lose_journal()
        for _ in range(3):
            stage.clock.advance(20 * DAY)
            stage.renew()
            stage.run(3)
        for name in names:
            stage.move(name, name, folder="Ailleurs", to_folder=ROOT)
        stage.later(60)
        assert stage.record().place
        assert [(each.email, each.phone) for each in stage.record().signatories] == [("", "")]


def test_saved_over_after_many_versions(tmp_path: Path) -> None:
    """What was signed is the youngest of them, or nearly so: there it is looked for first."""
    with Town(tmp_path) as stage:
        stage.drop("lettre", documents.letter(), ONE)
        stage.run()
        for number in range(7):
            stage.clock.advance(60)
            stage.write("lettre.pdf", documents.letter(1, f"autre, {number}"))
        stage.clock.advance(60)
        stage.write("lettre.pdf", documents.signed_at(stage.clock.now()))
        stage.clock.advance(60)
        stage.write("lettre.pdf", documents.letter(1, "la dernière"))
        erased(stage)
        stage.later()
        assert next(record for record in stage.records() if record.transaction).state is not State.LOST


def test_one_signed_file_in_two_places(tmp_path: Path) -> None:
    """Two documents of one request that show the same pages are signed each for itself."""
    pages = documents.letter(1, "en double")
    with Town(tmp_path) as stage:
        for name in ("lettre.pdf", "double.pdf"):
            stage.write(name, pages)
        stage.write("lettre.sign.yaml", ONE + "documents: [double.pdf]\n")
        stage.run()
        signed = documents.signed_at(stage.clock.now(), content=pages)
        for name in ("lettre.pdf", "double.pdf"):
            stage.write(name, signed)
        erased(stage)
        stage.later()
        record = next(record for record in stage.records() if record.transaction)
        assert [one.signed_sha256 is not None for one in record.documents] == [True, False]


def test_a_look_that_fails_keeps_nobody_from_fetching(tmp_path: Path) -> None:
    """The spool was lost in the middle of a delivery, and its place cannot be read: the platform has it still."""
    points = Points(point=DELIVERY["nextcloud"], variant="before")
    with Town(tmp_path, seams=points.seams(workers())) as stage:
        send_out(stage, "lettre")
        stage.sign()
        points.armed = True
        with pytest.raises(Killed):
            stage.run()
        stage.restart()
        stage.stop()
        shutil.rmtree(stage.state.directory / "spool")
        stage.start()
        stage.dms.misbehave(kind="status", method="GET", path="*lettre.pdf", status=503, times=None)
        stage.later(60)
        erased(stage)
        stage.dms.behave()
        stage.later()
        delivered_once(stage, "lettre")


def test_an_image_that_was_moved_right_before(tmp_path: Path) -> None:
    """By its own file id; what is signed lies beside it, under its name."""
    with Stage(tmp_path) as stage:
        stage.write("photo.jpg", picture())
        stage.write("photo.sign.yaml", ONE)
        stage.run()
        stage.platform.misbehave(operation="status", kind="status", status=503, times=None)
        stage.sign()
        stage.write("photo.pdf", given(stage, "photo"))
        stage.run()
        stage.platform.behave()
        erased(stage)
        stage.person.mkdir(f"{ROOT}/2026")
        for name in ("photo.jpg", "photo.pdf", "photo.sign.yaml"):
            stage.move(name, name, to_folder=f"{ROOT}/2026")
        stage.clock.advance(4000)
        account_pass(stage.parts, "cabinet")
        assert stage.records()[0].state is not State.LOST


def test_who_is_to_be_forgotten_is_found_by_a_name_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A request that was over when its journal was lost has its people's names back, from its sidecar."""
    with Town(tmp_path) as stage:
        send_out(stage, "lettre")
        stage.sign()
        stage.later(60)
        delivered_once(stage, "lettre")
        stage.lose_journal()
        stage.run()
        name = "lettre.sign.yaml"
        stage.write(name, stage.read(name) + b"# relu\n")
        stage.run()
        forget(stage, MARIE, capsys)
        assert not [each for one in stage.records() for each in one.signatories if "Marie" in each.name]
