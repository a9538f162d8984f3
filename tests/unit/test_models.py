"""The models: read by our own reader without a problem, kept in each watched root, never over a person's own."""

from __future__ import annotations

import io
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook

import connector.models
from connector.models import LIST_NAME, models
from connector.report.typography import Language
from connector.sidecar import names
from connector.sidecar.reading import read_sidecar
from connector.signatory_list import table
from connector.signatory_list.rows import ListReading, read_rows
from connector.signatory_list.template import empty_list
from tests.unit.test_report_form import FORBIDDEN
from tests.worlds import MODELS, ROOT, Mode, Stage

LANGUAGES = pytest.mark.parametrize("language", ["fr", "en"])
MODES = pytest.mark.parametrize("mode", ["nextcloud", "plain"])
ROOM = f"{ROOT}/{MODELS}"


@LANGUAGES
def test_every_model_reads_without_a_problem(language: Language) -> None:
    """What we hand out is right by our own reader; each is called what a request or settings file is called."""
    for name, data in models(language).items():
        assert data.startswith(b"\xef\xbb\xbf") or name == LIST_NAME
        assert data.count(b"\n") == data.count(b"\r\n") or name == LIST_NAME
        if name.endswith(".yaml.txt"):
            assert names.is_settings(name) or names.is_sidecar(name)
            read_sidecar(data, settings=names.is_settings(name))
    requests = [name for name in models(language) if names.is_sidecar(name)]
    assert len(requests) == 3
    assert all(read_sidecar(models(language)[name]).signatories for name in requests)


@LANGUAGES
def test_the_optional_lines_of_a_request_are_right_too(language: Language) -> None:
    """Taking away a # makes no fault."""
    name = "Lettre de mission.sign.yaml.txt" if language == "fr" else "Engagement letter.sign.yaml.txt"
    text = models(language)[name].decode("utf-8-sig").replace("\r\n", "\n")
    head, _, options = text.rpartition("\n\n")
    request = read_sidecar((head + "\n" + options.replace("# ", "", 99).split("\n", 1)[1]).encode())
    assert request.subject
    assert request.message
    assert request.send is not None


@LANGUAGES
def test_the_optional_lines_of_the_settings_are_right_too(language: Language) -> None:
    """A place by words of the document and a drop folder, as they stand behind their #."""
    text = models(language)["_signature.yaml.txt"].decode("utf-8-sig").replace("\r\n", "\n")
    options = [line[2:] for line in text.splitlines() if line.startswith(("# signature:", "# place:", "# d"))]
    settings = read_sidecar((text + "\n".join(options)).encode(), settings=True)
    assert settings.drop
    assert settings.place
    assert settings.contacts
    assert settings.then


@LANGUAGES
def test_the_list_to_begin_with(language: Language) -> None:
    """Its titles are read, its phones are text, nothing in it asks for anything; the same bytes every time."""
    data = models(language)[LIST_NAME]
    reading = read_rows(table._workbook(data), LIST_NAME)
    assert reading == ListReading(file=LIST_NAME)
    made = empty_list(language)
    assert made == empty_list(language)
    with ZipFile(io.BytesIO(data)) as shipped, ZipFile(io.BytesIO(made)) as fresh:
        assert shipped.namelist() == fresh.namelist()
        assert all(shipped.read(name) == fresh.read(name) for name in fresh.namelist())
    sheet = load_workbook(io.BytesIO(data)).worksheets[0]
    titles = [str(cell.value) for cell in sheet[1]]
    phones = [cell.column_letter for cell in sheet[1] if "phone" in str(cell.value)]
    assert len(phones) == 2
    assert all(sheet.column_dimensions[letter].number_format == "@" for letter in phones)
    assert "document" in titles


@LANGUAGES
def test_one_page_that_tells_how_to_begin(language: Language) -> None:
    """It names every other model, fits a page, and keeps to the words that accountants know."""
    (name,) = (each for each in models(language) if each.startswith(("Lisez", "Read")))
    lines = models(language)[name].decode("utf-8-sig").replace("\u00a0", " ").split("\r\n")
    assert len(lines) <= 45
    assert all(len(line) <= 80 for line in lines)
    text = "\n".join(lines)
    for other in models(language):
        assert other == name or other in text
    if language == "fr":
        assert not FORBIDDEN.search(text.replace(".yaml", "").replace("_signature", ""))
        assert "'" not in text


