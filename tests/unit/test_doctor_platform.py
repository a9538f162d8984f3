"""Doctor at Jesignexpert: tokens by one read-only call, assumptions counted and never dressed up; nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from connector.cli.token_place import tokens_in
from connector.config import load_config
from connector.doctor import assumptions
from connector.doctor.assumptions import Verdict
from connector.doctor.knowing import Known, Lived
from connector.doctor.running import Group
from connector.jesignexpert.contract import Contract
from connector.jesignexpert.tokens import Tokens, TokenStore
from tests import doctors
from tests.worlds import Stage

BASE = "/editor/{shortcut}"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("doctor"), "plain", start=False) as stage:
        yield stage


@pytest.fixture
def stage(world: Stage) -> Iterator[Stage]:
    yield world
    world.platform.behave()
    world.renew()


def asked(stage: Stage, since: int) -> list[str]:
    return [one.operation for one in stage.platform.requests[since:]]


def test_accepted_by_one_read_only_call(stage: Stage) -> None:
    """Whose tokens, until when; the assumptions by the host's own description."""
    tokens = stage.platform.office_tokens()
    ends = stage.clock.now() + timedelta(days=4, hours=1)
    store = TokenStore(stage.state.directory / "tokens")
    store.save(
        "cabinet",
        Tokens(office=tokens["office"], office_name="Cabinet Exemple", user=tokens["user"], expires_at=ends),
    )
    before = len(stage.platform.requests)
    group = doctors.at_platform(doctors.visit(stage))
    told = doctors.text(group)
    assert 'ok cabinet: "Cabinet Exemple", tokens accepted, until ' in told
    assert "(4 d)" in told
    assert "5 of 13 operations are assumptions: 5 confirmed, 0 contradicted, 0 unknown" in told
    assert doctors.codes(group) == []
    assert asked(stage, before) == ["validate"]
    assert "Cabinet Exemple" not in "".join(line.for_support for line in group.lines)


@pytest.mark.parametrize(("left", "said"), [(timedelta(hours=30), "(1 d)"), (timedelta(hours=3, minutes=1), "(3 h)"),
                                            (timedelta(hours=-1), "ended on")])  # fmt: skip
def test_tokens_that_end_soon(stage: Stage, left: timedelta, said: str) -> None:
    tokens = stage.platform.office_tokens()
    store = TokenStore(stage.state.directory / "tokens")
    ends = stage.clock.now() + left
    store.save(
        "cabinet", Tokens(office=tokens["office"], office_name="C", user=tokens["user"], expires_at=ends)
    )
    group = doctors.at_platform(doctors.visit(stage))
    assert doctors.codes(group) == ["JSE-P04"]
    assert said in doctors.text(group)
    assert "jse-connector connect cabinet --mail" in doctors.text(group)


def test_never_connected_and_a_file_of_others(stage: Stage) -> None:
    store = TokenStore(stage.state.directory / "tokens")
    store.forget("cabinet")
    group = doctors.at_platform(doctors.visit(stage))
    assert doctors.failures(group) == ["JSE-P02"]
    stage.renew()
    file = stage.state.directory / "tokens" / "cabinet.json"
    file.chmod(0o644)
    assert doctors.failures(doctors.at_platform(doctors.visit(stage))) == ["JSE-P09"]
    file.chmod(0o600)
    file.write_text("{}")
    assert doctors.failures(doctors.at_platform(doctors.visit(stage))) == ["JSE-P09"]


def test_tokens_in_a_journal_that_is_away(stage: Stage) -> None:
    """Whether they are there is not known; that is no defect of doctor's, and the platform is told of all the same."""
    seal = stage.directory / "seal.txt"
    seal.write_text("a seal that every host has")
    seal.chmod(0o600)
    away = f"journal: {{url: 'postgresql+psycopg://c@/j?host=/nowhere'}}\nseal: {{file: {seal}}}\n"
    tokens = tokens_in(load_config(stage.config_text + away), stage.state)
    group = doctors.at_platform(doctors.visit(stage, shared_tokens=tokens))
    assert doctors.codes(group) == ["JSE-H20"]
    assert doctors.failures(group) == []
    assert "cabinet: not known; its tokens lie in the journal" in doctors.text(group)


