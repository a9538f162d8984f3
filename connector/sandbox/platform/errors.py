"""What the platform refuses, as the JSON body and status that it answers with (API page sections 1 and 3)."""

from __future__ import annotations

from collections.abc import Mapping


class ApiError(Exception):
    """A refusal. ``status`` is HTTP; ``message`` and ``details`` are French, as the body's two members.

    KNOWN: 400 with ``details`` "Le hmac est incorrect", 403 for tokens. All other pairs are ASSUMED.
    """

    def __init__(
        self, status: int, message: str, details: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {message}: {details}")
        self.status = status
        self.message = message
        self.details = details
        self.headers = dict(headers or {})


class MaintenanceError(Exception):
    """The whole platform is closed: answered with 503 and an HTML page, as a proxy does."""


class PersonError(Exception):
    """A person pressed something that cannot be; the French text is shown on the page again."""


def bad_field(details: str) -> ApiError:
    """Return the refusal of what was sent: 400."""
    return ApiError(400, "Requête invalide", details)


def out_of_order(details: str) -> ApiError:
    """Return the refusal of a call that comes at the wrong moment: 409."""
    return ApiError(409, "Opération impossible", details)


def not_found(details: str) -> ApiError:
    """Return the refusal of what does not exist, no longer exists, or belongs to another office: 404."""
    return ApiError(404, "Introuvable", details)
