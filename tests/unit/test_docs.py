"""What the documents say is what stands: states, verbs, grades, examples, the version; and no foreign traces."""

from __future__ import annotations

import re
import subprocess
import textwrap
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from connector import __version__
from connector.cli import state
from connector.config import load_config
from connector.jesignexpert.contract import Contract
from connector.lifecycle import State
from connector.report import words
from connector.report.status import render_status
from connector.sidecar.model import SignatureRequest
from connector.sidecar.reading import read_sidecar
from tests.unit.forbidden_words import FILE_NAMES, FORBIDDEN
from tests.unit.report_example import variants
from tests.unit.test_report_golden import GOLDEN

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guide-utilisateur.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
ADMINISTRATOR = (ROOT / "docs" / "administrator.md").read_text("utf-8")
REHEARSE = (ROOT / "docs" / "rehearse.md").read_text("utf-8")
PLATFORM = (ROOT / "docs" / "platform.md").read_text("utf-8")


def yaml_blocks(text: str) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)


def configurations() -> list[str]:
    """Whole files: what the administrator's page shows of one alone is added to the least that works."""
    least, *others = yaml_blocks(ADMINISTRATOR)
    whole = [block for text in (README, REHEARSE) for block in yaml_blocks(text) if "config_version" in block]
    return [*whole, least, *(block if "config_version" in block else least + block for block in others)]


def verbs(*, hidden: bool = True) -> set[str]:
    import typer.main

    from connector.cli.app import app

    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    return {name for name, command in commands.items() if hidden or not command.hidden}


@pytest.mark.parametrize("state", State)
def test_the_readme_names_every_state(state: State) -> None:
    assert f"`{state.value}`" in README


def test_the_readme_names_every_verb_and_no_other() -> None:
    section = README.split("## Commands")[1].split("## ")[0]
    named = {text.split()[0] for text in re.findall(r"`([^`]+)`", section)}
    assert named - {"--help", "jse-connector"} == verbs(hidden=False)


def test_every_command_in_the_documents_exists() -> None:
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))):
        text = page.read_text("utf-8")
        named = set(re.findall(r"(?m)(?:^|`|bin/)jse-connector ([a-z][a-z-]+)", text))
        assert named <= verbs()


@pytest.mark.parametrize("word", [french for french, _ in words.ALL])
def test_the_guide_explains_every_first_word(word: str) -> None:
    assert re.search(rf"(?m)^\| .*\b{word}\b", GUIDE)


@pytest.mark.parametrize("block", yaml_blocks(GUIDE))
def test_the_guide_shows_requests_that_are_read(block: str) -> None:
    """As a request, or as the settings of a folder where its keys belong only there."""
    settings = re.search(r"(?m)^(contacts|dépôt):", block) is not None
    read = read_sidecar(block.encode(), settings=settings)
    assert isinstance(read, SignatureRequest), read


@pytest.mark.parametrize("line", re.findall(r"`((?:action|envoi): [^`]+)`", GUIDE))
def test_the_guide_offers_lines_that_are_acted_on(line: str) -> None:
    read = read_sidecar(f"{yaml_blocks(GUIDE)[0]}{line}\n".encode())
    assert isinstance(read, SignatureRequest), read


def shown_texts() -> set[str]:
    """Every text that a status can be, and every first line alone."""
    found = set()
    for _, _, record, context in variants():
        told = render_status(record, replace(context, support="le service informatique"))
        found |= {told.first_line, "\n".join([told.first_line, *told.body])}
    return found


def test_the_guide_shows_every_state_as_it_is_read() -> None:
    """Letter for letter: a text that changes without its example in the guide fails here."""
    section = GUIDE.split("## Chaque état, tel que vous le lirez")[1].split("\n## ")[0]
    blocks = re.findall(r"```text\n(.*?)\n```", section, re.DOTALL)
    notice = GOLDEN["notice"].replace("~", "\u00a0").rstrip("\n")
    known = shown_texts() | {notice}
    for block in blocks:
        lines = [block] if block in known else block.split("\n")
        assert [line for line in lines if line not in known] == []
    begun = {line.split(" – ")[0] for block in blocks for line in block.split("\n") if " – " in line}
    assert begun >= {french for french, _ in words.ALL}