@pytest.mark.parametrize(
    ("rule", "codes"),
    [
        ({"kind": "status", "status": 403}, ["JSE-P03"]),
        ({"kind": "html"}, ["JSE-P05"]),
        ({"kind": "status", "status": 500}, ["JSE-P05"]),
    ],
)
def test_tokens_that_are_refused(stage: Stage, rule: dict[str, object], codes: list[str]) -> None:
    """403: connect anew. A page for people, or a server that stumbles: no telling, and never "accepted"."""
    stage.platform.misbehave(operation="validate", times=None, **rule)  # type: ignore[arg-type]
    group = doctors.at_platform(doctors.visit(stage))
    assert doctors.failures(group) == codes
    assert "tokens accepted" not in doctors.text(group)


def test_a_platform_that_is_away_is_said_once(stage: Stage) -> None:
    """Not once for each account; what is known without it is told all the same."""
    url = "http://127.0.0.1:9/"
    text = stage.config_text.replace(stage.platform.url, url).replace(
        "accounts: {", "accounts: {zwei: {sender: Z, owner: z@cabinet.fr}, "
    )
    group = doctors.at_platform(doctors.visit(stage, config=text))
    assert doctors.failures(group) == ["JSE-P01", "JSE-P02"]
    assert "tokens are there, not tried" in doctors.text(group)
    assert "0 confirmed, 0 contradicted, 5 unknown (not asked)" in doctors.text(group)


def test_what_the_service_holds_is_told(stage: Stage) -> None:
    given = doctors.visit(stage)
    known = doctors.replace(given.known, held={"cabinet": ("no_credit", stage.clock.now())})
    group = doctors.at_platform(doctors.visit(stage, known=known))
    assert doctors.codes(group) == ["JSE-P08"]
    assert "no_credit" in doctors.text(group)


def described(**calls: str) -> dict[str, object]:
    paths = {"transaction": {"post": {}}, **{path: {method: {}} for path, method in calls.items()}}
    return {"paths": {f"{BASE}/{path}": methods for path, methods in paths.items()}}


def verdicts(description: dict[str, object] | None, known: Known | None = None) -> dict[str, str]:
    return {
        one.operation.name: one.verdict.value
        for one in assumptions.judge(Contract(), description, known or Known())
    }


def test_a_description_confirms_and_contradicts() -> None:
    """The same path and method; another method; no such call beside those that are known. Each is told."""
    found = verdicts(described(**{"transaction/{t}": "get", "transaction/{t}/cancel": "delete"}))
    assert found == {
        "status": "confirmed",
        "download": "contradicted",
        "attestation": "contradicted",
        "cancel": "contradicted",
        "remind": "contradicted",
    }


@pytest.mark.parametrize("description", [None, {}, {"paths": {"/other/api": {"get": {}}}}, {"paths": 3}])
def test_a_description_of_something_else_says_nothing(description: dict[str, object] | None) -> None:
    """What holds not even what is known for certain describes other calls."""
    assert set(verdicts(description).values()) == {"unknown"}


def test_what_has_worked_here_is_confirmed_and_no_more() -> None:
    """By use, under this very contract; what was found absent is contradicted."""
    lived = Lived(sent_at=None, expires_at=None, last_signature_at=None, fetched_at=None, fetched=True, attested=False,
                  signatories=1, signatures=1)  # fmt: skip
    known = Known(
        confirmed={"lyon": Contract().digest},
        lived={"lyon": (lived,)},
        absent={"lyon": frozenset({"remind"})},
    )
    assert verdicts(None, known) == {
        "status": "confirmed",
        "download": "confirmed",
        "attestation": "unknown",
        "cancel": "unknown",
        "remind": "contradicted",
    }
    other = Known(confirmed={"lyon": "0" * 64}, lived={"lyon": (lived,)})
    assert set(verdicts(None, other).values()) == {"unknown"}


def test_a_contradiction_fails_and_names_the_setting(stage: Stage) -> None:
    from connector.doctor import platform

    group = Group(name="Jesignexpert", slow="JSE-P11")
    given = doctors.visit(stage)
    group.say(*platform._assumptions(given, described(**{"transaction/{t}/cancel": "delete"}), reached=True))
    assert set(doctors.failures(group)) == {"JSE-P07"}
    assert "set platform.contract.operations.cancel.path" in doctors.text(group)
    assert Verdict.UNKNOWN.value in doctors.text(group)
