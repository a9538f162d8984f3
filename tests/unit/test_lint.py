"""``lint`` and ``preview`` on real files: the verdicts, what counts and what does not; nothing is left behind."""

from __future__ import annotations

import json
import logging
import os
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest
from PIL import Image

from connector.cli import main
from connector.cli.common import Settings
from connector.cli.lint_targets import trees_of
from connector.cli.local_folder import Area, LocalFolder
from connector.cli.offline import Rules, Statuses, judged, offline, rules_of, see
from connector.cli.read_only import WriteRefused
from connector.errors import NotConnected, NotFound, OutOfSpace, Unavailable
from connector.lifecycle import State
from connector.ports import ETag, FileId, Href, TransactionId
from connector.report.block import seal_status
from connector.steps.read import MOST_IMAGE_BYTES
from tests import documents
from tests.worlds import workers

MARIE = "signataires: Marie Dupont <marie.dupont@cabinet.fr> 06 12 34 56 70\n"
CONTACTS = "contacts: {expert-comptable: Claire Bernard <claire.bernard@cabinet.fr> 06 98 76 54 30}\n"
CONFIG = """\
config_version: 1
support: le support
servers: {dms: {url: "https://cloud.example/dav/", user: u, password: {env: NOT_SET}}}
platform: {url: "https://sign.example/", shortcut: x, secret: {env: NOT_SET}}
accounts: {lyon: {sender: Cabinet, owner: chef@lyon.example}, annecy: {sender: Cabinet, owner: chef@annecy.example}}
folders:
  letters: {server: dms, path: /Lettres/, account: lyon, send: live}
  social: {server: dms, path: /Social/, account: annecy, send: preview, policy: {refuse_domains: [cabinet.fr]}}
"""


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No configuration of this machine, no network for this process, a scratch directory that can be looked into."""
    for name in ("JSE_CONFIG", "STATE_DIRECTORY", "NOT_SET"):
        monkeypatch.delenv(name, raising=False)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    monkeypatch.setattr(socket.socket, "connect", _no_network)
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = before, level
    assert list(scratch.iterdir()) == []


def _no_network(*_: object) -> None:
    raise AssertionError("somebody was asked")


@dataclass
class Called:
    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def verdicts(self) -> dict[str, str]:
        return {Path(one["path"]).name: one["verdict"] for one in self.lines if "verdict" in one}

    @property
    def codes(self) -> dict[str, list[str]]:
        return {
            Path(one["path"]).name: [problem["code"] for problem in one["problems"]]
            for one in self.lines
            if "verdict" in one
        }


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Any:
    def called(*arguments: object) -> Called:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Called(int(ended.value.code or 0), out.replace("\u00a0", " "), err)

    return called


def put(place: Path, text: str = MARIE, pdf: bytes | None = b"") -> Path:
    """Write a request, and its PDF unless that is None; by default a letter of its own."""
    place.parent.mkdir(parents=True, exist_ok=True)
    sidecar = place.with_name(place.name + ".sign.yaml")
    sidecar.write_text(text, encoding="utf-8")
    if pdf is not None:
        place.with_name(place.name + ".pdf").write_bytes(pdf or documents.letter(2, place.name))
    return sidecar


def fingerprint(directory: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in directory.rglob("*")
    }


# --------------------------------------------------------------------------------------------------
# Verdicts


def test_a_word_file_in_the_stead_of_a_pdf(call: Any, tmp_path: Path) -> None:
    put(tmp_path / "lettre", pdf=None)
    (tmp_path / "lettre.docx").write_bytes(b"PK")
    assert "« lettre.docx » se trouve ici : à enregistrer au format PDF." in call("lint", tmp_path).out


def test_a_picture_of_another_kind(call: Any, tmp_path: Path) -> None:
    """One from a messenger is told as what it is: it is there, and nobody has to look for another."""
    put(tmp_path / "photo", pdf=None)
    put(tmp_path / "lettre", f"{MARIE}annexes: photo.webp\n")
    (tmp_path / "photo.webp").write_bytes(b"RIFF\0\0\0\0WEBP")
    told = " ".join(call("lint", tmp_path).out.split())
    assert "« photo.webp » se trouve ici : à enregistrer au format PDF." in told
    assert "« photo.webp » n’est ni un PDF ni une image JPEG, PNG, TIFF ou HEIC." in told


def test_a_picture_too_heavy_to_be_read(call: Any, tmp_path: Path) -> None:
    """It is told as a picture: the platform's 10 MB are no measure of what becomes a much lighter PDF."""
    put(tmp_path / "scan", pdf=None)
    with (tmp_path / "scan.tif").open("wb") as file:
        file.write(b"II*\0")
        file.truncate(MOST_IMAGE_BYTES + 1)
    told = call("lint", "--json", tmp_path)
    assert told.codes == {"scan.sign.yaml": ["image_too_large"]}
    assert "10 Mo" not in told.out


