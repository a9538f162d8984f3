"""The calls of a burst without a connector: what a script of a few lines would do, side by side as often.

It knows what the connector has to find out (that nothing went wrong), reads no PDF, keeps no journal, proves nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from benchmarks.burst_place import PERSON, BurstPlace
from benchmarks.place import FOLDER

_LISTED = (
    '<?xml version="1.0"?><d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><d:resourcetype/>'
    "<d:getetag/><d:getcontentlength/><d:getlastmodified/><oc:fileid/><oc:permissions/></d:prop></d:propfind>"
)
_LABELLED = (
    '<?xml version="1.0"?><d:propertyupdate xmlns:d="DAV:" xmlns:nc="http://nextcloud.org/ns"><d:set><d:prop>'
    "<nc:version-label>Original</nc:version-label></d:prop></d:set></d:propertyupdate>"
)
_FILE = re.compile(r"<d:href>([^<]*[.]pdf)</d:href>.*?<oc:fileid>(\d+)</oc:fileid>", re.DOTALL)
_STATUS = b"status " * 150
_MARK = b"mark " * 300
_BOX = [{"order": 1, "positionX": 100, "positionY": 700, "page": 2, "withoutLogo": False}]


class BareBurst:
    """One script on one place. ``at_once`` calls run side by side at each server."""

    def __init__(self, place: BurstPlace, dms: httpx.Client, platform: httpx.Client, at_once: int) -> None:
        self._dms, self._platform, self._at_once = dms, platform, at_once
        self._nextcloud = place.mode == "nextcloud"
        self._root = urlsplit(place.dms).path
        self._url = place.dms
        self._marks = f"{self._root}.marks/" if self._nextcloud else f"{self._root}{FOLDER}/.marks/"
        self._transactions: dict[str, str] = {}
        self._tags: tuple[str, str] = ("", "")
        self._ids: dict[str, str] = {}

    def prepare(self) -> None:
        """Make what a warm connector has: its hidden folder, its tags."""
        self._ask("MKCOL", self._marks)
        self._ask("PUT", f"{self._marks}owner", content=_MARK)
        if self._nextcloud:
            made = [
                self._ask(
                    "POST", "/remote.php/dav/systemtags/", also=409,
                    json={"name": name, "userVisible": True, "userAssignable": True, "canAssign": True},
                )
                for name in ("Bare 1", "Bare 2")
            ]  # fmt: skip
            first, second = (one.headers["Content-Location"].rsplit("/", 1)[-1] for one in made)
            self._tags = (first, second)

    def launch(self, names: list[str]) -> None:
        """From the dropped pairs to the status beside each."""
        self._ids = dict(_FILE.findall(self._list(f"{self._root}{FOLDER}/", "1").text))
        self._together(self._launch, names)

    def deliver(self, names: list[str]) -> None:
        """From the signed documents to the closed end of each."""
        self._together(self._deliver, names)

    def _together(self, one: Callable[[str], None], names: list[str]) -> None:
        with ThreadPoolExecutor(self._at_once) as threads:
            list(threads.map(one, names))

    def _launch(self, name: str) -> None:
        pdf, status = f"{self._root}{FOLDER}/{name}.pdf", f"{self._root}{FOLDER}/{name}.signature.txt"
        self._ask("GET", f"{self._root}{FOLDER}/{name}.sign.yaml")
        content = self._ask("GET", pdf).content
        if self._nextcloud:
            for suffix in ("pdf", "sign.yaml"):
                self._shares(f"/{FOLDER}/{name}.{suffix}")
        transaction = str(self._call("POST", "transaction", json=_draft(name)).json()["id"])
        self._transactions[name] = transaction
        self._call(
            "PUT", f"transaction/{transaction}/uploadFile/1",
            files={"file": (f"{name}.pdf", content, "application/pdf")}, data={"SignFields": json.dumps(_BOX)},
        )  # fmt: skip
        person = {"email": PERSON, "name": "Marie Dupont", "level": 1, "positions": [], "phone": "+33612345678",
                  "firstName": "Marie", "lastName": "Dupont"}  # fmt: skip
        self._call("POST", f"transaction/{transaction}/signatory", json=person)
        self._list(f"{self._root}{FOLDER}/", "1")
        self._ask("GET", f"{self._marks}owner")
        self._ask("PUT", f"{self._marks}{name}.sent", content=_MARK, headers={"If-None-Match": "*"})
        if not self._nextcloud:
            self._ask("GET", f"{self._marks}{name}.sent")
        self._call("POST", f"transaction/{transaction}/send")
        self._ask("PUT", status, content=_STATUS, headers={"If-None-Match": "*"})
        if self._nextcloud:
            self._tag("PUT", self._ids[pdf], self._tags[0])

    def _deliver(self, name: str) -> None:
        pdf, status = f"{self._root}{FOLDER}/{name}.pdf", f"{self._root}{FOLDER}/{name}.signature.txt"
        transaction = self._transactions[name]
        self._call("GET", f"transaction/{transaction}")
        signed = self._call("GET", f"transaction/{transaction}/downloadFile/1").content
        base = self._ask("GET", pdf)
        if self._nextcloud:
            self._as_version(name, pdf, signed, base.headers["ETag"])
        else:
            original = f"{self._root}{FOLDER}/{name} (original).pdf"
            self._ask("MOVE", pdf, headers={"Destination": self._whole(original), "Overwrite": "F"})
            self._ask("GET", original)
            self._ask("PUT", pdf, content=signed, headers={"If-None-Match": "*"})
        self._ask("GET", pdf)
        file_id = self._ids.get(pdf, "")
        if self._nextcloud:
            versions = f"/remote.php/dav/versions/signatures/versions/{file_id}/"
            found = self._list(versions, "1").text.split("<d:href>")
            kept = min(part.split("</d:href>")[0] for part in found[2:])
            current = max(part.split("</d:href>")[0] for part in found[2:])
            self._ask("GET", kept)
            self._ask("PROPPATCH", kept, content=_LABELLED)
            self._ask("PROPPATCH", current, content=_LABELLED)
        told = self._ask("GET", status)
        if not self._nextcloud:
            self._list(status, "0")
        self._ask("PUT", status, content=_STATUS * 2, headers={"If-Match": told.headers["ETag"]})
        if self._nextcloud:
            self._tag("DELETE", file_id, self._tags[0])
            self._tag("PUT", file_id, self._tags[1])
        self._ask("PUT", f"{self._marks}{name}.done", content=_MARK, headers={"If-None-Match": "*"})

    def _as_version(self, name: str, pdf: str, signed: bytes, etag: str) -> None:
        upload = f"/remote.php/dav/uploads/signatures/bare-{name}"
        headers = {"Destination": self._whole(pdf), "OC-Total-Length": str(len(signed))}
        self._ask("MKCOL", upload, headers=headers)
        self._ask("PUT", f"{upload}/00001", content=signed, headers=headers)
        condition = {"If": f"<{self._whole(pdf)}> ([{etag}])"}
        self._ask("MOVE", f"{upload}/.file", headers={**headers, **condition})

    def _whole(self, path: str) -> str:
        return self._url.removesuffix(self._root) + path

    def _list(self, path: str, depth: str) -> httpx.Response:
        return self._ask("PROPFIND", path, content=_LISTED, headers={"Depth": depth})

    def _shares(self, path: str) -> None:
        self._ask(
            "GET", "/ocs/v2.php/apps/files_sharing/api/v1/shares",
            params={"path": path, "reshares": "true", "format": "json"}, headers={"OCS-APIRequest": "true"},
        )  # fmt: skip

    def _tag(self, method: str, file_id: str, tag: str) -> None:
        self._ask(method, f"/remote.php/dav/systemtags-relations/files/{file_id}/{tag}")

    def _ask(self, method: str, path: str, *, also: int = 0, **more: Any) -> httpx.Response:
        answer = self._dms.request(method, path, **more)
        return answer if answer.status_code == also else answer.raise_for_status()

    def _call(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self._platform.request(method, path, **more).raise_for_status()


def _draft(name: str) -> dict[str, object]:
    return {
        "object": name,
        "message": "",
        "mailSender": "Cabinet Exemple",
        "notification": "ALL",
        "locked": True,
        "invitationMode": "parallel",
        "signatureRequirementMode": "ALL",
        "isHandwrittenSignatureActive": False,
        "confidentiality": [],
    }


@contextmanager
def bare_burst(place: BurstPlace, at_once: int) -> Iterator[BareBurst]:
    """Make the script for one place, with as many connections as calls at once."""
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    headers = {
        "JSE-EDITOR-TOKEN-OFFICE": place.tokens.office,
        "JSE-EDITOR-TOKEN-USER": place.tokens.user or "",
    }
    with (
        httpx.Client(
            base_url=urljoin(place.dms, "/"),
            auth=("signatures", "sandbox"),
            limits=limits,
            timeout=60,
            trust_env=False,
        ) as dms,
        httpx.Client(
            base_url=f"{place.platform}editor/sandbox/",
            headers=headers,
            limits=limits,
            timeout=60,
            trust_env=False,
        ) as platform,
    ):
        yield BareBurst(place, dms, platform, at_once)
