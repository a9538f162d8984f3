"""Sent once: what a backup put back, a setting changed or a file copied must never make leave a second time.

Each story ends with every transaction sent at most once and every byte of a person's still there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from connector.cli.wiring import Seams
from connector.jesignexpert.transport import DeadlineTransport
from connector.lifecycle import State
from connector.steps.parts import Timing
from tests import documents
from tests.faults.letters import in_place, letter, send_out
from tests.worlds import CLAIRE, MARIE, ONE, QUICK, ROOT, TWO, Mode, Stage, workers

MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])
OTHER = f"signataires: Claire Bernard <{CLAIRE}> 06 98 76 54 32\n"
OUT = "EN COURS – 0 signature sur 1"
COPY = "À CONFIRMER – cette demande semble copiée d’un autre dossier ; rien n’est parti"
BEFORE_US = "À VÉRIFIER – cette demande était là avant la mise en service ; rien n’est parti"
SIGNED_HERE = "À VÉRIFIER – ce PDF porte déjà une signature électronique"
TAKEN = "document_taken"
SECOND_FOLDER = {
    "folders: {": "folders: {autres: {server: dms, path: /Autres/, account: cabinet, send: live}, "
}
PROBING = Timing(
    follow_first_hour=QUICK.follow_first_hour, retry_first=QUICK.retry_first, probe=timedelta(seconds=20)
)


class Town(Stage):
    """A stage whose administrator's file is edited between two starts: ``edits`` maps what stands there to
    what replaces it."""

    def __init__(self, *args: Any, edits: Mapping[str, str] | None = None, **options: Any) -> None:
        self.edits = dict(edits or {})
        super().__init__(*args, **options)

    @property
    def config_text(self) -> str:
        text = super().config_text
        for old, new in self.edits.items():
            assert text.count(old) == 1, (old, text)
            text = text.replace(old, new)
        return text

    def reconfigure(self, edits: Mapping[str, str]) -> None:
        """Edit the administrator's file and start again."""
        self.edits = dict(edits)
        self.restart()

    def tries(self) -> int:
        """How often the platform was asked to send anything."""
        return sum(request.operation == "send" for request in self.platform.requests)

    def markers(self) -> list[Path]:
        """Every marker of a key that stands in a registry."""
        return sorted((self.directory / "dms").rglob("*.sent"))

    def tree(self) -> dict[str, bytes]:
        """Everything on the server, hidden files too."""
        top = self.directory / "dms"
        return {str(path.relative_to(top)): path.read_bytes() for path in top.rglob("*") if path.is_file()}

    def later(self, seconds: float = 4000, rounds: int = 12) -> None:
        """Let every wait that an obstacle has set go by."""
        self.run(rounds)
        self.clock.advance(seconds)
        self.run(rounds)


def delivered_once(stage: Stage, *names: str, folder: str = ROOT) -> None:
    """Each letter is signed in its place, and nowhere else."""
    files = stage.files(folder)
    for name in names:
        assert stage.first_line(name, folder=folder) == in_place(name), stage.status(name, folder=folder)
        assert stage.read(f"{name}.pdf", folder=folder) != letter(f"{folder} {name}")
        assert not [file for file in files if file.startswith(f"{name} (signé")], files
        originals = [file for file in files if file.startswith(f"{name} (original")]
        assert len(originals) == (1 if stage.mode == "plain" else 0), files


def copy_pair(stage: Stage, name: str, to_folder: str, *, folder: str = ROOT) -> None:
    for suffix in (".pdf", ".sign.yaml"):
        stage.copy(f"{name}{suffix}", f"{name}{suffix}", folder=folder, to_folder=to_folder)


# ------------------------------------------------------------------------------- sent, then restored


@dataclass
class Plug:
    """The network between us and the platform's ``send``: pulled out, no connection comes about."""

    out: bool = False

    def seams(self) -> Seams:
        return Seams(
            pool=workers(),
            transport=lambda ca_file, proxy: _Plugged(DeadlineTransport(ca_file=ca_file, proxy=proxy), self),
        )


