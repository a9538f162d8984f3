"""The platform's own description of its calls, held against the contract (API page section 1).

KNOWN: the host serves ``/swagger-ui.html``. ASSUMED: ``/v2/api-docs``, the library's default, describes the
real calls. For diagnosis only: nothing is changed by what stands there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from connector.jesignexpert.contract import Contract, Operation
from connector.jesignexpert.overrides import PLACEHOLDER


class Found(StrEnum):
    """How an operation of the contract stands in the description."""

    SAME = "same"
    OTHER_METHOD = "other_method"
    ABSENT = "absent"


@dataclass(frozen=True)
class Finding:
    """One operation; ``methods`` are those that the description has for its path, upper case, sorted."""

    operation: Operation
    found: Found
    methods: tuple[str, ...] = ()


def compare(contract: Contract, description: Mapping[str, object]) -> list[Finding]:
    """Return one finding for each operation, in the order of use; what is not readable counts as absent.

    Paths are compared without the names of their placeholders, and without their query.
    """
    described = _methods_by_path(description)
    findings = []
    for operation in contract.listed():
        methods = described.get(_shape(_full_path(contract, operation)), frozenset())
        other = Found.OTHER_METHOD if methods else Found.ABSENT
        found = Found.SAME if operation.method in methods else other
        findings.append(Finding(operation, found, tuple(sorted(methods))))
    return findings


def _full_path(contract: Contract, operation: Operation) -> str:
    path = operation.path.partition("?")[0]
    return path if path.startswith("/") else f"/{contract.base_path.strip('/')}/{path}"


def _shape(path: str) -> str:
    return PLACEHOLDER.sub("{}", re.sub(r"/+", "/", path)).rstrip("/")


def _methods_by_path(description: Mapping[str, object]) -> dict[str, frozenset[str]]:
    base, paths = description.get("basePath"), description.get("paths")
    prefix = base.strip("/") if isinstance(base, str) else ""
    result: dict[str, frozenset[str]] = {}
    for path, calls in paths.items() if isinstance(paths, dict) else ():
        if isinstance(path, str) and isinstance(calls, dict):
            methods = frozenset(str(method).upper() for method in calls)
            result[_shape(f"/{prefix}/{path}")] = methods
            # A base path is the deployment's, and may be part of the configured URL.
            result.setdefault(_shape(f"/{path}"), methods)
    return result
