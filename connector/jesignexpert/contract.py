"""What this program believes of the editor API: every path, name, word and limit, each with its grade.

KNOWN: stated in public. ASSUMED: our own proposal, replaceable under ``platform.contract`` in the
administrator's file without touching code. Sections are those of the API page (the project's summary of all
that is public). Nothing here does I/O.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from connector.errors import Cause, ConfigurationError
from connector.jesignexpert import overrides
from connector.ports import Progress, SignatoryProgress, Terms

PREFIX = "platform.contract"
"""Where the administrator's file replaces what stands here."""


class Grade(StrEnum):
    """How sure a line is."""

    KNOWN = "KNOWN"
    ASSUMED = "ASSUMED"


def _known(default: Any, section: str = "2") -> Any:
    return Field(default, json_schema_extra={"grade": Grade.KNOWN.value, "section": section})


def _assumed(default: Any, section: str = "3") -> Any:
    return Field(default, json_schema_extra={"grade": Grade.ASSUMED.value, "section": section})


Size = Annotated[int, BeforeValidator(overrides.size), Field(gt=0)]
Days = Annotated[int, BeforeValidator(overrides.days), Field(gt=0)]
BasePath = Annotated[str, BeforeValidator(overrides.base_path)]
PlainPath = Annotated[str, Field(pattern=r"^/[^{}]*$")]
Count = Annotated[int | None, BeforeValidator(overrides.empty_is_none)]
Optional = Annotated[str | None, BeforeValidator(overrides.empty_is_none)]
"""Name of a member; None (an empty text in the file) = leave that member out."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Operation(_Part):
    """One call. ``path`` is below ``{base_url}/{base_path}/``, or below ``{base_url}`` when it begins with "/".

    Placeholders: ``{id}`` the transaction, ``{order}`` the document's rank, ``{idRequest}``, ``{hmac}``, ``{ts}``.
    ``name``, ``grade`` and ``section`` cannot be replaced.
    """

    name: str
    method: Literal["GET", "POST", "PUT", "DELETE", "PATCH"]
    path: str
    grade: Grade
    section: str

    @property
    def setting(self) -> str:
        """Dotted name of the setting that replaces its path."""
        return f"{PREFIX}.operations.{self.name}.path"

    @property
    def assumed(self) -> bool:
        """True when its form is our own proposal."""
        return self.grade is Grade.ASSUMED

    @property
    def placeholders(self) -> frozenset[str]:
        """Names between braces in its path."""
        return frozenset(overrides.PLACEHOLDER.findall(self.path))


def _op(name: str, method: str, path: str, grade: Grade, section: str) -> Operation:
    return Operation.model_validate(
        {"name": name, "method": method, "path": path, "grade": grade, "section": section}
    )


class Operations(_Part):
    """Every call, in the order of use."""

    auth: Operation = _op(
        "auth", "POST", "token/officeAndUser/auth/{idRequest}/{hmac}?ts={ts}", Grade.KNOWN, "1"
    )
    fetch: Operation = _op(
        "fetch", "GET", "token/officeAndUser/fetch/{idRequest}/{hmac}?ts={ts}", Grade.KNOWN, "1"
    )
    validate_check: Operation = _op("validate_check", "GET", "token/validateCheck", Grade.KNOWN, "1")
    create: Operation = _op("create", "POST", "transaction", Grade.KNOWN, "2")
    upload: Operation = _op("upload", "PUT", "transaction/{id}/uploadFile/{order}", Grade.KNOWN, "2")
    signatory: Operation = _op("signatory", "POST", "transaction/{id}/signatory", Grade.KNOWN, "2")
    send: Operation = _op("send", "POST", "transaction/{id}/send", Grade.KNOWN, "2")
    draft: Operation = _op("draft", "POST", "transaction/{id}/draft", Grade.KNOWN, "2")
    status: Operation = _op("status", "GET", "transaction/{id}", Grade.ASSUMED, "3")
    download: Operation = _op("download", "GET", "transaction/{id}/downloadFile/{order}", Grade.ASSUMED, "3")
    attestation: Operation = _op("attestation", "GET", "transaction/{id}/attestation", Grade.ASSUMED, "3")
    cancel: Operation = _op("cancel", "POST", "transaction/{id}/cancel", Grade.ASSUMED, "3")
    remind: Operation = _op("remind", "POST", "transaction/{id}/remind", Grade.ASSUMED, "3")


class TransactionFields(_Part):
    """Members of a new transaction's JSON."""

    object: str = _known("object")
    message: Optional = _known("message")
    mail_sender: Optional = _known("mailSender")
    mail_subject: Optional = _known("mailSubject")
    notification: Optional = _known("notification")
    locked: Optional = _known("locked")
    invitation_mode: Optional = _known("invitationMode")
    requirement_mode: Optional = _known("signatureRequirementMode")
    handwritten: Optional = _known("isHandwrittenSignatureActive")
    confidentiality: Optional = _known("confidentiality")
    answer_id: str = _known("id")