class _Plugged(httpx.BaseTransport):
    def __init__(self, inner: httpx.BaseTransport, plug: Plug) -> None:
        self._inner = inner
        self._plug = plug

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._plug.out and request.url.path.endswith("/send"):
            raise httpx.ConnectError("no route to host", request=request)
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


@pytest.mark.parametrize("obstacle", ["credit", "network"])
def test_restored_to_before_the_obstacle_went(tmp_path: Path, obstacle: str) -> None:
    """A backup that calls a request refused or not left, put back after it did leave, asks before it sends."""
    plug = Plug()
    with Town(tmp_path, timing=PROBING, seams=plug.seams()) as stage:
        if obstacle == "credit":
            stage.platform.credit = 0
        else:
            plug.out = True
        stage.drop()
        stage.run(4)
        assert stage.record().state is State.MARKED
        assert sum(stage.sends()) == 0
        backup = stage.save_journal()
        stage.platform.credit = 10
        plug.out = False
        stage.later(60)
        assert stage.record().state is State.IN_PROGRESS
        tries = stage.tries()
        stage.restore(backup)
        assert stage.record().state is State.MARKED
        stage.later(60)
        assert stage.record().state is State.IN_PROGRESS
        assert stage.tries() == tries, "it was asked about, not sent a second time"
        assert stage.sends() == [1]
        stage.sign()
        stage.run()
        assert stage.first_line() == in_place("lettre")
        stage.intact()


@MODES
def test_restored_to_before_the_mark(tmp_path: Path, mode: Mode) -> None:
    """A backup that knows nothing of a request, or only its draft, adopts what the registry binds."""
    with Town(tmp_path, mode) as stage:
        stage.dms.misbehave(kind="status", status=503, method="PUT", path="*.sent", times=None)
        stage.drop("prepare", letter(f"{ROOT} prepare"))
        stage.run(4)
        assert stage.record("prepare").state is State.PREPARED
        backup = stage.save_journal()
        stage.dms.behave()
        send_out(stage, "inconnue")
        stage.later(60)
        assert stage.first_line("prepare").startswith(OUT)
        known = {name: stage.record(name).transaction for name in ("prepare", "inconnue")}
        stage.restore(backup)
        stage.later(60)
        for name, transaction in known.items():
            assert stage.record(name).transaction == transaction
            assert stage.first_line(name).startswith(OUT), name
        assert stage.tries() == 2
        stage.sign()
        stage.later(60)
        delivered_once(stage, "prepare", "inconnue")
        assert stage.sends() == [1, 1]
        stage.intact()


@MODES
def test_the_journal_lost_at_every_moment(tmp_path: Path, mode: Mode) -> None:
    """Before, during and after the signing, with the end written or not: adopted, and delivered once."""
    with Town(tmp_path, mode) as stage:
        send_out(stage, "fermee", "revenue")
        stage.dms.misbehave(
            kind="status", status=503, method="PUT", path=f"*{stage.record('revenue').key}.done", times=None
        )
        stage.sign()
        stage.later(60)
        assert stage.record("fermee").closed
        assert not stage.record("revenue").closed
        send_out(stage, "avant", "apres")
        send_out(stage, "pendant", sidecar=TWO)
        signed = {stage.record(name).transaction for name in ("pendant", "apres")}
        for transaction in signed:
            stage.platform.person_signs(str(transaction), MARIE)
        stage.dms.behave()
        stage.lose_journal()
        stage.later(60)
        assert stage.tries() == 5
        stage.sign(MARIE)
        stage.sign(CLAIRE)
        stage.later()
        delivered_once(stage, "avant", "pendant", "apres", "fermee", "revenue")
        before = stage.files(), stage.read("revenue.pdf")
        stage.lose_journal()
        stage.later(60)
        assert (stage.files(), stage.read("revenue.pdf")) == before
        assert stage.sends() == [1] * 5
        stage.intact()


