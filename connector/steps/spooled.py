"""How the files of one request are named in the spool, one set a document. Pure.

The main document (rank 1) keeps the plain names; a further one of rank n bears ``-n`` before its extension.
"""

from __future__ import annotations


def sent_name(rank: int) -> str:
    """The PDF that is sent: the file's own bytes, or the PDF made of an image."""
    return _ranked("sent", rank)


def signed_name(rank: int) -> str:
    """The signed PDF that came back, verified."""
    return _ranked("signed", rank)


def is_signed_name(name: str) -> bool:
    """True for the signed PDF of whichever document."""
    return name.startswith("signed")


def present_name(rank: int) -> str:
    """What lies at a place now, for a look at it."""
    return _ranked("present", rank)


def found_name(rank: int) -> str:
    """What was found in the folder of a request that the platform has erased: looked at beside other looks."""
    return _ranked("found", rank)


def _ranked(stem: str, rank: int) -> str:
    return f"{stem}.pdf" if rank == 1 else f"{stem}-{rank}.pdf"
