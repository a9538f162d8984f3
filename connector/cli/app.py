"""The command line: every verb with its options. A verb's work lives in a room of its own, entered when needed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from connector import __version__, logs
from connector.cli.common import MISUSED, SETTINGS, complain, configured, verb

app = typer.Typer(
    name="jse-connector",
    help="Sign the documents of a WebDAV folder with Jesignexpert, from the folder itself.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    # Plain help: it is read in terminals, pipes and journals alike, and costs no import of rich.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

# typer reads these at run time, so that `X | None` under `from __future__` is spelled for every typer we allow.
ConfigOption = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option(
        "--config", "-c", help="The configuration; default $JSE_CONFIG or /etc/jse-connector/config.yaml."
    ),
]
StateOption = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--state", help="The state directory; default $STATE_DIRECTORY or /var/lib/jse-connector."),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
AccountArgument = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Its name in the configuration.")]
FolderArgument = Annotated[str, typer.Argument(metavar="FOLDER", help="Its name in the configuration.")]


def _version(wanted: bool) -> None:
    if wanted:
        print(f"jse-connector {__version__}")
        raise typer.Exit


@app.callback()
def _before(
    config: ConfigOption = None,
    state: StateOption = None,
    debug: Annotated[bool, typer.Option("--debug", help="Log everything, show tracebacks.")] = False,
    log_level: Annotated[str, typer.Option("--log-level", help="debug, info, warning or error.")] = "info",
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Tell the version and leave.")
    ] = False,
) -> None:
    SETTINGS.config, SETTINGS.state, SETTINGS.debug = config, state, debug
    SETTINGS.level = "DEBUG" if debug else log_level.upper()
    try:
        logs.configure(SETTINGS.level)
    except ValueError:
        complain(f'jse-connector: no log level "{log_level}"; write debug, info, warning or error.')
        raise typer.Exit(MISUSED) from None


def _leave(status: int) -> None:
    raise typer.Exit(status)


@app.command("version")
def _tell_version() -> None:
    """Tell the version.

    Example: jse-connector version
    """
    print(f"jse-connector {__version__}")


@app.command()
@verb
def run(config: ConfigOption = None, state: StateOption = None) -> None:
    """Be the service: watch the folders, follow the requests, until SIGTERM.

    Example: jse-connector run --config ./config.yaml --state ./state
    """
    from connector.cli import run as room

    _leave(room.run(configured(config, state)))


@app.command()
@verb
def tick(
    config: ConfigOption = None,
    state: StateOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read both sides, tell what would be done, write nothing.")
    ] = False,
    names: Annotated[
        bool, typer.Option("--names", help="With --dry-run: each request by reference and file.")
    ] = False,
) -> None:
    """Do once what there is to do, and end: for a timer of one's own.

    Example: jse-connector tick --dry-run --names
    """
    settings = configured(config, state)
    if dry_run:
        from connector.cli import dry_run as dry

        _leave(dry.dry_run(settings, names=names))
    from connector.cli import run as room

    _leave(room.tick(settings))
