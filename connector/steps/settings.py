"""The settings that apply to a place: every ``_signature.yaml`` above it, the nearest first, read once a change.

Reads only. What a file says is inherited by ``sidecar.inherit``; here it is found, fetched and named.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import Final

from connector.errors import NotFound, OutOfSpace, Problem, RequestRejected
from connector.ports import Entry, Folder, Href
from connector.sidecar import names, near_names
from connector.sidecar.fields import shown
from connector.sidecar.inherit import SettingsFile
from connector.sidecar.model import SignatureRequest
from connector.sidecar.reading import MAX_BYTES, is_web_page, read_sidecar
from connector.signatory_text import is_garbled
from connector.steps import clocks
from connector.steps.discover import Sight
from connector.steps.parts import Parts, SettingsRead
from connector.text_yaml import decode, is_no_text

_MOST_MESSAGE: Final = 64_000


@dataclass(frozen=True, kw_only=True)
class Settings(SettingsFile):
    """One settings file of a folder. ``identity`` changes when it is saved again, not when it is merely locked."""

    href: Href
    identity: str = ""


def beside(parts: Parts, sight: Sight, href: str) -> list[Entry]:
    """Return the files that the settings of a place rest on: each settings file above, each message it names."""
    found = list(sight.near_settings_above(href))
    for entry in (entry for here in sight.settings_above(href) for entry in here):
        found.append(entry)
        known = parts.settings_read.get((sight.settings.server, entry.href))
        message = message_entry(sight, entry.parent, known.request) if known and known.request else None
        if message is not None:
            found.append(message)
    return found


def chain(parts: Parts, sight: Sight, href: str) -> tuple[Settings, ...] | None:
    """Read the settings that apply to a place, the nearest first; None while one of them is being saved, or just went.

    A file that cannot be read has its problems and no request; so has one that was meant as settings, and is the only
    one of its folder, under a name that is nearly theirs: nothing leaves without the partner whom it names. Raises the
    errors of :meth:`Folder.get`.
    """
    above, near = sight.settings_above(href), sight.near_settings_above(href)
    every = [*near, *(entry for here in above for entry in here)]
    if not sight.has_settled(every) or _just_went(parts, sight, href):
        return None
    found = []
    for here in above:
        name = shown_name(sight, here[0], href)
        if len(here) > 1:
            both = ", ".join(sorted(entry.name for entry in here))
            problem = Problem(code="two_settings", values={"names": both, "file": name})
            found.append(Settings(name=name, href=here[0].href, request=None, problems=(problem,)))
            continue
        found.append(_settings(parts, sight, here[0], name))
    for entry in near:
        if code := _misnamed(parts, sight, entry):
            name = shown_name(sight, entry, href)
            problem = Problem(code=code, values={"names": name, "file": name})
            found.append(Settings(name=name, href=entry.href, request=None, problems=(problem,)))
    return tuple(found) if sight.has_settled(beside(parts, sight, href)) else None


def _misnamed(parts: Parts, sight: Sight, entry: Entry) -> str:
    """Return why settings are not read under a near name; nothing where it may be anybody's, or says nothing."""
    surely = near_names.surely_settings(entry.name)
    if near_names.is_of_a_writer(entry.name):
        return "settings_not_text" if surely else ""
    read = read_file(parts, sight, entry).request
    return "settings_misnamed" if (read.lines if read is not None else surely) else ""


def _just_went(parts: Parts, sight: Sight, href: str) -> bool:
    """True for some minutes after a settings file that applies here has gone from its folder.

    Sync clients save by deleting and uploading: what arrives in between must not leave without the partner.
    """
    went = False
    for key in list(parts.settings_read):
        server, file = key
        parent = file.rsplit("/", 1)[0] + "/"
        if server != sight.settings.server or not href.startswith(parent):
            continue
        if parent in sight.settings_in or file in sight.by_href:
            parts.settings_gone.pop(key, None)
            continue
        since = parts.settings_gone[key] = clocks.since_when(parts, parts.settings_gone.get(key))
        if parts.now() - since < parts.timing.pdf_patience:
            went = True
        else:
            del parts.settings_read[key]
            del parts.settings_gone[key]
    return went


def shown_name(sight: Sight, entry: Entry, href: str) -> str:
    """Name a settings file as people see it from a request: with its folder where that is another one."""
    if entry.parent == href.rsplit("/", 1)[0] + "/":
        return entry.name
    folder = entry.parent.rstrip("/").rsplit("/", 1)[-1]
    return f"{folder}/{entry.name}" if folder else entry.name


def _settings(parts: Parts, sight: Sight, entry: Entry, name: str) -> Settings:
    """Read one file, or answer from memory while its ETag stays; its message is fetched anew each time."""
    folder, read = parts.folders[sight.settings.server], read_file(parts, sight, entry)
    request, problems = read.request, list(read.problems)
    if request is not None:
        request, problems = with_message(folder, sight, entry.parent, request)
    named = tuple(
        Problem(code=p.code, line=p.line, values={**p.values, "file": name}, cure=p.cure) for p in problems
    )
    saved = entry.modified.isoformat() if entry.modified is not None else ""
    return Settings(
        name=name,
        href=entry.href,
        request=None if named else request,
        problems=named,
        identity=f"{read.sha256[:32]} {saved}",
    )


def read_file(parts: Parts, sight: Sight, entry: Entry) -> SettingsRead:
    """Read one file alone, or answer from memory while its ETag stays. Raises the errors of :meth:`Folder.get`."""
    key = (sight.settings.server, entry.href)
    read = parts.settings_read.get(key)
    if read is None or read.shape != (entry.etag, entry.size):
        read = parts.settings_read[key] = _read(parts.folders[sight.settings.server], entry)
    return read


def _read(folder: Folder, entry: Entry) -> SettingsRead:
    shape = (entry.etag, entry.size)
    stream = io.BytesIO()
    try:
        folder.get(entry.href, stream, max_bytes=MAX_BYTES)
    except OutOfSpace:
        values = {
            name: f"{size / 1_000_000:.1f}"
            for name, size in (("size_mb", entry.size or 0), ("limit_mb", MAX_BYTES))
        }
        problem = Problem(code="sidecar_too_large", values=values)
        return SettingsRead(shape=shape, sha256="", request=None, problems=(problem,))
    data = stream.getvalue()
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        request = read_sidecar(data, settings=True)
    except RequestRejected as rejected:
        return SettingsRead(shape=shape, sha256=sha256, request=None, problems=rejected.problems)
    return SettingsRead(shape=shape, sha256=sha256, request=request)


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

    Any encoding and line ends; what a word processor made is no message, whatever its name: the signatories would be
    mailed its markup. Raises the errors of :meth:`Folder.get`.
    """
    name = request.message_file
    if name is None:
        return request, []
    line = request.lines.get("message")
    entry = message_entry(sight, parent, request)
    missing = Problem(code="message_file_missing", line=line, values={"written": name[:80]})
    kind = Problem(code="message_file_kind", line=line, values={"written": name[:80]})
    if entry is None:
        return request, [missing]
    stream = io.BytesIO()
    try:
        folder.get(entry.href, stream, max_bytes=_MOST_MESSAGE)
    except NotFound:
        return request, [missing]
    except OutOfSpace:
        return request, [kind]
    data = stream.getvalue()
    text = decode(data).text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        return request, [missing]
    if is_no_text(data) or is_web_page(text) or "\0" in text:
        return request, [kind]
    if is_garbled(text):
        values = {"written": name[:80], "found": shown(text)}
        return request, [Problem(code="message_file_garbled", line=line, values=values)]
    return request.model_copy(update={"message": text}), []
