"""The administrator's orders, given by the verbs beside the service: obeyed once, by the service, answered always."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector.cli import main
from connector.config import load_config
from connector.daemon import Daemon
from connector.lifecycle import State
from connector.passes import account_pass, server_pass
from tests import documents
from tests.faults.points import Killed, Points
from tests.faults.test_extras import LOCKED, locking, locks
from tests.faults.test_orders import DOUBT, HOUR, MODES, OUT, called, order, words
from tests.worlds import CLAIRE, MARIE, ONE, ROOT, TWO, Mode, Stage, workers

BY_ADMINISTRATOR = "ANNULÉ – par l’administrateur, le "
STOPPED = "À VÉRIFIER – l’administrateur a arrêté cette demande ; rien n’est parti"
STANDS = "the order stands. No service works on this journal now: the next run or tick obeys it."


class Told:
    """What one command printed, and how it ended."""

    def __init__(self, capsys: pytest.CaptureFixture[str], stage: Stage, *arguments: str) -> None:
        config = stage.directory / "config.yaml"
        config.write_text(stage.config_text)
        capsys.readouterr()
        root = logging.getLogger()
        before, level = list(root.handlers), root.level
        try:
            with pytest.raises(SystemExit) as ended:
                main([*arguments, "--config", str(config), "--state", str(stage.state.directory)])
        finally:
            root.handlers[:], root.level = before, level
        self.status = ended.value.code or 0
        self.out, self.err = capsys.readouterr()


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """Call a verb beside a stage."""
    return lambda stage, *arguments: Told(capsys, stage, *arguments)


Call = Callable[..., Told]


def drop_all(stage: Stage, **sidecars: str) -> None:
    """Put pairs into the folder, each with a PDF of its own, and wait."""
    for name, sidecar in sidecars.items():
        stage.drop(name, documents.letter(1, name), sidecar)
    stage.run()


def ref(stage: Stage, name: str = "lettre") -> str:
    """Reference of the current request of a name."""
    return stage.record(name).ref


def journal_bytes(stage: Stage) -> str:
    """Digest of the whole state directory."""
    paths = sorted(path for path in stage.state.directory.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def nothing_stands(stage: Stage) -> None:
    """No order and no other intent is open."""
    for record in stage.records():
        assert stage.parts.journal.intended(record) == (), record.ref


# ------------------------------------------------------------------------------------------- cancel


@MODES
def test_cancel_of_a_request_that_is_out(tmp_path: Path, mode: Mode, call: Call) -> None:
    """Told beforehand, asked, obeyed once by the service, said in the status; a new ask begins another request."""
    with Stage(tmp_path, mode) as stage:
        drop_all(stage, lettre=TWO)
        stage.sign(MARIE)
        stage.clock.advance(HOUR)
        stage.run()
        before = journal_bytes(stage)
        dry = call(stage, "cancel", ref(stage).lower(), "--dry-run")
        assert dry.status == 0
        assert "1 of 2 signed; the signatures given are lost. Whoever was invited keeps the e-mail" in dry.out
        assert dry.out.endswith("Nothing was changed.\n")
        assert MARIE not in dry.out
        refused = call(stage, "cancel", ref(stage))
        assert (refused.status, "add --yes" in refused.err) == (2, True)
        assert journal_bytes(stage) == before
        given = call(stage, "cancel", ref(stage), "--yes")
        assert (given.status, given.out.splitlines()[-1]) == (0, f"{ref(stage)}: {STANDS}")
        assert called(stage, "cancel") == 0, "nothing is done beside the service"
        stage.run()
        assert stage.first_line().startswith(BY_ADMINISTRATOR), stage.status()
        told = words(stage)
        assert "les liens reçus par e-mail ne fonctionnent plus" in told
        assert "est perdue : elle sera à redemander" in told
        assert "Pour en connaître la raison, contact : le support." in told
        assert stage.platform.transactions()[-1].status == "canceled"
        again = call(stage, "cancel", ref(stage), "--yes")
        assert (again.status, "it is over (cancelled)" in again.out) == (0, True)
        stage.run()
        assert called(stage, "cancel") == 1
        order(stage, "action: recommencer", TWO)
        assert stage.first_line().startswith("EN COURS – 0 signature sur 2")
        order(stage, "action: annuler", TWO)
        assert stage.first_line().startswith("ANNULÉ – à votre demande, le ")
        nothing_stands(stage)
        stage.intact()


def test_cancel_of_what_has_not_left(tmp_path: Path, call: Call) -> None:
    """Whatever it waits for, it is stopped for good; only its author lets it go, and what was stopped leaves once."""
    with Stage(tmp_path) as stage:
        drop_all(stage, apercu=ONE + "envoi: non\n", fixe="signataires: Marie <m@x.fr> 04 78 12 34 56\n")
        stage.write("seule.sign.yaml", ONE)
        assert call(stage, "pause", "cabinet").status == 0
        drop_all(stage, attend=ONE)
        stage.clock.advance(HOUR)
        stage.run()
        states = {name: stage.record(name).state for name in ("apercu", "fixe", "seule", "attend")}
        assert list(states.values()) == [
            State.PREVIEWED,
            State.REJECTED,
            State.WAITING_PDF,
            State.WAITING,
        ]
        refs = [ref(stage, name) for name in states]
        assert call(stage, "cancel", *refs, "--yes").status == 0
        assert call(stage, "resume", "cabinet").status == 0
        stage.run()
        for name in states:
            assert stage.first_line(name) == STOPPED, stage.status(name)
        stage.write("seule.pdf", documents.letter(1, "seule"))
        stage.write("apercu.sign.yaml", ONE + "envoi: oui\n")
        stage.write("fixe.sign.yaml", ONE + "envoi: oui\n")
        stage.run()
        assert stage.sends() == []
        for name in states:
            assert stage.first_line(name) == STOPPED, stage.status(name)
            stage.write(f"{name}.sign.yaml", ONE + "action: recommencer\n")
        stage.run()
        for name in states:
            assert stage.first_line(name).startswith(OUT), stage.status(name)
        assert stage.sends() == [1] * 4
        refused = call(stage, "cancel", "apercu", "--dry-run")
        assert "out since" in refused.out
        nothing_stands(stage)
        stage.intact()


@pytest.mark.parametrize("mode", ["nextcloud", "plain"])
def test_what_was_stopped_stays_so_when_it_is_put_back(tmp_path: Path, mode: Mode, call: Call) -> None:
    """Taken away and put back, as some programs save; another request for another document is its author's."""
    with Stage(tmp_path, mode) as stage:
        held = ONE + "envoi: non\n"
        drop_all(stage, meme=held, corrige=held, autre=held)
        assert call(stage, "cancel", "meme", "corrige", "autre", "--yes").status == 0
        stage.run()
        for name in ("meme", "corrige", "autre"):
            stage.delete(f"{name}.sign.yaml")
        stage.run()
        stage.clock.advance(HOUR)
        stage.run()
        stage.write("meme.sign.yaml", held)
        stage.write("corrige.sign.yaml", ONE)
        stage.drop("autre", documents.letter(1, "une autre"), ONE)
        stage.run()
        assert [stage.first_line(name) for name in ("meme", "corrige")] == [STOPPED] * 2
        assert stage.first_line("autre").startswith(OUT)
        for name in ("meme", "corrige"):
            stage.write(f"{name}.sign.yaml", ONE + "action: recommencer\n")
        stage.run()
        assert stage.sends() == [1] * 3
        stage.intact()


