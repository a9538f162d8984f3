"""Doctor at a stage: the same visit that the verb makes, with the stage's clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from connector.cli.doctor import make_visit
from connector.config import load_config
from connector.doctor import platform, servers
from connector.doctor.codes import CODES
from connector.doctor.lines import Level
from connector.doctor.running import Group
from connector.doctor.visit import PLATFORM, Visit
from tests.worlds import ROOT, Stage


def visit(stage: Stage, *, config: str = "", **changes: Any) -> Visit:
    """What a run is given on this stage; ``config``: another file than the stage's."""
    made = make_visit(
        load_config(config or stage.config_text),
        stage.state.directory,
        now=stage.clock.now,
        wait=stage.clock.advance,
    )
    return replace(made, **changes)


def alone(home: Path, url: str, user: str = "u", *, more: str = "", **changes: Any) -> Visit:
    """A visit without any platform; the password lies in ``pw``."""
    (home / "pw").touch()
    (home / "pw").chmod(0o600)
    login = f"user: {user}, password: {{file: {home / 'pw'}}}{more}"
    text = (
        f"config_version: 1\nservers: {{dms: {{url: '{url}', {login}}}}}\n"
        f"platform: {{url: 'http://127.0.0.1:9/', shortcut: s, secret: {{file: {home / 'pw'}}}}}\n"
        "accounts: {cabinet: {sender: Cabinet, owner: o@cabinet.fr}}\n"
        f"folders: {{lettres: {{server: dms, path: /{ROOT}/, account: cabinet, send: live}}}}\n"
    )
    return make_visit(load_config(text), home / "state", **changes)


def at_server(given: Visit, name: str = "dms", *, names_shown: bool = False) -> Group:
    """The group of one server."""
    group = Group(name=name, slow="JSE-D22", trouble=servers.trouble, check_s=given.check_s)
    servers.look(group, given, name, names_shown=names_shown)
    return checked(group)


def at_platform(given: Visit) -> Group:
    """The group of Jesignexpert."""
    group = Group(name=PLATFORM, slow="JSE-P11", trouble=platform.trouble, check_s=given.check_s)
    platform.look(group, given)
    return checked(group)


def checked(group: Group) -> Group:
    """What holds of every group: no defect of doctor's own was met, and every line can be told to support."""
    assert not [line.text for line in group.lines if line.code == "JSE-H19"]
    assert all(line.for_support for line in group.lines)
    return group


def codes(group: Group, level: Level | None = None) -> list[str]:
    """Codes of a group's lines, in order."""
    return [line.code for line in group.lines if line.code and level in (None, line.level)]


def failures(group: Group) -> list[str]:
    """Codes of what fails."""
    return codes(group, Level.FAIL)


def text(group: Group) -> str:
    """All that is said."""
    return "\n".join(f"{line.level.value} {line.text} {line.to_type}".strip() for line in group.lines)


def files(directory: Path) -> Mapping[str, tuple[int, bytes]]:
    """Everything below a directory: mode and bytes."""
    return {
        str(path.relative_to(directory)): (path.stat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in directory.rglob("*")
    }


__all__ = [
    "CODES",
    "at_platform",
    "at_server",
    "checked",
    "codes",
    "failures",
    "files",
    "replace",
    "text",
    "visit",
]
