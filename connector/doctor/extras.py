"""What else a server can do, found out in the same scratch place: names, locks, tags, comments; and its room.

What is absent here is done without. Each function makes what it needs, and says what came of it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from connector.doctor.lines import Line, counted, fail, note, ok, sized
from connector.doctor.scratch import LOCK_NOTE, OWN
from connector.doctor.tries import Place
from connector.errors import AccessDenied, InvalidResponse, NotFound, OutOfSpace, PreconditionFailed
from connector.ports import Capabilities, Href

_LITTLE: Final = 20_000_000
_E_ACUTE: Final = "\u00e9"


def special_names() -> Mapping[str, str]:
    """Return what is special → a name that has it, each beginning as ours do."""
    long = "250 octets "
    room = 250 - len(f"{OWN} {long}.txt".encode())
    filled = _E_ACUTE * (room // 2) + "x" * (room % 2)
    return {
        _E_ACUTE: f"accent {_E_ACUTE}.txt",
        "'": "l'apostrophe.txt",
        "#": "num#ro.txt",
        "%": "pour%cent %41.txt",
        "emoji": "plume \U0001f58b.txt",
        "e + accent": f"d{unicodedata.normalize('NFD', _E_ACUTE)}compos{unicodedata.normalize('NFD', _E_ACUTE)}.txt",
        "250 bytes": f"{long}{filled}.txt",
    }


def names(place: Place) -> Iterator[Line]:
    """Give files the names that letters have, and see whether they come back: listed, and found under it."""
    lost, refused = [], []
    wanted = special_names()
    for what, name in wanted.items():
        try:
            place.create(place.at(name), name.encode())
        except OutOfSpace:
            raise
        except (InvalidResponse, PreconditionFailed, NotFound, AccessDenied):
            refused.append(what)
    listed = {
        unicodedata.normalize("NFC", entry.name): entry.href
        for entry in place.folder.list(place.href).entries
    }
    for what, name in wanted.items():
        if what in refused:
            continue
        href = listed.get(unicodedata.normalize("NFC", f"{OWN} {name}"))
        if href is None or not _holds(place, href, name.encode()):
            lost.append(what)
    if lost:
        yield fail("JSE-D14", "names with {lost} do not come back as they were given", lost=", ".join(lost))
    if refused:
        yield note("JSE-D14", "the server takes no names with {refused}", refused=", ".join(refused))
    back = [what for what in wanted if what not in lost and what not in refused]
    if back:
        yield ok("names {back} come back", back=", ".join(back))


def _holds(place: Place, href: Href, content: bytes) -> bool:
    try:
        return place.read(href) == content
    except (NotFound, InvalidResponse):
        return False


def locks(place: Place) -> Iterator[Line]:
    """Lock a file and unlock it again."""
    href = place.at("verrou.txt")
    place.create(href, b"un\n")
    try:
        lock = place.folder.lock(href, note=LOCK_NOTE)
    except InvalidResponse:
        lock = None
    if lock is None:
        why = ": app files_lock is absent" if place.is_nextcloud else ""
        yield note("JSE-D19", 'no lock{why} ("verrouiller" will say so)', why=why)
        return
    place.folder.unlock(href, note=LOCK_NOTE, token=lock.token)
    until = "" if lock.until is None else " for a time"
    yield ok("files can be locked{until} and unlocked", until=until)


def tags(place: Place, wanted: Collection[str]) -> Iterator[Line]:
    """Hang a tag of ours on a file and take it off. None is made: an ordinary login could not remove it again."""
    annotations = place.folder.annotations() if place.told.tags else None
    if not wanted or (annotations is None and not place.is_nextcloud):
        return
    if annotations is None:
        yield note("JSE-D20", "the server has no tags: states stand in the status files alone")
        return
    known = {tag.name: tag for tag in annotations.tags()}
    there = [known[name] for name in wanted if name in known]
    missing = len(wanted) - len(there)
    usable = [tag for tag in there if tag.assignable]
    if len(usable) < len(there):
        yield note(
            "JSE-D20",
            "{number} may not be hung on files by this login",
            number=counted(len(there) - len(usable), "tag"),
        )
    if not usable:
        yield ok("tags are on; ours are made at first need")
        return
    href = place.at("etiquette.txt")
    place.create(href, b"un\n")
    file_id = place.folder.stat(href).file_id
    assert file_id is not None
    annotations.put_tag(file_id, usable[0].tag_id)
    hung = any(tag.tag_id == usable[0].tag_id for tag in annotations.tags_of(file_id))
    annotations.take_tag(file_id, usable[0].tag_id)
    if not hung or any(tag.tag_id == usable[0].tag_id for tag in annotations.tags_of(file_id)):
        yield note("JSE-D20", "a tag does not hang, or does not come off")
        return
    made = f", {missing} of {len(wanted)} made at first need" if missing else ""
    yield ok("tags hang and come off{made}", made=made)


def comments(place: Place, *, wanted: bool) -> Iterator[Line]:
    """Comment on a file that goes away with it; where nobody wants comments it is only said whether there are any."""
    annotations = place.folder.annotations() if place.told.comments else None
    if annotations is None:
        if wanted:
            yield note("JSE-D21", "comments are wanted (folders.X.comments), and the server has none")
        return
    href, text = place.at("commentaire.txt"), "essai"
    place.create(href, b"un\n")
    file_id = place.folder.stat(href).file_id
    assert file_id is not None
    annotations.comment(file_id, text)
    if any(one.text == text for one in annotations.comments(file_id, most=5)):
        yield ok("comments come back")
    else:
        yield note("JSE-D21", "a comment does not come back")


def quota(told: Capabilities) -> Iterator[Line]:
    """Room for what is written there."""
    left = told.quota_bytes
    if left is not None and left < _LITTLE:
        yield fail("JSE-D18", "quota left: {left}", left=sized(left))
    elif left is not None:
        yield ok("quota left: {left}", left=sized(left))