def test_cancel_where_it_is_impossible(tmp_path: Path, call: Call) -> None:
    """Signed by all, delivered, refused, held: a sentence, exit status 1, and no order."""
    with Stage(tmp_path) as stage:
        drop_all(stage, signe=ONE, refuse=ONE, scelle=ONE)
        views = {view.object: view.id for view in stage.platform.transactions()}
        stage.platform.person_signs(views["signe"], MARIE)
        stage.platform.person_refuses(views["refuse"], MARIE, "non")
        stage.clock.advance(HOUR)
        stage.run()
        stage.platform.switch(sealing_s=9 * HOUR)
        stage.platform.person_signs(views["scelle"], MARIE)
        stage.clock.advance(HOUR)
        stage.run()
        found = call(stage, "cancel", "signe", "refuse", "scelle", "--yes")
        assert found.status == 1
        assert found.out == ""
        for told in (
            "it is signed and delivered; there is nothing left to cancel",
            "it is over (refused) since",
            "everybody has signed; the document is on its way home; it cannot be cancelled any more",
        ):
            assert told in found.err
        nothing_stands(stage)


def test_cancel_signed_meanwhile(tmp_path: Path, call: Call) -> None:
    """Everybody signs between the order and the pass: it goes on as signed, the answer says so, the status does not."""
    with Stage(tmp_path) as stage:
        drop_all(stage, lettre=ONE)
        assert call(stage, "cancel", "lettre", "--yes").status == 0
        stage.sign()
        stage.run()
        assert stage.first_line() == "SIGNÉ – « lettre.pdf » est maintenant la version signée"
        assert stage.record().extra["ordered"]["code"] == "cancel_too_late"
        assert "trop tard" not in words(stage)
        assert called(stage, "cancel") == 0
        nothing_stands(stage)
        stage.intact()


