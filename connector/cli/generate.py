"""``generate-config``: a configuration to begin with, from a few answers; ``check-config`` takes it as it is."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import typer

from connector.cli.common import MISUSED, complain, misused
from connector.config import read_config
from connector.config.model import CONFIG_VERSION
from connector.config.starter import Answers, starter
from connector.errors import ConnectorError

_NEXTCLOUD_USER: Final = re.compile(r"/remote\.php/dav/files/([^/]+)")
_NAME: Final = re.compile(r"[^A-Za-z0-9]+")
_CLOUD, _PLATFORM = "https://cloud.example/remote.php/dav/files/signatures/", "https://jesignexpert.example/"


_QUESTIONS: Final = (
    ("dms", "URL of the DMS, down to the login's files", _CLOUD),
    ("folders", "Folder to watch, as people see it", "/Signatures/"),
    ("platform", "URL of Jesignexpert, as ECMA gave it", _PLATFORM),
    ("accounts", "The firm, as invitations show it", "Cabinet Exemple"),
    ("owner", "Address of whoever holds its Comptexpert login", "direction@firm.example"),
    ("support", "Whom the texts in the folders name (nobody: leave it empty)", ""),
    ("admin", "Your own address, for alarms (no mails: leave it empty)", ""),
)
_LISTS: Final = frozenset({"dms", "folders", "accounts"})


class NotWritten(ConnectorError):
    """The file could not be made."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was said on the command line; each may be missing. Of each list the first is meant where one is needed."""

    dms: Sequence[str] = ()
    user: str | None = None
    platform: str | None = None
    accounts: Sequence[str] = ()
    owner: str | None = None
    folders: Sequence[str] = ()
    support: str | None = None
    language: str | None = None
    relay: str | None = None
    admin: str | None = None

    @property
    def nothing(self) -> bool:
        """True where nothing was said."""
        return not any(vars(self).values())


def answered(asked: Asked) -> Asked:
    """Ask a person for what was not said, on standard error, so that the file itself can go elsewhere."""
    if not sys.stdin.isatty():
        misused("nobody can be asked here; say it with the options.")
    found: dict[str, Any] = {}
    for key, question, usual in _QUESTIONS:
        if not getattr(asked, key):
            told = typer.prompt(question, default=usual, err=True, show_default=bool(usual)).strip()
            found[key] = ((told,) if told else ()) if key in _LISTS else (told or None)
    return replace(asked, **found)


def generate(asked: Asked, output: Path | None) -> int:
    """Print the file, or write it where none is. Returns 2, writing nothing, where an answer cannot stand in it.

    Raises NotWritten.
    """
    text = starter(answers(asked), complete=not asked.nothing)
    problems = [problem for problem in read_config(text).problems if not problem.warning]
    if problems:
        for problem in problems:
            complain(f"jse-connector: {problem.path}: {problem.text}")
        return MISUSED
    if output is None:
        print(text, end="")
        return 0
    _write(output, text)
    print(f"{output} is written. Put the secrets where it says, then: jse-connector check-config {output}")
    return 0


def _write(output: Path, text: str) -> None:
    try:
        # Not in two steps: what is there, a link included, is never written over.
        handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    except FileExistsError:
        misused(f"{output} is there already; it is not written over. Print it instead, or name another file.")
    except OSError as error:
        raise NotWritten(f"{output}: {error.strerror}") from error
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)


def answers(asked: Asked) -> Answers:
    """Return what was said, with something usual in place of what is needed and was not."""
    servers: Answers = {}
    for given in asked.dms or (_CLOUD,):
        name, url = _named(given, lambda url: (urlsplit(url).hostname or "dms").split(".")[0])
        login = _NEXTCLOUD_USER.search(url)
        user = asked.user or (login[1] if login else "signatures")
        name = _free(name, servers)
        servers[name] = {"url": url, "user": user, "password": {"credential": f"dms-{name}"}}
    accounts: Answers = {}
    for given in asked.accounts or ("Cabinet Exemple",):
        name, sender = _named(given, _slug)
        # A server and an account never share a name: "connect NAME" takes either.
        name = _free(f"{name}-account" if name in servers else name, {**accounts, **servers})
        accounts[name] = {"sender": sender, "owner": asked.owner or "direction@firm.example"}
    folders: Answers = {}
    for place, given in enumerate(asked.folders or ("/Signatures/",)):
        name, path = _named(given, lambda path: _slug(path.strip("/").rpartition("/")[2]))
        folders[_free(name, folders)] = {
            "server": _nth(list(servers), place, len(asked.folders)),
            "path": path,
            "account": _nth(list(accounts), place, len(asked.folders)),
            "send": "preview",
        }
    found: Answers = {
        "config_version": CONFIG_VERSION,
        "timezone": "Europe/Paris",
        "servers": servers,
        "platform": {
            "url": asked.platform or _PLATFORM,
            "shortcut": {"credential": "jse-shortcut"},
            "secret": {"credential": "jse-secret"},
        },
        "accounts": accounts,
        "folders": folders,
    }
    found |= {key: value for key in ("support", "language") if (value := getattr(asked, key))}
    if asked.relay or asked.admin:
        admin = asked.admin or asked.owner or "ops@firm.example"
        relay = asked.relay or "smtp+starttls://relay.example:587"
        found["mail"] = {"relay": relay, "from": f"signatures@{admin.rpartition('@')[2]}", "admin": admin}
    return found


def _nth(names: Sequence[str], place: int, folders: int) -> str:
    """As many as folders: each its own. Else the first."""
    return names[place] if len(names) == folders else names[0]


def _named(given: str, name_of: Callable[[str], str]) -> tuple[str, str]:
    """``NAME=VALUE``, or a value whose name is made from it."""
    name, equals, value = given.partition("=")
    if equals and re.fullmatch(r"[A-Za-z0-9_.-]+", name):
        return name, value
    return name_of(given), given


def _slug(text: str) -> str:
    """Letters without accents, digits and "-": what a name may be."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _NAME.sub("-", plain).strip("-")[:40].strip("-") or "one"


def _free(name: str, taken: Answers) -> str:
    number, free = 2, name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free
