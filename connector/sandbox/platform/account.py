"""The firm's account at the platform: who may call, with which tokens, rights and credit (API page section 1)."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
import re
import secrets
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connector.sandbox.clock import SandboxClock
from connector.sandbox.platform.errors import ApiError, MaintenanceError, PersonError, bad_field, not_found
from connector.sandbox.platform.model import DAY_S, iso
from connector.sandbox.platform.storage import write_json

USER_TOKEN_LIFE_S = 5 * DAY_S
"""KNOWN from one integrator's manual: about five days."""
CLOCK_DRIFT_S = 300
"""KNOWN for ``auth``; ASSUMED for ``fetch``."""

_ID_REQUEST = re.compile(r"[A-Za-z0-9]{30}")
_RIGHTS = ["SIGNER", "SCELLER", "PREPARER"]


@dataclass
class Switches:
    """What a test turns on the account; all but ``credit`` stay as they are told.

    ``rate_limit``: requests a minute of the sandbox clock, None = no limit, 0 = none passes.
    ``sealing_s``: seconds after the last signature during which a download answers 409.
    ``sealing_word``: the status said meanwhile. ``words``: status word of the table → word said instead.
    ``user_in_fetch``: whether ``fetch`` gives a user token too; ``office_token_alone``: whether it suffices.
    """

    credit: int = 1000
    right: bool = True
    maintenance: bool = False
    rate_limit: int | None = None
    sealing_s: float = 0.0
    sealing_word: str = "completed"
    words: dict[str, str] = field(default_factory=dict)
    user_in_fetch: bool = True
    office_token_alone: bool = True


@dataclass
class Login:
    """One ``connect`` under way, by its idRequest; ``office`` is set once a person has logged in."""

    success_url: str = ""
    office: str = ""
    user_token: str = ""