def test_cancel_of_a_draft_and_of_a_doubt(tmp_path: Path, call: Call) -> None:
    """Nobody was invited, or perhaps: the platform is asked, then told; nobody can sign afterwards."""
    with Stage(tmp_path) as stage:
        drop_all(stage, brouillon=ONE + "envoi: brouillon\n")
        stage.platform.misbehave(operation="send", kind="cut_before")
        drop_all(stage, doute=ONE)
        assert stage.first_line("doute") == DOUBT
        told = call(stage, "cancel", "brouillon", "doute", "--yes")
        assert "a draft that nobody was invited to" in told.out
        assert "perhaps sent: Jesignexpert is asked first" in told.out
        stage.run()
        for name in ("brouillon", "doute"):
            assert stage.first_line(name).startswith(BY_ADMINISTRATOR), stage.status(name)
        assert "personne n’a reçu d’invitation" in words(stage, "brouillon")
        assert sum(stage.sends()) == 0
        nothing_stands(stage)
        stage.intact()


def strike(points: Points, name: str, number: int) -> None:
    """Let the process die at the effect of that name that comes after so many others of it."""
    original, left = points.passing, [number]

    def passing(seen: str, effect: Any, wire: Any) -> Any:
        if name in seen and points.at is None:
            if not left[0]:
                points.at = len(points.seen)
            left[0] -= 1
        return original(seen, effect, wire)

    points.passing = passing  # type: ignore[method-assign]
    points.armed = True


@pytest.mark.parametrize("variant", ["before", "after"])
@pytest.mark.parametrize("where", ["platform POST cancel", "commit"])
def test_killed_at_cancel(tmp_path: Path, variant: str, where: str, call: Call) -> None:
    """Killed around the call, or around any fact on the way: obeyed after the next start, once, as what it was."""
    for number in range(6 if where == "commit" else 1):
        directory = tmp_path / str(number)
        directory.mkdir()
        points = Points(variant=variant)  # type: ignore[arg-type]
        with Stage(directory, seams=points.seams(workers())) as stage:
            drop_all(stage, lettre=ONE)
            assert call(stage, "cancel", "lettre", "--yes").status == 0
            strike(points, where, number)
            try:
                stage.run()
            except Killed:
                stage.restart()
            else:
                assert number > 2, "that point never came"
            stage.clock.advance(HOUR)
            stage.run()
            assert stage.first_line().startswith(BY_ADMINISTRATOR), stage.status()
            assert stage.record().obeyed == ("administrator cancel",)
            assert stage.sends() == [1]
            nothing_stands(stage)
            stage.intact()


# ------------------------------------------------------------------------------- remind, resolve, unlock


def test_remind(tmp_path: Path, call: Call) -> None:
    """No more than the platform allows; to whoever's turn it is; told in the status like any other reminder."""
    with Stage(tmp_path) as stage:
        drop_all(stage, lettre=TWO)
        early = call(stage, "remind", "lettre", "--yes")
        assert early.status == 1
        assert "too early: Jesignexpert takes one reminder an hour; from " in early.err
        stage.clock.advance(2 * HOUR)
        stage.run()
        # The verb goes by the clock of this machine, the service by the stage's: the order itself is what counts.
        journal = stage.parts.journal
        journal.order(stage.record(), "remind", signatory=CLAIRE)
        stage.run()
        assert stage.record().extra["ordered"]["code"] == "not_in_turn"
        assert called(stage, "remind") == 0
        journal.order(stage.record(), "remind", signatory=MARIE.upper())
        journal.order(stage.record(), "remind")  # joins the one that stands
        stage.run()
        assert called(stage, "remind") == 1
        assert stage.record().extra["ordered"]["code"] == "done"
        assert len(stage.record().signatories[0].reminded_at) == 1
        assert "rappel le " in words(stage)
        assert "Rappel fait le" not in words(stage), "no line is there to be replaced"
        journal.order(stage.record(), "remind")
        order(stage, "action: relancer", TWO)
        assert stage.record().extra["ordered"]["code"] == "too_early"
        assert called(stage, "remind") == 1
        assert "rappel possible à partir d" in stage.first_line()
        nothing_stands(stage)
        stage.intact()


