"""The house as it is built: rooms in layers, who rests on whom, who owns which library, from the imports alone."""

from __future__ import annotations

from pathlib import Path

from tests.reference.markdown import code, listed, table
from tests.reference.source import first_line
from tests.unit.test_architecture import LAYER, LAYERS, OWNERS, PACKAGE, rooms_of, sources

NAMES = (
    "words everybody uses",
    "pure: judge bytes and values",
    "pure: rules, texts, marks, the two ports",
    "what touches the world",
    "the steps: intent, effect, fact",
    "when things run",
    "what people call",
)
"""Of each layer, lowest first."""


def imports() -> dict[str, set[str]]:
    """Each room that stands in the tree → the rooms that it imports."""
    found: dict[str, set[str]] = {}
    for room, path in sources():
        mine = found.setdefault(room, set())
        mine |= {other for other, _ in rooms_of(path) if other != room and other in LAYER}
    return found


def reached(edges: dict[str, set[str]], begin: str) -> set[str]:
    """Every room that lies behind this one, however far."""
    seen: set[str] = set()
    waiting = list(edges.get(begin, ()))
    while waiting:
        room = waiting.pop()
        if room not in seen:
            seen.add(room)
            waiting += edges.get(room, ())
    return seen


def reduced(edges: dict[str, set[str]]) -> dict[str, set[str]]:
    """Without what follows from the rest: a room that is reached by way of another one needs no line of its own."""
    below = {room: reached(edges, room) for room in edges}
    return {
        room: {
            other
            for other in others
            if not any(
                other in below.get(via, ()) and room not in below.get(via, ())
                for via in others
                if via != other
            )
        }
        for room, others in edges.items()
    }


def diagram() -> str:
    """Rooms in layers, highest first. What all use (layer 0) is drawn without lines, as is what follows from others."""
    edges = imports()
    lines = ["```mermaid", "flowchart TB"]
    for rank in range(len(LAYERS) - 1, -1, -1):
        rooms = sorted(room for room in LAYERS[rank] if room in edges)
        lines.append(f'    subgraph layer{rank}["{rank} · {NAMES[rank]}"]')
        # The lowest layer is drawn as one: everything rests on it.
        nodes = [f"{_node(room)}[{room}]" for room in rooms] if rank else [f"words0[{' · '.join(rooms)}]"]
        lines += ["        direction LR", *(f"        {node}" for node in nodes)]
        lines.append("    end")
    for room, others in sorted(reduced(edges).items()):
        lines += [f"    {_node(room)} --> {_node(other)}" for other in sorted(others) if LAYER[other] > 0]
    lines.append("    layer1 --> layer0")
    return "\n".join([*lines, "```"]) + "\n"


def _node(room: str) -> str:
    return "main_module" if room == "__main__" else room


def rooms() -> str:
    """Every room with its purpose, by layer, highest first."""
    edges = imports()
    owned: dict[str, list[str]] = {}
    for library, owners in OWNERS.items():
        for room in owners:
            owned.setdefault(room, []).append(library)
    parts = []
    for rank in range(len(LAYERS) - 1, -1, -1):
        rows = [
            (
                code(room),
                purpose(room),
                listed(sorted(edges[room])) or "–",
                listed(owned.get(room, [])) or "–",
            )
            for room in sorted(LAYERS[rank])
            if room in edges
        ]
        parts.append(f"**Layer {rank}: {NAMES[rank]}**\n")
        parts.append(table(("room", "purpose", "imports", "owns"), rows))
    return "\n".join(parts)


def purpose(room: str) -> str:
    """The first sentence of a room's own docstring."""
    package = PACKAGE / room / "__init__.py"
    path = package if package.is_file() else Path(PACKAGE / f"{room}.py")
    return first_line(path)
