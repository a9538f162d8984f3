"""``lint``: the service's own verdict on requests that lie on this machine, before anything is put into a folder."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from connector.cli import lint_outcome as outcomes
from connector.cli import lint_report as report
from connector.cli.bars import bar
from connector.cli.common import FAILED, Settings, complain
from connector.cli.lint_lists import DraftFolder, lists_told
from connector.cli.lint_outcome import Outcome
from connector.cli.lint_report import Tally
from connector.cli.lint_targets import Tree, settings_above, trees_of
from connector.cli.offline import Rules, Statuses, judged, offline, rules_of, see
from connector.errors import ConnectorError, JournalError, RequestRejected
from connector.isolation import IsolatedPool
from connector.report.typography import Language
from connector.sidecar import names
from connector.sidecar.reading import MAX_BYTES, read_sidecar
from connector.steps.discover import Pair, Sight
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

INTERRUPTED: Final = 130
"""As a shell tells of a command that Ctrl-C ended."""
_USES: Final = 1000
"""Calls that one worker serves: a run is short, and a worker's start costs as much as some fifteen requests."""


@dataclass(kw_only=True)
class _Run:
    """One command: how it judges and tells, and what it has found so far."""

    rules: Rules
    language: Language
    as_json: bool
    quiet: bool
    tally: Tally = field(default_factory=Tally)

    def tell(self, outcome: Outcome) -> None:
        self.tally.count(outcome)
        if self.quiet and outcome.verdict.good:
            return
        if self.as_json:
            print(report.object_of(outcome, self.language))
        else:
            print("\n".join(report.lines_of(outcome, self.language)))

    def tell_sum(self) -> None:
        if self.as_json:
            print(report.summary_object(self.tally))
        elif not self.quiet:
            print("\n".join(["", *report.summary_lines(self.tally, self.language)]))


def lint(
    settings: Settings,
    paths: Sequence[Path],
    *,
    folder: str | None = None,
    root: Path | None = None,
    language: str | None = None,
    as_json: bool = False,
    quiet: bool = False,
) -> int:
    """Judge and tell. Returns 0 when all is good, 1 when something is to be done, 130 after Ctrl-C.

    Raises ConfigurationError, SpoolError (no room for a scratch directory).
    """
    rules = rules_of(settings, folder)
    run = _Run(
        rules=rules,
        language="en" if (language or rules.config.language) == "en" else "fr",
        as_json=as_json,
        quiet=quiet,
    )
    trees = trees_of(paths, root)
    try:
        with IsolatedPool(uses=_USES) as pool:
            for tree in trees:
                _lint_tree(run, tree, pool)
    except KeyboardInterrupt:
        complain("jse-connector: interrupted; what follows is not everything")
        run.tell_sum()
        return INTERRUPTED
    run.tell_sum()
    return 0 if run.tally.good else FAILED


def _lint_tree(run: _Run, tree: Tree, pool: IsolatedPool) -> None:
    statuses = Statuses()
    local = DraftFolder(
        run.rules.server,
        tree.root,
        root=run.rules.root(tree.root),
        areas=tree.areas,
        shown=statuses.shown,
    )
    with offline(run.rules, local, pool, language=run.language) as parts:
        sight = see(parts)
        _tell_around(run, tree, local, sight)
        lists: dict[str, Outcome] = {}
        for parent, outcome in lists_told(parts, sight, local, tree.judges):
            lists[parent] = outcome
            run.tell(outcome)
        sight = see(parts) if local.drafts else sight
        pairs = [
            pair
            for pair in sight.pairs()
            if pair.sidecar.href in local.drafts or tree.judges(local.path_of(pair.sidecar.href))
        ]
        met = {local.path_of(pair.sidecar.href) for pair in pairs}
        for path in sorted(one for one in tree.chosen - met if names.is_sidecar(one.name)):
            run.tell(outcomes.passed_over(path, run.language))
        with bar("judging", len(pairs), shown=not run.quiet) as advance:
            for pair in pairs:
                path = local.path_of(pair.sidecar.href)
                told = statuses.beside(path, pair.document_name)
                if told is not None:
                    outcome = outcomes.followed(path, told.first_line, asks=told.asks)
                else:
                    outcome = _judged(parts, sight, pair, path, run.language)
                row = local.row_of(pair.sidecar.href)
                if row is not None:
                    outcome = replace(outcome, path=lists[pair.sidecar.parent].path, row=row)
                run.tell(outcome)
                advance(1)


def _judged(parts: Parts, sight: Sight, pair: Pair, path: Path, language: Language) -> Outcome:
    """Judge one request; whatever happens to one never stops the others."""
    try:
        return outcomes.outcome_of(parts, judged(parts, sight, pair), path)
    except JournalError:
        raise
    except ConnectorError as error:
        return outcomes.unreadable(path, str(error), language)
    except Exception as error:
        log.exception("a request met a defect")
        return outcomes.unreadable(path, type(error).__name__, language)


def _tell_around(run: _Run, tree: Tree, local: DraftFolder, sight: Sight) -> None:
    """Tell of what is no request: settings, directories that could not be listed."""
    for path, reason in local.unreadable:
        run.tell(outcomes.unreadable(path, reason, run.language, kind="directory"))
    for href in sorted(sight.by_href):
        entry, path = sight.by_href[href], local.path_of(href)
        hidden = names.is_hidden(href.removeprefix(local.root))
        if not entry.is_folder and names.is_settings(entry.name) and not hidden and tree.judges(path):
            run.tell(_settings(path, run.language))
    run.tally.above += settings_above(tree)


def _settings(path: Path, language: Language) -> Outcome:
    """Read one settings file by itself: what it says is judged again with each request below it."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return outcomes.unreadable(path, error.strerror or type(error).__name__, language, kind="settings")
    try:
        read_sidecar(data, settings=True)
    except RequestRejected as rejected:
        return outcomes.settings_outcome(path, rejected.problems, language)
    return outcomes.settings_outcome(path, (), language)
