"""The verb about being told: ``notify``."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli.common import configured, verb
from connector.cli.options import ConfigOption, StateOption


@verb
def notify(
    config: ConfigOption = None,
    state: StateOption = None,
    test: Annotated[
        bool, typer.Option("--test", help="Mail the administrator, call each hook and the ping, for real.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell who is told what: as without --test.")
    ] = False,
) -> None:
    """Tell who is told what, and what waits to be told; with --test try it. Exit status 1 when something says no.

    Example: jse-connector notify --test
    """
    from connector.cli import notify as room

    raise typer.Exit(room.notify(configured(config, state), test=test and not dry_run))
