"""Real PDFs for every test: letters as people write them, and files as they arrive when something went wrong.

Each function returns bytes; nothing is read from disk. What costs (keys, signatures) is made once for a process.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

A4 = (595.28, 841.89)
LANDSCAPE = (841.89, 595.28)
PARAGRAPH = "Nous vous remercions de la confiance que vous accordez à notre cabinet, et confirmons ci-après."


# --------------------------------------------------------------------------------------------------
# Good documents


@cache
def letter(
    pages: int = 4,
    text: str = "Lettre de mission",
    *,
    size: tuple[float, float] = A4,
    lines: int = 20,
    full: bool = False,
) -> bytes:
    """A letter: ``lines`` lines of text on each page; ``full`` prints text from edge to edge."""
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=size, invariant=1)
    height = size[1]
    for number in range(1, pages + 1):
        canvas.setFont("Helvetica", 11)
        canvas.drawString(57, height - 60, f"{text} – page {number} sur {pages}")
        rows = range(int((height - 40) / 14)) if full else range(lines)
        for row in rows:
            canvas.drawString(57, height - 90 - row * 14, f"{row + 1}. {PARAGRAPH}"[:88])
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def landscape(pages: int = 1) -> bytes:
    return letter(pages, size=LANDSCAPE, lines=10)


def turned(
    rotation: int, *, crop: tuple[float, float, float, float] | None = None, unit: float = 1.0
) -> bytes:
    """A one-page letter with ``/Rotate``, a CropBox (left, bottom, right, top) and a UserUnit."""
    import pypdf
    from pypdf.generic import FloatObject, NameObject, RectangleObject

    writer = pypdf.PdfWriter(io.BytesIO(letter(1)))
    page = writer.pages[0]
    if rotation:
        page.rotate(rotation)
    if crop:
        page.cropbox = RectangleObject(crop)
    if unit != 1.0:
        page[NameObject("/UserUnit")] = FloatObject(unit)
    return _written(writer)


def blank(pages: int = 1, size: tuple[float, float] = A4) -> bytes:
    """Pages without any ink."""
    import pypdf

    writer = pypdf.PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(*size)
    return _written(writer)


def resaved(content: bytes) -> bytes:
    """The same document, written anew by another program: no byte is where it was."""
    import pypdf

    writer = pypdf.PdfWriter()
    writer.append(io.BytesIO(content))
    writer.add_metadata({"/Producer": "another program"})
    for page in writer.pages:
        page.compress_content_streams()
    return _written(writer)


def saved_incrementally(content: bytes) -> bytes:
    """The same document with one more revision that changes only its metadata."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(content), strict=False)
    info = generic.DictionaryObject({generic.pdf_name("/Title"): generic.TextStringObject("Lettre")})
    writer.set_info(writer.add_object(info))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def with_attachment(name: str = "facture.xml") -> bytes:
    import pypdf

    writer = pypdf.PdfWriter(io.BytesIO(letter(1)))
    writer.add_attachment(name, b"<facture/>")
    return _written(writer)


def with_note(content: bytes, note: str = "NUL ET NON AVENU") -> bytes:
    """The document with a visible note stuck on its first page."""
    import pypdf
    from pypdf.annotations import FreeText

    writer = pypdf.PdfWriter(io.BytesIO(content))
    writer.add_annotation(0, FreeText(text=note, rect=(100, 400, 300, 450)))
    return _written(writer)


# --------------------------------------------------------------------------------------------------
# Documents that must not be sent


def encrypted(user: str = "secret", owner: str = "maître") -> bytes:
    """Behind a password; with ``user=""`` readable by all, and restricted."""
    import pypdf

    writer = pypdf.PdfWriter(io.BytesIO(letter(2)))
    writer.encrypt(user, owner, algorithm="AES-256")
    return _written(writer)


def with_form() -> bytes:
    """Two fields to fill in."""
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1)
    canvas.drawString(57, 780, "Bulletin")
    canvas.acroForm.textfield(name="nom", x=57, y=700, width=200, height=20)
    canvas.acroForm.checkbox(name="accord", x=57, y=660)
    canvas.save()
    return out.getvalue()


def xfa() -> bytes:
    """A form whose true content is XML (ISO 32000-1, 12.7.8)."""
    import pypdf
    from pypdf.generic import DictionaryObject, NameObject, StreamObject

    writer = pypdf.PdfWriter(io.BytesIO(with_form()))
    packet = StreamObject()
    packet.set_data(b'<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"/>')
    form = writer.root_object["/AcroForm"].get_object()
    assert isinstance(form, DictionaryObject)
    form[NameObject("/XFA")] = writer._add_object(packet)
    return _written(writer)


