"""What a request may ask for beside the signed document: the attestation, and protection against changes (S8)."""

from __future__ import annotations

from collections.abc import Mapping

from connector.report.facts import Case, moment_of, name_of
from connector.sidecar.model import Verb

_NOT_LOCKED: dict[str, tuple[str, str]] = {
    "unsupported": (
        "Vous avez demandé de verrouiller « {pdf} » : ce dossier ne permet pas de verrouiller.",
        "You asked for “{pdf}” to be locked: this folder cannot lock files.",
    ),
    "busy": (
        "« {pdf} » n’a pas pu être verrouillé : quelqu’un l’avait ouvert ou verrouillé.",
        "“{pdf}” could not be locked: somebody had it open or locked.",
    ),
    "changed": (
        "« {pdf} » n’a pas été verrouillé : il a été modifié entre-temps.",
        "“{pdf}” was not locked: it was changed meanwhile.",
    ),
    "gone": (
        "« {pdf} » n’a pas été verrouillé : il n’était plus à sa place.",
        "“{pdf}” was not locked: it was no longer in its place.",
    ),
    "forbidden": (
        "« {pdf} » n’a pas été verrouillé : les droits de ce dossier ne le permettent pas.",
        "“{pdf}” was not locked: the rights of this folder do not allow it.",
    ),
    "unreachable": (
        "« {pdf} » n’a pas pu être verrouillé : ce dossier ne répondait pas.",
        "“{pdf}” could not be locked: this folder did not answer.",
    ),
    "beside": (
        "La version signée n’est pas verrouillée, pour que vous puissiez la renommer ou la classer.",
        "The signed version is not locked, so that you can rename it or file it.",
    ),
}
_ONE_BESIDE = (
    "« {pdf} » n’est pas verrouillé, pour que vous puissiez le renommer ou le classer.",
    "“{pdf}” is not locked, so that you can rename it or file it.",
)
"""Among several documents: which one."""
_UNLOCKED: dict[str, tuple[str, str]] = {
    "unlocked": (
        "« {pdf} » n’est plus verrouillé depuis le {day}.",
        "“{pdf}” has not been locked any more since {day}.",
    ),
    "foreign": (
        "« {pdf} » est verrouillé par quelqu’un d’autre : cette personne seule peut le déverrouiller.",
        "“{pdf}” is locked by somebody else: only that person can unlock it.",
    ),
    "nothing": (
        "« {pdf} » n’était pas verrouillé d’ici : il n’y avait rien à déverrouiller.",
        "“{pdf}” was not locked from here: there was nothing to unlock.",
    ),
}


def attestation(case: Case) -> None:
    """Where it is; that it is awaited; or that there is none."""
    page, record = case.page, case.record
    if name := case.extra_text("attestation_name"):
        page.bullet("L’attestation est dans « {name} ».", "The attestation is in “{name}”.", name=name)
        return
    if record.request is None or not record.request.certificate:
        return
    if _mapping(case, "attestation").get("given_up"):
        page.bullet(
            "Jesignexpert n’a pas fourni d’attestation pour cette demande.",
            "Jesignexpert gave no attestation for this request.",
        )
    else:
        page.bullet(
            "L’attestation n’est pas encore disponible ; elle sera déposée ici.",
            "The attestation is not available yet; it will be put here.",
        )


def locked(case: Case) -> bool:
    """True while a signed document is locked, as far as is known here."""
    return bool(_inner(_mapping(case, "lock"), "files"))


def protection(case: Case) -> None:
    """That the document is protected against changes, until when, and how to lift it; or why it is not."""
    lock = _mapping(case, "lock")
    at, code = moment_of(lock.get("at")), str(lock.get("code", ""))
    if code in _UNLOCKED:
        day = case.page.day_at(at) if at is not None else ""
        case.page.bullet(*_UNLOCKED[code], pdf=_signed_name(case, "1"), day=day)
        return
    if not lock.get("done"):
        return
    files, missed = _inner(lock, "files"), _inner(lock, "not")
    if files:
        _protected(case, files)
    several = len(files) + len(missed) > 1
    said = set()
    for rank, why in missed.items():
        reason = str(why)
        if reason not in _NOT_LOCKED or reason in said:
            continue
        if reason == "unsupported":  # of the folder: once is enough
            said.add(reason)
        words = _ONE_BESIDE if several and reason == "beside" else _NOT_LOCKED[reason]
        case.page.bullet(*words, pdf=_signed_name(case, rank))


def _protected(case: Case, files: Mapping[str, object]) -> None:
    page, several = case.page, len(files) > 1
    ends = [
        moment
        for each in files.values()
        if isinstance(each, Mapping) and (moment := moment_of(each.get("until"))) is not None
    ]
    until = (
        page.say(" jusqu’au {day}", " until {day}", day=page.day_at(min(ends))) if ends else page.say("", "")
    )
    page.bullet(
        ("Les {count} PDF signés sont verrouillés{until}" if several else "« {pdf} » est verrouillé{until}")
        + " : protégé{plural} contre la modification. Pour déverrouiller, écrivez dans « {file} » :",
        ("The {count} signed PDFs are locked{until}" if several else "“{pdf}” is locked{until}")
        + ": protected against changes. To unlock, write into “{file}”:",
        pdf=_signed_name(case, next(iter(files))),
        count=len(files),
        plural=page.say("s" if several else "", ""),
        until=until,
        file=case.request_file,
    )
    page.typed(case.wording(Verb.UNLOCK))


def _signed_name(case: Case, rank: str) -> str:
    """Name of the signed PDF of that rank: another document's is not the first one's, a picture's not the picture's.

    Where the text is about a further document, the first one is not in the record: the lock knows where it lies.
    """
    for one in case.record.documents:
        if str(one.rank) == rank and one.delivered_href:
            return name_of((one.in_place and one.renamed_to) or one.delivered_href)
    href = _inner(_inner(_mapping(case, "lock"), "files"), rank).get("href")
    return name_of(href) if isinstance(href, str) and href else case.pdf


def _mapping(case: Case, key: str) -> Mapping[str, object]:
    return _inner(case.record.extra, key)


def _inner(mapping: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = mapping.get(key)
    return found if isinstance(found, Mapping) else {}
