"""Orders on a request that has left: stop it, remind. Obeyed once, answered always, safe from every broken call."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from connector.lifecycle import State
from tests.faults.points import Killed, Points
from tests.worlds import CLAIRE, MARIE, ONE, ROOT, TWO, Mode, Stage, workers

MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])
OUT = "EN COURS – 0 signature sur 1 – attend Marie Dupont"
DOUBT = "À VÉRIFIER – la demande est peut-être déjà partie ; rien n’a été renvoyé"
BY_ORDER = "ANNULÉ – à votre demande, le "
ON_SITE = "ANNULÉ – depuis le site de Jesignexpert"
HOUR = 3600
BREAKS: dict[str, dict[str, Any]] = {
    "lost_answer": {},
    "cut_before": {},
    "late_effect": {"seconds": 900},
    "truncated": {},
    "html": {},
}


def out(stage: Stage, sidecar: str = ONE) -> None:
    """Let one request leave."""
    stage.drop(sidecar=sidecar)
    stage.run()
    assert stage.first_line().startswith("EN COURS – 0 signature"), stage.status()


def each_out(stage: Stage, names: Iterable[str]) -> None:
    """Let a request of each name leave."""
    for name in names:
        stage.drop(name)
    stage.run()
    for name in names:
        assert stage.first_line(name).startswith(OUT), stage.status(name)


def order(stage: Stage, line: str, sidecar: str = ONE) -> None:
    """Write an order into the request, in the place of any other, and wait."""
    stage.write("lettre.sign.yaml", f"{sidecar}{line}\n")
    stage.run()


def words(stage: Stage, name: str = "lettre") -> str:
    """The status with its lines joined and plain spaces."""
    return " ".join(stage.status(name).replace("\u00a0", " ").split())


def called(stage: Stage, operation: str) -> int:
    """How often the platform was asked for an operation, answered or not."""
    return sum(request.operation == operation for request in stage.platform.requests)


def phase(stage: Stage, number: int = -1) -> str:
    """Where a transaction stands at the platform."""
    return stage.platform.transactions()[number].status


def answers(stage: Stage, operation: str, status: int, message: str = "", **more: Any) -> None:
    """Let the platform answer an operation with a status of its own."""
    body = json.dumps({"message": message, "details": ""})
    stage.platform.misbehave(operation=operation, kind="status", status=status, body=body, **more)


@contextmanager
def struck(
    directory: Path, name: str, variant: Any, mode: Mode = "nextcloud", **options: Any
) -> Iterator[tuple[Stage, Points]]:
    """A stage whose process dies, once armed, at the first effect of that name."""
    points = Points(variant=variant)
    original = points.passing

    def passing(seen: str, effect: Any, lost: Any) -> Any:
        if points.armed and name in seen and points.at is None:
            points.at = len(points.seen)
        return original(seen, effect, lost)

    points.passing = passing  # type: ignore[method-assign]
    with Stage(directory, mode, seams=points.seams(workers()), **options) as stage:
        yield stage, points


# ------------------------------------------------------------------------------------------- annuler


@MODES
def test_annuler_ends_a_request_that_is_out(tmp_path: Path, mode: Mode) -> None:
    """Nobody can sign any more, the PDF is untouched, and a new ask begins another request."""
    with Stage(tmp_path, mode) as stage:
        out(stage, TWO)
        stage.sign(MARIE)
        order(stage, "action: annuler", TWO)
        assert stage.first_line().startswith(BY_ORDER), stage.status()
        assert phase(stage) == "canceled"
        told = words(stage)
        assert "les liens reçus par e-mail ne fonctionnent plus" in told
        assert "est perdue : elle sera à redemander" in told
        order(stage, "# relu\naction: annuler", TWO)
        assert called(stage, "cancel") == 1
        order(stage, "action: recommencer", TWO)
        assert stage.first_line().startswith("EN COURS – 0 signature sur 2")
        order(stage, "action: annuler", TWO)
        assert stage.first_line().startswith("EN COURS – 0 signature sur 2"), (
            "an old wording counts as obeyed"
        )
        assert "action: annuler 2" in stage.status()
        order(stage, "action: cancel 2", TWO)
        assert stage.first_line().startswith(BY_ORDER)
        assert stage.sends() == [1, 1]
        stage.intact()


def test_annuler_after_everybody_has_signed(tmp_path: Path) -> None:
    """Signed while the order was on its way: it goes on as signed, and the order is answered."""
    with Stage(tmp_path) as stage:
        out(stage)
        stage.sign()
        order(stage, "action: annuler")
        assert stage.first_line() == "SIGNÉ – « lettre.pdf » est maintenant la version signée"
        assert "« annuler » est arrivé trop tard : tout le monde avait déjà signé." in words(stage)
        assert called(stage, "cancel") == 0
        assert stage.record().closed
        stage.intact()


def test_annuler_while_the_document_is_sealed(tmp_path: Path) -> None:
    """Between the last signature and the document it is too late as well."""
    with Stage(tmp_path) as stage:
        out(stage)
        stage.platform.switch(sealing_s=2 * HOUR)
        stage.sign()
        stage.clock.advance(HOUR)
        stage.run()
        order(stage, "action: annuler")
        assert stage.first_line().startswith("SIGNÉ PAR TOUS – ")
        assert "« annuler » est arrivé trop tard" in words(stage)
        stage.intact()


def test_annuler_over_a_broken_connection(tmp_path: Path) -> None:
    """Whether it had its effect is asked, not guessed; without one the call is made again."""
    with Stage(tmp_path) as stage:
        each_out(stage, BREAKS)
        for kind, details in BREAKS.items():
            transaction = str(stage.record(kind).transaction)
            stage.platform.misbehave(operation="cancel", kind=kind, transaction=transaction, **details)
            stage.write(f"{kind}.sign.yaml", ONE + "action: annuler\n")
        stage.run()
        stage.clock.advance(HOUR)
        stage.run()
        for kind in BREAKS:
            assert stage.first_line(kind).startswith(BY_ORDER), stage.status(kind)
        ends = {view.object: (view.status, view.sends) for view in stage.platform.transactions()}
        assert ends == dict.fromkeys(BREAKS, ("canceled", 1))
        stage.intact()


@pytest.mark.parametrize("variant", ["before", "after"])
@pytest.mark.parametrize("where", ["platform POST cancel", "intend_cancel"])
def test_killed_at_annuler(tmp_path: Path, variant: str, where: str) -> None:
    """Killed around the call, the order is obeyed after the next start, and told as an order."""
    name = "platform POST cancel" if where.startswith("platform") else "commit"
    with struck(tmp_path, name, variant) as (stage, points):
        out(stage)
        stage.write("lettre.sign.yaml", ONE + "action: annuler\n")
        points.armed = True
        with pytest.raises(Killed):
            stage.run()
        stage.restart()
        stage.run()
        assert stage.first_line().startswith(BY_ORDER), stage.status()
        assert phase(stage) == "canceled"
        stage.intact()


def test_annuler_seen_first_by_the_other_pass(tmp_path: Path) -> None:
    """Killed right after the call, and followed before the folder is looked at: still by order."""
    from connector.passes import account_pass

    with struck(tmp_path, "platform POST cancel", "after") as (stage, points):
        out(stage)
        stage.write("lettre.sign.yaml", ONE + "action: annuler\n")
        points.armed = True
        with pytest.raises(Killed):
            stage.run()
        stage.restart()
        stage.clock.advance(HOUR)
        account_pass(stage.parts, "cabinet")
        record = stage.record()
        assert (record.state, record.reason) == (State.CANCELLED, "ordered")
        assert "cancel" in record.obeyed
        stage.run()
        assert stage.first_line().startswith(BY_ORDER)


def test_annuler_waits_for_the_platform_and_is_shown(tmp_path: Path) -> None:
    """Away: the order is read, shown as waiting, and obeyed on its return; the platform is not hammered."""
    with Stage(tmp_path) as stage:
        out(stage)
        stage.platform.switch(maintenance=True)
        order(stage, "action: annuler")
        stage.run()
        assert stage.first_line().startswith(OUT)
        assert "« annuler » est lu et sera suivi dès que Jesignexpert répondra." in words(stage)
        asked = len(stage.platform.requests)
        for _ in range(20):
            stage.round()
        assert len(stage.platform.requests) - asked <= 4
        stage.platform.switch(maintenance=False)
        stage.clock.advance(HOUR)
        stage.run()
        assert stage.first_line().startswith(BY_ORDER), stage.status()
        stage.intact()


def test_annuler_that_the_platform_does_not_know(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """404 on an assumed call: said with the way to do it on the site, in the log with the setting, and once."""
    with Stage(tmp_path) as stage:
        out(stage)
        answers(stage, "cancel", 404, times=None)
        with caplog.at_level(logging.ERROR):
            order(stage, "action: annuler")
        assert stage.first_line().startswith(OUT)
        told = words(stage)
        assert "« annuler » n’a pas pu être suivi : Jesignexpert n’a pas reconnu cette consigne." in told
        assert "cherchez la collecte « lettre » sur le site de Jesignexpert" in told
        assert "        action: annuler" not in stage.status(), "what is not possible is not offered"
        said = [r.getMessage() for r in caplog.records if "ASSUMED" in r.getMessage()]
        assert len(said) == 1
        assert "operations.cancel.path" in said[0]
        stage.clock.advance(HOUR)
        stage.run()
        assert called(stage, "cancel") == 1
        stage.drop("autre", sidecar=TWO)
        stage.run()
        assert "Pour arrêter la demande : cela se fait sur le site de Jesignexpert" in " ".join(
            stage.status("autre").replace("\u00a0", " ").split()
        )
        stage.platform.site(stage.platform.transactions()[0].id, "cancel")
        stage.clock.advance(HOUR)
        stage.run()
        assert stage.first_line().startswith(ON_SITE)
        stage.intact()


def test_annuler_refused_in_words(tmp_path: Path) -> None:
    """What the platform says is quoted; the request goes on."""
    with Stage(tmp_path) as stage:
        out(stage)
        answers(stage, "cancel", 409, "Cette collecte ne peut plus être annulée.")
        order(stage, "action: annuler")
        told = words(stage)
        assert (
            "« annuler » n’a pas été accepté par Jesignexpert (« Cette collecte ne peut plus être annulée. »)"
            in told
        )
        assert "action: annuler 2" in stage.status()
        order(stage, "action: annuler 2")
        assert stage.first_line().startswith(BY_ORDER)
        stage.intact()


def test_annuler_accepted_without_effect(tmp_path: Path) -> None:
    """A yes that changes nothing is no end: asked again a few times, then the site is named."""
    with Stage(tmp_path) as stage:
        out(stage)
        answers(stage, "cancel", 200, times=None)
        order(stage, "action: annuler")
        for _ in range(8):
            stage.clock.advance(HOUR)
            stage.run()
        assert stage.first_line().startswith(OUT)
        assert "« annuler » n’a pas pu être suivi" in words(stage)
        assert called(stage, "cancel") == 6
        stage.intact()


def test_annuler_of_what_is_then_forgotten(tmp_path: Path) -> None:
    """A platform that forgets what is cancelled has cancelled it: nothing is lost, nobody can sign."""
    with Stage(tmp_path) as stage:
        out(stage)
        stage.clock.advance(30 * HOUR)
        stage.run()  # from now on the account's own pass asks every half hour only
        stage.platform.misbehave(operation="status", kind="gone", skip=1, times=None)
        order(stage, "action: annuler")
        assert stage.first_line().startswith(BY_ORDER), stage.status()
        stage.intact()


def test_annuler_of_a_draft(tmp_path: Path) -> None:
    """Handed over to a person: it is ended there, and nobody had been mailed."""
    with Stage(tmp_path) as stage:
        stage.drop(sidecar=ONE + "envoi: brouillon\n")
        stage.run()
        assert "action: annuler" in stage.status()
        order(stage, "envoi: brouillon\naction: annuler")
        assert stage.first_line().startswith(BY_ORDER)
        assert "Elle n’était pas encore partie : personne n’a reçu d’invitation." in words(stage)
        assert phase(stage) == "canceled"
        assert sum(stage.sends()) == 0
        stage.intact()


@pytest.mark.parametrize(("kind", "details"), [("cut_before", {}), ("late_effect", {"seconds": 1200})])
def test_annuler_of_a_doubtful_one(tmp_path: Path, kind: str, details: dict[str, Any]) -> None:
    """Perhaps sent: the platform is asked, then told; whatever the truth was, nobody can sign afterwards."""
    with Stage(tmp_path) as stage:
        stage.platform.misbehave(operation="send", kind=kind, **details)
        stage.drop()
        stage.run()
        assert stage.first_line() == DOUBT
        order(stage, "action: annuler")
        assert stage.first_line().startswith(BY_ORDER), stage.status()
        stage.clock.advance(2 * HOUR)
        stage.run()
        assert phase(stage) == "canceled"
        assert sum(stage.sends()) == 0
        stage.intact()


def test_annuler_of_one_that_was_about_to_leave(tmp_path: Path) -> None:
    """Marked, and refused for want of credit: it never leaves, not when there is credit again either."""
    with Stage(tmp_path) as stage:
        stage.platform.switch(credit=0)
        stage.drop()
        stage.run()
        assert stage.first_line().startswith("EN PAUSE – ")
        assert stage.record().state is State.MARKED
        order(stage, "action: annuler")
        assert stage.first_line().startswith(BY_ORDER), stage.status()
        assert "Elle n’était pas encore partie" in words(stage)
        stage.platform.switch(credit=5)
        stage.clock.advance(HOUR)
        stage.run()
        assert sum(stage.sends()) == 0
        order(stage, "action: recommencer")
        assert stage.first_line().startswith(OUT)
        assert stage.sends() == [0, 1]
        stage.intact()


def test_annuler_of_one_whose_sending_is_a_question(tmp_path: Path) -> None:
    """While nobody knows whether it left, the order is shown as waiting; it is obeyed once the answer is there."""
    with Stage(tmp_path) as stage:
        stage.platform.misbehave(operation="send", kind="late_effect", seconds=600)
        stage.platform.misbehave(operation="status", kind="status", status=503, skip=1, times=3, body="")
        stage.drop()
        for _ in range(2):
            stage.round()
        stage.write("lettre.sign.yaml", ONE + "action: annuler\n")
        stage.run()
        stage.clock.advance(HOUR)
        stage.run()
        stage.clock.advance(HOUR)
        stage.run()
        assert stage.first_line().startswith(BY_ORDER), stage.status()
        assert phase(stage) == "canceled"
        stage.intact()


# --------------------------------------------------------------------------------- before anything left


def test_an_order_left_over_has_no_effect(tmp_path: Path) -> None:
    """Ux 1.5: last year's request copied with its order works, and the order is said to be without effect."""
    with Stage(tmp_path) as stage:
        stage.write("lettre.sign.yaml", ONE + "action: annuler\n")
        stage.run()
        stage.clock.advance(600)
        stage.run()
        assert stage.first_line().startswith("EN ATTENTE DU PDF")
        stage.drop(sidecar=ONE + "action: annuler\n")
        stage.run()
        assert stage.first_line().startswith(OUT)
        assert "« annuler » était déjà écrit à l’arrivée de cette demande : il est sans effet ici." in words(
            stage
        )
        assert called(stage, "cancel") == 0
        assert "action: annuler 2" in stage.status()
        order(stage, "action: annuler 2")
        assert stage.first_line().startswith(BY_ORDER)
        stage.intact()


