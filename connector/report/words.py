"""The state words: the fixed list of the ux page, section 2.1, each with its English twin."""

from __future__ import annotations

from typing import Final

Pair = tuple[str, str]

WAITING_PDF: Final[Pair] = ("EN ATTENTE DU PDF", "WAITING FOR THE PDF")
TO_CORRECT: Final[Pair] = ("À CORRIGER", "TO CORRECT")
TO_CONFIRM: Final[Pair] = ("À CONFIRMER", "TO CONFIRM")
READY: Final[Pair] = ("PRÊT", "READY")
DRAFT: Final[Pair] = ("BROUILLON", "DRAFT")
WAITING: Final[Pair] = ("EN ATTENTE", "WAITING")
PAUSED: Final[Pair] = ("EN PAUSE", "PAUSED")
IN_PROGRESS: Final[Pair] = ("EN COURS", "IN PROGRESS")
SIGNED_BY_ALL: Final[Pair] = ("SIGNÉ PAR TOUS", "SIGNED BY ALL")
SIGNED: Final[Pair] = ("SIGNÉ", "SIGNED")
REFUSED: Final[Pair] = ("REFUSÉ", "DECLINED")
EXPIRED: Final[Pair] = ("EXPIRÉ", "EXPIRED")
CANCELLED: Final[Pair] = ("ANNULÉ", "CANCELLED")
TO_CHECK: Final[Pair] = ("À VÉRIFIER", "TO CHECK")

ALL: Final[tuple[Pair, ...]] = (
    WAITING_PDF,
    TO_CORRECT,
    TO_CONFIRM,
    READY,
    DRAFT,
    WAITING,
    PAUSED,
    IN_PROGRESS,
    SIGNED_BY_ALL,
    SIGNED,
    REFUSED,
    EXPIRED,
    CANCELLED,
    TO_CHECK,
)

_OVER: Final = frozenset({SIGNED, REFUSED, EXPIRED, CANCELLED, TO_CHECK})


def tells_an_end(text: str) -> bool:
    """True for a status that says how its request ended; what goes on, is not out yet, or is nobody's, tells none."""
    line = text.removeprefix("\ufeff").replace("\u00a0", " ").replace("\u202f", " ")
    # The longest: « SIGNÉ PAR TOUS » is no « SIGNÉ ».
    said = max(((word, pair) for pair in ALL for word in pair if line.startswith(word)), default=None)
    return said is not None and said[1] in _OVER
