"""A login that a DMS server refused: told once, and that very password is asked for no more.

Ten refusals block the address, at Nextcloud for everybody behind it (WebDAV facts, trap 4). Whoever was refused stops
by itself (``webdav.connections``); here stands what others have to know: processes on the same journal, and the next
round of a timer, each of which is a new beginning. A service that is started anew asks once: its administrator wants
that.
Source: design page section 3, point 6.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from connector.steps import alarms, clocks, found_out
from connector.steps.parts import Parts

LOGIN_REFUSED: Final = "login_refused"
_TRIED: Final = "login_tried"
"""Event of a server: a password was refused while the alarm of an earlier refusal stood (``login``, ``at``)."""
_ROUNDS_ASK_EVERY: Final = timedelta(days=1)
"""A login may be accepted again with the password that it had, of a user who was locked."""


def asked(server: str) -> tuple[str, str]:
    """Return the event that :func:`standing` asks for."""
    return alarms.asked(_subject(server), LOGIN_REFUSED)


def standing(parts: Parts, server: str) -> Mapping[str, Any] | None:
    """Return what was kept of a refusal that stands, whoever met it; None where there is none."""
    return alarms.standing(parts, _subject(server), LOGIN_REFUSED)


def is_known(parts: Parts, server: str, refused: Mapping[str, Any]) -> bool:
    """True of the very password with which the login was refused, where this process is not to find that out itself."""
    login = _digest(parts, server)
    if not login:
        return False
    # The alarm names the first one that was refused, and stands; another one that was wrong, too, came after it.
    tried = parts.journal.last_account_event(_subject(server), _TRIED) or {}
    met = [
        datetime.fromisoformat(str(data[at]))
        for data, at in ((refused, "since"), (tried, "at"))
        if data.get("login") == login
    ]
    if not parts.in_rounds:
        return parts.shared and any(at >= parts.started_at for at in met)
    # Each for itself: one of them may be of a clock that was wrong.
    return any(clocks.lasts(parts, at, _ROUNDS_ASK_EVERY) for at in met)


def tell(parts: Parts, server: str) -> None:
    """The server refused this login just now, or has before: nobody asks with that password any more."""
    text = "the login is refused, and is not tried again before another password is put in place"
    login = _digest(parts, server)
    new = found_out.begin(parts, _subject(server), LOGIN_REFUSED, text, {"login": login})
    others = parts.in_rounds or parts.shared
    if not new and login and others and not is_known(parts, server, standing(parts, server) or {}):
        parts.journal.mark_account(_subject(server), _TRIED, {"login": login, "at": parts.now().isoformat()})


def over(parts: Parts, server: str) -> None:
    """The server accepts this login."""
    found_out.over(parts, _subject(server), LOGIN_REFUSED, "the login is accepted again")


def _subject(server: str) -> str:
    return f"server:{server}"


def _digest(parts: Parts, server: str) -> str:
    known = parts.passwords.get(server)
    return "" if known is None else known()
