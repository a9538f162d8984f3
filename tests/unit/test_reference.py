"""What is written from the code is what the code says; every verb helps; every link leads somewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.cli.verb_groups import OTHERS, sections_of
from connector.lifecycle import TRANSITIONS, State
from connector.report.context import PauseCause, WaitReason
from connector.report.problems import WORDINGS
from connector.sidecar.codes import CODES
from tests.reference import completion, layers, messages, options, pages, questions, states, verbs
from tests.reference.markdown import slug
from tests.unit.test_architecture import LAYER

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
VERBS = [one for one in verbs.verbs() if not one.group]


@pytest.fixture(scope="module")
def written() -> dict[str, str | None]:
    """Every page as the code has it."""
    return dict(pages.written())


def test_pages_are_what_the_code_says(written: dict[str, str | None]) -> None:
    """`make docs` writes them; this one only compares."""
    assert [path for path, text in written.items() if pages.found(path) != text] == []


def test_nothing_else_lies_where_pages_are_written(written: dict[str, str | None]) -> None:
    """A page that is no longer written goes."""
    there = {
        str(path.relative_to(ROOT))
        for folder in ("reference", "man", "completion")
        for path in (ROOT / "docs" / folder).iterdir()
    }
    assert there <= {path for path, text in written.items() if text is not None}


def test_a_section_without_its_marks_is_refused() -> None:
    """Else it would quietly stay as it was."""
    with pytest.raises(ValueError, match="end: verbs"):
        pages.replaced("<!-- generated: verbs -->\n", "verbs", "new", "README.md")


# --------------------------------------------------------------------------------------------------
# Completeness


def test_every_code_has_its_place() -> None:
    """Whatever code a message bears, it is found on the page."""
    wanted = {*CODES, *WORDINGS, *(one.value for one in (*PauseCause, *WaitReason))}
    text = pages.found("docs/reference/messages.md") or ""
    headings = set(re.findall(r"(?m)^### (\S+)$", text))
    assert wanted - headings == set()
    assert messages.every_code() - headings == {"(no code)"}


def test_every_state_is_explained() -> None:
    """With a meaning of its own, and with what people read of it, unless nothing is to be read."""
    told, lines = states.meanings(), states.first_lines()
    assert set(told) == set(State)
    assert {state for state in State if not lines[state]} <= {State.WITHDRAWN}


def test_every_key_of_the_example_is_on_the_page() -> None:
    """The example file and the page know the same rooms."""
    known = {one.path for one in options.options()}
    example = (ROOT / "config.example.yaml").read_text("utf-8")
    rooms = {line.split(":")[0] for line in example.splitlines() if re.match(r"[a-z_]+:", line)}
    assert rooms <= known


def test_every_assumption_is_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of the contract without its question, or a question that nothing hangs on, is refused."""
    assert sum(map(len, questions.covered().values())) >= len(questions.assumed())
    monkeypatch.setattr(questions, "QUESTIONS", questions.QUESTIONS[1:])
    with pytest.raises(questions.Unasked, match="second_send_refused"):
        questions.covered()


def test_the_diagram_of_states_is_the_table() -> None:
    """Read back from the picture and the lines below it, the transitions are those of the program."""
    frames: dict[str, list[str]] = {}
    found: set[tuple[str, str]] = set()
    frame = ""
    for line in states.diagram().splitlines():
        if begun := re.fullmatch(r"    subgraph (\w+)\[.*\]", line):
            frame = begun[1]
            frames[frame] = []
        elif line == "    end":
            frame = ""
        elif frame:
            frames[frame].append(line.strip())
        elif arrow := re.fullmatch(r"    (\w+) -->(?:\|([\w, ]+)\|)? (\w+)", line):
            events = arrow[2].split(", ") if arrow[2] else [arrow[3]]
            found |= {(state, event) for state in frames.get(arrow[1], [arrow[1]]) for event in events}
    for line in states.within().splitlines():
        if inside := re.match(r"- inside \*(.*)\*, from any of its states: (.*)\.", line):
            name = next(key for key, told in states._GROUP_NAMES.values() if told == inside[1])
            found |= {
                (state, event) for state in frames[name] for event in re.findall(r"`(\w+)` →", inside[2])
            }
        else:
            found |= set(re.findall(r"`(\w+)` on `(\w+)`", line))
    table = {(state.value, event.value) for state, row in TRANSITIONS.items() for event in row}
    assert found == table


