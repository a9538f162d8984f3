"""The answer to ``status``, read strictly (API page section 3: all of it ASSUMED). Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeVar

from connector.jesignexpert.answers import without_accents
from connector.jesignexpert.contract import Contract
from connector.ports import Progress, SignatoryProgress, SignatoryStatus, TransactionId, TransactionStatus

T = TypeVar("T")
_LONGEST, _LONGEST_NUMBER = 200, 40
"""Characters of an identifier, digits of one that is a number."""
_MOST_PEOPLE = 1_000
_TEXT_LENGTH = 2_000
"""Characters of any text that is kept of an answer."""


class WrongForm(ValueError):
    """A member is missing or of another type than documented; the text names it and shows no value."""


def read_status(value: object, transaction: TransactionId, contract: Contract) -> TransactionStatus:
    """Return the status of ``transaction``. Raises WrongForm. Unknown members are ignored, unknown words kept."""
    names = contract.fields.status
    if not isinstance(value, dict):
        raise WrongForm("the answer is not a JSON object")
    if names.id is not None and identity(value.get(names.id)) != transaction:
        raise WrongForm("the answer is about another transaction")
    word = _text(value, names.status, "")
    if not word.strip():
        raise WrongForm(f"{names.status!r} is missing")
    people = _signatories(value, contract)
    progress = lookup(word, contract.words.transaction, Progress.UNKNOWN)
    if progress is Progress.CANCELLED and any(p.progress is SignatoryProgress.REFUSED for p in people):
        # Universign's own word for a refusal (API page section 3).
        progress = Progress.REFUSED
    return TransactionStatus(
        transaction=transaction,
        progress=progress,
        word=word,
        created_at=_date(value, names.created_at),
        expires_at=_date(value, names.expires_at),
        signatories=people,
    )


def identity(value: object) -> str | None:
    """Return an identifier given as text or whole number as text; None for anything else."""
    if isinstance(value, str):
        told = value.strip()
        # It becomes a step of a URL, a line of a status, a value in the journal.
        return told if told and len(told) <= _LONGEST and told.isprintable() else None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**_LONGEST_NUMBER:
        return str(value)
    return None


def _signatories(value: Mapping[str, object], contract: Contract) -> tuple[SignatoryStatus, ...]:
    name = contract.fields.status.signatories
    found = value.get(name) if name else None
    if found is None:
        return ()
    if not isinstance(found, list):
        raise WrongForm(f"{name!r} is not an array")
    if len(found) > _MOST_PEOPLE:
        raise WrongForm(f"{name!r} holds too many")
    return tuple(_signatory(item, rank, contract) for rank, item in enumerate(found, 1))


def _signatory(item: object, rank: int, contract: Contract) -> SignatoryStatus:
    names = contract.fields.status
    if not isinstance(item, dict):
        raise WrongForm("a signatory is not a JSON object")
    order = item.get(names.signatory_order) if names.signatory_order else None
    if order is None:
        order = rank
    if not isinstance(order, int) or isinstance(order, bool) or not 0 < order <= _MOST_PEOPLE:
        raise WrongForm(f"{names.signatory_order!r} of a signatory is not a rank")
    word = _text(item, names.signatory_status, "")
    return SignatoryStatus(
        order=order,
        email=_text(item, names.signatory_email, ""),
        name=_text(item, names.signatory_name, ""),
        progress=lookup(word, contract.words.signatory, SignatoryProgress.UNKNOWN),
        word=word,
        at=_date(item, names.signatory_date),
        reason=_text(item, names.signatory_reason, "") or None,
    )


def fold(word: str) -> str:
    """Return ``word`` as it is looked up: no case, no accents, blanks, ``-`` and ``_`` as one space."""
    return re.sub(r"[\s_-]+", " ", without_accents(word).casefold()).strip()


def lookup(word: str, table: Mapping[str, T], otherwise: T) -> T:
    """Return what ``table`` says of ``word``; later rows win, since the administrator's stand last."""
    wanted = fold(word)
    return next((ours for theirs, ours in reversed(list(table.items())) if fold(theirs) == wanted), otherwise)


def _text(item: Mapping[str, object], name: str | None, otherwise: str) -> str:
    value = item.get(name) if name else None
    if value is None:
        return otherwise
    if not isinstance(value, str):
        raise WrongForm(f"{name!r} is not a text")
    # People write reasons in several lines; nothing else that is not seen goes on from here.
    return "".join(c if c.isprintable() or c == "\n" else " " for c in value[:_TEXT_LENGTH])


def _date(item: Mapping[str, object], name: str | None) -> datetime | None:
    value = item.get(name) if name else None
    if value is None or value == "":
        return None
    found = read_date(value)
    if found is None:
        raise WrongForm(f"{name!r} is not a date")
    return found


def read_date(value: object) -> datetime | None:
    """Return ISO 8601 (without zone: taken as UTC) or epoch milliseconds as aware UTC; None for anything else.

    The platform's one KNOWN time, ``ts``, is UTC in milliseconds (API page section 1); its dates are ASSUMED alike. A
    day alone is its first moment: as a deadline a day too careful, never one too late.
    Years outside 2000-2200 are refused: seconds read as milliseconds would make every deadline long past.
    """
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value.strip())
            found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        elif isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
            found = datetime.fromtimestamp(value / 1000, tz=UTC)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    return found if 2000 <= found.year <= 2200 else None
