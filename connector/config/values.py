"""One text of the administrator's file → one value, or ValueError with the sentence that cures it.

Each function takes the text as it stands in the file and knows nothing of where it stands. No sentence repeats a
text that may hold a password.
"""

from __future__ import annotations

import re
from datetime import time, timedelta
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

_UNITS: Final = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "min": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
_DURATION: Final = re.compile(r"(\d{1,6}) ?(d|h|min|s|ms)", re.ASCII)
_LONGEST_TAG: Final = 64
_LONGEST: Final = timedelta(days=3660)
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,38}[A-Za-z0-9])?", re.ASCII)
_HOST_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,62}", re.ASCII)
_ADDRESS: Final = re.compile(r"[^\s@<>,;:\"()]+@[^\s@<>,;:\"()]+\.[^\s@<>,;:\"().]+")
_DOMAIN: Final = re.compile(r"[^\s@/.]+(?:\.[^\s@/.]+)+")
_CREDENTIAL: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}", re.ASCII)
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_HOURS: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


def duration(text: str) -> timedelta:
    """``15s``, ``2min``, ``500ms``, ``4h``, ``3d`` → a length of time, at most ten years."""
    found = _DURATION.fullmatch(text)
    if not found:
        number = text if re.fullmatch(r"[0-9]{1,6}", text) else "4"
        raise ValueError(
            f'"{text}": a duration needs its unit: {number}d, {number}h, {number}min, {number}s.'
        )
    length = int(found[1]) * _UNITS[found[2]]
    if length > _LONGEST:
        raise ValueError(f'"{text}": longer than ten years.')
    return length


def interval(text: str) -> timedelta:
    """A duration that is not nothing: something is done every so often."""
    length = duration(text)
    if not length:
        raise ValueError(f'"{text}": an interval must be longer than nothing.')
    return length


def lease(text: str) -> timedelta:
    """How long the others wait for a connector that gives no sign of life, before they take over its work."""
    length = duration(text)
    if not timedelta(seconds=10) <= length <= timedelta(minutes=10):
        raise ValueError(f'"{text}": from 10s to 10min; the default, 90s, suits nearly everybody.')
    return length


def whole_days(text: str) -> timedelta:
    """A number of days, at least one: what people write and read in days has no hours."""
    if re.fullmatch(r"[0-9]{1,6}", text):
        raise ValueError(f'"{text}": write whole days with their unit: {max(int(text), 1)}d.')
    length = duration(text)
    if not length or not text.endswith("d"):
        raise ValueError(f'"{text}": write whole days, at least one: {max(length.days, 1)}d.')
    return length


def days_at_least(text: str) -> timedelta:
    """How long something is kept that cannot be had again: a zero, which means never elsewhere, must not erase it."""
    length = duration(text)
    if length < timedelta(days=1):
        raise ValueError(f'"{text}": at least 1d; to keep everything, leave the line out.')
    return length


def whole_number(text: str) -> int:
    """Digits only: ``60``; a number below nothing is one, too, and is told the least that goes."""
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise ValueError(f'"{text}": write a whole number, without unit or separator.')
    return int(text)


def line(text: str) -> str:
    """One line that says something."""
    if not text.strip():
        raise ValueError("nothing is written here.")
    if "\n" in text.strip():
        raise ValueError("this must be one line.")
    return text.strip()


def tag_name(text: str) -> str:
    """A tag's name as Nextcloud keeps it, at most 64 bytes; ``false``: none, an empty text."""
    name = line(text)
    if name == "false":
        return ""
    if len(name.encode()) > _LONGEST_TAG:
        raise ValueError(f'"{name}": a tag has at most {_LONGEST_TAG} bytes (an accented letter is two).')
    return name


def yes_or_no(text: str) -> bool:
    """``true`` or ``false``."""
    if text not in {"true", "false"}:
        raise ValueError(f'"{text}": write true or false.')
    return text == "true"


def name(text: str) -> str:
    """A name the administrator chose for a server, an account or a folder; it appears in commands and logs."""
    if not _NAME.fullmatch(text):
        raise ValueError(f'"{text}": a name is up to 40 letters without accents, digits, "-", "_" and ".".')
    return text


def connector_id(text: str) -> str:
    """The identifier of this connector, as written into the folders it works in."""
    if not _HOST_ID.fullmatch(text):
        raise ValueError(f'"{text}": up to 63 letters without accents, digits, "-" and ".".')
    return text


def address(text: str) -> str:
    """One e-mail address without a name around it. Its form only is judged."""
    if len(text) > 254 or not _ADDRESS.fullmatch(text):
        raise ValueError(f'"{text}": not an e-mail address; write it bare: name@firm.example')
    return text


def domain(text: str) -> str:
    """The part of e-mail addresses after the @, lower case."""
    bare = text.removeprefix("@").lower()
    if not _DOMAIN.fullmatch(bare):
        raise ValueError(f'"{text}": not a domain; write what follows the @: example.com')
    return bare


def ascii_domain(written: str) -> str:
    """The one form of a domain, by which two spellings are compared: lower case, A-labels."""
    from connector.signatory_text import canonical_email

    return canonical_email(f"@{written.removeprefix('@')}").removeprefix("@")


def timezone(text: str) -> str:
    """A name of the IANA database, such as ``Europe/Paris``."""
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'"{text}": no such time zone{nearest(text, available_timezones())}') from None
    return text


