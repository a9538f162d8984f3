"""SEARCH on the DAV root (facts section 6). Its own errors are plain text, not XML."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from functools import partial

from lxml import etree

from connector.sandbox.dms.messages import Answer, decoded_path
from connector.sandbox.dms.nextcloud.dav import OC, ROOT, D, Dav, DavError, local, multistatus, parsed
from connector.sandbox.dms.nextcloud.listing import described
from connector.sandbox.dms.nextcloud.properties import content_type
from connector.sandbox.dms.tree import Node, clean

SEARCHDAV = "https://github.com/icewind1991/SearchDAV/ns"
Value = str | int
Test = Callable[[Dav, Node], bool]

_FIELDS: dict[str, Callable[[Dav, Node], Value]] = {
    f"{{{D}}}displayname": lambda dav, node: node.name,
    f"{{{D}}}getcontenttype": lambda dav, node: "httpd/unix-directory" if node.folder else content_type(node),
    f"{{{D}}}getlastmodified": lambda dav, node: node.mtime,
    f"{{{OC}}}size": lambda dav, node: dav.folder.tree.size_of(node.path),
    f"{{{OC}}}fileid": lambda dav, node: node.fileid,
    f"{{{OC}}}favorite": lambda dav, node: int(node.favorite),
}
_SORTABLE = frozenset(_FIELDS) - {f"{{{OC}}}fileid", f"{{{OC}}}favorite"}
_COMPARE: dict[str, Callable[[Value, Value], bool]] = {
    "eq": lambda a, b: a == b,
    "gt": lambda a, b: a > b,  # type: ignore[operator]
    "gte": lambda a, b: a >= b,  # type: ignore[operator]
    "lt": lambda a, b: a < b,  # type: ignore[operator]
    "lte": lambda a, b: a <= b,  # type: ignore[operator]
}


class _Refused(Exception):
    """An answer of SEARCH itself, in plain text."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def search(dav: Dav) -> Answer:
    """Answer SEARCH on ``/remote.php/dav/``; needs an XML Content-Type, else 501."""
    kind = dav.call.header("content-type").partition(";")[0].strip().lower()
    if kind not in ("text/xml", "application/xml"):
        raise DavError(501, "NotImplemented", "There was no handler found for SEARCH")
    query = parsed(dav.call.body).find(f"{{{D}}}basicsearch")
    if query is None:
        return Answer(400, b"Unexpected query type", [("Content-Type", "text/plain;charset=UTF-8")])
    if dav.world.scan:
        dav.folder.tree.scan()
    try:
        nodes = _found(dav, query)
    except _Refused as refused:
        return Answer(refused.status, str(refused).encode(), [("Content-Type", "text/plain;charset=UTF-8")])
    select = query.find(f"{{{D}}}select/{{{D}}}prop")
    names = [] if select is None else [str(prop.tag) for prop in select if isinstance(prop.tag, str)]
    answer = multistatus(described(dav, nodes, names))
    answer.headers[0] = ("Content-Type", 'application/xml; charset="utf-8"')
    return answer


def _found(dav: Dav, query: etree._Element) -> list[Node]:
    top = _scope(dav, query)
    where = query.find(f"{{{D}}}where")
    conditions = [] if where is None else [child for child in where if isinstance(child.tag, str)]
    tests = [_test(condition) for condition in conditions]
    # d:depth is ignored: always the whole tree below, without the scope itself.
    inside = (node for node in dav.folder.tree.walk(top) if node.path != top)
    nodes = [node for node in inside if all(test(dav, node) for test in tests)]
    return _page(query, _ordered(dav, query, nodes))


def _scope(dav: Dav, query: etree._Element) -> str:
    href = (query.findtext(f"{{{D}}}from/{{{D}}}scope/{{{D}}}href") or "").strip()
    full = "://" in href
    # A path below the root is taken as it stands: percent-encoded it is not found (tried on a 32.0.1).
    path = decoded_path(href).removeprefix(ROOT.rstrip("/")) if full else href
    parts = [part for part in path.split("/") if part]
    if len(parts) < 2 or parts[0] != "files":
        raise DavError(404, "NotFound", f"{href} could not be located")
    if parts[1] != dav.user:
        raise DavError(500, "InvalidArgumentException\\Error", "Search is only supported on directories")
    top = clean("/".join(parts[2:]))
    node = dav.folder.tree.get(top)
    if node is None:
        raise DavError(404, "NotFound", f"{href} could not be located")
    if not node.folder:
        raise DavError(500, "InvalidArgumentException\\Error", "Search is only supported on directories")
    return top


