"""The verbs of a journal's and a folder's whole life: ``backup``, ``restore``, ``leave``, and a package's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from connector.cli.common import configured, verb
from connector.cli.options import ConfigOption, FolderArgument, NamesOption, StateOption, YesOption

package = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What the maintainer scripts of a package ask; nobody else needs it.",
)


@verb
def backup(
    into: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Argument(
            metavar="DIR",
            help="Where it is made; default: backup/ in the state directory, the newest five kept, and the last of an "
            "earlier schema.",
        ),
    ] = None,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Make a verified backup of the journal, the spool, the seal key and the connector's id; the service may run.

    Tokens and passwords are not in it: connect makes them anew. It holds people's data: keep it as you keep those.

    Example: jse-connector backup /srv/backup/jse-connector
    """
    from connector.cli import keep as room

    raise typer.Exit(room.backup(configured(config, state), into))


@verb
def restore(
    name: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(
            metavar="NAME", help="A backup's name, or its directory with a slash in it. Without: a list."
        ),
    ] = None,
    config: ConfigOption = None,
    state: StateOption = None,
    yes: YesOption = False,
) -> None:
    """Put a backup back; the journal that is there is kept aside. The service must be stopped.

    What has left since then is found again by the markers in the folders and never sent again.

    Example: jse-connector restore 0.4.2-20261123T0310Z
    """
    from connector.cli import keep as room

    settings = configured(config, state)
    raise typer.Exit(room.listed(settings) if name is None else room.restore(settings, name, yes=yes))


@package.command("before-upgrade")
@verb
def _before_upgrade(
    waited: Annotated[int, typer.Option(help="Seconds that the service took to stop.")] = 0,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Back up the journal, with the version that wrote it. Exit status 1: do not upgrade.

    Example: jse-connector package before-upgrade --waited 3
    """
    from connector.cli import packaged as room

    raise typer.Exit(room.before_upgrade(configured(config, state), waited=waited))


@package.command("after-upgrade")
@verb
def _after_upgrade(
    before: Annotated[str, typer.Option("--from", help="The package's earlier version.")],
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Bring the journal up to date, tell the way back. Exit status 1: the service could not start.

    Example: jse-connector package after-upgrade --from 0.4.2
    """
    from connector.cli import packaged as room

    raise typer.Exit(room.after_upgrade(configured(config, state), before=before))


@package.command("before-removal")
@verb
def _before_removal(config: ConfigOption = None, state: StateOption = None) -> None:
    """Leave word for a purge whether anything is still under way.

    Example: jse-connector package before-removal
    """
    from connector.cli import packaged as room

    raise typer.Exit(room.before_removal(configured(config, state)))


@verb
def leave(
    folder: FolderArgument,
    config: ConfigOption = None,
    state: StateOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would go and what stays, change nothing.")
    ] = False,
    yes_open: Annotated[
        bool, typer.Option("--yes-open", help="Even though requests are under way there; says what is lost.")
    ] = False,
    names: NamesOption = False,
    yes: YesOption = False,
) -> None:
    """Take our own files and tags out of a watched folder, and nothing else. The service must be stopped.

    Never a document, an attestation, an original, a request, nor what a person has changed: that is told, with why.

    Example: jse-connector leave lyon-letters --dry-run
    """
    from connector.cli import leave as room

    raise typer.Exit(
        room.leave(
            configured(config, state), folder, dry_run=dry_run, yes_open=yes_open, yes=yes, names=names
        )
    )
