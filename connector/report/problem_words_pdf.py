"""Sentences for what is wrong with a document or an image, what is told of one, and for a file that cannot be read."""

from __future__ import annotations

from typing import Final

from connector.report.wording import Wording


def _of_file(short_fr: str, short_en: str, full_fr: str, full_en: str) -> Wording:
    """Return the four sentences, each beginning with the file's name where it is not the request's own PDF."""
    return Wording(
        "[[« {document} » : ]]" + short_fr,
        "[[“{document}”: ]]" + short_en,
        "[[« {document} » : ]]" + full_fr,
        "[[“{document}”: ]]" + full_en,
    )


PDF: Final[dict[str, Wording]] = {
    "pdf_encrypted": _of_file(
        "le PDF est protégé par un mot de passe",
        "the PDF is protected by a password",
        "le PDF est protégé par un mot de passe. Enregistrez-le sans protection.",
        "the PDF is protected by a password. Save it without protection.",
    ),
    # Whoever only received it cannot save it without protection: that asks for the password of its author.
    "pdf_restricted": _of_file(
        "le PDF est protégé contre les modifications[[!document| ; imprimez-le en PDF]]",
        "the PDF is protected against changes[[!document|; print it to PDF first]]",
        "le PDF est protégé contre les modifications, même s’il s’ouvre sans mot de passe. Imprimez-le en PDF "
        "(« Microsoft Print to PDF »), puis remplacez-le. S’il ne s’imprime pas, demandez une version sans protection.",
        "the PDF is protected against changes, even though it opens without a password. Print it to PDF (“Microsoft "
        "Print to PDF”), then replace it. If it cannot be printed, ask for a version without protection.",
    ),
    "pdf_signed": _of_file(
        "ce PDF porte déjà une signature électronique",
        "this PDF already bears an electronic signature",
        "ce PDF porte déjà une signature électronique. [[Un suivi plus ancien, « {earlier} », se trouvait à côté : si "
        "ce PDF est la version signée de cette demande, il n’y a rien à faire. Sinon, déposez le document d’origine, "
        "sans signature.]][[!earlier|Déposez le document d’origine, sans signature.]]",
        "this PDF already bears an electronic signature. [[An earlier status, “{earlier}”, stood beside it: if this is "
        "the signed document of this request, there is nothing to do. Else put the original document here, not "
        "signed.]][[!earlier|Put the original document here, not signed.]]",
    ),
    "pdf_form_fields": _of_file(
        "le PDF contient des champs à remplir[[!document| ; imprimez-le d’abord en PDF]]",
        "the PDF holds fields to fill in[[!document|; print it to PDF first]]",
        "le PDF contient des champs à remplir. Imprimez-le en PDF (« Microsoft Print to PDF »), puis remplacez-le.",
        "the PDF holds fields to fill in. Print it to PDF (“Microsoft Print to PDF”), then replace it.",
    ),
    "pdf_xfa": _of_file(
        "ce PDF est un formulaire[[!document| ; imprimez-le d’abord en PDF]]",
        "this PDF is a form[[!document|; print it to PDF first]]",
        "ce PDF est un formulaire dont les pages changent à l’affichage. Imprimez-le en PDF, puis remplacez-le.",
        "this PDF is a form whose pages change as it is shown. Print it to PDF, then replace it.",
    ),
    "pdf_active": _of_file(
        "le PDF contient un script ou une vidéo[[!document| ; imprimez-le en PDF]]",
        "the PDF holds a script or a video[[!document|; print it to PDF first]]",
        "le PDF contient un script, un programme, un son ou une vidéo : il pourrait montrer autre chose que ce qui "
        "est signé. Imprimez-le en PDF (« Microsoft Print to PDF »), puis remplacez-le.",
        "the PDF holds a script, a program, sound or video: it might show something else than what is signed. "
        "Print it to PDF (“Microsoft Print to PDF”), then replace it.",
    ),
    "pdf_portfolio": _of_file(
        "ce PDF est un porte-documents[[!document| ; déposez ses fichiers un par un]]",
        "this PDF is a portfolio[[!document|; put its files here one by one]]",
        "ce PDF est un porte-documents : ses fichiers sont joints, ses pages ne les montrent pas. Enregistrez chaque "
        "fichier en PDF et déposez celui qui est à signer.",
        "this PDF is a portfolio: its files are attached, its pages do not show them. Save each file as a PDF and "
        "put here the one to be signed.",
    ),
    "pdf_too_large": _of_file(
        "le PDF pèse {size_mb}~Mo[[!document| ; Jesignexpert accepte moins de {limit_mb}~Mo]]",
        "the PDF weighs {size_mb}~MB[[!document|; Jesignexpert takes less than {limit_mb}~MB]]",
        "le PDF pèse {size_mb}~Mo ; Jesignexpert accepte moins de {limit_mb}~Mo. Réduisez-le ou numérisez-le "
        "moins finement.",
        "the PDF weighs {size_mb}~MB; Jesignexpert takes less than {limit_mb}~MB. Reduce it, or scan it with "
        "less detail.",
    ),
    "pdf_empty": _of_file(
        "le PDF est vide",
        "the PDF is empty",
        "le PDF est vide. Attendez la fin de la synchronisation, ou déposez-le de nouveau.",
        "the PDF is empty. Wait for the synchronisation to end, or put it here again.",
    ),
    "pdf_unreadable": _of_file(
        "le PDF est abîmé et ne peut pas être lu",
        "the PDF is damaged and cannot be read",
        "le PDF est abîmé et ne peut pas être lu. Enregistrez-le de nouveau depuis votre logiciel.",
        "the PDF is damaged and cannot be read. Save it again from your software.",
    ),
    "pdf_not_pdf": _of_file(
        "ce fichier n’est pas un PDF, malgré son nom",
        "this file is not a PDF, whatever its name",
        "ce fichier n’est pas un PDF, malgré son nom. Enregistrez le document au format PDF.",
        "this file is not a PDF, whatever its name. Save the document as a PDF.",
    ),
    "pdf_too_slow": _of_file(
        "le PDF est trop complexe pour être lu",
        "the PDF is too complex to be read",
        "le PDF est trop complexe pour être lu. Imprimez-le en PDF, puis remplacez-le.",
        "the PDF is too complex to be read. Print it to PDF, then replace it.",
    ),
    "pdf_name_too_long": _of_file(
        "le nom du PDF est trop long[[!document| ; raccourcissez-le]]",
        "the PDF’s name is too long[[!document|; shorten it]]",
        "le nom du PDF est trop long : Nextcloud refuserait d’y remettre la version signée. Raccourcissez-le.",
        "the PDF’s name is too long: Nextcloud would refuse to take the signed version back. Shorten it.",
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

PDF_TOLD: Final[dict[str, Wording]] = {
    "pdf_attachments": _of_file(
        "le PDF contient des fichiers joints ({count})",
        "the PDF holds attached files ({count})",
        "le PDF contient des fichiers joints ({count}), que ses pages ne montrent pas. Ils partent avec lui ; "
        "retirez-les s’ils ne sont pas destinés aux signataires.",
        "the PDF holds attached files ({count}), which its pages do not show. They leave with it; remove them "
        "if they are not meant for the signatories.",
    ),
    "pdf_remarks": _of_file(
        "le PDF contient des commentaires ({count})",
        "the PDF holds comments ({count})",
        "le PDF contient des commentaires ou des passages marqués ({count}). Ils partent avec lui ; retirez-les "
        "s’ils ne sont pas destinés aux signataires.",
        "the PDF holds comments or marked passages ({count}). They leave with it; remove them if they are not "
        "meant for the signatories.",
    ),
    "pdf_layers": _of_file(
        "une partie du PDF est masquée à l’affichage",
        "a part of the PDF is hidden when it is shown",
        "une partie du PDF est masquée à l’écran ou à l’impression (calques). Vérifiez l’aperçu ; pour fixer ce qui "
        "est montré, imprimez le PDF en PDF.",
        "a part of the PDF is hidden on screen or on paper (layers). Check the preview; to settle what is shown, "
        "print the PDF to PDF.",
    ),
}

IMAGES: Final[dict[str, Wording]] = {
    "image_empty": _of_file(
        "l’image est vide",
        "the image is empty",
        "l’image est vide. Attendez la fin de la synchronisation, ou déposez-la de nouveau.",
        "the image is empty. Wait for the synchronisation to end, or put it here again.",
    ),
    "image_not_image": _of_file(
        "ce fichier n’est pas une image, malgré son nom",
        "this file is not an image, whatever its name",
        "ce fichier n’est pas une image JPEG, PNG, TIFF ou HEIC, malgré son nom. Enregistrez-le en PDF, ou dans l’un "
        "de ces formats.",
        "this file is not a JPEG, PNG, TIFF or HEIC image, whatever its name. Save it as a PDF, or in one of these "
        "formats.",
    ),
    "image_unreadable": _of_file(
        "l’image est abîmée et ne peut pas être lue",
        "the image is damaged and cannot be read",
        "l’image est abîmée et ne peut pas être lue. Déposez-la de nouveau, ou enregistrez-la en PDF.",
        "the image is damaged and cannot be read. Put it here again, or save it as a PDF.",
    ),
    "image_too_large": _of_file(
        "l’image est trop grande pour devenir un PDF",
        "the image is too large to become a PDF",
        "l’image est trop grande pour devenir un PDF que Jesignexpert accepte. Réduisez-la, ou enregistrez-la en PDF.",
        "the image is too large to become a PDF that Jesignexpert takes. Reduce it, or save it as a PDF.",
    ),
    "image_too_many_pages": _of_file(
        "l’image compte trop de pages pour devenir un PDF",
        "the image has too many pages to become a PDF",
        "l’image compte trop de pages pour devenir un PDF. Enregistrez-la en PDF, au besoin en plusieurs fichiers.",
        "the image has too many pages to become a PDF. Save it as a PDF, as several files if need be.",
    ),
    "image_animated": _of_file(
        "ce fichier contient plusieurs images ({count})",
        "this file holds several pictures ({count})",
        "ce fichier contient plusieurs images ({count}) ; une seule est envoyée. Vérifiez l’aperçu, et déposez les "
        "autres à part si elles comptent.",
        "this file holds several pictures ({count}); one only is sent. Check the preview, and put the others here "
        "by themselves if they matter.",
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
    "yaml_indent": Wording(
        "cette ligne n’est pas bien en retrait",
        "this line is not indented as it should be",
        "cette ligne n’est pas en retrait comme la ligne~{above}. Alignez les deux. Si elle continue un texte, mettez "
        'le texte entier entre guillemets droits (").',
        "this line is not indented as line~{above} is. Align the two. If it goes on with a text, put the whole text "
        'between straight quotes (").',
    ),
    "yaml_no_blank": Wording(
        "il manque un espace après les deux-points",
        "a space is missing after the colon",
        "il manque un espace après les deux-points de « {key} ». Ajoutez-le.",
        "a space is missing after the colon of “{key}”. Add it.",
    ),
    "yaml_blank": Wording(
        "un espace qui n’en est pas un",
        "a space that is none",
        "un espace d’une autre sorte ({character}) se trouve sur cette ligne. Remplacez-le par un espace ordinaire.",
        "a space of another kind ({character}) stands on this line. Replace it by an ordinary space.",
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
