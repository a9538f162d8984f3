"""The platform side: Jesignexpert's editor API, as far as it is publicly known.

``contract`` says what is KNOWN and what is ASSUMED, in one place; ``client`` follows launches, progress and
downloads by it; ``login`` and ``tokens`` obtain and keep an account's tokens. Only this package talks httpx.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _without(*libraries: str) -> Iterator[None]:
    """Let libraries pass for not installed meanwhile, those that nobody has loaded yet.

    A name that stands for None in ``sys.modules`` cannot be imported (Python's language reference, 5.3.1).
    """
    hidden = [name for name in libraries if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None is allowed there
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


# httpx brings a command line of its own wherever it finds click (and loads rich and pygments for it), httpcore another
# event loop wherever it finds trio; without them both leave it at that. Whoever installs those for something else, as
# the sandbox and the tests do, would have 9 MB more in every service.
with _without("click", "trio"):
    import httpcore  # noqa: F401
    import httpx  # noqa: F401
