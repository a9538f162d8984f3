"""Plain mode: wsgidav's own behaviour under ``/dav/``, with times from the sandbox's clock.

No file ids, no versions; an overwriting or creating PUT that breaks off leaves its torso in place.
"""

from __future__ import annotations

import html
import logging
import os
from pathlib import Path
from typing import Any

from wsgidav.dc.base_dc import BaseDomainController
from wsgidav.error_printer import ErrorPrinter
from wsgidav.fs_dav_provider import FileResource, FilesystemProvider, FolderResource
from wsgidav.http_authenticator import HTTPAuthenticator
from wsgidav.lock_man.lock_storage import LockStorageDict
from wsgidav.mw.base_mw import BaseMiddleware
from wsgidav.request_resolver import RequestResolver
from wsgidav.wsgidav_app import WsgiDAVApp

from connector.sandbox.clock import SandboxClock
from connector.sandbox.dms.messages import Answer, Call, Environ, decoded_path
from connector.sandbox.dms.world import DmsWorld

SHARE = "/dav"
WORLD = "sandbox.world"
WRITES = frozenset({"PUT", "DELETE", "MKCOL", "MOVE", "COPY", "PROPPATCH", "LOCK"})

# A finite-depth refusal as RFC 4918 section 9.1 gives it.
FINITE_DEPTH = (
    b'<?xml version="1.0" encoding="utf-8"?>\n<D:error xmlns:D="DAV:"><D:propfind-finite-depth/></D:error>'
)

logging.getLogger("wsgidav").addHandler(logging.NullHandler())


class PlainApp:
    """WsgiDAV around the files of a world, with the world's account switches before it."""

    def __init__(self, world: DmsWorld) -> None:
        self._world = world
        self._locks = _Locks(world.clock)
        self._app = WsgiDAVApp(
            {
                "provider_mapping": {SHARE: _Provider(str(world.files), fs_opts={})},
                "http_authenticator": {
                    "domain_controller": _Passwords,
                    "accept_basic": True,
                    "accept_digest": False,
                    "default_to_digest": False,
                },
                "middleware_stack": [ErrorPrinter, HTTPAuthenticator, _FolderPage, RequestResolver],
                "lock_storage": self._locks,
                "logging": {"enable": False},
                "verbose": 0,
            }
        )

    def __call__(self, environ: Environ, call: Call) -> Answer:
        """Answer one request."""
        refused = self._refused(call)
        if refused is not None:
            return refused
        self._locks.catch_up()
        answer = Answer(500)

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            answer.status, answer.headers = int(status.split()[0]), list(headers)

        environ = {**environ, WORLD: self._world}
        if self._world.shallow and call.header("depth").lower() == "infinity":
            environ["HTTP_DEPTH"] = "1"
        chunks = self._app(environ, start_response)
        try:
            answer.body = b"".join(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        call.user = str(environ.get("wsgidav.auth.user_name", ""))
        if call.method == "HEAD":
            answer.headers.append(("X-Sandbox-Length", answer.header("content-length") or "0"))
        return answer

    def _refused(self, call: Call) -> Answer | None:
        world = self._world
        path = call.path.removeprefix(SHARE).strip("/")
        if world.maintenance:
            return Answer(503, b"maintenance", [("Retry-After", "120")])
        infinite = call.method == "PROPFIND" and call.header("depth").lower() == "infinity"
        if infinite and not world.depth_infinity:
            return Answer(403, FINITE_DEPTH, [("Content-Type", "application/xml; charset=utf-8")])
        touched = [path]
        if call.method in {"MOVE", "COPY"}:
            touched = [decoded_path(call.header("destination")).removeprefix(SHARE).strip("/")]
            touched += [path] if call.method == "MOVE" else []
        if call.method in WRITES and any(
            not top or one == top or one.startswith(top + "/") for top in world.read_only for one in touched
        ):
            return Answer(403, b"read only")
        if call.method == "PUT" and world.quota_bytes is not None:
            used = sum(place.stat().st_size for place in world.files.rglob("*") if place.is_file())
            if used + len(call.body) > world.quota_bytes:
                return Answer(507, b"quota")
        return None


class _Locks(LockStorageDict):  # type: ignore[misc]
    """Locks that expire when the sandbox's clock says so; wsgidav itself asks the machine's."""

    def __init__(self, clock: SandboxClock) -> None:
        super().__init__()
        self._clock = clock
        self._seen_offset_s = clock.offset_s

    def catch_up(self) -> None:
        """Bring every expiry nearer by what the clock was pushed since the last request."""
        pushed = self._clock.offset_s - self._seen_offset_s
        self._seen_offset_s += pushed
        if pushed == 0 or self._dict is None:
            return
        for entry in list(self._dict.values()):
            if isinstance(entry, dict) and entry.get("expire", -1) >= 0:  # negative: never
                entry["expire"] = max(0, entry["expire"] - pushed)


class _FolderPage(BaseMiddleware):  # type: ignore[misc]
    """A page for GET and HEAD of a folder, which wsgidav refuses without its folder browser.

    That one compiles its template for each application, which would triple the start of a world.
    """

    def __call__(self, environ: Environ, start_response: Any) -> Any:
        if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            folder = environ["wsgidav.provider"].get_resource_inst(environ["PATH_INFO"], environ)
            if folder is not None and folder.is_collection:
                return self._page(folder, start_response)
        return self.next_app(environ, start_response)

    def _page(self, folder: Any, start_response: Any) -> list[bytes]:
        names = "".join(f"<li>{html.escape(name)}</li>" for name in sorted(folder.get_member_names()))
        page = f"<!DOCTYPE html>\n<html><body><ul>{names}</ul></body></html>\n".encode()
        headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(page)))]
        start_response("200 OK", headers)
        return [page]


