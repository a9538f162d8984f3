"""Texts of requests of which somebody has a file open: they wait for it to be closed."""

from __future__ import annotations

from connector.report import words
from connector.report.facts import Case


def waiting(case: Case) -> None:
    """It leaves once that is closed: what it rests on, or the request itself."""
    if case.context.wait_file:
        _rests_on_it(case)
    else:
        _itself(case)


def _rests_on_it(case: Case) -> None:
    page, file = case.page, case.context.wait_file
    page.first(
        words.WAITING,
        "« {file} » est ouvert par quelqu’un ; départ à sa fermeture",
        "“{file}” is open somewhere; it leaves once that is closed",
        file=file,
    )
    page.para(
        "Quelqu’un écrit peut-être encore dans « {file} » : l’éditeur de Nextcloud enregistre de lui-même pendant "
        "la frappe. Rien n’est parti.",
        "Somebody may still be writing in “{file}”: Nextcloud’s editor saves by itself while one types. Nothing "
        "has been sent.",
        file=file,
    )
    page.what_to_do()
    page.bullet(
        "Tout est écrit ? Fermez « {file} » partout où il est ouvert : la demande est alors relue et part "
        "d’elle-même si tout est juste.",
        "All is written? Close “{file}” wherever it is open: the request is then read again and leaves by itself "
        "if all is right.",
        file=file,
    )


def _itself(case: Case) -> None:
    page = case.page
    page.first(
        words.WAITING,
        "la demande est ouverte ou verrouillée ; elle partira une fois fermée",
        "the request is open or locked; it will leave once it is closed",
    )
    page.para(
        "Quelqu’un écrit peut-être encore dans « {file} » : l’éditeur de Nextcloud enregistre de lui-même pendant la "
        "frappe. Rien n’est parti.",
        "Somebody may still be writing in “{file}”: Nextcloud’s editor saves by itself while one types. Nothing has "
        "been sent.",
        file=case.request_file,
    )
    page.what_to_do()
    page.bullet(
        "Tout est écrit ? Fermez « {file} » partout où elle est ouverte ; si elle est verrouillée, déverrouillez-la "
        "(menu du fichier). La demande est alors relue et part d’elle-même si tout est juste.",
        "All is written? Close “{file}” wherever it is open; if it is locked, unlock it (menu of the file). The "
        "request is then read again and leaves by itself if all is right.",
        file=case.request_file,
    )
