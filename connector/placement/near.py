"""Which of the places of a text is meant by ``près de``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from connector.errors import Problem
from connector.pdf.model import Found
from connector.pdf.text import MOST_HITS
from connector.placement.sheets import Wish

Places = Mapping[str, Sequence[Found]]
"""Text → its places on one document, in reading order."""
_MOST_TOLD: Final = 5


def search(wishes: Sequence[Wish]) -> Places | None:
    """Look for every text that one document's written places name, each once; None where the PDF bears no text.

    Where nobody counts and no page is named, the last place is enough: the search begins at the last page.
    """
    places = [wish.written for wish in wishes if wish.written is not None and wish.written.near is not None]
    texts = list(dict.fromkeys(place.near for place in places if place.near is not None))
    counted = {place.near for place in places if place.occurrence is not None or place.page is not None}
    return wishes[0].sheet.find(texts, [text for text in texts if text not in counted]) if texts else {}


def choose(wish: Wish, found: Places | None) -> Found | Problem:
    """Return the place of the text that is written near: the last one, unless its ``occurrence`` is counted.

    Letters speak of "the client" all over and are signed at their end. Only places count that are nearest to what
    was typed: as typed, then but for capitals, then but for accents; whole words first. Of these, where nobody
    counts, one that stands alone on its line, as a label does, comes before a mention in a sentence: general
    conditions often follow the signatures.
    """
    written = wish.written
    assert written is not None
    near = written.near or ""
    if found is None:
        return wish.problem("text_in_scan", written=near)
    places = found[near]
    if len(places) > MOST_HITS:
        return wish.problem("text_too_often", written=near, limit=MOST_HITS)
    page = wish.number if written.page is not None else None
    elsewhere = sorted({place.page for place in places} - {page})
    places = [place for place in places if page in (None, place.page)]
    if not places and elsewhere:
        told = ", ".join(map(str, elsewhere[:_MOST_TOLD]))
        return wish.problem("text_on_other_page", written=near, page=page, elsewhere=told)
    if not places:
        return wish.problem("text_not_found", written=near, page=page or "")
    nearest = min(place.likeness for place in places)
    places = [place for place in places if place.likeness == nearest]
    if written.occurrence is None:
        return ([place for place in places if place.alone] or places)[-1]
    if written.occurrence > len(places):
        values = {"occurrence": written.occurrence, "count": len(places)}
        return wish.problem("text_too_few", written=near, page=page or "", **values)
    return places[written.occurrence - 1]
