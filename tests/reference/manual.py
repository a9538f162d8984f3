"""The man pages: ``jse-connector(1)`` from the command line's own tree, ``jse-connector.yaml(5)`` from the keys."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

from connector import __version__
from connector.cli.verb_groups import sections_of
from tests.reference import options, verbs

_WIDTH = 78
_DATE = "2026-11-26"
"""Of the last change to what stands in here by hand."""


def safe(text: str) -> str:
    """A text that troff takes for letters alone. Code and emphasis of Markdown become bold and plain."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("\u00a0", "\\ ")
    text = re.sub(r"`([^`]*)`", r"\\fB\1\\fR", text).replace("**", "")
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"(?m)^([.'])", r"\\&\1", text)


def _head(name: str, section: int, told: str, title: str) -> list[str]:
    return [
        '.\\" Written from the code by python -m tests.reference (make docs): edit the code, not this page.',
        f'.TH {name.upper()} {section} {_DATE} "jse-connector {__version__}" "{title}"',
        ".SH NAME",
        f"{safe(name)} \\- {safe(told)}",
    ]


def _filled(lines: Iterable[str]) -> str:
    """The page with lines of a width that tools like; what is not filled (.nf) stays as it is."""
    found: list[str] = []
    plain = False
    for line in lines:
        plain = line == ".nf" or (plain and line != ".fi")
        if plain or line.startswith(".") or len(line) <= _WIDTH:
            found.append(line)
        else:
            rows = textwrap.wrap(line, _WIDTH, break_long_words=False, break_on_hyphens=False)
            found += [re.sub(r"^([.'])", r"\\&\1", row) for row in rows]
    return "\n".join(found) + "\n"


def _rows(rows: Iterable[tuple[str, str]]) -> list[str]:
    lines = []
    for term, told in rows:
        lines += [".TP", f"\\fB{safe(term)}\\fR", safe(" ".join(told.split())) or "\\&"]
    return lines


def _verb(one: verbs.Verb) -> list[str]:
    lines = [f".SS {safe(one.name)}", f".B {safe(one.usage)}"]
    for paragraph in one.told:
        lines += [".PP", safe(paragraph)]
    lines += _rows(one.arguments)
    lines += _rows(row for row in one.options if row[0] not in _EVERYWHERE)
    if one.exit_status and one.exit_status not in " ".join((*one.told, verbs_exit())):
        lines += [".PP", safe(one.exit_status)]
    if one.examples:
        label = "Example:" if len(one.examples) == 1 else "Examples:"
        lines += [".PP", label, ".PP", ".RS 4", ".nf", *(safe(each) for each in one.examples), ".fi", ".RE"]
    return lines


_EVERYWHERE = {"-c, --config PATH", "--state PATH", "-h, --help"}


def verbs_exit() -> str:
    """The sentence that holds for every verb which says nothing else."""
    from connector.cli.verb_groups import EXIT_STATUS

    return EXIT_STATUS


def command() -> str:
    """``jse-connector(1)``."""
    every = {one.name: one for one in verbs.verbs()}
    lines = _head(
        "jse-connector", 1, "sign the documents of a WebDAV folder with Jesignexpert", "jse-connector"
    )
    lines += [
        ".SH SYNOPSIS",
        ".B jse\\-connector",
        "[\\fIOPTIONS\\fR]",
        "\\fICOMMAND\\fR",
        "[\\fIARGUMENTS\\fR]",
        ".SH DESCRIPTION",
        *_DESCRIPTION,
        ".SH OPTIONS",
        "Those of the configuration and the state may stand before a command or after it.",
        *_rows(verbs.common()),
        ".SH COMMANDS",
    ]
    for heading, names in sections_of(verbs.root().commands):
        if names:
            lines += [".TP", safe(heading), ", ".join(rf"\fB{safe(name)}\fR" for name in names)]
    for one in every.values():
        lines += _verb(one)
    lines += [*_EXIT, ".SH ENVIRONMENT", *_rows(_ENVIRONMENT), ".SH FILES", *_rows(_FILES), *_END]
    return _filled(lines)


def configuration() -> str:
    """``jse-connector.yaml(5)``."""
    lines = _head("jse-connector.yaml", 5, "configuration of jse-connector", "jse-connector")
    lines += [".SH DESCRIPTION", *_CONFIGURATION]
    every = [one for one in options.options() if not options.is_reference_part(one.path)]
    rooms = [one.room for one in every]
    room = ""
    # Keys that stand alone first: what follows a heading belongs to it.
    for one in sorted(every, key=lambda one: rooms.count(one.room) > 1):
        if one.room != room and rooms.count(one.room) > 1:
            room = one.room
            lines.append(f".SS {safe(room)}")
        default = "" if one.default == "–" else f" Default: {one.default}."
        default = " Needed." if one.default == "**needed**" else default
        lines += _rows([(one.path, f"{one.told} Form: {one.form}.{default}")])
    lines += [
        ".SH FILES",
        *_rows([_FILES[0]]),
        ".SH SEE ALSO",
        ".BR jse\\-connector (1),",
        ".BR systemd.exec (5)",
    ]
    return _filled(lines)


_DESCRIPTION = [
    safe(
        "An accountant puts X.pdf into a folder of a WebDAV server (Nextcloud, a NAS) and beside it a few lines, "
        "X.sign.yaml, that say who signs. This program has it signed with Jesignexpert and puts the signed document "
        "back, as a new version of the same file. What people must know stands in the folder, in French: "
        "X.signature.txt."
    ),
    ".PP",
    safe(
        "It runs as a service (run), or once by a timer (tick). A fresh installation cannot send anything: each "
        "folder begins with send: preview."
    ),
]
_CONFIGURATION = [
    safe(
        "One YAML file, a mapping. Every value is read as a text first: no, 12:30 and 0612 stay what they are. "
        "Unknown keys are refused with the nearest known one. A secret never stands in it: it is named, as "
        "{credential: NAME} (systemd's LoadCredential=), {file: /path} or {env: NAME}. NAME in a key is a name of "
        "your choice. jse-connector check-config tells everything that is wrong with a file at once."
    ),
    ".SH KEYS",
]
_EXIT = [
    ".SH EXIT STATUS",
    *_rows(
        [("0", "done"), ("1", "failed, or something is to be corrected"), ("2", "configuration or usage")]
    ),
]
_ENVIRONMENT = (
    ("JSE_CONFIG", "The configuration where --config is not given."),
    ("STATE_DIRECTORY", "The state directory where --state is not given; set by systemd."),
    ("CREDENTIALS_DIRECTORY", "Where {credential: NAME} is looked for; set by systemd."),
)
_FILES = (
    ("/etc/jse-connector/config.yaml", "The configuration: jse-connector.yaml(5)."),
    (
        "/var/lib/jse-connector/",
        "The state: journal, spool, tokens, keys. Back it up as a whole, the seal key apart.",
    ),
)
_END = [
    ".SH SEE ALSO",
    ".BR jse\\-connector.yaml (5),",
    ".BR systemctl (1),",
    ".BR journalctl (1)",
    ".PP",
    safe(
        "The documentation is in docs/ of the source, and in /usr/share/doc/jse-connector of the Debian package."
    ),
]
