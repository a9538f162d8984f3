"""PROPFIND and PROPPATCH on files and folders (facts sections 2 and 3)."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from email.utils import parsedate_to_datetime

from connector.sandbox.dms.messages import Answer
from connector.sandbox.dms.nextcloud.conditions import check_lock
from connector.sandbox.dms.nextcloud.dav import (
    OC,
    ROOT,
    D,
    Dav,
    encoded,
    multistatus,
    not_found,
    parsed,
    response,
)
from connector.sandbox.dms.nextcloud.properties import SHORT_LIST, value_of
from connector.sandbox.dms.tree import Node

LAST_MODIFIED = frozenset({f"{{{D}}}lastmodified", f"{{{D}}}getlastmodified"})
FAVORITE = f"{{{OC}}}favorite"


def propfind(dav: Dav, path: str) -> Answer:
    """Answer PROPFIND at any depth, infinity included; no Depth header means 1."""
    if dav.world.scan:
        dav.folder.tree.scan()
    node = dav.folder.tree.get(path)
    if node is None:
        raise not_found(path)
    names, by_name = wanted(dav.call.body)
    minimal = "return=minimal" in dav.call.header("prefer")
    found = _within(dav, node, dav.call.header("depth").lower() or "1")
    return multistatus(described(dav, found, names, hide_absent=minimal or not by_name))


def propfind_foreign(dav: Dav, user: str) -> Answer:
    """Answer PROPFIND on another user's root: a bare folder, no leak but no 403 either (facts section 9)."""
    names, _ = wanted(dav.call.body)
    resourcetype = f"{{{D}}}resourcetype"
    rest = [name for name in names if name != resourcetype]
    return multistatus([response(encoded(f"{ROOT}files/{user}/"), [(resourcetype, "<d:collection/>")], rest)])


def wanted(body: bytes) -> tuple[list[str], bool]:
    """Return the names of the properties asked for, and whether they were asked by name.

    No body, allprop and propname all mean the short list.
    """
    if not body.strip():
        return list(SHORT_LIST), False
    prop = parsed(body).find(f"{{{D}}}prop")
    if prop is None:
        return list(SHORT_LIST), False
    return [str(child.tag) for child in prop if isinstance(child.tag, str)], True


def described(
    dav: Dav, nodes: Iterable[Node], names: list[str], *, hide_absent: bool = False
) -> Iterator[str]:
    """Yield a d:response for each node; absent properties stand in a second propstat with 404."""
    for node in nodes:
        found, absent = [], []
        for name in names:
            value = value_of(dav, node, name)
            if value is None:
                absent.append(name)
            else:
                found.append((name, value))
        yield response(dav.href(node), found, [] if hide_absent else absent)


def proppatch(dav: Dav, path: str) -> Answer:
    """Set or remove dead properties, the favourite mark and the mtime; only the mtime moves ETags."""
    node = dav.folder.tree.get(path)
    if node is None:
        raise not_found(path)
    check_lock(dav, node)
    done: list[str] = []
    refused: list[str] = []
    for verb in parsed(dav.call.body):
        removing = verb.tag == f"{{{D}}}remove"
        for prop in verb.iterfind(f"{{{D}}}prop/*"):
            name = str(prop.tag)
            accepted = _set(dav, node, name, None if removing else "".join(map(str, prop.itertext())))
            (done if accepted else refused).append(name)
    return multistatus([response(dav.href(node), [(name, "") for name in done], refused, 403)])


def _set(dav: Dav, node: Node, name: str, value: str | None) -> bool:
    if name in LAST_MODIFIED and value is not None:
        # Works even where writing is forbidden (facts section 9).
        stamp = int(value) if value.isdigit() else int(parsedate_to_datetime(value).timestamp())
        dav.folder.tree.touch(node, stamp)
        return True
    if name == FAVORITE:
        node.favorite = value == "1"
    elif name.startswith("{DAV:}"):
        return False
    elif value is None:
        node.props.pop(name, None)
    else:
        node.props[name] = value
    dav.folder.tree.keep(node)
    return True


def _within(dav: Dav, node: Node, depth: str) -> Iterator[Node]:
    if depth == "infinity" and not dav.world.shallow:
        return _down_to(dav, node, sys.maxsize)
    # What is no depth counts as none given.
    return _down_to(dav, node, int(depth) if depth.isdigit() else 1)


def _down_to(dav: Dav, node: Node, levels: int) -> Iterator[Node]:
    yield node
    if levels > 0 and node.folder:
        if dav.folder.is_external(node.path):
            dav.folder.tree.notice(node.path)
        for child in dav.folder.tree.children(node.path):
            yield from _down_to(dav, child, levels - 1)
