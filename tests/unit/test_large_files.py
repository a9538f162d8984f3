"""A large PDF on its way through the connector is never in memory as a whole: streamed from disk and to disk.

Both servers are processes of their own, so that what is traced here is the connector alone.
"""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from benchmarks.burst_place import PERSON, BurstPlace, burst_place
from connector.cli import wiring
from connector.config import load_config
from connector.ports import Box, Href, TransactionDraft, TransactionSignatory
from connector.spool import begins_with, contains
from connector.steps.parts import Parts
from tests import documents

SIZE: Final = 9_000_000
"""Just below what the platform takes."""
MOST: Final = 2_000_000
"""Traced bytes at the peak of one transfer: blocks of 64 kB, and what the libraries keep (half of this)."""
FILE = Href("/Lettres/gros.pdf")


def large_pdf() -> bytes:
    """A real letter with a long comment behind it."""
    letter = documents.letter(1)
    start = letter.rindex(b"startxref")
    noise = hashlib.shake_256(b"noise").hexdigest((SIZE - len(letter)) // 2).encode()
    return letter[:start] + b"%" + noise + b"\n" + letter[start:]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BurstPlace]:
    with burst_place(tmp_path_factory.mktemp("large") / "place", "nextcloud", pairs=1) as found:
        yield found


@pytest.fixture(scope="module")
def parts(place: BurstPlace) -> Iterator[Parts]:
    state = wiring.State(directory=place.state)
    state.make()
    with wiring.wired(load_config(place.config), state) as found:
        yield found


def peak(work: Callable[[], object]) -> int:
    """Bytes that were allocated at once at most, beyond those before."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        work()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def test_no_transfer_holds_a_whole_document(place: BurstPlace, parts: Parts, tmp_path: Path) -> None:
    """To and from the DMS, to and from the platform, and compared on disk."""
    source, content = tmp_path / "gros.pdf", large_pdf()
    source.write_bytes(content)
    size, sha256 = len(content), hashlib.sha256(content).hexdigest()
    del content
    folder, service = parts.folders["dms"], parts.services["cabinet"]
    folder.capabilities()
    draft = TransactionDraft(subject="Gros", message="", sender="Cabinet", sequential=False)
    transaction = service.create(draft)
    box = Box(signatory=1, page=1, x=100, y=600, page_width=595, page_height=842)
    marie = TransactionSignatory(
        email=PERSON,
        name="Marie Dupont",
        first_name="Marie",
        last_name="Dupont",
        phone="+33612345678",
        level=1,
    )

    def put_back() -> None:
        etag = folder.stat(FILE).etag
        assert etag is not None
        folder.replace_as_version(FILE, source, etag=etag, upload="jse-gros")

    def fetch(name: str) -> Path:
        path, fetched = parts.spool.put("GROS", name, lambda into: folder.get(FILE, into, max_bytes=size))
        assert (fetched.size, fetched.sha256) == (size, sha256)
        return path

    def fetch_signed() -> Path:
        path, fetched = parts.spool.put(
            "GROS", "signed.pdf", lambda into: service.download(transaction, 1, into, max_bytes=4 * size)
        )
        assert fetched.size > size
        return path

    def send() -> None:
        service.upload(transaction, 1, "gros.pdf", source, [box])

    peaks = {
        "created": peak(lambda: folder.create(FILE, source)),
        "fetched": peak(lambda: fetch("document.pdf")),
        "replaced": peak(put_back),
        "uploaded": peak(send),
    }
    service.add_signatory(transaction, marie)
    service.send(transaction)
    place.sign_all()
    peaks["downloaded"] = peak(fetch_signed)
    signed, unsigned = fetch_signed(), fetch("present.pdf")
    peaks["compared"] = peak(lambda: begins_with(signed, unsigned))
    assert begins_with(source, unsigned)
    assert begins_with(signed, unsigned), "each signature only adds"
    peaks["looked through"] = peak(lambda: contains(signed, b"nowhere in it"))
    assert contains(signed, b"/ByteRange")
    peaks["hashed"] = peak(lambda: parts.spool.has("GROS", "present.pdf", sha256))
    assert {name: most for name, most in peaks.items() if most > MOST} == {}


def test_whatever_was_torn_is_told_from_what_was_not(tmp_path: Path) -> None:
    """A beginning, the whole, another one, a longer one, nothing at all."""
    whole, part = tmp_path / "whole", tmp_path / "part"
    content = bytes(range(256)) * 1000
    whole.write_bytes(content)
    for data, expected in [
        (content[:100_000], True),
        (content, True),
        (b"", True),
        (content + b"x", False),
        (content[:70_000] + b"x", False),
        (b"x" + content[1:], False),
    ]:
        part.write_bytes(data)
        assert begins_with(whole, part) is expected
    assert contains(whole, bytes((255, 0, 1)))
    assert not contains(whole, b"\x01\x00")
    part.write_bytes(b"")
    assert not contains(part, b"x")
