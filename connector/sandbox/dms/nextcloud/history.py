"""Versions over WebDAV: list, read, label, restore (facts section 4)."""

from __future__ import annotations

from email.utils import formatdate
from xml.sax.saxutils import escape

from connector.sandbox.dms.messages import Answer, decoded_path
from connector.sandbox.dms.nextcloud.dav import (
    NC,
    ROOT,
    D,
    Dav,
    DavError,
    encoded,
    multistatus,
    parsed,
    response,
)
from connector.sandbox.dms.nextcloud.files import ranged
from connector.sandbox.dms.nextcloud.listing import wanted
from connector.sandbox.dms.nextcloud.properties import content_type
from connector.sandbox.dms.tree import Node
from connector.sandbox.dms.versions import Version

LABEL = f"{{{NC}}}version-label"
AUTHOR = f"{{{NC}}}version-author"


def handle(dav: Dav, parts: list[str]) -> Answer:
    """Answer a request below ``versions/USER/``; ``parts`` are ``versions``, a file id, perhaps a version."""
    if not dav.world.versions_app:  # seen on 32.0.1 with the app disabled
        raise DavError(404, "NotFound", "File not found: versions in 'root'")
    if len(parts) not in (2, 3) or parts[0] != "versions" or not parts[1].isdigit():
        raise _missing()
    node = dav.folder.tree.by_id(int(parts[1]))
    if node is None or node.folder:
        raise _missing()
    if len(parts) == 2:
        if dav.call.method != "PROPFIND":
            raise DavError(405, "MethodNotAllowed", "Not on a history")
        return _list(dav, node)
    version = next((v for v in dav.folder.versions_of(node) if str(v.stamp) == parts[2]), None)
    if version is None:
        raise _missing()
    match dav.call.method:
        case "PROPFIND":
            return multistatus([_described(dav, node, version, wanted(dav.call.body)[0])])
        case "GET" | "HEAD":
            return _get(dav, node, version)
        case "PROPPATCH":
            return _label(dav, node, version)
        case "MOVE":
            return _restore(dav, node, version)
        case "DELETE":
            return _delete(dav, node, version)
    raise DavError(405, "MethodNotAllowed", "Not on a version")


def _missing() -> DavError:
    return DavError(404, "NotFound", "Version not found")


def _folder_href(dav: Dav, node: Node) -> str:
    return encoded(f"{ROOT}versions/{dav.user}/versions/{node.fileid}/")


def _list(dav: Dav, node: Node) -> Answer:
    """The current content is listed too, as an entry of its own."""
    names, _ = wanted(dav.call.body)
    kind = f"{{{D}}}resourcetype"
    others = [name for name in names if name != kind]
    responses = [response(_folder_href(dav, node), [(kind, "<d:collection/>")], others)]
    if dav.call.header("depth") != "0":
        oldest_first = sorted(dav.folder.versions_of(node), key=lambda version: version.stamp)
        responses += [_described(dav, node, version, names) for version in oldest_first]
    return multistatus(responses)


def _described(dav: Dav, node: Node, version: Version, names: list[str]) -> str:
    known = {
        f"{{{D}}}resourcetype": "",
        f"{{{D}}}getcontentlength": str(version.size),
        f"{{{D}}}getcontenttype": content_type(node),
        f"{{{D}}}getlastmodified": formatdate(version.stamp, usegmt=True),
        # Unquoted, unlike every other ETag (facts section 2).
        f"{{{D}}}getetag": str(version.stamp),
        AUTHOR: escape(version.author),
    }
    if version.label:  # never labelled is 404 in the listing, not an empty text
        known[LABEL] = escape(version.label)
    found = [(name, known[name]) for name in names if name in known]
    return response(
        f"{_folder_href(dav, node)}{version.stamp}", found, [name for name in names if name not in known]
    )


def _get(dav: Dav, node: Node, version: Version) -> Answer:
    data = dav.folder.versions.data(node.fileid, version.stamp)
    if data is None:  # the present content is listed among the versions, but is read as the file only
        raise DavError(404, "NotFound")
    headers = [
        ("Content-Type", content_type(node)),
        ("Last-Modified", formatdate(version.stamp, usegmt=True)),
        ("ETag", str(version.stamp)),
    ]
    return ranged(dav, Answer(200, data, headers))


def _label(dav: Dav, node: Node, version: Version) -> Answer:
    done: list[str] = []
    refused: list[str] = []
    for prop in parsed(dav.call.body).iterfind(f"*/{{{D}}}prop/*"):
        name = str(prop.tag)
        if name == LABEL:
            dav.folder.versions.note(node.fileid, version.stamp, label="".join(map(str, prop.itertext())))
        (done if name == LABEL else refused).append(name)
    href = f"{_folder_href(dav, node)}{version.stamp}"
    return multistatus([response(href, [(name, "") for name in done], refused, 403)])


def _restore(dav: Dav, node: Node, version: Version) -> Answer:
    target = decoded_path(dav.call.header("destination"))
    if not target.startswith(f"{ROOT}versions/{dav.user}/restore/"):
        raise DavError(403, "Forbidden", "Versions can only be moved to restore")
    # The current content's own entry restores to itself.
    dav.folder.restore(node, version.stamp)
    return Answer(201)


def _delete(dav: Dav, node: Node, version: Version) -> Answer:
    """DELETE of the version that is current only takes its label off."""
    if version.stamp == node.mtime:
        dav.folder.versions.note(node.fileid, version.stamp, label="")
    else:
        dav.folder.versions.drop(node.fileid, version.stamp)
    return Answer(204)