class Account:
    """Tokens, logins and switches, kept in ``file``. Not thread-safe: the world holds the lock."""

    def __init__(
        self, file: Path, clock: SandboxClock, shortcut: str, secret: str, offices: Sequence[str], credit: int
    ) -> None:
        self._file = file
        self._clock = clock
        self._shortcut = shortcut
        self._secret = secret
        self._recent: deque[float] = deque()
        saved = json.loads(file.read_text("utf-8")) if file.exists() else {}
        self.switches = Switches(**saved.get("switches", {"credit": credit}))
        self.offices: dict[str, str] = saved.get("offices", {})
        self._users: dict[str, dict[str, Any]] = saved.get("users", {})
        self._logins = {key: Login(**value) for key, value in saved.get("logins", {}).items()}
        for name in offices:
            self.offices.setdefault(name, secrets.token_hex(20))
        self.save()

    def save(self) -> None:
        """Keep everything as it is now."""
        logins = {key: dataclasses.asdict(value) for key, value in self._logins.items()}
        switches = dataclasses.asdict(self.switches)
        write_json(
            self._file,
            {"switches": switches, "offices": self.offices, "users": self._users, "logins": logins},
        )

    # -- connect ---------------------------------------------------------------------------------------

    def check_triple(self, shortcut: str, id_request: str, given: str, ts: str) -> None:
        """Refuse a wrong shortcut, HMAC or time: 400, ``details`` "Le hmac est incorrect" (KNOWN)."""
        message = f"{self._shortcut}||{id_request}||{ts}".encode()
        expected = hmac.new(self._secret.encode(), message, hashlib.sha256).hexdigest()
        fresh = (
            ts.isascii() and ts.isdigit() and abs(int(ts) / 1000 - self._clock.timestamp()) <= CLOCK_DRIFT_S
        )
        if (
            shortcut != self._shortcut
            or not hmac.compare_digest(expected.encode(), given.encode())
            or not fresh
        ):
            raise bad_field("Le hmac est incorrect")
        if not _ID_REQUEST.fullmatch(id_request):
            raise bad_field("idRequest doit compter 30 caractères alphanumériques.")

    def check_shortcut(self, shortcut: str) -> None:
        """Refuse the calls of another editor."""
        if shortcut != self._shortcut:
            raise bad_field("Le hmac est incorrect")

    def begin(self, id_request: str, success_url: str) -> None:
        """Open a login page for ``id_request``; the same triple may come again."""
        self._logins.setdefault(id_request, Login(success_url))
        self.save()

    def login(self, id_request: str) -> Login:
        """Return the login under way. Raises PersonError when nobody asked for it."""
        found = self._logins.get(id_request)
        if found is None:
            raise PersonError("Cette demande de connexion n'existe pas ou n'existe plus.")
        return found

    def log_in(self, id_request: str, office: str, email: str) -> Login:
        """A person has logged in and picked ``office``."""
        found = self.login(id_request)
        if office not in self.offices:
            raise PersonError("Choisissez un cabinet de la liste.")
        if "@" not in email:
            raise PersonError("Indiquez votre adresse e-mail.")
        found.office = office
        found.user_token = self.new_user(office, email)
        self.save()
        return found

    def fetch(self, id_request: str) -> dict[str, Any]:
        """Return the tokens as ``fetch`` gives them; 404 until somebody has logged in (KNOWN)."""
        found = self._logins.get(id_request)
        if found is None or not found.office:
            raise not_found("Aucun jeton n'est disponible pour cette demande.")
        return self.tokens(found.office, found.user_token if self.switches.user_in_fetch else "")

    def tokens(self, office: str, user_token: str) -> dict[str, Any]:
        """Return ``office{token, name}`` and, with a user token, ``user{…}``."""
        result: dict[str, Any] = {"office": {"token": self.offices[office], "name": office}}
        user = self._users.get(user_token)
        if user is not None:
            shown = {key: user[key] for key in ("email", "firstName", "lastName", "rights")}
            result["user"] = {"token": user_token, **shown, "expirationDate": iso(user["expires_at"])}
        return result

    def new_user(self, office: str, email: str) -> str:
        """Return a new user token, good for five days."""
        token = secrets.token_hex(20)
        first, _, last = email.partition("@")[0].partition(".")
        self._users[token] = {
            "office": office,
            "email": email,
            "firstName": first.title(),
            "lastName": last.title(),
            "rights": list(_RIGHTS),
            "expires_at": self._clock.timestamp() + USER_TOKEN_LIFE_S,
        }
        self.save()
        return token

    def revoke(self) -> None:
        """Make every token given so far worthless."""
        self._users.clear()
        self.offices = {name: secrets.token_hex(20) for name in self.offices}
        self.save()

    # -- every call ------------------------------------------------------------------------------------

    def check_open(self) -> None:
        """Refuse everything during maintenance (503) and beyond the rate limit (429, ``Retry-After``)."""
        if self.switches.maintenance:
            raise MaintenanceError
        limit = self.switches.rate_limit
        if limit is None:
            return
        now = self._clock.timestamp()
        while self._recent and self._recent[0] <= now - 60:
            self._recent.popleft()
        if len(self._recent) >= limit:
            wait = 60 - (now - self._recent[0]) if self._recent else 60
            headers = {"Retry-After": str(max(1, round(wait)))}
            raise ApiError(429, "Trop de requêtes", "Veuillez patienter avant de recommencer.", headers)
        self._recent.append(now)

    def authorise(self, headers: Mapping[str, str]) -> str:
        """Return the office whose tokens the call carries; 403 when they do not hold (KNOWN)."""
        token = headers.get("jse-editor-token-office", "")
        office = next((name for name, value in self.offices.items() if value == token), None)
        user_token = headers.get("jse-editor-token-user")
        refusal = ApiError(403, "Accès refusé", "Les jetons sont invalides, expirés ou révoqués.")
        if office is None:
            raise refusal
        if user_token is None:
            if not self.switches.office_token_alone:
                raise refusal
            return office
        user = self._users.get(user_token)
        if user is None or user["office"] != office or user["expires_at"] <= self._clock.timestamp():
            raise refusal
        return office

    def check_right(self) -> None:
        """Refuse what the firm's delegation does not allow: 403 (ASSUMED)."""
        if not self.switches.right:
            raise ApiError(
                403, "Droit insuffisant", "Vous n'avez pas le droit de lancer une collecte de signatures."
            )

    def take_credit(self) -> None:
        """Spend one credit, or refuse: 402 (ASSUMED)."""
        if self.switches.credit <= 0:
            raise ApiError(402, "Crédit insuffisant", "Le compte du cabinet n'a plus de crédit.")
        self.switches.credit -= 1
        self.save()
