"""What became of the rows of a list, ``_signataires.signature.txt`` (ux page sections 1.2 and 2.1).

The same news always give the same text. Counts only, never what moves by itself: the file is written again when a
row, a PDF or the list changes, not whenever one of forty letters takes a step.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

from connector.report import words
from connector.report.list_news import ListNews
from connector.report.list_rows import of_the_list, rows
from connector.report.page import Page
from connector.report.problems import in_body, in_first_line
from connector.report.status import StatusText, foot
from connector.report.typography import Language, Words


def render_list(news: ListNews, *, zone: ZoneInfo, language: Language, support: str) -> StatusText:
    """Tell what became of a list."""
    page = Page(language, zone)
    _first(page, news)
    if news.there_before:
        _there_before(page, news)
    elif news.faults:
        _faults(page, news)
    elif news.hidden:
        _hidden(page, news)
    else:
        rows(page, news, support)
    return StatusText(
        state=page.state,
        first_line=page.first_line,
        body=tuple(page.body()),
        foot=tuple(foot("", zone, language)),
    )


def _first(page: Page, news: ListNews) -> None:
    """The first that is true of what stops everything, what is wrong, what waits, what is ready."""
    bad = len({problem.line for problem in news.problems})
    if news.there_before:
        page.first(
            words.TO_CHECK,
            "cette liste était là avant la mise en service ; rien n’est préparé",
            "this list was there before the service began; nothing is prepared",
        )
    elif news.faults:
        sentence, values = in_first_line(news.faults[0], page.language)
        page.first(words.TO_CORRECT, sentence, sentence, **values)
    elif news.hidden:
        one_fr, one_en = (
            "{n} ligne masquée : affichez-la ou supprimez-la",
            "{n} hidden row: show or delete it",
        )
        more_fr, more_en = (
            "{n} lignes masquées : affichez-les ou supprimez-les",
            "{n} hidden rows: show or delete them",
        )
        _counted(page, words.WAITING, news.hidden, (one_fr, one_en), (more_fr, more_en))
    elif bad:
        _counted(
            page,
            words.TO_CORRECT,
            bad,
            ("{n} ligne sur {total} à corriger dans « {file} »", "{n} row of {total} to correct in “{file}”"),
            (
                "{n} lignes sur {total} à corriger dans « {file} »",
                "{n} rows of {total} to correct in “{file}”",
            ),
            total=news.total,
            file=news.file,
        )
    elif news.rowless:
        _counted(
            page,
            words.TO_CHECK,
            len(news.rowless),
            ("{n} demande prête sans ligne dans « {file} »", "{n} request ready without a row in “{file}”"),
            (
                "{n} demandes prêtes sans ligne dans « {file} »",
                "{n} requests ready without a row in “{file}”",
            ),
            file=news.file,
        )
    elif not news.total:
        page.first(
            words.WAITING,
            "« {file} » ne contient encore aucune ligne",
            "“{file}” holds no row yet",
            file=news.file,
        )
    elif news.pending:
        page.first(
            words.WAITING,
            "{made} demandes préparées sur {total} ; la suite arrive d’elle-même",
            "{made} of {total} requests prepared; the rest comes by itself",
            made=Words(str(news.made)),
            total=Words(str(news.total)),
        )
    elif news.missing:
        _counted(
            page,
            words.WAITING_PDF,
            len(news.missing),
            ("{n} ligne sur {total} attend son PDF", "{n} row of {total} waits for its PDF"),
            ("{n} lignes sur {total} attendent leur PDF", "{n} rows of {total} wait for their PDF"),
            total=news.total,
        )
    elif news.care:
        _counted(
            page,
            words.TO_CORRECT if news.to_correct else words.TO_CHECK,
            len(news.care),
            (
                "{n} demande sur {total} à voir dans son propre suivi",
                "{n} request of {total}: see its own status",
            ),
            (
                "{n} demandes sur {total} à voir dans leur propre suivi",
                "{n} requests of {total}: see their own status",
            ),
            total=news.total,
        )
    else:
        _first_of_made(page, news)


def _counted(
    page: Page, state: tuple[str, str], n: int, one: tuple[str, str], more: tuple[str, str], **values: object
) -> None:
    french, english = one if n == 1 else more
    ready = {name: Words(str(value)) if isinstance(value, int) else value for name, value in values.items()}
    page.first(state, french, english, n=Words(str(n)), **ready)


def _first_of_made(page: Page, news: ListNews) -> None:
    made, n = news.made, Words(str(news.made))
    if not made:
        page.first(
            words.CANCELLED,
            "les demandes de cette liste ont été supprimées, rien n’est parti",
            "the requests of this list were deleted, nothing has been sent",
        )
    elif not news.left and not news.elsewhere:
        one = ("{n} demande préparée, rien n’est parti", "{n} request prepared, nothing has been sent")
        more = ("{n} demandes préparées, rien n’est parti", "{n} requests prepared, nothing has been sent")
        _counted(page, words.READY, made, one, more)
    elif news.filed and news.ended < made:
        one = (
            "{n} demande sur {total} signée et rangée ; le suivi des autres est à côté du PDF",
            "{n} request of {total} signed and filed; the others’ status is beside the PDF",
        )
        more = (
            "{n} demandes sur {total} signées et rangées ; le suivi des autres est à côté du PDF",
            "{n} requests of {total} signed and filed; the others’ status is beside the PDF",
        )
        _counted(page, words.IN_PROGRESS, news.filed, one, more, total=made)
    elif news.ended < made or news.elsewhere:
        one = ("{n} demande ; son suivi est à côté du PDF", "{n} request; its status is beside the PDF")
        more = (
            "{n} demandes ; leur suivi est à côté des PDF",
            "{n} requests; their status is beside the PDFs",
        )
        _counted(page, words.IN_PROGRESS if news.left else words.READY, made, one, more)
    elif news.signed:
        page.first(
            words.SIGNED,
            "{signed} sur {n} ; toutes les demandes de cette liste sont terminées",
            "{signed} of {n}; all requests of this list are over",
            signed=Words(str(news.signed)),
            n=n,
        )
    else:
        page.first(
            words.CANCELLED,
            "les demandes de cette liste sont terminées, sans document signé",
            "the requests of this list are over, without a signed document",
        )


def _there_before(page: Page, news: ListNews) -> None:
    page.para(
        "« {file} » se trouvait déjà dans ce dossier quand le suivi a commencé. Pour ne rien refaire de ce qui a "
        "peut-être déjà été signé, aucune demande n’est préparée d’après cette liste.",
        "“{file}” was in this folder already when the service began. So that nothing is done again that was perhaps "
        "signed long ago, no request is prepared from this list.",
        file=news.file,
    )
    page.what_to_do()
    page.bullet(
        "Cette liste doit servir ? Ouvrez-la, vérifiez-la, enregistrez-la : elle est lue aussitôt.",
        "Is this list to be used? Open it, check it, save it: it is read at once.",
    )
    page.bullet("Sinon, il n’y a rien à faire.", "Else there is nothing to do.")


def _faults(page: Page, news: ListNews) -> None:
    page.para(
        "Aucune ligne de cette liste n’est lue tant que ce point n’est pas réglé."
        + (" Les demandes déjà préparées ne changent pas." if news.made else ""),
        "No row of this list is read before this is settled."
        + (" Requests that are prepared already do not change." if news.made else ""),
    )
    page.section()
    for number, problem in enumerate(news.faults, start=1):
        page.item(number, in_body(of_the_list(problem), page.language))
    page.what_to_do()
    page.bullet(
        "Corrigez « {file} », puis enregistrez : la liste est relue aussitôt.",
        "Correct “{file}”, then save: the list is read again at once.",
        file=news.file,
    )


def _hidden(page: Page, news: ListNews) -> None:
    page.para(
        "Des lignes de « {file} » sont masquées, par un filtre ou à la main. Une ligne que personne ne voit pourrait "
        "partir par mégarde : toute la liste attend.",
        "Rows of “{file}” are hidden, by a filter or by hand. A row that nobody sees could be sent by accident: the "
        "whole list waits.",
        file=news.file,
    )
    page.what_to_do()
    page.bullet(
        "Affichez toutes les lignes (Données, Effacer le filtre), ou supprimez celles qui ne servent plus, puis "
        "enregistrez : la liste est relue aussitôt.",
        "Show all rows (Data, Clear the filter), or delete those of no use, then save: the list is read again at "
        "once.",
    )
