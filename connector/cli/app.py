"""The command line: every verb with its options. A verb's work lives in a room of its own, entered when needed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Optional

import typer

from connector import __version__, logs
from connector.cli import (
    completion,
    interrupted,
    verbs_acting,
    verbs_config,
    verbs_doctor,
    verbs_keeping,
    verbs_moving,
    verbs_offline,
    verbs_people,
    verbs_seeing,
    verbs_told,
)
from connector.cli.common import MISUSED, SETTINGS, complain, configured, verb
from connector.cli.options import (
    ConfigOption,
    ConnectableArgument,
    DryRunOption,
    FolderArgument,
    StateOption,
    YesOption,
)
from connector.cli.verb_groups import EXIT_STATUS, Verbs

app = typer.Typer(
    name="jse-connector",
    cls=Verbs,
    help="Sign the documents of a WebDAV folder with Jesignexpert, from the folder itself.",
    epilog=f"{EXIT_STATUS} Each verb has --help with an example; man jse-connector has all of them.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    # Plain help: it is read in terminals, pipes and journals alike, and costs no import of rich.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

app.add_typer(verbs_people.contacts, name="contacts")
app.command("forget")(verbs_people.forget)
app.command("status")(verbs_seeing.status)
app.command("show")(verbs_seeing.show)
app.command("spending")(verbs_seeing.spending)
app.command("generate-config")(verbs_config.generate_config)
app.command("backup")(verbs_keeping.backup)
app.command("restore")(verbs_keeping.restore)
app.command("leave")(verbs_keeping.leave)
app.command("move-journal")(verbs_moving.move_journal)
app.add_typer(verbs_keeping.package, name="package", hidden=True)
app.command("lint")(verbs_offline.lint)
app.command("preview")(verbs_offline.preview)
app.command("schema")(verbs_offline.schema)
app.command("notify")(verbs_told.notify)
app.command("doctor")(verbs_doctor.doctor)
app.command("calibrate")(verbs_doctor.calibrate)
verbs_acting.register(app)


class LogFormat(StrEnum):
    """How log lines are written."""

    AUTO = "auto"
    TEXT = "text"
    JSON = "json"


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
    log_format: Annotated[
        LogFormat,
        typer.Option("--log-format", help="json: one object a line. auto: systemd's own where it listens."),
    ] = LogFormat.AUTO,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Tell the version and leave.")
    ] = False,
) -> None:
    SETTINGS.config, SETTINGS.state, SETTINGS.debug = config, state, debug
    SETTINGS.level = "DEBUG" if debug else log_level.upper()
    try:
        logs.configure(SETTINGS.level, form=log_format.value)
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
    with interrupted.as_a_service():
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
    with interrupted.as_a_service():
        from connector.cli import run as room

        _leave(room.tick(settings))


@app.command("check-config")
@verb
def check_config(
    file: Annotated[Optional[Path], typer.Argument(metavar="FILE", help="Default: as --config.")] = None,  # noqa: UP045
    config: ConfigOption = None,
    state: StateOption = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Said for scripts: this check never asks the network.")
    ] = False,
    stands_at: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--as", metavar="PATH", help="Judge FILE as if it stood here: a template's temporary name."
        ),
    ] = None,
) -> None:
    """Tell everything that is wrong with a configuration, and what a change means; write nothing. Exit status 0 or 2.

    Example: jse-connector check-config --offline ./config.yaml

    Example: jse-connector check-config --offline /tmp/new --as /etc/jse-connector/conf.d/lyon.yaml
    """
    from connector.cli import check

    _leave(check.check_config(configured(config, state), file, stands_at))


@app.command()
@verb
def connect(
    name: ConnectableArgument,
    config: ConfigOption = None,
    state: StateOption = None,
    mail: Annotated[bool, typer.Option("--mail", help="Send the link to the account's owner.")] = False,
    wait: Annotated[int, typer.Option("--wait", help="Give up after so many minutes.", min=1)] = 30,
) -> None:
    """Let a person log in at Jesignexpert for one account, or at one Nextcloud, and keep what that gives.

    Example: jse-connector connect lyon --mail
    """
    from connector.cli import accounts

    _leave(accounts.connect(configured(config, state), name, mail=mail, wait_s=wait * 60))


@app.command()
@verb
def rebuild(
    launch: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--launch",
            metavar="FOLDER",
            autocompletion=completion.folders,
            help="Judge anew what was in this folder before its first pass, and was held for that.",
        ),
    ] = None,
    config: ConfigOption = None,
    state: StateOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Begin a new journal from the markers in the folders; the old one is kept aside. The service must be stopped.

    Example: jse-connector rebuild --launch lyon-letters
    """
    if launch is None:
        from connector.cli import anew

        _leave(anew.rebuild(configured(config, state), yes=yes, dry_run=dry_run))
    from connector.cli import operate

    _leave(operate.rebuild(configured(config, state), str(launch), yes=yes, dry_run=dry_run))


@app.command("take-over")
@verb
def take_over(
    folder: FolderArgument,
    config: ConfigOption = None,
    state: StateOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Take a folder that another connector owned; that one must be stopped for good.

    Example: jse-connector take-over lyon-letters
    """
    from connector.cli import operate

    _leave(operate.take_over(configured(config, state), folder, yes=yes, dry_run=dry_run))


@app.command()
@verb
def demo(
    pdf: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Argument(metavar="PDF", help="Your own document instead of the example."),
    ] = None,
    sidecar: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Argument(metavar="SIDECAR", help="The request for it, as NAME.sign.yaml."),
    ] = None,
    auto: Annotated[
        bool, typer.Option("--auto", help="Play one letter to its end, prove it, and end.")
    ] = False,
    directory: Annotated[
        Path,
        typer.Option(
            "--dir", metavar="DIR", show_default=False, help="Where it keeps everything (default: demo)."
        ),
    ] = Path("demo"),
) -> None:
    """Show a whole signature on this machine, with an embedded DMS and an embedded Jesignexpert.

    Without --auto it stays up for a person with a browser, until Ctrl-C. Nothing leaves this machine.

    Example: jse-connector demo --auto
    """
    try:
        from connector.sandbox import demo as room
    except ImportError as error:
        complain(
            f"jse-connector: {error.name}: not installed. The demo needs the extra sandbox; from a checkout:  "
            "pipx install --force './jse-connector[sandbox]'"
        )
        _leave(MISUSED)
    else:
        played = ["--auto"] if auto else []
        files = [str(file) for file in (pdf, sidecar) if file is not None]
        _leave(room.main([*played, "--dir", str(directory), "--", *files]))
