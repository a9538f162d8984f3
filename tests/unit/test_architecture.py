"""The layers of the house and the owner of each foreign library, read from the imports alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "connector"

LAYERS: tuple[frozenset[str], ...] = (
    frozenset(
        {
            "errors",
            "logs",
            "text_yaml",
            "systemd",
            "journald",
            "courtesy",
            "pulse",
            "reaching",
            "certificates",
            "yaml_slips",
        }
    ),
    frozenset(
        {
            "sidecar",
            "signatory_text",
            "signatory_list",
            "placement",
            "pdf",
            "images",
            "lifecycle",
            "calendar",
            "config",
        }
    ),
    frozenset({"validation", "policy", "identity", "report", "marks", "ports", "models"}),
    frozenset(
        {
            *(
                "journal",
                "spool",
                "isolation",
                "isolation_worker",
                "confinement",
                "isolated_pdf",
                "documents",
                "notify",
            ),
            *("webdav", "jesignexpert", "glance", "fence"),
        }
    ),
    frozenset({"steps"}),
    frozenset(
        {
            "lanes",
            "guards",
            "ahead",
            "looking",
            "attendance",
            "obeying",
            "summons",
            "progress",
            "passes",
            "schedule",
            "jobs",
            "changing",
            "reload",
            "running",
            "units",
            "signs",
            "shares",
            "shared_out",
            "lifeline",
            "fleet",
            "daemon",
            "metrics",
            "overview",
            "slots",
            "hearing",
        }
    ),
    frozenset({"cli", "doctor", "__main__"}),
)
LAYER = {room: rank for rank, rooms in enumerate(LAYERS) for room in rooms}

OWNERS: dict[str, frozenset[str]] = {
    "webdav3": frozenset({"webdav"}),
    "requests": frozenset({"webdav"}),
    "urllib3": frozenset({"webdav"}),
    "lxml": frozenset({"webdav"}),
    "httpx": frozenset({"jesignexpert"}),
    "sqlalchemy": frozenset({"journal"}),
    "psycopg": frozenset({"journal", "glance"}),
    "yaml": frozenset({"text_yaml"}),
    "pypdf": frozenset({"pdf"}),
    "pyhanko": frozenset({"pdf"}),
    "pyhanko_certvalidator": frozenset({"pdf"}),
    "pypdfium2": frozenset({"pdf"}),
    "reportlab": frozenset({"pdf"}),
    "PIL": frozenset({"images"}),
    "pi_heif": frozenset({"images"}),
    "openpyxl": frozenset({"signatory_list"}),
    "apscheduler": frozenset({"jobs"}),
    "watchdog": frozenset({"webdav"}),
    "typer": frozenset({"cli"}),
    "rich": frozenset({"cli"}),
    "phonenumbers": frozenset({"signatory_text"}),
    "holidays": frozenset({"calendar"}),
    "prometheus_client": frozenset({"metrics"}),
    "cryptography": frozenset({"journal"}),
    "email_validator": frozenset({"signatory_text"}),
}

# Exceptions, each with its reason. A new one is a decision, not a repair of this test.
ALLOWED_ROOMS: dict[tuple[str, str], str] = {
    ("placement", "ports"): "the box is the platform's own value; placement answers in it",
}
ALLOWED_LIBRARIES: dict[tuple[str, str], str] = {
    ("cli", "sqlalchemy"): "journal_file takes the file out of the journal's URL; no SQL is spoken there",
}
SERVER_LIBRARIES = frozenset({"wsgidav", "cheroot", "starlette", "uvicorn", "multipart", "python_multipart"})


def sources() -> Iterator[tuple[str, Path]]:
    """Every module of production code with its room."""
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room not in {"sandbox", "__init__"}:
            yield room, path


@cache
def imported(path: Path) -> tuple[tuple[str, int], ...]:
    """Dotted names that a module imports, wherever the import stands, with the line."""
    return tuple(_imported(path))


def _imported(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import hides where it goes"
            module = node.module or ""
            yield from ((f"{module}.{alias.name}", node.lineno) for alias in node.names)


def rooms_of(path: Path) -> Iterator[tuple[str, int]]:
    for name, line in imported(path):
        parts = name.split(".")
        if parts[0] == "connector" and len(parts) > 1:
            yield parts[1], line


def where(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def test_every_room_has_a_layer() -> None:
    assert {room for room, _ in sources()} - LAYER.keys() == set()


def test_imports_go_down() -> None:
    upward = [
        f"{where(path, line)}: {room} (layer {LAYER[room]}) imports {other} (layer {LAYER[other]})"
        for room, path in sources()
        for other, line in rooms_of(path)
        if LAYER.get(other, -1) > LAYER[room] and (room, other) not in ALLOWED_ROOMS
    ]
    assert upward == []


def test_foreign_libraries_have_one_owner() -> None:
    strangers = [
        f"{where(path, line)}: {room} imports {library}"
        for room, path in sources()
        for library, line in ((name.split(".")[0], line) for name, line in imported(path))
        if library in OWNERS and room not in OWNERS[library] and (room, library) not in ALLOWED_LIBRARIES
    ]
    assert strangers == []


def test_production_imports_no_sandbox() -> None:
    """But the verb ``demo``, which is the sandbox's own door."""
    found = [
        where(path, line)
        for room, path in sources()
        for other, line in rooms_of(path)
        if other == "sandbox" and room != "cli"
    ]
    found += [
        where(path, line)
        for room, path in sources()
        for name, line in imported(path)
        if name.split(".")[0] in SERVER_LIBRARIES
    ]
    assert found == []
    doors = [
        name
        for room, path in sources()
        if room == "cli"
        for name, _ in imported(path)
        if name.startswith("connector.sandbox")
    ]
    assert doors == ["connector.sandbox.demo"]


def test_the_sandbox_imports_nothing_of_the_connector() -> None:
    """It states every rule again: a wrong path, field or HMAC order in a client alone is found out by it."""
    found = [
        where(path, line)
        for path in sorted((PACKAGE / "sandbox").rglob("*.py"))
        for other, line in rooms_of(path)
        if other != "sandbox"
    ]
    assert found == []


def test_allowances_are_still_needed() -> None:
    """An exception that nothing uses any more goes."""
    used = {(room, other) for room, path in sources() for other, _ in rooms_of(path)}
    assert set(ALLOWED_ROOMS) <= used
    libraries = {(room, name.split(".")[0]) for room, path in sources() for name, _ in imported(path)}
    assert set(ALLOWED_LIBRARIES) <= libraries
