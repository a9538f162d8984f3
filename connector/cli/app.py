"""The command line: every verb with its options. A verb's work lives in a room of its own, entered when needed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Optional

import typer

from connector import __version__, logs
from connector.cli.common import MISUSED, SETTINGS, Settings, complain, configured, verb

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
RulesOption = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option("--folder", metavar="NAME", help="Whose rules hold: a folder of the configuration."),
]
RootOption = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--root", metavar="DIR", help="Where the watched folder begins; settings count from there."),
]


class Language(StrEnum):
    """Of the texts that accountants read."""

    FR = "fr"
    EN = "en"


LanguageOption = Annotated[
    Optional[Language],  # noqa: UP045
    typer.Option("--language", help="Of the verdicts; default: the configuration's, else fr."),
]


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


def _judged_by(config: Optional[Path]) -> Settings:  # noqa: UP045
    """Return the settings of a verb that needs no configuration: a file counts only when it is named."""
    return configured(config, None)


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


@app.command("check-config")
@verb
def check_config(
    file: Annotated[Optional[Path], typer.Argument(metavar="FILE", help="Default: as --config.")] = None,  # noqa: UP045
    config: ConfigOption = None,
    state: StateOption = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Said for scripts: this check never asks the network.")
    ] = False,
) -> None:
    """Tell everything that is wrong with a configuration; write nothing. Exit status 0 or 2.

    Example: jse-connector check-config --offline ./config.yaml
    """
    from connector.cli import check

    _leave(check.check_config(file or configured(config, state).config_file()))


@app.command()
@verb
def connect(
    account: AccountArgument,
    config: ConfigOption = None,
    state: StateOption = None,
    mail: Annotated[bool, typer.Option("--mail", help="Send the link to the account's owner.")] = False,
    wait: Annotated[int, typer.Option("--wait", help="Give up after so many minutes.", min=1)] = 30,
) -> None:
    """Let a person log in at Jesignexpert for one account, and keep what that gives.

    Example: jse-connector connect lyon --mail
    """
    from connector.cli import accounts

    _leave(accounts.connect(configured(config, state), account, mail=mail, wait_s=wait * 60))


@app.command()
@verb
def pause(account: AccountArgument, config: ConfigOption = None, state: StateOption = None) -> None:
    """Launch nothing more for an account; what has left is followed and delivered.

    Example: jse-connector pause lyon
    """
    from connector.cli import accounts

    _leave(accounts.pause(configured(config, state), account))


@app.command()
@verb
def resume(account: AccountArgument, config: ConfigOption = None, state: StateOption = None) -> None:
    """End a pause.

    Example: jse-connector resume lyon
    """
    from connector.cli import accounts

    _leave(accounts.resume(configured(config, state), account))


@app.command()
@verb
def status(
    config: ConfigOption = None,
    state: StateOption = None,
    as_json: Annotated[bool, typer.Option("--json", help='For programs; with "format": 1.')] = False,
) -> None:
    """Tell how many requests stand where, and what needs a person.

    Example: jse-connector status --json
    """
    from connector.cli import status as room

    _leave(room.status(configured(config, state), as_json=as_json))


@app.command()
@verb
def rebuild(
    launch: Annotated[str, typer.Option("--launch", metavar="FOLDER", help="Its name in the configuration.")],
    config: ConfigOption = None,
    state: StateOption = None,
    yes: YesOption = False,
) -> None:
    """Judge anew what was in a folder before its first pass, and was held for that.

    Example: jse-connector rebuild --launch lyon-letters
    """
    from connector.cli import operate

    _leave(operate.rebuild(configured(config, state), launch, yes=yes))


@app.command("take-over")
@verb
def take_over(
    folder: FolderArgument, config: ConfigOption = None, state: StateOption = None, yes: YesOption = False
) -> None:
    """Take a folder that another connector owned; that one must be stopped for good.

    Example: jse-connector take-over lyon-letters
    """
    from connector.cli import operate

    _leave(operate.take_over(configured(config, state), folder, yes=yes))


@app.command()
@verb
def resolve(
    ref: Annotated[str, typer.Argument(metavar="REF", help="Six characters, from status.")],
    sent: Annotated[
        Optional[bool],  # noqa: UP045
        typer.Option("--sent/--not-sent", help="Whether the invitations left.", show_default=False),
    ] = None,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Say of a request in doubt whether it was sent. With --not-sent the platform is asked once more.

    Example: jse-connector resolve 7F3K2Q --not-sent
    """
    from connector.cli import operate

    if sent is None:
        complain("jse-connector: say --sent or --not-sent.")
        _leave(MISUSED)
    _leave(operate.resolve(configured(config, state), ref, sent=bool(sent)))


@app.command()
@verb
def lint(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Requests, settings, PDFs, directories.")
    ],
    config: ConfigOption = None,
    folder: RulesOption = None,
    root: RootOption = None,
    language: LanguageOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help='One object a line, for programs; each with "format": 1.')
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Only what wants something of a person.")
    ] = False,
) -> None:
    """Judge requests on this machine as the service would; ask nobody, write nothing.

    Exit status 0 all good, 1 something to correct, 2 usage. Without --config: one folder that may send, defaults.

    Example: jse-connector lint "Lettres 2026/"

    Example: jse-connector lint --config ./config.yaml --folder lyon-letters --json *.sign.yaml
    """
    from connector.cli import lint as room

    _leave(
        room.lint(
            _judged_by(config),
            paths,
            folder=folder,
            root=root,
            language=language.value if language else None,
            as_json=as_json,
            quiet=quiet,
        )
    )


@app.command()
@verb
def preview(
    sidecar: Annotated[Path, typer.Argument(metavar="SIDECAR", help="The request; its PDF lies beside.")],
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--output", "-o", metavar="FILE", help="Default: NAME.apercu.pdf beside it."),
    ] = None,
    config: ConfigOption = None,
    folder: RulesOption = None,
    root: RootOption = None,
    language: LanguageOption = None,
) -> None:
    """Draw the preview of a request as the service would: each box where it would be signed.

    Exit status 1, and nothing drawn, when something is to be corrected first; it is told as by lint.

    Example: jse-connector preview "Lettre DUPONT.sign.yaml" --output /tmp/dupont.pdf
    """
    from connector.cli import preview as room

    _leave(
        room.preview(
            _judged_by(config),
            sidecar,
            output,
            folder=folder,
            root=root,
            language=language.value if language else None,
        )
    )


@app.command()
@verb
def schema(
    kind: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(metavar="[request|settings|config]", help="Of which files.", show_default=False),
    ] = None,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--output", "-o", metavar="DIR", help="Write one file each into DIR instead."),
    ] = None,
) -> None:
    """Print a JSON Schema (2020-12) of what may stand in a file, for editors; the descriptions are French.

    request: *.sign.yaml; settings: _signature.yaml; config: the administrator's file (described in English).

    Example: jse-connector schema request

    Example: jse-connector schema --output ./schemas
    """
    from connector.cli import schema as room

    _leave(room.schema(kind, output))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
@verb
def demo(context: typer.Context) -> None:
    """Show a whole signature on this machine, with an embedded DMS and an embedded Jesignexpert.

    Options and files are those of the demo itself: [--auto] [--dir DIR] [PDF SIDECAR].

    Example: jse-connector demo --auto
    """
    try:
        from connector.sandbox import demo as room
    except ImportError as error:
        complain(
            f'jse-connector: the demo needs  pip install "jse-connector[sandbox]"  ({error.name} is missing).'
        )
        _leave(MISUSED)
    else:
        _leave(room.main(context.args))
