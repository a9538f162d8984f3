"""People fade to their names after ``keep_personal_data``, and go altogether when asked to: in journal and folders."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from connector.cli import keep, main
from connector.journal.ends import End
from connector.lifecycle import State
from connector.passes import account_pass
from connector.steps import fading, filing
from connector.steps.alarms import standing
from connector.steps.vanished import MANY, VANISHED
from tests import documents, postgres, spreadsheets
from tests.worlds import CLAIRE, MARIE, ONE, ROOT, TWO, Stage

NUMBER = re.compile(r"(?:06|\+33\s?6)[\s.\u00a0]?12[\s.\u00a0]?34[\s.\u00a0]?56[\s.\u00a0]?78|612345678")
LISTED = ("Lettre de la liste", MARIE, "Marie", "Dupont", "06 12 34 56 78")


def kept(stage: Stage) -> str:
    """Every byte of the journal's files."""
    stage.parts.journal.scrub()
    files = sorted((stage.state.directory / "journal").glob("journal.sqlite*"))
    return b"".join(file.read_bytes() for file in files).decode("latin-1")


def ours(stage: Stage) -> dict[str, str]:
    """Every text that the connector wrote into the folder, but the signed documents."""
    return {
        path: content.decode("utf-8-sig", "replace")
        for path, content in stage.ground.files(ROOT).items()
        if "Modèles" not in path and path.endswith((".signature.txt", "signatures.txt", ".sign.yaml"))
    }


def forget(stage: Stage, email: str, capsys: pytest.CaptureFixture[str]) -> str:
    config = stage.directory / "config.yaml"
    config.write_text(stage.config_text)
    with pytest.raises(SystemExit) as ended:
        main(["forget", email, "--yes", "--config", str(config), "--state", str(stage.state.directory)])
    assert not ended.value.code
    return capsys.readouterr().out


def test_after_a_time_names_are_all_that_is_kept(tmp_path: Path) -> None:
    """A status that told an address is written again; what never did is left alone, what was deleted stays deleted."""
    with Stage(tmp_path, more="keep_personal_data: 30d\n") as stage:
        for name in ("expire", "parti", "signe"):
            stage.drop(name, sidecar=TWO if name == "signe" else ONE)
        stage.run()
        stage.platform.person_signs(str(stage.record("signe").transaction), MARIE)
        stage.run()
        stage.platform.person_signs(str(stage.record("signe").transaction), CLAIRE)
        stage.run()
        assert stage.record("signe").state is State.DELIVERED
        stage.clock.advance(timedelta(days=16).total_seconds())
        stage.renew()
        stage.run()
        assert stage.record("expire").state is State.EXPIRED
        assert MARIE in stage.status("expire")
        stage.delete("parti.signature.txt")
        before = {name: stage.status(name) for name in ("expire", "signe")}
        stage.drop("jeune")
        stage.run()
        stage.clock.advance(timedelta(days=15).total_seconds())
        stage.renew()
        stage.run()
        assert stage.status("expire") == before["expire"], "too early"
        stage.clock.advance(timedelta(days=16).total_seconds())
        stage.renew()
        stage.run()
        told = stage.status("expire")
        assert MARIE not in told
        assert not NUMBER.search(told)
        assert "Marie Dupont" in told
        assert stage.status("signe") == before["signe"], "its words never told an address"
        assert stage.status("parti") == "", "a status that was deleted after the end stays deleted"
        record = stage.record("expire")
        assert record.closed
        assert [(each.email, each.phone, each.name) for each in record.signatories] == [
            ("", "", "Marie Dupont")
        ]
        stage.parts.journal.forget_contact(MARIE)
        stage.parts.journal.forget_contact(CLAIRE)
        for one in stage.records():
            if one.extra.get(fading.PEOPLE) is None:
                continue
            dumped = one.model_dump_json()
            assert MARIE not in dumped
            assert CLAIRE not in dumped
            assert not NUMBER.search(dumped)
        assert [one.ref for one in stage.records() if MARIE in one.model_dump_json()] == [
            stage.record("jeune").ref
        ]
        # A copy of the pair is still known, though its people are not kept.
        stage.copy("expire.pdf", "copie.pdf")
        stage.copy("expire.sign.yaml", "copie.sign.yaml")
        stage.run()
        assert stage.record("copie").state is State.UNCONFIRMED
        assert sum(stage.sends()) == len(stage.platform.transactions())


