"""System tags and comments over HTTP (facts section 7). None of this moves an ETag.

Where this says "seen": on Nextcloud 32.0.1.
"""

from __future__ import annotations

import json
import re
from typing import Any
from xml.sax.saxutils import escape

from connector.sandbox.dms.annotations import Tag
from connector.sandbox.dms.messages import Answer
from connector.sandbox.dms.nextcloud.dav import NC, OC, ROOT, D, Dav, DavError, multistatus, parsed, response
from connector.sandbox.dms.nextcloud.listing import wanted
from connector.sandbox.dms.tree import Node

LONGEST_COMMENT = 1000
_COLOR = re.compile(r"[0-9a-fA-F]{6}")


def handle_tags(dav: Dav, parts: list[str]) -> Answer:
    """Answer a request below ``systemtags/``: create, list, colour, delete."""
    if not parts:
        match dav.call.method:
            case "POST":
                tag = _create(dav)
                return Answer(201, b"", [("Content-Location", f"{ROOT}systemtags/{tag.tagid}")])
            case "PROPFIND":
                # By name; what is invisible is not listed (seen).
                tags = [tag for tag in dav.folder.annotations.tags.values() if tag.visible]
                tags.sort(key=lambda tag: tag.name.casefold())
                return _list(dav, f"{ROOT}systemtags/", tags, end="/")
        raise DavError(405, "MethodNotAllowed", "Not on the list of tags")
    found = dav.folder.annotations.tags.get(int(parts[0]) if parts[0].isdigit() else -1)
    if found is None:
        raise DavError(404, "NotFound", f"Tag with id {parts[0]} not found")
    match dav.call.method:
        case "PROPFIND":
            return multistatus([_described(f"{ROOT}systemtags/", found, wanted(dav.call.body)[0])])
        case "PROPPATCH":
            if dav.world.tags_by_admin_only:
                raise DavError(403, "Forbidden", "You don’t have permissions to update tags")
            return _recolour(dav, found)
        case "DELETE":
            raise DavError(403, "Forbidden", f"You don't have permissions to delete tag {found.tagid}")
    raise DavError(405, "MethodNotAllowed", "Not on a tag")


def handle_relations(dav: Dav, parts: list[str]) -> Answer:
    """Answer a request below ``systemtags-relations/``: ``files``, a file id, perhaps a tag id."""
    node = _file(dav, parts)
    annotations = dav.folder.annotations
    if len(parts) == 2:
        if dav.call.method == "POST":
            tag = _create(dav)
            annotations.assign(node.fileid, tag.tagid)
            return Answer(201, b"", [("Content-Location", f"{ROOT}systemtags/{tag.tagid}")])
        if dav.call.method == "PROPFIND":
            return _list(dav, f"{ROOT}systemtags-relations/files/{node.fileid}/", annotations.of(node.fileid))
        raise DavError(405, "MethodNotAllowed", "Not on the tags of a file")
    tagid = int(parts[2]) if parts[2].isdigit() else -1
    known = annotations.tags.get(tagid)
    match dav.call.method:
        case "PUT":
            if known is None or not known.visible:
                raise DavError(
                    412, "PreconditionFailed", f"Tag with id {parts[2]} does not exist, cannot assign"
                )
            if dav.folder.is_read_only(node.path) or not known.assignable:  # seen
                raise DavError(403, "Forbidden", f"No permission to assign tag to {node.fileid}")
            if not annotations.assign(node.fileid, tagid):
                # The real text, though it means that the tag is assigned already.
                raise DavError(409, "Conflict", "PUT is not allowed on non-files.")
            return Answer(201)
        case "DELETE":
            if not annotations.take_off(node.fileid, tagid):
                raise DavError(404, "NotFound", f"Tag with id {parts[2]} not present on {node.fileid}")
            return Answer(204)
    raise DavError(405, "MethodNotAllowed", "Not on a relation")


def handle_comments(dav: Dav, parts: list[str]) -> Answer:
    """Answer a request below ``comments/``: POST makes one, REPORT reads them with limit and offset."""
    if not dav.world.comments_app:  # seen
        raise DavError(404, "NotFound", 'Entity type "files" not found."')
    node = _file(dav, parts)
    annotations = dav.folder.annotations
    if dav.call.method == "POST" and len(parts) == 2:
        asked = _json(dav)
        if asked.get("actorType") != "users":  # seen
            raise DavError(400, "BadRequest", f'Invalid actor "{asked.get("actorType", "")}"')
        message = str(asked.get("message", ""))
        if len(message) > LONGEST_COMMENT:
            raise DavError(400, "BadRequest", f"Message exceeds allowed character limit of {LONGEST_COMMENT}")
        made = annotations.comment(node.fileid, dav.user, message, dav.world.clock.timestamp())
        place = f"{ROOT}comments/files/{node.fileid}/{made.commentid}"
        return Answer(201, b"", [("Content-Location", place)])
    if dav.call.method in ("REPORT", "PROPFIND"):
        return _comments(dav, node)
    raise DavError(405, "MethodNotAllowed", "Not on comments")


