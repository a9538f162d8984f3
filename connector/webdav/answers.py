"""The wall: every answer and every foreign exception becomes an error of ``connector.errors``, here only.

One table for statuses, one for exceptions. WebDAV facts sections 4, 5, 9 and 10; RFC 9110 section 15.
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
import webdav3.exceptions
from lxml import etree

from connector.certificates import causes, distrust
from connector.errors import (
    AccessDenied,
    InvalidResponse,
    Locked,
    NameRefused,
    NotConnected,
    NotFound,
    OutcomeUnknown,
    OutOfSpace,
    PreconditionFailed,
    RemoteError,
    Unavailable,
)
from connector.reaching import unreached
from connector.webdav.headers import read_retry_after
from connector.webdav.hrefs import decode
from connector.webdav.transport import Call


class Effect(Enum):
    """What a request may do on the server."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True)
class Operation:
    """One kind of request: its entry in the methods table, and which statuses mean success.

    ``plain_200`` also accepts 200, unless a page in HTML comes with it. ``taken_405`` reads 405 as "the
    name is taken", ``orphan_409`` reads 409 as "the parent is missing". ``stops_login`` is False where a
    401 says nothing about the login (Nextcloud's own API beside DAV).
    """

    name: str
    action: str
    effect: Effect
    expects: frozenset[int]
    plain_200: bool = False
    taken_405: bool = False
    orphan_409: bool = False
    compressed: bool = False
    stops_login: bool = True

    @property
    def is_read(self) -> bool:
        """True when it can be repeated without harm."""
        return self.effect is Effect.READ


_READ, _WRITE = Effect.READ, Effect.WRITE
PROPFIND = Operation("look", "propfind", _READ, frozenset({207}), compressed=True)
SEARCH = Operation("search", "search", _READ, frozenset({207}), compressed=True)
GET = Operation("get", "get", _READ, frozenset({200}))
HEAD = Operation("ask whether it is the same", "head", _READ, frozenset({200, 304}))
ASK = Operation("ask", "get", _READ, frozenset({200}), stops_login=False)
CREATE = Operation(
    "create", "put", _WRITE, frozenset({201, 204}), plain_200=True, taken_405=True, orphan_409=True
)
REPLACE = Operation("replace", "put", _WRITE, frozenset({201, 204}), plain_200=True, orphan_409=True)
MKCOL = Operation("make folder", "mkcol", _WRITE, frozenset({201}), taken_405=True, orphan_409=True)
MOVE = Operation("move", "move", _WRITE, frozenset({201, 204}), orphan_409=True)
DELETE = Operation("delete", "delete", _WRITE, frozenset({204}), plain_200=True)
PROPPATCH = Operation("label", "proppatch", _WRITE, frozenset({207}), plain_200=True)
OPTIONS = Operation("ask", "options", _READ, frozenset({200, 204}), stops_login=False)
BEGIN_LOGIN = Operation("begin login", "post", _READ, frozenset({200}), stops_login=False)
POLL_LOGIN = Operation("poll login", "post", _READ, frozenset({200}), stops_login=False)
REVOKE = Operation("give back", "delete", _WRITE, frozenset({200, 204}))
REPORT = Operation("read comments", "report", _READ, frozenset({207}), compressed=True)
MAKE_TAG = Operation("make tag", "post", _WRITE, frozenset({201}))
HANG = Operation("hang tag", "put", _WRITE, frozenset({201, 204}))
TAKE_OFF = Operation("take tag off", "delete", _WRITE, frozenset({204}))
SAY = Operation("comment", "post", _WRITE, frozenset({201}))
LOCK = Operation("lock", "lock", _WRITE, frozenset({200, 201}))
UNLOCK = Operation("unlock", "unlock", _WRITE, frozenset({200, 204}))

METHODS = {
    operation.action: operation.action.upper()
    for operation in (
        PROPFIND,
        SEARCH,
        GET,
        HEAD,
        CREATE,
        MKCOL,
        MOVE,
        DELETE,
        PROPPATCH,
        LOCK,
        UNLOCK,
        OPTIONS,
        REPORT,
        SAY,
    )
}