def test_a_scan_has_no_room_but_at_a_corner(call: Any, tmp_path: Path) -> None:
    """Its paper is stained all over; what the sentence proposes is what helps, and a page alone is not."""
    sidecar = put(tmp_path / "scan", pdf=None)
    stained = Image.linear_gradient("L").resize((1654, 2339)).point(lambda grey: 200 + grey // 5)
    stained.save(tmp_path / "scan.jpg", dpi=(200, 200))
    assert "indiquez une page et un coin" in " ".join(call("lint", tmp_path).out.split())
    sidecar.write_text(f"{MARIE}signature: {{page: 1}}\n", encoding="utf-8")
    assert call("lint", "--json", tmp_path).codes == {"scan.sign.yaml": ["placement_no_room"]}
    sidecar.write_text(f"{MARIE}signature: {{page: 1, coin: bas droite}}\n", encoding="utf-8")
    assert call("lint", tmp_path).status == 0


def test_a_tree(call: Any, tmp_path: Path) -> None:
    """Every request of a tree is judged, each problem with its line; nothing there is written or changed."""
    tree = tmp_path / "Lettres"
    put(tree / "good")
    put(tree / "words", "obget: x\n" + MARIE.replace("06 12", "04 78"))
    put(tree / "alone", pdf=None)
    (tree / "alonf.pdf").write_bytes(documents.letter(1, "alonf"))
    put(tree / "2026" / "broken", pdf=b"%PDF-1.7\nrubbish")
    put(tree / "2026" / "draft", MARIE + "envoi: brouillon\n")
    put(tree / "2026" / "copy", pdf=(tree / "good.pdf").read_bytes())
    before = fingerprint(tree)
    told = call("lint", "--json", tree)
    assert told.status == 1
    assert told.verdicts == {
        "good.sign.yaml": "to_check",
        "words.sign.yaml": "to_correct",
        "alone.sign.yaml": "waiting_pdf",
        "broken.sign.yaml": "to_correct",
        "draft.sign.yaml": "ok",
        "copy.sign.yaml": "ok",
    }, "of two alike the first in order is the original"
    assert told.codes["words.sign.yaml"] == ["unknown_key", "phone_fixed_line"]
    assert told.codes["broken.sign.yaml"] == ["pdf_unreadable"]
    assert fingerprint(tree) == before
    text = call("lint", tree)
    assert text.status == 1
    assert "words.sign.yaml: À CORRIGER – " in text.out
    assert "    2. Ligne 2 : 04 78 34 56 70 est un numéro fixe." in text.out
    assert "draft.sign.yaml: OK – 1 document, 2 pages, 1 signataire ; deviendrait un brouillon" in text.out
    assert "« alonf.pdf »" in text.out
    assert "6 demandes : 2 OK, 2 à corriger, 1 sans document et 1 à confirmer ou à vérifier" in text.out


def test_all_good_is_0(call: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    sidecar = put(tmp_path / "lettre")
    for path in (tmp_path / "lettre.pdf", sidecar, tmp_path):
        told = call("lint", "--language", "en", path)
        assert told.status == 0, told.out
        assert "OK – 1 document, 2 pages, 1 signatory; would leave by itself" in told.out
        assert "1 request: 1 OK" in told.out
        assert call("lint", "--quiet", path).out == ""
    assert [line for line in caplog.messages if " in folder " in line] == [], "nothing of it has happened"


def test_one_object_a_request(call: Any, tmp_path: Path) -> None:
    """The form that programs read; the last object is the sum."""
    put(tmp_path / "a", "obget: x\n" + MARIE)
    put(tmp_path / "b")
    told = call("lint", "--json", "--language", "en", tmp_path)
    bad, good, total = told.lines
    assert {one["format"] for one in told.lines} == {1}
    assert (bad["kind"], bad["path"], bad["state"]) == ("request", str(tmp_path / "a.sign.yaml"), "rejected")
    (problem,) = bad["problems"]
    assert (problem["code"], problem["line"], problem["values"]["nearest"]) == ("unknown_key", 1, "objet")
    assert problem["text"].startswith("Line 1: “obget”")
    assert (good["verdict"], good["state"], good["signatories"]) == ("ok", "waiting", 1)
    assert good["documents"] == [{"name": "b.pdf", "role": "document", "pages": 2}]
    assert (total["kind"], total["requests"]["ok"], total["requests"]["to_correct"]) == ("summary", 1, 1)
    assert [one.get("verdict") for one in call("lint", "--json", "--quiet", tmp_path).lines] == [
        "to_correct",
        None,
    ]


def test_a_model_that_was_not_filled_in_is_to_correct(call: Any, tmp_path: Path) -> None:
    """Its people are refused as they are in a watched folder, though no configuration says so here."""
    put(tmp_path / "lettre", MARIE.replace("cabinet.fr", "example.fr"))
    assert call("lint", "--json", tmp_path).codes["lettre.sign.yaml"] == ["domain_refused"]


def test_one_file_never_stops_the_others(call: Any, tmp_path: Path) -> None:
    """A file that this machine cannot read is told, a defect met in one file as well."""
    put(tmp_path / "a")
    (tmp_path / "a.sign.yaml").unlink()
    (tmp_path / "a.sign.yaml").symlink_to("/proc/self/mem")
    put(tmp_path / "b")
    put(tmp_path / "c")
    (tmp_path / "c.pdf").unlink()
    (tmp_path / "c.pdf").symlink_to("/proc/self/mem")
    told = call("lint", "--json", tmp_path)
    assert told.status == 1
    assert told.verdicts == {"a.sign.yaml": "unreadable", "b.sign.yaml": "ok", "c.sign.yaml": "unreadable"}


def test_a_copy_in_the_same_folder_is_told_so(call: Any, tmp_path: Path) -> None:
    first = put(tmp_path / "un")
    put(tmp_path / "deux", pdf=first.with_name("un.pdf").read_bytes())
    assert "semble copiée d’une autre de ce dossier" in call("lint", tmp_path).out
    put(tmp_path / "sous" / "deux", pdf=first.with_name("un.pdf").read_bytes())
    for name in ("deux.pdf", "deux.sign.yaml"):
        (tmp_path / name).unlink()
    assert "semble copiée d’un autre dossier" in call("lint", tmp_path).out


def test_words_that_stand_on_another_page_than_the_one_named(call: Any, tmp_path: Path) -> None:
    """They are in the PDF: where, is what helps."""
    put(tmp_path / "x", MARIE + "signature: {ancre: page 4 sur 4, page: 1}\n", documents.letter(4, "Lettre"))
    told = call("lint", tmp_path).out
    assert "« page 4 sur 4 » figure page 4, et non page 1" in told
    assert "Copiez ces mots" not in told
    put(tmp_path / "x", MARIE + "signature: {ancre: page 9 sur 4, page: 1}\n", documents.letter(4, "Lettre"))
    assert "Copiez ces mots" in call("lint", tmp_path).out


def test_two_requests_for_one_document_are_both_told(call: Any, tmp_path: Path) -> None:
    put(tmp_path / "lettre")
    (tmp_path / "lettre.sign.txt").write_text(MARIE)
    told = call("lint", "--json", tmp_path)
    assert set(told.codes.values().__iter__().__next__()) == {"two_sidecars"}
    assert told.verdicts == {"lettre.sign.txt": "to_correct", "lettre.sign.yaml": "to_correct"}


def test_what_is_no_request(call: Any, tmp_path: Path) -> None:
    """Hidden folders, models, noise and our own files are left alone."""
    for name in (".git/x", "Modèles de signature/x", "~$x", "x (conflicted copy 2026-01-01 101010)"):
        put(tmp_path / name)
    told = call("lint", tmp_path)
    assert told.status == 0
    assert "Aucune demande de signature ici." in told.out
    asked = call("lint", "--json", tmp_path / "Modèles de signature" / "x.sign.yaml", "--root", tmp_path)
    assert (asked.status, asked.verdicts) == (1, {"x.sign.yaml": "to_check"})


def make_list(folder: Path, *rows: tuple[object, ...]) -> Path:
    book = openpyxl.Workbook()
    for row in (("document", "e-mail", "prénom", "nom", "téléphone"), *rows):
        book.active.append(row)
    folder.mkdir(parents=True, exist_ok=True)
    book.save(folder / "_signataires.xlsx")
    return folder / "_signataires.xlsx"


def test_the_rows_of_a_list_are_judged(call: Any, tmp_path: Path) -> None:
    """Each row as the request that would be written for it, its PDF as well; nothing is written."""
    tree = tmp_path / "tree"
    made = make_list(
        tree,
        ("A", "a@cabinet.fr", "Anne", "Alpha", 612345671),
        ("B", "b@cabinet.fr", "Bob", "Beta", "04 12 34 56 78"),
        ("C", "c@cabinet.fr", "Cléo", "Gamma", "06 12 34 56 79"),
        ("D", "d@cabinet.fr", "Dan", "Delta", "06 12 34 56 70"),
    )
    for name in "AB":
        (tree / f"{name}.pdf").write_bytes(documents.letter(2, name))
    (tree / "C.pdf").write_bytes(documents.encrypted())
    before = fingerprint(tree)
    for path in (made, tree):
        told = call("lint", "--json", path)
        assert told.status == 1
        whole, first, third, total = told.lines
        assert (whole["kind"], whole["verdict"]) == ("list", "to_correct")
        assert [(one["code"], one["line"]) for one in whole["problems"]] == [("phone_fixed_line", 3)]
        assert (first["row"], first["verdict"], first["path"]) == (2, "ok", str(made))
        assert (third["row"], [one["code"] for one in third["problems"]]) == (4, ["pdf_encrypted"])
        assert total["lists"] == {"to_correct": 1}
    text = call("lint", tree).out
    assert (
        "_signataires.xlsx, ligne 2 (A.pdf): OK – 1 document, 2 pages, 1 signataire ; aperçu seulement"
        in text
    )
    assert "Lignes sans PDF : 5 (D)." in text
    assert fingerprint(tree) == before


def test_a_good_list_is_good_and_a_broken_one_is_told(call: Any, tmp_path: Path) -> None:
    made = make_list(tmp_path / "good", ("A", "a@cabinet.fr", "Anne", "Alpha", "06 12 34 56 70"))
    (tmp_path / "good" / "A.pdf").write_bytes(documents.letter(2, "A"))
    told = call("lint", "--language", "en", made)
    assert (told.status, "_signataires.xlsx: OK – 1 row, its request is judged here" in told.out) == (0, True)
    broken = make_list(tmp_path / "broken")
    broken.write_bytes(b"PK\x03\x04 half a file")
    told = call("lint", "--json", tmp_path)
    assert told.status == 1
    assert sorted(one["verdict"] for one in told.lines if one["kind"] == "list") == ["ok", "to_correct"]


def test_nothing_here(call: Any, tmp_path: Path) -> None:
    assert call("lint", tmp_path).status == 0


# --------------------------------------------------------------------------------------------------
# Settings


@pytest.fixture
def firm(tmp_path: Path) -> Path:
    """A firm's tree: contacts at its root, the partner added for a whole folder."""
    root = tmp_path / "Cabinet"
    put(root / "Lettres" / "2026" / "lettre")
    (root / "_signature.yaml").write_text(CONTACTS)
    (root / "Lettres" / "_signature.yaml").write_text("puis: expert-comptable\n", encoding="utf-8")
    return root


def test_settings_above_count(call: Any, firm: Path) -> None:
    """One file, its folder and the whole tree come to the same; where the tree begins can be said."""
    place = firm / "Lettres" / "2026"
    for path in (place / "lettre.sign.yaml", place / "lettre.pdf", place, firm):
        told = call("lint", "--json", path)
        assert told.status == 0, told.out
        (request,) = [one for one in told.lines if one["kind"] == "request"]
        assert request["signatories"] == 2
    above = call("lint", "--json", place).lines[-1]["settings_above"]
    assert above == [str(firm / "_signature.yaml"), str(firm / "Lettres" / "_signature.yaml")]
    bounded = call("lint", "--json", "--root", firm / "Lettres", place)
    assert bounded.status == 1, "the contact stands above the root"
    assert bounded.lines[0]["problems"][0]["file"] == "Lettres/_signature.yaml"


def test_settings_are_judged_by_themselves(call: Any, firm: Path) -> None:
    """A settings file without any request below it is read, too, as one file or in its tree."""
    wrong = firm / "Social" / "_signature.yaml"
    wrong.parent.mkdir()
    wrong.write_text("action: relancer\n")
    told = call("lint", "--json", firm)
    assert told.status == 1
    faults = {
        one["path"]: [p["code"] for p in one["problems"]] for one in told.lines if one["kind"] == "settings"
    }
    assert faults == {
        str(firm / "_signature.yaml"): [],
        str(firm / "Lettres" / "_signature.yaml"): [],
        str(wrong): ["action_in_settings"],
    }
    assert call("lint", firm / "_signature.yaml").status == 0
    assert "Réglages à corriger : 1" in call("lint", wrong).out


# --------------------------------------------------------------------------------------------------
# What the service has told already


def status(text: str, *, place: str = "/Lettres/x.sign.yaml") -> bytes:
    return seal_status(
        text + "\n\nSuite.\n", ref="ABC123", transaction=None, connector="lyon-1", place=place, pdf_sha256=None,
        seal_key=secrets.token_bytes(32),
    )  # fmt: skip


def test_statuses_beside_are_believed_for_what_has_left(call: Any, tmp_path: Path) -> None:
    """What is out or over is repeated, what asks for a person is counted, all else is judged anew."""
    told_before = {
        "a": "EN COURS – 0 signature sur 1 – attend Marie Dupont depuis le 23 novembre 2026",
        "b": "SIGNÉ – « b.pdf » est maintenant la version signée",
        "c": "À CONFIRMER – cette demande semble copiée d’un autre dossier ; rien n’est parti",
        "d": "À CORRIGER – numéro fixe pour Marie Dupont, il faut un mobile (ligne 1)",
        "e": "PRÊT – rien n’est encore parti ; relisez l’aperçu, puis donnez le départ",
        "f": "REJECTED by nobody",
    }
    for name, line in told_before.items():
        put(tmp_path / name, MARIE.replace("dupont@", f"{name}@"))
        (tmp_path / f"{name}.signature.txt").write_bytes(status(line))
    put(tmp_path / "g")
    (tmp_path / "g.signature.txt").write_text("appelé le 3/12")
    told = call("lint", "--json", tmp_path)
    assert told.verdicts == {
        "a.sign.yaml": "followed",
        "b.sign.yaml": "followed",
        "c.sign.yaml": "to_check",
        "d.sign.yaml": "ok",
        "e.sign.yaml": "ok",
        "f.sign.yaml": "ok",
        "g.sign.yaml": "to_check",
    }
    assert told.lines[0]["first_line"] == told_before["a"].replace("\u00a0", " ")
    only_left = call("lint", tmp_path / "a.pdf", tmp_path / "b.pdf")
    assert only_left.status == 0
    assert "2 demandes : 2 déjà parties, non relues" in only_left.out


# --------------------------------------------------------------------------------------------------
# The administrator's rules


def test_a_folders_own_rules(call: Any, tmp_path: Path) -> None:
    """Fence, ceiling and policy are those of the folder that is named; secrets are neither there nor needed."""
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG)
    tree = tmp_path / "tree"
    put(tree / "a", MARIE + "compte: lyon\n")
    plain = call("lint", "--json", tree)
    assert plain.codes["a.sign.yaml"] == ["account_fenced"]
    letters = call("lint", "--config", config, "--folder", "letters", tree)
    assert (letters.status, "partirait d’elle-même" in letters.out) == (0, True)
    social = call("lint", "--json", "--config", config, "--folder", "social", tree)
    assert sorted(social.codes["a.sign.yaml"]) == ["account_fenced", "domain_refused"]
    put(tree / "a", MARIE.replace("cabinet.fr", "autre.fr"))
    assert "aperçu seulement" in call("lint", "--config", config, "--folder", "social", tree).out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lint"], "Missing argument"),
        (["lint", "nowhere.sign.yaml"], "no such file"),
        (["lint", "note.txt"], "neither a request"),
        (["lint", "lonely.pdf"], "no request lies beside it (lonely.sign.yaml)"),
        (["lint", "tree", "--root", "elsewhere"], "lies outside of"),
        (["lint", "tree", "--root", "nowhere"], "no such directory"),
        (["lint", "tree", "--language", "de"], "language"),
        (["lint", "tree", "--config", "config.yaml"], "--folder letters|social"),
        (
            ["lint", "tree", "--config", "config.yaml", "--folder", "x"],
            'no folder "x". Known: letters, social.',
        ),
        (["lint", "tree", "--config", "nowhere.yaml", "--folder", "x"], "No such file"),
        (["preview", "note.txt"], "not a request"),
        (["preview", "tree/a.sign.yaml", "-o", "tree"], "a directory"),
        (["preview", "tree/a.sign.yaml", "-o", "tree/a.pdf"], "not a preview"),
        (["preview", "tree/a.sign.yaml", "-o", "note.txt"], "not a preview"),
        (["schema"], "request, settings, config"),
        (["schema", "nonsense"], 'no schema "nonsense"'),
    ],
)
def test_misuse_is_2(
    call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    put(tmp_path / "tree" / "a")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "note.txt").write_text("x")
    (tmp_path / "lonely.pdf").write_bytes(documents.letter(1))
    (tmp_path / "config.yaml").write_text(CONFIG)
    before = fingerprint(tmp_path / "tree")
    told = call(*arguments)
    assert told.status == 2
    assert said in told.err
    assert told.out == "" or arguments[0] == "preview"
    assert fingerprint(tmp_path / "tree") == before


