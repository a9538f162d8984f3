"""Values as they stand in HTTP headers and DAV properties: ETags, dates, waiting times."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from connector.ports import ETag

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
_FIRST_YEAR, _LAST_YEAR = 1601, 2999
"""Windows' zero, and further than any clock goes: what is counted on from such a date is still a date."""
_MOST_DIGITS = 18
"""More bytes than any disk has, and still a number that every database can keep."""
_LONGEST_ETAG = 2_000
"""Characters; servers take eight thousand bytes of headers altogether."""
_UNSENDABLE = re.compile(r"[^\t\x20-\x7e\x80-\xff]")
_MADE = "~"
# Apache's mod_deflate and its kin add these to the tag of what they compress; the tag in a listing lacks them.
_ENCODING_SUFFIX = re.compile(r"-(?:gzip|br|deflate|zstd)$")

_ENCODINGS = ("gzip", "br", "deflate", "zstd")


def read_etag(raw: str | None) -> tuple[ETag | None, bool]:
    """Return the tag without quotes, ``W/`` and compression suffix, and whether it was weak.

    ``(None, False)`` for an absent or empty one, and for one that no header can carry: a condition made of it would
    never leave. Sources: RFC 9110 section 8.8.3; scenario of the unquoted tags of Nextcloud's versions (WebDAV facts
    section 2).
    """
    text = (raw or "").strip()
    weak = text.startswith("W/")
    if weak:
        text = text[2:].strip()
    text = text.strip('"')
    if text.endswith(_ENCODINGS):
        text = _ENCODING_SUFFIX.sub("", text)
    if not text or len(text) > _LONGEST_ETAG or _UNSENDABLE.search(text):
        return None, False
    return ETag(text), weak


def made_etag(modified: float | None, size: int | None) -> ETag | None:
    """Make a tag of time, in seconds since the epoch, and size, for a file of which a server tells none.

    Not to be sent: see :func:`is_made`.
    """
    if modified is None or size is None:
        return None
    return ETag(f"{_MADE}{int(modified):x}-{size:x}")


def is_made(etag: ETag) -> bool:
    """Tell whether a tag was made here: its server would not know it again in a condition."""
    return etag.startswith(_MADE)


def strong_etag(headers: Mapping[str, str]) -> ETag | None:
    """Return the tag of an answer, None if it carries none or a weak one (useless in If-Match)."""
    for name in ("ETag", "OC-ETag"):
        etag, weak = read_etag(headers.get(name))
        if etag is not None:
            return None if weak else etag
    return None


def etag_of_download(headers: Mapping[str, str], modified: datetime | None, size: int | None) -> ETag | None:
    """Return the tag of a download as a listing has it, None where that is a weak one.

    nginx sends time and size, ``6926b3c1-1f``, with a file and nothing in its listings: that is a tag made here, so
    that both are the same.
    """
    etag = strong_etag(headers)
    if etag is None and "ETag" in headers:
        return None
    made = made_etag(None if modified is None else modified.timestamp(), size)
    return made if etag is None or (made is not None and made == f"{_MADE}{etag}") else etag


def quoted(etag: ETag) -> str:
    """Return the tag as it must be sent: Nextcloud answers an unquoted one with 412 (WebDAV facts section 5)."""
    return f'"{etag}"'


def read_size(raw: str | None) -> int | None:
    """Return a number of bytes; None if absent, negative, unreadable, or more than any disk has."""
    text = (raw or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def read_date(raw: str | None) -> datetime | None:
    """Return an HTTP date as aware UTC, None if absent or unreadable, or of a year that no clock shows.

    Source: RFC 9110 section 5.6.7.
    """
    try:
        found = _date(raw)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found is not None and _FIRST_YEAR <= found.year <= _LAST_YEAR else None


def _date(raw: str | None) -> datetime | None:
    if not raw:
        return None
    # The usual form, "Sun, 06 Nov 1994 08:49:37 GMT", by hand: a listing holds one per entry.
    parts = raw.replace(":", " ").split()
    if len(parts) == 8 and parts[7] == "GMT" and parts[2] in _MONTHS:
        day, year, hour, minute, second = map(int, (parts[1], *parts[3:7]))
        return datetime(year, _MONTHS[parts[2]], day, hour, minute, second, tzinfo=UTC)
    date = parsedate_to_datetime(raw)
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)


def read_stamp(raw: str | None) -> float | None:
    """Return an HTTP date in seconds since the epoch, else as :func:`read_date`: the quick way for long listings."""
    # Files of one day share all but their last 12 characters.
    if raw and len(raw) == 29 and raw[16] == " " and raw[19] == raw[22] == ":" and raw.endswith(" GMT"):
        clock = raw[17:19] + raw[20:22] + raw[23:25]
        midnight = _midnight(raw[:16])
        if midnight is not None and clock.isascii() and clock.isdigit() and clock < "24":
            minute, second = int(clock[2:4]), int(clock[4:])
            if minute < 60 and second < 60:
                return midnight + 3600 * int(clock[:2]) + 60 * minute + second
    date = read_date(raw)
    return None if date is None else date.timestamp()


@lru_cache(maxsize=64)
def _midnight(day: str) -> float | None:
    date = read_date(f"{day} 00:00:00 GMT")
    return None if date is None else date.timestamp()


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds a server asks to wait, never below 0; None if it does not say.

    A date is measured against the server's own ``Date``, so that a wrong clock on either side does not
    matter. Source: RFC 9110 section 10.2.3.
    """
    raw = headers.get("Retry-After", "").strip()
    if raw.isascii() and raw.isdigit():
        return float(raw[:9])
    until = read_date(raw)
    if until is None:
        return None
    now = read_date(headers.get("Date")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())
