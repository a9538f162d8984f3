"""The verbs of ``jse-connector``: the only rooms that put the real parts together and print.

Exit status 0 done, 1 failed, 2 configuration or usage. An error is one text on standard error, never a traceback
(but with ``--debug``).
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Sequence

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave by SystemExit."""
    from connector import logs
    from connector.cli.app import app  # here, so that importing a verb's room does not build the command line

    _let_all_be_open()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # What people call their files need be no UTF-8: told in another way, rather than an end half way through.
            stream.reconfigure(errors="backslashreplace")
    try:
        app(list(arguments) if arguments is not None else None, prog_name="jse-connector")
    except SystemExit as ended:
        _end_of_output(ended.code)
        raise
    except BrokenPipeError:
        # Somebody read only the first lines (`| head`): nothing more can be said.
        _say_no_more()
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - a defect of ours: told without what it quotes of people and files
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            _say_no_more()
            place = logs.redact(str(error.filename or "the output, or a temporary file,"))
            print(f"jse-connector: {place} cannot be written: {error.strerror}", file=sys.stderr)
        else:
            print(logs.told(error), file=sys.stderr)
        sys.exit(1)


def _let_all_be_open() -> None:
    """Let a stream that whoever called has closed (``>&-``) lead nowhere.

    The next file to be opened would take its number, and what is printed would be written into that.
    """
    while (handle := os.open(os.devnull, os.O_RDWR)) < 3:
        pass
    os.close(handle)
    sys.stdin = sys.stdin or os.fdopen(0, closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


def _end_of_output(status: str | int | None) -> None:
    """Write what is left of the output; leave, having said why, where its disk does not take it."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        _say_no_more()
        if not isinstance(error, BrokenPipeError):
            print(f"jse-connector: the output cannot be written: {error.strerror}", file=sys.stderr)
        sys.exit(status or 1)


def _say_no_more() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


__all__ = ["main"]