def test_resolve(tmp_path: Path, call: Call) -> None:
    """Both answers, each by the service; what the administrator gives up is told as theirs and asks nobody anew."""
    with Stage(tmp_path) as stage:
        names = {}
        for name in ("pas partie", "partie quand même"):
            stage.platform.misbehave(operation="send", kind="cut_before")
            drop_all(stage, **{name: ONE})
            names[name] = stage.record(name)
            assert names[name].state is State.IN_DOUBT
        wrong = call(stage, "resolve", names["pas partie"].ref)
        assert (wrong.status, "say --sent or --not-sent" in wrong.err) == (2, True)
        assert call(stage, "resolve", names["pas partie"].ref, "--not-sent", "--yes").status == 0
        assert call(stage, "resolve", names["partie quand même"].ref, "--sent", "--yes").status == 0
        stage.run()
        assert stage.first_line("pas partie") == (
            "ANNULÉ – selon l’administrateur, cette demande n’était pas partie"
        ), stage.status("pas partie")
        assert "la nouvelle demande" not in words(stage, "pas partie").casefold()
        assert stage.first_line("partie quand même").startswith("EN COURS – 0 signature sur 1")
        stage.write("pas partie.sign.yaml", ONE + "action: recommencer\n")
        stage.run()
        assert stage.first_line("pas partie").startswith(OUT)
        nothing_stands(stage)
        stage.intact()


@MODES
def test_unlock(tmp_path: Path, mode: Mode, call: Call) -> None:
    """Our lock goes, by either way of locking; once more is no failure; a request that is out has none."""
    with locking(tmp_path, mode) as stage:
        drop_all(stage, lettre=LOCKED)
        assert "ever locked" in call(stage, "unlock", "lettre").err
        stage.sign()
        stage.run()
        assert locks(stage)
        told = call(stage, "unlock", "lettre.pdf")
        assert "the lock is taken off 1 signed document" in told.out
        stage.run()
        assert not locks(stage)
        assert stage.record().extra["ordered"]["code"] == "unlocked"
        assert call(stage, "unlock", "Lettres/lettre.sign.yaml").status == 0
        stage.run()
        assert stage.record().obeyed == ("administrator unlock", "administrator unlock 2")
        assert not locks(stage)
        nothing_stands(stage)
        stage.intact()


# -------------------------------------------------------------------------------------------- retry


def test_retry(tmp_path: Path, call: Call) -> None:
    """What an obstacle put off is tried at once; what waits for a person is refused; nothing is sent twice."""
    with Stage(tmp_path) as stage:
        drop_all(stage, dehors=ONE, apercu=ONE + "envoi: non\n")
        stage.platform.switch(maintenance=True)
        stage.drop("attend", documents.letter(1, "attend"))
        stage.clock.advance(HOUR)
        stage.run()
        for _ in range(8):
            stage.clock.advance(200)
            stage.run(2)
        stage.platform.switch(maintenance=False)
        assert stage.first_line("attend").startswith("EN PAUSE – Jesignexpert est en maintenance")
        stage.sign()
        stage.run(4)
        assert stage.first_line("dehors").startswith("EN COURS"), "not asked yet"
        told = call(stage, "retry", "dehors", "attend", "apercu")
        assert told.status == 1
        assert "nothing will before somebody says so in the folder. There is nothing to try again" in told.err
        stage.run()
        assert stage.first_line("dehors").startswith("SIGNÉ – ")
        assert stage.first_line("attend").startswith(OUT), stage.status("attend")
        assert stage.sends() == [1, 1]
        nothing_stands(stage)
        stage.intact()


