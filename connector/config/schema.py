"""The administrator's file as JSON Schema 2020-12: the models of ``config.model``, as the file is *written*.

Durations are texts with a unit, numbers may stand in quotes, one text may stand for a list of one, names are keys, a
folder has ``account`` or ``accounts``, a secret is a reference. What this version does not act on is left out, so that
an editor refuses it as the reader does. What holds between two keys is judged by ``jse-connector check-config`` alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from pydantic import TypeAdapter

from connector.config.model import CONFIG_VERSION, Config
from connector.config.refusals import NOT_ACTED_ON, NotYet
from connector.config.schema_words import TOLD

Schema = dict[str, Any]

_TEXT: Final[Schema] = {"type": ["string", "number", "boolean"], "pattern": r"\S"}
"""Whatever an editor makes of it is a text to us."""
_YES: Final[Schema] = {"enum": [True, False, "true", "false"]}
_DURATION: Final[Schema] = {"type": "string", "pattern": "^[0-9]{1,6} ?(?:d|h|min|s|ms)$"}
_DAYS: Final[Schema] = {"type": "string", "pattern": "^[0-9]{0,5}[1-9][0-9]{0,5} ?d$"}
_HOURS: Final[Schema] = {"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$"}
_CLOCK: Final[Schema] = {"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$"}
_NAME: Final = "^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,38}[A-Za-z0-9])?$"
_REFERENCE: Final[Schema] = {
    "type": "object",
    "properties": {
        "credential": {
            "type": "string",
            "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$",
            "description": "Name of a systemd credential (LoadCredential=).",
        },
        "file": {"type": "string", "pattern": "^/", "description": "A file that only the service can read."},
        "env": {
            "type": "string",
            "pattern": "^[A-Za-z_][A-Za-z0-9_]*$",
            "description": "Name of an environment variable.",
        },
    },
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
}
_ADDRESS: Final = "^[^\\s@]+@[^\\s@]+\\.[^\\s@]+$"
_WEB: Final = "^https?://"
_FORMS: Final[Mapping[str, str]] = {
    "connector": "^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$",
    "servers.*.url": _WEB,
    "servers.*.proxy": _WEB,
    "servers.*.registry": "^/",
    "platform.url": _WEB,
    "platform.proxy": _WEB,
    "accounts.*.owner": _ADDRESS,
    "folders.*.path": "^/",
    "mail.relay": "^smtp(?:s|\\+starttls)?://",
    "mail.from": _ADDRESS,
    "mail.admin": _ADDRESS,
    "journal.url": "^(?:sqlite|postgresql\\+psycopg)://",
    "metrics": "^(?:localhost|127(?:\\.[0-9]{1,3}){3}|\\[::1\\]):[0-9]{1,5}$",
}
"""Texts of which an editor can see that they are wrong."""


def config_schema() -> Schema:
    """Return the schema of the whole file; where it includes others, what is needed may stand in those."""
    made = _whole()
    needed = [key for key in made["required"] if key != "config_version"]
    return {
        **_named_schema("config", "Configuration of jse-connector"),
        **made,
        "required": ["config_version"],
        "anyOf": [{"required": ["include"]}, {"required": needed}],
    }


def part_schema() -> Schema:
    """Return the schema of a file that the configuration includes: any of it, and no further includes."""
    made = _whole()
    properties = {key: value for key, value in made["properties"].items() if key != "include"}
    title = "Part of the configuration of jse-connector"
    return {**_named_schema("config-part", title), **made, "properties": properties, "required": []}


def _whole() -> Schema:
    raw = Config.model_json_schema()
    return _object(raw, "", raw["$defs"])


def _named_schema(kind: str, title: str) -> Schema:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:jse-connector:schema:{kind}",
        "title": title,
    }


def _adapted(node: Schema, path: str, models: Mapping[str, Schema]) -> Schema:
    """Return pydantic's schema of one value as the file is written."""
    if "anyOf" in node:
        (node,) = [{**node, **one} for one in node["anyOf"] if one.get("type") != "null"]
    if "$ref" in node:
        name = str(node["$ref"]).rsplit("/", 1)[-1]
        node = {**node, **models[name]}
    if node.get("title") == "SecretReference":
        return _REFERENCE
    if node.get("title") == "QuietHours":
        return _HOURS
    if node.get("title") == "Tags":
        return {**_object(node, path, models), "type": ["object", "boolean"], "not": {"const": True}}
    if "oneOf" in node:
        return {"anyOf": [_TEXT, _REFERENCE]}
    if node.get("type") == "object":
        return _object(node, path, models)
    if node.get("type") == "array":
        return _list(node, path, models)
    return _one(node, path)


