"""What became of an order that could not simply be obeyed (``extra["order"]``, ``extra["pending_order"]``).

What became of a reminder is told where the next one is offered (``following``), of an unlocking where the lock is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from connector.lifecycle import JUDGED, Record, State
from connector.report import several
from connector.report.facts import TYPED, Case, moment_of, name_of
from connector.report.typography import Words, cut, loose
from connector.sidecar.model import Verb

_QUOTED = 300

_OUT = frozenset({State.MARKED, State.IN_PROGRESS, State.DRAFT, State.IN_DOUBT})
_SIGNED = frozenset({State.SEALING, State.DELIVERING, State.QUARANTINED})
_BEFORE = JUDGED | {State.HELD}
_ENDED = frozenset(state for state in State if state.ended)
_ALWAYS = frozenset(State)


@dataclass(frozen=True)
class Answer:
    """French and English, and the states in which it is (still) true."""

    french: str
    english: str
    states: frozenset[State]


ANSWERS: dict[str, Answer] = {
    # Nothing has left.
    "left_over": Answer(
        "« {order} » était déjà écrit à l’arrivée de cette demande : il est sans effet ici.",
        "“{order}” was there already when this request arrived: it has no effect here.",
        _ALWAYS - _ENDED,
    ),
    "not_sent_yet": Answer(
        "« {order} » est sans effet : rien n’est parti.",
        "“{order}” has no effect: nothing has been sent.",
        _BEFORE,
    ),
    "stopped_meanwhile": Answer(
        "« {order} » est lu : la demande ne partira pas tant que cette ligne est là.",
        "“{order}” is read: the request will not leave while this line is there.",
        _BEFORE,
    ),
    "send_first_above": Answer(
        "« {order} » n’a pas été suivi : faites d’abord ce qui est indiqué ci-dessus.",
        "“{order}” was not obeyed: first do what is said above.",
        _BEFORE,
    ),
    "name_taken": Answer(
        "« {order} » n’a pas été suivi : à côté du document, une autre demande porte déjà ce nom. Retirez-la, puis "
        "enregistrez de nouveau cette demande.",
        "“{order}” was not obeyed: beside the document another request bears this name already. Remove it, then save "
        "this request again.",
        _ENDED,
    ),
    "send_by_itself": Answer(
        "« {order} » est sans effet : la demande part déjà d’elle-même.",
        "“{order}” has no effect: the request leaves by itself already.",
        _BEFORE,
    ),
    "send_capped": Answer(
        "« {order} » n’a pas été suivi : l’envoi n’était pas ouvert dans ce dossier.",
        "“{order}” was not obeyed: sending was not open in this folder.",
        _BEFORE,
    ),
    "send_line_above": Answer(
        "« {order} » n’a pas été suivi : pour l’envoyer, écrivez la ligne indiquée ci-dessus.",
        "“{order}” was not obeyed: to send it, write the line given above.",
        _BEFORE,
    ),
    "nothing_to_follow": Answer(
        "« {order} » n’a pas été suivi : aucun envoi de cette demande n’est connu ici. Elle est bien partie ? "
        "Supprimez « {file} » et suivez-la sur Jesignexpert.",
        "“{order}” was not obeyed: no sending of this request is known here. It was sent? Delete “{file}” and follow "
        "it on Jesignexpert.",
        _BEFORE,
    ),
    # It is out.
    "obeyed_before": Answer(
        "« {order} » n’a pas été suivi : cette ligne a déjà compté, et ne compte qu’une fois. Remplacez-la par "
        "« action: {again} ».",
        "“{order}” was not obeyed: this line has counted before, and counts once only. Replace it by “action: "
        "{again}”.",
        _OUT,
    ),
    "restart_while_open": Answer(
        "« {order} » n’a pas été suivi : la demande est encore en cours. Arrêtez-la d’abord {stop}, puis "
        "recommencez.",
        "“{order}” was not obeyed: the request is still out. First stop it {stop}, then restart.",
        frozenset({State.IN_PROGRESS}),
    ),
    "restart_in_doubt": Answer(
        "« {order} » n’a pas été suivi : indiquez d’abord si la demande est partie, comme ci-dessus.",
        "“{order}” was not obeyed: first say whether the request was sent, as above.",
        frozenset({State.IN_DOUBT}),
    ),
    "sent_already": Answer(
        "« {order} » est sans effet : la demande est déjà partie.",
        "“{order}” has no effect: the request has been sent already.",
        _OUT,
    ),
    "followed_already": Answer(
        "« {order} » est sans effet : la demande est bien partie, et elle est suivie ici.",
        "“{order}” has no effect: the request was sent indeed, and is followed here.",
        _OUT,
    ),
    "sent_indeed": Answer(
        "« {order} » n’a pas été suivi : Jesignexpert confirme que la demande est partie. Elle s’arrête "
        "{stop}.",
        "“{order}” was not obeyed: Jesignexpert confirms that the request was sent. It is stopped {stop}.",
        frozenset({State.IN_PROGRESS}),
    ),
    "not_locked_yet": Answer(
        "« {order} » est sans effet : « {pdf} » n’est pas verrouillé pendant la signature.",
        "“{order}” has no effect: “{pdf}” is not locked while it is being signed.",
        _OUT | _SIGNED,
    ),
    "draft_not_sent": Answer(
        "« {order} » est sans effet : le brouillon n’est pas encore parti. Envoyez-le depuis le site de Jesignexpert.",
        "“{order}” has no effect: the draft has not been sent yet. Send it from the site of Jesignexpert.",
        frozenset({State.DRAFT}),
    ),
    "draft_followed": Answer(
        "« {order} » est sans effet : une fois envoyé depuis le site de Jesignexpert, le brouillon est suivi ici de "
        "lui-même.",
        "“{order}” has no effect: once sent from the site of Jesignexpert, the draft is followed here by itself.",
        frozenset({State.DRAFT}),
    ),
    "restart_on_draft": Answer(
        "« {order} » n’a pas été suivi : le brouillon vous attend encore sur Jesignexpert. Abandonnez-le d’abord "
        "{stop}, puis recommencez.",
        "“{order}” was not obeyed: the draft still awaits you on Jesignexpert. First drop it {stop}, then "
        "restart.",
        frozenset({State.DRAFT}),
    ),
    "send_on_draft": Answer(
        "« {order} » n’a pas été suivi : un brouillon part seulement depuis le site de Jesignexpert.",
        "“{order}” was not obeyed: a draft is sent from the site of Jesignexpert only.",
        frozenset({State.DRAFT}),
    ),
    "cancel_refused": Answer(
        "« {order} » n’a pas été accepté par Jesignexpert{said}. La demande continue ; pour l’arrêter, cherchez la "
        "collecte « {subject} » sur le site de Jesignexpert.",
        "“{order}” was not accepted by Jesignexpert{said}. The request goes on; to stop it, look for the request "
        "“{subject}” on the site of Jesignexpert.",
        _OUT,
    ),
    "cancel_unavailable": Answer(
        "« {order} » n’a pas pu être suivi : Jesignexpert n’a pas reconnu cette consigne. La demande continue ; pour "
        "l’arrêter, cherchez la collecte « {subject} » sur le site de Jesignexpert : elle paraîtra ici comme annulée.",
        "“{order}” could not be obeyed: Jesignexpert did not know this order. The request goes on; to stop it, look "
        "for the request “{subject}” on the site of Jesignexpert: it will show here as cancelled.",
        _OUT,
    ),
    # All have signed.
    "cancel_too_late": Answer(
        "« {order} » est arrivé trop tard : tout le monde avait déjà signé.",
        "“{order}” came too late: everybody had signed already.",
        _ALWAYS,
    ),
    "remind_too_late": Answer(
        "« {order} » n’est plus utile : tout le monde a signé.",
        "“{order}” is no longer needed: everybody has signed.",
        _SIGNED,
    ),
    "restart_too_late": Answer(
        "« {order} » n’a pas été suivi : tout le monde a signé. Attendez d’abord le document.",
        "“{order}” was not obeyed: everybody has signed. First wait for the document.",
        _SIGNED,
    ),
    # It has ended.
    "ended": Answer(
        "« {order} » est sans effet : cette demande est terminée.",
        "“{order}” has no effect: this request has ended.",
        _ENDED,
    ),
    "cancel_signed": Answer(
        "« {order} » est sans effet : le document est signé. S’il ne convient pas, faites signer un autre PDF.",
        "“{order}” has no effect: the document is signed. If it is not right, have another PDF signed.",
        _ENDED,
    ),
    "not_sent_ended": Answer(
        "« {order} » est sans effet : cette demande est terminée. Pour une nouvelle demande, utilisez « {restart} ».",
        "“{order}” has no effect: this request has ended. For a new request, use “{restart}”.",
        _ENDED,
    ),
    "restart_stands": Answer(
        "« {order} » était déjà écrit avant la fin de cette demande, et n’a pas été suivi. Pour recommencer, remplacez "
        "cette ligne par « action: {restart} ».",
        "“{order}” was there before this request ended, and was not obeyed. To restart, replace that line by "
        "“action: {restart}”.",
        _ENDED,
    ),
    "restart_before": Answer(
        "« {order} » n’a pas été suivi : cette ligne a déjà compté, et ne compte qu’une fois. Pour recommencer, "
        "remplacez-la par « action: {restart} ».",
        "“{order}” was not obeyed: this line has counted before, and counts once only. To restart, replace it by "
        "“action: {restart}”.",
        _ENDED,
    ),
    "restart_on_signed": Answer(
        "« {order} » n’a pas été suivi : « {pdf} » est la version signée. Pour une nouvelle demande, {anew}.",
        "“{order}” was not obeyed: “{pdf}” is the signed version. For a new request, {anew}.",
        _ENDED,
    ),
    # Whenever.
    "unknown": Answer(
        "« {order} » n’est pas une consigne prévue.{near}",
        "“{order}” is no known order.{near}",
        _ALWAYS,
    ),
    "unread": Answer(
        "« {order} » n’a pas été suivi. Une consigne commence sa ligne, sans rien devant : « action: », puis un mot "
        "prévu.",
        "“{order}” was not obeyed. An order begins its line, with nothing before it: “action:”, then a word that is "
        "known.",
        _ALWAYS,
    ),
    "below_mail_end": Answer(
        "« {order} » n’a pas été suivi : à partir de « {above} », tout est lu comme une fin d’e-mail. Retirez ces "
        "lignes-là, ou écrivez la consigne au-dessus.",
        "“{order}” was not obeyed: from “{above}” on, everything is read as the end of an e-mail. Remove those lines, "
        "or write the order above them.",
        _ALWAYS,
    ),
    "no_text": Answer(
        "« {file} » n’est plus un fichier texte : aucune consigne n’y est lue. Copiez son texte dans un fichier du "
        "même nom, fait avec le Bloc-notes.",
        "“{file}” is no text file any more: no order is read in it. Copy its text into a file of the same name, made "
        "with Notepad.",
        _ALWAYS,
    ),
}
"""Code of ``extra["order"]`` → what is said of it."""
_AS_WRITTEN = frozenset({"unknown", "unread", "below_mail_end"})
_NO_EFFECT = Answer(
    "« {order} » est sans effet sur cette demande.",
    "“{order}” has no effect on this request.",
    _ALWAYS,
)


def answer_order(case: Case) -> None:
    """Tell the author what became of the last order."""
    record = case.record
    pending, answered = record.extra.get("pending_order"), record.extra.get("order")
    morning = _morning(record)
    if isinstance(pending, Mapping) and not record.state.ended and morning is not None:
        case.page.para(
            "« {order} » est lu et sera suivi le {day} (horaires du cabinet).",
            "“{order}” is read and will be obeyed on {day} (the firm’s hours).",
            order=typed_order(case, str(pending.get("wording", ""))),
            day=case.page.day_at(morning),
        )
    elif isinstance(pending, Mapping) and not record.state.ended:
        case.page.para(
            "« {order} » est lu et sera suivi dès que Jesignexpert répondra.",
            "“{order}” is read and will be obeyed once Jesignexpert answers.",
            order=typed_order(case, str(pending.get("wording", ""))),
        )
    elif isinstance(answered, Mapping):
        _answer(case, answered)
    elif record.adopted and record.obeyed and record.state in {State.DRAFT, State.IN_DOUBT}:
        orders_found(case)


def _morning(record: Record) -> datetime | None:
    """When an order is obeyed that came too late in the day; None where it waits for something else, or for nothing."""
    tried = record.extra.get("order_try")
    return moment_of(tried.get("next_at")) if isinstance(tried, Mapping) and tried.get("quiet") else None


def orders_found(case: Case) -> None:
    """Say that what stood in the file when following began again here counts as done."""
    case.page.para(
        "Les consignes déjà écrites dans « {file} » comptent comme faites.",
        "Orders already written in “{file}” count as done.",
        file=case.request_file,
    )


def _meant(case: Case, code: str) -> str:
    """Name the document that an answer is about: of several the one that lies there signed, where that is why."""
    signed = several.still_signed(case) if code == "restart_on_signed" else None
    return case.pdf if signed is None else name_of(signed.renamed_to or signed.href)


def _answer(case: Case, answered: Mapping[str, object]) -> None:
    code, wording = str(answered.get("code")), str(answered.get("wording", ""))
    answer = ANSWERS.get(code, _NO_EFFECT)
    if case.record.state not in answer.states:
        return
    case.page.para(
        answer.french,
        answer.english,
        order=wording if code in _AS_WRITTEN else typed_order(case, wording),
        pdf=_meant(case, code),
        file=case.request_file,
        subject=case.subject,
        stop=_stopping(case),
        restart=case.typed_next(Verb.RESTART),
        again=_again(case, wording),
        said=said(case, answered),
        near=_near(case, str(answered.get("near", ""))),
        above=str(answered.get("above", "")),
        anew=_anew(case),
    )


def _anew(case: Case) -> Words:
    """How the document of what is signed is asked for again: not in its place, where no version would keep it."""
    if not case.context.versions_kept:
        return case.page.say(
            "laissez-le tel quel, et déposez le document sous un autre nom, avec sa propre demande",
            "leave it as it is, and put the document here under another name, with a request of its own",
        )
    return case.page.say(
        "remplacez d’abord « {pdf} » par le document d’origine, sans signature",
        "first replace “{pdf}” by the original document, without a signature",
        pdf=case.pdf,
    )


def _stopping(case: Case) -> Words:
    """How a request is stopped: by the order, or on the site where that order is not known."""
    if not case.acts(Verb.CANCEL):
        return case.page.say("depuis le site de Jesignexpert", "on the site of Jesignexpert")
    return case.page.say("avec « {cancel} »", "with “{cancel}”", cancel=case.typed_next(Verb.CANCEL))


def _near(case: Case, near: str) -> Words:
    if not near:
        return case.page.say(" Elle n’a pas été suivie.", " It was not obeyed.")
    return case.page.say(" Vouliez-vous dire « {near} » ?", " Did you mean “{near}”?", near=near)


def said(case: Case, answered: Mapping[str, object]) -> Words:
    """The platform's own words, as it said them."""
    text = " ".join(str(answered.get("text", "")).split())
    if not text:
        return case.page.say("", "")
    return case.page.say(" (« {text} »)", " (“{text}”)", text=loose(cut(text, _QUOTED)))


def _again(case: Case, wording: str) -> str:
    """What is to be written for an order that was obeyed already."""
    verb = next(
        (one for one in sorted(Verb, key=lambda each: -len(each.value)) if wording.startswith(one.value)),
        None,
    )
    return case.typed_next(verb) if verb is not None else wording


def typed_order(case: Case, wording: str) -> str:
    """An order as the author types it: its verb in the language of the text."""
    for verb in sorted(Verb, key=lambda each: -len(each.value)):
        if wording.startswith(verb.value):
            return TYPED[case.context.language][verb] + wording.removeprefix(verb.value)
    return wording
