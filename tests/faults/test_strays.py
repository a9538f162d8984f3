"""What happens if a pair, a whole folder or a status goes astray, in each state: the table of the user guide.

Each deed is done to one copy of the folder that holds a request in every state (``tests.all_states``), and each cell
is a test of its own. What a cell expects was written down from the rules (protocol R1-R10, design page section 4,
ux page sections 1.5, 2.3 and 2.4) before the code was asked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.all_states import (
    BEFORE,
    CLIENT,
    COMING,
    ENDED,
    LEFT,
    OTHER,
    OUT,
    STATES,
    Kept,
    come_true,
    line_of,
    opened,
    plain,
    sends,
    told,
)
from tests.worlds import ROOT, Mode, Stage

COPY = "À CONFIRMER – cette demande semble copiée d’un autre dossier ; rien n’est parti"
BESIDE = "SIGNÉ – la version signée est à côté : « {name} (signé).pdf »"
LOST = "SIGNÉ – le dossier d’origine n’est plus là ; le document signé est ici"
SENT = "EN COURS – 0 signature sur 1 – "
SAME = "as it was"
NOTHING = ""
"""No status there."""
LOST_FOLDER = f"{ROOT}/Signatures à classer"

Line = str | tuple[str, ...]
Act = Callable[[Stage, Kept], None]


@dataclass(frozen=True, kw_only=True)
class Deed:
    """Something a person does to every pair of the folder, and what must be read afterwards.

    ``here``: the folder where the requests are now, ``bis`` what is added to their names there; ``now`` the first
    line there for each name (any other name: as it was), ``old`` the same for the place where they were.
    ``home``: where what is still to come comes in the end, as the first line that says so.
    """

    act: Act
    here: str = CLIENT
    bis: str = ""
    now: Mapping[str, Line] = field(default_factory=dict)
    old: Mapping[str, Line] | None = None
    home: Mapping[str, Line] = field(default_factory=dict)
    home_folder: str = ""
    end: bool = True
    """Is the story told to its end?"""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was to be seen after a deed, and at the end of the story."""

    now: Mapping[str, Mapping[str, str]]
    sends: Mapping[str, int]
    files: Mapping[str, list[str]]
    end: Mapping[str, Mapping[str, str]]
    end_sends: Mapping[str, int]
    end_files: Mapping[str, list[str]]
    wrong: str
    """What :meth:`Stage.intact` found wrong."""


def each(names: tuple[str, ...], line: Line) -> dict[str, Line]:
    return dict.fromkeys(names, line)


# ------------------------------------------------------------------------------------------ the deeds


def pair(stage: Stage, name: str) -> list[str]:
    """What a person takes hold of: the PDF and the request, without the status."""
    return [one for one in (f"{name}.pdf", f"{name}.sign.yaml") if stage.dms.disk(f"{CLIENT}/{one}").is_file()]


def renamed(stage: Stage, _: Kept) -> None:
    for name in STATES:
        for one in pair(stage, name):
            stage.move(one, one.replace(name, f"{name} bis", 1), folder=CLIENT)


def moved(stage: Stage, _: Kept) -> None:
    stage.dms.person.mkdir(f"{CLIENT}/Sous")
    for name in STATES:
        for one in pair(stage, name):
            stage.move(one, one, folder=CLIENT, to_folder=f"{CLIENT}/Sous")


def carried(stage: Stage, _: Kept) -> None:
    """A move that arrives as a deletion and an upload."""
    stage.dms.person.mkdir(f"{CLIENT}/Sous")
    for name in STATES:
        for one in pair(stage, name):
            data = stage.read(one, folder=CLIENT)
            stage.delete(one, folder=CLIENT)
            stage.write(one, data, folder=f"{CLIENT}/Sous")


def copied(stage: Stage, _: Kept) -> None:
    stage.dms.person.mkdir(f"{CLIENT}/Sous")
    for name in STATES:
        for one in pair(stage, name):
            stage.copy(one, one, folder=CLIENT, to_folder=f"{CLIENT}/Sous")


def deleted(stage: Stage, _: Kept) -> None:
    for name in STATES:
        for one in pair(stage, name):
            stage.delete(one, folder=CLIENT)


def restored(stage: Stage, _: Kept) -> None:
    """Deleted, seen to be gone, and put back as it was a minute later."""
    there = {one: stage.read(one, folder=CLIENT) for name in STATES for one in pair(stage, name)}
    for one in there:
        stage.delete(one, folder=CLIENT)
    stage.run(3)
    for one, data in there.items():
        stage.write(one, data, folder=CLIENT)


def folder_to(to: str) -> Act:
    def act(stage: Stage, _: Kept) -> None:
        stage.dms.person.mkdir(str(Path(to).parent))
        stage.dms.person.move(CLIENT, to)

    return act


def folder_copied(stage: Stage, _: Kept) -> None:
    stage.dms.person.copy(CLIENT, f"{ROOT}/Client 2027")


def folder_deleted(stage: Stage, _: Kept) -> None:
    stage.delete("Client")


def folder_restored(stage: Stage, _: Kept) -> None:
    root = stage.dms.disk(CLIENT)
    there = {path.name: path.read_bytes() for path in root.iterdir() if path.is_file()}
    stage.delete("Client")
    stage.run(3)
    stage.dms.person.mkdir(CLIENT)
    for name, data in there.items():
        if name.endswith((".signature.txt", ".apercu.pdf")):
            stage.dms.person.write(f"{CLIENT}/{name}", data)
        else:
            stage.write(name, data, folder=CLIENT)


# ------------------------------------------------------------------------------------------ the table

