"""What may follow a signature in a PDF and leave it intact: pyHanko's default rules, where they are not too strict.

Five things of good documents change nothing that anybody sees. pyHanko calls the earlier signatures broken for four,
and cannot tell for the fifth:

* numbers that a revision calls free and that no object ever bore: iText 5 says so of its own cross-reference stream,
  in each revision after a document that has one;
* references to objects that are not there. They mean null (ISO 32000-1, 7.3.10), and stand in pages that were taken
  out of longer documents;
* links that stand in the page itself, not as objects of their own: FPDF wrote them so for twenty years;
* a visible signature after one that certifies, which Acrobat takes, too;
* hundreds of bookmarks, or of tables for screen readers: it walks them all, as deep as they are long, to find who
  else uses an object that a rule lets a revision change. That question is not asked. Whether the pages still show
  what was sent is told by their digest (``pdf.pages``).

Loaded by the functions that need it: it imports pyHanko.
"""

from __future__ import annotations

from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign import diff_analysis as diff


class Reader(PdfFileReader):
    """A reader whose views of earlier revisions are :class:`_View`."""

    def get_historical_resolver(self, revision: int) -> HistoricalResolver:
        """Return the view of a revision, always the same one."""
        kept = self._historical_resolver_cache
        if revision not in kept:
            kept[revision] = _View(self, revision)
        return kept[revision]


class _View(HistoricalResolver):
    """A revision in which a missing object is null, and of which nobody asks who uses an object."""

    def get_object(self, ref: Any, as_metadata_stream: bool = False) -> Any:
        """Return an object as of this revision.

        What a page's list of annotations holds itself stands under another name there, where it must stay the same,
        like all of a page but the references in that list.
        """
        found = super().get_object(ref, as_metadata_stream)
        if not isinstance(found, generic.DictionaryObject) or found.get("/Type") != "/Page":
            return found
        listed = found.raw_get("/Annots") if "/Annots" in found else None
        own = [one for one in _members(listed) if not isinstance(one, generic.IndirectObject)]
        if not own:
            return found
        page = generic.DictionaryObject({key: found.raw_get(key) for key in found})  # type: ignore[no-untyped-call]
        referred = [one for one in _members(listed) if isinstance(one, generic.IndirectObject)]
        page["/Annots"], page["/_Own"] = generic.ArrayObject(referred), generic.ArrayObject(own)
        page.container_ref = found.container_ref
        return page

    def _load_reverse_xref_cache(self) -> None:
        pass

    def _collect_indirect_references(self, obj: Any, seen: Any, since_revision: int | None = None) -> None:
        if not self._is_missing(obj):
            super()._collect_indirect_references(obj, seen, since_revision)  # type: ignore[no-untyped-call]

    def _is_missing(self, obj: Any) -> bool:
        """True of a reference to what no revision holds, the last one included."""
        if not isinstance(obj, generic.IndirectObject):
            return False
        try:
            self.reader.xrefs.get_introducing_revision(obj.reference)
        except KeyError:
            return True
        return False


def _members(value: Any) -> list[Any]:
    return list(value) if isinstance(value, generic.ArrayObject) else []


class _Policy(diff.StandardDiffPolicy):
    def __init__(self) -> None:
        fields = [
            diff.SigFieldCreationRule(allow_new_visible_after_certify=True),  # type: ignore[no-untyped-call]
            diff.SigFieldModificationRule(),
            diff.GenericFieldModificationRule(),
        ]
        form = diff.FormUpdatingRule(field_rules=fields)
        super().__init__(diff.DEFAULT_DIFF_POLICY.global_rules, form, reject_object_freeing=False)

    def apply(self, old: HistoricalResolver, new: HistoricalResolver, *rest: Any, **more: Any) -> Any:
        """Judge one revision. What may have been there before must not be freed."""
        if any(not old.is_ref_unassignable(ref) for ref in new.refs_freed_in_revision()):  # type: ignore[no-untyped-call]
            raise diff.SuspiciousModification("objects were freed")
        return super().apply(old, new, *rest, **more)


POLICY = _Policy()
