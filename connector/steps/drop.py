"""A drop folder (``dépôt: À signer``): every PDF put into it is requested ten minutes later, signatories inherited.

Only where the administrator allows it, and only for what was seen to arrive: PDFs that lay there when the folder
became one are told, not requested (R7). What is written is a sidecar that names nobody: the settings above say who
signs, and where they do not, the request is refused like any other. Source: "Forty letters", third mechanism, of
the accountant's page (1.2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from connector.identity import digest_of
from connector.ports import Entry, Href
from connector.report.drop import FOLDER_ANSWER, render_left, render_refused
from connector.report.status import StatusText
from connector.sidecar import names
from connector.steps import answers, born
from connector.steps.born import Room
from connector.steps.discover import Sight
from connector.steps.drop_waiting import (
    DropFolder,
    DropMemory,
    attend_one,
    digest_of_place,
    in_turn,
    language_of,
    let_go_of_the_gone,
    status_href,
    wait_no_longer,
    waiting_in,
)
from connector.steps.gather import is_named
from connector.steps.parts import Parts
from connector.steps.settings_said import drop_of, said_above, taken_along

_BEFORE: Final = "drop_before"
_FOLDERS: Final = "drop_folders"
_ALONG: Final = "along"
"""Why a PDF needs no request: the settings let it travel with every other one."""


def tasks(
    parts: Parts, sight: Sight, memory: DropMemory, room: Room
) -> Iterator[tuple[str, Callable[[], object]]]:
    """What is to be done for the drop folders of one watched folder, each by a key of its own.

    To be worked off one by one: the first task finds the folders that the others are about.
    """
    settings = sight.settings
    if not sight.has_settled(entry for here in sight.settings_in.values() for entry in here):
        return  # settings that are being saved, or a start: nobody knows yet which folders are meant
    yield f"drops {settings.name}", partial(_find_all, parts, sight, memory)
    if settings.name not in memory.folders:
        return  # a stop, or a file that could not be read: which folders are meant nobody knows yet
    folders = _found(sight, memory)
    for drop in folders:
        yield f"drop {drop.entry.href}", partial(_attend, parts, sight, drop, memory, room)
    if waiting_in(parts, settings, memory):
        here = {
            digest_of_place(status_href(document))
            for drop in (folders if settings.drop_allowed else ())
            for document in _documents(sight, drop.entry.href)
        }
        yield f"drops gone {settings.name}", partial(let_go_of_the_gone, parts, sight, here, memory)


def outlook(parts: Parts, sight: Sight) -> int:
    """How many dropped PDFs wait for their request; reads, and writes nothing in the folder. Raises remote errors."""
    memory = DropMemory()
    _find(parts, sight, memory)
    waiting = 0
    for drop in _found(sight, memory) if sight.settings.drop_allowed else ():
        kept = parts.journal.last_account_event(_subject(sight, drop), _BEFORE)
        if kept is None or kept["documents"] is None:
            continue  # what lies there at a first look is told, not requested
        sidecars = born.sidecars_in(sight, drop.entry.href)
        waiting += sum(
            digest_of_place(document.href) not in kept["documents"]
            and not _needs_none(parts, sight, document, sidecars, memory)
            and not is_named(taken_along(drop.above), document.name)
            for document in _documents(sight, drop.entry.href)
        )
    return waiting


def unsettled(sight: Sight, memory: DropMemory) -> bool:
    """True when a PDF was dropped, or settings saved, in this very moment: it needs a second look."""
    files = [document for drop in _found(sight, memory) for document in _documents(sight, drop.entry.href)]
    files += [entry for here in sight.settings_in.values() for entry in here]
    return not sight.has_settled(files)


def _is_found(sight: Sight, memory: DropMemory) -> bool:
    known = memory.folders.get(sight.settings.name)
    return known is not None and known[0] is sight


def _found(sight: Sight, memory: DropMemory) -> list[DropFolder]:
    known = memory.folders.get(sight.settings.name)
    return known[1] if known is not None else []


def _find_all(parts: Parts, sight: Sight, memory: DropMemory) -> None:
    """Find the drop folders of a sight; what was one before and is none now begins anew when it becomes one again."""
    _find(parts, sight, memory)
    if not _is_found(sight, memory):
        return
    settings = sight.settings
    found = _found(sight, memory) if settings.drop_allowed else []
    now = sorted(_subject(sight, drop) for drop in found)
    if memory.subjects.get(settings.name) == now:
        return
    kept = parts.journal.last_account_event(f"folder:{settings.name}", _FOLDERS) or {"folders": []}
    for subject in set(kept["folders"]) - set(now):
        parts.journal.mark_account(subject, _BEFORE, {"documents": None})
    if kept["folders"] != now:
        parts.journal.mark_account(f"folder:{settings.name}", _FOLDERS, {"folders": now})
    here = {drop.entry.href for drop in found}
    for kept_here in (memory.before, memory.below):
        for href in [one for one in kept_here if one.startswith(settings.root) and one not in here]:
            del kept_here[href]
    memory.subjects[settings.name] = now


def _find(parts: Parts, sight: Sight, memory: DropMemory) -> None:
    """Find the drop folders of a sight: those that bear the name which the nearest settings give. Heeds a stop."""
    if _is_found(sight, memory):
        return
    found = []
    for entry in sight.folders() if sight.settings_in else ():
        if parts.stop.is_set():
            return  # thousands of settings files may have to be read for it
        below = entry.href.removeprefix(sight.settings.root)
        if names.is_hidden(below) or names.is_filed(below):
            continue
        above = said_above(parts, sight, entry.href, memory.settings)
        said = drop_of(above)
        if said is None or said.href.rsplit("/", 1)[0] + "/" == entry.href:
            continue
        if names.loose(str(said.request.drop)) == names.loose(entry.name):
            found.append(DropFolder(entry=entry, said=said, above=above))
    memory.folders[sight.settings.name] = (sight, sorted(found, key=lambda drop: drop.entry.href))


def _documents(sight: Sight, parent: str) -> list[Entry]:
    return [
        entry
        for folded, entries in sorted(sight.by_parent.get(parent, {}).items())
        for entry in entries
        if not entry.is_folder and born.is_document(folded)
    ]


def _attend(parts: Parts, sight: Sight, drop: DropFolder, memory: DropMemory, room: Room) -> None:
    """Look after one drop folder. Raises remote errors, SpoolError."""
    language, zone = language_of(parts), ZoneInfo(parts.report.timezone)
    documents = _documents(sight, drop.entry.href)
    if not sight.settings.drop_allowed:
        refused = render_refused(
            folder=drop.entry.name,
            settings_name=drop.said.name,
            support=parts.report.support,
            zone=zone,
            language=language,
        )
        _say(parts, sight, drop, refused if documents else None, memory)
        return
    before = _there_before(parts, sight, drop, documents, memory)
    untold: list[str] = []
    along: list[str] = []
    taken: set[Href] = set()
    """Statuses by which a PDF of this pass waits."""
    sidecars = born.sidecars_in(sight, drop.entry.href)
    for document in in_turn(parts, sight, documents, memory):
        if kind := _needs_none(parts, sight, document, sidecars, memory):
            wait_no_longer(parts, sight, document, kind, memory)
        elif is_named(taken_along(drop.above), document.name):
            # It travels with each of the others: asked for by itself, too, a client would sign it twice.
            wait_no_longer(parts, sight, document, _ALONG, memory)
            along.append(document.name)
        elif digest_of_place(document.href) in before:
            untold.append(document.name)
        elif names.sidecar_name(document.name) and status_href(document) not in taken:
            taken.add(status_href(document))
            attend_one(parts, sight, drop, document, memory, room)
    reserved = _reserved(parts, sight, drop, memory)
    below = _below(parts, sight, drop, memory)
    told = None
    if untold or reserved or along or below:
        told = render_left(
            folder=drop.entry.name,
            before=untold,
            reserved=reserved,
            along=along,
            below=below,
            zone=zone,
            language=language,
        )
    _say(parts, sight, drop, told, memory)


def _reserved(parts: Parts, sight: Sight, drop: DropFolder, memory: DropMemory) -> list[str]:
    """PDFs that are called as ours are, and made of nothing that lies there or ever had a request there."""
    children = sight.by_parent.get(drop.entry.href, {})
    found = []
    for folded, entries in sorted(children.items()):
        sources = names.sources_of(folded)
        if not sources or any(source in children for source in sources):
            continue
        kept = (born.remembered(parts, sight, drop.entry.href, source, memory.born) for source in sources)
        if not any(kept):
            found += [one.name for one in entries if not one.is_folder and one.href in sight.settled]
    return found


def _below(parts: Parts, sight: Sight, drop: DropFolder, memory: DropMemory) -> list[str]:
    """Folders below it with a PDF for which somebody waits in vain: no request is made there.

    Not those of what was signed and put away, whose PDFs are known. Looked for once while the folder shows the same.
    """
    known = memory.below.get(drop.entry.href)
    if known is not None and known[0] is sight:
        return known[1]
    found = []
    for folder in sight.folders():
        below = folder.href.removeprefix(drop.entry.href)
        if below in {folder.href, ""} or names.is_hidden(below) or names.is_filed(below):
            continue
        if any(
            folder.href.startswith(other)
            for other in memory.here(sight.settings.name)
            if other != drop.entry.href
        ):
            continue  # a drop folder of its own
        asked = born.sidecars_in(sight, folder.href)
        if any(
            _waits_in_vain(parts, sight, drop, one, asked, memory) for one in _documents(sight, folder.href)
        ):
            found.append(below.rstrip("/"))
    memory.below[drop.entry.href] = (sight, sorted(found))
    return memory.below[drop.entry.href][1]


def _waits_in_vain(
    parts: Parts, sight: Sight, drop: DropFolder, document: Entry, asked: dict[str, Entry], memory: DropMemory
) -> bool:
    """True for a PDF in a folder below that has no request there, had none above, and travels with none."""
    folded = names.comparable(document.name)
    if folded in asked or is_named(taken_along(drop.above), document.name):
        return False
    if born.remembered(parts, sight, drop.entry.href, folded, memory.born):
        return False
    return document.href in sight.settled and not born.known(parts, sight, document, memory.born)


def _say(parts: Parts, sight: Sight, drop: DropFolder, text: StatusText | None, memory: DropMemory) -> None:
    """Write, or take away, the file that speaks of the folder itself."""
    href = Href(drop.entry.href + FOLDER_ANSWER[language_of(parts)])
    if text is None:
        answers.take_away(parts, sight, href, memory.answers, kind=answers.DROP)
    else:
        answers.answer(parts, sight, href, text, memory.answers, kind=answers.DROP)


def _needs_none(
    parts: Parts,
    sight: Sight,
    document: Entry,
    sidecars: dict[str, Entry],
    memory: DropMemory,
) -> str:
    """Why no request is to be made (a kind of ``born``): one was, by us or by a person, or another one knows it."""
    folded = names.comparable(document.name)
    # « Bail.pdf » and « Bail.PDF » have one request between them: it says what is to be done.
    for one in sight.by_parent[document.parent][folded]:
        if kept := born.done_for(parts, sight, one, memory.born, asked=folded in sidecars):
            # What had its request before, and was put back while another PDF waited in its place, gets none now.
            return str(kept["kind"]) if folded in sidecars else born.KNOWN
    if folded in sidecars:
        kind, place = born.THERE, sidecars[folded].href
    elif born.known(parts, sight, document, memory.born):
        kind, place = born.KNOWN, Href(document.parent + names.sidecar_name(document.name))
    else:
        return ""
    born.remember(parts, sight, document, memory.born, kind=kind, place=place)
    return kind


def _there_before(
    parts: Parts, sight: Sight, drop: DropFolder, documents: list[Entry], memory: DropMemory
) -> frozenset[str]:
    """Return digests of what lay in the folder when it was first seen as a drop folder, less what has gone since."""
    subject = _subject(sight, drop)
    here = {digest_of_place(document.href) for document in documents}
    if drop.entry.href not in memory.before:
        kept = parts.journal.last_account_event(subject, _BEFORE)
        if kept is None or kept["documents"] is None:
            _forget_what_was_said(parts, sight, drop, memory)
            kept = {"documents": sorted(here)}
            parts.journal.mark_account(subject, _BEFORE, kept)
        memory.before[drop.entry.href] = list(kept["documents"])
    before = memory.before[drop.entry.href]
    left = [digest for digest in before if digest in here]
    if left != before:
        # Taken out, or gone: what comes there now arrives before our eyes.
        parts.journal.mark_account(subject, _BEFORE, {"documents": left})
        memory.before[drop.entry.href] = left
    return frozenset(left)


def _subject(sight: Sight, drop: DropFolder) -> str:
    return f"drop:{digest_of([sight.settings.server, drop.entry.href])[:32]}"


def _forget_what_was_said(parts: Parts, sight: Sight, drop: DropFolder, memory: DropMemory) -> None:
    """What was said of waiting PDFs by a journal that is lost, or before the folder came here, holds no longer."""
    for folded, entries in sight.by_parent.get(drop.entry.href, {}).items():
        for entry in entries if folded.endswith(".signature.txt") else ():
            answers.take_away(parts, sight, entry.href, memory.answers, kind=answers.DROP)
