"""The two pages: ``/metrics`` for Prometheus, ``/health`` for whoever pages. Source: ux page 6.1, check 10."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from connector.metrics.health import ailments
from connector.metrics.series import Series
from connector.metrics.server import Answer, Page
from connector.metrics.vitals import Vitals

FORMAT: Final = 1


def pages(
    series: Series, vitals: Vitals, *, now: Callable[[], datetime], room: Path | None
) -> Mapping[str, Page]:
    """Return path → page. ``room``: the directory of the journal's file, None where the journal is none."""

    def metrics(accept: str) -> Answer:
        content_type, body = series.exposition(accept)
        return Answer(status=200, content_type=content_type, body=body)

    def health(_accept: str) -> Answer:
        vital = vitals.look()
        found = ailments(vital, now(), room=no_room(room) if room is not None else "")
        told = {
            "format": FORMAT,
            "status": "failing" if found else "ok",
            "version": vital.version,
            "up_since": vital.started_at.astimezone(UTC).isoformat(timespec="seconds"),
            "reasons": [{"code": each.code, "name": each.name, "text": each.text} for each in found],
        }
        body = json.dumps(told, indent=2).encode() + b"\n"
        return Answer(status=503 if found else 200, content_type="application/json", body=body)

    return {"/metrics": metrics, "/health": health}


def no_room(directory: Path) -> str:
    """Say why no fact can be kept in a directory; empty where one can. Nothing is written to find out."""
    try:
        disk = os.statvfs(directory)
    except OSError as error:
        return f"the journal's directory {directory} cannot be looked at: {error.strerror}"
    if disk.f_flag & os.ST_RDONLY:
        return f"the journal's directory {directory} is on a disk that is mounted read-only"
    if disk.f_bavail == 0:
        return f"the journal's disk is full ({directory})"
    return ""