class UploadFields(_Part):
    """Names in the multipart upload and in ``SignFields``."""

    file: str = _known("file")
    sign_fields: str = _known("SignFields")
    order: str = _known("order")
    position_x: str = _known("positionX")
    position_y: str = _known("positionY")
    page: str = _known("page")
    without_logo: Optional = _known("withoutLogo")


class SignatoryFields(_Part):
    """Members of a signatory's JSON."""

    email: str = _known("email")
    name: str = _known("name")
    level: Optional = _known("level")
    positions: Optional = _known("positions")
    first_name: Optional = _assumed("firstName", "2")
    last_name: Optional = _assumed("lastName", "2")
    phone: Optional = _assumed("phone", "2")


class StatusFields(_Part):
    """Members of the answer to ``status``."""

    id: Optional = _assumed("id")
    status: str = _assumed("status")
    created_at: Optional = _assumed("createdAt")
    expires_at: Optional = _assumed("expiresAt")
    signatories: Optional = _assumed("signatories")
    signatory_order: Optional = _assumed("order")
    signatory_email: Optional = _assumed("email")
    signatory_name: Optional = _assumed("name")
    signatory_status: str = _assumed("status")
    signatory_date: Optional = _assumed("actionDate")
    signatory_reason: Optional = _assumed("refusalReason")


class Fields(_Part):
    """Names of members, by message."""

    transaction: TransactionFields = TransactionFields()
    upload: UploadFields = UploadFields()
    signatory: SignatoryFields = SignatoryFields()
    status: StatusFields = StatusFields()


class Formats(_Part):
    """How values are written."""

    phone: Literal["+33", "33"] = _assumed("+33", "2")
    """``+33`` = E.164 with its plus; ``33`` = without, as in Universign."""
    origin: Literal["top_left", "bottom_left"] = _assumed("top_left", "2")
    non_a4: Literal["page_points", "scaled_to_a4", "refuse"] = _assumed("page_points", "2")
    annex_boxes: Literal["none", "free_room"] = _assumed("none", "2")
    """``none``: an annex is uploaded without a box; ``free_room``: one for each signatory on its last page."""
    locked: bool = _assumed(True, "2")
    without_logo: bool = _assumed(False, "2")
    notification: str = _known("ALL")
    requirement_mode: str = _known("ALL")
    sequential: str = _known("sequential")
    parallel: str = _known("parallel")


class ErrorRow(_Part):
    """HTTP status × regular expression over the body → cause. ``status`` None = any 4xx.

    The pattern is searched without regard to case in the body (of JSON: in its texts, not its names), as it
    came and without accents. Of a page for people only the status counts: rows with a pattern pass it over.
    """

    status: int | None = None
    pattern: Annotated[str, BeforeValidator(overrides.regular_expression)] = ""
    cause: Cause


class Words(_Part):
    """The platform's words → ours; looked up without regard to case, accents, spaces, ``-`` or ``_``."""

    transaction: Mapping[str, Progress] = _assumed(
        {
            **dict.fromkeys(("draft", "brouillon", "created"), Progress.NOT_SENT),
            **dict.fromkeys(
                ("ready", "started", "in_progress", "sent", "en cours", "paused", "pending"),
                Progress.IN_PROGRESS,
            ),
            "pending ra validation": Progress.IN_PROGRESS,
            **dict.fromkeys(
                ("completed", "signed", "finished", "archived", "signé", "terminé"), Progress.SIGNED
            ),
            **dict.fromkeys(("refused", "declined", "rejected", "refusé"), Progress.REFUSED),
            **dict.fromkeys(("canceled", "cancelled", "annulé"), Progress.CANCELLED),
            **dict.fromkeys(("expired", "expiré"), Progress.EXPIRED),
            **dict.fromkeys(("failed", "error", "échec"), Progress.FAILED),
        }
    )
    signatory: Mapping[str, SignatoryProgress] = _assumed(
        {
            "waiting": SignatoryProgress.WAITING,
            **dict.fromkeys(("ready", "notified", "accessed", "code-sent"), SignatoryProgress.INVITED),
            "signed": SignatoryProgress.SIGNED,
            **dict.fromkeys(("refused", "declined", "canceled", "cancelled"), SignatoryProgress.REFUSED),
            "failed": SignatoryProgress.FAILED,
        }
    )


class Limits(_Part):
    """Lengths in characters, sizes in bytes, positions in points."""

    subject: int = _known(45)
    message: int = _known(4000)
    sender: int = _known(100)
    mail_subject: int = _known(100)
    max_document_size: Size = _known(10_000_000, "4")
    """Strictly less than this."""
    max_signed_size: Size = _assumed(50_000_000, "4")
    a4_max_x: int = _known(385)
    a4_max_y: int = _known(792)
    box_width: int = _known(200)
    box_height: int = _known(50)


