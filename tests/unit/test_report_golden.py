"""The fourteen states and two notices, letter for letter as the ux page shows them (sections 2.2, 2.4, 2.5)."""

from __future__ import annotations

import pytest

from connector.config.model import Ceiling
from connector.report.context import Pause, PauseCause
from connector.report.notices import render_notice
from connector.report.status import render_status
from tests.unit.report_example import CASES, PARIS, SENT, SUPPORT, at, copied_beside, s1, s3, with_context

# "~" stands for U+00A0, so that a reader sees it.
GOLDEN = {
    "S1": """\
EN ATTENTE DU PDF – «~Lettre DUPONT.pdf~» n’est pas dans ce dossier

La demande de signature est lue et correcte, mais le document à signer
manque. Rien n’est parti.

Ce que vous pouvez faire
  • Déposez «~Lettre DUPONT.pdf~» dans ce dossier~: la demande partira
    d’elle-même.
  • Le document est là sous un autre nom~? Donnez le même nom aux deux
    fichiers. Un nom proche se trouve ici~: «~Lettre Dupond.pdf~».
  • La demande n’a plus lieu d’être~? Supprimez
    «~Lettre DUPONT.sign.yaml~»~; ce message disparaîtra avec elle.
""",
    "S2": """\
À CORRIGER – numéro fixe pour Marie Dupont, il faut un mobile (ligne~1)

Rien n’est parti. 2~points à corriger dans «~Lettre DUPONT.sign.yaml~»~:

  1. Ligne 1~: 04~78~12~34~56 est un numéro fixe. Le code de signature
     arrive par SMS~: indiquez un mobile (06, 07, ou un numéro étranger
     commençant par +).
  2. Ligne 2~: «~obget~» n’est pas un mot prévu. Vouliez-vous dire
     «~objet~»~?

Ce que vous pouvez faire
  • Ouvrez «~Lettre DUPONT.sign.yaml~», corrigez ces lignes, enregistrez.
    La demande est relue aussitôt et part d’elle-même si tout est juste.
""",
    "S3": """\
PRÊT – rien n’est encore parti~; relisez l’aperçu, puis donnez le départ

Document     Lettre DUPONT.pdf, 4~pages
Objet        Lettre de mission 2026
Signataires, l’un après l’autre
  1. Marie Dupont      marie.dupont@example.fr     06~12~34~56~78
     page~4, près de «~Signature du client~»
  2. Claire Bernard    claire.bernard@example.fr   06~98~76~54~32
     page~4, près de «~L'expert-comptable~» (réglages du dossier)

Ce que vous pouvez faire
  • Ouvrez «~Lettre DUPONT.apercu.pdf~»~: les cadres montrent où chacun
    signera.
  • Pour envoyer cette lettre, écrivez dans «~Lettre DUPONT.sign.yaml~»~:

        envoi: oui

  • Pour envoyer les 38 demandes prêtes de ce dossier, écrivez la même
    ligne dans «~_signature.yaml~».
""",
    "S4": """\
EN COURS – 0 signature sur 2 – attend Marie Dupont depuis le 23~novembre~2026

Un e-mail de Jesignexpert est parti à marie.dupont@example.fr.
Sans signature avant le 8~décembre~2026, la demande expire.

Signataires, l’un après l’autre
  1. Marie Dupont      invitation envoyée le 23~novembre~2026 à 10~h~42
  2. Claire Bernard    recevra l’invitation quand Marie Dupont aura signé

Il n’y a rien à faire~: le document signé reviendra ici de lui-même, à la
place de «~Lettre DUPONT.pdf~». Merci de ne pas modifier ce PDF d’ici là.

Pour envoyer un rappel à Marie Dupont, écrivez dans
«~Lettre DUPONT.sign.yaml~»~:

        action: relancer

ou, pour arrêter la demande~:

        action: annuler
""",
    "S5": """\
EN COURS – 1 signature sur 2 – attend Claire Bernard depuis le 25~novembre~2026

Sans signature avant le 8~décembre~2026, la demande expire et la signature
déjà donnée est perdue.

Signataires, l’un après l’autre
  1. Marie Dupont      a signé le 25~novembre~2026 à 18~h~20
  2. Claire Bernard    invitation envoyée le 25~novembre~2026 à 18~h~21,
                       rappels le 28~novembre et le 2~décembre~2026

Il n’y a rien à faire~: le document signé reviendra ici de lui-même. Merci
de ne pas modifier «~Lettre DUPONT.pdf~» d’ici là.

Pour envoyer un rappel à Claire Bernard, écrivez dans
«~Lettre DUPONT.sign.yaml~»~:

        action: relancer
""",
    "S6": """\
EN COURS – 1 signature sur 2 – attention~: le PDF a été modifié après l’envoi

«~Lettre DUPONT.pdf~» a été enregistré de nouveau le 24~novembre~2026
à 9~h~15. Les signataires signent le document envoyé le
23~novembre~2026~: cette modification n’en fait pas partie.

Les pages semblent identiques~: il s’agit sans doute d’un simple
enregistrement depuis Acrobat.

Ce qui va se passer~: le fichier modifié ne sera pas écrasé. La version
signée sera déposée à côté~: «~Lettre DUPONT (signé).pdf~».

Ce que vous pouvez faire
  • La modification ne compte pas~? Dans Nextcloud, ouvrez Détails puis
    Versions de «~Lettre DUPONT.pdf~» et restaurez celle du
    23~novembre~2026~: la version signée prendra sa place, comme prévu.
  • Elle compte~? Arrêtez la demande, puis recommencez. Écrivez dans
    «~Lettre DUPONT.sign.yaml~»~:

        action: annuler
""",
    "S7": """\
SIGNÉ PAR TOUS – Jesignexpert prépare le document, il arrivera ici de lui-même

Dernière signature~: Claire Bernard, le 1er~décembre~2026 à 16~h~05.
La préparation prend quelques minutes, parfois quelques heures.

Il n’y a rien à faire. «~Lettre DUPONT.pdf~» n’est pas encore la version
signée~: merci de ne pas la transmettre et de ne pas la modifier.
""",
    "S8": """\
SIGNÉ – «~Lettre DUPONT.pdf~» est maintenant la version signée

Signataires
  1. Marie Dupont      a signé le 25~novembre~2026 à 18~h~20
  2. Claire Bernard    a signé le 1er~décembre~2026 à 16~h~05

Le document signé a pris la place du PDF d’origine le 1er~décembre~2026
à 16~h~12. Vérifié~: 2 signatures intactes~; 4~pages, celles qui avaient
été envoyées.

Bon à savoir
  • Vous voyez encore l’ancienne version~? Fermez le PDF s’il est ouvert,
    attendez la fin de la synchronisation, rouvrez-le.
  • Le PDF d’origine reste dans les versions du fichier (Nextcloud,
    Détails, Versions~: «~Original avant signature~»).
  • Ne modifiez plus ce PDF~: une annotation suffit à faire apparaître les
    signatures comme altérées.
  • L’attestation est dans «~Lettre DUPONT.attestation.pdf~».
  • Ce fichier et «~Lettre DUPONT.sign.yaml~» peuvent être supprimés.
""",
    "S9": """\
SIGNÉ – la version signée est à côté~: «~Lettre DUPONT (signé).pdf~»

«~Lettre DUPONT.pdf~» a été modifié le 24~novembre~2026 à 9~h~15, pendant
la signature. Pour ne rien perdre, il n’a pas été remplacé.

  Lettre DUPONT (signé).pdf    le document que les 2 personnes ont signé
  Lettre DUPONT.pdf            la version modifiée, sans signature

Signataires
  1. Marie Dupont      a signé le 25~novembre~2026 à 18~h~20
  2. Claire Bernard    a signé le 1er~décembre~2026 à 16~h~05

Ce que vous pouvez faire
  • La modification ne compte pas~? Supprimez «~Lettre DUPONT.pdf~»,
    puis donnez ce nom à «~Lettre DUPONT (signé).pdf~».
  • Elle doit être signée elle aussi~? Écrivez dans
    «~Lettre DUPONT.sign.yaml~» (ce sera une nouvelle demande, payante)~:

        action: recommencer
""",
    "S10": """\
REFUSÉ – Marie Dupont a refusé de signer le 25~novembre~2026 (motif ci-dessous)

Motif indiqué~: «~Les honoraires ne correspondent pas à notre échange.~»

Un refus met fin à la demande~: plus personne ne peut la signer, et
Jesignexpert ne remet aucun document. «~Lettre DUPONT.pdf~» est inchangé.

Signataires
  1. Marie Dupont      a refusé le 25~novembre~2026 à 18~h~20
  2. Claire Bernard    n’avait pas encore reçu l’invitation

Ce que vous pouvez faire
  • Voyez avec Marie Dupont ce qui ne convient pas.
  • Pour refaire signer~: remplacez «~Lettre DUPONT.pdf~» par la version
    corrigée, sous le même nom, puis écrivez dans
    «~Lettre DUPONT.sign.yaml~» (nouvelle demande, payante)~:

        action: recommencer
""",
    "S11": """\
EXPIRÉ – Marie Dupont n’a pas signé avant le 8~décembre~2026

Le délai donné par Jesignexpert est passé~: le lien reçu par e-mail ne
fonctionne plus. «~Lettre DUPONT.pdf~» est inchangé.

Signataires
  1. Marie Dupont      n’a pas signé (invitation du 23~novembre~2026,
                       rappels du 26~novembre et du 30~novembre~2026)
  2. Claire Bernard    n’avait pas encore reçu l’invitation

Ce que vous pouvez faire
  • Vérifiez avec Marie Dupont son adresse (marie.dupont@example.fr) et
    son mobile (06~12~34~56~78)~: un mobile inexact empêche de signer.
  • Pour envoyer une nouvelle demande (payante), écrivez dans
    «~Lettre DUPONT.sign.yaml~»~:

        action: recommencer
""",
    "S12": """\
EN ATTENTE – Jesignexpert ne répond pas~; la demande partira dès son retour

Jesignexpert est injoignable depuis le 23~novembre~2026 à 10~h~42. Ni
votre demande ni votre document ne sont en cause.

Il n’y a rien à faire~: la demande partira d’elle-même, une seule fois.
Merci de ne pas la déposer de nouveau.
""",
    "S13": """\
EN PAUSE – le crédit Jesignexpert du cabinet est épuisé~; rien n’est perdu

Votre demande est correcte et partira d’elle-même dès que le compte
«~Cabinet Exemple Lyon~» sera rechargé. Les demandes déjà envoyées suivent
leur cours.

Qui peut agir~: toute personne ayant accès au compte du cabinet sur
Jesignexpert. Un message est parti le 23~novembre~2026 à 10~h~45
(contact~: {support}).

De votre côté, il n’y a rien à refaire.
""",
    "S14": """\
À VÉRIFIER – la demande est peut-être déjà partie~; rien n’a été renvoyé

La connexion avec Jesignexpert s’est coupée pendant l’envoi, le
23~novembre~2026 à 10~h~42. Pour ne pas solliciter Marie Dupont deux fois,
rien n’a été renvoyé.

Ce que vous pouvez faire
  Cherchez sur Jesignexpert la collecte «~Lettre de mission 2026~» du
  23~novembre~2026 pour Marie Dupont, ou demandez à Marie Dupont si
  l’e-mail de Jesignexpert est arrivé. Puis écrivez dans
  «~Lettre DUPONT.sign.yaml~», si la demande est partie~:

        action: déjà partie

  si elle n’est pas partie, ou seulement en brouillon~:

        action: pas partie

Vous préférez ne pas trancher~? Référence 7F3K2Q, contact~: {support}.
""",
    "copy": """\
À CONFIRMER – cette demande semble copiée d’un autre dossier~; rien n’est parti

Elle ressemble à celle de «~Lettres de mission 2025/Lettre DUPONT.pdf~»,
terminée le 4~décembre~2025.

Ce que vous pouvez faire
  • Elle doit partir~? Vérifiez les signataires et l’objet («~Lettre de
    mission 2025~»), puis écrivez dans «~Lettre DUPONT.sign.yaml~»~:

        action: recommencer

  • Simple copie de classement~? Il n’y a rien à faire.
""",
    "notice": """\
SIGNATURES EN PAUSE – la connexion du cabinet à Jesignexpert est à renouveler

Depuis le 23~novembre~2026 à 10~h~42, les nouvelles demandes attendent
(12 pour l’instant). Rien n’est perdu, rien n’est à refaire~: elles
partiront d’elles-mêmes. Les demandes déjà envoyées restent signables.

Qui peut agir~: la personne qui détient l’identifiant Comptexpert du
cabinet. Elle a reçu un e-mail «~Renouveler la connexion à Jesignexpert~»
le 23~novembre~2026 à 10~h~45~; deux minutes suffisent.

Ce fichier disparaîtra tout seul à la reprise.
""",
}


