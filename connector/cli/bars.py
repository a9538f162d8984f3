"""How far long work is, for whoever sits at a terminal; nothing at all elsewhere.

On standard error, so that what a verb prints stays what it is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_LEAST: Final = 50
"""Shorter work is over before a bar is read."""


@contextmanager
def bar(what: str, total: int | None, *, least: int = _LEAST) -> Iterator[Callable[[int], None]]:
    """Show a bar for ``total`` pieces of work (None: how many is not known); give what tells that more are done.

    It goes when the work is over.
    """
    if not sys.stderr.isatty() or (total is not None and total < least):
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
    columns = [SpinnerColumn(), TextColumn("{task.description}"), *counted]
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda more: progress.advance(task, more)
