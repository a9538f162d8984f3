"""What an answer, or its absence, means for an operation: one place, pure (protocol R9, R9b, R11).

The table of errors belongs to the contract (ASSUMED); the rules here do not.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from connector.errors import (
    AnsweredNo,
    Cause,
    InvalidResponse,
    NotConnected,
    NotFound,
    OutcomeUnknown,
    RemoteError,
    Unavailable,
)
from connector.jesignexpert.contract import Contract, Operation
from connector.jesignexpert.exchange import Answer, Failure, http_date

YES = frozenset({200, 201, 202, 204})
_TEXT_LENGTH = 500


class Effect(Enum):
    """What an unanswered call may have done."""

    NOTHING = "a read"
    FREE = "a write that nobody sees and that may be begun again"
    PAID = "send: people are mailed, credit is spent"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call as it is judged: who is asked, what, and what it may have done."""

    service: str
    operation: Operation
    effect: Effect

    def error(
        self,
        kind: type[RemoteError],
        detail: str,
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
    ) -> RemoteError:
        """Return ``kind`` with this call's names."""
        return kind(
            detail,
            service=self.service,
            operation=self.operation.name,
            status=status,
            retry_after_s=retry_after_s,
        )

    @property
    def assumption(self) -> str:
        """What to add to a refusal that may come from a wrong assumption; empty for KNOWN operations."""
        if not self.operation.assumed:
            return ""
        return (
            f"; {self.operation.name} ({self.operation.method} {self.operation.path}) is an ASSUMED operation:"
            f" if the platform does it otherwise, set {self.operation.setting}"
        )


def failed(call: Call, failure: Failure, detail: str) -> RemoteError:
    """Return the error of an exchange that brought no whole answer."""
    if failure is Failure.NEVER_LEFT:
        return call.error(NotConnected, detail)
    if call.effect is not Effect.NOTHING:
        return call.error(OutcomeUnknown, detail)
    if failure is Failure.UNREADABLE:
        return call.error(InvalidResponse, detail + call.assumption)
    return call.error(Unavailable, detail)


def said_yes(call: Call, answer: Answer) -> bool:
    """Return whether a write was accepted: 200, 201, 202 or 204 with an empty or a JSON body."""
    return answer.status in YES and (not answer.body.strip() or read_json(answer.body) is not None)


def refusal(
    call: Call, answer: Answer, contract: Contract, *, now: datetime, tokens_hold: Callable[[], bool | None]
) -> RemoteError:
    """Return the error of an answer that is not a yes. ``tokens_hold`` is asked once, on a 403 only."""
    status = answer.status
    wait = retry_after(answer, now)
    if (
        call.effect is Effect.NOTHING
        and (status == 429 or status >= 500)
        and not (status == 501 and call.assumption)
    ):
        return call.error(Unavailable, "busy or away", status=status, retry_after_s=wait)
    page = is_html(answer)
    # A page may come from any proxy on the way: it proves nothing about a send.
    if status >= 400 and not (page and call.effect is Effect.PAID):
        cause = find_cause(answer, contract)
        if status == 403 and cause in (None, Cause.TOKENS, Cause.NO_RIGHT):
            cause = _why_forbidden(tokens_hold(), cause)
        if cause is not None and (call.effect is not Effect.PAID or cause.answers_send):
            return AnsweredNo(
                cause,
                said(answer),
                service=call.service,
                operation=call.operation.name,
                status=status,
                retry_after_s=wait,
            )
    return _unmatched(call, answer, wait, page=page)


