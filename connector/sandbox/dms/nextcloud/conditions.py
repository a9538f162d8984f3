"""Preconditions: If-Match, If-None-Match, If-Unmodified-Since, If, and locks (facts sections 5 and 8)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.utils import parsedate_to_datetime

from connector.sandbox.dms.messages import Answer
from connector.sandbox.dms.nextcloud.dav import Dav, DavError, not_found
from connector.sandbox.dms.tree import Node

_LIST = re.compile(r"(?:<([^>]*)>\s*)?\(([^()]*)\)")
_TERM = re.compile(r'(Not\s+)?(?:<([^>]*)>|\[((?:W/)?"[^"]*"|[^\]]*)\])', re.IGNORECASE)


def check(dav: Dav, node: Node | None) -> Answer | None:
    """Judge the conditions of a request on ``node`` (None: nothing there).

    Raises 412; returns a 304 for a GET or HEAD that need not be answered, else None.
    """
    unchanged = _check_etags(dav, node)
    if unchanged is not None:
        return unchanged
    since = dav.call.header("if-unmodified-since")
    if since and node is not None and node.mtime > parsedate_to_datetime(since).timestamp():
        raise _failed("An If-Unmodified-Since header was specified, but the entity has been changed")
    _check_if(dav, node)
    return None


def check_lock(dav: Dav, node: Node | None) -> None:
    """Raise 423 if ``node`` is locked and this request may not pass (facts section 8)."""
    if node is None:
        return
    lock = dav.folder.locks.get(node.fileid)
    if lock is None:
        return
    if lock.by_user and lock.owner == dav.user:
        return
    # A lock by token binds the locker too: only the token opens it.
    if not lock.by_user and lock.token in _tokens(dav):
        return
    raise DavError(423, "Locked", f"/{node.path} is locked by {lock.owner}")


def _check_etags(dav: Dav, node: Node | None) -> Answer | None:
    current = f'"{node.etag}"' if node is not None else ""
    wanted = dav.call.header("if-match")
    # Unquoted and weak forms are simply other texts than the current ETag.
    if wanted and (node is None or (wanted != "*" and current not in _split(wanted))):
        # Of all failed conditions only this one tells the present ETag.
        told = [] if node is None else [("ETag", current)]
        raise _failed("An If-Match header was specified, but none of the specified ETags matched", told)
    unwanted = dav.call.header("if-none-match")
    if unwanted and node is not None and (unwanted == "*" or current in _split(unwanted)):
        if dav.call.method in ("GET", "HEAD"):
            return Answer(304, b"", [("ETag", current)])
        raise _failed("An If-None-Match header was specified, but the ETag matched (or * was used)")
    return None


def _split(header: str) -> list[str]:
    return [part.strip() for part in header.split(",")]


def _failed(message: str, headers: Iterable[tuple[str, str]] = ()) -> DavError:
    return DavError(412, "PreconditionFailed", message, headers=headers)


def _check_if(dav: Dav, node: Node | None) -> None:
    """Every resource named in ``If`` needs one list that holds; untagged lists mean the request's own."""
    lists: dict[str, list[str]] = {}
    tag = ""
    for match in _LIST.finditer(dav.call.header("if")):
        tag = match.group(1) or tag
        lists.setdefault(tag, []).append(match.group(2))
    for url, alternatives in lists.items():
        target = node if not url else _named(dav, url)
        if target is None and any(etag for terms in alternatives for _, _, etag in _TERM.findall(terms)):
            # Nothing there has no ETag to compare: 404, not 412.
            raise not_found(_path_of(dav, url))
        if not any(_holds(dav, terms, target) for terms in alternatives):
            raise _failed("The tokens provided did not match")


def _path_of(dav: Dav, url: str) -> str:
    return dav.below_root(url or dav.call.path) or ""


def _named(dav: Dav, url: str) -> Node | None:
    path = dav.below_root(url)
    return None if path is None else dav.folder.tree.get(path)


def _holds(dav: Dav, terms: str, node: Node | None) -> bool:
    for match in _TERM.finditer(terms):
        negated, token, etag = match.groups()
        if token is not None:
            lock = None if node is None else dav.folder.locks.get(node.fileid)
            true = lock is not None and lock.token == token
        else:
            true = node is not None and not node.folder and etag == f'"{node.etag}"'
        if true == bool(negated):
            return False
    return True


def _tokens(dav: Dav) -> set[str]:
    found = set()
    for match in _LIST.finditer(dav.call.header("if")):
        found |= {token for _, token, _ in _TERM.findall(match.group(2)) if token}
    return found
