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
