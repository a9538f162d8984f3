"""The rows of a list, held against its folder: done, wrong, waiting, or a request to be written now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from connector import policy, validation
from connector.errors import Problem
from connector.identity import digest_of
from connector.ports import Entry
from connector.sidecar import names
from connector.sidecar.inherit import resolve
from connector.sidecar.model import SignatureRequest
from connector.sidecar.origin import list_line
from connector.signatory_list.rows import ListReading, Row
from connector.signatory_list.writing import write_sidecar
from connector.steps import born
from connector.steps.born import BornMemory, Room
from connector.steps.contacts import known
from connector.steps.discover import Sight
from connector.steps.parts import Parts
from connector.steps.settings import Settings, chain


@dataclass(frozen=True, kw_only=True)
class Done:
    """A row for which nothing more is to be done. ``kept`` as ``born.remembered``."""

    row: Row
    document: Entry | None
    kept: Mapping[str, Any]
    sidecar: Entry | None
    """Its request, where it lies."""
    changed: bool
    """The row says something else than when it was done."""


@dataclass
class Fates:
    """What became of the rows of a list; each row is in exactly one of these."""

    done: list[Done] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    """Of the rows that are wrong."""
    missing: list[Row] = field(default_factory=list)
    pending: int = 0
    """To be written by a next pass: there was no room, or the PDF is still arriving."""
    arriving: bool = False


def attend_rows(
    parts: Parts,
    sight: Sight,
    entry: Entry,
    reading: ListReading,
    memory: BornMemory,
    room: Room,
) -> Fates:
    """Settle each row of a list, writing what requests there is room for. Raises remote errors, SpoolError."""
    walk = _Walk(parts, sight, entry, memory, room)
    for row in reading.rows:
        walk.settle(row)
    return walk.fates


class _Walk:
    def __init__(self, parts: Parts, sight: Sight, entry: Entry, memory: BornMemory, room: Room) -> None:
        self.fates = Fates()
        self._parts, self._sight, self._entry = parts, sight, entry
        self._memory, self._room = memory, room
        self._children = sight.by_parent.get(entry.parent, {})
        self._sidecars = born.sidecars_in(sight, entry.parent)

    def settle(self, row: Row) -> None:
        found = [
            one
            for name in row.wanted
            for one in self._children.get(name, ())
            if not one.is_folder and born.is_document(one.name)
        ]
        document = found[0] if len(found) == 1 else None
        double = [problem for problem in row.problems if problem.code == "list_document_twice"]
        done = None if double else self._done(row, document)
        if done is not None:
            self.fates.done.append(done)
        elif row.problems:
            self.fates.problems += double or row.problems
        elif len(found) > 1:
            told = ", ".join(sorted(one.name for one in found))
            self.fates.problems.append(self._problem(row, "pdf_name_ambiguous", names=told))
        elif document is None:
            self.fates.missing.append(row)
        elif document.href not in self._sight.settled or self._above is None:
            self.fates.pending += 1
            self.fates.arriving = True
        elif problems := self._refused(row, document, self._above):
            self.fates.problems += problems
        else:
            self._make(row, document)

    def _done(self, row: Row, document: Entry | None) -> Done | None:
        """Done before, by us or by a person; known or remembered from now on."""
        sidecar = next((self._sidecars[name] for name in row.wanted if name in self._sidecars), None)
        kept = self._kept(row, document, asked=sidecar is not None)
        if kept is None and document is not None and sidecar is not None:
            kept = self._remember(row, document, born.THERE, sidecar.href)
        elif (
            kept is None
            and document is not None
            and born.known(self._parts, self._sight, document, self._memory)
        ):
            kept = self._remember(
                row, document, born.KNOWN, document.parent + names.sidecar_name(document.name)
            )
        elif kept is None:
            return None
        assert kept is not None
        changed = kept.get("row") not in {None, digest_of_row(row)}
        return Done(row=row, document=document, kept=kept, sidecar=sidecar, changed=changed)

    def _kept(self, row: Row, document: Entry | None, *, asked: bool) -> Mapping[str, Any] | None:
        for name in row.wanted:
            kept = born.remembered(self._parts, self._sight, self._entry.parent, name, self._memory)
            if kept is not None and document is not None and names.comparable(document.name) == name:
                kept = born.done_for(self._parts, self._sight, document, self._memory, asked=asked)
            if (
                kept is not None
                and kept["kind"] != born.RENEWED
                and not (document is not None and born.is_another(document, kept.get("file_id")))
            ):
                return kept
        return None

    def _remember(self, row: Row, document: Entry, kind: str, place: str) -> Mapping[str, Any] | None:
        digest = digest_of_row(row)
        born.remember(self._parts, self._sight, document, self._memory, kind=kind, place=place, row=digest)
        return self._kept(row, document, asked=True)

    def _make(self, row: Row, document: Entry) -> None:
        if not self._room.take():
            self.fates.pending += 1
            return
        language = self._parts.report.language
        content = write_sidecar(row.request, list_line(self._entry.name, row.line, language), language)
        if not content:
            self.fates.problems.append(self._problem(row, "list_not_writable"))
            return
        digest = digest_of_row(row)
        kind = born.create(self._parts, self._sight, document, content, self._memory, row=digest)
        kept = self._kept(row, document, asked=True) if kind else None
        if kept is None:
            self.fates.pending += 1
            return
        self._room.made += kind == born.MADE
        self.fates.done.append(Done(row=row, document=document, kept=kept, sidecar=None, changed=False))

    @cached_property
    def _above(self) -> tuple[Settings, ...] | None:
        """The settings that apply here; None while one of them is being saved."""
        return chain(self._parts, self._sight, self._entry.href)

    def _refused(self, row: Row, document: Entry, above: tuple[Settings, ...]) -> list[Problem]:
        """What would be wrong with the request of a row: said here, where the row can still be corrected.

        What a settings file is to blame for is told by the request itself, as to everybody below that file.
        """
        settings = self._sight.settings
        said = {"signatories": True, "subject": row.request.subject, "message": row.request.message}
        lines = {key: row.line for key, value in said.items() if value}
        own = row.request.model_copy(update={"lines": lines, "born_of": "list"})
        account = self._account(own, above)
        asked = resolve(own, above, known(self._parts, settings, account), levels=settings.levels)
        terms = self._parts.accounts[account].terms
        problems = [*asked.problems, *validation.subject_of(asked.request, document.name, terms)[1]]
        problems += validation.message_of(asked.request, terms)[1]
        problems += policy.problems_of(
            asked.request,
            refuse_domains=settings.refuse_domains,
            refuse_phones=settings.refuse_phones,
            allow_domains=settings.allow_domains,
            same_phone_refused=settings.same_phone_refused,
        )
        mine = [each for each in problems if not each.values.get("file")]
        return [self._problem(row, each.code, **each.values) for each in mine]

    def _account(self, own: SignatureRequest, above: tuple[Settings, ...]) -> str:
        """The account that the settings give to the rows of this list."""
        named = (one.request.account for one in above if one.request is not None)
        account = next((each for each in named if each is not None), None)
        asking = own.model_copy(update={"account": account})
        return policy.account_of(asking, self._sight.settings.accounts)[0]

    def _problem(self, row: Row, code: str, **values: str) -> Problem:
        return Problem(code=code, line=row.line, values={**values, "file": self._entry.name})


def digest_of_row(row: Row) -> str:
    """Digest of what a row says, wherever in the list it stands."""
    people = [
        [one.email, one.first_name, one.last_name, one.name, one.phone, one.contact]
        for one in row.request.signatories
    ]
    problems = [[each.code, sorted(each.values.items())] for each in row.problems]
    return digest_of([people, row.request.subject, row.request.message, problems])[:32]
