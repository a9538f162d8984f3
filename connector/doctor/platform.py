"""Jesignexpert: each account's tokens by one read-only call, and what of the contract is confirmed. Nothing is sent.

One account's trouble says nothing of the others; a platform that does not answer is said once. Source: ux page section
6.3; API page section 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from connector.doctor.assumptions import Verdict, counts, judge
from connector.doctor.lines import Line, Private, fail, note, ok, why
from connector.doctor.running import Group
from connector.doctor.visit import PLATFORM, Visit, told
from connector.errors import AccessDenied, InvalidResponse, JournalError, RemoteError, Unavailable
from connector.jesignexpert.client import HttpSigningService
from connector.jesignexpert.exchange import Timeouts
from connector.jesignexpert.login import Login
from connector.jesignexpert.observing import Observed
from connector.jesignexpert.tokens import Tokens

_TIMEOUTS: Final = Timeouts(connect=8, read=15, upload=30, total=25, total_transfer=60)
_SOON: Final = timedelta(days=2)
_CERTIFICATE_SOON: Final = timedelta(days=21)


def trouble(error: RemoteError) -> Line:
    """Return what an error of the platform means to the administrator."""
    reason = why(error)
    if error.detail.startswith("its certificate"):
        return fail("JSE-P10", "{why}", why=reason)
    if isinstance(error, AccessDenied) and error.operation == "tokens":
        return fail("JSE-P09", "{account}: {why}", account=error.service, why=reason)
    if isinstance(error, Unavailable):
        return fail("JSE-P01", "no answer: {why}", why=reason)
    if isinstance(error, InvalidResponse):
        return fail("JSE-P05", "answered otherwise than documented: {why}", why=reason)
    return fail("JSE-P05", "{kind}: {why}", kind=type(error).__name__, why=reason)


def look(group: Group, visit: Visit) -> None:
    """Look at the platform and every account."""
    shortcut = told(visit, "platform.shortcut", visit.config.platform.shortcut)
    secret = visit.secrets.get("platform.secret")
    observed = Observed(ca_file=visit.config.platform.ca_file, proxy=visit.config.platform.proxy)
    login = Login(
        PLATFORM,
        base_url=visit.config.platform.url,
        shortcut=shortcut or "",
        secret=secret or "",
        now=visit.now,
        contract=visit.contract,
        transport=observed,
        timeouts=_TIMEOUTS,
    )
    described: list[dict[str, object] | None] = []
    try:
        with closing(login):
            # No token is needed for it, and none is shown: whatever answers here tells whether anybody is there.
            reached = group.check("description", partial(_description, login, described))
            visit.drifts.tell(PLATFORM, login.drift_s)
        if observed.certificate_until is not None:
            group.say(*_certificate(visit, observed.certificate_until))
        for name in visit.config.accounts:
            if shortcut is None or secret is None:
                group.say(
                    fail(
                        "JSE-H03",
                        "{name}: not asked; platform.shortcut or secret cannot be read here",
                        name=name,
                    )
                )
            else:
                # Without an answer, too: whether an account was ever connected is known here.
                asked = partial(_account, visit, name, shortcut, secret, reached=reached)
                group.check(name, asked, always=True)
        group.say(*_assumptions(visit, described[0] if described else None, reached=bool(described)))
    finally:
        visit.drifts.tell(PLATFORM, login.drift_s)


def _description(login: Login, described: list[dict[str, object] | None]) -> Iterator[Line]:
    described.append(login.description())
    return iter(())


def _certificate(visit: Visit, until: datetime) -> Iterator[Line]:
    day = f"{until.astimezone(visit.config.zone):%d %b %Y}"
    if until - visit.now() < _CERTIFICATE_SOON:
        yield note("JSE-P10", "the certificate ends on {day}", day=day)
    else:
        yield ok("certificate until {day}", day=day)


def _account(visit: Visit, name: str, shortcut: str, secret: str, *, reached: bool) -> Iterator[Line]:
    """One account: are its tokens there, taken, and for how long? Where they lie may be away itself."""
    try:
        yield from _known(visit, name, shortcut, secret, reached=reached)
    except JournalError:
        yield note(
            "JSE-H20", "{name}: not known; its tokens lie in the journal, which cannot be asked", name=name
        )


def _known(visit: Visit, name: str, shortcut: str, secret: str, *, reached: bool) -> Iterator[Line]:
    store = visit.tokens
    tokens = store.load(name)
    if tokens is None:
        there = store.there(name)
        code, said = ("JSE-P09", "its tokens cannot be read") if there else ("JSE-P02", "never connected")
        yield fail(
            code,
            "{name}: {said}",
            command="jse-connector connect {name} --mail   (link goes to its owner)",
            name=name,
            said=said,
        )
        return
    office = Private(f'"{tokens.office_name}"', "(the firm)")
    if not reached:
        yield ok("{name}: {office}, tokens are there, not tried", name=name, office=office)
        return
    service = HttpSigningService(
        name,
        base_url=visit.config.platform.url,
        shortcut=shortcut,
        secret=secret,
        tokens=store,
        now=visit.now,
        contract=visit.contract,
        ca_file=visit.config.platform.ca_file,
        proxy=visit.config.platform.proxy,
        timeouts=_TIMEOUTS,
        max_reads_per_minute=visit.config.polling.max_calls_per_minute,
    )
    with closing(service):
        taken = service.tokens_hold()
    yield from _tokens(visit, name, office, tokens, taken)
    held = visit.known.held.get(name)
    if held is not None:
        cause, since = held
        yield note(
            "JSE-P08",
            "{name}: launches are held since {since} ({cause})",
            name=name,
            since=f"{since.astimezone(visit.config.zone):%d %b %H:%M}",
            cause=cause,
        )


def _tokens(visit: Visit, name: str, office: Private, tokens: Tokens, taken: bool | None) -> Iterator[Line]:
    connect = "jse-connector connect {name} --mail   (link goes to its owner)"
    left = None if tokens.expires_at is None else tokens.expires_at - visit.now()
    until = _until(visit, tokens)
    if taken is None:
        yield fail(
            "JSE-P05",
            "{name}: {office}, no telling whether its tokens are accepted",
            name=name,
            office=office,
        )
    elif not taken:
        yield fail(
            "JSE-P03",
            "{name}: {office}, tokens refused{until}",
            command=connect,
            name=name,
            office=office,
            until=until,
        )
    elif left is not None and left < _SOON:
        yield note(
            "JSE-P04",
            "{name}: {office}, tokens accepted{until}",
            command=connect,
            name=name,
            office=office,
            until=until,
        )
    else:
        yield ok("{name}: {office}, tokens accepted{until}", name=name, office=office, until=until)


def _until(visit: Visit, tokens: Tokens) -> str:
    """Until when, and in how many days."""
    if tokens.expires_at is None:
        return (
            ", of the office alone: nobody tells until when"
            if tokens.user is None
            else ", until nobody tells when"
        )
    left = tokens.expires_at - visit.now()
    day = f"{tokens.expires_at.astimezone(visit.config.zone):%d %b}"
    if left < timedelta(0):
        return f", ended on {day}"
    return f", until {day} ({left.days} d)" if left.days else f", until {day} ({left.seconds // 3600} h)"


def _assumptions(visit: Visit, description: dict[str, object] | None, *, reached: bool) -> Iterator[Line]:
    """Count what is assumed, and name what is contradicted; an assumption is never told as a fact."""
    found = judge(visit.contract, description, visit.known)
    number, every = counts(found), len(list(visit.contract.listed()))
    if not reached:
        source = "not asked"
    elif description is None:
        source = "the host publishes no description"
    else:
        source = "held against the host's description"
    said = (
        f"{len(found)} of {every} operations are assumptions: {number[Verdict.CONFIRMED]} confirmed, "
        f"{number[Verdict.CONTRADICTED]} contradicted, {number[Verdict.UNKNOWN]} unknown ({source})"
    )
    all_known = not (number[Verdict.UNKNOWN] or number[Verdict.CONTRADICTED])
    yield ok("{said}", said=said) if all_known else note("JSE-P06", "{said}", said=said)
    for one in found:
        if one.verdict is Verdict.CONTRADICTED:
            yield fail(
                "JSE-P07",
                "{operation} ({method} {path}) is contradicted: {because}; set {setting}",
                operation=one.operation.name,
                method=one.operation.method,
                path=one.operation.path,
                because=one.because,
                setting=one.operation.setting,
            )
