"""What the texts ask of a record: names of its files, who has signed, who is awaited.

Facts that the record has no field for are read from ``extra`` (JSON values): ``near_name``, ``preview_name``,
``preview_missing``, ``other_formats``, ``attestation_name``, ``settings_name``, ``documents``, ``annexes``,
``warnings``, ``masked_phones``, ``known_since``, ``expires_computed``, ``moved_at``, ``moved_out_at``,
``unknown_word``, ``locked``, ``order``, ``pending_order``, ``ended_elsewhere``, ``conflict_copies``, ``near_settings``,
``note_aside``, ``filed``, ``astray_href``, ``lost_href``, ``outside_at``, ``notice_href``, ``passed_over``,
``locked_by``, ``signed_here``, ``found_signed``. Each may be missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connector.lifecycle import DocumentFacts, Record, SignatoryFacts, State
from connector.ports import SignatoryProgress
from connector.report.context import StatusContext
from connector.report.page import Page
from connector.report.typography import NBSP, Words, clean, local, loose
from connector.sidecar.model import Order, Verb
from connector.sidecar.names import document_name, image_pdf_name, signed_name

EXPIRY_NEAR_DAYS = 3
EXPIRY_COMPUTED = "expires_computed"
"""In ``extra``: ``expires_at`` is by the known rule, the platform has given no date yet."""
FOUND_SIGNED = "found_signed"
"""In ``extra``: what came back was found in the folder, after the platform had erased its own."""
SIGNED_HERE = "signed_here"
"""In ``extra``: its PDF bore a signature already when nothing but its status was left to tell of it."""
LASTS = 7
"""So many tries take an hour at least (``Timing.retry_first``, doubled each time): no next one ends what hinders."""
ERASURE_NEAR_DAYS = 10
"""So long before the platform erases a signed document that it is told that it has not come yet."""
TYPED: dict[str, dict[Verb, str]] = {
    "fr": {
        Verb.CANCEL: "annuler",
        Verb.REMIND: "relancer",
        Verb.RESTART: "recommencer",
        Verb.UNLOCK: "déverrouiller",
        Verb.SEND: "envoyer",
        Verb.ALREADY_SENT: "déjà partie",
        Verb.NOT_SENT: "pas partie",
    },
    "en": {verb: verb.value for verb in Verb},
}


class Case:
    """One record with its context, and the page it is told on."""

    def __init__(self, record: Record, context: StatusContext) -> None:
        self.record = concerning(record)
        self.documents = record.documents
        """Everything that travels, by rank; ``record.document`` may be another than the first of them."""
        self.context = context
        self.page = Page(context.language, context.zone)
        self.people = tuple(self._named(each) for each in _people(record))

    # -- files

    @property
    def pdf(self) -> str:
        """Name of the document, where it is now; guessed from the request's where only that is known."""
        document = self.record.document
        known = document.renamed_to or document.href or self.extra_text(self._lost)
        if not known and not self.record.place:
            known = document.delivered_href or ""
        return name_of(known) if known else document_name(name_of(self.record.place)) or "PDF"

    @property
    def request_file(self) -> str:
        """Name of the request's file; guessed from the document's for an adopted record without a place."""
        return name_of(self.record.place) if self.record.place else stem_of(self.pdf) + ".sign.yaml"

    @property
    def beside(self) -> str:
        """Name of the signed document that lies, or will lie, beside the original."""
        document = self.record.document
        if document.delivered_href:
            return name_of(document.delivered_href)
        if document.converted and not self.earlier_one:
            return image_pdf_name(self.pdf)
        return signed_name(self.pdf)

    @property
    def earlier_one(self) -> bool:
        """True for a picture where an earlier one of its name lies signed, as the PDF that it would become."""
        return bool(self.extra_text("passed_over"))

    @property
    def astray(self) -> bool:
        """True while the folder of a request is gone, and its status stands where such are told of."""
        return bool(self.extra_text("astray_href")) and self.record.document.missing_since is not None

    @property
    def told_above(self) -> bool:
        """True while its own folder lets nothing be written, and its status stands in one above."""
        return bool(self.extra_text("notice_href"))

    @property
    def outside(self) -> bool:
        """True while its document lies outside of every watched folder, where it was found by its id."""
        return bool(self.extra_text("outside_at")) and self.record.document.missing_since is None

    @property
    def folder(self) -> str:
        """Name of the folder that a document was in when its place was last known, from the watched one."""
        href = self.record.document.href or self.extra_text(self._lost)
        return clean(href.rpartition("/")[0].removeprefix(self.context.root.rstrip("/")).strip("/"))

    @property
    def _lost(self) -> str:
        rank = self.record.document.rank
        return "lost_href" if rank == 1 else f"lost_href.{rank}"

    @property
    def filed(self) -> bool:
        """True once request and status lie among the finished ones, a folder below what was signed."""
        return isinstance(self.record.extra.get("filed"), Mapping)

    def extra_text(self, key: str, default: str = "") -> str:
        """Return a text of ``extra``."""
        value = self.record.extra.get(key)
        return value if isinstance(value, str) and value else default

    def extra_list(self, key: str) -> list[Any]:
        """Return a list of ``extra``."""
        value = self.record.extra.get(key)
        return list(value) if isinstance(value, list | tuple) else []

    def value(self, key: str) -> str:
        """Return a value of the reason, empty when absent."""
        return self.record.values.get(key, "")

    def moment(self, key: str) -> datetime | None:
        """Return a value of the reason (or an extra) as an aware moment; None when absent or unreadable."""
        return moment_of(self.record.values.get(key) or self.record.extra.get(key))

    # -- people

    def _named(self, each: SignatoryFacts) -> SignatoryFacts:
        """Give a number to whom nobody can name any more: what was found again by its marker alone may lack them."""
        if each.name or each.email:
            return each
        name = self.page.say("la personne n° {n}", "person no. {n}", n=str(each.order))
        return each.model_copy(update={"name": str(name)})

    @property
    def parallel(self) -> bool:
        """True when all may sign at the same time."""
        request = self.record.request
        return request is not None and request.order is Order.PARALLEL

    @property
    def only(self) -> SignatoryFacts | None:
        """The one person who is asked; None where several are, or nobody is known."""
        return self.people[0] if len(self.people) == 1 else None

    @property
    def signed(self) -> list[SignatoryFacts]:
        """Those who have signed, in the order of signing."""
        return [each for each in self.people if each.progress == SignatoryProgress.SIGNED]

    @property
    def pending(self) -> list[SignatoryFacts]:
        """Those whose turn it is: all who have not signed, or the first of them."""
        waiting = [each for each in self.people if each.progress != SignatoryProgress.SIGNED]
        return waiting if self.parallel else waiting[:1]

    @property
    def subject(self) -> Words:
        """The subject that people read; the document's name when there is none."""
        request = self.record.request
        return loose(self.record.subject or (request.subject if request else None) or stem_of(self.pdf))

    @property
    def untouched(self) -> Words:
        """Say that nobody replaced the document; that it is unchanged only where no change is known."""
        document = self.record.document
        if document.changed_at is None and document.missing_since is None:
            return self.page.say("« {pdf} » est inchangé.", "“{pdf}” is unchanged.", pdf=self.pdf)
        return self.page.say("« {pdf} » n’a pas été remplacé.", "“{pdf}” was not replaced.", pdf=self.pdf)

    # -- orders

    def acts(self, verb: Verb) -> bool:
        """True when this release acts on the order, so that a text may offer it."""
        return verb in self.context.acted

    def wording(self, verb: Verb) -> str:
        """Return the line to type for an order."""
        return "action: " + self.typed_next(verb)

    def typed_next(self, verb: Verb) -> str:
        """Return what stands on that line: the first wording that is new."""
        return self.context.next_wordings.get(verb, TYPED[self.context.language][verb])

    # -- time

    @property
    def expiry_near(self) -> bool:
        """True from three days before the day of the expiry until its end, by the calendar of the page's zone.

        That day is the one on which the request lapses, at whatever hour. Texts say « avant le », which leaves it
        out: told at 0 h 00 it is exact, at 23 h 59 a day too careful, and never too late. The platform gives a
        moment (API page section 3, ``expiresAt``); what it means by a day is not known.
        """
        left = self._days_until(self.record.expires_at)
        return left is not None and 0 <= left <= EXPIRY_NEAR_DAYS

    @property
    def expiry_past(self) -> bool:
        """True from the day after that of the expiry, as long as the platform has not confirmed the end."""
        left = self._days_until(self.record.expires_at)
        return left is not None and left < 0

    @property
    def expiry_computed(self) -> bool:
        """True once the platform has answered and given no date: the one that is told is by its known rule."""
        return self.record.seen_answering and bool(self.record.extra.get(EXPIRY_COMPUTED))

    @property
    def erasure_near(self) -> bool:
        """True from ten days before the platform erases a signed document."""
        left = self._days_until(self.context.erases_at)
        return left is not None and left <= ERASURE_NEAR_DAYS

    def _days_until(self, moment: datetime | None) -> int | None:
        if moment is None:
            return None
        zone = self.context.zone
        return (local(moment, zone).date() - local(self.context.now, zone).date()).days


