"""Step 9b, where no versions are kept: the original is moved aside, then a new file is made (protocol R5)."""

from __future__ import annotations

import logging

from connector.errors import AccessDenied, Locked, NotFound, OutcomeUnknown, OutOfSpace, PreconditionFailed
from connector.ports import Href
from connector.sidecar import names
from connector.steps.deliver_beside import beside
from connector.steps.deliver_ends import delivered, is_base, left_alone, torn
from connector.steps.delivered import is_ours
from connector.steps.homes import split
from connector.steps.present import Present
from connector.steps.task import Task
from connector.steps.watch import gone_for_good

log = logging.getLogger(__name__)

_MOST_NAMES = 50


def move_aside(task: Task, *, again: bool = False) -> Task:
    """MOVE the original aside: it takes whatever is there, so that no save of a person can fall between.

    ``again``: an earlier MOVE had no answer, and may happen yet.
    """
    parent, name = split(task.document.href)
    href = Href(task.document.href)
    for number in range(1, _MOST_NAMES):
        aside = Href(parent + names.movable(names.original_name(name, number)))
        known = _known_there(task, aside, task.document.sha256)
        if known and _stands(task, aside):
            continue  # the original of an earlier request
        task = task.intend({"kind": "aside", "href": href, "aside": aside, "free": known})
        try:
            task.folder.move(href, aside)
        except PreconditionFailed:
            continue
        except (Locked, AccessDenied, OutOfSpace):
            # Refused: nothing was moved, and what lies under that name later, or before, is somebody else's.
            task.note("not_moved", done=True)
            raise
        except NotFound:
            if not again:  # taken away in between; else it may have been by us, a moment ago
                task.note("not_moved", done=True)
            raise
        except OutcomeUnknown as error:
            log.warning("moving the original of %s aside: %s; the folder is asked", task.record.ref, error)
        else:
            if is_base(task, task.present(aside)):
                return _create_signed(_kept_aside(task, aside), href)
        return resume_aside(task, aside)
    return beside(task, "pdf_changed")


def resume_aside(task: Task, aside: Href, *, again: bool = False) -> Task:
    """Take up after the MOVE: what lies aside and what lies at the place decide how it goes on.

    ``again``: it was given some time to happen, and is made anew where it has not.
    """
    href = Href(task.document.href)
    moved = task.present(aside)
    there = task.present(href)
    intent = task.intent
    free = intent is not None and bool(intent.data.get("free"))
    if moved is not None and not free and _of_an_earlier_time(task, aside, moved):
        moved = None
    if is_base(task, there):
        # It was not moved: what lies aside may well be the same, of an earlier time. Unanswered, it may happen yet.
        return move_aside(task, again=True) if again else task.later("not_moved")
    if moved is None or not is_base(task, moved):
        if there is None:
            return _neither_there_nor_aside(task, aside, moved, again=again)
        # The move never happened (or that name is somebody else's): begin again from what lies there.
        return task.note("not_moved", done=True).note("deliver_refused", next_at=task.parts.now())
    task = _kept_aside(task, aside)
    if there is None:
        return _create_signed(task, href)
    if torn(task, there):
        return _mend(task, href)
    if is_ours(task, there):
        return delivered(task, there)
    return beside(left_alone(task, there), "pdf_changed")


def begun_before(task: Task, present: Present) -> Href | None:
    """Return where the original lies that an earlier life of the journal moved aside, to write what broke off here.

    Half of a signed document alone may be anybody's; with what was sent beside it, under the name that we give it, it
    is our own torn write (R5), whatever the journal knows of it.
    """
    if not torn(task, present):
        return None
    parent, name = split(task.document.href)
    for number in range(1, _MOST_NAMES):
        aside = Href(parent + names.movable(names.original_name(name, number)))
        moved = task.present(aside)
        if moved is None:
            return None
        if is_base(task, moved) and not _of_an_earlier_time(task, aside, moved):
            return aside
    return None


def _neither_there_nor_aside(task: Task, aside: Href, moved: Present | None, *, again: bool) -> Task:
    """What was sent lies in neither place: a person's save was moved (``moved``), or it is away, or gone."""
    if moved is not None:
        return _move_back(left_alone(task, moved), aside, Href(task.document.href))
    if not again:
        # Unanswered, it may happen between the two looks: the intent stays until a later one.
        return task.later("not_moved")
    if not gone_for_good(task.parts, task.document):
        return task.later("document_awaited")
    return beside(task.note("not_moved", done=True), "pdf_gone")


def _of_an_earlier_time(task: Task, aside: Href, moved: Present) -> bool:
    """True for the original of an earlier request, which lay under that name before, as far as the journal knows."""
    return _known_there(task, aside, moved.sha256)


def _known_there(task: Task, aside: Href, sha256: str | None) -> bool:
    """True where another request's original of these bytes was moved to; a person may have put it back since."""
    if sha256 is None:
        return False
    return any(
        one.original_href == aside and one.sha256 == sha256
        for record in task.parts.journal.knowing(sha256=sha256)
        if record.id != task.record.id
        for one in record.documents
    )


def _stands(task: Task, href: Href) -> bool:
    try:
        task.folder.stat(href)
    except NotFound:
        return False
    return True


def _kept_aside(task: Task, aside: Href) -> Task:
    return task.note("original_aside", facts={"original_href": aside})


def _move_back(task: Task, aside: Href, href: Href) -> Task:
    """A person's save was taken along: it goes back to its place, ours goes beside."""
    try:
        task.folder.move(aside, href)
    except PreconditionFailed:
        log.warning("%s: a new file stands at its place; the edited one stays beside", task.record.ref)
    return beside(task, "pdf_changed")


def _create_signed(task: Task, href: Href) -> Task:
    try:
        task.folder.create(href, task.signed)
    except PreconditionFailed:
        return task.note("deliver_refused", next_at=task.parts.now())
    except OutcomeUnknown as error:
        log.warning("making the signed file of %s: %s; the folder is asked", task.record.ref, error)
    there = task.present(href)
    if there is not None and is_ours(task, there):
        return delivered(task, there)
    if there is not None and torn(task, there):
        return _mend(task, href)
    return task.later("not_read_back")


def _mend(task: Task, href: Href) -> Task:
    """Write over our own torn file, under its ETag, and read back."""
    entry = task.folder.stat(href)
    if entry.etag is None:
        return beside(task, "pdf_changed")
    try:
        task.folder.replace(href, task.signed, etag=entry.etag)
    except PreconditionFailed:
        return task.note("deliver_refused", next_at=task.parts.now())
    except OutcomeUnknown as error:
        log.warning("mending the signed file of %s: %s", task.record.ref, error)
    there = task.present(href)
    if there is not None and is_ours(task, there):
        return delivered(task, there)
    return task.later("not_read_back")
