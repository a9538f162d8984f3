"""The contract: its grades, its tables, and the administrator's overrides."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connector.errors import Cause, ConfigurationError
from connector.jesignexpert import signature
from connector.jesignexpert.contract import Contract, Grade
from connector.jesignexpert.routes import url_of
from connector.jesignexpert.status import lookup
from connector.ports import Progress, SignatoryProgress


def refused(mapping: dict[str, object]) -> dict[str, str]:
    with pytest.raises(ConfigurationError) as caught:
        Contract().with_overrides(mapping)
    return {problem.path: problem.text for problem in caught.value.problems}


def test_the_published_vector_is_reproduced() -> None:
    """The HMAC is the one that the vendor's partners publish."""
    found = signature.sign("shortcut", "secret", "FCmWsIqOv8hqXBR78OHKoJSaH9Aoc0", 1544783760000)
    assert found == "db2070ed2c1348f4c697797f840cb85ce07769bec64f178e61314312155210e5"


def test_a_triple_is_fresh_and_in_milliseconds() -> None:
    """Thirty alphanumeric characters, never the same; the time in milliseconds."""
    at = datetime(2018, 12, 14, 10, 56, tzinfo=UTC)
    drawn = [signature.draw("shortcut", "secret", at) for _ in range(50)]
    assert len({one.id_request for one in drawn}) == 50
    assert all(len(one.id_request) == 30 and one.id_request.isalnum() for one in drawn)
    assert drawn[0].ts == 1544784960000


def test_known_and_assumed_stay_apart() -> None:
    """What is launched is KNOWN, what is followed is ASSUMED, as the API page grades them."""
    grades = {operation.name: operation.grade for operation in Contract().listed()}
    assumed = {name for name, grade in grades.items() if grade is Grade.ASSUMED}
    assert assumed == {"status", "download", "attestation", "cancel", "remind"}
    assert len(grades) == 13
    assert Contract().operations.status.setting == "platform.contract.operations.status.path"


def test_every_line_is_listed_with_its_grade_and_section() -> None:
    """Documentation and diagnosis can print all of it."""
    listed = {setting.name: setting for setting in Contract().settings()}
    assert listed["fields.signatory.phone"].grade is Grade.ASSUMED
    assert listed["fields.signatory.email"].grade is Grade.KNOWN
    assert listed["limits.max_document_size"].value == 10_000_000
    assert {setting.section for setting in listed.values()} <= {"1", "2", "3", "4"}


def test_overrides_replace_and_leave_the_rest() -> None:
    """Texts, as the file's loader gives them, become what they stand for."""
    contract = Contract().with_overrides(
        {
            "operations": {"status": {"path": "collecte/{id}/etat", "method": "POST"}},
            "fields": {"signatory": {"phone": ""}, "status": {"status": "etat"}},
            "formats": {"origin": "bottom_left", "locked": "false", "phone": "33"},
            "limits": {"max_document_size": "5MB"},
            "expectations": {"second_send_refused": "true", "lapse_days": "14d"},
            "words": {"transaction": {"Clos": "signed", "paused": "unknown"}},
            "errors": [{"status": "409", "pattern": "cr[eé]dit", "cause": "no_credit"}],
        }
    )
    assert contract.operations.status.path == "collecte/{id}/etat"
    assert contract.operations.status.grade is Grade.ASSUMED
    assert contract.operations.create == Contract().operations.create
    assert contract.fields.signatory.phone is None
    assert contract.formats.locked is False
    assert contract.limits.max_document_size == 5_000_000
    assert contract.expectations.second_send_refused
    assert contract.expectations.lapse_days == 14
    assert lookup("CLOS", contract.words.transaction, Progress.UNKNOWN) is Progress.SIGNED
    assert lookup("paused", contract.words.transaction, Progress.FAILED) is Progress.UNKNOWN
    assert contract.errors[0].cause is Cause.NO_CREDIT
    assert contract.errors[1:] == Contract().errors
    assert contract.digest != Contract().digest
    assert Contract().with_overrides({}).digest == Contract().digest


