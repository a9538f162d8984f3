"""What may follow a signature in a PDF and leave it intact: pyHanko's default rules, where they are not too strict.

Five things of good documents change nothing that anybody sees. pyHanko calls the earlier signatures broken for four,
and cannot tell for the fifth:

* numbers that a revision calls free and that no object ever bore: iText 5 says so of its own cross-reference stream,
  in each revision after a document that has one;
* references to objects that are not there. They mean null (ISO 32000-1, 7.3.10), and stand in pages that were taken
  out of longer documents;
* links that stand in the page itself, not as objects of their own: FPDF wrote them so for twenty years;
* a visible signature after one that certifies, which Acrobat takes, too;
* hundreds of bookmarks, or of tables for screen readers: it walks them all, by every way and as deep as they are long,
  to find who else uses an object that a rule lets a revision change. Here each object is walked once.

Two things that it lets pass are refused, for they show what nobody signed: an object that a revision makes where what
was signed referred to nothing, and one that it replaces though its number is beyond the document's own ``/Size``.

A field for a signature that nobody has made, added or changed after the last signature, is refused as well, whatever
it looks like: no signature vouches for it, and it may lie upon a clause. A platform that prepares fields for all who
are to sign does so before the last of them has signed. So is a field that is filled in after the last signature, be it
one for a text: only a document timestamp that is not seen may come then.

Loaded by the functions that need it: it imports pyHanko.
"""

from __future__ import annotations

import io
from collections import defaultdict, deque
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final, NamedTuple

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.misc import PdfReadError, read_non_whitespace
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader, RawPdfPath
from pyhanko.sign import diff_analysis as diff
from pyhanko.sign.diff_analysis.rules.form_field_rules import is_field_visible
from pyhanko.sign.fields import enumerate_sig_fields

_TRUNK: Final = frozenset(
    {"/Root", "/Pages", "/Kids", "/AcroForm", "/Fields", "/DSS", "/VRI", "/StructTreeRoot", "/K"}
)
"""The ways by which pyHanko's rules expect pages, fields, proofs and what screen readers use: they are walked first."""
_MOST_USES: Final = 200
"""Uses of one object that are told apart; a page may have one for each bookmark."""


_Edge = tuple[tuple[str | int, ...], generic.Reference, bool]
"""From an object to one it refers to: the keys on the way, the latter, and whether all but the first are trunk."""


class _Table(NamedTuple):
    """An object stream: how many objects it says it holds, where each begins in ``data``, by number; unpacked."""

    length: int
    places: dict[int, int]
    data: bytes