@MODES
def test_annuler_keeps_a_waiting_request_from_leaving(tmp_path: Path, mode: Mode) -> None:
    """Written while the request waits it is meant: nothing leaves until the line goes."""
    with Stage(tmp_path, mode, account={"max_sends_per_day": "1"}) as stage:
        stage.drop("première", sidecar=TWO)
        stage.run()
        stage.drop()
        stage.run()
        assert stage.first_line().startswith("EN PAUSE – 1 envois") or "limite" in stage.first_line()
        order(stage, "action: annuler")
        stopped = "PRÊT – rien n’est parti : la demande est arrêtée, comme vous l’avez écrit"
        assert stage.first_line() == stopped
        stage.clock.advance(24 * HOUR)
        stage.run()
        order(stage, "# toujours pas\naction: annuler")
        stage.restart()
        stage.run()
        assert stage.first_line() == stopped
        assert stage.sends() == [1]
        order(stage, "# finalement oui")
        assert stage.first_line().startswith(OUT), stage.status()
        assert stage.sends() == [1, 1]
        stage.intact()


def test_annuler_on_a_second_request_that_waits(tmp_path: Path) -> None:
    """An old wording typed anew while the next request waits is meant: better not sent than sent against a word."""
    with Stage(tmp_path, account={"max_sends_per_day": "1"}) as stage:
        out(stage)
        order(stage, "action: annuler")
        assert stage.first_line().startswith(BY_ORDER)
        order(stage, "action: recommencer")
        assert stage.first_line().startswith("EN PAUSE – ")
        order(stage, "action: annuler")
        assert stage.first_line().startswith("PRÊT – rien n’est parti : la demande est arrêtée")
        stage.clock.advance(24 * HOUR)
        stage.run()
        assert stage.sends() == [1]
        order(stage, "action: recommencer")
        assert stage.first_line().startswith(OUT), stage.status()
        stage.intact()


