"""One editor call, from its checked path to its answer: who may, what is asked, what happens, what is said."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connector.sandbox.platform import checks, editor_side
from connector.sandbox.platform.context import Context
from connector.sandbox.platform.errors import ApiError, MaintenanceError, bad_field
from connector.sandbox.platform.misbehaviour import Misbehaviour, Rule
from connector.sandbox.platform.model import SIMULATOR
from connector.sandbox.platform.wrong import PDF, wrong_document

JSON = "application/json;charset=UTF-8"
HTML = "text/html; charset=utf-8"

MAINTENANCE_PAGE = (
    "<!doctype html><html lang='fr'><head><meta charset='utf-8'><title>Maintenance</title></head>"
    f"<body><h1>Plateforme en maintenance</h1><p>Veuillez revenir plus tard.</p><p>{SIMULATOR}</p></body></html>"
)


@dataclass(frozen=True)
class Part:
    """One part of a multipart body; ``filename`` is None for a plain field."""

    name: str
    filename: str | None
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Call:
    """One request of the editor API. ``values``: what the path and query hold; ``headers`` in lower case."""

    operation: str
    values: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    parts: Sequence[Part] | None = None

    @property
    def transaction(self) -> str:
        """Return the transaction's id, "" when the call names none."""
        return self.values.get("id", "")

    def json(self) -> dict[str, Any]:
        """Return the body as a JSON object."""
        return checks.read_object(self.body, self.headers.get("content-type", ""))


@dataclass(frozen=True)
class Answer:
    """What goes back. An empty ``content_type`` means no body, as many of the real answers."""

    status: int = 200
    body: bytes = b""
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Return ``value`` as a JSON answer."""
    return Answer(status, json.dumps(value, ensure_ascii=False).encode(), JSON, headers or {})


def handle(context: Context, misbehaviour: Misbehaviour, call: Call, rules: Sequence[Rule]) -> Answer:
    """Do what ``call`` asks and return its answer; refusals become French JSON (``message``, ``details``)."""
    try:
        context.account.check_open()
        answer = _OPERATIONS[call.operation](context, call, rules)
        return _spoil(context, misbehaviour, call, answer)
    except MaintenanceError:
        return Answer(503, MAINTENANCE_PAGE.encode(), HTML)
    except ApiError as error:
        body = {"message": error.message, "details": error.details}
        return json_answer(body, error.status, error.headers)


def _spoil(context: Context, misbehaviour: Misbehaviour, call: Call, answer: Answer) -> Answer:
    """Apply the misbehaviour that begins where the operation has succeeded."""
    for rule in misbehaviour.after(call.operation, call.transaction):
        record = context.store.transactions[call.transaction]
        if rule.kind == "status_lag":
            editor_side.lag(context, record, rule.seconds)
        elif rule.kind == "unknown_word":
            said = json.loads(answer.body)
            said["status"] = rule.details.get("word", "transmogrified")
            answer = json_answer(said)
        else:
            content, kind = wrong_document(
                context, record, int(call.values["order"]), rule.details["variant"]
            )
            answer = Answer(200, content, kind)
    return answer


def _auth(context: Context, call: Call, _rules: Sequence[Rule]) -> Answer:
    _check_triple(context, call)
    body = call.json()
    checks.check_auth(body)
    context.account.begin(call.values["id_request"], body.get("success_url", ""))
    return json_answer({"url": f"{context.url}connexion/{call.values['id_request']}"})


def _fetch(context: Context, call: Call, _rules: Sequence[Rule]) -> Answer:
    _check_triple(context, call)
    return json_answer(context.account.fetch(call.values["id_request"]))


def _check_triple(context: Context, call: Call) -> None:
    values = call.values
    context.account.check_triple(
        values["shortcut"], values["id_request"], values["hmac"], values.get("ts", "")
    )


def _office(context: Context, call: Call) -> str:
    context.account.check_shortcut(call.values["shortcut"])
    return context.account.authorise(call.headers)


def _validate(context: Context, call: Call, _rules: Sequence[Rule]) -> Answer:
    _office(context, call)
    return Answer()


def _create(context: Context, call: Call, _rules: Sequence[Rule]) -> Answer:
    office = _office(context, call)
    body = call.json()
    checks.check_transaction(body)
    return json_answer({"id": editor_side.create(context, office, body).id})


def _upload(context: Context, call: Call, _rules: Sequence[Rule]) -> Answer:
    record = editor_side.find(context, _office(context, call), call.transaction)
    if call.parts is None:
        raise bad_field("Le corps doit être en multipart/form-data.")
    parts = {part.name: part for part in call.parts}
    if sorted(part.name for part in call.parts) != ["SignFields", "file"]:
        raise bad_field("Le corps doit contenir exactement « file » et « SignFields ».")
    file, sign_fields = parts["file"], parts["SignFields"]
    if not file.filename or file.content_type.partition(";")[0].strip().lower() != PDF:
        raise bad_field("« file » doit porter un nom de fichier et le type application/pdf.")
    if sign_fields.filename is not None:
        raise bad_field("« SignFields » doit être un champ, non un fichier.")
    boxes = checks.read_sign_fields(sign_fields.content.decode("utf-8", "replace"))
    order = int(call.values["order"])
    editor_side.upload(context, record, order, file.filename, file.content, boxes)
    return Answer()


def _signatory(context: Context, call: Call, _rules: Sequence[Rule]) -> Answer:
    record = editor_side.find(context, _office(context, call), call.transaction)
    body = call.json()
    checks.check_signatory(body)
    editor_side.add_signatory(context, record, body)
    return Answer()


def _status(context: Context, call: Call, _rules: Sequence[Rule]) -> Answer:
    record = editor_side.find(context, _office(context, call), call.transaction)
    return json_answer(editor_side.describe(context, record))


def _download(context: Context, call: Call, rules: Sequence[Rule]) -> Answer:
    record = editor_side.find(context, _office(context, call), call.transaction)
    for rule in rules:
        if rule.kind == "sealing":
            record.sealing_s = max(record.sealing_s, rule.seconds)
            context.store.save(record)
    return Answer(200, editor_side.download(context, record, int(call.values["order"])), PDF)


def _attestation(context: Context, call: Call, _rules: Sequence[Rule]) -> Answer:
    record = editor_side.find(context, _office(context, call), call.transaction)
    return Answer(200, editor_side.attestation(context, record), PDF)


def _plain(act: Callable[[Context, Any], None]) -> Callable[[Context, Call, Sequence[Rule]], Answer]:
    """Return an operation on one transaction that takes no body and gives none."""

    def operation(context: Context, call: Call, _rules: Sequence[Rule]) -> Answer:
        record = editor_side.find(context, _office(context, call), call.transaction)
        if call.body:
            raise bad_field("Cette opération n'attend aucun corps.")
        act(context, record)
        return Answer()

    return operation


_OPERATIONS: Mapping[str, Callable[[Context, Call, Sequence[Rule]], Answer]] = {
    "auth": _auth,
    "fetch": _fetch,
    "validate": _validate,
    "create": _create,
    "upload": _upload,
    "signatory": _signatory,
    "send": _plain(editor_side.send),
    "draft": _plain(editor_side.hand_over),
    "status": _status,
    "download": _download,
    "attestation": _attestation,
    "cancel": _plain(editor_side.cancel),
    "remind": _plain(editor_side.remind),
}