# ------------------------------------------------------------------------------------------ which one


def test_which_request_is_meant(tmp_path: Path, call: Call) -> None:
    """By reference in any case, by file, by path; several are listed, by reference alone; none is told."""
    with Stage(tmp_path) as stage:
        stage.person.mkdir(f"{ROOT}/A")
        stage.drop("lettre", documents.letter(1, "une"), folder=f"{ROOT}/A")
        stage.drop("Éric DUPONT", documents.letter(1, "deux"))
        drop_all(stage, lettre=ONE)
        one, other = ref(stage), stage.record(folder=f"{ROOT}/A").ref
        for text in (one, one.lower(), "Lettres/lettre.pdf", f"/srv/cloud/{ROOT}/lettre.sign.yaml"):
            assert call(stage, "cancel", text, "--dry-run").out.startswith(f"{one}: out since"), text
        assert call(stage, "cancel", "A/LETTRE.pdf", "--dry-run").out.startswith(f"{other}: out since")
        accent = call(stage, "cancel", "e\u0301ric dupont", "--dry-run")
        assert accent.out.startswith(ref(stage, "Éric DUPONT"))
        both = call(stage, "cancel", "lettre.pdf", "ZZZZZZ", one, "--dry-run")
        assert both.status == 1
        assert '"lettre.pdf" matches 2 requests; say which:' in both.err
        assert f"  {one}  in_progress  lettres\n" in both.err
        assert "no request ZZZZZZ." in both.err
        assert both.out.startswith(f"{one}: out since")
        named = call(stage, "cancel", "lettre", "--dry-run", "--names")
        assert f"/{ROOT}/A/lettre.sign.yaml" in named.err


def test_an_order_disturbs_nobody_at_work(tmp_path: Path) -> None:
    """The record stays as it is: whoever holds it writes its next fact all the same."""
    with Stage(tmp_path) as stage:
        drop_all(stage, lettre=ONE)
        journal, record = stage.parts.journal, stage.record()
        first = journal.order(record, "cancel")
        assert journal.get(record.id) == record
        assert journal.order(record, "cancel") == first
        journal.touch(record, attempts=1)
        assert [one.wording for one in journal.orders(record)] == ["administrator cancel"]
        assert set(journal.standing_orders().values()) == {("dms", "cabinet")}


@pytest.mark.parametrize(
    ("moment", "first_line"),
    [("prepared", STOPPED), ("marked", BY_ADMINISTRATOR)],
    ids=["prepared", "marked"],
)
def test_nothing_leaves_while_a_cancel_stands(tmp_path: Path, moment: str, first_line: str) -> None:
    """Given between the look at the folder and the sending: it does not leave, and what is marked is told so."""
    with Stage(tmp_path) as stage:
        stage.drop()
        given: list[Any] = []
        accepted = stage.parts.journal.fact

        def fact(record: Any, event: Any, **changes: Any) -> Any:
            after = accepted(record, event, **changes)
            if event.value == moment and not given:
                given.append(stage.parts.journal.order(after, "cancel"))
            return after

        stage.parts.journal.fact = fact  # type: ignore[method-assign]
        stage.run()
        assert given
        assert stage.first_line().startswith(first_line), stage.status()
        assert sum(stage.sends()) == 0
        stage.restart()
        stage.run()
        assert len(stage.records()) == 1
        assert stage.first_line().startswith(first_line), stage.status()
        nothing_stands(stage)
        stage.intact()


