"""Several documents, annexes and pictures in one request: from the lines that ask to the files that come back."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from connector.lifecycle import State
from tests import documents
from tests.worlds import MARIE, ONE, ROOT, Mode, Stage

MODES: list[Mode] = ["nextcloud", "plain"]


def picture(colour: str = "white", size: tuple[int, int] = (1200, 1600)) -> bytes:
    """A JPEG, as a telephone makes it."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", size, colour)
    ImageDraw.Draw(image).rectangle((100, 100, size[0] - 100, 400), outline="black", width=8)
    out = io.BytesIO()
    image.save(out, "JPEG")
    return out.getvalue()


def plain_text(stage: Stage, name: str = "lettre") -> str:
    return " ".join(stage.status(name).replace("\u00a0", " ").split())


@pytest.mark.parametrize("mode", MODES)
def test_a_mandate_with_three_annexes(tmp_path: Path, mode: Mode) -> None:
    """Job 3: the mandate comes back in its place, each annex beside it, the annexes' own files untouched."""
    with Stage(tmp_path, mode) as stage:
        annexes = {f"Annexe {n}.pdf": documents.letter(1, f"Annexe {n}") for n in (10, 2, 1)}
        for name, content in annexes.items():
            stage.write(name, content)
        stage.drop("Mandat", sidecar=ONE + "annexes: Annexe*.pdf\n")
        stage.run()
        sent = stage.platform.transactions()[-1]
        assert sent.documents == ("Mandat.pdf", "Annexe 1.pdf", "Annexe 2.pdf", "Annexe 10.pdf")
        assert [len(boxes) for boxes in sent.boxes] == [1, 0, 0, 0]
        stage.sign()
        stage.run()
        record = stage.record("Mandat")
        assert record.state is State.DELIVERED, stage.status("Mandat")
        assert {name for name in stage.files() if "(signé)" in name} == {
            f"Mandat - Annexe {n} (signé).pdf" for n in (1, 2, 10)
        }
        for name, content in annexes.items():
            assert stage.read(name) == content
        assert stage.read("Mandat.pdf").startswith(b"%PDF")
        assert stage.sends() == [1]
        stage.intact()


@pytest.mark.parametrize("mode", MODES)
def test_two_documents_each_come_back_to_their_own_file(tmp_path: Path, mode: Mode) -> None:
    """One transaction, one outcome; every signatory has a box on every document."""
    with Stage(tmp_path, mode) as stage:
        stage.write("bilan.pdf", documents.letter(2, "Bilan"))
        stage.drop(sidecar=ONE + "documents: bilan.pdf\n")
        stage.run()
        sent = stage.platform.transactions()[-1]
        assert sent.documents == ("lettre.pdf", "bilan.pdf")
        assert [len(boxes) for boxes in sent.boxes] == [1, 1]
        stage.sign()
        stage.run()
        record = stage.record()
        assert record.state is State.DELIVERED
        for name in ("lettre.pdf", "bilan.pdf"):
            path = tmp_path / f"back-{name}"
            path.write_bytes(stage.read(name))
            verdict = stage.parts.documents.verify_signed(path)
            assert verdict.intact, name
            assert len(verdict.signatures) == 1
        assert "bilan.pdf" in plain_text(stage)
        stage.intact()


def test_a_request_may_name_all_its_documents(tmp_path: Path) -> None:
    """Without a PDF of its own name, what is written beside bears the request's name."""
    with Stage(tmp_path) as stage:
        stage.write("A.pdf", documents.letter(1, "A"))
        stage.write("B.pdf", documents.letter(1, "B"))
        stage.write("Dossier.sign.yaml", ONE + "documents:\n  - A.pdf\n  - B\n")
        stage.run()
        assert stage.platform.transactions()[-1].documents == ("A.pdf", "B.pdf")
        assert stage.first_line("Dossier").startswith("EN COURS")
        assert not stage.status("A")
        stage.sign()
        stage.run()
        assert stage.first_line("Dossier").startswith("SIGNÉ –")
        stage.intact()


def test_a_document_that_is_missing_is_waited_for(tmp_path: Path) -> None:
    """Nothing leaves without it; once it is there, all goes."""
    with Stage(tmp_path) as stage:
        stage.drop(sidecar=ONE + "documents: bilan.pdf\nannexes: Annexe*\n")
        stage.run()
        assert stage.record().state is State.WAITING_PDF
        stage.clock.advance(600)
        stage.run()
        assert stage.first_line() == "EN ATTENTE DU PDF – 2 documents ne sont pas dans ce dossier"
        stage.write("bilan.pdf", documents.letter(1, "Bilan"))
        stage.run()
        assert stage.first_line() == "EN ATTENTE DU PDF – aucun fichier ne correspond à « Annexe* »"
        stage.write("Annexe 1.pdf", documents.letter(1, "Annexe"))
        stage.run()
        assert stage.platform.transactions()[-1].documents == ("lettre.pdf", "bilan.pdf", "Annexe 1.pdf")
        assert stage.sends() == [1]


