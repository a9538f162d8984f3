"""Every verb of the command line: help, arguments, options, examples, exit status, from the tree that typer builds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import typer
import typer.main

from connector.cli.app import app
from connector.cli.verb_groups import sections_of
from tests.reference.markdown import code, generated, table

PROGRAM = "jse-connector"
_KINDS = {"path": "PATH", "str": "TEXT", "int": "N", "int range": "N", "float": "N"}


class Verb(NamedTuple):
    """One verb as its help tells it. ``arguments`` and ``options`` are pairs of form and meaning."""

    name: str
    usage: str
    told: tuple[str, ...]
    examples: tuple[str, ...]
    exit_status: str
    arguments: tuple[tuple[str, str], ...]
    options: tuple[tuple[str, str], ...]
    group: bool


def root() -> Any:
    """The whole tree."""
    return typer.main.get_command(app)


def verbs() -> Iterator[Verb]:
    """Every verb in the order of the help; one with verbs of its own before those."""
    group = root()
    yield from _below(group, PROGRAM, _context(group, PROGRAM))


def _context(command: Any, name: str, above: Any = None) -> Any:
    """As typer makes it to show the help; what the program sets once holds for all below."""
    return typer.Context(
        command, info_name=name, parent=above, **(root().context_settings if above is None else {})
    )


def _below(group: Any, path: str, context: Any) -> Iterator[Verb]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command.hidden:
            continue
        inner = _context(command, name, context)
        yield _verb(command, inner, f"{path} {name}")
        if hasattr(command, "commands"):
            yield from _below(command, f"{path} {name}", inner)


def _verb(command: Any, context: Any, path: str) -> Verb:
    paragraphs = [" ".join(each.split()) for each in (command.help or "").strip().split("\n\n")]
    told = [each for each in paragraphs if not each.startswith("Example: ")]
    status = next(
        (found[0] for each in told if (found := re.search(r"Exit status [^.]*\.", each))),
        command.epilog or "",
    )
    arguments, options = [], []
    for param in command.get_params(context):
        record = param.get_help_record(context)
        if record is None or getattr(param, "hidden", False):
            continue
        if param.param_type_name == "argument":
            name = param.metavar or str(param.name).upper()
            shown = name + ("..." if param.nargs == -1 else "")
            arguments.append((shown if param.required else f"[{shown.strip('[]')}]", param.help or ""))
        else:
            options.append((_as_written(record[0]), record[1]))
    words = [path, "[OPTIONS]", *(name for name, _ in arguments)]
    if hasattr(command, "commands"):
        words.append("COMMAND")
    return Verb(
        name=path.removeprefix(f"{PROGRAM} "),
        usage=" ".join(words),
        told=tuple(told),
        examples=tuple(each.removeprefix("Example: ") for each in paragraphs if each.startswith("Example: ")),
        exit_status=status,
        arguments=tuple(arguments),
        options=tuple(options),
        group=hasattr(command, "commands"),
    )


def _as_written(option: str) -> str:
    return re.sub(r"<([^>]*)>", lambda kind: _KINDS.get(kind[1], kind[1]), option)


def common() -> list[tuple[str, str]]:
    """The options that stand before any verb."""
    group = root()
    context = _context(group, PROGRAM)
    records = [param.get_help_record(context) for param in group.get_params(context)]
    return [(_as_written(record[0]), record[1]) for record in records if record is not None]


def short_list() -> str:
    """The verbs on the README: one line for each heading."""
    lines = []
    for heading, names in sections_of(root().commands):
        if names:
            links = ", ".join(f"[{code(name)}](docs/reference/verbs.md#{name})" for name in names)
            lines.append(f"- {heading}: {links}")
    return "\n".join(lines) + "\n"


def page() -> str:
    """The whole page."""
    every = list(verbs())
    parts = [_HEAD]
    top = {one.name: one for one in every if " " not in one.name}
    parts.append(
        table(
            ("for", "verbs"),
            (
                (heading, ", ".join(f"[{code(name)}](#{name})" for name in names))
                for heading, names in sections_of(root().commands)
                if names
            ),
        )
    )
    parts += [
        "\n## Before any verb\n",
        table(("option", "meaning"), ((code(option), told) for option, told in common())),
    ]
    for one in every:
        parts.append(f"\n## {one.name}\n" if one.name in top else f"\n### {one.name}\n")
        parts.append("\n\n".join(one.told) + "\n")
        parts.append(f"```console\n{one.usage}\n```\n")
        if one.arguments:
            parts.append(table(("argument", "meaning"), ((code(name), told) for name, told in one.arguments)))
        if not one.group:
            parts.append(table(("option", "meaning"), ((code(name), told) for name, told in one.options)))
        if one.examples:
            parts.append("Example:\n\n```console\n" + "\n".join(one.examples) + "\n```\n")
        if one.exit_status and one.exit_status not in " ".join(one.told):
            parts.append(one.exit_status + "\n")
    return "\n".join(parts)


_HEAD = f"""# Every verb

{generated()}
`jse-connector VERB --help` tells the same; so does `man jse-connector`. `--config` and `--state` may stand before
the verb or after it. Errors go to standard error, one text each, never a traceback (but with `--debug`). What
cannot be undone asks first; `--yes` answers for you, and where nobody can be asked it is needed.
"""