def test_every_wrong_path_is_told_at_once(call: Any, tmp_path: Path) -> None:
    told = call("lint", tmp_path / "a.sign.yaml", tmp_path / "b.sign.yaml")
    assert (told.status, told.err.count("no such file")) == (2, 2)


# --------------------------------------------------------------------------------------------------
# What is kept on the way


def test_nothing_is_kept_of_a_request_but_its_record(tmp_path: Path) -> None:
    """The spool is empty after each request, and none is held against the ones before: a big tree stays cheap."""
    for number in range(4):
        put(tmp_path / "tree" / f"{number}", MARIE.replace("dupont@", f"d{number}@"))
    (tree,) = trees_of([tmp_path / "tree"], None)
    rules = rules_of(Settings(), None)
    local = LocalFolder(rules.server, tree.root, root=rules.root(tree.root), areas=tree.areas)
    with offline(rules, local, workers()) as parts:
        sight = see(parts)
        for pair in sight.pairs():
            assert judged(parts, sight, pair).state is State.WAITING
            assert parts.spool.references() == set()
            assert parts.journal.open_records(rules.server) == []
        assert len(list(parts.journal.everything())) == 4
        for service in parts.services.values():
            with pytest.raises(NotConnected):
                service.status(TransactionId("1"))
            with pytest.raises(WriteRefused):
                service.send(TransactionId("1"))


