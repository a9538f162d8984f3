"""Is what came back an intact signed document, and is it the one that was sent?

Intact means: at least one signature; each verifies over its bytes; what was added after it are only signatures,
timestamps and their proofs (ISO 32000-1, 12.8.2.2; ``pdf.later``). Whether anybody trusts the
certificates is not asked: the platform's authority need not be known on this machine.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from connector.errors import DocumentError
from connector.pdf import pages as paper
from connector.pdf.facts import header
from connector.pdf.model import Expected, Signature, Verdict

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
        signatures, timestamps_intact = _signatures(path)
    except (DocumentError, MemoryError):
        raise
    except Exception:  # noqa: BLE001 - pyHanko's errors have no common root; each means "cannot be verified"
        return Verdict(intact=False, code="signature_broken", pages=pages, pages_digest=digest, size=size)
    intact = bool(signatures) and timestamps_intact and all(one.intact for one in signatures)
    code = "" if intact else "signature_broken" if signatures or not timestamps_intact else "not_signed"
    verdict = Verdict(
        intact=intact, code=code, signatures=signatures, pages=pages, pages_digest=digest, size=size
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
        found["content"] = "changed" if known else "not compared"
    return found


def _signatures(path: Path) -> tuple[tuple[Signature, ...], bool]:
    """Return the signatures in the order of signing, and whether every document timestamp is intact."""
    from pyhanko.sign.validation import validate_pdf_timestamp
    from pyhanko_certvalidator import ValidationContext

    from connector.pdf.later import POLICY, Reader

    # It logs each certificate that nobody vouches for, in the signer's name.
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)
    with path.open("rb") as file:
        reader = Reader(file, strict=False)
        if reader.encrypted:
            reader.decrypt("")
        regular, stamps = reader.embedded_regular_signatures, reader.embedded_timestamp_signatures
        if len(regular) + len(stamps) > MOST_SIGNATURES:
            raise DocumentError("pdf_too_slow", f"more than {MOST_SIGNATURES} signatures")
        nobody = ValidationContext(trust_roots=[], allow_fetching=False)
        signatures = tuple(_signature(one) for one in regular)
        timestamps = all(
            _untouched(validate_pdf_timestamp(one, nobody, diff_policy=POLICY)) for one in stamps
        )
    return signatures, timestamps


def _signature(embedded: Any) -> Signature:
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    from connector.pdf.later import POLICY

    certificate = embedded.signer_cert
    subject = certificate.subject.native
    stamped_at = None
    try:
        # No roots and no network: a chain cannot and need not be built.
        context = ValidationContext(trust_roots=[], allow_fetching=False)
        status = validate_pdf_signature(embedded, context, diff_policy=POLICY)
        intact, stamped_at = _untouched(status), _stamp(status)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - as above: a signature that cannot be verified is not intact
        intact = False
    return Signature(
        field=str(embedded.field_name),
        name=_name(subject, embedded.sig_object),
        email=_email(certificate, subject),
        signed_at=stamped_at or _time(embedded),
        stamped=stamped_at is not None,
        certificate_sha256=certificate.sha256.hex(),
        contents_sha256=hashlib.sha256(embedded.pkcs7_content).hexdigest(),
        intact=intact,
    )


def _untouched(status: Any) -> bool:
    """True when the bytes are those that were signed, a whole revision, and later ones add nothing forbidden."""
    from pyhanko.sign.diff_analysis import ModificationLevel
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    whole = status.coverage is not None and status.coverage >= SignatureCoverageLevel.ENTIRE_REVISION
    # docmdp_ok is not said of document timestamps, the level of later changes is said of both.
    changed = status.modification_level in (None, ModificationLevel.OTHER) or status.docmdp_ok is False
    return bool(status.intact and status.valid and whole and not changed)


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
