"""What the settings files above a place say of drop folders and of sending, however broken the rest of them is.

Reads only. A fault in a settings file is told by every request below it; here it must not silence two lines that stand
whole in the file, or a PDF that was dropped would wait for ever and nobody be told.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field

from connector.errors import NotFound, OutOfSpace
from connector.ports import Entry, Href
from connector.sidecar import words
from connector.sidecar.fields import unquoted
from connector.sidecar.model import SignatureRequest, Wish
from connector.sidecar.reading import MAX_BYTES, read_wish
from connector.sidecar.repair import repair
from connector.steps.discover import Sight
from connector.steps.parts import Parts
from connector.steps.settings import read_file
from connector.text_yaml import Mapping, Scalar, YamlError, decode, load


@dataclass(frozen=True, kw_only=True)
class SettingsSaid:
    """One ``_signature.yaml``. ``request`` holds what was read of it; of a broken one, two lines at most."""

    name: str
    href: Href
    request: SignatureRequest


@dataclass
class SettingsMemory:
    """What was read of broken files, by href and ETag."""

    broken: dict[str, tuple[str | None, SignatureRequest]] = field(default_factory=dict)


def said_above(parts: Parts, sight: Sight, href: str, memory: SettingsMemory) -> tuple[SettingsSaid, ...]:
    """Return what the settings that apply to a place say, the nearest first. Raises remote errors.

    To be asked once they have settled.
    """
    return tuple(said_in(parts, sight, here[0], memory) for here in sight.settings_above(href))


def said_in(parts: Parts, sight: Sight, entry: Entry, memory: SettingsMemory) -> SettingsSaid:
    """Return what one of them says. Raises remote errors."""
    return SettingsSaid(name=entry.name, href=entry.href, request=_read(parts, sight, entry, memory))


def drop_of(files: tuple[SettingsSaid, ...]) -> SettingsSaid | None:
    """Return the nearest file that says something about a drop folder, None when none does or it says no."""
    said = next((one for one in files if "drop" in one.request.lines), None)
    return said if said is not None and said.request.drop else None


def taken_along(files: tuple[SettingsSaid, ...]) -> tuple[str, ...]:
    """Return what travels with every request below these files, as written: each key by the nearest that says it."""
    documents = next((one.request.documents for one in files if "documents" in one.request.lines), ())
    annexes = next((one.request.annexes for one in files if "annexes" in one.request.lines), ())
    return (*documents, *annexes)


def wish_of(files: tuple[SettingsSaid, ...]) -> Wish | None:
    """Return how far requests go that say nothing themselves, by the nearest file that says it."""
    return next((one.request.send for one in files if one.request.send is not None), None)


def _read(parts: Parts, sight: Sight, entry: Entry, memory: SettingsMemory) -> SignatureRequest:
    try:
        whole = read_file(parts, sight, entry).request
        if whole is not None:
            return whole
        before = memory.broken.get(entry.href)
        if before is None or before[0] != entry.etag:
            stream = io.BytesIO()
            parts.folders[sight.settings.server].get(entry.href, stream, max_bytes=MAX_BYTES)
            before = memory.broken[entry.href] = (entry.etag, _of_a_broken_one(stream.getvalue()))
    except (NotFound, OutOfSpace):
        return SignatureRequest(signatories=())
    return before[1]


def _of_a_broken_one(data: bytes) -> SignatureRequest:
    """Return the drop folder's name (none where ``dépôt: non`` ends what is inherited) and the word on sending."""
    said = SignatureRequest(signatories=(), send=read_wish(data))
    try:
        node = load(repair(decode(data).text))
    except YamlError:
        return said
    wanted = {"drop": words.SETTINGS_ONLY_KEYS["drop"]}
    for key, value in node.items if isinstance(node, Mapping) else ():
        if isinstance(value, Scalar) and words.find(key.text, wanted):
            name = unquoted(value.text).strip("/ ")
            no = not name or words.find(name, words.YES_NO) == "no"
            return said.model_copy(update={"drop": None if no else name, "lines": {"drop": key.line}})
    return said
