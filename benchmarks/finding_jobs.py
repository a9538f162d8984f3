"""``python -m benchmarks.finding_jobs JOB URL [CONNECTIONS]``: one way of finding what lies on a server, and its cost.

Prints one line of JSON: seconds, megabytes that the peak rose by, entries found. In a process of its own each time.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.parsers import expat

import psutil

_BODY = (
    '<?xml version="1.0" encoding="utf-8"?><d:propfind xmlns:d="DAV:"><d:prop><d:resourcetype/><d:getetag/>'
    "<d:getcontentlength/><d:getlastmodified/></d:prop></d:propfind>"
)


def ours(url: str, connections: int) -> Callable[[], int]:
    """The service's own look at a watched folder."""
    from connector.config.model import Ceiling
    from connector.ports import Href
    from connector.steps.discover import Settling, Watch
    from connector.steps.parts import FolderSettings
    from connector.webdav import WebDavFolder

    root = Href("/")
    settings = FolderSettings(
        name="all",
        server="dms",
        root=root,
        registry=Href("/.signature/"),
        accounts=("a",),
        ceiling=Ceiling.PREVIEW,
    )
    folder = WebDavFolder("dms", url, "signatures", "sandbox", max_connections=connections)
    watch = Watch(Settling(grain=timedelta(seconds=1)))

    def look() -> int:
        sight = watch.look(settings, folder, datetime.now(UTC), ())
        return sum(1 for _ in sight.sidecars())

    return look


def bare(url: str, _connections: int) -> Callable[[], int]:
    """One streamed request, its XML read by the bare parser: every href kept that asks for a signature."""
    import requests

    session = requests.Session()

    def look() -> int:
        found: list[str] = []
        text: list[str] = []
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        inside = False

        def start(name: str, _: Any) -> None:
            nonlocal inside
            inside = name == "DAV: href"
            text.clear()

        def end(name: str) -> None:
            if name == "DAV: href":
                href = unquote("".join(text))
                if ".sign." in href:
                    found.append(href)

        def characters(data: str) -> None:
            if inside:
                text.append(data)

        parser.StartElementHandler, parser.EndElementHandler = start, end
        parser.CharacterDataHandler = characters
        headers = {"Depth": "infinity", "Content-Type": "application/xml"}
        with session.request("PROPFIND", url, headers=headers, data=_BODY, stream=True) as answer:
            for block in answer.iter_content(65_536):
                parser.Parse(block, False)
        parser.Parse(b"", True)
        return len(found)

    return look


def whole(url: str, _connections: int) -> Callable[[], int]:
    """The same, and every value of every entry read and kept as a plain tuple."""
    import requests

    session = requests.Session()

    def look() -> int:
        kept: dict[str, tuple[str, ...]] = {}
        text: list[str] = []
        values: list[str] = []
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True

        def end(name: str) -> None:
            if name == "DAV: response":
                kept[values[0]] = tuple(values)
                values.clear()
            elif name == "DAV: href":
                values.append(unquote("".join(text).strip()))
            elif name.startswith("DAV: get"):
                values.append("".join(text).strip())
            text.clear()

        parser.EndElementHandler, parser.CharacterDataHandler = end, text.append
        headers = {"Depth": "infinity", "Content-Type": "application/xml"}
        with session.request("PROPFIND", url, headers=headers, data=_BODY, stream=True) as answer:
            for block in answer.iter_content(65_536):
                parser.Parse(block, False)
        parser.Parse(b"", True)
        return sum(1 for href in kept if ".sign." in href)

    return look


def library(url: str, _connections: int) -> Callable[[], int]:
    """webdavclient3's own list of everything below, in one request and a check."""
    from webdav3.client import Client

    client = Client({"webdav_hostname": url, "webdav_login": "signatures", "webdav_password": "sandbox"})

    def look() -> int:
        found = client.list("/", get_info=True, recursive=True)
        return sum(1 for one in found if ".sign." in str(one["path"]))

    return look


def library_walk(url: str, _connections: int) -> Callable[[], int]:
    """webdavclient3's own list, folder by folder, without its checks."""
    from webdav3.client import Client

    client = Client(
        {
            "webdav_hostname": url,
            "webdav_login": "signatures",
            "webdav_password": "sandbox",
            "webdav_disable_check": True,
        }
    )

    def look() -> int:
        waiting, asked, found = ["/"], {"/"}, 0
        while waiting:
            for one in client.list(waiting.pop(), get_info=True):
                path = str(one["path"])
                found += ".sign." in path
                # A folder with a # in its path lists itself as its own child.
                if one["isdir"] and path not in asked and path.count("/") < 7:
                    asked.add(path)
                    waiting.append(path)
        return found

    return look


JOBS = {"ours": ours, "bare": bare, "whole": whole, "library": library, "library-walk": library_walk}


def _peak() -> int:
    """Bytes of memory at the worst moment of this program; getrusage would tell of whoever started it, too."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(job: str, url: str, connections: int = 8) -> None:
    """Do one job and tell what it cost."""
    look = JOBS[job](url, connections)
    before = psutil.Process().memory_info().rss
    began, worked = time.perf_counter(), time.process_time()
    found = look()
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    peak = _peak()
    print(
        json.dumps(
            {"seconds": seconds, "cpu": worked, "megabytes": max(0, peak - before) / 1e6, "found": found}
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
