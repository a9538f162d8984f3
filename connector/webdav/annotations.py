"""Nextcloud's system tags and comments behind the port ``Annotations``. WebDAV facts section 7."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from connector.errors import InvalidResponse, NotFound, OutcomeUnknown, RemoteError
from connector.ports import Comment, FileId, Tag, TagId
from connector.webdav.answers import (
    HANG,
    MAKE_TAG,
    PROPFIND,
    PROPPATCH,
    REPORT,
    SAY,
    TAKE_OFF,
    Operation,
)
from connector.webdav.connections import Connections
from connector.webdav.multistatus import NC, OC, Resource, resources
from connector.webdav.nextcloud import Places

_BLOCK = 65_536
_MAX_BYTES = 8_000_000
"""Some ten thousand tags; more are no list that people pick from."""
_XML = 'Content-Type: application/xml; charset="utf-8"'
_JSON = "Content-Type: application/json"
_TAG_PROPERTIES = (
    b'<?xml version="1.0" encoding="utf-8"?>'
    b'<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns"><d:prop>'
    b"<oc:id/><oc:display-name/><oc:user-visible/><oc:can-assign/><nc:color/></d:prop></d:propfind>"
)
_CONFLICT = 409
_COLOR = NC + "color"


class NextcloudAnnotations:
    """Tags and comments of one login; each method is one request where it says no more."""

    def __init__(self, connections: Connections, places: Places, *, colors: bool) -> None:
        self._connections, self._places, self._colors = connections, places, colors

    def tags(self) -> tuple[Tag, ...]:
        """PROPFIND Depth 1 on the list of tags: those that the login sees."""
        return self._tags_at(self._places.tags())

    def make_tag(self, name: str, color: str) -> Tag:
        """POST, then PROPPATCH for the colour; 409: it is there, perhaps in other letters, and is looked up."""
        body = json.dumps({"name": name, "userVisible": True, "userAssignable": True}).encode()
        try:
            with self._ask(MAKE_TAG, self._places.tags(), [_JSON], body) as response:
                made = response.headers.get("Content-Location", "").rstrip("/").rpartition("/")[2]
        except InvalidResponse as error:
            if error.status != _CONFLICT:
                raise
            return self._named(name)
        if not (made.isascii() and made.isdigit()):
            return self._named(name)
        tag = Tag(tag_id=TagId(made), name=name)
        if not self._colors:
            return tag
        return Tag(tag_id=tag.tag_id, name=name, color=color if self._color(tag.tag_id, color) else None)

    def _named(self, name: str) -> Tag:
        for tag in self.tags():
            # Two names that differ in case only are one to Nextcloud (seen on 32.0.1; accents as its database likes).
            if tag.name.casefold() == name.casefold():
                return tag
        raise OutcomeUnknown("a new tag is not in the list", operation=MAKE_TAG.name)

    def _color(self, tag_id: TagId, color: str) -> bool:
        """A tag without a colour is a tag: False when it was not taken."""
        body = (
            '<?xml version="1.0" encoding="utf-8"?><d:propertyupdate xmlns:d="DAV:"'
            f' xmlns:nc="http://nextcloud.org/ns"><d:set><d:prop><nc:color>{escape(color)}</nc:color></d:prop>'
            "</d:set></d:propertyupdate>"
        ).encode()
        try:
            with self._ask(PROPPATCH, self._places.tags(tag_id), [_XML], body) as response:
                answer = list(resources(response.iter_content(_BLOCK), max_bytes=_MAX_BYTES))
        except RemoteError:
            return False
        return any(_COLOR in resource.found for resource in answer)

    def tags_of(self, file_id: FileId) -> tuple[Tag, ...]:
        """PROPFIND Depth 1 on the tags of a file."""
        return self._tags_at(self._places.tags_of(file_id))

    def put_tag(self, file_id: FileId, tag_id: TagId) -> bool:
        """PUT; 409 "PUT is not allowed on non-files" means that it hangs there."""
        try:
            with self._ask(HANG, self._places.tags_of(file_id, tag_id)):
                return True
        except InvalidResponse as error:
            if error.status != _CONFLICT:
                raise
            return False

    def take_tag(self, file_id: FileId, tag_id: TagId) -> bool:
        """DELETE; 404 for whatever is not there."""
        try:
            with self._ask(TAKE_OFF, self._places.tags_of(file_id, tag_id)):
                return True
        except NotFound:
            return False

    def comments(self, file_id: FileId, *, most: int) -> tuple[Comment, ...]:
        """REPORT with a limit; the newest come first."""
        body = (
            '<?xml version="1.0" encoding="utf-8"?><oc:filter-comments xmlns:oc="http://owncloud.org/ns">'
            f"<oc:limit>{most}</oc:limit><oc:offset>0</oc:offset></oc:filter-comments>"
        ).encode()
        with self._ask(REPORT, self._places.comments(file_id), [_XML], body) as response:
            answer = list(resources(response.iter_content(_BLOCK), max_bytes=_MAX_BYTES))
        return tuple(
            Comment(author=one.found.get(OC + "actorId", ""), text=one.found.get(OC + "message", ""))
            for one in answer
            if one.status is None and OC + "message" in one.found
        )

    def comment(self, file_id: FileId, text: str) -> None:
        """POST as the login's own user."""
        body = json.dumps({"actorType": "users", "verb": "comment", "message": text}).encode()
        with self._ask(SAY, self._places.comments(file_id), [_JSON], body):
            pass

    def _tags_at(self, path: str) -> tuple[Tag, ...]:
        with self._ask(PROPFIND, path, ["Depth: 1", _XML], _TAG_PROPERTIES) as response:
            answer = list(resources(response.iter_content(_BLOCK), max_bytes=_MAX_BYTES))
        return tuple(tag for tag in map(_to_tag, answer) if tag is not None)

    def _ask(
        self, operation: Operation, path: str, headers: Sequence[str] = (), body: bytes | None = None
    ) -> Any:
        return self._connections.ask(operation, path, headers=headers, body=body)


def _to_tag(resource: Resource) -> Tag | None:
    """Return the tag that a resource shows; None for the list itself, and for what people do not see."""
    found = resource.found
    ident, name = found.get(OC + "id", ""), found.get(OC + "display-name", "")
    if not (ident.isascii() and ident.isdigit()) or not name or found.get(OC + "user-visible") == "false":
        return None
    return Tag(
        tag_id=TagId(ident),
        name=name,
        color=found.get(_COLOR) or None,
        assignable=found.get(OC + "can-assign") != "false",
    )