class _Passwords(BaseDomainController):  # type: ignore[misc]
    """Basic authentication against the world's accounts."""

    def get_domain_realm(self, path_info: str, environ: Environ | None) -> str:
        return "DMS"

    def require_authentication(self, realm: str, environ: Environ | None) -> bool:
        return True

    def basic_auth_user(self, realm: str, user_name: str, password: str, environ: Environ) -> bool:
        world: DmsWorld = environ[WORLD]
        return world.accounts.known(user_name, password) and user_name not in world.accounts.disabled

    def supports_http_digest_auth(self) -> bool:
        return False


def _stamp(resource: Any, *places: str) -> None:
    now = resource.environ[WORLD].clock.timestamp()
    for place in places:
        if Path(place).exists():
            os.utime(place, (now, now))


class _File(FileResource):  # type: ignore[misc]
    """A file whose mtime, and whose folder's, come from the sandbox's clock."""

    def end_write(self, *, with_errors: bool) -> None:
        _stamp(self, self._file_path)

    def delete(self) -> None:
        super().delete()
        _stamp(self, str(Path(self._file_path).parent))

    def copy_move_single(self, dest_path: str, *, is_move: bool) -> None:
        super().copy_move_single(dest_path, is_move=is_move)
        copied = self.provider._loc_to_file_path(dest_path, self.environ)
        _stamp(self, copied, str(Path(copied).parent))

    def move_recursive(self, dest_path: str) -> None:
        super().move_recursive(dest_path)
        moved = self.provider._loc_to_file_path(dest_path, self.environ)
        _stamp(self, str(Path(self._file_path).parent), str(Path(moved).parent))


class _Folder(FolderResource):  # type: ignore[misc]
    """A folder whose mtime comes from the sandbox's clock."""

    def create_empty_resource(self, name: str) -> Any:
        created = super().create_empty_resource(name)
        _stamp(self, self._file_path)
        return created

    def create_collection(self, name: str) -> None:
        super().create_collection(name)
        _stamp(self, self._file_path, str(Path(self._file_path, name)))

    def delete(self) -> None:
        super().delete()
        _stamp(self, str(Path(self._file_path).parent))

    def move_recursive(self, dest_path: str) -> None:
        super().move_recursive(dest_path)
        moved = self.provider._loc_to_file_path(dest_path, self.environ)
        _stamp(self, str(Path(self._file_path).parent), str(Path(moved).parent))


class _Provider(FilesystemProvider):  # type: ignore[misc]
    """Files and folders of the two classes above."""

    def get_resource_inst(self, path: str, environ: Environ) -> Any:
        found = super().get_resource_inst(path, environ)
        if found is None:
            return None
        kind = _Folder if found.is_collection else _File
        return kind(path, environ, found._file_path)
