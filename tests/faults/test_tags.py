"""The state on the file: tags that change with it, comments that say it once; never in the outcome's way."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from connector.jesignexpert.tokens import Tokens, TokenStore
from connector.lifecycle import State
from connector.report.typography import day_text, local
from tests import documents
from tests.worlds import CLAIRE, MARIE, ONE, ROOT, TWO, Stage

RUNNING, DONE, WRONG = "Signature en cours", "Signé", "Signature à corriger"
REFUSED, EXPIRED = "Signature refusée", "Signature expirée"
TAGGING = "/dav/systemtags"


def tags(stage: Stage, name: str = "lettre.pdf") -> list[str]:
    """What a person sees on a file."""
    return stage.dms.tags_of(f"{ROOT}/{name}")


def said(stage: Stage, name: str = "lettre.pdf") -> list[str]:
    """Comments on a file, with plain spaces."""
    return [text.replace("\u00a0", " ") for text in stage.dms.comments_on(f"{ROOT}/{name}")]


def hang(stage: Stage, tag: str, name: str = "lettre.pdf") -> None:
    """Hang a tag on a file as a person would."""
    with stage.dms.act() as folder:
        assert folder is not None
        made = folder.annotations.create(tag, visible=True, assignable=True)
        found = made or next(one for one in folder.annotations.tags.values() if one.name == tag)
        folder.annotations.assign(folder.tree.get(f"{ROOT}/{name}").fileid, found.tagid)  # type: ignore[union-attr]


def take_off(stage: Stage, tag: str, name: str = "lettre.pdf") -> None:
    """Take a tag off as a person would."""
    with stage.dms.act() as folder:
        assert folder is not None
        (found,) = [one for one in folder.annotations.tags.values() if one.name == tag]
        node = folder.tree.get(f"{ROOT}/{name}")
        assert node is not None
        assert folder.annotations.take_off(node.fileid, found.tagid)


def tagging(stage: Stage) -> list[str]:
    """Requests about tags, so far."""
    return [one.method for one in stage.dms.requests if TAGGING in one.path]


def test_the_tag_follows_the_state(tmp_path: Path) -> None:
    """One of ours at a time, coloured; a person's own stays; nothing is asked while nothing changes."""
    with Stage(tmp_path) as stage:
        for name in ("lettre", "mandat", "avenant"):
            stage.drop(name, sidecar=TWO if name == "lettre" else ONE)
        hang(stage, "2026")
        stage.drop("faux", sidecar="signataires: Marie Dupont\n")
        stage.run()
        for name in ("lettre.pdf", "mandat.pdf", "avenant.pdf"):
            assert RUNNING in tags(stage, name)
        assert tags(stage) == ["2026", RUNNING]
        assert tags(stage, "faux.pdf") == [WRONG]
        folder = stage.dms.nextcloud
        assert folder is not None
        colors = {tag.name: tag.color for tag in folder.annotations.tags.values()}
        assert colors == {"2026": "", RUNNING: "ff8800", WRONG: "d32f2f"}
        # One list of tags, one POST and one PROPPATCH a name, one PUT a file.
        assert sorted(tagging(stage)) == sorted(
            ["PROPFIND", "POST", "PROPPATCH", "POST", "PROPPATCH", *["PUT"] * 4]
        )

        stage.dms.forget_requests()
        take_off(stage, RUNNING, "mandat.pdf")
        stage.run()
        assert tagging(stage) == []
        assert tags(stage, "mandat.pdf") == [], "what a person took off stays off while the state stays"

        stage.write("faux.sign.yaml", ONE)
        stage.run()
        assert tags(stage, "faux.pdf") == [RUNNING]
        stage.platform.person_refuses(_transaction(stage, "faux"), MARIE, "Non.")
        stage.platform.person_signs(_transaction(stage, "mandat"), MARIE)
        stage.platform.person_signs(_transaction(stage, "lettre"), MARIE)
        stage.run()
        assert tags(stage) == ["2026", RUNNING]
        stage.platform.person_signs(_transaction(stage, "lettre"), CLAIRE)
        stage.run()
        assert tags(stage) == ["2026", DONE]
        assert tags(stage, "mandat.pdf") == [DONE]
        assert tags(stage, "faux.pdf") == [REFUSED]
        assert said(stage) == [], "comments are mailed on to whoever follows the file: off by default"
        assert all(record.closed for record in stage.records() if record.state.ended)

        stage.write("faux.sign.yaml", ONE + "action: recommencer\n")
        stage.run()
        assert tags(stage, "faux.pdf") == [RUNNING], "what an earlier request left is taken off"
        stage.write("faux.sign.yaml", ONE + "action: annuler\n")
        stage.run()
        assert stage.record("faux").state is State.CANCELLED
        assert tags(stage, "faux.pdf") == []
        # The tokens last five days; whoever holds the login renews them.
        stage.clock.advance(20 * 86_400)
        tokens = stage.platform.office_tokens()
        TokenStore(stage.state.directory / "tokens").save(
            "cabinet", Tokens(office=tokens["office"], office_name=tokens["office_name"], user=tokens["user"])
        )
        stage.run()
        assert stage.record("avenant").state is State.EXPIRED
        assert tags(stage, "avenant.pdf") == [EXPIRED]
        stage.intact()


