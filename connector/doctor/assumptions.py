"""What the platform's contract assumes, held against the host's own description and against what has worked here.

An operation is *confirmed* where the description has its path and method, or where its answer was read under the
contract in force; *contradicted* where the description has another method, or describes the calls beside it and not
this one, or where the platform answered that there is no such call. All else is *unknown*, and is never told as a fact
(ux page section 7, reason 15; API page section 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from connector.doctor.knowing import Known
from connector.jesignexpert.contract import Contract, Operation
from connector.jesignexpert.description import Finding, Found, compare


class Verdict(StrEnum):
    """What is known of an assumption."""

    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """One assumed operation; ``because``: how that is known, a few words."""

    operation: Operation
    verdict: Verdict
    because: str = ""


_BY_USE: Final = "by use"


def judge(contract: Contract, description: Mapping[str, object] | None, known: Known) -> list[Assumption]:
    """Return a verdict on every assumed operation, in the order of use. ``description`` None: there is none."""
    findings = compare(contract, description) if description is not None else []
    # A description in which not even what is known for certain stands is of other calls: it says nothing.
    speaks = any(one.found is not Found.ABSENT and not one.operation.assumed for one in findings)
    told = {one.operation.name: one for one in findings} if speaks else {}
    return [
        _verdict(operation, told.get(operation.name), _used(contract, known), _absent(known))
        for operation in contract.listed()
        if operation.assumed
    ]


def _verdict(
    operation: Operation, told: Finding | None, used: frozenset[str], absent: frozenset[str]
) -> Assumption:
    if operation.name in used:
        return Assumption(operation=operation, verdict=Verdict.CONFIRMED, because=_BY_USE)
    if told is not None and told.found is Found.SAME:
        return Assumption(operation=operation, verdict=Verdict.CONFIRMED, because="by the host's description")
    if told is not None and told.found is Found.OTHER_METHOD:
        methods = ", ".join(told.methods)
        return Assumption(
            operation=operation, verdict=Verdict.CONTRADICTED, because=f"the host describes {methods} there"
        )
    if told is not None:
        return Assumption(
            operation=operation, verdict=Verdict.CONTRADICTED, because="the host describes no such call"
        )
    if operation.name in absent:
        return Assumption(
            operation=operation, verdict=Verdict.CONTRADICTED, because="it was answered as not there"
        )
    return Assumption(operation=operation, verdict=Verdict.UNKNOWN)


def _used(contract: Contract, known: Known) -> frozenset[str]:
    """Operations whose answers were read here, under this very contract where the journal tells."""
    confirmed = {account for account, digest in known.confirmed.items() if digest == contract.digest}
    lived = [one for account in confirmed for one in known.lived.get(account, ())]
    found = {"status"} if confirmed else set()
    found |= {"download"} if any(one.fetched for one in lived) else set()
    found |= {"attestation"} if any(one.attested for one in lived) else set()
    return frozenset(found)


def _absent(known: Known) -> frozenset[str]:
    return frozenset(name for names in known.absent.values() for name in names)


def counts(assumptions: Sequence[Assumption]) -> dict[Verdict, int]:
    """Return how many there are of each verdict."""
    return {verdict: sum(one.verdict is verdict for one in assumptions) for verdict in Verdict}
