"""Public links as Nextcloud's API of shares tells them, or does not: its own answers, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connector.errors import InvalidResponse, Unavailable
from connector.ports import Href
from connector.sandbox.clock import SandboxClock
from connector.sandbox.dms import DmsWorld, serve_dms
from connector.sandbox.dms.folder import CREATE, EVERYTHING, READ, RESHARE, UPDATE, Link
from connector.webdav import WebDavFolder
from tests.fakes.dav_server import Asked, RawServer, answer

NEXTCLOUD = "remote.php/dav/files/al%20ice/"


def told(*shares: dict[str, Any]) -> bytes:
    return answer("200 OK", json.dumps({"ocs": {"meta": {}, "data": list(shares)}}).encode())


def share(kind: object = 3, permissions: object = 15, **more: object) -> dict[str, Any]:
    return {"share_type": kind, "permissions": permissions, **more}


def asked(reply: bytes, below: str = "") -> tuple[WebDavFolder, list[Asked], RawServer]:
    server = RawServer(lambda _: reply)
    server.__enter__()
    return WebDavFolder("dms", server.url + NEXTCLOUD + below, "al ice", "p"), server.asked, server


@pytest.mark.parametrize(
    ("one", "open_to_strangers"),
    [
        (share(3, 1), False),
        (share(3, 17), False),
        (share(3, 4), True),
        (share(4, 3), True),
        (share(6, 31), True),
        (share(9, 31), True),
        (share(15, 31), True),
        (share(0, 31), False),
        (share(1, 31), False),
        (share(10, 31), False),
        (share("3", "15"), True),
    ],
)
def test_who_can_write_through_a_share(one: dict[str, Any], open_to_strangers: bool) -> None:
    """Links, by e-mail too, and other clouds, with any right to write; never a user, a group, or a right to read."""
    folder, _, server = asked(told(share(0, 31), {**one, "via_path": "/Clients"}))
    with server, folder:
        assert folder.open_itself(Href("/Clients/a.sign.yaml")) is open_to_strangers
        assert folder.open_above(Href("/Clients/a.sign.yaml")) == (
            ("/Clients/",) if open_to_strangers else ()
        )
    folder, _, server = asked(told(share(0, 31), {**one, "path": "/Clients/a.sign.yaml"}))
    with server, folder:
        assert folder.open_inside(Href("/Clients/")) == (
            ("/Clients/a.sign.yaml",) if open_to_strangers else ()
        )


def test_where_it_is_asked() -> None:
    """Below the login's own files, though the server's url begins deeper; every byte of the path escaped."""
    folder, seen, server = asked(told(share(via_path="/Cabinet/é & +")), below="Cabinet/")
    with server, folder:
        assert folder.open_above(Href("/é & +/a #1.sign.yaml")) == ("/é & +/",)
        assert folder.open_itself(Href("/é & +/")) is True
        folder.open_inside(Href("/é & +/"))
    shares = "/ocs/v2.php/apps/files_sharing/api/v1/shares"
    path = "path=%2FCabinet%2F%C3%A9%20%26%20%2B"
    assert [one.path for one in seen] == [
        f"{shares}/inherited?format=json&{path}%2Fa%20%231.sign.yaml",
        f"{shares}?format=json&reshares=true&{path}",
        f"{shares}?format=json&reshares=true&subfiles=true&{path}",
    ]
    assert all(one.headers["ocs-apirequest"] == "true" for one in seen)


@pytest.mark.parametrize("status", ["403 Forbidden", "500 Internal Server Error", "404 Not Found"])
def test_a_refusal_to_tell_is_told_as_that(status: str) -> None:
    """Never as "there is none"."""
    folder, _, server = asked(answer(status, b"{}"))
    with server, folder:
        assert folder.open_above(Href("/a.sign.yaml")) is None
        assert folder.open_inside(Href("/")) is None
        assert folder.open_itself(Href("/a.sign.yaml")) is None


@pytest.mark.parametrize(
    "reply",
    [
        answer("200 OK", b"<html>login</html>", "Content-Type: text/html"),
        answer("200 OK", b'{"ocs": {"data": {}}}'),
        answer("200 OK", b'{"ocs": {"data": [7]}}'),
        answer("200 OK", b'{"ocs": '),
        told({"share_type": 3}),
        told(share("public", 1)),
        answer("302 Found", b"", "Location: /login"),
    ],
)
def test_nonsense_is_no_answer(reply: bytes) -> None:
    folder, _, server = asked(reply)
    with server, folder:
        for ask in (folder.open_above, folder.open_inside, folder.open_itself):
            with pytest.raises(InvalidResponse):
                ask(Href("/a.sign.yaml"))


def test_a_busy_server_is_asked_again() -> None:
    folder, _, server = asked(answer("503 Busy"))
    with server, folder, pytest.raises(Unavailable):
        folder.open_above(Href("/a.sign.yaml"))


def test_other_servers_are_not_asked() -> None:
    with RawServer(lambda _: answer("500 Oh")) as server, WebDavFolder("dms", server.url, "u", "p") as folder:
        assert folder.open_above(Href("/a.sign.yaml")) is None
        assert folder.open_inside(Href("/")) is None
        assert folder.open_itself(Href("/a.sign.yaml")) is None
        assert server.asked == []


def test_the_sandbox_tells_what_nextcloud_tells(tmp_path: Path) -> None:
    """Others' links by the API alone, and to those who may share on; whose a file is, by the share it lies in."""
    world = DmsWorld(tmp_path / "files", tmp_path / "state", mode="nextcloud", clock=SandboxClock())
    with serve_dms(world) as running:
        world.person.mkdir("Clients/2026")
        world.person.write("Clients/2026/a.sign.yaml", b"x")
        world.shares["Clients"], world.owners["Clients"] = EVERYTHING, "alice"
        href = Href("/Clients/2026/a.sign.yaml")
        with WebDavFolder("dms", running.url, "signatures", "sandbox") as folder:
            assert folder.stat(href).owner == "alice"
            assert folder.stat(Href("/")).owner == "signatures"
            assert (folder.open_above(href), folder.open_itself(href)) == ((), False)
            world.links.extend(
                [
                    Link("", CREATE),
                    Link("Clients", READ | UPDATE),
                    Link("Clients/2026/a.sign.yaml", READ | UPDATE),
                ]
            )
            assert folder.open_above(href) == ("/Clients/",)
            assert folder.open_itself(href) is True
            assert folder.open_inside(Href("/Clients/2026/")) == (href,)
            assert (folder.open_inside(Href("/Clients/")), folder.open_inside(Href("/"))) == (
                (),
                ("/Clients",),
            )
            assert folder.open_itself(Href("/Clients/2026/")) is False
            assert folder.open_above(Href("/Clients/")) == ("/Clients/",), (
                "what lies above is told with what is seen"
            )
            world.shares["Clients"] = EVERYTHING & ~RESHARE
            assert folder.open_above(href) is None
            assert folder.open_inside(Href("/Clients/2026/")) == ()
            assert folder.open_itself(href) is False, "told as if there were none: nobody relies on it then"
