"""``preview``: the file that the service would put beside a request, drawn on this machine by the same steps."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from connector.cli import lint_outcome as outcomes
from connector.cli import lint_report as report
from connector.cli.common import FAILED, Settings, misused
from connector.cli.lint_outcome import Verdict
from connector.cli.lint_targets import trees_of
from connector.cli.local_folder import LocalFolder
from connector.cli.offline import Statuses, judged_to_be_shown, offline, rules_of, see
from connector.errors import ConnectorError
from connector.isolation import IsolatedPool
from connector.lifecycle import Record
from connector.ports import Box
from connector.report.typography import Language
from connector.sidecar import names
from connector.steps.parts import Parts
from connector.steps.places import named_after
from connector.steps.previews import PREVIEW_LABEL
from connector.steps.spooled import sent_name

_DRAWN = "preview.pdf"


class NotDrawn(ConnectorError):
    """The preview could not be written where it was wanted."""


def preview(
    settings: Settings,
    sidecar: Path,
    output: Path | None,
    *,
    folder: str | None = None,
    root: Path | None = None,
    language: str | None = None,
) -> int:
    """Draw it. Returns 1, with everything told that lint tells, when the request is not in order.

    Raises ConfigurationError, NotDrawn, DocumentError, SpoolError.
    """
    if not names.is_sidecar(sidecar.name):
        misused(f"{sidecar}: not a request (NAME.sign.yaml)")
    rules = rules_of(settings, folder)
    spoken: Language = "en" if (language or rules.config.language) == "en" else "fr"
    (tree,) = trees_of([sidecar], root)
    (path,) = tree.chosen
    local = LocalFolder(
        rules.server, tree.root, root=rules.root(tree.root), areas=tree.areas, shown=Statuses().shown
    )
    with IsolatedPool() as pool, offline(rules, local, pool, language=spoken) as parts:
        record = _record(parts, local, path)
        if record is None:
            print("\n".join(report.lines_of(outcomes.passed_over(path, spoken), spoken)))
            return FAILED
        outcome = outcomes.outcome_of(parts, record, path)
        print("\n".join(report.lines_of(outcome, spoken)))
        if outcome.verdict is not Verdict.OK:
            return FAILED
        target = (
            output
            if output is not None
            else path.with_name(names.preview_name(named_after(record).rsplit("/", 1)[-1]))
        )
        _refuse_to_harm(target, [path, *(local.path_of(one.href) for one in record.documents)])
        _put(draw(parts, record), target)
    print(outcomes.shown_path(target))
    return 0


def _record(parts: Parts, local: LocalFolder, path: Path) -> Record | None:
    sight = see(parts)
    for pair in sight.pairs():
        if local.path_of(pair.sidecar.href) == path:
            return judged_to_be_shown(parts, sight, pair)
    return None


def draw(parts: Parts, record: Record) -> Path:
    """Draw what the service's own step draws, into the spool. Raises DocumentError, SpoolError."""
    drawn = parts.spool.path(record.ref, _DRAWN)
    parts.documents.preview(
        [
            (
                parts.spool.path(record.ref, sent_name(one.rank)),
                one.name,
                [Box(**box) for box in one.boxes],
            )
            for one in record.documents
        ],
        drawn,
        {signatory.order: signatory.name for signatory in record.signatories},
        PREVIEW_LABEL.get(parts.report.language, PREVIEW_LABEL["en"]),
    )
    return drawn


def _refuse_to_harm(target: Path, own: list[Path]) -> None:
    """Leave rather than write over a file of the request, or over one that is no PDF."""
    if target.is_dir():
        misused(f"--output {target}: a directory; name the file")
    if target.exists() and (
        not names.is_pdf(target.name) or any(target.samefile(one) for one in own if one.exists())
    ):
        misused(f"--output {target}: this file is not a preview; name another")


def _put(drawn: Path, target: Path) -> None:
    """Put the file in its place, whole or not at all."""
    try:
        handle, partial = tempfile.mkstemp(prefix=".", suffix=".part", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as into, drawn.open("rb") as stream:
                shutil.copyfileobj(stream, into)
            Path(partial).chmod(0o666 & ~_umask())
            Path(partial).replace(target)
        except BaseException:
            with suppress(OSError):
                Path(partial).unlink()
            raise
    except OSError as error:
        raise NotDrawn(f"{target}: {error.strerror or error}") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
