"""``calibrate``: measured with a draft that is never sent and is cancelled after; nothing is edited."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connector.cli import main
from connector.config import load_config
from connector.doctor import calibrated, calibrating
from connector.doctor.calibrated import Measured, yaml_lines
from connector.doctor.calibrating import Drafting
from connector.doctor.knowing import Lived
from connector.jesignexpert.boxes import box_size, place
from connector.jesignexpert.client import HttpSigningService
from connector.jesignexpert.contract import Contract
from connector.jesignexpert.tokens import TokenStore
from connector.pdf import calibration
from connector.ports import Box
from tests.worlds import Stage

CODES = {"JSE-P06", "JSE-P07", "JSE-P12", "JSE-P13", "JSE-P14"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("calibrate"), "plain", start=False) as stage:
        yield stage


@pytest.fixture
def stage(world: Stage) -> Iterator[Stage]:
    """What must hold after each test: nothing was sent, nothing spent, nobody was written to."""
    credit, mails = world.platform.credit, len(world.platform.outbox())
    yield world
    world.platform.behave()
    world.platform.switch(words={})
    assert world.sends() == [0] * len(world.sends())
    assert (world.platform.credit, len(world.platform.outbox())) == (credit, mails)
    assert not {one.operation for one in world.platform.requests} & {"send", "remind"}


def measure(stage: Stage, contract: Contract | None = None, **more: Any) -> Measured:
    made: list[HttpSigningService] = []

    def connect(measuring: Contract) -> Drafting:
        made.append(
            HttpSigningService(
                "cabinet",
                base_url=stage.platform.url,
                shortcut="sandbox",
                secret="sandbox-secret",
                tokens=TokenStore(stage.state.directory / "tokens"),
                now=stage.clock.now,
                contract=measuring,
            )
        )
        return made[-1]

    try:
        return calibrating.calibrate(
            contract or Contract(),
            connect,
            owner="o@cabinet.fr",
            sender="Cabinet Exemple",
            now=stage.clock.now(),
            drift_s=lambda: made[0].drift_s,
            **more,
        )
    finally:
        for service in made:
            service.close()


def said(measured: Measured) -> str:
    return "\n".join(line.text for line in measured.lines)


def failures(measured: Measured) -> list[str]:
    return [line.code for line in measured.lines if line.level == "FAIL"]


def test_there_is_no_way_to_send() -> None:
    """What it is given to work with has no such call, and its source makes none."""
    assert "send" not in dir(Drafting)
    assert "remind" not in dir(Drafting)
    assert ".send(" not in inspect.getsource(calibrating)


def test_as_assumed(stage: Stage) -> None:
    """Everything answers as the contract says: confirmed, and nothing to add."""
    measured = measure(stage)
    assert failures(measured) == []
    assert measured.settings == {}
    for text in (
        "taken as documented",
        'status is read: the draft is "draft"',
        "cancel is taken",
        "not measured: download",
    ):
        assert text in said(measured)
    assert stage.platform.transactions()[-1].status == "canceled"


@pytest.mark.parametrize(
    ("letters", "contract", "wanted"),
    [
        ("AE", {}, {}),
        ("bf", {}, None),
        ("BH", {}, {"formats.origin": "bottom_left", "formats.non_a4": "scaled_to_a4"}),
        ("BG", {"formats": {"origin": "bottom_left"}}, {}),
        ("AF", {}, {"formats.non_a4": "scaled_to_a4"}),
        ("A", {}, None),
        ("AX", {}, None),
    ],
)
def test_a_person_looks_at_the_draft(
    stage: Stage, letters: str, contract: dict[str, Any], wanted: dict[str, str] | None
) -> None:
    """Letters → settings; two pages that contradict each other, and a page that nobody saw, settle nothing."""
    asked: list[int] = []

    def look(page: int, subject: str) -> str:
        asked.append(page)
        assert subject.startswith("jse-connector calibrate")
        view = stage.platform.transactions()[-1]
        assert [(box.x, box.y) for box in view.boxes[0]] == [
            tuple(map(int, calibration.FIRST)),
            tuple(map(int, calibration.SECOND)),
        ]
        return letters[page - 1 : page]

    measured = measure(stage, Contract().with_overrides(contract), look=look)
    assert asked == [1, 2]
    assert measured.settings == (wanted or {})
    assert ("stay assumed" in said(measured)) is (wanted is None)
    if measured.settings:
        assert measured.settings == found_again(measured.settings)


def found_again(settings: dict[str, Any]) -> dict[str, Any]:
    """The printed lines, read as the administrator's file would be: the settings they make."""
    text = "\n".join(
        [
            "config_version: 1",
            "servers: {dms: {url: 'https://x.example/', user: u, password: {env: P}}}",
            "accounts: {lyon: {sender: C, owner: o@cabinet.fr}}",
            "folders: {l: {server: dms, path: /L/, account: lyon}}",
            *yaml_lines(settings),
            "  url: https://sign.example/",
            "  shortcut: x",
            "  secret: {env: S}",
        ]
    )
    contract = Contract().with_overrides(load_config(text).platform.contract)
    found = {}
    for name in settings:
        value: Any = contract
        head, middle, *rest = name.split(".", 2)
        value = getattr(getattr(value, head), middle)
        found[name] = value[rest[0]].value if rest else value
    return found


def test_words_that_nobody_has_mapped(stage: Stage) -> None:
    """A draft is certainly not sent, a cancelled one certainly cancelled: the platform's own words are told."""
    stage.platform.switch(words={"draft": "ébauche: 1", "canceled": "clos"})
    measured = measure(stage)
    assert measured.settings == {
        "words.transaction.ébauche: 1": "not_sent",
        "words.transaction.clos": "cancelled",
    }
    assert found_again(measured.settings) == measured.settings
    assert failures(measured) == []


