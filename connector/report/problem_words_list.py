"""Sentences for what can be wrong with a list of signatories, as a whole or in one row."""

from __future__ import annotations

from typing import Final

from connector.report.wording import Wording

_AS_TEXT = "mettez la colonne au format Texte et saisissez-le de nouveau"
_AS_TEXT_EN = "format the column as text and write it again"

LIST: Final[dict[str, Wording]] = {
    "list_not_workbook": Wording(
        "la liste n’est pas un classeur Excel, malgré son nom",
        "the list is no Excel workbook, whatever its name",
        "ce fichier n’est pas un classeur Excel, malgré son nom. Ouvrez-le, puis enregistrez-le sous « Classeur "
        "Excel (.xlsx) ».",
        "this file is no Excel workbook, whatever its name. Open it, then save it as “Excel workbook (.xlsx)”.",
    ),
    "list_old_format": Wording(
        "la liste est dans un ancien format d’Excel",
        "the list is in an old format of Excel",
        "ce fichier est dans un ancien format d’Excel. Ouvrez-le, puis enregistrez-le sous « Classeur Excel "
        "(.xlsx) ».",
        "this file is in an old format of Excel. Open it, then save it as “Excel workbook (.xlsx)”.",
    ),
    "list_other_format": Wording(
        "« {written} » est à enregistrer au format .xlsx",
        "“{written}” must be saved as .xlsx",
        "« {written} » n’est pas lu sous cette forme. Ouvrez-le, puis enregistrez-le sous « Classeur Excel "
        "(.xlsx) ».",
        "“{written}” is not read in this form. Open it, then save it as “Excel workbook (.xlsx)”.",
    ),
    "list_strict": Wording(
        "la liste est dans la forme « Open XML strict » d’Excel",
        "the list is in Excel’s form “Strict Open XML”",
        "ce classeur est enregistré dans la forme « Open XML strict », qui n’est pas lue. Ouvrez-le, puis "
        "enregistrez-le sous « Classeur Excel (.xlsx) ».",
        "this workbook is saved in the form “Strict Open XML”, which is not read. Open it, then save it as “Excel "
        "workbook (.xlsx)”.",
    ),
    "list_password": Wording(
        "la liste est protégée par un mot de passe",
        "the list is protected by a password",
        "ce fichier est protégé par un mot de passe. Retirez-le (Fichier, Informations), puis enregistrez.",
        "this file is protected by a password. Remove it (File, Info), then save.",
    ),
    "list_damaged": Wording(
        "la liste est incomplète ou abîmée",
        "the list is incomplete or damaged",
        "ce fichier est incomplet ou abîmé. Ouvrez-le et enregistrez-le de nouveau.",
        "this file is incomplete or damaged. Open it and save it again.",
    ),
    "list_swollen": Wording(
        "la liste contient trop de cellules mises en forme",
        "the list holds too many formatted cells",
        "ce classeur contient bien plus de cellules que de lignes utiles. Copiez les lignes utiles dans un "
        "classeur neuf.",
        "this workbook holds far more cells than useful rows. Copy the useful rows into a new workbook.",
    ),
    "list_too_large": Wording(
        "la liste pèse {size_mb}~Mo, le maximum est {limit_mb}~Mo",
        "the list weighs {size_mb}~MB, at most {limit_mb}~MB",
        "ce fichier pèse {size_mb}~Mo ; le maximum est {limit_mb}~Mo. Copiez les lignes utiles dans un classeur "
        "neuf.",
        "this file weighs {size_mb}~MB; at most {limit_mb}~MB are read. Copy the useful rows into a new workbook.",
    ),
    "list_too_many": Wording(
        "la liste compte {count} lignes, le maximum est {limit}",
        "the list has {count} rows, at most {limit}",
        "la liste compte {count} lignes ; le maximum est {limit}. Partagez-la entre plusieurs dossiers.",
        "the list has {count} rows; at most {limit} are read. Divide it among several folders.",
    ),
    "list_no_header": Wording(
        "il manque la ligne de titres dans la liste (document, e-mail)",
        "the line of titles is missing in the list (document, e-mail)",
        "aucune ligne de titres n’a été trouvée. La première ligne porte : document, e-mail, prénom, nom, "
        "téléphone.[[ Seule la première feuille est lue : si la liste est dans une autre ({sheets}), mettez celle-ci "
        "en premier.]]",
        "no line of titles was found. The first line reads: document, e-mail, first name, last name, phone.[[ Only the "
        "first sheet is read: if the list is in another ({sheets}), put that one first.]]",
    ),
    "list_title_garbled": Wording(
        "les accents d’un titre de la liste sont illisibles : « {written} »",
        "the accents of a title of the list cannot be read: “{written}”",
        "les accents sont illisibles dans le titre « {written} », et sans doute dans les noms. Enregistrez la liste au "
        "format « Classeur Excel (.xlsx) ».",
        "the accents cannot be read in the title “{written}”, nor in the names, most likely. Save the list as “Excel "
        "workbook (.xlsx)”.",
    ),
    "list_no_document": Wording(
        "il manque la colonne « document » dans la liste",
        "the column “document” is missing in the list",
        "il manque la colonne « document ». Elle porte, à chaque ligne, le nom du PDF.",
        "the column “document” is missing. It holds the name of the PDF in each row.",
    ),
    "list_column_twice": Wording(
        "la colonne « {written} » figure deux fois dans la liste",
        "the column “{written}” stands twice in the list",
        "les colonnes « {first} » et « {written} » disent la même chose. Pour une deuxième personne, ajoutez 2 au "
        "titre : e-mail~2, prénom~2, nom~2, téléphone~2.",
        "the columns “{first}” and “{written}” say the same. For a second person add 2 to the title: e-mail~2, "
        "first name~2, last name~2, phone~2.",
    ),
    "list_columns_hidden": Wording(
        "des colonnes de la liste sont masquées ({titles})",
        "columns of the list are hidden ({titles})",
        "des colonnes qui contiennent quelque chose sont masquées ({titles}). Une personne ou un texte que personne "
        "ne voit pourrait partir par mégarde : affichez-les, ou supprimez-les.",
        "columns that hold something are hidden ({titles}). A person or a text that nobody sees could be sent by "
        "accident: show them, or delete them.",
    ),
    "list_document_missing": Wording(
        "la colonne « document » est vide",
        "the column “document” is empty",
        "la colonne « document » est vide. Indiquez-y le nom du PDF.",
        "the column “document” is empty. Write the name of the PDF there.",
    ),
    "list_document_twice": Wording(
        "« {document} » figure plusieurs fois dans la liste",
        "“{document}” stands several times in the list",
        "« {document} » figure aussi ligne~{other_line}. Gardez une seule ligne par PDF.",
        "“{document}” stands in line~{other_line} as well. Keep one row for each PDF.",
    ),
    "list_document_ours": Wording(
        "« {document} » n’est pas un document à signer",
        "“{document}” is no document to sign",
        "« {document} » a été déposé automatiquement. Indiquez le nom du document d’origine.",
        "“{document}” was put there automatically. Write the name of the original document.",
    ),
    "list_name_too_long": Wording(
        "le nom du PDF « {document} » est trop long",
        "the name of the PDF “{document}” is too long",
        "le nom du PDF « {document} » est trop long pour ajouter une demande à côté. Raccourcissez-le.",
        "the name of the PDF “{document}” is too long to put a request beside it. Shorten it.",
    ),
    "list_merged": Wording(
        "des cellules sont fusionnées",
        "cells are merged",
        "des cellules sont fusionnées sur cette ligne. Annulez la fusion, puis complétez chaque cellule.",
        "cells are merged on this line. Split them, then fill in each cell.",
    ),
    "list_date": Wording(
        "Excel a fait une date de « {column} »",
        "Excel made a date of “{column}”",
        f"Excel a fait une date de ce qui était saisi dans « {{column}} » ({{written}}) : {_AS_TEXT}.",
        f"Excel made a date of what was written in “{{column}}” ({{written}}): {_AS_TEXT_EN}.",
    ),
    "list_cell_error": Wording(
        "« {column} » affiche {written}",
        "“{column}” shows {written}",
        "« {column} » affiche {written}. Remplacez la formule par ce qu’elle devait donner.",
        "“{column}” shows {written}. Replace the formula by what it should give.",
    ),
    "list_formula": Wording(
        "« {column} » contient une formule sans résultat",
        "“{column}” holds a formula without a result",
        "« {column} » contient une formule dont le résultat n’est pas enregistré. Ouvrez la liste dans Excel, "
        "puis enregistrez-la.",
        "“{column}” holds a formula whose result is not saved. Open the list in Excel, then save it.",
    ),
    "list_cell_long": Wording(
        "le texte de « {column} » est trop long",
        "the text of “{column}” is too long",
        "le texte de « {column} » est trop long pour une demande. Raccourcissez-le.",
        "the text of “{column}” is too long for a request. Shorten it.",
    ),
    "list_not_writable": Wording(
        "un caractère de cette ligne n’est pas lisible",
        "a character of this line cannot be read",
        "un caractère de cette ligne n’est pas lisible. Saisissez-la de nouveau.",
        "a character of this line cannot be read. Write it again.",
    ),
}