def test_every_problem_is_told_at_once_with_the_nearest_name() -> None:
    """An unknown name, a wrong value and an unknown placeholder, each by its dotted path."""
    names = refused({"operation": {}, "operations": {"statut": {}}, "formats": {"origine": "top_left"}})
    assert names["platform.contract.operation"] == "unknown name; did you mean operations?"
    assert "did you mean status?" in names["platform.contract.operations.statut"]
    assert "did you mean origin?" in names["platform.contract.formats.origine"]
    values = refused({"formats": {"origin": "left"}, "limits": {"max_document_size": "large"}})
    assert set(values) == {
        "platform.contract.formats.origin",
        "platform.contract.limits.max_document_size",
    }


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("transaction/{identifiant}", "unknown placeholder"),
        ("transaction/status", "must hold {id}"),
        ("https://elsewhere.example/{id}", "must be a path"),
        ("//elsewhere.example/{id}", "must be a path"),
    ],
)
def test_a_path_that_cannot_work_is_refused(path: str, text: str) -> None:
    """A replaced path names its transaction, and stays on the platform's host."""
    found = refused({"operations": {"status": {"path": path}}})
    assert text in found["platform.contract.operations.status.path"]


@pytest.mark.parametrize("key", ["grade", "name", "section"])
def test_a_grade_cannot_be_configured(key: str) -> None:
    """What is known does not become so by a setting."""
    assert f"platform.contract.operations.status.{key}" in refused({"operations": {"status": {key: "KNOWN"}}})


@pytest.mark.parametrize(
    "mapping",
    [
        {"operations": "x"},
        {"words": {"transaction": ["signed"]}},
        {"errors": {"status": 400}},
        {"errors": [{"pattern": "(", "cause": "tokens"}]},
        {"words": {"signatory": {"ok": "fine"}}},
        {"operations": {"status": {"path": "{id"}}},
    ],
)
def test_another_shape_is_a_problem_and_no_crash(mapping: dict[str, object]) -> None:
    """Whatever stands in the file, the answer is a list of problems."""
    assert refused(mapping)


@pytest.mark.parametrize(
    ("word", "ours"),
    [
        ("En cours", Progress.IN_PROGRESS),
        ("SIGNÉ", Progress.SIGNED),
        ("signe", Progress.SIGNED),
        ("In Progress", Progress.IN_PROGRESS),
        ("Refusé", Progress.REFUSED),
        ("Échec", Progress.FAILED),
        ("annule", Progress.CANCELLED),
        ("Pending RA validation", Progress.IN_PROGRESS),
        ("presque signé", Progress.UNKNOWN),
    ],
)
def test_words_are_found_without_case_or_accents(word: str, ours: Progress) -> None:
    """An unknown word is unknown, never an end."""
    assert lookup(word, Contract().words.transaction, Progress.UNKNOWN) is ours


def test_words_of_signatories() -> None:
    """A signatory whose code was sent has been invited."""
    assert lookup("Code_sent", Contract().words.signatory, None) is SignatoryProgress.INVITED


def test_the_steps_get_their_terms() -> None:
    """What the steps must know follows the overrides."""
    terms = Contract().with_overrides({"expectations": {"signatures_per_signatory": "1"}}).terms
    assert (terms.max_document_bytes, terms.subject_length, terms.lapse_days) == (10_000_000, 45, 15)
    assert (terms.second_send_refused, terms.signatures_per_signatory) == (False, 1)
    assert terms.digest != Contract().terms.digest
    assert f"platform.contract.{terms.operations_status}" == Contract().operations.status.setting


def test_urls_are_encoded_part_by_part() -> None:
    """Neither a shortcut nor an id can leave its place in the path; a leading slash starts at the host."""
    contract = Contract().with_overrides({"operations": {"cancel": {"path": "/v2/cancel?id={id}"}}})
    where = {"base_url": "https://jse.example/api/", "shortcut": "a b", "contract": contract}
    status = url_of(contract.operations.status, id="x/../y?z", **where)  # type: ignore[arg-type]
    assert status == "https://jse.example/api/editor/a%20b/transaction/x%2F..%2Fy%3Fz"
    cancel = url_of(contract.operations.cancel, id="7", **where)  # type: ignore[arg-type]
    assert cancel == "https://jse.example/api/v2/cancel?id=7"