def test_an_order_left_over_then_meant(tmp_path: Path) -> None:
    """Taken out and written again, the very same line is no longer left over."""
    with Stage(tmp_path, account={"max_sends_per_day": "1"}) as stage:
        stage.drop("autre", sidecar=TWO)
        stage.run()
        stage.drop(sidecar=ONE + "action: annuler\n")
        stage.run()
        assert "était déjà écrit à l’arrivée" in words(stage)
        order(stage, "# voyons")
        assert stage.first_line().startswith("EN PAUSE – ")
        order(stage, "action: annuler")
        assert stage.first_line().startswith("PRÊT – rien n’est parti : la demande est arrêtée")
        stage.intact()


# ------------------------------------------------------------------------------------------ relancer


@MODES
def test_relancer_reminds_once_for_each_wording(tmp_path: Path, mode: Mode) -> None:
    """One mail, one line in the status; other edits repeat nothing; an hour must pass between two."""
    with Stage(tmp_path, mode) as stage:
        out(stage, TWO)
        stage.clock.advance(HOUR + 60)
        order(stage, "action: relancer", TWO)
        view = stage.platform.transactions()[0]
        assert view.reminders == 1
        told = words(stage)
        assert "Rappel fait le " in told
        assert "Pour un autre rappel, remplacez la ligne par : action: relancer 2" in told
        assert "rappel le " in told
        order(stage, "# vu avec elle\naction: relancer", TWO)
        order(stage, "action:   Relancer", TWO)
        assert called(stage, "remind") == 1
        order(stage, "action: remind 2", TWO)
        assert called(stage, "remind") == 1
        assert " – rappel possible à partir de " in stage.first_line()
        assert "un rappel par heure au plus. Pour un rappel à partir de " in words(stage)
        assert "action: relancer 3" in stage.status()
        stage.clock.advance(HOUR)
        order(stage, "action: relancer 3", TWO)
        assert called(stage, "remind") == 2
        assert stage.platform.transactions()[0].reminders == 2
        assert len(stage.record().signatories[0].reminded_at) == 2
        assert stage.record().signatories[1].reminded_at == ()
        for same in ("# vu avec elle\naction: relancer 3", "action:   Relancer  3", "action: remind 3"):
            stage.clock.advance(2 * HOUR)
            order(stage, same, TWO)
        assert called(stage, "remind") == 2, "the same wording is never obeyed again, whenever it is read"
        assert stage.sends() == [1]
        stage.intact()


