"""What a changed configuration means against the one that runs: each value with its consequence, in words.

Read before a change, most often by somebody who wants to know one thing: does anything leave by itself? What is counted
is what the journal says at that moment (``glance``); without it the sentences stand without numbers.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from connector.config import Ceiling
from connector.config.changes import Change
from connector.config.flat import NOTHING
from connector.glance import Glance
from connector.lifecycle import State

_ORDER: Final = [ceiling.value for ceiling in Ceiling]
_PREPARED: Final = (State.PREVIEWED.value, State.DRAFT.value)
_OUT: Final = tuple(state.value for state in State if state.open)
_OWN_WORDS: Final = frozenset({"connector", "seal", "journal", "metrics"})
"""Of what waits for a start, these have more to say than why."""
_WAITING: Final = tuple(state.value for state in State if state.before_mark)


@dataclass(frozen=True)
class Ground:
    """What the changes are held against: the new values, and the journal at this moment."""

    new: Mapping[str, str]
    glance: Glance = field(default_factory=Glance)

    def there(self, folder: str, *states: str) -> int:
        """How many requests of a folder."""
        return self.glance.of_folder(folder, *states)


def meaning(change: Change, ground: Ground) -> str:
    """Say what a change comes to."""
    path = "/".join(change.path)
    for pattern, told in _PARTS if change.is_part else _VALUES:
        if re.fullmatch(pattern, path):
            said = told(change, ground) if callable(told) else told
            break
    else:
        said = "holds from the next pass on"
    if not change.waits:
        return said
    return f"needs a restart; {said}" if change.path[0] in _OWN_WORDS else f"needs a restart: {change.waits}"


# --------------------------------------------------------------------------------- parts that come and go


def _part(change: Change, ground: Ground) -> str:
    kind, name = change.path
    if change.after is None:
        return _GONE[kind](name, ground)
    return _COME[kind](name, ground)


def _folder_gone(name: str, ground: Ground) -> str:
    out, waiting = ground.there(name, *_OUT), ground.there(name, *_WAITING)
    told = []
    if out:
        told.append(
            f"{_are(out, 'open request')} still asked about at Jesignexpert; what is signed is kept here, and put "
            "back only when the folder stands in the file again"
        )
    if waiting:
        told.append(f"{_are(waiting, 'request')} not launched any more")
    told.append(
        f"what the connector wrote there stays (jse-connector leave {name}, while it still stands here)"
    )
    return "; ".join(told)


def _folder_come(name: str, ground: Ground) -> str:
    send = ground.new.get(f"folders/{name}/send", Ceiling.PREVIEW.value)
    return f"{send}; what lies there before its first pass is not launched by itself: it waits for a word"


def _account_gone(name: str, ground: Ground) -> str:
    out = ground.glance.of_account(name, *_OUT)
    if not out:
        return "nothing is open there; its tokens stay in the state directory"
    return (
        f"DANGER: {_are(out, 'open request')} not asked about any more, and what is signed is not fetched: "
        "Jesignexpert erases it after a month. Leave the account here until they are over"
    )


def _server_gone(name: str, _ground: Ground) -> str:
    return (
        f"nothing is asked of {name} any more; folders that name another server now take their requests along"
    )


_GONE: Final[Mapping[str, Callable[[str, Ground], str]]] = {
    "folders": _folder_gone,
    "accounts": _account_gone,
    "servers": _server_gone,
    "hooks": lambda _name, _ground: "is not called any more",
}
_COME: Final[Mapping[str, Callable[[str, Ground], str]]] = {
    "folders": _folder_come,
    "accounts": lambda name, _ground: f"log in once: jse-connector connect {name} --mail",
    "servers": lambda _name, _ground: "asked from the next pass on, if the service can read its secrets",
    "hooks": lambda _name, _ground: "called from the next occasion on",
}
_PARTS: Final[Sequence[tuple[str, Callable[[Change, Ground], str] | str]]] = ((".*", _part),)


# --------------------------------------------------------------------------------------------- values


def _send(change: Change, ground: Ground) -> str:
    name, before, after = change.path[1], str(change.before), str(change.after)
    prepared, out = ground.there(name, *_PREPARED), ground.there(name, *_OUT)
    if before in _ORDER and after in _ORDER and _ORDER.index(after) > _ORDER.index(before):
        those = f"the {_count(prepared, 'request')} prepared there" if prepared else "what is prepared there"
        leave = "leaves" if prepared in {0, 1} else "leave"
        return f"sends nothing by itself: {those} {leave} when a person says so in each; new ones go as far as {after}"
    goes = f"; {_count(out, 'request')} that {'is' if out == 1 else 'are'} out go on" if out else ""
    return f"new requests go no further than {after}{goes}"


def _place(change: Change, ground: Ground) -> str:
    name = change.path[1]
    out = ground.there(name, *_OUT)
    open_ones = (
        f"; {_count(out, 'open request')} of the former place: looked for where the files lie now"
        if out
        else ""
    )
    return f"another folder: what lies there before its first pass is not launched by itself{open_ones}"


def _fence(change: Change, ground: Ground) -> str:
    name = change.path[1]
    out = ground.there(name, *_OUT)
    stay = f"; {_count(out, 'request')} that left stay with whoever paid" if out else ""
    return f"new requests in here spend the credit of {change.after}, no other{stay}"


def _brake(change: Change, ground: Ground) -> str:
    told = "what is beyond it waits"
    if change.path[0] == "accounts" and change.path[1] in ground.glance.busiest:
        number, day = ground.glance.busiest[change.path[1]]
        told += f"; the busiest day so far was {number} ({day:%d %b %Y})"
    if change.after == NOTHING:
        return "no brake of this kind any more; the others hold"
    waiting = _more(change) and ground.glance.opened
    return f"{told}; what waited for it leaves up to the new limit" if waiting else told


def _more(change: Change) -> bool:
    try:
        return int(str(change.after)) > int(str(change.before))
    except ValueError:
        return False


def _platform(_change: Change, ground: Ground) -> str:
    out = sum(ground.glance.of_account(name, *_OUT) for name in {a for _, a, _ in ground.glance.opened})
    if not out:
        return "another platform from the next pass on; nothing is open at the former one"
    return (
        f"DANGER: {_are(out, 'open request')} asked about at the new address, where nobody knows of them. "
        "Wait until they are over"
    )


def _shorter(change: Change, _ground: Ground) -> str:
    return (
        "what is older is erased at the next pass, for good"
        if change.after != NOTHING
        else "nothing is erased"
    )


_RULES: Final = (
    "for requests that have not left; what is out goes on as it was asked",
    "what may leave only at other hours waits, and leaves afterwards",
)
_VALUES: Final[Sequence[tuple[str, Callable[[Change, Ground], str] | str]]] = (
    ("folders/[^/]+/send", _send),
    ("folders/[^/]+/(?:path|server)", _place),
    ("folders/[^/]+/accounts", _fence),
    ("folders/[^/]+/wake", "a look comes within a second of a change there; polling goes on as before"),
    ("folders/[^/]+/comments", "on what happens from the next pass on"),
    ("folders/[^/]+/notify", "mailed from the next event on"),
    ("(?:accounts/[^/]+|(?:folders/[^/]+/)?policy)/max_sends_per_(?:day|hour)", _brake),
    ("(?:folders/[^/]+/)?policy/(?:quiet_hours|holidays|weekends)", _RULES[1]),
    ("(?:folders/[^/]+/)?policy/remember_contacts|keep_personal_data", _shorter),
    ("(?:folders/[^/]+/)?policy/reminders", "for what is out as well, where its author said nothing else"),
    ("(?:folders/[^/]+/)?policy/.*", _RULES[0]),
    ("accounts/[^/]+/sender", "shown in the invitations of new requests"),
    ("accounts/[^/]+/owner", "gets the next link"),
    ("servers/[^/]+/url", "another server or login: its folders are looked at as after a start"),
    (
        "servers/[^/]+/registry",
        "the marks against sending twice are made and looked for there alone: move the former ones along first",
    ),
    ("servers/[^/]+/.*", "connected anew at the next pass"),
    ("platform/url", _platform),
    ("platform/.*", "connected anew at the next pass"),
    ("connector", "folders owned by the former id are left alone until jse-connector take-over"),
    (
        "seal",
        "the same key in another place changes nothing; marks that another key sealed are foreign: nothing is launched "
        "twice, much is asked",
    ),
    (
        "journal/url",
        "the journal that move-journal took there; else one begins from the marks in the folders, and the former one "
        "is not read",
    ),
    ("journal/.*", "the journal is opened with it"),
    ("metrics", "all else at the next pass"),
    ("mail|mail/.*|hooks/.*|ping|ping/.*", "used from the next time on"),
    ("tags/.*", "files tagged before keep the former name until their state changes"),
    ("language|timezone|support", "texts in the folders are written anew as they next change"),
    ("polling/.*", "from the next look on"),
)


# ------------------------------------------------------------------------------------------ on paper


def table(changes: Sequence[Change], ground: Ground) -> Iterator[str]:
    """Three columns where they fit; the consequence below where they do not."""
    rows = [(change.dotted, _arrow(change), meaning(change, ground)) for change in changes]
    first = max((len(path) for path, _, _ in rows if len(path) <= _FIRST), default=0)
    second = max((len(arrow) for _, arrow, _ in rows if len(arrow) <= _SECOND), default=0)
    for path, arrow, said in rows:
        head = f"  {path:<{first}}  {arrow:<{second}}"
        if len(path) <= _FIRST and len(arrow) <= _SECOND:
            margin = first + second + 6
            lines = _wrapped(said, _WIDTH - margin)
            yield f"{head}  {lines[0]}"
            yield from (" " * margin + line for line in lines[1:])
        else:
            yield f"  {path}  {arrow}"
            yield from (" " * 6 + line for line in _wrapped(said, _WIDTH - 6))


_FIRST, _SECOND, _WIDTH = 34, 26, 112


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width) or [""]


def _arrow(change: Change) -> str:
    if change.is_part:
        return "removed" if change.after is None else "added"
    return f"{_short(str(change.before))} -> {_short(str(change.after))}"


def _short(value: str) -> str:
    return value if len(value) <= 60 else f"{value[:57]}..."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _are(number: int, noun: str) -> str:
    return f"{_count(number, noun)} {'is' if number == 1 else 'are'}"
