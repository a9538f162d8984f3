"""The verb that makes a configuration to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from connector.cli.common import verb
from connector.cli.verbs_offline import Language


@verb
def generate_config(
    dms: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--dms", metavar="[NAME=]URL", help="Root of a WebDAV login's files. May be repeated."),
    ] = None,
    user: Annotated[Optional[str], typer.Option("--user", metavar="LOGIN", help="At the DMS.")] = None,  # noqa: UP045
    platform: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--platform", metavar="URL", help="Jesignexpert, as ECMA gave it."),
    ] = None,
    account: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            "--account", metavar="[NAME=]SENDER", help="A firm as invitations show it. May be repeated."
        ),
    ] = None,
    owner: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--owner", metavar="ADDRESS", help="Who holds the Comptexpert login."),
    ] = None,
    folder: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            "--folder", metavar="[NAME=]PATH", help="To be watched, from the DMS's URL on. May be repeated."
        ),
    ] = None,
    support: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--support", metavar="TEXT", help="Whom the texts in the folders name."),
    ] = None,
    language: Annotated[
        Optional[Language],  # noqa: UP045
        typer.Option("--language", help="Of the texts in the folders."),
    ] = None,
    relay: Annotated[Optional[str], typer.Option("--relay", metavar="URL", help="Mail relay.")] = None,  # noqa: UP045
    admin: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--admin", metavar="ADDRESS", help="Who is told of troubles."),
    ] = None,
    ask: Annotated[bool, typer.Option("--ask", help="Ask for what is not said.")] = False,
    output: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write it there; what is there is never written over."
        ),
    ] = None,
) -> None:
    """Print a configuration to begin with: valid, commented, with no secret; every folder starts with a preview only.

    With any answer every setting is shown, behind "#" where it is not needed; without one only what is needed. Where
    there are as many servers or accounts as folders, each folder has its own, else all have the first.

    Example: jse-connector generate-config --ask > config.yaml

    Example: jse-connector generate-config --dms https://cloud.example/remote.php/dav/files/signatures/
    --account "Cabinet Exemple" --folder "/Lettres de mission/" --output /etc/jse-connector/config.yaml
    """
    from connector.cli import generate as room

    asked = room.Asked(
        dms=dms or (),
        user=user,
        platform=platform,
        accounts=account or (),
        owner=owner,
        folders=folder or (),
        support=support,
        language=language.value if language else None,
        relay=relay,
        admin=admin,
    )
    raise typer.Exit(room.generate(room.answered(asked) if ask else asked, output))
