"""How far long work is, for whoever sits at a terminal; nothing at all elsewhere.

On standard error, so that what a verb prints stays what it is; log lines go above it.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

MANY: Final = 10
"""Shorter work is over before a bar is read."""


@contextmanager
def bar(
    what: str, total: int | None, *, least: int = MANY, shown: bool = True
) -> Iterator[Callable[[int], None]]:
    """Show a bar for ``total`` pieces of work (None: how many is not known); give what tells that more are done.

    It goes when the work is over.
    """
    if not shown or not sys.stderr.isatty() or (total is not None and total < least):
        yield lambda _more: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    counted = [] if total is None else [BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()]
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        *counted,
        console=Console(stderr=True),
        transient=True,
        # Lines meant for a file must go there, not through the bar's terminal.
        redirect_stdout=sys.stdout.isatty(),
        redirect_stderr=True,
    )
    with progress, _logged_above():
        task = progress.add_task(what, total=total)
        yield lambda more: progress.advance(task, more)


@contextmanager
def _logged_above() -> Iterator[None]:
    """Let log lines go through what standard error is while a bar is there."""
    handlers = [one for one in logging.getLogger().handlers if isinstance(one, logging.StreamHandler)]
    before = {
        handler: handler.setStream(sys.stderr) for handler in handlers if handler.stream is sys.__stderr__
    }
    try:
        yield
    finally:
        for handler, stream in before.items():
            if stream is not None:
                handler.setStream(stream)
