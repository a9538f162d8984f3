"""The service, or a round, that was told to end has ended before systemd would kill it, whatever does not answer.

A database's server that is frozen, or its network, is waited for longer than that, again and again on the way out.
Cutting that off loses nothing: what was under way is an intent in the journal, and looked at first at the next start.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from typing import Final

log = logging.getLogger(__name__)

LONGEST_S: Final = 35.0
"""Longer than what an effect in flight is given, and shorter than ``TimeoutStopSec=`` of the units."""


class Ending:
    """Begun when the service is told to end; over when it has ended by itself."""

    def __init__(self) -> None:
        self._timer = threading.Timer(LONGEST_S, _cut_off)
        self._timer.daemon = True
        self._begun = False

    def begin(self) -> None:
        """Let the process be gone in time. Safe in a signal handler; once is enough."""
        if not self._begun:
            self._begun = True
            self._timer.start()

    def over(self) -> None:
        """Nothing is to be cut off any more."""
        self._timer.cancel()


def _cut_off() -> None:
    log.warning(
        "something that is waited for does not answer: what was under way is looked at first at the next start"
    )
    logging.shutdown()
    sys.stderr.flush()
    os._exit(0)
