"""A running service is given other parts: what is kept, what is made anew, when the former are closed."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

from connector.changing import Setup, forget
from connector.cli.rewiring import rewired
from connector.cli.wiring import Seams, State, wired
from connector.config import Config, load_config
from connector.daemon import Daemon
from connector.errors import ConfigurationError
from connector.passes import Outcome
from connector.ports import Href
from connector.steps.parts import Parts
from tests.worlds import workers

FILE = """\
config_version: 1
servers:
  one: {url: "http://127.0.0.1:9/one/", user: u, password: {env: JSE_TEST_P}}
  two: {url: "http://127.0.0.1:9/two/", user: u, password: {env: JSE_TEST_P}}
platform: {url: "http://127.0.0.1:9/", shortcut: x, secret: {env: JSE_TEST_S}}
accounts:
  lyon: {sender: Cabinet, owner: o@lyon.example}
  annecy: {sender: Cabinet, owner: o@annecy.example}
folders:
  a: {server: one, path: /A/, account: lyon}
  b: {server: two, path: /B/, account: annecy}
polling: {folders: 100ms, platform: 100ms}
"""


@dataclass
class Ground:
    parts: Parts
    config: Config
    state: State
    kept: ExitStack
    line: Line

    def to(self, old: str, new: str, *more: tuple[str, str]) -> Setup:
        text = FILE
        for before, after in ((old, new), *more):
            assert before in text
            text = text.replace(before, after)
        return rewired(self.parts, self.config, load_config(text), self.state, seams(self.line), self.kept)


@pytest.fixture
def ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    monkeypatch.setenv("JSE_TEST_P", "p")
    monkeypatch.setenv("JSE_TEST_S", "s")
    config, state = load_config(FILE), State(directory=tmp_path)
    state.make()
    line = Line()
    with wired(config, state, seams=seams(line)) as parts, ExitStack() as kept:
        yield Ground(parts, config, state, kept, line)


def seams(line: Line) -> Seams:
    """The real parts, but for the line itself."""
    return Seams(pool=workers(), adapter=lambda _inner: line)


def same(before: Parts, after: Parts) -> dict[str, bool]:
    """Which clients are the very same objects."""
    return {
        **{name: after.folders.get(name) is client for name, client in before.folders.items()},
        **{name: after.services.get(name) is client for name, client in before.services.items()},
    }


@pytest.mark.parametrize(
    ("old", "new", "anew", "kept"),
    [
        ("path: /A/", "path: /C/", {"one"}, {"one", "two", "lyon", "annecy"}),
        ("/A/, account: lyon}", "/A/, account: lyon, send: live}", {"one"}, {"one", "two", "lyon", "annecy"}),
        ("9/one/", "9/uno/", {"one"}, {"two", "lyon", "annecy"}),
        ("polling: {", "polling: {max_calls_per_minute: 5, ", set(), {"one", "two"}),
        ("127.0.0.1:9/\"", "127.0.0.1:10/\"", set(), {"one", "two"}),
        ("config_version: 1", "config_version: 1\nlanguage: en", {"one", "two"}, {"one", "two", "lyon", "annecy"}),
        ("sender: Cabinet, owner: o@lyon", "sender: Autre, owner: o@lyon", set(), {"one", "two", "lyon", "annecy"}),
    ],
)  # fmt: skip
def test_only_what_changed_is_made_anew(
    ground: Ground, old: str, new: str, anew: set[str], kept: set[str]
) -> None:
    """Clients with their connections stay; a server is looked at as after a start where its folders are others."""
    setup = ground.to(old, new)
    found = same(ground.parts, setup.parts)
    assert {name for name, is_same in found.items() if is_same} == kept
    assert setup.anew == anew
    logins = sum(setup.parts.logins.get(name) is not login for name, login in ground.parts.logins.items())
    assert logins == (2 if {"lyon", "annecy"} - kept or "sender" in old else 0)
    assert len(setup.retired) == 4 - len(kept) + logins
    assert setup.parts.started_at == ground.parts.started_at
    assert setup.parts.journal is ground.parts.journal
    assert setup.parts.senders is ground.parts.senders
    assert setup.parts.stop is ground.parts.stop


def test_what_the_configuration_decides_is_decided_anew(ground: Ground) -> None:
    """Whom what happens is told to, when nothing leaves, what is kept, and whose clocks and requests are looked at."""
    assert (ground.parts.relay, ground.parts.ping, ground.parts.keep_personal_data) == (None, None, None)
    more = """config_version: 1