FOLLOWED = Deed(act=moved, here=f"{CLIENT}/Sous", old=each(tuple(STATES), NOTHING))
"""Wherever the pair goes, the request is there, says what it said, and comes home there."""


def follows(act: Act, here: str, **other: object) -> Deed:
    return Deed(act=act, here=here, old=each(tuple(STATES), NOTHING), **other)  # type: ignore[arg-type]


GONE_LINE = " – le PDF a été supprimé ; la signature continue"
DEEDS: dict[str, Deed] = {
    "pair renamed": follows(renamed, CLIENT, bis=" bis"),
    "pair moved": follows(moved, f"{CLIENT}/Sous"),
    "pair moved, as delete and upload": follows(carried, f"{CLIENT}/Sous"),
    "pair copied": Deed(
        act=copied,
        here=f"{CLIENT}/Sous",
        now=each(tuple(set(STATES) - {"attend", "corriger"}), COPY),
        old=each(tuple(STATES), SAME),
        home_folder=CLIENT,
    ),
    "pair deleted": Deed(
        act=deleted,
        now={
            **each(BEFORE, NOTHING),
            "personne": "EN COURS – 0 signature sur 1" + GONE_LINE,
            "moitie": "EN COURS – 1 signature sur 2" + GONE_LINE,
            # Nothing is open any more: it comes beside at once.
            "ouvert": BESIDE,
        },
        home=each(COMING, BESIDE),
    ),
    "pair restored": Deed(act=restored),
    "folder renamed": follows(folder_to(f"{ROOT}/Client 2026"), f"{ROOT}/Client 2026"),
    "folder moved": follows(folder_to(f"{ROOT}/Archives/Client"), f"{ROOT}/Archives/Client"),
    "folder moved to another watched folder": follows(folder_to(f"{OTHER}/Client"), f"{OTHER}/Client"),
    "folder copied": Deed(
        act=folder_copied,
        here=f"{ROOT}/Client 2027",
        now={
            **each(tuple(set(STATES) - {"attend", "corriger"}), COPY),
            "corriger": (COPY, line_of("corriger")),
        },
        old=each(tuple(STATES), SAME),
        home_folder=CLIENT,
    ),
    "folder deleted": Deed(
        act=folder_deleted,
        now=each(tuple(STATES), NOTHING),
        home=each(COMING, LOST),
        home_folder=LOST_FOLDER,
    ),
    "folder restored": Deed(act=folder_restored),
}
MODES: tuple[Mode, ...] = ("nextcloud", "plain")


# ------------------------------------------------------------------------------------------- the tests


def looked(stage: Stage, deed: Deed) -> tuple[dict[str, dict[str, str]], dict[str, list[str]]]:
    folders = {deed.here, CLIENT, deed.home_folder or deed.here, LOST_FOLDER}
    lines = {folder: told(stage, folder) for folder in folders}
    files = {folder: stage.files(folder) if stage.dms.disk(folder).is_dir() else [] for folder in folders}
    return lines, files


@cache
def outcome(mode: Mode, name: str, middle: str = "") -> Outcome:
    """Do a deed once, whichever of its cells asks first. ``middle``: what befalls the machine right after it."""
    deed = DEEDS[name]
    with TemporaryDirectory() as directory, opened(Path(directory), mode) as (stage, kept):
        deed.act(stage, kept)
        if middle == "lost":
            stage.lose_journal()
        stage.run(5, calm=2)
        stage.clock.advance(700)
        stage.run(5, calm=2)
        now, files = looked(stage, deed)
        counted = sends(stage)
        end, end_files, end_counted = {}, {}, {}
        if deed.end:
            come_true(stage, kept)
            end, end_files = looked(stage, deed)
            end_counted = sends(stage)
        wrong = ""
        try:
            stage.intact()
        except AssertionError as error:
            wrong = str(error)
        return Outcome(
            now=now,
            files=files,
            sends=counted,
            end=end,
            end_files=end_files,
            end_sends=end_counted,
            wrong=wrong,
        )


def agrees(found: str, expected: Line, name: str, called: str) -> bool:
    if isinstance(expected, tuple):
        return any(agrees(found, one, name, called) for one in expected)
    if expected == NOTHING:
        return found == ""
    if expected == SAME:
        expected = line_of(name, called)
    return found.startswith(expected.format(name=called))


CELLS = [(mode, deed, name) for mode in MODES for deed in DEEDS for name in STATES]


@pytest.mark.parametrize(("mode", "deed_name", "name"), CELLS)
def test_a_cell(mode: Mode, deed_name: str, name: str) -> None:
    deed, seen = DEEDS[deed_name], outcome(mode, deed_name)
    called = name + deed.bis
    found = seen.now[deed.here].get(called, "")
    assert agrees(found, deed.now.get(name, SAME), name, called), f"read: {found!r}"
    if deed.old is not None:
        there = seen.now[CLIENT].get(name, "")
        assert agrees(there, deed.old.get(name, SAME), name, name), f"at the old place: {there!r}"
    assert seen.sends.get(name, 0) == (name in LEFT)
    assert seen.sends.get(called, 0) == (name in LEFT)
    if not deed.end:
        return
    at = deed.home_folder or deed.here
    came = called if at == deed.here else name
    last = seen.end[at].get(came, "")
    if name in COMING:
        line = deed.home.get(name, "SIGNÉ – « {name}.pdf » est maintenant la version signée")
        assert agrees(last, line, name, came), f"in the end: {last!r}"
    elif name in {"pause", "marque"} and deed.now.get(name) != NOTHING:
        assert last.startswith(SENT), f"in the end: {last!r}"