def concerning(record: Record) -> Record:
    """Return the record with the document in front that its text is about.

    Told of a request with several documents, of which all others went the usual way: the one held open, put beside,
    put back to what it was, changed, gone or renamed. What becomes of an annex's own file matters to nobody.
    """
    held = record.extra.get("locked")
    ranks = held if isinstance(held, list) else [one.rank for one in record.documents if one.beside]
    ranks = ranks or [one.rank for one in record.documents if one.unsigned_back]
    if not ranks and record.state is State.IN_PROGRESS:
        signed = [one for one in record.documents if one.role == "document"]
        for matters in (_changed, _missing, _renamed):
            ranks = ranks or [one.rank for one in signed if matters(one)]
    for one in record.more:
        if ranks and one.rank == ranks[0]:
            return record.model_copy(update={"document": one})
    return record


def _changed(one: DocumentFacts) -> bool:
    return one.changed_at is not None


def _missing(one: DocumentFacts) -> bool:
    return one.missing_since is not None


def _renamed(one: DocumentFacts) -> bool:
    return one.renamed_to is not None


def is_signed_here(record: Record) -> bool:
    """True where its PDF bore a signature when it was found again by its status alone, and is that one still."""
    return bool(record.extra.get(SIGNED_HERE)) and record.document.changed_at is None


