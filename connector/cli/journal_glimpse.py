"""A glance at the journal that a configuration names, of either kind; whatever cannot be read is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.config import resolve_secret
from connector.errors import ConfigurationError
from connector.glance import Glance, glance, glance_at, journal_of

if TYPE_CHECKING:
    from connector.cli.state import State
    from connector.config import Config


def glimpse(config: Config, state: State, *, in_use: bool) -> Glance | None:
    """Look, writing nothing. ``in_use``: a service of this state directory runs."""
    url = config.journal.url or state.journal_url
    file = journal_of(url)
    if file is not None:
        return glance(file, config.zone, in_use=in_use)
    reference = config.journal.password
    try:
        password = None if reference is None else resolve_secret(reference, path="journal.password")
    except ConfigurationError:  # a credential of the service's
        return None
    return glance_at(url, password, config.zone)
