"""Request × limits → the texts that will be sent, or every problem at once. Pure.

What a person wrote is refused when it does not fit; only our own defaults are shortened (ux page section 1.3).
"""

from __future__ import annotations

import unicodedata

from connector.errors import Problem
from connector.ports import Terms
from connector.sidecar.model import SignatureRequest

_ELLIPSIS = "…"


def subject_of(request: SignatureRequest, document_name: str, terms: Terms) -> tuple[str, list[Problem]]:
    """Return the subject: the author's, refused when too long, or the PDF's name, cut at a word."""
    if request.subject is not None:
        count = len(request.subject)
        if count > terms.subject_length:
            line, file = request.at("subject")
            values = {"count": str(count), "limit": str(terms.subject_length), **file}
            return "", [Problem(code="subject_too_long", line=line, values=values)]
        return request.subject, []
    return shortened(stem(document_name), terms.subject_length), []


def message_of(request: SignatureRequest, terms: Terms) -> tuple[str, list[Problem]]:
    """Return the message (empty when none was written), or the problem of one that is too long."""
    message = request.message or ""
    if len(message) > terms.message_length:
        line, file = request.at("message")
        values = {"count": str(len(message)), "limit": str(terms.message_length), **file}
        return "", [Problem(code="message_too_long", line=line, values=values)]
    return message, []


def stem(name: str) -> str:
    """Name without ``.pdf``, in NFC."""
    name = unicodedata.normalize("NFC", name)
    return name[:-4] if name.lower().endswith(".pdf") else name


def shortened(text: str, limit: int) -> str:
    """Cut at a word so that text and ellipsis fit in ``limit`` characters."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    at_word = head.rsplit(" ", 1)[0].rstrip(" -–,;:") if " " in head else head
    return at_word + _ELLIPSIS
