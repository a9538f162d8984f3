"""The program, that kills itself around its n-th commit: ``python -m tests.system.dying before|after N VERB …``."""

from __future__ import annotations

import itertools
import os
import signal
import sys

from sqlalchemy.engine import Connection

from connector.cli import main
from connector.journal.database import Database


def die_at(number: int, *, after: bool) -> None:
    """Let the journal's n-th commit be the last thing that this process does, or does not do."""
    commits = itertools.count(1)
    commit = Database._commit

    def dying(self: Database, connection: Connection) -> None:
        last = next(commits) == number
        if not last or after:
            commit(self, connection)
        if last:
            os.kill(os.getpid(), signal.SIGKILL)

    Database._commit = dying  # type: ignore[method-assign]


if __name__ == "__main__":
    moment, number, *sys.argv[1:] = sys.argv[1:]
    die_at(int(number), after=moment == "after")
    main()