mail: {relay: "smtps://r.example", from: a@b.fr, admin: chef@b.fr}
ping: {url: "https://ping.example/x"}
hooks: {chat: {url: "https://chat.example/x"}}
policy: {quiet_hours: "20:00-08:00"}
keep_personal_data: 400d"""
    server = "servers:\n  three: {url: 'http://127.0.0.1:9/3/', user: u, password: {env: JSE_TEST_P}}"
    parts = ground.to("config_version: 1", more, ("servers:", server)).parts
    assert (parts.telling.admin, set(parts.telling.hooks)) == ("chef@b.fr", {"chat"})
    assert parts.relay is not None
    assert parts.ping is not None
    assert all(folder.quiet is not None for folder in parts.watched.values())
    assert parts.keep_personal_data == timedelta(days=400)
    assert set(parts.made) == {"one", "two", "three"}
    assert set(parts.clocks) == {"server:one", "server:two", "server:three", "account:lyon", "account:annecy"}


def test_a_secret_that_is_not_there_makes_nothing(ground: Ground) -> None:
    """All or nothing: what runs is always one version of the file."""
    new = "servers:\n  three: {url: 'http://127.0.0.1:9/3/', user: u, password: {env: JSE_TEST_NONE}}"
    with pytest.raises(ConfigurationError) as failed:
        ground.to("servers:", new)
    assert [one.path for one in failed.value.problems] == ["servers.three.password"]
    mail = "mail: {relay: 'smtps://r.example', from: a@b.fr, admin: a@b.fr, user: u, password: {env: JSE_TEST_NONE}}"
    for more in (
        "ping: {url: {env: JSE_TEST_NONE}}",
        "hooks: {chat: {url: {env: JSE_TEST_NONE}}}",
        mail,
    ):
        with pytest.raises(ConfigurationError, match="JSE_TEST_NONE"):
            ground.to("config_version: 1", f"config_version: 1\n{more}")


def test_what_was_found_out_of_a_server_is_forgotten(ground: Ground) -> None:
    """Of it alone."""
    parts = ground.parts
    parts.refused.update({("one", "/A/"): None, ("two", "/B/"): None})
    parts.taken_in |= {("one", Href("/A/")), ("two", Href("/B/"))}
    parts.rights_of.update({"a": 1, "b": 2})
    parts.vanished.update({"one": frozenset({1}), "two": frozenset({2})})
    forget(parts, "one")
    assert parts.refused == {("two", "/B/"): None}
    assert parts.taken_in == {("two", Href("/B/"))}
    assert parts.rights_of == {"b": 2}
    assert parts.vanished == {"two": frozenset({2})}


class Line(BaseAdapter):
    """The line to all servers: what was asked, and of whom no answer comes until it is let through. Then: no route."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.at_once: Counter[str] = Counter()
        self.most_at_once = 0
        self.silent: dict[str, threading.Event] = {}

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        """Note which server is asked, answer nothing."""
        name = str(request.url).split("/")[3]
        self.asked.append(name)
        self.at_once[name] += 1
        self.most_at_once = max(self.most_at_once, self.at_once[name])
        try:
            if name in self.silent:
                self.silent[name].wait(20)
        finally:
            self.at_once[name] -= 1
        raise requests.ConnectionError("no route")

    def close(self) -> None:
        """Nothing."""


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_nothing_in_flight_is_cut_and_nobody_waits_for_it(ground: Ground) -> None:
    """A pass that hangs ends with the client that it began with; all others have the new parts meanwhile. A server that
    leaves and comes back while a pass of it hangs is never worked on twice at once."""
    line = ground.line
    line.silent["one"] = threading.Event()
    daemon = Daemon(ground.parts, ground.config)
    daemon._start()
    try:
        until(lambda: "one" in line.asked and "two" in line.asked)
        closed: list[str] = []
        moved = ground.to("9/one/", "9/uno/")
        daemon.take_over(replace(moved, retired=[lambda: closed.append("one")]))
        two = line.asked.count("two")
        until(lambda: line.asked.count("two") > two + 1)
        daemon._close_retired()
        assert (closed, line.asked.count("uno")) == ([], 0)

        daemon.take_over(
            ground.to("  one: {", "  other: {", ("server: one", "server: other"), ("9/one/", "9/other/"))
        )
        until(lambda: "other" in line.asked)
        daemon.take_over(moved)
        other, two = line.asked.count("other"), line.asked.count("two")
        until(lambda: line.asked.count("two") > two + 1)
        assert line.asked.count("uno") == 0
        assert line.asked.count("other") - other <= 1  # one that was under way
        line.silent["one"].set()
        until(lambda: "uno" in line.asked)
        assert line.most_at_once == 1
        until(lambda: daemon._close_retired() or closed)
    finally:
        line.silent["one"].set()
        daemon.stop()
        daemon._told_to_end = True
        assert daemon._finish()


