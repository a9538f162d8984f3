"""Is what came back an intact signed document, and is it the one that was sent?

Intact means: at least one signature; each verifies over its bytes; what was added after it are only signatures,
timestamps and their proofs (ISO 32000-1, 12.8.2.2; ``pdf.later``), and no field that still waits for a signature.
Where only the latter does not hold, no signature is altered: that is told apart. Whether anybody trusts the
certificates is not asked: the platform's authority need not be known on this machine.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from connector.errors import DocumentError
from connector.pdf import pages as paper
from connector.pdf.facts import header
from connector.pdf.model import NOT_COMPARED, Expected, Signature, Verdict

MOST_SIGNATURES = 200
_MOST_NAME = 200


def verify_signed(path: Path, *, sent: Expected | None = None) -> Verdict:
    """Judge a signed document. Never raises for what a file holds: the reason is ``Verdict.code``.

    Raises DocumentError ``pdf_too_slow`` where it has more pages or signatures than are ever looked at.
    """
    size = path.stat().st_size
    try:
        header(path, size)
    except DocumentError as error:
        return Verdict(intact=False, code="empty" if error.code == "pdf_empty" else "not_pdf", size=size)
    try:
        with paper.opened(path) as document:
            pages, digest = len(document), paper.pages_digest(document)
    except DocumentError as error:
        if error.code == "pdf_too_slow":
            raise
        return Verdict(intact=False, code="not_pdf", size=size)
    try:
        signatures, timestamps = _signatures(path)
    except (DocumentError, MemoryError):
        raise
    except Exception:  # noqa: BLE001 - pyHanko's errors have no common root; each means "cannot be verified"
        return Verdict(intact=False, code="signature_broken", pages=pages, pages_digest=digest, size=size)
    code = _code([found for _, found in signatures] + timestamps) if signatures or timestamps else ""
    code = code or ("" if signatures else "not_signed")
    verdict = Verdict(
        intact=not code,
        code=code,
        signatures=tuple(signature for signature, _ in signatures),
        pages=pages,
        pages_digest=digest,
        size=size,
    )
    return verdict.model_copy(update={"differences": _differences(verdict, sent or Expected())})


def same_signatures(one: Verdict, other: Verdict) -> bool:
    """True when both are intact and share a signature: the same signing, whatever the bytes (protocol R8)."""
    shared = {s.contents_sha256 for s in one.signatures} & {s.contents_sha256 for s in other.signatures}
    return one.intact and other.intact and bool(shared)


def _differences(verdict: Verdict, sent: Expected) -> dict[str, str]:
    found: dict[str, str] = {}
    if sent.signatures is not None and len(verdict.signatures) < sent.signatures:
        found["signatures"] = f"{sent.signatures}→{len(verdict.signatures)}"
    if sent.pages is not None and verdict.pages != sent.pages:
        found["pages"] = f"{sent.pages}→{verdict.pages}"
    if sent.pages_digest and verdict.pages_digest != sent.pages_digest:
        # After an upgrade of pdfium two digests say nothing about each other.
        known = paper.comparable(verdict.pages_digest, sent.pages_digest)
        found["content"] = "changed" if known else NOT_COMPARED
    return found


def _code(found: Sequence[str]) -> str:
    """Return the worst of what is wrong with the signatures and timestamps of a document; empty when nothing is."""
    return next((code for code in ("signature_broken", "added_later") if code in found), "")


def _signatures(path: Path) -> tuple[list[tuple[Signature, str]], list[str]]:
    """Return the signatures in the order of signing, and of each, and of each document timestamp, what is wrong."""
    from pyhanko.sign.validation import validate_pdf_timestamp
    from pyhanko_certvalidator import ValidationContext

    from connector.pdf.later import LAST, POLICY, Reader, touches_an_open_field

    # It logs each certificate that nobody vouches for, in the signer's name.
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)
    with _without_padding(path) as file:
        reader = Reader(file, strict=False)
        if reader.encrypted:
            reader.decrypt("")
        regular, stamps = reader.embedded_regular_signatures, reader.embedded_timestamp_signatures
        if len(regular) + len(stamps) > MOST_SIGNATURES:
            raise DocumentError("pdf_too_slow", f"more than {MOST_SIGNATURES} signatures")
        nobody = ValidationContext(trust_roots=[], allow_fetching=False)
        signatures = [_signature(one, LAST if one is regular[-1] else POLICY) for one in regular]
        timestamps = [_wrong_with(validate_pdf_timestamp(one, nobody, diff_policy=POLICY)) for one in stamps]
        if signatures and touches_an_open_field(reader, regular[-1].signed_revision):
            timestamps.append("added_later")
    return signatures, timestamps


def _without_padding(path: Path) -> BinaryIO:
    """Open a document as far as its last byte that is not NUL: who prepares room on a disk leaves them behind.

    They are no part of what was signed; pyHanko looks for the document's end among the last thousand bytes.
    """
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\0":
            return path.open("rb")
    return io.BytesIO(path.read_bytes().rstrip(b"\0"))


def _signature(embedded: Any, policy: Any) -> tuple[Signature, str]:
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    certificate = embedded.signer_cert
    subject = certificate.subject.native
    stamped_at = None
    try:
        # No roots and no network: a chain cannot and need not be built.
        context = ValidationContext(trust_roots=[], allow_fetching=False)
        status = validate_pdf_signature(embedded, context, diff_policy=policy)
        wrong, stamped_at = _wrong_with(status), _stamp(status)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - as above: a signature that cannot be verified is not intact
        wrong = "signature_broken"
    found = Signature(
        field=str(embedded.field_name),
        name=_name(subject, embedded.sig_object),
        email=_email(certificate, subject),
        signed_at=stamped_at or _time(embedded),
        stamped=stamped_at is not None,
        certificate_sha256=certificate.sha256.hex(),
        contents_sha256=hashlib.sha256(embedded.pkcs7_content).hexdigest(),
        intact=not wrong,
    )
    return found, wrong


def _wrong_with(status: Any) -> str:
    """Return "" when the bytes are those that were signed, a whole revision, and later ones add nothing forbidden.

    ``signature_broken`` when the former does not hold, ``added_later`` when only the latter does not.
    """
    from pyhanko.sign.diff_analysis import ModificationLevel
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    whole = status.coverage is not None and status.coverage >= SignatureCoverageLevel.ENTIRE_REVISION
    # docmdp_ok is not said of document timestamps, the level of later changes is said of both.
    changed = status.modification_level in (None, ModificationLevel.OTHER) or status.docmdp_ok is False
    if not (status.intact and status.valid and whole):
        return "signature_broken"
    return "added_later" if changed else ""


def _name(subject: Mapping[str, Any], signature: Mapping[str, Any]) -> str:
    name = subject.get("common_name") or signature.get("/Name") or ""
    # Several common names are a list in asn1crypto.
    return str(name[0] if isinstance(name, list) else name)[:_MOST_NAME]


def _email(certificate: Any, subject: Mapping[str, Any]) -> str | None:
    names = certificate.subject_alt_name_value
    for name in names or ():
        if name.name == "rfc822_name":
            return str(name.native)[:_MOST_NAME]
    written = subject.get("email_address")
    return str(written)[:_MOST_NAME] if isinstance(written, str) else None


def _stamp(status: Any) -> datetime | None:
    """Time of the signature's timestamp token, where the token is whole and about these very bytes."""
    token = status.timestamp_validity
    if token is None or not (token.intact and token.valid):
        return None
    when = token.timestamp
    return when if isinstance(when, datetime) and when.tzinfo is not None else None


def _time(embedded: Any) -> datetime | None:
    """Time that the signer claims: of the signed attributes, else ``/M``. Without a zone it is no moment."""
    try:
        when = embedded.self_reported_timestamp
    except Exception:  # noqa: BLE001 - a time that cannot be read is only missing
        return None
    return when if isinstance(when, datetime) and when.tzinfo is not None else None