def files_with(dav: Dav, asked: list[str]) -> list[Node]:
    """Return the files that bear every tag of ``asked`` (ids), for REPORT oc:filter-files."""
    tags = {int(tagid) for tagid in asked if tagid.isdigit()}
    annotations = dav.folder.annotations
    return [
        node
        for node in dav.folder.tree.walk("")
        if tags <= {tag.tagid for tag in annotations.of(node.fileid)}
    ]


def _comments(dav: Dav, node: Node) -> Answer:
    limit, offset = 0, 0
    if dav.call.body.strip():
        asked = parsed(dav.call.body)
        limit = int(asked.findtext(f"{{{OC}}}limit") or 0)
        offset = int(asked.findtext(f"{{{OC}}}offset") or 0)
    mine = [comment for comment in dav.folder.annotations.comments if comment.fileid == node.fileid]
    newest = list(reversed(mine))[offset : offset + limit if limit else None]
    return multistatus(
        response(
            f"{ROOT}comments/files/{node.fileid}/{comment.commentid}",
            [
                (f"{{{OC}}}id", str(comment.commentid)),
                (f"{{{OC}}}message", escape(comment.message)),
                (f"{{{OC}}}actorId", escape(comment.actor)),
                (f"{{{OC}}}verb", "comment"),
            ],
            [],
        )
        for comment in newest
    )


def _file(dav: Dav, parts: list[str]) -> Node:
    if len(parts) < 2 or parts[0] != "files" or not parts[1].isdigit():
        raise DavError(404, "NotFound", "No such place")
    node = dav.folder.tree.by_id(int(parts[1]))
    if node is None:
        raise DavError(404, "NotFound", "Entity does not exist or is not available")
    return node


def _json(dav: Dav) -> dict[str, Any]:
    if dav.call.header("content-type").partition(";")[0].strip() != "application/json":
        raise DavError(415, "UnsupportedMediaType", "This resource only accepts application/json")
    try:
        value = json.loads(dav.call.body)
    except ValueError as error:
        raise DavError(400, "BadRequest", "Cannot parse JSON") from error
    return value if isinstance(value, dict) else {}


def _create(dav: Dav) -> Tag:
    asked = _json(dav)
    name = str(asked.get("name", "")).strip()
    if not name:
        raise DavError(400, "BadRequest", 'Missing "name" attribute')
    visible, assignable = bool(asked.get("userVisible", True)), bool(asked.get("userAssignable", True))
    if dav.world.tags_by_admin_only:  # seen, with systemtags' restrict_creation_to_admin
        raise DavError(403, "Forbidden", "You don’t have permissions to create tags")
    if not (visible and assignable):
        raise DavError(400, "BadRequest", "Not sufficient permissions")
    tag = dav.folder.annotations.create(name, visible=visible, assignable=assignable)
    if tag is None:
        raise DavError(409, "Conflict", "Tag already exists")
    return tag


def _list(dav: Dav, top: str, tags: list[Tag], end: str = "") -> Answer:
    """Return a list of tags; of itself it tells nothing that is asked of tags (seen)."""
    names, _ = wanted(dav.call.body)
    kind = f"{{{D}}}resourcetype"
    itself = [(kind, "<d:collection/>")] if kind in names else []
    responses = [response(top, itself, [name for name in names if name != kind])]
    if dav.call.header("depth") != "0":
        responses += [_described(top, tag, names, end) for tag in tags]
    return multistatus(responses)


def _described(top: str, tag: Tag, names: list[str], end: str = "") -> str:
    known = {
        f"{{{D}}}resourcetype": "",
        f"{{{OC}}}id": str(tag.tagid),
        f"{{{OC}}}display-name": escape(tag.name),
        f"{{{OC}}}user-visible": str(tag.visible).lower(),
        f"{{{OC}}}user-assignable": str(tag.assignable).lower(),
        f"{{{OC}}}can-assign": str(tag.assignable).lower(),
        f"{{{NC}}}color": escape(tag.color),
    }
    found = [(name, known[name]) for name in names if name in known]
    return response(f"{top}{tag.tagid}{end}", found, [name for name in names if name not in known])


def _recolour(dav: Dav, tag: Tag) -> Answer:
    done: list[str] = []
    refused: list[str] = []
    for prop in parsed(dav.call.body).iterfind(f"*/{{{D}}}prop/*"):
        name = str(prop.tag)
        if name == f"{{{NC}}}color":
            color = "".join(map(str, prop.itertext()))
            if not _COLOR.fullmatch(color):  # seen
                raise DavError(400, "BadRequest", "Color must be a 6-digit hexadecimal value")
            tag.color = color
            dav.folder.annotations.keep(tag)
        (done if name == f"{{{NC}}}color" else refused).append(name)
    href = f"{ROOT}systemtags/{tag.tagid}"
    return multistatus([response(href, [(name, "") for name in done], refused, 403)])
