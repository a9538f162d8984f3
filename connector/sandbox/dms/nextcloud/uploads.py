"""Chunked upload v2: chunks aside, then one MOVE that replaces the target in one step (facts section 9)."""

from __future__ import annotations

import shutil
from pathlib import Path

from connector.sandbox.dms.folder import CREATE, UPDATE
from connector.sandbox.dms.messages import Answer
from connector.sandbox.dms.nextcloud.conditions import check
from connector.sandbox.dms.nextcloud.dav import ROOT, D, Dav, DavError, encoded, multistatus, response
from connector.sandbox.dms.nextcloud.files import accepted, asked_mtime
from connector.sandbox.dms.nextcloud.moves import check_target, destination
from connector.sandbox.dms.nextcloud.names import check_quota, check_right

MOST_CHUNKS = 10_000
ASSEMBLED = ".file"


def handle(dav: Dav, parts: list[str]) -> Answer:
    """Answer a request below ``uploads/USER/``; ``parts`` are the upload's id and perhaps a chunk's name."""
    if not parts or len(parts) > 2:
        raise DavError(405, "MethodNotAllowed", "Not an upload")
    upload = dav.world.state / "uploads" / dav.user / _safe(parts[0])
    if len(parts) == 1:
        return _on_folder(dav, upload)
    if not upload.is_dir():
        raise DavError(404, "NotFound", f"File with name {parts[0]} could not be located")
    match dav.call.method:
        case "PUT":
            return _put_chunk(dav, upload, parts[1])
        case "MOVE" if parts[1] == ASSEMBLED:
            return _assemble(dav, upload)
        case "DELETE":
            (upload / _safe(parts[1])).unlink(missing_ok=True)
            return Answer(204)
    raise DavError(405, "MethodNotAllowed", "Not on a chunk")


def _safe(name: str) -> str:
    if name in (".", "..") or "\0" in name:
        raise DavError(400, "BadRequest", "Invalid name")
    return name


def _on_folder(dav: Dav, upload: Path) -> Answer:
    match dav.call.method:
        case "MKCOL":
            if upload.is_dir():
                raise DavError(405, "MethodNotAllowed", "The resource you tried to create already exists")
            upload.mkdir(parents=True)
            return Answer(201)
        case "DELETE" if upload.is_dir():
            shutil.rmtree(upload)
            return Answer(204)
        case "PROPFIND" if upload.is_dir():
            return _list(dav, upload)
        case "DELETE" | "PROPFIND":
            raise DavError(404, "NotFound", "No such upload")
    raise DavError(405, "MethodNotAllowed", "Not on an upload")


def _list(dav: Dav, upload: Path) -> Answer:
    href = encoded(f"{ROOT}uploads/{dav.user}/{upload.name}/")
    responses = [response(href, [(f"{{{D}}}resourcetype", "<d:collection/>")], [])]
    # The file to come is listed too, though it can only be moved.
    responses.append(response(f"{href}{ASSEMBLED}", [(f"{{{D}}}resourcetype", "")], []))
    responses += [
        response(
            href + encoded(place.name),
            [(f"{{{D}}}resourcetype", ""), (f"{{{D}}}getcontentlength", str(place.stat().st_size))],
            [],
        )
        for place in _chunks(upload)
    ]
    return multistatus(responses)


def _put_chunk(dav: Dav, upload: Path, name: str) -> Answer:
    if not (name.isascii() and name.isdigit() and 1 <= int(name) <= MOST_CHUNKS):
        raise DavError(400, "BadRequest", f"Invalid chunk name, must be numeric between 1 and {MOST_CHUNKS}")
    if not dav.call.complete:
        raise DavError(400, "BadRequest", "Expected filesize does not match what was read")
    place = upload / name
    existed = place.exists()
    place.write_bytes(dav.call.body)
    return Answer(204 if existed else 201, b"", [("ETag", f'"{dav.folder.tree.uniqid()}"')])


def _chunks(upload: Path) -> list[Path]:
    return sorted(upload.iterdir(), key=lambda place: int(place.name))


def _assemble(dav: Dav, upload: Path) -> Answer:
    """MOVE ``.file`` onto the target: id and versions stay; ``If`` may guard the target's ETag."""
    check(dav, None)  # If-Match would test the source, which has no such ETag
    dst = destination(dav)
    existed = check_target(dav, dst)
    check_right(dav, dst, CREATE | UPDATE if existed else CREATE)  # seen: both, also over an old file
    target = dav.folder.tree.get(dst)
    if target is not None and target.folder:
        raise DavError(400, "BadRequest", f"The given destination files/{dav.user}/{dst} is a directory.")
    size = sum(place.stat().st_size for place in _chunks(upload))
    told = dav.call.header("oc-total-length")
    if told and told != str(size):
        raise DavError(400, "BadRequest", f"Chunks on server do not sum up to {told} but to {size} bytes")
    check_quota(dav, dst, size)
    data = b"".join(place.read_bytes() for place in _chunks(upload))
    node = dav.folder.replace(
        dst, data, dav.user, mtime=asked_mtime(dav), checksum=dav.call.header("oc-checksum")
    )
    shutil.rmtree(upload)
    return Answer(204 if existed else 201, b"", [*dav.file_headers(node), *accepted(dav)])
