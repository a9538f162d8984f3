"""What is wrong with the file, in sentences: YAML's codes and pydantic's errors → problems with cause and cure.

Pydantic's own words and the rejected values are never shown: they may hold a password.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, Final

from pydantic import ValidationError

from connector.config.model import Policy
from connector.config.shape import known_keys
from connector.config.tree import Path, Tree, dotted
from connector.errors import ConfigurationProblem
from connector.text_yaml import YamlError

_YAML: Final = {
    "yaml_colon": "a text that holds a colon and a blank must stand in quotes.",
    "yaml_indent": "indented otherwise than line {above} above it: keys that belong together begin in the same column. "
    "A text that goes on from the line above must stand in quotes.",
    "yaml_no_blank": 'a blank must follow the colon of "{key}".',
    "yaml_blank": "a blank of another kind ({character}, of a web page or a word processor) stands here; write a "
    "plain one.",
    "yaml_quote": "this quote is never closed.",
    "yaml_tab": "a tab stands here; indent with blanks.",
    "yaml_duplicate_key": '"{key}" stands there twice, first in line {first_line}; keep one.',
    "yaml_key": "a key must be a text; is this a template that was not filled in?",
    "yaml_too_large": "too large: more than {limit} {unit}.",
    "yaml_too_deep": "too deep: more than {limit} levels.",
    "yaml_alias": "{name}: anchors and aliases are not read; write the value out.",
    "yaml_tag": "{tag}: tags are not read; write the plain value, in quotes if it begins with !",
    "yaml_directive": "{directive}: directives are not read; remove the line.",
    "yaml_documents": "a second document begins; one file is one document.",
    "yaml_character": "{character} is not a character that may stand here.",
}
MISSING: Final = "is missing."
_TYPES: Final = {
    "missing": MISSING,
    "string_type": "one text belongs here, not a list or a mapping.",
    "int_type": "one number belongs here, not a list or a mapping.",
    "time_delta_type": "one duration belongs here, not a list or a mapping.",
    "path_type": "one path belongs here, not a list or a mapping.",
    "tuple_type": "a list belongs here: [a, b].",
    "dict_type": "keys and values belong here, indented below this key.",
    "model_type": "keys and values belong here, indented below this key.",
    "model_attributes_type": "keys and values belong here, indented below this key.",
    "too_short": "nothing stands in it; at least one is needed.",
    "too_long": "too long; at most {max_length} characters.",
    "string_too_long": "too long; at most {max_length} characters.",
    "greater_than_equal": "at least {ge}.",
    "less_than_equal": "at most {le}.",
}
_CREDENTIALS: Final = {"platform": "jse-", "servers": "dms-", "mail": "mail-"}


def yaml_problem(error: YamlError, file: str | None = None) -> ConfigurationProblem:
    """A file that is not YAML as read here."""
    reason = error.values.get("reason") or "cannot be read"
    text = _YAML.get(error.code, "not YAML: {reason}.").format(**{"reason": reason, **error.values})
    return ConfigurationProblem(path=dotted(()), text=text, line=error.line, file=file)


def problems(error: ValidationError, tree: Tree, told: set[str]) -> Iterator[ConfigurationProblem]:
    """Everything pydantic found; a key mistyped is one problem, not an unknown and a missing one.

    ``told`` holds the dotted paths of which something is said already.
    """
    errors = [
        (_path(found["loc"], tree), found) for found in error.errors(include_url=False, include_input=False)
    ]
    missing = {path for path, found in errors if found["type"] == "missing"}
    mistyped: set[Path] = set()
    for path, found in errors:
        if found["type"] == "extra_forbidden":
            text, meant = _unknown(path)
            if meant in missing and meant is not None:
                mistyped.add(meant)
                text += f" (then: {dotted(meant)} is missing)"
            yield tree.problem(path, text)
    for path, found in errors:
        silent = found["type"] == "extra_forbidden" or path in mistyped or dotted(path) in told
        # Of a folder without account the checks tell more.
        if silent or (found["type"] == "missing" and path[0] == "folders" and path[-1] == "accounts"):
            continue
        yield tree.problem(path, _sentence(path, found, tree))


def _path(loc: tuple[int | str, ...], tree: Tree) -> Path:
    """Pydantic's location → the path in the file."""
    path = tuple(part for part in loc if not str(part).startswith("<"))
    if path[-1:] == ("name",):
        return path[:-1]
    if len(path) > 2 and path[0] == "folders" and path[2] == "accounts" and tree.node((*path[:2], "account")):
        return (*path[:2], "account", *path[3:])
    return path if tree.node(path) or not isinstance(path[-1], int) else path[:-1]


def _unknown(path: Path) -> tuple[str, Path | None]:
    """The sentence, and the path that was probably meant."""
    above, key = path[:-1], str(path[-1])
    said = "unknown key"
    if hidden := next((char for char in key if not char.isprintable()), ""):  # the blank itself is printable
        name = unicodedata.name(hidden, "one without a name")
        said += f"; an invisible character stands in it, {name} (U+{ord(hidden):04X}): take it out"
    known = known_keys(above) or set()
    near = get_close_matches(key, sorted(known), n=1, cutoff=0.6)
    if near:
        return f'{said}; did you mean "{near[0]}"?', (*above, near[0])
    if len(path) == 3 and path[0] == "folders" and key in Policy.model_fields:
        return f"{said}; write it below policy, in the folder:  policy: {{{key}: …}}", None
    return f"{said}. Known: {', '.join(sorted(known))}.", None


def _sentence(path: Path, found: Any, tree: Tree) -> str:
    kind, context = found["type"], found.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "plain_secret":
        return (
            f"a secret stands in the file. Use  {path[-1]}: {{credential: {_credential(path)}}}  "
            "and have a new one made: this one is in your git history."
        )
    if kind in {"literal_error", "enum"}:
        choices = str(context["expected"]).replace("'", '"')
        return f'"{tree.text(*path) or "this"}": write {choices}.'
    if context.get("class_name") == "SecretReference":
        return "name one place: {credential: NAME}, {file: /path} or {env: NAME}."
    return _TYPES.get(kind, "cannot be read as it is written.").format(**context)


def _credential(path: Path) -> str:
    """The name that the guide uses for this secret."""
    if path[0] == "servers":
        return f"{_CREDENTIALS['servers']}{path[1]}"
    return _CREDENTIALS.get(str(path[0]), "jse-") + str(path[-1])
