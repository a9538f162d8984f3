"""Sentences for what can be wrong with signatories and with the place where they sign."""

from __future__ import annotations

from typing import Final

from connector.report.wording import Wording

_FOR = "[[ pour {who}]]"
_FOR_EN = "[[ for {who}]]"
_OF = "[[ (« {document} »)]]"
_OF_EN = "[[ (“{document}”)]]"
_ON = "[[, page~{page}]]"
_ON_EN = "[[, page~{page}]]"

PEOPLE: Final[dict[str, Wording]] = {
    "signatories_missing": Wording(
        "il manque au moins un signataire",
        "at least one signatory is missing",
        "personne n’est appelé à signer. Écrivez une ligne par signataire : prénom, nom, e-mail et mobile.",
        "nobody is asked to sign. Write one line for each signatory: first name, name, e-mail and mobile.",
    ),
    "signatories_too_many": Wording(
        "{count} signataires, le maximum est {limit}",
        "{count} signatories, at most {limit}",
        "{count} signataires sont demandés ; le maximum est {limit}. Partagez la demande en plusieurs.",
        "{count} signatories are asked; at most {limit} are possible. Divide the request.",
    ),
    "contact_unknown": Wording(
        "« {written} » n’est pas un contact connu",
        "“{written}” is no known contact",
        "« {written} » n’est pas un contact connu.[[ Vouliez-vous dire « {nearest} » ?]] Écrivez prénom, nom, e-mail "
        "et mobile sur la ligne[[, ou un contact de ce dossier : {known}]].",
        "“{written}” is no known contact.[[ Did you mean “{nearest}”?]] Write first name, name, e-mail and mobile on "
        "the line[[, or a contact of this folder: {known}]].",
    ),
    "hidden_signatories": Wording(
        "signataires laissés de côté : {names}",
        "signatories left out: {names}",
        "cette liste de signataires est plus longue que celle de la demande, qui la remplace. Laissés de côté : "
        "{names}. Pour garder ces personnes dans toutes les demandes, écrivez-les sous « puis ».",
        "this list of signatories is longer than the request’s own, which replaces it. Left out: {names}. To keep "
        "these people in every request, write them below “then”.",
    ),
    "signatory_twice": Wording(
        "{who} figure deux fois parmi les signataires",
        "{who} stands twice among the signatories",
        "{who} figure deux fois parmi les signataires[[ (aussi dans « {other_file} »)]]. Gardez une seule des deux "
        "lignes ; sous « puis », on signe de toute façon après les autres.",
        "{who} stands twice among the signatories[[ (also in “{other_file}”)]]. Keep one of the two lines; people "
        "below “then” sign after the others anyway.",
    ),
    "signatory_not_understood": Wording(
        "aucun signataire ne se lit dans « {written} »",
        "no signatory can be read from “{written}”",
        "aucun signataire ne se lit dans « {written} ». Écrivez prénom, nom, e-mail et mobile sur une ligne.",
        "no signatory can be read from “{written}”. Write first name, name, e-mail and mobile on one line.",
    ),
    "name_missing": Wording(
        f"il manque un nom{_FOR}",
        f"a name is missing{_FOR_EN}",
        f"il manque un nom{_FOR}. Écrivez le prénom et le nom avant l’e-mail.",
        f"a name is missing{_FOR_EN}. Write first name and name before the e-mail.",
    ),
    "name_garbled": Wording(
        "les accents sont illisibles dans « {written} »",
        "the accents cannot be read in “{written}”",
        "les accents sont illisibles dans le nom « {written} », qui serait imprimé sur le document. Écrivez-le "
        "de nouveau.",
        "the accents cannot be read in the name “{written}”, which would be printed on the document. Write it "
        "again.",
    ),
    "name_digits": Wording(
        f"des chiffres restent à côté du nom{_FOR}",
        f"digits are left beside the name{_FOR_EN}",
        f"des chiffres restent à côté du nom{_FOR} : « {{written}} ». Corrigez le mobile, ou retirez-les.",
        f"digits are left beside the name{_FOR_EN}: “{{written}}”. Correct the mobile, or remove them.",
    ),
    "key_in_name": Wording(
        "« {key} » se lit ici comme une partie du nom",
        "“{key}” is read as a part of the name here",
        "« {key} » se lit ici comme une partie du nom (« {written} »), qui serait imprimé ainsi sur le document. "
        "Écrivez « {key}: » au début de sa propre ligne, puis la suite. Si c’est bien son nom, écrivez cette personne "
        "sur plusieurs lignes : « - email: », puis en retrait « prénom: », « nom: » et « téléphone: » ; si ce mot est "
        "de trop, retirez-le.",
        "“{key}” is read as a part of the name here (“{written}”), which would be printed so on the document. Write "
        "“{key}:” at the beginning of a line of its own, then the rest. If that really is the name, write this person "
        "on several lines: “- email:”, then indented “first_name:”, “last_name:” and “phone:”; if the word is not "
        "needed, remove it.",
    ),
    "name_unclear": Wording(
        "« {written} » n’est pas seulement un nom",
        "“{written}” is not only a name",
        "« {written} » n’est pas seulement un nom, et serait imprimé ainsi sur le document. Ne laissez que le prénom "
        "et le nom, l’e-mail et le mobile.",
        "“{written}” is not only a name, and would be printed so on the document. Leave first name and name, e-mail "
        "and mobile only.",
    ),
    "email_missing": Wording(
        f"il manque un e-mail{_FOR}",
        f"an e-mail is missing{_FOR_EN}",
        f"il manque un e-mail{_FOR}. L’invitation à signer arrive par e-mail.",
        f"an e-mail is missing{_FOR_EN}. The invitation to sign comes by e-mail.",
    ),
    "email_invalid": Wording(
        "« {written} » n’est pas une adresse e-mail",
        "“{written}” is not an e-mail address",
        f"« {{written}} » n’est pas une adresse e-mail{_FOR}.[[ Vouliez-vous dire « {{meant}} » ?]]"
        "[[!meant| Exemple : prenom.nom@example.fr.]]",
        f"“{{written}}” is not an e-mail address{_FOR_EN}.[[ Did you mean “{{meant}}”?]]"
        "[[!meant| Example: first.last@example.com.]]",
    ),
    "email_two": Wording(
        f"deux adresses e-mail{_FOR}",
        f"two e-mail addresses{_FOR_EN}",
        f"deux adresses e-mail{_FOR}, {{first}} et {{second}} : gardez-en une seule.",
        f"two e-mail addresses{_FOR_EN}, {{first}} and {{second}}: keep one only.",
    ),
    "phone_missing": Wording(
        f"il manque un mobile{_FOR}",
        f"a mobile is missing{_FOR_EN}",
        f"il manque un mobile{_FOR}. Le code de signature arrive par SMS.",
        f"a mobile is missing{_FOR_EN}. The code to sign comes by SMS.",
    ),
    "phone_fixed_line": Wording(
        f"numéro fixe{_FOR}, il faut un mobile",
        f"fixed line{_FOR_EN}, a mobile is needed",
        "{written} est un numéro fixe. Le code de signature arrive par SMS : indiquez un mobile (06, 07, ou un "
        "numéro étranger commençant par +).",
        "{written} is a fixed line. The code to sign comes by SMS: give a mobile (06, 07, or a foreign number "
        "beginning with +).",
    ),
    "phone_two_numbers": Wording(
        f"deux numéros{_FOR} : gardez le mobile",
        f"two numbers{_FOR_EN}: keep the mobile",
        f"deux numéros{_FOR} dans « {{written}} » : gardez le mobile.",
        f"two numbers{_FOR_EN} in “{{written}}”: keep the mobile.",
    ),
    "phone_excel": Wording(
        "Excel a abîmé ce numéro : mettez la colonne au format Texte",
        "Excel damaged this number: format the column as text",
        f"Excel a abîmé le numéro « {{written}} »{_FOR} : mettez la colonne au format Texte et saisissez-le de "
        "nouveau.",
        f"Excel damaged the number “{{written}}”{_FOR_EN}: format the column as text and write it again.",
    ),
    "phone_too_short": Wording(
        f"il manque des chiffres au mobile{_FOR}",
        f"the mobile lacks digits{_FOR_EN}",
        f"il manque des chiffres au mobile{_FOR} : « {{written}} » ({{count}} lus). Un mobile en compte dix.",
        f"the mobile lacks digits{_FOR_EN}: “{{written}}” ({{count}} read). A mobile has ten.",
    ),
    "phone_too_long": Wording(
        f"trop de chiffres au mobile{_FOR}",
        f"the mobile has too many digits{_FOR_EN}",
        f"il y a trop de chiffres au mobile{_FOR} : « {{written}} » ({{count}} lus). Un mobile en compte dix.",
        f"the mobile has too many digits{_FOR_EN}: “{{written}}” ({{count}} read). A mobile has ten.",
    ),
    "phone_grouping": Wording(
        f"numéro français ou étranger{_FOR} ? À préciser",
        f"French or foreign number{_FOR_EN}? Please say",
        f"« {{written}} »{_FOR} s’écrit comme un numéro étranger. Ajoutez l’indicatif (+41…), ou groupez les "
        "chiffres par deux s’il est français.",
        f"“{{written}}”{_FOR_EN} is written like a foreign number. Add the country code (+41…), or group the "
        "digits by two if it is French.",
    ),
    "phone_dummy": Wording(
        f"le mobile semble factice{_FOR}",
        f"the mobile looks made up{_FOR_EN}",
        f"{{written}}{_FOR} semble un numéro factice. Indiquez le vrai mobile : le code de signature y arrive.",
        f"{{written}}{_FOR_EN} looks made up. Give the real mobile: the code to sign arrives there.",
    ),
    "phone_unknown": Wording(
        f"« {{written}} » n’est pas un mobile connu{_FOR}",
        f"“{{written}}” is no known mobile{_FOR_EN}",
        f"« {{written}} »{_FOR} n’est pas un mobile connu. Indiquez un mobile (06, 07, ou un numéro étranger "
        "commençant par +).",
        f"“{{written}}”{_FOR_EN} is no known mobile. Give a mobile (06, 07, or a foreign number beginning with +).",
    ),
    "same_phone": Wording(
        "même mobile pour {who} et {other}",
        "one mobile for {who} and {other}",
        "{who} et {other} ont le même mobile ({written}). Le code reçu par SMS ne prouverait rien : indiquez un "
        "mobile pour chacun.",
        "{who} and {other} have the same mobile ({written}). The code by SMS would prove nothing: give a mobile "
        "for each.",
    ),
    "same_email": Wording(
        "même e-mail pour {who} et {other}",
        "one e-mail for {who} and {other}",
        "{who} et {other} ont le même e-mail ({written}). Indiquez une adresse pour chacun.",
        "{who} and {other} have the same e-mail ({written}). Give an address for each.",
    ),
    "domain_refused": Wording(
        "le cabinet n’envoie rien à une adresse en {written}",
        "the firm sends nothing to an address at {written}",
        f"le cabinet n’envoie rien à une adresse en « {{written}} »{_FOR}. Indiquez une autre adresse.",
        f"the firm sends nothing to an address at “{{written}}”{_FOR_EN}. Give another address.",
    ),
    "domain_not_allowed": Wording(
        "ce dossier n’envoie rien à une adresse en {written}",
        "this folder sends nothing to an address at {written}",
        f"ce dossier n’envoie rien à une adresse en « {{written}} »{_FOR} : seules certaines adresses y sont prévues. "
        "Indiquez-en une autre, ou demandez au cabinet d’ajouter celle-ci.",
        f"this folder sends nothing to an address at “{{written}}”{_FOR_EN}: only some addresses are foreseen there. "
        "Give another one, or ask the firm to add this one.",
    ),
    "level_refused": Wording(
        "ce dossier ne permet pas le niveau « {written} »",
        "this folder does not allow the level “{written}”",
        f"ce dossier ne permet pas le niveau « {{written}} »{_FOR}. Retirez cette ligne, ou demandez au cabinet.",
        f"this folder does not allow the level “{{written}}”{_FOR_EN}. Remove this line, or ask the firm.",
    ),
}