_STATUSES: dict[int, type[RemoteError]] = {
    401: AccessDenied,
    403: AccessDenied,
    404: NotFound,
    410: NotFound,
    412: PreconditionFailed,
    413: OutOfSpace,
    423: Locked,
    429: Unavailable,
    503: Unavailable,
    507: OutOfSpace,
}
_EXCEPTION_NAME = re.compile(rb"<s:exception>([\w\\]{1,120})</s:exception>")
# Each comment ends where it first can, and never elsewhere: else as many of them as one likes can be read in as many
# ways as two to their number.
_PAGE = re.compile(rb"\s*(?>(?>(?:<!--.*?-->))\s*)*<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)


def is_page(response: requests.Response, start: bytes) -> bool:
    """Tell whether an answer is a page for people: by its type or by how its body begins."""
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return media_type in {"text/html", "application/xhtml+xml"} or _PAGE.match(start) is not None


def judge(response: requests.Response, operation: Operation, body: bytes) -> None:
    """Return when the answer is the documented success, else raise what it means.

    ``body`` is the beginning of the body, empty where it has not been read.
    """
    status = response.status_code
    if status in operation.expects or (status == 200 and operation.plain_200 and not is_page(response, body)):
        return
    kind, detail = _meaning(response, operation, body)
    raise kind(detail, status=status, retry_after_s=read_retry_after(response.headers))


def _meaning(response: requests.Response, operation: Operation, body: bytes) -> tuple[type[RemoteError], str]:
    status = response.status_code
    if status < 300:
        kind = InvalidResponse if operation.is_read else OutcomeUnknown
        return kind, "a page instead of an answer" if is_page(response, body) else "not the expected status"
    if status < 400:
        if operation.taken_405 and _adds_slash(response):
            return PreconditionFailed, "a folder has the name"
        return InvalidResponse, f"redirected to {_where(response)}"
    name = _EXCEPTION_NAME.search(body)
    detail = name[1].decode() if name else "refused"
    # Nextcloud says this to cookies it half knows: no condition of ours failed (WebDAV facts, trap 5).
    if status == 412 and b"Strict Cookie" in body:
        return InvalidResponse, "the server asks for cookies"
    if status == 412 and operation.is_read:
        return InvalidResponse, "a condition failed that nobody made"
    if status == 405 and operation.taken_405:
        return PreconditionFailed, "the name is taken"
    if status == 409 and operation.orphan_409:
        return NotFound, "the parent folder is missing"
    if status == 400 and detail.endswith("InvalidPath"):
        return NameRefused, detail
    if status == 400 and operation is REPLACE:
        # The answer to a body that broke off: the file may be torn already (WebDAV facts, trap 1).
        return OutcomeUnknown, detail
    if status in _STATUSES:
        return _STATUSES[status], detail
    if status >= 500:
        return (Unavailable if operation.is_read else OutcomeUnknown), detail
    return InvalidResponse, detail


def _adds_slash(response: requests.Response) -> bool:
    """Tell whether a redirect only says "that is a folder", as Apache's mod_dir does."""
    try:
        asked, shown = urlsplit(response.url).path, urlsplit(response.headers.get("Location", "")).path
    except ValueError:
        return False
    return response.status_code == 301 and decode(shown) == decode(asked) + "/"


def _where(response: requests.Response) -> str:
    """Return where a redirect points, without user, query and fragment: those may hold secrets.

    Without the segments that were asked for as well: those are names of folders and files, and of clients.
    """
    try:
        parts = urlsplit(response.headers.get("Location", ""))
        asked = set(decode(urlsplit(response.url).path).split("/")) - {""}
        host = f"{parts.hostname}:{parts.port}" if parts.port else (parts.hostname or "")
    except ValueError:
        return "an unreadable place"
    path = "/".join("…" if decode(part) in asked else part for part in parts.path.split("/"))
    return (f"{parts.scheme}://{host}" if host else "") + path or "nowhere"


class _Sent(Enum):
    """What an exception says about the request."""

    NEVER = "it never left"
    UNCLEAR = "it may have left"
    NONSENSE = "an answer came, but not a readable one"


# The first line whose class fits decides; children stand before their parents.
_EXCEPTIONS: tuple[tuple[type[BaseException], _Sent], ...] = (
    (requests.exceptions.ConnectTimeout, _Sent.NEVER),
    (requests.exceptions.ProxyError, _Sent.NEVER),
    (requests.exceptions.SSLError, _Sent.NEVER),
    (requests.exceptions.URLRequired, _Sent.NEVER),
    (requests.exceptions.MissingSchema, _Sent.NEVER),
    (requests.exceptions.InvalidSchema, _Sent.NEVER),
    (requests.exceptions.InvalidProxyURL, _Sent.NEVER),
    (requests.exceptions.InvalidURL, _Sent.NEVER),
    (requests.exceptions.InvalidHeader, _Sent.NEVER),
    (requests.exceptions.TooManyRedirects, _Sent.NONSENSE),
    (requests.exceptions.InvalidJSONError, _Sent.NONSENSE),
    (requests.exceptions.ContentDecodingError, _Sent.NONSENSE),
    (requests.exceptions.StreamConsumedError, _Sent.NONSENSE),
    (requests.exceptions.RequestException, _Sent.UNCLEAR),
    (webdav3.exceptions.NotValid, _Sent.NEVER),
    (webdav3.exceptions.LocalResourceNotFound, _Sent.NEVER),
    (webdav3.exceptions.WebDavException, _Sent.UNCLEAR),
    (urllib3.exceptions.NewConnectionError, _Sent.NEVER),
    (urllib3.exceptions.ConnectTimeoutError, _Sent.NEVER),
    (urllib3.exceptions.LocationValueError, _Sent.NEVER),
    (urllib3.exceptions.ProxySchemeUnsupported, _Sent.NEVER),
    (urllib3.exceptions.DecodeError, _Sent.NONSENSE),
    (urllib3.exceptions.HTTPError, _Sent.UNCLEAR),
    (http.client.HTTPException, _Sent.UNCLEAR),
    (etree.LxmlError, _Sent.NONSENSE),
    (UnicodeError, _Sent.NONSENSE),
    (OSError, _Sent.UNCLEAR),
)
_WEBDAV_STATUSES: tuple[tuple[type[BaseException], type[RemoteError]], ...] = (
    (webdav3.exceptions.RemoteResourceNotFound, NotFound),
    (webdav3.exceptions.RemoteParentNotFound, NotFound),
    (webdav3.exceptions.ResourceLocked, Locked),
    (webdav3.exceptions.NotEnoughSpace, OutOfSpace),
    (webdav3.exceptions.MethodNotSupported, InvalidResponse),
)
_NO_CONNECTION = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.NameResolutionError,
)


