"""What comes back: intact or quarantined, as expected or beside (scenario D4)."""

from __future__ import annotations

import io
import struct
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from pyhanko.pdf_utils.generic import NumberObject
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader

from connector.pdf.facts import facts
from connector.pdf.later import Reader
from connector.pdf.model import Expected, Verdict
from connector.pdf.verify import same_signatures, verify_signed
from tests import bombs, documents


@pytest.fixture
def content(request: pytest.FixtureRequest) -> bytes:
    """A document, made when its test runs: making them all takes seconds, in each worker that gathers tests."""
    made: bytes = request.param()
    return made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "signe.pdf"


@pytest.fixture
def sent(tmp_path: Path) -> Expected:
    original = tmp_path / "lettre.pdf"
    original.write_bytes(documents.letter())
    found = facts(original)
    return Expected(pages=len(found.pages), pages_digest=found.pages_digest, signatures=2)


def judged(path: Path, content: bytes, sent: Expected | None = None) -> Verdict:
    path.write_bytes(content)
    return verify_signed(path, sent=sent)


@pytest.mark.parametrize("visible", [True, False])
def test_signed_by_two(path: Path, sent: Expected, visible: bool) -> None:
    """Two signatures by certificates that nobody here trusts: intact, as expected, and known by name."""
    verdict = judged(path, documents.signed(visible=visible), sent)
    assert verdict.intact
    assert verdict.as_expected
    assert verdict.code == ""
    assert [(one.name, one.email) for one in verdict.signatures] == list(documents.PEOPLE[:2])
    assert [one.field for one in verdict.signatures] == ["signataire-1", "signataire-2"]
    for one in verdict.signatures:
        assert one.signed_at is not None
        assert one.signed_at.astimezone(UTC).year >= 2025
        assert len(one.certificate_sha256) == len(one.contents_sha256) == 64
    assert len({one.contents_sha256 for one in verdict.signatures}) == 2
    assert len({one.certificate_sha256 for one in verdict.signatures}) == 2


CLOCK = datetime(2028, 2, 29, 23, 30, tzinfo=timezone(timedelta(hours=1)))


def test_when_a_person_signed_is_what_their_clock_said(path: Path) -> None:
    """Without a timestamp the signed attributes tell it, with their zone."""
    (signature,) = judged(path, documents.signed_at(CLOCK)).signatures
    assert signature.signed_at == CLOCK
    assert not signature.stamped


def test_a_timestamp_is_worth_more_than_a_signers_clock(path: Path) -> None:
    """A computer set a year ahead dates nothing: the authority's token is of the moment itself."""
    token = datetime(2026, 12, 1, 15, 5, 7, tzinfo=UTC)
    (signature,) = judged(path, documents.signed_at(CLOCK, token=token)).signatures
    assert signature.intact
    assert signature.signed_at == token
    assert signature.stamped


def test_a_timestamp_about_other_bytes_dates_nothing(path: Path) -> None:
    """A token taken from elsewhere is not believed; the signature's own time is what remains."""
    stolen = documents.signed_at(CLOCK, token=datetime(2026, 12, 1, 15, 5, 7, tzinfo=UTC), of_this=False)
    (signature,) = judged(path, stolen).signatures
    assert signature.signed_at == CLOCK
    assert not signature.stamped


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (documents.zero, "empty"),
        (documents.html, "not_pdf"),
        (documents.zipped, "not_pdf"),
        (lambda: documents.truncated(documents.signed()), "not_pdf"),
        (documents.truncated, "not_pdf"),
        (documents.encrypted, "not_pdf"),
        (documents.letter, "not_signed"),
        (documents.with_empty_signature_field, "not_signed"),
        (documents.broken, "signature_broken"),
        (lambda: documents.broken(documents.signed(signers=1)), "signature_broken"),
        (documents.page_added_after, "added_later"),
        (lambda: documents.resaved(documents.signed()), "signature_broken"),
        (documents.noted_after, "added_later"),
        (documents.emptied_signature, "signature_broken"),
    ],
    indirect=["content"],
)
def test_quarantined(path: Path, sent: Expected, content: bytes, code: str) -> None:
    """Whatever is not an intact signed document is told by its code."""
    verdict = judged(path, content, sent)
    assert (verdict.intact, verdict.code) == (False, code)
    assert not verdict.as_expected


