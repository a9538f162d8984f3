"""Secrets, read where the file says they are kept, at the moment they are needed; and what the environment holds.

Apart from loading: a configuration is valid without its secrets, so that it can be checked anywhere.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from connector.config import unread
from connector.config.model import Config, SecretReference
from connector.errors import ConfigurationError, ConfigurationProblem

MAX_SECRET_BYTES: Final = 65_536
NO_CREDENTIALS: Final = "no credentials here; systemd gives them to the service (LoadCredential=)."

_IGNORED: Final = {
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "servers.X.proxy and platform.proxy"),
    **dict.fromkeys(
        ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        "servers.X.ca_file and platform.ca_file",
    ),
    "NO_PROXY": "servers.X.proxy and platform.proxy only where they are wanted",
}


def references(config: Config) -> tuple[tuple[str, SecretReference], ...]:
    """Every secret of the file by its dotted path."""
    found: list[tuple[str, object]] = []
    for name, server in config.servers.items():
        found += [(f"servers.{name}.user", server.user), (f"servers.{name}.password", server.password)]
    found += [("platform.shortcut", config.platform.shortcut), ("platform.secret", config.platform.secret)]
    found += [("journal.password", config.journal.password), ("seal", config.seal)]
    if config.mail is not None:
        found += [("mail.user", config.mail.user), ("mail.password", config.mail.password)]
    found += [(f"hooks.{name}.url", hook.url) for name, hook in config.hooks.items()]
    if config.ping is not None:
        found.append(("ping.url", config.ping.url))
    return tuple((path, value) for path, value in found if isinstance(value, SecretReference))


def resolve_secret(
    reference: SecretReference,
    *,
    path: str = "secret",
    credentials_directory: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> str:
    """The secret itself, without the one line end that editors and ``echo`` leave.

    ``path`` is its dotted name in the file, for the problem. ``credentials_directory`` is by default what systemd
    says in ``$CREDENTIALS_DIRECTORY``.

    Raises:
        ConfigurationError: it is not there, cannot be read, is empty, too large or no UTF-8.
    """
    environ = os.environ if environ is None else environ
    if reference.env is not None:
        value = environ.get(reference.env)
        if value is None:
            raise _failed(path, f"the environment variable {reference.env} is not set.")
    else:
        value = _from_file(path, _file_of(reference, path, credentials_directory, environ))
    value = value.removesuffix("\n").removesuffix("\r")
    if not value:
        raise _failed(path, f"{reference} is empty.")
    return value


def check_secrets(
    config: Config, *, credentials_directory: Path | None = None, environ: Mapping[str, str] | None = None
) -> Iterator[ConfigurationProblem]:
    """Warnings: secrets that cannot be read here and now, and secret files that others may read."""
    for path, reference in references(config):
        try:
            resolve_secret(reference, path=path, credentials_directory=credentials_directory, environ=environ)
        except ConfigurationError as error:
            for problem in error.problems:
                yield ConfigurationProblem(path=path, text=problem.text, warning=True)
        if reference.file is not None and _readable_by_others(reference.file):
            text = f"{reference.file} can be read by other users of this host: chmod 600 {reference.file}"
            yield ConfigurationProblem(path=path, text=text, warning=True)


def notes(config: Config, environ: Mapping[str, str]) -> tuple[str, ...]:
    """What the environment says and this program ignores, one sentence each."""
    told = []
    for variable in sorted(environ):
        instead = _IGNORED.get(variable.upper())
        if instead and environ[variable]:
            told.append(f"{variable} is set and ignored; use {_named(instead, config)}.")
    return tuple(told)


def _named(instead: str, config: Config) -> str:
    """With one server, its own name instead of X."""
    return (
        instead.replace("servers.X", f"servers.{next(iter(config.servers))}")
        if len(config.servers) == 1
        else instead
    )


def _file_of(
    reference: SecretReference, path: str, directory: Path | None, environ: Mapping[str, str]
) -> Path:
    if reference.file is not None:
        return reference.file
    if directory is None and environ.get("CREDENTIALS_DIRECTORY"):
        directory = Path(environ["CREDENTIALS_DIRECTORY"])
    if directory is None:
        raise _failed(path, f"{reference}: {NO_CREDENTIALS}")
    return directory / str(reference.credential)


def _from_file(path: str, file: Path) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_SECRET_BYTES + 1)
    except OSError as error:
        raise _failed(path, f"{file}: {unread.why(error)}.") from None
    if len(data) > MAX_SECRET_BYTES:
        raise _failed(path, f"{file} is too large for a secret.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise _failed(path, f"{file} is not text in UTF-8.") from None


def _readable_by_others(file: Path) -> bool:
    try:
        return bool(file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
    except OSError:
        return False


def _failed(path: str, text: str) -> ConfigurationError:
    return ConfigurationError([ConfigurationProblem(path=path, text=text)])
