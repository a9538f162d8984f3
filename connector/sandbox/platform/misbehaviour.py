"""What a test tells the platform to do wrong, and how often."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_EFFECTS = frozenset({"create", "upload", "signatory", "send", "draft", "cancel", "remind"})
OPERATIONS = _EFFECTS | {"status", "download", "attestation", "validate", "auth", "fetch"}

VARIANTS = frozenset({"other_document", "unsigned", "truncated", "html", "empty", "extra_page"}) | {
    "one_signature_missing",
    "broken_signature",
}

_BEFORE: Mapping[str, frozenset[str]] = {
    "latency": OPERATIONS,
    "sealing": frozenset({"download"}),
    "status": OPERATIONS,
    "gone": OPERATIONS,
    "html": OPERATIONS,
    "cut_before": OPERATIONS,
    "late_effect": _EFFECTS,
    "lost_answer": OPERATIONS,
    "truncated": OPERATIONS,
}
_AFTER: Mapping[str, frozenset[str]] = {
    "unknown_word": frozenset({"status"}),
    "wrong_document": frozenset({"download"}),
    "status_lag": frozenset({"send"}),
}
# Only one of these can decide what a request gets: the first told wins, the others wait.
_ENDINGS = frozenset({"status", "gone", "html", "cut_before", "late_effect", "lost_answer", "truncated"})

KINDS = frozenset(_BEFORE) | frozenset(_AFTER)


@dataclass
class Rule:
    """One order to misbehave.

    ``operation``: one of ``OPERATIONS`` or "*". ``times``: how often it still applies, None = always.
    ``skip``: how many matching requests pass first. ``transaction``: only for that one, "" = any.
    ``details`` by kind:

    - latency: ``seconds`` (real ones)
    - status: ``status``, ``body``, ``content_type``, ``headers``, ``effect`` (default False: nothing happens)
    - html: ``body``, ``effect`` (default False); 200 with a page
    - cut_before, lost_answer, truncated, gone: none
    - late_effect, status_lag, sealing: ``seconds`` of the sandbox clock
    - unknown_word: ``word``
    - wrong_document: ``variant``, one of ``VARIANTS``
    """

    operation: str
    kind: str
    times: int | None = 1
    skip: int = 0
    transaction: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.operation != "*" and self.operation not in OPERATIONS:
            raise ValueError(f"unknown operation {self.operation!r}; known: {sorted(OPERATIONS)}")
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind {self.kind!r}; known: {sorted(KINDS)}")
        if self.kind == "wrong_document" and self.details.get("variant") not in VARIANTS:
            raise ValueError(f"wrong_document needs variant, one of {sorted(VARIANTS)}")
        possible = _BEFORE.get(self.kind) or _AFTER[self.kind]
        if self.operation != "*" and self.operation not in possible:
            raise ValueError(f"{self.kind} means nothing for {self.operation}; only for {sorted(possible)}")

    @property
    def seconds(self) -> float:
        """Return ``details["seconds"]``, 1 when not told."""
        return float(self.details.get("seconds", 1.0))


class Misbehaviour:
    """The rules in force, in the order told. Thread-safe; kept in memory only."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    def add(self, rule: Rule) -> None:
        """Add one rule."""
        with self._lock:
            self._rules.append(rule)

    def clear(self) -> None:
        """Behave again."""
        with self._lock:
            self._rules.clear()

    def pending(self) -> list[Rule]:
        """Return the rules that still apply."""
        with self._lock:
            return list(self._rules)

    def before(self, operation: str, transaction: str) -> list[Rule]:
        """Take the rules that apply as a request comes in; at most one of them decides its answer."""
        return self._take(_BEFORE, operation, transaction)

    def after(self, operation: str, transaction: str) -> list[Rule]:
        """Take the rules that apply once the operation has succeeded."""
        return self._take(_AFTER, operation, transaction)

    def _take(self, kinds: Mapping[str, frozenset[str]], operation: str, transaction: str) -> list[Rule]:
        taken: list[Rule] = []
        ended = False
        with self._lock:
            for rule in self._rules:
                if rule.operation not in ("*", operation) or operation not in kinds.get(rule.kind, ()):
                    continue
                if rule.times == 0 or (rule.transaction and rule.transaction != transaction):
                    continue
                if rule.kind in _ENDINGS and ended:
                    continue
                if rule.skip > 0:
                    rule.skip -= 1
                    continue
                ended = ended or rule.kind in _ENDINGS
                if rule.times is not None:
                    rule.times -= 1
                taken.append(rule)
            self._rules = [rule for rule in self._rules if rule.times != 0]
        return taken
