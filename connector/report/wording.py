"""The shape of a problem's sentence."""

from __future__ import annotations

from typing import NamedTuple


class Wording(NamedTuple):
    """One problem in words. The short form stands in a first line, the full one says the cure as well.

    Neither begins with a capital of its own. ``[[ … ]]`` is left out when a value in it is empty,
    ``[[!name| … ]]`` when that value is not: a first line that names a file has no room for the cure as well.
    """

    short_fr: str
    short_en: str
    full_fr: str
    full_en: str
