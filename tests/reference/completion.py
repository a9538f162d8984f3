"""The completion scripts that a package installs: what ``jse-connector --show-completion`` prints, for each shell."""

from __future__ import annotations

from typer.completion import get_completion_script

from tests.reference.verbs import PROGRAM

FILES = {"bash": "jse-connector.bash", "zsh": "_jse-connector", "fish": "jse-connector.fish"}
"""Shell → its script's name below ``docs/completion``."""


def script(shell: str) -> str:
    """The script for one shell; it asks the program itself, so that it never gets old."""
    variable = f"_{PROGRAM.replace('-', '_').upper()}_COMPLETE"
    return get_completion_script(prog_name=PROGRAM, complete_var=variable, shell=shell).rstrip("\n") + "\n"