# --------------------------------------------------------------------------------------------------
# The local folder


@pytest.fixture
def local(tmp_path: Path) -> LocalFolder:
    put(tmp_path / "tree" / "sous" / "a")
    return LocalFolder("here", tmp_path / "tree", root=Href("/tree/"))


def test_a_local_folder_is_the_port(local: LocalFolder, tmp_path: Path) -> None:
    """Hrefs below its root, ETags that change with the bytes, whole listings, errors of the port."""
    listing = local.walk(Href("/tree/"))
    assert [entry.href for entry in listing.entries] == [
        "/tree/sous/",
        "/tree/sous/a.pdf",
        "/tree/sous/a.sign.yaml",
    ]
    assert [entry.name for entry in local.list(Href("/tree/sous/")).entries] == ["a.pdf", "a.sign.yaml"]
    before = local.stat(Href("/tree/sous/a.sign.yaml"))
    stream = BytesIO()
    fetched = local.get(before.href, stream, max_bytes=1000)
    assert (stream.getvalue(), fetched.etag, fetched.size) == (MARIE.encode(), before.etag, before.size)
    put(tmp_path / "tree" / "sous" / "a", MARIE + "note: x\n")
    assert local.stat(before.href).etag != before.etag
    with pytest.raises(OutOfSpace):
        local.get(before.href, BytesIO(), max_bytes=10)
    for href in ("/tree/none", "/other/a", "/tree/../secret", "/tree/sous/a.pdf/x"):
        with pytest.raises(NotFound):
            local.get(Href(href), BytesIO(), max_bytes=10)
    with pytest.raises(NotFound):
        local.get(Href("/tree/sous/"), BytesIO(), max_bytes=10)
    (tmp_path / "tree" / "mem").symlink_to("/proc/self/mem")
    with pytest.raises(Unavailable):
        local.get(Href("/tree/mem"), BytesIO(), max_bytes=10)
    assert local.find_by_id(FileId("1")) is None
    assert local.versions(FileId("1")) == ()
    assert not local.capabilities().versions


