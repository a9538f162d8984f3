"""Who may ask what in a folder: account fence, ceiling, domains, shared mobiles. Pure.

The administrator's limits are the outer ones: a sidecar may ask for less, never for more.
"""

from __future__ import annotations

from collections.abc import Sequence

from connector.config.model import Ceiling
from connector.errors import Problem
from connector.identity import canonical_email
from connector.sidecar.model import SignatureRequest, Verb, Wish

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
    problem = Problem(
        code="account_fenced", line=request.lines.get("account"), values={"account": request.account}
    )
    return allowed[0], [problem]


def may_go(request: SignatureRequest, ceiling: Ceiling) -> Wish:
    """Return how far a request goes: as far as the ceiling allows, or less where its author says so."""
    highest = _HIGHEST[ceiling]
    if request.action is not None and request.action.verb is Verb.SEND:
        return highest
    if request.send is None:
        return highest
    return min(request.send, highest, key=lambda wish: _RANK[wish])


def problems_of(
    request: SignatureRequest, *, refuse_domains: Sequence[str], same_phone_refused: bool
) -> list[Problem]:
    """Every breach of the folder's policy: refused domains, one mobile or one address for two people."""
    problems = []
    refused = {_domain(domain.lstrip("@")) for domain in refuse_domains}
    for signatory in request.signatories:
        written = signatory.email.rpartition("@")[2]
        if _domain(written) in refused:
            values = {"who": signatory.name or signatory.email, "written": written.lower()}
            problems.append(Problem(code="domain_refused", line=signatory.line, values=values))
    if same_phone_refused:
        problems += _shared(request, "phone", "same_phone")
    problems += _shared(request, "email", "same_email")
    return problems


def _shared(request: SignatureRequest, attribute: str, code: str) -> list[Problem]:
    problems = []
    seen: dict[str, str] = {}
    for signatory in request.signatories:
        written = getattr(signatory, attribute).lower()
        # Two spellings of one address are one address, as in a request's key.
        value = canonical_email(written) if attribute == "email" and written else written
        who = signatory.name or signatory.email
        if value and value in seen:
            values = {"who": who, "other": seen[value], "written": written}
            problems.append(Problem(code=code, line=signatory.line, values=values))
        seen.setdefault(value, who)
    return problems


def _domain(written: str) -> str:
    return canonical_email(f"@{written}")
