"""Control over HTTP under ``/sandbox/``, for a demo or a test in another process; never counted."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from connector.sandbox.dms.messages import Answer, Call

if TYPE_CHECKING:
    from connector.sandbox.dms.world import DmsWorld

JSON = [("Content-Type", "application/json; charset=utf-8")]


def answer(world: DmsWorld, call: Call) -> Answer:
    """Answer one control request; 400 with ``{"error": …}`` when it makes no sense, 404 for another path."""
    try:
        asked = json.loads(call.body or b"{}")
        result = _obey(world, call, asked)
    except (ValueError, TypeError, KeyError, OSError) as error:
        return _json(400, {"error": f"{type(error).__name__}: {error}"})
    return _json(404, {"error": "unknown"}) if result is None else _json(200, result)


def _obey(world: DmsWorld, call: Call, asked: dict[str, Any]) -> dict[str, Any] | None:
    match call.method, call.path:
        case "GET", "/sandbox/state":
            return _state(world)
        case "POST", "/sandbox/clock":
            world.clock.advance(float(asked["advance_s"]))
            return {"now": world.clock.now().isoformat()}
        case "POST", "/sandbox/misbehave":
            return {"rule": asdict(world.misbehave(**asked))}
        case "POST", "/sandbox/behave":
            world.behave()
            return {"rules": []}
        case "POST", "/sandbox/person":
            return _act(world, asked)
        case "POST", "/sandbox/switch":
            return _switch(world, asked)
    return None


def _state(world: DmsWorld) -> dict[str, Any]:
    return {
        "mode": world.mode,
        "now": world.clock.now().isoformat(),
        "rules": [asdict(rule) for rule in world.rules.pending()],
        "requests": [asdict(request) for request in world.requests],
        "connections": world.connections(),
        **_switches(world),
    }


_APPS = frozenset({"files_lock", "versions_app", "comments_app", "tags_by_admin_only"})
"""Switches of Nextcloud's apps that are on or off."""


def _switches(world: DmsWorld) -> dict[str, Any]:
    return {
        "maintenance": world.maintenance,
        "quota_bytes": world.quota_bytes,
        "read_only": sorted(world.read_only),
        "disabled": sorted(world.accounts.disabled),
        **{name: getattr(world, name) for name in sorted(_APPS)},
    }


def _switch(world: DmsWorld, asked: dict[str, Any]) -> dict[str, Any]:
    """Set any of maintenance, quota_bytes, read_only, disabled (lists), password ({user: password}), the apps."""
    if "maintenance" in asked:
        world.maintenance = bool(asked["maintenance"])
    if "quota_bytes" in asked:
        world.quota_bytes = None if asked["quota_bytes"] is None else int(asked["quota_bytes"])
    if "read_only" in asked:
        world.read_only.clear()
        world.read_only.update(asked["read_only"])
    for name in asked.keys() & _APPS:
        setattr(world, name, bool(asked[name]))
    if "disabled" in asked:
        world.accounts.disabled = set(asked["disabled"])
    for user, password in asked.get("password", {}).items():
        world.accounts.change_password(user, password)
    return _switches(world)


def _act(world: DmsWorld, asked: dict[str, Any]) -> dict[str, Any]:
    """Let a person act: {act, path, to, text | base64, version}; ``read`` and ``versions`` give base64 back."""
    person, path = world.person, str(asked["path"])
    match asked["act"]:
        case "read":
            return {"base64": base64.b64encode(person.read(path)).decode()}
        case "write":
            text = asked.get("text")
            data = base64.b64decode(asked["base64"]) if text is None else text.encode()
            person.write(path, data)
        case "mkdir":
            person.mkdir(path)
        case "delete":
            person.delete(path)
        case "move":
            person.move(path, asked["to"])
        case "copy":
            person.copy(path, asked["to"])
        case "restore":
            person.restore(path, int(asked["version"]))
        case "look":
            pass
        case other:
            raise ValueError(f"unknown act {other!r}")
    return _look(world, path)


def _look(world: DmsWorld, path: str) -> dict[str, Any]:
    there = [] if world.disk(path).is_dir() else world.versions_of(path)
    versions = [
        {"id": stamp, "label": label, "base64": base64.b64encode(data).decode()}
        for stamp, label, data in there
    ]
    return {
        "exists": world.disk(path).exists(),
        "file_id": world.file_id(path),
        "etag": world.etag(path),
        "tags": world.tags_of(path),
        "versions": versions,
    }


def _json(status: int, value: dict[str, Any]) -> Answer:
    return Answer(status, json.dumps(value, ensure_ascii=False).encode(), list(JSON))
