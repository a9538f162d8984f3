"""The verbs about people: ``contacts import``, ``contacts list``, ``forget``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from connector.cli import completion
from connector.cli.common import configured, verb
from connector.cli.options import ConfigOption, NamesOption, StateOption, YesOption
from connector.cli.verb_groups import Verbs

contacts = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="People whom requests may name by their address alone: import them, list them.\n\n"
    "Whoever has signed is remembered by itself (policy.remember_contacts). A contact belongs to one account and is "
    "used only in folders of that account. They are kept in this connector's journal; no call to the contacts on "
    "Jesignexpert itself is known, so that those are neither read nor written.\n\n"
    "Example: jse-connector contacts list --account lyon",
)


@contacts.command("import")
@verb
def _import(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.csv", help="A header, then one person a line.", exists=True)
    ],
    account: Annotated[
        str,
        typer.Option(
            "--account",
            metavar="NAME",
            help="Whose contacts they become.",
            autocompletion=completion.accounts,
        ),
    ],
    config: ConfigOption = None,
    state: StateOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what each line is worth, keep nothing.")
    ] = False,
    yes: YesOption = False,
) -> None:
    """Let one account know people from a list, as the practice software exports it.

    Columns by their names: e-mail, prénom, nom, téléphone (or first name, name, mobile …), or signataire for a
    whole person; others are ignored. Separated by ; , or tab, in any usual encoding. Every line that cannot be used
    is told with its reason; the others are imported when all are good, or after a yes. Exit status 1 when any was
    bad.

    Example: jse-connector contacts import clients.csv --account lyon --dry-run
    """
    from connector.cli import contacts as room

    raise typer.Exit(room.import_file(configured(config, state), file, account, dry_run=dry_run, yes=yes))


@contacts.command("list")
@verb
def _list(
    config: ConfigOption = None,
    state: StateOption = None,
    account: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--account", metavar="NAME", help="Only this account's.", autocompletion=completion.accounts
        ),
    ] = None,
    names: NamesOption = False,
) -> None:
    """Tell whom each account knows, and when they last proved right.

    Example: jse-connector contacts list --account lyon --names
    """
    from connector.cli import contacts as room

    raise typer.Exit(room.list_all(configured(config, state), account, names=names))


@verb
def forget(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="The person's e-mail address.")],
    config: ConfigOption = None,
    state: StateOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would be erased, erase nothing.")
    ] = False,
    yes: YesOption = False,
) -> None:
    """Erase a person from the contacts, from every request that is over, and from what the connector wrote of it.

    Refused while a request still needs them. What was signed stays provable: hashes, dates, states. What lies in the
    folders follows at the service's next pass. Not touched: names of files, orders as somebody typed them, what
    people put into the folders, what Jesignexpert keeps, and your backups.

    Example: jse-connector forget marie.dupont@example.fr --dry-run
    """
    from connector.cli import forget as room

    raise typer.Exit(room.forget(configured(config, state), address, dry_run=dry_run, yes=yes))
