"""The status file's text: one record and its context in, the lines that people read out (ux page section 2).

The same record and context always give the same text: a status file is written only when its words change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from connector.lifecycle import Record, State
from connector.report import before, checking, ending, following, ready, returning, stopped, waiting
from connector.report.answers import answer_order
from connector.report.asides import asides
from connector.report.context import StatusContext, WaitReason
from connector.report.facts import Case
from connector.report.typography import LINE_WIDTH, Language, Words, say, wrap

_BUILDERS: dict[State, Callable[[Case], None]] = {
    State.WAITING_PDF: before.waiting_pdf,
    State.REJECTED: before.rejected,
    State.PREVIEWED: ready.previewed,
    State.DRAFT: ready.draft,
    State.WAITING: waiting.waiting,
    State.PREPARED: waiting.waiting,
    State.MARKED: waiting.waiting,
    State.IN_PROGRESS: following.in_progress,
    State.SEALING: returning.sealing,
    State.DELIVERING: returning.sealing,
    State.DELIVERED: ending.delivered,
    State.DELIVERED_BESIDE: ending.delivered_beside,
    State.REFUSED: stopped.refused,
    State.EXPIRED: stopped.expired,
    State.CANCELLED: stopped.cancelled,
    **checking.BUILDERS,
}

_CITIES = {
    "Europe/Paris": "heure de Paris",
    "Europe/Brussels": "heure de Bruxelles",
    "Europe/Luxembourg": "heure de Luxembourg",
    "Europe/Monaco": "heure de Monaco",
    "Europe/Zurich": "heure de Zurich",
    "America/Guadeloupe": "heure de Guadeloupe",
    "America/Martinique": "heure de Martinique",
    "America/Cayenne": "heure de Guyane",
    "America/Miquelon": "heure de Saint-Pierre",
    "Indian/Reunion": "heure de La Réunion",
    "Indian/Mayotte": "heure de Mayotte",
    "Pacific/Noumea": "heure de Nouvelle-Calédonie",
    "Pacific/Tahiti": "heure de Tahiti",
}


@dataclass(frozen=True, kw_only=True)
class StatusText:
    r"""A status as people read it. ``text`` uses ``\n`` and ends before the machine's block."""

    state: str
    """The state word, in the language of the text."""
    first_line: str
    body: tuple[str, ...]
    """The lines between the first one and the foot."""
    foot: tuple[str, ...]

    @property
    def text(self) -> str:
        """All lines, ready for :func:`connector.report.block.seal_status`."""
        return "\n".join([self.first_line, *self.body, "", *self.foot]) + "\n"

    @property
    def digest(self) -> str:
        """SHA-256 of the words, 64 hexadecimal digits: tells whether the file must be written again."""
        return hashlib.sha256(self.text.encode("utf-8")).hexdigest()


def render_status(record: Record, context: StatusContext) -> StatusText:
    """Tell where a request stands. Raise ValueError for a withdrawn one: it has no status."""
    if record.state not in _BUILDERS:
        raise ValueError(f"a request in state {record.state.value} has no status")
    case = Case(record, context)
    told_above = context.wait is WaitReason.CANNOT_WRITE
    builder = waiting.waiting if told_above else _BUILDERS[record.state]
    builder(case)
    if case.astray:
        ending.astray(case)
    elif case.told_above and not told_above:
        waiting.told_above(case)
    answer_order(case)
    asides(case)
    return StatusText(
        state=case.page.state,
        first_line=case.page.first_line,
        body=tuple(case.page.body()),
        foot=tuple(foot(record.ref, context.zone, context.language)),
    )


def foot(ref: str, zone: ZoneInfo, language: Language) -> list[str]:
    """Return the foot that every file of ours bears; ``ref`` is empty where no single request is told of."""

    def line(french: str, english: str, **values: object) -> list[str]:
        words = say(french if language == "fr" else english, language, **values)
        return wrap(words, width=LINE_WIDTH)

    return [
        "--",
        *line(
            "Tenu à jour automatiquement ({zone}) ; vos ajouts seraient effacés.",
            "Kept up to date automatically ({zone}); what you add would be lost.",
            zone=zone_text(zone, language),
        ),
        *(
            line(
                "Pour de l’aide, indiquez la référence {ref}.", "For help, give the reference {ref}.", ref=ref
            )
            if ref
            else []
        ),
        "",
        *line(
            "[Les lignes suivantes servent au suivi ; ne les modifiez pas.]",
            "[The lines below serve to keep track; do not change them.]",
        ),
    ]


def zone_text(zone: ZoneInfo, language: Language) -> Words:
    """Name a zone as people do: « heure de Paris »; one without such a name by its own."""
    key = zone.key or "UTC"
    if language == "fr":
        return Words(_CITIES.get(key, f"fuseau {key}"))
    return Words(f"{key.rsplit('/', 1)[-1].replace('_', ' ')} time")
