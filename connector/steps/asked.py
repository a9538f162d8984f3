"""What a sidecar asks for once everything above and beside it is known: settings, contacts, files.

Reads the folder and the journal, writes nothing. The pure part of it is ``sidecar.inherit``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from connector import policy
from connector.errors import Problem
from connector.identity import digest_of
from connector.lifecycle import SignatoryFacts
from connector.ports import Entry
from connector.report.facts import place_words
from connector.report.page import Page
from connector.sidecar import names
from connector.sidecar.corrected import corrected
from connector.sidecar.inherit import in_reading_order, resolve
from connector.sidecar.model import Placement, SignatureRequest
from connector.steps import check as checking
from connector.steps import settings as above
from connector.steps.case import Case, NotSettled
from connector.steps.contacts import known
from connector.steps.discover import Pair
from connector.steps.gather import Gathered, gather
from connector.steps.parts import Parts
from connector.steps.read import ReadSidecar


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A sidecar, understood. ``request`` is None when it cannot be read."""

    own: SignatureRequest | None
    """What stands in the sidecar alone."""
    request: SignatureRequest | None
    """With everything it inherits and everybody it names by a contact."""
    pair: Pair
    """With its main document, where that bears another name."""
    gathered: Gathered
    beside: tuple[Entry, ...]
    """Files that the verdict rests on, besides sidecar and main document."""
    deciding: tuple[Entry, ...] = ()
    """As :func:`deciding`."""
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    send_said: str = ""
    """Which saving of which settings file says ``envoi``; empty when none does."""
    send_scope: str = ""
    """Href of the folder for which that file speaks, of the request where it says so itself; empty: nothing does."""
    settings_name: str = "_signature.yaml"
    """The settings file in which one word lets all prepared requests go."""
    settings_scope: str = ""
    """Href of the folder for which that file speaks."""


def understand(case: Case, sidecar: ReadSidecar) -> Asked:
    """Put a sidecar together with what lies above and beside it. NotSettled while any of that is being written."""
    parts, sight, pair = case.parts, case.sight, case.pair
    settings = above.chain(parts, sight, pair.sidecar.href)
    if settings is None:
        raise NotSettled
    own, problems = sidecar.request, list(sidecar.problems)
    request: SignatureRequest | None = None
    warnings: tuple[Problem, ...] = ()
    if own is not None:
        own, found = above.with_message(parts.folders[sight.settings.server], sight, pair.sidecar.parent, own)
        problems += found
        resolved = resolve(own, settings, _known(case, own, settings), levels=case.settings.levels)
        request, warnings = resolved.request, resolved.warnings
        problems += resolved.problems
    gathered = gather(sight, pair, request) if request is not None else Gathered(documents=pair.documents[:1])
    beside = files_beside(case, request, gathered)
    if not sight.has_settled([*gathered.all, *beside]):
        raise NotSettled
    return Asked(
        own=own,
        request=request,
        pair=_with_main(pair, gathered),
        gathered=gathered,
        beside=tuple(beside),
        deciding=deciding(case, request, gathered, beside),
        problems=tuple(in_reading_order([*problems, *gathered.problems])),
        warnings=warnings,
        send_said=_send_said(request, settings),
        send_scope=_send_scope(pair, request, settings),
        settings_name=settings[0].name if settings else "_signature.yaml",
        settings_scope=_folder_of(settings[0].href if settings else pair.sidecar.href),
    )


def files_beside(case: Case, request: SignatureRequest | None, gathered: Gathered) -> list[Entry]:
    """Return the files, besides sidecar and main document, that a verdict rests on: a change judges it again."""
    beside = above.beside(case.parts, case.sight, case.pair.sidecar.href)
    message = above.message_entry(case.sight, case.pair.sidecar.parent, request) if request else None
    return [*beside, *([message] if message else []), *gathered.all[1:]]


def deciding(
    case: Case, request: SignatureRequest | None, gathered: Gathered, beside: Sequence[Entry]
) -> tuple[Entry, ...]:
    """Return every file that decides what leaves, each once, the sidecar first: whoever writes one has a say in it.

    A request that was made from a list says what the list said, for as long as one lies beside it.
    """
    pair, lists = case.pair, []
    if request is not None and request.born_of == "list":
        there = case.sight.by_parent.get(pair.sidecar.parent, {})
        lists = [entry for name in names.LISTS for entry in there.get(name, ()) if not entry.is_folder]
    found = (pair.sidecar, *pair.documents[:1], *gathered.all, *beside, *lists)
    return tuple({entry.href: entry for entry in found}.values())