def _transaction(stage: Stage, name: str) -> str:
    return str(stage.record(name).transaction)


def test_signed_hangs_on_what_is_signed(tmp_path: Path) -> None:
    """Beside, when the PDF was changed; on each document that came home; on no annex."""
    with Stage(tmp_path) as stage:
        stage.write("bilan.pdf", documents.letter(1, "bilan"))
        stage.write("Annexe 1.pdf", documents.letter(1, "annexe"))
        stage.drop(sidecar=ONE + "documents:\n  - bilan.pdf\nannexes: Annexe*\n")
        stage.drop("mandat")
        stage.run()
        assert tags(stage) == tags(stage, "bilan.pdf") == [RUNNING]
        assert tags(stage, "Annexe 1.pdf") == []
        stage.write("mandat.pdf", documents.letter(2, "changé"))
        stage.run()
        stage.sign()
        stage.run()
        assert tags(stage) == tags(stage, "bilan.pdf") == [DONE]
        assert tags(stage, "Annexe 1.pdf") == tags(stage, "lettre - Annexe 1 (signé).pdf") == []
        assert tags(stage, "mandat.pdf") == [], "the changed PDF bears no signature"
        assert tags(stage, "mandat (signé).pdf") == [DONE]
        stage.intact()


def test_two_requests_for_one_pdf_do_not_fight(tmp_path: Path) -> None:
    """A second request's fault does not hide that the document is out."""
    with Stage(tmp_path) as stage:
        stage.drop()
        stage.run()
        stage.write("autre.sign.yaml", ONE + "documents:\n  - lettre.pdf\n")
        stage.run()
        assert stage.record("autre").state is State.REJECTED
        assert tags(stage) == [RUNNING]


