"""How the command line shows itself: the verbs by what they are for, and each verb's exit status at its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from typer.core import TyperGroup

EXIT_STATUS: Final = "Exit status: 0 done, 1 failed, 2 configuration or usage."
"""Of every verb that says nothing else of it."""

SECTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "Try it": ("demo",),
    "Set up": ("generate-config", "check-config", "connect", "doctor", "calibrate", "notify"),
    "Run": ("run", "tick"),
    "See": ("status", "show", "spending"),
    "Act": ("pause", "resume", "hold", "release", "retry", "remind", "cancel", "unlock", "resolve"),
    "People": ("contacts", "forget"),
    "Requests on this machine": ("lint", "preview", "schema"),
    "Folders and recovery": ("backup", "restore", "rebuild", "move-journal", "take-over", "leave"),
}
"""Section of the help → its verbs, in this order. One that stands nowhere is shown in the last section."""
OTHERS: Final = "Other"


class Verbs(TyperGroup):
    """Verbs under the headings of :data:`SECTIONS`, each with the first sentence of its help, uncut."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a verb, its exit status told; None when there is no such verb."""
        command = super().get_command(ctx, cmd_name)
        if command is not None and not command.epilog and "Exit status" not in (command.help or ""):
            command.epilog = EXIT_STATUS
        return command

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order of the help."""
        return [name for _, names in sections_of(self.commands) for name in names]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write one section for each heading."""
        for heading, names in sections_of(self.commands):
            rows = [
                (name, first_sentence(command.help or ""))
                for name in names
                if (command := self.get_command(ctx, name)) is not None and not command.hidden
            ]
            if rows:
                with formatter.section(heading if len(self.commands) > len(rows) else "Commands"):
                    formatter.write_dl(rows)


def sections_of(commands: Mapping[str, object]) -> Iterator[tuple[str, list[str]]]:
    """Yield each heading with those of its verbs that are shown; what stands under none comes last."""
    shown = [name for name, command in commands.items() if not getattr(command, "hidden", False)]
    placed: set[str] = set()
    for heading, names in SECTIONS.items():
        placed |= set(names)
        yield heading, [name for name in names if name in shown]
    yield OTHERS, [name for name in shown if name not in placed]


def first_sentence(told: str) -> str:
    """Return the first paragraph of a help up to its first full stop, on one line."""
    paragraph = " ".join(told.strip().split("\n\n")[0].split())
    head, stop, _ = paragraph.partition(". ")
    return head + stop.strip()