def test_metadata_saved_after_signing_is_still_intact(path: Path, sent: Expected) -> None:
    """A later revision that changes no page nor field is what viewers do, and allowed."""
    verdict = judged(path, documents.saved_incrementally(documents.signed()), sent)
    assert verdict.intact
    assert verdict.as_expected


def test_proofs_and_timestamp_are_welcome(path: Path, sent: Expected) -> None:
    """What a platform adds for the archive leaves it intact; a timestamp is not a signatory's signature."""
    verdict = judged(path, documents.sealed(), sent)
    assert verdict.as_expected
    assert len(verdict.signatures) == 2


def with_reference_stream(content: bytes) -> bytes:
    """The document as most programs of today write it: what stands where is told by a stream."""
    from pyhanko.pdf_utils.writer import copy_into_new_writer

    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(content)), writer_kwargs={"stream_xrefs": True})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def followed(content: bytes, *, freed: bool = False) -> bytes:
    """The document with a revision as iText 5 writes it, whose reference stream calls its own number free.

    ``freed``: that of the last object before it, too.
    """

    reader = PdfFileReader(io.BytesIO(content))
    size, start = int(reader.trailer["/Size"]), reader.last_startxref
    entries = [(size - 1, 0, 0, 65_535)] if freed else []
    entries += [(size, 1, len(content), 0), (size + 1, 0, 0, 65_535)]
    note = b"%d 0 obj\n(seen)\nendobj\n" % size
    rows = b"".join(struct.pack(">BIH", *entry[1:]) for entry in entries)
    index = b" ".join(b"%d 1" % entry[0] for entry in entries)
    root = reader.root_ref.idnum
    return (
        content
        + note
        + b"%d 0 obj\n<</Type/XRef/W[1 4 2]/Index[%b]/Size %d/Root %d 0 R/Prev %d/Length %d>>\nstream\n"
        % (size + 1, index, size + 2, root, start, len(rows))
        + rows
        + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % (len(content) + len(note))
    )


def certified() -> bytes:
    """A letter with a visible seal that certifies it and lets others sign, and a visible signature after it."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    result = documents.letter()
    for number, (name, email) in enumerate(documents.PEOPLE[:2]):
        box = (50 + number * 210, 60, 250 + number * 210, 110)
        field = fields.SigFieldSpec(f"signataire-{number + 1}", on_page=-1, box=box)
        metadata = signers.PdfSignatureMetadata(
            field_name=field.sig_field_name,
            certify=number == 0,
            docmdp_permissions=fields.MDPPerm.FILL_FORMS,
        )
        maker = signers.PdfSigner(metadata, documents.signer(name, email), new_field_spec=field)
        out = io.BytesIO()
        maker.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(result)), output=out)
        result = out.getvalue()
    return result


def ledger(accounts: int) -> bytes:
    """A page with a bookmark for each account."""
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=documents.A4, invariant=1)
    canvas.drawString(57, 780, "Grand livre")
    for number in range(accounts):
        canvas.bookmarkPage(str(number))
        canvas.addOutlineEntry(f"Compte {number}", str(number))
    canvas.save()
    return out.getvalue()


def tagged(cells: int) -> bytes:
    """A letter with a table for screen readers, as word processors write them: an object for each cell."""
    import pypdf
    from pypdf.generic import ArrayObject, DictionaryObject, NameObject

    writer = pypdf.PdfWriter(io.BytesIO(documents.letter()))
    tree = DictionaryObject({NameObject("/Type"): NameObject("/StructTreeRoot")})
    root = writer._add_object(tree)
    cell = {NameObject("/S"): NameObject("/TD"), NameObject("/P"): root}
    tree[NameObject("/K")] = ArrayObject(writer._add_object(DictionaryObject(cell)) for _ in range(cells))
    writer.root_object[NameObject("/StructTreeRoot")] = root
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


LINK = b"/Annots[<</Type/Annot/Subtype/Link/Rect[50 50 90 90]/A<</S/URI/URI(https://cabinet.fr)>>>>]"


def relinked() -> bytes:
    """A signed page whose link, which stands in the page itself, leads elsewhere by a later revision."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(documents.signed(bombs.one_page(LINK))))
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Annots"][0]["/A"]["/URI"] = generic.TextStringObject("https://example.org")
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        lambda: followed(documents.signed(with_reference_stream(documents.letter()))),
        certified,
        lambda: documents.signed(ledger(2000)),
        lambda: documents.signed(bombs.one_page(catalog=b"/Outlines 99 0 R")),
        lambda: documents.signed(bombs.one_page(LINK)),
    ],
    ids=[
        "numbers called free",
        "certified first",
        "many bookmarks",
        "a reference to nothing",
        "a link in the page",
    ],
    indirect=["content"],
)
def test_what_good_platforms_and_documents_do_is_intact(path: Path, content: bytes) -> None:
    """Libraries write what a judge of signatures finds odd, and letters hold it: nobody changed what was signed."""
    verdict = judged(path, content)
    assert verdict.code == ""
    assert len(verdict.signatures) == 2


