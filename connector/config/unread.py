"""Why a file cannot be read, and for whom: root reads what the service, or whoever asks, may not."""

from __future__ import annotations

import os
import pwd


def why(error: OSError) -> str:
    """Return an error's words without a full stop; of missing rights, whose they are."""
    said = error.strerror or str(error) or "cannot be read"
    return f"{said} for user {_user()}" if isinstance(error, PermissionError) else said


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