@MODES
def test_journal_and_registry_lost(tmp_path: Path, mode: Mode) -> None:
    """With both gone the sealed status still names the transaction: it is followed, never sent, delivered once."""
    with Town(tmp_path, mode) as stage:
        send_out(stage, "lettre")
        transaction = stage.record().transaction
        _delete_registry(stage)
        stage.lose_journal()
        stage.later(60)
        assert stage.record().transaction == transaction
        assert stage.first_line().startswith(OUT), stage.status()
        assert stage.tries() == 1
        stage.sign()
        stage.later()
        delivered_once(stage, "lettre")
        assert stage.sends() == [1]
        stage.intact()


@MODES
def test_journal_and_registry_lost_of_what_was_delivered(tmp_path: Path, mode: Mode) -> None:
    """The PDF bears its signature by then: what the sealed status names comes first, and tells how it ended."""
    with Town(tmp_path, mode) as stage:
        send_out(stage, "lettre")
        stage.sign()
        stage.later()
        delivered_once(stage, "lettre")
        before = stage.files(), stage.read("lettre.pdf"), stage.record().transaction
        _delete_registry(stage)
        stage.lose_journal()
        stage.later(60)
        assert stage.first_line().startswith("SIGNÉ – « lettre.pdf »"), stage.status()
        assert "1 signature intacte" in stage.status()
        assert before == (stage.files(), stage.read("lettre.pdf"), stage.record().transaction)
        assert (stage.sends(), stage.tries()) == ([1], 1)
        stage.intact()


@MODES
@pytest.mark.parametrize("answered", [False, True])
def test_journal_and_registry_lost_of_what_was_delivered_long_ago(
    tmp_path: Path, mode: Mode, answered: bool
) -> None:
    """The platform has erased it since. The PDF bears its signature: that is no doubt, and nothing is offered to be
    paid for again; nor does anything leave, whatever is ordered all the same."""
    with Town(tmp_path, mode) as stage:
        send_out(stage, "lettre")
        stage.sign()
        stage.later()
        delivered_once(stage, "lettre")
        signed = stage.read("lettre.pdf")
        _delete_registry(stage)
        stage.clock.advance(86_400)
        stage.lose_journal()
        stage.platform.misbehave(operation="status", kind="status", status=503, times=None)
        stage.later(60)
        assert stage.record().state is State.IN_DOUBT
        assert stage.first_line() == f"{SIGNED_HERE} ; rien n’a été renvoyé"
        _offers_nothing(stage)
        stage.platform.behave()
        stage.platform.misbehave(operation="download", kind="gone", times=None)
        if answered:
            stage.later(60)
            assert stage.record().state is State.SEALING
        stage.platform.misbehave(operation="status", kind="gone", times=None)
        for _ in range(3):
            stage.later()
        assert stage.record().state is State.LOST
        assert stage.first_line().startswith(
            "À VÉRIFIER – ce PDF porte déjà une signature ; Jesignexpert ne garde plus"
        )
        _offers_nothing(stage)
        stage.write("lettre.sign.yaml", ONE + "action: recommencer\n")
        stage.later(60)
        assert stage.first_line() == "À CORRIGER – ce PDF porte déjà une signature électronique"
        assert stage.read("lettre.pdf") == signed
        assert (stage.sends(), stage.tries()) == ([1], 1)
        stage.intact()


def _offers_nothing(stage: Stage) -> None:
    told = " ".join(stage.status().split())
    assert "« lettre.pdf » est bien la version signée de cette demande ? Il n’y a rien à faire." in told
    assert "action:" not in told
    assert "n’a pas signé" not in told