def test_where_only_the_administrator_makes_tags(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Told once in the log; everything goes on without; once the tag is there, it is used."""
    with Stage(tmp_path) as stage:
        stage.dms.tags_by_admin_only = True
        with stage.dms.act() as folder:
            assert folder is not None
            folder.annotations.create(DONE, visible=True, assignable=False)
        with caplog.at_level(logging.WARNING):
            for name in ("lettre", "mandat"):
                stage.drop(name)
            stage.run()
            stage.sign()
            stage.run()
        told = [record.getMessage() for record in caplog.records if "no tag" in record.getMessage()]
        assert len(told) == 2, told  # one a name, whatever number of files
        assert "only an administrator may make it" in told[0]
        assert "it may be hung on files by others only" in told[1]
        assert tags(stage) == []
        assert stage.record().closed
        assert sorted(tagging(stage)) == ["POST", "PROPFIND"]

        with stage.dms.act() as folder:
            assert folder is not None
            folder.annotations.create(RUNNING, visible=True, assignable=True)
        stage.clock.advance(7 * 3600)
        stage.drop("avenant")
        stage.run()
        assert tags(stage, "avenant.pdf") == [RUNNING]


@pytest.mark.parametrize("fault", ["lost_answer", "cut_before", "status"])
def test_an_obstacle_is_waited_out(tmp_path: Path, fault: str) -> None:
    """An unanswered or refused call is made again; the signed document is home all the while, its end not closed."""
    with Stage(tmp_path) as stage:
        stage.drop()
        stage.run()
        details = {"status": 503} if fault == "status" else {}
        for method in ("PUT", "DELETE", "PROPFIND"):
            stage.dms.misbehave(kind=fault, method=method, path="*systemtags*", **details)  # type: ignore[arg-type]
        stage.sign()
        stage.run()
        stage.clock.advance(3600)
        stage.run()
        assert stage.record().state is State.DELIVERED
        assert tags(stage) == [DONE]
        assert stage.record().closed
        stage.intact()


def test_what_cannot_be_tagged_ends_all_the_same(tmp_path: Path) -> None:
    """A day, not for ever."""
    with Stage(tmp_path) as stage:
        stage.drop()
        stage.run()
        stage.dms.misbehave(kind="status", path="*systemtags*", status=503, times=None)
        stage.sign()
        stage.run()
        assert stage.record().state is State.DELIVERED
        assert not stage.record().closed
        stage.clock.advance(25 * 3600)
        stage.run()
        assert stage.record().closed
        assert tags(stage) == [RUNNING]


def test_a_lost_journal_finds_its_tags_again(tmp_path: Path) -> None:
    """It knows none of them, looks at the file, and takes off what is over."""
    with Stage(tmp_path, settings={"comments": "true"}) as stage:
        stage.drop()
        stage.run()
        assert tags(stage) == [RUNNING]
        stage.lose_journal()
        stage.run()
        stage.sign()
        stage.run()
        assert tags(stage) == [DONE]
        assert len([text for text in said(stage) if text.startswith("Document signé")]) == 1
        stage.intact()


def test_a_file_put_back_under_another_id(tmp_path: Path) -> None:
    """The tag goes where the document is; a tag that an administrator deleted meanwhile is made anew."""
    with Stage(tmp_path) as stage:
        with stage.dms.act() as folder:
            assert folder is not None
            made = folder.annotations.create(DONE, visible=True, assignable=True)
            assert made is not None
        stage.drop()
        stage.run()
        data = stage.read("lettre.pdf")
        stage.delete("lettre.pdf")
        stage.write("lettre.pdf", data)
        stage.run()
        assert tags(stage) == [RUNNING]
        del folder.annotations.tags[made.tagid]
        stage.sign()
        stage.run()
        stage.clock.advance(60)
        stage.run()
        assert stage.record().state is State.DELIVERED
        assert tags(stage) == [DONE]


@pytest.mark.parametrize(
    ("more", "running", "done"),
    [
        ("tags: {in_progress: En signature, signed: false}", ["En signature"], []),
        ("tags: false", [], []),
        ("language: en", ["Signature in progress"], ["Signed"]),
    ],
)
def test_names_are_settings(tmp_path: Path, more: str, running: list[str], done: list[str]) -> None:
    """By the administrator's words, else the language's; false: none, and nothing is asked for it."""
    with Stage(tmp_path, more=more + "\n") as stage:
        stage.drop()
        stage.run()
        assert tags(stage) == running
        stage.sign()
        stage.run()
        assert tags(stage) == done
        assert stage.record().closed
        assert bool(tagging(stage)) is bool(running or done)


def test_a_plain_server_has_none(tmp_path: Path) -> None:
    """Nothing is asked, nothing waited for."""
    with Stage(tmp_path, "plain", settings={"comments": "true"}) as stage:
        stage.drop()
        stage.run()
        stage.sign()
        stage.run()
        assert stage.record().closed
        assert "tags" not in stage.record().extra


# -------------------------------------------------------------------------------------------- comments


def test_launch_refusal_and_completion_are_said_once(tmp_path: Path) -> None:
    """With names and the reference, without reasons; a lost answer and a restart say nothing twice."""
    with Stage(tmp_path, settings={"comments": "true"}) as stage:
        stage.dms.misbehave(kind="lost_answer", method="POST", path="*comments*")
        stage.drop(sidecar=TWO)
        stage.drop("mandat")
        stage.run()
        ref = stage.record().ref
        launched = (
            f"Document parti en signature le {_day(stage)}, signataires : Marie Dupont, Claire Bernard."
        )
        assert said(stage) == [f"{launched} Le document signé reviendra ici de lui-même. Référence : {ref}."]
        stage.restart()
        stage.sign()
        stage.run()
        stage.platform.person_refuses(_transaction(stage, "lettre"), CLAIRE, "Trop cher @admin.")
        stage.dms.misbehave(kind="lost_answer", method="POST", path="*comments*", skip=1)
        stage.run()
        stage.restart()
        stage.run()
        assert said(stage)[1:] == [
            f"Signature refusée le {_day(stage)} par : Claire Bernard. Référence : {ref}."
        ]
        assert said(stage, "mandat.pdf")[1:] == [
            f"Document signé le {_day(stage)} par : Marie Dupont. Ce fichier est maintenant la version signée. "
            f"Référence : {stage.record('mandat').ref}."
        ]
        stage.intact()


def _day(stage: Stage) -> str:
    return day_text(local(stage.clock.now(), stage.parts.report.zone).date()).replace("\u00a0", " ")


def test_what_lies_beside_is_named(tmp_path: Path) -> None:
    """Those who follow the changed PDF are told where the signed one is."""
    with Stage(tmp_path, settings={"comments": "true"}) as stage:
        stage.drop()
        stage.run()
        stage.write("lettre.pdf", documents.letter(2, "changé"))
        stage.sign()
        stage.run()
        assert "La version signée est à côté : « lettre (signé).pdf »." in said(stage)[-1]


def test_comments_that_cannot_be_made_are_given_up(tmp_path: Path) -> None:
    """The app is switched off while a request is out: the request ends as ever."""
    with Stage(tmp_path, settings={"comments": "true"}) as stage:
        stage.drop()
        stage.run()
        stage.dms.comments_app = False
        stage.sign()
        stage.run()
        assert stage.record().closed
        assert len(said(stage)) == 1


def test_an_old_launch_is_no_news(tmp_path: Path) -> None:
    """Switching comments on says nothing of what left long ago."""
    with Stage(tmp_path) as stage:
        stage.drop()
        stage.run()
        stage.clock.advance(timedelta(days=2).total_seconds())
        stage.settings["comments"] = "true"
        stage.restart()
        stage.run()
        assert said(stage) == []
