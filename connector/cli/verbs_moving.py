"""The verb that takes the journal elsewhere: ``move-journal``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from connector.cli.common import configured, misused, verb
from connector.cli.options import ConfigOption, DryRunOption, StateOption, YesOption


@verb
def move_journal(
    to: Annotated[
        str,
        typer.Argument(
            metavar="URL", help="Where it goes: postgresql+psycopg://ROLE@HOST/DATABASE, or sqlite:////PATH."
        ),
    ],
    password_file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--password-file", help="File with the password of PostgreSQL's role.", dir_okay=False),
    ] = None,
    credential: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Credential with it; without either: what journal.password names, or none."),
    ] = None,
    config: ConfigOption = None,
    state: StateOption = None,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
) -> None:
    """Move the journal into another database, from where the configuration says it is. The service must be stopped.

    Every row is copied, read back and compared; only then is the old one left: it stays, closed, with a backup of it.
    Broken off, say it again. The way back is the same verb. It says what to write in the configuration.

    Example: jse-connector move-journal postgresql+psycopg://connector@db.example/journal --credential journal
    """
    from connector.cli import move as room
    from connector.config import SecretReference

    if password_file is not None and credential is not None:
        misused("one of --password-file and --credential, not both.")
    reference = None
    if password_file is not None:
        reference = SecretReference(file=password_file.absolute())
    elif credential is not None:
        reference = SecretReference(credential=credential)
    wanted = room.Wanted(url=to, password=reference)
    raise typer.Exit(room.move(configured(config, state), wanted, dry_run=dry_run, yes=yes))