def test_the_diagram_of_the_house_leaves_out_only_what_follows() -> None:
    """Whoever is reached by imports is reached by arrows, and no arrow leads elsewhere."""

    def closed(edges: dict[str, set[str]]) -> set[tuple[str, str]]:
        return {(room, other) for room in edges for other in layers.reached(edges, room) if LAYER[other] > 0}

    drawn: dict[str, set[str]] = {}
    for line in layers.diagram().splitlines():
        if (arrow := re.fullmatch(r"    (\w+) --> (\w+)", line)) and not arrow[1].startswith("layer"):
            drawn.setdefault("__main__" if arrow[1] == "main_module" else arrow[1], set()).add(arrow[2])
    assert closed(drawn) == closed(layers.imports())


# --------------------------------------------------------------------------------------------------
# The command line


@pytest.mark.parametrize("verb", VERBS, ids=lambda one: one.name)
def test_every_verb_shows_how(verb: verbs.Verb) -> None:
    """An example that begins with the verb itself, an exit status, a meaning for each argument and option."""
    assert verb.examples
    assert all(one.startswith(f"jse-connector {verb.name}") for one in verb.examples)
    assert verb.exit_status
    assert all(told for _, told in (*verb.arguments, *verb.options))


def test_every_verb_has_a_heading() -> None:
    """`version` alone is among the others: whoever adds a verb says what it is for."""
    others = dict(sections_of(verbs.root().commands))[OTHERS]
    assert others == ["version"]


def test_the_man_pages_are_right() -> None:
    """As troff sees them, and mandoc where there is one: no warning, and all verbs are there."""
    if shutil.which("man") is None or shutil.which("groff") is None:
        pytest.skip("no man")
    for name in ("jse-connector.1", "jse-connector.yaml.5"):
        shown = subprocess.run(
            ["man", "--warnings=w", "-l", str(ROOT / "docs" / "man" / name)],
            capture_output=True,
            text=True,
            check=True,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "100", "MANROFFSEQ": ""},
        )
        assert shown.stderr == ""
        if mandoc := shutil.which("mandoc"):
            page = str(ROOT / "docs" / "man" / name)
            judged = subprocess.run(
                [mandoc, "-T", "lint", "-W", "warning", page], capture_output=True, text=True, check=False
            )
            assert judged.stdout + judged.stderr == ""
        if name.endswith("1"):
            assert all(f"jse-connector {verb.name}" in shown.stdout for verb in VERBS)


def test_a_shell_completes_verbs_options_and_names(tmp_path: Path) -> None:
    """The shipped script, in a real bash: what the program offers, from the configuration that is meant."""
    if shutil.which("bash") is None:
        pytest.skip("no bash")
    program = Path(sys.executable).parent / "jse-connector"
    if not program.is_file():
        pytest.skip("not installed")
    asked = (
        "st",
        "take-over lyon-",
        "lint --lang",
        "pause lyo",
        "resume --folder lyon-s",
        "pause --server ly",
    )
    lines = [f"source '{ROOT / 'docs' / 'completion' / completion.FILES['bash']}'"]
    for words in asked:
        count = len(words.split())
        lines.append(
            f"COMP_WORDS=(jse-connector {words}); COMP_CWORD={count}; _jse_connector_completion jse-connector; "
            'echo "${COMPREPLY[*]}"'
        )
    told = subprocess.run(
        ["bash", "-c", "\n".join(lines)],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": f"{program.parent}:/usr/bin:/bin", "JSE_CONFIG": str(ROOT / "config.example.yaml")},
        cwd=tmp_path,
    )
    assert told.stdout.splitlines() == [
        "status", "lyon-letters lyon-social", "--language", "lyon lyon-social", "lyon-social", "lyon-cloud",
    ]  # fmt: skip


# --------------------------------------------------------------------------------------------------
# Links


def anchors(page: Path) -> set[str]:
    """Every anchor of a page, repeated ones numbered."""
    found: dict[str, int] = {}
    told: set[str] = set()
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for heading in re.findall(r"(?m)^#+ (.*)$", text):
        name = slug(heading)
        told.add(f"{name}-{found[name]}" if name in found else name)
        found[name] = found.get(name, 0) + 1
    return told


def links(page: Path) -> Iterator[tuple[str, str]]:
    """Every relative link: path, anchor."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in target and not target.startswith("mailto:"):
            path, _, anchor = target.partition("#")
            yield path, anchor


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Files are there, anchors too."""
    for path, anchor in links(page):
        target = page.parent / path if path else page
        assert target.exists(), f"{page.name}: {path}"
        if anchor:
            assert anchor in anchors(target), f"{page.name}: {path}#{anchor}"


def test_whatever_is_linked_to_is_found_from_the_readme() -> None:
    """No page of the documents is an orphan."""
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached and page.suffix == ".md":
            reached.add(page)
            waiting += [(page.parent / path).resolve() for path, _ in links(page) if path]
    assert set(PAGES) - reached == set()
