"""Every error of the connector: who repairs it, and whether it may be tried again.

::

    ConnectorError
    ├─ ConfigurationError(problems)    the administrator   never         exit status 2
    ├─ RequestRejected(problems)       the author          never         said in the status file
    ├─ DocumentError(code)             the author          never         a PDF that cannot be read or must not be sent
    ├─ LifecycleError                  the developer       never         an event the table forbids; nothing changed
    ├─ StaleRecordError                time              later         another job was faster; nothing was written
    ├─ JournalError                    the administrator   never         the journal cannot be trusted: stop
    │  ├─ JournalFull                  the administrator   later         no fact can be kept now: stop until it can
    │  ├─ JournalAway                  time                later         nobody is let in now: stop until that is over
    │  └─ Fenced                       time                later         others may work in our place: begin anew
    ├─ SpoolError                      the administrator   later         the spool's disk is full or read-only
    ├─ OwnershipError                  the administrator   never         another connector works in this folder
    └─ RemoteError(service, operation)
       ├─ Unavailable                  time                later         no effect, or a read without an answer
       │  └─ NotConnected              time                later         the request never left: certainly no effect
       │     └─ AskedToWait            time                at its time   it was not made: the other side is to be let be
       │        └─ OthersTurn          time                at its time   … or all it may be asked is others' now
       ├─ OutcomeUnknown               asking              after asking  a write was sent, no clear answer came
       ├─ AccessDenied                 the administrator   when told     401, 403: pauses that login or account
       ├─ NotFound                     the author          never         404, 410
       ├─ Locked                       time                later         423: somebody has the file open
       ├─ PreconditionFailed           after a look        never         412, name taken: somebody was faster, maybe we
       ├─ OutOfSpace                   the administrator   later         507, 413
       ├─ AnsweredNo(cause)            as its cause says   never         the platform refused, in words of its own
       ├─ MailRefused(answer)          the administrator   later         the relay does not take a mail
       └─ InvalidResponse              the developer       later         not the documented answer; never "empty"
          └─ NameRefused               the author          later         the server takes no such name (any more)

``str()`` of an error is for the log and names no person; what people read is made from codes in ``report``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class RepairedBy(StrEnum):
    """Who can make an error go away."""

    ADMINISTRATOR = "administrator"
    AUTHOR = "author"
    TIME = "time"
    ASKING = "asking"
    DEVELOPER = "developer"


class Retry(StrEnum):
    """May the same call be made again?"""

    NEVER = "never"
    LATER = "later"
    AFTER_ASKING = "after asking"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong with a request, said by a stable code; ``report.problems`` turns it into a sentence.

    ``line`` counts from 1 in the sidecar as the person sees it, None when no line is to blame.
    ``values`` fill the sentence: what was written, what is known, which limit; all texts, never translated.
    ``cure`` is the exact replacement for the whole line when there is a certain one, else None.
    """

    code: str
    line: int | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    cure: str | None = None


@dataclass(frozen=True, kw_only=True)
class ConfigurationProblem:
    """One thing wrong in the administrator's file, in English, with its cure.

    ``path`` is the dotted name of the value (``folders.lyon.path``), ``line`` counts from 1.
    ``warning`` problems do not make a file invalid.
    """

    path: str
    text: str
    line: int | None = None
    file: str | None = None
    warning: bool = False


class ConnectorError(Exception):
    """Root of everything this program raises on purpose."""

    repaired_by: RepairedBy = RepairedBy.DEVELOPER
    retry: Retry = Retry.NEVER