PLACES: Final[dict[str, Wording]] = {
    "placement_outside": Wording(
        f"le cadre{_FOR} sort de la page {{page}}",
        f"the box{_FOR_EN} leaves page {{page}}",
        f"le cadre de signature{_FOR} (7 cm × 2 cm) sort de la page~{{page}}{_OF}. Rapprochez-le du centre.",
        f"the signature box{_FOR_EN} (7 cm × 2 cm) leaves page~{{page}}{_OF_EN}. Move it towards the middle.",
    ),
    "placement_page": Wording(
        "la page {page} n’existe pas, le PDF en compte {pages}",
        "there is no page {page}, the PDF has {pages}",
        f"la page {{page}} n’existe pas : le PDF{_OF} en compte {{pages}}.",
        f"there is no page {{page}}: the PDF{_OF_EN} has {{pages}}.",
    ),
    "placement_overlap": Wording(
        "les cadres pour {who} et {other} se recouvrent",
        "the boxes for {who} and {other} overlap",
        f"page~{{page}}{_OF}, les cadres pour {{who}} et {{other}} se recouvrent. Éloignez l’un de l’autre : indiquez "
        "pour l’un d’eux d’autres mots, ou ajoutez « décalage: 75 mm, 0 mm ».",
        f"on page~{{page}}{_OF_EN} the boxes for {{who}} and {{other}} overlap. Move them apart: name other words for "
        "one of them, or add “offset: 75 mm, 0 mm”.",
    ),
    "placement_no_room": Wording(
        f"aucune place libre pour signer{_FOR}",
        f"no free room to sign{_FOR_EN}",
        f"aucune place libre pour le cadre de signature{_FOR} page~{{page}}{_OF}. Laissez 7 cm × 2 cm de blanc, ou "
        "indiquez une page et un coin (le fond d’un document numérisé est parfois taché ou inégal).",
        f"no free room for the signature box{_FOR_EN} on page~{{page}}{_OF_EN}. Leave 7 cm × 2 cm of white, or name a "
        "page and a corner (the ground of a scanned document is sometimes stained or uneven).",
    ),
    "placement_document": Wording(
        "« {written} » n’est pas un document de cette demande",
        "“{written}” is no document of this request",
        "« {written} » n’est pas un document de cette demande ({known}). Reprenez l’un de ces noms.",
        "“{written}” is no document of this request ({known}). Use one of these names.",
    ),
    "placement_under_text": Wording(
        "le cadre sous « {written} » sort de la page {page}",
        "the box under “{written}” leaves page {page}",
        f"page~{{page}}{_OF}, le cadre de signature{_FOR} (7 cm × 2 cm) ne tient pas sous « {{written}} » : il sort de "
        "la page. Laissez de la place sous ces mots, ou ajoutez par exemple « décalage: -40 mm, -25 mm ».",
        f"on page~{{page}}{_OF_EN} the signature box{_FOR_EN} (7 cm × 2 cm) does not fit under “{{written}}”: it "
        "leaves the page. Leave room under these words, or add for example “offset: -40 mm, -25 mm”.",
    ),
    "text_not_found": Wording(
        "« {written} » ne figure pas dans le PDF",
        "“{written}” is not in the PDF",
        f"« {{written}} » ne figure pas dans le PDF{_OF}{_ON}. Copiez ces mots depuis le PDF ouvert, sans en changer "
        "une lettre, ou indiquez une page et un coin.",
        f"“{{written}}” is not in the PDF{_OF_EN}{_ON_EN}. Copy these words from the open PDF without changing a "
        "letter, or name a page and a corner.",
    ),
    "text_on_other_page": Wording(
        "« {written} » figure page {elsewhere}, et non page {page}",
        "“{written}” is on page {elsewhere}, not on page {page}",
        f"« {{written}} » figure page~{{elsewhere}} du PDF{_OF}, et non page~{{page}}. Corrigez la page, ou retirez "
        "« page » : ces mots suffisent.",
        f"“{{written}}” is on page~{{elsewhere}} of the PDF{_OF_EN}, not on page~{{page}}. Correct the page, or remove "
        "“page”: the words are enough.",
    ),
    "text_too_few": Wording(
        "« {written} » ne figure que {count} fois dans le PDF",
        "“{written}” is in the PDF only {count} times",
        f"« {{written}} » ne figure que {{count}} fois dans le PDF{_OF}{_ON} : il n’y a pas d’occurrence "
        "{occurrence}. Comptez-les de haut en bas, ou retirez « occurrence » pour prendre la dernière.",
        f"“{{written}}” is in the PDF{_OF_EN}{_ON_EN} only {{count}} times: there is no occurrence {{occurrence}}. "
        "Count them from the top, or remove “occurrence” to take the last one.",
    ),
    "text_too_often": Wording(
        "« {written} » figure plus de {limit} fois dans le PDF",
        "“{written}” is in the PDF more than {limit} times",
        f"« {{written}} » figure plus de {{limit}} fois dans le PDF{_OF}. Indiquez plus de mots.",
        f"“{{written}}” is in the PDF{_OF_EN} more than {{limit}} times. Name more words.",
    ),
    "text_in_scan": Wording(
        "le PDF est une image, « {written} » ne peut pas y être cherché",
        "the PDF is a picture, “{written}” cannot be looked for",
        f"le PDF{_OF} est une image (document numérisé) : « {{written}} » ne peut pas y être cherché. Indiquez une "
        "page et un coin, ou retirez cette ligne : le cadre prendra une place libre.",
        f"the PDF{_OF_EN} is a picture (a scanned document): “{{written}}” cannot be looked for. Name a page and a "
        "corner, or remove this line: the box will take free room.",
    ),
    "box_page_not_a4": Wording(
        "la page {page} à signer n’est pas au format A4",
        "page {page}, where the signature goes, is not A4",
        "la page~{page} n’est pas au format A4 en hauteur, le seul où le cabinet peut faire signer. Placez le cadre "
        "sur une page A4, ou enregistrez le PDF dans ce format.",
        "page~{page} is not A4 upright, the only format on which the firm can have people sign. Place the box on an "
        "A4 page, or save the PDF in that format.",
    ),
    "box_outside_page": Wording(
        "un cadre de signature sort de la page {page}",
        "a signature box leaves page {page}",
        "page~{page}, le cadre du signataire~{signatory} (7 cm × 2 cm) est trop près du bord. Rapprochez-le du centre.",
        "on page~{page} the box of signatory~{signatory} (7 cm × 2 cm) is too near the edge. Move it towards the "
        "middle.",
    ),
    "boxes_overlap": Wording(
        "deux cadres de signature se recouvrent",
        "two signature boxes overlap",
        "page~{page}, les cadres des signataires {signatory} et {other} se recouvrent. Éloignez l’un de l’autre.",
        "on page~{page} the boxes of signatories {signatory} and {other} overlap. Move them apart.",
    ),
}
