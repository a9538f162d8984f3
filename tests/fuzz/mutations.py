"""Real examples, and what is done to them: bytes, archives, and values of JSON."""

from __future__ import annotations

import copy
import io
import json
import re
import zipfile
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

LONG = (
    b" " * 2000,
    b"\n" * 2000,
    b"a" * 2000,
    b"<!---->" * 40,
    b"-" * 2000,
    b"a." * 1000,
    b"0" * 2000,
    b"*a" * 30,
)
"""Rows of one thing, which a pattern with two ways to read it reads in thousands of ways."""
NUMBERS = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"9999", b"-1", b"1e999", b"9" * 400)
SIGNS = (
    *(
        b"\0",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\xc3\x28",
        b"\x1b[31m",
        b"\xe2\x80\xae",
        b"\x85",
    ),
    *(
        b"\r",
        b"\n",
        b"\t",
        b"  ",
        b":",
        b": ",
        b"- ",
        b"? ",
        b"| ",
        b"> ",
        b"#",
        b"'",
        b'"',
        b"%",
        b"&a ",
        b"*a",
    ),
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b"<",
        b">",
        b"&#0;",
        b"<![CDATA[",
        b"]]>",
        b"<!--",
        b"!!python/x ",
        b"---\n",
        b"@",
    ),
    *(
        "é".encode(),
        "’".encode(),
        "\u00a0".encode(),
        "\u2028".encode(),
        "😀".encode(),
        b"=",
        b";",
        b",",
        b"\\",
    ),
)
"""Of which the languages at hand are made, or on which their readers stumble."""


@st.composite
def damaged(draw: st.DrawFn, originals: Sequence[bytes], *, most: int = 4) -> bytes:
    """One of the originals after a few changes, or none: bytes set, put in, taken out, doubled, cut off."""
    content = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(0, most))):
        if not content:
            break
        at = draw(st.integers(0, len(content) - 1))
        length = draw(st.integers(1, 64))
        match draw(st.sampled_from(("set", "remove", "double", "many", "number", "sign", "cut", "long"))):
            case "set":
                content[at] = draw(st.integers(0, 255))
            case "remove":
                del content[at : at + length]
            case "double":
                content[at:at] = content[at : at + length]
            case "many":
                content[at:at] = content[at : at + min(length, 8)] * draw(st.sampled_from((10, 300)))
            case "number":
                # Lengths, offsets and counts are numbers: these are the ones that programs trip over.
                content[at : at + 4] = draw(st.sampled_from(NUMBERS))
            case "sign":
                content[at:at] = draw(st.sampled_from(SIGNS))
            case "long":
                content[at:at] = draw(st.sampled_from(LONG))
            case "cut":
                del content[at:]
    return bytes(content)


def anything(originals: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Damaged originals for the most part, and bytes out of nothing."""
    return st.one_of(damaged(originals), damaged(originals, most=12), st.binary(max_size=200))


@st.composite
def repacked(draw: st.DrawFn, archives: Sequence[bytes]) -> bytes:
    """An archive of which one or two members were damaged, and packed again: what lies within the outer form."""
    chosen = draw(st.sampled_from(archives))
    with zipfile.ZipFile(io.BytesIO(chosen)) as package:
        members = {name: package.read(name) for name in package.namelist()}
    for _ in range(draw(st.integers(1, 2))):
        name = draw(st.sampled_from(sorted(members)))
        members[name] = draw(damaged([members[name] or b" "]))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in members.items():
            package.writestr(name, content)
    return made.getvalue()


ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**63, 10**30, 0.5, float("inf"), float("nan"), "", " ", "\0", "\ud800"),
    *(
        "x" * 3000,
        "é" * 50,
        "..",
        "a/../b",
        "1",
        "-1",
        "2026-11-26",
        "9999-12-31T23:59:59-23:59",
        "signé",
        "\u202e",
    ),
    *([], {}, [[]], [None], {"": ""}, {"id": {}}, [1] * 50),
)


def odd_json(examples: Sequence[Any]) -> st.SearchStrategy[bytes]:
    """An answer of a program after some of its values were replaced, left out, wrapped or doubled."""

    @st.composite
    def made(draw: st.DrawFn) -> bytes:
        value = json.loads(json.dumps(draw(st.sampled_from(list(examples)))))
        for _ in range(draw(st.integers(0, 5))):
            value = _changed(draw, value, rarely=9)
        return json.dumps(value).encode()

    return made()


def _changed(draw: st.DrawFn, value: Any, *, rarely: int = 3) -> Any:
    inner = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    if not inner or draw(st.integers(0, rarely)) == rarely:
        match draw(st.sampled_from(("odd", "wrap", "name"))):
            case "odd":
                return copy.deepcopy(draw(st.sampled_from(ODD_VALUES)))
            case "wrap":
                return [value]
            case _:
                return {draw(st.sampled_from(("id", "status", "message", "x" * 500, "\ud800"))): value}
    key = draw(st.sampled_from(inner))
    if draw(st.integers(0, 4)) == 4:
        if isinstance(value, dict):
            del value[key]
        else:
            value.insert(key, value[key])
        return value
    value[key] = _changed(draw, value[key])
    return value


ODD_TEXTS: tuple[bytes, ...] = (
    *(b"", b" ", b"-1", b"0", b"9" * 18, b"9" * 19, b"9" * 5000, b"1e3", "²".encode()),
    *(
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 404 x",
        b"HTTP/9 999 x",
        b"Infinite",
        b"Second-9999999999999",
        b"true",
        b"&lt;",
    ),
    *(
        b"Fri, 31 Dec 9999 23:59:59 -2359",
        b"Mon, 01 Jan 1601 00:00:00 GMT",
        b"/elsewhere",
        b"http://[::1",
        b"~1-2",
    ),
    *(
        b"/dav/%2e%2e/x",
        b"/dav/a%0ab",
        b"/dav/%ff",
        b"//dav//b//",
        b"&amp;#10;",
        b"&#10;x",
        b"&quot;a&#9;b&quot;",
    ),
    *(b"x" * 3000, "é€😀".encode(), b"W/&quot;x&quot;"),
)


@st.composite
def odd_xml(draw: st.DrawFn, originals: Sequence[bytes]) -> bytes:
    """XML that stays XML: texts replaced, elements left out, doubled or emptied."""
    pieces = re.split(rb"(<[^>]*>)", draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(pieces) - 1))
        if not pieces[at].startswith(b"<"):
            pieces[at] = draw(st.sampled_from(ODD_TEXTS))
            continue
        name = re.match(rb"<([A-Za-z:]+)(?<!/)", pieces[at])
        ends = [end for end in range(at + 1, len(pieces)) if name and pieces[end] == b"</" + name[1] + b">"]
        if not ends:
            continue
        match draw(st.sampled_from(("remove", "double", "empty"))):
            case "remove":
                del pieces[at : ends[0] + 1]
            case "double":
                pieces[at:at] = pieces[at : ends[0] + 1] * draw(st.sampled_from((1, 20)))
            case "empty":
                pieces[at + 1 : ends[0]] = [draw(st.sampled_from(ODD_TEXTS))]
    return b"".join(pieces)
