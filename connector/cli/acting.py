"""The verbs that act on single requests: they write an order into the journal, and the service obeys it.

Nothing is done to the outside here, beside a service that may be running: one process works on a journal. The order
stands from the moment it is written; whoever works on the journal next obeys it once. Source: design page section 5.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from connector.cli import acting_words
from connector.cli.acting_words import Known, Plan, Planning, outcome
from connector.cli.common import FAILED, Settings, agreed, complain, kept_journal
from connector.cli.journal_file import copy_journal, in_use, journal_named, open_journal
from connector.cli.references import find
from connector.cli.wiring import contract_of
from connector.errors import JournalError
from connector.journal.leases import Leases
from connector.steps.ordered import RETRY
from connector.steps.replies import ORDERED

if TYPE_CHECKING:
    from connector.config import Config
    from connector.journal import Journal, Ordered
    from connector.lifecycle import Record

_EVERY_S = 0.2


@dataclass(frozen=True, kw_only=True)
class Errand:
    """One kind of order. ``question``: asked before it is given; empty where it can be undone, or does no harm."""

    verb: str
    plan: Planning
    question: str = ""


CANCEL = Errand(verb="cancel", plan=acting_words.cancelling, question="Cancel {what} for good?")
REMIND = Errand(
    verb="remind", plan=acting_words.reminding, question="Let the invitation of {what} go once more?"
)
UNLOCK = Errand(verb="unlock", plan=acting_words.unlocking)
TRY_AGAIN = Errand(verb=RETRY, plan=acting_words.retrying)
SENT = Errand(
    verb="already sent", plan=acting_words.resolving_sent, question="Was {what} sent, without any doubt?"
)
NOT_SENT = Errand(
    verb="not sent", plan=acting_words.resolving_not_sent, question="Was {what} not sent, without any doubt?"
)


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a verb is carried out. ``wait_s``: how long for the answer; ``tick``: do it here where no service runs."""

    yes: bool = False
    dry_run: bool = False
    wait_s: float = 30.0
    tick: bool = False
    names: bool = False


_Given = Mapping[int, "Ordered"]
"""The orders that were given, by record."""


def act(
    settings: Settings, errand: Errand, refs: Sequence[str], manner: Manner, *, signatory: str = ""
) -> int:
    """Give an order for each request, and tell what it came to. Returns 1 when any was not done. JournalError."""
    config = settings.load()
    known = Known(
        now=datetime.now(UTC),
        zone=config.zone,
        remind_every=timedelta(seconds=contract_of(config).terms.remind_every_s),
        signatory=signatory,
    )
    if manner.dry_run:
        with looked_at(settings, config) as journal:
            _, refused = _planned(config, journal, errand, refs, known, names=manner.names)
        print("Nothing was changed.")
        return FAILED if refused else 0
    with kept_journal(settings, config) as journal:
        meant, refused = _planned(config, journal, errand, refs, known, names=manner.names)
        if not meant:
            return FAILED if refused else 0
        if errand.question:
            agreed(errand.question.format(what=_counted(meant)), yes=manner.yes)
        data = {"signatory": signatory} if signatory else {}
        given = {record.id: journal.order(record, errand.verb, **data) for record in meant}
        alone = _nobody_works(settings, config)
        if not (alone and manner.tick):
            answered = not alone and _waited_for(journal, given, manner.wait_s)
            return _told(
                journal, given, known, refused=refused, alone=alone, waited=manner.wait_s > 0 or answered
            )
    from connector.cli import run

    run.tick(settings)
    with kept_journal(settings, config) as journal:
        return _told(journal, given, known, refused=refused, alone=False, waited=True)


