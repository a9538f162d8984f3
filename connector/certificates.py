"""Whose certificates are believed, and why a server's was not, in words that say what to do: for all who speak TLS.

The texts of the libraries quote hosts and files; OpenSSL's own codes are enough (``X509_V_ERR_…``,
openssl-verification-options(1)).
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final

_HASHED: Final = re.compile(r"[0-9a-f]{8}\.[0-9]+")
"""How OpenSSL finds an authority in a directory (openssl-rehash(1))."""
_BEGIN: Final = b"-----BEGIN "
_UNKNOWN: Final = "its certificate is by an authority that is not known here: name that with ca_file"
_WORDS: Final[Mapping[int, str]] = {
    7: _UNKNOWN,
    9: "its certificate does not hold yet: compare the clocks of both hosts",
    10: "its certificate has expired: its administrator must renew it",
    18: _UNKNOWN,
    19: _UNKNOWN,
    20: _UNKNOWN,
    21: _UNKNOWN,
    30: _UNKNOWN,
    23: "its certificate was revoked",
    62: "its certificate is for another name: write the url as the certificate says",
    64: "its certificate is for another address: write the url with the name that the certificate bears",
}


def of_this_host() -> Path | None:
    """Return where this host keeps the authorities that it believes, a file or a directory; None where it keeps none.

    A library's own bundle is of the day on which it was installed: what a firm has added to its hosts is not in it, nor
    what its system's updates bring. Variables of the environment have no say. Of a file that lies among what it was
    made of, no fewer than it holds (update-ca-certificates), the directory comes first: only what is asked for is read
    there, and a file is read whole, in a twentieth of a second and some megabytes. Source:
    ssl.get_default_verify_paths().
    """
    told = ssl.get_default_verify_paths()
    file, directory = Path(told.openssl_cafile), Path(told.openssl_capath)
    return _chosen(file, directory, seen(file), seen(directory))


def seen(place: Path | None) -> tuple[int, ...] | None:
    """Return what tells a file or a directory from the one that stood there before; None where there is none."""
    if place is None:
        return None
    try:
        found = place.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


@lru_cache(maxsize=2)
def _chosen(
    file: Path, directory: Path, _file_seen: tuple[int, ...] | None, _directory_seen: tuple[int, ...] | None
) -> Path | None:
    # For as long as neither has changed: each part that connects asks, and a host has some hundred and fifty.
    hashed, bundle = _hashed(directory), _content(file)
    if bundle and not (file.resolve().parent == directory.resolve() and hashed >= bundle.count(_BEGIN)):
        return file
    return directory if hashed else None


def _hashed(directory: Path) -> int:
    """Return how many authorities a directory holds as OpenSSL finds them, however many names each has."""
    try:
        found = [one for one in directory.iterdir() if _HASHED.fullmatch(one.name)]
    except OSError:
        return 0
    kept = set()
    for one in found:
        with suppress(OSError):  # a link that leads nowhere
            told = one.stat()
            kept.add((told.st_dev, told.st_ino))
    return len(kept)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def believing(place: Path | None) -> ssl.SSLContext:
    """Return what believes the authorities in a file, or in a directory as OpenSSL reads one. Raises OSError.

    None: those that Python finds by itself.
    """
    if place is None:
        return judging_alike(ssl.create_default_context())
    if place.is_dir():
        return judging_alike(ssl.create_default_context(capath=str(place)))
    return judging_alike(ssl.create_default_context(cafile=str(place)))


def judging_alike(context: ssl.SSLContext) -> ssl.SSLContext:
    """Let it judge certificates as on every other Python, and return it.

    Since 3.13 Python asks for their form as well (RFC 5280 section 4.2: key identifiers and such), which the private
    authority of many a firm lacks and no browser minds: its server would be lost on the day on which the host's system
    is renewed. Since then, too, one that is named is believed though another one stands above it
    (``VERIFY_X509_PARTIAL_CHAIN``): who names an authority means that one.
    """
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def distrust(error: BaseException) -> str | None:
    """Return why a certificate was not believed, where that is what an error comes from; None for any other cause."""
    for cause in causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _WORDS.get(cause.verify_code, f"its certificate cannot be believed ({cause.verify_code})")
    return None


def causes(error: BaseException) -> Iterator[BaseException]:
    """Return an error and all that it was made of: causes, contexts, arguments, ``reason``."""
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        reason = getattr(one, "reason", None)
        nested = [*one.args, reason, one.__cause__, one.__context__]
        waiting.extend(each for each in nested if isinstance(each, BaseException))
