"""YAML in which everything is text: the only owner of PyYAML.

A plain loader makes a number of ``0612345670`` (octal), nothing of ``Null``, 750 of ``12:30``, keeps the last of
two equal keys, and can be made to run code or to fill the memory. Here the parser's *events* are read, never its
values: whatever stands in the file stays the text that stands there, with its line. What a text means is decided
by whoever knows the field.

``load(decode(data).text)`` answers a :data:`Node`, None for a file without content, or raises :class:`YamlError`;
no other error, for any bytes. Nothing is repaired here.

========================  ==============================================================================
code                      values
========================  ==============================================================================
``yaml_syntax``           ``reason`` as the parser says it, in English; ``column``; ``started`` (line) if known
``yaml_colon``            the same: a colon and a blank inside a text without quotes
``yaml_indent``           the same, and ``above``: the line above it; this one is indented otherwise
``yaml_no_blank``         the same, and ``key``: no blank behind its colon (``key:value``)
``yaml_blank``            the same, and ``character``: a blank that only looks like one (``U+00A0``)
``yaml_quote``            the same: a quote that is never closed; the line is the one where it opens
``yaml_tab``              the same: a tab stands where only blanks may
``yaml_duplicate_key``    ``key``, ``first_line``
``yaml_key``              none: a key that is itself a mapping or a list (``{{ template }}``)
``yaml_too_large``        ``limit``, ``unit`` (``bytes`` or ``values``)
``yaml_too_deep``         ``limit`` (levels)
``yaml_alias``            ``name``: ``&name`` or ``*name``
``yaml_tag``              ``tag``: ``!!python/object``, ``!x`` …
``yaml_directive``        ``directive``: ``%TAG``, ``%YAML``
``yaml_documents``        none: ``---`` begins a second document
``yaml_character``        ``character``, as ``U+0000``: control, invisible or half characters
========================  ==============================================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import yaml

from connector.errors import ConnectorError, RepairedBy
from connector.yaml_slips import slip

MAX_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 32
MAX_NODES: Final = 100_000

Encoding = Literal["utf-8", "utf-8-bom", "utf-16", "cp1252"]

# The C parser is some thirty times faster and reads the same language.
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# Beside control characters: the three breaks that YAML sees and editors do not (they would split a value and shift
# every line number), and the invisible U+FEFF.
_FORBIDDEN: Final = re.compile(
    r"[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_OF_PROGRAMS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf", b"%PDF-")
"""How .docx and .odt begin, .doc, .rtf, .pdf."""
_BREAK: Final = re.compile(r"\r\n?|\n")
_DIRECTIVE: Final = re.compile(r"^%\S*", re.MULTILINE)
_TAG_PREFIX: Final = "tag:yaml.org,2002:"


class YamlError(ConnectorError):
    """A text that is not YAML as read here. ``line`` counts from 1, None when no line is to blame."""

    repaired_by = RepairedBy.AUTHOR

    def __init__(
        self, code: str, line: int | None = None, values: AnyMapping[str, str] | None = None
    ) -> None:
        self.code = code
        self.line = line
        self.values = dict(values or {})
        super().__init__(code if line is None else f"{code} in line {line}")


@dataclass(frozen=True, slots=True)
class Scalar:
    """One text. ``quoted``: it stood in quotes or in a block (``|``, ``>``), so its form was meant."""

    text: str
    line: int
    quoted: bool = False

    @property
    def empty(self) -> bool:
        """Nothing was written (``key:``), unlike ``key: ""``."""
        return not self.text and not self.quoted


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in the order of the file; no two keys are equal."""

    items: tuple[tuple[Scalar, Node], ...]
    line: int

    def get(self, key: str) -> Node | None:
        """The value under exactly this key, None when the key is absent."""
        return next((value for name, value in self.items if name.text == key), None)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list. Its elements carry their own lines."""

    items: tuple[Node, ...]
    line: int


Node: TypeAlias = Scalar | Mapping | Sequence


class Decoded(NamedTuple):
    """A text without byte order mark, and what its bytes were taken for."""

    text: str
    encoding: Encoding


def is_no_text(data: bytes) -> bool:
    """Tell the file of a word processor or another program, whatever its name: nothing of it is what people see."""
    return data.startswith(_OF_PROGRAMS)


def decode(data: bytes) -> Decoded:
    """Bytes as editors save them → text. Never fails: bytes that mean nothing become U+FFFD.

    UTF-8 with or without mark, UTF-16 with mark or with every other byte zero, else the Windows code page 1252.
    """
    if data.startswith(b"\xef\xbb\xbf"):
        return Decoded(data[3:].decode("utf-8", "replace"), "utf-8-bom")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Decoded(data.decode("utf-16", "replace"), "utf-16")
    if codec := _utf16_without_mark(data[:4096]):
        return Decoded(data.decode(codec, "replace"), "utf-16")
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return Decoded(data.decode("cp1252", "replace"), "cp1252")


def _utf16_without_mark(head: bytes) -> str | None:
    even, odd = head[0::2], head[1::2]
    if len(odd) < 2:
        return None
    if odd.count(0) * 2 > len(odd) and not even.count(0):
        return "utf-16-le"
    if even.count(0) * 2 > len(even) and not odd.count(0):
        return "utf-16-be"
    return None


def load(text: str, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Node | None:
    """YAML text → tree of texts; None when there is nothing but blanks and comments.

    ``max_bytes`` is measured in UTF-8; ``max_depth`` counts mappings and lists inside each other.

    Raises:
        YamlError: with the codes of this module's table.
    """
    text = text.removeprefix("\ufeff")
    _check_size(text, max_bytes)
    _refuse_characters(text, None)
    if found := _DIRECTIVE.search(text):
        # Thousands of %TAG lines cost the parser quadratic time, and nobody needs one.
        raise YamlError("yaml_directive", _line_at(text, found.start()), {"directive": found[0][:40]})
    builder = _Builder(max_depth)
    try:
        for event in _events(text):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        raise _syntax(text, error) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # The Python parser lets "\\U00110000" and the like escape as ValueError.
        raise YamlError(
            "yaml_syntax", None, {"reason": str(error).splitlines()[0] if str(error) else ""}
        ) from None
    return builder.root


def plain(node: Node) -> Any:
    """The tree as ``dict``, ``list`` and ``str``, without lines; for values whose shape another room knows."""
    if isinstance(node, Mapping):
        return {key.text: plain(value) for key, value in node.items}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return node.text


def _check_size(text: str, max_bytes: int) -> None:
    if len(text) > max_bytes or len(text.encode("utf-8", "surrogatepass")) > max_bytes:
        raise YamlError("yaml_too_large", None, {"limit": str(max_bytes), "unit": "bytes"})


def _refuse_characters(text: str, line: int | None) -> None:
    if found := _FORBIDDEN.search(text):
        where = _line_at(text, found.start()) if line is None else line
        raise YamlError("yaml_character", where, {"character": f"U+{ord(found[0]):04X}"})


def _line_at(text: str, offset: int) -> int:
    return len(_BREAK.findall(text, 0, offset)) + 1


def _events(text: str) -> Iterator[Any]:
    events: Iterable[Any] = yaml.parse(text, Loader=_LOADER)
    yield from events


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not come yet."""

    line: int
    is_mapping: bool
    nodes: list[Node] = field(default_factory=list)
    keys: dict[str, int] = field(default_factory=dict)

    @property
    def wants_key(self) -> bool:
        return self.is_mapping and len(self.nodes) % 2 == 0

    def add(self, node: Node) -> None:
        if self.wants_key:
            if not isinstance(node, Scalar):
                raise YamlError("yaml_key", node.line)
            if first := self.keys.get(node.text):
                values = {"key": node.text, "first_line": str(first)}
                raise YamlError("yaml_duplicate_key", node.line, values)
            self.keys[node.text] = node.line
        self.nodes.append(node)

    def close(self) -> Node:
        if not self.is_mapping:
            return Sequence(tuple(self.nodes), self.line)
        keys = (key for key in self.nodes[0::2] if isinstance(key, Scalar))
        return Mapping(tuple(zip(keys, self.nodes[1::2], strict=True)), self.line)


