"""The verbs that act on single requests, and ``pause`` and ``resume``, which act on what has not left yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Optional

import typer

from connector.cli import completion
from connector.cli.common import MISUSED, complain, configured, verb
from connector.cli.options import ConfigOption, DryRunOption, StateOption, YesOption

if TYPE_CHECKING:
    from connector.cli.acting import Manner

RefsArgument = Annotated[
    list[str],
    typer.Argument(metavar="REF", help="Six characters, from status; or the file of one request alone."),
]
WaitOption = Annotated[
    int, typer.Option("--wait", metavar="SECONDS", min=0, help="How long to wait for what it comes to.")
]
NoWaitOption = Annotated[bool, typer.Option("--no-wait", help="Give the order, wait for nothing.")]
TickOption = Annotated[
    bool, typer.Option("--tick", help="Where no service runs: make a tick, so that it is obeyed at once.")
]
FilesOption = Annotated[bool, typer.Option("--names", help="Name the files, too.")]


def register(app: typer.Typer) -> None:
    """Add them to the command line."""
    for function in (cancel, remind, resolve, retry, unlock, pause, resume):
        app.command(function.__name__)(function)


def _manner(*, yes: bool = True, dry_run: bool, wait: int, no_wait: bool, tick: bool, names: bool) -> Manner:
    from connector.cli.acting import Manner

    return Manner(yes=yes, dry_run=dry_run, wait_s=0 if no_wait else wait, tick=tick, names=names)


@verb
def cancel(
    refs: RefsArgument,
    config: ConfigOption = None,
    state: StateOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    wait: WaitOption = 30,
    no_wait: NoWaitOption = False,
    tick: TickOption = False,
    names: FilesOption = False,
) -> None:
    """End requests for good: nobody can sign any more, and the status says that the administrator did it.

    What was sent cannot be called back, and its credit is gone. What has not left is stopped. The service obeys, as it
    does a line in the request; the order stands until it did.

    Example: jse-connector cancel 7F3K2Q --dry-run
    """
    from connector.cli import acting as room

    manner = _manner(yes=yes, dry_run=dry_run, wait=wait, no_wait=no_wait, tick=tick, names=names)
    raise typer.Exit(room.act(configured(config, state), room.CANCEL, refs, manner))


@verb
def remind(
    refs: RefsArgument,
    config: ConfigOption = None,
    state: StateOption = None,
    signatory: Annotated[
        str, typer.Option("--signatory", metavar="ADDRESS", help="Only while it is this person's turn.")
    ] = "",
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    wait: WaitOption = 30,
    no_wait: NoWaitOption = False,
    tick: TickOption = False,
    names: FilesOption = False,
) -> None:
    """Let the invitation go once more to whoever's turn it is; an hour after the last one at the earliest.

    Example: jse-connector remind 7F3K2Q --yes
    """
    from connector.cli import acting as room

    manner = _manner(yes=yes, dry_run=dry_run, wait=wait, no_wait=no_wait, tick=tick, names=names)
    raise typer.Exit(room.act(configured(config, state), room.REMIND, refs, manner, signatory=signatory))


@verb
def resolve(
    refs: RefsArgument,
    sent: Annotated[
        Optional[bool],  # noqa: UP045
        typer.Option("--sent/--not-sent", help="Whether the invitations left.", show_default=False),
    ] = None,
    config: ConfigOption = None,
    state: StateOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    wait: WaitOption = 30,
    no_wait: NoWaitOption = False,
    tick: TickOption = False,
    names: FilesOption = False,
) -> None:
    """Say of requests in doubt whether they were sent. With --not-sent the platform is asked once more.

    Look on Jesignexpert's site first, or ask whoever was to be invited: nothing else tells.

    Example: jse-connector resolve 7F3K2Q --not-sent
    """
    from connector.cli import acting as room

    if sent is None:
        complain("jse-connector: say --sent or --not-sent.")
        raise typer.Exit(MISUSED)
    manner = _manner(yes=yes, dry_run=dry_run, wait=wait, no_wait=no_wait, tick=tick, names=names)
    errand = room.SENT if sent else room.NOT_SENT
    raise typer.Exit(room.act(configured(config, state), errand, refs, manner))


@verb
def retry(
    refs: RefsArgument,
    config: ConfigOption = None,
    state: StateOption = None,
    dry_run: DryRunOption = False,
    wait: WaitOption = 30,
    no_wait: NoWaitOption = False,
    tick: TickOption = False,
    names: FilesOption = False,
) -> None:
    """Let what waits after an obstacle be tried now, its account's pause included. Never a second sending.

    What you stopped with pause, brakes, and what waits for a person go on waiting.

    Example: jse-connector retry 7F3K2Q
    """
    from connector.cli import acting as room

    manner = _manner(dry_run=dry_run, wait=wait, no_wait=no_wait, tick=tick, names=names)
    raise typer.Exit(room.act(configured(config, state), room.TRY_AGAIN, refs, manner))


@verb
def unlock(
    refs: RefsArgument,
    config: ConfigOption = None,
    state: StateOption = None,
    dry_run: DryRunOption = False,
    wait: WaitOption = 30,
    no_wait: NoWaitOption = False,
    tick: TickOption = False,
    names: FilesOption = False,
) -> None:
    """Take the connector's own lock off signed documents (files_lock of Nextcloud, LOCK elsewhere).

    Example: jse-connector unlock 7F3K2Q
    """
    from connector.cli import acting as room

    manner = _manner(dry_run=dry_run, wait=wait, no_wait=no_wait, tick=tick, names=names)
    raise typer.Exit(room.act(configured(config, state), room.UNLOCK, refs, manner))


PausedAccount = Annotated[
    Optional[str],  # noqa: UP045
    typer.Argument(
        metavar="ACCOUNT", help="Its name in the configuration.", autocompletion=completion.accounts
    ),
]
PausedFolder = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--folder", metavar="NAME", help="A watched folder instead.", autocompletion=completion.folders
    ),
]
PausedServer = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--server", metavar="NAME", help="All folders of a server instead.", autocompletion=completion.servers
    ),
]


@verb
def pause(
    account: PausedAccount = None,
    folder: PausedFolder = None,
    server: PausedServer = None,
    config: ConfigOption = None,
    state: StateOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Launch nothing more for an account, a folder or a server; what has left is followed and delivered.

    Nobody is reminded by itself meanwhile. It outlasts restarts, and ends with resume alone.

    Example: jse-connector pause lyon
    """
    from connector.cli import pausing as room

    subject = room.Subject(account=account, folder=folder, server=server)
    raise typer.Exit(room.pause(configured(config, state), subject, dry_run=dry_run))


@verb
def resume(
    account: PausedAccount = None,
    folder: PausedFolder = None,
    server: PausedServer = None,
    config: ConfigOption = None,
    state: StateOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """End a pause; what waited leaves, as brakes allow.

    Example: jse-connector resume --folder lyon-letters
    """
    from connector.cli import pausing as room

    subject = room.Subject(account=account, folder=folder, server=server)
    raise typer.Exit(room.resume(configured(config, state), subject, dry_run=dry_run))
