"""What ``show`` prints for people: the JSON of ``show``, in words, times in the configuration's zone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from connector.lifecycle import State
from connector.report.typography import clean

MEANING: Final[Mapping[State, str]] = {
    State.WAITING_PDF: "read; the PDF it is for is not there",
    State.REJECTED: "something must be corrected first; nothing was sent",
    State.UNCONFIRMED: "looks like a copy of another request; waits for a person's word, nothing was sent",
    State.PREVIEWED: "checked and shown; goes no further by itself",
    State.WAITING: "accepted; about to leave",
    State.PREPARED: "accepted and put together at the platform; nobody was asked yet",
    State.MARKED: "bound to its transaction; about to be sent",
    State.DRAFT: "left as a draft on the platform, for a person to send",
    State.IN_PROGRESS: "sent; people are signing",
    State.SEALING: "signed by all; the document is being fetched",
    State.DELIVERING: "signed by all; the document is here and about to be put back",
    State.DELIVERED: "signed, and put back as a new version of the file",
    State.DELIVERED_BESIDE: "signed, and put beside the file",
    State.REFUSED: "a signatory declined",
    State.EXPIRED: "not signed in time",
    State.CANCELLED: "cancelled",
    State.HELD: "held; waits for a person, nothing was sent by this request",
    State.IN_DOUBT: "perhaps sent; it is asked about and never sent again by itself",
    State.QUARANTINED: "what came back is not intact; it is fetched again",
    State.LOST: "the platform knows nothing of it any more",
    State.WITHDRAWN: "taken away before it left",
}
_WITNESS: Final = {
    "noticed": " (when it was noticed)",
    "platform": " (by the platform)",
    "signature": " (by the signed document)",
    "timestamp": " (by the signed document's timestamp)",
}
_FADED: Final[Mapping[str, str]] = {
    "names only": "addresses and numbers of its people are no longer kept (keep_personal_data); names are",
    "erased on demand": "a person was erased from it (jse-connector forget); hashes, dates and states stay",
}
_LABEL: Final = 12


def tell(told: Mapping[str, Any], zone: ZoneInfo) -> None:
    """Print what ``show.gather`` found."""
    for line in lines(told, zone):
        # What people write may hold bytes that are no text, and signs that a terminal would obey.
        print(clean(line).rstrip())


def tell_list(told: Mapping[str, Any], zone: ZoneInfo) -> None:
    """Print what ``show.listed`` found: several requests, a line each."""
    page = _Page(zone)
    requests = told["requests"]
    print(f"{len(requests)} requests fit; jse-connector show REF tells all of one")
    width = max(len(each["folder"]) for each in requests) + 2
    for each in requests:
        sent = f"sent {page.at(each['sent_at'])}" if each["sent_at"] else "never sent"
        words = (each["ref"], f"{each['state']:<16}", f"{each['folder']:<{width}}", sent, each["file"] or "")
        print(clean("  ".join(words)).rstrip())


def lines(told: Mapping[str, Any], zone: ZoneInfo) -> Iterable[str]:
    """Yield every line. ``told`` is the mapping that ``--json`` prints."""
    page = _Page(zone)
    reason = f" ({told['reason']})" if told["reason"] else ""
    yield f"{told['ref']}  {told['state']}{reason}: {MEANING[State(told['state'])]}"
    yield page.row("folder", f"{told['folder']} on {told['server']}, account {told['account']}")
    if told["requests_at_the_same_place"]:
        yield page.row("also", f"at the same place: {', '.join(told['requests_at_the_same_place'])}")
    yield from page.asked(told["asked"])
    for problem in told["problems"]:
        where = f" (line {problem['line']})" if problem["line"] else ""
        yield page.row("problem", f"{problem['code']}{where}", problem["text"])
    yield from page.sent(told["sent"])
    for document in told["documents"]:
        yield from page.document(document)
    yield from page.attestation(told["attestation"])
    for signatory in told["signatories"]:
        yield from page.signatory(signatory)
    if told["people_kept"] != "all":
        yield ""
        yield page.row("faded", _FADED[told["people_kept"]])
    yield ""
    yield "what happened"
    for event in told["events"]:
        yield f"  {page.at(event['at'])}  {event['event']:<18}  {_values(event)}"
    if not told["names"]:
        yield ""
        yield "names, addresses, texts and files: --names"


def _values(event: Mapping[str, Any]) -> str:
    values = [f"{key}={value}" for key, value in event["data"].items()]
    return "  ".join([*([f"-> {event['state']}"] if event["state"] else []), *values])


class _Page:
    """Rows of a label and what is said, in one zone."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    def at(self, moment: str) -> str:
        return datetime.fromisoformat(moment).astimezone(self._zone).strftime("%d %b %Y %H:%M:%S")

    @staticmethod
    def row(label: str, *said: str | None) -> str:
        return f"{label:<{_LABEL}}" + "  ".join(part for part in said if part)

    def dated(self, words: str, moment: str | None, by: str = "") -> str | None:
        return f"{words} {self.at(moment)}{by}" if moment else None

    def asked(self, asked: Mapping[str, Any]) -> Iterable[str]:
        by = {"list": "written for a row of a list", "drop": "written for a PDF of a drop folder"}
        yield ""
        yield self.row("asked", asked["file"], by.get(asked["born_of"] or ""), self._seen(asked))
        # WebDAV tells what lies there, never whose hand put it there: only what was written is known.
        named = "the requester whom the file names" if asked["requester_named"] else None
        yield self.row(
            "by", asked["requester"] or named or "not named; who saved the file, the DMS does not tell"
        )
        if asked["file_sha256"]:
            yield self.row("", f"sha256 {asked['file_sha256']}")
        for flag, words in (
            ("found_again_by_its_marker", "taken in from its marker: the journal was lost or older"),
            ("edited_after_sending", "edited after it was sent; that changed nothing but orders"),
            ("file_gone", "the file is no longer there"),
        ):
            if asked[flag]:
                yield self.row("", words)
        if asked["inherited"]:
            told = ", ".join(f"{key} ({source})" for key, source in sorted(asked["inherited"].items()))
            yield self.row("inherited", told)
        if asked["ask"] != "1":
            yield self.row("ask", asked["ask"])
        if asked["orders_obeyed"]:
            yield self.row("orders", ", ".join(asked["orders_obeyed"]))

    def _seen(self, asked: Mapping[str, Any]) -> str:
        times = [
            self.dated("first seen", asked["first_seen_at"]),
            self.dated("accepted", asked["accepted_at"]),
            self.dated("previewed", asked["previewed_at"]),
        ]
        return ", ".join(filter(None, times))

    def sent(self, sent: Mapping[str, Any]) -> Iterable[str]:
        yield ""
        if sent["sent_at"] is None:
            yield self.row("sent", "never" if sent["marker"] is None else "not known to have left")
        else:
            as_draft = " as a draft" if sent["kind"] == "draft" else ""
            yield self.row("sent", f"{self.at(sent['sent_at'])}{as_draft}", sent["order"])
        for words, key in (
            ("last answer", "last_answer_at"), ("expires", "expires_at"),
            ("signed", "signed_at"), ("ended", "ended_at"),
        ):  # fmt: skip
            if sent[key]:
                yield self.row("", f"{words} {self.at(sent[key])}")
        for key in ("subject", "message", "transaction", "key", "marker"):
            if sent[key]:
                yield self.row(key, str(sent[key]))

    def document(self, document: Mapping[str, Any]) -> Iterable[str]:
        yield ""
        yield self.row(f"{document['role']} {document['rank']}", document["file"], _weight(document))
        if document["sent_sha256"]:
            made = " (the PDF made of an image)" if document["made_of_an_image"] else ""
            yield self.row("", f"sent sha256 {document['sent_sha256']}{made}")
        for box in document["boxes"]:
            where = f"page {box['page']}, {box['x']:.0f} pt from the left, {box['y']:.0f} pt from the top"
            yield self.row("", f"signatory {box['signatory']} signs on {where}")
        for words, key in (
            ("changed after sending", "changed_after_sending_at"),
            ("missing since", "missing_since"),
        ):
            if document[key]:
                yield self.row("", f"{words} {self.at(document[key])}")
        yield from self._back(document)

    def _back(self, document: Mapping[str, Any]) -> Iterable[str]:
        returned, delivered, original = document["returned"], document["delivered"], document["original"]
        if returned:
            yield self.row("returned", _weight(returned), f"{returned['signatures'] or '?'} signatures")
            yield self.row("", f"sha256 {returned['sha256']}")
            if returned["differences"]:
                yield self.row("", f"not as expected: {', '.join(returned['differences'])}")
        if delivered:
            why = f" ({delivered['why_beside']})" if delivered["why_beside"] else ""
            yield self.row(
                "delivered", delivered["how"] + why, delivered["file"], self.dated("on", delivered["at"])
            )
            version = f"version {original['version']}" if original["version"] else None
            yield self.row("original", original["where"], original["file"], version)

    def attestation(self, attestation: Mapping[str, Any] | None) -> Iterable[str]:
        if attestation is None:
            return
        yield ""
        if attestation["sha256"]:
            yield self.row("attestation", attestation["file"], f"sha256 {attestation['sha256']}")
        elif attestation["given_up_at"]:
            yield self.row("attestation", self.dated("asked for, and given up", attestation["given_up_at"]))
        else:
            yield self.row("attestation", "asked for, not here yet")

    def signatory(self, signatory: Mapping[str, Any]) -> Iterable[str]:
        yield ""
        said = [signatory["name"], signatory["email"], signatory["phone"], signatory["level"]]
        yield self.row(f"signatory {signatory['order']}", *said)
        if signatory["stands_in"]:
            yield self.row("", f"written in {signatory['stands_in']}")
        for key, source in sorted(signatory["taken_from"].items()):
            since = self.dated("of", signatory["known_since"]) if source == "an earlier request" else None
            yield self.row("", f"{key} taken from {source}", since)
        for place in signatory["places"]:
            yield self.row("", f"asked to sign {_place(place)}")
        times = [
            self.dated("invited", signatory["invited_at"]),
            *(self.dated("reminded", at) for at in signatory["reminded_at"]),
            self.dated("signed", signatory["signed_at"], _WITNESS.get(signatory["signed_at_by"], "")),
            self.dated("declined", signatory["refused_at"]),
        ]
        told = ", ".join(filter(None, times)) or signatory["progress"]
        if told:
            yield self.row("", told, signatory["refusal"])


def _weight(document: Mapping[str, Any]) -> str | None:
    said = []
    if document["size"] is not None:
        said.append(f"{document['size']} bytes")
    if document["pages"] is not None:
        said.append(f"{document['pages']} pages")
    return ", ".join(said) or None


def _place(place: Mapping[str, Any]) -> str:
    said = []
    if "page" in place:
        said.append("on the last page" if place["page"] == -1 else f"on page {place['page']}")
    if place["near_a_text"]:
        said.append(f"near “{place['near']}”" if place["near"] else "near a text")
    if "corner" in place:
        said.append(f"in the corner {place['corner']}")
    if "x" in place or "y" in place:
        said.append("at a position")
    return f"{' '.join(said) or 'where there is room'} (written in {place['stands_in']})"
