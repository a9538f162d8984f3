"""A configuration to begin with: a few answers → the whole file, each key with the words of ``config.schema_words``.

What is needed stands there; everything else stands behind ``#`` with its default, or with one way to write it, so that
taking the ``#`` away is enough. Keys and words are read off the models: neither can be forgotten, nor say otherwise.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Final, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from connector.config.flat import NOTHING, told
from connector.config.model import Config, Policy, QuietHours, Reminders, SecretReference
from connector.config.refusals import NOT_ACTED_ON
from connector.config.schema_words import TOLD
from connector.config.shape import model_in, written_keys

Answers = dict[str, Any]
"""Nested as the file is; texts, lists of texts, references as ``{"credential": NAME}``."""

_HEAD: Final = """\
# yaml-language-server: $schema={schema}
# No secret stands in here: keep this file in git. For an editor:  jse-connector schema config > {schema}
# After an edit: jse-connector check-config. A running service takes it over by itself.
"""
_SAMPLES: Final[Mapping[str, str]] = {
    "connector": "host-1",
    "support": "le service informatique (04 78 00 00 00)",
    "include": "conf.d/*.yaml",
    "seal": "{credential: jse-seal}",
    "metrics": "127.0.0.1:9469",
    "keep_personal_data": "400d",
    "ca_file": "/etc/ssl/certs/our-ca.pem",
    "proxy": "http://proxy.example:3128",
    "registry": "/Connector/markers/",
    "contract": "{}",
    "wake": "/srv/cloud/Lettres/",
    "notify": "secretariat@firm.example",
    "owners": "[alice, bob]",
    "allow_domains": "[client.example]",
    "refuse_domains": "[personal.example]",
    "max_sends_per_hour": "30",
    "max_sends_per_day": "50",
    "reminders": "{first_after: 3d, every: 4d, at_most: 3}",
    "quiet_hours": '"20:00-08:00"',
    "relay": "smtp+starttls://relay.example:587",
    "from": "signatures@firm.example",
    "admin": "ops@firm.example",
    "mail.user": "signatures",
    "mail.password": "{credential: mail-password}",
    "hooks": "{ticket: {command: [/usr/local/bin/open-ticket], events: [alarm, alarm_over]}}",
    "ping": "{url: {credential: ping-url}}",
    "polling.folders": "30s",
    "journal.url": "postgresql+psycopg://db.example/journal?sslmode=verify-full",
    "journal.password": "{credential: jse-journal}",
    "journal.lease": "90s",
    "to_correct": "Signature à corriger",
    "in_progress": "Signature en cours",
    "signed": "Signé",
    "refused": "Signature refusée",
    "expired": "Signature expirée",
}
"""One way to write what has no default: by its path, or by its key alone."""
_WHOLE: Final = frozenset({"hooks", "ping"})
"""Parts whose sample says it all in one line."""
_LEAVES: Final = (SecretReference, QuietHours, Reminders)
_COLUMN, _WIDTH = 46, 118
_PLAIN: Final = re.compile(r"(?:[^\W\d_]|/)[\w./@+()' -]*[\w/)]|[\w/.]+")
_LIKE_ANOTHER: Final = re.compile(r"(?i:true|false|null|yes|no|on|off|y|n|[\d._-]+)")


def starter(answers: Answers, *, complete: bool, schema: str = "config.schema.json") -> str:
    """Return the file. ``complete``: with every other key behind ``#``. What the answers lack stays missing."""
    lines = _mapping(Config, answers, "", "", active=True, complete=complete)
    return _HEAD.format(schema=schema) + "\n".join(lines) + "\n"


def _mapping(
    model: type[BaseModel], given: Answers, path: str, margin: str, *, active: bool, complete: bool
) -> Iterator[str]:
    """One mapping: first what is given, in the order of the model, among it what may be."""
    for key, info in _in_order(model).items():
        where = f"{path}.{key}" if path else key
        if where in _refused() or (key == "accounts" and path == "folders.*"):
            continue
        here = key in given
        if not here and (not complete or (path == "folders.*" and key == "account")):
            continue
        shown = margin if here or not active else f"{margin}# "
        yield from _key(key, info, given.get(key), where, shown, active=active and here, complete=complete)


def _in_order(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fence right behind the place it is for."""
    keys = written_keys(model)
    if "account" in keys:
        first = {key: keys.pop(key) for key in ("server", "path", "account")}
        keys = {**first, **keys}
    return keys


def _key(
    key: str, info: FieldInfo, value: Any, where: str, margin: str, *, active: bool, complete: bool
) -> Iterator[str]:
    inner = model_in(info.annotation)
    if inner is None or issubclass(inner, _LEAVES) or (value is None and where in _WHOLE):
        yield from _line(margin, f"{key}: {_value(value, where, info)}", TOLD[where])
    elif get_origin(info.annotation) is dict:
        yield ""
        yield from _line(margin, f"{key}:", TOLD[where])
        for place, (name, part) in enumerate((value or {}).items()):
            yield f"{margin}  {name}:"
            # The same thirty lines below every folder would hide what differs.
            yield from _mapping(
                inner, part, f"{where}.*", f"{margin}    ", active=active, complete=complete and place == 0
            )
    else:
        if not where.startswith("folders"):
            yield ""
        yield from _line(margin, f"{key}:", TOLD[where])
        yield from _mapping(inner, value or {}, where, f"{margin}  ", active=active, complete=complete)


def _line(margin: str, text: str, comment: str) -> Iterator[str]:
    """A key with what is said of it: behind it, or above it where that would be too long."""
    line = f"{margin}{text}"
    behind = f"{line:<{_COLUMN}} # {comment}" if len(line) < _COLUMN else f"{line}  # {comment}"
    if len(behind) <= _WIDTH:
        yield behind
        return
    above = margin.removesuffix("# ") + "# "
    yield from textwrap.wrap(comment, _WIDTH, initial_indent=above, subsequent_indent=above)
    yield line


def _value(value: Any, where: str, info: FieldInfo) -> str:
    if value is not None:
        return written(value)
    key = where.rpartition(".")[2]
    sample = _SAMPLES.get(where, _SAMPLES.get(key))
    if where in _WHOLE:
        return str(sample)
    if where.startswith("folders.*.policy."):
        info = Policy.model_fields[key]  # what holds there without it
    default = info.get_default(call_default_factory=True) if not info.is_required() else None
    text = told(default)
    if text in {NOTHING, ""}:
        return sample or "{}"
    return f"[{text}]" if isinstance(default, tuple) else written(text)


def written(value: Any) -> str:
    """Return a value as YAML: plain where every reader takes it for the same text, else in quotes."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {written(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(written(one) for one in value) + "]"
    text = str(value)
    if isinstance(value, int) or _URL.fullmatch(text):
        return text
    plain = _PLAIN.fullmatch(text) and (not _LIKE_ANOTHER.fullmatch(text) or text.isdecimal())
    return text if plain or text in {"true", "false"} else json.dumps(text, ensure_ascii=False)


_URL: Final = re.compile(r"[a-z+]+://[\w./:@%+-]*[\w/]")


def _refused() -> frozenset[str]:
    return frozenset(row.path for row in NOT_ACTED_ON if not row.acted_on("status"))
