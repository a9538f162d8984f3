"""The text-only loader: what stands in the file stays the text that stands there, or is refused with its line."""

from __future__ import annotations

import contextlib
import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from connector import text_yaml
from connector.errors import ConnectorError
from connector.text_yaml import Mapping, Node, Scalar, Sequence, YamlError, decode, load, plain


@pytest.fixture(params=["C", "Python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run with each of PyYAML's parsers: the C one may be absent."""
    fast = getattr(yaml, "CSafeLoader", None)
    if request.param == "C" and fast is None:
        pytest.skip("PyYAML without libyaml")
    monkeypatch.setattr(text_yaml, "_LOADER", fast if request.param == "C" else yaml.SafeLoader)


def refused(text: str) -> YamlError:
    with pytest.raises(YamlError) as caught:
        load(text)
    return caught.value


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    "written",
    [
        *[
            "0612345670",
            "+33612345670",
            "06.12",
            "06_12",
            "12:30",
            "Null",
            "null",
            "~",
            "No",
            "on",
            "yes",
            "True",
        ],
        *["2026-11-23", "0x1F", "1e3", ".inf", "<<", "=", "Dupont"],
    ],
)
def test_every_value_stays_the_text_that_was_written(written: str) -> None:
    """What a plain loader would make a number, a date, a truth value or nothing of stays text."""
    assert load(f"key: {written}\n") == Mapping(((Scalar("key", 1), Scalar(written, 1)),), 1)
    assert load(f"{written}: value\n") == Mapping(((Scalar(written, 1), Scalar("value", 1)),), 1)


@pytest.mark.usefixtures("parser")
def test_a_tree_carries_the_line_of_each_of_its_parts() -> None:
    """Mappings, lists, texts, quoted texts and empty values all know where they begin."""
    tree = load("# head\nname: x\nlist:\n  - 'a'\n  - {k: v}\nnothing:\n")
    assert isinstance(tree, Mapping)
    assert tree.line == 2
    assert tree.get("list") == Sequence(
        (Scalar("a", 4, quoted=True), Mapping(((Scalar("k", 5), Scalar("v", 5)),), 5)), 4
    )
    nothing = tree.get("nothing")
    assert isinstance(nothing, Scalar)
    assert nothing.empty
    assert tree.get("absent") is None
    assert plain(tree) == {"name": "x", "list": ["a", {"k": "v"}], "nothing": ""}


@pytest.mark.usefixtures("parser")
def test_blocks_and_quoted_empty_texts_count_as_quoted() -> None:
    """A form that was meant can be told from one that was not."""
    tree = load('a: |\n  x\n  y\nb: ""\n')
    assert isinstance(tree, Mapping)
    assert tree.get("a") == Scalar("x\ny\n", 1, quoted=True)
    assert tree.get("b") == Scalar("", 4, quoted=True)


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("text", ["", "\n\n", "# only a remark\n", "---\n", "\ufeff", "---\n# nothing\n"])
def test_a_file_without_content_is_none(text: str) -> None:
    """Blanks, remarks and a lone document mark are no content."""
    assert load(text) is None


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("text", "code", "line", "values"),
    [
        ("a: 1\nb: 2\na: 3\n", "yaml_duplicate_key", 3, {"key": "a", "first_line": "1"}),
        ("x:\n  a: 1\n  'a': 3\n", "yaml_duplicate_key", 3, {"key": "a", "first_line": "2"}),
        ("x: {a: 1, a: 2}\n", "yaml_duplicate_key", 1, {"key": "a", "first_line": "1"}),
        (
            "a: !!python/object/apply:os.system [ls]\n",
            "yaml_tag",
            1,
            {"tag": "!!python/object/apply:os.system"},
        ),
        ("a: !!str 12\n", "yaml_tag", 1, {"tag": "!!str"}),
        ("- !mine {a: b}\n", "yaml_tag", 1, {"tag": "!mine"}),
        ("objet: !important\n", "yaml_tag", 1, {"tag": "!important"}),
        ("a: 1\nb: &x [1]\n", "yaml_alias", 2, {"name": "&x"}),
        ("a: 1\nb: *x\n", "yaml_alias", 2, {"name": "*x"}),
        ("- a: 1\n- {{ firm }}\n", "yaml_key", 2, {}),
        ("? [a, b]\n: c\n", "yaml_key", 1, {}),
        ("%TAG ! tag:x,2000:\n---\na: 1\n", "yaml_directive", 1, {"directive": "%TAG"}),
        ("a: 1\n---\nb: 1\n", "yaml_documents", 2, {}),
        ("a: 1\nb: \0\n", "yaml_character", 2, {"character": "U+0000"}),
        ('a: 1\nb: "\\0"\n', "yaml_character", 2, {"character": "U+0000"}),
        ("a: 1\nb: c\u2028d: e\n", "yaml_character", 2, {"character": "U+2028"}),
        ("a: 1\nb: \ud800\n", "yaml_character", 2, {"character": "U+D800"}),
    ],
)
def test_what_is_not_plain_text_in_a_tree_is_refused(
    text: str, code: str, line: int, values: dict[str, str]
) -> None:
    """Each refusal has its stable code, its line and what was written."""
    error = refused(text)
    assert (error.code, error.line, error.values) == (code, line, values)


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("a: 1\nobjet: Lettre de mission : exercice 2026\n", "yaml_colon", 2),
        ("a: 1\nb: 'never closed\nc: d\n", "yaml_quote", 2),
        ('a: 1\nb: "never closed\nc: d\n', "yaml_quote", 2),
        ("a:\n\tb: c\n", "yaml_tab", 2),
        ("a: 1\n\tb: 2\n", "yaml_tab", 2),
        ("a: 1\nb: @x\n", "yaml_syntax", 2),
        ("- a\nb: c\n", "yaml_syntax", 2),
        ("a: 1\nno key\n", "yaml_syntax", 2),
        ("a:\nno key\nb: 1\n", "yaml_syntax", 2),
        ("<html>\n<body a: b: c>\n", "yaml_colon", 2),
        ("message: Bonjour,\n  voici un mot : le bon\n", "yaml_colon", 2),
        ("a:\n  u: 'b' c\n", "yaml_syntax", 2),
        ("a: b\nc\nd: e\n", "yaml_syntax", 2),
        # One blank too many or too few, whatever stands above; told where it shows.
        ("a:\n  url: x\n   user: y\n", "yaml_indent", 3),
        ('a:\n  url: "x"\n   user: "y"\n', "yaml_indent", 3),
        ("a:\n  url: {b: c}\n\n  # why\n   user: y\n", "yaml_indent", 5),
        ("a:\n    url: x\n   user: y\n", "yaml_indent", 3),
        ("a:\n  b:\n    url: x\n  user: y\n    password: z\n", "yaml_indent", 5),
        ("a:\n  - b\n - c\n", "yaml_indent", 3),
        ("a:\n  url: |\n    x\n   user: y\n", "yaml_indent", 4),
        ("a:\n  b: 1\n  user:b\n  c: d\n", "yaml_no_blank", 3),
        ("a:\n  user:b\n  c: d\n", "yaml_no_blank", 2),
        ("a: b\n  10:30 c\n  d: e\n", "yaml_colon", 3),
        ("user:b\n", None, None),
        ("a: https://x.example/\n", None, None),
        ("a:\n  b: 1\n  user:\u00a0b\n  c: d\n", "yaml_blank", 3),
        ("a:\n  b: 1\n\u00a0\u00a0user: b\n  c: d\n", "yaml_blank", 3),
        ("a:\n  b:\u202fc\n  d: e\n", "yaml_blank", 2),
    ],
)
def test_a_syntax_error_names_its_kind_and_line(text: str, code: str | None, line: int | None) -> None:
    """The usual slips have codes of their own; the parser's reason and column come along."""
    if code is None:
        load(text)
        return
    error = refused(text)
    assert (error.code, error.line) == (code, line)
    assert error.values["reason"]
    assert int(error.values["column"]) >= 1


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("text", ['a: "\\U00110000"', 'a: "\\ud800"', 'a: "C:\\Users"'])
def test_an_impossible_escape_is_an_error_of_ours(text: str) -> None:
    """What the Python parser lets escape as ValueError arrives as YamlError, too."""
    assert refused(text).code in {"yaml_syntax", "yaml_character"}


