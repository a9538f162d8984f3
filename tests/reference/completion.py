"""The completion scripts that a package installs: what ``jse-connector --show-completion`` prints, for each shell.

For zsh, which loads such a file at the first TAB, that TAB is answered as well.
"""

from __future__ import annotations

from typer.completion import get_completion_script

from tests.reference.verbs import PROGRAM

FILES = {"bash": "jse-connector.bash", "zsh": "_jse-connector", "fish": "jse-connector.fish"}
"""Shell → its script's name below ``docs/completion``."""


def script(shell: str) -> str:
    """The script for one shell; it asks the program itself, so that it never gets old."""
    variable = f"_{PROGRAM.replace('-', '_').upper()}_COMPLETE"
    made = get_completion_script(prog_name=PROGRAM, complete_var=variable, shell=shell).rstrip("\n") + "\n"
    return made + _ZSH if shell == "zsh" else made


_ZSH = """
# Loaded by its name from a directory of fpath: the TAB that loaded it is answered, too.
if [ "$funcstack[1]" = "_jse-connector" ]; then
  _jse_connector_completion "$@"
fi
"""
