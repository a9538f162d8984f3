"""Many pairs dropped at once: where they lie, who signs them, and what both servers counted. No connector here."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from benchmarks.place import FOLDER, logged_in, served
from connector.config import load_config
from connector.jesignexpert.tokens import Tokens
from tests import documents
from tests.worlds import Mode

PERSON = "marie.dupont@cabinet.fr"
_AT_ONCE = 4


def sidecar(name: str) -> bytes:
    """What asks for the signature of one of them; no two are the same."""
    return f"objet: {name}\nsignataires: Marie Dupont <{PERSON}> 06 12 34 56 78\n".encode()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request as a server counted it."""

    server: str
    method: str
    path: str
    connection: int


@dataclass(frozen=True, kw_only=True)
class BurstPlace:
    """Both servers, each a process of its own, with a configuration and an account that is logged in."""

    directory: Path
    mode: Mode
    config: Path
    state: Path
    tokens: Tokens
    dms: str
    """Root of the files, with its slash."""
    platform: str

    def drop(self, count: int) -> list[str]:
        """Put so many pairs into the watched folder, each PDF another one; return their names."""
        names = [f"lettre-{number:03d}" for number in range(count)]
        contents = {f"{name}.pdf": documents.letter(2, text=name) for name in names}
        contents |= {f"{name}.sign.yaml": sidecar(name) for name in names}
        with self._person() as client:
            for name, content in contents.items():
                asked = {"path": f"{FOLDER}/{name}", "base64": base64.b64encode(content).decode()}
                client.post("/sandbox/person", json={"act": "write", **asked}).raise_for_status()
        return names

    def keep_distance(self, seconds: float) -> None:
        """Let every answer of both servers take so much longer: a round trip that loopback does not have."""
        if not seconds:
            return
        far = {"kind": "latency", "times": None, "seconds": seconds}
        with self._person() as client:
            client.post("/sandbox/misbehave", json=far).raise_for_status()
        with httpx.Client(base_url=self.platform, trust_env=False, timeout=60) as client:
            client.post("/sandbox/misbehave", json=far).raise_for_status()

    def sign_all(self) -> None:
        """Let the person sign everything that was sent."""
        with httpx.Client(base_url=self.platform, trust_env=False, timeout=60) as client:
            waiting = [
                one["id"] for one in client.get("/sandbox/state").json()["transactions"] if one["sends"] == 1
            ]

            def sign(transaction: str) -> None:
                asked = {"transaction": transaction, "email": PERSON}
                client.post("/sandbox/sign", json=asked).raise_for_status()

            with ThreadPoolExecutor(_AT_ONCE) as threads:
                list(threads.map(sign, waiting))

    def sends(self) -> list[int]:
        """How often each transaction was sent."""
        with httpx.Client(base_url=self.platform, trust_env=False, timeout=60) as client:
            return [one["sends"] for one in client.get("/sandbox/state").json()["transactions"]]

    def asked(self) -> list[Asked]:
        """Every request so far, at both servers; those of people are not counted there."""
        with self._person() as client:
            found = client.get("/sandbox/state").json()["requests"]
        counted = [
            Asked(server="dms", method=one["method"], path=one["path"], connection=one["connection"])
            for one in found
        ]
        log = self.directory / "platform" / "requests.jsonl"
        lines = map(json.loads, log.read_text("utf-8").splitlines()) if log.exists() else ()
        return counted + [
            Asked(server="platform", method=one["operation"], path=one["path"], connection=one["connection"])
            for one in lines
        ]

    def _person(self) -> httpx.Client:
        parts = urlsplit(self.dms)
        return httpx.Client(base_url=f"{parts.scheme}://{parts.netloc}", trust_env=False, timeout=60)


@contextmanager
def burst_place(directory: Path, mode: Mode, *, pairs: int) -> Iterator[BurstPlace]:
    """Start both servers for so many pairs."""
    directory.mkdir()
    with served(directory, mode, daily=pairs + 1) as (_, config, tokens):
        written = load_config(config)
        yield BurstPlace(
            directory=directory,
            mode=mode,
            config=config,
            state=logged_in(directory / "state", tokens),
            tokens=tokens,
            dms=written.servers["dms"].url,
            platform=written.platform.url,
        )