def test_the_guide_begins_with_what_people_ask() -> None:
    assert re.findall(r"(?m)^## (.*)", GUIDE)[0] == "Rien ne se passe ?"


def test_the_guide_speaks_daily_words() -> None:
    """The words of the ux page, section 4, stand nowhere but in the names of files."""
    told = FILE_NAMES.sub("", GUIDE.replace("```yaml\n", ""))
    assert [match[0] for match in FORBIDDEN.finditer(told)] == []


def test_the_example_configuration_loads() -> None:
    assert load_config(ROOT / "config.example.yaml").folders


def test_the_example_names_the_journal_that_is_there() -> None:
    """Uncommented, its line changes nothing: with another file the service began a new journal beside the old one."""
    (line,) = re.findall(
        r'(?m)^# (journal: \{url: "sqlite:.*)$', (ROOT / "config.example.yaml").read_text("utf-8")
    )
    example = load_config(f"{(ROOT / 'config.example.yaml').read_text('utf-8')}\n{line}\n")
    assert example.journal.url == state.State(directory=Path("/var/lib/jse-connector")).journal_url


@pytest.mark.parametrize("text", configurations())
def test_the_least_configuration_loads(text: str) -> None:
    config = load_config(textwrap.dedent(text))
    assert {folder.send.value for folder in config.folders.values()} == {"preview"}


def test_the_readme_shows_a_request_that_is_read() -> None:
    """And tells of its status what is really said."""
    (block,) = (each for each in yaml_blocks(README) if "signataires" in each)
    assert isinstance(read_sidecar(textwrap.dedent(block).encode()), SignatureRequest)
    quoted = " ".join(README.split()).replace("\u00a0", " ")
    first_lines = "\n".join(text.split("\n")[0].replace("\u00a0", " ") for text in shown_texts())
    shown = re.findall(r"« (PRÊT – [^»]+) »", quoted)
    assert shown
    assert [line for line in shown if not re.search(rf"(?m)^{re.escape(line)}", first_lines)] == []


def test_the_platform_page_lists_every_line_with_its_grade() -> None:
    for operation in Contract().listed():
        row = f"| `{operation.name}` | {operation.method} `{operation.path}` | {operation.grade.value} |"
        assert row in PLATFORM
    for setting in Contract().settings():
        if not setting.name.startswith("operations."):
            assert re.search(
                rf"(?m)^\| `{re.escape(setting.name)}` \| .* \| {setting.grade.value} \|$", PLATFORM
            )


def test_the_version_is_one() -> None:
    with (ROOT / "pyproject.toml").open("rb") as stream:
        assert tomllib.load(stream)["project"]["version"] == __version__
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_pinned_versions_are_only_versions() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9._+!-]+", pin) for pin in pins)
    assert not any(pin.lower().startswith("jse") for pin in pins)


def tracked() -> list[Path]:
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        # An archive without git: everything in it was tracked.
        return [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]
    return [ROOT / name for name in listed if name]


# Pieces, so that this file does not find itself.
TRACES = re.compile(
    "|".join(["/ro" + "ot/", "/wo" + "rk/", "/home/" + r"[a-z]+/", "/opt/" + "pypi", "/opt/" + "wheels"])
)
HOSTS = re.compile(
    r"https?://[^\s/]*(?:pyp" + r"i|pythonhos" + r"ted|artifac" + r"tory|nex" + r"us|devp" + r"i)[^\s]*"
)


def test_no_machine_stands_in_the_files() -> None:
    found = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", errors="ignore") if path.is_file() else ""
        found += [f"{path.relative_to(ROOT)}: {hit}" for hit in TRACES.findall(text) + HOSTS.findall(text)]
    assert found == []