def test_limits_hold_and_name_themselves() -> None:
    """Size in UTF-8 bytes, nesting and the number of values are bounded, each by a limit that is said."""
    with pytest.raises(YamlError) as caught:
        load("é" * 6, max_bytes=11)
    assert (caught.value.code, caught.value.values) == ("yaml_too_large", {"limit": "11", "unit": "bytes"})
    assert load("é" * 5, max_bytes=11) is not None

    assert load("[[a]]", max_depth=2) is not None
    with pytest.raises(YamlError) as caught:
        load("x:\n - - a\n", max_depth=2)
    assert (caught.value.code, caught.value.line, caught.value.values) == ("yaml_too_deep", 2, {"limit": "2"})

    error = refused("-\n" * (text_yaml.MAX_NODES + 1))
    assert (error.code, error.values["unit"]) == ("yaml_too_large", "values")


@pytest.mark.parametrize(
    "text",
    [
        *["[" * 10**6, "- " * 500_000, "? " * 500_000, "{a" * 500_000, "a: " * 300_000, "&a " * 300_000],
        *["[" + "a," * 490_000 + "]", "a\n" * 499_999, '"' * 10**6, "%TAG !a! b\n" * 90_000, "x" * 10**7],
        "a: &a [x]\n" + "".join(f"{i}: &n{i} [*a, *a, *a]\n" for i in range(1000)),
    ],
    ids=lambda text: text[:6],
)
def test_a_bomb_costs_little(text: str) -> None:
    """Texts made to be slow or to swell end within a second or two, read or refused."""
    began = time.process_time()
    with contextlib.suppress(YamlError):
        load(text)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        (b"", "", "utf-8"),
        ("téléphone: ✓".encode(), "téléphone: ✓", "utf-8"),
        ("é".encode("utf-8-sig"), "é", "utf-8-bom"),
        ("é: à\n".encode("utf-16"), "é: à\n", "utf-16"),
        (b"\xfe\xff" + "é: à\n".encode("utf-16-be"), "é: à\n", "utf-16"),
        ("é: à\n".encode("utf-16-le"), "é: à\n", "utf-16"),
        ("é: à\n".encode("utf-16-be"), "é: à\n", "utf-16"),
        ("Hélène – 5 €".encode("cp1252"), "Hélène – 5 €", "cp1252"),
        (b"\xe9\x81", "é\ufffd", "cp1252"),
        (b"\xef\xbb\xbfa\xff", "a\ufffd", "utf-8-bom"),
        (b"\xff\xfea", "\ufffd", "utf-16"),
    ],
)
def test_bytes_are_read_as_editors_save_them(data: bytes, text: str, encoding: str) -> None:
    """UTF-8, its mark, UTF-16 and the Windows code page are told apart, and which it was is said."""
    assert decode(data) == (text, encoding)