def test_a_defect_of_reading_ends_nothing(ground: Ground, caplog: pytest.LogCaptureFixture) -> None:
    """The service goes on with what it has; it is told to the log."""

    class Broken:
        trouble, asked, directories = "", False, ()

        def wake(self) -> None:
            """Nothing."""

        def look(self) -> None:
            raise ValueError("a defect")

    daemon = Daemon(ground.parts, ground.config, reloader=Broken())
    daemon._reload()
    assert "the configuration was not read" in caplog.text


def test_a_pass_that_outlives_its_server_is_no_defect(ground: Ground) -> None:
    """What the last pass of a server that was taken out came to is a result like any other, and nobody's matter: a side
    that is looked at no more would be told of as blind for ever."""
    daemon = Daemon(ground.parts, ground.config)
    daemon.take_over(
        ground.to("  one: {", "  other: {", ("server: one", "server: other"), ("9/one/", "9/other/"))
    )
    result = daemon._result("server:one", Outcome(complete=True), yielded=False)
    assert not result.failed
    for former in ("server:one", "account:lyon"):
        daemon._told(ground.parts, former, time.monotonic(), Outcome(complete=True))
    sides = {"server:other", "server:two", "account:lyon", "account:annecy", "telling"}
    assert set(daemon.vitals.look().sides) == sides


def test_all_goes_well_is_said_of_those_that_are_in_the_configuration(ground: Ground) -> None:
    """An account that was taken out neither silences the sign of life for ever, nor stands for one that is new."""
    pinged: list[bool] = []

    class Watch:
        def ping(self) -> bool:
            pinged.append(True)
            return True

    def tell_of(*sides: str) -> int:
        for side in sides:
            daemon._told(ground.parts, side, time.monotonic(), Outcome(complete=True))
        daemon._tell(time.monotonic() + 10)
        return len(pinged)

    daemon = Daemon(replace(ground.parts, ping=Watch()), ground.config)  # type: ignore[arg-type]
    old = ("server:one", "server:two", "account:lyon", "account:annecy")
    assert tell_of(*old[:3]) == 0
    assert tell_of(old[3]) == 1
    # One account goes, another comes, whose pass has not been made yet.
    assert tell_of(*old) == 2
    daemon._told(ground.parts, "account:annecy", time.monotonic(), Outcome(complete=True))
    setup = ground.to("  annecy: {", "  nice: {", ("account: annecy}", "account: nice}"))
    daemon.take_over(replace(setup, parts=replace(setup.parts, ping=Watch())))  # type: ignore[arg-type]
    assert tell_of(*old[:3]) == 2
    assert tell_of("account:nice") == 3
