"""The way in: login, cookies, maintenance, and which handler answers which path."""

from __future__ import annotations

import base64
import binascii
from http.cookies import CookieError, SimpleCookie

from connector.sandbox.dms.folder import NextcloudFolder
from connector.sandbox.dms.messages import Answer, Call, Environ
from connector.sandbox.dms.nextcloud import (
    files,
    history,
    listing,
    locking,
    moves,
    ocs,
    search,
    tagging,
    uploads,
)
from connector.sandbox.dms.nextcloud.dav import INSTANCE, OC, ROOT, D, Dav, DavError, multistatus, parsed
from connector.sandbox.dms.tree import clean
from connector.sandbox.dms.world import DmsWorld

HTML = ("Content-Type", "text/html; charset=UTF-8")
STRICT = "nc_sameSiteCookiestrict"
LAX = "nc_sameSiteCookielax"
CLASSES = (
    "1, 3, extended-mkcol, access-control, calendarserver-principal-property-search, "
    "nc-paginate, nextcloud-checksum-update"
)


class NextcloudApp:
    """Answers requests as a Nextcloud 32 does; one at a time, since a world is one folder."""

    def __init__(self, world: DmsWorld) -> None:
        assert world.nextcloud is not None
        self._world = world
        self._folder: NextcloudFolder = world.nextcloud

    def __call__(self, environ: Environ, call: Call) -> Answer:
        """Answer one request, with the cookies that come with every answer."""
        with self._world.act():
            try:
                answer = self._answer(environ, call)
            except DavError as error:
                answer = error.answer()
        answer.headers += self._cookies(call)
        return answer

    def _answer(self, environ: Environ, call: Call) -> Answer:
        raw = str(environ["REQUEST_URI"]).partition("?")[0].lower()
        if "%2f" in raw or "%00" in raw:  # Apache's own page (facts section 10)
            return Answer(404, b"<html><body><h1>Not Found</h1></body></html>", [HTML])
        if call.path == "/status.php":
            return ocs.status(self._world)
        if call.path.startswith("/ocs/"):
            return self._ocs(call)
        if call.path.startswith("/.well-known/"):
            return _well_known(call)
        if call.path.rstrip("/") == ROOT.rstrip("/") or call.path.startswith(ROOT):
            return self._dav(call)
        flow = ocs.login_flow(self._world, call)
        if flow is not None:
            return flow
        if call.path.startswith("/remote.php/"):
            return Answer(200, b"<!DOCTYPE html><html><body>Nextcloud</body></html>", [HTML])
        return Answer(404, b"<!DOCTYPE html><html><body>Page not found</body></html>", [HTML])

    def _ocs(self, call: Call) -> Answer:
        refused = ocs.refused(self._world, call)
        if refused is not None:
            return refused
        _, password = self._login(call)
        by_app = self._world.accounts.is_app_password(call.user, password)
        return ocs.handle(self._world, call, password=password if by_app else None)

    def _dav(self, call: Call) -> Answer:
        if self._world.maintenance:  # no Retry-After, no other header (facts section 10)
            message = "System is in maintenance mode."
            raise DavError(503, "OCA\\DAV\\Exception\\ServerMaintenanceMode", message)
        refused = self._strict_cookie(call)
        if refused is not None:
            return refused
        self._login(call)
        dav = Dav(self._world, self._folder, call)
        # Double slashes are collapsed (facts section 10).
        parts = [part for part in call.path[len(ROOT) :].split("/") if part]
        answer = self._routed(dav, parts)
        if call.method in {"OPTIONS", "PROPFIND"}:  # both name the classes (seen on 32.0.1)
            answer.headers.append(("DAV", CLASSES + (", 2" if self._world.files_lock else "")))
        return answer

    def _routed(self, dav: Dav, parts: list[str]) -> Answer:
        method = dav.call.method
        if method == "OPTIONS":
            return Answer(200)
        if not parts:
            return search.search(dav) if method == "SEARCH" else _on_root(dav)
        area, rest = parts[0], parts[1:]
        match area:
            case "systemtags":
                return tagging.handle_tags(dav, rest)
            case "systemtags-relations":
                return tagging.handle_relations(dav, rest)
            case "comments":
                return tagging.handle_comments(dav, rest)
        if area not in ("files", "uploads", "versions") or not rest:
            raise DavError(404, "NotFound", f"File not found: {'/'.join(parts)}")
        if rest[0] != dav.user:
            if (
                area == "files"
                and method == "PROPFIND"
                and len(rest) == 1
                and rest[0] in self._world.accounts.passwords
            ):
                return listing.propfind_foreign(dav, rest[0])
            raise DavError(404, "NotFound", f"File not found: {'/'.join(parts)}")
        if area == "uploads":
            return uploads.handle(dav, rest[1:])
        if area == "versions":
            return history.handle(dav, rest[1:])
        return _on_files(dav, clean("/".join(rest[1:])))

    # -- login -----------------------------------------------------------------------------------

    def _login(self, call: Call) -> tuple[str, str]:
        """Find out who asks and set ``call.user``; returns the credentials that were sent.

        A live session cookie wins over the Authorization header and passes through the block (trap 5);
        else more than 10 wrong passwords block the address for everybody (trap 4).
        """
        accounts = self._world.accounts
        user, password = _basic(call)
        by_session = accounts.user_of_session(_cookies_of(call).get(INSTANCE, ""))
        if by_session is not None:
            call.user = by_session
        else:
            if accounts.blocked(call.address):
                raise DavError(429, "OCA\\DAV\\Connector\\Sabre\\Exception\\TooManyRequests")
            if not user:  # without credentials, or with a bad Bearer: not counted
                raise _unauthenticated(
                    "No public access to this resource., Username or password was incorrect"
                )
            if not accounts.known(user, password):
                accounts.count_wrong(call.address, user)
                raise _unauthenticated("Username or password was incorrect")
            accounts.count_right(call.address, user)
            call.user = user
        if call.user in accounts.disabled:
            message = "OC\\User\\DisabledUserException: Account disabled"
            raise DavError(503, "ServiceUnavailable", message)
        return user, password

    def _strict_cookie(self, call: Call) -> Answer | None:
        """A session cookie without its two companions is 412, easily misread as a failed If-Match (trap 5)."""
        cookies = _cookies_of(call)
        if INSTANCE in cookies and not (STRICT in cookies and LAX in cookies):
            body = b'{"error":"Strict Cookie has not been found in request"}'
            return Answer(412, body, [("Content-Type", "application/json; charset=utf-8")])
        return None

    def _cookies(self, call: Call) -> list[tuple[str, str]]:
        session = self._world.accounts.session_of(call.user)
        values = (
            f"{INSTANCE}={session}; path=/; HttpOnly; SameSite=Lax",
            f"oc_sessionPassphrase={session[::-1]}; path=/; HttpOnly; SameSite=Lax",
            f"{LAX}=true; path=/; HttpOnly; expires=Fri, 31-Dec-2100 23:59:59 GMT; SameSite=lax",
            f"{STRICT}=true; path=/; HttpOnly; expires=Fri, 31-Dec-2100 23:59:59 GMT; SameSite=strict",
        )
        return [("Set-Cookie", value) for value in values]


