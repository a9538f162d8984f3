"""Which coloured tag a state hangs on a file, and what it is called (design page section 4, table)."""

from __future__ import annotations

from typing import Final, Literal

from connector.lifecycle import State

TagKey = Literal["to_correct", "in_progress", "signed", "refused", "expired"]
"""The administrator's ``tags: {…}`` names them so."""

TAG_NAMES: Final[dict[str, dict[TagKey, str]]] = {
    "fr": {
        "to_correct": "Signature à corriger",
        "in_progress": "Signature en cours",
        "signed": "Signé",
        "refused": "Signature refusée",
        "expired": "Signature expirée",
    },
    "en": {
        "to_correct": "Signature to correct",
        "in_progress": "Signature in progress",
        "signed": "Signed",
        "refused": "Signature declined",
        "expired": "Signature expired",
    },
}
"""Language → what each tag is called unless the administrator says otherwise."""

TAG_COLORS: Final[dict[TagKey, str]] = {
    "to_correct": "d32f2f",
    "in_progress": "ff8800",
    "signed": "2e7d32",
    "refused": "b71c1c",
    "expired": "757575",
}
"""Given to a tag that is made; an administrator may change it, and it stays changed."""

_KEYS: Final[dict[State, TagKey]] = {
    State.REJECTED: "to_correct",
    State.HELD: "to_correct",
    State.IN_DOUBT: "to_correct",
    State.QUARANTINED: "to_correct",
    State.LOST: "to_correct",
    State.IN_PROGRESS: "in_progress",
    State.SEALING: "in_progress",
    State.DELIVERING: "in_progress",
    State.DELIVERED: "signed",
    State.DELIVERED_BESIDE: "signed",
    State.REFUSED: "refused",
    State.EXPIRED: "expired",
}


def tag_key(state: State) -> TagKey | None:
    """Return which tag a state shows; None where it shows none."""
    return _KEYS.get(state)
