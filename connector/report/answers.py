"""What became of an order that could not simply be obeyed (``extra["order"]``, ``extra["pending_order"]``)."""

from __future__ import annotations

from collections.abc import Mapping

from connector.lifecycle import State
from connector.report.facts import TYPED, Case
from connector.sidecar.model import Verb

_ANSWERS: dict[str, tuple[str, str]] = {
    "restart_while_open": (
        "« {order} » n’a pas été suivi : la demande est encore en cours. Arrêtez-la d’abord, puis recommencez.",
        "“{order}” was not obeyed: the request is still out. Stop it first, then restart.",
    ),
    "restart_in_doubt": (
        "« {order} » n’a pas été suivi : indiquez d’abord si la demande est partie, comme ci-dessus.",
        "“{order}” was not obeyed: first say whether the request was sent, as above.",
    ),
    "send_on_draft": (
        "« {order} » n’a pas été suivi : un brouillon part seulement depuis le site de Jesignexpert.",
        "“{order}” was not obeyed: a draft is sent from the site of Jesignexpert only.",
    ),
}
_NO_EFFECT = (
    "« {order} » est sans effet sur cette demande.",
    "“{order}” has no effect on this request.",
)


def answer_order(case: Case) -> None:
    """Tell the author what became of the last order, while the request is alive."""
    record = case.record
    if record.state.ended:
        return
    pending, answered = record.extra.get("pending_order"), record.extra.get("order")
    if isinstance(pending, Mapping):
        case.page.para(
            "« {order} » est lu et sera suivi dès que Jesignexpert répondra.",
            "“{order}” is read and will be obeyed once Jesignexpert answers.",
            order=_typed(case, str(pending.get("wording", ""))),
        )
    elif isinstance(answered, Mapping) and _still_true(record.state, str(answered.get("code"))):
        case.page.para(
            *_ANSWERS.get(str(answered.get("code")), _NO_EFFECT),
            order=_typed(case, str(answered.get("wording", ""))),
        )


def _still_true(state: State, code: str) -> bool:
    if code == "restart_in_doubt":
        return state is State.IN_DOUBT
    return state is State.DRAFT if code == "send_on_draft" else True


def _typed(case: Case, wording: str) -> str:
    """An order as the author types it: its verb in the language of the text."""
    for verb in sorted(Verb, key=lambda each: -len(each.value)):
        if wording.startswith(verb.value):
            return TYPED[case.context.language][verb] + wording.removeprefix(verb.value)
    return wording