@pytest.mark.parametrize(
    ("rules", "codes", "text"),
    [
        ([("create", 403)], ["JSE-P14"], "create is refused"),
        ([("upload", 400)], ["JSE-P14"], "upload is refused"),
        ([("signatory", 409)], ["JSE-P14"], "signatory is refused"),
        ([("status", 404)], ["JSE-P07"], "not there in the form assumed"),
        ([("cancel", 405)], ["JSE-P13"], "could not be cancelled"),
        ([("draft", 404)], ["JSE-P14"], "draft is refused"),
    ],
)
def test_what_is_refused(stage: Stage, rules: list[tuple[str, int]], codes: list[str], text: str) -> None:
    """Said by name, the draft taken away all the same; nothing is raised."""
    before = len(stage.platform.transactions())
    for operation, status in rules:
        stage.platform.misbehave(operation=operation, kind="status", times=None, status=status, body="{}")
    measured = measure(stage, look=lambda _page, _subject: "A")
    assert failures(measured) == codes
    assert text in said(measured)
    assert {line.code for line in measured.lines if line.code} <= CODES
    made = stage.platform.transactions()[before:]
    assert len(made) == (0 if rules[0][0] == "create" else 1)
    assert [one.status for one in made] == (
        ["draft"] if rules[0][0] == "cancel" else ["canceled"] * len(made)
    )


def test_a_number_that_is_taken_only_the_other_way(stage: Stage) -> None:
    """The first form is refused as a wrong field, the second is taken: the setting is told."""
    stage.platform.misbehave(
        operation="signatory",
        kind="status",
        status=400,
        body='{"message": "Le champ téléphone est obligatoire"}',
    )
    contract = Contract().with_overrides({"formats": {"phone": "33"}})
    measured = measure(stage, contract)
    assert measured.settings == {"formats.phone": "+33"}
    assert found_again(measured.settings) == measured.settings


def test_what_requests_have_shown() -> None:
    """Sealing, lapse and signatures come from what was really sent; what does not agree is no measure."""
    sent = datetime(2026, 11, 1, 9, tzinfo=UTC)

    def lived(days: int, seconds: int, signatures: int = 2) -> Lived:
        last = sent + timedelta(days=1)
        return Lived(sent_at=sent, expires_at=sent + timedelta(days=days), last_signature_at=last,
                     fetched_at=last + timedelta(seconds=seconds), fetched=True, attested=False, signatories=2,
                     signatures=signatures)  # fmt: skip

    def found(*lives: Lived) -> tuple[dict[str, Any], str]:
        measured = Measured()
        calibrated.from_the_journal(measured, Contract(), lives)
        return measured.settings, said(measured)

    settings, text = found(lived(14, 30), lived(14, 600))
    assert settings == {"expectations.lapse_days": 14, "expectations.signatures_per_signatory": 1}
    assert "at most 10 min (of 2 requests)" in text
    assert found_again(settings) == settings
    assert found(lived(14, 30), lived(15, 30, signatures=4))[0] == {}
    assert found() == ({}, "")


# -------------------------------------------------------------------------------------- the page of marks


@pytest.mark.parametrize("page", [1, 2])
def test_the_frames_are_where_each_reading_puts_the_box(page: int) -> None:
    """Held against the one place that turns boxes into the platform's numbers: the same numbers from each frame."""
    (x, y), (width, height) = (
        (calibration.FIRST, calibration.A4) if page == 1 else (calibration.SECOND, calibration.LANDSCAPE)
    )
    for reading in calibration.READINGS[page].values():
        formats = {"origin": reading.origin, **({"non_a4": reading.non_a4} if reading.non_a4 else {})}
        contract = Contract().with_overrides({"formats": formats})
        frame = calibration.frame(page, reading)
        assert (frame.width, frame.height) == pytest.approx(box_size(width, height, contract))
        box = Box(signatory=1, page=page, x=frame.x, y=frame.y, page_width=width, page_height=height,
                  width=frame.width, height=frame.height)  # fmt: skip
        (placed,) = place([box], contract)
        assert (placed.x, placed.y) == (int(x), int(y))


@pytest.mark.parametrize("page", [1, 2])
def test_no_two_frames_can_be_taken_for_each_other(page: int) -> None:
    frames = [calibration.frame(page, reading) for reading in calibration.READINGS[page].values()]
    for one in frames:
        for other in frames:
            assert one is other or one.y + one.height < other.y or other.y + other.height < one.y


# -------------------------------------------------------------------------------------- the verb


def test_the_verb_asks_first(stage: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody to ask, and no --yes: nothing is made. With it: measured, nothing edited, exit status 0."""
    file = tmp_path / "config.yaml"
    file.write_text(stage.config_text)
    before = len(stage.platform.transactions())
    arguments = ["calibrate", "cabinet", "-c", str(file), "--state", str(stage.state.directory)]
    with pytest.raises(SystemExit) as refused:
        main(arguments)
    assert (refused.value.code, len(stage.platform.transactions())) == (2, before)
    capsys.readouterr()
    with pytest.raises(SystemExit) as done:
        main([*arguments, "--yes"])
    assert done.value.code in (0, None)
    assert len(stage.platform.transactions()) == before + 1
    out = capsys.readouterr().out
    assert "The draft was never sent. Nothing was changed in the configuration." in out
    assert file.read_text() == stage.config_text
    with pytest.raises(SystemExit) as unknown:
        main([*arguments[:1], "lyon", *arguments[2:], "--yes"])
    assert unknown.value.code == 2