def test_a_signed_pair_that_came_along_with_its_status(tmp_path: Path) -> None:
    """With journal and registry lost, its own sealed status still tells that it comes from another place: a copy."""
    with Town(tmp_path) as stage:
        send_out(stage, "lettre")
        stage.sign()
        stage.later()
        _delete_registry(stage)
        stage.person.mkdir(f"{ROOT}/Copie")
        for suffix in (".pdf", ".sign.yaml", ".signature.txt"):
            stage.move(f"lettre{suffix}", f"lettre{suffix}", to_folder=f"{ROOT}/Copie")
        stage.lose_journal()
        stage.later(60)
        assert stage.first_line(folder=f"{ROOT}/Copie") == COPY
        assert (stage.sends(), stage.tries()) == ([1], 1)
        stage.intact()


@MODES
@pytest.mark.parametrize("order", ["", "action: recommencer\n"])
@pytest.mark.parametrize("fault", ["text", "no PDF"])
def test_journal_and_registry_lost_of_what_cannot_be_judged_yet(
    tmp_path: Path, mode: Mode, order: str, fault: str
) -> None:
    """What its own status told to have left is followed once it can be judged, whatever took that status' place."""
    with Town(tmp_path, mode) as stage:
        send_out(stage, "lettre")
        transaction, pdf = stage.record().transaction, stage.read("lettre.pdf")
        _delete_registry(stage)
        if fault == "text":
            stage.write("lettre.sign.yaml", "signataires: Marie\n")
        else:
            stage.delete("lettre.pdf")
        stage.lose_journal()
        stage.later(100_000)
        stage.later(60)
        assert stage.first_line().startswith("À CORRIGER" if fault == "text" else "EN ATTENTE DU PDF")
        stage.write("lettre.sign.yaml", ONE + order)
        stage.write("lettre.pdf", pdf)
        stage.later(60)
        assert stage.first_line().startswith(OUT)
        assert stage.record().transaction == transaction
        stage.sign()
        stage.later()
        assert stage.first_line().startswith("SIGNÉ")
        assert (stage.sends(), stage.tries()) == ([1], 1)
        stage.intact()


WRONG = ONE + "objjet: Lettre\n"


def _lost_and_taken_away(stage: Stage) -> None:
    """Lose registry and journal while the request's text is wrong, then take the pair away."""
    _delete_registry(stage)
    stage.write("lettre.sign.yaml", WRONG)
    stage.lose_journal()
    stage.later(60)
    assert stage.first_line().startswith("À CORRIGER")
    for name in ("lettre.pdf", "lettre.sign.yaml"):
        stage.delete(name)
    stage.later(100_000)
    stage.later(60)


@MODES
@pytest.mark.parametrize("back_to", ["its place", "another folder"])
def test_journal_and_registry_lost_of_what_is_taken_away_and_put_back(
    tmp_path: Path, mode: Mode, back_to: str
) -> None:
    """What its own status told to have left is followed where the request comes back, for it never left since."""
    there = ROOT if back_to == "its place" else f"{ROOT}/Ailleurs"
    with Town(tmp_path, mode) as stage:
        send_out(stage, "lettre")
        transaction, pdf = stage.record().transaction, stage.read("lettre.pdf")
        _lost_and_taken_away(stage)
        assert stage.parts.journal.at_place("dms", f"/{ROOT}/lettre.sign.yaml").state is State.WITHDRAWN
        if there != ROOT:
            stage.person.mkdir(there)
        stage.drop("lettre", pdf, WRONG, folder=there)
        stage.later(60)
        stage.write("lettre.sign.yaml", ONE, folder=there)
        stage.later(60)
        assert stage.first_line(folder=there).startswith(OUT)
        assert stage.record(folder=there).transaction == transaction
        assert (stage.sends(), stage.tries()) == ([1], 1)
        stage.intact()