def test_line_ends_of_every_system_count_once() -> None:
    """CR LF, LF and CR end one line each."""
    for end in ("\r\n", "\n", "\r"):
        tree = load(end.join(["a: 1", "b: 2", ""]))
        assert isinstance(tree, Mapping)
        assert [key.line for key, _ in tree.items] == [1, 2]
        assert refused(end.join(["a: 1", "b: \x07"])).line == 2


def texts(node: Node) -> list[str]:
    if isinstance(node, Scalar):
        return [node.text]
    if isinstance(node, Sequence):
        return [text for item in node.items for text in texts(item)]
    return [text for key, value in node.items for text in (key.text, *texts(value))]


def outcome(data: bytes, loader: object) -> tuple[Node | None, YamlError | None]:
    before = text_yaml._LOADER
    text_yaml._LOADER = loader
    try:
        return load(decode(data).text), None
    except YamlError as error:
        return None, error
    finally:
        text_yaml._LOADER = before


YAMLISH = st.text(alphabet="ab: -\n\t'\"[]{},#&*!|>%@?\\\r0é\x00\x85\ufeff~.", max_size=60)


@pytest.mark.parametrize("loader", ["CSafeLoader", "SafeLoader"])
@settings(deadline=None)
@given(
    data=st.one_of(st.binary(max_size=60), YAMLISH.map(lambda text: text.encode("utf-8", "surrogatepass")))
)
def test_any_bytes_are_a_tree_or_a_yaml_error(loader: str, data: bytes) -> None:
    """Nothing else ever leaves the loader, and no text in a tree holds a control character."""
    tree, error = outcome(data, getattr(yaml, loader, yaml.SafeLoader))
    if error is not None:
        assert isinstance(error, ConnectorError)
        assert error.code.startswith("yaml_")
        assert error.line is None or error.line >= 1
    found = texts(tree) if tree is not None else []
    assert all(c >= " " or c in "\t\r\n" for text in found for c in text)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=20),
        st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=["Cc"]), max_size=40),
        max_size=5,
    )
)
def test_what_a_yaml_writer_quotes_comes_back(values: dict[str, str]) -> None:
    """A mapping written with every text in quotes is read back as it was."""
    tree = load(yaml.safe_dump(values, default_style='"', width=10_000, allow_unicode=True))
    assert tree is not None
    assert plain(tree) == values
