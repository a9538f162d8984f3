"""What became of an order that could not simply be obeyed (``extra["order"]``, ``extra["pending_order"]``).

What became of a reminder is told where the next one is offered (``following``), of an unlocking where the lock is.
"""

from __future__ import annotations

from collections.abc import Mapping

from connector.lifecycle import State
from connector.report.facts import TYPED, Case
from connector.report.typography import Words, cut, loose
from connector.sidecar.model import Verb

_QUOTED = 300

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
    "left_over": (
        "« {order} » était déjà écrit à l’arrivée de cette demande : il est sans effet ici.",
        "“{order}” was there already when this request arrived: it has no effect here.",
    ),
    "not_sent_yet": (
        "« {order} » est sans effet : rien n’est parti.",
        "“{order}” has no effect: nothing has been sent.",
    ),
    "ended": (
        "« {order} » est sans effet : cette demande est terminée.",
        "“{order}” has no effect: this request has ended.",
    ),
    "name_taken": (
        "« {order} » n’a pas été suivi : à côté du document, une autre demande porte déjà ce nom. Retirez-la, puis "
        "enregistrez de nouveau cette demande.",
        "“{order}” was not obeyed: beside the document another request bears this name already. Remove it, then save "
        "this request again.",
    ),
    "cancel_too_late": (
        "« {order} » est arrivé trop tard : tout le monde avait déjà signé.",
        "“{order}” came too late: everybody had signed already.",
    ),
    "cancel_refused": (
        "« {order} » n’a pas été accepté par Jesignexpert{said}. La demande continue ; pour l’arrêter, cherchez la "
        "collecte « {subject} » sur le site de Jesignexpert.",
        "“{order}” was not accepted by Jesignexpert{said}. The request goes on; to stop it, look for the request "
        "“{subject}” on the site of Jesignexpert.",
    ),
    "cancel_unavailable": (
        "« {order} » n’a pas pu être suivi : Jesignexpert n’a pas reconnu cette consigne. La demande continue ; pour "
        "l’arrêter, cherchez la collecte « {subject} » sur le site de Jesignexpert : elle paraîtra ici comme annulée.",
        "“{order}” could not be obeyed: Jesignexpert did not know this order. The request goes on; to stop it, look "
        "for the request “{subject}” on the site of Jesignexpert: it will show here as cancelled.",
    ),
    "remind_too_late": (
        "« {order} » n’est plus utile : tout le monde a signé.",
        "“{order}” is no longer needed: everybody has signed.",
    ),
}
_AFTER_THE_END = frozenset({"ended", "cancel_too_late", "name_taken"})
_NO_EFFECT = (
    "« {order} » est sans effet sur cette demande.",
    "“{order}” has no effect on this request.",
)


def answer_order(case: Case) -> None:
    """Tell the author what became of the last order."""
    record = case.record
    pending, answered = record.extra.get("pending_order"), record.extra.get("order")
    if isinstance(pending, Mapping) and not record.state.ended:
        case.page.para(
            "« {order} » est lu et sera suivi dès que Jesignexpert répondra.",
            "“{order}” is read and will be obeyed once Jesignexpert answers.",
            order=typed_order(case, str(pending.get("wording", ""))),
        )
    elif isinstance(answered, Mapping) and _still_true(record.state, str(answered.get("code"))):
        case.page.para(
            *_ANSWERS.get(str(answered.get("code")), _NO_EFFECT),
            order=typed_order(case, str(answered.get("wording", ""))),
            subject=case.subject,
            said=said(case, answered),
        )


def said(case: Case, answered: Mapping[str, object]) -> Words:
    """The platform's own words, as it said them."""
    text = " ".join(str(answered.get("text", "")).split())
    if not text:
        return case.page.say("", "")
    return case.page.say(" (« {text} »)", " (“{text}”)", text=loose(cut(text, _QUOTED)))


def _still_true(state: State, code: str) -> bool:
    if state.ended:
        return code in _AFTER_THE_END
    if code == "not_sent_yet":
        return state.before_mark or state is State.HELD
    if code == "restart_in_doubt":
        return state is State.IN_DOUBT
    return state is State.DRAFT if code == "send_on_draft" else True


def typed_order(case: Case, wording: str) -> str:
    """An order as the author types it: its verb in the language of the text."""
    for verb in sorted(Verb, key=lambda each: -len(each.value)):
        if wording.startswith(verb.value):
            return TYPED[case.context.language][verb] + wording.removeprefix(verb.value)
    return wording
