"""The names of kept versions: people find them by these, and the server spares them from thinning (WebDAV facts 4)."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from connector.errors import AccessDenied, InvalidResponse, NotFound, RemoteError
from connector.ports import FileId, Href
from connector.report.versions import SIGNED
from connector.steps.present import Present
from connector.steps.task import Task

log = logging.getLogger(__name__)

_MOST_TRIES = 4
_LASTING = (AccessDenied, InvalidResponse, NotFound)
_FORBIDDEN = 403


def label(task: Task, file_id: FileId, version_id: str, names: Mapping[str, str]) -> bool:
    """Name one version; True when it bears the name. What lasts is done without, and told in the log.

    Remote errors pass through a few times: the name also spares the version from thinning, which is worth another try.
    """
    name = names.get(task.parts.report.language, names["en"])
    try:
        task.folder.label_version(file_id, version_id, name)
    except RemoteError as error:
        if task.attempts < _MOST_TRIES:
            raise
        log.warning("%s: a version could not be named « %s »: %s", task.record.ref, name, error)
        return False
    return True


def label_signed(task: Task, present: Present | None, version_id: str | None = None) -> Task:
    """Name the version that was delivered: saved over, it is else an ordinary version, and thinned away.

    ``version_id``: where it is found, if somebody has saved over it already. What is there now goes by its own time:
    where the server did not give it the second asked for, a save in the same one shares its number, and so the name
    (protocol 4.6). Nothing is ever decided by the name.
    """
    if version_id is None:
        modified = present.fetched.modified if present is not None and present.fetched is not None else None
        version_id = None if modified is None else str(int(modified.timestamp()))
    if version_id is None or task.document.file_id is None or not task.folder.capabilities().versions:
        return task
    try:
        done = _label_there(task, FileId(task.document.file_id), version_id)
    except _LASTING as error:
        if isinstance(error, AccessDenied) and error.status != _FORBIDDEN:
            raise
        # It lies in its place, which is what people wait for: nothing is put off for a name that cannot be given.
        log.warning("%s: the signed version could not be named: %s", task.record.ref, error)
        return task
    return task.touch({"signed_version_id": version_id}) if done else task


def _label_there(task: Task, file_id: FileId, version_id: str) -> bool:
    try:
        return label(task, file_id, version_id, SIGNED)
    except NotFound:
        # Deleted and put back meanwhile: the same bytes under another id, with a history of its own.
        entry = task.folder.stat(Href(task.document.href))
        if entry.file_id is None or entry.file_id == file_id:
            raise
        return label(task, entry.file_id, version_id, SIGNED)
