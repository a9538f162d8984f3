"""Alarms of machines that nobody is left to end: in a journal that a file holds again, or holds as ever."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connector.journal import Journal
from connector.marks import Sealer
from connector.steps.alarms import raise_alarm, standing
from connector.steps.machines import let_go_of_the_gone
from connector.steps.parts import Parts, ReportSettings

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_a_journal_in_a_file_keeps_its_own_alarms_alone(tmp_path: Path) -> None:
    """What stood of one of several connectors ends once the journal is back in a file: nobody is called so there."""
    unused: Any = None
    with contextlib.closing(Journal(f"sqlite:///{tmp_path / 'journal.sqlite'}", now=lambda: NOW)) as journal:
        parts = Parts(
            journal=journal, spool=unused, sealer=Sealer(b"k" * 16), documents=unused, folders={}, services={},
            watched={}, accounts={}, connector="test", now=lambda: NOW, report=ReportSettings(),
        )  # fmt: skip
        own = [("machine", "no_room"), ("machine", "relay"), ("configuration", "config_refused")]
        others = [("folder:machine", "twin"), ("account:configuration", "clock")]
        gone = [("machine:b", "no_room"), ("machine:b", "relay"), ("configuration:b", "config_restart")]
        for subject, cause in (*own, *others, *gone):
            assert raise_alarm(parts, subject, cause, "it is so")
        let_go_of_the_gone(parts)
        stand = [one for one in (*own, *others, *gone) if standing(parts, *one)]
        assert stand == [*own, *others]
