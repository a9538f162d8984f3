"""``après signature: ranger``: finished requests move to « Demandes terminées », and are themselves there (ux 2.6)."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from connector.lifecycle import Record, State
from tests.dms_faults import FAULTS
from tests.faults.letters import letter
from tests.faults.points import READS, Killed, Points
from tests.spreadsheets import person, workbook
from tests.worlds import MARIE, ONE, ROOT, Mode, Stage, workers

MODES = pytest.mark.parametrize("mode", ["nextcloud", pytest.param("plain", marks=pytest.mark.long)])
DONE = "Demandes terminées"
TIDY = "après signature: ranger\n"
SIGNED = "SIGNÉ – « {0}.pdf » est maintenant la version signée"
WENT = "Ce fichier et la demande ont été rangés dans « Demandes terminées »"


def drop(stage: Stage, *names: str, folder: str = ROOT, more: str = "") -> None:
    for name in names:
        stage.drop(name, letter(f"{folder} {name}"), ONE + more, folder=folder)


def stage_in(tmp_path: Path, mode: Mode, settings: str = TIDY) -> Stage:
    stage = Stage(tmp_path, mode)
    stage.write("_signature.yaml", settings)
    return stage


def finish(stage: Stage) -> None:
    """Send everything, sign it, bring it home and, where it is wanted, tidy it."""
    stage.run()
    stage.sign()
    stage.run()


def filed(stage: Stage, folder: str = ROOT) -> list[str]:
    """What lies among the finished requests of a folder."""
    inside = f"{DONE}/"
    return [name.removeprefix(inside) for name in stage.files(folder) if name.startswith(inside)]


def both(*names: str) -> list[str]:
    return sorted(f"{name}.{end}" for name in names for end in ("sign.yaml", "signature.txt"))


def beside(stage: Stage, folder: str = ROOT) -> list[str]:
    """What people see in the folder itself; the originals, which a plain server keeps beside, left out."""
    return [name for name in stage.files(folder) if "/" not in name and "(original)" not in name]


def papers_of(*names: str) -> list[str]:
    return [f"{name}.attestation.pdf" for name in names]


def record_of(stage: Stage, name: str, folder: str = ROOT) -> Record:
    return stage.record(name, folder=f"{folder}/{DONE}")


def text(stage: Stage, name: str, folder: str = ROOT) -> str:
    """A filed status."""
    return flat(stage.status(name, folder=f"{folder}/{DONE}"))


def flat(status: str) -> str:
    """A text on one line, with plain spaces."""
    return " ".join(status.replace("\u00a0", " ").split())


@MODES
def test_what_is_finished_goes_and_what_needs_a_person_stays(tmp_path: Path, mode: Mode) -> None:
    """Signed and at home: request and status go, PDFs stay, alone. Everything else stays in sight, as it is."""
    with stage_in(tmp_path, mode, TIDY + "attestation: oui\n") as stage:
        for folder in ("Garde", "Autre"):
            stage.dms.person.mkdir(f"{ROOT}/{folder}")
        stage.write("_signature.yaml", "après signature: laisser\n", folder=f"{ROOT}/Garde")
        drop(stage, "un", "refus", "modifie", "parti", "sans", "attend", "deux")
        drop(stage, "laisse", "note", more="après signature: laisser\n")
        drop(stage, "garde", folder=f"{ROOT}/Garde")
        drop(stage, "range", folder=f"{ROOT}/Garde", more="after signing: tidy\n")
        drop(stage, "autre", folder=f"{ROOT}/Autre")
        stage.run()
        stage.platform.person_refuses(str(stage.record("refus").transaction), MARIE)
        stage.write("modifie.pdf", letter("une autre version"))
        stage.delete("parti.pdf")
        stage.delete("sans.sign.yaml")
        stage.write("deux.sign.corrigé.yaml", ONE)
        stage.run()
        # Nobody signs this one.
        waiting = str(stage.record("attend").transaction)
        for view in stage.platform.transactions():
            if view.id != waiting and view.ended_at is None and view.sends:
                stage.platform.person_signs(view.id, MARIE)
        stage.run()
        assert filed(stage) == sorted([*both("un", "parti"), "sans.signature.txt"])
        assert filed(stage, f"{ROOT}/Garde") == both("range")
        assert filed(stage, f"{ROOT}/Autre") == both("autre")
        left = both("refus", "modifie", "note", "attend", "laisse", "deux")
        pdfs = [
            f"{name}.pdf" for name in ("un", "refus", "modifie", "note", "sans", "attend", "laisse", "deux")
        ]
        came = ["modifie (signé).pdf", "parti (signé).pdf", "deux.sign.corrigé.yaml", "_signature.yaml"]
        papers = [name for name in beside(stage) if ".attestation" in name]
        assert beside(stage) == sorted([*left, *pdfs, *came, *papers])
        assert "un.attestation.pdf" in papers
        assert beside(stage, f"{ROOT}/Garde") == sorted(
            [*both("garde"), "garde.pdf", "range.pdf", "_signature.yaml", *papers_of("garde", "range")]
        )
        assert text(stage, "un").startswith(SIGNED.format("un"))
        assert f"{WENT} ; le document signé est resté dans le dossier au-dessus." in text(stage, "un")
        assert "La version signée est dans le dossier au-dessus" in text(stage, "parti")
        assert "Ce fichier a été rangé dans « Demandes terminées »" in text(stage, "sans")
        assert WENT not in stage.status("laisse")
        # The line may be written, or taken back, at any time: what is finished follows.
        noted = stage.read("note.signature.txt") + "appelé le 3/12\r\n".encode()
        stage.write("note.signature.txt", noted)
        for name in ("laisse", "note"):
            stage.write(f"{name}.sign.yaml", ONE + TIDY)
        stage.write("_signature.yaml", TIDY, folder=f"{ROOT}/Garde")
        stage.delete("deux.sign.corrigé.yaml")
        stage.run()
        assert set(both("laisse", "deux")) < set(filed(stage))
        # Somebody has written into this one's status: it stays with what they wrote.
        assert stage.read("note.signature.txt") == noted
        assert "note.sign.yaml" in beside(stage)
        assert filed(stage, f"{ROOT}/Garde") == both("garde", "range")
        assert stage.sends() == [1] * 12
        before = stage.files()
        stage.dms.forget_requests()
        stage.restart()
        stage.run()
        assert stage.files() == before
        assert [r.path for r in stage.dms.requests if r.method in {"MOVE", "PUT", "DELETE"}] == []
        stage.intact()


@MODES
def test_known_where_it_lies(tmp_path: Path, mode: Mode) -> None:
    """Edits, orders, a copy of the whole folder and a lost journal: nothing is launched, and orders are obeyed."""
    with stage_in(tmp_path, mode) as stage:
        client = f"{ROOT}/Client"
        stage.dms.person.mkdir(client)
        drop(stage, "un", "deux", "trois", folder=client)
        drop(stage, "fin", more="verrouiller: oui\n")
        finish(stage)
        assert filed(stage, client) == both("un", "deux", "trois")
        # A note, another PDF in the old place, and an order that is of no use any more.
        stage.write(f"{DONE}/un.sign.yaml", ONE + "# payé\n", folder=client)
        stage.write("deux.pdf", letter("l’année suivante"), folder=client)
        stage.write(f"{DONE}/trois.sign.yaml", ONE + "action: relancer\n", folder=client)
        stage.delete(f"{DONE}/fin.signature.txt")
        stage.write(f"{DONE}/fin.sign.yaml", ONE + "verrouiller: oui\naction: déverrouiller\n")
        stage.copy("Client", "Copie")
        stage.run()
        assert "« relancer » est sans effet : cette demande est terminée." in text(stage, "trois", client)
        assert "« fin.pdf » n’" in text(stage, "fin")
        assert beside(stage, client) == ["deux.pdf", "trois.pdf", "un.pdf"]
        assert beside(stage, f"{ROOT}/Copie") == ["deux.pdf", "trois.pdf", "un.pdf"]
        assert len(stage.records()) == 4
        # Moved as a whole, and the folder of finished ones renamed by hand.
        stage.move("Client", "Archives")
        stage.run()
        archives = f"{ROOT}/Archives"
        assert record_of(stage, "trois", archives).document.href == f"/{archives}/trois.pdf"
        stage.move(DONE, "Vieilles demandes", folder=archives)
        stage.run()
        stage.clock.advance(600)
        stage.run()
        assert len(stage.records()) == 4
        assert stage.files(f"{archives}/Vieilles demandes") == both("deux", "trois", "un")
        stage.move("Vieilles demandes", DONE, folder=archives)
        stage.run()
        before = stage.files()
        stage.lose_journal()
        stage.run()
        stage.clock.advance(1000)
        stage.run()
        assert stage.files() == before
        assert all(one.state is State.DELIVERED and one.closed for one in stage.records())
        assert stage.sends() == [1] * 4
        stage.intact()


@MODES
@pytest.mark.parametrize("left", [False, True], ids=["renamed", "copied"])
def test_under_another_name_after_the_journal_was_lost(tmp_path: Path, mode: Mode, left: bool) -> None:
    """What lies in their folder, renamed, is what its marker says; a copy of that folder leaves the requests there."""
    with stage_in(tmp_path, mode) as stage:
        drop(stage, "lettre", "bail")
        finish(stage)
        told = stage.status("lettre", folder=f"{ROOT}/{DONE}")
        if left:
            stage.copy(DONE, "Anciennes")
        else:
            stage.move(DONE, "Anciennes")
        stage.lose_journal()
        stage.run()
        stage.clock.advance(700)
        stage.run()
        home = f"{ROOT}/{DONE if left else 'Anciennes'}"
        assert [stage.record(name, folder=home).state for name in ("lettre", "bail")] == [State.DELIVERED] * 2
        assert stage.record("lettre", folder=home).document.href == f"/{ROOT}/lettre.pdf"
        if not left:
            assert stage.status("lettre", folder=home) == told
            assert len(stage.records()) == 2
        assert stage.sends() == [1, 1]
        stage.intact()


@MODES
def test_asked_again_from_there(tmp_path: Path, mode: Mode) -> None:
    """« recommencer » brings the request back beside its document, and it goes its whole way again; its name is told
    to be taken where it is; a request dragged out is itself and stays out."""
    with stage_in(tmp_path, mode) as stage:
        drop(stage, "un", "pris", "sorti", "neuf")
        finish(stage)
        assert filed(stage) == both("un", "pris", "sorti", "neuf")
        again = ONE + "action: recommencer\n"
        for name in ("un", "pris"):
            stage.write(f"{name}.pdf", letter(f"{name}, corrigée"))
        stage.write("pris.sign.yaml", ONE + "envoi: non\n")
        stage.run()
        assert stage.first_line("pris").startswith("PRÊT – ")
        stage.write(f"{DONE}/un.sign.yaml", again)
        stage.write(f"{DONE}/pris.sign.yaml", again)
        stage.move(f"{DONE}/sorti.sign.yaml", "sorti.sign.yaml")
        stage.move(f"{DONE}/neuf.sign.yaml", "neuf.sign.yaml")
        stage.write("neuf.pdf", letter("neuf, l’année suivante"))
        stage.run()
        assert stage.first_line("un").startswith("EN COURS – 0 signature sur 1")
        assert stage.first_line("neuf") == (
            "À CONFIRMER – le PDF a changé après une demande terminée ; rien n’est parti"
        )
        assert "une autre demande porte déjà ce nom" in text(stage, "pris")
        assert stage.sends() == [1] * 5
        assert filed(stage) == sorted([*both("pris"), "neuf.signature.txt", "sorti.signature.txt"])
        stage.sign()
        stage.run()
        assert text(stage, "un").startswith(SIGNED.format("un"))
        stage.write("pris.sign.yaml", ONE + "envoi: oui\n")
        finish(stage)
        # The name is taken by the one that was filed before: both go under the next.
        assert set(both("pris", "pris (2)")) < set(filed(stage))
        assert record_of(stage, "pris (2)").document.href == f"/{ROOT}/pris.pdf"
        assert "sorti.sign.yaml" in beside(stage)
        assert stage.sends() == [1] * 6
        stage.lose_journal()
        stage.run()
        assert record_of(stage, "pris (2)").state is State.DELIVERED
        assert stage.sends() == [1] * 6
        stage.intact()


@pytest.mark.parametrize("tidied", [True, False])
def test_the_signed_letter_is_never_told_to_be_replaced_where_nothing_keeps_it(
    tmp_path: Path, tidied: bool
) -> None:
    """It may be the only copy of a contract: whatever is asked for beside it, the new one gets another name."""
    with stage_in(tmp_path, "plain", TIDY if tidied else "envoi: oui\n") as stage:
        drop(stage, "un")
        finish(stage)
        contract = stage.read("un.pdf")
        paul = ONE.replace(MARIE, "paul@cabinet.fr").replace("Marie Dupont", "Paul Martin")
        asked = [ONE, paul] if tidied else []
        for sidecar in [*asked, ONE + "action: recommencer\n"]:
            stage.write("un.sign.yaml", sidecar)
            stage.run()
            stage.clock.advance(700)
            stage.run()
            told = flat(stage.status("un"))
            assert "tel quel" in told
            assert "sous un autre nom, avec sa propre demande" in told
            assert not any(word in told.lower() for word in ("à la place", "remplacez"))
        assert stage.sends() == [1]
        stage.drop("un (2)", letter("un autre"), ONE)
        stage.run()
        stage.sign()
        stage.run()
        assert stage.sends() == [1, 1]
        assert stage.read("un.pdf") == contract


def test_the_signed_letter_whose_versions_are_kept_may_be_replaced(tmp_path: Path) -> None:
    """What a person reads, and what follows: it leaves, and the contract stays among the versions."""
    with stage_in(tmp_path, "nextcloud") as stage:
        drop(stage, "un")
        finish(stage)
        stage.write("un.sign.yaml", ONE)
        stage.run()
        assert "Mettez-le d’abord à la place de « un.pdf »" in flat(stage.status("un"))
        stage.write("un.pdf", letter("un autre"))
        stage.write("un.sign.yaml", ONE + "action: recommencer\n")
        stage.run()
        assert stage.sends() == [1, 1]


def test_what_people_put_there(tmp_path: Path) -> None:
    """A new request among the finished ones does not leave, and is told so; taken out it goes."""
    with stage_in(tmp_path, "plain") as stage:
        drop(stage, "un")
        finish(stage)
        drop(stage, "neuf", folder=f"{ROOT}/{DONE}")
        stage.write("seul.sign.yaml", ONE + "objet: Seul\n", folder=f"{ROOT}/{DONE}")
        stage.run(calm=5)
        for name in ("neuf", "seul"):
            line = f"À CORRIGER – « {DONE} » ne fait partir aucune demande"
            assert stage.first_line(name, folder=f"{ROOT}/{DONE}") == line
        for end in ("pdf", "sign.yaml"):
            stage.move(f"{DONE}/neuf.{end}", f"neuf.{end}")
        stage.delete(f"{DONE}/seul.sign.yaml")
        stage.run()
        assert stage.first_line("neuf").startswith("EN COURS – ")
        assert filed(stage) == both("un")
        assert stage.sends() == [1, 1]
        stage.intact()


def test_rows_and_dropped_documents_stay_done(tmp_path: Path) -> None:
    """A tidied row is still a signed one, after a restart too, a dropped PDF is not asked again; no file id helps."""
    with Stage(tmp_path, "plain", more="policy: {drop_folder: allow}\n") as stage:
        box = f"{ROOT}/À signer"
        stage.dms.person.mkdir(box)
        stage.write(
            "_signature.yaml",
            TIDY + f"dépôt: À signer\nsignataires: Marie Dupont <{MARIE}> 06 12 34 56 78\nenvoi: non\n",
        )
        stage.write("Main.sign.yaml", ONE + "envoi: oui\n")
        stage.run()
        for name in ("Lettre 000", "Lettre 001", "Main"):
            stage.write(f"{name}.pdf", letter(name))
        stage.write("Dépôt.pdf", letter("Dépôt"), folder=box)
        stage.write("_signataires.xlsx", workbook([person(0), person(1)]))
        stage.run(calm=6)
        stage.clock.advance(600)
        stage.run(calm=6)
        stage.write("_signature.yaml", TIDY + "dépôt: À signer\nenvoi: oui\n" + ONE)
        stage.run(calm=6)
        for view in stage.platform.transactions():
            for signatory in view.signatories:
                stage.platform.person_signs(view.id, signatory.email)
        stage.run(calm=6)
        assert filed(stage) == both("Lettre 000", "Lettre 001", "Main")
        assert filed(stage, box) == both("Dépôt")
        for _ in range(2):
            line = stage.first_line("_signataires")
            assert line == "SIGNÉ – 2 sur 2 ; toutes les demandes de cette liste sont terminées"
            assert "est dans « Demandes terminées »." in flat(stage.status("_signataires"))
            assert "Main" not in stage.status("_signataires")
            stage.restart()
            stage.run()
        assert beside(stage, box) == ["Dépôt.pdf"]
        assert stage.sends() == [1] * 4
        stage.intact()


# ------------------------------------------------------------------------------------------- faults


def test_each_move_broken_once(tmp_path: Path) -> None:
    """Whatever one move meets, each file is in its new place in the end, once."""
    with Stage(tmp_path, "plain") as stage:
        kinds = [f"demande {name}" for name in ("perdu", "412", "423")]
        kinds += [f"suivi {name}" for name in ("perdu", "coupe", "412")]
        drop(stage, *kinds)
        finish(stage)
        rules = {}
        for kind in kinds:
            what, _, name = kind.partition(" ")
            end = "sign.yaml" if what == "demande" else "signature.txt"
            rules[kind] = stage.dms.misbehave(method="MOVE", path=f"{ROOT}/{kind}.{end}", **FAULTS[name])
        stage.write("_signature.yaml", TIDY)
        stage.run()
        stage.clock.advance(3700)
        stage.run()
        assert [kind for kind, rule in rules.items() if rule.times] == []
        names = sorted(filed(stage))
        for kind in kinds:
            mine = [name for name in names if name.startswith((f"{kind}.", f"{kind} ("))]
            assert len(mine) == 2, (kind, mine)
            assert WENT in flat(stage.read(f"{DONE}/{mine[1]}").decode("utf-8-sig"))
        assert beside(stage) == sorted([*(f"{kind}.pdf" for kind in kinds), "_signature.yaml"])
        assert stage.sends() == [1] * len(kinds)
        stage.intact()


class Tidied:
    """One finished letter that is tidied; one fault strikes meanwhile. Each fault gets a copy of the world before."""

    def __init__(self, directory: Path, mode: Mode, points: Points, before: Stage) -> None:
        shutil.copytree(before.directory, directory, dirs_exist_ok=True)
        self.stage = Stage(directory, mode, seams=points.seams(workers()), start=False)
        self.stage.clock.advance(max(0.0, before.clock.offset_s - self.stage.clock.offset_s) + 60)
        self.stage.owed = dict(before.owed)
        self.stage.write("_signature.yaml", TIDY)
        points.armed = True

    def tell(self) -> None:
        for _ in range(4):
            try:
                self.stage.start()
                self.stage.run(calm=4)
            except Killed:
                self.stage.stop()
                self.stage.clock.advance(61)  # a move that was under way may happen until then
            else:
                return
        raise AssertionError("killed more often than the one fault allows")

    def judge(self) -> None:
        stage = self.stage
        assert filed(stage) == both("lettre"), stage.files()
        assert beside(stage) == ["_signature.yaml", "lettre.pdf"]
        [record] = stage.records()
        assert record.place == f"/{ROOT}/{DONE}/lettre.sign.yaml"
        assert stage.parts.journal.intended(record) == ()
        assert WENT in text(stage, "lettre")
        assert stage.sends() == [1]
        stage.intact()


def tidied(mode: Mode, points: Points, before: Stage) -> Points:
    with tempfile.TemporaryDirectory() as directory:
        story = Tidied(Path(directory), mode, points, before)
        try:
            story.tell()
            story.judge()
        finally:
            story.stage.close()
    return points


def struck(names: Sequence[str]) -> list[int]:
    """Each write of the tidying, after which the process is killed; lost answers have a test of their own."""
    moved = next(at for at, name in enumerate(names) if name.startswith("dms MOVE "))
    first = max(at for at, name in enumerate(names[:moved]) if name.startswith("dms MKCOL"))
    last = max(at for at, name in enumerate(names) if name == "commit")
    return [at for at in range(first, last) if names[at] == "commit" or names[at].split()[1] not in READS]


def test_killed_anywhere_while_it_is_tidied(tmp_path: Path) -> None:
    """After whatever write: moved once, told once, known where it lies."""
    mode: Mode = "plain"
    before = Stage(tmp_path / "before", mode)
    drop(before, "lettre")
    finish(before)
    before.close()
    names = tidied(mode, Points(), before).seen
    failures = []
    for at in struck(names):
        try:
            tidied(mode, Points(at=at, variant="after"), before)
        except AssertionError as error:
            failures.append(f"{at} {names[at]}: {error}")
    assert not failures, "\n".join(failures)
