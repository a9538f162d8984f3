"""A request and the settings above it → the request as it is meant, with the file that each value came from.

Key by key the nearest file that wrote the key wins. ``puis`` is appended to whatever signatories there are and
inherits by itself; ``contacts`` merge by name; an order (``action``) is never inherited. Pure. Source: section 4 of
the design; finding 1, "Forty letters" and "The exact files in the best case" of the accountant's page.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from connector.errors import Problem
from connector.sidecar import words
from connector.sidecar.contacts import Contacts, Remembered, missing
from connector.sidecar.contacts import Known as Known
from connector.sidecar.fields import shown
from connector.sidecar.model import Order, Placement, Signatory, SignatureRequest
from connector.sidecar.people import MAX_SIGNATORIES
from connector.signatory_text import canonical_email

_INHERITED: Final = {
    **{
        key: (key,) for key in ("documents", "annexes", "subject", "note", "order", "send", "account", "lock")
    },
    **{key: (key,) for key in ("certificate", "confidential_to", "logo", "handwritten", "requester")},
    **{key: (key,) for key in ("reminders", "place", "signatories", "then", "after_signing")},
    "message": ("message", "message_file"),
}
"""Key → the fields of a request that it fills."""


@dataclass(frozen=True, kw_only=True)
class SettingsFile:
    """One ``_signature.yaml`` above a request, or why it cannot be read.

    ``name`` as people see it from the request: ``_signature.yaml``, or with the folders that lead to it.
    """

    name: str
    request: SignatureRequest | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """A request with everything inherited and completed, and what is wrong with it or worth saying.

    ``request.signatories`` are all who sign, in order; ``then`` and ``place`` are empty, their work is done.
    ``lines`` and ``origins`` together tell in which file and line each key stands. ``warnings`` stop nothing.
    """

    request: SignatureRequest
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


class _File(NamedTuple):
    name: str
    request: SignatureRequest


def resolve(
    own: SignatureRequest, settings: Sequence[SettingsFile], known: Remembered, *, levels: Sequence[str]
) -> Resolved:
    """Complete a request from the settings (nearest first), their contacts, and the people known from before.

    ``levels``: English names of the certificate levels that the firm allows. A settings file with problems is told
    with them, and nothing is taken from it: what may be missing only because of that is not said then. Raises
    nothing of its own; errors of ``known`` pass through.
    """
    unreadable = [file for file in settings if file.problems or file.request is None]
    files = [
        _File(file.name, file.request) for file in settings if file.request is not None and not file.problems
    ]
    chain = [_File("", own), *files]
    contacts = Contacts(
        [{name: _from_file(one, file) for name, one in file.request.contacts.items()} for file in files],
        known,
    )
    signatories, asked_by = _people(chain, "signatories")
    then, then_by = _people(chain, "then")
    signatories = [_placed(contacts.completed(one), chain) for one in signatories]
    then = [_placed(contacts.completed(one), chain[then_by:]) for one in then]
    everybody = [*signatories, *then]
    request = _merged(own, files, everybody, contacts)
    problems = [_in_file(problem, file.name) for file in unreadable for problem in file.problems]
    if not unreadable:
        problems += _nobody(own, signatories)
        for one in everybody:
            unknown = contacts.unknown(one)
            problems += [unknown] if unknown else missing(one)
    problems += _too_many(everybody, request)
    problems += _levels(everybody, levels)
    problems += _order(request, then)
    warnings = _hidden(own, files, signatories, contacts) if not asked_by else []
    return Resolved(request=request, problems=tuple(problems), warnings=tuple(warnings))


def in_reading_order(problems: Iterable[Problem]) -> list[Problem]:
    """Return problems as a person meets them: the request's own lines from the top, then each other file's."""
    found = list(problems)
    files = ["", *dict.fromkeys(problem.values.get("file", "") for problem in found)]
    return sorted(found, key=lambda one: (files.index(one.values.get("file", "")), one.line or 0))


def _merged(
    own: SignatureRequest, files: Sequence[_File], everybody: Sequence[Signatory], contacts: Contacts
) -> SignatureRequest:
    """Return the request with the nearest value of each key that it does not write itself."""
    update: dict[str, Any] = {}
    lines, origins = dict(own.lines), dict(own.origins)
    for key, fields in _INHERITED.items():
        if key in own.lines:
            continue
        file = next((file for file in files if key in file.request.lines), None)
        if file is None:
            continue
        update |= {field: getattr(file.request, field) for field in fields}
        lines[key], origins[key] = file.request.lines[key], file.name
    requester = update.get("requester", own.requester)
    update["requester"] = _requester(requester, contacts) if requester else requester
    # "puis" makes it one after the other; a wish against that is a problem of its own.
    update |= {"signatories": tuple(everybody), "then": (), "place": ()}
    return own.model_copy(update={**update, "lines": lines, "origins": origins})


def _people(chain: Sequence[_File], key: str) -> tuple[list[Signatory], int]:
    """Return the people under ``signataires`` or ``puis`` of the nearest file that has the key, and its rank."""
    for rank, file in enumerate(chain):
        if key in file.request.lines:
            people = file.request.signatories if key == "signatories" else file.request.then
            return [_from_file(one, file) for one in people], rank
    return [], 0


def _from_file(person: Signatory, file: _File) -> Signatory:
    if not file.name:
        return person
    placements = tuple(_place_from(place, file) for place in person.placements)
    return person.model_copy(update={"origin": file.name, "placements": placements})


def _place_from(place: Placement, file: _File) -> Placement:
    return place.model_copy(update={"origin": file.name}) if file.name else place


def _placed(person: Signatory, chain: Sequence[_File]) -> Signatory:
    """Give the place of the nearest file to a person who has none of their own.

    ``chain`` begins with the request itself for its signatories, with their own file for those under ``puis``: the
    place of a letter's client is not that of the partner whom a file above adds to every letter.
    """
    if person.placements:
        return person
    for file in chain:
        if "place" in file.request.lines:
            places = tuple(_place_from(place, file) for place in file.request.place)
            return person.model_copy(update={"placements": places})
    return person


def _requester(written: str, contacts: Contacts) -> str:
    """``demandeur: expert-comptable`` is that contact; anything else stays what it is."""
    found = None if "@" in written else contacts.named(written)
    if found is None or not found.email:
        return written
    return f"{found.name} <{found.email}>" if found.name else found.email


def _in_file(problem: Problem, name: str) -> Problem:
    return dataclasses.replace(problem, values={**problem.values, "file": name})


def _nobody(own: SignatureRequest, signatories: Sequence[Signatory]) -> list[Problem]:
    """Those under ``puis`` come after somebody: alone they are not what a request without signatories means."""
    if signatories or "signatories" in own.lines:
        return []
    return [Problem(code="signatories_missing")]


def _too_many(everybody: Sequence[Signatory], request: SignatureRequest) -> list[Problem]:
    if len(everybody) <= MAX_SIGNATORIES:
        return []
    line, file = request.at("signatories")
    values = {"count": str(len(everybody)), "limit": str(MAX_SIGNATORIES), **file}
    return [Problem(code="signatories_too_many", line=line, values=values)]


def _levels(everybody: Sequence[Signatory], allowed: Sequence[str]) -> list[Problem]:
    return [
        Problem(
            code="level_refused",
            line=one.line,
            values={
                "who": one.who or one.contact or "",
                "written": words.LEVELS[one.level.value][0],
                **one.file,
            },
        )
        for one in everybody
        if one.level.value not in allowed
    ]


def _order(request: SignatureRequest, then: Sequence[Signatory]) -> list[Problem]:
    """With ``puis`` it is one after the other: the platform knows one mode for a whole request."""
    if not then or request.order is not Order.PARALLEL:
        return []
    line, file = request.at("order")
    _, other = request.at("then")
    values = {"other_file": "" if other == file else other.get("file", ""), **file}
    return [Problem(code="then_is_sequential", line=line, values=values)]


def _hidden(
    own: SignatureRequest, files: Sequence[_File], signatories: Sequence[Signatory], contacts: Contacts
) -> list[Problem]:
    """Warn where the request's own list hides a longer one of the settings: somebody would silently not sign."""
    file = next((file for file in files if "signatories" in file.request.lines), None)
    if file is None or "signatories" not in own.lines:
        return []
    inherited = [contacts.completed(_from_file(one, file)) for one in file.request.signatories]
    asked = {canonical_email(one.email) for one in signatories if one.email}
    left_out = [
        one.who or one.contact or ""
        for one in inherited
        if not one.email or canonical_email(one.email) not in asked
    ]
    if len(inherited) <= len(signatories) or not left_out:
        return []
    values = {"names": shown(", ".join(filter(None, left_out))), "file": file.name}
    return [Problem(code="hidden_signatories", line=file.request.lines["signatories"], values=values)]
