"""Texts of requests that are out while people sign (ux page S4, S5, S6)."""

from __future__ import annotations

from connector.report import several, words
from connector.report.answers import orders_found
from connector.report.awaited import awaited
from connector.report.facts import Case, moment_of, name_of, who
from connector.report.meanwhile import correction, document_moved, folder_moved, request_gone
from connector.report.ordering import from_words, last_reminder, orders, reminder_from
from connector.report.people import signatories
from connector.report.returning import last_news
from connector.report.typography import Words, loose
from connector.sidecar.model import Verb

_MOST_REMARKS = 2


def in_progress(case: Case) -> None:
    """S4, S5, S6 and the other first lines of a request that is out."""
    _first(case)
    document = case.record.document
    if document.changed_at is not None and document.missing_since is None:
        _changed(case)
    else:
        awaited(case)
        _remarks(case)
        signatories(case)
        _nothing_to_do(case)
        if not case.outside:
            orders(case)
    last_news(case)


def _count(case: Case) -> Words:
    done, total = len(case.signed), len(case.people)
    plural = "s" if done > 1 else ""
    ending = "" if done == 1 else "s"
    return case.page.say(
        f"{{done}} signature{plural} sur {{total}}",
        f"{{done}} signature{ending} of {{total}}",
        done=done,
        total=total,
    )


def _first(case: Case) -> None:
    """What a person must know before all else: changed, gone, renamed, not resent, near its end, awaited."""
    french, english, values = _matter(case)
    case.page.first(
        words.IN_PROGRESS, "{count} – " + french, "{count} – " + english, count=_count(case), **values
    )


def _matter(case: Case) -> tuple[str, str, dict[str, object]]:
    page, record = case.page, case.record
    document = record.document
    if document.missing_since is not None:
        return "le PDF a été supprimé ; la signature continue", "the PDF was deleted; signing goes on", {}
    if document.changed_at is not None:
        return "attention : le PDF a été modifié après l’envoi", "note: the PDF was changed after sending", {}
    if document.renamed_to is not None:
        return (
            "sous le nom « {name} », pas encore signé",
            "under the name “{name}”, not signed yet",
            {"name": name_of(document.renamed_to)},
        )
    if record.edited_after_send:
        return "votre correction n’est pas partie", "your correction was not sent", {}
    start = reminder_from(case)
    if start is not None:
        return (
            "rappel possible à partir {from_}",
            "a reminder is possible from {from_}",
            {"from_": from_words(case, start)},
        )
    if case.expiry_past and record.expires_at is not None:
        return (
            "délai passé le {day}, en attente de confirmation",
            "term over on {day}, to be confirmed",
            {"day": page.day(record.expires_at)},
        )
    if case.expiry_near and record.expires_at is not None:
        about = case.expiry_computed
        return (
            ("expire vers le {day}" if about else "expire le {day}") + " : pensez à relancer",
            ("expires about {day}" if about else "expires on {day}") + ": send a reminder",
            {"day": page.day(record.expires_at)},
        )
    return _awaiting(case)


def _awaiting(case: Case) -> tuple[str, str, dict[str, object]]:
    page, pending = case.page, case.pending
    if not pending:
        return "Jesignexpert termine", "Jesignexpert is finishing", {}
    since = pending[0].invited_at or case.record.sent_at
    values: dict[str, object] = {"who": who(pending[0]), "number": Words(str(len(pending)))}
    if since is not None:
        values["day"] = page.day(since)
    french = "attend {number} personnes" if len(pending) > 1 else "attend {who}"
    english = "awaiting {number} people" if len(pending) > 1 else "awaiting {who}"
    return (
        (french + " depuis le {day}", english + " since {day}", values)
        if since
        else (french, english, values)
    )


