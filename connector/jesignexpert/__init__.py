"""The platform side: Jesignexpert's editor API, as far as it is publicly known.

``contract`` says what is KNOWN and what is ASSUMED, in one place; ``client`` follows launches, progress and
downloads by it; ``login`` and ``tokens`` obtain and keep an account's tokens. Only this package talks httpx.
"""

from __future__ import annotations