class _Builder:
    """Events → tree, with a stack of its own: depth is a number here, never the interpreter's recursion."""

    def __init__(self, max_depth: int) -> None:
        self.root: Node | None = None
        self._max_depth = max_depth
        self._open: list[_Open] = []
        self._documents = 0
        self._nodes = 0

    def take(self, event: Any) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.NodeEvent):
            self._judge(event, line)
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise YamlError("yaml_documents", line)
        elif isinstance(event, yaml.ScalarEvent):
            _refuse_characters(event.value, line)
            self._place(Scalar(event.value, line, event.style not in {None, ""}))
        elif isinstance(event, yaml.CollectionStartEvent):
            if len(self._open) >= self._max_depth:
                raise YamlError("yaml_too_deep", line, {"limit": str(self._max_depth)})
            self._open.append(_Open(line, isinstance(event, yaml.MappingStartEvent)))
        elif isinstance(event, yaml.CollectionEndEvent):
            self._place(self._open.pop().close())

    def _judge(self, event: Any, line: int) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise YamlError("yaml_too_large", line, {"limit": str(MAX_NODES), "unit": "values"})
        if event.anchor is not None:
            sign = "*" if isinstance(event, yaml.AliasEvent) else "&"
            raise YamlError("yaml_alias", line, {"name": sign + str(event.anchor)[:80]})
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise YamlError("yaml_tag", line, {"tag": _as_written(tag)})

    def _place(self, node: Node) -> None:
        if self._open:
            self._open[-1].add(node)
        elif not (isinstance(node, Scalar) and node.empty):
            self.root = node


def _as_written(tag: str) -> str:
    name = "!!" + tag.removeprefix(_TAG_PREFIX) if tag.startswith(_TAG_PREFIX) else tag
    return name[:80]


def _syntax(text: str, error: yaml.MarkedYAMLError) -> YamlError:
    reason, context = error.problem or "", error.context or ""
    mark, began = error.problem_mark, error.context_mark
    values = {"reason": f"{context}: {reason}" if context else reason}
    if began is not None:
        values["started"] = str(began.line + 1)
    if mark is None:
        return YamlError("yaml_syntax", None, values)
    values["column"] = str(mark.column + 1)
    never_closed = "quoted scalar" in context and ("end of stream" in reason or "document" in reason)
    if never_closed and began is not None:
        return YamlError("yaml_quote", began.line + 1, values)
    lines = _BREAK.split(text)
    meant = slip(lines, reason, mark.line, mark.column, None if began is None else began.line)
    if meant is not None:
        return YamlError(meant.code, meant.line, values | meant.values)
    if reason.startswith("mapping values are not allowed"):
        return YamlError("yaml_colon", mark.line + 1, values)
    if reason == "could not find expected ':'" and began is not None:
        # A line that is no key: the parser says so of the next one, which may not even be there.
        return YamlError("yaml_syntax", began.line + 1, values)
    written = lines[mark.line] if mark.line < len(lines) else ""
    blank = written[: len(written) - len(written.lstrip())]
    return YamlError("yaml_tab" if "\t" in blank else "yaml_syntax", mark.line + 1, values)