def test_the_look_at_a_folder_asks_the_platform_nothing_for_an_order(tmp_path: Path, call: Call) -> None:
    """However slow the platform is: the folder's pass reads the order, the account's own pass obeys it."""
    with Stage(tmp_path) as stage:
        drop_all(stage, annule=ONE, relance=TWO, ordre=ONE, brouillon=ONE + "envoi: brouillon\n")
        stage.clock.advance(2 * HOUR)
        stage.run()
        stage.write("annule.sign.yaml", ONE + "action: annuler\n")
        stage.write("relance.sign.yaml", TWO + "action: relancer\n")
        stage.write("brouillon.sign.yaml", ONE + "envoi: brouillon\naction: annuler\n")
        assert call(stage, "cancel", "ordre", "--yes").status == 0
        asked = len(stage.platform.requests)
        waits = False
        for _ in range(3):
            stage.clock.advance(3)
            waits = server_pass(stage.parts, "dms", stage.memory).ordered
        assert len(stage.platform.requests) == asked
        assert waits, "the account's pass is asked for"
        assert "« annuler » est lu et sera suivi dès que Jesignexpert répondra." in words(stage, "annule")
        assert account_pass(stage.parts, "cabinet").moved == 4
        assert not server_pass(stage.parts, "dms", stage.memory).ordered
        assert stage.first_line("annule").startswith("ANNULÉ – à votre demande")
        assert stage.first_line("brouillon").startswith("ANNULÉ – à votre demande")
        assert stage.first_line("ordre").startswith(BY_ADMINISTRATOR)
        assert "Rappel fait le " in words(stage, "relance")
        nothing_stands(stage)
        stage.intact()


# -------------------------------------------------------------------------------------------- pause


@pytest.mark.parametrize("subject", [("--folder", "lettres"), ("--server", "dms")], ids=["folder", "server"])
def test_pause_of_a_folder_or_a_server(tmp_path: Path, subject: tuple[str, str], call: Call) -> None:
    """Nothing new leaves from there, nobody is reminded by itself; what has left comes home; a restart keeps it."""
    with Stage(tmp_path, more="policy: {reminders: {first_after: 1d, every: 1d, at_most: 3}}\n") as stage:
        drop_all(stage, dehors=ONE, retour=ONE)
        dry = call(stage, "pause", *subject, "--dry-run")
        assert "nothing new would leave from now on.\nNothing was changed." in dry.out
        paused = call(stage, "pause", *subject)
        assert (paused.status, f"jse-connector resume {' '.join(subject)}" in paused.out) == (0, True)
        stage.restart()
        drop_all(stage, attend=ONE)
        assert stage.first_line("attend") == (
            "EN PAUSE – les envois de ce dossier sont suspendus ; rien n’est perdu"
        )
        notice = stage.read("SIGNATURES EN PAUSE.txt").decode("utf-8-sig").replace("\u00a0", " ")
        assert notice.startswith("SIGNATURES EN PAUSE – les envois de ce dossier sont suspendus")
        views = {view.object: view.id for view in stage.platform.transactions()}
        stage.platform.person_signs(views["retour"], MARIE)
        stage.clock.advance(60 * HOUR)
        stage.run()
        assert stage.first_line("retour").startswith("SIGNÉ – ")
        assert called(stage, "remind") == 0
        assert sum(stage.sends()) == 2
        assert "launches would go on" in call(stage, "resume", *subject, "--dry-run").out
        assert stage.parts.journal.held_accounts()
        assert call(stage, "resume", *subject).status == 0
        stage.run()
        assert stage.first_line("attend").startswith(OUT)
        assert "SIGNATURES EN PAUSE.txt" not in stage.files()
        stage.intact()


def test_what_is_paused_is_named_once(tmp_path: Path, call: Call) -> None:
    """An account, a folder or a server; neither none nor two of them, nor one that there is not."""
    with Stage(tmp_path) as stage:
        for arguments, told in (
            ((), "exactly one of them"),
            (("cabinet", "--folder", "lettres"), "exactly one of them"),
            (("--folder", "cabinet"), 'no folder "cabinet". Known: lettres.'),
            (("--server", "x"), 'no server "x". Known: dms.'),
        ):
            found = call(stage, "pause", *arguments)
            assert (found.status, told in found.err) == (2, True), found.err
        assert "folder lettres was not held" in call(stage, "resume", "--folder", "lettres").out