def test_a_local_folder_writes_nothing(local: LocalFolder, tmp_path: Path) -> None:
    before = fingerprint(tmp_path)
    href, etag = Href("/tree/sous/a.pdf"), ETag("x")
    for write in (
        lambda: local.create(href, b""),
        lambda: local.replace(href, b"", etag=etag),
        lambda: local.replace_as_version(href, tmp_path, etag=etag, upload="u"),
        lambda: local.move(href, href),
        lambda: local.delete(href),
        lambda: local.make_folder(href),
        lambda: local.label_version(FileId("1"), "2", "x"),
        lambda: local.lock(href, note="x"),
        lambda: local.unlock(href, note="x"),
    ):
        with pytest.raises(WriteRefused):
            write()
    assert fingerprint(tmp_path) == before


def test_odd_things_in_a_tree(tmp_path: Path) -> None:
    """Loops, pipes, dead links, names that are not UTF-8: none of them stops a look."""
    tree = tmp_path / "tree"
    put(tree / "a")
    (tree / "loop").symlink_to(tree)
    (tree / "dead.pdf").symlink_to(tree / "nowhere")
    os.mkfifo(tree / "pipe.sign.yaml")
    odd = os.fsdecode(b"Lettre \xe9.sign.yaml")
    (tree / odd).write_text(MARIE)
    local = LocalFolder("here", tree, root=Href("/"))
    found = {entry.name: entry for entry in local.walk(Href("/")).entries}
    assert set(found) == {"a.pdf", "a.sign.yaml", odd}
    assert found[odd].href == "/" + odd


