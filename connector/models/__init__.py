"""The files of ``Modèles de signature/``: one model for each job, a list to fill in, one page that tells how to begin.

What stands in ``fr`` and ``en`` is what people get, with a byte order mark, the line ends of Windows, and in prose the
no-break spaces of the language. The same language always gives the same bytes. Source: the accountant's page, 1.1, 1.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from connector.report.typography import Language, spaced

LIST_NAME = "_signataires.xlsx"


@cache
def models(language: Language) -> Mapping[str, bytes]:
    """Return the models of a language by file name."""
    found = {}
    for source in sorted(files(__name__).joinpath(language).iterdir(), key=lambda each: each.name):
        if source.name == LIST_NAME:
            # Made beforehand (``signatory_list.template``): the library that makes it is 7 MB of every service.
            found[source.name] = source.read_bytes()
            continue
        text = source.read_text("utf-8")
        if not source.name.endswith(".yaml.txt"):
            text = spaced(text, language)
        found[source.name] = ("\ufeff" + text.replace("\n", "\r\n")).encode()
    return found
