"""Which PDFs should not be sent, and of which something is told (scenario B2, API page section 4)."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from connector.errors import DocumentError, Problem
from connector.pdf.facts import DocumentLimits, facts, problems_of, warnings_of
from connector.pdf.model import PdfFacts
from connector.report.problems import WORDINGS
from connector.sidecar.codes import CODES
from tests import documents
from tests.bombs import one_page, stream

Make = Callable[[], bytes]


def read(tmp_path: Path, content: bytes) -> PdfFacts | DocumentError:
    path = tmp_path / "lettre.pdf"
    path.write_bytes(content)
    try:
        return facts(path)
    except DocumentError as error:
        return error


def codes(problems: list[Problem]) -> list[str]:
    return [problem.code for problem in problems]


def acting(action: bytes, where: bytes = b"/OpenAction") -> bytes:
    """A document that does something when it is opened."""
    return one_page(catalog=where + b" " + action)


def scripted(script: bytes) -> bytes:
    return acting(b"<</S/JavaScript/JS(" + script.replace(b"(", b"\\(").replace(b")", b"\\)") + b")>>")


def noted(kind: bytes, more: bytes = b"") -> bytes:
    """A page with one annotation of a kind."""
    return one_page(
        b"/Annots[<</Type/Annot/Subtype/" + kind + b"/Rect[50 50 90 90]/Contents(a)" + more + b">>]"
    )


def layered(settings: bytes, usage: bytes = b"") -> bytes:
    layer = b"<</Type/OCG/Name(projet)" + usage + b">>"
    return one_page(b"", layer, catalog=b"/OCProperties<</OCGs[4 0 R]/D<<" + settings + b">>>>")


def for_holders() -> bytes:
    """A letter that only the holder of a certificate can open."""
    from pyhanko.pdf_utils.crypt.pubkey import RecipientEncryptionPolicy
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.pdf_utils.writer import copy_into_new_writer

    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(documents.letter(1))))
    recipient = documents.signer("Claire Bernard", "claire.bernard@example.fr", rsa_key=True)
    policy = RecipientEncryptionPolicy(ignore_key_usage=True)
    writer.encrypt_pubkey([recipient.signing_cert], policy=policy)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


LAUNCH = b"<</S/Launch/F(cmd.exe)>>"

REFUSED: dict[str, tuple[Make, list[str]]] = {
    # Kinds of documents
    "signed": (documents.signed, ["pdf_signed"]),
    "signed and sealed for long": (documents.sealed, ["pdf_signed"]),
    "form": (documents.with_form, ["pdf_form_fields"]),
    "signature field left empty": (documents.with_empty_signature_field, ["pdf_form_fields"]),
    "XFA": (documents.xfa, ["pdf_xfa"]),
    "password": (documents.encrypted, ["pdf_encrypted"]),
    "owner's password": (lambda: documents.encrypted(user=""), ["pdf_restricted"]),
    "too large": (documents.too_large, ["pdf_too_large"]),
    "empty": (documents.zero, ["pdf_empty"]),
    "cut short": (documents.truncated, ["pdf_unreadable"]),
    "content that nobody can decode": (
        lambda: one_page(b"/Contents 4 0 R", stream(b"\xff\xfe~>", b"/Filter/ASCII85Decode")),
        ["pdf_unreadable"],
    ),
    "page without a size": (
        lambda: one_page().replace(b"/MediaBox[0 0 595 842]", b"/Media [0 0 595 842] "),
        ["pdf_unreadable"],
    ),
    "for holders of a certificate": (for_holders, ["pdf_encrypted"]),
    "web page": (documents.html, ["pdf_not_pdf"]),
    "zip": (documents.zipped, ["pdf_not_pdf"]),
    "portfolio": (lambda: one_page(catalog=b"/Collection<</View/T>>"), ["pdf_portfolio"]),
    # What acts by itself, or when it is touched
    "script at opening": (lambda: scripted(b"app.alert(1)"), ["pdf_active"]),
    "script that prints and more": (lambda: scripted(b"this.print(); app.alert(1)"), ["pdf_active"]),
    "script in a stream": (
        lambda: one_page(b"", stream(b"app.alert(1)"), catalog=b"/OpenAction<</S/JavaScript/JS 4 0 R>>"),
        ["pdf_active"],
    ),
    "script of the document": (
        lambda: one_page(
            b"", b"<</Names[(a) <</S/JavaScript/JS(var a = 1;)>>]>>", catalog=b"/Names<</JavaScript 4 0 R>>"
        ),
        ["pdf_active"],
    ),
    "script at closing": (
        lambda: acting(b"<</WC<</S/JavaScript/JS(app.alert\\(1\\))>>>>", b"/AA"),
        ["pdf_active"],
    ),
    "script of a page": (lambda: one_page(b"/AA<</O<</S/JavaScript/JS(x)>>>>"), ["pdf_active"]),
    "program at opening": (lambda: acting(LAUNCH), ["pdf_active"]),
    "program after a jump": (
        lambda: acting(b"<</S/GoTo/D[3 0 R/Fit]/Next[<</S/URI/URI(a)>>" + LAUNCH + b"]>>"),
        ["pdf_active"],
    ),
    "program behind a link": (lambda: noted(b"Link", b"/A" + LAUNCH), ["pdf_active"]),
    "program behind a bookmark": (
        lambda: one_page(
            b"", b"<</First 5 0 R>>", b"<</Title(a)/A" + LAUNCH + b">>", catalog=b"/Outlines 4 0 R"
        ),
        ["pdf_active"],
    ),
    "data sent off": (lambda: noted(b"Link", b"/A<</S/SubmitForm/F(https://example.fr)>>"), ["pdf_active"]),
    "film": (lambda: noted(b"RichMedia"), ["pdf_active"]),
    "sound": (lambda: noted(b"Sound"), ["pdf_active"]),
}

SENT: dict[str, tuple[Make, list[str]]] = {
    # Told, and sent
    "attached file": (documents.with_attachment, ["pdf_attachments"]),
    "file pinned to a page": (lambda: noted(b"FileAttachment"), ["pdf_attachments"]),
    "its own text for LibreOffice": (
        lambda: one_page(b"", stream(b"PK")).replace(
            b"/Root", b"/AdditionalStreams[/application#2Fvnd#2Eoasis#2Eopendocument#2Etext 4 0 R]/Root"
        ),
        ["pdf_attachments"],
    ),
    "note": (lambda: noted(b"Text"), ["pdf_remarks"]),
    "marked passage": (lambda: noted(b"Highlight"), ["pdf_remarks"]),
    "blackened, but only marked so": (lambda: noted(b"Redact"), ["pdf_remarks"]),
    "layer switched off": (lambda: layered(b"/OFF[4 0 R]"), ["pdf_layers"]),
    "all layers off": (lambda: layered(b"/BaseState/OFF"), ["pdf_layers"]),
    "layer that is not printed": (
        lambda: layered(b"", b"/Usage<</Print<</PrintState/OFF>>>>"),
        ["pdf_layers"],
    ),
    "link that switches layers": (lambda: noted(b"Link", b"/A<</S/SetOCGState/State[]>>"), ["pdf_layers"]),
    # Nothing to say
    "letter": (documents.letter, []),
    "landscape": (documents.landscape, []),
    "NULs after its end": (lambda: documents.letter(1) + bytes(100_000), []),
    "1,000 pages": (lambda: documents.letter(1000, lines=1), []),
    "turned, cropped, in other units": (
        lambda: documents.turned(90, crop=(30, 40, 500, 800), unit=2),
        [],
    ),
    "printed at opening by a script": (lambda: scripted(b"this.print({bUI: true, bSilent: false});"), []),
    "printed at opening": (lambda: acting(b"<</S/Named/N/Print>>"), []),
    "opened at a place": (lambda: acting(b"[3 0 R/Fit]"), []),
    "link to the web": (lambda: noted(b"Link", b"/A<</S/URI/URI(https://example.fr)>>"), []),
    "typed on": (lambda: noted(b"FreeText"), []),
    "stamped": (lambda: noted(b"Stamp"), []),
    "layers that are all on": (lambda: layered(b"/ON[4 0 R]"), []),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(tmp_path: Path, name: str) -> None:
    """Scenario B2: one code for each reason, and the same whichever document of a request it is."""
    make, expected = REFUSED[name]
    found = read(tmp_path, make())
    assert codes(problems_of(found)) == expected
    for problem in problems_of(found, document="Annexe 2.pdf"):
        assert problem.values["document"] == "Annexe 2.pdf"
        assert set(problem.values) == set(CODES[problem.code][0]) - {"earlier"}, "that is not the PDF's own"


@pytest.mark.parametrize("name", SENT)
def test_sent_and_told(tmp_path: Path, name: str) -> None:
    """Scenario B2: what people may have meant is told and sent; what every good document has is not even told."""
    make, expected = SENT[name]
    found = read(tmp_path, make())
    assert isinstance(found, PdfFacts)
    assert problems_of(found) == []
    told = warnings_of(found, "Annexe 2.pdf")
    assert codes(told) == expected
    for warning in told:
        assert warning.values["document"] == "Annexe 2.pdf"
        assert set(warning.values) == set(CODES[warning.code][0])


def test_every_reason_at_once(tmp_path: Path) -> None:
    """Somebody who must print the document anew hears everything in one go."""
    import pypdf
    from pypdf.generic import DictionaryObject, NameObject, TextStringObject

    writer = pypdf.PdfWriter(io.BytesIO(documents.with_form()))
    writer.add_attachment("facture.xml", b"<facture/>")
    script = {
        NameObject("/S"): NameObject("/JavaScript"),
        NameObject("/JS"): TextStringObject("app.alert(1)"),
    }
    writer.root_object[NameObject("/OpenAction")] = DictionaryObject(script)
    writer.encrypt("", "secret", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    found = read(tmp_path, out.getvalue())
    assert isinstance(found, PdfFacts)
    assert codes(problems_of(found, DocumentLimits(max_bytes=1000))) == [
        "pdf_too_large",
        "pdf_restricted",
        "pdf_form_fields",
    ]
    assert found.active, "told together with the form, whose cure takes both away"
    assert codes(warnings_of(found)) == ["pdf_attachments"]


def test_counts_are_told(tmp_path: Path) -> None:
    """« 3 » stands in the sentence."""
    note = b"<</Subtype/Text/Rect[0 0 9 9]>>"
    found = read(tmp_path, one_page(b"/Annots[" + note * 3 + b"]"))
    assert isinstance(found, PdfFacts)
    (told,) = warnings_of(found)
    assert told.values["count"] == "3"


def test_every_code_of_a_document_can_be_said() -> None:
    """Nothing that an unreadable document or image is refused with is without its sentence."""
    for code in CODES:
        if code.startswith(("pdf_", "image_")):
            assert code in WORDINGS
            assert code == "pdf_name_ambiguous" or CODES[code][0][0] == "document"