def test_a_person_who_is_forgotten_is_named_nowhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Statuses, overview, the request of a list's row, journal; a folder that is away follows when it is back."""
    with Stage(tmp_path) as stage:
        stage.write("_signature.yaml", "envoi: oui\n")
        stage.write("Lettre de la liste.pdf", documents.letter(text="liste"))
        stage.write("Lettre annotée.pdf", documents.letter(text="annotée"))
        rows = [LISTED, ("Lettre annotée", *LISTED[1:])]
        stage.write("_signataires.xlsx", spreadsheets.workbook(rows))
        stage.drop("refuse", sidecar=TWO)
        stage.drop("signe")
        stage.run(30)
        stage.write("_signature.yaml", "envoi: oui\n# les aperçus sont bons\n")
        stage.run(30)
        noted = stage.read("Lettre annotée.sign.yaml") + b"# vu avec Paul\n"
        stage.write("Lettre annotée.sign.yaml", noted)
        stage.run()
        refused = str(stage.record("refuse").transaction)
        stage.platform.person_refuses(refused, MARIE, f"Écrivez à {MARIE} ou au 06.12.34.56.78")
        stage.sign()
        stage.run(30)
        assert stage.record("Lettre de la liste").state is State.DELIVERED
        assert "Marie" in stage.status("refuse")
        stage.dms.misbehave(kind="status", method="PUT", status=503, times=None)
        said = forget(stage, MARIE, capsys)
        assert "Still to be put right in the folders" in said
        assert "lettres (4)" in said
        stage.run(3)
        assert "lettres (" in forget(stage, MARIE, capsys), "a folder that takes nothing is still awaited"
        assert MARIE not in kept(stage)
        stage.dms.behave()
        stage.clock.advance(3600)
        stage.run(30)
        assert "Still to be" not in forget(stage, MARIE, capsys)
        for path, text in ours(stage).items():
            if path.endswith(("refuse.sign.yaml", "signe.sign.yaml", "annotée.sign.yaml", "_signature.yaml")):
                continue  # a person's own
            assert "Marie" not in text, path
            assert "Dupont" not in text, path
            assert not NUMBER.search(text), path
        assert "Claire Bernard" in stage.status("refuse")
        assert "signataires: (effacé)" in stage.read("Lettre de la liste.sign.yaml").decode()
        assert stage.read("Lettre de la liste.sign.yaml").startswith(b"# cr")
        assert stage.read("Lettre annotée.sign.yaml") == noted, (
            "a person has had their hand in it: it is theirs"
        )
        inside = kept(stage)
        for word in (MARIE, "Marie Dupont", "612345678", "06 12 34 56 78"):
            assert word not in inside, word
        assert all(record.closed for record in stage.records())
        # Nothing begins anew by it, not with the journal lost either.
        sends = stage.sends()
        stage.lose_journal()
        stage.run(20)
        assert stage.sends() == sends
        stage.disown("Lettre de la liste.sign.yaml")
        stage.intact()


def files_of(url: str) -> bytes:
    """Every byte of a database's files, as they are on the disk."""
    cluster, name = postgres.shared_cluster(), postgres.named(url)
    with cluster.admin() as admin:
        admin.execute("CHECKPOINT")
        [number] = admin.execute("SELECT oid FROM pg_database WHERE datname = %s", (name,)).fetchone() or [0]
    files = (cluster.data / "base" / str(number)).iterdir()
    return b"".join(file.read_bytes() for file in files if file.is_file())


