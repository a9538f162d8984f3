"""What is written where it has no effect, as an overview tells it: nothing else would.

Orders in settings, files that are not read under their name, drop folders that are not there (ux page section 2.6).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from connector.report.columns import one_line
from connector.report.page import Page
from connector.report.typography import Words

MOST_MISNAMED: Final = 5


@dataclass(frozen=True, kw_only=True)
class StrayOrder:
    """An order that stands in a settings file, which gives none."""

    file: str
    written: str


@dataclass(frozen=True, kw_only=True)
class Misnamed:
    """A file that was meant as a request, as settings or as a list, and is not read under its name."""

    file: str
    right: str
    """The name under which it would be."""
    beside: str = ""
    """The settings of its folder, which are read."""
    of_a_writer: bool = False
    """It is no text, whatever it is called."""
    of_another_table: bool = False
    """It is a list in a form that is not read, whatever it is called."""


@dataclass(frozen=True, kw_only=True)
class StrayDrop:
    """A drop folder that settings name, and that is not there."""

    file: str
    folder: str


@dataclass(frozen=True, kw_only=True)
class Strays:
    """All of it that one overview tells."""

    orders: Sequence[StrayOrder] = ()
    """Told here alone where nothing waits for those settings: what is out is not judged by them again."""
    misnamed: Sequence[Misnamed] = ()
    drops: Sequence[StrayDrop] = ()
    """Told here alone: nothing that is dropped elsewhere is asked for, and so has no status."""


def tell(page: Page, found: Strays) -> None:
    """Write a paragraph for each, of files under another name for the first ``MOST_MISNAMED``."""
    _orders(page, found)
    _misnamed(page, found)
    _drops(page, found)


def _orders(page: Page, found: Strays) -> None:
    for one in found.orders:
        page.para(
            "« action: {order} » dans « {file} » n’a pas été suivi : une consigne s’écrit dans la demande qu’elle "
            "vise. Retirez cette ligne de « {file} ».",
            "“action: {order}” in “{file}” was not obeyed: an order is written into the request that it is for. "
            "Remove that line from “{file}”.",
            order=one_line(one.written),
            file=one_line(one.file),
        )


def _misnamed(page: Page, found: Strays) -> None:
    for one in found.misnamed[:MOST_MISNAMED]:
        if one.beside:
            page.para(
                "« {file} » n’est pas lu : les réglages de ce dossier sont dans « {beside} ». Reportez-y ce qui "
                "manque, puis supprimez « {file} ».",
                "“{file}” is not read: the settings of its folder are in “{beside}”. Put there what is missing, then "
                "delete “{file}”.",
                file=one_line(one.file),
                beside=one_line(one.beside),
            )
        elif one.of_a_writer:
            page.para(
                "« {file} » n’est pas lu : ce n’est pas un fichier texte. Copiez son texte dans un fichier "
                "« {right} », fait avec le Bloc-notes ; s’il sert à autre chose, donnez-lui un tout autre nom.",
                "“{file}” is not read: it is no text file. Copy its text into a file “{right}”, made with Notepad; if "
                "it serves another purpose, give it quite another name.",
                file=one_line(one.file),
                right=one_line(one.right),
            )
        elif one.of_another_table:
            page.para(
                "« {file} » n’est pas lu : enregistrez-le comme classeur Excel, sous le nom « {right} » ; s’il sert à "
                "autre chose, donnez-lui un tout autre nom.",
                "“{file}” is not read: save it as an Excel workbook of the name “{right}”; if it serves another "
                "purpose, give it quite another name.",
                file=one_line(one.file),
                right=one_line(one.right),
            )
        else:
            page.para(
                "« {file} » n’est pas lu sous ce nom : renommez-le « {right} » ; s’il sert à autre chose, "
                "donnez-lui un tout autre nom.",
                "“{file}” is not read under this name: rename it “{right}”; if it serves another purpose, give "
                "it quite another name.",
                file=one_line(one.file),
                right=one_line(one.right),
            )
    if (left := len(found.misnamed) - MOST_MISNAMED) > 0:
        page.para(
            "… et {n} autre fichier qui n’est pas lu sous son nom."
            if left == 1
            else "… et {n} autres fichiers qui ne sont pas lus sous leur nom.",
            "… and {n} more that is not read under its name."
            if left == 1
            else "… and {n} more that are not read under their names.",
            n=Words(str(left)),
        )


def _drops(page: Page, found: Strays) -> None:
    for one in found.drops:
        page.para(
            "« dépôt: {folder} » dans « {file} » ne désigne aucun dossier : rien n’est fait des PDF qui y seraient "
            "déposés. Écrivez le nom, sans chemin, d’un dossier placé sous celui de « {file} ».",
            "“drop: {folder}” in “{file}” names no folder: nothing is done with PDFs that are dropped for it. Write "
            "the name, without a path, of a folder below that of “{file}”.",
            folder=one_line(one.folder),
            file=one_line(one.file),
        )
