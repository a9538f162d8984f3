"""The machine's block: ours and whole, edited, foreign, torn (protocol R4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.report.block import (
    Edited,
    Empty,
    Foreign,
    Whole,
    is_prefix_of,
    place_mac,
    read_status,
    seal_status,
)

KEY = b"0123456789abcdef0123456789abcdef"
OTHER = b"another key of another firm ----"
TEXT = "EN COURS – attend Marie Dupont\n\nIl n’y a rien à faire.\n\n--\nFin.\n"


def sealed(
    text: str = TEXT, *, transaction: str | None = "T-1", key: bytes = KEY, connector: str = "lyon-1"
) -> bytes:
    """A status of the example."""
    return seal_status(
        text,
        ref="7F3K2Q",
        transaction=transaction,
        connector=connector,
        place="/Lettres/é.sign.yaml",
        pdf_sha256="ab" * 32,
        seal_key=key,
    )


def test_what_we_wrote_is_whole() -> None:
    """Block and seal come back with every field, and no name or transaction in clear."""
    data = sealed()
    found = read_status(data, KEY)
    assert found == Whole(
        ref="7F3K2Q",
        transaction="T-1",
        connector="lyon-1",
        place_mac=place_mac("/Lettres/é.sign.yaml", KEY),
        pdf_sha256="ab" * 32,
    )
    block = data.decode("utf-8-sig").split("Fin.\r\n")[1]
    assert block.startswith("ref: 7F3K2Q  id: ")
    assert "id: T-1" in block
    assert "sign.yaml" not in block
    assert all(len(line) <= 78 for line in block.splitlines())


def test_the_form_is_that_of_the_page() -> None:
    """UTF-8 with a BOM, CRLF, a final line end; the fields in the page's order."""
    data = sealed()
    assert data.startswith(b"\xef\xbb\xbfEN COURS")
    assert data.endswith(b"\r\n")
    assert data.count(b"\r\n") == data.count(b"\n")
    names = ["ref: ", "id: ", "inst: ", "path: ", "sha256: ", "seal: "]
    places = [data.index(b"Fin.") + data[data.index(b"Fin.") :].index(name.encode()) for name in names]
    assert places == sorted(places)


def test_without_transaction_and_document_the_fields_stay() -> None:
    """A request that was never prepared has a block as well."""
    data = seal_status(
        TEXT, ref="R", transaction=None, connector="c", place="/a", pdf_sha256=None, seal_key=KEY
    )
    found = read_status(data, KEY)
    assert isinstance(found, Whole)
    assert found.transaction is None
    assert found.pdf_sha256 is None


@pytest.mark.parametrize("connector", ["lyon-1", "hôte 1", "a  ref: X", "x" * 70])
def test_any_connector_name_comes_back(connector: str) -> None:
    """Blanks and colons in a name cannot forge a field."""
    found = read_status(sealed(connector=connector), KEY)
    assert isinstance(found, Whole)
    assert found.connector == connector


@pytest.mark.parametrize(
    "saved",
    [
        sealed().replace(b"\r\n", b"\n"),
        sealed().removeprefix(b"\xef\xbb\xbf"),
        sealed() + b"\r\n",
        sealed().replace(b"\r\n", b"\n").removeprefix(b"\xef\xbb\xbf"),
    ],
)
def test_an_editor_that_only_changes_line_ends_edits_nothing(saved: bytes) -> None:
    """Opening and saving a status in another editor is no note of a person."""
    assert isinstance(read_status(saved, KEY), Whole)


@pytest.mark.parametrize(
    "saved",
    [
        sealed().replace(b"Marie", b"Maria"),
        sealed() + "appelé le 3/12".encode(),
        b"appel\xc3\xa9\r\n" + sealed(),
        sealed().replace(b"7F3K2Q", b"7F3K2R"),
    ],
)
def test_a_persons_note_is_seen(saved: bytes) -> None:
    """A word more or less anywhere breaks the seal: the note is kept aside, never overwritten."""
    found = read_status(saved, KEY)
    assert isinstance(found, Edited)
    assert found.connector == "lyon-1"


def test_another_seal_is_foreign_and_names_its_connector() -> None:
    """Another firm's or another connector's status is respected, and told."""
    assert read_status(sealed(key=OTHER), KEY) == Foreign(connector="lyon-1")


@pytest.mark.parametrize("data", [b"Bonjour", b"\xff\xfe\x00", b"seal: x", b"EN COURS \xe2\x80\x93 a"])
def test_a_file_without_block_is_foreign(data: bytes) -> None:
    """Whatever lies under the name without our block is not ours, unless it is a torn write."""
    assert read_status(data, KEY) == Foreign()


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\r\n", b"\0\0\0"])
def test_an_empty_file_is_empty(data: bytes) -> None:
    """The torn PUT of a plain server leaves nothing, or zeros."""
    assert read_status(data, KEY) == Empty()


@given(st.integers(0, len(sealed()) - 1))
def test_every_torn_write_is_recognised_as_ours(length: int) -> None:
    """A proper prefix of what was being written is torn, never whole and never a person's."""
    data = sealed()
    assert is_prefix_of(data[:length], data)
    if length < len(data) - 2:
        assert not isinstance(read_status(data[:length], KEY), Whole)


def test_a_whole_file_or_other_bytes_are_no_prefix() -> None:
    """Only a proper prefix counts."""
    data = sealed()
    assert not is_prefix_of(data, data)
    assert not is_prefix_of(b"EN PAUSE", data)


@given(st.binary(max_size=300))
def test_any_bytes_are_judged_without_an_exception(data: bytes) -> None:
    """The file's name is all that is known of it."""
    assert not isinstance(read_status(data, KEY), Whole)


def test_macs_of_places_keep_bytes_that_are_not_text() -> None:
    """An href with a lone surrogate has a MAC; two kinds of MAC never meet."""
    assert place_mac("/\udce9.yaml", KEY) != place_mac("/?.yaml", KEY)


def test_a_short_key_is_refused() -> None:
    """A seal that can be guessed is none."""
    with pytest.raises(ValueError, match="16 bytes"):
        sealed(key=b"short")