def test_what_many_have_signed_costs_hardly_more_than_what_one_has(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each signature looks at the document as it was; what nobody changed since is not copied for each of them."""
    copied = 0
    genuine = HistoricalResolver._subsume_object

    def counted(view: HistoricalResolver, value: object) -> object:
        nonlocal copied
        copied += 1
        return genuine(view, value)

    monkeypatch.setattr(HistoricalResolver, "_subsume_object", counted)
    assert judged(path, documents.signed(tagged(2000), signers=3)).code == ""
    assert copied < 2000


def packed(content: bytes) -> bytes:
    """The document as Word writes it: all that is no stream itself stands in one stream of objects."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.writer import copy_into_new_writer

    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(content)), writer_kwargs={"stream_xrefs": True})
    stream = writer.prepare_object_stream()
    for (generation, number), held in list(writer.objects.items()):
        if not isinstance(held, generic.StreamObject):
            del writer.objects[generation, number]
            writer.objs_in_streams[number] = held
            stream.add_object(number, held)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_long_document_of_a_word_processor_is_verified_in_time(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table of a stream of objects is read once, not for each of them: eighty pages would never come home."""
    content = documents.signed(packed(tagged(1000)))
    read = 0
    genuine = NumberObject.read_from_stream

    def counted(stream: io.BytesIO) -> object:
        nonlocal read
        read += 1
        return genuine(stream)

    monkeypatch.setattr(NumberObject, "read_from_stream", counted)
    assert judged(path, content).code == ""
    assert read < 20_000


def held_in(
    reader_of: type[PdfFileReader], table: str, *, kind: str = "/ObjStm", count: int = 2, at: int = 0
) -> str:
    """What a reader takes for object 1 of a stream of objects."""
    from pyhanko.pdf_utils import generic

    reader = reader_of(io.BytesIO(documents.letter()), strict=False)
    stream = generic.StreamObject(stream_data=f"{table} (one) (two) >".encode())
    for name, value in (("/First", len(table) + 1), ("/N", count)):
        stream[generic.NameObject(name)] = generic.NumberObject(value)
    stream[generic.NameObject("/Type")] = generic.NameObject(kind)
    reader.cache_indirect_object(0, 999, stream)
    found = reader._get_object_from_stream(1, 999, at)
    return "" if isinstance(found, generic.NullObject) else str(found)


@pytest.mark.parametrize(
    ("table", "at", "count", "found"),
    [
        ("1 0 2 6", 0, 2, "one"),
        ("1 0 2 6", 1, 2, "one"),
        ("1 0 1 6", 1, 2, "one"),
        ("2 0 1 6", 5, 2, ""),
        ("2 0 1 6", 0, 1, ""),
        ("2 0 3 6", 0, 2, ""),
        ("1 12 2 0", 0, 2, ""),
        ("1 6", 0, 1, "two"),
    ],
)
def test_a_table_of_objects_is_read_as_the_library_reads_it(
    table: str, at: int, count: int, found: str
) -> None:
    """Read once, and yet nothing in it is another object than before."""
    assert held_in(PdfFileReader, table, at=at, count=count) == found
    assert held_in(Reader, table, at=at, count=count) == found


def test_what_is_no_table_of_objects_is_not_read() -> None:
    """Readers round numbers that are not whole differently: what is checked would not be what another shows."""
    for wrong in ("1 0.5 2 6", "1 0 2 6."):
        with pytest.raises(TypeError, match="whole number"):
            held_in(Reader, wrong)
    with pytest.raises(ValueError, match="no object stream"):
        held_in(Reader, "1 0 2 6", kind="/Other")


def test_what_a_later_revision_takes_away_breaks_it(path: Path) -> None:
    """An object that was there when it was signed is missed."""
    content = documents.signed(with_reference_stream(documents.letter()))
    assert judged(path, followed(content, freed=True)).code == "added_later"


SCRIPT = b"<</S/JavaScript/JS(app.alert(1))>>"


def replaced(content: bytes, number: int, body: bytes, *, size: int | None = None) -> bytes:
    """The document with one more revision, in which an object is this one.

    ``size``: what the revision says of how many numbers there are.
    """

    reader = PdfFileReader(io.BytesIO(content), strict=False)
    size = size or max(int(reader.trailer["/Size"]), number + 1)
    info = b"/Info %d 0 R" % reader.trailer.raw_get("/Info").idnum if "/Info" in reader.trailer else b""
    written = b"%d 0 obj\n%b\nendobj\n" % (number, body)
    return (
        content
        + written
        + b"xref\n%d 1\n%010d 00000 n \n" % (number, len(content))
        + b"trailer\n<</Size %d/Root %d 0 R/Prev %d%b>>\n"
        % (size, reader.root_ref.idnum, reader.last_startxref, info)
        + b"startxref\n%d\n%%%%EOF\n" % (len(content) + len(written))
    )


def also_the_title() -> bytes:
    """What is done when the document is opened is the same object as its title and author, which may change."""
    entries = [
        b"<</Type/Catalog/Pages 2 0 R/OpenAction 4 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        documents.PAGE % b"",
        b"<</Title(Lettre)>>",
    ]
    return documents.signed(documents.assembled(entries, b"/Info 4 0 R/Start %d"))


def beyond_the_size() -> bytes:
    """The page's content has a number that the document says it does not have."""
    page = documents.PAGE % b"/Contents 500 0 R"
    content = replaced(bombs.one_page(), 500, bombs.stream(b"0 0 90 90 re f"), size=4)
    return documents.signed(replaced(content, 3, page, size=4), signers=1)


@pytest.mark.parametrize(
    ("content", "number", "body"),
    [
        (also_the_title, 4, SCRIPT),
        (lambda: documents.signed(bombs.one_page(catalog=b"/OpenAction 99 0 R")), 99, SCRIPT),
        (beyond_the_size, 500, bombs.stream(b"0 0 400 400 re f")),
    ],
    ids=["what may change is used elsewhere, too", "a reference to nothing is filled", "beyond the size"],
    indirect=["content"],
)
def test_what_a_later_revision_puts_under_what_was_signed_breaks_it(
    path: Path, content: bytes, number: int, body: bytes
) -> None:
    """A document can be prepared so that what may follow a signature changes what was signed (shadow attacks)."""
    assert judged(path, content).code == ""
    assert judged(path, replaced(content, number, body)).code == "added_later"


def test_a_link_in_the_page_must_stay_as_it_was_signed(path: Path) -> None:
    """It is as much a part of the page as its text."""
    assert judged(path, relinked()).code == "added_later"


def with_open_field(content: bytes, name: str = "suivant") -> bytes:
    """The document with a revision that adds a field for a signature, as large as a clause."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields

    writer = IncrementalPdfFileWriter(io.BytesIO(content), strict=False)
    fields.append_signature_field(writer, fields.SigFieldSpec(name, on_page=0, box=(50, 400, 500, 700)))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_field_that_waits_for_a_signature_may_not_come_after_the_last_one(path: Path) -> None:
    """No signature vouches for it, and it may lie upon a clause; each signature is over its own bytes all the same."""
    verdict = judged(path, with_open_field(documents.signed()))
    assert verdict.code == "added_later"
    assert len(verdict.signatures) == 2


def test_a_field_prepared_for_somebody_who_never_signed_is_no_fault(path: Path) -> None:
    """Platforms prepare the fields of all who are to sign, some of them after the first has signed."""
    assert judged(path, documents.signed(with_open_field(documents.letter()))).code == ""
    between = with_open_field(documents.signed(signers=1))
    assert judged(path, documents.signed_once_more(between)).code == ""


def text_filled(content: bytes) -> bytes:
    """A form in whose field somebody wrote, and how that looks."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(content), strict=False)
    name, form = generic.pdf_name, writer.root["/AcroForm"]["/Fields"]
    box = generic.ArrayObject([generic.NumberObject(n) for n in (0, 0, 200, 20)])
    for field in form:
        if field.get_object().get("/FT") == "/Tx":
            seen = generic.StreamObject(stream_data=b"1 0 0 rg 0 0 200 20 re f")
            for key, value in (("/Type", name("/XObject")), ("/Subtype", name("/Form")), ("/BBox", box)):
                seen[name(key)] = value
            field.get_object()[name("/V")] = generic.TextStringObject("NUL ET NON AVENU")
            field.get_object()[name("/AP")] = generic.DictionaryObject({name("/N"): writer.add_object(seen)})
            writer.mark_update(field)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def stamped_upon(content: bytes) -> bytes:
    """The document with a timestamp of anybody's that lies upon a clause, in a field prepared for it."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.signers import PdfTimeStamper
    from pyhanko.sign.timestamps import DummyTimeStamper

    authority = documents.signer("Horodatage", "tsa@example.fr", rsa_key=True)
    stamper = DummyTimeStamper(tsa_cert=authority.signing_cert, tsa_key=authority.signing_key)
    writer = IncrementalPdfFileWriter(io.BytesIO(with_open_field(content, "heure")), strict=False)
    out = io.BytesIO()
    PdfTimeStamper(stamper, field_name="heure").timestamp_pdf(writer, "sha256", output=out)
    return out.getvalue()


def filled_with(content: bytes, value: str) -> bytes:
    """The document with a field for a signature that holds something else, as large as a clause."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(with_open_field(content)), strict=False)
    (field,) = [one for one in writer.root["/AcroForm"]["/Fields"] if one.get_object()["/T"] == "suivant"]
    held = generic.DictionaryObject({generic.pdf_name("/Type"): generic.pdf_name(value)} if value else {})
    field.get_object()[generic.pdf_name("/V")] = writer.add_object(held)
    writer.mark_update(field)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        lambda: text_filled(documents.signed(documents.with_form())),
        lambda: stamped_upon(documents.signed()),
        lambda: filled_with(documents.signed(), "/X"),
        lambda: filled_with(documents.signed(), ""),
    ],
    ids=["text", "timestamp", "no signature", "nothing"],
    indirect=["content"],
)
def test_nothing_that_is_seen_may_be_filled_in_after_the_last_signature(path: Path, content: bytes) -> None:
    """No signature vouches for what a field shows since, whatever it is said to hold."""
    verdict = judged(path, content)
    assert verdict.code == "added_later"
    assert len(verdict.signatures) == 2


