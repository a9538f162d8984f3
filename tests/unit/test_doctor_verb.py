"""The verb itself: order, counts, exit status, JSON, and a report in which nobody is named."""

from __future__ import annotations

import json
import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.cli import main
from connector.doctor import reporting
from connector.doctor.examining import alone
from connector.jesignexpert.tokens import Tokens, TokenStore
from tests import doctors
from tests.worlds import ROOT, Stage

MORE = (
    "support: le service informatique de Madame Vasseur (04 78 00 00 00)\n"
    "mail: {relay: 'smtp://relais.interne.example:9', from: signatures@cabinet-vasseur.fr, admin: ops@hebergeur.fr}\n"
)


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("JSE_CONFIG", "STATE_DIRECTORY", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = before, level


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A preview folder, and a second one that is not there: things to say, and nothing to write."""
    with Stage(tmp_path_factory.mktemp("doctor"), "nextcloud", settings={"send": "preview"}) as made:
        tokens = made.platform.office_tokens()
        TokenStore(made.state.directory / "tokens").save(
            "cabinet",
            Tokens(
                office=tokens["office"],
                office_name="Cabinet Vasseur & Associés",
                user=tokens["user"],
                email="helene.vasseur@cabinet-vasseur.fr",
                first_name="Hélène",
                last_name="Vasseur",
            ),
        )
        yield made


def configured(stage: Stage, tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    text = stage.config_text.replace("support: le support\n", MORE).replace(
        "sender: Cabinet Exemple", "sender: Cabinet Vasseur"
    )
    text = text.replace(
        "folders: {",
        f"folders: {{clients: {{server: dms, path: '/{ROOT} Mandat DUPONT/', account: cabinet}}, ",
    )
    file.write_text(text)
    return file


class Called:
    """What one command came to."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: object) -> None:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        self.status = ended.value.code or 0
        self.out, self.err = capsys.readouterr()


def doctor(capsys: pytest.CaptureFixture[str], stage: Stage, tmp_path: Path, *more: object) -> Called:
    file = configured(stage, tmp_path)
    return Called(capsys, "doctor", "--config", file, "--state", stage.state.directory, *more)


def test_everything_in_order_and_a_report(
    stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """This host, the server, Jesignexpert, counts, exit status 1; the report holds nothing that names anybody."""
    before, requests = doctors.files(stage.state.directory), len(stage.dms.requests)
    report = tmp_path / "report.txt"
    ran = doctor(capsys, stage, tmp_path, "--report", report)
    assert ran.status == 1
    lines = ran.out.splitlines()
    assert lines[0].startswith("jse-connector 0.1.0   config valid   ")
    begins = [line.split("  ")[0] for line in lines[1:-1] if line and not line.startswith(" ")]
    assert begins == ["this host", "dms", "Jesignexpert"]
    assert "[JSE-D08]" in ran.out
    assert "[JSE-D27]" in ran.out
    assert lines[-1].endswith("Nothing was written.")
    assert int(lines[-1].split(" ")[0]) == ran.out.count(" FAIL  ")
    assert doctors.files(stage.state.directory) == before
    assert {one.method for one in stage.dms.requests[requests:]} <= {"PROPFIND", "GET", "SEARCH", "OPTIONS"}
    told = report.read_text("utf-8")
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert "[JSE-D08]" in told
    assert "pypdf" in told
    assert "lettres: server dms, accounts cabinet, send preview" in told
    assert "app password; it is slower" in told
    check_nobody(stage, tmp_path, told)
    again = doctor(capsys, stage, tmp_path, "--report", report)
    assert again.status == 2
    assert "not overwritten" in again.err
    assert report.read_text("utf-8") == told


def check_nobody(stage: Stage, tmp_path: Path, told: str) -> None:
    """Every secret and every personal datum that this world is made of, in any case."""
    tokens = TokenStore(stage.state.directory / "tokens").load("cabinet")
    assert tokens is not None
    private = [
        *(path.read_text().strip() for path in (stage.directory / "password", stage.directory / "secret")),
        (stage.state.directory / "keys" / "seal").read_text().strip(),
        *(
            tokens.office,
            tokens.user or "",
            "Vasseur",
            "Hélène",
            "helene",
            "cabinet-vasseur.fr",
            "hebergeur.fr",
        ),
        *("relais.interne.example", "04 78", "0478", "o@cabinet.fr", "DUPONT", "Mandat"),
        *(stage.ground.url, stage.ground.user, "127.0.0.1", "localhost", str(tmp_path), str(stage.directory)),
        *("http://", "https://", "smtp://", "@"),
        os.uname().nodename,
    ]
    assert [one for one in private if one and one.casefold() in told.casefold()] == []


def test_for_programs_and_offline(stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON with a format number; nobody is asked."""
    requests = len(stage.dms.requests), len(stage.platform.requests)
    ran = doctor(capsys, stage, tmp_path, "--json", "--offline")
    assert (len(stage.dms.requests), len(stage.platform.requests)) == requests
    told = json.loads(ran.out)
    assert told["format"] == 1
    assert [group["name"] for group in told["groups"]] == ["this host"]
    assert told["failures"] == sum(
        line["level"] == "fail" for group in told["groups"] for line in group["lines"]
    )
    assert told["scratch"] == {"made": [], "left": []}
    assert ran.status == (1 if told["failures"] else 0)


def test_a_configuration_that_cannot_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.yaml").write_text("config_version: 1\n")
    assert Called(capsys, "doctor", "--config", tmp_path / "config.yaml").status == 2


def test_two_at_once_are_not(stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They would take each other's scratch for leftovers."""
    with alone(configured(stage, tmp_path)) as free:
        assert free
        ran = Called(capsys, "doctor", "--config", tmp_path / "config.yaml", "--state", stage.state.directory)
    assert ran.status == 1
    assert "[JSE-H18]" in ran.err


def test_the_last_net() -> None:
    """Whatever a line forgot to wrap: whole words only, addresses and links in any case."""
    text = "signed by sign of Vasseur at https://cloud.example/x/y for a@b.example, 06 12 34 56 78"
    told = reporting.cleaned(text, ["sign", "VASSEUR", "cloud.example", "ok"])
    assert told.startswith("signed by … of … at https://…")
    assert "b.example" not in told
    assert "06 12" not in told
