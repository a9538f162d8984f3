"""From one configuration to the next: what differs, and what the running service keeps until its next start."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connector.config import Config, load_config
from connector.config.changes import AT_START, carried_over, changes, removed
from connector.config.flat import flat
from connector.config.secrets import references

EXAMPLE = (Path(__file__).parents[2] / "config.example.yaml").read_text("utf-8")
FILE = """\
config_version: 1
servers: {a.b: {url: "https://a.example/", user: u, password: {env: P}}}
platform: {url: "https://sign.example/", shortcut: x, secret: {env: S}}
accounts: {lyon: {sender: Cabinet, owner: o@lyon.example}}
folders: {letters: {server: a.b, path: /Lettres/, account: lyon}, dot.ted: {server: a.b, path: /D/, account: lyon}}
"""


def changed(old: str, new: str) -> Config:
    assert old in FILE
    return load_config(FILE.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "path", "before", "after"),
    [
        ("path: /D/", "path: /E/", "folders.dot.ted.path", "/D/", "/E/"),
        ("account: lyon}}", "account: lyon, send: live}}", "folders.dot.ted.send", "preview", "live"),
        ("config_version: 1", "config_version: 1\npolicy: {reminders: {first_after: 3d, every: 4d, at_most: 2}}",
         "policy.reminders", "none", "first after 3d, every 4d, at most 2"),
        ("config_version: 1", "config_version: 1\nkeep_personal_data: 36h", "keep_personal_data", "none", "36h"),
        ("config_version: 1", "config_version: 1\npolling: {folders: 500ms}", "polling.folders", "none", "500ms"),
        ("config_version: 1", 'config_version: 1\nping: {url: "https://p.example/1"}', "ping", "none", "set"),
        ("config_version: 1", 'config_version: 1\npolicy: {quiet_hours: "20:00-08:00"}', "policy.quiet_hours",
         "none", "20:00-08:00"),
        ("/D/, account: lyon}", "/D/, account: lyon}, new: {server: a.b, path: /N/, account: lyon}", "folders.new",
         None, ""),
        (", dot.ted: {server: a.b, path: /D/, account: lyon}", "", "folders.dot.ted", "", None),
    ],
)  # fmt: skip
def test_each_difference_is_one_change(
    old: str, new: str, path: str, before: str | None, after: str | None
) -> None:
    """A value with both its texts, a part that comes or goes as a whole; names may hold dots."""
    (change,) = changes(flat(load_config(FILE)), flat(changed(old, new)))
    assert (change.dotted, change.before, change.after) == (path, before, after)


def test_what_is_kept_survives_a_file_and_holds_no_secret() -> None:
    """Flat texts, the same after JSON; where a secret is kept stands there, nothing else of it."""
    config = load_config(EXAMPLE)
    kept = flat(config)
    assert json.loads(json.dumps(kept)) == kept
    assert changes(kept, kept) == []
    for path, reference in references(config):
        head, _, tail = path.partition(".")
        assert str(reference) in {
            kept[key] for key in kept if key.startswith(head) and key.endswith(tail[-4:])
        }


def test_values_of_another_version_are_no_change() -> None:
    """A service of yesterday does not know today's keys."""
    now = flat(load_config(FILE))
    then = {path: value for path, value in now.items() if not path.startswith("policy/weekends")}
    assert changes(then, now) == []
    assert changes({**now, "policy/moon": "full"}, now) == []


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("password: {env: P}", "password: {file: /p}", "servers.a.b.password"),
        ("user: u", "user: {env: U}", "servers.a.b.user"),
        ("secret: {env: S}", "secret: {credential: s}", "platform.secret"),
        ("config_version: 1", "config_version: 1\nseal: {env: SEAL}", "seal"),
        ("config_version: 1", "config_version: 1\nconnector: other", "connector"),
        ("config_version: 1", 'config_version: 1\njournal: {url: "sqlite:////x"}', "journal.url"),
    ],
)
def test_some_values_wait_for_a_start(old: str, new: str, path: str) -> None:
    """The service goes on with the former, takes all else, and they are told by name."""
    running = load_config(FILE)
    wanted = load_config(FILE.replace(old, new).replace("path: /Lettres/", "path: /Courrier/"))
    effective, waiting = carried_over(running, wanted)
    assert [change.dotted for change in waiting] == [path]
    assert [change.dotted for change in changes(flat(running), flat(effective))] == ["folders.letters.path"]
    assert [change.dotted for change in changes(flat(effective), flat(wanted))] == [path]


def test_a_plain_login_is_taken_over_at_once() -> None:
    """It is no secret, and is given to nobody at a start."""
    (change,) = changes(flat(load_config(FILE)), flat(changed("user: u", "user: v")))
    assert change.waits == ""


def test_each_row_of_those_that_wait_is_met() -> None:
    """No pattern without a key of the file."""
    import re

    paths = set(flat(load_config(EXAMPLE)))
    for pattern, why in AT_START:
        assert why
        assert any(re.fullmatch(pattern, path) for path in paths), pattern


def test_a_new_part_brings_its_own_secrets() -> None:
    """They are asked for when it is taken over."""
    new = "servers: {new: {url: 'https://n.example/', user: u, password: {env: N}}, a.b"
    effective, waiting = carried_over(load_config(FILE), changed("servers: {a.b", new))
    assert waiting == ()
    assert "new" in effective.servers


def test_what_is_removed_is_named() -> None:
    """By kind."""
    before, after = (
        flat(load_config(FILE)),
        flat(changed(", dot.ted: {server: a.b, path: /D/, account: lyon}", "")),
    )
    assert removed(before, after, "folders") == ["dot.ted"]
    assert removed(before, after, "servers") == []
