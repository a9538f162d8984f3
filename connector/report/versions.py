"""What kept versions are called in the history of a file: people find them by these (design page section 3.4)."""

from __future__ import annotations

from typing import Final

ORIGINAL: Final = {"fr": "Original avant signature", "en": "Original before signing"}
SIGNED: Final = {"fr": "Document signé", "en": "Signed document"}
"""Language → the label."""
