"""Killed anywhere, any answer lost, garbled, refused by a proxy, or late: sent once, delivered once, nothing lost.

The points are counted at the two transports and at the journal's commit; a story that nothing strikes tells how many
there are, then each is struck in each way, everything is wired anew on the same journal and the same world, and the
story goes on until it is quiet. In every check a few of each kind are struck, in ``make test-long`` all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.faults import stories
from tests.faults.points import READS, Points, Variant
from tests.faults.stories import Case, Story, cases, once_each, struck, told, variants
from tests.worlds import Mode, Stage

MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])


def after_each(name: str) -> list[Variant]:
    """How a point can be struck, each way once, where a story is about something else than the way it is struck."""
    if name == "commit":
        return ["after"]
    return ["lost"] if name.split()[1] in READS else ["after", "lost"]


def writes(name: str) -> list[Variant]:
    """The same for what has an effect; what is only read is struck in the story of one letter."""
    return once_each(name) if name == "commit" or name.split()[1] not in READS else []


@dataclass(frozen=True, kw_only=True)
class Told:
    """One story: the world before it, how it goes on, in what ways its points are struck.

    ``but``: leave out what that other story has, too, so that each effect is struck where it belongs.
    """

    before: Callable[[Path, Mode], Stage]
    story: type[Story]
    ways: Callable[[str], list[Variant]] = variants
    but: str = ""
    parts: int = 8
    few: int = 6
    """So many of its cases are struck in every check."""


STORIES = {
    "one letter": Told(before=stories.empty, story=stories.Letters, parts=16, few=14),
    "side by side": Told(before=stories.empty, story=stories.SideBySide, ways=writes, few=2),
    "homeward": Told(before=stories.signed, story=stories.Homeward, ways=once_each, few=3),
    "first start": Told(before=stories.untouched, story=stories.FirstStart, ways=once_each, few=2),
    "ordered": Told(before=stories.ordered, story=stories.Ordered, ways=writes, few=2, parts=4),
    "beside": Told(before=stories.asked, story=stories.Beside, ways=writes, but="one letter", few=2),
}


@dataclass(frozen=True)
class Ground:
    """A story ready to be told many times: where, from which world, and what passes when nothing strikes."""

    base: Path
    before: Stage
    story: type[Story]
    labels: tuple[str, ...]

    def tell(self, directory: Path, points: Points) -> Story:
        return self.story(directory, points, self.before)


@cache
def ground(base: Path, name: str, mode: Mode) -> Ground:
    """Live what leads up to a story, and tell it once unstruck; once for all tests of a worker."""
    place = base / f"{name} {mode}"
    place.mkdir()
    one = STORIES[name]
    before = one.before(place / "before", mode)
    unstruck = Ground(place, before, one.story, ())
    passed = told(unstruck.tell, Points(), place)
    return Ground(place, before, one.story, tuple(passed.labels))


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("matrix")


def everything(base: Path, name: str, mode: Mode) -> list[Case]:
    """Every case of a story."""
    one = STORIES[name]
    labels = ground(base, name, mode).labels
    if one.but:
        known = {_kind(label) for label in ground(base, one.but, mode).labels}
        labels = tuple(label for label in labels if _kind(label) not in known)
    return cases(labels, one.ways)


def _kind(label: str) -> str:
    """What a point is, whichever file it is about."""
    words = label.rpartition(" #")[0].split()
    end = words[-1].rpartition(".")[2] if "." in words[-1] else ""
    return " ".join(words if words[0] != "dms" else [*words[:2], end])


def few(found: Sequence[Case], count: int, *, seed: int) -> list[Case]:
    """Choose cases so that as many kinds of points and as many ways as can be are among them; not always the same."""
    chosen: list[Case] = []
    seen: set[object] = set()
    rest = [*found[seed % len(found) :], *found[: seed % len(found)]]

    def new(case: Case) -> int:
        label, variant = case
        return len({_kind(label), variant, (label.split()[0], variant)} - seen)

    for _ in range(min(count, len(rest))):
        best = max(rest, key=new)
        rest.remove(best)
        chosen.append(best)
        label, variant = best
        seen |= {_kind(label), variant, (label.split()[0], variant)}
    return chosen


def check(base: Path, name: str, mode: Mode, chosen: Sequence[Case]) -> None:
    here = ground(base, name, mode)
    failures = struck(here.tell, chosen, here.base)
    assert not failures, f"{len(failures)} of {len(chosen)}\n" + "\n".join(failures)


@MODES
def test_a_few_of_each_kind(base: Path, mode: Mode) -> None:
    """E1: killed at a step, or an answer lost, garbled, refused or late: one letter is sent once, delivered once."""
    found = everything(base, "one letter", mode)
    assert any("send" in label for label, _ in found)
    chosen = few(found, STORIES["one letter"].few, seed=len(found) // 3 if mode == "plain" else 0)
    assert {variant for _, variant in chosen} == set(variants("dms PUT")), "every way is among them"
    check(base, "one letter", mode, chosen)


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("side by side", "nextcloud"),
        ("homeward", "plain"),
        ("first start", "nextcloud"),
        ("beside", "nextcloud"),
        ("ordered", "plain"),
    ],
)
def test_a_few_of_the_other_stories(base: Path, name: str, mode: Mode) -> None:
    """E1: requests side by side, documents on their way home, a first start, orders: a few of their points."""
    found = everything(base, name, mode)
    check(base, name, mode, few(found, STORIES[name].few, seed=len(found) // 2))


@MODES
def test_killed_around_the_flag(base: Path, mode: Mode) -> None:
    """D7: killed between the download and its fact, or the delivery and its fact: delivered exactly once."""
    labels = ground(base, "one letter", mode).labels
    around = [label for label in labels if label.startswith(("commit fetched ", "commit delivered "))]
    assert len(around) == 2
    check(base, "one letter", mode, [(label, "before") for label in around])


@pytest.mark.parametrize(
    ("name", "part"), [(name, part) for name, one in STORIES.items() for part in range(one.parts)]
)
@MODES
def test_crash_matrix(base: Path, mode: Mode, name: str, part: int) -> None:
    """D7, E1: whatever point is struck in whatever way, everything comes to the one right end."""
    check(base, name, mode, everything(base, name, mode)[part :: STORIES[name].parts])


def test_points_have_the_same_names_in_every_run(base: Path) -> None:
    """What threads make of the order changes no name: each point of three letters side by side can be struck again."""
    here = ground(base, "side by side", "nextcloud")
    again = told(here.tell, Points(), here.base)
    assert sorted(again.labels) == sorted(here.labels)
