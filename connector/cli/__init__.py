"""The verbs of ``jse-connector``: the only rooms that put the real parts together and print.

Exit status 0 done, 1 failed, 2 configuration or usage. An error is one text on standard error, never a traceback
(but with ``--debug``).
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave by SystemExit."""
    from connector import logs
    from connector.cli.app import app  # here, so that importing a verb's room does not build the command line

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # What people call their files need be no UTF-8: told in another way, rather than an end half way through.
            stream.reconfigure(errors="backslashreplace")
    try:
        app(list(arguments) if arguments is not None else None, prog_name="jse-connector")
    except BrokenPipeError:
        # Somebody read only the first lines (`| head`): nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - a defect of ours: told without what it quotes of people and files
        print(logs.told(error), file=sys.stderr)
        sys.exit(1)


__all__ = ["main"]