@MODES
def test_journal_and_registry_lost_of_what_is_put_back_twice(tmp_path: Path, mode: Mode) -> None:
    """One of the two is followed; the other, for other people, is held, and leaves of itself as little."""
    there = f"{ROOT}/Ailleurs"
    with Town(tmp_path, mode) as stage:
        send_out(stage, "lettre")
        transaction, pdf = stage.record().transaction, stage.read("lettre.pdf")
        _lost_and_taken_away(stage)
        stage.person.mkdir(there)
        stage.drop("lettre", pdf, WRONG, folder=there)
        stage.later(60)
        stage.write("lettre.sign.yaml", ONE, folder=there)
        stage.later(60)
        stage.drop("lettre", pdf, OTHER)
        stage.later(60)
        stage.later(60)
        assert stage.first_line(folder=there).startswith(OUT)
        assert stage.first_line().startswith("À VÉRIFIER – un suivi plus ancien porte ce nom")
        assert [one.place for one in stage.records() if one.transaction == transaction] == [
            f"/{there}/lettre.sign.yaml"
        ]
        assert (stage.sends(), stage.tries()) == ([1], 1)
        stage.intact()


@MODES
def test_journal_and_registry_lost_of_another_document_put_back(tmp_path: Path, mode: Mode) -> None:
    """Nothing is followed for a document that it was not sent with; but it is not sent of itself either."""
    with Town(tmp_path, mode) as stage:
        send_out(stage, "lettre")
        _lost_and_taken_away(stage)
        stage.drop("lettre", documents.letter(pages=2), WRONG)
        stage.later(60)
        stage.write("lettre.sign.yaml", ONE)
        stage.later(60)
        assert stage.first_line().startswith("À VÉRIFIER – un suivi plus ancien porte ce nom")
        assert (stage.sends(), stage.tries()) == ([1], 1)
        stage.write("lettre.sign.yaml", ONE + "action: recommencer\n")
        stage.later(60)
        assert stage.first_line().startswith(OUT)
        assert stage.sends() == [1, 1]
        stage.intact()


def _delete_registry(stage: Stage) -> None:
    if stage.mode == "nextcloud":
        stage.dms.person.delete(".jse-connector")
    else:
        stage.dms.person.delete(f"{ROOT}/.signature")


def test_moved_out_of_a_folder_that_says_no_after_the_journal_was_lost(tmp_path: Path) -> None:
    """A registry that was never taken in is no empty one, whatever keeps it shut: nothing leaves before it was read."""
    with Town(tmp_path, "plain", edits=SECOND_FOLDER) as stage:
        stage.person.mkdir("Autres")
        stage.run()
        send_out(stage, "lettre")
        shut = {"kind": "status", "status": 403, "path": f"*{ROOT}/*", "times": None}
        stage.dms.misbehave(**shut)
        stage.lose_journal()
        stage.run()
        for suffix in (".pdf", ".sign.yaml"):
            stage.move(f"lettre{suffix}", f"lettre{suffix}", to_folder="Autres")
        stage.later()
        assert stage.tries() == 1
        stage.dms.behave()
        stage.later()
        stage.sign()
        stage.later()
        assert sum(stage.sends()) == stage.tries() == 1
        assert stage.first_line(folder="Autres").startswith("SIGNÉ – ")
        stage.intact()


@MODES
def test_registry_lost_alone(tmp_path: Path, mode: Mode) -> None:
    """The journal makes the markers again, so that a journal lost later still finds them."""
    with Town(tmp_path, mode) as stage:
        send_out(stage, "lettre")
        markers = [path.read_bytes() for path in stage.markers()]
        _delete_registry(stage)
        stage.restart()
        stage.run()
        assert [path.read_bytes() for path in stage.markers()] == markers
        stage.lose_journal()
        stage.run()
        stage.sign()
        stage.later()
        delivered_once(stage, "lettre")
        assert stage.sends() == [1]
        assert stage.tries() == 1
        stage.intact()


# ------------------------------------------------------------------------- there before, and settings


