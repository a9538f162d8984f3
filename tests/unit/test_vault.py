"""What connectors of one journal have in common: encrypted under the seal, bound to its name, read on every host."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from connector.errors import AccessDenied
from connector.jesignexpert.token_vault import TokenVault
from connector.jesignexpert.tokens import Tokens
from connector.journal import Journal, schema
from connector.journal.vault import OtherSeal, Vault
from tests import postgres

SEAL, OTHER = b"a seal that all of them have", b"the seal of somebody else"
TOKENS = Tokens(
    office="0ff1ce-t0ken",
    office_name="Cabinet Exemple",
    user="us3r-t0ken",
    email="marie.dupont@cabinet.fr",
    rights=("send",),
    expires_at=datetime(2027, 1, 1, tzinfo=UTC),
)
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
LINK: dict[str, object] = {"id_request": "7", "hmac": "h-m-a-c"}


@pytest.fixture
def journal(postgres_url: str) -> Iterator[Journal]:
    with closing(Journal(postgres_url, now=lambda: NOW)) as opened:
        yield opened


def test_tokens_are_kept_for_all(journal: Journal) -> None:
    """What ``connect`` keeps on one host, another has, and knows that it is new; forgotten, it is gone everywhere."""
    here, there = TokenVault(Vault(journal, SEAL)), TokenVault(Vault(journal, SEAL))
    assert (there.load("lyon"), there.there("lyon"), there.links("lyon")) == (None, False, [])
    here.save("lyon", TOKENS)
    here.keep_links("lyon", [LINK])
    assert (there.load("lyon"), there.links("lyon")) == (TOKENS, [LINK])
    assert there.load("paris") is None
    assert there.renewed("lyon", NOW - timedelta(seconds=1))
    assert not there.renewed("lyon", NOW)
    assert not there.renewed("paris", NOW - timedelta(days=1))
    here.keep_links("lyon", [])
    here.forget("lyon")
    here.forget("lyon")
    assert (there.load("lyon"), there.links("lyon")) == (None, [])


def test_a_dump_gives_nothing_away(journal: Journal, postgres_url: str) -> None:
    """Neither tokens nor people stand in the database's own dump, nor in what is logged on the way."""
    said: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = said.append  # type: ignore[method-assign]
    root = logging.getLogger()
    root.addHandler(handler)
    before = root.level
    root.setLevel(logging.DEBUG)
    try:
        TokenVault(Vault(journal, SEAL)).save("lyon", TOKENS)
    finally:
        root.setLevel(before)
        root.removeHandler(handler)
    url = sa.engine.make_url(postgres_url)
    dump = subprocess.run(
        [
            *(str(postgres.required() / "pg_dump"), "--table=secret", "--inserts"),
            *("-h", str(url.query["host"]), "-p", str(url.query["port"]), "-U", str(url.username)),
            str(url.database),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "INSERT INTO public.secret" in dump
    raw = bytes(journal.kept_secret("tokens:lyon")[0])  # type: ignore[index]
    for secret in ("0ff1ce", "us3r", "marie.dupont", "Exemple"):
        assert secret.encode().hex() not in dump
        assert secret not in dump
        assert secret.encode() not in raw
        assert not any(secret in record.getMessage() for record in said)
    assert "0ff1ce" not in repr(Vault(journal, SEAL))
    assert SEAL.decode() not in repr(Vault(journal, SEAL))


def test_the_same_twice_is_two_texts(journal: Journal) -> None:
    """A nonce of its own each time: nobody sees that nothing has changed."""
    vault = Vault(journal, SEAL)
    vault.put("a", b"same")
    first = journal.kept_secret("a")
    vault.put("a", b"same")
    assert journal.kept_secret("a") != first
    assert vault.get("a") == b"same"


def test_another_seal_is_told_in_clear(journal: Journal) -> None:
    """At a start, and wherever tokens are asked for: what, and what to do; never the key."""
    Vault(journal, SEAL).check()
    Vault(journal, SEAL).check()
    TokenVault(Vault(journal, SEAL)).save("lyon", TOKENS)
    with pytest.raises(OtherSeal, match=r"cannot be read with this seal.*the same one"):
        Vault(journal, OTHER).check()
    with pytest.raises(AccessDenied, match="cannot be read with this seal") as told:
        TokenVault(Vault(journal, OTHER)).load("lyon")
    assert OTHER.decode() not in str(told.value)


@pytest.mark.parametrize("spoil", ["name", "form", "bit", "short"])
def test_what_was_changed_in_the_database_is_not_read(journal: Journal, spoil: str) -> None:
    """One account's row put in another's place, a bit turned, a piece cut off: not read as anything."""
    vault = Vault(journal, SEAL)
    vault.put("tokens:lyon", b"of lyon")
    vault.put("tokens:paris", b"of paris")
    content = bytearray(journal.kept_secret("tokens:paris")[0])  # type: ignore[index]
    if spoil == "form":
        content[0] ^= 2
    elif spoil == "bit":
        content[-1] ^= 1
    elif spoil == "short":
        del content[8:]
    name = "tokens:lyon" if spoil == "name" else "tokens:paris"
    with journal._transaction() as connection:
        connection.execute(
            schema.secret.update().where(schema.secret.c.name == name).values(content=bytes(content))
        )
    with pytest.raises(OtherSeal):
        vault.get(name)
    assert vault.get("tokens:paris" if spoil == "name" else "tokens:lyon") is not None
