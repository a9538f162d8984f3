"""A server's password, taken in anew where one that was refused has been replaced (``connect NAME`` writes one)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial

from connector.config import Config, resolve_secret
from connector.errors import ConfigurationError
from connector.marks import Sealer
from connector.webdav.folder import WebDavFolder

log = logging.getLogger(__name__)


class PasswordRenewal:
    """Takes in another password, put in place of one that was refused."""

    def __init__(self, config: Config, name: str, folder: WebDavFolder) -> None:
        self._reference, self._path = config.servers[name].password, f"servers.{name}.password"
        user = config.servers[name].user
        self._user = user if isinstance(user, str) else resolve_secret(user, path=f"servers.{name}.user")
        self._known, self._folder = resolve_secret(self._reference, path=self._path), folder
        self._told = ""

    def __call__(self) -> bool:
        """Look whether there is one; False, doing nothing, where there is none. What cannot be read is said once."""
        try:
            found = resolve_secret(self._reference, path=self._path)
        except ConfigurationError as error:
            if (why := "; ".join(one.text for one in error.problems)) != self._told:
                log.warning("%s cannot be read anew, the refused one stays: %s", self._path, why)
                self._told = why
            return False
        self._told = ""
        if found == self._known:
            return False
        self._known = found
        self._folder.renew(found)
        return True

    def digest(self, sealer: Sealer) -> str:
        """Return what tells the login in use from another one, by its password or its user, under the seal."""
        return sealer.hide(f"login {self._user!r} {self._known!r}")


def passwords_of(renewals: Mapping[str, Callable[[], bool]], sealer: Sealer) -> dict[str, Callable[[], str]]:
    """Return what tells each server's password in use from another one."""
    return {
        name: partial(one.digest, sealer)
        for name, one in renewals.items()
        if isinstance(one, PasswordRenewal)
    }