def test_relancer_within_an_hour_of_the_invitation(tmp_path: Path) -> None:
    """Refused by rule, with the hour from which it is possible; the next day that hour is no news."""
    with Stage(tmp_path) as stage:
        out(stage)
        order(stage, "action: relancer")
        assert called(stage, "remind") == 0
        assert stage.first_line().startswith("EN COURS – 0 signature sur 1 – rappel possible à partir d")
        assert "« relancer » n’a pas été suivi" in words(stage)
        stage.clock.advance(25 * HOUR)
        stage.run()
        assert stage.first_line().startswith(OUT)
        assert called(stage, "remind") == 0
        order(stage, "action: relancer 2")
        assert called(stage, "remind") == 1
        stage.intact()


def test_relancer_goes_to_whose_turn_it_is(tmp_path: Path) -> None:
    """Signed since the last look: the platform is asked first, and the second one's own hour counts."""
    with Stage(tmp_path) as stage:
        out(stage, TWO)
        stage.clock.advance(5 * HOUR)
        stage.sign(MARIE)
        order(stage, "action: relancer", TWO)
        assert called(stage, "remind") == 0, "Claire was invited a moment ago"
        assert "1 signature sur 2 – rappel possible" in stage.first_line()
        stage.clock.advance(2 * HOUR)
        order(stage, "action: relancer 2", TWO)
        assert called(stage, "remind") == 1
        people = stage.record().signatories
        assert [len(each.reminded_at) for each in people] == [0, 1]
        stage.sign(CLAIRE)
        order(stage, "action: relancer 3", TWO)
        assert called(stage, "remind") == 1
        assert stage.first_line().startswith("SIGNÉ – ")
        stage.intact()


