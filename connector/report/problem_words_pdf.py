"""Sentences for what can be wrong with the document itself, and with a file that cannot be read at all."""

from __future__ import annotations

from typing import Final

from connector.report.wording import Wording

PDF: Final[dict[str, Wording]] = {
    "pdf_encrypted": Wording(
        "le PDF est protégé par un mot de passe",
        "the PDF is protected by a password",
        "le PDF est protégé par un mot de passe. Enregistrez-le sans protection.",
        "the PDF is protected by a password. Save it without protection.",
    ),
    "pdf_signed": Wording(
        "ce PDF porte déjà une signature électronique",
        "this PDF already bears an electronic signature",
        "ce PDF porte déjà une signature électronique. Déposez le document d’origine, sans signature.",
        "this PDF already bears an electronic signature. Put the original document here, not signed.",
    ),
    "pdf_form_fields": Wording(
        "le PDF contient des champs à remplir ; imprimez-le d’abord en PDF",
        "the PDF holds fields to fill in; print it to PDF first",
        "le PDF contient des champs à remplir. Imprimez-le en PDF (« Microsoft Print to PDF »), puis remplacez-le.",
        "the PDF holds fields to fill in. Print it to PDF (“Microsoft Print to PDF”), then replace it.",
    ),
    "pdf_xfa": Wording(
        "ce PDF est un formulaire ; imprimez-le d’abord en PDF",
        "this PDF is a form; print it to PDF first",
        "ce PDF est un formulaire dont les pages changent à l’affichage. Imprimez-le en PDF, puis remplacez-le.",
        "this PDF is a form whose pages change as it is shown. Print it to PDF, then replace it.",
    ),
    "pdf_too_large": Wording(
        "le PDF pèse {size_mb}~Mo ; Jesignexpert accepte moins de {limit_mb}~Mo",
        "the PDF weighs {size_mb}~MB; Jesignexpert takes less than {limit_mb}~MB",
        "le PDF pèse {size_mb}~Mo ; Jesignexpert accepte moins de {limit_mb}~Mo. Réduisez-le ou numérisez-le "
        "moins finement.",
        "the PDF weighs {size_mb}~MB; Jesignexpert takes less than {limit_mb}~MB. Reduce it, or scan it with "
        "less detail.",
    ),
    "pdf_empty": Wording(
        "le PDF est vide",
        "the PDF is empty",
        "le PDF est vide. Attendez la fin de la synchronisation, ou déposez-le de nouveau.",
        "the PDF is empty. Wait for the synchronisation to end, or put it here again.",
    ),
    "pdf_unreadable": Wording(
        "le PDF est abîmé et ne peut pas être lu",
        "the PDF is damaged and cannot be read",
        "le PDF est abîmé et ne peut pas être lu. Enregistrez-le de nouveau depuis votre logiciel.",
        "the PDF is damaged and cannot be read. Save it again from your software.",
    ),
    "pdf_not_pdf": Wording(
        "ce fichier n’est pas un PDF, malgré son nom",
        "this file is not a PDF, whatever its name",
        "ce fichier n’est pas un PDF, malgré son nom. Enregistrez le document au format PDF.",
        "this file is not a PDF, whatever its name. Save the document as a PDF.",
    ),
    "pdf_too_slow": Wording(
        "le PDF est trop complexe pour être lu",
        "the PDF is too complex to be read",
        "le PDF est trop complexe pour être lu. Imprimez-le en PDF, puis remplacez-le.",
        "the PDF is too complex to be read. Print it to PDF, then replace it.",
    ),
    "pdf_name_ambiguous": Wording(
        "deux PDF répondent à cette demande",
        "two PDFs answer to this request",
        "deux PDF répondent à cette demande ({names}). Renommez celui qui n’est pas à signer.",
        "two PDFs answer to this request ({names}). Rename the one that is not to be signed.",
    ),
    "document_unreadable": Wording(
        "le document n’a pas pu être lu",
        "the document could not be read",
        "le document n’a pas pu être lu. Déposez-le de nouveau.",
        "the document could not be read. Put it here again.",
    ),
}

