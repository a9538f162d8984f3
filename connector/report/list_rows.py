"""The rows of a list in words: what is prepared, what is wrong, what waits, what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from connector.config.model import Ceiling
from connector.errors import Problem
from connector.report.list_news import ListNews
from connector.report.page import Page
from connector.report.problems import in_body
from connector.report.typography import Words, enumeration, loose, whole
from connector.sidecar.names import DONE_FOLDER

_MOST_POINTS = 15
_MOST_MISSING = 8
_MOST_NAMES = 8
_MOST_LINES = 12


def rows(page: Page, news: ListNews, support: str) -> None:
    """Tell of a list whose rows are read."""
    _told(page, news)
    _notes(page, news)
    _what_to_do(page, news, support)


def of_the_list(problem: Problem) -> Problem:
    """Return a problem without the list's name, which need not stand before each line of the list's own answer."""
    values = {name: value for name, value in problem.values.items() if name != "file"}
    return Problem(code=problem.code, line=problem.line, values=values, cure=problem.cure)


def _told(page: Page, news: ListNews) -> None:
    if news.made:
        _made(page, news)
    if news.care:
        page.para(
            "À voir dans leur propre suivi : {names}.",
            "See their own status: {names}.",
            names=_names(page, news.care),
        )
    if news.problems:
        page.heading("À corriger :", "To correct:")
        for number, problem in enumerate(news.problems[:_MOST_POINTS], start=1):
            page.item(number, in_body(of_the_list(problem), page.language))
        _and_more(page, len(news.problems) - _MOST_POINTS)
    if news.missing:
        page.heading("Sans PDF dans ce dossier :", "Without a PDF in this folder:")
        for each in news.missing[:_MOST_MISSING]:
            near = (
                page.say(
                    ". Un nom proche s’y trouve : « {near} »",
                    ". A similar name is here: “{near}”",
                    near=each.near,
                )
                if each.near
                else Words("")
            )
            page.bullet(
                "ligne~{line} : « {document} »{near}",
                "line~{line}: “{document}”{near}",
                line=Words(str(each.line)),
                document=each.document,
                near=near,
            )
        _and_more(page, len(news.missing) - _MOST_MISSING)


def _made(page: Page, news: ListNews) -> None:
    plural, n = news.made != 1, Words(str(news.made))
    if news.left:
        page.para(
            "{n} demandes viennent de cette liste : le suivi de chacune est {where}."
            if plural
            else "{n} demande vient de cette liste : son suivi est {where}.",
            "{n} requests come from this list: the status of each is {where}."
            if plural
            else "{n} request comes from this list: its status is {where}.",
            n=n,
            where=_where(page, news),
        )
        return
    nothing_fr, nothing_en = ("", "") if news.elsewhere else (" Rien n’est parti.", " Nothing has been sent.")
    page.para(
        ("{n} demandes sont préparées, chacune" if plural else "{n} demande est préparée,")
        + " à côté de son PDF : son suivi dit où elle en est."
        + nothing_fr,
        ("{n} requests are prepared, each" if plural else "{n} request is prepared,")
        + " beside its PDF: its status tells where it stands."
        + nothing_en,
        n=n,
    )


def _where(page: Page, news: ListNews) -> Words:
    """Where the statuses of the requests lie: beside their PDFs, or with what is finished."""
    if not news.filed:
        return page.say("à côté de son PDF", "beside its PDF")
    if news.filed == news.made:
        return page.say("dans « {folder} »", "in “{folder}”", folder=DONE_FOLDER)
    return page.say(
        "à côté de son PDF, puis dans « {folder} » une fois signée",
        "beside its PDF, then in “{folder}” once it is signed",
        folder=DONE_FOLDER,
    )


def _and_more(page: Page, more: int) -> None:
    if more > 0:
        page.below("… et {n} de plus.", "… and {n} more.", indent=2, n=Words(str(more)))


def _notes(page: Page, news: ListNews) -> None:
    """What does not stop anything and should be known."""
    if news.rowless:
        several = len(news.rowless) > 1
        page.para(
            "Sans ligne dans la liste, mais toujours prêtes à partir avec les autres : {names}."
            if several
            else "Sans ligne dans la liste, mais toujours prête à partir avec les autres : {names}.",
            "Without a row in the list, and still ready to leave with the others: {names}.",
            names=_names(page, news.rowless),
        )
    if news.changed:
        page.para(
            "Modifié dans la liste après la préparation, sans effet : {lines}. Corrigez la demande elle-même, à côté "
            "du PDF.",
            "Changed in the list after the request was prepared, without effect: {lines}. Correct the request itself, "
            "beside the PDF.",
            lines=_lines(page, news.changed),
        )
    if news.withdrawn:
        page.para(
            "Demande supprimée, la liste ne la refait pas : {lines}. Pour la reprendre, déposez une demande à côté du "
            "PDF.",
            "The request was deleted, the list does not make it again: {lines}. To take it up, put a request beside "
            "the PDF.",
            lines=_lines(page, news.withdrawn),
        )
    if news.without_row:
        count = len(news.without_row)
        page.para(
            "{n}~PDF de ce dossier " + ("n’a" if count == 1 else "n’ont") + " ni ligne ni demande : {names}.",
            "{n}~"
            + ("PDF" if count == 1 else "PDFs")
            + " of this folder without a row or a request: {names}.",
            n=Words(str(count)),
            names=_names(page, news.without_row),
        )
    told = [
        (news.ignored, "Colonnes non lues : {names}.", "Columns not read: {names}."),
        (
            news.sheets,
            "Seule la première feuille est lue, sans : {names}.",
            "Only the first sheet is read, without: {names}.",
        ),
        (
            news.beside,
            "« {file} » est lue à la place de : {names}.",
            "“{file}” is read instead of: {names}.",
        ),
        (
            news.copies,
            "Copie faite par la synchronisation, non lue : {names}.",
            "Copy made by the synchronisation, not read: {names}.",
        ),
    ]
    lines = [(names, fr, en) for names, fr, en in told if names]
    if lines:
        page.section()
    for names, french, english in lines:
        page.below(french, english, names=_names(page, names), file=news.file)


def _lines(page: Page, lines: Sequence[int]) -> Words:
    told = [str(line) for line in lines[:_MOST_LINES]]
    if len(lines) > _MOST_LINES:
        told.append("…")
    several = len(lines) > 1
    return page.say(
        "lignes {lines}" if several else "ligne~{lines}",
        "lines {lines}" if several else "line~{lines}",
        lines=enumeration(told, page.language),
    )


def _names(page: Page, names: Sequence[str]) -> Words:
    told = [whole(name) for name in names[:_MOST_NAMES]]
    if len(names) > _MOST_NAMES:
        told.append(Words("…"))
    return Words(", ".join(told))


def _what_to_do(page: Page, news: ListNews, support: str) -> None:
    waiting = news.made - news.left - len(news.care) + len(news.rowless)
    if not (news.problems or news.missing or waiting or not news.total):
        page.para(
            "Il n’y a rien à faire. Une ligne ajoutée à la liste est lue dès qu’elle est enregistrée.",
            "There is nothing to do. A row added to the list is read as soon as it is saved.",
        )
        return
    page.what_to_do()
    if not news.total:
        page.bullet(
            "Une ligne par PDF : son nom sous « document », puis e-mail, prénom, nom et mobile du signataire.",
            "One row for each PDF: its name under “document”, then e-mail, first name, last name and mobile.",
        )
    if news.problems:
        page.bullet(
            "Ouvrez « {file} », corrigez, enregistrez : la liste est relue aussitôt. Les demandes déjà préparées ne "
            "changent pas.",
            "Open “{file}”, correct it, save it: the list is read again at once. Requests that are prepared already "
            "do not change.",
            file=news.file,
        )
    if news.missing:
        page.bullet(
            "Déposez le PDF qui manque sous le nom de la liste, ou corrigez ce nom : la demande se prépare "
            "d’elle-même.",
            "Put the missing PDF here under the name of the list, or correct that name: the request is prepared by "
            "itself.",
        )
    if news.rowless:
        page.bullet(
            "Une demande sans ligne ne doit plus partir ? Supprimez-la, à côté de son PDF. Elle doit partir ? Il n’y a "
            "rien à faire, ou remettez sa ligne dans la liste.",
            "Is a request without a row not to leave any more? Delete it, beside its PDF. Is it to leave? There is "
            "nothing to do, or put its row back into the list.",
        )
    if waiting > 0:
        _go(page, news, support)


def _go(page: Page, news: ListNews, support: str) -> None:
    """How all that is prepared is let go with one word (ux page, finding 11)."""
    if news.ceiling is Ceiling.PREVIEW:
        page.bullet(
            "Relisez les aperçus. Pour ouvrir l’envoi dans ce dossier, contact : {support}. Rien ne partira sans vous.",
            "Read the previews. To open sending in this folder, contact: {support}. Nothing will leave without you.",
            support=loose(support),
        )
        return
    line = (
        ("envoi: brouillon", "send: draft") if news.ceiling is Ceiling.DRAFT else ("envoi: oui", "send: yes")
    )
    if news.said_already:
        page.bullet(
            "Relisez les aperçus. Pour donner le départ à toutes les demandes prêtes, enregistrez de nouveau "
            "« {settings} », où cette ligne se trouve déjà :",
            "Read the previews. To let all ready requests go, save “{settings}” again, where this line stands "
            "already:",
            settings=news.settings_name,
        )
    elif news.settings_line is not None:
        page.bullet(
            "Relisez les aperçus. Pour donner le départ à toutes les demandes prêtes de ce dossier, mettez dans "
            "« {settings} », à la place de la ligne~{line} :",
            "Read the previews. To let all ready requests of this folder go, put into “{settings}”, in place of "
            "line~{line}:",
            settings=news.settings_name,
            line=news.settings_line,
        )
    else:
        page.bullet(
            "Relisez les aperçus. Pour donner le départ à toutes les demandes prêtes de ce dossier, écrivez dans "
            "« {settings} » :",
            "Read the previews. To let all ready requests of this folder go, write into “{settings}”:",
            settings=news.settings_name,
        )
    page.typed(page.pick(*line))
