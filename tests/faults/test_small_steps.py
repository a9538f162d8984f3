"""A clock that steps back by a few seconds, as a machine's does that is set by the network: nothing comes early."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from connector.lifecycle import State
from connector.steps import clocks
from connector.steps.parts import Timing
from tests.faults.test_wrong_clock import Made, clocked
from tests.worlds import ONE, QUICK

__all__ = ["clocked"]

BACK = timedelta(seconds=-8)
"""More than a round of the stage takes."""


def test_a_request_whose_pdf_is_on_its_way(clocked: Made) -> None:
    """Its request arrived before, by a clock that has gone back since: the PDF is not said to be missing yet."""
    with clocked(timing=replace(QUICK, pdf_patience=Timing.pdf_patience)) as stage:
        stage.write("lettre.sign.yaml", ONE)
        stage.run(3)
        assert stage.record().state is State.WAITING_PDF
        stage.off = BACK
        stage.round()
        assert stage.status() == ""
        stage.off = timedelta(0)
        stage.run(3)
        assert stage.status() == ""
        stage.clock.advance(Timing.pdf_patience.total_seconds() + 3)
        stage.run(3)
        assert stage.status() != ""


def test_what_just_began_lasts(clocked: Made) -> None:
    with clocked() as stage:
        now = stage.parts.now()
        wait = timedelta(minutes=10)
        assert clocks.lasts(stage.parts, now + timedelta(seconds=5), wait)
        assert clocks.lasts(stage.parts, now - timedelta(minutes=9), wait)
        assert not clocks.lasts(stage.parts, now - wait, wait)
        assert not clocks.lasts(stage.parts, now + timedelta(hours=1), wait)
        assert clocks.is_put_off(stage.parts, now + clocks.LONGEST_REST + timedelta(seconds=5))
        assert not clocks.is_put_off(stage.parts, now + clocks.LONGEST_REST + timedelta(hours=1))
