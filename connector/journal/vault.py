"""Secrets of a shared journal in clear, for whoever has its seal.

A key is derived from ``seal`` for each name (HKDF-SHA256), and the name is bound into what it encrypts (AES-256-GCM): a
dump of the database alone gives nothing away, and no row can be put in another's place. Source: issue "Many firms",
point 3; RFC 5869; NIST SP 800-38D.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from connector.errors import JournalError
from connector.journal.secrets import Secrets

_FORM: Final = b"\x01"
"""First byte of what is kept: how it is encrypted."""
_NONCE: Final = 12
_PURPOSE: Final = b"jse-connector secret\0"
_KNOWN: Final = "seal"
"""Name of the row that only tells whether a seal is this journal's."""
_WORDS: Final = b"the seal of this journal"


class OtherSeal(JournalError):
    """What is kept was encrypted under another seal, or was changed since."""


class Vault:
    """Secrets in clear, for whoever has the seal. Thread-safe; ``repr`` shows nothing."""

    def __init__(self, journal: Secrets, seal: bytes) -> None:
        self._journal, self._seal = journal, seal

    def __repr__(self) -> str:
        return "Vault(…)"

    def check(self) -> None:
        """Make sure that this seal is the journal's; the first one that asks gives its own. Raises OtherSeal."""
        if not self.fits():
            self.put(_KNOWN, _WORDS)
            self.get(_KNOWN)

    def fits(self) -> bool:
        """True where this seal is the journal's; False where nobody has given one yet. Raises OtherSeal."""
        return self.get(_KNOWN) is not None

    def put(self, name: str, content: bytes) -> None:
        """Keep it, in place of an earlier one. Raises JournalError."""
        nonce = secrets.token_bytes(_NONCE)
        sealed = _FORM + nonce + self._cipher(name).encrypt(nonce, content, _FORM + name.encode())
        self._journal.keep_secret(name, sealed)

    def remove(self, name: str) -> None:
        """Keep it no more. Idempotent."""
        self._journal.keep_secret(name, b"")

    def get(self, name: str) -> bytes | None:
        """Return it; None where nothing is kept under that name. Raises OtherSeal, JournalError."""
        found = self._journal.kept_secret(name)
        if found is None:
            return None
        kept, _ = found
        nonce, sealed = kept[len(_FORM) : len(_FORM) + _NONCE], kept[len(_FORM) + _NONCE :]
        try:
            return self._cipher(name).decrypt(nonce, sealed, kept[: len(_FORM)] + name.encode())
        except (InvalidTag, ValueError):
            raise OtherSeal(
                f"what the journal keeps under {name} cannot be read with this seal: every connector on one journal "
                "has the same one. Compare the secret that  seal:  names on each host"
            ) from None

    def kept_at(self, name: str) -> datetime | None:
        """Return since when it is kept, by the clock of whoever kept it; None where nothing is."""
        found = self._journal.kept_secret(name)
        return None if found is None else found[1]

    def _cipher(self, name: str) -> AESGCM:
        info = _PURPOSE + name.encode()
        return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(self._seal))
