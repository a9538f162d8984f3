"""Both sandbox servers from outside, with the names that ``tests.soak.letters.People`` knows them by."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from connector.sandbox.platform.model import SignatoryView, TransactionView


class RemoteDms:
    """One firm's part of a DMS in another process: everything below ``firm`` of its files.

    ``disk`` looks at the very files; whatever changes one goes through the server's own bookkeeping.
    """

    def __init__(self, url: str, directory: Path, firm: str) -> None:
        parts = urlsplit(url)
        self._client = httpx.Client(base_url=f"{parts.scheme}://{parts.netloc}", trust_env=False, timeout=90)
        self._files, self._firm = directory / "files", firm
        self.person = self

    def close(self) -> None:
        self._client.close()

    def _act(self, act: str, path: str, **more: str) -> dict[str, Any]:
        asked = {"act": act, "path": f"{self._firm}/{path}", **more}
        answer = self._client.post("/sandbox/person", json=asked)
        if answer.status_code == 400 and "FileNotFoundError" in answer.text:
            raise FileNotFoundError(path)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    def mkdir(self, path: str) -> None:
        self._act("mkdir", path)

    def write(self, path: str, data: bytes) -> None:
        self._act("write", path, base64=base64.b64encode(data).decode())

    def delete(self, path: str) -> None:
        self._act("delete", path)

    def move(self, path: str, to: str) -> None:
        self._act("move", path, to=f"{self._firm}/{to}")

    def move_to(self, path: str, firm: str, to: str) -> None:
        """Move to another firm's folder."""
        self._act("move", path, to=f"{firm}/{to}")

    def copy_to(self, path: str, firm: str, to: str) -> None:
        """Copy to another firm's folder."""
        self._act("copy", path, to=f"{firm}/{to}")

    def disk(self, path: str) -> Path:
        return self._files / self._firm / path

    def versions_of(self, path: str) -> list[tuple[int, str, bytes]]:
        return [
            (int(one["id"]), one["label"], base64.b64decode(one["base64"]))
            for one in self._act("look", path)["versions"]
        ]


class RemotePlatform:
    """The platform in another process, as one firm sees it: what its office made. ``office`` "": everything."""

    def __init__(self, url: str, office: str = "") -> None:
        self._client, self._office = httpx.Client(base_url=url, trust_env=False, timeout=90), office

    def close(self) -> None:
        self._client.close()

    def transactions(self) -> list[TransactionView]:
        """Every transaction of the office, oldest first."""
        told = self._client.get("/sandbox/state").raise_for_status().json()["transactions"]
        return [_view(one) for one in told if self._office in ("", one["mail_sender"])]

    def person_signs(self, transaction: str, email: str) -> None:
        self._order("sign", transaction=transaction, email=email)

    def person_refuses(self, transaction: str, email: str, reason: str) -> None:
        self._order("refuse", transaction=transaction, email=email, reason=reason)

    def _order(self, name: str, **said: str) -> None:
        answer = self._client.post(f"/sandbox/{name}", json=said)
        assert answer.status_code == 200, answer.text


def _view(told: dict[str, Any]) -> TransactionView:
    people = tuple(SignatoryView(**one) for one in told["signatories"])
    return TransactionView(**{**told, "signatories": people})


def requests(log: Path) -> Iterable[dict[str, Any]]:
    """Every request that a server counted so far."""
    if not log.exists():
        return
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):
                yield json.loads(line)


_READS = frozenset({"GET", "HEAD", "PROPFIND", "REPORT", "SEARCH", "OPTIONS"})


def writes(holds: Path) -> Iterable[tuple[float, str, str]]:
    """Every request that came to a server and could change something there: when, from which address, what."""
    for one in requests(holds / "asked"):
        if one["what"].split()[0] not in _READS:
            yield one["at"], one["peer"], one["what"]


def deliveries(log: Path) -> Counter[str]:
    """How often each PDF was written whole by a connector at one DMS: path → successful writes.

    A MOVE out of the uploads (Nextcloud), or a PUT of a PDF (elsewhere, and beside).
    """
    found: Counter[str] = Counter()
    for one in requests(log):
        if not 200 <= one["status"] < 300:
            continue
        path = one["path"]
        if one["method"] == "MOVE" and "/uploads/" in path:
            path = urlsplit(one["headers"].get("destination", "")).path
        elif one["method"] != "PUT" or "/uploads/" in path:
            continue
        if path.endswith(".pdf"):
            found[path] += 1
    return found