def test_a_first_pass_that_could_not_read(tmp_path: Path) -> None:
    """A file that the first pass could not read was there before the service all the same."""
    with Town(tmp_path, start=False) as stage:
        stage.drop()
        rule = stage.dms.misbehave(kind="status", status=503, method="GET", path="*lettre.pdf")
        stage.start()
        stage.later(60)
        assert not rule.times, "the first read did fail"
        assert stage.first_line() == BEFORE_US
        assert stage.sends() == []
        stage.intact()


@MODES
def test_a_first_pass_that_had_something_to_correct(tmp_path: Path, mode: Mode) -> None:
    """What was there before stays held when the cause of its refusal goes; a new ask sends it, once."""
    names = ("domaine", "sans pdf")
    policy = {"policy": "{refuse_domains: [cabinet.fr]}"}
    with Town(tmp_path, mode, start=False, settings=policy) as stage:
        stage.drop("domaine", letter("domaine"))
        stage.write("sans pdf.sign.yaml", ONE)
        stage.start()
        stage.run()
        assert stage.record("domaine").state is State.REJECTED
        assert stage.record("sans pdf").state is State.WAITING_PDF
        del stage.settings["policy"]
        stage.restart()
        stage.write("sans pdf.pdf", letter("sans pdf"))
        stage.run()
        for name in names:
            assert stage.first_line(name) == BEFORE_US, name
        assert stage.sends() == []
        for name in names:
            stage.write(f"{name}.sign.yaml", ONE + "action: recommencer\n")
        stage.run()
        for name in names:
            assert stage.first_line(name).startswith(OUT), name
        assert stage.sends() == [1, 1]
        stage.intact()


@MODES
def test_a_doubt_about_files_outlives_settings(tmp_path: Path, mode: Mode) -> None:
    """Another sender name, or a new line saved, is no confirmation; a new ask is, and launches one each."""
    with Town(tmp_path, mode) as stage:
        for folder in ("partie", "revenue", "statut"):
            stage.dms.person.mkdir(f"{ROOT}/{folder}")
        send_out(stage, "finie", "deux")
        stage.platform.person_refuses(str(stage.record("finie").transaction), MARIE)
        stage.run()
        stage.write("finie.pdf", letter("corrigée"))
        stage.delete("deux.pdf")
        stage.delete("deux.sign.yaml")
        stage.run()
        stage.drop("deux", letter("une autre"), folder=f"{ROOT}/revenue")
        stage.copy("finie.signature.txt", "trois.signature.txt", to_folder=f"{ROOT}/statut")
        stage.drop("trois", letter("une troisième"), OTHER, folder=f"{ROOT}/statut")
        stage.run()
        doubted = {"finie": ROOT, "deux": f"{ROOT}/revenue", "trois": f"{ROOT}/statut"}
        reasons = {"finie": "ended_place_changed", "deux": "lost_both_files", "trois": "copy"}

        def unconfirmed() -> None:
            for name, folder in doubted.items():
                record = stage.record(name, folder=folder)
                assert (record.state, record.reason) == (State.UNCONFIRMED, reasons[name]), name
            assert stage.sends() == [1, 1]

        unconfirmed()
        stage.reconfigure({"sender: Cabinet Exemple": "sender: Cabinet Autre"})
        stage.run()
        unconfirmed()
        for name, folder in doubted.items():
            asked = stage.read(f"{name}.sign.yaml", folder=folder)
            stage.write(f"{name}.sign.yaml", asked + b"\n", folder=folder)
        stage.run()
        unconfirmed()
        for name, folder in doubted.items():
            asked = stage.read(f"{name}.sign.yaml", folder=folder)
            stage.write(f"{name}.sign.yaml", asked + b"action: recommencer\n", folder=folder)
        stage.run()
        for name, folder in doubted.items():
            assert stage.first_line(name, folder=folder).startswith(OUT), name
        assert stage.sends() == [1] * 5
        stage.intact()


