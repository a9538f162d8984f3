"""Options that several verbs take, each said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from connector.cli import completion

# typer reads these at run time, so that `X | None` under `from __future__` is spelled for every typer we allow.
ConfigOption = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        *("--config", "-c"),
        readable=False,  # whom it is for, and who asks, is told by what reads it
        help="The configuration; default $JSE_CONFIG or /etc/jse-connector/config.yaml.",
    ),
]
StateOption = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        "--state",
        readable=False,
        help="The state directory; default $STATE_DIRECTORY or /var/lib/jse-connector.",
    ),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Tell exactly what would be done, change nothing.")
]
AccountArgument = Annotated[
    str,
    typer.Argument(
        metavar="ACCOUNT", help="Its name in the configuration.", autocompletion=completion.accounts
    ),
]
FolderArgument = Annotated[
    str,
    typer.Argument(
        metavar="FOLDER", help="Its name in the configuration.", autocompletion=completion.folders
    ),
]
ConnectableArgument = Annotated[
    str,
    typer.Argument(
        metavar="NAME",
        help="An account or a server of the configuration.",
        autocompletion=completion.connectable,
    ),
]
NamesOption = Annotated[
    bool, typer.Option("--names", help="Show names, addresses, numbers, texts and files, too.")
]
