"""The first line of a request that the connector wrote: which list or folder it was made from."""

from __future__ import annotations


def list_line(name: str, row: int, language: str) -> str:
    """Return the first line of a request made of a row; ``name`` of the list, ``row`` as Excel counts. No line end."""
    if language == "fr":
        return f"# créé d'après « {name} », ligne {row}"
    return f"# made from “{name}”, line {row}"


def drop_line(folder: str, language: str) -> str:
    """Return the first line of a request made for a PDF of a drop folder; ``folder`` is its name. No line end."""
    if language == "fr":
        return f"# créé d'après le dossier « {folder} »"
    return f"# made from the folder “{folder}”"