def _with_main(pair: Pair, gathered: Gathered) -> Pair:
    """Return the pair with its main document where no file bears the request's own name."""
    if pair.documents or not gathered.documents:
        return pair
    main = gathered.documents[0]
    return replace(pair, documents=(main,), document_name=main.name)


def _known(case: Case, own: SignatureRequest, settings: Sequence[above.Settings]) -> Any:
    """Who is remembered for the account that this request uses."""
    named = [own, *(one.request for one in settings if one.request is not None)]
    account = next((one.account for one in named if one.account is not None), None)
    chosen = policy.account_of(own.model_copy(update={"account": account}), case.settings.accounts)[0]
    return known(case.parts, case.settings, chosen)


def _send_said(request: SignatureRequest | None, settings: Sequence[above.Settings]) -> str:
    origin = request.origins.get("send") if request is not None else None
    return next((one.identity for one in settings if one.name == origin), "")


def _send_scope(pair: Pair, request: SignatureRequest | None, settings: Sequence[above.Settings]) -> str:
    if request is None or request.send is None:
        return ""
    origin = request.origins.get("send")
    said = next((one.href for one in settings if one.name == origin), None)
    return _folder_of(said) if said is not None else str(pair.sidecar.href)


def _folder_of(href: str) -> str:
    return href.rsplit("/", 1)[0] + "/"


def wording_of(own: SignatureRequest) -> str:
    """Digest of what a sidecar says, what signatories never see aside: tells a correction from an order.

    A message that stands in another file is said by that file's name.
    """
    message = None if own.message_file else own.message
    said = own.model_copy(
        update={"action": None, "send": None, "note": None, "message": message, "lines": {}}
    )
    return digest_of(_without_lines(said.model_dump(mode="json", exclude={"after_signing"})))


def _without_lines(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_lines(inner) for name, inner in value.items() if name != "line"}
    return [_without_lines(inner) for inner in value] if isinstance(value, list) else value


def corrected_text(sidecar: ReadSidecar, problems: Sequence[Problem]) -> str:
    """Return the request with every problem cured, where each has one certain cure; else nothing."""
    if any(problem.values.get("file") for problem in problems):
        return ""
    made = corrected(sidecar.data, problems)
    return made.decode("utf-8", "surrogateescape") if made is not None else ""


def signatory_facts(parts: Parts, checked: checking.Checked) -> tuple[SignatoryFacts, ...]:
    """Return the signatories as the status shows them, in signing order, each with the place of the main document."""
    return tuple(
        SignatoryFacts(
            order=order,
            email=signatory.email,
            name=signatory.name,
            phone=signatory.phone,
            place=_place(parts, checked, order),
        )
        for order, signatory in enumerate(checked.request.signatories, start=1)
    )


def _place(parts: Parts, checked: checking.Checked, order: int) -> str:
    boxes = [box for box in checked.boxes if box.signatory == order]
    if not boxes:
        return ""
    how: Placement | None = next(iter(checked.placed.how.get((1, order), ())), None)
    page = Page("en" if parts.report.language == "en" else "fr", parts.report.zone)
    return place_words(
        page,
        number=boxes[0].page,
        near=how.near or "" if how is not None else "",
        inherited=bool(how is not None and how.origin),
    )


def told_of(checked: checking.Checked, warnings: Sequence[Problem]) -> dict[str, Any]:
    """Return what the status tells besides the record's own fields, as ``report.facts`` names it."""
    people = list(enumerate(checked.request.signatories, start=1))
    return {
        "documents": [
            {"name": one.read.entry.name, "pages": len(one.facts.pages) if one.facts else None}
            for one in checked.documents[1:]
            if one.read.role == "document"
        ],
        "annexes": [one.read.entry.name for one in checked.documents if one.read.role == "annex"],
        "warnings": [{"code": one.code, "line": one.line, "values": dict(one.values)} for one in warnings],
        "masked_phones": [order for order, one in people if one.phone_masked],
        "known_since": {
            str(order): one.known_since.isoformat()
            for order, one in people
            if one.known_since is not None and one.phone_masked
        },
    }
