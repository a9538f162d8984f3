"""What a database of several connectors, its URL or its administrator's slips must not do to a host, or to anybody."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer

from connector.cli import move
from connector.config.journal import journal_url
from connector.journal import Journal
from tests.unit.test_move_journal import Place

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def opened(url: str) -> closing[Journal]:
    return closing(Journal(url, now=lambda: NOW))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://connector:hunter2@db.example/journal",
        "postgresql+psycopg://connector:hun/ter2@db.example/journal",
        "postgresql+psycopg://connector:5/hunter2@db.example",
        "postgresql+psycopg://connector@db.example/journal?password=hunter2",
        "postgresql+psycopg://connector@db.example/journal?pass%77ord=hunter2",
        "postgresql://connector:hun/ter2@db.example/journal",
    ],
)
def test_a_password_in_a_url_is_not_repeated(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError) as told:
        journal_url(url)
    assert "ter2" not in str(told.value)
    place = Place(tmp_path)
    with pytest.raises(typer.Exit):
        move.move(place.name(), move.Wanted(url=url), dry_run=True, yes=True)
    said = "".join(capsys.readouterr())
    assert "jse-connector: " in said
    assert "ter2" not in said