@pytest.mark.parametrize("name", CASES)
def test_the_text_is_that_of_the_page_letter_for_letter(name: str) -> None:
    """Each state renders exactly the page's example."""
    told = render_status(*CASES[name]())
    shown = "\n".join([told.first_line, *told.body]).replace("\u00a0", "~") + "\n"
    assert shown == GOLDEN[name]


def test_a_copy_in_the_same_folder_is_not_told_as_one_of_another() -> None:
    """First line and first sentence name that folder; the rest is that of any copy."""
    told = render_status(*copied_beside())
    text = "\n".join([told.first_line, *told.body]).replace("\u00a0", "~")
    assert text.startswith("""\
À CONFIRMER – cette demande semble copiée d’une autre de ce dossier~; rien n’est parti

Elle ressemble à celle de «~Lettre MARTIN.pdf~», dans ce même dossier,
terminée le 4~décembre~2025.

Ce que vous pouvez faire
""")
    assert text.partition("Ce que")[2] + "\n" == GOLDEN["copy"].partition("Ce que")[2]


def test_the_foot_is_that_of_the_page() -> None:
    """The foot names zone and reference, and tells people to skip what follows."""
    told = render_status(*s1())
    assert [line.replace("\u00a0", "~") for line in told.foot] == [
        "--",
        "Tenu à jour automatiquement (heure de Paris)~; vos ajouts seraient effacés.",
        "Pour de l’aide, indiquez la référence 7F3K2Q.",
        "",
        "[Les lignes suivantes servent au suivi~; ne les modifiez pas.]",
    ]


def test_the_notice_is_that_of_the_page_letter_for_letter() -> None:
    """The notice of a connection to renew is the page's example."""
    pause = Pause(cause=PauseCause.TOKENS, since=SENT, notified_at=at(23, hour=10, minute=45))
    text = render_notice(pause, zone=PARIS, language="fr", support=SUPPORT, folder="Lettres", waiting=12)
    assert text is not None
    assert text.replace("\u00a0", "~") == GOLDEN["notice"]


def test_a_ceiling_of_preview_says_that_nothing_can_leave() -> None:
    """The preview-only folder has its own first line."""
    told = render_status(s3()[0], with_context(ceiling=Ceiling.PREVIEW))
    expected = "PRÊT – aperçu seulement~: l’envoi n’est pas encore ouvert dans ce dossier"
    assert told.first_line.replace("\u00a0", "~") == expected