def translate(error: BaseException, operation: Operation, call: Call) -> RemoteError:
    """Return what a foreign exception means for this operation, given how far the call got."""
    if isinstance(error, webdav3.exceptions.ResponseErrorCode):
        kind = _STATUSES.get(error.code, InvalidResponse)
        return kind("refused", status=error.code)
    for foreign, ours in _WEBDAV_STATUSES:
        if isinstance(error, foreign):
            return ours("refused")
    sent = next((sent for kind, sent in _EXCEPTIONS if isinstance(error, kind)), _Sent.UNCLEAR)
    detail = distrust(error) or unreached(error) or _chain(error)
    if not call.connected and (call.connecting or sent is _Sent.NEVER or _never_connected(error)):
        return NotConnected(detail)
    if not operation.is_read:
        return OutcomeUnknown(detail)
    return InvalidResponse(detail) if sent is _Sent.NONSENSE else Unavailable(detail)


def _never_connected(error: BaseException) -> bool:
    return any(isinstance(cause, _NO_CONNECTION) for cause in causes(error))


def _chain(error: BaseException) -> str:
    """Name the classes only: the texts hold URLs, and those hold names of people."""
    names = dict.fromkeys(type(cause).__name__ for cause in causes(error))
    return " from ".join(names)


FOREIGN: tuple[type[BaseException], ...] = tuple(dict.fromkeys(kind for kind, _ in _EXCEPTIONS))


@contextmanager
def wall(operation: Operation, service: str, call: Call) -> Iterator[None]:
    """Let only errors of the connector out, each with the service and operation it belongs to."""
    try:
        yield
    except RemoteError as error:
        if error.service:
            raise
        raise _named(error, service, operation) from error.__cause__
    except FOREIGN as error:
        raise _named(translate(error, operation, call), service, operation) from error


def _named(error: RemoteError, service: str, operation: Operation) -> RemoteError:
    named = type(error)(
        error.detail,
        service=service,
        operation=operation.name,
        status=error.status,
        retry_after_s=error.retry_after_s,
    )
    return named.with_traceback(error.__traceback__)
