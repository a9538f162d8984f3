"""Which registries were taken in: by this process, or by another one on the same journal (protocol R6, step 5)."""

from __future__ import annotations

from typing import Final

from connector.ports import Href
from connector.steps.parts import Parts

_TAKEN_IN: Final = "registry_taken_in"


def taken_in(parts: Parts, server: str, registry: Href) -> None:
    """Its markers are known to the journal now, all of them."""
    parts.taken_in.add((server, registry))
    if parts.shared and not _told(parts, server, registry):
        parts.journal.mark_account(f"registry:{server} {registry}", _TAKEN_IN, {})


def is_taken_in(parts: Parts, server: str, registry: Href) -> bool:
    """True where what a lost journal had sent from there would be known."""
    if (server, registry) in parts.taken_in:
        return True
    return parts.shared and not _is_ours(parts, server, registry) and _told(parts, server, registry)


def _is_ours(parts: Parts, server: str, registry: Href) -> bool:
    """True where this very process is to take it in: then it alone tells."""
    return any((one.server, one.registry) == (server, registry) for one in parts.watched.values())


def _told(parts: Parts, server: str, registry: Href) -> bool:
    return parts.journal.last_account_event(f"registry:{server} {registry}", _TAKEN_IN) is not None