def test_relancer_refused_by_the_platform(tmp_path: Path) -> None:
    """Somebody reminded on the site: its words are quoted, and when it may be asked again is said."""
    with Stage(tmp_path) as stage:
        out(stage)
        stage.clock.advance(2 * HOUR)
        answers(stage, "remind", 409, "Une relance par heure au plus.")
        order(stage, "action: relancer")
        assert " – rappel possible à partir d" in stage.first_line()
        assert "(« Une relance par heure au plus. »)" in words(stage)
        assert stage.record().signatories[0].reminded_at == ()
        stage.clock.advance(HOUR)
        order(stage, "action: relancer 2")
        assert stage.platform.transactions()[0].reminders == 1
        stage.intact()


def test_relancer_without_an_answer_is_not_repeated(tmp_path: Path) -> None:
    """Perhaps a mail left: it counts, it is said, and it is never made again by itself."""
    with Stage(tmp_path) as stage:
        each_out(stage, BREAKS)
        stage.clock.advance(2 * HOUR)
        for kind, details in BREAKS.items():
            transaction = str(stage.record(kind).transaction)
            stage.platform.misbehave(operation="remind", kind=kind, transaction=transaction, **details)
            stage.write(f"{kind}.sign.yaml", ONE + "action: relancer\n")
        stage.run()
        for seconds in (1000, 2 * HOUR):
            stage.clock.advance(seconds)
            stage.run()
        assert called(stage, "remind") == len(BREAKS)
        for kind in BREAKS:
            assert "Jesignexpert n’a pas confirmé le rappel du " in words(stage, kind)
            assert "action: relancer 2" in stage.status(kind)
            assert len(stage.record(kind).signatories[0].reminded_at) == 1
            stage.write(f"{kind}.sign.yaml", ONE + "action: relancer 2\n")
        stage.run()
        assert called(stage, "remind") == 2 * len(BREAKS)
        for kind in BREAKS:
            assert "Rappel fait le " in words(stage, kind)
        stage.intact()


