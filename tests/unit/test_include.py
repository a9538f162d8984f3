"""A configuration in several files: what merges, what is refused with both places, which file a problem names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from connector.config import Reading, read_config
from connector.errors import ConfigurationProblem

MAIN = """\
config_version: 1
include: conf.d/*.yaml
platform: {url: "https://sign.example/", shortcut: x, secret: {env: S}}
policy: {levels: [simple]}
"""
FIRM = """\
servers:
  {name}-cloud: {{url: "https://{name}.example/dav/", user: s, password: {{env: P}}}}
accounts:
  {name}: {{sender: Cabinet, owner: o@{name}.example}}
folders:
  {name}-letters: {{server: {name}-cloud, path: /Lettres/, account: {name}}}
"""


@pytest.fixture
def main(tmp_path: Path) -> Path:
    (tmp_path / "conf.d").mkdir()
    file = tmp_path / "config.yaml"
    file.write_text(MAIN)
    firm(file, "annecy")
    firm(file, "lyon")
    return file


def firm(main: Path, name: str, more: str = "") -> Path:
    file = main.parent / "conf.d" / f"{name}.yaml"
    file.write_text(FIRM.format(name=name) + more)
    return file


def only(reading: Reading, *, warning: bool = False) -> ConfigurationProblem:
    found = [one for one in reading.problems if one.warning is warning]
    assert len(found) == 1, found
    return found[0]


def test_where_anybody_can_add_a_firm(main: Path) -> None:
    """Whoever may put a file there may let a program be run (hooks) and documents be sent: it is said."""
    place = main.parent / "conf.d"
    place.chmod(0o1777)
    problem = only(read_config(main), warning=True)
    assert (problem.path, problem.file) == ("include", str(main))
    assert f"chmod o-w {place}" in problem.text
    place.chmod(0o755)
    assert read_config(main).problems == ()


def test_each_firm_is_a_file(main: Path) -> None:
    """Mappings merge, in the order of names; hidden files, copies of editors and directories are none of them."""
    (main.parent / "conf.d" / ".lyon.yaml.swp").write_text("\0")
    (main.parent / "conf.d" / "lyon.yaml~").write_text("folders: {")
    (main.parent / "conf.d" / "old.yaml").mkdir()
    firm(main, "pau", "policy: {same_phone: warn}\n")
    reading = read_config(main)
    assert reading.problems == ()
    assert reading.config is not None
    assert list(reading.config.folders) == ["annecy-letters", "lyon-letters", "pau-letters"]
    assert (reading.config.policy.levels, reading.config.policy.same_phone) == (("simple",), "warn")
    assert [file.name for file in reading.files] == ["config.yaml", "annecy.yaml", "lyon.yaml", "pau.yaml"]


@pytest.mark.parametrize(
    ("more", "path", "line", "first"),
    [
        ("  annecy-letters: {server: lyon-cloud, path: /X/, account: lyon}\n", "folders.annecy-letters", 7,
         ("annecy.yaml", 6)),
        ("policy: {levels: [advanced]}\n", "policy.levels", 7, ("config.yaml", 4)),
        ("config_version: 1\n", "config_version", 7, ("config.yaml", 1)),
        ("platform: nothing\n", "platform", 7, ("config.yaml", 3)),
    ],
)  # fmt: skip
def test_what_stands_there_twice_is_refused_with_both_places(
    main: Path, more: str, path: str, line: int, first: tuple[str, int]
) -> None:
    """Which of two values would hold must not depend on the name of a file."""
    file = firm(main, "lyon", more)
    problem = only(read_config(main))
    assert (problem.file, problem.path, problem.line) == (str(file), path, line)
    other = next(main.parent.rglob(first[0]))
    assert problem.text == f"stands there twice, first in {other}, line {first[1]}; keep one."


def test_a_problem_names_the_file_it_stands_in(main: Path) -> None:
    """Of a value, of a check between two files, of a file that is no YAML; what a broken file holds is not missing."""
    lyon = firm(main, "lyon")
    lyon.write_text(
        lyon.read_text().replace("/Lettres/", "Lettres").replace("account: lyon", "account: lion")
    )
    found = [(one.file, one.line, one.path) for one in read_config(main).problems if not one.warning]
    assert found == [
        (str(lyon), 6, "folders.lyon-letters.account"),
        (str(lyon), 6, "folders.lyon-letters.path"),
    ]
    lyon.write_text("folders: {\n")
    (main.parent / "conf.d" / "annecy.yaml").unlink()
    problem = only(read_config(main))
    assert (problem.file, problem.path) == (str(lyon), "(file)")


def test_includes_do_not_nest(main: Path) -> None:
    """Said so, in the file that tries."""
    file = firm(main, "lyon", "include: more/*.yaml\n")
    problem = only(read_config(main))
    assert (problem.file, problem.path, problem.line) == (str(file), "include", 7)
    assert "an included file includes no other" in problem.text


def test_a_pattern_that_fits_nothing_is_a_warning(main: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory may be empty for now; a slip of the pen is to be seen."""
    main.write_text(MAIN.replace("conf.d/*.yaml", "[conf.d/*.yaml, firms/*.yaml]"))
    problem = only(read_config(main), warning=True)
    assert (problem.path, problem.line) == ("include", 2)
    monkeypatch.chdir(main.parent)
    there = only(read_config(Path(main.name)), warning=True)
    assert there.text == problem.text == f'"firms/*.yaml" fits no file below {main.parent}.'


def test_links_pipes_and_modes(main: Path, tmp_path: Path) -> None:
    """A link is followed; one that leads nowhere, a pipe and what cannot be read are problems; open modes are told."""
    real = tmp_path / "elsewhere.yaml"
    real.write_text(FIRM.format(name="pau"))
    link = main.parent / "conf.d" / "pau.yaml"
    link.symlink_to(real)
    config = read_config(main).config
    assert config is not None
    assert "pau" in config.accounts
    real.chmod(0o666)
    problem = only(read_config(main), warning=True)
    assert (problem.file, problem.text) == (
        str(link),
        f"every user of this host can change it: chmod o-w {link}",
    )
    real.unlink()
    problem = only(read_config(main))
    assert (problem.file, problem.text) == (str(link), "cannot be read: No such file or directory.")
    link.unlink()
    os.mkfifo(link)
    assert only(read_config(main)).text == "cannot be read: not a file."


def test_a_file_never_includes_itself(main: Path) -> None:
    """A wide pattern in one directory is no loop; absolute patterns are taken as they are."""
    firm_file = main.parent / "lyon.yaml"
    firm_file.write_text(FIRM.format(name="pau"))
    main.write_text(MAIN.replace("conf.d/*.yaml", f"['*.yaml', '{main.parent}/conf.d/*.yaml']"))
    reading = read_config(main)
    assert reading.problems == ()
    assert len(reading.files) == 4


def test_a_template_is_judged_where_it_will_stand(main: Path, tmp_path: Path) -> None:
    """In place of a file that is there, or as one that is not there yet; problems name the template."""
    new = tmp_path / "tmp-1234"
    new.write_text(FIRM.format(name="lyon").replace("account: lyon", "account: lion"))
    problem = only(read_config(main, {main.parent / "conf.d" / "lyon.yaml": new}))
    assert (problem.file, problem.path) == (str(new), "folders.lyon-letters.account")
    new.write_text(FIRM.format(name="pau"))
    reading = read_config(main, {main.parent / "conf.d" / "pau.yaml": new})
    assert reading.config is not None
    assert "pau" in reading.config.accounts


def test_a_text_includes_nothing() -> None:
    """It has no place from which files are counted."""
    assert any("no place" in one.text for one in read_config(MAIN).problems)
