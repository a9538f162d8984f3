"""What the settings files above a place say of drop folders and of sending, however broken the rest of them is.

Reads only. A fault in a settings file is told by whoever obeys the file; here it must not silence two lines that
stand whole in it.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field

from connector.errors import NotFound, OutOfSpace, RequestRejected
from connector.ports import Entry, Href
from connector.sidecar import names, words
from connector.sidecar.fields import unquoted
from connector.sidecar.model import SignatureRequest, Wish
from connector.sidecar.reading import MAX_BYTES, read_sidecar, read_wish
from connector.sidecar.repair import repair
from connector.steps.discover import Sight
from connector.steps.parts import Parts
from connector.text_yaml import Mapping, Scalar, YamlError, decode, load


@dataclass(frozen=True, kw_only=True)
class SettingsFile:
    """One ``_signature.yaml``. ``request`` holds what was read of it."""

    name: str
    href: Href
    request: SignatureRequest


@dataclass
class SettingsMemory:
    """What was read already, by href and ETag."""

    read: dict[str, tuple[str | None, SettingsFile]] = field(default_factory=dict)
    seen: tuple[Sight, dict[str, Entry]] | None = None

    def files_in(self, sight: Sight) -> dict[str, Entry]:
        """Return the settings file of each folder that has one, by the folder's href."""
        if self.seen is None or self.seen[0] is not sight:
            found = {
                parent: children[min(mine)][0]
                for parent, children in sight.by_parent.items()
                if (mine := [one for one in children if one.startswith("_sign") and names.is_settings(one)])
            }
            self.seen = (sight, found)
        return self.seen[1]


def chain(parts: Parts, sight: Sight, href: str, memory: SettingsMemory) -> tuple[SettingsFile, ...]:
    """Return the settings files that apply to a place, the nearest first. Raises remote errors."""
    found = []
    parent = href if href.endswith("/") else href.rsplit("/", 1)[0] + "/"
    while parent.startswith(sight.settings.root):
        if entry := memory.files_in(sight).get(parent):
            found.append(_read(parts, sight, entry, memory))
        parent = parent.rstrip("/").rsplit("/", 1)[0] + "/"
    return tuple(found)


def drop_of(files: tuple[SettingsFile, ...]) -> SettingsFile | None:
    """Return the nearest file that says something about a drop folder, None when none does or it says no."""
    said = next((one for one in files if "drop" in one.request.lines), None)
    return said if said is not None and said.request.drop else None


def wish_of(files: tuple[SettingsFile, ...]) -> Wish | None:
    """Return how far requests go that say nothing themselves, by the nearest file that says it."""
    return next((one.request.send for one in files if one.request.send is not None), None)


def _read(parts: Parts, sight: Sight, entry: Entry, memory: SettingsMemory) -> SettingsFile:
    before = memory.read.get(entry.href)
    if before is not None and before[0] == entry.etag:
        return before[1]
    stream = io.BytesIO()
    try:
        parts.folders[sight.settings.server].get(entry.href, stream, max_bytes=MAX_BYTES)
        request = _understood(stream.getvalue())
    except (NotFound, OutOfSpace):
        request = SignatureRequest(signatories=())
    file = SettingsFile(name=entry.name, href=entry.href, request=request)
    memory.read[entry.href] = (entry.etag, file)
    return file


def _understood(data: bytes) -> SignatureRequest:
    try:
        request = read_sidecar(data, settings=True)
        if request.drop is not None or "drop" not in request.lines:
            return request
    except RequestRejected:
        request = SignatureRequest(signatories=(), send=read_wish(data))
    drop, line = _drop_said(data)
    lines = {**request.lines, **({"drop": line} if line else {})}
    return request.model_copy(update={"drop": drop, "lines": lines})


def _drop_said(data: bytes) -> tuple[str | None, int | None]:
    """Return the drop folder's name and its line; no name where the line ends what is inherited (``dépôt: non``)."""
    try:
        node = load(repair(decode(data).text))
    except YamlError:
        return None, None
    wanted = {"drop": words.SETTINGS_ONLY_KEYS["drop"]}
    for key, value in node.items if isinstance(node, Mapping) else ():
        if isinstance(value, Scalar) and words.find(key.text, wanted):
            name = unquoted(value.text).strip("/ ")
            return (None if words.find(name, words.YES_NO) == "no" else name or None), key.line
    return None, None