def _one(node: Schema, path: str) -> Schema:
    """One text of the file."""
    if "enum" in node:
        row = _refusal(path)
        return {"enum": [value for value in node["enum"] if row is None or row.acted_on(value)]}
    if node.get("type") == "boolean":
        return _YES
    if node.get("type") == "integer":
        # Within a union pydantic keeps the names of its own.
        least, most = node.get("minimum", node.get("ge")), node.get("maximum", node.get("le"))
        return {
            "anyOf": [
                {"type": "integer", "minimum": least, "maximum": most},
                {"type": "string", "pattern": "^[0-9]{1,9}$"},
            ]
        }
    if node.get("format") == "duration":
        return _DURATION
    if node.get("format") == "whole days":
        return _DAYS
    if node.get("format") == "time":
        return _CLOCK
    if node.get("format") == "path":
        return {"type": "string", "pattern": "^/"}
    if path in _FORMS:
        return {"type": "string", "pattern": _FORMS[path]}
    limits = {key: node[key] for key in ("maxLength",) if key in node}
    return {**_TEXT, **limits}


def _list(node: Schema, path: str, models: Mapping[str, Schema]) -> Schema:
    """A list, or one text for a list of one."""
    one = _adapted(node.get("items", {}), path, models)
    least = node.get("minItems", node.get("minLength", 0))
    return {"anyOf": [one, {"type": "array", "items": one, **({"minItems": least} if least else {})}]}


def _object(node: Schema, path: str, models: Mapping[str, Schema]) -> Schema:
    if "properties" not in node:
        return _named(node, path, models)
    required = [key for key in node.get("required", []) if key != "name"]
    properties = {
        key: _key(value, f"{path}.{key}" if path else key, models)
        for key, value in node["properties"].items()
        if key != "name"
    }
    made: Schema = {"type": "object"}
    if path == "folders.*":
        required.remove("accounts")
        properties["account"] = {"description": TOLD[f"{path}.account"], **_TEXT}
        made["oneOf"] = [{"required": ["account"]}, {"required": ["accounts"]}]
    kept = {key: value for key, value in properties.items() if value}
    return {**made, "properties": kept, "required": required, "additionalProperties": False}


def _named(node: Schema, path: str, models: Mapping[str, Schema]) -> Schema:
    """Parts under names of the administrator's choice; or a mapping that another room judges."""
    inner = node.get("additionalProperties")
    if not isinstance(inner, dict):
        return {"type": "object"}
    return {
        "type": "object",
        "propertyNames": {"pattern": _NAME},
        "additionalProperties": _adapted(inner, f"{path}.*", models),
        "minProperties": 1,
    }


def _key(node: Schema, path: str, models: Mapping[str, Schema]) -> Schema:
    """One key with its description and default; empty for one that this version never acts on."""
    row = _refusal(path)
    if row is not None and not _ever_acted_on(row):
        return {}
    made = {"description": TOLD[path], **_adapted(node, path, models)}
    if path == "config_version":
        made = {"description": TOLD[path], "enum": [CONFIG_VERSION, str(CONFIG_VERSION)]}
    default = node.get("default")
    if default and not isinstance(default, dict):
        made["default"] = _as_written(str(default), made) if "pattern" in made else default
    return made


def _refusal(path: str) -> NotYet | None:
    return next((row for row in NOT_ACTED_ON if path == row.path), None)


def _ever_acted_on(row: NotYet) -> bool:
    return any(row.acted_on(value) for value in ("status",))


def _as_written(default: str, made: Schema) -> str:
    if made["pattern"] == _DURATION["pattern"]:
        return _duration(default)
    return default[:5] if made["pattern"] == _CLOCK["pattern"] else default


def _duration(iso: str) -> str:
    """``PT2M`` → ``2min``, in the largest unit that fits."""
    seconds = int(TypeAdapter(timedelta).validate_python(iso).total_seconds())
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