def test_a_word_file_in_the_stead_of_the_letter_is_named(tmp_path: Path) -> None:
    """Whether it came with the request or after the first answer; what is made of it sets the request going."""
    with Stage(tmp_path) as stage:
        stage.write("lettre.sign.yaml", ONE)
        stage.write("mandat.sign.yaml", ONE)
        stage.write("lettre.docx", b"PK")
        stage.run()
        stage.clock.advance(600)
        stage.run()
        assert "« lettre.docx » se trouve dans ce dossier : enregistrez-le au format PDF" in plain_text(stage)
        assert "Donnez le même nom aux deux" in plain_text(stage, "mandat")
        stage.write("mandat.docx", b"PK")
        stage.run()
        assert "« mandat.docx » se trouve dans ce dossier" in plain_text(stage, "mandat")
        assert "Donnez le même nom" not in plain_text(stage, "mandat")
        stage.delete("mandat.docx")
        stage.run()
        assert "Donnez le même nom aux deux" in plain_text(stage, "mandat")
        stage.write("lettre.pdf", documents.letter())
        stage.run()
        assert stage.first_line().startswith("EN COURS")


def test_a_document_that_changes_before_it_leaves_is_judged_anew(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.write("bilan.pdf", documents.letter(1, "Bilan"))
        stage.drop(sidecar=ONE + "documents: bilan.pdf\nenvoi: non\n")
        stage.run()
        before = stage.record()
        stage.write("bilan.pdf", documents.letter(3, "Autre bilan"))
        stage.run()
        after = stage.record()
        assert after.more[0].pages == 3
        assert after.key != before.key
        assert stage.sends() == []


def test_every_problem_of_every_document_is_told_with_its_name(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.write("bilan.pdf", documents.signed())
        stage.write("Annexe.pdf", documents.html())
        stage.drop(pdf=documents.with_form(), sidecar=ONE + "documents: bilan.pdf\nannexes: Annexe\n")
        stage.run()
        status = plain_text(stage)
        assert {problem["code"] for problem in stage.record().problems} == {
            "pdf_form_fields",
            "pdf_signed",
            "pdf_not_pdf",
        }
        assert "« bilan.pdf » : ce PDF porte déjà" in status
        assert "« Annexe.pdf »" in status


def test_a_name_that_nextcloud_writes_nothing_to_is_told_before_it_leaves(tmp_path: Path) -> None:
    """Put there past Nextcloud, which lists such a name and refuses every new version of it (400 InvalidPath)."""
    with Stage(tmp_path) as stage:
        long, cloud = f"{'l' * 247}.pdf", stage.dms.nextcloud
        assert cloud is not None
        cloud.tree.disk(f"{ROOT}/{long}").write_bytes(documents.letter(1))
        cloud.tree.scan()
        stage.write("lettre.sign.yaml", ONE + f"document: {long}\n")
        stage.run(calm=6)
        assert stage.first_line() == "À CORRIGER – le nom du PDF est trop long ; raccourcissez-le"
        assert stage.sends() == []
        stage.move(long, "l.pdf")
        stage.write("lettre.sign.yaml", ONE + "document: l.pdf\n")
        stage.run(calm=6)
        assert stage.sends() == [1]


def test_two_open_requests_never_share_a_document_but_may_share_an_annex(tmp_path: Path) -> None:
    """Finding 10: general terms joined to forty letters."""
    with Stage(tmp_path) as stage:
        stage.write("CGV.pdf", documents.letter(1, "Conditions"))
        stage.write("bilan.pdf", documents.letter(1, "Bilan"))
        stage.drop("un", sidecar=ONE + "annexes: CGV\ndocuments: bilan.pdf\n")
        stage.run()
        stage.drop("deux", sidecar=ONE + "annexes: CGV\n")
        stage.drop("trois", sidecar=ONE + "documents: bilan\n")
        stage.run()
        assert stage.record("deux").state is State.IN_PROGRESS
        assert stage.record("trois").state is State.REJECTED
        assert "bilan.pdf" in plain_text(stage, "trois")
        assert stage.sends() == [1, 1]


def test_a_file_that_went_along_as_an_annex_may_be_signed_later(tmp_path: Path) -> None:
    """It is no copy of that request, even for the same person."""
    with Stage(tmp_path) as stage:
        stage.write("CGV.pdf", documents.letter(1, "Conditions"))
        stage.drop("un", sidecar=ONE + "annexes: CGV\n")
        stage.run()
        stage.write("CGV.sign.yaml", ONE)
        stage.run()
        assert stage.record("CGV").state is State.IN_PROGRESS


@pytest.mark.parametrize("mode", MODES)
def test_a_picture_comes_back_as_a_pdf(tmp_path: Path, mode: Mode) -> None:
    """``photo.jpg`` becomes an A4 page, comes back as ``photo.pdf``, and stays what it was."""
    with Stage(tmp_path, mode) as stage:
        content = picture()
        stage.write("photo.jpg", content)
        stage.write("photo.sign.yaml", ONE)
        stage.run()
        sent = stage.platform.transactions()[-1]
        assert sent.documents == ("photo.pdf",)
        assert stage.first_line("photo").startswith("EN COURS"), stage.status("photo")
        stage.sign()
        stage.run()
        assert stage.record("photo").state is State.DELIVERED
        assert stage.read("photo.jpg") == content
        path = tmp_path / "back.pdf"
        path.write_bytes(stage.read("photo.pdf"))
        assert stage.parts.documents.verify_signed(path).intact
        stage.run()
        assert stage.first_line("photo").startswith("SIGNÉ –")
        assert stage.sends() == [1]
        stage.intact()


def test_a_picture_that_is_none_is_told(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.write("photo.jpg", documents.html())
        stage.write("photo.sign.yaml", ONE)
        stage.run()
        assert stage.first_line("photo").startswith("À CORRIGER – ")
        stage.write("photo.jpg", picture())
        stage.run()
        assert stage.record("photo").state is State.IN_PROGRESS


def test_the_preview_holds_every_document(tmp_path: Path) -> None:
    """One file, every page that leaves, each box drawn and named."""
    import pypdfium2

    with Stage(tmp_path) as stage:
        stage.write("bilan.pdf", documents.letter(2, "Bilan"))
        stage.write("photo.jpg", picture())
        stage.drop(
            sidecar=ONE
            + "documents:\n  - bilan\n  - photo.jpg\nannexes: []\nenvoi: non\n".replace("annexes: []\n", "")
        )
        stage.run()
        path = tmp_path / "preview.pdf"
        path.write_bytes(stage.read("lettre.apercu.pdf"))
        with pypdfium2.PdfDocument(path) as preview:
            assert len(preview) == 4 + 2 + 1
            text = " ".join(preview[at].get_textpage().get_text_range() for at in range(len(preview)))
        assert text.count("Marie Dupont") == 3
        assert "bilan.pdf" in text
        assert "lettre.apercu.pdf" in plain_text(stage)
        assert "bilan.pdf, 2 pages" in plain_text(stage)


def test_people_sign_at_the_words_that_were_written(tmp_path: Path) -> None:
    """``près de``, from the settings: the status says page and words, and where they come from."""
    with Stage(tmp_path) as stage:
        stage.write("_signature.yaml", "signature: {près de: Lettre de mission}\nenvoi: non\n")
        stage.drop(pdf=documents.letter(2, "Lettre de mission", lines=3))
        stage.run()
        assert stage.record().state is State.PREVIEWED, stage.status()
        assert "près de « Lettre de mission » (réglages du dossier)" in plain_text(stage)


def test_words_that_are_not_in_the_pdf_are_told_with_their_line(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        people = f"signataires:\n  - email: {MARIE}\n    nom: Marie Dupont\n    téléphone: 06 12 34 56 78\n"
        stage.drop(sidecar=people + "    signature: {près de: Signature du client}\n")
        stage.run()
        assert (
            stage.first_line() == "À CORRIGER – « Signature du client » ne figure pas dans le PDF (ligne 5)"
        )


def test_a_file_of_several_pictures_sends_the_first_and_says_so(tmp_path: Path) -> None:
    from PIL import Image

    out = io.BytesIO()
    frames = [Image.new("RGB", (800, 1100), colour) for colour in ("white", "grey", "black")]
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])
    with Stage(tmp_path) as stage:
        stage.write("photo.png", out.getvalue())
        stage.write("photo.sign.yaml", ONE + "envoi: non\n")
        stage.run()
        assert stage.record("photo").state is State.PREVIEWED, stage.status("photo")
        assert [each["code"] for each in stage.record("photo").extra["warnings"]] == ["image_animated"]
        assert "Bon à savoir" in plain_text(stage, "photo")


@pytest.mark.parametrize("make", [documents.landscape, lambda: documents.turned(90)])
def test_a_page_on_its_side_is_signed_where_it_has_room(tmp_path: Path, make: Callable[[], bytes]) -> None:
    """Scenario B2: the default box of a landscape page stands where no A4 portrait page reaches."""
    with Stage(tmp_path) as stage:
        stage.drop(pdf=make())
        stage.run()
        assert stage.first_line().startswith("EN COURS"), stage.status()
        stage.sign()
        stage.run()
        assert stage.record().state is State.DELIVERED
        assert stage.sends() == [1]
