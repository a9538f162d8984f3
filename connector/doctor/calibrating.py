"""What the platform's contract assumes and a draft can show: measured once, with the firm's consent, and never sent.

A transaction is made as for a letter, with a page of marks and a made-up signatory, read back, and cancelled. Until
``send`` nobody is mailed and nothing is spent (API page section 2, KNOWN), and this room holds nothing that could
send: :class:`Drafting` has no such call. What only a sent request shows (sealing, lapse, signatures) is read from the
journal.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from connector.doctor.calibrated import Measured, from_the_journal
from connector.doctor.knowing import Lived
from connector.doctor.lines import Line, Private, fail, note, ok, why
from connector.errors import AnsweredNo, Cause, NotFound, RemoteError
from connector.jesignexpert.contract import Contract
from connector.pdf import calibration
from connector.ports import (
    Box,
    Progress,
    TransactionDraft,
    TransactionId,
    TransactionSignatory,
    TransactionStatus,
)

SUBJECT: Final = "jse-connector calibrate {when}"
PHONE: Final = "+33639980001"
"""Of the range that ARCEP keeps for fiction: nobody has it."""
NOT_MEASURED: Final = (
    "download, attestation, remind, what a second send does, how the signed document looks: only a request that is "
    "really sent shows them"
)


class Drafting(Protocol):
    """The calls of ``SigningService`` that leave nothing behind that people see. There is no ``send``."""

    def create(self, draft: TransactionDraft) -> TransactionId: ...  # noqa: D102 - as the port
    def upload(  # noqa: D102
        self, transaction: TransactionId, rank: int, name: str, content: Path, boxes: Sequence[Box]
    ) -> None: ...
    def add_signatory(self, transaction: TransactionId, signatory: TransactionSignatory) -> None: ...  # noqa: D102
    def leave_as_draft(self, transaction: TransactionId) -> None: ...  # noqa: D102
    def status(self, transaction: TransactionId) -> TransactionStatus: ...  # noqa: D102
    def cancel(self, transaction: TransactionId) -> None: ...  # noqa: D102


Connect = Callable[[Contract], Drafting]
Answer = Callable[[int, str], str]
"""Asks a person on which letter the frame of a page stands; "" where nobody looked. Gets page and subject."""


def plain_contract(contract: Contract, *, phone: str | None = None) -> Contract:
    """Return the contract with numbers sent as they are, whatever is believed of the axes."""
    as_they_are = {"origin": "top_left", "non_a4": "page_points", "phone": phone or contract.formats.phone}
    return contract.model_copy(update={"formats": contract.formats.model_copy(update=as_they_are)})


def calibrate(
    contract: Contract,
    connect: Connect,
    *,
    owner: str,
    sender: str,
    now: datetime,
    lived: tuple[Lived, ...] = (),
    drift_s: Callable[[], float | None] = lambda: None,
    look: Answer | None = None,
) -> Measured:
    """Measure. ``look`` None: nobody looks at the site, and the axes stay assumed. Remote errors are told."""
    measured = Measured()
    service = connect(plain_contract(contract))
    subject = SUBJECT.format(when=f"{now:%d-%m %H:%M}")
    try:
        draft = TransactionDraft(
            subject=subject, message="Essai technique, jamais envoye.", sender=sender, sequential=True
        )
        transaction = service.create(draft)
    except RemoteError as error:
        measured.lines.append(_refused("create", error))
        from_the_journal(measured, contract, lived)
        return measured
    try:
        if _prepared(measured, contract, connect, service, transaction, owner):
            _read_back(measured, service, transaction)
            if look is not None:
                _axes(measured, contract, service, transaction, subject, look)
    finally:
        _cancelled(measured, service, transaction, subject)
    drift = drift_s()
    if drift is not None:
        measured.lines.append(
            ok("clock {seconds:.0f} s off Jesignexpert (it takes about 300)", seconds=abs(drift + 0.5))
        )
    from_the_journal(measured, contract, lived)
    measured.lines.append(note("JSE-P06", "not measured: {what}", what=NOT_MEASURED))
    return measured


def _refused(operation: str, error: RemoteError) -> Line:
    said = Private(error.text, "(its text)") if isinstance(error, AnsweredNo) and error.text else why(error)
    return fail("JSE-P14", "{operation} is refused: {said}", operation=operation, said=said)


def _prepared(
    measured: Measured,
    contract: Contract,
    connect: Connect,
    service: Drafting,
    transaction: TransactionId,
    owner: str,
) -> bool:
    """Upload the page of marks and add the signatory; False where the platform refuses."""
    with tempfile.TemporaryDirectory(prefix="jse-calibrate-") as directory:
        content = Path(directory) / "calibrage.pdf"
        content.write_bytes(calibration.draw())
        try:
            service.upload(transaction, 1, "calibrage.pdf", content, _boxes())
        except RemoteError as error:
            measured.lines.append(_refused("upload", error))
            return False
    person = TransactionSignatory(
        email=owner, name="Essai Calibrage", first_name="Essai", last_name="Calibrage", phone=PHONE
    )
    try:
        service.add_signatory(transaction, person)
    except RemoteError as error:
        other = "33" if contract.formats.phone == "+33" else "+33"
        if not (isinstance(error, AnsweredNo) and error.cause is Cause.BAD_FIELD):
            measured.lines.append(_refused("signatory", error))
            return False
        try:
            connect(plain_contract(contract, phone=other)).add_signatory(transaction, person)
        except RemoteError:
            measured.lines.append(_refused("signatory", error))
            return False
        measured.settings["formats.phone"] = other
        measured.lines.append(
            note(
                "JSE-P12",
                "a telephone number is refused with {assumed}, and taken with {other}",
                assumed=contract.formats.phone,
                other=other,
            )
        )
    measured.lines.append(
        ok("create, upload and signatory are taken as documented; a second size of page, too")
    )
    return True


def _boxes() -> list[Box]:
    (first, second), (wide, high) = (calibration.FIRST, calibration.SECOND), calibration.BOX
    return [
        Box(
            signatory=1, page=page, x=x, y=y, page_width=size[0], page_height=size[1], width=wide, height=high
        )
        for page, (x, y), size in ((1, first, calibration.A4), (2, second, calibration.LANDSCAPE))
    ]


def _read_back(measured: Measured, service: Drafting, transaction: TransactionId) -> None:
    """Ask for the draft: the call is assumed, and so is every word of its answer."""
    try:
        status = service.status(transaction)
    except RemoteError as error:
        absent = isinstance(error, NotFound)
        said = "status is not there in the form assumed: {why}" if absent else "status: {why}"
        measured.lines.append(
            fail("JSE-P07", said + "; nothing is sent while it cannot be read", why=why(error))
        )
        return
    measured.lines.append(ok('status is read: the draft is "{word}"', word=status.word))
    _word(measured, status, Progress.NOT_SENT)
    if not status.signatories:
        measured.lines.append(
            note("JSE-P12", "status names no signatories: who has signed would not be told")
        )


def _word(measured: Measured, status: TransactionStatus, meant: Progress) -> None:
    """Hold the word of a state that is known for certain against the table of words."""
    if status.progress is meant:
        return
    measured.settings[f"words.transaction.{status.word}"] = meant.value
    measured.lines.append(
        note(
            "JSE-P12",
            'the word "{word}" is read as {read}, and means {meant}',
            word=status.word,
            read=status.progress.value,
            meant=meant.value,
        )
    )


def _axes(
    measured: Measured,
    contract: Contract,
    service: Drafting,
    transaction: TransactionId,
    subject: str,
    look: Answer,
) -> None:
    """Let a person look at the draft on the site, and tell on which letters the frames stand."""
    try:
        service.leave_as_draft(transaction)
    except RemoteError as error:
        measured.lines.append(_refused("draft", error))
        return
    found: dict[str, str] = {}
    for page, readings in calibration.READINGS.items():
        letter = look(page, subject).strip().upper()
        if letter not in readings:
            said = "on no letter" if letter else "not looked at"
            measured.lines.append(
                note("JSE-P06", "page {page}: {said}; the axes stay assumed", page=page, said=said)
            )
            return
        reading = readings[letter]
        if found.setdefault("origin", reading.origin) != reading.origin:
            measured.lines.append(
                note("JSE-P06", "the two pages contradict each other; the axes stay assumed")
            )
            return
        if reading.non_a4:
            found["non_a4"] = reading.non_a4
    for name, value in found.items():
        assumed = getattr(contract.formats, name)
        if assumed == value:
            measured.lines.append(ok("formats.{name} is {value}, as assumed", name=name, value=value))
        else:
            measured.settings[f"formats.{name}"] = value
            measured.lines.append(
                note(
                    "JSE-P12",
                    "formats.{name} is {value}, and not {assumed}",
                    name=name,
                    value=value,
                    assumed=assumed,
                )
            )


def _cancelled(measured: Measured, service: Drafting, transaction: TransactionId, subject: str) -> None:
    """Take the draft away, and see whether it is. It is never sent, whatever happens here."""
    try:
        service.cancel(transaction)
    except RemoteError as error:
        measured.lines.append(
            fail(
                "JSE-P13",
                'the draft "{subject}" could not be cancelled: {why}',
                subject=subject,
                why=why(error),
            )
        )
        return
    with suppress(NotFound):
        try:
            status = service.status(transaction)
        except NotFound:
            raise
        except RemoteError:
            measured.lines.append(ok("cancel is taken"))
            return
        if status.progress in {Progress.NOT_SENT, Progress.IN_PROGRESS}:
            measured.lines.append(
                fail("JSE-P13", 'the draft "{subject}" is still there after cancel', subject=subject)
            )
            return
        measured.lines.append(ok('cancel is taken: the draft is "{word}"', word=status.word))
        _word(measured, status, Progress.CANCELLED)
        return
    measured.lines.append(ok("cancel is taken: the draft is gone"))
