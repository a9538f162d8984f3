"""Whose mails a request is in: its folder's ``notify``, and the ``demandeur`` whom it names by an address of the firm.

Whoever can write in a folder can name a requester; so that nobody has us mail a stranger, the address must be of a
domain that the administrator has named for that folder: of its ``notify``, or of an owner of its accounts. Whose the
file is, the DMS tells by a user id; an address it tells nobody. Source: ux page section 2.7.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from connector.lifecycle import Record
from connector.signatory_text import canonical_email, read_emails
from connector.steps.parts import FolderSettings, Parts


def addressees(parts: Parts, record: Record) -> tuple[str, ...]:
    """Return the addresses that are told of a request, each once, as they were written."""
    settings = parts.watched.get(record.folder)
    if settings is None:
        return ()
    asked = requester(record)
    named = [*settings.notify, *([asked] if asked and may_be_told(parts, settings, asked) else [])]
    return each_once(named)


def requester(record: Record) -> str:
    """Return the address of the ``demandeur``, empty where none is named by one."""
    written = record.request.requester if record.request is not None else None
    return _address_in(written) if written and "@" in written else ""


@lru_cache(maxsize=512)
def _address_in(written: str) -> str:
    """As people write it, and as it is judged: « Bernard, Claire <…> » out of a mail program is no list of two."""
    found, _ = read_emails(written)
    return found[0] if found else ""


def may_be_told(parts: Parts, settings: FolderSettings, address: str) -> bool:
    """True for an address of a domain that the administrator has named for that folder."""
    owners = [parts.accounts[name].owner for name in settings.accounts if name in parts.accounts]
    return _domain(address) in {_domain(one) for one in (*settings.notify, *owners) if one}


def each_once(addresses: Iterable[str]) -> tuple[str, ...]:
    """Return addresses without those that are another one in other letters."""
    return tuple({canonical_email(one): one for one in reversed(list(addresses))}.values())[::-1]


def hidden(parts: Parts, address: str) -> str:
    """Return what stands for an address where none may stand: the same for the same one."""
    return parts.sealer.hide(canonical_email(address))[:16]


def _domain(address: str) -> str:
    return canonical_email(address).rpartition("@")[2]