def with_empty_signature_field() -> bytes:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import SigFieldSpec, append_signature_field

    writer = IncrementalPdfFileWriter(io.BytesIO(letter(1)))
    append_signature_field(writer, SigFieldSpec("client", box=(50, 50, 250, 100)))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def too_large(size: int = 10_485_761) -> bytes:
    """A readable PDF of exactly ``size`` bytes, most of them in a stream that no page shows."""
    pages = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", PAGE % b""]
    bare = len(assembled([*pages, _stream(bytes(size // 2))])) - size // 2
    for guess in range(size - bare - 4, size - bare + 5):
        made = assembled([*pages, _stream(b"x" * guess)])
        if len(made) == size:
            return made
    raise AssertionError(size)


def _stream(data: bytes) -> bytes:
    return b"<</Length %d>>stream\n" % len(data) + data + b"\nendstream"


def truncated(content: bytes | None = None) -> bytes:
    content = content or letter(4)
    return content[: len(content) * 2 // 3]


def html() -> bytes:
    return (
        b"<!DOCTYPE html><html><title>Connexion</title><p>Veuillez vous identifier. %PDF-1.7 %%EOF</p></html>"
    )


def zipped() -> bytes:
    return b"PK\x03\x04" + bytes(400)


def zero() -> bytes:
    return b""


def _written(writer: Any) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


# --------------------------------------------------------------------------------------------------
# Signed documents


@cache
def signer(
    name: str = "Marie Dupont", email: str = "marie.dupont@example.fr", *, rsa_key: bool = False
) -> Any:
    """A pyHanko signer with a self-signed certificate (P-256, or RSA) that no machine trusts."""
    from asn1crypto import keys
    from asn1crypto import x509 as asn1_x509
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.x509.oid import NameOID
    from pyhanko.sign.signers import SimpleSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = ec.generate_private_key(ec.SECP256R1())
    if rsa_key:
        key = rsa.generate_private_key(65_537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.now(UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(email)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER)),
        signing_key=keys.PrivateKeyInfo.load(private),
        cert_registry=SimpleCertificateStore(),
    )


PEOPLE = (
    ("Marie Dupont", "marie.dupont@example.fr"),
    ("Claire Bernard", "claire.bernard@example.fr"),
    ("Hélène Lefèvre", "helene.lefevre@example.fr"),
)


@cache
def signed(
    content: bytes | None = None, signers: int = 2, *, visible: bool = True, rsa_key: bool = False
) -> bytes:
    """``content`` signed by the first of :data:`PEOPLE`, each in a revision of their own."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields
    from pyhanko.sign import signers as signing
    from pyhanko.stamp import TextStampStyle

    result = content if content is not None else letter()
    for number, (name, email) in enumerate(PEOPLE[:signers]):
        writer = IncrementalPdfFileWriter(io.BytesIO(result), strict=False)
        box = (50 + number * 210, 60, 250 + number * 210, 110) if visible else None
        field = fields.SigFieldSpec(f"signataire-{number + 1}", on_page=-1, box=box)
        metadata = signing.PdfSignatureMetadata(field_name=field.sig_field_name, name=name)
        style = TextStampStyle(stamp_text="Signé par %(signer)s\n%(ts)s")
        maker = signing.PdfSigner(
            metadata, signer(name, email, rsa_key=rsa_key), new_field_spec=field, stamp_style=style
        )
        out = io.BytesIO()
        maker.sign_pdf(writer, output=out)
        result = out.getvalue()
    return result


def signed_once_more(content: bytes) -> bytes:
    """``content``, which bears a signature already, signed by the second of :data:`PEOPLE`."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields
    from pyhanko.sign import signers as signing

    name, email = PEOPLE[1]
    field = fields.SigFieldSpec("signataire-2", on_page=-1, box=(260, 60, 460, 110))
    metadata = signing.PdfSignatureMetadata(field_name=field.sig_field_name, name=name)
    maker = signing.PdfSigner(metadata, signer(name, email), new_field_spec=field)
    out = io.BytesIO()
    maker.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(content), strict=False), output=out)
    return out.getvalue()


def signed_at(
    when: datetime,
    *,
    token: datetime | None = None,
    of_this: bool = True,
    content: bytes | None = None,
    field: str = "signataire-1",
) -> bytes:
    """The letter (or ``content``) signed by Marie Dupont, whose clock says ``when``, with an authority's ``token`` of
    another time.

    ``of_this`` False: the token is about other bytes.
    """
    import asyncio

    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields
    from pyhanko.sign import signers as signing
    from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
    from pyhanko.sign.timestamps import DummyTimeStamper

    stamper = None
    if token is not None:
        authority = signer("Horodatage", "tsa@example.fr", rsa_key=True)

        class Stamper(DummyTimeStamper):
            async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> Any:
                about = message_digest if of_this else bytes(len(message_digest))
                return await super().async_timestamp(about, md_algorithm)

        stamper = Stamper(tsa_cert=authority.signing_cert, tsa_key=authority.signing_key, fixed_dt=token)
    writer = IncrementalPdfFileWriter(io.BytesIO(content or letter()), strict=False)
    metadata = signing.PdfSignatureMetadata(field_name=field, md_algorithm="sha256")
    maker = signing.PdfSigner(
        metadata, signer(*PEOPLE[0]), timestamper=stamper, new_field_spec=fields.SigFieldSpec(field)
    )
    session = maker.init_signing_session(writer)
    session.system_time = when
    prepared = session.prepare_tbs_document(validation_info=None, bytes_reserved=16_384)
    digest, output = prepared.digest_tbs_document()
    attributes = PdfCMSSignedAttributes(signing_time=when)
    asyncio.run(prepared.perform_signature(digest.document_digest, attributes))
    return output.getvalue()


def broken(content: bytes | None = None) -> bytes:
    """A signed document in which one byte of the first page's text was changed afterwards."""
    content = bytearray(content or signed())
    where = content.index(b"endstream") - 20
    content[where] ^= 0x01
    return bytes(content)


def page_added_after(content: bytes | None = None) -> bytes:
    """A signed document to which a revision with one more page was added."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.writer import PageObject

    writer = IncrementalPdfFileWriter(io.BytesIO(content or signed()))
    stream = writer.add_object(generic.StreamObject(stream_data=b"0 0 100 100 re f"))
    media = generic.ArrayObject([generic.NumberObject(n) for n in (0, 0, 595, 842)])
    writer.insert_page(PageObject(contents=stream, media_box=media))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def sealed() -> bytes:
    """A signed document with what a long-term archive adds: proofs (DSS) and a document timestamp."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.signers import PdfTimeStamper
    from pyhanko.sign.timestamps import DummyTimeStamper
    from pyhanko.sign.validation import DocumentSecurityStore

    proven = io.BytesIO(signed())
    certificate = signer("Claire Bernard", "claire.bernard@example.fr").signing_cert
    DocumentSecurityStore.add_dss(proven, sig_contents=None, certs=[certificate])
    authority = signer("Horodatage", "tsa@example.fr", rsa_key=True)
    stamper = DummyTimeStamper(tsa_cert=authority.signing_cert, tsa_key=authority.signing_key)
    writer = IncrementalPdfFileWriter(proven)
    out = io.BytesIO()
    PdfTimeStamper(stamper).timestamp_pdf(writer, "sha256", output=out)
    return out.getvalue()


def noted_after() -> bytes:
    """A signed document on whose first page a revision put a visible note."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(signed()))
    name, text = generic.pdf_name, generic.TextStringObject
    rectangle = generic.ArrayObject([generic.NumberObject(n) for n in (100, 400, 300, 450)])
    note = generic.DictionaryObject(
        {
            name("/Type"): name("/Annot"),
            name("/Subtype"): name("/FreeText"),
            name("/Rect"): rectangle,
            name("/Contents"): text("NUL"),
            name("/DA"): text("/Helv 12 Tf"),
        }
    )
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Annots"] = generic.ArrayObject([writer.add_object(note)])
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def with_fields_for_its_signature(content: bytes, many: int) -> bytes:
    """A signed document whose one signature is shown in so many fields more."""
    from pyhanko.pdf_utils.generic import DictionaryObject, pdf_name, pdf_string
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    form = writer.root["/AcroForm"]
    first = form["/Fields"][0]
    for number in range(many):
        values = ("/FT", pdf_name("/Sig")), ("/T", pdf_string(f"more {number}")), ("/V", first.raw_get("/V"))
        field = DictionaryObject({pdf_name(key): value for key, value in values})
        form["/Fields"].append(writer.add_object(field))
    writer.update_container(form["/Fields"])
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def emptied_signature() -> bytes:
    """A document signed once, in which the signature itself was overwritten with zeros."""
    content = signed(signers=1)
    start = content.index(b"/Contents <") + len(b"/Contents <")
    end = content.index(b">", start)
    return content[:start] + b"0" * (end - start) + content[end:]


def assembled(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """A PDF of these objects, numbered from 1; the first is the catalogue."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Size %d /Root 1 0 R%s>>\n" % (len(objects) + 1, trailer % start if trailer else b"")
    out += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]%s>>"