def _test(condition: etree._Element) -> Test:
    inner = [child for child in condition if isinstance(child.tag, str)]
    operator = local(condition)
    match operator:
        case "and":
            return partial(_all, [_test(child) for child in inner])
        case "or":
            return partial(_any, [_test(child) for child in inner])
        case "not":
            return partial(_none, [_test(child) for child in inner])
        case "is-collection":
            return lambda dav, node: node.folder
    if operator != "like" and operator not in _COMPARE:
        raise _Refused(400, f"unexpected operator {operator}")
    prop = condition.find(f"{{{D}}}prop/*")
    literal = condition.findtext(f"{{{D}}}literal") or ""
    name = "" if prop is None else str(prop.tag)
    if name not in _FIELDS:
        raise _Refused(400, "requested property is not searchable")
    if name == f"{{{OC}}}fileid" and (operator != "eq" or not literal.isdigit()):
        raise DavError(500, "InvalidArgumentException\\Error", "Not a comparison that fileid takes")
    if operator == "like":
        pattern = _like(literal)
        return lambda dav, node: pattern.fullmatch(str(_FIELDS[name](dav, node))) is not None
    wanted, compare = _value(name, literal), _COMPARE[operator]
    return lambda dav, node: compare(_FIELDS[name](dav, node), wanted)


def _all(tests: list[Test], dav: Dav, node: Node) -> bool:
    return all(test(dav, node) for test in tests)


def _any(tests: list[Test], dav: Dav, node: Node) -> bool:
    return any(test(dav, node) for test in tests)


def _none(tests: list[Test], dav: Dav, node: Node) -> bool:
    return not any(test(dav, node) for test in tests)


def _like(literal: str) -> re.Pattern[str]:
    r"""``%`` any, ``_`` one character, ``\%`` literal; ASCII case is ignored, that of Ä is not."""
    parts = []
    for match in re.finditer(r"\\(.)|(.)", literal, re.DOTALL):
        escaped, plain = match.groups()
        if escaped is not None:
            parts.append(re.escape(escaped))
        else:
            parts.append({"%": ".*", "_": "."}.get(plain, re.escape(plain)))
    # With re.ASCII alone a str pattern still folds Ä; a class for each ASCII letter does not.
    folded = "".join(
        f"[{part.lower()}{part.upper()}]" if len(part) == 1 and part.isascii() and part.isalpha() else part
        for part in parts
    )
    return re.compile(folded, re.DOTALL)


def _value(name: str, literal: str) -> Value:
    if name in (f"{{{D}}}displayname", f"{{{D}}}getcontenttype"):
        return literal
    if literal.lstrip("-").isdigit():
        return int(literal)
    if name == f"{{{D}}}getlastmodified":
        try:
            return int(parsedate_to_datetime(literal).timestamp())
        except ValueError as error:
            raise _Refused(400, "invalid date") from error
    raise _Refused(400, "invalid literal")


def _ordered(dav: Dav, query: etree._Element, nodes: list[Node]) -> list[Node]:
    orders = query.findall(f"{{{D}}}orderby/{{{D}}}order")
    for order in reversed(orders):
        prop = order.find(f"{{{D}}}prop/*")
        name = "" if prop is None else str(prop.tag)
        if name not in _SORTABLE:
            raise _Refused(400, "requested order by property is not sortable")
        descending = order.find(f"{{{D}}}descending") is not None
        nodes = sorted(nodes, key=partial(_field, name, dav), reverse=descending)
    return nodes


def _field(name: str, dav: Dav, node: Node) -> Value:
    return _FIELDS[name](dav, node)


def _page(query: etree._Element, nodes: list[Node]) -> list[Node]:
    limit = query.find(f"{{{D}}}limit")
    if limit is None:
        return nodes
    # firstresult counts in SearchDAV's own namespace only; elsewhere it is silently ignored.
    first = int(limit.findtext(f"{{{SEARCHDAV}}}firstresult") or 0)
    most = limit.findtext(f"{{{D}}}nresults")
    return nodes[first:] if most is None else nodes[first : first + int(most)]