class ConfigurationError(ConnectorError):
    """The configuration cannot be used; carries *every* problem found, not the first."""

    repaired_by = RepairedBy.ADMINISTRATOR

    def __init__(self, problems: Sequence[ConfigurationProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.path}: {p.text}" for p in self.problems))


class RequestRejected(ConnectorError):
    """A request cannot be sent as written; carries *every* problem found."""

    repaired_by = RepairedBy.AUTHOR

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(", ".join(p.code for p in self.problems))


class DocumentError(ConnectorError):
    """A PDF that cannot be read, or must not be sent. ``code`` as in :class:`Problem`."""

    repaired_by = RepairedBy.AUTHOR

    def __init__(self, code: str, detail: str = "") -> None:
        self.code = code
        super().__init__(f"{code}: {detail}" if detail else code)


class LifecycleError(ConnectorError):
    """An event that the table does not allow in this state. Nothing was changed."""


class StaleRecordError(ConnectorError):
    """Another job changed the record between reading and writing. Nothing was written; the next pass looks anew."""

    repaired_by = RepairedBy.TIME
    retry = Retry.LATER


class JournalError(ConnectorError):
    """The journal is missing, damaged, too new or in use: the service stops rather than guess."""

    repaired_by = RepairedBy.ADMINISTRATOR


class JournalFull(JournalError):
    """Nothing can be kept just now: the journal's disk is full, read-only or away. What was kept stands."""

    retry = Retry.LATER


class JournalAway(JournalError):
    """The journal's server is away, refuses or takes nothing now. Whether the last fact was kept is not known.

    So, too, where another program keeps a SQLite journal locked for longer than is waited for.

    ``cause``: of what is told in other words each time, and is one thing all the same; else empty.
    """

    repaired_by = RepairedBy.TIME
    retry = Retry.LATER

    def __init__(self, text: str, *, cause: str = "") -> None:
        self.cause = cause
        super().__init__(text)


class Fenced(JournalError):
    """This process is not counted among the living any more: others may work in its place. Nothing was written."""

    repaired_by = RepairedBy.TIME
    retry = Retry.LATER


class SpoolError(ConnectorError):
    """Signed bytes cannot be put to rest here: disk full or read-only. Nothing was delivered from memory."""

    repaired_by = RepairedBy.ADMINISTRATOR
    retry = Retry.LATER


class WorkerError(SpoolError):
    """Documents cannot be looked into here: no worker starts, a library is not there. There is room all the same."""


class OwnershipError(ConnectorError):
    """Another connector works in this folder (protocol R12)."""

    repaired_by = RepairedBy.ADMINISTRATOR

    def __init__(self, folder: str, owner: str) -> None:
        self.folder = folder
        self.owner = owner
        super().__init__(f"folder {folder} belongs to connector {owner!r}")


class RemoteError(ConnectorError):
    """A call to a server did not end well. ``service`` is the configured name of the server or account."""

    def __init__(
        self,
        detail: str = "",
        *,
        service: str = "",
        operation: str = "",
        status: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        self.detail = detail
        self.service = service
        self.operation = operation
        self.status = status
        self.retry_after_s = retry_after_s
        what = " ".join(part for part in (service, operation, str(status or "")) if part)
        super().__init__(f"{what}: {detail}" if what else detail)


class Unavailable(RemoteError):
    """The server is away or busy, and the call certainly had no effect (or was only a read)."""

    repaired_by = RepairedBy.TIME
    retry = Retry.LATER


class NotConnected(Unavailable):
    """No connection was made: the request never left this machine."""


class AskedToWait(NotConnected):
    """The request was not made: the other side asked to be let be, or what it is asked in a minute is used up.

    ``retry_after_s`` is always set. Nothing failed, so it counts as no attempt.
    """


class OthersTurn(AskedToWait):
    """The request was not made: all that the server may be asked at once are other processes' just now.

    Our own turn comes, and does not wait: whoever comes again later and later would miss it.
    """


class OutcomeUnknown(RemoteError):
    """A write left this machine and no clear answer came: it may have taken effect, or may yet."""

    repaired_by = RepairedBy.ASKING
    retry = Retry.AFTER_ASKING


class AccessDenied(RemoteError):
    """401 or 403. One 401 stops that login: ten would block the address (Nextcloud)."""

    repaired_by = RepairedBy.ADMINISTRATOR


class NotFound(RemoteError):
    """The thing is not there (404, 410)."""

    repaired_by = RepairedBy.AUTHOR


class Locked(RemoteError):
    """423: another request or another person holds the file."""

    repaired_by = RepairedBy.TIME
    retry = Retry.LATER


class PreconditionFailed(RemoteError):
    """412, or the name was taken. May also be the echo of our own earlier, unanswered write."""

    repaired_by = RepairedBy.ASKING


class OutOfSpace(RemoteError):
    """507 or 413: the server has no room for this."""

    repaired_by = RepairedBy.ADMINISTRATOR
    retry = Retry.LATER


class Cause(StrEnum):
    """Why the platform said no (API page section 3, the table of errors; ASSUMED)."""

    TOKENS = "tokens"
    NO_RIGHT = "no_right"
    NO_CREDIT = "no_credit"
    MAINTENANCE = "maintenance"
    RATE_LIMIT = "rate_limit"
    BAD_FIELD = "bad_field"
    UNKNOWN = "unknown"

    @property
    def account_wide(self) -> bool:
        """True when every request of the account is concerned, not one document."""
        return self in {
            Cause.TOKENS,
            Cause.NO_RIGHT,
            Cause.NO_CREDIT,
            Cause.MAINTENANCE,
            Cause.RATE_LIMIT,
        }

    @property
    def answers_send(self) -> bool:
        """True when this answer to ``send`` proves that nothing was sent (protocol R9b)."""
        return self in {Cause.TOKENS, Cause.NO_RIGHT, Cause.NO_CREDIT, Cause.BAD_FIELD}


class AnsweredNo(RemoteError):
    """The platform answered, and its answer is no. ``text`` is what it said, as it said it."""

    def __init__(
        self,
        cause: Cause,
        text: str = "",
        *,
        service: str = "",
        operation: str = "",
        status: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        self.cause = cause
        self.text = text
        super().__init__(
            cause.value, service=service, operation=operation, status=status, retry_after_s=retry_after_s
        )


Stage = Literal["greeting", "login", "sender", "recipient", "mail"]
"""Of what a relay says no, in the order in which it hears of it."""


class MailRefused(RemoteError):
    """The relay answered, and takes the mail not now (``status`` 4xx) or not at all (5xx).

    ``answer`` is what it said; it may name the recipient, and is for whoever tries by hand. ``stage``: what it said it
    of. ``every``: it would say so to any mail. ``alone``: it says so of this one's mailbox.
    """

    repaired_by = RepairedBy.ADMINISTRATOR
    retry = Retry.LATER

    def __init__(
        self,
        detail: str,
        *,
        answer: str,
        status: int,
        stage: Stage = "mail",
        every: bool = False,
        alone: bool = False,
    ) -> None:
        self.answer = answer
        self.stage: Stage = stage
        self.every = every
        self.alone = alone
        super().__init__(detail, service="mail", status=status)


class InvalidResponse(RemoteError):
    """An answer that is not the documented one: HTML, truncated, wrong type. Never "empty", never success."""

    retry = Retry.LATER


class NameRefused(InvalidResponse):
    """The server writes nothing under such a name: what lies there was put there before that was so."""

    repaired_by = RepairedBy.AUTHOR
