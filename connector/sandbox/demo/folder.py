"""The demo's shared folder as the accountant's programs reach it: over WebDAV, never from the disk."""

from __future__ import annotations

from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import quote, unquote, urljoin, urlsplit
from xml.etree import ElementTree

import httpx

from connector.sandbox.demo.voice import DemoFailed

USER = "signatures"
_NAMES = {"d": "DAV:", "oc": "http://owncloud.org/ns", "nc": "http://nextcloud.org/ns"}
_ASK_ID = (
    b'<?xml version="1.0"?><d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns">'
    b"<d:prop><oc:fileid/></d:prop></d:propfind>"
)


class Version(NamedTuple):
    """One earlier version of a file. ``label`` is the name people read, often empty."""

    href: str
    label: str


class SharedFolder:
    """The files below ``url``, in the eyes of one person. A context manager."""

    def __init__(self, url: str, password: str) -> None:
        self.url = url if url.endswith("/") else url + "/"
        self._client = httpx.Client(auth=(USER, password), timeout=30, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def make_folder(self, path: str) -> None:
        """Make one folder; one that is there already is left alone."""
        answer = self._client.request("MKCOL", self._at(path))
        if answer.status_code != httpx.codes.METHOD_NOT_ALLOWED:
            _must(answer, "MKCOL", path)

    def put(self, path: str, data: bytes) -> None:
        """Drop a file."""
        _must(self._client.put(self._at(path), content=data), "PUT", path)

    def get(self, path: str) -> bytes | None:
        """Read a file; None when it is not there."""
        answer = self._client.get(self._at(path))
        if answer.status_code in (httpx.codes.NOT_FOUND, httpx.codes.LOCKED):
            return None
        return _must(answer, "GET", path).content

    def statuses(self, folder: str) -> dict[str, str]:
        """Return the first line of every status file in a folder, by file name."""
        answer = self._client.request("PROPFIND", self._at(folder + "/"), headers={"Depth": "1"})
        tree = ElementTree.fromstring(_must(answer, "PROPFIND", folder).content)  # noqa: S314 - our own server
        hrefs = [unquote(one.text or "") for one in tree.iterfind("d:response/d:href", _NAMES)]
        names = [href.rsplit("/", 1)[-1] for href in hrefs if href.endswith(".signature.txt")]
        return {name: self.first_line(f"{folder}/{name}") for name in names}

    def text(self, path: str) -> str:
        """Read a text as people see it; empty when it is not there."""
        return (self.get(path) or b"").decode("utf-8-sig", errors="replace")

    def first_line(self, path: str) -> str:
        """Return the first line of a text, empty when it is not there."""
        return (self.text(path).splitlines() or [""])[0]

    def file_id(self, path: str) -> str:
        """Return Nextcloud's id of a file. Raises DemoFailed when it has none."""
        answer = self._client.request("PROPFIND", self._at(path), content=_ASK_ID, headers={"Depth": "0"})
        found = ElementTree.fromstring(_must(answer, "PROPFIND", path).content).findtext(  # noqa: S314 - our own server
            ".//oc:fileid", namespaces=_NAMES
        )
        if not found:
            raise DemoFailed(f"« {path} » has no file id")
        return found

    def versions(self, file_id: str) -> list[Version]:
        """Return the earlier versions of a file as Nextcloud lists them, newest first."""
        where = urljoin(self.url, f"/remote.php/dav/versions/{USER}/versions/{file_id}/")
        ask = b'<?xml version="1.0"?><d:propfind xmlns:d="DAV:" xmlns:nc="http://nextcloud.org/ns"><d:prop><nc:version-label/></d:prop></d:propfind>'
        answer = self._client.request("PROPFIND", where, content=ask, headers={"Depth": "1"})
        tree = ElementTree.fromstring(_must(answer, "PROPFIND", "versions").content)  # noqa: S314 - our own server
        found = []
        for response in tree.findall("d:response", _NAMES):
            href = urljoin(self.url, response.findtext("d:href", "", _NAMES))
            if urlsplit(href).path.rstrip("/") != urlsplit(where).path.rstrip("/"):
                found.append(Version(href, response.findtext(".//nc:version-label", "", _NAMES)))
        return found

    def read_version(self, version: Version) -> bytes:
        """Read the bytes of an earlier version."""
        return _must(self._client.get(version.href), "GET", version.href).content

    def _at(self, path: str) -> str:
        return self.url + quote(path)


def _must(answer: httpx.Response, method: str, path: str) -> httpx.Response:
    if not answer.is_success:
        raise DemoFailed(f"the folder answers {method} {path} with {answer.status_code}")
    return answer
