"""What must be so at the end, counted at both servers, in the journal and on every disk; what is not is told."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from urllib.parse import unquote

from connector.lifecycle import State
from tests.fleet.base import Base
from tests.fleet.place import Fleet
from tests.fleet.remote import deliveries, writes
from tests.soak.letters import Fate, Letter, People
from tests.worlds import WORDS

Dealt = Sequence[tuple[str, People, Sequence[Letter]]]
"""Each firm's name, its people and their letters."""


def faults(fleet: Fleet, base: Base, dealt: Dealt) -> list[str]:
    """Everything that is not as it must be once all connectors have ended; empty: all is."""
    found = [fault for _, people, letters in dealt for letter in letters for fault in people.faults(letter)]
    found += _delivered_more_than_once(fleet, dealt)
    found += _journal(fleet, base)
    found += _without_a_lease(fleet, base)
    found += _left(fleet)
    found += _said(fleet)
    return found


def _delivered_more_than_once(fleet: Fleet, dealt: Dealt) -> Iterator[str]:
    """Each signed document was put into its folder by exactly one successful write."""
    counted: Counter[str] = Counter()
    for path, times in deliveries(fleet.dms_directory / "state" / "requests.jsonl").items():
        counted[unquote(path).rpartition("/")[2]] += times
    for _, _, letters in dealt:
        for letter in letters:
            written = counted[f"{letter.name}.pdf"] + counted[f"{letter.name} (signé).pdf"]
            wanted = 0 if letter.fate in (Fate.REFUSED, Fate.CANCELLED) else 1
            if written != wanted:
                yield f"{letter.name} ({letter.fate}): delivered {written} times"


def _journal(fleet: Fleet, base: Base) -> Iterator[str]:
    for ref, state, closed, facts in base.ask(
        "SELECT ref, state, closed, facts FROM record WHERE current ORDER BY id"
    ):
        if not closed and State(state) is not State.WITHDRAWN:
            yield f"{ref} is not closed: {state}"
        href = json.loads(facts)["extra"].get("status_href")
        told = ""
        with suppress(OSError, TypeError):
            told = (fleet.dms_directory / "files" / href.lstrip("/")).read_text("utf-8-sig")
        if f"ref: {ref} " in told.replace("\u00a0", " ") and not told.startswith(WORDS[State(state)]):
            yield f"{ref} is {state}, its status says {told[:40]!r}"
    for ref, step in base.ask("SELECT ref, step FROM intent JOIN record ON record.id = record_id"):
        yield f"intent left: {ref} {step}"
    for (ref,) in base.ask("SELECT DISTINCT ref FROM spooled"):
        yield f"bytes left in the journal: {ref}"
    for name, ended in base.ask("SELECT name, ended FROM process"):
        if not ended:
            yield f"the row of process {name} is not ended"
    for unit, process in base.ask("SELECT unit, process_id FROM lease WHERE process_id IS NOT NULL"):
        yield f"{unit} is still process {process}'s"


def _without_a_lease(fleet: Fleet, base: Base) -> Iterator[str]:
    """Whatever came to a server that could change something there: its sender's lease held when it came."""
    net = fleet.network
    if net is None:
        return
    spans: dict[str, list[tuple[float, float]]] = {}
    for name, began_at, until in base.ask("SELECT name, began_at, until FROM process"):
        spans.setdefault(name, []).append((began_at, until))
    for server in ("dms", "platform"):
        for at, peer, what in writes(fleet.holds(server)):
            name = net.name_of(peer)
            if name and not any(first <= at <= last for first, last in spans.get(name, ())):
                late = min((at - last for _, last in spans.get(name, ()) if at > last), default=0.0)
                yield f"{name} asked {what} at the {server}, {late:.2f} s after its lease"


def _left(fleet: Fleet) -> Iterator[str]:
    """Half uploads, spools, temporary files, at the DMS and in every state directory."""
    for path in (fleet.dms_directory / "state" / "uploads").rglob("*"):
        if path.is_file():
            yield f"upload left: {path.name}"
    for state in sorted((fleet.directory / "states").iterdir()):
        for path in state.rglob("*"):
            if path.is_file() and (path.suffix in {".part", ".tmp", ".new"} or "spool" in path.parts):
                yield f"left by {state.name}: {path.relative_to(state)}"
    for path in (fleet.dms_directory / "files").rglob("*"):
        if path.is_file() and path.suffix in {".part", ".tmp"}:
            yield f"left in the folders: {path.name}"


def _said(fleet: Fleet) -> Iterator[str]:
    """No defect, of a server or a connector, may have been told."""
    for log in sorted((fleet.directory / "logs").glob("*.log")):
        text = log.read_text("utf-8", "replace")
        for word in ("DEFECT", "Traceback"):
            if word in text:
                at = text.index(word)
                yield f"{log.name}: {text[at : at + 1500]}"
