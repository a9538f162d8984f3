"""The platform's files: one folder per transaction, written so that a restart finds them whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from connector.sandbox.platform.model import Transaction


def write_whole(file: Path, content: bytes) -> None:
    """Replace ``file`` in one step; not forced to the disk: a simulator survives a restart, not a power cut."""
    temporary = file.with_name(file.name + ".tmp")
    temporary.write_bytes(content)
    temporary.replace(file)


def write_json(file: Path, value: Any) -> None:
    """Replace ``file`` by ``value`` as JSON."""
    write_whole(file, json.dumps(value, ensure_ascii=False).encode())


class Store:
    """``directory/<id>/``: ``collecte.json``, ``original-N.pdf`` as uploaded, ``courant-N.pdf`` as signed so far."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.transactions: dict[str, Transaction] = {}
        for file in directory.glob("*/collecte.json"):
            record = Transaction.from_json(json.loads(file.read_text("utf-8")))
            self.transactions[record.id] = record

    def save(self, record: Transaction) -> None:
        """Keep ``record`` as it is now."""
        self.transactions[record.id] = record
        folder = self._directory / record.id
        folder.mkdir(exist_ok=True)
        write_json(folder / "collecte.json", record.to_json())

    def write(self, record: Transaction, name: str, content: bytes) -> None:
        """Keep one file of a transaction."""
        folder = self._directory / record.id
        folder.mkdir(exist_ok=True)
        write_whole(folder / name, content)

    def read(self, record: Transaction, name: str) -> bytes | None:
        """Return one file of a transaction, None when there is none."""
        file = self._directory / record.id / name
        return file.read_bytes() if file.exists() else None

    def original(self, record: Transaction, order: int) -> bytes:
        """Return document ``order`` as it was uploaded."""
        return (self._directory / record.id / f"original-{order}.pdf").read_bytes()

    def current(self, record: Transaction, order: int) -> bytes:
        """Return document ``order`` as signed so far (as uploaded before ``send``)."""
        return self.read(record, f"courant-{order}.pdf") or self.original(record, order)

    def erase(self, record: Transaction) -> None:
        """Delete every document of ``record``; the record itself stays, for its counters."""
        for file in (self._directory / record.id).glob("*.pdf"):
            file.unlink()