def nearest(text: str, known: set[str]) -> str:
    """``; did you mean "x"?`` for the most similar known name, else a full stop."""
    found = get_close_matches(text, sorted(known), n=1, cutoff=0.6)
    return f'; did you mean "{found[0]}"?' if found else "."


_WEB: Final = "https://host.example/path/"
_PROXY: Final = "http://proxy.example:3128"
_RELAY: Final = "smtp://relay.example:25, smtps://… or smtp+starttls://…"


def _split(text: str, form: str = _WEB) -> SplitResult:
    if re.search(r"\s", text):
        raise ValueError("a URL holds no blank; write %20.")
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError(f"not a URL; write {form}") from None
    if not parts.hostname:
        raise ValueError(f"not a complete URL; write {form}")
    if "@" in parts.netloc:
        raise ValueError("a login stands in the URL; write user and password under their own keys.")
    if parts.query or parts.fragment:
        raise ValueError('a URL here has no "?" and no "#".')
    return parts


def base_url(text: str) -> str:
    """An http(s) URL below which a service lives; the answer ends with "/". No login, query or fragment."""
    parts = _split(text)
    if parts.scheme not in {"http", "https"}:
        raise ValueError(f'"{parts.scheme}": the URL begins with https:// (or http://).')
    return text if text.endswith("/") else text + "/"


def proxy_url(text: str) -> str:
    """The http(s) URL of a proxy without a login."""
    parts = _split(text, _PROXY)
    if parts.scheme not in {"http", "https"} or parts.path not in {"", "/"}:
        raise ValueError(f"write a proxy as {_PROXY}")
    return text.removesuffix("/")


def call_url(text: str) -> str:
    """An http(s) URL that is called as it is, its query included. No login in it."""
    bare, _, _query = text.partition("?")
    if _split(bare).scheme not in {"http", "https"}:
        raise ValueError("write a URL to call as https://host.example/path")
    if re.search(r"[\s#]", text):
        raise ValueError('a URL to call holds no blank and no "#".')
    return text


def relay_url(text: str) -> str:
    """``smtp://host:port``, ``smtps://…`` or ``smtp+starttls://…``."""
    parts = _split(text, _RELAY)
    if parts.scheme not in {"smtp", "smtps", "smtp+starttls"} or parts.path not in {"", "/"}:
        raise ValueError(f"write a relay as {_RELAY}")
    return text.removesuffix("/")


def loopback_address(text: str) -> str:
    """``HOST:PORT`` on this very machine: whoever reaches it is answered without a login, so nobody else may."""
    host, colon, port = text.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        there = "127.0.0.1" if bare == "localhost" else ip_address(bare)
    except ValueError:
        there = None
    if not colon or there is None or (":" in bare) != (host != bare):
        raise ValueError("write an address of this machine and a port: 127.0.0.1:9469, or [::1]:9469")
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65_535:
        raise ValueError(f'"{port}" is no port; write a number from 1 to 65535: 127.0.0.1:9469')
    if not ip_address(there).is_loopback:
        raise ValueError(
            f"{host} can be reached from other machines, and whoever asks there is answered without a login; write "
            f"127.0.0.1:{port}, and let a proxy of yours with a login pass it on"
        )
    return text


def remote_folder(text: str) -> str:
    """A folder below a server's URL, decoded, as people see it: ``/Cabinet/Lettres de mission/``; ends with "/"."""
    if not text.startswith("/"):
        raise ValueError(f'"{text}": the path begins with "/", counted from the server\'s url: "/{text}"')
    parts = text.removesuffix("/").split("/")[1:]
    if "" in parts or text == "//":
        raise ValueError(f'"{text}": two "/" follow each other.')
    if any(part in {".", ".."} for part in parts):
        raise ValueError(f'"{text}": "." and ".." do not belong in a path; write the folder itself.')
    return text if text.endswith("/") else text + "/"


def local_file(text: str) -> Path:
    """The absolute path of a file on this host. Whether it exists is another question."""
    path = Path(text)
    if not path.is_absolute():
        raise ValueError('not a whole path; write it from "/".')
    return path


def local_folder(text: str) -> Path:
    """The absolute path of a folder on this host. Whether it exists is another question: it may be mounted later."""
    path = local_file(text)
    if path == Path("/"):
        raise ValueError("the whole machine; write the folder that mirrors this one.")
    return path


def credential(text: str) -> str:
    """A name as in systemd's ``LoadCredential=NAME:…``."""
    if not _CREDENTIAL.fullmatch(text):
        raise ValueError('not the name of a credential: letters, digits, "-", "_", "." (never its value).')
    return text


def variable(text: str) -> str:
    """The name of an environment variable."""
    if not _VARIABLE.fullmatch(text):
        raise ValueError(
            'not the name of an environment variable: letters, digits and "_" (never its value).'
        )
    return text


def clock_time(text: str) -> time:
    """``08:00`` → local wall time."""
    found = _CLOCK.fullmatch(text)
    if not found:
        raise ValueError(f'"{text}": write a time in quotes: "08:00".')
    return time(int(found[1]), int(found[2]))


def hours(text: str) -> tuple[time, time]:
    """``20:00-08:00`` → from, to (local wall time)."""
    found = _HOURS.fullmatch(text)
    if not found:
        raise ValueError(f'"{text}": write two times in quotes: "20:00-08:00".')
    begin, end = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if begin == end:
        raise ValueError(f'"{text}": begins when it ends.')
    return begin, end
