"""Every key of the administrator's file: form, default, meaning, from its schema and the schema's words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from connector.config.refusals import NOT_ACTED_ON
from connector.config.schema import config_schema
from tests.reference.markdown import code, generated, listed, table
from tests.reference.optional import metrics_link

Schema = dict[str, Any]


class Option(NamedTuple):
    """One key as the file holds it; ``path`` is dotted, NAME stands for a name of the administrator's choice."""

    path: str
    form: str
    default: str
    told: str

    @property
    def room(self) -> str:
        """The first key of its path."""
        return self.path.split(".", 1)[0]


def options(node: Schema | None = None, prefix: str = "", depth: str = "") -> Iterator[Option]:
    """Every key, parents before their children, in the order of the schema."""
    node = config_schema() if node is None else node
    choices = {tuple(sorted(one["required"])) for one in node.get("oneOf", ())}
    for key, value in node.get("properties", {}).items():
        path, pattern = f"{prefix}{key}", f"{depth}{key}"
        needed = key in node.get("required", ()) or (key,) in choices
        yield Option(path, form(value), _default(value, pattern, needed), str(value["description"]))
        yield from options(value, f"{path}.", f"{pattern}.")
        named = value.get("additionalProperties")
        if isinstance(named, dict):
            yield from options(named, f"{path}.NAME.", f"{pattern}.*.")


def form(node: Schema) -> str:
    """What may be written there, in a few words."""
    if "enum" in node:
        values = list(node["enum"])
        return (
            "`true` or `false`"
            if True in values and "true" in values
            else listed(dict.fromkeys(map(str, values)))
        )
    if "anyOf" in node:
        return _either(node["anyOf"])
    kinds = node.get("type")
    if kinds == ["object", "boolean"]:
        return "keys, see below; or `false`"
    if kinds == "object":
        return _mapping(node)
    if kinds == "array":
        return f"a list: {form(node['items'])}"
    return _text(node)


def _either(choices: list[Schema]) -> str:
    first, second = choices
    if first.get("type") == "integer":
        return f"a whole number, {first['minimum']} to {first['maximum']}"
    if second.get("type") == "array":
        return f"{form(first)}; or a list of such"
    return f"{form(first)}, or {form(second)}"


def _mapping(node: Schema) -> str:
    if set(node.get("properties", ())) == {"credential", "file", "env"}:
        return "`{credential: NAME}`, `{file: /path}` or `{env: NAME}`"
    if isinstance(node.get("additionalProperties"), dict):
        return "names of your choice, each with keys"
    return "keys, see below" if "properties" in node else "a mapping, see [platform.md](../platform.md)"


_PATTERNS = {
    "d|h|min|s|ms": "a duration: `30s`, `2min`, `4h`, `3d`",
    " ?d$": "whole days: `3d`",
    "[0-5][0-9]-[0-2]": '`"20:00-08:00"`',
    "[0-2][0-9]:": 'a time, in quotes: `"08:00"`',
    "^/": "a path that begins with `/`",
    "^https?://": "an address: `https://…`",
    "@": "an e-mail address",
    "^smtp": "`smtp://HOST:PORT`, `smtps://…`, `smtp+starttls://…`",
    "^sqlite://": "`sqlite:///PATH`",
}


def _text(node: Schema) -> str:
    pattern = str(node.get("pattern", ""))
    told = next((told for mark, told in _PATTERNS.items() if mark in pattern), "a text")
    longest = node.get("maxLength")
    return f"{told} of at most {longest} characters" if longest else told


def _default(node: Schema, pattern: str, needed: bool) -> str:
    if "default" in node:
        value = node["default"]
        return listed(map(str, value)) if isinstance(value, list | tuple) else code(str(value))
    if needed:
        return "**needed**"
    if form(node) == "`true` or `false`":
        return "`false`"
    return "as in `policy`" if pattern.startswith("folders.*.policy.") else "–"


def is_reference_part(path: str) -> bool:
    """True for the three ways to name a secret: told once, and not under each key."""
    return path.rsplit(".", 1)[-1] in {"credential", "file", "env"}


def page() -> str:
    """The whole page."""
    every = [one for one in options() if not is_reference_part(one.path)]
    rooms = {
        room: [one for one in every if one.room == room] for room in dict.fromkeys(o.room for o in every)
    }
    alone = [rows[0] for rows in rooms.values() if len(rows) == 1]
    parts = [_HEAD, _table("The whole", alone)]
    parts += [_table(room, rows) for room, rows in rooms.items() if len(rows) > 1]
    later = [
        (code(row.path.replace("*", "NAME")), row.why)
        for row in NOT_ACTED_ON
        if not any(one.path == row.path.replace("*", "NAME") for one in every)
    ]
    if later:
        parts += ["\n## Known, and refused by name in this version\n", table(("key", "because"), later)]
    return "\n".join([*parts, metrics_link(), _FOOT])


def later() -> str:
    """What the file may hold one day and this version refuses by name, on the README."""
    lines = [f"- {code(row.path.replace('*', 'NAME'))}: {row.why}" for row in NOT_ACTED_ON]
    return "\n".join(lines or ["- nothing"]) + "\n"


def _table(title: str, rows: list[Option]) -> str:
    return f"\n## {title}\n\n" + table(
        ("key", "what may stand there", "default", "meaning"),
        ((code(one.path), one.form, one.default, one.told) for one in rows),
    )


_FOOT = """
## Secrets

A secret is named, never written: `{credential: NAME}` is a file of systemd's `LoadCredential=`, `{file: /path}` a
file that only the service can read, `{env: NAME}` a variable of the environment. Exactly one of the three. The same
may stand for `user` and `shortcut`, which are no secrets.
"""
_HEAD = f"""# Every key of the configuration

{generated()}
The file is `/etc/jse-connector/config.yaml`, or what `--config` or `$JSE_CONFIG` says. Unknown keys are refused
with the nearest known one; `jse-connector check-config` tells everything that is wrong at once, and `jse-connector
schema config` prints the same as a JSON Schema for editors. [config.example.yaml](../../config.example.yaml) shows
all of it in one file. Where `NAME` stands in a key, a name of your choice does: letters, digits, `_`, `.`, `-`, up
to 40 characters. Every value is read as a text first: `no`, `12:30` and `0612` stay what they are.
"""