@pytest.mark.parametrize("variant", ["before", "after"])
def test_killed_at_pas_partie(tmp_path: Path, variant: str) -> None:
    """Killed around the call that ends the doubtful one: the new ask begins all the same, and is sent once."""
    with struck(tmp_path, "platform POST cancel", variant) as (stage, points):
        stage.platform.misbehave(operation="send", kind="cut_before")
        stage.drop()
        stage.run()
        assert stage.record().state is State.IN_DOUBT
        stage.write("lettre.sign.yaml", ONE + "action: pas partie\n")
        points.armed = True
        with pytest.raises(Killed):
            stage.run()
        stage.restart()
        stage.run()
        assert stage.first_line().startswith("EN COURS – "), stage.status()
        assert sorted(stage.sends()) == [0, 1]
        stage.sign()
        stage.run()
        assert stage.record().state is State.DELIVERED
        stage.intact()


@pytest.mark.parametrize("variant", ["before", "after"])
def test_killed_at_relancer(tmp_path: Path, variant: str) -> None:
    """Killed around the call: at most one mail, ever; it counts as done and is said."""
    with struck(tmp_path, "platform POST remind", variant) as (stage, points):
        out(stage)
        stage.clock.advance(2 * HOUR)
        stage.write("lettre.sign.yaml", ONE + "action: relancer\n")
        points.armed = True
        with pytest.raises(Killed):
            stage.run()
        stage.restart()
        stage.clock.advance(2 * HOUR)
        stage.run()
        assert called(stage, "remind") == (1 if variant == "after" else 0)
        assert "Jesignexpert n’a pas confirmé le rappel du " in words(stage)
        assert len(stage.record().signatories[0].reminded_at) == 1
        stage.intact()


