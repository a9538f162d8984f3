"""What a sidecar asks for, as frozen values: the shapes that every later step reads.

Nothing here judges; ``sidecar.grammar`` makes these values from a person's text, with the line of each.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """A value that never changes and knows all its fields."""

    # An error of pydantic would otherwise quote what it was given: people's names, or a secret at a wrong place.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Order(StrEnum):
    """Who may sign when."""

    SEQUENTIAL = "sequential"
    PARALLEL = "parallel"


class Wish(StrEnum):
    """How far the author wants the request to go (``envoi``); the folder's ceiling may be lower."""

    PREVIEW = "preview"
    DRAFT = "draft"
    SEND = "send"


class Afterwards(StrEnum):
    """What becomes of a request and its status once its document is signed (``après signature``)."""

    TIDY = "tidy"
    """They move to a folder of their own, so that PDFs alone are left."""
    LEAVE = "leave"


class Level(StrEnum):
    """Certificate level, by name."""

    SIMPLE = "simple"
    ADVANCED = "advanced"
    QUALIFIED = "qualified"

    @property
    def number(self) -> int:
        """The platform's number: 1, 2 or 3."""
        return list(Level).index(self) + 1


class Verb(StrEnum):
    """Orders given by editing (``action``), one name across languages."""

    CANCEL = "cancel"
    REMIND = "remind"
    RESTART = "restart"
    UNLOCK = "unlock"
    SEND = "send"
    ALREADY_SENT = "already sent"
    NOT_SENT = "not sent"


class Action(Frozen):
    """One order. ``wording`` is canonical: verb in English, rest NFC, lower case, single spaces.

    Two lines with the same wording are the same order, obeyed once (protocol, "Orders and the key").
    """

    verb: Verb
    wording: str
    line: int | None = None


class Length(Frozen):
    """A length as written: points, or a share of the page (0–100 %)."""

    value: float
    unit: Literal["pt", "%"]


class Corner(StrEnum):
    """A corner of the page as seen."""

    TOP_LEFT = "top left"
    TOP_RIGHT = "top right"
    BOTTOM_LEFT = "bottom left"
    BOTTOM_RIGHT = "bottom right"


class Placement(Frozen):
    """Where one signatory signs. All None = wherever there is room.

    ``page`` counts from 1, -1 = last. ``x``, ``y`` = the top-left corner of the 200 × 50 pt box, from the top left
    of the page as seen. ``near`` = a text of the document the box goes under.
    """

    document: str | None = None
    page: int | None = None
    x: Length | None = None
    y: Length | None = None
    near: str | None = None
    occurrence: int | None = None
    offset: tuple[Length, Length] | None = None
    corner: Corner | None = None
    line: int | None = None
    origin: str = ""
    """Name of the settings file it stands in, as people see it; empty: the request itself."""


class Signatory(Frozen):
    """One person who signs. ``phone`` is E.164 (``+33612345678``).

    ``contact`` names an entry of ``contacts`` and is resolved before anything else looks at it.
    """

    written: tuple[str, ...] = ()
    """What stands in the file for this person, readable or not: English keys, and ``name`` for one read from a line.

    What is not among them may be filled from elsewhere.
    """
    email: str = ""
    first_name: str = ""
    last_name: str = ""
    name: str = ""
    """First name and family name as shown, or the whole name where it could not be told apart."""
    phone: str = ""
    phone_written: str = ""
    """The number as the person wrote it, for the status."""
    contact: str | None = None
    level: Level = Level.SIMPLE
    placements: tuple[Placement, ...] = ()
    line: int | None = None
    origin: str = ""
    """Name of the settings file the person stands in, as people see it; empty: the request itself."""
    filled: dict[str, str] = Field(default_factory=dict)
    """English key → where its value was taken from: ``contact NAME``, or ``known`` (an earlier request)."""
    known_since: datetime | None = None
    """When what is ``known`` was last used; aware UTC."""

    @property
    def who(self) -> str:
        """How people would name this person; empty when neither name nor address could be read."""
        return self.name or self.email

    @property
    def file(self) -> dict[str, str]:
        """The value ``file`` of a problem about this person; empty when they stand in the request itself."""
        return {"file": self.origin} if self.origin else {}

    @property
    def phone_masked(self) -> bool:
        """True when nobody wrote the number in this folder: it is shown as 06 •• •• •• 78."""
        return self.filled.get("phone") == "known"


class Reminders(Frozen):
    """When a signatory is reminded (``rappels``): days after the invitation, days between, how often at most.

    ``maximum`` 0 = never (``rappels: non``).
    """

    first: int | None = None
    every: int | None = None
    maximum: int | None = None


class SignatureRequest(Frozen):
    """A whole request. ``documents`` and ``annexes`` are names or patterns beside the sidecar; empty = its own PDF."""

    signatories: tuple[Signatory, ...]
    documents: tuple[str, ...] = ()
    annexes: tuple[str, ...] = ()
    subject: str | None = None
    message: str | None = None
    note: str | None = None
    order: Order = Order.SEQUENTIAL
    send: Wish | None = None
    """None = as far as the folder's ceiling allows."""
    account: str | None = None
    lock: bool = False
    certificate: bool = False
    confidential_to: tuple[str, ...] = ()
    logo: bool = True
    handwritten: bool = False
    requester: str | None = None
    reminders: Reminders | None = None
    after_signing: Afterwards | None = None
    """None = they stay where they are."""
    message_file: str | None = None
    """Name of the file beside whose text is the message (``message: voir Message.txt``)."""
    place: tuple[Placement, ...] = ()
    """Where everybody signs who has no place of their own."""
    then: tuple[Signatory, ...] = ()
    """Signatories after all others (``puis``); inherited by itself, beside ``signatories``."""
    contacts: dict[str, Signatory] = Field(default_factory=dict)
    """Only in settings: people by the name that requests use for them."""
    drop: str | None = None
    """Only in settings: name of the folder in which every PDF is a request (``dépôt``)."""
    born_of: Literal["list", "drop"] | None = None
    """Written by the connector for a row of a list, or for a PDF of a drop folder; goes to preview."""
    action: Action | None = None
    lines: dict[str, int] = Field(default_factory=dict)
    """English key → line on which it stands; only keys that stand in a file are here, ``origins`` tells in which."""
    origins: dict[str, str] = Field(default_factory=dict)
    """English key → name of the settings file it was inherited from; absent: the request itself, or a default."""

    def at(self, key: str) -> tuple[int | None, dict[str, str]]:
        """Return a key's line, and the value ``file`` of a problem about it: empty for the request's own file."""
        origin = self.origins.get(key)
        return self.lines.get(key), {"file": origin} if origin else {}