def test_what_is_filled_in_before_the_last_signature_is_vouched_for_by_it(path: Path) -> None:
    """The second may fill in a form that the first has signed."""
    between = text_filled(documents.signed(documents.with_form(), signers=1))
    assert judged(path, documents.signed_once_more(between)).code == ""


def test_two_may_sign_what_opens_without_a_password_and_is_encrypted(path: Path) -> None:
    """A platform may forbid changes by an owner's password; what is signed in it stands there in clear."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    content = documents.encrypted(user="")
    for name, email in documents.PEOPLE[:2]:
        writer = IncrementalPdfFileWriter(io.BytesIO(content), strict=False)
        writer.encrypt("")
        metadata = signers.PdfSignatureMetadata(field_name=email.partition("@")[0].replace(".", "-"))
        field = fields.SigFieldSpec(str(metadata.field_name))
        out = io.BytesIO()
        signers.PdfSigner(metadata, documents.signer(name, email), new_field_spec=field).sign_pdf(
            writer, output=out
        )
        content = out.getvalue()
    verdict = judged(path, content)
    assert verdict.code == ""
    assert len(verdict.signatures) == 2


@pytest.mark.parametrize("count", [1, 1023, 5000])
def test_room_prepared_on_a_disk_breaks_no_signature(path: Path, sent: Expected, count: int) -> None:
    """NULs after the document's end are no part of it."""
    assert judged(path, documents.signed() + bytes(count), sent).as_expected