def test_what_forget_says_of_postgresql_is_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is erased there keeps its bytes in tables and indexes, a VACUUM or not: who erases hears what ends that."""
    with postgres.durable_url() as url, Stage(tmp_path, database=url) as stage:
        people = (
            ("claire", CLAIRE, f"signataires: Claire Bernard <{CLAIRE}> 06 98 76 54 32\n"),
            ("marie", MARIE, ONE),
        )
        for name, email, request in people:
            stage.drop(name, sidecar=request)
            stage.run()
            stage.sign(email)
            stage.run(20)
            assert stage.record(name).closed
        said = forget(stage, MARIE, capsys)
        stage.run()
        cluster, name = postgres.shared_cluster(), postgres.named(url)
        with cluster.admin(name, user=cluster.user) as admin:
            admin.execute("VACUUM")
            assert MARIE.encode() in files_of(url), "else the sentence would not be needed"
            [command] = [line.strip() for line in said.splitlines() if "VACUUM FULL" in line]
            admin.execute(command.encode())
        left = files_of(url)
        assert CLAIRE.encode() in left
        assert MARIE.encode() not in left
        assert b"612345678" not in left


def test_backups_that_name_a_person_who_is_forgotten_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each upgrade makes one by itself: whoever never asked for any has five of them."""
    with Stage(tmp_path) as stage:
        stage.drop("signe")
        stage.run()
        stage.sign()
        stage.run(20)
        made = keep.made_backup(
            End.of_file(stage.state.directory / "journal" / "journal.sqlite"), stage.state, None
        )
        assert f"rm -r {made.directory}" in forget(stage, MARIE, capsys)


def over_for_long(stage: Stage, many: int) -> None:
    """So many requests have expired, were closed, and their files were archived elsewhere since.

    One more is of the time when that folder lay on another server.
    """
    stage.drop("lettre")
    stage.run()
    stage.clock.advance(timedelta(days=16).total_seconds())
    stage.renew()
    stage.run()
    record = stage.record()
    assert (record.state, record.closed) == (State.EXPIRED, True)
    fields = record.model_dump(exclude={"id", "ref", "created_at", "updated_at", "revision", "document"})
    for number in range(many - 1):
        place = f"/{ROOT}/Clients/{number}"
        status = {**record.extra, "status_href": f"{place}.signature.txt"}
        document = record.document.model_copy(update={"href": f"{place}.pdf", "file_id": None})
        kept = {**fields, "place": f"{place}.sign.yaml", "sidecar_file_id": None, "extra": status}
        stage.parts.journal.add(**kept, document=document)
    # A folder that is not in the file any more: those of one that is go along with it.
    elsewhere = {**fields, "server": "ancien", "folder": "anciennes", "place": f"/{ROOT}/ancienne.sign.yaml"}
    stage.parts.journal.add(**elsewhere, document=record.document)
    stage.delete("lettre.pdf")
    stage.run()
    stage.clock.advance(timedelta(days=31).total_seconds())
    stage.renew()


def test_what_fades_holds_nothing_up(tmp_path: Path) -> None:
    """A server that is away keeps no account from being asked; files archived since the end are no vanished ones."""
    with Stage(tmp_path, more="keep_personal_data: 30d\n") as stage:
        over_for_long(stage, 2 * MANY)
        told = stage.first_line()
        stage.restart()
        carried = stage.parts.journal.note(
            stage.records()[-2], "carrying", intend={filing.STEP: {"into": True}}
        )
        stage.dms.misbehave(kind="status", status=503, times=None)
        account_pass(stage.parts, "cabinet")
        stage.dms.behave()
        stage.clock.advance(4000)
        account_pass(stage.parts, "cabinet")
        assert stage.parts.journal.intended(carried) == (filing.STEP,), (
            "where its files lie is still a question"
        )
        stage.run()
        assert standing(stage.parts, "folder:lettres", VANISHED) is None
        stage.drop("neuve")
        stage.run()
        assert stage.first_line("neuve").startswith("EN COURS – ")
        assert stage.first_line() == told, "that its PDF was archived since is no news"
        assert MARIE not in stage.status()
        over = [one for one in stage.records() if one.state is State.EXPIRED]
        assert all(one.closed for one in over)
        assert not [one for one in over if MARIE in str(one) or one.document.missing_since]