def test_an_area_shows_what_lies_above_it_and_nothing_beside(tmp_path: Path) -> None:
    for place in ("a/b/c", "a/x/y", "z"):
        put(tmp_path / place / "r")
    (tmp_path / "a" / "_signature.yaml").write_text("")
    local = LocalFolder("here", tmp_path, root=Href("/"), areas=[Area(tmp_path / "a" / "b", deep=True)])
    files = {entry.href for entry in local.walk(Href("/")).entries if not entry.is_folder}
    assert files == {"/a/_signature.yaml", "/a/b/c/r.pdf", "/a/b/c/r.sign.yaml"}


def test_a_name_that_is_not_utf8_is_told(call: Any, tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"Lettre \xe9.sign.yaml")
    odd.write_text("obget: x\n")
    assert "Lettre \ufffd.sign.yaml: À CORRIGER" in call("lint", odd).out
    assert call("lint", "--json", odd).lines[0]["path"] == str(odd)


# --------------------------------------------------------------------------------------------------
# Preview


def test_a_preview_is_drawn_beside(call: Any, tmp_path: Path) -> None:
    """As the service would: same name, label, boxes by name; again after a correction; whatever is wrong is told."""
    sidecar = put(tmp_path / "lettre", MARIE + "envoi: oui\n")
    told = call("preview", sidecar)
    target = tmp_path / "lettre.apercu.pdf"
    assert told.status == 0
    assert told.out.splitlines()[-1] == str(target)
    text = pypdf.PdfReader(target).pages[-1].extract_text()
    assert "APERÇU" in text
    assert "Marie Dupont" in text
    put(tmp_path / "lettre", MARIE.replace("Marie", "Julie"))
    assert call("preview", sidecar, "--language", "en").status == 0
    again = pypdf.PdfReader(target).pages[-1].extract_text()
    assert "Julie Dupont" in again
    assert "PREVIEW" in again
    target.unlink()
    put(tmp_path / "lettre", "obget: x\n" + MARIE)
    wrong = call("preview", sidecar)
    assert (wrong.status, "« obget »" in wrong.out, target.exists()) == (1, True, False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lettre.pdf", "lettre.sign.yaml", "scratch"]


def test_a_preview_elsewhere(call: Any, tmp_path: Path) -> None:
    sidecar = put(tmp_path / "lettre")
    target = tmp_path / "out.pdf"
    assert call("preview", sidecar, "--output", target).status == 0
    assert len(pypdf.PdfReader(target).pages) == 2
    missing = call("preview", sidecar, "--output", tmp_path / "none" / "out.pdf")
    assert (missing.status, "No such file" in missing.err) == (1, True)


# --------------------------------------------------------------------------------------------------
# Schema


def test_schemas_are_printed_or_written(call: Any, tmp_path: Path) -> None:
    printed = call("schema", "request")
    assert printed.status == 0
    assert json.loads(printed.out)["$id"] == "urn:jse-connector:schema:request"
    assert call("schema", "--output", tmp_path / "new" / "dir").status == 0
    written = {
        path.name: json.loads(path.read_text("utf-8")) for path in (tmp_path / "new" / "dir").iterdir()
    }
    assert set(written) == {
        f"{kind}.schema.json" for kind in ("request", "settings", "config", "config-part", "status")
    }
    (tmp_path / "file").write_text("")
    refused = call("schema", "config", "--output", tmp_path / "file")
    assert (refused.status, "Traceback" in refused.err) == (1, False)


def test_statuses_are_kept_by_folder(tmp_path: Path) -> None:
    """A status tells of the request beside it, not of one of that name elsewhere."""
    statuses = Statuses()
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    file = tmp_path / "a" / "Lettre.signature.txt"
    file.write_bytes(status("SIGNÉ – x"))
    assert statuses.shown(tmp_path / "a" / "note.txt")
    assert not statuses.shown(file)
    assert statuses.beside(tmp_path / "a" / "lettre.sign.yaml", "lettre.pdf") is not None
    assert statuses.beside(tmp_path / "b" / "lettre.sign.yaml", "lettre.pdf") is None
    assert isinstance(rules_of(Settings(), None), Rules)
