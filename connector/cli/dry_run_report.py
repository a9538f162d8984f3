"""What a dry run prints: per folder what would be done, the credits at most, the brakes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connector.config.model import Ceiling
from connector.lifecycle import Record, State

if TYPE_CHECKING:
    from connector.config import Config
    from connector.report.list_news import ListNews
    from connector.steps.parts import FolderSettings, Parts

_LAUNCHED = frozenset({State.WAITING, State.PREPARED})
_SHOWN = (
    (frozenset({State.REJECTED}), "to correct"),
    (frozenset({State.WAITING_PDF}), "waiting for a PDF"),
    (frozenset({State.UNCONFIRMED}), "to be confirmed (copies)"),
    (frozenset({State.MARKED}), "marked: asked about first, then sent if they never were"),
    (frozenset({State.HELD}), "held"),
    (frozenset({State.IN_DOUBT}), "in doubt"),
    (frozenset({State.IN_PROGRESS, State.DRAFT}), "in progress unchanged"),
    (frozenset({State.SEALING, State.DELIVERING, State.QUARANTINED}), "signed, on the way home"),
)


@dataclass(frozen=True, kw_only=True)
class Births:
    """Requests that the connector would write itself. They get a preview; nothing leaves by them."""

    lists: tuple[ListNews, ...] = ()
    dropped: int = 0
    """PDFs in drop folders that wait for their request."""


@dataclass(frozen=True, kw_only=True)
class FolderOutlook:
    """One folder, as a tick would find it."""

    folder: FolderSettings
    problem: str = ""
    births: Births = field(default_factory=Births)
    records: tuple[Record, ...] = ()
    """Open requests as they would stand after judging."""
    arriving: int = 0
    """Files that were written in this very moment."""
    owner: str = ""
    unknown_markers: int = 0

    @property
    def launches(self) -> list[Record]:
        """Requests that would leave, drafts too."""
        return [record for record in self.records if record.state in _LAUNCHED]


def tell(parts: Parts, config: Config, outlooks: Sequence[FolderOutlook], *, names: bool) -> None:
    """Print all of it. File names only with ``names``."""
    print("dry run: both sides are read, nothing is written anywhere, nothing is sent\n")
    width = max(len(outlook.folder.name) for outlook in outlooks) + 2
    for outlook in outlooks:
        lines = _lines(outlook)
        for rank, line in enumerate(lines):
            print(f"{outlook.folder.name if rank == 0 else '':<{width}}{line}")
        if names:
            for record in outlook.records:
                print(f"{'':<{width}}{record.ref}  {record.state.value:<12} {_below(outlook.folder, record)}")
    brakes = [*_brakes(parts, outlooks), *_accounts(parts, config, outlooks)]
    if brakes:
        print()
    for brake in brakes:
        print(brake)
    if not names and any(outlook.records for outlook in outlooks):
        print("\neach by reference and file: tick --dry-run --names")


def _lines(outlook: FolderOutlook) -> list[str]:
    if outlook.problem:
        return [f"cannot be read: {outlook.problem}"]
    if outlook.owner:
        return [f"belongs to connector {outlook.owner}: it would be left alone"]
    lines = [*_launched(outlook), *_previews(outlook), *_born(outlook.births), *_others(outlook.records)]
    if outlook.unknown_markers:
        lines.append(
            f"{outlook.unknown_markers} markers there are unknown to this journal: they would be asked about, "
            "never sent"
        )
    if outlook.arriving:
        lines.append(f"{outlook.arriving} still being written: the next tick looks again")
    return lines or ["nothing new"]


def _launched(outlook: FolderOutlook) -> list[str]:
    sent = [record for record in outlook.launches if record.extra.get("kind") != "draft"]
    drafts = len(outlook.launches) - len(sent)
    lines = []
    if sent:
        people = sum(len(record.signatories) for record in sent)
        lines.append(
            f"{len(sent)} would be sent ({people} invitations in order, {len(sent)} credits at most)"
        )
    if drafts:
        lines.append(f"{drafts} would be left as drafts on the site")
    return lines


def _previews(outlook: FolderOutlook) -> list[str]:
    previewed = [record for record in outlook.records if record.state is State.PREVIEWED]
    new = sum(1 for record in previewed if record.previewed_at is None)
    lines = []
    if new:
        why = "; none may be sent" if outlook.folder.ceiling is Ceiling.PREVIEW else ""
        lines.append(
            f"{new} would get a preview{why}" + (f" (folders.{outlook.folder.name}.send)" if why else "")
        )
    if len(previewed) > new:
        lines.append(f"{len(previewed) - new} previewed, waiting for a person's word")
    return lines


def _born(births: Births) -> list[str]:
    lines = []
    made = sum(news.pending for news in births.lists)
    wrong = sum(len({problem.line for problem in news.problems}) for news in births.lists)
    told = f"; {wrong} rows to correct" if wrong else ""
    if made:
        lines.append(f"{made} requests would be written for rows of a list, to be previewed{told}")
    elif wrong:
        lines.append(f"{wrong} rows of a list to correct")
    stopped = sum(bool(news.faults or news.hidden or news.there_before) for news in births.lists)
    if stopped:
        lines.append(f"{stopped} lists wait: to correct, with hidden rows, or there before the service")
    if births.dropped:
        lines.append(f"{births.dropped} PDFs in drop folders wait for their request")
    return lines


def _others(records: Iterable[Record]) -> list[str]:
    records = list(records)
    lines = []
    for states, words in _SHOWN:
        found = [record for record in records if record.state in states]
        if not found:
            continue
        reasons = Counter(record.reason for record in found if record.reason and record.state is State.HELD)
        told = ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items()))
        lines.append(f"{len(found)} {words}" + (f" ({told})" if told else ""))
    return lines


def _brakes(parts: Parts, outlooks: Sequence[FolderOutlook]) -> list[str]:
    from datetime import timedelta

    from connector.cli.today import midnight

    lines = []
    for outlook in outlooks:
        name, waiting = outlook.folder.name, len(outlook.launches)
        for key, limit, since, when in (
            (
                "max_sends_per_hour",
                outlook.folder.max_sends_per_hour,
                parts.now() - timedelta(hours=1),
                "in the first hour",
            ),
            (
                "max_sends_per_day",
                outlook.folder.max_sends_per_day,
                midnight(parts.report.zone, parts.now()),
                "today",
            ),
        ):
            if limit is None or not waiting:
                continue
            gone = len(parts.journal.launches(since=since, accounts=outlook.folder.accounts, folder=name))
            room = max(0, limit - gone)
            if waiting > room:
                lines.append(f"brake: {room} of {name} leave {when}, {waiting - room} later (policy.{key})")
    return lines


def _accounts(parts: Parts, config: Config, outlooks: Sequence[FolderOutlook]) -> list[str]:
    from connector.cli.today import sends_today
    from connector.steps.pauses import by_hand

    lines = [
        f"folder {outlook.folder.name} is paused by hand: nothing leaves from there"
        for outlook in outlooks
        if outlook.launches and by_hand(parts, outlook.folder.name) is not None
    ]
    waiting = Counter(record.account for outlook in outlooks for record in outlook.launches)
    for name, account in config.accounts.items():
        hold = parts.journal.held(name)
        if hold is not None:
            lines.append(f"account {name} is held ({hold.cause}): nothing of it leaves before that is over")
        room = max(0, account.max_sends_per_day - sends_today(parts.journal, name, config.zone, parts.now()))
        if waiting[name] > room:
            lines.append(
                f"brake: {room} of account {name} leave today, {waiting[name] - room} later "
                f"(accounts.{name}.max_sends_per_day)"
            )
    return lines


def _below(folder: FolderSettings, record: Record) -> str:
    return record.document.href.removeprefix(folder.root)
