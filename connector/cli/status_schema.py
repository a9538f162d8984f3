"""What ``status --json`` prints, as JSON Schema 2020-12. Keys may be added within a format; none goes or changes."""

from __future__ import annotations

from typing import Any, Final

from connector.cli.status_gather import FORMAT
from connector.config.model import Ceiling
from connector.lifecycle import State
from connector.metrics.vitals import Reason

Schema = dict[str, Any]

_TEXT: Final[Schema] = {"type": "string"}
_PERHAPS_TEXT: Final[Schema] = {"type": ["string", "null"]}
_MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
_PERHAPS_MOMENT: Final[Schema] = {"type": ["string", "null"], "format": "date-time"}
_LINES: Final[Schema] = {"type": "array", "items": _TEXT}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_YES: Final[Schema] = {"type": "boolean"}


def _all_of(**properties: Schema) -> Schema:
    """An object with all of these, and perhaps what a later release of the format adds."""
    return {"type": "object", "properties": properties, "required": sorted(properties)}


def _named(what: Schema) -> Schema:
    """By names of the configuration."""
    return {"type": "object", "additionalProperties": what}


def _told(description: str, schema: Schema) -> Schema:
    return {"description": description, **schema}


_AILMENT: Final = _all_of(code=_TEXT, name=_TEXT, text=_TEXT)
_PERSON: Final[Schema] = {
    **_all_of(
        ref=_TEXT,
        state={"enum": [state.value for state in State]},
        reason=_TEXT,
        folder=_TEXT,
        since=_MOMENT,
        command=_TEXT,
    )
}
_HOLD: Final = _all_of(cause=_TEXT, since=_MOMENT, command=_PERHAPS_TEXT)
_PROCESS: Final = _all_of(
    number=_COUNT,
    name=_TEXT,
    verb=_TEXT,
    host=_TEXT,
    version=_TEXT,
    since=_MOMENT,
    heard_at=_MOMENT,
    shares=_COUNT,
    folders=_LINES,
    accounts=_LINES,
)
_CONNECTORS: Final = _all_of(
    at=_told("By the database server's clock, as every time here.", _MOMENT),
    shares=_COUNT,
    alive={"type": "array", "items": _PROCESS},
    lost=_told("Not heard of for a lease's length.", {"type": "array", "items": _PROCESS}),
    nobody=_all_of(shares=_COUNT, folders=_LINES, accounts=_LINES),
)
_COLUMNS: Final = ("waiting", "to correct", "in progress", "signed 30d", "refused/expired")


def status_schema() -> Schema:
    """Return the schema."""
    person = {**_PERSON, "properties": {**_PERSON["properties"], "file": _told("With --names.", _TEXT)}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:jse-connector:schema:status",
        "title": "jse-connector status --json",
        **_all_of(
            format={"const": FORMAT},
            names=_told("Are files named?", _YES),
            at=_MOMENT,
            service=_told(
                "The process itself; ailments: what keeps it from working.",
                _all_of(
                    running=_YES,
                    kind={"enum": ["run", "tick", None]},
                    version=_PERHAPS_TEXT,
                    up_since=_PERHAPS_MOMENT,
                    ended_at=_PERHAPS_MOMENT,
                    without_wakeups={"type": "array", "items": _TEXT},
                    ailments={"type": "array", "items": _AILMENT},
                ),
            ),
            connectors=_told(
                "Of several on one PostgreSQL journal: who they are, what each holds, and what nobody does.",
                {"anyOf": [{"type": "null"}, _CONNECTORS]},
            ),
            configuration=_told(
                "What stands in the file and is not worked with.",
                _all_of(
                    refused=_LINES,
                    since=_PERHAPS_MOMENT,
                    needs_restart=_LINES,
                    unwatched=_LINES,
                ),
            ),
            servers=_named(
                _all_of(
                    looked_at=_told("When a pass last saw it.", _PERHAPS_MOMENT),
                    passed_at=_PERHAPS_MOMENT,
                    took_s={"type": ["number", "null"]},
                    next_at=_PERHAPS_MOMENT,
                    reason={"enum": [*(reason.value for reason in Reason), None]},
                    text=_PERHAPS_TEXT,
                    since=_PERHAPS_MOMENT,
                    requests_today=_COUNT,
                    refused_logins_today=_COUNT,
                )
            ),
            folders=_named(
                _all_of(
                    send={"enum": [ceiling.value for ceiling in Ceiling]},
                    trouble=_PERHAPS_TEXT,
                    strange_markers=_COUNT,
                    **dict.fromkeys(_COLUMNS, _COUNT),
                )
            ),
            needs_a_person={"type": "array", "items": person},
            told_in_the_folder=_all_of(
                rejected=_COUNT,
                waiting_pdf=_COUNT,
                unconfirmed=_COUNT,
                previewed=_COUNT,
                kinds=_named(_COUNT),
            ),
            accounts=_named(
                _all_of(
                    held={"anyOf": [{"type": "null"}, _HOLD]},
                    connected=_told(
                        "null: whoever asked may not read the tokens.", {"type": ["boolean", "null"]}
                    ),
                    login_ends_at=_PERHAPS_MOMENT,
                    sends_today=_COUNT,
                    max_sends_per_day=_COUNT,
                )
            ),
            soon=_all_of(
                expire={
                    "type": "array",
                    "items": _all_of(
                        day={"type": "string", "format": "date"}, requests=_COUNT, reminded=_COUNT
                    ),
                }
            ),
            not_delivered=_all_of(signed=_COUNT, not_here=_COUNT, erased_from=_PERHAPS_MOMENT),
            nothing_erased_before=_MOMENT,
        ),
    }