def name_of(href: str) -> str:
    """Return the last part of an href."""
    return clean(href.rstrip("/").rsplit("/", 1)[-1])


def stem_of(name: str) -> str:
    """Return a file name without its last suffix."""
    return re.sub(r"\.[^.]{1,5}$", "", name) or name


def moment_of(value: object) -> datetime | None:
    """Read an ISO 8601 text with its zone; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def phone_text(phone: str, *, masked: bool = False) -> Words:
    """Say a number as people write it: « 06 12 34 56 78 », kept whole; masked: « 06 •• •• •• 78 »."""
    french = re.fullmatch(r"\+33([1-9])(\d\d)(\d\d)(\d\d)(\d\d)", phone)
    pairs: Sequence[str] = ["0" + french[1], *french.groups()[1:]] if french else [clean(phone)]
    if masked and french:
        pairs = [pairs[0], "••", "••", "••", pairs[-1]]
    elif masked and len(phone) > 6:
        pairs = [phone[:4] + "•" * (len(phone) - 6) + phone[-2:]]
    return Words(NBSP.join(pairs).replace(" ", NBSP))


def place_words(
    page: Page, *, number: int | None, near: str = "", corner: str = "", inherited: bool = False
) -> str:
    """Say where somebody signs, for ``SignatoryFacts.place``: « page 4, près de « Signature » ».

    ``number`` counts from 1, -1 is the last page; ``corner`` is said in the page's language already.
    """
    parts: list[str] = []
    if number == -1:
        parts.append(page.say("dernière page", "last page"))
    elif number is not None:
        parts.append(page.say("page~{number}", "page~{number}", number=number))
    if near:
        parts.append(page.say("près de « {near} »", "near “{near}”", near=loose(near)))
    elif corner:
        parts.append(page.say("{corner}", "{corner}", corner=loose(corner)))
    told = ", ".join(parts)
    if inherited:
        told += page.say(" (réglages du dossier)", " (folder settings)")
    return told


def _people(record: Record) -> tuple[SignatoryFacts, ...]:
    if record.signatories or record.request is None:
        return tuple(sorted(record.signatories, key=lambda each: each.order))
    return tuple(
        SignatoryFacts(
            order=rank,
            email=each.email,
            name=each.name or " ".join(filter(None, [each.first_name, each.last_name])),
            phone=each.phone,
        )
        for rank, each in enumerate(record.request.signatories, start=1)
    )


def who(signatory: SignatoryFacts) -> str:
    """Name a signatory: the name, else the address."""
    return signatory.name or signatory.email