def _planned(
    config: Config,
    journal: Journal,
    errand: Errand,
    refs: Sequence[str],
    known: Known,
    *,
    names: bool,
) -> tuple[list[Record], bool]:
    """Tell what would become of each; return those for which the order is to be given, and whether any is refused."""
    found, problems = find(journal, refs, names=names)
    for problem in problems:
        complain(f"jse-connector: {problem}")
    meant, refused = [], bool(problems)
    for record in found:
        plan = _unworked(config, record) or errand.plan(record, known)
        line = f"{record.ref}: {plan.text}."
        if plan.refused:
            complain(f"jse-connector: {line}")
            refused = True
            continue
        print(line + (f"  {record.place}" if names and record.place else ""))
        if not plan.settled:
            meant.append(record)
    return meant, refused


def _unworked(config: Config, record: Record) -> Plan | None:
    """Refuse what no service would obey: its folder or account is in the configuration no more."""
    folder = config.folders.get(record.folder)
    if folder is None or folder.server != record.server:
        return Plan(
            text=f"folder {record.folder} is not in the configuration: nobody works there", refused=True
        )
    if record.account not in config.accounts:
        return Plan(
            text=f"account {record.account} is not in the configuration: nobody asks for it", refused=True
        )
    return None


def _counted(meant: Sequence[Record]) -> str:
    if len(meant) == 1:
        return f"request {meant[0].ref}"
    return f"these {len(meant)} requests"


def _nobody_works(settings: Settings, config: Config) -> bool:
    """True when no process works on the journal; of one that several share, no service of any machine."""
    state = settings.place()
    if journal_named(config, state).file is None:
        with kept_journal(settings, config) as journal:
            return not any(not one.passing for one in Leases(journal).view().alive)
    return not in_use(state.directory / "journal" / "lock")


def _waited_for(journal: Journal, given: _Given, wait_s: float) -> bool:
    """Wait until every order was answered, or for so long."""
    until = time.monotonic() + wait_s
    while _standing(journal, given):
        if time.monotonic() >= until:
            return False
        time.sleep(_EVERY_S)
    return True


def _standing(journal: Journal, given: _Given) -> set[int]:
    return {
        ident
        for ident, order in given.items()
        if any(one.wording == order.wording for one in journal.orders(journal.get(ident)))
    }


def _told(journal: Journal, given: _Given, known: Known, *, refused: bool, alone: bool, waited: bool) -> int:
    """Tell what each order came to. An order that stands is no failure unless its answer was waited for."""
    standing, failed = _standing(journal, given), refused
    for ident, order in given.items():
        record = journal.get(ident)
        if ident in standing:
            _tell_standing(record, alone=alone, waited=waited)
            failed = failed or (waited and not alone)
            continue
        told: Mapping[str, object] = record.extra.get(ORDERED, {})
        code = str(told.get("code")) if told.get("wording") == order.wording else "done"
        text, wanted = outcome(record, order.verb, code, told, known)
        (print if wanted else complain)(f"{record.ref}: {text}.")
        failed = failed or not wanted
    return FAILED if failed else 0


def _tell_standing(record: Record, *, alone: bool, waited: bool) -> None:
    if alone:
        print(
            f"{record.ref}: the order stands. No service works on this journal now: the next run or tick obeys it."
        )
    elif waited:
        complain(
            f"{record.ref}: no answer yet (a side that is away, or a pass that takes long); the order stands and is "
            "obeyed as soon as that is possible."
        )
    else:
        print(f"{record.ref}: the order stands.")


@contextmanager
def looked_at(settings: Settings, config: Config) -> Iterator[Journal]:
    """Open a journal to read it alone: a copy of a file, so that not even SQLite's own files beside it change."""
    from connector.journal import Journal

    state = settings.place()
    named = journal_named(config, state)
    file = named.file
    if file is None:
        with closing(open_journal(named, read_only=True)) as seen:
            yield seen
        return
    if not file.is_file():
        raise JournalError(f"no journal at {file}: has the service ever run with this state directory?")
    with TemporaryDirectory(prefix="jse-look-") as directory:
        copied = Path(directory) / "journal.sqlite"
        copy_journal(file, copied, lock=state.directory / "journal" / "lock")
        journal = Journal(f"sqlite:///{copied}", now=lambda: datetime.now(UTC))
        try:
            yield journal
        finally:
            journal.close()
