"""The notice at a watched root while launches are held for everybody: said once, gone when it is over.

Source: design page section 3, point 6; ux page section 2.5.
"""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from connector.errors import NotFound, RemoteError, Unavailable
from connector.lifecycle import State
from connector.ports import Folder, Href
from connector.report.context import Pause
from connector.report.notices import FILE_NAME, notice_file, render_notice
from connector.report.typography import Language
from connector.steps import pauses, vanished
from connector.steps.context import pause_of
from connector.steps.parts import FolderSettings, Parts

log = logging.getLogger(__name__)
_MAX_BYTES = 100_000


def show_notice(parts: Parts, settings: FolderSettings) -> None:
    """Write, rewrite or remove the notice of one folder. Idempotent. Raises remote errors."""
    language: Language = "en" if parts.report.language == "en" else "fr"
    content = _content(parts, settings, language)
    digest = hashlib.sha256(content).hexdigest() if content else ""
    last, place = _last(parts, settings), _place(parts, settings)
    former = str(last.get("place", place))
    if last["digest"] == digest and (former == place or not digest):
        return
    folder = parts.folders[settings.server]
    if former != place and last["digest"]:
        # The configuration names another path, or another language, since: it would tell of a pause there for ever.
        _take_away(parts, former, last["digest"])
        last = {"digest": ""}
    _put(folder, Href(place.partition(" ")[2]), content, last["digest"])
    parts.journal.mark_account(
        *asked(settings),
        {"digest": digest, "place": place, "seen": bool(digest and last.get("seen"))},
    )


def _place(parts: Parts, settings: FolderSettings) -> str:
    """Return server and href of a folder's notice, in the language of now."""
    return f"{settings.server} {settings.root}{FILE_NAME['en' if parts.report.language == 'en' else 'fr']}"


def asked(settings: FolderSettings) -> tuple[str, str]:
    """Return the event that tells what was written last: for whoever asks of many folders at once."""
    return f"folder:{settings.name}", "notice"


def _last(parts: Parts, settings: FolderSettings) -> Mapping[str, Any]:
    """Return what was written last: ``digest``, empty for none, ``place``: server and href, ``seen``: has it been?"""
    return parts.journal.last_account_event(*asked(settings)) or {"digest": ""}


def _take_away(parts: Parts, place: str, written: str) -> None:
    server, _, href = place.partition(" ")
    if server not in parts.folders:
        return
    try:
        _put(parts.folders[server], Href(href), b"", written)
    except Unavailable:
        raise
    except RemoteError as error:
        log.warning("a notice of a pause stays in a folder that is watched no more: %s", error)


def deleted(parts: Parts, settings: FolderSettings, *, there: bool) -> bool:
    """True when a person has just deleted the notice: it was there at a look since it was written, and is not now.

    It is written again; who deletes it asks for something (``logins``).
    """
    last = _last(parts, settings)
    place = _place(parts, settings)
    if not last["digest"] or last.get("place", place) != place:
        return False
    if there or not last.get("seen"):
        # In the journal: whoever is started for one look remembers no other.
        if there and not last.get("seen"):
            parts.journal.mark_account(*asked(settings), {**last, "seen": True})
        return False
    parts.journal.mark_account(*asked(settings), {"digest": ""})
    return True


def _content(parts: Parts, settings: FolderSettings, language: Language) -> bytes:
    pause: Pause | None = vanished.pause_of(parts, settings.name) or pauses.pause_of(parts, settings.name)
    for account in settings.accounts:
        pause = pause or pause_of(parts, account)
    if pause is None:
        return b""
    held = {State.WAITING, State.PREPARED, State.MARKED}
    waiting = [
        record
        for record in parts.journal.open_in_folder(settings.server, settings.name)
        if record.state in held
    ]
    text = render_notice(
        pause,
        zone=ZoneInfo(parts.report.timezone),
        language=language,
        support=parts.report.support,
        folder=settings.root.rstrip("/").rsplit("/", 1)[-1],
        waiting=len(waiting),
    )
    return notice_file(text) if text is not None else b""


def _put(folder: Folder, href: Href, content: bytes, written: str) -> None:
    stream = io.BytesIO()
    try:
        fetched = folder.get(href, stream, max_bytes=_MAX_BYTES)
    except NotFound:
        if content:
            folder.create(href, content)
        return
    ours = hashlib.sha256(stream.getvalue()).hexdigest() == written or not stream.getvalue()
    if not ours or fetched.etag is None:
        return  # a person keeps something under that name
    if content:
        folder.replace(href, content, etag=fetched.etag)
    else:
        folder.delete(href, etag=fetched.etag)