@MODES
def test_a_doubt_about_an_ended_place_outlives_its_files(tmp_path: Path, mode: Mode) -> None:
    """The very request, put back, asks for nothing new; another one does, or one elsewhere; what was signed is that."""
    with Town(tmp_path, mode) as stage:
        names = ("la même", "une autre", "signée", "ailleurs")
        send_out(stage, *names)
        stage.sign()
        stage.later(60)
        signed = stage.read("signée.pdf")
        for name in names:
            stage.write(f"{name}.pdf", letter(f"{name}, corrigée"))
        stage.run()
        kept = {name: stage.read(f"{name}.pdf") for name in names}
        for name in names:
            assert stage.record(name).reason == "ended_place_changed"
            stage.delete(f"{name}.pdf")
            stage.delete(f"{name}.sign.yaml")
        stage.owed.clear()  # versions go with their file
        stage.later(3600)
        stage.drop("la même", kept["la même"])
        stage.drop("une autre", kept["une autre"], ONE + "objet: Avenant\n")
        stage.drop("signée", signed)
        stage.drop("ailleurs, plus tard", kept["ailleurs"])
        stage.run()
        assert stage.record("la même").reason == "ended_place_changed"
        assert stage.first_line("une autre").startswith(OUT)
        assert stage.first_line("ailleurs, plus tard").startswith(OUT)
        assert stage.sends() == [1] * 6
        stage.write("la même.sign.yaml", ONE + "action: recommencer\n")
        stage.run()
        assert stage.first_line("la même").startswith(OUT)
        assert stage.sends() == [1] * 7
        stage.intact()


# ---------------------------------------------------------------------------------- copies and names


@MODES
def test_names_that_people_took_for_the_signed_one(tmp_path: Path, mode: Mode) -> None:
    """A person's copy named like the signed one, and an edited letter, are both left as they are."""
    with Town(tmp_path, mode) as stage:
        send_out(stage, "lettre")
        sent, edited = stage.read("lettre.pdf"), letter("une autre version")
        stage.write("lettre.pdf", edited)
        stage.write("lettre (signé).pdf", sent)
        stage.run()
        stage.sign()
        stage.later(60)
        assert stage.first_line() == "SIGNÉ – la version signée est à côté : « lettre (signé) (2).pdf »"
        assert stage.read("lettre.pdf") == edited
        assert stage.read("lettre (signé).pdf") == sent
        assert stage.read("lettre (signé) (2).pdf").startswith(sent)
        assert stage.sends() == [1]
        stage.intact()


@MODES
def test_a_copy_with_a_leftover_order(tmp_path: Path, mode: Mode) -> None:
    """A `recommencer` that came along with a copied pair asks for nothing, whatever it did at its first place."""
    again = ONE + "action: recommencer\n"
    with Town(tmp_path, mode) as stage:
        stage.dms.person.mkdir(f"{ROOT}/b")
        send_out(stage, "repondue", "obeie")
        send_out(stage, "premiere", sidecar=again)
        stage.platform.person_refuses(str(stage.record("obeie").transaction), MARIE)
        stage.run()
        stage.write("repondue.sign.yaml", again)
        stage.write("obeie.sign.yaml", again)
        stage.run()
        assert stage.sends() == [1] * 4
        for name in ("repondue", "obeie", "premiere"):
            assert stage.first_line(name).startswith(OUT)
            copy_pair(stage, name, f"{ROOT}/b")
        stage.run()
        stage.restart()
        stage.run()
        for name in ("repondue", "obeie", "premiere"):
            assert stage.first_line(name, folder=f"{ROOT}/b") == COPY, name
        assert stage.sends() == [1] * 4
        stage.intact()