def test_author_and_administrator_at_once(tmp_path: Path, call: Call) -> None:
    """Both orders wait for the platform; each is answered once it is back, the author in the status alone."""
    with Stage(tmp_path) as stage:
        drop_all(stage, signe=ONE, annule=ONE)
        stage.platform.switch(maintenance=True)
        for name in ("signe", "annule"):
            stage.write(f"{name}.sign.yaml", ONE + "action: annuler\n")
        stage.run()
        assert call(stage, "cancel", "signe", "annule", "--yes").status == 0
        stage.run()
        for name in ("signe", "annule"):
            assert stage.first_line(name).startswith(OUT)
            assert "« annuler » est lu et sera suivi" in words(stage, name)
        stage.platform.switch(maintenance=False)
        views = {view.object: view.id for view in stage.platform.transactions()}
        stage.platform.person_signs(views["signe"], MARIE)
        stage.clock.advance(HOUR)
        stage.run()
        assert stage.first_line("signe").startswith("SIGNÉ – "), stage.status("signe")
        assert "« annuler » est arrivé trop tard" in words(stage, "signe")
        assert stage.record("signe").extra["ordered"]["code"] in {"cancel_too_late", "cancel_signed"}
        assert stage.first_line("annule").startswith(BY_ADMINISTRATOR)
        assert "pending_order" not in stage.record("annule").extra or stage.record("annule").closed
        assert called(stage, "cancel") == 1
        nothing_stands(stage)
        stage.intact()


def test_two_orders_wait_each_for_itself(tmp_path: Path, call: Call) -> None:
    """An author’s and the administrator’s, for one request, while the platform is away: asked less and less often."""
    with Stage(tmp_path) as stage:
        drop_all(stage, lettre=ONE)
        stage.platform.switch(maintenance=True)
        stage.write("lettre.sign.yaml", ONE + "action: annuler\n")
        stage.run()
        assert call(stage, "cancel", "lettre", "--yes").status == 0
        tries: list[tuple[object, ...]] = []
        for _ in range(14):
            stage.clock.advance(4)
            stage.run(1)
            kept = stage.record().extra.get("order_try", {})
            waiting = {kept.get("wording"): kept.get("next_at")}
            waiting |= {name: one["next_at"] for name, one in kept.get("others", {}).items()}
            tries.append(tuple(sorted(waiting.items())))
        assert len(set(tries[-6:])) <= 3, "neither makes the other forget when it is to be tried again"
        assert len(tries[-1]) == 2, tries[-1]
        stage.platform.switch(maintenance=False)
        stage.clock.advance(HOUR)
        stage.run()
        assert stage.first_line().startswith("ANNULÉ – "), stage.status()
        assert called(stage, "cancel") == 1
        nothing_stands(stage)
        stage.intact()


def test_a_page_of_maintenance_proves_nothing(tmp_path: Path) -> None:
    """A proxy says 503 for a call that had its effect: the mail is not repeated, the end is told as ordered."""
    for name in ("remind", "cancel"):
        directory = tmp_path / name
        directory.mkdir()
        points = Points(variant="503")
        with Stage(directory, seams=points.seams(workers())) as stage:
            drop_all(stage, lettre=ONE)
            stage.clock.advance(2 * HOUR)
            stage.run()
            stage.parts.journal.order(stage.record(), name)
            strike(points, f"platform POST {name}", 0)
            stage.run()
            for _ in range(3):
                stage.clock.advance(HOUR)
                stage.run()
            assert called(stage, name) == 1
            if name == "cancel":
                assert stage.first_line().startswith(BY_ADMINISTRATOR), stage.status()
            else:
                assert stage.record().extra["ordered"]["code"] == "unconfirmed"
            nothing_stands(stage)
            stage.intact()


def test_the_service_is_woken(tmp_path: Path) -> None:
    """By an order, its server's and its account's passes; by the end of a pause, those that may launch again."""
    with Stage(tmp_path) as stage:
        drop_all(stage, lettre=ONE)
        daemon, journal = Daemon(stage.parts, load_config(stage.config_text)), stage.parts.journal
        schedules = {name: daemon._jobs[name].schedule for name in ("server:dms", "account:cabinet")}

        def woken() -> list[str]:
            for schedule in schedules.values():
                schedule.due = float("inf")
            daemon._summons._looked = float("-inf")
            daemon._summons.look()
            return [name for name, schedule in schedules.items() if schedule.due < float("inf")]

        assert woken() == []
        journal.order(stage.record(), "cancel")
        assert woken() == ["server:dms", "account:cabinet"]
        assert woken() == []
        for subject, meant in (
            ("cabinet", ["server:dms", "account:cabinet"]),
            ("folder:lettres", ["server:dms", "account:cabinet"]),
            ("server:dms", ["server:dms", "account:cabinet"]),
            ("folder:gone", []),
        ):
            journal.hold(subject, "manual", probe_at=stage.clock.now())
            assert woken() == []
            journal.release(subject)
            assert woken() == meant, subject