def _changed(case: Case) -> None:
    """S6: the document was saved again while it is out."""
    page, document, record = case.page, case.record.document, case.record
    left = record.sent_at or record.created_at
    # On one day, only the hour tells which version is which.
    one_day = page.day(left) == page.day(document.changed_at or record.updated_at)
    sent = page.day_at(left) if one_day else page.day(left)
    one = case.only is not None
    page.para(
        "« {pdf} » a été enregistré de nouveau le {changed}. "
        + ("La signature porte sur le document" if one else "Les signataires signent le document")
        + " envoyé le {sent} : cette modification n’en fait pas partie.",
        "“{pdf}” was saved again on {changed}. "
        + ("The signature is for the document" if one else "The signatories sign the document")
        + " sent on {sent}: this change is not part of it.",
        pdf=case.pdf,
        changed=page.day_at(document.changed_at or record.updated_at),
        sent=sent,
    )
    if document.changed_same_pages:
        page.para(
            "Les pages semblent identiques : il s’agit sans doute d’un simple enregistrement depuis Acrobat.",
            "The pages look the same: it was probably just saved from Acrobat.",
        )
    page.para(
        "Ce qui va se passer : le fichier modifié ne sera pas écrasé. La version signée sera déposée à côté : "
        "« {beside} ».",
        "What will happen: the changed file will not be overwritten. The signed version will be put beside it: "
        "“{beside}”.",
        beside=case.beside,
    )
    if record.sidecar_gone:
        request_gone(case)
    elif record.edited_after_send:
        correction(case)
    page.what_to_do()
    _change_answers(case, sent)


def _change_answers(case: Case, sent: Words) -> None:
    """What a person can do about the change: undo it, or begin again."""
    page = case.page
    if case.record.document.converted:
        page.bullet(
            "La modification ne compte pas ? Il n’y a rien à faire.",
            "If the change does not matter: there is nothing to do.",
        )
    elif case.context.versions_kept and case.record.document.changed_file:
        page.bullet(
            "La modification ne compte pas ? Déposez de nouveau, sous le nom « {pdf} », le PDF envoyé le {sent} (dans "
            "Nextcloud, voyez « Fichiers supprimés ») : la version signée prendra sa place, comme prévu.",
            "If the change does not matter: put the PDF that was sent on {sent} here again as “{pdf}” (in Nextcloud, "
            "see “Deleted files”): the signed version will take its place, as planned.",
            pdf=case.pdf,
            sent=sent,
        )
    elif case.context.versions_kept:
        page.bullet(
            "La modification ne compte pas ? Dans Nextcloud, ouvrez Détails puis Versions de « {pdf} » et "
            "restaurez celle du {sent} : la version signée prendra sa place, comme prévu.",
            "If the change does not matter: in Nextcloud, open Details, then Versions of “{pdf}” and restore that "
            "of {sent}: the signed version will take its place, as planned.",
            pdf=case.pdf,
            sent=sent,
        )
    if case.acts(Verb.CANCEL):
        page.bullet(
            "Elle compte ? Arrêtez la demande, puis recommencez. Écrivez dans « {file} » :",
            "If it matters: stop the request, then begin again. Write into “{file}”:",
            file=case.request_file,
        )
        page.typed(case.wording(Verb.CANCEL))
    else:
        _stop_on_site(case, "Elle compte ? ", "If it matters: ")


def _stop_on_site(case: Case, french: str, english: str) -> None:
    """How to end and begin again where no order to cancel is acted on."""
    case.page.bullet(
        french + "Arrêtez la collecte « {subject} » depuis le site de Jesignexpert. Elle paraîtra ici comme "
        "annulée ; écrivez alors dans « {file} » (nouvelle demande, payante) :",
        english + "Stop the request “{subject}” on the site of Jesignexpert. It will show here as cancelled; "
        "then write into “{file}” (a new request, to be paid):",
        subject=case.subject,
        file=case.request_file,
    )
    case.page.typed(case.wording(Verb.RESTART))


def _remarks(case: Case) -> None:
    """What happened to the files: the two remarks that matter most, so that the text stays short."""
    page, record, said = case.page, case.record, 0
    document = record.document
    if document.missing_since is not None:
        said += 1
        page.para(
            "« {pdf} » n’est plus dans ce dossier depuis le {day}."
            + (
                " Le document signé sera déposé ici, sous le nom « {beside} »."
                if several.is_plain(case)
                else ""
            ),
            "“{pdf}” has not been in this folder since {day}."
            + (
                " The signed document will be put here, under the name “{beside}”."
                if several.is_plain(case)
                else ""
            ),
            pdf=case.pdf,
            beside=case.beside,
            day=page.day_at(document.missing_since),
        )
    if record.edited_after_send:
        said += 1
        correction(case)
    for remark in (
        _outside, _renamed, _unknown_word, _not_reminded, document_moved, folder_moved, _orders_found,
    ):  # fmt: skip
        if said < _MOST_REMARKS:
            said += remark(case)