FILE: Final[dict[str, Wording]] = {
    "yaml_syntax": Wording(
        "cette ligne ne se lit pas",
        "this line cannot be read",
        "cette ligne, ou celle d’avant, ne se lit pas. Comparez avec un modèle du dossier « Modèles de signature ».",
        "this line, or the one above, cannot be read. Compare it with a model of the folder “Modèles de signature”.",
    ),
    "yaml_colon": Wording(
        "un « : » de trop dans un texte",
        "one “:” too many in a text",
        'un texte contient « : » suivi d’un espace. Mettez le texte entier entre guillemets droits (").',
        'a text holds “:” and a space. Put the whole text between straight quotes (").',
    ),
    "yaml_quote": Wording(
        "un guillemet n’est jamais refermé",
        "a quote is never closed",
        "le guillemet ouvert ici n’est jamais refermé. Fermez-le, ou retirez-le.",
        "the quote opened here is never closed. Close it, or remove it.",
    ),
    "yaml_tab": Wording(
        "une tabulation au lieu d’espaces",
        "a tab instead of spaces",
        "la ligne commence par une tabulation. Remplacez-la par deux espaces.",
        "the line begins with a tab. Replace it by two spaces.",
    ),
    "yaml_duplicate_key": Wording(
        "« {key} » est écrit deux fois",
        "“{key}” is written twice",
        "« {key} » est déjà écrit ligne~{first_line}. Gardez une seule des deux lignes.",
        "“{key}” already stands on line~{first_line}. Keep one of the two lines.",
    ),
    "yaml_key": Wording(
        "cette ligne ne se lit pas",
        "this line cannot be read",
        "la ligne commence par une accolade ou un crochet. Écrivez un mot prévu, puis deux-points.",
        "the line begins with a brace or a bracket. Write a known word, then a colon.",
    ),
    "yaml_too_large": Wording(
        "le fichier est trop long pour une demande",
        "the file is too long for a request",
        "le fichier est trop long pour une demande de signature. Gardez-y les lignes de la demande.",
        "the file is too long for a signature request. Keep the lines of the request only.",
    ),
    "yaml_too_deep": Wording(
        "trop de retraits l’un dans l’autre",
        "too many indents inside each other",
        "il y a plus de {limit} retraits l’un dans l’autre. Recommencez d’après un modèle.",
        "there are more than {limit} indents inside each other. Begin again from a model.",
    ),
    "yaml_alias": Wording(
        "« {name} » n’est pas prévu ici",
        "“{name}” is not foreseen here",
        '« {name} » n’est pas prévu ici. Mettez ce texte entre guillemets droits (").',
        '“{name}” is not foreseen here. Put this text between straight quotes (").',
    ),
    "yaml_tag": Wording(
        "« {tag} » n’est pas prévu ici",
        "“{tag}” is not foreseen here",
        '« {tag} » n’est pas prévu ici. Mettez ce texte entre guillemets droits (").',
        '“{tag}” is not foreseen here. Put this text between straight quotes (").',
    ),
    "yaml_directive": Wording(
        "« {directive} » n’est pas prévu ici",
        "“{directive}” is not foreseen here",
        "« {directive} » n’est pas prévu ici. Retirez cette ligne.",
        "“{directive}” is not foreseen here. Remove this line.",
    ),
    "yaml_documents": Wording(
        "« --- » sépare le fichier en deux",
        "“---” splits the file in two",
        "« --- » sépare le fichier en deux. Retirez cette ligne et ce qui la suit.",
        "“---” splits the file in two. Remove this line and what follows.",
    ),
    "yaml_character": Wording(
        "un caractère illisible dans le fichier",
        "a character that cannot be read",
        "un caractère illisible ({character}) se trouve sur cette ligne. Écrivez-la de nouveau.",
        "a character that cannot be read ({character}) stands on this line. Write it again.",
    ),
}
