"""The platform's own description against the contract."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime

import httpx
import pytest

from connector.jesignexpert.contract import Contract
from connector.jesignexpert.description import Found, compare
from connector.jesignexpert.login import Login

BASE = "/editor/{editorShortcut}"
DESCRIPTION: dict[str, object] = {
    "swagger": "2.0",
    "basePath": "/api",
    "paths": {
        f"{BASE}/transaction": {"post": {}},
        f"{BASE}/transaction/{{transactionId}}": {"post": {}, "get": {}},
        f"{BASE}/transaction/{{transactionId}}/cancel": {"delete": {}},
        f"{BASE}/token/officeAndUser/auth/{{idRequest}}/{{hmac}}": {"post": {}},
    },
}


def test_operations_are_found_whatever_their_placeholders_are_called() -> None:
    """Same path and method, same path with another method, no such path."""
    found = {one.operation.name: one for one in compare(Contract(), DESCRIPTION)}
    same = {name for name, one in found.items() if one.found is Found.SAME}
    assert same == {"auth", "create", "status"}
    assert found["cancel"].found is Found.OTHER_METHOD
    assert found["cancel"].methods == ("DELETE",)
    assert found["remind"].found is Found.ABSENT


@pytest.mark.parametrize("odd", [{}, {"paths": []}, {"paths": {"/x": 3, "y": {}}, "basePath": 1}])
def test_an_odd_description_finds_nothing(odd: dict[str, object]) -> None:
    """What cannot be read is absent, never an error."""
    assert {one.found for one in compare(Contract(), odd)} == {Found.ABSENT}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.Response(200, json=DESCRIPTION), DESCRIPTION),
        (httpx.Response(200, html="<html>"), None),
        (httpx.Response(404), None),
    ],
)
def test_it_is_asked_without_tokens(answer: httpx.Response, expected: object) -> None:
    """The description is public where it is served, and need not be."""
    asked: list[httpx.Request] = []

    def talk(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer

    one = Login(
        "lyon",
        base_url="https://jse.example/api/",
        shortcut="abc",
        secret="s",
        now=lambda: datetime.now(UTC),
        transport=httpx.MockTransport(talk),
    )
    with closing(one):
        assert one.description() == expected
    assert str(asked[0].url) == "https://jse.example/api/v2/api-docs"
    assert not any(name.startswith("jse-") for name in asked[0].headers)
