"""Login Flow v2: a person agrees in a browser, and the connector gets an app password of its own.

No password is typed into a file. Everything goes to the server of the configured URL, whatever host name the server
believes to have; only the page for the person is opened where the server says. WebDAV facts section 9.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlsplit

from connector.errors import InvalidResponse, NotFound
from connector.webdav.answers import ASK, BEGIN_LOGIN, POLL_LOGIN, REVOKE, Operation
from connector.webdav.client import AdapterFactory, DavClient, Login, Timeouts
from connector.webdav.hrefs import ServerRoot, encode
from connector.webdav.nextcloud import Places

_OCS = ["OCS-APIRequest: true", "Accept: application/json"]
_FORM = "Content-Type: application/x-www-form-urlencoded"
_MAX_BYTES = 100_000
_LONGEST = 1000


@dataclass(frozen=True)
class LoginPage:
    """Where a person agrees, and what tells afterwards whether they have."""

    url: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class AppPassword:
    """What a person gave: ``user_id`` names their files, ``login`` goes with the password."""

    login: str
    user_id: str
    password: str = field(repr=False)


class LoginFlow:
    """One Nextcloud that is to be logged in to. A context manager.

    ``url`` as in the configuration, ``…/remote.php/dav/files/USER/``. Raises ValueError for another shape.
    """

    def __init__(
        self,
        name: str,
        url: str,
        *,
        ca_file: Path | None = None,
        proxy: str | None = None,
        timeouts: Timeouts | None = None,
        adapter_factory: AdapterFactory | None = None,
    ) -> None:
        self._name, self._root = name, ServerRoot.of(url)
        places = Places.of(self._root)
        if places is None:
            raise ValueError("the URL is none of a Nextcloud's files: …/remote.php/dav/files/USER/")
        self.user_id = places.user
        self._base = encode(places.base)
        self._timeouts = timeouts or Timeouts(call_s=60.0)
        self._way = (ca_file, proxy, self._timeouts, adapter_factory)
        self._client = self._as("", b"")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.close()

    def begin(self) -> LoginPage:
        """Ask for a page. NotFound or InvalidResponse where there is no such login."""
        told = self._ask(self._client, BEGIN_LOGIN, "/index.php/login/v2")
        url, token = _text(told, "login"), _text(_part(told, "poll"), "token")
        if urlsplit(url).scheme not in {"http", "https"}:
            raise InvalidResponse("the login page is none of the web", service=self._name)
        return LoginPage(url=url, token=token)

    def poll(self, page: LoginPage) -> AppPassword | None:
        """Ask whether somebody has agreed; None: not yet, or the page is too old. Given once only."""
        body = f"token={quote(page.token, safe='')}".encode()
        try:
            told = self._ask(self._client, POLL_LOGIN, "/index.php/login/v2/poll", [_FORM], body)
        except NotFound:
            return None
        login, password = _text(told, "loginName"), _text(told, "appPassword")
        client = self._as(login, password.encode())
        try:
            user = self._ask(client, ASK, "/ocs/v2.php/cloud/user?format=json", _OCS)
        finally:
            client.close()
        user_id = _text(_part(_part(user, "ocs"), "data"), "id")
        return AppPassword(login=login, user_id=user_id, password=password)

    def revoke(self, given: AppPassword) -> None:
        """Give an app password back that is not kept."""
        client = self._as(given.login, given.password.encode())
        try:
            with client.execute(
                REVOKE,
                self._base + "/ocs/v2.php/core/apppassword",
                headers=_OCS,
                seconds=self._timeouts.call_s,
            ):
                pass
        finally:
            client.close()

    def _as(self, user: str, password: bytes) -> DavClient:
        return DavClient(Login(self._root.origin, user, password, *self._way), self._name)

    def _ask(
        self,
        client: DavClient,
        operation: Operation,
        path: str,
        headers: Sequence[str] = (),
        body: bytes | None = None,
    ) -> dict[str, Any]:
        data = b""
        with client.execute(
            operation, self._base + path, headers=headers, body=body, seconds=self._timeouts.call_s
        ) as response:
            for block in response.iter_content(65_536):
                data += block
                if len(data) > _MAX_BYTES:
                    raise InvalidResponse("an answer about a login is larger than allowed")
        try:
            told = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise InvalidResponse("an answer about a login is no JSON", service=self._name) from error
        return told if isinstance(told, dict) else {}


def _part(value: dict[str, Any], name: str) -> dict[str, Any]:
    part = value.get(name)
    return part if isinstance(part, dict) else {}


def _text(value: dict[str, Any], name: str) -> str:
    text = value.get(name)
    if not isinstance(text, str) or not 0 < len(text) <= _LONGEST or any(ord(each) < 32 for each in text):
        raise InvalidResponse(f"an answer about a login tells no {name}")
    return text
