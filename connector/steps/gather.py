"""Which files travel in one transaction: the request's own document, further documents, annexes.

They lie beside the sidecar and are named there, by name or by pattern. Pure: looks at a sight, fetches nothing.
Source: "The files" and "The exact files in the best case" of the accountant's page; finding 10.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from connector.errors import Problem
from connector.ports import Entry
from connector.sidecar import names
from connector.sidecar.model import SignatureRequest
from connector.steps.discover import Pair, Sight

MOST_FILES: Final = 50
"""Documents and annexes of one request: a belt against a pattern that takes in a whole archive."""
_ELSEWHERE: Final = re.compile(r"[/\\]")


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """What a request names, as far as it is there. ``documents`` in the order of the transaction, the main first."""

    documents: tuple[Entry, ...] = ()
    annexes: tuple[Entry, ...] = ()
    missing: tuple[str, ...] = ()
    """Names, as written, of what is not there (yet)."""
    problems: tuple[Problem, ...] = ()

    @property
    def all(self) -> tuple[Entry, ...]:
        """Everything that travels, by rank."""
        return (*self.documents, *self.annexes)


def gather(sight: Sight, pair: Pair, request: SignatureRequest) -> Gathered:
    """Find what a request names. The document of its own name comes first, whether it is named again or not."""
    looking = _Looking(sight, pair, request)
    documents = list(pair.documents[:1])
    for written in request.documents:
        documents += looking.named(written, "documents")
    if not documents and not request.documents:
        looking.missing.append(pair.document_name)
    documents = _once(documents)
    annexes = _once(
        entry for written in request.annexes for entry in looking.named(written, "annexes", besides=documents)
    )
    annexes = [entry for entry in annexes if entry not in documents]
    count = len(documents) + len(annexes)
    if count > MOST_FILES:
        key = "annexes" if len(annexes) > len(documents) else "documents"
        looking.say("files_too_many", key, count=str(count), limit=str(MOST_FILES))
    return Gathered(
        documents=tuple(documents),
        annexes=tuple(annexes),
        missing=tuple(dict.fromkeys(looking.missing)),
        problems=tuple(looking.problems),
    )


def other_formats(sight: Sight, pair: Pair, missing: Iterable[str]) -> dict[str, str]:
    """Return, by the name of what is missing, the Word file (or the like) beside that is to be saved as that PDF."""
    beside, found = sight.by_parent.get(pair.sidecar.parent, {}), {}
    for name in missing:
        stem = names.comparable(name).removesuffix(".pdf")
        endings = () if names.is_image(name) else ("", *names.OTHER_ENDINGS)
        wanted = (names.comparable(stem + ending) for ending in endings)
        # A plain text of that name is rather a note, or the message.
        wanted = (one for one in wanted if names.is_other_document(one) and not one.endswith((".txt", ".md")))
        entries = (_files(beside.get(one, [])) for one in wanted)
        if there := next(filter(None, entries), None):
            found[name] = there[0].name
    return found


def near_name(sight: Sight, pair: Pair, missing: str) -> str:
    """Return a PDF beside whose name is nearly the one that is missing, case and accents aside.

    « Lettre Dupond » for « Lettre DUPONT » is the usual slip; in other cases the two have little in common.
    """
    found = {
        names.comparable(entry.name): entry.name
        for entry in sight.pdfs_beside(pair.sidecar.href)
        if not names.is_ours(entry.name)
    }
    near = difflib.get_close_matches(names.comparable(missing), found, n=1, cutoff=0.75)
    return found[near[0]] if near else ""


def is_named(written: Iterable[str], name: str) -> bool:
    """True for a file that one of these texts names, as it would be found beside the request."""
    folded = names.comparable(name)
    return any(
        _pattern(names.comparable(one)).fullmatch(folded)
        if "*" in one or "?" in one
        else folded in _candidates(one)
        for one in written
    )


def _candidates(written: str) -> list[str]:
    """Return the names, folded, that a text without a pattern may mean, in their order."""
    endings = ("", ".pdf", *names.IMAGE_ENDINGS)
    return [names.comparable(written + ending) for ending in endings]


class _Looking:
    """One search among the files beside a sidecar."""

    def __init__(self, sight: Sight, pair: Pair, request: SignatureRequest) -> None:
        self._request = request
        self._sight = sight
        self._parent = pair.sidecar.parent
        self.missing: list[str] = []
        self.problems: list[Problem] = []

    @cached_property
    def _beside(self) -> dict[str, list[Entry]]:
        """Folded name → the files of that name; only made for a request that names any."""
        return {
            folded: [entry for entry in entries if not entry.is_folder]
            for folded, entries in self._sight.by_parent.get(self._parent, {}).items()
        }

    def say(self, code: str, key: str, **values: str) -> None:
        """Add a problem of one key, with its line and the settings file it was inherited from."""
        if origin := self._request.origins.get(key):
            values["file"] = origin
        self.problems.append(Problem(code=code, line=self._request.lines.get(key), values=values))

    def named(self, written: str, key: str, *, besides: Iterable[Entry] = ()) -> list[Entry]:
        """Return the files that one text names, in the order in which people count."""
        if _ELSEWHERE.search(written):
            self.say("document_elsewhere", key, written=written[:80])
            return []
        found = (
            self._matching(written, set(besides))
            if "*" in written or "?" in written
            else self._exact(written, key)
        )
        if not found and names.is_other_document(written):
            # Waiting for it would be of no use: once there, it is refused.
            self._other_kind(written, key)
        elif not found:
            self.missing.append(written)
        return found

    def _other_kind(self, written: str, key: str) -> None:
        if not any(
            one.code == "document_kind" and one.values["written"] == written[:80] for one in self.problems
        ):
            self.say("document_kind", key, written=written[:80])

    def _exact(self, written: str, key: str) -> list[Entry]:
        for candidate in _candidates(written):
            entries = _files(self._beside.get(candidate, []))
            if not (names.is_pdf(candidate) or names.is_image(candidate)):
                if entries:
                    self._other_kind(written, key)
                continue
            if len(entries) > 1:
                found = ", ".join(sorted(entry.name for entry in entries))
                self.say("pdf_name_ambiguous", key, names=found)
            if entries:
                return entries[:1]
        return []

    def _matching(self, written: str, besides: set[Entry]) -> list[Entry]:
        """By pattern: ``*`` and ``?`` only, since brackets stand in many a name; never what we wrote ourselves."""
        pattern = _pattern(names.comparable(written))
        found = [
            entry
            for name, entries in self._beside.items()
            if (names.is_pdf(name) or names.is_image(name))
            and not names.is_ours(name)
            and not names.is_noise(name)
            and pattern.fullmatch(name)
            for entry in _files(entries)
            if entry not in besides
        ]
        return sorted(found, key=lambda entry: as_counted(entry.name))


def _pattern(written: str) -> re.Pattern[str]:
    """Return what a name has to look like. What stands between two stars is looked for where it first stands only.

    That finds whatever there is to be found; trying further places as well takes time to the power of the stars.
    """
    first, *rest = (
        "".join("." if char == "?" else re.escape(char) for char in part) for part in written.split("*")
    )
    middle = "".join(f"(?>.*?{part})" for part in rest[:-1] if part)
    last = f".*{rest[-1]}" if rest else ""
    return re.compile(f"{first}{middle}{last}(?:\\.pdf)?", re.DOTALL)


def _files(entries: Iterable[Entry]) -> list[Entry]:
    return [entry for entry in entries if not entry.is_folder]


def as_counted(name: str) -> tuple[list[tuple[int, str]], str]:
    """Return a sorting key in which 2 comes before 10."""
    folded = names.comparable(name)
    # Split so, texts and numbers take turns; only these ten digits are numbers.
    parts = enumerate(re.split("([0-9]+)", folded))
    return [(int(part[:18]), "") if at % 2 else (0, part) for at, part in parts], folded


def _once(entries: Iterable[Entry]) -> list[Entry]:
    """Drop what was named before."""
    return list({entry.href: entry for entry in entries}.values())
