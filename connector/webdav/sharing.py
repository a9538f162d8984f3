"""Through what people without a login of a Nextcloud may write: its shares, as its OCS API tells them.

``oc:share-types`` would tell a login of its *own* shares only, and what is watched is mostly shared with it by others.
The API tells all shares of a file, and of every folder above it in its owner's tree, to whoever may share it on (``R``
in ``oc:permissions``); to others it says nothing, and that is told from "there is none". Source: nextcloud/server,
``ShareAPIController::getShares``, ``getSharesInDir`` and ``getInheritedShares``; administrator's page, "Who may ask".
"""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import quote

from connector.errors import AccessDenied, InvalidResponse, NotFound, Unavailable
from connector.ports import Href
from connector.webdav.answers import ASK
from connector.webdav.connections import Connections
from connector.webdav.hrefs import ServerRoot
from connector.webdav.nextcloud import Places

_HEADERS: Final = ["OCS-APIRequest: true", "Accept: application/json"]
_BLOCK: Final = 65_536
_MAX_ANSWER: Final = 4_000_000
_WRITES: Final = 2 | 4 | 8
"""To change, to create, to delete, as the API counts rights."""
_OUTSIDERS: Final = frozenset({3, 4, 6, 9, 15})
"""Public link, link by e-mail, another cloud's user, another cloud's group, ScienceMesh (``IShare::TYPE_…``)."""
_NO_RIGHT: Final = frozenset({403, 500})
"""How it refuses to tell whoever may not share something on: with an exception of its own, told as either."""


class Sharing:
    """What one login is told of shares. Each method is one request."""

    def __init__(self, connections: Connections, root: ServerRoot, places: Places) -> None:
        self._connections, self._root, self._places = connections, root, places

    def itself(self, href: Href) -> bool | None:
        """True when something itself is shared with outsiders who may write; None: not told.

        To a login that may not share it on, it is told as if there were none.
        """
        found = self._shares(f"?format=json&reshares=true&path={self._path(href)}")
        return None if found is None else any(map(_lets_write, found))

    def inside(self, href: Href) -> tuple[Href, ...] | None:
        """Return what lies directly in a folder and is itself so shared, each once. None: not told.

        To a login that may not share the folder on, all is told as if there were none.
        """
        found = self._shares(f"?format=json&reshares=true&subfiles=true&path={self._path(href)}")
        if found is None:
            return None
        # What lies there is mounted elsewhere as well now and then, and told with any of its places.
        names = (self._seen(share).rstrip("/").rpartition("/")[2] for share in found if _lets_write(share))
        return tuple(dict.fromkeys(Href(href + name) for name in names))

    def above(self, href: Href) -> tuple[Href, ...] | None:
        """Return the folders above that are, as this login sees them, each once. None: not told."""
        found = self._shares(f"/inherited?format=json&path={self._path(href)}")
        if found is None:
            return None
        return tuple(dict.fromkeys(self._seen(share) for share in found if _lets_write(share)))

    def _path(self, href: Href) -> str:
        """Return the path below the login's own files, which may begin above the server's root."""
        below = self._places.below_user(self._root)
        return quote(f"{below}{href.rstrip('/')}".encode("utf-8", "surrogateescape"), safe="")

    def _seen(self, share: dict[str, Any]) -> Href:
        via = str(share.get("via_path") or share.get("path") or "/").rstrip("/")
        below = self._places.below_user(self._root)
        return Href((via.removeprefix(below) or "") + "/")

    def _shares(self, query: str) -> list[dict[str, Any]] | None:
        body = b""
        path = self._places.shares + query
        try:
            with self._connections.ask(ASK, path, headers=_HEADERS) as response:
                for block in response.iter_content(_BLOCK):
                    body += block
                    if len(body) > _MAX_ANSWER:
                        raise InvalidResponse("a list of shares is larger than allowed")
        except (AccessDenied, Unavailable) as error:
            if error.status in _NO_RIGHT:
                return None
            raise
        except NotFound:
            # The file is gone, or nobody can share anything there: which of both shows when it is looked at.
            return None
        try:
            data = json.loads(body)["ocs"]["data"]
        except (ValueError, RecursionError, KeyError, TypeError) as error:
            raise InvalidResponse("a list of shares cannot be read") from error
        if not isinstance(data, list) or not all(isinstance(share, dict) for share in data):
            raise InvalidResponse("a list of shares cannot be read")
        return data


def _lets_write(share: dict[str, Any]) -> bool:
    """True for a share with outsiders who may write. InvalidResponse for one that cannot be read."""
    try:
        kind, rights = int(share["share_type"]), int(share["permissions"])
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidResponse("a share in a list of shares cannot be read") from error
    return kind in _OUTSIDERS and bool(rights & _WRITES)
