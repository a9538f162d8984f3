"""Sentences for what can be wrong with a request's own lines."""

from __future__ import annotations

from typing import Final

from connector.report.wording import Wording

_NEAR = "[[ Vouliez-vous dire « {nearest} » ?]]"
_NEAR_EN = "[[ Did you mean “{nearest}”?]]"

REQUEST: Final[dict[str, Wording]] = {
    "settings_empty": Wording(
        "les réglages du dossier sont vides",
        "the folder’s settings are empty",
        "le fichier est vide ; il n’a peut-être été enregistré qu’à moitié. Enregistrez-le de nouveau, ou "
        "supprimez-le.",
        "the file is empty; perhaps it was only half saved. Save it again, or delete it.",
    ),
    "sidecar_empty": Wording(
        "la demande est vide",
        "the request is empty",
        "le fichier est vide. Écrivez au moins l’e-mail d’un signataire.",
        "the file is empty. Write at least the e-mail of one signatory.",
    ),
    "sidecar_html": Wording(
        "ce fichier est une page web, pas une demande",
        "this file is a web page, not a request",
        "ce fichier est une page web enregistrée sous ce nom. Recommencez d’après un modèle.",
        "this file is a web page saved under this name. Begin again from a model.",
    ),
    "sidecar_not_text": Wording(
        "ce n’est pas un fichier texte",
        "this is no text file",
        "ce n’est pas un fichier texte ; il a été fait avec Word, par exemple, et son nom n’y change rien. "
        "Copiez son texte dans un fichier du même nom, fait avec le Bloc-notes.",
        "this is no text file; it was made with Word, for instance, and its name does not change that. Copy its "
        "text into a file of the same name, made with Notepad.",
    ),
    "sidecar_too_large": Wording(
        "le fichier pèse {size_mb}~Mo, trop pour une demande",
        "the file weighs {size_mb}~MB, too much for a request",
        "le fichier pèse {size_mb}~Mo ; une demande en pèse moins de {limit_mb}. Est-ce le bon fichier ?",
        "the file weighs {size_mb}~MB; a request weighs less than {limit_mb}. Is it the right file?",
    ),
    "sidecar_not_understood": Wording(
        "aucune demande ne se lit dans ce fichier",
        "no request can be read from this file",
        "aucune demande ne se lit ici (« {written} »). Recommencez d’après un modèle.",
        "no request can be read here (“{written}”). Begin again from a model.",
    ),
    "mail_signature": Wording(
        "une fin d’e-mail est collée sous la demande",
        "the end of an e-mail is pasted below the request",
        "la fin d’un e-mail est collée ici (« {written} »). Retirez ces lignes.",
        "the end of an e-mail is pasted here (“{written}”). Remove these lines.",
    ),
    "two_people_no_dash": Wording(
        "deux personnes : mettez un tiret devant chacune",
        "two people: put a dash before each",
        "« {key} » est écrit deux fois : s’il y a deux personnes, mettez un tiret devant chacune.",
        "“{key}” is written twice: if there are two people, put a dash before each.",
    ),
    "people_numbered": Wording(
        "« {written} » : les signataires n’ont pas de numéro",
        "“{written}”: signatories have no number",
        "« {written} » : les signataires n’ont pas de numéro. Écrivez une seule fois « signataires: », puis chaque "
        "personne sur sa propre ligne, avec un tiret devant.",
        "“{written}”: signatories have no number. Write “signatories:” once, then each person on a line of their "
        "own, with a dash before it.",
    ),
    "two_people_in_one": Wording(
        "deux personnes : mettez un tiret devant chacune",
        "two people: put a dash before each",
        "deux personnes se lisent ici comme une seule. Écrivez chacune sur sa propre ligne, avec un tiret devant et "
        "sans numéro.",
        "two people are read as one here. Write each on a line of its own, with a dash before it and without a number.",
    ),
    "unknown_key": Wording(
        "« {written} » n’est pas un mot prévu",
        "“{written}” is not a known word",
        f"« {{written}} » n’est pas un mot prévu.{_NEAR}",
        f"“{{written}}” is not a known word.{_NEAR_EN}",
    ),
    "key_misplaced": Wording(
        "« {key} » n’est pas à sa place",
        "“{key}” is not in its place",
        "« {key} » n’est pas à sa place : les lignes d’un signataire se mettent en retrait sous lui, les autres au "
        "bord.",
        "“{key}” is not in its place: the lines of a signatory are indented below it, the others stand at the edge.",
    ),
    "order_of_one": Wording(
        "l’ordre de signature est celui des lignes ; retirez « {key} »",
        "people sign in the order of the lines; remove “{key}”",
        "« {key} » ne se dit pas pour un signataire : on signe dans l’ordre des lignes. Mettez les signataires dans "
        "l’ordre voulu, et retirez « {key} ».",
        "“{key}” is not said of one signatory: people sign in the order of the lines. Put the signatories in the order "
        "you want, and remove “{key}”.",
    ),
    "keys_below_line": Wording(
        "« {key} » se met sous une personne écrite sur plusieurs lignes",
        "“{key}” goes below a person written on several lines",
        "« {key} » ne s’ajoute pas à une personne écrite sur une seule ligne. Écrivez-la sur plusieurs lignes, l’une "
        "sous l’autre : « - email: », puis en retrait « prénom: », « nom: », « téléphone: » et « {key}: ».",
        "“{key}” cannot be added to a person written on one line. Write that person on several lines, one below the "
        "other: “- email:”, then indented “first_name:”, “last_name:”, “phone:” and “{key}:”.",
    ),
    "colon_missing": Wording(
        "il manque les deux-points après « {key} »",
        "a colon is missing behind “{key}”",
        "il manque les deux-points après « {key} ». Écrivez « {key}: », puis la suite. Si cette ligne continue un "
        'texte, mettez le texte entier entre guillemets droits (").',
        "a colon is missing behind “{key}”. Write “{key}:”, then the rest. If this line goes on with a text, put the "
        'whole text between straight quotes (").',
    ),
    "key_twice": Wording(
        "« {written} » et « {first} » disent la même chose",
        "“{written}” and “{first}” say the same",
        "« {written} » dit la même chose que « {first} », ligne~{first_line}. Gardez une seule des deux lignes.",
        "“{written}” says the same as “{first}”, line~{first_line}. Keep one of the two lines.",
    ),
    "key_only_in_settings": Wording(
        "« {key} » s’écrit dans les réglages du dossier",
        "“{key}” belongs into the folder’s settings",
        "« {key} » s’écrit dans « _signature.yaml », les réglages du dossier, et non dans une demande.",
        "“{key}” belongs into “_signature.yaml”, the folder’s settings, not into a request.",
    ),
    "action_in_settings": Wording(
        "« {written} » ne peut pas être dans les réglages",
        "“{written}” cannot stand in the settings",
        "« {written} » ne peut pas être dans les réglages du dossier : elle viserait toutes les demandes. "
        "Écrivez-la dans la demande.",
        "“{written}” cannot stand in the folder’s settings: it would concern every request. Write it into the "
        "request.",
    ),
    "key_needs": Wording(
        "« {key} » demande aussi « {needs} »",
        "“{key}” also needs “{needs}”",
        "« {key} » ne dit rien sans « {needs} ». Ajoutez « {needs} », ou retirez « {key} ».",
        "“{key}” says nothing without “{needs}”. Add “{needs}”, or remove “{key}”.",
    ),
    "keys_contradict": Wording(
        "« {key} » et « {other} » se contredisent",
        "“{key}” and “{other}” contradict each other",
        "« {key} » et « {other} » ne vont pas ensemble. Gardez l’un des deux.",
        "“{key}” and “{other}” do not go together. Keep one of the two.",
    ),
    "value_missing": Wording(
        "rien n’est écrit après « {key} »",
        "nothing stands after “{key}”",
        "rien n’est écrit après « {key} ». Complétez la ligne, ou retirez-la.",
        "nothing stands after “{key}”. Complete the line, or remove it.",
    ),
    "value_not_text": Wording(
        "« {key} » attend un seul texte",
        "“{key}” takes one text only",
        "« {key} » attend un seul texte, sur la même ligne.",
        "“{key}” takes one text only, on the same line.",
    ),
    "value_not_keys": Wording(
        "« {key} » attend des lignes en retrait",
        "“{key}” takes indented lines",
        "« {key} » attend des lignes en retrait, et non « {written} ». Comparez avec un modèle.",
        "“{key}” takes indented lines, not “{written}”. Compare it with a model.",
    ),
    "value_unknown": Wording(
        "« {written} » n’est pas prévu après « {key} »",
        "“{written}” is not known after “{key}”",
        f"« {{written}} » n’est pas prévu après « {{key}} ».{_NEAR} Possibles : {{allowed}}.",
        f"“{{written}}” is not known after “{{key}}”.{_NEAR_EN} Possible: {{allowed}}.",
    ),
    "number_invalid": Wording(
        "« {key} » attend un nombre",
        "“{key}” takes a number",
        "« {key} » attend un nombre à partir de 1, et non « {written} ».",
        "“{key}” takes a number from 1, not “{written}”.",
    ),
    "length_invalid": Wording(
        "« {key} » attend une longueur",
        "“{key}” takes a length",
        "« {key} » attend une longueur (20 mm, 2 cm, 10 %), et non « {written} ».",
        "“{key}” takes a length (20 mm, 2 cm, 10 %), not “{written}”.",
    ),
    "offset_invalid": Wording(
        "« {key} » attend deux longueurs",
        "“{key}” takes two lengths",
        "« {key} » attend deux longueurs, vers la droite puis vers le bas (10 mm, 5 mm)[[, et non « {written} »]].",
        "“{key}” takes two lengths, to the right and then down (10 mm, 5 mm)[[, not “{written}”]].",
    ),
    "days_invalid": Wording(
        "« {key} » attend un nombre de jours",
        "“{key}” takes a number of days",
        "« {key} » attend un nombre de jours (3 jours), et non « {written} ».",
        "“{key}” takes a number of days (3 days), not “{written}”.",
    ),
    "document_elsewhere": Wording(
        "« {written} » est un chemin ; écrivez un nom",
        "“{written}” is a path; write a name",
        "« {written} » mène hors de ce dossier. Mettez-le dans le dossier de la demande, puis écrivez son nom seul.",
        "“{written}” leads out of this folder. Put it into the folder of the request, then write its name alone.",
    ),
    "document_kind": Wording(
        "« {written} » est à enregistrer au format PDF",
        "“{written}” must be saved as a PDF",
        "« {written} » n’est ni un PDF ni une image JPEG, PNG, TIFF ou HEIC. Enregistrez ce document au format PDF, "
        "puis écrivez ici le nom de ce PDF.",
        "“{written}” is neither a PDF nor a JPEG, PNG, TIFF or HEIC picture. Save this document as a PDF, then write "
        "that PDF’s name here.",
    ),
    "files_on_one_line": Wording(
        "plusieurs fichiers sont écrits sur une seule ligne",
        "several files are written on one line",
        "« {written} » : plusieurs fichiers sont écrits sur une seule ligne. Écrivez chaque nom sur sa propre ligne, "
        "avec un tiret devant.",
        "“{written}”: several files are written on one line. Write each name on a line of its own, with a dash before "
        "it.",
    ),
    "files_too_many": Wording(
        "{count} documents et annexes, le maximum est {limit}",
        "{count} documents and annexes, at most {limit}",
        "{count} documents et annexes sont demandés ; le maximum est {limit}. Écrivez leurs noms un par un, ou "
        "partagez la demande en plusieurs.",
        "{count} documents and annexes are asked; at most {limit} are possible. Write their names one by one, or "
        "divide the request.",
    ),
    "message_file_kind": Wording(
        "« {written} » ne peut pas servir de message",
        "“{written}” cannot be the message",
        "« {written} » ne peut pas servir de message. Enregistrez ce texte au format Texte brut (.txt), ce qu’un autre "
        "nom ne fait pas, ou écrivez-le ici.",
        "“{written}” cannot be the message. Save this text as plain text (.txt), which another name does not do, or "
        "write it here.",
    ),
    "message_file_garbled": Wording(
        "les accents sont illisibles dans « {written} »",
        "the accents cannot be read in “{written}”",
        "les accents sont illisibles dans « {written} » : « {found} ». Écrivez de nouveau le texte de ce fichier.",
        "the accents cannot be read in “{written}”: “{found}”. Write the text of that file again.",
    ),
    "message_file_missing": Wording(
        "« {written} », qui contient le message, manque",
        "“{written}”, which holds the message, is missing",
        "« {written} », qui contient le message, n’est pas dans ce dossier ou est vide. Déposez-le ici.",
        "“{written}”, which holds the message, is not in this folder or is empty. Put it here.",
    ),
    "text_garbled": Wording(
        "les accents sont illisibles après « {key} »",
        "the accents cannot be read after “{key}”",
        "les accents sont illisibles après « {key} » : « {written} ». Écrivez ce texte de nouveau.",
        "the accents cannot be read after “{key}”: “{written}”. Write this text again.",
    ),
    "initials_impossible": Wording(
        "Jesignexpert ne permet pas de parapher ; retirez cette ligne",
        "Jesignexpert has no initials; remove this line",
        "Jesignexpert ne permet pas de parapher (« {written} »). Retirez cette ligne.",
        "Jesignexpert has no initials (“{written}”). Remove this line.",
    ),
    "language_impossible": Wording(
        "Jesignexpert n’a qu’une langue ; retirez cette ligne",
        "Jesignexpert has no choice of language; remove this line",
        "Jesignexpert ne permet pas de choisir la langue (« {written} »). Retirez cette ligne ; l’objet et le message "
        "s’écrivent dans la langue de votre choix.",
        "Jesignexpert has no choice of language (“{written}”). Remove this line; subject and message may be in any "
        "language.",
    ),
    "expiry_impossible": Wording(
        "Jesignexpert fixe lui-même la date limite ; retirez cette ligne",
        "Jesignexpert sets the last day itself; remove this line",
        "Jesignexpert fixe lui-même la date limite (« {written} »). Retirez cette ligne ; pour relancer plus tôt, "
        "écrivez « rappels ».",
        "Jesignexpert sets the last day itself (“{written}”). Remove this line; to remind sooner, write “reminders”.",
    ),
    "copies_impossible": Wording(
        "Jesignexpert ne met personne en copie ; retirez cette ligne",
        "Jesignexpert sends no copies; remove this line",
        "Jesignexpert ne permet pas de mettre quelqu’un en copie (« {written} »). Retirez cette ligne ; une fois le "
        "document signé, transmettez-le.",
        "Jesignexpert sends no copies (“{written}”). Remove this line; once the document is signed, pass it on.",
    ),
    "then_is_sequential": Wording(
        "avec « puis », chacun signe l’un après l’autre",
        "with “then”, people sign one after the other",
        "avec « puis »[[ (écrit dans « {other_file} »)]], chacun signe l’un après l’autre : Jesignexpert ne connaît "
        "qu’un ordre par demande. Retirez « ordre: parallèle », ou écrivez « puis: personne » dans la demande.",
        "with “then”[[ (written in “{other_file}”)]], people sign one after the other: Jesignexpert knows one order "
        "for a request. Remove “order: parallel”, or write “then: nobody” in the request.",
    ),
    "filed_away": Wording(
        "« {folder} » ne fait partir aucune demande",
        "nothing leaves from “{folder}”",
        "« {folder} » garde les demandes terminées : rien n’en part. Déposez le document et sa demande dans un autre "
        "dossier.",
        "“{folder}” keeps finished requests: nothing leaves from there. Put the document and its request into another "
        "folder.",
    ),
    "two_sidecars": Wording(
        "deux demandes pour un même PDF",
        "two requests for one PDF",
        "deux demandes visent le même PDF ({names}). Supprimez celle qui est de trop.",
        "two requests aim at one PDF ({names}). Delete the one too many.",
    ),
    "two_settings": Wording(
        "deux fichiers de réglages dans un même dossier",
        "two settings files in one folder",
        "ce dossier contient deux fichiers de réglages ({names}). Supprimez celui qui est de trop.",
        "this folder holds two settings files ({names}). Delete the one too many.",
    ),
    "settings_misnamed": Wording(
        "« {names} » n’est pas lu : le nom est « _signature.yaml »",
        "“{names}” is not read: the name is “_signature.yaml”",
        "ces réglages ne sont pas lus sous ce nom. Renommez ce fichier « _signature.yaml ».",
        "these settings are not read under this name. Rename this file “_signature.yaml”.",
    ),
    "settings_not_text": Wording(
        "« {names} » n’est pas lu : ce n’est pas un fichier texte",
        "“{names}” is not read: it is no text file",
        "ces réglages ne sont pas lus : ce n’est pas un fichier texte. Copiez leur texte dans un fichier "
        "« _signature.yaml », fait avec le Bloc-notes.",
        "these settings are not read: it is no text file. Copy their text into a file “_signature.yaml”, made with "
        "Notepad.",
    ),
    "document_taken": Wording(
        "[[« {document} » : ]]ce PDF est déjà à la signature, par une autre demande",
        "[[“{document}”: ]]this PDF is out for signature already, by another request",
        "[[« {document} » : ]]ce PDF est déjà à la signature, par la demande « {other} ». Attendez sa fin, ou "
        "supprimez celle-ci.",
        "[[“{document}”: ]]this PDF is out for signature already, by the request “{other}”. Wait for its end, or "
        "delete this one.",
    ),
    "subject_too_long": Wording(
        "l’objet a {count} caractères, le maximum est {limit}",
        "the subject has {count} characters, at most {limit}",
        "l’objet a {count} caractères ; Jesignexpert en accepte {limit}. Raccourcissez-le.",
        "the subject has {count} characters; Jesignexpert takes {limit}. Shorten it.",
    ),
    "message_too_long": Wording(
        "le message a {count} caractères, le maximum est {limit}",
        "the message has {count} characters, at most {limit}",
        "le message a {count} caractères ; Jesignexpert en accepte {limit}. Raccourcissez-le.",
        "the message has {count} characters; Jesignexpert takes {limit}. Shorten it.",
    ),
    "account_fenced": Wording(
        "ce dossier ne permet pas d’utiliser le compte « {account} »",
        "this folder may not use the account “{account}”",
        "ce dossier ne permet pas d’utiliser le compte « {account} ». Retirez cette ligne.",
        "this folder may not use the account “{account}”. Remove this line.",
    ),
    "owner_refused": Wording(
        "« {owner} » ne peut pas demander de signature ici",
        "“{owner}” may not ask for signatures here",
        "« {written} » appartient à « {owner} », qui ne peut pas demander de signature dans ce dossier. Déposez la "
        "demande et le PDF dans un dossier du cabinet, ou demandez au cabinet d’ajouter cette personne.",
        "“{written}” belongs to “{owner}”, who may not ask for signatures in this folder. Put request and PDF into a "
        "folder of the firm, or ask the firm to add this person.",
    ),
    "owner_untold": Wording(
        "à qui appartient cette demande n’est pas indiqué ici",
        "whose this request is, is not told here",
        "dans ce dossier, seules certaines personnes peuvent demander une signature, et rien n’indique à qui "
        "appartient « {written} ». Déposez la demande dans un autre dossier, ou demandez au cabinet.",
        "in this folder only some people may ask for signatures, and nothing tells whose “{written}” is. Put the "
        "request into another folder, or ask the firm.",
    ),
    "public_link": Wording(
        "un lien public permet à n’importe qui d’écrire ici",
        "a public link lets anybody write here",
        "[[le dossier « {folder} » est partagé par un lien public : n’importe qui peut y écrire, et rien n’en part. ]]"
        "[[!folder|cette demande est partagée par un lien public : n’importe qui peut y écrire, et elle ne part pas. ]]"
        "Retirez ce lien ou son droit d’écriture, ou déposez la demande dans un dossier sans lien.",
        "[[the folder “{folder}” is shared by a public link: anybody can write there, and nothing leaves from it. ]]"
        "[[!folder|this request is shared by a public link: anybody can write to it, and it does not leave. ]]"
        "Remove that link or its right to write, or put the request into a folder without a link.",
    ),
    "public_link_file": Wording(
        "un lien public permet à n’importe qui de modifier « {written} »",
        "a public link lets anybody change “{written}”",
        "« {written} » est partagé par un lien public : n’importe qui peut le modifier, et rien de ce qui en dépend ne "
        "part. Retirez ce lien ou son droit d’écriture, et la demande reprend d’elle-même.",
        "“{written}” is shared by a public link: anybody can change it, and nothing that depends on it leaves. Remove "
        "that link or its right to write, and the request goes on by itself.",
    ),
    "public_link_untold": Wording(
        "impossible de savoir si un lien public ouvre ce dossier",
        "whether a public link opens this folder cannot be known",
        "impossible de savoir si ce dossier est ouvert à n’importe qui par un lien public : rien ne part d’ici. La "
        "personne qui gère les partages peut donner le droit de repartager à l’accès automatique (sur un stockage "
        "externe : y autoriser le partage), et la demande partira d’elle-même.",
        "whether a public link opens this folder to anybody cannot be known: nothing leaves from here. Whoever manages "
        "the shares can give the automatic access the right to share on (of an external storage: allow sharing there), "
        "and the request will leave by itself.",
    ),
    "public_link_unanswered": Wording(
        "on ignore encore si un lien public ouvre ce dossier",
        "whether a public link opens this folder is not known yet",
        "on ignore encore si ce dossier est ouvert à n’importe qui par un lien public : rien ne part d’ici. La "
        "question est reposée régulièrement, et la demande partira d’elle-même ; si cela dure, prévenez la personne "
        "qui gère les partages.",
        "whether a public link opens this folder to anybody is not known yet: nothing leaves from here. It is "
        "asked again and again, and the request will leave by itself; if it lasts, tell whoever manages the shares.",
    ),
}
