"""Whose a document is that came back: what the journal can tell of it, and what is no proof."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from connector.journal import Journal
from connector.lifecycle import DocumentFacts, Record, SignatoryFacts, State
from connector.pdf.model import Signature, Verdict
from connector.steps.anothers import foreign_signatories, is_anothers
from connector.steps.parts import Parts

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MARIE, PAUL = ("Marie Dupont", "marie@client.fr"), ("Paul Martin", "paul@client.fr")
SEAL = ("Jesignexpert", "")
OURS, THEIRS, UNKNOWN = "1:ours", "1:theirs", "1:nobody's"


@dataclass
class Kept:
    journal: Journal


@pytest.fixture
def kept(database_url: str) -> Iterator[Kept]:
    """A journal with one request of ours and one of another client, delivered."""
    journal = Journal(database_url, now=lambda: NOW)
    yield Kept(journal)
    journal.close()


def request(kept: Kept, number: int, person: tuple[str, str], pages: str, **more: Any) -> Record:
    account = more.pop("account", "cabinet")
    return kept.journal.add(
        folder="lettres",
        server="dms",
        account=account,
        state=State.SEALING,
        place=f"/Lettres/{number}.sign.yaml",
        transaction=f"T-{number}",
        document=DocumentFacts(href=f"/Lettres/{number}.pdf", pages_digest=pages, **more),
        signatories=(SignatoryFacts(order=1, email=person[1], name=person[0]),),
    )


def came(person: tuple[str, str], pages: str, contents: str = "c" * 64) -> Verdict:
    """What came back, intact, signed by that person."""
    signature = Signature(
        field="f",
        name=person[0],
        email=person[1] or None,
        certificate_sha256="e" * 64,
        contents_sha256=contents,
        intact=True,
    )
    return Verdict(intact=True, signatures=(signature,), pages=1, pages_digest=pages, size=1)


KNOWN = "d" * 64
"""A signature of the other client's document."""


@pytest.mark.parametrize(
    ("verdict", "anothers", "differs"),
    [
        (came(MARIE, OURS), False, False),
        (came(SEAL, OURS), False, False),
        (came(SEAL, UNKNOWN), False, False),
        (came(PAUL, OURS), False, True),
        (came(PAUL, UNKNOWN), False, True),
        (came(PAUL, THEIRS), True, True),
        (came(SEAL, THEIRS), True, False),
        (came(SEAL, UNKNOWN, KNOWN), True, False),
        (came(PAUL, OURS, KNOWN), True, True),
        # The very pages, signed by whoever was asked: as good as this one's, whatever it was made for.
        (came(MARIE, OURS, KNOWN), False, False),
        # On the site somebody else was put in her place, of whom nothing is known here.
        (came(("Jean Neuf", "jean@client.fr"), OURS), False, False),
    ],
)
def test_whose_it_is(kept: Kept, verdict: Verdict, anothers: bool, differs: bool) -> None:
    """By the pages, the signatures and the people of the other requests of the account."""
    mine = request(kept, 1, MARIE, OURS)
    request(kept, 2, PAUL, THEIRS, contents=(KNOWN,))
    parts = cast("Parts", kept)
    assert is_anothers(parts, mine, mine.document, verdict) is anothers
    assert bool(foreign_signatories(parts, mine, verdict)) is differs


def test_what_is_not_known_proves_nothing(kept: Kept) -> None:
    """Adopted without its people or its pages, or another account's: nothing can be told."""
    adopted = request(kept, 1, ("", ""), "")
    request(kept, 2, PAUL, THEIRS)
    request(kept, 3, MARIE, UNKNOWN, account="voisin")
    parts = cast("Parts", kept)
    assert not is_anothers(parts, adopted, adopted.document, came(PAUL, THEIRS))
    assert not foreign_signatories(parts, adopted, came(PAUL, THEIRS))
    assert not is_anothers(parts, adopted, adopted.document, came(MARIE, UNKNOWN))
