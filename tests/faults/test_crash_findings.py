"""What the crash matrix found: each fault by itself, in as few words as it takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.points import Killed, Points, Variant
from tests.worlds import Stage, workers


@pytest.mark.parametrize(
    ("point", "variant"), [("commit remember #1", "before"), ("commit closed #1", "after")]
)
def test_killed_while_a_request_is_closed(tmp_path: Path, point: str, variant: Variant) -> None:
    """The end stands in the registry already: all the same its bytes leave the spool, and who signed is remembered."""
    points = Points(point=point, variant=variant)
    with Stage(tmp_path, seams=points.seams(workers())) as stage:
        stage.drop()
        stage.run()
        stage.sign()
        points.armed = True
        with pytest.raises(Killed):
            stage.run()
        stage.restart()
        stage.run()
        assert stage.record().closed
        assert stage.parts.spool.references() == set()
        assert len(stage.parts.journal.contacts("cabinet")) == 1
        stage.intact()