def _unmatched(call: Call, answer: Answer, wait: float | None, *, page: bool) -> RemoteError:
    status = answer.status
    if call.effect is Effect.PAID:
        return call.error(OutcomeUnknown, "no clear answer to send", status=status, retry_after_s=wait)
    if status in (404, 410) and _knows_it_not(call, answer):
        return call.error(NotFound, "not there" + call.assumption, status=status)
    if status in (405, 501) and call.operation.assumed:
        return call.error(InvalidResponse, "not offered in this form" + call.assumption, status=status)
    if 400 <= status < 500 and not page and status not in (404, 410):
        return AnsweredNo(
            Cause.UNKNOWN, said(answer), service=call.service, operation=call.operation.name, status=status
        )
    if call.effect is Effect.FREE:
        return call.error(OutcomeUnknown, "no clear answer", status=status, retry_after_s=wait)
    what = "a page for people" if page else "not the documented answer"
    return call.error(InvalidResponse, what + call.assumption, status=status)


def _knows_it_not(call: Call, answer: Answer) -> bool:
    """False for a read that was answered in no form of the platform's: empty, or JSON.

    Proxies say 404 in words of their own while nothing stands behind them ("default backend - 404"); what is read is
    over and done with once the platform does not know it. A write to an ASSUMED place may well meet such a page.
    """
    return call.effect is not Effect.NOTHING or not answer.body.strip() or read_json(answer.body) is not None


def _why_forbidden(tokens_hold: bool | None, matched: Cause | None) -> Cause:
    if tokens_hold is None:
        return matched or Cause.TOKENS
    return Cause.NO_RIGHT if tokens_hold else Cause.TOKENS


def find_cause(answer: Answer, contract: Contract) -> Cause | None:
    """Return the cause of the first row that matches status and body; None when none does, or says unknown."""
    page = is_html(answer)
    raw = "" if page else _words(answer.body)
    texts = (raw, without_accents(raw))
    for row in contract.errors:
        fits = answer.status == row.status if row.status is not None else 400 <= answer.status < 500
        if page and row.pattern:
            continue  # words of a page's decoration are nobody's answer
        if fits and any(re.search(row.pattern, text, re.IGNORECASE) for text in texts):
            return None if row.cause is Cause.UNKNOWN else row.cause
    return None


def _words(body: bytes) -> str:
    """Return what a body says: of JSON the texts only, since a member called "status" says nothing."""
    value = read_json(body)
    if isinstance(value, (dict, list)):
        return " ".join(_texts(value))[:20_000]
    return body[:20_000].decode("utf-8", "replace")


def _texts(value: object, depth: int = 0) -> list[str]:
    if isinstance(value, str):
        return [value]
    if depth > 5 or not isinstance(value, (dict, list)):
        return []
    inner = value.values() if isinstance(value, dict) else value
    return [text for item in inner for text in _texts(item, depth + 1)]


def without_accents(text: str) -> str:
    """Return ``text`` with its accents taken off."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def is_html(answer: Answer) -> bool:
    """Return whether the body is a page for people rather than an answer for a program."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in ("text/html", "application/xhtml+xml") or answer.body.lstrip()[:1] == b"<"


def read_json(body: bytes) -> object | None:
    """Return the JSON value of ``body``; None when it is none (and for ``null``)."""
    try:
        value: object = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return value


def said(answer: Answer) -> str:
    """Return what the platform said, as it said it: one line, at most 500 characters, never a page's markup."""
    if is_html(answer):
        return ""
    value = read_json(answer.body)
    if isinstance(value, dict):
        members = (value.get(name) for name in ("message", "details", "detail", "error", "description"))
        text = " – ".join(
            dict.fromkeys(part.strip() for part in members if isinstance(part, str) and part.strip())
        )
    else:
        text = ""
    text = text or answer.body[:4000].decode("utf-8", "replace")
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _TEXT_LENGTH else line[: _TEXT_LENGTH - 1] + "…"


def retry_after(answer: Answer, now: datetime) -> float | None:
    """Return ``Retry-After`` (seconds or HTTP date) in seconds, never negative; None when absent.

    A date counts by the platform's own ``Date``, by ``now`` where it tells none: a wrong clock on either side does not
    matter.
    """
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    date = http_date(text)
    return None if date is None else max(0.0, (date - (answer.date or now)).total_seconds())
