"""Texts of a signed document that lies in its place no more: a person has put the original back, or something else."""

from __future__ import annotations

from connector.report import several, words
from connector.report.extras import attestation
from connector.report.facts import Case
from connector.report.people import signatories
from connector.report.typography import Words
from connector.report.versions import SIGNED
from connector.sidecar.model import Verb

VERSION, GONE = "version", "gone"
"""Where what was signed is now: in the history of the very file, or nowhere that is known of."""


def is_undone(case: Case) -> bool:
    """True where the original lies again in the place of a document that had come back into it signed."""
    return any(one.unsigned_back for one in case.documents)


def original_back(case: Case) -> None:
    """What was signed is over, and true; but the file that people open is not it."""
    page, record = case.page, case.record
    page.first(
        words.SIGNED,
        "mais « {pdf} » est de nouveau l’original d’avant signature",
        "but “{pdf}” is again the original from before signing",
        pdf=case.pdf,
    )
    at = record.delivered_at
    when = page.say(" le {day}", " on {day}", day=page.day_at(at)) if at else Words("")
    page.para(
        "Le document signé avait pris la place de « {pdf} »{when} ; depuis, quelqu’un y a remis l’original. Rien n’est "
        "remis en place automatiquement.",
        "The signed document had taken the place of “{pdf}”{when}; since then somebody has put the original back. "
        "Nothing is put right automatically.",
        pdf=case.pdf,
        when=when,
    )
    if len(case.documents) > 1:
        several.came_back(case)
    signatories(case)
    page.what_to_do()
    kept = case.context.versions_kept and not record.document.changed_file
    find_signed(case, VERSION if kept else GONE, labelled=record.document.signed_version_id is not None)
    attestation(case)
    # All of a request are asked for anew, and what lies there signed is signed no second time.
    if several.still_signed(case) is None and not (case.filed or record.sidecar_gone):
        page.bullet(
            "Un autre départ est voulu (nouvelle demande, payante) ? Écrivez dans « {file} » :",
            "Should it be signed once more (a new request, to be paid)? Write into “{file}”:",
            file=case.request_file,
        )
        page.typed(case.wording(Verb.RESTART))


def find_signed(case: Case, where: str, *, labelled: bool) -> None:
    """How a person gets what was signed back into its place."""
    page, at = case.page, case.record.delivered_at or case.moment("ended")
    if where == VERSION and (labelled or at is not None):
        label = SIGNED[page.language]
        page.bullet(
            "Pour remettre la version signée : dans Nextcloud, ouvrez Détails puis Versions de « {pdf} » et restaurez "
            "{which}.",
            "To put the signed version back: in Nextcloud, open Details, then Versions of “{pdf}” and restore {which}.",
            pdf=case.pdf,
            which=page.say(f"« {label} »", f"“{label}”")
            if labelled or at is None
            else page.say("celle du {day}", "that of {day}", day=page.day_at(at)),
        )
        return
    page.bullet(
        "La version signée n’est plus ici : reprenez-la dans la corbeille ou dans une sauvegarde, sur le site de "
        "Jesignexpert (collecte « {subject} », un mois au plus après la dernière signature) ou dans l’e-mail que "
        "Jesignexpert envoie à chaque signataire.",
        "The signed version is no longer here: take it from the bin or from a backup, from the site of Jesignexpert "
        "(request “{subject}”, for a month at most after the last signature) or from the e-mail that Jesignexpert "
        "sends to each signatory.",
        subject=case.subject,
    )
