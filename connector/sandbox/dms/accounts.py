"""Who may come in: passwords, app passwords, the brake on wrong ones, sessions, Login Flow v2."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping

from connector.sandbox.clock import SandboxClock
from connector.sandbox.dms.ledger import Ledger

THROTTLE_WINDOW_S = 30 * 60
THROTTLE_MOST = 10


class Accounts:
    """Users with their passwords; wrong ones are counted by address (facts section 1, trap 4)."""

    def __init__(self, users: Mapping[str, str], ledger: Ledger, clock: SandboxClock) -> None:
        self.passwords = dict(users)
        self.disabled: set[str] = set()
        self._ledger = ledger
        self._clock = clock
        self._app_passwords = {key: str(row["user"]) for key, row in ledger.rows("app_password").items()}
        self._failures: dict[str, list[tuple[float, str]]] = {}
        self._flows: dict[str, dict[str, str]] = {}
        self._secret = secrets.token_hex(8)

    # -- passwords -------------------------------------------------------------------------------

    def known(self, user: str, password: str) -> bool:
        """Tell whether the password, or an app password, is right. Counts nothing."""
        return self.passwords.get(user) == password or self.is_app_password(user, password)

    def is_app_password(self, user: str, password: str) -> bool:
        """Tell whether this is an app password of the user."""
        return user in self.passwords and self._app_passwords.get(_hashed(password)) == user

    def change_password(self, user: str, password: str) -> None:
        """Set a login password; every app password of the user is revoked."""
        self.passwords[user] = password
        for key in [key for key, owner in self._app_passwords.items() if owner == user]:
            del self._app_passwords[key]
            self._ledger.drop("app_password", key)

    def new_app_password(self, user: str) -> str:
        """Return a fresh app password of 72 characters; only its hash is kept."""
        password = secrets.token_urlsafe(54)
        self._app_passwords[_hashed(password)] = user
        self._ledger.keep("app_password", _hashed(password), {"user": user})
        return password

    def revoke(self, password: str) -> None:
        """Forget one app password."""
        self._app_passwords.pop(_hashed(password), None)
        self._ledger.drop("app_password", _hashed(password))

    # -- the brake -------------------------------------------------------------------------------

    def blocked(self, address: str) -> bool:
        """Tell whether an address had more than 10 wrong passwords within 30 minutes: 429 for all."""
        since = self._clock.timestamp() - THROTTLE_WINDOW_S
        recent = [entry for entry in self._failures.get(address, []) if entry[0] > since]
        self._failures[address] = recent
        return len(recent) > THROTTLE_MOST

    def count_wrong(self, address: str, user: str) -> None:
        """Count one wrong password."""
        self._failures.setdefault(address, []).append((self._clock.timestamp(), user))

    def count_right(self, address: str, user: str) -> None:
        """A right login sets that account's count back to 0."""
        if address in self._failures:
            self._failures[address] = [entry for entry in self._failures[address] if entry[1] != user]

    # -- sessions --------------------------------------------------------------------------------

    def session_of(self, user: str) -> str:
        """Return the value of the session cookie of a user."""
        return _hashed(f"{self._secret}:{user}")[:26]

    def user_of_session(self, session: str) -> str | None:
        """Return whose session a cookie is, or None (facts section 1, trap 5)."""
        return next((user for user in self.passwords if self.session_of(user) == session), None)

    # -- Login Flow v2 (facts section 9) -----------------------------------------------------------

    def begin_flow(self) -> tuple[str, str]:
        """Return the poll token (128 characters) and the flow token that stands in the login URL."""
        token, flow = secrets.token_hex(64), secrets.token_hex(64)
        self._flows[token] = {"flow": flow}
        return token, flow

    def has_flow(self, flow: str) -> bool:
        """Tell whether a login page of this token is open."""
        return any(entry["flow"] == flow for entry in self._flows.values())

    def grant_flow(self, flow: str, user: str) -> bool:
        """A person agreed in the browser; False if there is no such flow."""
        for entry in self._flows.values():
            if entry["flow"] == flow:
                entry.update(user=user, password=self.new_app_password(user))
                return True
        return False

    def poll_flow(self, token: str) -> tuple[str, str] | None:
        """Return (user, app password) once after the grant, else None."""
        entry = self._flows.get(token, {})
        if "password" not in entry:
            return None
        del self._flows[token]
        return entry["user"], entry["password"]


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
