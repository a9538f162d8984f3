"""``connect SERVER``: an app password by a person's consent in a browser (Nextcloud's Login Flow v2)."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from connector.cli.common import as_owner, complain, misused
from connector.cli.wiring import State
from connector.config import Config, SecretReference
from connector.errors import AccessDenied, JournalError, RemoteError
from connector.webdav.login_flow import AppPassword, LoginFlow

_EVERY_S = 2.0
_PAGE_LIVES = timedelta(minutes=19)
"""Nextcloud forgets a login page after 20 minutes; a new one is drawn before."""


def connect_server(config: Config, state: State, name: str, *, mail: bool, wait_s: float) -> int:
    """Show the page, wait for consent, keep the app password for the service alone to read (0600).

    Raises AccessDenied when nobody comes in time, other remote errors where the server cannot be asked.
    """
    server = config.servers[name]
    if mail:
        misused("--mail is for accounts: a server's login is the administrator's own.")
    try:
        flow = LoginFlow(name, server.url, ca_file=server.ca_file, proxy=server.proxy)
    except ValueError:
        misused(
            f"servers.{name}.url is none of a Nextcloud (…/remote.php/dav/files/USER/): "
            f"put its password into the place that servers.{name}.password names."
        )
    with flow:
        given = _waited_for(flow, config, name, wait_s)
        if given.user_id != flow.user_id:
            with suppress(RemoteError):
                flow.revoke(given)
            complain(
                f'jse-connector: somebody logged in as "{given.user_id}"; servers.{name}.url names the files of '
                f'"{flow.user_id}". Nothing was kept. Log out in that browser, or correct the url, and connect again.'
            )
            return 1
    file = _kept(state, name, given.password)
    _tell(config, name, given, file)
    return 0


def _waited_for(flow: LoginFlow, config: Config, name: str, wait_s: float) -> AppPassword:
    give_up = time.monotonic() + wait_s
    while True:
        page = flow.begin()
        until = datetime.now(config.zone) + _PAGE_LIVES
        print(f'Log in there as "{flow.user_id}", and agree (until {until:%H:%M}; then a new page follows):')
        print(f"  {page.url}", flush=True)
        renew = time.monotonic() + _PAGE_LIVES.total_seconds()
        while time.monotonic() < renew:
            given = flow.poll(page)
            if given is not None:
                return given
            if time.monotonic() + _EVERY_S > give_up:
                raise AccessDenied("nobody agreed in time", service=name, operation="connect")
            time.sleep(_EVERY_S)


def _kept(state: State, name: str, password: str) -> Path:
    """Write it whole or not at all. Raises JournalError."""
    state.make()
    folder = state.directory.resolve() / "credentials"
    file, partial = folder / name, folder / f".{name}.part"
    try:
        with as_owner(state):
            folder.mkdir(mode=0o700, exist_ok=True)
            with suppress(FileNotFoundError):
                partial.unlink()
            handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as stream:
                stream.write(password + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(file)
    except OSError as error:
        raise JournalError(f"{file} cannot be written: {error.strerror or error}") from error
    return file


def _tell(config: Config, name: str, given: AppPassword, file: Path) -> None:
    """Say where it is kept, and what the configuration must say for it to be used."""
    server = config.servers[name]
    print(f'server {name} is connected as "{given.user_id}"; the app password is in {file}')
    wanted = []
    # Nextcloud takes an app password only with the name that was used to make it.
    if isinstance(server.user, SecretReference) or server.user.casefold() != given.login.casefold():
        wanted.append(f'user: "{given.login}"')
    if server.password.file is None or server.password.file.resolve() != file:
        wanted.append(f"password: {{file: {file}}}")
    if wanted:
        print(f"Write in the configuration, under  servers: {name}:")
        for line in wanted:
            print(f"    {line}")
    if wanted:
        print("The service uses it from its next start on.")
    else:
        print("A running service whose login was refused uses it at once; else from its next start on.")
