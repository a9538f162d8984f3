"""Who may ask what in a folder: owners, account fence, ceiling, domains, shared mobiles. Pure.

The administrator's limits are the outer ones: a sidecar may ask for less, never for more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from connector.config.model import Ceiling
from connector.errors import Problem
from connector.identity import canonical_email
from connector.sidecar.model import Signatory, SignatureRequest, Verb, Wish

_RANK = {Wish.PREVIEW: 0, Wish.DRAFT: 1, Wish.SEND: 2}
_HIGHEST = {Ceiling.PREVIEW: Wish.PREVIEW, Ceiling.DRAFT: Wish.DRAFT, Ceiling.LIVE: Wish.SEND}


def account_of(request: SignatureRequest, allowed: Sequence[str]) -> tuple[str, list[Problem]]:
    """Return the account a request uses, and the problem of one outside the folder's fence.

    ``allowed``: the folder's accounts, the first is the default.
    """
    if request.account is None:
        return allowed[0], []
    if request.account in allowed:
        return request.account, []
    line, file = request.at("account")
    problem = Problem(code="account_fenced", line=line, values={"account": request.account, **file})
    return allowed[0], [problem]


def may_go(request: SignatureRequest, ceiling: Ceiling) -> Wish:
    """Return how far a request goes: as far as the ceiling allows, or less where its author says so."""
    highest = _HIGHEST[ceiling]
    if request.action is not None and request.action.verb is Verb.SEND:
        return highest
    if request.send is None:
        return highest
    return min(request.send, highest, key=lambda wish: _RANK[wish])


def owner_problems(files: Iterable[tuple[str, str | None]], owners: Sequence[str] | None) -> list[Problem]:
    """Every file of a request that belongs to nobody who may ask; ``files`` are (name, owner's id or None: not told).

    Each owner is told once, with the first of the files. ``owners`` None: anybody may. Ids are compared as written.
    """
    problems: dict[str, Problem] = {}
    for name, owner in files if owners is not None else ():
        told = owner or ""
        if owners is not None and told not in owners and told not in problems:
            code = "owner_refused" if told else "owner_untold"
            values = {"written": name, "owner": told} if told else {"written": name}
            problems[told] = Problem(code=code, values=values)
    return list(problems.values())


def problems_of(
    request: SignatureRequest,
    *,
    refuse_domains: Sequence[str],
    allow_domains: Sequence[str] | None = None,
    refuse_phones: Sequence[str] = (),
    same_phone_refused: bool,
) -> list[Problem]:
    """Every breach of the folder's policy: domains, a mobile of the models, one mobile or one address for two people.

    ``allow_domains``: nobody else may be asked; None: anybody but those of ``refuse_domains``, which always hold.
    """
    problems = []
    refused = {_domain(domain.lstrip("@")) for domain in refuse_domains}
    allowed = None if allow_domains is None else {_domain(domain.lstrip("@")) for domain in allow_domains}
    for signatory in request.signatories:
        written = signatory.email.rpartition("@")[2]
        code = "domain_refused" if _domain(written) in refused else ""
        if not code and signatory.email and allowed is not None and _domain(written) not in allowed:
            code = "domain_not_allowed"
        if code:
            values = {"who": signatory.who, "written": written.lower(), **signatory.file}
            problems.append(Problem(code=code, line=signatory.line, values=values))
        if signatory.phone in refuse_phones and not signatory.phone_masked:
            written = signatory.phone_written or signatory.phone
            values = {"who": signatory.who, "written": written, **signatory.file}
            problems.append(Problem(code="phone_dummy", line=signatory.line, values=values))
    problems += _twice(request.signatories, same_phone_refused=same_phone_refused)
    return problems


def _twice(signatories: Sequence[Signatory], *, same_phone_refused: bool) -> list[Problem]:
    """One person asked twice, or two people who share a mobile or an address; each with the first of them."""
    problems = []
    for rank, one in enumerate(signatories):
        same_email = _first_with(one, signatories[:rank], _email)
        same_phone = _first_with(one, signatories[:rank], _phone) if same_phone_refused else None
        if same_email is not None and _folded(one.name) == _folded(same_email.name):
            other_file = "" if one.origin == same_email.origin else same_email.origin
            values = {"who": one.who, "other_file": other_file}
            problems.append(Problem(code="signatory_twice", line=one.line, values={**values, **one.file}))
            continue
        for code, other, written in (
            ("same_phone", same_phone, _shown_phone(one, same_phone)),
            ("same_email", same_email, one.email.lower()),
        ):
            if other is not None:
                values = {"who": one.who, "other": other.who, "written": written, **one.file}
                problems.append(Problem(code=code, line=one.line, values=values))
    return problems


def _shown_phone(one: Signatory, other: Signatory | None) -> str:
    """Return the shared number, masked where nobody wrote it in this folder."""
    masked = other is not None and one.phone_masked and other.phone_masked
    return f"{one.phone[:4]}{'•' * (len(one.phone) - 6)}{one.phone[-2:]}" if masked else one.phone


def _first_with(
    one: Signatory, others: Sequence[Signatory], value: Callable[[Signatory], str]
) -> Signatory | None:
    wanted = value(one)
    return next((other for other in others if wanted and value(other) == wanted), None)


def _email(one: Signatory) -> str:
    # Two spellings of one address are one address, as in a request's key.
    return canonical_email(one.email) if one.email else ""


def _phone(one: Signatory) -> str:
    return one.phone


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _domain(written: str) -> str:
    return canonical_email(f"@{written}")
