"""The news of a list, which its text is made of: facts and counts, no words."""

from __future__ import annotations

from dataclasses import dataclass

from connector.config.model import Ceiling
from connector.errors import Problem


@dataclass(frozen=True, kw_only=True)
class Missing:
    """A row whose document is not in the folder; ``near`` is a name that is nearly its own, or empty."""

    line: int
    document: str
    near: str = ""


@dataclass(frozen=True, kw_only=True)
class ListNews:
    """A list as it stands. Lines are Excel's; each row is in one of ``made``, ``withdrawn``, ``pending``, the rest."""

    file: str
    ceiling: Ceiling
    total: int = 0
    """Rows that ask for something."""
    there_before: bool = False
    """It lay there when the folder was first looked at: no row is obeyed before it is saved again."""
    faults: tuple[Problem, ...] = ()
    """Of the list as a whole: no row is obeyed."""
    hidden: int = 0
    """Rows that are not shown: no row is obeyed."""
    problems: tuple[Problem, ...] = ()
    """Of single rows, each with its line."""
    missing: tuple[Missing, ...] = ()
    made: int = 0
    """Rows whose request exists, or existed until it was over."""
    pending: int = 0
    """Rows whose request is made by the next passes."""
    left: int = 0
    """Of ``made``: requests that left, ended ones too."""
    ended: int = 0
    signed: int = 0
    filed: int = 0
    """Of ``signed``: those whose status lies in the folder for finished requests."""
    care: tuple[str, ...] = ()
    """Documents whose request needs a person; its own status says what for."""
    to_correct: bool = False
    """Something in at least one of them is to be corrected."""
    elsewhere: bool = False
    """Of some of ``made`` nothing is known here any more: their PDF went elsewhere."""
    withdrawn: tuple[int, ...] = ()
    """Lines whose request was deleted before it left."""
    changed: tuple[int, ...] = ()
    """Lines that say something else than when their request was made, which is there still."""
    rowless: tuple[str, ...] = ()
    """Documents that the list asked for, whose row is gone and whose request would leave yet."""
    without_row: tuple[str, ...] = ()
    """PDFs of the folder for which nobody asked anything."""
    ignored: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    """Lists that are not read because this one is."""
    copies: tuple[str, ...] = ()
    """Copies of the list that a sync client made."""
    settings_name: str = "_signature.yaml"
    settings_line: int | None = None
    """The line of that file on which ``envoi`` stands."""
    said_already: bool = False
    """The settings let requests go already: they must be saved again for those prepared since."""
