"""A small soak: the service killed again and again behind two proxies in bad weather; every letter comes to its end.

Scenarios D1, D7, E1. Larger ones: ``python -m tests.soak``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.letters import Fate
from tests.soak.weathered import Soak, weathered
from tests.worlds import Mode

pytestmark = pytest.mark.system


# Starlette leaves the file of an upload open whose client was cut off in its midst (its error path is for bad forms).
@pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(("mode", "letters"), [("nextcloud", len(Fate)), ("plain", len(Fate))])
def test_every_letter_comes_to_its_end_in_bad_weather(mode: Mode, letters: int, tmp_path: Path) -> None:
    """Sent once, delivered once, nobody's bytes lost, nothing left behind; and the weather was bad indeed."""
    came = weathered(tmp_path, Soak(letters=letters, mode=mode, rate=0.08, kill_s=(0.5, 2.0)))
    assert came.kills >= 1
    assert sum(came.struck.values()) >= 3
    assert came.faults == []