@pytest.mark.parametrize(
    ("mode", "second"),
    [("nextcloud", "lettre.pdf.sign.yaml"), ("plain", "lettre.pdf.sign.yaml"), ("plain", "lettre.sign.yml")],
)
def test_two_requests_in_turn_on_one_document(tmp_path: Path, mode: Mode, second: str) -> None:
    """When the first request's file goes, the second one still does not take a document that is out."""
    with Town(tmp_path, mode) as stage:
        send_out(stage, "lettre")
        stage.write(second, OTHER)
        stage.run()
        stage.delete("lettre.sign.yaml")
        stage.run()
        stage.write(second, OTHER + "\n")
        stage.run()
        record = stage.parts.journal.at_place("dms", f"/{ROOT}/{second}")
        assert record is not None
        assert [problem["code"] for problem in record.problems] == [TAKEN]
        assert stage.sends() == [1]
        stage.sign()
        stage.later()
        first = next(known for known in stage.records() if known.transaction)
        assert first.state is State.DELIVERED
        assert stage.sends() == [1]
        stage.intact()


# -------------------------------------------------------------------------------- while one is asked


def test_prepared_while_a_send_is_unanswered(tmp_path: Path) -> None:
    """What is prepared already is neither marked nor sent before the platform has answered a read."""
    with Town(tmp_path) as stage:
        stage.dms.misbehave(kind="status", status=503, method="PUT", path="*.sent", times=None)
        stage.drop("un", letter("un"))
        stage.drop("deux", letter("deux"))
        stage.run(4)
        assert {record.state for record in stage.records()} == {State.PREPARED}
        stage.dms.behave()
        stage.platform.misbehave(operation="send", kind="status", status=502)
        stage.platform.misbehave(operation="status", kind="status", status=503, times=None)
        stage.clock.advance(600)
        stage.run(8)
        assert {record.state for record in stage.records()} == {State.MARKED, State.PREPARED}
        assert len(stage.markers()) == 1
        assert stage.tries() == 1
        stage.platform.behave()
        stage.later()
        assert {record.state for record in stage.records()} == {State.IN_DOUBT, State.IN_PROGRESS}
        assert sorted(stage.sends()) == [0, 1]
        assert stage.tries() == 2
        stage.intact()


# -------------------------------------------------------------------------------- the administrator


@MODES
def test_a_second_connector(tmp_path: Path, mode: Mode) -> None:
    """C15: Another connector's id refuses a folder that is owned, and changes nothing on the server."""
    with Town(tmp_path, mode) as stage:
        send_out(stage, "lettre")
        mine = stage.save_journal()
        stage.stop()
        stage.drop("nouvelle", letter(f"{ROOT} nouvelle"))
        before = stage.tree()
        stage.edits = {"connector: test-1": "connector: test-2"}
        stage.start()
        stage.lose_journal()
        stage.later(60)
        assert list(stage.memory.troubles) == ["lettres"]
        assert "belongs to test-1" in stage.memory.troubles["lettres"]
        assert stage.tree() == before
        assert stage.records() == []
        assert stage.sends() == [1]
        stage.stop()
        stage.edits = {}
        stage.restore(mine)
        stage.run()
        assert stage.first_line("nouvelle").startswith(OUT)
        stage.sign()
        stage.run()
        delivered_once(stage, "lettre", "nouvelle")
        assert stage.sends() == [1, 1]
        stage.intact()


@MODES
def test_a_folder_taken_out_for_a_while(tmp_path: Path, mode: Mode) -> None:
    """A folder that left the configuration is not touched; put back, its requests come home, once."""
    with Town(tmp_path, mode, edits=SECOND_FOLDER, start=False) as stage:
        stage.dms.person.mkdir("Autres")
        stage.start()
        stage.run()
        send_out(stage, "lettre")
        only = {
            f"lettres: {{server: dms, path: /{ROOT}/, account: cabinet, send: live}}": (
                "autres: {server: dms, path: /Autres/, account: cabinet, send: live}"
            )
        }
        stage.reconfigure(only)
        before = stage.files()
        stage.sign()
        stage.later()
        assert stage.files() == before
        assert stage.read("lettre.pdf") == letter(f"{ROOT} lettre")
        stage.reconfigure(SECOND_FOLDER)
        stage.later()
        delivered_once(stage, "lettre")
        assert stage.sends() == [1]
        stage.intact()
