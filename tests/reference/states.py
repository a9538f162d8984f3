"""Every state of a request: meaning, what people read, what moves it, what an author can write; and the diagram."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from connector.lifecycle import JUDGED, TRANSITIONS, Event, State
from connector.report.status import render_status
from connector.report.tags import TAG_NAMES, tag_key
from connector.sidecar.model import Verb
from tests.order_table import ROWS, TYPED
from tests.reference.markdown import code, generated, listed, table
from tests.reference.source import member_docs
from tests.unit.report_example import variants

_EXAMPLES_SHOWN = 14


def meanings() -> dict[State, str]:
    """What stands under each member of the enumeration."""
    return {State[name]: told for name, told in member_docs(State).items()}


@cache
def first_lines() -> dict[State, list[str]]:
    """The first lines that each state is seen with, French, from the examples that the tests render."""
    found: dict[State, dict[str, None]] = {state: {} for state in State}
    for _, _, record, context in variants():
        found[record.state][" ".join(render_status(record, context).first_line.split())] = None
    return {state: list(lines) for state, lines in found.items()}


def word_of(lines: list[str]) -> list[str]:
    """The state words that begin these lines, once each."""
    return list(dict.fromkeys(line.split(" – ")[0] for line in lines))


def rows() -> Iterator[tuple[State, str, str, str]]:
    """State, first words, meaning, tag."""
    lines, told = first_lines(), meanings()
    for state in State:
        key = tag_key(state)
        words = ", ".join(word_of(lines[state])) or _SAME_AS.get(state, "no status")
        yield state, words, told.get(state, ""), TAG_NAMES["fr"][key] if key else "–"


_SAME_AS: Mapping[State, str] = {
    State.PREPARED: "EN ATTENTE, EN PAUSE",
    State.MARKED: "EN ATTENTE, EN PAUSE",
}
"""Read as the state before them: nobody outside sees the difference."""


def short_table() -> str:
    """The states on the README."""
    return table(
        ("state", "the status begins with", "meaning"),
        ((code(state.value), words, told) for state, words, told, _ in rows()),
    )


# --------------------------------------------------------------------------------------------------
# Diagram


def _base(state: State) -> dict[Event, State]:
    """The largest row of the table that two states have for their own and this one has as well; else its own."""
    own, every = TRANSITIONS[state], list(TRANSITIONS.values())
    shared = [row for row in every if row and row.items() <= own.items() and every.count(row) > 1]
    return max(shared, key=len, default=own)


def groups() -> list[tuple[list[State], dict[Event, State]]]:
    """States that share most of their row, with what they share."""
    found: list[tuple[list[State], dict[Event, State]]] = []
    for state in State:
        if not TRANSITIONS[state]:
            continue
        base = _base(state)
        for members, shared in found:
            if shared == base:
                members.append(state)
                break
        else:
            found.append(([state], dict(base)))
    return found


_GROUP_NAMES: Mapping[State, tuple[str, str]] = {
    State.REJECTED: ("before", "before it leaves: judged again at every change"),
    State.IN_PROGRESS: ("out", "out: followed at Jesignexpert"),
    State.SEALING: ("signed", "signed by all: fetched and verified"),
}
"""A member → the name of its group in the diagram."""


def diagram() -> str:
    """The transition table as a Mermaid flowchart: what the states of a frame share is drawn once, from the frame."""
    lines = ["```mermaid", "flowchart TB", "    arrives((a sidecar)) --> before"]
    drawn: dict[tuple[str, str], list[str]] = {}
    for members, shared in groups():
        name = _name_of(members)
        if name is not None:
            lines += _frame(*name, members)
        for state in members:
            for event, target in TRANSITIONS[state].items():
                together = name is not None and event in shared
                if target is state or (together and target in members):
                    continue
                begin = name[0] if together and name else state.value
                events = drawn.setdefault((begin, _end_of(target)), [])
                events += [] if event.value in events else [event.value]
    for frame, (told, members) in _ENDS.items():
        lines += _frame(frame, told, members)
    for (begin, end), events in drawn.items():
        # An event that bears the name of the state it leads to says nothing more on the line.
        told = "" if events == [end] else f"|{', '.join(events)}|"
        lines.append(f"    {begin} -->{told} {end}")
    return "\n".join([*lines, "```"]) + "\n"


def _frame(name: str, told: str, members: Sequence[State]) -> list[str]:
    return [f'    subgraph {name}["{told}"]', *(f"        {one.value}" for one in members), "    end"]


_ENDS: Mapping[str, tuple[str, tuple[State, ...]]] = {
    "home": ("over: signed", (State.DELIVERED, State.DELIVERED_BESIDE)),
    "over": ("over: no document", (State.REFUSED, State.EXPIRED, State.CANCELLED, State.LOST)),
}
"""Ends that a diagram shows in one frame; which one an event leads to is its name (``erased``: lost)."""


def _end_of(target: State) -> str:
    return next((frame for frame, (_, members) in _ENDS.items() if target in members), target.value)


def _name_of(members: list[State]) -> tuple[str, str] | None:
    return next((_GROUP_NAMES[one] for one in members if one in _GROUP_NAMES), None)


def within() -> str:
    """What moves a request inside a frame of the diagram, which draws no arrow for it."""
    found = []
    for members, shared in groups():
        known = _name_of(members)
        inner = {event: target for event, target in shared.items() if target in members}
        if known is not None and inner:
            moves = ", ".join(
                f"{code(event.value)} → {code(target.value)}" for event, target in inner.items()
            )
            found.append(f"- inside *{known[1]}*, from any of its states: {moves}.")
    loops = [
        f"{code(state.value)} on {code(event.value)}"
        for members, shared in groups()
        for state in members
        for event, target in TRANSITIONS[state].items()
        if target is state and event not in shared
    ]
    if loops:
        found.append(f"- stays where it is: {', '.join(loops)}.")
    return "\n".join(found) + "\n"


# --------------------------------------------------------------------------------------------------
# Page


def _orders(state: State) -> str:
    if state not in ROWS:
        return ""
    rows = []
    for verb, said in zip(TYPED, ROWS[state], strict=True):
        text = "nothing is said; it counts once the request is right" if said is None else said
        text = f"leads to « {text[1:].strip()} … »" if text.startswith("→") else text
        rows.append((code(f"action: {TYPED[verb]}"), text))
    return "\nWhat the author's order comes to:\n\n" + table(("written", "what becomes of it"), rows)


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    parts.append(
        table(
            ("state", "the status begins with", "meaning", "tag on Nextcloud"),
            ((f"[{code(s.value)}](#{s.value})", w, m, t) for s, w, m, t in rows()),
        )
    )
    parts += ["\n## How they follow each other\n", diagram(), within()]
    lines, told = first_lines(), meanings()
    for state in State:
        parts.append(f"\n## {state.value}\n")
        kind = (
            "Ends the request."
            if state.ended
            else "Nothing has left; every change judges it anew."
            if state in JUDGED
            else ""
        )
        parts.append(" ".join(filter(None, [told.get(state, ""), kind])) + "\n")
        if lines[state]:
            shown = lines[state][:_EXAMPLES_SHOWN]
            more = len(lines[state]) - len(shown)
            parts.append("First lines, as read in the folder:\n\n```text\n" + "\n".join(shown) + "\n```\n")
            if more:
                parts.append(f"and {more} more of that kind.\n")
        moves = TRANSITIONS[state]
        if moves:
            targets: dict[State, list[str]] = {}
            for event, target in moves.items():
                targets.setdefault(target, []).append(event.value)
            parts.append(
                "Moved by: "
                + "; ".join(f"{listed(events)} → {code(target.value)}" for target, events in targets.items())
                + ".\n"
            )
        orders = _orders(state)
        if orders:
            parts.append(orders)
    return "\n".join(parts)


def verbs_of_author() -> list[Verb]:
    """Every order there is, in the table's order."""
    return list(TYPED)


_HEAD = f"""# Every state of a request

{generated()}
From `connector/lifecycle.py` (the one table that says which event may happen in which state), the rendered examples
of the tests, and the table of orders that the tests hold against the code. `jse-connector status` and `show REF`
name these states; people read the first line of `X.signature.txt`. An administrator moves none of them by hand:
`retry`, `cancel`, `resolve` and the like (see [verbs.md](verbs.md)) cause the same events as an author's order
would.
"""
