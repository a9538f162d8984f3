"""What a person may order while a request is out: a reminder, its end; and what became of the last reminder."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from connector.report.answers import said, typed_order
from connector.report.facts import Case, moment_of, who
from connector.report.typography import Words, local
from connector.sidecar.model import Verb


def orders(case: Case) -> None:
    """How to remind and how to stop: by a line in the request where that is acted on, else on the site."""
    page = case.page
    gone, corrected = case.record.sidecar_gone, case.record.edited_after_send
    can_remind, may_cancel = case.acts(Verb.REMIND), case.acts(Verb.CANCEL)
    may_remind = can_remind and not gone
    taken_away = case.record.document.missing_since is not None
    offer_stop = may_cancel and (not case.signed or gone or corrected or taken_away)
    if gone:
        _request_gone(case)
    if may_remind:
        _remind(case)
    if offer_stop:
        if may_remind:
            page.para("ou, pour arrêter la demande :", "or, to stop the request:")
        else:
            page.para(
                "Pour arrêter la demande, écrivez dans « {file} » :",
                "To stop the request, write into “{file}”:",
                file=case.request_file,
            )
        page.typed(case.wording(Verb.CANCEL))
    if not can_remind or not may_cancel:
        _on_site(case, remind=not can_remind, stop=not may_cancel)


def _request_gone(case: Case) -> None:
    case.page.para(
        "« {file} » a été supprimé, mais la demande continue : la supprimer ne l’arrête pas.",
        "“{file}” was deleted, but the request goes on: deleting it does not stop it.",
        file=case.request_file,
    )


def _remind(case: Case) -> None:
    page, pending = case.page, case.pending
    if _reminder_told(case):
        page.typed(case.wording(Verb.REMIND))
        return
    if len(pending) == 1:
        page.para(
            "Pour envoyer un rappel à {who}, écrivez dans « {file} » :",
            "To send a reminder to {who}, write into “{file}”:",
            who=who(pending[0]),
            file=case.request_file,
        )
    else:
        page.para(
            "Pour envoyer un rappel, écrivez dans « {file} » :",
            "To send a reminder, write into “{file}”:",
            file=case.request_file,
        )
    page.typed(case.wording(Verb.REMIND))


def _reminder_told(case: Case) -> bool:
    """Tell what became of the last « relancer », and lead to the next one; False when there is nothing to tell."""
    page, reminder = case.page, last_reminder(case)
    code, at, start = reminder.get("code"), moment_of(reminder.get("at")), reminder_from(case)
    ordered, same_turn = bool(reminder.get("wording")), reminder.get("signed") == len(case.signed)
    if start is not None:
        page.para(
            "« {order} » n’a pas été suivi : un rappel par heure au plus{said}. Pour un rappel à partir {from_}, "
            "remplacez la ligne par :",
            "“{order}” was not obeyed: one reminder an hour at most{said}. For a reminder from {from_} on, replace "
            "the line with:",
            order=typed_order(case, str(reminder["wording"])),
            from_=from_words(case, start),
            said=said(case, reminder),
        )
    elif code == "done" and ordered and same_turn and at is not None:
        page.para(
            "Rappel fait le {day}. Pour un autre rappel, remplacez la ligne par :",
            "Reminder sent on {day}. For another one, replace the line with:",
            day=page.day_at(at),
        )
    elif code == "unconfirmed" and same_turn and at is not None:
        page.para(
            "Jesignexpert n’a pas confirmé le rappel du {day} : il est peut-être parti, et n’est pas refait. Pour un "
            "autre rappel, écrivez dans « {file} » :",
            "Jesignexpert did not confirm the reminder of {day}: perhaps it left, and it is not repeated. For another "
            "one, write into “{file}”:",
            day=page.day_at(at),
            file=case.request_file,
        )
    else:
        return False
    return True


def last_reminder(case: Case) -> Mapping[str, object]:
    """What became of the last try to remind (``steps.reminders``)."""
    found = case.record.extra.get("reminder")
    return found if isinstance(found, Mapping) else {}


def reminder_from(case: Case) -> datetime | None:
    """Return from when an order to remind that was refused may be given again; None once that is no news.

    It is over with its day, and when somebody has signed: then it is another person's turn.
    """
    reminder, zone = last_reminder(case), case.context.zone
    start = moment_of(reminder.get("from"))
    if start is None or not reminder.get("wording") or reminder.get("code") not in {"too_early", "refused"}:
        return None
    if reminder.get("signed") != len(case.signed):
        return None
    return start if local(start, zone).date() >= local(case.context.now, zone).date() else None


def from_words(case: Case, start: datetime) -> Words:
    """Say from when: by the hour today, with its day on another one."""
    page, zone = case.page, case.context.zone
    if local(start, zone).date() == local(case.context.now, zone).date():
        return page.say("de {hour}", "{hour}", hour=page.hour(start))
    return page.say("du {day}", "{day}", day=page.day_at(start))


def _on_site(case: Case, *, remind: bool, stop: bool) -> None:
    both = remind and stop
    what = case.page.say(
        "Pour envoyer un rappel ou arrêter la demande"
        if both
        else ("Pour envoyer un rappel" if remind else "Pour arrêter la demande"),
        "To send a reminder or to stop the request"
        if both
        else ("To send a reminder" if remind else "To stop the request"),
    )
    case.page.para(
        "{what} : cela se fait sur le site de Jesignexpert, collecte « {subject} ».",
        "{what}: this is done on the site of Jesignexpert, request “{subject}”.",
        what=what,
        subject=case.subject,
    )
