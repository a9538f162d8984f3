"""Operations that the platform's contract only assumes, and that turned out not to exist there.

Found out once per account and contract, said once in the log; another contract is tried anew (API page, "ASSUMED").
"""

from __future__ import annotations

import logging

from connector.errors import RemoteError
from connector.sidecar.model import Verb
from connector.steps.parts import Parts

log = logging.getLogger(__name__)

CANCEL = "cancel"
REMIND = "remind"
_VERBS = {CANCEL: Verb.CANCEL, REMIND: Verb.REMIND}


def absent(parts: Parts, account: str, operation: str) -> bool:
    """True when the contract in force was found not to describe this operation."""
    last = parts.journal.last_account_event(account, _event(operation))
    return last is not None and last["contract"] == parts.accounts[account].terms.digest


def found_absent(parts: Parts, account: str, operation: str, error: RemoteError) -> None:
    """Remember, and tell the administrator once; ``error`` names the setting that changes the assumption."""
    with parts.gate:  # several requests of the account may find out at once
        if absent(parts, account, operation):
            return
        digest = parts.accounts[account].terms.digest
        parts.journal.mark_account(account, _event(operation), {"contract": digest})
    log.error("account %s: %s is not possible: %s", account, operation, error)


def found_there(parts: Parts, account: str, operation: str) -> None:
    """It was answered as the contract says, after all."""
    if absent(parts, account, operation):
        log.info("account %s: %s is possible", account, operation)
        parts.journal.mark_account(account, _event(operation), {"contract": ""})


def orders_in_force(parts: Parts, account: str) -> frozenset[Verb]:
    """Return the orders that can be obeyed for an account: texts offer no others, and name the site instead."""
    return frozenset(Verb) - {verb for name, verb in _VERBS.items() if absent(parts, account, name)}


def _event(operation: str) -> str:
    return f"absent_{operation}"
