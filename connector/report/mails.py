"""What is mailed to a folder's ``notify`` address: records in, subject and body out (ux page section 2.7). Pure.

At once for four occasions only (:class:`Occasion`), never for a signature; everything else once a day, in a digest
(``digests``). Subject = the first line of the status; body = the status without foot and machine's block, then the
path in the shared folder in full. Forty requests with one cause are one mail. Who sends, when, and what was sent
already (:attr:`Notice.key`) is the caller's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from connector.lifecycle import Record, State
from connector.report.context import StatusContext
from connector.report.facts import Case, is_signed_here, name_of
from connector.report.page import Page, headline
from connector.report.status import StatusText, render_status, zone_text
from connector.report.typography import LINE_WIDTH, NBSP, Language, Words, clean, local, loose, say, wrap
from connector.sidecar import names

Told = tuple[Record, StatusContext]
MOST_LISTED = 30
"""So many documents are named in one mail; of the others the number."""


class Occasion(StrEnum):
    """What is mailed at once; everything else waits for the digest."""

    REFUSED = "refused"
    TO_CORRECT = "to_correct"
    IN_DOUBT = "in_doubt"
    EXPIRES = "expires"
    """From three days before a request lapses."""


@dataclass(frozen=True, kw_only=True)
class Message:
    r"""One mail as people read it: ``subject`` on one line, ``body`` with ``\n`` line ends, plain text."""

    subject: str
    body: str


@dataclass(frozen=True, kw_only=True)
class Notice:
    """That a record is to be mailed about at once."""

    occasion: Occasion
    cause: str
    """Equal for requests that one mail tells of together."""
    key: str
    """Equal for the same news of the same request: mailed once."""


_OCCASIONS = {
    State.REFUSED: Occasion.REFUSED,
    State.REJECTED: Occasion.TO_CORRECT,
    State.IN_DOUBT: Occasion.IN_DOUBT,
}
_TOGETHER: dict[Occasion, tuple[tuple[str, str], tuple[str, str]]] = {
    Occasion.TO_CORRECT: (
        (
            "{n} demandes pour une même raison",
            "{n} requests for one and the same reason",
        ),
        (
            "{n} demandes sont à corriger pour une même raison. Rien n’est parti.",
            "{n} requests must be corrected for one and the same reason. Nothing has been sent.",
        ),
    ),
    Occasion.IN_DOUBT: (
        ("{n} demandes sont peut-être déjà parties", "{n} requests may already have been sent"),
        (
            "{n} demandes sont peut-être déjà parties ; aucune n’a été renvoyée.",
            "{n} requests may already have been sent; none was sent again.",
        ),
    ),
    Occasion.EXPIRES: (
        (
            "{n} demandes expirent le {day} : pensez à relancer",
            "{n} requests expire on {day}: send reminders",
        ),
        (
            "Sans les signatures attendues avant le {day}, {n} demandes expirent.",
            "Without the awaited signatures before {day}, {n} requests expire.",
        ),
    ),
}
"""Occasion → end of the subject and first sentence of a mail about several requests. Each refusal is its own."""


def notice(record: Record, context: StatusContext) -> Notice | None:
    """Return what a record is to be mailed about at once; None where it can wait for the digest."""
    case = Case(record, context)
    occasion = _OCCASIONS.get(record.state)
    if occasion is None and record.state is State.IN_PROGRESS and case.expiry_near:
        occasion = Occasion.EXPIRES
    if occasion is None or (occasion is Occasion.IN_DOUBT and is_signed_here(record)):
        return None  # the doubt is Jesignexpert's to end; there is nothing to be done
    why = _cause(case, occasion)
    return Notice(occasion=occasion, cause=f"{occasion}:{why}", key=f"{record.ref}:{occasion}:{why}")


def _cause(case: Case, occasion: Occasion) -> str:
    record = case.record
    if occasion is Occasion.REFUSED:
        return record.ref
    if occasion is Occasion.TO_CORRECT:
        return ",".join(sorted({str(each["code"]) for each in record.problems}))
    if occasion is Occasion.IN_DOUBT:
        return f"{record.account}:{record.reason}"
    assert record.expires_at is not None
    return local(record.expires_at, case.context.zone).date().isoformat()


def messages(told: Sequence[Told]) -> list[Message]:
    """Return the mails that go at once for these records: one for each cause, in the order of the first of each."""
    causes: dict[str, list[Told]] = {}
    for record, context in told:
        found = notice(record, context)
        if found is not None:
            causes.setdefault(found.cause, []).append((record, context))
    return [_one(*group[0]) if len(group) == 1 else _several(group) for group in causes.values()]


def _one(record: Record, context: StatusContext) -> Message:
    text = render_status(record, context)
    lines = [*status_lines(text), "", *where(record, context.language), "", *foot(context, record)]
    return Message(subject=plain(text.first_line), body="\n".join(lines) + "\n")


def _several(group: Sequence[Told]) -> Message:
    """One mail about requests of one cause: which they are, then the status of the first."""
    record, context = group[0]
    found, first = notice(record, context), render_status(record, context)
    assert found is not None
    (title_fr, title_en), (told_fr, told_en) = _TOGETHER[found.occasion]
    page = Page(context.language, context.zone)
    values: dict[str, object] = {"n": Words(str(len(group)))}
    if record.expires_at is not None:
        values["day"] = page.day(record.expires_at)
    subject = headline(first.state, page.pick(title_fr, title_en), context.language, **values)
    page.para(told_fr, told_en, **values)
    page.para(
        "Le suivi de chacune, à côté du document, dit ce que vous pouvez faire :",
        "The status of each, beside the document, says what you can do:",
    )
    page.section()
    page.lines(listed([(each, render_status(each, its)) for each, its in group], page))
    page.para("Voici celui de la première :", "Here is that of the first:")
    lines = [*page.body(), "", *status_lines(first), "", *where(record, context.language), "", *foot(context)]
    return Message(subject=plain(subject), body="\n".join(lines) + "\n")


# ------------------------------------------------------------------------------- parts of every mail


def status_lines(text: StatusText) -> list[str]:
    """A status as it stands in a mail: without its foot, which speaks of the file."""
    return [text.first_line, *text.body]


def where(record: Record, language: Language) -> list[str]:
    """Where the document is, in full and never broken: it is looked for."""
    label = say("Dans le dossier partagé :" if language == "fr" else "In the shared folder:", language)
    return [label, f"  {path_of(record)}"]


def path_of(record: Record) -> str:
    """Return the document's path in the shared folder; the request's where the document is not known."""
    document = record.document
    return clean(document.delivered_href or document.href or record.place)


def listed(told: Sequence[tuple[Record, StatusText]], page: Page) -> list[str]:
    """Name documents by folder, those of one matter above it; beyond :data:`MOST_LISTED` only their number."""
    rows = sorted(_row(*each) for each in told)
    lines: list[str] = []
    shown = rows[:MOST_LISTED]
    for (folder, matter, name), before, after in zip(shown, [None, *shown], [*shown[1:], None], strict=False):
        if before is None or before[0] != folder:
            lines.append(f"  {folder}/")
        lines.append(f"    {name}")
        if after is None or after[:2] != (folder, matter):
            lines += wrap(loose(matter), first="      ", width=LINE_WIDTH)
    left = len(rows) - len(shown)
    if left:
        plural = Words("s" if left > 1 else "")
        lines.append("  " + page.say("et {n} autre{s}", "and {n} more", n=Words(str(left)), s=plural))
    return lines


def _row(record: Record, text: StatusText) -> tuple[str, str, str]:
    """Folder, what the status says first, and name."""
    folder, _, name = path_of(record).rpartition("/")
    matter = text.first_line.partition(" – ")[2]
    for below in (" (motif ci-dessous)", " (reason below)"):
        matter = matter.removesuffix(below)
    return folder, matter, name


def foot(context: StatusContext, record: Record | None = None) -> list[str]:
    """Return what every mail about requests ends with: who speaks, by which clock, what to say when asking for help."""
    language = context.language
    lines = closing(context.zone, language, context.support)
    if record is not None:
        written = record.extra.get("status_href")
        status = (
            written if isinstance(written, str) else names.status_name(record.document.href or record.place)
        )
        lines += _line(
            "Le suivi à jour est dans « {status} ». Référence {ref}.",
            "The latest status is in “{status}”. Reference {ref}.",
            language,
            status=name_of(status),
            ref=record.ref,
        )
    return lines


def closing(zone: ZoneInfo, language: Language, support: str) -> list[str]:
    """Return what every mail to people ends with; ``support`` may be nobody."""
    if not support:
        return [
            "--",
            *_line(
                "Message automatique ({zone}).",
                "Automatic message ({zone}).",
                language,
                zone=zone_text(zone, language),
            ),
        ]
    told = _line(
        "Message automatique ({zone}) ; contact : {support}.",
        "Automatic message ({zone}); contact: {support}.",
        language,
        zone=zone_text(zone, language),
        support=loose(support),
    )
    return ["--", *told]


def _line(french: str, english: str, language: Language, **values: object) -> list[str]:
    return wrap(say(french if language == "fr" else english, language, **values), width=LINE_WIDTH)


def plain(line: str) -> str:
    """A line as a subject: mail programs search for plain spaces."""
    return line.replace(NBSP, " ")
