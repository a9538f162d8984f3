"""The verbs that try things out: ``doctor`` and ``calibrate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from connector.cli.common import configured, verb
from connector.cli.options import AccountArgument, ConfigOption, StateOption, YesOption


@verb
def doctor(
    report: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--report",
            metavar="FILE",
            help="Also write a report for support: no secrets, people or hosts in it.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help='For programs; with "format": 1.')] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Look at this host alone; ask nobody.")] = False,
    names: Annotated[bool, typer.Option("--names", help="Name the folders that are read-only.")] = False,
    try_login: Annotated[
        bool,
        typer.Option("--try-login", help="Try a login once more that the service was refused."),
    ] = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Try out what the configuration needs: this host, each server, Jesignexpert. Exit status 1 with a failure.

    Writes in a hidden scratch folder of folders that are draft or live, names it and removes it; never elsewhere, and
    never sends. May be run beside the service.

    Example: jse-connector doctor --report report.txt
    """
    from connector.cli import doctor as room

    settings = configured(config, state)
    raise typer.Exit(
        room.doctor(
            settings, report=report, as_json=as_json, offline=offline, names=names, try_login=try_login
        )
    )


@verb
def calibrate(
    account: AccountArgument,
    yes: YesOption = False,
    as_json: Annotated[bool, typer.Option("--json", help='For programs; with "format": 1.')] = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Measure at Jesignexpert what is only assumed of it, with a draft that is never sent and is cancelled after.

    Example: jse-connector calibrate lyon
    """
    from connector.cli import calibrate as room

    raise typer.Exit(room.calibrate(configured(config, state), account, yes=yes, as_json=as_json))