def test_relancer_that_the_platform_does_not_know(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Said once, with the way over the site; a person who asks again is not refused unheard."""
    with Stage(tmp_path) as stage:
        out(stage)
        stage.clock.advance(2 * HOUR)
        answers(stage, "remind", 404)
        with caplog.at_level(logging.ERROR):
            order(stage, "action: relancer")
        told = words(stage)
        assert "n’a pas pu partir : Jesignexpert n’a pas reconnu cette consigne." in told
        assert (
            "Pour envoyer un rappel : cela se fait sur le site de Jesignexpert, collecte « lettre »." in told
        )
        assert sum("operations.remind.path" in record.getMessage() for record in caplog.records) == 1
        order(stage, "action: relancer 2")
        assert "Rappel fait le " in words(stage)
        assert "action: relancer 3" in stage.status()
        stage.intact()


def test_relancer_waits_for_the_platform_and_is_shown(tmp_path: Path) -> None:
    """Away: pending and shown, obeyed afterwards, once."""
    with Stage(tmp_path) as stage:
        out(stage)
        stage.clock.advance(2 * HOUR)
        stage.platform.switch(maintenance=True)
        order(stage, "action: relancer")
        assert "« relancer » est lu et sera suivi dès que Jesignexpert répondra." in words(stage)
        stage.platform.switch(maintenance=False)
        stage.clock.advance(HOUR)
        stage.run()
        assert stage.platform.transactions()[0].reminders == 1
        assert "Rappel fait le " in words(stage)
        stage.intact()


def test_a_pending_order_taken_back_is_not_obeyed(tmp_path: Path) -> None:
    """The line went before the platform was back: nothing is cancelled, and nothing waits any more."""
    with Stage(tmp_path) as stage:
        out(stage)
        stage.platform.switch(maintenance=True)
        order(stage, "action: annuler")
        assert "« annuler » est lu" in words(stage)
        order(stage, "# non")
        stage.platform.switch(maintenance=False)
        stage.clock.advance(2 * HOUR)
        stage.run()
        assert stage.first_line().startswith(OUT)
        assert "annuler » est lu" not in words(stage)
        assert called(stage, "cancel") == 0
        stage.intact()


def test_orders_found_on_an_adopted_request_count_as_obeyed(tmp_path: Path) -> None:
    """A lost journal does not remind or cancel a second time."""
    with Stage(tmp_path) as stage:
        out(stage)
        stage.clock.advance(2 * HOUR)
        order(stage, "action: relancer")
        assert called(stage, "remind") == 1
        stage.lose_journal()
        stage.run()
        stage.clock.advance(2 * HOUR)
        stage.run()
        assert stage.first_line(folder=ROOT).startswith("EN COURS – ")
        assert called(stage, "remind") == 1
        stage.intact()