def test_models_are_shipped() -> None:
    """Every model is among the files that a package takes along."""
    root = Path(connector.models.__file__).parent
    patterns = tomllib.loads((root.parents[1] / "pyproject.toml").read_text())
    shipped = patterns["tool"]["setuptools"]["package-data"]["connector.models"]
    found = {path for pattern in shipped for path in root.glob(pattern)}
    there = {path for language in ("fr", "en") for path in (root / language).iterdir()}
    assert found == there
    assert len(there) == 12


# ---------------------------------------------------------------------------------- in the folder


def there(stage: Stage) -> dict[str, bytes]:
    place = stage.dms.disk(ROOM)
    return {path.name: path.read_bytes() for path in place.iterdir()} if place.is_dir() else {}


def writes(stage: Stage, since: int = 0) -> list[str]:
    return [
        f"{one.method} {one.path.rsplit('/', 1)[-1]}"
        for one in stage.dms.requests[since:]
        if one.method in {"PUT", "DELETE", "MOVE", "MKCOL"} and "Mod" in one.path and "signature/" in one.path
    ]


@MODES
def test_models_are_kept_in_a_watched_root(tmp_path: Path, mode: Mode) -> None:
    """Made at the first look, preview folder or not; nothing more is asked or written for them, restart or not."""
    with Stage(tmp_path, mode, settings={"send": "preview"}) as stage:
        assert there(stage) == dict(models("fr"))
        assert stage.records() == [], "models are no requests"
        before = len(stage.dms.requests)
        stage.run()
        stage.restart()
        stage.run()
        assert writes(stage, before) == []
        gets = [one.path for one in stage.dms.requests[before:] if one.method == "GET"]
        assert not any("yaml" in path or "xlsx" in path for path in gets)
        stage.intact()


@MODES
def test_what_people_do_to_models(tmp_path: Path, mode: Mode) -> None:
    """A deleted or moved model comes back, a changed one stays as it is, the whole folder comes back."""
    with Stage(tmp_path, mode) as stage:
        shipped = dict(models("fr"))
        mine, moved = "Lettre de mission.sign.yaml.txt", "_signature.yaml.txt"
        stage.write(mine, "signataires: moi\n", folder=ROOM)
        stage.delete("Lisez-moi.txt", folder=ROOM)
        stage.move(moved, "_signature.yaml.txt.gardé", folder=ROOM, to_folder=ROOT)
        stage.run()
        assert there(stage) == {**shipped, mine: b"signataires: moi\n"}
        stage.delete(MODELS)
        stage.run()
        assert there(stage) == shipped
        stage.restart()
        stage.run()
        assert there(stage) == shipped


@MODES
def test_our_text_changes(tmp_path: Path, mode: Mode) -> None:
    """What is ours and old is renewed, what is shipped no more goes; what a person changed stays."""
    with Stage(tmp_path, mode) as stage:
        mine = "_signature.yaml.txt"
        stage.write(mine, "objet: le mien\n", folder=ROOM)
        stage.run()
        stage.more = "language: en\n"
        stage.restart()
        stage.run()
        assert there(stage) == {**models("en"), mine: b"objet: le mien\n"}
        before = len(stage.dms.requests)
        stage.restart()
        stage.run()
        assert writes(stage, before) == []


def test_a_lost_journal_overwrites_nothing(tmp_path: Path) -> None:
    """Without a memory what lies there is left alone, ours or a person's; what is missing is made."""
    with Stage(tmp_path) as stage:
        stage.write("Lisez-moi.txt", "à moi\n", folder=ROOM)
        stage.delete(LIST_NAME, folder=ROOM)
        stage.lose_journal()
        stage.run()
        assert there(stage) == {**models("fr"), "Lisez-moi.txt": "à moi\n".encode()}


def test_models_ask_for_nothing(tmp_path: Path) -> None:
    """A PDF put beside the models is no request, and a list there is none."""
    with Stage(tmp_path) as stage:
        stage.write("Lettre de mission.pdf", b"%PDF-1.4", folder=ROOM)
        stage.run()
        assert stage.records() == []
        assert stage.sends() == []
        assert not any("signature.txt" in name for name in there(stage))
