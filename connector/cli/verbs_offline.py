"""The verbs that look at files of this machine and ask nobody: ``lint``, ``preview``, ``schema``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn, Optional

import typer

from connector.cli import completion
from connector.cli.common import Settings, configured, verb
from connector.cli.options import ConfigOption

RulesOption = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--folder",
        metavar="NAME",
        help="Whose rules hold: a folder of the configuration.",
        autocompletion=completion.folders,
    ),
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


def _judged_by(config: Optional[Path]) -> Settings:  # noqa: UP045
    """Return the settings of a verb that needs no configuration: a file counts only when it is named."""
    return configured(config, None)


def _leave(status: int) -> NoReturn:
    raise typer.Exit(status)


@verb
def lint(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH", help="Requests, settings, PDFs, directories.")
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


@verb
def schema(
    kind: Annotated[
        Optional[str],  # noqa: UP045
        typer.Argument(
            metavar="[request|settings|config|config-part|status]",
            help="Of which files.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--output", "-o", metavar="DIR", help="Write one file each into DIR instead."),
    ] = None,
) -> None:
    """Print a JSON Schema (2020-12) of what may stand in a file, for editors; the descriptions are French.

    request: *.sign.yaml; settings: _signature.yaml; config: the administrator's file; config-part: a file that it
    includes; status: what status --json prints (these three described in English).

    Example: jse-connector schema request

    Example: jse-connector schema --output ./schemas
    """
    from connector.cli import schema as room

    _leave(room.schema(kind, output))
