"""An account's tokens at rest: one private file each, replaced whole, never logged.

Connectors that share a journal keep them there instead (``token_vault``).
"""

from __future__ import annotations

import errno
import json
import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from connector.errors import AccessDenied
from connector.jesignexpert.status import read_date


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What ``connect`` brings (API page section 1, KNOWN). ``repr`` shows neither tokens nor people.

    ``user`` is not always given; ``expires_at`` (aware UTC) is the user token's: nothing is said of the office
    token's life.
    """

    office: str = field(repr=False)
    office_name: str
    user: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    first_name: str | None = field(default=None, repr=False)
    last_name: str | None = field(default=None, repr=False)
    rights: tuple[str, ...] = ()
    expires_at: datetime | None = None


def usable(token: object) -> bool:
    """Return whether ``token`` can stand in an HTTP header: printable ASCII, no blank, not empty."""
    return (
        isinstance(token, str)
        and token.isascii()
        and token.isprintable()
        and bool(token)
        and " " not in token
    )


class TokenKeeper(Protocol):
    """Where the tokens of all accounts are kept, and the links that somebody may still answer."""

    def load(self, account: str) -> Tokens | None:
        """Return the tokens; None when there are none, or nothing usable. Raises AccessDenied."""
        ...

    def save(self, account: str, tokens: Tokens) -> None:
        """Replace the account's tokens durably."""
        ...

    def forget(self, account: str) -> None:
        """Remove the account's tokens; nothing happens when there are none."""
        ...

    def links(self, account: str) -> list[object]:
        """Return what was kept of links that somebody may still answer; empty where there are none."""
        ...

    def keep_links(self, account: str, links: list[dict[str, object]]) -> None:
        """Keep those instead."""
        ...

    def renewed(self, account: str, since: datetime) -> bool:
        """True when the tokens were replaced after ``since``."""
        ...

    def there(self, account: str) -> bool:
        """True when something is kept, whether or not it can be used."""
        ...


class TokenStore:
    """One JSON file per account in ``directory`` (0700; files 0600). Safe between threads and processes.

    A save replaces the file in one step, so a reader sees the old tokens or the new ones.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def load(self, account: str) -> Tokens | None:
        """Return the tokens; None when there are none or the file holds nothing usable.

        Raises AccessDenied when the file cannot be opened, or may be read by others than its owner.
        """
        file = self._file(account)
        try:
            with file.open("rb") as source:
                mode = stat.S_IMODE(os.fstat(source.fileno()).st_mode)
                if mode & 0o077:
                    detail = f"others may read the tokens (mode {mode:04o}): run chmod 600 {file}, then connect again"
                    raise AccessDenied(detail, service=account, operation="tokens")
                raw = source.read(1_000_000)
        except FileNotFoundError:
            return None
        except OSError as error:
            detail = f"the tokens cannot be read ({error.strerror}): {file}"
            raise AccessDenied(detail, service=account, operation="tokens") from error
        return from_bytes(raw)

    def save(self, account: str, tokens: Tokens) -> None:
        """Replace the account's tokens durably. Raises AccessDenied when they cannot be written."""
        content = as_bytes(tokens)
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._directory.chmod(0o700)
            self._replace(self._file(account), content)
        except OSError as error:
            detail = f"the tokens cannot be written ({error.strerror}): {self._directory}"
            raise AccessDenied(detail, service=account, operation="tokens") from error

    def forget(self, account: str) -> None:
        """Remove the account's tokens; nothing happens when there are none."""
        self._file(account).unlink(missing_ok=True)

    def links(self, account: str) -> list[object]:
        """Return what was kept of links that somebody may still answer; empty where there are none."""
        try:
            return links_in(self._links(account).read_bytes()[:100_000])
        except OSError:
            return []

    def keep_links(self, account: str, links: list[dict[str, object]]) -> None:
        """Keep those instead. Raises AccessDenied when that cannot be written."""
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if links:
                self._replace(self._links(account), json.dumps(links).encode())
            else:
                self._links(account).unlink(missing_ok=True)
        except OSError as error:
            detail = f"a link cannot be kept ({error.strerror}): {self._directory}"
            raise AccessDenied(detail, service=account, operation="tokens") from error

    def renewed(self, account: str, since: datetime) -> bool:
        """True when the tokens' file is younger than ``since``: ``connect`` has been there."""
        with suppress(OSError):
            return self._file(account).stat().st_mtime > since.timestamp()
        return False

    def there(self, account: str) -> bool:
        """True when there is a file, whether or not it can be used."""
        return self._file(account).exists()

    def _links(self, account: str) -> Path:
        # No account's name ends so: a name holds no blank.
        return self._directory / f"{quote(account, safe='')}.links"

    def _file(self, account: str) -> Path:
        return self._directory / f"{quote(account, safe='')}.json"

    def _replace(self, file: Path, content: bytes) -> None:
        # mkstemp makes it 0600 from its first byte on.
        handle, name = tempfile.mkstemp(prefix=".new-", dir=self._directory)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as target:
                _refuse_where_all_may_read(handle)
                target.write(content)
                target.flush()
                os.fsync(target.fileno())
            temporary.replace(file)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        folder = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _refuse_where_all_may_read(handle: int) -> None:
    """Raise OSError where modes are what the mount makes them, as on Windows' file systems: nothing would be loaded."""
    if stat.S_IMODE(os.fstat(handle).st_mode) & 0o077:
        what = "its file system keeps no permissions: put the state directory on one that does"
        raise OSError(errno.ENOTSUP, what)


def links_in(raw: bytes) -> list[object]:
    """Return what was kept of links; empty where that is nothing of ours."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return []
    return value if isinstance(value, list) else []


def as_bytes(tokens: Tokens) -> bytes:
    """Return tokens as they are kept."""
    plain: dict[str, object] = {
        "office": tokens.office,
        "office_name": tokens.office_name,
        "user": tokens.user,
        "email": tokens.email,
        "first_name": tokens.first_name,
        "last_name": tokens.last_name,
        "rights": list(tokens.rights),
        "expires_at": None if tokens.expires_at is None else tokens.expires_at.isoformat(),
    }
    return json.dumps(plain, ensure_ascii=False).encode()


def from_bytes(raw: bytes) -> Tokens | None:
    """Return what was kept; None where nothing usable was."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not usable(value.get("office")):
        return None
    rights = value.get("rights")

    def text(name: str) -> str | None:
        found = value.get(name)
        return found if isinstance(found, str) else None

    return Tokens(
        office=value["office"],
        office_name=text("office_name") or "",
        user=text("user") if usable(value.get("user")) else None,
        email=text("email"),
        first_name=text("first_name"),
        last_name=text("last_name"),
        rights=tuple(r for r in rights if isinstance(r, str)) if isinstance(rights, list) else (),
        expires_at=read_date(value.get("expires_at")),
    )