def _renamed(case: Case) -> bool:
    """A name may say that it is signed; the document does not."""
    told = case.record.document.renamed_to is not None
    if told:
        case.page.para(
            "Le PDF envoyé s’appelle maintenant « {pdf} » ; ce nom n’en fait pas un document signé. La version "
            "signée prendra sa place, sous ce nom.",
            "The PDF that was sent is now called “{pdf}”; the name does not make it a signed document. The signed "
            "version will take its place, under that name.",
            pdf=case.pdf,
        )
    return told


def _outside(case: Case) -> bool:
    """Its folder was moved to where nobody reads requests; the document is found there by its id."""
    moved = case.moment("moved_out_at")
    if case.outside:
        case.page.para(
            "Ce dossier a été déplacé{when} hors des dossiers suivis. Le document signé reviendra ici, mais une "
            "consigne écrite dans « {file} » n’est plus lue : pour agir sur cette demande, remettez le dossier à sa "
            "place.",
            "This folder was moved{when} out of those that are followed. The signed document will come back here, but "
            "an order written into “{file}” is not read any more: to act on this request, put the folder back.",
            file=case.request_file,
            when=case.page.say(" le {day}", " on {day}", day=case.page.day(moved)) if moved else Words(""),
        )
    return case.outside


def _unknown_word(case: Case) -> bool:
    word = case.extra_text("unknown_word")
    if word:
        case.page.para(
            "Jesignexpert indique « {word} », un mot inconnu ici ; la demande reste suivie.",
            "Jesignexpert says “{word}”, a word unknown here; the request is still followed.",
            word=loose(word),
        )
    return bool(word)


def _not_reminded(case: Case) -> bool:
    """A reminder, by order or by itself, that the platform did not know how to make."""
    reminder = last_reminder(case)
    at = moment_of(reminder.get("at"))
    told = reminder.get("code") == "unavailable" and at is not None
    if told and at is not None:
        case.page.para(
            "Le rappel du {day} n’a pas pu partir : Jesignexpert n’a pas reconnu cette consigne.",
            "The reminder of {day} could not be sent: Jesignexpert did not know this order.",
            day=case.page.day(at),
        )
    return told


def _orders_found(case: Case) -> bool:
    found = case.record.adopted and bool(case.record.obeyed)
    if found:
        orders_found(case)
    return found


def _nothing_to_do(case: Case) -> None:
    page, pdf = case.page, case.pdf
    if case.record.document.missing_since is not None:
        page.para("Il n’y a rien à faire.", "There is nothing to do.")
    elif (case.expiry_near or case.record.edited_after_send) and several.is_plain(case):
        # There is something to do, and it is said.
        page.para(
            "Le document signé reviendra ici de lui-même. Merci de ne pas modifier « {pdf} » d’ici là.",
            "The signed document will come back here by itself. Please do not change “{pdf}” until then.",
            pdf=pdf,
        )
    elif not several.is_plain(case):
        page.para(
            "Il n’y a rien à faire : {where}. Merci de ne rien modifier d’ici là.",
            "There is nothing to do: {where}. Please change nothing until then.",
            where=several.where_they_will_come(case),
        )
    elif case.signed:
        page.para(
            "Il n’y a rien à faire : le document signé reviendra ici de lui-même. Merci de ne pas modifier "
            "« {pdf} » d’ici là.",
            "There is nothing to do: the signed document will come back here by itself. Please do not change "
            "“{pdf}” until then.",
            pdf=pdf,
        )
    else:
        page.para(
            "Il n’y a rien à faire : le document signé reviendra ici de lui-même, à la place de « {pdf} ». "
            "Merci de ne pas modifier ce PDF d’ici là.",
            "There is nothing to do: the signed document will come back here by itself, in place of “{pdf}”. "
            "Please do not change this PDF until then.",
            pdf=pdf,
        )
