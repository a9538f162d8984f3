"""Small real PDFs, signed once for each content, and what is found in them, found out once for each content."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from connector.errors import DocumentError
from connector.isolation import IsolatedPool
from tests import documents

SIGNED_ON = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
"""Later than any launch of a story that goes well; within what the dates of a document are believed for."""

BYSTANDER = documents.letter(1, "Une autre lettre", lines=2)


@cache
def letter(name: str, edition: int = 0) -> bytes:
    """A letter of that name, as it was edited for the so many-th time."""
    return documents.letter(1, f"{name}, {edition}", lines=2)


@cache
def signed(content: bytes, people: tuple[str, ...], sealing: int) -> bytes:
    """``content`` with one real signature of each of ``people``; another ``sealing`` has other signatures."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields
    from pyhanko.sign import signers as signing
    from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes

    result = content
    for rank, email in enumerate(people, start=1):
        writer = IncrementalPdfFileWriter(io.BytesIO(result), strict=False)
        name = f"signataire-{sealing}-{rank}"
        metadata = signing.PdfSignatureMetadata(field_name=name, md_algorithm="sha256")
        maker = signing.PdfSigner(
            metadata, documents.signer(email, email), new_field_spec=fields.SigFieldSpec(name)
        )
        session = maker.init_signing_session(writer)
        session.system_time = SIGNED_ON
        prepared = session.prepare_tbs_document(validation_info=None, bytes_reserved=8_192)
        digest, output = prepared.digest_tbs_document()
        attributes = PdfCMSSignedAttributes(signing_time=SIGNED_ON)
        asyncio.run(prepared.perform_signature(digest.document_digest, attributes))
        result = output.getvalue()
    return result


class RememberingPool(IsolatedPool):
    """Workers whose answers are kept by the bytes they were asked about: nothing else makes these answers."""

    def __init__(self) -> None:
        super().__init__(maximum=1, uses=10_000, idle_s=600)
        self.known: dict[str, Any] = {}
        """What was asked → what was answered."""
        self._process = os.getpid()
        self._child: IsolatedPool | None = None

    def call(self, job: str, **arguments: Any) -> Any:
        """Answer from memory where the same bytes were asked about in the same words."""
        path = arguments.get("path")
        if path is None:
            return super().call(job, **arguments)
        asked = {**arguments, "path": hashlib.sha256(Path(path).read_bytes()).hexdigest()}
        key = json.dumps([job, asked], sort_keys=True, default=str)
        if key not in self.known:
            try:
                self.known[key] = self._ask(job, **arguments)
            except DocumentError as error:
                self.known[key] = error
        answer = self.known[key]
        if isinstance(answer, DocumentError):
            raise DocumentError(answer.code)
        return answer

    def _ask(self, job: str, **arguments: Any) -> Any:
        if os.getpid() == self._process:
            return super().call(job, **arguments)
        if self._child is None:  # the workers are the parent's to talk to
            self._child = IsolatedPool(maximum=1, uses=10_000, idle_s=600)
        return self._child.call(job, **arguments)

    def close(self) -> None:
        """End the workers of this process."""
        if os.getpid() == self._process:
            super().close()
        elif self._child is not None:
            self._child.close()
