"""The verbs that only look: ``status``, ``show``, ``spending``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from connector.cli.common import configured, misused, verb
from connector.cli.options import ConfigOption, NamesOption, StateOption


@verb
def status(
    config: ConfigOption = None,
    state: StateOption = None,
    as_json: Annotated[bool, typer.Option("--json", help='For programs; with "format": 1.')] = False,
    names: NamesOption = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Again and again; q ends it. In a pipe: a line at each change.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="One line for a monitor; exit status 0 all well, 1 not.")
    ] = False,
    max_age: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--max-age", metavar="SPAN", help="With --check: of a server's last look; default 15min."
        ),
    ] = None,
) -> None:
    """Tell how the service goes, how many requests stand where, what needs a person, and what comes soon.

    Only looks, and asks no server: beside the running service, on a read-only mount, as whoever may read.

    Example: jse-connector status --watch

    Example: jse-connector status --check --max-age 1h
    """
    from connector.cli import status as room
    from connector.config.values import interval

    if sum((as_json, watch, check)) > 1:
        misused("--json, --watch and --check: one of them.")
    if max_age is not None and not check:
        misused("--max-age belongs to --check.")
    settings = configured(config, state)
    if watch:
        raise typer.Exit(room.watch(settings, names=names))
    try:
        limit = None if max_age is None else interval(max_age)
    except ValueError as error:
        misused(f"--max-age: {error}")
    raise typer.Exit(
        room.status(settings, "json" if as_json else "check" if check else "text", names=names, max_age=limit)
    )


@verb
def show(
    what: Annotated[
        str, typer.Argument(metavar="REF", help="Six characters, from status; or a transaction, or a file.")
    ],
    config: ConfigOption = None,
    state: StateOption = None,
    as_json: Annotated[bool, typer.Option("--json", help='For programs; with "format": 1.')] = False,
    names: NamesOption = False,
) -> None:
    """Tell all that is known of one request: who asked, from which file, when, what was sent, what came back.

    REF is its reference, the id of its transaction at Jesignexpert, or the name or path of its file, or of one of its
    documents, as it lay in the folder. Where several requests fit they are listed.

    Example: jse-connector show 7F3K2Q --names

    Example: jse-connector show "Lettre DUPONT.pdf"
    """
    from connector.cli import show as room

    raise typer.Exit(room.show(configured(config, state), what, as_json=as_json, names=names))


@verb
def spending(
    config: ConfigOption = None,
    state: StateOption = None,
    month: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--month", metavar="YYYY-MM", help="One month; default: the last twelve."),
    ] = None,
    since: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--since", metavar="YYYY-MM", help="From this month on."),
    ] = None,
    csv: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--csv", metavar="FILE", help="For Excel: semicolons, UTF-8 with a mark. -: to the output."
        ),
    ] = None,
) -> None:
    """Count the requests that left, by month, account and folder.

    Counted are requests sent, not credits: what Jesignexpert charges for one is not known here.

    Example: jse-connector spending --month 2026-11

    Example: jse-connector spending --since 2026-01 --csv spending.csv
    """
    from connector.cli import spending as room

    raise typer.Exit(room.spending(configured(config, state), month=month, since=since, csv=csv))