def _on_files(dav: Dav, path: str) -> Answer:
    match dav.call.method:
        case "PROPFIND":
            return listing.propfind(dav, path)
        case "PROPPATCH":
            return listing.proppatch(dav, path)
        case "GET" | "HEAD":
            return files.get(dav, path)
        case "PUT":
            return files.put(dav, path)
        case "PATCH":
            return files.patch(dav, path)
        case "DELETE":
            return files.delete(dav, path)
        case "MKCOL":
            return files.mkcol(dav, path)
        case "MOVE" | "COPY":
            return moves.move_or_copy(dav, path)
        case "LOCK":
            return locking.lock(dav, path)
        case "UNLOCK":
            return locking.unlock(dav, path)
        case "REPORT":
            return _report(dav)
    raise DavError(501, "NotImplemented", f"There was no handler found for {dav.call.method}")


def _report(dav: Dav) -> Answer:
    asked = parsed(dav.call.body)
    if asked.tag != f"{{{OC}}}filter-files":
        raise DavError(415, "ReportNotSupported", "The requested report is not supported")
    prop = asked.find(f"{{{D}}}prop")
    names = [] if prop is None else [str(child.tag) for child in prop if isinstance(child.tag, str)]
    tags = [str(found.text) for found in asked.iterfind(f"{{{OC}}}filter-rules/{{{OC}}}systemtag")]
    return multistatus(listing.described(dav, tagging.files_with(dav, tags), names))


def _on_root(dav: Dav) -> Answer:
    if dav.call.method == "PROPFIND":
        return multistatus(["<d:response><d:href>/remote.php/dav/</d:href></d:response>"])
    raise DavError(501, "NotImplemented", f"There was no handler found for {dav.call.method}")


def _well_known(call: Call) -> Answer:
    if call.path.startswith(("/.well-known/caldav", "/.well-known/carddav")):
        return Answer(301, b"", [("Location", f"{call.base_url}{ROOT}")])
    return Answer(405 if call.method == "PROPFIND" else 404)


def _unauthenticated(message: str) -> DavError:
    challenge = ("WWW-Authenticate", 'Basic realm="Nextcloud"')
    return DavError(401, "NotAuthenticated", message, headers=[challenge])


def _basic(call: Call) -> tuple[str, str]:
    scheme, _, value = call.header("authorization").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(value).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def _cookies_of(call: Call) -> dict[str, str]:
    try:
        jar = SimpleCookie(call.header("cookie"))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}
