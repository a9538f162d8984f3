"""What a test tells the DMS to do wrong, and for which requests."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal, get_args

Kind = Literal[
    "latency",
    "status",
    "lost_answer",
    "cut_before",
    "tear",
    "short",
    "html",
    "redirect",
    "truncated",
    "propstat_error",
    "weak_etag",
    "no_etag",
    "no_date",
    "old_etag",
    "moving_etag",
    "ignore_conditions",
    "own_time",
]


@dataclass
class Rule:
    """One misbehaviour. ``times`` None means for ever; ``skip`` lets that many matching requests pass first.

    Details by kind:
        latency: ``seconds`` before the request is looked at.
        status: ``status``, ``body``, ``headers``; no effect.
        lost_answer: the effect is done, the connection cut without an answer.
        cut_before: no effect, the connection cut.
        tear: only the first ``at`` bytes of the body arrive, then the connection is cut.
        short: only the first ``at`` bytes of the body are kept, and it is answered as if all were.
        html: 200 with a login page; redirect: ``status`` (302) to ``location``; both without effect.
        truncated: the answer's body is cut after ``at`` bytes (None: in the middle).
        propstat_error: within a 207, resources matching ``resource`` get ``status`` (403) instead of values.
        weak_etag: ETags become W/"…"; no_etag: they vanish, from headers and from listings.
        no_date: times of change vanish, from both.
        old_etag: a PUT answers another ETag than the file has now; moving_etag: each answer tells another one.
        ignore_conditions: If-Match, If-None-Match, If, If-Unmodified-Since are not looked at.
        own_time: X-OC-Mtime is not heeded.
    """

    kind: Kind
    method: str = "*"
    path: str = "*"
    times: int | None = 1
    skip: int = 0
    seconds: float = 0.0
    status: int = 0
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    location: str = "/index.php/login"
    at: int | None = None
    resource: str = "*"

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"unknown misbehaviour {self.kind!r}; known: {', '.join(get_args(Kind))}")
        if self.kind in {"tear", "short"} and self.method == "*":
            self.method = "PUT"  # only a body can be torn

    def matches(self, method: str, paths: tuple[str, ...]) -> bool:
        """Tell whether the rule means this request; ``paths`` are the names it goes by."""
        return self.method in ("*", method) and any(fnmatchcase(path, self.path) for path in paths)


class RuleBook:
    """The rules in force. At most one rule of each kind applies to a request, the oldest first."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._lock = threading.Lock()

    def add(self, rule: Rule) -> None:
        """Put a rule in force."""
        with self._lock:
            self._rules.append(rule)

    def clear(self) -> None:
        """Behave again."""
        with self._lock:
            self._rules.clear()

    def pending(self) -> list[Rule]:
        """Return the rules that have not been used up."""
        with self._lock:
            return list(self._rules)

    def take(self, method: str, paths: tuple[str, ...]) -> dict[Kind, Rule]:
        """Return the rules for one request, by kind, and count them down."""
        found: dict[Kind, Rule] = {}
        with self._lock:
            for rule in list(self._rules):
                if rule.kind in found or not rule.matches(method, paths):
                    continue
                if rule.skip > 0:
                    rule.skip -= 1
                    continue
                found[rule.kind] = rule
                if rule.times is not None:
                    rule.times -= 1
                    if rule.times <= 0:
                        self._rules.remove(rule)
        return found
