"""The settings that apply to a place: every ``_signature.yaml`` above it, the nearest first, read once a change.

Reads only. What a file says is inherited by ``sidecar.inherit``; here it is found, fetched and named.
"""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from connector.errors import NotFound, OutOfSpace, Problem, RequestRejected
from connector.ports import Entry, Folder, Href
from connector.sidecar import names
from connector.sidecar.inherit import SettingsFile
from connector.sidecar.model import SignatureRequest
from connector.sidecar.reading import MAX_BYTES, read_sidecar
from connector.steps.discover import Sight
from connector.steps.parts import Parts
from connector.text_yaml import decode

_MOST_MESSAGE: Final = 64_000
_TEXT_FILE: Final = re.compile(r".+\.(?:txt|md)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Settings(SettingsFile):
    """One settings file of a folder. ``identity`` changes when it is saved again, not when it is merely locked."""

    href: Href
    identity: str = ""


def entries_above(sight: Sight, href: str) -> list[Entry]:
    """Return every settings file that applies to a place, nearest first, and the files their messages stand in."""
    return [entry for here in sight.settings_above(href) for entry in here]


def chain(parts: Parts, sight: Sight, href: str) -> tuple[Settings, ...] | None:
    """Read the settings that apply to a place, the nearest first; None while one of them is still being saved.

    A file that cannot be read has its problems and no request. Raises the errors of :meth:`Folder.get`.
    """
    above = sight.settings_above(href)
    if not sight.has_settled(entry for here in above for entry in here):
        return None
    folder = parts.folders[sight.settings.server]
    found = []
    for here in above:
        name = shown_name(sight, here[0], href)
        if len(here) > 1:
            both = ", ".join(sorted(entry.name for entry in here))
            problem = Problem(code="two_settings", values={"names": both, "file": name})
            found.append(Settings(name=name, href=here[0].href, request=None, problems=(problem,)))
            continue
        found.append(_read(parts, sight, folder, here[0], name))
    return tuple(found)


def shown_name(sight: Sight, entry: Entry, href: str) -> str:
    """Name a settings file as people see it from a request: with its folder where that is another one."""
    if entry.parent == href.rsplit("/", 1)[0] + "/":
        return entry.name
    folder = entry.parent.rstrip("/").rsplit("/", 1)[-1]
    return f"{folder}/{entry.name}" if folder else entry.name


def _read(parts: Parts, sight: Sight, folder: Folder, entry: Entry, name: str) -> Settings:
    """Fetch and read one file, or answer from memory while its ETag and its message's file stay."""
    known = parts.settings_read.get((sight.settings.server, entry.href))
    if known is not None and known[0] == (entry.etag, entry.size):
        data = known[1]
    else:
        data = _fetched(folder, entry)
        parts.settings_read[sight.settings.server, entry.href] = ((entry.etag, entry.size), data)
    identity = f"{hashlib.sha256(data or b'').hexdigest()[:32]} {_saved(entry)}"
    try:
        if data is None:
            values = {"size_mb": f"{(entry.size or 0) / 1_000_000:.1f}", "limit_mb": f"{MAX_BYTES / 1_000_000:.1f}"}
            raise RequestRejected([Problem(code="sidecar_too_large", values=values)])
        request = read_sidecar(data, settings=True)
        request, problems = with_message(folder, sight, entry.parent, request)
    except RequestRejected as rejected:
        request, problems = None, list(rejected.problems)
    named = tuple(
        Problem(code=p.code, line=p.line, values={**p.values, "file": name}, cure=p.cure) for p in problems
    )
    return Settings(
        name=name, href=entry.href, request=None if named else request, problems=named, identity=identity
    )


def _saved(entry: Entry) -> str:
    return entry.modified.isoformat() if isinstance(entry.modified, datetime) else ""


def _fetched(folder: Folder, entry: Entry) -> bytes | None:
    stream = io.BytesIO()
    try:
        folder.get(entry.href, stream, max_bytes=MAX_BYTES)
    except OutOfSpace:
        return None
    return stream.getvalue()


def message_entry(sight: Sight, parent: str, request: SignatureRequest) -> Entry | None:
    """Return the file beside that holds a request's message; None when it names none, or none is there."""
    if request.message_file is None:
        return None
    found = sight.by_parent.get(parent, {}).get(names.comparable(request.message_file), [])
    return next((entry for entry in found if not entry.is_folder), None)


def with_message(
    folder: Folder, sight: Sight, parent: str, request: SignatureRequest
) -> tuple[SignatureRequest, list[Problem]]:
    """Take the message from the file that ``message: voir Message.txt`` names, in the same folder.

    Any encoding and line ends. Raises the errors of :meth:`Folder.get`.
    """
    name = request.message_file
    if name is None:
        return request, []
    line = request.lines.get("message")
    if not _TEXT_FILE.fullmatch(name) or "/" in name:
        return request, [Problem(code="message_file_kind", line=line, values={"written": name[:80]})]
    entry = message_entry(sight, parent, request)
    stream = io.BytesIO()
    try:
        if entry is None:
            raise NotFound("no such file", operation="read message")
        folder.get(entry.href, stream, max_bytes=_MOST_MESSAGE)
    except NotFound:
        return request, [Problem(code="message_file_missing", line=line, values={"written": name[:80]})]
    except OutOfSpace:
        return request, [Problem(code="message_file_kind", line=line, values={"written": name[:80]})]
    text = decode(stream.getvalue()).text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        return request, [Problem(code="message_file_missing", line=line, values={"written": name[:80]})]
    return request.model_copy(update={"message": text}), []
