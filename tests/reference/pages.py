"""Which files and sections are written from the code, and by which function."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

from tests.reference import (
    completion,
    contents,
    grammar,
    layers,
    manual,
    messages,
    optional,
    options,
    platform,
    questions,
    scene,
    states,
    verbs,
)
from tests.reference.source import ROOT

FILES: Final[Mapping[str, Callable[[], str | None]]] = {
    "docs/reference/configuration.md": options.page,
    "docs/reference/request-keys.md": grammar.page,
    "docs/reference/states.md": states.page,
    "docs/reference/verbs.md": verbs.page,
    "docs/reference/messages.md": messages.page,
    "docs/reference/doctor.md": optional.doctor_page,
    "docs/reference/metrics.md": optional.metrics_page,
    "docs/images/folder.svg": scene.picture,
    "docs/questions-to-ecma.md": questions.page,
    "docs/man/jse-connector.1": manual.command,
    "docs/man/jse-connector.yaml.5": manual.configuration,
    **{
        f"docs/completion/{name}": partial(completion.script, shell)
        for shell, name in completion.FILES.items()
    },
}
"""File → its whole text; None: there is nothing to tell, and no file."""

SECTIONS: Final[Mapping[str, Mapping[str, Callable[[], str]]]] = {
    "README.md": {
        "verbs": verbs.short_list,
        "states": states.short_table,
        "later": options.later,
    },
    "docs/platform.md": {"operations": platform.operations, "settings": platform.settings},
    "docs/administrator.md": {"contents": partial(contents.contents, "docs/administrator.md")},
    "docs/architecture.md": {
        "layers": layers.diagram,
        "rooms": layers.rooms,
        "states": states.diagram,
        "inside": states.within,
    },
}
"""Page → its sections that are written, by the name in their marks."""


def written() -> Iterator[tuple[str, str | None]]:
    """Every file with the text that it should have; None: it should not be there."""
    for path, make in FILES.items():
        text = make()
        yield path, None if text is None else tidy(text, path)
    for path, sections in SECTIONS.items():
        text = found(path) or ""
        for name, section in sections.items():
            text = replaced(text, name, section(), path)
        yield path, text


def tidy(text: str, path: str) -> str:
    """One empty line between paragraphs, one line end at the end."""
    return re.sub(r"\n{3,}", "\n\n", text).rstrip("\n") + "\n" if path.endswith(".md") else text


def replaced(text: str, name: str, section: str, path: str) -> str:
    """The page with one section anew. ValueError where its marks are not there, once each and in order."""
    begin, end = f"<!-- generated: {name} -->\n", f"<!-- end: {name} -->\n"
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise ValueError(f"{path}: one {begin.strip()} and then one {end.strip()} are needed")
    head, rest = text.split(begin)
    _, tail = rest.split(end)
    return f"{head}{begin}\n{section.strip()}\n\n{end}{tail}"


def found(path: str) -> str | None:
    """What is there now."""
    file = ROOT / path
    return file.read_text("utf-8") if file.is_file() else None


def write(path: str, text: str | None) -> None:
    """Put it there, or take it away."""
    file = ROOT / path
    if text is None:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