def test_broken_timestamp(path: Path, sent: Expected) -> None:
    """A document timestamp that does not verify makes the document suspect."""
    content = bytearray(documents.sealed())
    start = content.rindex(b"/Contents <") + 600
    content[start : start + 40] = b"0" * 40
    assert judged(path, bytes(content), sent).code == "signature_broken"


def test_rsa(path: Path, sent: Expected) -> None:
    """RSA signatures are verified like those on elliptic curves."""
    assert judged(path, documents.signed(rsa_key=True), sent).as_expected


@pytest.mark.parametrize(
    ("content", "differences"),
    [
        (lambda: documents.signed(signers=1), {"signatures": "2→1"}),
        (lambda: documents.signed(signers=3), {}),
        (lambda: documents.signed(documents.letter(5)), {"pages": "4→5", "content": "changed"}),
        (lambda: documents.signed(documents.letter(text="Autre")), {"content": "changed"}),
        (lambda: documents.signed(documents.with_note(documents.letter())), {"content": "changed"}),
    ],
    indirect=["content"],
)
def test_intact_but_not_as_expected(
    path: Path, sent: Expected, content: bytes, differences: dict[str, str]
) -> None:
    """Missing signatures and other pages are differences of an intact document; more signatures are none."""
    verdict = judged(path, content, sent)
    assert verdict.intact
    assert verdict.differences == differences


def test_digest_of_another_scheme_is_not_called_a_change(path: Path, sent: Expected) -> None:
    """After an upgrade of the renderer nobody is told that the content changed."""
    older = sent.model_copy(update={"pages_digest": "1.1:" + "0" * 64})
    assert judged(path, documents.signed(), older).differences == {"content": "not compared"}


def test_nothing_expected_nothing_differs(path: Path) -> None:
    """Without knowledge of what was sent, an intact document is as expected."""
    assert judged(path, documents.signed()).as_expected


def test_verdict_survives_json(path: Path, sent: Expected) -> None:
    """A verdict is stored and read again without loss."""
    verdict = judged(path, documents.signed(signers=1), sent)
    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict


def test_same_signatures(path: Path) -> None:
    """One signing is recognised in other bytes; another signing of the same pages is not (R8)."""
    one = judged(path, documents.signed())
    again = judged(path, documents.saved_incrementally(documents.signed()))
    another = judged(path, documents.signed(documents.resaved(documents.letter())))
    broken = judged(path, documents.broken())
    assert same_signatures(one, again)
    assert not same_signatures(one, another)
    assert not same_signatures(one, broken)
    assert not same_signatures(one, judged(path, documents.letter()))