class Expectations(_Part):
    """What is hoped for, and never a condition."""

    signatures_per_signatory: Count = _assumed(None)
    """How many signatures the returned PDF should bear for each signatory; None = unknown."""
    second_send_refused: bool = _assumed(False, "2")
    """True only once the vendor has confirmed it: then R9 may call ``send`` again after its quiet period."""
    lapse_days: Days = _known(15, "4")
    retention_days: Days = _known(30, "4")
    url_life_s: int = _assumed(240, "1")
    """Seconds after which ``connect`` draws a new triple and a new URL."""
    triple_life_s: int = _known(300, "1")
    """Drift that the server accepts on ``ts``."""
    remind_every_s: int = _assumed(3600)


# An "already sent" must never be read as "a field is wrong, nothing was sent": its row stands first.
DEFAULT_ERRORS: tuple[ErrorRow, ...] = tuple(
    ErrorRow(status=status, pattern=pattern, cause=cause)
    for status, pattern, cause in (
        (401, "", Cause.TOKENS),
        (400, r"hmac", Cause.TOKENS),
        (402, "", Cause.NO_CREDIT),
        (
            None,
            r"credits? (est )?(insuffisant|epuise)|plus de credit|insufficient credit|no credit",
            Cause.NO_CREDIT,
        ),
        (429, "", Cause.RATE_LIMIT),
        (503, "", Cause.MAINTENANCE),
        (403, r"\b(droits?|delegations?|habilitations?|permissions?|rights?)\b", Cause.NO_RIGHT),
        (403, "", Cause.TOKENS),
        (None, r"\b(deja|already|etat|statut|status|state)\b", Cause.UNKNOWN),
        (413, "", Cause.BAD_FIELD),
        (422, "", Cause.BAD_FIELD),
        (
            400,
            r"\b(champ|field|obligatoire|required|inconnu|caracteres|characters|fichier|file|pdf|signfields"
            r"|doit|doivent|must|telephone|phone|e-?mail)\b",
            Cause.BAD_FIELD,
        ),
    )
)


class Setting(NamedTuple):
    """One replaceable line of the contract: dotted name below ``platform.contract``, value, grade, section."""

    name: str
    value: object
    grade: Grade
    section: str


class Contract(_Part):
    """The whole. ``Contract()`` is what the API page says; :meth:`with_overrides` is what the firm's file says."""

    base_path: BasePath = _known("editor/{shortcut}", "1")
    office_header: str = _known("JSE-EDITOR-TOKEN-OFFICE", "1")
    user_header: str = _known("JSE-EDITOR-TOKEN-USER", "1")
    description_path: PlainPath = _assumed("/v2/api-docs", "1")
    operations: Operations = Operations()
    fields: Fields = Fields()
    formats: Formats = Formats()
    words: Words = Words()
    errors: tuple[ErrorRow, ...] = _assumed(DEFAULT_ERRORS)
    limits: Limits = Limits()
    expectations: Expectations = Expectations()

    def with_overrides(self, mapping: Mapping[str, object]) -> Contract:
        """Return a contract where ``mapping`` (what stands under ``platform.contract``) replaces these lines.

        Words are added to the tables, error rows are asked before the built-in ones, all else is replaced.
        Raises ConfigurationError with every problem, each with its dotted path.
        """
        merged, problems = overrides.merge(self, mapping, PREFIX)
        result, more = overrides.build(type(self), merged, PREFIX)
        problems += more
        if result is not None:
            problems += overrides.check_paths(list(self.listed()), list(result.listed()), PREFIX)
        if problems or result is None:
            raise ConfigurationError(problems)
        return result

    def listed(self) -> Iterator[Operation]:
        """Yield every operation with its grade, in the order of use."""
        for name in Operations.model_fields:
            yield getattr(self.operations, name)

    @property
    def digest(self) -> str:
        """64 hex digits of all that stands here: another contract, another digest."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @property
    def terms(self) -> Terms:
        """What the steps must know of it."""
        return Terms(
            max_document_bytes=self.limits.max_document_size,
            max_signed_bytes=self.limits.max_signed_size,
            subject_length=self.limits.subject,
            message_length=self.limits.message,
            second_send_refused=self.expectations.second_send_refused,
            signatures_per_signatory=self.expectations.signatures_per_signatory,
            digest=self.digest,
            lapse_days=self.expectations.lapse_days,
            retention_days=self.expectations.retention_days,
            annexes_need_boxes=self.formats.annex_boxes == "free_room",
            remind_every_s=self.expectations.remind_every_s,
        )

    def settings(self) -> Iterator[Setting]:
        """Yield every line with its grade and the API page section, for documentation and diagnosis."""
        for operation in self.listed():
            name = f"operations.{operation.name}.path"
            yield Setting(name, f"{operation.method} {operation.path}", operation.grade, operation.section)
        yield from _settings_of(self, "")


def _settings_of(part: BaseModel, prefix: str) -> Iterator[Setting]:
    for name, info in type(part).model_fields.items():
        value = getattr(part, name)
        extra = info.json_schema_extra
        if isinstance(value, BaseModel) and name != "operations":
            yield from _settings_of(value, f"{prefix}{name}.")
        elif isinstance(extra, dict):
            yield Setting(f"{prefix}{name}", value, Grade(str(extra["grade"])), str(extra["section"]))