class Reader(PdfFileReader):
    """A reader whose views of earlier revisions are :class:`_View`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._edges: dict[generic.Reference, list[_Edge]] = {}
        self._tables: dict[int, _Table] = {}

    def _get_object_from_stream(self, idnum: int, stmnum: int, idx: int) -> Any:
        """Return an object of an object stream (ISO 32000-1, 7.5.7), whose table is read once.

        The library reads it anew for each of the objects, and Word puts all that is no stream into a single one: to
        verify a report of eighty pages would take minutes.
        """
        if stmnum not in self._tables:
            self._tables[stmnum] = _table_of(generic.Reference(stmnum, 0, self).get_object())
        length, places, data = self._tables[stmnum]
        if not 0 <= idx < length or idnum not in places:
            return generic.NullObject()
        file = io.BytesIO(data)
        file.seek(places[idnum])
        try:
            return generic.read_object(file, generic.Reference(idnum, 0, self))
        except PdfReadError:
            return generic.NullObject()

    def edges(self, ref: generic.Reference) -> list[_Edge]:
        """Return what the last form of an object refers to.

        Looked at once for all views: a report of a hundred pages has 30 000 objects, and each signature a view.
        """
        known = self._edges.get(ref)
        if known is None:
            known = self._edges[ref] = _edges_of(self.get_object(ref))  # type: ignore[no-untyped-call]
        return known

    def get_historical_resolver(self, revision: int) -> HistoricalResolver:
        """Return the view of a revision, always the same one."""
        kept = self._historical_resolver_cache
        if revision not in kept:
            kept[revision] = _View(self, revision)
        return kept[revision]


class _View(HistoricalResolver):
    """A revision in which a missing object is null, and whose objects are walked once to find who uses which."""

    def __init__(self, reader: Reader, revision: int) -> None:
        super().__init__(reader, revision)
        self._shared = reader
        self._uses: dict[generic.Reference, list[Any]] = defaultdict(list)

    def get_object(self, ref: Any, as_metadata_stream: bool = False) -> Any:
        """Return an object as of this revision.

        What a page's list of annotations holds itself stands under another name there, where it must stay the same,
        like all of a page but the references in that list.
        """
        return _with_own_apart(super().get_object(ref, as_metadata_stream))

    def is_ref_unassignable(self, ref: generic.Reference) -> bool:
        """Tell whether no object bears this number nor could; some do though it is beyond the declared size."""
        beyond = super().is_ref_unassignable(ref)
        return beyond and self.reader.xrefs.get_historical_ref(ref, self.revision) is None

    def expects(self, ref: generic.Reference) -> bool:
        """Tell whether an object is referred to that is not there."""
        self._load_reverse_xref_cache()
        return ref in self._uses and self.reader.xrefs.get_historical_ref(ref, self.revision) is None

    def _get_usages_of_ref(self, ref: generic.Reference) -> set[RawPdfPath]:
        uses = self._uses.get(ref, [])
        paths = {_path(use) for use in uses[:_MOST_USES]}
        # A place that no rule knows stands for those that are not told apart.
        return paths if len(uses) <= _MOST_USES else {*paths, RawPdfPath()}

    def _load_reverse_xref_cache(self) -> None:
        """Note of each object where it is referred to: each place once, by one way to what holds it."""
        if self._uses:
            return
        trunk, others = deque[Any](), deque[Any]()

        def wait(way: Any, edges: list[_Edge]) -> None:
            last = way[1][-1] if way else None
            for keys, ref, rest in edges:
                first = last if isinstance(keys[0], int) and way else keys[0]
                (trunk if rest and first in _TRUNK else others).append(((way, keys), ref))

        wait((), _edges_of(self.trailer_view))
        entered: set[generic.Reference] = set()
        while trunk or others:
            way, ref = (trunk or others).popleft()
            uses = self._uses[ref]
            if len(uses) <= _MOST_USES:
                uses.append(way)
            if ref not in entered:
                entered.add(ref)
                wait(way, self._edges(ref))

    def _edges(self, ref: generic.Reference) -> list[_Edge]:
        try:
            unchanged = self.reader.xrefs.get_last_change(ref) <= self.revision
        except KeyError:
            unchanged = False
        return self._shared.edges(ref) if unchanged else _edges_of(self(ref))

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


def _table_of(stream: Any) -> _Table:
    """Read the table of an object stream. One that is damaged ends there; of two of one number the first counts.

    ValueError where it is no object stream, TypeError where a place is no whole number: readers round it differently.
    """
    if not isinstance(stream, generic.StreamObject) or stream["/Type"] != "/ObjStm":
        raise ValueError("no object stream")
    data, first, count = (
        stream.read_data(DecodePurpose.OBJECT_STREAM),
        _whole(stream["/First"]),
        _whole(stream["/N"]),
    )
    places: dict[int, int] = {}
    file = io.BytesIO(data)
    with suppress(ValueError, PdfReadError):
        for _ in range(count):
            number, place = _number(file), _number(file)
            places.setdefault(number, first + place)
    return _Table(count, places, data)


def _number(file: io.BytesIO) -> int:
    read_non_whitespace(file, seek_back=True)  # type: ignore[no-untyped-call]
    found = generic.NumberObject.read_from_stream(file)  # type: ignore[no-untyped-call]
    return _whole(found)


def _whole(value: Any) -> int:
    if not isinstance(value, int):
        raise TypeError("no whole number")
    return value


def _keys(value: Any) -> list[str | int]:
    if isinstance(value, generic.ArrayObject):
        return list(range(len(value)))
    # The parent is known by its children.
    return [key for key in value if key != "/Parent"] if isinstance(value, generic.DictionaryObject) else []


def _path(way: Any) -> RawPdfPath:
    keys: list[str | int] = []
    while way:
        way, own = way
        keys.extend(reversed(own))
    return RawPdfPath(*reversed(keys))


def _edges_of(value: Any) -> list[_Edge]:
    """Return what a value refers to, as near the value as it stands."""
    found: list[_Edge] = []
    waiting = deque[Any]([((), True, _with_own_apart(value))])
    while waiting:
        keys, rest, value = waiting.popleft()
        if isinstance(value, generic.IndirectObject):
            found.append((keys or (0,), value.reference, rest))
            continue
        for key in _keys(value):
            near = not keys or (rest and (keys[-1] if isinstance(key, int) else key) in _TRUNK)
            # Not decrypted: a signature in an encrypted document is not, and no text refers to anything.
            member = value.raw_get(key, generic.EncryptedObjAccess.RAW)
            waiting.append(((*keys, key), near, getattr(member, "raw_object", member)))
    return found


def _with_own_apart(found: Any) -> Any:
    """Return an object; a page whose list of annotations holds some itself with those under another name."""
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


def _members(value: Any) -> list[Any]:
    return list(value) if isinstance(value, generic.ArrayObject) else []


class _OnlyTimestamps(diff.SigFieldModificationRule):
    """After the last signature a field for one takes a document timestamp that is not seen, and no other value.

    What is neither a signature nor a timestamp is verified by nobody, and a timestamp is anybody's.
    """

    def check_form_field(self, fq_name: str, spec: Any, context: Any) -> Iterable[Any]:
        old, new = spec.old_field, spec.new_field
        if spec.field_type == "/Sig" and new is not None and "/V" in new and (old is None or "/V" not in old):
            value = new.raw_get("/V").get_object()
            stamp = isinstance(value, generic.DictionaryObject) and value.get("/Type") == "/DocTimeStamp"
            if not stamp or is_field_visible(new):  # type: ignore[no-untyped-call]
                raise diff.SuspiciousModification(f"{fq_name} was filled after the last signature")
        yield from super().check_form_field(fq_name, spec, context)


class _Policy(diff.StandardDiffPolicy):
    def __init__(self, *, last: bool = False) -> None:
        fields: list[diff.FieldMDPRule] = [
            diff.SigFieldCreationRule(allow_new_visible_after_certify=True),  # type: ignore[no-untyped-call]
            *(
                (_OnlyTimestamps(),)
                if last
                else (diff.SigFieldModificationRule(), diff.GenericFieldModificationRule())
            ),
        ]
        form = diff.FormUpdatingRule(field_rules=fields)
        super().__init__(diff.DEFAULT_DIFF_POLICY.global_rules, form, reject_object_freeing=False)

    def apply(self, old: Any, new: Any, *rest: Any, **more: Any) -> Any:
        """Judge one revision. What may have been there before must not be freed, nor appear where it was missed."""
        if any(not old.is_ref_unassignable(ref) for ref in new.refs_freed_in_revision()):
            raise diff.SuspiciousModification("objects were freed")
        if any(old.expects(ref) for ref in new.explicit_refs_in_revision()):
            raise diff.SuspiciousModification("objects were made to which what was signed refers")
        return super().apply(old, new, *rest, **more)


POLICY: Final = _Policy()
"""What may follow a signature that another one follows: it vouches for fields that were filled in between."""
LAST: Final = _Policy(last=True)
"""What may follow the last signature."""


def touches_an_open_field(reader: Reader, revision: int) -> bool:
    """Tell whether a field for a signature that nobody has made was added, or shown otherwise, after a revision."""
    return any(
        reader.xrefs.get_last_change(field.reference) > revision
        for _, _, field in enumerate_sig_fields(reader, filled_status=False)
    )
