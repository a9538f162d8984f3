"""What a PDF does or hides besides showing its pages: scripts, programs, media, remarks, layers, files within.

A signature vouches for what was shown. ISO 32000-1, 12.8.5 ("legal content attestations") lists what can make a
document show or do something else than its pages. Of that list:

* **forbidden** is what acts by itself or shows what a page cannot (``active``), and a portfolio, whose one page is a
  cover: printing the document to a PDF takes it out, without a loss to those who read it. A script that only prints
  is let through: invoicing programs write it, and it changes nothing.
* **told** is what leaves with the document and is easily overlooked: files within, reviewers' remarks, layers that
  are switched off. People may mean them (an invoice with its data, PDF/A-3).
* **left in peace** is what nearly every good document has and nobody could do anything about: links, bookmarks,
  typed-on text and stamps, fonts that are not embedded, pages of another size (the contract's ``non_a4`` decides).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from connector.errors import DocumentError
from connector.pdf.structure import items, mapping

if TYPE_CHECKING:
    import pypdf

MOST_NODES: Final = 30_000
"""Annotations, actions, bookmarks and names that are looked at; a file with more is ``pdf_too_slow``."""
_ACTING: Final = frozenset(
    {
        *("/Launch", "/ImportData", "/SubmitForm"),
        *("/Movie", "/Sound", "/Rendition", "/RichMediaExecute", "/GoTo3DView"),
    }
)
_SWITCHING: Final = frozenset({"/SetOCGState", "/Hide"})
_MEDIA: Final = frozenset({"/Movie", "/Sound", "/Screen", "/RichMedia", "/3D"})
_REMARKS: Final = frozenset(
    {"/Text", "/Highlight", "/Underline", "/Squiggly", "/StrikeOut", "/Caret", "/Redact"}
)
"""What reviewers leave. FreeText, Stamp, Ink and drawings are part of what their author shows."""
_ONLY_PRINTS: Final = re.compile(r"\s*(?:this\.)?print\s*\([^()]*\)\s*;?\s*")
_LONGEST_PRINT: Final = 500
_SCRIPT: Final = "/JavaScript"


@dataclass
class Interactive:
    """What was found. ``remarks`` and ``files`` count annotations; files of the name tree are counted elsewhere.

    ``files`` counts what LibreOffice puts into a "hybrid PDF", too: its own text, with the tracked changes.
    """

    active: bool = False
    portfolio: bool = False
    hidden_layers: bool = False
    remarks: int = 0
    files: int = 0
    _left: int = field(default=MOST_NODES, repr=False)
    _seen: set[int] = field(default_factory=set, repr=False)

    def count(self) -> None:
        """Take one step of those allowed; DocumentError ``pdf_too_slow`` when none is left."""
        self._left -= 1
        if self._left < 0:
            raise DocumentError("pdf_too_slow", f"more than {MOST_NODES} interactive parts")

    def is_new(self, node: Any) -> bool:
        """Count a node and tell whether it was never met: circles exist in good documents, too.

        The reader keeps what it has resolved, so that an object has one identity.
        """
        if not node or id(node) in self._seen:
            return False
        self.count()
        self._seen.add(id(node))
        return True


def interactive(reader: pypdf.PdfReader) -> Interactive:
    """Look through the catalogue, the bookmarks and every page. Errors as in ``structure.structure``."""
    found = Interactive()
    catalog = mapping(reader.trailer.get("/Root"))
    found.portfolio = "/Collection" in catalog
    found.hidden_layers = _hides_layers(mapping(catalog.get("/OCProperties")), found)
    # Pairs of a kind and a stream.
    found.files = len(items(reader.trailer.get("/AdditionalStreams"))) // 2
    _act(catalog, "/OpenAction", found)
    for script in _leaves(mapping(mapping(catalog.get("/Names")).get("/JavaScript")), found):
        if found.is_new(mapping(script)):
            _judge(mapping(script), found)
    for bookmark in _bookmarks(mapping(catalog.get("/Outlines")), found):
        _act(bookmark, "/A", found)
    for page in reader.pages:
        _act(page, "", found)
        for each in items(page.get("/Annots")):
            _annotation(mapping(each), found)
    return found


def _annotation(annotation: Any, found: Interactive) -> None:
    found.count()
    kind = str(annotation.get("/Subtype", ""))
    found.remarks += kind in _REMARKS
    found.files += kind == "/FileAttachment"
    found.active = found.active or kind in _MEDIA
    # A widget belongs to a form, which is another problem.
    if kind != "/Widget":
        _act(annotation, "/A", found)


def _act(holder: Any, name: str, found: Interactive) -> None:
    """Judge what a thing does when it is opened or clicked (``name``), and at its events (``/AA``)."""
    events = mapping(holder.get("/AA"))
    for first in [holder.get(name) if name else None, *(events[event] for event in events)]:
        waiting = [mapping(first)]
        while waiting:
            action = waiting.pop()
            if not found.is_new(action):
                continue
            _judge(action, found)
            following = action.get("/Next")
            waiting += [mapping(each) for each in items(following)] or [mapping(following)]


def _judge(action: Any, found: Interactive) -> None:
    kind = str(action.get("/S", ""))
    if kind == _SCRIPT:
        found.active = found.active or not _only_prints(action.get("/JS"))
    found.active = found.active or kind in _ACTING
    found.hidden_layers = found.hidden_layers or kind in _SWITCHING


def _only_prints(script: Any) -> bool:
    """Tell whether a script, a text or a stream, is one call that prints and nothing else."""
    text = script.get_object() if hasattr(script, "get_object") else script
    if hasattr(text, "get_data"):
        if len(text.get("/Filter", "")) or int(text.get("/Length", 0)) > _LONGEST_PRINT:
            return False
        text = text.get_data()
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    return isinstance(text, str) and len(text) <= _LONGEST_PRINT and bool(_ONLY_PRINTS.fullmatch(text))


def _hides_layers(properties: Any, found: Interactive) -> bool:
    """Tell whether a layer is off where people look, or on screen and paper not alike (ISO 32000-1, 8.11.4)."""
    usual = mapping(properties.get("/D"))
    if items(usual.get("/OFF")) or usual.get("/BaseState") == "/OFF":
        return True
    for each in items(properties.get("/OCGs")):
        found.count()
        usage = mapping(mapping(each).get("/Usage"))
        states = (
            mapping(usage.get("/View")).get("/ViewState"),
            mapping(usage.get("/Print")).get("/PrintState"),
        )
        if "/OFF" in states:
            return True
    return False


def _leaves(root: Any, found: Interactive) -> Iterator[Any]:
    """Yield the values of a name tree (ISO 32000-1, 7.9.6)."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if not found.is_new(node):
            continue
        yield from items(node.get("/Names"))[1::2]
        waiting += [mapping(child) for child in items(node.get("/Kids"))]


def _bookmarks(root: Any, found: Interactive) -> Iterator[Any]:
    """Yield every bookmark (ISO 32000-1, 12.3.3)."""
    waiting = [mapping(root.get("/First"))]
    while waiting:
        node = waiting.pop()
        if not found.is_new(node):
            continue
        yield node
        waiting += [mapping(node.get("/First")), mapping(node.get("/Next"))]
