"""Whose certificates are believed, and why a server's was not, in words that say what to do: for all who speak TLS.

The texts of the libraries quote hosts and files; OpenSSL's own codes are enough (``X509_V_ERR_…``,
openssl-verification-options(1)).
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

_HASHED: Final = re.compile(r"[0-9a-f]{8}\.[0-9]+")
"""How OpenSSL finds an authority in a directory (openssl-rehash(1))."""
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
    what its system's updates bring. Variables of the environment have no say. Source: ssl.get_default_verify_paths().
    """
    told = ssl.get_default_verify_paths()
    file, directory = Path(told.openssl_cafile), Path(told.openssl_capath)
    try:
        if file.is_file() and file.stat().st_size:
            return file
        return directory if any(_HASHED.fullmatch(one.name) for one in directory.iterdir()) else None
    except OSError:
        return None


def believing(place: Path) -> ssl.SSLContext:
    """Return what believes the authorities in a file, or in a directory as OpenSSL reads one. Raises OSError."""
    if place.is_dir():
        return ssl.create_default_context(capath=str(place))
    return ssl.create_default_context(cafile=str(place))


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
