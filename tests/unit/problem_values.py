"""Every code of a problem with the names of the values it carries, those of the YAML loader included."""

from __future__ import annotations

from connector.sidecar.codes import CODES

YAML_VALUES = {
    "yaml_duplicate_key": ("key", "first_line"),
    "yaml_alias": ("name",),
    "yaml_tag": ("tag",),
    "yaml_directive": ("directive",),
    "yaml_character": ("character",),
    "yaml_too_deep": ("limit",),
    "yaml_too_large": ("limit", "unit"),
    "yaml_syntax": ("reason", "column"),
    "yaml_colon": ("reason", "column"),
    "yaml_indent": ("reason", "column", "above"),
    "yaml_no_blank": ("reason", "column", "key"),
    "yaml_blank": ("reason", "column", "character"),
    "yaml_quote": ("reason", "column"),
    "yaml_tab": ("reason", "column"),
    "yaml_key": (),
    "yaml_documents": (),
}
VALUES = {code: names for code, (names, _) in CODES.items()} | YAML_VALUES
