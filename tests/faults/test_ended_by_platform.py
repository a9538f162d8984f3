"""What ends while this machine's clock is ahead is told, though its end is kept by the platform's clock."""

from __future__ import annotations

from datetime import timedelta

from connector.lifecycle import State
from connector.steps import standing
from tests.faults.test_dates import connected_for_good
from tests.faults.test_once import send_out
from tests.faults.test_wrong_clock import Made, clocked

__all__ = ["clocked"]


def test_what_is_signed_meanwhile_is_in_the_next_digest(clocked: Made) -> None:
    """By the platform's clock it was delivered before the last digest, which was made by ours."""
    with clocked() as stage:
        connected_for_good(stage)
        send_out(stage, "lettre")
        stage.off = timedelta(hours=2)
        stage.run(3)
        since = stage.parts.now()
        stage.sign()
        stage.clock.advance(900)
        stage.run(3)
        record = stage.record("lettre")
        assert record.state is State.DELIVERED
        assert record.ended_at is not None
        assert record.ended_at < since
        assert [one.ref for one in standing.told_of(stage.parts, [], since)] == [record.ref]
        assert standing.told_of(stage.parts, [], stage.parts.now() + timedelta(seconds=1)) == []
